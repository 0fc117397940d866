// SPDX-License-Identifier: MIT
/* Looking into an emulated chip beside its connection, and putting it back: through the header that
 * installed programs use. */
#include "assert.h"
#include "busy_chip.h"
#include "machine.h"
#include "random.h"

#include <emulator/emulator.h>
#include <haldls/chip.h>
#include <haldls/coordinate.h>
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>

#include <stdlib.h>

extern const struct emulator_provider hxcomm_provider;

static const struct emulator_oracle *oracle;
static struct emulator_machine *machine;

static struct hxcomm_connection *open_machine(const char *uri)
{
	struct hxcomm_connection *connection;
	/* under valgrind, or on a busy machine */
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	options.timeout_s = 600;
	assert_ok(hxcomm_open(&connection, uri, &options));
	assert_ok(emulator_find(&oracle, &machine, connection));
	return connection;
}

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&hxcomm_provider.provider);
}

static size_t run(
	uint64_t **out, struct hxcomm_connection *connection, const struct program *program)
{
	size_t count;
	assert_ok(hxcomm_run_words(connection, program->words, program->count, out, &count));
	return count;
}

static void a_machine_put_back_does_the_same_again(void **state)
{
	struct program first = {0}, second = {0};
	struct emulator_snapshot *early, *late;
	uint64_t *words[4], *ignored;
	size_t count[4];
	(void)state;
	busy_configure(&first);
	busy_watch(&second);
	struct hxcomm_connection *connection = open_machine("emulator:?serial=4");
	assert_ok(oracle->snapshot(&early, machine));
	run(&ignored, connection, &first);
	free(ignored);
	assert_ok(oracle->snapshot(&late, machine));
	const uint64_t time = oracle->now(machine);
	count[0] = run(&words[0], connection, &second);
	count[1] = run(&words[1], connection, &second);
	for (unsigned i = 2; i < 4; i++) {
		if (i == 3) { /* from the very beginning */
			assert_ok(oracle->restore(machine, early));
			run(&ignored, connection, &first);
			free(ignored);
		} else {
			assert_ok(oracle->restore(machine, late));
		}
		assert_int_equal(oracle->now(machine), time);
		count[i] = run(&words[i], connection, &second);
		assert_int_equal(count[i], count[0]);
		assert_memory_equal(words[i], words[0], count[0] * sizeof(*words[0]));
	}
	/* the programs do something: spikes came, and the second pass differed from the first */
	assert_true(count[0] > 300);
	assert_true(count[1] != count[0] ||
		    memcmp(words[1], words[0], count[0] * sizeof(*words[0])) != 0);
	oracle->forget(early);
	oracle->forget(late);
	oracle->forget(NULL);
	for (unsigned i = 0; i < 4; i++)
		free(words[i]);
	program_free(&first);
	program_free(&second);
	hxcomm_close(connection);
}

/* Reads of everything that can be read, on the chip and on the FPGA. */
static void read_everything(struct program *program)
{
	size_t count;
	const struct haldls_container *const *containers = haldls_containers(&count);
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *container = containers[i];
		bool omnibus = false;
		for (size_t k = 0; k < container->read_backend_count; k++)
			omnibus |= container->read_backends[k] == FISCH_OMNIBUS;
		const uint32_t some = container->count < 3 ? container->count : 3;
		for (uint32_t k = 0; omnibus && k < some; k++)
			for (uint32_t w = 0; w < container->read_words && w < 8; w++)
				program_read(program, container->read_address(FISCH_OMNIBUS,
							      k * (container->count / some), w));
	}
	program_jtag_read(program, 0x80000);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

