// SPDX-License-Identifier: MIT
/* Blocks of memory: every recorded line, every probe, and what is no block. */
#include "member.h"
#include "random.h"
#include "vectors.h"

#include "assert.h"

#include <haldls/memory_block.h>

enum { BYTES_MAX = 64, WORDS_MAX = 20 };

static struct {
	struct haldls_memory_block block;
	uint8_t bytes[BYTES_MAX], enables[WORDS_MAX];
	uint32_t words[WORDS_MAX], addresses[WORDS_MAX], count;
	size_t size;
} work;

static uint64_t number_of(const json_t *line, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(line, name));
}

static void begin(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "container"));
	const enum haldls_memory memory =
		strstr(name, "DRAM") ? HALDLS_MEMORY_EXTERNAL_DRAM : HALDLS_MEMORY_EXTERNAL;
	assert_string_equal(haldls_memory_block_name(memory), name);
	assert_ok(
		haldls_memory_block_find(&work.block, memory, number_of(line, "coordinate_enum")));
	assert_ok(haldls_memory_block_words(&work.count, &work.block));
	work.size = work.block.last - work.block.first + 1;
	assert_true(work.count <= WORDS_MAX && work.size <= BYTES_MAX);
}

static void read_bytes(const json_t *fields)
{
	const json_t *bytes = json_object_get(fields, "bytes");
	assert_int_equal(json_array_size(bytes), work.size);
	for (size_t i = 0; i < work.size; i++)
		work.bytes[i] = (uint8_t)json_integer_value(json_array_get(bytes, i));
}

static void encode(void)
{
	assert_ok(haldls_memory_block_encode(
		work.addresses, work.words, work.enables, &work.block, work.bytes, work.size));
}

static void check_line(const json_t *line)
{
	const json_t *write = json_object_get(line, "write"), *read = json_object_get(line, "read");
	const json_t *enables = json_object_get(line, "byte_enables");
	const json_t *from = json_object_get(line, "decoded_from");
	begin(line);
	read_bytes(json_object_get(line, "fields"));
	encode();
	assert_int_equal(json_array_size(write), work.count);
	assert_int_equal(json_array_size(read), work.count);
	for (uint32_t w = 0; w < work.count; w++) {
		const json_t *pair = json_array_get(write, w);
		assert_int_equal(work.addresses[w], json_integer_value(json_array_get(pair, 0)));
		assert_int_equal(work.words[w], json_integer_value(json_array_get(pair, 1)));
		assert_int_equal(work.addresses[w], json_integer_value(json_array_get(read, w)));
		assert_int_equal(work.enables[w],
			enables ? json_integer_value(json_array_get(enables, w)) : 15);
	}
	if (!from)
		return;
	uint8_t decoded[BYTES_MAX];
	for (uint32_t w = 0; w < work.count; w++)
		work.words[w] = (uint32_t)json_integer_value(json_array_get(from, w));
	assert_ok(haldls_memory_block_decode(decoded, &work.block, work.words));
	assert_memory_equal(decoded, work.bytes, work.size);
}

static void recorded_blocks_encode_and_decode_the_same(void **state)
{
	size_t lines = 0;
	(void)state;
	struct vectors *vectors = vectors_open("lola");
	for (json_t *line; (line = vectors_next(vectors));) {
		if (!member_is_block(line))
			continue;
		check_line(line);
		lines++;
	}
	vectors_close(vectors);
	assert_int_equal(lines, 50);
}

/* "bytes[3]" and its value after the change; SIZE_MAX where nothing changes. */
static size_t changed_byte(uint8_t *after, const json_t *line)
{
	const char *path;
	json_t *pair;
	json_object_foreach(json_object_get(line, "changed"), path, pair)
	{
		*after = (uint8_t)json_integer_value(json_array_get(pair, 1));
		return (size_t)strtoul(strchr(path, '[') + 1, NULL, 10);
	}
	return SIZE_MAX;
}

static void probe(const json_t *line)
{
	const char *kind = json_string_value(json_object_get(line, "kind"));
	uint8_t after = 0, decoded[BYTES_MAX];
	uint32_t words[WORDS_MAX];
	const size_t place = changed_byte(&after, line);
	memcpy(words, work.words, sizeof(words));
	if (!strcmp(kind, "decode")) {
		words[number_of(line, "word")] ^= UINT32_C(1) << number_of(line, "bit");
		assert_ok(haldls_memory_block_decode(decoded, &work.block, words));
		for (size_t i = 0; i < work.size; i++)
			assert_int_equal(decoded[i], i == place ? after : work.bytes[i]);
		return;
	}
	const json_t *list = json_object_get(line, "xor");
	const uint8_t before = work.bytes[place];
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *pair = json_array_get(list, i);
		words[json_integer_value(json_array_get(pair, 0))] ^=
			(uint32_t)json_integer_value(json_array_get(pair, 1));
	}
	work.bytes[place] = after;
	encode();
	assert_memory_equal(work.words, words, work.count * sizeof(*words));
	work.bytes[place] = before;
	encode();
}

