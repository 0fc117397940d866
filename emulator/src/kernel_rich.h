// SPDX-License-Identifier: MIT
/* The kernel of rich neurons, included by kernel_body.h for each instruction set: adaptation,
 * exponential term, inputs that depend on the membrane. A step is divided into parts, each as in
 * kernel_body.h an exponential Euler step with the slope of all currents; where the exponential
 * term runs away, into four or sixteen times as many. Source: spec/emulator_numerics.md 2.4,
 * spec/emulator_physics.md 2.1. */

enum { RICH_PARTS = 2 };

/* What acts on 1 to 16 membranes for the length of a step. */
struct rich {
	vec leak, slope, reference;        /* leak */
	vec reset, reset_slope, reset_ref; /* reset, by its share of the step */
	vec input[KERNEL_LINES];           /* how far the inputs are open, 0 … 1 */
	vec limit[KERNEL_LINES], coba[KERNEL_LINES], reversal[KERNEL_LINES];
	vec exponential, exp_slope, exp_ref, exp_limit;
	vec a, a_ref, adapt_limit;
	vec constant;
};

ALWAYS vec vec_tanh(vec x)
{
	x = vec_clip(x);
	const vec q = x * x;
	return x * vec_tanh_over(q) / vec_tanh_under(q);
}

/* Share of the way to its aim that an exponential makes in z time constants. */
ALWAYS vec way_of(vec z)
{
	return z / (all(1.0f) + z * (all(0.5f) + z * all(1.0f / 12.0f)));
}

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

/* Currents at @v into @force, V/s; returns minus their slope. */
ALWAYS vec rich_currents(const struct rich *r, vec v, vec w, vec *force)
{
	const vec t = vec_tanh(r->slope * (r->reference - v));
	const vec y = vec_tanh(r->reset_slope * (r->reset_ref - v));
	vec f = r->constant + r->leak * t + r->reset * y;
	vec j = r->leak * r->slope * (all(1.0f) - t * t) +
		r->reset * r->reset_slope * (all(1.0f) - y * y);
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		/* a positive slope pulls towards the reversal potential on either side */
		const vec size =
			r->limit[l] + r->coba[l] * (l ? v - r->reversal[l] : r->reversal[l] - v);
		const vec open = vec_most(size, all(0.0f));
		const vec slope = choose(above(size, all(0.0f)), r->coba[l], all(0.0f));
		f += (l ? -open : open) * r->input[l];
		j += slope * r->input[l];
	}
	const vec x = vec_most(vec_least(r->exp_slope * (v - r->exp_ref), all(14.0f)), all(-80.0f));
	const vec grown = r->exponential * vec_decay(-x);
	f += vec_least(grown, r->exp_limit);
	j -= choose(above(r->exp_limit, grown), grown * r->exp_slope, all(0.0f));
	f -= r->adapt_limit * vec_tanh(w / r->adapt_limit);
	*force = f;
	return j;
}

