/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/image_format.h"

#include <string.h>

static bool has(const unsigned char *head, size_t n, size_t at, const char *magic, size_t length)
{
	return n >= at + length && memcmp(head + at, magic, length) == 0;
}

bool shf_is_squashfs(const unsigned char *head, size_t n)
{
	/* the magic is at 0, the version at 28, the super block has 96 bytes */
	return n >= 96 && has(head, n, 0, "hsqs", 4) && has(head, n, 28, "\4\0", 2);
}

const char *shf_name_image_format(const unsigned char *head, size_t n,
				  const char volume[SHF_IMAGE_VOLUME_LENGTH])
{
	/* those of file(1), magic(5); what can stand before others' magic comes last */
	static const struct {
		size_t at;
		const char *magic;
		size_t length;
		const char *name;
	} formats[] = {
#define MAGIC(at, magic, name) { at, magic, sizeof(magic) - 1, name }
		MAGIC(0, "hsqs", "a damaged squashfs file, or one of a version other than 4"),
		MAGIC(0, "sqsh", "a squashfs file of the wrong byte order"),
		MAGIC(32, "SIF_MAGIC", "a SIF image of Singularity or Apptainer"),
		MAGIC(0, "QFI\xfb", "a qcow2 disk"),
		MAGIC(0, "XFSB", "an xfs file system"),
		MAGIC(0, "\x45\x3d\xcd\x28", "a cramfs file system"),
		MAGIC(0, "\x28\xcd\x3d\x45", "a cramfs file system"),
		MAGIC(1024, "\xe2\xe1\xf5\xe0", "an erofs file system"),
		MAGIC(1080, "\x53\xef", "an ext4 file system"),
		MAGIC(257, "ustar", "a tar archive"),
		MAGIC(0, "\x1f\x8b", "a file compressed with gzip"),
		MAGIC(0, "BZh", "a file compressed with bzip2"),
		MAGIC(0, "\xfd"
			 "7zXZ",
		      "a file compressed with xz"),
		MAGIC(0, "\x28\xb5\x2f\xfd", "a file compressed with zstd"),
		MAGIC(0, "PK\3\4", "a zip archive"),
		MAGIC(0, "\x7f"
			 "ELF",
		      "a program"),
		MAGIC(0, "#!", "a script"),
#undef MAGIC
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (has(head, n, formats[i].at, formats[i].magic, formats[i].length))
			return formats[i].name;
	if (memcmp(volume, "CD001", SHF_IMAGE_VOLUME_LENGTH) == 0)
		return "an ISO 9660 file system";
	return NULL;
}

const char *shf_name_unfit_file_system(uint64_t type)
{
	/* statfs(2), linux/magic.h, stat(1) */
	static const struct {
		uint64_t type;
		const char *name;
	} unfit[] = {
		{ 0x6969, "NFS" },
		{ 0x0bd00bd0, "Lustre" },
		{ 0xff534d42, "CIFS" },
		{ 0xfe534d42, "SMB" },
		{ 0x65735546, "FUSE" },
		{ 0x47504653, "GPFS" },
		{ 0x00c36400, "Ceph" },
		{ 0x5346414f, "AFS" },
		{ 0x6b414653, "AFS" },
		{ 0x01021997, "9P" },
		{ 0x19830326, "BeeGFS" },
		{ 0x20030528, "OrangeFS" },
		{ 0xaad7aaea, "PanFS" },
		{ 0x01161970, "GFS2" },
	};

	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++)
		if ((type & 0xffffffff) == unfit[i].type)
			return unfit[i].name;
	return NULL;
}
