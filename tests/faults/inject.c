/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inject - run a command and let one of its system calls fail, or kill it there
 *
 *	inject -l LOG COMMAND [ARGUMENT]...
 *	inject -a PROCESS:CALL:NTH -e ERRNO COMMAND [ARGUMENT]...
 *	inject -a PROCESS:CALL:NTH -k COMMAND [ARGUMENT]...
 *
 * PROCESS is the command's own, "0", or a descendant: "0.2" is its second
 * child, "0.2.1" the first one of that.  CALL is the number of a system call, NTH
 * which of that process's it is, from 1.  LOG gets a line "PROCESS CALL NTH RESULT"
 * for each call.  The call is not made in any case.
 *
 * strace does the same, but counts per process and hits the nth call of every
 * process: the first failure, that of the command itself, hides all of those
 * in its children.
 *
 * Exit status: the command's, or 128 plus the signal that ended it; what it left
 * running goes on.  99 if the call was not reached, 98 if something is wrong.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
/* after sys/ptrace.h, which says the same in other words */
#include <linux/ptrace.h>

enum { PROCESSES_MAX = 4096,
       CALLS = 512,
       OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC };

struct process {
	pid_t pid;
	char path[48]; /* empty until its parent has named it */
	unsigned children;
	unsigned counts[CALLS];
	long call; /* that it is in */
	bool is_in_call, is_hit;
};

static struct process *processes[PROCESSES_MAX];
static size_t n_processes;
static FILE *log_file;
static char target[48];
static unsigned long target_call, target_nth;
static int target_error; /* 0: kill */
static bool has_begun, has_hit;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "inject: cannot %s: %s\n", what, strerror(errno));
	_exit(98);
}

static struct process *find(pid_t pid)
{
	size_t i;

	for (i = 0; i < n_processes; i++)
		if (processes[i]->pid == pid)
			return processes[i];
	if (i == PROCESSES_MAX || !(processes[i] = calloc(1, sizeof(**processes))))
		die("follow so many processes");
	processes[n_processes++]->pid = pid;
	return processes[i];
}

static void forget(pid_t pid)
{
	for (size_t i = 0; i < n_processes; i++)
		if (processes[i]->pid == pid) {
			free(processes[i]);
			processes[i] = processes[--n_processes];
			return;
		}
}

static void resume(const struct process *p, int signal)
{
	bool is_watched = log_file || (!has_hit && strcmp(p->path, target) == 0) || p->is_in_call;

	/* one that is killed meanwhile is gone */
	if (ptrace(is_watched ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, NULL,
		   (void *)(intptr_t)signal) < 0 &&
	    errno != ESRCH)
		die("resume a process");
}

/* No call is made for -1: it fails with ENOSYS, to be replaced at its end. */
static void set_call(pid_t pid, long value, bool is_result)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return;
	if (is_result)
		regs.rax = (unsigned long)value;
	else
		regs.orig_rax = (unsigned long)value;
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov);
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };
	int number = (int)value;

	if (!is_result) {
		iov = (struct iovec){ &number, sizeof(number) };
		ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &iov);
		return;
	}
	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return;
	regs.regs[0] = (unsigned long)value;
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov);
#else
#error "inject does not know this architecture"
#endif
}

static void enter_call(struct process *p, unsigned long call)
{
	p->is_in_call = true;
	p->call = (long)call;
	if (call >= CALLS)
		return;
	p->counts[call]++;
	if (has_hit || !has_begun || strcmp(p->path, target) != 0 || call != target_call ||
	    p->counts[call] != target_nth)
		return;
	has_hit = true;
	set_call(p->pid, -1, false);
	if (target_error)
		p->is_hit = true;
	else
		kill(p->pid, SIGKILL);
}

static void leave_call(struct process *p, long result)
{
	if (p->is_hit)
		set_call(p->pid, -target_error, true);
	if (log_file && p->is_in_call && p->call < CALLS)
		fprintf(log_file, "%s %ld %u %ld\n", p->path, p->call, p->counts[p->call], result);
	p->is_in_call = p->is_hit = false;
}

static void see_call(struct process *p)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter_call(p, info.entry.nr);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave_call(p, (long)info.exit.rval);
}

static void see_child(struct process *p)
{
	struct process *child;
	unsigned long pid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, p->pid, NULL, &pid) < 0)
		return;
	child = find((pid_t)pid);
	snprintf(child->path, sizeof(child->path), "%.32s.%u", p->path, ++p->children);
	if (child->call == -1) {
		/* it has stopped already, and waits for its name */
		child->call = 0;
		resume(child, 0);
	}
}

static void stopped(struct process *p, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80)) {
		see_call(p);
		signal = 0;
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		ptrace(PTRACE_LISTEN, p->pid, NULL, NULL);
		return;
	} else if (event) {
		if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK ||
		    event == PTRACE_EVENT_VFORK)
			see_child(p);
		if (event == PTRACE_EVENT_EXEC && !has_begun) {
			/* what was before is ours */
			has_begun = true;
			memset(p->counts, 0, sizeof(p->counts));
		}
		signal = 0;
	}
	if (!p->path[0]) {
		p->call = -1;
		return;
	}
	resume(p, signal);
}

static int follow(pid_t first)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			die("wait");
		if (WIFSTOPPED(status)) {
			stopped(find(pid), status);
			continue;
		}
		forget(pid);
		if (pid == first)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

int main(int argc, char **argv)
{
	bool is_kill = false;
	int option, rc, gate[2];
	char byte = 0;
	pid_t pid;

	while ((option = getopt(argc, argv, "+l:a:e:k")) != -1) {
		if (option == 'l' && !(log_file = fopen(optarg, "we")))
			die("open the log");
		if (option == 'a' &&
		    sscanf(optarg, "%47[0-9.]:%lu:%lu", target, &target_call, &target_nth) != 3)
			return 98;
		if (option == 'e')
			target_error = atoi(optarg);
		is_kill = is_kill || option == 'k';
	}
	if (!argv[optind] || !log_file == !target[0] || (target[0] && !is_kill == !target_error) ||
	    pipe(gate) < 0)
		return 98;
	pid = fork();
	if (pid == 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 1)
			_exit(98);
		close(gate[0]);
		if (log_file)
			fclose(log_file);
		execvp(argv[optind], argv + optind);
		_exit(98);
	}
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, NULL, (void *)(intptr_t)OPTIONS) < 0)
		die("trace");
	memcpy(find(pid)->path, "0", 2);
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 || write(gate[1], "g", 1) != 1)
		die("trace");
	rc = follow(pid);
	if (log_file)
		fclose(log_file);
	/* processes that go on do so without us */
	return target[0] && !has_hit ? 99 : rc;
}
