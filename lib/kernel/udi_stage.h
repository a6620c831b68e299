/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * udi_stage.h - the node's own copy of udiImage
 *
 * Containers get a copy in the memory of the node, one for all of them: the
 * original may lie on a file system that root cannot read everywhere at every
 * time, and an edit of it must not reach into jobs that run.  A stage is named by a
 * fingerprint of what it is a copy of, so an edit makes a new one; stages that
 * no container uses any more go when a new one is made.  A new one is tried first
 * (udi_trial.h): if it is of no use, the last good one stays in use.
 */
#ifndef SHF_KERNEL_UDI_STAGE_H
#define SHF_KERNEL_UDI_STAGE_H

#include "base/report.h"

#include "kernel/udi_copy.h"

#include <stdbool.h>
#include <stdint.h>

/* Below SHF_RUN_DIR; no id of a container starts with a dot. */
#define SHF_STAGES_NAME ".udiImage"

enum { SHF_STAGE_NAME = 65 };

struct shf_udi_stage {
	int dir;                   /* its root directory, O_RDONLY; -1 if there is none */
	int lock;                  /* keeps it from being removed until its user is on record */
	char name[SHF_STAGE_NAME]; /* for the record */
	/* "", or what is wrong with udiImage, so that this is the last good copy instead */
	char warning[SHF_REPORT_TEXT];
};

#define SHF_NO_UDI_STAGE \
	((struct shf_udi_stage){ .dir = -1, .lock = -1, .name = "", .warning = "" })

/*
 * Open the udiImage at path, with a fingerprint of it, or fail with a sentence: -ENOENT
 * if there is none, -EPERM if others than root can change it or something in it
 * (failed_name), or another negative errno value.
 */
int shf_open_udi_source(const char *path, uint64_t *fingerprint, char failed_name[SHF_UDI_NAME],
			struct shf_report *report);

/*
 * Find or make the stage of the udiImage at path.  run_dir is SHF_RUN_DIR.
 * Returns 0, -ENOENT if there is none at path, -EPERM if others than root can
 * change it, -EBADMSG if it is of no use and no earlier copy is there, or another
 * negative errno value; always with a sentence.
 */
int shf_open_udi_stage(int run_dir, const char *path, struct shf_udi_stage *stage,
		       struct shf_report *report);

/*
 * Remove the stages that no container uses, and half a copy that somebody was killed
 * in, or with dry_run only tell of them: found gets the name, and 0 or the errno
 * value of the failure.  0, also if somebody makes one right now, or a negative
 * errno value.
 */
int shf_sweep_udi_stages(int run_dir, bool dry_run,
			 void (*found)(const char *name, int error, void *data), void *data);

/* Let go of it: a container that uses it must be on record by now. */
void shf_close_udi_stage(struct shf_udi_stage *stage);

#define cleanup_udi_stage __attribute__((cleanup(shf_close_udi_stage)))

#endif
