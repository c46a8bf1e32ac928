#include "core/unicode/characters.h"

#include <sodium.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include "core/error.h"

/* A text as ICU wants it. */
struct text {
    UChar *units;
    int32_t count;
};

enum { VIRAMA_CLASS = 9 };

static int32_t size_of(struct bytes text)
{
    return (int32_t) text.size; /* texts have at most 65,536 bytes */
}

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

static int failure(UErrorCode status)
{
    return status == U_MEMORY_ALLOCATION_ERROR ? ERR_MEMORY : ERR_INTERNAL;
}

static int text_read(struct bytes bytes, struct arena *arena, struct text *ret_text)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar *units = arena_alloc(arena, (bytes.size + 1) * sizeof(*units));
    int32_t count = 0;

    if (units == NULL)
        return ERR_MEMORY;
    u_strFromUTF8(units, size_of(bytes), &count, (const char *) bytes.data, size_of(bytes), &status);
    if (U_FAILURE(status))
        return failure(status);
    *ret_text = (struct text){units, count};
    return 0;
}

static UChar32 next_point(const struct text *text, int32_t *at)
{
    UChar unit = text->units[(*at)++];

    return U16_IS_LEAD(unit) && *at < text->count ? U16_GET_SUPPLEMENTARY(unit, text->units[(*at)++]) : unit;
}

/* The characters of one text, with a look at their neighbours. */
struct characters {
    UChar32 *points;
    int32_t count;
};

static int characters_read(const struct text *text, struct arena *arena, struct characters *ret_characters)
{
    struct characters characters = {
        .points = arena_alloc(arena, ((size_t) text->count + 1) * sizeof(*characters.points)),
    };

    if (characters.points == NULL)
        return ERR_MEMORY;
    for (int32_t at = 0; at < text->count;)
        characters.points[characters.count++] = next_point(text, &at);
    *ret_characters = characters;
    return 0;
}

static bool is_joiner(UChar32 point)
{
    return point == 0x200c || point == 0x200d;
}

static bool follows_virama(const struct characters *text, int32_t at)
{
    return at > 0 && u_getCombiningClass(text->points[at - 1]) == VIRAMA_CLASS;
}

/* The joining type of the nearest neighbour that is not transparent. */
static int32_t joining_type(const struct characters *text, int32_t at, int32_t step)
{
    int32_t type = U_JT_TRANSPARENT;

    for (at += step; at >= 0 && at < text->count && type == U_JT_TRANSPARENT; at += step)
        type = u_getIntPropertyValue(text->points[at], UCHAR_JOINING_TYPE);
    return type;
}

static bool is_between_joining_letters(const struct characters *text, int32_t at)
{
    int32_t before = joining_type(text, at, -1), after = joining_type(text, at, 1);

    return (before == U_JT_LEFT_JOINING || before == U_JT_DUAL_JOINING) &&
           (after == U_JT_RIGHT_JOINING || after == U_JT_DUAL_JOINING);
}

static bool is_emoji(const struct characters *text, int32_t at)
{
    return at >= 0 && at < text->count && u_hasBinaryProperty(text->points[at], UCHAR_EXTENDED_PICTOGRAPHIC);
}

/* UTS 51, ED-15a and ED-16: a joiner between two emoji, a selector or a skin behind the first. */
static bool is_in_emoji(const struct characters *text, int32_t at)
{
    int32_t before = at - 1;

    if (text->points[at] == 0xfe0f)
        return before >= 0 && u_hasBinaryProperty(text->points[before], UCHAR_EMOJI);
    while (before >= 0 && (text->points[before] == 0xfe0f ||
                           u_hasBinaryProperty(text->points[before], UCHAR_EMOJI_MODIFIER)))
        before--;
    return text->points[at] == 0x200d && is_emoji(text, before) && is_emoji(text, at + 1);
}

/* May what is not seen stand here in a line? */
static bool is_needed(const struct characters *text, int32_t at)
{
    UChar32 point = text->points[at];

    if (is_joiner(point) && follows_virama(text, at))
        return true;
    if (point == 0x200c && is_between_joining_letters(text, at))
        return true;
    return is_in_emoji(text, at);
}

static bool is_space(const struct characters *text, int32_t at)
{
    return at < 0 || at >= text->count || u_charType(text->points[at]) == U_SPACE_SEPARATOR;
}

/* A joiner in between is seen no more than it begins another letter. */
static bool is_stacked(const struct characters *text, int32_t at)
{
    int32_t marks = 0;

    for (; at >= 0 && marks <= MARKS_MAX; at--) {
        bool is_mark = (U_MASK(u_charType(text->points[at])) & (U_GC_MN_MASK | U_GC_ME_MASK)) != 0;
        if (!is_mark && !is_joiner(text->points[at]))
            break;
        marks += is_mark;
    }
    return marks > MARKS_MAX;
}

static enum characters_fault judge_in_line(const struct characters *text, int32_t at)
{
    UChar32 point = text->points[at];
    int8_t type = u_charType(point);

