// SPDX-License-Identifier: MIT
#include "faults.h"

#include "noise.h"
#include "physics.h"

#include <hxcomm/error.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- the one table of keys ------------------------------------------------------------------- */

/* Key, what is counted, how many there are, member of struct emulator_faults. */
#define LISTS(X)                                              \
	X("dead_neurons", "neurons", 512, neuron)             \
	X("dead_drivers", "synapse drivers", 256, driver)     \
	X("dead_rows", "synapse rows", 512, row)              \
	X("stuck_resets", "neurons", 512, stuck_reset)        \
	X("stuck_channels", "CADC channels", 1024, channel)

/* Key, smallest and largest value, factor, member. */
#define NUMBERS(X)                                            \
	X("link_loss", 0, 1, 1, link_loss)                    \
	X("link_flips", 0, 1, 1, link_flips)                  \
	X("clock_drift_ppm", -1000, 1000, 1e-6, clock_drift)

enum { LINKS = 8 };

static const char *const keys[] = {
#define KEY(key, ...) key,
	LISTS(KEY) NUMBERS(KEY)
#undef KEY
	"dead_links",
	"no_pll",
};

const char *const *emulator__faults_keys(unsigned *count)
{
	*count = sizeof(keys) / sizeof(*keys);
	return keys;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static const char random_prefix[] = "random:";

/* Read a number and move behind it. false: there is none */
static bool read_number(unsigned *out, const char **text)
{
	if (**text < '0' || **text > '9')
		return false;
	char *end;
	errno = 0;
	const unsigned long value = strtoul(*text, &end, 10);
	*out = errno || value > 100000 ? 100000 : (unsigned)value;
	*text = end;
	return true;
}

static int draw(bool *parts, unsigned count, unsigned wanted, const char *key, uint32_t serial)
{
	uint64_t stream = 0;
	for (const char *c = key; *c; c++)
		stream = stream * 31 + (unsigned char)*c;
	for (uint64_t n = 0; wanted; n++) {
		uint32_t drawn[4];
		emulator__noise_bits(drawn, serial, NOISE_FAULT, stream << 24 | n);
		bool *part = &parts[drawn[0] % count];
		wanted -= !*part;
		*part = true;
	}
	return HXCOMM_OK;
}

/* "3,17,40-47", or "random:5": five of them, the same for the same chip. */
static int read_list(bool *parts, unsigned count, const char *what, const struct hxcomm_uri *uri,
        const char *key, uint32_t serial)
{
	const char *text = hxcomm_uri_find(uri, key), *at = text;
	unsigned first, last;
	if (!text)
		return HXCOMM_OK;
	if (!strncmp(text, random_prefix, sizeof(random_prefix) - 1)) {
		at += sizeof(random_prefix) - 1;
		if (!read_number(&first, &at) || *at)
			goto malformed;
		if (first > count)
			return hxcomm_error_set(HXCOMM_ERANGE, "%s=%s: there are %u %s", key, text,
			        count, what);
		return draw(parts, count, first, key, serial);
	}
	for (;; at++) {
		if (!read_number(&first, &at))
			goto malformed;
		last = first;
		if (*at == '-') {
			at++;
			if (!read_number(&last, &at))
				goto malformed;
		}
		if (first > last || last >= count)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "%s=%s: %s have the numbers 0 to %u, a range begins with the "
			        "lesser one",
			        key, text, what, count - 1);
		for (unsigned i = first; i <= last; i++)
			parts[i] = true;
		if (!*at)
			return HXCOMM_OK;
		if (*at != ',')
			goto malformed;
	}
malformed:
	return hxcomm_error_set(HXCOMM_EINVAL,
	        "%s=%s is no list: write numbers and ranges such as 3,17,40-47, or random:5", key,
	        text);
}

int emulator__faults_read(struct emulator_faults *out, const struct hxcomm_uri *uri,
        uint32_t serial)
{
	struct emulator_faults faults = { 0 };
	bool links[LINKS] = { false };
	uint64_t pll;
	int status = HXCOMM_OK;
#define READ_LIST(key, what, count, member) \
	if (status == HXCOMM_OK)            \
		status = read_list(faults.member, count, what, uri, key, serial);
	LISTS(READ_LIST)
#undef READ_LIST
#define READ_NUMBER(key, min, max, factor, member)                                        \
	if (status == HXCOMM_OK)                                                          \
		status = hxcomm_uri_read_double(&faults.member, uri, key, 0, min, max);   \
	faults.member *= (factor);
	NUMBERS(READ_NUMBER)
#undef READ_NUMBER
	if (status == HXCOMM_OK)
		status = read_list(links, LINKS, "links", uri, "dead_links", serial);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&pll, uri, "no_pll", 0, 0, 1);
	if (status != HXCOMM_OK)
		return status;
	for (unsigned i = 0; i < LINKS; i++)
		faults.links |= (uint8_t)(links[i] << i);
	faults.pll = pll;
	for (unsigned i = 0; i < sizeof(faults.stuck); i++) {
		uint32_t drawn[4];
		emulator__noise_bits(drawn, serial, NOISE_FAULT, i);
		faults.stuck[i] = drawn[0] & 255;
	}
	*out = faults;
	return HXCOMM_OK;
}

void emulator__faults_draw(struct emulator_faults *faults, const struct hxcomm_uri *uri,
        uint32_t serial, uint64_t seed)
{
	if (hxcomm_uri_find(uri, "stuck_resets"))
		return;
	for (uint32_t n = 0; n < sizeof(faults->stuck_reset); n++) {
		double uniform[4];
		emulator__noise_uniforms(uniform, seed, NOISE_POWER, n, serial);
		faults->stuck_reset[n] = uniform[0] < PHYSICS_STUCK;
	}
}
