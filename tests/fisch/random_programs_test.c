// SPDX-License-Identifier: MIT
/* Random programs joined, copied, saved, loaded, printed, compared and run: nothing depends on the
 * way a program was put together, and tickets find their values in all of them. */
#include <fisch/program.h>
#include <fisch/program_file.h>
#include <fisch/program_text.h>
#include <fisch/register.h>
#include <fisch/run.h>
#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 60, PARTS = 6, STEPS = 25, VALUES = 5, CELLS = 64 };

static const uint32_t i2c = 0x88007800; /* spec/transport.md 3.4 */

/* ---- what a chip that only remembers would answer ------------------------------------------- */

struct model {
	uint32_t address[CELLS], value[CELLS];
	size_t count;
};

static uint32_t *cell(struct model *model, uint32_t address)
{
	size_t i = 0;
	while (i < model->count && model->address[i] != address)
		i++;
	assert_true(i < CELLS);
	if (i == model->count) {
		model->address[model->count++] = address;
		model->value[i] = 0;
	}
	return &model->value[i];
}

/* A read and what it must give. */
struct expectation {
	struct fisch_ticket ticket;
	uint32_t values[VALUES];
};

/* ---- steps, the same for the same random numbers -------------------------------------------- */

static uint32_t some_address(struct test_random *random)
{
	return (uint32_t)test_random_below(random, 2) << 31 |
	        (uint32_t)test_random_below(random, 10);
}

static int append_writes(struct fisch_program *p, struct test_random *random, struct model *model)
{
	uint32_t addresses[VALUES], values[VALUES];
	const size_t count = test_random_below(random, VALUES + 1);
	const uint8_t lanes = (uint8_t)test_random_below(random, 16);
	for (size_t i = 0; i < count; i++) {
		addresses[i] = some_address(random);
		values[i] = (uint32_t)test_random_next(random);
	}
	const int status = count == 1 ?
	        fisch_program_append_omnibus_write_bytes(p, addresses[0], values[0], lanes) :
	        fisch_program_append_omnibus_writes(p, addresses, values, count);
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++) {
		uint32_t mask = 0;
		for (unsigned lane = 0; lane < 4; lane++)
			mask |= count != 1 || lanes >> lane & 1 ? UINT32_C(0xff) << 8 * lane : 0;
		uint32_t *at = cell(model, addresses[i]);
		*at = (*at & ~mask) | (values[i] & mask);
	}
	return status;
}

static int append_reads(struct fisch_program *p, struct test_random *random, struct model *model,
        struct expectation *out)
{
	uint32_t addresses[VALUES];
	const size_t count = 1 + test_random_below(random, VALUES);
	for (size_t i = 0; i < count; i++) {
		addresses[i] = some_address(random);
		out->values[i] = *cell(model, addresses[i]);
	}
	return test_random_below(random, 2)
	        ? fisch_program_append_omnibus_reads(&out->ticket, p, addresses, count)
	        : fisch_program_append_register_reads(
	                  &out->ticket, p, FISCH_OMNIBUS, addresses, count);
}

/* Channels of the DAC: 10 bits at the top of two bytes; the first one is what was sent last. */
static int append_i2c(struct fisch_program *p, struct test_random *random, struct model *model,
        struct expectation *out)
{
	uint32_t channels[VALUES];
	const size_t count = 1 + test_random_below(random, VALUES);
	const uint32_t channel = (uint32_t)test_random_below(random, 4);
	const uint32_t value = (uint32_t)test_random_below(random, 1024);
	int status = fisch_program_append_register_write(p, FISCH_I2C_DAC6573_RW_REGISTER, channel,
	        value, 15);
	if (status != HXCOMM_OK)
		return status;
	*cell(model, i2c + 0x4c) = value << 6 >> 8;
	*cell(model, i2c + 0xcc) = value << 6 & 0xff;
	for (size_t i = 0; i < count; i++) {
		channels[i] = (uint32_t)test_random_below(random, 4);
		*cell(model, i2c + 0x4c) = 0x10 + 2 * channels[i];
		out->values[i] = (*cell(model, i2c + 0x4c) << 8 | *cell(model, i2c + 0xcc)) >> 6;
	}
	return fisch_program_append_register_reads(&out->ticket, p, FISCH_I2C_DAC6573_RW_REGISTER,
	        channels, count);
}

