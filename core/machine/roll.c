#include "core/machine/roll.h"

/* What the visitors fill. */
struct gather {
    struct decide *d;
    struct roll *roll;
    uint32_t session;
    size_t room;
    size_t at; /* the line that the next ballot can belong to */
};

/* Whoever opens or closes the round is there by that very act. */
static void note_actor(const struct decide *d, Comity__V1__Presence *presence)
{
    if (presence->member == d->actor_number &&
        presence->state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY)
        presence->state = COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;
}

/* Is the member there now, or with EVER: has the member been there? docs/rules.md R-15 */
static int gather_presence(const struct gather *gather, uint32_t member, Comity__V1__Present present,
                           bool *ret_present)
{
    struct decide *d = gather->d;
    ProtobufCMessage *row = NULL;
    int code = state_get(d->view, d->arena, TABLE_PRESENCE, gather->session, member, &row);

    if (code != 0 && code != ERR_NOT_FOUND)
        return code;
    if (row)
        note_actor(d, (Comity__V1__Presence *) row);
    *ret_present = present == COMITY__V1__PRESENT__PRESENT_EVER
                       ? row != NULL
                       : presence_is_present((const Comity__V1__Presence *) row);
    return 0;
}

static int gather_entry(struct gather *gather, const Comity__V1__RollEntry *entry, bool is_present)
{
    struct roll *roll = gather->roll;

    if (roll->count == gather->room)
        return ERR_CORRUPT;
    roll->lines[roll->count++] = (struct roll_line){
        .member = entry->member,
        .constituency = entry->constituency,
        .is_present = is_present,
    };
    return 0;
}

static int entry_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__RollEntry *entry = (const Comity__V1__RollEntry *) row;
    struct gather *gather = context;
    Comity__V1__Present present = gather->d->round->rule->present;
    bool is_present = entry->present_at_open;
    int code = 0;

    (void) key;
    if (present != COMITY__V1__PRESENT__PRESENT_AT_OPEN)
        code = gather_presence(gather, entry->member, present, &is_present);
    return code != 0 ? code : gather_entry(gather, entry, is_present);
}

/* Ballots come in the order of members, as the lines do. */
static int ballot_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Ballot *ballot = (const Comity__V1__Ballot *) row;
    struct gather *gather = context;
    struct roll *roll = gather->roll;
    struct roll_line *line;

    (void) key;
    while (gather->at < roll->count && roll->lines[gather->at].member < ballot->member)
        gather->at++;
    line = &roll->lines[gather->at];
    if (gather->at == roll->count || line->member != ballot->member)
        return ERR_CORRUPT;
    line->has_answered = true;
    line->given.answer = ballot->answer;
    line->sequence = ballot->sequence;
    return 0;
}

static int constituency_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Constituency *constituency = (const Comity__V1__Constituency *) row;
    bool is_party = constituency->standing == COMITY__V1__STANDING__STANDING_PARTY;
    struct gather *gather = context;
    const Comity__V1__Round *round = gather->d->round;
    struct roll *roll = gather->roll;

    (void) key;
    if (roll->constituency_count == CONSTITUENCIES_MAX)
        return ERR_CORRUPT;
    for (size_t i = 0; i < round->n_standings; i++)
        if (round->standings[i]->constituency == constituency->number)
            is_party = round->standings[i]->standing == COMITY__V1__STANDING__STANDING_PARTY;
    roll->constituencies[roll->constituency_count++] = (struct roll_constituency){
        .number = constituency->number,
        .name = constituency->name,
        .side = constituency->side,
        .is_party = is_party,
    };
    return 0;
}

static int gather_start(struct gather *gather, size_t room)
{
    struct roll *roll = gather->roll;
    struct decide *d = gather->d;

    *roll = (struct roll){
        .lines = decide_alloc(d, room + 1, sizeof(*roll->lines)),
        .constituencies = decide_alloc(d, CONSTITUENCIES_MAX, sizeof(*roll->constituencies)),
    };
    gather->room = room;
    return d->code;
}

static int gather_all(struct gather *gather, enum table table, const struct row_key *prefix, row_fn *visit)
{
    int code = row_each(gather->d->view, gather->d->arena, table, prefix, visit, gather);

    return code == 0 ? 0 : decide_fail(gather->d, code);
}

static int gather_constituencies(struct gather *gather)
{
    struct row_key all = row_key_all(TABLE_CONSTITUENCY);

    return gather_all(gather, TABLE_CONSTITUENCY, &all, constituency_visit);
}

/* Rows of one kind, as they come. */
struct taken {
    struct decide *d;
    ProtobufCMessage **rows;
    size_t count, room;
};

