// SPDX-License-Identifier: MIT
/* When things happen: registers at the tick of their write, events after the latencies of
 * spec/emulator_physics.md 2.8. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

#include <haldls/containers.h>
#include <haldls/coordinate.h>

static struct machine machine;
static struct program program;

static int teardown(void **state)
{
	(void)state;
	program_free(&program);
	return 0;
}

/* Everything passes the crossbar, driver 0 takes it, neuron @n sends its spikes. */
static void open_all(uint32_t n)
{
	struct haldls_common_padi_bus_config bus = HALDLS_COMMON_PADI_BUS_CONFIG_INIT;
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct haldls_neuron_backend_config backend = HALDLS_NEURON_BACKEND_CONFIG_INIT;
	const struct haldls_crossbar_node open = { .mask = 0 };
	bus.enable_spl1[0] = true;
	driver.enable_receiver = true;
	driver.row_address_compare_mask = 0;
	neuron.enable_fire = neuron.enable_threshold_comparator = true;
	backend.enable_spike_out = true;
	for (uint32_t i = 0; i < 76; i++)
		program_container(&program, &haldls_crossbar_node_container, i, &open);
	program_container(&program, &haldls_common_padi_bus_config_container, 0, &bus);
	program_container(&program, &haldls_synapse_driver_config_container, 0, &driver);
	program_container(&program, &haldls_neuron_config_container, n, &neuron);
	program_container(&program, &haldls_neuron_backend_config_container,
	        haldls_neuron_backend(n), &backend);
	machine_run(&machine, &program);
}

static void open_machine(bool noise, uint64_t seed)
{
	const struct emulator_options options = { .serial = 1, .seed = seed, .noise = noise };
	machine_open(&machine, &options);
	program_bring_up(&program);
	machine_run(&machine, &program);
	open_all(7);
}

/* ---- latencies ------------------------------------------------------------------------------- */

static void latencies_are_those_of_the_table(void **state)
{
	enum { JITTER = 2 }; /* ticks of 4 ns */
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		const unsigned jitter = seed ? JITTER : 0;
		open_machine(seed, seed);
		/* from the FPGA to a driver in 200 ns; round to the FPGA in 0.6 to 1 us */
		program_word(&program, hxcomm_word_loopback(true));
		const uint64_t sent = 2 * (machine.fpga->now + 1);
		program_word(&program, hxcomm_word_spike_pack_1(0x1234));
		program_wait(&program, 1000);
		machine_run(&machine, &program);
		assert_int_equal(fake.event_count, 1);
		assert_in_range(fake.events[0].time - sent, 50 - jitter, 50 + jitter);
		assert_int_equal(machine.responses->spikes.count, 1);
		const uint64_t loop = machine.responses->spikes.fpga_time[0] -
		        machine.responses->loopback.time[0] - 1;
		assert_in_range(loop, 75, 125);
		/* from a neuron to a driver in 80 ns, to the FPGA in 300 ns */
		const uint64_t fired = 2 * machine.fpga->now + 1000;
		fake_fire(fired, 7);
		program_wait(&program, 2000);
		machine_run(&machine, &program);
		assert_int_equal(fake.event_count, 2);
		assert_int_equal(fake.events[1].time - fired, 20);
		assert_int_equal(machine.responses->spikes.count, 1);
		const uint64_t stamp = machine.responses->spikes.chip_time[0];
		assert_int_equal(stamp + machine.fpga->chip->systime_zero, fired);
		assert_in_range(2 * machine.responses->spikes.fpga_time[0] - stamp, 75 - jitter,
		        75 + jitter + 1);
		machine_close(&machine);
	}
}

/* Spikes of one output leave one in 8 ns; four wait, more are lost. */
static void an_output_of_neurons_holds_four_spikes(void **state)
{
	(void)state;
	for (uint32_t together = 1; together <= 8; together++) {
		machine_open_ready(&machine);
		for (uint32_t n = 0; n < together; n++)
			open_all(n);
		const uint64_t fired = 2 * machine.fpga->now + 1000;
		for (uint16_t n = 0; n < together; n++)
			fake_fire(fired, n);
		program_wait(&program, 2000);
		machine_run(&machine, &program);
		const struct hxcomm_spike_responses *spikes = &machine.responses->spikes;
		assert_int_equal(spikes->count, together < 5 ? together : 5);
		for (size_t i = 0; i < spikes->count; i++)
			assert_int_equal(spikes->chip_time[i] + machine.fpga->chip->systime_zero,
			        fired + 2 * i);
		assert_int_equal(machine.fpga->chip->events.lost, together - spikes->count);
		machine_close(&machine);
	}
}