static int append_jtag(struct fisch_program *p, struct test_random *random, struct expectation *out)
{
	const uint32_t bits = 3 + (uint32_t)test_random_below(random, 31);
	const uint64_t mask = (UINT64_C(1) << bits) - 1;
	const uint64_t data = test_random_next(random) & mask;
	if (test_random_below(random, 2)) { /* the bypass */
		out->values[0] = (uint32_t)(data << 1 & mask);
		return fisch_program_append_jtag_read(&out->ticket, p, data, bits);
	}
	out->values[0] = 0;
	return fisch_program_append_register_read(&out->ticket, p, FISCH_OMNIBUS_CHIP_OVER_JTAG,
	        (uint32_t)test_random_below(random, 1000));
}

static int append_events(struct fisch_program *p, struct test_random *random)
{
	enum { MAX = 12 };
	uint16_t labels[MAX];
	uint64_t times[MAX], now = 0;
	const size_t count = test_random_below(random, MAX + 1);
	for (size_t i = 0; i < count; i++) {
		labels[i] = (uint16_t)test_random_next(random);
		times[i] = now += test_random_below(random, 3);
	}
	return test_random_below(random, 2) ?
	        fisch_program_append_spikes(p, labels, count) :
	        fisch_program_append_spike_train(p, times, labels, count);
}

static int append_other(struct fisch_program *p, struct test_random *random)
{
	const uint32_t value = (uint32_t)test_random_next(random);
	switch (test_random_below(random, 11)) {
	case 0:
		return fisch_program_append_timer_reset(p);
	case 1:
		return fisch_program_append_wait_until(p, value % 1000);
	case 2:
		return fisch_program_append_barrier(p, value % 32);
	case 3:
		return fisch_program_append_systime_sync(p, value & 1);
	case 4:
		return fisch_program_append_chip_reset(p, value & 1);
	case 5:
		return fisch_program_append_jtag_reset(p);
	case 6:
		return fisch_program_append_jtag_scaler(p, value & 255);
	case 7:
		return fisch_program_append_jtag_instruction(p, value & 127);
	case 8:
		return fisch_program_append_jtag_write(p, value, 32 + (value & 1));
	case 9:
		return fisch_program_append_register_write(
		        p, FISCH_JTAG_PLL_REGISTER, value % 8, value, 15);
	default:
		return fisch_program_append_register_write(p, FISCH_JTAG_PHY_REGISTER, value % 8,
		        value >> 10, 15);
	}
}

/* One step. All or nothing of it is appended; the model is only right where it succeeds. */
static int append_step(struct fisch_program *p, struct test_random random, struct model *model,
        struct expectation *out)
{
	const struct fisch_mark before = fisch_program_mark(p);
	int status;
	*out = (struct expectation){ 0 };
	switch (test_random_below(&random, 7)) {
	case 0:
		status = append_writes(p, &random, model);
		break;
	case 1:
		status = append_reads(p, &random, model, out);
		break;
	case 2:
		status = append_i2c(p, &random, model, out);
		break;
	case 3:
		status = append_jtag(p, &random, out);
		break;
	case 4:
		out->values[0] = 1;
		status = fisch_program_append_tick(&out->ticket, p);
		break;
	case 5:
		status = append_events(p, &random);
		break;
	default:
		status = append_other(p, &random);
	}
	if (status != HXCOMM_OK)
		fisch_program_remove_after(p, &before);
	return status;
}

/* ---- ways of a program ---------------------------------------------------------------------- */

static struct fisch_program *new_program(size_t limit)
{
	struct fisch_program *p;
	assert_ok(fisch_program_new(&p, limit));
	return p;
}

static void assert_equal(const struct fisch_program *a, const struct fisch_program *b)
{
	struct fisch_program_difference difference;
	const struct fisch_mark left = fisch_program_mark(a), right = fisch_program_mark(b);
	if (fisch_program_find_difference(&difference, a, b))
		fail_msg(
		        "word %zu: '%s' and '%s'",
		        difference.word, difference.left, difference.right);
	assert_int_equal(left.words, right.words);
	assert_int_equal(left.omnibus, right.omnibus);
	assert_int_equal(left.jtag, right.jtag);
	assert_int_equal(left.loopback, right.loopback);
}

