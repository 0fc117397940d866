// SPDX-License-Identifier: MIT
/* Saved chips: what is saved is loaded, whatever is wrong is refused and leaves the chip alone. */
#include "random.h"
#include "torture.h"

#include "assert.h"

#include <haldls/chip_file.h>
#include <haldls/coordinate.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const enum haldls_chip_format formats[] = { HALDLS_CHIP_BINARY, HALDLS_CHIP_BINARY_RAW,
	HALDLS_CHIP_JSON };

struct fixture {
	struct haldls_chip chip, other, before;
	uint32_t words[HALDLS_CHIP_WORDS], known[HALDLS_CHIP_WORDS];
};

static void draw(struct haldls_chip *chip, uint64_t seed)
{
	struct test_random random = { .seed = seed };
	haldls_chip_init(chip);
	for (uint32_t i = 0; i < HALDLS_CAPMEM_CELLS; i += 7)
		chip->capmem[i] = (uint16_t)test_random_below(&random, 1024);
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		for (uint32_t r = 0; r < HALDLS_SYNAPSE_ROWS; r += 5)
			for (uint32_t c = 0; c < HALDLS_NEURON_COLUMNS; c++) {
				chip->synapse_weight[h][r][c] =
					(uint8_t)test_random_below(&random, 64);
				chip->synapse_label[h][r][c] =
					(uint8_t)test_random_below(&random, 64);
				chip->synapse_time_calibration[h][r][c] =
					(uint8_t)test_random_below(&random, 4);
				chip->synapse_amplitude_calibration[h][r][c] =
					(uint8_t)test_random_below(&random, 4);
			}
	for (uint32_t n = 0; n < HALDLS_NEURONS; n += 3) {
		chip->neuron_config[n].membrane_capacitor_size =
			(uint32_t)test_random_below(&random, 64);
		chip->neuron_config[n].enable_fire = test_random_below(&random, 2);
		chip->neuron_config[n].readout_source =
			(enum haldls_neuron_config_readout_source)test_random_below(&random, 4);
		chip->neuron_backend_config[n].refractory_time =
			(uint32_t)test_random_below(&random, 256);
	}
	for (uint32_t c = 0; c < HALDLS_CADC_CHANNEL_CONFIG_COUNT; c += 11)
		chip->cadc_channel_config[c].offset =
			(int32_t)test_random_below(&random, 256) - 128;
	chip->pad_multiplexer_config[1].capmem_i_out_mux[2] = true;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (!f)
		return -1;
	draw(&f->chip, 3);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void assert_same(struct fixture *f)
{
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, NULL, NULL), 0);
	assert_ok(haldls_chip_encode(f->words, &f->chip));
	assert_ok(haldls_chip_encode(f->known, &f->other));
	assert_memory_equal(f->words, f->known, sizeof(f->words));
}

static void what_is_saved_is_loaded(void **state)
{
	struct fixture *f = *state;
	for (uint64_t seed = 0; seed < 4; seed++) {
		if (seed)
			draw(&f->chip, seed);
		else
			haldls_chip_init(&f->chip);
		FOR_ROWS(i, formats)
		{
			uint8_t *bytes;
			size_t size;
			assert_ok(haldls_chip_file_encode(&bytes, &size, &f->chip, formats[i]));
			memset(&f->other, 0x55, sizeof(f->other));
			assert_ok(haldls_chip_file_decode(&f->other, bytes, size));
			assert_same(f);
			free(bytes);
		}
	}
}

static void json_names_only_what_differs_from_the_defaults(void **state)
{
	struct fixture *f = *state;
	uint8_t *bytes;
	size_t size;
	haldls_chip_init(&f->chip);
	f->chip.neuron_config[17].enable_fire = true;
	f->chip.capmem[1040] ^= 1;
	assert_ok(haldls_chip_file_encode(&bytes, &size, &f->chip, HALDLS_CHIP_JSON));
	assert_true(size < 400);
	char *text = strndup((const char *)bytes, size);
	assert_non_null(strstr(text, "\"NeuronConfig\""));
	assert_non_null(strstr(text, "\"17\""));
	assert_non_null(strstr(text, "\"enable_fire\": true"));
	assert_non_null(strstr(text, "\"1040\""));
	assert_null(strstr(text, "membrane"));
	free(text);
	free(bytes);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
	struct fixture *f = *state;
	const char *path = TEST_BINARY_DIR "/saved.chip";
	(void)remove(path);
	assert_error(haldls_chip_file_read(&f->other, path), HXCOMM_EIO, "cannot be opened");
	FOR_ROWS(i, formats)
	{
		assert_ok(haldls_chip_file_write(path, &f->chip, formats[i]));
		assert_ok(haldls_chip_file_read(&f->other, path));
		assert_same(f);
	}
	/* a chip that cannot be saved leaves the file alone */
	f->other.capmem[3] = 1024;
	FOR_ROWS(i, formats)
	assert_int_equal(haldls_chip_file_write(path, &f->other, formats[i]), HXCOMM_ERANGE);
	assert_ok(haldls_chip_file_read(&f->other, path));
	assert_same(f);
	assert_error(haldls_chip_file_write(
			     TEST_BINARY_DIR "/absent/x.chip", &f->chip, HALDLS_CHIP_BINARY),
		HXCOMM_EIO, "absent/x.chip' cannot be written");
	assert_error(haldls_chip_file_write(path, &f->chip, (enum haldls_chip_format)9),
		HXCOMM_EINVAL, "format 9 is unknown");
	(void)remove(path);
}

