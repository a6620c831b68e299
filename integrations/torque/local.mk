# SPDX-License-Identifier: BSD-3-Clause
#
# Nothing of Torque is needed to build it: libtorque is looked for when it runs.
EXTRA_DIST += integrations/torque/README.md

shifterlibexec_PROGRAMS += \
	integrations/torque/shifter-torque \
	integrations/torque/shifter-torque-filter

integrations_torque_shifter_torque_SOURCES = \
	integrations/torque/adopt.c \
	integrations/torque/adopt.h \
	integrations/torque/complain.c \
	integrations/torque/complain.h \
	integrations/torque/environment.c \
	integrations/torque/environment.h \
	integrations/torque/hook.c \
	integrations/torque/hook.h \
	integrations/torque/job_file.c \
	integrations/torque/job_file.h \
	integrations/torque/mom.c \
	integrations/torque/mom.h \
	integrations/torque/names.c \
	integrations/torque/names.h \
	integrations/torque/node.c \
	integrations/torque/node.h \
	integrations/torque/record.c \
	integrations/torque/record.h \
	integrations/torque/request.c \
	integrations/torque/request.h \
	integrations/torque/say.c \
	integrations/torque/say.h \
	integrations/torque/setup.c \
	integrations/torque/setup.h \
	integrations/torque/shifter_torque.c \
	integrations/torque/supervise.c \
	integrations/torque/supervise.h \
	integrations/torque/user.c \
	integrations/torque/user.h
integrations_torque_shifter_torque_CPPFLAGS = $(WLM_CPPFLAGS)
integrations_torque_shifter_torque_LDADD = libwlm.la libshf.la $(DL_LIBS)

integrations_torque_shifter_torque_filter_SOURCES = \
	integrations/torque/directives.c \
	integrations/torque/directives.h \
	integrations/torque/job_file.c \
	integrations/torque/job_file.h \
	integrations/torque/request.c \
	integrations/torque/request.h \
	integrations/torque/shifter_torque_filter.c
integrations_torque_shifter_torque_filter_CPPFLAGS = $(WLM_CPPFLAGS)
integrations_torque_shifter_torque_filter_LDADD = libwlm.la libshf.la
