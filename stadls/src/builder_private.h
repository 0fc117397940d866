// SPDX-License-Identifier: MIT
#ifndef STADLS_BUILDER_PRIVATE_H
#define STADLS_BUILDER_PRIVATE_H

#include <stadls/builder.h>

struct hxcomm_connection;
struct hxcomm_responses;

struct stadls_builder {
	struct fisch_program *program;
	uint32_t *scratch; /* [scratch_words] words and addresses on their way into the program */
	size_t scratch_words;
	const struct haldls_container *silent; /* the first one read that a real chip keeps to
	                                          itself, or NULL */
};

/* Does this chip give back all registers? The emulated one does. */
bool stadls__gives_all_back(const struct hxcomm_connection *connection);

/* Remember that a container is read. */
static inline void stadls__note_read(struct stadls_builder *builder,
        const struct haldls_container *container)
{
	if (container && container->is_silent && !builder->silent)
		builder->silent = container;
}

/* Room for words that are needed until the next call. @return 0 or HXCOMM_ENOMEM */
int stadls__scratch(uint32_t **out, struct stadls_builder *builder, size_t words);

/* Can this container be written, or read, there over this back end? */
int stadls__check_write(enum fisch_backend backend, const struct haldls_container *container,
        uint32_t coordinate);
int stadls__check_read(enum fisch_backend backend, const struct haldls_container *container,
        uint32_t coordinate);

/* Words of a read at a coordinate that exists. */
int stadls__read_words(uint32_t *out, const struct haldls_container *container,
        uint32_t coordinate);

/* Append writes over the omnibus of those of [count] words that differ from what is known.
 * `kept` has room for as many addresses; words are overwritten. */
int stadls__append_difference(struct fisch_program *program, const uint32_t *addresses,
        uint32_t *words, const uint32_t *known, uint32_t *kept, size_t count);

/* stadls_run() that does not look for the cause of a failure. */
int stadls__run(struct hxcomm_connection *connection, const struct stadls_builder *builder,
        struct hxcomm_responses *out);

/* Say why a bring-up that was run has failed. @return status */
int stadls__bringup_explain(int status, struct hxcomm_connection *connection);

#endif
