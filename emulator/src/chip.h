// SPDX-License-Identifier: MIT
#ifndef EMULATOR_CHIP_H
#define EMULATOR_CHIP_H

/** @file
 *  @brief The chip: register file, event routing and analog core under one clock.
 *
 *  The chip is lazy: its clock runs only when somebody looks or an event must pass. A register
 *  takes effect at the tick of its write; writes whose difference nobody can see are applied
 *  together (see enum emulator_timing), never two writes of one register.
 *
 *  Time moves in windows. Where spikes come back to drivers a window is as long as the shortest way
 *  back, else as long as nobody outside looks: events from outside go to the buses first, the
 *  neurons run through the window, and spikes then leave the chip together with those events.
 *
 *  All times are ticks of 4 ns since power-up, and never decrease from call to call. */

#include "analog.h"
#include "background.h"
#include "clocks.h"
#include "events.h"
#include "faults.h"
#include "registers.h"

#include <hxcomm/error.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	EMULATOR_SPIKES = 4096,         /**< spikes of a window there is room for at first */
	EMULATOR_WINDOW_EVENTS = 2048,  /**< events from outside that a window takes, */
	EMULATOR_WINDOW_TICKS = 19200,  /**< windows in which neurons may fire end at multiples of
	                                     this: 77 us, whole slots of the noise */
	EMULATOR_CELSIUS = 38,          /**< usual temperature (spec/emulator_physics.md 4.2) */
	EMULATOR_CADC_RAMP_TICKS = 256, /**< of a conversion; its waits come before and after */
	EMULATOR_SYSTIME_ADDRESS = 0,   /**< chip time, low word; the high word follows */
	EMULATOR_PHY_ADDRESS = 0x40000, /**< enables of the chip's ends of the links */
	EMULATOR_PLL_ADDRESS = 0x80000, /**< registers of the clock generators */
};

/** How an emulated machine is made. */
struct emulator_options {
	uint32_t serial;     /**< number of the chip, 1 ... 999: its fixed pattern */
	uint64_t seed;       /**< of the trial-to-trial noise */
	bool noise;          /**< trial-to-trial noise on */
	bool variation;      /**< fixed-pattern variation on */
	enum emulator_quirks quirks; /**< it does what it should not, too, or not */
	unsigned threads;    /**< 2: the lower hemisphere has its own; 0 and 1: none but the
	                          caller's */
	unsigned kernel;     /**< as in struct emulator_analog_config */
	bool step_idle;      /**< as there */
	uint64_t work_limit; /**< steps of simulation a run may take; 0 takes the default, 2^32 */
	double celsius;      /**< temperature of the chip; 0 takes the default, #EMULATOR_CELSIUS */
	bool vector_generators; /**< the FPGA has them, in the place of its large memory */
	struct emulator_faults faults; /**< what is broken on purpose */
};

/** Takes what the chip sends: times are those of passing the crossbar (or sampling) and of arrival
 *  at the FPGA. */
struct emulator_listener {
	emulator_output *spikes; /**< spikes, and other events that pass the crossbar */
	/** An event was lost on a link. @param user as given @param tick of the loss
	 *  @param to_chip on the way there */
	void (*lose)(void *user, uint64_t tick, bool to_chip);
	/** A sample of the MADC. @param user as given @param stamp tick @param arrival tick
	 *  @param value 10 bits, channel in bit 10 */
	void (*sample)(void *user, uint64_t stamp, uint64_t arrival, uint16_t value);
	void *user; /**< handed to all */
};

/** A recording of the fast converter. */
struct emulator_recording {
	bool running;      /**< samples are taken */
	uint64_t start;    /**< tick of sample 0 */
	uint64_t period;   /**< between samples, in units of 2 ns */
	uint64_t index;    /**< number of the next sample */
	uint64_t count;    /**< samples of the recording; UINT64_MAX until stopped */
	uint32_t input;    /**< first input */
	uint32_t switches; /**< samples after which the input changes; 0 never */
	bool dummy;        /**< send the number of the sample instead of data */
};

