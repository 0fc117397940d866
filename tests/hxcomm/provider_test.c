// SPDX-License-Identifier: MIT
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>

#include "assert.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MODULES TEST_BINARY_DIR "/modules"

static int no_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	(void)state, (void)uri, (void)options;
	return 0;
}

static int no_run(void *state, struct hxcomm_job *job)
{
	(void)state, (void)job;
	return 0;
}

static const char *no_identifier(void *state)
{
	(void)state;
	return "none";
}

static void no_close(void *state)
{
	(void)state;
}

#define PROVIDER(scheme, abi, size, run, identifier)                                               \
	{                                                                                          \
		abi, size, scheme, "for tests", no_open, run, identifier, no_close, NULL           \
	}
#define GOOD(scheme)                                                                               \
	PROVIDER(scheme, HXCOMM_PROVIDER_ABI, sizeof(struct hxcomm_provider), no_run, no_identifier)

static void a_provider_is_registered_once(void **state)
{
	static const struct hxcomm_provider one = GOOD("registered");
	static const struct hxcomm_provider two = GOOD("registered");
	static const struct hxcomm_provider mock = GOOD("mock");
	const struct hxcomm_provider *found;
	(void)state;
	assert_ok(hxcomm_provider_register(&one));
	assert_ok(hxcomm_provider_register(&one));
	assert_error(hxcomm_provider_register(&two), HXCOMM_EINVAL,
	        "there is already a provider 'registered'");
	assert_error(hxcomm_provider_register(&mock), HXCOMM_EINVAL, "already a provider 'mock'");
	assert_ok(hxcomm_provider_find(&found, "registered"));
	assert_ptr_equal(found, &one);
	assert_ok(hxcomm_provider_find(&found, "loopback"));
	assert_string_equal(found->scheme, "loopback");
}

static void a_malformed_provider_is_refused(void **state)
{
	enum { SIZE = sizeof(struct hxcomm_provider) };
	static const struct {
		struct hxcomm_provider provider;
		int code;
		const char *hint;
	} rows[] = {
		{ PROVIDER("x", 1, SIZE, no_run, no_identifier), HXCOMM_ENOTSUP,
		        "made for provider interface 1" },
		{ PROVIDER("x", HXCOMM_PROVIDER_ABI, 8, no_run, no_identifier), HXCOMM_ENOTSUP,
		        "of 8 bytes" },
		{ PROVIDER(NULL, HXCOMM_PROVIDER_ABI, SIZE, no_run, no_identifier), HXCOMM_EINVAL,
		        "a member of struct hxcomm_provider is NULL" },
		{ PROVIDER("x", HXCOMM_PROVIDER_ABI, SIZE, NULL, no_identifier), HXCOMM_EINVAL,
		        "is NULL" },
		{ PROVIDER("x", HXCOMM_PROVIDER_ABI, SIZE, no_run, NULL), HXCOMM_EINVAL,
		        "is NULL" },
		{ GOOD(""), HXCOMM_EINVAL, "'' is no scheme" },
		{ GOOD("../x"), HXCOMM_EINVAL, "'../x' is no scheme" },
	};
	(void)state;
	FOR_ROWS(i, rows)
		assert_error(
		        hxcomm_provider_register(&rows[i].provider), rows[i].code, rows[i].hint);
}

static void a_module_is_found_on_the_path_and_works(void **state)
{
	const struct hxcomm_provider *found, *again;
	struct hxcomm_connection *c;
	(void)state;
	setenv("HXCOMM_PROVIDER_PATH", "/nowhere::" MODULES, 1);
	assert_ok(hxcomm_provider_find(&found, "module-good"));
	assert_string_equal(found->summary, "a module of the tests");
	unsetenv("HXCOMM_PROVIDER_PATH");
	assert_ok(hxcomm_provider_find(&again, "module-good")); /* loaded once and for all */
	assert_ptr_equal(again, found);
	assert_ok(hxcomm_open(&c, "module-good:", NULL));
	assert_string_equal(hxcomm_identifier(c), "module");
	assert_ok(hxcomm_run(c, NULL, 0, NULL));
	hxcomm_close(c);
}

static void a_module_that_cannot_be_used_says_why(void **state)
{
	static const struct {
		const char *scheme, *hint;
	} rows[] = {
		{ "module-abi",
		        "provider 'module-abi' cannot be used: made for provider interface 99" },
		{ "module-misnamed",
		        "holds provider 'another': its file must be called another.so" },
		{ "module-empty", "exports no hxcomm_provider" },
		{ "module-broken", "module-broken.so" },
	};
	(void)state;
	FILE *broken = fopen(MODULES "/module-broken.so", "w");
	assert_non_null(broken);
	fputs("this is no shared object", broken);
	fclose(broken);
	setenv("HXCOMM_PROVIDER_PATH", MODULES, 1);
	FOR_ROWS(i, rows) {
		const struct hxcomm_provider *found;
		assert_error(
		        hxcomm_provider_find(&found, rows[i].scheme), HXCOMM_ENOTSUP, rows[i].hint);
		assert_null(found);
	}
	unsetenv("HXCOMM_PROVIDER_PATH");
}

