// SPDX-License-Identifier: MIT
/* Properties of every container, over random values and coordinates. */
#include "random.h"

#include "assert.h"

#include <haldls/containers.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUES = 40 };

/* Containers whose words do not keep all of a value: a timer is only ever reset, byte enables are
 * no part of a word, and a debug cell without its enable is forgotten. */
static bool keeps_everything(const struct haldls_container *c)
{
	static const char *const forgetful[] = { "Timer", "CapMemBlockConfig", "ExternalPPUMemoryQuad",
		"ExternalPPUDRAMMemoryQuad", "VectorGeneratorFIFOWord" };
	FOR_ROWS (i, forgetful)
		if (!strcmp(c->name, forgetful[i]))
			return false;
	return true;
}

static void draw_fields(void *value, const struct haldls_container *c, struct test_random *random)
{
	for (size_t f = 0; f < c->field_count; f++) {
		const struct haldls_field *field = &c->fields[f];
		const uint64_t span = (uint64_t)(field->max - field->min) + 1;
		for (uint32_t i = 0; i < field->count; i++) {
			/* the ends of the range more often than chance has them */
			const uint64_t pick = test_random_below(random, 8);
			const int64_t number = pick == 0   ? field->min
			                       : pick == 1 ? field->max
			                                   : field->min + (int64_t)test_random_below(random, span);
			if (!field->fixed)
				assert_ok(haldls_field_set(field, value, i, number));
		}
	}
}

/* A coordinate that has words; the first and the last are among them. */
static uint32_t draw_coordinate(const struct haldls_container *c, uint32_t turn,
        struct test_random *random)
{
	uint32_t e = turn == 0 ? 0 : turn == 1 ? c->count - 1 : (uint32_t)test_random_below(random, c->count);
	while (c->word_count && haldls_container_words(NULL, c, e))
		e = (uint32_t)test_random_below(random, c->count);
	return e;
}

static void check_equal(const struct haldls_container *c, uint32_t e, const void *one,
        const void *other)
{
	for (size_t f = 0; f < c->field_count; f++) {
		const struct haldls_field *field = &c->fields[f];
		const uint32_t count = c->word_count ? c->word_count(e) : field->count;
		for (uint32_t i = 0; i < count && !field->fixed; i++)
			if (haldls_field_get(field, one, i) != haldls_field_get(field, other, i))
				fail_msg("%s %u: %s[%u] was %" PRId64 ", is %" PRId64, c->name, e, field->name, i,
				        haldls_field_get(field, one, i), haldls_field_get(field, other, i));
	}
}

static void values_survive_their_words(void **state)
{
	static uint32_t words[HALDLS_CONTAINER_WORDS_MAX], again[HALDLS_CONTAINER_WORDS_MAX];
	struct test_random random = { .seed = 11 };
	size_t count, trips = 0;
	const struct haldls_container *const *all = haldls_containers(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *c = all[i];
		void *value = calloc(1, c->size), *back = calloc(1, c->size);
		assert_non_null(value);
		assert_non_null(back);
		for (uint32_t turn = 0; turn < VALUES; turn++, trips++) {
			const uint32_t e = draw_coordinate(c, turn, &random);
			uint32_t words_here;
			c->init(value);
			draw_fields(value, c, &random);
			assert_ok(haldls_container_words(&words_here, c, e));
			assert_ok(haldls_container_encode(words, NULL, c, e, value));
			assert_ok(haldls_container_decode(back, c, e, words));
			if (keeps_everything(c))
				check_equal(c, e, value, back);
			assert_ok(haldls_container_encode(again, NULL, c, e, back));
			assert_memory_equal(words, again, words_here * sizeof(*words));
		}
		free(value);
		free(back);
	}
	print_message("%zu values of %zu containers survived\n", trips, count);
	assert_true(count >= 109);
}

