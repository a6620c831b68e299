/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-torque-filter - submit filter of qsub
 *
 * Standard input is the job's script, standard output what qsub takes for it, the
 * arguments are those of qsub.  "#SHIFTER --image=REF" becomes a directive of qsub's,
 * -l other=shifter:ID, with what the reference means now: a variable would be lost with
 * any -v on the command line, a resource is not.  The user's key is made, so that
 * the nodes of the job find one.
 */
#include "common/scope.h"
#include "directives.h"

#include <pwd.h>
#include <shifter/shifter.h>
#include <stdio.h>
#include <string.h>

enum { SCRIPT_MAX = 64 * 1024 * 1024,
       WHY_SIZE = 1024 };

static int refuse(const char *why)
{
	fprintf(stderr, "shifter: %s\n", why);
	return 1;
}

/* All of standard input, to free(); NULL if it cannot be had. */
static char *read_script(size_t *length)
{
	size_t capacity = 64 * 1024;
	char *script = malloc(capacity + 1);

	*length = 0;
	while (script) {
		size_t n = fread(script + *length, 1, capacity - *length, stdin);
		char *larger;

		*length += n;
		if (n == 0 && !ferror(stdin)) {
			script[*length] = '\0';
			return script;
		}
		if (*length < capacity && !ferror(stdin))
			continue;
		larger = capacity < SCRIPT_MAX && !ferror(stdin)
				 ? realloc(script, 2 * capacity + 1)
				 : NULL;
		if (!larger)
			break;
		script = larger;
		capacity *= 2;
	}
	free(script);
	return NULL;
}

static int write_script(const char *script, size_t length, size_t at, const char *directive)
{
	if (fwrite(script, 1, at, stdout) != at || (directive && puts(directive) < 0) ||
	    fwrite(script + at, 1, length - at, stdout) != length - at || fflush(stdout) != 0)
		return refuse("cannot write to standard output");
	return 0;
}

/* Words of the command line count like those of directives, and come before them. */
static int see_arguments(struct shf_torque_directives *directives, char **argv)
{
	for (; *argv; argv++) {
		if (directives->insert_at && strcmp(*argv, "-C") == 0)
			return refuse("cannot use #SHIFTER lines with qsub -C: leave -C out, or "
				      "give -l other=shifter:IMAGE");
		if (shf_torque_directives_see(directives, *argv) < 0)
			return refuse("out of memory");
	}
	return 0;
}

/* What other=shifter:... asks for, in place of a #SHIFTER line; it is not settled but checked. */
static int read_given(struct shf_torque_directives *directives, char why[WHY_SIZE])
{
	if (directives->request.image || directives->variable)
		return 0;
	return shf_torque_request_read(&directives->request, NULL, directives->other, NULL, why,
				       WHY_SIZE);
}

/* A key that cannot be made costs the job its ssh, not its life. */
static void make_key(struct shifter_ctx *ctx)
{
	const struct passwd *account;
	const char *key;

	errno = 0;
	account = getpwuid(getuid());
	if (!account)
		fprintf(stderr,
			"shifter: warning: the job will run without ssh between its containers: "
			"cannot look up user id %u: %s\n",
			(unsigned int)getuid(), errno ? strerror(errno) : "unknown user");
	else if (shifter_make_user_key(ctx, account->pw_dir, &key) < 0)
		fprintf(stderr,
			"shifter: warning: the job will run without ssh between its containers: "
			"%s\n",
			shifter_get_error(ctx));
}

/* Returns 0 with the directive to put in, to free(), or NULL for none; else says why not. */
static int make_directive(struct shf_torque_directives *directives, const char *prefix,
			  char **out)
{
	struct shf_torque_request *request = &directives->request;
	const char *image = directives->variable ? directives->variable : request->image;
	scope_ctx struct shifter_ctx *ctx = NULL;
	scope_free char *value = NULL;
	const char *resolved;
	int rc;

	if (getuid() == 0)
		return refuse("cannot use an image: containers are not for root; submit the job "
			      "as an ordinary user");
	if (shifter_new(&ctx) < 0)
		return refuse("out of memory");
	rc = shifter_load_config(ctx, NULL);
	if ((rc < 0 && rc != -ENOENT) || shifter_resolve_image(ctx, image, &resolved) < 0)
		return refuse(shifter_get_error(ctx));
	if (directives->insert_at && !directives->variable) {
		free(request->image);
		request->image = strdup(resolved);
		value = request->image ? shf_torque_request_format(request) : NULL;
		if (!value)
			return refuse(errno == E2BIG ? "cannot use the #SHIFTER lines: they are "
						       "too long; give -v SHIFTER_VOLUMES"
						     : "out of memory");
		if (asprintf(out, "%s -l other=%s", prefix, value) < 0) {
			*out = NULL;
			return refuse("out of memory");
		}
	}
	make_key(ctx);
	return 0;
}

int main(int argc, char **argv)
{
	scope_directives struct shf_torque_directives directives = { .insert_at = 0 };
	const char *prefix = getenv("PBS_DPREFIX");
	scope_free char *directive = NULL;
	scope_free char *script = NULL;
	char why[WHY_SIZE];
	size_t length;
	int status;

	(void)argc;
	if (!prefix || !*prefix)
		prefix = "#PBS";
	script = read_script(&length);
	if (!script)
		return refuse("cannot read the script of the job, or it is too long");
	if (shf_torque_directives_read(&directives, script, prefix, why, sizeof(why)) < 0)
		return refuse(why);
	status = see_arguments(&directives, argv + 1);
	if (status != 0)
		return status;
	if (directives.insert_at && directives.has_other)
		return refuse("cannot use #SHIFTER lines beside -l other=: the job can have one "
			      "of them only");
	if (read_given(&directives, why) < 0)
		return refuse(why);
	if (directives.request.image || directives.variable)
		status = make_directive(&directives, prefix, &directive);
	return status ? status
		      : write_script(script, length, directives.insert_at, directive);
}
