/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter-lookup - says what a user's paths are, as that user
 *
 * The library asks (kernel/user_session.h); what a path leads to, and how long a
 * file system takes to say so, is this process's affair, which has given up every
 * privilege for good before the first question.
 *
 * Static, no heap, no configuration, no name service.
 */
#include "kernel/image_finder.h"
#include "kernel/image_lookup.h"
#include "kernel/image_view.h"
#include "kernel/user_session.h"
#include "kernel/volume_sources.h"
#include "kernel/worker.h"

static const shf_answer_fn answers[SHF_ASK_KINDS] = {
	[SHF_ASK_IMAGE] = shf_answer_image,
	[SHF_ASK_TAG] = shf_answer_tag,
	[SHF_ASK_SOURCES] = shf_answer_sources,
	[SHF_ASK_PRESENCE] = shf_answer_presence,
	[SHF_ASK_TARGETS] = shf_answer_targets,
	[SHF_ASK_PROGRAMS] = shf_answer_programs,
	[SHF_ASK_FILES] = shf_answer_files,
};

int main(int argc, char **argv)
{
	if (!shf_begin_worker(argc, argv))
		return 2;
	return shf_serve_user_session(SHF_WORKER_CHANNEL, answers) ? 0 : 1;
}
