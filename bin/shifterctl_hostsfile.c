/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifterctl hostsfile
 */
#include "shifterctl.h"

#include <errno.h>
#include <stddef.h>

enum { OPT_ADDRESSES = 256,
       OPT_FILE,
       OPT_LIST,
       OPT_SLOTS,
       OPT_SLURM,
       OPT_TORQUE };

static const struct option hostsfile_options[] = {
	{ "addresses", required_argument, NULL, OPT_ADDRESSES },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "list", required_argument, NULL, OPT_LIST },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "slurm", required_argument, NULL, OPT_SLURM },
	{ "torque", required_argument, NULL, OPT_TORQUE },
	{ NULL, 0, NULL, 0 },
};

struct source {
	int kind;           /* one of OPT_*, 0: none yet */
	unsigned int kinds; /* how many were given */
	const char *text;
	const char *slots;     /* or NULL */
	const char *addresses; /* a file, or NULL */
};

static int provide_hosts(struct shifter_hosts *hosts, const struct source *source)
{
	switch (source->kind) {
	case OPT_SLURM: return shifter_add_hosts_from_slurm(hosts, source->text, source->slots);
	case OPT_LIST: return shifter_add_hosts_from_list(hosts, source->text);
	case OPT_FILE: return shifter_add_hosts_from_file(hosts, source->text);
	case OPT_TORQUE: return shifter_add_hosts_from_torque(hosts, source->text);
	default: return -EINVAL;
	}
}

static int provide(struct shifter_hosts *hosts, void *data)
{
	const struct source *source = data;
	int rc = provide_hosts(hosts, source);

	if (rc < 0 || !source->addresses)
		return rc;
	return shifter_add_addresses_from_file(hosts, source->addresses);
}

static int write_hostsfile(struct shifter_ctx *ctx, const char *id, struct source *source)
{
	struct shifter_hostsfile_spec spec = {
		.size = sizeof(spec),
		.provide = provide,
		.data = source,
	};
	struct shifter_container *container = NULL;
	int status = 0;

	if (shifter_open_container(ctx, id, &container) < 0)
		return shf_ctl_failure(ctx);
	if (shifter_write_hostsfile(container, &spec) < 0)
		status = shf_ctl_failure(ctx);
	shifter_close_container(container);
	return status;
}

int shf_ctl_hostsfile(struct shifter_ctx *ctx, int argc, char **argv)
{
	struct source source = { 0 };
	int c;

	while ((c = shf_ctl_getopt(argc, argv, hostsfile_options)) != -1) {
		switch (c) {
		case OPT_ADDRESSES: source.addresses = optarg; break;
		case OPT_SLOTS: source.slots = optarg; break;
		case '?': return SHF_EXIT_CALLER;
		default:
			source.kind = c;
			source.text = optarg;
			source.kinds++;
		}
	}
	if (optind + 1 != argc)
		return shf_ctl_misuse("hostsfile", "one container's id is needed");
	if (source.kinds != 1)
		return shf_ctl_misuse("hostsfile",
				      "just one of --slurm, --list, --file, --torque is needed");
	if (source.slots && source.kind != OPT_SLURM)
		return shf_ctl_misuse("hostsfile", "--slots is for --slurm");
	return write_hostsfile(ctx, argv[optind], &source);
}
