/* SPDX-License-Identifier: BSD-3-Clause */
#include "import_image.h"

#include "import_json.h"
#include "import_platform.h"
#include "import_say.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An index may name others, or itself. */
enum { INDEX_DEPTH = 4,
       INDEXES_MAX = 64 };

/* What an index has to offer. */
struct candidates {
	const struct import_members *members;
	const struct import_choice *choice;
	const char *arch;
	const char *what;
	struct json_object *fits;  /* descriptors of manifests */
	struct json_object *names; /* of each of them; null if it has none */
	char seen[512];            /* "name (platform)", for the message */
	size_t n_seen, n_indexes;
};

static const char *item(struct json_object *array, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(array, i));
}

/* The file of an OCI layout that has a digest: "blobs/ALGORITHM/HEX". */
static int blob_name(const char *digest, char *out, size_t size)
{
	const char *colon = digest ? strchr(digest, ':') : NULL;

	if (!colon || strchr(digest, '/') || strlen(digest) > 256)
		return -EINVAL;
	snprintf(out, size, "blobs/%.*s/%s", (int)(colon - digest), digest, colon + 1);
	return 0;
}

/* Whether a name that an archive has for an image is the one that was asked for. */
static bool is_named(const char *name, const char *wanted)
{
	size_t length = strlen(wanted);

	if (strncmp(wanted, "docker:", 7) == 0)
		return is_named(name, wanted + 7);
	return strncmp(name, wanted, length) == 0 &&
	       (name[length] == '\0' ||
		(strchr(wanted, ':') == NULL && strcmp(name + length, ":latest") == 0));
}

static void note_seen(struct candidates *all, const char *name, const char *platform)
{
	size_t used = strlen(all->seen);

	if (name && platform)
		snprintf(all->seen + used, sizeof(all->seen) - used, "%s%.100s (%.60s)",
			 all->n_seen++ ? ", " : "", name, platform);
	else
		snprintf(all->seen + used, sizeof(all->seen) - used, "%s%.100s",
			 all->n_seen++ ? ", " : "",
			 name       ? name
			 : platform ? platform
				    : "one without a name");
}

static const char *annotated_name(struct json_object *descriptor)
{
	struct json_object *notes = import_json_get(descriptor, "annotations", json_type_object);
	const char *name = import_json_string(notes, "io.containerd.image.name");

	return name ? name : import_json_string(notes, "org.opencontainers.image.ref.name");
}

/* Look at the descriptors of an index, and of those in it; a status. */
static int search_index(struct candidates *all, struct json_object *index, const char *outer_name,
			int depth)
{
	struct json_object *list = import_json_get(index, "manifests", json_type_array), *inner;
	char blob[320], platform[IMPORT_PLATFORM_SIZE];
	int status = 0;
	bool fits;

	for (size_t i = 0; list && status == 0 && i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *name = annotated_name(one);
		const char *type = import_json_string(one, "mediaType");

		name = name ? name : outer_name;
		/* attestations and their like call themselves so */
		if (import_platform_is_unknown(one))
			continue;
		if (type && (strstr(type, "image.index") || strstr(type, "manifest.list"))) {
			if (depth == 0 || all->n_indexes++ == INDEXES_MAX ||
			    blob_name(import_json_string(one, "digest"), blob, sizeof(blob)))
				return import_fail(IMPORT_CALLER,
						   "cannot read %s: an index in it is malformed",
						   all->what);
			status = import_json_load(all->members, blob, all->what, &inner, NULL);
			if (status == 0) {
				status = search_index(all, inner, name, depth - 1);
				json_object_put(inner);
			}
			continue;
		}
		fits = import_platform_fits(one, all->arch, platform);
		note_seen(all, name, *platform ? platform : NULL);
		if (!fits)
			continue;
		if (all->choice->name && (!name || !is_named(name, all->choice->name)))
			continue;
		json_object_array_add(all->fits, json_object_get(one));
		json_object_array_add(all->names, name ? json_object_new_string(name) : NULL);
	}
	return status;
}

static int fail_choice(const struct candidates *all, bool has_several)
{
	if (all->n_seen == 0)
		return import_fail(IMPORT_CALLER, "cannot import %s: there is no image in it",
				   all->what);
	return import_fail(IMPORT_CALLER, "cannot import %s: %s in it: it has %s: %s", all->what,
			   has_several ? "there are several images" : "there is no such image",
			   all->seen,
			   all->choice->name ? "choose with --name and --arch"
					     : "choose with --name or --arch");
}

