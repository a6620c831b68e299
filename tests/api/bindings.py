#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""bindings.py LIBRARY ABI.DEF CALLS - every call of the library from Python, by ctypes

Types and structures are made of abi.def.  Prints "pass<tab>DESC" or "fail<tab>DESC<tab>WHY",
a line per case, and notes each call that it makes in the file CALLS.
"""
import ctypes
import errno
import os
import re
import sys
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int32, c_size_t, c_uint32, \
    c_uint64, c_void_p, cast, sizeof

LIBRARY, ABI, CALLS = sys.argv[1:]
ID = "python.1"


# --- abi.def as ctypes ---
TYPES = {"void": None, "int": c_int, "int32_t": c_int32, "uint32_t": c_uint32,
         "uint64_t": c_uint64, "size_t": c_size_t, "void *": c_void_p, "const char *": c_char_p,
         "const char **": POINTER(c_char_p), "const char *const *": POINTER(c_char_p),
         "const uint32_t *": POINTER(c_uint32)}
VALUES, STRUCTS, FUNCTIONS, OFFSETS = {}, {}, {}, {}


def type_of(name):
    if name in TYPES:
        return TYPES[name]
    struct = re.fullmatch(r"(?:const )?struct (\w+) (\*{1,2})", name)
    pointee = STRUCTS.get(struct[1])
    if pointee:
        return POINTER(pointee)
    return c_void_p if struct[2] == "*" else POINTER(c_void_p)


def read_abi():
    with open(ABI, encoding="ascii") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    entries = re.findall(r"(\w+)\((\w+), (.*?)\)\n(?! )", text, flags=re.S)
    for kind, name, _ in entries:
        if kind == "SIZE":
            STRUCTS[name] = type(name, (ctypes.Structure,), {})
    fields = {}
    for kind, name, rest in entries:
        if kind == "VALUE":
            VALUES[name] = int(rest)
        elif kind == "FIELD":
            field, of_type, offset = rest.split(", ")
            fields.setdefault(name, []).append((field, of_type))
            OFFSETS[name, field] = int(offset)
        elif kind in ("CALL", "CALLBACK"):
            result, arguments = re.fullmatch(r"(.*?),\s+\((.*)\)", rest, flags=re.S).groups()
            arguments = [] if arguments == "void" else arguments.split(", ")
            types = [type_of(result)] + [type_of(a) for a in arguments]
            if kind == "CALL":
                FUNCTIONS[name] = types
            else:
                TYPES[name] = CFUNCTYPE(*types)
    for name, members in fields.items():
        STRUCTS[name]._fields_ = [(field, type_of(kind)) for field, kind in members]


read_abi()
C = type("Constants", (), VALUES)


class Library:
    """The calls, which are noted."""

    def __init__(self, path):
        self._library = ctypes.CDLL(path)

    def __getattr__(self, name):
        name = "shifter_" + name
        call = getattr(self._library, name)
        call.restype, call.argtypes = FUNCTIONS[name][0], FUNCTIONS[name][1:]
        with open(CALLS, "a", encoding="ascii") as file:
            file.write(name + "\n")
        return call


shifter = Library(LIBRARY)


# --- cases ---
def check(desc, got, wanted):
    if got == wanted:
        print(f"pass\t{desc}", flush=True)
    else:
        print(f"fail\t{desc}\tgot {got!r}, wanted {wanted!r}".replace("\n", " "), flush=True)


def check_like(desc, got, regex):
    check(desc, got if re.search(regex, got) is None else regex, regex)


def in_child(work):
    """What work() prints to descriptor 1, and the exit status; it may exec."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(writer, 1)
            os.dup2(1, 2)
            work()
        except BaseException as error:  # pylint: disable=broad-except
            os.write(2, f"{error}\n".encode())
        os._exit(99)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as file:
        output = file.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output


def become_alice():
    os.setgroups([2001, 2100])
    os.setgid(2001)
    os.setuid(2001)


def new_context():
    ctx = c_void_p()
    if shifter.new(byref(ctx)) != 0:
        sys.exit("no context")
    return ctx


def error_of(ctx):
    return shifter.get_error(ctx).decode()


def container_spec(image, name=ID):
    spec = STRUCTS["shifter_container_spec"]()
    spec.size = sizeof(spec)
    spec.id = name.encode()
    spec.image = image.encode()
    spec.user, spec.home, spec.shell = b"alice", b"/home/alice", b"/bin/sh"
    spec.uid = spec.gid = 2001
    spec.n_groups = 2
    spec.groups = (c_uint32 * 2)(2001, 2100)
    return spec


