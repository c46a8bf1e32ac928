/* Names, time zones, UTF-8, hashes of texts, and how outside text is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/text.h"

#define FORTY "a234567890123456789012345678901234567890"

static void test_names(void **state)
{
    (void) state;
    static const struct {
        const char *name;
        bool is_valid;
    } ROWS[] = {
        {"a", true},    {"labour", true},   {"local-12", true},    {"a-", true},   {FORTY, true},
        {"", false},    {"Labour", false},  {"1st", false},        {"-a", false},  {"a_b", false},
        {"a b", false}, {FORTY "1", false}, {"gr\xC3\xBC", false}, {"a\n", false}, {NULL, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        assert_int_equal(name_is_valid(ROWS[i].name), ROWS[i].is_valid);
}

static void test_time_zones(void **state)
{
    (void) state;
    static const struct {
        const char *zone;
        bool is_valid;
    } ROWS[] = {
        {"UTC", true},
        {"Europe/Berlin", true},
        {"America/Argentina/Buenos_Aires", true},
        {"Etc/GMT+5", true},
        {"Etc/GMT-0", true},
        {"EST5EDT", true},
        {"America/Port-au-Prince", true},
        {"", false},
        {"/Europe", false},
        {"Europe/", false},
        {"Europe//Berlin", false},
        {"+05:00", false},
        {"../etc/passwd", false},
        {"Europe/Ber lin", false},
        {"Europe\\Berlin", false},
        {NULL, false},
        {"A23456789012345678901234567890123456789012345678901234567890abcd", true},
        {"A23456789012345678901234567890123456789012345678901234567890abcde", false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        assert_int_equal(time_zone_is_valid(ROWS[i].zone), ROWS[i].is_valid);
}

/* RFC 3629 section 10, Unicode table 3-7, and Kuhn's stress test. */
static void test_utf8(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        size_t size;
        bool is_valid;
    } ROWS[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"Gr\xC3\xBC\xC3\x9F"
         "e",
         7, true},
        {"\xC2\x80", 2, true},
        {"\xDF\xBF", 2, true},
        {"\xE0\xA0\x80", 3, true},
        {"\xED\x9F\xBF", 3, true},
        {"\xEE\x80\x80", 3, true},
        {"\xEF\xBF\xBF", 3, true},
        {"\xF0\x90\x80\x80", 4, true},
        {"\xF4\x8F\xBF\xBF", 4, true},
        {"a\0b", 3, false}, /* NUL */
        {"\0", 1, false},
        {"\x80", 1, false}, /* continuation alone */
        {"\xC3", 1, false}, /* cut off */
        {"\xE2\x82", 2, false},
        {"\xF0\x9F\x98", 3, false},
        {"\xC0\x80", 2, false}, /* over-long NUL */
        {"\xC1\xBF", 2, false},
        {"\xE0\x9F\xBF", 3, false},
        {"\xF0\x8F\xBF\xBF", 4, false},
        {"\xED\xA0\x80", 3, false}, /* surrogates */
        {"\xED\xBF\xBF", 3, false},
        {"\xF4\x90\x80\x80", 4, false}, /* past U+10FFFF */
        {"\xF5\x80\x80\x80", 4, false},
        {"\xFE", 1, false},
        {"\xFF", 1, false},
        {"\xC3\x28", 2, false},
        {"\xE2\x28\xA1", 3, false},
        {"\xE2\x82\x28", 3, false},
        {"\xF0\x28\x8C\xBC", 4, false},
        {"ok\xC3", 3, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        assert_int_equal(utf8_is_valid(BYTES(ROWS[i].text, ROWS[i].size)), ROWS[i].is_valid);
}

/* Every code point encodes to something valid; every surrogate to something that is not. */
static void test_utf8_over_all_code_points(void **state)
{
    (void) state;
    for (uint32_t point = 0x10000; point <= 0x10FFFF; point++) {
        uint8_t text[4] = {(uint8_t) (0xF0 | point >> 18), (uint8_t) (0x80 | (point >> 12 & 63)),
                           (uint8_t) (0x80 | (point >> 6 & 63)), (uint8_t) (0x80 | (point & 63))};
        assert_true(utf8_is_valid(BYTES(text, 4)));
    }
    for (uint32_t point = 0x800; point <= 0xFFFF; point++) {
        uint8_t text[3] = {(uint8_t) (0xE0 | point >> 12), (uint8_t) (0x80 | (point >> 6 & 63)),
                           (uint8_t) (0x80 | (point & 63))};
        assert_int_equal(utf8_is_valid(BYTES(text, 3)), point < 0xD800 || point > 0xDFFF);
    }
}

/* Computed with Python's hashlib: sha256(b"comity/v1/text\0" + bytes(range(16)) + "Grüße".encode()). */
static void test_text_hash(void **state)
{
    (void) state;
    uint8_t salt[SALT_SIZE];
    for (uint8_t i = 0; i < SALT_SIZE; i++)
        salt[i] = i;
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    text_hash(salt,
              BYTES("Gr\xC3\xBC\xC3\x9F"
                    "e",
                    7),
              hash);
    hex_encode(BYTES(hash, HASH_SIZE), hex);
    assert_string_equal(hex, "26a23d205315a6b7ccc18383e4e6a79e74e7dcf371b0d0fd77a8071dc6f68ac1");
}