/* Fill image from the manifest of an OCI layout; a status. */
static int read_oci_manifest(const struct candidates *all, struct import_image *image)
{
	struct json_object *manifest, *layers, *name = json_object_array_get_idx(all->names, 0);
	struct json_object *config;
	char blob[320];
	int status;

	if (blob_name(import_json_string(json_object_array_get_idx(all->fits, 0), "digest"), blob,
		      sizeof(blob)))
		return import_fail(IMPORT_CALLER, "cannot read %s: its index is malformed",
				   all->what);
	status = import_json_load(all->members, blob, all->what, &manifest, NULL);
	if (status != 0)
		return status;
	layers = import_json_get(manifest, "layers", json_type_array);
	image->layers = json_object_new_array();
	for (size_t i = 0; layers && status == 0 && i < json_object_array_length(layers); i++) {
		const char *digest =
			import_json_string(json_object_array_get_idx(layers, i), "digest");

		if (blob_name(digest, blob, sizeof(blob)))
			status = import_fail(IMPORT_CALLER,
					     "cannot read %s: a layer in it has no digest",
					     all->what);
		else
			json_object_array_add(image->layers, json_object_new_string(blob));
	}
	/* "v1" alone, as some tools write it, is a name without a repository */
	if (name && strpbrk(json_object_get_string(name), ":/"))
		json_object_array_add(image->names, json_object_get(name));
	config = import_json_get(manifest, "config", json_type_object);
	if (status == 0 && blob_name(import_json_string(config, "digest"), blob, sizeof(blob)))
		status = import_fail(IMPORT_CALLER,
				     "cannot read %s: its manifest names no configuration",
				     all->what);
	json_object_put(manifest);
	return status ? status
		      : import_json_load(all->members, blob, all->what, &image->config, image->id);
}

static int find_in_index(struct candidates *all, struct import_image *image)
{
	struct json_object *index;
	int status = import_json_load(all->members, "index.json", all->what, &index, NULL);

	if (status != 0)
		return status;
	all->fits = json_object_new_array();
	all->names = json_object_new_array();
	status = search_index(all, index, NULL, INDEX_DEPTH);
	if (status == 0 && json_object_array_length(all->fits) != 1)
		status = fail_choice(all, json_object_array_length(all->fits) > 1);
	if (status == 0)
		status = read_oci_manifest(all, image);
	json_object_put(all->fits);
	json_object_put(all->names);
	json_object_put(index);
	return status;
}

/* "docker save": an array of images, with the names of files. */
static int find_in_manifest(struct candidates *all, struct import_image *image)
{
	struct json_object *manifest, *found = NULL, *tags;
	const char *config;
	size_t n_found = 0;
	int status = import_json_load(all->members, "manifest.json", all->what, &manifest, NULL);

	if (status != 0)
		return status;
	for (size_t i = 0; json_object_is_type(manifest, json_type_array) &&
			   i < json_object_array_length(manifest);
	     i++) {
		struct json_object *one = json_object_array_get_idx(manifest, i);
		bool fits = !all->choice->name;

		tags = import_json_get(one, "RepoTags", json_type_array);
		for (size_t k = 0; tags && k < json_object_array_length(tags); k++) {
			const char *tag = item(tags, k);

			note_seen(all, tag ? tag : "", NULL);
			fits = fits || (tag && is_named(tag, all->choice->name));
		}
		if (!tags || json_object_array_length(tags) == 0)
			note_seen(all, "one without a name", NULL);
		if (fits) {
			found = one;
			n_found++;
		}
	}
	config = import_json_string(found, "Config");
	if (n_found != 1) {
		status = fail_choice(all, n_found > 1);
	} else if (!config || !import_json_get(found, "Layers", json_type_array)) {
		status = import_fail(IMPORT_CALLER,
				     "cannot read %s: its manifest lacks names of files",
				     all->what);
	} else {
		image->layers = json_object_get(import_json_get(found, "Layers", json_type_array));
		tags = import_json_get(found, "RepoTags", json_type_array);
		for (size_t k = 0; tags && k < json_object_array_length(tags); k++)
			json_object_array_add(image->names,
					      json_object_get(json_object_array_get_idx(tags, k)));
		status = import_json_load(all->members, config, all->what, &image->config,
					  image->id);
	}
	json_object_put(manifest);
	return status;
}

