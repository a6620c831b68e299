/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

#include "common/scope.h"
#include "common/text.h"
#include "names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static char job[SHF_TORQUE_KEY_SIZE];

void shf_torque_open_log(const char *key)
{
	snprintf(job, sizeof(job), "%s", key);
	openlog("shifter-torque", LOG_PID, LOG_DAEMON);
}

__attribute__((format(printf, 2, 0))) static void say(int level, const char *format,
						      va_list arguments)
{
	char text[SHF_TORQUE_WHY_SIZE];

	vsnprintf(text, sizeof(text), format, arguments);
	/* user names and images are in it: nothing may look like a line of its own */
	shf_wlm_make_printable(text);
	syslog(level, "job %s: %s", *job ? job : "?", text);
}

void shf_torque_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(LOG_ERR, format, arguments);
	va_end(arguments);
}

void shf_torque_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(LOG_INFO, format, arguments);
	va_end(arguments);
}

static void log_message(int level, const char *message, void *data)
{
	(void)data;
	if (level == SHIFTER_LOG_WARNING)
		shf_torque_note("warning: %s", message);
}

int shf_torque_context(bool needs_config, struct shifter_ctx **out, char why[SHF_TORQUE_WHY_SIZE])
{
	scope_ctx struct shifter_ctx *ctx = NULL;
	int rc = shifter_new(&ctx);

	if (rc < 0) {
		snprintf(why, SHF_TORQUE_WHY_SIZE, "cannot start: %s", strerror(-rc));
		return rc;
	}
	shifter_set_log(ctx, log_message, NULL);
	rc = shifter_load_config(ctx, NULL);
	if (rc < 0 && rc != -ENOENT) {
		snprintf(why, SHF_TORQUE_WHY_SIZE, "%s", shifter_get_error(ctx));
		if (needs_config)
			return rc;
		shf_torque_error("%s; using defaults", why);
	}
	*out = ctx;
	ctx = NULL;
	return 0;
}
