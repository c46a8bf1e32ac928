/* What events do to the state: one row of EVENTS a kind. The first error sticks and later steps do nothing,
 * so that an apply function reads straight down. An event that lacks a piece, or names a row that is not
 * there, is ERR_INTERNAL: machine_decide makes none, a foreign record may. */
#include <stdlib.h>

#include "core/error.h"
#include "core/machine/machine.h"
#include "core/machine/row.h"
#include "core/rule/rule.h"

struct apply {
    const struct view *view;
    const struct machine_event *event;
    struct arena *arena;
    int code;
};

static void apply_fail(struct apply *a, int code)
{
    if (a->code == 0)
        a->code = code == ERR_NOT_FOUND ? ERR_INTERNAL : code;
}

/* NULL with a->code set where there is none. */
static void *apply_get(struct apply *a, enum table table, uint32_t number, uint32_t second)
{
    ProtobufCMessage *row = NULL;
    int code;

    if (a->code != 0)
        return NULL;
    code = state_get(a->view, a->arena, table, number, second, &row);
    apply_fail(a, code);
    return code == 0 ? row : NULL;
}

static void *apply_get_by_key(struct apply *a, enum table table, ProtobufCBinaryData key)
{
    ProtobufCMessage *row = NULL;
    int code = ERR_INTERNAL;

    if (a->code != 0)
        return NULL;
    if (key.len == KEY_SIZE)
        code = state_get_by_key(a->view, a->arena, table, key.data, &row);
    apply_fail(a, code);
    return code == 0 ? row : NULL;
}

static void apply_put(struct apply *a, enum table table, uint32_t number, uint32_t second,
                      const ProtobufCMessage *row)
{
    if (a->code == 0)
        apply_fail(a, state_put(a->view, a->arena, table, number, second, row));
}

/* A row whose key is its own. */
#define APPLY_PUT_KEYED(a, table, row) apply_put(a, table, 0, 0, &(row)->base)

static void apply_put_number(struct apply *a, struct row_key key, uint32_t number)
{
    if (a->code == 0 && key.size == 0)
        a->code = ERR_INTERNAL;
    if (a->code == 0)
        apply_fail(a, row_put_number(a->view, &key, number));
}

static uint32_t apply_get_number(struct apply *a, struct row_key key)
{
    uint32_t number = 0;

    if (a->code == 0)
        apply_fail(a, row_number(a->view, &key, &number));
    return number;
}

static void apply_delete(struct apply *a, struct row_key key)
{
    if (a->code == 0)
        apply_fail(a, view_delete(a->view, row_key_view(&key)));
}

/* A new thing of a numbered table: its row, and the number as the last that was given. */
static void apply_create(struct apply *a, enum table table, uint32_t number, const ProtobufCMessage *row)
{
    apply_put(a, table, number, 0, row);
    apply_put_number(a, row_key_counter(table), number);
}

static void apply_name(struct apply *a, enum table table, const char *name, uint32_t number)
{
    apply_put_number(a, row_key_name(table, name), number);
}

static void put_constituency(struct apply *a, const Comity__V1__Constituency *constituency)
{
    apply_create(a, TABLE_CONSTITUENCY, constituency->number, &constituency->base);
    apply_name(a, TABLE_CONSTITUENCY, constituency->name, constituency->number);
}

static void put_site(struct apply *a, const Comity__V1__Site *site)
{
    apply_create(a, TABLE_SITE, site->number, &site->base);
    apply_name(a, TABLE_SITE, site->name, site->number);
}

static void put_roster(struct apply *a, Comity__V1__Member *const *members, size_t n_members,
                       Comity__V1__Key *const *keys, size_t n_keys)
{
    size_t i;

    for (i = 0; i < n_members; i++)
        apply_create(a, TABLE_MEMBER, members[i]->number, &members[i]->base);
    for (i = 0; i < n_keys; i++)
        APPLY_PUT_KEYED(a, TABLE_KEY, keys[i]);
}

static void apply_founded(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__PartnershipFounded *founded = open->partnership_founded;
    size_t i;

    if (!founded->partnership) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_put(a, TABLE_PARTNERSHIP, 0, 0, &founded->partnership->base);
    for (i = 0; i < founded->n_constituencies; i++)
        put_constituency(a, founded->constituencies[i]);
    for (i = 0; i < founded->n_sites; i++)
        put_site(a, founded->sites[i]);
    put_roster(a, founded->members, founded->n_members, founded->keys, founded->n_keys);
}

