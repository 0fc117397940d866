// SPDX-License-Identifier: MIT
#include "capmem.h"

#include "noise.h"
#include "physics.h"

#include <math.h>
#include <string.h>

enum { CODE_UNREFRESHED = 1023, CROSSTALK_CELLS = 127 };

static const float settled_codes = 1e-3f;

static unsigned kind_of(uint32_t cell)
{
	return cell % CAPMEM_BLOCK_CELLS / CAPMEM_COLUMNS >= CAPMEM_VOLTAGE_ROWS;
}

void emulator__capmem_init(struct capmem *capmem, uint64_t seed, bool noise)
{
	memset(capmem, 0, sizeof(*capmem));
	capmem->seed = seed;
	capmem->noise = noise;
	capmem->crosstalk = true;
	for (unsigned block = 0; block < CAPMEM_BLOCKS; block++) {
		capmem->refresh[block] = true;
		capmem->scale[block] = 1;
		capmem->sharers[block][0][0] = CAPMEM_VOLTAGE_ROWS * CAPMEM_COLUMNS;
		capmem->sharers[block][1][0] = (CAPMEM_ROWS - CAPMEM_VOLTAGE_ROWS) * CAPMEM_COLUMNS;
	}
}

void emulator__capmem_set(struct capmem *capmem, uint64_t now, uint32_t cell, uint16_t code)
{
	if (now - capmem->time > CAPMEM_COALESCE_TICKS)
		emulator__capmem_advance(capmem, now);
	const uint32_t block = cell / CAPMEM_BLOCK_CELLS;
	uint16_t *sharers = capmem->sharers[block][kind_of(cell)];
	sharers[capmem->code[cell]]--;
	sharers[code]++;
	capmem->code[cell] = code;
	capmem->error[cell] = 0;
	if (capmem->noise) {
		double normal[2];
		emulator__noise_normals(
			normal, capmem->seed, NOISE_CELL, cell, capmem->writes[cell]);
		capmem->error[cell] = PHYSICS_CELL_REWRITE * (float)normal[0];
	}
	capmem->writes[cell]++;
	capmem->stale[block] = capmem->moving[block] = true;
	capmem->settling = true;
}

void emulator__capmem_set_refresh(struct capmem *capmem, uint64_t now, uint32_t block, bool on)
{
	if (capmem->refresh[block] == on)
		return;
	emulator__capmem_advance(capmem, now);
	capmem->refresh[block] = on;
	capmem->stale[block] = capmem->moving[block] = true;
	capmem->settling = true;
}

void emulator__capmem_set_scale(
	struct capmem *capmem, uint64_t now, uint32_t block, float scale)
{
	if (capmem->scale[block] == scale)
		return;
	emulator__capmem_advance(capmem, now);
	capmem->scale[block] = scale;
	capmem->stale[block] = capmem->moving[block] = true;
	capmem->settling = true;
}

static void aim(struct capmem *capmem, uint32_t block)
{
	const uint32_t begin = block * CAPMEM_BLOCK_CELLS, end = begin + CAPMEM_BLOCK_CELLS;
	const uint32_t currents = begin + CAPMEM_VOLTAGE_ROWS * CAPMEM_COLUMNS;
	const float most_shift = capmem->crosstalk ? PHYSICS_CELL_CROSSTALK : 0;
	for (uint32_t cell = begin; cell < end; cell++) {
		const uint16_t code = capmem->code[cell];
		const uint16_t sharers = capmem->sharers[block][cell >= currents][code];
		if (code == 0 || code == CODE_UNREFRESHED || !capmem->refresh[block]) {
			capmem->target[cell] = 0;
			continue;
		}
		const float shift = most_shift * (float)(sharers - 1) / CROSSTALK_CELLS;
		const float target =
			((float)code - shift + capmem->error[cell]) * capmem->scale[block];
		capmem->target[cell] = target > 0 ? target : 0;
	}
	capmem->stale[block] = false;
}

/* Move the cells of a block; true while one of them still has a way to go. */
static bool approach(struct capmem *capmem, uint32_t block, float settle, float leak)
{
	const uint32_t begin = block * CAPMEM_BLOCK_CELLS, end = begin + CAPMEM_BLOCK_CELLS;
	const uint16_t kept = capmem->refresh[block] ? CODE_UNREFRESHED : 0;
	unsigned moving = 0;
	for (uint32_t cell = begin; cell < end; cell++) {
		const float share = capmem->code[cell] >= kept ? leak : settle;
		const float way = capmem->target[cell] - capmem->value[cell];
		const float rest = way - way * share;
		const unsigned far = fabsf(rest) > settled_codes;
		capmem->value[cell] = far ? capmem->target[cell] - rest : capmem->target[cell];
		moving |= far;
	}
	return moving;
}

void emulator__capmem_advance(struct capmem *capmem, uint64_t now)
{
	if (capmem->settling) {
		const double span = (double)(now - capmem->time) * 4e-9;
		const float settle = (float)-expm1(-span / PHYSICS_CELL_SETTLE);
		const float leak = (float)-expm1(-span / PHYSICS_CELL_LEAK);
		capmem->settling = false;
		for (uint32_t block = 0; block < CAPMEM_BLOCKS; block++) {
			if (capmem->stale[block])
				aim(capmem, block);
			if (capmem->moving[block])
				capmem->moving[block] = approach(capmem, block, settle, leak);
			capmem->settling |= capmem->moving[block];
		}
	}
	capmem->time = now;
}

float emulator__capmem_volt(float value)
{
	return PHYSICS_CELL_VOLT_ZERO + PHYSICS_CELL_VOLT * value;
}

float emulator__capmem_ampere(float value)
{
	return PHYSICS_CELL_AMPERE * value;
}
