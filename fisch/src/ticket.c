// SPDX-License-Identifier: MIT
#include "program.h"

#include <hxcomm/error.h>
#include <hxcomm/responses.h>

/* The table of a ticket's kind. */
struct table {
	const char *name;
	const uint64_t *time;
	size_t count;
};

/* Number of responses of a ticket. */
static size_t responses_of(const struct fisch_ticket *ticket)
{
	return (size_t)ticket->count * (ticket->bytes ? ticket->bytes : 1);
}

static int find_table(struct table *out, const struct fisch_ticket *ticket,
        const struct hxcomm_responses *responses)
{
	switch (ticket->kind) {
	case FISCH_RESPONSE_OMNIBUS:
		*out = (struct table){ "omnibus", responses->omnibus.time,
			responses->omnibus.count };
		break;
	case FISCH_RESPONSE_JTAG:
		*out = (struct table){ "JTAG", responses->jtag.time, responses->jtag.count };
		break;
	case FISCH_RESPONSE_LOOPBACK:
		*out = (struct table){ "tick", responses->loopback.time,
			responses->loopback.count };
		break;
	default:
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the ticket is of nothing: take it from an appended read");
	}
	const size_t wanted = responses_of(ticket);
	if (wanted == 0)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the ticket is of no value: take it from an appended read");
	if (ticket->position > out->count || wanted > out->count - ticket->position)
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "the ticket wants %s responses %u to %zu, there are %zu: run its program "
		        "first",
		        out->name, ticket->position, ticket->position + wanted - 1, out->count);
	return HXCOMM_OK;
}

/* Values of I2C: a response for each byte, the most significant first. */
static int read_bytes(uint32_t *out, const struct fisch_ticket *ticket, const uint32_t *responses)
{
	const size_t count = responses_of(ticket);
	for (size_t i = 0; i < count; i++)
		if (responses[i] >> 31)
			return hxcomm_error_set(HXCOMM_ENOENT,
			        "I2C device 0x%02x did not acknowledge byte %zu: is it on this "
			        "board?",
			        ticket->device, i % ticket->bytes);
	for (size_t value = 0; value < ticket->count; value++) {
		uint32_t bytes = 0;
		for (size_t i = 0; i < ticket->bytes; i++)
			bytes = bytes << 8 | (responses[value * ticket->bytes + i] & 0xff);
		out[value] = bytes >> ticket->shift;
	}
	return HXCOMM_OK;
}

int fisch_ticket_read(uint32_t *out, const struct fisch_ticket *ticket,
        const struct hxcomm_responses *responses)
{
	struct table table = { 0 };
	const int status = find_table(&table, ticket, responses);
	if (status != HXCOMM_OK)
		return status;
	const size_t first = ticket->position;
	if (ticket->bytes)
		return read_bytes(out, ticket, responses->omnibus.value + first);
	for (size_t i = 0; i < ticket->count; i++) {
		if (ticket->kind == FISCH_RESPONSE_OMNIBUS)
			out[i] = responses->omnibus.value[first + i];
		else if (ticket->kind == FISCH_RESPONSE_JTAG)
			out[i] = (uint32_t)responses->jtag.value[first + i];
		else
			out[i] = responses->loopback.tick[first + i];
	}
	return HXCOMM_OK;
}

int fisch_ticket_time(uint64_t *out_cycles, const struct fisch_ticket *ticket,
        const struct hxcomm_responses *responses)
{
	struct table table = { 0 };
	const int status = find_table(&table, ticket, responses);
	if (status != HXCOMM_OK)
		return status;
	*out_cycles = table.time[ticket->position + responses_of(ticket) - 1];
	return HXCOMM_OK;
}

void fisch_ticket_shift(struct fisch_ticket *ticket, const struct fisch_mark *before)
{
	struct fisch_mark mark = *before;
	const uint32_t *shift = fisch__expected(&mark, (enum fisch_response)ticket->kind);
	if (shift)
		ticket->position += *shift;
}
