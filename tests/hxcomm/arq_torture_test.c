// SPDX-License-Identifier: MIT
/* Memory that runs out while a link is opened, on either side. */
#include "arq_served.h"
#include "torture.h"

#include <hxcomm/log.h>
#include <hxcomm/responses.h>

#include <stdlib.h>

static void say_nothing(enum hxcomm_log_level level, const char *room, const char *text, void *user)
{
	(void)level, (void)room, (void)text, (void)user;
}

static void each_allocation_of_the_server_may_fail(void **state)
{
	struct hxcomm_arq_server_options options = HXCOMM_ARQ_SERVER_OPTIONS_INIT;
	bool failed = true;
	long n = 0;
	(void)state;
	options.any_ports = 1;
	for (; failed; n++) {
		struct hxcomm_arq_server *server = (void *)1;
		torture_begin(n);
		const int status = hxcomm_arq_server_new(&server, "loopback:", &options);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		assert_true(failed == !server);
		hxcomm_arq_server_free(server);
	}
	assert_true(n > 5);
}

/* The server allocates nothing for a reset but the first: only the host runs out. */
static void each_allocation_of_the_host_may_fail(void **state)
{
	struct served served;
	bool failed = true;
	long n = 0;
	(void)state;
	served_start(&served, "mock:");
	hxcomm_close(open_ok(served.uri));
	for (; failed; n++) {
		struct hxcomm_connection *connection = (void *)1;
		torture_begin(n);
		const int status = hxcomm_open(&connection, served.uri, NULL);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		assert_true(failed == !connection);
		hxcomm_close(connection);
	}
	assert_true(n > 3);
	served_stop(&served);
}

/* Either side may run out: the host tells why, and a reset helps. */
static void each_allocation_of_a_run_may_fail_on_either_side(void **state)
{
	uint64_t *words = new_events(10000);
	struct served served;
	bool failed = true;
	(void)state;
	hxcomm_log_set_sink(say_nothing, NULL);
	served_start_at(&served, "loopback:", "127.0.0.1", 0, 0, "&timeout=5");
	for (long n = 0; failed && n < 200; n++) {
		struct hxcomm_connection *connection = open_ok(served.uri);
		struct hxcomm_responses *responses;
		assert_ok(hxcomm_responses_new(&responses, 0));
		torture_begin(n);
		const int status = hxcomm_run(connection, words, 10000, responses);
		failed = torture_end();
		if (status != HXCOMM_OK) {
			assert_int_equal(status, HXCOMM_ENOMEM);
			assert_true(failed);
			assert_int_equal(responses->spikes.count, 0);
		} else {
			assert_int_equal(responses->spikes.count, 10000);
		}
		hxcomm_responses_free(responses);
		hxcomm_close(connection);
	}
	assert_false(failed);
	served_stop(&served);
	free(words);
	hxcomm_log_set_sink(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_of_the_server_may_fail),
		cmocka_unit_test(each_allocation_of_the_host_may_fail),
		cmocka_unit_test(each_allocation_of_a_run_may_fail_on_either_side),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_torture", tests, NULL, NULL);
}
