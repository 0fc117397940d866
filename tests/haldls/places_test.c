// SPDX-License-Identifier: MIT
/* Places of neurons, cells, quads and drivers against the recorded conversion tables. */
#include "vectors.h"

#include "assert.h"

#include <haldls/places.h>

#include <stdbool.h>
#include <stdlib.h>

enum { SIZE_MAX_HERE = 131072, PARTS_MAX = 5 };

static uint32_t same(uint32_t e)
{
	return e;
}

/* ---- one number in, one out ------------------------------------------------------------------ */

static uint32_t driver_on_hemisphere_bus(uint32_t driver)
{
	return haldls_driver_bus(driver % HALDLS_DRIVERS);
}

static uint32_t driver_on_hemisphere_position(uint32_t driver)
{
	return haldls_driver_position(driver % HALDLS_DRIVERS);
}

/* Each recorded function that a function of ours answers. */
static const struct {
	const char *from, *function;
	uint32_t (*ours)(uint32_t);
} conversions[] = {
	{ "AtomicNeuronOnDLS", "toNeuronColumnOnDLS", haldls_neuron_column },
	{ "AtomicNeuronOnDLS", "toNeuronRowOnDLS", haldls_neuron_row },
	{ "AtomicNeuronOnDLS", "toSynramOnDLS", haldls_neuron_row },
	{ "AtomicNeuronOnDLS", "toCapMemBlockOnDLS", haldls_neuron_quadrant },
	{ "AtomicNeuronOnDLS", "toNeuronBackendConfigOnDLS", haldls_neuron_backend },
	{ "AtomicNeuronOnDLS", "toNeuronResetOnDLS", haldls_neuron_backend },
	{ "AtomicNeuronOnDLS", "toSpikeCounterReadOnDLS", haldls_neuron_backend },
	{ "NeuronBackendConfigOnDLS", "toAtomicNeuronOnDLS", haldls_neuron_backend },
	{ "AtomicNeuronOnDLS", "toNeuronConfigOnDLS", same },
	{ "NeuronColumnOnDLS", "toNeuronEventOutputOnDLS", haldls_neuron_event_output },
	{ "SynapseOnSynapseRow", "toSynapseQuadColumnOnDLS", haldls_quad_of_column },
	{ "SynapseOnSynapseRow", "toEntryOnQuad", haldls_quad_entry_of_column },
	{ "SynapseDriverOnSynapseDriverBlock", "toPADIBusOnPADIBusBlock", haldls_driver_bus },
	{ "SynapseDriverOnSynapseDriverBlock", "toSynapseDriverOnPADIBus", haldls_driver_position },
	{ "SynapseDriverOnDLS", "toPADIBusOnPADIBusBlock", driver_on_hemisphere_bus },
	{ "SynapseDriverOnDLS", "toSynapseDriverOnPADIBus", driver_on_hemisphere_position },
	{ "CrossbarNodeOnDLS", "toCrossbarInputOnDLS", haldls_crossbar_node_input },
	{ "CrossbarNodeOnDLS", "toCrossbarOutputOnDLS", haldls_crossbar_node_output },
};

/* ---- parts in, one number out ---------------------------------------------------------------- */

static uint32_t capmem_cell(const uint32_t p[PARTS_MAX])
{
	return haldls_capmem_cell(p[0], p[1], p[2]);
}

static uint32_t capmem_cell_of_neuron(const uint32_t p[PARTS_MAX])
{
	/* a neuron's column of its block, and any row: the same cell */
	const uint32_t neuron = p[2];
	return haldls_capmem_cell_of_neuron(neuron, HALDLS_CAPMEM_V_EXP) ==
	                       haldls_capmem_cell(p[0], HALDLS_CAPMEM_V_EXP, p[1])
	               ? neuron
	               : UINT32_MAX;
}

static uint32_t neuron(const uint32_t p[PARTS_MAX])
{
	return haldls_neuron(p[0], p[1]);
}

static uint32_t driver(const uint32_t p[PARTS_MAX])
{
	return haldls_driver(p[0], p[1]);
}

/* The recorded number of a driver's row is 0 for the upper one. */
static uint32_t row_of_driver(const uint32_t p[PARTS_MAX])
{
	return haldls_synapse_row_of_driver(p[0], !p[1]);
}

static uint32_t crossbar_node(const uint32_t p[PARTS_MAX])
{
	return haldls_crossbar_node(p[0], p[1]);
}

