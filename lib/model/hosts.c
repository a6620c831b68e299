/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hosts.h"

#include "base/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A job of 100,000 hosts is read while its user waits: no malloc() per string. */
struct shf_hosts_chunk {
	struct shf_hosts_chunk *next;
	size_t used, size;
	char bytes[];
};

enum { CHUNK_SIZE = 65536 - 64,
       SHOWN_MAX = 300 /* bytes of a name that is none, in a message */ };

/*
 * An entry of the table: an index + 1 into the list, and bits of the hash above it, by which
 * nearly all other hosts are passed without a look at them.
 */
enum { INDEX_BITS = 20 };
_Static_assert(SHF_HOSTS_MAX < 1 << INDEX_BITS, "an index fits an entry");
static const uint32_t index_mask = (1u << INDEX_BITS) - 1;

struct address {
	int family;
	unsigned char bytes[16];
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static uint32_t hash_name(const char *name, size_t n)
{
	uint32_t hash = 2166136261u;

	/* of what names are made of, 0x20 changes upper case only */
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ ((unsigned char)name[i] | 0x20)) * 16777619u;
	return hash ^ hash >> 15;
}

static bool same_name(const char *stored, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(stored[i]) != lower(name[i]))
			return false;
	return stored[n] == '\0';
}

static char *keep_string(struct shifter_hosts *hosts, const char *string, size_t n)
{
	struct shf_hosts_chunk *chunk = hosts->chunks;
	char *kept;

	if (!chunk || chunk->size - chunk->used <= n) {
		chunk = malloc(sizeof(*chunk) + CHUNK_SIZE);
		if (!chunk)
			return NULL;
		*chunk = (struct shf_hosts_chunk){ .next = hosts->chunks, .size = CHUNK_SIZE };
		hosts->chunks = chunk;
	}
	kept = chunk->bytes + chunk->used;
	memcpy(kept, string, n);
	kept[n] = '\0';
	chunk->used += n + 1;
	return kept;
}

/* The place of a name in the table: its entry, or the free one it would take. */
static uint32_t *find_entry(const struct shifter_hosts *hosts, const char *name, size_t n,
			    uint32_t hash)
{
	size_t i = hash & (hosts->table_size - 1);
	uint32_t entry;

	while ((entry = hosts->table[i]) &&
	       (entry >> INDEX_BITS != hash >> INDEX_BITS ||
		!same_name(hosts->list[(entry & index_mask) - 1].name, name, n)))
		i = (i + 1) & (hosts->table_size - 1);
	return &hosts->table[i];
}

static uint32_t make_entry(size_t index, uint32_t hash)
{
	return (uint32_t)(index + 1) | (hash & ~index_mask);
}

static struct shf_host *entry_host(const struct shifter_hosts *hosts, const uint32_t *entry)
{
	return *entry ? &hosts->list[(*entry & index_mask) - 1] : NULL;
}

static struct shf_host *find_host(const struct shifter_hosts *hosts, const char *name, size_t n)
{
	if (!hosts->count)
		return NULL;
	return entry_host(hosts, find_entry(hosts, name, n, hash_name(name, n)));
}

static int grow(struct shifter_hosts *hosts)
{
	size_t capacity = hosts->capacity ? hosts->capacity * 2 : 64;
	size_t size = capacity * 2;
	struct shf_host *list;
	uint32_t *table;

	list = reallocarray(hosts->list, capacity, sizeof(*list));
	if (!list)
		return -ENOMEM;
	hosts->list = list;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (size_t old = 0; old < hosts->count; old++) {
		size_t i = list[old].hash & (size - 1);

		while (table[i])
			i = (i + 1) & (size - 1);
		table[i] = make_entry(old, list[old].hash);
	}
	free(hosts->table);
	hosts->table = table;
	hosts->table_size = size;
	hosts->capacity = capacity;
	return 0;
}

/* Put a host where its name belongs; there is room, and entry is find_entry()'s. */
static void append(struct shifter_hosts *hosts, uint32_t *entry, struct shf_host host)
{
	*entry = make_entry(hosts->count, host.hash);
	hosts->list[hosts->count++] = host;
}

static bool parse_address(const char *text, struct address *out)
{
	*out = (struct address){ .family = AF_INET };
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		return true;
	out->family = AF_INET6;
	return inet_pton(AF_INET6, text, out->bytes) == 1;
}

static int check_address(struct shifter_hosts *hosts, const struct shf_host *known,
			 const char *name, size_t n, const char *address)
{
	struct address new, old;

	if (!parse_address(address, &new))
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot add host '%.*s': address '%.64s' is not a numeric "
				"IPv4 or IPv6 address",
				(int)n, name, address);
	if (known && known->address && strcmp(known->address, address) != 0 &&
	    parse_address(known->address, &old) && memcmp(&old, &new, sizeof(old)) != 0)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot add host '%.*s': address '%.64s' contradicts the "
				"earlier '%.64s'",
				(int)n, name, address, known->address);
	return 0;
}

static int check_slots(struct shifter_hosts *hosts, const struct shf_host *known, const char *name,
		       size_t n, uint32_t slots)
{
	if (slots == 0 || slots > SHF_HOST_SLOTS_MAX)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot add host '%.*s': %u slots are not in 1 to %d", (int)n,
				name, slots, SHF_HOST_SLOTS_MAX);
	if (known && known->slots + slots > SHF_HOST_SLOTS_MAX)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot add host '%.*s': %u slots in all are more than %d", (int)n,
				name, known->slots + slots, SHF_HOST_SLOTS_MAX);
	if (hosts->total_slots + slots > SHF_SLOTS_MAX)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, E2BIG,
				"cannot add host '%.*s': the hosts have more than %d slots in all",
				(int)n, name, SHF_SLOTS_MAX);
	if (!known && hosts->count >= SHF_HOSTS_MAX)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, E2BIG,
				"cannot add host '%.*s': there are more than %d hosts", (int)n,
				name, SHF_HOSTS_MAX);
	return 0;
}

