// SPDX-License-Identifier: MIT
/* Coordinates as text: as people write them, as the reference software prints them. */
#include "assert.h"
#include "random.h"

#include <haldls/container.h>
#include <haldls/coordinate.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRIED = 700 };

/* ---- printing -------------------------------------------------------------------------------- */

/* The form of the reference is that of the public sources: a number is "Name(1)", a grid
 * "Name(x, y; Enum(e))", something on something "Name(inner, outer)", an interval "Name([a,b])". */
static const struct {
	const char *name;
	uint64_t number;
	const char *labels, *reference;
} texts[] = {
	{"NeuronRowOnDLS", 1, "NeuronRow:1", "NeuronRowOnDLS(1)"},
	{"AtomicNeuronOnDLS", 273, "NeuronRow:1 Column:17",
		"AtomicNeuronOnDLS(NeuronColumnOnDLS(17), NeuronRowOnDLS(1); Enum(273))"},
	{"NeuronConfigOnDLS", 145, "NeuronConfigBlock:1 NeuronConfig:17",
		"NeuronConfigOnDLS(NeuronConfigOnNeuronConfigBlock(17), "
		"NeuronConfigBlockOnDLS(1))"},
	{"SynapseQuadOnDLS", 16384 + 2 * 64 + 3, "Synram:1 SynapseRow:2 QuadColumn:3",
		"SynapseQuadOnDLS(SynapseQuadOnSynram(SynapseQuadColumnOnDLS(3), "
		"SynapseRowOnSynram(2); Enum(131)), SynramOnDLS(1))"},
	{"CADCSampleQuadOnDLS", 65536 + 32768 + 2 * 64 + 3,
		"Synram:1 CADCReadoutType:1 ChannelType:0 SynapseRow:2 QuadColumn:3",
		"CADCSampleQuadOnDLS(CADCSampleQuadOnSynram("
		"CADCSampleQuadUnspecifiedReadoutOnSynram("
		"SynapseQuadOnSynram(SynapseQuadColumnOnDLS(3), SynapseRowOnSynram(2); Enum(131)), "
		"CADCChannelType(0)), CADCReadoutType(1)), SynramOnDLS(1))"},
	{"CrossbarNodeOnDLS", 75, "CrossbarInput:19 Output:11",
		"CrossbarNodeOnDLS(CrossbarOutputOnDLS(11), CrossbarInputOnDLS(19); Enum(75))"},
	{"CapMemCellOnDLS", 2 * 3120 + 3 * 130 + 17, "CapMemBlock:2 Row:3 Column:17",
		"CapMemCellOnDLS(CapMemCellOnCapMemBlock(CapMemColumnOnCapMemBlock(17), "
		"CapMemRowOnCapMemBlock(3); Enum(407)), CapMemBlockOnDLS(2))"},
	{"PPUMemoryBlockOnPPU", 10 * 4096 + 20, "PPUMemoryBlock:10..20",
		"PPUMemoryBlockOnPPU([10,20])"},
	{"PPUMemoryBlockOnDLS", 16777216 + 10 * 4096 + 20, "PPU:1 MemoryBlock:10..20",
		"PPUMemoryBlockOnDLS(PPUMemoryBlockOnPPU([10,20]), PPUOnDLS(1))"},
	{"OmnibusAddress", 4294967295, "OmnibusAddress:4294967295", "OmnibusAddress(4294967295)"},
	{"SpikeLabel::PADILabel", 5, "PADILabel:5", "PADILabel(5)"},
};

static void coordinates_print_as_labels_and_as_the_reference(void **state)
{
	char out[HALDLS_COORDINATE_TEXT_MAX];
	(void)state;
	FOR_ROWS(i, texts)
	{
		const struct haldls_coordinate *c = haldls_coordinate_find(texts[i].name);
		assert_ok(haldls_coordinate_print(
			out, sizeof(out), c, texts[i].number, HALDLS_COORDINATE_LABELS));
		assert_string_equal(out, texts[i].labels);
		assert_ok(haldls_coordinate_print(
			out, sizeof(out), c, texts[i].number, HALDLS_COORDINATE_REFERENCE));
		assert_string_equal(out, texts[i].reference);
		assert_ok(haldls_coordinate_print(
			out, sizeof(out), c, texts[i].number, HALDLS_COORDINATE_NUMBER));
		char number[32];
		snprintf(number, sizeof(number), "%" PRIu64, texts[i].number);
		assert_string_equal(out, number);
	}
}

