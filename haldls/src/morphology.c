// SPDX-License-Identifier: MIT
#include <haldls/coordinate.h>
#include <haldls/morphology.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROWS = HALDLS_MORPHOLOGY_ROWS,
	COLUMNS = HALDLS_MORPHOLOGY_COLUMNS,
	CIRCUITS = HALDLS_MORPHOLOGY_CIRCUITS,
};

/* Circuits by their number, row-major. */
struct set {
	bool has[CIRCUITS];
	uint16_t list[CIRCUITS]; /* [count] in the order of arrival */
	uint32_t count;
};

static uint32_t number_of(uint32_t row, uint32_t column)
{
	return row * COLUMNS + column;
}

static void set_add(struct set *set, uint32_t number)
{
	if (set->has[number])
		return;
	set->has[number] = true;
	set->list[set->count++] = (uint16_t)number;
}

static const struct haldls_circuit_switches *switches_of(
	const struct haldls_morphology *m, uint32_t number)
{
	return &m->switches[number / COLUMNS][number % COLUMNS];
}

static int check_circuit(uint32_t row, uint32_t column)
{
	if (row < ROWS && column < COLUMNS)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ERANGE,
		"circuit in row %" PRIu32 ", column %" PRIu32 ": rows are 0 and 1, columns 0 to %d",
		row, column, COLUMNS - 1);
}

/* ---- drawing --------------------------------------------------------------------------------- */

void haldls_morphology_init(struct haldls_morphology *out)
{
	memset(out, 0, sizeof(*out));
}

static int join(struct haldls_morphology *m, uint32_t row, uint32_t column, bool by_switch)
{
	const int status = check_circuit(row, column);
	if (status != HXCOMM_OK)
		return status;
	struct haldls_circuit_switches *s = &m->switches[row][column];
	if (by_switch ? s->enable_conductance : s->connect_soma)
		return hxcomm_error_set(HXCOMM_ESTATE,
			"the circuit in row %" PRIu32 ", column %" PRIu32
			" is joined to the somatic line "
			"%s already: it can be so in one way only",
			row, column, by_switch ? "through a conductance" : "by a switch");
	s->used = true;
	if (by_switch)
		s->connect_soma = true;
	else
		s->enable_conductance = true;
	return HXCOMM_OK;
}

int haldls_morphology_connect_to_soma(
	struct haldls_morphology *morphology, uint32_t row, uint32_t column)
{
	return join(morphology, row, column, true);
}

int haldls_morphology_connect_resistor_to_soma(
	struct haldls_morphology *morphology, uint32_t row, uint32_t column)
{
	return join(morphology, row, column, false);
}

int haldls_morphology_connect_soma_line(
	struct haldls_morphology *morphology, uint32_t row, uint32_t first, uint32_t last)
{
	int status = check_circuit(row, first);
	if (status == HXCOMM_OK)
		status = check_circuit(row, last);
	if (status == HXCOMM_OK && first >= last)
		status = hxcomm_error_set(HXCOMM_ERANGE,
			"a somatic line from column %" PRIu32 " to %" PRIu32 " has no length",
			first, last);
	for (uint32_t c = first; c < last && status == HXCOMM_OK; c++)
		morphology->switches[row][c].used =
			morphology->switches[row][c].connect_soma_right = true;
	if (status == HXCOMM_OK)
		morphology->switches[row][last].used = true;
	return status;
}

/* Neighbours of a circuit by its sides: at most three. */
static uint32_t list_neighbours(uint32_t out[3], uint32_t number)
{
	const uint32_t column = number % COLUMNS;
	uint32_t count = 0;
	out[count++] = number < COLUMNS ? number + COLUMNS : number - COLUMNS;
	if (column > 0)
		out[count++] = number - 1;
	if (column + 1 < COLUMNS)
		out[count++] = number + 1;
	return count;
}

static bool is_connected(const struct set *set)
{
	struct set reached = { 0 };
	set_add(&reached, set->list[0]);
	for (uint32_t i = 0; i < reached.count; i++) {
		uint32_t neighbours[3];
		const uint32_t count = list_neighbours(neighbours, reached.list[i]);
		for (uint32_t n = 0; n < count; n++)
			if (set->has[neighbours[n]])
				set_add(&reached, neighbours[n]);
	}
	return reached.count == set->count;
}