static int taken_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    struct taken *taken = context;
    ProtobufCMessage **larger;

    (void) key;
    if (taken->count == taken->room) {
        taken->room = taken->room == 0 ? 64 : 2 * taken->room;
        larger = decide_alloc(taken->d, taken->room, sizeof(*larger));
        if (!larger)
            return ERR_MEMORY;
        if (taken->count > 0)
            memcpy(larger, taken->rows, taken->count * sizeof(*larger));
        taken->rows = larger;
    }
    taken->rows[taken->count++] = (ProtobufCMessage *) row;
    return 0;
}

static struct taken take_rows(struct decide *d, enum table table, const struct row_key *prefix)
{
    struct taken taken = {.d = d};
    int code = d->code == 0 ? row_each(d->view, d->arena, table, prefix, taken_visit, &taken) : 0;

    if (code != 0)
        decide_fail(d, code);
    return taken;
}

int decide_attendance(struct decide *d, uint32_t session, uint32_t body, const Comity__V1__Round *round,
                      struct attendance *ret_attendance)
{
    struct row_key of_proposal = row_key_first(TABLE_RECUSAL, round ? round->proposal : 0);
    struct row_key handed_over = row_key_first(TABLE_STAND_IN, session);
    struct row_key of_body = row_key_first(TABLE_SEAT, body);
    struct row_key of_session = row_key_first(TABLE_PRESENCE, session);
    struct row_key all = row_key_all(TABLE_CONSTITUENCY);
    struct taken seats = take_rows(d, TABLE_SEAT, &of_body);
    struct taken presences = take_rows(d, TABLE_PRESENCE, &of_session);
    struct taken constituencies = take_rows(d, TABLE_CONSTITUENCY, &all);
    struct taken stand_ins = take_rows(d, TABLE_STAND_IN, &handed_over);
    struct taken recusals = take_rows(d, TABLE_RECUSAL, &of_proposal);
    struct attendance_rows rows = {
        .seats = (const Comity__V1__Seat *const *) seats.rows,
        .seat_count = seats.count,
        .presences = (const Comity__V1__Presence *const *) presences.rows,
        .presence_count = presences.count,
        .constituencies = (const Comity__V1__Constituency *const *) constituencies.rows,
        .constituency_count = constituencies.count,
        .stand_ins = (const Comity__V1__StandIn *const *) stand_ins.rows,
        .stand_in_count = stand_ins.count,
        .recusals = (const Comity__V1__Recusal *const *) recusals.rows,
        .recusal_count = recusals.count,
        .standings = round ? (const Comity__V1__StandingHeld *const *) round->standings : NULL,
        .standing_count = round ? round->n_standings : 0,
    };
    size_t i;
    int code;

    for (i = 0; i < presences.count; i++)
        note_actor(d, (Comity__V1__Presence *) presences.rows[i]);
    code = d->code == 0 ? attendance_of(&rows, d->arena, ret_attendance) : d->code;

    return code == 0 || d->code != 0 ? d->code : decide_fail(d, code);
}

Comity__V1__RollEntry **roll_of_seats(struct decide *d, const struct attendance *attendance, uint32_t round)
{
    Comity__V1__RollEntry **entries = decide_alloc(d, attendance->count, sizeof(*entries));
    size_t i;

    for (i = 0; entries && i < attendance->count; i++) {
        entries[i] = decide_new(d, &comity__v1__roll_entry__descriptor);
        if (!entries[i])
            return NULL;
        entries[i]->round = round;
        entries[i]->member = attendance->lines[i].member;
        entries[i]->constituency = attendance->lines[i].constituency;
        entries[i]->seat = attendance->seats[i]->number;
        if (entries[i]->member != attendance->seats[i]->holder)
            entries[i]->stands_for = attendance->seats[i]->holder;
        entries[i]->present_at_open = attendance->lines[i].is_present;
    }
    return entries;
}

int roll_of_round(struct decide *d, struct roll *ret_roll)
{
    struct gather gather = {.d = d, .roll = ret_roll, .session = d->round->session};
    struct row_key entries = row_key_first(TABLE_ROLL, d->round->number);
    struct row_key ballots = row_key_first(TABLE_BALLOT, d->round->number);

    if (gather_start(&gather, d->round->eligible) != 0 ||
        gather_all(&gather, TABLE_ROLL, &entries, entry_visit) != 0 ||
        gather_all(&gather, TABLE_BALLOT, &ballots, ballot_visit) != 0)
        return d->code;
    return gather_constituencies(&gather);
}

struct rule_input roll_input(const struct roll *roll, const Comity__V1__Rule *rule, bool rounds_remain)
{
    return (struct rule_input){
        .rule = rule,
        .lines = roll->lines,
        .line_count = roll->count,
        .constituencies = roll->constituencies,
        .constituency_count = roll->constituency_count,
        .rounds_remain = rounds_remain,
    };
}
