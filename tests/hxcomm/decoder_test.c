// SPDX-License-Identifier: MIT
#include <hxcomm/decoder.h>
#include <hxcomm/encoder.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "decode.h"
#include "messages.h"
#include "random.h"
#include "torture.h"
#include "vectors.h"

#include <stdlib.h>

/* ---- help ----------------------------------------------------------------------------------- */

struct decoded {
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *out;
	int status;
};

/* Decode words in pieces: the sizes come round and round; 0 ends the list. */
static struct decoded decode(const uint64_t *words, size_t count, const size_t *pieces)
{
	struct decoded d;
	hxcomm_decoder_init(&d.decoder);
	assert_ok(hxcomm_responses_new(&d.out, 0));
	d.status = HXCOMM_OK;
	size_t at = 0, k = 0;
	while (at < count && d.status == HXCOMM_OK) {
		size_t piece = pieces ? pieces[k] : count;
		if (piece > count - at)
			piece = count - at;
		/* a copy of its own, so that a read behind its end is seen */
		uint64_t *copy = malloc(piece * sizeof(*copy));
		assert_non_null(copy);
		memcpy(copy, words + at, piece * sizeof(*copy));
		d.status = hxcomm_decode(&d.decoder, copy, piece, d.out);
		free(copy);
		at += piece;
		if (pieces)
			k = pieces[k + 1] ? k + 1 : 0;
	}
	return d;
}

#define SAME(a, b, table, column)                                                                  \
	do {                                                                                       \
		if ((a)->table.count)                                                              \
			assert_memory_equal((a)->table.column, (b)->table.column,                  \
			        (a)->table.count * sizeof(*(a)->table.column));                    \
	} while (0)

static void assert_same(const struct hxcomm_responses *a, const struct hxcomm_responses *b)
{
	assert_int_equal(a->omnibus.count, b->omnibus.count);
	SAME(a, b, omnibus, value);
	SAME(a, b, omnibus, time);
	assert_int_equal(a->jtag.count, b->jtag.count);
	SAME(a, b, jtag, value);
	SAME(a, b, jtag, time);
	assert_int_equal(a->loopback.count, b->loopback.count);
	SAME(a, b, loopback, tick);
	SAME(a, b, loopback, time);
	assert_int_equal(a->spikes.count, b->spikes.count);
	SAME(a, b, spikes, label);
	SAME(a, b, spikes, chip_time);
	SAME(a, b, spikes, fpga_time);
	assert_int_equal(a->madc.count, b->madc.count);
	SAME(a, b, madc, value);
	SAME(a, b, madc, channel);
	SAME(a, b, madc, chip_time);
	SAME(a, b, madc, fpga_time);
	assert_int_equal(a->links.count, b->links.count);
	SAME(a, b, links, value);
	SAME(a, b, links, time);
	assert_int_equal(a->timeouts.count, b->timeouts.count);
	SAME(a, b, timeouts, instruction);
	SAME(a, b, timeouts, stalls);
	SAME(a, b, timeouts, reads_in_flight);
	SAME(a, b, timeouts, time);
	assert_memory_equal(a->spike_packs, b->spike_packs, sizeof(a->spike_packs));
	assert_memory_equal(a->madc_packs, b->madc_packs, sizeof(a->madc_packs));
}

/* ---- a second decoder: one message after the other, by spec/transport.md 2.7 as it is written -- */

struct model {
	uint64_t t;
	uint64_t halts;
	size_t omnibus, jtag, ticks, spikes, madc, links, timeouts;
};

/* Chip time in ticks of 4 ns, in signed arithmetic. */
static uint64_t model_chip_time(uint64_t t, uint64_t stamp)
{
	int64_t c4 = (int64_t)(t / 128 * 256 + stamp);
	if (c4 > (int64_t)(2 * t + 1))
		c4 -= 256;
	return c4 < 0 ? (uint64_t)(c4 + ((int64_t)1 << 44)) : (uint64_t)c4;
}