/** The chip. */
struct emulator_chip {
	struct emulator_analog *analog;        /**< neurons, synapses, converters */
	struct emulator_registers *registers;  /**< what the host wrote */
	struct emulator_events events;         /**< crossbar and buses */
	struct emulator_background background; /**< background sources */
	struct emulator_recording recording;   /**< fast converter */
	struct emulator_listener listener;     /**< takes spikes and samples */
	struct haldls_madc_config madc;        /**< settings of the fast converter */
	struct haldls_cadc_config cadc_config[2]; /**< of the slow ones, by hemisphere */
	uint64_t now;                          /**< tick up to which everything happened */
	uint64_t changed_at;                   /**< tick of the first write that is not applied */
	bool step_changed;                     /**< analog settings are among these writes */
	struct emulator_faults faults;         /**< broken on purpose */
	enum emulator_quirks quirks;           /**< as it was made */
	uint64_t systime_zero;                 /**< tick at which the chip's system time was 0 */
	uint64_t work;                         /**< steps of this run */
	uint64_t work_limit;                   /**< allowed */
	int (*check)(void *user);              /**< asked now and then whether to go on; NULL: go
	                                            on */
	void *check_user;                      /**< handed to it */
	uint64_t check_at;                     /**< steps at which it is asked again */
	int status;                            /**< first error of this run */
	bool can_fire[512];                    /**< fire output of each atomic neuron is on */
	bool is_slave[512];                    /**< each atomic neuron may fire with another */
	bool fires;                            /**< any neuron can fire */
	uint64_t look_ahead;                   /**< ticks until a spike reaches a driver */
	uint64_t feedback;                     /**< ticks until one comes back through the FPGA */
	bool silent;                           /**< no spike came in the last window */
	bool routes_stale;                     /**< fires, look_ahead must be computed again */
	uint8_t cadc[2][2][256];               /**< last conversion: hemisphere, type, column */
	uint16_t spike_counter[512];           /**< by atomic neuron; bit 8 is the overflow */
	uint32_t phy_enable;                   /**< chip's ends of the links that are on */
	struct emulator_clocks clocks;         /**< clock generators */
	struct emulator_spike *spikes;         /**< [spike_capacity] of the last window */
	size_t spike_capacity;                 /**< spikes there is room for */
	struct emulator_event later[EMULATOR_WINDOW_EVENTS]; /**< from outside, which leave with
	                                                          the spikes of this window */
	size_t later_count;                    /**< of them */
};

/** Make a chip that was just powered up.
 *  @param[out] out the chip @param options how @param listener takes events, copied
 *  @retval 0 made @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__chip_new(struct emulator_chip **out, const struct emulator_options *options,
        const struct emulator_listener *listener);

/** Free a chip. @param chip may be NULL */
void emulator__chip_free(struct emulator_chip *chip);

/** Begin a run: no work done, no error. @param chip the chip */
void emulator__chip_begin(struct emulator_chip *chip);

/** Write a register. @param chip the chip @param time tick @param address chip address
 *  @param value bits @param byte_enables bytes that are written */
void emulator__chip_write(struct emulator_chip *chip, uint64_t time, uint32_t address,
        uint32_t value, uint8_t byte_enables);

/** Read a register. @param chip the chip @param time tick @param address chip address
 *  @return the word; 0 where there is no register */
uint32_t emulator__chip_read(struct emulator_chip *chip, uint64_t time, uint32_t address);

/** Can a read of this address give another value later although nobody writes?
 *  @param chip the chip @param address chip address @return true for counters, time, samples */
bool emulator__chip_is_volatile(const struct emulator_chip *chip, uint32_t address);

/** How long does a read of this address occupy the bus beyond the way there and back?
 *  @param chip the chip @param address chip address @return ticks: a conversion of all columns
 *  takes its reset wait, the ramp, and the dead time behind it */
uint64_t emulator__chip_read_ticks(const struct emulator_chip *chip, uint32_t address);

/** Set from which time on a spike may come back through the FPGA. @param chip the chip
 *  @param ticks from the crossbar to the crossbar; UINT64_MAX for never */
void emulator__chip_set_feedback(struct emulator_chip *chip, uint64_t ticks);

