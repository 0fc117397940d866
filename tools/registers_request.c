// SPDX-License-Identifier: MIT
#include "registers_request.h"

#include <hxcomm/error.h>

#include <inttypes.h>

int registers_backend_find(enum fisch_backend *out, const struct haldls_container *container,
        const char *name)
{
	const int backend = fisch_backend_find(name);
	if (backend < 0)
		return backend;
	for (size_t i = 0; i < container->backend_count; i++)
		if (container->backends[i] == (enum fisch_backend)backend) {
			*out = (enum fisch_backend)backend;
			return HXCOMM_OK;
		}
	return hxcomm_error_set(
	        HXCOMM_ENOTSUP, "%s cannot be reached by %s", container->name, name);
}

int registers_request_read(struct registers_request *out, const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "container"));
	if (!name)
		return hxcomm_error_set(HXCOMM_EINVAL, "the line lacks \"container\"");
	out->container = haldls_container_find(name);
	if (!out->container)
		return HXCOMM_ENOENT;
	const json_t *coordinate = json_object_get(line, "coordinate");
	const json_int_t number = coordinate ? json_integer_value(coordinate) : 0;
	if (coordinate && !json_is_integer(coordinate))
		return hxcomm_error_set(HXCOMM_EINVAL, "\"coordinate\" is no whole number");
	if (number < 0 || number >= out->container->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s of %s is %" PRId64 ", allowed are 0 to %" PRIu32,
		        out->container->coordinate, out->container->name, (int64_t)number,
		        out->container->count - 1);
	out->coordinate = (uint32_t)number;
	out->backend = out->container->backends[0];
	const json_t *backend = json_object_get(line, "backend");
	if (!backend)
		return HXCOMM_OK;
	if (!json_is_string(backend))
		return hxcomm_error_set(HXCOMM_EINVAL, "\"backend\" is no text");
	return registers_backend_find(&out->backend, out->container, json_string_value(backend));
}
