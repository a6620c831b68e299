/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/command_env.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Records, each ended by NUL, in memory of their own: they are borrowed and not const. */
struct strings {
	char bytes[4096];
	size_t length;
};

static struct strings *strings(const char *const *list)
{
	struct strings *s = calloc(1, sizeof(*s));

	for (; *list; list++)
		s->length += (size_t)sprintf(s->bytes + s->length, "%s", *list) + 1;
	return s;
}

#define STRINGS(...) strings((const char *const[]){ __VA_ARGS__, NULL })

/* What the variables are, sorted by nothing: "A=1 B=2". */
static const char *all(struct shf_environ *env)
{
	static char text[4096];
	char **list = shf_environ_finish(env);

	*text = '\0';
	for (; list && *list; list++)
		sprintf(text + strlen(text), "%s%s", *text ? " " : "", *list);
	return text;
}

static void later_wins(void)
{
	struct shf_environ env = { 0 };
	struct strings *a = STRINGS("A=1", "AB=2", "A=3", "=x", "NONE", "E="),
		       *b = STRINGS("AB=", "C=a=b\n");

	CHECK_NUMBER((long long)shf_env_lay(&env, a->bytes, a->length), 2);
	CHECK_STRING(shf_environ_get(&env, "A"), "3");
	CHECK(!shf_environ_get(&env, "B"));
	CHECK(!shf_environ_get(&env, ""));
	CHECK_NUMBER((long long)shf_env_lay(&env, b->bytes, b->length), 0);
	CHECK_STRING(all(&env), "A=3 AB= E= C=a=b\n");
	free(a);
	free(b);
}

static void operations(void)
{
	struct shf_environ env = { 0 };
	struct strings *a = STRINGS("PATH=/bin", "EMPTY=", "GONE=1", "KEPT=1"),
		       *b = STRINGS("=SET=x", "+PATH=/a", "+PATH=/b", "^PATH=/c", "^PATH=/d",
				    "+EMPTY=e", "^NEW=n", "+NEW2=n", "-GONE", "-NEVER", "?KEPT=2",
				    "?DEFAULT=3", "-SET", "=SET=y");

	shf_env_lay(&env, a->bytes, a->length);
	CHECK_NUMBER((long long)shf_env_lay_site(&env, b->bytes, b->length), 0);
	CHECK(!shf_environ_get(&env, "GONE"));
	CHECK_STRING(all(&env),
		     "PATH=/d:/c:/bin:/a:/b EMPTY=e KEPT=1 NEW=n NEW2=n DEFAULT=3 SET=y");
	free(a);
	free(b);
}

static void bad_records(void)
{
	static const char *const bad[] = { "", "A=1", "=", "==x", "+", "+A", "^=", "-", "-A=1",
					   "?A", "!A=1", "=A" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct shf_environ env = { 0 };
		char record[16];

		strcpy(record, bad[i]);
		CHECK_CASE(!shf_environ_apply(&env, record), bad[i]);
		CHECK_STRING(all(&env), "");
	}
}

/* Against the plainest list there is, through several growths. */
static void many(void)
{
	enum { NAMES = 3000,
	       ROUNDS = 20000 };
	static char entries[ROUNDS][24];
	static const char *want[NAMES];
	struct shf_environ env = { 0 };
	uint64_t state = 11;
	size_t count = 0, got = 0;
	char **list;

	for (int i = 0; i < ROUNDS; i++) {
		uint32_t name = unit_random(&state) % NAMES;
		char text[16];

		sprintf(text, "N%u", name);
		if (unit_random(&state) % 4 == 0) {
			shf_environ_unset(&env, text);
			want[name] = NULL;
			continue;
		}
		sprintf(entries[i], "N%u=%d", name, i);
		shf_environ_put(&env, entries[i]);
		want[name] = strchr(entries[i], '=') + 1;
	}
	for (int i = 0; i < NAMES; i++) {
		char text[16];

		sprintf(text, "N%d", i);
		count += want[i] != NULL;
		if (shf_environ_get(&env, text) != want[i])
			CHECK_CASE(false, text);
	}
	for (list = shf_environ_finish(&env); *list; list++)
		got++;
	CHECK_NUMBER((long long)got, (long long)count);
}

static void image(void)
{
	struct shf_environ env = { 0 };
	struct strings *a = STRINGS("HOME=/home/alice", "TERM=vt100", "PATH=/bin", "X=1"),
		       *b = STRINGS("HOME=/root", "TERM=xterm", "SHELL=/bin/zsh", "USER=root",
				    "SSH_AUTH_SOCK=/x", "SHLVL=3", "PATH=/opt/app", "HOMER=y",
				    "-X=2");

	shf_env_lay(&env, a->bytes, a->length);
	shf_env_lay_foreign(&env, b->bytes, b->length);
	CHECK_STRING(all(&env), "HOME=/home/alice TERM=vt100 PATH=/opt/app X=1 HOMER=y -X=2");
	free(a);
	free(b);
}

