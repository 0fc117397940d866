// SPDX-License-Identifier: MIT
/* A chip as the register containers that it consists of: its words, decoded one container after the
 * other as the description of the whole chip has them. */
#include "chip_private.h"
#include "parts.h"

#include <haldls/logical.h>
#include <hxcomm/error.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room for any container of a chip. */
union value {
#define HALDLS__VALUE(member, c_name, C_NAME) struct haldls_##c_name member;
	HALDLS_CHIP_PARTS(HALDLS__VALUE)
#undef HALDLS__VALUE
	struct haldls_capmem_cell cell;
	struct haldls_synapse_quad quad;
};

struct visit {
	const uint32_t *words, *known; /* known: NULL for all containers */
	haldls_chip_container_visitor *visitor;
	void *user;
	int status;
};

static void visit_container(
	const struct haldls_container *container, uint32_t element, uint32_t word, void *user)
{
	struct visit *visit = user;
	union value value;
	if (visit->status || word >= HALDLS_CHIP_WORDS)
		return;
	if (visit->known && !memcmp(visit->words + word, visit->known + word,
				    container->write_words * sizeof(*visit->words)))
		return;
	assert(container->size <= sizeof(value));
	visit->status = container->decode(&value, visit->words + word);
	if (visit->status)
		visit->status = haldls__chip_part_error(visit->status, container, element);
	else
		visit->status = visit->visitor(container, element, &value, visit->user);
}

int haldls_chip_visit(const struct haldls_chip *chip, const struct haldls_chip *reference,
	haldls_chip_container_visitor *visitor, void *user)
{
	uint32_t *words = malloc(2 * (size_t)HALDLS_CHIP_WORDS * sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the words of two chips");
	uint32_t *known = words + HALDLS_CHIP_WORDS;
	struct visit visit = { words, reference ? known : NULL, visitor, user, HXCOMM_OK };
	visit.status = haldls_chip_encode(words, chip);
	if (visit.status == HXCOMM_OK && reference) {
		visit.status = haldls_chip_encode(known, reference);
		if (visit.status)
			visit.status = hxcomm_error_wrap(visit.status, "the reference");
	}
	if (visit.status == HXCOMM_OK)
		haldls__part_visit(&haldls_whole_chip_container, 0, 0, visit_container, &visit);
	free(words);
	return visit.status;
}
