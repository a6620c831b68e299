/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plan.h - the building of a container as a list of steps
 *
 * Pure code makes the list, where memory and everything else may be asked for;
 * a child that is root in a daemon's copy only walks it (kernel/builder.h),
 * one or two system calls a step, and answers with the number of the step and
 * an errno value.  shf_plan_explain() turns that into a sentence.
 *
 * Descriptors live in numbered slots.  The caller fills some, steps the others.
 */
#ifndef SHF_MODEL_PLAN_H
#define SHF_MODEL_PLAN_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shf_slot {
	SHF_SLOT_STAGE, /* tmpfs that holds site layer and mount points of layers */
	SHF_SLOT_SITE,  /* directory: the site layer */
	SHF_SLOT_ROOT,  /* overlay: the container's root */
	SHF_SLOT_RUN,   /* tmpfs: the container's /run */
	SHF_SLOT_IMAGE, /* given: the image, mounted and attached nowhere */
	SHF_SLOT_LIVE,  /* given: the live directory, likewise */
	SHF_SLOT_UDI,   /* given: directory, the stage of udiImage */
	SHF_SLOT_FREE   /* the first of those that site mounts and volumes use */
};

/* More than a site (SHF_CONFIG_LIST_MAX) and a job (SHF_VOLUME_MAX) can ask for. */
enum { SHF_PLAN_SLOTS = 2048 };

enum shf_step_kind {
	SHF_STEP_CLONE_PATH,  /* slot := clone of the tree at source, flags, attributes */
	SHF_STEP_CLONE_FD,    /* slot := clone of the tree at slot base, or path below it */
	SHF_STEP_ISOLATE,     /* new mount namespace, everything private; announce it */
	SHF_STEP_TMPFS,       /* slot := new tmpfs, size, mode, attributes */
	SHF_STEP_PLACE,       /* attach slot at the host's path; it is the directory then */
	SHF_STEP_OPEN,        /* slot := directory path below base */
	SHF_STEP_DIRECTORY,   /* make directory path below base; one that exists is fine */
	SHF_STEP_FILE,        /* make file path below base with bytes */
	SHF_STEP_LINK,        /* make symbolic link path below base to source */
	SHF_STEP_WHITEOUT,    /* hide what the image has at path below base */
	SHF_STEP_MOUNT_POINT, /* make path below base, directory or file as slot is */
	SHF_STEP_OVERLAY,     /* slot := overlay of "site" over "image" below base */
	SHF_STEP_ATTACH,      /* attach slot at path below base */
	SHF_STEP_ENTER        /* make slot the root of the namespace */
};

enum {
	SHF_STEP_RECURSIVE = 1,     /* clones: with submounts */
	SHF_STEP_OPTIONAL = 2,      /* clones: nothing there is fine; attach: likewise */
	SHF_STEP_FRESH = 4,         /* directories: must not exist */
	SHF_STEP_IS_DIRECTORY = 16, /* mount points: it is known what is mounted */
	SHF_STEP_IS_FILE = 32,
	SHF_STEP_WRITABLE = 8,      /* overlay: with "upper" and "work" below base on top */
	SHF_STEP_UNPRIVILEGED = 64, /* overlay: in a user namespace */
	SHF_STEP_AS_READER = 128,   /* overlay: reads its layers with the user's rights */
	SHF_STEP_IMAGE_ALONE = 256, /* overlay: of "source" below base alone */
	SHF_STEP_LENIENT = 512      /* attach: if it cannot be, what is there stays as it is */
};

struct shf_step {
	enum shf_step_kind kind;
	int slot, base;
	uint32_t flags;
	uint32_t attributes; /* SHF_ATTR_* of base/mount_attributes.h */
	uint32_t mode;
	uint32_t owner; /* uid and gid of what is made */
	uint32_t group;
	int fault;        /* SHIFTER_FAULT_* if it fails */
	const char *path; /* relative to base, or absolute for PLACE */
	const char *source;
	const char *options; /* of a tmpfs: its size, "64m" */
	const void *bytes;
	size_t length;
};

struct shf_plan_chunk;

/* Starts zeroed.  Strings given to it are copied. */
struct shf_plan {
	struct shf_step *steps;
	size_t count, capacity;
	int next_slot;
	bool failed; /* memory ran out, or slots did: check once at the end */
	struct shf_plan_chunk *chunks;
};

/* Append a copy of step with its strings and bytes. */
void shf_plan_add(struct shf_plan *plan, const struct shf_step *step);

/* A slot that no other step uses; SHF_PLAN_SLOTS is the end of them. */
int shf_plan_new_slot(struct shf_plan *plan);

/*
 * Make each directory above path below base, path being absolute in the
 * container, with the modes that the image has (0: none such, 0755 then).
 */
void shf_plan_add_parents(struct shf_plan *plan, int base, const char *path,
			  const uint16_t *modes, size_t n_modes);

/* Record the failure of a step; detail is the file system's own word, or "". */
int shf_plan_explain(const struct shf_plan *plan, size_t step, int error, const char *detail,
		     struct shf_report *report);

void shf_plan_free(struct shf_plan *plan);

#define cleanup_plan __attribute__((cleanup(shf_plan_free)))

#endif
