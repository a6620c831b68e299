/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "common/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
	char *image;
	char volumes[SHF_SLURM_VOLUMES_SIZE];
	size_t length;
	unsigned int n_volumes;
	bool is_writable;
} given;

static int take_image(int value, const char *argument, int remote)
{
	char *copy;

	(void)value;
	if (remote)
		return 0;
	if (!argument || !*argument || !shf_wlm_is_printable(argument)) {
		slurm_error("shifter: invalid --image: expected the name of an image");
		return -1;
	}
	copy = strdup(argument);
	if (!copy) {
		slurm_error("shifter: cannot keep --image: %s", strerror(ENOMEM));
		return -1;
	}
	free(given.image);
	given.image = copy;
	return 0;
}

bool shf_slurm_has_volume(const char *volumes, const char *volume, size_t length)
{
	while (*volumes) {
		size_t n = strcspn(volumes, ";");

		if (n == length && memcmp(volumes, volume, length) == 0)
			return true;
		volumes += n;
		volumes += *volumes == ';';
	}
	return false;
}

static int add_volume(const char *volume, size_t length)
{
	/* #SBATCH lines and the command line may well name the same one. */
	if (shf_slurm_has_volume(given.volumes, volume, length))
		return 0;
	if (given.n_volumes == SHF_SLURM_VOLUMES_MAX) {
		slurm_error("shifter: cannot add --volume '%.*s': a job can have at most %d",
			    (int)length, volume, SHF_SLURM_VOLUMES_MAX);
		return -1;
	}
	if (given.length + length + 2 > sizeof(given.volumes)) {
		slurm_error("shifter: cannot add --volume '%.*s': "
			    "the volumes are longer than %d bytes in all",
			    (int)length, volume, SHF_SLURM_VOLUMES_SIZE);
		return -1;
	}
	if (given.length)
		given.volumes[given.length++] = ';';
	memcpy(given.volumes + given.length, volume, length);
	given.length += length;
	given.volumes[given.length] = '\0';
	given.n_volumes++;
	return 0;
}

static int take_volume(int value, const char *argument, int remote)
{
	(void)value;
	if (remote)
		return 0;
	if (!argument || !*argument || !shf_wlm_is_printable(argument)) {
		slurm_error("shifter: invalid --volume: expected SRC:DST[:ro]");
		return -1;
	}
	while (*argument) {
		size_t n = strcspn(argument, ";");

		/* The library knows volumes better; here only what is surely none. */
		if (n < 4 || *argument != '/' || !memchr(argument, ':', n)) {
			slurm_error("shifter: invalid --volume '%.*s': expected SRC:DST[:ro] "
				    "with absolute paths",
				    (int)n, argument);
			return -1;
		}
		if (add_volume(argument, n) < 0)
			return -1;
		argument += n;
		argument += *argument == ';';
	}
	return 0;
}

static int take_writable(int value, const char *argument, int remote)
{
	(void)value;
	(void)argument;
	if (!remote)
		given.is_writable = true;
	return 0;
}

int shf_slurm_options_register(spank_t spank)
{
	static struct spank_option options[] = {
		{ (char *)"image", (char *)"REF",
		  (char *)"run the job with a container of this image on each of its nodes",
		  1, 0, take_image },
		{ (char *)"volume", (char *)"SRC:DST[:ro]",
		  (char *)"show the directory SRC as DST in the container; "
			  "may be repeated, or several joined by ';'",
		  1, 1, take_volume },
		{ (char *)"writable", NULL,
		  (char *)"let files of the image be changed and added, in memory, until "
			  "the job ends",
		  0, 0, take_writable },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (spank_option_register(spank, &options[i]) != ESPANK_SUCCESS) {
			slurm_error("shifter: cannot register the option --%s: "
				    "another plug-in has one of that name",
				    options[i].name);
			return -1;
		}
	}
	return 0;
}

const char *shf_slurm_option_image(void)
{
	return given.image;
}

const char *shf_slurm_option_volumes(void)
{
	return given.volumes;
}

bool shf_slurm_option_writable(void)
{
	return given.is_writable;
}
