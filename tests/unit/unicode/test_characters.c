/* Which characters texts may have, and which names look alike. What Unicode says is asked of ICU, by other calls than
 * the code's own where there are some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include "core/error.h"
#include "core/text.h"
#include "core/unicode/characters.h"

static struct bytes words(const char *text)
{
    return BYTES((const uint8_t *) text, strlen(text));
}

static enum characters_fault fault_of(enum characters_kind kind, const char *text)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    enum characters_fault fault = CHARACTERS_FINE;
    int code = characters_check(kind, words(text), arena, &fault);

    assert_int_equal(code, fault == CHARACTERS_FINE ? 0 : ERR_CHARACTERS);
    arena_destroy(&arena);
    return fault;
}

static void names_and_prose_are_judged(void **state)
{
    (void) state;
    static const struct {
        const char *what, *text;
        enum characters_fault in_name, in_prose;
    } cases[] = {
        {"Latin", "Ada Okafor", CHARACTERS_FINE, CHARACTERS_FINE},
        {"accents, composed", "Zo\u00eb \u0141ukasiewicz", CHARACTERS_FINE, CHARACTERS_FINE},
        {"an apostrophe, a dash, brackets", "Mary O\u2019Neill-Ng (nights)", CHARACTERS_FINE, CHARACTERS_FINE},
        {"a Catalan dot", "Gal\u00b7la", CHARACTERS_FINE, CHARACTERS_FINE},
        {"Cyrillic", "\u0410\u043d\u043d\u0430 \u0406\u0432\u0430\u043d\u043e\u0432\u0430", CHARACTERS_FINE,
         CHARACTERS_FINE},
        {"Greek", "\u03a3\u03bf\u03c6\u03af\u03b1", CHARACTERS_FINE, CHARACTERS_FINE},
        {"Hebrew", "\u05d3\u05d5\u05d3 \u05db\u05d4\u05df", CHARACTERS_FINE, CHARACTERS_FINE},
        {"Arabic", "\u0645\u062d\u0645\u062f \u0639\u0644\u064a", CHARACTERS_FINE, CHARACTERS_FINE},
        {"Persian, with the non-joiner that it needs", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
         CHARACTERS_FINE, CHARACTERS_FINE},
        {"Devanagari, a joiner behind a virama", "\u0930\u093e\u0930\u094d\u200d\u0935", CHARACTERS_FINE,
         CHARACTERS_FINE},
        {"Japanese, with its own space", "\u5c71\u7530\u3000\u592a\u90ce", CHARACTERS_FINE, CHARACTERS_FINE},
        {"Vietnamese", "Nguy\u1ec5n Th\u1ecb", CHARACTERS_FINE, CHARACTERS_FINE},
        {"a combining mark that has no composed form", "M\u0304ara q\u0301", CHARACTERS_FINE, CHARACTERS_FINE},
        {"emoji", "Safety first \U0001F6A7", CHARACTERS_FINE, CHARACTERS_FINE},
        {"emoji with a selector", "\u26a0\ufe0f Safety", CHARACTERS_FINE, CHARACTERS_FINE},
        {"emoji, joined", "Ed \U0001F468\U0001F3FD\u200d\U0001F527", CHARACTERS_FINE, CHARACTERS_FINE},
        {"not composed", "Zoe\u0308", CHARACTERS_FORM, CHARACTERS_FORM},
        {"the Ohm sign", "\u2126", CHARACTERS_FORM, CHARACTERS_FORM},
        {"a line's end", "Ada\nOkafor", CHARACTERS_CONTROL, CHARACTERS_FINE},
        {"a tab", "Ada\tOkafor", CHARACTERS_CONTROL, CHARACTERS_FINE},
        {"a carriage return", "Ada\r\nOkafor", CHARACTERS_CONTROL, CHARACTERS_CONTROL},
        {"escape", "\033[2J", CHARACTERS_CONTROL, CHARACTERS_CONTROL},
        {"a C1 control", "a\xc2\x85" "b", CHARACTERS_CONTROL, CHARACTERS_CONTROL},
        {"a line separator", "a\u2028b", CHARACTERS_CONTROL, CHARACTERS_FINE},
        {"right-to-left override", "Ada \u202eKafo", CHARACTERS_BIDI, CHARACTERS_BIDI},
        {"an isolate", "\u2066Ada\u2069", CHARACTERS_BIDI, CHARACTERS_BIDI},
        {"a left-to-right mark", "Ada\u200e", CHARACTERS_BIDI, CHARACTERS_BIDI},
        {"the Arabic letter mark", "Ada\u061c", CHARACTERS_BIDI, CHARACTERS_BIDI},
        {"a zero-width space", "A\u200bda", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a joiner between Latin letters", "A\u200dda", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a non-joiner between Latin letters", "A\u200cda", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a non-joiner at the end of Persian", "\u0639\u0644\u06cc\u200c", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a joiner before Devanagari", "\u200d\u0930", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a joiner behind an emoji alone", "\U0001F468\u200d", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a selector behind a letter", "A\ufe0fda", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a soft hyphen", "A\u00adda", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a Hangul filler", "A\u3164da", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a tag", "A\U000E0041", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a grapheme joiner", "A\u034fda", CHARACTERS_INVISIBLE, CHARACTERS_FINE},
        {"a private character", "A\ue000", CHARACTERS_UNASSIGNED, CHARACTERS_FINE},
        {"none of Unicode's", "A\U0003FFFF", CHARACTERS_UNASSIGNED, CHARACTERS_FINE},
        {"a space before", " Ada", CHARACTERS_SPACES, CHARACTERS_FINE},
        {"a space behind", "Ada\u00a0", CHARACTERS_SPACES, CHARACTERS_FINE},
        {"two spaces", "Ada  Okafor", CHARACTERS_SPACES, CHARACTERS_FINE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        if (fault_of(CHARACTERS_NAME, cases[i].text) != cases[i].in_name)
            fail_msg("%s: as a name %d", cases[i].what, (int) fault_of(CHARACTERS_NAME, cases[i].text));
        if (fault_of(CHARACTERS_TITLE, cases[i].text) != cases[i].in_name)
            fail_msg("%s: as a title %d", cases[i].what, (int) fault_of(CHARACTERS_TITLE, cases[i].text));
        if (fault_of(CHARACTERS_PROSE, cases[i].text) != cases[i].in_prose)
            fail_msg("%s: as prose %d", cases[i].what, (int) fault_of(CHARACTERS_PROSE, cases[i].text));
    }
}

/* A name has something to be called by; a title can be a sign alone. */
static void a_name_has_a_letter_or_a_digit(void **state)
{
    (void) state;
    static const char *const NAMES[] = {"A", "7", "\u4e8c\u5341", "\u2167", "D'", "!a!", "\u05d0", "(3)"},
                             *const SIGNS[] = {"!!!", "-", "\u2019", "\u0301", "\u25cc\u0301", "\U0001F6A7", "\u20ac", "+ +"};

    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        if (fault_of(CHARACTERS_NAME, NAMES[i]) != CHARACTERS_FINE)
            fail_msg("%s is refused as a name", NAMES[i]);
    for (size_t i = 0; i < ARRAY_COUNT(SIGNS); i++)
        if (fault_of(CHARACTERS_NAME, SIGNS[i]) != CHARACTERS_NAMELESS ||
            fault_of(CHARACTERS_TITLE, SIGNS[i]) != CHARACTERS_FINE)
            fail_msg("%s: as a name %d, as a title %d", SIGNS[i], (int) fault_of(CHARACTERS_NAME, SIGNS[i]),
                     (int) fault_of(CHARACTERS_TITLE, SIGNS[i]));
}

