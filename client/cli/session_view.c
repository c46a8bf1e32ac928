/* Reading a session, and what there is of it. */
#include <inttypes.h>
#include <stdlib.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/quorum.h"
#include "client/cli/session.h"
#include "core/machine/queue.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

const char *presence_state_word(Comity__V1__PresenceState state)
{
    switch (state) {
    case COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT:
        return P_("presence", "present");
    case COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY:
        return P_("presence", "away");
    case COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT:
        return P_("presence", "left");
    default:
        return "?";
    }
}

const char *shown_span(struct cli *cli, int64_t span_ms)
{
    const int64_t minutes = span_ms <= 0 ? 0 : (span_ms + MINUTE_MS - 1) / MINUTE_MS;

    return minutes < 60 ? phrase(cli, "%" PRId64 " min", minutes)
                        : phrase(cli, "%" PRId64 " h %" PRId64 " min", minutes / 60, minutes % 60);
}

/* Where an item stands on the agenda: what is not named comes after all that are, by number. */
static size_t place_of(const Comity__V1__Session *session, uint32_t item)
{
    for (size_t i = 0; i < session->n_agenda; i++)
        if (session->agenda[i] == item)
            return i;
    return session->n_agenda + item;
}

static int items_sort(struct cli *cli, struct session_view *view)
{
    const ProtobufCMessage **sorted = arena_alloc(desk_arena(cli), (view->items.count + 1) * sizeof(*sorted));

    if (sorted == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < view->items.count; i++) {
        const Comity__V1__Item *item = (const Comity__V1__Item *) view->items.list[i];
        size_t at = i;

        while (at > 0 && place_of(view->session, ((const Comity__V1__Item *) sorted[at - 1])->number) >
                             place_of(view->session, item->number)) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = &item->base;
    }
    view->items.list = sorted;
    return 0;
}

static const char *side_of(struct cli *cli, const struct session_view *view, uint32_t member)
{
    const Comity__V1__Member *row = member_of(cli, member);

    for (size_t i = 0; row != NULL && i < view->attendance.constituency_count; i++)
        if (view->attendance.constituencies[i].number == row->constituency)
            return view->attendance.constituencies[i].side;
    return "";
}

/* Those that are up, as they will speak. */
static int hands_sort(struct cli *cli, struct session_view *view)
{
    const Comity__V1__Session *session = view->session;
    bool has_last = session->floor != NULL && session->floor->last != 0;
    Comity__V1__QueueOrder order = session->ground_rules == NULL ? COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED
                                                                 : session->ground_rules->queue;
    size_t room = (view->hands.count + 1), count = 0;
    struct queue_hand *queue = arena_alloc(desk_arena(cli), room * sizeof(*queue));
    const ProtobufCMessage **sorted = arena_alloc(desk_arena(cli), room * sizeof(*sorted));

    if (queue == NULL || sorted == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < view->hands.count; i++) {
        const Comity__V1__Hand *hand = (const Comity__V1__Hand *) view->hands.list[i];
        if (hand->raised != 0)
            queue[count++] =
                (struct queue_hand){hand->member, hand->raised, side_of(cli, view, hand->member)};
    }
    queue_sort(queue, count, order, has_last ? side_of(cli, view, session->floor->last) : NULL);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < view->hands.count; k++)
            if (((const Comity__V1__Hand *) view->hands.list[k])->member == queue[i].member)
                sorted[i] = view->hands.list[k];
    view->hands.list = sorted;
    view->hands.count = count;
    return 0;
}

static int attendance_read(struct cli *cli, struct session_view *view)
{
    view->present = (struct attendance_rows){
        .seats = (const Comity__V1__Seat *const *) view->seats.list,
        .seat_count = view->seats.count,
        .presences = (const Comity__V1__Presence *const *) view->presences.list,
        .presence_count = view->presences.count,
        .constituencies = (const Comity__V1__Constituency *const *) view->constituencies.list,
        .constituency_count = view->constituencies.count,
        .stand_ins = (const Comity__V1__StandIn *const *) view->stand_ins.list,
        .stand_in_count = view->stand_ins.count,
    };

    return attendance_of(&view->present, desk_arena(cli), &view->attendance);
}

