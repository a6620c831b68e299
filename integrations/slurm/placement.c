/* SPDX-License-Identifier: BSD-3-Clause */
#include "placement.h"

#include "common/scope.h"
#include "symbol.h"

#include <slurm/slurm.h>
#include <slurm/spank.h>
#include <string.h>

/*
 * Slurm's own pam_slurm_adopt uses these two; they are in the library that
 * slurmstepd has loaded, but in no header.  Their shape is that of 20.11.
 */
typedef int (*connect_fn)(const char *directory, const char *node, slurm_step_id_t *step,
			  uint16_t *protocol);
typedef int (*add_pid_fn)(int fd, uint16_t protocol, pid_t pid);

int shf_slurm_place(uint32_t job, int32_t pid)
{
	connect_fn connect_stepd;
	add_pid_fn add_pid;
	slurm_step_id_t step;
	uint16_t protocol = 0;
	scope_fd int fd = -1;

	shf_slurm_find("stepd_connect", &connect_stepd);
	shf_slurm_find("stepd_add_extern_pid", &add_pid);
	if (!connect_stepd || !add_pid) {
		slurm_info("shifter: job %u: warning: this slurmstepd cannot adopt processes: "
			   "the job's sshd is in no accounting",
			   (unsigned int)job);
		return 0;
	}
	memset(&step, 0, sizeof(step));
	step.job_id = job;
	step.step_id = SLURM_EXTERN_CONT;
	step.step_het_comp = NO_VAL;
	errno = 0;
	fd = connect_stepd(NULL, NULL, &step, &protocol);
	if (fd < 0)
		return errno ? -errno : -ECONNREFUSED;
	errno = 0;
	if (add_pid(fd, protocol, pid) != SLURM_SUCCESS)
		return errno > 0 && errno < 1000 ? -errno : -EIO;
	return 0;
}
