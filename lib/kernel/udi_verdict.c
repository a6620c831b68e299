/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/udi_verdict.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/new_file.h"
#include "base/text.h"
#include "kernel/udi_stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GOOD ".good"
#define REFUSED ".refused"

enum { RETRY_S = 60,
       VERDICT_MAX = SHF_STAGE_NAME + SHF_REPORT_TEXT };

/* The content of a verdict, and when it was written. */
static int read_verdict(int stages, const char *file, struct shf_text *text, time_t *written)
{
	cleanup_fd int fd = openat(stages, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*written = st.st_mtim.tv_sec;
	rc = shf_read_all(fd, VERDICT_MAX, text);
	if (rc == 0 && (text->failed || !text->data))
		rc = -ENODATA;
	return rc;
}

void shf_last_good_udi(int stages, char *name)
{
	cleanup_text struct shf_text text = { 0 };
	time_t written;

	name[0] = '\0';
	if (read_verdict(stages, GOOD, &text, &written) == 0 && text.length < SHF_STAGE_NAME)
		memcpy(name, text.data, text.length + 1);
}

bool shf_udi_was_refused(int stages, const char *name, struct shf_report *report)
{
	cleanup_text struct shf_text text = { 0 };
	size_t n = strlen(name);
	time_t written, now = time(NULL);

	if (read_verdict(stages, REFUSED, &text, &written) < 0)
		return false;
	if (strncmp(text.data, name, n) != 0 || text.data[n] != ' ')
		return false;
	/* a clock that was set back makes it old, too */
	if (now < written || now - written > RETRY_S)
		return false;
	shf_fail(report, SHIFTER_FAULT_SITE, EBADMSG, "%s", text.data + n + 1);
	return true;
}

bool shf_udi_has_refusal(int stages)
{
	return faccessat(stages, REFUSED, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int shf_accept_udi(int stages, const char *name)
{
	int rc = shf_replace_file(stages, GOOD, 0600, name, strlen(name));

	if (rc == 0 && unlinkat(stages, REFUSED, 0) < 0 && errno != ENOENT)
		rc = -errno;
	return rc;
}

int shf_refuse_udi(int stages, const char *name, const struct shf_report *why)
{
	char text[VERDICT_MAX];
	int n = snprintf(text, sizeof(text), "%s %s", name, why->text);

	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	return shf_replace_file(stages, REFUSED, 0600, text, (size_t)n);
}

void shf_forget_udi_verdicts(int stages)
{
	char name[SHF_STAGE_NAME];

	(void)shf_clear_new_file(stages, GOOD);
	(void)shf_clear_new_file(stages, REFUSED);
	shf_last_good_udi(stages, name);
	if (name[0] && faccessat(stages, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	/* hints, no more */
	(void)unlinkat(stages, GOOD, 0);
	(void)unlinkat(stages, REFUSED, 0);
}
