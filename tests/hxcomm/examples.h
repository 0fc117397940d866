// SPDX-License-Identifier: MIT
#ifndef HXCOMM_TEST_EXAMPLES_H
#define HXCOMM_TEST_EXAMPLES_H

/* The worked examples from the FPGA of spec/transport.md 1.7: each begins at a word and ends with a
 * flush. */

#include <hxcomm/words.h>

#include <stddef.h>
#include <stdint.h>

#define SPIKES_3 { HXCOMM_RESPONSE_SPIKE_3, 0x01, 0x1111022222033333 }
#define SAMPLES_3 { HXCOMM_RESPONSE_MADC_3, 0x10, 0x0001200002300403 }

static const struct example {
	struct {
		enum hxcomm_response code;
		uint64_t high, low;
	} messages[5];
	size_t message_count;
	uint64_t words[6];
	size_t count;
} examples[] = {
	{ { { HXCOMM_RESPONSE_JTAG, 0, 0x1448590af } }, 1, { 0x00000001448590af }, 1 },
	{ { { HXCOMM_RESPONSE_OMNIBUS, 0, 0xcafebabe } }, 1, { 0x01000000cafebabe }, 1 },
	{ { { HXCOMM_RESPONSE_LOOPBACK, 0, 0 } }, 1, { 0x0200000000000000 }, 1 },
	{ { { HXCOMM_RESPONSE_LOOPBACK, 0, 1 } }, 1, { 0x0200000000000001 }, 1 },
	{ { { HXCOMM_RESPONSE_LINK, 0, 0xb0 } }, 1, { 0x03000000000000b0 }, 1 },
	{ { { HXCOMM_RESPONSE_TIMEOUT, 0, UINT64_C(3) << 39 | UINT64_C(5) << 32 | 42 } }, 1,
	  { 0x040001850000002a }, 1 },
	{ { { HXCOMM_RESPONSE_SYSTIME, 0, 0x123456789ab } }, 1, { 0x05000123456789ab }, 1 },
	{ { { HXCOMM_RESPONSE_SYSDELTA, 0, 0x7f } }, 1, { 0x060000000000007f }, 1 },
	{ { { HXCOMM_RESPONSE_MADC_1, 0, 0x1003ff } }, 1, { 0x07000000001003ff }, 1 },
	{ { SAMPLES_3 }, 1, { 0x0910000120000230, 0x0403800000000000 }, 2 },
	{ { { HXCOMM_RESPONSE_SPIKE_1, 0, 0xab1234 } }, 1, { 0x0a00000000ab1234 }, 1 },
	{ { { HXCOMM_RESPONSE_SPIKE_2, 0, 0x011111022222 } }, 1, { 0x0b00011111022222 }, 1 },
	{ { SPIKES_3 }, 1, { 0x0c01111102222203, 0x3333800000000000 }, 2 },
	{ { SPIKES_3, { HXCOMM_RESPONSE_LOOPBACK, 0, 0 } }, 2,
	  { 0x0c01111102222203, 0x3333020000000000, 0x0000800000000000 }, 3 },
	{ { SPIKES_3, SPIKES_3, SPIKES_3, SPIKES_3 }, 4,
	  { 0x0c01111102222203, 0x33330c0111110222, 0x220333330c011111, 0x0222220333330c01,
	    0x1111022222033333 }, 5 },
	{ { SPIKES_3, { HXCOMM_RESPONSE_OMNIBUS, 0, 0xcafebabe }, SAMPLES_3,
	    { HXCOMM_RESPONSE_SYSDELTA, 0, 0x7f }, { HXCOMM_RESPONSE_LOOPBACK, 0, 0 } }, 5,
	  { 0x0c01111102222203, 0x333301000000cafe, 0xbabe091000012000, 0x0230040306000000,
	    0x0000007f02000000, 0x0000000080000000 }, 6 },
};

#endif
