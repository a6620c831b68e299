#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What bin/shifter hands to shifter-enter: arguments, environment, descriptors.
# It is built here with a shifter-enter that writes all that down.
set -u

top=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=tests/harness/lib.sh
. "$top/tests/harness/lib.sh"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/shifter-cli.XXXXXX") || exit 1
on_exit rm -rf "$scratch"

mkdir -p "$scratch/include/shifter" "$scratch/libexec" "$scratch/bin"
sed 's/@VERSION_MAJOR@/7/; s/@VERSION_MINOR@/8/; s/@VERSION_MICRO@/9/' \
	"$top/include/shifter/version.h.in" >"$scratch/include/shifter/version.h"
shifter=$scratch/bin/shifter
if ! ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror \
	-I"$scratch/include" -I"$top/include" -DSHF_LIBEXECDIR="\"$scratch/libexec\"" \
	-o "$shifter" "$top"/bin/shifter.c \
	"$top"/bin/cli_{env,env_file,request,say,script}.c; then
	fail 'shifter builds'
	done_testing
fi

# Writes argv, a line each, its own environment and the memory file; exit 42.
cat >"$scratch/libexec/shifter-enter" <<END
#!/bin/bash
printf '%s\n' "\$@" >'$scratch/argv'
tr '\0' '\n' </proc/\$\$/environ >'$scratch/own-env'
while :; do case \$1 in -w) shift 2 ;; -W|-e) shift ;; *) break ;; esac; done
readlink "/proc/self/fd/\$2" >'$scratch/fd-is'
cat <&"\$2" >'$scratch/env0'
tr '\0' '\n' <'$scratch/env0' | sed '/^\$/,\$d' >'$scratch/env'
tr '\0' '\n' <'$scratch/env0' | sed '1,/^\$/d' >'$scratch/wanted'
if (echo x >&"\$2") 2>/dev/null; then echo open; else echo sealed; fi >'$scratch/seal'
shift 2
case "\${2-}" in
/proc/self/fd/*) cat "\$2" >'$scratch/script-is';;
esac
exit 42
END
# Writes argv; exit 43.
cat >"$scratch/libexec/shifter-private" <<END
#!/bin/bash
printf '%s\n' "\$@" >'$scratch/argv'
exit 43
END
chmod 755 "$scratch"/libexec/shifter-{enter,private}

# run_with "NAME=VALUE..." ARG...: shifter in exactly that environment (and a PATH).
rc=0 err=
run_with() {
	local settings=$1
	shift
	rm -f "$scratch"/{argv,env,wanted,env0,own-env,fd-is,seal,script-is}
	# shellcheck disable=SC2086
	err=$(env -i PATH=/usr/bin:/bin $settings "$shifter" "$@" 2>&1 </dev/null)
	rc=$?
}
argv() { paste -sd' ' "$scratch/argv" 2>/dev/null; }
wanted() { paste -sd' ' "$scratch/wanted" 2>/dev/null; } # what wins over the image
var() { sed -n "s/^$1=//p" "$scratch/env" 2>/dev/null; }
# refused DESCRIPTION REGEX: one line, status 125, nothing entered.
refused() {
	is "$rc" 125 "$1: exit status"
	like "$err" "$2" "$1: reason"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "$1: one line"
	ok "$1: nothing entered" test ! -e "$scratch/argv"
}

# --- the container ---
run_with 'SLURM_JOB_ID=17' hostname -f
is "$rc" 42 'the exit status is that of shifter-enter'
like "$(argv)" '^slurm-17 [0-9]+ hostname -f$' 'the container of the Slurm job'
run_with 'SLURM_JOB_ID=17 SHIFTER_CONTAINER=pbs-3.x' true
like "$(argv)" '^pbs-3\.x [0-9]+ true$' 'SHIFTER_CONTAINER before SLURM_JOB_ID'
run_with 'SLURM_JOB_ID=17 SHIFTER_CONTAINER=pbs-3' --container mine -- -x --help
like "$(argv)" '^mine [0-9]+ -x --help$' '--container before both, -- ends the options'
run_with 'SLURM_JOB_ID=17 SHIFTER_CONTAINER=' true
like "$(argv)" '^slurm-17 ' 'an empty SHIFTER_CONTAINER counts as none'
run_with 'SLURM_JOB_ID=17' ls --image=x -e
like "$(argv)" '^slurm-17 [0-9]+ ls --image=x -e$' "options behind the command are the command's"
run_with 'PBS_JOBID=17.head PBS_NODEFILE=/aux/17.head' true
like "$(argv)" '^torque-17\.head ' 'the container of the Torque job'
is "$(var PBS_NODEFILE)" /var/hostsfile 'with the list of nodes that is in there'
run_with 'PBS_JOBID=17[4].head SLURM_JOB_ID=' true
like "$(argv)" '^torque-17-4\.head ' 'of an array, too'
run_with "PBS_JOBID=17.$(printf 'x%.0s' {1..99})" true
is "$(argv | wc -c) $rc" "$((64 + 8)) 42" 'and with a long name'
run_with 'PBS_JOBID=17.head SHIFTER_IMAGE=x' --image=x true
like "$(argv)" '^torque-17\.head ' 'its image is known by SHIFTER_IMAGE'
run_with '' true
refused 'outside of a job' "^shifter: not in a job with an image: submit .*--image=REF"
run_with '' --image=ubuntu true
is "$rc" 43 'an image outside of a job'
like "$(argv)" '^-- ubuntu shifter-enter - [0-9]+ true$' 'and its arguments'
run_with '' -V /a:/b --image=ubuntu --volume=/c:/d:ro -w /x --entrypoint true
like "$(argv)" '^-V /a:/b -V /c:/d:ro -- ubuntu shifter-enter -e -w /x - [0-9]+ true$' 'and volumes and options'
run_with '' --image=ubuntu wait
refused 'waiting without a job' "cannot wait for the hosts of image 'ubuntu'"
for bad in ../x a/b .hidden 'x y' "$(printf 'x%.0s' {1..65})"; do
	run_with '' --container "$bad" true
	refused "container '$bad'" "not a container's id"
done
run_with '' --container="$(printf 'x%.0s' {1..64})" true
is "$rc" 42 'an id of 64 bytes'

# --- the memory file ---
like "$(cat "$scratch/fd-is")" '^/memfd:' 'the environment comes in a memory file'
is "$(cat "$scratch/seal")" sealed 'which is sealed'
is "$(grep -v -E '^(PWD|SHLVL|_)=' "$scratch/own-env")" '' 'shifter-enter itself has no environment'
export LD_LIBRARY_PATH=/some/where TMPDIR=/some/tmp MULTI=$'one\ntwo "q" =' EMPTY=
BIG=$(head -c 100000 /dev/zero | tr '\0' x)
export BIG
SHIFTER_CONTAINER=c TMPDIR=/some/tmp "$shifter" true
is "$(var LD_LIBRARY_PATH):$(var TMPDIR)" /some/where:/some/tmp 'what the loader strips arrives'
is "$(tr '\0\n' '\n\1' <"$scratch/env0" | sed -n 's/^MULTI=//p' | tr '\1' '\n')" "$MULTI" \
	'a value with a newline and quotes'
ok 'an empty value' grep -qx EMPTY= "$scratch/env"
is "$(var BIG | wc -c)" 100001 'a value of 100 kB'
unset LD_LIBRARY_PATH TMPDIR MULTI EMPTY BIG

# --- -e, --clearenv, --workdir, --image, --volume ---
run_with 'SHIFTER_CONTAINER=c A=1 B=2' -e A=x -e C=a=b --env=D= -e B -e UNSET true
is "$(var A)$(var B) $(wanted)" '12 A=x C=a=b D= B=2' "-e sets, over the image's; what is unset not at all"
run_with 'SHIFTER_CONTAINER=c' -e A=1 -e B=1 -e A=2 true
is "$(wanted)" 'A=1 B=1 A=2' 'two of one name: the later one counts in the container'
run_with 'SHIFTER_CONTAINER=c A=1 B=2 HOME=/h TERM=vt100 SLURM_JOB_ID=5' -e B --clearenv -e N=3 true
is "$(sort "$scratch/env" | paste -sd' ') + $(wanted)" 'HOME=/h SHIFTER_CONTAINER=c TERM=vt100 + B=2 N=3' '--clearenv'
run_with 'SHIFTER_CONTAINER=c A=1' -E true
is "$(cat "$scratch/env")" SHIFTER_CONTAINER=c '-E is short for it'

# --- --env-file ---
file=$scratch/file.env
printf '%s\n' '# a comment' '' '  	 ' 'A=1' '  B = two words  ' 'C="quoted $A"' 'EMPTY=' '#D=1' 'FROM' 'UNSET' \
	'E=with=sign # and more' >"$file"
run_with 'SHIFTER_CONTAINER=c FROM=caller' --env-file "$file" true
refused 'a name with a blank' "^shifter: cannot use line 5 of '$file': a name has no blanks in it$"
sed -i 's/  B = two/  B= two/' "$file"
run_with 'SHIFTER_CONTAINER=c FROM=caller' --env-file="$file" true
is "$(wanted)" 'A=1 B= two words C="quoted $A" EMPTY= FROM=caller E=with=sign # and more' '--env-file'
printf 'A=2\r\nB=no newline' >"$scratch/two.env"
run_with 'SHIFTER_CONTAINER=c' -e A=3 --env-file "$file" --env-file "$scratch/two.env" -e Z=1 true
is "$(wanted)" 'A=1 B= two words C="quoted $A" EMPTY= E=with=sign # and more A=2 B=no newline A=3 Z=1' \
	'several, the later behind the earlier, and -e behind all; line ends of Windows'
printf '\xef\xbb\xbfA=mark\n' >"$scratch/mark.env"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/mark.env" true
is "$(wanted)" A=mark 'a byte order mark'
env -i SHIFTER_CONTAINER=c bash -c '"$1" --env-file <(printf "P=pipe\n") true' x "$shifter"
is "$(wanted)" P=pipe 'a pipe'
: >"$scratch/empty.env"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/empty.env" true
is "$rc $(wanted)" '42 ' 'an empty file'
head -c 1000000 /dev/zero | tr '\0' v | sed 's/^/LONG=/' >"$scratch/long.env"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/long.env" true
is "$(wanted | wc -c)" 1000006 'a line of 1 MB'
for ((i = 0; i < 2000; i++)); do echo "MANY_$i=$i"; done >"$scratch/many.env"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/many.env" true
is "$(wanted)" "$(paste -sd' ' "$scratch/many.env")" '2000 lines'
printf 'A=1\n=x\n' >"$scratch/bad.env"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/bad.env" true
refused 'a line without a name' "cannot use line 2 of '$scratch/bad.env': it has no name"
printf 'A=1\nB=\0x\n' >"$scratch/bad.env"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/bad.env" true
refused 'a NUL byte' "cannot use line 2 of '$scratch/bad.env': it has a NUL byte"
printf 'export A=1\n' >"$scratch/bad.env"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/bad.env" true
refused 'a line for a shell' "cannot use line 1 of '$scratch/bad.env': a name has no blanks"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch/none.env" true
refused 'a file that is not there' "cannot read the variables of '$scratch/none.env': No such file"
run_with 'SHIFTER_CONTAINER=c' --env-file "$scratch" true
refused 'a directory' "cannot read the variables of '$scratch': Is a directory"
run_with 'SHIFTER_CONTAINER=c' --env-file /dev/zero true
refused 'an endless file' "cannot read the variables of '/dev/zero': File too large"

# --- --entrypoint, --workdir ---
run_with 'SHIFTER_CONTAINER=c' --entrypoint
like "$(argv)" '^-e c [0-9]+$' '--entrypoint alone: neither a command nor a shell'
run_with 'SHIFTER_CONTAINER=c' --entrypoint a 'b c'
like "$(argv)" '^-e c [0-9]+ a b c$' '--entrypoint and arguments'
run_with 'SHIFTER_CONTAINER=c' --entry wait
like "$(argv)" '^-e c [0-9]+ wait$' '--entry is the same, and wait no word of ours then'
run_with 'SHIFTER_CONTAINER=c' --entrypoint='/bin/sh	-c ' 'echo a'
is "$(sed 1,2d "$scratch/argv" | paste -sd'|')" '/bin/sh|-c|echo a' '--entrypoint=CMD, split at blanks'
run_with 'SHIFTER_CONTAINER=c' --entrypoint=/bin/date
like "$(argv)" '^c [0-9]+ /bin/date$' '--entrypoint=CMD without arguments'
run_with 'SHIFTER_CONTAINER=c' --entrypoint=' ' a
refused 'an empty entry point' "cannot use entry point ' ': it is empty"
run_with 'SHIFTER_CONTAINER=c' --workdir ls
like "$(argv)" '^-W c [0-9]+ ls$' "--workdir alone: the image's"
run_with 'SHIFTER_CONTAINER=c' -w --entrypoint
like "$(argv)" '^-e -W c [0-9]+$' 'both'
run_with 'SHIFTER_CONTAINER=c' --workdir /data -- /bin/ls
like "$(argv)" '^-w /data c [0-9]+ /bin/ls$' '--workdir DIR'
run_with 'SHIFTER_CONTAINER=c' -w -- /bin/ls
like "$(argv)" '^-W c [0-9]+ /bin/ls$' '-w --'
run_with 'SHIFTER_CONTAINER=c' -w --workdir=/a -w/b ls
like "$(argv)" '^-w /b c [0-9]+ ls$' 'the last one counts'

# --- --image, --volume, mistakes ---
run_with 'SHIFTER_CONTAINER=c' -e =x true
refused 'a variable without a name' "cannot set variable '=x'"
run_with 'SHIFTER_CONTAINER=c' -w /data ls
like "$(argv)" '^-w /data c [0-9]+ ls$' '--workdir'
run_with 'SHIFTER_CONTAINER=c' --workdir=data ls
refused 'a relative working directory' "working directory 'data': not an absolute path"
run_with 'SHIFTER_CONTAINER=c SHIFTER_IMAGE=local:/img' --image=/img true
is "$rc" 42 "the job's own image"
run_with 'SHIFTER_CONTAINER=c SHIFTER_IMAGE=id:ab SHIFTER_IMAGE_REQUEST=ubuntu:22.04' --image=ubuntu:22.04 true
is "$rc" 42 "the job's own image, by the tag it was submitted with"
run_with 'SHIFTER_CONTAINER=c SHIFTER_IMAGE=id:ab SHIFTER_IMAGE_REQUEST=ubuntu:22.04' --image=ubuntu:24.04 true
like "$(argv)" '^-j id:ab -- ubuntu:24.04 shifter-enter c [0-9]+ true$' 'another tag'
run_with 'SHIFTER_CONTAINER=c SHIFTER_IMAGE=debian' --image=ubuntu true
like "$(argv)" '^-j debian -- ubuntu shifter-enter c [0-9]+ true$' 'another image in a job'
run_with 'SHIFTER_CONTAINER=c SHIFTER_IMAGE=debian' --image=debian -V /a:/b true
like "$(argv)" '^-V /a:/b -- debian shifter-enter c [0-9]+ true$' "the job's, with a volume"
run_with 'SHIFTER_IMAGE=debian' --container=c --image=ubuntu true
refused 'a container of another image' "cannot enter image 'ubuntu': SHIFTER_IMAGE does not say that it is that of container 'c'"
run_with '' --container=c -V /a:/b true
refused 'a container and a volume' "cannot add volume '/a:/b' to container 'c'"
run_with 'SHIFTER_CONTAINER=c' --image=ubuntu true
like "$(argv)" '^-- ubuntu shifter-enter - [0-9]+ true$' "an image, the job's unknown"
run_with 'SHIFTER_CONTAINER=c' -V /a:/b true
refused 'a volume' "cannot add volume '/a:/b': .*--volume=/a:/b"
run_with 'SHIFTER_CONTAINER=c' --nonsense=1 true
refused 'an unknown option' "^shifter: unknown option '--nonsense': try 'shifter --help'$"
run_with 'SHIFTER_CONTAINER=c' -x true
refused 'an unknown letter' "^shifter: unknown option '-x': try"
run_with 'SHIFTER_CONTAINER=c' --clearenv=yes true
refused 'a value too many' "option takes no value '--clearenv'"
run_with 'SHIFTER_CONTAINER=c' -e
refused 'a value too few' "no value for option '-e'"
run_with '' --container "$(printf 'a\033b')" true
refused 'a control character' "'a.x1bb'"

# --- no command, wait ---
run_with 'SHIFTER_CONTAINER=c'
like "$(argv)" '^c [0-9]+ /opt/udiImage/libexec/udi-session -s$' 'no command: a shell that reads its input'
run_with 'SHIFTER_CONTAINER=c' wait
like "$(argv)" '^c [0-9]+ /opt/udiImage/libexec/udi-wait$' 'wait'
run_with '' --container=d wait --timeout 30
like "$(argv)" '^d [0-9]+ /opt/udiImage/libexec/udi-wait --timeout 30$' 'wait with a time'
for bad in 0 -1 1x '' 99999 100000 010; do
	run_with 'SHIFTER_CONTAINER=c' wait --timeout "$bad"
	refused "a timeout of '$bad'" "cannot wait for '$bad'"
done
run_with 'SHIFTER_CONTAINER=c' wait 5
refused 'wait and a word' "unexpected argument '5' of wait"
run_with 'SHIFTER_CONTAINER=c' wait --foo
refused 'wait and a foreign option' "unknown option '--foo'"
run_with 'SHIFTER_CONTAINER=c' -- wait
like "$(argv)" '^c [0-9]+ wait$' "a command that is called wait"

# --- as an interpreter ---
script=$scratch/job.sh
interpret() {
	printf '#!%s%s\necho from the job\n' "$shifter" "$1" >"$script"
	chmod 755 "$script"
	shift
	rm -f "$scratch"/{argv,env,script-is}
	err=$(cd "$scratch" && env -i PATH=/bin SHIFTER_CONTAINER=c SHIFTER_IMAGE=X SLURM_JOB_ID=5 "$@" 2>&1)
	rc=$?
}
interpret ' /bin/bash' "$script" one 'two three'
is "$rc" 42 'a script runs'
is "$(sed 1,2d "$scratch/argv" | paste -sd'|')" "/bin/bash|$script|one|two three" 'a script and its arguments'
interpret ' --image=X /bin/bash' ./job.sh one
is "$(sed 1,2d "$scratch/argv" | paste -sd'|')" '/bin/bash|./job.sh|one' 'a first line with an option'
interpret ' --image=X  -e A=1	/bin/bash -x' ./job.sh
is "$(sed 1,2d "$scratch/argv" | paste -sd'|') $(wanted)" '/bin/bash|-x|./job.sh A=1' 'a first line with several'
interpret " --workdir --env-file=$scratch/two.env --entrypoint -E -- /bin/bash" ./job.sh
is "$(sed 1,4d "$scratch/argv" | paste -sd'|') $(wanted)" '/bin/bash|./job.sh A=2 B=no newline' 'a first line with all of them'
interpret ' --image=other /bin/bash' ./job.sh
like "$(argv)" '^-j X -- other shifter-enter c [0-9]+ /bin/bash ./job.sh$' 'a first line with another image'
interpret '' ./job.sh
refused 'a first line without an interpreter' "names no interpreter: write '#!$shifter /bin/bash'"
run_with 'SHIFTER_CONTAINER=c' '--env=A=b c' cat "$shifter"
is "$(wanted)|$(sed 1,2d "$scratch/argv" | paste -sd'|')" "A=b c|cat|$shifter" 'an argument with a blank is no first line'
mkdir "$scratch/job00005"
cp "$script" "$scratch/job00005/slurm_script"
script=$scratch/job00005/slurm_script
interpret ' /bin/bash' "$script" one
like "$(sed 1,2d "$scratch/argv" | paste -sd'|')" '^/bin/bash\|/proc/self/fd/[1-9][0-9]+\|one$' \
	'a script in the spool, which the container does not see, comes by descriptor'
is "$(sed 1d "$scratch/script-is")" 'echo from the job' 'which is open'

# --- the rest ---
run_with '' --version
is "$rc $err" '0 shifter 7.8.9' '--version'
run_with '' --help
is "$rc" 0 '--help'
like "$err" '^usage: shifter ' '--help says how'
err=$(SHIFTER_CONTAINER=c bash -c '"$1" true <&- >&-' x "$shifter" 2>&1)
ok 'closed descriptors do not confuse it' test "$(sed -n 2p "$scratch/argv")" -gt 2
for option in --help --version; do
	err=$("$shifter" $option 2>&1 >/dev/full)
	is "$? $err" '125 shifter: cannot write to standard output: No space left on device' "$option to a full device"
done
rm "$scratch/libexec/shifter-enter"
run_with 'SHIFTER_CONTAINER=c' true
is "$rc" 125 'without shifter-enter'
like "$err" "^shifter: cannot run '.*/shifter-enter': No such file or directory$" 'without shifter-enter: reason'

done_testing
