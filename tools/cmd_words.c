// SPDX-License-Identifier: MIT
/* `bss words`: messages to 64-bit words and back, both directions; words to tables of responses;
 * saved programs as text. */
#include "bss.h"

#include "jsonlines.h"

#include <fisch/program.h>
#include <fisch/program_file.h>
#include <fisch/program_text.h>
#include <hxcomm/decoder.h>
#include <hxcomm/encoder.h>
#include <hxcomm/error.h>
#include <hxcomm/message.h>
#include <hxcomm/responses.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
	const char *verb;
	const char *file; /* of print */
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	if (key == ARGP_KEY_ARG) {
		const bool print = arguments->verb && !strcmp(arguments->verb, "print");
		if (!arguments->verb)
			arguments->verb = text;
		else if (print && !arguments->file)
			arguments->file = text;
		else
			argp_error(state,
			        "'%s' is too much: one of encode, decode, responses, print FILE",
			        text);
	} else if (key == ARGP_KEY_END) {
		if (!arguments->verb)
			argp_error(state, "say encode, decode, responses or print");
		if (!strcmp(arguments->verb, "print") && !arguments->file)
			argp_error(state, "print needs the file of a saved program");
	} else {
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp words_argp = {
	.parser = parse_option,
	.args_doc = "encode|decode|responses\nprint FILE",
	.doc = "Messages to and from the FPGA.\v"
	       "encode  reads JSON lines {\"messages\":[{\"type\":\"timing::Barrier\","
	       "\"payload\":{\"value\":1}},...]} and prints "
	       "{\"words\":[\"0x0700000000000001\",...]}; with \"direction\":\"from_fpga\" it "
	       "packs messages of the FPGA, ends the last word with a comma and adds "
	       "\"words_before_flush\".\n\n"
	       "decode  reads {\"words\":[...]} (texts such as \"0x1f\", or numbers) from the "
	       "FPGA, or to it with \"direction\":\"to_fpga\", and prints "
	       "{\"messages\":[{\"header\":...,\"type\":...,\"payload_bits\":...,"
	       "\"message_bits\":...,\"payload\":{...}},...]}; an undefined code adds \"error\" "
	       "and \"error_word_index\".\n\n"
	       "responses  reads {\"words\":[...]} from the FPGA and prints them as tables: "
	       "\"spikes\" with label, chip_time (ticks of 4 ns) and fpga_time (cycles of 8 ns), "
	       "\"madc_samples\", \"omnibus\", \"jtag\", \"ticks\", \"link_notifications\", "
	       "\"timeout_notifications\", \"spike_packs\", \"madc_packs\", \"halts\".\n\n"
	       "print  prints a saved program, a line a word: its index, its name, its "
	       "arguments.\n\n"
	       "One line out for each line in, in order; a line that cannot be done gives "
	       "{\"error\":\"...\"} and the exit code 1.",
};

/* ---- parts of a line ------------------------------------------------------------------------ */

static int read_direction(enum hxcomm_direction *out, const json_t *line,
        enum hxcomm_direction fallback)
{
	const json_t *value = json_object_get(line, "direction");
	const char *text = json_string_value(value);
	*out = fallback;
	if (!value)
		return HXCOMM_OK;
	if (text && !strcmp(text, "to_fpga"))
		*out = HXCOMM_TO_FPGA;
	else if (text && !strcmp(text, "from_fpga"))
		*out = HXCOMM_FROM_FPGA;
	else
		return hxcomm_error_set(HXCOMM_EINVAL, "\"direction\" is to_fpga or from_fpga");
	return HXCOMM_OK;
}

/* A whole number: a JSON number, a truth value, or a text such as "0x1f". */
static int read_number(uint64_t *out, const json_t *value, const char *what)
{
	const char *text = json_string_value(value);
	if (json_is_boolean(value)) {
		*out = json_is_true(value);
	} else if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*out = (uint64_t)json_integer_value(value);
	} else if (text && *text >= '0' && *text <= '9') {
		char *end;
		errno = 0;
		*out = strtoull(text, &end, 0);
		if (errno || *end)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "%s, '%.40s', is no 64-bit number", what,
			        text);
	} else {
		return hxcomm_error_set(HXCOMM_EINVAL, "%s is no whole number", what);
	}
	return HXCOMM_OK;
}

/* ---- encode --------------------------------------------------------------------------------- */

