/* SPDX-License-Identifier: BSD-3-Clause */
#include "mom.h"

#include "common/child.h"
#include "common/scope.h"
#include "names.h"

#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { DEFAULT_ALARM_S = 300,
       KILL_BEFORE_S = 10,
       MARGIN_MS = 3000,
       CONFIG_MAX = 256 * 1024,
       TIMEOUT_MS = 10000,
       NOBODY = 65534,
       /* exit statuses of the child */
       MALFORMED = 2,
       NOTHING_ASKED = 3 };

/* A regular file of root's that nobody else can write to. */
static int open_file(const char *path, size_t max, size_t *size)
{
	scope_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int out;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022))
		return -EPERM;
	if ((size_t)st.st_size > max)
		return -EFBIG;
	*size = (size_t)st.st_size;
	out = fd;
	fd = -1;
	return out;
}

static int read_file(const char *path, size_t max, char **out, size_t *length)
{
	scope_free char *bytes = NULL;
	size_t size = 0;
	scope_fd int fd = open_file(path, max, &size);

	if (fd < 0)
		return fd;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	*length = 0;
	while (*length < size) {
		ssize_t n = read(fd, bytes + *length, size - *length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*length += (size_t)n;
	}
	bytes[*length] = '\0';
	*out = bytes;
	bytes = NULL;
	return 0;
}

/* ---- mom_priv/config ---- */

unsigned int shf_torque_find_alarm(const char *config)
{
	static const char name[] = "$prologalarm";
	unsigned int alarm_s = DEFAULT_ALARM_S;

	for (; *config; config += strcspn(config, "\n"), config += *config == '\n') {
		const char *at = config + strspn(config, " \t");
		unsigned int value = 0;
		size_t digits;

		if (strncmp(at, name, strlen(name)) != 0)
			continue;
		at += strlen(name);
		if (*at != ' ' && *at != '\t')
			continue;
		at += strspn(at, " \t");
		digits = strspn(at, "0123456789");
		if (digits == 0 || digits > 6)
			continue;
		for (size_t i = 0; i < digits; i++)
			value = value * 10 + (unsigned int)(at[i] - '0');
		/* the last line counts */
		if (value > 0)
			alarm_s = value;
	}
	return alarm_s;
}

int64_t shf_torque_limit_of_alarm_ms(unsigned int alarm_s)
{
	/* as pbs_mom counts */
	int64_t kill_ms = alarm_s > KILL_BEFORE_S ? alarm_s - KILL_BEFORE_S : alarm_s;

	kill_ms *= 1000;
	return kill_ms > 2 * MARGIN_MS ? kill_ms - MARGIN_MS : kill_ms / 2;
}

int64_t shf_torque_prologue_limit_ms(const char *job_file)
{
	unsigned int alarm_s = DEFAULT_ALARM_S;
	char path[SHF_TORQUE_PATH_SIZE + 16];
	scope_free char *config = NULL;
	char *slash;
	size_t size;

	/* mom_priv/jobs/KEY.JB -> mom_priv/config */
	snprintf(path, sizeof(path), "%s", job_file);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	}
	strcat(path, "/config");
	if (read_file(path, CONFIG_MAX, &config, &size) == 0)
		alarm_s = shf_torque_find_alarm(config);
	return shf_torque_limit_of_alarm_ms(alarm_s);
}

/* ---- the job file ---- */

struct job_text {
	const char *bytes;
	size_t size;
};

/* Every string with its NUL; "-" before one that is there, "" for none. */
static int say_string(int fd, const char *string)
{
	if (string && shf_wlm_answer_with(fd, "-", 1) != 0)
		return 1;
	return shf_wlm_answer_with(fd, string ? string : "", string ? strlen(string) + 1 : 1);
}

/* A job that has nothing to do with us is not to fail for a file that we do not understand. */
static bool asks_for_container(const struct job_text *text)
{
	static const char by_variable[] = "SHIFTER_IMAGE=", by_resource[] = "shifter:";

	return memmem(text->bytes, text->size, by_variable, strlen(by_variable)) ||
	       memmem(text->bytes, text->size, by_resource, strlen(by_resource));
}

/* In the child: what users wrote is not looked at by root. */
static int parse(int fd, void *data)
{
	const struct job_text *text = data;
	struct shf_torque_job_file file;

	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 1;
	if (shf_torque_job_file_parse(text->bytes, text->size, &file) < 0)
		return asks_for_container(text) ? MALFORMED : NOTHING_ASKED;
	return say_string(fd, file.exec_host) || say_string(fd, file.node_exclusive) ||
	       say_string(fd, file.variables) || say_string(fd, file.other) ||
	       say_string(fd, file.job_name) || say_string(fd, file.queue);
}

static int take_string(const char **at, const char *end, char **out)
{
	const char *string = *at;
	size_t n = string < end ? strnlen(string, (size_t)(end - string)) : 0;

	if (string + n >= end)
		return -EIO;
	*at = string + n + 1;
	if (n == 0)
		return 0;
	*out = strdup(string + 1);
	return *out ? 0 : -ENOMEM;
}

static int take(const struct shf_wlm_answer *said, struct shf_torque_job_file *out)
{
	const char *at = said->bytes, *end = said->bytes + said->size;
	struct shf_torque_job_file file = { .exec_host = NULL };
	char **strings[] = { &file.exec_host, &file.node_exclusive, &file.variables,
			     &file.other, &file.job_name, &file.queue };
	int rc = 0;

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings) && rc == 0; i++)
		rc = take_string(&at, end, strings[i]);
	if (rc < 0)
		shf_torque_job_file_free(&file);
	else
		*out = file;
	return rc;
}

int shf_torque_read_job_file(const char *path, struct shf_torque_job_file *out)
{
	scope_answer struct shf_wlm_answer said = { NULL, 0, 0 };
	scope_free char *bytes = NULL;
	struct job_text text;
	int rc = read_file(path, SHF_TORQUE_JOB_FILE_MAX, &bytes, &text.size);

	if (rc < 0)
		return rc;
	text.bytes = bytes;
	rc = shf_wlm_child_run(parse, &text, text.size + 64, TIMEOUT_MS, &said);
	if (rc < 0)
		return rc;
	if (!WIFEXITED(said.exit_status))
		return -EIO;
	switch (WEXITSTATUS(said.exit_status)) {
	case 0: return take(&said, out);
	case MALFORMED: return -EINVAL;
	case NOTHING_ASKED: return -ENODATA;
	default: return -EIO;
	}
}

bool shf_torque_has_job_file(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR);
}
