/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli_script.h - being the interpreter of a script: #!/usr/bin/shifter /bin/bash
 *
 * The kernel passes everything behind the interpreter as one argument, then the
 * script's path, then the script's own arguments.
 */
#ifndef CLI_SCRIPT_H
#define CLI_SCRIPT_H

#include <stdbool.h>

struct shf_script {
	bool is_script;   /* run by way of a "#!" line */
	bool is_bare;     /* that line names no interpreter for the container */
	char **arguments; /* NULL terminated, the program's name first */
	char *split;      /* memory of shf_script_free() */
	char **list;
	char path[32];
};

/*
 * Look at how the program was started and make arguments what a command line
 * would have been: "--image=X /bin/bash" becomes two.  Words are separated by
 * blanks; there are no quotes.
 *
 * The script that a workload manager copied into its spool is not visible in
 * the container; its path is replaced by that of a descriptor which is open in
 * whatever is executed next.
 *
 * Returns 0 or a negative errno value.  argv must outlive script.
 */
int shf_script_detect(struct shf_script *script, int argc, char **argv);

void shf_script_free(struct shf_script *script);

#endif
