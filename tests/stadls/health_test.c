// SPDX-License-Identifier: MIT
/* Every ailment has its finding, and a well chip has none. */
#include "assert.h"

#include <hxcomm/connection.h>
#include <stadls/health.h>

static struct stadls_health well(void)
{
	static const double volts[] = { 1.2, 2.5, 1.2, 2.5, 1.2, 1.2 };
	struct stadls_health health = {
		.identifier = "test",
		.chip_answers = true,
		.has_serial = true,
		.serial = 60,
		.has_temperature = true,
		.temperature_celsius = 38,
		.clocks_set = true,
		.events_recorded = true,
		.timeout_cycles = 1250000,
		.is_up = true,
		.systime_synchronised = true,
		.systime_difference_cycles = -90,
	};
	for (size_t i = 0; i < STADLS_SUPPLIES; i++)
		health.supplies[i] = (struct stadls_supply){ true, volts[i], 0.1, 0.1 * volts[i] };
	for (size_t i = 0; i < STADLS_LINKS; i++)
		health.links[i] = (struct stadls_link){ .enabled = true, .online_cycles = 1000 };
	for (size_t i = 0; i < STADLS_CLOCKS; i++)
		health.clocks[i] = (struct stadls_clock){ true, true, 5e8 };
	return health;
}

static struct stadls_health ill;

/* One finding of this severity, and it says this. */
#define ASSERT_ILL(change, grave, words)                                                           \
	do {                                                                                       \
		struct stadls_finding found_[STADLS_FINDINGS_MAX];                                 \
		ill = well();                                                                      \
		change;                                                                            \
		const size_t count_ = stadls_health_check(found_, STADLS_FINDINGS_MAX, &ill);      \
		if (count_ != 1 || found_[0].severity != (grave) ||                                \
		        !strstr(found_[0].text, (words)))                                          \
			fail_msg("%s: %zu findings, '%s'", #change, count_,                        \
			        count_ ? found_[0].text : "");                                     \
	} while (0)

static void each_ailment_has_its_finding(void **state)
{
	(void)state;
	ill = well();
	assert_int_equal(stadls_health_check(NULL, 0, &ill), 0);
	ASSERT_ILL(ill.chip_answers = false, STADLS_FAULT, "does not answer over JTAG");
	ASSERT_ILL(ill.has_serial = false, STADLS_NOTE, "EEPROM");
	ASSERT_ILL(ill.has_temperature = false, STADLS_NOTE, "thermometer");
	ASSERT_ILL(ill.temperature_celsius = 80, STADLS_WARNING, "80.0 degrees");
	ASSERT_ILL(ill.temperature_celsius = -1, STADLS_WARNING, "-1.0 degrees");
	ASSERT_ILL(ill.supplies[3].voltage = 2.0, STADLS_FAULT, "2.5 V analog has 2.000 V");
	ASSERT_ILL(
	        ill.supplies[4].voltage = 0, STADLS_FAULT, "1.2 V MADC has 0.000 V instead of 1.2");
	ASSERT_ILL(ill.events_recorded = false, STADLS_WARNING, "does not record events");
	ASSERT_ILL(ill.timeout_cycles = 100, STADLS_WARNING, "after 100 cycles");
	ASSERT_ILL(
	        ill.links[5].online_cycles = 0, STADLS_WARNING, "link 5 is switched on but down");
	ASSERT_ILL(ill.links[5].enabled = false, STADLS_NOTE, "link 5 is switched off");
	ASSERT_ILL(ill.links[2].crc_errors = 7, STADLS_WARNING, "link 2 has had 7 damaged");
	ASSERT_ILL(ill.links[2].dropped = 3, STADLS_WARNING, "3 dropped");
	ASSERT_ILL(ill.repeated_words = 11, STADLS_NOTE, "11 words");
	ASSERT_ILL(ill.clocks[2].locked = false, STADLS_FAULT,
	        "clock of the processors counts 500.0 MHz");
	ASSERT_ILL(ill.clocks[0].measured = false, STADLS_WARNING,
	        "clock of the serialiser did not end");
	ASSERT_ILL(ill.systime_synchronised = false, STADLS_WARNING, "never synchronised");
	ASSERT_ILL(ill.systime_difference_cycles = 5000, STADLS_FAULT, "+5000 cycles");
	ASSERT_ILL(ill.systime_difference_cycles = INT64_MIN, STADLS_FAULT, "from the FPGA's");
	/* of a chip that is not up, only that is told */
	ASSERT_ILL((ill.is_up = false, ill.clocks_set = false, ill.systime_synchronised = false,
	                   ill.clocks[1].locked = false),
	        STADLS_FAULT, "clocks of the chip are not set");
	ASSERT_ILL((ill.is_up = false, ill.systime_synchronised = false,
	                   ill.clocks[1].locked = false, memset(ill.links, 0, sizeof(ill.links)),
	                   ill.links[1].enabled = true, ill.clocks[1].locked = true),
	        STADLS_FAULT, "none of the 1 links that are switched on is up");
	ASSERT_ILL((ill.is_up = false, memset(ill.links, 0, sizeof(ill.links))), STADLS_FAULT,
	        "no link to the chip is switched on");
	/* a monitor that is not there tells nothing */
	ill = well();
	ill.supplies[0] = (struct stadls_supply){ .present = false };
	assert_int_equal(stadls_health_check(NULL, 0, &ill), 0);
}

