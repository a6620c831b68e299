# SPDX-License-Identifier: BSD-3-Clause
#
# Not built here: they are for strangers, who have nothing but what is installed.
exampledir = $(docdir)
nobase_dist_example_DATA = \
	examples/README.md \
	examples/c/Makefile \
	examples/c/ferry-hook.c \
	examples/sketches/flux/README.md \
	examples/sketches/lsf/README.md \
	examples/sketches/openpbs/README.md \
	examples/sketches/openpbs/shifter_hook.py
nobase_dist_example_SCRIPTS = \
	examples/python/ferry_hook.py \
	examples/shell/ferry-epilog \
	examples/shell/ferry-prolog \
	examples/shell/ferry-submit \
	examples/shell/ferry-task \
	examples/sketches/flux/50-shifter-epilog \
	examples/sketches/flux/50-shifter-prolog \
	examples/sketches/lsf/esub.shifter \
	examples/sketches/lsf/shifter-post \
	examples/sketches/lsf/shifter-pre \
	examples/sketches/lsf/shifter-starter
