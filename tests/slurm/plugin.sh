#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# plugin.sh PLUGIN - what shifter_slurm.so brings into the daemons that load it
# shellcheck disable=SC2317                 # done_testing may return
set -u
HERE=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/harness/lib.sh
. "$HERE/../harness/lib.sh" || exit 1
so=${1:-${SHIFTER_STAGE:+$SHIFTER_STAGE/usr/lib/shifter/shifter_slurm.so}}
if [ -z "$so" ]; then
	skip "the plug-in" "no file was named"
	done_testing
	exit
fi
ok "there is a plug-in" test -f "$so"
is "$(ldd "$so" | grep -vE 'linux-vdso|libc\.so\.|/ld-linux')" "" "it links nothing but libc"
exported=$(nm -D --defined-only "$so" | awk '{print $3}')
is "$(grep -vE '^(plugin_(name|type|version)|spank_plugin_version|slurm_spank_[a-z_]+)$' <<<"$exported")" "" \
	"it exports nothing but what Slurm looks for"
for s in init init_post_opt job_prolog job_epilog task_post_fork task_init_privileged task_init; do
	like " ${exported//$'\n'/ } " " slurm_spank_$s " "it has slurm_spank_$s"
done
is "$(nm -D --undefined-only "$so" | awk '{print $2}' | grep -E '^(spank_|slurm_)' |
	grep -vE '^(spank_(context|get_item|getenv|setenv|strerror|option_register|job_control_setenv)|slurm_(error|info|debug|spank_log))$')" \
	"" "it needs nothing of Slurm but spank.h"
done_testing