/* Whatever a chip answers is either understood or refused with a reason. */
static void any_words_are_decoded_or_refused(void **state)
{
	static uint32_t words[HALDLS_CONTAINER_WORDS_MAX];
	struct test_random random = { .seed = 12 };
	size_t count, refused = 0;
	const struct haldls_container *const *all = haldls_containers(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *c = all[i];
		unsigned char *value = calloc(1, c->size), *before = calloc(1, c->size);
		assert_non_null(value);
		assert_non_null(before);
		c->init(before);
		for (uint32_t turn = 0; turn < VALUES; turn++) {
			const uint32_t e = draw_coordinate(c, turn, &random);
			for (size_t w = 0; w < HALDLS_CONTAINER_WORDS_MAX; w++)
				words[w] = turn == 0 ? UINT32_MAX
				                     : (uint32_t)test_random_below(&random, UINT64_C(1) << 32);
			memcpy(value, before, c->size);
			const int status = haldls_container_decode(value, c, e, words);
			if (status == HXCOMM_OK)
				continue;
			assert_int_equal(status, HXCOMM_ERANGE);
			assert_non_null(strstr(hxcomm_error_message(), c->name));
			assert_memory_equal(value, before, c->size);
			refused++;
		}
		free(value);
		free(before);
	}
	assert_true(refused > 100);
}

static void check_refusal(const struct haldls_container *c, const struct haldls_field *field,
        void *value, uint32_t index, int64_t number)
{
	static uint32_t words[HALDLS_CONTAINER_WORDS_MAX];
	char ending[160], name[160];
	if (haldls_field_set(field, value, index, number))
		return; /* no such number fits the member */
	(void)snprintf(name, sizeof(name), "%s.%s", c->name, field->name);
	(void)snprintf(ending, sizeof(ending), " is %" PRId64 ", allowed are %" PRId64 " to %" PRId64,
	        number, field->min, field->max);
	assert_error(c->encode(words, value), HXCOMM_ERANGE, name);
	assert_non_null(strstr(hxcomm_error_message(), ending));
}

static void a_number_out_of_range_is_refused_with_its_name(void **state)
{
	size_t count, tried = 0;
	const struct haldls_container *const *all = haldls_containers(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *c = all[i];
		void *value = calloc(1, c->size);
		assert_non_null(value);
		for (size_t f = 0; f < c->field_count; f++) {
			const struct haldls_field *field = &c->fields[f];
			if (field->fixed || field->type == HALDLS_TYPE_BOOL || field->max == UINT32_MAX)
				continue;
			for (uint32_t e = 0; e < field->count; e += field->count > 8 ? 97 : 1, tried++) {
				c->init(value);
				check_refusal(c, field, value, e, field->max + 1);
				if (field->min == 0)
					continue;
				c->init(value);
				check_refusal(c, field, value, e, field->min - 1);
			}
		}
		free(value);
	}
	print_message("%zu elements tried\n", tried);
	assert_true(tried > 250);
}

static void a_coordinate_that_does_not_exist_is_refused(void **state)
{
	uint32_t words[HALDLS_CONTAINER_WORDS_MAX] = { 0 }, count;
	struct haldls_neuron_config config = HALDLS_NEURON_CONFIG_INIT;
	static struct haldls_ppu_memory_block block;
	(void)state;
	assert_error(haldls_container_encode(words, NULL, &haldls_neuron_config_container, 512, &config),
	        HXCOMM_ERANGE, "NeuronConfigOnDLS of NeuronConfig is 512, allowed are 0 to 511");
	assert_error(haldls_container_decode(&config, &haldls_neuron_config_container, 512, words),
	        HXCOMM_ERANGE, "allowed are 0 to 511");
	/* an interval of words 5 to 4, and one of words 4 to 5 */
	assert_error(haldls_container_encode(words, NULL, &haldls_ppu_memory_block_container,
	                     5 * 4096 + 4, &block),
	        HXCOMM_ERANGE, "ends before it begins");
	assert_ok(haldls_container_words(&count, &haldls_ppu_memory_block_container, 4 * 4096 + 5));
	assert_int_equal(count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_survive_their_words),
		cmocka_unit_test(any_words_are_decoded_or_refused),
		cmocka_unit_test(a_number_out_of_range_is_refused_with_its_name),
		cmocka_unit_test(a_coordinate_that_does_not_exist_is_refused),
	};
	return cmocka_run_group_tests_name("haldls/round_trip", tests, NULL, NULL);
}
