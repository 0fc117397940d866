// SPDX-License-Identifier: MIT
/* `bss health`: is this chip well? */
#include "bss.h"

#include "chip_options.h"
#include "jsonout.h"
#include "table.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <stadls/health.h>
#include <stadls/run.h>

#include <inttypes.h>
#include <stdio.h>

enum { KEY_BRING_UP = 0x100 };

static const struct argp_option options[] = {
	{ "bring-up", KEY_BRING_UP, NULL, 0, "bring the chip up first: it loses its configuration",
	        0 },
	{ 0 },
};

struct arguments {
	struct chip_options chip;
	bool bring_up;
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	(void)text;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->chip;
		break;
	case KEY_BRING_UP:
		arguments->bring_up = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_health_argp = {
	.options = options,
	.parser = parse_option,
	.children = chip_options_children,
	.doc = "Ask a chip how it is: identity, supplies, temperature, clocks, links, system time; "
	       "and say "
	       "what is wrong. Exits with 1 where experiments would not work.",
};

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *describe_supplies(const struct stadls_health *health)
{
	json_t *out = json_array();
	for (size_t i = 0; i < STADLS_SUPPLIES; i++) {
		const struct stadls_supply *supply = &health->supplies[i];
		if (supply->present)
			json_array_append_new(out,
			        json_pack("{s:s,s:f,s:f,s:f}", "name", stadls_supply_name(i), "V",
			                supply->voltage, "A", supply->current, "W", supply->power));
	}
	return out;
}

static json_t *describe_links(const struct stadls_health *health)
{
	json_t *out = json_array();
	for (size_t i = 0; i < STADLS_LINKS; i++) {
		const struct stadls_link *link = &health->links[i];
		json_array_append_new(
		        out, json_pack("{s:b,s:I,s:I,s:I,s:I,s:I}", "enabled", link->enabled,
		                     "online_cycles", (json_int_t)link->online_cycles, "crc_errors",
		                     (json_int_t)link->crc_errors, "dropped",
		                     (json_int_t)link->dropped, "sent", (json_int_t)link->sent,
		                     "received", (json_int_t)link->received));
	}
	return out;
}

static json_t *describe_clocks(const struct stadls_health *health)
{
	json_t *out = json_array();
	for (size_t i = 0; i < STADLS_CLOCKS && health->clocks_set; i++)
		json_array_append_new(out,
		        json_pack("{s:s,s:b,s:b,s:f}", "name", stadls_clock_name(i), "measured",
		                health->clocks[i].measured, "locked", health->clocks[i].locked,
		                "Hz", health->clocks[i].frequency_hz));
	return out;
}

static const char *severity_name(enum stadls_severity severity)
{
	return severity == STADLS_FAULT ? "fault" : severity == STADLS_WARNING ? "warning" : "note";
}

static json_t *describe_findings(const struct stadls_finding *findings, size_t count)
{
	json_t *out = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(out, json_pack("{s:s,s:s}", "severity",
		        severity_name(findings[i].severity), "text", findings[i].text));
	return out;
}

static json_t *describe(const struct stadls_health *health, const struct stadls_finding *findings,
        size_t count)
{
	json_t *out = json_pack("{s:s,s:b,s:b,s:I,s:I,s:I,s:b,s:b,s:I,s:I,s:o,s:o,s:o,s:o}", "chip",
	        health->identifier, "is_up", health->is_up, "answers", health->chip_answers,
	        "version", (json_int_t)health->chip_version, "fpga_dna",
	        (json_int_t)health->fpga_dna, "timeout_cycles", (json_int_t)health->timeout_cycles,
	        "events_recorded", health->events_recorded, "systime_synchronised",
	        health->systime_synchronised, "systime_difference_cycles",
	        (json_int_t)health->systime_difference_cycles, "link_notifications",
	        (json_int_t)health->link_notifications, "supplies", describe_supplies(health),
	        "links", describe_links(health), "clocks", describe_clocks(health), "findings",
	        describe_findings(findings, count));
	if (out && health->has_serial)
		json_object_set_new(out, "serial", json_integer(health->serial));
	if (out && health->has_temperature)
		json_object_set_new(
		        out, "temperature_celsius", json_real(health->temperature_celsius));
	return out;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_identity(const struct stadls_health *health)
{
	printf("chip         %s, %s\n", health->identifier,
	        health->is_up ? "up" : "not brought up");
	printf("identity     FPGA %014" PRIx64, health->fpga_dna);
	if (health->chip_answers)
		printf(", chip version %" PRIu32, health->chip_version);
	if (health->has_serial)
		printf(", serial %" PRIu32, health->serial);
	putchar('\n');
	if (health->has_temperature)
		printf("temperature  %.1f degrees Celsius\n", health->temperature_celsius);
}

static void print_links(const struct stadls_health *health)
{
	size_t up = 0;
	for (size_t i = 0; i < STADLS_LINKS; i++)
		up += health->links[i].enabled && health->links[i].online_cycles;
	printf("links        %zu of %d up\n", up, (int)STADLS_LINKS);
	for (size_t i = 0; i < STADLS_CLOCKS && health->clocks_set; i++)
		printf("%s%s %.0f MHz%s", i ? ", " : "clocks       ", stadls_clock_name(i),
		        health->clocks[i].frequency_hz * 1e-6,
		        health->clocks[i].locked ? "" : " (not locked)");
	if (health->clocks_set)
		putchar('\n');
	if (!health->is_up)
		return;
	printf("system time  %s, %+.2f us\n",
	        health->systime_synchronised ? "synchronised" : "not synchronised",
	        (double)health->systime_difference_cycles * 8e-3);
}

static void print_supplies(const struct stadls_health *health)
{
	static const char *const titles[] = { "SUPPLY", ">V", ">A", ">W" };
	struct table *table = table_new(titles, 4);
	size_t rows = 0;
	for (size_t i = 0; i < STADLS_SUPPLIES && table; i++) {
		const struct stadls_supply *supply = &health->supplies[i];
		char volt[32], ampere[32], watt[32];
		const char *const cells[] = { stadls_supply_name(i), volt, ampere, watt };
		if (!supply->present)
			continue;
		(void)snprintf(volt, sizeof(volt), "%.3f", supply->voltage);
		(void)snprintf(ampere, sizeof(ampere), "%.3f", supply->current);
		(void)snprintf(watt, sizeof(watt), "%.3f", supply->power);
		if (table_append(table, cells) != HXCOMM_OK)
			break;
		rows++;
	}
	if (rows) {
		putchar('\n');
		table_print(table);
	}
	table_free(table);
}

static void print_text(const struct stadls_health *health, const struct stadls_finding *findings,
        size_t count)
{
	print_identity(health);
	print_links(health);
	print_supplies(health);
	putchar('\n');
	for (size_t i = 0; i < count; i++)
		printf("%s: %s\n", severity_name(findings[i].severity), findings[i].text);
	if (!count)
		puts("all is well");
}

/* ---- the command ----------------------------------------------------------------------------- */

static int ask(struct stadls_health *out, const struct arguments *arguments)
{
	struct hxcomm_connection *connection;
	int status = hxcomm_open(&connection, arguments->chip.uri, NULL);
	if (status == HXCOMM_OK && arguments->bring_up) {
		status = stadls_bringup(connection);
		if (status == HXCOMM_EDEVICE) /* its health tells why */
			status = HXCOMM_OK;
	}
	if (status == HXCOMM_OK)
		status = stadls_health_read(out, connection);
	hxcomm_close(connection);
	return status;
}

int cmd_health(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct stadls_health health;
	struct stadls_finding findings[STADLS_FINDINGS_MAX];
	if (argp_parse(&cmd_health_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	const int status = ask(&health, &arguments);
	if (status != HXCOMM_OK)
		return bss_fail(status, arguments.chip.json);
	const size_t count = stadls_health_check(findings, STADLS_FINDINGS_MAX, &health);
	const bool fault = count && findings[0].severity == STADLS_FAULT;
	if (!arguments.chip.json)
		print_text(&health, findings, count);
	else if (jsonout_print(describe(&health, findings, count)) != BSS_OK)
		return BSS_FAILURE;
	return fault ? BSS_FAILURE : BSS_OK;
}
