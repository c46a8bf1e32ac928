/* Reading a .blt file, word by word. docs/rules.md R-58 */
#include <stdlib.h>

#include "client/rules/blt.h"
#include "core/error.h"
#include "core/text.h"

/* One word, and where it stands. */
struct word {
    const char *text; /* with a NUL; of a quoted one what is between the quotes */
    bool is_quoted;
    bool is_end;
    unsigned line, column;
};

struct reading {
    struct rule_faults *faults;
    struct bytes text;
    size_t at;
    unsigned line, column;
    struct word word; /* the present one */
    struct blt *blt;
    struct ranked_ballots *ballots;
    size_t ballot_room;
    uint64_t total;
    size_t lines; /* of ballots */
};

static int fault_at(struct reading *reading, int code, const char *format)
{
    return rule_fault(reading->faults, code, reading->word.line, reading->word.column, format,
                      fault_shown(reading->faults, reading->word.text));
}

/* The same of a sentence that does not repeat what stands there. */
static int fault_here(struct reading *reading, int code, const char *sentence)
{
    return rule_fault(reading->faults, code, reading->word.line, reading->word.column, "%s",
                      reading->faults->words(sentence));
}

static int fault_end(struct reading *reading)
{
    return fault_here(reading, ERR_MALFORMED,
                      N_("The file ends in the middle: there has to be a line with a 0 "
                         "behind the ballots, then the names."));
}

static int peek(const struct reading *reading)
{
    return reading->at < reading->text.size ? reading->text.data[reading->at] : -1;
}

/* Columns are letters: what continues one is none of its own. */
static void step(struct reading *reading)
{
    int passed = peek(reading);

    reading->at++;
    if (passed == '\n') {
        reading->line++;
        reading->column = 1;
    } else if ((passed & 0xC0) != 0x80) {
        reading->column++;
    }
}

