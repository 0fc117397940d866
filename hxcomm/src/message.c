// SPDX-License-Identifier: MIT
/* The one description of all messages (source: spec/transport.md 1.3, 1.4), and access by it. */
#include "message.h"

#include <hxcomm/error.h>

#include <string.h>

#define NUMBER(bits) .fields = { { "value", 0, bits, false } }, .field_count = 1
#define PLAIN(code, type, bits)                                                                    \
	[code] = { type, code, bits, 64, 1, bits, NULL, NUMBER(bits) }
#define LABELS(code, type, count)                                                                  \
	[code] = { type, code, 16 * count, 64, count, 16, "spikes",                                \
		.fields = { { NULL, 0, 16, false } }, .field_count = 1 }
#define EVENTS(code, type, count, width)                                                           \
	[code] = { type, code, 24 * count, width, count, 24, "spikes",                             \
		.fields = { { "label", 0, 16, false }, { "timestamp", 16, 8, false } },            \
		.field_count = 2 }
#define SAMPLES(code, type, count, width)                                                          \
	[code] = { type, code, 24 * count, width, count, 24, "samples",                            \
		.fields = { { "value", 0, 14, false }, { "timestamp", 16, 8, false } },            \
		.field_count = 2 }

const struct hxcomm_message_kind hxcomm__to_fpga[HXCOMM_INSTRUCTIONS] = {
	PLAIN(HXCOMM_JTAG_INIT, "to_fpga_jtag::Init", 0),
	PLAIN(HXCOMM_JTAG_SCALER, "to_fpga_jtag::Scaler", 8),
	PLAIN(HXCOMM_JTAG_INSTRUCTION, "to_fpga_jtag::Ins", 7),
	[HXCOMM_JTAG_DATA] = { "to_fpga_jtag::Data", HXCOMM_JTAG_DATA, 56, 64, 1, 56, NULL,
		.fields = { { "keep_response", 48, 1, true }, { "num_bits", 40, 8, false },
			{ "payload", 0, 33, false } },
		.field_count = 3 },
	PLAIN(HXCOMM_TIMER_SETUP, "timing::Setup", 0),
	PLAIN(HXCOMM_WAIT_UNTIL, "timing::WaitUntil", 32),
	PLAIN(HXCOMM_SYSTIME_INIT, "timing::SystimeInit", 1),
	PLAIN(HXCOMM_BARRIER, "timing::Barrier", 5),
	PLAIN(HXCOMM_POLLING_BLOCK, "timing::PollingOmnibusBlock", 1),
	PLAIN(HXCOMM_CHIP_RESET, "system::Reset", 1),
	PLAIN(HXCOMM_LOOPBACK, "system::Loopback", 1),
	[HXCOMM_OMNIBUS_ADDRESS] = { "omnibus_to_fpga::Address", HXCOMM_OMNIBUS_ADDRESS, 37, 64, 1,
		37, NULL,
		.fields = { { "address", 0, 32, false }, { "is_read", 36, 1, true },
			{ "byte_enables", 32, 4, false } },
		.field_count = 3 },
	PLAIN(HXCOMM_OMNIBUS_DATA, "omnibus_to_fpga::Data", 32),
	LABELS(HXCOMM_SPIKE_PACK_1, "event_to_fpga::SpikePack<1>", 1),
	LABELS(HXCOMM_SPIKE_PACK_2, "event_to_fpga::SpikePack<2>", 2),
	LABELS(HXCOMM_SPIKE_PACK_3, "event_to_fpga::SpikePack<3>", 3),
};

const struct hxcomm_message_kind hxcomm__from_fpga[HXCOMM_RESPONSES] = {
	PLAIN(HXCOMM_RESPONSE_JTAG, "jtag_from_hicann::Data", 33),
	PLAIN(HXCOMM_RESPONSE_OMNIBUS, "omnibus_from_fpga::Data", 32),
	PLAIN(HXCOMM_RESPONSE_LOOPBACK, "from_fpga_system::Loopback", 1),
	PLAIN(HXCOMM_RESPONSE_LINK, "from_fpga_system::HighspeedLinkNotification", 8),
	PLAIN(HXCOMM_RESPONSE_TIMEOUT, "from_fpga_system::TimeoutNotification", 45),
	PLAIN(HXCOMM_RESPONSE_SYSTIME, "timing_from_fpga::Systime", 43),
	PLAIN(HXCOMM_RESPONSE_SYSDELTA, "timing_from_fpga::Sysdelta", 8),
	SAMPLES(HXCOMM_RESPONSE_MADC_1, "event_from_fpga::MADCSamplePack<1>", 1, 64),
	SAMPLES(HXCOMM_RESPONSE_MADC_2, "event_from_fpga::MADCSamplePack<2>", 2, 64),
	SAMPLES(HXCOMM_RESPONSE_MADC_3, "event_from_fpga::MADCSamplePack<3>", 3, 80),
	EVENTS(HXCOMM_RESPONSE_SPIKE_1, "event_from_fpga::SpikePack<1>", 1, 64),
	EVENTS(HXCOMM_RESPONSE_SPIKE_2, "event_from_fpga::SpikePack<2>", 2, 64),
	EVENTS(HXCOMM_RESPONSE_SPIKE_3, "event_from_fpga::SpikePack<3>", 3, 80),
};

