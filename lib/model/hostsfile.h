/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hostsfile.h - the job's hosts in the forms that launchers read
 *
 * All append to text; memory that runs out shows there.
 */
#ifndef SHF_MODEL_HOSTSFILE_H
#define SHF_MODEL_HOSTSFILE_H

#include "base/text.h"
#include "model/hosts.h"

/* A line per slot, a host's slots together: PBS style, /var/hostsfile. */
void shf_render_hostsfile(const struct shifter_hosts *hosts, struct shf_text *text);

/* A line per host. */
void shf_render_hosts_unique(const struct shifter_hosts *hosts, struct shf_text *text);

/* "NAME slots=N" per host: Open MPI. */
void shf_render_hosts_slots(const struct shifter_hosts *hosts, struct shf_text *text);

/* "NAME:N" per host: Hydra (MPICH, Intel MPI). */
void shf_render_hosts_colon(const struct shifter_hosts *hosts, struct shf_text *text);

/* "N/NAME" per host: GNU parallel. */
void shf_render_hosts_parallel(const struct shifter_hosts *hosts, struct shf_text *text);

/*
 * groups.conf of ClusterShell: the hosts of hosts.unique are all there are, and the
 * group "hosts".  The same for every job.
 */
void shf_render_clustershell_groups(const struct shifter_hosts *hosts, struct shf_text *text);

/*
 * {"hosts":[{"name":"n1","address":"10.0.0.1","slots":4},...],"slots":N} and a
 * newline; address may be null.
 */
void shf_render_hosts_json(const struct shifter_hosts *hosts, struct shf_text *text);

/* "NAME SLOTS" or "NAME SLOTS ADDRESS" per host: what is kept between calls. */
void shf_render_hosts_record(const struct shifter_hosts *hosts, struct shf_text *text);

/*
 * /etc/hosts: localhost, then each host with an address, its name and, if it
 * has dots and the short form is nobody else's, its short form.  hosts may be NULL.
 */
void shf_render_etc_hosts(const struct shifter_hosts *hosts, struct shf_text *text);

#endif
