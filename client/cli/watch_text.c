#include "client/cli/watch_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "client/cli/finality.h"
#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/quorum.h"
#include "client/cli/rule_text.h"
#include "client/cli/session.h"
#include "core/machine/phase.h"
#include "core/machine/queue.h"

enum { NAMES_SHOWN = 8 };

struct writing {
    const struct board *board;
    struct cli *cli;
    struct watch_text *text;
    int64_t now_ms;
};

static void put(struct writing *w, const char *label, const char *text, const char *still)
{
    if (w->text->count < WATCH_LINES_MAX && text != NULL && still != NULL)
        w->text->lines[w->text->count++] = (struct watch_line){label[0] == '\0' ? "" : _(label), text, still};
}

static void line(struct writing *w, const char *label, const char *text)
{
    put(w, label, text, text);
}

/* Some names, and how many more. */
static const char *some_names(struct cli *cli, const uint32_t *members, size_t count)
{
    const char *names[NAMES_SHOWN] = {NULL};
    const size_t shown_count = count < NAMES_SHOWN ? count : NAMES_SHOWN;

    for (size_t i = 0; i < shown_count; i++)
        names[i] = name_of_member(cli, members[i]);
    const char *list = shown_list(cli, names, shown_count);
    return count == shown_count ? list : phrase(cli, "%s and %zu more", list, count - shown_count);
}

static const char *state_text(const struct writing *w, const Comity__V1__Session *session)
{
    struct cli *cli = w->cli;

    switch (session->state) {
    case COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT:
        return _("a draft");
    case COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED:
        return phrase(cli, "convened for %s", shown_time(cli, session->starts_ms));
    case COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN:
        return phrase(cli, "open since %s", shown_time(cli, session->opened_ms));
    case COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED:
        return phrase(cli, "closed %s", shown_time(cli, session->closed_ms));
    case COMITY__V1__SESSION_STATE__SESSION_STATE_MINUTED:
        return phrase(cli, "closed %s, with minutes in force", shown_time(cli, session->closed_ms));
    default:
        return "?";
    }
}

static void put_session(struct writing *w)
{
    struct cli *cli = w->cli;
    const Comity__V1__Session *session = board_session(w->board);
    const Comity__V1__Pause *pause = session->pause;

    line(w, N_("Session"),
         phrase(cli, "%" PRIu32 " of %s, %s: %s", session->number, name_of_body(cli, session->body),
                state_text(w, session), board_shown(w->board, BOARD_SESSION, session->title)));
    if (pause == NULL)
        return;
    const char *who = pause->kind == COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS
                          ? phrase(cli, "caucus of %s", name_of_constituency(cli, pause->constituency))
                          : _("recess");
    const char *still = pause->until_ms == 0
                            ? phrase(cli, "%s since %s", who, shown_time(cli, pause->since_ms))
                            : phrase(cli, "%s until %s", who, shown_time(cli, pause->until_ms));
    put(w, N_("Pause"),
        pause->until_ms > w->now_ms
            ? phrase(cli, "%s, in %s", still, shown_span(cli, pause->until_ms - w->now_ms))
            : still,
        still);
}

static void put_presence(struct writing *w, const struct attendance *attendance)
{
    struct cli *cli = w->cli;
    const struct board_list *presences = &w->board->lists[BOARD_PRESENCES];
    uint32_t *away = arena_alloc(cli->arena, (presences->count + 1) * sizeof(*away));
    const char *groups = "", *sites = "";
    size_t present = 0, away_count = 0;

    for (size_t i = 0; i < attendance->count; i++)
        present += attendance->lines[i].is_present;
    for (size_t i = 0; i < attendance->constituency_count; i++) {
        const struct attendance_group *group = &attendance->by_constituency[i];
        if (group->seats > 0)
            groups = phrase(cli, "%s%s%s %" PRIu32 " of %" PRIu32, groups, *groups ? ", " : "",
                            name_of_constituency(cli, group->number), group->present, group->seats);
    }
    for (size_t i = 0; i < attendance->site_count; i++) {
        const struct attendance_group *group = &attendance->by_site[i];
        sites = arena_printf(cli->arena, "%s%s%s %" PRIu32, sites, *sites ? ", " : "",
                             name_of_site(cli, group->number), group->present + group->guests);
    }
    for (size_t i = 0; away != NULL && i < presences->count; i++) {
        const Comity__V1__Presence *presence = (const Comity__V1__Presence *) presences->rows[i];
        if (presence->state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY)
            away[away_count++] = presence->member;
    }
    line(w, N_("Present"), phrase(cli, "%zu of %zu who hold a seat: %s", present, attendance->count, groups));
    if (*sites != '\0')
        line(w, N_("From"), sites);
    if (away_count > 0)
        line(w, N_("Away"), some_names(cli, away, away_count));
}

