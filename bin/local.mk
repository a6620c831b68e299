# SPDX-License-Identifier: BSD-3-Clause
#
# The privileged programs are static where that works: they start in a tenth of
# the time, and no loader reads what an image or a user put in its way.
include $(top_srcdir)/bin/cli.mk

shifterlibexec_PROGRAMS += \
	bin/shifter-enter \
	bin/shifter-keeper \
	bin/shifter-private \
	bin/shifter-readconf \
	bin/shifter-usher

bin_shifter_enter_SOURCES = bin/enter_command.c bin/enter_command.h bin/shifter-enter.c
bin_shifter_enter_LDADD = libshf.la
bin_shifter_enter_LDFLAGS = $(SHF_LDFLAGS) $(STATIC_LDFLAGS)

bin_shifter_keeper_SOURCES = bin/shifter-keeper.c
bin_shifter_keeper_LDADD = libshf.la
bin_shifter_keeper_LDFLAGS = $(SHF_LDFLAGS) $(STATIC_LDFLAGS)

bin_shifter_usher_SOURCES = bin/shifter-usher.c
bin_shifter_usher_LDADD = libshf.la
bin_shifter_usher_LDFLAGS = $(SHF_LDFLAGS) $(STATIC_LDFLAGS)

bin_shifter_private_SOURCES = bin/enter_command.c bin/enter_command.h bin/shifter-private.c
bin_shifter_private_LDADD = libshf.la

bin_shifter_readconf_SOURCES = bin/shifter-readconf.c
bin_shifter_readconf_CPPFLAGS = $(AM_CPPFLAGS) $(CONFUSE_CFLAGS)
bin_shifter_readconf_LDADD = libshf.la $(CONFUSE_LIBS)
