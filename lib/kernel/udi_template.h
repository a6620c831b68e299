/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi_template.h - the site's ssh and sshd configuration, as a container has it
 */
#ifndef SHF_KERNEL_UDI_TEMPLATE_H
#define SHF_KERNEL_UDI_TEMPLATE_H

#include "base/text.h"

/*
 * Append etc/NAME of the stage called stage; nothing if it has none.  run_dir
 * is SHF_RUN_DIR.  0 or a negative errno value.
 */
int shf_read_udi_template(int run_dir, const char *stage, const char *name,
			  struct shf_text *text);

/* The same of the udiImage in the directory udi. */
int shf_read_template_in(int udi, const char *name, struct shf_text *text);

#endif