/* A member that repeats what the type already says must say the same. */
static int check_same(const json_t *json, const char *member, uint64_t expected, const char *type)
{
	const json_t *value = json_object_get(json, member);
	if (value && (!json_is_integer(value) || json_integer_value(value) != (json_int_t)expected))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "\"%s\" of %s is %" PRIu64, member, type, expected);
	return HXCOMM_OK;
}

static int find_kind(const struct hxcomm_message_kind **out, enum hxcomm_direction direction,
        const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	if (!type)
		return hxcomm_error_set(HXCOMM_EINVAL, "a message lacks \"type\"");
	const struct hxcomm_message_kind *kind = hxcomm_message_find(direction, type);
	if (!kind)
		return hxcomm_error_set(HXCOMM_ENOENT, "no message '%.64s' %s the FPGA; such as %s",
		        type, direction == HXCOMM_TO_FPGA ? "to" : "from",
		        direction == HXCOMM_TO_FPGA ? "timing::Barrier"
		                                    : "timing_from_fpga::Systime");
	int status = check_same(json, "header", kind->code, type);
	if (status == HXCOMM_OK)
		status = check_same(json, "payload_bits", kind->payload_bits, type);
	if (status == HXCOMM_OK)
		status = check_same(json, "message_bits", kind->message_bits, type);
	*out = kind;
	return status;
}

/* The members of one payload, or of one item of its list. */
static int read_fields(struct hxcomm_message *out, const json_t *json, size_t item)
{
	const struct hxcomm_message_kind *kind = out->kind;
	size_t found = 0;
	for (size_t i = 0; i < kind->field_count; i++) {
		const char *name = kind->fields[i].name;
		char what[80];
		snprintf(what, sizeof(what), "%s.%s", kind->type, name ? name : kind->list);
		const json_t *value = name ? json_object_get(json, name) : json;
		if (!value && kind->payload_bits == 0)
			continue;
		if (!value)
			return hxcomm_error_set(HXCOMM_EINVAL, "%s is missing", what);
		uint64_t number;
		int status = read_number(&number, value, what);
		if (status == HXCOMM_OK)
			status = hxcomm_message_set(out, item, i, number);
		if (status != HXCOMM_OK)
			return status;
		found++;
	}
	if (json_is_object(json) && json_object_size(json) != found)
		return hxcomm_error_set(HXCOMM_EINVAL, "%s has a member that it does not know",
		        kind->type);
	return HXCOMM_OK;
}

static int read_message(struct hxcomm_message *out, enum hxcomm_direction direction,
        const json_t *json)
{
	*out = (struct hxcomm_message){ 0 };
	int status = find_kind(&out->kind, direction, json);
	if (status != HXCOMM_OK)
		return status;
	const json_t *payload = json_object_get(json, "payload");
	if (!out->kind->list)
		return read_fields(out, payload, 0);
	const json_t *list = json_object_get(payload, out->kind->list);
	if (json_array_size(list) != out->kind->items || json_object_size(payload) != 1)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the payload of %s is \"%s\" with %u elements",
		        out->kind->type, out->kind->list, out->kind->items);
	for (size_t i = 0; status == HXCOMM_OK && i < out->kind->items; i++)
		status = read_fields(out, json_array_get(list, i), i);
	return status;
}

