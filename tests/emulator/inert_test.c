// SPDX-License-Identifier: MIT
/* Fields of which the guide says that they change nothing in the emulated chip
 * (docs/guide/providers.md, "What it leaves out") change nothing: a busy chip gives the same words
 * with any value of them. That no field is forgotten there, house/emulated sees. */
#include "assert.h"
#include "busy_chip.h"

#include <emulator/emulator.h>
#include <haldls/containers.h>
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>

#include <stdio.h>
#include <stdlib.h>

extern const struct emulator_provider hxcomm_provider;

enum { WORDS_MAX = 64, VALUE_BYTES = 4096, LINE = 2048 };

static const struct emulator_oracle *oracle;
static struct emulator_machine *machine;
static struct hxcomm_connection *connection;
static struct emulator_snapshot *snapshot;

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&hxcomm_provider.provider);
}

static size_t run(uint64_t **out, struct program *program)
{
	size_t count;
	assert_ok(oracle->restore(machine, snapshot));
	assert_ok(hxcomm_run_words(connection, program->words, program->count, out, &count));
	program->count = 0;
	return count;
}

/* What the elements of a container hold, as far as they can be reached over the bus. */
static bool is_on_bus(const struct haldls_container *container)
{
	bool on = false;
	for (size_t i = 0; i < container->backend_count; i++)
		on |= container->backends[i] == FISCH_OMNIBUS;
	return on && container->write_words && container->write_words <= WORDS_MAX &&
	       container->size <= VALUE_BYTES;
}

static void read_element(void *value, const struct haldls_container *container, uint32_t element)
{
	struct program program = {0};
	struct hxcomm_responses *responses;
	container->init(value);
	if (!container->read_words)
		return;
	assert_ok(hxcomm_responses_new(&responses, 0));
	for (uint32_t w = 0; w < container->write_words; w++)
		program_read(&program, container->write_address(FISCH_OMNIBUS, element, w));
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	assert_ok(oracle->restore(machine, snapshot));
	assert_ok(hxcomm_run(connection, program.words, program.count, responses));
	assert_int_equal(responses->omnibus.count, container->write_words);
	if (container->decode(value, responses->omnibus.value))
		container->init(value);
	hxcomm_responses_free(responses);
	program_free(&program);
}

/* Another value in each place of a field. */
static void turn(void *value, const struct haldls_field *field)
{
	char *bytes = value;
	for (uint32_t i = 0; i < field->count; i++) {
		size_t offset = field->offset;
		uint32_t rest = i;
		for (unsigned d = 3; d-- > 0;)
			if (field->dimensions[d]) {
				offset += rest % field->dimensions[d] * field->strides[d];
				rest /= field->dimensions[d];
			}
		if (field->type == HALDLS_TYPE_BOOL) {
			bool *place = (bool *)(void *)(bytes + offset);
			*place = !*place;
		} else {
			uint32_t *place = (uint32_t *)(void *)(bytes + offset);
			*place =
				(uint32_t)((int64_t)*place == field->max ? field->min : field->max);
		}
	}
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Is @name one of the names in @list, which commas part? */
static bool is_listed(const char *list, const char *name)
{
	const size_t length = strlen(name);
	for (const char *at = list; (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ',' || at[length] == ' '))
			return true;
	return false;
}

/* The rows "| containers | fields | why |" of the table, with blanks around their names. */
static bool read_row(FILE *file, char line[LINE], char **containers, char **fields)
{
	while (fgets(line, LINE, file)) {
		char *end;
		*containers = line + 1;
		if (strncmp(line, "| ", 2) || !(*fields = strstr(*containers, " | ")))
			continue;
		(*fields)[1] = '\0';
		*fields += 2;
		if (!(end = strstr(*fields, " | ")))
			continue;
		end[1] = '\0';
		return true;
	}
	return false;
}

/* Write some elements as they are, or with the fields of a list turned. Returns how many fields
 * are.
 */
static unsigned write_elements(struct program *program, const struct haldls_container *container,
	const char *fields, bool turned)
{
	const uint32_t elements[] = {0, container->count / 2, container->count - 1};
	unsigned count = 0;
	for (unsigned i = 0; i < (container->count < 3 ? 1 : 3); i++) {
		_Alignas(16) unsigned char value[VALUE_BYTES];
		read_element(value, container, elements[i]);
		for (size_t k = 0; k < container->field_count; k++) {
			if (!is_listed(fields, container->fields[k].name))
				continue;
			if (turned)
				turn(value, &container->fields[k]);
			count++;
		}
		program_container(program, container, elements[i], value);
	}
	return count;
}

static unsigned check_row(const char *containers, const char *fields)
{
	size_t count;
	const struct haldls_container *const *all = haldls_containers(&count);
	unsigned checked = 0;
	for (size_t i = 0; i < count; i++) {
		struct program program = {0};
		uint64_t *words[2];
		size_t lengths[2];
		if (!is_listed(containers, all[i]->name) || !is_on_bus(all[i]))
			continue;
		for (unsigned turned = 0; turned < 2; turned++) {
			checked = write_elements(&program, all[i], fields, turned);
			busy_watch(&program);
			lengths[turned] = run(&words[turned], &program);
		}
		assert_true(checked > 0);
		if (lengths[0] != lengths[1] ||
			memcmp(words[0], words[1], lengths[0] * sizeof(*words[0])) != 0)
			fail_msg("of %s, some of these change something:%s", all[i]->name, fields);
		free(words[0]);
		free(words[1]);
		program_free(&program);
	}
	return checked;
}

static void what_is_said_to_change_nothing_changes_nothing(void **state)
{
	struct program program = {0};
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	char line[LINE], *containers, *fields;
	uint64_t *ignored;
	size_t count;
	unsigned checked = 0;
	(void)state;
	options.timeout_s = 600;
	assert_ok(hxcomm_open(&connection, "emulator:?serial=4", &options));
	assert_ok(emulator_find(&oracle, &machine, connection));
	busy_configure(&program);
	assert_ok(hxcomm_run_words(connection, program.words, program.count, &ignored, &count));
	free(ignored);
	assert_ok(oracle->snapshot(&snapshot, machine));
	FILE *file = fopen(TEST_SOURCE_DIR "/../docs/guide/providers.md", "r");
	assert_non_null(file);
	while (read_row(file, line, &containers, &fields))
		checked += check_row(containers, fields);
	assert_true(checked > 50);
	/* a field that is not in the table does change something here */
	struct program plain = {0}, turned = {0};
	uint64_t *words[2];
	write_elements(&plain, &haldls_madc_config_container, " number_of_samples ", false);
	write_elements(&turned, &haldls_madc_config_container, " number_of_samples ", true);
	busy_watch(&plain);
	busy_watch(&turned);
	const size_t lengths[2] = {run(&words[0], &plain), run(&words[1], &turned)};
	assert_true(lengths[0] != lengths[1]);
	free(words[0]);
	free(words[1]);
	program_free(&plain);
	program_free(&turned);
	program_free(&program);
	fclose(file);
	oracle->forget(snapshot);
	hxcomm_close(connection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_to_change_nothing_changes_nothing),
	};
	return cmocka_run_group_tests_name("emulator/inert", tests, setup, NULL);
}
