// SPDX-License-Identifier: MIT
/* Programs for several chips at the same time: a job on each connection. */
#include "queue.h"

#include <hxcomm/error.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep_status(struct hxcomm_part *part, int status)
{
	part->status = status;
	part->message[0] = '\0';
	if (status != HXCOMM_OK)
		snprintf(part->message, sizeof(part->message), "%s", hxcomm_error_message());
}

/* Begin a part: its words are lent for as long as its job lives. */
static int begin(struct hxcomm_job **out, const struct hxcomm_part *part,
        const struct hxcomm_run_options *options)
{
	const int status = hxcomm__check_program(part->connection, part->words, part->count);
	return status != HXCOMM_OK ? status
	                           : hxcomm__queue_lend(out, part->connection, part->responses,
	                                     options, part->words, part->count);
}

int hxcomm_run_all(
        struct hxcomm_part *parts, size_t count, const struct hxcomm_run_options *options)
{
	if (count == 0)
		return HXCOMM_OK;
	struct hxcomm_job **jobs = calloc(count, sizeof(struct hxcomm_job *));
	if (!jobs) {
		const int status = hxcomm_error_set(HXCOMM_ENOMEM,
		        "no memory for %zu programs", count);
		for (size_t i = 0; i < count; i++)
			keep_status(&parts[i], status);
		return status;
	}
	for (size_t i = 0; i < count; i++)
		keep_status(&parts[i], begin(&jobs[i], &parts[i], options));
	for (size_t i = 0; i < count; i++)
		if (jobs[i])
			keep_status(&parts[i], hxcomm_wait(jobs[i], NULL));
	free(jobs);

	size_t failed = 0, first = 0;
	for (size_t i = count; i-- > 0;)
		if (parts[i].status != HXCOMM_OK) {
			failed++;
			first = i;
		}
	if (failed == 0)
		return HXCOMM_OK;
	hxcomm_error_set(parts[first].status, "%s", parts[first].message);
	return hxcomm_error_wrap(parts[first].status, "part %zu of %zu on %.64s%s", first, count,
	        hxcomm_identifier(parts[first].connection),
	        failed > 1 ? " (and others failed, too)" : "");
}
