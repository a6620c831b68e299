/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command_env.h - the environment of a command in a container
 *
 * One order for every way in, shifter or ssh; what comes later wins:
 *	1. the caller's or the job's variables
 *	2. those of the image
 *	3. those that the user asked for, by -e or --env-file
 *	4. what the site sets, appends, prepends and unsets
 *	5. what the container needs: its ssh in PATH, launchers that use it
 * The image's and the site's come as files of the live directory (live_dir.h).
 * Like environ.h, this is also compiled into udiImage.
 */
#ifndef SHF_BASE_COMMAND_ENV_H
#define SHF_BASE_COMMAND_ENV_H

#include "base/environ.h"

/* Has the "NAME=VALUE" entry, or a NAME alone, this name? */
bool shf_env_has_name(const char *entry, const char *name);

/*
 * Is it a variable of the user or of the session, such as HOME, TERM or
 * SSH_CONNECTION, which no job or image can know?  entry is "NAME=VALUE" or a name.
 */
bool shf_env_is_of_session(const char *entry);

/*
 * Does it say something about the node and the task there, such as which GPUs are
 * the job's?  Then it is not carried to other nodes.  entry as above.
 */
bool shf_env_is_of_node(const char *entry);

/*
 * Lay strings over env, each ended by NUL; bytes[length] is one more NUL.  They are
 * borrowed.  Of foreign ones, a job's or an image's, what belongs to the session is
 * left out; the site's are records of environ.h.  Returns how many could not be
 * used, since they are not of the form that they should have.
 */
size_t shf_env_lay(struct shf_environ *env, char *bytes, size_t length);
size_t shf_env_lay_foreign(struct shf_environ *env, char *bytes, size_t length);
size_t shf_env_lay_site(struct shf_environ *env, char *bytes, size_t length);

/*
 * Put /opt/udiImage/bin first in PATH, once, and make sure of the directories
 * that every image has.
 */
void shf_env_set_path(struct shf_environ *env);

/*
 * Tell the launchers of Open MPI, MPICH and Intel MPI, pdsh, clush and Ansible to
 * start processes by ssh on the hosts of the job, unless the user chose another way
 * or SHIFTER_MPI_SSH is 0.
 */
void shf_env_set_launchers(struct shf_environ *env);

#endif
