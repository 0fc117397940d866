// SPDX-License-Identifier: MIT
/* `bss registers read|write`: registers of a chip, by hand or by JSON lines. */
#include "registers.h"

#include "bss.h"
#include "container_json.h"
#include "jsonlines.h"
#include "jsonout.h"
#include "registers_request.h"
#include "registers_session.h"

#include <haldls/json.h>
#include <hxcomm/error.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is read or written: a range of one container over one back end. */
struct range {
	const struct haldls_container *container;
	enum fisch_backend backend;
	uint32_t first, count;
};

struct work {
	const struct registers_arguments *arguments;
	struct registers_session session;
};

/* ---- the chip -------------------------------------------------------------------------------- */

/* Read a range: [count] structs, free() them. */
static int read_range(void **out, struct registers_session *session, const struct range *range)
{
	struct stadls_ticket ticket;
	*out = NULL;
	int status = registers_session_check(session, range->container, range->backend);
	if (status == HXCOMM_OK)
		status = stadls_builder_read_range(&ticket, session->builder, range->backend,
		        range->container, range->first, range->count);
	if (status == HXCOMM_OK)
		status = registers_session_run(session);
	if (status != HXCOMM_OK)
		return status;
	void *values = calloc((size_t)range->count, range->container->size + 1);
	if (!values)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %" PRIu32 " %s", range->count,
		        range->container->name);
	status = stadls_ticket_read(values, &ticket, session->responses);
	if (status == HXCOMM_OK)
		*out = values;
	else
		free(values);
	return status;
}

/* What fields start from: the defaults, or what the registers hold. */
static int start_values(void **out, struct registers_session *session, const struct range *range,
        bool keep)
{
	if (keep)
		return read_range(out, session, range);
	char *values = *out = calloc((size_t)range->count, range->container->size + 1);
	if (!values)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %" PRIu32 " %s", range->count,
		        range->container->name);
	for (uint32_t i = 0; i < range->count; i++)
		range->container->init(values + i * range->container->size);
	return HXCOMM_OK;
}

/* Write the fields to all of a range. */
static int write_range(size_t *words, struct registers_session *session, const struct range *range,
        const json_t *fields, bool keep)
{
	void *values = NULL;
	const struct haldls_container *container = range->container;
	int status = registers_session_check(session, container, range->backend);
	if (status == HXCOMM_OK && !container->write_words)
		status = hxcomm_error_set(HXCOMM_ENOTSUP,
		        "%s cannot be written: it can be read only", container->name);
	if (status == HXCOMM_OK)
		status = start_values(&values, session, range, keep);
	for (uint32_t i = 0; i < range->count && status == HXCOMM_OK; i++)
		status = haldls_json_read((char *)values + i * container->size, container,
		        range->first + i, fields);
	if (status == HXCOMM_OK)
		status = stadls_builder_write_range(session->builder, range->backend, container,
		        range->first, range->count, values, NULL);
	free(values);
	if (status != HXCOMM_OK)
		return status;
	*words = fisch_program_mark(stadls_builder_program(session->builder)).words;
	return registers_session_run(session);
}

/* ---- JSON lines ------------------------------------------------------------------------------ */

static int read_line_range(struct range *out, struct work *work, const json_t *line, bool read)
{
	struct registers_request request;
	const int status = registers_request_read(&request, line);
	if (status != HXCOMM_OK)
		return status;
	*out = (struct range){ request.container, request.backend, request.coordinate, 1 };
	if (!json_object_get(line, "backend") && work->arguments->backend)
		return registers_backend_find(
		        &out->backend, request.container, work->arguments->backend);
	if (!json_object_get(line, "backend") && read && request.container->read_words)
		out->backend = request.container->read_backends[0];
	return HXCOMM_OK;
}

static json_t *describe(const struct range *range, uint32_t index, const void *values)
{
	const struct haldls_container *container = range->container;
	return container_json_line(container, range->first + index,
	        (const char *)values + index * container->size);
}