static void check_path(const char *before, const char *after)
{
	struct shf_environ env = { 0 };

	if (before)
		shf_environ_set(&env, "PATH", before);
	shf_env_set_path(&env);
	CHECK_STRING(shf_environ_get(&env, "PATH"), after);
}

static void path(void)
{
	check_path(NULL, "/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin");
	check_path("", "/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin");
	check_path("/usr/bin:/bin", "/opt/udiImage/bin:/usr/bin:/bin:/usr/local/bin");
	check_path("/a:/opt/udiImage/bin:/bin:/opt/udiImage/bin:/usr/local/bin",
		   "/opt/udiImage/bin:/a:/bin:/usr/local/bin:/usr/bin");
	check_path(":/a::/b:", "/opt/udiImage/bin::/a::/b::/usr/local/bin:/usr/bin:/bin");
	check_path("/usr/local/bin:/usr/bin:/bin",
		   "/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin");
}

static const char *launchers(struct strings *s)
{
	static char text[4096];
	struct shf_environ env = { 0 };
	char **list;

	shf_env_lay(&env, s->bytes, s->length);
	shf_env_set_launchers(&env);
	*text = '\0';
	for (list = shf_environ_finish(&env); *list; list++)
		sprintf(text + strlen(text), "%s%s", *text ? " " : "", *list);
	return text;
}

static void of_mpi(void)
{
	struct strings *nothing = STRINGS("SLURM_PROCID=3"),
		       *out = STRINGS("SHIFTER_MPI_SSH=0", "HYDRA_BOOTSTRAP=slurm"),
		       *chosen = STRINGS("OMPI_MCA_plm=isolated", "HYDRA_BOOTSTRAP=fork",
					 "PRTE_MCA_plm=slurm", "I_MPI_HYDRA_BOOTSTRAP=pdsh",
					 "PDSH_RCMD_TYPE=exec", "CLUSTERSHELL_CFGDIR=/my",
					 "ANSIBLE_INVENTORY=my"),
		       *agent = STRINGS("OMPI_MCA_plm_rsh_agent=myssh", "HYDRA_HOST_FILE=/my"),
		       *slurm = STRINGS("HYDRA_BOOTSTRAP=slurm",
					"HYDRA_LAUNCHER_EXTRA_ARGS=--external-launcher",
					"I_MPI_HYDRA_BOOTSTRAP=slurm",
					"I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS="
					"--external-launcher");

	CHECK_STRING(launchers(nothing),
		     "SLURM_PROCID=3 OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent=ssh "
		     "OMPI_MCA_ras=^slurm,tm "
		     "OMPI_MCA_orte_default_hostfile=/run/shifter/hosts.slots PRTE_MCA_plm=ssh "
		     "PRTE_MCA_plm_ssh_agent=ssh PRTE_MCA_ras=^slurm "
		     "PRTE_MCA_prte_default_hostfile=/run/shifter/hosts.slots HYDRA_LAUNCHER=ssh "
		     "HYDRA_HOST_FILE=/var/hostsfile I_MPI_HYDRA_BOOTSTRAP=ssh "
		     "I_MPI_HYDRA_HOST_FILE=/var/hostsfile PDSH_RCMD_TYPE=ssh "
		     "WCOLL=/run/shifter/hosts.unique CLUSTERSHELL_CFGDIR=/run/shifter "
		     "ANSIBLE_INVENTORY=/run/shifter/hosts.unique");
	CHECK_STRING(launchers(out), "SHIFTER_MPI_SSH=0 HYDRA_BOOTSTRAP=slurm");
	CHECK_STRING(launchers(chosen), "OMPI_MCA_plm=isolated HYDRA_BOOTSTRAP=fork "
					"PRTE_MCA_plm=slurm I_MPI_HYDRA_BOOTSTRAP=pdsh "
					"PDSH_RCMD_TYPE=exec CLUSTERSHELL_CFGDIR=/my "
					"ANSIBLE_INVENTORY=my");
	CHECK(strncmp(launchers(agent),
		      "OMPI_MCA_plm_rsh_agent=myssh HYDRA_HOST_FILE=/my OMPI_MCA_plm=rsh ",
		      64) == 0);
	CHECK(!strstr(launchers(slurm), "external-launcher"));
	CHECK(!strstr(launchers(slurm), "=slurm"));
	CHECK(strstr(launchers(slurm), " HYDRA_LAUNCHER=ssh ") != NULL);
	CHECK(strstr(launchers(slurm), " I_MPI_HYDRA_BOOTSTRAP=ssh ") != NULL);
	free(nothing);
	free(out);
	free(chosen);
	free(agent);
	free(slurm);
}

static const struct unit_test tests[] = {
	{ "later wins", later_wins },
	{ "what a site does", operations },
	{ "bad records", bad_records },
	{ "many", many },
	{ "of an image", image },
	{ "PATH", path },
	{ "launchers", of_mpi },
	{ 0 },
};

const struct unit_suite unit_environ = { "environ", tests };