static uint32_t cadc_channel(const uint32_t p[PARTS_MAX])
{
	return haldls_cadc_channel(p[0], p[1], p[2]);
}

static uint32_t cadc_sample_quad(const uint32_t p[PARTS_MAX])
{
	return haldls_cadc_sample_quad(p[0], p[1], p[2], p[3], p[4]);
}

static uint32_t synapse_quad(const uint32_t p[PARTS_MAX])
{
	return haldls_synapse_quad(p[0], p[1], p[2]);
}

static uint32_t neuron_reset_quad(const uint32_t p[PARTS_MAX])
{
	return haldls_neuron_reset_quad(p[0], p[1]);
}

/* A coordinate equals what its recorded parts are composed to. */
static const struct {
	const char *from;
	uint32_t (*ours)(const uint32_t parts[PARTS_MAX]);
	const char *functions[PARTS_MAX];
} compositions[] = {
	{ "CapMemCellOnDLS", capmem_cell, { "toCapMemBlockOnDLS", "y", "x" } },
	{ "AtomicNeuronOnDLS", capmem_cell_of_neuron,
	        { "toCapMemBlockOnDLS", "toCapMemColumnOnCapMemBlock", "toNeuronConfigOnDLS" } },
	{ "AtomicNeuronOnDLS", neuron, { "y", "x" } },
	{ "SynapseDriverOnDLS", driver,
	        { "toSynapseDriverBlockOnDLS", "toSynapseDriverOnSynapseDriverBlock" } },
	{ "SynapseRowOnSynram", row_of_driver,
	        { "toSynapseDriverOnSynapseDriverBlock", "toSynapseRowOnSynapseDriver" } },
	{ "CrossbarNodeOnDLS", crossbar_node, { "toCrossbarInputOnDLS", "toCrossbarOutputOnDLS" } },
	{ "CADCChannelConfigOnDLS", cadc_channel,
	        { "toSynramOnDLS", "toCADCChannelType", "toSynapseOnSynapseRow" } },
	{ "CADCSampleQuadOnDLS", cadc_sample_quad,
	        { "toSynramOnDLS", "toCADCReadoutType", "toCADCChannelType", "y", "x" } },
	{ "SynapseQuadOnDLS", synapse_quad, { "toSynramOnDLS", "y", "x" } },
	{ "NeuronResetQuadOnDLS", neuron_reset_quad,
	        { "toSynramOnDLS", "toSynapseQuadColumnOnDLS" } },
};

/* ---- recorded tables ------------------------------------------------------------------------- */

/* A table, or samples of one: UINT32_MAX where nothing was recorded. */
static void read_table(uint32_t *out, const json_t *line)
{
	const json_t *table = json_object_get(line, "table");
	const json_t *samples = json_object_get(line, "samples");
	for (size_t e = 0; e < SIZE_MAX_HERE; e++)
		out[e] = e < json_array_size(table)
		                 ? (uint32_t)json_integer_value(json_array_get(table, e))
		                 : UINT32_MAX;
	for (size_t i = 0; i < json_array_size(samples); i++) {
		const json_t *pair = json_array_get(samples, i);
		const json_int_t e = json_integer_value(json_array_get(pair, 0));
		assert_in_range(e, 0, SIZE_MAX_HERE - 1);
		out[e] = (uint32_t)json_integer_value(json_array_get(pair, 1));
	}
}

static bool is_line_of(const json_t *line, const char *from, const char *function)
{
	return !strcmp(json_string_value(json_object_get(line, "from")), from) &&
	       !strcmp(json_string_value(json_object_get(line, "function")), function);
}

static void conversions_equal_the_recorded_tables(void **state)
{
	static uint32_t table[SIZE_MAX_HERE];
	bool seen[sizeof(conversions) / sizeof(*conversions)] = { false };
	(void)state;
	struct vectors *vectors = vectors_open("coordinate_conversions");
	for (json_t *line; (line = vectors_next(vectors));)
		FOR_ROWS (i, conversions) {
			if (!is_line_of(line, conversions[i].from, conversions[i].function))
				continue;
			read_table(table, line);
			for (uint32_t e = 0; e < SIZE_MAX_HERE; e++)
				if (table[e] != UINT32_MAX && conversions[i].ours(e) != table[e])
					fail_msg("%s %u %s is %u, recorded was %u", conversions[i].from, e,
					        conversions[i].function, conversions[i].ours(e), table[e]);
			seen[i] = true;
		}
	vectors_close(vectors);
	FOR_ROWS (i, conversions)
		if (!seen[i])
			fail_msg("%s of %s was not recorded", conversions[i].function, conversions[i].from);
}

