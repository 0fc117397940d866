// SPDX-License-Identifier: MIT
/* The steps of spec/stadls.md 5.2, in their order; each word is compared with the recorded ones by
 * the tests. Containers hold their defaults where nothing else is said. */
#include "builder_private.h"

#include <hxcomm/error.h>
#include <hxcomm/options.h>
#include <hxcomm/words.h>
#include <stadls/bringup.h>

#include <stdalign.h>
#include <string.h>

/* cycles of 8 ns */
enum {
	TIMEOUT_CYCLES = 1250000,         /* 10 ms */
	CUBE_DAC_CYCLES = 125000,         /* 1 ms until the DACs have settled */
	JBOA_POWER_CYCLES = 375000,       /* 3 ms until the supplies are up */
	JBOA_DAC_CYCLES = 62500,          /* 0.5 ms */
	RESET_ON_CYCLES = 10,
	RESET_OFF_CYCLES = 100,
	PLL_CYCLES = 12500,               /* 100 us, counted from the end of the reset */
	REFERENCE_RESET_CYCLES = 1000,    /* 8 us */
};

enum { VALUE_BYTES_MAX = 1 << 14, JTAG_SCALER = 6, PARTS_ALL = 63 };

/* Steps after a failed one do nothing, so a list of steps reads as a list. */
struct sequence {
	struct stadls_builder *builder;
	int status;
};

static void put_over(struct sequence *s, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t coordinate, const void *value)
{
	if (s->status == HXCOMM_OK)
		s->status = stadls_builder_write_over(
		        s->builder, backend, container, coordinate, value);
}

static void put(struct sequence *s, const struct haldls_container *container, uint32_t coordinate,
        const void *value)
{
	put_over(s, container->backends[0], container, coordinate, value);
}

/* All of a container's coordinates at their defaults. */
static void put_defaults_over(struct sequence *s, enum fisch_backend backend,
        const struct haldls_container *container)
{
	alignas(max_align_t) unsigned char value[VALUE_BYTES_MAX];
	if (s->status == HXCOMM_OK && container->size > sizeof(value))
		s->status = hxcomm_error_set(HXCOMM_ERANGE, "%s is larger than a bring-up can hold",
		        container->name);
	if (s->status != HXCOMM_OK)
		return;
	container->init(value);
	for (uint32_t e = 0; e < container->count; e++)
		put_over(s, backend, container, e, value);
}

static void put_defaults(struct sequence *s, const struct haldls_container *container)
{
	put_defaults_over(s, container->backends[0], container);
}

static void barrier(struct sequence *s, uint32_t mask)
{
	if (s->status == HXCOMM_OK)
		s->status = stadls_builder_barrier(s->builder, mask);
}

static void wait_cycles(struct sequence *s, uint64_t cycles)
{
	if (s->status == HXCOMM_OK)
		s->status = stadls_builder_wait(s->builder, cycles);
}

/* ---- board ----------------------------------------------------------------------------------- */

/* Codes of the 16 DAC channels for each kind of regulators: those of the supplies
 * (source: spec/lola.md 7). */
static const uint16_t cube_dac[][HALDLS_DAC_CHANNEL_COUNT] = {
	[STADLS_REGULATORS_SECOND] = { [HALDLS_DAC_VDD25_DIGITAL] = 608,
		[HALDLS_DAC_VDD12_DIGITAL] = 2090, [HALDLS_DAC_VDD25_ANALOG] = 608,
		[HALDLS_DAC_VDD12_ANALOG] = 1630, [HALDLS_DAC_VDD12_MADC] = 440,
		[HALDLS_DAC_VDD12_PLL] = 440 },
	[STADLS_REGULATORS_FIRST] = { [HALDLS_DAC_VDD25_DIGITAL] = 275,
		[HALDLS_DAC_VDD12_DIGITAL] = 315, [HALDLS_DAC_VDD25_ANALOG] = 275,
		[HALDLS_DAC_VDD12_ANALOG] = 315, [HALDLS_DAC_VDD12_MADC] = 440,
		[HALDLS_DAC_VDD12_PLL] = 440 },
};

static void board_cube(struct sequence *s, enum stadls_regulators regulators)
{
	put_defaults(s, &haldls_shift_register_container);
	for (uint32_t i = 0; i < HALDLS_DAC_CHANNEL_COUNT; i++)
		put(s, &haldls_dac_channel_container, i,
		        &(struct haldls_dac_channel){ .value = cube_dac[regulators][i] });
	put_defaults(s, &haldls_dac_control_container);
	wait_cycles(s, CUBE_DAC_CYCLES);
}

/* Supply voltages of the jBOA: positions of the six potentiometers. */
static const uint8_t jboa_wiper[HALDLS_AD5252_CHANNEL_CONFIG_COUNT] = {
	0xa7, 0x93, 0xa8, 0xa8, 0xa8, 0xa7,
};

