// SPDX-License-Identifier: MIT
/* Coordinates against the recorded conversion tables. */
#include "vectors.h"

#include "assert.h"

#include <haldls/coordinate.h>

#include <stdlib.h>

static uint32_t same(uint32_t e)
{
	return e;
}

static uint32_t driver_bus(uint32_t d)
{
	return haldls_driver_bus(d);
}

/* Each recorded function that a function of ours answers. */
static const struct {
	const char *from, *function;
	uint32_t (*ours)(uint32_t);
} conversions[] = {
	{ "AtomicNeuronOnDLS", "toNeuronColumnOnDLS", haldls_neuron_column },
	{ "AtomicNeuronOnDLS", "toNeuronRowOnDLS", haldls_neuron_row },
	{ "AtomicNeuronOnDLS", "toCapMemBlockOnDLS", haldls_neuron_quadrant },
	{ "AtomicNeuronOnDLS", "toNeuronBackendConfigOnDLS", haldls_neuron_backend },
	{ "NeuronBackendConfigOnDLS", "toAtomicNeuronOnDLS", haldls_neuron_backend },
	{ "AtomicNeuronOnDLS", "toNeuronConfigOnDLS", same },
	{ "NeuronColumnOnDLS", "toNeuronEventOutputOnDLS", haldls_neuron_event_output },
	{ "SynapseOnSynapseRow", "toSynapseQuadColumnOnDLS", haldls_quad_of_column },
	{ "SynapseOnSynapseRow", "toEntryOnQuad", haldls_quad_entry_of_column },
	{ "SynapseDriverOnSynapseDriverBlock", "toPADIBusOnPADIBusBlock", driver_bus },
	{ "SynapseDriverOnSynapseDriverBlock", "toSynapseDriverOnPADIBus", haldls_driver_position },
	{ "CrossbarNodeOnDLS", "toCrossbarInputOnDLS", haldls_crossbar_node_input },
	{ "CrossbarNodeOnDLS", "toCrossbarOutputOnDLS", haldls_crossbar_node_output },
};

static void conversions_equal_the_recorded_tables(void **state)
{
	size_t passed = 0;
	(void)state;
	struct vectors *vectors = vectors_open("coordinate_conversions");
	for (json_t *line; (line = vectors_next(vectors));) {
		const char *from = json_string_value(json_object_get(line, "from"));
		const char *function = json_string_value(json_object_get(line, "function"));
		const json_t *table = json_object_get(line, "table");
		FOR_ROWS (i, conversions) {
			if (strcmp(conversions[i].from, from) != 0 ||
			        strcmp(conversions[i].function, function) != 0)
				continue;
			for (uint32_t e = 0; e < json_array_size(table); e++)
				assert_int_equal(conversions[i].ours(e),
				        json_integer_value(json_array_get(table, e)));
			passed++;
		}
	}
	vectors_close(vectors);
	print_message("%zu of %zu tables passed\n", passed,
	        sizeof(conversions) / sizeof(*conversions));
	assert_true(passed >= 8);
}

static void composed_coordinates_invert(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < HALDLS_NEURON_COLUMNS; c++)
		assert_int_equal(haldls_column_of_quad(haldls_quad_of_column(c),
		                         haldls_quad_entry_of_column(c)),
		        c);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversions_equal_the_recorded_tables),
		cmocka_unit_test(composed_coordinates_invert),
	};
	return cmocka_run_group_tests_name("haldls/coordinate", tests, NULL, NULL);
}
