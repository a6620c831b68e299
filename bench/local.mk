# SPDX-License-Identifier: BSD-3-Clause
#
# Measurements; built and run by bench/run only.
EXTRA_PROGRAMS += bench/measure bench/floor-enter bench/hostsfile bench/true
EXTRA_DIST += \
	bench/counts \
	bench/counts.pl \
	bench/hosts \
	bench/memory \
	bench/packages \
	bench/run \
	bench/scale \
	bench/scale-model \
	bench/scale-plot \
	bench/ssh

bench_measure_SOURCES = \
	bench/fail.h \
	bench/floor.c \
	bench/floor.h \
	bench/floor_sshd.c \
	bench/floor_sshd.h \
	bench/host_mounts.c \
	bench/host_mounts.h \
	bench/measure.c \
	bench/program_bwrap.c \
	bench/program_crun.c \
	bench/program_floor.c \
	bench/program_shifter.c \
	bench/programs.h \
	bench/runner.c \
	bench/runner.h \
	bench/start.c \
	bench/start.h
bench_measure_LDADD = libshifter.la

bench_hostsfile_SOURCES = bench/fail.h bench/hostsfile.c
bench_hostsfile_LDADD = libshifter.la

# as cheap to start as what they stand beside
bench_floor_enter_SOURCES = bench/floor-enter.c
bench_floor_enter_CPPFLAGS = $(SMALL_CPPFLAGS)
bench_floor_enter_CFLAGS = $(SMALL_CFLAGS)
bench_floor_enter_LDADD = $(SMALL_LIBS)
bench_floor_enter_LINK = $(SMALL_LINK)

bench_true_SOURCES = bench/true.c
bench_true_CPPFLAGS = $(SMALL_CPPFLAGS)
bench_true_CFLAGS = $(SMALL_CFLAGS)
bench_true_LDADD = $(SMALL_LIBS)
bench_true_LINK = $(SMALL_LINK)
if HAVE_MUSL
bench/floor-enter$(EXEEXT) bench/true$(EXEEXT): CC = $(MUSL_CC)
endif
