#!/bin/bash
# shellcheck disable=SC1003,SC1010,SC2086  # backslashes, the word done, flags of cc
# SPDX-License-Identifier: BSD-3-Clause
#
# Configurations that are none, and a daemon that reads them all and goes on.
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash"

etc=/etc/shifter/hostile
mkdir -p $etc && chmod 755 $etc || exit 1
good=/etc/shifter/good.conf
echo 'sshdPort = 4711' >$good

flags=$(PKG_CONFIG_PATH=/usr/lib/pkgconfig pkg-config --cflags --libs --static libshifter) &&
	t_run "${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -include stdbool.h -o /img/daemon \
		"$tests/config/daemon.c" $flags
if [ "${T_RC:-1}" != 0 ]; then
	fail 'a program is built with libshifter.a and its pkg-config file' "$T_OUT"
	done_testing
fi

# Each case: a file below $etc, and what is said of it.
names=() regexes=()
case_() { # case_ NAME REGEX: $etc/NAME, made before or after
	names+=("$etc/$1") regexes+=("$2")
}
put() { # put NAME: from standard input
	cat >"$etc/$1"
}
line() { # line NAME REGEX TEXT: one line, the second of the file
	printf '# a comment\n%s\n' "$3" | put "$1"; case_ "$1" "^$etc/$1:2: $2"
}
long() { # long N: so many bytes
	head -c "$1" /dev/zero | tr '\0' a
}

# --- what is no file of root's alone ---
mkdir $etc/directory; case_ directory 'not a regular file|Is a directory'
mkfifo $etc/fifo; case_ fifo 'not a regular file'
ln -s $good $etc/link; case_ link 'it is a symbolic link'
ln -s nowhere $etc/dangling; case_ dangling 'it is a symbolic link'
ln -s loop $etc/loop; case_ loop 'it is a symbolic link'
case_ missing 'No such file or directory'
case_ link/below 'Not a directory'
cp $good $etc/group; chmod 664 $etc/group; case_ group "'$etc/group' is writable by others than its owner .mode 0664"
cp $good $etc/others; chmod 646 $etc/others; case_ others "writable by others"
cp $good $etc/alice; chown alice $etc/alice; case_ alice "'$etc/alice' belongs to uid 2001"
mkdir -m 775 $etc/shared; cp $good $etc/shared/conf; case_ shared/conf "'$etc/shared' is writable by others"
mkdir $etc/hers; cp $good $etc/hers/conf; chown alice $etc/hers; case_ hers/conf "'$etc/hers' belongs to uid 2001"
ln -s hers $etc/way; case_ way/conf "'$etc/hers' belongs to uid 2001"
mknod $etc/device c 1 5; case_ device 'not a regular file'
truncate -s 100M $etc/huge; case_ huge "cannot read configuration '$etc/huge': it is larger than 1 MiB"
case_ "$(long 3000)" 'File name too long|not an absolute path'

