// SPDX-License-Identifier: MIT
/* Every register that can be written and read, over every way there is to it: random values go to
 * the emulated machine and come back. */
#include "assert.h"
#include "random_fields.h"

#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/stadls.h>

#include <stdio.h>
#include <stdlib.h>

enum { COORDINATES = 24, COORDINATES_LONG = 4096, ALL_BYTES = 15, LONG_WORDS = 4096,
	ONE_IN = 16, ONE_IN_LONG = 256 };

/* Registers that do not keep what they are given: why. */
static const struct { const char *container, *why; } exceptions[] = {
	{ "SystimeSyncBase", "a clock: it has moved on when it is read" },
	{ "NullPayloadReadable", "an answer, no register" },
	{ "PollingOmnibusBlockConfig", "it cannot be read back (spec/transport.md 2.4)" },
	{ "TCA9546ChannelConfig", "a read begins with a write of 0 (spec/registers_fpga.json)" },
	{ "Timer", "a clock" },
};

static const char *exception(const struct haldls_container *container)
{
	FOR_ROWS(i, exceptions)
		if (!strcmp(container->name, exceptions[i].container))
			return exceptions[i].why;
	return NULL;
}

static bool reads_over(const struct haldls_container *container, enum fisch_backend backend)
{
	for (size_t i = 0; i < container->read_backend_count; i++)
		if (container->read_backends[i] == backend)
			return true;
	return false;
}

static uint32_t mask_of(uint8_t byte_enables)
{
	uint32_t mask = 0;
	for (unsigned lane = 0; lane < 4; lane++)
		mask |= byte_enables >> lane & 1 ? UINT32_C(255) << 8 * lane : 0;
	return mask;
}

static void try_register(struct hxcomm_connection *connection, struct stadls_builder *builder,
        struct hxcomm_responses *responses, const struct haldls_container *container,
        enum fisch_backend backend, uint32_t coordinate, struct test_random *random)
{
	uint32_t *words = calloc(2 * (size_t)container->write_words, sizeof(*words));
	uint32_t *back = words + container->write_words;
	void *written = calloc(1, container->size + 1), *read = calloc(1, container->size + 1);
	struct stadls_ticket ticket;
	uint8_t enables = ALL_BYTES;
	uint32_t count;
	/* many neurons with everything switched on take long to simulate */
	set_random_fields(written, container, random,
	        container->write_words > LONG_WORDS ? ONE_IN_LONG
	        : container->part_count             ? ONE_IN
	                                            : 1);
	stadls_builder_clear(builder);
	assert_ok(stadls_builder_write_over(builder, backend, container, coordinate, written));
	assert_ok(stadls_builder_read_over(&ticket, builder, backend, container, coordinate));
	assert_ok(stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG));
	int status = stadls_run(connection, builder, responses);
	if (status == HXCOMM_OK)
		status = stadls_ticket_read(read, &ticket, responses);
	if (status != HXCOMM_OK)
		fail_msg("%s %u over %s: %s", container->name, coordinate,
		        fisch_backend_name(backend), hxcomm_error_message());
	/* as words: what is not kept, such as a debug cell that is off, has no bits */
	assert_ok(haldls_container_words(&count, container, coordinate));
	assert_ok(haldls_container_encode(words, &enables, container, coordinate, written));
	assert_ok(haldls_container_encode(back, NULL, container, coordinate, read));
	for (uint32_t w = 0; w < count; w++)
		if ((words[w] ^ back[w]) & mask_of(enables))
			fail_msg("%s %u over %s, word %u: wrote 0x%x, read 0x%x", container->name,
			        coordinate, fisch_backend_name(backend), w, words[w], back[w]);
	free(written);
	free(read);
	free(words);
}

/* All coordinates of most containers where there is time: BSS_TEST_LONG=1. */
static uint32_t coordinates(void)
{
	return getenv("BSS_TEST_LONG") ? COORDINATES_LONG : COORDINATES;
}

struct tried {
	size_t containers, registers;
};

static void try_container(struct tried *tried, struct hxcomm_connection *connection,
        struct stadls_builder *builder, struct hxcomm_responses *responses,
        const struct haldls_container *container, struct test_random *random)
{
	tried->containers++;
	for (size_t b = 0; b < container->backend_count; b++) {
		const enum fisch_backend backend = container->backends[b];
		const uint32_t step = container->count / coordinates() + 1;
		if (!reads_over(container, backend))
			continue;
		/* JTAG takes six words for one */
		if (backend != FISCH_OMNIBUS && container->write_words > LONG_WORDS)
			continue;
		for (uint32_t e = 0; e < container->count; e += step) {
			const uint32_t room = container->count - e;
			const uint32_t coordinate =
			        e + (uint32_t)test_random_below(random, step < room ? step : room);
			if (haldls_container_words(NULL, container, coordinate))
				continue; /* an interval that ends before it begins */
			try_register(connection, builder, responses, container, backend, coordinate,
			        random);
			tried->registers++;
		}
	}
}

static void try_all(struct tried *tried, const struct haldls_container *const *all, size_t count)
{
	struct test_random random = { .seed = 7 };
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	struct stadls_builder *builder;
	assert_ok(hxcomm_open(&connection, "emulator:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	assert_ok(stadls_builder_new(&builder));
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *container = all[i];
		if (!container->write_words || !container->read_words || !container->field_count ||
		        exception(container))
			continue;
		/* registers of links, clocks and timeouts are among those tried */
		assert_ok(stadls_bringup(connection));
		try_container(tried, connection, builder, responses, container, &random);
	}
	stadls_builder_free(builder);
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
}

static void what_is_written_to_any_register_comes_back(void **state)
{
	struct tried tried = { 0 };
	size_t count;
	const struct haldls_container *const *all = haldls_containers(&count);
	(void)state;
	try_all(&tried, all, count);
	print_message(
	        "%zu registers of %zu containers came back\n", tried.registers, tried.containers);
	assert_true(tried.containers >= 60);
}

static void what_is_written_to_any_logical_container_comes_back(void **state)
{
	struct tried tried = { 0 };
	size_t count;
	const struct haldls_container *const *all = haldls_logical_containers(&count);
	(void)state;
	try_all(&tried, all, count);
	print_message("%zu values of %zu logical containers came back\n", tried.registers,
	        tried.containers);
	assert_true(tried.containers >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_to_any_register_comes_back),
		cmocka_unit_test(what_is_written_to_any_logical_container_comes_back),
	};
	return cmocka_run_group_tests_name("stadls/round_trip", tests, NULL, NULL);
}
