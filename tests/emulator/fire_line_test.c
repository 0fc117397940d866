// SPDX-License-Identifier: MIT
/* Lines that carry spikes to other neurons, and gates of post pulses. */
#include "fixture.h"

#include "analog_state.h"

enum { SETTLE_US = 60000, STORE = 70 };

static struct fixture f;

/* Neurons at rest far below their thresholds, refractory for 1 us; sensors without decay. */
static void begin(bool noise)
{
	fixture_begin(&f, 1, 1, noise, false);
	f.neuron.enable_fire = f.neuron.enable_threshold_comparator = true;
	f.neuron.enable_bypass_excitatory = false;
	f.backend.refractory_time = 125;
	fixture_neurons(&f);
	fixture_backends(&f);
	fixture_row(&f, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.4));
	fixture_row(&f, HALDLS_CAPMEM_V_RESET, code_of_reset(0.3));
	fixture_row(&f, HALDLS_CAPMEM_V_THRESHOLD, code_of_threshold(0.6));
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_RESET, 1000);
	fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_STORE, STORE);
	fixture_advance(&f, (uint64_t)SETTLE_US * TICKS_US);
	assert_int_equal(f.count, 0);
}

/* From now on this one fires by itself, as its leak potential is above its threshold. */
static void drive(uint32_t n)
{
	fixture_cell(&f, n, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.9));
}

static struct haldls_neuron_backend_config backend_of(
	bool master, bool slave, bool bottom, bool right)
{
	struct haldls_neuron_backend_config config = f.backend;
	config.enable_neuron_master = master;
	config.enable_neuron_slave = slave;
	config.connect_fire_bottom = bottom;
	config.connect_fire_to_right = right;
	return config;
}

static void set(uint32_t n, struct haldls_neuron_backend_config config)
{
	emulator__analog_set_backend(f.analog, n, &config);
}

static size_t spikes_of(uint32_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < f.count; i++)
		count += f.spikes[i].neuron == n;
	return count;
}

/* Neurons that fired, and that all of them did so at the same times. */
static void assert_together(const uint32_t *neurons, size_t count)
{
	assert_true(f.count >= 3 * count);
	assert_int_equal(f.count % count, 0);
	for (size_t i = 0; i < f.count; i++) {
		assert_int_equal(f.spikes[i].neuron, neurons[i % count]);
		assert_int_equal(f.spikes[i].time, f.spikes[i - i % count].time);
	}
}

static void slaves_fire_with_their_master(void **state)
{
	(void)state;
	begin(true);
	/* right, right, and down from the last; 13 has no slave, 14 no connection */
	set(10, backend_of(true, false, false, true));
	set(11, backend_of(false, true, false, true));
	set(12, backend_of(false, true, true, true));
	set(14, backend_of(false, true, false, false));
	set(256 + 12, backend_of(false, true, false, false));
	set(256 + 11, backend_of(false, true, false, false));
	drive(10);
	fixture_advance(&f, 6000 * TICKS_US);
	assert_together((const uint32_t[]){10, 11, 12, 256 + 12}, 4);
	fixture_end(&f);
}

static void a_line_goes_to_the_right_only_and_ends_at_the_edge(void **state)
{
	(void)state;
	begin(false);
	struct haldls_neuron_backend_config broken = backend_of(false, true, false, false);
	broken.connect_fire_from_right = true; /* does nothing on the chip */
	set(19, broken);
	set(20, backend_of(true, false, false, true));
	set(21, backend_of(false, true, false, false));
	set(255, backend_of(true, false, false, true));
	set(256, backend_of(false, true, false, false));
	drive(20);
	drive(255);
	fixture_advance(&f, 6000 * TICKS_US);
	assert_true(spikes_of(20) > 3);
	assert_true(spikes_of(255) > 3);
	assert_int_equal(spikes_of(21), spikes_of(20));
	assert_int_equal(spikes_of(19), 0);
	assert_int_equal(spikes_of(256), 0);
	fixture_end(&f);
}

/* Without being a master a neuron does not drive its line; a slave that is one hands spikes on. */
static void only_masters_drive(void **state)
{
	(void)state;
	begin(false);
	set(30, backend_of(false, false, false, true));
	set(31, backend_of(false, true, false, false));
	set(40, backend_of(true, false, false, true));
	set(41, backend_of(true, true, true, false));
	set(256 + 41, backend_of(false, true, false, false));
	drive(30);
	drive(40);
	fixture_advance(&f, 6000 * TICKS_US);
	assert_true(spikes_of(30) > 3);
	assert_int_equal(spikes_of(31), 0);
	assert_int_equal(spikes_of(41), spikes_of(40));
	assert_int_equal(spikes_of(256 + 41), spikes_of(40));
	fixture_end(&f);
}

