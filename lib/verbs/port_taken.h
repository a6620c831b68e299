/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port_taken.h - say who has the port
 */
#ifndef SHF_VERBS_PORT_TAKEN_H
#define SHF_VERBS_PORT_TAKEN_H

#include "verbs/setup.h"

/*
 * Report that the port cannot be had, and who has it: a container of this node, or a
 * process, as far as that can be found out within seconds.  Returns -EADDRINUSE.
 */
int shf_report_taken_port(struct setup *s, uint32_t port);

#endif
