# SPDX-License-Identifier: BSD-3-Clause
#
# Compiler and linker flags, each tried before it is used.

# SHF_PROG_CC_C11
# Insist on C11; older autoconf does not ask the compiler for it.
AC_DEFUN([SHF_PROG_CC_C11], [
AC_CACHE_CHECK([for the option that makes $CC accept C11], [shf_cv_prog_cc_c11], [
	shf_cv_prog_cc_c11=no
	shf_save_CC=$CC
	for shf_opt in '' -std=gnu11; do
		CC="$shf_save_CC $shf_opt"
		AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __STDC_VERSION__ || __STDC_VERSION__ < 201112L
# error "not C11"
#endif
_Static_assert(sizeof(char) == 1, "C11");
]])], [shf_cv_prog_cc_c11=${shf_opt:-none}; break])
	done
	CC=$shf_save_CC])
AS_CASE([$shf_cv_prog_cc_c11],
	[no], [AC_MSG_ERROR([cannot use the compiler '$CC': it does not know C11; name another one with CC=])],
	[none], [],
	[CC="$CC $shf_cv_prog_cc_c11"])
])

# SHF_CHECK_CFLAGS(VARIABLE, FLAGS)
# Add to VARIABLE those of FLAGS that the compiler knows.  -Werror, because
# clang only warns about flags that it ignores.
AC_DEFUN([SHF_CHECK_CFLAGS], [
for shf_flag in m4_normalize([$2]); do
	AS_VAR_PUSHDEF([shf_cv], [shf_cv_cflag_$shf_flag])
	AC_CACHE_CHECK([whether $CC knows $shf_flag], [shf_cv], [
		shf_save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $shf_flag"
		AC_COMPILE_IFELSE([AC_LANG_SOURCE([[extern int x; int x = 1;]])],
			[AS_VAR_SET([shf_cv], [yes])], [AS_VAR_SET([shf_cv], [no])])
		CFLAGS=$shf_save_CFLAGS])
	AS_VAR_IF([shf_cv], [yes], [$1="${$1:+$$1 }$shf_flag"])
	AS_VAR_POPDEF([shf_cv])
done
])

# SHF_CHECK_LDFLAGS(VARIABLE, FLAGS)
AC_DEFUN([SHF_CHECK_LDFLAGS], [
for shf_flag in m4_normalize([$2]); do
	AS_VAR_PUSHDEF([shf_cv], [shf_cv_ldflag_$shf_flag])
	AC_CACHE_CHECK([whether the linker knows $shf_flag], [shf_cv], [
		shf_save_LDFLAGS=$LDFLAGS
		LDFLAGS="$LDFLAGS -Werror $shf_flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
			[AS_VAR_SET([shf_cv], [yes])], [AS_VAR_SET([shf_cv], [no])])
		LDFLAGS=$shf_save_LDFLAGS])
	AS_VAR_IF([shf_cv], [yes], [$1="${$1:+$$1 }$shf_flag"])
	AS_VAR_POPDEF([shf_cv])
done
])

# SHF_CHECK_PIE
# Objects of programs are compiled with -fPIE (those of libraries get libtool's
# -fPIC after it, and the last one counts).  -pie is for programs alone, hence
# its own variable, PIE_LDFLAGS.
AC_DEFUN([SHF_CHECK_PIE], [
AC_CACHE_CHECK([whether programs can be position independent], [shf_cv_pie], [
	shf_save_CFLAGS=$CFLAGS
	shf_save_LDFLAGS=$LDFLAGS
	CFLAGS="$CFLAGS -Werror -fPIE"
	LDFLAGS="$LDFLAGS -pie"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [shf_cv_pie=yes], [shf_cv_pie=no])
	CFLAGS=$shf_save_CFLAGS
	LDFLAGS=$shf_save_LDFLAGS])
AS_IF([test "x$shf_cv_pie" = xyes], [
	SHF_CFLAGS="$SHF_CFLAGS -fPIE"
	PIE_LDFLAGS=-pie])
AC_SUBST([PIE_LDFLAGS])
])

# SHF_CHECK_STATIC
# Sets STATIC_LDFLAGS, for the small privileged programs: static ones load no
# library that somebody could replace, and start several times faster.  A
# program linked that way is also run, where that is possible: with some
# versions of the C library it links and then crashes.
#
# libtool keeps a plain -static for itself, its word for it is -all-static.
# Where nothing works these programs are ordinary ones.
AC_DEFUN([SHF_CHECK_STATIC], [
AC_REQUIRE([AC_PROG_CC])
AC_CACHE_CHECK([how to link programs statically], [shf_cv_static], [
	shf_cv_static=no
	shf_save_CFLAGS=$CFLAGS
	shf_save_LDFLAGS=$LDFLAGS
	for shf_flag in -static-pie -static; do
		AS_IF([test "x$shf_flag" = x-static-pie], [
			AS_IF([test "x$shf_cv_pie" != xyes], [continue])
			CFLAGS="$shf_save_CFLAGS -Werror -fPIE"],
			[CFLAGS="$shf_save_CFLAGS -Werror"])
		LDFLAGS="$shf_save_LDFLAGS $shf_flag"
		AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>
#include <stdlib.h>]], [[
	char *p = malloc(100);
	if (!p || snprintf(p, 100, "%d", 42) != 2)
		return 1;
	free(p);
]])], [shf_cv_static=$shf_flag], [],
			[AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
				[shf_cv_static=$shf_flag])])
		AS_IF([test "x$shf_cv_static" != xno], [break])
	done
	CFLAGS=$shf_save_CFLAGS
	LDFLAGS=$shf_save_LDFLAGS])
