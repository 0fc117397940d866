// SPDX-License-Identifier: MIT
#ifndef GATE_H
#define GATE_H

/* "gate:", a chip that waits at a gate, fails on demand, and can be reset unless it is told not to;
 * and what tests of jobs have in common. */

#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate {
	atomic_bool closed;     /* runs wait */
	atomic_int waiting;     /* runs at the gate */
	atomic_int resets;
	atomic_int reset_status;
	_Atomic uint64_t taken; /* words */
	atomic_int open;        /* connections */
};

extern struct gate gate;

/* The word at which a run waits, or fails: "gate:lost" loses the link, "gate:noise" sends nonsense.
 * It sets the JTAG clock. */
#define AT_GATE hxcomm_word_jtag_scaler(7)

int gate_register(void);

/* Wait until so many runs are at the gate. */
void wait_until_waiting(int count);

struct hxcomm_responses *new_responses(void);

/* Ticks, each of which comes back. */
uint64_t *new_ticks(size_t count);

bool has_emulator(void);

#endif
