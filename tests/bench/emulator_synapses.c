// SPDX-License-Identifier: MIT
/* What synapses cost beside their lines: pulses of the drivers, correlation sensors from the log to
 * the charge, snapshots. One JSON object a line; medians. */
#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include "analog_state.h"
#include "bench.h"
#include "oracle.h"

enum { ROUNDS = 11, EVENTS = 20000, TICKS_MS = 250000 };

static void print(const char *name, const char *unit, double values[ROUNDS], double work)
{
	printf("{\"name\":\"%s\",\"unit\":\"%s\",\"value\":%.4g,\"work\":%g}\n", name, unit,
		median(values, ROUNDS), work);
}

static void advance(struct emulator_analog *a, uint64_t t)
{
	struct emulator_spike spikes[1024];
	size_t count;
	if (emulator__analog_advance(a, t, spikes, 1024, &count))
		abort();
}

static struct emulator_analog *new_chip(uint16_t store)
{
	const struct emulator_analog_config config = {
		.serial = 1, .seed = 1, .noise = true, .variation = true};
	struct emulator_analog *a;
	if (emulator__analog_new(&a, &config))
		abort();
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++) {
		const uint32_t first = 3120 * quadrant;
		emulator__analog_set_capmem(a, 0, first + HALDLS_CAPMEM_SYN_I_BIAS_STORE, store);
		emulator__analog_set_capmem(a, 0, first + HALDLS_CAPMEM_SYN_I_BIAS_RAMP, 80);
		emulator__analog_set_capmem(a, 0, first + HALDLS_CAPMEM_STP_I_RAMP, 600);
		emulator__analog_set_capmem(
			a, 0, first + HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR, 1000);
		emulator__analog_set_capmem(a, 0, first + HALDLS_CAPMEM_STP_V_RECOVER_0, 400);
	}
	advance(a, 100 * TICKS_MS);
	return a;
}

static void bench_pulses(void)
{
	double values[ROUNDS];
	for (unsigned plastic = 0; plastic < 2; plastic++) {
		struct emulator_analog *a = new_chip(0);
		struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
		struct haldls_common_stp_config clock = HALDLS_COMMON_STP_CONFIG_INIT;
		clock.enable_recovery_clock = true;
		driver.enable_stp = driver.enable_recovery = plastic;
		driver.recovery = 3;
		for (uint32_t d = 0; d < 256; d++)
			emulator__analog_set_driver(a, d, &driver);
		for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
			emulator__analog_set_stp(a, hemisphere, &clock);
		uint64_t t = a->grid;
		for (unsigned i = 0; i < ROUNDS; i++) {
			const double begin = seconds();
			for (unsigned k = 0; k < EVENTS; k++) {
				uint8_t sent;
				emulator__driver_event(a, t += 50, k % 256, 3, &sent);
			}
			values[i] = (seconds() - begin) / EVENTS * 1e9;
		}
		print(plastic ? "pulse of a driver, plastic" : "pulse of a driver, full", "ns",
			values, EVENTS);
		emulator__analog_free(a);
	}
}

/* As many events as post pulses; all labels match. */
static void bench_sensors(uint16_t store, unsigned kernel, const char *name)
{
	double values[ROUNDS];
	struct emulator_analog *a = new_chip(store);
	emulator__analog_use_kernel(a, kernel);
	uint64_t t = a->grid;
	for (unsigned i = 0; i < ROUNDS; i++) {
		const double begin = seconds();
		for (unsigned k = 0; k < EVENTS / 2; k++) {
			emulator__correlation_event(a, t, k * 7 % 128, 0);
			emulator__correlation_post(a, t + 25, k * 11 % 256);
			t += 50;
		}
		a->grid = t;
		emulator__correlation_settle(a, 0);
		values[i] = (seconds() - begin) / EVENTS * 1e9;
	}
	print(name, "ns", values, EVENTS);
	emulator__analog_free(a);
}

static void bench_first_use(void)
{
	double values[ROUNDS];
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct emulator_analog *a = new_chip(70);
		const double begin = seconds();
		emulator__correlation_event(a, a->grid - 1, 1, 0);
		emulator__correlation_settle(a, 0);
		values[i] = (seconds() - begin) * 1e3;
		emulator__analog_free(a);
	}
	print("first use of a hemisphere's sensors", "ms", values, 65536);
}

int main(void)
{
	bench_pulses();
	const struct kernel *all[3];
	bench_sensors(0, 0, "event or post pulse, no store bias");
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++) {
		char name[64];
		snprintf(name, sizeof(name), "event of two rows or post pulse, sensors, %s",
			all[k]->name);
		bench_sensors(70, k, name);
	}
	bench_first_use();
	return 0;
}
