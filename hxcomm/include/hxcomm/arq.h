// SPDX-License-Identifier: MIT
#ifndef HXCOMM_ARQ_H
#define HXCOMM_ARQ_H

/** @file
 *  @brief HostARQ, the protocol of the FPGA over UDP: statistics of the host side, and the FPGA's
 *         side.
 *  @defgroup hxcomm_arq HostARQ
 *
 *  The host side is the provider `arq:HOST[:PORT]?reset_port=PORT&window=FRAMES`: hxcomm_open() and
 *  hxcomm_run() are all it needs.
 *  The server below takes the place of the FPGA: it executes the programs of one host at a time on
 *  any other connection, such as `emulator:`. (source: spec/transport.md 5)
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_connection;

/** UDP ports of the FPGA. */
enum {
	HXCOMM_ARQ_PORT = 1234,        /**< frames */
	HXCOMM_ARQ_RESET_PORT = 45054, /**< resets of the connection */
};

/** What a link has sent and received since it was opened.
 *  Start from #HXCOMM_LINK_STATISTICS_INIT. */
struct hxcomm_link_statistics {
	size_t size;              /**< sizeof(struct hxcomm_link_statistics), set by the
	                           initialiser */
	uint64_t frames_sent;     /**< frames sent for the first time */
	uint64_t frames_resent;   /**< frames sent again */
	uint64_t words_sent;      /**< 64-bit words in frames sent for the first time */
	uint64_t timeouts;        /**< times that no acknowledgement came in time */
	uint64_t fast_resends;    /**< frames sent again because acknowledgements were repeated */
	uint64_t acks_sent;       /**< datagrams that only acknowledge */
	uint64_t frames_received; /**< frames taken, each once */
	uint64_t words_received;  /**< 64-bit words in them */
	uint64_t frames_early;    /**< of these, those that came before an earlier one */
	uint64_t frames_repeated; /**< frames that were there already, or outside the window */
	uint64_t malformed;       /**< datagrams that are no frames */
	double round_trip_s;      /**< smoothed time from a frame to its acknowledgement, in s; 0
	                           before the first */
	uint64_t probes;          /**< frames sent again only to ask for an acknowledgement */
};

/** Initialiser that carries the size this program was compiled with. */
#define HXCOMM_LINK_STATISTICS_INIT                                                                \
	{                                                                                          \
		sizeof(struct hxcomm_link_statistics), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0       \
	}

/** Statistics of a connection's link. No program must be under way.
 *  @param[in,out] out  from #HXCOMM_LINK_STATISTICS_INIT; unchanged after an error
 *  @param connection   an open connection
 *  @retval 0               @p out is set
 *  @retval HXCOMM_EINVAL   @p out is not initialised
 *  @retval HXCOMM_ENOTSUP  the connection has no link, such as `mock:` */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_link_statistics_read(struct hxcomm_link_statistics *out,
        const struct hxcomm_connection *connection);

/** The FPGA's side of HostARQ in software. Made by hxcomm_arq_server_new(). */
struct hxcomm_arq_server;

/** How to serve. Start from #HXCOMM_ARQ_SERVER_OPTIONS_INIT; zero means "the default". */
struct hxcomm_arq_server_options {
	size_t size;         /**< sizeof(struct hxcomm_arq_server_options), set by the
	                      initialiser */
	const char *address; /**< numeric IPv4 address to listen on; default NULL = "127.0.0.1" */
	uint32_t port;       /**< UDP port of frames; 1 … 65535, default #HXCOMM_ARQ_PORT */
	uint32_t reset_port; /**< UDP port of resets; 1 … 65535, default #HXCOMM_ARQ_RESET_PORT */
	uint32_t any_ports;  /**< 1: let the system choose both ports and ignore the two above */
	uint32_t allow_remote; /**< 1: allow addresses outside 127.0.0.0/8. There is no
	                        authentication: whoever reaches the ports owns the chip */
};

/** Initialiser that carries the size this program was compiled with. */
#define HXCOMM_ARQ_SERVER_OPTIONS_INIT                                                             \
	{                                                                                          \
		sizeof(struct hxcomm_arq_server_options), NULL, 0, 0, 0, 0                         \
	}

