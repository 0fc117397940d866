// SPDX-License-Identifier: MIT
/* The codes of a spiking calibration: typical ones, into a chip configuration, into a result and
 * back. */
#include "codes.h"

#include "refractory.h"

#include <calix/result.h>
#include <haldls/chip.h>
#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <math.h>
#include <string.h>

enum { NEURONS = 512, CODE_MAX = 1022 };

/* Counts per code: the CADC resolves 2.4 voltage codes; leak and reset pass a follower of gain 0.8
 * on their way (spec/emulator_physics.md 0 and 2.5). */
#define CODES_PER_LSB 2.4
#define CODES_PER_LSB_FOLLOWED 3.0

/* Medians of a real chip: codes at 80, 80 and 150 counts, 6 us, gm 500 (spec/calix_spec.md 8). */
#define V_LEAK_AT_80 630
#define V_RESET_AT_80 623
#define V_THRESHOLD_AT_150 389
#define I_LEAK_AT_6_US 158.0
#define SYNIN_EXC_TAU_AT_6_US 84.0
#define SYNIN_INH_TAU_AT_6_US 79.0
#define SYNIN_INH_GM_PER_EXC (554.0 / 492.0)
#define SYNIN_EXC_SHIFT 306
#define SYNIN_INH_SHIFT 278
#define DAC_BIAS_PER_WEAKEST 0.961
#define CADC_V_RAMP_OFFSET 31
#define CADC_I_RAMP_SLOPE 369
#define I_BIAS_RESET 1012

/* Circuit factors: leak bits 8 and 1/8, low resistance 1/4 of the time constant, capacitance
 * C_lsb * (code + 5) (spec/emulator_physics.md 0). */
#define LEAK_FACTOR 8.0
#define LOW_RESISTANCE_FACTOR 0.25
#define INTRINSIC_CAPACITANCE 5.0
#define CAPACITANCE_OF_MEDIANS 68.0
/* Switches are chosen so that a typical code leaves room for the spread. */
#define CODE_ROOM 900.0

static int32_t code(double value)
{
	return (int32_t)lround(fmin(fmax(value, 0), CODE_MAX));
}

static void fill(int32_t *values, size_t count, int32_t value)
{
	for (size_t i = 0; i < count; i++)
		values[i] = value;
}

static void typical_leak(struct calix__codes *c, const struct calix_target *target)
{
	const double capacitance = target->membrane_capacitance + INTRINSIC_CAPACITANCE;
	const double plain =
	        I_LEAK_AT_6_US * 6e-6 / target->tau_mem * capacitance / CAPACITANCE_OF_MEDIANS;
	const bool division = plain * LEAK_FACTOR <= CODE_ROOM;
	const bool multiplication = plain > CODE_ROOM;
	const double factor = division ? LEAK_FACTOR : multiplication ? 1 / LEAK_FACTOR : 1;
	fill(c->i_bias_leak, NEURONS, code(plain * factor));
	fill(c->leak_division, NEURONS, division);
	fill(c->leak_multiplication, NEURONS, multiplication);
}

static void typical_synaptic_tau(int32_t *bias, int32_t *high_resistance, double at_6_us, double tau)
{
	const double high = at_6_us * 6e-6 / tau;
	const bool fits = high <= CODE_ROOM;
	fill(high_resistance, NEURONS, fits);
	fill(bias, NEURONS, code(fits ? high : high * LOW_RESISTANCE_FACTOR));
}

static void typical_refractory(struct calix__codes *c, const struct calix_target *target)
{
	double time[NEURONS], holdoff[NEURONS] = { 0 };
	struct calix__refractory r = { 0 };
	for (size_t n = 0; n < NEURONS; n++)
		time[n] = target->refractory_time;
	if (calix__refractory_solve(&r, time, holdoff, NEURONS) != HXCOMM_OK)
		return; /* a validated target has a solution */
	for (size_t n = 0; n < NEURONS; n++) {
		c->refractory_counter[n] = r.counter[n];
		c->reset_holdoff[n] = r.holdoff[n];
		c->refractory_fast_clock[n] = r.fast_clock[n];
	}
	c->clock_scale_slow[0] = (int32_t)r.clock_scale_slow;
	c->clock_scale_fast[0] = (int32_t)r.clock_scale_fast;
}

