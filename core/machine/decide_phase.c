/* An item's way: moved from phase to phase, held, referred to bargaining, set aside, withdrawn. */
#include "core/machine/solving.h"

#define NAMES(name, type, member, field, table)                                                              \
    {                                                                                                        \
        COMITY__V1__COMMAND__BODY_##name, #member "." #field, table, offsetof(Comity__V1__Command, member),  \
            offsetof(Comity__V1__##type, field)                                                              \
    }

/* What each command of problem solving is about: its number, and where it stands. */
static const struct {
    Comity__V1__Command__BodyCase body;
    const char *field;
    enum table table;
    size_t body_at, number_at;
} NAMED[] = {
    NAMES(MOVE_PHASE, MovePhase, move_phase, item, TABLE_ITEM),
    NAMES(HOLD_PHASE, HoldPhase, hold_phase, item, TABLE_ITEM),
    NAMES(RELEASE_PHASE, ReleasePhase, release_phase, item, TABLE_ITEM),
    NAMES(FLAG_BARGAINING, FlagBargaining, flag_bargaining, item, TABLE_ITEM),
    NAMES(SET_ASIDE_ITEM, SetAsideItem, set_aside_item, item, TABLE_ITEM),
    NAMES(WITHDRAW_ITEM, WithdrawItem, withdraw_item, item, TABLE_ITEM),
    NAMES(CONTRIBUTE, Contribute, contribute, item, TABLE_ITEM),
    NAMES(AMEND_CONTRIBUTION, AmendContribution, amend_contribution, contribution, TABLE_CONTRIBUTION),
    NAMES(WITHDRAW_CONTRIBUTION, WithdrawContribution, withdraw_contribution, contribution,
          TABLE_CONTRIBUTION),
    NAMES(LINK_PROPOSAL, LinkProposal, link_proposal, proposal, TABLE_PROPOSAL),
    NAMES(RAISE_CONCERN, RaiseConcern, raise_concern, proposal, TABLE_PROPOSAL),
    NAMES(SECOND_CONCERN, SecondConcern, second_concern, concern, TABLE_CONCERN),
    NAMES(SETTLE_CONCERN, SettleConcern, settle_concern, concern, TABLE_CONCERN),
    NAMES(REQUEST_DATA, RequestData, request_data, item, TABLE_ITEM),
    NAMES(ANSWER_DATA, AnswerData, answer_data, request, TABLE_DATA_REQUEST),
    NAMES(REFUSE_DATA, RefuseData, refuse_data, request, TABLE_DATA_REQUEST),
    NAMES(STATE_FACT, StateFact, state_fact, item, TABLE_ITEM),
    NAMES(JUDGE_FACT, JudgeFact, judge_fact, fact, TABLE_FACT),
    NAMES(WITHDRAW_FACT, WithdrawFact, withdraw_fact, fact, TABLE_FACT),
    NAMES(OPEN_STRAW_POLL, OpenStrawPoll, open_straw_poll, item, TABLE_ITEM),
    NAMES(ANSWER_STRAW_POLL, AnswerStrawPoll, answer_straw_poll, poll, TABLE_STRAW_POLL),
    NAMES(CLOSE_STRAW_POLL, CloseStrawPoll, close_straw_poll, poll, TABLE_STRAW_POLL),
};
#undef NAMES

/* Keep the row that the command names. The number of the item that it is on: 0 where it is on a proposal, or
 * is the item itself. */
static uint32_t keep_named(struct decide *d, enum table table, void *row)
{
    switch (table) {
    case TABLE_CONTRIBUTION:
        d->contribution = row;
        d->of_member = d->contribution->made_by;
        return d->contribution->item;
    case TABLE_CONCERN:
        d->concern = row;
        d->of_member = d->concern->raised_by;
        d->proposal = decide_get(d, TABLE_PROPOSAL, d->concern->proposal, 0);
        return 0;
    case TABLE_DATA_REQUEST:
        d->request = row;
        d->of_constituency = d->request->constituency;
        return d->request->item;
    case TABLE_FACT:
        d->fact = row;
        d->of_member = d->fact->stated_by;
        return d->fact->item;
    case TABLE_STRAW_POLL:
        d->poll = row;
        return d->poll->item;
    case TABLE_PROPOSAL:
        d->proposal = row;
        return 0;
    default:
        d->item = row;
        d->of_member = d->item->added_by;
        return 0;
    }
}

/* From what is known up to the item, its session and its body. */
static int climb(struct decide *d, uint32_t item)
{
    if (d->proposal && d->proposal->n_versions == 0)
        return decide_fail(d, ERR_CORRUPT);
    if (d->code == 0 && !d->item)
        d->item = decide_get(d, TABLE_ITEM, d->proposal ? d->proposal->item : item, 0);
    if (d->code == 0)
        d->session = decide_get(d, TABLE_SESSION, d->item->session, 0);
    if (d->code == 0)
        d->of_body = d->session->body;
    return d->code;
}

int concern_solving(struct decide *d)
{
    const uint8_t *body;
    uint32_t number;
    size_t i;
    void *row;

    for (i = 0; i < ARRAY_COUNT(NAMED); i++)
        if (NAMED[i].body == d->body->body_case)
            break;
    if (i == ARRAY_COUNT(NAMED))
        return decide_fail(d, ERR_INTERNAL);
    memcpy(&body, (const uint8_t *) d->body + NAMED[i].body_at, sizeof(body));
    memcpy(&number, body + NAMED[i].number_at, sizeof(number));
    row = decide_find(d, NAMED[i].table, number, 0, NAMED[i].field);
    return row ? climb(d, keep_named(d, NAMED[i].table, row)) : d->code;
}

int concern_approval(struct decide *d)
{
    uint32_t number = d->body->approve_contributions->texts[0]->contribution;
    void *row = decide_find(d, TABLE_CONTRIBUTION, number, 0, "approve_contributions.texts[0].contribution");

    return row ? climb(d, keep_named(d, TABLE_CONTRIBUTION, row)) : d->code;
}

int solving_refuse_phase(struct decide *d, const char *field)
{
    return decide_refuse_latest(d, ERR_PHASE, field, (uint64_t) item_phase(d->item));
}

int solving_check_session(struct decide *d, const char *field)
{
    return session_takes_work(d->session) ? 0 : decide_refuse(d, ERR_STATE, "%s", field);
}

int solving_check_worked_on(struct decide *d, const char *field)
{
    if (solving_check_session(d, field) != 0)
        return d->code;
    return phase_is_worked_on(item_phase(d->item)) ? 0 : solving_refuse_phase(d, field);
}

int solving_check_not_over(struct decide *d, const char *field)
{
    return phase_is_over(item_phase(d->item)) ? solving_refuse_phase(d, field) : 0;
}

int check_item_takes_proposals(struct decide *d, const char *field)
{
    return phase_takes_proposals(item_phase(d->item)) ? 0 : solving_refuse_phase(d, field);
}

int check_item_takes_rounds(struct decide *d, const char *field)
{
    if (check_item_takes_proposals(d, field) != 0)
        return d->code;
    return d->item->hold ? decide_refuse(d, ERR_HELD, "%s", field) : 0;
}

int check_starting_phase(struct decide *d, const char *field)
{
    phase_t phase = d->body->add_item->phase;

    return phase <= PHASE(PROPOSAL) ? 0 : decide_refuse(d, ERR_RANGE, "%s", field);
}

static int first_visit(void *context, struct bytes key, struct bytes value)
{
    (void) key;
    (void) value;
    *(bool *) context = true;
    return 1;
}

int solving_has_open_round(struct decide *d, uint32_t item, bool *ret_has)
{
    struct row_key prefix = row_key_first(TABLE_OPEN_OF_ITEM, item);
    int code;

    *ret_has = false;
    code = view_range(d->view, row_key_view(&prefix), BYTES(NULL, 0), first_visit, ret_has);
    return code == 0 ? 0 : decide_fail(d, code);
}

/* The rule's ladder says what becomes of a proposal: it is not got round by moving its item. docs/rules.md R-72 */
static int check_no_stage(struct decide *d, const char *field)
{
    struct row_key prefix = row_key_first(TABLE_STAGE_OF_ITEM, d->item->number);
    bool has_stage = false;
    int code = view_range(d->view, row_key_view(&prefix), BYTES(NULL, 0), first_visit, &has_stage);

    if (code != 0)
        return decide_fail(d, code);
    return has_stage ? decide_refuse(d, ERR_STAGE, "%s", field) : 0;
}

/* What stands against taking the item away from where it is: somebody holds it, or a round is open on it. */
static int check_free(struct decide *d, const char *field)
{
    bool has_open_round;

    if (d->item->hold)
        return decide_refuse(d, ERR_HELD, "%s", field);
    if (solving_has_open_round(d, d->item->number, &has_open_round) != 0)
        return d->code;
    return has_open_round ? decide_refuse(d, ERR_STATE, "%s", field) : 0;
}

/* Where the item goes on: in its own session, or in a later one of the same body. */
static int check_move_session(struct decide *d, const Comity__V1__MovePhase *move)
{
    const Comity__V1__Session *session = d->session;

    if (move->session != 0)
        session = decide_find(d, TABLE_SESSION, move->session, 0, "move_phase.session");
    if (!session)
        return d->code;
    if (session->body != d->of_body)
        return decide_refuse(d, ERR_RANGE, "move_phase.session");
    if (!session_takes_work(session))
        return decide_refuse(d, ERR_STATE, move->session != 0 ? "move_phase.session" : "move_phase.item");
    return charter_check_facilitation(d, session, "move_phase.item");
}

static int check_move(struct decide *d, const Comity__V1__MovePhase *move)
{
    phase_t phase = item_phase(d->item);
    bool is_carried = move->session != 0 && move->session != d->item->session;

    if (check_move_session(d, move) != 0)
        return d->code;
    if (move->from != phase)
        return decide_refuse_latest(d, ERR_STALE, "move_phase.from", (uint64_t) phase);
    if (!phase_allows(phase, move->phase) &&
        !(is_carried && move->phase == phase && phase_is_worked_on(phase)))
        return solving_refuse_phase(d, "move_phase.phase");
    /* Into a later session it may go, where the ladder goes on. */
    if (move->phase != phase && check_no_stage(d, "move_phase.phase") != 0)
        return d->code;
    return check_free(d, "move_phase.phase");
}

int decide_move_phase(struct decide *d)
{
    const Comity__V1__MovePhase *move = d->body->move_phase;
    uint32_t number = move->session != 0 ? move->session : d->item->session;
    const Comity__V1__Session *session;
    Comity__V1__PhaseMoved *moved;
    Comity__V1__Event *event;

    if (check_move(d, move) != 0)
        return d->code;
    session = decide_get(d, TABLE_SESSION, number, 0);
    moved = decide_new(d, &comity__v1__phase_moved__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_PHASE_MOVED);
    if (!session || !moved || !event)
        return d->code;
    moved->item = move->item;
    moved->from = move->from;
    moved->phase = move->phase;
    moved->session = number;
    moved->is_after_notice =
        number == d->item->session ? d->item->is_after_notice : session_is_noticed(session);
    event->phase_moved = moved;
    return 0;
}

static const char *own_side(struct decide *d)
{
    const Comity__V1__Constituency *own = decide_get(d, TABLE_CONSTITUENCY, d->actor->constituency, 0);

    return own ? own->side : NULL;
}

int decide_hold_phase(struct decide *d)
{
    const Comity__V1__HoldPhase *hold = d->body->hold_phase;
    const char *side = own_side(d);
    Comity__V1__PhaseHeld *held;
    Comity__V1__Event *event;

    if (!side || solving_check_worked_on(d, "hold_phase.item") != 0)
        return d->code;
    if (d->item->hold)
        return decide_refuse(d, ERR_HELD, "hold_phase.item");
    if (charter_check_facilitation(d, d->session, "hold_phase.item") != 0)
        return d->code;
    held = decide_new(d, &comity__v1__phase_held__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_PHASE_HELD);
    if (!held || !event)
        return d->code;
    held->item = hold->item;
    held->hold = decide_new(d, &comity__v1__phase_hold__descriptor);
    if (!held->hold)
        return d->code;
    held->hold->member = d->actor->number;
    held->hold->side = (char *) (uintptr_t) side;
    held->hold->reason = hold->reason;
    held->hold->since_ms = d->context->time_ms;
    event->phase_held = held;
    return 0;
}

int decide_release_phase(struct decide *d)
{
    const char *side = own_side(d);
    Comity__V1__PhaseReleased *released;
    Comity__V1__Event *event;

    if (!side)
        return d->code;
    if (!d->item->hold)
        return decide_refuse(d, ERR_STATE, "release_phase.item");
    if (strcmp(d->item->hold->side, side) != 0)
        return decide_refuse(d, ERR_HELD, "release_phase.item");
    released = decide_new(d, &comity__v1__phase_released__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_PHASE_RELEASED);
    if (!released || !event)
        return d->code;
    released->item = d->item->number;
    event->phase_released = released;
    return 0;
}

static bool phase_can_be_given_up(phase_t phase)
{
    return phase_is_worked_on(phase) || phase == PHASE(DEFERRED) || phase == PHASE(TABLED);
}

/* At any moment, whoever holds the item, and after the session too. */
int decide_flag_bargaining(struct decide *d)
{
    Comity__V1__ItemReferred *referred;
    Comity__V1__Event *event;

    if (!phase_can_be_given_up(item_phase(d->item)))
        return solving_refuse_phase(d, "flag_bargaining.item");
    referred = decide_new(d, &comity__v1__item_referred__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ITEM_REFERRED);
    if (!referred || !event)
        return d->code;
    referred->item = d->item->number;
    referred->reason = d->body->flag_bargaining->reason;
    event->item_referred = referred;
    return 0;
}

int decide_set_aside_item(struct decide *d)
{
    const Comity__V1__SetAsideItem *set = d->body->set_aside_item;
    Comity__V1__ItemSetAside *aside;
    Comity__V1__Event *event;

    if (set->phase != PHASE(DEFERRED) && set->phase != PHASE(TABLED))
        return decide_refuse(d, ERR_RANGE, "set_aside_item.phase");
    if (solving_check_worked_on(d, "set_aside_item.item") != 0 ||
        charter_check_facilitation(d, d->session, "set_aside_item.item") != 0 ||
        check_no_stage(d, "set_aside_item.phase") != 0 || check_free(d, "set_aside_item.phase") != 0)
        return d->code;
    aside = decide_new(d, &comity__v1__item_set_aside__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ITEM_SET_ASIDE);
    if (!aside || !event)
        return d->code;
    aside->item = set->item;
    aside->phase = set->phase;
    aside->reason = set->reason;
    aside->until_ms = set->until_ms;
    event->item_set_aside = aside;
    return 0;
}

/* What was put to the test belongs to the body: it decides by its own rule whether the item may go. */
static int check_leave(struct decide *d, uint32_t number)
{
    const Comity__V1__Decision *decision;
    const Comity__V1__Proposal *proposal;

    if (number == 0)
        return d->item->rounds == 0 ? 0 : decide_refuse(d, ERR_MISSING, "withdraw_item.leave");
    decision = decide_find(d, TABLE_DECISION, number, 0, "withdraw_item.leave");
    proposal = decision ? decide_get(d, TABLE_PROPOSAL, decision->proposal, 0) : NULL;
    if (!proposal)
        return d->code;
    if (proposal->withdraws != d->item->number)
        return decide_refuse(d, ERR_FORBIDDEN, "withdraw_item.leave");
    if (decision->state != COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT)
        return decide_refuse(d, ERR_STATE, "withdraw_item.leave");
    return 0;
}

int decide_withdraw_item(struct decide *d)
{
    const Comity__V1__WithdrawItem *withdraw = d->body->withdraw_item;
    Comity__V1__ItemWithdrawn *withdrawn;
    Comity__V1__Event *event;

    if (!phase_can_be_given_up(item_phase(d->item)))
        return solving_refuse_phase(d, "withdraw_item.item");
    if (d->of_member != d->actor->number &&
        charter_check_facilitation(d, d->session, "withdraw_item.item") != 0)
        return d->code;
    if (check_free(d, "withdraw_item.item") != 0 || check_leave(d, withdraw->leave) != 0)
        return d->code;
    withdrawn = decide_new(d, &comity__v1__item_withdrawn__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ITEM_WITHDRAWN);
    if (!withdrawn || !event)
        return d->code;
    withdrawn->item = withdraw->item;
    withdrawn->reason = withdraw->reason;
    withdrawn->leave = withdraw->leave;
    event->item_withdrawn = withdrawn;
    return 0;
}
