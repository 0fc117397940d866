// SPDX-License-Identifier: MIT
#ifndef STADLS_PPU_H
#define STADLS_PPU_H

/** @file
 *  @brief Programs of the embedded processors: read, loaded, started, talked to.
 *  @defgroup stadls_ppu Embedded processors
 *
 *  Each hemisphere has a processor (PPU), 0 the top one, with 16 KiB of memory of its own; both
 *  share 128 KiB of SRAM and 256 MiB of DRAM on the FPGA. A program is a linked ELF file: 32 bits,
 *  big-endian, PowerPC. Words of a processor are big-endian: the first byte of a symbol is the most
 *  significant one of its first word. Read and write symbols as bytes in the processor's order.
 *
 *  Programs, symbols and tickets are constant once made and may be used by several threads.
 *  (source: spec/lola.md 6, spec/ppu.md 3)
 *  @{ */

#include <fisch/ticket.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_connection;
struct hxcomm_responses;
struct stadls_builder;

/** A program. Made by stadls_ppu_program_read(). */
struct stadls_ppu_program;

/** Processors, and bytes of their memories. */
enum {
	STADLS_PPUS = 2,                       /**< processors */
	STADLS_PPU_INTERNAL_BYTES = 16384,     /**< memory of one processor */
	STADLS_PPU_EXTERNAL_BYTES = 131072,    /**< SRAM of the FPGA */
	STADLS_PPU_DRAM_BYTES = 268435456,     /**< DRAM of the FPGA */
};

/** Memories. */
enum stadls_ppu_memory {
	STADLS_PPU_INTERNAL = 0, /**< the processor's own */
	STADLS_PPU_EXTERNAL,     /**< SRAM of the FPGA, shared */
	STADLS_PPU_DRAM,         /**< DRAM of the FPGA, shared */
};

/** What a symbol is of. */
enum stadls_ppu_symbol_type {
	STADLS_PPU_OTHER = 0, /**< neither of the others */
	STADLS_PPU_OBJECT,    /**< a variable */
	STADLS_PPU_FUNCTION,  /**< a function */
};

/** A named place in the memories, or any place: plain data that may be made and changed by hand. */
struct stadls_ppu_symbol {
	const char *name;                 /**< lent by the program; may be NULL */
	enum stadls_ppu_symbol_type type; /**< what is there */
	enum stadls_ppu_memory memory;    /**< where */
	uint32_t offset_bytes;            /**< from the start of the memory */
	uint32_t size_bytes;              /**< 1 … */
};

/** A claim on bytes that are read. Plain data. */
struct stadls_ppu_ticket {
	struct fisch_ticket words; /**< the words that hold them */
	uint32_t skip_bytes;       /**< of the first word */
	uint32_t size_bytes;       /**< number of bytes */
};

/** What a processor does. */
struct stadls_ppu_state {
	bool runs;            /**< it is not held in reset */
	bool sleeps;          /**< it waits: a program has ended */
	uint32_t return_code; /**< what the last program left at #stadls_ppu_return_code */
};

/** The mailbox: where programs print to, 4096 bytes at 0x3000 of the internal memory. */
HXCOMM_API extern const struct stadls_ppu_symbol stadls_ppu_mailbox;

/** The return code of a program: the word at 0x2ffc of the internal memory. */
HXCOMM_API extern const struct stadls_ppu_symbol stadls_ppu_return_code;

/** Read a program from a file.
 *
 *  @param[out] out  the program, owned by the caller; NULL after an error
 *  @param path      of a linked ELF file, at most 64 MiB
 *  @retval 0                made
 *  @retval HXCOMM_EIO       the file cannot be read
 *  @retval HXCOMM_EINVAL    it is no ELF file, or not one of these processors
 *  @retval HXCOMM_ECORRUPT  it is damaged
 *  @retval HXCOMM_ERANGE    a section lies outside the memories, or the file is too long
 *  @retval HXCOMM_ENOMEM    memory is exhausted
 *
 *  Sections whose name begins with "int" go to the internal memory, with "ext" to SRAM or DRAM of
 *  the FPGA by their address, others that hold .text, .data, .rodata, .bss, .init or .fini in their
 *  name to the internal memory; gaps and sections without content are 0. */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_program_read(struct stadls_ppu_program **out,
        const char *path);

/** Decode a program that is in memory.
 *  @param[out] out  the program, owned by the caller; NULL after an error
 *  @param bytes     [count] what the file holds; not kept
 *  @param count     number of bytes
 *  @return as stadls_ppu_program_read() */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_program_decode(struct stadls_ppu_program **out,
        const void *bytes, size_t count);

/** Free a program. @param program may be NULL */
HXCOMM_API void stadls_ppu_program_free(struct stadls_ppu_program *program);

/** What is loaded to a memory.
 *  @param program          the program
 *  @param memory           which
 *  @param[out] size_bytes  a multiple of 4; 0 where nothing is
 *  @return [size_bytes] from the start of the memory on, lent */
HXCOMM_API const uint8_t *stadls_ppu_program_image(const struct stadls_ppu_program *program,
        enum stadls_ppu_memory memory, size_t *size_bytes);

/** Number of symbols. @param program the program
 *  @return those with a size; one of size 0 is a label, not a place */
