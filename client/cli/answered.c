#include "client/cli/answered.h"

#include "core/event.h"

enum { ANSWERED_PAGE = 200 };

/* What the functions below share. */
struct search {
    struct cli *cli;
    const Comity__V1__Round *round;
    const struct rows *roll;
    bool *has;
    uint32_t count; /* of those who have */
};

static void mark(struct search *search, uint32_t member)
{
    for (size_t i = 0; i < search->roll->count; i++) {
        const Comity__V1__RollEntry *entry = (const Comity__V1__RollEntry *) search->roll->list[i];
        if (entry->member != member || search->has[i])
            continue;
        search->has[i] = true;
        search->count++;
    }
}

static int ask_events(struct cli *cli, uint64_t from, uint32_t limit, const Comity__V1__Answer **ret_answer)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;

    events.from = from;
    query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    query.events = &events;
    query.limit = limit;
    return desk_page(cli, &query, ret_answer);
}

/* The first number at or after the time when the round opened: times go up with the numbers. */
static int find_opening(struct search *search, uint64_t head, uint64_t *ret_from)
{
    uint64_t low = 1, high = head + 1;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const Comity__V1__Answer *answer;
        struct event_header header;
        int code = ask_events(search->cli, middle, 1, &answer);
        if (code == 0 && answer->n_events > 0)
            code = event_record_check(answer->events[0], &header);
        if (code != 0)
            return code;
        if (answer->n_events > 0 && header.time_ms < search->round->opened_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_from = low;
    return 0;
}

static int take_event(struct search *search, const Comity__V1__EventRecord *record, uint64_t *ret_next)
{
    struct event_header header;
    ProtobufCMessage *message;
    int code = event_record_check(record, &header);

    for (size_t i = 0; code == 0 && i < record->n_parts; i++) {
        const Comity__V1__Part *part = record->parts[i];
        if (part->kind != COMITY__V1__PART_KIND__PART_KIND_OPEN)
            continue;
        code = message_unpack_trusted(&comity__v1__event__descriptor,
                                      BYTES(part->content.data, part->content.len),
                                      desk_page_arena(search->cli), &message);
        const Comity__V1__Event *event = code == 0 ? (const Comity__V1__Event *) message : NULL;
        if (event != NULL && event->kind_case == COMITY__V1__EVENT__KIND_BALLOT_CAST &&
            event->ballot_cast->round == search->round->number)
            mark(search, event->ballot_cast->member);
    }
    if (code == 0)
        *ret_next = header.sequence + 1;
    return code;
}

static int read_from(struct search *search, uint64_t from)
{
    for (;;) {
        const Comity__V1__Answer *answer;
        int code = ask_events(search->cli, from, ANSWERED_PAGE, &answer);
        for (size_t i = 0; code == 0 && i < answer->n_events; i++)
            code = take_event(search, answer->events[i], &from);
        if (code != 0 || answer->n_events == 0 || answer->next_cursor.len == 0)
            return code;
    }
}

int answered_find(struct cli *cli, const Comity__V1__Round *round, const struct rows *roll,
                  const struct rows *ballots, struct answered *ret_answered)
{
    struct search search = {.cli = cli, .round = round, .roll = roll};
    uint64_t from;
    int code = 0;

    search.has = arena_alloc(cli->arena, (roll->count + 1) * sizeof(*search.has));
    if (search.has == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < ballots->count; i++)
        mark(&search, ((const Comity__V1__Ballot *) ballots->list[i])->member);
    if (search.count < round->answered && (code = find_opening(&search, ballots->as_of, &from)) == 0)
        code = read_from(&search, from);
    /* A clock that went back: from the beginning then. */
    if (code == 0 && search.count < round->answered)
        code = read_from(&search, 1);
    if (code == 0)
        ret_answered->has = search.count < round->answered ? NULL : search.has;
    return code;
}
