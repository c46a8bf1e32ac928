/* Writing a .blt file. docs/rules.md R-58 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/rules/blt.h"

/* Text that grows within one block. */
struct writing {
    char *text;
    size_t size, room;
};

static void write_text(struct writing *writing, const char *text)
{
    size_t size = strlen(text);

    if (writing->size + size < writing->room)
        memcpy(writing->text + writing->size, text, size);
    writing->size += size;
}

static void write_number(struct writing *writing, const char *before, uint64_t number, const char *after)
{
    char text[64];
    snprintf(text, sizeof(text), "%s%" PRIu64 "%s", before, number, after);
    write_text(writing, text);
}

/* A quote within a name would end it, and so would the end of a line. */
static void write_name(struct writing *writing, const char *name)
{
    write_text(writing, "\"");
    for (const char *at = name; *at != '\0'; at++) {
        char letter[2] = {*at == '"' ? '\'' : (unsigned char) *at < ' ' ? ' ' : *at, '\0'};
        write_text(writing, letter);
    }
    write_text(writing, "\"\n");
}

/* Preferences in their order, those of one rank with = between them. Gaps in the ranks close. */
static void write_ranks(struct writing *writing, const struct blt *blt, const uint32_t *ranks)
{
    for (uint32_t rank = 1; rank <= OPTIONS_MAX; rank++) {
        const char *before = " ";
        for (size_t i = 0; i < blt->option_count; i++) {
            if (ranks[i] != rank)
                continue;
            write_number(writing, before, i + 1, "");
            before = "=";
        }
    }
    write_text(writing, " 0\n");
}

struct line {
    const struct ranked_ballots *ballots;
    size_t options;
};

static int by_ranks(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    for (size_t i = 0; i < left->options; i++) {
        uint32_t mine = left->ballots->ranks[i] - 1,
                 other = right->ballots->ranks[i] - 1; /* unranked: last */
        if (mine != other)
            return mine < other ? -1 : 1;
    }
    return 0;
}

static void write_ballots(struct writing *writing, const struct blt *blt, const struct line *lines)
{
    for (size_t i = 0; i < blt->ballot_count;) {
        uint64_t count = 0;
        size_t first = i;
        while (i < blt->ballot_count && by_ranks(&lines[first], &lines[i]) == 0)
            count += lines[i++].ballots->count;
        write_number(writing, "", count, "");
        write_ranks(writing, blt, lines[first].ballots->ranks);
    }
}

static void write_whole(struct writing *writing, const struct blt *blt, const struct line *lines)
{
    write_number(writing, "", blt->option_count, " ");
    write_number(writing, "", blt->seats, "\n");
    if (blt->tie_order != NULL) {
        write_text(writing, "[tie");
        for (size_t i = blt->option_count; i > 0; i--)
            write_number(writing, " ", blt->tie_order[i - 1], "");
        write_text(writing, "]\n");
    }
    for (size_t i = 0; i < blt->option_count; i++) {
        if (blt->withdrawn >> i & 1)
            write_number(writing, "-", i + 1, "\n");
    }
    write_ballots(writing, blt, lines);
    if (blt->empty > 0)
        write_number(writing, "", blt->empty, " 0\n");
    write_text(writing, "0\n");
    for (size_t i = 0; i < blt->option_count; i++)
        write_name(writing, blt->names[i]);
    write_name(writing, blt->title == NULL ? "" : blt->title);
}

struct bytes blt_write(const struct blt *blt, struct arena *arena)
{
    struct line *lines = arena_alloc(arena, (blt->ballot_count + 1) * sizeof(*lines));
    struct writing measure = {0}, writing = {0};

    if (lines == NULL)
        return BYTES(NULL, 0);
    for (size_t i = 0; i < blt->ballot_count; i++)
        lines[i] = (struct line){&blt->ballots[i], blt->option_count};
    qsort(lines, blt->ballot_count, sizeof(*lines), by_ranks);
    write_whole(&measure, blt, lines);
    writing.room = measure.size + 1;
    writing.text = arena_alloc(arena, writing.room);
    if (writing.text == NULL)
        return BYTES(NULL, 0);
    write_whole(&writing, blt, lines);
    return BYTES(writing.text, writing.size);
}
