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

/* A number, a text, or nothing for the first one. */
static int read_coordinate(uint32_t *out, const struct haldls_container *container,
        const json_t *coordinate)
{
	if (json_is_string(coordinate))
		return haldls_element_parse(out, container, json_string_value(coordinate));
	const json_int_t number = coordinate ? json_integer_value(coordinate) : 0;
	if (coordinate && !json_is_integer(coordinate))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "\"coordinate\" is no whole number, and no text such as "
		        "\"NeuronRow:1 Column:17\"");
	if (number < 0 || number >= container->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s of %s is %" PRId64 ", allowed are 0 to %" PRIu32, container->coordinate,
		        container->name, (int64_t)number, container->count - 1);
	*out = (uint32_t)number;
	return HXCOMM_OK;
}

int registers_request_read(struct registers_request *out, const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "container"));
	if (!name)
		return hxcomm_error_set(HXCOMM_EINVAL, "the line lacks \"container\"");
	out->container = haldls_container_find(name);
	if (!out->container)
		return HXCOMM_ENOENT;
	const int status = read_coordinate(
	        &out->coordinate, out->container, json_object_get(line, "coordinate"));
	if (status != HXCOMM_OK)
		return status;
	out->backend = out->container->backends[0];
	const json_t *backend = json_object_get(line, "backend");
	if (!backend)
		return HXCOMM_OK;
	if (!json_is_string(backend))
		return hxcomm_error_set(HXCOMM_EINVAL, "\"backend\" is no text");
	return registers_backend_find(&out->backend, out->container, json_string_value(backend));
}
