// SPDX-License-Identifier: MIT
#include "builder_private.h"
#include "ppu_program.h"

#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/run.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 4, ALL_BYTES = 15, INTERNAL_WORDS = STADLS_PPU_INTERNAL_BYTES / WORD };

const struct stadls_ppu_symbol stadls_ppu_mailbox = {
	.name = "mailbox",
	.type = STADLS_PPU_OBJECT,
	.offset_bytes = 0x3000,
	.size_bytes = 0x1000,
};

const struct stadls_ppu_symbol stadls_ppu_return_code = {
	.name = "return code",
	.type = STADLS_PPU_OBJECT,
	.offset_bytes = 0x2ffc,
	.size_bytes = WORD,
};

/* ---- a program's content --------------------------------------------------------------------- */

const uint8_t *stadls_ppu_program_image(const struct stadls_ppu_program *program,
        enum stadls_ppu_memory memory, size_t *size_bytes)
{
	*size_bytes = 0;
	if ((unsigned)memory >= STADLS__PPU_MEMORIES)
		return NULL;
	*size_bytes = program->image[memory].size;
	return program->image[memory].bytes;
}

size_t stadls_ppu_symbol_count(const struct stadls_ppu_program *program)
{
	return program->count;
}

int stadls_ppu_symbol_get(struct stadls_ppu_symbol *out, const struct stadls_ppu_program *program,
        size_t index)
{
	if (index >= program->count)
		return hxcomm_error_set(HXCOMM_ERANGE, "symbol %zu of a program that has %zu",
		        index, program->count);
	*out = program->symbols[index];
	return HXCOMM_OK;
}

int stadls_ppu_symbol_find(struct stadls_ppu_symbol *out, const struct stadls_ppu_program *program,
        const char *name)
{
	const struct stadls_ppu_symbol *found = NULL;
	for (size_t i = 0; i < program->count; i++) {
		if (strcmp(program->symbols[i].name, name) != 0)
			continue;
		if (!found || program->global[i])
			found = &program->symbols[i];
		if (program->global[i])
			break;
	}
	if (!found)
		return hxcomm_error_set(HXCOMM_ENOENT,
		        "the program has no symbol '%.80s' of a size (of %zu): is it static and "
		        "unused, or "
		        "was the file stripped?",
		        name, program->count);
	*out = *found;
	return HXCOMM_OK;
}

/* ---- places ---------------------------------------------------------------------------------- */

static int check_ppu(uint32_t ppu)
{
	if (ppu < STADLS_PPUS)
		return HXCOMM_OK;
	return hxcomm_error_set(
	        HXCOMM_ERANGE, "processor %" PRIu32 ": there are 0 (top) and 1 (bottom)", ppu);
}

static int check_place(uint32_t ppu, const struct stadls_ppu_symbol *symbol)
{
	static const uint32_t sizes[STADLS__PPU_MEMORIES] = { STADLS_PPU_INTERNAL_BYTES,
		STADLS_PPU_EXTERNAL_BYTES, STADLS_PPU_DRAM_BYTES };
	const char *name = symbol->name ? symbol->name : "a place";
	const int status = check_ppu(ppu);
	if (status != HXCOMM_OK)
		return status;
	if ((unsigned)symbol->memory >= STADLS__PPU_MEMORIES)
		return hxcomm_error_set(HXCOMM_ERANGE, "%.80s lies in memory %d: there are 0 to 2",
		        name, (int)symbol->memory);
	const uint32_t size = sizes[symbol->memory];
	if (!symbol->size_bytes || symbol->size_bytes > size ||
	        symbol->offset_bytes > size - symbol->size_bytes)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%.80s has %" PRIu32 " bytes at %" PRIu32 ": its memory has %" PRIu32, name,
		        symbol->size_bytes, symbol->offset_bytes, size);
	return HXCOMM_OK;
}

