/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli_request.h"

#include "cli_env.h"
#include "cli_env_file.h"
#include "cli_say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char private_program[] = SHF_LIBEXECDIR "/shifter-private";
static const char enter_program[] = SHF_LIBEXECDIR "/shifter-enter";

static bool is_id(const char *string)
{
	size_t length = strlen(string);

	return length > 0 && length <= SHF_ID_MAX && strchr("._-", string[0]) == NULL &&
	       strspn(string, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789._-") == length;
}

static const char *get_nonempty(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/*
 * The container of a job of Torque, as shifter-torque names it by the files of pbs_mom:
 * those of "12[3].head" are called "12-3.head".
 */
static int name_by_torque(const char *job, char id[SHF_ID_MAX + 1])
{
	int n = snprintf(id, SHF_ID_MAX + 1, "torque-");

	for (; *job && n < SHF_ID_MAX; job++)
		if (*job != ']')
			id[n++] = *job;
	id[n] = '\0';
	for (char *c = strchr(id, '['); c; c = strchr(c, '['))
		*c = '-';
	return n;
}

int shf_find_container(const struct shf_request *request, char id[SHF_ID_MAX + 1])
{
	const char *name = request->container, *from = "--container";
	const char *job;
	int n;

	if (!name) {
		name = get_nonempty("SHIFTER_CONTAINER");
		from = "SHIFTER_CONTAINER";
	}
	if (name) {
		n = snprintf(id, SHF_ID_MAX + 1, "%s", name);
	} else if ((job = get_nonempty("SLURM_JOB_ID"))) {
		n = snprintf(id, SHF_ID_MAX + 1, "slurm-%s", job);
		name = job;
		from = "SLURM_JOB_ID";
	} else if ((job = get_nonempty("PBS_JOBID"))) {
		n = name_by_torque(job, id);
		name = job;
		from = "PBS_JOBID";
	} else {
		shf_say("not in a job with an image: submit a job with --image=REF and run shifter "
			"there, name an image with --image REF, or a container with "
			"--container ID");
		return SHF_EXIT_SHIFTER;
	}
	if (n < 0 || n > SHF_ID_MAX || !is_id(id)) {
		shf_say("cannot use '%s' of %s: not a container's id, which is 1 to %d letters, "
			"digits, '.', '_', '-'",
			name, from, SHF_ID_MAX);
		return SHF_EXIT_SHIFTER;
	}
	return 0;
}

static bool is_in_job(void)
{
	return get_nonempty("SHIFTER_IMAGE") &&
	       (get_nonempty("SHIFTER_CONTAINER") || get_nonempty("SLURM_JOB_ID") ||
		get_nonempty("PBS_JOBID"));
}

/* An absolute path is short for a local: reference. */
static bool is_same_image(const char *a, const char *b)
{
	static const char local[] = "local:";

	if (strncmp(a, local, strlen(local)) == 0)
		a += strlen(local);
	if (strncmp(b, local, strlen(local)) == 0)
		b += strlen(local);
	return strcmp(a, b) == 0;
}

static bool is_of_job(const char *reference)
{
	const char *image = get_nonempty("SHIFTER_IMAGE");
	/* what the user wrote, a tag for example, when SHIFTER_IMAGE was settled */
	const char *asked = get_nonempty("SHIFTER_IMAGE_REQUEST");

	return image &&
	       (is_same_image(reference, image) || (asked && strcmp(reference, asked) == 0));
}

bool shf_is_private(const struct shf_request *request)
{
	if (!request->image || request->container)
		return false;
	return request->n_volumes || request->is_writable || !is_of_job(request->image);
}

static int check_request(const struct shf_request *request)
{
	if (request->container && request->n_volumes) {
		shf_say("cannot add volume '%s' to container '%s': it is set up already: leave out "
			"--volume",
			request->volumes[0], request->container);
		return SHF_EXIT_SHIFTER;
	}
	if (request->n_volumes && !request->image) {
		shf_say("cannot add volume '%s': the job's container is set up already: submit the "
			"job with --volume=%s, or name an image for a container of your own",
			request->volumes[0], request->volumes[0]);
		return SHF_EXIT_SHIFTER;
	}
	if (request->is_writable && (request->container || !request->image)) {
		shf_say("cannot make the job's container writable: it is set up already: submit "
			"the job with --writable, or name an image for a container of your own");
		return SHF_EXIT_SHIFTER;
	}
	if (request->container && request->image && !is_of_job(request->image)) {
		shf_say("cannot enter image '%s': SHIFTER_IMAGE does not say that it is that of "
			"container '%s': leave out --image or --container",
			request->image, request->container);
		return SHF_EXIT_SHIFTER;
	}
	if (request->entrypoint &&
	    request->entrypoint[strspn(request->entrypoint, " \t")] == '\0') {
		shf_say("cannot use entry point '%s': it is empty", request->entrypoint);
		return SHF_EXIT_SHIFTER;
	}
	if (request->workdir && request->workdir[0] != '/') {
		shf_say("cannot use working directory '%s': not an absolute path",
			request->workdir);
		return SHF_EXIT_SHIFTER;
	}
	for (size_t i = 0; i < request->n_variables; i++) {
		const char *variable = request->variables[i];

		if (*variable == '=' || *variable == '\0') {
			shf_say("cannot set variable '%s': it has no name: use -e NAME=VALUE",
				variable);
			return SHF_EXIT_SHIFTER;
		}
	}
	return 0;
}

/*
 * Where pbs_mom keeps its list of the job's slots no container has it; the hostsfile is the
 * same list.
 */
static void settle_torque(struct shf_env *env)
{
	if (get_nonempty("PBS_JOBID") && get_nonempty("PBS_NODEFILE"))
		shf_env_set(env, "PBS_NODEFILE", "/var/hostsfile");
}

/* A descriptor for shifter-enter, or -1 after it has been said why there is none. */
static int make_environment(const struct shf_request *request, bool is_own)
{
	struct shf_env env = { 0 }, wanted = { 0 };
	int fd = 0;

	shf_env_import(&env, environ);
	if (!is_own)
		settle_torque(&env);
	if (request->is_env_clear)
		shf_env_clear(&env);
	for (size_t i = 0; i < request->n_env_files && fd == 0; i++)
		fd = shf_env_read_file(&wanted, request->env_files[i]);
	for (size_t i = 0; i < request->n_variables; i++)
		shf_env_set_entry(&wanted, request->variables[i]);
	if (fd == 0) {
		fd = shf_env_to_memfd(&env, &wanted);
		if (fd < 0)
			shf_say("cannot pass on the environment: %s", strerror(-fd));
	}
	shf_env_free(&env);
	shf_env_free(&wanted);
	return fd < 0 ? -1 : fd;
}

/* Append the words of an entry point, which is split in place. */
static size_t add_words(char **argv, size_t n, char *entrypoint)
{
	for (char *word, *rest = entrypoint; (word = strtok_r(rest, " \t", &rest));)
		argv[n++] = word;
	return n;
}

int shf_enter_container(const struct shf_request *request)
{
	char name[] = "shifter-enter", own_name[] = "shifter-private", none[] = "-";
	char volume[] = "-V", writable[] = "-w", job[] = "-j", to_separate[] = "--",
	     entry[] = "-e", to[] = "-w", to_image[] = "-W";
	char id[SHF_ID_MAX + 1], fd_text[16], *entrypoint = NULL, *nothing[] = { NULL };
	char **argv = NULL;
	size_t n = 0, length = 0;
	bool is_own = shf_is_private(request);
	int fd, status;

	status = check_request(request);
	if (status == 0 && (!is_own || is_in_job()))
		status = shf_find_container(request, id);
	else
		memcpy(id, none, sizeof(none));
	if (status != 0)
		return status;
	fd = make_environment(request, is_own);
	if (fd < 0)
		return SHF_EXIT_SHIFTER;
	while (request->command[length])
		length++;
	entrypoint = strdup(request->entrypoint ? request->entrypoint : "");
	if (entrypoint)
		argv = calloc(length + strlen(entrypoint) + 2 * request->n_volumes + 17,
			      sizeof(*argv));
	if (!argv) {
		shf_say("cannot run shifter-enter: %s", strerror(ENOMEM));
		goto out;
	}
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	if (is_own) {
		argv[n++] = own_name;
		for (size_t i = 0; i < request->n_volumes; i++) {
			argv[n++] = volume;
			argv[n++] = (char *)request->volumes[i];
		}
		if (request->is_writable)
			argv[n++] = writable;
		if (is_in_job() && !request->n_volumes && !request->is_writable) {
			argv[n++] = job;
			argv[n++] = getenv("SHIFTER_IMAGE");
		}
		argv[n++] = to_separate;
		argv[n++] = (char *)request->image;
	}
	argv[n++] = name;
	if (request->use_entry && !request->entrypoint)
		argv[n++] = entry;
	if (request->workdir) {
		argv[n++] = to;
		argv[n++] = (char *)request->workdir;
	} else if (request->use_image_workdir) {
		argv[n++] = to_image;
	}
	argv[n++] = id;
	argv[n++] = fd_text;
	n = add_words(argv, n, entrypoint);
	memcpy(argv + n, request->command, length * sizeof(*argv));
	execve(is_own ? private_program : enter_program, argv, nothing);
	shf_say("cannot run '%s': %s", is_own ? private_program : enter_program, strerror(errno));
out:
	free(argv);
	free(entrypoint);
	close(fd);
	return SHF_EXIT_SHIFTER;
}
