#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# shifterctl config --convert: each key of the original Shifter, and the forms of values.
#
# shellcheck disable=SC1003            # lines that end in a backslash
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash"

here=$tests/config
nl=$'\n'
new=/etc/shifter/new.conf old=/img/old.conf
# convert: $old, to out, err and rc; and what comes out is read again
convert() {
	shifterctl config --convert "$old" >"$new" 2>/img/err
	rc=$? out=$(grep -v '^#' "$new") err=$(cat /img/err)
	again=$(shifterctl --config "$new" config 2>&1) || again="refused: $again"
}
# text LINE...: convert these lines
text() { printf '%s\n' "$@" >"$old"; convert; }

# --- the table in the code, the one in the manual, and what happens ---
table=$(/usr/libexec/shifter/shifter-readconf --original)
is "$(awk -F'\t' '{ print ".It Cm " $1 " Ta " $2 " Ta " ($2 == "renamed" ? $3 ": " : "") $4 }' <<<"$table")" \
	"$(sed -n '/^\.Sh COMING FROM SHIFTER/,/^\.El/s/^\.It Cm/.It Cm/p' "$tests/../man/udiRoot.conf.5")" \
	"the manual's table is the code's"
is "$(cut -f1,2 <<<"$table" | sort)" \
	"$(grep -v '^#' "$here/original.tsv" | cut -f1,3 | sed 's/^module_mpich_/module_*_/' | sort)" \
	'the table has every key of the original'
count=0
while IFS=$'\t' read -r key value outcome line; do
	case $key in '#'*) continue ;; esac
	count=$((count + 1))
	text "# a comment" "$key=$value"
	case $outcome in
	same) want='0:' kind='^$' ;;
	renamed) want='0:' kind="^$old:2: note: $key is called ${line%% =*} here: [^$nl]+$" ;;
	obsolete) want='0:' kind="^$old:2: warning: $key is obsolete: [^$nl]+$" ;;
	refused) want='4:' kind="^$old:2: error: $key is refused: [^$nl]+$" ;;
	esac
	why=
	[ "$rc:" = "$want" ] || why="exit status $rc"
	[[ $err =~ $kind ]] || why+=" not like $kind"
	if [ -n "$line" ]; then
		grep -qxF -- "$line" <<<"$out" || why+=" no line $line"
	else
		# siteFs and allowLocalImages stand for their absence there
		[ "$(wc -l <<<"$out")" = 2 ] || why+=" more came out"
	fi
	[ "${again#refused}" = "$again" ] || why+=" $again"
	if [ -z "$why" ]; then pass "$key: $outcome"; else fail "$key: $outcome" "$why
out: $out
err: $err"; fi
	# what a daemon says that reads the old file
	echo "$key=x" >/etc/shifter/old.conf
	say=$(shifterctl --config /etc/shifter/old.conf config 2>&1) && say="accepted: $say"
	case $outcome in
	obsolete|refused)
		like "$say" "^shifterctl: /etc/shifter/old.conf:1: there is no key '$key', it is $outcome .*'shifterctl config --convert /etc/shifter/old.conf'" \
			"$key, read as it is" ;;
	esac
done <"$here/original.tsv"
ok 'all of them were tried' test "$count" -gt 50
echo 'system=x' >/etc/shifter/old.conf
like "$(shifterctl --config /etc/shifter/old.conf config 2>&1)" \
	"old.conf:1: there is no key 'system', it is called clusterName here: 'shifterctl config --convert" \
	'a renamed key, read as it is'

# --- an empty file is what it was there ---
text ''
is "$rc|$out|$err" '0|siteFs = { "/tmp:/tmp", "/var/tmp:/var/tmp" }
allowLocalImages = false|' "an empty file: the original's defaults"

# --- siteFs ---
text 'siteFs = /home;/a:/b:ro:rec;\' '   /c:/d:RO:private ; "/e:/f";;/var/tmp:/var/tmp:ro' 'siteFs=/g'
is "$rc|${out%%$'\n'*}|$err" '0|siteFs = { "/tmp:/tmp", "/var/tmp:/var/tmp:ro", "/home:/home", "/a:/b:ro", "/c:/d:ro", "/e:/f", "/g:/g" }|' \
	'siteFs: continued, flags, quotes, one path, several lines'
text 'siteFs=/a:/a:slave'
is "$rc|${out%%$'\n'*}" '0|siteFs = { "/tmp:/tmp", "/var/tmp:/var/tmp", "/a:/a" }' 'siteFs: slave is left out'
like "$err" "^$old:1: warning: 'slave' of '/a:/a:slave' is left out" 'siteFs: and said'
for bad in '/a:/a:perNodeCache=size=10G,bs=1M:no cache per node' '/a:/a:nonsense:no flag' \
	'/a:/a /b:/b:separated by' '/a:/etc/opt:reserved' 'a:/a:absolute' '/a/../b:/a:absolute' '/a:/b;/c:/b:twice'; do
	text 'imagePath=/i' "siteFs=/ok:/ok;${bad%:*};/also:/also"
	like "$rc $err" "^4 $old:2: error: .*${bad##*:}[^$nl]*$" "siteFs: ${bad%:*} is refused"
	like "$out" 'imagePath = "/i".*"/ok:/ok",.*"/also:/also"' "siteFs: ${bad%:*}: the others remain"
	unlike "$again" refused "siteFs: ${bad%:*}: what comes out is good"
