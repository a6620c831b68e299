#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The manual pages say what the programs, the configuration and the header say.
set -u

top=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=tests/harness/lib.sh
. "$top/tests/harness/lib.sh"
cd "$top" || exit 1

# same DESCRIPTION A B: two sorted lists, neither of them empty
same() {
	local difference
	difference=$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3"))
	if [ -n "$2" ] && [ -z "$difference" ]; then pass "$1"; else fail "$1" "$difference"; fi
}

# the table in the code is the one that decides
keys=$(sed -n '/shf_config_keys\[\] = {/,/^};/s/^\t{ "\([A-Za-z]*\)".*/\1/p' lib/model/config_keys.c | sort)
aliases=$(sed -n '/shf_config_keys\[\] = {/,/^};/s/^\t{ "\([A-Za-z]*\)", "[A-Za-z]*".*/\1/p' lib/model/config_keys.c | sort)
same 'udiRoot.conf(5) has every key' "$keys" \
	"$(sed -n '/^\.Ss Keys/,/^\.S[sh]/s/^\.It Cm //p' man/udiRoot.conf.5 | tr -d ' ' | tr ',' '\n' |
		sed 's/^Cm//' | sort)"
same 'udiRoot.conf.example has every key but other words for one' \
	"$(comm -23 <(printf '%s\n' "$keys") <(printf '%s\n' "$aliases"))" \
	"$(sed -n 's/^#\([A-Za-z]*\) = .*/\1/p' conf/udiRoot.conf.example | sort)"
same 'shifter(1) has every option' \
	"$(sed -n '/options\[\] = {/,/};$/s/^\t*{ "\([a-z-]*\)".*/\1/p' bin/shifter.c bin/shifter-import.c \
		udiImage/udi_shifter.c udiImage/udi_ssh_config.c |
		grep -vxE 'store|(user|group)-acl' | sort -u)" \
	"$(grep -oE 'Fl -[a-z-]+' man/shifter.1 | sed 's/Fl -//' | sort -u)"
same 'shifterctl(8) has every option' \
	"$(sed -n '/options\[\] = {/,/^};/s/^\t{ "\([a-z-]*\)".*/\1/p' bin/shifterctl*.c \
		bin/shifter-import.c | grep -vx store | sort -u)" \
	"$(grep -oE 'Fl -[a-z-]+' man/shifterctl.8 | sed 's/Fl -//' | sort -u)"
same 'libshifter(3) has every function' \
	"$(grep -oE '\bshifter_[a-z_]+\(' include/shifter/shifter.h | tr -d '(' | sort -u)" \
	"$(grep -oE 'F[no] shifter_[a-z_]+' man/libshifter.3 | cut -d' ' -f2 | sort -u)"
same 'shifter(1) has every variable of launchers' \
	"$(grep -oE '"((OMPI|PRTE|HYDRA|I_MPI|PDSH|CLUSTERSHELL|ANSIBLE)_[A-Za-z_]+|WCOLL)"' lib/base/command_env.c | tr -d '"' | sort -u)" \
	"$(grep -oE '(OMPI|PRTE|HYDRA|I_MPI|PDSH|CLUSTERSHELL|ANSIBLE)_[A-Za-z_]+|WCOLL' man/shifter.1 | sort -u)"
of_node=$(sed -n '/^bool shf_env_is_of_node/,/^}/s/^\t\t"\([A-Z_]*\)",$/\1/p' lib/base/command_env.c | sort)
ok 'variables of the node are found' test -n "$of_node"
same 'shifter(1) has every variable of the node' "$of_node" \
	"$(sed -n '/^\.Ev HOST ,/,/nodeEnv/p' man/shifter.1 | grep '^\.Ev' | grep -oE '[A-Z_]{3,}' | sort)"
for page in man/*.[1-8]; do
	ok "$page is well-formed" mandoc -T lint -W warning "$page"
	while read -r name; do
		ok "$page refers to $name" test -e "man/$name"
	done < <(sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1.\2/p' "$page" | grep -E 'shifter|udiRoot' | sort -u)
done
for link in $(grep -ohE '\]\([A-Za-z/._]+\)' README.md doc/*.md | tr -d '()]' | sort -u); do
	ok "README.md and doc/ refer to $link" test -e "$link" -o -e "doc/$link"
done

done_testing
