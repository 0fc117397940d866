// SPDX-License-Identifier: MIT
#ifndef REGISTERS_BLOCK_H
#define REGISTERS_BLOCK_H
/* JSON lines about blocks of memory at the FPGA, whose coordinate is an interval of bytes:
 * {"container":"ExternalPPUMemoryBlock","coordinate":first * 131072 + last,"fields":{"bytes":[...]}} */

#include <jansson.h>
#include <stdbool.h>

/** Is a line about a block of memory? */
bool registers_is_block(const json_t *line);

/** Answer {"write":[[address,word],...]}, with "byte_enables" where not all lanes are written.
 *  @return 0 or a negative code with a message */
int registers_block_encode(json_t **out, const json_t *line);

/** Answer {"fields":{"bytes":[...]}} to a line with "words".
 *  @return 0 or a negative code with a message */
int registers_block_decode(json_t **out, const json_t *line);

#endif