static int put_quorum(struct writing *w)
{
    const struct attendance_rows present = board_rows_present(w->board);
    struct cli *cli = w->cli;
    const Comity__V1__Round *round = board_round(w->board);
    Comity__V1__TestResult **results = NULL;
    size_t count = 0;

    if (round == NULL || round->rule == NULL)
        return 0;
    int code = quorum_of_rule(cli, &present, round->rule, &results, &count);
    if (code != 0 && code != ERR_QUORUM && code != ERR_SCOPE)
        return code;
    line(w, N_("Quorum"),
         code == 0 ? phrase(cli, "there is one, by the rule %s", shown_string(cli, round->rule->name))
                   : phrase(cli, "there is none, by the rule %s", shown_string(cli, round->rule->name)));
    for (size_t i = 0; code != ERR_SCOPE && i < count; i++)
        if (outcome_test(cli, results[i]) != NULL)
            line(w, "", outcome_test(cli, results[i]));
    return 0;
}

static void put_time_boxes(struct writing *w)
{
    struct cli *cli = w->cli;
    const struct board_list *boxes = &w->board->lists[BOARD_TIME_BOXES];

    for (size_t i = 0; i < boxes->count; i++) {
        const Comity__V1__TimeBox *box = (const Comity__V1__TimeBox *) boxes->rows[i];
        const Comity__V1__Item *item = board_item(w->board, box->item);
        const char *what = phrase(cli, "item %" PRIu32 ", %s", box->item,
                                  item == NULL ? "?" : board_shown(w->board, BOARD_ITEMS, item->title));
        if (box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING)
            put(w, N_("Time"), phrase(cli, "%s: %s left", what, shown_span(cli, box->ends_ms - w->now_ms)),
                phrase(cli, "%s: until %s", what, shown_time(cli, box->ends_ms)));
        else if (box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD)
            line(w, N_("Time"), phrase(cli, "%s: stopped, %s left", what, shown_span(cli, box->left_ms)));
    }
}

/* What is talked about, and where it is. */
static void put_item(struct writing *w)
{
    struct cli *cli = w->cli;
    const Comity__V1__Item *item = board_item_in_hand(w->board);

    if (item == NULL)
        return;
    line(w, N_("Item"),
         phrase(cli, "%" PRIu32 ", %s: phase %s", item->number,
                board_shown(w->board, BOARD_ITEMS, item->title), phase_name(item_phase(item))));
    if (item->hold != NULL)
        line(w, N_("Held"),
             phrase(cli, "by %s, for %s: %s", name_of_member(cli, item->hold->member),
                    shown_string(cli, item->hold->side),
                    board_shown(w->board, BOARD_ITEMS, item->hold->reason)));
}

static void put_floor(struct writing *w)
{
    struct cli *cli = w->cli;
    const Comity__V1__Session *session = board_session(w->board);
    const struct board_list *rows = &w->board->lists[BOARD_HANDS];
    struct queue_hand *hands = arena_alloc(cli->arena, (rows->count + 1) * sizeof(*hands));
    uint32_t *members = arena_alloc(cli->arena, (rows->count + 1) * sizeof(*members));
    const Comity__V1__Floor *floor = session->floor;
    size_t count = 0;

    for (size_t i = 0; hands != NULL && members != NULL && i < rows->count; i++) {
        const Comity__V1__Hand *hand = (const Comity__V1__Hand *) rows->rows[i];
        if (hand->raised != 0)
            hands[count++] =
                (struct queue_hand){hand->member, hand->raised, side_of_member(cli, hand->member)};
    }
    queue_sort(hands, count,
               session->ground_rules == NULL ? COMITY__V1__QUEUE_ORDER__QUEUE_ORDER_RAISED
                                             : session->ground_rules->queue,
               floor == NULL || floor->last == 0 ? NULL : side_of_member(cli, floor->last));
    for (size_t i = 0; i < count; i++)
        members[i] = hands[i].member;
    if (floor != NULL && floor->member != 0)
        line(w, N_("Speaks"), name_of_member(cli, floor->member));
    if (count > 0)
        line(w, N_("Queue"), some_names(cli, members, count));
}

