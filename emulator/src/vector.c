// SPDX-License-Identifier: MIT
#include "vector.h"

enum {
	CONTROL = 0,
	NOTIFICATION = 1,
	TRIGGER = 2,
	TABLE = 0x100,
	FIFO = 0x200,
};

enum {
	WAITS_FOR_TRIGGER = 1 << 1, /* of the control register */
	IGNORES_ZEROS = 1 << 8,
	LAST = 0x80, /* of an activation in the queue */
	ACTIVATION = 0x1f,
	TABLE_MASK = 0x7ff,
};

static void fill(struct emulator_vector *vector, uint32_t value, uint8_t enables)
{
	for (unsigned entry = 0; entry < 4; entry++) {
		const uint8_t byte = value >> (24 - 8 * entry) & 255;
		const uint32_t waiting = vector->tail - vector->head;
		if (!(enables >> (3 - entry) & 1) || waiting == EMULATOR_VECTOR_QUEUE)
			continue;
		vector->queue[vector->tail++ % EMULATOR_VECTOR_QUEUE] = byte & (LAST | ACTIVATION);
		vector->vectors += byte >> 7;
	}
}

/* Begin the next vector, if there is one and it may begin. */
static void begin(struct emulator_vector *vector, uint64_t now)
{
	const bool waits = vector->control & WAITS_FOR_TRIGGER;
	if (vector->running || !vector->vectors || (waits && !vector->triggers))
		return;
	vector->triggers -= waits;
	vector->running = true;
	vector->position = vector->head;
	vector->repeats = vector->control >> 4 & 15;
	vector->due = now + 1;
}

void emulator__vector_write(struct emulator_vector *vector, uint32_t offset, uint32_t value,
        uint8_t enables, uint64_t now)
{
	if (offset == CONTROL)
		vector->control = value;
	else if (offset == NOTIFICATION)
		vector->notification = value;
	else if (offset == TRIGGER)
		vector->triggers = 1;
	else if (offset - TABLE < EMULATOR_VECTOR_TABLE)
		vector->table[offset - TABLE] = value & TABLE_MASK;
	else if (offset == FIFO)
		fill(vector, value, enables);
	begin(vector, now);
}

uint32_t emulator__vector_read(const struct emulator_vector *vector, uint32_t offset)
{
	if (offset == NOTIFICATION)
		return vector->notification;
	return offset - TABLE < EMULATOR_VECTOR_TABLE ? vector->table[offset - TABLE] : 0;
}

/* The vector was sent: again, or it is over. */
static bool finish(struct emulator_vector *vector, uint64_t cycle)
{
	if (vector->repeats) {
		vector->repeats--;
		vector->position = vector->head;
		return false;
	}
	vector->head = vector->position;
	vector->vectors--;
	vector->running = false;
	begin(vector, cycle);
	return true;
}

void emulator__vector_next(struct emulator_vector_packet *out, struct emulator_vector *vector)
{
	const uint32_t control = vector->control;
	const unsigned most = (control >> 9 & 3) < 2 ? (control >> 9 & 3) + 1 : 3;
	bool last = false;
	*out = (struct emulator_vector_packet){ .cycle = vector->due };
	while (out->count < most && !last) {
		const uint8_t entry = vector->queue[vector->position % EMULATOR_VECTOR_QUEUE];
		const uint32_t index = (control >> 24) + (vector->position - vector->head);
		last = entry & LAST;
		vector->position++;
		if (control & IGNORES_ZEROS && !(entry & ACTIVATION))
			continue;
		const unsigned high = vector->table[index % EMULATOR_VECTOR_TABLE];
		out->label[out->count++] = (uint16_t)(high << 5 | (entry & ACTIVATION));
	}
	vector->due += 1 + (control >> 17 & 15); /* waits of the first source */
	if (last)
		out->ends = finish(vector, out->cycle);
}
