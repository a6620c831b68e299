/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/image_lookup.h"

#include "base/cleanup.h"
#include "kernel/image_store.h"
#include "kernel/message.h"
#include "kernel/spawn.h"
#include "kernel/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAG_MAX = 256,
       OUTPUT_MAX = 4096 };

static const char *type_of(const struct shf_image_ref *ref)
{
	return ref->kind == SHF_IMAGE_DOCKER ? "docker" : "custom";
}

/* ---- the index of the store ---- */

struct answer {
	int32_t error;
	uint32_t length;
	char bytes[TAG_MAX + 1];
};

/* In the helper, as the user. */
void shf_answer_tag(int channel, const struct shf_question *question, int unused)
{
	const char *path = shf_next_string(question, NULL);
	struct answer answer = { 0 };
	struct stat st;
	ssize_t n;
	cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	(void)unused;
	if (fd < 0 || fstat(fd, &st) < 0) {
		answer.error = errno;
	} else if (!S_ISREG(st.st_mode)) {
		answer.error = EINVAL;
	} else {
		n = pread(fd, answer.bytes, sizeof(answer.bytes), 0);
		answer.error = n < 0 ? errno : 0;
		answer.length = n < 0 ? 0 : (uint32_t)n;
	}
	shf_send(channel, &answer, sizeof(answer), &fd, answer.error ? 0 : 1);
}

static int read_as_user(const char *path, struct shf_user_session *session, struct answer *answer,
			int *fd)
{
	struct shf_question question;
	size_t n_fds = 1;
	ssize_t n;
	int rc;

	shf_begin_question(&question, SHF_ASK_TAG);
	shf_add_to_question(&question, path);
	rc = shf_ask_user(session, &question, -1);
	if (rc < 0)
		return rc == -EIO ? -EPROTO : rc;
	n = shf_hear_user(session, answer, sizeof(*answer), fd, &n_fds);
	if (n == -ETIMEDOUT)
		return -ETIMEDOUT;
	if (n != (ssize_t)sizeof(*answer) || answer->length > sizeof(answer->bytes) ||
	    (!answer->error && n_fds != 1))
		return -EPROTO;
	return -answer->error;
}

/* What the file at path says; nobody but root and trustedImageOwners can have written it. */
static int read_index(const struct shf_config *config, const struct shf_image_ref *ref,
		      const char *path, struct shf_user_session *session, struct shf_text *out,
		      struct shf_report *report)
{
	struct shf_owners owners = { config->trusted_image_owners, config->n_trusted_image_owners };
	struct answer answer;
	char what[SHF_PATH_MAX + 16];
	cleanup_fd int fd = -1;
	int rc = read_as_user(path, session, &answer, &fd);

	if (rc == -ENOENT || rc == -ENOTDIR)
		return -ENOENT;
	if (rc == 0) {
		shf_text_add_mem(out, answer.bytes, answer.length);
		return shf_check_trusted_fd(fd, owners, "tag", SHIFTER_FAULT_SITE, report);
	}
	if (rc == -EACCES && shf_is_private_store(config)) {
		if (geteuid() == 0)
			return shf_read_trusted_file(config, path, "tag", TAG_MAX, out, report);
		return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
				"cannot look up image '%s:%s': users cannot read the store '%s'; "
				"name it by 'id:HASH'",
				type_of(ref), ref->text, config->image_path);
	}
	if (rc == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_JOB, ETIMEDOUT,
				"cannot look up image '%s:%s': the file system of '%s' did not "
				"answer within %u s",
				type_of(ref), ref->text, path, config->helper_timeout_s);
	if (rc == -EPROTO) {
		snprintf(what, sizeof(what), "image '%s:%s'", type_of(ref), ref->text);
		return shf_explain_user(session, rc, what, report);
	}
	return shf_fail_errno(report, rc == -EIO ? SHIFTER_FAULT_NODE : SHIFTER_FAULT_SITE, -rc,
			      "cannot look up image '%s:%s' in '%s'", type_of(ref), ref->text,
			      path);
}

static int ask_index(const struct shf_config *config, const struct shf_image_ref *ref,
		     struct shf_user_session *session, struct shf_image_ref *id,
		     struct shf_report *report)
{
	char name[SHF_IMAGE_TAG_FILE], path[SHF_PATH_MAX];
	cleanup_text struct shf_text text = { 0 };
	int rc = shf_image_tag_file(ref, name);

