// SPDX-License-Identifier: MIT
#include "assert.h"

#include <calix/target.h>
#include <hxcomm/log.h>

#include <stdlib.h>

static void nothing_given_is_the_documented_default(void **state)
{
	struct calix_target target;
	(void)state;
	assert_ok(calix_target_validate(&target, NULL));
	/* spec/calix_spec.md 6.3 */
	assert_near(target.leak_lsb, 80, 0, 0);
	assert_near(target.reset_lsb, 70, 0, 0);
	assert_near(target.threshold_lsb, 125, 0, 0);
	assert_near(target.tau_mem, 10e-6, 0, 0);
	assert_near(target.tau_syn_exc, 10e-6, 0, 0);
	assert_near(target.tau_syn_inh, 10e-6, 0, 0);
	assert_near(target.refractory_time, 2e-6, 0, 0);
	assert_int_equal(target.synapse_gm, 500);
	assert_int_equal(target.synapse_dac_bias, 600);
	assert_int_equal(target.membrane_capacitance, 63);
}

static void impossible_targets_name_the_member_and_the_range(void **state)
{
	static const struct { struct calix_target target; const char *text; } rows[] = {
		{ { .size = sizeof(struct calix_target), .leak_lsb = 300 }, "leak_lsb is 300" },
		{ { .size = sizeof(struct calix_target), .reset_lsb = 1 }, "reset_lsb is 1" },
		{ { .size = sizeof(struct calix_target), .threshold_lsb = NAN }, "threshold_lsb" },
		{ { .size = sizeof(struct calix_target), .tau_mem = -1 }, "tau_mem is -1 s" },
		{ { .size = sizeof(struct calix_target), .tau_syn_exc = 1 }, "tau_syn_exc is 1 s" },
		{ { .size = sizeof(struct calix_target), .refractory_time = 1e-9 }, "refractory_time" },
		{ { .size = sizeof(struct calix_target), .synapse_gm = 1023 }, "synapse_gm is 1023" },
		{ { .size = sizeof(struct calix_target), .membrane_capacitance = 64 }, "1 to 63" },
		{ { .size = sizeof(struct calix_target), .threshold_lsb = 65 }, "never fires" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct calix_target out = { .leak_lsb = 1234 };
		assert_error(calix_target_validate(&out, &rows[i].target), HXCOMM_ERANGE,
		        rows[i].text);
		assert_near(out.leak_lsb, 1234, 0, 0);
	}
}

static void targets_of_another_age_are_understood(void **state)
{
	struct {
		struct calix_target known;
		uint64_t later;
	} newer = { .known = CALIX_TARGET_INIT };
	struct calix_target out;
	const struct calix_target blank = { 0 };
	(void)state;
	newer.known.size = sizeof(newer);
	newer.known.leak_lsb = 90;
	assert_ok(calix_target_validate(&out, &newer.known));
	assert_near(out.leak_lsb, 90, 0, 0);
	newer.later = 1;
	assert_error(calix_target_validate(&out, &newer.known), HXCOMM_EINVAL, "newer");
	const struct calix_target older = { .size = offsetof(struct calix_target, reset_lsb),
		.leak_lsb = 85, .reset_lsb = 1 };
	assert_ok(calix_target_validate(&out, &older));
	assert_near(out.leak_lsb, 85, 0, 0);
	assert_near(out.reset_lsb, 70, 0, 0);
	assert_error(calix_target_validate(&out, &blank), HXCOMM_EINVAL, "CALIX_TARGET_INIT");
}

static char heard[512];

static void listen(enum hxcomm_log_level level, const char *room, const char *text, void *user)
{
	(void)level, (void)room, (void)user;
	strncpy(heard, text, sizeof(heard) - 1);
}

static void unusual_targets_are_warned_about_and_accepted(void **state)
{
	struct calix_target target = CALIX_TARGET_INIT;
	(void)state;
	hxcomm_log_set_sink(listen, NULL);
	heard[0] = 0;
	assert_ok(calix_target_validate(&target, &target));
	assert_string_equal(heard, "");
	target.tau_mem = 90e-6;
	assert_ok(calix_target_validate(&target, &target));
	assert_non_null(strstr(heard, "tau_mem"));
	hxcomm_log_set_sink(NULL, NULL);
}

static void equal_targets_give_equal_text(void **state)
{
	struct calix_target target = CALIX_TARGET_INIT;
	char *defaults, *same, *other;
	(void)state;
	assert_ok(calix_target_write_json(&defaults, NULL));
	target.tau_mem = 1e-5;
	assert_ok(calix_target_write_json(&same, &target));
	target.tau_mem = 2e-5;
	assert_ok(calix_target_write_json(&other, &target));
	assert_string_equal(defaults, same);
	assert_string_not_equal(defaults, other);
	assert_non_null(strstr(defaults, "\"leak_lsb\":80"));
	assert_non_null(strstr(defaults, "\"tau_mem\":1e-5"));
	assert_null(strchr(defaults, ' '));
	assert_true(strstr(defaults, "leak_lsb") < strstr(defaults, "tau_mem"));
	target.tau_mem = 1;
	char *none = defaults;
	assert_error(calix_target_write_json(&none, &target), HXCOMM_ERANGE, "tau_mem");
	assert_null(none);
	free(defaults);
	free(same);
	free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given_is_the_documented_default),
		cmocka_unit_test(impossible_targets_name_the_member_and_the_range),
		cmocka_unit_test(targets_of_another_age_are_understood),
		cmocka_unit_test(unusual_targets_are_warned_about_and_accepted),
		cmocka_unit_test(equal_targets_give_equal_text),
	};
	return cmocka_run_group_tests_name("calix/target", tests, NULL, NULL);
}
