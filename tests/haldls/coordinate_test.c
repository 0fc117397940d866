// SPDX-License-Identifier: MIT
/* The table of coordinates against everything that was recorded of the reference software, and
 * what must hold of it by itself. */
#include "vectors.h"

#include "assert.h"
#include "random.h"

#include <haldls/container.h>
#include <haldls/coordinate.h>

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Some numbers of a coordinate: all where there are few. */
enum { TRIED = 2000 };

static struct test_random chance = {.seed = 257};

/* Number @p i of those that are tried, of @p count coordinates. */
static uint64_t tried(uint64_t i, uint64_t count)
{
	return count <= TRIED || i < TRIED / 2 ? i : test_random_below(&chance, count);
}

static uint64_t tries(uint64_t count)
{
	return count <= TRIED ? count : TRIED;
}

/* ---- recorded -------------------------------------------------------------------------------- */

static bool equals_recorded(const json_t *line, const char *key, const char *ours)
{
	const json_t *recorded = json_object_get(line, key);
	return recorded && ours && !strcmp(json_string_value(recorded), ours);
}

static void check_number(const json_t *line, const char *key, uint64_t ours)
{
	const json_t *recorded = json_object_get(line, key);
	if (recorded && vectors_number(recorded) != ours)
		fail_msg("%s: %s is %" PRIu64, json_string_value(json_object_get(line, "name")),
			key, ours);
}

/* The grid that a coordinate is, or that something on it is. */
static const struct haldls_coordinate *grid_of(const struct haldls_coordinate *coordinate)
{
	while (coordinate->kind == HALDLS_COORDINATE_MIXIN)
		coordinate = coordinate->inner;
	return coordinate;
}

static void check_parts(const json_t *line, const struct haldls_coordinate *ours)
{
	if (json_object_get(line, "local_type")) {
		assert_int_equal(ours->kind, HALDLS_COORDINATE_MIXIN);
		assert_true(equals_recorded(line, "local_type", ours->inner->name));
		assert_true(equals_recorded(line, "on", ours->outer->name));
	}
	if (json_object_get(line, "x_type")) {
		const struct haldls_coordinate *grid = grid_of(ours);
		assert_int_equal(grid->kind, HALDLS_COORDINATE_GRID);
		assert_true(equals_recorded(line, "x_type", grid->inner->name));
		assert_true(equals_recorded(line, "y_type", grid->outer->name));
		check_number(line, "x_size", grid->inner->size);
		check_number(line, "y_size", grid->outer->size);
		check_number(line, "x_min", grid->inner->min);
		check_number(line, "y_min", grid->outer->min);
	}
	if (json_object_get(line, "bound")) {
		const struct haldls_coordinate *interval = grid_of(ours);
		assert_int_equal(interval->kind, HALDLS_COORDINATE_INTERVAL);
		assert_true(equals_recorded(line, "bound", interval->inner->name));
	}
	const char *axis = json_string_value(json_object_get(line, "axis"));
	assert_int_equal(axis ? axis[0] : 0, ours->axis);
}

static void check_kind(const json_t *line, const struct haldls_coordinate *ours)
{
	static const char *const names[] = {"ranged", "grid", "mixin", "interval", NULL, NULL};
	if (json_object_get(line, "kind"))
		assert_true(equals_recorded(line, "kind", names[ours->kind]));
	else
		assert_int_equal(ours->kind, HALDLS_COORDINATE_BASE);
}

/* First and last as the reference counts them; null where it cannot make one. */
static void check_ends(const json_t *line, const struct haldls_coordinate *ours)
{
	const struct {
		const char *key;
		uint64_t e;
	} ends[] = {{"enum_first", ours->min}, {"enum_last", ours->min + ours->size - 1}};
	FOR_ROWS(i, ends)
	{
		const json_t *recorded = json_object_get(line, ends[i].key);
		uint64_t number = 0;
		if (!recorded)
			continue;
		const int status = haldls_coordinate_from_enum(&number, ours, ends[i].e);
		if (json_is_null(recorded)) {
			assert_int_equal(status, HXCOMM_ERANGE);
			continue;
		}
		assert_int_equal(status, 0);
		assert_int_equal(number, vectors_number(recorded));
	}
}