static int no_memory(struct shifter_hosts *hosts)
{
	return shf_fail_errno(hosts->report, SHIFTER_FAULT_NODE, ENOMEM,
			      "cannot keep the host list");
}

/* name has passed shf_is_host_name_n(). */
static int add(struct shifter_hosts *hosts, const char *name, size_t n, const char *address,
	       uint32_t slots)
{
	uint32_t hash = hash_name(name, n);
	struct shf_host *known;
	char *kept_address = NULL;
	uint32_t *entry;
	int error;

	if (hosts->count == hosts->capacity && grow(hosts))
		return no_memory(hosts);
	entry = find_entry(hosts, name, n, hash);
	known = entry_host(hosts, entry);
	error = check_slots(hosts, known, name, n, slots);
	if (!error && address)
		error = check_address(hosts, known, name, n, address);
	if (error)
		return error;
	if (address && !(known && known->address)) {
		kept_address = keep_string(hosts, address, strlen(address));
		if (!kept_address)
			return no_memory(hosts);
	}
	if (known) {
		known->slots += slots;
		if (kept_address)
			known->address = kept_address;
	} else {
		char *kept_name = keep_string(hosts, name, n);

		if (!kept_name)
			return no_memory(hosts);
		append(hosts, entry,
		       (struct shf_host){ kept_name, kept_address, slots, (uint32_t)n, hash });
	}
	hosts->total_slots += slots;
	return 0;
}

static int add_checked(struct shifter_hosts *hosts, const char *name, size_t n, const char *address,
		       uint32_t slots)
{
	if (shf_is_host_name_n(name, n))
		return add(hosts, name, n, address, slots);
	return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
			"cannot add host '%.*s': a host name has 1 to 253 letters, digits, "
			"'.' and '-', the first and last a letter or digit",
			(int)(n < SHOWN_MAX ? n : SHOWN_MAX), name);
}

int shf_hosts_add(struct shifter_hosts *hosts, const char *name, const char *address,
		  uint32_t slots)
{
	if (!name)
		return shf_fail(hosts->report, SHIFTER_FAULT_CALLER, EINVAL,
				"cannot add a host: it has no name");
	return add_checked(hosts, name, strlen(name), address, slots);
}

int shf_hosts_add_n(struct shifter_hosts *hosts, const char *name, size_t n, uint32_t slots)
{
	return add_checked(hosts, name, n, NULL, slots);
}

const struct shf_host *shf_hosts_find(const struct shifter_hosts *hosts, const char *name)
{
	return find_host(hosts, name, strlen(name));
}

int shf_hosts_set_address(struct shifter_hosts *hosts, const char *name, const char *address)
{
	struct shf_host *host;
	struct address parsed;

	if (!hosts->count || !parse_address(address, &parsed))
		return 0;
	host = find_host(hosts, name, strlen(name));
	if (!host || host->address)
		return 0;
	host->address = keep_string(hosts, address, strlen(address));
	return host->address ? 0 : no_memory(hosts);
}

/* The length of the short form, or 0 if the name has none that could be one. */
static size_t short_length(const struct shf_host *host)
{
	const char *name = host->name, *dot = memchr(name, '.', host->name_length);
	size_t n = dot ? (size_t)(dot - name) : 0;

	/* "10" is no short form of "10.0.0.1" */
	if (!dot || name[n - 1] == '-' || strspn(name, "0123456789") >= n)
		return 0;
	return n;
}

int shf_hosts_short_names(const struct shifter_hosts *hosts, struct shifter_hosts *out)
{
	struct shifter_hosts seen = { 0 };
	int error = 0;

	/* the slots of seen count who has the form; those of out say whose it is */
	for (size_t i = 0; i < hosts->count && !error; i++) {
		const char *name = hosts->list[i].name;
		size_t n = short_length(&hosts->list[i]);
		struct shf_host *form;

		if (!n)
			continue;
		form = find_host(&seen, name, n);
		if (form)
			form->slots = 2;
		else
			error = add(&seen, name, n, NULL, 1);
	}
	for (size_t i = 0; i < hosts->count && !error && seen.count; i++) {
		const char *name = hosts->list[i].name;
		size_t n = short_length(&hosts->list[i]);
		uint32_t hash = hash_name(name, n);
		const struct shf_host *form;
		char *kept;

		if (!n)
			continue;
		form = entry_host(&seen, find_entry(&seen, name, n, hash));
		if (form->slots > 1 || shf_hosts_find(hosts, form->name))
			continue;
		error = out->count == out->capacity ? grow(out) : 0;
		kept = error ? NULL : keep_string(out, name, n);
		if (!kept)
			error = -ENOMEM;
		else
			append(out, find_entry(out, name, n, hash),
			       (struct shf_host){ kept, hosts->list[i].address, (uint32_t)i + 1,
						  (uint32_t)n, hash });
	}
	shf_hosts_free(&seen);
	return error;
}

void shf_hosts_free(struct shifter_hosts *hosts)
{
	struct shf_report *report = hosts->report;

	while (hosts->chunks) {
		struct shf_hosts_chunk *next = hosts->chunks->next;

		free(hosts->chunks);
		hosts->chunks = next;
	}
	free(hosts->list);
	free(hosts->table);
	*hosts = (struct shifter_hosts){ .report = report };
}
