// SPDX-License-Identifier: MIT
/* Results into chip configurations. */
#include "codes.h"

#include <calix/calibration.h>
#include <calix/store.h>
#include <haldls/chip.h>
#include <hxcomm/connection.h>
#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

int calix_result_apply(struct haldls_chip *chip, const struct calix_result *result,
        const char *chip_identifier)
{
	if (!chip_identifier || strcmp(chip_identifier, calix_result_chip(result)) != 0)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "this calibration belongs to chip '%s', not to chip '%s': no two chips are "
		        "alike, calibrate each",
		        calix_result_chip(result), chip_identifier ? chip_identifier : "");
	if (strcmp(calix_result_kind(result), CALIX_KIND_SPIKING) != 0)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "this calibration is of kind '%s', needed is '" CALIX_KIND_SPIKING "'",
		        calix_result_kind(result));
	struct calix__codes *codes = malloc(sizeof(*codes));
	if (!codes)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the codes of a calibration");
	const int status = calix__codes_read(codes, result);
	if (status == HXCOMM_OK)
		calix__codes_apply(chip, codes);
	free(codes);
	return status;
}

void calix_uncalibrated_apply(struct haldls_chip *chip, const struct calix_target *target)
{
	struct calix_target full;
	struct calix__codes codes;
	if (calix_target_validate(&full, target) != HXCOMM_OK &&
	        calix_target_validate(&full, NULL) != HXCOMM_OK)
		return;
	calix__codes_typical(&codes, &full);
	calix__codes_apply(chip, &codes);
}

void calix_result_failed_neurons(bool *failed, const struct calix_result *result)
{
	const char *name;
	memset(failed, 0, HALDLS_NEURONS * sizeof(*failed));
	for (size_t i = 0; (name = calix_result_array_name(result, i)); i++) {
		size_t count;
		const uint8_t *success = calix_result_success(result, name, &count);
		for (size_t n = 0; count == HALDLS_NEURONS && n < count; n++)
			failed[n] |= !success[n];
	}
}

static int load(struct haldls_chip *chip, bool *failed, struct calix_store *store, const char *identifier,
        const char *target_json)
{
	struct calix_query query = CALIX_QUERY_INIT;
	query.chip = identifier;
	query.kind = CALIX_KIND_SPIKING;
	query.target_json = target_json;
	struct calix_result *result;
	int status = calix_store_find(&result, store, &query);
	if (status != HXCOMM_OK)
		return status;
	haldls_chip_init(chip);
	status = calix_result_apply(chip, result, identifier);
	if (status == HXCOMM_OK && failed)
		calix_result_failed_neurons(failed, result);
	calix_result_free(result);
	return status;
}

int calix_chip_load(struct haldls_chip *out, bool *failed,
        const struct hxcomm_connection *connection, const char *store_path, const struct calix_target *target)
{
	const char *identifier = hxcomm_identifier(connection);
	struct calix_store *store = NULL;
	char *json;
	int status = calix_target_write_json(&json, target);
	if (status != HXCOMM_OK)
		return status;
	struct haldls_chip *chip = malloc(sizeof(*chip));
	if (!chip)
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip configuration");
	if (status == HXCOMM_OK)
		status = calix_store_open(&store, store_path, CALIX_STORE_READ_ONLY);
	if (status == HXCOMM_OK)
		status = load(chip, failed, store, identifier, json);
	if (status == HXCOMM_OK)
		*out = *chip;
	else if (status == HXCOMM_ENOENT)
		status = hxcomm_error_wrap(status,
		        "chip '%s' has no calibration yet, run `bss calibrate`", identifier);
	calix_store_close(store);
	free(chip);
	free(json);
	return status;
}
