// SPDX-License-Identifier: MIT
/* Vector generators of the FPGA: what is in the queue becomes events (source:
 * spec/registers_fpga.json VectorGenerator*; what is assumed there is assumed here). */
#include "assert.h"
#include "machine.h"

#include <haldls/containers.h>

static struct machine machine;
static struct program program;

enum { MEMORY = 16 };

static int open_machine(void **state)
{
	const struct emulator_options options = {
		.serial = 1, .seed = 1, .vector_generators = true
	};
	(void)state;
	machine_open(&machine, &options);
	program_bring_up(&program);
	for (uint32_t link = 0; link < 4; link++)
		program_write(&program, 0x00130039 + 9 * link, 0x80000000); /* loops */
	for (uint32_t i = 0; i < 512; i++) /* label: link 0, number of the entry, generator */
		program_write(&program, 0x84000100 + 0x1000 * (i / 256) + i % 256, i);
	machine_run(&machine, &program);
	return 0;
}

static int close_machine(void **state)
{
	(void)state;
	machine_close(&machine);
	program_free(&program);
	return 0;
}

static void control(uint32_t generator, const struct haldls_vector_generator_control *value)
{
	uint32_t word;
	assert_ok(haldls_vector_generator_control_container.encode(&word, value));
	program_write(&program, 0x84000000 + 0x1000 * generator, word);
}

static void fill(uint32_t generator, const uint8_t *values, unsigned count)
{
	for (unsigned i = 0; i < count; i += 4) {
		uint32_t word = 0;
		unsigned enables = 0;
		for (unsigned k = 0; k < 4 && i + k < count; k++) {
			const bool last = i + k + 1 == count;
			word |= (uint32_t)(values[i + k] | last << 7) << (24 - 8 * k);
			enables |= 1u << (3 - k);
		}
		program_word(&program, hxcomm_word_omnibus_address(0x84000200 + 0x1000 * generator,
		                               (uint8_t)enables, false));
		program_word(&program, hxcomm_word_omnibus_data(word));
	}
}

static void run(void)
{
	program_wait(&program, 2000);
	machine_run(&machine, &program);
}

static void a_vector_becomes_labels_of_the_table(void **state)
{
	static const uint8_t values[] = { 1, 31, 0, 7, 16, 2 };
	struct haldls_vector_generator_control value = HALDLS_VECTOR_GENERATOR_CONTROL_INIT;
	const struct hxcomm_spike_responses *spikes = &machine.responses->spikes;
	(void)state;
	for (uint32_t generator = 0; generator < 2; generator++) {
		value.lookup_table_entry_start = 40;
		control(generator, &value);
		fill(generator, values, 6);
		run();
		assert_int_equal(spikes->count, 6);
		for (unsigned i = 0; i < 6; i++) {
			assert_int_equal(spikes->label[i],
			        (40 + i + 256 * generator) << 5 | values[i]);
			if (i)
				assert_int_equal(
				        spikes->chip_time[i] - spikes->chip_time[i - 1], 2);
		}
	}
}

static void zeros_may_be_left_out_and_vectors_repeated(void **state)
{
	static const uint8_t values[] = { 0, 3, 0, 0, 9 };
	struct haldls_vector_generator_control value = HALDLS_VECTOR_GENERATOR_CONTROL_INIT;
	const struct hxcomm_spike_responses *spikes = &machine.responses->spikes;
	(void)state;
	value.enable_ignore_zeros = true;
	value.resend_count = 2;
	value.event_pack = 3;
	value.source_waits[0] = 9;
	control(0, &value);
	fill(0, values, 5);
	run();
	assert_int_equal(spikes->count, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(spikes->label[i], i % 2 ? 4 << 5 | 9 : 1 << 5 | 3);
		if (i >= 2) /* a packet in ten cycles */
			assert_int_equal(spikes->chip_time[i] - spikes->chip_time[i - 2], 20);
	}
}

static void a_trigger_begins_and_a_notification_ends(void **state)
{
	static const uint8_t values[] = { 5, 6, 7 };
	struct haldls_vector_generator_control value = HALDLS_VECTOR_GENERATOR_CONTROL_INIT;
	const struct hxcomm_spike_responses *spikes = &machine.responses->spikes;
	(void)state;
	value.signal = HALDLS_VECTOR_GENERATOR_CONTROL_SIGNAL_TRIGGER_AND_NOTIFICATION;
	control(0, &value);
	program_write(&program, 0x84000001, 0x02800000 + MEMORY);
	program_write(&program, 0x02800000 + MEMORY, 77);
	fill(0, values, 3);
	run();
	assert_int_equal(spikes->count, 0);
	program_read(&program, 0x02800000 + MEMORY);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	program_write(&program, 0x84000002, 0);
	program_wait(&program, 1000);
	program_read(&program, 0x02800000 + MEMORY);
	program_read(&program, 0x84000001);
	program_read(&program, 0x84000105);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(spikes->count, 3);
	const uint32_t *read = machine.responses->omnibus.value;
	assert_int_equal(read[0], 77);
	assert_int_equal(read[1], 1);
	assert_int_equal(read[2], 0x02800000 + MEMORY);
	assert_int_equal(read[3], 5);
}

static void a_full_queue_takes_no_more(void **state)
{
	static uint8_t values[EMULATOR_VECTOR_QUEUE + 100];
	struct haldls_vector_generator_control value = HALDLS_VECTOR_GENERATOR_CONTROL_INIT;
	static const uint8_t one[] = { 1 };
	(void)state;
	for (size_t i = 0; i < sizeof(values); i++)
		values[i] = 1;
	value.signal = HALDLS_VECTOR_GENERATOR_CONTROL_SIGNAL_TRIGGER_AND_NOTIFICATION;
	control(1, &value);
	fill(1, one, 1);
	fill(1, values, sizeof(values)); /* its last one finds no place */
	program_write(&program, 0x84001002, 0);
	program_wait(&program, 10000);
	program_write(&program, 0x84001002, 0); /* waits for a vector for ever */
	program_wait(&program, 10000);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->spikes.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vector_becomes_labels_of_the_table),
		cmocka_unit_test(zeros_may_be_left_out_and_vectors_repeated),
		cmocka_unit_test(a_trigger_begins_and_a_notification_ends),
		cmocka_unit_test(a_full_queue_takes_no_more),
	};
	return cmocka_run_group_tests_name("emulator/vector", tests, open_machine, close_machine);
}
