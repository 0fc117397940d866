// SPDX-License-Identifier: MIT
/* `bss registers dump|diff`: whole chips, from a connection or from a file. */
#include "registers.h"

#include "bss.h"
#include "chip_lines.h"
#include "container_json.h"
#include "jsonout.h"
#include "progress.h"
#include "registers_session.h"

#include <haldls/chip_file.h>
#include <hxcomm/error.h>
#include <hxcomm/file.h>
#include <hxcomm/uri.h>
#include <stadls/chip.h>
#include <stadls/health.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- where a chip comes from ----------------------------------------------------------------- */

/* "arq:192.168.66.1" is the address of a chip, "before.jsonl" and "./a:b" are files. */
static bool is_address(const char *text)
{
	struct hxcomm_uri uri;
	return access(text, F_OK) != 0 && hxcomm_uri_parse(&uri, text) == HXCOMM_OK;
}

/* A dump is lines of containers, a saved chip says what it is. */
static bool is_lines(const char *bytes, size_t count)
{
	const char *first = bytes + strspn(bytes, " \t\r\n");
	return !count || (*first == '{' && !strstr(first, "\"bss-chip\""));
}

static int read_content(struct haldls_chip *chip, const uint8_t *bytes, size_t count)
{
	const char *text = (const char *)bytes;
	return is_lines(text, count) ? chip_lines_read(chip, text, count)
	                             : haldls_chip_file_decode(chip, bytes, count);
}

/* A file, or "-" for standard input. */
static int read_file(struct haldls_chip *chip, const char *path)
{
	uint8_t *bytes;
	size_t count;
	int status = hxcomm_file_read(&bytes, &count, strcmp(path, "-") ? path : "/dev/stdin",
	        HALDLS_CHIP_FILE_MAX);
	if (status != HXCOMM_OK)
		return status;
	status = read_content(chip, bytes, count);
	free(bytes);
	return status == HXCOMM_OK ? status : hxcomm_error_wrap(status, "'%s'", path);
}

/* Read a chip over its connection; what it does not give back stays what @p chip was. */
static int read_connection(struct haldls_chip *chip, size_t *kept, const char *uri, bool bring_up)
{
	struct registers_session session;
	struct progress progress;
	progress_init(&progress, "reading the chip", !isatty(STDERR_FILENO));
	progress_draw(&progress, 0, 2, "opening");
	int status = registers_session_open(&session, uri, bring_up);
	if (status != HXCOMM_OK) {
		progress_deinit(&progress, "failed");
		return status;
	}
	if (!bring_up)
		status = stadls_bringup_check(session.connection);
	progress_draw(&progress, 1, 2, hxcomm_identifier(session.connection));
	if (status == HXCOMM_OK)
		status = stadls_chip_read(chip, kept, session.connection, NULL);
	progress_deinit(&progress, status == HXCOMM_OK ? "done" : "failed");
	registers_session_close(&session);
	return status;
}

static int read_source(struct haldls_chip *chip, size_t *kept, const char *source,
        const struct registers_arguments *arguments)
{
	*kept = 0;
	return source && !is_address(source)
	               ? read_file(chip, source)
	               : read_connection(
	                         chip, kept, source ? source : arguments->chip.uri, arguments->bring_up);
}

static struct haldls_chip *new_chip(void)
{
	struct haldls_chip *chip = malloc(sizeof(*chip));
	if (chip)
		haldls_chip_init(chip);
	else
		hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip");
	return chip;
}

/* ---- dump ------------------------------------------------------------------------------------ */