/* Random values in random registers, but for the time limit: whatever they do. */
static void make_chaos(struct program *program, uint64_t seed)
{
	struct test_random random = {.seed = seed};
	for (unsigned i = 0; i < 3000; i++) {
		const uint64_t drawn = test_random_next(&random);
		const uint32_t fpga[] = {0x80000000, 0x88000005, 0x88002000, 0x88006000, 0x88007000,
			0x88007840, 0x84000100, 0x880c0000};
		uint32_t address = haldls_chip_addresses()[drawn % HALDLS_CHIP_WORDS];
		if (drawn >> 60 == 0)
			address = fpga[drawn % 8] + (uint32_t)(drawn >> 8 & 3);
		program_write(program, address, (uint32_t)test_random_next(&random));
		if (drawn >> 58 == 0)
			program_word(program, hxcomm_word_spike_pack_1((uint16_t)drawn));
	}
	program_word(program, hxcomm_word_jtag_instruction(4));
	program_wait(program, 3000);
}

/* The digital half, too: counters, sources, recordings under way, memories, boards, clocks. */
static void nothing_is_left_of_what_was_taken_back(void **state)
{
	struct program first = {0}, second = {0}, chaos = {0};
	struct emulator_snapshot *snapshot;
	uint64_t *words[3], *ignored;
	size_t count[3], rest;
	(void)state;
	busy_configure(&first);
	program_write(&first, 0x80000010, 77);
	program_write(&first, 0x88002000, 0x2a0001);       /* the board's DACs */
	program_word(&first, hxcomm_word_spike_pack_1(3)); /* under way at the end */
	read_everything(&second);
	busy_watch(&second);
	read_everything(&second);
	struct hxcomm_connection *connection = open_machine("emulator:?serial=4&link_flips=0.01");
	run(&ignored, connection, &first);
	free(ignored);
	assert_ok(oracle->snapshot(&snapshot, machine));
	for (unsigned i = 0; i < 3; i++) {
		count[i] = run(&words[i], connection, &second);
		assert_int_equal(count[i], count[0]);
		assert_memory_equal(words[i], words[0], count[0] * sizeof(*words[0]));
		make_chaos(&chaos, i);
		/* chaos may take too long, or its links may fail */
		ignored = NULL;
		const int status =
			hxcomm_run_words(connection, chaos.words, chaos.count, &ignored, &rest);
		assert_true(status == HXCOMM_OK || status == HXCOMM_ETIMEDOUT);
		free(ignored);
		if (i == 1) /* the power goes off and on */
			assert_ok(hxcomm_reset(connection));
		assert_ok(oracle->restore(machine, snapshot));
		chaos.count = 0;
	}
	oracle->forget(snapshot);
	for (unsigned i = 0; i < 3; i++)
		free(words[i]);
	program_free(&first);
	program_free(&second);
	program_free(&chaos);
	hxcomm_close(connection);
}

static void look_at_everything(void)
{
	struct emulator_neuron neuron;
	struct emulator_synapse synapse;
	struct emulator_channel channel;
	struct emulator_driver driver;
	struct emulator_madc madc;
	struct emulator_quadrant quadrant;
	double value;
	for (uint32_t i = 0; i < 512; i += 7)
		assert_ok(oracle->neuron(&neuron, machine, i));
	for (uint32_t i = 0; i < 131072; i += 3001)
		assert_ok(oracle->synapse(&synapse, machine, i));
	for (uint32_t i = 0; i < 1024; i += 101)
		assert_ok(oracle->channel(&channel, machine, i));
	for (uint32_t i = 0; i < 256; i += 11)
		assert_ok(oracle->driver(&driver, machine, i));
	for (uint32_t i = 0; i < 12480; i += 301)
		assert_ok(oracle->cell(&value, machine, i));
	for (uint32_t i = 0; i < 4; i++)
		assert_ok(oracle->quadrant(&quadrant, machine, i));
	assert_ok(oracle->madc(&madc, machine));
	assert_ok(oracle->pad(&value, machine, 0));
}

