#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How shifterctl turns its command line into calls of the library, with a library
# that writes them down.  Root is needed: shifterctl insists on it.
set -u

top=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=tests/harness/lib.sh
. "$top/tests/harness/lib.sh"

if [ "$(id -u)" != 0 ]; then
	skip 'shifterctl' 'needs root'
	done_testing
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/shifter-cli.XXXXXX") || exit 1
on_exit rm -rf "$scratch"
chmod 755 "$scratch"
mkdir -p "$scratch/include/shifter"
sed 's/@VERSION_MAJOR@/7/; s/@VERSION_MINOR@/8/; s/@VERSION_MICRO@/9/' \
	"$top/include/shifter/version.h.in" >"$scratch/include/shifter/version.h"
shifterctl=$scratch/shifterctl
build() {
	local flags
	flags=$(pkg-config --cflags --libs json-c) || return
	# shellcheck disable=SC2086
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -DSHF_LIBEXECDIR='"/nonexistent"' -O1 -Wall -Wextra -Werror \
		-I"$scratch/include" -I"$top/include" -o "$shifterctl" "$top"/bin/shifterctl*.c \
		"$top/bin/cli_say.c" "$top/tests/cli/fake_libshifter.c" $flags
}
if ! build; then
	fail 'shifterctl builds'
	done_testing
fi

calls=$scratch/calls rc=0 out='' err=''
# ctl "NAME=VALUE..." ARG...: shifterctl with these variables of the library
ctl() {
	local settings=$1
	shift
	: >"$calls"
	chmod 666 "$calls"
	# shellcheck disable=SC2086
	env CALLS="$calls" $settings "$shifterctl" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	rc=$?
	out=$(cat "$scratch/out")
	err=$(cat "$scratch/err")
}
called() { grep -v '^config ' "$calls"; }
# refused DESCRIPTION REGEX: status 2, one line, the library was not called.
refused() {
	is "$rc" 2 "$1: exit status"
	like "$err" "$2" "$1: reason"
	is "$(grep -c '' "$scratch/err") $(called)" '1 ' "$1: one line, and nothing done"
}
account='--user jo --uid 2001 --gid 2002 --home /h --shell /bin/zsh'

# --- setup ---
# shellcheck disable=SC2086
ctl '' setup --id j1 --image debian $account --groups 7,8
is "$rc|$out|$err" '0||' 'setup says nothing'
is "$(called)" 'setup id=j1 image=debian user=jo home=/h shell=/bin/zsh uid=2001 gid=2002 flags=0 groups=7,8 listen=- port=0 volumes= size=1 hook_pid=0 job_file=-' 'setup with all that is given'
# shellcheck disable=SC2086
ctl '' setup --id j1 --image debian $account --groups '' --sshd --port 22 --listen 10.0.0.1 --volume /a:/b --volume=/c:/d:ro
like "$(called)" 'flags=1 groups= listen=10.0.0.1 port=22 volumes=\[/a:/b\]\[/c:/d:ro\] ' 'setup with sshd and volumes'
ctl '' setup --id j1 --image debian --user daemon
IFS=: read -r _ _ uid gid _ home shell < <(getent passwd daemon)
like "$(called)" "user=daemon home=$home shell=$shell uid=$uid gid=$gid flags=0 groups=$gid " 'setup asks the name service'
ctl '' setup --id j1 --image debian --user daemon --gid 77
like "$(called)" "uid=$uid gid=77 " 'what is given comes first'
ctl '' setup --id j1 --image debian --user daemon --uid 77
is "$rc" 2 'a uid that is not the name'"'"'s'
like "$err" "cannot use --uid 77: user 'daemon' has uid $uid" 'a uid that is not the name'"'"'s: reason'
ctl '' setup --id j1 --image debian --user daemon --uid 77 --gid 78 --home /h --shell /bin/sh --groups ''
is "$rc" 0 'with everything given nobody is asked whose name that is'
ctl '' setup --id j1 --image debian --user no.such.user
refused 'an unknown user' "cannot look up user 'no.such.user': no such user"
for missing in id image user; do
	words=(--id j1 --image debian --user daemon)
	case $missing in
	id) words=("${words[@]:2}") ;;
	image) words=("${words[@]:0:2}" "${words[@]:4}") ;;
	user) words=("${words[@]:0:4}") ;;
	esac
	ctl '' setup "${words[@]}"
	refused "setup without --$missing" "cannot run setup: no --$missing: try"
