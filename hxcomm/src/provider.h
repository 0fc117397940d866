// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_PROVIDER_H
#define HXCOMM_SRC_PROVIDER_H

#include <hxcomm/provider.h>

extern const struct hxcomm_provider hxcomm__provider_arq;
extern const struct hxcomm_provider hxcomm__provider_loopback;
extern const struct hxcomm_provider hxcomm__provider_mock;
extern const struct hxcomm_provider hxcomm__provider_record;
extern const struct hxcomm_provider hxcomm__provider_replay;

/* Refuse chip_serial and any key: for providers that have neither. */
int hxcomm__provider_plain_open(const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options);

#endif
