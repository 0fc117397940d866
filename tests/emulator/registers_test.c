// SPDX-License-Identifier: MIT
/* The register file through the real path of words: what is written is read back, in every
 * container and every window, and reaches the analog core as it was meant. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

#include <haldls/containers.h>
#include <haldls/coordinate.h>
#include <noise.h>

#include <stdlib.h>

enum { WORDS_MAX = 64, ELEMENTS = 24 };

static uint64_t drawn;

static uint32_t draw(void)
{
	uint32_t r[4];
	emulator__noise_bits(r, 2026, NOISE_OUTPUT, drawn++);
	return r[0];
}

static bool on_omnibus(const struct haldls_container *container)
{
	for (size_t i = 0; i < container->backend_count; i++)
		if (container->backends[i] == FISCH_OMNIBUS)
			return true;
	return false;
}

/* Words that this container can hold: every field drawn from its range. */
static void random_words(uint32_t words[WORDS_MAX], const struct haldls_container *container)
{
	void *value = calloc(1, container->size);
	assert_non_null(value);
	container->init(value);
	for (size_t i = 0; i < container->field_count; i++) {
		const struct haldls_field *field = &container->fields[i];
		const uint64_t span = (uint64_t)(field->max - field->min) + 1;
		for (uint32_t n = 0; n < field->count && !field->fixed; n++) {
			const uint64_t bits = (uint64_t)draw() << 32 | draw();
			assert_ok(haldls_field_set(field, value, n,
			        field->min + (int64_t)(span ? bits % span : bits)));
		}
	}
	assert_ok(container->encode(words, value));
	free(value);
}

static bool readable(const struct haldls_container *container)
{
	static const char *const live[] = { "SystimeSyncBase", "CADCSampleQuad" };
	FOR_ROWS(i, live)
		if (!strcmp(container->name, live[i]))
			return false;
	return on_omnibus(container) && container->write_words && container->read_words &&
	        container->write_words == container->read_words &&
	        container->write_words <= WORDS_MAX &&
	        !(container->write_address(FISCH_OMNIBUS, 0, 0) >> 31);
}

static void every_readable_container_reads_back(void **state)
{
	size_t count, seen = 0;
	const struct haldls_container *const *containers = haldls_containers(&count);
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	for (size_t c = 0; c < count; c++) {
		const struct haldls_container *container = containers[c];
		uint32_t wanted[ELEMENTS][WORDS_MAX];
		uint32_t element[ELEMENTS];
		if (!readable(container))
			continue;
		seen++;
		const uint32_t elements = container->count < ELEMENTS ? container->count : ELEMENTS;
		for (uint32_t i = 0; i < elements; i++) {
			/* distinct elements, the first and the last among them */
			element[i] = (uint32_t)((uint64_t)i * (container->count - 1) /
			        (elements > 1 ? elements - 1 : 1));
			random_words(wanted[i], container);
			for (uint32_t w = 0; w < container->write_words; w++)
				program_write(&program,
				        container->write_address(FISCH_OMNIBUS, element[i], w),
				        wanted[i][w]);
		}
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		for (uint32_t i = 0; i < elements; i++)
			for (uint32_t w = 0; w < container->read_words; w++)
				program_read(&program,
				        container->read_address(FISCH_OMNIBUS, element[i], w));
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		/* nothing that was written may begin to act: sources off again */
		for (uint32_t e = 0; e < 8; e++)
			program_write(&program, 0x130001 + 3 * e, 0);
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->omnibus.count,
		        elements * container->read_words);
		for (uint32_t i = 0, n = 0; i < elements; i++)
			for (uint32_t w = 0; w < container->read_words; w++, n++)
				if (machine.responses->omnibus.value[n] != wanted[i][w])
					fail_msg("%s %u word %u: wrote %#x, read %#x",
					        container->name, element[i], w, wanted[i][w],
					        machine.responses->omnibus.value[n]);
	}
	assert_true(seen >= 25);
	program_free(&program);
	machine_close(&machine);
}

static void unknown_addresses_read_zero(void **state)
{
	static const uint32_t addresses[] = { 2, 0x12345, 0x30000, 0x130100, 0x2c05000, 0x3ffffff,
		0x4000000, 0x7fffffff };
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	FOR_ROWS(i, addresses) {
		program_write(&program, addresses[i], 0xdeadbeef);
		program_read(&program, addresses[i]);
	}
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	FOR_ROWS(i, addresses)
		assert_int_equal(machine.responses->omnibus.value[i], 0);
	program_free(&program);
	machine_close(&machine);
}

