/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/config.h"

#include "base/parse.h"
#include "base/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct shf_config, field)

enum { LIST_MAX = 1024,
       VALUE_MAX = 65536 };

const struct shf_config_key shf_config_keys[] = {
	{ "imagePath", NULL, SHF_CONFIG_PATH, 0, 0, "/var/lib/shifter/images", AT(image_path),
	  "Directory of the image store, where a job's 'NAME' and 'id:HASH' are looked up." },
	{ "udiImagePath", NULL, SHF_CONFIG_PATH, 0, 0, SHF_UDIIMAGE_PATH, AT(udiimage_path),
	  "Directory of udiImage, the OpenSSH that is put into containers; may be on network "
	  "storage." },
	{ "optUdiImage", "udiImagePath", SHF_CONFIG_PATH, 0, 0, SHF_UDIIMAGE_PATH,
	  AT(udiimage_path), "Another word for udiImagePath." },
	{ "siteFs", NULL, SHF_CONFIG_LIST, 0, 0, "/home:/home;/tmp:/tmp;/var/tmp:/var/tmp",
	  AT(site_fs),
	  "What every container gets of the host, as SOURCE:TARGET or SOURCE:TARGET:ro; of the "
	  "defaults, not of what is listed here, a missing source is skipped." },
	{ "siteEnv", NULL, SHF_CONFIG_STRINGS, 0, 0, "", AT(site_env),
	  "Variables of every container's environment, as NAME=VALUE." },
	{ "containerTmpfsSize", NULL, SHF_CONFIG_NUMBER, 1, 1048576, "256", AT(tmpfs_size_mb),
	  "MiB of memory that a container may use for what it writes outside of mounted "
	  "directories." },
	{ "allowLocalImages", NULL, SHF_CONFIG_BOOL, 0, 0, "true", AT(allow_local_images),
	  "Whether jobs may name an image by its path on the host, as 'local:/PATH'." },
	{ "trustedImageOwners", NULL, SHF_CONFIG_LIST, 0, 0, "", AT(trusted_image_owners),
	  "User ids whose image files, like root's, may be mounted by the kernel." },
	{ "minimumUid", NULL, SHF_CONFIG_NUMBER, 1, 4294967294u, "1", AT(minimum_uid),
	  "The lowest user id that may have containers." },
	{ "maxGroupCount", NULL, SHF_CONFIG_NUMBER, 1, 65536, "65536", AT(max_group_count),
	  "The most supplementary groups that a container's user may have." },
	{ "clusterName", NULL, SHF_CONFIG_NAME, 0, 0, "cluster", AT(cluster),
	  "Name of the cluster, a part of the name that ssh host certificates are made out to." },
	{ "sshdPort", NULL, SHF_CONFIG_NUMBER, 1, 65535, "1204", AT(sshd_port),
	  "TCP port of the containers' sshd; no user can take one below 1024 beforehand." },
	{ "sshdListen", NULL, SHF_CONFIG_LIST, 0, 0, "", AT(sshd_listen),
	  "Networks (as 10.1.0.0/16) or addresses to listen on, out of those the node has; "
	  "empty for all." },
	{ "sshReadyTimeout", NULL, SHF_CONFIG_NUMBER, 1, 86400, "60", AT(ssh_ready_timeout_s),
	  "Seconds that a job waits for the sshd of all its nodes." },
	{ "userTimeout", NULL, SHF_CONFIG_NUMBER, 1, 3600, "10", AT(helper_timeout_s),
	  "Seconds that looking at a user's files may take, for example on a hanging file "
	  "system." },
	{ "teardownTimeout", NULL, SHF_CONFIG_NUMBER, 1, 3600, "10", AT(teardown_timeout_s),
	  "Seconds that ending a container's processes may take, before the node is reported." },
	{ "mpiLauncherSsh", NULL, SHF_CONFIG_BOOL, 0, 0, "true", AT(mpi_ssh),
	  "Whether MPI launchers in containers are told to start their processes by ssh." },
	{ 0 },
};

