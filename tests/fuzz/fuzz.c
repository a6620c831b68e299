/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz [ITERATIONS [PARSER...]] - parsers against damaged input
 *
 * Takes what each parser should like, damages it ITERATIONS times (20000) in
 * ways that are the same in each run, and hands it over.  A parser passes that
 * neither crashes nor contradicts itself: 0 and no report, or a negative errno
 * value and a report that says the same.  Built with -DSHF_LIBFUZZER it
 * is a target for libFuzzer, whose input's first byte selects the parser.
 */
#include "base/caller.h"
#include "base/command_env.h"
#include "base/path.h"
#include "model/config.h"
#include "model/original.h"
#include "model/hosts_list.h"
#include "model/hosts_slurm.h"
#include "model/hosts_torque.h"
#include "model/image.h"
#include "model/image_meta.h"
#include "model/key.h"
#include "model/record.h"
#include "model/sshconf.h"
#include "model/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 4096,
       SEEDS_MAX = 4 };

/* Input is n bytes, and a NUL behind them that is not counted. */
struct parser {
	const char *name;
	int (*parse)(const char *input, size_t n, struct shf_report *report);
	struct {
		const char *bytes;
		size_t n;
	} seeds[SEEDS_MAX];
	unsigned divisor; /* of the number of iterations: slow ones get fewer */
};

static int parse_config(const char *input, size_t n, struct shf_report *report)
{
	struct shf_config cfg;
	int rc = shf_config_init(&cfg);

	if (rc == 0)
		rc = shf_config_parse_records(&cfg, input, n, report);
	shf_config_free(&cfg);
	return rc;
}

/* What comes out has a line per key and nothing of what was in the file but values. */
static int parse_original(const char *input, size_t n, struct shf_report *report)
{
	cleanup_text struct shf_text conf = { 0 };
	cleanup_text struct shf_text messages = { 0 };
	int rc = shf_original_convert("f", input, &conf, &messages);

	(void)n;
	(void)report;
	if (rc < 0 || !conf.length || conf.data[conf.length - 1] != '\n')
		abort();
	for (const char *c = messages.data; c && *c; c++)
		if ((unsigned char)*c < ' ' && *c != '\n')
			abort();
	/* a failure has no report here: the messages are in a text of their own */
	return 0;
}

static int parse_image(const char *input, size_t n, struct shf_report *report)
{
	struct shf_image_ref ref, again;
	cleanup_text struct shf_text text = { 0 };
	int rc = shf_image_parse(input, &ref, report);

	(void)n;
	if (rc)
		return rc;
	/* the canonical form means the same, or two names would be one image */
	shf_image_format(&ref, &text);
	if (shf_image_parse(text.data, &again, NULL) || again.kind != ref.kind ||
	    strcmp(again.text, ref.text) != 0)
		abort();
	return 0;
}

/* Each text is whole strings, each variable has a name. */
static int parse_image_meta(const char *input, size_t n, struct shf_report *report)
{
	cleanup_image_meta struct shf_image_meta meta = { 0 };
	int rc = shf_image_meta_parse("/x.meta", input, n, &meta, report);
	const struct shf_text *texts[] = { &meta.env, &meta.entry, &meta.cmd, &meta.workdir };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i]->length && texts[i]->data[texts[i]->length - 1] != '\0')
			abort();
	for (size_t at = 0; at < meta.env.length; at += strlen(meta.env.data + at) + 1)
		if (!strchr(meta.env.data + at, '=') || meta.env.data[at] == '=')
			abort();
	if (meta.workdir.length && meta.workdir.data[0] != '/')
		abort();
	/* what names anybody admits nobody else */
	if (meta.has_acl != (meta.n_uids || meta.n_gids))
		abort();
	return rc;
}

static int parse_volume(const char *input, size_t n, struct shf_report *report)
{
	const char *const volumes[] = { input, NULL };
	struct shf_mounts mounts = { 0 };
	struct shf_config cfg;
	int rc = shf_config_init(&cfg);

	(void)n;
	if (rc == 0)
		rc = shf_volumes_parse(volumes, &cfg, &mounts, report);
	/* whatever way it is written */
	for (size_t i = 0; i < mounts.count; i++)
		if (shf_path_is_within(mounts.list[i].target, "/etc") ||
		    shf_path_is_within(mounts.list[i].target, "/opt/udiImage"))
			abort();
	shf_mounts_free(&mounts);
	shf_config_free(&cfg);
	return rc;
}

