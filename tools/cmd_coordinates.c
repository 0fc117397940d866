// SPDX-License-Identifier: MIT
/* `bss coordinates`: where things are, by name: what there is, what it converts to, how it is
 * written. */
#include "bss.h"

#include "coordinates_json.h"
#include "jsonlines.h"
#include "jsonout.h"
#include "table.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPERANDS_MAX = 4, KEY_STYLE = 0x100 };

static const char *const style_names[] = {"labels", "reference", "number"};

static const struct argp_option options[] = {
	{"json", 'j', NULL, 0, "print JSON lines", 0},
	{"style", KEY_STYLE, "NAME", 0, "how coordinates are printed: labels, reference or number",
		0},
	{0},
};

struct arguments {
	const char *verb, *operands[OPERANDS_MAX];
	size_t operand_count;
	bool json;
	int style; /* an enum haldls_coordinate_style, -1 where none was asked for */
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case 'j':
		arguments->json = true;
		break;
	case KEY_STYLE:
		for (int i = 0; i < 3; i++)
			if (!strcmp(text, style_names[i]))
				arguments->style = i;
		if (arguments->style < 0)
			argp_error(state, "'%s' is none of labels, reference, number", text);
		break;
	case ARGP_KEY_ARG:
		if (!arguments->verb)
			arguments->verb = text;
		else if (arguments->operand_count < OPERANDS_MAX)
			arguments->operands[arguments->operand_count++] = text;
		else
			argp_error(state,
				"'%s' is too much: put a coordinate of several words in quotes",
				text);
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say list, show, convert, parse or print");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_coordinates_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "list\nshow NAME\nconvert [FROM TO VALUE [INDEX]]\nparse [NAME TEXT]\n"
		    "print [NAME VALUE]",
	.doc = "The coordinates of chip, FPGA and boards.\v"
	       "list     prints what there is.\n\n"
	       "show     tells what a coordinate is made of, and what it converts to.\n\n"
	       "convert  prints what a coordinate becomes: TO is a function such as "
	       "toNeuronRowOnDLS, or the name of another coordinate; with several, all of them or "
	       "number INDEX. Without operands it reads JSON lines "
	       "{\"from\":\"AtomicNeuronOnDLS\",\"to\":\"SynramOnDLS\",\"value\":273} and prints "
	       "{\"to\":...,\"value\":...}, \"values\" where it is several, null where there is "
	       "none. \"function\" may stand for \"to\", and \"enum\" for \"value\": a number as "
	       "the "
	       "reference software counts all values, which differs for intervals.\n\n"
	       "parse    prints the number of a coordinate that is written as a number, as labels "
	       "such as 'NeuronRow:1 Column:17', or as the reference software prints it. Without "
	       "operands it reads JSON lines {\"coordinate\":...,\"value\":...} and prints "
	       "{\"coordinate\":...,\"value\":...,\"labels\":...,\"reference\":...}.\n\n"
	       "print    is the same, and prints labels.\n\n"
	       "A VALUE is whatever parse reads; one of several words needs quotes. Where there is "
	       "nothing to convert to, and for a line that cannot be done, which gives "
	       "{\"error\":\"...\"}, the exit code is 1.",
};

/* ---- list and show --------------------------------------------------------------------------- */

/* "NeuronRow Column" */
static void print_keys(char *out, size_t size, const struct haldls_coordinate *coordinate)
{
	size_t length = 0;
	out[0] = '\0';
	for (size_t i = 0; i < coordinate->part_count && length < size; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%s", i ? " " : "",
			coordinate->parts[i].key);
}

static int list(const struct arguments *arguments)
{
	static const char *const titles[] = {
		"NAME", "KIND", ">SIZE", ">FIRST", ">LAST", "PARTS", "STATE"};
	size_t count;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	struct table *table = arguments->json ? NULL : table_new(titles, 7);
	int status = HXCOMM_OK;
	for (size_t i = 0; i < count && !status; i++) {
		const struct haldls_coordinate *c = &all[i];
		char size[24], first[24], last[24], parts[128];
		if (arguments->json) {
			if (jsonout_print(coordinates_json_describe(c, false)))
				return BSS_FAILURE;
			continue;
		}
		snprintf(size, sizeof(size), "%" PRIu64, c->size);
		snprintf(first, sizeof(first), "%" PRIu64, c->min);
		snprintf(last, sizeof(last), "%" PRIu64, c->max);
		print_keys(parts, sizeof(parts), c);
		const char *cells[] = {c->name, coordinates_kind_name(c->kind), size, first, last,
			parts, c->retired ? "retired" : ""};
		status = table ? table_append(table, cells) : HXCOMM_ENOMEM;
	}
	if (status)
		(void)hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a table");
	else if (table)
		table_print(table);
	table_free(table);
	return status ? bss_fail(status, arguments->json) : BSS_OK;
}

static void show_parts(const struct haldls_coordinate *c)
{
	for (size_t i = 0; i < c->part_count; i++)
		printf("part\t%s\t%s\t0 to %" PRIu64 "\n", c->parts[i].key,
			c->parts[i].coordinate->name, c->parts[i].coordinate->max);
	if (c->kind == HALDLS_COORDINATE_INTERVAL)
		printf("bounds\t%s\t0 to %" PRIu64 "\n", c->inner->name, c->inner->max);
	for (size_t i = 0; i < c->value_count; i++)
		printf("value\t%s\t%" PRIu64 "\n", c->values[i].name, c->values[i].number);
	for (size_t i = 0; i < c->conversion_count; i++) {
		const struct haldls_coordinate_conversion *x = &c->conversions[i];
		printf("converts\t%s\t%s", x->function, x->to->name);
		if (x->count > 1)
			printf("\t%" PRIu32 " of them%s%s", x->count,
				x->index ? ", one for each " : "", x->index ? x->index->name : "");
		putchar('\n');
	}
}

