// SPDX-License-Identifier: MIT
/* Two users of one chip, each of whom finds it as it was left. */
#include "assert.h"
#include "memory.h"

#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/builder.h>
#include <stadls/reinit.h>
#include <stadls/run.h>

#include <stdlib.h>

struct user {
	struct stadls_reinit *reinit;
	size_t entry;
};

static struct stadls_builder *new_builder(void)
{
	struct stadls_builder *builder;
	assert_ok(stadls_builder_new(&builder));
	return builder;
}

static void put(struct stadls_builder *builder, uint32_t coordinate, uint32_t value)
{
	const struct haldls_capmem_cell cell = { .value = value };
	assert_ok(stadls_write(builder, coordinate, &cell));
}

static uint32_t cell(uint32_t coordinate)
{
	return *memory_word(haldls_capmem_cell_address(coordinate, 0));
}

static void each_user_finds_the_chip_as_it_was_left(void **state)
{
	struct hxcomm_connection *connection;
	struct user users[2];
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	for (uint32_t u = 0; u < 2; u++) {
		struct stadls_builder *request = new_builder(), *snapshot = new_builder();
		struct stadls_ticket ticket;
		assert_ok(stadls_reinit_new(&users[u].reinit));
		assert_ok(stadls_reinit_add(&users[u].entry, users[u].reinit));
		for (uint32_t i = 0; i < 4; i++) {
			put(request, i, 100 * (u + 1) + i);
			if (i < 3) /* what the user changes of cell 3 is lost: it is not in the
			              snapshot */
				assert_ok(stadls_builder_read(
				        &ticket, snapshot, &haldls_capmem_cell_container, i));
		}
		assert_ok(stadls_reinit_set(
		        users[u].reinit, users[u].entry, request, snapshot, true));
		stadls_builder_free(request);
		stadls_builder_free(snapshot);
	}
	for (uint32_t round = 0; round < 5; round++) {
		for (uint32_t u = 0; u < 2; u++) {
			struct stadls_builder *work = new_builder();
			assert_ok(stadls_reinit_run(users[u].reinit, connection, NULL, NULL));
			assert_int_equal(cell(0), 100 * (u + 1));
			assert_int_equal(cell(1), 100 * (u + 1) + 1 + 10 * round);
			assert_int_equal(cell(3), round ? 1000 : 100 * (u + 1) + 3);
			put(work, 1, 100 * (u + 1) + 1 + 10 * (round + 1));
			assert_ok(stadls_reinit_run(users[u].reinit, connection, work, NULL));
			assert_false(stadls_reinit_is_enforced(users[u].reinit));
			assert_ok(stadls_reinit_leave(users[u].reinit, connection));
			assert_true(stadls_reinit_is_enforced(users[u].reinit));
			put(work, 3, 1000);
			assert_ok(stadls_run(connection, work, NULL));
			*memory_word(haldls_capmem_cell_address(1, 0)) = 0;
			stadls_builder_free(work);
		}
	}
	for (uint32_t u = 0; u < 2; u++)
		stadls_reinit_free(users[u].reinit);
	stadls_reinit_free(NULL);
	hxcomm_close(connection);
}

static void entries_run_from_bottom_to_top_when_enforced(void **state)
{
	struct hxcomm_connection *connection;
	struct stadls_reinit *reinit;
	struct stadls_builder *low = new_builder(), *high = new_builder();
	size_t bottom, top;
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(stadls_reinit_new(&reinit));
	assert_ok(stadls_reinit_add(&bottom, reinit));
	assert_ok(stadls_reinit_add(&top, reinit));
	put(low, 5, 1);
	put(low, 6, 1);
	put(high, 5, 2);
	assert_ok(stadls_reinit_set(reinit, top, high, NULL, false));
	assert_ok(stadls_reinit_set(reinit, bottom, low, NULL, false));
	assert_ok(stadls_reinit_run(reinit, connection, NULL, NULL));
	assert_int_equal(memory_runs(), 0); /* nobody enforced it */
	stadls_reinit_enforce(reinit);
	assert_ok(stadls_reinit_run(reinit, connection, NULL, NULL));
	assert_int_equal(memory_runs(), 2);
	assert_int_equal(cell(5), 2);
	assert_int_equal(cell(6), 1);
	/* below another it is only emptied */
	assert_error(stadls_reinit_remove(reinit, bottom), HXCOMM_ESTATE, "below 1 others");
	assert_int_equal(stadls_reinit_count(reinit), 2);
	assert_int_equal(stadls_reinit_remove(reinit, bottom), HXCOMM_OK);
	stadls_reinit_enforce(reinit);
	assert_ok(stadls_reinit_run(reinit, connection, NULL, NULL));
	assert_int_equal(memory_runs(), 3);
	assert_error(
	        stadls_reinit_set(reinit, bottom, low, NULL, true), HXCOMM_ESTATE, "was removed");
	assert_ok(stadls_reinit_remove(reinit, top));
	assert_int_equal(stadls_reinit_count(reinit), 0);
	assert_ok(stadls_reinit_remove(reinit, top));
	stadls_builder_free(low);
	stadls_builder_free(high);
	stadls_reinit_free(reinit);
	hxcomm_close(connection);
}

static void what_cannot_be_run_again_is_refused(void **state)
{
	struct stadls_reinit *reinit;
	struct stadls_builder *request = new_builder(), *snapshot = new_builder();
	struct stadls_ticket ticket;
	size_t entry;
	(void)state;
	assert_ok(stadls_reinit_new(&reinit));
	assert_ok(stadls_reinit_add(&entry, reinit));
	put(request, 1, 1);
	assert_ok(stadls_builder_read(&ticket, snapshot, &haldls_jtag_id_code_container, 0));
	assert_error(stadls_reinit_set(reinit, entry, request, snapshot, true), HXCOMM_EINVAL,
	        "1 reads over JTAG");
	stadls_builder_clear(snapshot);
	assert_ok(stadls_builder_tick(&ticket, snapshot));
	assert_error(stadls_reinit_set(reinit, entry, request, snapshot, true), HXCOMM_EINVAL,
	        "1 ticks");
	stadls_builder_clear(snapshot);
	assert_ok(stadls_builder_read(&ticket, snapshot, &haldls_tmp112_status_container, 0));
	assert_error(
	        stadls_reinit_set(reinit, entry, request, snapshot, true), HXCOMM_EINVAL, "I2C");
	assert_ok(stadls_builder_read(&ticket, request, &haldls_cadc_config_container, 0));
	assert_error(stadls_reinit_set(reinit, entry, request, NULL, true), HXCOMM_EINVAL,
	        "the request reads");
	assert_error(stadls_reinit_set(reinit, 1, snapshot, NULL, true), HXCOMM_ESTATE, "entry 1");
	assert_false(stadls_reinit_is_enforced(reinit));
	stadls_reinit_free(reinit);
	stadls_builder_free(request);
	stadls_builder_free(snapshot);
}

static int setup(void **state)
{
	(void)state;
	return memory_register();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_user_finds_the_chip_as_it_was_left),
		cmocka_unit_test(entries_run_from_bottom_to_top_when_enforced),
		cmocka_unit_test(what_cannot_be_run_again_is_refused),
	};
	return cmocka_run_group_tests_name("stadls/reinit", tests, setup, NULL);
}