/* Refused, with a message, and nothing half done. */
static void assert_refused(
	struct fixture *f, const void *bytes, size_t size, int code, const char *text)
{
	memcpy(&f->before, &f->chip, sizeof(f->chip));
	assert_error(haldls_chip_file_decode(&f->chip, bytes, size), code, text);
	assert_memory_equal(&f->before, &f->chip, sizeof(f->chip));
}

static void a_truncated_file_is_refused(void **state)
{
	struct fixture *f = *state;
	FOR_ROWS(i, formats)
	{
		uint8_t *bytes;
		size_t size;
		assert_ok(haldls_chip_file_encode(&bytes, &size, &f->chip, formats[i]));
		for (size_t part = 0; part < 20; part++)
			assert_refused(f, bytes, size * part / 20, HXCOMM_ECORRUPT, "");
		assert_refused(f, bytes, size - 1, HXCOMM_ECORRUPT, "");
		free(bytes);
	}
}

static void a_damaged_compressed_file_is_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t *bytes;
	size_t size;
	assert_ok(haldls_chip_file_encode(&bytes, &size, &f->chip, HALDLS_CHIP_BINARY));
	for (size_t i = 1; i < 50; i++) {
		const size_t at = 32 + (size - 32) * i / 50;
		bytes[at] ^= 0x10;
		assert_refused(f, bytes, size, HXCOMM_ECORRUPT, "");
		bytes[at] ^= 0x10;
	}
	free(bytes);
}

static void a_file_of_another_kind_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *message;
	} rows[] = {
		{ "", HXCOMM_ECORRUPT, "neither binary nor JSON" },
		{ "\x7f"
		  "ELF",
			HXCOMM_ECORRUPT, "neither binary nor JSON" },
		{ "{}", HXCOMM_ECORRUPT, "\"format\" is not \"bss-chip\"" },
		{ "{\"format\":\"bss-chip\"}", HXCOMM_ECORRUPT, "lacks its \"version\"" },
		{ "{\"format\":\"bss-chip\",\"version\":2,\"parts\":{}}", HXCOMM_ENOTSUP,
			"version 2" },
		{ "{\"format\":\"bss-chip\",\"version\":1}", HXCOMM_ECORRUPT,
			"lacks its \"parts\"" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{},\"more\":1}", HXCOMM_ENOENT,
			"more than" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"Moon\":{}}}", HXCOMM_ENOENT,
			"parts.Moon: a chip has no such container" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"PPUMemory\":{}}}",
			HXCOMM_ENOENT, "parts.PPUMemory" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"NeuronConfig\":[]}}",
			HXCOMM_EINVAL, "parts.NeuronConfig is no object" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"NeuronConfig\":{\"512\":{}}}"
		  "}",
			HXCOMM_ERANGE, "\"0\" to \"511\"" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"NeuronConfig\":{\"01\":{}}}"
		  "}",
			HXCOMM_ERANGE, "parts.NeuronConfig.01" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"NeuronConfig\":{\"-1\":{}}}"
		  "}",
			HXCOMM_ERANGE, "parts.NeuronConfig.-1" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"NeuronConfig\":{\"1\":{"
		  "\"a\":"
		  "1}}}}",
			HXCOMM_ENOENT, "parts.NeuronConfig.1: NeuronConfig has no field 'a'" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"CapMemCell\":{\"1\":{"
		  "\"value\":1024}}}}",
			HXCOMM_ERANGE, "parts.CapMemCell.1: CapMemCell.value is 1024" },
		{ "{\"format\":\"bss-chip\",\"version\":1,\"parts\":{\"SynapseRow\":{\"1\":{"
		  "\"weights\":[1]}}}}",
			HXCOMM_EINVAL, "needs a list of 256 values" },
		{ "{\"format\":\"bss-chip\",\"format\":\"bss-chip\"}", HXCOMM_ECORRUPT,
			"duplicate" },
		{ "{\"format\":\n\n?}", HXCOMM_ECORRUPT, "line 3" },
	};
	struct fixture *f = *state;
	FOR_ROWS(i, rows)
	assert_refused(f, rows[i].text, strlen(rows[i].text), rows[i].code, rows[i].message);
}

