// SPDX-License-Identifier: MIT
/* The hot path of a whole chip: 131 072 synapses. The same as SynapseQuad's generated code, which
 * the tests compare it with. Portable twins of synapse_rows_avx2.c, and the choice. */
#include "synapse_rows.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <inttypes.h>

/* Bit 5 of a weight stays, bits 4 to 0 are reversed; its own inverse (spec/registers_chip.md 4). */
static const uint8_t reversed[64] = {
	0x00, 0x10, 0x08, 0x18, 0x04, 0x14, 0x0c, 0x1c, 0x02, 0x12, 0x0a, 0x1a, 0x06, 0x16, 0x0e, 0x1e,
	0x01, 0x11, 0x09, 0x19, 0x05, 0x15, 0x0d, 0x1d, 0x03, 0x13, 0x0b, 0x1b, 0x07, 0x17, 0x0f, 0x1f,
	0x20, 0x30, 0x28, 0x38, 0x24, 0x34, 0x2c, 0x3c, 0x22, 0x32, 0x2a, 0x3a, 0x26, 0x36, 0x2e, 0x3e,
	0x21, 0x31, 0x29, 0x39, 0x25, 0x35, 0x2d, 0x3d, 0x23, 0x33, 0x2b, 0x3b, 0x27, 0x37, 0x2f, 0x3f,
};

static void encode(uint32_t words[128], const uint8_t weight[256], const uint8_t label[256],
        const uint8_t time_calibration[256], const uint8_t amplitude_calibration[256])
{
	uint8_t even[256], odd[256];
	for (uint32_t c = 0; c < 256; c++)
		even[c] = (uint8_t)(reversed[weight[c] & 63] | time_calibration[c] << 6);
	for (uint32_t c = 0; c < 256; c++)
		odd[c] = (uint8_t)((label[c] & 63) | amplitude_calibration[c] << 6);
	for (uint32_t quad = 0; quad < HALDLS_SYNAPSE_QUADS; quad++) {
		const uint32_t c = haldls_column_of_quad(quad, 0);
		words[2 * quad] = (uint32_t)even[c] << 24 | (uint32_t)even[c + 2] << 16 |
		                  (uint32_t)even[c + 4] << 8 | even[c + 6];
		words[2 * quad + 1] = (uint32_t)odd[c] << 24 | (uint32_t)odd[c + 2] << 16 |
		                      (uint32_t)odd[c + 4] << 8 | odd[c + 6];
	}
}

static void decode(uint8_t weight[256], uint8_t label[256], uint8_t time_calibration[256],
        uint8_t amplitude_calibration[256], const uint32_t words[128])
{
	for (uint32_t quad = 0; quad < HALDLS_SYNAPSE_QUADS; quad++)
		for (uint32_t entry = 0; entry < 4; entry++) {
			const uint32_t c = haldls_column_of_quad(quad, entry);
			const uint8_t even = (uint8_t)(words[2 * quad] >> (24 - 8 * entry));
			const uint8_t odd = (uint8_t)(words[2 * quad + 1] >> (24 - 8 * entry));
			weight[c] = reversed[even & 63];
			time_calibration[c] = even >> 6;
			label[c] = odd & 63;
			amplitude_calibration[c] = odd >> 6;
		}
}

static uint32_t bytes_above(const uint8_t *values, uint32_t count, uint8_t max)
{
	uint8_t all = 0;
	for (uint32_t i = 0; i < count; i++)
		all |= (uint8_t)(values[i] > max);
	if (!all)
		return count;
	uint32_t i = 0;
	while (values[i] <= max)
		i++;
	return i;
}

const struct haldls__synapse_kernel haldls__synapse_kernel_portable = { "portable", encode, decode,
	bytes_above };

size_t haldls__synapse_kernels(const struct haldls__synapse_kernel *out[HALDLS__SYNAPSE_KERNELS_MAX])
{
	size_t count = 0;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		out[count++] = &haldls__synapse_kernel_avx2;
#endif
	out[count++] = &haldls__synapse_kernel_portable;
	return count;
}

const struct haldls__synapse_kernel *haldls__synapse_kernel(void)
{
	const struct haldls__synapse_kernel *kernels[HALDLS__SYNAPSE_KERNELS_MAX];
	haldls__synapse_kernels(kernels);
	return kernels[0];
}

/* ---- many rows ------------------------------------------------------------------------------- */

enum { ROW_WORDS = 128 };

int haldls__synapse_rows_encode(uint32_t *words, const uint8_t *weights, const uint8_t *labels,
        const uint8_t *time_calibrations, const uint8_t *amplitude_calibrations, uint32_t rows)
{
	const struct {
		const char *name;
		const uint8_t *values;
		uint8_t max;
	} planes[] = {
		{ "weight", weights, 63 },
		{ "label", labels, 63 },
		{ "time calibration", time_calibrations, 3 },
		{ "amplitude calibration", amplitude_calibrations, 3 },
	};
	const struct haldls__synapse_kernel *kernel = haldls__synapse_kernel();
	const uint32_t count = rows * HALDLS_NEURON_COLUMNS;
	for (size_t p = 0; p < sizeof(planes) / sizeof(*planes); p++) {
		const uint32_t bad = kernel->bytes_above(planes[p].values, count, planes[p].max);
		if (bad < count)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "the synapse in row %" PRIu32 ", column %" PRIu32 " has the %s %d, "
			        "allowed are 0 to %d",
			        bad / HALDLS_NEURON_COLUMNS, bad % HALDLS_NEURON_COLUMNS,
			        planes[p].name, planes[p].values[bad], planes[p].max);
	}
	for (uint32_t r = 0; r < rows; r++) {
		const size_t at = (size_t)r * HALDLS_NEURON_COLUMNS;
		kernel->encode(words + r * ROW_WORDS, weights + at, labels + at,
		        time_calibrations + at, amplitude_calibrations + at);
	}
	return HXCOMM_OK;
}

void haldls__synapse_rows_decode(uint8_t *weights, uint8_t *labels, uint8_t *time_calibrations,
        uint8_t *amplitude_calibrations, const uint32_t *words, uint32_t rows)
{
	const struct haldls__synapse_kernel *kernel = haldls__synapse_kernel();
	for (uint32_t r = 0; r < rows; r++) {
		const size_t at = (size_t)r * HALDLS_NEURON_COLUMNS;
		kernel->decode(weights + at, labels + at, time_calibrations + at,
		        amplitude_calibrations + at, words + r * ROW_WORDS);
	}
}
