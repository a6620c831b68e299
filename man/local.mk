# SPDX-License-Identifier: BSD-3-Clause
#
# One line per page, dist_man_MANS += man/shifter.1 and so on: hand-written mdoc,
# installed by its section.
dist_man_MANS += \
	man/libshifter.3 \
	man/shifter-image.7 \
	man/shifter.1 \
	man/shifter_slurm.8 \
	man/shifter_torque.8 \
	man/shifterctl.8 \
	man/udiRoot.conf.5