static uint8_t *find_text(uint8_t *bytes, size_t size, const char *text)
{
	for (size_t i = 0; i + strlen(text) <= size; i++)
		if (!memcmp(bytes + i, text, strlen(text)))
			return bytes + i;
	return NULL;
}

/* The raw format, whose bytes can be reached. */
static void wrong_parts_are_named(void **state)
{
	struct fixture *f = *state;
	uint8_t *bytes;
	size_t size;
	assert_ok(haldls_chip_file_encode(&bytes, &size, &f->chip, HALDLS_CHIP_BINARY_RAW));
	uint8_t *name = find_text(bytes, size, "NeuronConfig");
	assert_non_null(name);
	name[0] = 'M';
	assert_refused(f, bytes, size, HXCOMM_ENOENT, "'MeuronConfig'");
	name[0] = 'N';
	assert_memory_equal(bytes + 10, "\x10\x01", 2); /* field 2, the version */
	bytes[11] = 7;
	assert_refused(f, bytes, size, HXCOMM_ENOTSUP, "version 7");
	bytes[11] = 1;
	assert_ok(haldls_chip_file_decode(&f->other, bytes, size));
	free(bytes);
}

static void exhausted_memory_is_an_error_not_a_crash(void **state)
{
	struct fixture *f = *state;
	FOR_ROWS(i, formats)
	{
		uint8_t *bytes = NULL;
		size_t size = 0;
		bool failed = true;
		haldls_chip_init(&f->chip);
		f->chip.neuron_config[3].enable_fire = true;
		for (long n = 0; failed; n++) {
			torture_begin(n);
			const int status =
				haldls_chip_file_encode(&bytes, &size, &f->chip, formats[i]);
			failed = torture_end();
			assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
			assert_true(failed == !bytes);
		}
		failed = true;
		for (long n = 0; failed; n++) {
			memset(&f->other, 0, sizeof(f->other));
			torture_begin(n);
			const int status = haldls_chip_file_decode(&f->other, bytes, size);
			failed = torture_end();
			if (failed) /* protobuf-c does not tell why it gave up */
				assert_true(status == HXCOMM_ENOMEM || status == HXCOMM_ECORRUPT);
			else
				assert_ok(status);
			assert_int_equal(f->other.neuron_config[3].enable_fire, !failed);
		}
		free(bytes);
	}
}

static int count_container(const struct haldls_container *container, uint32_t element,
	const void *value, void *user)
{
	(void)container, (void)element, (void)value;
	(*(size_t *)user)++;
	return 0;
}

static void memory_for_differences_may_run_out(void **state)
{
	struct fixture *f = *state;
	size_t count;
	bool failed = true;
	haldls_chip_init(&f->other);
	for (long n = 0; failed; n++) {
		torture_begin(n);
		const int status = haldls_chip_encode_difference(
			f->known, f->words, &count, &f->chip, &f->other, NULL);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
	}
	failed = true;
	for (long n = 0; failed; n++) {
		size_t visited = 0;
		torture_begin(n);
		const int status = haldls_chip_visit(&f->chip, NULL, count_container, &visited);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		assert_int_equal(visited == 0, failed);
	}
	torture_begin(0);
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, NULL, NULL), 1);
	assert_false(torture_end());
	failed = true;
	for (long n = 0; failed; n++) {
		torture_begin(n);
		const int status = haldls_chip_init_plain(&f->other);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, setup, teardown),
		cmocka_unit_test_setup_teardown(
			json_names_only_what_differs_from_the_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_is_replaced_as_a_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(a_truncated_file_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_damaged_compressed_file_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_of_another_kind_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_parts_are_named, setup, teardown),
		cmocka_unit_test_setup_teardown(
			exhausted_memory_is_an_error_not_a_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(
			memory_for_differences_may_run_out, setup, teardown),
	};
	return cmocka_run_group_tests_name("haldls/chip_file", tests, NULL, NULL);
}