/* Names and words with as many marks as scripts put on a letter, each in Form C; and what no script does. */
static void marks_are_stacked_as_scripts_need_it(void **state)
{
    (void) state;
    static const struct {
        const char *what, *text;
    } cases[] = {
        {"Vietnamese", "Nguy\u1ec5n Th\u1ebf Ho\u00e0ng"},
        {"Yoruba, a dot and an accent", "\u1eccl\u00e1t\u00fanj\u00ed A\u1ecd\u0301"},
        {"Thai, a vowel and a tone", "\u0e19\u0e49\u0e33\u0e1d\u0e19 \u0e17\u0e35\u0e48"},
        {"Lao", "\u0e9e\u0eb9\u0ec9 \u0e81\u0ebb\u0ec9"},
        {"Tibetan, letters below and a vowel", "\u0f66\u0f92\u0fb2\u0f74\u0f56 \u0f66\u0f90\u0fb1\u0f72\u0f51"},
        {"Tibetan, a seed syllable", "\u0f67\u0f71\u0f74\u0f83"},
        {"Devanagari, a conjunct, a nukta, a vowel, a nasal", "\u0932\u0915\u094d\u0937\u094d\u092e\u0940 \u0938\u093c\u0940\u0902"},
        {"Tamil", "\u0b95\u0bcd\u0bb7\u0bcd\u0bae\u0bbf"},
        {"Bengali", "\u099a\u0981\u09a6\u09cd\u09b0"},
        {"Sinhala", "\u0dc1\u0dca\u200d\u0dbb\u0dd3"},
        {"Hebrew with points", "\u05e9\u05b8\u05bc\u05c1\u05dc\u05d5\u05b9\u05dd"},
        {"Arabic with harakat", "\u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f\u064c \u0627\u0644\u0644\u064e\u0651\u0670\u0647"},
        {"Syriac", "\u072b\u0720\u0733\u0741\u0721\u0308"},
        {"Myanmar, medials, vowels and a tone", "\u101c\u103b\u103e\u102d\u102f\u1037 \u1019\u103c\u102d\u102f\u1037"},
        {"Khmer", "\u179f\u17d2\u178f\u17d2\u179a\u17b8 \u1780\u17ca\u17b9\u17c7"},
        {"Lithuanian", "J\u016b\u0303rat\u0117\u0301"},
        {"Greek with breathing, accent and iota", "\u1fa7"},
        {"as many marks as there may be", "q\u0301\u0302\u0303\u0304"},
        {"twice so many, on two letters", "q\u0301\u0302\u0303\u0304q\u0301\u0302\u0303\u0304"},
        {"an emoji of a key", "Step 1\ufe0f\u20e3"},
    };
    static const char *const STACKED[] = {"q\u0301\u0302\u0303\u0304\u0305", "Ada q\u0335\u0321\u0301\u0302\u0303\u0304\u0305 x",
                                          "q\u0301\u0302\u20dd\u0303\u0304",
                                          /* What joins is no letter: it begins no new heap. */
                                          "\u0644\u0301\u0302\u0303\u200c\u0304\u0305\u0644",
                                          "q\u0334\u0335\u094d\u200d\u0334\u0335\u094d\u200d\u0334\u0335"};

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        if (fault_of(CHARACTERS_NAME, cases[i].text) != CHARACTERS_FINE)
            fail_msg("%s: %d", cases[i].what, (int) fault_of(CHARACTERS_NAME, cases[i].text));
    for (size_t i = 0; i < ARRAY_COUNT(STACKED); i++) {
        assert_int_equal(fault_of(CHARACTERS_NAME, STACKED[i]), CHARACTERS_STACKED);
        assert_int_equal(fault_of(CHARACTERS_TITLE, STACKED[i]), CHARACTERS_STACKED);
        assert_int_equal(fault_of(CHARACTERS_PROSE, STACKED[i]), CHARACTERS_FINE);
    }
}

