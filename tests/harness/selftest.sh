#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# selftest.sh - does the harness count failures, clean up and tell the truth?
# shellcheck disable=SC2016                    # scripts for other shells
#
# The first part trusts nothing of lib.sh: were it broken so that everything passes, the
# rest would pass as well.
set -u

HERE=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d "${TMPDIR:-/tmp}/shifter-selftest.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

fixture() { # fixture NAME: a test using lib.sh, its body from stdin
	{ printf '#!/bin/bash\nset -u\n. %q/lib.sh\n' "$HERE"; cat; } >"$work/$1"
	chmod +x "$work/$1"
}
bare() { # bare NAME: a program, its text from stdin
	cat >"$work/$1"; chmod +x "$work/$1"
}

fixture fails <<'END'
ok 'false succeeds' false
ok 'a missing command succeeds' /no/such/command
not_ok 'true fails' true
not_ok 'a missing command fails properly' /no/such/command
not_ok 'a killed one fails properly' sh -c 'kill -9 $$'
exits 3 'three' sh -c 'exit 4'
is a b 'a is b'
like abc '^b' 'abc begins with b'
like abc '(' 'a broken expression'
unlike abc b 'abc without b'
unlike abc '(' 'a broken expression'
( is 1 2 'counted from a subshell' )
done_testing
END
fixture passes <<'END'
plan 8
ok 'true' true
not_ok 'false' false
exits 3 'three' sh -c 'exit 3'
is a a 'a is a'
like abc '^a.c$' 'abc'
unlike abc '^b' 'no b'
( is 1 1 'counted from a subshell' )
skip 'cannot be tried' 'no such thing here'
done_testing
END

# ---- without lib.sh
unset SHIFTER_TESTS_MUST_RUN VERBOSE
out=$("$work/fails"); rc=$?
if [ $rc != 1 ] || [ "${out##*$'\n'}" != '0 passed, 12 failed, 0 skipped' ]; then
	printf 'not ok - failures are counted\n# exit status %s: %s\n' "$rc" "$out"
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
fi
out=$("$work/passes"); rc=$?
if [ $rc != 0 ] || [ "${out##*$'\n'}" != '7 passed, 0 failed, 1 skipped' ]; then
	printf 'not ok - successes are counted\n# exit status %s: %s\n' "$rc" "$out"
	echo '0 passed, 1 failed, 0 skipped'
	exit 1
fi

# ---- with it
trap - EXIT
# shellcheck source=tests/harness/lib.sh
. "$HERE/lib.sh"
on_exit rm -rf "$work"
pass 'failures are counted'
pass 'successes are counted'

last_of() { "$@" 2>&1 | tail -n 1; }

is "$(SHIFTER_TESTS_MUST_RUN=1 last_of "$work/passes")" '7 passed, 1 failed, 0 skipped' \
	'a skipped case fails when everything must run'
fixture empty <<'END'
done_testing
END
is "$(last_of "$work/empty")" '0 passed, 1 failed, 0 skipped' 'a test without cases fails'
fixture short <<'END'
plan 2
ok 'one' true
done_testing
END
is "$(last_of "$work/short")" '1 passed, 1 failed, 0 skipped' 'a case too few is a failure'
fixture early <<'END'
ok 'one' true
exit 0
END
exits 1 'a test that ends too early fails' "$work/early"
fixture cleanup <<END
on_exit touch '$work/first'
on_exit sh -c 'test ! -e "$work/first"'
on_exit false
ok 'one' true
done_testing
END
is "$(last_of "$work/cleanup")" '1 passed, 1 failed, 0 skipped' 'a clean-up that fails is a failure'
ok 'clean-ups run, the last one first' test -e "$work/first"
fixture killed <<END
on_exit touch '$work/cleaned'
on_exit rm '$work/running'
touch '$work/running'
sleep 60 & wait
END
"$work/killed" >/dev/null 2>&1 & pid=$!
ok 'a test starts' wait_until 10 test -e "$work/running"
kill -TERM $pid; wait $pid
is $? 143 'a test that is terminated says so'
ok 'and has cleaned up' test -e "$work/cleaned"
not_ok 'waiting ends' wait_until 1 false
ok 'waiting succeeds' wait_until 1 true