# --- the context, its configuration, its errors ---
check("structures have their layout", {k: getattr(STRUCTS[k[0]], k[1]).offset for k in OFFSETS}, OFFSETS)
check_like("version", shifter.version().decode(), r"^[0-9]+\.[0-9]+\.[0-9]+$")
ctx = new_context()
messages = []
on_message = TYPES["shifter_log_fn"](lambda level, message, data: messages.append((level, message.decode())))
shifter.set_log(ctx, on_message, None)
check("no error yet", (shifter.get_error(ctx), shifter.get_fault(ctx)), (b"", C.SHIFTER_FAULT_NONE))
check("a configuration that is not there", shifter.load_config(ctx, b"/nonexistent"), -errno.ENOENT)
check_like("its error", error_of(ctx), "cannot .*'/nonexistent'")
check("its fault", shifter.get_fault(ctx), C.SHIFTER_FAULT_SITE)
check("the installed one", shifter.load_config(ctx, None), 0)
text = c_char_p()
check("a setting", (shifter.get_setting(ctx, b"imagePath", byref(text)), text.value), (0, b"/img"))
check("one that is none", shifter.get_setting(ctx, b"nonsense", byref(text)), -errno.ENOENT)

settings = {}


def on_setting(info, data):
    info = info.contents
    settings[info.key.decode()] = ([info.values[i] for i in range(info.n_values)], info.type,
                                   info.origin and info.origin.decode())
    return 7 if data and len(settings) == cast(data, POINTER(c_int))[0] else 0


on_setting = TYPES["shifter_setting_fn"](on_setting)
check("all settings", shifter.list_settings(ctx, on_setting, None), 0)
check("one of them", settings["imagePath"], ([b"/img"], C.SHIFTER_SETTING_TEXT, "/etc/shifter/udiRoot.conf:1"))
check("one that is a list", settings["siteEnv"], ([], C.SHIFTER_SETTING_LIST, None))
settings.clear()
check("a callback ends the list", (shifter.list_settings(ctx, on_setting, byref(c_int(3))), len(settings)), (7, 3))


# --- at submission, as the user ---
def submit():
    become_alice()
    mine, out = new_context(), c_char_p()
    if shifter.load_config(mine, None) != 0 or shifter.make_user_key(mine, b"/home/alice", byref(out)) != 0:
        sys.exit(error_of(mine))
    os.write(1, out.value + b"\n")
    if shifter.resolve_image(mine, b"local:/data/dir", byref(out)) != 0:
        sys.exit(error_of(mine))
    os.write(1, out.value + b"\n")
    os._exit(0)


status, output = in_child(submit)
check_like("key and image", f"{status} {output}", r"^0 ssh-ed25519 [^\n]*\nlocal:/data/dir\n$")
key, image = output.splitlines()

# --- the node ---
looks = {}


def on_look(info, data):
    looks[info.contents.name.decode()] = info.contents.problem
    return 0


on_look = TYPES["shifter_check_fn"](on_look)
check("the node", shifter.check_node(ctx, on_look, None), 0)
check("the kernel is in order", looks.get("kernel", "not looked at"), None)

# --- set-up ---
container = c_void_p()
check("an image that is not there",
      shifter.setup_container(ctx, byref(container_spec("local:/nonexistent")), byref(container)), -errno.ENOENT)
check("is the job's fault", shifter.get_fault(ctx), C.SHIFTER_FAULT_JOB)
Larger = type("Larger", (ctypes.Structure,), {"_fields_": [
    ("known", STRUCTS["shifter_container_spec"]), ("new", c_uint64)]})
larger = Larger(container_spec(image), 1)
larger.known.size = sizeof(larger)
check("a field of a later version",
      shifter.setup_container(ctx, cast(byref(larger), POINTER(STRUCTS["shifter_container_spec"])), byref(container)),
      -errno.E2BIG)
spec = container_spec(image)
spec.flags = C.SHIFTER_SETUP_SSHD
spec.volumes = (c_char_p * 2)(b"/data:/volume:ro", None)
messages.clear()
check("a container", shifter.setup_container(ctx, byref(spec), byref(container)), 0)
check("without an error", error_of(ctx), "")
check_like("it is told of", " ".join(m for level, m in messages if level == C.SHIFTER_LOG_INFO), ID)
check("its user", shifter.get_uid(container), 2001)
check("its port", shifter.get_sshd_port(container), 1204)
check("no sshd yet", shifter.get_sshd_pid(container), 0)
check("its hostsfile", shifter.get_hostsfile_path(container), b"/var/hostsfile")


# --- hosts ---
def provide(hosts, data):
    return (shifter.add_host(hosts, b"node1", b"10.98.0.1", 2) or
            shifter.add_hosts_from_list(hosts, b"node2=10.98.0.2/1") or
            shifter.add_hosts_from_file(hosts, b"/data/hosts") or
            shifter.add_hosts_from_slurm(hosts, b"s[1-2]", b"2(x2)") or
            shifter.add_hosts_from_torque(hosts, b"t1/0-1") or
            shifter.add_addresses_from_file(hosts, b"/data/addresses") or
            shifter.add_addresses_from_slurm(hosts, b"s1:10.9.9.1:s1,s2:10.9.9.2:s2"))


