/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port_holder.h - who has the port that could not be had
 */
#ifndef SHF_KERNEL_PORT_HOLDER_H
#define SHF_KERNEL_PORT_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct shf_port_holder {
	bool has_socket; /* a TCP socket of this network namespace is at the port */
	uint32_t uid;    /* whose socket it is */
	pid_t pid;       /* of a process that has it, or 0: none was found */
	char name[32];   /* what that process calls itself */
};

/*
 * Look for it until deadline_ms.  One that listens goes before one that is connected;
 * one that is only bound is not to be seen.  What was not found is as with nobody there.
 */
void shf_find_port_holder(uint32_t port, int64_t deadline_ms, struct shf_port_holder *holder);

#endif
