#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
#
# faults.pl - let system calls of shifterctl fail, one per run, and look what is left
#
#	faults.pl sample|all INJECT IMAGE WORK...
#
# In a sandbox of tests/container/container.bash.  WORK is setup, cold (a set-up
# that copies udiImage), sshd, hostsfile or teardown.  A good run is recorded
# first; its calls, of all its processes, are the list of what can fail.  "sample"
# takes each call that makes a step of the container's plan, and of every other
# call of each process the first one and the last one, once as an error and once as
# SIGKILL; "all" takes everything, with several errors.
#
# Prints a line "pass DESC", per group, "fail DESC<TAB>WHY" per finding.
use strict;
use warnings;
use Errno ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep time);

my ($mode, $inject, $image, @works) = @ARGV;
my $dir = $ENV{T_DIR} or die "T_DIR is not set\n";
my $progress = $ENV{FAULTS_PROGRESS};
my ($n_runs, $n_failed) = (0, 0);
$| = 1;

# ---- calls ----

my (%name_of, %number_of);
for (`printf '#include <sys/syscall.h>\n' | cc -E -dM -`) {
	($name_of{$2}, $number_of{$1}) = ($1, $2) if /^#define __NR_(\w+) (\d+)$/;
}
die "cannot find the numbers of system calls\n" unless $number_of{openat};

# These cannot fail, or what fails in them is not what the kernel does: close() closes.
my %never = map { $_ => 1 } qw(close close_range exit exit_group rt_sigaction rt_sigprocmask
	rt_sigreturn munmap brk arch_prctl set_tid_address set_robust_list rseq prlimit64 mprotect
	getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid clock_gettime
	clock_nanosleep sched_yield futex madvise umask sched_getaffinity restart_syscall getrandom);
# A signal that somebody handles may end these early: no reason to give up.
my %interruptible = map { $_ => 1 } qw(poll ppoll recvmsg sendmsg waitid wait4 flock nanosleep);
# What makes a step of a plan (lib/model/plan.h), in the process that walks it.
my %step = map { $_ => 1 } qw(unshare mount open_tree fsopen move_mount mkdirat write symlinkat
	mknodat pivot_root);
# What copies udiImage.
my %copying = map { $_ => 1 } qw(mkdirat fchmodat fchmod openat getdents64 newfstatat read write
	copy_file_range sendfile readlinkat symlinkat renameat unlinkat flock);
# What makes a program of another one's process; how it fails itself is its own affair.
my %entering = map { $_ => 1 } qw(execve setns setresuid setresgid setgroups capset prctl keyctl
	setsid chdir dup2 fcntl clone3 pipe2 openat write connect);
my %error_for = (mmap => 'ENOMEM', clone3 => 'EAGAIN', socketpair => 'EMFILE', pipe2 => 'EMFILE',
	memfd_create => 'ENOMEM', mkdirat => 'ENOSPC', write => 'ENOSPC', bind => 'EADDRINUSE',
	execve => 'ENOMEM', open_tree => 'ENOMEM', mount_setattr => 'EPERM', setresuid => 'EAGAIN');

sub errno { my $e = Errno->can($_[0]); return $e->() }

# ---- running ----

