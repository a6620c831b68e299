# SPDX-License-Identifier: BSD-3-Clause
#
# Folders, so that nothing in them is forgotten.
EXTRA_DIST += \
	demo \
	scripts/build-stage \
	tests/cli \
	tests/cluster \
	tests/config \
	tests/container \
	tests/demo \
	tests/faults \
	tests/harness \
	tests/hosts \
	tests/images \
	tests/import \
	tests/list \
	tests/rootless \
	tests/security \
	tests/slurm \
	tests/ssh

# Every system call of a set-up, an sshd and a teardown fails once: an hour or so.  The
# sandbox wants --prefix=/usr; FAULTS names some of the works that all.sh knows.
.PHONY: faults
faults: all
	$(MAKE) $(AM_MAKEFLAGS) install DESTDIR='$(abs_builddir)/stage' >/dev/null
	SHIFTER_SRC='$(abs_top_srcdir)' SHIFTER_BUILD='$(abs_builddir)' \
	SHIFTER_STAGE='$(abs_builddir)/stage' SHIFTER_TESTS_MUST_RUN=1 \
		bash '$(abs_top_srcdir)/tests/faults/all.sh' $(FAULTS)

check_PROGRAMS += tests/hosts/expand tests/slurm/slots
TESTS += tests/slurm/slots
tests_hosts_expand_SOURCES = tests/hosts/expand.c
tests_hosts_expand_LDADD = libshf.la
tests_slurm_slots_SOURCES = \
	integrations/slurm/scope.h \
	integrations/slurm/slots.c \
	integrations/slurm/slots.h \
	tests/slurm/slots.c
tests_slurm_slots_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/integrations/slurm

include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