/* ---- registers ------------------------------------------------------------------------------- */

/* An event reaches the crossbar 30 ticks after its cycle, a write takes effect 28 after that of its
 * data: events before it pass, however close, those behind it do not. */
static void a_filter_holds_from_its_own_tick(void **state)
{
	/* from link 0 to bus 0: the first node behind 24 of neurons */
	static const uint32_t node = 0x00130019 + 24;
	(void)state;
	for (unsigned apart = 0; apart < 4; apart++) {
		open_machine(false, 1);
		program_word(&program, hxcomm_word_spike_pack_1(5));
		for (unsigned i = 0; i < apart; i++)
			program_word(&program, hxcomm_word_barrier(0));
		program_write(&program, node, 0x00010000);
		for (unsigned i = 0; i < apart; i++)
			program_word(&program, hxcomm_word_barrier(0));
		program_word(&program, hxcomm_word_spike_pack_1(6));
		program_wait(&program, 1000);
		machine_run(&machine, &program);
		assert_int_equal(fake.event_count, 1);
		assert_int_equal(fake.events[0].label, 5);
		machine_close(&machine);
	}
}

/* One word of each neuron, one behind the other: none takes effect a step early or late. */
static void settings_of_neurons_hold_from_their_own_step(void **state)
{
	enum { NEURONS = 512, CAPACITOR = 3 };
	(void)state;
	for (unsigned busy = 0; busy < 2; busy++) {
		open_machine(false, 1);
		if (busy) { /* a background source keeps the chip awake */
			struct haldls_background_spike_source source =
			        HALDLS_BACKGROUND_SPIKE_SOURCE_INIT;
			source.enable = true;
			source.period = 100;
			program_container(
			        &program, &haldls_background_spike_source_container, 0, &source);
			machine_run(&machine, &program);
		}
		const uint64_t begin = machine.fpga->now;
		for (uint32_t n = 0; n < NEURONS; n++)
			program_write(&program,
			        haldls_neuron_config_container.write_address(FISCH_OMNIBUS, n,
			                CAPACITOR),
			        4 * (n % 60 + 1));
		program_wait(&program, 1000);
		machine_run(&machine, &program);
		for (uint32_t n = 0; n < NEURONS; n++) {
			const uint64_t due = 2 * (begin + 2 * n + 1 + EMULATOR_CHIP_CYCLES);
			assert_in_range(due + EMULATOR_STEP_TICKS - fake.neuron_time[n], 1,
			        2 * EMULATOR_STEP_TICKS);
		}
		machine_close(&machine);
	}
}

/* Whatever was written last is what holds, and each value held in between. */
static void one_register_written_twice_takes_both_values(void **state)
{
	struct haldls_background_spike_source source = HALDLS_BACKGROUND_SPIKE_SOURCE_INIT;
	(void)state;
	open_machine(false, 1);
	source.enable = true;
	source.period = 25; /* 100 ns */
	program_container(&program, &haldls_background_spike_source_container, 0, &source);
	program_wait(&program, 1250);
	source.enable = false;
	program_container(&program, &haldls_background_spike_source_container, 0, &source);
	program_wait(&program, 1250);
	source.enable = true;
	program_container(&program, &haldls_background_spike_source_container, 0, &source);
	program_wait(&program, 1250);
	source.enable = false;
	program_container(&program, &haldls_background_spike_source_container, 0, &source);
	program_wait(&program, 1250);
	machine_run(&machine, &program);
	/* twice 10 us, and the words that switch it off, at one event in 100 ns */
	const struct hxcomm_spike_responses *spikes = &machine.responses->spikes;
	assert_in_range(spikes->count, 200, 202);
	size_t gaps = 0;
	for (size_t i = 1; i < spikes->count; i++) {
		const uint64_t gap = spikes->chip_time[i] - spikes->chip_time[i - 1];
		gaps += gap != 25;
		if (gap != 25)
			assert_in_range(gap, 2500, 2600);
	}
	assert_int_equal(gaps, 1);
	machine_close(&machine);
}

/* ---- what is done together ------------------------------------------------------------------- */

/* Cells are refreshed once a millisecond; those of 100 us are written at once where nobody looks,
 * and none of them late. */
