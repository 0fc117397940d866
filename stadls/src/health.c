// SPDX-License-Identifier: MIT
/* First what answers without links, by JTAG and from the board; over the links only when one is up,
 * since a read over dead links blocks until the FPGA's timeout. */
#include "builder_private.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/bringup.h>
#include <stadls/health.h>
#include <stadls/run.h>

#include <stdio.h>
#include <string.h>

enum {
	JTAG_SCALER = 6,
	ADPLLS = HALDLS_ADPLL_COUNT,
	TEST_SCALER = 10,      /* windows of 2^12 cycles of the reference: 82 us */
	TEST_WINDOW = 1 << 12,
	TEST_CYCLES = 12500,   /* 100 us */
	TEST_RANGE = 15,
};

static const double reference_hz = 50e6, shunt_ohm = 0.027;

/* What the default settings make of the reference (source: spec/stadls.md 5.2). */
static const uint32_t multiples[STADLS_CLOCKS] = { 10, 10, 5, 10 };

/* A program of reads: after a failed step the others do nothing. */
struct questions {
	struct stadls_builder *builder;
	struct hxcomm_responses *responses;
	struct hxcomm_connection *connection;
	int status;
};

static struct stadls_ticket ask_over(struct questions *q, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t coordinate)
{
	struct stadls_ticket ticket = { .count = 0 };
	if (q->status == HXCOMM_OK)
		q->status = stadls_builder_read_over(
		        &ticket, q->builder, backend, container, coordinate);
	return ticket;
}

static struct stadls_ticket ask(struct questions *q, const struct haldls_container *container,
        uint32_t coordinate)
{
	return ask_over(q, container->read_backends[0], container, coordinate);
}

static void put(struct questions *q, const struct haldls_container *container, const void *value)
{
	if (q->status == HXCOMM_OK)
		q->status = stadls_builder_write(q->builder, container, 0, value);
}

static void run(struct questions *q, struct stadls_health *out)
{
	if (q->status == HXCOMM_OK)
		q->status = stadls_builder_barrier(
		        q->builder, HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG);
	if (q->status == HXCOMM_OK)
		q->status = stadls__run(q->connection, q->builder, q->responses);
	if (q->status == HXCOMM_OK)
		out->link_notifications += (uint32_t)q->responses->links.count;
	stadls_builder_clear(q->builder);
}

/* Read an answer. false: whoever was asked does not answer, or nonsense */
static bool answer(struct questions *q, void *value, const struct stadls_ticket *ticket)
{
	if (q->status != HXCOMM_OK)
		return false;
	const int status = stadls_ticket_read(value, ticket, q->responses);
	if (status != HXCOMM_OK && status != HXCOMM_ENOENT && status != HXCOMM_ERANGE)
		q->status = status;
	return status == HXCOMM_OK;
}

/* ---- without links --------------------------------------------------------------------------- */

struct board_tickets {
	struct stadls_ticket dna, id, serial, temperature, supplies[STADLS_SUPPLIES];
};

static void ask_board(struct questions *q, struct board_tickets *tickets)
{
	tickets->dna = ask(q, &haldls_fpga_device_dna_container, 0);
	tickets->id = ask(q, &haldls_jtag_id_code_container, 0);
	tickets->serial = ask(q, &haldls_i2c_id_register_container, 0);
	tickets->temperature = ask(q, &haldls_tmp112_status_container, 0);
	for (uint32_t i = 0; i < STADLS_SUPPLIES; i++)
		tickets->supplies[i] = ask(q, &haldls_ina219_status_container, i);
}

static void read_supply(struct questions *q, struct stadls_supply *out,
        const struct stadls_ticket *ticket)
{
	struct haldls_ina219_status monitor;
	out->present = answer(q, &monitor, ticket);
	if (!out->present)
		return;
	/* source: spec/registers_fpga.json INA219Status: 4 mV and 10 uV a step */
	out->voltage = monitor.bus_voltage * 4e-3;
	out->current = monitor.shunt_voltage * 10e-6 / shunt_ohm;
	out->power = out->voltage * out->current;
}

