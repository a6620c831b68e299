/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ring.c - pass a token around all ranks of an MPI job
 *
 * Every rank says where it runs and whether that is inside the image, which it
 * knows by a file that the hosts do not have.  The exit status is not 0 if a
 * rank is outside the image or the token comes back wrong.
 */
#include <mpi.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARKER "/etc/container-marker"

enum { TOKEN_START = 1000,
       TAG_TOKEN = 1 };

/* What each rank reports to rank 0. */
struct place {
	char host[256];
	int in_container;
};

static void look_around(struct place *p)
{
	memset(p, 0, sizeof(*p));
	if (gethostname(p->host, sizeof(p->host) - 1) < 0)
		snprintf(p->host, sizeof(p->host), "?");
	p->in_container = access(MARKER, R_OK) == 0;
}

static int count_hosts(const struct place *places, int n)
{
	int hosts = 0;

	for (int i = 0; i < n; i++) {
		int seen = 0;

		for (int j = 0; j < i && !seen; j++)
			seen = strcmp(places[i].host, places[j].host) == 0;
		hosts += !seen;
	}
	return hosts;
}

/* Each rank adds one, so that a rank left out or visited twice shows. */
static int pass_token(int rank, int ranks)
{
	int next = (rank + 1) % ranks;
	int prev = (rank + ranks - 1) % ranks;
	int token = TOKEN_START;

	if (ranks == 1)
		return token + 1;
	if (rank != 0)
		MPI_Recv(&token, 1, MPI_INT, prev, TAG_TOKEN, MPI_COMM_WORLD,
			 MPI_STATUS_IGNORE);
	token++;
	MPI_Send(&token, 1, MPI_INT, next, TAG_TOKEN, MPI_COMM_WORLD);
	if (rank == 0)
		MPI_Recv(&token, 1, MPI_INT, prev, TAG_TOKEN, MPI_COMM_WORLD,
			 MPI_STATUS_IGNORE);
	return token;
}

static int report(const struct place *places, int ranks, int token)
{
	int want = TOKEN_START + ranks;
	int outside = 0;

	for (int i = 0; i < ranks; i++) {
		printf("rank %d on %s: %s container\n", i, places[i].host,
		       places[i].in_container ? "in the" : "NOT in the");
		outside += !places[i].in_container;
	}
	printf("ring: %d ranks on %d hosts: token=%d %s\n", ranks,
	       count_hosts(places, ranks), token,
	       token == want && !outside ? "ok" : "WRONG");
	if (token != want)
		fprintf(stderr, "ring: the token is %d, not %d\n", token, want);
	if (outside)
		fprintf(stderr, "ring: %d ranks do not see '%s'\n", outside,
			MARKER);
	if (fflush(stdout) != 0) {
		fprintf(stderr, "ring: cannot write: %s\n", strerror(errno));
		return 1;
	}
	return token != want || outside;
}

int main(int argc, char **argv)
{
	struct place here, *places = NULL;
	int rank, ranks, token, failed = 0;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);

	look_around(&here);
	if (rank == 0) {
		places = calloc((size_t)ranks, sizeof(*places));
		if (!places) {
			fprintf(stderr, "ring: out of memory\n");
			MPI_Abort(MPI_COMM_WORLD, 1);
		}
	}
	MPI_Gather(&here, sizeof(here), MPI_BYTE, places, sizeof(here),
		   MPI_BYTE, 0, MPI_COMM_WORLD);
	token = pass_token(rank, ranks);
	if (rank == 0)
		failed = report(places, ranks, token);
	/* all ranks end with the verdict, as launchers report any of them */
	MPI_Bcast(&failed, 1, MPI_INT, 0, MPI_COMM_WORLD);
	free(places);
	MPI_Finalize();
	return failed;
}
