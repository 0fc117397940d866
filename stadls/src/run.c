// SPDX-License-Identifier: MIT
/* Running is fisch's business; here it is only given the builder's program. */
#include "builder_private.h"

#include <fisch/run.h>
#include <hxcomm/error.h>
#include <stadls/bringup.h>
#include <stadls/run.h>

int stadls_run(struct hxcomm_connection *connection, const struct stadls_builder *builder,
        struct hxcomm_responses *out)
{
	return fisch_run(connection, builder->program, out);
}

int stadls_bringup(struct hxcomm_connection *connection)
{
	struct stadls_builder *builder;
	int status = stadls_builder_new(&builder);
	if (status != HXCOMM_OK)
		return status;
	status = stadls_bringup_append(builder, NULL);
	if (status == HXCOMM_OK)
		status = stadls_run(connection, builder, NULL);
	stadls_builder_free(builder);
	return status == HXCOMM_OK ? status : hxcomm_error_wrap(status, "bringing the chip up");
}