static void read_board(struct questions *q, struct stadls_health *out,
        const struct board_tickets *tickets)
{
	struct haldls_fpga_device_dna dna;
	struct haldls_jtag_id_code id;
	struct haldls_i2c_id_register serial;
	struct haldls_tmp112_status temperature;
	if (answer(q, &dna, &tickets->dna))
		out->fpga_dna = dna.value;
	out->chip_answers = answer(q, &id, &tickets->id);
	if (out->chip_answers) {
		out->chip_version = id.version;
		out->chip_part = id.part_number;
	}
	out->has_serial = answer(q, &serial, &tickets->serial);
	if (out->has_serial)
		out->serial = serial.value;
	out->has_temperature = answer(q, &temperature, &tickets->temperature);
	if (out->has_temperature) /* 12 bits, left-aligned in 16, a sixteenth of a degree each */
		out->temperature_celsius = temperature.temperature / 16 * 0.0625;
	for (size_t i = 0; i < STADLS_SUPPLIES; i++)
		read_supply(q, &out->supplies[i], &tickets->supplies[i]);
}

struct fpga_tickets {
	struct stadls_ticket recording, timeout, enabled, arq, links[STADLS_LINKS];
	struct stadls_ticket chip_enabled, generators[ADPLLS];
};

static void ask_fpga(struct questions *q, struct fpga_tickets *tickets)
{
	tickets->recording = ask(q, &haldls_event_recording_config_container, 0);
	tickets->timeout = ask(q, &haldls_instruction_timeout_config_container, 0);
	tickets->enabled = ask(q, &haldls_common_phy_config_fpga_container, 0);
	tickets->arq = ask(q, &haldls_hicann_arq_status_container, 0);
	for (uint32_t i = 0; i < STADLS_LINKS; i++)
		tickets->links[i] = ask(q, &haldls_phy_status_container, i);
	tickets->chip_enabled = ask_over(q, FISCH_OMNIBUS_CHIP_OVER_JTAG,
	        &haldls_common_phy_config_chip_container, 0);
	for (uint32_t i = 0; i < ADPLLS; i++)
		tickets->generators[i] = ask_over(q, FISCH_OMNIBUS_CHIP_OVER_JTAG,
		        &haldls_adpll_container, i);
}

static void read_links(struct questions *q, struct stadls_health *out,
        const struct fpga_tickets *tickets)
{
	struct haldls_common_phy_config_fpga fpga = { .enable_phy = { false } };
	struct haldls_common_phy_config_chip chip = { .enable_phy = { false } };
	const bool known =
	        answer(q, &fpga, &tickets->enabled) && answer(q, &chip, &tickets->chip_enabled);
	for (size_t i = 0; i < STADLS_LINKS; i++) {
		struct stadls_link *link = &out->links[i];
		struct haldls_phy_status phy;
		link->enabled = known && fpga.enable_phy[i] && chip.enable_phy[i];
		if (!answer(q, &phy, &tickets->links[i]))
			continue;
		link->online_cycles = phy.online_time;
		link->crc_errors = phy.crc_error_count;
		link->dropped = phy.rx_dropped_count;
		link->sent = phy.tx_count;
		link->received = phy.rx_count;
	}
}

