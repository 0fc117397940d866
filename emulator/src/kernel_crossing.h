// SPDX-License-Identifier: MIT
/* The kernel of crossings, included by kernel_body.h for each instruction set: where membranes that
 * a window left near their thresholds cross them.
 *
 * In a step the slope of a membrane changes at once where an event comes, and smoothly all the way,
 * as lines and leak decay and the noise current moves. Seen from the straight line between the ends
 * of the step that is a polygon and a parabola. Who is near in the same step is looked at together.
 */

/* Columns that come near their thresholds in a step. */
struct nears {
	uint16_t column[KERNEL_COLUMNS + 2 * 16];
	unsigned count;
};

/* As many of them as are looked at together. */
struct crossings {
	places column;
	vec from, to;           /* V, at begin and end of the step */
	vec push[KERNEL_LINES]; /* V per step of a weight */
	vec bend;               /* V, four times the height of the parabola */
	vec open;               /* V, thresholds that can be crossed */
	vec time, speed;        /* of the crossings: in the step; V per step */
	uint32_t crossed;       /* lanes */
};

/* Part @begin to @end of the step, from @from to @to. */
ALWAYS void cross_part(struct crossings *c, float begin, float end, vec from, vec to)
{
	const mask hit = above(to, c->open);
	const uint32_t lanes = bits(hit);
	if (!lanes)
		return;
	const float length = end - begin > 1e-6f ? end - begin : 1e-6f;
	const vec way = to - from, place = (c->open - from) / way;
	const vec above_line = c->bend * all(length * length) * place * (all(1.0f) - place);
	const vec exact = vec_least(vec_most(place - above_line / way, all(0.0f)), all(1.0f));
	c->time = choose(hit, exact * all(length) + all(begin), c->time);
	c->speed = choose(hit, way * all(1 / length), c->speed);
	c->open = choose(hit, all(KERNEL_NEVER), c->open);
	c->crossed |= lanes;
}

ALWAYS void cross_polygon(struct crossings *c, const struct kernel_kick *kicks, unsigned count)
{
	vec kick[KERNEL_KICKS], slope = c->to - c->from;
	for (unsigned j = 0; j < count; j++) {
		kick[j] = gather(kicks[j].strength, c->column) * c->push[kicks[j].line] *
			  all(kicks[j].pulse);
		if (kicks[j].labels)
			kick[j] = choose(gather_equal(kicks[j].labels, c->column, kicks[j].label),
				kick[j], all(0.0f));
		slope -= kick[j] * all(1 - kicks[j].place);
	}
	float at = 0;
	vec line = c->from, now = c->from;
	for (unsigned j = 0; j < count; j++) {
		const float place = kicks[j].place;
		line += slope * all(place - at);
		const vec next = line + c->bend * all(place * (1 - place));
		cross_part(c, at, place, now, next);
		slope += kick[j];
		now = next;
		at = place;
	}
	cross_part(c, at, 1, now, c->to);
}

static _Alignas(64) const
	float lane_numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* Time constants of the lines in a step. */
ALWAYS float mean_decay(const struct kernel_plan *p, const struct kernel_window *w)
{
	const float *decay = p->decay[w->first / KERNEL_COLUMNS];
	return 0.5f * (decay[0] + decay[1]);
}

/* What is known of the membranes of @count columns in step @k. */
ALWAYS struct crossings gather_crossings(const struct kernel_plan *p, const struct kernel_window *w,
	unsigned k, const uint16_t *column, unsigned count)
{
	enum { ROW = sizeof(struct kernel_planned) / sizeof(float) };
	const struct kernel_path *path = w->path;
	const struct kernel_planned *b = PLANNED(w->first);
	struct crossings c;
	c.crossed = 0;
	c.column = load_places(column);
	const places planned = (c.column & 15) + (c.column >> 4) * ROW;
	c.from = gather(path->v[k], c.column);
	c.to = gather(path->v[k + 1], c.column);
	c.push[0] = gather(b->push[0], planned);
	c.push[1] = gather(b->push[1], planned);
	c.bend = gather(path->inflow[k + 1], c.column) * all(mean_decay(p, w)) +
		 gather(b->pull, planned) * (c.to - c.from);
	if (w->noise[0]) {
		const float *noise = w->noise[k / w->steps], *then = w->noise[k / w->steps + 1];
		c.bend -=
			(gather(then, c.column) - gather(noise, c.column)) * all(p->h * w->advance);
	}
	c.bend *= all(0.5f);
	c.time = c.speed = all(0.0f);
	c.open = choose(above(all((float)count), load(lane_numbers)), gather(b->threshold, planned),
		all(KERNEL_NEVER));
	return c;
}

/* Sort the columns that come near their thresholds from below by the steps in which they do. */
ALWAYS void sort_nears(struct nears near[KERNEL_WINDOW], const struct kernel_plan *p,
	const struct kernel_window *w)
{
	const struct kernel_path *path = w->path;
	const float decay = mean_decay(p, w);
	for (unsigned k = 0; k < w->slots * w->steps; k++)
		near[k].count = 0;
	for (unsigned i = 0; i < path->nears; i++) {
		const unsigned first = path->near[i].first, column = first - w->first,
			       o = first % 16;
		const struct kernel_planned *b = PLANNED(first);
		const vec threshold = load(&b->threshold[o]), push = load(&b->push[1][o]);
		const vec pull = load(&b->pull[o]);
		vec v = load(&path->v[0][column]);
		for (unsigned k = 0; k < w->slots * w->steps; k++) {
			struct nears *own = &near[k];
			const vec to = load(&path->v[k + 1][column]);
			const vec bend =
				load(&path->inflow[k + 1][column]) * all(decay) + pull * (to - v);
			const vec lift =
				vec_most(bend, all(0.0f)) * all(0.125f) - push * all(w->bulge[k]);
			const uint32_t lanes = path->near[i].lanes &
					       bits(above(vec_most(v, to) + lift, threshold)) &
					       ~bits(above(v, threshold));
			own->count += list_lanes(&own->column[own->count], lanes, column);
			v = to;
		}
	}
}

static void cross(struct kernel_plan *p, const struct kernel_window *w)
{
	struct nears near[KERNEL_WINDOW];
	struct kernel_path *path = w->path;
	path->crossings = 0;
	sort_nears(near, p, w);
	for (unsigned k = 0; k < w->slots * w->steps; k++) {
		const unsigned begin = k ? w->kick_end[k - 1] : 0, end = w->kick_end[k];
		memset(&near[k].column[near[k].count], 0, LANES * sizeof(*near[k].column));
		for (unsigned i = 0; i < near[k].count; i += LANES) {
			const uint16_t *column = &near[k].column[i];
			struct crossings c = gather_crossings(p, w, k, column, near[k].count - i);
			cross_polygon(&c, w->kicks + begin, end - begin);
			_Alignas(64) float time[LANES], speed[LANES];
			store(time, c.time + all((float)k));
			store(speed, c.speed);
			for (uint32_t lanes = c.crossed; lanes; lanes &= lanes - 1) {
				const unsigned lane = (unsigned)__builtin_ctz(lanes),
					       n = w->first + column[lane];
				PLANNED(n)->threshold[n % 16] = KERNEL_NEVER;
				path->crossing[path->crossings++] = (struct kernel_crossing){
					(uint16_t)n, time[lane], speed[lane]};
			}
		}
	}
}
