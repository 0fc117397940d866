// SPDX-License-Identifier: MIT
#include <hxcomm/choice.h>
#include <hxcomm/connection.h>

#include "assert.h"

#include <stdlib.h>

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void the_environment_chooses_in_order(void **state)
{
	static const struct {
		const char *connection, *mock, *addresses;
		size_t index;
		const char *uri, *reason; /* or of the error */
		int code;
	} rows[] = {
		{ NULL, NULL, NULL, 0, "emulator:", "no variable names a chip", 0 },
		{ "", " ", "", 0, "emulator:", "no variable", 0 },
		{ "mock:", "1", "1.2.3.4", 0, "mock:", "HXCOMM_CONNECTION is set", 0 },
		{ " arq:a?x=1  loopback:\tmock: ", NULL, NULL, 0, "arq:a?x=1", "HXCOMM_CONNECTION",
		        0 },
		{ " arq:a?x=1  loopback:\tmock: ", NULL, NULL, 2, "mock:", "HXCOMM_CONNECTION", 0 },
		{ " arq:a?x=1  loopback:\tmock: ", NULL, NULL, 3, NULL,
		        "HXCOMM_CONNECTION names no chip number 3", HXCOMM_ENOENT },
		{ NULL, "1", "1.2.3.4", 0, "mock:", "HXCOMM_ENABLE_ZERO_MOCK is set", 0 },
		{ NULL, "1", "1.2.3.4", 1, NULL, "names no chip number 1", HXCOMM_ENOENT },
		{ NULL, "0", "192.168.66.1", 0, "arq:192.168.66.1", "SLURM_FPGA_IPS is set", 0 },
		{ NULL, "yes", NULL, 0, NULL, "HXCOMM_ENABLE_ZERO_MOCK is 'yes'", HXCOMM_EINVAL },
		{ NULL, NULL, "192.168.66.1,192.168.66.4", 1, "arq:192.168.66.4", "SLURM_FPGA_IPS",
		        0 },
		{ NULL, NULL, "192.168.66.1,192.168.66.4", 2, NULL,
		        "SLURM_FPGA_IPS names no chip number 2", HXCOMM_ENOENT },
		{ NULL, NULL, "192.168.66.1, 192.168.66", 1, NULL,
		        "'192.168.66', which is no IPv4 address", HXCOMM_EINVAL },
		{ NULL, NULL, "1.2.3.4.5.6.7.8.9.10", 0, NULL, "is no IPv4 address",
		        HXCOMM_EINVAL },
		{ NULL, NULL, NULL, 1, NULL, "the environment names no chip number 1",
		        HXCOMM_ENOENT },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_choice choice = { .uri = "x", .reason = "y" };
		set("HXCOMM_CONNECTION", rows[i].connection);
		set("HXCOMM_ENABLE_ZERO_MOCK", rows[i].mock);
		set("SLURM_FPGA_IPS", rows[i].addresses);
		if (rows[i].code) {
			assert_error(hxcomm_choice_read(&choice, rows[i].index), rows[i].code,
			        rows[i].reason);
			assert_string_equal(choice.uri, "");
			assert_string_equal(choice.reason, "");
		} else {
			assert_ok(hxcomm_choice_read(&choice, rows[i].index));
			assert_string_equal(choice.uri, rows[i].uri);
			assert_non_null(strstr(choice.reason, rows[i].reason));
		}
	}
}

static void an_address_too_long_is_refused(void **state)
{
	char text[HXCOMM_URI_MAX + 2];
	struct hxcomm_choice choice;
	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	set("HXCOMM_CONNECTION", text);
	assert_error(hxcomm_choice_read(&choice, 0), HXCOMM_EINVAL,
	        "an address of 1024 bytes, at most 1023");
	text[HXCOMM_URI_MAX] = '\0';
	set("HXCOMM_CONNECTION", text);
	assert_ok(hxcomm_choice_read(&choice, 0));
	set("HXCOMM_CONNECTION", NULL);
}

static void what_is_chosen_is_opened(void **state)
{
	struct hxcomm_connection *c;
	(void)state;
	set("HXCOMM_ENABLE_ZERO_MOCK", "1");
	assert_ok(hxcomm_open(&c, NULL, NULL));
	assert_string_equal(hxcomm_identifier(c), "mock");
	hxcomm_close(c);
	set("HXCOMM_ENABLE_ZERO_MOCK", "maybe");
	assert_error(hxcomm_open(&c, NULL, NULL), HXCOMM_EINVAL,
	        "HXCOMM_ENABLE_ZERO_MOCK is 'maybe'");
	assert_null(c);
	set("HXCOMM_ENABLE_ZERO_MOCK", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_chooses_in_order),
		cmocka_unit_test(an_address_too_long_is_refused),
		cmocka_unit_test(what_is_chosen_is_opened),
	};
	return cmocka_run_group_tests_name("hxcomm/choice", tests, NULL, NULL);
}
