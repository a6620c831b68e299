# SPDX-License-Identifier: BSD-3-Clause
#
# Parsers of what comes from elsewhere, fed with damaged input.
check_PROGRAMS += tests/fuzz/fuzz
TESTS += tests/fuzz/fuzz

tests_fuzz_fuzz_SOURCES = tests/fuzz/fuzz.c
tests_fuzz_fuzz_LDADD = libshf.la

EXTRA_DIST += tests/fuzz/fuzz.sh
