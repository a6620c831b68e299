/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wait.h - wait for the sshd of every node of the job
 */
#ifndef SHF_WLM_WAIT_H
#define SHF_WLM_WAIT_H

/* The program that waits, with "wait" as its first argument. */
extern const char shf_wlm_wait_program[];

/*
 * In a child, as the job's user: become "shifter wait" for the job of container, whose words go
 * to fd.  Returns an exit code if that fails, having said why.
 */
int shf_wlm_exec_wait(int fd, const char *container, int timeout_s);

#endif