static void apply_admitted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ConstituencyAdmitted *admitted = open->constituency_admitted;

    if (!admitted->constituency) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    put_constituency(a, admitted->constituency);
    put_roster(a, admitted->members, admitted->n_members, admitted->keys, admitted->n_keys);
}

static void apply_site_added(struct apply *a, const Comity__V1__Event *open)
{
    if (!open->site_added->site)
        apply_fail(a, ERR_INTERNAL);
    else
        put_site(a, open->site_added->site);
}

static void apply_invited(struct apply *a, const Comity__V1__Event *open)
{
    if (!open->member_invited->invitation)
        apply_fail(a, ERR_INTERNAL);
    else
        APPLY_PUT_KEYED(a, TABLE_INVITATION, open->member_invited->invitation);
}

static void apply_redeemed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__InvitationRedeemed *redeemed = open->invitation_redeemed;
    Comity__V1__Invitation *invitation = apply_get_by_key(a, TABLE_INVITATION, redeemed->invitation);

    if (!redeemed->member || !redeemed->key)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    invitation->member = redeemed->member->number;
    APPLY_PUT_KEYED(a, TABLE_INVITATION, invitation);
    apply_create(a, TABLE_MEMBER, redeemed->member->number, &redeemed->member->base);
    APPLY_PUT_KEYED(a, TABLE_KEY, redeemed->key);
}

static void apply_key_revoked(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__KeyRevoked *revoked = open->key_revoked;
    Comity__V1__Invitation *invitation;
    Comity__V1__Key *key;

    if (revoked->member != 0) {
        key = apply_get_by_key(a, TABLE_KEY, revoked->key);
        if (!key)
            return;
        key->revoked = a->event->sequence;
        APPLY_PUT_KEYED(a, TABLE_KEY, key);
        return;
    }
    invitation = apply_get_by_key(a, TABLE_INVITATION, revoked->key);
    if (!invitation)
        return;
    invitation->revoked = a->event->sequence;
    APPLY_PUT_KEYED(a, TABLE_INVITATION, invitation);
}

static void apply_body_created(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__BodyCreated *created = open->body_created;
    size_t i;

    if (!created->body) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_BODY, created->body->number, &created->body->base);
    apply_name(a, TABLE_BODY, created->body->name, created->body->number);
    for (i = 0; i < created->n_seats; i++)
        apply_put(a, TABLE_SEAT, created->seats[i]->body, created->seats[i]->number,
                  &created->seats[i]->base);
}

static void apply_seat_assigned(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__SeatAssigned *assigned = open->seat_assigned;
    Comity__V1__Seat *seat = apply_get(a, TABLE_SEAT, assigned->body, assigned->seat);

    if (!seat)
        return;
    if (seat->holder != 0)
        apply_delete(a, row_key(TABLE_HOLDER, seat->body, seat->holder));
    if (assigned->member != 0)
        apply_put_number(a, row_key(TABLE_HOLDER, seat->body, assigned->member), seat->number);
    seat->holder = assigned->member;
    seat->epoch = a->event->command ? a->event->command->epoch : 0;
    apply_put(a, TABLE_SEAT, seat->body, seat->number, &seat->base);
}

static void apply_rule_adopted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RuleVersion *version = open->rule_adopted->rule;

    if (!version || !version->rule) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_RULE, version->number, &version->base);
    apply_name(a, TABLE_RULE, version->rule->name, version->number);
}

static void apply_convened(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Session *session = open->session_convened->session;

    if (!session)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_SESSION, session->number, &session->base);
}

static void apply_session_opened(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, open->session_opened->session, 0);

    if (!session)
        return;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN;
    session->opened_ms = a->event->time_ms;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
}

static void apply_session_closed(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, open->session_closed->session, 0);

    if (!session)
        return;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED;
    session->closed_ms = a->event->time_ms;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
}

static void apply_checked_in(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Presence *presence = open->member_checked_in->presence;

    if (!presence)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_put(a, TABLE_PRESENCE, presence->session, presence->member, &presence->base);
}

