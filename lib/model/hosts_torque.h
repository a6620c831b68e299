/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hosts_torque.h - exec_host as Torque writes it
 */
#ifndef SHF_MODEL_HOSTS_TORQUE_H
#define SHF_MODEL_HOSTS_TORQUE_H

#include "model/hosts.h"

/*
 * Add the hosts of "n1/0-3+n2/0,2+n2/5": a slot for each index.  The same
 * index of a host twice is one too many: -EINVAL, as for anything malformed;
 * else as shf_hosts_add().
 */
int shf_hosts_from_torque(struct shifter_hosts *hosts, const char *exec_host);

#endif