# --- what has no meaning ---
line unknown "there is no key 'nonsense'" 'nonsense = 1'
line case "there is no key 'sshdport'" 'sshdport = 1'
line original "there is no key 'udiMount', it is obsolete .*--convert $etc/original'" 'udiMount=/var/udiMount'
line environment "'..' is not expanded" 'imagePath = "${HOME}"'
line environment-bare "'..' is not expanded" 'imagePath = ${HOME}'
line environment-quoted "imagePath must be an absolute path .* not '..HOME.'" "imagePath = '\${HOME}'"
line environment-list "'..' is not expanded" 'siteEnv = { "A=1", "B=${HOME}" }'
line include "." 'include("/etc/shifter/hostile/include")'
line include-alice "." 'include("/home/alice/conf")'
line include-bare "." 'include /etc/shifter/good.conf'
line function "." 'sshdPort(1)'
line section "." 'section { sshdPort = 1 }'
line section-key "." 'sshdPort { a = 1 }'
line section-deep "." "$(printf 'a{%.0s' {1..1000})"
line append "." 'sshdListen += { "10.0.0.0/8" }'
printf 'sshdPort = 1\n\nsshdPort = 2\n' | put twice; case_ twice ":3: sshdPort is set twice, before in line 1"
printf 'udiImagePath = /a\noptUdiImage = /a\n' | put twice-alias; case_ twice-alias ":2: optUdiImage is set twice, before in line 1"
line zeros "sshdPort must be a decimal number .*, not '010'" 'sshdPort = 010'
line huge-number "sshdPort must be a decimal" "sshdPort = $(printf '9%.0s' {1..400})"
line wrapped "sshdPort must be a decimal" 'sshdPort = 4294967297'
line negative "sshdPort must be a decimal" 'sshdPort = -1'
line hexadecimal "sshdPort must be a decimal" 'sshdPort = 0x10'
line float "sshdPort must be a decimal" 'sshdPort = 1e3'
line empty-number "sshdPort must be a decimal" 'sshdPort = ""'
line no-value "there must be a value after 'sshdPort ='" 'sshdPort ='
line no-equals "there must be '=' after sshdPort" 'sshdPort 1'
line list-for-one "." 'sshdPort = { 1 }'
line relative "imagePath must be an absolute path" 'imagePath = images'
line dots "imagePath must be an absolute path" 'imagePath = /a/../b'
line string "the string that starts here has no end" 'imagePath = "/a'
line string-single "the string that starts here has no end" "imagePath = '/a"
line comment "the comment that starts here has no end" '/* imagePath = /a'
printf 'siteEnv = { "A=1",\n' | put list; case_ list ':[12]: the list of siteEnv must be'
line number-escape "characters by number are not taken" 'imagePath = "/a\000/b"'
printf 'sshdPort = 1\nimagePath = /a\0b\n' | put nul; case_ nul ":2: there is a NUL byte"
printf 'sshdPort = 1\r\nimagePath = /a\r\n' | put crlf; case_ crlf ":1: .*carriage return"
printf 'sshdPort = 1\nimagePath = "/a\033[2J"\n' | put escape; case_ escape ":2: there is a control character"
printf 'sshdPort = 1\nimagePath = "/a\377b"\n' | put utf8; case_ utf8 ":2: this is not UTF-8"
printf '# caf\351\nsshdPort = 1\n' | put latin1; case_ latin1 ":1: this is not UTF-8"
printf '\xef\xbb\xbfsshdPort = 1\n' | put bom; case_ bom ":1: .*byte order mark"

# --- what is too much ---
{ printf 'siteEnv = {'; seq -f '"A%.0f=",' 1 1000000; echo '}'; } | put million; case_ million 'larger than 1 MiB'
{ printf 'siteEnv = {'; seq -f '"A%.0f=",' 1 90000; echo '}'; } | put many; case_ many ':[0-9]+: siteEnv has more than 1024'
{ printf 'siteFs = "'; yes '/a:/a;' | head -n 150000 | tr -d '\n'; echo '"'; } | put many-in-one; case_ many-in-one ':1: siteFs '
{ printf 'imagePath = "/'; long 1000000; echo '"'; } | put long-value; case_ long-value ':1: imagePath '
{ long 1000000; echo ' = 1'; } | put long-key; case_ long-key ':1: there is no key'
yes '"' | head -c 1000000 | put quotes; case_ quotes ':[12]: '
yes '{' | head -c 1000000 | put braces; case_ braces ':1: '
yes '\' | head -c 1000000 | put backslashes; case_ backslashes ':1: '
yes '/*' | head -c 1000000 | put comments; case_ comments ':1: '
{ printf 'imagePath = "'; yes '\"' | head -c 1000000; } | put quoted-quotes; case_ quoted-quotes ':1: '
head -c 100000 /dev/urandom | put noise; case_ noise '.'

