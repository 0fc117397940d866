// SPDX-License-Identifier: MIT
#include <hxcomm/message.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "messages.h"
#include "vectors.h"

#include <stdlib.h>

/* spec/transport.md 1.7, to the FPGA */
static void every_instruction_has_the_word_of_the_specification(void **state)
{
	const struct {
		uint64_t word, expected;
	} rows[] = {
		{ hxcomm_word_jtag_init(), 0x0000000000000000 },
		{ hxcomm_word_jtag_scaler(3), 0x0100000000000003 },
		{ hxcomm_word_jtag_instruction(1), 0x0200000000000001 },
		{ hxcomm_word_jtag_instruction(127), 0x020000000000007f },
		{ hxcomm_word_jtag_data(0, 32, true), 0x0301200000000000 },
		{ hxcomm_word_jtag_data(0x1deadbeef, 33, false), 0x03002101deadbeef },
		{ hxcomm_word_timer_setup(), 0x0400000000000000 },
		{ hxcomm_word_wait_until(12500), 0x05000000000030d4 },
		{ hxcomm_word_systime_init(true), 0x0600000000000001 },
		{ hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS), 0x0700000000000001 },
		{ hxcomm_word_barrier(HXCOMM_BARRIER_ALL), 0x070000000000001f },
		{ hxcomm_word_polling_block(true), 0x0800000000000001 },
		{ hxcomm_word_chip_reset(true), 0x0900000000000001 },
		{ hxcomm_word_chip_reset(false), 0x0900000000000000 },
		{ hxcomm_word_loopback(false), 0x0a00000000000000 },
		{ HXCOMM_WORD_HALT, 0x0a00000000000000 },
		{ hxcomm_word_loopback(true), 0x0a00000000000001 },
		{ hxcomm_word_omnibus_address(0x88000003, 15, true), 0x0b00001f88000003 },
		{ hxcomm_word_omnibus_address(0x88004000, 15, false), 0x0b00000f88004000 },
		{ hxcomm_word_omnibus_data(0xff), 0x0c000000000000ff },
		{ hxcomm_word_omnibus_address(0x12345, 4, false), 0x0b00000400012345 },
		{ hxcomm_word_omnibus_data(0x00ab0000), 0x0c00000000ab0000 },
		{ hxcomm_word_spike_pack_1(0x1234), 0x0d00000000001234 },
		{ hxcomm_word_spike_pack_2(0x1111, 0x2222), 0x0e00000011112222 },
		{ hxcomm_word_spike_pack_3(0x1111, 0x2222, 0x3333), 0x0f00111122223333 },
	};
	(void)state;
	FOR_ROWS(i, rows)
		assert_int_equal(rows[i].word, rows[i].expected);
}

static void arguments_never_leave_their_field(void **state)
{
	(void)state;
	assert_int_equal(hxcomm_word_jtag_scaler(0xffffffff), 0x01000000000000ff);
	assert_int_equal(hxcomm_word_jtag_instruction(0xffffffff), 0x020000000000007f);
	assert_int_equal(hxcomm_word_jtag_data(UINT64_MAX, 0xffffffff, true), 0x0301ff01ffffffff);
	assert_int_equal(hxcomm_word_barrier(0xffffffff), 0x070000000000001f);
	assert_int_equal(hxcomm_word_omnibus_address(0xffffffff, 0xffffffff, true),
	        0x0b00001fffffffff);
	for (unsigned code = 0; code < 16; code++)
		assert_int_equal(hxcomm_word_instruction(
		                         hxcomm_word((enum hxcomm_instruction)code, 1)), code);
}

/* The words of a message by the functions that programs are built with. */
static uint64_t word_by_function(const struct hxcomm_message *m)
{
	uint64_t f[3];
	for (size_t i = 0; i < 3; i++)
		f[i] = m->kind->list ? hxcomm_message_get(m, i, 0) : hxcomm_message_get(m, 0, i);
	const uint32_t value = (uint32_t)f[0];
	switch ((enum hxcomm_instruction)m->kind->code) {
	case HXCOMM_JTAG_INIT:
		return hxcomm_word_jtag_init();
	case HXCOMM_JTAG_SCALER:
		return hxcomm_word_jtag_scaler(value);
	case HXCOMM_JTAG_INSTRUCTION:
		return hxcomm_word_jtag_instruction(value);
	case HXCOMM_JTAG_DATA:
		return hxcomm_word_jtag_data(f[2], (uint32_t)f[1], f[0]);
	case HXCOMM_TIMER_SETUP:
		return hxcomm_word_timer_setup();
	case HXCOMM_WAIT_UNTIL:
		return hxcomm_word_wait_until(value);
	case HXCOMM_SYSTIME_INIT:
		return hxcomm_word_systime_init(value);
	case HXCOMM_BARRIER:
		return hxcomm_word_barrier(value);
	case HXCOMM_POLLING_BLOCK:
		return hxcomm_word_polling_block(value);
	case HXCOMM_CHIP_RESET:
		return hxcomm_word_chip_reset(value);
	case HXCOMM_LOOPBACK:
		return hxcomm_word_loopback(value);
	case HXCOMM_OMNIBUS_ADDRESS:
		return hxcomm_word_omnibus_address(value, (uint32_t)f[2], f[1]);
	case HXCOMM_OMNIBUS_DATA:
		return hxcomm_word_omnibus_data(value);
	case HXCOMM_SPIKE_PACK_1:
		return hxcomm_word_spike_pack_1((uint16_t)f[0]);
	case HXCOMM_SPIKE_PACK_2:
		return hxcomm_word_spike_pack_2((uint16_t)f[0], (uint16_t)f[1]);
	case HXCOMM_SPIKE_PACK_3:
		return hxcomm_word_spike_pack_3((uint16_t)f[0], (uint16_t)f[1], (uint16_t)f[2]);
	}
	return UINT64_MAX;
}

