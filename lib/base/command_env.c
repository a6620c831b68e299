/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/command_env.h"

#include <string.h>

#define SSH_DIRECTORY "/opt/udiImage/bin"

bool shf_env_has_name(const char *entry, const char *name)
{
	size_t length = strcspn(entry, "=");

	return strlen(name) == length && memcmp(entry, name, length) == 0;
}

static bool is_one_of(const char *entry, const char *const *names, size_t n_names)
{
	for (size_t i = 0; i < n_names; i++)
		if (shf_env_has_name(entry, names[i]))
			return true;
	return false;
}

bool shf_env_is_of_session(const char *entry)
{
	static const char *const names[] = {
		"TERM",
		"DISPLAY",
		"XAUTHORITY",
		"HOME",
		"USER",
		"LOGNAME",
		"SHELL",
		"PWD",
		"OLDPWD",
		"SHLVL",
		"_",
	};

	if (strncmp(entry, "SSH_", 4) == 0)
		return true;
	return is_one_of(entry, names, sizeof(names) / sizeof(*names));
}

bool shf_env_is_of_node(const char *entry)
{
	static const char *const names[] = {
		"HOSTNAME",
		"HOST",
		/* which of the node's devices */
		"CUDA_VISIBLE_DEVICES",
		"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
		"GPU_DEVICE_ORDINAL",
		"HIP_VISIBLE_DEVICES",
		"NVIDIA_VISIBLE_DEVICES",
		"ROCR_VISIBLE_DEVICES",
		"ZE_AFFINITY_MASK",
		/* systemd's, of a service's or session's cgroup and runtime */
		"INVOCATION_ID",
		"JOURNAL_STREAM",
		"MEMORY_PRESSURE_WATCH",
		"MEMORY_PRESSURE_WRITE",
		/* Slurm */
		"SLURMD_NODENAME",
		"SLURM_CPUS_ON_NODE",
		"SLURM_CPU_BIND",
		"SLURM_CPU_BIND_LIST",
		"SLURM_CPU_BIND_TYPE",
		"SLURM_CPU_BIND_VERBOSE",
		"SLURM_GPUS_ON_NODE",
		"SLURM_GTIDS",
		"SLURM_JOB_GPUS",
		"SLURM_LAUNCH_NODE_IPADDR",
		"SLURM_LOCALID",
		"SLURM_MEM_BIND",
		"SLURM_NODEID",
		"SLURM_PROCID",
		"SLURM_STEP_GPUS",
		"SLURM_TASK_PID",
		"SLURM_TOPOLOGY_ADDR",
		/* Torque and PBS */
		"PBS_NODENUM",
		"PBS_TASKNUM",
		"PBS_VNODENUM",
	};

	return is_one_of(entry, names, sizeof(names) / sizeof(*names));
}

/* ---- layers ---- */

size_t shf_env_lay(struct shf_environ *env, char *bytes, size_t length)
{
	size_t bad = 0;

	for (size_t i = 0; i < length; i += strlen(bytes + i) + 1)
		bad += !shf_environ_put(env, bytes + i);
	return bad;
}

size_t shf_env_lay_foreign(struct shf_environ *env, char *bytes, size_t length)
{
	size_t bad = 0;

	for (size_t i = 0; i < length; i += strlen(bytes + i) + 1)
		if (!shf_env_is_of_session(bytes + i))
			bad += !shf_environ_put(env, bytes + i);
	return bad;
}

size_t shf_env_lay_site(struct shf_environ *env, char *bytes, size_t length)
{
	size_t bad = 0;

	for (size_t i = 0; i < length; i += strlen(bytes + i) + 1)
		bad += !shf_environ_apply(env, bytes + i);
	return bad;
}

/* ---- PATH ---- */

/* Is directory one of the parts of path? */
static bool path_has(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	for (;;) {
		size_t part = strcspn(path, ":");

		if (part == length && memcmp(path, directory, length) == 0)
			return true;
		if (path[part] == '\0')
			return false;
		path += part + 1;
	}
}

/* Append ":" and directory, but what is there is kept once. */
static char *add_directory(char *end, const char *start, const char *directory)
{
	if (path_has(start, directory))
		return end;
	*end++ = ':';
	return stpcpy(end, directory);
}

void shf_env_set_path(struct shf_environ *env)
{
	static const char *const everywhere[] = { "/usr/local/bin", "/usr/bin", "/bin" };
	static const char first[] = "PATH=" SSH_DIRECTORY;
	const char *rest = shf_environ_get(env, "PATH");
	char *entry = shf_environ_new_text(env, sizeof(first) + 64 + (rest ? strlen(rest) : 0));
	char *path = entry ? entry + strlen("PATH=") : NULL, *end;

	if (!entry)
		return;
	end = stpcpy(entry, first);
	while (rest && *rest) {
		size_t part = strcspn(rest, ":");

		if (part != strlen(SSH_DIRECTORY) || memcmp(rest, SSH_DIRECTORY, part) != 0) {
			*end++ = ':';
			end = mempcpy(end, rest, part);
		}
		/* "a:" ends in an empty part, which means the working directory. */
		if (rest[part] == ':' && rest[part + 1] == '\0')
			*end++ = ':';
		rest += part + (rest[part] == ':');
	}
	*end = '\0';
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(*everywhere); i++)
		end = add_directory(end, path, everywhere[i]);
	shf_environ_put(env, entry);
}

