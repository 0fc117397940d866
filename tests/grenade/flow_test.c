// SPDX-License-Identifier: MIT
/* Eligibility and assignment of drivers against brute force. */
#include "flow.h"

#include "assert.h"
#include "random.h"

#include <stdbool.h>

static struct test_random numbers = { .seed = 1 };

static uint32_t below(uint32_t limit)
{
	return (uint32_t)test_random_below(&numbers, limit);
}

/* A driver at position q with mask k takes label l iff (l & k) == (q & k). */
static bool takes(uint32_t label, uint32_t position, uint32_t mask)
{
	return (label & mask) == (position & mask);
}

static bool some_mask_works(uint32_t label, const uint8_t *others, size_t count, uint32_t position)
{
	for (uint32_t mask = 0; mask < 32; mask++) {
		bool works = takes(label, position, mask);
		for (size_t i = 0; i < count; i++)
			works &= !takes(others[i], position, mask);
		if (works)
			return true;
	}
	return false;
}

static void eligible_positions_are_those_for_which_a_mask_exists(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 3000; trial++) {
		uint8_t others[12];
		const uint32_t count = below(12), label = below(32);
		for (uint32_t i = 0; i < count; i++)
			others[i] = (uint8_t)below(32);
		const uint32_t eligible = grenade__driver_eligible(label, others, count);
		for (uint32_t q = 0; q < 32; q++) {
			assert_int_equal(eligible >> q & 1, some_mask_works(label, others, count, q));
			if (!(eligible >> q & 1))
				continue;
			const uint32_t mask = grenade__driver_mask(label, q);
			assert_true(takes(label, q, mask));
			for (uint32_t i = 0; i < count; i++)
				assert_false(takes(others[i], q, mask));
		}
	}
}

/* Hall: groups can be served iff every set of them has as many eligible drivers as it wants. The
 * number missing is the largest shortage of any set. */
static uint32_t shortage(const uint32_t *eligible, const uint32_t *demand, uint32_t groups)
{
	uint32_t worst = 0;
	for (uint32_t set = 0; set < UINT32_C(1) << groups; set++) {
		uint32_t wanted = 0, reached = 0;
		for (uint32_t i = 0; i < groups; i++) {
			if (!(set >> i & 1))
				continue;
			wanted += demand[i];
			reached |= eligible[i];
		}
		const uint32_t there = (uint32_t)__builtin_popcount(reached);
		if (wanted > there && wanted - there > worst)
			worst = wanted - there;
	}
	return worst;
}

static void the_flow_is_exact(void **state)
{
	(void)state;
	for (unsigned trial = 0; trial < 3000; trial++) {
		uint32_t eligible[8], demand[8], assigned[8], taken = 0, given = 0, wanted = 0;
		const uint32_t groups = 1 + below(8), density = 1 + below(4);
		for (uint32_t i = 0; i < groups; i++) {
			eligible[i] = UINT32_MAX;
			for (uint32_t j = 0; j < density; j++)
				eligible[i] &= (uint32_t)test_random_next(&numbers);
			demand[i] = below(density > 2 ? 6 : 14);
			wanted += demand[i];
		}
		const uint32_t missing = grenade__flow(assigned, eligible, demand, groups);
		assert_int_equal(missing, shortage(eligible, demand, groups));
		for (uint32_t i = 0; i < groups; i++) {
			assert_int_equal(assigned[i] & ~eligible[i], 0);
			assert_int_equal(assigned[i] & taken, 0);
			assert_true((uint32_t)__builtin_popcount(assigned[i]) <= demand[i]);
			taken |= assigned[i];
			given += (uint32_t)__builtin_popcount(assigned[i]);
		}
		assert_int_equal(given + missing, wanted);
	}
}

/* Source: spec/grenade_design.md 2.6 */
static void complementary_labels_share_in_any_ratio(void **state)
{
	const uint8_t label[2] = { 5, 5 ^ 31 };
	(void)state;
	for (uint32_t share = 1; share < 32; share++) {
		const uint32_t demand[2] = { share, 32 - share };
		uint32_t eligible[2], assigned[2];
		for (uint32_t i = 0; i < 2; i++)
			eligible[i] = grenade__driver_eligible(label[i], &label[1 - i], 1);
		assert_int_equal(grenade__flow(assigned, eligible, demand, 2), 0);
	}
	/* labels that differ in one bit split 16 : 16, in b bits up to 32 - 2^(5 - b) */
	for (uint32_t bits = 1; bits <= 5; bits++) {
		const uint8_t near[2] = { 0, (uint8_t)((1u << bits) - 1) };
		assert_int_equal(__builtin_popcount(grenade__driver_eligible(near[0], &near[1], 1)),
		        32 - (1 << (5 - bits)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eligible_positions_are_those_for_which_a_mask_exists),
		cmocka_unit_test(the_flow_is_exact),
		cmocka_unit_test(complementary_labels_share_in_any_ratio),
	};
	return cmocka_run_group_tests_name("grenade/flow", tests, NULL, NULL);
}
