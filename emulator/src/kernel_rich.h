// SPDX-License-Identifier: MIT
/* The kernel of rich neurons, included by kernel_window.h for each instruction set: adaptation,
 * exponential term, inputs that depend on the membrane.
 *
 * With the other currents at their mean over a step, the exponential term has a closed form: with x
 * = (V - V_exp) / D the equation x' = f + g exp(x) is linear in exp(-x). So V moves by f D - D ln(1
 * - g exp(x) (exp(f) - 1) / f), and no step is too long for a steep term. The mean takes the slope
 * of the other currents along the way into account; the adaptation stands half a step aside.
 * Source: spec/emulator_numerics.md 2.3, 2.4, spec/emulator_physics.md 2.1. */

/* What acts on 1 to 16 membranes for the length of a step, and where it brings them. */
struct rich {
	vec exponential;             /* V per step at its reference */
	vec slope, width, reference; /* of the exponential term: 1/V, V, V */
	vec limit;                   /* V per step, its largest */
	vec force, pull;             /* the other currents, V per step, and minus their slope */
	vec mean, steep;             /* their mean; slope of the exponential term */
	vec next;                    /* V */
};

ALWAYS vec vec_tanh(vec x)
{
	x = vec_clip(x);
	const vec q = x * x;
	return x * vec_tanh_over(q) / vec_tanh_under(q);
}

/* Share of the way to its aim that an exponential makes in z time constants, over z. */
ALWAYS vec way_of(vec z)
{
	return all(1.0f) / (all(1.0f) + z * (all(0.5f) + z * all(1.0f / 12.0f)));
}

/* tanh(x) / x */
ALWAYS vec vec_tanh_share(vec x)
{
	const vec size = vec_most(x, -x), clipped = vec_least(size, all(tanh_end));
	const vec q = clipped * clipped;
	return vec_tanh_over(q) * (clipped + all(1e-9f)) /
	       (vec_tanh_under(q) * (size + all(1e-9f)));
}

/* Add the current of an input to force and pull. @size, @fall: at 0 V, and how it changes with the
 * membrane; @open how far the line opens it, negative where it draws. */
ALWAYS void rich_input(struct rich *r, vec v, vec size, vec fall, vec open)
{
	const vec current = size + fall * v;
	const mask on = above(current, all(0.0f));
	r->force += open * choose(on, current, all(0.0f));
	r->pull -= open * choose(on, fall, all(0.0f));
}

/* From @v to @r->next. @share: of the way of the other currents, see way_of(). */
ALWAYS void rich_flow(struct rich *r, vec v, vec share)
{
	const vec x = vec_most(vec_least(r->slope * (v - r->reference), all(14.0f)), all(-80.0f));
	const vec grown = vec_least(r->exponential * vec_decay(-x), r->limit + r->limit);
	r->steep = grown * r->slope;
	const vec early = vec_least(r->steep, all(1.0f));
	r->mean = r->force * share - all(0.5f) * r->pull * vec_least(grown, r->limit) *
					     (all(1.0f) + all(0.5f) * early);
	const vec z = vec_most(vec_least(r->mean * r->slope, all(3.0f)), all(-3.0f));
	const vec growth =
		all(1.0f) +
		z * (all(0.5f) + z * (all(1.0f / 6.0f) +
					     z * (all(1.0f / 24.0f) + z * all(1.0f / 120.0f))));
	const vec part = r->steep * growth, y = vec_least(part, all(0.98f));
	/* -ln(1 - y), off by 3 ns where it matters */
	const vec s = y / (all(2.0f) - y), q = s * s;
	const vec series =
		all(2.0f) +
		q * (all(2.0f / 3.0f) +
			    q * (all(2.0f / 5.0f) + q * (all(2.0f / 7.0f) + q * all(2.0f / 9.0f))));
	const vec rise = choose(above(part, all(0.98f)), r->limit, s * series * r->width);
	const vec next = v + r->mean + vec_least(rise, r->limit);
	r->next = vec_least(vec_most(next, all(0.0f)), all(PHYSICS_RAIL));
}

/* Share of a step after which a lane reached @at on its way from @from to @to.
 * @mean of the other currents, @steep slope of the exponential term, both per step, @slope 1/V */
