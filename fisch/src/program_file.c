// SPDX-License-Identifier: MIT
#include <fisch/program_file.h>

#include "program.h"
#include "saved_program.pb-c.h"

#include <hxcomm/error.h>
#include <hxcomm/file.h>
#include <hxcomm/words.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, WORD_BYTES = 8, HEADER_MAX = 128 };

static const char format[] = "bss-program";

/* Tells a lack of memory from a damaged file. */
static void *allocate(void *failed, size_t size)
{
	void *memory = malloc(size);
	if (!memory)
		*(bool *)failed = true;
	return memory;
}

static void release(void *failed, void *memory)
{
	(void)failed;
	free(memory);
}

int fisch_program_encode(uint8_t **out, size_t *size, const struct fisch_program *program)
{
	const struct fisch_mark *end = &program->end;
	Bss__Fisch__SavedProgram saved = BSS__FISCH__SAVED_PROGRAM__INIT;
	char name[sizeof(format)];
	memcpy(name, format, sizeof(format));
	saved.format = name;
	saved.version = VERSION;
	saved.limit = program->limit;
	saved.omnibus = end->omnibus;
	saved.jtag = end->jtag;
	saved.loopback = end->loopback;
	saved.complete = true;
	saved.words.data = (uint8_t *)program->words;
	saved.words.len = end->words * WORD_BYTES;
	*size = bss__fisch__saved_program__get_packed_size(&saved);
	*out = malloc(*size);
	if (!*out)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a saved program of %zu bytes",
		        *size);
	(void)bss__fisch__saved_program__pack(&saved, *out);
	return HXCOMM_OK;
}

static int check(const Bss__Fisch__SavedProgram *saved)
{
	if (strcmp(saved->format, format) != 0)
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "no saved program: it does not begin with %s", format);
	if (saved->version == 0)
		return hxcomm_error_set(HXCOMM_ECORRUPT, "damaged program: it has no version");
	if (saved->version != VERSION)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "a program saved in version %u of the format, this library knows version "
		        "%d: update it", saved->version, VERSION);
	if (!saved->complete)
		return hxcomm_error_set(HXCOMM_ECORRUPT, "damaged program: it was cut short");
	if (saved->limit == 0 || saved->limit > HXCOMM_PLAYBACK_WORDS)
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "damaged program: its limit is %llu words, allowed are 1 to %d",
		        (unsigned long long)saved->limit, HXCOMM_PLAYBACK_WORDS);
	if (saved->words.len % WORD_BYTES || saved->words.len / WORD_BYTES > saved->limit)
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "damaged program: %zu bytes are no words within its limit of %llu",
		        saved->words.len, (unsigned long long)saved->limit);
	return HXCOMM_OK;
}

static int fill(struct fisch_program *program, const Bss__Fisch__SavedProgram *saved)
{
	const size_t count = saved->words.len / WORD_BYTES;
	uint64_t *words = malloc(saved->words.len + 1);
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM,
		        "no memory for a program of %zu words", count);
	if (count) /* the bytes need not be aligned */
		memcpy(words, saved->words.data, saved->words.len);
	const int status = fisch_program_append_words(program, words, count);
	free(words);
	if (status == HXCOMM_EINVAL)
		return hxcomm_error_wrap(HXCOMM_ECORRUPT, "damaged program");
	if (status != HXCOMM_OK)
		return status;
	const struct fisch_mark *end = &program->end;
	if (end->omnibus != saved->omnibus || end->jtag != saved->jtag ||
	        end->loopback != saved->loopback)
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "damaged program: its words cause %u omnibus, %u JTAG, %u tick responses, "
		        "it says %u, %u, %u",
		        end->omnibus, end->jtag, end->loopback, saved->omnibus, saved->jtag,
		        saved->loopback);
	return HXCOMM_OK;
}

int fisch_program_decode(struct fisch_program **out, const uint8_t *bytes, size_t size)
{
	bool failed = false;
	ProtobufCAllocator allocator = { allocate, release, &failed };
	*out = NULL;
	Bss__Fisch__SavedProgram *saved =
	        bss__fisch__saved_program__unpack(&allocator, size, bytes);
	if (!saved)
		return failed ? hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a saved program") :
		                hxcomm_error_set(HXCOMM_ECORRUPT,
		                        "no saved program, or one that was cut short");
	struct fisch_program *program = NULL;
	int status = check(saved);
	if (status == HXCOMM_OK)
		status = fisch_program_new(&program, saved->limit);
	if (status == HXCOMM_OK)
		status = fill(program, saved);
	bss__fisch__saved_program__free_unpacked(saved, &allocator);
	if (status == HXCOMM_OK)
		*out = program;
	else
		fisch_program_free(program);
	return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

int fisch_program_write(const char *path, const struct fisch_program *program)
{
	uint8_t *bytes;
	size_t size;
	int status = fisch_program_encode(&bytes, &size, program);
	if (status == HXCOMM_OK)
		status = hxcomm_file_write(path, bytes, size);
	free(bytes);
	return status;
}

int fisch_program_read(struct fisch_program **out, const char *path)
{
	const size_t most = (size_t)HXCOMM_PLAYBACK_WORDS * WORD_BYTES + HEADER_MAX;
	uint8_t *bytes;
	size_t size;
	*out = NULL;
	int status = hxcomm_file_read(&bytes, &size, path, most);
	if (status == HXCOMM_ERANGE)
		return hxcomm_error_wrap(HXCOMM_ECORRUPT, "no saved program");
	if (status != HXCOMM_OK)
		return status;
	status = fisch_program_decode(out, bytes, size);
	free(bytes);
	return status == HXCOMM_OK ? status : hxcomm_error_wrap(status, "'%s'", path);
}
