// SPDX-License-Identifier: MIT
#ifndef TESTS_STADLS_MEMORY_H
#define TESTS_STADLS_MEMORY_H

/* The provider `memory:`, a chip that is nothing but memory behind the omnibus: a word that is read
 * is what was written there last, 0 at first. There is one for all connections; opening empties it.
 * It is an emulated chip; `memory:NAME` is a real one of that name. */

#include <stddef.h>
#include <stdint.h>

/** Add the provider; once a program. @return as hxcomm_provider_register() */
int memory_register(void);

/** Forget all words. */
void memory_clear(void);

/** The word at an address. */
uint32_t *memory_word(uint32_t address);

/** Runs since it was opened. */
size_t memory_runs(void);

/** Length of the last program. */
size_t memory_words(void);

#endif