static int answer_read(json_t **out, const json_t *line, void *user)
{
	struct work *work = user;
	struct range range;
	void *values = NULL;
	int status = read_line_range(&range, work, line, true);
	if (status == HXCOMM_OK)
		status = read_range(&values, &work->session, &range);
	if (status == HXCOMM_OK)
		*out = describe(&range, 0, values);
	free(values);
	return status;
}

static int answer_write(json_t **out, const json_t *line, void *user)
{
	struct work *work = user;
	struct range range;
	size_t words;
	int status = read_line_range(&range, work, line, false);
	if (status == HXCOMM_OK)
		status = write_range(&words, &work->session, &range,
		        json_object_get(line, "fields"), work->arguments->keep);
	if (status == HXCOMM_OK)
		*out = json_pack("{s:s,s:I,s:I}", "container", range.container->name, "coordinate",
		        (json_int_t)range.first, "words", (json_int_t)words);
	return status;
}

/* ---- by hand --------------------------------------------------------------------------------- */

static int read_number(uint32_t *out, const char *text, const char **end)
{
	char *after;
	errno = 0;
	const uintmax_t number = strtoumax(text, &after, 0);
	if (*text < '0' || *text > '9' || errno || number > UINT32_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.40s' is no coordinate: write a number, a range such as 0-511, or all",
		        text);
	*out = (uint32_t)number;
	*end = after;
	return HXCOMM_OK;
}

/* "17", "0-511", "all", or one as a text such as "NeuronRow:1 Column:17". */
static int read_coordinates(struct range *range, const char *text)
{
	const char *end;
	uint32_t last;
	if (!strcmp(text, "all")) {
		range->count = range->container->count;
		return HXCOMM_OK;
	}
	if (*text < '0' || *text > '9') {
		range->count = 1;
		return haldls_element_parse(&range->first, range->container, text);
	}
	int status = read_number(&range->first, text, &end);
	last = range->first;
	if (status == HXCOMM_OK && *end == '-')
		status = read_number(&last, end + 1, &end);
	if (status == HXCOMM_OK && (*end || last < range->first))
		status = hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.40s' is no coordinate: write a number, a range such as 0-511, or all",
		        text);
	if (status == HXCOMM_OK && last >= range->container->count)
		status = hxcomm_error_set(HXCOMM_ERANGE,
		        "%s of %s is %" PRIu32 ", allowed are 0 to %" PRIu32,
		        range->container->coordinate, range->container->name, last,
		        range->container->count - 1);
	range->count = last - range->first + 1;
	return status;
}

static int read_operands(struct range *out, const struct registers_arguments *arguments, bool read)
{
	*out = (struct range){ .container = haldls_container_find(arguments->operands[0]) };
	if (!out->container)
		return HXCOMM_ENOENT;
	out->backend = read && out->container->read_words ? out->container->read_backends[0]
	                                                  : out->container->backends[0];
	if (arguments->backend) {
		const int status = registers_backend_find(&out->backend, out->container,
		        arguments->backend);
		if (status != HXCOMM_OK)
			return status;
	}
	return read_coordinates(out, arguments->operand_count > 1 ? arguments->operands[1] : "all");
}

/* "field=value", the value as JSON or the name of an enumeration's value. */
static int read_field(json_t *fields, const char *text)
{
	const char *equal = strchr(text, '=');
	char name[64];
	if (!equal || equal == text || (size_t)(equal - text) >= sizeof(name))
		return hxcomm_error_set(HXCOMM_EINVAL, "'%.60s' is no field=value", text);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equal - text), text);
	json_t *value = json_loads(equal + 1, JSON_DECODE_ANY, NULL);
	if (!value)
		value = json_string(equal + 1);
	if (!value || json_object_set_new(fields, name, value))
		return hxcomm_error_set(HXCOMM_EINVAL, "'%.60s' is no field=value in UTF-8", text);
	return HXCOMM_OK;
}

