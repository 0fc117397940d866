// SPDX-License-Identifier: MIT
/* Calibrates emulated chips 1 to 5 into a new store, for the tests that need calibrated chips. */
#include <calix/calibration.h>
#include <calix/store.h>
#include <hxcomm/connection.h>
#include <hxcomm/error.h>

#include <stdio.h>
#include <stdlib.h>

enum { SERIALS = CHIPS };

static int calibrate(struct calix_store *store, unsigned serial, const char *target_json)
{
	struct calix_provenance provenance = CALIX_PROVENANCE_INIT;
	struct hxcomm_connection *connection;
	struct calix_result *result = NULL;
	char uri[64];
	snprintf(uri, sizeof(uri), "emulator:?serial=%u", serial);
	int status = hxcomm_open(&connection, uri, NULL);
	if (status != HXCOMM_OK)
		return status;
	provenance.software = "test";
	provenance.target_json = target_json;
	status = calix_calibrate(&result, connection, NULL, NULL);
	if (status == HXCOMM_OK)
		status = calix_store_insert(store, hxcomm_identifier(connection), result,
		        &provenance);
	calix_result_free(result);
	hxcomm_close(connection);
	return status;
}

int main(int argc, char **argv)
{
	struct calix_store *store = NULL;
	char *target_json = NULL;
	if (argc != 2) {
		fprintf(stderr, "usage: %s STORE\n", argv[0]);
		return 2;
	}
	(void)remove(argv[1]);
	int status = calix_target_write_json(&target_json, NULL);
	if (status == HXCOMM_OK)
		status = calix_store_open(&store, argv[1], CALIX_STORE_CREATE);
	for (unsigned serial = 1; serial <= SERIALS && status == HXCOMM_OK; serial++)
		status = calibrate(store, serial, target_json);
	if (status != HXCOMM_OK)
		fprintf(stderr, "%s: %s\n", argv[0], hxcomm_error_message());
	calix_store_close(store);
	free(target_json);
	return status != HXCOMM_OK;
}
