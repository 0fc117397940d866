// SPDX-License-Identifier: MIT
/* `bss emulate`: a chip in software where an FPGA would be on the network, for any host
 * software. */
#include "bss.h"

#include "jsonout.h"

#include <hxcomm/arq.h>
#include <hxcomm/error.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_RESET_PORT = 0x100, KEY_ALLOW_REMOTE, KEY_STATISTICS, ADDRESS_MAX = 63 };

static const struct argp_option options[] = {
	{ "listen", 'l', "ADDRESS[:PORT]", 0,
	        "numeric IPv4 address and UDP port of frames (default 127.0.0.1:1234); port 0 lets "
	        "the system choose all ports",
	        0 },
	{ "reset-port", KEY_RESET_PORT, "PORT", 0, "UDP port of resets (default 45054)", 0 },
	{ "connection", 'c', "URI", 0, "the chip that is served (default: see `bss help uri`)", 0 },
	{ "allow-remote", KEY_ALLOW_REMOTE, NULL, 0,
	        "listen on addresses that other machines reach; there is no authentication", 0 },
	{ "statistics", KEY_STATISTICS, NULL, 0,
	        "print one JSON object of what was done at the end", 0 },
	{ 0 },
};

struct arguments {
	char address[ADDRESS_MAX + 1];
	const char *uri;
	bool statistics;
	struct hxcomm_arq_server_options options;
};

static uint32_t read_port(const char *text, unsigned long least, struct argp_state *state)
{
	char *end;
	const unsigned long port = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || port < least || port > 65535)
		argp_error(state, "'%s' is no port: %lu to 65535", text, least);
	return (uint32_t)port;
}

static void read_address(struct arguments *arguments, const char *text, struct argp_state *state)
{
	const size_t length = strcspn(text, ":");
	if (length == 0 || length > ADDRESS_MAX)
		argp_error(state, "'%s' is no address such as 127.0.0.1:1234", text);
	memcpy(arguments->address, text, length);
	arguments->address[length] = '\0';
	arguments->options.address = arguments->address;
	if (text[length]) {
		arguments->options.port = read_port(text + length + 1, 0, state);
		arguments->options.any_ports = arguments->options.port == 0;
	}
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case 'l':
		read_address(arguments, text, state);
		break;
	case KEY_RESET_PORT:
		arguments->options.reset_port = read_port(text, 1, state);
		break;
	case 'c':
		arguments->uri = text;
		break;
	case KEY_ALLOW_REMOTE:
		arguments->options.allow_remote = 1;
		break;
	case KEY_STATISTICS:
		arguments->statistics = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much: the address is given by --listen", text);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_emulate_argp = {
	.options = options,
	.parser = parse_option,
	.doc = "Serve a chip over HostARQ, as its FPGA does on the network.\v"
	       "Prints the address for --connection and serves one host at a time, the last one "
	       "that connected, until Ctrl-C or SIGTERM.",
};

static struct hxcomm_arq_server *volatile running;

static void on_signal(int signal)
{
	(void)signal;
	if (running)
		hxcomm_arq_server_stop(running);
}

/* The first signal asks for an end, a second one kills. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void print_address(const struct arguments *arguments, const struct hxcomm_arq_server *server)
{
	const char *address = arguments->options.address ? arguments->options.address : "127.0.0.1";
	const uint32_t port = hxcomm_arq_server_port(server);
	const uint32_t reset_port = hxcomm_arq_server_reset_port(server);
	printf("arq:%s", address);
	if (port != HXCOMM_ARQ_PORT)
		printf(":%u", port);
	if (reset_port != HXCOMM_ARQ_RESET_PORT)
		printf("?reset_port=%u", reset_port);
	putchar('\n');
	fflush(stdout);
}

static int print_statistics(struct hxcomm_arq_server *server)
{
	struct hxcomm_arq_server_statistics s = HXCOMM_ARQ_SERVER_STATISTICS_INIT;
	const int status = hxcomm_arq_server_statistics_read(&s, server);
	if (status != HXCOMM_OK)
		return bss_fail(status, false);
	return jsonout_print(json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "resets",
	        (json_int_t)s.resets, "thefts", (json_int_t)s.thefts, "programs",
	        (json_int_t)s.programs, "failed", (json_int_t)s.failed, "words_received",
	        (json_int_t)s.words_received, "words_sent", (json_int_t)s.words_sent,
	                "frames_received",
	        (json_int_t)s.link.frames_received, "frames_sent", (json_int_t)s.link.frames_sent,
	        "frames_resent", (json_int_t)s.link.frames_resent));
}

int cmd_emulate(int argc, char **argv)
{
	struct arguments arguments = { .options = HXCOMM_ARQ_SERVER_OPTIONS_INIT };
	if (argp_parse(&cmd_emulate_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	struct hxcomm_arq_server *server;
	int status = hxcomm_arq_server_new(&server, arguments.uri, &arguments.options);
	if (status != HXCOMM_OK)
		return bss_fail(status, false);
	running = server;
	catch_signals();
	print_address(&arguments, server);
	status = hxcomm_arq_server_run(server);
	int code = status == HXCOMM_OK ? BSS_OK : bss_fail(status, false);
	if (code == BSS_OK && arguments.statistics)
		code = print_statistics(server);
	running = NULL;
	hxcomm_arq_server_free(server);
	return code;
}
