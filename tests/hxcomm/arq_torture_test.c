// SPDX-License-Identifier: MIT
/* Memory that runs out while a link is opened, on either side. */
#include "arq_served.h"
#include "torture.h"

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

/* The server allocates nothing for a reset: only the host runs out. */
static void each_allocation_of_the_host_may_fail(void **state)
{
	struct served served;
	bool failed = true;
	long n = 0;
	(void)state;
	served_start(&served, "mock:");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_of_the_server_may_fail),
		cmocka_unit_test(each_allocation_of_the_host_may_fail),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_torture", tests, NULL, NULL);
}