static int read_circuits(struct set *out, const struct haldls_morphology *m,
	const struct haldls_circuit *circuits, uint32_t count)
{
	memset(out, 0, sizeof(*out));
	if (!count || count > CIRCUITS)
		return hxcomm_error_set(HXCOMM_EINVAL,
			"a compartment of %" PRIu32 " circuits: it has 1 to %d", count, CIRCUITS);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t row = circuits[i].row, column = circuits[i].column;
		const int status = check_circuit(row, column);
		if (status != HXCOMM_OK)
			return status;
		if (m->compartment[row][column] || out->has[number_of(row, column)])
			return hxcomm_error_set(HXCOMM_ESTATE,
				"the circuit in row %" PRIu32 ", column %" PRIu32
				" belongs to a compartment already",
				row, column);
		set_add(out, number_of(row, column));
	}
	if (!is_connected(out))
		return hxcomm_error_set(HXCOMM_EINVAL,
			"the %" PRIu32 " circuits of a compartment do not all lie side by side",
			count);
	return HXCOMM_OK;
}

static void append_compartment(struct haldls_morphology *m, const struct set *set)
{
	const uint32_t number = m->compartment_count++;
	uint32_t end = m->first[number];
	for (uint32_t i = 0; i < set->count; i++) {
		const uint32_t row = set->list[i] / COLUMNS, column = set->list[i] % COLUMNS;
		m->switches[row][column].used = true;
		m->compartment[row][column] = (uint16_t)(number + 1);
		m->circuits[end++] = (struct haldls_circuit){ (uint8_t)row, (uint8_t)column };
	}
	m->first[number + 1] = end;
}

int haldls_morphology_add_compartment(uint32_t *out, struct haldls_morphology *morphology,
	const struct haldls_circuit *circuits, uint32_t count)
{
	struct set set;
	const int status = read_circuits(&set, morphology, circuits, count);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t i = 0; i < set.count; i++) {
		const uint32_t row = set.list[i] / COLUMNS, column = set.list[i] % COLUMNS;
		struct haldls_circuit_switches *s = &morphology->switches[row][column];
		s->connect_vertical = set.has[number_of(1 - row, column)];
		s->connect_right = column + 1 < COLUMNS && set.has[number_of(row, column + 1)];
	}
	if (out)
		*out = morphology->compartment_count;
	append_compartment(morphology, &set);
	return HXCOMM_OK;
}

/* ---- finishing ------------------------------------------------------------------------------- */

/* First and last column of the somatic line that passes a circuit. */
static void find_line(
	uint32_t *first, uint32_t *last, const struct haldls_morphology *m, uint32_t number)
{
	const uint32_t row = number / COLUMNS;
	*first = *last = number % COLUMNS;
	while (*first > 0 && m->switches[row][*first - 1].connect_soma_right)
		(*first)--;
	while (*last + 1 < COLUMNS && m->switches[row][*last].connect_soma_right)
		(*last)++;
}

static void add_neighbours(struct set *set, const struct haldls_morphology *m, uint32_t number)
{
	const struct haldls_circuit_switches *s = switches_of(m, number);
	const uint32_t row = number / COLUMNS, column = number % COLUMNS;
	const uint32_t other = number_of(1 - row, column);
	if (s->connect_vertical && switches_of(m, other)->connect_vertical)
		set_add(set, other);
	if (s->connect_right && column + 1 < COLUMNS)
		set_add(set, number + 1);
	if (column > 0 && switches_of(m, number - 1)->connect_right)
		set_add(set, number - 1);
	if (!s->connect_soma)
		return;
	uint32_t first, last;
	find_line(&first, &last, m, number);
	for (uint32_t c = first; c <= last; c++)
		if (m->switches[row][c].connect_soma)
			set_add(set, number_of(row, c));
}

/* All circuits that share a membrane with one. */
static void find_membrane(struct set *out, const struct haldls_morphology *m, uint32_t number)
{
	memset(out, 0, sizeof(*out));
	set_add(out, number);
	for (uint32_t i = 0; i < out->count; i++)
		add_neighbours(out, m, out->list[i]);
}

static int check_compartments(const struct haldls_morphology *m)
{
	for (uint32_t c = 0; c < m->compartment_count; c++) {
		const struct haldls_circuit *first = &m->circuits[m->first[c]];
		const uint32_t size = m->first[c + 1] - m->first[c];
		struct set membrane;
		find_membrane(&membrane, m, number_of(first->row, first->column));
		if (membrane.count != size)
			return hxcomm_error_set(HXCOMM_ESTATE,
				"compartment %" PRIu32 " has %" PRIu32 " circuits, but %" PRIu32
				" share its membrane: join it to others through a conductance",
				c, size, membrane.count);
	}
	return HXCOMM_OK;
}

