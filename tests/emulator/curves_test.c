// SPDX-License-Identifier: MIT
/* Every interval between spikes on whole chips with variation, against the law of its own neuron:
 * the time from reset to threshold is the integral of C dV / I(V), with what the oracle says of C
 * and I; for one circuit, for nodes of several, and for neurons with adaptation and exponential
 * term. */
#include "calibrate.h"

#include "analog_state.h"
#include "physics.h"

enum {
	USUAL = 2,
	SCALE = 4,          /* of the refractory clock: 128 ns */
	COUNTER = 250,      /* 32 us: every reset ends at its equilibrium */
	HELD = COUNTER - 1, /* periods until the release */
	GROUP_MAX = 4,
};

static struct fixture f;

/* ---- the law -------------------------------------------------------------------------------- */

/* Circuits that share a membrane; the first one fires and is reset. */
struct node {
	struct emulator_analog_truth circuit[GROUP_MAX];
	unsigned circuits;
	double farad;
	double exponential, exponential_reference; /* A, V */
	double adaptation;                         /* A, a constant one */
};

/* Current into a node, A. */
static double current(const struct node *node, double v)
{
	double sum = -PHYSICS_ADAPT_LIMIT * tanh(node->adaptation / PHYSICS_ADAPT_LIMIT);
	if (node->exponential > 0)
		sum += fmin(node->exponential *
				    exp((v - node->exponential_reference) / PHYSICS_EXP_WIDTH),
			PHYSICS_EXP_LIMIT);
	for (unsigned i = 0; i < node->circuits; i++) {
		const struct emulator_analog_truth *t = &node->circuit[i];
		sum += t->offset_current +
		       t->leak_current * tanh(t->leak_conductance / t->leak_current *
						 (t->leak_reference - v));
	}
	return sum;
}

/* Current into a node in reset, A. */
static double reset_current(const struct node *node, double v)
{
	const struct emulator_analog_truth *t = &node->circuit[0];
	return t->reset_conductance * (t->reset_reference - v) + current(node, v);
}

/* Where a reset holds the node, V: the lowest such place. */
static double reset_volt(const struct node *node)
{
	double low = 0, high = 0;
	while (reset_current(node, high) > 0 && high < PHYSICS_RAIL)
		high += 5e-3;
	low = high - 5e-3;
	for (unsigned i = 0; i < 50; i++) {
		const double v = (low + high) / 2;
		if (reset_current(node, v) > 0)
			low = v;
		else
			high = v;
	}
	return (low + high) / 2;
}

enum { SIMPSON = 200 };

/* From reset to threshold, s; infinite where the currents turn before. @param least smallest
 * current on the way, A */
static double climb(const struct node *node, double *least)
{
	const double from = reset_volt(node), to = node->circuit[0].threshold,
		     step = (to - from) / SIMPSON;
	double sum = 0;
	*least = INFINITY;
	for (unsigned i = 0; i <= SIMPSON; i++) {
		const double weight = i == 0 || i == SIMPSON ? 1 : i % 2 ? 4 : 2;
		const double now = current(node, from + i * step);
		*least = fmin(*least, now);
		sum += weight / now;
	}
	return *least > 0 ? node->farad * sum * step / 3 : INFINITY;
}

/* ---- the chip ------------------------------------------------------------------------------- */

static void begin(uint32_t serial)
{
	fixture_begin(&f, serial, 1, false, true);
	f.neuron.enable_fire = true;
	f.neuron.enable_membrane_offset = true;
	f.backend.refractory_time = COUNTER;
	f.backend.reset_holdoff = 15;
	f.backend.select_input_clock = 1;
	f.common.clock_scale_fast = SCALE;
	fixture_neurons(&f);
	fixture_backends(&f);
	fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	fixture_row(&f, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.45));
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	fixture_row(&f, HALDLS_CAPMEM_V_RESET, code_of_reset(0.40));
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_RESET, 1012);
	fixture_row(&f, HALDLS_CAPMEM_V_THRESHOLD, code_of_threshold(0.65));
}

/* Membranes of @circuits neighbours are one; the first of them fires where @comparator is set. */
static void set_neurons(unsigned circuits, bool comparator)
{
	for (uint32_t n = 0; n < NEURONS; n++) {
		struct haldls_neuron_config config = f.neuron;
		config.enable_threshold_comparator = comparator && n % circuits == 0;
		config.enable_fire = n % circuits == 0;
		config.connect_membrane_right = n % circuits + 1 < circuits;
		emulator__analog_set_neuron(f.analog, n, &config);
	}
}

