/* Rounds: opened over a frozen roll, closed with what the rule computes. */
#include "core/charter.h"
#include "core/machine/ladder.h"

#define CLOSES_MAX_MS ((int64_t) 366 * 24 * 3600 * 1000)

int concern_round(struct decide *d)
{
    bool is_close = d->body->body_case == COMITY__V1__COMMAND__BODY_CLOSE_ROUND;
    const char *field;
    uint32_t number = decide_named(d, "round", &field);

    d->round = decide_find(d, TABLE_ROUND, number, 0, field);
    if (!d->round)
        return d->code;
    if (!d->round->rule)
        return decide_fail(d, ERR_CORRUPT);
    /* Who facilitates says the session; a ballot asks nothing of it. */
    d->session = is_close ? decide_get(d, TABLE_SESSION, d->round->session, 0) : NULL;
    return d->code;
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

/* When it may close at all; 0: at once. docs/rules.md R-80 */
static int64_t earliest_close(const struct decide *d, const Comity__V1__Rule *rule)
{
    return rule->notice_ms > 0 ? d->context->time_ms + rule->notice_ms : 0;
}

static int check_closing_time(struct decide *d, const Comity__V1__Rule *rule, int64_t closes_ms)
{
    int64_t now_ms = d->context->time_ms;
    bool is_timed = rule->close && rule->close->at_time;
    int64_t earliest_ms = earliest_close(d, rule);

    if (is_timed && closes_ms == 0)
        return decide_refuse(d, ERR_MISSING, "open_round.closes_ms");
    if (!is_timed && closes_ms == 0)
        return 0;
    if (!is_timed || closes_ms <= now_ms || closes_ms > now_ms + CLOSES_MAX_MS)
        return decide_refuse(d, ERR_RANGE, "open_round.closes_ms");
    if (closes_ms < earliest_ms)
        return decide_refuse_latest(d, ERR_NOTICE, "open_round.closes_ms", (uint64_t) earliest_ms);
    return 0;
}

/* What can be said without the rule. */
static int check_proposal(struct decide *d, const Comity__V1__OpenRound *open)
{
    const Comity__V1__ProposalVersion *latest = proposal_latest(d->proposal);

    if (decide_check_running(d, "open_round.proposal") != 0)
        return d->code;
    if (d->proposal->decision != 0 || d->proposal->open_round != 0 || d->proposal->declared != 0 ||
        d->proposal->outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
        return decide_refuse(d, ERR_STATE, "open_round.proposal");
    if (check_item_takes_rounds(d, "open_round.proposal") != 0)
        return d->code;
    if (!binary_equal(latest->text->hash, open->text_hash))
        return decide_refuse_latest(d, ERR_STALE, "open_round.text_hash", latest->version);
    return 0;
}

static int check_rule(struct decide *d, const Comity__V1__Rule *rule, const struct attendance *attendance)
{
    Comity__V1__TestResult **results;
    size_t count;
    int code = attendance_check(attendance, rule, d->arena, &results, &count);

    if (code == ERR_QUORUM && attendance->count == 0)
        return decide_refuse(d, code, "open_round.proposal");
    if (code == ERR_QUORUM || code == ERR_SCOPE)
        return decide_refuse(d, code, "open_round.rule");
    return code == 0 ? 0 : decide_fail(d, code);
}

static Comity__V1__Round *round_new(struct decide *d, const Comity__V1__OpenRound *open,
                                    const Comity__V1__RuleVersion *rule)
{
    Comity__V1__Round *round = decide_new(d, &comity__v1__round__descriptor);

    if (!round)
        return NULL;
    round->proposal = d->proposal->number;
    round->version = proposal_latest(d->proposal)->version;
    round->text_hash = open->text_hash;
    round->session = d->session->number;
    round->rule_number = rule->number;
    round->rule = rule->rule;
    round->rule_hash = rule->hash;
    round->round_of = ladder_rounds(d) + 1;
    round->stage = d->proposal->stage;
    round->state = COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN;
    round->opened_ms = d->context->time_ms;
    round->closes_ms = open->closes_ms;
    round->earliest_ms = earliest_close(d, rule->rule);
    round->opened_by = d->actor->number;
    return round;
}

int decide_open_round(struct decide *d)
{
    const Comity__V1__OpenRound *open = d->body->open_round;
    const Comity__V1__RuleVersion *rule;
    Comity__V1__RoundOpened *opened;
    Comity__V1__Event *event;
    struct attendance attendance;
    Comity__V1__Round *round;

    if (check_proposal(d, open) != 0)
        return d->code;
    rule = d->proposal->stage == 0 ? rule_find(d, open->rule) : ladder_rule(d, open->rule);
    round = rule ? round_new(d, open, rule) : NULL;
    if (!round || charter_govern_round(d, round) != 0 || check_rule_agreed(d, rule) != 0)
        return d->code;
    if (ladder_rounds(d) >= rule->rule->rounds)
        return decide_refuse_limit(d, ERR_ROUNDS, "open_round.rule", rule->rule->rounds);
    if (round_take_options(d, open, round) != 0 ||
        check_closing_time(d, rule->rule, open->closes_ms) != 0 ||
        decide_next_number(d, TABLE_ROUND, &round->number) != 0 ||
        decide_attendance(d, d->session->number, d->of_body, round, &attendance) != 0 ||
        check_rule(d, rule->rule, &attendance) != 0)
        return d->code;
    opened = decide_new(d, &comity__v1__round_opened__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ROUND_OPENED);
    if (!opened || !event)
        return d->code;
    opened->round = round;
    event->round_opened = opened;
    return roll_freeze(d, &attendance, d->of_body, opened);
}

/* RoundClosed, and what comes of it: a decision, or the stages of its rule's ladder. */
static int round_close(struct decide *d, Comity__V1__CloseCause cause)
{
    Comity__V1__RoundClosed *closed;
    Comity__V1__Event *event;

    closed = decide_new(d, &comity__v1__round_closed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ROUND_CLOSED);
    if (!closed || !event)
        return d->code;
    if (count_outcome(d, cause, &closed->outcome) != 0)
        return d->code;
    closed->round = d->round->number;
    closed->cause = cause;
    event->round_closed = closed;
    return ladder_after_round(d, closed);
}

/* RoundExtended in place of the close, once, where the rule has more time for a quorum that is not there. A restart
 * that slept through it gives the members the same time as anybody. docs/rules.md R-81 */
static int round_extend(struct decide *d, bool *ret_is_extended)
{
    const Comity__V1__Rule *rule = d->round->rule;
    Comity__V1__RoundExtended *extended;
    Comity__V1__Outcome *outcome = NULL;
    Comity__V1__Event *event;

    *ret_is_extended = false;
    if (rule->no_quorum != COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND || d->round->extended_ms != 0)
        return 0;
    if (count_quorum(d, &outcome) != 0 || !outcome)
        return d->code;
    extended = decide_new(d, &comity__v1__round_extended__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ROUND_EXTENDED);
    if (!extended || !event)
        return d->code;
    extended->round = d->round->number;
    extended->closes_ms = d->context->time_ms + rule->extend_ms;
    extended->outcome = outcome;
    event->round_extended = extended;
    *ret_is_extended = true;
    return 0;
}

static Comity__V1__CloseCause close_cause(enum deadline_kind kind)
{
    switch (kind) {
    case DEADLINE_TIME:
        return COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME;
    case DEADLINE_REFERRED:
        return COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED;
    case DEADLINE_SETTLED:
        return COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE;
    default:
        return COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED;
    }
}

int round_is_due(struct decide *d, const struct deadline *due)
{
    bool may_extend = due->kind == DEADLINE_TIME || due->kind == DEADLINE_ALL_ANSWERED;
    bool is_extended = false;

    d->round = decide_get(d, TABLE_ROUND, due->number, 0);
    if (!d->round)
        return d->code;
    if (!d->round->rule)
        return decide_fail(d, ERR_CORRUPT);
    if ((may_extend && round_extend(d, &is_extended) != 0) || is_extended)
        return d->code;
    return round_close(d, close_cause(due->kind));
}

int decide_close_round(struct decide *d)
{
    if (d->round->state != COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN)
        return decide_refuse(d, ERR_CLOSED, "close_round.round");
    if (d->context->time_ms < d->round->earliest_ms)
        return decide_refuse_latest(d, ERR_NOTICE, "close_round.round", (uint64_t) d->round->earliest_ms);
    return round_close(d, COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_FACILITATOR);
}
