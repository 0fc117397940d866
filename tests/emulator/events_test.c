// SPDX-License-Identifier: MIT
/* Event routing against a brute-force walk over the filters of spec/grenade_design.md 2.3, and the
 * time each event takes. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

#include <haldls/containers.h>
#include <noise.h>

#include <stdlib.h>

static uint64_t drawn;

static uint32_t draw(void)
{
	uint32_t r[4];
	emulator__noise_bits(r, 77, NOISE_OUTPUT, drawn++);
	return r[0];
}

/* ---- what the test knows about the chip ------------------------------------------------------ */

/* Nodes in the order of their numbers: neuron output e reaches e % 4, 4 + e % 4, 8 + e % 4; link s
 * reaches all buses and 8 + s; source b reaches bus b and 8 + b % 4 (spec/grenade_design.md
 * 2.1). */
static uint32_t list_nodes(uint32_t input[76], uint32_t output[76])
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < 20; i++) {
		for (uint32_t o = 0; o < 12; o++) {
			const bool exists = i < 8 ? o % 4 == i % 4
			        : i < 12          ? o < 8 || o == i
			                          : o == i - 12 || o == 8 + i % 4;
			if (exists && n < 76) {
				input[n] = i;
				output[n++] = o;
			}
		}
	}
	return n;
}

struct network {
	uint32_t mask[20][12], target[20][12];
	bool exists[20][12];
	bool bus[8], receives[256];
	uint32_t compare[256];
	bool sends[512];
	uint32_t address[512];
};

struct delivery {
	uint64_t time;
	uint32_t driver, label;
};

struct expected {
	struct delivery drivers[20000];
	size_t driver_count;
	struct { uint64_t stamp; uint16_t label; bool loops; } host[4000];
	size_t host_count;
};

static struct network network;
static struct expected expected;

static void draw_network(void)
{
	uint32_t input[76], output[76];
	memset(&network, 0, sizeof(network));
	assert_int_equal(list_nodes(input, output), 76);
	for (uint32_t n = 0; n < 76; n++) {
		/* few mask bits, so that about half of the events pass */
		const uint32_t mask = draw() & draw() & draw() & 0x3fff;
		network.exists[input[n]][output[n]] = true;
		network.mask[input[n]][output[n]] = mask;
		network.target[input[n]][output[n]] = draw() & draw() & mask;
	}
	for (unsigned i = 0; i < 8; i++)
		network.bus[i] = draw() % 4 != 0;
	for (unsigned i = 0; i < 256; i++) {
		network.receives[i] = draw() % 3 != 0;
		network.compare[i] = draw() % 32;
	}
	for (unsigned i = 0; i < 512; i++) {
		network.sends[i] = draw() % 4 != 0;
		network.address[i] = draw() % 256;
	}
}

static void write_network(struct program *program)
{
	uint32_t input[76], output[76];
	list_nodes(input, output);
	for (uint32_t n = 0; n < 76; n++) {
		const struct haldls_crossbar_node node = {
			.mask = network.mask[input[n]][output[n]],
			.target = network.target[input[n]][output[n]],
		};
		program_container(program, &haldls_crossbar_node_container, n, &node);
	}
	for (uint32_t h = 0; h < 2; h++) {
		struct haldls_common_padi_bus_config bus;
		haldls_common_padi_bus_config_container.init(&bus);
		for (unsigned i = 0; i < 4; i++)
			bus.enable_spl1[i] = network.bus[4 * h + i];
		program_container(program, &haldls_common_padi_bus_config_container, h, &bus);
	}
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config driver;
		haldls_synapse_driver_config_container.init(&driver);
		driver.enable_receiver = network.receives[d];
		driver.row_address_compare_mask = network.compare[d];
		program_container(program, &haldls_synapse_driver_config_container, d, &driver);
	}
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_backend_config backend;
		haldls_neuron_backend_config_container.init(&backend);
		struct haldls_neuron_config neuron;
		haldls_neuron_config_container.init(&neuron);
		neuron.enable_fire = neuron.enable_threshold_comparator = true;
		program_container(program, &haldls_neuron_config_container, n, &neuron);
		backend.enable_spike_out = network.sends[n];
		backend.address_out = network.address[n];
		const uint32_t column = n % 256, row = n / 256;
		program_container(program, &haldls_neuron_backend_config_container,
		        256 * (column / 128) + 128 * row + column % 128, &backend);
	}
}

