/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/hostsfile.h"

#include "unit.h"

static void check(void (*render)(const struct shifter_hosts *, struct shf_text *),
		  const struct shifter_hosts *hosts, const char *want)
{
	cleanup_text struct shf_text text = { 0 };

	render(hosts, &text);
	CHECK_STRING(TEXT(text), want);
}

static void forms(void)
{
	struct shifter_hosts hosts = { 0 }, none = { 0 };

	CHECK_NUMBER(shf_hosts_add(&hosts, "n1.site.org", "10.0.0.1", 2), 0);
	CHECK_NUMBER(shf_hosts_add(&hosts, "n2", NULL, 1), 0);
	check(shf_render_hostsfile, &hosts, "n1.site.org\nn1.site.org\nn2\n");
	check(shf_render_hosts_unique, &hosts, "n1.site.org\nn2\n");
	check(shf_render_hosts_slots, &hosts, "n1.site.org slots=2\nn2 slots=1\n");
	check(shf_render_hosts_colon, &hosts, "n1.site.org:2\nn2:1\n");
	check(shf_render_hosts_parallel, &hosts, "2/n1.site.org\n1/n2\n");
	check(shf_render_hosts_json, &hosts,
	      "{\"hosts\":[{\"name\":\"n1.site.org\",\"address\":\"10.0.0.1\",\"slots\":2},"
	      "{\"name\":\"n2\",\"address\":null,\"slots\":1}],\"slots\":3}\n");
	check(shf_render_hosts_record, &hosts, "n1.site.org 2 10.0.0.1\nn2 1\n");
	check(shf_render_hosts_json, &none, "{\"hosts\":[],\"slots\":0}\n");
	check(shf_render_etc_hosts, &hosts,
	      "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
	      "10.0.0.1\tn1.site.org n1\n");
	check(shf_render_etc_hosts, NULL,
	      "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	shf_hosts_free(&hosts);
}

static void a_line_per_slot(void)
{
	struct shifter_hosts hosts = { 0 };
	cleanup_text struct shf_text text = { 0 };
	cleanup_text struct shf_text want = { 0 };

	CHECK_NUMBER(shf_hosts_add(&hosts, "nid00001", NULL, 65535), 0);
	CHECK_NUMBER(shf_hosts_add(&hosts, "x", NULL, 4097), 0);
	shf_render_hostsfile(&hosts, &text);
	for (int i = 0; i < 65535; i++)
		shf_text_add(&want, "nid00001\n");
	for (int i = 0; i < 4097; i++)
		shf_text_add(&want, "x\n");
	CHECK_NUMBER((long long)text.length, (long long)want.length);
	CHECK_STRING(TEXT(text), TEXT(want));
	shf_hosts_free(&hosts);
}

static const struct unit_test tests[] = {
	{ "forms", forms },
	{ "a line per slot", a_line_per_slot },
	{ 0 },
};

const struct unit_suite unit_hostsfile = { "hostsfile", tests };
