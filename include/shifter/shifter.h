/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shifter.h - per-job containers for workload managers
 *
 * Four calls cover the life of a job on a node:
 *
 *	shifter_setup_container()	build the job's mount namespace
 *	shifter_start_user_sshd()	run sshd inside it, as the job's user
 *	shifter_write_hostsfile()	tell the job which hosts it owns
 *	shifter_teardown()		undo all of the above
 *
 * They need not be made by one process.  A container is known by its id and
 * lives until shifter_teardown(), so a prologue can set it up, a task launcher
 * can shifter_open_container() and shifter_enter_container() it, and an
 * epilogue can tear it down.
 *
 * The rules below hold for every function unless its comment says otherwise.
 *
 * Errors.  Functions that can fail return 0, or a negative errno value and
 * leave their output arguments alone.  shifter_get_error() then has one line
 * of text for people and shifter_get_fault() says who has to act.  A failed
 * call leaves nothing behind.
 *
 * Specs.  Structures named *_spec start with their own size.  Set it to
 * sizeof, zero the rest, fill in what you need: zero always means "default".
 * Fields are only ever added at the end, so old programs work with new
 * libraries; a new program that uses a field the library does not know gets
 * -E2BIG instead of being half obeyed.
 *
 * Ownership.  Everything passed in is copied before the call returns.
 * Strings handed out belong to the object they came from.  Destructors take
 * NULL and do nothing.
 *
 * Threads.  There is no global state.  A context, and the containers opened
 * through it, must be used by one thread at a time; distinct contexts are
 * independent.
 *
 * Manners.  The library never exits, aborts, prints, reads the environment or
 * calls getpwnam() and its kin.  It leaves the caller's signal handlers, signal
 * mask, working directory, root, umask, credentials and namespaces as they are
 * (those that enter a container are the obvious exceptions).  Its helper
 * processes raise no SIGCHLD and a plain waitpid(-1) does not see them.  All
 * its descriptors are close-on-exec; a process that another thread forks during
 * a call and that does not exec keeps what they are of, such as mounts, until it
 * ends.  Callbacks run in the calling thread, before the call that uses them
 * returns; no exception or longjmp() may leave them.
 */
#ifndef SHIFTER_SHIFTER_H
#define SHIFTER_SHIFTER_H

#include <stddef.h>
#include <stdint.h>

#include <shifter/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Define SHIFTER_BARE to strip all but plain C, for the FFIs that want it. */
#if defined(__GNUC__) && !defined(SHIFTER_BARE)
#define SHIFTER_CHECKED __attribute__((warn_unused_result))
#pragma GCC visibility push(default)
#else
#define SHIFTER_CHECKED
#endif

struct shifter_ctx;       /* library context */
struct shifter_container; /* handle on a container of this node */
struct shifter_hosts;     /* host list being collected */

/* The version of the library that was linked, such as "1.2.0". */
const char *shifter_version(void);

/*
 * Context
 */

/* Create a context.  Returns 0 or -ENOMEM. */
int shifter_new(struct shifter_ctx **out) SHIFTER_CHECKED;

/*
 * Release a context.  Containers still open keep it alive until they are
 * closed, so the order of the two does not matter.
 */
void shifter_free(struct shifter_ctx *ctx);

/* Severities, equal to those of syslog(3). */
enum {
	SHIFTER_LOG_WARNING = 4, /* went wrong, carried on regardless */
	SHIFTER_LOG_INFO = 6,    /* milestones: one or two per call */
	SHIFTER_LOG_DEBUG = 7    /* every mount, every decision */
};

/*
 * Receives progress messages: one line, no newline, control characters
 * escaped.  Errors are returned, not logged.
 */
typedef void (*shifter_log_fn)(int level, const char *message, void *data);

/* Send messages to log, or nowhere if log is NULL, which is the default. */
void shifter_set_log(struct shifter_ctx *ctx, shifter_log_fn log, void *data);

/*
 * Read the site's configuration; NULL means the path chosen at build time.
 * The file and its parent directories must belong to root and be writable by
 * nobody else.  Without this call built-in defaults apply.
 *
 * Returns 0, or
 *	-ENOENT	there is no such file
 *	-EPERM	its owner or mode makes it untrustworthy
 *	-EINVAL	it does not parse; the error text gives file and line
 */
int shifter_load_config(struct shifter_ctx *ctx, const char *path)
	SHIFTER_CHECKED;