# report TITLE: what the daemon wrote, case by case
report() {
	local i got why
	is "$rc" 0 "$1: the daemon goes on"
	is "$(grep -vF $'\t' /img/result)" done "$1: and is as it was"
	for i in "${!names[@]}"; do
		got=$(awk -F'\t' -v f="${names[i]}" '$1 == f' /img/result)
		why=
		IFS=$'\t' read -r _ error fault ms text <<<"$got"
		[ "${error:-0}" != 0 ] || why='accepted'
		[ "${fault:-0}" = 2 ] || why+=" fault ${fault:-none}, wanted 2"
		[[ $text =~ ${regexes[i]} ]] || why+=" not like '${regexes[i]}'"
		[ "${ms:-99999}" -lt 3000 ] || why+=" took ${ms:-} ms"
		[[ $text == *"${names[i]:0:40}"* ]] || why+=' does not name the file'
		if [ -z "$why" ]; then pass "$1: ${names[i]:21:40}"
		else fail "$1: ${names[i]:21:40}" "$why: ${text:0:300}"; fi
	done
}
run() { # run CMD...: the daemon, with HOME and more in its environment
	rm -f /img/result
	env HOME=/etc sshdPort=1 LD_BIND_NOW=1 SHIFTER_CONFIG=/x timeout 120 "$@"
	rc=$?
}
run /img/daemon $good /img/result "${names[@]}" </dev/null >/dev/null 2>/img/err
report 'a daemon'
is "$(cat /img/err)" '' 'a daemon: the library prints nothing'
run /img/daemon -c $good /img/result "${names[@]}"
report 'a daemon without standard descriptors'

# --- short of something: reading may fail, but with a reason, and the daemon goes on ---
short() { # short TITLE ULIMIT-OPTION...
	local title=$1; shift
	(ulimit "$@" && exec timeout 60 /img/daemon $good /dev/stdout $good "${names[@]}") </dev/null \
		2>/dev/null | cat >/img/result
	rc=${PIPESTATUS[0]}
	is "$rc $(tail -n 1 /img/result)" '0 done' "$title: the daemon goes on"
	is "$(grep '^changed' /img/result | grep -v sshdPort)" '' "$title: and is as it was"
	is "$(awk -F'\t' 'NF == 5 && $2 != 0 && $5 == ""' /img/result)" '' "$title: each failure has a reason"
}
short 'few descriptors' -n 10
short 'hardly a descriptor' -n 8
short 'no file may be written' -f 0
short 'little memory' -v 20000
short 'no core' -c 0
short 'a small stack' -s 64

# --- good ones that look bad ---
as_file() { cat >/etc/shifter/fine.conf; }
accepted() { # accepted DESC KEY VALUE: of /etc/shifter/fine.conf
	is "$(shifterctl --config /etc/shifter/fine.conf config "$2" 2>&1)" "$3" "$1"
}
printf '' | as_file; accepted 'an empty file' sshdPort 1204
printf 'sshdPort=1' | as_file; accepted 'no line end at the end' sshdPort 1
printf '# caf\303\251\nsshdPort = 1 # "\n/* " */ imagePath = "/caf\303\251"\n' | as_file
accepted 'UTF-8' imagePath /café
printf 'siteEnv = {\n\t"A=}",\n\t'\''B=${X}'\'',\n"C=a;b" }\n' | as_file
accepted 'marks in quotes' siteEnv $'A=}\nB=${X}\nC=a;b'
shifterctl --config /etc/shifter/fine.conf config >/etc/shifter/again.conf
is "$(shifterctl --config /etc/shifter/again.conf config | grep -v '^#')" "$(grep -v '^#' /etc/shifter/again.conf)" \
	'what shifterctl config prints is a configuration'
shifterctl config >/etc/shifter/again.conf
is "$(shifterctl --config /etc/shifter/again.conf config | grep -v '^#')" "$(grep -v '^#' /etc/shifter/again.conf)" \
	'and so are the defaults'
unchanged 'nothing is left'
done_testing