static bool is_blank(int letter)
{
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

static bool is_at(const struct reading *reading, const char *text)
{
    size_t size = strlen(text);
    return reading->text.size - reading->at >= size &&
           memcmp(reading->text.data + reading->at, text, size) == 0;
}

static void skip_to(struct reading *reading, const char *end)
{
    while (peek(reading) >= 0 && !is_at(reading, end))
        step(reading);
    for (size_t i = 0; i < strlen(end) && peek(reading) >= 0; i++)
        step(reading);
}

static void skip_blanks(struct reading *reading)
{
    for (;;) {
        if (is_blank(peek(reading)))
            step(reading);
        else if (peek(reading) == '#')
            skip_to(reading, "\n");
        else if (is_at(reading, "/*"))
            skip_to(reading, "*/");
        else
            return;
    }
}

/* Names may have quotes in them: one ends a name where nothing follows on the line but another name or a
 * comment. */
static bool is_closing_quote(const struct reading *reading)
{
    size_t next = reading->at + 1;

    if (peek(reading) != '"')
        return false;
    while (next < reading->text.size && is_blank(reading->text.data[next]) &&
           reading->text.data[next] != '\n')
        next++;
    return next == reading->text.size || strchr("\n\"#/", reading->text.data[next]) != NULL;
}

static bool is_word_end(const struct reading *reading, int first)
{
    int letter = peek(reading);

    if (first == '"')
        return is_closing_quote(reading) || letter == '\n';
    if (first == '(')
        return letter == ')' || letter == '\n';
    return is_blank(letter) || letter == '[' || letter == ']' || letter == '"' || letter == '#';
}

/* A bracket is a word by itself, wherever it stands; a name of a ballot in parentheses is one word with its
 * blanks. */
static size_t word_end(struct reading *reading, size_t *ret_start)
{
    int first = peek(reading);

    if (first == '"')
        step(reading);
    *ret_start = reading->at;
    if (first == '[' || first == ']') {
        step(reading);
        return reading->at;
    }
    while (peek(reading) >= 0 && !is_word_end(reading, first))
        step(reading);
    return reading->at;
}

static int word_next(struct reading *reading)
{
    skip_blanks(reading);
    reading->word = (struct word){.text = "", .line = reading->line, .column = reading->column};
    int first = peek(reading);
    if (first < 0) {
        reading->word.is_end = true;
        return 0;
    }
    size_t start;
    size_t end = word_end(reading, &start);
    size_t size = end - start;
    char *text = arena_alloc(reading->faults->arena, size + 1);
    if (text == NULL)
        return rule_fault(reading->faults, ERR_MEMORY, 0, 0, N_("There is not enough memory to read it."));
    memcpy(text, reading->text.data + start, size);
    reading->word.text = text;
    reading->word.is_quoted = first == '"';
    if (size > BLT_NAME_MAX)
        return rule_fault(reading->faults, ERR_TOO_LARGE, reading->word.line, reading->word.column,
                          N_("This is longer than %d bytes."), BLT_NAME_MAX);
    if ((first == '"' || first == '(') && peek(reading) != (first == '"' ? '"' : ')'))
        return rule_fault(
            reading->faults, ERR_MALFORMED, reading->word.line, reading->word.column,
            first == '"' ? N_("This begins with a quote (\") and does not end with one on the same line.")
                         : N_("This begins with ( and does not end with ) on the same line."));
    if (first == '"' || first == '(')
        step(reading);
    return 0;
}

/* The present word as a number; @what: the sentence that says what is expected, with the word in it. */
static int number_of(struct reading *reading, const char *text, uint64_t least, uint64_t most,
                     const char *what, uint64_t *ret_number)
{
    char *end = NULL;

    if (reading->word.is_end)
        return fault_end(reading);
    if (reading->word.is_quoted || text[0] < '0' || text[0] > '9' || strlen(text) > 12)
        return fault_at(reading, ERR_MALFORMED, what);
    uint64_t number = strtoull(text, &end, 10);
    if (*end != '\0')
        return fault_at(reading, ERR_MALFORMED, what);
    if (number < least || number > most)
        return fault_at(reading, ERR_RANGE, what);
    *ret_number = number;
    return 0;
}

static int number_read(struct reading *reading, uint64_t least, uint64_t most, const char *what,
                       uint64_t *ret_number)
{
    int code = word_next(reading);
    return code ? code : number_of(reading, reading->word.text, least, most, what, ret_number);
}

#define WHAT_OPTION N_("`%s` is none of the options' numbers, which go from 1.")

static int withdraw(struct reading *reading, const char *text)
{
    uint64_t number;
    int code = number_of(reading, text, 1, reading->blt->option_count, WHAT_OPTION, &number);

    if (code)
        return code;
    if (reading->blt->withdrawn & UINT64_C(1) << (number - 1))
        return fault_at(reading, ERR_DUPLICATE, N_("`%s` is withdrawn already."));
    reading->blt->withdrawn |= UINT64_C(1) << (number - 1);
    return 0;
}

/* The file lists first who gives way, a round first who is preferred. */
static int tie_read(struct reading *reading)
{
    size_t count = reading->blt->option_count;
    uint32_t *order = arena_alloc(reading->faults->arena, count * sizeof(*order));
    uint64_t seen = 0;

    if (order == NULL)
        return ERR_MEMORY;
    if (reading->blt->tie_order != NULL)
        return fault_here(reading, ERR_DUPLICATE, N_("There is a [tie ...] already."));
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        int code =
            number_read(reading, 1, count,
                        N_("[tie ...] lists every option once, by its number: `%s` is none."), &number);
        if (code)
            return code;
        if (seen & UINT64_C(1) << (number - 1))
            return fault_at(reading, ERR_DUPLICATE,
                            N_("[tie ...] lists every option once: `%s` is there twice."));
        seen |= UINT64_C(1) << (number - 1);
        order[count - 1 - i] = (uint32_t) number;
    }
    reading->blt->tie_order = order;
    return word_next(reading);
}

