/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl import
 */
#include "cli_say.h"
#include "shifterctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char program[] = SHF_LIBEXECDIR "/shifter-import";

int shf_ctl_import(struct shifter_ctx *ctx, int argc, char **argv)
{
	char **arguments = calloc((size_t)argc + 3, sizeof(*arguments));
	char name[] = "shifterctl", option[] = "--store";
	const char *store;

	if (!arguments) {
		shf_say("cannot import: %s", strerror(errno));
		return SHF_EXIT_NODE;
	}
	if (shifter_get_setting(ctx, "imagePath", &store) < 0) {
		free(arguments);
		return shf_ctl_failure(ctx);
	}
	arguments[0] = name;
	arguments[1] = option;
	arguments[2] = (char *)store;
	memcpy(arguments + 3, argv + 1, (size_t)argc * sizeof(*argv) - sizeof(*argv));
	execv(program, arguments);
	shf_say("cannot run '%s': %s", program, strerror(errno));
	free(arguments);
	return SHF_EXIT_NODE;
}
