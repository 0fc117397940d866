// SPDX-License-Identifier: MIT
/* Synapse drivers: an event becomes a pulse on both rows, whose length comes from the state of
 * short-term plasticity, from the activation in hagen mode, or is full.
 *
 * **Short-term plasticity.** The driver holds a voltage V, in codes of the capacitive memory. A
 * pulse has the length 1 - (V + offset - 40) / 480 * 600 / i_ramp, 0 to 1; after it V makes a share
 * (1 + utilization) / 32 of its way to v_charge. With every tick of the recovery clock, 64 ns times
 * two to the power of its scaler, V makes a share (1 + recovery) / 32 of its way to v_recover. Many
 * ticks are one power, so a driver costs nothing between its events. Above, offset is the driver's
 * own one and its trim, 12 codes a step from 7, which the current i_calib of nominally 600 scales.
 *
 * **Hagen mode.** The activation is 32 less the low five bits of the address. The pulse has the
 * length (activation + offset) / 31 * i_ramp / 820 - 0.2 / 31 * hagen_dac_offset, 0 to 1.1; the
 * trim shortens it by half an activation a step. The bias of the hagen DAC, nominally 820, scales
 * how far below 32 an activation counts.
 *
 * **Buses.** A bus lengthens all pulses of its drivers as its settings say. With extended timing
 * the drivers have time for what they do, but an event directly behind another one, 8 ns later, is
 * none.
 *
 * Charge sharing and renewing are broken on the chip; here they change nothing. Source:
 * spec/emulator_physics.md 2.3, spec/registers_chip.json SynapseDriverConfig. */
#include "analog_state.h"
#include "noise.h"

#include <emulator/emulator.h>

#include <haldls/coordinate.h>

#include <math.h>

enum {
	CELL_HAGEN_DAC = 2988, /* in the east blocks only */
	TRIM_NOMINAL = 7,
	BUSES = 4,
	BACK_TO_BACK_TICKS = 2, /* between events that follow directly */
};

static const double activations = 31, slots = 32; /* 2^5 - 1, 2^5 */

static uint32_t block_of(uint32_t driver)
{
	return 2 * (driver / HALDLS_DRIVERS) + driver % 2;
}

static double shared(const struct emulator_analog *a, uint32_t driver, uint32_t cell)
{
	return (double)analog_shared_cell(a, block_of(driver), cell);
}

static double limited(double value, double most)
{
	return value < 0 ? 0 : value > most ? most : value;
}

/* @base to the power of @count. */
static double power(double base, uint64_t count)
{
	double product = 1;
	for (; count && product > 0; count >>= 1) {
		if (count & 1)
			product *= base;
		base *= base;
		if (base < 1e-30)
			base = 0;
	}
	return product;
}

/* The trim times its current. */
static double trim(const struct emulator_analog *a, uint32_t driver)
{
	const double calib = shared(a, driver, HALDLS_CAPMEM_STP_I_CALIB);
	return a->driver[driver].offset * calib;
}

/* Codes that an event takes the driver to, and that of its recovery. */
static double charge_target(const struct emulator_analog *a, uint32_t driver)
{
	static const uint32_t cells[] = {
		HALDLS_CAPMEM_STP_V_CHARGE_0, HALDLS_CAPMEM_STP_V_CHARGE_1};
	return shared(a, driver, cells[a->driver[driver].select_target_voltages & 1]);
}

static double recovery_target(const struct emulator_analog *a, uint32_t driver)
{
	static const uint32_t cells[] = {
		HALDLS_CAPMEM_STP_V_RECOVER_0, HALDLS_CAPMEM_STP_V_RECOVER_1};
	return shared(a, driver, cells[a->driver[driver].select_target_voltages & 1]);
}

/* Offset of the comparator, codes. */
static double offset_of(const struct emulator_analog *a, uint32_t driver)
{
	const double own = 480 * (double)a->pattern->driver[driver].plasticity;
	return own + 12 * (trim(a, driver) / 600 - TRIM_NOMINAL);
}

static double utilization_of(const struct emulator_analog *a, uint32_t driver)
{
	return (1 + (double)a->driver[driver].utilization) / slots;
}

static double recovery_of(const struct emulator_analog *a, uint32_t driver)
{
	return (1 + (double)a->driver[driver].recovery) / slots;
}

/* Let the driver recover until tick @t. */
static void recover(struct emulator_analog *a, uint32_t driver, uint64_t t)
{
	const struct haldls_synapse_driver_config *config = &a->driver[driver];
	const struct haldls_common_stp_config *clock = &a->stp[driver / HALDLS_DRIVERS];
	struct analog_driver *state = &a->drivers[driver];
	const uint64_t period = UINT64_C(16) << clock->recovery_clock_speed;
	if (t <= state->time)
		return;
	const uint64_t edges = t / period - state->time / period;
	state->time = t;
	if (!config->enable_recovery || !clock->enable_recovery_clock || !edges)
		return;
	const double target = recovery_target(a, driver);
	state->voltage =
		target + (state->voltage - target) * power(1 - recovery_of(a, driver), edges);
}

/* Part of the charge that this event moves, over its nominal one. */
static double charge_noise(struct emulator_analog *a, uint32_t driver)
{
	struct analog_driver *state = &a->drivers[driver];
	if (!a->config.noise)
		return 1;
	double normal[2];
	emulator__noise_normals(normal, a->config.seed, NOISE_PLASTICITY, driver, state->events++);
	return 1 + 0.01 * normal[0];
}