static int show(const struct arguments *arguments)
{
	const struct haldls_coordinate *c = haldls_coordinate_find(arguments->operands[0]);
	if (!c)
		return bss_fail(HXCOMM_ENOENT, arguments->json);
	if (arguments->json)
		return jsonout_print(coordinates_json_describe(c, true));
	printf("%s\t%s%s\n", c->name, c->summary, c->retired ? "; retired" : "");
	printf("kind\t%s\n", coordinates_kind_name(c->kind));
	if (c->size)
		printf("size\t%" PRIu64 "\n", c->size);
	if (c->kind != HALDLS_COORDINATE_RECORD)
		printf("range\t%" PRIu64 " to %" PRIu64 "\n", c->min, c->max);
	if (!c->retired)
		printf("header\thaldls/coordinates/%s.h, haldls_%s\n", c->domain, c->c_name);
	show_parts(c);
	return BSS_OK;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int print_number(const struct haldls_coordinate *c, uint64_t number, int style)
{
	char text[HALDLS_COORDINATE_TEXT_MAX];
	const int status = haldls_coordinate_print(
		text, sizeof(text), c, number, (enum haldls_coordinate_style)style);
	if (!status)
		puts(text);
	return status;
}

static int parse_or_print(const struct arguments *arguments, int style)
{
	uint64_t number;
	json_t *out = NULL;
	if (!arguments->operand_count)
		return jsonlines_run(coordinates_answer_value, NULL);
	const struct haldls_coordinate *c = haldls_coordinate_find(arguments->operands[0]);
	int status =
		c ? haldls_coordinate_parse(&number, c, arguments->operands[1]) : HXCOMM_ENOENT;
	if (!status && arguments->json)
		status = coordinates_json_value(&out, c, number);
	else if (!status)
		status = print_number(c, number, arguments->style < 0 ? style : arguments->style);
	if (status)
		return bss_fail(status, arguments->json);
	return arguments->json ? jsonout_print(out) : BSS_OK;
}

static int parse(const struct arguments *arguments)
{
	return parse_or_print(arguments, HALDLS_COORDINATE_NUMBER);
}

static int print(const struct arguments *arguments)
{
	return parse_or_print(arguments, HALDLS_COORDINATE_LABELS);
}

/* All that @p number converts to, or one of them, a line each. */
static int print_converted(const struct haldls_coordinate *from,
	const struct haldls_coordinate_conversion *conversion, int64_t index, uint64_t number,
	int style)
{
	const int64_t first = index < 0 ? 0 : index;
	const int64_t end = index < 0 ? conversion->count : index + 1;
	for (int64_t i = first; i < end; i++) {
		uint64_t out;
		int status = haldls_coordinate_convert(&out, from, conversion, (uint32_t)i, number);
		if (!status)
			status = print_number(conversion->to, out, style);
		if (status)
			return status;
	}
	return HXCOMM_OK;
}

static int read_index(int64_t *out, const char *text)
{
	unsigned index;
	char end;
	if (sscanf(text, "%9u%c", &index, &end) != 1 || strchr(text, '-'))
		return hxcomm_error_set(
			HXCOMM_EINVAL, "'%.40s' is no index: write a number such as 0", text);
	*out = index;
	return HXCOMM_OK;
}

static int convert(const struct arguments *arguments)
{
	uint64_t number;
	int64_t index = -1;
	json_t *out = NULL;
	if (!arguments->operand_count)
		return jsonlines_run(coordinates_answer_convert, NULL);
	const struct haldls_coordinate *from = haldls_coordinate_find(arguments->operands[0]);
	const struct haldls_coordinate_conversion *conversion =
		from ? haldls_coordinate_conversion_find(from, arguments->operands[1]) : NULL;
	int status = conversion ? haldls_coordinate_parse(&number, from, arguments->operands[2])
				: HXCOMM_ENOENT;
	if (!status && arguments->operand_count > 3)
		status = read_index(&index, arguments->operands[3]);
	if (!status && arguments->json)
		status = coordinates_json_convert(&out, from, conversion, index, number);
	else if (!status)
		status = print_converted(from, conversion, index, number,
			arguments->style < 0 ? HALDLS_COORDINATE_NUMBER : arguments->style);
	if (status)
		return bss_fail(status, arguments->json);
	return arguments->json ? jsonout_print(out) : BSS_OK;
}

/* ---- the command ----------------------------------------------------------------------------- */

static const struct verb {
	const char *name;
	int (*run)(const struct arguments *arguments);
	size_t operands_min, operands_max;
	bool lines; /* it reads JSON lines where it has no operands */
} verbs[] = {
	{"list", list, 0, 0, false},
	{"show", show, 1, 1, false},
	{"convert", convert, 3, 4, true},
	{"parse", parse, 2, 2, true},
	{"print", print, 2, 2, true},
};

int cmd_coordinates(int argc, char **argv)
{
	struct arguments arguments = {.style = -1};
	if (argp_parse(&cmd_coordinates_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(arguments.verb, verbs[i].name))
			continue;
		const size_t count = arguments.operand_count;
		if ((count >= verbs[i].operands_min && count <= verbs[i].operands_max) ||
			(!count && verbs[i].lines))
			return verbs[i].run(&arguments);
		fprintf(stderr, "bss coordinates: %s takes %zu arguments, here are %zu%s\n",
			arguments.verb, verbs[i].operands_min, count,
			count > verbs[i].operands_max
				? ": put a coordinate of several words in quotes"
				: "");
		return BSS_USAGE;
	}
	fprintf(stderr, "bss coordinates: '%s' is none of list, show, convert, parse, print\n",
		arguments.verb);
	return BSS_USAGE;
}
