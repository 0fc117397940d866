// SPDX-License-Identifier: MIT
/* The kernel of rich neurons at rest, or nearly so, included by kernel_window.h for each
 * instruction set: any time in which nothing happens, in one.
 *
 * Lines decay in closed form. Membrane V and adaptation w follow the linear system that their
 * currents are close to: with Z = -h A its matrix and F its slopes now, they move by (I + 2/3 Z +
 * Z^2/6)^-1 (I + Z/6) h F, which is (1 - exp(-Z)) / Z to third order and ends where the system does
 * for any h. Where the membrane runs away from its exponential term the flags tell. Source:
 * spec/emulator_numerics.md 1, 2.2. */

/* A line through a leap: how far it is open in the mean. */
ALWAYS vec rich_leap_line(struct kernel_membranes *m, unsigned l, unsigned i, vec h)
{
	const vec u = load(&m->line[l][i]), z = h * load(&m->line_rate[l][i]);
	const vec keep = vec_decay(z);
	const vec mean =
		choose(above(all(0.5f), z), way_of(z), (all(1.0f) - keep) / vec_most(z, all(0.5f)));
	const vec bent = u * (all(1.0f) - keep) * all(1.0f / PHYSICS_LINE_TAU_BEND);
	const vec middle = u * mean * (all(1.0f) - all(0.5f) * bent);
	const vec next = vec_most(u * keep / (all(1.0f) + bent), all(1e-12f)) - all(1e-12f);
	store(&m->line[l][i], vec_least(next, all(PHYSICS_LINE_LIMIT)));
	return vec_tanh((middle + load(&m->input_offset[l][i])) * all(1.0f / PHYSICS_LINE_PAIR));
}

/* Currents and their slopes at @v, in V/s; @adapting: slope of the adaptation current. */
ALWAYS void rich_leap_currents(const struct kernel_membranes *m, const struct kernel_rich *rich,
	unsigned i, vec h, vec share, const vec open[KERNEL_LINES], struct rich *r, vec *adapting)
{
	const vec v = load(&m->v[i]), w = load(&rich->adaptation[i]);
	const vec leak = load(&m->leak_limit[i]), slope = load(&m->leak_slope[i]);
	rich_amplifiers(m, i, v, leak, load(&m->reset_limit[i]) * share, r);
	/* beyond the linear range the tangent overshoots in long leaps, the secant never */
	const vec x = slope * (load(&m->leak_reference[i]) - v), t = vec_tanh(x);
	const vec size = vec_most(x, -x), q = vec_least(size, all(tanh_end));
	const vec secant = leak * slope * vec_tanh_over(q * q) / vec_tanh_under(q * q);
	const vec tangent = leak * slope * (all(1.0f) - t * t);
	r->pull += choose(above(h * secant, all(0.5f)), secant - tangent, all(0.0f));
	const vec running = all(1.0f) - share * load(&rich->pause[i]);
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		const vec limit = load(&m->input_limit[l][i]),
			  coba = load(&rich->conductance[l][i]);
		const vec fall = l ? coba : -coba, part = open[l] * running;
		rich_input(r, v, (l ? -limit : limit) - fall * load(&rich->reversal[l][i]), fall,
			l ? -part : part);
	}
	const vec octaves = load(&rich->exponential_slope[i]) * all(1.44269504f);
	const vec grown = load(&rich->exponential[i]) * running *
			  vec_octaves(octaves * (v - load(&rich->exponential_reference[i])));
	const vec most = load(&rich->exponential_limit[i]);
	r->steep = choose(above(grown, most), all(0.0f), grown * load(&rich->exponential_slope[i]));
	const vec limit = load(&rich->adaptation_limit[i]), y = vec_tanh(w / limit);
	r->force += load(&m->constant[i]) + vec_least(grown, most) - limit * y;
	*adapting = all(1.0f) - y * y;
	/* currents fade before the rails */
	const vec room = choose(above(r->force, all(0.0f)), all(PHYSICS_RAIL) - v, v);
	const vec left =
		vec_least(vec_most(room * all(1.0f / PHYSICS_RAIL_SOFT), all(0.0f)), all(1.0f));
	/* fading holds a membrane that its currents press against a rail */
	const vec pressed = vec_most(r->force, -r->force) * all(1.0f / PHYSICS_RAIL_SOFT);
	r->pull = r->pull * left + choose(above(all(1.0f), left), pressed, all(0.0f));
	r->steep *= left;
	r->force *= left;
	*adapting *= left;
}

