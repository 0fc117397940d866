// SPDX-License-Identifier: MIT
#ifndef REGISTERS_REQUEST_H
#define REGISTERS_REQUEST_H
/* Which register a JSON line is about: {"container":...,"coordinate":...,"backend":...}. */

#include <haldls/container.h>
#include <jansson.h>

/** A register. */
struct registers_request {
	const struct haldls_container *container;
	uint32_t coordinate;
	enum fisch_backend backend; /**< the container's default where the line names none */
};

/** Read it from a line. @return 0 or a negative code with a message */
int registers_request_read(struct registers_request *out, const json_t *line);

/** Find a back end of a container by name. @return 0 or a negative code with a message */
int registers_backend_find(enum fisch_backend *out, const struct haldls_container *container,
        const char *name);

#endif