hosts_spec = STRUCTS["shifter_hostsfile_spec"]()
hosts_spec.size = sizeof(hosts_spec)
hosts_spec.provide = TYPES["shifter_hosts_fn"](lambda hosts, data: -errno.EIO)
check("a provider that gives up", shifter.write_hostsfile(container, byref(hosts_spec)), -errno.EIO)
hosts_spec.provide = TYPES["shifter_hosts_fn"](provide)
check("hosts from everywhere", shifter.write_hostsfile(container, byref(hosts_spec)), 0)

# --- sshd ---
placed = []
sshd_spec = STRUCTS["shifter_sshd_spec"]()
sshd_spec.size = sizeof(sshd_spec)
sshd_spec.user_key = key.encode()
sshd_spec.principal = b"udi.test.python"
sshd_spec.env = (c_char_p * 2)(b"CUDA_VISIBLE_DEVICES=7", None)


def place(pid, data):
    placed.append(pid)
    return 0


sshd_spec.place = TYPES["shifter_place_fn"](place)
check("sshd", (shifter.start_user_sshd(container, byref(sshd_spec)), error_of(ctx)), (0, ""))
check("its process was placed", len(placed), 1)
check("it has a process", shifter.get_sshd_pid(container) > 0, True)

# --- who else is here ---
found = {}


def on_container(info, data):
    info = info.contents
    found[info.id.decode()] = (info.state, info.user, info.uid, info.sshd_port, info.sshd_pid)
    return 0


on_container = TYPES["shifter_list_fn"](on_container)
check("the list", shifter.list_containers(ctx, on_container, None), 0)
check("it is listed", found, {ID: (b"serving", b"alice", 2001, 1204, shifter.get_sshd_pid(container))})
other = c_void_p()
check("no container of that id", shifter.open_container(ctx, b"python.2", byref(other)), -errno.ENOENT)
check("another handle", shifter.open_container(ctx, ID.encode(), byref(other)), 0)
check("knows the same", shifter.get_sshd_pid(other), shifter.get_sshd_pid(container))


# --- going in ---
def enter():
    if shifter.enter_container(other, 0) != 0:
        sys.exit(error_of(ctx))
    os.execve("/bin/sh", ["sh", "-c", "id -u; sort -u /var/hostsfile | tr '\\n' ' '; cat /volume/file; "
                          "grep -c '10.9.9.[12].*s[12]' /etc/hosts; /opt/udiImage/bin/ssh node1 'id -un; echo $CUDA_VISIBLE_DEVICES'"],
              {"PATH": "/bin", "HOME": "/home/alice"})


status, output = in_child(enter)
check("in the container", (status, output.split()),
      (0, "2001 f1 node1 node2 s1 s2 t1 volume 2 alice 7".split()))


def enter_private():
    become_alice()
    # who has changed ids has no say in /proc/self until it is dumpable, or a new program
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    mine = new_context()
    if shifter.load_config(mine, None) != 0 or \
            shifter.enter_private_container(mine, byref(container_spec(image))) != 0:
        sys.exit(error_of(mine))
    os.execve("/bin/cat", ["cat", "/etc/container-marker"], {})


check("in one of its own", in_child(enter_private), (0, "libshifter demo image\n"))

# --- the end ---
check("teardown", shifter.teardown(ctx, ID.encode()), 0)
check("a handle on what is gone", shifter.write_hostsfile(container, byref(hosts_spec)), -errno.ESTALE)
shifter.close_container(other)
shifter.close_container(container)
check("teardown of nothing", shifter.teardown(ctx, ID.encode()), 0)
check("teardown of what is no id", shifter.teardown(ctx, b"no id"), -errno.EINVAL)
check("is the integration's fault", shifter.get_fault(ctx), C.SHIFTER_FAULT_CALLER)

garbage = []


def on_garbage(info, data):
    garbage.append((info.contents.kind, info.contents.name, info.contents.failure))
    return 0


on_garbage = TYPES["shifter_garbage_fn"](on_garbage)
os.mkdir("/run/shifter/python.3", 0o700)
check("garbage is found", shifter.collect_garbage(ctx, C.SHIFTER_GARBAGE_DRY_RUN, on_garbage, None), 0)
check("it is still there", os.path.isdir("/run/shifter/python.3"), True)
check("garbage is removed", shifter.collect_garbage(ctx, 0, on_garbage, None), 0)
check("it is gone", os.path.isdir("/run/shifter/python.3"), False)
check("both told of it", [g for g in garbage if g[0] == b"container"], [(b"container", b"python.3", None)] * 2)
shifter.set_log(ctx, TYPES["shifter_log_fn"](), None)
shifter.free(ctx)
shifter.free(None)
shifter.close_container(None)
print("done")
