# SPDX-License-Identifier: BSD-3-Clause
#
# libshifter, and the same objects as libshf for the library's own programs and
# tests, which use what the library hides.
noinst_LTLIBRARIES += libshf.la
lib_LTLIBRARIES += libshifter.la

libshf_la_SOURCES = \
	lib/base/cleanup.h \
	lib/base/command_env.c \
	lib/base/command_env.h \
	lib/base/environ.c \
	lib/base/environ.h \
	lib/base/fd.c \
	lib/base/fd.h \
	lib/base/mount_attributes.h \
	lib/base/parse.c \
	lib/base/parse.h \
	lib/base/path.c \
	lib/base/path.h \
	lib/base/report.c \
	lib/base/report.h \
	lib/base/text.c \
	lib/base/text.h \
	lib/kernel/banner.c \
	lib/kernel/banner.h \
	lib/kernel/builder.c \
	lib/kernel/builder.h \
	lib/kernel/credentials.c \
	lib/kernel/credentials.h \
	lib/kernel/fuse_image.c \
	lib/kernel/fuse_image.h \
	lib/kernel/host_facts.c \
	lib/kernel/host_facts.h \
	lib/kernel/image_finder.c \
	lib/kernel/image_finder.h \
	lib/kernel/image_lookup.c \
	lib/kernel/image_lookup.h \
	lib/kernel/image_source.c \
	lib/kernel/image_source.h \
	lib/kernel/image_store.c \
	lib/kernel/image_store.h \
	lib/kernel/keeper_client.c \
	lib/kernel/keeper_client.h \
	lib/kernel/keeper_protocol.h \
	lib/kernel/keeper_start.c \
	lib/kernel/keeper_start.h \
	lib/kernel/listener.c \
	lib/kernel/listener.h \
	lib/kernel/live_dir.c \
	lib/kernel/live_dir.h \
	lib/kernel/loop_device.c \
	lib/kernel/loop_device.h \
	lib/kernel/message.c \
	lib/kernel/message.h \
	lib/kernel/mounts.c \
	lib/kernel/mounts.h \
	lib/kernel/process.c \
	lib/kernel/process.h \
	lib/kernel/spawn.c \
	lib/kernel/spawn.h \
	lib/kernel/state.c \
	lib/kernel/state.h \
	lib/kernel/survivors.c \
	lib/kernel/survivors.h \
	lib/kernel/syscalls.h \
	lib/kernel/teardowns.c \
	lib/kernel/teardowns.h \
	lib/kernel/trust.c \
	lib/kernel/trust.h \
	lib/kernel/udi_stage.c \
	lib/kernel/udi_stage.h \
	lib/kernel/udi_template.c \
	lib/kernel/udi_template.h \
	lib/kernel/user_helper.c \
	lib/kernel/user_helper.h \
	lib/kernel/user_key.c \
	lib/kernel/user_key.h \
	lib/kernel/user_namespace.c \
	lib/kernel/user_namespace.h \
	lib/kernel/user_paths.c \
	lib/kernel/user_paths.h \
	lib/model/account.c \
	lib/model/account.h \
	lib/model/config.c \
	lib/model/config.h \
	lib/model/config_format.c \
	lib/model/config_item.c \
	lib/model/config_item.h \
	lib/model/config_keys.c \
	lib/model/config_records.c \
	lib/model/container_plan.c \
	lib/model/container_plan.h \
	lib/model/home.c \
	lib/model/home.h \
	lib/model/hosts.c \
	lib/model/hosts.h \
	lib/model/hosts_list.c \
	lib/model/hosts_list.h \
	lib/model/hosts_slurm.c \
	lib/model/hosts_slurm.h \
	lib/model/hosts_torque.c \
	lib/model/hosts_torque.h \
	lib/model/hostsfile.c \
	lib/model/hostsfile.h \
	lib/model/image.c \
	lib/model/image.h \
	lib/model/image_format.c \
	lib/model/image_format.h \
	lib/model/image_meta.c \
	lib/model/image_meta.h \
	lib/model/key.c \
	lib/model/key.h \
	lib/model/node_accounts.c \
	lib/model/node_accounts.h \
	lib/model/original.h \
	lib/model/original_convert.c \
	lib/model/original_file.c \
	lib/model/original_keys.c \
	lib/model/plan.c \
	lib/model/plan.h \
	lib/model/record.c \
	lib/model/record.h \
	lib/model/sessionenv.c \
	lib/model/sessionenv.h \
	lib/model/sshconf.c \
	lib/model/sshconf.h \
	lib/model/volume.c \
	lib/model/volume.h \
	lib/verbs/add_hosts.c \
	lib/verbs/claim_state.c \
	lib/verbs/claim_state.h \
	lib/verbs/collect_garbage.c \
	lib/verbs/context.c \
	lib/verbs/context.h \
	lib/verbs/get_setting.c \
	lib/verbs/image_environment.c \
	lib/verbs/image_environment.h \
	lib/verbs/job_hosts.c \
	lib/verbs/job_hosts.h \
	lib/verbs/keeper.h \
	lib/verbs/list_containers.c \
	lib/verbs/list_settings.c \
	lib/verbs/load_config.c \
	lib/verbs/make_user_key.c \
	lib/verbs/node_accounts.h \
	lib/verbs/open_container.c \
	lib/verbs/private_container.c \
	lib/verbs/read_node_accounts.c \
	lib/verbs/resolve_image.c \
	lib/verbs/setup.h \
	lib/verbs/setup_container.c \
	lib/verbs/start_user_sshd.c \
	lib/verbs/teardown.c \
	lib/verbs/teardown.h \
	lib/verbs/write_hostsfile.c
libshf_la_CPPFLAGS = $(AM_CPPFLAGS) -DSHF_VERSION='"$(PACKAGE_VERSION)"'
libshf_la_LDFLAGS = $(SHF_LDFLAGS) -static

libshifter_la_SOURCES =
libshifter_la_LIBADD = libshf.la
libshifter_la_LDFLAGS = $(LIBSHIFTER_LDFLAGS)

EXTRA_DIST += lib/libshifter.sym
