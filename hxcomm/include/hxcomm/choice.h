// SPDX-License-Identifier: MIT
#ifndef HXCOMM_CHOICE_H
#define HXCOMM_CHOICE_H

/** @file
 *  @brief Which chips a program uses that was told none: a look into the environment.
 *  @defgroup hxcomm_choice Choice of a connection
 *
 *  The first of these that is set decides:
 *
 *  1. `HXCOMM_CONNECTION`: addresses, separated by blanks (a blank in an address is `%20`)
 *  2. `HXCOMM_ENABLE_ZERO_MOCK`: a number other than 0 means `mock:`
 *  3. `SLURM_FPGA_IPS`: IPv4 addresses, separated by commas, as the batch system of a cluster sets
 *     them; each becomes `arq:ADDRESS`
 *
 *  Without any of them it is `emulator:`. The other variables of the reference, QUIGGELDY_… and
 *  FLANGE_…, choose connections that there are not here: they are passed over.
 *  (source: spec/transport.md 4.2)
 *  @{ */

#include <hxcomm/export.h>
#include <hxcomm/uri.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One address that was chosen. */
struct hxcomm_choice {
	char uri[HXCOMM_URI_MAX + 1]; /**< for hxcomm_open() */
	char reason[128];             /**< such as "HXCOMM_CONNECTION is set" */
};

/** Look for the address of a chip.
 *  @param[out] out  the address and why it is that one; all empty after an error
 *  @param index     0 for the first chip, 1 for the second …
 *  @retval 0              @p out is set
 *  @retval HXCOMM_ENOENT  there are not so many: never for index 0
 *  @retval HXCOMM_EINVAL  a variable makes no sense; the message names it */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_choice_read(struct hxcomm_choice *out, size_t index);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