/* Move 1 to 16 rich neurons by a step. */
ALWAYS uint32_t rich_step(struct kernel_membranes *m, struct kernel_rich *rich, unsigned i, float h,
	float place, unsigned variants)
{
	vec share = all(0.0f);
	if (variants & KERNEL_RESETS)
		share = load(&m->reset_share[i]);
	const vec running = all(1.0f) - share * load(&rich->pause[i]);
	struct rich r = {
		.leak = load(&m->leak_limit[i]),
		.slope = load(&m->leak_slope[i]),
		.reference = load(&m->leak_reference[i]),
		.reset = load(&m->reset_limit[i]) * share,
		.reset_slope = load(&m->reset_slope[i]),
		.reset_ref = load(&m->reset_reference[i]),
		.exponential = load(&rich->exponential[i]) * running,
		.exp_slope = load(&rich->exponential_slope[i]),
		.exp_ref = load(&rich->exponential_reference[i]),
		.exp_limit = load(&rich->exponential_limit[i]),
		.a = load(&rich->adaptation_a[i]),
		.a_ref = load(&rich->adaptation_reference[i]),
		.adapt_limit = load(&rich->adaptation_limit[i]),
		.constant = load(&m->constant[i]),
	};
	vec lines = all(0.0f);
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		r.input[l] = rich_line(m, l, i, variants & KERNEL_EVENTS) * running;
		r.limit[l] = l ? -load(&m->input_limit[l][i]) : load(&m->input_limit[l][i]);
		r.coba[l] = load(&rich->conductance[l][i]);
		r.reversal[l] = load(&rich->reversal[l][i]);
		lines = vec_most(lines, load(&m->line[l][i]));
	}
	if (variants & KERNEL_NOISE)
		r.constant += load(&m->noise_from[i]) +
			      all(place) * (load(&m->noise_to[i]) - load(&m->noise_from[i]));

	const vec begin = load(&m->v[i]), threshold = load(&m->threshold[i]);
	const vec rate = load(&rich->adaptation_rate[i]), noise = load(&m->noise[i]);
	vec v = begin, w = load(&rich->adaptation[i]), crossed = all(2.0f), j = all(0.0f);
	float armed[LANES];
	for (unsigned k = 0; k < LANES; k++)
		armed[k] = m->above[i + k] ? 0.0f : 1.0f;
	vec ready, live = all(1.0f);
	memcpy(&ready, armed, sizeof(ready));
	/* a threshold that fell below its membrane */
	const vec over = choose(above(v + noise, threshold), ready, all(0.0f));
	crossed -= all(2.0f) * over;
	live -= over;
	unsigned parts = RICH_PARTS;
	const vec steep = r.exp_slope * (v - r.exp_ref);
	/* a current at its limit is constant, and not steep */
	const vec grown =
		r.exponential * vec_decay(-vec_least(vec_most(steep, all(-80.0f)), all(14.0f)));
	const vec used = choose(above(r.exponential, all(0.0f)),
		choose(above(r.exp_limit, grown), steep, all(-1.0f)), all(-1.0f));
	if (bits(above(used, all(4.0f))))
		parts *= 16;
	else if (bits(above(used, all(1.0f))))
		parts *= 4;
	const float part = h / (float)parts;
	for (unsigned k = 0; k < parts; k++) {
		const vec turn = live * way_of(all(part) * rate);
		const vec middle = w + all(0.5f) * turn * (r.a * (v - r.a_ref) - w);
		vec force;
		j = rich_currents(&r, v, middle, &force);
		const vec room = choose(above(force, all(0.0f)), all(PHYSICS_RAIL) - v, v);
		force *= vec_least(
			vec_most(room * all(1.0f / PHYSICS_RAIL_SOFT), all(0.0f)), all(1.0f));
		const vec z = vec_most(vec_least(all(part) * j, all(2.0f)), all(-2.0f));
		const vec way = live * all(part) * force /
				(all(1.0f) + z * (all(0.5f) + z * all(1.0f / 12.0f)));
		vec next = vec_least(vec_most(v + way, all(0.0f)), all(PHYSICS_RAIL));
		const mask on = above(next + noise, threshold), was = above(v + noise, threshold);
		const vec at = (threshold - noise - v) / vec_most(next - v, all(1e-9f));
		const vec found = (all((float)k) + at) * all(1.0f / (float)parts);
		const vec first = choose(was, crossed, vec_least(found, crossed));
		crossed = choose(on, first, crossed);
		const vec aim = r.a * (all(0.5f) * (v + next) - r.a_ref);
		/* a comparator that switches on ends the step of its neuron: a reset follows */
		const vec stops = choose(on, choose(was, all(0.0f), ready), all(0.0f));
		const vec gone =
			choose(above(stops, all(0.5f)), vec_least(at, all(1.0f)), all(1.0f));
		w += turn * gone * (aim - w);
		v = choose(above(stops, all(0.5f)), threshold - noise, next);
		live -= live * stops;
	}
	const vec gain = v - begin, off = v + noise - threshold;
	store(&rich->adaptation[i], w);
	store(&rich->place[i], crossed);
	store(&m->v[i], v);
	store(&m->gain[i], gain);
	store(&m->rate[i], vec_most(j, all(1.0f)));
	uint32_t flags = 0;
	const vec size = vec_most(gain, -gain), near = vec_most(off, -off);
	const uint32_t crossing = bits(above(all(1.5f), crossed));
	const uint32_t on = bits(above(v + noise, threshold)) | crossing;
	for (unsigned k = 0; k < LANES; k++) {
		const uint32_t fresh = (crossing >> k & 1) & (m->above[i + k] ^ 1u);
		m->crossing[i + k] = fresh;
		m->above[i + k] = on >> k & 1;
		flags |= fresh ? KERNEL_CROSSING : 0;
	}
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