enum { KEYS_MAX = sizeof(shf_config_keys) / sizeof(*shf_config_keys) };

/* What a value is for: what messages say about it, and where they go. */
struct setting {
	const struct shf_config_key *key;
	const char *name; /* as it was written, maybe an alias */
	const char *where;
	struct shf_report *report;
};

/* A list under construction: elements of one size. */
struct list {
	char *bytes;
	size_t count, capacity, size;
};

const struct shf_config_key *shf_config_find_key(const char *name)
{
	for (const struct shf_config_key *key = shf_config_keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

static int no_memory(const struct setting *s)
{
	return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, ENOMEM,
			      "cannot keep the configuration");
}

static int bad_value(const struct setting *s, const char *value, const char *wanted)
{
	return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
			"%.200s: %.64s must be %s, not '%.300s'", s->where, s->name, wanted, value);
}

static int set_string(const struct setting *s, char **field, const char *value)
{
	char clean[SHF_PATH_MAX];
	char *copy;

	if (s->key->type == SHF_CONFIG_PATH) {
		if (shf_path_clean(value, clean))
			return bad_value(s, value,
					 "an absolute path without '..' and control characters");
		value = clean;
	} else if (!shf_is_name(value, 64, ".-") || !shf_is_host_name(value)) {
		return bad_value(s, value, "a name of 1 to 64 letters, digits, '.' and '-'");
	}
	copy = strdup(value);
	if (!copy)
		return no_memory(s);
	free(*field);
	*field = copy;
	return 0;
}

static bool same_word(const char *value, const char *word)
{
	for (; *value && *word; value++, word++)
		if ((*value >= 'A' && *value <= 'Z' ? *value - 'A' + 'a' : *value) != *word)
			return false;
	return *value == *word;
}

static int set_bool(const struct setting *s, bool *field, const char *value)
{
	static const char *const words[][2] = {
		{ "false", "true" }, { "no", "yes" }, { "off", "on" }, { "0", "1" }
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		for (int truth = 0; truth < 2; truth++)
			if (same_word(value, words[i][truth])) {
				*field = truth;
				return 0;
			}
	return bad_value(s, value, "true or false");
}

static int set_number(const struct setting *s, uint32_t *field, const char *value)
{
	if (!shf_parse_u32(value, s->key->low, s->key->high, field))
		return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: %.64s must be a decimal number from %u to %u, without "
				"leading zeros, not '%.300s'",
				s->where, s->name, s->key->low, s->key->high, value);
	return 0;
}

static void *list_add(struct list *list)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 8;
		char *bytes = reallocarray(list->bytes, capacity, list->size);

		if (!bytes)
			return NULL;
		list->bytes = bytes;
		list->capacity = capacity;
	}
	memset(list->bytes + list->count * list->size, 0, list->size);
	return list->bytes + list->count++ * list->size;
}

static int add_site_fs(const struct setting *s, struct list *list, const char *item)
{
	const struct shf_mount *known = (const struct shf_mount *)list->bytes;
	struct shf_mount mount, *place;
	char what[300];
	int error;

	/* "udiRoot.conf:3: siteFs must be ..., not" and the words for a malformed item differ */
	what[0] = '\0';
	strncat(what, s->name, 64);
	strcat(what, " of ");
	strncat(what, s->where, 200);
	error = shf_mount_parse(item, what, SHIFTER_FAULT_SITE, &mount, s->report);
	if (error)
		return error;
	error = shf_site_target_check(mount.target, s->where, s->report);
	for (size_t i = 0; i < list->count && !error; i++)
		if (strcmp(known[i].target, mount.target) == 0)
			error = shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
					 "%.200s: %.64s mounts at '%.600s' twice", s->where,
					 s->name, mount.target);
		else if (shf_path_is_within(known[i].target, mount.target))
			error = shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
					 "%.200s: %.64s mounts at '%.300s' after, and so over, "
					 "'%.300s': put it first",
					 s->where, s->name, mount.target, known[i].target);
	if (!error && !(place = list_add(list)))
		error = no_memory(s);
	if (error)
		shf_mount_free(&mount);
	else
		*place = mount;
	return error;
}

