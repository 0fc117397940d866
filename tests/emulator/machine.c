// SPDX-License-Identifier: MIT
#include "machine.h"

#include "assert.h"

#include <haldls/chip.h>

#include <stdlib.h>

void program_word(struct program *program, uint64_t word)
{
	if (program->count == program->capacity) {
		program->capacity = program->capacity ? 2 * program->capacity : 256;
		program->words = realloc(program->words, program->capacity * sizeof(uint64_t));
		assert_non_null(program->words);
	}
	program->words[program->count++] = word;
}

void program_write(struct program *program, uint32_t address, uint32_t value)
{
	program_word(program, hxcomm_word_omnibus_address(address, 15, false));
	program_word(program, hxcomm_word_omnibus_data(value));
}

void program_container(struct program *program, const struct haldls_container *container,
        uint32_t element, const void *value)
{
	uint32_t words[64];
	assert_ok(container->encode(words, value));
	for (uint32_t w = 0; w < container->write_words; w++)
		program_write(
		        program, container->write_address(FISCH_OMNIBUS, element, w), words[w]);
}

void program_chip(struct program *program, const struct haldls_chip *chip)
{
	uint32_t *words = malloc(HALDLS_CHIP_WORDS * sizeof(*words));
	assert_non_null(words);
	assert_ok(haldls_chip_encode(words, chip));
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		program_write(program, haldls_chip_addresses()[i], words[i]);
	free(words);
}

void program_read(struct program *program, uint32_t address)
{
	program_word(program, hxcomm_word_omnibus_address(address, 15, true));
}

void program_jtag_write(struct program *program, uint32_t address, uint32_t value)
{
	program_word(program, hxcomm_word_jtag_instruction(5));
	program_word(program, hxcomm_word_jtag_data(address, 33, false));
	program_word(program, hxcomm_word_jtag_instruction(6));
	program_word(program, hxcomm_word_jtag_data(value, 32, false));
	program_word(program, hxcomm_word_jtag_instruction(7));
	program_word(program, hxcomm_word_jtag_data(0, 3, false));
}

void program_jtag_read(struct program *program, uint32_t address)
{
	program_word(program, hxcomm_word_jtag_instruction(5));
	program_word(program, hxcomm_word_jtag_data(UINT64_C(1) << 32 | address, 33, false));
	program_word(program, hxcomm_word_jtag_instruction(7));
	program_word(program, hxcomm_word_jtag_data(0, 3, false));
	program_word(program, hxcomm_word_jtag_instruction(6));
	program_word(program, hxcomm_word_jtag_data(0, 32, true));
}

void program_wait(struct program *program, uint32_t cycles)
{
	program_word(program, hxcomm_word_timer_setup());
	program_word(program, hxcomm_word_wait_until(cycles));
}

void program_bring_up(struct program *program)
{
	static const uint32_t pll[5] = { 0x2a20a902, 0xc0cbf200, 0x2a20a902, 0xc0cbf200,
		0x110d0101 };
	program_write(program, 0x88000009, 0x1312d0);
	program_word(program, hxcomm_word_chip_reset(true));
	program_wait(program, 10);
	program_word(program, hxcomm_word_chip_reset(false));
	program_wait(program, 100);
	program_word(program, hxcomm_word_jtag_scaler(6));
	program_word(program, hxcomm_word_jtag_init());
	for (unsigned i = 0; i < 5; i++) {
		program_word(program, hxcomm_word_jtag_instruction(3));
		program_word(program, hxcomm_word_jtag_data(i, 4, false));
		program_word(program, hxcomm_word_jtag_instruction(4));
		program_word(program, hxcomm_word_jtag_data(pll[i], 32, false));
	}
	for (uint32_t phy = 0; phy < 8; phy++)
		program_write(program, 0x88006000 + phy, 0x204040);
	for (unsigned phy = 8; phy-- > 0;) {
		program_word(program, hxcomm_word_jtag_instruction((uint8_t)(0x40 | phy << 3 | 4)));
		program_word(program, hxcomm_word_jtag_data(0x204000, 22, false));
	}
	program_word(program, hxcomm_word_wait_until(12500));
	program_write(program, 0x88004000, 0xff);
	program_jtag_write(program, 0x40000, 0xff);
	program_write(program, 0, 0);
	program_write(program, 1, 0);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	program_word(program, hxcomm_word_systime_init(true));
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_SYSTIME));
	program_write(program, 0x88000005, 1);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

void program_free(struct program *program)
{
	free(program->words);
	*program = (struct program){ 0 };
}

static int keep_words(void *user, const uint64_t *words, size_t count)
{
	struct machine *machine = user;
	machine->words = realloc(machine->words, (machine->count + count) * sizeof(*words));
	assert_non_null(machine->words);
	memcpy(machine->words + machine->count, words, count * sizeof(*words));
	machine->count += count;
	return HXCOMM_OK;
}

void machine_open(struct machine *machine, const struct emulator_options *options)
{
	static const struct emulator_options plain = { .serial = 1, .seed = 1 };
	*machine = (struct machine){ 0 };
	assert_ok(emulator__fpga_new(&machine->fpga, options ? options : &plain));
	assert_ok(hxcomm_responses_new(&machine->responses, 0));
}

void machine_run_words(struct machine *machine, const uint64_t *words, size_t count)
{
	struct hxcomm_decoder decoder;
	machine->count = 0;
	hxcomm_responses_clear(machine->responses);
	machine->status = emulator__fpga_run(machine->fpga, words, count, keep_words, machine);
	if (machine->status != HXCOMM_OK)
		return;
	hxcomm_decoder_init(&decoder);
	assert_ok(hxcomm_decode(&decoder, machine->words, machine->count, machine->responses));
}

void machine_run(struct machine *machine, struct program *program)
{
	machine_run_words(machine, program->words, program->count);
	assert_ok(machine->status);
	program->count = 0;
}

void machine_open_ready(struct machine *machine)
{
	struct program program = { 0 };
	machine_open(machine, NULL);
	program_bring_up(&program);
	machine_run(machine, &program);
	assert_int_equal(machine->responses->timeouts.count, 0);
	program_free(&program);
}

void machine_close(struct machine *machine)
{
	emulator__fpga_free(machine->fpga);
	hxcomm_responses_free(machine->responses);
	free(machine->words);
	*machine = (struct machine){ 0 };
}
