/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of the original's keys.  COMING FROM SHIFTER in udiRoot.conf(5) is the same
 * table; 'shifter-readconf --original' prints it, tests/config/convert.sh compares.
 */
#include "model/original.h"

#include <string.h>

const struct shf_original_key shf_original_keys[] = {
	{ "allowLibcPwdCalls", SHF_ORIGINAL_OBSOLETE, NULL,
	  "users and groups are those that the workload manager and the node's name service"
	  " give" },
	{ "allowLocalChroot", SHF_ORIGINAL_RENAMED, "allowLocalImages",
	  "its default was 0, so a file without it becomes allowLocalImages = false" },
	{ "allowedImageTypes", SHF_ORIGINAL_OBSOLETE, NULL,
	  "all types that are known are allowed; allowLocalImages is for local ones" },
	{ "autoLoadKernelModule", SHF_ORIGINAL_OBSOLETE, NULL,
	  "the node has to load loop and squashfs at boot" },
	{ "batchType", SHF_ORIGINAL_OBSOLETE, NULL,
	  "each workload manager has its own integration" },
	{ "chmodPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no such program is run" },
	{ "cpPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no such program is run" },
	{ "ddPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no such program is run" },
	{ "defaultImageType", SHF_ORIGINAL_OBSOLETE, NULL,
	  "a name without a type is an image of docker's; any other value than docker is "
	  "refused" },
	{ "defaultModules", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; use siteEnv and siteFs, which are for every container" },
	{ "etcPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "passwd, group, hosts and the like are made for each container; all else in /etc "
	  "is the image's" },
	{ "gatewayTimeout", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no gateway is asked when a job starts" },
	{ "imageGateway", SHF_ORIGINAL_OBSOLETE, NULL,
	  "images come into the store by 'shifterctl import'; imageLookup names a command "
	  "that asks a gateway" },
	{ "imagePath", SHF_ORIGINAL_SAME, "imagePath",
	  "a store of the original's is used as it is" },
	{ "insmodPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no such program is run" },
	{ "kmodBasePath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no kernel module is loaded" },
	{ "kmodCacheFile", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no kernel module is loaded" },
	{ "loopMount", SHF_ORIGINAL_OBSOLETE, NULL,
	  "images are mounted where nobody else sees them" },
	{ "maxGroupCount", SHF_ORIGINAL_SAME, "maxGroupCount",
	  "31 was needed by the original's sshd, not by this one" },
	{ "mkfsXfsPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "there is no cache per node" },
	{ "modprobePath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no such program is run" },
	{ "module_*_conflict", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules" },
	{ "module_*_copyPath", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; mount the directory by siteFs" },
	{ "module_*_copypath", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; mount the directory by siteFs" },
	{ "module_*_enabled", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules" },
	{ "module_*_roothook", SHF_ORIGINAL_REFUSED, NULL,
	  "nothing is run as root in the tree of an image" },
	{ "module_*_siteEnv", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; use siteEnv" },
	{ "module_*_siteEnvAppend", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; use siteEnvAppend" },
	{ "module_*_siteEnvPrepend", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; use siteEnvPrepend" },
	{ "module_*_siteEnvUnset", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; use siteEnvUnset" },
	{ "module_*_siteFs", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; use siteFs" },
	{ "module_*_userhook", SHF_ORIGINAL_REFUSED, NULL,
	  "there are no modules; a job script or the image's entrypoint can run it" },
	{ "mountPropagationStyle", SHF_ORIGINAL_OBSOLETE, NULL,
	  "it is always private: what the node mounts later does not appear in containers "
	  "that run" },
	{ "mountUdiRootWritable", SHF_ORIGINAL_OBSOLETE, NULL,
	  "the root of a container is read-only, and sealed before the user is in it" },
	{ "mvPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "no such program is run" },
	{ "nodeContextPrefix", SHF_ORIGINAL_OBSOLETE, NULL,
	  "it did nothing in the original either" },
	{ "optUdiImage", SHF_ORIGINAL_RENAMED, "udiImagePath",
	  "it has to hold this program's udiImage, not the original's" },
	{ "optionalSshdAsRoot", SHF_ORIGINAL_OBSOLETE, NULL,
	  "sshd runs as the job's user, always" },
	{ "perNodeCacheAllowedFsType", SHF_ORIGINAL_OBSOLETE, NULL,
	  "there is no cache per node" },
	{ "perNodeCachePath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "there is no cache per node; mount a directory of a local disk by siteFs" },
	{ "perNodeCacheSizeLimit", SHF_ORIGINAL_OBSOLETE, NULL,
	  "there is no cache per node" },
	{ "populateEtcDynamically", SHF_ORIGINAL_OBSOLETE, NULL,
	  "it is always so" },
	{ "rootfsType", SHF_ORIGINAL_OBSOLETE, NULL,
	  "it is always tmpfs; containerTmpfsSize is its size" },
	{ "siteEnv", SHF_ORIGINAL_SAME, "siteEnv",
	  "a list of items in quotes" },
	{ "siteEnvAppend", SHF_ORIGINAL_SAME, "siteEnvAppend",
	  "a list of items in quotes" },
	{ "siteEnvPrepend", SHF_ORIGINAL_SAME, "siteEnvPrepend",
	  "a list of items in quotes" },
	{ "siteEnvUnset", SHF_ORIGINAL_SAME, "siteEnvUnset",
	  "a list of items in quotes" },
	{ "siteFs", SHF_ORIGINAL_SAME, "siteFs",
	  "PATH becomes PATH:PATH, and /tmp and /var/tmp, which the original adds by "
	  "itself, are listed; mounts below a source always come with it, so rec and "
	  "private go; slave goes with a warning, perNodeCache is refused" },
	{ "sitePostMountHook", SHF_ORIGINAL_REFUSED, NULL,
	  "nothing is run as root in the tree of an image; use siteFs, siteEnv or an image "
	  "of the site's" },
	{ "sitePreMountHook", SHF_ORIGINAL_REFUSED, NULL,
	  "nothing is run as root in the tree of an image; directories to mount at are made"
	  " without it" },
	{ "siteResources", SHF_ORIGINAL_REFUSED, NULL,
	  "mount the directory by siteFs" },
	{ "system", SHF_ORIGINAL_RENAMED, "clusterName",
	  "'_' becomes '-', because the name is a part of host names" },
	{ "udiImagePath", SHF_ORIGINAL_SAME, "udiImagePath",
	  "it has to hold this program's udiImage, not the original's" },
	{ "udiMount", SHF_ORIGINAL_OBSOLETE, NULL,
	  "containers are mounted where nobody else sees them" },
	{ "udiRootPath", SHF_ORIGINAL_OBSOLETE, NULL,
	  "programs find each other where they were installed" },
	{ "usersToImport", SHF_ORIGINAL_SAME, "usersToImport",
	  "a list of items in quotes" },
	{ 0 },
};

static bool matches(const char *pattern, const char *name)
{
	size_t before = strcspn(pattern, "*"), after, length = strlen(name);

	if (!pattern[before])
		return strcmp(pattern, name) == 0;
	after = strlen(pattern + before + 1);
	return length > before + after && strncmp(pattern, name, before) == 0 &&
	       strcmp(pattern + before + 1, name + length - after) == 0;
}

const struct shf_original_key *shf_original_find_key(const char *name)
{
	for (const struct shf_original_key *key = shf_original_keys; key->name; key++)
		if (matches(key->name, name))
			return key;
	return NULL;
}

const char *shf_original_fate_name(enum shf_original_fate fate)
{
	switch (fate) {
	case SHF_ORIGINAL_SAME: return "same";
	case SHF_ORIGINAL_RENAMED: return "renamed";
	case SHF_ORIGINAL_OBSOLETE: return "obsolete";
	default: return "refused";
	}
}
