// SPDX-License-Identifier: MIT
/* The kernel of resets that end, included by kernel_body.h for each instruction set: the membrane
 * is where an exponential way to the floor has brought it, and follows its currents from there to
 * the window's end, along the tangent of its leak. */

/* What the currents are at the end of the resets of a group, and when that is. */
struct releases {
	vec step[TOGETHER]; /* in which it is */
	vec left[TOGETHER]; /* of this step, 0 … 1 */
	vec volt[TOGETHER]; /* V, of the membrane */
};

ALWAYS struct releases end_resets(
	const struct kernel_window *w, unsigned column, const vec until[TOGETHER], unsigned steps)
{
	const struct kernel_rests *rests = w->rests;
	kernel_columns *inflow = w->path->inflow;
	struct releases r;
	vec now[TOGETHER], before[TOGETHER];
	EACH r.step[n] = all(0.0f);
	EACH before[n] = load(PART(&inflow[0][column]));
	EACH now[n] = load(PART(&inflow[1][column]));
	for (unsigned k = 1; k < steps; k++)
		EACH
		{
			const mask early = above(all((float)k), until[n]);
			before[n] = choose(early, before[n], load(PART(&inflow[k][column])));
			now[n] = choose(early, now[n], load(PART(&inflow[k + 1][column])));
			r.step[n] = choose(early, r.step[n], all((float)k));
		}
	EACH r.left[n] = r.step[n] + all(1.0f) - until[n];
	/* a membrane lags behind its currents, which are known in the middles of steps */
	EACH now[n] -=
		(now[n] - before[n]) * (r.left[n] - all(0.5f) + load(PART(&rests->lag[column])));
	EACH now[n] =
		now[n] * load(PART(&rests->yield[column])) + load(PART(&rests->floor[column]));
	EACH r.volt[n] = (load(PART(&rests->volt[column])) - now[n]) *
				 vec_decay(load(PART(&rests->gone[column]))) +
			 now[n];
	EACH r.volt[n] = vec_least(vec_most(r.volt[n], all(0.0f)), all(PHYSICS_RAIL));
	return r;
}

ALWAYS void release_group(struct kernel_membranes *m, struct kernel_plan *p,
	const struct kernel_window *w, unsigned first, const vec until[TOGETHER], unsigned steps)
{
	const unsigned column = first - w->first;
	struct kernel_rests *rests = w->rests;
	struct kernel_planned *b = PLANNED(first);
	const struct releases r = end_resets(w, column, until, steps);
	const struct tangents t = follow_leak(b, r.volt);
	vec v[TOGETHER], highest[TOGETHER], lowest[TOGETHER], part[TOGETHER], own[TOGETHER];
	EACH part[n] = r.left[n] * t.pull[n];
	EACH part[n] = r.left[n] * (all(1.0f) - part[n] * (all(0.5f) - part[n] * all(1.0f / 6.0f)));
	EACH v[n] = highest[n] = lowest[n] = r.volt[n];
	for (unsigned k = 0; k < steps; k++) {
		const vec step = all((float)k);
		EACH own[n] = choose(above(r.step[n], step), all(0.0f), part[n]);
		EACH own[n] = choose(above(step, r.step[n]), t.share[n], own[n]);
		EACH v[n] += own[n] * (t.push[n] - t.pull[n] * v[n] +
					      load(PART(&w->path->inflow[k + 1][column])));
		EACH highest[n] = vec_most(highest[n], v[n]);
		EACH lowest[n] = vec_least(lowest[n], v[n]);
	}
	EACH
	{
		const mask due = above(all((float)steps), until[n]);
		const vec threshold = load(PART(&m->threshold[first]));
		float *volt = PART(&rests->volt[column]), *open = PLAN(threshold),
		      *release = (float *)(void *)PART(&rests->release[column]);
		const vec room = vec_least(
			vec_least(threshold, all(PHYSICS_RAIL - PHYSICS_RAIL_SOFT)) - highest[n],
			lowest[n] - all(PHYSICS_RAIL_SOFT));
		store(PART(&m->v[first]), choose(due, v[n], load(PART(&m->v[first]))));
		store(open, choose(due, threshold, load(open)));
		store(volt, choose(due, r.volt[n], load(volt)));
		store(release, choose(due, all_bits(KERNEL_LATER), load(release)));
		rests->careful_count += list_lanes(&rests->careful[rests->careful_count],
			bits(due) & bits(above(all(0.0f), room)), column + n * LANES);
	}
}

static void release(
	struct kernel_membranes *m, struct kernel_plan *p, const struct kernel_window *w)
{
	const unsigned steps = w->slots * w->steps;
	w->rests->careful_count = 0;
	for (unsigned column = 0; column < KERNEL_COLUMNS; column += GROUP) {
		const int32_t *ticks = &w->rests->release[column];
		vec until[TOGETHER];
		uint32_t any = 0;
		EACH until[n] = load_since(PART(ticks), w->begin) * all(w->per_tick);
		EACH any |= bits(above(all((float)steps), until[n]));
		if (any)
			release_group(m, p, w, w->first + column, until, steps);
	}
}

static unsigned before(const int32_t *tick, int32_t time, uint16_t *out)
{
	unsigned count = 0;
	for (unsigned column = 0; column < KERNEL_COLUMNS; column += LANES)
		count += list_lanes(&out[count],
			bits(above(all(0.0f), load_since(&tick[column], time))), column);
	return count;
}
