// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_RECORD_H
#define HXCOMM_SRC_RECORD_H

#include <hxcomm/provider.h>

#include <stdio.h>

/* Behind a `record:` stands another provider: turn to that one. */
void hxcomm__record_look_through(const struct hxcomm_provider **provider, void **state);

/* A state for the other operations of `replay:` out of an open file, which it takes. */
int hxcomm__replay_open_file(void **state, FILE *file);

#endif