static void put_answered(struct writing *w, const Comity__V1__Round *round)
{
    struct cli *cli = w->cli;
    const struct board_list *roll = &w->board->lists[BOARD_ROLL];
    uint32_t *waiting = arena_alloc(cli->arena, (roll->count + 1) * sizeof(*waiting));
    size_t count = 0;

    for (size_t i = 0; waiting != NULL && i < roll->count; i++) {
        const Comity__V1__RollEntry *entry = (const Comity__V1__RollEntry *) roll->rows[i];
        if (!entry->has_answered)
            waiting[count++] = entry->member;
    }
    line(w, N_("Answered"),
         count == 0 ? phrase(cli, "all %" PRIu32, round->eligible)
                    : phrase(cli, "%zu of %zu; not yet: %s", roll->count - count, roll->count,
                             some_names(cli, waiting, count)));
}

/* Where the ladder of the round's proposal stands. */
static void put_stage(struct writing *w, const Comity__V1__Proposal *proposal)
{
    struct cli *cli = w->cli;

    if (proposal == NULL)
        return;
    if (proposal->stage != 0)
        line(
            w, N_("Stage"),
            phrase(cli, "%" PRIu32 " is open: comity stage show %" PRIu32, proposal->stage, proposal->stage));
    if (proposal->outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
        line(w, N_("It stands"), outcome_word(proposal->outcome));
}

/* What is asked, and what holds its close up. */
static void put_asked(struct writing *w, const Comity__V1__Round *round)
{
    struct cli *cli = w->cli;
    const char **labels = arena_alloc(cli->arena, (round->n_options + 1) * sizeof(*labels));

    for (size_t i = 0; labels != NULL && i < round->n_options; i++)
        labels[i] = shown_string(cli, round->options[i]->label);
    if (round->question != NULL)
        line(w, N_("Asked"), board_shown(w->board, BOARD_ROUND, round->question));
    if (labels != NULL && round->n_options > 0)
        line(w, N_("Options"), shown_choice(cli, labels, round->n_options));
    if (round->earliest_ms > w->now_ms)
        line(w, N_("Notice"),
             phrase(cli, "it does not close before %s", shown_time(cli, round->earliest_ms)));
    if (round->extended_ms != 0)
        line(w, N_("Extended"),
             phrase(cli, "there was no quorum at %s", shown_time(cli, round->extended_ms)));
}

static void put_round(struct writing *w)
{
    struct cli *cli = w->cli;
    const Comity__V1__Round *round = board_round(w->board);
    const Comity__V1__Proposal *proposal = board_proposal(w->board);

    if (round == NULL) {
        line(w, N_("Round"), _("none yet"));
        return;
    }
    const char *what = phrase(
        cli, "%" PRIu32 " on %s, version %" PRIu32, round->number,
        proposal == NULL ? "?" : board_shown(w->board, BOARD_PROPOSALS, proposal->title), round->version);
    if (round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN) {
        const char *still =
            phrase(cli, "%s; closes %s", what, rule_closing(cli, round->rule, round->closes_ms));
        put(w, N_("Round"),
            phrase(cli, "%s; open for %s", still, shown_span(cli, w->now_ms - round->opened_ms)), still);
        put_answered(w, round);
        put_asked(w, round);
        return;
    }
    line(w, N_("Round"), phrase(cli, "%s: closed", what));
    if (round->outcome == NULL)
        return;
    line(w, N_("Outcome"),
         arena_printf(cli->arena, "%s. %s", outcome_word(round->outcome->kind),
                      _(outcome_sentence(round->outcome))));
    struct told tests = outcome_tests(cli, round, round->outcome);
    for (size_t i = 0; i < tests.count; i++)
        line(w, "", tests.lines[i]);
    put_stage(w, proposal);
}

static void put_sent(struct writing *w)
{
    const char *label = N_("Outbox");

    for (size_t i = 0; i < BOARD_SENT_MAX; i++)
        if (w->board->sent[i][0] != '\0') {
            line(w, label, w->board->sent[i]);
            label = "";
        }
}

int watch_text_make(const struct board *board, int64_t now_ms, struct watch_text *ret_text)
{
    struct writing w = {.board = board, .cli = board->cli, .text = ret_text, .now_ms = now_ms};
    struct attendance attendance;
    int code = board_attendance(board, board->cli->arena, &attendance);

    ret_text->count = 0;
    if (code != 0)
        return code;
    put_session(&w);
    put_presence(&w, &attendance);
    code = put_quorum(&w);
    if (code != 0)
        return code;
    put_item(&w);
    put_time_boxes(&w);
    put_floor(&w);
    put_round(&w);
    if (board->finality[0] != '\0')
        line(&w, N_("Record"), board->finality);
    put_sent(&w);
    return 0;
}

static struct json_object *group_json(const struct attendance_group *group, const char *name)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, name, json_object_new_int64(group->number));
    json_object_object_add(row, "seats", json_object_new_int64(group->seats));
    json_object_object_add(row, "held", json_object_new_int64(group->held));
    json_object_object_add(row, "present", json_object_new_int64(group->present));
    json_object_object_add(row, "away", json_object_new_int64(group->away));
    json_object_object_add(row, "guests", json_object_new_int64(group->guests));
    return row;
}

