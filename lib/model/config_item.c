/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/config_item.h"

#include "base/parse.h"
#include "base/path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int shf_config_no_memory(const struct shf_config_setting *s)
{
	return shf_fail_errno(s->report, SHIFTER_FAULT_NODE, ENOMEM,
			      "cannot keep the configuration");
}

int shf_config_bad_value(const struct shf_config_setting *s, const char *value,
			 const char *wanted)
{
	return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
			"%.200s: %.64s must be %s, not '%.300s'", s->where, s->name, wanted, value);
}

static void *list_add(struct shf_config_list *list)
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

static int add_mount(const struct shf_config_setting *s, struct shf_config_list *list,
		     const char *item)
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
		error = shf_config_no_memory(s);
	if (error)
		shf_mount_free(&mount);
	else
		*place = mount;
	return error;
}

static int add_network(const struct shf_config_setting *s, struct shf_config_list *list,
		       const char *item)
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
		return shf_config_bad_value(s, item,
					    "a list of addresses and networks, as 10.1.0.0/16");
	if (slash)
		network.prefix = prefix;
	place = list_add(list);
	if (!place)
		return shf_config_no_memory(s);
	*place = network;
	return 0;
}

static int add_uid(const struct shf_config_setting *s, struct shf_config_list *list,
		   const char *item)
{
	uint32_t uid, *place;

	if (!shf_parse_u32(item, 0, UINT32_MAX - 1, &uid))
		return shf_config_bad_value(s, item, "a list of numeric user ids");
	place = list_add(list);
	if (!place)
		return shf_config_no_memory(s);
	*place = uid;
	return 0;
}

static int add_string(const struct shf_config_setting *s, struct shf_config_list *list,
		      const char *item)
{
	char *copy = strdup(item);
	char **place = copy ? list_add(list) : NULL;

	if (!place) {
		free(copy);
		return shf_config_no_memory(s);
	}
	*place = copy;
	return 0;
}

/* Is it a name of n bytes that every shell can use? */
static bool is_variable_name(const char *name, size_t n)
{
	return n > 0 && !(name[0] >= '0' && name[0] <= '9') &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") >= n;
}

static int add_addition(const struct shf_config_setting *s, struct shf_config_list *list,
			const char *item)
{
	size_t n = strcspn(item, "=");

	if (item[n] != '=' || !is_variable_name(item, n))
		return shf_config_bad_value(s, item, "a list of NAME=VALUE");
	return add_string(s, list, item);
}

static int add_variable(const struct shf_config_setting *s, struct shf_config_list *list,
			const char *item)
{
	char *const *known = (char *const *)list->bytes;
	size_t n = strcspn(item, "=");

	for (size_t i = 0; i < list->count; i++)
		if (strncmp(known[i], item, n + 1) == 0)
			return shf_fail(s->report, SHIFTER_FAULT_SITE, EINVAL,
					"%.200s: %.64s sets '%.*s' twice", s->where, s->name,
					n > 300 ? 300 : (int)n, item);
	return add_addition(s, list, item);
}

static int add_variable_name(const struct shf_config_setting *s, struct shf_config_list *list,
			     const char *item)
{
	if (!is_variable_name(item, strlen(item)))
		return shf_config_bad_value(s, item, "a list of names of variables");
	return add_string(s, list, item);
}

static int add_user(const struct shf_config_setting *s, struct shf_config_list *list,
		    const char *item)
{
	if (!shf_is_user_name(item))
		return shf_config_bad_value(s, item, "a list of user names");
	return add_string(s, list, item);
}

static void free_mount(void *item)
{
	shf_mount_free(item);
}

static void format_mount(const void *item, struct shf_text *out)
{
	const struct shf_mount *mount = item;

	shf_text_addf(out, "%s:%s%s\n", mount->source, mount->target,
		      mount->flags & SHF_MOUNT_RDONLY ? ":ro" : "");
}

static void format_network(const void *item, struct shf_text *out)
{
	const struct shf_network *network = item;
	char address[INET6_ADDRSTRLEN];

	inet_ntop(network->family, network->address, address, sizeof(address));
	shf_text_addf(out, "%s/%u\n", address, network->prefix);
}

static void format_uid(const void *item, struct shf_text *out)
{
	shf_text_addf(out, "%u\n", *(const uint32_t *)item);
}

static void free_string(void *item)
{
	free(*(char **)item);
}

static void format_string(const void *item, struct shf_text *out)
{
	shf_text_addf(out, "%s\n", *(char *const *)item);
}

const struct shf_config_item_kind *shf_config_item_kind(enum shf_config_type type)
{
	static const struct shf_config_item_kind kinds[] = {
		[SHF_CONFIG_MOUNTS] = { sizeof(struct shf_mount), ";", add_mount, free_mount,
					format_mount },
		[SHF_CONFIG_NETWORKS] = { sizeof(struct shf_network), ";", add_network, NULL,
					  format_network },
		[SHF_CONFIG_UIDS] = { sizeof(uint32_t), ";", add_uid, NULL, format_uid },
		/* names hold no blanks, and have them between in Shifter's configuration */
		[SHF_CONFIG_USERS] = { sizeof(char *), "; \t\n", add_user, free_string,
				       format_string },
		[SHF_CONFIG_VARIABLES] = { sizeof(char *), NULL, add_variable, free_string,
					   format_string },
		[SHF_CONFIG_ADDITIONS] = { sizeof(char *), NULL, add_addition, free_string,
					   format_string },
		[SHF_CONFIG_VARIABLE_NAMES] = { sizeof(char *), "; \t\n", add_variable_name,
						free_string, format_string },
	};

	return &kinds[type];
}
