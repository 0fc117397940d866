// SPDX-License-Identifier: MIT
/* The kernel of rich neurons in windows, included by kernel_window.h for each instruction set:
 * steps as in kernel_rich.h, with a block of neurons on the inside and time on the outside, so that
 * what one neuron waits for is spent on others. Neurons are followed through their resets. The
 * adaptation stands half a step ahead of the membrane: each is moved by the other in the middle of
 * its step. */

enum { RICH_VECTORS = KERNEL_BLOCK / LANES };

/* What acts on 1 to 16 membranes all through a window, for the length of a step. */
struct rich_course {
	vec push, pull;   /* the leak along its tangent, and what is constant */
	vec noise, drift; /* of this step; from step to step */
	vec share;        /* of the adaptation current, what its limit leaves of a small one */
	vec size[KERNEL_LINES], fall[KERNEL_LINES]; /* of the inputs */
	vec exponential, limit;
	vec turn, aim; /* of the adaptation: w tends to a V - aim */
	bool rests;    /* some lane is in reset in this window */
	vec near;      /* 1 for lanes near the rails, else 0 */
	bool careful;  /* there are some */
	/* the last step: where it began and what moved it, and lanes that crossed their thresholds
	 */
	vec before, mean, steep;
	uint32_t crossing;
};

/* How far the lines are open in the steps of a window. */
struct rich_lines {
	_Alignas(64) float open[KERNEL_WINDOW][KERNEL_LINES][KERNEL_BLOCK];
};

/* Lines in the steps from @begin on, in the measure of the plan. */
ALWAYS void rich_window_lines(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned i, unsigned begin, struct rich_lines *lines)
{
	const struct kernel_planned *b = &p->neurons[i / 16];
	const unsigned column = i - w->first, place = i % KERNEL_BLOCK, o = i % 16;
	vec u[KERNEL_LINES] = {load(&m->line[0][i]), load(&m->line[1][i])};
	for (unsigned k = begin; k < begin + w->steps; k++) {
		vec over[KERNEL_LINES], under[KERNEL_LINES];
		for (unsigned l = 0; l < KERNEL_LINES; l++) {
			const vec full = u[l] + load(&w->drop[k][l][column]);
			const vec bend = load(&b->bend[l][o]) - full * load(&b->curve[l][o]);
			u[l] = full * (load(&b->keep[l][o]) - full * bend);
			const vec open = full + u[l] + load(&b->offset[l][o]);
			const vec x = vec_least(open, all(tanh_end)), q = x * x;
			over[l] = x * vec_tanh_over(q);
			under[l] = vec_tanh_under(q);
		}
		const vec inverse = all(1.0f) / (under[0] * under[1]);
		store(&lines->open[k][0][place], over[0] * under[1] * inverse);
		store(&lines->open[k][1][place], -over[1] * under[0] * inverse);
	}
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		/* away from denormal numbers */
		u[l] = vec_most(u[l], all(1e-12f)) - all(1e-12f);
		store(&m->line[l][i], vec_least(u[l], load(&b->most[l][o])));
	}
}

/* tanh(x) / x */
ALWAYS vec rich_adapting(vec x)
{
	const vec size = vec_most(x, -x), clipped = vec_least(size, all(tanh_end));
	const vec q = clipped * clipped;
	return vec_tanh_over(q) * (clipped + all(1e-9f)) /
	       (vec_tanh_under(q) * (size + all(1e-9f)));
}

