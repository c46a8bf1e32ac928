/* One outcome, counted anew: docs/rules.md. */
#include <inttypes.h>

#include "client/rules/counting.h"
#include "core/error.h"
#include "core/machine/count.h"

void counting_obstacle(struct counting *c, int code, const char *sentence)
{
    if (code != 0)
        recounting_note(c->r, &c->counted.obstacles, N_("%s (%s)"), c->r->options->words(sentence),
                        error_name(code));
}

ProtobufCMessage *counting_row(const struct counting *c, enum table table, uint32_t number)
{
    ProtobufCMessage *row = NULL;

    return state_get(&c->r->view, c->r->arena, table, number, 0, &row) == 0 ? row : NULL;
}

/* The rule that was adopted, and with it the one that the round has to have. */
static const Comity__V1__Rule *rule_adopted(const struct counting *c, const Comity__V1__Round *round)
{
    const Comity__V1__RuleVersion *version =
        (const Comity__V1__RuleVersion *) counting_row(c, TABLE_RULE, round->rule_number);
    const Comity__V1__StageRun *run =
        round->stage != 0 ? (const Comity__V1__StageRun *) counting_row(c, TABLE_STAGE, round->stage) : NULL;

    if (!version || !version->rule ||
        (round->stage != 0 && (!run || run->stage == 0 || run->stage > version->rule->n_stages)))
        return NULL;
    return round->stage == 0 ? version->rule : rule_of_stage(version->rule, run->stage, c->r->arena);
}

/* The rule against its hash, and against the one that was adopted. R-10 */
static void check_rule(struct counting *c)
{
    const Comity__V1__Round *round = c->counted.round;
    const Comity__V1__Rule *adopted = rule_adopted(c, round);
    uint8_t of_round[HASH_SIZE], of_adopted[HASH_SIZE];
    struct refusal refusal = {0};

    if (rule_check(round->rule, "rule", &refusal) != 0) {
        recounting_note(c->r, &c->counted.obstacles, N_("its rule cannot be carried out: %s (%s)"),
                        error_name(refusal.code), refusal.field);
        return;
    }
    if (rule_hash(round->rule, c->r->arena, of_round) != 0 || round->rule_hash.len != HASH_SIZE ||
        memcmp(of_round, round->rule_hash.data, HASH_SIZE) != 0)
        recounting_note(c->r, &c->counted.wrong, N_("the rule of the round does not fit its hash"));
    if (!adopted)
        recounting_note(c->r, &c->counted.wrong, N_("the rule that the round names was not adopted"));
    else if (rule_hash(adopted, c->r->arena, of_adopted) != 0 || memcmp(of_round, of_adopted, HASH_SIZE) != 0)
        recounting_note(c->r, &c->counted.wrong, N_("the rule of the round is not the one that was adopted"));
}

static void check_answers(struct counting *c)
{
    const char *field = "";

    for (size_t i = 0; i < c->input.line_count; i++) {
        const struct roll_line *line = &c->input.lines[i];
        if (line->has_answered &&
            rule_check_answer(c->input.rule, c->input.option_count, &line->given, &field) != 0)
            recounting_note(c->r, &c->counted.obstacles,
                            N_("the ballot of member %" PRIu32 ", number %" PRIu64
                               " of the record, is none that the rule takes (%s)"),
                            line->member, line->sequence, field);
    }
}

/* The frozen roll and the ballots, as the machine reads them. R-96 */
static void take_input(struct counting *c)
{
    Comity__V1__Round *round = c->counted.round;
    int code = round->eligible > ROLL_MAX
                   ? ERR_CORRUPT
                   : round_input(&c->r->view, c->r->arena, round, c->in->open->actor, &c->input);

    if (code != 0) {
        counting_obstacle(c, code, N_("its roll and its ballots do not belong together"));
        return;
    }
    if (c->input.line_count != round->eligible)
        recounting_note(c->r, &c->counted.wrong,
                        N_("the record says that %" PRIu32 " are on the roll, which has %zu lines"),
                        round->eligible, c->input.line_count);
    check_answers(c);
}

static size_t silent_count(const struct counting *c)
{
    size_t silent = 0;

    for (size_t i = 0; i < c->input.line_count; i++)
        silent += !c->input.lines[i].has_answered;
    return silent;
}

/* Does why it closed fit? R-98 */
static void check_cause(struct counting *c, Comity__V1__CloseCause cause)
{
    const Comity__V1__Round *round = c->counted.round;
    const Comity__V1__Close *close = round->rule->close;
    bool is_settled = false;

    switch (cause) {
    case COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_FACILITATOR:
        if (c->in->open->actor == 0)
            recounting_note(c->r, &c->counted.wrong, N_("the record does not say who closed it"));
        break;
    case COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME:
        if (round->closes_ms == 0 || round->closes_ms > c->in->header.time_ms)
            recounting_note(c->r, &c->counted.wrong, N_("it closed before its time had come"));
        break;
    case COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED:
        if (!close || !close->all_answered || silent_count(c) > 0)
            recounting_note(c->r, &c->counted.wrong,
                            N_("it closed since all had answered, the record says: %zu had not"),
                            silent_count(c));
        break;
    case COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE:
        if (rule_is_settled(&c->input, c->r->arena, &is_settled) != 0 || !is_settled)
            recounting_note(
                c->r, &c->counted.wrong,
                N_("it closed since nothing could change any more, the record says: something could"));
        break;
    default:
        break;
    }
}

