#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# udi-session, compiled for a folder of the test: environments, shells and exit statuses.
set -u
src=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/udi-session.XXXXXX") || exit 1
on_exit rm -rf "$tmp"
chmod 0755 "$tmp"
mkdir -p "$tmp/udi/libexec" "$tmp/run" "$tmp/home" || exit 1
session=$tmp/udi/libexec/udi-session
wrap=-Wl,--wrap=connect,--wrap=accept,--wrap=listen,--wrap=setlocale,--wrap=execve
${CC:-cc} -std=gnu11 -O2 -static "$wrap" -DUDI_PREFIX="\"$tmp/udi\"" -DUDI_RUN="\"$tmp/run\"" \
	-I "$src/lib" -o "$session" "$src"/udiImage/udi_{session,env,openssh}.c \
	"$src"/lib/base/{caller,command_env,environ,locale_name}.c || exit 1

# in_session [NAME=VALUE]... - with what sshd sets; the command is SSH_ORIGINAL_COMMAND
in_session() {
	env -i HOME="$tmp/home" USER=alice LOGNAME=alice SHELL=/bin/bash PATH=/usr/bin:/bin TERM=vt100 \
		SSH_CONNECTION='10.0.0.1 5 10.0.0.2 22' SHLVL=1 _=/somewhere "$@" "$session"
}

# status_is WANTED COMMAND...
status_is() {
	local wanted=$1 got
	shift
	"$@" >/dev/null 2>&1
	got=$?
	[ "$got" = "$wanted" ] || { echo "exit status $got, wanted $wanted"; return 1; }
}

# ---- the environment, exactly

: >"$tmp/run/session.env"
for ((i = 0; i < 200; i++)); do
	printf 'JOB_%d=%d line one\n\tline "two"=\\x\x27 $HOME `x`\r;&\0' "$i" "$i"
done >>"$tmp/run/session.env"
printf 'BASH_FUNC_f%%%%=() {  echo "from a function"\n}\0EMPTY=\0PATH=/opt/udiImage/bin:/job/bin:/usr/local/bin:/usr/bin:/bin\0BIG=%s\0' \
	"$(head -c 100000 /dev/zero | tr '\0' b)" >>"$tmp/run/session.env"
sort -z "$tmp/run/session.env" >"$tmp/wanted"
in_session SSH_ORIGINAL_COMMAND="env -0 >$tmp/got" </dev/null
is "$?" 0 "a command runs"
all_arrive() {
	grep -zE '^(JOB_|BASH_FUNC_f|EMPTY=|PATH=|BIG=)' "$tmp/got" | sort -z | cmp - "$tmp/wanted"
}
ok "204 variables with newlines, quotes, a function and 100 kB arrive exactly" all_arrive
is "$(in_session SSH_ORIGINAL_COMMAND='f' </dev/null)" "from a function" "an exported function works"
is "$(in_session SSH_ORIGINAL_COMMAND='printenv SSH_ORIGINAL_COMMAND _ OLDPWD | head -n 1' </dev/null)" \
	/usr/bin/printenv "SSH_ORIGINAL_COMMAND is gone"
is "$(in_session SSH_ORIGINAL_COMMAND='echo $SHLVL' </dev/null)" 1 "SHLVL is that of a first shell"

printf '%s\0' USER=mallory LOGNAME=mallory HOME=/evil SHELL=/evil TERM=dumb SSH_CONNECTION=evil \
	SSH_AUTH_SOCK=/evil DISPLAY=:9 XAUTHORITY=/evil PWD=/evil SHLVL=9 OLDPWD=/evil MAIL=/job \
	TWICE=first TWICE=second >"$tmp/run/session.env"
is "$(in_session SSH_ORIGINAL_COMMAND='env' MAIL=/sshd </dev/null | grep -E 'evil|mallory|dumb|:9' | sort)" \
	"" "what belongs to the user and the connection is not the job's"
is "$(in_session SSH_ORIGINAL_COMMAND='printenv MAIL TWICE TERM' MAIL=/sshd </dev/null | tr '\n' ' ')" \
	"/job second vt100 " "the job's value wins elsewhere, the last one of two"

# ---- defects of the file

rm "$tmp/run/session.env"
is "$(in_session SSH_ORIGINAL_COMMAND='echo plain' 2>&1 </dev/null)" plain "no file: a plain session, silently"
mkdir "$tmp/run/session.env"
is "$(in_session SSH_ORIGINAL_COMMAND='echo on' 2>&1 </dev/null)" \
	"udi-session: cannot read '$tmp/run/session.env': not a regular file
on" "a folder in its place is named, and the session starts"
rmdir "$tmp/run/session.env"
mkfifo "$tmp/run/session.env"
is "$(in_session SSH_ORIGINAL_COMMAND='echo on' 2>&1 </dev/null | tail -n 1)" on "a FIFO does not block it"
rm "$tmp/run/session.env"
truncate -s 17M "$tmp/run/session.env"
like "$(in_session SSH_ORIGINAL_COMMAND='echo on' 2>&1 </dev/null)" 'File too large' "17 MB are refused"
{
	printf 'NOTHING\0=x\0LONG=%s\0' "$(head -c 140000 /dev/zero | tr '\0' l)"
	printf 'AFTER=here'
} >"$tmp/run/session.env"
is "$(in_session SSH_ORIGINAL_COMMAND='echo $AFTER' 2>"$tmp/err" </dev/null)" here \
	"malformed and oversized entries do not lose the others"
