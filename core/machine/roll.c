#include "core/machine/roll.h"

/* What the visitors fill. */
struct gather {
    struct decide *d;
    struct roll *roll;
    uint32_t session;
    uint32_t round;
    bool has_seats[CONSTITUENCIES_MAX + 1]; /* by the constituency's number, and so the next one */
    bool has_holders[CONSTITUENCIES_MAX + 1];
    size_t room;
    size_t at; /* the line that the next ballot can belong to */
};

static int gather_presence(const struct gather *gather, uint32_t member, bool *ret_present)
{
    struct row_key key = row_key(TABLE_PRESENCE, gather->session, member);

    return row_exists(gather->d->view, &key, ret_present);
}

static int gather_entry(struct gather *gather, Comity__V1__RollEntry *entry, bool is_present)
{
    struct roll *roll = gather->roll;

    if (roll->count == gather->room)
        return ERR_CORRUPT;
    roll->entries[roll->count] = entry;
    roll->lines[roll->count++] = (struct roll_line){
        .member = entry->member,
        .constituency = entry->constituency,
        .is_present = is_present,
    };
    return 0;
}

static int seat_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Seat *seat = (const Comity__V1__Seat *) row;
    struct gather *gather = context;
    Comity__V1__RollEntry *entry;
    bool is_present;
    int code;

    (void) key;
    if (seat->constituency > CONSTITUENCIES_MAX)
        return ERR_CORRUPT;
    gather->has_seats[seat->constituency] = true;
    if (seat->holder == 0)
        return 0;
    gather->has_holders[seat->constituency] = true;
    code = gather_presence(gather, seat->holder, &is_present);
    if (code != 0)
        return code;
    entry = decide_new(gather->d, &comity__v1__roll_entry__descriptor);
    if (!entry)
        return ERR_MEMORY;
    entry->round = gather->round;
    entry->member = seat->holder;
    entry->constituency = seat->constituency;
    entry->seat = seat->number;
    entry->present_at_open = is_present;
    return gather_entry(gather, entry, is_present);
}

static int entry_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    Comity__V1__RollEntry *entry = (Comity__V1__RollEntry *) row;
    struct gather *gather = context;
    bool is_present = entry->present_at_open;
    int code = 0;

    (void) key;
    if (gather->d->round->rule->present != COMITY__V1__PRESENT__PRESENT_AT_OPEN)
        code = gather_presence(gather, entry->member, &is_present);
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
    line->answer = ballot->answer;
    line->sequence = ballot->sequence;
    return 0;
}

static int constituency_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Constituency *constituency = (const Comity__V1__Constituency *) row;
    bool is_party = constituency->standing == COMITY__V1__STANDING__STANDING_PARTY;
    uint32_t number = constituency->number;
    struct gather *gather = context;
    struct roll *roll = gather->roll;

    (void) key;
    if (number > CONSTITUENCIES_MAX || roll->constituency_count == CONSTITUENCIES_MAX)
        return ERR_CORRUPT;
    if (is_party && gather->has_seats[number] && !gather->has_holders[number])
        roll->lacks_party = true;
    roll->constituencies[roll->constituency_count++] = (struct roll_constituency){
        .number = number,
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
        .entries = decide_alloc(d, room, sizeof(*roll->entries)),
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

int roll_of_seats(struct decide *d, uint32_t session, uint32_t body, uint32_t round, struct roll *ret_roll)
{
    struct gather gather = {.d = d, .roll = ret_roll, .session = session, .round = round};
    const Comity__V1__Body *of = decide_get(d, TABLE_BODY, body, 0);
    struct row_key seats = row_key_first(TABLE_SEAT, body);

    if (!of || gather_start(&gather, of->seats) != 0 ||
        gather_all(&gather, TABLE_SEAT, &seats, seat_visit) != 0)
        return d->code;
    return gather_constituencies(&gather);
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