static int withdrawn_read(struct reading *reading)
{
    int code = word_next(reading);

    while (!code && !reading->word.is_end && strcmp(reading->word.text, "]") != 0) {
        code = withdraw(reading, reading->word.text);
        if (!code)
            code = word_next(reading);
    }
    return code;
}

/* "[tie 3 1 2]" or "[withdrawn 2]", whose [ is the present word. */
static int bracket_read(struct reading *reading)
{
    int code = word_next(reading);

    if (code)
        return code;
    if (strcmp(reading->word.text, "tie") == 0)
        code = tie_read(reading);
    else if (strcmp(reading->word.text, "withdrawn") == 0)
        code = withdrawn_read(reading);
    else
        return fault_at(reading, ERR_MALFORMED,
                        N_("`%s` is not known: there is [tie ...] and [withdrawn ...]."));
    if (code)
        return code;
    if (strcmp(reading->word.text, "]") != 0 || reading->word.is_quoted)
        return fault_at(reading, ERR_MALFORMED, N_("A ] is missing: `%s` stands in its place."));
    return 0;
}

/* "3 2", then what is in brackets, and numbers below 0 for options that were withdrawn. The first word of the
 * ballots is the present one then. */
static int head_read(struct reading *reading)
{
    uint64_t options = 0, seats = 0;
    int code = number_read(
        reading, 1, OPTIONS_MAX,
        N_("The file begins with the number of options, 1 to 64, and that of seats; `%s` is no such number."),
        &options);

    if (!code)
        code = number_read(
            reading, 1, OPTIONS_MAX - 1,
            N_("Behind the number of options stands that of seats, 1 to 63; `%s` is no such number."),
            &seats);
    if (code)
        return code;
    reading->blt->option_count = (size_t) options;
    reading->blt->seats = (uint32_t) seats;
    for (;;) {
        code = word_next(reading);
        if (code)
            return code;
        if (!reading->word.is_quoted && strcmp(reading->word.text, "[") == 0)
            code = bracket_read(reading);
        else if (!reading->word.is_quoted && reading->word.text[0] == '-')
            code = withdraw(reading, reading->word.text + 1);
        else
            return 0;
        if (code)
            return code;
    }
}

/* "2", or "1=3" of options that share a rank. */
static int rank_read(struct reading *reading, uint32_t rank, uint32_t *ranks)
{
    char *rest = NULL;
    char *copy = arena_string(reading->faults->arena, reading->word.text);

    if (copy == NULL)
        return ERR_MEMORY;
    if (reading->word.is_end)
        return fault_end(reading);
    if (reading->word.is_quoted || copy[0] == '=' || (copy[0] != '\0' && copy[strlen(copy) - 1] == '=') ||
        strstr(copy, "=="))
        return fault_at(reading, ERR_MALFORMED, WHAT_OPTION);
    for (char *part = strtok_r(copy, "=", &rest); part != NULL; part = strtok_r(NULL, "=", &rest)) {
        uint64_t number;
        int code = number_of(reading, part, 1, reading->blt->option_count, WHAT_OPTION, &number);
        if (code)
            return code;
        if (ranks[number - 1] != 0)
            return fault_at(reading, ERR_DUPLICATE, N_("The ballot names an option twice, here: `%s`."));
        ranks[number - 1] = rank;
    }
    return 0;
}

static int ballots_grow(struct reading *reading)
{
    if (++reading->lines > BLT_LINES_MAX)
        return rule_fault(reading->faults, ERR_TOO_LARGE, reading->word.line, reading->word.column,
                          N_("There are more than %d lines of ballots."), BLT_LINES_MAX);
    if (reading->blt->ballot_count < reading->ballot_room)
        return 0;
    size_t room = reading->ballot_room == 0 ? 64 : reading->ballot_room * 2;
    room = room > BLT_LINES_MAX ? BLT_LINES_MAX : room;
    struct ranked_ballots *grown = arena_alloc(reading->faults->arena, room * sizeof(*grown));
    if (grown == NULL)
        return ERR_MEMORY;
    if (reading->blt->ballot_count > 0)
        memcpy(grown, reading->ballots, reading->blt->ballot_count * sizeof(*grown));
    reading->ballots = grown;
    reading->ballot_room = room;
    return 0;
}