static void looking_changes_nothing(void **state)
{
	struct program first = {0}, second = {0};
	uint64_t *words[2], *ignored;
	size_t count[2];
	(void)state;
	busy_configure(&first);
	first.count -= 3; /* cells still settle */
	busy_watch(&second);
	for (unsigned i = 0; i < 2; i++) {
		struct hxcomm_connection *connection = open_machine("emulator:?serial=4");
		run(&ignored, connection, &first);
		free(ignored);
		if (i)
			look_at_everything();
		count[i] = run(&words[i], connection, &second);
		hxcomm_close(connection);
	}
	assert_int_equal(count[1], count[0]);
	assert_memory_equal(words[1], words[0], count[0] * sizeof(*words[0]));
	free(words[0]);
	free(words[1]);
	program_free(&first);
	program_free(&second);
}

/* Plastic drivers and correlation sensors in both hemispheres, one thread each: the same words. */
static void sensors_do_not_care_for_threads(void **state)
{
	struct program program = {0};
	uint64_t *words[2];
	size_t count[2];
	(void)state;
	busy_configure(&program);
	busy_watch(&program);
	for (unsigned i = 0; i < 2; i++) {
		struct hxcomm_connection *connection =
			open_machine(i ? "emulator:?threads=2" : "emulator:?threads=1");
		struct emulator_synapse synapse;
		double charge = 0;
		count[i] = run(&words[i], connection, &program);
		for (uint32_t row = 0; row < 256; row++) {
			assert_ok(oracle->synapse(&synapse, machine, 256 * row + 20));
			charge += synapse.charge[0] + synapse.charge[1];
		}
		assert_true(charge > 1);
		hxcomm_close(connection);
	}
	assert_int_equal(count[0], count[1]);
	assert_memory_equal(words[0], words[1], count[0] * sizeof(*words[0]));
	free(words[0]);
	free(words[1]);
	program_free(&program);
}

static void a_snapshot_fits_its_own_machine_only(void **state)
{
	struct emulator_snapshot *snapshot;
	(void)state;
	struct hxcomm_connection *first = open_machine("emulator:?serial=4");
	assert_ok(oracle->snapshot(&snapshot, machine));
	struct hxcomm_connection *second = open_machine("emulator:?serial=4");
	assert_error(oracle->restore(machine, snapshot), HXCOMM_EINVAL, "another machine");
	hxcomm_close(second);
	hxcomm_close(first);
	oracle->forget(snapshot); /* outlives its machine */
}

static void neurons_synapses_and_channels_are_what_was_written(void **state)
{
	struct program program = {0};
	struct emulator_neuron neuron;
	struct emulator_synapse synapse;
	struct emulator_channel channel;
	uint64_t *words;
	double value;
	(void)state;
	busy_configure(&program);
	struct hxcomm_connection *connection = open_machine("emulator:?variation=0&noise=0");
	run(&words, connection, &program);
	free(words);
	assert_ok(oracle->neuron(&neuron, machine, 100));
	assert_near(neuron.capacitance, 36.5e-15 * 68, 1e-5, 0);
	/* the capacitive memory settles for 20 ms, its cells disturb each other by five codes at
	 * most */
	assert_near(neuron.leak_conductance, 2.62e-9 * 497.5, 0.006, 0);
	assert_near(neuron.leak_reference,
		0.8 * (0.019 + 1.875e-3 * 697.5) - 0.54 - 6e-3 * log(497.5 / 158), 0, 0.006);
	assert_near(neuron.membrane, neuron.leak_reference, 0, 0.05);
	assert_near(neuron.readout_gain, 1, 0, 0);
	assert_ok(oracle->synapse(&synapse, machine, 65536 + 256 * 3 + 30));
	assert_near(synapse.weight, 30, 0, 0);
	assert_near(synapse.amplitude[0], 0.5, 0.01, 0);
	assert_near(synapse.tau[1], 5e-6, 0.01, 0);
	assert_true(synapse.charge[1] >= 0 && synapse.charge[1] < 160);
	assert_ok(oracle->channel(&channel, machine, 700));
	assert_near(channel.lsb_volt, 1.875e-3 * 369 / 154, 0.002, 0);
	assert_near(channel.gain, 1, 0, 0);
	assert_int_equal(channel.fault, EMULATOR_FAULT_NONE);
	assert_ok(oracle->cell(&value, machine, 3120 + HALDLS_CAPMEM_STP_I_RAMP));
	assert_near(value, 600, 0, 0.1);
	/* 10 K more: the leak loses 3 % */
	const double cold = neuron.leak_conductance;
	assert_ok(oracle->set_temperature(machine, 48));
	assert_ok(oracle->neuron(&neuron, machine, 100));
	assert_near(neuron.leak_conductance, 0.97 * cold, 1e-5, 0);
	program_free(&program);
	hxcomm_close(connection);
}

