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
	bool careful;  /* … or near the rails */
};

/* How far the lines are open in the steps of a window. */
struct rich_lines {
	_Alignas(64) float open[KERNEL_WINDOW][KERNEL_LINES][KERNEL_BLOCK];
};

ALWAYS void rich_window_line(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned l, unsigned i, struct rich_lines *lines)
{
	const struct kernel_planned *b = &p->neurons[i / 16];
	const unsigned column = i - w->first, place = i % KERNEL_BLOCK;
	vec u = load(&m->line[l][i]);
	for (unsigned k = 0; k < w->steps; k++) {
		vec x;
		u = pass_line(b, l, i % 16, u + load(&w->drop[k][l][column]), &x);
		const vec q = x * x, open = x * vec_tanh_over(q) / vec_tanh_under(q);
		store(&lines->open[k][l][place], l ? -open : open);
	}
	/* away from denormal numbers */
	u += load(&w->drop[w->steps][l][column]);
	u = vec_most(u, all(1e-12f)) - all(1e-12f);
	store(&m->line[l][i], vec_least(u, all(PHYSICS_LINE_LIMIT)));
}

ALWAYS void rich_begin(const struct kernel_membranes *m, struct kernel_rich *rich,
	const struct kernel_window *w, unsigned i, float step, struct rich_course *c)
{
	const vec h = all(step), v = load(&m->v[i]);
	const vec slope = load(&m->leak_slope[i]), leak = load(&m->leak_limit[i]) * h;
	const vec t = vec_tanh(slope * (load(&m->leak_reference[i]) - v));
	c->pull = leak * slope * (all(1.0f) - t * t);
	c->push = leak * t + c->pull * v + load(&m->constant[i]) * h;
	c->noise = c->drift = all(0.0f);
	if (w->noise) {
		const vec from = load(&m->noise_from[i]) * h;
		const vec gain = load(&m->noise_to[i]) * h - from;
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
	c->share =
		h * vec_tanh_share(load(&rich->adaptation[i]) / load(&rich->adaptation_limit[i]));
	c->rests = bits(above(load(&rich->until[i]), all(0.0f)));
	c->careful = bits(above(v, all(PHYSICS_RAIL - 2 * PHYSICS_RAIL_SOFT))) ||
		     bits(above(all(2 * PHYSICS_RAIL_SOFT), v));
}

/* Leak and reset of a vector with lanes in reset; returns the share of the step that they are. */
ALWAYS vec rich_reset(const struct kernel_membranes *m, const struct kernel_rich *rich, unsigned i,
	unsigned k, vec v, float step, struct rich *r)
{
	const vec h = all(step), from = load(&rich->since[i]), to = load(&rich->until[i]);
	const vec share = vec_most(vec_least(to - all((float)k), all(1.0f)) -
					   vec_most(from - all((float)k), all(0.0f)),
		all(0.0f));
	const vec slope = load(&m->leak_slope[i]), steep = load(&m->reset_slope[i]);
	const vec leak = load(&m->leak_limit[i]) * h, reset = load(&m->reset_limit[i]) * h * share;
	const vec t = vec_tanh(slope * (load(&m->leak_reference[i]) - v));
	const vec y = vec_tanh(steep * (load(&m->reset_reference[i]) - v));
	r->force = leak * t + load(&m->constant[i]) * h + reset * y;
	r->pull = leak * slope * (all(1.0f) - t * t) + reset * steep * (all(1.0f) - y * y);
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

/* Comparators of @lanes switched on in step @k. */
static void rich_fire(struct kernel_membranes *m, struct kernel_rich *rich,
	const struct kernel_window *w, unsigned i, unsigned k, uint32_t lanes, float step)
{
	for (; lanes; lanes &= lanes - 1) {
		const unsigned n = i + (unsigned)__builtin_ctz(lanes);
		const float share = rich->place[n], time = (float)k + share, at = m->threshold[n];
		/* of the last part of the way, which is the steepest */
		const float speed = (m->v[n] - at) / most(1.0f - share, 0.01f);
		rich->until[n] = 0;
		w->fire(w->user, n, time, speed);
		if (rich->until[n] > 0)
			m->v[n] = rich_after(m, rich, n, k, time, speed, at, step);
	}
}

ALWAYS void rich_window_step(struct kernel_membranes *m, struct kernel_rich *rich,
	const struct kernel_window *w, struct rich_course *c, unsigned i, unsigned k, float step,
	const struct rich_lines *lines)
{
	const vec v = load(&m->v[i]);
	vec adaptation = load(&rich->adaptation[i]);
	const unsigned place = i % KERNEL_BLOCK;
	struct rich r = {.exponential = c->exponential,
		.limit = c->limit,
		.slope = load(&rich->exponential_slope[i]),
		.width = load(&rich->exponential_width[i]),
		.reference = load(&rich->exponential_reference[i])};
	vec open[KERNEL_LINES], share;
	for (unsigned l = 0; l < KERNEL_LINES; l++)
		open[l] = load(&lines->open[k][l][place]);
	if (c->rests) {
		share = rich_reset(m, rich, i, k, v, step, &r);
		const vec running = all(1.0f) - share * load(&rich->pause[i]);
		r.exponential *= running;
		for (unsigned l = 0; l < KERNEL_LINES; l++)
			open[l] *= running;
	} else {
		r.force = c->push - c->pull * v;
		r.pull = c->pull;
	}
	r.force += c->noise - c->share * adaptation;
	c->noise += c->drift;
	for (unsigned l = 0; l < KERNEL_LINES; l++)
		rich_input(&r, v, c->size[l], c->fall[l], open[l]);
	vec share_of_way = all(1.0f) - r.pull * (all(0.5f) - r.pull * all(1.0f / 6.0f));
	if (c->rests)
		share_of_way = way_of(r.pull);
	rich_flow(&r, v, share_of_way);

	if (c->careful)
		r.next = fade(v, r.next);

	const vec threshold = load(&m->threshold[i]);
	const uint32_t lanes = bits(above(r.next, threshold)) & ~bits(above(v, threshold));
	store(&m->v[i], r.next);
	if (__builtin_expect(lanes != 0, 0)) {
		rich_cross(m, rich, i, lanes, v, &r);
		rich_fire(m, rich, w, i, k, lanes, step);
		r.next = load(&m->v[i]);
		adaptation = load(&rich->adaptation[i]);
		c->rests = true;
	}
	const vec aim = load(&rich->adaptation_a[i]) * r.next - c->aim;
	store(&rich->adaptation[i], adaptation + c->turn * (aim - adaptation));
}

/* Move the rich neurons of the block that begins with neuron @first through a window. */
static void rich_window(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned first)
{
	struct rich_lines lines;
	struct rich_course course[RICH_VECTORS];
	for (unsigned j = 0; j < RICH_VECTORS; j++) {
		const unsigned i = first + j * LANES;
		for (unsigned l = 0; l < KERNEL_LINES; l++)
			rich_window_line(m, p, w, l, i, &lines);
		rich_begin(m, w->rich, w, i, p->h, &course[j]);
	}
	for (unsigned k = 0; k < w->steps; k++)
		for (unsigned j = 0; j < RICH_VECTORS; j++)
			rich_window_step(
				m, w->rich, w, &course[j], first + j * LANES, k, p->h, &lines);
}