static void a_text_that_does_not_fit_is_refused_whole(void **state)
{
	const struct haldls_coordinate *c = haldls_coordinate_find("AtomicNeuronOnDLS");
	char out[32] = "before";
	(void)state;
	assert_error(haldls_coordinate_print(out, 21, c, 273, HALDLS_COORDINATE_LABELS),
		HXCOMM_ERANGE, "AtomicNeuronOnDLS as text needs 22 bytes, there are 21");
	assert_string_equal(out, "");
	assert_ok(haldls_coordinate_print(out, 22, c, 273, HALDLS_COORDINATE_LABELS));
	assert_error(haldls_coordinate_print(out, 0, c, 273, HALDLS_COORDINATE_NUMBER),
		HXCOMM_ERANGE, "needs 4 bytes, there are 0");
	assert_error(haldls_coordinate_print(out, sizeof(out), c, 512, HALDLS_COORDINATE_NUMBER),
		HXCOMM_ERANGE, "allowed are 0 to 511");
	assert_string_equal(out, "");
}

/* ---- round trips ----------------------------------------------------------------------------- */

static void check_round_trip(const struct haldls_coordinate *c, uint64_t number)
{
	char text[HALDLS_COORDINATE_TEXT_MAX], spaced[HALDLS_COORDINATE_TEXT_MAX + 2];
	for (int style = HALDLS_COORDINATE_LABELS; style <= HALDLS_COORDINATE_NUMBER; style++) {
		uint64_t again = UINT64_MAX;
		assert_ok(haldls_coordinate_print(
			text, sizeof(text), c, number, (enum haldls_coordinate_style)style));
		snprintf(spaced, sizeof(spaced), " %s ", text);
		assert_ok(haldls_coordinate_parse(&again, c, spaced));
		if (again != number)
			fail_msg("%s %" PRIu64 " is '%s', which is read as %" PRIu64, c->name,
				number, text, again);
	}
}

static void every_coordinate_is_read_as_it_was_printed(void **state)
{
	struct test_random chance = {.seed = 4};
	size_t count;
	(void)state;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	for (size_t i = 0; i < count; i++) {
		const struct haldls_coordinate *c = &all[i];
		for (uint64_t k = 0; k < TRIED && k < c->size; k++) {
			const uint64_t e =
				c->size <= TRIED ? k : test_random_below(&chance, c->size);
			uint64_t number;
			if (!haldls_coordinate_from_enum(&number, c, c->min + e))
				check_round_trip(c, number);
		}
		if (c->kind != HALDLS_COORDINATE_RECORD)
			check_round_trip(
				c, c->kind == HALDLS_COORDINATE_INTERVAL ? c->max : c->min);
		if (c->kind != HALDLS_COORDINATE_RECORD)
			check_round_trip(c, c->max);
	}
}

static void names_of_numbers_are_read(void **state)
{
	size_t count;
	(void)state;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	for (size_t i = 0; i < count; i++)
		for (size_t v = 0; v < all[i].value_count; v++) {
			uint64_t number = UINT64_MAX;
			assert_ok(haldls_coordinate_parse(&number, &all[i], all[i].values[v].name));
			assert_int_equal(number, all[i].values[v].number);
		}
}

/* ---- what people write ----------------------------------------------------------------------- */

static void labels_are_read_in_any_order_and_by_any_name(void **state)
{
	static const struct {
		const char *name, *text;
		uint64_t number;
	} rows[] = {
		{"AtomicNeuronOnDLS", "Column:17 NeuronRow:1", 273},
		{"AtomicNeuronOnDLS", "NeuronColumn:17,NeuronRow:bottom", 273},
		{"AtomicNeuronOnDLS", "NeuronRowOnDLS:bottom, NeuronColumnOnDLS:17", 273},
		{"AtomicNeuronOnDLS", "\tNeuronRow:1\nColumn:017 ", 273},
		{"AtomicNeuronOnDLS", "AtomicNeuronOnDLS(NeuronColumnOnDLS(17),NeuronRowOnDLS(1))",
			273},
		{"SpikeLabel::PADILabel", "SpikeLabel::PADILabel:5", 5},
		{"SynramOnDLS", "bottom", 1},
		{"SynramOnDLS", " top ", 0},
		{"CapMemCellOnDLS", "CapMemBlock:1 CapMemRow:v_leak Column:3", 3123},
		{"CapMemCellOnCapMemBlock", "stp_v_charge_0", 128},
		{"PPUMemoryBlockOnDLS", "PPU:top MemoryBlock:3072..4095", 3072 * 4096 + 4095},
		{"PPUMemoryBlockOnDLS", "PPU:bottom PPUMemoryBlock:0..0", 16777216},
	};
	(void)state;
	FOR_ROWS(i, rows)
	{
		uint64_t number = UINT64_MAX;
		const struct haldls_coordinate *c = haldls_coordinate_find(rows[i].name);
		assert_ok(haldls_coordinate_parse(&number, c, rows[i].text));
		assert_int_equal(number, rows[i].number);
	}
}

