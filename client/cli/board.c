#include "client/cli/board.h"

#include <stdlib.h>

#include "client/cli/names.h"
#include "client/cli/output.h"
#include "core/event.h"

enum { ROWS_PAGE = 1000, EVENTS_PAGE = 200, LIST_ARENA_BYTES = 64 * 1024 * 1024 };

#define LIST(kind) COMITY__V1__LIST_KIND__LIST_KIND_##kind

static const Comity__V1__ListKind KINDS[BOARD_PLACES] = {
    [BOARD_SESSION] = LIST(SESSIONS),
    [BOARD_SEATS] = LIST(SEATS),
    [BOARD_PRESENCES] = LIST(PRESENCES),
    [BOARD_STAND_INS] = LIST(STAND_INS),
    [BOARD_HANDS] = LIST(HANDS),
    [BOARD_TIME_BOXES] = LIST(TIME_BOXES),
    [BOARD_ITEMS] = LIST(ITEMS),
    [BOARD_PROPOSALS] = LIST(PROPOSALS),
    [BOARD_ROUND] = LIST(ROUNDS),
    [BOARD_ROLL] = LIST(ROLL),
    [BOARD_CONSTITUENCIES] = LIST(CONSTITUENCIES),
};

/* Which lists an event of a kind changes; of one that is not named here, all of them. Of a ballot the roll's
 * line is changed in place. */
