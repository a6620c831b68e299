/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ssh_programs.h - the image's own ssh, and what of udiImage is put over it
 *
 * A program that calls /usr/bin/ssh by its path would talk to port 22 of the hosts.
 */
#ifndef SHF_MODEL_SSH_PROGRAMS_H
#define SHF_MODEL_SSH_PROGRAMS_H

enum { SHF_SSH_PROGRAMS_MAX = 12 }; /* of one image; it has five as a rule */

/* A program of the image, and its like in udiImage. */
struct shf_ssh_program {
	const char *path;     /* canonical, absolute */
	const char *udi_path; /* below udiImage: "bin/ssh" */
};

/* Where images have such programs, or links to them; NULL at the end. */
extern const char *const shf_ssh_program_paths[];

/*
 * What of udiImage is put over the file at this canonical path: goes by its name.  NULL
 * if it is no such program: a link of that name may lead to anything, /etc/passwd or a
 * program that is many in one.
 */
const char *shf_find_udi_program(const char *path);

#endif