static int add_network(const struct setting *s, struct list *list, const char *item)
{
	struct shf_network network = { .family = AF_INET, .prefix = 32 }, *place;
	const char *slash = strchr(item, '/');
	size_t n = slash ? (size_t)(slash - item) : strlen(item);
	char address[INET6_ADDRSTRLEN];
	uint32_t prefix = 0;

	if (n < sizeof(address)) {
		memcpy(address, item, n);
		address[n] = '\0';
	}
	if (n >= sizeof(address) || inet_pton(AF_INET, address, network.address) != 1) {
		network.family = AF_INET6;
		network.prefix = 128;
	}
	if (n >= sizeof(address) ||
	    (network.family == AF_INET6 && inet_pton(AF_INET6, address, network.address) != 1) ||
	    (slash && !shf_parse_u32(slash + 1, 0, network.prefix, &prefix)))
		return bad_value(s, item, "a list of addresses and networks, as 10.1.0.0/16");
	if (slash)
		network.prefix = prefix;
	place = list_add(list);
	if (!place)
		return no_memory(s);
	*place = network;
	return 0;
}

static int add_uid(const struct setting *s, struct list *list, const char *item)
{
	uint32_t uid, *place;

	if (!shf_parse_u32(item, 0, UINT32_MAX - 1, &uid))
		return bad_value(s, item, "a list of numeric user ids");
	place = list_add(list);
	if (!place)
		return no_memory(s);
	*place = uid;
	return 0;
}

static int add_variable(const struct setting *s, struct list *list, const char *item)
{
	char *const *known = (char *const *)list->bytes;
	size_t n = strcspn(item, "=");
	char **place, *copy;

	if (item[n] != '=' || n == 0 || (item[0] >= '0' && item[0] <= '9') ||
	    strspn(item, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != n)
		return bad_value(s, item, "a list of NAME=VALUE");
	for (size_t i = 0; i < list->count; i++)
		if (strncmp(known[i], item, n + 1) == 0)
			return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
					"%.200s: %.64s sets '%.*s' twice", s->where, s->name,
					n > 300 ? 300 : (int)n, item);
	copy = strdup(item);
	place = copy ? list_add(list) : NULL;
	if (!place) {
		free(copy);
		return no_memory(s);
	}
	*place = copy;
	return 0;
}

static int add_item(const struct setting *s, struct list *list, const char *item)
{
	if (list->count >= LIST_MAX)
		return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: %.64s has more than %d items", s->where, s->name,
				LIST_MAX);
	switch (s->key->offset) {
	case AT(site_fs): return add_site_fs(s, list, item);
	case AT(sshd_listen): return add_network(s, list, item);
	case AT(trusted_image_owners): return add_uid(s, list, item);
	default: return add_variable(s, list, item);
	}
}

static size_t item_size(const struct shf_config_key *key)
{
	switch (key->offset) {
	case AT(site_fs): return sizeof(struct shf_mount);
	case AT(sshd_listen): return sizeof(struct shf_network);
	case AT(trusted_image_owners): return sizeof(uint32_t);
	default: return sizeof(char *);
	}
}

/* Give the list to cfg and take the one that was there. */
static void swap_list(struct shf_config *cfg, const struct shf_config_key *key, struct list *list)
{
	void **bytes;
	size_t *count;
	struct list old = { .size = list->size };

	switch (key->offset) {
	case AT(site_fs):
		bytes = (void **)&cfg->site_fs.list;
		count = &cfg->site_fs.count;
		break;
	case AT(sshd_listen):
		bytes = (void **)&cfg->sshd_listen;
		count = &cfg->n_sshd_listen;
		break;
	case AT(trusted_image_owners):
		bytes = (void **)&cfg->trusted_image_owners;
		count = &cfg->n_trusted_image_owners;
		break;
	default:
		bytes = (void **)&cfg->site_env;
		count = &cfg->n_site_env;
		break;
	}
	memcpy(&old.bytes, bytes, sizeof(old.bytes));
	old.count = *count;
	memcpy(bytes, &list->bytes, sizeof(list->bytes));
	*count = list->count;
	*list = old;
}