void calix__codes_typical(struct calix__codes *codes, const struct calix_target *target)
{
	memset(codes, 0, sizeof(*codes));
	fill(codes->cadc_v_ramp_offset, 4, CADC_V_RAMP_OFFSET);
	fill(codes->cadc_i_ramp_slope, 4, CADC_I_RAMP_SLOPE);
	fill(codes->synapse_dac_bias, 4, code(DAC_BIAS_PER_WEAKEST * target->synapse_dac_bias));
	fill(codes->v_leak, NEURONS,
	        code(V_LEAK_AT_80 + CODES_PER_LSB_FOLLOWED * (target->leak_lsb - 80)));
	fill(codes->v_reset, NEURONS,
	        code(V_RESET_AT_80 + CODES_PER_LSB_FOLLOWED * (target->reset_lsb - 80)));
	fill(codes->v_threshold, NEURONS,
	        code(V_THRESHOLD_AT_150 + CODES_PER_LSB * (target->threshold_lsb - 150)));
	typical_leak(codes, target);
	fill(codes->i_bias_reset, NEURONS, I_BIAS_RESET);
	fill(codes->membrane_capacitance, NEURONS, (int32_t)target->membrane_capacitance);
	typical_refractory(codes, target);
	typical_synaptic_tau(codes->synin_exc_tau, codes->synin_exc_high_resistance,
	        SYNIN_EXC_TAU_AT_6_US, target->tau_syn_exc);
	typical_synaptic_tau(codes->synin_inh_tau, codes->synin_inh_high_resistance,
	        SYNIN_INH_TAU_AT_6_US, target->tau_syn_inh);
	fill(codes->synin_exc_shift, NEURONS, SYNIN_EXC_SHIFT);
	fill(codes->synin_inh_shift, NEURONS, SYNIN_INH_SHIFT);
	fill(codes->synin_exc_gm, NEURONS, code(target->synapse_gm));
	fill(codes->synin_inh_gm, NEURONS, code(SYNIN_INH_GM_PER_EXC * target->synapse_gm));
}

/* Cells of a neuron that come straight out of a member. */
static const struct {
	enum haldls_capmem_row row;
	size_t offset;
} cells[] = {
	{ HALDLS_CAPMEM_V_LEAK, offsetof(struct calix__codes, v_leak) },
	{ HALDLS_CAPMEM_V_RESET, offsetof(struct calix__codes, v_reset) },
	{ HALDLS_CAPMEM_V_THRESHOLD, offsetof(struct calix__codes, v_threshold) },
	{ HALDLS_CAPMEM_I_BIAS_LEAK, offsetof(struct calix__codes, i_bias_leak) },
	{ HALDLS_CAPMEM_I_BIAS_RESET, offsetof(struct calix__codes, i_bias_reset) },
	{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, offsetof(struct calix__codes, synin_exc_tau) },
	{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, offsetof(struct calix__codes, synin_exc_shift) },
	{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, offsetof(struct calix__codes, synin_exc_gm) },
	{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, offsetof(struct calix__codes, synin_inh_tau) },
	{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, offsetof(struct calix__codes, synin_inh_shift) },
	{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, offsetof(struct calix__codes, synin_inh_gm) },
};

static void apply_neuron(struct haldls_chip *chip, const struct calix__codes *c, uint32_t n)
{
	struct haldls_neuron_config *config = &chip->neuron_config[n];
	config->enable_leak_degeneration = true;
	config->enable_leak_division = c->leak_division[n] != 0;
	config->enable_leak_multiplication = c->leak_multiplication[n] != 0;
	config->enable_reset_degeneration = true;
	config->enable_reset_division = false;
	config->enable_reset_multiplication = true;
	config->membrane_capacitor_size = (uint32_t)c->membrane_capacitance[n];
	config->enable_synaptic_input_excitatory = true;
	config->enable_synaptic_input_inhibitory = true;
	config->enable_synaptic_input_excitatory_small_capacitance = false;
	config->enable_synaptic_input_inhibitory_small_capacitance = false;
	config->enable_synaptic_input_excitatory_high_resistance = c->synin_exc_high_resistance[n] != 0;
	config->enable_synaptic_input_inhibitory_high_resistance = c->synin_inh_high_resistance[n] != 0;
	config->enable_synaptic_input_excitatory_coba_mode = false;
	config->enable_synaptic_input_inhibitory_coba_mode = false;
	config->enable_readout_amplifier = true;
	config->readout_source = HALDLS_NEURON_CONFIG_READOUT_SOURCE_MEMBRANE;
	config->enable_fire = true;
	config->enable_threshold_comparator = true;

	struct haldls_neuron_backend_config *backend =
	        &chip->neuron_backend_config[haldls_neuron_backend(n)];
	backend->refractory_time = (uint32_t)c->refractory_counter[n];
	backend->reset_holdoff = (uint32_t)c->reset_holdoff[n];
	backend->select_input_clock = c->refractory_fast_clock[n] != 0;
	backend->enable_spike_out = true;

	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		const int32_t *values =
		        (const int32_t *)(const void *)((const char *)c + cells[i].offset);
		chip->capmem[haldls_capmem_cell_of_neuron(n, cells[i].row)] = (uint16_t)values[n];
	}
}

