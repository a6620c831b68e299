/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * symbol.h - what Slurm's programs and their library have, and no header of Slurm
 */
#ifndef SHF_SLURM_SYMBOL_H
#define SHF_SLURM_SYMBOL_H

/*
 * Set the pointer that out points to, to a function or an object, to what has that name in the
 * program that loaded us or its libraries; to NULL if nothing has.
 */
void shf_slurm_find(const char *name, void *out);

#endif