HXCOMM_API size_t stadls_ppu_symbol_count(const struct stadls_ppu_program *program);

/** A symbol by number.
 *  @param[out] out  the symbol
 *  @param program   the program
 *  @param index     0 … stadls_ppu_symbol_count() - 1, in the order of the file
 *  @retval 0              found
 *  @retval HXCOMM_ERANGE  there is no such symbol */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_symbol_get(struct stadls_ppu_symbol *out,
        const struct stadls_ppu_program *program, size_t index);

/** A symbol by name; where several have it, a global one before those of single files.
 *  @param[out] out  the symbol; unchanged after an error
 *  @param program   the program
 *  @param name      as the linker knows it
 *  @retval 0              found
 *  @retval HXCOMM_ENOENT  there is none */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_symbol_find(struct stadls_ppu_symbol *out,
        const struct stadls_ppu_program *program, const char *name);

/** Append loading a program: hold the processor in reset, write its memories, wait until all has
 *  arrived. The memories of the FPGA are shared: load both processors with programs that agree on
 *  them.
 *
 *  @param builder  unchanged after an error
 *  @param ppu      0, 1
 *  @param program  not kept
 *  @retval 0              appended
 *  @retval HXCOMM_ERANGE  there is no such processor, or the playback program would be longer than
 *                         its limit
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_append_program(struct stadls_builder *builder,
        uint32_t ppu, const struct stadls_ppu_program *program);

/** Append starting a processor: it is released from reset and begins at address 0.
 *  @param builder  unchanged after an error
 *  @param ppu      0, 1
 *  @return as stadls_ppu_append_program() */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_append_start(struct stadls_builder *builder,
        uint32_t ppu);

/** Append stopping a processor: it is held in reset, its memory stays.
 *  @param builder  unchanged after an error
 *  @param ppu      0, 1
 *  @return as stadls_ppu_append_program() */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_append_stop(struct stadls_builder *builder,
        uint32_t ppu);

/** Append waiting until a processor sleeps, which is how programs end. Longer than the instruction
 *  timeout (10 ms by default) the run fails with HXCOMM_EDEVICE: write
 *  InstructionTimeoutConfig before for a longer program.
 *  @param builder  unchanged after an error
 *  @param ppu      0, 1
 *  @return as stadls_ppu_append_program() */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_append_wait(struct stadls_builder *builder,
        uint32_t ppu);

/** Append writing to a place. The internal memory takes whole words only: such a place begins and
 *  ends at a multiple of 4.
 *
 *  @param builder  unchanged after an error
 *  @param ppu      0, 1; of no meaning for memories of the FPGA
 *  @param symbol   where
 *  @param bytes    [count] in the processor's order; not kept
 *  @param count    number of bytes, 1 … symbol->size_bytes
 *  @return as stadls_ppu_append_program(), and HXCOMM_ERANGE: the place lies outside its memory or
 *          @p count does not fit; HXCOMM_EINVAL: part of a word of the internal memory */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_append_write(struct stadls_builder *builder,
        uint32_t ppu, const struct stadls_ppu_symbol *symbol, const void *bytes, size_t count);

/** Append reading a place. Put a barrier behind the last read.
 *
 *  @param[out] out  the ticket; unchanged after an error
 *  @param builder   unchanged after an error
 *  @param ppu       0, 1; of no meaning for memories of the FPGA
 *  @param symbol    where
 *  @return as stadls_ppu_append_program(), and HXCOMM_ERANGE: the place lies outside its memory */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_append_read(struct stadls_ppu_ticket *out,
        struct stadls_builder *builder, uint32_t ppu, const struct stadls_ppu_symbol *symbol);

/** Read the bytes of a ticket.
 *  @param[out] bytes  [ticket->size_bytes] in the processor's order; unchanged after an error
 *  @param ticket      from stadls_ppu_append_read()
 *  @param responses   of the run of its program
 *  @return as fisch_ticket_read(), and HXCOMM_ENOMEM */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_ticket_read(void *bytes,
        const struct stadls_ppu_ticket *ticket, const struct hxcomm_responses *responses);

/** The text in a place, such as the mailbox: all up to the first 0, without what cannot be printed
 *  (line feeds and tabs can).
 *  @param[out] out  [size] the text, always ended by 0
 *  @param size      room, 1 …
 *  @param bytes     [count] what was read
 *  @param count     number of bytes
 *  @return length of the whole text; @p size or more means that it was cut */
HXCOMM_API size_t stadls_ppu_text_read(char *out, size_t size, const void *bytes, size_t count);

/** Ask a processor what it does.
 *  @param[out] out    its state; unchanged after an error
 *  @param connection  to a chip that was brought up
 *  @param ppu         0, 1
 *  @return as stadls_run(), and HXCOMM_ERANGE: there is no such processor */
HXCOMM_API HXCOMM_NODISCARD int stadls_ppu_state_read(struct stadls_ppu_state *out,
        struct hxcomm_connection *connection, uint32_t ppu);

/** A big-endian word. @param bytes [4] @return its value */
static inline uint32_t stadls_ppu_word(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/** Make a big-endian word. @param[out] bytes [4] @param value its value */
static inline void stadls_ppu_word_set(uint8_t bytes[4], uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

#ifdef __cplusplus
}
#endif
/** @} */
#endif