int counting_compare(struct counting *c)
{
    struct recounted *counted = &c->counted;

    counted->counted = c->outcome;
    return outcome_differences(counted->round, counted->recorded, counted->counted, c->r->options->words,
                               c->r->arena, &counted->differences, &counted->difference_count);
}

int counting_tell(struct counting *c)
{
    struct recounted *counted = &c->counted;

    counted->verdict = counted->obstacles.count > 0                                ? RECOUNT_IMPOSSIBLE
                       : counted->difference_count > 0 || counted->wrong.count > 0 ? RECOUNT_DIFFERS
                                                                                   : RECOUNT_SAME;
    c->r->summary->counts[counted->verdict]++;
    c->r->options->count(c->r->options->context, counted);
    return 0;
}

bool counting_take_round(struct counting *c, uint32_t number)
{
    struct recounted *counted = &c->counted;
    const Comity__V1__Proposal *proposal;

    counted->round = (Comity__V1__Round *) counting_row(c, TABLE_ROUND, number);
    if (!counted->round || !counted->round->rule) {
        recounting_fault(c->r, c->in->header.sequence, N_("it is about a round that did not open: %" PRIu32),
                         number);
        return false;
    }
    if (c->r->options->round != 0 && c->r->options->round != number)
        return false;
    proposal = (const Comity__V1__Proposal *) counting_row(c, TABLE_PROPOSAL, counted->round->proposal);
    if (proposal && proposal->title)
        counted->title = aside_text(c->r, proposal->title->hash);
    check_rule(c);
    return true;
}

int counting_take_ballots(struct counting *c)
{
    int code = aside_hidden(c->r, c->counted.round->number, &c->counted.obstacles);

    if (code == 0 && c->counted.obstacles.count == 0)
        take_input(c);
    return code;
}

/* @cause: why it closed; @is_quorum: whether there was a quorum is all that is asked. */
static int count_round(struct counting *c, Comity__V1__CloseCause cause, bool is_quorum)
{
    bool is_referred = cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED;
    struct recounted *counted = &c->counted;
    struct recounting *r = c->r;
    int code;

    if (!counted->recorded)
        recounting_note(r, &counted->obstacles, N_("the record has no outcome of it"));
    code = is_referred ? 0 : counting_take_ballots(c);
    if (code != 0)
        return code;
    if (counted->obstacles.count > 0)
        return counting_tell(c);
    if (!is_referred && !is_quorum)
        check_cause(c, cause);
    code = is_quorum
               ? rule_quorum_at_close(&c->input, r->arena, &c->outcome)
               : round_outcome(&r->view, r->arena, counted->round, c->in->open->actor, cause, &c->outcome);
    counting_obstacle(c, code, N_("the rule cannot count it"));
    if (code == 0 && !c->outcome)
        recounting_note(r, &counted->wrong, N_("the record says that there was no quorum: there was"));
    if (code == 0 && c->outcome && !is_quorum)
        recount_final(c, c->in->open->round_closed);
    if (code == 0 && c->outcome && counting_compare(c) != 0)
        return ERR_MEMORY;
    return counting_tell(c);
}

int recount_event(struct recounting *r, const struct incoming *in)
{
    const Comity__V1__RoundClosed *closed = in->open->round_closed;
    const Comity__V1__RoundExtended *extended = in->open->round_extended;
    struct counting c = {.r = r, .in = in};

    c.counted = (struct recounted){
        .history = r->history, .sequence = in->header.sequence, .time_ms = in->header.time_ms};
    switch (in->open->kind_case) {
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        c.counted.recorded = closed->outcome;
        c.counted.outcome = closed->outcome ? closed->outcome->kind : 0;
        return counting_take_round(&c, closed->round) ? count_round(&c, closed->cause, false) : 0;
    case COMITY__V1__EVENT__KIND_ROUND_EXTENDED:
        c.counted.what = RECOUNT_EXTENSION;
        c.counted.recorded = extended->outcome;
        c.counted.outcome = extended->outcome ? extended->outcome->kind : 0;
        return counting_take_round(&c, extended->round) ? count_round(&c, 0, true) : 0;
    case COMITY__V1__EVENT__KIND_STAGE_ENDED:
        return recount_stage(&c, in->open->stage_ended);
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
        recount_decision(&c, in->open->decision_made->decision);
        return 0;
    default:
        return 0;
    }
}
