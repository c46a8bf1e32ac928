#include "core/text.h"

#include <sodium.h>
#include <stdio.h>

#include "core/error.h"
#include "core/key.h"

enum { TIME_ZONE_MAX_BYTES = 64, LANGUAGE_MAX_BYTES = 35, LANGUAGE_PART_MAX_BYTES = 8 };

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool name_is_valid(const char *name)
{
    if (!name || !is_lower(name[0]))
        return false;
    for (size_t i = 1; name[i] != '\0'; i++) {
        if (i >= NAME_MAX_BYTES || !(is_lower(name[i]) || is_digit(name[i]) || name[i] == '-'))
            return false;
    }
    return true;
}

/* Parts of letters, digits, _, + and -, each starting with a letter, with / between them. */
bool time_zone_is_valid(const char *zone)
{
    if (!zone)
        return false;
    bool is_start = true;
    size_t i = 0;
    for (; zone[i] != '\0'; i++) {
        char c = zone[i];
        if (i >= TIME_ZONE_MAX_BYTES || (is_start && !is_letter(c)))
            return false;
        if (!is_letter(c) && !is_digit(c) && c != '_' && c != '+' && c != '-' && c != '/')
            return false;
        is_start = c == '/';
    }
    return i > 0 && !is_start;
}

/* RFC 5646, 2.1, but for its irregular tags: a language of 2 to 8 letters, then parts of 1 to 8 letters and
 * digits. */
bool language_is_valid(const char *tag)
{
    size_t part = 0, parts = 0, i = 0;

    if (!tag)
        return false;
    for (; tag[i] != '\0'; i++) {
        bool is_end = tag[i] == '-';

        if (i >= LANGUAGE_MAX_BYTES || (is_end && part < (parts == 0 ? 2 : 1)))
            return false;
        if (!is_end && !is_letter(tag[i]) && !(parts > 0 && is_digit(tag[i])))
            return false;
        parts += is_end;
        part = is_end ? 0 : part + 1;
        if (part > LANGUAGE_PART_MAX_BYTES)
            return false;
    }
    return part >= (parts == 0 ? 2 : 1);
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The character at the start of @text (RFC 3629, section 4). Returns its length in bytes, 0 if it is none. */
static size_t utf8_decode(struct bytes text, uint32_t *ret_point)
{
    if (text.size == 0)
        return 0;
    const uint8_t *at = text.data;
    if (at[0] < 0x80) {
        *ret_point = at[0];
        return 1;
    }
    if (at[0] >= 0xC2 && at[0] <= 0xDF && text.size >= 2 && is_continuation(at[1])) {
        *ret_point = (uint32_t) (at[0] & 0x1F) << 6 | (uint32_t) (at[1] & 0x3F);
        return 2;
    }
    if ((at[0] & 0xF0) == 0xE0 && text.size >= 3 && is_continuation(at[1]) && is_continuation(at[2])) {
        uint32_t point =
            (uint32_t) (at[0] & 0x0F) << 12 | (uint32_t) (at[1] & 0x3F) << 6 | (uint32_t) (at[2] & 0x3F);
        bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (point < 0x800 || is_surrogate)
            return 0;
        *ret_point = point;
        return 3;
    }
    if (at[0] >= 0xF0 && at[0] <= 0xF4 && text.size >= 4 && is_continuation(at[1]) &&
        is_continuation(at[2]) && is_continuation(at[3])) {
        uint32_t point = (uint32_t) (at[0] & 0x07) << 18 | (uint32_t) (at[1] & 0x3F) << 12 |
                         (uint32_t) (at[2] & 0x3F) << 6 | (uint32_t) (at[3] & 0x3F);
        if (point < 0x10000 || point > 0x10FFFF)
            return 0;
        *ret_point = point;
        return 4;
    }
    return 0;
}

bool utf8_is_valid(struct bytes text)
{
    while (text.size > 0) {
        uint32_t point = 0;
        size_t length = utf8_decode(text, &point);
        if (length == 0 || point == 0)
            return false;
        text.data += length;
        text.size -= length;
    }
    return true;
}

void text_hash(const uint8_t salt[SALT_SIZE], struct bytes content, uint8_t ret_hash[HASH_SIZE])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *) TAG_TEXT, sizeof(TAG_TEXT));
    crypto_hash_sha256_update(&state, salt, SALT_SIZE);
    crypto_hash_sha256_update(&state, content.data, content.size);
    crypto_hash_sha256_final(&state, ret_hash);
}

