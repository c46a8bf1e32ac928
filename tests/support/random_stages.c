/* Ladders of rules, and what is done at their stages. */
#include "core/machine/row.h"
#include "core/rule/rule.h"
#include "tests/support/random_bodies.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

/* An outcome that a rule may name. */
static Comity__V1__OutcomeKind outcome_draw(struct random_commands *r)
{
    uint32_t outcome = 1 + random_below(r, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE);

    return outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET
               ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED
               : (Comity__V1__OutcomeKind) outcome;
}

static void stage_add_map(struct random_commands *r, Comity__V1__Stage *stage)
{
    stage->map = random_alloc(r, sizeof(*stage->map));
    stage->map[0] = random_alloc(r, sizeof(*stage->map[0]));
    comity__v1__stage_outcome__init(stage->map[0]);
    stage->map[0]->from = random_chance(r, 50) ? outcome_draw(r) : 0;
    stage->map[0]->to = outcome_draw(r);
    stage->n_map = 1;
}

/* Sometimes one that there is not. */
static char *body_name(struct random_commands *r)
{
    const Comity__V1__Body *body = random_row(r, TABLE_BODY, random_recent(r, TABLE_BODY), 0);

    return body && random_chance(r, 97) ? body->name : "arbitrator";
}

static void stage_fill(struct random_commands *r, Comity__V1__Stage *stage)
{
    stage->within_ms = MINUTE_MS + (int64_t) random_below(r, 20 * 60 * 1000);
    switch (stage->kind) {
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS:
        stage->within_ms = 0;
        stage->rule = random_alloc(r, sizeof(*stage->rule));
        comity__v1__stage_rule__init(stage->rule);
        stage->rule->rounds = random_below(r, 3);
        return;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING:
        stage->count = random_below(r, 3);
        stage->by_other = stage->count == 0 || random_chance(r, 50);
        stage->counts_as = (Comity__V1__Stance) (1 + random_below(r, 5));
        return;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER:
        stage->count = 1 + random_below(r, 2);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF:
        stage->each_party = random_chance(r, 50);
        stage->office = random_chance(r, 80) ? CO_CHAIR : RECORDER;
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING:
        stage->office = random_chance(r, 70) ? FACILITATOR : (Comity__V1__Office) (1 + random_below(r, 6));
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE:
        stage->who = "arbitrator";
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE:
        stage->who = body_name(r);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT:
        stage->outcome = outcome_draw(r);
        stage->within_ms = 0;
        return;
    default:
        stage->within_ms = 0;
        return;
    }
    if (random_chance(r, 40))
        stage->otherwise = outcome_draw(r);
}

static Comity__V1__Stage *stage_new(struct random_commands *r, size_t index)
{
    Comity__V1__Stage *stage = random_alloc(r, sizeof(*stage));

    comity__v1__stage__init(stage);
    stage->kind = (Comity__V1__StageKind) (1 + random_below(r, COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT));
    stage->name = random_name(r, "stage", index);
    stage->on = random_alloc(r, 16 * sizeof(*stage->on));
    for (int outcome = 1; outcome <= COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE; outcome++)
        if (outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET &&
            random_chance(r, outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED ? 10 : 70))
            stage->on[stage->n_on++] = (Comity__V1__OutcomeKind) outcome;
    if (random_chance(r, 30))
        stage_add_map(r, stage);
    stage_fill(r, stage);
    return stage;
}

void random_add_ladder(struct random_commands *r, Comity__V1__Rule *rule)
{
    size_t count = 1 + random_below(r, 4);

    if (random_chance(r, 40))
        return;
    rule->rounds = 1 + random_below(r, 2); /* so that they run out */
    rule->stages = random_alloc(r, count * sizeof(*rule->stages));
    for (rule->n_stages = 0; rule->n_stages < count; rule->n_stages++)
        rule->stages[rule->n_stages] = stage_new(r, rule->n_stages + 1);
    /* Down to what can be used: of what is left, each stage is reached. */
    while (rule->n_stages > 0 && rule_check(rule, "rule", NULL) != 0)
        rule->n_stages--;
}

/* A recent stage that is open, of one of the kinds, whose time is not over. */
static const Comity__V1__StageRun *stage_find(struct random_commands *r, unsigned kinds)
{
    uint32_t last = random_last_number(r, TABLE_STAGE);

    for (uint32_t i = 0; i < 60 && i < last; i++) {
        const Comity__V1__StageRun *run = random_row(r, TABLE_STAGE, last - i, 0);

        if (run && run->state == COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN && kinds & 1U << run->kind &&
            (run->due_ms == 0 || run->due_ms > r->time_ms) && random_chance(r, 80))
            return run;
    }
    return NULL;
}

const Comity__V1__Item *random_item_at_stage(struct random_commands *r)
{
    const Comity__V1__StageRun *run = stage_find(r, UINT32_MAX);
    const Comity__V1__Proposal *proposal = run ? random_row(r, TABLE_PROPOSAL, run->proposal, 0) : NULL;
    const Comity__V1__Item *item = proposal ? random_row(r, TABLE_ITEM, proposal->item, 0) : NULL;

    return item && item->phase == COMITY__V1__PHASE__PHASE_TEST ? item : NULL;
}