static const struct {
    Comity__V1__Event__KindCase kind;
    unsigned places;
} CHANGES[] = {
#define AT(place) (1U << (place))
    {COMITY__V1__EVENT__KIND_BALLOT_CAST, 0},
    {COMITY__V1__EVENT__KIND_BALLOT_CONFIRMED, 0},
    {COMITY__V1__EVENT__KIND_ROUND_EXTENDED, AT(BOARD_ROUND)},
    {COMITY__V1__EVENT__KIND_ROUND_ACKNOWLEDGED, 0},
    {COMITY__V1__EVENT__KIND_LIST_SET, 0},
    {COMITY__V1__EVENT__KIND_BALLOTS_ENTERED, AT(BOARD_ROLL)},
    {COMITY__V1__EVENT__KIND_BALLOT_DISPUTED, AT(BOARD_ROLL)},
    {COMITY__V1__EVENT__KIND_MEMBER_CHECKED_IN, AT(BOARD_PRESENCES)},
    {COMITY__V1__EVENT__KIND_ITEM_ADDED, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_PROPOSAL_MADE, 0},
    {COMITY__V1__EVENT__KIND_PROPOSAL_REVISED, AT(BOARD_PROPOSALS)},
    {COMITY__V1__EVENT__KIND_MEMBER_INVITED, 0},
    {COMITY__V1__EVENT__KIND_INVITATION_REDEEMED, 0},
    {COMITY__V1__EVENT__KIND_KEY_ADDED, AT(BOARD_ROUND)},
    {COMITY__V1__EVENT__KIND_RECOVERY_KEY_SET, 0},
    {COMITY__V1__EVENT__KIND_WITNESS_APPOINTED, 0},
    {COMITY__V1__EVENT__KIND_WITNESS_DISMISSED, 0},
    {COMITY__V1__EVENT__KIND_SEAT_ASSIGNED, AT(BOARD_SEATS)},
    {COMITY__V1__EVENT__KIND_SEAT_TERM_ENDED, AT(BOARD_SEATS)},
    {COMITY__V1__EVENT__KIND_SEAT_HANDED_OVER, AT(BOARD_STAND_INS)},
    {COMITY__V1__EVENT__KIND_SEAT_TAKEN_BACK, AT(BOARD_STAND_INS)},
    {COMITY__V1__EVENT__KIND_ROUND_OPENED,
     AT(BOARD_ROUND) | AT(BOARD_ROLL) | AT(BOARD_PROPOSALS) | AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_ROUND_CLOSED, AT(BOARD_ROUND) | AT(BOARD_ROLL) | AT(BOARD_PROPOSALS)},
    {COMITY__V1__EVENT__KIND_DECISION_MADE, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_MEMBER_CHECKED_OUT, AT(BOARD_PRESENCES)},
    {COMITY__V1__EVENT__KIND_MEMBER_AWAY, AT(BOARD_PRESENCES)},
    {COMITY__V1__EVENT__KIND_ROLL_CALLED, AT(BOARD_PRESENCES)},
    {COMITY__V1__EVENT__KIND_HAND_RAISED, AT(BOARD_HANDS) | AT(BOARD_PRESENCES)},
    {COMITY__V1__EVENT__KIND_HAND_LOWERED, AT(BOARD_HANDS)},
    {COMITY__V1__EVENT__KIND_FLOOR_GIVEN, AT(BOARD_HANDS) | AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_FLOOR_YIELDED, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_TIME_BOX_SET, AT(BOARD_TIME_BOXES)},
    {COMITY__V1__EVENT__KIND_TIME_BOX_EXTENDED, AT(BOARD_TIME_BOXES)},
    {COMITY__V1__EVENT__KIND_TIME_BOX_OVER, AT(BOARD_TIME_BOXES)},
    {COMITY__V1__EVENT__KIND_NOTICE_GIVEN, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_AGENDA_ORDERED, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_GROUND_RULES_SET, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_FACILITATORS_NAMED, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_SIDEBAR_PROPOSED, 0},
    {COMITY__V1__EVENT__KIND_SIDEBAR_AGREED, 0},
    {COMITY__V1__EVENT__KIND_SIDEBAR_DECLINED, 0},
    {COMITY__V1__EVENT__KIND_SIDEBAR_ENDED, 0},
    {COMITY__V1__EVENT__KIND_PLUS_DELTA_NOTED, 0},
    {COMITY__V1__EVENT__KIND_RULE_ADOPTED, 0},
    {COMITY__V1__EVENT__KIND_CHARTER_ADOPTED, 0},
    {COMITY__V1__EVENT__KIND_MEMBER_RECUSED, 0},
    {COMITY__V1__EVENT__KIND_ALTERNATES_NAMED, 0},
    /* Problem solving. */
    {COMITY__V1__EVENT__KIND_PHASE_MOVED, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_PHASE_HELD, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_PHASE_RELEASED, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_ITEM_REFERRED, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_ITEM_SET_ASIDE, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_ITEM_WITHDRAWN, AT(BOARD_ITEMS)},
    {COMITY__V1__EVENT__KIND_CONTRIBUTION_MADE, 0},
    {COMITY__V1__EVENT__KIND_CONTRIBUTION_AMENDED, 0},
    {COMITY__V1__EVENT__KIND_CONTRIBUTION_WITHDRAWN, 0},
    {COMITY__V1__EVENT__KIND_CONTRIBUTIONS_APPROVED, 0},
    {COMITY__V1__EVENT__KIND_PROPOSAL_LINKED, 0},
    {COMITY__V1__EVENT__KIND_CONCERN_RAISED, 0},
    {COMITY__V1__EVENT__KIND_CONCERN_SECONDED, 0},
    {COMITY__V1__EVENT__KIND_CONCERN_SETTLED, 0},
    {COMITY__V1__EVENT__KIND_DATA_REQUESTED, 0},
    {COMITY__V1__EVENT__KIND_DATA_ANSWERED, 0},
    {COMITY__V1__EVENT__KIND_FACT_STATED, 0},
    {COMITY__V1__EVENT__KIND_FACT_JUDGED, 0},
    {COMITY__V1__EVENT__KIND_FACT_WITHDRAWN, 0},
    {COMITY__V1__EVENT__KIND_STRAW_POLL_OPENED, 0},
    {COMITY__V1__EVENT__KIND_STRAW_POLL_ANSWERED, 0},
    {COMITY__V1__EVENT__KIND_STRAW_POLL_CLOSED, 0},
    /* Decisions and minutes. Of a decision the screen shows the round that it came of. */
    {COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT, 0},
    {COMITY__V1__EVENT__KIND_DECISION_ENDED, 0},
    {COMITY__V1__EVENT__KIND_REVIEW_DUE, 0},
    {COMITY__V1__EVENT__KIND_DECISION_REVIEWED, 0},
    {COMITY__V1__EVENT__KIND_CLAUSE_SIGNED, 0},
    {COMITY__V1__EVENT__KIND_DECISION_REOPENED, 0},
    {COMITY__V1__EVENT__KIND_OUTCOME_DECLARED, AT(BOARD_ROUND)},
    {COMITY__V1__EVENT__KIND_ACTION_ADDED, 0},
    {COMITY__V1__EVENT__KIND_ACTION_UPDATED, 0},
    {COMITY__V1__EVENT__KIND_MINUTES_DRAFTED, 0},
    {COMITY__V1__EVENT__KIND_MINUTES_CORRECTED, 0},
    {COMITY__V1__EVENT__KIND_MINUTES_APPROVED, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_MINUTES_DISSENTED, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_MINUTES_STOOD, AT(BOARD_SESSION)},
    {COMITY__V1__EVENT__KIND_MANDATE_GIVEN, 0},
    {COMITY__V1__EVENT__KIND_MANDATE_REPORTED, 0},
    {COMITY__V1__EVENT__KIND_MANDATE_REPORT_DUE, 0},
    {COMITY__V1__EVENT__KIND_MANDATE_RECALLED, 0},
    {COMITY__V1__EVENT__KIND_RETENTION_SET, 0},
    {COMITY__V1__EVENT__KIND_TEXTS_HELD, 0},
    {COMITY__V1__EVENT__KIND_HOLD_LIFTED, 0},
    /* Rules and stages. Of a ladder the screen shows where it stands. */
    {COMITY__V1__EVENT__KIND_STAGE_ENTERED, AT(BOARD_PROPOSALS)},
    {COMITY__V1__EVENT__KIND_STAGE_ENDED, AT(BOARD_PROPOSALS)},
    {COMITY__V1__EVENT__KIND_BLOCK_SECONDED, 0},
    {COMITY__V1__EVENT__KIND_CONFERENCE_NOTED, 0},
    {COMITY__V1__EVENT__KIND_CASTING_VOTE_GIVEN, 0},
    {COMITY__V1__EVENT__KIND_ANSWER_ENTERED, 0},
    {COMITY__V1__EVENT__KIND_SIGNED_OFF, 0},
#undef AT
};