static json_t *words_json(const uint64_t *words, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < count; i++) {
		char text[24];
		snprintf(text, sizeof(text), "0x%016" PRIx64, words[i]);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* Each message is a word. */
static int encode_to_fpga(json_t **out, const json_t *messages)
{
	json_t *list = json_array();
	size_t i;
	const json_t *json;
	json_array_foreach(messages, i, json) {
		struct hxcomm_message message;
		const int status = read_message(&message, HXCOMM_TO_FPGA, json);
		if (status != HXCOMM_OK) {
			json_decref(list);
			return hxcomm_error_wrap(status, "message %zu", i);
		}
		char text[24];
		snprintf(text, sizeof(text), "0x%016" PRIx64, hxcomm_message_word(&message));
		json_array_append_new(list, json_string(text));
	}
	*out = json_pack("{s:o}", "words", list);
	return HXCOMM_OK;
}

static int encode_from_fpga(json_t **out, const json_t *messages)
{
	struct hxcomm_encoder encoder;
	hxcomm_encoder_init(&encoder);
	int status = HXCOMM_OK;
	size_t i, before, count;
	const json_t *json;
	json_array_foreach(messages, i, json) {
		struct hxcomm_message message;
		status = read_message(&message, HXCOMM_FROM_FPGA, json);
		if (status == HXCOMM_OK)
			status = hxcomm_encoder_append(&encoder,
			        (enum hxcomm_response)message.kind->code, message.high,
			        message.low);
		if (status != HXCOMM_OK) {
			status = hxcomm_error_wrap(status, "message %zu", i);
			break;
		}
	}
	(void)hxcomm_encoder_words(&encoder, &before);
	if (status == HXCOMM_OK)
		status = hxcomm_encoder_flush(&encoder);
	if (status == HXCOMM_OK) {
		const uint64_t *words = hxcomm_encoder_words(&encoder, &count);
		*out = json_pack("{s:o,s:I}", "words", words_json(words, count),
		        "words_before_flush", (json_int_t)before);
	}
	hxcomm_encoder_deinit(&encoder);
	return status;
}

static int encode(json_t **out, const json_t *line, void *user)
{
	(void)user;
	enum hxcomm_direction direction;
	const int status = read_direction(&direction, line, HXCOMM_TO_FPGA);
	if (status != HXCOMM_OK)
		return status;
	const json_t *messages = json_object_get(line, "messages");
	if (!json_is_array(messages))
		return hxcomm_error_set(HXCOMM_EINVAL, "the line lacks the list \"messages\"");
	return direction == HXCOMM_TO_FPGA ? encode_to_fpga(out, messages)
	                                   : encode_from_fpga(out, messages);
}

/* ---- decode --------------------------------------------------------------------------------- */

static json_t *fields_json(const struct hxcomm_message *message, size_t item)
{
	const struct hxcomm_message_kind *kind = message->kind;
	if (!kind->fields[0].name)
		return json_integer((json_int_t)hxcomm_message_get(message, item, 0));
	json_t *object = json_object();
	for (size_t i = 0; i < kind->field_count; i++) {
		const uint64_t value = hxcomm_message_get(message, item, i);
		json_object_set_new(object, kind->fields[i].name,
		        kind->fields[i].flag ? json_boolean(value)
		                             : json_integer((json_int_t)value));
	}
	return object;
}

static json_t *message_json(const struct hxcomm_message *message)
{
	const struct hxcomm_message_kind *kind = message->kind;
	json_t *payload;
	if (kind->list) {
		json_t *list = json_array();
		for (size_t i = 0; i < kind->items; i++)
			json_array_append_new(list, fields_json(message, i));
		payload = json_pack("{s:o}", kind->list, list);
	} else {
		payload = fields_json(message, 0);
	}
	return json_pack("{s:i,s:s,s:i,s:i,s:o}", "header", kind->code, "type", kind->type,
	        "payload_bits", kind->payload_bits, "message_bits", kind->message_bits, "payload",
	        payload);
}

static int read_words(uint64_t **out, size_t *count, const json_t *line)
{
	const json_t *list = json_object_get(line, "words");
	if (!json_is_array(list))
		return hxcomm_error_set(HXCOMM_EINVAL, "the line lacks the list \"words\"");
	*count = json_array_size(list);
	*out = calloc(*count + 1, sizeof(**out));
	if (!*out)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu words", *count);
	int status = HXCOMM_OK;
	for (size_t i = 0; status == HXCOMM_OK && i < *count; i++) {
		char what[40];
		snprintf(what, sizeof(what), "word %zu", i);
		status = read_number(&(*out)[i], json_array_get(list, i), what);
	}
	return status;
}

static int decode(json_t **out, const json_t *line, void *user)
{
	(void)user;
	struct hxcomm_message_reader reader = { 0 };
	uint64_t *words = NULL;
	int status = read_direction(&reader.direction, line, HXCOMM_FROM_FPGA);
	if (status == HXCOMM_OK)
		status = read_words(&words, &reader.count, line);
	if (status != HXCOMM_OK) {
		free(words);
		return status;
	}
	reader.words = words;
	json_t *messages = json_array();
	struct hxcomm_message message;
	while ((status = hxcomm_message_read(&message, &reader)) == 1)
		json_array_append_new(messages, message_json(&message));
	*out = json_pack("{s:o}", "messages", messages);
	if (status < 0) { /* what came before it is still worth having */
		json_object_set_new(*out, "error", json_string(hxcomm_error_message()));
		json_object_set_new(*out, "error_word_index",
		        json_integer((json_int_t)(reader.position / 8)));
	}
	free(words);
	return HXCOMM_OK;
}

/* ---- responses ------------------------------------------------------------------------------ */

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* Rows with a time; the caller adds the rest. */
static json_t *timed(const uint64_t *times, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:o}", "time", number(times[i])));
	return list;
}