static void board_jboa(struct sequence *s)
{
	struct haldls_tca9546_channel_config mux = HALDLS_TCA9546_CHANNEL_CONFIG_INIT;
	for (size_t i = 0; i < sizeof(mux.enable_channels) / sizeof(*mux.enable_channels); i++)
		mux.enable_channels[i] = i < 3;
	put(s, &haldls_tca9546_channel_config_container, 0, &mux);
	for (uint32_t i = 0; i < HALDLS_AD5252_CHANNEL_CONFIG_COUNT; i++)
		put(s, &haldls_ad5252_channel_config_container, i,
		        &(struct haldls_ad5252_channel_config){ .value = jboa_wiper[i] });
	put_defaults(s, &haldls_tca9554_config_container);
	barrier(s, HXCOMM_BARRIER_OMNIBUS);
	wait_cycles(s, JBOA_POWER_CYCLES);
	wait_cycles(s, JBOA_DAC_CYCLES);
}

/* ---- chip ------------------------------------------------------------------------------------ */

static void reset_chip(struct sequence *s)
{
	put(s, &haldls_reset_chip_container, 0, &(struct haldls_reset_chip){ .value = true });
	wait_cycles(s, RESET_ON_CYCLES);
	put(s, &haldls_reset_chip_container, 0, &(struct haldls_reset_chip){ .value = false });
	wait_cycles(s, RESET_OFF_CYCLES);
}

static void clocks(struct sequence *s)
{
	put(s, &haldls_jtag_clock_scaler_container, 0,
	        &(struct haldls_jtag_clock_scaler){ .value = JTAG_SCALER });
	put_defaults(s, &haldls_reset_jtag_tap_container);
	put_defaults(s, &haldls_adpll_container);
	put_defaults(s, &haldls_pll_clock_output_block_container);
}

static void synchronise(struct sequence *s, uint64_t base)
{
	put(s, &haldls_systime_sync_base_container, 0,
	        &(struct haldls_systime_sync_base){ .value = base });
	barrier(s, HXCOMM_BARRIER_OMNIBUS);
	put(s, &haldls_systime_sync_container, 0, &(struct haldls_systime_sync){ .do_sync = true });
	barrier(s, HXCOMM_BARRIER_SYSTIME);
}

static void link_up(struct sequence *s, const struct stadls_bringup_options *options)
{
	put_defaults(s, &haldls_phy_config_fpga_container);
	put_defaults(s, &haldls_phy_config_chip_container);
	/* the timer has run since the reset was released */
	if (s->status == HXCOMM_OK)
		s->status = stadls_builder_wait_until(s->builder, PLL_CYCLES);
	put_defaults(s, &haldls_common_phy_config_fpga_container);
	put_defaults_over(
	        s, FISCH_OMNIBUS_CHIP_OVER_JTAG, &haldls_common_phy_config_chip_container);
	if (!(options->omit & STADLS_BRINGUP_SYSTIME))
		synchronise(s, options->systime_base);
}

static void record_events(struct sequence *s)
{
	struct haldls_event_recording_config recording = HALDLS_EVENT_RECORDING_CONFIG_INIT;
	recording.enable_event_recording = true;
	put(s, &haldls_event_recording_config_container, 0, &recording);
}

static void reference_currents(struct sequence *s)
{
	struct haldls_reference_generator_config reference = HALDLS_REFERENCE_GENERATOR_CONFIG_INIT;
	reference.enable_reset = true;
	put(s, &haldls_reference_generator_config_container, 0, &reference);
	barrier(s, HXCOMM_BARRIER_OMNIBUS);
	wait_cycles(s, REFERENCE_RESET_CYCLES);
	reference.enable_reset = false;
	put(s, &haldls_reference_generator_config_container, 0, &reference);
}

/* The capacitive memory as older software prepared it for experiments. */
static void capmem(struct sequence *s)
{
	put_defaults(s, &haldls_synapse_bias_selection_container);
	reference_currents(s);
	put_defaults(s, &haldls_capmem_block_config_container);
	put_defaults(s, &haldls_capmem_block_container);
}

static void experiment_defaults(struct sequence *s)
{
	put_defaults(s, &haldls_common_neuron_backend_config_container);
	put_defaults(s, &haldls_column_correlation_quad_container);
	put_defaults(s, &haldls_column_current_quad_container);
	put_defaults(s, &haldls_common_correlation_config_container);
}