done
for bad in --uid=0 --uid=-1 --uid=4294967295 --uid=4294967296 --uid=010 --uid=1x --uid= --gid=0 \
	--groups=1,,2 --groups=0 --groups=x --port=0 --port=65536; do
	ctl '' setup --id j1 --image debian --user daemon --sshd "$bad"
	refused "setup with $bad" "cannot use ${bad%%=*} '.*': not a number from"
done
ctl '' setup --id j1 --image debian --user daemon --port 9
refused 'a port without sshd' 'for --sshd'
ctl '' setup --id j1 --image debian --user daemon more
refused 'setup and a word' "unexpected argument 'more'"
ctl '' setup --sshd -xy
refused 'an unknown letter' "unknown option '-x'"
ctl '' setup --bogus=1
refused 'an unknown option' "unknown option '--bogus'"
ctl '' setup --sshd=1
refused 'a value too many' "option takes no value '--sshd'"
ctl '' setup --id
refused 'a value too few' "no value for option '--id'"

# --- who has to act ---
for pair in 1:3 2:4 3:5 4:2 0:2; do
	# shellcheck disable=SC2086
	ctl "FAIL=setup:5:${pair%:*}" setup --id j1 --image debian $account
	is "$rc" "${pair#*:}" "fault ${pair%:*} is exit status ${pair#*:}"
	is "$err" "shifterctl: cannot setup 'j1'" "fault ${pair%:*}: the library's words"
done

# --- sshd ---
printf 'ssh-ed25519 AAAA me\n' >"$scratch/key.pub"
ctl '' sshd j1 --principal p.1 --user-key 'ssh-ed25519 BBBB'
is "$(called)" "open j1
sshd key=ssh-ed25519 BBBB file=- principal=p.1 timeout=0 env= size=1 place=0
close " 'sshd'
ctl '' sshd --principal p.1 --user-key-file "$scratch/key.pub" --private-key-file /k --env A=1 --env B= --timeout 500 j1
like "$(called)" 'sshd key=ssh-ed25519 AAAA me file=/k principal=p.1 timeout=500 env=\[A=1\]\[B=\] ' 'sshd with everything'
ctl FAIL=sshd:5:3 sshd j1 --principal p --user-key k
is "$rc $(tail -n 1 "$calls")" '5 close ' 'sshd fails: the handle is closed'
ctl FAIL=open:2:1 sshd j1 --principal p --user-key k
is "$rc $err" "3 shifterctl: cannot open 'j1'" 'sshd of no container'
ctl '' sshd j1 --principal p
refused 'sshd without a key' 'one of --user-key, --user-key-file'
ctl '' sshd j1 --principal p --user-key k --user-key-file /f
refused 'sshd with two keys' 'one of --user-key, --user-key-file'
ctl '' sshd j1 --user-key k
refused 'sshd without a principal' 'no --principal'
ctl '' sshd --principal p --user-key k
refused 'sshd of nothing' "one container's id"
ctl '' sshd a b --principal p --user-key k
refused 'sshd of two' "one container's id"
ctl '' sshd j1 --principal p --user-key k --timeout 0
refused 'a timeout of 0' "cannot use --timeout '0'"
mkfifo "$scratch/fifo"
ln -s key.pub "$scratch/link"
head -c 20000 /dev/zero | tr '\0' x >"$scratch/long"
printf 'a\0b\n' >"$scratch/nul"
for case in 'fifo:not a regular file' 'link:symbolic link' 'long:too long' 'nul:not a public key' \
	'none:No such file or directory' 'include:not a regular file'; do
	ctl '' sshd j1 --principal p --user-key-file "$scratch/${case%%:*}"
	refused "a public key that is a ${case%%:*}" "cannot read public key '.*': .*${case#*:}"
done

# --- hostsfile ---
ctl '' hostsfile j1 --slurm 'n[1-2]' --slots '4(x2)'
is "$(called)" "open j1
from_slurm n[1-2]
slots 4(x2)
close " 'hostsfile from Slurm'
ctl '' hostsfile j1 --slurm n1
like "$(called)" 'slots NULL' 'hostsfile from Slurm without slots'
for source in list file torque; do
	ctl '' hostsfile j1 "--$source" some/thing
	like "$(called)" "from_$source some/thing" "hostsfile from $source"