/*
 * Hand out the value in effect of a key of the configuration, as the file would
 * have it, a list with a line per item.  The string is valid until the next
 * call on ctx.  Returns 0, -ENOENT if there is no such key, or -ENOMEM.
 */
int shifter_get_setting(struct shifter_ctx *ctx, const char *key, const char **out) SHIFTER_CHECKED;

enum { /* What a setting's values are. */
       SHIFTER_SETTING_TEXT = 0,
       SHIFTER_SETTING_BOOL = 1,   /* "true" or "false" */
       SHIFTER_SETTING_NUMBER = 2, /* decimal */
       SHIFTER_SETTING_LIST = 3
};

/* What shifter_list_settings() knows of a key of the configuration. */
struct shifter_setting_info {
	size_t size; /* sizeof(struct shifter_setting_info) */
	const char *key;
	const char *const *values; /* the items of a list, else one */
	size_t n_values;
	const char *text;   /* as the file takes it: KEY = VALUE */
	const char *origin; /* "FILE:LINE", or NULL for the default */
	const char *doc;    /* one sentence for the administrator */
	uint32_t type;      /* SHIFTER_SETTING_... */
	uint32_t reserved;
};

/*
 * Called once per key; everything in info is valid during the call.  Returns 0
 * to go on; any other value ends the listing, which returns it.
 */
typedef int (*shifter_setting_fn)(const struct shifter_setting_info *info, void *data);

/*
 * List what is in effect of the configuration, every key once, and where each
 * value comes from.  Returns 0, -ENOMEM, or what the callback returned.
 */
int shifter_list_settings(struct shifter_ctx *ctx, shifter_setting_fn list,
			  void *data) SHIFTER_CHECKED;

/*
 * Errors
 */

/* Who has to act on an error. */
enum {
	SHIFTER_FAULT_NONE = 0,  /* nobody, the last call succeeded */
	SHIFTER_FAULT_JOB = 1,   /* the job's owner: fix the request */
	SHIFTER_FAULT_SITE = 2,  /* the site: fix the configuration; or see to whoever
				    has the port of a container's sshd: the node is well */
	SHIFTER_FAULT_NODE = 3,  /* this node: out of something, or ill */
	SHIFTER_FAULT_CALLER = 4 /* the integration: it has a bug */
};

/*
 * What went wrong in the last call on ctx or on a container opened through
 * it: one line naming the operation, its object and the reason.  Never NULL,
 * empty after success, valid until the next call.
 */
const char *shifter_get_error(struct shifter_ctx *ctx);

/* One of SHIFTER_FAULT_*, for the same call. */
int shifter_get_fault(struct shifter_ctx *ctx);

/*
 * Submission.  On the submit host, as the user, once per job.
 */

/*
 * Find out what an image reference means now and hand out a reference that
 * keeps its meaning: "id:HASH" or "local:/PATH".  The string is valid until
 * the next call on ctx.  shifter_setup_container() checks everything again.
 *
 * Returns 0, or
 *	-EINVAL	image is no reference
 *	-ENOENT	there is no such image
 *	-EACCES	the caller may not read it, or the site forbids it
 *	-ETIMEDOUT	its file system, or the site's imageLookup, does not answer
 *	-ENOMEM
 *	another negative errno value as the kernel reports it
 */
int shifter_resolve_image(struct shifter_ctx *ctx, const char *image,
			  const char **out) SHIFTER_CHECKED;

/*
 * Hand out the public half, one line, of the caller's udiRoot key,
 * HOME/.udiRoot/id_ed25519, and make the pair first if there is none.  Callers
 * on many hosts at once get the same key.  The string is valid until the next
 * call on ctx.
 *
 * Returns 0, or
 *	-EPERM	the key or its directory belongs to or is open to others
 *	-EINVAL	home is not absolute, or the key is of no use: not ed25519,
 *		or with a passphrase
 *	-ENOENT	there is no home, or the site did not install ssh-keygen
 *	-EIO	ssh-keygen failed; the error text quotes its last words
 *	another negative errno value as the kernel reports it
 */
int shifter_make_user_key(struct shifter_ctx *ctx, const char *home,
			  const char **out) SHIFTER_CHECKED;

/*
 * Containers
 */

