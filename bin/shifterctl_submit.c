/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl key, shifterctl resolve: what is done once, at submission
 */
#include "cli_say.h"
#include "shifterctl.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPT_HOME = 256 };

static const struct option key_options[] = {
	{ "home", required_argument, NULL, OPT_HOME },
	{ NULL, 0, NULL, 0 },
};

static const struct option no_options[] = {
	{ NULL, 0, NULL, 0 },
};

int shf_ctl_key(struct shifter_ctx *ctx, int argc, char **argv)
{
	const char *home = getenv("HOME"), *key;
	int c;

	while ((c = shf_ctl_getopt(argc, argv, key_options)) != -1) {
		if (c != OPT_HOME)
			return SHF_EXIT_CALLER;
		home = optarg;
	}
	if (optind < argc)
		return shf_ctl_misuse("key", "unexpected argument '%s'", argv[optind]);
	if (!home)
		return shf_ctl_misuse("key", "no --home, and HOME is not set");
	if (shifter_make_user_key(ctx, home, &key) < 0)
		return shf_ctl_failure(ctx);
	puts(key);
	return shf_ctl_flush();
}

int shf_ctl_resolve(struct shifter_ctx *ctx, int argc, char **argv)
{
	const char *image;

	if (shf_ctl_getopt(argc, argv, no_options) != -1)
		return SHF_EXIT_CALLER;
	if (optind + 1 != argc)
		return shf_ctl_misuse("resolve", "one image reference is needed");
	if (shifter_resolve_image(ctx, argv[optind], &image) < 0)
		return shf_ctl_failure(ctx);
	puts(image);
	return shf_ctl_flush();
}
