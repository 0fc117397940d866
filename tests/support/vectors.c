// SPDX-License-Identifier: MIT
#include "vectors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

struct vectors {
	char path[512];
	FILE *file;
	ZSTD_DStream *stream;
	ZSTD_inBuffer in;
	char *in_data, *out_data; /* pieces of the file and of its content */
	size_t out_begin, out_end, out_size;
	char *line;
	size_t line_size, lines;
	json_t *value;
};

static _Noreturn void fail(const struct vectors *vectors, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(stderr, "%s, line %zu: ", vectors->path, vectors->lines);
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(99);
}

static void *need(void *memory)
{
	if (!memory) {
		fprintf(stderr, "no memory for vectors\n");
		exit(99);
	}
	return memory;
}

struct vectors *vectors_open(const char *name)
{
	struct vectors *vectors = need(calloc(1, sizeof(*vectors)));
	snprintf(vectors->path, sizeof(vectors->path), "%s/%s.jsonl.zst", VECTOR_DIR, name);
	vectors->file = fopen(vectors->path, "rb");
	if (!vectors->file)
		fail(vectors, "cannot be opened");
	vectors->stream = need(ZSTD_createDStream());
	vectors->in_data = need(malloc(ZSTD_DStreamInSize()));
	vectors->out_size = ZSTD_DStreamOutSize();
	vectors->out_data = need(malloc(vectors->out_size));
	vectors->in.src = vectors->in_data;
	return vectors;
}

/* More content into out_data; 0 at the end of the file. */
static size_t refill(struct vectors *vectors)
{
	ZSTD_outBuffer out = { vectors->out_data, vectors->out_size, 0 };
	while (out.pos == 0) {
		if (vectors->in.pos == vectors->in.size) {
			vectors->in.size =
			        fread(vectors->in_data, 1, ZSTD_DStreamInSize(), vectors->file);
			vectors->in.pos = 0;
			if (vectors->in.size == 0)
				break;
		}
		const size_t status = ZSTD_decompressStream(vectors->stream, &out, &vectors->in);
		if (ZSTD_isError(status))
			fail(vectors, "damaged: %s", ZSTD_getErrorName(status));
	}
	vectors->out_begin = 0;
	vectors->out_end = out.pos;
	return out.pos;
}

static void append(struct vectors *vectors, size_t *length, const char *text, size_t count)
{
	if (*length + count + 1 > vectors->line_size) {
		vectors->line_size = 2 * (*length + count + 1);
		vectors->line = need(realloc(vectors->line, vectors->line_size));
	}
	memcpy(vectors->line + *length, text, count);
	*length += count;
	vectors->line[*length] = '\0';
}

json_t *vectors_next(struct vectors *vectors)
{
	json_decref(vectors->value);
	vectors->value = NULL;
	size_t length = 0;
	for (;;) {
		if (vectors->out_begin == vectors->out_end && !refill(vectors)) {
			if (length)
				fail(vectors, "the file ends within a line");
			return NULL;
		}
		const char *begin = vectors->out_data + vectors->out_begin;
		const size_t available = vectors->out_end - vectors->out_begin;
		const char *newline = memchr(begin, '\n', available);
		const size_t taken = newline ? (size_t)(newline - begin) : available;
		append(vectors, &length, begin, taken);
		vectors->out_begin += taken + (newline != NULL);
		if (newline)
			break;
	}
	vectors->lines++;
	json_error_t error;
	vectors->value = json_loads(vectors->line, JSON_DECODE_ANY, &error);
	if (!vectors->value)
		fail(vectors, "%s", error.text);
	return vectors->value;
}

size_t vectors_line(const struct vectors *vectors)
{
	return vectors->lines;
}

void vectors_close(struct vectors *vectors)
{
	if (!vectors)
		return;
	json_decref(vectors->value);
	fclose(vectors->file);
	ZSTD_freeDStream(vectors->stream);
	free(vectors->in_data);
	free(vectors->out_data);
	free(vectors->line);
	free(vectors);
}

uint64_t vectors_number(const json_t *value)
{
	char *end = NULL;
	if (json_is_integer(value))
		return (uint64_t)json_integer_value(value);
	if (json_is_boolean(value))
		return json_is_true(value);
	const char *text = json_string_value(value);
	const uint64_t number = text ? strtoull(text, &end, 0) : 0;
	if (!end || end == text || *end) {
		fprintf(stderr, "vectors: '%s' is no number\n", text ? text : "?");
		exit(99);
	}
	return number;
}

uint64_t vectors_u64(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);
	if (!value) {
		fprintf(stderr, "vectors: no member '%s'\n", member);
		exit(99);
	}
	return vectors_number(value);
}

uint64_t *vectors_words(const json_t *list, size_t *count)
{
	*count = json_array_size(list);
	uint64_t *words = need(malloc((*count + 1) * sizeof(*words)));
	for (size_t i = 0; i < *count; i++)
		words[i] = vectors_number(json_array_get(list, i));
	return words;
}