const struct hxcomm_message_kind *hxcomm_message_kinds(enum hxcomm_direction direction,
        size_t *count)
{
	*count = direction == HXCOMM_TO_FPGA ? HXCOMM_INSTRUCTIONS : HXCOMM_RESPONSES;
	return direction == HXCOMM_TO_FPGA ? hxcomm__to_fpga : hxcomm__from_fpga;
}

const struct hxcomm_message_kind *hxcomm_message_find(enum hxcomm_direction direction,
        const char *type)
{
	size_t count;
	const struct hxcomm_message_kind *kinds = hxcomm_message_kinds(direction, &count);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(kinds[i].type, type))
			return &kinds[i];
	return NULL;
}

static uint64_t mask(unsigned bits)
{
	return bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

/* Lowest bit of a field within the payload of 72 bits. */
static unsigned field_lsb(const struct hxcomm_message_kind *kind, size_t item, size_t field)
{
	return (unsigned)(kind->items - 1 - item) * kind->item_bits + kind->fields[field].lsb;
}

uint64_t hxcomm_message_get(const struct hxcomm_message *message, size_t item, size_t field)
{
	const struct hxcomm_message_kind *kind = message->kind;
	if (item >= kind->items || field >= kind->field_count)
		return 0;
	const unsigned lsb = field_lsb(kind, item, field);
	uint64_t value = lsb < 64 ? message->low >> lsb : 0;
	if (lsb >= 64)
		value = (uint64_t)message->high >> (lsb - 64);
	else if (lsb > 0)
		value |= (uint64_t)message->high << (64 - lsb);
	return value & mask(kind->fields[field].bits);
}

int hxcomm_message_set(struct hxcomm_message *message, size_t item, size_t field, uint64_t value)
{
	const struct hxcomm_message_kind *kind = message->kind;
	if (item >= kind->items || field >= kind->field_count)
		return hxcomm_error_set(HXCOMM_EINVAL, "%s has no item %zu, field %zu", kind->type,
		        item, field);
	const struct hxcomm_message_field *f = &kind->fields[field];
	const uint64_t limit = mask(f->bits);
	if (value > limit)
		return hxcomm_error_set(HXCOMM_ERANGE, "%s.%s is %llu, allowed are 0 to %llu",
		        kind->type, f->name ? f->name : kind->list, (unsigned long long)value,
		        (unsigned long long)limit);
	const unsigned lsb = field_lsb(kind, item, field);
	if (lsb < 64) {
		message->low = (message->low & ~(limit << lsb)) | value << lsb;
		if (lsb > 0 && lsb + f->bits > 64)
			message->high = (uint8_t)((message->high & ~(limit >> (64 - lsb))) |
			        value >> (64 - lsb));
	} else {
		message->high = (uint8_t)((message->high & ~(limit << (lsb - 64))) |
		        value << (lsb - 64));
	}
	return HXCOMM_OK;
}

uint64_t hxcomm_message_word(const struct hxcomm_message *message)
{
	return (uint64_t)message->kind->code << 56 | (message->low & mask(56));
}

/* Eight bytes of the stream from byte `position` on; what lies behind the end reads as zero. */
static uint64_t window(const struct hxcomm_message_reader *reader, size_t position)
{
	const size_t word = position / 8;
	const unsigned shift = (unsigned)(position % 8) * 8;
	if (word >= reader->count)
		return 0;
	uint64_t value = reader->words[word] << shift;
	if (shift && word + 1 < reader->count)
		value |= reader->words[word + 1] >> (64 - shift);
	return value;
}

int hxcomm_message_read(struct hxcomm_message *out, struct hxcomm_message_reader *reader)
{
	size_t kind_count;
	const struct hxcomm_message_kind *kinds =
	        hxcomm_message_kinds(reader->direction, &kind_count);
	const size_t end = reader->count * 8;
	while (reader->position < end) {
		const uint64_t head = window(reader, reader->position);
		const unsigned code = (unsigned)(head >> 56);
		if (code & 0x80) { /* comma: the rest of the word is filler */
			reader->position = (reader->position | 7) + 1;
			continue;
		}
		if (code >= kind_count)
			return hxcomm_error_set(HXCOMM_EPROTO,
			        "word %zu, byte %zu: 0x%02x is no message, 0 to 0x%02zx are",
			        reader->position / 8, reader->position % 8, code, kind_count - 1);
		const struct hxcomm_message_kind *kind = &kinds[code];
		if (end - reader->position < kind->message_bits / 8)
			return 0;
		out->kind = kind;
		out->high = 0;
		out->low = head & mask(kind->payload_bits < 56 ? kind->payload_bits : 56);
		if (kind->message_bits > 64) {
			out->high = (uint8_t)(head >> 48);
			out->low = head << 16 | window(reader, reader->position + 8) >> 48;
		}
		reader->position += kind->message_bits / 8;
		return 1;
	}
	return 0;
}
