// SPDX-License-Identifier: MIT
/* Memory that runs out at any moment of making a network and its plan is an error, and nothing is
 * lost. */
#include <grenade/grenade.h>

#include "assert.h"
#include "torture.h"

static int make(void)
{
	static const uint32_t circuits[] = { 7, 300, 9 };
	static const struct grenade_connection list[] = { { 0, 0, 70 }, { 0, 1, 5 }, { 0, 2, 1 } };
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade_background background = GRENADE_BACKGROUND_INIT;
	struct grenade_network *network;
	struct grenade_plan *plan = NULL;
	uint32_t neurons, sources, noise, unused;
	options.circuits = circuits;
	background.rate_hz = 1e4;
	int status = grenade_network_new(&network);
	if (status != HXCOMM_OK)
		return status;
	status = grenade_network_add_neurons(&neurons, network, 3, &options);
	if (status == HXCOMM_OK)
		status = grenade_network_add_external(&sources, network, 100);
	if (status == HXCOMM_OK)
		status = grenade_network_add_background(&noise, network, 2, &background);
	if (status == HXCOMM_OK)
		status = grenade_network_add_projection(&unused, network, sources, neurons,
		        GRENADE_EXCITATORY, list, 3);
	if (status == HXCOMM_OK)
		status = grenade_network_add_projection(&unused, network, noise, neurons,
		        GRENADE_INHIBITORY, list, 3);
	if (status == HXCOMM_OK)
		status = grenade_plan(&plan, network, NULL);
	grenade_plan_free(plan);
	grenade_network_free(network);
	return status;
}

static void exhausted_memory_is_an_error_not_a_crash(void **state)
{
	bool failed = true;
	(void)state;
	for (long n = 0; failed; n++) {
		torture_begin(n);
		const int status = make();
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exhausted_memory_is_an_error_not_a_crash),
	};
	return cmocka_run_group_tests_name("grenade/torture", tests, NULL, NULL);
}