static void memory_timing(struct sequence *s, const struct stadls_bringup_options *options)
{
	const bool linked = !(options->omit & STADLS_BRINGUP_LINK);
	const enum fisch_backend backend = linked ? FISCH_OMNIBUS : FISCH_OMNIBUS_CHIP_OVER_JTAG;
	put_defaults_over(s, backend, &haldls_capmem_sram_timing_config_container);
	put_defaults_over(s, backend, &haldls_cadc_offset_sram_timing_config_container);
	put_defaults_over(s, backend, &haldls_synapse_driver_sram_timing_config_container);
	put_defaults_over(s, backend, &haldls_neuron_sram_timing_config_container);
	put_defaults_over(s, backend, &haldls_neuron_backend_sram_timing_config_container);
	for (uint32_t h = 0; h < HALDLS_COMMON_SYNRAM_CONFIG_COUNT; h++) {
		const struct stadls_synram_timing *timing = &options->synram_timing[h];
		struct haldls_common_synram_config synram = HALDLS_COMMON_SYNRAM_CONFIG_INIT;
		if (options->set_synram_timing) {
			synram.pc_conf_west = timing->precharge_west;
			synram.pc_conf_east = timing->precharge_east;
			synram.w_conf_west = timing->write_west;
			synram.w_conf_east = timing->write_east;
		}
		put_over(s, backend, &haldls_common_synram_config_container, h, &synram);
	}
	barrier(s, linked ? HXCOMM_BARRIER_OMNIBUS : HXCOMM_BARRIER_JTAG);
}

static void chip(struct sequence *s, const struct stadls_bringup_options *options)
{
	reset_chip(s);
	clocks(s);
	if (!(options->omit & STADLS_BRINGUP_LINK))
		link_up(s, options);
	record_events(s);
	const bool experiment = options->kind == STADLS_BRINGUP_KIND_EXPERIMENT;
	if (!(options->omit & STADLS_BRINGUP_CAPMEM)) {
		if (experiment)
			capmem(s);
		else
			reference_currents(s);
	}
	memory_timing(s, options);
	if (experiment)
		experiment_defaults(s);
}

/* ---- all ------------------------------------------------------------------------------------- */

static int read_options(struct stadls_bringup_options *out, const struct stadls_bringup_options *in)
{
	const int status =
	        hxcomm_options_read(out, sizeof(*out), in, "STADLS_BRINGUP_OPTIONS_INIT");
	if (status != HXCOMM_OK)
		return status;
	if (!out->timeout_cycles)
		out->timeout_cycles = TIMEOUT_CYCLES;
	if (out->board != STADLS_BOARD_CUBE && out->board != STADLS_BOARD_JBOA)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "board %d is unknown: take STADLS_BOARD_CUBE or STADLS_BOARD_JBOA",
		        (int)out->board);
	if (out->kind < STADLS_BRINGUP_KIND_SYSTEM || out->kind > STADLS_BRINGUP_KIND_EXPERIMENT)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "bring-up %d is unknown: take one of enum stadls_bringup_kind",
		        (int)out->kind);
	if (out->regulators != STADLS_REGULATORS_SECOND &&
	        out->regulators != STADLS_REGULATORS_FIRST)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "regulators %d are unknown: take one of enum stadls_regulators",
		        (int)out->regulators);
	if (out->kind == STADLS_BRINGUP_KIND_DIGITAL)
		out->omit |= STADLS_BRINGUP_CAPMEM;
	if (out->omit & ~(unsigned)PARTS_ALL)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "omit is 0x%x: or members of enum stadls_bringup_part, at most 0x%x",
		        out->omit, (unsigned)PARTS_ALL);
	if ((out->omit & STADLS_BRINGUP_LINK) && out->kind == STADLS_BRINGUP_KIND_EXPERIMENT)
		return hxcomm_error_set(HXCOMM_EINVAL, "an experiment needs the highspeed link: do "
		                                       "not leave out STADLS_BRINGUP_LINK");
	if ((out->omit & STADLS_BRINGUP_LINK) && !(out->omit & STADLS_BRINGUP_CAPMEM))
		return hxcomm_error_set(HXCOMM_EINVAL, "the capmem needs the highspeed link: leave "
		                                       "out STADLS_BRINGUP_CAPMEM, too");
	return HXCOMM_OK;
}

int stadls_systime_append(struct stadls_builder *builder, uint64_t base)
{
	struct sequence s = { .builder = builder };
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	synchronise(&s, base);
	if (s.status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return s.status;
}

int stadls_bringup_append(
        struct stadls_builder *builder, const struct stadls_bringup_options *given)
{
	struct stadls_bringup_options options;
	struct sequence s = { .builder = builder };
	s.status = read_options(&options, given);
	if (s.status != HXCOMM_OK)
		return s.status;
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	if (!(options.omit & STADLS_BRINGUP_SYSTEM))
		put(&s, &haldls_instruction_timeout_config_container, 0,
		        &(struct haldls_instruction_timeout_config){
		                .value = options.timeout_cycles });
	if (!(options.omit & STADLS_BRINGUP_BOARD)) {
		if (options.board == STADLS_BOARD_CUBE)
			board_cube(&s, options.regulators);
		else
			board_jboa(&s);
	}
	if (!(options.omit & STADLS_BRINGUP_CHIP))
		chip(&s, &options);
	if (s.status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return s.status;
}
