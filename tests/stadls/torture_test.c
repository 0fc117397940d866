// SPDX-License-Identifier: MIT
/* Memory that runs out at any moment is an error, nothing is lost, and what was there before stays.
 */
#include "assert.h"
#include "elf_file.h"
#include "memory.h"
#include "torture.h"

#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/stadls.h>

#include <stdlib.h>

static struct hxcomm_connection *connection; /* to a chip that is nothing but memory */
static struct haldls_chip *chip, *other;     /* they differ in one cell */
static uint8_t *elf;
static size_t elf_size;

/* The first status that is not 0 counts; steps after it are not done. */
#define STEP(call)                                                                                 \
	do {                                                                                       \
		if (status == HXCOMM_OK)                                                           \
			status = (call);                                                           \
	} while (0)

static int make_programs(void)
{
	struct stadls_builder *builder = NULL, *copy = NULL;
	struct haldls_cadc_config values[2] = { HALDLS_CADC_CONFIG_INIT, HALDLS_CADC_CONFIG_INIT };
	struct hxcomm_responses *responses = NULL;
	struct stadls_ticket ticket;
	struct stadls_run_info info;
	int status = HXCOMM_OK;
	STEP(stadls_builder_new(&builder));
	STEP(hxcomm_responses_new(&responses, 0));
	STEP(stadls_builder_write_range(
	        builder, FISCH_OMNIBUS, &haldls_cadc_config_container, 0, 2, values, NULL));
	STEP(stadls_builder_read_range(
	        &ticket, builder, FISCH_OMNIBUS, &haldls_cadc_config_container, 0, 2));
	STEP(stadls_builder_poll_word(builder, 5, 1, 0, true));
	STEP(stadls_builder_new_copy(&copy, builder));
	STEP(stadls_bringup_append(copy, NULL));
	STEP(stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS));
	STEP(stadls_run_measured(&info, connection, builder, responses));
	STEP(stadls_ticket_read(values, &ticket, responses));
	stadls_builder_free(builder);
	stadls_builder_free(copy);
	hxcomm_responses_free(responses);
	return status;
}

static int make_timelines(void)
{
	enum { EVENTS = 100 };
	struct stadls_timeline *one = NULL, *two = NULL;
	struct stadls_builder *builder = NULL;
	struct stadls_ticket tickets[1];
	const struct haldls_capmem_cell cell = { .value = 5 };
	uint64_t times[EVENTS];
	uint16_t labels[EVENTS] = { 0 };
	size_t index;
	int status = HXCOMM_OK;
	for (uint64_t i = 0; i < EVENTS; i++)
		times[i] = 10 * i;
	STEP(stadls_timeline_new(&one));
	STEP(stadls_timeline_new(&two));
	STEP(stadls_builder_new(&builder));
	STEP(stadls_timeline_write(two, 3, &haldls_capmem_cell_container, 1, &cell));
	STEP(stadls_timeline_spikes(one, times, labels, EVENTS));
	STEP(stadls_timeline_append(one, two));
	STEP(stadls_timeline_read(&index, two, 4, &haldls_capmem_cell_container, 1));
	STEP(stadls_timeline_merge(one, two));
	if (status == HXCOMM_OK) {
		status = stadls_builder_append_timeline(tickets, NULL, builder, one);
		/* it keeps its commands, and the builder nothing of them */
		if (status != HXCOMM_OK && (stadls_timeline_count(one) != EVENTS + 3 ||
		                                   !stadls_builder_is_empty(builder)))
			fail_msg("half a timeline was appended");
	}
	stadls_timeline_free(one);
	stadls_timeline_free(two);
	stadls_builder_free(builder);
	return status;
}

static int make_dumps(void)
{
	struct stadls_dump *dump = NULL;
	struct stadls_builder *builder = NULL;
	const struct haldls_capmem_cell cell = { .value = 5 };
	const uint16_t before = other->capmem[1];
	int status = HXCOMM_OK;
	STEP(stadls_dump_new(&dump));
	STEP(stadls_builder_new(&builder));
	for (uint32_t i = 0; i < 70 && status == HXCOMM_OK; i++)
		status = stadls_dump_write(dump, &haldls_capmem_cell_container, i % 3, &cell);
	STEP(stadls_dump_append(dump, dump));
	STEP(stadls_builder_append_dump(builder, dump));
	STEP(stadls_dump_apply(other, NULL, dump));
	if (status != HXCOMM_OK)
		assert_int_equal(other->capmem[1], before);
	for (uint32_t i = 0; i < 3; i++)
		other->capmem[i] = chip->capmem[i];
	stadls_dump_free(dump);
	stadls_builder_free(builder);
	return status;
}

static int make_chips(void)
{
	struct haldls_chip *read = calloc(1, sizeof(*read));
	size_t kept;
	int status = HXCOMM_OK;
	if (!read)
		return HXCOMM_ENOMEM;
	haldls_chip_init(read);
	STEP(stadls_chip_write(connection, chip, NULL));
	STEP(stadls_chip_write(connection, other, chip));
	STEP(stadls_chip_read(read, &kept, connection, NULL));
	if (status == HXCOMM_OK)
		assert_int_equal(read->capmem[7], other->capmem[7]);
	else
		assert_int_equal(read->capmem[7], chip->capmem[7]);
	free(read);
	return status;
}