int session_view_read(struct cli *cli, uint32_t number, struct session_view *ret_view)
{
    struct session_view view = {0};
    const ProtobufCMessage *row;
    int code = desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS, number, &row);

    if (code != 0)
        return code;
    view.session = (const Comity__V1__Session *) row;
    const struct {
        Comity__V1__ListKind kind;
        uint32_t parent;
        struct rows *rows;
    } LISTS[] = {
        {COMITY__V1__LIST_KIND__LIST_KIND_PRESENCES, number, &view.presences},
        {COMITY__V1__LIST_KIND__LIST_KIND_ITEMS, number, &view.items},
        {COMITY__V1__LIST_KIND__LIST_KIND_SEATS, view.session->body, &view.seats},
        {COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, 0, &view.constituencies},
        {COMITY__V1__LIST_KIND__LIST_KIND_STAND_INS, number, &view.stand_ins},
        {COMITY__V1__LIST_KIND__LIST_KIND_HANDS, number, &view.hands},
        {COMITY__V1__LIST_KIND__LIST_KIND_TIME_BOXES, number, &view.time_boxes},
        {COMITY__V1__LIST_KIND__LIST_KIND_SIDEBARS, number, &view.sidebars},
        {COMITY__V1__LIST_KIND__LIST_KIND_PLUS_DELTAS, number, &view.plus_deltas},
    };
    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(LISTS); i++)
        code = desk_rows(cli, LISTS[i].kind, LISTS[i].parent, LISTS[i].rows);
    if (code == 0)
        code = attendance_read(cli, &view);
    if (code == 0)
        code = items_sort(cli, &view);
    if (code == 0)
        code = hands_sort(cli, &view);
    if (code == 0)
        *ret_view = view;
    return code;
}

/* Is it the latest version of a rule that the body decides by? Rows are by number: later ones come later. */
static bool is_in_force(const struct rows *rules, size_t at, uint32_t body)
{
    const Comity__V1__RuleVersion *rule = (const Comity__V1__RuleVersion *) rules->list[at];
    bool is_for_body = false;

    for (size_t i = 0; i < rule->n_bodies; i++)
        is_for_body |= rule->bodies[i] == body;
    for (size_t i = at + 1; i < rules->count && is_for_body; i++)
        is_for_body =
            strcmp(((const Comity__V1__RuleVersion *) rules->list[i])->rule->name, rule->rule->name) != 0;
    return is_for_body;
}

static const char *quorum_words(int code, size_t tests)
{
    if (code == ERR_SCOPE)
        return _("no round can open: somebody whom the rule asks for has nobody to answer");
    if (code == ERR_QUORUM)
        return _("no quorum");
    return tests == 0 ? _("asks for no quorum before a round opens") : _("quorum");
}

int session_quorum_put(struct cli *cli, const struct session_view *view)
{
    struct json_object *list = json_object_new_array();
    struct rows rules;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES, 0, &rules);

    cli_put(cli, "quorum", list);
    for (size_t i = 0; code == 0 && i < rules.count; i++) {
        const Comity__V1__RuleVersion *rule = (const Comity__V1__RuleVersion *) rules.list[i];
        Comity__V1__TestResult **results = NULL;
        size_t count = 0;

        if (rule->rule == NULL || !is_in_force(&rules, i, view->session->body))
            continue;
        int found = quorum_of_rule(cli, &view->present, rule->rule, &results, &count);
        if (found != 0 && found != ERR_QUORUM && found != ERR_SCOPE)
            return found;
        struct json_object *entry = json_object_new_object(), *tests = json_object_new_array();
        json_object_object_add(entry, "rule", json_object_new_string(rule->rule->name));
        json_object_object_add(entry, "holds", json_object_new_boolean(found == 0));
        json_object_object_add(entry, "tests", tests);
        json_object_array_add(list, entry);
        say(cli, "By %s: %s.", shown_string(cli, rule->rule->name), quorum_words(found, count));
        for (size_t k = 0; k < count && found != ERR_SCOPE; k++) {
            const char *line = rule_explain_test_in(results[k], language_words, cli->arena);
            if (line == NULL)
                return ERR_MEMORY;
            json_object_array_add(tests, json_object_new_string(line));
            say(cli, "  %s", shown_string(cli, line));
        }
    }
    return code;
}
