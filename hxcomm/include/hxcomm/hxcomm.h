// SPDX-License-Identifier: MIT
#ifndef HXCOMM_HXCOMM_H
#define HXCOMM_HXCOMM_H

/** @file
 *  @brief All of hxcomm.
 *  @defgroup hxcomm hxcomm: words, connections, providers */

#include <hxcomm/arq.h>
#include <hxcomm/choice.h>
#include <hxcomm/connection.h>
#include <hxcomm/decoder.h>
#include <hxcomm/encoder.h>
#include <hxcomm/error.h>
#include <hxcomm/export.h>
#include <hxcomm/file.h>
#include <hxcomm/job.h>
#include <hxcomm/log.h>
#include <hxcomm/message.h>
#include <hxcomm/options.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/uri.h>
#include <hxcomm/words.h>

#endif