    if (type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR)
        return CHARACTERS_CONTROL;
    if (type == U_UNASSIGNED || type == U_PRIVATE_USE_CHAR)
        return CHARACTERS_UNASSIGNED;
    if (type == U_SPACE_SEPARATOR && (is_space(text, at - 1) || is_space(text, at + 1)))
        return CHARACTERS_SPACES;
    bool is_hidden = type == U_FORMAT_CHAR || u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
    if (is_hidden && !is_needed(text, at))
        return CHARACTERS_INVISIBLE;
    return is_stacked(text, at) ? CHARACTERS_STACKED : CHARACTERS_FINE;
}

static enum characters_fault judge(enum characters_kind kind, const struct characters *text, int32_t at)
{
    UChar32 point = text->points[at];
    bool is_layout = kind == CHARACTERS_PROSE && (point == '\n' || point == '\t');

    if (u_charType(point) == U_CONTROL_CHAR && !is_layout)
        return CHARACTERS_CONTROL;
    if (u_hasBinaryProperty(point, UCHAR_BIDI_CONTROL))
        return CHARACTERS_BIDI;
    return kind == CHARACTERS_PROSE ? CHARACTERS_FINE : judge_in_line(text, at);
}

static int check_form(const struct text *text, enum characters_fault *ret_fault)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *form_c = unorm2_getNFCInstance(&status);
    UBool is_composed = unorm2_isNormalized(form_c, text->units, text->count, &status);

    if (U_FAILURE(status))
        return failure(status);
    *ret_fault = is_composed ? CHARACTERS_FINE : CHARACTERS_FORM;
    return is_composed ? 0 : ERR_CHARACTERS;
}

static bool has_name(const struct characters *text)
{
    for (int32_t at = 0; at < text->count; at++)
        if (U_MASK(u_charType(text->points[at])) & (U_GC_L_MASK | U_GC_N_MASK))
            return true;
    return false;
}

int characters_check(enum characters_kind kind, struct bytes bytes, struct arena *arena,
                     enum characters_fault *ret_fault)
{
    struct text text;
    struct characters characters;
    int code = text_read(bytes, arena, &text);

    if (code == 0)
        code = characters_read(&text, arena, &characters);
    if (code != 0)
        return code;
    for (int32_t at = 0; at < characters.count; at++) {
        enum characters_fault fault = judge(kind, &characters, at);
        if (fault == CHARACTERS_FINE)
            continue;
        *ret_fault = fault;
        return ERR_CHARACTERS;
    }
    if (kind == CHARACTERS_NAME && !has_name(&characters)) {
        *ret_fault = CHARACTERS_NAMELESS;
        return ERR_CHARACTERS;
    }
    return check_form(&text, ret_fault);
}

/* A carriage return, with a newline or alone, is a newline. */
static void end_lines(struct text *text)
{
    int32_t count = 0;

    for (int32_t at = 0; at < text->count; at++) {
        bool is_return = text->units[at] == '\r';
        text->units[count++] = is_return ? '\n' : text->units[at];
        if (is_return && at + 1 < text->count && text->units[at + 1] == '\n')
            at++;
    }
    text->count = count;
}

static int text_write(const struct text *text, struct arena *arena, struct bytes *ret_bytes)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t size = 0, room = 3 * text->count + 1;
    uint8_t *bytes = arena_alloc(arena, (size_t) room);

    if (bytes == NULL)
        return ERR_MEMORY;
    u_strToUTF8((char *) bytes, room, &size, text->units, text->count, &status);
    if (U_FAILURE(status))
        return failure(status);
    *ret_bytes = BYTES(bytes, (size_t) size);
    return 0;
}

int characters_compose(struct bytes bytes, struct arena *arena, struct bytes *ret_bytes)
{
    UErrorCode status = U_ZERO_ERROR;
    struct text text, composed;
    int code;

    if (bytes.size > INT32_MAX / 16)
        return ERR_MEMORY;
    if (bytes.size == 0 || (is_ascii(bytes) && memchr(bytes.data, '\r', bytes.size) == NULL)) {
        *ret_bytes = bytes;
        return 0;
    }
    code = text_read(bytes, arena, &text);
    if (code != 0)
        return code;
    end_lines(&text);
    /* Form C of a text has at most three times its units (UAX 15, 9). */
    int32_t room = 3 * text.count + 1;
    composed.units = arena_alloc(arena, (size_t) room * sizeof(UChar));
    if (composed.units == NULL)
        return ERR_MEMORY;
    composed.count = unorm2_normalize(unorm2_getNFCInstance(&status), text.units, text.count, composed.units,
                                      room, &status);
    return U_FAILURE(status) ? failure(status) : text_write(&composed, arena, ret_bytes);
}

static int fold(const struct text *text, struct arena *arena, struct text *ret_folded)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t room = 3 * text->count + 1; /* a character folds into three at most */

    ret_folded->units = arena_alloc(arena, (size_t) room * sizeof(UChar));
    if (ret_folded->units == NULL)
        return ERR_MEMORY;
    ret_folded->count =
        u_strFoldCase(ret_folded->units, room, text->units, text->count, U_FOLD_CASE_DEFAULT, &status);
    return U_FAILURE(status) ? failure(status) : 0;
}

