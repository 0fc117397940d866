// SPDX-License-Identifier: MIT
/* Running is fisch's business; here it is only given the builder's program. */
#include "builder_private.h"

#include <fisch/run.h>
#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <stadls/bringup.h>
#include <stadls/health.h>
#include <stadls/run.h>

#include <stdio.h>
#include <time.h>

enum { MESSAGE_BYTES = 256 };

int stadls__run(struct hxcomm_connection *connection, const struct stadls_builder *builder,
        struct hxcomm_responses *out)
{
	if (builder->silent && !stadls__gives_all_back(connection))
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "the program reads %s, which a real chip such as %s does not give back: read "
		        "it from an emulated chip, or keep what was written",
		        builder->silent->name, hxcomm_identifier(connection));
	return fisch_run(connection, builder->program, out);
}

/* An instruction that blocked too long: most often, the chip was not brought up. */
static int explain(int status, struct hxcomm_connection *connection)
{
	char message[MESSAGE_BYTES], cause[MESSAGE_BYTES];
	if (status != HXCOMM_EDEVICE)
		return status;
	(void)snprintf(message, sizeof(message), "%s", hxcomm_error_message());
	if (stadls_bringup_check(connection) != HXCOMM_ESTATE)
		return hxcomm_error_set(status, "%s", message);
	(void)snprintf(cause, sizeof(cause), "%s", hxcomm_error_message());
	return hxcomm_error_set(status, "%s (%s)", cause, message);
}

int stadls_run(struct hxcomm_connection *connection, const struct stadls_builder *builder,
        struct hxcomm_responses *out)
{
	return explain(stadls__run(connection, builder, out), connection);
}

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Tables are in order of arrival: their ends are the first and last time. */
static void span(struct stadls_run_info *info, const uint64_t *time, size_t count)
{
	if (!count)
		return;
	if (!info->last_cycles || time[0] < info->first_cycles)
		info->first_cycles = time[0];
	if (time[count - 1] > info->last_cycles)
		info->last_cycles = time[count - 1];
}

static void describe(struct stadls_run_info *info, const struct hxcomm_responses *out)
{
	enum { LINK_ERRORS = 0x0d }; /* decoding, CRC, check; source: spec/transport.md 2 */
	info->omnibus = out->omnibus.count;
	info->jtag = out->jtag.count;
	info->ticks = out->loopback.count;
	info->spikes = out->spikes.count;
	info->madc_samples = out->madc.count;
	info->link_notifications = out->links.count;
	info->timeouts = out->timeouts.count;
	for (size_t i = 0; i < out->links.count; i++)
		info->link_errors += (out->links.value[i] & LINK_ERRORS) != 0;
	span(info, out->omnibus.time, out->omnibus.count);
	span(info, out->jtag.time, out->jtag.count);
	span(info, out->loopback.time, out->loopback.count);
	span(info, out->spikes.fpga_time, out->spikes.count);
	span(info, out->madc.fpga_time, out->madc.count);
	span(info, out->links.time, out->links.count);
	span(info, out->timeouts.time, out->timeouts.count);
}

static uint64_t runs_of(const struct hxcomm_connection *connection)
{
	struct hxcomm_times total = HXCOMM_TIMES_INIT;
	return hxcomm_times_read(&total, NULL, connection) == HXCOMM_OK ? total.runs : 0;
}

int stadls_run_measured(struct stadls_run_info *info, struct hxcomm_connection *connection,
        const struct stadls_builder *builder, struct hxcomm_responses *out)
{
	const uint64_t runs = runs_of(connection);
	const double begin = now_s();
	const int status = stadls__run(connection, builder, out);
	*info = (struct stadls_run_info){
		.duration_s = now_s() - begin,
		.words = fisch_program_mark(builder->program).words,
	};
	describe(info, out);
	struct hxcomm_times last = HXCOMM_TIMES_INIT;
	if (runs_of(connection) == runs || hxcomm_times_read(NULL, &last, connection) != HXCOMM_OK)
		return status; /* refused before anything was sent */
	info->send_s = last.send_s;
	info->execute_s = last.execute_s;
	info->receive_s = last.receive_s;
	info->decode_s = last.decode_s;
	info->words_received = last.words_received;
	return explain(status, connection);
}

int stadls_bringup(struct hxcomm_connection *connection)
{
	struct stadls_builder *builder;
	int status = stadls_builder_new(&builder);
	if (status != HXCOMM_OK)
		return status;
	status = stadls_bringup_append(builder, NULL);
	if (status == HXCOMM_OK) {
		status = stadls__run(connection, builder, NULL);
		if (status != HXCOMM_OK)
			(void)stadls__bringup_explain(status, connection);
	}
	stadls_builder_free(builder);
	return status;
}