struct shifter_container_spec {
	size_t size;                /* sizeof(struct shifter_container_spec) */
	const char *id;             /* 1-64 of [A-Za-z0-9._-], unique on the node */
	const char *image;          /* image reference, resolved or not */
	const char *user;           /* login name inside the container */
	const char *home;           /* absolute path inside the container */
	const char *shell;          /* likewise; NULL for /bin/sh.  One that the
				       image lacks gives way to one that it has */
	uint32_t uid;               /* never 0 */
	uint32_t gid;               /* never 0 */
	uint32_t flags;             /* SHIFTER_SETUP_*, or 0 */
	uint32_t n_groups;          /* length of groups */
	const uint32_t *groups;     /* supplementary group ids */
	const char *const *volumes; /* "SRC:DST[:ro]", last one NULL; or NULL */
	const char *listen_address; /* of the later sshd, numeric; NULL: the site's */
	uint32_t sshd_port;         /* with SHIFTER_SETUP_SSHD; 0: the site's, which with
				       sshdPortRange is found from id */
	int32_t hook_pid;           /* who asks for it, see below; 0: this call */
	const char *job_file;       /* absolute path of a file that is there as long as the
				       job is, see shifter_collect_garbage(); or NULL */
};

/*
 * hook_pid.  A teardown that overtakes a set-up wins, even if it comes before the
 * set-up has begun: the epilogue of a job may run while its orphaned prologue is
 * still on its way.  So shifter_teardown() leaves a note of its time, and a set-up
 * that was asked for before that time fails with -ECANCELED.  It was asked for when
 * the process hook_pid was started: the hook itself, or the script that runs
 * shifterctl.  With 0 it was asked for when the call was made, which is right for a
 * daemon that gets orders one after the other.
 */

enum {
	/*
	 * Bind the port of the later sshd now, so that nobody takes it and early
	 * connections queue instead of being refused.
	 */
	SHIFTER_SETUP_SSHD = 1,
	/*
	 * Let the user write where the image's file modes allow it, into memory of
	 * the site's containerTmpfsSize that goes with the container.
	 */
	SHIFTER_SETUP_WRITABLE = 2,
	/*
	 * Replace what was asked for earlier under the same id: a set-up that still
	 * runs gives up, a container is torn down, as after a requeue or a crash.
	 */
	SHIFTER_SETUP_REPLACE = 4
};

/*
 * Build a container and keep it until shifter_teardown().  Needs root.  Blocks
 * for as long as the image's file system does.
 *
 * On success *out, unless out is NULL, is a handle for
 * shifter_close_container().
 *
 * Returns 0, or
 *	-EEXIST	a container of that id exists already
 *	-EBUSY	another process is working on it right now, or, with
 *		SHIFTER_SETUP_REPLACE, did not give up in time
 *	-ENOENT	the image, or the source of a volume, does not exist
 *	-EACCES	the job's user may not read it, or the site forbids it
 *	-EPERM	the caller is not privileged, or asks for uid or gid 0
 *	-EADDRINUSE	the port of the later sshd is taken; the error text names the
 *		container or the process that has it, with SHIFTER_FAULT_SITE
 *	-EBADMSG	the site's udiImage has a configuration that OpenSSH refuses, and
 *		no good one was seen since the node was booted
 *	-ECANCELED	shifter_teardown(), or a set-up that was asked for later,
 *		overtook it, or the process hook_pid has ended
 *	-ENOTSUP	the kernel is older than 5.14, or the image is a directory of a
 *		network file system
 *	-EINVAL	the spec is malformed; or sshdPortRange overlaps the kernel's
 *		ip_local_port_range
 *	-E2BIG	the spec uses a field this library does not know
 *	another negative errno value as the kernel reports it
 */
int shifter_setup_container(struct shifter_ctx *ctx,
			    const struct shifter_container_spec *spec,
			    struct shifter_container **out) SHIFTER_CHECKED;

/*
 * Find a container that another process set up.
 *
 * Returns 0, -ENOENT if there is none, -EBUSY while it is being set up or
 * torn down, or -EUCLEAN if it is damaged and fit only for shifter_teardown().
 */
int shifter_open_container(struct shifter_ctx *ctx, const char *id,
			   struct shifter_container **out) SHIFTER_CHECKED;

/* Release a handle.  The container itself lives on. */
void shifter_close_container(struct shifter_container *container);

/* The user id that the container was set up for. */
uint32_t shifter_get_uid(struct shifter_container *container);

