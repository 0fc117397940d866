// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_MESSAGE_H
#define HXCOMM_SRC_MESSAGE_H

#include <hxcomm/message.h>
#include <hxcomm/words.h>

/* The one description of all messages, indexed by code. */
extern const struct hxcomm_message_kind hxcomm__to_fpga[HXCOMM_INSTRUCTIONS];
extern const struct hxcomm_message_kind hxcomm__from_fpga[HXCOMM_RESPONSES];

#endif
