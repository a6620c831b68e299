/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cli_mpi.h - what makes a plain "mpirun" start its ranks by ssh
 */
#ifndef CLI_MPI_H
#define CLI_MPI_H

#include "cli_env.h"

/*
 * Tell the MPI launchers that ssh is the way to the job's other containers and
 * where the list of hosts is.  Inside an allocation they would otherwise call
 * the workload manager's launcher, which the image does not have and which
 * starts ranks outside of the containers.
 *
 * A launcher for which the user chose another way is left alone as a whole;
 * single variables that the user set stay.  SHIFTER_MPI_SSH=0 switches all of
 * it off.  PMI's variables are not touched: "srun --mpi=pmi2 shifter ./app"
 * works with and without.
 */
void shf_env_set_launchers(struct shf_env *env);

#endif
