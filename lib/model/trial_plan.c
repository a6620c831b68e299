/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/trial_plan.h"

#include "base/mount_attributes.h"
#include "model/site_layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_MAX = 3 };

/* ---- the container ---- */

static void add_mount(struct shf_plan *plan, int slot, const char *path, const char *source)
{
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_MOUNT_POINT,
					       .slot = slot,
					       .base = SHF_SLOT_ROOT,
					       .path = path,
					       .fault = SHIFTER_FAULT_NODE });
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_ATTACH,
					       .slot = slot,
					       .base = SHF_SLOT_ROOT,
					       .path = path,
					       .source = source,
					       .fault = SHIFTER_FAULT_NODE });
}

static void add_file(struct shf_plan *plan, const char *path, const char *bytes, size_t length)
{
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_FILE,
					       .base = SHF_SLOT_ROOT,
					       .path = path,
					       .bytes = bytes ? bytes : "",
					       .length = length,
					       .mode = 0644,
					       .fault = SHIFTER_FAULT_NODE });
}

int shf_plan_trial(const struct shf_trial_files *files, const char *place, struct shf_plan *plan)
{
	static const char passwd[] = "nobody:x:65534:65534::/:/bin/sh\n";
	int udi, null;

	plan->next_slot = SHF_SLOT_FREE;
	udi = shf_plan_new_slot(plan);
	null = shf_plan_new_slot(plan);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_CLONE_FD,
					       .slot = udi,
					       .base = SHF_SLOT_UDI,
					       .source = "udiImage",
					       .attributes = SHF_SEALED,
					       .fault = SHIFTER_FAULT_NODE });
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_CLONE_PATH,
					       .slot = null,
					       .source = "/dev/null",
					       .attributes = SHF_ATTR_NOSUID | SHF_ATTR_NOEXEC,
					       .fault = SHIFTER_FAULT_NODE });
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_ISOLATE,
					       .fault = SHIFTER_FAULT_NODE });
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_TMPFS,
					       .slot = SHF_SLOT_ROOT,
					       .options = "8m",
					       .mode = 0755,
					       .fault = SHIFTER_FAULT_NODE });
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_PLACE,
					       .slot = SHF_SLOT_ROOT,
					       .path = place,
					       .source = "tmpfs",
					       .fault = SHIFTER_FAULT_NODE });
	shf_plan_add_directory(plan, SHF_SLOT_ROOT, "dev", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_ROOT, "etc", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_ROOT, "opt", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_ROOT, "run", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_ROOT, "run/shifter", 0755, 0, 0);
	shf_plan_add_directory(plan, SHF_SLOT_ROOT, "run/shifter/keys", 0700, SHF_TRIAL_UID,
			       SHF_TRIAL_UID);
	add_mount(plan, null, "dev/null", "/dev/null");
	add_mount(plan, udi, "opt/udiImage", "udiImage");
	add_file(plan, "etc/passwd", passwd, sizeof(passwd) - 1);
	add_file(plan, &SHF_TRIAL_SSH_CONFIG[1], files->ssh_config->data,
		 files->ssh_config->length);
	add_file(plan, &SHF_TRIAL_SSHD_CONFIG[1], files->sshd_config->data,
		 files->sshd_config->length);
	add_file(plan, "run/shifter/sshd_match", files->sshd_match->data,
		 files->sshd_match->length);
	shf_plan_add(plan, &(struct shf_step){ .kind = SHF_STEP_ENTER,
					       .slot = SHF_SLOT_ROOT,
					       .fault = SHIFTER_FAULT_NODE });
	return plan->failed ? -ENOMEM : 0;
}

/* ---- what the programs say of it ---- */

/* "CONFIG: line N: REASON" or "CONFIG line N: REASON": where N is, or NULL. */
static const char *find_number(const char *line, size_t n, const char *config)
{
	static const char word[] = " line ";
	size_t length = strlen(config);

	if (n < length || memcmp(line, config, length) != 0)
		return NULL;
	if (n > length && line[length] == ':')
		length++;
	if (n - length < sizeof(word) || memcmp(line + length, word, sizeof(word) - 1) != 0)
		return NULL;
	return line + length + sizeof(word) - 1;
}

static void add_finding(struct shf_text *out, const char *number, const char *end,
			unsigned long head)
{
	char *reason;
	unsigned long line = strtoul(number, &reason, 10);

	/* a guarantee of ours is older than the OpenSSH that does not know it */
	if (line > head)
		shf_text_addf(out, "line %lu", line - head);
	else
		shf_text_addf(out, "line %lu of what stands before it", line);
	shf_text_add_mem(out, reason, (size_t)(end - reason));
}

void shf_explain_trial(const char *said, const char *config, unsigned long head,
		       struct shf_text *out)
{
	const char *last = "", *last_end = last;
	unsigned found = 0;

	while (*said) {
		const char *next = said + strcspn(said, "\n");
		const char *end = next;
		const char *number;

		while (end > said && strchr(" \t\r.", end[-1]))
			end--;
		number = find_number(said, (size_t)(end - said), config);
		if (number && ++found <= FINDINGS_MAX) {
			shf_text_add(out, found > 1 ? "; " : "");
			add_finding(out, number, end, head);
		}
		if (end > said) {
			last = said;
			last_end = end;
		}
		said = next + (*next == '\n');
	}
	if (found > FINDINGS_MAX)
		shf_text_addf(out, "; and %u more", found - FINDINGS_MAX);
	if (!found)
		shf_text_add_mem(out, last, (size_t)(last_end - last));
}