/* Circuits that belong to none yet. */
static void add_bridges(struct haldls_morphology *m)
{
	for (uint32_t number = 0; number < CIRCUITS; number++) {
		struct set membrane;
		if (!switches_of(m, number)->used ||
			m->compartment[number / COLUMNS][number % COLUMNS])
			continue;
		find_membrane(&membrane, m, number);
		append_compartment(m, &membrane);
	}
}

/* Does a circuit take part in what happens on its somatic line? */
static bool is_on_line(const struct haldls_morphology *m, uint32_t number, uint32_t bridges)
{
	const struct haldls_circuit_switches *s = switches_of(m, number);
	const uint32_t compartment = m->compartment[number / COLUMNS][number % COLUMNS];
	return s->connect_soma || s->enable_conductance || compartment > bridges;
}

/* Mark all compartments that a marked one meets on a line; returns how many are new. */
static uint32_t spread(
	bool marked[CIRCUITS + 1], const struct haldls_morphology *m, uint32_t bridges)
{
	uint32_t added = 0;
	for (uint32_t number = 0; number < CIRCUITS; number++) {
		const uint32_t row = number / COLUMNS;
		uint32_t first, last;
		if (!marked[m->compartment[row][number % COLUMNS]] ||
			!is_on_line(m, number, bridges))
			continue;
		find_line(&first, &last, m, number);
		for (uint32_t c = first; c <= last; c++) {
			const uint32_t other = m->compartment[row][c];
			if (!other || marked[other] || !is_on_line(m, number_of(row, c), bridges))
				continue;
			marked[other] = true;
			added++;
		}
	}
	return added;
}

static int check_contiguous(const struct haldls_morphology *m, uint32_t bridges)
{
	bool marked[CIRCUITS + 1] = { [1] = true };
	uint32_t reached = 1;
	for (uint32_t added = 1; added;) {
		added = spread(marked, m, bridges);
		reached += added;
	}
	if (reached == m->compartment_count)
		return HXCOMM_OK;
	uint32_t lost = 1;
	while (marked[lost])
		lost++;
	return hxcomm_error_set(HXCOMM_ESTATE,
		"compartment %" PRIu32
		" is not joined to compartment 0: draw a somatic line between them, "
		"and join both to it",
		lost - 1);
}

static void fill_neuron(struct haldls_logical_neuron *out, const struct haldls_morphology *m)
{
	memset(out, 0, sizeof(*out));
	out->compartment_count = m->compartment_count;
	memcpy(out->first, m->first, sizeof(out->first));
	memcpy(out->circuits, m->circuits, sizeof(out->circuits));
	for (uint32_t i = 0; i < m->first[m->compartment_count]; i++) {
		const struct haldls_circuit_switches *s =
			&m->switches[m->circuits[i].row][m->circuits[i].column];
		haldls_atomic_neuron_init(&out->neurons[i]);
		out->neurons[i].multicompartment.connect_soma = s->connect_soma;
		out->neurons[i].multicompartment.connect_soma_right = s->connect_soma_right;
		out->neurons[i].multicompartment.connect_right = s->connect_right;
		out->neurons[i].multicompartment.connect_vertical = s->connect_vertical;
		out->neurons[i].multicompartment.enable_conductance = s->enable_conductance;
	}
}

int haldls_logical_neuron_plan(
	struct haldls_logical_neuron *out, const struct haldls_morphology *morphology)
{
	struct haldls_morphology m = *morphology;
	const uint32_t created = m.compartment_count;
	int status = check_compartments(&m);
	if (status != HXCOMM_OK)
		return status;
	add_bridges(&m);
	if (!m.compartment_count)
		return hxcomm_error_set(HXCOMM_EINVAL, "a morphology without a compartment");
	status = check_contiguous(&m, created);
	if (status == HXCOMM_OK)
		fill_neuron(out, &m);
	return status;
}

/* ---- parameters and places ------------------------------------------------------------------- */

