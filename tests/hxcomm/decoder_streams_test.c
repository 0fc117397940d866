// SPDX-License-Identifier: MIT
/* Whole streams against the specification: the worked examples, what was recorded, and random ones
 * against a second decoder. */
#include "decoded.h"
#include "examples.h"
#include "messages.h"
#include "vectors.h"

/* ---- a second decoder: message after message, by spec/transport.md 2.7 as it is written ------ */

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
		assert_int_equal(out->timeouts.instruction[model->timeouts],
		        m->low % (UINT64_C(1) << 32));
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

static void the_worked_examples_are_decoded(void **state)
{
	(void)state;
	FOR_ROWS(i, examples) {
		const struct example *e = &examples[i];
		struct decoded d = decode(e->words, e->count, NULL);
		struct model model = { 0 };
		assert_ok(d.status);
		for (size_t k = 0; k < e->message_count; k++) {
			size_t count;
			const struct hxcomm_message_kind *kinds =
			        hxcomm_message_kinds(HXCOMM_FROM_FPGA, &count);
			const struct hxcomm_message m = { &kinds[e->messages[k].code],
				e->messages[k].low, (uint8_t)e->messages[k].high };
			model_step(&model, &m, d.out);
		}
		assert_model(&model, &d);
		assert_int_equal(d.decoder.tail_count, 0);
		hxcomm_responses_free(d.out);
	}
}

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
			/* the recorder could not hold this timeout's numbers: we keep them */
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
			assert_times(json_object_get(times, "jtag_from_hicann::Data"),
			        out->jtag.time, out->jtag.count);
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

static void random_streams_decode_like_the_model_however_they_are_cut(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct test_random random = { .seed = seed };
		struct hxcomm_encoder encoder;
		random_stream(&encoder, &random, 1 + test_random_below(&random, 120), &everything);
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
	random_stream(&encoder, &random, 20000, &everything);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_recorded_words_become_the_recorded_messages),
		cmocka_unit_test(all_recorded_programs_have_the_recorded_times),
		cmocka_unit_test(the_worked_examples_are_decoded),
		cmocka_unit_test(random_streams_decode_like_the_model_however_they_are_cut),
		cmocka_unit_test(long_streams_have_no_seams),
	};
	return cmocka_run_group_tests_name("hxcomm/decoder_streams", tests, NULL, NULL);
}