/* The scheme becomes part of a file name. */
static void a_scheme_cannot_leave_the_folder(void **state)
{
	static const char *const rows[] = { "../modules/module-good", "module_good", "", ".",
		"MOCK", "module-good.so", "a/b" };
	(void)state;
	setenv("HXCOMM_PROVIDER_PATH", MODULES, 1);
	FOR_ROWS(i, rows) {
		const struct hxcomm_provider *found = (void *)1;
		assert_error(hxcomm_provider_find(&found, rows[i]), HXCOMM_EINVAL, "is no scheme");
		assert_null(found);
	}
	unsetenv("HXCOMM_PROVIDER_PATH");
}

static void an_absent_provider_lists_those_there_are(void **state)
{
	const struct hxcomm_provider *found;
	(void)state;
	setenv("HXCOMM_PROVIDER_PATH", MODULES, 1);
	assert_error(hxcomm_provider_find(&found, "nothing"), HXCOMM_ENOENT,
	        "loopback, mock, module-abi, module-broken, ");
	unsetenv("HXCOMM_PROVIDER_PATH");
}

struct listed {
	size_t count, good, bad;
	char last[40];
	int stop_at;
};

static int visit(const char *scheme, const char *summary, const char *reason, void *user)
{
	struct listed *listed = user;
	if (!strcmp(scheme, "emulator")) /* lies beside the library once it is built */
		return 0;
	assert_true(strcmp(scheme, listed->last) > 0); /* sorted, each once */
	snprintf(listed->last, sizeof(listed->last), "%s", scheme);
	assert_true(!summary != !reason);
	listed->good += summary != NULL;
	listed->bad += reason != NULL;
	if (!strcmp(scheme, "module-empty"))
		assert_non_null(strstr(reason, "exports no hxcomm_provider"));
	return (int)++listed->count == listed->stop_at ? 7 : 0;
}

static void the_list_has_good_modules_and_bad_ones_with_the_reason(void **state)
{
	struct listed listed = { 0 }, stopped = { .stop_at = 2 };
	(void)state;
	setenv("HXCOMM_PROVIDER_PATH", MODULES, 1);
	assert_ok(hxcomm_provider_list(visit, &listed));
	assert_int_equal(hxcomm_provider_list(visit, &stopped), 7);
	unsetenv("HXCOMM_PROVIDER_PATH");
	/* arq, loopback, mock, record, replay, module-good, registered */
	assert_int_equal(listed.good, 7);
	assert_int_equal(listed.bad, 4);
	assert_int_equal(stopped.count, 2);
}

static void *find_often(void *user)
{
	(void)user;
	for (int i = 0; i < 200; i++) {
		const struct hxcomm_provider *found;
		struct hxcomm_connection *c;
		if (hxcomm_provider_find(&found, i % 2 ? "module-good" : "mock") != HXCOMM_OK ||
		        hxcomm_open(&c, "mock:", NULL) != HXCOMM_OK)
			return (void *)1;
		if (hxcomm_run(c, NULL, 0, NULL) != HXCOMM_OK)
			return (void *)1;
		hxcomm_close(c);
	}
	return NULL;
}

static void several_threads_may_find_and_open(void **state)
{
	pthread_t threads[4];
	(void)state;
	setenv("HXCOMM_PROVIDER_PATH", MODULES, 1);
	FOR_ROWS(i, threads)
		assert_int_equal(pthread_create(&threads[i], NULL, find_often, NULL), 0);
	FOR_ROWS(i, threads) {
		void *result;
		pthread_join(threads[i], &result);
		assert_null(result);
	}
	unsetenv("HXCOMM_PROVIDER_PATH");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_provider_is_registered_once),
		cmocka_unit_test(a_malformed_provider_is_refused),
		cmocka_unit_test(a_module_is_found_on_the_path_and_works),
		cmocka_unit_test(a_module_that_cannot_be_used_says_why),
		cmocka_unit_test(a_scheme_cannot_leave_the_folder),
		cmocka_unit_test(an_absent_provider_lists_those_there_are),
		cmocka_unit_test(the_list_has_good_modules_and_bad_ones_with_the_reason),
		cmocka_unit_test(several_threads_may_find_and_open),
	};
	return cmocka_run_group_tests_name("hxcomm/provider", tests, NULL, NULL);
}