static void pads_and_supplies_can_be_set(void **state)
{
	double value;
	(void)state;
	struct hxcomm_connection *connection = open_machine("emulator:?variation=0&noise=0");
	assert_ok(oracle->pad(&value, machine, 1));
	assert_near(value, 0, 0, 0);
	assert_ok(oracle->drive_pad(machine, 1, true, 0.7));
	assert_ok(oracle->pad(&value, machine, 1));
	assert_near(value, 0.7, 1e-6, 0);
	assert_ok(oracle->drive_pad(machine, 1, false, 0));
	assert_ok(oracle->set_supply(machine, EMULATOR_SUPPLY_V_RES_MEAS, 0.95));
	hxcomm_close(connection);
}

static void what_does_not_exist_is_an_error(void **state)
{
	struct emulator_neuron neuron;
	struct emulator_synapse synapse;
	struct emulator_channel channel;
	struct emulator_driver driver;
	struct emulator_quadrant quadrant;
	double value;
	(void)state;
	struct hxcomm_connection *connection = open_machine("emulator:");
	assert_error(oracle->neuron(&neuron, machine, 512), HXCOMM_ERANGE, "neuron 512");
	assert_error(oracle->synapse(&synapse, machine, 131072), HXCOMM_ERANGE, "0 to 131071");
	assert_error(oracle->channel(&channel, machine, 1024), HXCOMM_ERANGE, "CADC channel");
	assert_error(oracle->driver(&driver, machine, 256), HXCOMM_ERANGE, "driver 256");
	assert_error(oracle->quadrant(&quadrant, machine, 4), HXCOMM_ERANGE, "quadrant 4");
	assert_error(oracle->cell(&value, machine, 12480), HXCOMM_ERANGE, "cell 12480");
	assert_error(oracle->pad(&value, machine, 2), HXCOMM_ERANGE, "pad 2");
	assert_error(oracle->drive_pad(machine, 0, true, 3), HXCOMM_ERANGE, "2.5 V");
	assert_error(oracle->drive_pad(machine, 0, true, NAN), HXCOMM_ERANGE, "2.5 V");
	assert_error(oracle->set_supply(machine, 2, 1), HXCOMM_ERANGE, "supply 2");
	assert_error(oracle->set_temperature(machine, 200), HXCOMM_ERANGE, "80 C");
	hxcomm_close(connection);
}

static void other_connections_have_no_inside(void **state)
{
	struct hxcomm_connection *connection;
	(void)state;
	assert_ok(hxcomm_open(&connection, "mock:", NULL));
	assert_error(
		emulator_find(&oracle, &machine, connection), HXCOMM_ENOTSUP, "open emulator:");
	assert_null(oracle);
	assert_null(machine);
	hxcomm_close(connection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_put_back_does_the_same_again),
		cmocka_unit_test(nothing_is_left_of_what_was_taken_back),
		cmocka_unit_test(looking_changes_nothing),
		cmocka_unit_test(sensors_do_not_care_for_threads),
		cmocka_unit_test(a_snapshot_fits_its_own_machine_only),
		cmocka_unit_test(neurons_synapses_and_channels_are_what_was_written),
		cmocka_unit_test(pads_and_supplies_can_be_set),
		cmocka_unit_test(what_does_not_exist_is_an_error),
		cmocka_unit_test(other_connections_have_no_inside),
	};
	return cmocka_run_group_tests_name("emulator/oracle", tests, setup, NULL);
}
