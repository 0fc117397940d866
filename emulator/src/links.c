// SPDX-License-Identifier: MIT
#include "links.h"

#include "noise.h"

static unsigned take_turn(struct emulator_links *links)
{
	if (links->up == 0xff)
		return links->turn = (links->turn + 1) % EMULATOR_LINKS;
	if (!links->up)
		return links->turn;
	do
		links->turn = (links->turn + 1) % EMULATOR_LINKS;
	while (!(links->up >> links->turn & 1));
	return links->turn;
}

static bool is_lost(struct emulator_links *links)
{
	uint32_t drawn[4];
	emulator__noise_bits(drawn, links->seed, NOISE_FAULT, UINT64_C(1) << 63 | links->draws++);
	return drawn[0] < links->loss;
}

/* Send a word until it arrives. Returns how often it was repeated. */
static uint64_t send(uint8_t *damaged, struct emulator_links *links, bool to_chip)
{
	for (uint64_t repeated = 0;; repeated++) {
		const unsigned link = take_turn(links);
		if (to_chip) {
			links->sent[link]++;
			links->sent_words++;
		} else {
			links->received[link]++;
			links->received_words++;
		}
		if (repeated == EMULATOR_RETRIES || !is_lost(links))
			return repeated;
		*damaged |= (uint8_t)(1u << link);
		links->crc_errors[link]++;
		links->dropped[link] += !to_chip;
	}
}

/* Sound links carry each word once, in turn: how many each has had is computed when somebody
 * asks. */
void emulator__links_count(struct emulator_links *links)
{
	for (unsigned to_chip = 0; to_chip < 2; to_chip++) {
		const uint32_t words = links->uncounted[to_chip];
		const unsigned number = (unsigned)__builtin_popcount(links->up);
		uint32_t *count = to_chip ? links->sent : links->received;
		links->uncounted[to_chip] = 0;
		if (!number)
			continue;
		for (unsigned link = 0; link < EMULATOR_LINKS; link++)
			if (links->up >> link & 1)
				count[link] += words / number;
		for (uint32_t rest = words % number; rest--;)
			count[take_turn(links)]++;
	}
}

uint64_t emulator__links_carry(uint8_t *damaged, struct emulator_links *links, unsigned to,
        unsigned from)
{
	uint64_t repeated = 0;
	*damaged = 0;
	links->handed_over += to;
	links->delivered += from;
	if (!links->loss) {
		links->sent_words += to;
		links->received_words += from;
		links->uncounted[1] += to;
		links->uncounted[0] += from;
		return 0;
	}
	while (to--)
		repeated += send(damaged, links, true);
	while (from--)
		repeated += send(damaged, links, false);
	return repeated * EMULATOR_RETRY_CYCLES;
}

unsigned emulator__links_lose(struct emulator_links *links, bool to_chip)
{
	const unsigned link = take_turn(links);
	links->crc_errors[link]++;
	links->dropped[link] += !to_chip;
	return link;
}

void emulator__links_reset(struct emulator_links *links)
{
	*links = (struct emulator_links){
		.loss = links->loss,
		.seed = links->seed,
		.draws = links->draws,
	};
}