/* The sum of the slots is the sum. */
static int finish_hosts(struct shifter_hosts *hosts, int rc)
{
	uint64_t slots = 0;

	for (size_t i = 0; i < hosts->count; i++)
		slots += hosts->list[i].slots;
	if (slots != hosts->total_slots || (rc == 0 && slots == 0))
		abort();
	shf_hosts_free(hosts);
	return rc;
}

/* The input is "NODES COUNTS" or "NODES". */
static int parse_slurm(const char *input, size_t n, struct shf_report *report)
{
	struct shifter_hosts hosts = { .report = report };
	char nodes[INPUT_MAX + 1];
	char *space;

	memcpy(nodes, input, n + 1);
	space = strchr(nodes, ' ');
	if (space)
		*space++ = '\0';
	return finish_hosts(&hosts, shf_hosts_from_slurm(&hosts, nodes, space));
}

static int parse_torque(const char *input, size_t n, struct shf_report *report)
{
	struct shifter_hosts hosts = { .report = report };

	(void)n;
	return finish_hosts(&hosts, shf_hosts_from_torque(&hosts, input));
}

static int parse_list(const char *input, size_t n, struct shf_report *report)
{
	struct shifter_hosts hosts = { .report = report };

	(void)n;
	return finish_hosts(&hosts, shf_hosts_from_list(&hosts, input));
}

static int parse_nodefile(const char *input, size_t n, struct shf_report *report)
{
	struct shifter_hosts hosts = { .report = report };

	return finish_hosts(&hosts, shf_hosts_from_nodefile(&hosts, "nodefile", input, n));
}

static int parse_record(const char *input, size_t n, struct shf_report *report)
{
	struct shf_record record;
	cleanup_text struct shf_text text = { 0 };
	int rc = shf_record_parse(input, n, &record, report);

	if (rc)
		return rc;
	/* there is one way to write a record */
	if (shf_record_render(&record, &text) || text.length != n ||
	    memcmp(text.data, input, n) != 0)
		abort();
	shf_record_free(&record);
	return 0;
}

static int parse_public_key(const char *input, size_t n, struct shf_report *report)
{
	cleanup_text struct shf_text text = { 0 };
	cleanup_text struct shf_text again = { 0 };
	int rc = shf_public_key_normalise(input, &text, report);

	(void)n;
	if (rc)
		return rc;
	if (shf_public_key_normalise(text.data, &again, NULL) || strcmp(text.data,
									again.data) != 0)
		abort();
	return 0;
}

static int parse_private_key(const char *input, size_t n, struct shf_report *report)
{
	cleanup_text struct shf_text text = { 0 };
	cleanup_text struct shf_text again = { 0 };
	int rc = shf_private_key_public_half(input, n, &text, report);

	if (rc == 0 && shf_public_key_normalise(text.data, &again, NULL))
		abort();
	return rc;
}

static int parse_template(const char *input, size_t n, struct shf_report *report)
{
	static const struct shf_ssh_facts facts = { .user = "u", .port = 1204, .principal = "p" };
	cleanup_text struct shf_text text = { 0 };
	int rc = shf_render_sshd_config(&facts, input, &text, report);

	(void)n;
	if (rc)
		return rc;
	/* our own line, and no other one */
	if (!strstr(text.data, "\nAllowUsers u\n") ||
	    strcasestr(strstr(text.data, "\nAllowUsers u\n") + 5, "\nAllowUsers "))
		abort();
	return 0;
}

