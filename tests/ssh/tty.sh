#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# tty.sh - terminals by ssh: their size, signals, job control, vim and tmux, on whatever devpts the host has
#
# The terminal is the image's tmux in the container: it shows what would be on the screen.
# shellcheck disable=SC2016,SC2086,SC2317,SC2329        # other shells expand; called by name
set -u
IMAGE_KINDS=launchers
# shellcheck source=tests/container/container.bash
. "$(dirname "$(readlink -f "$0")")/../container/container.bash" || exit 1
IMAGE=local:$IMG/launchers.squashfs
cp /images/launchers.squashfs $IMG || exit 1

# --- the devpts of the host ---
tty_of() { inside "$1" ssh -tt node2 'tty; stat -c "%u %g %a" "$(tty)"' 2>/dev/null | tr -d '\r' | tr '\n' ' '; }
ok "a container, where ttys are of group 5" up a --image $IMAGE --sshd
ok "sshd" serve a
like "$(tty_of a)" '^/dev/pts/[0-9]+ 2001 5 620 $' "a terminal of that group"
like "$(inside a getent group tty)" '^tty:x:5:' "which the container knows"
for gid in 77 ''; do
	mount -t devpts -o "newinstance,mode=600,ptmxmode=666${gid:+,gid=$gid}" devpts /dev/pts || exit 1
	ok "a container, where ttys are of group '$gid'" up b --sshd --port 1205
	ok "sshd" serve b
	like "$(tty_of b)" "^/dev/pts/[0-9]+ 2001 ${gid:-[0-9]+} 6[02]0 \$" "a terminal there"
	ok "teardown" down b
	umount /dev/pts || exit 1
done

# --- a screen ---
printf '%s\n' 'set -g status off' 'set -g default-command "exec bash --norc"' 'set -s escape-time 0' >/home/alice/tmux.conf
printf '%s\n' 'PS1="ready> "' >/home/alice/.bash_profile
t() { inside a env LC_ALL=C.UTF-8 TERM=screen tmux -S /run/user/2001/t -f /home/alice/tmux.conf "$@"; }
screen() { t capture-pane -p; }
sees() { screen | grep -qE -- "$1"; }
type_in() { t send-keys -l "$1" && t send-keys Enter; } # type_in LINE
shows() { # shows REGEX DESC: soon
	if wait_until 20 sees "$1"; then pass "$2"; else fail "$2" "wanted: $1
$(screen)"; fi
}
ok "a terminal of 100 times 30" t new-session -d -x 100 -y 30 'ssh node2; echo "status=$?"; exec cat'
shows '^ready>' "ssh node2: a login shell in it"
type_in 'stty size; echo "term=$TERM"'
shows '^30 100$' "it has that size from the start"
shows '^term=(screen|tmux)' "and is of that kind"
type_in 'clear; ssh -t node1 tty'
shows '^/dev/pts/[0-9]+' "on from there, with a terminal"

# --- signals ---
type_in 'clear; sh -c '\''trap "stty size" WINCH; echo waiting; while :; do sleep 300 & wait; done'\'
shows '^waiting' "a program that waits"
t resize-window -x 120 -y 40
shows '^40 120$' "is told of a new size by SIGWINCH"
t send-keys C-c
shows '^ready> *$' "Ctrl-C ends it"
type_in 'clear; (exit 3); sleep 301'
running_there() { running 'sleep 301'; }
ok "a program in front" wait_until 20 running_there
t send-keys C-z
shows 'Stopped +.*sleep 301' "Ctrl-Z stops it"
type_in 'bg; jobs'
shows 'Running +.*sleep 301' "it can go on behind"
type_in 'fg'
t send-keys C-c
type_in 'echo "rc=$?"'
shows '^rc=130' "and in front again, to Ctrl-C"
not_ok "it is gone" running 'sleep 301'
type_in 'clear; cat >/dev/null'
t send-keys C-d
type_in 'echo "rc=$?"'
shows '^rc=0' "Ctrl-D ends input"

# --- vim ---
type_in 'clear; vim.tiny -u NONE vim.txt'
shows '^~$' "vim has the screen"
t send-keys -l 'ifirst line'
t send-keys Enter
t send-keys -l 'second line'
t send-keys Escape
is "$(wait_until 20 sees '^second line'; screen | head -n 3)" $'first line\nsecond line\n~' "what is typed is shown"
t resize-window -x 90 -y 20
type_in ':set lines?'
shows '^ *lines=20' "a new size arrives"
type_in ':set columns?'
shows '^ *columns=90' "in both directions"
type_in ':wq'
shows '^ready>' "it leaves"
is "$(cat /home/alice/vim.txt)" $'first line\nsecond line' "and has written"

# --- tmux ---
type_in 'clear; env -u TMUX tmux -u -L inner -f tmux.conf new-session'
shows '^bash-[0-9.]+\$ *$' "tmux has the screen"
type_in 'echo "from $((20 + 22))"'
shows '^from 42' "a shell in it"
t send-keys C-b %
shows '│' "a second pane"
type_in 'stty size'
shows '│20 4[45]$' "of half the width"
t send-keys C-b d
shows 'detached' "it lets go"
type_in 'clear; env -u TMUX tmux -u -L inner attach'
shows '^from 42' "and is found again as it was"
t send-keys C-b d
shows 'detached' "it lets go again"
type_in 'clear; tmux -L inner kill-server; exit 7'
shows '^status=7' "the exit status of the shell is that of ssh"
ok "the terminal ends" t kill-server

# --- PATH of login shells ---
for shell in bash sh zsh; do
	is "$(inside a $shell -lc 'command -v ssh')" /opt/udiImage/bin/ssh "$shell -l: our ssh is the first"
	is "$(inside a ssh node2 "$shell -lc 'command -v ssh; ssh node1 echo onward'")" $'/opt/udiImage/bin/ssh\nonward' "$shell -l by ssh, and onward"
done
ok "teardown" down a
unchanged "nothing is left"
done_testing