static void apply_item_added(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Item *item = open->item_added->item;

    if (!item)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_ITEM, item->number, &item->base);
}

static void apply_proposal_made(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Proposal *proposal = open->proposal_made->proposal;

    if (!proposal)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_PROPOSAL, proposal->number, &proposal->base);
}

static void apply_proposal_revised(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ProposalRevised *revised = open->proposal_revised;
    Comity__V1__Proposal *proposal = apply_get(a, TABLE_PROPOSAL, revised->proposal, 0);
    Comity__V1__ProposalVersion **versions;

    if (!revised->version)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    versions = arena_alloc(a->arena, (proposal->n_versions + 1) * sizeof(*versions));
    if (!versions) {
        apply_fail(a, ERR_MEMORY);
        return;
    }
    if (proposal->n_versions > 0)
        memcpy(versions, proposal->versions, proposal->n_versions * sizeof(*versions));
    versions[proposal->n_versions++] = revised->version;
    proposal->versions = versions;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
}

static void add_open_rounds(struct apply *a, uint32_t session, int change)
{
    struct row_key key = row_key(TABLE_OPEN_ROUNDS, session, 0);
    uint32_t open = apply_get_number(a, key);

    apply_put_number(a, key, (uint32_t) ((int64_t) open + change));
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static void put_deadline(struct apply *a, int64_t due_ms, enum deadline_kind kind, uint32_t round)
{
    struct row_key key = row_key_deadline(due_ms, kind, round);

    if (a->code == 0)
        apply_fail(a, view_put(a->view, row_key_view(&key), BYTES(NULL, 0)));
}

static void apply_round_opened(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RoundOpened *opened = open->round_opened;
    const Comity__V1__Round *round = opened->round;
    Comity__V1__Proposal *proposal;
    size_t i;

    if (!round || !round->rule)
        apply_fail(a, ERR_INTERNAL);
    proposal = a->code == 0 ? apply_get(a, TABLE_PROPOSAL, round->proposal, 0) : NULL;
    if (!proposal)
        return;
    apply_create(a, TABLE_ROUND, round->number, &round->base);
    for (i = 0; i < opened->n_roll; i++)
        apply_put(a, TABLE_ROLL, round->number, opened->roll[i]->member, &opened->roll[i]->base);
    proposal->rounds++;
    proposal->rule = round->rule->name;
    proposal->open_round = round->number;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    add_open_rounds(a, round->session, 1);
    if (round->closes_ms != 0)
        put_deadline(a, round->closes_ms, DEADLINE_TIME, round->number);
}

static void put_ballot(struct apply *a, const Comity__V1__BallotCast *cast, const Comity__V1__Rule *rule,
                       const Comity__V1__CastBallot *command)
{
    Comity__V1__Ballot ballot = COMITY__V1__BALLOT__INIT;

    ballot.round = cast->round;
    ballot.member = cast->member;
    ballot.sequence = a->event->sequence;
    ballot.answer = command->answer;
    ballot.stance = rule_stance(rule, command->answer);
    ballot.reason = command->reason;
    ballot.cast_ms = a->event->time_ms;
    ballot.replaces = cast->replaces;
    ballot.epoch = a->event->command->epoch;
    ballot.named = command->replaces;
    apply_put(a, TABLE_BALLOT, cast->round, cast->member, &ballot.base);
}

/* The answer is in the command alone: the open part of the event says only who answered. */
static void apply_ballot_cast(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__BallotCast *cast = open->ballot_cast;
    const Comity__V1__Command *command = a->event->command;
    const Comity__V1__Round *round = apply_get(a, TABLE_ROUND, cast->round, 0);

    if (!round)
        return;
    if (!command || command->body_case != COMITY__V1__COMMAND__BODY_CAST_BALLOT || !round->rule) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    put_ballot(a, cast, round->rule, command->cast_ballot);
    if (cast->replaces != 0)
        return;
    apply_put_number(a, row_key(TABLE_ANSWERED, cast->round, 0), round->answered + 1);
    if (round->answered + 1 == round->eligible && round->rule->close && round->rule->close->all_answered)
        put_deadline(a, later(a->event->time_ms, round->resume_ms), DEADLINE_ALL_ANSWERED, cast->round);
}

/* Both kinds of deadline that the round can have: at its time, and when all had answered. */
static void delete_deadlines(struct apply *a, const Comity__V1__Round *round)
{
    struct row_key key = row_key_deadline(round->closes_ms, DEADLINE_TIME, round->number);
    struct deadline left;
    int code = 0;

    if (round->closes_ms != 0)
        apply_delete(a, key);
    while (a->code == 0 && code == 0) {
        code = deadline_find(a->view, round->number, later(a->event->time_ms, round->resume_ms), &left);
        if (code == 0)
            apply_delete(a, row_key_deadline(left.due_ms, left.kind, left.number));
        else if (code != ERR_NOT_FOUND)
            apply_fail(a, code);
    }
}

static void apply_round_closed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__RoundClosed *closed = open->round_closed;
    Comity__V1__Round *round = apply_get(a, TABLE_ROUND, closed->round, 0);
    Comity__V1__Proposal *proposal = round ? apply_get(a, TABLE_PROPOSAL, round->proposal, 0) : NULL;

    if (!proposal)
        return;
    round->state = COMITY__V1__ROUND_STATE__ROUND_STATE_CLOSED;
    round->closed_ms = a->event->time_ms;
    round->cause = closed->cause;
    round->outcome = closed->outcome;
    apply_put(a, TABLE_ROUND, round->number, 0, &round->base);
    proposal->open_round = 0;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    add_open_rounds(a, round->session, -1);
    delete_deadlines(a, round);
}