static bool is_broken(uint32_t first, unsigned circuits)
{
	bool any = false;
	for (uint32_t n = first; n < first + circuits; n++)
		any |= f.analog->pattern->neuron[n].fault != VARIATION_SOUND;
	return any;
}

static struct node node_of(uint32_t first, unsigned circuits)
{
	struct node node = {.circuits = circuits};
	for (unsigned i = 0; i < circuits; i++) {
		emulator__analog_true_neuron(&node.circuit[i], f.analog, first + i);
		node.farad += node.circuit[i].capacitance;
	}
	return node;
}

/* Ticks of the first spikes of each neuron, from now on. */
enum { KEPT = 400 };

static uint64_t spikes[NEURONS][KEPT];
static unsigned counts[NEURONS];

static void run(uint64_t ticks)
{
	enum { PART = TICKS_MS / 2 };
	memset(counts, 0, sizeof(counts));
	for (uint64_t t = 0; t < ticks; t += PART) {
		f.count = 0;
		fixture_advance(&f, PART);
		for (size_t i = 0; i < f.count; i++) {
			const uint16_t n = f.spikes[i].neuron;
			if (counts[n] < KEPT)
				spikes[n][counts[n]++] = f.spikes[i].time;
		}
	}
}

/* Tick at which the reset that follows a spike is released. */
static uint64_t release(uint64_t spike)
{
	return ((spike >> (SCALE + 1)) + HELD) << (SCALE + 1);
}

/* ---- f-I curves ----------------------------------------------------------------------------- */

/* What was found of the intervals of all nodes. */
struct findings {
	unsigned firing, silent, intervals, good;
	double worst; /* s */
};

/* Compare the intervals of a node with its law: good are those within 0.2 % and 16 ns
 * (spec/emulator_numerics.md 7). */
static void compare_node(struct findings *out, const struct node *node, uint32_t n)
{
	enum { SETTLING = 2 }; /* the first interval begins anywhere */
	static const double least_current = 3e-9, period = 128e-9;
	double least;
	const double way = climb(node, &least);
	if (reset_volt(node) >= node->circuit[0].threshold || least < -least_current) {
		assert_true(counts[n] <= 1); /* when the comparator is switched on */
		out->silent++;
		return;
	}
	/* nearly at rest below the threshold, or above it while still refractory */
	if (least < least_current * node->circuits || way < 2 * period)
		return;
	assert_true(counts[n] > SETTLING);
	out->firing++;
	for (unsigned i = SETTLING; i < counts[n]; i++) {
		const double ticks = (double)(spikes[n][i] - release(spikes[n][i - 1])) -
				     PHYSICS_COMPARATOR_DELAY;
		const double error = fabs(ticks * 4e-9 - way);
		out->intervals++;
		out->good += error < 0.002 * way + 16e-9;
		out->worst = fmax(out->worst, error);
	}
}

static struct findings compare(unsigned circuits, uint16_t offset)
{
	struct findings found = {0};
	for (uint32_t n = 0; n < NEURONS; n += circuits) {
		const struct node node = node_of(n, circuits);
		if (!is_broken(n, circuits))
			compare_node(&found, &node, n);
	}
	print_message("nodes of %u at code %u: %u fire, %u do not, %.3f of %u intervals good, "
		      "worst %.0f ns\n",
		circuits, offset, found.firing, found.silent, (double)found.good / found.intervals,
		found.intervals, found.worst * 1e9);
	return found;
}

/* Currents from below the onset of the typical neuron to far above. */
static const uint16_t offsets[] = {150, 260, 450, 900};

static void drive(unsigned circuits, uint16_t offset, uint64_t ticks)
{
	fixture_neurons(&f);
	fixture_row(&f, HALDLS_CAPMEM_I_MEM_OFFSET, offset);
	fixture_advance(&f, 60 * TICKS_MS);
	set_neurons(circuits, false);
	fixture_advance(&f, TICKS_MS / 2);
	set_neurons(circuits, true);
	run(ticks);
}

