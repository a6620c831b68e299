-- SPDX-License-Identifier: BSD-3-Clause
--
-- bindings.lua LIBRARY HEADER CALLS - every call of the library from LuaJIT, by its FFI
--
-- HEADER is shifter.h with SHIFTER_BARE, preprocessed: LuaJIT reads it as it is.  Prints
-- "pass<tab>DESC" or "fail<tab>DESC<tab>WHY", a line per case, and notes each call that it makes
-- in the file CALLS.
local ffi = require("ffi")
local bit = require("bit")
-- a call that calls back must not be made by compiled code
jit.off()

local LIBRARY, HEADER, CALLS = arg[1], arg[2], arg[3]
local ID = "lua.1"
ffi.cdef(assert(io.open(HEADER)):read("*a"))
ffi.cdef [[
int fork(void); int pipe(int fds[2]); int dup2(int from, int to); int close(int fd);
long read(int fd, void *bytes, size_t n); long write(int fd, const void *bytes, size_t n);
int waitpid(int pid, int *status, int options);
int execve(const char *path, const char *const *argv, const char *const *env); void _exit(int status);
int setgroups(size_t n, const uint32_t *groups); int setgid(uint32_t gid); int setuid(uint32_t uid);
int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int mkdir(const char *path, uint32_t mode); int access(const char *path, int mode);
]]
local C = ffi.C
local ENOENT, EIO, E2BIG, EINVAL, ESTALE = 2, 5, 7, 22, 116

-- the calls, which are noted; the constants, which are not
local library = ffi.load(LIBRARY)
local shifter = setmetatable({}, { __index = function(_, name)
	local file = assert(io.open(CALLS, "a"))
	file:write("shifter_", name, "\n")
	file:close()
	return library["shifter_" .. name]
end })

-- --- cases ---
local function show(value)
	return (tostring(value):gsub("[\t\n]", " "))
end
local function check(desc, got, wanted)
	if got == wanted then
		print("pass\t" .. desc)
	else
		print(("fail\t%s\tgot '%s', wanted '%s'"):format(desc, show(got), show(wanted)))
	end
	io.stdout:flush()
end
local function check_like(desc, got, pattern)
	check(desc, got:find(pattern) and pattern or got, pattern)
end
local function text_of(pointer)
	return pointer ~= nil and ffi.string(pointer) or nil
end
local function strings(...) -- an array for C, with the NULL behind
	local n = select("#", ...)
	-- not by an initializer: a single one would fill all of it
	local array = ffi.new("const char *[?]", n + 1)
	for i = 1, n do
		array[i - 1] = (select(i, ...))
	end
	return array
end