static void every_recorded_coordinate_is_known(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open("coordinates");
	for (json_t *line; (line = vectors_next(vectors));) {
		const char *name = json_string_value(json_object_get(line, "name"));
		const struct haldls_coordinate *ours = haldls_coordinate_find(name);
		if (!ours)
			fail_msg("%s: %s", name, hxcomm_error_message());
		check_number(line, "size", ours->size);
		check_number(line, "min", ours->min);
		check_number(line, "max", ours->max);
		assert_int_equal(json_is_true(json_object_get(line, "v3")), ours->revision_3);
		check_kind(line, ours);
		check_parts(line, ours);
		check_ends(line, ours);
	}
	assert_int_equal(vectors_line(vectors), 322);
	vectors_close(vectors);
}

/* What the recorder could not write as one number: an optional coordinate, or several. */
static bool is_compound(const char *to)
{
	return strchr(to, '<') != NULL;
}

/* @p e is a number as the reference counts. */
static void check_conversion(const struct haldls_coordinate *from,
	const struct haldls_coordinate_conversion *conversion, uint64_t e, const json_t *recorded)
{
	uint64_t number = 0, converted = UINT64_MAX;
	int status = haldls_coordinate_from_enum(&number, from, e);
	if (!status)
		status = haldls_coordinate_convert(&converted, from, conversion, 0, number);
	if (json_is_null(recorded)) {
		if (!status)
			fail_msg("%s %" PRIu64 " %s is %" PRIu64 ", the reference refuses it",
				from->name, e, conversion->function, converted);
		return;
	}
	if (status)
		fail_msg("%s %" PRIu64 " %s: %s", from->name, e, conversion->function,
			hxcomm_error_message());
	if (converted != vectors_number(recorded))
		fail_msg("%s %" PRIu64 " %s is %" PRIu64 ", recorded was %" PRIu64, from->name, e,
			conversion->function, converted, vectors_number(recorded));
}

static void check_line(const json_t *line, size_t *values)
{
	const char *from_name = json_string_value(json_object_get(line, "from"));
	const char *function = json_string_value(json_object_get(line, "function"));
	const char *to = json_string_value(json_object_get(line, "to"));
	const struct haldls_coordinate *from = haldls_coordinate_find(from_name);
	assert_non_null(from);
	const struct haldls_coordinate_conversion *conversion =
		haldls_coordinate_conversion_find(from, function);
	if (!conversion)
		fail_msg("%s", hxcomm_error_message());
	check_number(line, "size", from->size);
	if (is_compound(to)) {
		/* no value of these was recorded; the properties below look at them */
		assert_non_null(strstr(to, conversion->to->name));
		return;
	}
	assert_string_equal(to, conversion->to->name);
	assert_int_equal(conversion->count, 1);
	const json_t *table = json_object_get(line, "table"), *sample;
	size_t i;
	json_array_foreach(table, i, sample)
		check_conversion(from, conversion, from->min + i, sample);
	*values += json_array_size(table);
	json_array_foreach(json_object_get(line, "samples"), i, sample)
	{
		check_conversion(from, conversion, vectors_number(json_array_get(sample, 0)),
			json_array_get(sample, 1));
		++*values;
	}
}

static void every_recorded_conversion_is_ours(void **state)
{
	size_t values = 0;
	(void)state;
	struct vectors *vectors = vectors_open("coordinate_conversions");
	for (json_t *line; (line = vectors_next(vectors));)
		check_line(line, &values);
	assert_int_equal(vectors_line(vectors), 1269);
	vectors_close(vectors);
	print_message("%zu values\n", values);
	assert_true(values > 150000);
}

/* ---- by itself ------------------------------------------------------------------------------- */