/* The ranks of one line, up to its 0. */
static int ballot_read(struct reading *reading, uint64_t count)
{
    uint32_t *ranks = arena_alloc(reading->faults->arena, reading->blt->option_count * sizeof(*ranks));
    int code = ranks == NULL ? ERR_MEMORY : ballots_grow(reading);

    for (uint32_t rank = 1; !code; rank++) {
        code = word_next(reading);
        if (code)
            break;
        if (strcmp(reading->word.text, "0") == 0 && !reading->word.is_quoted) {
            if (rank == 1)
                reading->blt->empty += count;
            else
                reading->ballots[reading->blt->ballot_count++] =
                    (struct ranked_ballots){.ranks = ranks, .count = count};
            return 0;
        }
        code = rank_read(reading, rank, ranks);
    }
    return code;
}

static int ballots_read(struct reading *reading)
{
    for (;;) {
        uint64_t count = 1;
        int code = 0;
        if (reading->word.is_quoted || reading->word.text[0] != '(')
            code = number_of(reading, reading->word.text, 0, RANKED_BALLOTS_MAX,
                             N_("A line of ballots begins with how many they are, and a 0 stands behind the "
                                "last line; `%s` is "
                                "no such number."),
                             &count);
        if (!code && count > RANKED_BALLOTS_MAX - reading->total)
            code = fault_here(reading, ERR_RANGE, N_("There are more than 1,000,000,000 ballots in all."));
        if (code || count == 0)
            return code;
        reading->total += count;
        code = ballot_read(reading, count);
        if (!code)
            code = word_next(reading);
        if (code)
            return code;
    }
}

/* A name each, and a title. What stands behind it is not read: programs write all sorts of things there. */
static int names_read(struct reading *reading)
{
    struct blt *blt = reading->blt;

    blt->title = "";
    for (size_t i = 0; i <= blt->option_count; i++) {
        int code = word_next(reading);
        if (code)
            return code;
        if (i == blt->option_count && !reading->word.is_end && !reading->word.is_quoted)
            return fault_at(
                reading, ERR_MALFORMED,
                N_("Behind the names the title is expected, in quotes (\"): `%s` stands in its place."));
        if (i < blt->option_count && !reading->word.is_quoted)
            return rule_fault(reading->faults, ERR_MALFORMED, reading->word.line, reading->word.column,
                              N_("Here the name of option %zu is expected, in quotes (\")."), i + 1);
        if (i < blt->option_count)
            blt->names[i] = reading->word.text;
        else
            blt->title = reading->word.text;
    }
    return 0;
}

int blt_read(struct bytes text, struct rule_faults *faults, struct blt *ret_blt)
{
    static const uint8_t MARK[] = {0xEF, 0xBB, 0xBF};
    struct blt blt = {0};
    struct reading reading = {.faults = faults, .text = text, .line = 1, .column = 1, .blt = &blt};

    if (!utf8_is_valid(text))
        return rule_fault(faults, ERR_UTF8, 0, 0, N_("The file is not a text in UTF-8."));
    if (text.size >= sizeof(MARK) && memcmp(text.data, MARK, sizeof(MARK)) == 0)
        reading.at = sizeof(MARK);
    int code = head_read(&reading);
    if (!code)
        code = ballots_read(&reading);
    if (!code)
        code = names_read(&reading);
    if (code == ERR_MEMORY && faults->count == 0)
        rule_fault(faults, ERR_MEMORY, 0, 0, N_("There is not enough memory to read it."));
    if (code)
        return code;
    blt.ballots = reading.ballots;
    *ret_blt = blt;
    return 0;
}