int board_init(struct board *board, struct cli *cli, uint32_t session)
{
    *board = (struct board){.cli = cli, .session = session};
    for (size_t i = 0; i < BOARD_PLACES; i++) {
        struct board_list *list = &board->lists[i];
        list->kind = KINDS[i];
        list->is_stale = true;
        list->arena = arena_new(LIST_ARENA_BYTES);
        if (list->arena == NULL)
            return ERR_MEMORY;
    }
    return 0;
}

void board_release(struct board *board)
{
    for (size_t i = 0; i < BOARD_PLACES; i++) {
        arena_destroy(&board->lists[i].arena);
        free(board->lists[i].rows);
        board->lists[i].rows = NULL;
        board->lists[i].count = board->lists[i].room = 0;
    }
}

/* A copy that outlives the page. */
static int list_keep(struct board_list *list, const ProtobufCMessage *row)
{
    struct bytes packed;
    int code;

    if (list->count == list->room) {
        const size_t room = list->room == 0 ? 32 : 2 * list->room;
        ProtobufCMessage **larger = realloc(list->rows, room * sizeof(ProtobufCMessage *));
        if (larger == NULL)
            return ERR_MEMORY;
        list->rows = larger;
        list->room = room;
    }
    code = message_pack(row, list->arena, &packed);
    if (code == 0)
        code = message_unpack_trusted(row->descriptor, packed, list->arena, &list->rows[list->count]);
    if (code == 0)
        list->count++;
    return code;
}