static void the_table_is_sorted_and_each_name_finds_its_row(void **state)
{
	size_t count;
	(void)state;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	assert_ptr_equal(all, haldls_coordinates(NULL));
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(haldls_coordinate_find(all[i].name), &all[i]);
		for (size_t c = 0; c < all[i].conversion_count; c++) {
			const struct haldls_coordinate_conversion *conversion =
				&all[i].conversions[c];
			assert_ptr_equal(
				haldls_coordinate_conversion_find(&all[i], conversion->function),
				conversion);
			assert_true(conversion->to >= all && conversion->to < all + count);
			assert_true(conversion->count >= 1);
		}
	}
	assert_null(haldls_coordinate_find("NeuronConfig"));
	assert_string_equal(hxcomm_error_message(),
		"no coordinate 'NeuronConfig': `bss coordinates list` names them all");
}

static void every_container_lies_on_a_coordinate_of_as_many(void **state)
{
	(void)state;
	for (int logical = 0; logical < 2; logical++) {
		size_t count;
		const struct haldls_container *const *all =
			logical ? haldls_logical_containers(&count) : haldls_containers(&count);
		for (size_t i = 0; i < count; i++) {
			const struct haldls_coordinate *c =
				haldls_coordinate_find(all[i]->coordinate);
			if (!c)
				fail_msg("%s: %s", all[i]->name, hxcomm_error_message());
			assert_int_equal(c->size, all[i]->count);
			assert_false(c->retired);
		}
	}
}

static void parts_make_the_number_that_they_come_from(void **state)
{
	size_t count;
	(void)state;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	for (size_t i = 0; i < count; i++) {
		const struct haldls_coordinate *c = &all[i];
		for (uint64_t k = 0; k < tries(c->size); k++) {
			uint64_t parts[HALDLS_COORDINATE_PARTS_MAX], number, again = UINT64_MAX;
			if (haldls_coordinate_from_enum(&number, c, c->min + tried(k, c->size)))
				continue;
			assert_int_equal(haldls_coordinate_decode(parts, c, number), 0);
			for (size_t p = 0; p < c->part_count; p++)
				assert_int_equal(haldls_coordinate_validate(
							 c->parts[p].coordinate, parts[p]),
					0);
			assert_int_equal(haldls_coordinate_encode(&again, c, parts), 0);
			assert_int_equal(again, number);
		}
	}
}

/* Whatever is converted lies within what it is converted to. */
static void conversions_stay_within_their_target(void **state)
{
	size_t count, made = 0;
	(void)state;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < all[i].conversion_count; n++) {
			const struct haldls_coordinate *from = &all[i];
			const struct haldls_coordinate_conversion *conversion =
				&from->conversions[n];
			for (uint64_t k = 0; k < tries(from->size); k += conversion->count) {
				uint64_t number, out;
				if (haldls_coordinate_from_enum(
					    &number, from, from->min + tried(k, from->size)))
					continue;
				for (uint32_t index = 0; index < conversion->count; index++) {
					const int status = haldls_coordinate_convert(
						&out, from, conversion, index, number);
					if (status) {
						assert_int_equal(status, HXCOMM_ENOENT);
						continue;
					}
					if (haldls_coordinate_validate(conversion->to, out))
						fail_msg("%s %" PRIu64 " %s: %s", from->name,
							number, conversion->function,
							hxcomm_error_message());
					made++;
				}
			}
		}
	assert_true(made > 100000);
}

/* Where both of two coordinates convert one to one, going there and back changes nothing. */
static void conversions_between_as_many_invert_each_other(void **state)
{
	size_t count, pairs = 0;
	(void)state;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < all[i].conversion_count; n++) {
			const struct haldls_coordinate *from = &all[i];
			const struct haldls_coordinate_conversion *there = &from->conversions[n];
			const struct haldls_coordinate_conversion *back =
				there->to == from || there->to->size != from->size ||
						there->count > 1
					? NULL
					: haldls_coordinate_conversion_find(there->to, from->name);
			if (!back || back->count > 1)
				continue;
			for (uint64_t k = 0; k < tries(from->size); k++) {
				const uint64_t number = from->min + tried(k, from->size);
				uint64_t other, again = UINT64_MAX;
				if (haldls_coordinate_convert(&other, from, there, 0, number))
					continue;
				assert_int_equal(haldls_coordinate_convert(
							 &again, there->to, back, 0, other),
					0);
				if (again != number)
					fail_msg("%s %" PRIu64 " to %s and back is %" PRIu64,
						from->name, number, there->to->name, again);
			}
			pairs++;
		}
	assert_true(pairs > 800);
}

