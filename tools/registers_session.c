// SPDX-License-Identifier: MIT
#include "registers_session.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>
#include <stadls/health.h>
#include <stadls/run.h>

int registers_session_open(struct registers_session *out, const char *uri, bool bring_up)
{
	*out = (struct registers_session){ .is_up = bring_up };
	int status = hxcomm_open(&out->connection, uri, NULL);
	if (status == HXCOMM_OK && bring_up)
		status = stadls_bringup(out->connection);
	if (status == HXCOMM_OK)
		status = stadls_builder_new(&out->builder);
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&out->responses, 0);
	if (status != HXCOMM_OK)
		registers_session_close(out);
	return status;
}

int registers_session_check(struct registers_session *session,
        const struct haldls_container *container, enum fisch_backend backend)
{
	const uint32_t on_fpga = UINT32_C(1) << 31;
	if (session->is_up || backend != FISCH_OMNIBUS)
		return HXCOMM_OK;
	const uint32_t address = container->write_words ? container->write_address(backend, 0, 0)
	                                                : container->read_address(backend, 0, 0);
	if (address & on_fpga)
		return HXCOMM_OK;
	const int status = stadls_bringup_check(session->connection);
	session->is_up = status == HXCOMM_OK;
	return status;
}

int registers_session_run(struct registers_session *session)
{
	int status = stadls_builder_barrier(session->builder,
	        HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG);
	if (status == HXCOMM_OK)
		status = stadls_run(session->connection, session->builder, session->responses);
	stadls_builder_clear(session->builder);
	return status;
}

void registers_session_close(struct registers_session *session)
{
	hxcomm_responses_free(session->responses);
	stadls_builder_free(session->builder);
	hxcomm_close(session->connection);
	*session = (struct registers_session){ .connection = NULL };
}
