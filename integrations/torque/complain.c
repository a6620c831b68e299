/* SPDX-License-Identifier: BSD-3-Clause */
#include "complain.h"

#include "common/text.h"
#include "user.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* "shifter: NODE: TEXT" for each line, which may not play with a terminal. */
static void format(const char *text, char out[2 * SHF_TORQUE_WHY_SIZE])
{
	static const char own[] = "shifter: ";
	struct utsname self = { .nodename = "?" };
	size_t used = 0, size = 2 * SHF_TORQUE_WHY_SIZE;

	(void)uname(&self);
	out[0] = '\0';
	while (*text && used < size) {
		size_t n = strcspn(text, "\n"), from = used;

		if (strncmp(text, own, strlen(own)) == 0) {
			text += strlen(own);
			n -= strlen(own);
		}
		used += (size_t)snprintf(out + used, size - used, "%sshifter: %.64s: %.*s",
					 used ? "\n" : "", self.nodename, (int)n, text);
		shf_wlm_make_printable(out + from + (from > 0));
		text += n;
		text += *text == '\n';
	}
}

void shf_torque_complain(const struct shf_torque_hook *hook, const char *text)
{
	scope_account struct shf_wlm_account account = { .user = NULL };
	char lines[2 * SHF_TORQUE_WHY_SIZE], name[SHF_TORQUE_KEY_SIZE], why[512];
	int rc;

	format(text, lines);
	dprintf(STDERR_FILENO, "%s\n", lines);
	shf_torque_short_name(hook->key, name);
	rc = shf_wlm_account_find(hook->user, *hook->group ? hook->group : NULL, &account, why,
				  sizeof(why));
	if (rc < 0) {
		shf_torque_error("cannot tell the user: %s", why);
		return;
	}
	rc = shf_torque_write_error(&account, hook->work_dir, name, lines);
	if (rc < 0)
		shf_torque_note("cannot write 'shifter-error.%s' for the user", name);
}