/* What shifter_list_containers() knows of a container. */
struct shifter_container_info {
	size_t size; /* sizeof(struct shifter_container_info) */
	const char *id;
	const char *image;  /* resolved reference; "" if damaged */
	const char *user;   /* login name; "" if damaged */
	const char *state;  /* "busy", "ready", "serving" (ssh), "damaged" */
	uint32_t uid;       /* 0 if damaged */
	uint32_t sshd_port; /* 0 if none is bound */
	int32_t keeper_pid; /* 0 if it is gone */
	int32_t sshd_pid;   /* of the process that accepts connections, or 0 */
	uint64_t created;   /* seconds since the epoch; 0 if damaged */
};

/*
 * Called once per container; everything in info is valid during the call.
 * Returns 0 to go on; any other value ends the listing, which returns it.
 */
typedef int (*shifter_list_fn)(const struct shifter_container_info *info,
			       void *data);

/*
 * List the containers of this node, ordered by id.  Needs root.  Returns 0,
 * -EPERM, what the callback returned, or another negative errno value.
 */
int shifter_list_containers(struct shifter_ctx *ctx, shifter_list_fn list,
			    void *data) SHIFTER_CHECKED;

/* What shifter_collect_garbage() found. */
struct shifter_garbage_info {
	size_t size;         /* sizeof(struct shifter_garbage_info) */
	const char *kind;    /* "container", or "stage": a copy of udiImage */
	const char *name;    /* id of the container, name of the stage */
	const char *reason;  /* why it is of no use */
	const char *failure; /* why it could not be removed, or NULL */
};

/* Called once per item, as shifter_list_fn. */
typedef int (*shifter_garbage_fn)(const struct shifter_garbage_info *info, void *data);

enum {
	/* Find, but do not remove. */
	SHIFTER_GARBAGE_DRY_RUN = 1
};

/*
 * Remove what crashes left on this node: containers of an earlier boot, those
 * whose keeper is gone, set-ups that were not finished, copies of udiImage that no
 * container uses; and containers whose job_file (struct shifter_container_spec) has been
 * gone for two seconds, since some workload managers rewrite it by removing it first.
 * What somebody works on, and what can be entered by a job that is there, stays.  Tells
 * found, unless it is NULL, of each.  Needs root.
 *
 * It keeps going past failures and reports the first.  Returns 0, -EPERM, what the
 * callback returned, or another negative errno value.
 */
int shifter_collect_garbage(struct shifter_ctx *ctx, uint32_t flags, shifter_garbage_fn found,
			    void *data) SHIFTER_CHECKED;

/* What shifter_check_node() found. */
struct shifter_check_info {
	size_t size;         /* sizeof(struct shifter_check_info) */
	const char *name;    /* what was looked at: "kernel", "sshd", ... */
	const char *problem; /* one sentence, or NULL: it is in order */
	int32_t fault;       /* SHIFTER_FAULT_SITE or _NODE; _NONE: no more than a warning */
	uint32_t reserved;
};

/* Called once per item, as shifter_list_fn. */
typedef int (*shifter_check_fn)(const struct shifter_check_info *info, void *data);

/*
 * Look for what this node lacks to run jobs with the configuration in effect: kernel,
 * file systems, programs, image store, udiImage and its templates, the port of sshd.
 * Tells found of each, also of what is in order.  Needs root.  Changes nothing.
 *
 * Returns 0 if nothing but warnings was found, -EUCLEAN with the first problem as the
 * error, -EPERM, or what the callback returned.
 */
int shifter_check_node(struct shifter_ctx *ctx, shifter_check_fn found,
		       void *data) SHIFTER_CHECKED;

enum {
	/* Leave credentials alone; the caller drops privileges by itself. */
	SHIFTER_ENTER_KEEP_CREDENTIALS = 1
};

/*
 * Move the calling process into the container, for good, and become its user
 * with no way back: ids, groups and capabilities are dropped and no_new_privs
 * is set.  The process must have one thread and should call execve() next.
 * The working directory is the container's root afterwards.
 *
 * If this fails the process may be neither here nor there: _exit().
 *
 * Returns 0, or
 *	-ESTALE	the container has been torn down
 *	-EINVAL	unknown flag, or the process has several threads
 *	-EPERM	the caller is not privileged
 */