int haldls_logical_neuron_set(struct haldls_logical_neuron *neuron, uint32_t compartment,
	uint32_t index, const struct haldls_atomic_neuron *value)
{
	if (compartment >= neuron->compartment_count ||
		index >= neuron->first[compartment + 1] - neuron->first[compartment])
		return hxcomm_error_set(HXCOMM_ERANGE,
			"there is no circuit %" PRIu32 " of compartment %" PRIu32
			": the neuron has %" PRIu32 " compartments",
			index, compartment, neuron->compartment_count);
	struct haldls_atomic_neuron *own = &neuron->neurons[neuron->first[compartment] + index];
	struct haldls_atomic_neuron next = *value;
	next.multicompartment = own->multicompartment;
	next.multicompartment.i_bias_nmda = value->multicompartment.i_bias_nmda;
	next.multicompartment.enable_conductance_division =
		value->multicompartment.enable_conductance_division;
	next.multicompartment.enable_conductance_multiplication =
		value->multicompartment.enable_conductance_multiplication;
	*own = next;
	return HXCOMM_OK;
}

/* The bounding box on the grid. */
struct box {
	uint32_t left, right, top, bottom;
};

static struct box find_box(const struct haldls_logical_neuron *neuron, uint32_t count)
{
	struct box box = { COLUMNS - 1, 0, ROWS - 1, 0 };
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t row = neuron->circuits[i].row, column = neuron->circuits[i].column;
		box.left = column < box.left ? column : box.left;
		box.right = column > box.right ? column : box.right;
		box.top = row < box.top ? row : box.top;
		box.bottom = row > box.bottom ? row : box.bottom;
	}
	return box;
}

static int check_place(const struct box *box, uint32_t anchor)
{
	if (anchor >= HALDLS_NEURONS)
		return hxcomm_error_set(HXCOMM_ERANGE,
			"AtomicNeuronOnDLS is %" PRIu32 ", allowed are 0 to %d", anchor,
			HALDLS_NEURONS - 1);
	const uint32_t row = haldls_neuron_row(anchor), column = haldls_neuron_column(anchor);
	const uint32_t width = box->right - box->left, height = box->bottom - box->top;
	if (row + height >= ROWS || column % COLUMNS + width >= COLUMNS)
		return hxcomm_error_set(HXCOMM_ERANGE,
			"a neuron of %" PRIu32 " rows and %" PRIu32
			" columns does not fit at row %" PRIu32 ", column %" PRIu32
			" of the chip, whose columns 127 and 128 are not neighbours",
			height + 1, width + 1, row, column);
	return HXCOMM_OK;
}

/* A switch to the right belongs to the left one of two circuits, wherever those are now. */
static void move_switches(struct haldls_atomic_neuron *values, const uint32_t *coordinates,
	const struct haldls_logical_neuron *neuron, uint32_t i, const int16_t *index_of)
{
	const struct haldls_circuit *circuit = &neuron->circuits[i];
	const struct haldls_atomic_neuron *own = &neuron->neurons[i];
	if (circuit->column + 1 == COLUMNS)
		return;
	const int16_t partner = index_of[number_of(circuit->row, circuit->column + 1u)];
	if (partner < 0)
		return;
	const uint32_t left = coordinates[i] < coordinates[partner] ? i : (uint32_t)partner;
	if (own->multicompartment.connect_right)
		values[left].multicompartment.connect_right = true;
	if (own->multicompartment.connect_soma_right)
		values[left].multicompartment.connect_soma_right = true;
}

int haldls_logical_neuron_place(uint32_t *coordinates, struct haldls_atomic_neuron *values,
	const struct haldls_logical_neuron *neuron, uint32_t anchor, bool flip_columns,
	bool flip_rows)
{
	const uint32_t count = neuron->first[neuron->compartment_count];
	const struct box box = find_box(neuron, count);
	int16_t index_of[CIRCUITS];
	const int status = check_place(&box, anchor);
	if (status != HXCOMM_OK)
		return status;
	memset(index_of, -1, sizeof(index_of));
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t row = neuron->circuits[i].row, column = neuron->circuits[i].column;
		coordinates[i] = haldls_neuron(
			haldls_neuron_row(anchor) + (flip_rows ? box.bottom - row : row - box.top),
			haldls_neuron_column(anchor) +
				(flip_columns ? box.right - column : column - box.left));
		index_of[number_of(row, column)] = (int16_t)i;
		values[i] = neuron->neurons[i];
		values[i].multicompartment.connect_right = false;
		values[i].multicompartment.connect_soma_right = false;
	}
	for (uint32_t i = 0; i < count; i++)
		move_switches(values, coordinates, neuron, i, index_of);
	return HXCOMM_OK;
}
