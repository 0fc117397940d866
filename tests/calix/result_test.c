// SPDX-License-Identifier: MIT
#include "assert.h"

#include <calix/result.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct calix_result *new_result(void)
{
	struct calix_result *result;
	assert_ok(calix_result_new(&result, "emulator-1", "spiking"));
	return result;
}

static void the_dictionary_is_sound(void **state)
{
	size_t count;
	const struct calix_parameter *rows = calix_parameters(&count);
	(void)state;
	assert_true(count >= 20);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(calix_parameter_find(rows[i].name), &rows[i]); /* no name twice */
		assert_true(rows[i].lo <= 0 && rows[i].hi > 0);
		assert_true(rows[i].length > 0 && rows[i].length <= CALIX_ARRAY_MAX);
		const size_t expected = !strcmp(rows[i].scope, "quadrant")  ? 4
		                        : !strcmp(rows[i].scope, "neuron")  ? 512
		                        : !strcmp(rows[i].scope, "channel") ? 1024
		                        : !strcmp(rows[i].scope, "chip")    ? 1
		                                                            : 0;
		assert_int_equal(rows[i].length, expected);
	}
	assert_null(calix_parameter_find("neuron.nothing"));
	assert_null(calix_parameter_find(NULL));
}

/* Every array takes its whole range and not one value more: by the dictionary itself. */
static void every_array_takes_its_range_and_nothing_beyond(void **state)
{
	size_t count;
	const struct calix_parameter *rows = calix_parameters(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct calix_result *result = new_result();
		int32_t values[CALIX_ARRAY_MAX];
		for (size_t j = 0; j < rows[i].length; j++)
			values[j] = j % 2 ? rows[i].lo : rows[i].hi;
		const size_t last = rows[i].length - 1;
		const int32_t good = values[last];
		char index[96];
		snprintf(index, sizeof(index), "%s[%zu] is %d", rows[i].name, last, (int)rows[i].hi + 1);
		values[last] = rows[i].hi + 1;
		assert_error(calix_result_add_array(result, rows[i].name, values, last + 1, NULL),
		        HXCOMM_ERANGE, index);
		values[last] = rows[i].lo - 1;
		assert_error(calix_result_add_array(result, rows[i].name, values, last + 1, NULL),
		        HXCOMM_ERANGE, "allowed are");
		assert_null(calix_result_array(result, rows[i].name, NULL));
		values[last] = good;
		assert_ok(calix_result_add_array(result, rows[i].name, values, last + 1, NULL));
		size_t length;
		const int32_t *read = calix_result_array(result, rows[i].name, &length);
		assert_int_equal(length, rows[i].length);
		assert_memory_equal(read, values, length * sizeof(*values));
		assert_string_equal(calix_result_array_name(result, 0), rows[i].name);
		assert_null(calix_result_array_name(result, 1));
		calix_result_free(result);
	}
}

static void a_mask_tells_success_from_failure(void **state)
{
	struct calix_result *result = new_result();
	const int32_t values[4] = { 1, 2, 3, 4 };
	uint8_t success[4] = { 1, 0, 2, 1 };
	size_t count, good;
	(void)state;
	assert_error(calix_result_add_array(result, "synapse.dac_bias", values, 4, success),
	        HXCOMM_EINVAL, "synapse.dac_bias[2]");
	success[2] = 0;
	assert_ok(calix_result_add_array(result, "synapse.dac_bias", values, 4, success));
	assert_ok(calix_result_add_array(result, "cadc.v_ramp_offset", values, 4, NULL));
	assert_memory_equal(calix_result_success(result, "synapse.dac_bias", &count), success, 4);
	assert_int_equal(count, 4);
	assert_int_equal(calix_result_count(result, &good), 8);
	assert_int_equal(good, 6);
	assert_null(calix_result_success(result, "neuron.v_leak", &count));
	assert_int_equal(count, 0);
	/* in the order of the dictionary, not of addition */
	assert_string_equal(calix_result_array_name(result, 0), "cadc.v_ramp_offset");
	assert_string_equal(calix_result_array_name(result, 1), "synapse.dac_bias");
	calix_result_free(result);
}

