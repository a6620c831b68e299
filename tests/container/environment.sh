#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# environment.sh - variables, entry point and working directory, by shifter and by ssh
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

conf() { { printf 'imagePath = "%s"\n' $IMG; printf '%s\n' "$@"; } >/etc/shifter/udiRoot.conf; }
run() { as alice env "${WITH[@]}" shifter --container=a "$@"; } # run OPTION... CMD: with variables WITH
ssh_run() { inside a ssh -F /home/alice/plain node2 "$@"; } # sends nothing of its caller, as a stranger's ssh
WITH=(X=1)
printenv() { run "${@:2}" sh -c "echo \"\$$1\""; } # printenv NAME OPTION...
# What belongs to how a command was started, and nothing else, may differ.
own='^(SSH_[A-Z_]*|PWD|OLDPWD|SHLVL|_|TERM|MAIL|SHIFTER_CONTAINER)='
cp $BUSYBOX $IMG/meta.squashfs
cat >$IMG/meta.meta <<'END'
FORMAT: squashfs
ENV: PATH=/image/bin:/bin
ENV: ALL=image
ENV: JOB=image
ENV: IMAGE=a value "with" $quotes and = signs
ENV: EMPTY=
ENV: HOME=/root
ENV: USER=root
ENV: SHELL=/image/shell
ENV: SSH_AUTH_SOCK=/image/agent
ENV: TMPDIR=/image/tmp
ENV: LANG=C.UTF-8
ENV: GONE=image
ENV: "LINES=one\ntwo"
ENTRY: ["/bin/sh", "-c", "echo \"entry $# $0 $*\"; pwd", "name"]
CMD: ["default", "two words"]
WORKDIR: /var/tmp
END
image() { up a --image "local:$IMG/meta.squashfs" "$@"; }

# --- image, site, -e ---
conf 'siteEnv = { "ALL=site", "SITE=s p a c e", "NOTHING=" }' 'siteEnvAppend = { "PATH=/site/last", "NEW=a", "NEW=b" }' \
	'siteEnvPrepend = { "PATH=/site/first", "EMPTY=filled" }' 'siteEnvUnset = "GONE CALLER_GONE"'
ok "a container with variables of image and site" image --sshd
key=$(as alice shifterctl key)
ok "sshd, with a job's variables of every shape" shifterctl sshd a --principal udi.test.a --user-key "$key" \
	--env ALL=job --env JOB=job --env ONLY=job --env 'A B=blank' --env 'BASH_FUNC_f%%=() {  echo function
}' --env $'NL=one\ntwo' --env EMPTY=job --env HOME=/job --env =x --env NOEQUALS --env GONE=job
ok "hosts" shifterctl hostsfile a --slurm 'node[1-2]' --slots '2(x2)'
inside a sed '/^ *SendEnv /d' /run/shifter/ssh_config.job >/home/alice/plain
is "$(diff <(inside a cat /run/shifter/ssh_config.job) /home/alice/plain | sed -n 's/^[<>] *//p' | sort -u)" \
	'SendEnv SHIFTER_ENV_*' "ssh may send nothing of its caller"
WITH=(ALL=caller JOB=caller ONLY=job 'A B=blank' $'NL=one\ntwo' 'BASH_FUNC_f%%=() {  echo function
}' EMPTY=caller GONE=caller PATH=/usr/bin:/bin)
is "$(printenv ALL)" site "the site's over all"
is "$(printenv ALL -e ALL=e)" site "over -e, too"
is "$(printenv JOB)" image "the image's over the caller's"
is "$(printenv JOB -e JOB=e)" e "-e over the image's"
is "$(printenv JOB -e JOB)" caller "-e NAME takes the caller's over the image's"
is "$(run -e JOB= sh -c 'echo "${JOB-unset}"')" '' "-e NAME= empties"
printf '%s\n' '# file' 'JOB=file' 'TWO=file' >/home/alice/env
is "$(run -e JOB=e --env-file /home/alice/env sh -c 'echo $JOB $TWO')" 'e file' "--env-file, and -e over it"
is "$(run -e JOB=1 -e JOB=2 sh -c 'echo $JOB')" 2 "of two -e the later one"
seq 100000 | sed 's/^/LAST=/' >/home/alice/many
is "$(run --env-file /home/alice/many sh -c 'echo $LAST')" 100000 "of 100,000 lines the last one"
is "$(run --clearenv sh -c 'echo ${ONLY-cleared} $IMAGE $SITE')" 'cleared a value "with" $quotes and = signs s p a c e' \
	"--clearenv leaves image and site"
is "$(printenv PATH)" \
	/opt/udiImage/bin:/site/first:/image/bin:/bin:/site/last:/usr/local/bin:/usr/bin "PATH of image and site, our ssh first"
is "$(run sh -c 'echo $NEW $EMPTY ${GONE-gone} "${NOTHING-unset}"')" 'a:b filled gone ' "appended, prepended, unset, empty"
is "$(run -e GONE=e sh -c 'echo ${GONE-gone}')" gone "unset for good"
is "$(run sh -c 'echo $HOME $USER $SHELL ${SSH_AUTH_SOCK-no}')" '/home/alice alice /bin/sh no' \
	"the image does not say who the user is; the shell is one that it has"
