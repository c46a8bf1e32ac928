/* Rounds: opened over a frozen roll, closed with what the rule computes. */
#include "core/machine/roll.h"

#define CLOSES_MAX_MS ((int64_t) 366 * 24 * 3600 * 1000)

static uint32_t round_of_command(const Comity__V1__Command *body, const char **ret_field)
{
    switch (body->body_case) {
    case COMITY__V1__COMMAND__BODY_CAST_BALLOT:
        *ret_field = "cast_ballot.round";
        return body->cast_ballot->round;
    case COMITY__V1__COMMAND__BODY_ENTER_BALLOTS:
        *ret_field = "enter_ballots.round";
        return body->enter_ballots->round;
    case COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT:
        *ret_field = "confirm_ballot.round";
        return body->confirm_ballot->round;
    case COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT:
        *ret_field = "dispute_ballot.round";
        return body->dispute_ballot->round;
    default:
        *ret_field = "close_round.round";
        return body->close_round->round;
    }
}

int concern_round(struct decide *d)
{
    const char *field;
    uint32_t number = round_of_command(d->body, &field);

    d->round = decide_find(d, TABLE_ROUND, number, 0, field);
    if (!d->round)
        return d->code;
    return d->round->rule ? 0 : decide_fail(d, ERR_CORRUPT);
}

/* A round is opened by the rule's latest version alone. */
static Comity__V1__RuleVersion *rule_find(struct decide *d, uint32_t number)
{
    Comity__V1__RuleVersion *version = decide_find(d, TABLE_RULE, number, 0, "open_round.rule");
    struct row_key key;
    uint32_t latest;
    int code;

    if (!version)
        return NULL;
    if (!version->rule) {
        decide_fail(d, ERR_CORRUPT);
        return NULL;
    }
    key = row_key_name(TABLE_RULE, version->rule->name);
    code = row_number(d->view, &key, &latest);
    if (code != 0)
        decide_fail(d, code);
    else if (latest != number)
        decide_refuse_latest(d, ERR_STALE, "open_round.rule", latest);
    return d->code == 0 ? version : NULL;
}

/* Which body decides by which rule was agreed beforehand, and a proposal is not tried by another rule when
 * the first did not give what was wished for. */
static int check_rule_agreed(struct decide *d, const Comity__V1__RuleVersion *version)
{
    bool is_for_body = false;
    size_t i;

    for (i = 0; i < version->n_bodies; i++)
        is_for_body |= version->bodies[i] == d->of_body;
    if (!is_for_body)
        return decide_refuse(d, ERR_FORBIDDEN, "open_round.rule");
    if (d->proposal->rule[0] != '\0' && strcmp(d->proposal->rule, version->rule->name) != 0)
        return decide_refuse(d, ERR_STATE, "open_round.rule");
    return 0;
}

static int check_closing_time(struct decide *d, const Comity__V1__Rule *rule, int64_t closes_ms)
{
    int64_t now_ms = d->context->time_ms;
    bool is_timed = rule->close && rule->close->at_time;

    if (is_timed && closes_ms == 0)
        return decide_refuse(d, ERR_MISSING, "open_round.closes_ms");
    if (!is_timed && closes_ms == 0)
        return 0;
    if (!is_timed || closes_ms <= now_ms || closes_ms > now_ms + CLOSES_MAX_MS)
        return decide_refuse(d, ERR_RANGE, "open_round.closes_ms");
    return 0;
}

/* What can be said without the rule. */
static int check_proposal(struct decide *d, const Comity__V1__OpenRound *open)
{
    const Comity__V1__ProposalVersion *latest = proposal_latest(d->proposal);

    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
        return decide_refuse(d, ERR_NOT_OPEN, "open_round.proposal");
    if (d->proposal->decision != 0 || d->proposal->open_round != 0)
        return decide_refuse(d, ERR_STATE, "open_round.proposal");
    if (!binary_equal(latest->text->hash, open->text_hash))
        return decide_refuse_latest(d, ERR_STALE, "open_round.text_hash", latest->version);
    return 0;
}

/* An EACH test ranges over the parties that have seats in the body. One that has nobody to answer would drop
 * out of it unnoticed: a party that has yet to fill its seats would be decided over. */
static bool lacks_subject(const Comity__V1__Rule *rule, const struct roll *roll)
{
    size_t i;

    for (i = 0; i < rule->n_tests; i++)
        if (rule->tests[i]->scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY)
            return roll->lacks_party;
    return false;
}

static int check_rule(struct decide *d, const Comity__V1__Rule *rule, const struct roll *roll)
{
    struct rule_input input = roll_input(roll, rule, true);
    int code;

    if (roll->count == 0)
        return decide_refuse(d, ERR_QUORUM, "open_round.proposal");
    code = lacks_subject(rule, roll) ? ERR_SCOPE : rule_quorum_at_opening(&input, d->arena);
    if (code == ERR_QUORUM || code == ERR_SCOPE)
        return decide_refuse(d, code, "open_round.rule");
    return code == 0 ? 0 : decide_fail(d, code);
}