static float rich_place(float from, float to, float at, float mean, float steep, float slope)
{
	const float z = mean * slope, left = decay(most(at - from, 0.0f) * slope);
	const float linear = (at - from) / most(to - from, 1e-9f), below = left * z + steep;
	float place = linear;
	if (steep > 0.02f * most(z, -z) && below > 0.0f) {
		/* ln(1 + x) / x = 2 / (2 + x) (1 + s^2 / 3 + …), s = x / (2 + x) */
		const float x = z * (1.0f - left) / below, s = x / (2.0f + x), q = s * s;
		const float series = 1.0f + q * (1.0f / 3.0f + q * (0.2f + q * (1.0f / 7.0f)));
		place = (1.0f - left) / below * (2.0f / (2.0f + x)) * series;
	}
	return most(least(place, 1.0f), 0.0f);
}

/* Put down where in the step from @v those of @lanes crossed their thresholds. */
static void rich_cross(const struct kernel_membranes *m, struct kernel_rich *rich, unsigned i,
	uint32_t lanes, vec v, const struct rich *r)
{
	float from[LANES], mean[LANES], steep[LANES];
	memcpy(from, &v, sizeof(from));
	memcpy(mean, &r->mean, sizeof(mean));
	memcpy(steep, &r->steep, sizeof(steep));
	for (; lanes; lanes &= lanes - 1) {
		const unsigned k = (unsigned)__builtin_ctz(lanes), n = i + k;
		rich->place[n] = rich_place(from[k], m->v[n], m->threshold[n] - m->noise[n],
			mean[k], steep[k], rich->exponential_slope[n]);
	}
}

/* ---- single steps ------------------------------------------------------------------------------
 */

/* How far the input of a line is open; moves the line through the step. */
ALWAYS vec rich_line(struct kernel_membranes *m, unsigned l, unsigned i, bool events)
{
	const vec u = load(&m->line[l][i]), kept = load(&m->line_decay[l][i]);
	const vec bent = u * (all(1.0f) - kept) * all(1.0f / PHYSICS_LINE_TAU_BEND);
	vec middle = u * load(&m->line_mean[l][i]) * (all(1.0f) - all(0.5f) * bent);
	vec next = u * kept / (all(1.0f) + bent);
	if (events) {
		float root_kept[LANES];
		memcpy(root_kept, &kept, sizeof(root_kept));
		for (unsigned k = 0; k < LANES; k++)
			root_kept[k] = root(root_kept[k]);
		vec left;
		memcpy(&left, root_kept, sizeof(left));
		left *= load(&m->kept[l][i]);
		middle += (load(&m->charge[l][i]) - left) * load(&m->line_area[l][i]);
		next += left;
		store(&m->charge[l][i], all(0.0f));
		store(&m->kept[l][i], all(0.0f));
	}
	next = vec_most(next, all(1e-12f)) - all(1e-12f);
	store(&m->line[l][i], vec_least(next, all(PHYSICS_LINE_LIMIT)));
	return vec_tanh((middle + load(&m->input_offset[l][i])) * all(1.0f / PHYSICS_LINE_PAIR));
}

/* Leak, reset and adaptation @w at @v, V/s. */
ALWAYS void rich_currents(const struct kernel_membranes *m, const struct kernel_rich *rich,
	unsigned i, vec v, vec w, vec share, struct rich *r)
{
	const vec leak = load(&m->leak_limit[i]), slope = load(&m->leak_slope[i]);
	const vec reset = load(&m->reset_limit[i]) * share, steep = load(&m->reset_slope[i]);
	const vec t = vec_tanh(slope * (load(&m->leak_reference[i]) - v));
	const vec y = vec_tanh(steep * (load(&m->reset_reference[i]) - v));
	const vec most = load(&rich->adaptation_limit[i]);
	r->force = load(&m->constant[i]) + leak * t + reset * y - most * vec_tanh(w / most);
	r->pull = leak * slope * (all(1.0f) - t * t) + reset * steep * (all(1.0f) - y * y);
}

