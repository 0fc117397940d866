// SPDX-License-Identifier: MIT
#ifndef EMULATOR_VECTOR_H
#define EMULATOR_VECTOR_H

/** @file
 *  @brief The two vector generators of the FPGA, which make events out of activations (source:
 *  spec/registers_fpga.json VectorGenerator*). They stand where other configurations of the FPGA
 *  have the large memory of the processors.
 *
 *  The host fills a queue with activations; the last of a vector is marked. A vector is sent when
 *  it is complete and, where the control register asks for it, triggered: activation k becomes an
 *  event with the label `table[start + k] << 5 | activation`, so many to a packet, a packet a cycle
 *  and as many cycles of waiting as the source says. Then the vector is sent again as often as
 *  wanted, and 1 is written to the notification address.
 *
 *  Assumed, for the sources are silent: that the activation is sent as it is, the value of the
 *  notification, the depth of the queue, what a trigger without a vector does (it waits for
 *  one). */

#include <stdbool.h>
#include <stdint.h>

enum {
	EMULATOR_VECTOR_BASE = 0x04000000,   /**< word address without bit 31 */
	EMULATOR_VECTOR_STRIDE = 0x1000,     /**< from one generator to the other */
	EMULATOR_VECTOR_GENERATORS = 2,
	EMULATOR_VECTOR_QUEUE = 4096,        /**< activations that wait */
	EMULATOR_VECTOR_TABLE = 256,         /**< entries of the table of labels */
};

/** One generator. */
struct emulator_vector {
	uint32_t control;                      /**< as written */
	uint32_t notification;                 /**< address that is written at the end */
	uint16_t table[EMULATOR_VECTOR_TABLE]; /**< bits 15 to 5 of labels */
	uint8_t queue[EMULATOR_VECTOR_QUEUE];  /**< ring of activations, bit 7 marks the last */
	uint32_t head;                         /**< first activation of the vector at hand */
	uint32_t tail;                         /**< behind the last activation */
	uint32_t vectors;                      /**< complete vectors in the queue */
	uint32_t triggers;                     /**< that were not used yet */
	uint32_t position;                     /**< next activation of the running vector */
	uint32_t repeats;                      /**< how often it will be sent again */
	uint64_t due;                          /**< cycle of the next packet */
	bool running;                          /**< a vector is being sent */
};

/** Write a register of a generator. @param vector the generator @param offset word address in it
 *  @param value bits @param enables bytes that are written @param now cycle */
void emulator__vector_write(struct emulator_vector *vector, uint32_t offset, uint32_t value,
        uint8_t enables, uint64_t now);

/** Read a register. @param vector the generator @param offset word address in it @return the
 *  word */
uint32_t emulator__vector_read(const struct emulator_vector *vector, uint32_t offset);

/** What a generator does next. */
struct emulator_vector_packet {
	uint64_t cycle;    /**< when */
	uint16_t label[3]; /**< events */
	unsigned count;    /**< of them; 0 ... 3 */
	bool ends;         /**< the vector is over: notify */
};

/** Take the next packet. @param[out] out the packet @param vector the generator, which is
 *  running */
void emulator__vector_next(struct emulator_vector_packet *out, struct emulator_vector *vector);

#endif
