/* SPDX-License-Identifier: BSD-3-Clause */
#include "submit.h"

#include "common/scope.h"
#include "common/text.h"
#include "context.h"
#include "options.h"
#include "symbol.h"

#include <pwd.h>
#include <slurm/spank.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static int send_with_job(spank_t spank, const char *name, const char *value)
{
	spank_err_t rc = spank_job_control_setenv(spank, name, value, 1);

	if (rc != ESPANK_SUCCESS) {
		slurm_error("shifter: cannot send %s with the job: %s", name, spank_strerror(rc));
		return -1;
	}
	return 0;
}

/* Slurm hands a job's options down in these, as if they were given again. */
static const char *const option_variables[] = {
	"SLURM_SPANK__SLURM_SPANK_OPTION_shifter_image",
	"SLURM_SPANK__SLURM_SPANK_OPTION_shifter_volume",
	"SLURM_SPANK__SLURM_SPANK_OPTION_shifter_writable",
	"_SLURM_SPANK_OPTION_shifter_image",
	"_SLURM_SPANK_OPTION_shifter_volume",
	"_SLURM_SPANK_OPTION_shifter_writable",
};

void shf_slurm_submit_begin(void)
{
	/* a step belongs to its job; what sbatch and salloc submit is another one */
	if (spank_context() != S_CTX_ALLOCATOR)
		return;
	for (size_t i = 0; i < sizeof(option_variables) / sizeof(option_variables[0]); i++)
		unsetenv(option_variables[i]);
}

/*
 * What the user asked for with --cpus-per-task, or NULL.  Slurm tells plug-ins no options of
 * its own, and prologs nothing of this one: only the job's first task hears of it.  But the
 * clients keep their options in "opt", and the library that they are linked with has a
 * function which reads one by its name.  Where this Slurm has neither, the hostsfiles of
 * all nodes but the first count CPUs.
 */
static const char *cpus_per_task(void)
{
	char *(*get_option)(void *options, const char *name);
	const char *value;
	void *options;

	shf_slurm_find("opt", &options);
	shf_slurm_find("slurm_option_get", &get_option);
	/* Slurm's memory, which its client has no use for any more when the job is submitted */
	value = options && get_option ? get_option(options, "cpus-per-task") : NULL;
	/* "0" or a word where nothing was asked for */
	if (!value || *value == '0' || !*value || value[strspn(value, "0123456789")])
		return NULL;
	return value;
}

static int send_nonce(spank_t spank)
{
	/* the components of a heterogeneous job share it */
	static char nonce[SHF_SLURM_NONCE_LENGTH + 1];
	unsigned char bytes[SHF_SLURM_NONCE_LENGTH / 2];

	if (*nonce)
		return send_with_job(spank, SHF_SLURM_VAR_NONCE, nonce);
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		slurm_error("shifter: cannot get random bytes: %s", strerror(errno));
		return -1;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(nonce + 2 * i, "%02x", bytes[i]);
	return send_with_job(spank, SHF_SLURM_VAR_NONCE, nonce);
}

/*
 * A key that cannot be made costs the job its sshd, not its life: a job without
 * ssh may be all that the user wants.
 */
static int send_key(spank_t spank, struct shifter_ctx *ctx)
{
	const struct passwd *account;
	const char *key;

	errno = 0;
	account = getpwuid(getuid());
	if (!account) {
		slurm_spank_log("shifter: warning: the job will run without ssh between its "
				"containers: cannot look up user id %u: %s",
				(unsigned int)getuid(), errno ? strerror(errno) : "unknown user");
		return 0;
	}
	if (shifter_make_user_key(ctx, account->pw_dir, &key) < 0) {
		slurm_spank_log("shifter: warning: the job will run without ssh between its "
				"containers: %s",
				shifter_get_error(ctx));
		return 0;
	}
	return send_with_job(spank, SHF_SLURM_VAR_KEY, key) < 0 ? -1 : send_nonce(spank);
}

/* Slurm hands the last --volume of a job down to the srun in its script. */
static bool are_of_job(const char *volumes, const char *of_job)
{
	while (*volumes) {
		size_t n = strcspn(volumes, ";");

		if (!shf_slurm_has_volume(of_job, volumes, n))
			return false;
		volumes += n;
		volumes += *volumes == ';';
	}
	return true;
}

/*
 * A step runs where its job's containers are: it cannot have one of its own.
 * Asking for the same image again is harmless.
 */
