// SPDX-License-Identifier: MIT
#ifndef REGISTERS_SESSION_H
#define REGISTERS_SESSION_H
/* A chip for the verbs that talk to one: opened, brought up if that is wanted, programs run. */

#include "registers.h"

#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <stadls/builder.h>

/** A chip, and one program for it at a time. */
struct registers_session {
	struct hxcomm_connection *connection;
	struct stadls_builder *builder;
	struct hxcomm_responses *responses;
	bool is_up; /**< it is known to have been brought up */
};

/** Open the chip at @p uri. @return 0 or a negative code with a message */
int registers_session_open(struct registers_session *out, const char *uri, bool bring_up);

/** Fail where the registers of this container are on a chip that was not brought up. */
int registers_session_check(struct registers_session *session,
        const struct haldls_container *container, enum fisch_backend backend);

/** Run what the builder holds, up to its last answer, and empty it. */
int registers_session_run(struct registers_session *session);

/** Close the chip. */
void registers_session_close(struct registers_session *session);

#endif