/* The same program, by a random way; takes the one that is given. */
static struct fisch_program *pass_on(struct fisch_program *p, struct test_random *random)
{
	struct fisch_program *other = NULL;
	const uint64_t *words;
	uint8_t *bytes;
	size_t size;
	switch (test_random_below(random, 4)) {
	case 0:
		assert_ok(fisch_program_copy(&other, p));
		break;
	case 1:
		assert_ok(fisch_program_encode(&bytes, &size, p));
		assert_ok(fisch_program_decode(&other, bytes, size));
		free(bytes);
		break;
	case 2:
		other = new_program(0);
		words = fisch_program_words(p, &size);
		assert_ok(fisch_program_append_words(other, words, size));
		break;
	default:
		return p;
	}
	assert_equal(p, other);
	fisch_program_free(p);
	return other;
}

struct part {
	struct fisch_program *program;
	struct expectation expectations[PARTS * STEPS];
	size_t count;
};

/* Append the right one to the left one, and let its tickets follow. */
static void join(struct part *left, struct part *right)
{
	const struct fisch_mark before = fisch_program_mark(left->program);
	assert_ok(fisch_program_append_program(left->program, right->program));
	fisch_program_free(right->program);
	for (size_t i = 0; i < right->count; i++) {
		fisch_ticket_shift(&right->expectations[i].ticket, &before);
		left->expectations[left->count++] = right->expectations[i];
	}
}

/* Parts, and `whole`, to which all steps are appended in a row. */
static void make_parts(
        struct part parts[PARTS], struct fisch_program *whole, struct test_random *random)
{
	struct model model = { .count = 0 };
	for (size_t i = 0; i < PARTS; i++) {
		struct part *part = &parts[i];
		*part = (struct part){ .program = new_program(0) };
		for (uint64_t left = test_random_below(random, STEPS); left > 0; left--) {
			struct test_random numbers = { .seed = test_random_next(random) };
			struct model ignored = model;
			struct expectation in_whole, *out = &part->expectations[part->count];
			assert_ok(append_step(whole, numbers, &ignored, &in_whole));
			assert_ok(append_step(part->program, numbers, &model, out));
			part->count += out->ticket.kind != FISCH_RESPONSE_NONE;
		}
	}
}

/* In any order that keeps their row. */
static void join_parts(struct part parts[PARTS], struct test_random *random)
{
	for (size_t count = PARTS; count > 1; count--) {
		const size_t at = test_random_below(random, count - 1);
		parts[at].program = pass_on(parts[at].program, random);
		join(&parts[at], &parts[at + 1]);
		memmove(&parts[at + 1], &parts[at + 2], (count - at - 2) * sizeof(*parts));
	}
	parts[0].program = pass_on(parts[0].program, random);
}

static void check_answers(const struct part *part, const struct hxcomm_responses *responses)
{
	uint64_t last = 0;
	for (size_t i = 0; i < part->count; i++) {
		const struct expectation *e = &part->expectations[i];
		uint32_t values[VALUES];
		uint64_t time;
		assert_in_range(e->ticket.count, 1, VALUES);
		assert_ok(fisch_ticket_read(values, &e->ticket, responses));
		for (size_t k = 0; k < e->ticket.count; k++)
			assert_int_equal(values[k], e->values[k]);
		assert_ok(fisch_ticket_time(&time, &e->ticket, responses));
		assert_true(
		        time > last); /* the mirror answers at once, in the order of the program */
		last = time;
	}
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void joined_programs_are_answered_as_their_parts_ask(void **state)
{
	struct part *parts = malloc(PARTS * sizeof(*parts));
	struct hxcomm_responses *responses;
	size_t tickets = 0;
	(void)state;
	assert_non_null(parts);
	assert_ok(hxcomm_responses_new(&responses, 0));
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct test_random random = { .seed = seed };
		struct fisch_program *whole = new_program(0);
		struct hxcomm_connection *connection;
		make_parts(parts, whole, &random);
		join_parts(parts, &random);
		assert_equal(whole, parts[0].program);
		assert_ok(hxcomm_open(&connection, "loopback:", NULL));
		assert_ok(fisch_run(connection, parts[0].program, responses));
		check_answers(&parts[0], responses);
		tickets += parts[0].count;
		hxcomm_close(connection);
		fisch_program_free(parts[0].program);
		fisch_program_free(whole);
	}
	assert_true(tickets > SEEDS * PARTS * STEPS / 8);
	hxcomm_responses_free(responses);
	free(parts);
}