ALWAYS void rich_begin(const struct kernel_membranes *m, struct kernel_rich *rich,
	const struct kernel_window *w, unsigned i, unsigned slot, float step, struct rich_course *c)
{
	const vec h = all(step), v = load(&m->v[i]);
	const vec slope = load(&m->leak_slope[i]), leak = load(&m->leak_limit[i]) * h;
	const vec t = vec_tanh(slope * (load(&m->leak_reference[i]) - v));
	c->pull = leak * slope * (all(1.0f) - t * t);
	c->push = leak * t + c->pull * v + load(&m->constant[i]) * h;
	c->noise = c->drift = all(0.0f);
	if (w->noise[0]) {
		const vec from = load(&w->noise[slot][i - w->first]) * h;
		const vec gain = load(&w->noise[slot + 1][i - w->first]) * h - from;
		c->noise = from + gain * all(w->place);
		c->drift = gain * all(w->advance);
	}
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		const vec limit = load(&m->input_limit[l][i]) * h;
		const vec coba = load(&rich->conductance[l][i]) * h;
		c->fall[l] = l ? coba : -coba;
		c->size[l] = (l ? -limit : limit) - c->fall[l] * load(&rich->reversal[l][i]);
	}
	c->exponential = load(&rich->exponential[i]) * h;
	c->limit = load(&rich->exponential_limit[i]) * h;
	c->turn = load(&rich->turn[i]);
	c->aim = load(&rich->adaptation_a[i]) * load(&rich->adaptation_reference[i]);
	c->share = h * rich_adapting(load(&rich->adaptation[i]) * load(&rich->adaptation_per[i]));
	c->crossing = 0;
	c->rests = bits(above(load(&rich->until[i]), all(0.0f)));
	const vec high = all(PHYSICS_RAIL - 2 * PHYSICS_RAIL_SOFT);
	const vec room = vec_least(high - v, v - all(2 * PHYSICS_RAIL_SOFT));
	c->near = choose(above(all(0.0f), room), all(1.0f), all(0.0f));
	c->careful = bits(above(c->near, all(0.0f)));
}

/* Leak and reset of a vector with lanes that are in reset in this window, and only of these: what
 * the others do must not depend on who shares a vector with them. Returns the share of the step in
 * reset. */
ALWAYS vec rich_reset(const struct kernel_membranes *m, const struct kernel_rich *rich, unsigned i,
	unsigned k, vec v, float step, struct rich *r)
{
	const vec h = all(step), from = load(&rich->since[i]), to = load(&rich->until[i]);
	const vec share = vec_most(vec_least(to - all((float)k), all(1.0f)) -
					   vec_most(from - all((float)k), all(0.0f)),
		all(0.0f));
	const vec force = r->force, pull = r->pull;
	const mask own = above(to, all(0.0f));
	rich_amplifiers(
		m, i, v, load(&m->leak_limit[i]) * h, load(&m->reset_limit[i]) * h * share, r);
	r->force = choose(own, r->force + load(&m->constant[i]) * h, force);
	r->pull = choose(own, r->pull, pull);
	return share;
}

/* A spike of lane @n at @time: where the membrane is at the end of step @k. */
static float rich_after(const struct kernel_membranes *m, const struct kernel_rich *rich,
	unsigned n, unsigned k, float time, float speed, float at, float step)
{
	const float end = (float)(k + 1), from = rich->since[n], to = rich->until[n];
	const float held = most(least(to, end) - most(from, time), 0.0f);
	const float free = most(least(from, end) - time, 0.0f);
	const float rate = m->reset_limit[n] * m->reset_slope[n] * step;
	const float v = least(at + free * speed, PHYSICS_RAIL), rest = m->reset_reference[n];
	return rest + (v - rest) * decay(held * rate);
}

/* Comparators of a vector switched on in step @k. The adaptation went on by its step already. */
static void rich_fire(struct kernel_membranes *m, struct kernel_rich *rich,
	const struct kernel_window *w, struct rich_course *c, unsigned i, unsigned k, float step)
{
	rich_cross(m, rich, i, c->crossing, c->before, c->mean, c->steep);
	for (uint32_t lanes = c->crossing; lanes; lanes &= lanes - 1) {
		const unsigned n = i + (unsigned)__builtin_ctz(lanes);
		const float share = rich->place[n], time = (float)k + share, at = m->threshold[n];
		/* of the last part of the way, which is the steepest */
		const float speed = (m->v[n] - at) / most(1.0f - share, 0.01f);
		const float to = m->v[n], until = rich->until[n], adapted = rich->adaptation[n];
		w->fire(w->user, n, time, speed);
		if (rich->until[n] != until)
			m->v[n] = rich_after(m, rich, n, k, time, speed, at, step);
		rich->adaptation[n] += rich->turn[n] * (rich->adaptation_a[n] * (m->v[n] - to) -
							       (rich->adaptation[n] - adapted));
	}
	c->crossing = 0;
	c->rests = true;
}

