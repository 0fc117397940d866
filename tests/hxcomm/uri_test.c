// SPDX-License-Identifier: MIT
#include <hxcomm/uri.h>

#include "assert.h"

#include <stdio.h>

static void an_address_is_taken_apart(void **state)
{
	struct hxcomm_uri uri;
	(void)state;
	assert_ok(hxcomm_uri_parse(&uri, "emulator:?serial=3&seed=0x1f&quiet&note="));
	assert_string_equal(uri.scheme, "emulator");
	assert_string_equal(uri.rest, "");
	assert_int_equal(uri.count, 4);
	assert_string_equal(hxcomm_uri_find(&uri, "serial"), "3");
	assert_string_equal(hxcomm_uri_find(&uri, "seed"), "0x1f");
	assert_string_equal(hxcomm_uri_find(&uri, "quiet"), "");
	assert_string_equal(hxcomm_uri_find(&uri, "note"), "");
	assert_null(hxcomm_uri_find(&uri, "other"));
	assert_ok(hxcomm_uri_parse(&uri, "arq:192.168.66.1:1234"));
	assert_string_equal(uri.scheme, "arq");
	assert_string_equal(uri.rest, "192.168.66.1:1234");
	assert_int_equal(uri.count, 0);
	assert_ok(hxcomm_uri_parse(&uri, "a-9:"));
	assert_ok(hxcomm_uri_parse(&uri, "mock:?"));
	assert_int_equal(uri.count, 0);
}

static void escapes_stand_for_bytes(void **state)
{
	struct hxcomm_uri uri;
	(void)state;
	assert_ok(hxcomm_uri_parse(&uri, "record:a%3fb%25?k%3d=v%26%c3%A4&x=a=b"));
	assert_string_equal(uri.rest, "a?b%");
	assert_string_equal(hxcomm_uri_find(&uri, "k="), "v&\xc3\xa4");
	assert_string_equal(hxcomm_uri_find(&uri, "x"), "a=b");
	const struct hxcomm_uri copy = uri; /* plain data */
	memset(&uri, 0, sizeof(uri));
	assert_string_equal(hxcomm_uri_find(&copy, "x"), "a=b");
}

static void what_is_no_address_says_what_to_write(void **state)
{
	static const struct {
		const char *text, *hint;
	} rows[] = {
		{ "", "'' is no connection: write scheme:rest, such as emulator:" },
		{ "192.168.66.1", "write scheme:rest" },
		{ ":rest", "a scheme is 1 to 31 of a-z, 0-9 and '-'" },
		{ "Emulator:", "a scheme is 1 to 31" },
		{ "../emulator:", "a scheme is 1 to 31" },
		{ "a b:", "a scheme is 1 to 31" },
		{ "a234567890123456789012345678901z:", "a scheme is 1 to 31" },
		{ "mock:?=1", "'=1': a key is missing before '='" },
		{ "mock:?a=1&", "a key is missing" },
		{ "mock:?&", "a key is missing" },
		{ "mock:?a=1&b=2&a=3", "key 'a' is given twice" },
		{ "mock:?a=1&%61=3", "key 'a' is given twice" },
		{ "mock:%", "'%' wants two hexadecimal digits" },
		{ "mock:%4", "'%' wants two hexadecimal digits" },
		{ "mock:?a=%4g", "'%' wants two hexadecimal digits" },
		{ "mock:?%0=1", "'%' wants two hexadecimal digits" },
		{ "mock:a%00b", "a zero byte is not allowed" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_uri uri;
		memset(&uri, 0xff, sizeof(uri));
		assert_error(hxcomm_uri_parse(&uri, rows[i].text), HXCOMM_EINVAL, rows[i].hint);
		assert_string_equal(uri.scheme, "");
		assert_int_equal(uri.count, 0);
	}
}

static void limits_are_met_exactly(void **state)
{
	char text[2000];
	struct hxcomm_uri uri;
	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "mock:", 5);
	text[HXCOMM_URI_MAX] = '\0';
	assert_ok(hxcomm_uri_parse(&uri, text));
	assert_int_equal(strlen(uri.rest), HXCOMM_URI_MAX - 5);
	text[HXCOMM_URI_MAX] = 'x';
	text[HXCOMM_URI_MAX + 1] = '\0';
	assert_error(hxcomm_uri_parse(&uri, text), HXCOMM_EINVAL, "1024 bytes, at most 1023");

	memcpy(text, "mock:?", 7);
	for (int i = 0; i < HXCOMM_URI_PARAMETERS_MAX; i++)
		snprintf(text + strlen(text), 20, "%sk%d=%d", i ? "&" : "", i, i);
	assert_ok(hxcomm_uri_parse(&uri, text));
	assert_int_equal(uri.count, HXCOMM_URI_PARAMETERS_MAX);
	assert_string_equal(hxcomm_uri_find(&uri, "k31"), "31");
	strcat(text, "&more");
	assert_error(hxcomm_uri_parse(&uri, text), HXCOMM_EINVAL, "more than 32 key=value pairs");
}