done
ctl FAIL=hostsfile:61:1 hostsfile j1 --list n1
is "$rc" 3 'hostsfile fails'
ctl '' hostsfile j1
refused 'a hostsfile of nothing' 'one of --slurm, --list, --file, --torque'
ctl '' hostsfile j1 --list a --file b
refused 'a hostsfile of two sources' 'one of --slurm, --list, --file, --torque'
ctl '' hostsfile j1 --list a --slots 1
refused 'slots of a list' '--slots is for --slurm'
ctl '' hostsfile --list a
refused 'a hostsfile without container' "one container's id"

# --- teardown ---
ctl '' teardown a b c
is "$rc $(called | paste -sd,)" '0 teardown a,teardown b,teardown c' 'teardown of several'
ctl 'FAIL=teardown:110:3 FAIL_OBJECT=b' teardown a b c
is "$rc $(called | paste -sd,)" '5 teardown a,teardown b,teardown c' 'teardown goes on, and fails'
is "$err" "shifterctl: cannot teardown 'b'" 'and says what failed'
ctl FAIL=teardown:22:4 teardown 'a/b'
is "$rc" 2 'teardown of what is no id'
ctl '' teardown
refused 'teardown of nothing' "no container's id"

# --- list ---
ctl '' list
is "$(sed 's/  */ /g' "$scratch/out")" 'ID USER STATE PORT CREATED IMAGE
a alice serving 1204 1970-01-02T00:00:00Z local:/i/"q"
b - damaged - - -' 'list'
ctl '' list --json
is "$(python3 -c 'import json,sys; print(json.load(sys.stdin))' <<<"$out")" \
	"[{'id': 'a', 'state': 'serving', 'user': 'alice', 'uid': 2001, 'image': 'local:/i/\"q\"', 'sshd_port': 1204, 'sshd_pid': 12, 'keeper_pid': 11, 'created': 86400}, {'id': 'b', 'state': 'damaged', 'user': '', 'uid': 0, 'image': '', 'sshd_port': 0, 'sshd_pid': 0, 'keeper_pid': 0, 'created': 0}]" 'list --json'
ctl EMPTY=1 list
is "$rc|$out" '0|' 'list of nothing'
ctl EMPTY=1 list --json
is "$rc|$(tr -d ' \n' <"$scratch/out")" '0|[]' 'list of nothing as JSON'
ctl FAIL=list:5:3 list --json
is "$rc|$out|$err" "5||shifterctl: cannot list ''" 'list --json fails'
env CALLS="$calls" "$shifterctl" list >/dev/full 2>/dev/null
is "$?" 5 'a list that cannot be written'

# --- config ---
ctl '' config
is "$rc|$out" '0|# /f:3
path = "/a b"
# default
flag = true
# default
words = { "x", "y" }
# /f:4
none = { }' 'config'
ctl '' config --json
is "$(python3 -c 'import json,sys; print(json.load(sys.stdin))' <<<"$out")" \
	"[{'key': 'path', 'value': '/a b', 'origin': '/f:3', 'doc': 'A path.'}, {'key': 'flag', 'value': True, 'origin': 'default', 'doc': 'A flag.'}, {'key': 'words', 'value': ['x', 'y'], 'origin': 'default', 'doc': 'Words.'}, {'key': 'none', 'value': [], 'origin': '/f:4', 'doc': 'Nothing.'}]" 'config --json'
ctl '' config words
is "$rc|$out" $'0|x\ny' 'config of a key'
ctl '' config none
is "$rc|$out" '0|' 'config of an empty list'
ctl '' config --json words
is "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["value"])' <<<"$out")" "['x', 'y']" \
	'config --json of a key is an object'
ctl '' config alias
is "$rc|$out" '0|7' 'config of another word for a key'
ctl FAIL=get_setting:2:4 config unknown
is "$rc|$out|$err" "2||shifterctl: cannot get_setting 'unknown'" 'config of no key'
ctl FAIL=config:22:2 config
is "$rc|$out|$err" "4||shifterctl: cannot config ''" 'config of a wrong configuration'
ctl FAIL=list_settings:12:3 config
is "$rc|$out" '5|' 'config fails'
ctl '' config a b
refused 'config of two keys' "unexpected argument 'b'"
ctl '' config --convert /f --json
refused 'config --convert and more' '--convert goes with nothing else'
for case in "none:No such file" "fifo:not a regular file" "include:not a regular file"; do
	ctl '' config --convert "$scratch/${case%%:*}"
	refused "config --convert of ${case%%:*}" "${case#*:}"
done
env CALLS="$calls" "$shifterctl" config >/dev/full 2>/dev/null
is "$?" 5 'a configuration that cannot be written'

