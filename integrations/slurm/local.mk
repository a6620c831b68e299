# SPDX-License-Identifier: BSD-3-Clause
#
# The plug-in is a shared object also where libshifter is static only.  It holds
# what it needs of the library, links nothing but libc, and lets out nothing but
# the hooks.  Symbols of Slurm stay open: the program that loads it has them.
EXTRA_DIST += integrations/slurm/shifter_slurm.lds

if HAVE_SLURM
slurmplugin_LTLIBRARIES += integrations/slurm/shifter_slurm.la

integrations_slurm_shifter_slurm_la_SOURCES = \
	integrations/slurm/args.c \
	integrations/slurm/args.h \
	integrations/slurm/barrier.c \
	integrations/slurm/barrier.h \
	integrations/slurm/context.c \
	integrations/slurm/context.h \
	integrations/slurm/devices.c \
	integrations/slurm/devices.h \
	integrations/slurm/extern_setup.c \
	integrations/slurm/extern_setup.h \
	integrations/slurm/extern_step.c \
	integrations/slurm/extern_step.h \
	integrations/slurm/facts.c \
	integrations/slurm/facts.h \
	integrations/slurm/hosts.c \
	integrations/slurm/hosts.h \
	integrations/slurm/options.c \
	integrations/slurm/options.h \
	integrations/slurm/placement.c \
	integrations/slurm/placement.h \
	integrations/slurm/principal.c \
	integrations/slurm/principal.h \
	integrations/slurm/private_tmp.c \
	integrations/slurm/private_tmp.h \
	integrations/slurm/prolog.c \
	integrations/slurm/prolog.h \
	integrations/slurm/record.c \
	integrations/slurm/record.h \
	integrations/slurm/shifter_slurm.c \
	integrations/slurm/slots.c \
	integrations/slurm/slots.h \
	integrations/slurm/submit.c \
	integrations/slurm/submit.h \
	integrations/slurm/symbol.c \
	integrations/slurm/symbol.h \
	integrations/slurm/task.c \
	integrations/slurm/task.h

integrations_slurm_shifter_slurm_la_CPPFLAGS = $(WLM_CPPFLAGS) $(SLURM_CFLAGS)
integrations_slurm_shifter_slurm_la_CFLAGS = $(LT_PLUGIN_CFLAGS)
integrations_slurm_shifter_slurm_la_LIBADD = libwlm.la libshf.la
integrations_slurm_shifter_slurm_la_DEPENDENCIES = \
	libwlm.la \
	libshf.la \
	integrations/slurm/shifter_slurm.lds
integrations_slurm_shifter_slurm_la_LDFLAGS = $(SHF_LDFLAGS) -module -shared -avoid-version \
	-Wl,--version-script=$(top_srcdir)/integrations/slurm/shifter_slurm.lds
endif