static uint32_t address_of(enum stadls_ppu_memory memory, uint32_t ppu, uint32_t word)
{
	switch (memory) {
	case STADLS_PPU_EXTERNAL:
		return haldls_external_ppu_memory_quad_address(word, 0);
	case STADLS_PPU_DRAM:
		return haldls_external_ppu_dram_memory_quad_address(word, 0);
	default:
		return haldls_ppu_memory_word_address(ppu * INTERNAL_WORDS + word, 0);
	}
}

/* Bytes from an offset on; the lanes of the first and last word may be some only. */
static int append_bytes(struct fisch_program *program, enum stadls_ppu_memory memory, uint32_t ppu,
        uint32_t offset, const uint8_t *bytes, size_t count)
{
	int status = HXCOMM_OK;
	for (size_t done = 0; done < count && status == HXCOMM_OK;) {
		const uint32_t at = offset + (uint32_t)done;
		uint32_t value = 0, lane = at % WORD;
		uint8_t enables = 0;
		for (; lane < WORD && done < count; lane++, done++) {
			value |= (uint32_t)bytes[done] << (24 - 8 * lane);
			enables = (uint8_t)(enables | 8u >> lane);
		}
		status = fisch_program_append_omnibus_write_bytes(program,
		        address_of(memory, ppu, at / WORD), value, enables);
	}
	return status;
}

int stadls_ppu_append_write(struct stadls_builder *builder, uint32_t ppu,
        const struct stadls_ppu_symbol *symbol, const void *bytes, size_t count)
{
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	const char *name = symbol->name ? symbol->name : "a place";
	int status = check_place(ppu, symbol);
	if (status != HXCOMM_OK)
		return status;
	if (!count || count > symbol->size_bytes)
		return hxcomm_error_set(HXCOMM_ERANGE, "%zu bytes for %.80s, which has %" PRIu32,
		        count, name, symbol->size_bytes);
	if (symbol->memory == STADLS_PPU_INTERNAL && (symbol->offset_bytes % WORD || count % WORD))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%zu bytes for %.80s at %" PRIu32
		        ": the internal memory takes whole words of 4 "
		        "bytes only, align and pad the variable",
		        count, name, symbol->offset_bytes);
	status = append_bytes(
	        builder->program, symbol->memory, ppu, symbol->offset_bytes, bytes, count);
	if (status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return status;
}

int stadls_ppu_append_read(struct stadls_ppu_ticket *out, struct stadls_builder *builder,
        uint32_t ppu, const struct stadls_ppu_symbol *symbol)
{
	int status = check_place(ppu, symbol);
	if (status != HXCOMM_OK)
		return status;
	const uint32_t first = symbol->offset_bytes / WORD;
	const uint32_t end = (symbol->offset_bytes + symbol->size_bytes + WORD - 1) / WORD;
	struct stadls_ppu_ticket ticket = {
		.skip_bytes = symbol->offset_bytes % WORD,
		.size_bytes = symbol->size_bytes,
	};
	uint32_t *addresses = malloc((end - first) * sizeof(*addresses));
	if (!addresses)
		return hxcomm_error_set(
		        HXCOMM_ENOMEM, "no memory for %" PRIu32 " addresses", end - first);
	for (uint32_t word = first; word < end; word++)
		addresses[word - first] = address_of(symbol->memory, ppu, word);
	status = fisch_program_append_omnibus_reads(&ticket.words, builder->program, addresses,
	        end - first);
	free(addresses);
	if (status == HXCOMM_OK)
		*out = ticket;
	return status;
}

int stadls_ppu_ticket_read(void *bytes, const struct stadls_ppu_ticket *ticket,
        const struct hxcomm_responses *responses)
{
	uint8_t *out = bytes;
	uint32_t *words = calloc(ticket->words.count ? ticket->words.count : 1, sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %" PRIu32 " words",
		        ticket->words.count);
	const int status = fisch_ticket_read(words, &ticket->words, responses);
	for (uint32_t i = 0; status == HXCOMM_OK && i < ticket->size_bytes; i++) {
		const uint32_t at = ticket->skip_bytes + i;
		out[i] = (uint8_t)(words[at / WORD] >> (24 - 8 * (at % WORD)));
	}
	free(words);
	return status;
}