static void the_gravest_come_first_and_none_is_lost(void **state)
{
	struct stadls_finding all[STADLS_FINDINGS_MAX], few[3];
	(void)state;
	/* everything is wrong that can be at once */
	ill = (struct stadls_health){ .clocks_set = true, .is_up = true, .has_temperature = true,
		.temperature_celsius = 99, .repeated_words = 1, .systime_synchronised = true,
		.systime_difference_cycles = 1 << 20 };
	for (size_t i = 0; i < STADLS_SUPPLIES; i++)
		ill.supplies[i].present = true;
	for (size_t i = 0; i < STADLS_LINKS; i++) /* one of them is up */
		ill.links[i] = (struct stadls_link){
			.enabled = true, .crc_errors = 1, .online_cycles = !i
		};
	for (size_t i = 0; i < STADLS_CLOCKS; i++)
		ill.clocks[i].measured = true;
	const size_t count = stadls_health_check(all, STADLS_FINDINGS_MAX, &ill);
	assert_true(count <= STADLS_FINDINGS_MAX);
	assert_int_equal(count, 1 + 1 + 1 + 6 + 15 + 1 + 4 + 1 + 1 + 1);
	for (size_t i = 1; i < count; i++)
		assert_true(all[i].severity <= all[i - 1].severity);
	assert_int_equal(stadls_health_check(few, 3, &ill), count);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(few[i].text, all[i].text);
	assert_string_equal(stadls_supply_name(6), "?");
	assert_string_equal(stadls_clock_name(4), "?");
}

/* Something that answers 0 to everything is no chip. */
static void a_mock_is_not_up(void **state)
{
	struct hxcomm_connection *connection;
	struct stadls_health health;
	(void)state;
	assert_ok(hxcomm_open(&connection, "mock:", NULL));
	assert_ok(stadls_health_read(&health, connection));
	assert_false(health.is_up);
	assert_false(health.chip_answers);
	assert_error(stadls_bringup_check(connection), HXCOMM_ESTATE, "does not answer over JTAG");
	hxcomm_close(connection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_ailment_has_its_finding),
		cmocka_unit_test(the_gravest_come_first_and_none_is_lost),
		cmocka_unit_test(a_mock_is_not_up),
	};
	return cmocka_run_group_tests_name("stadls/health", tests, NULL, NULL);
}