static void unknown_keys_are_refused_with_those_there_are(void **state)
{
	static const char *const known[] = { "serial", "seed" };
	struct hxcomm_uri uri;
	(void)state;
	assert_ok(hxcomm_uri_parse(&uri, "emulator:?seed=1&serail=2"));
	assert_error(hxcomm_uri_check_keys(&uri, known, 2), HXCOMM_EINVAL,
	        "'emulator:' knows no key 'serail'; known are: serial, seed");
	assert_error(hxcomm_uri_check_keys(&uri, NULL, 0), HXCOMM_EINVAL,
	        "'emulator:' knows no key 'seed'; it has no keys");
	assert_ok(hxcomm_uri_parse(&uri, "emulator:?seed=1&serial=2"));
	assert_ok(hxcomm_uri_check_keys(&uri, known, 2));
	assert_ok(hxcomm_uri_parse(&uri, "emulator:"));
	assert_ok(hxcomm_uri_check_keys(&uri, NULL, 0));
}

static void numbers_are_read_within_their_limits(void **state)
{
	static const struct {
		const char *text;
		int status;
		uint64_t value;
		const char *hint;
	} rows[] = {
		{ "m:?n=1", HXCOMM_OK, 1, "" },
		{ "m:?n=999", HXCOMM_OK, 999, "" },
		{ "m:?n=0x10", HXCOMM_OK, 16, "" },
		{ "m:?other=5", HXCOMM_OK, 42, "" }, /* absent: the fallback */
		{ "m:?n=0", HXCOMM_ERANGE, 0, "n=0, allowed are 1 to 999" },
		{ "m:?n=1000", HXCOMM_ERANGE, 0, "n=1000, allowed are 1 to 999" },
		{ "m:?n=99999999999999999999", HXCOMM_ERANGE, 0, "allowed are 1 to 999" },
		{ "m:?n=-1", HXCOMM_EINVAL, 0, "n=-1 is no whole number" },
		{ "m:?n=+1", HXCOMM_EINVAL, 0, "is no whole number" },
		{ "m:?n=%201", HXCOMM_EINVAL, 0, "is no whole number" },
		{ "m:?n=1.5", HXCOMM_EINVAL, 0, "is no whole number" },
		{ "m:?n=0x", HXCOMM_EINVAL, 0, "is no whole number" },
		{ "m:?n=1a", HXCOMM_EINVAL, 0, "is no whole number" },
		{ "m:?n", HXCOMM_EINVAL, 0, "is no whole number" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_uri uri;
		uint64_t value = 7;
		assert_ok(hxcomm_uri_parse(&uri, rows[i].text));
		if (rows[i].status == HXCOMM_OK) {
			assert_ok(hxcomm_uri_read_u64(&value, &uri, "n", 42, 1, 999));
			assert_int_equal(value, rows[i].value);
		} else {
			assert_error(hxcomm_uri_read_u64(&value, &uri, "n",
			        42, 1, 999), rows[i].status, rows[i].hint);
			assert_int_equal(value, 7);
		}
	}
	struct hxcomm_uri uri;
	uint64_t value;
	assert_ok(hxcomm_uri_parse(&uri, "m:?n=18446744073709551615"));
	assert_ok(hxcomm_uri_read_u64(&value, &uri, "n", 0, 0, UINT64_MAX));
	assert_true(value == UINT64_MAX);
}

static void decimals_are_read_within_their_limits(void **state)
{
	static const struct {
		const char *text;
		int status;
		double value;
		const char *hint;
	} rows[] = {
		{ "m:?x=0.5", HXCOMM_OK, 0.5, "" },
		{ "m:?x=1e-3", HXCOMM_OK, 1e-3, "" },
		{ "m:", HXCOMM_OK, 42, "" },
		{ "m:?x=2", HXCOMM_ERANGE, 0, "x=2, allowed are 0 to 1" },
		{ "m:?x=inf", HXCOMM_ERANGE, 0, "allowed are 0 to 1" },
		{ "m:?x=nan", HXCOMM_EINVAL, 0, "x=nan is no number" },
		{ "m:?x=", HXCOMM_EINVAL, 0, "is no number" },
		{ "m:?x=1s", HXCOMM_EINVAL, 0, "is no number" },
		{ "m:?x=%201", HXCOMM_EINVAL, 0, "is no number" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_uri uri;
		double value = 7;
		assert_ok(hxcomm_uri_parse(&uri, rows[i].text));
		if (rows[i].status == HXCOMM_OK) {
			assert_ok(hxcomm_uri_read_double(&value, &uri, "x", 42, 0, 1));
			assert_near(value, rows[i].value, 0, 0);
		} else {
			assert_error(hxcomm_uri_read_double(&value, &uri, "x", 42, 0, 1),
			        rows[i].status, rows[i].hint);
			assert_near(value, 7, 0, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_taken_apart),
		cmocka_unit_test(escapes_stand_for_bytes),
		cmocka_unit_test(what_is_no_address_says_what_to_write),
		cmocka_unit_test(limits_are_met_exactly),
		cmocka_unit_test(unknown_keys_are_refused_with_those_there_are),
		cmocka_unit_test(numbers_are_read_within_their_limits),
		cmocka_unit_test(decimals_are_read_within_their_limits),
	};
	return cmocka_run_group_tests_name("hxcomm/uri", tests, NULL, NULL);
}
