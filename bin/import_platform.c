/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_platform.h"

#include "import_json.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

const char *import_node_arch(void)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },
		{ "aarch64", "arm64" },
		{ "i686", "386" },
		{ "ppc64le", "ppc64le" },
		{ "s390x", "s390x" },
		{ "riscv64", "riscv64" },
		{ "armv7l", "arm" },
	};
	static struct utsname system;

	uname(&system);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(system.machine, names[i][0]) == 0)
			return names[i][1];
	return system.machine;
}

bool import_is_arch(const char *wanted, const char *arch, const char *variant)
{
	size_t length = strcspn(wanted, "/");

	if (strlen(arch) != length || strncmp(wanted, arch, length) != 0)
		return false;
	return !wanted[length] || !variant || strcmp(wanted + length + 1, variant) == 0;
}

bool import_is_os(const char *os)
{
	return !*os || strcmp(os, "linux") == 0;
}

static const char *of_platform(struct json_object *descriptor, const char *key)
{
	return import_json_string(import_json_get(descriptor, "platform", json_type_object), key);
}

bool import_platform_is_unknown(struct json_object *descriptor)
{
	const char *arch = of_platform(descriptor, "architecture");

	return arch && strcmp(arch, "unknown") == 0;
}

bool import_platform_fits(struct json_object *descriptor, const char *wanted,
			  char text[IMPORT_PLATFORM_SIZE])
{
	const char *arch = of_platform(descriptor, "architecture");
	const char *variant = of_platform(descriptor, "variant");
	const char *os = of_platform(descriptor, "os");
	bool is_foreign = os && !import_is_os(os);

	snprintf(text, IMPORT_PLATFORM_SIZE, "%s%s%s%s%s", is_foreign ? os : "",
		 is_foreign ? "/" : "", arch ? arch : "", variant ? "/" : "",
		 variant ? variant : "");
	return !is_foreign && (!arch || import_is_arch(wanted, arch, variant));
}
