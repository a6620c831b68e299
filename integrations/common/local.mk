# SPDX-License-Identifier: BSD-3-Clause
#
# What the integrations share, beside the library: like them it is written against the
# public header alone, hence not -I lib.
WLM_CPPFLAGS = -D_GNU_SOURCE \
	-I$(top_builddir)/include \
	-I$(top_srcdir)/include \
	-I$(top_srcdir)/integrations \
	-DSHF_BINDIR='"$(bindir)"' \
	-DSHF_RUN_DIR='"$(SHF_RUN_DIR)"' \
	$(SHF_CPPFLAGS)

noinst_LTLIBRARIES += libwlm.la
libwlm_la_SOURCES = \
	integrations/common/account.c \
	integrations/common/account.h \
	integrations/common/child.c \
	integrations/common/child.h \
	integrations/common/private_dir.c \
	integrations/common/private_dir.h \
	integrations/common/scope.h \
	integrations/common/text.c \
	integrations/common/text.h \
	integrations/common/wait.c \
	integrations/common/wait.h
libwlm_la_CPPFLAGS = $(WLM_CPPFLAGS)
libwlm_la_CFLAGS = $(LT_ONCE_CFLAGS)
libwlm_la_LDFLAGS = $(SHF_LDFLAGS) -static