static void model_events(struct model *model, const struct hxcomm_message *m,
        const struct hxcomm_responses *out, bool spikes)
{
	for (size_t i = 0; i < m->kind->items; i++) {
		const uint64_t value = hxcomm_message_get(m, i, 0);
		const uint64_t chip = model_chip_time(model->t, hxcomm_message_get(m, i, 1));
		const size_t k = spikes ? model->spikes++ : model->madc++;
		if (spikes) {
			assert_int_equal(out->spikes.label[k], value);
			assert_int_equal(out->spikes.chip_time[k], chip);
			assert_int_equal(out->spikes.fpga_time[k], model->t);
		} else {
			assert_int_equal(out->madc.value[k], value % 1024);
			assert_int_equal(out->madc.channel[k], value / 1024 % 2);
			assert_int_equal(out->madc.chip_time[k], chip);
			assert_int_equal(out->madc.fpga_time[k], model->t);
		}
	}
}

/* One message is in the tables where the model says. */
static void model_step(struct model *model, const struct hxcomm_message *m,
        const struct hxcomm_responses *out)
{
	model->t = (model->t + 1) % (UINT64_C(1) << 43);
	switch (m->kind->code) {
	case HXCOMM_RESPONSE_JTAG:
		assert_int_equal(out->jtag.value[model->jtag], m->low);
		assert_int_equal(out->jtag.time[model->jtag++], model->t);
		break;
	case HXCOMM_RESPONSE_OMNIBUS:
		assert_int_equal(out->omnibus.value[model->omnibus], m->low);
		assert_int_equal(out->omnibus.time[model->omnibus++], model->t);
		break;
	case HXCOMM_RESPONSE_LOOPBACK:
		if (!m->low) {
			model->halts++;
			break;
		}
		assert_int_equal(out->loopback.tick[model->ticks], 1);
		assert_int_equal(out->loopback.time[model->ticks++], model->t);
		break;
	case HXCOMM_RESPONSE_LINK:
		assert_int_equal(out->links.value[model->links], m->low);
		assert_int_equal(out->links.time[model->links++], model->t);
		break;
	case HXCOMM_RESPONSE_TIMEOUT:
		assert_int_equal(out->timeouts.instruction[model->timeouts], m->low % (UINT64_C(1) << 32));
		assert_int_equal(out->timeouts.stalls[model->timeouts], m->low >> 32 & 127);
		assert_int_equal(out->timeouts.reads_in_flight[model->timeouts], m->low >> 39);
		assert_int_equal(out->timeouts.time[model->timeouts++], model->t);
		break;
	case HXCOMM_RESPONSE_SYSTIME:
		model->t = m->low;
		break;
	case HXCOMM_RESPONSE_SYSDELTA:
		model->t = (model->t + m->low) % (UINT64_C(1) << 43);
		break;
	default:
		model_events(model, m, out, m->kind->code >= HXCOMM_RESPONSE_SPIKE_1);
	}
}

static void assert_model(const struct model *model, const struct decoded *d)
{
	assert_int_equal(d->out->jtag.count, model->jtag);
	assert_int_equal(d->out->omnibus.count, model->omnibus);
	assert_int_equal(d->out->loopback.count, model->ticks);
	assert_int_equal(d->out->links.count, model->links);
	assert_int_equal(d->out->timeouts.count, model->timeouts);
	assert_int_equal(d->out->spikes.count, model->spikes);
	assert_int_equal(d->out->madc.count, model->madc);
	assert_int_equal(d->decoder.halts, model->halts);
	assert_int_equal(d->decoder.time, model->t);
}

/* ---- tests ---------------------------------------------------------------------------------- */

