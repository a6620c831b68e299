/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things are inside every container.  Both are fixed: the runtime presents udiImage and the
 * job's live directory there whatever their place on the host.
 */
#ifndef UDI_PATHS_H
#define UDI_PATHS_H

#ifndef UDI_PREFIX
#define UDI_PREFIX "/opt/udiImage"
#endif

#ifndef UDI_RUN
#define UDI_RUN "/run/shifter"
#endif

#endif