static double plastic_pulse(struct emulator_analog *a, uint32_t driver)
{
	struct analog_driver *state = &a->drivers[driver];
	const double ramp = shared(a, driver, HALDLS_CAPMEM_STP_I_RAMP);
	const double slope = 600 / fmax(ramp, 1e-3) / 480;
	const double pulse = limited(1 - (state->voltage + offset_of(a, driver) - 40) * slope, 1);
	const double share = utilization_of(a, driver) * charge_noise(a, driver);
	state->voltage += share * (charge_target(a, driver) - state->voltage);
	return pulse;
}

static double hagen_pulse(const struct emulator_analog *a, uint32_t driver, uint8_t address)
{
	const struct haldls_synapse_driver_config *config = &a->driver[driver];
	const uint32_t array = driver / HALDLS_DRIVERS;
	const double ramp = shared(a, driver, HALDLS_CAPMEM_STP_I_RAMP);
	const double bias = (double)analog_shared_cell(a, 2 * array + 1, CELL_HAGEN_DAC);
	const double voltage = config->enable_hagen_dac ? (address & 31) * bias / 820 : 0;
	const double offset = (double)a->pattern->driver[driver].hagen -
			      0.5 * (trim(a, driver) / fmax(ramp, 1e-3) - TRIM_NOMINAL);
	return limited((slots - voltage + offset) / activations * ramp / 820 -
			       0.2 / activations * config->hagen_dac_offset,
		1.1);
}

/* The bus lengthens all pulses of its drivers. */
static double extended(const struct emulator_analog *a, uint32_t driver, double pulse)
{
	const struct haldls_common_padi_bus_config *buses = &a->padi[driver / HALDLS_DRIVERS];
	return pulse + 0.25 * buses->dacen_pulse_extension[driver % BUSES];
}

/* A bus with extended timing has no room for an event directly behind another. */
static bool is_crowded(struct emulator_analog *a, uint64_t t, uint32_t driver)
{
	const uint32_t hemisphere = driver / HALDLS_DRIVERS, bus = driver % BUSES;
	uint64_t *last = &a->bus_event[hemisphere][bus];
	const uint64_t since = t - *last;
	const bool crowded = a->padi[hemisphere].enable_extended_timing[bus] && *last && since &&
			     since <= BACK_TO_BACK_TICKS;
	if (!crowded)
		*last = t;
	return crowded;
}

float emulator__driver_event(
	struct emulator_analog *a, uint64_t t, uint32_t driver, uint8_t label, uint8_t *sent)
{
	const struct haldls_synapse_driver_config *config = &a->driver[driver];
	*sent = config->enable_address_out ? label : label & 0x20;
	if (is_crowded(a, t, driver) || a->pattern->driver[driver].stuck)
		return 0;
	double pulse = 1;
	if (config->enable_stp) {
		recover(a, driver, t);
		pulse = config->enable_hagen_modulation ? hagen_pulse(a, driver, label)
							: plastic_pulse(a, driver);
		pulse *= (double)analog_quality(analog_shared_cell(a, block_of(driver),
							HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR),
			1022);
	}
	return (float)extended(a, driver, pulse);
}

void emulator__analog_look_at_driver(
	struct emulator_driver *out, struct emulator_analog *peek, uint64_t t, uint32_t driver)
{
	const struct haldls_synapse_driver_config *config = &peek->driver[driver];
	const struct haldls_common_stp_config *clock = &peek->stp[driver / HALDLS_DRIVERS];
	const bool recovers = config->enable_recovery && clock->enable_recovery_clock;
	uint8_t sent;
	*out = (struct emulator_driver){
		.voltage = emulator__driver_voltage(peek, t, driver),
		.charge = charge_target(peek, driver),
		.utilization = utilization_of(peek, driver),
		.recover = recovery_target(peek, driver),
		.recovery = recovery_of(peek, driver),
		.recovery_period =
			recovers ? 64e-9 * (double)(1u << clock->recovery_clock_speed) : INFINITY,
		.offset = offset_of(peek, driver),
		.activation_offset = (double)peek->pattern->driver[driver].hagen,
		.pulse = (double)emulator__driver_event(peek, t, driver, 1, &sent),
		.is_stuck = peek->pattern->driver[driver].stuck,
	};
}

double emulator__driver_voltage(struct emulator_analog *a, uint64_t t, uint32_t driver)
{
	recover(a, driver, t);
	return a->drivers[driver].voltage;
}

/* What the driver is until now, it is by its old settings. */
void emulator__analog_set_driver(struct emulator_analog *a, uint32_t driver,
	const struct haldls_synapse_driver_config *config)
{
	recover(a, driver, a->grid);
	a->driver[driver] = *config;
}

void emulator__analog_set_stp(struct emulator_analog *a, uint32_t hemisphere,
	const struct haldls_common_stp_config *config)
{
	const uint32_t first = hemisphere * HALDLS_DRIVERS;
	for (uint32_t i = 0; i < HALDLS_DRIVERS; i++)
		recover(a, first + i, a->grid);
	a->stp[hemisphere] = *config;
}

void emulator__analog_set_padi(struct emulator_analog *a, uint32_t hemisphere,
	const struct haldls_common_padi_bus_config *config)
{
	a->padi[hemisphere] = *config;
}
