// SPDX-License-Identifier: MIT
/* What is broken on purpose: exactly that part, nothing beside it. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

#include <haldls/containers.h>
#include <haldls/coordinate.h>

static struct program program;
static struct machine machine;

static void open_with(const char *address)
{
	struct hxcomm_uri uri;
	struct emulator_options options = { .serial = 7, .seed = 1 };
	assert_ok(hxcomm_uri_parse(&uri, address));
	assert_ok(emulator__faults_read(&options.faults, &uri, options.serial));
	machine_open(&machine, &options);
	program_bring_up(&program);
	machine_run(&machine, &program);
}

static int end(void **state)
{
	(void)state;
	machine_close(&machine);
	program_free(&program);
	return 0;
}

static void a_list_names_its_parts(void **state)
{
	struct emulator_faults faults;
	struct hxcomm_uri uri;
	(void)state;
	assert_ok(hxcomm_uri_parse(&uri, "emulator:?dead_neurons=3,17,40-42,511&dead_links=0,7"));
	assert_ok(emulator__faults_read(&faults, &uri, 1));
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(faults.neuron[i],
		        i == 3 || i == 17 || (i >= 40 && i <= 42) || i == 511);
	assert_int_equal(faults.links, 0x81);
	assert_false(faults.pll);
}

static unsigned count(const bool *parts, unsigned number)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < number; i++)
		sum += parts[i];
	return sum;
}

static void random_parts_belong_to_the_chip(void **state)
{
	struct emulator_faults first, again, other;
	struct hxcomm_uri uri;
	(void)state;
	assert_ok(hxcomm_uri_parse(&uri,
	        "emulator:?dead_neurons=random:50&dead_rows=random:512&stuck_channels=random:0"));
	assert_ok(emulator__faults_read(&first, &uri, 1));
	assert_ok(emulator__faults_read(&again, &uri, 1));
	assert_ok(emulator__faults_read(&other, &uri, 2));
	assert_int_equal(count(first.neuron, 512), 50);
	assert_int_equal(count(first.row, 512), 512);
	assert_int_equal(count(first.channel, 1024), 0);
	assert_memory_equal(&first, &again, sizeof(first));
	assert_memory_not_equal(first.neuron, other.neuron, sizeof(first.neuron));
}

static void power_up_leaves_one_neuron_of_500_in_reset(void **state)
{
	enum { SEEDS = 400 };
	static struct emulator_faults faults, again;
	struct hxcomm_uri plain, chosen;
	unsigned sum = 0;
	(void)state;
	assert_ok(hxcomm_uri_parse(&plain, "emulator:"));
	assert_ok(hxcomm_uri_parse(&chosen, "emulator:?stuck_resets=9,500-511"));
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		assert_ok(emulator__faults_read(&faults, &plain, 1));
		assert_int_equal(count(faults.stuck_reset, 512), 0);
		emulator__faults_draw(&faults, &plain, 1, seed);
		sum += count(faults.stuck_reset, 512);
	}
	/* binomial: 5 sigma */
	const double mean = 0.002 * 512 * SEEDS;
	assert_near(sum, mean, 0, 5 * sqrt(mean));
	/* another power-up or another chip has others, the same one the same */
	again = faults;
	emulator__faults_draw(&again, &plain, 1, SEEDS);
	assert_memory_equal(&again, &faults, sizeof(faults));
	/* what the address says holds, and nothing else */
	assert_ok(emulator__faults_read(&faults, &chosen, 1));
	emulator__faults_draw(&faults, &chosen, 1, 7);
	assert_int_equal(count(faults.stuck_reset, 512), 13);
	assert_true(faults.stuck_reset[9] && faults.stuck_reset[500]);
	assert_ok(hxcomm_uri_parse(&chosen, "emulator:?stuck_resets=512"));
	assert_error(emulator__faults_read(&faults, &chosen, 1), HXCOMM_ERANGE,
	        "neurons have the numbers 0 to 511");
}

static void a_stuck_neuron_is_so_from_power_up_on(void **state)
{
	(void)state;
	open_with("emulator:?stuck_resets=5,300");
	for (uint32_t n = 0; n < 512; n++)
		assert_int_equal(fake.stuck[n], n == 5 || n == 300);
	machine_close(&machine);
}

