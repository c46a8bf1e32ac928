#include "core/machine/roll.h"

#include "core/machine/ballot.h"
#include "core/machine/count.h"

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
    uint32_t offices = 0;

    if (roll->count == gather->room)
        return ERR_CORRUPT;
    for (size_t i = 0; i < entry->n_offices; i++)
        offices |= UINT32_C(1) << entry->offices[i];
    roll->lines[roll->count++] = (struct roll_line){
        .member = entry->member,
        .constituency = entry->constituency,
        .is_present = is_present,
        .is_notified = entry->present_at_open || entry->has_acknowledged,
        .weight = entry->weight,
        .site = entry->site,
        .offices = offices,
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
    if (gather->d->round->rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED)
        code = row_take_answered(gather->d->view, gather->d->arena, TABLE_ROLL, (ProtobufCMessage *) entry);
    if (code == 0 && present != COMITY__V1__PRESENT__PRESENT_AT_OPEN)
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
    line->given = ballot_of_row(ballot).given;
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
    for (size_t i = 0; i < round->n_vacant; i++)
        if (round->vacant[i]->constituency == constituency->number)
            roll->constituencies[roll->constituency_count - 1].vacant = round->vacant[i]->seats;
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

static int gather_options(struct gather *gather)
{
    const Comity__V1__Round *round = gather->d->round;
    struct roll *roll = gather->roll;

    roll->options = decide_alloc(gather->d, round->n_options + 1, sizeof(*roll->options));
    for (size_t i = 0; roll->options && i < round->n_options; i++)
        roll->options[roll->option_count++] = (struct round_option){
            .label = round->options[i]->label,
            .majority = round->options[i]->majority,
            .is_default = round->options[i]->is_default,
        };
    roll->tie_order = round->n_tie_order > 0 ? round->tie_order : NULL;
    return gather->d->code;
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

    (void) key;
    taken->rows = arena_room(taken->d->arena, taken->rows, taken->count, &taken->room, sizeof(*taken->rows));
    if (!taken->rows)
        return ERR_MEMORY;
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

static int gather_sites(struct gather *gather)
{
    struct row_key all = row_key_all(TABLE_SITE);
    struct taken sites = take_rows(gather->d, TABLE_SITE, &all);
    struct roll *roll = gather->roll;

    roll->sites = decide_alloc(gather->d, sites.count + 1, sizeof(*roll->sites));
    for (size_t i = 0; roll->sites && i < sites.count; i++) {
        const Comity__V1__Site *site = (const Comity__V1__Site *) sites.rows[i];
        roll->sites[roll->site_count++] = (struct roll_site){.number = site->number, .name = site->name};
    }
    return gather->d->code;
}

/* All parts of the list that the rule names. */
static struct taken take_list(struct decide *d, const Comity__V1__Rule *rule)
{
    struct row_key name = row_key_name(TABLE_ROLL_LIST, rule->list);
    struct row_key parts;
    struct taken taken = {.d = d};
    uint32_t number = 0;
    int code;

    if (rule->roll != COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        return taken;
    code = name.size > 0 ? row_number(d->view, &name, &number) : 0;
    if (code != 0)
        decide_fail(d, code);
    else if (number == 0)
        decide_refuse(d, ERR_NOT_FOUND, "open_round.rule");
    if (d->code != 0)
        return taken;
    parts = row_key_first(TABLE_ROLL_LIST, number);
    return take_rows(d, TABLE_ROLL_LIST, &parts);
}

/* Has it the roll that a ladder keeps? */
static bool is_same_roll(const Comity__V1__Round *earlier, const Comity__V1__Rule *rule)
{
    return earlier->rule && earlier->rule->roll == rule->roll && strcmp(earlier->rule->list, rule->list) == 0;
}

struct search {
    struct decide *d;
    const Comity__V1__Rule *rule;
    const Comity__V1__Round *found;
};

static int earlier_visit(void *context, struct bytes key, struct bytes value)
{
    struct search *search = context;
    ProtobufCMessage *row;
    int code;

    (void) value;
    if (key.size != 1 + 4 + 4)
        return ERR_CORRUPT;
    code = state_get(search->d->view, search->d->arena, TABLE_ROUND, get_u32(key.data + 5), 0, &row);
    if (code != 0)
        return code == ERR_NOT_FOUND ? ERR_CORRUPT : code;
    if (!is_same_roll((const Comity__V1__Round *) row, search->rule))
        return 0;
    search->found = (const Comity__V1__Round *) row;
    return 1;
}

/* The proposal's first round whose roll @round takes over; NULL: none, or d->code. */
static const Comity__V1__Round *find_frozen(struct decide *d, const Comity__V1__Round *round)
{
    struct row_key rounds = row_key_first(TABLE_ROUND_OF_PROPOSAL, round->proposal);
    struct search search = {.d = d, .rule = round->rule};
    int code = round->rule->frozen == COMITY__V1__FROZEN__FROZEN_LADDER
                   ? view_range(d->view, row_key_view(&rounds), BYTES(NULL, 0), earlier_visit, &search)
                   : 0;

    if (code != 0)
        decide_fail(d, code);
    return d->code == 0 ? search.found : NULL;
}

/* All rows that an attendance is worked out of. */
struct take {
    struct taken seats, presences, constituencies, stand_ins, recusals, sites, members, lists, frozen;
};

static int take_all(struct decide *d, uint32_t session, uint32_t body, const Comity__V1__Round *round,
                    struct take *take)
{
    struct row_key of_proposal = row_key_first(TABLE_RECUSAL, round->proposal);
    struct row_key handed_over = row_key_first(TABLE_STAND_IN, session);
    struct row_key of_body = row_key_first(TABLE_SEAT, body);
    struct row_key of_session = row_key_first(TABLE_PRESENCE, session);
    struct row_key constituencies = row_key_all(TABLE_CONSTITUENCY);
    struct row_key sites = row_key_all(TABLE_SITE);
    struct row_key members = row_key_all(TABLE_MEMBER);
    const Comity__V1__Round *frozen = find_frozen(d, round);
    struct row_key of_round = row_key_first(TABLE_ROLL, frozen ? frozen->number : 0);

    *take = (struct take){
        .seats = take_rows(d, TABLE_SEAT, &of_body),
        .presences = take_rows(d, TABLE_PRESENCE, &of_session),
        .constituencies = take_rows(d, TABLE_CONSTITUENCY, &constituencies),
        .stand_ins = take_rows(d, TABLE_STAND_IN, &handed_over),
        .recusals = take_rows(d, TABLE_RECUSAL, &of_proposal),
        .sites = take_rows(d, TABLE_SITE, &sites),
        .members = take_rows(d, TABLE_MEMBER, &members),
    };
    if (frozen)
        take->frozen = take_rows(d, TABLE_ROLL, &of_round);
    else
        take->lists = take_list(d, round->rule);
    for (size_t i = 0; i < take->presences.count; i++)
        note_actor(d, (Comity__V1__Presence *) take->presences.rows[i]);
    return d->code;
}

int decide_attendance(struct decide *d, uint32_t session, uint32_t body, const Comity__V1__Round *round,
                      struct attendance *ret_attendance)
{
    struct take take;
    int code = take_all(d, session, body, round, &take);
    struct attendance_rows rows = {
#define ROWS(kind, type) (const Comity__V1__##type *const *) take.kind.rows
        .seats = ROWS(seats, Seat),
        .seat_count = take.seats.count,
        .presences = ROWS(presences, Presence),
        .presence_count = take.presences.count,
        .constituencies = ROWS(constituencies, Constituency),
        .constituency_count = take.constituencies.count,
        .stand_ins = ROWS(stand_ins, StandIn),
        .stand_in_count = take.stand_ins.count,
        .recusals = ROWS(recusals, Recusal),
        .recusal_count = take.recusals.count,
        .standings = (const Comity__V1__StandingHeld *const *) round->standings,
        .standing_count = round->n_standings,
        .sites = ROWS(sites, Site),
        .site_count = take.sites.count,
        .members = ROWS(members, Member),
        .member_count = take.members.count,
        .lists = ROWS(lists, RollList),
        .list_count = take.lists.count,
        .frozen = ROWS(frozen, RollEntry),
        .frozen_count = take.frozen.count,
#undef ROWS
    };

    if (code != 0)
        return code;
    code = attendance_of_rule(&rows, round->rule, d->arena, ret_attendance);
    if (code != 0)
        return decide_fail(d, code);
    if (round->rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST && ret_attendance->count == 0)
        return decide_refuse(d, ERR_SCOPE, "open_round.rule");
    return 0;
}

static int entry_offices(struct decide *d, Comity__V1__RollEntry *entry, uint32_t offices)
{
    size_t count = 0;

    entry->offices = decide_alloc(d, 32, sizeof(*entry->offices));
    for (uint32_t office = 1; entry->offices && office < 32; office++)
        if (offices & UINT32_C(1) << office)
            entry->offices[count++] = (Comity__V1__Office) office;
    entry->n_offices = count;
    return d->code;
}

static Comity__V1__RollEntry *entry_of(struct decide *d, const struct attendance *attendance, size_t i)
{
    Comity__V1__RollEntry *entry = decide_new(d, &comity__v1__roll_entry__descriptor);
    const Comity__V1__RollEntry *frozen = attendance->frozen[i];
    const Comity__V1__Seat *seat = attendance->seats[i];
    const struct roll_line *line = &attendance->lines[i];

    if (!entry || (line->offices != 0 && entry_offices(d, entry, line->offices) != 0))
        return NULL;
    entry->member = line->member;
    entry->constituency = line->constituency;
    entry->seat = frozen ? frozen->seat : seat ? seat->number : 0;
    if (frozen)
        entry->stands_for = frozen->stands_for;
    else if (seat && entry->member != seat->holder)
        entry->stands_for = seat->holder;
    entry->present_at_open = line->is_present;
    entry->weight = line->weight;
    entry->site = line->site;
    return entry;
}

/* How many seats of each constituency nobody holds, by number of the constituency. */
static int vacant_take(struct decide *d, const struct attendance *attendance, uint32_t body,
                       Comity__V1__Round *round)
{
    struct row_key of_body = row_key_first(TABLE_SEAT, body);
    struct taken seats = take_rows(d, TABLE_SEAT, &of_body);

    round->vacant = decide_alloc(d, attendance->constituency_count + 1, sizeof(*round->vacant));
    for (size_t i = 0; round->vacant && i < attendance->constituency_count; i++) {
        Comity__V1__SeatsOf *of = decide_new(d, &comity__v1__seats_of__descriptor);
        for (size_t k = 0; of && k < seats.count; k++) {
            const Comity__V1__Seat *seat = (const Comity__V1__Seat *) seats.rows[k];
            of->seats += seat->holder == 0 && seat->constituency == attendance->constituencies[i].number;
        }
        if (of && of->seats > 0) {
            of->constituency = attendance->constituencies[i].number;
            round->vacant[round->n_vacant++] = of;
        }
    }
    return d->code;
}

/* Whoever had left before the first round would be on the roll as well. */
static int recused_take(struct decide *d, const struct attendance *attendance, const Comity__V1__Round *earlier,
                        Comity__V1__Round *round)
{
    size_t before = earlier ? earlier->n_recused : 0;

    round->recused = decide_alloc(d, before + attendance->recused_count, sizeof(*round->recused));
    for (size_t i = 0; round->recused && i < before; i++)
        round->recused[round->n_recused++] = earlier->recused[i];
    for (size_t i = 0; round->recused && i < attendance->recused_count; i++)
        round->recused[round->n_recused++] = attendance->recused[i];
    return d->code;
}

int roll_freeze(struct decide *d, const struct attendance *attendance, uint32_t body,
                Comity__V1__RoundOpened *opened)
{
    Comity__V1__Round *round = opened->round;
    const Comity__V1__Round *earlier = find_frozen(d, round);

    opened->roll = decide_alloc(d, attendance->count, sizeof(*opened->roll));
    for (size_t i = 0; opened->roll && i < attendance->count; i++) {
        opened->roll[i] = entry_of(d, attendance, i);
        if (!opened->roll[i])
            return d->code;
        opened->roll[i]->round = round->number;
    }
    opened->n_roll = attendance->count;
    round->eligible = (uint32_t) attendance->count;
    if (recused_take(d, attendance, earlier, round) != 0)
        return d->code;
    if (earlier) {
        round->n_vacant = earlier->n_vacant;
        round->vacant = earlier->vacant;
    } else if (round->rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS) {
        return vacant_take(d, attendance, body, round);
    }
    return d->code;
}

static int roll_read(struct decide *d, struct roll *ret_roll)
{
    struct gather gather = {.d = d, .roll = ret_roll, .session = d->round->session};
    struct row_key entries = row_key_first(TABLE_ROLL, d->round->number);
    struct row_key ballots = row_key_first(TABLE_BALLOT, d->round->number);

    if (gather_start(&gather, d->round->eligible) != 0 ||
        gather_all(&gather, TABLE_ROLL, &entries, entry_visit) != 0 ||
        gather_all(&gather, TABLE_BALLOT, &ballots, ballot_visit) != 0 ||
        gather_constituencies(&gather) != 0 || gather_sites(&gather) != 0)
        return d->code;
    return gather_options(&gather);
}

/* A ladder can ask for it many times: what ten thousand rows take is taken once. */
int roll_of_round(struct decide *d, struct roll *ret_roll)
{
    if (!d->roll || d->roll_round != d->round->number) {
        struct roll *roll = decide_alloc(d, 1, sizeof(*roll));
        if (!roll || roll_read(d, roll) != 0)
            return d->code;
        d->roll = roll;
        d->roll_round = d->round->number;
    }
    *ret_roll = *d->roll;
    ret_roll->lines = decide_alloc(d, d->roll->count, sizeof(*ret_roll->lines));
    if (ret_roll->lines && d->roll->count > 0)
        memcpy(ret_roll->lines, d->roll->lines, d->roll->count * sizeof(*ret_roll->lines));
    return d->code;
}

struct rule_input roll_input(const struct roll *roll, const Comity__V1__Round *round)
{
    return (struct rule_input){
        .rule = round->rule,
        .lines = roll->lines,
        .line_count = roll->count,
        .constituencies = roll->constituencies,
        .constituency_count = roll->constituency_count,
        .sites = roll->sites,
        .site_count = roll->site_count,
        .options = roll->options,
        .option_count = roll->option_count,
        .tie_order = roll->tie_order,
        .rounds_remain = rounds_remain(round),
    };
}
