/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keeper_protocol.h - what is said over /run/shifter/<id>/keeper
 *
 * A SOCK_SEQPACKET connection carries one request and one answer.  The library
 * can be upgraded while containers run, whose keepers are of the version before.
 * So these structures, and the verbs that a teardown needs (SHF_KEEPER_INFO,
 * SHF_KEEPER_USHER_FD, SHF_KEEPER_QUIT), are the same for ever; to the others a
 * keeper of another protocol answers -EPROTO.
 * Only root can reach the socket, and the keeper asks the kernel once more.
 */
#ifndef SHF_KERNEL_KEEPER_PROTOCOL_H
#define SHF_KERNEL_KEEPER_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

enum { SHF_KEEPER_PROTOCOL = 1 };

enum shf_keeper_verb {
	SHF_KEEPER_INFO,     /* answer only */
	SHF_KEEPER_ENTER,    /* answer, namespace */
	SHF_KEEPER_LIVE,     /* answer, live directory */
	SHF_KEEPER_SERVE,    /* answer, namespace, live directory, listeners */
	SHF_KEEPER_USHER,    /* request brings a pidfd of the usher, to be kept */
	SHF_KEEPER_USHER_FD, /* answer, pidfd of the usher if there is one */
	SHF_KEEPER_QUIT      /* answer, then the end of the container */
};

/* Do all versions understand it? */
static inline bool shf_is_common_verb(uint32_t verb)
{
	return verb == SHF_KEEPER_INFO || verb == SHF_KEEPER_USHER_FD || verb == SHF_KEEPER_QUIT;
}

struct shf_keeper_request {
	uint32_t protocol;
	uint32_t verb;
	int32_t usher_pid; /* with SHF_KEEPER_USHER */
};

struct shf_keeper_answer {
	uint32_t protocol;
	int32_t error;     /* 0 or an errno value */
	uint32_t uid;      /* of the container's owner */
	int32_t usher_pid; /* 0 if none lives */
	char generation[33];
};

/*
 * The arguments of a keeper, which is a worker (kernel/worker.h) until it is committed:
 *	shifter-keeper START ID UID GENERATION
 * START is the version of all this, since a library may start a newer keeper than its own.
 *
 * First it is the builder (kernel/build_walk.h).  Then a byte comes, which goes back; the
 * descriptors that come with it:
 */
#define SHF_KEEPER_START "3"

enum {
	SHF_COMMIT_NAMESPACE,
	SHF_COMMIT_LIVE,     /* directory */
	SHF_COMMIT_CONTROL,  /* listening socket */
	SHF_COMMIT_LISTENERS /* and following */
};

/*
 * The arguments and descriptors of an usher:
 *	shifter-usher ID PEERS GRACE LISTENERS
 * PEERS connections that have not logged in, and are younger than GRACE seconds, have
 * an sshd at a time.
 */
enum {
	SHF_USHER_FD_NAMESPACE = 3,
	SHF_USHER_FD_LIVE = 4,
	SHF_USHER_FD_IDENTITY = 5, /* struct shf_usher_identity, then the groups */
	SHF_USHER_FD_COMMIT = 6,   /* socket: a byte starts it, an end without one ends it */
	SHF_USHER_FD_LISTENERS = 7 /* and following, LISTENERS of them */
};

struct shf_usher_identity {
	uint32_t uid, gid, n_groups;
};

#endif
