# SPDX-License-Identifier: BSD-3-Clause
#
# The programs that start for every command and every container are static where
# that works, and linked with musl where that is at hand: they start in a tenth
# of the time, and no loader reads what an image or a user put in its way.
include $(top_srcdir)/bin/cli.mk

shifterlibexec_PROGRAMS += \
	bin/shifter-builder \
	bin/shifter-enter \
	bin/shifter-keeper \
	bin/shifter-lookup \
	bin/shifter-private \
	bin/shifter-readconf \
	bin/shifter-usher

if HAVE_MUSL
# The parts of the library that they use, once more (list here what one needs
# newly: it does not link otherwise).  CC is set by target, so
# that all else is as for other programs; each of these objects has a name of
# its own and belongs to such targets only.
noinst_LIBRARIES += libshfmusl.a
libshfmusl_a_SOURCES = \
	lib/base/command_env.c \
	lib/base/environ.c \
	lib/base/fd.c \
	lib/base/locale_name.c \
	lib/base/parse.c \
	lib/base/path.c \
	lib/base/report.c \
	lib/base/text.c \
	lib/kernel/build_walk.c \
	lib/kernel/credentials.c \
	lib/kernel/image_finder.c \
	lib/kernel/image_lookup.c \
	lib/kernel/image_view.c \
	lib/kernel/keeper_client.c \
	lib/kernel/message.c \
	lib/kernel/mounts.c \
	lib/kernel/process.c \
	lib/kernel/user_session.c \
	lib/kernel/volume_sources.c \
	lib/kernel/worker.c \
	lib/model/flat_plan.c \
	lib/model/image.c \
	lib/model/image_format.c
libshfmusl_a_CPPFLAGS = $(SMALL_CPPFLAGS)
libshfmusl_a_CFLAGS = $(SMALL_CFLAGS)

small_programs = \
	bin/shifter$(EXEEXT) \
	bin/shifter-builder$(EXEEXT) \
	bin/shifter-enter$(EXEEXT) \
	bin/shifter-keeper$(EXEEXT) \
	bin/shifter-lookup$(EXEEXT) \
	bin/shifter-usher$(EXEEXT)
libshfmusl.a $(small_programs): CC = $(MUSL_CC)

SMALL_CPPFLAGS = $(AM_CPPFLAGS) $(MUSL_CPPFLAGS)
SMALL_CFLAGS = $(AM_CFLAGS) -fPIE -ffunction-sections -fdata-sections
SMALL_LINK = $(MUSL_CC) $(SMALL_CFLAGS) $(CFLAGS) $(SHF_LDFLAGS) $(LDFLAGS) $(MUSL_LDFLAGS) \
	-Wl,--gc-sections -o $@ $(MUSL_STARTFILES)
SMALL_LIBS = libshfmusl.a $(MUSL_ENDFILES)
else
SMALL_CPPFLAGS = $(AM_CPPFLAGS)
SMALL_CFLAGS = $(AM_CFLAGS)
SMALL_LINK = $(LIBTOOL) $(AM_V_lt) --tag=CC $(AM_LIBTOOLFLAGS) $(LIBTOOLFLAGS) --mode=link \
	$(CCLD) $(SMALL_CFLAGS) $(CFLAGS) $(SHF_LDFLAGS) $(STATIC_LDFLAGS) $(LDFLAGS) -o $@
SMALL_LIBS = libshf.la
endif

bin_shifter_builder_SOURCES = bin/shifter-builder.c
bin_shifter_builder_CPPFLAGS = $(SMALL_CPPFLAGS)
bin_shifter_builder_CFLAGS = $(SMALL_CFLAGS)
bin_shifter_builder_LDADD = $(SMALL_LIBS)
bin_shifter_builder_LINK = $(SMALL_LINK)

# what main() touches comes first, on the page that is there already
bin_shifter_enter_SOURCES = \
	bin/shifter-enter.c \
	bin/enter_command.c \
	bin/enter_command.h \
	bin/enter_privilege.c \
	bin/enter_privilege.h
bin_shifter_enter_CPPFLAGS = $(SMALL_CPPFLAGS)
bin_shifter_enter_CFLAGS = $(SMALL_CFLAGS)
bin_shifter_enter_LDADD = $(SMALL_LIBS)
bin_shifter_enter_LINK = $(SMALL_LINK)

bin_shifter_keeper_SOURCES = bin/shifter-keeper.c
bin_shifter_keeper_CPPFLAGS = $(SMALL_CPPFLAGS)
bin_shifter_keeper_CFLAGS = $(SMALL_CFLAGS)
bin_shifter_keeper_LDADD = $(SMALL_LIBS)
bin_shifter_keeper_LINK = $(SMALL_LINK)

bin_shifter_lookup_SOURCES = bin/shifter-lookup.c
bin_shifter_lookup_CPPFLAGS = $(SMALL_CPPFLAGS)
bin_shifter_lookup_CFLAGS = $(SMALL_CFLAGS)
bin_shifter_lookup_LDADD = $(SMALL_LIBS)
bin_shifter_lookup_LINK = $(SMALL_LINK)

bin_shifter_usher_SOURCES = \
	bin/shifter-usher.c \
	bin/usher_log.c \
	bin/usher_log.h \
	bin/usher_peers.c \
	bin/usher_peers.h \
	bin/usher_syslog.c \
	bin/usher_syslog.h
bin_shifter_usher_CPPFLAGS = $(SMALL_CPPFLAGS)
bin_shifter_usher_CFLAGS = $(SMALL_CFLAGS)
bin_shifter_usher_LDADD = $(SMALL_LIBS)
bin_shifter_usher_LINK = $(SMALL_LINK)

bin_shifter_private_SOURCES = bin/enter_command.c bin/enter_command.h bin/shifter-private.c
bin_shifter_private_LDADD = libshf.la

bin_shifter_readconf_SOURCES = \
	bin/readconf_scan.c \
	bin/readconf_scan.h \
	bin/shifter-readconf.c
bin_shifter_readconf_CPPFLAGS = $(AM_CPPFLAGS) $(CONFUSE_CFLAGS)
bin_shifter_readconf_LDADD = libshf.la $(CONFUSE_LIBS)