/* A random program of one part. */
static struct fisch_program *random_program(struct test_random *random, size_t steps)
{
	struct fisch_program *p = new_program(0);
	struct model model = { .count = 0 };
	struct expectation ignored;
	for (size_t i = 0; i < steps; i++) {
		const struct test_random numbers = { .seed = test_random_next(random) };
		assert_ok(append_step(p, numbers, &model, &ignored));
	}
	return p;
}

/* All kinds of words, and words that differ in one bit: their texts differ as they do. */
static void texts_differ_where_words_do(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct test_random random = { .seed = 1000 + seed };
		struct fisch_program *p = random_program(&random, 30), *copy;
		size_t count;
		const uint64_t *words = fisch_program_words(p, &count);
		for (size_t i = 0; i < count; i++) {
			char text[FISCH_WORD_TEXT], other[FISCH_WORD_TEXT];
			const size_t k = test_random_below(&random, count);
			fisch_word_print(text, words[i]);
			fisch_word_print(other, words[k]);
			assert_int_equal(!strcmp(text, other), words[i] == words[k]);
			fisch_word_print(
			        other, words[i] ^ UINT64_C(1) << test_random_below(&random, 64));
			assert_string_not_equal(text, other);
		}
		assert_ok(fisch_program_copy(&copy, p));
		assert_equal(p, copy);
		fisch_program_free(copy);
		fisch_program_free(p);
	}
}

static void the_first_difference_is_found_from_either_side(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct test_random random = { .seed = 2000 + seed };
		struct fisch_program *p = random_program(&random, 20), *other = new_program(0);
		struct fisch_program_difference there, back;
		size_t count;
		const uint64_t *words = fisch_program_words(p, &count);
		if (count > 0) {
			const size_t at = test_random_below(&random, count);
			const uint64_t changed =
			        hxcomm_word_wait_until((uint32_t)count) ^ 0x80000000;
			assert_ok(fisch_program_append_words(other, words, at));
			if (test_random_below(&random, 2)) { /* else it ends there */
				assert_ok(fisch_program_append_words(other, &changed, 1));
				assert_ok(fisch_program_append_words(other, words + at + 1,
				        count - at - 1));
			}
			assert_true(fisch_program_find_difference(&there, p, other));
			assert_true(fisch_program_find_difference(&back, other, p));
			assert_int_equal(there.word, at);
			assert_int_equal(back.word, at);
			assert_string_equal(there.left, back.right);
			assert_string_equal(there.right, back.left);
			assert_string_not_equal(there.left, there.right);
		}
		fisch_program_free(p);
		fisch_program_free(other);
	}
}

/* A limit refuses exactly what does not fit, and leaves the program as it was. */
static void a_limit_cuts_between_steps(void **state)
{
	size_t refused = 0;
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct test_random random = { .seed = 3000 + seed };
		const size_t limit = 1 + test_random_below(&random, 100);
		struct fisch_program *p = new_program(limit), *fits = new_program(0);
		struct model model = { .count = 0 }, ignored = { .count = 0 };
		for (int i = 0; i < 60; i++) {
			const struct test_random numbers = { .seed = test_random_next(&random) };
			struct expectation e;
			const struct fisch_mark before = fisch_program_mark(fits);
			assert_ok(append_step(fits, numbers, &model, &e));
			const int status = append_step(p, numbers, &ignored, &e);
			if (fisch_program_mark(fits).words > limit) {
				assert_int_equal(status, HXCOMM_ERANGE);
				assert_non_null(strstr(hxcomm_error_message(),
				        "exceed the program's limit"));
				fisch_program_remove_after(fits, &before);
				refused++;
			} else {
				assert_int_equal(status, HXCOMM_OK);
			}
			assert_equal(p, fits);
		}
		fisch_program_free(p);
		fisch_program_free(fits);
	}
	assert_true(refused > SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joined_programs_are_answered_as_their_parts_ask),
		cmocka_unit_test(texts_differ_where_words_do),
		cmocka_unit_test(the_first_difference_is_found_from_either_side),
		cmocka_unit_test(a_limit_cuts_between_steps),
	};
	return cmocka_run_group_tests_name("fisch/random_programs", tests, NULL, NULL);
}