static bool is_letter_mark_or_digit(UChar32 point)
{
    return (U_MASK(u_charType(point)) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0;
}

static int skeleton_of(const USpoofChecker *checker, const struct text *text, struct arena *arena,
                       struct text *ret_skeleton)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t room = uspoof_getSkeleton(checker, 0, text->units, text->count, NULL, 0, &status) + 1;

    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return failure(status);
    status = U_ZERO_ERROR;
    ret_skeleton->units = arena_alloc(arena, (size_t) room * sizeof(UChar));
    if (ret_skeleton->units == NULL)
        return ERR_MEMORY;
    ret_skeleton->count =
        uspoof_getSkeleton(checker, 0, text->units, text->count, ret_skeleton->units, room, &status);
    return U_FAILURE(status) ? failure(status) : 0;
}

/* Is there a letter of a script in whose names a sign stands beside letters, and says nothing? */
static bool has_signs(const struct text *text)
{
    for (int32_t at = 0; at < text->count;) {
        UErrorCode status = U_ZERO_ERROR;
        UScriptCode script = uscript_getScript(next_point(text, &at), &status);
        if (script == USCRIPT_LATIN || script == USCRIPT_GREEK || script == USCRIPT_CYRILLIC)
            return true;
    }
    return false;
}

/* A letter that looks like a sign: an apostrophe of the modifier letters, a stop of Lisu. A Hebrew yod is like an
 * apostrophe as well, and is a letter where the name is Hebrew. */
static bool is_like_a_sign(const USpoofChecker *checker, UChar32 point)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar units[2], room[32];
    struct text letter = {units, 0}, skeleton = {room, 0};

    if (point < 0x80)
        return false;
    U16_APPEND_UNSAFE(units, letter.count, point);
    skeleton.count = uspoof_getSkeleton(checker, 0, units, letter.count, room, ARRAY_COUNT(room), &status);
    if (U_FAILURE(status))
        return false; /* longer than any sign */
    for (int32_t at = 0; at < skeleton.count;)
        if (is_letter_mark_or_digit(next_point(&skeleton, &at)))
            return false;
    return true;
}

/* Without what separates, what is not seen, signs, and the marks on them, and what is drawn around a letter. */
static void close_up(const USpoofChecker *checker, struct text *text)
{
    bool are_signs = has_signs(text), is_left_out = false;
    int32_t count = 0;

    for (int32_t at = 0, from = 0; at < text->count; from = at) {
        UChar32 point = next_point(text, &at);
        uint32_t type = U_MASK(u_charType(point));
        if (u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || (type & U_GC_ME_MASK) != 0)
            continue;
        if ((type & U_GC_M_MASK) == 0)
            is_left_out = !is_letter_mark_or_digit(point) || (are_signs && is_like_a_sign(checker, point));
        for (; !is_left_out && from < at; from++)
            text->units[count++] = text->units[from];
    }
    text->count = count;
}

static int normalize(const UNormalizer2 *form, const struct text *text, struct arena *arena,
                     struct text *ret_normalized)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t room = unorm2_normalize(form, text->units, text->count, NULL, 0, &status) + 1;

    if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status))
        return failure(status);
    status = U_ZERO_ERROR;
    ret_normalized->units = arena_alloc(arena, (size_t) room * sizeof(UChar));
    if (ret_normalized->units == NULL)
        return ERR_MEMORY;
    ret_normalized->count =
        unorm2_normalize(form, text->units, text->count, ret_normalized->units, room, &status);
    return U_FAILURE(status) ? failure(status) : 0;
}

/* In one case at the end as well: a nought is like a capital O, and so like a small one. */
static int hash_look(const USpoofChecker *checker, const UNormalizer2 *form, const struct text *name,
                     struct arena *arena, uint8_t ret_hash[LIKENESS_SIZE])
{
    struct text text, skeleton, folded;
    int code = normalize(form, name, arena, &text);

    if (code == 0) {
        close_up(checker, &text);
        code = skeleton_of(checker, &text, arena, &skeleton);
    }
    if (code == 0)
        code = fold(&skeleton, arena, &folded);
    if (code == 0)
        crypto_generichash(ret_hash, LIKENESS_SIZE, (const uint8_t *) folded.units,
                           (size_t) folded.count * sizeof(UChar), NULL, 0);
    return code;
}

int characters_likeness(struct bytes name, struct arena *arena, struct characters_likeness *ret_likeness)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *forms[LIKENESSES] = {unorm2_getNFCInstance(&status), unorm2_getNFKCInstance(&status),
                                             unorm2_getNFKCCasefoldInstance(&status)};
    USpoofChecker *checker = uspoof_open(&status);
    struct characters_likeness likeness;
    struct text text;

    if (U_FAILURE(status))
        return failure(status);
    int code = text_read(name, arena, &text);
    for (size_t i = 0; i < LIKENESSES && code == 0; i++)
        code = hash_look(checker, forms[i], &text, arena, likeness.hashes[i]);
    uspoof_close(checker);
    if (code == 0)
        *ret_likeness = likeness;
    return code;
}
