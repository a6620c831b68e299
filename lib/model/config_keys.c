/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of keys.  A key that has a type which is there already takes a line here
 * and a field in struct shf_config, nothing more: reading, printing and freeing go
 * by the type.
 */
#include "model/config.h"

#include <string.h>

#define ONE(field) offsetof(struct shf_config, field), 0
#define MANY(field, count) offsetof(struct shf_config, field), offsetof(struct shf_config, count)

const struct shf_config_key shf_config_keys[] = {
	{ "imagePath", NULL, SHF_CONFIG_PATH, 0, 0, "/var/lib/shifter/images", ONE(image_path),
	  "Directory of the image store, where a job's 'NAME' and 'id:HASH' are looked up." },
	{ "udiImagePath", NULL, SHF_CONFIG_PATH, 0, 0, SHF_UDIIMAGE_PATH, ONE(udiimage_path),
	  "Directory of udiImage, the OpenSSH that is put into containers; may be on network "
	  "storage." },
	{ "optUdiImage", "udiImagePath", SHF_CONFIG_PATH, 0, 0, SHF_UDIIMAGE_PATH,
	  ONE(udiimage_path), "Another word for udiImagePath." },
	{ "siteFs", NULL, SHF_CONFIG_MOUNTS, 0, 0, "/home:/home;/tmp:/tmp;/var/tmp:/var/tmp",
	  MANY(site_fs.list, site_fs.count),
	  "What every container gets of the host, as SOURCE:TARGET or SOURCE:TARGET:ro; of the "
	  "defaults, not of what is listed here, a missing source is skipped." },
	{ "siteEnv", NULL, SHF_CONFIG_VARIABLES, 0, 0, "", MANY(site_env, n_site_env),
	  "Variables of every container's environment, as NAME=VALUE." },
	{ "siteEnvAppend", NULL, SHF_CONFIG_ADDITIONS, 0, 0, "",
	  MANY(site_env_append, n_site_env_append),
	  "What to append to variables, after a ':', as NAME=VALUE." },
	{ "siteEnvPrepend", NULL, SHF_CONFIG_ADDITIONS, 0, 0, "",
	  MANY(site_env_prepend, n_site_env_prepend),
	  "What to put in front of variables, before a ':', as NAME=VALUE." },
	{ "siteEnvUnset", NULL, SHF_CONFIG_VARIABLE_NAMES, 0, 0, "",
	  MANY(site_env_unset, n_site_env_unset),
	  "Names of variables that no container's environment has." },
	{ "nodeEnv", NULL, SHF_CONFIG_VARIABLE_NAMES, 0, 0, "", MANY(node_env, n_node_env),
	  "Names of variables that ssh does not carry from node to node, besides those that "
	  "shifter(1) lists." },
	{ "containerTmpfsSize", NULL, SHF_CONFIG_NUMBER, 1, 1048576, "256", ONE(tmpfs_size_mb),
	  "MiB of memory that a container may use for what it writes outside of mounted "
	  "directories." },
	{ "allowLocalImages", NULL, SHF_CONFIG_BOOL, 0, 0, "true", ONE(allow_local_images),
	  "Whether jobs may name an image by its path on the host, as 'local:/PATH'." },
	{ "imageLookup", NULL, SHF_CONFIG_PATH, 0, 0, "", ONE(image_lookup),
	  "Program that is called with a type ('docker') and a reference and prints the id of the "
	  "image; empty for the index that 'shifterctl import' keeps in imagePath." },
	{ "allowWritable", NULL, SHF_CONFIG_BOOL, 0, 0, "true", ONE(allow_writable),
	  "Whether jobs may have the root of their container writable, into "
	  "containerTmpfsSize." },
	{ "trustedImageOwners", NULL, SHF_CONFIG_UIDS, 0, 0, "",
	  MANY(trusted_image_owners, n_trusted_image_owners),
	  "User ids whose image files, like root's, may be mounted by the kernel." },
	{ "minimumUid", NULL, SHF_CONFIG_NUMBER, 1, 4294967294u, "1", ONE(minimum_uid),
	  "The lowest user id that may have containers." },
	{ "maxGroupCount", NULL, SHF_CONFIG_NUMBER, 1, 65536, "65536", ONE(max_group_count),
	  "Of how many supplementary groups /etc/group of a container lists its user as a "
	  "member." },
	{ "usersToImport", NULL, SHF_CONFIG_USERS, 0, 0, "",
	  MANY(users_to_import, n_users_to_import),
	  "Users of the node's own /etc/passwd whom containers know by name, too, with their "
	  "groups." },
	{ "clusterName", NULL, SHF_CONFIG_NAME, 0, 0, "cluster", ONE(cluster),
	  "Name of the cluster, a part of the name that ssh host certificates are made out to." },
	{ "sshdPort", NULL, SHF_CONFIG_NUMBER, 1, 65535, "1204", ONE(sshd_port),
	  "TCP port of the containers' sshd; no user can take one below 1024 beforehand." },
	{ "sshdPortRange", NULL, SHF_CONFIG_PORTS, 0, 0, "", ONE(sshd_ports),
	  "For nodes that jobs share: each container's sshd has its own port of these, as "
	  "30000-30999, in place of sshdPort; outside of ip_local_port_range." },
	{ "sshdListen", NULL, SHF_CONFIG_NETWORKS, 0, 0, "", MANY(sshd_listen, n_sshd_listen),
	  "Networks (as 10.1.0.0/16) or addresses to listen on, out of those the node has; "
	  "empty for all." },
	{ "sshReadyTimeout", NULL, SHF_CONFIG_NUMBER, 1, 86400, "60", ONE(ssh_ready_timeout_s),
	  "Seconds that a job waits for the sshd of all its nodes." },
	{ "sshMultiplex", NULL, SHF_CONFIG_BOOL, 0, 0, "false", ONE(ssh_multiplex),
	  "Whether a container's ssh sessions on one host of the job share a connection, which "
	  "stays for a minute after the last one." },
	{ "userTimeout", NULL, SHF_CONFIG_NUMBER, 1, 3600, "10", ONE(helper_timeout_s),
	  "Seconds that looking at a user's files may take, for example on a hanging file "
	  "system." },
	{ "teardownTimeout", NULL, SHF_CONFIG_NUMBER, 1, 3600, "10", ONE(teardown_timeout_s),
	  "Seconds that ending a container's processes may take, before the node is reported." },
	{ "mpiLauncherSsh", NULL, SHF_CONFIG_BOOL, 0, 0, "true", ONE(mpi_ssh),
	  "Whether launchers in containers are told to start their processes by ssh." },
	{ 0 },
};

_Static_assert(sizeof(shf_config_keys) / sizeof(*shf_config_keys) <= SHF_CONFIG_KEYS_MAX,
	       "SHF_CONFIG_KEYS_MAX is too small");

const struct shf_config_key *shf_config_find_key(const char *name)
{
	for (const struct shf_config_key *key = shf_config_keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

const struct shf_config_key *shf_config_primary_key(const char *name)
{
	const struct shf_config_key *key = shf_config_find_key(name);

	return key && key->alias_of ? shf_config_find_key(key->alias_of) : key;
}

bool shf_config_is_list(const struct shf_config_key *key)
{
	return key->type >= SHF_CONFIG_MOUNTS;
}
