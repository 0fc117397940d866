// SPDX-License-Identifier: MIT
#include "arq_served.h"

#include <hxcomm/words.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void *serve(void *server)
{
	/* no assertions on this thread: cmocka knows only its own */
	return (void *)(intptr_t)hxcomm_arq_server_run(server);
}

void served_start_at(struct served *served, const char *chip, const char *address, uint32_t port,
        uint32_t reset_port, const char *more)
{
	struct hxcomm_arq_server_options options = HXCOMM_ARQ_SERVER_OPTIONS_INIT;
	options.address = address;
	options.port = port;
	options.reset_port = reset_port;
	options.any_ports = port == 0;
	assert_ok(hxcomm_arq_server_new(&served->server, chip, &options));
	snprintf(served->uri, sizeof(served->uri), "arq:%s:%u?reset_port=%u%s", address,
	        hxcomm_arq_server_port(served->server),
	        hxcomm_arq_server_reset_port(served->server), more);
	assert_int_equal(pthread_create(&served->thread, NULL, serve, served->server), 0);
}

void served_start(struct served *served, const char *chip)
{
	served_start_at(served, chip, "127.0.0.1", 0, 0, "&timeout=20");
}

void served_stop(struct served *served)
{
	void *status;
	hxcomm_arq_server_stop(served->server);
	pthread_join(served->thread, &status);
	assert_int_equal((intptr_t)status, HXCOMM_OK);
	hxcomm_arq_server_free(served->server);
}

struct hxcomm_connection *open_ok(const char *uri)
{
	struct hxcomm_connection *connection;
	assert_ok(hxcomm_open(&connection, uri, NULL));
	return connection;
}

uint64_t *new_events(size_t count)
{
	uint64_t *words = malloc((count + 1) * sizeof(*words));
	assert_non_null(words);
	for (size_t i = 0; i < count; i++)
		words[i] = hxcomm_word_spike_pack_1((uint16_t)(i * 40503u));
	return words;
}

int new_socket(uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	const int file = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(file >= 0);
	assert_int_equal(bind(file, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(file, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return file;
}