static void every_neuron_fires_by_its_own_law(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		unsigned silent = 0, firing = 0;
		begin(serial);
		FOR_ROWS(i, offsets)
		{
			drive(1, offsets[i], TICKS_MS / 2);
			const struct findings found = compare(1, offsets[i]);
			assert_int_equal(found.good, found.intervals);
			silent += found.silent;
			firing += found.firing;
		}
		assert_true(silent > 300 && firing > 1200);
		fixture_end(&f);
	}
}

/* A node of several circuits is a neuron with the sum of their capacitors, leaks and currents. */
static void joined_circuits_fire_by_the_law_of_their_sums(void **state)
{
	static const unsigned sizes[] = {2, 4};
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		unsigned intervals = 0;
		begin(serial);
		FOR_ROWS(k, sizes)
		for (unsigned i = 1; i < 3; i++) {
			drive(sizes[k], offsets[i], TICKS_MS / 2);
			const struct findings found = compare(sizes[k], offsets[i]);
			assert_int_equal(found.good, found.intervals);
			intervals += found.intervals;
		}
		assert_true(intervals > 5000);
		fixture_end(&f);
	}
}

/* ---- soma and dendrite ---------------------------------------------------------------------- */

/* Where both ends of a conductance rest: what the dendrite's currents bring flows to the soma. */
static double rest_of_pair(
	double *soma, const struct node *one, const struct node *dendrite, double siemens)
{
	double low = 0, high = 1.1;
	for (unsigned i = 0; i < 50; i++) {
		const double v = (low + high) / 2, flow = current(dendrite, v);
		*soma = v - flow / siemens;
		if (current(one, *soma) + flow > 0)
			low = v;
		else
			high = v;
	}
	return low;
}

/* Odd neurons are dendrites with a current, even ones their somata without. */
static void dendrites_feed_their_somata(void **state)
{
	enum { OFFSET = 300, CODE = 100 };
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		double raised = 0;
		begin(serial);
		fixture_row(&f, HALDLS_CAPMEM_I_MEM_OFFSET, OFFSET);
		fixture_row(&f, HALDLS_CAPMEM_I_BIAS_NMDA, CODE);
		for (uint32_t n = 0; n < NEURONS; n++) {
			struct haldls_neuron_config config = f.neuron;
			config.enable_membrane_offset = n % 2;
			config.enable_multicomp_conductance = n % 2;
			config.connect_soma = config.connect_soma_right = n % 2 == 0;
			emulator__analog_set_neuron(f.analog, n, &config);
		}
		fixture_advance(&f, 100 * TICKS_MS);
		for (uint32_t n = 0; n < NEURONS; n += 2) {
			const struct node one = node_of(n, 1), dendrite = node_of(n + 1, 1);
			const uint32_t cell =
				haldls_capmem_cell_of_neuron(n + 1, HALDLS_CAPMEM_I_BIAS_NMDA);
			const double siemens = PHYSICS_COMPARTMENT *
					       emulator__analog_true_cell(f.analog, f.now, cell) *
					       (double)f.analog->pattern->neuron[n + 1].compartment;
			double soma;
			const double volt = rest_of_pair(&soma, &one, &dendrite, siemens);
			assert_near(emulator__analog_true_membrane(f.analog, n), soma, 0, 1e-3);
			assert_near(emulator__analog_true_membrane(f.analog, n + 1), volt, 0, 1e-3);
			raised += (soma - one.circuit[0].leak_reference) / (NEURONS / 2);
		}
		print_message(
			"chip %u: somata are raised by %.0f mV\n", (unsigned)serial, raised * 1e3);
		assert_true(raised > 0.05);
		fixture_end(&f);
	}
}

/* ---- adaptation ----------------------------------------------------------------------------- */

static void begin_adapting(uint32_t serial)
{
	begin(serial);
	f.neuron.enable_adaptation = f.neuron.enable_exponential = true;
	f.backend.enable_adaptation_pulse = true;
	f.common.clock_scale_adaptation_pulse = 7;
	fixture_backends(&f);
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 20); /* 600 us */
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_ADAPT_B, 40);
	fixture_row(&f, HALDLS_CAPMEM_V_ADAPT_LEAK, 600);
	fixture_row(&f, HALDLS_CAPMEM_V_ADAPT_REF, 640);
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_EXP, 40);
	fixture_row(&f, HALDLS_CAPMEM_V_EXP, code_of_leak(0.55));
	drive(1, 450, 6 * TICKS_MS);
}