static void apply_decision_made(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Decision *decision = open->decision_made->decision;
    Comity__V1__Proposal *proposal = decision ? apply_get(a, TABLE_PROPOSAL, decision->proposal, 0) : NULL;

    if (!proposal) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_DECISION, decision->number, &decision->base);
    proposal->decision = decision->number;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
}

/* The numbers of the rounds that are open. */
struct open_rounds {
    struct arena *scratch;
    uint32_t *numbers;
    size_t count, room;
};

static int open_rounds_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Round *round = (const Comity__V1__Round *) row;
    struct open_rounds *open = context;
    uint32_t *larger;

    (void) key;
    if (round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN && open->count == open->room) {
        open->room = open->room == 0 ? 64 : 2 * open->room;
        larger = realloc(open->numbers, open->room * sizeof(*larger));
        if (!larger)
            return ERR_MEMORY;
        open->numbers = larger;
    }
    if (round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        open->numbers[open->count++] = round->number;
    arena_reset(open->scratch);
    return 0;
}

/* It does not close by itself before @resume_ms: at its time, or because all have answered, which an earlier
 * restore may have put off already. */
static void hold_round(struct apply *a, uint32_t number, int64_t resume_ms)
{
    Comity__V1__Round *round = apply_get(a, TABLE_ROUND, number, 0);
    struct deadline due;
    int code = 0;

    if (!round)
        return;
    round->resume_ms = resume_ms;
    while (a->code == 0 && (code = deadline_find(a->view, number, resume_ms - 1, &due)) == 0) {
        apply_delete(a, row_key_deadline(due.due_ms, due.kind, number));
        put_deadline(a, resume_ms, due.kind, number);
    }
    if (code != 0 && code != ERR_NOT_FOUND)
        apply_fail(a, code);
    if (round->closes_ms != 0 && round->closes_ms < resume_ms)
        round->closes_ms = resume_ms;
    apply_put(a, TABLE_ROUND, number, 0, &round->base);
}

/* Members whose ballots a restore lost have yet to hear of it: what is open waits for them. */
static void hold_rounds(struct apply *a, int64_t resume_ms)
{
    struct row_key all = row_key_all(TABLE_ROUND);
    struct open_rounds open = {.scratch = arena_new(ARENA_LIMIT_DEFAULT)};
    size_t i;

    if (!open.scratch)
        apply_fail(a, ERR_MEMORY);
    else
        apply_fail(a, row_each(a->view, open.scratch, TABLE_ROUND, &all, open_rounds_visit, &open));
    for (i = 0; i < open.count && a->code == 0; i++)
        hold_round(a, open.numbers[i], resume_ms);
    free(open.numbers);
    arena_destroy(&open.scratch);
}

