/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * job_hosts.h - the hosts of a job between calls, and what depends on them
 */
#ifndef SHF_VERBS_JOB_HOSTS_H
#define SHF_VERBS_JOB_HOSTS_H

#include "model/hosts.h"
#include "verbs/context.h"

/* Put them on record.  0 or a negative errno value with a sentence. */
int shf_save_hosts(struct shifter_container *container, const struct shifter_hosts *hosts);

/* Read them again into hosts, zeroed before; none if none were saved. */
int shf_load_hosts(struct shifter_container *container, struct shifter_hosts *hosts);

/*
 * Write the container's /etc/hosts: those of the job's hosts whose addresses
 * are known, then what the node's own has.  hosts may be NULL.  0 or a negative
 * errno value with a sentence.
 */
int shf_write_etc_hosts(struct shifter_ctx *ctx, int live, const struct shifter_hosts *hosts);

/*
 * Write the ssh client's configuration to the live directory, for the
 * principal and the port on record and these hosts.
 */
int shf_write_ssh_config(struct shifter_container *container, int live,
			 const struct shifter_hosts *hosts);

#endif