static void apply_cadc(struct haldls_chip *chip, const struct calix__codes *c)
{
	for (uint32_t q = 0; q < 4; q++) {
		const struct {
			enum haldls_capmem_shared_cell cell;
			int32_t code;
		} shared[] = {
			{ HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, c->cadc_v_ramp_offset[q] },
			{ HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, c->cadc_i_ramp_slope[q] },
			{ HALDLS_CAPMEM_CADC_V_BIAS_RAMP_BUF, 400 },
			{ HALDLS_CAPMEM_CADC_I_BIAS_COMP, CODE_MAX },
			{ HALDLS_CAPMEM_CADC_I_BIAS_VRESET_BUF, CODE_MAX },
			{ HALDLS_CAPMEM_SYN_I_BIAS_DAC, c->synapse_dac_bias[q] },
		};
		for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
			chip->capmem[haldls_capmem_cell_shared(q, shared[i].cell)] =
			        (uint16_t)shared[i].code;
	}
	for (uint32_t h = 0; h < 2; h++)
		chip->cadc_config[h].enable = true;
	for (uint32_t e = 0; e < 1024; e++)
		chip->cadc_channel_config[e].offset = c->cadc_channel_offset[e];
}

void calix__codes_apply(struct haldls_chip *chip, const struct calix__codes *codes)
{
	apply_cadc(chip, codes);
	for (uint32_t n = 0; n < NEURONS; n++)
		apply_neuron(chip, codes, n);
	for (uint32_t half = 0; half < 2; half++) {
		chip->common_neuron_backend_config[half].clock_scale_slow =
		        (uint32_t)codes->clock_scale_slow[0];
		chip->common_neuron_backend_config[half].clock_scale_fast =
		        (uint32_t)codes->clock_scale_fast[0];
	}
	for (uint32_t quad = 0; quad < 128; quad++) {
		for (uint32_t entry = 0; entry < 4; entry++) {
			struct haldls_column_correlation_quad *readout =
			        &chip->column_correlation_quad[quad];
			struct haldls_column_current_quad *current = &chip->column_current_quad[quad];
			readout->enable_cadc_neuron_readout_causal[entry] = true;
			readout->enable_cadc_neuron_readout_acausal[entry] = true;
			current->enable_synaptic_current_excitatory[entry] = true;
			current->enable_synaptic_current_inhibitory[entry] = true;
		}
	}
}

int calix__codes_add(struct calix_result *result, const struct calix__codes *codes,
        const struct calix__success *success)
{
	int status;
#define ADD(member, name, length)                                                                  \
	status = calix_result_add_array(result, name, codes->member, length, success->member);     \
	if (status != HXCOMM_OK)                                                                   \
		return status;
	CALIX_CODES(ADD)
#undef ADD
	return HXCOMM_OK;
}

static int read_array(int32_t *out, const struct calix_result *result, const char *name,
        size_t length)
{
	size_t count;
	const int32_t *values = calix_result_array(result, name, &count);
	if (!values || count != length)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the calibration of %s lacks the array %s: calibrate the chip again",
		        calix_result_chip(result), name);
	memcpy(out, values, length * sizeof(*out));
	return HXCOMM_OK;
}

int calix__codes_read(struct calix__codes *codes, const struct calix_result *result)
{
	int status;
#define READ(member, name, length)                                                                 \
	status = read_array(codes->member, result, name, length);                                  \
	if (status != HXCOMM_OK)                                                                   \
		return status;
	CALIX_CODES(READ)
#undef READ
	return HXCOMM_OK;
}