int shifter_enter_container(struct shifter_container *container, uint32_t flags)
	SHIFTER_CHECKED;

/*
 * Move the calling process, for good, into a new container of its own, made
 * without privilege, in a user namespace: what there is without a workload
 * manager.  The spec is that of shifter_setup_container(), but id is not looked
 * at, uid, gid and groups must be the caller's, and flags are 0.  The process
 * must have one thread and should call execve() next; it has neither
 * capabilities nor a way to get any then, and its working directory is the
 * container's root.
 *
 * Nobody else can enter it, nothing keeps it, and it is gone with the last
 * process in it.  Squashfs images are served by squashfuse.  The user's uid and
 * gid are the only ones that have a number inside; supplementary groups stay in
 * force.  Of the flags there is SHIFTER_SETUP_WRITABLE, for an image that is a
 * directory of the caller's own.
 *
 * If this fails the process may be neither here nor there: _exit().
 *
 * Returns 0, or
 *	-ENOENT	the image or the source of a volume does not exist; or the node
 *		has no squashfuse
 *	-EACCES	the caller may not read it, or the site forbids it; or the process is
 *		not dumpable, and its files in /proc are root's: PR_SET_DUMPABLE in
 *		prctl(2)
 *	-EPERM	the caller is root; or the node lets nobody have user namespaces
 *	-ENOSPC	likewise, by user.max_user_namespaces
 *	-EINVAL	the spec is malformed, the image is none, or the process has
 *		several threads
 *	-EOPNOTSUPP	it is to be writable, and the image is another user's, or a
 *		squashfs file
 *	-ENOTSUP, -E2BIG	as for shifter_setup_container()
 *	another negative errno value as the kernel reports it
 */
int shifter_enter_private_container(struct shifter_ctx *ctx,
				    const struct shifter_container_spec *spec) SHIFTER_CHECKED;

/*
 * User sshd
 */

/*
 * Puts a process where the job's processes belong: its cgroups, its accounting.
 * Called once, before that process runs any code of the container; everything
 * sshd starts inherits the place, and is a descendant of the caller until the
 * context is freed.  Returns 0, or a negative errno value to give up with.
 */
typedef int (*shifter_place_fn)(int32_t pid, void *data);

struct shifter_sshd_spec {
	size_t size;               /* sizeof(struct shifter_sshd_spec) */
	const char *user_key;      /* the user's udiRoot public key, one line */
	const char *user_key_file; /* its private half, read as the user; or
				      NULL: HOME/.udiRoot/id_ed25519 */
	const char *principal;     /* of the host certificate, unique to the job */
	const char *const *env;    /* "NAME=VALUE" of job and node, last one NULL; or NULL */
	shifter_place_fn place;    /* or NULL: stay in the caller's cgroups */
	void *place_data;          /* passed to place */
	uint32_t timeout_ms;       /* wait for it to listen; 0 for 10000 */
	uint32_t flags;            /* none defined, must be 0 */
};

/*
 * Start to serve ssh in the container as its user, and wait until a login
 * would succeed.  Connections are brought in by a process forked from the
 * caller, so they have the caller's cgroups and limits; it can serve no other
 * user and ends with shifter_teardown().
 *
 * Returns 0, or
 *	-EALREADY	the container has an sshd running
 *	-ENOTCONN	it was set up without SHIFTER_SETUP_SSHD
 *	-EACCES	the private key cannot be read: home out of reach
 *	-EKEYREJECTED	the private key is not the half of user_key
 *	-ETIMEDOUT	it did not listen in time, and was killed
 *	-EIO		it exited; the error text quotes its last words
 *	-ENOENT		the site did not install an sshd
 *	-ESTALE		the container has been torn down
 *	-EINVAL, -E2BIG	as for shifter_setup_container()
 */
int shifter_start_user_sshd(struct shifter_container *container,
			    const struct shifter_sshd_spec *spec)
	SHIFTER_CHECKED;

/*
 * The process that accepts its connections, in the pid namespace of who
 * started it, or 0 if none runs.
 */
int32_t shifter_get_sshd_pid(struct shifter_container *container);

/* The TCP port that is bound for the sshd, or 0 if none is. */
uint32_t shifter_get_sshd_port(struct shifter_container *container);

/*
 * Hostsfile
 */

/*
 * A hosts provider: calls shifter_add_host() and its kin, in the order wanted,
 * and returns 0, or a negative errno value to give up with.  Any other value
 * counts as -EINVAL.  hosts is valid only during the call.
 */
