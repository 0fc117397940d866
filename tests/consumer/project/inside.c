// SPDX-License-Identifier: MIT
/* A program of somebody else that looks into an emulated chip. */
#include <emulator/emulator.h>

#include <stdio.h>

int main(int argc, char **argv)
{
	struct hxcomm_connection *connection = NULL;
	const struct emulator_oracle *oracle = NULL;
	struct emulator_machine *machine = NULL;
	struct emulator_neuron neuron;
	int status = hxcomm_open(&connection, argc > 1 ? argv[1] : NULL, NULL);
	if (!status)
		status = emulator_find(&oracle, &machine, connection);
	if (!status)
		status = oracle->neuron(&neuron, machine, 100);
	if (status)
		fprintf(stderr, "%s: %s\n", hxcomm_error_name(status), hxcomm_error_message());
	else
		printf("%s: readout offset %.1f mV\n", hxcomm_identifier(connection),
		        1e3 * neuron.readout_offset);
	hxcomm_close(connection);
	return status ? 1 : 0;
}