AS_CASE([$shf_cv_static],
	[-static-pie], [STATIC_LDFLAGS=-static-pie],
	[-static], [STATIC_LDFLAGS=-all-static],
	[STATIC_LDFLAGS=$PIE_LDFLAGS])
AC_SUBST([STATIC_LDFLAGS])
])

# SHF_CHECK_FORTIFY
# _FORTIFY_SOURCE does nothing but warn without optimisation, and a compiler
# that defines it by itself may have chosen a higher level.
AC_DEFUN([SHF_CHECK_FORTIFY], [
AC_CACHE_CHECK([whether to define _FORTIFY_SOURCE], [shf_cv_fortify], [
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __OPTIMIZE__ || defined _FORTIFY_SOURCE
# error "no"
#endif
extern int x; int x = 1;
]])], [shf_cv_fortify=yes], [shf_cv_fortify=no])])
AS_IF([test "x$shf_cv_fortify" = xyes], [SHF_CPPFLAGS="-D_FORTIFY_SOURCE=2"])
AC_SUBST([SHF_CPPFLAGS])
])

# SHF_CHECK_VERSION_SCRIPT
AC_DEFUN([SHF_CHECK_VERSION_SCRIPT], [
AC_CACHE_CHECK([whether the linker knows version scripts], [shf_cv_version_script], [
	AS_ECHO(['T { global: f; local: *; };']) >conftest.sym
	shf_save_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS -shared -fPIC -Wl,--version-script=conftest.sym"
	AC_LINK_IFELSE([AC_LANG_SOURCE([[int f(void); int f(void) { return 1; }]])],
		[shf_cv_version_script=yes], [shf_cv_version_script=no])
	LDFLAGS=$shf_save_LDFLAGS
	rm -f conftest.sym])
AM_CONDITIONAL([HAVE_VERSION_SCRIPT], [test "x$shf_cv_version_script" = xyes])
])

# SHF_CHECK_MUSL
# Programs that start for each command of a job or for each container are linked
# with musl where its compiler wrapper is: glibc's start-up asks the processor
# about itself, and on virtual machines, where each such question traps to the
# hypervisor, that takes longer than all that these programs do.
#
# Sets MUSL_CC, empty without; MUSL_CPPFLAGS, which append the kernel's headers;
# MUSL_LDFLAGS and MUSL_STARTFILES, MUSL_ENDFILES, for static, position
# independent programs, which the wrapper by itself does not link.  They are packed
# into as few pages as there can be, since the kernel takes longer to bring one in
# than they run: code and constants in one segment, and no pages set apart for
# relro, which in a static program of musl's nobody makes read-only anyway.
AC_DEFUN([SHF_CHECK_MUSL], [
AC_REQUIRE([AC_PROG_CC])
AC_REQUIRE([AC_PROG_SED])
AC_ARG_WITH([musl],
	[AS_HELP_STRING([--with-musl@<:@=COMMAND@:>@],
		[compiler that links with musl, for the small programs (default: musl-gcc where it works)])],
	[], [with_musl=check])
AS_CASE([$with_musl],
	[no], [MUSL_CC=],
	[check|yes], [AC_PATH_PROG([MUSL_CC], [musl-gcc])],
	[MUSL_CC=$with_musl])
shf_multiarch=`$CC -print-multiarch 2>/dev/null`
MUSL_CPPFLAGS="${shf_multiarch:+-idirafter /usr/include/$shf_multiarch }-idirafter /usr/include"
shf_works=no
AS_IF([test "x$MUSL_CC" != x], [
	AC_MSG_CHECKING([whether $MUSL_CC makes static programs])
	shf_crt=`$MUSL_CC -static -@%:@@%:@@%:@ -x c /dev/null 2>&1 | $SED -n 's|.*[[ "]]\(/[[^ "]]*\)/Scrt1\.o.*|\1|p'`
	MUSL_STARTFILES="$shf_crt/rcrt1.o $shf_crt/crti.o"
	MUSL_ENDFILES="$shf_crt/crtn.o"
	MUSL_LDFLAGS='-static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text,-z,noseparate-code,-z,norelro'
	shf_save_CC=$CC
	shf_save_CFLAGS=$CFLAGS
	shf_save_CPPFLAGS=$CPPFLAGS
	shf_save_LDFLAGS=$LDFLAGS
	shf_save_LIBS=$LIBS
	CC=$MUSL_CC
	CFLAGS="$CFLAGS -fPIE"
	CPPFLAGS="$CPPFLAGS $MUSL_CPPFLAGS"
	LDFLAGS="$LDFLAGS $MUSL_LDFLAGS"
	LIBS="$MUSL_STARTFILES $MUSL_ENDFILES"
	AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <linux/openat2.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>]], [[
	struct open_how how = { .flags = 42 };
	char *p = malloc(100);
	if (!p || snprintf(p, 100, "%d", (int)how.flags) != 2)
		return 1;
	free(p);
]])], [shf_works=yes], [], [:])
	CC=$shf_save_CC
	CFLAGS=$shf_save_CFLAGS
	CPPFLAGS=$shf_save_CPPFLAGS
	LDFLAGS=$shf_save_LDFLAGS
	LIBS=$shf_save_LIBS
	AC_MSG_RESULT([$shf_works])
])
AS_IF([test "$shf_works" = no], [
	MUSL_CC=
	AS_CASE([$with_musl], [no|check], [],
		[AC_MSG_ERROR([cannot link static programs with musl: install musl-tools, or leave out --with-musl])])
])
AC_SUBST([MUSL_CC])
AC_SUBST([MUSL_CPPFLAGS])
AC_SUBST([MUSL_LDFLAGS])
AC_SUBST([MUSL_STARTFILES])
AC_SUBST([MUSL_ENDFILES])
AM_CONDITIONAL([HAVE_MUSL], [test "x$MUSL_CC" != x])
])
