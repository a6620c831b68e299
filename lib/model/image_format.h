/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * image_format.h - what a file that was named as image is, by its first bytes
 */
#ifndef SHF_MODEL_IMAGE_FORMAT_H
#define SHF_MODEL_IMAGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHF_IMAGE_HEAD = 2048,       /* bytes of the head of a file that are looked at */
	SHF_IMAGE_VOLUME_AT = 32769, /* where the file system of a CD has its name */
	SHF_IMAGE_VOLUME_LENGTH = 5,
};

/* Is it squashfs that kernels mount: version 4, little endian? */
bool shf_is_squashfs(const unsigned char *head, size_t n);

/*
 * The format, as people say it: "an ext4 file system", "a tar archive", ...;
 * NULL for one that is not known.  head are the first n bytes, volume those at
 * SHF_IMAGE_VOLUME_AT, or zeros.
 */
const char *shf_name_image_format(const unsigned char *head, size_t n,
				  const char volume[SHF_IMAGE_VOLUME_LENGTH]);

/*
 * What a file system of this type, as statfs(2) has it, is called if a directory on it
 * can be no image, else NULL.  An overlay reads with root's rights, and these have a
 * word in who reads: a server, or a program of the user's.
 */
const char *shf_name_unfit_file_system(uint64_t type);

#endif
