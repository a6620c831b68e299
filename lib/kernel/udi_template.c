/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/udi_template.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "kernel/mounts.h"
#include "kernel/udi_stage.h"

#include <fcntl.h>
#include <stdio.h>

enum { TEMPLATE_MAX = 1 << 20 };

static int read_template(int dir, const char *path, struct shf_text *text)
{
	cleanup_fd int fd = shf_open_beneath(dir, path, O_RDONLY | O_NONBLOCK);

	if (fd == -ENOENT)
		return 0;
	return fd < 0 ? fd : shf_read_all(fd, TEMPLATE_MAX, text);
}

int shf_read_udi_template(int run_dir, const char *stage, const char *name,
			  struct shf_text *text)
{
	char path[256];

	if (snprintf(path, sizeof(path), SHF_STAGES_NAME "/%s/etc/%s", stage, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	return read_template(run_dir, path, text);
}

int shf_read_template_in(int udi, const char *name, struct shf_text *text)
{
	char path[64];

	if (snprintf(path, sizeof(path), "etc/%s", name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return read_template(udi, path, text);
}