# ---- run-tests
run=$HERE/run-tests
cat_out() { "$run" "$@" 2>&1; }
exits 0 'run-tests succeeds' "$run" "$work/passes"
exits 1 'run-tests fails with a failed case' "$run" "$work/passes" "$work/fails"
is "$(last_of "$run" "$work/passes" "$work/fails" "$work/passes")" \
	'14 passed, 12 failed, 2 skipped' 'run-tests adds up'
is "$(SHIFTER_TESTS_MUST_RUN=1 last_of "$run" "$work/passes")" '7 passed, 1 failed, 0 skipped' \
	'run-tests: skipped is failed when everything must run'
bare silent <<'END'
#!/bin/sh
exit 0
END
is "$(last_of "$run" "$work/silent")" '0 passed, 1 failed, 0 skipped' \
	'run-tests: a test without its sum fails'
bare liar <<'END'
#!/bin/sh
echo '5 passed, 0 failed, 0 skipped'
exit 1
END
is "$(last_of "$run" "$work/liar")" '5 passed, 1 failed, 0 skipped' \
	'run-tests: a status that does not agree is a failure'
bare denial <<'END'
#!/bin/sh
echo '5 passed, 2 failed, 0 skipped'
exit 0
END
exits 1 'run-tests: failed cases count, whatever the status' "$run" "$work/denial"
bare trailing <<'END'
#!/bin/sh
echo '5 passed, 0 failed, 0 skipped'
echo 'Segmentation fault'
END
is "$(last_of "$run" "$work/trailing")" '0 passed, 1 failed, 0 skipped' \
	'run-tests: the sum must be the last line'
is "$(last_of "$run" /no/such/test)" '0 passed, 1 failed, 0 skipped' \
	'run-tests: a test that is missing is a failure'
bare hangs <<END
#!/bin/sh
sleep 1000 &
echo \$! >'$work/hangs.pid'
wait
END
is "$(last_of "$run" --timeout 1 "$work/hangs")" '0 passed, 1 failed, 0 skipped' \
	'run-tests: a test that hangs is ended and a failure'
ok 'its processes are gone' wait_until 5 sh -c "! kill -0 $(cat "$work/hangs.pid")"
unlike "$(cat_out "$work/passes")" 'ok - true' 'run-tests is quiet about successes'
like "$(cat_out "$work/fails")" 'not ok - a is b' 'run-tests shows failed cases'
like "$(cat_out "$work/fails")" "wanted: 'b'" 'and why they failed'
like "$(VERBOSE=1 cat_out "$work/passes")" 'ok - true' 'and everything if asked'

# ---- machine-state, in namespaces of its own where needed
state=$HERE/machine-state
if [ "$(id -u)" != 0 ]; then
	skip 'machine-state, sandbox' 'needs root'
	done_testing
fi
export SHIFTER_STATE_SHARED=1 SHIFTER_STATE_WAIT=0
compare_after() { # compare_after COMMANDS: in a sandbox, save, run COMMANDS, compare
	"$HERE/sandbox" bash -c '"$1" save /tmp/state && eval "$2" && "$1" compare /tmp/state' \
		_ "$state" "$1"
}
ok 'machine-state: nothing has changed' compare_after true
is "$(compare_after 'mkdir /tmp/m && mount -t tmpfs x /tmp/m' | grep -c 'new:  mounts: /tmp/m ')" 1 \
	'machine-state sees a mount'
