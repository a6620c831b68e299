/* SPDX-License-Identifier: BSD-3-Clause */
#include "slots.h"

#include "common/scope.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { NODES_MAX = 1000000,
       COUNT_MAX = 65535,
       TASKS_MAX = 16000000,
       ITEM_SIZE = 24 };

struct counts {
	uint32_t *of; /* owned */
	size_t n;
	uint64_t sum;
};

static void counts_free(struct counts *counts)
{
	free(counts->of);
	counts->of = NULL;
}

static int parse_number(const char **at, uint32_t max, uint32_t *out)
{
	uint32_t value = 0;

	if (**at < '0' || **at > '9')
		return -EINVAL;
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		value = value * 10 + (uint32_t)(**at - '0');
		if (value > max)
			return -EINVAL;
	}
	if (value == 0)
		return -EINVAL;
	*out = value;
	return 0;
}

static int append(struct counts *counts, uint32_t count, uint32_t times)
{
	uint32_t *of;

	if (times > NODES_MAX - counts->n)
		return -EINVAL;
	of = realloc(counts->of, (counts->n + times) * sizeof(*of));
	if (!of)
		return -ENOMEM;
	counts->of = of;
	for (uint32_t i = 0; i < times; i++)
		of[counts->n++] = count;
	counts->sum += (uint64_t)count * times;
	return 0;
}

/* "4(x2),1": the count of each node, runs of equal ones with a factor. */
static int parse_counts(const char *at, struct counts *counts)
{
	for (;;) {
		uint32_t count, times = 1;
		int rc = parse_number(&at, COUNT_MAX, &count);

		if (rc < 0)
			return rc;
		if (strncmp(at, "(x", 2) == 0) {
			at += 2;
			rc = parse_number(&at, NODES_MAX, &times);
			if (rc < 0 || *at != ')')
				return -EINVAL;
			at++;
		}
		rc = append(counts, count, times);
		if (rc < 0)
			return rc;
		if (*at == '\0')
			return 0;
		if (*at++ != ',')
			return -EINVAL;
	}
}

/* Turn the CPUs of each node into its tasks, at least one each. */
static void spread(struct counts *counts, uint64_t tasks)
{
	/* CPUs per task, if every CPU was asked for by a task. */
	uint64_t share = counts->sum / tasks;
	bool is_exact = counts->sum % tasks == 0;

	for (size_t i = 0; is_exact && i < counts->n; i++)
		is_exact = counts->of[i] % share == 0;
	/* If not, as on exclusive nodes, whose CPUs nobody asked for: in turn. */
	for (size_t i = 0; i < counts->n; i++) {
		if (is_exact)
			counts->of[i] /= (uint32_t)share;
		else
			counts->of[i] = (uint32_t)(tasks / counts->n + (i < tasks % counts->n));
		if (counts->of[i] == 0)
			counts->of[i] = 1;
	}
}

/* Turn the CPUs of each node into as many tasks as they are enough for, at least one. */
static void divide(struct counts *counts, uint32_t cpus_per_task)
{
	for (size_t i = 0; i < counts->n; i++)
		if (!(counts->of[i] /= cpus_per_task))
			counts->of[i] = 1;
}

static int format(const struct counts *counts, char **out)
{
	char *text = malloc(counts->n * ITEM_SIZE + 1);
	size_t length = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0, run; i < counts->n; i += run) {
		for (run = 1; i + run < counts->n && counts->of[i + run] == counts->of[i];)
			run++;
		length += (size_t)sprintf(text + length, "%s%u", i ? "," : "", counts->of[i]);
		if (run > 1)
			length += (size_t)sprintf(text + length, "(x%zu)", run);
	}
	*out = text;
	return 0;
}

int shf_slurm_slots(const char *cpus_per_node, const char *tasks, const char *cpus_per_task,
		    char **out)
{
	__attribute__((cleanup(counts_free))) struct counts counts = { NULL, 0, 0 };
	uint32_t number;
	int rc = parse_counts(cpus_per_node, &counts);

	if (rc < 0)
		return rc;
	if (tasks) {
		rc = parse_number(&tasks, TASKS_MAX, &number);
		if (rc < 0 || *tasks)
			return -EINVAL;
		spread(&counts, number);
	} else if (cpus_per_task) {
		rc = parse_number(&cpus_per_task, COUNT_MAX, &number);
		if (rc < 0 || *cpus_per_task)
			return -EINVAL;
		divide(&counts, number);
	}
	return format(&counts, out);
}
