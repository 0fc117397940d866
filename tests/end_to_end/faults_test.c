// SPDX-License-Identifier: MIT
/* Chips that are broken on purpose: calibrations, networks and the bring-up tell what is wrong. */
#include "assert.h"

#include <calix/calibration.h>
#include <grenade/grenade.h>
#include <hxcomm/connection.h>

#include <stdlib.h>

static void a_calibration_reports_what_is_dead(void **state)
{
	static const uint32_t dead[] = { 10, 300 }, stuck[] = { 9, 777 };
	struct hxcomm_connection *connection;
	struct calix_result *sound, *broken;
	bool failed[2][512];
	size_t count;
	(void)state;
	assert_ok(hxcomm_open(&connection, "emulator:?serial=1", NULL));
	assert_ok(calix_calibrate(&sound, connection, NULL, NULL));
	hxcomm_close(connection);
	assert_ok(hxcomm_open(&connection,
	        "emulator:?serial=1&dead_neurons=10,300&stuck_channels=9,777", NULL));
	assert_ok(calix_calibrate(&broken, connection, NULL, NULL));
	hxcomm_close(connection);
	calix_result_failed_neurons(failed[0], sound);
	calix_result_failed_neurons(failed[1], broken);
	for (uint32_t n = 0; n < 512; n++)
		failed[0][n] |= n == dead[0] || n == dead[1];
	/* others of the column of a stuck channel are read by it */
	for (uint32_t n = 0; n < 512; n++)
		if (failed[0][n] != failed[1][n])
			assert_true(n % 256 == stuck[0] % 256 || n % 256 == stuck[1] % 256);
	const uint8_t *before = calix_result_success(sound, "cadc.channel_offset", &count);
	const uint8_t *after = calix_result_success(broken, "cadc.channel_offset", &count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(after[i], before[i] && i != stuck[0] && i != stuck[1]);
	calix_result_free(sound);
	calix_result_free(broken);
}

static void a_chip_without_clocks_fails_and_says_where(void **state)
{
	static const char *const addresses[] = { "emulator:?no_pll=1", "emulator:?dead_links=0-7" };
	(void)state;
	FOR_ROWS(i, addresses) {
		struct hxcomm_connection *connection;
		struct calix_result *result;
		assert_ok(hxcomm_open(&connection, addresses[i], NULL));
		assert_error(calix_calibrate(&result, connection, NULL, NULL), HXCOMM_EDEVICE,
		        "bringing the chip up");
		assert_null(result);
		hxcomm_close(connection);
	}
}

enum { NEURONS = 32 };

/* One source to all neurons, one spike: who fires? */
static void fire_once(bool fired[NEURONS], const char *address, const uint32_t circuits[NEURONS])
{
	enum { STRONG = 6 * 63 };
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade_connection list[NEURONS];
	struct grenade_input input = GRENADE_INPUT_INIT;
	struct hxcomm_connection *connection;
	struct grenade_network *network;
	struct grenade_plan *plan;
	struct grenade_result *result;
	struct grenade_spikes spikes;
	const double time_s = 1e-6;
	uint32_t source, neurons, projection;
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	calix_uncalibrated_apply(chip, NULL);
	assert_ok(hxcomm_open(&connection, address, NULL));
	assert_ok(grenade_network_new(&network));
	options.circuits = circuits;
	assert_ok(grenade_network_add_external(&source, network, 1));
	assert_ok(grenade_network_add_neurons(&neurons, network, NEURONS, &options));
	for (uint32_t n = 0; n < NEURONS; n++)
		list[n] = (struct grenade_connection){ 0, n, STRONG };
	assert_ok(grenade_network_add_projection(&projection, network, source, neurons,
	        GRENADE_EXCITATORY, list, NEURONS));
	assert_ok(grenade_network_record_spikes(network, neurons));
	assert_ok(grenade_plan(&plan, network, NULL));
	const struct grenade_spike_train train = { source, 1, &time_s, &(const uint32_t){ 0 } };
	input.trains = &train;
	input.train_count = 1;
	input.duration_s = 100e-6;
	assert_ok(grenade_run(&result, connection, plan, chip, &input));
	assert_ok(grenade_result_spikes(&spikes, result, neurons));
	for (uint32_t n = 0; n < NEURONS; n++)
		fired[n] = false;
	for (size_t i = 0; i < spikes.count; i++)
		fired[spikes.neuron[i]] = true;
	grenade_result_free(result);
	grenade_plan_free(plan);
	grenade_network_free(network);
	hxcomm_close(connection);
	free(chip);
}

static void a_network_misses_exactly_the_dead_neurons(void **state)
{
	uint32_t circuits[NEURONS];
	bool fired[NEURONS];
	(void)state;
	/* four at each event output of the chip, which can hold no more that fire at the same time */
	for (uint32_t i = 0; i < NEURONS; i++)
		circuits[i] = 256 * (i % 2) + 32 * (i % 8) + 5 * (i / 8);
	fire_once(fired, "emulator:?variation=0&noise=0&dead_neurons=64,133", circuits);
	for (uint32_t i = 0; i < NEURONS; i++)
		assert_int_equal(fired[i], circuits[i] != 64 && circuits[i] != 133);
	fire_once(fired, "emulator:?variation=0&noise=0&dead_links=1-7", circuits);
	for (uint32_t i = 0; i < NEURONS; i++)
		assert_true(fired[i]);
	fire_once(fired, "emulator:?variation=0&noise=0&dead_rows=0-511", circuits);
	for (uint32_t i = 0; i < NEURONS; i++)
		assert_false(fired[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_calibration_reports_what_is_dead),
		cmocka_unit_test(a_chip_without_clocks_fails_and_says_where),
		cmocka_unit_test(a_network_misses_exactly_the_dead_neurons),
	};
	return cmocka_run_group_tests_name("end_to_end/faults", tests, NULL, NULL);
}
