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

enum { COORDINATES = 24, ALL_COORDINATES = 1 << 18, COORDINATES_OF_MEMORIES = 4096, ALL_BYTES = 15, LONG_WORDS = 4096,
	TOGETHER_WORDS = 16, TRIPS = 64, ONE_IN = 16, ONE_IN_LONG = 256 };

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

/* A value on its way to a register and back. */
struct trip {
	uint32_t coordinate;
	void *written;
	struct stadls_ticket ticket;
};

struct tried {
	struct hxcomm_connection *connection;
	struct stadls_builder *builder;
	struct hxcomm_responses *responses;
	struct test_random random;
	struct trip trips[TRIPS]; /* [count] of one container, that go in one run */
	size_t count, containers, registers;
};

static void append_trip(struct tried *tried, const struct haldls_container *container,
        enum fisch_backend backend, uint32_t coordinate)
{
	struct trip *trip = &tried->trips[tried->count++];
	trip->coordinate = coordinate;
	trip->written = calloc(1, container->size + 1);
	assert_non_null(trip->written);
	/* many neurons with everything switched on take long to simulate */
	set_random_fields(trip->written, container, &tried->random,
	        container->write_words > LONG_WORDS ? ONE_IN_LONG
	        : container->part_count             ? ONE_IN
	                                            : 1);
	assert_ok(stadls_builder_write_over(
	        tried->builder, backend, container, coordinate, trip->written));
	assert_ok(stadls_builder_read_over(
	        &trip->ticket, tried->builder, backend, container, coordinate));
}

static void check_trip(const struct tried *tried, const struct trip *trip,
        const struct haldls_container *container, enum fisch_backend backend)
{
	uint32_t *words = calloc(2 * (size_t)container->write_words, sizeof(*words));
	uint32_t *back = words + container->write_words, count;
	void *read = calloc(1, container->size + 1);
	uint8_t enables = ALL_BYTES;
	if (stadls_ticket_read(read, &trip->ticket, tried->responses) != HXCOMM_OK)
		fail_msg("%s %u over %s: %s", container->name, trip->coordinate,
		        fisch_backend_name(backend), hxcomm_error_message());
	/* as words: what is not kept, such as a debug cell that is off, has no bits */
	assert_ok(haldls_container_words(&count, container, trip->coordinate));
	assert_ok(haldls_container_encode(
	        words, &enables, container, trip->coordinate, trip->written));
	assert_ok(haldls_container_encode(back, NULL, container, trip->coordinate, read));
	for (uint32_t w = 0; w < count; w++)
		if ((words[w] ^ back[w]) & mask_of(enables))
			fail_msg("%s %u over %s, word %u: wrote 0x%x, read 0x%x", container->name,
			        trip->coordinate, fisch_backend_name(backend), w, words[w],
			        back[w]);
	free(read);
	free(words);
}

/* Run what was appended. */
static void run_trips(struct tried *tried, const struct haldls_container *container,
        enum fisch_backend backend)
{
	assert_ok(stadls_builder_barrier(
	        tried->builder, HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG));
	if (stadls_run(tried->connection, tried->builder, tried->responses) != HXCOMM_OK)
		fail_msg("%s over %s: %s", container->name, fisch_backend_name(backend),
		        hxcomm_error_message());
	for (size_t i = 0; i < tried->count; i++) {
		check_trip(tried, &tried->trips[i], container, backend);
		free(tried->trips[i].written);
	}
	tried->registers += tried->count;
	tried->count = 0;
	stadls_builder_clear(tried->builder);
}

/* How many coordinates are tried: with BSS_TEST_LONG=1 all, but of memories of which the emulator
 * holds only so many pages. */
static uint32_t coordinates(const struct haldls_container *container)
{
	if (!getenv("BSS_TEST_LONG"))
		return COORDINATES;
	return container->count > ALL_COORDINATES ? COORDINATES_OF_MEMORIES : container->count + 1;
}

static void try_backend(struct tried *tried, const struct haldls_container *container,
        enum fisch_backend backend)
{
	const uint32_t step = container->count / coordinates(container) + 1;
	const size_t trips = container->write_words > TOGETHER_WORDS ? 1 : TRIPS;
	for (uint32_t e = 0; e < container->count; e += step) {
		const uint32_t room = container->count - e;
		const uint32_t coordinate = e + (uint32_t)test_random_below(
		                                        &tried->random, step < room ? step : room);
		if (haldls_container_words(NULL, container, coordinate))
			continue; /* an interval that ends before it begins */
		append_trip(tried, container, backend, coordinate);
		if (tried->count == trips)
			run_trips(tried, container, backend);
	}
	if (tried->count)
		run_trips(tried, container, backend);
}

static void try_container(struct tried *tried, const struct haldls_container *container)
{
	tried->containers++;
	for (size_t b = 0; b < container->backend_count; b++) {
		const enum fisch_backend backend = container->backends[b];
		/* JTAG takes six words for one */
		if (reads_over(container, backend) &&
		        (backend == FISCH_OMNIBUS || container->write_words <= LONG_WORDS))
			try_backend(tried, container, backend);
	}
}

static struct tried try_all(const struct haldls_container *const *all, size_t count)
{
	struct tried tried = { .random = { .seed = 7 } };
	assert_ok(hxcomm_open(&tried.connection, "emulator:", NULL));
	assert_ok(hxcomm_responses_new(&tried.responses, 0));
	assert_ok(stadls_builder_new(&tried.builder));
	for (size_t i = 0; i < count; i++) {
		if (!all[i]->write_words || !all[i]->read_words || !all[i]->field_count ||
		        exception(all[i]))
			continue;
		/* registers of links, clocks and timeouts are among those tried */
		assert_ok(stadls_bringup(tried.connection));
		try_container(&tried, all[i]);
	}
	stadls_builder_free(tried.builder);
	hxcomm_responses_free(tried.responses);
	hxcomm_close(tried.connection);
	return tried;
}

static void what_is_written_to_any_register_comes_back(void **state)
{
	size_t count;
	const struct haldls_container *const *all = haldls_containers(&count);
	(void)state;
	const struct tried tried = try_all(all, count);
	print_message(
	        "%zu registers of %zu containers came back\n", tried.registers, tried.containers);
	assert_true(tried.containers >= 60);
}

static void what_is_written_to_any_logical_container_comes_back(void **state)
{
	size_t count;
	const struct haldls_container *const *all = haldls_logical_containers(&count);
	(void)state;
	const struct tried tried = try_all(all, count);
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
