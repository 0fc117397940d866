// SPDX-License-Identifier: MIT
#ifndef TESTS_EMULATOR_MACHINE_H
#define TESTS_EMULATOR_MACHINE_H

/* An emulated machine for tests: programs of words in, decoded responses out. */

#include <haldls/container.h>
#include <hxcomm/decoder.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <fpga.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A program under construction. */
struct program {
	uint64_t *words; /* [capacity] */
	size_t count, capacity;
};

/** A machine, and what it answered last. */
struct machine {
	struct emulator_fpga *fpga;
	struct hxcomm_responses *responses;
	uint64_t *words; /* raw answer */
	size_t count;
	int status;
};

/** Append a word. */
void program_word(struct program *program, uint64_t word);
void program_write(struct program *program, uint32_t address, uint32_t value);
void program_read(struct program *program, uint32_t address);
/** Write an element of a container over the omnibus. */
void program_container(struct program *program, const struct haldls_container *container,
        uint32_t element, const void *value);
/** Access to the chip over JTAG. */
void program_jtag_write(struct program *program, uint32_t address, uint32_t value);
void program_jtag_read(struct program *program, uint32_t address);
/** Timer setup and wait. */
void program_wait(struct program *program, uint32_t cycles);
struct haldls_chip;
/** Write a whole configuration. */
void program_chip(struct program *program, const struct haldls_chip *chip);
/** The bring-up of a single chip (source: spec/stadls.md 5.2). */
void program_bring_up(struct program *program);
void program_free(struct program *program);

/** Open a machine without noise and variation; work_limit 0 is the default. */
void machine_open(struct machine *machine, const struct emulator_options *options);
/** Run a program, decode the answer, empty the program. The status is checked to be 0. */
void machine_run(struct machine *machine, struct program *program);
/** Run words; the status is kept in the machine. */
void machine_run_words(struct machine *machine, const uint64_t *words, size_t count);
/** Open, and bring up. */
void machine_open_ready(struct machine *machine);
void machine_close(struct machine *machine);

#endif