static void cells_of_a_quiet_chip_are_written_together(void **state)
{
	enum { CELLS = 12480, TOGETHER_TICKS = 25000 };
	(void)state;
	machine_open_ready(&machine);
	const uint64_t begin = machine.fpga->now, advances = fake.advances;
	for (uint32_t cell = 0; cell < CELLS; cell++)
		program_write(&program,
		        haldls_capmem_cell_container.write_address(FISCH_OMNIBUS, cell, 0),
		        1 + cell % 1000);
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	for (uint32_t cell = 0; cell < CELLS; cell++) {
		const uint64_t due = 2 * (begin + 2 * cell + 1 + EMULATOR_CHIP_CYCLES);
		assert_int_equal(fake.capmem[cell], 1 + cell % 1000);
		assert_in_range(due - fake.capmem_time[cell], 0, TOGETHER_TICKS);
	}
	assert_in_range(fake.advances - advances, 1, 5);
	machine_close(&machine);
}

/* Switches of synaptic currents matter to events only; those to the debug lines hold from their own
 * step. */
static void switches_of_currents_wait_where_no_event_comes(void **state)
{
	(void)state;
	for (unsigned debug = 0; debug < 2; debug++) {
		machine_open_ready(&machine);
		const uint64_t advances = fake.advances;
		for (uint32_t e = 0; e < 128; e++) {
			struct haldls_column_current_quad quad = HALDLS_COLUMN_CURRENT_QUAD_INIT;
			for (unsigned entry = 0; entry < 4; entry++) {
				quad.enable_synaptic_current_excitatory[entry] = !debug;
				quad.enable_debug_excitatory[entry] = debug;
			}
			program_container(
			        &program, &haldls_column_current_quad_container, e, &quad);
		}
		program_wait(&program, 1000);
		machine_run(&machine, &program);
		for (uint32_t column = 0; column < 512 && !debug; column++)
			assert_true(fake.excitatory[column / 256][column % 256]);
		/* two words of two cycles each: 51 steps of 20 ticks */
		assert_in_range(fake.advances - advances, debug ? 45 : 1, debug ? 60 : 3);
		machine_close(&machine);
	}
}

static int discard(void *user, const uint64_t *words, size_t count)
{
	(void)user, (void)words, (void)count;
	return HXCOMM_OK;
}

static void run_in_pieces(size_t piece)
{
	emulator__fpga_begin(machine.fpga, discard, NULL);
	for (size_t i = 0; i < program.count; i += piece) {
		const size_t left = program.count - i;
		if (piece > left)
			piece = left;
		assert_ok(emulator__fpga_feed(machine.fpga, &program.words[i], piece));
	}
	assert_ok(emulator__fpga_end(machine.fpga));
	program.count = 0;
}

/* However many events a program has, and wherever it is cut: neurons run in whole windows. */
static void windows_of_busy_chips_end_on_a_grid(void **state)
{
	enum { EVENTS = 10000, GAP = 25, ROUNDS = 3 };
	static const size_t pieces[ROUNDS] = { SIZE_MAX, 1000, 1 };
	const uint64_t windows = 2 * EVENTS * GAP / EMULATOR_WINDOW_TICKS;
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	(void)state;
	neuron.enable_fire = neuron.enable_threshold_comparator = true;
	for (unsigned round = 0; round < ROUNDS; round++) {
		machine_open_ready(&machine);
		program_container(&program, &haldls_neuron_config_container, 3, &neuron);
		program_wait(&program, 100);
		machine_run(&machine, &program);
		const uint64_t advances = fake.advances;
		program_word(&program, hxcomm_word_timer_setup());
		for (uint32_t i = 1; i <= EVENTS; i++) {
			program_word(&program, hxcomm_word_wait_until(i * GAP));
			program_word(&program, hxcomm_word_spike_pack_1((uint16_t)i));
		}
		run_in_pieces(pieces[round]);
		assert_in_range(fake.advances - advances, windows, windows + 2);
		machine_close(&machine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(latencies_are_those_of_the_table),
		cmocka_unit_test(an_output_of_neurons_holds_four_spikes),
		cmocka_unit_test(a_filter_holds_from_its_own_tick),
		cmocka_unit_test(settings_of_neurons_hold_from_their_own_step),
		cmocka_unit_test(one_register_written_twice_takes_both_values),
		cmocka_unit_test(cells_of_a_quiet_chip_are_written_together),
		cmocka_unit_test(switches_of_currents_wait_where_no_event_comes),
		cmocka_unit_test(windows_of_busy_chips_end_on_a_grid),
	};
	return cmocka_run_group_tests_name("emulator/timing", tests, NULL, teardown);
}
