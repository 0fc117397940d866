// SPDX-License-Identifier: MIT
#ifndef STADLS_BUILDER_PRIVATE_H
#define STADLS_BUILDER_PRIVATE_H

#include <stadls/builder.h>

struct stadls_builder {
	struct fisch_program *program;
};

#endif
