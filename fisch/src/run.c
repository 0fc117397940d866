// SPDX-License-Identifier: MIT
#include <fisch/run.h>

#include "program.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/message.h>
#include <hxcomm/responses.h>

/* What the FPGA says of the first instruction that blocked too long. */
static int report_timeout(const struct fisch_program *program,
        const struct hxcomm_timeout_responses *timeouts)
{
	const size_t index = timeouts->instruction[0];
	if (index >= program->end.words)
		return hxcomm_error_set(HXCOMM_EDEVICE,
		        "the FPGA reports a timeout of instruction %zu, the program has %zu: "
		        "hxcomm_reset() the connection and configure the chip anew",
		        index, program->end.words);
	struct hxcomm_message_reader reader = { .direction = HXCOMM_TO_FPGA,
		.words = program->words, .count = program->end.words, .position = 8 * index };
	struct hxcomm_message message;
	const char *type = hxcomm_message_read(&message, &reader) == 1 ? message.kind->type : "?";
	return hxcomm_error_set(HXCOMM_EDEVICE,
	        "instruction %zu of %zu, %s 0x%016llx, blocked too long (%u omnibus reads without "
	        "answer): hxcomm_reset() the connection and configure the chip anew",
	        index, program->end.words, type, (unsigned long long)program->words[index],
	        timeouts->reads_in_flight[0]);
}

static int check(const struct fisch_program *program, const struct hxcomm_responses *out)
{
	if (out->timeouts.count)
		return report_timeout(program, &out->timeouts);
	const struct fisch_mark *expected = &program->end;
	const struct {
		const char *name, *barrier;
		size_t expected, seen;
	} rows[] = {
		{ "omnibus", ": end the program with a barrier for the omnibus", expected->omnibus,
		        out->omnibus.count },
		{ "JTAG", ": end the program with a barrier for JTAG", expected->jtag,
		        out->jtag.count },
		{ "tick", "", expected->loopback, out->loopback.count },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].seen != rows[i].expected)
			return hxcomm_error_set(HXCOMM_EPROTO,
			        "%zu %s responses instead of %zu%s", rows[i].seen, rows[i].name,
			        rows[i].expected,
			        rows[i].seen < rows[i].expected ?
			                rows[i].barrier :
			                ": the link holds answers to an earlier program, open it "
			                "anew");
	return HXCOMM_OK;
}

int fisch_run(struct hxcomm_connection *connection, const struct fisch_program *program,
        struct hxcomm_responses *out)
{
	struct hxcomm_responses *own = NULL;
	if (!out) {
		const int status = hxcomm_responses_new(&own, 0);
		if (status != HXCOMM_OK)
			return status;
		out = own;
	}
	hxcomm_responses_clear(out);
	int status = hxcomm_run(connection, program->words, program->end.words, out);
	if (status == HXCOMM_OK)
		status = check(program, out);
	hxcomm_responses_free(own);
	return status;
}
