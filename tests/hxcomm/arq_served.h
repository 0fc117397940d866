// SPDX-License-Identifier: MIT
#ifndef ARQ_SERVED_H
#define ARQ_SERVED_H

/* A chip served over HostARQ by a thread of the test. */

#include "assert.h"

#include <hxcomm/arq.h>
#include <hxcomm/connection.h>

#include <pthread.h>

struct served {
	struct hxcomm_arq_server *server;
	pthread_t thread;
	char uri[128];
};

/* Serve `chip` at an address; ports 0: any. `more` is appended to the address for hosts. */
void served_start_at(struct served *served, const char *chip, const char *address, uint32_t port,
        uint32_t reset_port, const char *more);

/* Serve `chip` at any ports of 127.0.0.1, with a deadline of 20 s for hosts. */
void served_start(struct served *served, const char *chip);

void served_stop(struct served *served);

struct hxcomm_connection *open_ok(const char *uri);

/* Events with ascending labels. Each is one word there and one back. */
uint64_t *new_events(size_t count);

/* A socket bound to any port of 127.0.0.1. */
int new_socket(uint16_t *port);

#endif