static void all_recorded_instructions_have_the_recorded_word(void **state)
{
	struct vectors *vectors = vectors_open("ut_encode");
	size_t messages = 0;
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		if (strcmp(json_string_value(json_object_get(line, "direction")), "to_fpga"))
			continue;
		const json_t *list = json_object_get(line, "messages");
		size_t count;
		uint64_t *words = vectors_words(json_object_get(line, "words"), &count);
		assert_int_equal(json_array_size(list), count);
		struct hxcomm_message_reader reader = { HXCOMM_TO_FPGA, words, count, 0 };
		for (size_t i = 0; i < count; i++, messages++) {
			const json_t *json = json_array_get(list, i);
			const struct hxcomm_message message =
			        message_from_json(HXCOMM_TO_FPGA, json);
			struct hxcomm_message back;
			assert_int_equal(hxcomm_message_word(&message), words[i]);
			assert_int_equal(word_by_function(&message), words[i]);
			assert_int_equal(hxcomm_message_read(&back, &reader), 1);
			assert_message(&back, json);
		}
		free(words);
	}
	assert_true(messages > 1000);
	vectors_close(vectors);
}

static void the_table_of_messages_is_the_recorded_dictionary(void **state)
{
	struct vectors *vectors = vectors_open("ut_dictionary");
	size_t seen[2] = { 0 };
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		const bool from = !strcmp(json_string_value(json_object_get(line, "direction")),
		        "from_fpga");
		const enum hxcomm_direction direction = from ? HXCOMM_FROM_FPGA : HXCOMM_TO_FPGA;
		const struct hxcomm_message_kind *kind = hxcomm_message_find(direction,
		        json_string_value(json_object_get(line, "type")));
		size_t count;
		const struct hxcomm_message_kind *kinds = hxcomm_message_kinds(direction, &count);
		assert_non_null(kind);
		assert_ptr_equal(kind, &kinds[vectors_u64(line, "header")]);
		assert_int_equal(kind->code, vectors_u64(line, "header"));
		assert_int_equal(kind->payload_bits, vectors_u64(line, "payload_bits"));
		assert_int_equal(kind->message_bits, vectors_u64(line, "message_bits"));
		seen[from]++;
	}
	assert_int_equal(seen[0], HXCOMM_INSTRUCTIONS);
	assert_int_equal(seen[1], HXCOMM_RESPONSES);
	vectors_close(vectors);
}

static void a_field_that_does_not_fit_is_refused(void **state)
{
	struct hxcomm_message message = { hxcomm_message_find(HXCOMM_TO_FPGA,
	        "timing::Barrier"), 3, 0 };
	(void)state;
	assert_error(hxcomm_message_set(&message, 0, 0, 32), HXCOMM_ERANGE,
	        "timing::Barrier.value is 32, allowed are 0 to 31");
	assert_error(hxcomm_message_set(&message, 0, 1, 0), HXCOMM_EINVAL, "no item 0, field 1");
	assert_error(hxcomm_message_set(&message, 1, 0, 0), HXCOMM_EINVAL, "no item 1, field 0");
	assert_int_equal(message.low, 3);
	message.kind = hxcomm_message_find(HXCOMM_TO_FPGA, "event_to_fpga::SpikePack<1>");
	assert_error(hxcomm_message_set(&message, 0, 0, 65536), HXCOMM_ERANGE, "spikes is 65536");
	assert_null(hxcomm_message_find(HXCOMM_TO_FPGA, "timing_from_fpga::Systime"));
	assert_int_equal(hxcomm_message_get(&message, 1, 0), 0);
}

static void a_word_that_is_no_instruction_is_named(void **state)
{
	const uint64_t words[] = { hxcomm_word_timer_setup(), UINT64_C(0x1000000000000000) };
	struct hxcomm_message_reader reader = { HXCOMM_TO_FPGA, words, 2, 0 };
	struct hxcomm_message message;
	(void)state;
	assert_int_equal(hxcomm_message_read(&message, &reader), 1);
	assert_error(hxcomm_message_read(&message, &reader), HXCOMM_EPROTO, "word 1, byte 0: 0x10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_instruction_has_the_word_of_the_specification),
		cmocka_unit_test(arguments_never_leave_their_field),
		cmocka_unit_test(all_recorded_instructions_have_the_recorded_word),
		cmocka_unit_test(the_table_of_messages_is_the_recorded_dictionary),
		cmocka_unit_test(a_field_that_does_not_fit_is_refused),
		cmocka_unit_test(a_word_that_is_no_instruction_is_named),
	};
	return cmocka_run_group_tests_name("hxcomm/words", tests, NULL, NULL);
}
