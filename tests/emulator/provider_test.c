// SPDX-License-Identifier: MIT
/* The provider's table: addresses, identity, determinism; with the real analog core. */
#include "assert.h"
#include "machine.h"

#include <haldls/chip.h>
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/uri.h>
#include <hxcomm/words.h>

#include <stdlib.h>

extern const struct hxcomm_provider hxcomm_provider;

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&hxcomm_provider);
}

static void a_wrong_address_says_what_is_allowed(void **state)
{
	static const struct { const char *uri; int code; const char *hint; } rows[] = {
		{ "emulator:?serial=0", HXCOMM_ERANGE, "999" },
		{ "emulator:?serial=1000", HXCOMM_ERANGE, "999" },
		{ "emulator:?serial=one", HXCOMM_EINVAL, "serial" },
		{ "emulator:?seed=-1", HXCOMM_EINVAL, "seed" },
		{ "emulator:?noise=2", HXCOMM_ERANGE, "noise" },
		{ "emulator:?variation=yes", HXCOMM_EINVAL, "variation" },
		{ "emulator:?weather=38", HXCOMM_EINVAL, "weather" },
		{ "emulator:?weather=38", HXCOMM_EINVAL, "variation" }, /* lists the known */
		{ "emulator:?temperature=9", HXCOMM_ERANGE, "10" },
		{ "emulator:?dead_neurons=512", HXCOMM_ERANGE, "0 to 511" },
		{ "emulator:?dead_neurons=7-3", HXCOMM_ERANGE, "lesser one" },
		{ "emulator:?dead_neurons=", HXCOMM_EINVAL, "random:5" },
		{ "emulator:?dead_neurons=1,,2", HXCOMM_EINVAL, "no list" },
		{ "emulator:?dead_neurons=1-", HXCOMM_EINVAL, "no list" },
		{ "emulator:?dead_neurons=99999999999999999999", HXCOMM_ERANGE, "511" },
		{ "emulator:?dead_drivers=256", HXCOMM_ERANGE, "synapse drivers" },
		{ "emulator:?dead_rows=600", HXCOMM_ERANGE, "synapse rows" },
		{ "emulator:?dead_rows=random:513", HXCOMM_ERANGE, "there are 512" },
		{ "emulator:?stuck_channels=random:", HXCOMM_EINVAL, "no list" },
		{ "emulator:?stuck_channels=1024", HXCOMM_ERANGE, "CADC channels" },
		{ "emulator:?dead_links=8", HXCOMM_ERANGE, "links" },
		{ "emulator:?link_loss=1.5", HXCOMM_ERANGE, "link_loss" },
		{ "emulator:?link_flips=-0.1", HXCOMM_ERANGE, "link_flips" },
		{ "emulator:?clock_drift_ppm=2000", HXCOMM_ERANGE, "clock_drift_ppm" },
		{ "emulator:?threads=3", HXCOMM_ERANGE, "1 to 2" },
		{ "emulator:?jumps=2", HXCOMM_ERANGE, "jumps" },
		{ "emulator:?jumps=off", HXCOMM_EINVAL, "jumps" },
		{ "emulator:?kernel=", HXCOMM_EINVAL, "portable" },
		{ "emulator:?kernel=neon", HXCOMM_EINVAL, "avx512" },
		{ "emulator:?vector_generators=2", HXCOMM_ERANGE, "vector_generators" },
		{ "emulator:?no_pll=2", HXCOMM_ERANGE, "no_pll" },
		{ "emulator:chip7", HXCOMM_EINVAL, "'chip7'" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_connection *connection;
		assert_error(
		        hxcomm_open(&connection, rows[i].uri, NULL), rows[i].code, rows[i].hint);
		assert_null(connection);
	}
}

static void the_identity_is_the_serial(void **state)
{
	static const struct { const char *uri, *identifier; } rows[] = {
		{ "emulator:", "emulator-1" },
		{ "emulator:?serial=5&seed=7&noise=0&variation=0", "emulator-5" },
		{ "emulator:?serial=999&seed=0xffffffffffffffff", "emulator-999" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_connection *connection;
		assert_ok(hxcomm_open(&connection, rows[i].uri, NULL));
		assert_string_equal(hxcomm_identifier(connection), rows[i].identifier);
		hxcomm_close(connection);
	}
}

static void another_chip_than_asked_for_is_refused(void **state)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *connection;
	(void)state;
	options.chip_serial = 3;
	assert_error(hxcomm_open(&connection, "emulator:?serial=2", &options), HXCOMM_ENOENT,
	        "serial=3");
	assert_ok(hxcomm_open(&connection, "emulator:?serial=3", &options));
	hxcomm_close(connection);
}

static void a_program_runs_and_the_state_stays(void **state)
{
	static const uint64_t words[] = {
		UINT64_C(0x0b00000f80000010), UINT64_C(0x0c000000cafebabe), /* FPGA memory */
		UINT64_C(0x0a00000000000001),
	};
	static const uint64_t again[] = {
		UINT64_C(0x0b00001f80000010), UINT64_C(0x0700000000000001),
	};
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	(void)state;
	assert_ok(hxcomm_open(&connection, "emulator:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	assert_ok(hxcomm_run(connection, words, 3, responses));
	assert_int_equal(responses->loopback.count, 1);
	assert_ok(hxcomm_run(connection, again, 2, responses));
	assert_int_equal(responses->omnibus.count, 1);
	assert_int_equal(responses->omnibus.value[0], 0xcafebabe);
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
}

static void machines_do_not_share_state(void **state)
{
	static const uint64_t words[] = {
		UINT64_C(0x0b00000f80000010), UINT64_C(0x0c000000cafebabe),
	};
	static const uint64_t again[] = {
		UINT64_C(0x0b00001f80000010), UINT64_C(0x0700000000000001),
	};
	struct hxcomm_connection *first, *second;
	struct hxcomm_responses *responses;
	(void)state;
	assert_ok(hxcomm_open(&first, "emulator:", NULL));
	assert_ok(hxcomm_open(&second, "emulator:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	assert_ok(hxcomm_run(first, words, 2, responses));
	assert_ok(hxcomm_run(second, again, 2, responses));
	assert_int_equal(responses->omnibus.value[0], 0);
	hxcomm_responses_free(responses);
	hxcomm_close(first);
	hxcomm_close(second);
}

/* Bring a chip up, write all of it, let its memory cells settle, look at 128 membranes, and send
 * events around the crossbar. */
static void everything(struct program *program)
{
	struct haldls_chip *chip = malloc(sizeof(*chip));
	uint32_t *words = malloc(HALDLS_CHIP_WORDS * sizeof(*words));
	assert_non_null(chip);
	assert_non_null(words);
	haldls_chip_init(chip);
	for (uint32_t n = 0; n < 512; n++) {
		chip->neuron_config[n].enable_readout_amplifier = true;
		chip->capmem[haldls_capmem_cell_of_neuron(n, HALDLS_CAPMEM_V_LEAK)] = 700;
		chip->capmem[haldls_capmem_cell_of_neuron(n, HALDLS_CAPMEM_I_BIAS_LEAK)] = 500;
	}
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++)
			chip->column_correlation_quad[e].enable_cadc_neuron_readout_causal[entry] =
			        true;
	for (uint32_t node = 0; node < HALDLS_CROSSBAR_NODES; node++)
		chip->crossbar_node[node].target = 0;
	assert_ok(haldls_chip_encode(words, chip));
	program_bring_up(program);
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		program_write(program, haldls_chip_addresses()[i], words[i]);
	program_wait(program, 2500000);
	for (uint32_t quad = 0; quad < 32; quad++)
		program_read(program, 0x02c80000 + quad);
	for (uint16_t i = 0; i < 100; i++) {
		program_word(program, hxcomm_word_spike_pack_1(i));
		program_wait(program, 10);
	}
	program_wait(program, 1000);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	free(chip);
	free(words);
}

static size_t answer(uint64_t **out, const char *uri, const struct program *program)
{
	struct hxcomm_connection *connection;
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	size_t count;
	options.timeout_s = 600; /* under valgrind, or on a busy machine */
	assert_ok(hxcomm_open(&connection, uri, &options));
	assert_ok(hxcomm_run_words(connection, program->words, program->count, out, &count));
	hxcomm_close(connection);
	return count;
}

static void the_same_run_gives_the_same_words_another_seed_or_serial_does_not(void **state)
{
	static const struct { const char *uri; bool same; } rows[] = {
		{ "emulator:?serial=1&seed=1", true },
		{ "emulator:", true },
		{ "emulator:?kernel=portable", true },
		{ "emulator:?kernel=portable&threads=2", true },
		{ "emulator:?jumps=0", true },
		{ "emulator:?jumps=0&kernel=portable&threads=2", true },
		{ "emulator:?serial=1&seed=2", false },
		{ "emulator:?serial=2&seed=1", false },
		{ "emulator:?noise=0", false },
		{ "emulator:?variation=0", false },
	};
	struct program program = { 0 };
	uint64_t *reference, *words;
	(void)state;
	everything(&program);
	const size_t count = answer(&reference, "emulator:?serial=1", &program);
	assert_true(count > 132);
	FOR_ROWS(i, rows) {
		const size_t other = answer(&words, rows[i].uri, &program);
		const bool same =
		        other == count && !memcmp(words, reference, count * sizeof(*words));
		if (same != rows[i].same)
			fail_msg("%s: %s", rows[i].uri, same ? "same words" : "other words");
		free(words);
	}
	free(reference);
	program_free(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_address_says_what_is_allowed),
		cmocka_unit_test(the_identity_is_the_serial),
		cmocka_unit_test(another_chip_than_asked_for_is_refused),
		cmocka_unit_test(a_program_runs_and_the_state_stays),
		cmocka_unit_test(machines_do_not_share_state),
		cmocka_unit_test(the_same_run_gives_the_same_words_another_seed_or_serial_does_not),
	};
	return cmocka_run_group_tests_name("emulator/provider", tests, setup, NULL);
}