#define KIND(name) (1U << COMITY__V1__STAGE_KIND__STAGE_KIND_##name)

bool random_second_block(struct random_commands *r)
{
    const Comity__V1__StageRun *run = stage_find(r, KIND(SECONDING));
    uint32_t voter = run ? run->blockers[random_below(r, (uint32_t) run->n_blockers)] : 0;
    const struct person *by = run ? random_member(r, 0, ANYBODY) : NULL;

    if (!by || by->member == voter || !random_row(r, TABLE_ROLL, run->round, by->member))
        return false;
    for (size_t i = 0; i < run->n_seconds; i++)
        if (run->seconds[i]->voter == voter && run->seconds[i]->member == by->member)
            return false;
    r->body->second_block->stage = run->number;
    r->body->second_block->voter = voter;
    random_sign(r, by);
    return true;
}

/* By @signer, and somebody of another constituency. */
static bool sign_with_witness(struct random_commands *r, const struct person *signer)
{
    const struct person *witness = random_member(r, 0, ANYBODY);

    if (!signer || !witness || witness->constituency == signer->constituency)
        return false;
    random_sign(r, signer);
    random_cosign(r, witness);
    return true;
}

bool random_note_conference(struct random_commands *r)
{
    const Comity__V1__StageRun *run = stage_find(r, KIND(CONFER));

    if (!run)
        return false;
    r->body->note_conference->stage = run->number;
    if (random_chance(r, 50))
        r->body->note_conference->note = random_text(r);
    return sign_with_witness(r, random_member(r, FACILITATOR, ANYBODY));
}

bool random_enter_answer(struct random_commands *r)
{
    static const Comity__V1__OutcomeKind ANSWERS[] = {
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED,  COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED,
        COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION};
    const Comity__V1__StageRun *run = stage_find(r, KIND(UMPIRE) | KIND(ESCALATE));

    if (!run)
        return false;
    r->body->enter_answer->stage = run->number;
    r->body->enter_answer->outcome = ANSWERS[random_below(r, ARRAY_COUNT(ANSWERS))];
    r->body->enter_answer->answer = random_text(r);
    return sign_with_witness(r, random_member(r, RECORDER, ANYBODY));
}

/* One of those who are asked and were not heard. */
static const struct person *asked_draw(struct random_commands *r, const Comity__V1__StageRun *run)
{
    const struct person *person =
        random_person_of(r, run->asked[random_below(r, (uint32_t) run->n_asked)]);

    for (size_t i = 0; i < run->n_voices; i++)
        if (person && run->voices[i]->member == person->member)
            return NULL;
    return person && !person->is_revoked ? person : NULL;
}

bool random_give_casting_vote(struct random_commands *r)
{
    const Comity__V1__StageRun *run = stage_find(r, KIND(CASTING));
    const struct person *person = run ? asked_draw(r, run) : NULL;

    if (!person)
        return false;
    r->body->give_casting_vote->stage = run->number;
    r->body->give_casting_vote->for_proposal = run->number % 2 == 0 || random_chance(r, 10);
    if (random_chance(r, 30))
        r->body->give_casting_vote->reason = random_text(r);
    random_sign(r, person);
    return true;
}

bool random_sign_off(struct random_commands *r)
{
    const Comity__V1__StageRun *run = stage_find(r, KIND(SIGN_OFF));
    const struct person *person = run ? asked_draw(r, run) : NULL;

    if (!person)
        return false;
    r->body->sign_off->stage = run->number;
    r->body->sign_off->refuses = random_chance(r, 10);
    if (random_chance(r, 30))
        r->body->sign_off->reason = random_text(r);
    random_sign(r, person);
    return true;
}

/* The one whom a stage waits for, where it is one alone. */
static const struct person *last_awaited(struct random_commands *r, const Comity__V1__StageRun *run)
{
    const struct person *last = NULL;

    for (size_t i = 0; i < run->n_asked; i++) {
        const struct person *person = random_person_of(r, run->asked[i]);
        bool is_heard = false;

        for (size_t k = 0; k < run->n_voices; k++)
            is_heard |= run->voices[k]->member == run->asked[i];
        if (is_heard || !person || person->is_revoked)
            continue;
        if (last)
            return NULL;
        last = person;
    }
    return last;
}

const struct person *random_awaited(struct random_commands *r)
{
    uint32_t last = random_last_number(r, TABLE_STAGE);

    for (uint32_t i = 0; i < 60 && i < last; i++) {
        const Comity__V1__StageRun *run = random_row(r, TABLE_STAGE, last - i, 0);
        bool is_open = run && run->state == COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN && run->due_ms > r->time_ms;
        const struct person *person = is_open ? last_awaited(r, run) : NULL;

        if (person)
            return person;
    }
    return NULL;
}
