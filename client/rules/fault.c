#include "client/rules/fault.h"

#include <ctype.h>
#include <string.h>

#include "core/text.h"

enum { SHOWN_MAX = 60, WORD_MAX = 40 };

static const char EMPTY[] = "";

int rule_fault(struct rule_faults *faults, int code, unsigned line, unsigned column, const char *format, ...)
{
    if (faults->count == RULE_FAULTS_MAX)
        return code;
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(faults->arena, faults->words(format), arguments);
    va_end(arguments);
    faults->list[faults->count++] =
        (struct rule_fault){code, line, column, text == NULL ? EMPTY : text, EMPTY};
    return code;
}

const char *fault_shown(struct rule_faults *faults, const char *text)
{
    char shown[4 * SHOWN_MAX];
    size_t size = strlen(text), kept = size < SHOWN_MAX ? size : SHOWN_MAX;

    while (kept < size && kept > 0 && ((unsigned char) text[kept] & 0xC0) == 0x80)
        kept--; /* not within a letter */
    text_escape(BYTES(text, kept), false, shown, sizeof(shown));
    const char *copy = arena_printf(faults->arena, kept < size ? "%s..." : "%s", shown);
    return copy == NULL ? EMPTY : copy;
}

static int lower(char letter)
{
    return letter == '-' ? '_' : tolower((unsigned char) letter);
}

bool word_is(const char *typed, const char *word)
{
    while (*typed != '\0' && lower(*typed) == lower(*word))
        typed++, word++;
    return *typed == *word;
}

/* How many letters have to be changed, added, dropped or swapped. */
static unsigned distance(const char *a, const char *b)
{
    size_t width = strlen(b);
    unsigned rows[3][WORD_MAX + 1] = {{0}}, *before = rows[0], *above = rows[1], *row = rows[2];

    if (strlen(a) > WORD_MAX || width > WORD_MAX)
        return UINT32_MAX;
    for (unsigned j = 0; j <= width; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned *last = before;
        before = above, above = row, row = last;
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            unsigned best = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]) &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
    }
    return row[width];
}

const char *word_nearest(const char *typed, const char *const *words, size_t count)
{
    unsigned best = (unsigned) strlen(typed) / 3 + 2;
    const char *nearest = NULL;

    for (size_t i = 0; i < count; i++) {
        unsigned far = distance(typed, words[i]);
        if (far < best) {
            best = far;
            nearest = words[i];
        }
    }
    return nearest;
}