/* The worked example of spec/registers_chip.md 4: top hemisphere, row 10, column 77, weight 45,
 * label 21, time calibration 2, amplitude calibration 1. */
static void windows_of_a_synapse_show_the_same_cells(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, 0x02cf0529, 0x0000b600);
	program_write(&program, 0x02cf0569, 0x00005500);
	program_read(&program, 0x02c002a9);
	program_read(&program, 0x02c402a9);
	program_read(&program, 0x02c102a9);
	program_read(&program, 0x02c202a9);
	program_write(&program, 0x02c002a9, 0x3f003f00); /* weights alone */
	program_read(&program, 0x02cf0529);
	program_read(&program, 0x02cf0569);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	static const uint32_t wanted[] = { 0x3600, 0x1500, 0x200, 0x100, 0x3f00bf00, 0x5500 };
	FOR_ROWS(i, wanted)
		assert_int_equal(machine.responses->omnibus.value[i], wanted[i]);
	assert_int_equal(fake.weight[0][10][77], 63);
	assert_int_equal(fake.label[0][10][77], 21);
	program_free(&program);
	machine_close(&machine);
}

static void weights_and_labels_reach_the_synapses(void **state)
{
	static uint8_t weight[2][256][256], label[2][256][256];
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	for (unsigned i = 0; i < 3000; i++) {
		const uint32_t hemisphere = draw() % 2, row = draw() % 256, quad = draw() % 64;
		struct haldls_synapse_quad value = HALDLS_SYNAPSE_QUAD_INIT;
		uint32_t words[2];
		for (uint32_t entry = 0; entry < 4; entry++) {
			const uint32_t column = 8 * (quad % 32) + 2 * entry + quad / 32;
			value.weights[entry] = draw() % 64;
			value.labels[entry] = draw() % 64;
			value.time_calibs[entry] = draw() % 4;
			weight[hemisphere][row][column] = (uint8_t)value.weights[entry];
			label[hemisphere][row][column] = (uint8_t)value.labels[entry];
		}
		assert_ok(haldls_synapse_quad_container.encode(words, &value));
		const uint32_t element = hemisphere * 16384 + row * 64 + quad;
		for (uint32_t w = 0; w < 2; w++)
			program_write(&program,
			        haldls_synapse_quad_container.write_address(
			                FISCH_OMNIBUS, element, w),
			        words[w]);
	}
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_memory_equal(fake.weight, weight, sizeof(weight));
	assert_memory_equal(fake.label, label, sizeof(label));
	program_free(&program);
	machine_close(&machine);
}

static void column_switches_reach_their_columns(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	bool excitatory[2][256] = { 0 }, inhibitory[2][256] = { 0 };
	bool causal[2][256] = { 0 }, acausal[2][256] = { 0 };
	(void)state;
	machine_open_ready(&machine);
	for (uint32_t e = 0; e < 128; e++) {
		struct haldls_column_current_quad current = HALDLS_COLUMN_CURRENT_QUAD_INIT;
		struct haldls_column_correlation_quad readout = HALDLS_COLUMN_CORRELATION_QUAD_INIT;
		uint32_t words[4];
		for (uint32_t entry = 0; entry < 4; entry++) {
			const uint32_t h = e / 64, quad = e % 64;
			const uint32_t column = 8 * (quad % 32) + 2 * entry + quad / 32;
			const uint32_t bits = draw();
			current.enable_synaptic_current_excitatory[entry] = bits & 1;
			current.enable_synaptic_current_inhibitory[entry] = bits >> 1 & 1;
			readout.enable_cadc_neuron_readout_causal[entry] = bits >> 2 & 1;
			readout.enable_cadc_neuron_readout_acausal[entry] = bits >> 3 & 1;
			readout.enable_internal_causal[entry] = bits >> 4 & 1;
			excitatory[h][column] = bits & 1;
			inhibitory[h][column] = bits >> 1 & 1;
			causal[h][column] = bits >> 2 & 1;
			acausal[h][column] = bits >> 3 & 1;
		}
		assert_ok(haldls_column_current_quad_container.encode(words, &current));
		for (uint32_t w = 0; w < 2; w++)
			program_write(&program,
			        haldls_column_current_quad_container.write_address(
			                FISCH_OMNIBUS, e, w),
			        words[w]);
		assert_ok(haldls_column_correlation_quad_container.encode(words, &readout));
		for (uint32_t w = 0; w < 4; w++)
			program_write(&program,
			        haldls_column_correlation_quad_container.write_address(
			                FISCH_OMNIBUS, e, w),
			        words[w]);
	}
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_memory_equal(fake.excitatory, excitatory, sizeof(excitatory));
	assert_memory_equal(fake.inhibitory, inhibitory, sizeof(inhibitory));
	assert_memory_equal(fake.causal, causal, sizeof(causal));
	assert_memory_equal(fake.acausal, acausal, sizeof(acausal));
	program_free(&program);
	machine_close(&machine);
}

