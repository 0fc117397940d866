// SPDX-License-Identifier: MIT
/* The synfire chain example: waves pass on five calibrated chips, die out where the chain is cut, and
 * do not pass without calibration. */
#include "assert.h"
#include "program.h"

#include "chain.h"
#include "example.h"

enum { SERIALS = CHIPS, WAVES = 10 };

static struct example_chip chip;
static struct synfire_chain *chain;

static void open_chain(unsigned serial, bool uncalibrated)
{
	struct example_options options = { .store = CALIBRATION_STORE, .uncalibrated = uncalibrated };
	char uri[64];
	snprintf(uri, sizeof(uri), "emulator:?serial=%u", serial);
	options.connection = uri;
	assert_ok(example_chip_open(&chip, &options));
	assert_ok(synfire_chain_new(&chain, chip.connection, chip.configuration, chip.unavailable,
	        true));
}

static void close_chain(void)
{
	synfire_chain_free(chain);
	example_chip_close(&chip);
}

static unsigned count_passed(void)
{
	struct synfire_wave waves[WAVES];
	unsigned passed = 0;
	assert_ok(synfire_run(waves, WAVES, chain));
	for (unsigned w = 0; w < WAVES; w++)
		passed += waves[w].links == SYNFIRE_LINKS;
	return passed;
}

static void waves_pass_all_links_of_calibrated_chips(void **state)
{
	(void)state;
	for (unsigned serial = 1; serial <= SERIALS; serial++) {
		open_chain(serial, false);
		assert_int_equal(count_passed(), WAVES);
		close_chain();
	}
}

static void waves_die_where_the_weights_are_zero(void **state)
{
	(void)state;
	for (unsigned serial = 1; serial <= SERIALS; serial++) {
		open_chain(serial, false);
		for (unsigned link = 1; link < SYNFIRE_LINKS; link++) {
			struct synfire_wave waves[WAVES];
			assert_ok(synfire_chain_cut(chain, link));
			assert_ok(synfire_run(waves, WAVES, chain));
			for (unsigned w = 0; w < WAVES; w++) {
				assert_int_equal(waves[w].links, link);
				for (unsigned i = link; i < SYNFIRE_LINKS; i++)
					assert_int_equal(waves[w].spikes[i], 0);
			}
		}
		assert_ok(synfire_chain_cut(chain, 0));
		assert_int_equal(count_passed(), WAVES);
		assert_error(synfire_chain_cut(chain, 8), HXCOMM_ERANGE, "allowed are 1 to 7");
		close_chain();
	}
}

static void uncalibrated_chips_pass_hardly_any(void **state)
{
	unsigned passed = 0;
	(void)state;
	for (unsigned serial = 1; serial <= SERIALS; serial++) {
		open_chain(serial, true);
		passed += count_passed();
		close_chain();
	}
	print_message("uncalibrated: %u of %d waves passed\n", passed, SERIALS * WAVES);
	assert_in_range(passed, 0, SERIALS * WAVES / 4);
}

/* How far the recorded membrane moves, in counts of the MADC. */
static unsigned read_range(void)
{
	char line[64];
	unsigned lowest = 1023, highest = 0, count = 0;
	FILE *file = tmpfile();
	assert_non_null(file);
	assert_ok(synfire_trace_write(file, chain));
	rewind(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "time_s,membrane (MADC counts)\n");
	for (double time_s; fgets(line, sizeof(line), file); count++) {
		unsigned sample;
		assert_int_equal(sscanf(line, "%lf,%u", &time_s, &sample), 2);
		lowest = sample < lowest ? sample : lowest;
		highest = sample > highest ? sample : highest;
	}
	fclose(file);
	assert_true(count > 10000); /* 29.4 a microsecond, for three waves of 200 us */
	return highest - lowest;
}

/* From rest to threshold it is 45 counts of the CADC, 4.5 mV each, or 135 of the MADC, 1.5 mV each
 * (spec/emulator_physics.md 2.5, 2.6); at rest there is noise of 3 counts. */
static void the_membrane_of_the_last_link_is_seen_to_spike(void **state)
{
	struct synfire_wave waves[3];
	(void)state;
	open_chain(1, false);
	assert_ok(synfire_run(waves, 3, chain));
	assert_in_range(read_range(), 110, 400);
	assert_ok(synfire_chain_cut(chain, SYNFIRE_LINKS - 1));
	assert_ok(synfire_run(waves, 3, chain));
	assert_in_range(read_range(), 1, 45);
	close_chain();
}

static void the_program_tells_by_its_exit_code(void **state)
{
	static const char store[] = "--store " CALIBRATION_STORE " -c 'emulator:?serial=2' ";
	static const struct {
		const char *arguments;
		int code;
		const char *text;
	} rows[] = {
		{ "", 0, "5 of 5 waves passed all 8 links" },
		{ "--waves 2 --cut 3", 1, "0 of 2 waves passed all 8 links" },
		{ "--uncalibrated", 1, "of 5 waves passed" },
		{ "--cut 8", 2, "--cut is '8', allowed are 1 to 7" },
		{ "--waves 0", 2, "--waves is '0', allowed are 1 to 100" },
		{ "too much", 2, "" },
		{ "-c 'emulator:?serial=9'", 1, "has no calibration yet" },
		{ "--spikes /nonexistent/spikes", 1, "'/nonexistent/spikes' cannot be written" },
		{ "--trace /nonexistent/trace", 1, "'/nonexistent/trace' cannot be written" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		char line[512];
		snprintf(line, sizeof(line), "%s%s", store, rows[i].arguments);
		assert_program(SYNFIRE, line, rows[i].code, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waves_pass_all_links_of_calibrated_chips),
		cmocka_unit_test(waves_die_where_the_weights_are_zero),
		cmocka_unit_test(uncalibrated_chips_pass_hardly_any),
		cmocka_unit_test(the_membrane_of_the_last_link_is_seen_to_spike),
		cmocka_unit_test(the_program_tells_by_its_exit_code),
	};
	return cmocka_run_group_tests_name("end_to_end/synfire", tests, NULL, NULL);
}
