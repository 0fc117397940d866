// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_ARQ_SERVER_H
#define HXCOMM_SRC_ARQ_SERVER_H

/* The FPGA's side of HostARQ (source: spec/transport.md 5.11). Two threads:
 *
 *     network, in hxcomm_arq_server_run()            the thread of the connection that is served
 *     frames ──▶ jobs of the connection ───────────▶ runs them
 *     frames ◀── ring of words, failures ◀────────── what comes back, and how it ended
 *
 * So the host is answered while a program computes. A short program that cannot take long is run by
 * the network thread: two changes of threads would take longer than it does. A reset ends what
 * runs; it is answered when that has ended. After a program that failed nothing is taken until the
 * next reset.
 *
 * arq_server.c holds the network, arq_programs.c what happens between it and the connection. */

#include "arq_host.h"
#include "arq_socket.h"
#include "queue.h"

struct hxcomm_arq_server {
	/* the network thread's */
	char *uri;
	struct hxcomm_connection *connection;
	struct arq_socket data, reset;
	uint32_t port, reset_port;
	int stop; /* an eventfd: readable once it is to stop */
	bool stopping;
	int status; /* of the first system call that failed */
	bool has_peer;
	bool left; /* the peer has said that it goes, by a flush, and nothing since */
	struct sockaddr_in peer;
	struct hxcomm_job *open; /* the program whose halt has not come */
	bool is_remote; /* what is served is far away itself: nothing there is done in no time */
	unsigned slow;  /* short programs that are not run here, as one took long */
	bool full;      /* frames wait for room in the queue */
	bool deaf;      /* a program has failed: words are not taken until the next reset */
	bool resetting; /* the answer to a reset waits for programs to end */
	struct arq_batch batch;
	struct arq_link link;

	/* of both threads, with the lock */
	pthread_mutex_t lock;
	pthread_cond_t room;          /* in the ring */
	int event;                    /* an eventfd: the thread of the connection has news */
	uint64_t *ring;               /* [ring_words] */
	size_t ring_words;
	bool here;                    /* the network thread runs a program: the ring grows for it */
	uint64_t written, read;       /* words through the ring */
	uint64_t flush;               /* up to here words leave in frames that are not full */
	bool dropping;                /* nobody wants the answers */
	unsigned running;             /* programs that have not ended */
	struct hxcomm_job *ended;     /* to be given back */
	int failure;                  /* of the first program that failed */
	char message[HXCOMM__MESSAGE_MAX];
	struct hxcomm_arq_server_statistics statistics;
};

/* A frame from the host; `user` is the server. As arq_deliver. */
bool hxcomm__server_take_frame(void *user, uint16_t type, const uint64_t *words, size_t count);

/* Give back the programs that have ended. */
void hxcomm__server_collect(struct hxcomm_arq_server *server);

/* End all programs; their answers are dropped. */
void hxcomm__server_end_programs(struct hxcomm_arq_server *server);

/* With the lock: put what came back into frames, or the news that a program has failed. */
void hxcomm__server_send_answers(struct hxcomm_arq_server *server);

/* Room for answers. */
int hxcomm__server_make_ring(struct hxcomm_arq_server *server);

#endif
