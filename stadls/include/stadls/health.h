// SPDX-License-Identifier: MIT
#ifndef STADLS_HEALTH_H
#define STADLS_HEALTH_H

/** @file
 *  @brief Is this chip well? What it says of itself, and what a person should know.
 *  @defgroup stadls_health Health
 *
 *  stadls_health_read() asks boards, FPGA and chip; it never blocks on a chip that was not brought
 *  up, and changes nothing but the JTAG clock and the clocks' self-test. stadls_health_check()
 *  tells what is wrong, each with what to do.
 *  @{ */

#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_connection;
struct stadls_bringup_options;

/** Sizes. */
enum {
	STADLS_SUPPLIES = 6,      /**< supply voltages of the chip */
	STADLS_LINKS = 8,         /**< serial links between FPGA and chip */
	STADLS_CLOCKS = 4,        /**< clocks of the chip */
	STADLS_FINDING_BYTES = 240, /**< longest text of a finding, with its 0 */
	STADLS_FINDINGS_MAX = 40, /**< most findings of one check */
};

/** A supply voltage, measured by its power monitor. By number: 0 1.2 V digital, 1 2.5 V digital,
 *  2 1.2 V analog, 3 2.5 V analog, 4 1.2 V of the MADC, 5 1.2 V of the PLL. */
struct stadls_supply {
	bool present;   /**< the monitor answers; nothing else means anything where it does not */
	double voltage; /**< V */
	double current; /**< A, through 27 mOhm */
	double power;   /**< W */
};

/** A serial link, seen from the FPGA. */
struct stadls_link {
	bool enabled;            /**< it is switched on at both ends */
	uint32_t online_cycles;  /**< cycles of 8 ns that it has been up; 0 where it is down */
	uint32_t crc_errors;     /**< words that arrived damaged */
	uint32_t dropped;        /**< words from the chip that were dropped */
	uint32_t sent;           /**< words to the chip */
	uint32_t received;       /**< words from the chip */
};

/** A clock of the chip, counted by its self-test. By number: 0 serialiser, 1 links, 2 processors,
 *  3 fast converter. */
struct stadls_clock {
	bool measured;       /**< the self-test ended */
	bool locked;         /**< the count is what the default settings give */
	double frequency_hz; /**< as counted against the 50 MHz of the board */
};

/** What a chip says of itself. */
struct stadls_health {
	char identifier[64];      /**< of the connection */
	uint64_t fpga_dna;        /**< fuse of the FPGA, 57 bits */
	bool chip_answers;        /**< over JTAG, with an identification */
	uint32_t chip_version;    /**< revision in its identification */
	uint32_t chip_part;       /**< part number in its identification */
	bool has_serial;          /**< the EEPROM of the chip's carrier answers */
	uint32_t serial;          /**< number in it */
	bool has_temperature;     /**< the thermometer answers */
	double temperature_celsius; /**< of the chip's carrier */
	struct stadls_supply supplies[STADLS_SUPPLIES]; /**< supply voltages */
	bool clocks_set;          /**< the clock generators hold settings */
	bool events_recorded;     /**< the FPGA records events */
	uint32_t timeout_cycles;  /**< longest instruction, in cycles of 8 ns */
	struct stadls_link links[STADLS_LINKS]; /**< by number of the FPGA's end */
	uint32_t repeated_words;  /**< words to the chip that were sent again */
	struct stadls_clock clocks[STADLS_CLOCKS]; /**< clocks of the chip; asked for once they are
	                               set */
	bool is_up;               /**< the clocks are set and a link is up: the chip takes part in
	                               programs; what follows means nothing where it does not */
	bool systime_synchronised; /**< the FPGA has synchronised the system time */
	int64_t systime_difference_cycles; /**< chip's system time less the FPGA's, in cycles of
	                               8 ns; a few hundred for the way there and back are well */
	uint32_t link_notifications; /**< changes and errors of links reported during these runs */
};

/** How grave a finding is. */
enum stadls_severity {
	STADLS_NOTE = 0, /**< good to know */
	STADLS_WARNING,  /**< experiments may suffer */
	STADLS_FAULT,    /**< experiments will not work */
};

/** One finding. */
struct stadls_finding {
	enum stadls_severity severity;   /**< how grave */
	char text[STADLS_FINDING_BYTES]; /**< what, and what to do */
};

/** Ask a chip for its health.
 *
 *  @param[out] out    what it says; unchanged after an error
 *  @param connection  an open connection, to a chip that need not have been brought up
 *  @retval 0  asked; whatever does not answer is marked so
 *  @return otherwise as stadls_run(), and HXCOMM_ENOMEM */
HXCOMM_API HXCOMM_NODISCARD int stadls_health_read(struct stadls_health *out,
        struct hxcomm_connection *connection);

/** Find what is wrong.
 *  @param[out] out  [capacity] findings, gravest first
 *  @param capacity  room; #STADLS_FINDINGS_MAX always suffices
 *  @param health    from stadls_health_read()
 *  @return number of all findings, which may exceed @p capacity; 0 where all is well */
HXCOMM_API size_t stadls_health_check(struct stadls_finding *out, size_t capacity,
        const struct stadls_health *health);

/** Name of a supply. @param supply 0 … #STADLS_SUPPLIES - 1
 *  @return such as "1.2 V digital"; "?" beyond. Lives for ever */
HXCOMM_API const char *stadls_supply_name(size_t supply);

/** Name of a clock. @param clock 0 … #STADLS_CLOCKS - 1
 *  @return such as "processors"; "?" beyond. Lives for ever */
HXCOMM_API const char *stadls_clock_name(size_t clock);

/** Bring a chip up and make sure that it is well.
 *
 *  @param[out] out    its health; may be NULL; unchanged after an error
 *  @param connection  an open connection
 *  @param options     as for stadls_bringup_append()
 *  @retval 0               it is up, and there is no fault; there may be warnings
 *  @retval HXCOMM_ESTATE   it was brought up, but has a fault: the message tells the gravest
 *  @retval HXCOMM_EDEVICE  the bring-up itself failed: the message tells why as far as the chip
 *                          does
 *  @return otherwise as stadls_bringup_append(), stadls_run() and stadls_health_read() */
HXCOMM_API HXCOMM_NODISCARD int stadls_bringup_healthy(struct stadls_health *out,
        struct hxcomm_connection *connection, const struct stadls_bringup_options *options);

/** Fail where a chip was not brought up: before work that would only run into timeouts.
 *
 *  @param connection  an open connection
 *  @retval 0              it answers over at least one link
 *  @retval HXCOMM_ESTATE  it was not brought up; the message says what lacks
 *  @return otherwise as stadls_health_read() */
HXCOMM_API HXCOMM_NODISCARD int stadls_bringup_check(struct hxcomm_connection *connection);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