/* One character as UTF-8; its length. */
static size_t write_point(UChar32 point, char text[5])
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t size = 0;
    UChar units[2];
    int32_t count = 1;

    units[0] = (UChar) point;
    if (point > 0xffff) {
        units[0] = (UChar) (0xd7c0 + (point >> 10));
        units[1] = (UChar) (0xdc00 + (point & 0x3ff));
        count = 2;
    }
    u_strToUTF8(text, 5, &size, units, count, &status);
    assert_true(U_SUCCESS(status));
    return (size_t) size;
}

static bool is_surrogate(UChar32 point)
{
    return point >= 0xd800 && point <= 0xdfff;
}

/* Every character of Unicode by itself, between letters: what ICU calls a control, a bidi control or ignorable is not
 * taken in a name, and what is taken is composed. */
static void every_character_is_judged_as_unicode_has_it(void **state)
{
    (void) state;
    unsigned taken = 0, refused = 0;

    for (UChar32 point = 1; point <= 0x10ffff; point++) {
        char text[16] = "a";
        if (is_surrogate(point))
            continue;
        size_t size = 1 + write_point(point, text + 1);
        memcpy(text + size, "b", 2);
        bool is_seen = !u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) &&
                       !u_hasBinaryProperty(point, UCHAR_BIDI_CONTROL) && u_charType(point) != U_CONTROL_CHAR &&
                       u_charType(point) != U_FORMAT_CHAR && u_isdefined(point);
        bool is_taken = fault_of(CHARACTERS_NAME, text) == CHARACTERS_FINE;
        if (is_taken && !is_seen)
            fail_msg("U+%04X is taken in a name", (unsigned) point);
        taken += is_taken;
        refused += !is_taken;
        if (point > 0x33fff && point < 0xe0000)
            point = 0xdffff; /* nothing is there */
    }
    assert_true(taken > 140000);
    assert_true(refused > 60000);
}

