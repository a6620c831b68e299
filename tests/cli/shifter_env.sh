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
	-o "$shifter" "$top"/bin/shifter.c "$top"/bin/cli_env.c "$top"/bin/cli_mpi.c \
	"$top"/bin/cli_say.c "$top"/bin/cli_script.c; then
	fail 'shifter builds'
	done_testing
fi

# Writes argv, a line each, its own environment and the memory file; exit 42.
cat >"$scratch/libexec/shifter-enter" <<END
#!/bin/bash
printf '%s\n' "\$@" >'$scratch/argv'
tr '\0' '\n' </proc/\$\$/environ >'$scratch/own-env'
[ "\$1" = -w ] && shift 2
readlink "/proc/self/fd/\$2" >'$scratch/fd-is'
cat <&"\$2" >'$scratch/env0'
tr '\0' '\n' <'$scratch/env0' >'$scratch/env'
if (echo x >&"\$2") 2>/dev/null; then echo open; else echo sealed; fi >'$scratch/seal'
shift 2
case "\${2-}" in
/proc/self/fd/*) cat "\$2" >'$scratch/script-is';;
esac
exit 42
END
chmod 755 "$scratch/libexec/shifter-enter"

# run_with "NAME=VALUE..." ARG...: shifter in exactly that environment (and a PATH).
rc=0 err=
run_with() {
	local settings=$1
	shift
	rm -f "$scratch"/{argv,env,env0,own-env,fd-is,seal,script-is}
	# shellcheck disable=SC2086
	err=$(env -i PATH=/usr/bin:/bin $settings "$shifter" "$@" 2>&1 </dev/null)
	rc=$?
}
argv() { paste -sd' ' "$scratch/argv" 2>/dev/null; }
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
run_with '' true
refused 'outside of a job' "^shifter: not in a job with an image: submit .*--image=REF"
run_with '' --image=ubuntu true
refused 'an image outside of a job' "^shifter: cannot enter image 'ubuntu': not in a job"
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

# --- PATH ---
run_with 'SHIFTER_CONTAINER=c' true
is "$(var PATH)" /opt/udiImage/bin:/usr/bin:/bin:/usr/local/bin 'our ssh is first in PATH'
run_with 'SHIFTER_CONTAINER=c PATH=/a:/opt/udiImage/bin:/bin:/opt/udiImage/bin:/usr/local/bin' true
is "$(var PATH)" /opt/udiImage/bin:/a:/bin:/usr/local/bin:/usr/bin 'and there once'
run_with 'SHIFTER_CONTAINER=c PATH=:/a::/b:' true
is "$(var PATH)" /opt/udiImage/bin::/a::/b::/usr/local/bin:/usr/bin:/bin 'empty parts stay'
env -i SHIFTER_CONTAINER=c "$shifter" true
is "$(var PATH)" /opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin 'no PATH'
is "$(grep -c ^PATH= "$scratch/env")" 1 'one PATH'

# --- MPI launchers ---
run_with 'SHIFTER_CONTAINER=c SLURM_PROCID=3 PMI_RANK=3 PMI_FD=9' true
is "$(var OMPI_MCA_plm) $(var OMPI_MCA_plm_rsh_agent) $(var OMPI_MCA_ras)" 'rsh ssh ^slurm,tm' 'Open MPI starts by ssh'
is "$(var OMPI_MCA_orte_default_hostfile)" /run/shifter/hosts.slots 'and finds its hosts'
is "$(var PRTE_MCA_plm) $(var PRTE_MCA_prte_default_hostfile)" 'ssh /run/shifter/hosts.slots' 'so does Open MPI 5'
is "$(var HYDRA_LAUNCHER) $(var HYDRA_HOST_FILE)" 'ssh /var/hostsfile' 'and Hydra'
is "$(var I_MPI_HYDRA_BOOTSTRAP) $(var I_MPI_HYDRA_HOST_FILE)" 'ssh /var/hostsfile' 'and Intel MPI'
is "$(var SLURM_PROCID) $(var PMI_RANK) $(var PMI_FD)" '3 3 9' 'the variables of Slurm and PMI stay'
run_with 'SHIFTER_CONTAINER=c SHIFTER_MPI_SSH=0 HYDRA_BOOTSTRAP=slurm' true
is "$(grep -c -E '^(OMPI|PRTE|HYDRA_LAUNCHER|HYDRA_HOST|I_MPI)' "$scratch/env")" 0 'SHIFTER_MPI_SSH=0 opts out'
is "$(var HYDRA_BOOTSTRAP)" slurm 'and takes nothing away'
run_with 'SHIFTER_CONTAINER=c OMPI_MCA_plm=isolated HYDRA_BOOTSTRAP=fork' true
is "$(grep ^OMPI_ "$scratch/env")" OMPI_MCA_plm=isolated 'an Open MPI launcher that the user chose'
is "$(grep ^HYDRA_ "$scratch/env")" HYDRA_BOOTSTRAP=fork 'a Hydra launcher that the user chose'
run_with 'SHIFTER_CONTAINER=c OMPI_MCA_plm_rsh_agent=myssh HYDRA_HOST_FILE=/my' true
is "$(var OMPI_MCA_plm) $(var OMPI_MCA_plm_rsh_agent)" 'rsh myssh' "a user's agent stays"
is "$(var HYDRA_LAUNCHER) $(var HYDRA_HOST_FILE)" 'ssh /my' "a user's list of hosts stays"
run_with 'SHIFTER_CONTAINER=c HYDRA_BOOTSTRAP=slurm HYDRA_LAUNCHER_EXTRA_ARGS=--external-launcher
	I_MPI_HYDRA_BOOTSTRAP=slurm I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS=--external-launcher' true
is "$(grep HYDRA "$scratch/env" | sort | paste -sd' ')" \
	'HYDRA_HOST_FILE=/var/hostsfile HYDRA_LAUNCHER=ssh I_MPI_HYDRA_BOOTSTRAP=ssh I_MPI_HYDRA_HOST_FILE=/var/hostsfile' \
	"what Slurm 23.11 sets is not the user's choice"

# --- -e, --clearenv, --workdir, --image, --volume ---
run_with 'SHIFTER_CONTAINER=c A=1 B=2' -e A=x -e C=a=b --env=D= -e B -e UNSET true
is "$(var A)$(var B)$(var C)$(var D)" x2a=b '-e sets and keeps'
is "$(grep -c '^A=' "$scratch/env") $(grep -c ^UNSET "$scratch/env")" '1 0' 'each once, what is unset not at all'
run_with 'SHIFTER_CONTAINER=c A=1 B=2 HOME=/h TERM=vt100 SLURM_JOB_ID=5' -e B --clearenv -e N=3 true
is "$(var A)|$(var B)|$(var N)|$(var HOME)|$(var TERM)|$(var SLURM_JOB_ID)" '|2|3|/h|vt100|' '--clearenv'
is "$(var PATH) $(var HYDRA_LAUNCHER)" '/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin ssh' "--clearenv leaves the container's own"
run_with 'SHIFTER_CONTAINER=c' -e =x true
refused 'a variable without a name' "cannot set variable '=x'"
run_with 'SHIFTER_CONTAINER=c' -w /data ls
like "$(argv)" '^-w /data c [0-9]+ ls$' '--workdir'
run_with 'SHIFTER_CONTAINER=c' -w data ls
refused 'a relative working directory' "working directory 'data': not an absolute path"
run_with 'SHIFTER_CONTAINER=c SHIFTER_IMAGE=local:/img' --image=/img true
is "$rc" 42 "the job's own image"
run_with 'SHIFTER_CONTAINER=c SHIFTER_IMAGE=debian' --image=ubuntu true
refused 'another image' "cannot enter image 'ubuntu': the image of this job is 'debian': submit"
run_with 'SHIFTER_CONTAINER=c' --image=ubuntu true
refused 'an image, the job'\''s unknown' "cannot enter image 'ubuntu': SHIFTER_IMAGE does not say"
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
is "$(sed 1,2d "$scratch/argv" | paste -sd'|') $(var A)" '/bin/bash|-x|./job.sh 1' 'a first line with several'
interpret ' --image=other /bin/bash' ./job.sh
refused 'a first line with another image' "cannot enter image 'other'"
interpret '' ./job.sh
refused 'a first line without an interpreter' "names no interpreter: write '#!$shifter /bin/bash'"
run_with 'SHIFTER_CONTAINER=c' '--env=A=b c' cat "$shifter"
is "$(var A)|$(sed 1,2d "$scratch/argv" | paste -sd'|')" "b c|cat|$shifter" 'an argument with a blank is no first line'
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
"$shifter" --help >/dev/full 2>/dev/null
is "$?" 125 'help that cannot be written'
rm "$scratch/libexec/shifter-enter"
run_with 'SHIFTER_CONTAINER=c' true
is "$rc" 125 'without shifter-enter'
like "$err" "^shifter: cannot run '.*/shifter-enter': No such file or directory$" 'without shifter-enter: reason'

done_testing
