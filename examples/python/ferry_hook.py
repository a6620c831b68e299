#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ferry_hook.py prolog|task COMMAND...|epilog - containers for Ferry, which ../README.md invents

The same as ../c/ferry-hook.c, by ctypes: it needs the shared library (configure
--enable-shared) and nothing else.  Structures are declared as far as the header has them,
in its order; their size field tells the library how far that was.
"""
import ctypes
import errno
import os
import sys
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int32, c_size_t, c_uint32, c_void_p

FAULT_STATUS = {1: 3, 2: 4, 3: 5}  # SHIFTER_FAULT_JOB, _SITE, _NODE; else the hook's own fault
SETUP_SSHD, SETUP_REPLACE = 1, 4
PATH = "/opt/udiImage/bin:/usr/local/bin:/usr/bin:/bin"  # of a task

HostsProvider = CFUNCTYPE(c_int, c_void_p, c_void_p)
Place = CFUNCTYPE(c_int, c_int32, c_void_p)


class ContainerSpec(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("id", c_char_p), ("image", c_char_p), ("user", c_char_p),
                ("home", c_char_p), ("shell", c_char_p), ("uid", c_uint32), ("gid", c_uint32),
                ("flags", c_uint32), ("n_groups", c_uint32), ("groups", POINTER(c_uint32)),
                ("volumes", POINTER(c_char_p)), ("listen_address", c_char_p),
                ("sshd_port", c_uint32), ("hook_pid", c_int32)]


class HostsfileSpec(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("provide", HostsProvider), ("data", c_void_p),
                ("flags", c_uint32), ("reserved", c_uint32)]


class SshdSpec(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("user_key", c_char_p), ("user_key_file", c_char_p),
                ("principal", c_char_p), ("env", POINTER(c_char_p)), ("place", Place),
                ("place_data", c_void_p), ("timeout_ms", c_uint32), ("flags", c_uint32)]


shifter = ctypes.CDLL(os.environ.get("FERRY_LIBSHIFTER", "libshifter.so.0"))
shifter.shifter_get_error.restype = c_char_p
# Without argtypes a pointer would be cut to an int.
for name, types in {"shifter_new": [POINTER(c_void_p)], "shifter_get_error": [c_void_p],
                    "shifter_load_config": [c_void_p, c_char_p],
                    "shifter_get_fault": [c_void_p], "shifter_teardown": [c_void_p, c_char_p],
                    "shifter_setup_container": [c_void_p, c_void_p, POINTER(c_void_p)],
                    "shifter_open_container": [c_void_p, c_char_p, POINTER(c_void_p)],
                    "shifter_enter_container": [c_void_p, c_uint32],
                    "shifter_add_host": [c_void_p, c_char_p, c_char_p, c_uint32],
                    "shifter_write_hostsfile": [c_void_p, c_void_p],
                    "shifter_start_user_sshd": [c_void_p, c_void_p]}.items():
    getattr(shifter, name).argtypes = types

ctx = c_void_p()


def must(result):
    """End the hook if a call has failed: the text is for people, the status for Ferry."""
    if result < 0:
        print("ferry:", shifter.shifter_get_error(ctx).decode(), file=sys.stderr)
        sys.exit(FAULT_STATUS.get(shifter.shifter_get_fault(ctx), 2))


def get(name):
    return os.environ.get(name, "").encode()


def provide_hosts(hosts, _data):
    """The hosts provider: FERRY_HOSTS="node1:4 node2:4", the first one first."""
    for entry in get("FERRY_HOSTS").split():
        host, _, slots = entry.partition(b":")
        result = shifter.shifter_add_host(hosts, host, None, int(slots or 0))
        if result < 0:
            return result
    return 0


def join_job(pid, _data):
    """Called before sshd runs: all that comes in by ssh is limited and killed as the job is."""
    try:
        with open(get("FERRY_CGROUP") + b"/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write(str(pid))
    except OSError as error:  # no exception may leave a callback
        return -error.errno
    return 0


def prolog(container_id):
    groups = os.getgrouplist(get("FERRY_USER").decode(), int(get("FERRY_GID")))
    container = c_void_p()
    must(shifter.shifter_setup_container(ctx, byref(ContainerSpec(
        size=ctypes.sizeof(ContainerSpec), id=container_id, image=get("FERRY_IMAGE"),
        user=get("FERRY_USER"), home=get("FERRY_HOME"), uid=int(get("FERRY_UID")),
        gid=int(get("FERRY_GID")), groups=(c_uint32 * len(groups))(*groups), n_groups=len(groups),
        hook_pid=os.getpid(), flags=SETUP_SSHD | SETUP_REPLACE)), byref(container)))
    must(shifter.shifter_write_hostsfile(container, byref(HostsfileSpec(
        size=ctypes.sizeof(HostsfileSpec), provide=HostsProvider(provide_hosts)))))
    must(shifter.shifter_start_user_sshd(container, byref(SshdSpec(
        size=ctypes.sizeof(SshdSpec), principal=container_id, user_key=get("FERRY_KEY"),
        place=Place(join_job) if get("FERRY_CGROUP") else Place()))))


def task(container_id, command):
    container = c_void_p()
    places = PATH.split(":") if "/" not in command[0] else [""]
    programs = [os.path.join(place, command[0]) for place in places]
    environment = dict(os.environ, PATH=PATH)
    must(shifter.shifter_open_container(ctx, container_id, byref(container)))
    must(shifter.shifter_enter_container(container, 0))
    # The user's now, with the image's files: even os.execvp() would import something of it.
    for program in programs:
        try:
            os.execve(program, command, environment)
        except OSError:
            continue
    os._exit(127)


def main():
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    container_id = b"ferry-" + get("FERRY_JOB")
    if shifter.shifter_new(byref(ctx)) < 0:
        sys.exit(5)
    loaded = shifter.shifter_load_config(ctx, None)
    if verb == "epilog":  # whatever somebody wrote into the configuration
        must(shifter.shifter_teardown(ctx, container_id))
        return
    if loaded != -errno.ENOENT:  # without a file its defaults hold
        must(loaded)
    if verb == "prolog":
        prolog(container_id)
    elif verb == "task" and len(sys.argv) > 2:
        task(container_id, sys.argv[2:])
    else:
        sys.exit("usage: ferry_hook.py prolog|task COMMAND...|epilog")


if __name__ == "__main__":
    main()
