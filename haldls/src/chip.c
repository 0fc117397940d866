// SPDX-License-Identifier: MIT
/* The chip is a table of parts: what is done with it is a loop. Only synapses and cells, which are
 * plain numbers, are treated apart. */
#include "chip_private.h"
#include "synapse_rows.h"

#include <haldls/logical.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_MAX = 1023 };

static const struct {
	enum haldls_capmem_shared_cell cell;
	uint16_t code;
} shared_cells[] = {
	/* spec/lola.md 1.2 */
	{ HALDLS_CAPMEM_NEURON_V_BIAS_CASC_N, 250 },
	{ HALDLS_CAPMEM_NEURON_I_BIAS_READOUT_AMP, 110 },
	{ HALDLS_CAPMEM_NEURON_I_BIAS_LEAK_SOURCE_FOLLOWER, 100 },
	{ HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200 },
	{ HALDLS_CAPMEM_NEURON_I_BIAS_SYNIN_DROP, 300 },
	/* spec/calix_spec.md 1.4, 2, 7.2 and 6.3 */
	{ HALDLS_CAPMEM_SYN_I_BIAS_DAC, 600 },
	{ HALDLS_CAPMEM_CADC_V_BIAS_RAMP_BUF, 400 },
	{ HALDLS_CAPMEM_CADC_I_BIAS_COMP, 1022 },
	{ HALDLS_CAPMEM_CADC_I_BIAS_VRESET_BUF, 1022 },
	{ HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, 40 },
	{ HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, 370 },
	{ HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR, 1022 },
	{ HALDLS_CAPMEM_STP_I_RAMP, 600 },
	{ HALDLS_CAPMEM_STP_I_CALIB, 600 },
};

static void set_all_defaults(struct haldls_chip *chip)
{
	for (size_t p = 0; p < HALDLS__CHIP_PARTS; p++) {
		char *at = (char *)chip + haldls__chip_parts[p].offset;
		for (uint32_t e = 0; e < haldls__chip_parts[p].container->count; e++)
			haldls__chip_parts[p].container->init(
				at + e * haldls__chip_parts[p].container->size);
	}
}

void haldls_chip_init(struct haldls_chip *out)
{
	memset(out, 0, sizeof(*out));
	set_all_defaults(out);
	for (uint32_t node = 0; node < HALDLS_CROSSBAR_NODES; node++) {
		out->crossbar_node[node].mask = 0;
		out->crossbar_node[node].target = 1;
	}
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		out->cadc_config[h].enable = true;
	for (uint32_t q = 0; q < HALDLS_QUADRANTS; q++)
		for (size_t i = 0; i < sizeof(shared_cells) / sizeof(*shared_cells); i++)
			out->capmem[haldls_capmem_cell_shared(q, shared_cells[i].cell)] =
				shared_cells[i].code;
}

int haldls_chip_init_plain(struct haldls_chip *out)
{
	struct haldls_whole_chip *plain = malloc(sizeof(*plain));
	uint32_t *words = malloc(HALDLS_WHOLE_CHIP_WORDS * sizeof(*words));
	struct haldls_chip *chip = malloc(sizeof(*chip));
	int status = plain && words && chip
			     ? HXCOMM_OK
			     : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip");
	if (status == HXCOMM_OK) {
		haldls_whole_chip_init(plain);
		status = haldls_whole_chip_encode(words, plain);
	}
	if (status == HXCOMM_OK)
		status = haldls_chip_decode(chip, words);
	if (status == HXCOMM_OK)
		*out = *chip;
	free(plain);
	free(words);
	free(chip);
	return status;
}

int haldls_chip_init_neuron_bypass(struct haldls_chip *out)
{
	const int status = haldls_chip_init_plain(out);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t n = 0; n < HALDLS_NEURONS; n++) {
		out->neuron_config[n].enable_threshold_comparator = false;
		out->neuron_config[n].enable_bypass_excitatory = true;
		out->neuron_config[n].enable_bypass_inhibitory = true;
	}
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		for (uint32_t bus = 0; bus < HALDLS_PADI_BUSES; bus++)
			out->common_padi_bus_config[h].dacen_pulse_extension[bus] = 15;
	return HXCOMM_OK;
}

/* ---- words ----------------------------------------------------------------------------------- */

int haldls__chip_part_error(int status, const struct haldls_container *container, uint32_t element)
{
	return haldls_element_wrap(status, container, element);
}

static int cell_error(uint32_t cell, uint32_t code)
{
	return hxcomm_error_set(HXCOMM_ERANGE,
		"capmem[%" PRIu32 "] is %" PRIu32 ", allowed are 0 to %d", cell, code,
		(int)CELL_MAX);
}