/* Move 1 to 16 rich neurons by a step. */
ALWAYS uint32_t rich_step(struct kernel_membranes *m, struct kernel_rich *rich, unsigned i, float h,
	float place, unsigned variants)
{
	vec share = all(0.0f), lines = all(0.0f);
	if (variants & KERNEL_RESETS)
		share = load(&m->reset_share[i]);
	const vec running = all(1.0f) - share * load(&rich->pause[i]);
	const vec v = load(&m->v[i]), w = load(&rich->adaptation[i]);
	const vec rate = load(&rich->adaptation_rate[i]), a = load(&rich->adaptation_a[i]);
	const vec a_ref = load(&rich->adaptation_reference[i]);
	const vec turn = all(h) * rate * way_of(all(h) * rate);
	const vec middle = w + all(0.5f) * turn * (a * (v - a_ref) - w);
	struct rich r;
	rich_currents(m, rich, i, v, middle, share, &r);
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		const vec open = rich_line(m, l, i, variants & KERNEL_EVENTS) * running;
		const vec limit = load(&m->input_limit[l][i]),
			  coba = load(&rich->conductance[l][i]);
		const vec fall = l ? coba : -coba;
		rich_input(&r, v, (l ? -limit : limit) - fall * load(&rich->reversal[l][i]), fall,
			l ? -open : open);
		lines = vec_most(lines, load(&m->line[l][i]));
	}
	if (variants & KERNEL_NOISE)
		r.force += load(&m->noise_from[i]) +
			   all(place) * (load(&m->noise_to[i]) - load(&m->noise_from[i]));
	r.force *= all(h);
	r.pull *= all(h);
	r.exponential = load(&rich->exponential[i]) * running * all(h);
	r.slope = load(&rich->exponential_slope[i]);
	r.width = all(1.0f) / vec_most(r.slope, all(1e-3f));
	r.reference = load(&rich->exponential_reference[i]);
	r.limit = load(&rich->exponential_limit[i]) * all(h);
	rich_flow(&r, v, way_of(r.pull));
	const vec next = fade(v, r.next);

	const vec threshold = load(&m->threshold[i]) - load(&m->noise[i]);
	const uint32_t on = bits(above(next, threshold));
	const vec gain = next - v, size = vec_most(gain, -gain);
	const vec off = next - threshold, near = vec_most(off, -off);
	store(&m->v[i], next);
	store(&m->gain[i], gain);
	store(&m->rate[i], vec_most((r.pull - r.steep) * all(1.0f / h), all(1.0f)));
	uint32_t flags = 0, fresh = 0;
	for (unsigned k = 0; k < LANES; k++) {
		m->crossing[i + k] = (on >> k & 1) & (m->above[i + k] ^ 1u);
		m->above[i + k] = on >> k & 1;
		fresh |= m->crossing[i + k] << k;
	}
	store(&rich->place[i], all(1.0f));
	if (fresh) {
		rich_cross(m, rich, i, fresh, v, &r);
		flags |= KERNEL_CROSSING;
	}
	/* the adaptation of those that crossed goes on until then only: a reset follows */
	const vec until = load(&rich->place[i]);
	const vec end = choose(above(all(1.0f), until), threshold, next);
	const vec to = a * (all(0.5f) * (v + end) - a_ref);
	store(&rich->adaptation[i], w + turn * until * (to - w));
	flags |= bits(above(load(&m->margin[i]), near)) ? KERNEL_NEAR : 0;
	flags |= bits(above(size, all(3e-7f))) ? KERNEL_MOVING : 0;
	flags |= bits(above(size, all(m->fast))) ? KERNEL_FAST : 0;
	flags |= bits(above(lines, all(5e-5f))) ? KERNEL_ACTIVE : 0;
	return flags;
}

static uint32_t rich(struct kernel_membranes *m, struct kernel_rich *r, float h, float place,
	unsigned variants, unsigned blocks)
{
	uint32_t flags = 0;
	for (unsigned block = 0; block < KERNEL_NEURONS / KERNEL_BLOCK; block++)
		for (unsigned k = 0; blocks >> block & 1 && k < KERNEL_BLOCK; k += LANES)
			flags |= rich_step(m, r, block * KERNEL_BLOCK + k, h, place, variants);
	return flags;
}
