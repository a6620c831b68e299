#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The installed udiImage, tried in an empty image: udiImage/selftest on the staged tree.
set -u
src=${SHIFTER_SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}
exec "$src/udiImage/selftest" "${UDIIMAGE:-${SHIFTER_STAGE:-}/usr/libexec/shifter/opt/udiImage}"
