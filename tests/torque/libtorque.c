/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libtorque.c - tm_adopt() of Torque 6.1 as far as a caller can tell: it adopts the session of
 * a process for the owner of its leader, once in a process, and needs pbs_mom, here a file
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { TM_SUCCESS = 0,
       TM_EPERM = 17004,
       TM_BADINIT = 17002,
       TM_EUNKNOWNCMD = 17005 };

int tm_adopt(char *id, int command, pid_t pid);

int tm_adopt(char *id, int command, pid_t pid)
{
	static int init_done;
	char path[64], name[64] = "";
	pid_t session = getsid(pid);
	struct stat st;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d", (int)session);
	if (stat(path, &st) < 0 || st.st_uid != getuid())
		return TM_EPERM;
	if (init_done)
		return TM_BADINIT;
	init_done = 1;
	if (command != 114)
		return TM_EUNKNOWNCMD;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)session);
	file = fopen(path, "r");
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	file = fopen("/var/spool/torque/adopted", "a");
	if (!file)
		return TM_EPERM;
	fprintf(file, "%s %d %s\n", id, (int)session, name);
	fclose(file);
	return TM_SUCCESS;
}