is "$(printenv LINES)" $'one\ntwo' "a value of the image with a newline"
is "$(printenv NL)" $'one\ntwo' "and of the caller"
is "$(run env | grep '^A B=')" 'A B=blank' "a name with a blank"

# --- by ssh, whose caller has sent nothing, the same ---
is "$(ssh_run 'echo $ALL $JOB $ONLY $SITE')" "$(run sh -c 'echo $ALL $JOB $ONLY $SITE')" "image, site and job by ssh"
is "$(ssh_run 'echo $PATH')" "$(printenv PATH)" "PATH by ssh"
same_environment() {
	# through a shell, which sshd has in between; nothing but the job's
	as alice env -i HOME=/home/alice USER=alice LOGNAME=alice SHELL=/bin/bash "${WITH[@]}" \
		/usr/bin/shifter --container=a sh -c 'env -0' | tr '\n\0' '\1\n' | grep -vE "$own" | sort >/tmp/by-shifter
	ssh_run 'env -0' | tr '\n\0' '\1\n' | grep -vE "$own" | sort >/tmp/by-ssh
	[ "$(wc -l </tmp/by-shifter)" -gt 20 ] && diff /tmp/by-shifter /tmp/by-ssh
}
ok "env by shifter and by ssh, line by line" same_environment
echo 'env -0' | ssh_run 2>/dev/null | tr '\n\0' '\1\n' | grep -vE "$own" | sort >/tmp/by-login
is "$(diff /tmp/by-ssh /tmp/by-login)" '' "and as a login shell"
is "$(ssh_run 'echo $OMPI_MCA_plm $HYDRA_LAUNCHER')" 'rsh ssh' "launchers of MPI are told by ssh, too"
is "$(run ssh node2 'env -0' | tr '\n\0' '\1\n' | grep -vE "$own" | sort)" \
	"$(run sh -c 'env -0' | tr '\n\0' '\1\n' | grep -vE "$own" | sort)" "and with the caller's, as there"
ok "sftp is none the worse" eval 'echo "ls /etc/passwd" | inside a sftp -q -b - node2'

# --- what the loader takes from privileged programs ---
loader=(LD_LIBRARY_PATH=/x LD_PRELOAD=/none.so LD_AUDIT=/x LD_DEBUG_OUTPUT=/tmp/x LD_ORIGIN_PATH=/x LD_PROFILE=x
	LD_SHOW_AUXV=0 LD_USE_LOAD_BIAS=0 LD_DYNAMIC_WEAK=1 LD_BIND_NOT= LD_HWCAP_MASK=0 LD_PREFER_MAP_32BIT_EXEC=
	GLIBC_TUNABLES=glibc.malloc.check=0 GCONV_PATH=/x GETCONF_DIR=/x HOSTALIASES=/x LOCALDOMAIN=x LOCPATH=/x
	MALLOC_TRACE=/tmp/x NIS_PATH=x NLSPATH=/x RESOLV_HOST_CONF=/x RES_OPTIONS=x TZDIR=/x RTLD_X=1)
set_all=() names=()
for v in "${loader[@]}" TMPDIR=/caller; do set_all+=(-e "$v"); names+=("${v%%=*}"); done
# the caller's own: shifter's loader must not see them as options
WITH=("${loader[@]}")
is "$(run sh -c 'for n; do eval "echo $n=\$$n"; done' x "${names[@]}" 2>/dev/null)" \
	"$(printf '%s\n' "${loader[@]}" TMPDIR=/image/tmp)" "all of the loader's variables arrive"
WITH=(X=1)
is "$(run "${set_all[@]}" sh -c 'for n; do eval "echo $n=\$$n"; done' x "${names[@]}" 2>/dev/null)" \
	"$(printf '%s\n' "${loader[@]}" TMPDIR=/caller)" "by -e, too"

# --- entry point and working directory ---
cd /tmp || exit 1
is "$(run --entrypoint)" $'entry 2 name default two words\n/tmp' "the entry point, with the image's arguments, where the caller is"
is "$(run --entrypoint a 'b c' -x)" $'entry 3 name a b c -x\n/tmp' "with the user's"
is "$(run --entrypoint='echo words of' mine)" 'words of mine' "another one"
is "$(run --entrypoint='echo alone')" alone "without the image's arguments"
is "$(run --workdir pwd)" /var/tmp "the image's working directory"
is "$(run --workdir --entrypoint | tail -n 1)" /var/tmp "with the entry point"
is "$(run -w /etc pwd)$(run --workdir=/etc pwd)" /etc/etc "the user's"
is "$(run pwd)" /tmp "neither: where the caller is"
mkdir -p /srv/none && cd /srv/none || exit 1
is "$(run pwd)" / "which the image has not: the root"
cd / || exit 1
exits 125 "a working directory that is none" run -w /none true
is "$T_OUT" "shifter: cannot change to directory '/none': No such file or directory" "is named"
printf '#!/usr/bin/shifter --workdir --clearenv --env-file=/home/alice/env -e S=1 --entrypoint /bin/sh\nexit 9\n' >/home/alice/script
chmod 755 /home/alice/script
is "$(as alice env SHIFTER_CONTAINER=a /home/alice/script arg)" $'entry 3 name /bin/sh /home/alice/script arg\n/var/tmp' \
	"a script with all of them"

