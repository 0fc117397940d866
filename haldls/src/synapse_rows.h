// SPDX-License-Identifier: MIT
#ifndef HALDLS_SYNAPSE_ROWS_H
#define HALDLS_SYNAPSE_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* One way to treat rows of synapses; all ways give the same. */
struct haldls__synapse_kernel {
	const char *name;
	/* One row of 256 synapses as the 128 words of its quads, in the order quad 0 word 0, quad 0
	 * word 1, quad 1 word 0, … Weights and labels are taken modulo 64, calibrations modulo 4:
	 * check first. */
	void (*encode)(uint32_t words[128], const uint8_t weight[256], const uint8_t label[256],
	        const uint8_t time_calibration[256], const uint8_t amplitude_calibration[256]);
	void (*decode)(uint8_t weight[256], uint8_t label[256], uint8_t time_calibration[256],
	        uint8_t amplitude_calibration[256], const uint32_t words[128]);
	/* Index of the first value above @p max, or @p count. */
	uint32_t (*bytes_above)(const uint8_t *values, uint32_t count, uint8_t max);
};

extern const struct haldls__synapse_kernel haldls__synapse_kernel_portable;
extern const struct haldls__synapse_kernel haldls__synapse_kernel_avx2;

enum { HALDLS__SYNAPSE_KERNELS_MAX = 2 };

/* The ways that this machine can go, the fastest first, the portable one last. */
size_t haldls__synapse_kernels(
        const struct haldls__synapse_kernel *out[HALDLS__SYNAPSE_KERNELS_MAX]);

/* The fastest. */
const struct haldls__synapse_kernel *haldls__synapse_kernel(void);

/* Rows of synapses behind each other, checked. */
int haldls__synapse_rows_encode(uint32_t *words, const uint8_t *weights, const uint8_t *labels,
        const uint8_t *time_calibrations, const uint8_t *amplitude_calibrations, uint32_t rows);
void haldls__synapse_rows_decode(uint8_t *weights, uint8_t *labels, uint8_t *time_calibrations,
        uint8_t *amplitude_calibrations, const uint32_t *words, uint32_t rows);

#endif