static int make_processors(void)
{
	struct stadls_ppu_program *program = NULL;
	struct stadls_builder *builder = NULL;
	struct hxcomm_responses *responses = NULL;
	struct stadls_ppu_symbol symbol;
	struct stadls_ppu_ticket ticket;
	struct stadls_ppu_state now;
	uint8_t bytes[8];
	int status = HXCOMM_OK;
	STEP(stadls_ppu_program_decode(&program, elf, elf_size));
	STEP(stadls_builder_new(&builder));
	STEP(hxcomm_responses_new(&responses, 0));
	STEP(stadls_ppu_append_program(builder, 0, program));
	STEP(stadls_ppu_symbol_find(&symbol, program, "start"));
	STEP(stadls_ppu_append_read(&ticket, builder, 0, &symbol));
	STEP(stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS));
	STEP(stadls_run(connection, builder, responses));
	STEP(stadls_ppu_ticket_read(bytes, &ticket, responses));
	STEP(stadls_ppu_state_read(&now, connection, 0));
	stadls_ppu_program_free(program);
	stadls_builder_free(builder);
	hxcomm_responses_free(responses);
	return status;
}

static int make_stacks(void)
{
	struct stadls_reinit *reinit = NULL;
	struct stadls_builder *request = NULL, *snapshot = NULL;
	struct stadls_ticket ticket;
	const struct haldls_capmem_cell cell = { .value = 5 };
	size_t entry;
	int status = HXCOMM_OK;
	STEP(stadls_builder_new(&request));
	STEP(stadls_builder_new(&snapshot));
	STEP(stadls_write(request, 1, &cell));
	STEP(stadls_builder_read(&ticket, snapshot, &haldls_capmem_cell_container, 1));
	STEP(stadls_reinit_new(&reinit));
	for (int i = 0; i < 10 && status == HXCOMM_OK; i++) {
		STEP(stadls_reinit_add(&entry, reinit));
		STEP(stadls_reinit_set(reinit, entry, request, snapshot, true));
	}
	STEP(stadls_reinit_run(reinit, connection, NULL, NULL));
	STEP(stadls_reinit_leave(reinit, connection));
	STEP(stadls_reinit_run(reinit, connection, request, NULL));
	stadls_reinit_free(reinit);
	stadls_builder_free(request);
	stadls_builder_free(snapshot);
	return status;
}

static int ask_for_health(void)
{
	static struct hxcomm_connection *mock;
	struct stadls_health health;
	int status = hxcomm_open(&mock, "mock:", NULL);
	STEP(stadls_health_read(&health, mock));
	hxcomm_close(mock);
	mock = NULL;
	return status;
}

static void exhausted_memory_is_an_error_not_a_crash(void **state)
{
	static const struct { const char *name; int (*make)(void); long least; } rows[] = {
		{ "programs", make_programs, 10 },
		{ "timelines", make_timelines, 10 },
		{ "dumps", make_dumps, 80 },
		{ "chips", make_chips, 10 },
		{ "processors", make_processors, 10 },
		{ "stacks", make_stacks, 50 },
		{ "health", ask_for_health, 3 },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		bool failed = true;
		long n = 0;
		for (; failed; n++) {
			/* a run that fails closes its connection to further ones */
			assert_ok(hxcomm_open(&connection, "memory:", NULL));
			torture_begin(n);
			const int status = rows[i].make();
			failed = torture_end();
			hxcomm_close(connection);
			if (status != (failed ? HXCOMM_ENOMEM : HXCOMM_OK))
				fail_msg("%s, allocation %ld %s: %s", rows[i].name, n,
				        failed ? "fails" : "is none",
				        status ? hxcomm_error_message() : "no error");
		}
		print_message("%s: %ld allocations failed in turn\n", rows[i].name, n - 1);
		assert_true(n > rows[i].least);
	}
}

static int setup(void **state)
{
	static const uint8_t text[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const struct elf_section sections[] = { { "int.text", 0, text, 8, 0 },
		{ "ext.data", 0x40000000, text, 8, 0 } };
	static const struct elf_symbol symbols[] = { { "start", 0, 8, 18 } };
	const struct elf_file file = { .sections = sections, .section_count = 2, .symbols = symbols,
		.symbol_count = 1 };
	(void)state;
	elf = elf_file_make(&elf_size, &file);
	chip = malloc(sizeof(*chip));
	other = malloc(sizeof(*other));
	haldls_chip_init(chip);
	*other = *chip;
	other->capmem[7] = 123;
	return memory_register();
}

static int teardown(void **state)
{
	(void)state;
	free(elf);
	free(chip);
	free(other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exhausted_memory_is_an_error_not_a_crash),
	};
	return cmocka_run_group_tests_name("stadls/torture", tests, setup, teardown);
}