/* Solve for the ways of membrane and adaptation. @turn: rate of the adaptation times h */
ALWAYS void rich_leap_solve(
	vec pull, vec adapting, vec turn, vec a, vec force, vec aim, vec *dv, vec *dw)
{
	const vec third = all(2.0f / 3.0f), sixth = all(1.0f / 6.0f);
	const vec z00 = pull, z01 = adapting, z10 = -turn * a, z11 = turn;
	const vec m00 = all(1.0f) + third * z00 + sixth * (z00 * z00 + z01 * z10);
	const vec m01 = third * z01 + sixth * z01 * (z00 + z11);
	const vec m10 = third * z10 + sixth * z10 * (z00 + z11);
	const vec m11 = all(1.0f) + third * z11 + sixth * (z10 * z01 + z11 * z11);
	const vec f0 = force + sixth * (z00 * force + z01 * aim);
	const vec f1 = aim + sixth * (z10 * force + z11 * aim);
	const vec inverse = all(1.0f) / (m00 * m11 - m01 * m10);
	*dv = (m11 * f0 - m01 * f1) * inverse;
	*dw = (m00 * f1 - m10 * f0) * inverse;
}

ALWAYS uint32_t rich_leap_lanes(struct kernel_membranes *m, struct kernel_rich *rich, unsigned i,
	float length, unsigned variants)
{
	const vec h = all(length), v = load(&m->v[i]), w = load(&rich->adaptation[i]);
	const vec share = variants & KERNEL_RESETS ? load(&m->reset_share[i]) : all(0.0f);
	vec open[KERNEL_LINES], lines = all(0.0f), adapting;
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		open[l] = rich_leap_line(m, l, i, h);
		lines = vec_most(lines, load(&m->line[l][i]));
	}
	struct rich r;
	rich_leap_currents(m, rich, i, h, share, open, &r, &adapting);
	const vec rate = load(&rich->adaptation_rate[i]), a = load(&rich->adaptation_a[i]);
	/* a membrane that its currents hold at a rail does not run away */
	const vec free = vec_most(r.force, -r.force), tangent = r.pull - r.steep;
	const vec slope = choose(above(free, all(0.0f)), tangent, vec_most(tangent, all(0.0f)));
	const vec turn = h * rate;
	const vec aim = turn * (a * (v - load(&rich->adaptation_reference[i])) - w);
	vec dv, dw;
	rich_leap_solve(h * slope, h * adapting, turn, a, h * r.force, aim, &dv, &dw);
	const mask joined = above(load(&rich->joined[i]), all(0.0f));
	const vec next =
		choose(joined, v, vec_least(vec_most(v + dv, all(0.0f)), all(PHYSICS_RAIL)));
	const vec gain = next - v, size = vec_most(gain, -gain);
	const vec off = next + load(&m->noise[i]) - load(&m->threshold[i]);
	/* a slow adaptation moves its membrane little in one leap, and far in all */
	const vec far = adapting * aim / turn;
	/* V or w runs away where the trace or the determinant of their system is negative */
	const vec stable = vec_least(slope + rate, slope + a * adapting);
	store(&m->v[i], next);
	store(&rich->adaptation[i], choose(joined, w, w + dw));
	store(&m->gain[i], choose(joined, r.force, gain));
	store(&m->rate[i], choose(joined, slope, vec_most(slope, all(1.0f))));
	uint32_t flags = 0, own = ~bits(joined);
	const uint32_t on = bits(above(off, all(0.0f)));
	for (unsigned k = 0; k < LANES; k++) {
		m->crossing[i + k] = (on >> k & 1) & (m->above[i + k] ^ 1u) & (own >> k & 1);
		m->above[i + k] = own >> k & 1 ? on >> k & 1 : m->above[i + k];
		flags |= m->crossing[i + k] ? KERNEL_CROSSING : 0;
	}
	flags |= bits(above(all(0.0f), stable)) & own ? KERNEL_NEAR | KERNEL_FAST : 0;
	flags |= bits(above(load(&m->margin[i]), vec_most(off, -off))) & own ? KERNEL_NEAR : 0;
	flags |= bits(above(size, all(3e-7f))) & own ? KERNEL_MOVING : 0;
	flags |= bits(above(vec_most(far, -far), all(3e-7f) * slope)) & own ? KERNEL_MOVING : 0;
	flags |= bits(above(size, all(m->fast))) & own ? KERNEL_FAST : 0;
	flags |= bits(above(lines, all(5e-5f))) ? KERNEL_ACTIVE : 0;
	return flags;
}

static uint32_t rich_leap(
	struct kernel_membranes *m, struct kernel_rich *r, float h, unsigned variants)
{
	uint32_t flags = 0;
	for (unsigned i = 0; i < KERNEL_NEURONS; i += LANES)
		if (m->rich >> i / KERNEL_BLOCK & 1)
			flags |= rich_leap_lanes(m, r, i, h, variants);
	return flags;
}