/* What is one of several leads back to what it is of (spec/coordinates.json: arrays). */
static void each_of_several_leads_back(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"SynapseDriverOnSynapseDriverBlock", "SynapseRowOnSynram"},
		{"SynapseDriverOnPADIBus", "SynapseDriverOnSynapseDriverBlock"},
		{"SynapseDriverOnDLS", "SynapseRowOnDLS"},
		{"SynapseQuadColumnOnDLS", "NeuronColumnOnDLS"},
	};
	(void)state;
	FOR_ROWS(i, rows)
	{
		const struct haldls_coordinate *from = haldls_coordinate_find(rows[i].from);
		const struct haldls_coordinate *to = haldls_coordinate_find(rows[i].to);
		const struct haldls_coordinate_conversion *there =
			haldls_coordinate_conversion_find(from, rows[i].to);
		assert_non_null(there);
		bool seen[512] = {false};
		for (uint64_t e = 0; e < from->size; e++)
			for (uint32_t index = 0; index < there->count; index++) {
				uint64_t out;
				assert_int_equal(
					haldls_coordinate_convert(&out, from, there, index, e), 0);
				assert_false(seen[out]);
				seen[out] = true;
			}
		for (uint64_t e = 0; e < from->size * there->count; e++)
			assert_true(seen[e]);
		assert_int_equal(to->size, from->size * there->count);
	}
}

/* Optional conversions, of which nothing was recorded: inputs and outputs of the crossbar are there
 * for one thing each (spec/coordinates.json: groups). */