/** Open a connection and the ports on which it is to be served.
 *
 *  @param[out] out  the server, owned by the caller; NULL after an error
 *  @param uri       who executes the programs, as for hxcomm_open(); opened again at the next reset
 *                   where a run failed in the middle
 *  @param options   NULL for the defaults; not kept
 *  @retval 0               hosts may connect; they are answered by hxcomm_arq_server_run()
 *  @retval HXCOMM_EINVAL   the address is no numeric IPv4 address, or lies outside 127.0.0.0/8
 *                          without allow_remote, or the options are not initialised
 *  @retval HXCOMM_ERANGE   a port is out of range
 *  @retval HXCOMM_EIO      a port is in use, or the system refused; the message says why
 *  @retval HXCOMM_ENOMEM   memory is exhausted
 *  @return or what hxcomm_open() returns */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_arq_server_new(struct hxcomm_arq_server **out,
        const char *uri, const struct hxcomm_arq_server_options *options);

/** Serve until hxcomm_arq_server_stop(), one host at a time: the last one that sent a reset.
 *  Programs run on a thread of their own: the host is answered while one computes. A program that
 *  is under way when a reset comes is ended, and the chip is reset; otherwise it stays as it is.
 *  The host is told of a program that fails; its words are not taken then until it sends a reset.
 *  @param server  from hxcomm_arq_server_new()
 *  @retval 0              stopped
 *  @retval HXCOMM_EIO     the system refused; the message says why */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_arq_server_run(struct hxcomm_arq_server *server);

/** Make hxcomm_arq_server_run() return; a program that is running is given up. May be called before
 *  it, from another thread and in a signal handler.
 *  @param server  from hxcomm_arq_server_new() */
HXCOMM_API void hxcomm_arq_server_stop(struct hxcomm_arq_server *server);

/** What a server has done since it was made. Start from #HXCOMM_ARQ_SERVER_STATISTICS_INIT. */
struct hxcomm_arq_server_statistics {
	size_t size;             /**< sizeof(struct hxcomm_arq_server_statistics), set by the
	                          initialiser */
	uint64_t resets;         /**< resets of all hosts */
	uint64_t thefts;         /**< of these, those that took the chip from a host that had not
	                          closed its connection */
	uint64_t programs;       /**< programs that ended */
	uint64_t failed;         /**< of these, those that failed or were given up */
	uint64_t words_received; /**< words of programs, halts included */
	uint64_t words_sent;     /**< words of answers */
	struct hxcomm_link_statistics link; /**< frames of all hosts; its size member is not set */
};

/** Initialiser that carries the size this program was compiled with. */
#define HXCOMM_ARQ_SERVER_STATISTICS_INIT                                                          \
	{                                                                                          \
		sizeof(struct hxcomm_arq_server_statistics), 0, 0, 0, 0, 0, 0,                     \
		        HXCOMM_LINK_STATISTICS_INIT                                                \
	}

/** Read the statistics of a server. May be called by another thread than the one that serves.
 *  @param[in,out] out  from #HXCOMM_ARQ_SERVER_STATISTICS_INIT; unchanged after an error
 *  @param server       from hxcomm_arq_server_new()
 *  @retval 0              @p out is set
 *  @retval HXCOMM_EINVAL  @p out is not initialised */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_arq_server_statistics_read(
        struct hxcomm_arq_server_statistics *out, struct hxcomm_arq_server *server);

/** Port of the frames. @param server from hxcomm_arq_server_new()
 *  @return 1 … 65535 */
HXCOMM_API uint32_t hxcomm_arq_server_port(const struct hxcomm_arq_server *server);

/** Port of the resets. @param server from hxcomm_arq_server_new()
 *  @return 1 … 65535 */
HXCOMM_API uint32_t hxcomm_arq_server_reset_port(const struct hxcomm_arq_server *server);

/** Close the ports and the connection. @param server may be NULL; must not be running */
HXCOMM_API void hxcomm_arq_server_free(struct hxcomm_arq_server *server);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