static void print_field(const char *group, const char *name, const json_t *value)
{
	char label[80];
	const json_t *code = json_object_get(value, "data"); /* of the capacitive memory */
	char *text = json_dumps(code ? code : value, JSON_ENCODE_ANY | JSON_COMPACT);
	(void)snprintf(label, sizeof(label), "%s%s%s", group ? group : "", group ? "." : "", name);
	printf("  %-44s %s\n", label, text ? text : "?");
	free(text);
}

/* Fields of a group, such as those of a leak, stand in lines of their own. */
static void print_fields(json_t *fields)
{
	const char *name, *inner;
	json_t *field, *value;
	json_object_foreach(fields, name, field) {
		if (!json_is_object(field) || json_object_get(field, "data")) {
			print_field(NULL, name, field);
			continue;
		}
		json_object_foreach(field, inner, value)
			print_field(name, inner, value);
	}
}

static int print_text(const struct range *range, const void *values)
{
	char place[HALDLS_ELEMENT_TEXT_MAX];
	for (uint32_t i = 0; i < range->count; i++) {
		json_t *line = describe(range, i, values);
		haldls_element_print(place, range->container, range->first + i);
		printf("%s of %s\n", range->container->name, place);
		print_fields(json_object_get(line, "fields"));
		json_decref(line);
	}
	return BSS_OK;
}

static int print_values(const struct range *range, const void *values, bool json)
{
	int exit_code = BSS_OK;
	if (!json)
		return print_text(range, values);
	for (uint32_t i = 0; i < range->count && exit_code == BSS_OK; i++)
		exit_code = jsonout_print(describe(range, i, values));
	return exit_code;
}

static int read_by_hand(struct work *work)
{
	struct range range;
	void *values = NULL;
	int status = read_operands(&range, work->arguments, true);
	if (status == HXCOMM_OK)
		status = read_range(&values, &work->session, &range);
	if (status != HXCOMM_OK)
		return bss_fail(status, work->arguments->chip.json);
	const int exit_code = print_values(&range, values, work->arguments->chip.json);
	free(values);
	return exit_code;
}

static int write_by_hand(struct work *work)
{
	const struct registers_arguments *arguments = work->arguments;
	struct range range;
	size_t words = 0;
	json_t *fields = json_object();
	int status = read_operands(&range, arguments, false);
	for (size_t i = 2; i < arguments->operand_count && status == HXCOMM_OK; i++)
		status = read_field(fields, arguments->operands[i]);
	if (status == HXCOMM_OK)
		status = write_range(&words, &work->session, &range, fields, arguments->keep);
	json_decref(fields);
	if (status != HXCOMM_OK)
		return bss_fail(status, arguments->chip.json);
	if (arguments->chip.json)
		return jsonout_print(json_pack("{s:s,s:I,s:I,s:I}", "container",
		        range.container->name, "first", (json_int_t)range.first, "count",
		        (json_int_t)range.count, "words", (json_int_t)words));
	printf("%s %" PRIu32 " to %" PRIu32 ": written, %zu words\n", range.container->name,
	        range.first, range.first + range.count - 1, words);
	return BSS_OK;
}

/* ---- the verbs ------------------------------------------------------------------------------- */

static int run(const struct registers_arguments *arguments, jsonlines_answer *answer,
        int (*by_hand)(struct work *))
{
	struct work work = { .arguments = arguments };
	if (by_hand == write_by_hand && arguments->operand_count == 1) {
		fputs("bss registers: write which coordinates? a number, a range such as 0-511, or "
		      "all\n",
		        stderr);
		return BSS_USAGE;
	}
	const int status =
	        registers_session_open(&work.session, arguments->chip.uri, arguments->bring_up);
	if (status != HXCOMM_OK)
		return bss_fail(status, arguments->chip.json);
	const int exit_code =
	        arguments->operand_count ? by_hand(&work) : jsonlines_run(answer, &work);
	registers_session_close(&work.session);
	return exit_code;
}

int registers_read(const struct registers_arguments *arguments)
{
	return run(arguments, answer_read, read_by_hand);
}

int registers_write(const struct registers_arguments *arguments)
{
	return run(arguments, answer_write, write_by_hand);
}
