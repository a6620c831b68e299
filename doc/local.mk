# SPDX-License-Identifier: BSD-3-Clause
#
# dist_doc_DATA lists what is installed, EXTRA_DIST what only goes into the tarball.
dist_doc_DATA += README.md SECURITY.md NEWS COPYING
dist_doc_DATA += doc/admin.md doc/architecture.md doc/guide.md doc/integrators.md \
	doc/scale.md doc/scale.svg doc/torque.md