/* The first half is the image's, the second the site's. */
static int parse_environment(const char *input, size_t n, struct shf_report *report)
{
	static char bytes[INPUT_MAX + 2];
	struct shf_environ env = { 0 };
	size_t half = n / 2;
	const char *path;
	char **list;

	(void)report;
	memcpy(bytes, input, half);
	bytes[half] = '\0';
	memcpy(bytes + half + 1, input + half, n - half);
	bytes[n + 1] = '\0';
	shf_env_lay_foreign(&env, bytes, half);
	shf_env_lay_site(&env, bytes + half + 1, n - half);
	shf_env_set_path(&env);
	shf_env_set_launchers(&env);
	path = shf_environ_get(&env, "PATH");
	if (!path || strncmp(path, "/opt/udiImage/bin", 17) != 0 ||
	    strstr(path + 1, ":/opt/udiImage/bin:"))
		abort();
	list = shf_environ_finish(&env);
	/* each is a variable, and there once */
	for (char **v = list; *v; v++) {
		size_t length = shf_environ_name_length(*v);

		if (!length)
			abort();
		for (char **w = list; w < v; w++)
			if (strncmp(*w, *v, length + 1) == 0)
				abort();
	}
	return 0;
}

/* Variables, each ended by NUL.  What is accepted can be encoded again, and is then the same. */
static int parse_caller(const char *input, size_t n, struct shf_report *report)
{
	static char bytes[INPUT_MAX + 1];
	struct shf_environ given = { 0 }, memory = { 0 }, again = { 0 }, lost = { 0 };
	char **list, *strings, *same, *entries[INPUT_MAX + 1];
	struct shf_caller caller, other;
	size_t length, same_length, count = 0, usable = 0;
	int rc;

	(void)report;
	memcpy(bytes, input, n);
	bytes[n] = '\0';
	shf_env_lay(&given, bytes, n);
	list = shf_environ_finish(&given);
	rc = shf_caller_decode(list, &memory, &caller, &strings, &length);
	if (rc != 1)
		return 0;
	if (strings[length] || caller.umask > 0777)
		abort();
	for (size_t at = 0; at < length; at += strlen(strings + at) + 1) {
		entries[count++] = strings + at;
		usable += shf_environ_name_length(strings + at) ? strlen(strings + at) + 1 : 0;
	}
	entries[count] = NULL;
	if (shf_caller_encode(&caller, entries, &again) != 0)
		abort();
	list = shf_environ_finish(&again);
	if (shf_caller_decode(list, &lost, &other, &same, &same_length) != 1 ||
	    same_length != usable || other.umask != caller.umask)
		abort();
	if (usable == length && memcmp(same, strings, length) != 0)
		abort();
	return 0;
}

#define SEED(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}

