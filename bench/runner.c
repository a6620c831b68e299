/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner.h"

#include "fail.h"
#include "start.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64 };

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void enter_at_once(const struct bench_program *program, int n)
{
	pid_t pids[AT_ONCE];

	for (int i = 0; i < n; i++)
		pids[i] = program->start_entry();
	for (int i = 0; i < n; i++)
		bench_wait(pids[i], program->name);
}

static void do_work(const struct bench_program *program, enum bench_work work)
{
	switch (work) {
	case BENCH_SET_UP: program->set_up(); break;
	case BENCH_ENTER: enter_at_once(program, 1); break;
	case BENCH_ENTER_64: enter_at_once(program, AT_ONCE); break;
	case BENCH_RUN_REMOVE: program->run_remove(); break;
	case BENCH_SET_UP_SSHD: program->set_up_sshd(); break;
	case BENCH_TEAR_DOWN: program->tear_down(); break;
	}
}

static _Noreturn void serve(const struct bench_program *program,
			    const struct bench_setting *setting, int channel)
{
	bool is_there = program->prepare(setting);
	enum bench_work work;
	ssize_t n;

	BENCH_MUST(write(channel, &is_there, sizeof(is_there)), program->name);
	while ((n = BENCH_MUST(read(channel, &work, sizeof(work)), program->name)) > 0) {
		double took, start = now_us();

		do_work(program, work);
		took = now_us() - start;
		BENCH_MUST(write(channel, &took, sizeof(took)), program->name);
	}
	_exit(0);
}

bool bench_start_runner(const struct bench_program *program, const struct bench_setting *setting,
			struct bench_runner *runner)
{
	bool is_there;
	int ends[2];

	BENCH_MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
	runner->program = program;
	runner->channel = ends[0];
	runner->pid = (pid_t)BENCH_MUST(fork(), "fork");
	if (runner->pid == 0) {
		close(ends[0]);
		serve(program, setting, ends[1]);
	}
	close(ends[1]);
	if (read(runner->channel, &is_there, sizeof(is_there)) != sizeof(is_there))
		errx(1, "%s cannot be measured", program->name);
	if (!is_there)
		bench_end_runner(runner);
	return is_there;
}

double bench_do(const struct bench_runner *runner, enum bench_work work)
{
	double took;

	BENCH_MUST(write(runner->channel, &work, sizeof(work)), runner->program->name);
	/* it has said why */
	if (read(runner->channel, &took, sizeof(took)) != sizeof(took))
		errx(1, "%s could not be measured", runner->program->name);
	return took;
}

void bench_end_runner(const struct bench_runner *runner)
{
	/* later runners have a copy of it: to close it says nothing */
	shutdown(runner->channel, SHUT_RDWR);
	close(runner->channel);
	bench_wait(runner->pid, runner->program->name);
}
