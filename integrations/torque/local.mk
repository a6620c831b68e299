# SPDX-License-Identifier: BSD-3-Clause
#
# Nothing of Torque is needed to build it: libtorque is looked for when it runs.
EXTRA_DIST += integrations/torque/README.md

shifterlibexec_PROGRAMS += \
	integrations/torque/shifter-torque \
	integrations/torque/shifter-torque-filter

# What knows nothing of the node it runs on, or next to nothing: both programs and the unit tests are made of it.
noinst_LTLIBRARIES += libtorque_job.la
libtorque_job_la_SOURCES = \
	integrations/torque/directives.c \
	integrations/torque/directives.h \
	integrations/torque/job_file.c \
	integrations/torque/job_file.h \
	integrations/torque/mom.c \
	integrations/torque/mom.h \
	integrations/torque/names.c \
	integrations/torque/names.h \
	integrations/torque/node.c \
	integrations/torque/node.h \
	integrations/torque/request.c \
	integrations/torque/request.h
libtorque_job_la_CPPFLAGS = $(WLM_CPPFLAGS)
libtorque_job_la_CFLAGS = $(LT_ONCE_CFLAGS)
libtorque_job_la_LDFLAGS = $(SHF_LDFLAGS) -static

integrations_torque_shifter_torque_SOURCES = \
	integrations/torque/adopt.c \
	integrations/torque/adopt.h \
	integrations/torque/complain.c \
	integrations/torque/complain.h \
	integrations/torque/environment.c \
	integrations/torque/environment.h \
	integrations/torque/hook.c \
	integrations/torque/hook.h \
	integrations/torque/record.c \
	integrations/torque/record.h \
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
integrations_torque_shifter_torque_LDADD = libtorque_job.la libwlm.la libshf.la $(DL_LIBS)

integrations_torque_shifter_torque_filter_SOURCES = \
	integrations/torque/shifter_torque_filter.c
integrations_torque_shifter_torque_filter_CPPFLAGS = $(WLM_CPPFLAGS)
integrations_torque_shifter_torque_filter_LDADD = libtorque_job.la libwlm.la libshf.la