/* All pages. A record that went back is shown as it is. */
static int list_read(struct board *board, struct board_list *list, uint32_t parent, uint32_t number)
{
    Comity__V1__List of = COMITY__V1__LIST__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;

    arena_reset(list->arena);
    list->count = 0;
    list->prose = prose_new(list->arena);
    if (list->prose == NULL)
        return ERR_MEMORY;
    of.kind = list->kind;
    of.parent = parent;
    of.number = number;
    query.kind_case = COMITY__V1__QUERY__KIND_LIST;
    query.list = &of;
    query.limit = ROWS_PAGE;
    query.floor = 1;
    for (;;) {
        const Comity__V1__Answer *answer;
        int code = desk_page(board->cli, &query, &answer);
        if (code != 0)
            return code;
        struct rows rows = rows_of_answer(answer, list->kind);
        for (size_t i = 0; code == 0 && i < rows.count; i++)
            code = list_keep(list, rows.list[i]);
        if (code == 0)
            code = prose_add(list->prose, answer->texts, answer->n_texts);
        if (code != 0)
            return code;
        if (answer->next_cursor.len == 0)
            break;
        query.cursor.len = answer->next_cursor.len;
        query.cursor.data = arena_copy(list->arena, answer->next_cursor.data, answer->next_cursor.len);
        if (query.cursor.data == NULL)
            return ERR_MEMORY;
    }
    list->is_stale = false;
    return 0;
}

static const ProtobufCMessage *first_of(const struct board *board, enum board_place place)
{
    return board->lists[place].count == 0 ? NULL : board->lists[place].rows[0];
}

const Comity__V1__Session *board_session(const struct board *board)
{
    return (const Comity__V1__Session *) first_of(board, BOARD_SESSION);
}

const Comity__V1__Round *board_round(const struct board *board)
{
    return board->round == 0 ? NULL : (const Comity__V1__Round *) first_of(board, BOARD_ROUND);
}

const Comity__V1__Item *board_item(const struct board *board, uint32_t number)
{
    const struct board_list *items = &board->lists[BOARD_ITEMS];

    for (size_t i = 0; i < items->count; i++)
        if (((const Comity__V1__Item *) items->rows[i])->number == number)
            return (const Comity__V1__Item *) items->rows[i];
    return NULL;
}

const Comity__V1__Item *board_item_in_hand(const struct board *board)
{
    const struct board_list *items = &board->lists[BOARD_ITEMS], *boxes = &board->lists[BOARD_TIME_BOXES];
    const Comity__V1__Proposal *proposal = board_proposal(board);
    const Comity__V1__Round *round = board_round(board);
    const Comity__V1__Item *last = NULL;

    for (size_t i = 0; i < boxes->count; i++) {
        const Comity__V1__TimeBox *box = (const Comity__V1__TimeBox *) boxes->rows[i];
        if ((box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING ||
             box->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD) &&
            board_item(board, box->item) != NULL)
            return board_item(board, box->item);
    }
    if (round != NULL && proposal != NULL && round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN &&
        board_item(board, proposal->item) != NULL)
        return board_item(board, proposal->item);
    for (size_t i = 0; i < items->count; i++) {
        const Comity__V1__Item *item = (const Comity__V1__Item *) items->rows[i];
        if (last == NULL || item->phase_since_ms > last->phase_since_ms)
            last = item;
    }
    return last;
}

const Comity__V1__Proposal *board_proposal(const struct board *board)
{
    return board_round(board) == NULL ? NULL
                                      : (const Comity__V1__Proposal *) first_of(board, BOARD_PROPOSALS);
}

const char *board_shown(const struct board *board, enum board_place place, const Comity__V1__TextRef *text)
{
    const char *prose = text == NULL ? NULL : prose_find(board->lists[place].prose, text);

    return prose == NULL ? "(withheld)" : shown_string(board->cli, prose);
}