-- What work() writes to descriptor 1, and the wait status; it may exec.
local function in_child(work)
	local fds, status, bytes, output = ffi.new("int[2]"), ffi.new("int[1]"), ffi.new("char[4096]"), ""
	C.pipe(fds)
	io.stdout:flush()
	local pid = C.fork()
	if pid == 0 then
		C.dup2(fds[1], 1)
		C.dup2(1, 2)
		local _, why = pcall(work)
		why = tostring(why)
		C.write(2, why, #why)
		C._exit(99)
	end
	C.close(fds[1])
	local n = tonumber(C.read(fds[0], bytes, 4096))
	while n > 0 do
		output = output .. ffi.string(bytes, n)
		n = tonumber(C.read(fds[0], bytes, 4096))
	end
	C.close(fds[0])
	C.waitpid(pid, status, 0)
	return status[0], output
end

local function become_alice()
	C.setgroups(2, ffi.new("uint32_t[2]", 2001, 2100))
	C.setgid(2001)
	C.setuid(2001)
end

local function new_context()
	local out = ffi.new("struct shifter_ctx *[1]")
	assert(shifter.new(out) == 0)
	return out[0]
end
local function error_of(ctx)
	return ffi.string(shifter.get_error(ctx))
end

-- what C points to has to live as long as the spec that points to it
local anchors = {}
local function keep(value)
	anchors[#anchors + 1] = value
	return value
end
local function new_spec(kind, values)
	local spec = ffi.new(kind, values or {})
	spec.size = ffi.sizeof(spec)
	return spec
end
local function container_spec(image)
	return new_spec("struct shifter_container_spec", {
		id = ID, image = keep(image), user = "alice", home = "/home/alice", shell = "/bin/sh",
		uid = 2001, gid = 2001, n_groups = 2, groups = keep(ffi.new("uint32_t[2]", 2001, 2100)),
	})
end

-- --- the context, its configuration, its errors ---
check_like("version", ffi.string(shifter.version()), "^%d+%.%d+%.%d+$")
local ctx = new_context()
local messages = ""
local on_message = ffi.cast("shifter_log_fn", function(level, message)
	messages = messages .. level .. " " .. ffi.string(message) .. "\n"
end)
shifter.set_log(ctx, on_message, nil)
check("no error yet", error_of(ctx) .. shifter.get_fault(ctx), "" .. C.SHIFTER_FAULT_NONE)
check("a configuration that is not there", shifter.load_config(ctx, "/nonexistent"), -ENOENT)
check_like("its error", error_of(ctx), "cannot .*'/nonexistent'")
check("its fault", shifter.get_fault(ctx), C.SHIFTER_FAULT_SITE)
check("the installed one", shifter.load_config(ctx, nil), 0)
local text = ffi.new("const char *[1]")
check("a setting", shifter.get_setting(ctx, "imagePath", text) .. ffi.string(text[0]), "0/img")
check("one that is none", shifter.get_setting(ctx, "nonsense", text), -ENOENT)
local settings, count, stop_at = {}, 0, 0
local on_setting = ffi.cast("shifter_setting_fn", function(info)
	settings[ffi.string(info.key)] = ("%d %d %s %s"):format(info.type, tonumber(info.n_values),
		info.n_values > 0 and ffi.string(info.values[0]) or "-", tostring(text_of(info.origin)))
	count = count + 1
	return count == stop_at and 7 or 0
end)
check("all settings", shifter.list_settings(ctx, on_setting, nil), 0)
check("one of them", settings.imagePath, C.SHIFTER_SETTING_TEXT .. " 1 /img /etc/shifter/udiRoot.conf:1")
check("one that is a list", settings.siteEnv, C.SHIFTER_SETTING_LIST .. " 0 - nil")
count, stop_at = 0, 3
check("a callback ends the list", shifter.list_settings(ctx, on_setting, nil) .. " " .. count, "7 3")

-- --- at submission, as the user ---
local status, output = in_child(function()
	become_alice()
	local mine, out = new_context(), ffi.new("const char *[1]")
	assert(shifter.load_config(mine, nil) == 0 and shifter.make_user_key(mine, "/home/alice", out) == 0,
		error_of(mine))
	C.write(1, out[0], #ffi.string(out[0]))
	C.write(1, "\n", 1)
	assert(shifter.resolve_image(mine, "local:/data/dir", out) == 0, error_of(mine))
	C.write(1, out[0], #ffi.string(out[0]))
	C._exit(0)
end)
check_like("key and image", status .. " " .. output, "^0 ssh%-ed25519 [^\n]*\nlocal:/data/dir$")
local key, image = output:match("^(.*)\n(.*)$")

-- --- the node ---
local looks = {}
local on_look = ffi.cast("shifter_check_fn", function(info)
	looks[ffi.string(info.name)] = text_of(info.problem) or "ok"
	return 0
end)
check("the node", shifter.check_node(ctx, on_look, nil), 0)
check("the kernel is in order", looks.kernel, "ok")

-- --- set-up ---
local out = ffi.new("struct shifter_container *[1]")
check("an image that is not there", shifter.setup_container(ctx, container_spec("local:/nonexistent"), out), -ENOENT)
check("is the job's fault", shifter.get_fault(ctx), C.SHIFTER_FAULT_JOB)
ffi.cdef "struct larger { struct shifter_container_spec known; uint64_t new; };"
local larger = ffi.new("struct larger", { known = container_spec(image), new = 1 })
larger.known.size = ffi.sizeof(larger)
check("a field of a later version", shifter.setup_container(ctx, larger.known, out), -E2BIG)
local spec = container_spec(image)
spec.flags = bit.bor(C.SHIFTER_SETUP_SSHD, C.SHIFTER_SETUP_REPLACE)
spec.volumes = keep(strings("/data:/volume:ro"))
messages = ""
check("a container", shifter.setup_container(ctx, spec, out), 0)
local container = out[0]
check("without an error", error_of(ctx), "")
check_like("it is told of", messages, C.SHIFTER_LOG_INFO .. " [^\n]*'lua%.1'")
check("its user", shifter.get_uid(container), 2001)
check("its port", shifter.get_sshd_port(container), 1204)
check("no sshd yet", shifter.get_sshd_pid(container), 0)
check("its hostsfile", ffi.string(shifter.get_hostsfile_path(container)), "/var/hostsfile")

-- --- hosts ---
local give_up = true
local hosts_spec = new_spec("struct shifter_hostsfile_spec")
hosts_spec.provide = function(hosts)
	if give_up then
		return -EIO
	end
	local rc = 0
	for _, add in ipairs {
		{ "add_host", "node1", "10.98.0.1", 2 }, { "add_hosts_from_list", "node2=10.98.0.2/1" },
		{ "add_hosts_from_file", "/data/hosts" }, { "add_hosts_from_slurm", "s[1-2]", "2(x2)" },
		{ "add_hosts_from_torque", "t1/0-1" }, { "add_addresses_from_file", "/data/addresses" },
		{ "add_addresses_from_slurm", "s1:10.9.9.1:s1,s2:10.9.9.2:s2" },
	} do
		rc = rc == 0 and shifter[add[1]](hosts, unpack(add, 2)) or rc
	end
	return rc
end
check("a provider that gives up", shifter.write_hostsfile(container, hosts_spec), -EIO)
give_up = false
check("hosts from everywhere", shifter.write_hostsfile(container, hosts_spec), 0)

-- --- sshd ---
local placed = 0
local sshd_spec = new_spec("struct shifter_sshd_spec", {
	user_key = key, principal = "udi.test.lua", env = keep(strings("CUDA_VISIBLE_DEVICES=7")),
})
sshd_spec.place = function(pid)
	placed = placed + (pid > 0 and 1 or 0)
	return 0
end
check("sshd", shifter.start_user_sshd(container, sshd_spec) .. error_of(ctx), "0")
check("its process was placed", placed, 1)
check("it has a process", shifter.get_sshd_pid(container) > 0, true)

-- --- who else is here ---
local found = {}
local on_container = ffi.cast("shifter_list_fn", function(info)
	found[ffi.string(info.id)] = ("%s %s %d %d %d"):format(ffi.string(info.state), ffi.string(info.user),
		info.uid, info.sshd_port, info.sshd_pid)
	return 0
end)
check("the list", shifter.list_containers(ctx, on_container, nil), 0)
check("it is listed", found[ID], "serving alice 2001 1204 " .. shifter.get_sshd_pid(container))
check("no container of that id", shifter.open_container(ctx, "lua.2", out), -ENOENT)
check("another handle", shifter.open_container(ctx, ID, out), 0)
local other = out[0]
check("knows the same", shifter.get_sshd_pid(other), shifter.get_sshd_pid(container))

-- --- going in ---
status, output = in_child(function()
	assert(shifter.enter_container(other, 0) == 0, error_of(ctx))
	C.execve("/bin/sh", strings("sh", "-c", "id -u; sort -u /var/hostsfile; cat /volume/file; " ..
		"grep -c '10.9.9.[12].*s[12]' /etc/hosts; /opt/udiImage/bin/ssh node1 'id -un; echo $CUDA_VISIBLE_DEVICES'"),
		strings("PATH=/bin", "HOME=/home/alice"))
end)
check("in the container", status .. " " .. output:gsub("%s+", " "),
	"0 2001 f1 node1 node2 s1 s2 t1 volume 2 alice 7 ")
status, output = in_child(function()
	become_alice()
	-- who has changed ids has no say in /proc/self until it is dumpable, or a new program
	C.prctl(4, 1, 0, 0, 0)
	local mine = new_context()
	assert(shifter.load_config(mine, nil) == 0 and
		shifter.enter_private_container(mine, container_spec(image)) == 0, error_of(mine))
	C.execve("/bin/cat", strings("cat", "/etc/container-marker"), strings())
end)
check("in one of its own", status .. " " .. output, "0 libshifter demo image\n")

-- --- the end ---
check("teardown", shifter.teardown(ctx, ID), 0)
check("a handle on what is gone", shifter.write_hostsfile(container, hosts_spec), -ESTALE)
shifter.close_container(other)
shifter.close_container(container)
check("teardown of nothing", shifter.teardown(ctx, ID), 0)
check("teardown of what is no id", shifter.teardown(ctx, "no id"), -EINVAL)
check("is the integration's fault", shifter.get_fault(ctx), C.SHIFTER_FAULT_CALLER)
local garbage = ""
local on_garbage = ffi.cast("shifter_garbage_fn", function(info)
	garbage = garbage .. ("%s %s %s\n"):format(ffi.string(info.kind), ffi.string(info.name),
		tostring(text_of(info.failure)))
	return 0
end)
C.mkdir("/run/shifter/lua.3", 448) -- 0700
check("garbage is found", shifter.collect_garbage(ctx, C.SHIFTER_GARBAGE_DRY_RUN, on_garbage, nil), 0)
check("it is still there", C.access("/run/shifter/lua.3", 0), 0)
check("garbage is removed", shifter.collect_garbage(ctx, 0, on_garbage, nil), 0)
check("it is gone", C.access("/run/shifter/lua.3", 0), -1)
check("both told of it", select(2, garbage:gsub("container lua%.3 nil\n", "")), 2)
shifter.set_log(ctx, nil, nil)
shifter.free(ctx)
shifter.free(nil)
shifter.close_container(nil)
print("done")
