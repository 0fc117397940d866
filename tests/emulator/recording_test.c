// SPDX-License-Identifier: MIT
/* The converters from the host: when a recording of the fast one takes samples, of which input, and
 * how long a conversion of the slow ones takes (source: spec/registers_chip.json MADCConfig,
 * MADCControl, CADCConfig, spec/emulator_physics.md 2.5, 2.6). The fake analog half tells the tick
 * and the input of a sample as its value. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

#include <haldls/containers.h>

enum { CONTROL = 0x000c0000 };

static struct machine machine;
static struct program program;

static int open_machine(void **state)
{
	(void)state;
	machine_open_ready(&machine);
	return 0;
}

static int close_machine(void **state)
{
	(void)state;
	machine_close(&machine);
	program_free(&program);
	return 0;
}

static struct haldls_madc_config settings(uint32_t samples)
{
	struct haldls_madc_config madc;
	haldls_madc_config_container.init(&madc);
	madc.number_of_samples = samples;
	return madc;
}

static uint32_t control(bool start, bool stop, bool continuous)
{
	struct haldls_madc_control config;
	uint32_t word;
	haldls_madc_control_container.init(&config);
	config.start_recording = start;
	config.stop_recording = stop;
	config.enable_continuous_sampling = continuous;
	assert_ok(haldls_madc_control_container.encode(&word, &config));
	return word;
}

/* A sample takes 12 clocks of 500 MHz and some, and the clock may be divided by an even number. */
static void the_rate_is_what_duration_and_divider_say(void **state)
{
	static const struct { uint32_t adjust, divider; bool divided; double ticks; } rows[] = {
		{ 5, 0, false, 8.5 }, { 0, 0, false, 6 }, { 7, 0, false, 9.5 },
		{ 5, 3, false, 8.5 }, { 5, 0, true, 17 }, { 0, 3, true, 48 }, { 3, 7, true, 120 },
	};
	(void)state;
	FOR_ROWS(row, rows) {
		struct haldls_madc_config madc = settings(200);
		madc.sample_duration_adjust = rows[row].adjust;
		madc.enable_madc_clock_scaling = rows[row].divided;
		madc.madc_clock_scale_value = rows[row].divider;
		program_container(&program, &haldls_madc_config_container, 0, &madc);
		program_write(&program, CONTROL, control(true, false, false));
		program_wait(&program, 20000);
		machine_run(&machine, &program);
		const struct hxcomm_madc_responses *samples = &machine.responses->madc;
		assert_int_equal(samples->count, 200);
		for (size_t i = 0; i < samples->count; i++) {
			assert_int_equal((uint8_t)(samples->value[i] - samples->value[0]),
			        (uint8_t)(samples->chip_time[i] - samples->chip_time[0]));
			assert_near((double)(samples->chip_time[i] - samples->chip_time[0]),
			        rows[row].ticks * (double)i, 0, 1);
		}
	}
}

/* Inputs change after so many samples, the first being chosen; above one, labels lag a sample. */
static void inputs_alternate_as_often_as_wanted(void **state)
{
	static const struct { uint32_t length, first; } rows[] = {
		{ 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 }, { 2, 0 }, { 5, 1 },
	};
	(void)state;
	FOR_ROWS(row, rows) {
		struct haldls_madc_config madc = settings(100);
		madc.active_mux_input_select_length = rows[row].length;
		madc.active_mux_initially_selected_input = rows[row].first;
		program_container(&program, &haldls_madc_config_container, 0, &madc);
		program_write(&program, CONTROL, control(true, false, false));
		program_wait(&program, 2000);
		machine_run(&machine, &program);
		const struct hxcomm_madc_responses *samples = &machine.responses->madc;
		assert_int_equal(samples->count, 100);
		for (uint32_t i = 0, lag = rows[row].length > 1; i < 100; i++) {
			const uint32_t length = rows[row].length, late = i > lag ? i - lag : 0;
			const uint32_t input = rows[row].first + (length ? i / length : 0);
			const uint32_t label = rows[row].first + (length ? late / length : 0);
			assert_int_equal(samples->value[i] >> 8, input & 1);
			assert_int_equal(samples->channel[i], label & 1);
		}
	}
}

/* What was told before holds for the whole recording; a second start does nothing meanwhile. */
static void a_recording_ends_after_its_samples_or_when_it_is_stopped(void **state)
{
	(void)state;
	struct haldls_madc_config madc = settings(0);
	program_container(&program, &haldls_madc_config_container, 0, &madc);
	program_write(&program, CONTROL, control(true, false, false));
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->madc.count, 0);

	madc = settings(300);
	program_container(&program, &haldls_madc_config_container, 0, &madc);
	program_write(&program, CONTROL, control(true, false, false));
	madc = settings(50);
	program_container(&program, &haldls_madc_config_container, 0, &madc);
	program_write(&program, CONTROL, control(true, false, false));
	program_wait(&program, 5000);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->madc.count, 300);

	/* 4000 cycles are 8000 ticks, of 8.5 each; the way back takes less than 300 cycles */
	program_write(&program, CONTROL, control(true, false, true));
	program_wait(&program, 4000);
	program_write(&program, CONTROL, control(false, true, false));
	program_wait(&program, 5000);
	machine_run(&machine, &program);
	assert_near((double)machine.responses->madc.count, 8000 / 8.5, 0, 10);
}

static uint32_t cycles_of_a_read(uint32_t address)
{
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	program_word(&program, hxcomm_word_timer_setup());
	program_read(&program, address);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	program_read(&program, 0x8800000c);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 2);
	return machine.responses->omnibus.value[1];
}

/* 256 counts, the wait before and the dead time behind them, at 250 MHz: nominally 1.5 us. */
static void a_conversion_takes_its_ramp_and_its_waits(void **state)
{
	static const struct { uint32_t wait, dead; } rows[] = {
		{ 100, 20 }, { 0, 0 }, { 255, 255 },
	};
	(void)state;
	FOR_ROWS(row, rows)
		for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++) {
			struct haldls_cadc_config cadc;
			haldls_cadc_config_container.init(&cadc);
			cadc.enable = true;
			cadc.reset_wait = rows[row].wait;
			cadc.dead_time = rows[row].dead;
		        program_container(
		                &program, &haldls_cadc_config_container, hemisphere, &cadc);
		        const uint32_t trigger = 0x02c80000 | hemisphere << 24;
			assert_int_equal(cycles_of_a_read(trigger) -
			                cycles_of_a_read(trigger | 0x200000),
			        (256 + rows[row].wait + rows[row].dead) / 2);
		}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_machine, close_machine)
	const struct CMUnitTest tests[] = {
		TEST(the_rate_is_what_duration_and_divider_say),
		TEST(inputs_alternate_as_often_as_wanted),
		TEST(a_recording_ends_after_its_samples_or_when_it_is_stopped),
		TEST(a_conversion_takes_its_ramp_and_its_waits),
	};
	return cmocka_run_group_tests_name("emulator/recording", tests, NULL, NULL);
}
