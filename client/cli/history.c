/* Who did what, when, about one thing: the record in sentences. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/event_text.h"
#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/record.h"
#include "client/cli/verbs.h"
#include "core/machine/machine.h"

enum { SUBJECTS = 5, NESTING_MAX = 3 };

/* What a history can be about. What belongs to a thing is about it as well: a round to its proposal, a
 * proposal to its item. */
static const struct {
    const char *word; /* as options and events have it */
    const char *of;   /* what it belongs to */
} SUBJECT_ROWS[SUBJECTS] = {
    {"session", NULL},     {"item", "session"},      {"proposal", "item"},
    {"round", "proposal"}, {"decision", "proposal"},
};

/* Numbers of things of one subject. */
struct numbers {
    uint32_t *list;
    size_t count, room;
};

struct history {
    struct cli *cli;
    struct numbers wanted[SUBJECTS]; /* empty where no subject was asked for */
    bool has_subject;
    uint32_t member; /* whose acts alone; 0: everybody's */
    bool has_finality;
    struct json_object *rows;
};

static bool numbers_have(const struct numbers *numbers, uint32_t number)
{
    for (size_t i = 0; i < numbers->count; i++)
        if (numbers->list[i] == number)
            return true;
    return false;
}

static int numbers_add(struct numbers *numbers, uint32_t number)
{
    if (numbers_have(numbers, number))
        return 0;
    if (numbers->count == numbers->room) {
        const size_t room = numbers->room == 0 ? 16 : 2 * numbers->room;
        uint32_t *larger = realloc(numbers->list, room * sizeof(*larger));
        if (larger == NULL)
            return ERR_MEMORY;
        numbers->list = larger;
        numbers->room = room;
    }
    numbers->list[numbers->count++] = number;
    return 0;
}

static int subject_of(const char *word)
{
    for (int i = 0; i < SUBJECTS; i++)
        if (strcmp(SUBJECT_ROWS[i].word, word) == 0)
            return i;
    return -1;
}

/* Does the event name one of the things that are wanted? */
static bool names_wanted(const struct history *history, struct json_object *value, int depth)
{
    if (!json_object_is_type(value, json_type_object) || depth == NESTING_MAX)
        return false;
    json_object_object_foreach(value, word, member)
    {
        const int subject = subject_of(word);
        struct json_object *number = member;
        if (subject >= 0 && json_object_is_type(member, json_type_object))
            json_object_object_get_ex(member, "number", &number);
        if (subject >= 0 && json_object_is_type(number, json_type_int) &&
            numbers_have(&history->wanted[subject], (uint32_t) json_object_get_int64(number)))
            return true;
        if (names_wanted(history, member, depth + 1))
            return true;
    }
    return false;
}

/* A new thing that belongs to one that is wanted is wanted as well. */
static int take_parts(struct history *history, struct json_object *kind)
{
    int code = 0;

    json_object_object_foreach(kind, word, row)
    {
        const int subject = subject_of(word);
        struct json_object *number, *parent;
        if (code != 0 || subject < 0 || SUBJECT_ROWS[subject].of == NULL ||
            !json_object_is_type(row, json_type_object) ||
            !json_object_object_get_ex(row, "number", &number) ||
            !json_object_object_get_ex(row, SUBJECT_ROWS[subject].of, &parent))
            continue;
        const int of = subject_of(SUBJECT_ROWS[subject].of);
        if (numbers_have(&history->wanted[of], (uint32_t) json_object_get_int64(parent)))
            code = numbers_add(&history->wanted[subject], (uint32_t) json_object_get_int64(number));
    }
    return code;
}

static void show(struct history *history, const struct event_header *header, const Comity__V1__Event *event,
                 struct json_object *json, struct json_object *kind)
{
    struct cli *cli = history->cli;
    const char *text = event_text(cli, event, kind);
    bool is_final = history->has_finality && finality_has(cli, header->sequence);

    if (cli->is_json) {
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "sequence", json_object_new_uint64(header->sequence));
        json_object_object_add(row, "time_ms", json_object_new_int64(header->time_ms));
        json_object_object_add(row, "kind", json_object_new_string(event_name(event)));
        json_object_object_add(row, "sentence", json_object_new_string(text));
        json_object_object_add(row, "event", json_object_get(json));
        json_object_object_add(row, "is_final", json_object_new_boolean(is_final));
        json_object_array_add(history->rows, row);
    }
    const char *mark = is_final ? "=" : " ";
    if (event->undoes != 0)
        say(cli, "%6" PRIu64 "%s %s  %s (takes back number %" PRIu64 ")", header->sequence, mark,
            shown_time(cli, header->time_ms), text, event->undoes);
    else
        say(cli, "%6" PRIu64 "%s %s  %s", header->sequence, mark, shown_time(cli, header->time_ms), text);
}

static int take(struct cli *cli, const struct event_header *header, const Comity__V1__Event *event,
                void *context)
{
    struct history *history = context;
    struct json_object *json = desk_json(cli, &event->base);
    struct json_object *kind = record_kind(event, json);
    bool is_wanted = history->member == 0 || event->actor == history->member;
    int code = 0;

    if (history->has_subject && names_wanted(history, kind, 0))
        code = take_parts(history, kind);
    else
        is_wanted &= !history->has_subject;
    if (code == 0 && is_wanted)
        show(history, header, event, json, kind);
    json_object_put(json);
    return code;
}

static int read_options(struct history *history, uint64_t *ret_from)
{
    struct cli *cli = history->cli;
    uint64_t number;
    int code = 0;

    for (int i = 0; code == 0 && i < SUBJECTS; i++) {
        const char *text = cli_option(cli, SUBJECT_ROWS[i].word);
        if (text == NULL)
            continue;
        code = cli_number(cli, SUBJECT_ROWS[i].word, text, 1, UINT32_MAX, &number);
        if (code == 0)
            code = numbers_add(&history->wanted[i], (uint32_t) number);
        history->has_subject = true;
    }
    if (code == 0 && cli_option(cli, "member") != NULL)
        code = find_member(cli, cli_option(cli, "member"), &history->member);
    *ret_from = 1;
    if (code == 0 && cli_option(cli, "from") != NULL)
        code = cli_number(cli, "--from", cli_option(cli, "from"), 1, INT64_MAX, ret_from);
    return code;
}

int history_run(struct cli *cli)
{
    struct history history = {.cli = cli, .rows = json_object_new_array()};
    uint64_t from;
    int code = read_options(&history, &from);

    if (code == 0 && finality_line(cli) != NULL) /* before the pages, whose memory goes with them */
        history.has_finality = true;
    if (code == 0)
        code = record_walk(cli, from, take, &history);
    if (code == 0)
        code = finality_say_all(cli);
    cli_put(cli, "history", history.rows);
    for (size_t i = 0; i < SUBJECTS; i++)
        free(history.wanted[i].list);
    return code;
}
