/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli_mpi.h"

#include <string.h>

/*
 * Open MPI takes a host that is named on one line for a host with as many slots
 * as cores, so it needs the list that says "slots=N".  Hydra counts lines.
 */
#define HOSTS_PER_SLOT "/var/hostsfile"
#define HOSTS_WITH_SLOTS "/run/shifter/hosts.slots"

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
static const char *chosen_way(const struct shf_env *env, const char *name)
{
	const char *value = shf_env_get(env, name);

	if (!value && strcmp(name, "HYDRA_LAUNCHER") == 0)
		value = shf_env_get(env, "HYDRA_BOOTSTRAP");
	return value;
}

void shf_env_set_launchers(struct shf_env *env)
{
	const char *wanted = shf_env_get(env, "SHIFTER_MPI_SSH");

	if (wanted && strcmp(wanted, "0") == 0)
		return;
	for (size_t i = 0; i < sizeof(of_slurm) / sizeof(*of_slurm); i++) {
		const char *value = shf_env_get(env, of_slurm[i].name);

		if (value && strcmp(value, of_slurm[i].value) == 0)
			shf_env_unset(env, of_slurm[i].name);
	}
	for (size_t i = 0; i < sizeof(launchers) / sizeof(*launchers); i++) {
		const struct setting *settings = launchers[i];
		const char *way = chosen_way(env, settings[0].name);

		if (way && strcmp(way, settings[0].value) != 0)
			continue;
		for (size_t n = 0; n < MAX_SETTINGS && settings[n].name; n++)
			if (!shf_env_get(env, settings[n].name))
				shf_env_set(env, settings[n].name, settings[n].value);
	}
}
