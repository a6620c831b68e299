#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# attach.sh - the system's own ssh into a job's containers, from outside of the job: from a login
# node, from a laptop that reaches only that, and through tunnels.  Both are network namespaces.
# shellcheck disable=SC2015,SC2016,SC2046,SC2086,SC2088,SC2154,SC2317,SC2329 # other shells expand; called by name
set -u
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1

# a site that allows for tunnels
cp -a /usr/libexec/shifter/opt/udiImage $IMG/udi
sed -i 's/^AllowTcpForwarding .*/AllowTcpForwarding yes/' $IMG/udi/etc/sshd_config
tunnels_are() { # tunnels_are PATH: of udiImage
	printf 'imagePath = "%s"\nudiImagePath = "%s"\n' $IMG "$1" >/etc/shifter/udiRoot.conf
}

# --- where the user sits: the laptop reaches the login node, and that the compute node ---
place() { # place NAME: a process that keeps a network namespace; its pid is left in $NAME
	unshare --net sleep infinity &
	printf -v "$1" %s $!
	on_exit kill $!
	wait_until 10 eval '[ "$(readlink /proc/'$!'/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
}
at() { # at PID CMD...: as root, in that namespace
	nsenter --net="/proc/$1/ns/net" -- "${@:2}"
}
from() { # from PID CMD...: as alice
	at "$1" setpriv --reuid=alice --regid=alice --init-groups env -i HOME=/home/alice \
		USER=alice PATH=/usr/bin:/bin "${@:2}"
}
end() { # end PID: the program that a function in the background runs
	kill $(cat "/proc/$1/task/$1/children"); wait "$1"
}
wire() {
	ip link set peer0 netns $login && at $login ip addr add 10.98.0.100/24 dev peer0 &&
	at $login ip link set peer0 up && at $login ip link set lo up &&
	at $laptop ip link set lo up &&
	ip link add up0 netns $laptop type veth peer name down0 netns $login &&
	at $laptop ip addr add 10.97.0.2/24 dev up0 && at $laptop ip link set up0 up &&
	at $login ip addr add 10.97.0.1/24 dev down0 && at $login ip link set down0 up
}
place login
place laptop
ok "a login node and a laptop" wire
not_ok "the laptop does not reach the compute node" at $laptop bash -c ': <>/dev/tcp/10.98.0.1/1204'

# --- the fragment ---
tunnels_are $IMG/udi
ok "a container" up a --sshd
ok "sshd" serve a
config=/home/alice/job.conf
ssh_config() { as alice shifter --container=a ssh-config "$@"; }
ssh_config >$config || fail "shifter ssh-config"
chmod 644 $config
ssh_there() { # ssh_there PID ARG...: the system's client
	from "$1" timeout 20 /usr/bin/ssh -F $config -o BatchMode=yes "${@:2}" </dev/null
}
like "$(</home/alice/job.conf)" $'\tHostName 10.98.0.1\n' "it has the addresses that /etc/hosts knows"
is "$(ssh_there $login a cat /etc/container-marker)" 'libshifter demo image' "ssh JOB from the login node: in the container"
is "$(ssh_there $login node2.a id -un)" alice "ssh HOST.JOB: as alice"
is "$(head -c 100000 /dev/zero | from $login /usr/bin/ssh -F $config node1.a wc -c)" 100000 "data arrive"
is "$(ls -A /home/alice/.ssh 2>/dev/null)" '' "nothing is in ~/.ssh"
is "$(inside a ssh node2 shifter ssh-config --name a)" "$(<$config)" "the same from inside of the container"
is "$(ssh_there $login a shifter ssh-config | head -n 1 | grep -c 'job udi.test.a,')" 1 \
	"which is called by its principal where nobody says the id"
from $login sh -c 'mkdir -m 700 ~/.ssh && printf "Include %s\nHost *\nUser nobody\nPort 9\nIdentityFile none\n" '$config' >~/.ssh/config'
is "$(from $login timeout 20 ssh -o BatchMode=yes node1.a id -un </dev/null)" alice "by Include, in spite of 'Host *' behind it"
exits 255 "other hosts are not reached by it" ssh_there $login -o ConnectTimeout=5 node1 true
rm -r /home/alice/.ssh