/* Every line, in one piece, word by word, and by threes. */
static void all_recorded_words_become_the_recorded_messages(void **state)
{
	static const size_t pieces[][3] = { { 1, 0 }, { 3, 0 }, { 2, 1, 0 } };
	struct vectors *vectors = vectors_open("ut_decode");
	size_t errors = 0;
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		size_t count, i;
		uint64_t *words = vectors_words(json_object_get(line, "words"), &count);
		const bool error = json_object_get(line, "error") != NULL;
		struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, words, count, 0 };
		struct decoded d = decode(words, count, NULL);
		struct model model = { 0 };
		const json_t *json;
		json_array_foreach(json_object_get(line, "messages"), i, json) {
			struct hxcomm_message m;
			assert_int_equal(hxcomm_message_read(&m, &reader), 1);
			assert_message(&m, json);
			model_step(&model, &m, d.out);
		}
		struct hxcomm_message m;
		assert_int_equal(hxcomm_message_read(&m, &reader), error ? HXCOMM_EPROTO : 0);
		assert_int_equal(d.status, error ? HXCOMM_EPROTO : HXCOMM_OK);
		assert_model(&model, &d);
		if (error) {
			char text[32];
			const size_t word = vectors_u64(line, "error_word_index");
			assert_int_equal(reader.position / 8, word);
			snprintf(text, sizeof(text), "word %zu, byte", word);
			struct decoded again = decode(words, count, NULL);
			assert_error(again.status, HXCOMM_EPROTO, text);
			hxcomm_responses_free(again.out);
			errors++;
		}
		FOR_ROWS(k, pieces) {
			struct decoded other = decode(words, count, pieces[k]);
			assert_int_equal(other.status, d.status);
			assert_same(d.out, other.out);
			hxcomm_responses_free(other.out);
		}
		hxcomm_responses_free(d.out);
		free(words);
	}
	assert_true(vectors_line(vectors) > 700);
	assert_true(errors > 10);
	vectors_close(vectors);
}

static void assert_times(const json_t *list, const uint64_t *time, size_t count)
{
	assert_int_equal(json_array_size(list), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(vectors_number(json_array_get(list, i)), time[i]);
}

static void assert_events(const json_t *line, const struct hxcomm_responses *out)
{
	size_t i;
	const json_t *json;
	assert_int_equal(json_array_size(json_object_get(line, "spikes")), out->spikes.count);
	json_array_foreach(json_object_get(line, "spikes"), i, json) {
		assert_int_equal(out->spikes.label[i], vectors_u64(json, "label"));
		assert_int_equal(out->spikes.fpga_time[i], vectors_u64(json, "fpga_time"));
		/* recorded with 8 ns: ours keeps the bit below */
		assert_int_equal(out->spikes.chip_time[i] / 2, vectors_u64(json, "chip_time"));
	}
	assert_int_equal(json_array_size(json_object_get(line, "madc_samples")), out->madc.count);
	json_array_foreach(json_object_get(line, "madc_samples"), i, json) {
		assert_int_equal(out->madc.value[i], vectors_u64(json, "value"));
		assert_int_equal(out->madc.channel[i], vectors_u64(json, "channel"));
		assert_int_equal(out->madc.fpga_time[i], vectors_u64(json, "fpga_time"));
		assert_int_equal(out->madc.chip_time[i] / 2, vectors_u64(json, "chip_time"));
	}
}

/* "HighspeedLinkNotification(Value(157), FPGATime(662482))": the numbers of it in order. */
static void assert_text(const json_t *json, const uint64_t *numbers, size_t count)
{
	const char *text = json_string_value(json);
	assert_non_null(text);
	for (size_t i = 0; i < count; i++) {
		text = strpbrk(text, "0123456789");
		assert_non_null(text);
		assert_int_equal(strtoull(text, (char **)(void *)&text, 10), numbers[i]);
	}
}

static void assert_notifications(const json_t *line, const struct hxcomm_responses *out)
{
	size_t i;
	const json_t *json;
	assert_int_equal(json_array_size(json_object_get(line, "highspeed_link_notifications")),
	        out->links.count);
	json_array_foreach(json_object_get(line, "highspeed_link_notifications"), i, json)
		assert_text(json, (const uint64_t[]){ out->links.value[i], out->links.time[i] }, 2);
	assert_int_equal(json_array_size(json_object_get(line, "timeout_notifications")),
	        out->timeouts.count);
	json_array_foreach(json_object_get(line, "timeout_notifications"), i, json)
		assert_text(json, (const uint64_t[]){ out->timeouts.instruction[i],
			out->timeouts.stalls[i], out->timeouts.reads_in_flight[i],
			out->timeouts.time[i] }, 4);
}

static void all_recorded_programs_have_the_recorded_times(void **state)
{
	struct vectors *vectors = vectors_open("playback_decode");
	size_t checked = 0;
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		size_t count;
		uint64_t *words = vectors_words(json_object_get(line, "words"), &count);
		struct decoded d = decode(words, count, NULL);
		struct hxcomm_responses *out = d.out;
		assert_ok(d.status);
		if (json_object_get(line, "error")) {
			/* the recorder could not hold this timeout's numbers: we keep them as they are */
			bool beyond = false;
			for (size_t i = 0; i < out->timeouts.count; i++)
				beyond |= out->timeouts.stalls[i] > 96 ||
				        out->timeouts.reads_in_flight[i] > 52;
			assert_true(beyond);
		} else {
			const json_t *times = json_object_get(line, "response_times");
			assert_events(line, out);
			assert_notifications(line, out);
			for (size_t i = 0; i < 3; i++) {
				assert_int_equal(out->spike_packs[i], vectors_number(json_array_get(
				        json_object_get(line, "spike_pack_counts"), i)));
				assert_int_equal(out->madc_packs[i], vectors_number(json_array_get(
				        json_object_get(line, "madc_sample_pack_counts"), i)));
			}
			assert_times(json_object_get(times, "jtag_from_hicann::Data"), out->jtag.time,
			        out->jtag.count);
			assert_times(json_object_get(times, "omnibus_from_fpga::Data"),
			        out->omnibus.time, out->omnibus.count);
			assert_times(json_object_get(times, "from_fpga_system::Loopback"),
			        out->loopback.time, out->loopback.count);
			checked++;
		}
		hxcomm_responses_free(out);
		free(words);
	}
	assert_true(checked > 100);
	vectors_close(vectors);
}