static void garbage_is_refused_and_told_how_to_write(void **state)
{
	static const char *const wrong[] = {"", " ", "x", "-1", "+1", "1 2", "0x11", "1e2", "273.0",
		"NeuronRow", "NeuronRow:", "NeuronRow:1", "NeuronRow:1 Column:17 Column:17",
		"NeuronRow:1 Column:17 Synram:1", "NeuronRow:1 Column:x", "NeuronRow:1 Column: 17",
		"NeuronRow:1 Column:17x", "NeuronRow:1;Column:17", ",NeuronRow:1 Column:17",
		"NeuronRow:1 Column:17,", ":1 Column:17", "NeuronRow:1..2 Column:17",
		"AtomicNeuronOnDLS", "AtomicNeuronOnDLS(", "AtomicNeuronOnDLS()",
		"AtomicNeuronOnDLS(273)",
		"AtomicNeuronOnDLS(NeuronColumnOnDLS(17), NeuronRowOnDLS(1); Enum(272))",
		"AtomicNeuronOnDLS(NeuronColumnOnDLS(17), NeuronRowOnDLS(1); Enum(273)",
		"AtomicNeuronOnDLS(NeuronColumnOnDLS(17), NeuronRowOnDLS(1)) 1",
		"AtomicNeuronOnDLS(NeuronRowOnDLS(1), NeuronColumnOnDLS(17))",
		"SynramOnDLS(NeuronColumnOnDLS(17), NeuronRowOnDLS(1))", "18446744073709551616 ",
		"99999999999999999999999999999999"};
	const struct haldls_coordinate *c = haldls_coordinate_find("AtomicNeuronOnDLS");
	(void)state;
	FOR_ROWS(i, wrong)
	{
		uint64_t number = 7;
		assert_error(haldls_coordinate_parse(&number, c, wrong[i]), HXCOMM_EINVAL,
			"is no AtomicNeuronOnDLS: write a number of 0 to 511, 'NeuronRow:0 "
			"Column:0', or as "
			"the reference 'AtomicNeuronOnDLS(NeuronColumnOnDLS(0), NeuronRowOnDLS(0); "
			"Enum(0))'");
		assert_int_equal(number, 7);
	}
}

static void numbers_out_of_range_name_the_part_and_its_limits(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
		const char *message;
	} rows[] = {
		{"AtomicNeuronOnDLS", "512", HXCOMM_ERANGE,
			"AtomicNeuronOnDLS is 512, allowed are 0 to 511"},
		{"AtomicNeuronOnDLS", "NeuronRow:2 Column:17", HXCOMM_ERANGE,
			"AtomicNeuronOnDLS: NeuronRowOnDLS is 2, allowed are 0 to 1"},
		{"AtomicNeuronOnDLS",
			"AtomicNeuronOnDLS(NeuronColumnOnDLS(256), NeuronRowOnDLS(1))",
			HXCOMM_ERANGE, "NeuronColumnOnDLS is 256, allowed are 0 to 255"},
		{"NeuronRowOnDLS", "NeuronRow:2", HXCOMM_ERANGE,
			"NeuronRowOnDLS is 2, allowed are 0 to 1"},
		{"CrossbarNodeOnDLS", "CrossbarInput:0 Output:1", HXCOMM_ENOENT,
			"there is no CrossbarNodeOnDLS at CrossbarInput:0 Output:1"},
		{"PPUMemoryBlockOnPPU", "PPUMemoryBlock:20..10", HXCOMM_ERANGE,
			"PPUMemoryBlockOnPPU from 20 to 10 ends before it begins"},
		{"PPUMemoryBlockOnPPU", "PPUMemoryBlockOnPPU([0,4096])", HXCOMM_ERANGE,
			"PPUMemoryWordOnPPU is 4096, allowed are 0 to 4095"},
		{"LogicalNeuronOnDLS", "0", HXCOMM_ENOTSUP, "LogicalNeuronOnDLS is no number"},
	};
	(void)state;
	FOR_ROWS(i, rows)
	{
		uint64_t number = 7;
		const struct haldls_coordinate *c = haldls_coordinate_find(rows[i].name);
		assert_error(haldls_coordinate_parse(&number, c, rows[i].text), rows[i].code,
			rows[i].message);
		assert_int_equal(number, 7);
	}
}

