/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/loop_device.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int shf_attach_loop_device(int image, char name[SHF_LOOP_NAME])
{
	cleanup_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config;

	if (control < 0)
		return -errno;
	/*
	 * Asking for a free device reserves nothing.  Each lost race means that
	 * somebody else got one, so the bound is met only in a stampede.
	 */
	for (int tries = 0; tries < 4096; tries++) {
		cleanup_fd int device = -1;
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			return -errno;
		snprintf(name, SHF_LOOP_NAME, "/dev/loop%d", number);
		device = open(name, O_RDONLY | O_CLOEXEC);
		if (device < 0) {
			if (errno == ENXIO || errno == EBUSY)
				continue;
			return -errno;
		}
		memset(&config, 0, sizeof(config));
		config.fd = (unsigned)image;
		config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
		if (ioctl(device, LOOP_CONFIGURE, &config) == 0)
			return steal_fd(&device);
		if (errno != EBUSY)
			return -errno;
	}
	return -EBUSY;
}
