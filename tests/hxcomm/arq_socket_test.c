// SPDX-License-Identifier: MIT
/* Datagrams arrive as they were sent, whether the kernel cuts and glues them or not. */
#include "arq_socket.h"
#include "assert.h"

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

struct inbox {
	size_t count;
	size_t sizes[ARQ_BATCH];
	struct sockaddr_in from;
	bool wrong;
};

/* Datagram number i holds the bytes i, i + 1, … */
static void fill(uint8_t *out, size_t size, size_t i)
{
	for (size_t k = 0; k < size; k++)
		out[k] = (uint8_t)(i + k);
}

static void take(void *user, const struct sockaddr_in *from, const uint8_t *data, size_t size)
{
	struct inbox *inbox = user;
	uint8_t wanted[ARQ_FRAME_BYTES];
	if (inbox->count == ARQ_BATCH || size > sizeof(wanted)) {
		inbox->wrong = true;
		return;
	}
	fill(wanted, size, inbox->count);
	inbox->wrong |= memcmp(wanted, data, size) != 0;
	inbox->sizes[inbox->count++] = size;
	inbox->from = *from;
}

static void open_pair(struct arq_socket *from, struct arq_socket *to, struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	*address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	assert_ok(hxcomm__arq_socket_open(to, address, NULL));
	assert_int_equal(getsockname(to->fd, (struct sockaddr *)address, &size), 0);
	assert_ok(hxcomm__arq_socket_open(from, NULL, NULL));
}

static void datagrams_arrive_as_they_were_sent(void **state)
{
	static uint8_t bytes[ARQ_BATCH][ARQ_FRAME_BYTES];
	static const struct {
		size_t count, sizes[8]; /* the sizes repeat, each this often: */
		size_t each;
	} rows[] = {
		{ 1, { 4 }, 1 },
		{ 1, { 1452 }, 1 },
		{ 96, { 1452 }, 96 }, /* more than a piece */
		{ 45, { 1452 }, 45 },
		{ 46, { 1452, 20 }, 45 },
		{ 30, { 1452, 28, 1452, 4, 4 }, 6 },
		{ 64, { 4, 1452, 20, 28, 36, 1444, 1452, 4 }, 1 },
		{ 24, { 20, 28, 36, 44, 52, 60, 68, 76 }, 3 },
	};
	(void)state;
	FOR_ROWS(i, rows)
		for (int way = 0; way < 8; way++) {
			struct arq_socket from, to;
			struct sockaddr_in address;
			struct arq_batch batch = { 0 };
			struct inbox inbox = { 0 };
			size_t kinds = 0;
			const int no = 0;
			open_pair(&from, &to, &address);
			from.cuts = way & 1;
			if (way & 2) {
				to.glues = false;
				(void)setsockopt(to.fd, IPPROTO_UDP, UDP_GRO, &no, sizeof(no));
			}
			if (way & 4)
				assert_int_equal(connect(from.fd, (struct sockaddr *)&address,
				                         sizeof(address)), 0);
			while (kinds < 8 && rows[i].sizes[kinds])
				kinds++;
			for (size_t k = 0; k < rows[i].count; k++) {
				const size_t size = rows[i].sizes[k / rows[i].each % kinds];
				fill(bytes[k], size, k);
				batch.items[batch.count++] = (struct iovec){ bytes[k], size };
			}
			assert_ok(
			        hxcomm__arq_socket_send(&from, way & 4 ? NULL : &address, &batch));
			assert_int_equal(batch.count, 0);
			while (inbox.count < rows[i].count) {
				struct pollfd file = { to.fd, POLLIN, 0 };
				assert_int_equal(poll(&file, 1, 10000), 1);
				assert_true(hxcomm__arq_socket_receive(&to, take, &inbox) > 0);
			}
			assert_int_equal(hxcomm__arq_socket_receive(&to, take, &inbox), 0);
			assert_int_equal(inbox.count, rows[i].count);
			assert_false(inbox.wrong);
			for (size_t k = 0; k < rows[i].count; k++)
				assert_int_equal(
				        inbox.sizes[k], rows[i].sizes[k / rows[i].each % kinds]);
			assert_int_equal(ntohl(inbox.from.sin_addr.s_addr), INADDR_LOOPBACK);
			hxcomm__arq_socket_close(&from);
			hxcomm__arq_socket_close(&to);
		}
}

static void a_port_in_use_and_a_foreign_address_are_told(void **state)
{
	struct arq_socket first, second, third;
	struct sockaddr_in address;
	(void)state;
	open_pair(&second, &first, &address);
	assert_error(hxcomm__arq_socket_open(&third, &address, NULL), HXCOMM_EIO,
	        "choose other ports");
	address.sin_addr.s_addr = inet_addr("192.0.2.1"); /* of no machine */
	assert_error(hxcomm__arq_socket_open(&third, &address, NULL), HXCOMM_EIO,
	        "cannot listen on UDP 192.0.2.1:");
	hxcomm__arq_socket_close(&first);
	hxcomm__arq_socket_close(&second);
}

static void a_refusal_is_remembered(void **state)
{
	struct arq_socket from, to;
	struct sockaddr_in address;
	struct arq_batch batch = { 0 };
	struct inbox inbox = { 0 };
	uint8_t byte = 0;
	(void)state;
	open_pair(&from, &to, &address);
	assert_int_equal(connect(from.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	hxcomm__arq_socket_close(&to);
	for (int i = 0; i < 100 && !from.refused; i++) {
		struct pollfd file = { from.fd, POLLIN, 0 };
		batch.items[batch.count++] = (struct iovec){ &byte, 1 };
		assert_ok(hxcomm__arq_socket_send(&from, NULL, &batch));
		(void)poll(&file, 1, 100);
		assert_int_equal(hxcomm__arq_socket_receive(&from, take, &inbox), 0);
	}
	assert_true(from.refused);
	hxcomm__arq_socket_close(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_arrive_as_they_were_sent),
		cmocka_unit_test(a_port_in_use_and_a_foreign_address_are_told),
		cmocka_unit_test(a_refusal_is_remembered),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_socket", tests, NULL, NULL);
}