# --- sizes and statuses ---
many=() ; for ((i = 0; i < 2000; i++)); do many+=("MANY_$i=$(printf '%0500d' $i)"); done
WITH=("${many[@]}")
is "$(run env | grep '^MANY_' | sort | sha256sum)" "$(printf '%s\n' "${many[@]}" | sort | sha256sum)" \
	"2000 variables of 1 MB together"
WITH=(X=1)
printf 'BIG=%s\n' "$(head -c 200000 /dev/zero | tr '\0' b)" >/home/alice/big
exits 126 "a variable that is too long" run --env-file /home/alice/big true
is "$T_OUT" "shifter: cannot execute '/bin/true': the variable 'BIG' is longer than 131071 bytes, the most that the kernel takes" \
	"is named"
for ((i = 0; i < 40; i++)); do printf 'BIG_%d=%s\n' $i "$(head -c 120000 /dev/zero | tr '\0' b)"; done >/home/alice/big
exits 126 "variables that are too much together" run --env-file /home/alice/big /bin/true
like "$T_OUT" "^shifter: cannot execute '/bin/true': arguments and environment take 48[0-9]{5} bytes, more than" "are counted"
for status in 0 7 125 126 127 255; do exits $status "exit status $status" run --entrypoint='sh -c' "exit $status"; done
exits 127 "no such command" run --env-file /home/alice/env no-such-command
exits 126 "no program" run /etc/passwd
ok "teardown" down a

# --- images without, damaged files, MPI ---
conf 'mpiLauncherSsh = no'
ok "an image without metadata" up a
exits 125 "no entry point" run --entrypoint a
is "$T_OUT" "shifter: cannot use the image's entry point: it has none: give a command, or --entrypoint=COMMAND" "says so"
exits 125 "no working directory" run --workdir pwd
is "$T_OUT" "shifter: cannot use the image's working directory: it has none: use --workdir=DIR" "says so"
is "$(run --entrypoint='echo mine')" mine "an entry point of the user's"
is "$(run sh -c 'echo ${OMPI_MCA_plm-none} $SHIFTER_MPI_SSH')" 'none 0' "mpiLauncherSsh = no"
is "$(printenv OMPI_MCA_plm -e SHIFTER_MPI_SSH=1)" rsh "unless the user says otherwise"
is "$(WITH=(SHIFTER_MPI_SSH=1); printenv OMPI_MCA_plm)" rsh "by a variable"
ok "teardown" down a
for bad in 'siteEnv = { "A" }' 'siteEnvAppend = { "=x" }' 'siteEnvPrepend = { "A-B=1" }' 'siteEnvUnset = { "A=1" }'; do
	conf "$bad"
	refused '2|3|4|5' "${bad%% *} must be a list of" "$bad" up v
done

# --- login shells, where /etc/profile sets PATH anew ---
unsquashfs -q -n -d $IMG/profile $BUSYBOX >/dev/null && mkdir -p $IMG/profile/etc/profile.d || exit 1
cat >$IMG/profile/etc/profile <<'END'
PATH=/usr/local/bin:/usr/bin:/bin
export PATH
for i in /etc/profile.d/*.sh; do . "$i"; done
END
echo 'PATH=/profile/first:$PATH' >$IMG/profile/etc/profile.d/tool.sh
printf 'ENV: PATH=/image/bin:/bin:/image/last\n' >$IMG/profile.meta
conf 'siteEnvPrepend = "PATH=/site/first"'
ok "an image whose login shells have another PATH" up a --image local:$IMG/profile --sshd
ok "sshd" serve a
want=/opt/udiImage/bin:/site/first:/image/bin:/image/last:/profile/first:/usr/local/bin:/usr/bin:/bin
is "$(echo 'echo $PATH ${SHIFTER_PATH-gone}' | ssh_run 2>/dev/null)" "$want gone" "a login shell by ssh gets back what it lost"
is "$(ssh_run 'echo $PATH')" /opt/udiImage/bin:/site/first:/image/bin:/bin:/image/last:/usr/local/bin:/usr/bin \
	"a command by ssh has lost nothing"
is "$(echo 'command -v ssh' | ssh_run 2>/dev/null)" /opt/udiImage/bin/ssh "our ssh is found"
is "$(run sh -lc 'command -v ssh; echo $PATH')" "/opt/udiImage/bin/ssh
/opt/udiImage/bin:/profile/first:/usr/local/bin:/usr/bin:/bin" "by shifter, too"
ok "teardown" down a
rm -f /home/alice/{env,big,script} /tmp/by-*; rmdir /srv/none
unchanged "nothing is left"
done_testing
