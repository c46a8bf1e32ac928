/* Pauses of a session, which only the record has: read from where it was opened to where it closed. */
#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/record.h"
#include "client/cli/session_text.h"

enum { PAUSES_MAX = 100 }; /* what there is beyond is left out */

struct pause_told {
    uint32_t constituency; /* in caucus; 0: a recess */
    int64_t since_ms, until_ms;
};

struct pauses {
    uint32_t session;
    struct pause_told list[PAUSES_MAX];
    size_t count;
    int64_t time_ms; /* of the event that was looked at last */
};

static void begin(struct pauses *pauses, const Comity__V1__Pause *pause, int64_t time_ms)
{
    if (pauses->count < PAUSES_MAX && pause != NULL)
        pauses->list[pauses->count++] = (struct pause_told){pause->constituency, time_ms, 0};
}

static void end(struct pauses *pauses, int64_t time_ms)
{
    if (pauses->count > 0 && pauses->list[pauses->count - 1].until_ms == 0)
        pauses->list[pauses->count - 1].until_ms = time_ms;
}

static int take(struct cli *cli, const struct event_header *header, const Comity__V1__Event *event,
                void *context)
{
    struct pauses *pauses = context;

    (void) cli;
    if (event == NULL || event->session != pauses->session)
        return 0;
    switch (event->kind_case) {
    case COMITY__V1__EVENT__KIND_SESSION_RECESSED:
        begin(pauses, event->session_recessed->pause, header->time_ms);
        return 0;
    case COMITY__V1__EVENT__KIND_CAUCUS_CALLED:
        begin(pauses, event->caucus_called->pause, header->time_ms);
        return 0;
    case COMITY__V1__EVENT__KIND_SESSION_RESUMED:
    case COMITY__V1__EVENT__KIND_CAUCUS_ENDED:
        end(pauses, header->time_ms);
        return 0;
    case COMITY__V1__EVENT__KIND_SESSION_CLOSED:
        end(pauses, header->time_ms);
        return 1;
    default:
        return 0;
    }
}

static int look(struct cli *cli, const struct event_header *header, const Comity__V1__Event *event,
                void *context)
{
    (void) cli;
    (void) event;
    ((struct pauses *) context)->time_ms = header->time_ms;
    return 1;
}

/* The first event of that time or later, for times ascend; @head: the last there is. */
static int find_first(struct cli *cli, struct pauses *pauses, int64_t time_ms, uint64_t head,
                      uint64_t *ret_first)
{
    uint64_t low = 1, high = head;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int code = record_walk(cli, middle, look, pauses);
        if (code != 0)
            return code;
        if (pauses->time_ms < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    return 0;
}

static const char *line_of(struct cli *cli, const struct pause_told *pause)
{
    const char *since = shown_time(cli, pause->since_ms), *until = shown_time(cli, pause->until_ms);
    const char *who = pause->constituency == 0 ? NULL : name_of_constituency(cli, pause->constituency);

    if (pause->until_ms == 0)
        return who == NULL ? phrase(cli, "recess since %s", since)
                           : phrase(cli, "caucus of %s since %s", who, since);
    return who == NULL ? phrase(cli, "recess from %s to %s", since, until)
                       : phrase(cli, "caucus of %s from %s to %s", who, since, until);
}

int told_pauses(struct cli *cli, const Comity__V1__Session *session, uint64_t head, struct told *ret_told)
{
    struct pauses *pauses = arena_alloc(cli->arena, sizeof(*pauses));
    uint64_t first = 0;
    int code = 0;

    *ret_told = (struct told){NULL, 0};
    if (pauses == NULL)
        return ERR_MEMORY;
    *pauses = (struct pauses){.session = session->number};
    if (session->opened_ms != 0)
        code = find_first(cli, pauses, session->opened_ms, head, &first);
    if (code == 0 && first != 0)
        code = record_walk(cli, first, take, pauses);
    for (size_t i = 0; code == 0 && i < pauses->count; i++)
        told_add(cli, ret_told, line_of(cli, &pauses->list[i]));
    return code;
}