/* The round that is open in the session, or the one that was last: looked for once, then events tell. */
static int find_round(struct board *board)
{
    struct board_list rounds = {.kind = LIST(ROUNDS), .arena = arena_new(LIST_ARENA_BYTES)};
    int code = rounds.arena == NULL ? ERR_MEMORY : list_read(board, &rounds, 0, 0);

    for (size_t i = 0; code == 0 && i < rounds.count; i++) {
        const Comity__V1__Round *round = (const Comity__V1__Round *) rounds.rows[i];
        if (round->session == board->session)
            board->round = round->number;
    }
    arena_destroy(&rounds.arena);
    free(rounds.rows);
    return code;
}

/* What a list is asked for by, besides its kind; false where there is nothing to ask. */
static bool list_is_of(const struct board *board, enum board_place place, uint32_t *ret_parent,
                       uint32_t *ret_number)
{
    const Comity__V1__Session *session = board_session(board);
    const Comity__V1__Round *round = board_round(board);

    *ret_parent = *ret_number = 0;
    switch (place) {
    case BOARD_SESSION:
        *ret_number = board->session;
        return true;
    case BOARD_SEATS:
        *ret_parent = session == NULL ? 0 : session->body;
        return session != NULL;
    case BOARD_PROPOSALS:
        *ret_number = round == NULL ? 0 : round->proposal;
        return round != NULL;
    case BOARD_ROUND:
        *ret_number = board->round;
        return board->round != 0;
    case BOARD_ROLL:
        *ret_parent = board->round;
        return board->round != 0;
    case BOARD_CONSTITUENCIES:
        return true;
    default:
        *ret_parent = board->session;
        return true;
    }
}

static int read_stale(struct board *board)
{
    /* The round before its proposal, the session before its seats. */
    static const enum board_place ORDER[] = {
        BOARD_SESSION,    BOARD_ROUND, BOARD_SEATS, BOARD_PRESENCES, BOARD_STAND_INS,      BOARD_HANDS,
        BOARD_TIME_BOXES, BOARD_ITEMS, BOARD_ROLL,  BOARD_PROPOSALS, BOARD_CONSTITUENCIES,
    };
    int code = 0;

    for (size_t i = 0; code == 0 && i < ARRAY_COUNT(ORDER); i++) {
        struct board_list *list = &board->lists[ORDER[i]];
        uint32_t parent, number;
        if (list->is_stale && list_is_of(board, ORDER[i], &parent, &number))
            code = list_read(board, list, parent, number);
    }
    if (code == 0 && board_session(board) == NULL)
        code = cli_fail(board->cli, ERR_NOT_FOUND, "comity session list", "There is no session %u.",
                        board->session);
    return code;
}

static void make_stale(struct board *board, unsigned places)
{
    for (unsigned i = 0; i < BOARD_PLACES; i++)
        board->lists[i].is_stale |= (places >> i & 1) != 0;
}

/* Somebody has answered. */
static void take_ballot(struct board *board, const Comity__V1__BallotCast *cast)
{
    const struct board_list *roll = &board->lists[BOARD_ROLL];

    for (size_t i = 0; cast->round == board->round && board_round(board) != NULL && i < roll->count; i++) {
        Comity__V1__RollEntry *entry = (Comity__V1__RollEntry *) roll->rows[i];
        if (entry->member == cast->member && !entry->has_answered) {
            entry->has_answered = true;
            ((Comity__V1__Round *) board->lists[BOARD_ROUND].rows[0])->answered++;
        }
    }
}

/* Any act in the session is a sign that somebody is back. Of an act by which somebody goes, the presences are
 * read again. */