exits 1 'machine-state sees a process' compare_after 'sleep 300 & true'
exits 1 'machine-state sees an entry in /run' compare_after 'mkdir /run/shifter'
exits 1 'machine-state sees a cgroup' compare_after \
	'mkdir "$(find /sys/fs/cgroup -name cgroup.procs -printf %h -quit)/new"'
exits 1 'machine-state sees an interface' compare_after 'ip link add v1 type veth peer name v2'
exits 1 'machine-state sees a user' compare_after 'echo x:x:4711:4711::/:/bin/sh >>/etc/passwd'
exits 1 'machine-state sees that something is gone' compare_after 'umount /dev/shm'
exits 1 'machine-state sees a loop device' compare_after \
	'truncate -s 1M /tmp/f && dev=$(losetup -f --show /tmp/f) && trap "losetup -d $dev" EXIT'
SHIFTER_STATE_WAIT=10 ok 'machine-state waits for what is ending' compare_after 'sleep 1 & true'
exits 0 'machine-state leaves out what it is told to' env SHIFTER_STATE_EXCEPT='run mounts' \
	"$HERE/sandbox" bash -c '"$1" save /tmp/s && mkdir /run/x && "$1" compare /tmp/s' _ "$state"
exits 2 'machine-state: nothing to compare with is an error' "$state" compare "$work/none"

# ---- sandbox
sandbox=$HERE/sandbox
exits 7 'sandbox passes the exit status on' "$sandbox" sh -c 'exit 7'
is "$(echo in | "$sandbox" cat)" in 'sandbox passes stdin and stdout'
is "$("$sandbox" su alice -c 'id -u; id -Gn; cd; pwd')" $'2001\nalice proj\n/home/alice' 'alice'
is "$("$sandbox" su bob -c 'ls /home/alice' 2>&1 | grep -c denied)" 1 'private homes'
is "$("$sandbox" findmnt -no PROPAGATION /)" shared '/ is shared'
is "$("$sandbox" script -qec 'stat -c %a:%G "$(tty)"' /dev/null </dev/null | tr -d '\r\0')" 620:tty \
	'terminals'
is "$("$sandbox" sh -c 'ls /run/shifter /images 2>&1 | grep -c "No such"')" 2 \
	'no /run/shifter, no /images'
mkdir -p "$work"/stage/usr/bin "$work"/stage/etc/x "$work/images/i"
bare stage/usr/bin/who-am-i <<'END'
#!/bin/sh
id -u
END
cp /usr/bin/id "$work/stage/usr/bin/setuid-id"; chmod 4755 "$work/stage/usr/bin/setuid-id"
echo y >"$work/stage/etc/x/y"; echo 'a = 1' >"$work/conf"
is "$("$sandbox" --stage "$work/stage" --conf "$work/conf" --images "$work/images" bash -c '
	type -p who-am-i ls; cat /etc/x/y; stat -c %a:%u /etc/shifter/udiRoot.conf; ls /images
	su alice -c "setuid-id -u"; touch /images/no 2>&1 | grep -c Read-only')" \
	$'/usr/bin/who-am-i\n/usr/bin/ls\ny\n644:0\ni\n0\n1' 'stage, configuration, images'
before=$(find /tmp -maxdepth 1 -name 'shifter-sandbox.*' | wc -l)
"$sandbox" sleep 1000 & pid=$!
ok 'a sandbox starts' wait_until 10 sh -c "test \$(find /tmp -maxdepth 1 -name 'shifter-sandbox.*' | wc -l) -gt $before"
kill -TERM $pid; wait $pid
is $? 143 'a sandbox that is terminated says so'
is "$(find /tmp -maxdepth 1 -name 'shifter-sandbox.*' | wc -l)" "$before" 'and leaves no folder'
is "$(find /sys/fs/cgroup -name "shifter-sandbox-$pid" | wc -l)" 0 'nor cgroups'
exits 125 'sandbox: a stage that is none' "$sandbox" --stage /no/such/folder true
exits 125 'sandbox: an unknown option' "$sandbox" --no-such true
done_testing
