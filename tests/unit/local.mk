# SPDX-License-Identifier: BSD-3-Clause
#
# Unit tests of the pure code in lib/base and lib/model.
if HAVE_CUNIT
check_PROGRAMS += tests/unit/unit
TESTS += tests/unit/unit
endif

tests_unit_unit_SOURCES = \
	tests/unit/test_account.c \
	tests/unit/test_caller.c \
	tests/unit/test_config.c \
	tests/unit/test_environ.c \
	tests/unit/test_hosts.c \
	tests/unit/test_hosts_slurm.c \
	tests/unit/test_hosts_torque.c \
	tests/unit/test_hostsfile.c \
	tests/unit/test_image.c \
	tests/unit/test_image_meta.c \
	tests/unit/test_key.c \
	tests/unit/test_original.c \
	tests/unit/test_parse.c \
	tests/unit/test_path.c \
	tests/unit/test_plan.c \
	tests/unit/test_port.c \
	tests/unit/test_record.c \
	tests/unit/test_sessionenv.c \
	tests/unit/test_sshconf.c \
	tests/unit/test_text.c \
	tests/unit/test_trial_plan.c \
	tests/unit/test_volume.c \
	tests/unit/unit.c \
	tests/unit/unit.h
tests_unit_unit_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_unit_LDADD = libshf.la $(CUNIT_LIBS)

EXTRA_DIST += tests/unit/unit.sh