static void set(json_t *list, size_t i, const char *member, uint64_t value)
{
	json_object_set_new(json_array_get(list, i), member, number(value));
}

static json_t *events(const uint64_t *chip_times, const uint64_t *fpga_times, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:o,s:o}", "chip_time",
		        number(chip_times[i]), "fpga_time", number(fpga_times[i])));
	return list;
}

static json_t *packs_json(const uint64_t packs[3])
{
	return json_pack("[o,o,o]", number(packs[0]), number(packs[1]), number(packs[2]));
}

static json_t *responses_json(const struct hxcomm_responses *r)
{
	json_t *omnibus = timed(r->omnibus.time, r->omnibus.count);
	json_t *jtag = timed(r->jtag.time, r->jtag.count);
	json_t *links = timed(r->links.time, r->links.count);
	json_t *timeouts = timed(r->timeouts.time, r->timeouts.count);
	json_t *spikes = events(r->spikes.chip_time, r->spikes.fpga_time, r->spikes.count);
	json_t *samples = events(r->madc.chip_time, r->madc.fpga_time, r->madc.count);
	for (size_t i = 0; i < r->omnibus.count; i++)
		set(omnibus, i, "value", r->omnibus.value[i]);
	for (size_t i = 0; i < r->jtag.count; i++)
		set(jtag, i, "value", r->jtag.value[i]);
	for (size_t i = 0; i < r->links.count; i++)
		set(links, i, "value", r->links.value[i]);
	for (size_t i = 0; i < r->timeouts.count; i++) {
		set(timeouts, i, "instruction", r->timeouts.instruction[i]);
		set(timeouts, i, "stalls", r->timeouts.stalls[i]);
		set(timeouts, i, "reads_in_flight", r->timeouts.reads_in_flight[i]);
	}
	for (size_t i = 0; i < r->spikes.count; i++)
		set(spikes, i, "label", r->spikes.label[i]);
	for (size_t i = 0; i < r->madc.count; i++) {
		set(samples, i, "value", r->madc.value[i]);
		set(samples, i, "channel", r->madc.channel[i]);
	}
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "omnibus", omnibus, "jtag", jtag,
	        "ticks", timed(r->loopback.time, r->loopback.count), "spikes", spikes,
	        "spike_packs", packs_json(r->spike_packs), "madc_samples", samples, "madc_packs",
	        packs_json(r->madc_packs), "link_notifications", links, "timeout_notifications",
	        timeouts);
}

static int decode_responses(json_t **out, const json_t *line, void *user)
{
	(void)user;
	struct hxcomm_responses *responses = NULL;
	struct hxcomm_decoder decoder;
	uint64_t *words = NULL;
	size_t count;
	int status = read_words(&words, &count, line);
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&responses, 0);
	if (status != HXCOMM_OK)
		goto out;
	hxcomm_decoder_init(&decoder);
	status = hxcomm_decode(&decoder, words, count, responses);
	if (status != HXCOMM_OK && status != HXCOMM_EPROTO)
		goto out;
	*out = responses_json(responses);
	json_object_set_new(*out, "halts", number(decoder.halts));
	if (status == HXCOMM_EPROTO) /* what came before it is still worth having */
		json_object_set_new(*out, "error", json_string(hxcomm_error_message()));
	status = HXCOMM_OK;
out:
	hxcomm_responses_free(responses);
	free(words);
	return status;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int print_program(const char *path)
{
	struct fisch_program *program;
	int status = fisch_program_read(&program, path);
	if (status == HXCOMM_OK)
		status = fisch_program_print(stdout, program);
	fisch_program_free(program);
	return status == HXCOMM_OK ? BSS_OK : bss_fail(status, false);
}

int cmd_words(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	argp_parse(&words_argp, argc, argv, 0, NULL, &arguments);
	const char *verb = arguments.verb;
	if (!strcmp(verb, "print"))
		return print_program(arguments.file);
	if (!strcmp(verb, "encode"))
		return jsonlines_run(encode, NULL);
	if (!strcmp(verb, "decode"))
		return jsonlines_run(decode, NULL);
	if (!strcmp(verb, "responses"))
		return jsonlines_run(decode_responses, NULL);
	fprintf(stderr, "bss words: '%s' is none of encode, decode, responses, print\n", verb);
	return BSS_USAGE;
}
