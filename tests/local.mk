# SPDX-License-Identifier: BSD-3-Clause
#
# Folders, so that nothing in them is forgotten.
EXTRA_DIST += \
	demo \
	scripts/build-stage \
	tests/cli \
	tests/cluster \
	tests/container \
	tests/demo \
	tests/harness \
	tests/images \
	tests/import \
	tests/list \
	tests/slurm \
	tests/ssh
include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
