#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The arrows between the layers: #include lines in lib/ point downwards only, the
# library's own machinery in bin/ uses no more than it may, and everything else
# uses only the public header.
set -u

src=${SHIFTER_SRC:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)}
# shellcheck source=tests/harness/lib.sh
. "$src/tests/harness/lib.sh" || exit 1

# Print the wrong #include lines of the C files below folders of tree DIR; fail if
# there is one.  With -n, print how many files were looked at.
#	find_wrong_arrows [-n] DIR FOLDER...
find_wrong_arrows()
{
	local count=0 folder folders=() files

	if [ "$1" = -n ]; then
		count=1
		shift
	fi
	cd "$1" || return 1
	shift
	for folder in "$@"; do
		[ ! -d "$folder" ] || folders+=("$folder")
	done
	[ ${#folders[@]} -gt 0 ] || return 1
	mapfile -t files < <(find "${folders[@]}" -type f -name '*.[ch]' | LC_ALL=C sort)
	if [ "$count" = 1 ]; then
		echo "${#files[@]}"
		return 0
	fi
	[ ${#files[@]} -gt 0 ] || return 1
	awk -v headers="$(find lib bin integrations examples -type f -name '*.h' 2>/dev/null)" '
	BEGIN {
		n = split(headers, list, "\n")
		for (i = 1; i <= n; i++)
			exists[list[i]] = 1
		allowed["lib/base"] = " base "
		allowed["lib/model"] = " model base "
		allowed["lib/kernel"] = " kernel model base "
		allowed["lib/verbs"] = " verbs kernel model base "
		allowed["bin/shifter-builder.c"] = " kernel base "
		allowed["bin/shifter-keeper.c"] = " kernel base "
		allowed["bin/shifter-lookup.c"] = " kernel base "
		allowed["bin/shifter-usher.c"] = " kernel base "
		allowed["bin/usher_log.c"] = " kernel base "
		allowed["bin/usher_peers.c"] = " kernel base "
		allowed["bin/usher_syslog.c"] = " kernel base "
		allowed["bin/enter_command.c"] = " kernel base "
		allowed["bin/shifter-enter.c"] = " kernel base "
		allowed["bin/readconf_scan.c"] = " model base "
		allowed["bin/readconf_scan.h"] = " model base "
		allowed["bin/shifter-readconf.c"] = " model base "
	}
	function wrong(why)
	{
		printf "%s:%d: %s: %s\n", FILENAME, FNR, target, why
		bad = 1
	}
	FNR == 1 {
		folder = FILENAME
		sub("/[^/]*$", "", folder)
		split(FILENAME, part, "/")
		in_lib = part[1] == "lib"
		place = in_lib ? part[1] "/" part[2] : FILENAME
		may = place in allowed ? allowed[place] : " "
		public = !in_lib && !(place in allowed)
		if (in_lib && !(place in allowed))
			wrong("the file is in no layer of lib/")
	}
	/^[ \t]*#[ \t]*include/ {
		target = $0
		sub("^[ \t]*#[ \t]*include[ \t]*", "", target)
		sub("[ \t]*(/[*/].*)?$", "", target)
		name = substr(target, 2, length(target) - 2)
		layer = name
		sub("/.*", "", layer)
		internal = name ~ "^(base|model|kernel|verbs)/"
		if (target ~ "^<") {
			if (internal)
				wrong("internal headers are included with quotes")
			else if (name ~ "^shifter/" && !in_lib && !public)
				wrong("the machinery does not use the public header")
		} else if (target !~ "^\"") {
			wrong("neither a <header> nor a \"header\"")
		} else if (name == "config.h") {
			if (part[1] == "examples")
				wrong("examples compile outside of this tree")
		} else if (internal) {
			if (!index(may, " " layer " "))
				wrong(public ? "only <shifter/shifter.h> may be used here" : \
					"the arrow points upwards")
			else if (!(("lib/" name) in exists))
				wrong("no such header")
		} else if (part[1] == "integrations" && layer == "common") {
			if (!(("integrations/" name) in exists))
				wrong("no such header")
		} else if (in_lib) {
			wrong("write internal headers as \"layer/name.h\"")
		} else if (!((folder "/" name) in exists)) {
			wrong("no such header beside the file")
		}
	}
	END { exit bad }' "${files[@]}"
}

# The checker must find what it looks for: each line is a wrong arrow.
finds_wrong_arrow()
{
	local file=$1 line=$2 tree

	tree=$(mktemp -d) || return 1
	mkdir -p "$tree"/lib/{base,model,kernel,verbs} "$tree/bin" "$tree/integrations/slurm" \
		"$tree/examples"
	for layer in base model kernel verbs; do
		echo >"$tree/lib/$layer/x.h"
	done
	printf '#include <stdio.h>\n%s\n' "$line" >"$tree/$file"
	(find_wrong_arrows "$tree" lib bin integrations examples) | grep -q "^$file:2: "
	local found=$?
	rm -rf "$tree"
	return "$found"
}

ok "a wrong arrow is found: base to model" \
	finds_wrong_arrow lib/base/y.c '#include "model/x.h"'
ok "a wrong arrow is found: model to kernel" \
	finds_wrong_arrow lib/model/y.h '# include "kernel/x.h" /* why */'
ok "a wrong arrow is found: kernel to verbs" \
	finds_wrong_arrow lib/kernel/y.c '#include "verbs/x.h"'
ok "a wrong arrow is found: around the layers" \
	finds_wrong_arrow lib/model/y.c '#include "../kernel/x.h"'
ok "a wrong arrow is found: the setuid program to model" \
	finds_wrong_arrow bin/shifter-enter.c '#include "model/x.h"'
ok "a wrong arrow is found: a program to base" \
	finds_wrong_arrow bin/shifter.c '#include "base/x.h"'
ok "a wrong arrow is found: a plug-in to base" \
	finds_wrong_arrow integrations/slurm/y.c '#include "base/x.h"'
ok "a wrong arrow is found: an example to the tree" \
	finds_wrong_arrow examples/y.c '#include "../lib/base/x.h"'

for folder in lib/base lib/model lib/kernel lib/verbs bin integrations examples; do
	count=$(find_wrong_arrows -n "$src" "$folder") || continue
	[ "$count" -gt 0 ] || continue
	ok "the #include lines of $folder/ ($count files)" find_wrong_arrows "$src" "$folder"
done

done_testing
