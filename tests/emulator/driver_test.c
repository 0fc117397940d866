// SPDX-License-Identifier: MIT
/* Pulses of the synapse drivers, without noise and variation where nothing else is said, against
 * the laws of spec/emulator_physics.md 2.3. */
#include "fixture.h"

#include "analog_state.h"

static struct fixture f;

enum { COLUMN = 5, DRIVER = 4, ROW = 8, LABEL = 19, DAC = 300, WEIGHT = 10 };

static struct haldls_synapse_driver_config driver;

static void set_driver(void)
{
	emulator__analog_set_driver(f.analog, DRIVER, &driver);
}

static void begin(void)
{
	fixture_begin(&f, 1, 1, false, false);
	fixture_neurons(&f);
	for (uint32_t column = 0; column < 256; column++)
		emulator__analog_set_column_current(f.analog, 0, column, true, true);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, DAC);
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR, 1022);
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_RAMP, 600);
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_CALIB, 601);
	fixture_shared(&f, HALDLS_CAPMEM_STP_V_CHARGE_0, 100);
	fixture_shared(&f, HALDLS_CAPMEM_STP_V_RECOVER_0, 400);
	fixture_shared(&f, HALDLS_CAPMEM_STP_V_CHARGE_1, 330);
	fixture_shared(&f, HALDLS_CAPMEM_STP_V_RECOVER_1, 50);
	driver = (struct haldls_synapse_driver_config)HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	driver.enable_receiver = true;
	driver.row_mode_bottom = 1;
	driver.offset = 7;
	set_driver();
	emulator__analog_set_synapses(f.analog, 0, ROW, COLUMN, WEIGHT, LABEL);
	fixture_advance(&f, 100 * TICKS_MS);
}

/* What a shared cell of the driver's block truly holds. */
static double cell(uint32_t number)
{
	return emulator__analog_true_cell(f.analog, f.now, number);
}

/* Length of the pulse that an event with this address has now. */
static double pulse(uint8_t address)
{
	uint8_t sent;
	return (double)emulator__driver_event(f.analog, f.now, DRIVER, address, &sent);
}

static double voltage(void)
{
	return emulator__driver_voltage(f.analog, f.now, DRIVER);
}

static double law(double volt, double trim)
{
	const double offset = 12 * (trim * cell(HALDLS_CAPMEM_STP_I_CALIB) / 600 - 7);
	const double length = 1 - (volt + offset - 40) / 480 * 600 / cell(HALDLS_CAPMEM_STP_I_RAMP);
	return length < 0 ? 0 : length > 1 ? 1 : length;
}

static void a_driver_without_plasticity_sends_full_pulses(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < 20; i++) {
		assert_true(pulse(LABEL) == 1);
		fixture_advance(&f, 20);
	}
	fixture_end(&f);
}

/* A train of period p reaches V = (r (1 - q) + u c q) / (1 - (1 - u) q) before its events, with the
 * share q that n recoveries leave. */
static void a_regular_train_reaches_its_fixed_point(void **state)
{
	(void)state;
	static const struct {
		unsigned set, utilization, recovery, scaler, ticks;
	} rows[] = {{0, 5, 3, 0, 16 * 10}, {0, 0, 15, 2, 64 * 3}, {0, 15, 0, 1, 32 * 20},
		{1, 5, 7, 3, 128 * 2}, {1, 10, 1, 0, 16 * 5}, {1, 3, 12, 0, 16}};
	FOR_ROWS(i, rows)
	{
		struct haldls_common_stp_config clock = HALDLS_COMMON_STP_CONFIG_INIT;
		begin();
		clock.enable_recovery_clock = true;
		clock.recovery_clock_speed = rows[i].scaler;
		emulator__analog_set_stp(f.analog, 0, &clock);
		driver.enable_stp = driver.enable_recovery = true;
		driver.utilization = rows[i].utilization;
		driver.recovery = rows[i].recovery;
		driver.select_target_voltages = rows[i].set;
		set_driver();
		const double charge = cell(
			rows[i].set ? HALDLS_CAPMEM_STP_V_CHARGE_1 : HALDLS_CAPMEM_STP_V_CHARGE_0);
		const double recover = cell(rows[i].set ? HALDLS_CAPMEM_STP_V_RECOVER_1
							: HALDLS_CAPMEM_STP_V_RECOVER_0);
		const double u = (1 + rows[i].utilization) / 32.0;
		const double q = pow(
			1 - (1 + rows[i].recovery) / 32.0, rows[i].ticks / (16u << rows[i].scaler));
		const double fixed = (recover * (1 - q) + u * charge * q) / (1 - (1 - u) * q);
		double last = 0;
		for (unsigned k = 0; k < 2000; k++) {
			last = pulse(LABEL);
			f.now += rows[i].ticks; /* the driver needs nobody to advance it */
		}
		assert_near(voltage(), fixed, 1e-5, 0);
		assert_near(last, law(fixed, 7), 1e-5, 1e-7);
		/* set 0 lengthens pulses with use, set 1 shortens them */
		assert_true((law(fixed, 7) >= law(recover, 7)) == (rows[i].set == 0));
		f.now -= 2000 * rows[i].ticks;
		fixture_end(&f);
	}
}

