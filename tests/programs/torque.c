/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * torque - what the hooks of Torque make of texts: names, job files, requests, nodes
 */
#include "common/scope.h"
#include "directives.h"
#include "job_file.h"
#include "mom.h"
#include "names.h"
#include "node.h"
#include "request.h"

#include <stdio.h>
#include <string.h>

static unsigned passed, failed;

static void check(bool good, const char *what, const char *got)
{
	good ? passed++ : failed++;
	printf("%sok - %s\n", good ? "" : "not ", what);
	if (!good)
		printf("# got: '%s'\n", got ? got : "nothing");
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ---- names ---- */

static void test_names(void)
{
	static const struct {
		const char *path, *key;
	} cases[] = {
		{ "/var/spool/torque/mom_priv/jobs/12.head.SC", "12.head" },
		{ "/j/12-3.head.example.org.SC", "12-3.head.example.org" },
		{ "/j/1.SC", "1" },
		{ "j/1.SC", NULL },
		{ "/j/.SC", NULL },
		{ "/j/.1.SC", NULL },
		{ "/j/-1.SC", NULL },
		{ "/j/1.JB", NULL },
		{ "/j/1.SC/", NULL },
		{ "/j/a b.SC", NULL },
		{ "/j/1\n.SC", NULL },
		{ "/j/../1.SC", NULL },
		{ "/j/12345678901234567890123456789012345678901234567890123456789012345.SC", NULL },
	};
	char key[SHF_TORQUE_KEY_SIZE], job_file[SHF_TORQUE_PATH_SIZE], id[SHF_TORQUE_ID_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc = shf_torque_read_script_path(cases[i].path, key, job_file);

		check(cases[i].key ? rc == 0 && same(key, cases[i].key) : rc == -EINVAL,
		      cases[i].path, key);
	}
	shf_torque_read_script_path("/j/12-3.head.SC", key, job_file);
	check(same(job_file, "/j/12-3.head.JB"), "the job file is beside the script", job_file);
	shf_torque_container_id(key, id);
	check(same(id, "torque-12-3.head"), "the container's id", id);
	shf_torque_container_id("123456789012345678901234567890123456789012345678901234567890abcd",
				id);
	check(strlen(id) == 64, "a long key is cut off in it", id);
	shf_torque_short_name("12-3.head", key);
	check(same(key, "12-3"), "what people call a job", key);
	check(!shf_torque_is_account_name("-rf") && !shf_torque_is_account_name("") &&
		      !shf_torque_is_account_name("a b") && shf_torque_is_account_name("_a.b-c"),
	      "names of accounts", NULL);
}

/* ---- job files ---- */

#define FILE_BEGIN "<?xml version=\"1.0\"?>\n<job>\n  <version>1</version>\n  <attributes>\n"
#define FILE_END "  </attributes>\n  <nodeid>0</nodeid>\n</job>\n"

static const char whole[] = FILE_BEGIN
	"    <Job_Name flags=\"1\">a &lt;&amp;&#x41;&#66;&gt;&#xFC;&#8364;&#x1F600;</Job_Name>\n"
	"    <exec_host flags=\"1\">n1/0-3+n2/0</exec_host>\n"
	"    <Resource_List>\n      <nodes flags=\"1\">2</nodes>\n"
	"      <other flags=\"1\">shifter:a</other>\n    </Resource_List>\n"
	"    <empty/>\n"
	"    <Variable_List flags=\"1\">PBS_O_X=\001\xff,SHIFTER_IMAGE=b,A=x\\,y,B=,"
	"SHIFTER_IMAGE=c</Variable_List>\n"
	"    <node_exclusive flags=\"1\">true</node_exclusive>\n" FILE_END;

static void test_variables(const char *variables)
{
	static const struct {
		const char *name, *value;
	} cases[] = {
		{ "SHIFTER_IMAGE", "b" },
		{ "A", "x,y" },
		{ "B", "" },
		{ "IMAGE", NULL },
		{ "C", NULL },
		{ "PBS_O_X", "\001\xff" },
		{ "SHIFTER", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scope_free char *value = shf_torque_job_variable(variables, cases[i].name);

		check(same(value, cases[i].value), cases[i].name, value);
	}
}

static void test_job_file(void)
{
	static const char *const bad[] = {
		"",
		"<job>",
		"<job></job><job></job>",
		"<job></jab>",
		"<job>a<b></job></b>",
		"<job>&evil;</job>",
		"<job>&#0;</job>",
		"<job>&#x;</job>",
		"<job>&#x110000;</job>",
		"<job>&#x41</job>",
		"<job><!-- no --></job>",
		"<job><![CDATA[no]]></job>",
		"<!DOCTYPE job><job></job>",
		"<job a=b></job>",
		"<job a=\"<\"></job>",
		"<a><b><c><d><e><f><g><h><i></i></h></g></f></e></d></c></b></a>",
		FILE_BEGIN "<exec_host>a</exec_host><exec_host>b</exec_host>" FILE_END,
		"</job>",
	};
	struct shf_torque_job_file file;
	int rc = shf_torque_job_file_parse(whole, strlen(whole), &file);

	check(rc == 0, "a job file", NULL);
	if (rc < 0)
		return;
	check(same(file.job_name, "a <&AB>\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"), "entities",
	      file.job_name);
	check(same(file.exec_host, "n1/0-3+n2/0"), "exec_host", file.exec_host);
	check(same(file.other, "shifter:a"), "a resource", file.other);
	check(same(file.node_exclusive, "true"), "node_exclusive", file.node_exclusive);
	check(!file.queue, "what is not there", file.queue);
	test_variables(file.variables);
	shf_torque_job_file_free(&file);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char what[32];

		snprintf(what, sizeof(what), "no job file, %zu", i);
		check(shf_torque_job_file_parse(bad[i], strlen(bad[i]), &file) == -EINVAL, what,
		      bad[i]);
	}
}

/* Damaged in ways that are the same in each run: nothing but 0 and -EINVAL. */
static void test_damage(void)
{
	uint64_t state = 0x9e3779b97f4a7c15u;
	unsigned good = 0, odd = 0;
	size_t size = strlen(whole);

	for (int round = 0; round < 20000; round++) {
		/* of its own length on the heap, for tools that watch it */
		size_t n = round % 3 ? size : size - (size_t)round % size;
		scope_free char *bytes = malloc(n + 1);
		struct shf_torque_job_file file;
		int rc;

		if (!bytes)
			break;
		memcpy(bytes, whole, n);
		for (int i = 0; i < 1 + round % 4; i++) {
			static const char interesting[] = "<>/&;#\"=x0\n\377";

			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[state % n] = interesting[(state >> 32) % sizeof(interesting)];
		}
		rc = shf_torque_job_file_parse(bytes, n, &file);
		good += rc == 0;
		odd += rc != 0 && rc != -EINVAL;
		if (rc == 0)
			shf_torque_job_file_free(&file);
	}
	check(good > 0 && odd == 0, "20000 damaged job files", NULL);
}

/* ---- requests ---- */

static void test_request(const char *what, const char *variables, const char *other,
			 const char *resources, int want_rc, const char *want)
{
	scope_request struct shf_torque_request request;
	char text[512] = "", why[256] = "";
	int rc = shf_torque_request_read(&request, variables, other, resources, why, sizeof(why));

	if (rc == 0 && request.image) {
		snprintf(text, sizeof(text), "%s", request.image);
		for (size_t i = 0; i < request.n_volumes; i++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "|%s",
				 request.volumes[i]);
		if (request.is_writable)
			strcat(text, "|writable");
	}
	check(rc == want_rc && same(text, want) && (rc == 0 || *why), what, rc ? why : text);
}

static void test_requests(void)
{
	test_request("nothing", "A=b", "mine", "other=his", 0, "");
	test_request("by variable", "SHIFTER_IMAGE=a,SHIFTER_VOLUMES=/x:/y;/z:/w:ro", NULL, NULL, 0,
		     "a|/x:/y|/z:/w:ro");
	test_request("writable by variable", "SHIFTER_WRITABLE=1,SHIFTER_IMAGE=a", NULL, NULL, 0,
		     "a|writable");
	test_request("by resource", NULL, "shifter:docker:a/b:1", NULL, 0, "docker:a/b:1");
	test_request("with all of it", NULL, "shifter:a%2Cb?volume=%2Fx:%2Fy%20z&writable", NULL, 0,
		     "a,b|/x:/y z|writable");
	test_request("by the arguments", NULL, NULL, "nodes=2,other=shifter:a,walltime=1", 0, "a");
	test_request("variables come first", "SHIFTER_IMAGE=a", "shifter:b", NULL, 0, "a");
	test_request("an empty one is none", "SHIFTER_IMAGE=", "shifter:b", NULL, 0, "b");
	test_request("no image", NULL, "shifter:", NULL, -EINVAL, "");
	test_request("an unknown option", NULL, "shifter:a?b", NULL, -EINVAL, "");
	test_request("half an encoding", NULL, "shifter:a%2", NULL, -EINVAL, "");
	test_request("an encoded NUL", NULL, "shifter:a%00b", NULL, -EINVAL, "");
	test_request("an encoded newline", NULL, "shifter:a%0Ab", NULL, -EINVAL, "");
	test_request("a control character", "SHIFTER_IMAGE=a\nb", NULL, NULL, -EINVAL, "");
}

static void test_format(void)
{
	scope_request struct shf_torque_request request = { .image = strdup("local:/a b,c?d%") };
	scope_request struct shf_torque_request again = { .image = NULL };
	scope_free char *text = NULL;
	char why[256];
	int rc;

	(void)shf_torque_request_add_volume(&request, "/x&y:/z");
	request.is_writable = true;
	text = shf_torque_request_format(&request);
	check(text && !strpbrk(text, " ,\"'"), "a request as one word", text);
	rc = text ? shf_torque_request_read(&again, NULL, text, NULL, why, sizeof(why)) : -1;
	check(rc == 0 && same(again.image, request.image) &&
		      same(again.volumes[0], request.volumes[0]) && again.is_writable,
	      "is read as what it was", text);
}

/* ---- nodes ---- */

#define NODE(state, jobs) "n1\n     state = " state "\n     np = 4\n" jobs "     status = x\n"

static void test_nodes(void)
{
	static const struct {
		const char *what, *said;
		enum shf_torque_share share;
	} cases[] = {
		{ "whole", NODE("job-exclusive", "     jobs = 0-3/12.head\n"),
		  SHF_TORQUE_EXCLUSIVE },
		{ "a slot each", NODE("job-exclusive", "     jobs = 0/12.head, 1,2/12.head\n"),
		  SHF_TORQUE_EXCLUSIVE },
		{ "busy too", NODE("job-exclusive,busy", "     jobs = 0/12.head\n"),
		  SHF_TORQUE_EXCLUSIVE },
		{ "two jobs", NODE("job-exclusive", "     jobs = 0-2/12.head,3/13.head\n"),
		  SHF_TORQUE_SHARED },
		{ "a longer id", NODE("job-exclusive", "     jobs = 0/12.head2\n"),
		  SHF_TORQUE_SHARED },
		{ "free", NODE("free", "     jobs = 0/12.head\n"), SHF_TORQUE_SHARED },
		{ "no state", "n1\n", SHF_TORQUE_UNKNOWN },
		{ "nothing", "", SHF_TORQUE_UNKNOWN },
		{ "a node of that name", "state = job-exclusive\n", SHF_TORQUE_UNKNOWN },
	};
	char name[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(shf_torque_judge_node(cases[i].said, "12.head") == cases[i].share,
		      cases[i].what, NULL);
	check(shf_torque_find_self("n12/0+n1.example/0-3+n2/0", "n1", name, sizeof(name)) == 0 &&
		      same(name, "n1.example"),
	      "this node among the hosts", name);
	check(shf_torque_find_self("n1/0", "n1.example", name, sizeof(name)) == 0 &&
		      same(name, "n1"),
	      "without its domain", name);
	check(shf_torque_find_self("n12/0", "n1", name, sizeof(name)) == -ENOENT, "or not", name);
}

/* ---- alarms ---- */

static void test_alarms(void)
{
	check(shf_torque_find_alarm("$pbsserver x\n$prologalarm 60\n") == 60, "$prologalarm", NULL);
	check(shf_torque_find_alarm("# $prologalarm 60\n$prologalarms 5\n") == 300, "its default",
	      NULL);
	check(shf_torque_find_alarm("$prologalarm 0\n$prologalarm x\n") == 300, "no number", NULL);
	check(shf_torque_limit_of_alarm_ms(300) == 287000, "time for a prologue", NULL);
	check(shf_torque_limit_of_alarm_ms(8) == 5000 && shf_torque_limit_of_alarm_ms(4) == 2000,
	      "of short alarms", NULL);
}

/* ---- directives ---- */

static void test_directives(const char *what, const char *script, int want_rc, const char *want,
			    long insert_at)
{
	scope_directives struct shf_torque_directives directives;
	char why[256] = "";
	int rc = shf_torque_directives_read(&directives, script, "#PBS", why, sizeof(why));
	const char *image = directives.request.image;

	check(rc == want_rc && (rc < 0 || same(image ? image : "", want)) &&
		      (insert_at < 0 || directives.insert_at == (size_t)insert_at) &&
		      (rc == 0 || *why),
	      what, rc ? why : image);
}

static void test_all_directives(void)
{
	test_directives("a line", "#!/bin/sh\n#SHIFTER --image=a\ntrue\n", 0, "a", 29);
	test_directives("without its end", "#SHIFTER --image a", 0, "a", 18);
	test_directives("only in the head", "true\n#SHIFTER --image=a\n", 0, "", 0);
	test_directives("a longer word", "#SHIFTERS --image=a\n", 0, "", 0);
	test_directives("the same twice", "#SHIFTER --image=a\n\n#SHIFTER --image=a\n", 0, "a", 19);
	test_directives("another one", "#SHIFTER --image=a\n#SHIFTER --image=b\n", -EINVAL, "", -1);
	test_directives("no image", "#SHIFTER --writable\n", -EINVAL, "", -1);
	test_directives("an empty one", "#SHIFTER --image=\n", -EINVAL, "", -1);
	test_directives("an unknown option", "#SHIFTER --imagex=a\n", -EINVAL, "", -1);
	test_directives("quotes", "#SHIFTER --image='a'\n", -EINVAL, "", -1);
	test_directives("a relative volume", "#SHIFTER --image=a --volume=x:/y\n", -EINVAL, "", -1);
	test_directives("carriage returns", "#SHIFTER --image=a\r\n", 0, "a", 20);
}

int main(void)
{
	test_names();
	test_job_file();
	test_damage();
	test_requests();
	test_format();
	test_nodes();
	test_alarms();
	test_all_directives();
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed ? 1 : 0;
}