static const char *prose_of(void *context, const Comity__V1__TextRef *reference)
{
    return prose_find(context, reference);
}

static struct json_object *row_json(const struct board *board, enum board_place place,
                                    const ProtobufCMessage *row)
{
    return row == NULL ? NULL : message_to_json(row, prose_of, board->lists[place].prose);
}

static struct json_object *rows_json(const struct board *board, enum board_place place)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < board->lists[place].count; i++)
        json_object_array_add(array, row_json(board, place, board->lists[place].rows[i]));
    return array;
}

static struct json_object *waiting_json(const struct board *board)
{
    struct json_object *waiting = json_object_new_array();
    const Comity__V1__Round *round = board_round(board);

    for (size_t i = 0; round != NULL && round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN &&
                       i < board->lists[BOARD_ROLL].count;
         i++) {
        const Comity__V1__RollEntry *entry = (const Comity__V1__RollEntry *) board->lists[BOARD_ROLL].rows[i];
        if (!entry->has_answered)
            json_object_array_add(waiting, json_object_new_int64(entry->member));
    }
    return waiting;
}

struct json_object *watch_json(const struct board *board)
{
    struct json_object *document = json_object_new_object();
    struct json_object *constituencies = json_object_new_array(), *sites = json_object_new_array();
    struct attendance attendance = {0};
    size_t present = 0;

    if (board_attendance(board, board->cli->arena, &attendance) != 0)
        attendance = (struct attendance){0};
    for (size_t i = 0; i < attendance.count; i++)
        present += attendance.lines[i].is_present;
    for (size_t i = 0; i < attendance.constituency_count; i++)
        json_object_array_add(constituencies, group_json(&attendance.by_constituency[i], "constituency"));
    for (size_t i = 0; i < attendance.site_count; i++)
        json_object_array_add(sites, group_json(&attendance.by_site[i], "site"));
    json_object_object_add(document, "as_of", json_object_new_uint64(board->as_of));
    json_object_object_add(document, "epoch", json_object_new_int64(board->epoch));
    json_object_object_add(document, "session", row_json(board, BOARD_SESSION, &board_session(board)->base));
    json_object_object_add(document, "present", json_object_new_uint64(present));
    json_object_object_add(document, "eligible", json_object_new_uint64(attendance.count));
    json_object_object_add(document, "constituencies", constituencies);
    json_object_object_add(document, "sites", sites);
    json_object_object_add(document, "item",
                           board_item_in_hand(board) == NULL
                               ? NULL
                               : row_json(board, BOARD_ITEMS, &board_item_in_hand(board)->base));
    json_object_object_add(document, "time_boxes", rows_json(board, BOARD_TIME_BOXES));
    json_object_object_add(document, "hands", rows_json(board, BOARD_HANDS));
    json_object_object_add(
        document, "round",
        board_round(board) == NULL ? NULL : row_json(board, BOARD_ROUND, &board_round(board)->base));
    json_object_object_add(document, "waiting", waiting_json(board));
    json_object_object_add(document, "finality", finality_json(board->cli));
    return document;
}