static int check_image(const struct candidates *all, struct import_image *image)
{
	const char *arch = import_json_string(image->config, "architecture");
	const char *variant = import_json_string(image->config, "variant");
	const char *os = import_json_string(image->config, "os");
	struct json_object *rootfs;

	rootfs = import_json_get(image->config, "rootfs", json_type_object);
	image->digests = import_json_get(rootfs, "diff_ids", json_type_array);
	if (!image->digests)
		return import_fail(IMPORT_CALLER, "cannot import %s: it is no image of files: its "
						  "configuration has no 'rootfs.diff_ids'",
				   all->what);
	if (!image->layers ||
	    json_object_array_length(image->layers) != json_object_array_length(image->digests))
		return import_fail(IMPORT_CALLER,
				   "cannot import %s: its manifest and its configuration disagree "
				   "about the number of layers",
				   all->what);
	if (os && !import_is_os(os))
		return import_fail(IMPORT_CALLER,
				   "cannot import %s: the image is for %.30s, not for linux",
				   all->what, os);
	if (arch && *arch && !import_is_arch(all->arch, arch, variant))
		return import_fail(IMPORT_CALLER,
				   "cannot import %s: the image is for %.30s, not %s: use --arch "
				   "%.30s to import it all the same",
				   all->what, arch, all->arch, arch);
	return 0;
}

int import_image_find(const struct import_members *members, const struct import_choice *choice,
		      const char *what, struct import_image *image)
{
	struct candidates all = {
		.members = members,
		.choice = choice,
		.arch = choice->arch ? choice->arch : import_node_arch(),
		.what = what,
	};
	bool has_index = import_members_has(members, "index.json");
	int status;

	*image = (struct import_image){ .names = json_object_new_array() };
	/* that of docker has one architecture only, and knows the names better */
	if (import_members_has(members, "manifest.json") && !(choice->arch && has_index))
		status = find_in_manifest(&all, image);
	else if (has_index)
		status = find_in_index(&all, image);
	else
		return import_fail(IMPORT_CALLER,
				   "cannot import %s: it has neither manifest.json nor index.json",
				   what);
	return status ? status : check_image(&all, image);
}

/* Write "KEY: string", as a string of JSON where a line could not hold it as it is. */
static void write_line(const char *key, struct json_object *string, FILE *out)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = json_object_get_string(string);
	size_t length = (size_t)json_object_get_string_len(string);
	bool is_plain = length > 0 && text[0] != '"' && !isspace((unsigned char)text[0]) &&
			!isspace((unsigned char)text[length - 1]);

	for (const char *c = text; *c; c++)
		is_plain = is_plain && ((unsigned char)*c >= ' ' || *c == '\t') && *c != 0x7f;
	fprintf(out, "%s: %s\n", key,
		is_plain ? text : json_object_to_json_string_ext(string, flags));
}

/* No variable and no path has a NUL, which JSON can write. */
static bool has_nul(struct json_object *string)
{
	return strlen(json_object_get_string(string)) !=
	       (size_t)json_object_get_string_len(string);
}

/* The words of key, which is an array or, in old images, one string. */
static void write_words(struct json_object *config, const char *key, const char *name, FILE *out)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *words = import_json_get(config, key, json_type_array);
	const char *one = import_json_string(config, key);

	if (one) {
		words = json_object_new_array();
		json_object_array_add(words, json_object_new_string(one));
	}
	if (words && json_object_array_length(words) > 0)
		fprintf(out, "%s: %s\n", name, json_object_to_json_string_ext(words, flags));
	if (one)
		json_object_put(words);
}

void import_image_write_meta(const struct import_image *image, FILE *out)
{
	struct json_object *config = import_json_get(image->config, "config", json_type_object);
	struct json_object *env = import_json_get(config, "Env", json_type_array);
	struct json_object *workdir = import_json_get(config, "WorkingDir", json_type_string);

	for (size_t i = 0; env && i < json_object_array_length(env); i++) {
		struct json_object *one = json_object_array_get_idx(env, i);
		const char *text = json_object_get_string(one);

		if (!json_object_is_type(one, json_type_string) || *text == '=' ||
		    !strchr(text, '=') || has_nul(one))
			import_warn("variable '%.100s' of the image is left out: it is not "
				    "NAME=VALUE",
				    text ? text : "");
		else
			write_line("ENV", one, out);
	}
	write_words(config, "Entrypoint", "ENTRY", out);
	write_words(config, "Cmd", "CMD", out);
	if (!workdir || json_object_get_string_len(workdir) == 0)
		return;
	if (has_nul(workdir) || json_object_get_string(workdir)[0] != '/')
		import_warn("the working directory '%.100s' of the image is left out: it is no "
			    "absolute path",
			    json_object_get_string(workdir));
	else
		write_line("WORKDIR", workdir, out);
}

void import_image_free(struct import_image *image)
{
	json_object_put(image->config);
	json_object_put(image->names);
	json_object_put(image->layers);
	*image = (struct import_image){ 0 };
}
