#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Makes configure in a fresh checkout.  Released tarballs have it already.
set -u

cd "$(dirname "$0")" || exit 1

missing=
for tool in autoconf automake aclocal libtoolize pkg-config; do
	command -v "$tool" >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
	echo "autogen.sh: cannot make 'configure': missing:$missing;" \
		"install autoconf, automake, libtool and pkg-config" >&2
	exit 1
fi

exec autoreconf --force --install --warnings=all
