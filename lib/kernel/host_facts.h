/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * host_facts.h - what a container takes over from its node
 */
#ifndef SHF_KERNEL_HOST_FACTS_H
#define SHF_KERNEL_HOST_FACTS_H

#include "base/report.h"
#include "base/text.h"
#include "model/port.h"

#include <stdint.h>

/*
 * Is the kernel at least Linux 5.14?  Older ones lack what nothing here is
 * allowed to do without: -ENOTSUP with a sentence, the fault of the site.
 */
int shf_check_kernel(struct shf_report *report);

/*
 * The gid= option of the devpts that is mounted on /dev/pts, or -1 if it has
 * none, or there is none: then new terminals have the group of who opens them
 * (devpts in the kernel's documentation).
 */
int64_t shf_get_tty_gid(void);

/*
 * The ports that the kernel gives to whoever names none: ip_local_port_range.  0 or a
 * negative errno value.
 */
int shf_get_ephemeral_ports(struct shf_port_range *range);

/*
 * Can jobs have the ports of the range?  One out of the kernel's own is now and then that of
 * somebody's outgoing connection: on one of many nodes, for one of many jobs.  0 or a negative
 * errno value, with a sentence.
 */
int shf_check_port_range(const struct shf_port_range *range, struct shf_report *report);

/* Append /etc/resolv.conf; nothing if there is none.  0 or a negative errno value. */
int shf_read_resolv_conf(struct shf_text *text);

/*
 * Append /etc/hosts: a container lives in the host's network, and its names
 * hold there.  Nothing if there is none.  0 or a negative errno value.
 */
int shf_read_etc_hosts(struct shf_text *text);

#endif