static Comity__V1__Round *round_new(struct decide *d, const Comity__V1__OpenRound *open,
                                    const Comity__V1__RuleVersion *rule, uint32_t number)
{
    Comity__V1__Round *round = decide_new(d, &comity__v1__round__descriptor);

    if (!round)
        return NULL;
    round->number = number;
    round->proposal = d->proposal->number;
    round->version = proposal_latest(d->proposal)->version;
    round->text_hash = open->text_hash;
    round->session = d->session->number;
    round->rule_number = rule->number;
    round->rule = rule->rule;
    round->rule_hash = rule->hash;
    round->round_of = d->proposal->rounds + 1;
    round->state = COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN;
    round->opened_ms = d->context->time_ms;
    round->closes_ms = open->closes_ms;
    round->opened_by = d->actor->number;
    return round;
}

int decide_open_round(struct decide *d)
{
    const Comity__V1__OpenRound *open = d->body->open_round;
    const Comity__V1__RuleVersion *rule;
    Comity__V1__RoundOpened *opened;
    Comity__V1__Event *event;
    struct roll roll;
    uint32_t number;

    if (check_proposal(d, open) != 0)
        return d->code;
    rule = rule_find(d, open->rule);
    if (!rule || check_rule_agreed(d, rule) != 0)
        return d->code;
    if (d->proposal->rounds >= rule->rule->rounds)
        return decide_refuse_limit(d, ERR_ROUNDS, "open_round.rule", rule->rule->rounds);
    if (check_closing_time(d, rule->rule, open->closes_ms) != 0 ||
        decide_next_number(d, TABLE_ROUND, &number) != 0 ||
        roll_of_seats(d, d->session->number, d->of_body, number, &roll) != 0 ||
        check_rule(d, rule->rule, &roll) != 0)
        return d->code;
    opened = decide_new(d, &comity__v1__round_opened__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ROUND_OPENED);
    if (!opened || !event)
        return d->code;
    opened->round = round_new(d, open, rule, number);
    if (!opened->round)
        return d->code;
    opened->round->eligible = (uint32_t) roll.count;
    opened->n_roll = roll.count;
    opened->roll = roll.entries;
    event->round_opened = opened;
    return 0;
}

static int add_decision(struct decide *d, const Comity__V1__Outcome *outcome)
{
    Comity__V1__DecisionMade *made = decide_new(d, &comity__v1__decision_made__descriptor);
    Comity__V1__Decision *decision = decide_new(d, &comity__v1__decision__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_DECISION_MADE);

    if (!made || !decision || !event || decide_next_number(d, TABLE_DECISION, &decision->number) != 0)
        return d->code;
    decision->proposal = d->round->proposal;
    decision->version = d->round->version;
    decision->text_hash = d->round->text_hash;
    decision->round = d->round->number;
    decision->outcome = outcome->kind;
    decision->state = COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT;
    decision->decided_ms = d->context->time_ms;
    made->decision = decision;
    event->decision_made = made;
    return 0;
}

/* RoundClosed, and DecisionMade where it was adopted. */
static int round_close(struct decide *d, Comity__V1__CloseCause cause)
{
    bool rounds_remain = d->round->round_of < d->round->rule->rounds;
    Comity__V1__RoundClosed *closed;
    struct rule_input input;
    Comity__V1__Event *event;
    struct roll roll;
    int code;

    if (roll_of_round(d, &roll) != 0)
        return d->code;
    closed = decide_new(d, &comity__v1__round_closed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ROUND_CLOSED);
    if (!closed || !event)
        return d->code;
    input = roll_input(&roll, d->round->rule, rounds_remain);
    code = rule_count(&input, d->arena, &closed->outcome);
    if (code != 0)
        return decide_fail(d, code);
    closed->round = d->round->number;
    closed->cause = cause;
    event->round_closed = closed;
    if (closed->outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED)
        return add_decision(d, closed->outcome);
    return 0;
}

int round_is_due(struct decide *d, const struct deadline *due)
{
    d->round = decide_get(d, TABLE_ROUND, due->number, 0);
    if (!d->round)
        return d->code;
    if (!d->round->rule)
        return decide_fail(d, ERR_CORRUPT);
    return round_close(d, due->kind == DEADLINE_TIME ? COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME
                                                     : COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED);
}

int decide_close_round(struct decide *d)
{
    if (d->round->state != COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        return decide_refuse(d, ERR_CLOSED, "close_round.round");
    return round_close(d, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_FACILITATOR);
}