/* spec/transport.md 1.7, decoder corner cases */
static void a_comma_is_seen_only_where_a_message_may_begin(void **state)
{
	static const uint64_t skipped[] = { 0x8000000000000000, 0x0200000000000001,
		0xffffffffffffffff, 0x0200000000000000 };
	static const uint64_t filler[] = { 0x0c01111102222203, 0x33338fffffffffff,
		0x0200000000000000 };
	static const uint64_t data[] = { 0x0c01111102222203, 0x8000000000000000,
		0x0200000000000000 };
	(void)state;
	struct decoded d = decode(skipped, 4, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->loopback.count, 1);
	assert_int_equal(d.decoder.halts, 1);
	hxcomm_responses_free(d.out);

	d = decode(filler, 3, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->spikes.count, 3);
	assert_int_equal(d.out->spikes.label[2], 0x3333);
	assert_int_equal(d.decoder.halts, 1);
	hxcomm_responses_free(d.out);

	d = decode(data, 3, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->spikes.count, 3);
	assert_int_equal(d.out->spikes.label[2], 0x8000);
	assert_int_equal(d.decoder.halts, 0);
	assert_int_equal(d.out->jtag.count, 1);
	assert_int_equal(d.out->jtag.value[0], 0x200);
	hxcomm_responses_free(d.out);
}

static void an_undefined_code_names_itself_and_its_word(void **state)
{
	(void)state;
	for (unsigned code = 0x0d; code < 0x80; code++) {
		const uint64_t words[] = { 0x0200000000000001, 0x0c01111102222203,
			0x3333000000000000 | (uint64_t)code << 40 };
		static const size_t by_one[] = { 1, 0 };
		char text[64];
		snprintf(text, sizeof(text), "word 2, byte 2: 0x%02x is no message", code);
		struct decoded d = decode(words, 3, code % 2 ? by_one : NULL);
		assert_error(d.status, HXCOMM_EPROTO, text);
		assert_int_equal(d.out->loopback.count, 1); /* what came before stays */
		assert_int_equal(d.out->spikes.count, 3);
		assert_error(hxcomm_decode(&d.decoder, words, 1, d.out), HXCOMM_EPROTO,
		        "decoding has failed before");
		assert_int_equal(d.out->loopback.count, 1);
		hxcomm_decoder_init(&d.decoder);
		assert_ok(hxcomm_decode(&d.decoder, words, 1, d.out));
		assert_int_equal(d.out->loopback.count, 2);
		hxcomm_responses_free(d.out);
	}
}