static void compose(const char *text, const char *expected)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct bytes composed;

    assert_int_equal(characters_compose(words(text), arena, &composed), 0);
    assert_int_equal(composed.size, strlen(expected));
    assert_memory_equal(composed.data, expected, composed.size);
    arena_destroy(&arena);
}

static void texts_are_composed(void **state)
{
    (void) state;
    compose("Ada", "Ada");
    compose("Zoe\u0308", "Zo\u00eb");
    compose("\u2126", "\u03a9");
    compose("a\r\nb\rc\n", "a\nb\nc\n");
    compose("Zoe\u0308\r\n", "Zo\u00eb\n");
    compose("\u1112\u1161\u11ab", "\ud55c");
    compose("\U0001D15E", "\U0001D157\U0001D165"); /* it grows: U+1D15E is not in any composed text */
}

static bool are_alike(const char *a, const char *b)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct characters_likeness of_a, of_b;
    bool alike = false;

    assert_int_equal(characters_likeness(words(a), arena, &of_a), 0);
    assert_int_equal(characters_likeness(words(b), arena, &of_b), 0);
    for (size_t i = 0; i < LIKENESSES; i++)
        for (size_t k = 0; k < LIKENESSES; k++)
            alike = alike || memcmp(of_a.hashes[i], of_b.hashes[k], LIKENESS_SIZE) == 0;
    arena_destroy(&arena);
    return alike;
}