/* spec/registers_chip.md 2: i_bias_leak of column 200 of the bottom row is cell 10472. */
static void a_cell_is_written_when_its_word_arrives(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_word(&program, hxcomm_word_loopback(true));
	program_write(&program, 0x00158908, 0x2bc);
	program_wait(&program, 1000000);
	program_write(&program, 0x00158908, 0x2bd);
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	assert_int_equal(fake.capmem[10472], 0x2bd);
	const uint64_t sent = machine.responses->loopback.time[0];
	const uint64_t power_up = 2 * machine.fpga->now - 2 * (sent + 1000000 + 1000);
	assert_near(
	        (double)(fake.capmem_time[10472] - 2 * (sent + 1000000)), (double)power_up, 0, 100);
	program_free(&program);
	machine_close(&machine);
}

static void pulses_of_a_register_are_not_lost(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	const uint32_t before = fake.drivers_set;
	for (unsigned i = 0; i < 10; i++)
		program_write(&program, 0x00110400, i % 2 ? 0x3e00 : 0xbe00);
	program_wait(&program, 100);
	machine_run(&machine, &program);
	assert_int_equal(fake.drivers_set - before, 10);
	program_free(&program);
	machine_close(&machine);
}

static void a_triggered_read_converts_a_buffered_one_does_not(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	/* bottom, causal, trigger, row 3, column 9 is read at 0x03c800e1, bits 24 to 31 */
	program_read(&program, 0x03c800e1);
	program_read(&program, 0x03e800e1);
	program_read(&program, 0x03ec00e1);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(fake.conversions, 1);
	assert_int_equal(machine.responses->omnibus.value[0] >> 24, 9 + 3 + 100);
	assert_int_equal(machine.responses->omnibus.value[0] >> 16 & 255, 11 + 3 + 100);
	assert_int_equal(machine.responses->omnibus.value[1], machine.responses->omnibus.value[0]);
	assert_int_equal(machine.responses->omnibus.value[2] >> 24, 9 + 7 + 3 + 100);
	program_free(&program);
	machine_close(&machine);
}

static void resets_reach_single_neurons_and_quads(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, 0x00122390, 0);          /* backend 228: row 1, column 100 */
	program_write(&program, 0x02c94000 + 41, 0);     /* top, columns 73, 75, 77, 79 */
	program_wait(&program, 100);
	machine_run(&machine, &program);
	for (unsigned n = 0; n < 512; n++)
		assert_int_equal(fake.resets[n],
		        n == 356 || n == 73 || n == 75 || n == 77 || n == 79);
	assert_false(fake.late);
	program_free(&program);
	machine_close(&machine);
}

static void offsets_of_channels_are_signed(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, 0x03400813 + 0, 0x7b); /* bottom, acausal, column 9: -5 */
	program_wait(&program, 100);
	machine_run(&machine, &program);
	assert_int_equal(fake.offset[1][1][9], -5);
	assert_int_equal(fake.offset[1][1][8], 0);
	program_free(&program);
	machine_close(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_readable_container_reads_back),
		cmocka_unit_test(unknown_addresses_read_zero),
		cmocka_unit_test(windows_of_a_synapse_show_the_same_cells),
		cmocka_unit_test(weights_and_labels_reach_the_synapses),
		cmocka_unit_test(column_switches_reach_their_columns),
		cmocka_unit_test(a_cell_is_written_when_its_word_arrives),
		cmocka_unit_test(pulses_of_a_register_are_not_lost),
		cmocka_unit_test(a_triggered_read_converts_a_buffered_one_does_not),
		cmocka_unit_test(resets_reach_single_neurons_and_quads),
		cmocka_unit_test(offsets_of_channels_are_signed),
	};
	return cmocka_run_group_tests_name("emulator/registers", tests, NULL, NULL);
}
