# SPDX-License-Identifier: BSD-3-Clause
"""A sketch, never run: libshifter in a hook of OpenPBS

Installed by root on the server, which sends it to all hosts:

    qmgr -c "create hook shifter event='execjob_begin,execjob_launch,execjob_end,execjob_abort'"
    qmgr -c "set hook shifter order=200, alarm=90"
    qmgr -c "import hook shifter application/x-python default shifter_hook.py"

Users: qsub -v SHIFTER_IMAGE=docker:debian:12 ...  The order is behind that of the cgroups hook
(pbs_cgroups), which makes the job's cgroup in execjob_begin, too.

Why these events (OpenPBS Hooks Guide, "When Hooks Run"):
  execjob_begin   on every host of the job, when it receives the job, as root.  Not
                  execjob_prologue: on the hosts but the first that runs with the first task
                  there, and a job whose only way between hosts is our sshd starts none.
  execjob_launch  before a process of the job is started: may change its environment
  execjob_end     on every host, after all processes have ended, come what may
  execjob_abort   on the hosts that had begun when another host could not begin
"""
import json
import re
import subprocess

import pbs

CTL = "/usr/sbin/shifterctl"
JOB, SITE, NODE = 3, 4, 5  # exit statuses of shifterctl


class Failed(Exception):
    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


def run(*command):
    """Words, never a shell: the image's name is the user's."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise Failed(done.returncode, done.stderr.strip() or "'%s' failed" % command[0])
    return done.stdout.strip()


def container_id(job):
    # 17[3].server for a member of an array: brackets are not for ids
    return "pbs-" + re.sub(r"[^A-Za-z0-9._-]", "-", job.id)[:60]


def hosts_of(job):
    """The hosts provider: host/slots in the order of exec_vnode.

    A host that is divided into vnodes, "node1[0]", comes once, with the sum of them.
    """
    slots = {}
    for chunk in job.exec_vnode.chunks:
        host = str(chunk.vnode_name).split("[")[0]
        slots[host] = slots.get(host, 0) + int(chunk.chunk_resources["ncpus"] or 0)
    return " ".join("%s/%d" % (host, n or 1) for host, n in slots.items())


def as_user(job, *command):
    # MoM has looked the user up: who runs the job is job.euser, never a variable of the job
    return run("/usr/sbin/runuser", "-u", job.euser, "--", *command)


def begin(event):
    job, name = event.job, container_id(event.job)
    # An image is settled per host here.  A site with moving tags resolves it where users
    # submit, with a wrapper of qsub, and passes the reference on in SHIFTER_IMAGE.
    image = as_user(job, CTL, "resolve", job.Variable_List["SHIFTER_IMAGE"])
    key = as_user(job, CTL, "key")
    # no --hook-pid: this process ends with the event, and MoM orders the events of a job
    run(CTL, "setup", "--id", name, "--image", image, "--user", job.euser, "--sshd", "--replace")
    run(CTL, "hostsfile", name, "--list", hosts_of(job))
    run(CTL, "sshd", name, "--principal", name, "--user-key", key)
    # Into the job: pbs_attach(8B) makes it a process of the job, and by the event
    # execjob_attach the cgroups hook moves it, so that what comes by ssh is limited and counted.
    for container in json.loads(run(CTL, "list", "--json")):
        if container["id"] == name:
            run("/opt/pbs/bin/pbs_attach", "-j", job.id, "-p", str(container["sshd_pid"]))


def refuse(event, failed):
    """Fail the job, hold it, or take the node out: by whose fault it is."""
    why = "shifter: %s" % failed
    if failed.status == JOB:
        event.job.delete()
    elif failed.status == NODE:
        vnode = event.vnode_list[pbs.get_local_nodename()]
        vnode.state = pbs.ND_OFFLINE
        vnode.comment = why
        event.job.rerun()
    else:
        event.job.Hold_Types = pbs.hold_types("s")
        event.job.rerun()
    event.reject(why)


def main():
    event = pbs.event()
    if "SHIFTER_IMAGE" not in event.job.Variable_List:
        event.accept()
    try:
        if event.type == pbs.EXECJOB_BEGIN:
            begin(event)
        elif event.type == pbs.EXECJOB_LAUNCH:
            event.env["SHIFTER_CONTAINER"] = container_id(event.job)  # for shifter(1)
        else:
            run(CTL, "teardown", container_id(event.job))
    except Failed as failed:
        refuse(event, failed)
    event.accept()


main()