static void an_empty_piece_changes_nothing(void **state)
{
	(void)state;
	struct decoded d = decode(NULL, 0, NULL);
	assert_ok(hxcomm_decode(&d.decoder, NULL, 0, d.out));
	assert_int_equal(d.decoder.words, 0);
	hxcomm_responses_free(d.out);
}

/* A random stream with commas and filler: words in *out, messages in a model's order. */
static void random_stream(struct hxcomm_encoder *encoder, struct test_random *random, size_t messages)
{
	hxcomm_encoder_init(encoder);
	for (size_t i = 0; i < messages; i++) {
		const enum hxcomm_response code =
		        (enum hxcomm_response)test_random_below(random, HXCOMM_RESPONSES);
		size_t kinds;
		const unsigned bits =
		        hxcomm_message_kinds(HXCOMM_FROM_FPGA, &kinds)[code].payload_bits;
		uint64_t low = test_random_next(random);
		if (bits < 64)
			low &= (UINT64_C(1) << bits) - 1;
		assert_ok(hxcomm_encoder_append(encoder, code,
		        bits > 64 ? test_random_below(random, 256) : 0, low));
		if (test_random_below(random, 6))
			continue;
		const unsigned pending = encoder->bits;
		assert_ok(hxcomm_encoder_flush(encoder));
		if (pending) /* arbitrary filler behind the comma */
			encoder->words[encoder->count - 1] |=
			        test_random_next(random) & ((UINT64_C(1) << (63 - pending)) - 1);
	}
	assert_ok(hxcomm_encoder_flush(encoder));
}

static void random_streams_decode_like_the_model_however_they_are_cut(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct test_random random = { .seed = seed };
		struct hxcomm_encoder encoder;
		random_stream(&encoder, &random, 1 + test_random_below(&random, 120));
		struct decoded whole = decode(encoder.words, encoder.count, NULL);
		struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, encoder.words,
			encoder.count, 0 };
		struct model model = { 0 };
		struct hxcomm_message m;
		assert_ok(whole.status);
		while (hxcomm_message_read(&m, &reader) == 1)
			model_step(&model, &m, whole.out);
		assert_model(&model, &whole);
		/* cut in two at every word, and into pieces of 1 to 5 words */
		for (size_t cut = 1; cut < encoder.count; cut++) {
			const size_t pieces[] = { cut, encoder.count - cut, 0 };
			struct decoded d = decode(encoder.words, encoder.count, pieces);
			assert_ok(d.status);
			assert_same(whole.out, d.out);
			hxcomm_responses_free(d.out);
		}
		for (size_t trial = 0; trial < 20; trial++) {
			size_t pieces[8] = { 0 };
			for (size_t i = 0; i < 7; i++)
				pieces[i] = 1 + test_random_below(&random, 5);
			struct decoded d = decode(encoder.words, encoder.count, pieces);
			assert_ok(d.status);
			assert_same(whole.out, d.out);
			assert_int_equal(d.decoder.time, whole.decoder.time);
			hxcomm_responses_free(d.out);
		}
		hxcomm_responses_free(whole.out);
		hxcomm_encoder_deinit(&encoder);
	}
}

/* More words than are walked at once: the seams fall anywhere in messages of 10 bytes. */
static void long_streams_have_no_seams(void **state)
{
	static const size_t pieces[] = { 1023, 1, 1025, 4096, 2, 0 };
	struct test_random random = { .seed = 7 };
	struct hxcomm_encoder encoder;
	(void)state;
	random_stream(&encoder, &random, 20000);
	struct decoded whole = decode(encoder.words, encoder.count, NULL);
	struct decoded cut = decode(encoder.words, encoder.count, pieces);
	struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, encoder.words, encoder.count, 0 };
	struct model model = { 0 };
	struct hxcomm_message m;
	while (hxcomm_message_read(&m, &reader) == 1)
		model_step(&model, &m, whole.out);
	assert_model(&model, &whole);
	assert_same(whole.out, cut.out);
	hxcomm_responses_free(whole.out);
	hxcomm_responses_free(cut.out);
	hxcomm_encoder_deinit(&encoder);
}