/* Walk the filters: an event enters the crossbar at a tick. */
static void expect(uint64_t tick, uint32_t input, uint32_t label)
{
	for (uint32_t o = 0; o < 12; o++) {
		if (!network.exists[input][o] ||
		        (label & 0x3fff & network.mask[input][o]) != network.target[input][o])
			continue;
		if (o >= 8) {
			expected.host[expected.host_count].stamp = tick;
			expected.host[expected.host_count].loops = input >= 8 && input < 12;
			expected.host[expected.host_count++].label =
			        (uint16_t)((label & 0x3fff) | (o - 8) << 14);
			continue;
		}
		if (!network.bus[o])
			continue;
		for (uint32_t d = 0; d < 128; d++) {
			const uint32_t driver = o / 4 * 128 + d, select = label >> 6 & 31;
			if (d % 4 != o % 4 || !network.receives[driver])
				continue;
			if ((select & network.compare[driver]) == (d / 4 & network.compare[driver]))
				expected.drivers[expected.driver_count++] =
				        (struct delivery){ tick + 20, driver, label & 63 };
		}
	}
}

static int compare_deliveries(const void *a, const void *b)
{
	const struct delivery *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->driver != y->driver)
		return x->driver < y->driver ? -1 : 1;
	return x->label < y->label ? -1 : x->label > y->label;
}

static void check_deliveries(void)
{
	assert_int_equal(fake.event_count, expected.driver_count);
	struct delivery *seen = calloc(fake.event_count + 1, sizeof(*seen));
	assert_non_null(seen);
	for (size_t i = 0; i < fake.event_count; i++)
		seen[i] = (struct delivery){ fake.events[i].time, fake.events[i].driver,
			fake.events[i].label };
	qsort(seen, fake.event_count, sizeof(*seen), compare_deliveries);
	qsort(expected.drivers, expected.driver_count, sizeof(*seen), compare_deliveries);
	for (size_t i = 0; i < fake.event_count; i++)
		assert_int_equal(compare_deliveries(&seen[i], &expected.drivers[i]), 0);
	free(seen);
	assert_false(fake.late);
}

static void events_pass_exactly_the_filters(void **state)
{
	enum { EVENTS = 200, SPACE = 50, BEGIN = 20000 };
	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		struct machine machine;
		struct program program = { 0 };
		machine_open_ready(&machine);
		draw_network();
		write_network(&program);
		machine_run(&machine, &program);
		memset(&expected, 0, sizeof(expected));
		const uint64_t start = machine.fpga->now;
		program_word(&program, hxcomm_word_timer_setup());
		for (unsigned i = 0; i < EVENTS; i++) {
			const uint16_t label = (uint16_t)draw();
			const uint32_t wait = BEGIN + SPACE * i;
			program_word(&program, hxcomm_word_wait_until(wait));
			program_word(&program, hxcomm_word_spike_pack_1(label));
			expect(2 * (start + wait + 1) + EMULATOR_LINK_TICKS, 8 + (label >> 14),
			        label);
			/* and a neuron, between this and the next event */
			const uint16_t neuron = (uint16_t)(draw() % 512);
			const uint64_t fire = 2 * (start + wait) + 40 + draw() % 80;
			fake_fire(fire, neuron);
			if (network.sends[neuron]) {
				const uint32_t output = neuron % 256u / 32;
				expect(fire, output, output << 8 | network.address[neuron]);
			}
		}
		program_wait(&program, 1000);
		machine_run(&machine, &program);
		check_deliveries();
		const struct hxcomm_spike_responses *spikes = &machine.responses->spikes;
		const uint64_t zero = machine.fpga->chip->systime_zero;
		assert_int_equal(spikes->count, expected.host_count);
		for (size_t i = 0, e; i < spikes->count; i++) {
			for (e = 0; e < expected.host_count; e++)
				if (expected.host[e].stamp - zero == spikes->chip_time[i] &&
				        expected.host[e].label == spikes->label[i])
					break;
			assert_true(e < expected.host_count);
			expected.host[e].stamp = 0; /* found once */
			/* 300 ns from a neuron, twice that on the way round from link to link */
			assert_int_equal(spikes->fpga_time[i],
			        (spikes->chip_time[i] + (expected.host[e].loops ? 150 : 75) + 1) /
			                2);
		}
		assert_true(expected.host_count > 50);
		assert_true(expected.driver_count > 200);
		program_free(&program);
		machine_close(&machine);
	}
}

