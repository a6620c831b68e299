/* SPDX-License-Identifier: BSD-3-Clause */
#include "request.h"

#include "common/scope.h"
#include "common/text.h"
#include "job_file.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "shifter:";
static const char hex[] = "0123456789ABCDEF";

static int say(char *why, size_t size, const char *what, const char *reason)
{
	snprintf(why, size, "cannot understand %s: %s", what, reason);
	return -EINVAL;
}

int shf_torque_request_add_volume(struct shf_torque_request *request, const char *volume)
{
	if (request->n_volumes == SHF_TORQUE_VOLUMES_MAX)
		return -E2BIG;
	request->volumes[request->n_volumes] = strdup(volume);
	return request->volumes[request->n_volumes] ? (request->n_volumes++, 0) : -ENOMEM;
}

/* ---- -v ---- */

/* Split "a;b" in place. */
static int take_volumes(struct shf_torque_request *request, char *text, char *why, size_t size)
{
	for (char *save = NULL, *v = strtok_r(text, ";", &save); v;
	     v = strtok_r(NULL, ";", &save)) {
		int rc = shf_torque_request_add_volume(request, v);

		if (rc == -E2BIG)
			return say(why, size, "SHIFTER_VOLUMES", "there are too many");
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_variables(struct shf_torque_request *request, const char *variables, char *why,
			  size_t size)
{
	scope_free char *volumes = shf_torque_job_variable(variables, "SHIFTER_VOLUMES");
	scope_free char *writable = shf_torque_job_variable(variables, "SHIFTER_WRITABLE");

	request->is_writable = writable && strcmp(writable, "1") == 0;
	if (!shf_wlm_is_printable(request->image) || (volumes && !shf_wlm_is_printable(volumes)))
		return say(why, size, "SHIFTER_IMAGE or SHIFTER_VOLUMES",
			   "there are control characters in it");
	return volumes ? take_volumes(request, volumes, why, size) : 0;
}

/* ---- -l other= ---- */

/* Undo encoding in place. */
static bool decode(char *text)
{
	char *out = text;

	for (; *text; text++) {
		const char *high, *low;

		if (*text != '%') {
			*out++ = *text;
			continue;
		}
		high = text[1] ? strchr(hex, text[1]) : NULL;
		low = high && text[2] ? strchr(hex, text[2]) : NULL;
		if (!low || (high == hex && low == hex))
			return false;
		*out++ = (char)((high - hex) << 4 | (low - hex));
		text += 2;
	}
	*out = '\0';
	return true;
}

static int take_option(struct shf_torque_request *request, char *option)
{
	static const char volume[] = "volume=";

	if (strcmp(option, "writable") == 0) {
		request->is_writable = true;
		return 0;
	}
	if (strncmp(option, volume, strlen(volume)) != 0 || !decode(option) ||
	    !shf_wlm_is_printable(option))
		return -EINVAL;
	return shf_torque_request_add_volume(request, option + strlen(volume));
}

static int read_other(struct shf_torque_request *request, const char *other, char *why, size_t size)
{
	scope_free char *copy = strdup(other + strlen(prefix));
	char *options;
	int rc = 0;

	if (!copy)
		return -ENOMEM;
	options = strchr(copy, '?');
	if (options)
		*options++ = '\0';
	if (!*copy || !decode(copy) || !shf_wlm_is_printable(copy))
		return say(why, size, "-l other=shifter:", "there is no name of an image in it");
	request->image = strdup(copy);
	if (!request->image)
		return -ENOMEM;
	for (char *save = NULL, *o = options ? strtok_r(options, "&", &save) : NULL; o && rc == 0;
	     o = strtok_r(NULL, "&", &save))
		rc = take_option(request, o);
	if (rc < 0 && rc != -ENOMEM)
		return say(why, size, "-l other=shifter:",
			   "behind the image there may be '?' and volume=SRC:DST[:ro] or "
			   "writable, with '&' between them");
	return rc;
}

/* The value of other in "a=b,other=c,d=e": a copy, or NULL. */
static char *find_other(const char *resources)
{
	static const char name[] = "other=";

	while (resources && *resources) {
		size_t n = strcspn(resources, ",");

		if (strncmp(resources, name, strlen(name)) == 0)
			return strndup(resources + strlen(name), n - strlen(name));
		resources += n;
		resources += *resources == ',';
	}
	return NULL;
}

int shf_torque_request_read(struct shf_torque_request *request, const char *variables,
			    const char *other, const char *resources, char *why, size_t size)
{
	scope_free char *of_resources = other ? NULL : find_other(resources);

	memset(request, 0, sizeof(*request));
	request->image = shf_torque_job_variable(variables, "SHIFTER_IMAGE");
	if (request->image && *request->image)
		return read_variables(request, variables, why, size);
	free(request->image);
	request->image = NULL;
	if (!other)
		other = of_resources;
	if (!other || strncmp(other, prefix, strlen(prefix)) != 0)
		return 0;
	return read_other(request, other, why, size);
}

/* ---- for the submit filter ---- */

struct output {
	char bytes[SHF_TORQUE_OTHER_MAX + 1];
	size_t length; /* also of what did not fit */
};

static void put(struct output *out, char c)
{
	if (out->length < SHF_TORQUE_OTHER_MAX)
		out->bytes[out->length] = c;
	out->length++;
}

static void put_plain(struct output *out, const char *text)
{
	for (; *text; text++)
		put(out, *text);
}

static void put_encoded(struct output *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-:/@+";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(plain, c)) {
			put(out, *text);
		} else {
			put(out, '%');
			put(out, hex[c >> 4]);
			put(out, hex[c & 15]);
		}
	}
}

char *shf_torque_request_format(const struct shf_torque_request *request)
{
	struct output out = { .length = 0 };
	char next = '?';

	put_plain(&out, prefix);
	put_encoded(&out, request->image);
	for (size_t i = 0; i < request->n_volumes; i++, next = '&') {
		put(&out, next);
		put_plain(&out, "volume=");
		put_encoded(&out, request->volumes[i]);
	}
	if (request->is_writable) {
		put(&out, next);
		put_plain(&out, "writable");
	}
	if (out.length > SHF_TORQUE_OTHER_MAX) {
		errno = E2BIG;
		return NULL;
	}
	return strndup(out.bytes, out.length);
}

void shf_torque_request_free(struct shf_torque_request *request)
{
	free(request->image);
	for (size_t i = 0; i < request->n_volumes; i++)
		free(request->volumes[i]);
	memset(request, 0, sizeof(*request));
}