/* ---- launchers ---- */

/*
 * Open MPI takes a host that is named on one line for a host with as many slots
 * as cores, so it needs the list that says "slots=N".  Hydra counts lines.
 */
#define HOSTS_PER_SLOT "/var/hostsfile"
#define HOSTS_WITH_SLOTS "/run/shifter/hosts.slots"
#define HOSTS_ONCE "/run/shifter/hosts.unique"

/* Where shifter_write_hostsfile() puts groups.conf. */
#define CLUSTERSHELL_DIRECTORY "/run/shifter"

enum { MAX_SETTINGS = 4 };

struct setting {
	const char *name;
	const char *value;
};

/* Of each launcher, the first setting is the choice of the way. */
static const struct setting launchers[][MAX_SETTINGS] = {
	/* Open MPI up to 4.  An unknown name after "^" is no error. */
	{
		{ "OMPI_MCA_plm", "rsh" },
		{ "OMPI_MCA_plm_rsh_agent", "ssh" },
		{ "OMPI_MCA_ras", "^slurm,tm" },
		{ "OMPI_MCA_orte_default_hostfile", HOSTS_WITH_SLOTS },
	},
	/* Open MPI from 5, that is, PRRTE */
	{
		{ "PRTE_MCA_plm", "ssh" },
		{ "PRTE_MCA_plm_ssh_agent", "ssh" },
		{ "PRTE_MCA_ras", "^slurm" },
		{ "PRTE_MCA_prte_default_hostfile", HOSTS_WITH_SLOTS },
	},
	/* Hydra: MPICH and its descendants */
	{
		{ "HYDRA_LAUNCHER", "ssh" },
		{ "HYDRA_HOST_FILE", HOSTS_PER_SLOT },
	},
	/* Intel MPI */
	{
		{ "I_MPI_HYDRA_BOOTSTRAP", "ssh" },
		{ "I_MPI_HYDRA_HOST_FILE", HOSTS_PER_SLOT },
	},
	/* pdsh, whose built-in way may be rsh; WCOLL counts where no hosts are named */
	{
		{ "PDSH_RCMD_TYPE", "ssh" },
		{ "WCOLL", HOSTS_ONCE },
	},
	/* clush: instead of the image's /etc/clustershell; the user's own files count, too */
	{
		{ "CLUSTERSHELL_CFGDIR", CLUSTERSHELL_DIRECTORY },
	},
	/* a list of names is an inventory */
	{
		{ "ANSIBLE_INVENTORY", HOSTS_ONCE },
	},
};

/*
 * Slurm from 23.11 on puts these into every job's environment: they are not
 * the user's choice, and the arguments, meant for srun, would make ssh fail.
 */
static const struct setting of_slurm[] = {
	{ "HYDRA_BOOTSTRAP", "slurm" },
	{ "HYDRA_LAUNCHER_EXTRA_ARGS", "--external-launcher" },
	{ "I_MPI_HYDRA_BOOTSTRAP", "slurm" },
	{ "I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS", "--external-launcher" },
};

/* Hydra's older name for the same choice. */
static const char *chosen_way(const struct shf_environ *env, const char *name)
{
	const char *value = shf_environ_get(env, name);

	if (!value && strcmp(name, "HYDRA_LAUNCHER") == 0)
		value = shf_environ_get(env, "HYDRA_BOOTSTRAP");
	return value;
}

void shf_env_set_launchers(struct shf_environ *env)
{
	const char *wanted = shf_environ_get(env, "SHIFTER_MPI_SSH");

	if (wanted && strcmp(wanted, "0") == 0)
		return;
	for (size_t i = 0; i < sizeof(of_slurm) / sizeof(*of_slurm); i++) {
		const char *value = shf_environ_get(env, of_slurm[i].name);

		if (value && strcmp(value, of_slurm[i].value) == 0)
			shf_environ_unset(env, of_slurm[i].name);
	}
	for (size_t i = 0; i < sizeof(launchers) / sizeof(*launchers); i++) {
		const struct setting *settings = launchers[i];
		const char *way = chosen_way(env, settings[0].name);

		if (way && strcmp(way, settings[0].value) != 0)
			continue;
		for (size_t n = 0; n < MAX_SETTINGS && settings[n].name; n++)
			if (!shf_environ_get(env, settings[n].name))
				shf_environ_set(env, settings[n].name, settings[n].value);
	}
}
