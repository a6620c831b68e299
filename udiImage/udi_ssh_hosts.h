/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which hosts are the job's, for ssh, before it reads any configuration.
 */
#ifndef UDI_SSH_HOSTS_H
#define UDI_SSH_HOSTS_H

#include "udi_paths.h"

/* For all hosts; and for those of the job alone, without a word of anybody's own files. */
#define UDI_SSH_CONFIG UDI_RUN "/ssh_config"
#define UDI_SSH_CONFIG_JOB UDI_RUN "/ssh_config.job"

enum { UDI_PORT_OPTION = sizeof("-p65535") };

/*
 * The configuration for a command line of ssh: argv with the options that the string, as of
 * getopt(3), lists.  A static string.  For a host of the job, port is the option that names the
 * port of its sshd; empty for others, and where the caller's own -F is what counts.
 */
const char *udi_choose_config(int argc, char *const *argv, const char *options,
			      char port[UDI_PORT_OPTION]);

#endif