/* A slave is refractory by its own clock: two periods of the master where it is longer. */
static void a_slave_that_rests_does_not_follow(void **state)
{
	(void)state;
	begin(false);
	struct haldls_neuron_backend_config slow = backend_of(false, true, false, false);
	slow.refractory_time = 255; /* at the slow clock: longer than one period of the master */
	slow.select_input_clock = 1;
	f.common.clock_scale_fast = 9;
	fixture_backends(&f);
	set(50, backend_of(true, false, false, true));
	set(51, slow);
	drive(50);
	fixture_advance(&f, 6000 * TICKS_US);
	assert_true(spikes_of(51) > 1);
	assert_true(spikes_of(51) < spikes_of(50) / 2);
	uint64_t last = 0;
	for (size_t i = 0; i < f.count; i++) {
		if (f.spikes[i].neuron != 51)
			continue;
		assert_true(!last || f.spikes[i].time - last >= UINT64_C(254) << 10);
		last = f.spikes[i].time;
	}
	fixture_end(&f);
}

/* The slave was near its leak potential of 0.4 V, and is then held at the reset potential of 0.3 V:
 * for 130 us, while the master goes on. */
static void reset_is_the_slaves_too(void **state)
{
	(void)state;
	begin(false);
	struct haldls_neuron_backend_config slave = backend_of(false, true, false, false);
	slave.refractory_time = 255;
	f.common.clock_scale_slow = 6;
	fixture_backends(&f);
	set(60, backend_of(true, false, false, true));
	set(61, slave);
	const double before = emulator__analog_true_membrane(f.analog, 61);
	drive(60);
	while (!spikes_of(61))
		fixture_advance(&f, TICKS_US);
	fixture_advance(&f, 10 * TICKS_US);
	assert_near(before, 0.4, 0.03, 0);
	assert_near(emulator__analog_true_membrane(f.analog, 61), 0.3, 0.03, 0);
	fixture_end(&f);
}

/* Post pulses of a column, counted by the causal charge of a synapse whose trace never decays. */
static double charge_of(uint32_t neuron)
{
	return (double)emulator__correlation_charge(f.analog, neuron / 256, 0, 4, neuron % 256);
}

static void gates_choose_the_post_pulses(void **state)
{
	(void)state;
	static const struct {
		uint32_t neuron;
		bool master, slave, extension, bit_0, bit_1, overwrite, posts;
	} cases[] = {
		/* its own fire, as at first */
		{70, false, false, true, false, false, false, true},
		/* the line: nobody drives it, it does itself */
		{72, false, false, false, false, false, false, false},
		{74, true, false, false, false, false, false, true},
		/* both; never; only from outside */
		{76, true, false, true, true, false, false, true},
		{78, false, false, true, true, false, false, false},
		{80, true, false, true, true, true, false, true},
		{82, true, false, true, false, true, false, false},
		{84, true, false, true, false, false, true, false},
	};
	for (unsigned joined = 0; joined < 2; joined++) {
		begin(false);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			struct haldls_neuron_backend_config config =
				backend_of(cases[i].master, cases[i].slave, false, false);
			config.enable_bayesian_extension = cases[i].extension;
			config.enable_bayesian_0 = cases[i].bit_0;
			config.enable_bayesian_1 = cases[i].bit_1;
			config.post_overwrite = cases[i].overwrite;
			set(cases[i].neuron, config);
			drive(cases[i].neuron);
		}
		if (joined) /* far away: all spikes now pass the lines */
			set(0, backend_of(false, true, true, false));
		emulator__analog_driver_event(f.analog, f.now, 2, 0);
		fixture_advance(&f, 5000 * TICKS_US);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			assert_true(spikes_of(cases[i].neuron) > 3);
			assert_int_equal(charge_of(cases[i].neuron) > 0.1, cases[i].posts);
		}
		fixture_end(&f);
	}
}

/* A neuron that does not fire gets post pulses from its line. */
static void a_line_makes_post_pulses_of_silent_neurons(void **state)
{
	(void)state;
	begin(false);
	struct haldls_neuron_backend_config line = backend_of(false, false, false, false);
	line.enable_bayesian_extension = false;
	set(90, backend_of(true, false, false, true));
	set(91, line);
	line.enable_bayesian_extension = line.enable_bayesian_0 = true; /* and: it does not fire */
	line.connect_fire_to_right = true;
	set(256 + 90, line);
	line.connect_fire_bottom = true;
	set(90, backend_of(true, false, true, true));
	drive(90);
	emulator__analog_driver_event(f.analog, f.now, 2, 0);
	emulator__analog_driver_event(f.analog, f.now, 128 + 2, 0);
	fixture_advance(&f, 5000 * TICKS_US);
	assert_int_equal(spikes_of(91), 0);
	assert_true(charge_of(91) > 0.1);
	assert_true(charge_of(256 + 90) < 0.01);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slaves_fire_with_their_master),
		cmocka_unit_test(a_line_goes_to_the_right_only_and_ends_at_the_edge),
		cmocka_unit_test(only_masters_drive),
		cmocka_unit_test(a_slave_that_rests_does_not_follow),
		cmocka_unit_test(reset_is_the_slaves_too),
		cmocka_unit_test(gates_choose_the_post_pulses),
		cmocka_unit_test(a_line_makes_post_pulses_of_silent_neurons),
	};
	return cmocka_run_group_tests_name("emulator/fire_line", tests, NULL, NULL);
}