ALWAYS void rich_window_step(struct kernel_membranes *m, struct kernel_rich *rich,
	const struct kernel_window *w, struct rich_course *c, unsigned i, unsigned k, float step,
	const struct rich_lines *lines)
{
	if (c->crossing) /* of the last step: known long before, so that nothing waits for it */
		rich_fire(m, rich, w, c, i, k - 1, step);
	const vec v = load(&m->v[i]), adaptation = load(&rich->adaptation[i]);
	const unsigned place = i % KERNEL_BLOCK;
	struct rich r;
	r.exponential = c->exponential;
	r.limit = c->limit;
	r.slope = load(&rich->exponential_slope[i]);
	r.width = load(&rich->exponential_width[i]);
	r.octaves = load(&rich->octaves[i]);
	r.behind = load(&rich->behind[i]);
	vec open[KERNEL_LINES];
	r.force = c->push - c->pull * v;
	r.pull = c->pull;
	for (unsigned l = 0; l < KERNEL_LINES; l++)
		open[l] = load(&lines->open[k][l][place]);
	if (c->rests) {
		const vec share = rich_reset(m, rich, i, k, v, step, &r);
		const vec running = all(1.0f) - share * load(&rich->pause[i]);
		r.exponential *= running;
		for (unsigned l = 0; l < KERNEL_LINES; l++)
			open[l] *= running;
	}
	r.force += c->noise - c->share * adaptation;
	c->noise += c->drift;
	for (unsigned l = 0; l < KERNEL_LINES; l++)
		rich_input(&r, v, c->size[l], c->fall[l], open[l]);
	vec way = all(1.0f) - r.pull * (all(0.5f) - r.pull * all(1.0f / 6.0f));
	if (c->rests)
		way = choose(above(load(&rich->until[i]), all(0.0f)), way_of(r.pull), way);
	rich_flow(&r, v, way);

	if (c->careful)
		r.next = choose(above(c->near, all(0.0f)), fade(v, r.next), r.next);

	const vec threshold = load(&m->threshold[i]);
	c->crossing = bits(above(r.next, threshold)) & ~bits(above(v, threshold));
	c->before = v;
	c->mean = r.mean;
	c->steep = r.steep;
	store(&m->v[i], r.next);
	const vec aim = load(&rich->adaptation_a[i]) * r.next - c->aim;
	store(&rich->adaptation[i], adaptation + c->turn * (aim - adaptation));
}

/* Move the rich neurons of the block that begins with neuron @first through a slot of a window. */
ALWAYS void rich_slot(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned first, unsigned slot)
{
	const unsigned begin = slot * w->steps, end = begin + w->steps;
	struct rich_lines lines;
	struct rich_course course[RICH_VECTORS];
	for (unsigned j = 0; j < RICH_VECTORS; j++) {
		const unsigned i = first + j * LANES;
		rich_window_lines(m, p, w, i, begin, &lines);
		rich_begin(m, w->rich, w, i, slot, p->h, &course[j]);
	}
	for (unsigned k = begin; k < end; k++)
		for (unsigned j = 0; j < RICH_VECTORS; j++)
			rich_window_step(
				m, w->rich, w, &course[j], first + j * LANES, k, p->h, &lines);
	for (unsigned j = 0; j < RICH_VECTORS; j++)
		if (course[j].crossing)
			rich_fire(m, w->rich, w, &course[j], first + j * LANES, end - 1, p->h);
}

static void rich_window(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned first)
{
	for (unsigned slot = 0; slot < w->slots; slot++)
		rich_slot(m, p, w, first, slot);
}
