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
	vec exponential;     /* V per step at its reference */
	vec slope, width;    /* of the exponential term: 1/V, V */
	vec octaves, behind; /* … doublings in 1 V; at its reference */
	vec limit;           /* V per step, its largest */
	vec force, pull;     /* the other currents, V per step, and minus their slope */
	vec mean, steep;     /* their mean; slope of the exponential term */
	vec next;            /* V */
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

/* 2^x for -126 < x < 127; relative error 3e-6. */
ALWAYS vec vec_octaves(vec x)
{
	const vec rounded = x + all(12582912.0f); /* 1.5 * 2^23: the last place is 1 */
	const vec r = x - (rounded - all(12582912.0f)), q = r * r;
	const vec low = all(1.0f) + r * all(0.69314718f);
	const vec middle = all(0.24022651f) + r * all(0.055504109f);
	const vec high = all(9.6181291e-3f) + r * all(1.3333558e-3f);
	const vec y = low + q * (middle + q * high);
	vec_bits exponent;
	memcpy(&exponent, &rounded, sizeof(exponent));
	exponent = (exponent << 23) + (UINT32_C(127) << 23);
	vec scale;
	memcpy(&scale, &exponent, sizeof(scale));
	return y * scale;
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

/* From @v to @r->next. @share: of the way of the other currents, see way_of(). Between the rails no
 * exponential term leaves the range of vec_octaves(). */
ALWAYS void rich_flow(struct rich *r, vec v, vec share)
{
	const vec grown = vec_octaves(r->octaves * v - r->behind) * r->exponential;
	const vec rise = vec_least(grown, r->limit), steep = rise * r->slope;
	r->steep = steep;
	r->mean = r->force * share - all(0.5f) * r->pull * rise;
	/* f / (exp(f) - 1) */
	const vec f = r->mean * r->slope;
	const vec fall = (all(1.0f) - all(0.5f) * f) + f * f * all(1.0f / 12.0f);
	/* -ln(1 - y) = y (1 - y / 2) / (1 - y + y^2 / 6), y = steep / fall; off by 3 % of a step in
	 * time towards 1, beyond which the limit comes */
	const vec over = steep * (fall - all(0.5f) * steep);
	const vec under = fall * (fall - steep) + steep * steep * all(1.0f / 6.0f);
	const vec risen = vec_least(over / under * r->width, r->limit);
	const vec held = choose(above(grown, r->limit), r->limit, risen);
	const vec next = v + r->mean + choose(above(steep, all(0.98f) * fall), r->limit, held);
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
	uint32_t lanes, vec v, vec mean, vec steep)
{
	float from[LANES], others[LANES], slope[LANES];
	memcpy(from, &v, sizeof(from));
	memcpy(others, &mean, sizeof(others));
	memcpy(slope, &steep, sizeof(slope));
	for (; lanes; lanes &= lanes - 1) {
		const unsigned k = (unsigned)__builtin_ctz(lanes), n = i + k;
		rich->place[n] = rich_place(from[k], m->v[n], m->threshold[n] - m->noise[n],
			others[k], slope[k], rich->exponential_slope[n]);
	}
}

/* ---- single steps ------------------------------------------------------------------------------
 */

/* How far the input of a line is open; moves the line through the step. */
ALWAYS vec rich_line(struct kernel_membranes *m, const struct kernel_rich *rich, unsigned l,
	unsigned i, bool events)
{
	const vec u = load(&m->line[l][i]), kept = load(&m->line_decay[l][i]);
	const vec bent = u * (all(1.0f) - kept) * all(1.0f / PHYSICS_LINE_TAU_BEND);
	vec middle = u * load(&m->line_mean[l][i]) * (all(1.0f) - all(0.5f) * bent);
	vec next = u * kept / (all(1.0f) + bent);
	if (events) {
		const vec left = load(&m->kept[l][i]) * load(&rich->late[l][i]);
		middle += (load(&m->charge[l][i]) - left) * load(&m->line_area[l][i]);
		next += left;
		store(&m->charge[l][i], all(0.0f));
		store(&m->kept[l][i], all(0.0f));
	}
	next = vec_most(next, all(1e-12f)) - all(1e-12f);
	store(&m->line[l][i], vec_least(next, all(PHYSICS_LINE_LIMIT)));
	return vec_tanh((middle + load(&m->input_offset[l][i])) * all(1.0f / PHYSICS_LINE_PAIR));
}

/* Leak and reset at @v, all currents in the same unit. @leak, @reset: the largest. */
ALWAYS void rich_amplifiers(
	const struct kernel_membranes *m, unsigned i, vec v, vec leak, vec reset, struct rich *r)
{
	const vec slope = load(&m->leak_slope[i]), steep = load(&m->reset_slope[i]);
	const vec x = vec_clip(slope * (load(&m->leak_reference[i]) - v)), p = x * x;
	const vec y = vec_clip(steep * (load(&m->reset_reference[i]) - v)), q = y * y;
	const vec under_x = vec_tanh_under(p), under_y = vec_tanh_under(q);
	const vec inverse = all(1.0f) / (under_x * under_y);
	const vec tanh_x = x * vec_tanh_over(p) * (under_y * inverse);
	const vec tanh_y = y * vec_tanh_over(q) * (under_x * inverse);
	r->force = leak * tanh_x + reset * tanh_y;
	r->pull = leak * slope * (all(1.0f) - tanh_x * tanh_x) +
		  reset * steep * (all(1.0f) - tanh_y * tanh_y);
}

/* Note where comparators are on, and where they switched on; returns the latter bit by bit. */
ALWAYS uint32_t rich_compare(struct kernel_membranes *m, unsigned i, mask on)
{
	vec_bits was, now, one = {0};
	one += 1;
	vec set;
	memcpy(&set, &one, sizeof(set));
	set = choose(on, set, all(0.0f));
	memcpy(&now, &set, sizeof(now));
	memcpy(&was, &m->above[i], sizeof(was));
	const vec_bits fresh = now & ~was;
	memcpy(&m->above[i], &now, sizeof(now));
	memcpy(&m->crossing[i], &fresh, sizeof(fresh));
	uint32_t lanes = 0;
	for (uint32_t left = bits(on); left; left &= left - 1) {
		const unsigned k = (unsigned)__builtin_ctz(left);
		lanes |= m->crossing[i + k] << k;
	}
	return lanes;
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
	const vec most = load(&rich->adaptation_limit[i]);
	rich_amplifiers(m, i, v, load(&m->leak_limit[i]), load(&m->reset_limit[i]) * share, &r);
	r.force += load(&m->constant[i]) - most * vec_tanh(middle / most);
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		const vec open = rich_line(m, rich, l, i, variants & KERNEL_EVENTS) * running;
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
	r.octaves = r.slope * all(1.44269504f);
	r.behind = r.octaves * load(&rich->exponential_reference[i]);
	r.limit = load(&rich->exponential_limit[i]) * all(h);
	rich_flow(&r, v, way_of(r.pull));
	const vec next = fade(v, r.next);

	const vec threshold = load(&m->threshold[i]) - load(&m->noise[i]);
	const vec gain = next - v, size = vec_most(gain, -gain);
	const vec off = next - threshold, near = vec_most(off, -off);
	store(&m->v[i], next);
	store(&m->gain[i], gain);
	store(&m->rate[i], vec_most((r.pull - r.steep) * all(1.0f / h), all(1.0f)));
	uint32_t flags = 0;
	const uint32_t fresh = rich_compare(m, i, above(next, threshold));
	store(&rich->place[i], all(1.0f));
	if (fresh) {
		rich_cross(m, rich, i, fresh, v, r.mean, r.steep);
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