static void take_sign_of_life(struct board *board, const Comity__V1__Event *event)
{
    const struct board_list *presences = &board->lists[BOARD_PRESENCES];
    const Comity__V1__Session *session = board_session(board);

    if (session == NULL || event->session != board->session ||
        session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
        return;
    for (size_t i = 0; i < presences->count; i++) {
        Comity__V1__Presence *presence = (Comity__V1__Presence *) presences->rows[i];
        if (presence->member == event->actor &&
            presence->state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY)
            presence->state = COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;
    }
}

static void take_event(struct board *board, const Comity__V1__Event *event)
{
    if (event->kind_case == COMITY__V1__EVENT__KIND_ROUND_OPENED && event->round_opened->round != NULL &&
        event->round_opened->round->session == board->session)
        board->round = event->round_opened->round->number;
    if (event->kind_case == COMITY__V1__EVENT__KIND_BALLOT_CAST)
        take_ballot(board, event->ballot_cast);
    take_sign_of_life(board, event);
    for (size_t i = 0; i < ARRAY_COUNT(CHANGES); i++) {
        if (CHANGES[i].kind != event->kind_case)
            continue;
        make_stale(board, CHANGES[i].places);
        return;
    }
    make_stale(board, UINT32_MAX);
}

static int take_record(struct board *board, const Comity__V1__EventRecord *record)
{
    ProtobufCMessage *event = NULL;
    struct event_header header;

    if (event_record_check(record, &header) != 0 || header.sequence != board->as_of + 1)
        return cli_fail(board->cli, ERR_CORRUPT, NULL,
                        "Number %llu of the record does not fit its own hashes.",
                        (unsigned long long) board->as_of + 1);
    for (size_t i = 0; i < record->n_parts; i++) {
        const Comity__V1__Part *part = record->parts[i];
        if (part->kind == COMITY__V1__PART_KIND__PART_KIND_OPEN &&
            message_unpack_trusted(&comity__v1__event__descriptor,
                                   BYTES(part->content.data, part->content.len), desk_page_arena(board->cli),
                                   &event) == 0)
            take_event(board, (const Comity__V1__Event *) event);
    }
    board->as_of++;
    return 0;
}

/* All of it anew: at the start, and after a restore from a backup. */
static int begin(struct board *board, const Comity__V1__Answer *answer)
{
    if (board->epoch != 0)
        names_forget(board->cli);
    board->epoch = answer->epoch;
    board->as_of = answer->as_of;
    board->round = 0;
    make_stale(board, UINT32_MAX);
    return find_round(board);
}

static int read_on(struct board *board)
{
    for (;;) {
        Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
        Comity__V1__Query query = COMITY__V1__QUERY__INIT;
        const Comity__V1__Answer *answer;
        events.from = board->as_of + 1;
        query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
        query.events = &events;
        query.limit = EVENTS_PAGE;
        query.floor = 1;
        int code = desk_page(board->cli, &query, &answer);
        if (code != 0)
            return code;
        if (answer->epoch != board->epoch)
            return begin(board, answer);
        const bool has_more = answer->next_cursor.len > 0 && answer->n_events > 0;
        for (size_t i = 0; code == 0 && i < answer->n_events; i++)
            code = take_record(board, answer->events[i]);
        if (code != 0 || !has_more)
            return code;
    }
}

int board_refresh(struct board *board)
{
    int code = read_on(board);

    return code == 0 ? read_stale(board) : code;
}

struct attendance_rows board_rows_present(const struct board *board)
{
    const struct board_list *lists = board->lists;

    return (struct attendance_rows){
        .seats = (const Comity__V1__Seat *const *) lists[BOARD_SEATS].rows,
        .seat_count = lists[BOARD_SEATS].count,
        .presences = (const Comity__V1__Presence *const *) lists[BOARD_PRESENCES].rows,
        .presence_count = lists[BOARD_PRESENCES].count,
        .constituencies = (const Comity__V1__Constituency *const *) lists[BOARD_CONSTITUENCIES].rows,
        .constituency_count = lists[BOARD_CONSTITUENCIES].count,
        .stand_ins = (const Comity__V1__StandIn *const *) lists[BOARD_STAND_INS].rows,
        .stand_in_count = lists[BOARD_STAND_INS].count,
    };
}

int board_attendance(const struct board *board, struct arena *arena, struct attendance *ret_attendance)
{
    const struct attendance_rows rows = board_rows_present(board);

    return attendance_of(&rows, arena, ret_attendance);
}