/* The same after one long pause as after many short ones; and recovery needs its clock and switch.
 */
static void recovery_is_the_same_in_one_leap(void **state)
{
	(void)state;
	double ends[2] = {0, 0};
	for (unsigned pieces = 0; pieces < 2; pieces++) {
		struct haldls_common_stp_config clock = HALDLS_COMMON_STP_CONFIG_INIT;
		begin();
		clock.enable_recovery_clock = true;
		emulator__analog_set_stp(f.analog, 0, &clock);
		driver.enable_stp = driver.enable_recovery = true;
		driver.recovery = 0;
		set_driver();
		pulse(LABEL);
		for (unsigned i = 0; i < (pieces ? 1000 : 1); i++) {
			f.now += pieces ? 1 : 1000;
			ends[pieces] = voltage();
		}
		fixture_end(&f);
	}
	assert_near(ends[0], ends[1], 1e-9, 0);

	begin();
	driver.enable_stp = true;
	set_driver();
	pulse(LABEL);
	const double before = voltage();
	f.now += TICKS_MS;
	assert_true(voltage() == before);
	fixture_end(&f);
}

static void the_trim_shortens_pulses(void **state)
{
	(void)state;
	begin();
	driver.enable_stp = true;
	driver.utilization = 15;
	for (unsigned i = 0; i < 20; i++) { /* towards v_charge, 330 */
		driver.select_target_voltages = 1;
		set_driver();
		pulse(LABEL);
	}
	for (unsigned trim = 0; trim < 16; trim++) {
		driver.offset = trim;
		set_driver();
		const double before = voltage(), length = pulse(LABEL);
		assert_near(length, law(before, trim), 1e-5, 1e-6);
	}
	/* one step: 2.5 % of a full pulse */
	assert_near(law(330, 6) - law(330, 7), 0.025, 0.01, 0);
	fixture_end(&f);
}

static void without_biases_there_is_no_pulse(void **state)
{
	(void)state;
	static const uint32_t cells[] = {
		HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR, HALDLS_CAPMEM_STP_I_RAMP};
	FOR_ROWS(i, cells)
	{
		begin();
		driver.enable_stp = true;
		driver.utilization = 15;
		driver.select_target_voltages = 1;
		set_driver();
		for (unsigned k = 0; k < 20; k++)
			pulse(LABEL);
		assert_true(pulse(LABEL) > 0.3);
		fixture_shared(&f, cells[i], 0);
		fixture_advance(&f, 100 * TICKS_MS);
		assert_true(pulse(LABEL) == 0);
		fixture_end(&f);
	}
}

/* Length (32 - address) / 31 * ramp / 820 - 0.2 / 31 per step of the DAC's offset. */
static void hagen_pulses_are_linear_in_the_activation(void **state)
{
	(void)state;
	begin();
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_RAMP, 820);
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_CALIB, 819);
	emulator__analog_set_capmem(f.analog, f.now, 3120 + 2988, 820); /* of the top */
	fixture_advance(&f, 100 * TICKS_MS);
	driver.enable_stp = driver.enable_hagen_modulation = driver.enable_hagen_dac = true;
	for (unsigned offset = 0; offset < 64; offset += 21)
		for (uint8_t activation = 1; activation < 32; activation++) {
			driver.hagen_dac_offset = offset;
			set_driver();
			const double ramp = cell(HALDLS_CAPMEM_STP_I_RAMP) / 820;
			const double bias = cell(3120 + 2988) / 820;
			const double trim = 0.5 * (7 * cell(HALDLS_CAPMEM_STP_I_CALIB) /
								  cell(HALDLS_CAPMEM_STP_I_RAMP) -
							  7);
			const double length = (32 - (32 - activation) * bias - trim) / 31 * ramp -
					      0.2 / 31 * offset;
			assert_near(pulse((uint8_t)(32 - activation)), fmax(0, length), 1e-5, 1e-7);
			assert_near(length, (activation - 0.2 * offset) / 31, 0, 0.01);
		}
	/* the address stays away from the synapses, but for its highest bit */
	uint8_t sent;
	driver.enable_address_out = false;
	set_driver();
	emulator__driver_event(f.analog, f.now, DRIVER, 32 + 5, &sent);
	assert_int_equal(sent, 32);
	/* without its bias the DAC lets every activation be the highest */
	emulator__analog_set_capmem(f.analog, f.now, 3120 + 2988, 0);
	driver.hagen_dac_offset = 0;
	set_driver();
	fixture_advance(&f, 100 * TICKS_MS);
	assert_near(pulse(31), pulse(1), 1e-6, 0);
	fixture_end(&f);
}