/** Is there anything on the chip that may happen by itself: an event under way, a source, a
 *  recording, a neuron that may fire? @param chip the chip @return true if not */
bool emulator__chip_is_quiet(struct emulator_chip *chip);

/** An event leaves the FPGA. @param chip the chip @param time tick @param label 16 bits */
static inline void emulator__chip_spike(struct emulator_chip *chip, uint64_t time, uint16_t label)
{
	if (chip->status == HXCOMM_OK)
		emulator__events_from_fpga(&chip->events, time, label);
}

/** The reset line is pulled: all registers take their reset values, events under way are lost.
 *  @param chip the chip @param time tick */
void emulator__chip_reset(struct emulator_chip *chip, uint64_t time);

/** System time of the chip. @param chip the chip @param time tick @return 43 bits of 4 ns */
static inline uint64_t emulator__chip_systime(const struct emulator_chip *chip, uint64_t time)
{
	const uint64_t elapsed = time - chip->systime_zero;
	const uint64_t mask = (UINT64_C(1) << 43) - 1;
	if (chip->faults.clock_drift == 0)
		return elapsed & mask;
	const double drift = (double)elapsed * chip->faults.clock_drift;
	return (elapsed + (uint64_t)(int64_t)drift) & mask;
}

/* ---- time (chip_time.c) ---------------------------------------------------------------------- */

/** Let everything happen up to a time. Errors stay in chip->status.
 *  @param chip the chip @param time tick */
void emulator__chip_advance(struct emulator_chip *chip, uint64_t time);

/* ---- what registers do (chip_effects.c) ------------------------------------------------------ */

/** When a write takes effect, beside others that wait. On a quiet chip, where no event is under way
 *  and nobody can fire, what matters to events only may wait as long as the chip stays quiet. */
enum emulator_timing {
	EMULATOR_TIMING_STEP = 0, /**< with others of the same membrane step: analog settings, which
	                               hold from the beginning of a step */
	EMULATOR_TIMING_ROUTE,    /**< at its own tick, unless the chip is quiet */
	EMULATOR_TIMING_WEIGHT,   /**< with others of the same step, unless the chip is quiet */
	EMULATOR_TIMING_CELL,     /**< with others of the same 1 us, of 100 us on a quiet chip: a
	                               cell takes 2 ms to settle and is refreshed once a
	                               millisecond */
	EMULATOR_TIMING_OWN,      /**< at its own tick and alone */
};

/** What a container does when it is written or read. */
struct emulator_chip_effect {
	const char *container; /**< name */
	/** Take over new contents. NULL where a write triggers @param chip the chip
	 *  @param element coordinate @param words of the element */
	void (*apply)(struct emulator_chip *chip, uint32_t element, const uint32_t *words);
	/** A write triggers. @param chip the chip @param element coordinate @param value word */
	void (*trigger)(struct emulator_chip *chip, uint32_t element, uint32_t value);
	/** A read gives something else than what was written. @param chip the chip
	 *  @param element coordinate @return word */
	uint32_t (*read)(struct emulator_chip *chip, uint32_t element);
	enum emulator_timing timing; /**< when a write takes effect */
	bool repeats; /**< writing the same value again is another write all the same */
};

/** Effect by number. @param effect as classified @return the effect */
const struct emulator_chip_effect *emulator__chip_effect(int effect);

/** Number of a container's effect. @param container the container @return number, -1 for none */
int emulator__chip_classify(const struct haldls_container *container);

/** Apply all changed registers at chip->now. @param chip the chip */
void emulator__chip_apply(struct emulator_chip *chip);

/** Write in a trigger window beside the synapses. @param chip the chip at the time of the write
 *  @param address chip address */
void emulator__chip_trigger_window(struct emulator_chip *chip, uint32_t address);

/** Read converted samples. @param chip the chip at the time of the read
 *  @param address chip address in the window of samples @return four samples */
uint32_t emulator__chip_read_samples(struct emulator_chip *chip, uint32_t address);

/** Is this the window of converted samples? @param address chip address @return true if so */
bool emulator__chip_is_sample(uint32_t address);

#endif
