/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hosts_address.h - addresses for hosts that are known by name
 *
 * Only numeric addresses count, and names that are not among the hosts are passed
 * over: a source may know more than the job.
 */
#ifndef SHF_MODEL_HOSTS_ADDRESS_H
#define SHF_MODEL_HOSTS_ADDRESS_H

#include "model/hosts.h"

/*
 * Take addresses from the n bytes of a text with lines "ADDRESS NAME...", as
 * /etc/hosts has them; '#' starts a comment.  The first address of a name
 * counts.  0 or -ENOMEM.
 */
int shf_hosts_addresses_from_file(struct shifter_hosts *hosts, const char *bytes, size_t n);

/*
 * Take addresses from Slurm's SLURM_NODE_ALIASES, "NODE:ADDRESS:HOSTNAME,...",
 * where IPv6 addresses are in brackets.  An address that is a name is passed
 * over.  0 or -ENOMEM.
 */
int shf_hosts_addresses_from_slurm(struct shifter_hosts *hosts, const char *aliases);

#endif
