// SPDX-License-Identifier: MIT
#ifndef HXCOMM_RESPONSES_H
#define HXCOMM_RESPONSES_H

/** @file
 *  @brief What came back from the FPGA: a table for each kind of response.
 *  @defgroup hxcomm_responses Responses
 *
 *  Each table is a few arrays of the same length: element i of each belongs to response i, in the
 *  order of arrival. Read the members as you like; only the library changes them.
 *
 *  Times of the FPGA (`time`, `fpga_time`) count cycles of 8 ns since the chip's systime 0; before
 *  the first synchronisation they count messages since the start of the program. The `chip_time` of
 *  events counts ticks of 4 ns on the same scale, 44 bits (source: spec/transport.md 2.7).
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Omnibus reads. */
struct hxcomm_omnibus_responses {
	size_t count;    /**< number of responses */
	uint32_t *value; /**< [count] word that was read */
	uint64_t *time;  /**< [count] FPGA time, cycles of 8 ns */
	size_t capacity; /**< responses there is room for */
};

/** Shifts through a JTAG register whose response was kept. */
struct hxcomm_jtag_responses {
	size_t count;    /**< number of responses */
	uint64_t *value; /**< [count] 33 bits that were shifted out */
	uint64_t *time;  /**< [count] FPGA time, cycles of 8 ns */
	size_t capacity; /**< responses there is room for */
};

/** Ticks. The halt at the end of a program is not among them. */
struct hxcomm_loopback_responses {
	size_t count;    /**< number of responses */
	uint8_t *tick;   /**< [count] the flag: always 1 */
	uint64_t *time;  /**< [count] FPGA time, cycles of 8 ns */
	size_t capacity; /**< responses there is room for */
};

/** Spikes from the chip. */
struct hxcomm_spike_responses {
	size_t count;        /**< number of spikes */
	uint16_t *label;     /**< [count] label */
	uint64_t *chip_time; /**< [count] time on the chip, ticks of 4 ns */
	uint64_t *fpga_time; /**< [count] arrival in the FPGA, cycles of 8 ns */
	size_t capacity;     /**< spikes there is room for */
};

/** Samples of the fast ADC of the chip's membrane readout (MADC). */
struct hxcomm_madc_responses {
	size_t count;        /**< number of samples */
	uint16_t *value;     /**< [count] sample, 0 … 1023 */
	uint8_t *channel;    /**< [count] channel, 0 or 1 */
	uint64_t *chip_time; /**< [count] time on the chip, ticks of 4 ns */
	uint64_t *fpga_time; /**< [count] arrival in the FPGA, cycles of 8 ns */
	size_t capacity;     /**< samples there is room for */
};

/** Notifications of high-speed links. */
struct hxcomm_link_responses {
	size_t count;    /**< number of notifications */
	uint8_t *value;  /**< [count] [7:5] PHY, [4] link up, [3] decode error, [2] CRC error,
	                  [1] CRC recover, [0] check error */
	uint64_t *time;  /**< [count] FPGA time, cycles of 8 ns */
	size_t capacity; /**< notifications there is room for */
};

/** Instructions that blocked longer than allowed. */
struct hxcomm_timeout_responses {
	size_t count;             /**< number of notifications */
	uint32_t *instruction;    /**< [count] index of the blocked instruction in the program */
	uint8_t *stalls;          /**< [count] trace stall count, 0 … 127 */
	uint8_t *reads_in_flight; /**< [count] omnibus reads without response, 0 … 63 */
	uint64_t *time;           /**< [count] FPGA time, cycles of 8 ns */
	size_t capacity;          /**< notifications there is room for */
};

/** Tables of responses. Made by hxcomm_responses_new(). */
struct hxcomm_responses {
	struct hxcomm_omnibus_responses omnibus;   /**< omnibus reads */
	struct hxcomm_jtag_responses jtag;         /**< JTAG data */
	struct hxcomm_loopback_responses loopback; /**< ticks */
	struct hxcomm_spike_responses spikes;      /**< spikes */
	struct hxcomm_madc_responses madc;         /**< MADC samples */
	struct hxcomm_link_responses links;        /**< notifications of links */
	struct hxcomm_timeout_responses timeouts;  /**< notifications of timeouts */
	uint64_t spike_packs[3]; /**< number of packs of one, two and three spikes */
	uint64_t madc_packs[3];  /**< number of packs of one, two and three samples */
	size_t limit;            /**< most responses that a table takes */
};

/** Most responses of a table where hxcomm_responses_new() is given 0. */
#define HXCOMM_RESPONSES_LIMIT ((size_t)1 << 26)

/** Make empty tables.
 *  @param[out] out  the tables, owned by the caller; NULL after an error
 *  @param limit     most responses that each table may take; 0 means #HXCOMM_RESPONSES_LIMIT
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_responses_new(struct hxcomm_responses **out, size_t limit);

/** Give back the memory. @param responses may be NULL */
HXCOMM_API void hxcomm_responses_free(struct hxcomm_responses *responses);

/** Forget all responses, keep the memory. @param responses the tables */
HXCOMM_API void hxcomm_responses_clear(struct hxcomm_responses *responses);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