static int check_plane(size_t plane, const uint8_t *values, uint32_t count, uint32_t first_row)
{
	const struct haldls__chip_plane *p = &haldls__chip_planes[plane];
	const uint32_t bad = haldls__synapse_kernel()->bytes_above(values, count, p->max);
	if (bad == count)
		return HXCOMM_OK;
	const uint32_t at = first_row * HALDLS_NEURON_COLUMNS + bad;
	return hxcomm_error_set(HXCOMM_ERANGE,
		"%s[%" PRIu32 "][%" PRIu32 "][%" PRIu32 "] is %d, allowed are 0 to %d", p->name,
		at / 65536, at / 256 % 256, at % 256, values[bad], p->max);
}

static void encode_row(const struct haldls__synapse_kernel *kernel, uint32_t *words,
	const struct haldls_chip *chip, uint32_t row)
{
	kernel->encode(words, haldls__chip_row(chip, 0, row), haldls__chip_row(chip, 1, row),
		haldls__chip_row(chip, 2, row), haldls__chip_row(chip, 3, row));
}

int haldls__chip_encode_row(
	uint32_t words[HALDLS__ROW_WORDS], const struct haldls_chip *chip, uint32_t row)
{
	for (size_t p = 0; p < HALDLS__CHIP_PLANES; p++) {
		const int status =
			check_plane(p, haldls__chip_row(chip, p, row), HALDLS_NEURON_COLUMNS, row);
		if (status)
			return status;
	}
	encode_row(haldls__synapse_kernel(), words, chip, row);
	return HXCOMM_OK;
}

void haldls__chip_decode_row(
	struct haldls_chip *out, uint32_t row, const uint32_t words[HALDLS__ROW_WORDS])
{
	const uint32_t h = row / HALDLS_SYNAPSE_ROWS, r = row % HALDLS_SYNAPSE_ROWS;
	haldls__synapse_kernel()->decode(out->synapse_weight[h][r], out->synapse_label[h][r],
		out->synapse_time_calibration[h][r], out->synapse_amplitude_calibration[h][r],
		words);
}

int haldls_chip_encode(uint32_t *words, const struct haldls_chip *chip)
{
	const struct haldls__chip_order *order = haldls__chip_order();
	const struct haldls__synapse_kernel *kernel = haldls__synapse_kernel();
	const uint32_t *at = order->elements;
	int status = HXCOMM_OK;
	for (size_t p = 0; p < HALDLS__CHIP_PLANES && !status; p++)
		status = check_plane(
			p, haldls__chip_row(chip, p, 0), sizeof(chip->synapse_weight), 0);
	if (status)
		return status;
	for (size_t p = 0; p < HALDLS__CHIP_PARTS; p++) {
		const struct haldls_container *c = haldls__chip_parts[p].container;
		const char *value = (const char *)chip + haldls__chip_parts[p].offset;
		for (uint32_t e = 0; e < c->count; e++, value += c->size) {
			status = c->encode(words + *at++, value);
			if (status)
				return haldls__chip_part_error(status, c, e);
		}
	}
	for (uint32_t cell = 0; cell < HALDLS_CAPMEM_CELLS; cell++) {
		if (chip->capmem[cell] > CELL_MAX)
			return cell_error(cell, chip->capmem[cell]);
		words[order->cells[cell]] = chip->capmem[cell];
	}
	for (uint32_t row = 0; row < HALDLS__CHIP_ROWS; row++)
		encode_row(kernel, words + order->rows[row], chip, row);
	return HXCOMM_OK;
}

int haldls_chip_decode(struct haldls_chip *out, const uint32_t *words)
{
	const struct haldls__chip_order *order = haldls__chip_order();
	const uint32_t *at = order->elements;
	memset(out, 0, sizeof(*out));
	for (size_t p = 0; p < HALDLS__CHIP_PARTS; p++) {
		const struct haldls_container *c = haldls__chip_parts[p].container;
		char *value = (char *)out + haldls__chip_parts[p].offset;
		for (uint32_t e = 0; e < c->count; e++, value += c->size) {
			const int status = c->decode(value, words + *at++);
			if (status)
				return haldls__chip_part_error(status, c, e);
		}
	}
	for (uint32_t cell = 0; cell < HALDLS_CAPMEM_CELLS; cell++)
		out->capmem[cell] = (uint16_t)(words[order->cells[cell]] & CELL_MAX);
	for (uint32_t row = 0; row < HALDLS__CHIP_ROWS; row++)
		haldls__chip_decode_row(out, row, words + order->rows[row]);
	return HXCOMM_OK;
}
