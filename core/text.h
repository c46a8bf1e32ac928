/* Names and prose: what is allowed, and how outside text is shown. */
#ifndef COMITY_CORE_TEXT_H
#define COMITY_CORE_TEXT_H

#include "core/bytes.h"

enum {
    NAME_MAX_BYTES = 40,      /* a NAME: [a-z][a-z0-9-]* */
    TITLE_MAX_BYTES = 400,    /* a person's name or a title */
    REASON_MAX_BYTES = 4096,
    TEXT_MAX_BYTES = 65536,   /* a proposal's text */
};

bool name_is_valid(const char *name);        /* NAME; NULL is not */
bool time_zone_is_valid(const char *zone);   /* form of an IANA name */
bool language_is_valid(const char *tag);     /* form of a BCP 47 tag: "en", "fr-CA"; at most 35 bytes */
bool utf8_is_valid(struct bytes text);       /* RFC 3629, no NUL, no surrogates, no overlong form */

/* hash = SHA-256("comity/v1/text" 00 salt content) */
void text_hash(const uint8_t salt[SALT_SIZE], struct bytes content, uint8_t ret_hash[HASH_SIZE]);

/* Write @text so that it cannot harm a terminal or a log line: control characters, DEL, invalid UTF-8, bidi
 * controls and zero-width characters as \xNN or \u{NNNN}; newline and tab kept only with @keep_lines.
 * NUL-terminated, cut at @size. Returns the length that the whole would have had. */
size_t text_escape(struct bytes text, bool keep_lines, char *buffer, size_t size);

/* Lower-case hexadecimal. hex_decode: returns 0 or ERR_MALFORMED; exactly @size bytes from 2*@size digits. */
void hex_encode(struct bytes bytes, char *ret_hex /* 2*size+1 */);
int hex_decode(const char *hex, uint8_t *ret_bytes, size_t size);

/* Base64 with its padding (RFC 4648, section 4), in its one form. 0 or ERR_MALFORMED; also of nothing, and of more than @size
 * bytes. */
int base64_decode(struct bytes text, uint8_t *ret_bytes, size_t size, size_t *ret_size);

#endif