/* Random streams, cut anywhere, one of four with a random bit turned over. */
static void all_kernels_decode_the_same(void **state)
{
	const struct hxcomm__decode_kernel *kernels[HXCOMM__DECODE_KERNELS_MAX];
	const size_t count = hxcomm__decode_kernels(kernels);
	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct test_random random = { .seed = 1000 + seed };
		struct hxcomm_encoder encoder;
		random_stream(&encoder, &random, 1 + test_random_below(&random, 300));
		if (seed % 4 == 0)
			encoder.words[test_random_below(&random, encoder.count)] ^=
			        UINT64_C(1) << test_random_below(&random, 64);
		const size_t cut = test_random_below(&random, encoder.count + 1);
		struct decoded d[HXCOMM__DECODE_KERNELS_MAX];
		for (size_t k = 0; k < count; k++) {
			hxcomm_decoder_init(&d[k].decoder);
			assert_ok(hxcomm_responses_new(&d[k].out, 0));
			d[k].status = hxcomm__decode(kernels[k], &d[k].decoder, encoder.words, cut,
			        d[k].out);
			if (d[k].status == HXCOMM_OK)
				d[k].status = hxcomm__decode(kernels[k], &d[k].decoder,
				        encoder.words + cut, encoder.count - cut, d[k].out);
			assert_int_equal(d[k].status, d[0].status);
			assert_int_equal(d[k].decoder.time, d[0].decoder.time);
			assert_int_equal(d[k].decoder.halts, d[0].decoder.halts);
			assert_same(d[0].out, d[k].out);
		}
		for (size_t k = 0; k < count; k++)
			hxcomm_responses_free(d[k].out);
		hxcomm_encoder_deinit(&encoder);
	}
}

/* A comma at every byte of a word, in every rest of it, does not disturb what follows. */
static void commas_at_every_byte_are_skipped(void **state)
{
	(void)state;
	for (unsigned packs = 0; packs < 4; packs++) {
		struct hxcomm_encoder encoder;
		hxcomm_encoder_init(&encoder);
		for (unsigned i = 0; i < packs; i++) /* 2, 4, 6 bytes are pending */
			assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_SPIKE_3, 0, i));
		assert_ok(hxcomm_encoder_flush(&encoder));
		assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_LOOPBACK, 0, 1));
		struct decoded d = decode(encoder.words, encoder.count, NULL);
		assert_ok(d.status);
		assert_int_equal(d.out->spikes.count, 3 * packs);
		assert_int_equal(d.out->loopback.count, 1);
		assert_int_equal(d.out->loopback.time[0], packs + 1);
		hxcomm_responses_free(d.out);
		hxcomm_encoder_deinit(&encoder);
	}
}

/* Closed forms of spec/transport.md 2.7. */
static void chip_time_is_the_latest_that_is_not_after_arrival(void **state)
{
	static const uint64_t top = UINT64_C(1) << 43;
	const struct {
		uint64_t systime; /* arrival is one later */
		uint64_t stamp, chip_time;
	} rows[] = {
		{ 0, 0, 0 },                         /* arrival at 1 */
		{ 0, 2, 2 }, { 0, 3, 3 },            /* within the cycle of arrival */
		{ 0, 4, (UINT64_C(1) << 44) - 252 }, /* later than arrival: one lap before time 0 */
		{ 127, 0, 256 },                     /* arrival at 128, a new lap of the stamp */
		{ 127, 255, 255 },                   /* 4 ns before it */
		{ 126, 255, 255 }, { 1000, 0xd2, 2002 }, { 1000, 0xd3, 2003 }, { 1000, 0xd4, 1748 },
		{ top - 1, 0, 0 },                      /* arrival wraps to 0 */
		{ top - 1, 255, (UINT64_C(1) << 44) - 1 },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		const uint64_t words[] = { 0x0500000000000000 | rows[i].systime,
			0x0a00000000001234 | rows[i].stamp << 16 };
		struct decoded d = decode(words, 2, NULL);
		assert_ok(d.status);
		assert_int_equal(d.out->spikes.count, 1);
		assert_int_equal(d.out->spikes.chip_time[0], rows[i].chip_time);
		assert_int_equal(d.out->spikes.fpga_time[0], (rows[i].systime + 1) % top);
		hxcomm_responses_free(d.out);
	}
}