static void buses_lengthen_pulses(void **state)
{
	(void)state;
	struct haldls_common_padi_bus_config buses = HALDLS_COMMON_PADI_BUS_CONFIG_INIT;
	begin();
	buses.dacen_pulse_extension[DRIVER % 4] = 6;
	buses.dacen_pulse_extension[(DRIVER + 1) % 4] = 15;
	emulator__analog_set_padi(f.analog, 0, &buses);
	assert_near(pulse(LABEL), 2.5, 1e-6, 0);
	emulator__analog_set_padi(f.analog, 1, &buses);
	assert_near(pulse(LABEL), 2.5, 1e-6, 0);
	fixture_end(&f);
}

/* With extended timing, and only then, an event 8 ns behind another one on its bus is none. */
static void extended_timing_takes_no_events_back_to_back(void **state)
{
	(void)state;
	struct haldls_common_padi_bus_config buses = HALDLS_COMMON_PADI_BUS_CONFIG_INIT;
	begin();
	for (unsigned bus = 0; bus < 2; bus++) { /* another one, then that of the driver */
		buses.enable_extended_timing[(DRIVER + 3 + bus) % 4] = true;
		emulator__analog_set_padi(f.analog, 0, &buses);
		f.now += 100;
		assert_near(pulse(LABEL), 1, 0, 0);
		assert_near(pulse(LABEL), 1, 0, 0); /* the same event, for another driver */
		f.now += 2;
		assert_near(pulse(LABEL), bus ? 0 : 1, 0, 0);
		f.now += 2; /* that one was none */
		assert_near(pulse(LABEL), 1, 0, 0);
		f.now += 4;
		assert_near(pulse(LABEL), 1, 0, 0);
	}
	fixture_end(&f);
}

/* The length reaches the line: the drop of an event goes with it. */
static void the_pulse_scales_the_drop(void **state)
{
	(void)state;
	begin();
	driver.enable_stp = true;
	driver.utilization = 15;
	driver.select_target_voltages = 1;
	set_driver();
	for (unsigned k = 0; k < 10; k++) {
		const double before = emulator__analog_true_line(f.analog, COLUMN, 0);
		const double length = law(voltage(), 7);
		emulator__analog_driver_event(f.analog, f.now, DRIVER, LABEL);
		fixture_advance(&f, 20);
		const double drop = emulator__analog_true_line(f.analog, COLUMN, 0) - before;
		assert_near(drop, 0.183e-6 * WEIGHT * cell(HALDLS_CAPMEM_SYN_I_BIAS_DAC) * length,
			2e-4, 2e-7);
	}
	fixture_end(&f);
}

/* What varies from driver to driver, and from event to event. */
static void noise_moves_the_charge_by_a_hundredth(void **state)
{
	(void)state;
	enum { EVENTS = 4000 };
	double sum = 0, square = 0;
	fixture_begin(&f, 1, 1, true, false);
	fixture_shared(&f, HALDLS_CAPMEM_STP_V_CHARGE_0, 500);
	fixture_advance(&f, 100 * TICKS_MS);
	driver = (struct haldls_synapse_driver_config)HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	driver.enable_stp = true;
	driver.utilization = 7;
	set_driver();
	const double charge = cell(HALDLS_CAPMEM_STP_V_CHARGE_0);
	for (unsigned i = 0; i < EVENTS; i++) {
		f.analog->drivers[DRIVER].voltage = 0;
		pulse(LABEL);
		const double share = voltage() / charge / 0.25 - 1;
		sum += share;
		square += share * share;
	}
	assert_near(sum / EVENTS, 0, 0, 5 * 0.01 / sqrt(EVENTS));
	assert_near(sqrt(square / EVENTS), 0.01, 5 / sqrt(2.0 * EVENTS), 0);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driver_without_plasticity_sends_full_pulses),
		cmocka_unit_test(a_regular_train_reaches_its_fixed_point),
		cmocka_unit_test(recovery_is_the_same_in_one_leap),
		cmocka_unit_test(the_trim_shortens_pulses),
		cmocka_unit_test(without_biases_there_is_no_pulse),
		cmocka_unit_test(hagen_pulses_are_linear_in_the_activation),
		cmocka_unit_test(buses_lengthen_pulses),
		cmocka_unit_test(extended_timing_takes_no_events_back_to_back),
		cmocka_unit_test(the_pulse_scales_the_drop),
		cmocka_unit_test(noise_moves_the_charge_by_a_hundredth),
	};
	return cmocka_run_group_tests_name("emulator/driver", tests, NULL, NULL);
}