static void free_list(const struct shf_config_key *key, struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (key->offset == AT(site_fs))
			shf_mount_free((struct shf_mount *)list->bytes + i);
		else if (key->offset == AT(site_env))
			free(((char **)list->bytes)[i]);
	}
	free(list->bytes);
}

static int add_value(const struct setting *s, struct list *list, const char *value)
{
	char *copy, *rest, *item;
	int error = 0;

	if (s->key->type == SHF_CONFIG_STRINGS)
		return add_item(s, list, value);
	copy = strdup(value);
	if (!copy)
		return no_memory(s);
	rest = copy;
	while (!error && (item = strsep(&rest, ";"))) {
		size_t n;

		item += strspn(item, " \t\n");
		n = strlen(item);
		while (n && strchr(" \t\n", item[n - 1]))
			item[--n] = '\0';
		/* "a;b;" has two */
		if (*item)
			error = add_item(s, list, item);
	}
	free(copy);
	return error;
}

static int set_list(struct shf_config *cfg, const struct setting *s, const char *const *values,
		    size_t n)
{
	struct list list = { .size = item_size(s->key) };
	int error = 0;

	for (size_t i = 0; i < n && !error; i++)
		error = add_value(s, &list, values[i]);
	if (!error)
		swap_list(cfg, s->key, &list);
	free_list(s->key, &list);
	return error;
}

int shf_config_set(struct shf_config *cfg, const char *name, const char *const *values, size_t n,
		   const char *where, struct shf_report *report)
{
	struct setting s = { shf_config_find_key(name), name, where, report };
	void *field;

	if (!s.key)
		return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: there is no key '%.64s'", where, name);
	for (size_t i = 0; i < n; i++)
		if (strnlen(values[i], VALUE_MAX) == VALUE_MAX)
			return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
					"%.200s: %.64s has a value longer than %d bytes", where,
					name, VALUE_MAX - 1);
	if (s.key->type == SHF_CONFIG_LIST || s.key->type == SHF_CONFIG_STRINGS)
		return set_list(cfg, &s, values, n);
	if (n != 1)
		return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
				"%.200s: %.64s must have one value, not %zu", where, name, n);
	field = (char *)cfg + s.key->offset;
	switch (s.key->type) {
	case SHF_CONFIG_BOOL: return set_bool(&s, field, values[0]);
	case SHF_CONFIG_NUMBER: return set_number(&s, field, values[0]);
	default: return set_string(&s, field, values[0]);
	}
}

int shf_config_init(struct shf_config *cfg)
{
	*cfg = (struct shf_config){ 0 };
	for (const struct shf_config_key *key = shf_config_keys; key->name; key++) {
		const char *value = key->default_text;
		bool is_list = key->type == SHF_CONFIG_LIST || key->type == SHF_CONFIG_STRINGS;
		int error;

		if (key->alias_of)
			continue;
		error = shf_config_set(cfg, key->name, &value, is_list && !*value ? 0 : 1,
				       "built-in defaults", NULL);
		if (error)
			return error;
	}
	/* nobody asked for these: a node without /home is none the worse */
	for (size_t i = 0; i < cfg->site_fs.count; i++)
		cfg->site_fs.list[i].optional = true;
	return 0;
}

/* The string at *cursor, which is moved behind it; NULL if its NUL is missing. */
static const char *next_string(const char **cursor, const char *end)
{
	const char *string = *cursor;
	const char *nul = string < end ? memchr(string, '\0', (size_t)(end - string)) : NULL;

	if (!nul)
		return NULL;
	*cursor = nul + 1;
	return string;
}

static int malformed(struct shf_report *report)
{
	return shf_fail(
		report, SHIFTER_FAULT_NODE, EINVAL,
		"cannot read the configuration: what shifter-readconf printed is malformed, "
		"is it of this version?");
}

