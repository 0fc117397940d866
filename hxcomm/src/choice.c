// SPDX-License-Identifier: MIT
#include <hxcomm/choice.h>

#include <hxcomm/error.h>

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\n";

/* Word number `index` of a text whose words stand between any of `separators`; NULL: not so
 * many. */
static const char *find_word(size_t *length, const char *text, const char *separators, size_t index)
{
	for (;; index--) {
		text += strspn(text, separators);
		if (!*text)
			return NULL;
		*length = strcspn(text, separators);
		if (index == 0)
			return text;
		text += *length;
	}
}

static int absent(const char *name, size_t index)
{
	return hxcomm_error_set(HXCOMM_ENOENT, "%s names no chip number %zu", name, index);
}

static int choose_connection(struct hxcomm_choice *out, const char *text, size_t index)
{
	size_t length;
	const char *word = find_word(&length, text, blanks, index);
	if (!word)
		return absent("HXCOMM_CONNECTION", index);
	if (length > HXCOMM_URI_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "HXCOMM_CONNECTION holds an address of %zu bytes, at most %d", length,
		        HXCOMM_URI_MAX);
	memcpy(out->uri, word, length);
	out->uri[length] = '\0';
	snprintf(out->reason, sizeof(out->reason), "HXCOMM_CONNECTION is set");
	return HXCOMM_OK;
}

static int choose_fpga(struct hxcomm_choice *out, const char *text, size_t index)
{
	size_t length;
	struct in_addr address;
	char host[INET_ADDRSTRLEN] = "";
	const char *word = find_word(&length, text, ", \t\n", index);
	if (!word)
		return absent("SLURM_FPGA_IPS", index);
	if (length < sizeof(host))
		memcpy(host, word, length);
	if (inet_pton(AF_INET, host, &address) != 1)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "SLURM_FPGA_IPS holds '%.*s', which is no IPv4 address: correct or unset "
		        "it",
		        length < 40 ? (int)length : 40, word);
	snprintf(out->uri, sizeof(out->uri), "arq:%s", host);
	snprintf(out->reason, sizeof(out->reason),
	        "SLURM_FPGA_IPS is set, HXCOMM_CONNECTION is not");
	return HXCOMM_OK;
}

/* Whether a variable holds a number other than 0. */
static int read_switch(bool *out, const char *text)
{
	char *end;
	const long value = strtol(text, &end, 10);
	*out = value != 0;
	if (end == text || *end)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "HXCOMM_ENABLE_ZERO_MOCK is '%.40s', wanted is a number: 1 for 'mock:', 0 "
		        "for not",
		        text);
	return HXCOMM_OK;
}

static bool is_set(const char *text)
{
	return text && text[strspn(text, blanks)];
}

static int choose(struct hxcomm_choice *out, size_t index)
{
	const char *connection = getenv("HXCOMM_CONNECTION");
	const char *mock = getenv("HXCOMM_ENABLE_ZERO_MOCK");
	const char *addresses = getenv("SLURM_FPGA_IPS");
	bool wants_mock = false;
	if (is_set(connection))
		return choose_connection(out, connection, index);
	const int status = is_set(mock) ? read_switch(&wants_mock, mock) : HXCOMM_OK;
	if (status != HXCOMM_OK)
		return status;
	if (!wants_mock && is_set(addresses))
		return choose_fpga(out, addresses, index);
	if (index > 0)
		return absent("the environment", index);
	snprintf(out->uri, sizeof(out->uri), "%s", wants_mock ? "mock:" : "emulator:");
	snprintf(out->reason, sizeof(out->reason), "%s", wants_mock ?
	        "HXCOMM_ENABLE_ZERO_MOCK is set, HXCOMM_CONNECTION is not" :
	        "no variable names a chip");
	return HXCOMM_OK;
}

int hxcomm_choice_read(struct hxcomm_choice *out, size_t index)
{
	memset(out, 0, sizeof(*out));
	const int status = choose(out, index);
	if (status != HXCOMM_OK)
		memset(out, 0, sizeof(*out));
	return status;
}