static void names_that_look_alike_are_told(void **state)
{
    (void) state;
    static const struct {
        const char *a, *b;
        bool alike;
    } cases[] = {
        {"Ada Okafor", "Ada Okafor", true},
        {"Ada Okafor", "\u0410d\u0430 Okafor", true}, /* Cyrillic A and a */
        {"Ada Okafor", "ADA OKAFOR", true},
        {"Ada Okafor", "ada okafor", true},
        {"Ada Okafor", "AdaOkafor", true},
        {"Ada Okafor", "Ada\u00a0Okafor", true},
        {"Ada Okafor", "Ada Okaf\u03bfr", true}, /* Greek omicron */
        {"Al Baker", "AI Baker", true},          /* a small l, a capital i */
        {"Bo Lund", "B0 Lund", true},
        {"Marna", "Mama", true}, /* r and n, m */
        {"\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u0631\u0636\u0627", true},
        /* Variants of the letters themselves. */
        {"Dev Patel", "\uff24ev Patel", true}, /* fullwidth */
        {"Ben Ruiz", "Ben \uff32uiz", true},
        {"Ada Okafor", "Ada Oka\uff46or", true},
        {"Ada Okafor", "\u24b6da Okafor", true}, /* in a circle */
        {"Ada Okafor", "A\u20ddda Okafor", true},
        {"Ben Ruiz", "Be\u207f Ruiz", true}, /* superscript */
        {"Al Baker", "\uff21I Baker", true},
        {"Sam Fay", "Sam \u017fay", true}, /* a long s, which is like an f */
        {"Sam Say", "Sam \u017fay", true},
        {"Karl II", "Karl \u2161", true},
        /* What is no letter, mark or digit. */
        {"Ben Ruiz", "Ben-Ruiz", true},
        {"Ben Ruiz", "Ben Ruiz.", true},
        {"Ben Ruiz", "Ben Ruiz \u2713", true},
        {"Ben Ruiz", "Ben Ruiz\u00b4", true}, /* in Form KC a mark on a space */
        {"Ben Ruiz", "(Ben) \"Ruiz\"", true},
        {"Ben-Ruiz", "Ben\u2010Ruiz.", true},
        {"Una O'Neil", "Una ONeil", true},
        {"Una O'Neil", "Una O\u02bcNeil", true},   /* a modifier letter */
        {"Una O'Neil", "Una O\u05d9Neil", true},   /* a yod */
        {"Ben Ruiz", "Ben Ruiz\ua4f8", true},      /* a letter of Lisu that is like a stop */
        {"Ben Ruiz", "Ben Ruiz\u144a", true},      /* a syllabic that is like an apostrophe */
        {"\u041e'\u041d\u0438\u043b", "\u041e\u041d\u0438\u043b", true},
        /* A letter that is like a sign says something among its own. */
        {"\u05d3\u05e0\u05d9", "\u05d3\u05e0", false},
        {"\u5c71\u30ce\u5185", "\u5c71\u5185", false},
        {"\u30de\u30ea\u30fc", "\u30de\u30ea", false},
        /* Not caught: docs/trust.md says so. */
        {"Carla Weiss", "Carla VVeiss", false},
        {"Ada Okafor", "\U0001F170da Okafor", false}, /* a sign that shows a letter */
        {"Dev Patel", "\u1d05ev Patel", false},       /* a small capital */
        {"Ada Okafor", "Ada Okafar", false},
        {"Zoe Lind", "Zo\u00eb Lind", false},
        {"Ben Ruiz", "Ben Ruis", false},
        {"Ann Lee", "Anna Lee", false},
        {"Member 1", "Member 2", false},
        {"\u05d3\u05d5\u05d3", "\u05d3\u05d5\u05e8", false},
        {"\u0410\u043d\u043d\u0430", "Ann", false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        if (are_alike(cases[i].a, cases[i].b) != cases[i].alike)
            fail_msg("`%s` and `%s` are%s alike", cases[i].a, cases[i].b, cases[i].alike ? " not" : "");
}

/* Whatever letter ICU says can be mistaken for a Latin one, in the middle of a name. */
static void every_confusable_of_a_latin_letter_is_found(void **state)
{
    (void) state;
    UErrorCode status = U_ZERO_ERROR;
    USpoofChecker *checker = uspoof_open(&status);
    unsigned found = 0;

    uspoof_setChecks(checker, USPOOF_CONFUSABLE, &status);
    for (UChar32 point = 0x80; point < 0x20000; point++) {
        if (is_surrogate(point) || !u_isalpha(point))
            continue;
        char letter[5] = "", name[32];
        write_point(point, letter);
        snprintf(name, sizeof(name), "Lo%sra May", letter);
        for (char latin = 'a'; latin <= 'z'; latin++) {
            char other[] = {latin, '\0'};
            char like[] = {'L', 'o', latin, 'r', 'a', ' ', 'M', 'a', 'y', '\0'};
            if (uspoof_areConfusableUTF8(checker, letter, -1, other, 1, &status) == 0)
                continue;
            found++;
            if (!are_alike(name, like))
                fail_msg("U+%04X in %s is not found to be like %c", (unsigned) point, name, latin);
        }
    }
    assert_true(U_SUCCESS(status));
    assert_true(found > 200);
    uspoof_close(checker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_prose_are_judged),
        cmocka_unit_test(a_name_has_a_letter_or_a_digit),
        cmocka_unit_test(marks_are_stacked_as_scripts_need_it),
        cmocka_unit_test(every_character_is_judged_as_unicode_has_it),
        cmocka_unit_test(texts_are_composed),
        cmocka_unit_test(names_that_look_alike_are_told),
        cmocka_unit_test(every_confusable_of_a_latin_letter_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