static void idle_time_costs_nothing_where_spikes_come_back(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	memset(&network, 0, sizeof(network));
	network.bus[0] = network.receives[0] = network.sends[7] = true;
	write_network(&program);
	machine_run(&machine, &program);
	assert_true(machine.fpga->chip->events.bus_enabled[0]);
	const uint64_t begin = 2 * machine.fpga->now, advances = fake.advances;
	fake_fire(begin + 1234567, 7);
	fake_fire(begin + 1234597, 7);
	program_wait(&program, 1250000);
	machine_run(&machine, &program);
	assert_int_equal(machine.fpga->chip->look_ahead, EMULATOR_PADI_TICKS);
	assert_true(fake.advances - advances < 100); /* of 125000 steps */
	assert_int_equal(fake.event_count, 2);
	assert_int_equal(fake.events[0].time, begin + 1234567 + 20);
	assert_int_equal(fake.events[1].time, begin + 1234597 + 20);
	assert_false(fake.late);
	program_free(&program);
	machine_close(&machine);
}

/* ---- congestion ------------------------------------------------------------------------------ */

/* Everything open: link 0 to bus 0 and back to the host; driver 0 listens to everything. */
static void open_everything(struct program *program)
{
	struct haldls_common_padi_bus_config bus;
	struct haldls_synapse_driver_config driver;
	const struct haldls_crossbar_node open = { .enable_drop_counter = true };
	haldls_common_padi_bus_config_container.init(&bus);
	haldls_synapse_driver_config_container.init(&driver);
	for (unsigned i = 0; i < 4; i++)
		bus.enable_spl1[i] = true;
	driver.enable_receiver = true;
	driver.row_address_compare_mask = 0;
	for (uint32_t n = 0; n < 76; n++)
		program_container(program, &haldls_crossbar_node_container, n, &open);
	program_container(program, &haldls_common_padi_bus_config_container, 0, &bus);
	program_container(program, &haldls_synapse_driver_config_container, 0, &driver);
	program_write(program, 0x00130000, 0xfff0);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

static void a_bus_takes_one_event_in_eight_nanoseconds(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	open_everything(&program);
	for (unsigned i = 0; i < 60; i += 3)
		program_word(&program, hxcomm_word_spike_pack_3((uint16_t)i, (uint16_t)(i + 1),
		                               (uint16_t)(i + 2)));
	program_wait(&program, 1000);
	for (uint32_t o = 0; o < 12; o++)
		program_read(&program, 0x00130079 + o);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(fake.event_count, 60);
	for (size_t i = 0; i < 60; i++) {
		assert_int_equal(fake.events[i].label, i);
		if (i)
			assert_int_equal(fake.events[i].time - fake.events[i - 1].time, 2);
	}
	assert_int_equal(machine.responses->spikes.count, 60);
	for (uint32_t o = 0; o < 12; o++)
		assert_int_equal(machine.responses->omnibus.value[o], o < 9 ? 60 : 0);
	program_free(&program);
	machine_close(&machine);
}

static void what_a_full_queue_cannot_hold_is_counted(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	open_everything(&program);
	for (unsigned i = 0; i < 1000; i++)
		for (uint16_t link = 0; link < 3; link++) /* three links into one bus */
			program_word(&program, hxcomm_word_spike_pack_3((uint16_t)(link << 14),
			                               (uint16_t)((link + 1) << 14),
			                               (uint16_t)((link + 2) % 4 << 14)));
	program_wait(&program, 10000);
	for (uint32_t i = 0; i < 20; i++)
		program_read(&program, 0x00130065 + i);
	program_read(&program, 0x00130079);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	const uint32_t *value = machine.responses->omnibus.value;
	uint64_t dropped = 0;
	for (uint32_t i = 0; i < 20; i++)
		dropped += value[i];
	assert_true(dropped > 0);
	assert_int_equal(value[20], fake.event_count);
	assert_true(machine.fpga->chip->events.lost >= dropped % 65536);
	assert_true(fake.event_count < 9000);
	assert_false(fake.late);
	program_free(&program);
	machine_close(&machine);
}

static void events_of_one_cycle_share_a_message(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	open_everything(&program);
	/* one event on each of three links: they leave by three outputs at the same time */
	program_word(&program, hxcomm_word_spike_pack_3(1, 0x4002, 0x8003));
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->spikes.count, 3);
	assert_int_equal(machine.responses->spike_packs[2], 1);
	assert_int_equal(
	        machine.responses->spikes.fpga_time[0], machine.responses->spikes.fpga_time[2]);
	program_free(&program);
	machine_close(&machine);
}

