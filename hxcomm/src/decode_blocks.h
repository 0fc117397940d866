// SPDX-License-Identifier: MIT
/* The loop over batches, for a kernel that goes LANES words at a time. Included once by the file of
 * such a kernel, behind its struct batch and its find_all_places(), find_messages(), take_spikes(),
 * take_samples() and take_others(). No include guard: it is a part of that file. */

static void blocks(struct hxcomm__walk *walk, struct hxcomm_decoder *decoder,
        struct hxcomm_responses *out)
{
	struct batch batch;
	/* a message that begins in the last word of a block ends in the second one behind */
	const size_t end = walk->stop < walk->end ? walk->stop / 8 : walk->end / 8 - 1;
	size_t position = walk->position, done, count;
	do {
		position = hxcomm__take_omnibus_run(&out->omnibus, walk->words, position, 8 * end,
		        &decoder->time);
		const size_t word = position / 8;
		if (word + LANES > end)
			break;
		const size_t rest = (end - word) & ~(size_t)(LANES - 1);
		const uint64_t *words = walk->words + word;
		count = rest < HXCOMM__BATCH_WORDS ? rest : HXCOMM__BATCH_WORDS;
		find_all_places(batch.places, words, count, HXCOMM__FIRST - position % 8);
		done = find_messages(&batch, &out->omnibus, words, count, &decoder->time);
		take_spikes(out, &batch.spikes);
		take_samples(out, &batch.samples);
		decoder->halts += take_others(out, &batch.others);
		const size_t place = batch.places[done];
		position = 8 * (word + done) +
		        (place == HXCOMM__NOWHERE ? 8 : HXCOMM__FIRST - place);
	} while (done == count);
	walk->position = position;
}