struct adaptation {
	double step; /* A, by a spike */
	double rate; /* 1/s */
};

static struct node adapting_node_of(uint32_t n, struct adaptation *adaptation)
{
	static const double pulse = 256 * 4e-9; /* s, at scale 7 */
	struct node node = node_of(n, 1);
	node.exponential = (double)f.analog->rich.exponential[n] * node.farad;
	node.exponential_reference = (double)f.analog->rich.exponential_reference[n];
	adaptation->step = (double)f.analog->adaptation_step[n] * node.farad * pulse;
	adaptation->rate = (double)f.analog->rich.adaptation_rate[n];
	return node;
}

/* Climb behind a spike that leaves the adaptation current at @begin, or where that is 0 at what
 * all spikes before left, s. The current falls on the way; its mean counts. @held from spike to
 * release, s. */
static double climb_against(
	struct node *node, const struct adaptation *a, double begin, double held)
{
	double low = 1e-9, high = 1e-3, least;
	for (unsigned i = 0; i < 28; i++) {
		const double way = (low + high) / 2, whole = held + way;
		const double from = begin > 0 ? begin : a->step / -expm1(-a->rate * whole);
		const double fall = exp(-a->rate * held) - exp(-a->rate * whole);
		node->adaptation = from * fall / (a->rate * way);
		if (climb(node, &least) > way)
			low = way;
		else
			high = way;
	}
	return (low + high) / 2;
}

enum {
	ADAPTED = 30, /* intervals at the end */
	STEADY = 5,   /* time constants until spikes bring as much as time takes */
};

/* Means over intervals from spike @first on: of the climbs, and of the times before, s. */
static void mean_intervals(double *way, double *held, uint32_t n, unsigned first, unsigned count)
{
	*way = *held = 0;
	for (unsigned i = first; i < first + count; i++) {
		const double released = (double)(release(spikes[n][i]) - spikes[n][i]),
			     whole = (double)(spikes[n][i + 1] - spikes[n][i]);
		*held += released * 4e-9 / count;
		*way += (whole - released - PHYSICS_COMPARATOR_DELAY) * 4e-9 / count;
	}
}

/* The first interval, and those when spikes bring as much as time takes: rates fall as a neuron's
 * own currents, exponential term and adaptation say. */
static void rates_adapt_as_each_neuron_says(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		unsigned compared = 0, slower = 0, close = 0;
		begin_adapting(serial);
		for (uint32_t n = 0; n < NEURONS; n++) {
			struct adaptation adaptation;
			struct node node = adapting_node_of(n, &adaptation);
			double way, held, first, least;
			if (is_broken(n, 1) || counts[n] < 2 * ADAPTED ||
				!(climb(&node, &least) > 1e-6))
				continue;
			/* not adapted yet: an exponential term that once outran its weak reset
			 * holds the membrane at the rail, and it fires no more */
			const uint64_t fired = spikes[n][counts[n] - 1] - spikes[n][0];
			if ((double)fired * 4e-9 * adaptation.rate < STEADY)
				continue;
			mean_intervals(&first, &held, n, 0, 1);
			assert_near(first, climb_against(&node, &adaptation, adaptation.step, held),
				0.002, 16e-9);
			mean_intervals(&way, &held, n, counts[n] - ADAPTED - 1, ADAPTED);
			const double expected = climb_against(&node, &adaptation, 0, held);
			assert_near(way, expected, 0.02, 0);
			close += fabs(way / expected - 1) < 0.005;
			slower += way > 1.5 * first;
			compared++;
		}
		print_message("chip %u: %u neurons, %u within 0.5 %%, %u climb 1.5 times as long\n",
			(unsigned)serial, compared, close, slower);
		assert_true(compared > 300 && close > 0.95 * compared && slower > 0.9 * compared);
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_neuron_fires_by_its_own_law),
		cmocka_unit_test(joined_circuits_fire_by_the_law_of_their_sums),
		cmocka_unit_test(dendrites_feed_their_somata),
		cmocka_unit_test(rates_adapt_as_each_neuron_says),
	};
	return cmocka_run_group_tests_name("emulator/curves", tests, NULL, NULL);
}
