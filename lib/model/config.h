/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config.h - the site's configuration, udiRoot.conf, as values
 *
 * Pure.  The file is read by the program shifter-readconf, in a process of its
 * own; this library sees its records (shf_config_parse_records()).
 */
#ifndef SHF_MODEL_CONFIG_H
#define SHF_MODEL_CONFIG_H

#include "base/report.h"
#include "base/text.h"
#include "model/port.h"
#include "model/volume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where udiImage is without udiImagePath; the build says. */
#ifndef SHF_UDIIMAGE_PATH
#define SHF_UDIIMAGE_PATH "/usr/libexec/shifter/opt/udiImage"
#endif

/* An address of AF_INET (4 bytes) or AF_INET6 (16), network order, with a prefix length. */
struct shf_network {
	int family;
	unsigned char address[16]; /* host bits are kept: "10.1.2.3/8" is in there whole */
	unsigned prefix;           /* bits; 32 or 128 for a single address */
};

enum { SHF_CONFIG_KEYS_MAX = 64,     /* with aliases and the end of the table */
       SHF_CONFIG_LIST_MAX = 1024 }; /* items of a list */

struct shf_config {
	char *image_path;    /* directory of the image store */
	char *udiimage_path; /* directory of udiImage */
	char *cluster;       /* part of the principal of host certificates */

	struct shf_mounts site_fs;

	struct shf_network *sshd_listen; /* none: all addresses of the node */
	size_t n_sshd_listen;
	uint32_t sshd_port;
	struct shf_port_range sshd_ports; /* by container, in place of sshd_port */

	bool allow_local_images;
	char *image_lookup;             /* program that knows what tags mean, or "" */
	bool allow_writable;            /* roots of containers, for jobs that want it */
	bool ssh_multiplex;             /* ssh within a job: one connection per host */
	bool mpi_ssh;                   /* tell MPI launchers to use ssh */
	uint32_t *trusted_image_owners; /* root is always one, listed or not */
	size_t n_trusted_image_owners;
	uint32_t minimum_uid;
	uint32_t max_group_count; /* that /etc/group lists the user in */
	char **users_to_import;   /* names in the node's /etc/passwd */
	size_t n_users_to_import;

	uint32_t tmpfs_size_mb;       /* MiB of what a container may write to its own root */
	uint32_t ssh_ready_timeout_s; /* seconds for all nodes of a job to answer */
	uint32_t helper_timeout_s;    /* seconds for a helper that acts as the user */
	uint32_t teardown_timeout_s;  /* seconds to kill what is inside */

	char **site_env; /* "NAME=VALUE", no name twice */
	size_t n_site_env;
	char **site_env_append, **site_env_prepend; /* "NAME=VALUE", names may repeat */
	size_t n_site_env_append, n_site_env_prepend;
	char **site_env_unset; /* "NAME" */
	size_t n_site_env_unset;
	char **node_env; /* "NAME", besides those of shf_env_is_of_node() */
	size_t n_node_env;

	/* private: "FILE:LINE" by the key's place in the table, NULL for the default */
	char *origins[SHF_CONFIG_KEYS_MAX];
};

enum shf_config_type {
	SHF_CONFIG_PATH,   /* absolute */
	SHF_CONFIG_NAME,   /* host-name-like */
	SHF_CONFIG_BOOL,   /* true, yes, on, 1; false, no, off, 0 */
	SHF_CONFIG_NUMBER, /* decimal, within low and high */
	SHF_CONFIG_PORTS,  /* struct shf_port_range, or empty */
	/* Lists from here on; a value may hold several items, with ';' between. */
	SHF_CONFIG_MOUNTS,         /* struct shf_mount */
	SHF_CONFIG_NETWORKS,       /* struct shf_network */
	SHF_CONFIG_UIDS,           /* uint32_t */
	SHF_CONFIG_USERS,          /* char *, also split at blanks */
	SHF_CONFIG_VARIABLES,      /* char *, NAME=VALUE; not split at ';' */
	SHF_CONFIG_ADDITIONS,      /* the same, and a name may come again */
	SHF_CONFIG_VARIABLE_NAMES, /* char *, also split at blanks */
};

/* One key of the file. */
struct shf_config_key {
	const char *name;
	const char *alias_of; /* NULL, or the name this is another word for */
	enum shf_config_type type;
	uint32_t low, high;       /* of SHF_CONFIG_NUMBER */
	const char *default_text; /* as one would write it; "" for an empty list */
	size_t offset;            /* private: where in struct shf_config */
	size_t count_offset;      /* private: of a list, where the number of its items is */
	const char *doc;          /* one sentence for the administrator */
};

/* All keys; the last has no name. */
extern const struct shf_config_key shf_config_keys[];

/* The entry called name, or NULL.  Names are case-sensitive. */
const struct shf_config_key *shf_config_find_key(const char *name);

/* The same, for an alias the key it stands for. */
const struct shf_config_key *shf_config_primary_key(const char *name);

bool shf_config_is_list(const struct shf_config_key *key);

/* Fill in the defaults.  0 or -ENOMEM; to be freed in either case. */
int shf_config_init(struct shf_config *cfg);

/*
 * Give key the n values, read at where ("FILE:LINE").  A scalar takes exactly
 * one value; a list replaces what was there and may be empty.  Fault is the
 * site's.  -EINVAL, -ENOMEM; cfg is as before then.
 */
int shf_config_set(struct shf_config *cfg, const char *key, const char *const *values, size_t n,
		   const char *where, struct shf_report *report);

/*
 * Apply what shifter-readconf printed: for each key "KEY\0WHERE\0N\0" and N
 * values, each ended by NUL, N in decimal.  A key, under whichever name, comes
 * once.  -EINVAL, -ENOMEM; cfg may hold a part of the records then.
 */
int shf_config_parse_records(struct shf_config *cfg, const char *bytes, size_t n,
			     struct shf_report *report);

/*
 * The value of a key as text, a line per item of a list, in the form the file
 * takes.  0, -ENOENT for an unknown key, -ENOMEM.
 */
int shf_config_format(const struct shf_config *cfg, const char *key, struct shf_text *out);

/* The number of a key's items: 1 unless it is a list. */
size_t shf_config_count(const struct shf_config *cfg, const struct shf_config_key *key);

/* Append the item of that number, as the file has it but without quotes. */
void shf_config_format_item(const struct shf_config *cfg, const struct shf_config_key *key,
			    size_t number, struct shf_text *out);

/* Append "KEY = VALUE", quoted, as shifter-readconf reads it; without the end of the line. */
void shf_config_format_assignment(const struct shf_config *cfg, const struct shf_config_key *key,
				  struct shf_text *out);

/*
 * Where the value of a key comes from: the "where" it was set with, cfg's own, or
 * NULL for the default and for an unknown key.
 */
const char *shf_config_origin(const struct shf_config *cfg, const char *key);

void shf_config_free(struct shf_config *cfg);

#endif
