# SPDX-License-Identifier: BSD-3-Clause
#
# udiImage: builds the self-contained OpenSSH into udiImage/root and installs it, with the site's
# templates, to $(udiimagedir).

UDIIMAGE_RECIPE = \
	udiImage/build-openssh \
	udiImage/debian-source \
	udiImage/etc/ssh_config \
	udiImage/etc/sshd_config \
	lib/base/caller.c \
	lib/base/caller.h \
	lib/base/command_env.c \
	lib/base/command_env.h \
	lib/base/environ.c \
	lib/base/environ.h \
	lib/base/locale_name.c \
	lib/base/locale_name.h \
	udiImage/udi_curve25519.c \
	udiImage/udi_env.c \
	udiImage/udi_env.h \
	udiImage/udi_host_key.c \
	udiImage/udi_job.c \
	udiImage/udi_job.h \
	udiImage/udi_memory.c \
	udiImage/udi_names.c \
	udiImage/udi_names.h \
	udiImage/udi_openssh.c \
	udiImage/udi_paths.h \
	udiImage/udi_session.c \
	udiImage/udi_shifter.c \
	udiImage/udi_ssh_config.c \
	udiImage/udi_ssh_hosts.c \
	udiImage/udi_ssh_hosts.h \
	udiImage/udi_sshd.c \
	udiImage/udi_ssh_env.c \
	udiImage/udi_ssh_env.h \
	udiImage/udi_ssh_main.c \
	udiImage/udi_wait.c

EXTRA_DIST += \
	$(UDIIMAGE_RECIPE) \
	udiImage/selftest \
	tests/udiimage/build.sh \
	tests/udiimage/linked.sh \
	tests/udiimage/quicker.c \
	tests/udiimage/quicker.sh \
	tests/udiimage/selftest.sh \
	tests/udiimage/session.sh \
	tests/udiimage/wait-server.pl \
	tests/udiimage/wait.sh

CLEAN_LOCAL += clean-udiimage

if ENABLE_UDIIMAGE
ALL_LOCAL += udiImage/root/.build-openssh
INSTALL_DATA_LOCAL += install-udiimage
UNINSTALL_LOCAL += uninstall-udiimage
endif

# Its files decide by their contents whether there is anything to do; the time stamp is for make.
# SHIFTER_CACHE names a folder that keeps the result between build trees.
udiImage/root/.build-openssh: $(UDIIMAGE_RECIPE)
	$(AM_V_GEN)CC='$(CC)' '$(srcdir)/udiImage/build-openssh' --source '$(OPENSSH_SOURCE)' \
		--dest udiImage/root --jobs "`getconf _NPROCESSORS_ONLN`" \
		$${SHIFTER_CACHE:+--cache "$$SHIFTER_CACHE"} && touch $@

# A template that the site has edited stays: it is replaced only where it is what was installed
# before, of which NAME.default is the copy.
.PHONY: install-udiimage uninstall-udiimage clean-udiimage
install-udiimage: udiImage/root/.build-openssh
	@dest='$(DESTDIR)$(udiimagedir)'; set -e; \
	for dir in bin sbin libexec; do \
		echo " $(MKDIR_P) '$$dest/$$dir'"; $(MKDIR_P) "$$dest/$$dir"; \
		echo " $(INSTALL_PROGRAM) udiImage/root/$$dir/* '$$dest/$$dir'"; \
		$(INSTALL_PROGRAM) udiImage/root/$$dir/* "$$dest/$$dir"; \
	done; \
	$(MKDIR_P) "$$dest/etc"; \
	for name in ssh_config sshd_config; do \
		new='$(srcdir)/udiImage/etc'/$$name; old="$$dest/etc/$$name"; \
		if test -e "$$old" && ! cmp -s "$$old" "$$old.default" && ! cmp -s "$$old" "$$new"; then \
			echo "keeping '$$old': it was edited; compare '$$old.default'"; \
		else \
			echo " $(INSTALL_DATA) '$$new' '$$old'"; \
			$(INSTALL_DATA) "$$new" "$$old"; \
		fi; \
		$(INSTALL_DATA) "$$new" "$$old.default"; \
	done

uninstall-udiimage:
	@dest='$(DESTDIR)$(udiimagedir)'; \
	for name in ssh_config sshd_config; do \
		old="$$dest/etc/$$name"; \
		if test -e "$$old" && ! cmp -s "$$old" "$$old.default"; then \
			echo "keeping '$$old': it was edited"; \
		else \
			rm -f "$$old"; \
		fi; \
		rm -f "$$old.default"; \
	done; \
	cd "$$dest" 2>/dev/null || exit 0; \
	echo " removing the programs in '$$dest'"; \
	for name in shifter ssh scp sftp ssh-keygen ssh-keyscan; do rm -f "bin/$$name"; done; \
	for name in sftp-server sshd-session sshd-auth udi-host-key udi-session udi-wait; do \
		rm -f "libexec/$$name"; \
	done; \
	rm -f sbin/sshd; \
	rmdir bin sbin libexec etc "$$dest" 2>/dev/null || :

clean-udiimage:
	rm -rf udiImage/root