static const char *primary_name(const char *name)
{
	const struct shf_config_key *key = shf_config_find_key(name);

	return key && key->alias_of ? key->alias_of : name;
}

int shf_config_parse_records(struct shf_config *cfg, const char *bytes, size_t n,
			     struct shf_report *report)
{
	const char *cursor = bytes, *end = bytes + n;
	const char *seen[KEYS_MAX];
	size_t n_seen = 0;

	while (cursor < end) {
		const char *key = next_string(&cursor, end);
		const char *where = key ? next_string(&cursor, end) : NULL;
		const char *number = where ? next_string(&cursor, end) : NULL;
		const char **values;
		uint32_t count;
		int error;

		if (!number || !shf_parse_u32(number, 0, LIST_MAX, &count))
			return malformed(report);
		values = calloc(count + 1, sizeof(*values));
		if (!values)
			return shf_fail_errno(report, SHIFTER_FAULT_NODE, ENOMEM,
					      "cannot keep the configuration");
		for (uint32_t i = 0; i < count; i++) {
			values[i] = next_string(&cursor, end);
			if (!values[i]) {
				free(values);
				return malformed(report);
			}
		}
		error = shf_config_set(cfg, key, values, count, where, report);
		free(values);
		if (error)
			return error;
		for (size_t i = 0; i < n_seen; i++)
			if (strcmp(seen[i], primary_name(key)) == 0)
				return shf_fail(report, SHIFTER_FAULT_SITE, EINVAL,
						"%.200s: %.64s is set twice", where, seen[i]);
		seen[n_seen++] = primary_name(key);
	}
	return 0;
}

static void format_network(const struct shf_network *network, struct shf_text *out)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(network->family, network->address, address, sizeof(address));
	shf_text_addf(out, "%s/%u\n", address, network->prefix);
}

int shf_config_format(const struct shf_config *cfg, const char *name, struct shf_text *out)
{
	const struct shf_config_key *key = shf_config_find_key(name);
	const void *field;

	if (!key)
		return -ENOENT;
	field = (const char *)cfg + key->offset;
	switch (key->type) {
	case SHF_CONFIG_PATH:
	case SHF_CONFIG_NAME: shf_text_addf(out, "%s\n", *(char *const *)field); break;
	case SHF_CONFIG_BOOL: shf_text_add(out, *(const bool *)field ? "true\n" : "false\n"); break;
	case SHF_CONFIG_NUMBER: shf_text_addf(out, "%u\n", *(const uint32_t *)field); break;
	case SHF_CONFIG_STRINGS:
		for (size_t i = 0; i < cfg->n_site_env; i++)
			shf_text_addf(out, "%s\n", cfg->site_env[i]);
		break;
	case SHF_CONFIG_LIST:
		for (size_t i = 0; key->offset == AT(site_fs) && i < cfg->site_fs.count; i++)
			shf_text_addf(out, "%s:%s%s\n", cfg->site_fs.list[i].source,
				      cfg->site_fs.list[i].target,
				      cfg->site_fs.list[i].flags & SHF_MOUNT_RDONLY ? ":ro" : "");
		for (size_t i = 0; key->offset == AT(sshd_listen) && i < cfg->n_sshd_listen; i++)
			format_network(&cfg->sshd_listen[i], out);
		for (size_t i = 0;
		     key->offset == AT(trusted_image_owners) && i < cfg->n_trusted_image_owners;
		     i++)
			shf_text_addf(out, "%u\n", cfg->trusted_image_owners[i]);
		break;
	}
	return out->failed ? -ENOMEM : 0;
}

void shf_config_free(struct shf_config *cfg)
{
	free(cfg->image_path);
	free(cfg->udiimage_path);
	free(cfg->cluster);
	shf_mounts_free(&cfg->site_fs);
	free(cfg->sshd_listen);
	free(cfg->trusted_image_owners);
	for (size_t i = 0; i < cfg->n_site_env; i++)
		free(cfg->site_env[i]);
	free(cfg->site_env);
	*cfg = (struct shf_config){ 0 };
}