static void read_fpga(struct questions *q, struct stadls_health *out,
        const struct fpga_tickets *tickets)
{
	struct haldls_event_recording_config recording;
	struct haldls_instruction_timeout_config timeout;
	struct haldls_hicann_arq_status arq;
	out->events_recorded = answer(q, &recording, &tickets->recording) &&
	        recording.enable_event_recording;
	if (answer(q, &timeout, &tickets->timeout))
		out->timeout_cycles = timeout.value;
	if (answer(q, &arq, &tickets->arq) && arq.tx_count > arq.write_count)
		out->repeated_words = arq.tx_count - arq.write_count;
	read_links(q, out, tickets);
	out->clocks_set = true;
	for (size_t i = 0; i < ADPLLS; i++) {
		struct haldls_adpll generator;
		out->clocks_set &=
		        answer(q, &generator, &tickets->generators[i]) && generator.enable;
	}
	for (size_t i = 0; i < STADLS_LINKS; i++)
		out->is_up |=
		        out->clocks_set && out->links[i].enabled && out->links[i].online_cycles;
}

static void ask_all(struct questions *q, struct stadls_health *out)
{
	const struct haldls_jtag_clock_scaler scaler = { .value = JTAG_SCALER };
	const struct haldls_reset_jtag_tap reset = HALDLS_RESET_JTAG_TAP_INIT;
	struct board_tickets board;
	struct fpga_tickets fpga;
	put(q, &haldls_jtag_clock_scaler_container, &scaler);
	put(q, &haldls_reset_jtag_tap_container, &reset);
	ask_board(q, &board);
	ask_fpga(q, &fpga);
	run(q, out);
	read_board(q, out, &board);
	read_fpga(q, out, &fpga);
}

/* ---- clocks and system time
 * -------------------------------------------------------------------------- */

/* A test of one clock at a time. */
static struct stadls_ticket test_clock(struct questions *q, uint32_t clock)
{
	struct haldls_pll_self_test test = HALDLS_PLL_SELF_TEST_INIT;
	put(q, &haldls_pll_self_test_container, &test);
	test.clock_enable = true;
	test.pre_scaler_p = TEST_SCALER;
	test.select_source = clock;
	test.check_range = TEST_RANGE;
	test.check_value = multiples[clock] * TEST_WINDOW;
	put(q, &haldls_pll_self_test_container, &test);
	if (q->status == HXCOMM_OK)
		q->status = stadls_builder_barrier(q->builder, HXCOMM_BARRIER_JTAG);
	if (q->status == HXCOMM_OK)
		q->status = stadls_builder_wait(q->builder, TEST_CYCLES);
	return ask(q, &haldls_pll_self_test_status_container, 0);
}

static void read_clock(struct questions *q, struct stadls_clock *out,
        const struct stadls_ticket *ticket)
{
	struct haldls_pll_self_test_status test;
	out->measured = answer(q, &test, ticket) && test.finished;
	if (!out->measured)
		return;
	out->locked = test.success;
	out->frequency_hz = test.counter_value * reference_hz / TEST_WINDOW;
}

static void read_systime(struct questions *q, struct stadls_health *out,
        const struct stadls_ticket *systime, const struct stadls_ticket *round_trip)
{
	struct haldls_systime_sync_base chip;
	struct haldls_fpga_systime_sync_last_rtt way;
	uint64_t fpga = 0;
	out->systime_synchronised = answer(q, &way, round_trip) && way.value;
	if (!answer(q, &chip, systime))
		return;
	q->status = stadls_ticket_time(&fpga, systime, q->responses);
	/* the chip counts in steps of 4 ns */
	out->systime_difference_cycles = (int64_t)(chip.value / 2) - (int64_t)fpga;
}

static void ask_clocks(struct questions *q, struct stadls_health *out)
{
	const struct haldls_reset_jtag_tap reset = HALDLS_RESET_JTAG_TAP_INIT;
	struct stadls_ticket clocks[STADLS_CLOCKS];
	put(q, &haldls_reset_jtag_tap_container, &reset);
	for (uint32_t i = 0; i < STADLS_CLOCKS; i++)
		clocks[i] = test_clock(q, i);
	run(q, out);
	for (size_t i = 0; i < STADLS_CLOCKS; i++)
		read_clock(q, &out->clocks[i], &clocks[i]);
}