# --- check ---
ctl '' check
is "$rc|$err|$(called)" '0||check ' 'check: nothing but warnings'
is "$out" $'configuration: ok\nkernel: ok\nsshdPort: warning: it is low' 'a line for each look'
ctl FAIL=check:117:2 check
is "$rc|$err" '4|' 'check: the site has to act'
like "$out" $'sshd: line 3: "x"\nloop: none$' 'all is told'
ctl FAIL=check:117:2 check --json
is "$rc|$(python3 -c 'import json,sys; print([(i["name"], i["state"], i.get("problem")) for i in json.load(sys.stdin)])' <<<"$out")" \
	"4|[('configuration', 'ok', None), ('kernel', 'ok', None), ('sshdPort', 'warning', 'it is low'), ('sshd', 'site', 'line 3: \"x\"'), ('loop', 'node', 'none')]" \
	'check --json'
ctl FAIL=config:22:2 check
is "$rc|$out|$(called)" "4|configuration: cannot config ''|" 'check of a wrong configuration ends there'
ctl FAIL=config:2:2 check
is "$rc|${out%%$'\n'*}" '0|configuration: ok' 'check without a configuration'
ctl '' check all
refused 'check of something' "unexpected argument 'all'"
ctl '' check --frob
refused 'check with an unknown option' "unknown option '--frob'"
env CALLS="$calls" "$shifterctl" check >/dev/full 2>/dev/null
is "$?" 5 'findings that cannot be written'

# --- key and resolve, as a user ---
as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
ctl '' key
refused 'a key for root' "it is for the job's user, not root"
out=$(HOME=/some/home CALLS=$calls as_user "$shifterctl" key)
is "$?|$out" '0|ssh-ed25519 AAAA' 'key'
like "$(cat "$calls")" 'key /some/home' 'key of HOME'
CALLS=$calls as_user "$shifterctl" key --home /other >/dev/null
like "$(cat "$calls")" 'key /other' 'key of --home'
err=$(env -u HOME CALLS="$calls" setpriv --reuid 65534 --regid 65534 --clear-groups "$shifterctl" key 2>&1)
is "$?" 2 'key of nobody'
like "$err" 'no --home' 'key of nobody: reason'
ctl '' resolve debian
is "$rc|$out|$(called)" '0|id:0123|resolve debian' 'resolve'
ctl FAIL=resolve:2:1 resolve debian
is "$rc|$out|$err" "3||shifterctl: cannot resolve 'debian'" 'resolve fails'
ctl '' resolve
refused 'resolve nothing' 'one image reference'
for command in setup sshd hostsfile teardown list check; do
	: >"$calls"
	err=$(CALLS=$calls as_user "$shifterctl" "$command" 2>&1)
	is "$? $(cat "$calls")" '2 ' "$command of a user"
	like "$err" "^shifterctl: cannot run $command: it needs root: try 'sudo shifterctl $command'$" "$command of a user: reason"
done

# --- configuration and messages ---
ctl '' resolve x
like "$(cat "$calls")" '^config NULL' 'the installed configuration'
ctl '' --config /c resolve x
like "$(cat "$calls")" '^config /c' 'another configuration'
ctl FAIL=config:2:2 resolve x
is "$rc $(called)" '0 resolve x' 'no configuration installed: built-in values'
ctl FAIL=config:2:2 --config /c resolve x
is "$rc|$err|$(called)" "4|shifterctl: cannot config '/c'|" 'a configuration that is not there'
ctl FAIL=config:22:2 resolve x
is "$rc|$(called)" '4|' 'a wrong configuration'
ctl FAIL=config:22:2 teardown a
is "$rc|$err|$(called)" "0|shifterctl: warning: cannot config '': going on with built-in values|teardown a" 'teardown in spite of a wrong configuration'
ctl '' -v teardown a
is "$err" $'shifterctl: config\nshifterctl: teardown' '-v'
ctl WARN=careful teardown a
is "$err" $'shifterctl: warning: careful\nshifterctl: warning: careful' 'warnings without -v'
ctl '' --version
is "$rc $out" '0 shifterctl 7.8.9' '--version'
ctl '' --help
like "$rc $out" '^0 usage: shifterctl ' '--help'
ctl ''
refused 'no command' 'no command given'
ctl '' frobnicate
refused 'an unknown command' "unknown command 'frobnicate'"
ctl '' --frob list
refused 'an unknown global option' "unknown option '--frob'"
ctl '' --config
refused 'a missing file name' "no value for option '--config'"

done_testing