/* clang-format off */
static const struct parser parsers[] = {
	{ "configuration records", parse_config, { SEED("siteFs\0f:1\0"
		   "2\0/home:/home;/a:/b:ro\0/c:/c\0sshdPort\0f:2\0"
							"1\0"
							"1204\0"),
						   SEED("sshdListen\0f:3\0"
							"1\0"
							"10.1.0.0/16;fe80::1\0siteEnv\0f:4\0"
							"1\0A=b;c\0"),
						   SEED("clusterName\0f:5\0"
							"1\0x\0mpiLauncherSsh\0f:6\0"
							"1\0no\0"),
						   SEED("trustedImageOwners\0f:7\0"
							"1\0"
							"0;1000\0optUdiImage\0f:8\0"
							"1\0/opt/x\0") },
	  2 },
	{ "configurations of the original Shifter", parse_original,
	  { SEED("siteFs=/a;/b:/c:ro;\\\n /d:/e:rec\nsystem=my_x\n#c\nallowLocalChroot = 1"),
	    SEED("siteEnv=A=1 B=2 A=3\nmodule_x_siteFs=/a\nusersToImport=sshd  b\nudiMount=/x") },
	  20 },
	{ "image references", parse_image,
	  { SEED("local:/images//a/./b"),
	    SEED("docker:r.site.org:5000/g/n:1.2"),
	    SEED("id:abc123"),
	    SEED("debian-12.squashfs") }, 1 },
	{ "image metadata", parse_image_meta,
	  { SEED("FORMAT: squashfs\nENTRY: [u'/bin/sh', \"-c\", 'a\\x41']\nENV: A=b\nENV: "
		 "A=c\n"),
	    SEED("FORMAT: VFS\nENV: \"B=1\\n\\u00e4\\ud83d\\ude00\"\nWORKDIR: srv\n"),
	    SEED("USERACL: 1000, 1001\nGROUPACL: 5\nCMD: [\"x\"]\nUSER: u\n# c\n") }, 2 },
	{ "volumes", parse_volume,
	  { SEED("/scratch/u:/data:ro"),
	    SEED("/a:/opt/b"),
	    SEED("/x:/./mnt//y:rw") }, 2 },
	{ "host lists of Slurm", parse_slurm,
	  { SEED("nid[001-004,7]-x[1-2],login1"),
	    SEED("n[1-4] 24(x3),12"),
	    SEED("a,b,n[08-11]"),
	    SEED("r[1-2]n[0-3]") }, 20 },
	{ "host lists of Torque", parse_torque, { SEED("n1/0-3+n2/0,2+n2/5"), SEED("n1/0") }, 1 },
	{ "host lists", parse_list, { SEED("nid1/24 nid2/24,nid3\nnid4/1") }, 1 },
	{ "node files", parse_nodefile, { SEED("n1\nn1\n\n n2 \r\nn3.site.org") }, 1 },
	{ "container records", parse_record, { SEED("shifter-record 1\nid 12.node\ngeneration "
						    "0123456789abcdef0123456789abcdef\n"
						    "boot_id "
		   "01234567-89ab-cdef-0123-456789abcdef\nuid 1000\ngid 100\n"
						    "groups 100,200\nuser alice\nhome "
						    "/home/alice\nshell /bin/sh\n"
						    "image local:/a\\x0ab\nport 1204\nstage "
						    "s1\nkeeper_pid 12\nkeeper_start 34\n"
						    "usher_pid 0\nusher_start 0\ncreated "
						    "1700000000\nasked 5\nprincipal p.q\nserving "
						    "yes\n") },
	  1 },
	{ "environments", parse_environment,
	  { SEED("PATH=/image/bin:/opt/udiImage/bin:\0HOME=/root\0A=1\0"
		 "^PATH=/a\0+A=2\0?B=3\0-A\0=PATH=:\0"),
	    SEED("OMPI_MCA_plm=rsh\0HYDRA_BOOTSTRAP=slurm\0"
		 "=SHIFTER_MPI_SSH=1\0-HYDRA_BOOTSTRAP\0+X=1\0") }, 20 },
	{ "what ssh sends of its caller", parse_caller,
	  { SEED("A=1\0SHIFTER_ENV_0=001\0011\00122\0012\001cpu 1 2\001nofile 1024 "
		 "4096\001A=x\002ey\001B=\001\0"),
	    SEED("SHIFTER_ENV_1=2\0010\001A=1\001\0SHIFTER_ENV_0=002\0011\0012\0") }, 20 },
	{ "public keys", parse_public_key, { SEED("ssh-ed25519 "
		   "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
						  "a\n"),
					     SEED("ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB x") },
	  1 },
	{ "private keys", parse_private_key, { SEED("-----BEGIN OPENSSH PRIVATE KEY-----\n"
						    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA"
						    "Ebm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
						    "QyNTUxOQAAACAAAQIDBAUGBwgJCgsMDQ4PE"
						    "BESExQVFhcYGRobHB0eHwAAAIgAAAAHAAAA\n"
						    "BwAAAAtzc2gtZWQyNTUxOQAAACAAAQIDBAU"
						    "GBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw\n"
						    "AAAEBVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
						    "VVVVVVVVVVVVQABAgMEBQYHCAkKCwwNDg8Q\n"
						    "ERITFBUWFxgZGhscHR4fAAAAAWMBAgME\n"
						    "-----END OPENSSH PRIVATE KEY-----\n") },
	  1 },
	{ "templates of sshd_config", parse_template, { SEED("LoginGraceTime 20\nAllowUsers "
		   "x\n \"AllowUsers\"=root\nMatch all\nPort 22\n"),
							SEED("allow\"users\" a\nUsePAM "
		   "yes\r\n\tHostKey /x\nInclude /y\n") },
	  1 },
};
/* clang-format on */

enum { N_PARSERS = sizeof(parsers) / sizeof(*parsers) };

/* Hand over a copy that ends where the input does, so that sanitizers see what reads on. */
static bool try_input(const struct parser *parser, const char *input, size_t n)
{
	struct shf_report report = { 0 };
	char *copy = malloc(n + 1);
	bool good;
	int rc;

	if (!copy)
		return false;
	memcpy(copy, input, n);
	copy[n] = '\0';
	rc = parser->parse(copy, n, &report);
	good = rc <= 0 && report.error == -rc && (rc == 0) == (report.text[0] == '\0');
	free(copy);
	return good;
}