/* ---- other ways in --------------------------------------------------------------------------- */

static void host_events_use_buses_that_are_not_on_the_crossbar(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	for (unsigned enabled = 0; enabled < 2; enabled++) {
		machine_open_ready(&machine);
		open_everything(&program);
		program_write(&program, 0x00110001, enabled ? 15 : 0);
		/* bus 0, label 0x2a, row select 17 */
		program_write(&program, 0x00110000, 1 | 0x2a << 16 | 17 << 22);
		program_wait(&program, 100);
		machine_run(&machine, &program);
		assert_int_equal(fake.event_count, !enabled);
		if (!enabled) {
			assert_int_equal(fake.events[0].driver, 0);
			assert_int_equal(fake.events[0].label, 0x2a);
		}
		machine_close(&machine);
	}
	program_free(&program);
}

static void a_regular_source_reaches_the_host_each_period(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	open_everything(&program);
	struct haldls_background_spike_source source;
	haldls_background_spike_source_container.init(&source);
	source.enable = true;
	source.period = 125;
	source.neuron_label = 0x123;
	program_container(&program, &haldls_background_spike_source_container, 6, &source);
	program_wait(&program, 125 * 100);
	machine_run(&machine, &program);
	const struct hxcomm_spike_responses *spikes = &machine.responses->spikes;
	assert_true(spikes->count >= 198 && spikes->count <= 202);
	for (size_t i = 0; i < spikes->count; i++) {
		assert_int_equal(spikes->label[i], 2 << 14 | 0x123); /* source 6 leaves by link 2 */
		if (i)
			assert_int_equal(spikes->chip_time[i] - spikes->chip_time[i - 1], 125);
	}
	program_free(&program);
	machine_close(&machine);
}

static void spikes_are_counted_by_neuron(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	const uint64_t begin = 2 * machine.fpga->now + 1000;
	for (unsigned i = 0; i < 300; i++)
		fake_fire(begin + 10 * i, 356); /* row 1, column 100: backend 228 */
	fake_fire(begin + 10000, 3);
	program_wait(&program, 10000);
	program_read(&program, 0x00122b90);
	program_read(&program, 0x0012280c);
	program_write(&program, 0x00122f90, 0);
	program_read(&program, 0x00122b90);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.value[0], 256 | (300 - 256));
	assert_int_equal(machine.responses->omnibus.value[1], 1);
	assert_int_equal(machine.responses->omnibus.value[2], 0);
	program_free(&program);
	machine_close(&machine);
}