static void test_escape(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        size_t size;
        bool keep_lines;
        const char *shown;
    } ROWS[] = {
        {"plain", 5, false, "plain"},
        {"Gr\xC3\xBC\xC3\x9F"
         "e \xF0\x9F\x98\x80",
         12, false,
         "Gr\xC3\xBC\xC3\x9F"
         "e \xF0\x9F\x98\x80"},
        {"a\nb\tc", 5, false, "a\\x0ab\\x09c"},
        {"a\nb\tc\r", 6, true, "a\nb\tc\\x0d"},
        {"\x1B[31mred", 8, true, "\\x1b[31mred"},
        {"\x7F", 1, false, "\\x7f"},
        {"a\0b", 3, false, "a\\x00b"},
        {"\xFFok\xC3", 4, false, "\\xffok\\xc3"},
        {"\xED\xA0\x80", 3, false, "\\xed\\xa0\\x80"},
        {"\xC2\x9B"
         "31m",
         5, false, "\\u{9b}31m"}, /* C1 CSI */
        {"\xE2\x80\xAE"
         "evil",
         7, false, "\\u{202e}evil"},             /* right-to-left override */
        {"\xE2\x81\xA6", 3, false, "\\u{2066}"}, /* isolate */
        {"\xE2\x80\x8F", 3, false, "\\u{200f}"}, /* right-to-left mark */
        {"\xD8\x9C", 2, false, "\\u{61c}"},      /* Arabic letter mark */
        {"a\xE2\x80\x8B"
         "b",
         5, false, "a\\u{200b}b"},                    /* zero-width space */
        {"\xEF\xBB\xBF", 3, false, "\\u{feff}"},      /* byte-order mark */
        {"\xC2\xAD", 2, false, "\\u{ad}"},            /* soft hyphen */
        {"\xE2\x80\xA8", 3, true, "\\u{2028}"},       /* line separator */
        {"\xF3\xA0\x81\x81", 4, false, "\\u{e0041}"}, /* tag */
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        char shown[128];
        size_t length =
            text_escape(BYTES(ROWS[i].text, ROWS[i].size), ROWS[i].keep_lines, shown, sizeof(shown));
        assert_string_equal(shown, ROWS[i].shown);
        assert_int_equal(length, strlen(ROWS[i].shown));
    }
}

/* Whatever the bytes and the room: NUL-terminated, valid UTF-8, nothing raw that a terminal obeys. */
static void test_escape_is_always_safe(void **state)
{
    (void) state;
    static const uint8_t PARTS[] = {0x1B, 0x0A, 0xC2, 0x9B, 0xE2, 0x80, 0xAE,
                                    'x',  0xF0, 0x9F, 0x98, 0x80, 0x7F};
    for (uint32_t pattern = 0; pattern < 5000; pattern++) {
        uint8_t text[8];
        uint32_t left = pattern * 2654435761u;
        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = PARTS[left % ARRAY_COUNT(PARTS)];
            left = left / 7 + pattern * 31 + (uint32_t) i;
        }
        for (size_t size = 1; size < 40; size += 7) {
            char shown[40];
            memset(shown, 'Z', sizeof(shown));
            size_t length = text_escape(BYTES(text, sizeof(text)), false, shown, size);
            size_t written = strlen(shown);
            assert_true(written < size && written <= length);
            assert_true(utf8_is_valid(BYTES(shown, written)));
            for (size_t i = 0; i < written; i++)
                assert_true((uint8_t) shown[i] >= 0x20 && shown[i] != 0x7F);
        }
    }
    char one[1] = {'Z'};
    assert_int_equal(text_escape(BYTES("abc", 3), false, one, 1), 3);
    assert_int_equal(one[0], '\0');
    assert_int_equal(text_escape(BYTES("abc", 3), false, NULL, 0), 3);
}

static void test_hex(void **state)
{
    (void) state;
    const uint8_t bytes[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
    char hex[11];
    uint8_t back[5] = {9, 9, 9, 9, 9};
    hex_encode(BYTES(bytes, 5), hex);
    assert_string_equal(hex, "00017f80ff");
    assert_int_equal(hex_decode(hex, back, 5), 0);
    assert_memory_equal(back, bytes, 5);

    static const char *const BAD[] = {"",           "00017f80f",  "00017f80ff0",
                                      "00017f80fg", " 0017f80ff", "0x017f80ff"};
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++) {
        memset(back, 9, sizeof(back));
        assert_int_equal(hex_decode(BAD[i], back, 5), ERR_MALFORMED);
        assert_int_equal(back[0], 9);
    }
}

static void test_base64(void **state)
{
    (void) state;
    static const uint8_t BYTES_OF[] = {0xFB, 0xFF, 0xFE, 0x00};
    uint8_t back[6];
    size_t size = 0;
    assert_int_equal(base64_decode(BYTES("+//+AA==", 8), back, sizeof(back), &size), 0);
    assert_int_equal(size, sizeof(BYTES_OF));
    assert_memory_equal(back, BYTES_OF, sizeof(BYTES_OF));

    static const char *const BAD[] = {"",         "+//+AA",    "+//+AA=",   "+//+AB==",  "+//+AA== ",       "+//+\nAA==",
                                      "-__-AA==", "+//+AA==A", "+//+A===",  "AAAAAAAAA", "\xFF//+AA==",     "+/\xC3\xA9" "+AA==",
                                      "\x80" "AAA",  "////\xFF///", "AAAAAAAAAA=="};
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++) {
        size = 99;
        assert_int_equal(base64_decode(BYTES(BAD[i], strlen(BAD[i])), back, sizeof(back), &size), ERR_MALFORMED);
        assert_int_equal(size, 99);
    }
    assert_int_equal(base64_decode(BYTES("AAAA\0AAA", 8), back, sizeof(back), &size), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_time_zones),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_utf8_over_all_code_points),
        cmocka_unit_test(test_text_hash),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_escape_is_always_safe),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
