// SPDX-License-Identifier: MIT
/* The chip is a table of parts: what is done with it is a loop. Only synapses and cells, which are
 * plain numbers, are treated apart. */
#include "synapse_rows.h"

#include <haldls/chip.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <threads.h>

struct part {
	const struct haldls_container *container;
	size_t offset; /* of the member in struct haldls_chip */
};

static const struct part parts[] = {
#define PART(member, c_name, C_NAME)                                                               \
	{ &haldls_##c_name##_container, offsetof(struct haldls_chip, member) },
	HALDLS_CHIP_PARTS(PART)
#undef PART
};

enum { PARTS = sizeof(parts) / sizeof(*parts), ROW_WORDS = 128 };

struct plane {
	const char *name;
	size_t offset;
	uint8_t max;
};

static const struct plane planes[] = {
	{ "synapse_weight", offsetof(struct haldls_chip, synapse_weight), 63 },
	{ "synapse_label", offsetof(struct haldls_chip, synapse_label), 63 },
	{ "synapse_time_calibration", offsetof(struct haldls_chip, synapse_time_calibration), 3 },
	{ "synapse_amplitude_calibration",
	        offsetof(struct haldls_chip, synapse_amplitude_calibration), 3 },
};

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
	for (size_t p = 0; p < PARTS; p++) {
		char *at = (char *)chip + parts[p].offset;
		for (uint32_t e = 0; e < parts[p].container->count; e++)
			parts[p].container->init(at + e * parts[p].container->size);
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

static uint32_t addresses[HALDLS_CHIP_WORDS];
static once_flag addresses_once = ONCE_FLAG_INIT;

static void find_addresses(void)
{
	uint32_t *out = addresses;
	for (size_t p = 0; p < PARTS; p++) {
		const struct haldls_container *c = parts[p].container;
		for (uint32_t e = 0; e < c->count; e++)
			for (uint32_t w = 0; w < c->write_words; w++)
				*out++ = c->write_address(FISCH_OMNIBUS, e, w);
	}
	for (uint32_t cell = 0; cell < HALDLS_CAPMEM_CELLS; cell++)
		*out++ = haldls_capmem_cell_address(cell, 0);
	for (uint32_t quad = 0; quad < HALDLS_SYNAPSE_QUAD_COUNT; quad++)
		for (uint32_t w = 0; w < HALDLS_SYNAPSE_QUAD_WORDS; w++)
			*out++ = haldls_synapse_quad_address(quad, w);
}

const uint32_t *haldls_chip_addresses(void)
{
	call_once(&addresses_once, find_addresses);
	return addresses;
}

static int check_synapses(const struct haldls_chip *chip)
{
	for (size_t p = 0; p < sizeof(planes) / sizeof(*planes); p++) {
		const uint8_t *values = (const uint8_t *)chip + planes[p].offset;
		const uint32_t count = sizeof(chip->synapse_weight);
		const uint32_t bad =
		        haldls__synapse_kernel()->bytes_above(values, count, planes[p].max);
		if (bad < count)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "%s[%" PRIu32 "][%" PRIu32 "][%" PRIu32 "] is %d, "
			        "allowed are 0 to %d",
			        planes[p].name, bad / 65536, bad / 256 % 256, bad % 256,
			        values[bad], planes[p].max);
	}
	return HXCOMM_OK;
}

int haldls_chip_encode(uint32_t *words, const struct haldls_chip *chip)
{
	int status = check_synapses(chip);
	if (status)
		return status;
	for (size_t p = 0; p < PARTS; p++) {
		const struct haldls_container *c = parts[p].container;
		const char *at = (const char *)chip + parts[p].offset;
		for (uint32_t e = 0; e < c->count; e++, words += c->write_words) {
			status = c->encode(words, at + e * c->size);
			if (status)
				return hxcomm_error_wrap(status, "%s %" PRIu32, c->coordinate, e);
		}
	}
	for (uint32_t cell = 0; cell < HALDLS_CAPMEM_CELLS; cell++) {
		if (chip->capmem[cell] > 1023)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "capmem[%" PRIu32 "] is %d, allowed are 0 to 1023", cell,
			        chip->capmem[cell]);
		*words++ = chip->capmem[cell];
	}
	const struct haldls__synapse_kernel *kernel = haldls__synapse_kernel();
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		for (uint32_t r = 0; r < HALDLS_SYNAPSE_ROWS; r++, words += ROW_WORDS)
			kernel->encode(words, chip->synapse_weight[h][r],
			        chip->synapse_label[h][r], chip->synapse_time_calibration[h][r],
			        chip->synapse_amplitude_calibration[h][r]);
	return HXCOMM_OK;
}

int haldls_chip_decode(struct haldls_chip *out, const uint32_t *words)
{
	memset(out, 0, sizeof(*out));
	for (size_t p = 0; p < PARTS; p++) {
		const struct haldls_container *c = parts[p].container;
		char *at = (char *)out + parts[p].offset;
		for (uint32_t e = 0; e < c->count; e++, words += c->write_words) {
			int status = c->decode(at + e * c->size, words);
			if (status)
				return hxcomm_error_wrap(status, "%s %" PRIu32, c->coordinate, e);
		}
	}
	for (uint32_t cell = 0; cell < HALDLS_CAPMEM_CELLS; cell++)
		out->capmem[cell] = (uint16_t)(*words++ & 1023);
	const struct haldls__synapse_kernel *kernel = haldls__synapse_kernel();
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		for (uint32_t r = 0; r < HALDLS_SYNAPSE_ROWS; r++, words += ROW_WORDS)
			kernel->decode(out->synapse_weight[h][r], out->synapse_label[h][r],
			        out->synapse_time_calibration[h][r],
			        out->synapse_amplitude_calibration[h][r], words);
	return HXCOMM_OK;
}