static void compositions_equal_the_recorded_tables(void **state)
{
	enum { COUNT = sizeof(compositions) / sizeof(*compositions) };
	uint32_t *tables[COUNT][PARTS_MAX] = { 0 };
	size_t checked = 0;
	(void)state;
	struct vectors *vectors = vectors_open("coordinate_conversions");
	for (json_t *line; (line = vectors_next(vectors));)
		for (size_t i = 0; i < COUNT; i++)
			for (size_t p = 0; p < PARTS_MAX && compositions[i].functions[p]; p++) {
				if (!is_line_of(line, compositions[i].from, compositions[i].functions[p]))
					continue;
				tables[i][p] = malloc(SIZE_MAX_HERE * sizeof(uint32_t));
				assert_non_null(tables[i][p]);
				read_table(tables[i][p], line);
			}
	vectors_close(vectors);
	for (size_t i = 0; i < COUNT; i++)
		for (uint32_t e = 0; e < SIZE_MAX_HERE; e++) {
			uint32_t parts[PARTS_MAX] = { 0 };
			bool recorded = true;
			for (size_t p = 0; p < PARTS_MAX && compositions[i].functions[p]; p++) {
				if (!tables[i][p])
					fail_msg("%s of %s was not recorded", compositions[i].functions[p],
					        compositions[i].from);
				parts[p] = tables[i][p][e];
				recorded &= parts[p] != UINT32_MAX;
			}
			if (!recorded)
				continue;
			if (compositions[i].ours(parts) != e)
				fail_msg("%s %u is composed to %u", compositions[i].from, e,
				        compositions[i].ours(parts));
			checked++;
		}
	for (size_t i = 0; i < COUNT; i++)
		for (size_t p = 0; p < PARTS_MAX; p++)
			free(tables[i][p]);
	print_message("%zu coordinates composed\n", checked);
	assert_true(checked > 4000);
}

/* ---- what holds by itself -------------------------------------------------------------------- */

static void composed_coordinates_invert(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < HALDLS_NEURON_COLUMNS; c++)
		assert_int_equal(haldls_column_of_quad(haldls_quad_of_column(c),
		                         haldls_quad_entry_of_column(c)),
		        c);
	for (uint32_t n = 0; n < HALDLS_NEURONS; n++)
		assert_int_equal(haldls_neuron_backend(haldls_neuron_backend(n)), n);
	uint32_t nodes = 0;
	for (uint32_t i = 0; i < HALDLS_CROSSBAR_INPUTS; i++)
		for (uint32_t o = 0; o < HALDLS_CROSSBAR_OUTPUTS; o++) {
			const uint32_t node = haldls_crossbar_node(i, o);
			if (node == UINT32_MAX)
				continue;
			assert_int_equal(node, nodes++);
			assert_int_equal(haldls_crossbar_node_input(node), i);
			assert_int_equal(haldls_crossbar_node_output(node), o);
		}
	assert_int_equal(nodes, HALDLS_CROSSBAR_NODES);
}

/* Shared cells lie in the two columns behind the neurons (spec/registers_chip.md 2). */
static void shared_cells_are_no_neurons(void **state)
{
	(void)state;
	for (uint32_t quadrant = 0; quadrant < HALDLS_QUADRANTS; quadrant++) {
		const uint32_t cell =
		        haldls_capmem_cell_shared(quadrant, HALDLS_CAPMEM_NEURON_I_BIAS_SYNIN_DROP);
		assert_int_equal(cell, haldls_capmem_cell(quadrant, 23, 129));
		assert_int_equal(haldls_capmem_cell_shared(quadrant, HALDLS_CAPMEM_STP_V_CHARGE_0),
		        haldls_capmem_cell(quadrant, 0, 128));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions_equal_the_recorded_tables),
		cmocka_unit_test(compositions_equal_the_recorded_tables),
		cmocka_unit_test(composed_coordinates_invert),
		cmocka_unit_test(shared_cells_are_no_neurons),
	};
	return cmocka_run_group_tests_name("haldls/places", tests, NULL, NULL);
}
