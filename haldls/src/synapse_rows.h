// SPDX-License-Identifier: MIT
#ifndef HALDLS_SYNAPSE_ROWS_H
#define HALDLS_SYNAPSE_ROWS_H

#include <stdint.h>

/* One row of 256 synapses as the 128 words of its quads, in the order quad 0 word 0, quad 0 word 1,
 * quad 1 word 0, … Weights and labels are taken modulo 64, calibrations modulo 4: check first. */
void haldls__synapse_row_encode(uint32_t words[128], const uint8_t weight[256],
        const uint8_t label[256], const uint8_t time_calibration[256],
        const uint8_t amplitude_calibration[256]);
void haldls__synapse_row_decode(uint8_t weight[256], uint8_t label[256],
        uint8_t time_calibration[256], uint8_t amplitude_calibration[256],
        const uint32_t words[128]);

/* Index of the first value above @p max, or @p count. */
uint32_t haldls__bytes_above(const uint8_t *values, uint32_t count, uint8_t max);

#endif
