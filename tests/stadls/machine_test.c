// SPDX-License-Identifier: MIT
/* The emulated machine at the other end: what is refused before the bring-up, and what holds after.
 */
#include "assert.h"
#include "elf_file.h"
#include "random_fields.h"

#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/stadls.h>

#include <stdlib.h>

struct machine {
	struct hxcomm_connection *connection;
	struct stadls_builder *builder;
	struct hxcomm_responses *responses;
};

static void machine_open(struct machine *machine, const char *uri)
{
	assert_ok(hxcomm_open(&machine->connection, uri, NULL));
	assert_ok(stadls_builder_new(&machine->builder));
	assert_ok(hxcomm_responses_new(&machine->responses, 0));
}

static void machine_close(struct machine *machine)
{
	hxcomm_responses_free(machine->responses);
	stadls_builder_free(machine->builder);
	hxcomm_close(machine->connection);
}

static int run(struct machine *machine)
{
	const int barrier = stadls_builder_barrier(machine->builder, HXCOMM_BARRIER_OMNIBUS);
	const int status = stadls_run(machine->connection, machine->builder, machine->responses);
	assert_ok(barrier);
	stadls_builder_clear(machine->builder);
	return status;
}

/* ---- bring-up -------------------------------------------------------------------------------- */

static void append_read(struct machine *machine)
{
	struct stadls_ticket ticket;
	assert_ok(stadls_builder_read(
	        &ticket, machine->builder, &haldls_neuron_config_container, 17));
}