done

# --- environment ---
text 'siteEnv=A=1 B=${HOME} C=q"uo'\''te D=back\slash#x A=2'
is "$rc|$(grep ^siteEnv <<<"$out")" '0|siteEnv = { "A=2", '\''B=${HOME}'\'', '\''C=q"uo\'\''te'\'', '\''D=back\\slash#x'\'' }' \
	'siteEnv: nothing in it is special, the last one wins'
like "$err" "^$old:1: warning: siteEnv sets 'A' again" 'siteEnv: and that is said'
is "$(shifterctl --config "$new" config siteEnv)" 'A=2
B=${HOME}
C=q"uo'\''te
D=back\slash#x' 'siteEnv: is read again as it was'
text 'siteEnvAppend=PATH=/a PATH=/b' 'siteEnvPrepend=PATH=/a PATH=/b'
is "$rc|$(grep ^siteEnv <<<"$out")" '0|siteEnvAppend = { "PATH=/a:/b" }
siteEnvPrepend = { "PATH=/b:/a" }' 'siteEnvAppend and siteEnvPrepend of one variable twice'
text 'siteEnv=A' 'imagePath=/i'
like "$rc $err|$out" "^4 $old:1: error: siteEnv .*imagePath = " 'siteEnv without a value is refused'

# --- scalars ---
for pair in 1:true 0:false 2:true yes:false '1 # on:true'; do
	text "allowLocalChroot=${pair%:*}"
	is "$rc|$(grep ^allow <<<"$out")" "0|allowLocalImages = ${pair#*:}" "allowLocalChroot=${pair%:*} as the original reads it"
done
like "$err" "warning: allowLocalChroot must be 0 or 1" 'what is no number is warned about'
text 'system=my_cluster'
is "$rc|$(grep ^cluster <<<"$out")" '0|clusterName = "my-cluster"' 'an underscore in the name'
text $'imagePath\t=  /with blank  \r'
is "$rc|${out%%$'\n'*}" '0|imagePath = "/with blank"' 'blanks around, CR at the end, blanks inside'
text 'imagePath=/a' 'imagePath=/b'
is "$rc|${out%%$'\n'*}" '0|imagePath = "/b"' 'the last one wins'
like "$err" "^$old:2: warning: imagePath is set again, before in line 1" 'and that is said'
for bad in 'imagePath=images:absolute' 'imagePath=:absolute' 'maxGroupCount=-1:decimal' 'maxGroupCount=99999999999999:decimal' \
	'maxGroupCount=031:leading zeros' 'defaultImageType=custom:refused' 'system=a/b:letters' 'nonsense=1:there is no key' \
	'sshdPort=22:converted already' '=x:there is no key' 'module__siteEnv=A=b:there is no key'; do
	text "${bad%:*}"
	like "$rc $err" "^4 .*$old:1: error: .*${bad##*:}[^$nl]*$" "${bad%:*} is refused"
done

# --- lines ---
text 'no assignment' '  # no comment there, but nothing else either' 'imagePath=/i\' '#comment' 'j' '' 'siteEnv=A=1 \'
is "$rc|${out%%$'\n'*}" '4|imagePath = "/i j"' 'a comment between a line and its continuation'
is "$(sed -n 's/^.*old.conf://p' <<<"$err" | cut -c1-27)" "1: warning: there is no '='
2: warning: there is no '='
3: warning: imagePath has b
7: error: this line goes on" 'each in its line'

# --- hostile ---
hostile() { # hostile DESC REGEX: $old is refused
	local start=$SECONDS
	(ulimit -v 300000; exec timeout 20 shifterctl config --convert "$old") >/img/out 2>/img/err
	like "$? $(head -c 1000 /img/err)" "^[245] .*$2" "$1"
	ok "$1: in good time" test $((SECONDS - start)) -lt 15
}
printf 'imagePath=/a\nsystem=a\0b\n' >"$old"; hostile 'a NUL' 'old.conf:2: there is a NUL byte'
truncate -s 100M "$old"; hostile '100 MB' 'longer than 1 MiB'
yes 'siteFs=/a:/b;/a:/b;/a:/b;/a:/b;/a:/b;/a:/b' | head -c 1000000 >"$old"; hostile 'the same mount 130000 times' 'siteFs mounts at'
{ printf 'siteEnv='; seq -f 'A%.0f=1' 1 70000 | tr '\n' ' '; } >"$old"; hostile '70000 variables' 'more than 1024 items'
printf '%1000000s=1' a | tr ' ' a >"$old"; hostile 'a key of 1 MB' 'there is no key'
{ printf 'imagePath=/'; printf '%1000000s' a | tr ' ' a; } >"$old"; hostile 'a value of 1 MB' 'imagePath'
printf 'system=\033[2J\377\n' >"$old"; hostile 'an escape sequence' 'x1b\[2J.xff'
yes '\' | head -c 1000000 >"$old"; sed -i '1s/^/imagePath=\\\n/' "$old"; hostile 'a line that never ends' 'old.conf:1: error: this line goes on'
rm -f "$old"; mkdir "$old"; hostile 'a directory' 'not a regular file'
rmdir "$old"; mkfifo "$old"; hostile 'a FIFO' 'not a regular file'
ln -sf none "$old"; hostile 'nothing' 'No such file'
rm -f "$old"
unchanged 'nothing is left'
done_testing