sub run { # run SECONDS, CMD...: (status, output); 124 in time
	my ($seconds, @cmd) = @_;
	my $pid = fork // die "cannot fork: $!\n";
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/out";
		open STDERR, '>&', \*STDOUT;
		setpgrp;
		exec { $cmd[0] } @cmd or POSIX::_exit(127);
	}
	my $late = 0;
	local $SIG{ALRM} = sub { $late = 1; kill 'KILL', -$pid };
	alarm $seconds;
	waitpid $pid, 0;
	alarm 0;
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	open my $fh, '<', "$dir/out" or die "cannot read output: $!\n";
	local $/;
	return ($late ? 124 : $status, <$fh> // '');
}
sub slurp { open my $fh, '<', $_[0] or return ''; local $/; return <$fh> // '' }

# ---- what could be left ----

my @as_alice = qw(setpriv --reuid=alice --regid=alice --init-groups
	env HOME=/home/alice USER=alice LOGNAME=alice SHELL=/bin/bash);
my $img = (stat '/img')[0];

sub mounts_and_loops {
	my $mounts = join '', map { (split ' ', $_, 3)[2] } sort split /^/, slurp('/proc/self/mountinfo');
	my @loops = grep { my ($d) = split; my ($a, $b) = split /:/, $d; $a * 256 + $b == $img }
		split /\n/, `losetup -nlO BACK-MAJ:MIN,NAME`;
	return join "\n", $mounts, @loops;
}
sub processes {
	my @found;
	for my $stat (glob '/proc/[0-9]*/stat') {
		my ($pid, $comm, $state) = slurp($stat) =~ /^(\d+) \((.*)\) (\w)/s or next;
		push @found, "$comm" if $comm =~ /^(shifter|sshd|ssh-key|udi-)/ && $state ne 'Z';
	}
	return join "\n", sort @found;
}
sub files {
	my @found = grep { !m{/\.udiImage$} } glob('/run/shifter/* /run/shifter/.??*');
	# which copy was good stays, as the copy does
	push @found, grep { !m{/\.good$} } glob '/run/shifter/.udiImage/.??*';
	return join "\n", @found;
}
my %looks = (mounts => \&mounts_and_loops, processes => \&processes, files => \&files);

# In a process namespace of our own, after a finding.
sub clear_away {
	for my $stat (glob '/proc/[0-9]*/stat') {
		my ($pid, $comm) = slurp($stat) =~ /^(\d+) \((.*)\)/s or next;
		kill 'KILL', $pid if $comm =~ /^(shifter|sshd|ssh-key|udi-)/;
	}
}
sub snapshot { return { map { $_ => $looks{$_}->() } keys %looks } }
# changed SNAPSHOT, KIND...: what differs still after two seconds
sub changed {
	my ($was, @kinds) = @_;
	my $end = time + 2;
	my $why;
	do {
		$why = '';
		for my $kind (@kinds) {
			my $is = $looks{$kind}->();
			next if $is eq $was->{$kind};
			my %had = map { $_ => 1 } split /\n/, $was->{$kind};
			my %has = map { $_ => 1 } split /\n/, $is;
			$why .= " $kind:" . join ',', (map { " +$_" } grep { !$had{$_} } sort keys %has),
				(map { " -$_" } grep { !$has{$_} } sort keys %had);
		}
		sleep 0.01 if $why;
	} while ($why && time < $end);
	return $why;
}
my @all = qw(mounts processes files);

# ---- works ----

my @setup = ('shifterctl', 'setup', '--id', 'f', '--image', "local:$image", '--user', 'alice',
	'--volume', '/img/vol:/mnt/vol', '--sshd');
chomp(my $key = `@as_alice shifterctl key`);
my @sshd = ('shifterctl', 'sshd', 'f', '--principal', 'udi.test.f', '--user-key', $key);
my @hosts = ('shifterctl', 'hostsfile', 'f', '--slurm', 'node[1-2]', '--slots', '2(x2)');
my @teardown = ('shifterctl', 'teardown', 'f');

sub must { my ($rc, $said) = run(20, @_); die "cannot prepare: $said" if $rc }
sub in_container { return run(20, @as_alice, 'shifter', '--container=f', '--', @_) }

sub enters {
	my ($rc, $said) = in_container('/bin/cat', '/etc/container-marker', '/mnt/vol/marker',
		'/run/shifter/site.env');
	return $rc == 0 && $said eq "libshifter demo image\nvolume\n" ? '' : "cannot be entered: $rc: $said";
}
sub state_is {
	my ($f) = grep { $_->{id} eq 'f' } @{JSON::PP::decode_json(scalar `shifterctl list --json`)};
	my $is = $f ? $f->{state} // '' : 'gone';
	return $is eq $_[0] ? '' : "is '$is', not $_[0]";
}
sub serves {
	run(20, @hosts);
	my ($rc, $said) = in_container('ssh', 'node1', 'cat', '/etc/container-marker');
	return $rc == 0 && $said eq "libshifter demo image\n" ? '' : "does not serve: $rc: $said";
}
sub is_gone { return changed($_[0], @all) }

# Each: what is done before, the command, what a success is, and a failed call's remedy.
my %work = (
	setup => { cmd => \@setup, works => sub { state_is('ready') || enters() } },
	cold => { cmd => \@setup, works => sub { state_is('ready') || enters() },
		before => sub { system 'rm', '-rf', '/run/shifter/.udiImage' } },
	sshd => { cmd => \@sshd, before => sub { must(@setup) },
		works => sub { state_is('serving') || serves() } },
	hostsfile => { cmd => \@hosts, before => sub { must(@setup) },
		works => sub {
			my ($rc, $said) = in_container('cat', '/var/hostsfile');
			return $rc == 0 && $said eq "node1\nnode1\nnode2\nnode2\n" ? '' : "hosts: $rc: $said";
		} },
	teardown => { cmd => \@teardown, before => sub { must(@setup); must(@sshd) }, works => sub { '' } },
);

# ---- one fault ----

sub note { print "$_[0] $_[1]" . (defined $_[2] ? "\t$_[2]" : '') . "\n" }

# Returns what is wrong, or nothing.
sub try_fault {
	my ($what, $clean, $fault, $error) = @_;
	my $work = $work{$what};
	my $is_kill = !defined $error;
	my ($process, $call, $nth) = @$fault;
	my (@wrong, $left);

	if ($work->{before}) {
		eval { $work->{before}->(); 1 } or return ($@);
	}
	my $ready = $what =~ /^(setup|cold)$/ ? $clean : snapshot();
	my ($rc, $said) = run(40, $inject, '-a', "$process:$number_of{$call}:$nth",
		($is_kill ? '-k' : ('-e', errno($error))), @{$work->{cmd}});
	my $is_main_killed = $is_kill && $process eq '0';
	if ($rc == 99) {
		run(30, @teardown);
		return ('not reached');
	}
	push @wrong, "exit status $rc" if $rc == 98 || $rc == 124 || ($rc > 125 && !$is_main_killed);
	push @wrong, 'gave up for EINTR' if $rc && !$is_kill && $error eq 'EINTR';
	if ($rc == 0) {
		$left = $work->{works}->();
		push @wrong, "called success, but $left" if $left;
		$left = changed($clean, @all) if $what eq 'teardown';
		push @wrong, "success, but left$left" if $left;
	} elsif (!$is_main_killed) {
		push @wrong, "not one sentence: '$said'" unless $said =~ /^[^\n]+[^.\n]\n\z/;
		# a teardown that fails is one to be repeated
		$left = $what eq 'teardown' ? '' : changed($ready, @all);
		push @wrong, "left$left" if $left;
	}
	if ($is_main_killed && $what =~ /^(setup|cold)$/ && -e '/run/shifter/f') {
		# either it was complete, or nothing holds its mounts
		$left = state_is('ready') ? changed($clean, qw(mounts processes)) : enters();
		push @wrong, "killed, and left$left" if $left;
	}
	if ($rc && $what =~ /^(sshd|hostsfile)$/) {
		$left = enters();
		push @wrong, "the container $left" if $left;
		if ($what eq 'sshd' && state_is('serving')) {
			my ($again, $words) = run(30, @sshd);
			$left = $again ? "$again: $words" : serves();
			push @wrong, "a second try fails: $left" if $left;
		}
	}
	# the next set-up empties what a copy that was killed has left
	if ($what eq 'cold' && $is_kill) {
		run(30, @teardown);
		run(30, @setup);
		run(30, 'shifterctl', 'gc');
	}
	my ($down, $words) = run(30, @teardown);
	push @wrong, "teardown fails: $down: $words" if $down || $words ne '';
	$left = changed($clean, @all);
	push @wrong, "left after teardown$left" if $left;
	return @wrong;
}

# ---- all faults of a work ----

sub record {
	my ($what) = @_;
	my %last;
	$work{$what}->{before}->() if $work{$what}->{before};
	my ($rc, $said) = run(60, $inject, '-l', "$dir/log", @{$work{$what}->{cmd}});
	die "$what without a fault: $rc: $said\n" if $rc;
	run(30, @teardown);
	open my $fh, '<', "$dir/log" or die "cannot read the log: $!\n";
	my @calls;
	while (<$fh>) {
		my ($process, $number, $nth) = split;
		my $call = $name_of{$number} // next;
		push @calls, [$process, $call, $nth];
		$last{"$process $call"} = $nth;
	}
	return (\@calls, \%last);
}

# Who becomes the user before it executes something is a program of the user's; who does so
# afterwards, or executes nothing, is a helper of ours.
sub roles {
	my (%has, %first);
	for my $i (0 .. $#{$_[0]}) {
		my ($p, $call) = @{$_[0][$i]};
		$has{$p}{$call} = 1;
		$first{$p}{$call} //= $i;
	}
	my %role;
	for my $p (sort { length $a <=> length $b } keys %has) {
		my $parent = $p =~ s/\.\d+$//r;
		my $becomes = $first{$p}{setresuid};
		$role{$p} = $p eq '0' ? 'command' : $has{$p}{unshare} ? 'builder' :
			defined $becomes && ($first{$p}{execve} // -1) < $becomes ? 'helper' :
			$has{$p}{execve} || $role{$parent} eq 'program' ? 'program' : 'launcher';
	}
	return \%role;
}

sub errors_of {
	my ($role, $call) = @_;
	return qw(EIO ENOMEM EPERM), ($interruptible{$call} && $role ne 'program' ? 'EINTR' : ())
		if $mode eq 'all';
	return ($error_for{$call} // 'EIO', $interruptible{$call} && $role ne 'program' ? 'EINTR' : ());
}

sub do_work {
	my ($what) = @_;
	my $clean = snapshot();
	my ($calls, $last) = record($what);
	my $role = roles($calls);
	my (%errors, %kills, %seen, %missed, @faults);
	# a keeper that has said that it is there holds a container: what ends it then is no fault
	# of the set-up
	my %has_answered;

	# until the loader is done it is inject's own, or has nothing to do with us
	my $has_begun = 0;
	my %had;
	for my $fault (@$calls) {
		my ($process, $call, $nth) = @$fault;
		my $r = $role->{$process};
		$has_begun ||= $process eq '0' && $call eq 'set_tid_address' or next;
		next if $has_answered{$process};
		# the first answer is the namespace
		$has_answered{$process} = 1 if $what =~ /^(setup|cold)$/ && $r eq 'builder' &&
			$call eq 'sendmsg' && $nth == 2;
		next if $ENV{FAULTS_ONLY} && "$process $call" !~ /$ENV{FAULTS_ONLY}/;
		if ($mode ne 'all') {
			my $is_last = $nth == $last->{"$process $call"};
			my $is_step = $r eq 'builder' && $step{$call};
			# helpers, programs: one of each kind
			my $is_first = !$had{"$r $call"}++;
			next unless $is_first || $is_step || ($is_last && $r eq 'command');
			next if $what eq 'cold' && ($r ne 'command' || !$copying{$call});
			next if $r eq 'program' && !$entering{$call};
			push @faults, [$fault, undef] if $is_first || $is_step;
		} else {
			push @faults, [$fault, undef];
		}
		push @faults, map { [$fault, $_] } errors_of($r, $call) unless $never{$call};
	}
	splice @faults, 0, $ENV{FAULTS_SKIP} // 0;
	for my $one (@faults) {
		my ($fault, $error) = @$one;
		my ($process, $call, $nth) = @$fault;
		my $said = defined $error ? $error : 'SIGKILL';
		my @wrong = try_fault($what, $clean, $fault, $error);
		$n_runs++;
		if (@wrong == 1 && $wrong[0] eq 'not reached') {
			$missed{$role->{$process}}++;
			next;
		}
		defined $error ? $errors{$role->{$process}}{$call}++ : $kills{$role->{$process}}{$call}++;
		if (@wrong) {
			$n_failed++;
			note('fail', "$what: $role->{$process} $process, $call no. $nth: $said",
				join('; ', map { s/\n/ /gr } @wrong));
			# what one fault left is not another one's
			for (1 .. 2) { run(30, @teardown) }
			clear_away();
			$clean = snapshot() if changed($clean, @all);
		}
		printf STDERR "\r%s %d of %d, %d failed ", $what, ++$seen{$what}, scalar @faults, $n_failed
			if $progress;
	}
	printf STDERR "\n" if $progress;
	for my $r (sort keys %errors) {
		my ($e, $k) = (0, 0);
		$e += $_ for values %{$errors{$r}};
		$k += $_ for values %{$kills{$r} // {}};
		note('pass', sprintf '%s: %s: %d errors and %d kills, %d calls not reached',
			$what, $r, $e, $k, $missed{$r} // 0);
	}
	# the sample may shrink with the code, but not by a whole stage
	my %stages = (
		setup => { 'state directory' => 'command mkdirat', 'lock' => 'command flock',
			'record' => 'command renameat', 'listener' => 'command bind',
			'live directory' => 'command fsmount', 'loop device' => 'command ioctl',
			'messages' => 'command recvmsg', 'commit' => 'command sendmsg',
			'keeper start' => 'builder execve', 'user helper' => 'helper setresuid',
			map { ("plan, $_" => "builder $_") } qw(unshare fsopen open_tree move_mount mkdirat
				symlinkat mknodat openat2 pivot_root) },
		cold => { 'udi stage' => 'command mkdirat' },
		sshd => { 'usher and host key' => 'program execve',
			'host key, entering' => 'program setns', 'record' => 'command renameat' },
		teardown => { 'state directory' => 'command unlinkat', 'keeper' => 'command connect' });
	return if $ENV{FAULTS_ONLY};
	for my $stage (sort keys %{$stages{$what} // {}}) {
		my ($r, $call) = split ' ', $stages{$what}{$stage};
		my $has = ($errors{$r}{$call} // 0) && ($kills{$r}{$call} // 0);
		note($has ? 'pass' : 'fail', "$what: $stage: an error and SIGKILL in $call",
			$has ? undef : 'none was tried');
	}
}

do_work($_) for @works;
note('pass', "$n_runs faults, $n_failed findings");
