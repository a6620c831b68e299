# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-3-Clause
#
# security.bash - hostile images and what they must not reach; to be sourced after container.bash

SEEN=/tmp/seen                               # hostile code writes its effective uid here
mkdir -m 1777 -p /tmp && : >$SEEN && chmod 666 $SEEN

# hostile_root DIR: busybox; a libc, loader, libnss_*, gconv module, ld.so.preload, /bin/sh, sshd and
# interpreters of its own, all of which write their euid to $SEEN; setuid, capabilities, devices
hostile_root() {
	local d=$1 libs lib
	unsquashfs -q -n -d "$d" "$BUSYBOX" >/dev/null || return
	printf '%s\n' '#include <fcntl.h>' '#include <stdio.h>' '#include <unistd.h>' \
		'__attribute__((constructor)) static void run(void) {' \
		"int fd = open(\"$SEEN\", O_WRONLY | O_APPEND);" \
		'if (fd >= 0) { dprintf(fd, "%d\n", (int)geteuid()); close(fd); } }' >"$T_DIR/evil.c" &&
	printf '%s\n' '#include <stdio.h>' '#include <unistd.h>' \
		'int main(void) { setuid(0); setgid(0); printf("%d %d\n", (int)geteuid(), (int)getegid()); return 0; }' \
		>"$T_DIR/ids.c" &&
	${CC:-cc} -shared -fPIC -o "$T_DIR/evil.so" "$T_DIR/evil.c" &&
	${CC:-cc} -o "$T_DIR/dynamic" "$T_DIR/ids.c" && ${CC:-cc} -static -o "$T_DIR/ids" "$T_DIR/ids.c" &&
	${CC:-cc} -static -o "$T_DIR/evil" "$T_DIR/evil.c" -x c - <<<'int main(void) { return 0; }' || return
	libs=$(ldd "$T_DIR/dynamic" | grep -o '/[^ ]*')
	for lib in $libs; do install -D "$lib" "$d$lib" || return; done
	lib=$d$(dirname "$(grep -m1 libc.so <<<"$libs")")
	for name in libnss_files.so.2 libnss_compat.so.2 libnss_evil.so.2 libnss_sss.so.2 libnss_systemd.so.2; do
		cp "$T_DIR/evil.so" "$lib/$name" || return
	done
	mkdir -p "$lib/gconv" "$d/usr/lib/locale" "$d"/opt/udiImage/{sbin,bin,libexec} "$d/etc" &&
	cp "$T_DIR/evil.so" "$lib/gconv/EVIL.so" && echo 'module UTF-8// INTERNAL EVIL 1' >"$lib/gconv/gconv-modules" &&
	cp "$T_DIR/evil.so" "$d/evil.so" && echo /evil.so >"$d/etc/ld.so.preload" &&
	echo 'passwd: evil' >"$d/etc/nsswitch.conf" && echo 'root::0:0::/:/bin/sh' >"$d/etc/passwd" &&
	cp "$T_DIR/evil" "$d/opt/udiImage/sbin/sshd" && cp "$T_DIR/evil" "$d/opt/udiImage/libexec/udi-host-key" &&
	cp "$T_DIR/dynamic" "$d/bin/dynamic" && mkdir -p "$d/sbin" && cp "$T_DIR/evil" "$d/sbin/modprobe" &&
	cp "$T_DIR/ids" "$d/bin/suid" && chmod 6755 "$d/bin/suid" && cp "$T_DIR/ids" "$d/bin/caps" &&
	setcap cap_setuid,cap_setgid=ep "$d/bin/caps" && mknod -m 666 "$d/zero" c 1 5 && mkfifo "$d/fifo"
}
