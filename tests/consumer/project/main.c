// SPDX-License-Identifier: MIT
/* A program of somebody else: something of each library, and a word read from the chip. */
#include <calix/calix.h>
#include <fisch/fisch.h>
#include <grenade/grenade.h>
#include <haldls/haldls.h>
#include <hxcomm/hxcomm.h>
#include <stadls/stadls.h>

#include <stdio.h>

static int read_word(uint32_t *out, struct hxcomm_connection *connection)
{
	struct fisch_program *program = NULL;
	struct hxcomm_responses *responses = NULL;
	struct fisch_ticket ticket;
	int status = fisch_program_new(&program, 0);
	if (!status)
		status = hxcomm_responses_new(&responses, 0);
	if (!status)
		status = fisch_program_append_omnibus_read(&ticket, program, 0x80000000);
	if (!status)
		status = fisch_program_append_barrier(program, HXCOMM_BARRIER_OMNIBUS);
	if (!status)
		status = fisch_run(connection, program, responses);
	if (!status)
		status = fisch_ticket_read(out, &ticket, responses);
	hxcomm_responses_free(responses);
	fisch_program_free(program);
	return status;
}

int main(int argc, char **argv)
{
	struct hxcomm_connection *connection = NULL;
	struct grenade_network *network = NULL;
	struct stadls_builder *builder = NULL;
	uint32_t word = 0;
	int status = grenade_network_new(&network);
	if (!status)
		status = stadls_builder_new(&builder);
	if (!status)
		status = hxcomm_open(&connection, argc > 1 ? argv[1] : NULL, NULL);
	if (!status)
		status = read_word(&word, connection);
	if (status)
		fprintf(stderr, "%s: %s\n", hxcomm_error_name(status), hxcomm_error_message());
	else
		printf("%s %s %s\n", hxcomm_identifier(connection),
		        haldls_container_find("NeuronConfig")->name,
		        calix_parameter_find("neuron.v_leak")->name);
	hxcomm_close(connection);
	stadls_builder_free(builder);
	grenade_network_free(network);
	return status ? 1 : 0;
}