static void apply_epoch_opened(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Epoch *epoch = open->epoch_opened->epoch;
    Comity__V1__Partnership *partnership = apply_get(a, TABLE_PARTNERSHIP, 0, 0);
    Comity__V1__Epoch **epochs;

    if (!epoch)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    epochs = arena_alloc(a->arena, (partnership->n_epochs + 1) * sizeof(*epochs));
    if (!epochs) {
        apply_fail(a, ERR_MEMORY);
        return;
    }
    if (partnership->n_epochs > 0)
        memcpy(epochs, partnership->epochs, partnership->n_epochs * sizeof(*epochs));
    epochs[partnership->n_epochs++] = epoch;
    partnership->epochs = epochs;
    partnership->epoch = epoch->number;
    hold_rounds(a, epoch->resume_ms);
    apply_put(a, TABLE_PARTNERSHIP, 0, 0, &partnership->base);
}

static const struct event_row {
    Comity__V1__Event__KindCase kind;
    const char *name;
    void (*apply)(struct apply *a, const Comity__V1__Event *open);
} EVENTS[] = {
    {COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED, "partnership_founded", apply_founded},
    {COMITY__V1__EVENT__KIND_CONSTITUENCY_ADMITTED, "constituency_admitted", apply_admitted},
    {COMITY__V1__EVENT__KIND_SITE_ADDED, "site_added", apply_site_added},
    {COMITY__V1__EVENT__KIND_MEMBER_INVITED, "member_invited", apply_invited},
    {COMITY__V1__EVENT__KIND_INVITATION_REDEEMED, "invitation_redeemed", apply_redeemed},
    {COMITY__V1__EVENT__KIND_KEY_REVOKED, "key_revoked", apply_key_revoked},
    {COMITY__V1__EVENT__KIND_BODY_CREATED, "body_created", apply_body_created},
    {COMITY__V1__EVENT__KIND_SEAT_ASSIGNED, "seat_assigned", apply_seat_assigned},
    {COMITY__V1__EVENT__KIND_RULE_ADOPTED, "rule_adopted", apply_rule_adopted},
    {COMITY__V1__EVENT__KIND_SESSION_CONVENED, "session_convened", apply_convened},
    {COMITY__V1__EVENT__KIND_SESSION_OPENED, "session_opened", apply_session_opened},
    {COMITY__V1__EVENT__KIND_SESSION_CLOSED, "session_closed", apply_session_closed},
    {COMITY__V1__EVENT__KIND_MEMBER_CHECKED_IN, "member_checked_in", apply_checked_in},
    {COMITY__V1__EVENT__KIND_ITEM_ADDED, "item_added", apply_item_added},
    {COMITY__V1__EVENT__KIND_PROPOSAL_MADE, "proposal_made", apply_proposal_made},
    {COMITY__V1__EVENT__KIND_PROPOSAL_REVISED, "proposal_revised", apply_proposal_revised},
    {COMITY__V1__EVENT__KIND_ROUND_OPENED, "round_opened", apply_round_opened},
    {COMITY__V1__EVENT__KIND_BALLOT_CAST, "ballot_cast", apply_ballot_cast},
    {COMITY__V1__EVENT__KIND_ROUND_CLOSED, "round_closed", apply_round_closed},
    {COMITY__V1__EVENT__KIND_DECISION_MADE, "decision_made", apply_decision_made},
    {COMITY__V1__EVENT__KIND_EPOCH_OPENED, "epoch_opened", apply_epoch_opened},
};

static const struct event_row *event_find(Comity__V1__Event__KindCase kind)
{
    size_t i;

    for (i = 0; i < ARRAY_COUNT(EVENTS); i++)
        if (EVENTS[i].kind == kind)
            return &EVENTS[i];
    return NULL;
}

const char *event_name(const Comity__V1__Event *event)
{
    const struct event_row *row = event_find(event->kind_case);

    return row ? row->name : NULL;
}

int machine_apply(const struct view *view, const struct machine_event *event, struct arena *arena)
{
    const struct event_row *row = event->open ? event_find(event->open->kind_case) : NULL;
    struct apply a = {view, event, arena, 0};

    if (!row)
        return ERR_INTERNAL;
    row->apply(&a, event->open);
    return a.code;
}
