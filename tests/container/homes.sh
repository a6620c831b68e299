#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# homes.sh - a home that the node does not have is empty and private; one that exists is kept
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/container.bash" || exit 1

conf() { { printf 'imagePath = "%s"\n' $IMG; printf '%s\n' "$@"; } >/etc/shifter/udiRoot.conf; }
unsquashfs -q -n -d $IMG/dir $BUSYBOX >/dev/null && mkdir -p $IMG/dir/users/kept $IMG/dir/real && echo image >$IMG/dir/users/kept/f &&
	ln -s /real $IMG/dir/link && mkfifo $IMG/dir/users/fifo && ln -s /nowhere $IMG/dir/users/dangling &&
	install -d -m 700 $IMG/dir/locked || exit 1
had=$(find $IMG/dir | sort)

private() { # private HOME DESC [OPTION...]: an empty one of the user's
	local home=$1 desc=$2; shift 2
	ok "$desc: a container" up h --home "$home" --image local:$IMG/dir "$@"
	is "$(inside h stat -c '%a %u:%g' "$home")" '700 2001:2001' "$desc: the home is the user's and private"
	is "$(inside h find "$home" -mindepth 1)" '' "$desc: it is empty"
	ok "$desc: it can be written" inside h sh -c "echo x >$home/f && mkdir $home/d && cat $home/f"
	is "$(inside h cat /proc/self/mountinfo | awk -v h="$(inside h readlink -f "$home")" '$5 == h { print $6 }' | cut -d, -f1-3)" \
		rw,nosuid,nodev "$desc: nosuid and nodev"
	ok "$desc: teardown" down h
}
kept() { # kept HOME WHAT DESC [OPTION...]: what is there stays
	local home=$1 what=$2 desc=$3; shift 3
	ok "$desc: a container" up h --home "$home" --image local:$IMG/dir "$@"
	is "$(inside h cat /proc/self/mountinfo | awk -v h="$home" '$5 == h' | wc -l)" "$what" "$desc: is left as it is"
	ok "$desc: shifter works" inside h true
	ok "$desc: teardown" down h
}

# --- nothing of that name in siteFs, or in the image ---
private /users/alice "a home below no site mount"
private /deep/er/than/anything/alice "with no directory above it"
private /users/fifo "a FIFO of the image's there"
private /users/dangling "a dangling link of the image's there"
private /link/alice "below a link of the image's"
is "$(inside h true 2>/dev/null; find $IMG/dir | sort)" "$had" "nothing was made in the image"
ok "a home for ssh, too" up h --home /users/alice --sshd --image local:$IMG/dir
key=$(as alice shifterctl key)
ok "sshd" shifterctl sshd h --principal udi.test.h --user-key "$key" --private-key-file /home/alice/.udiRoot/id_ed25519
shifterctl hostsfile h --slurm 'node[1-2]' --slots '2(x2)' || fail "hosts file"
is "$(inside h ssh node2 pwd)" /users/alice "a login starts in it"
inside h sh -c 'echo mine >/users/alice/f'
is "$(inside h ssh node2 'cat ~/f')" mine "and sees the same files"
t_run inside h dd if=/dev/zero of=/users/alice/big bs=1M count=512
like "$T_RC:$T_OUT" '^[1-9].*No space left' "it has containerTmpfsSize for a bound"
down h
ok "the next container" up h --home /users/alice --image local:$IMG/dir
is "$(inside h find /users/alice -mindepth 1)" '' "starts with an empty one"
down h

# --- volumes and site mounts inside of it ---
mkdir -p /data/v /data/s && echo volume >/data/v/f && echo site >/data/s/f || exit 1
ok "a volume inside of it" up h --home /users/alice --image local:$IMG/dir --volume /data/v:/users/alice/deep/v
is "$(inside h cat /users/alice/deep/v/f)" volume "is there"
is "$(inside h stat -c '%a %u' /users/alice)" '700 2001' "in a home of the user's"
down h
conf 'siteFs = "/tmp:/tmp;/data/s:/users/alice/s"'
ok "a site mount inside of it" up h --home /users/alice --image local:$IMG/dir
is "$(inside h cat /users/alice/s/f)" site "is there"
down h

# --- /home is not in siteFs ---
conf 'siteFs = "/tmp:/tmp"'
private /home/alice "a site that does not mount /home"
conf

# --- what exists is never hidden ---
ok "the home of the node" up h
echo marker >/home/alice/marker
is "$(inside h cat /home/alice/marker)" marker "is shown"
down h; rm /home/alice/marker
kept /users/kept 0 "a home that the image has"
for home in / /tmp /usr /etc /run/user/2001 /dev /proc /var /opt /opt/udiImage; do
	kept $home "$(up probe --image local:$IMG/dir >/dev/null 2>&1; inside probe cat /proc/self/mountinfo | awk -v h="$home" '$5 == h' | wc -l; down probe)" "the home $home"
done
kept /locked/alice 0 "a home behind a directory of root's"
kept /tmp/none 0 "a home below a site mount, where nothing can be made"
ok "a volume as the home" up h --home /users/vol --image local:$IMG/dir --volume /data/v:/users/vol
is "$(inside h cat /users/vol/f)" volume "is the home"
down h
mkdir /data/alice && chown alice /data/alice && ln -s /data/alice /home/linked && echo there >/data/alice/f
conf 'siteFs = "/home:/home;/data:/data"'
ok "a home that is a link of the node's" up h --home /home/linked
is "$(inside h cat /home/linked/f)" there "leads to what it leads to there"
down h; rm /home/linked
conf
unchanged "nothing is left"

# --- the last: a node without /home, which the default of siteFs then leaves out ---
ok "/home can be taken away" umount /home
ok "with its mount point" rmdir /home
SNAPSHOT=$(snapshot)
private /home/alice "a node without /home"
unchanged "nothing is left at the end"
done_testing