like "$(cat "$tmp/err")" "cannot pass on 'LONG': longer than 131071 bytes" "the oversized one is named"
like "$(cat "$tmp/err")" "cannot use 2 entries of '$tmp/run/session.env'" "the malformed ones are told"
for ((i = 0; i < 40; i++)); do
	printf 'HUGE_%d=%s\0' "$i" "$(head -c 120000 /dev/zero | tr '\0' h)"
done >"$tmp/run/session.env"
ok "more than the kernel takes: exit status 126" status_is 126 in_session SSH_ORIGINAL_COMMAND=true
like "$(in_session SSH_ORIGINAL_COMMAND=true 2>&1)" "cannot run '/bin/bash': Argument list too long" "and the reason"
rm "$tmp/run/session.env"

# ---- the image's and the site's part

printf '%s\0' JOB=job ALL=job PATH=/job KEEP=job GONE=job >"$tmp/run/session.env"
printf '%s\0' ALL=image IMAGE=image PATH=/image HOME=/evil USER=evil TERM=evil SHELL=/evil SSH_TTY=evil \
	>"$tmp/run/image.env"
printf '%s\0' =ALL=site =SITE=site +PATH=/last ^PATH=/first '?KEEP=site' '?DEFAULT=site' -GONE -NEVER \
	>"$tmp/run/site.env"
is "$(in_session SSH_ORIGINAL_COMMAND='echo $JOB $ALL $IMAGE $SITE $KEEP $DEFAULT ${GONE-none}' </dev/null)" \
	"job site image site job site none" "sshd, job, image, site: in this order"
is "$(in_session SSH_ORIGINAL_COMMAND='echo $PATH' </dev/null)" \
	/opt/udiImage/bin:/first:/image:/last:/usr/local/bin:/usr/bin:/bin "PATH is the image's, with the site's, our ssh first"
is "$(in_session SSH_ORIGINAL_COMMAND='env' </dev/null 2>&1 | grep evil)" "" \
	"the image does not say who the user is"
is "$(in_session SSH_ORIGINAL_COMMAND='echo $OMPI_MCA_plm $HYDRA_LAUNCHER' </dev/null)" "rsh ssh" \
	"MPI launchers are told to use ssh"
printf '%s\0' '?SHIFTER_MPI_SSH=0' >"$tmp/run/site.env"
is "$(in_session SSH_ORIGINAL_COMMAND='echo $OMPI_MCA_plm $HYDRA_LAUNCHER' </dev/null)" "" "or not"
printf '%s\0' broken '!A=1' =B=2 >"$tmp/run/site.env"
is "$(in_session SSH_ORIGINAL_COMMAND='echo $B' 2>"$tmp/err" </dev/null)" 2 "what is malformed does not lose the rest"
like "$(cat "$tmp/err")" "cannot use 2 entries of '$tmp/run/site.env'" "and is told"
rm "$tmp/run/image.env" "$tmp/run/site.env" "$tmp/run/session.env"

# ---- shells and statuses

for status in 0 7 255; do
	ok "exit status $status comes back" status_is $status in_session SSH_ORIGINAL_COMMAND="exit $status"
done
ok "death by signal comes back" status_is 137 in_session SSH_ORIGINAL_COMMAND='kill -9 $$'
is "$(echo 'shopt -q login_shell && echo "login $0"' | in_session)" "login -bash" "no command: a login shell"
is "$(in_session SSH_ORIGINAL_COMMAND=cat <<<"through")" through "standard input is the command's"
is "$(in_session SHELL=/nowhere SSH_ORIGINAL_COMMAND='echo $SHELL' </dev/null)" /bin/bash "a missing shell: bash"
is "$(in_session SHELL="$session" SSH_ORIGINAL_COMMAND='echo $SHELL' </dev/null)" /bin/bash \
	"itself as the shell: no loop"
ln "$session" "$tmp/sh"
is "$(in_session SHELL="$tmp/sh" SSH_ORIGINAL_COMMAND='echo on' </dev/null)" on "nor under another name"
printf '#!/nowhere/interpreter\n' >"$tmp/broken"
chmod +x "$tmp/broken"
is "$(in_session SHELL="$tmp/broken" SSH_ORIGINAL_COMMAND='echo on' 2>"$tmp/err" </dev/null)" on \
	"a shell that cannot run: the next"
like "$(cat "$tmp/err")" "cannot run '$tmp/broken': No such file or directory" "and it is named"

# As the shell of a passwd entry.
is "$(env -i SHELL="$session" SSH_ORIGINAL_COMMAND='echo forced' "$session" -c "$session" </dev/null)" forced \
	"sshd's way through itself runs the session"
printf 'JOB=1\0' >"$tmp/run/session.env"
is "$(env -i SHELL="$session" JOB=2 "$session" -c 'echo $JOB $0 $1' </dev/null)" "2 bash" \
	"-c COMMAND of others is passed on, with their environment"
is "$(env -i SHELL=/bin/sh "$session" -c 'echo $0 $1' name one </dev/null)" "name one" "arguments are, too"

done_testing