static void one_bit_changes_what_was_recorded(void **state)
{
	size_t probes = 0;
	(void)state;
	struct vectors *vectors = vectors_open("lola_onehot");
	for (json_t *line; (line = vectors_next(vectors));) {
		if (!member_is_block(line))
			continue;
		if (json_object_get(line, "fields")) {
			begin(line);
			read_bytes(json_object_get(line, "fields"));
			encode();
			continue;
		}
		probe(line);
		probes++;
	}
	vectors_close(vectors);
	print_message("%zu probes passed\n", probes);
	assert_true(probes > 500);
}

static void containers_are_what_was_recorded(void **state)
{
	size_t containers = 0;
	(void)state;
	struct vectors *vectors = vectors_open("lola_containers");
	for (json_t *line; (line = vectors_next(vectors));) {
		if (!member_is_block(line))
			continue;
		const char *name = json_string_value(json_object_get(line, "container"));
		const enum haldls_memory memory =
			strstr(name, "DRAM") ? HALDLS_MEMORY_EXTERNAL_DRAM : HALDLS_MEMORY_EXTERNAL;
		assert_true(
			haldls_memory_block_count(memory) == number_of(line, "coordinate_count"));
		containers++;
	}
	vectors_close(vectors);
	assert_int_equal(containers, 2);
}

static void blocks_survive_their_words(void **state)
{
	struct test_random random = { .seed = 7 };
	uint8_t decoded[BYTES_MAX];
	(void)state;
	for (int n = 0; n < 1000; n++) {
		work.block.memory = (enum haldls_memory)(n % 2);
		work.block.first = (uint32_t)test_random_below(&random, 131072 - BYTES_MAX);
		work.size = 1 + test_random_below(&random, BYTES_MAX - 1);
		work.block.last = work.block.first + (uint32_t)work.size - 1;
		for (size_t i = 0; i < work.size; i++)
			work.bytes[i] = (uint8_t)test_random_below(&random, 256);
		assert_ok(haldls_memory_block_words(&work.count, &work.block));
		encode();
		size_t lanes = 0;
		for (uint32_t w = 0; w < work.count; w++)
			lanes += (size_t)__builtin_popcount(work.enables[w]);
		assert_int_equal(lanes, work.size);
		assert_ok(haldls_memory_block_decode(decoded, &work.block, work.words));
		assert_memory_equal(decoded, work.bytes, work.size);
	}
}

static void what_is_no_block_is_refused(void **state)
{
	struct haldls_memory_block block = { .first = 5, .last = 6 };
	const struct haldls_memory_block backward = { .first = 2, .last = 1 };
	const struct haldls_memory_block far = { .first = 2, .last = 131072 };
	const struct haldls_memory_block nowhere = { .memory = (enum haldls_memory)2 };
	uint32_t words;
	(void)state;
	assert_error(
		haldls_memory_block_words(&words, &backward), HXCOMM_ERANGE, "from byte 2 to 1");
	assert_error(
		haldls_memory_block_words(&words, &far), HXCOMM_ERANGE, "bytes are 0 to 131071");
	assert_error(haldls_memory_block_words(&words, &nowhere), HXCOMM_ERANGE, "no memory 2");
	assert_null(haldls_memory_block_name((enum haldls_memory)2));
	assert_error(haldls_memory_block_find(&block, HALDLS_MEMORY_EXTERNAL, UINT64_C(1) << 34),
		HXCOMM_ERANGE, "no block 17179869184");
	assert_error(haldls_memory_block_find(&block, HALDLS_MEMORY_EXTERNAL, 131072),
		HXCOMM_ERANGE, "from byte 1 to 0");
	assert_int_equal(block.first, 5);
	assert_error(haldls_memory_block_encode(
			     work.addresses, work.words, work.enables, &block, work.bytes, 3),
		HXCOMM_EINVAL, "needs 2 bytes, there are 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_blocks_encode_and_decode_the_same),
		cmocka_unit_test(one_bit_changes_what_was_recorded),
		cmocka_unit_test(containers_are_what_was_recorded),
		cmocka_unit_test(blocks_survive_their_words),
		cmocka_unit_test(what_is_no_block_is_refused),
	};
	return cmocka_run_group_tests_name("haldls/memory_block", tests, NULL, NULL);
}
