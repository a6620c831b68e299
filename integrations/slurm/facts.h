/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * facts.h - what the prolog knows of a job, kept for the hooks after it
 *
 * In memory and on disk the facts are one run of "NAME=VALUE" strings, each with
 * its NUL.  Names in capital letters are variables of the job's environment,
 * the others are ours.
 */
#ifndef SHF_SLURM_FACTS_H
#define SHF_SLURM_FACTS_H

#include <stddef.h>

#define SHF_SLURM_FACT_KEY "key"             /* user's public key */
#define SHF_SLURM_FACT_PRINCIPAL "principal" /* of the host certificates */
#define SHF_SLURM_FACT_NODES "nodes"         /* the job's nodes, Slurm's way */
#define SHF_SLURM_FACT_SLOTS "slots"         /* of each node, "4(x2),1" */
#define SHF_SLURM_FACT_ALIASES "aliases"     /* SLURM_NODE_ALIASES, where Slurm has it */
#define SHF_SLURM_FACT_TIMEOUT "timeout"     /* seconds for the barrier */
#define SHF_SLURM_FACT_PORTS "port_range"    /* sshdPortRange, "" for one port */
#define SHF_SLURM_FACT_SETUP "extern_setup"  /* the site's program for the extern step */
#define SHF_SLURM_FACT_NAMESPACE "namespace" /* of the prolog: "mnt:[INODE]" */
#define SHF_SLURM_FACT_MPI_SSH "mpi_ssh"     /* "false": no presets for MPI launchers */

struct shf_slurm_facts {
	char *bytes; /* owned */
	size_t size;
};

/* Append a fact.  Returns 0 or -ENOMEM. */
int shf_slurm_facts_add(struct shf_slurm_facts *facts, const char *name, const char *value);

/* The value of a fact, borrowed; or NULL. */
const char *shf_slurm_facts_get(const struct shf_slurm_facts *facts, const char *name);

/*
 * The variables of the job's environment as a vector that ends in NULL, with room for so many
 * more: the vector is for free(), its strings belong to facts.  NULL: out of memory.
 */
const char **shf_slurm_facts_environment(const struct shf_slurm_facts *facts, size_t more);

/* Read the facts of a record.  Returns 0 or a negative errno value. */
int shf_slurm_facts_read(int record, struct shf_slurm_facts *facts);

/* Write them.  As shf_slurm_record_write(). */
int shf_slurm_facts_write(int record, const struct shf_slurm_facts *facts);

void shf_slurm_facts_free(struct shf_slurm_facts *facts);

#define scope_facts __attribute__((cleanup(shf_slurm_facts_free)))

#endif