/* ---- containers ------------------------------------------------------------------------------ */

static void check_element(const struct haldls_container *container, uint32_t element)
{
	char text[HALDLS_ELEMENT_TEXT_MAX], number[64];
	uint32_t again = UINT32_MAX;
	haldls_element_print(text, container, element);
	assert_true(strlen(text) < sizeof(text) - 1);
	snprintf(number, sizeof(number), "%s %" PRIu32, container->coordinate, element);
	assert_memory_equal(text, number, strlen(number));
	const char *labels = strstr(text, " (");
	assert_int_equal(
		labels != NULL, haldls_coordinate_find(container->coordinate)->part_count > 0);
	if (labels) {
		text[strlen(text) - 1] = '\0';
		assert_ok(haldls_element_parse(&again, container, labels + 2));
		assert_int_equal(again, element);
	}
	snprintf(number, sizeof(number), "%" PRIu32, element);
	assert_ok(haldls_element_parse(&again, container, number));
	assert_int_equal(again, element);
}

static void elements_of_containers_are_written_as_coordinates(void **state)
{
	(void)state;
	for (int logical = 0; logical < 2; logical++) {
		size_t count;
		const struct haldls_container *const *all =
			logical ? haldls_logical_containers(&count) : haldls_containers(&count);
		for (size_t i = 0; i < count; i++) {
			check_element(all[i], 0);
			check_element(all[i], all[i]->count - 1);
		}
	}
	const struct haldls_container *neuron = haldls_container_find("NeuronConfig");
	char text[HALDLS_ELEMENT_TEXT_MAX];
	uint32_t element = 7;
	haldls_element_print(text, neuron, 145);
	assert_string_equal(text, "NeuronConfigOnDLS 145 (NeuronConfigBlock:1 NeuronConfig:17)");
	haldls_element_print(text, neuron, 512);
	assert_string_equal(text, "NeuronConfigOnDLS 512");
	assert_error(haldls_element_parse(&element, neuron, "512"), HXCOMM_ERANGE,
		"NeuronConfig: NeuronConfigOnDLS is 512, allowed are 0 to 511");
	assert_error(haldls_element_parse(&element, neuron, "here"), HXCOMM_EINVAL,
		"NeuronConfig: 'here' is no NeuronConfigOnDLS");
	assert_int_equal(element, 7);
}

static void an_error_keeps_its_message_behind_the_place(void **state)
{
	(void)state;
	for (uint32_t element = 511; element <= 512; element++) {
		hxcomm_error_set(HXCOMM_EIO, "the disk is full");
		assert_int_equal(haldls_element_wrap(HXCOMM_EIO,
					 haldls_container_find("NeuronConfig"), element),
			HXCOMM_EIO);
		assert_string_equal(hxcomm_error_message(),
			element == 512
				? "NeuronConfigOnDLS 512: the disk is full"
				: "NeuronConfigOnDLS 511 (NeuronConfigBlock:3 NeuronConfig:127): "
				  "the disk is full");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coordinates_print_as_labels_and_as_the_reference),
		cmocka_unit_test(a_text_that_does_not_fit_is_refused_whole),
		cmocka_unit_test(every_coordinate_is_read_as_it_was_printed),
		cmocka_unit_test(names_of_numbers_are_read),
		cmocka_unit_test(labels_are_read_in_any_order_and_by_any_name),
		cmocka_unit_test(garbage_is_refused_and_told_how_to_write),
		cmocka_unit_test(numbers_out_of_range_name_the_part_and_its_limits),
		cmocka_unit_test(elements_of_containers_are_written_as_coordinates),
		cmocka_unit_test(an_error_keeps_its_message_behind_the_place),
	};
	return cmocka_run_group_tests_name("haldls/coordinate_text", tests, NULL, NULL);
}
