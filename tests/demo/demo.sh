#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# demo.sh - ./demo does what it says, says no when it is not so, and leaves nothing
# shellcheck disable=SC2317                 # functions are called by name
set -u
src=${SHIFTER_SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh" || exit 1
export SHIFTER_CACHE=${SHIFTER_CACHE:-$src/build/cache}
RUN=$src/build/demo/cluster
demo=$src/demo

is_down() { [ ! -e "$RUN" ]; }
is_started() { [ -e "$RUN/holders" ]; }
down_again() { is_down || "$demo" --down; }
one_line() { # one_line TEXT REGEX DESC
	is "$(grep -c . <<<"$1")" 1 "$3: one line"
	like "$1" "$2" "$3: it is clear"
}

like "$("$demo" --help)" '--keep' "--help tells the options"
said=$("$demo" --kep 2>&1); rc=$?
is "$rc" 1 "an unknown option is refused"
one_line "$said" "^demo: unknown argument '--kep'" "an unknown option"
said=$("$demo" --keep --down 2>&1); rc=$?
is "$rc" 1 "--keep with --down is refused"
one_line "$said" '^demo: cannot both ' "--keep with --down"

said=$("$demo" --keep --torque 2>&1); rc=$?
is "$rc" 1 "--keep with --torque is refused"
one_line "$said" '^demo: cannot keep nodes of Torque' "--keep with --torque"

if [ "$(id -u)" != 0 ]; then
	skip "the demo itself" "needs root"
	done_testing
	exit
fi
chmod 755 "$T_DIR" && install -m 755 "$demo" "$T_DIR/demo"
said=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$T_DIR/demo" 2>&1); rc=$?
is "$rc" 1 "who is not root is refused"
one_line "$said" '^demo: cannot start a cluster: not root' "who is not root"

if ! is_down; then
	fail "no demo is up" "there is '$RUN': ./demo --down"
	done_testing
	exit
fi
on_exit down_again

# --- left up: it can be used as it says, not be started twice, and be taken down ---
said=$("$demo" --keep 2>&1); rc=$?
is "$rc" 0 "the demo succeeds" || t_note "$said"
is "$(grep -c '^  yes  ' <<<"$said")" 9 "it has checked what it shows"
unlike "$said" '  NO   ' "all of it was so"
like "$said" 'from 10\.99\.0\.4: libshifter demo image' "the ring of hops is shown"
like "$said" 'ring: 8 ranks on 4 hosts: token=1008 ok' "the result of mpirun is shown"
login=$(sed -n 's/^ *\(sudo \)\{0,1\}\(RUN=.* exec -u alice login\)$/\2/p' <<<"$said")
is "$(bash -c "$login" <<<'cd && ls job.sh && id -un' 2>&1)" "job.sh
alice" "one can log in as it says"
again=$("$demo" 2>&1); rc=$?
is "$rc" 1 "a second one is refused"
one_line "$again" '^demo: cannot start a cluster: that of an earlier demo is up' "a second one"
ok "the first one is still there" is_started
ok "--down takes it down" "$demo" --down
ok "nothing of it is left" is_down
is "$("$demo" --down)" "no cluster is up" "--down again has nothing to do"

# --- an image in which the job cannot be what it should be ---
mkdir "$T_DIR/cache" && cp -a "$SHIFTER_CACHE/udiImage" "$T_DIR/cache/"
ok "there is an image without bash" "$src/tests/images/make-image" busybox "$T_DIR/cache/images/mpi.squashfs"
cp "$SHIFTER_CACHE/images/.mpi.squashfs.recipe" "$T_DIR/cache/images/"
said=$(SHIFTER_CACHE=$T_DIR/cache "$demo" 2>&1); rc=$?
is "$rc" 1 "a job that fails fails the demo"
like "$said" '  NO   the job succeeded' "which says so"
like "$said" '  NO   mpirun ran' "and what else was not so"
ok "and nothing of it is left" is_down

# --- the same job on Torque ---
said=$("$demo" --torque 2>&1); rc=$?
is "$rc" 0 "the demo of Torque succeeds" || t_note "$said"
is "$(grep -c '^  yes  ' <<<"$said")" 8 "it has checked what it shows"
like "$said" 'from 10\.99\.0\.3: libshifter demo image' "the ring of hops is shown"
like "$said" 'ring: 6 ranks on 3 hosts: token=1006 ok' "the result of mpirun is shown"
ok "nothing of it is left" is_down

# --- interrupted while the cluster is up ---
"$demo" >"$T_DIR/out" 2>&1 &
pid=$!
ok "another one starts a cluster" wait_until 60 is_started
kill -TERM "$pid"
wait "$pid"; rc=$?
is "$rc" 143 "it ends when it is told to"
ok "and its cluster with it" is_down
done_testing