static void crossbar_ends_are_for_one_thing_each(void **state)
{
	static const struct {
		const char *from, *to;
		uint64_t first, last;
	} rows[] = {
		{"CrossbarInputOnDLS", "NeuronEventOutputOnDLS", 0, 7},
		{"CrossbarInputOnDLS", "SPL1Address", 8, 11},
		{"CrossbarOutputOnDLS", "PADIBusOnDLS", 0, 7},
		{"CrossbarOutputOnDLS", "CrossbarL2OutputOnDLS", 8, 11},
	};
	(void)state;
	FOR_ROWS(i, rows)
	{
		const struct haldls_coordinate *from = haldls_coordinate_find(rows[i].from);
		const struct haldls_coordinate_conversion *there =
			haldls_coordinate_conversion_find(from, rows[i].to);
		for (uint64_t e = 0; e < from->size; e++) {
			uint64_t out = UINT64_MAX;
			const int status = haldls_coordinate_convert(&out, from, there, 0, e);
			assert_int_equal(status,
				e >= rows[i].first && e <= rows[i].last ? 0 : HXCOMM_ENOENT);
			if (!status)
				assert_int_equal(out, e - rows[i].first);
		}
	}
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void wrong_numbers_are_named_with_their_limits(void **state)
{
	static const struct {
		const char *name;
		uint64_t number;
		const char *message;
	} rows[] = {
		{"NeuronColumnOnDLS", 256, "NeuronColumnOnDLS is 256, allowed are 0 to 255"},
		{"PPUMemoryBlockSize", 0, "PPUMemoryBlockSize is 0, allowed are 1 to 4096"},
		{"PPUMemoryBlockSize", 4097, "PPUMemoryBlockSize is 4097, allowed are 1 to 4096"},
		{"CrossbarNodeOnDLS", 76, "CrossbarNodeOnDLS is 76, allowed are 0 to 75"},
		{"OmnibusAddress", UINT64_C(1) << 32,
			"OmnibusAddress is 4294967296, allowed are 0 to 4294967295"},
		{"NeuronConfigOnDLS", UINT64_MAX,
			"NeuronConfigOnDLS is 18446744073709551615, allowed are 0 to 511"},
		{"PPUMemoryBlockOnPPU", 20 * 4096 + 10,
			"PPUMemoryBlockOnPPU from 20 to 10 ends before it begins"},
		{"PPUMemoryBlockOnDLS", 20 * 4096 + 10,
			"PPUMemoryBlockOnDLS: PPUMemoryBlockOnPPU from 20 to 10 ends before it "
			"begins"},
	};
	(void)state;
	FOR_ROWS(i, rows)
	{
		uint64_t parts[HALDLS_COORDINATE_PARTS_MAX] = {7};
		const struct haldls_coordinate *c = haldls_coordinate_find(rows[i].name);
		assert_int_equal(haldls_coordinate_validate(c, rows[i].number), HXCOMM_ERANGE);
		assert_string_equal(hxcomm_error_message(), rows[i].message);
		assert_int_equal(haldls_coordinate_decode(parts, c, rows[i].number), HXCOMM_ERANGE);
		assert_int_equal(parts[0], 7);
	}
}

static void wrong_parts_and_conversions_are_refused(void **state)
{
	const struct haldls_coordinate *neuron = haldls_coordinate_find("AtomicNeuronOnDLS");
	const struct haldls_coordinate *node = haldls_coordinate_find("CrossbarNodeOnDLS");
	const struct haldls_coordinate *driver = haldls_coordinate_find("SynapseDriverOnDLS");
	uint64_t out = 99;
	(void)state;
	assert_int_equal(haldls_coordinate_encode(&out, neuron, (uint64_t[]){2, 0}), HXCOMM_ERANGE);
	assert_string_equal(hxcomm_error_message(),
		"AtomicNeuronOnDLS: NeuronRowOnDLS is 2, allowed are 0 to 1");
	assert_int_equal(haldls_coordinate_encode(&out, node, (uint64_t[]){0, 1}), HXCOMM_ENOENT);
	assert_string_equal(hxcomm_error_message(),
		"there is no CrossbarNodeOnDLS at CrossbarInput:0 Output:1");
	assert_null(haldls_coordinate_conversion_find(neuron, "toSynapseOnDLS"));
	assert_string_equal(hxcomm_error_message(),
		"AtomicNeuronOnDLS has no conversion 'toSynapseOnDLS': `bss coordinates show "
		"AtomicNeuronOnDLS` lists what it has");
	const struct haldls_coordinate_conversion *rows =
		haldls_coordinate_conversion_find(driver, "SynapseRowOnDLS");
	assert_int_equal(haldls_coordinate_convert(&out, driver, rows, 2, 0), HXCOMM_ERANGE);
	assert_string_equal(hxcomm_error_message(),
		"toSynapseRowOnDLS of SynapseDriverOnDLS: index is 2, allowed are 0 to 1");
	assert_int_equal(haldls_coordinate_convert(&out, driver, rows, 0, 256), HXCOMM_ERANGE);
	assert_int_equal(haldls_coordinate_from_enum(&out, neuron, 512), HXCOMM_ERANGE);
	const struct haldls_coordinate *record = haldls_coordinate_find("LogicalNeuronOnDLS");
	assert_int_equal(haldls_coordinate_validate(record, 0), HXCOMM_ENOTSUP);
	assert_int_equal(out, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_coordinate_is_known),
		cmocka_unit_test(every_recorded_conversion_is_ours),
		cmocka_unit_test(the_table_is_sorted_and_each_name_finds_its_row),
		cmocka_unit_test(every_container_lies_on_a_coordinate_of_as_many),
		cmocka_unit_test(parts_make_the_number_that_they_come_from),
		cmocka_unit_test(conversions_stay_within_their_target),
		cmocka_unit_test(conversions_between_as_many_invert_each_other),
		cmocka_unit_test(each_of_several_leads_back),
		cmocka_unit_test(crossbar_ends_are_for_one_thing_each),
		cmocka_unit_test(wrong_numbers_are_named_with_their_limits),
		cmocka_unit_test(wrong_parts_and_conversions_are_refused),
	};
	return cmocka_run_group_tests_name("haldls/coordinate", tests, NULL, NULL);
}
