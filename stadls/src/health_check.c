// SPDX-License-Identifier: MIT
/* What a person should know of a chip: no chip is asked here. */
#include <hxcomm/export.h>
#include <stadls/health.h>

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Assumed bounds: supplies within a tenth of their nominal value, electronics at room temperature.
 */
static const double supply_tolerance = 0.1, coldest_celsius = 5, warmest_celsius = 70;

/* The way to the chip and back, with room: the FPGA takes the time when the answer arrives. */
enum { SYSTIME_CYCLES = 1000 };

/* The instruction timeout below which ordinary barriers time out: 10 us. */
enum { TIMEOUT_CYCLES_MIN = 1250 };

static const struct {
	const char *name;
	double voltage;
} supplies[STADLS_SUPPLIES] = {
	{ "1.2 V digital", 1.2 },
	{ "2.5 V digital", 2.5 },
	{ "1.2 V analog", 1.2 },
	{ "2.5 V analog", 2.5 },
	{ "1.2 V MADC", 1.2 },
	{ "1.2 V PLL", 1.2 },
};

static const char *const clocks[STADLS_CLOCKS] = { "serialiser", "links", "processors",
	"fast converter" };

const char *stadls_supply_name(size_t supply)
{
	return supply < STADLS_SUPPLIES ? supplies[supply].name : "?";
}

const char *stadls_clock_name(size_t clock)
{
	return clock < STADLS_CLOCKS ? clocks[clock] : "?";
}

/* Findings of one severity are collected at a time, so that the gravest come first. */
struct findings {
	struct stadls_finding *out;
	size_t capacity, count;
	enum stadls_severity wanted;
};

static void add(struct findings *findings, enum stadls_severity severity, const char *format, ...)
        HXCOMM_PRINTF(3, 4);

static void add(struct findings *findings, enum stadls_severity severity, const char *format, ...)
{
	if (severity != findings->wanted)
		return;
	if (findings->count < findings->capacity) {
		struct stadls_finding *finding = &findings->out[findings->count];
		va_list arguments;
		finding->severity = severity;
		va_start(arguments, format);
		(void)vsnprintf(finding->text, sizeof(finding->text), format, arguments);
		va_end(arguments);
	}
	findings->count++;
}

static void check_board(struct findings *f, const struct stadls_health *health)
{
	if (!health->has_serial)
		add(f, STADLS_NOTE,
		        "the EEPROM of the chip's carrier does not answer: the chip cannot be "
		        "told from another one but by its FPGA");
	if (!health->has_temperature)
		add(f, STADLS_NOTE, "there is no thermometer on this board");
	else if (!(health->temperature_celsius >= coldest_celsius &&
	                 health->temperature_celsius <= warmest_celsius))
		add(f, STADLS_WARNING,
		        "the chip's carrier has %.1f degrees Celsius, outside %.0f to %.0f: "
		        "look at the cooling; calibrations hold near their own temperature",
		        health->temperature_celsius, coldest_celsius, warmest_celsius);
	for (size_t i = 0; i < STADLS_SUPPLIES; i++) {
		const struct stadls_supply *supply = &health->supplies[i];
		const double nominal = supplies[i].voltage;
		if (supply->present &&
		        !(fabs(supply->voltage - nominal) <= supply_tolerance * nominal))
			add(f, STADLS_FAULT,
			        "the supply %s has %.3f V instead of %.1f V: is the board switched "
			        "on and brought up?",
			        supplies[i].name, supply->voltage, nominal);
	}
}

static void check_clocks(struct findings *f, const struct stadls_health *health)
{
	for (size_t i = 0; i < STADLS_CLOCKS; i++) {
		const struct stadls_clock *clock = &health->clocks[i];
		if (!clock->measured)
			add(f, STADLS_WARNING,
			        "the self-test of the clock of the %s did not end: its frequency "
			        "is not known",
			        clocks[i]);
		else if (!clock->locked)
			add(f, STADLS_FAULT,
			        "the clock of the %s counts %.1f MHz, not what the default "
			        "settings "
			        "give: its PLL has not locked; bring the chip up again",
			        clocks[i], clock->frequency_hz * 1e-6);
	}
}

static void check_link(struct findings *f, const struct stadls_link *link, size_t number)
{
	if (!link->enabled)
		add(f, STADLS_NOTE, "link %zu is switched off", number);
	else if (!link->online_cycles)
		add(f, STADLS_WARNING,
		        "link %zu is switched on but down: the others carry its events, more "
		        "slowly",
		        number);
	if (link->enabled && (link->crc_errors || link->dropped))
		add(f, STADLS_WARNING,
		        "link %zu has had %" PRIu32 " damaged and %" PRIu32 " dropped words: "
		        "events may be lost",
		        number, link->crc_errors, link->dropped);
}

static void check_links(struct findings *f, const struct stadls_health *health)
{
	size_t enabled = 0, online = 0;
	for (size_t i = 0; i < STADLS_LINKS; i++) {
		enabled += health->links[i].enabled;
		online += health->links[i].enabled && health->links[i].online_cycles;
	}
	if (!enabled)
		add(f, STADLS_FAULT, "no link to the chip is switched on: bring it up");
	else if (!online)
		add(f, STADLS_FAULT,
		        "none of the %zu links that are switched on is up: bring the chip up "
		        "again",
		        enabled);
	for (size_t i = 0; i < STADLS_LINKS && online; i++)
		check_link(f, &health->links[i], i);
	if (health->repeated_words)
		add(f, STADLS_NOTE, "%" PRIu32 " words to the chip had to be repeated",
		        health->repeated_words);
}

static void check_systime(struct findings *f, const struct stadls_health *health)
{
	const int64_t difference = health->systime_difference_cycles;
	if (!health->systime_synchronised)
		add(f, STADLS_WARNING,
		        "the chip's system time was never synchronised: times of events mean "
		        "nothing; bring the chip up with its system time");
	else if (difference > SYSTIME_CYCLES || difference < -SYSTIME_CYCLES)
		add(f, STADLS_FAULT,
		        "the chip's system time is %+" PRId64 " cycles of 8 ns from the FPGA's: "
		        "times of events are wrong; synchronise again",
		        difference);
}

static void check(struct findings *f, const struct stadls_health *health)
{
	if (!health->chip_answers)
		add(f, STADLS_FAULT,
		        "the chip does not answer over JTAG: is there one, and is it powered?");
	check_board(f, health);
	if (health->clocks_set) {
		check_clocks(f, health);
		check_links(f, health);
	} else {
		add(f, STADLS_FAULT, "the clocks of the chip are not set: bring it up");
	}
	if (health->is_up) {
		check_systime(f, health);
		if (!health->events_recorded)
			add(f, STADLS_WARNING,
			        "the FPGA does not record events: spikes and samples are lost");
	}
	if (health->timeout_cycles < TIMEOUT_CYCLES_MIN)
		add(f, STADLS_WARNING,
		        "the FPGA gives up an instruction after %" PRIu32 " cycles of 8 ns: "
		        "ordinary programs will fail; the bring-up sets 1250000",
		        health->timeout_cycles);
}

size_t stadls_health_check(struct stadls_finding *out, size_t capacity,
        const struct stadls_health *health)
{
	struct findings findings = { .out = out, .capacity = capacity };
	for (int severity = STADLS_FAULT; severity >= STADLS_NOTE; severity--) {
		findings.wanted = (enum stadls_severity)severity;
		check(&findings, health);
	}
	return findings.count;
}
