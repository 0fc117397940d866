// SPDX-License-Identifier: MIT
/* `bss info`: what is installed here and how it is set up; the first thing to send with a report. */
#include "bss.h"

#include "jsonout.h"
#include "settings.h"
#include "table.h"

#include <calix/store.h>
#include <hxcomm/choice.h>
#include <hxcomm/error.h>
#include <hxcomm/provider.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "print one JSON object", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	bool *json = state->input;
	(void)text;
	if (key == 'j')
		*json = true;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "info takes no arguments");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

const struct argp cmd_info_argp = {
	.options = options,
	.parser = parse_option,
	.doc = "Show versions, the machine, providers (and why one did not load), settings and where "
	       "they come from, the calibration store, and the chip of programs that are told none.",
};

static json_t *describe_versions(void)
{
	return json_pack("{s:s,s:i,s:i}", "bss", BSS_VERSION, "provider_interface",
	        (int)HXCOMM_PROVIDER_ABI, "store_layout", (int)CALIX_STORE_VERSION);
}

static json_t *describe_machine(void)
{
	json_t *features = json_array();
#if defined(__x86_64__)
	__builtin_cpu_init();
#define ADD_FEATURE(name)                                                                          \
	if (__builtin_cpu_supports(name))                                                          \
		json_array_append_new(features, json_string(name));
	ADD_FEATURE("sse4.2")
	ADD_FEATURE("avx2")
	ADD_FEATURE("fma")
	ADD_FEATURE("avx512f")
#undef ADD_FEATURE
#endif
	struct utsname name = { 0 };
	uname(&name);
	return json_pack("{s:s,s:s,s:s,s:o}", "system", name.sysname, "release", name.release,
	        "architecture", name.machine, "cpu_features", features);
}

static int describe_provider(const char *scheme, const char *summary, const char *reason,
        void *providers)
{
	json_array_append_new(providers, json_pack("{s:s,s:s?,s:s?}", "scheme", scheme, "summary",
	                                         summary, "reason", reason));
	return 0;
}

static json_t *describe_settings(void)
{
	json_t *settings = json_array();
#define ADD_SETTING(name, fallback, meaning)                                                       \
	json_array_append_new(settings, json_pack("{s:s,s:s,s:s,s:s}", "name", name, "value",      \
	                                        getenv(name) ? getenv(name) : fallback, "source",  \
	                                        getenv(name) ? "environment" : "default",          \
	                                        "meaning", meaning));
	BSS_SETTINGS(ADD_SETTING)
#undef ADD_SETTING
	return settings;
}

/* The chips of a program that was told none, and why these. */
static json_t *describe_connections(void)
{
	json_t *connections = json_array();
	struct hxcomm_choice choice;
	int status;
	for (size_t i = 0; (status = hxcomm_choice_read(&choice, i)) == HXCOMM_OK; i++)
		json_array_append_new(connections,
		        json_pack("{s:s,s:s}", "address", choice.uri, "reason", choice.reason));
	if (status != HXCOMM_ENOENT)
		json_array_append_new(connections, json_pack("{s:s,s:s}", "address", "", "reason",
		                                           hxcomm_error_message()));
	return connections;
}

static int count_entry(const struct calix_store_entry *entry, void *count)
{
	(void)entry;
	++*(int *)count;
	return 0;
}

static json_t *describe_store(void)
{
	struct calix_store *store;
	int count = 0;
	int status = calix_store_open(&store, NULL, CALIX_STORE_READ_ONLY);
	if (status != HXCOMM_OK)
		return json_pack("{s:s,s:s}", "code", hxcomm_error_name(status), "message",
		        hxcomm_error_message());
	status = calix_store_list(store, count_entry, &count);
	json_t *out = status == HXCOMM_OK ?
	        json_pack("{s:s,s:i}", "path", calix_store_path(store), "results", count) :
	        json_pack("{s:s,s:s,s:s}", "path", calix_store_path(store), "code",
	                hxcomm_error_name(status), "message", hxcomm_error_message());
	calix_store_close(store);
	return out;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static void print_features(const json_t *machine)
{
	size_t i;
	json_t *feature;
	printf("machine    %s %s, %s", text_of(machine, "system"), text_of(machine, "release"),
	        text_of(machine, "architecture"));
	json_array_foreach(json_object_get(machine, "cpu_features"), i, feature)
		printf("%s%s", i ? " " : " with ", json_string_value(feature));
	putchar('\n');
}

static void print_rows(const json_t *list, const char *const *titles, const char *const *keys,
        size_t columns)
{
	struct table *table = table_new(titles, columns);
	size_t i;
	json_t *object;
	json_array_foreach(list, i, object) {
		const char *cells[4];
		for (size_t column = 0; column < columns; column++)
			cells[column] = text_of(object, keys[column]);
		if (!table || table_append(table, cells) != HXCOMM_OK)
			break;
	}
	if (table)
		table_print(table);
	table_free(table);
}

static int print_text(const json_t *info)
{
	static const char *const provider_titles[] = { "PROVIDER", "SUMMARY", "CANNOT BE USED BECAUSE" };
	static const char *const provider_keys[] = { "scheme", "summary", "reason" };
	static const char *const setting_titles[] = { "SETTING", "SOURCE", "VALUE" };
	static const char *const setting_keys[] = { "name", "source", "value" };
	const json_t *versions = json_object_get(info, "versions");
	const json_t *store = json_object_get(info, "store");
	printf("bss        %s (provider interface %d, store layout %d)\n", text_of(versions, "bss"),
	        (int)json_integer_value(json_object_get(versions, "provider_interface")),
	        (int)json_integer_value(json_object_get(versions, "store_layout")));
	print_features(json_object_get(info, "machine"));
	if (json_object_get(store, "results"))
		printf("store      %s, %d results\n", text_of(store, "path"),
		        (int)json_integer_value(json_object_get(store, "results")));
	else
		printf("store      none: %s\n", text_of(store, "message"));
	json_t *connection;
	size_t i;
	json_array_foreach(json_object_get(info, "connections"), i, connection)
		printf("%-11s%s (%s)\n", i ? "" : "connection", text_of(connection, "address"),
		        text_of(connection, "reason"));
	putchar('\n');
	print_rows(json_object_get(info, "providers"), provider_titles, provider_keys, 3);
	putchar('\n');
	print_rows(json_object_get(info, "settings"), setting_titles, setting_keys, 3);
	return BSS_OK;
}

int cmd_info(int argc, char **argv)
{
	bool json = false;
	if (argp_parse(&cmd_info_argp, argc, argv, 0, NULL, &json))
		return BSS_USAGE;
	json_t *providers = json_array();
	const int status = hxcomm_provider_list(describe_provider, providers);
	if (status != HXCOMM_OK) {
		json_decref(providers);
		return bss_fail(status, json);
	}
	json_t *info = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "versions", describe_versions(), "machine",
	        describe_machine(), "providers", providers, "settings", describe_settings(), "store",
	        describe_store(), "connections", describe_connections());
	if (json || !info)
		return jsonout_print(info);
	const int result = print_text(info);
	json_decref(info);
	return result;
}