#ifdef SHF_LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > INPUT_MAX)
		return 0;
	if (!try_input(&parsers[data[0] % N_PARSERS], (const char *)data + 1, size - 1))
		abort();
	return 0;
}

#else

static uint32_t next_random(uint64_t *state)
{
	/* xorshift64* */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 2685821657736338717u >> 32);
}

static void replace(char *input, size_t *n, size_t at, size_t old, const char *bytes, size_t new)
{
	if (*n - old + new > INPUT_MAX)
		return;
	memmove(input + at + new, input + at + old, *n - at - old);
	if (new)
		memcpy(input + at, bytes, new);
	*n = *n - old + new;
}

static void damage(char *input, size_t *n, uint64_t *state)
{
	static const char tokens[] = "0123456789-,:;/+[]()x= \n\t\r\"\\#.\0\xff\x7f@aZ";
	char piece[64], c = tokens[next_random(state) % (sizeof(tokens) - 1)];
	size_t at = next_random(state) % (*n + 1), length = next_random(state) % sizeof(piece);

	if (length > *n - at)
		length = *n - at;
	memcpy(piece, input + at, length);
	switch (next_random(state) % 6) {
	case 0: /* another byte */
		replace(input, n, at, at < *n, &c, 1);
		break;
	case 1: /* one more */
		replace(input, n, at, 0, &c, 1);
		break;
	case 2: /* some fewer */
		replace(input, n, at, length % 8, NULL, 0);
		break;
	case 3: /* a piece again, elsewhere */
		replace(input, n, next_random(state) % (*n + 1), 0, piece, length);
		break;
	case 4: /* a bit */
		if (at < *n)
			input[at] = (char)(input[at] ^ 1 << next_random(state) % 8);
		break;
	default: /* cut off */
		if (next_random(state) % 4 == 0)
			*n = at;
		break;
	}
}

/* Does the parser survive its seeds and what becomes of them? */
static bool try_parser(const struct parser *parser, unsigned long iterations)
{
	uint64_t state = 88172645463325252u;
	char input[INPUT_MAX + 1];
	unsigned seeds = 0;

	while (seeds < SEEDS_MAX && parser->seeds[seeds].bytes) {
		if (!try_input(parser, parser->seeds[seeds].bytes, parser->seeds[seeds].n))
			return false;
		seeds++;
	}
	for (unsigned long i = 0; i < iterations / parser->divisor; i++) {
		unsigned seed = next_random(&state) % seeds, times = 1 + next_random(&state) % 5;
		size_t n = parser->seeds[seed].n;

		memcpy(input, parser->seeds[seed].bytes, n);
		while (times--)
			damage(input, &n, &state);
		if (try_input(parser, input, n))
			continue;
		printf("# input %lu: ", i);
		for (size_t j = 0; j < n; j++)
			printf("%02x", (unsigned char)input[j]);
		printf("\n");
		return false;
	}
	return true;
}

static bool is_wanted(int argc, char **argv, const char *name)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 3;
}

int main(int argc, char **argv)
{
	unsigned long iterations = 20000;
	unsigned passed = 0, failed = 0;
	char *end = NULL;

	if (argc > 1)
		iterations = strtoul(argv[1], &end, 10);
	if (argc > 1 && (end == argv[1] || *end)) {
		fprintf(stderr, "fuzz: '%s' is no number of iterations\n", argv[1]);
		return 2;
	}
	for (size_t i = 0; i < N_PARSERS; i++) {
		bool good;

		if (!is_wanted(argc, argv, parsers[i].name))
			continue;
		/* the one that crashes is the one after the last line */
		fflush(stdout);
		good = try_parser(&parsers[i], iterations);
		printf("%sok - %s\n", good ? "" : "not ", parsers[i].name);
		if (good)
			passed++;
		else
			failed++;
	}
	if (passed + failed == 0) {
		fprintf(stderr, "fuzz: no parser has such a name\n");
		return 2;
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}

#endif