static void ask_systime(struct questions *q, struct stadls_health *out)
{
	const struct stadls_ticket round_trip =
	        ask(q, &haldls_fpga_systime_sync_last_rtt_container, 0);
	const struct stadls_ticket systime = ask(q, &haldls_systime_sync_base_container, 0);
	run(q, out);
	read_systime(q, out, &systime, &round_trip);
}

/* ---- all ------------------------------------------------------------------------------------- */

static int read_health(struct stadls_health *out, struct hxcomm_connection *connection, bool deep)
{
	struct questions q = { .connection = connection };
	struct stadls_health health = { .is_up = false };
	(void)snprintf(health.identifier, sizeof(health.identifier), "%s",
	        hxcomm_identifier(connection));
	q.status = stadls_builder_new(&q.builder);
	if (q.status == HXCOMM_OK)
		q.status = hxcomm_responses_new(&q.responses, 0);
	if (q.status == HXCOMM_OK)
		ask_all(&q, &health);
	if (q.status == HXCOMM_OK && health.clocks_set && deep)
		ask_clocks(&q, &health);
	if (q.status == HXCOMM_OK && health.is_up && deep)
		ask_systime(&q, &health);
	hxcomm_responses_free(q.responses);
	stadls_builder_free(q.builder);
	if (q.status == HXCOMM_OK)
		*out = health;
	return q.status;
}

int stadls_health_read(struct stadls_health *out, struct hxcomm_connection *connection)
{
	return read_health(out, connection, true);
}

int stadls_bringup_check(struct hxcomm_connection *connection)
{
	struct stadls_health health;
	const int status = read_health(&health, connection, false);
	if (status != HXCOMM_OK)
		return status;
	if (health.is_up)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ESTATE,
	        "the chip %s was not brought up: %s; bring it up first (stadls_bringup(), "
	        "--bring-up)",
	        health.identifier,
	        !health.chip_answers ? "it does not answer over JTAG"
	        : !health.clocks_set ? "its clocks are not set"
	                             : "no link to it is up");
}

/* ---- bring-up -------------------------------------------------------------------------------- */

/* The gravest finding, where it is a fault. */
static bool find_fault(struct stadls_finding *out, const struct stadls_health *health)
{
	return stadls_health_check(out, 1, health) && out->severity == STADLS_FAULT;
}

int stadls__bringup_explain(int status, struct hxcomm_connection *connection)
{
	char message[STADLS_FINDING_BYTES];
	struct stadls_health health;
	struct stadls_finding fault;
	if (status != HXCOMM_EDEVICE)
		return hxcomm_error_wrap(status, "bringing the chip up");
	(void)snprintf(message, sizeof(message), "%s", hxcomm_error_message());
	if (read_health(&health, connection, true) == HXCOMM_OK && find_fault(&fault, &health))
		return hxcomm_error_set(
		        status, "bringing the chip up: %s (%s)", fault.text, message);
	return hxcomm_error_set(status, "bringing the chip up: %s", message);
}

int stadls_bringup_healthy(struct stadls_health *out, struct hxcomm_connection *connection,
        const struct stadls_bringup_options *options)
{
	struct stadls_health health;
	struct stadls_finding fault;
	struct stadls_builder *builder;
	int status = stadls_builder_new(&builder);
	if (status != HXCOMM_OK)
		return status;
	status = stadls_bringup_append(builder, options);
	if (status == HXCOMM_OK) {
		status = stadls__run(connection, builder, NULL);
		if (status != HXCOMM_OK)
			(void)stadls__bringup_explain(status, connection);
	}
	stadls_builder_free(builder);
	if (status == HXCOMM_OK)
		status = stadls_health_read(&health, connection);
	if (status != HXCOMM_OK)
		return status;
	if (find_fault(&fault, &health))
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "the chip %s was brought up and is not well: %s", health.identifier,
		        fault.text);
	if (out)
		*out = health;
	return HXCOMM_OK;
}