	if (rc == 0 && snprintf(path, sizeof(path), "%s/tags/%s", config->image_path, name) >=
			       (int)sizeof(path))
		rc = -ENAMETOOLONG;
	if (rc < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_JOB, -rc,
				      "cannot look up image '%s:%s'", type_of(ref), ref->text);
	rc = read_index(config, ref, path, session, &text, report);
	if (rc == -ENOENT)
		return shf_fail(report, SHIFTER_FAULT_JOB, ENOENT,
				"there is no image '%s:%s' in the store '%s': an administrator "
				"imports it with 'shifterctl import'; or name a stored image or "
				"'local:/PATH'",
				type_of(ref), ref->text, config->image_path);
	if (rc < 0)
		return rc;
	if (text.failed || shf_image_parse_tag(text.data ? text.data : "", text.length, id) < 0)
		return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
				"cannot look up image '%s:%s': '%s' is damaged, it must be one "
				"line 'id:HASH'",
				type_of(ref), ref->text, path);
	return 0;
}

/* ---- the site's program ---- */

/* The first line of text, without blanks at its end; "" if it is empty. */
static void cut_line(struct shf_text *text)
{
	char *data = text->data;
	size_t n = data ? strcspn(data, "\r\n") : 0;

	while (n && (data[n - 1] == ' ' || data[n - 1] == '\t'))
		n--;
	if (data)
		data[n] = '\0';
}

static int explain_failure(const struct shf_config *config, const struct shf_image_ref *ref,
			   int status, struct shf_text *output, struct shf_text *errors,
			   struct shf_report *report)
{
	const char *program = config->image_lookup, *words;

	if (status == -ETIMEDOUT)
		return shf_fail(report, SHIFTER_FAULT_SITE, ETIMEDOUT,
				"cannot look up image '%s:%s': '%s' did not answer within %u s",
				type_of(ref), ref->text, program, config->helper_timeout_s);
	if (status < 0)
		return shf_fail_errno(report, SHIFTER_FAULT_SITE, -status,
				      "cannot look up image '%s:%s' with '%s'", type_of(ref),
				      ref->text, program);
	if (status == 127)
		return shf_fail(report, SHIFTER_FAULT_SITE, ENOEXEC,
				"cannot look up image '%s:%s': '%s' could not be started",
				type_of(ref), ref->text, program);
	cut_line(errors);
	cut_line(output);
	words = errors->data && errors->data[0] ? errors->data : output->data;
	if (words && words[0])
		return shf_fail(report, SHIFTER_FAULT_JOB, ENOENT,
				"there is no image '%s:%s': '%s' says: %.400s", type_of(ref),
				ref->text, program, words);
	return shf_fail(report, SHIFTER_FAULT_JOB, ENOENT,
			"there is no image '%s:%s': '%s' failed with exit status %d", type_of(ref),
			ref->text, program, status);
}

static int ask_program(const struct shf_config *config, const struct shf_image_ref *ref,
		       struct shf_user_session *session, struct shf_image_ref *id,
		       struct shf_report *report)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	char *program = config->image_lookup;
	char type[8], name[SHF_PATH_MAX], line[OUTPUT_MAX + 8];
	char *const argv[] = { program, type, name, NULL };
	char *const envp[] = { path, NULL };
	cleanup_text struct shf_text output = { 0 };
	cleanup_text struct shf_text errors = { 0 };
	struct shf_run run = {
		.path = program,
		.argv = argv,
		.envp = envp,
		.identity = session->identity,
		.namespace = -1,
		.input = -1,
		.output = &output,
		.errors = &errors,
		.limit = OUTPUT_MAX,
		.timeout_ms = (int)config->helper_timeout_s * 1000,
	};
	int status, trusted;

	/* who can write to it says what everybody runs */
	trusted = shf_open_trusted(program, O_PATH, (struct shf_owners){ 0 }, "imageLookup",
				   SHIFTER_FAULT_SITE, report);
	if (trusted < 0)
		return trusted;
	close(trusted);
	snprintf(type, sizeof(type), "%s", type_of(ref));
	snprintf(name, sizeof(name), "%s", ref->text);
	status = shf_run_program(&run);
	if (status != 0)
		return explain_failure(config, ref, status, &output, &errors, report);
	snprintf(line, sizeof(line), "%s%s",
		 output.data && strncmp(output.data, "id:", 3) == 0 ? "" : "id:",
		 output.data ? output.data : "");
	if (output.failed || (output.data && strlen(output.data) != output.length) ||
	    shf_image_parse_tag(line, strlen(line), id) < 0) {
		cut_line(&output);
		return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
				"cannot look up image '%s:%s': '%s' printed '%.100s', which is no "
				"id",
				type_of(ref), ref->text, program, output.data ? output.data : "");
	}
	return 0;
}

int shf_look_up_image(const struct shf_config *config, const struct shf_image_ref *ref,
		      struct shf_user_session *session, struct shf_image_ref *id,
		      struct shf_report *report)
{
	return config->image_lookup[0] ? ask_program(config, ref, session, id, report)
				       : ask_index(config, ref, session, id, report);
}
