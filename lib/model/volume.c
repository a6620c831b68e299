/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/volume.h"

#include "base/path.h"
#include "model/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nothing may be mounted at, inside of or above these: we, or every program, need them. */
static const char *const reserved[] = {
	"/etc",
	"/proc",
	"/sys",
	"/dev",
	"/run",
	"/opt/udiImage",
	"/var/hostsfile",
};

/* Nothing may be mounted over these as a whole; inside is fine. */
static const char *const reserved_exactly[] = {
	"/",
	"/var",
	"/opt",
	"/usr",
	"/bin",
	"/sbin",
	"/lib",
	"/lib32",
	"/lib64",
	"/libx32",
};

bool shf_targets_overlap(const char *a, const char *b)
{
	return shf_path_is_within(a, b) || shf_path_is_within(b, a);
}

const char *shf_find_reserved_target(const char *target)
{
	for (size_t i = 0; i < sizeof(reserved_exactly) / sizeof(*reserved_exactly); i++)
		if (strcmp(target, reserved_exactly[i]) == 0)
			return reserved_exactly[i];
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (shf_targets_overlap(target, reserved[i]))
			return reserved[i];
	return NULL;
}

/* Must hold for every target, or comparing components means nothing. */
static bool is_clean(const char *path)
{
	char clean[SHF_PATH_MAX];

	return shf_path_clean(path, clean) == 0 && strcmp(path, clean) == 0;
}

int shf_target_check(const char *canonical_target, const struct shf_config *cfg,
		     struct shf_report *report)
{
	const char *other;

	if (!is_clean(canonical_target))
		return shf_fail(
			report, SHIFTER_FAULT_JOB, EACCES,
			"cannot mount a volume at '%.900s': it is not a clean absolute path",
			canonical_target);
	other = shf_find_reserved_target(canonical_target);
	if (other)
		return shf_fail(report, SHIFTER_FAULT_JOB, EACCES,
				"cannot mount a volume at '%.900s': '%s' is reserved",
				canonical_target, other);
	for (size_t i = 0; i < cfg->site_fs.count; i++)
		if (shf_targets_overlap(canonical_target, cfg->site_fs.list[i].target))
			return shf_fail(
				report, SHIFTER_FAULT_JOB, EACCES,
				"cannot mount a volume at '%.450s': the site mounts '%.450s'",
				canonical_target, cfg->site_fs.list[i].target);
	return 0;
}

int shf_site_target_check(const char *target, const char *where, struct shf_report *report)
{
	const char *other = is_clean(target) ? shf_find_reserved_target(target) : target;

	if (other)
		return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: siteFs cannot mount at '%.600s': '%.100s' is reserved",
				where, target, other);
	return 0;
}

/* A clean copy of the n bytes at path, or NULL with errno. */
static char *copy_clean(const char *path, size_t n)
{
	char raw[SHF_PATH_MAX], clean[SHF_PATH_MAX];

	errno = EINVAL;
	if (n >= sizeof(raw))
		return NULL;
	memcpy(raw, path, n);
	raw[n] = '\0';
	return shf_path_clean(raw, clean) ? NULL : strdup(clean);
}

static bool parse_flag(const char *word, uint32_t *flags)
{
	if (strcmp(word, "ro") == 0)
		*flags |= SHF_MOUNT_RDONLY;
	else if (strcmp(word, "rw") != 0)
		return false;
	return true;
}

static int bad_path(const char *text, const char *what, int fault, const char *which,
		    struct shf_report *report)
{
	if (errno == ENOMEM)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM, "cannot keep %.200s",
				      what);
	return shf_fail(report, fault, EINVAL,
			"cannot read %.200s '%.300s': its %s must be an absolute path without '..' "
			"and control characters, of at most %d bytes",
			what, text, which, SHF_PATH_MAX - 1);
}

int shf_mount_parse(const char *text, const char *what, int fault, struct shf_mount *out,
		    struct shf_report *report)
{
	struct shf_mount mount = { 0 };
	const char *target = strchr(text, ':');
	const char *flag = target ? strchr(target + 1, ':') : NULL;
	int error;

	if (!target)
		return shf_fail(report, fault, EINVAL,
				"cannot read %.200s '%.300s': it must be 'SOURCE:TARGET' or "
				"'SOURCE:TARGET:ro'",
				what, text);
	target++;
	if (flag && !parse_flag(flag + 1, &mount.flags))
		return shf_fail(
			report, fault, EINVAL,
			"cannot read %.200s '%.300s': '%.60s' is no flag, it must be 'ro' or "
			"'rw'",
			what, text, flag + 1);
	mount.source = copy_clean(text, (size_t)(target - 1 - text));
	if (!mount.source)
		return bad_path(text, what, fault, "source", report);
	mount.target = copy_clean(target, flag ? (size_t)(flag - target) : strlen(target));
	if (!mount.target) {
		error = bad_path(text, what, fault, "target", report);
		shf_mount_free(&mount);
		return error;
	}
	*out = mount;
	return 0;
}

static int check_volume(const struct shf_mounts *volumes, const struct shf_mount *mount,
			const struct shf_config *cfg, struct shf_report *report)
{
	for (size_t i = 0; i < volumes->count; i++)
		if (strcmp(mount->target, volumes->list[i].target) == 0)
			return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
					"cannot mount '%.450s' and '%.450s' both at '%.450s'",
					volumes->list[i].source, mount->source, mount->target);
		else if (shf_targets_overlap(mount->target, volumes->list[i].target))
			return shf_fail(report, SHIFTER_FAULT_JOB, EINVAL,
					"cannot mount volumes at '%.450s' and '%.450s': one is "
					"inside the other",
					volumes->list[i].target, mount->target);
	return shf_target_check(mount->target, cfg, report);
}

static int parse_volumes(const char *const *volumes, const struct shf_config *cfg,
			 struct shf_mounts *out, struct shf_report *report)
{
	for (size_t i = 0; volumes[i]; i++) {
		struct shf_mount *mount = &out->list[i];
		int error = shf_mount_parse(volumes[i], "volume", SHIFTER_FAULT_JOB, mount, report);

		if (error)
			return error;
		error = check_volume(out, mount, cfg, report);
		out->count++;
		if (error)
			return error;
	}
	return 0;
}

int shf_volumes_parse(const char *const *volumes, const struct shf_config *cfg,
		      struct shf_mounts *out, struct shf_report *report)
{
	struct shf_mounts parsed = { 0 };
	size_t n = 0;
	int error;

	while (volumes && volumes[n])
		if (++n > SHF_VOLUME_MAX)
			return shf_fail(report, SHIFTER_FAULT_JOB, E2BIG,
					"cannot mount volumes: there are more than %d",
					SHF_VOLUME_MAX);
	if (n == 0)
		return 0;
	parsed.list = calloc(n, sizeof(*parsed.list));
	if (!parsed.list)
		return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM, "cannot keep volumes");
	error = parse_volumes(volumes, cfg, &parsed, report);
	if (error)
		shf_mounts_free(&parsed);
	else
		*out = parsed;
	return error;
}

void shf_mount_free(struct shf_mount *mount)
{
	free(mount->source);
	free(mount->target);
	*mount = (struct shf_mount){ 0 };
}

void shf_mounts_free(struct shf_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		shf_mount_free(&mounts->list[i]);
	free(mounts->list);
	*mounts = (struct shf_mounts){ 0 };
}