size_t stadls_ppu_text_read(char *out, size_t size, const void *bytes, size_t count)
{
	const char *text = bytes;
	size_t length = 0;
	for (size_t i = 0; i < count && text[i]; i++) {
		const bool printable = (text[i] >= ' ' && text[i] <= '~') || text[i] == '\n' ||
		        text[i] == '\t';
		if (!printable)
			continue;
		if (length + 1 < size)
			out[length] = text[i];
		length++;
	}
	out[length < size ? length : size - 1] = '\0';
	return length;
}

/* ---- control --------------------------------------------------------------------------------- */

static int append_control(struct stadls_builder *builder, uint32_t ppu, bool run)
{
	struct haldls_ppu_control_register control = HALDLS_PPU_CONTROL_REGISTER_INIT;
	const int status = check_ppu(ppu);
	control.inhibit_reset = run;
	return status == HXCOMM_OK ? stadls_write(builder, ppu, &control) : status;
}

int stadls_ppu_append_start(struct stadls_builder *builder, uint32_t ppu)
{
	return append_control(builder, ppu, true);
}

int stadls_ppu_append_stop(struct stadls_builder *builder, uint32_t ppu)
{
	return append_control(builder, ppu, false);
}

int stadls_ppu_append_wait(struct stadls_builder *builder, uint32_t ppu)
{
	const int status = check_ppu(ppu);
	if (status != HXCOMM_OK)
		return status;
	return stadls_builder_poll_word(
	        builder, haldls_ppu_status_register_address(ppu, 0), UINT32_MAX, 0, false);
}

int stadls_ppu_append_program(struct stadls_builder *builder, uint32_t ppu,
        const struct stadls_ppu_program *program)
{
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	int status = append_control(builder, ppu, false);
	for (unsigned m = 0; m < STADLS__PPU_MEMORIES && status == HXCOMM_OK; m++)
		status = append_bytes(builder->program, (enum stadls_ppu_memory)m, ppu, 0,
		        program->image[m].bytes, program->image[m].size);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return status;
}

static int run_state(struct stadls_ppu_state *out, struct hxcomm_connection *connection,
        struct stadls_builder *builder, struct hxcomm_responses *responses, uint32_t ppu)
{
	struct haldls_ppu_control_register control;
	struct haldls_ppu_status_register state;
	struct stadls_ticket control_ticket, state_ticket;
	struct stadls_ppu_ticket code_ticket;
	uint8_t code[WORD];
	int status = stadls_builder_read(&control_ticket, builder,
	        &haldls_ppu_control_register_container, ppu);
	if (status == HXCOMM_OK)
		status = stadls_builder_read(&state_ticket, builder,
		        &haldls_ppu_status_register_container, ppu);
	if (status == HXCOMM_OK)
		status =
		        stadls_ppu_append_read(&code_ticket, builder, ppu, &stadls_ppu_return_code);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = stadls_run(connection, builder, responses);
	if (status == HXCOMM_OK)
		status = stadls_ticket_read(&control, &control_ticket, responses);
	if (status == HXCOMM_OK)
		status = stadls_ticket_read(&state, &state_ticket, responses);
	if (status == HXCOMM_OK)
		status = stadls_ppu_ticket_read(code, &code_ticket, responses);
	if (status == HXCOMM_OK)
		*out = (struct stadls_ppu_state){ control.inhibit_reset, state.sleep,
			stadls_ppu_word(code) };
	return status;
}

int stadls_ppu_state_read(struct stadls_ppu_state *out, struct hxcomm_connection *connection,
        uint32_t ppu)
{
	struct stadls_builder *builder = NULL;
	struct hxcomm_responses *responses = NULL;
	int status = check_ppu(ppu);
	if (status == HXCOMM_OK)
		status = stadls_builder_new(&builder);
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&responses, 0);
	if (status == HXCOMM_OK)
		status = run_state(out, connection, builder, responses, ppu);
	hxcomm_responses_free(responses);
	stadls_builder_free(builder);
	return status;
}