static void a_dead_neuron_is_not_heard_of(void **state)
{
	(void)state;
	open_with("emulator:?dead_neurons=5,300");
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_backend_config backend = HALDLS_NEURON_BACKEND_CONFIG_INIT;
		struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
		neuron.enable_fire = neuron.enable_threshold_comparator = true;
		backend.enable_spike_out = true;
		program_container(&program, &haldls_neuron_config_container, n, &neuron);
		program_container(&program, &haldls_neuron_backend_config_container,
		        haldls_neuron_backend(n), &backend);
	}
	machine_run(&machine, &program);
	const uint64_t begin = 2 * machine.fpga->now + 1000;
	for (uint16_t n = 0; n < 512; n++)
		fake_fire(begin + 100u * n, n);
	program_wait(&program, 30000);
	for (uint32_t n = 0; n < 512; n++) {
		program_read(&program, haldls_spike_counter_read_container.read_address(
		                               FISCH_OMNIBUS, haldls_neuron_backend(n), 0));
	}
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->spikes.count, 510);
	for (uint32_t n = 0; n < 512; n++)
		assert_int_equal(machine.responses->omnibus.value[n] & 255, n != 5 && n != 300);
	machine_close(&machine);
}

static void a_dead_driver_takes_no_event(void **state)
{
	(void)state;
	open_with("emulator:?dead_drivers=4-7");
	for (uint32_t driver = 0; driver < 256; driver++) {
		struct haldls_synapse_driver_config config = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
		config.enable_receiver = true;
		config.row_address_compare_mask = 0;
		program_container(
		        &program, &haldls_synapse_driver_config_container, driver, &config);
	}
	program_write(&program, 0x00110001, 0); /* events of a register take buses off the
	                                           crossbar */
	program_write(&program, 0x00110000, 15 | 9 << 16);
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	assert_int_equal(fake.event_count, 128 - 4);
	for (size_t i = 0; i < fake.event_count; i++)
		assert_true(fake.events[i].driver < 4 || fake.events[i].driver > 7);
	machine_close(&machine);
}

static void a_dead_row_keeps_its_register_but_carries_no_charge(void **state)
{
	static const uint32_t quad = 0x02cf0000;
	(void)state;
	open_with("emulator:?dead_rows=0,257");
	for (uint32_t row = 0; row < 3; row++)
		for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++) {
			const uint32_t address = quad + 0x01000000 * hemisphere + 128 * row;
			program_write(&program, address, 0x3f3f3f3f);
			program_write(&program, address + 64, 0x2a2a2a2a);
		}
	program_read(&program, quad);
	program_wait(&program, 1000);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.value[0], 0x3f3f3f3f);
	for (uint32_t row = 0; row < 3; row++)
		for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++) {
			const bool dead =
			        256 * hemisphere + row == 0 || 256 * hemisphere + row == 257;
			const uint32_t column = haldls_column_of_quad(0, 2);
			assert_int_equal(fake.weight[hemisphere][row][column], dead ? 0 : 63);
			assert_int_equal(fake.label[hemisphere][row][column], 0x2a);
		}
	machine_close(&machine);
}

static void a_stuck_channel_shows_one_value_for_ever(void **state)
{
	enum { LOOKS = 5 };
	uint32_t values[LOOKS][2][2];
	(void)state;
	open_with("emulator:?stuck_channels=9,777"); /* causal of the top, acausal of the bottom */
	for (unsigned look = 0; look < LOOKS; look++) {
		for (uint32_t q = 33; q <= 34; q++)
			program_read(&program, 0x02c80000 + q);
		for (uint32_t q = 33; q <= 34; q++)
			program_read(&program, 0x03cc0000 + q);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		machine_run(&machine, &program);
		memcpy(values[look], machine.responses->omnibus.value, sizeof(values[look]));
	}
	for (uint32_t kind = 0; kind < 2; kind++) {
		/* column 9 is entry 0 of quad 33 (spec/registers_chip.md 6) */
		for (unsigned look = 1; look < LOOKS; look++)
			assert_int_equal(values[look][kind][0] >> 24, values[0][kind][0] >> 24);
		assert_int_not_equal(values[1][kind][0], values[0][kind][0]);
		assert_int_not_equal(values[1][kind][1], values[0][kind][1]);
	}
	machine_close(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_names_its_parts),
		cmocka_unit_test(random_parts_belong_to_the_chip),
		cmocka_unit_test(power_up_leaves_one_neuron_of_500_in_reset),
		cmocka_unit_test(a_stuck_neuron_is_so_from_power_up_on),
		cmocka_unit_test(a_dead_neuron_is_not_heard_of),
		cmocka_unit_test(a_dead_driver_takes_no_event),
		cmocka_unit_test(a_dead_row_keeps_its_register_but_carries_no_charge),
		cmocka_unit_test(a_stuck_channel_shows_one_value_for_ever),
	};
	return cmocka_run_group_tests_name("emulator/faults", tests, NULL, end);
}
