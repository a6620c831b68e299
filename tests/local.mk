# SPDX-License-Identifier: BSD-3-Clause
#
# Folders, so that nothing in them is forgotten.
EXTRA_DIST += \
	demo \
	scripts/build-stage \
	tests/api \
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
	tests/launchers \
	tests/list \
	tests/rootless \
	tests/scale \
	tests/security \
	tests/slurm \
	tests/ssh \
	tests/torque

# Every system call of a set-up, an sshd and a teardown fails once: an hour or so.  The
# sandbox wants --prefix=/usr; FAULTS names some of the works that all.sh knows.
.PHONY: faults
faults: all
	$(MAKE) $(AM_MAKEFLAGS) install DESTDIR='$(abs_builddir)/stage' >/dev/null
	SHIFTER_SRC='$(abs_top_srcdir)' SHIFTER_BUILD='$(abs_builddir)' \
	SHIFTER_STAGE='$(abs_builddir)/stage' SHIFTER_TESTS_MUST_RUN=1 \
		bash '$(abs_top_srcdir)/tests/faults/all.sh' $(FAULTS)

# Not in one of the folders above: objects of a build in the source tree would go along.
check_PROGRAMS += tests/programs/expand tests/programs/slots tests/programs/torque
TESTS += tests/programs/slots tests/programs/torque
tests_programs_expand_SOURCES = tests/programs/expand.c
tests_programs_expand_LDADD = libshf.la
tests_programs_slots_SOURCES = \
	integrations/common/scope.h \
	integrations/slurm/slots.c \
	integrations/slurm/slots.h \
	tests/programs/slots.c
tests_programs_slots_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/integrations \
	-I$(top_srcdir)/integrations/slurm

tests_programs_torque_SOURCES = tests/programs/torque.c
tests_programs_torque_CPPFLAGS = $(WLM_CPPFLAGS) -I$(top_srcdir)/integrations/torque
tests_programs_torque_LDADD = libtorque_job.la libwlm.la

include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