static int check_step(const char *job, const char *image, const char *resolved,
		      const char *volumes)
{
	const char *of_job = getenv("SLURM_SPANK_" SHF_SLURM_VAR_IMAGE);
	const char *volumes_of_job = getenv("SLURM_SPANK_" SHF_SLURM_VAR_VOLUMES);

	if (of_job && strcmp(of_job, resolved) == 0) {
		if (are_of_job(volumes, volumes_of_job ? volumes_of_job : ""))
			return 0;
		slurm_error("shifter: cannot use --volume='%s' in a step of job %s: "
			    "volumes belong to the job; give --volume to sbatch or salloc",
			    volumes, job);
		return -1;
	}
	if (of_job)
		slurm_error("shifter: cannot use --image='%s' in a step of job %s: "
			    "the job has the image '%s'; leave --image out",
			    image, job, of_job);
	else
		slurm_error("shifter: cannot use --image='%s' in a step of job %s: "
			    "the job has no image; give --image to sbatch or salloc",
			    image, job);
	return -1;
}

/* Is it, word for word, the image that the job was submitted with? */
static bool asked_for(const char *image)
{
	const char *of_job = getenv("SLURM_SPANK_" SHF_SLURM_VAR_REQUEST);

	return of_job && getenv("SLURM_SPANK_" SHF_SLURM_VAR_IMAGE) && strcmp(of_job, image) == 0;
}

/*
 * The image that a user set for all jobs.  What a job has in SHIFTER_IMAGE is the image of
 * that job, and nobody's wish for the jobs and steps that it starts.
 */
static const char *default_image(void)
{
	const char *image = getenv("SHIFTER_IMAGE");

	if (!image || !*image || getenv("SHIFTER_CONTAINER") || getenv("SLURM_JOB_ID"))
		return NULL;
	return image;
}

int shf_slurm_submit(spank_t spank, const struct shf_slurm_args *args)
{
	const char *image = shf_slurm_option_image();
	const char *volumes = shf_slurm_option_volumes();
	const char *cpus;
	const char *job = getenv("SLURM_JOB_ID");
	bool is_step = spank_context() == S_CTX_LOCAL && job;
	scope_ctx struct shifter_ctx *ctx = NULL;
	const char *resolved;
	char why[1024];
	int fault;

	if (!image && (image = default_image()) && !shf_wlm_is_printable(image)) {
		slurm_error("shifter: invalid SHIFTER_IMAGE: expected the name of an image");
		return -1;
	}
	if (!image && !*volumes && !shf_slurm_option_writable())
		return 0;
	if (!image && !*volumes) {
		slurm_error("shifter: cannot use --writable: there is no --image to go with it");
		return -1;
	}
	if (!image) {
		slurm_error("shifter: cannot use --volume='%s': there is no --image to go with it",
			    volumes);
		return -1;
	}
	if (getuid() == 0) {
		slurm_error("shifter: cannot use --image='%s': containers are not for root; "
			    "submit the job as an ordinary user",
			    image);
		return -1;
	}
	if (shf_slurm_context(args, &ctx, why, sizeof(why), &fault) < 0) {
		slurm_error("shifter: %s", why);
		return -1;
	}
	/* what the job's own words mean was settled when it was submitted */
	if (is_step && asked_for(image))
		return check_step(job, image, getenv("SLURM_SPANK_" SHF_SLURM_VAR_IMAGE), volumes);
	if (shifter_resolve_image(ctx, image, &resolved) < 0) {
		slurm_error("shifter: %s", shifter_get_error(ctx));
		return -1;
	}
	if (is_step)
		return check_step(job, image, resolved, volumes);
	if (send_with_job(spank, SHF_SLURM_VAR_IMAGE, resolved) < 0 ||
	    send_with_job(spank, SHF_SLURM_VAR_REQUEST, image) < 0)
		return -1;
	if (*volumes && send_with_job(spank, SHF_SLURM_VAR_VOLUMES, volumes) < 0)
		return -1;
	cpus = cpus_per_task();
	if (cpus && send_with_job(spank, SHF_SLURM_VAR_CPUS, cpus) < 0)
		return -1;
	if (shf_slurm_option_writable() && send_with_job(spank, SHF_SLURM_VAR_WRITABLE, "1") < 0)
		return -1;
	return args->enable_sshd ? send_key(spank, ctx) : 0;
}