/* Characters that show as nothing, or that change how their neighbours show. */
static const struct {
    uint32_t first;
    uint32_t last;
} HIDDEN[] = {
    {0x0080, 0x009F},   /* C1 controls */
    {0x00AD, 0x00AD},   /* soft hyphen */
    {0x034F, 0x034F},   /* combining grapheme joiner */
    {0x061C, 0x061C},   /* Arabic letter mark (bidi) */
    {0x115F, 0x1160},   /* Hangul fillers */
    {0x17B4, 0x17B5},   /* Khmer inherent vowels */
    {0x180B, 0x180E},   /* Mongolian selectors and vowel separator */
    {0x200B, 0x200F},   /* zero-width space, non-joiner, joiner; left-to-right and right-to-left marks */
    {0x2028, 0x202E},   /* line and paragraph separators; bidi embeddings and overrides */
    {0x2060, 0x206F},   /* word joiner, invisible operators, bidi isolates */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xFEFF, 0xFEFF},   /* zero-width no-break space */
    {0xFFA0, 0xFFA0},   /* half-width Hangul filler */
    {0xFFF0, 0xFFFB},   /* interlinear annotation */
    {0xE0000, 0xE0FFF}, /* tags and further variation selectors */
};

static bool is_hidden(uint32_t point)
{
    for (size_t i = 0; i < ARRAY_COUNT(HIDDEN); i++) {
        if (point >= HIDDEN[i].first && point <= HIDDEN[i].last)
            return true;
    }
    return false;
}

/* One character, or one byte that is none, as it is shown. */
static size_t show(struct bytes text, bool keep_lines, char shown[16], size_t *ret_length)
{
    uint32_t point = 0;
    size_t taken = utf8_decode(text, &point);
    int length;
    if (taken == 0) {
        taken = 1;
        length = snprintf(shown, 16, "\\x%02x", (unsigned) text.data[0]);
    } else if (point < 0x20 || point == 0x7F) {
        bool is_kept = keep_lines && (point == '\n' || point == '\t');
        length = snprintf(shown, 16, is_kept ? "%c" : "\\x%02x", (int) point);
    } else if (is_hidden(point)) {
        length = snprintf(shown, 16, "\\u{%x}", (unsigned) point);
    } else {
        memcpy(shown, text.data, taken);
        length = (int) taken;
    }
    *ret_length = (size_t) length;
    return taken;
}

size_t text_escape(struct bytes text, bool keep_lines, char *buffer, size_t size)
{
    size_t whole = 0;
    size_t written = 0;
    bool is_cut = false;
    while (text.size > 0) {
        char shown[16];
        size_t length;
        size_t taken = show(text, keep_lines, shown, &length);
        /* Cut between what is shown for two characters, never within one. */
        if (!is_cut && written + length < size) {
            memcpy(buffer + written, shown, length);
            written += length;
        } else {
            is_cut = true;
        }
        whole += length;
        text.data += taken;
        text.size -= taken;
    }
    if (size > 0)
        buffer[written] = '\0';
    return whole;
}

void hex_encode(struct bytes bytes, char *ret_hex)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        ret_hex[2 * i] = DIGITS[bytes.data[i] >> 4];
        ret_hex[2 * i + 1] = DIGITS[bytes.data[i] & 15];
    }
    ret_hex[2 * bytes.size] = '\0';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hex_decode(const char *hex, uint8_t *ret_bytes, size_t size)
{
    for (size_t i = 0; i < 2 * size; i++) {
        if (hex_value(hex[i]) < 0)
            return ERR_MALFORMED;
    }
    if (hex[2 * size] != '\0')
        return ERR_MALFORMED;
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t) (hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
    return 0;
}

/* libsodium takes every byte above 7F for a digit, where char is signed. */
static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] > 0x7F)
            return false;
    return text.size > 0;
}

int base64_decode(struct bytes text, uint8_t *ret_bytes, size_t size, size_t *ret_size)
{
    const char *start = (const char *) text.data, *end = NULL;
    size_t length;

    if (!is_ascii(text) ||
        sodium_base642bin(ret_bytes, size, start, text.size, NULL, &length, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != start + text.size)
        return ERR_MALFORMED;
    *ret_size = length;
    return 0;
}