typedef int (*shifter_hosts_fn)(struct shifter_hosts *hosts, void *data);

/*
 * Add a host with a number of slots, that is, processes it may run.  address
 * is numeric, or NULL if the provider knows none: nobody looks it up.
 * Returns 0, -EINVAL if name is no host name or slots is 0, or -ENOMEM.
 * A provider may return what this returned.
 */
int shifter_add_host(struct shifter_hosts *hosts, const char *name,
		     const char *address, uint32_t slots) SHIFTER_CHECKED;

/*
 * Add the hosts of text such as "nid00001/24 nid00002/24"; where addresses are
 * known, "nid00001=10.0.0.1/24".
 */
int shifter_add_hosts_from_list(struct shifter_hosts *hosts, const char *text)
	SHIFTER_CHECKED;

/* Add the hosts of a file with one name per line and slot. */
int shifter_add_hosts_from_file(struct shifter_hosts *hosts, const char *path)
	SHIFTER_CHECKED;

/* Add the hosts of a Slurm list, "nid[001-004,7]", with "24(x3),12" slots. */
int shifter_add_hosts_from_slurm(struct shifter_hosts *hosts, const char *nodes,
				 const char *slots_per_node) SHIFTER_CHECKED;

/* Add the hosts of a Torque exec_host, "n1/0-3+n2/0". */
int shifter_add_hosts_from_torque(struct shifter_hosts *hosts,
				  const char *exec_host) SHIFTER_CHECKED;

/*
 * Addresses for hosts that were added without, for the container's /etc/hosts: of
 * a file in the form of /etc/hosts, or of Slurm's SLURM_NODE_ALIASES,
 * "NODE:ADDRESS:HOSTNAME,...".  Other hosts, and what is no numeric address, are
 * passed over.  Return 0, -ENOMEM, or, if the file cannot be read, the error of
 * that.
 */
int shifter_add_addresses_from_file(struct shifter_hosts *hosts,
				    const char *path) SHIFTER_CHECKED;
int shifter_add_addresses_from_slurm(struct shifter_hosts *hosts,
				     const char *node_aliases) SHIFTER_CHECKED;

struct shifter_hostsfile_spec {
	size_t size;              /* sizeof(struct shifter_hostsfile_spec) */
	shifter_hosts_fn provide; /* required, called once */
	void *data;               /* passed to provide */
	uint32_t flags;           /* none defined, must be 0 */
	uint32_t reserved;        /* must be 0 */
};

/*
 * Write, or atomically replace, /var/hostsfile as the job's processes see it
 * (a line per slot), and beside it the forms that other launchers read.
 *
 * Returns 0, what the provider returned, or
 *	-ENODATA	the provider added no host
 *	-ESTALE		the container has been torn down
 *	-EINVAL, -E2BIG	as for shifter_setup_container()
 */
int shifter_write_hostsfile(struct shifter_container *container,
			    const struct shifter_hostsfile_spec *spec)
	SHIFTER_CHECKED;

/* Where the hostsfile is inside the container, for the job's environment. */
const char *shifter_get_hostsfile_path(struct shifter_container *container);

/*
 * Teardown
 */

/*
 * Kill every process that came in by ssh, whoever adopted it, and remove every
 * trace of the container from the node; processes that entered by themselves
 * are the workload manager's to kill, and survivors are named.  Takes an id rather than a handle
 * so that it works on whatever a crash left behind, and succeeds if there is
 * nothing to do.  Handles on the container remain safe to use and close; calls
 * on them return -ESTALE.
 *
 * It keeps going past failures and reports the first; call it again to retry.
 * Bounded in time: what cannot be killed by the deadline is named in the error,
 * with SHIFTER_FAULT_NODE.
 *
 * It overtakes a set-up that is still running, and one that was asked for before
 * and has not begun (hook_pid in struct shifter_container_spec): that one fails and
 * cleans up.  What is asked for afterwards under the same id starts clean, at once.
 *
 * Returns 0, -EPERM,
 * -EINVAL if id is malformed, -ETIMEDOUT, or another negative errno value.
 */
int shifter_teardown(struct shifter_ctx *ctx, const char *id) SHIFTER_CHECKED;

#if defined(__GNUC__) && !defined(SHIFTER_BARE)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