static void a_time_increment_comes_on_top_of_its_own_message(void **state)
{
	static const uint64_t words[] = { 0x0500000000000064, 0x060000000000000a,
		0x0200000000000001 };
	(void)state;
	struct decoded d = decode(words, 3, NULL);
	assert_int_equal(d.out->loopback.time[0], 100 + 1 + 10 + 1);
	hxcomm_responses_free(d.out);
}

static void a_table_does_not_outgrow_its_limit(void **state)
{
	uint64_t words[5000];
	struct hxcomm_responses *out;
	struct hxcomm_decoder decoder;
	(void)state;
	for (size_t i = 0; i < 5000; i++)
		words[i] = 0x0100000000000000 | i;
	assert_ok(hxcomm_responses_new(&out, 4500));
	hxcomm_decoder_init(&decoder);
	assert_ok(hxcomm_decode(&decoder, words, 4500, out));
	hxcomm_responses_clear(out);
	hxcomm_decoder_init(&decoder);
	assert_error(hxcomm_decode(&decoder, words, 5000, out), HXCOMM_ERANGE,
	        "more than 4500 omnibus responses");
	assert_int_equal(out->omnibus.count, 4500);
	assert_int_equal(out->omnibus.value[4499], 4499);
	assert_error(hxcomm_decode(&decoder, words, 1, out), HXCOMM_ERANGE, "failed before");
	hxcomm_responses_free(out);
}

static void exhausted_memory_ends_decoding_with_an_error(void **state)
{
	static const uint64_t words[] = { 0x0200000000000001, 0x0c01111102222203,
		0x3333800000000000, 0x0200000000000000 };
	bool failed = true;
	size_t failures = 0;
	(void)state;
	for (long n = 0; failed; n++) {
		struct hxcomm_decoder decoder;
		struct hxcomm_responses *out;
		hxcomm_decoder_init(&decoder);
		torture_begin(n);
		int status = hxcomm_responses_new(&out, 0);
		if (status == HXCOMM_OK)
			status = hxcomm_decode(&decoder, words, 4, out);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		if (failed && out) {
			assert_non_null(strstr(hxcomm_error_message(), "no memory for"));
			assert_int_equal(out->loopback.count, 0);
		}
		failures += failed;
		hxcomm_responses_free(out);
	}
	assert_true(failures > 7); /* more than one for each table */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_recorded_words_become_the_recorded_messages),
		cmocka_unit_test(all_recorded_programs_have_the_recorded_times),
		cmocka_unit_test(a_comma_is_seen_only_where_a_message_may_begin),
		cmocka_unit_test(an_undefined_code_names_itself_and_its_word),
		cmocka_unit_test(an_empty_piece_changes_nothing),
		cmocka_unit_test(random_streams_decode_like_the_model_however_they_are_cut),
		cmocka_unit_test(long_streams_have_no_seams),
		cmocka_unit_test(all_kernels_decode_the_same),
		cmocka_unit_test(commas_at_every_byte_are_skipped),
		cmocka_unit_test(chip_time_is_the_latest_that_is_not_after_arrival),
		cmocka_unit_test(a_time_increment_comes_on_top_of_its_own_message),
		cmocka_unit_test(a_table_does_not_outgrow_its_limit),
		cmocka_unit_test(exhausted_memory_ends_decoding_with_an_error),
	};
	return cmocka_run_group_tests_name("hxcomm/decoder", tests, NULL, NULL);
}
