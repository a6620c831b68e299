# SPDX-License-Identifier: BSD-3-Clause
#
# What the system must have, and what it may have.

# SHF_REQUIRE_DECLARATION(WHAT, INCLUDES, EXPRESSION)
AC_DEFUN([SHF_REQUIRE_DECLARATION], [
AC_MSG_CHECKING([for $1])
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([$2], [[long x = (long)($3); (void)x;]])],
	[AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	 AC_MSG_ERROR([cannot find '$1' in the system headers: they are older than Linux 5.14; install newer ones (linux-libc-dev, kernel-headers)])])
])

# SHF_CHECK_KERNEL_HEADERS
# The kernel floor is 5.14; the headers must know what the code asks of it.
AC_DEFUN([SHF_CHECK_KERNEL_HEADERS], [
SHF_REQUIRE_DECLARATION([openat2], [[#include <sys/syscall.h>
#include <linux/openat2.h>]], [SYS_openat2 + sizeof(struct open_how) + RESOLVE_IN_ROOT])
SHF_REQUIRE_DECLARATION([mount_setattr], [[#include <sys/syscall.h>]], [SYS_mount_setattr])
SHF_REQUIRE_DECLARATION([struct mount_attr], [[#include <linux/mount.h>]],
	[sizeof(struct mount_attr) + MOUNT_ATTR_NOSUID])
SHF_REQUIRE_DECLARATION([close_range], [[#include <sys/syscall.h>
#include <linux/close_range.h>]], [SYS_close_range + CLOSE_RANGE_CLOEXEC])
SHF_REQUIRE_DECLARATION([pidfd_open], [[#include <sys/syscall.h>]],
	[SYS_pidfd_open + SYS_pidfd_send_signal])
SHF_REQUIRE_DECLARATION([LOOP_CONFIGURE], [[#include <linux/loop.h>]],
	[LOOP_CONFIGURE + sizeof(struct loop_config)])
])

# SHF_CHECK_SLURM
# Slurm's headers: found by itself, demanded by --with-slurm[=PREFIX], ignored by
# --without-slurm.  Sets have_slurm, slurm_version, slurm_why, SLURM_CFLAGS,
# slurmplugindir and the conditional HAVE_SLURM.
AC_DEFUN([SHF_CHECK_SLURM], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
AC_ARG_WITH([slurm],
	[AS_HELP_STRING([--with-slurm@<:@=PREFIX@:>@],
		[build the Slurm plug-in, with the headers in PREFIX/include (default: if the headers are found)])],
	[], [with_slurm=auto])
AC_ARG_WITH([slurm-plugindir],
	[AS_HELP_STRING([--with-slurm-plugindir=DIR],
		[where shifter_slurm.so goes; plugstack.conf names it by its absolute path (default: LIBDIR/shifter)])],
	[], [with_slurm_plugindir='${libdir}/shifter'])
SHF_REQUIRE_ABSOLUTE([--with-slurm-plugindir], [$with_slurm_plugindir])
AC_SUBST([slurmplugindir], [$with_slurm_plugindir])

have_slurm=no
slurm_version=unknown
slurm_why='its headers were not found'
SLURM_CFLAGS=
AS_CASE([$with_slurm],
	[no], [slurm_why='--without-slurm'],
	[auto|yes], [AS_IF([test -n "$PKG_CONFIG" && $PKG_CONFIG --exists slurm],
		[SLURM_CFLAGS=`$PKG_CONFIG --cflags-only-I slurm | $SED 's/-I */-isystem /g'`])],
	[/*], [SLURM_CFLAGS="-isystem $with_slurm/include"],
	[AC_MSG_ERROR([cannot use --with-slurm='$with_slurm': not an absolute path])])

dnl A prefix without the header must not fall back on the system's.
AS_IF([test "x$with_slurm" != xno && \
	{ test -n "${with_slurm%%/*}" || test -f "$with_slurm/include/slurm/spank.h"; }], [
	shf_save_CPPFLAGS=$CPPFLAGS
	CPPFLAGS="$CPPFLAGS $SLURM_CFLAGS"
	AC_CHECK_HEADER([slurm/spank.h], [have_slurm=yes])
	AS_IF([test "x$have_slurm" = xyes], [
		AC_COMPUTE_INT([slurm_major], [SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER)],
			[[#include <slurm/slurm_version.h>]], [slurm_major=0])
		AC_COMPUTE_INT([slurm_minor], [SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER)],
			[[#include <slurm/slurm_version.h>]], [slurm_minor=0])
		AS_IF([test "$slurm_major" -gt 0], [
			AS_CASE([$slurm_minor], [?], [slurm_minor=0$slurm_minor])
			slurm_version=$slurm_major.$slurm_minor])])
	CPPFLAGS=$shf_save_CPPFLAGS])

AS_IF([test "x$have_slurm" = xno], [
	AS_CASE([$with_slurm],
		[no|auto], [],
		[yes], [AC_MSG_ERROR([cannot find 'slurm/spank.h', which --with-slurm asks for: install Slurm's development package or name its prefix with --with-slurm=PREFIX])],
		[AC_MSG_ERROR([cannot find 'slurm/spank.h' in '$with_slurm/include', which --with-slurm names])])])
AC_SUBST([SLURM_CFLAGS])
AM_CONDITIONAL([HAVE_SLURM], [test "x$have_slurm" = xyes])
])

# SHF_CHECK_OPENSSH_SOURCE
# Turns with_openssh_source into OPENSSH_SOURCE: "debian", or an absolute path.
AC_DEFUN([SHF_CHECK_OPENSSH_SOURCE], [
AS_CASE([$with_openssh_source],
	[debian], [OPENSSH_SOURCE=debian],
	[yes|no|''], [AC_MSG_ERROR([cannot use --with-openssh-source without a path: name a directory or a tarball, or use --disable-udiimage])],
	[AS_IF([test -d "$with_openssh_source"],
		[AS_IF([test -f "$with_openssh_source/configure.ac" && test -f "$with_openssh_source/sshd.c"],
			[OPENSSH_SOURCE=`cd "$with_openssh_source" && pwd`],
			[AC_MSG_ERROR([cannot use OpenSSH source '$with_openssh_source': it has no configure.ac or no sshd.c])])],
	 [test -f "$with_openssh_source"],
		[OPENSSH_SOURCE=`cd "$(dirname "$with_openssh_source")" && pwd`/`basename "$with_openssh_source"`],
		[AC_MSG_ERROR([cannot use OpenSSH source '$with_openssh_source': no such file or directory])])])
AC_SUBST([OPENSSH_SOURCE])
])

# SHF_REQUIRE_ABSOLUTE(OPTION, PATH)
# Paths end up in programs and in C strings: absolute (make variables are), and
# of harmless characters.
AC_DEFUN([SHF_REQUIRE_ABSOLUTE], [
AS_CASE([$2],
	[*[[!A-Za-z0-9/._+@%:=,\${}-]]*], [AC_MSG_ERROR([cannot use $1='$2': it has a character that is not a letter, a digit or one of /._+@%:=,-])],
	[/*|'${'*], [],
	[AC_MSG_ERROR([cannot use $1='$2': not an absolute path])])
])