static void nothing_is_sent_while_recording_is_off(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	open_everything(&program);
	program_write(&program, 0x88000005, 0);
	program_word(&program, hxcomm_word_spike_pack_1(1));
	program_wait(&program, 1000);
	program_write(&program, 0x88000005, 1);
	program_word(&program, hxcomm_word_spike_pack_1(2));
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->spikes.count, 1);
	assert_int_equal(machine.responses->spikes.label[0], 2);
	program_free(&program);
	machine_close(&machine);
}

/* 500 MHz / (12 + 5): 34 ns a sample (spec/registers_chip.md, MADCConfig). */
static void samples_come_at_the_rate_of_the_converter(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	struct haldls_madc_config madc;
	(void)state;
	machine_open_ready(&machine);
	haldls_madc_config_container.init(&madc);
	madc.number_of_samples = 1000;
	madc.enable_dummy_data = true;
	program_container(&program, &haldls_madc_config_container, 0, &madc);
	program_write(&program, 0x000c0000, 2);
	program_wait(&program, 10000);
	machine_run(&machine, &program);
	const struct hxcomm_madc_responses *samples = &machine.responses->madc;
	assert_int_equal(samples->count, 1000);
	assert_int_equal(machine.responses->madc_packs[2], 333);
	assert_int_equal(machine.responses->madc_packs[0], 1);
	for (size_t i = 0; i < samples->count; i++) {
		assert_int_equal(samples->value[i], i);
		assert_near((double)(samples->chip_time[i] - samples->chip_time[0]),
		        8.5 * (double)i, 0, 1);
		assert_true(2 * samples->fpga_time[i] > samples->chip_time[i]);
	}
	program_free(&program);
	machine_close(&machine);
}

/* ---- noise ----------------------------------------------------------------------------------- */

static uint64_t hash_of_a_run(uint64_t seed, bool noise)
{
	const struct emulator_options options = { .serial = 1, .seed = seed, .noise = noise };
	struct machine machine;
	struct program program = { 0 };
	machine_open(&machine, &options);
	program_bring_up(&program);
	open_everything(&program);
	for (unsigned i = 0; i < 200; i++) {
		program_word(&program, hxcomm_word_spike_pack_1((uint16_t)i));
		program_word(&program, hxcomm_word_wait_until(20 * i));
	}
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	uint64_t hash = 0;
	for (size_t i = 0; i < machine.count; i++)
		hash = (hash ^ machine.words[i]) * UINT64_C(0x100000001b3);
	assert_int_equal(machine.responses->spikes.count, 200);
	program_free(&program);
	machine_close(&machine);
	return hash;
}

static void equal_runs_give_equal_words_other_seeds_do_not(void **state)
{
	(void)state;
	assert_true(hash_of_a_run(1, true) == hash_of_a_run(1, true));
	assert_true(hash_of_a_run(1, true) != hash_of_a_run(2, true));
	assert_true(hash_of_a_run(1, false) == hash_of_a_run(2, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_pass_exactly_the_filters),
		cmocka_unit_test(idle_time_costs_nothing_where_spikes_come_back),
		cmocka_unit_test(a_bus_takes_one_event_in_eight_nanoseconds),
		cmocka_unit_test(what_a_full_queue_cannot_hold_is_counted),
		cmocka_unit_test(events_of_one_cycle_share_a_message),
		cmocka_unit_test(host_events_use_buses_that_are_not_on_the_crossbar),
		cmocka_unit_test(a_regular_source_reaches_the_host_each_period),
		cmocka_unit_test(spikes_are_counted_by_neuron),
		cmocka_unit_test(nothing_is_sent_while_recording_is_off),
		cmocka_unit_test(samples_come_at_the_rate_of_the_converter),
		cmocka_unit_test(equal_runs_give_equal_words_other_seeds_do_not),
	};
	return cmocka_run_group_tests_name("emulator/events", tests, NULL, NULL);
}
