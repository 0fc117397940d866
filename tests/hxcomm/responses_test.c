// SPDX-License-Identifier: MIT
#include <responses.h>

#include "assert.h"
#include "torture.h"

static void new_tables_are_empty(void **state)
{
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_int_equal(r->omnibus.count + r->jtag.count + r->loopback.count + r->spikes.count +
	        r->madc.count + r->links.count + r->timeouts.count, 0);
	assert_int_equal(r->limit, HXCOMM_RESPONSES_LIMIT);
	hxcomm_responses_free(r);
	hxcomm_responses_free(NULL);
}

static void room_grows_and_keeps_what_was_there(void **state)
{
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_responses_new(&r, 0));
	for (size_t n = 0; n < 10000; n++) {
		assert_ok(hxcomm__responses_reserve(r, 1));
		assert_true(r->spikes.capacity - r->spikes.count >= 3);
		assert_true(r->timeouts.capacity - r->timeouts.count >= 1);
		const size_t i = r->spikes.count++;
		r->spikes.label[i] = (uint16_t)i;
		r->spikes.chip_time[i] = 3 * i;
		r->spikes.fpga_time[i] = 5 * i;
		r->madc.channel[r->madc.count++] = i % 2;
	}
	for (size_t i = 0; i < 10000; i++) {
		assert_int_equal(r->spikes.label[i], i);
		assert_int_equal(r->spikes.chip_time[i], 3 * i);
		assert_int_equal(r->spikes.fpga_time[i], 5 * i);
		assert_int_equal(r->madc.channel[i], i % 2);
	}
	const size_t capacity = r->spikes.capacity;
	hxcomm_responses_clear(r);
	assert_int_equal(r->spikes.count, 0);
	assert_int_equal(r->madc.count, 0);
	assert_int_equal(r->spikes.capacity, capacity); /* the memory is kept */
	hxcomm_responses_free(r);
}

static void restoring_takes_back_what_was_appended(void **state)
{
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(hxcomm__responses_reserve(r, 4));
	r->jtag.count = 2;
	r->spike_packs[1] = 5;
	const struct hxcomm_responses before = *r;
	assert_ok(hxcomm__responses_reserve(r, 5000));
	r->jtag.count = 1000;
	r->links.count = 1;
	r->spike_packs[1] = 6;
	r->madc_packs[2] = 1;
	hxcomm__responses_restore(r, &before);
	assert_int_equal(r->jtag.count, 2);
	assert_int_equal(r->links.count, 0);
	assert_int_equal(r->spike_packs[1], 5);
	assert_int_equal(r->madc_packs[2], 0);
	hxcomm_responses_free(r);
}

static void a_limit_cuts_and_says_which_table(void **state)
{
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_responses_new(&r, 3));
	assert_ok(hxcomm__responses_reserve(r, 8));
	r->madc.count = 3;
	assert_ok(hxcomm__responses_limit(r));
	r->madc.count = 4;
	assert_error(hxcomm__responses_limit(r), HXCOMM_ERANGE, "more than 3 madc responses");
	assert_int_equal(r->madc.count, 3);
	hxcomm_responses_free(r);
}

static void each_allocation_may_fail(void **state)
{
	bool failed = true;
	long n = 0;
	(void)state;
	for (; failed; n++) {
		struct hxcomm_responses *r;
		torture_begin(n);
		int status = hxcomm_responses_new(&r, 0);
		if (status == HXCOMM_OK)
			status = hxcomm__responses_reserve(r, 10);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		if (r) /* and it may be tried again */
			assert_ok(hxcomm__responses_reserve(r, 10));
		hxcomm_responses_free(r);
	}
	assert_int_equal(
	        n, 2 + 2 + 2 + 2 + 3 + 4 + 2 + 4 + 0); /* object, arrays, and one success */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_tables_are_empty),
		cmocka_unit_test(room_grows_and_keeps_what_was_there),
		cmocka_unit_test(restoring_takes_back_what_was_appended),
		cmocka_unit_test(a_limit_cuts_and_says_which_table),
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests_name("hxcomm/responses", tests, NULL, NULL);
}