/* How a chip is printed. */
static const struct format {
	const char *name;
	bool is_lines;
	enum haldls_chip_format format;
} formats[] = {
	{ "lines", true, HALDLS_CHIP_JSON },
	{ "json", false, HALDLS_CHIP_JSON },
	{ "binary", false, HALDLS_CHIP_BINARY },
};

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (!name || !strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

/* The bytes of a dump, to be given to free(). */
static int make_dump(uint8_t **out, size_t *size, const struct format *format,
        const struct haldls_chip *chip, const struct haldls_chip *reference)
{
	if (!format->is_lines)
		return haldls_chip_file_encode(out, size, chip, format->format);
	char *text = NULL;
	FILE *file = open_memstream(&text, size);
	int status = file ? chip_lines_write(file, chip, reference) : HXCOMM_OK;
	if (!file || fclose(file))
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the lines of a chip");
	if (status == HXCOMM_OK)
		*out = (uint8_t *)text;
	else
		free(text);
	return status;
}

static int write_dump(const struct registers_arguments *arguments, const struct format *format,
        const struct haldls_chip *chip, const struct haldls_chip *reference)
{
	uint8_t *bytes = NULL;
	size_t size;
	int status = make_dump(&bytes, &size, format, chip, arguments->changed ? reference : NULL);
	if (status == HXCOMM_OK && arguments->output)
		status = hxcomm_file_write(arguments->output, bytes, size);
	else if (status == HXCOMM_OK && (fwrite(bytes, 1, size, stdout) != size || fflush(stdout)))
		status = hxcomm_error_set(HXCOMM_EIO, "standard output cannot be written: %s",
		        strerror(errno));
	free(bytes);
	return status;
}

int registers_dump(const struct registers_arguments *arguments)
{
	const struct format *format = find_format(arguments->format);
	if (!format) {
		fprintf(stderr, "bss registers: '%s' is none of the formats lines, json, binary\n",
		        arguments->format);
		return BSS_USAGE;
	}
	struct haldls_chip *chip = new_chip(), *reference = new_chip();
	size_t kept;
	int status = HXCOMM_ENOMEM;
	if (chip && reference)
		status = read_source(chip, &kept,
		        arguments->operand_count ? arguments->operands[0] : NULL, arguments);
	if (status == HXCOMM_OK) {
		if (kept)
			fprintf(stderr,
			        "bss: %zu words of the chip cannot be read back: they are given as "
			        "defaults\n",
			        kept);
		status = write_dump(arguments, format, chip, reference);
	}
	free(chip);
	free(reference);
	return status == HXCOMM_OK ? BSS_OK : bss_fail(status, arguments->chip.json);
}

/* ---- diff ------------------------------------------------------------------------------------ */

struct differences {
	size_t count;
	bool json;
};

static int print_difference(const struct haldls_chip_difference *difference, void *user)
{
	struct differences *differences = user;
	char text[320];
	differences->count++;
	if (differences->json) {
		json_t *line = json_pack("{s:s,s:I,s:s,s:I,s:I,s:I}", "container",
		        difference->container->name, "coordinate", (json_int_t)difference->element,
		        "field", difference->field->name, "index", (json_int_t)difference->index,
		        "first", (json_int_t)difference->first, "second",
		        (json_int_t)difference->second);
		container_json_place(line, difference->container, difference->element);
		return jsonout_print(line);
	}
	haldls_chip_difference_print(text, sizeof(text), difference);
	puts(text);
	return 0;
}

/* Read both sides: a file first, so that what a chip does not give back is taken as in the file. */
static int read_sides(struct haldls_chip *sides[2], const struct registers_arguments *arguments)
{
	const char *sources[2] = { arguments->operands[0],
		arguments->operand_count > 1 ? arguments->operands[1] : NULL };
	const unsigned first = is_address(sources[0]) && sources[1] && !is_address(sources[1]);
	size_t kept;
	int status = read_source(sides[first], &kept, sources[first], arguments);
	if (status != HXCOMM_OK)
		return status;
	*sides[!first] = *sides[first];
	if (sources[!first] && !is_address(sources[!first]))
		haldls_chip_init(sides[!first]);
	return read_source(sides[!first], &kept, sources[!first], arguments);
}

int registers_diff(const struct registers_arguments *arguments)
{
	struct haldls_chip *sides[2] = { new_chip(), new_chip() };
	struct differences differences = { .json = arguments->chip.json };
	if (!arguments->operand_count) {
		fputs("bss registers: diff of what? name a file or an address, or two\n", stderr);
		free(sides[0]);
		free(sides[1]);
		return BSS_USAGE;
	}
	const int status = sides[0] && sides[1] ? read_sides(sides, arguments) : HXCOMM_ENOMEM;
	if (status == HXCOMM_OK)
		(void)haldls_chip_compare(sides[0], sides[1], print_difference, &differences);
	free(sides[0]);
	free(sides[1]);
	if (status != HXCOMM_OK)
		return bss_fail(status, arguments->chip.json);
	if (!arguments->chip.json && differences.count)
		printf("%zu difference%s\n", differences.count, differences.count == 1 ? "" : "s");
	return differences.count ? BSS_FAILURE : BSS_OK;
}