/* Without its bring-up, or with a part left out that it needs, the chip takes part in nothing. */
static void a_chip_that_was_not_brought_up_refuses(void **state)
{
	static const struct { unsigned omit; const char *text; } rows[] = {
		{ 63, "clocks are not set" },
		{ STADLS_BRINGUP_CHIP, "clocks are not set" },
		{ STADLS_BRINGUP_LINK | STADLS_BRINGUP_CAPMEM, "no link to it is up" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct stadls_bringup_options options = STADLS_BRINGUP_OPTIONS_INIT;
		struct machine machine;
		machine_open(&machine, "emulator:");
		options.omit = rows[i].omit;
		assert_ok(stadls_bringup_append(machine.builder, &options));
		assert_ok(run(&machine));
		assert_error(stadls_bringup_check(machine.connection), HXCOMM_ESTATE, rows[i].text);
		append_read(&machine);
		assert_error(run(&machine), HXCOMM_EDEVICE, rows[i].text);
		append_read(&machine);
		assert_error(run(&machine), HXCOMM_EDEVICE, "was not brought up");
		append_read(&machine);
		assert_error(run(&machine), HXCOMM_EDEVICE, "blocked too long");
		machine_close(&machine);
	}
}

/* The words of a bring-up with one register spoilt: the machine notices. */
static void the_machine_checks_the_bring_up(void **state)
{
	static const struct { const char *what; uint64_t word; size_t skip; } rows[] = {
		/* JTAG data of the clock registers: the one of spec/stadls.md 5.2 becomes 0 */
		{ "a clock generator", 0x030020002a20a902, 0 },
		{ "the second clock generator", 0x030020002a20a902, 1 },
		{ "the clock outputs", 0x03002000110d0101, 0 },
		/* enables of the links in the FPGA and in the chip */
		{ "the FPGA's links", 0x0c000000000000ff, 2 },
		{ "the chip's links", 0x03002000000000ff, 0 },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct machine machine;
		size_t count, found = 0;
		machine_open(&machine, "emulator:");
		assert_ok(stadls_bringup_append(machine.builder, NULL));
		const uint64_t *words =
		        fisch_program_words(stadls_builder_program(machine.builder), &count);
		struct fisch_program *spoilt;
		assert_ok(fisch_program_new(&spoilt, 0));
		for (size_t w = 0; w < count; w++) {
			uint64_t word = words[w];
			const bool link_enable = i == 3 && w && words[w - 1] == 0x0b00000f88004000;
			if (i == 3 ? link_enable
			           : word == rows[i].word && found++ == rows[i].skip) {
				word &= ~(uint64_t)UINT32_MAX;
				found = SIZE_MAX / 2;
			}
			assert_ok(fisch_program_append_words(spoilt, &word, 1));
		}
		assert_true(found >= SIZE_MAX / 2);
		stadls_builder_clear(machine.builder);
		const uint64_t *changed = fisch_program_words(spoilt, &count);
		assert_ok(fisch_program_append_words(
		        stadls_builder_program(machine.builder), changed, count));
		/* without a link the system time cannot be synchronised: its barrier times out */
		if (run(&machine) == HXCOMM_OK)
			fail_msg("without %s the bring-up succeeds", rows[i].what);
		fisch_program_free(spoilt);
		machine_close(&machine);
	}
}

static void health_follows_the_bring_up(void **state)
{
	struct stadls_finding findings[STADLS_FINDINGS_MAX];
	struct stadls_health health;
	struct machine machine;
	(void)state;
	machine_open(&machine, "emulator:?serial=42");
	assert_ok(stadls_health_read(&health, machine.connection));
	assert_string_equal(health.identifier, "emulator-42");
	assert_false(health.is_up);
	assert_true(health.chip_answers && health.has_serial);
	assert_int_equal(health.serial, 42);
	assert_int_equal(health.chip_version, 4); /* 0x448590af, spec/transport.md 2.5 */
	assert_true(stadls_health_check(findings, STADLS_FINDINGS_MAX, &health) > 0);
	assert_int_equal(findings[0].severity, STADLS_FAULT);
	assert_ok(stadls_bringup(machine.connection));
	assert_ok(stadls_bringup_check(machine.connection));
	assert_ok(stadls_health_read(&health, machine.connection));
	assert_true(health.is_up && health.systime_synchronised && health.events_recorded);
	assert_int_equal(health.timeout_cycles, 1250000);
	static const double megahertz[] = { 500, 500, 250, 500 }; /* spec/stadls.md 5.2 */
	for (size_t i = 0; i < STADLS_CLOCKS; i++)
		assert_near(health.clocks[i].frequency_hz, megahertz[i] * 1e6, 0.001, 0);
	for (size_t i = 0; i < STADLS_SUPPLIES; i++) {
		assert_near(health.supplies[i].voltage, i == 1 || i == 3 ? 2.5 : 1.2, 0.1, 0);
		assert_near(health.supplies[i].power,
		        health.supplies[i].voltage * health.supplies[i].current, 1e-9, 0);
	}
	if (stadls_health_check(findings, STADLS_FINDINGS_MAX, &health))
		fail_msg("%s", findings[0].text);
	/* a link switched off, and a system time that was moved, are told */
	struct haldls_common_phy_config_fpga phys = HALDLS_COMMON_PHY_CONFIG_FPGA_INIT;
	for (size_t i = 0; i < STADLS_LINKS; i++)
		phys.enable_phy[i] = i != 3;
	const struct haldls_systime_sync_base base = { .value = 2000000 };
	assert_ok(stadls_write(machine.builder, 0, &phys));
	assert_ok(stadls_write(machine.builder, 0, &base));
	assert_ok(run(&machine));
	assert_ok(stadls_health_read(&health, machine.connection));
	assert_int_equal(stadls_health_check(findings, STADLS_FINDINGS_MAX, &health), 2);
	assert_non_null(strstr(findings[0].text, "system time is"));
	assert_non_null(strstr(findings[1].text, "link 3 is switched off"));
	/* synchronised again, at any time, it is well */
	assert_error(stadls_systime_append(machine.builder, UINT64_C(1) << 43), HXCOMM_ERANGE,
	        "8796093022207");
	assert_true(stadls_builder_is_empty(machine.builder));
	assert_ok(stadls_systime_append(machine.builder, UINT64_C(1) << 40));
	assert_ok(run(&machine));
	assert_ok(stadls_health_read(&health, machine.connection));
	assert_int_equal(stadls_health_check(findings, STADLS_FINDINGS_MAX, &health), 1);
	machine_close(&machine);
}

/* Machines with faults: what the bring-up says of them. */
static void a_broken_chip_says_what_is_broken(void **state)
{
	static const struct {
		const char *uri;
		int code;
		const char *text;
	} rows[] = {
		{ "emulator:?no_pll=1", HXCOMM_EDEVICE, "its PLL has not locked" },
		{ "emulator:?dead_links=0-7", HXCOMM_EDEVICE,
		        "none of the 8 links that are switched on is up" },
		{ "emulator:?dead_links=0-6", HXCOMM_OK, "" },
		{ "emulator:?temperature=80", HXCOMM_OK, "" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct stadls_health health;
		struct machine machine;
		machine_open(&machine, rows[i].uri);
		if (rows[i].code) {
			assert_error(stadls_bringup_healthy(&health, machine.connection, NULL),
			        rows[i].code, rows[i].text);
			assert_non_null(strstr(hxcomm_error_message(), "bringing the chip up: "));
			assert_error(
			        stadls_bringup(machine.connection), rows[i].code, rows[i].text);
		} else {
			assert_ok(stadls_bringup_healthy(&health, machine.connection, NULL));
			assert_true(health.is_up);
			struct stadls_finding finding;
			assert_true(stadls_health_check(&finding, 1, &health) > 0);
			assert_int_equal(finding.severity, STADLS_WARNING);
		}
		machine_close(&machine);
	}
	/* a bring-up that leaves parts out on purpose is not well, and says so */
	struct stadls_bringup_options options = STADLS_BRINGUP_OPTIONS_INIT;
	struct machine machine;
	machine_open(&machine, "emulator:");
	options.omit = STADLS_BRINGUP_LINK | STADLS_BRINGUP_CAPMEM;
	assert_error(stadls_bringup_healthy(NULL, machine.connection, &options), HXCOMM_ESTATE,
	        "brought up and is not well: no link to the chip is switched on");
	machine_close(&machine);
}

/* ---- whole chips ----------------------------------------------------------------------------- */

/* No neuron shall make the machine busy, by spikes or by what takes long to simulate. */
static void leave_alone(struct haldls_neuron_config *neuron)
{
	neuron->enable_fire = neuron->enable_adaptation = neuron->enable_exponential = false;
	neuron->enable_synaptic_input_excitatory_coba_mode = false;
	neuron->enable_synaptic_input_inhibitory_coba_mode = false;
	neuron->connect_soma = neuron->connect_soma_right = neuron->connect_membrane_right = false;
	neuron->connect_bottom = neuron->enable_multicomp_conductance = false;
	neuron->enable_bypass_excitatory = neuron->enable_bypass_inhibitory = false;
}

static void set_random_chip(struct haldls_chip *chip, struct test_random *random)
{
	haldls_chip_init(chip);
	for (uint32_t n = 0; n < 512; n++) {
		set_random_fields(
		        &chip->neuron_config[n], &haldls_neuron_config_container, random, 1);
		set_random_fields(&chip->neuron_backend_config[n],
		        &haldls_neuron_backend_config_container, random, 1);
		leave_alone(&chip->neuron_config[n]);
	}
	for (uint32_t i = 0; i < 256; i++)
		set_random_fields(&chip->synapse_driver_config[i],
		        &haldls_synapse_driver_config_container, random, 1);
	for (uint32_t i = 0; i < HALDLS_CROSSBAR_NODES; i++)
		set_random_fields(
		        &chip->crossbar_node[i], &haldls_crossbar_node_container, random, 1);
	for (uint32_t i = 0; i < HALDLS_CAPMEM_CELLS; i++)
		chip->capmem[i] = (uint16_t)test_random_below(random, 1024);
	for (uint32_t i = 0; i < sizeof(chip->synapse_weight); i++) {
		(&chip->synapse_weight[0][0][0])[i] = (uint8_t)test_random_below(random, 64);
		(&chip->synapse_label[0][0][0])[i] = (uint8_t)test_random_below(random, 64);
		(&chip->synapse_time_calibration[0][0][0])[i] =
		        (uint8_t)test_random_below(random, 4);
		(&chip->synapse_amplitude_calibration[0][0][0])[i] =
		        (uint8_t)test_random_below(random, 4);
	}
}

static void assert_same_chip(const struct haldls_chip *a, const struct haldls_chip *b)
{
	uint32_t *words = malloc(2 * (size_t)HALDLS_CHIP_WORDS * sizeof(*words));
	assert_ok(haldls_chip_encode(words, a));
	assert_ok(haldls_chip_encode(words + HALDLS_CHIP_WORDS, b));
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		if (words[i] != words[HALDLS_CHIP_WORDS + i])
			fail_msg("word %zu at 0x%08x: 0x%x and 0x%x", i, haldls_chip_addresses()[i],
			        words[i], words[HALDLS_CHIP_WORDS + i]);
	free(words);
}

static void a_chip_that_was_written_is_read_back(void **state)
{
	struct test_random random = { .seed = 11 };
	struct machine machine;
	struct haldls_chip *chip = malloc(sizeof(*chip)), *other = malloc(sizeof(*other));
	struct haldls_chip *read = malloc(sizeof(*read));
	struct stadls_chip_read_options options = STADLS_CHIP_READ_OPTIONS_INIT;
	size_t kept = 99;
	(void)state;
	machine_open(&machine, "emulator:");
	assert_ok(stadls_bringup(machine.connection));
	set_random_chip(chip, &random);
	assert_ok(stadls_chip_write(machine.connection, chip, NULL));
	haldls_chip_init(read);
	assert_ok(stadls_chip_read(read, &kept, machine.connection, NULL));
	assert_int_equal(kept, 0);
	assert_same_chip(read, chip);
	/* only what differs is written, and arrives */
	*other = *chip;
	other->synapse_weight[1][255][255] ^= 1;
	other->capmem[77] ^= 5;
	other->crossbar_node[7].mask ^= 1;
	assert_ok(stadls_chip_write(machine.connection, other, chip));
	assert_ok(stadls_chip_read(read, NULL, machine.connection, NULL));
	assert_same_chip(read, other);
	/* a real chip does not give its crossbar back: what was known stays */
	options.extent = STADLS_CHIP_GIVEN_BACK;
	*read = *chip;
	assert_ok(stadls_chip_read(read, &kept, machine.connection, &options));
	assert_true(kept >= HALDLS_CROSSBAR_NODES && kept < 2000);
	other->crossbar_node[7].mask ^= 1;
	assert_same_chip(read, other);
	options.extent = (enum stadls_chip_extent)3;
	assert_error(stadls_chip_read(read, NULL, machine.connection, &options), HXCOMM_EINVAL,
	        "extent 3");
	read->capmem[5] = 1024;
	assert_error(stadls_chip_read(read, NULL, machine.connection, NULL), HXCOMM_ERANGE, "1024");
	assert_int_equal(read->capmem[5], 1024);
	free(chip);
	free(other);
	free(read);
	machine_close(&machine);
}

/* Two users share a chip; each finds it as it was left, whatever the other did. */
static void a_shared_chip_is_as_each_user_left_it(void **state)
{
	struct test_random random = { .seed = 12 };
	struct machine machine;
	struct haldls_chip *chips[2], *read = malloc(sizeof(*read));
	struct stadls_reinit *stacks[2];
	(void)state;
	machine_open(&machine, "emulator:");
	for (int u = 0; u < 2; u++) {
		size_t entry;
		chips[u] = malloc(sizeof(*chips[u]));
		set_random_chip(chips[u], &random);
		assert_ok(stadls_reinit_new(&stacks[u]));
		assert_ok(stadls_reinit_add(&entry, stacks[u]));
		stadls_builder_clear(machine.builder);
		assert_ok(stadls_bringup_append(machine.builder, NULL));
		assert_ok(stadls_reinit_set(stacks[u], entry, machine.builder, NULL, true));
		/* the configuration goes on top, with what is read of it at the end of a turn */
		assert_ok(stadls_reinit_add(&entry, stacks[u]));
		stadls_builder_clear(machine.builder);
		assert_ok(stadls_builder_write_chip(machine.builder, chips[u]));
		struct stadls_builder *snapshot;
		assert_ok(stadls_builder_new(&snapshot));
		assert_ok(fisch_program_append_omnibus_reads(NULL, stadls_builder_program(snapshot),
		        haldls_chip_addresses(), HALDLS_CHIP_WORDS));
		assert_ok(stadls_reinit_set(stacks[u], entry, machine.builder, snapshot, true));
		stadls_builder_free(snapshot);
		stadls_builder_clear(machine.builder);
	}
	for (int turn = 0; turn < 6; turn++) {
		struct haldls_chip *chip = chips[turn % 2];
		assert_ok(stadls_reinit_run(stacks[turn % 2], machine.connection, NULL, NULL));
		haldls_chip_init(read);
		assert_ok(stadls_chip_read(read, NULL, machine.connection, NULL));
		assert_same_chip(read, chip);
		/* in its turn a user changes something, which the snapshot sees */
		*read = *chip;
		chip->capmem[turn] ^= 1;
		chip->synapse_weight[turn % 2][turn][turn] ^= 3;
		assert_ok(stadls_chip_write(machine.connection, chip, read));
		assert_ok(stadls_reinit_leave(stacks[turn % 2], machine.connection));
	}
	for (int u = 0; u < 2; u++) {
		stadls_reinit_free(stacks[u]);
		free(chips[u]);
	}
	free(read);
	machine_close(&machine);
}

/* ---- processors, information ----------------------------------------------------------------- */

static void a_program_is_loaded_and_read_back(void **state)
{
	static const uint8_t text[] = { 0x48, 0, 0, 4, 0x60, 0, 0, 0, 1, 2 };
	static const uint8_t far[] = { 0xaa, 0xbb, 0xcc };
	static const struct elf_section sections[] = { { "int.text", 0, text, sizeof(text), 0 },
		{ "ext.data", 0x40000005, far, sizeof(far), 0 },
		{ "ext_dram.data", 0x50000002, far, 3, 0 } };
	static const struct elf_symbol symbols[] = { { "start", 0, 8, 18 },
		{ "far", 0x40000005, 3, 17 }, { "farther", 0x50000002, 3, 17 } };
	const struct elf_file file = { .sections = sections, .section_count = 3, .symbols = symbols,
		.symbol_count = 3 };
	struct stadls_ppu_program *program;
	struct stadls_ppu_symbol symbol;
	struct stadls_ppu_ticket tickets[3];
	struct stadls_ppu_state now;
	struct machine machine;
	uint8_t back[8];
	size_t size;
	uint8_t *bytes = elf_file_make(&size, &file);
	(void)state;
	assert_ok(stadls_ppu_program_decode(&program, bytes, size));
	free(bytes);
	machine_open(&machine, "emulator:");
	assert_ok(stadls_bringup(machine.connection));
	for (uint32_t ppu = 0; ppu < STADLS_PPUS; ppu++) {
		assert_ok(stadls_ppu_append_program(machine.builder, ppu, program));
		for (size_t i = 0; i < 3; i++) {
			assert_ok(stadls_ppu_symbol_find(&symbol, program, symbols[i].name));
			assert_ok(
			        stadls_ppu_append_read(&tickets[i], machine.builder, ppu, &symbol));
		}
		assert_ok(run(&machine));
		assert_ok(stadls_ppu_ticket_read(back, &tickets[0], machine.responses));
		assert_memory_equal(back, text, 8);
		for (size_t i = 1; i < 3; i++) {
			assert_ok(stadls_ppu_ticket_read(back, &tickets[i], machine.responses));
			assert_memory_equal(back, far, 3);
		}
		assert_ok(stadls_ppu_state_read(&now, machine.connection, ppu));
		assert_false(now.runs);
	}
	stadls_ppu_program_free(program);
	machine_close(&machine);
}

static void a_run_tells_what_it_was(void **state)
{
	struct stadls_run_info info;
	struct stadls_ticket ticket;
	struct machine machine;
	(void)state;
	machine_open(&machine, "emulator:");
	/* bringing the links up is notified */
	assert_ok(stadls_bringup_append(machine.builder, NULL));
	assert_ok(
	        stadls_run_measured(&info, machine.connection, machine.builder, machine.responses));
	assert_int_equal(info.link_notifications, 8);
	assert_int_equal(info.link_errors, 0);
	assert_int_equal(
	        info.words, fisch_program_mark(stadls_builder_program(machine.builder)).words);
	stadls_builder_clear(machine.builder);
	assert_ok(stadls_builder_tick(&ticket, machine.builder));
	assert_ok(stadls_builder_wait(machine.builder, 5000));
	append_read(&machine);
	append_read(&machine);
	assert_ok(stadls_builder_barrier(machine.builder, HXCOMM_BARRIER_OMNIBUS));
	assert_ok(
	        stadls_run_measured(&info, machine.connection, machine.builder, machine.responses));
	assert_true(info.duration_s > 0 && info.execute_s > 0 && info.execute_s <= info.duration_s);
	assert_true(info.send_s <= info.execute_s && info.decode_s <= info.duration_s);
	assert_true(info.words_received > 0);
	assert_int_equal(info.omnibus, 2 * HALDLS_NEURON_CONFIG_WORDS);
	assert_int_equal(info.ticks, 1);
	assert_int_equal(info.jtag + info.spikes + info.madc_samples + info.timeouts, 0);
	assert_true(info.last_cycles - info.first_cycles >= 5000);
	assert_true(info.last_cycles - info.first_cycles < 6000);
	/* a program that is refused has sent nothing */
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	options.run_words = 1;
	hxcomm_close(machine.connection);
	assert_ok(hxcomm_open(&machine.connection, "emulator:", &options));
	assert_error(
	        stadls_run_measured(&info, machine.connection, machine.builder, machine.responses),
	        HXCOMM_ERANGE, "1");
	assert_true(info.words > 1 && info.words_received == 0 && info.execute_s <= 0);
	machine_close(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chip_that_was_not_brought_up_refuses),
		cmocka_unit_test(the_machine_checks_the_bring_up),
		cmocka_unit_test(health_follows_the_bring_up),
		cmocka_unit_test(a_broken_chip_says_what_is_broken),
		cmocka_unit_test(a_chip_that_was_written_is_read_back),
		cmocka_unit_test(a_shared_chip_is_as_each_user_left_it),
		cmocka_unit_test(a_program_is_loaded_and_read_back),
		cmocka_unit_test(a_run_tells_what_it_was),
	};
	return cmocka_run_group_tests_name("stadls/machine", tests, NULL, NULL);
}
