// SPDX-License-Identifier: MIT
#ifndef HXCOMM_URI_H
#define HXCOMM_URI_H

/** @file
 *  @brief The address of a connection, taken apart: "scheme:rest?key=value&key=value".
 *  @defgroup hxcomm_uri Addresses of connections
 *
 *  The scheme is 1 to 31 characters of a-z, 0-9 and '-'. In the rest, the keys and the values "%41"
 *  stands for the byte 0x41; a zero byte is refused. A key without '=' has the value "".
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Limits of an address. */
enum {
	HXCOMM_URI_MAX = 1023,          /**< longest address in bytes */
	HXCOMM_URI_SCHEME_MAX = 31,     /**< longest scheme in bytes */
	HXCOMM_URI_PARAMETERS_MAX = 32, /**< most key=value pairs */
};

/** An address taken apart. Plain data: may be copied. */
struct hxcomm_uri {
	char scheme[HXCOMM_URI_SCHEME_MAX + 1]; /**< before the colon */
	char rest[HXCOMM_URI_MAX + 1];          /**< between the colon and '?', unescaped */
	char text[HXCOMM_URI_MAX + 1];          /**< keys and values, unescaped, each
	                                         zero-terminated */
	size_t count;                           /**< number of key=value pairs */
	uint16_t key[HXCOMM_URI_PARAMETERS_MAX];   /**< [count] where in @p text a key begins */
	uint16_t value[HXCOMM_URI_PARAMETERS_MAX]; /**< [count] where in @p text its value begins */
};

/** Take an address apart.
 *  @param[out] out  the parts; all empty after an error
 *  @param text      the address, at most #HXCOMM_URI_MAX bytes
 *  @retval 0              @p out is complete
 *  @retval HXCOMM_EINVAL  no scheme, a character that no scheme has, too long, too many keys, an
 *                         empty or repeated key, a '%' without two hexadecimal digits */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_uri_parse(struct hxcomm_uri *out, const char *text);

/** Refuse keys that nobody reads.
 *  @param uri    an address
 *  @param known  [count] the keys that have a meaning; may be NULL where count is 0
 *  @param count  number of known keys
 *  @retval 0              all keys of @p uri are known
 *  @retval HXCOMM_EINVAL  one is not: the message names it and lists the known ones */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_uri_check_keys(const struct hxcomm_uri *uri,
        const char *const *known, size_t count);

/** Value of a key.
 *  @param uri  an address
 *  @param key  the key
 *  @return its value, lent by @p uri; NULL where the key is absent */
HXCOMM_API const char *hxcomm_uri_find(const struct hxcomm_uri *uri, const char *key);

/** Value of a key as a whole number, decimal or 0x… hexadecimal.
 *  @param[out] out  the number; unchanged after an error
 *  @param uri       an address
 *  @param key       the key
 *  @param fallback  the number where the key is absent (not checked against the limits)
 *  @param min       smallest number allowed
 *  @param max       largest number allowed
 *  @retval 0              @p out is set
 *  @retval HXCOMM_EINVAL  the value is no whole number
 *  @retval HXCOMM_ERANGE  it is not within @p min … @p max */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_uri_read_u64(uint64_t *out, const struct hxcomm_uri *uri,
        const char *key, uint64_t fallback, uint64_t min, uint64_t max);

/** Value of a key as a number.
 *  @param[out] out  the number; unchanged after an error
 *  @param uri       an address
 *  @param key       the key
 *  @param fallback  the number where the key is absent (not checked against the limits)
 *  @param min       smallest number allowed
 *  @param max       largest number allowed
 *  @retval 0              @p out is set
 *  @retval HXCOMM_EINVAL  the value is no number
 *  @retval HXCOMM_ERANGE  it is not within @p min … @p max */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_uri_read_double(double *out, const struct hxcomm_uri *uri,
        const char *key, double fallback, double min, double max);

#ifdef __cplusplus
}
#endif
/** @} */
#endif