# --- keys ---
ssh_config --identity /nonexistent >$config
exits 255 "without the udiRoot key nobody gets in" ssh_there $login a true
like "$T_OUT" 'Permission denied' "for that reason"
ok "--identity" eval 'cp /home/alice/.udiRoot/id_ed25519 "/home/alice/my key" && chown alice "/home/alice/my key"'
ssh_config --identity '~/my key' >$config
is "$(ssh_there $login a id -un)" alice "the key may be elsewhere"
ssh_config --known-hosts '~/job.hosts' >$config
unlike "$(<$config)" KnownHostsCommand "--known-hosts, for clients without commands"
is "$(ssh_there $login node2.a id -un)" alice "knows the hosts by a file"
sed -i 's/^@cert-authority [^ ]*/@cert-authority udi.other/' /home/alice/job.hosts
exits 255 "without the authority in it they are nobody's" ssh_there $login node2.a id -un
like "$T_OUT" 'ost key verification failed|No .* host key is known' "for that reason"

# --- the laptop ---
mkdir -p /run/sshd /etc/ssh && rm -f /tmp/jump_key /tmp/jump_host
ssh-keygen -q -t ed25519 -N '' -f /tmp/jump_host && ssh-keygen -q -t ed25519 -N '' -f /tmp/jump_key &&
	chown alice /tmp/jump_key || fail "keys of the login node"
printf '%s\n' 'ListenAddress 10.97.0.1' 'HostKey /tmp/jump_host' 'AuthorizedKeysFile /tmp/jump_key.pub' \
	'StrictModes no' 'UsePAM no' 'PidFile none' >/tmp/jump_config
at $login /usr/sbin/sshd -D -e -f /tmp/jump_config 2>/tmp/jump_log &
jump=$!
jump_up() { at $laptop bash -c ': <>/dev/tcp/10.97.0.1/22' 2>/dev/null; }
ok "a login node with the system's sshd" wait_until 10 jump_up
ssh_config --proxy-jump login >$config
printf 'Host login\n\tHostName 10.97.0.1\n\tUser alice\n\tIdentityFile /tmp/jump_key\n\tUserKnownHostsFile /tmp/jump_known\n' >>$config
printf '10.97.0.1 %s\n' "$(cut -d' ' -f1,2 /tmp/jump_host.pub)" >/tmp/jump_known
is "$(ssh_there $laptop node2.a cat /etc/container-marker)" 'libshifter demo image' "from the laptop through the login node"

# --- a tunnel, as a notebook in a browser takes one ---
perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:8888", ReuseAddr => 1) or die;
	while (my $c = $s->accept) { print $c "notebook\n"; close $c }' &
on_exit kill $!
tunnel() { # tunnel: from port 9000 of the laptop, in the background; pid in $tunnel
	ssh_there $laptop -o ExitOnForwardFailure=yes -N -L 9000:127.0.0.1:8888 a >/tmp/tunnel_log 2>&1 &
	tunnel=$!
}
answer() { at $laptop timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9000 && head -n 1 <&3' 2>/dev/null; }
answers() { [ "$(answer)" = notebook ]; }
tunnel
ok "a tunnel to a port of the container" wait_until 15 answers
end $tunnel
ok "a site that does not allow it" eval 'down a && tunnels_are /usr/libexec/shifter/opt/udiImage && up a --sshd && serve a'
is "$(ssh_there $laptop a id -un)" alice "ssh works, with the fragment of before"
tunnel
refused_tunnel() { answer >/dev/null; grep -q 'administratively prohibited' /tmp/tunnel_log; }
ok "the tunnel does not" wait_until 15 refused_tunnel
end $tunnel

# --- somebody else at the job's place ---
ok "another job of alice's is where this one was" eval 'down a && up c --sshd && serve c'
exits 255 "its host key is not this job's" ssh_there $laptop a true
like "$T_OUT" 'ost key verification failed|not a listed principal' "for that reason"
ok "bob's container" eval 'down c && shifterctl setup --id b --image busybox --user bob --sshd && serve b bob'
exits 255 "neither is bob's" ssh_there $laptop a true
like "$T_OUT" 'ost key verification failed|No .* host key is known' "for that reason"
unlike "$T_OUT" bob "alice does not get in"

# --- calls that are not in order ---
says() { # says REGEX DESC ARG...: shifter ssh-config says one line, with status 125
	local regex=$1 desc=$2; shift 2
	t_run as alice shifter --container=d ssh-config "$@"
	like "$T_RC $(wc -l <<<"$T_OUT") $T_OUT" "^125 1 shifter: .*$regex" "$desc"
}
ok "a container without sshd" up d
says 'no sshd' "no sshd to reach"
shifterctl hostsfile d --slurm node1
says "unexpected argument 'x'" "an argument" x
says "jump host '-oX'" "a jump host that is an option" --proxy-jump=-oX
says "name 'a b'" "a name of two words" --name 'a b'
says "known-hosts file" "a file that ssh would expand" --known-hosts 'x%h'
says "unrecognized option" "an unknown option" --frob
ok "teardown" down b d
end $jump
unchanged "nothing is left"
done_testing
