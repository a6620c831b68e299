# SPDX-License-Identifier: BSD-3-Clause
#
# The user's and the administrator's program.  shifter is static where that
# works: ranks start by the hundred, and the loader takes longer than all of it.
bin_PROGRAMS += bin/shifter
bin_shifter_SOURCES = \
	bin/cli_env.c \
	bin/cli_env.h \
	bin/cli_env_file.c \
	bin/cli_env_file.h \
	bin/cli_request.c \
	bin/cli_request.h \
	bin/cli_say.c \
	bin/cli_say.h \
	bin/cli_script.c \
	bin/cli_script.h \
	bin/shifter.c
if HAVE_MUSL
bin_shifter_SOURCES += bin/cli_memory.c
endif
bin_shifter_CPPFLAGS = $(SMALL_CPPFLAGS) -D_GNU_SOURCE
bin_shifter_CFLAGS = $(SMALL_CFLAGS)
bin_shifter_LDADD = $(SMALL_LIBS)
bin_shifter_LINK = $(SMALL_LINK)

sbin_PROGRAMS += bin/shifterctl
bin_shifterctl_SOURCES = \
	bin/cli_say.c \
	bin/cli_say.h \
	bin/shifterctl.c \
	bin/shifterctl.h \
	bin/shifterctl_account.c \
	bin/shifterctl_account.h \
	bin/shifterctl_check.c \
	bin/shifterctl_config.c \
	bin/shifterctl_gc.c \
	bin/shifterctl_hostsfile.c \
	bin/shifterctl_import.c \
	bin/shifterctl_list.c \
	bin/shifterctl_setup.c \
	bin/shifterctl_sshd.c \
	bin/shifterctl_submit.c
bin_shifterctl_CPPFLAGS = $(AM_CPPFLAGS) $(JSONC_CFLAGS) -D_GNU_SOURCE
bin_shifterctl_LDADD = libshifter.la $(JSONC_LIBS)

# What unpacks images: loaded only then.
shifterlibexec_PROGRAMS += bin/shifter-import
bin_shifter_import_SOURCES = \
	bin/cli_say.c \
	bin/cli_say.h \
	bin/import_child.c \
	bin/import_child.h \
	bin/import_image.c \
	bin/import_image.h \
	bin/import_json.c \
	bin/import_json.h \
	bin/import_layer.c \
	bin/import_layer.h \
	bin/import_members.c \
	bin/import_members.h \
	bin/import_platform.c \
	bin/import_platform.h \
	bin/import_private.c \
	bin/import_private.h \
	bin/import_publish.c \
	bin/import_publish.h \
	bin/import_say.c \
	bin/import_say.h \
	bin/import_source.c \
	bin/import_source.h \
	bin/import_store.c \
	bin/import_store.h \
	bin/import_stream.c \
	bin/import_stream.h \
	bin/import_tool.c \
	bin/import_tool.h \
	bin/import_tree.c \
	bin/import_tree.h \
	bin/import_unpack.c \
	bin/import_unpack.h \
	bin/shifter-import.c
bin_shifter_import_CPPFLAGS = $(AM_CPPFLAGS) $(ARCHIVE_CFLAGS) $(CRYPTO_CFLAGS) $(JSONC_CFLAGS)
bin_shifter_import_LDADD = $(ARCHIVE_LIBS) $(CRYPTO_LIBS) $(JSONC_LIBS)