static void what_is_there_stays_as_it_is(void **state)
{
	struct calix_result *result = new_result();
	const int32_t values[4] = { 1, 2, 3, 4 }, others[4] = { 5, 6, 7, 8 };
	(void)state;
	assert_ok(calix_result_add_array(result, "synapse.dac_bias", values, 4, NULL));
	assert_error(calix_result_add_array(result, "synapse.dac_bias", others, 4, NULL), HXCOMM_ESTATE,
	        "never change");
	assert_memory_equal(calix_result_array(result, "synapse.dac_bias", NULL), values, sizeof(values));
	assert_ok(calix_result_add_metric(result, "leak.std", 1.5));
	assert_error(calix_result_add_metric(result, "leak.std", 2.5), HXCOMM_ESTATE, "leak.std");
	calix_result_free(result);
}

static void metrics_come_back_sorted(void **state)
{
	static const char *const names[] = { "m", "z", "a", "b.c", "y_1", "b-c" };
	struct calix_result *result = new_result();
	size_t count;
	(void)state;
	FOR_ROWS(i, names)
		assert_ok(calix_result_add_metric(result, names[i], (double)i));
	const struct calix_metric *metrics = calix_result_metrics(result, &count);
	assert_int_equal(count, 6);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(names[(size_t)metrics[i].value], metrics[i].name);
		assert_true(i == 0 || strcmp(metrics[i - 1].name, metrics[i].name) < 0);
	}
	assert_error(calix_result_add_metric(result, "n", (double)NAN), HXCOMM_ERANGE, "finite");
	assert_error(calix_result_add_metric(result, "n", (double)INFINITY), HXCOMM_ERANGE, "finite");
	assert_error(calix_result_add_metric(result, "two words", 1), HXCOMM_EINVAL, "'two words'");
	for (int i = 0; i < CALIX_METRICS_MAX - 6; i++) {
		char name[16];
		snprintf(name, sizeof(name), "k%d", i);
		assert_ok(calix_result_add_metric(result, name, i));
	}
	assert_error(calix_result_add_metric(result, "n", 1), HXCOMM_ERANGE, "one too many");
	calix_result_free(result);
}

static void wrong_names_and_lengths_are_refused(void **state)
{
	char longest[CALIX_CHIP_MAX + 2];
	struct calix_result *result = (void *)1;
	const int32_t values[512] = { 0 };
	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_error(calix_result_new(&result, NULL, "cadc"), HXCOMM_EINVAL, "hxcomm_identifier()");
	assert_null(result);
	assert_error(calix_result_new(&result, "", "cadc"), HXCOMM_EINVAL, "none");
	assert_error(calix_result_new(&result, longest, "cadc"), HXCOMM_EINVAL, "255");
	assert_error(calix_result_new(&result, "chip\n1", "cadc"), HXCOMM_EINVAL, "0x0a");
	assert_error(calix_result_new(&result, "emulator-1", NULL), HXCOMM_EINVAL, "kind");
	assert_error(calix_result_new(&result, "emulator-1", longest), HXCOMM_EINVAL, "63");
	assert_error(calix_result_new(&result, "emulator-1", "a'b"), HXCOMM_EINVAL, "'a'b'");
	result = new_result();
	assert_error(calix_result_add_array(result, "neuron.v_leek", values, 512, NULL), HXCOMM_ENOENT,
	        "'neuron.v_leek'");
	assert_error(calix_result_add_array(result, NULL, values, 512, NULL), HXCOMM_ENOENT, "''");
	assert_error(calix_result_add_array(result, "neuron.v_leak", values, 511, NULL), HXCOMM_EINVAL,
	        "512 values, one a neuron, not 511");
	assert_error(calix_result_add_array(result, "neuron.v_leak", NULL, 512, NULL), HXCOMM_EINVAL,
	        "not 0");
	assert_int_equal(calix_result_count(result, NULL), 0);
	calix_result_free(result);
	calix_result_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dictionary_is_sound),
		cmocka_unit_test(every_array_takes_its_range_and_nothing_beyond),
		cmocka_unit_test(a_mask_tells_success_from_failure),
		cmocka_unit_test(what_is_there_stays_as_it_is),
		cmocka_unit_test(metrics_come_back_sorted),
		cmocka_unit_test(wrong_names_and_lengths_are_refused),
	};
	return cmocka_run_group_tests_name("calix/result", tests, NULL, NULL);
}
