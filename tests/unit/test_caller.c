/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/caller.h"
#include "base/command_env.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct shf_caller some_caller = {
	.umask = 0027,
	.limits = { [0] = { true, 1, 2 }, [3] = { true, 8 << 20, UINT64_MAX } },
};

/* What goes out comes back, byte by byte, in so many chunks; 0 is for five or more. */
static void there_and_back(char *const *entries, unsigned n_chunks)
{
	struct shf_environ sent = { 0 }, memory = { 0 };
	struct shf_caller caller;
	size_t length, at = 0;
	char **list, *strings;

	CHECK_NUMBER(shf_caller_encode(&some_caller, entries, &sent), 0);
	CHECK(sent.count == n_chunks || (!n_chunks && sent.count > 4));
	list = shf_environ_finish(&sent);
	for (char **entry = list; *entry; entry++)
		CHECK(shf_caller_is_chunk(*entry) && strlen(*entry) < 128 << 10);
	CHECK_NUMBER(shf_caller_decode(list, &memory, &caller, &strings, &length), 1);
	CHECK_NUMBER(caller.umask, 0027);
	for (size_t i = 0; i < SHF_LIMITS; i++) {
		CHECK(caller.limits[i].is_known == some_caller.limits[i].is_known);
		CHECK(caller.limits[i].soft == some_caller.limits[i].soft);
		CHECK(caller.limits[i].hard == some_caller.limits[i].hard);
	}
	for (; *entries; entries++) {
		if (**entries == '=' || !strchr(*entries, '='))
			continue;
		CHECK(at < length && strcmp(strings + at, *entries) == 0);
		at += strlen(strings + at) + 1;
	}
	CHECK_NUMBER((long long)at, (long long)length);
}

static char *entry_of(const char *name, char byte, size_t n)
{
	char *entry = calloc(1, strlen(name) + n + 2);

	sprintf(entry, "%s=", name);
	memset(entry + strlen(entry), byte, n);
	return entry;
}

static void any_byte(void)
{
	char all[300] = "ALL=", *none[] = { NULL };
	char *list[] = { (char *)(uintptr_t) "A=1",
			 (char *)(uintptr_t) "EMPTY=",
			 (char *)(uintptr_t) "BASH_FUNC_f%%=() {  echo \"a\n\";\n}",
			 (char *)(uintptr_t) "A=again",
			 (char *)(uintptr_t) "=nameless",
			 (char *)(uintptr_t) "NOTHING",
			 (char *)(uintptr_t) "\001\002\002=\001e\002s\001",
			 all,
			 (char *)(uintptr_t) "SHIFTER_ENV_0=003\0011\001",
			 NULL };

	for (int i = 1; i < 256; i++)
		all[3 + i] = (char)i;
	there_and_back(none, 1);
	there_and_back(list, 1);
}

static void chunks(void)
{
	char *list[4] = { NULL };

	for (size_t n = SHF_CALLER_CHUNK - 80; n < SHF_CALLER_CHUNK; n++) {
		list[0] = entry_of("A", 'x', n);
		list[1] = entry_of("B", 1, 2 * SHF_CALLER_CHUNK);
		there_and_back(list, 0);
		free(list[0]);
		free(list[1]);
	}
	list[1] = NULL;
	list[0] = entry_of("A", 'x', (size_t)SHF_CALLER_CHUNKS_MAX * SHF_CALLER_CHUNK - 128);
	there_and_back(list, SHF_CALLER_CHUNKS_MAX);
	free(list[0]);
}

static void too_much(void)
{
	char *list[] = { entry_of("A", 'x', (size_t)SHF_CALLER_CHUNKS_MAX * SHF_CALLER_CHUNK),
			 NULL };
	struct shf_environ sent = { 0 };

	CHECK_NUMBER(shf_caller_encode(&some_caller, list, &sent), -E2BIG);
	CHECK_NUMBER((long long)sent.count, 0);
	free(list[0]);
}

static int decode(const char *first, const char *second)
{
	char *list[] = { (char *)(uintptr_t)first, (char *)(uintptr_t)second, NULL };
	struct shf_environ memory = { 0 };
	struct shf_caller caller;
	size_t length;
	char *strings;

	return shf_caller_decode(list, &memory, &caller, &strings, &length);
}

static void bad(void)
{
	static const char *const texts[] = {
		"",
		"001",
		"001\001",
		"000\0011\00122\0010\001",
		"002\0011\00122\0010\001",
		"999\0011\00122\0010\001",
		"001\0012\00122\0010\001",
		"001\0011\00128\0010\001",
		"001\0011\0011000\0010\001",
		"001\0011\001-1\0010\001",
		"001\0011\00122\0011\001",
		"001\0011\00122\0011\001cpu 1\001",
		"001\0011\00122\0011\001cpu 1 x\001",
		"001\0011\00122\0011\001cpu 1 99999999999999999999\001",
		"001\0011\00122\0010\001A=1",
		"001\0011\00122\0010\001A=\002\001",
		"001\0011\00122\0010\001A=\002x\001",
		"001\0011\00122\0010\001A=\002",
	};
	char entry[256];

	CHECK_NUMBER(decode("A=1", "SHIFTER=1"), 0);
	CHECK_NUMBER(decode("A=1", "SHIFTER_ENV_1=001\0011\00122\0010\001"), -EPROTO);
	CHECK_NUMBER(decode("A=1", "SHIFTER_ENV_0=001\0011\00122\0010\001"), 1);
	CHECK_NUMBER(decode("SHIFTER_ENV_1=2\0010\001", "SHIFTER_ENV_0=002\0011\0012"), 1);
	CHECK_NUMBER(decode("A=1", "SHIFTER_ENV_0=001\0011\00122\0011\001other 1 2\001"), 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		snprintf(entry, sizeof(entry), "SHIFTER_ENV_0=%s", texts[i]);
		CHECK_CASE(decode(entry, NULL) == -EPROTO, texts[i]);
	}
}

static void of_node(void)
{
	CHECK(shf_env_is_of_node("CUDA_VISIBLE_DEVICES=0,1"));
	CHECK(shf_env_is_of_node("SLURMD_NODENAME"));
	CHECK(!shf_env_is_of_node("SLURM_JOB_ID=1"));
	CHECK(!shf_env_is_of_node("HOSTNAMES=1"));
	for (size_t i = 0; i < SHF_LIMITS; i++)
		for (size_t n = 0; n < i; n++)
			CHECK(shf_limit_resource(i) != shf_limit_resource(n));
}

static const struct unit_test tests[] = {
	{ "any byte but NUL", any_byte },
	{ "chunks", chunks },
	{ "too much", too_much },
	{ "damaged", bad },
	{ "the node's", of_node },
	{ 0 },
};

const struct unit_suite unit_caller = { "caller", tests };
