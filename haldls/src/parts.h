// SPDX-License-Identifier: MIT
#ifndef HALDLS_PARTS_H
#define HALDLS_PARTS_H

/* What the generated code of logical containers needs. */

#include <haldls/container.h>

#include <stdbool.h>

/* Generated: every logical container, sorted by c_name. */
extern const struct haldls_container *const haldls__logical_table[];
extern const size_t haldls__logical_count;

/* Address of a word of a logical container; UINT32_MAX where it has no such word. */
uint32_t haldls__part_address(const struct haldls_container *container, enum fisch_backend backend,
	uint32_t element, uint32_t word, bool write);

/* Look at a register container inside a logical one; @p word is the first of its words. */
typedef void haldls__part_visitor(
	const struct haldls_container *container, uint32_t element, uint32_t word, void *user);

/* Visit all register containers that a logical container consists of, in the order of writes. */
void haldls__part_visit(const struct haldls_container *container, uint32_t element, uint32_t word,
	haldls__part_visitor *visitor, void *user);

/* "AtomicNeuron, CapMemCell 3: " before the message. */
int haldls__part_error(int status, const char *container, const char *part, uint32_t i);

#endif
