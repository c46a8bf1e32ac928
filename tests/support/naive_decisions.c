#include "tests/support/naive_decisions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/machine/row.h"

enum { ROOM = 8192, PARTIES_ROOM = 65 };

enum life { NONE, WAITING, HOLDS, HALTED, REPLACED, OVER };

struct decision {
    enum life life;
    int64_t effective_ms, trial_ms, review_ms, sunset_ms; /* 0: none, or done */
    size_t missing;                                       /* signatures */
    size_t effects;
    uint32_t effect_on[16];
    int effect[16];
    size_t reviews, reopenings;
};

struct minutes {
    bool is_drafted, by_silence, in_force;
    uint32_t body, version;
    uint32_t answered[PARTIES_ROOM]; /* the version that it answered */
    bool dissents[PARTIES_ROOM];     /* and how, the last time */
};

struct naive_decisions {
    const struct view *view;
    struct arena *arena;
    struct decision *decisions; /* by number */
    struct minutes *minutes;    /* by session */
    int *actions;               /* their status, by number */
    int64_t *reports;           /* when each mandate's is due; 0: none */
    uint32_t decision_count, action_count, mandate_count, session_count;
    size_t seen[256]; /* events, by kind */
    size_t changed, silent;
};

struct naive_decisions *naive_decisions_new(const struct view *view)
{
    struct naive_decisions *naive = calloc(1, sizeof(*naive));

    naive->view = view;
    naive->arena = arena_new(ARENA_LIMIT_DEFAULT);
    naive->decisions = calloc(ROOM, sizeof(*naive->decisions));
    naive->minutes = calloc(ROOM, sizeof(*naive->minutes));
    naive->actions = calloc(ROOM, sizeof(*naive->actions));
    naive->reports = calloc(ROOM, sizeof(*naive->reports));
    return naive;
}

void naive_decisions_destroy(struct naive_decisions **naive)
{
    arena_destroy(&(*naive)->arena);
    free((*naive)->decisions);
    free((*naive)->minutes);
    free((*naive)->actions);
    free((*naive)->reports);
    free(*naive);
    *naive = NULL;
}

static enum life life_of(Comity__V1__DecisionState state)
{
    static const enum life LIVES[] = {
        [COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT] = HOLDS,
        [COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED] = HALTED,
        [COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED] = REPLACED,
        [COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED] = OVER,
        [COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING] = WAITING,
    };
    return LIVES[state];
}

static bool lives(const struct decision *decision)
{
    return decision->life == WAITING || decision->life == HOLDS || decision->life == HALTED;
}

/* By the time of a command nothing that was due has been left. */
static void check_nothing_left(const struct naive_decisions *naive, int64_t time_ms)
{
    for (uint32_t number = 1; number <= naive->decision_count; number++) {
        const struct decision *decision = &naive->decisions[number];
        if (!lives(decision))
            continue;
        assert_true(decision->sunset_ms == 0 || decision->sunset_ms > time_ms);
        assert_true(decision->trial_ms == 0 || decision->trial_ms > time_ms);
        assert_true(decision->review_ms == 0 || decision->review_ms > time_ms);
        if (decision->life == WAITING && decision->missing == 0)
            assert_true(decision->effective_ms > time_ms);
    }
    for (uint32_t number = 1; number <= naive->mandate_count; number++)
        assert_true(naive->reports[number] == 0 || naive->reports[number] > time_ms);
}

static void made(struct naive_decisions *naive, const Comity__V1__Decision *row, int64_t time_ms)
{
    struct decision *decision = &naive->decisions[++naive->decision_count];
    const Comity__V1__Terms *terms = row->terms;

    assert_int_equal(row->number, naive->decision_count);
    assert_true(row->number < ROOM);
    *decision = (struct decision){.life = HOLDS};
    if (!terms) {
        assert_int_equal(row->state, COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT);
        return;
    }
    decision->effective_ms = terms->effective_ms;
    decision->trial_ms = terms->trial_until_ms;
    decision->review_ms = terms->review_ms;
    decision->sunset_ms = terms->sunset_ms;
    for (size_t i = 0; i < terms->n_clauses; i++)
        decision->missing += terms->clauses[i]->n_signatories;
    for (size_t i = 0; i < terms->n_effects; i++) {
        decision->effect[i] = (int) terms->effects[i]->relation;
        decision->effect_on[i] = terms->effects[i]->decision;
    }
    decision->effects = terms->n_effects;
    if (decision->effects > 0 || decision->missing > 0 || decision->effective_ms > time_ms)
        decision->life = WAITING;
    assert_int_equal(life_of(row->state), decision->life);
}

static void put_out(struct decision *decision, enum life life)
{
    decision->life = life;
    decision->trial_ms = decision->review_ms = decision->sunset_ms = 0;
}

/* Whether the effect does anything, and then does it. */
static bool effect_do(struct decision *other, int relation)
{
    if (!lives(other))
        return false;
    switch (relation) {
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUPERSEDES:
        put_out(other, REPLACED);
        return true;
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_ENDS:
        put_out(other, OVER);
        return true;
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUSPENDS:
        if (other->life != HOLDS)
            return false;
        other->life = HALTED;
        return true;
    case COMITY__V1__DECISION_RELATION__DECISION_RELATION_RESUMES:
        if (other->life != HALTED)
            return false;
        other->life = HOLDS;
        return true;
    default:
        if (other->trial_ms == 0)
            return false;
        other->trial_ms = 0;
        return true;
    }
}

static void took_effect(struct naive_decisions *naive, const Comity__V1__DecisionTookEffect *took,
                        int64_t time_ms)
{
    struct decision *decision = &naive->decisions[took->decision];
    size_t done = 0;

    assert_int_equal(decision->life, WAITING);
    assert_int_equal(decision->missing, 0);
    assert_true(decision->effective_ms <= time_ms);
    decision->life = HOLDS;
    for (size_t i = 0; i < decision->effects; i++) {
        struct decision *other = &naive->decisions[decision->effect_on[i]];
        if (!effect_do(other, decision->effect[i]))
            continue;
        assert_true(done < took->n_changes);
        assert_int_equal(took->changes[done]->decision, decision->effect_on[i]);
        assert_int_equal(life_of(took->changes[done]->state), other->life);
        done++;
    }
    assert_int_equal(took->n_changes, done);
    naive->changed += done;
}

static void ended(struct naive_decisions *naive, const Comity__V1__DecisionEnded *event, int64_t time_ms)
{
    struct decision *decision = &naive->decisions[event->decision];

    assert_true(lives(decision));
    if (event->cause == COMITY__V1__DECISION_END__DECISION_END_SUNSET)
        assert_true(decision->sunset_ms != 0 && decision->sunset_ms <= time_ms);
    else if (event->cause == COMITY__V1__DECISION_END__DECISION_END_TRIAL)
        assert_true(decision->trial_ms != 0 && decision->trial_ms <= time_ms);
    else
        assert_int_equal(event->cause, COMITY__V1__DECISION_END__DECISION_END_DECLARED);
    put_out(decision, OVER);
}

static void signed_clause(struct naive_decisions *naive, const Comity__V1__ClauseSigned *given,
                          int64_t time_ms)
{
    struct decision *decision = &naive->decisions[given->decision];

    assert_int_equal(decision->life, WAITING);
    assert_true(decision->missing-- > 0);
    assert_int_equal(given->effective_ms,
                     decision->missing == 0 && decision->effective_ms > time_ms ? decision->effective_ms : 0);
}

/* PARTYs with seats in the body that have not answered the latest version. */
static size_t silent_count(struct naive_decisions *naive, const struct minutes *minutes, bool is_at_last)
{
    ProtobufCMessage *row = NULL;
    bool is_counted[PARTIES_ROOM] = {false};
    size_t count = 0;

    arena_reset(naive->arena);
    for (uint32_t seat = 1; state_get(naive->view, naive->arena, TABLE_SEAT, minutes->body, seat, &row) == 0;
         seat++) {
        uint32_t number = ((const Comity__V1__Seat *) row)->constituency;
        assert_int_equal(state_get(naive->view, naive->arena, TABLE_CONSTITUENCY, number, 0, &row), 0);
        if (((const Comity__V1__Constituency *) row)->standing == COMITY__V1__STANDING__STANDING_PARTY &&
            !is_counted[number] && minutes->answered[number] != minutes->version &&
            !(is_at_last && minutes->dissents[number]))
            count++;
        is_counted[number] = true;
    }
    return count;
}

static void answered(struct naive_decisions *naive, uint32_t session, const Comity__V1__MinutesAnswer *answer,
                     bool is_in_force)
{
    struct minutes *minutes = &naive->minutes[session];

    assert_true(minutes->is_drafted && !minutes->in_force);
    assert_int_equal(answer->version, minutes->version);
    minutes->answered[answer->constituency] = answer->version;
    minutes->dissents[answer->constituency] = answer->dissent != NULL;
    minutes->in_force = silent_count(naive, minutes, false) == 0;
    assert_int_equal(is_in_force, minutes->in_force);
}

static void stood(struct naive_decisions *naive, const Comity__V1__MinutesStood *event)
{
    for (size_t i = 0; i < event->n_minutes; i++) {
        struct minutes *minutes = &naive->minutes[event->minutes[i]->session];

        assert_true(minutes->is_drafted && minutes->by_silence && !minutes->in_force);
        assert_int_equal(event->minutes[i]->n_answers, silent_count(naive, minutes, true));
        minutes->in_force = true;
        naive->silent++;
    }
}

static void drafted(struct naive_decisions *naive, const Comity__V1__Minutes *row)
{
    struct minutes *minutes = &naive->minutes[row->session];

    assert_true(row->session < ROOM);
    assert_false(minutes->is_drafted);
    *minutes = (struct minutes){true, row->by_silence, false, row->body, 1, {0}, {false}};
    if (row->session > naive->session_count)
        naive->session_count = row->session;
}

static void things(struct naive_decisions *naive, const Comity__V1__Event *open, int64_t time_ms)
{
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_ACTION_ADDED:
        assert_int_equal(open->action_added->action->number, ++naive->action_count);
        naive->actions[naive->action_count] = COMITY__V1__ACTION_STATUS__ACTION_STATUS_OPEN;
        break;
    case COMITY__V1__EVENT__KIND_ACTION_UPDATED:
        assert_int_not_equal(naive->actions[open->action_updated->action],
                             open->action_updated->change->status);
        naive->actions[open->action_updated->action] = (int) open->action_updated->change->status;
        break;
    case COMITY__V1__EVENT__KIND_MANDATE_GIVEN:
        assert_int_equal(open->mandate_given->mandate->number, ++naive->mandate_count);
        naive->reports[naive->mandate_count] = open->mandate_given->mandate->report_by_ms;
        break;
    case COMITY__V1__EVENT__KIND_MANDATE_REPORTED:
        naive->reports[open->mandate_reported->mandate] = open->mandate_reported->next_ms;
        break;
    case COMITY__V1__EVENT__KIND_MANDATE_REPORT_DUE:
        assert_true(naive->reports[open->mandate_report_due->mandate] != 0);
        assert_true(naive->reports[open->mandate_report_due->mandate] <= time_ms);
        naive->reports[open->mandate_report_due->mandate] = 0;
        break;
    case COMITY__V1__EVENT__KIND_MANDATE_RECALLED:
        naive->reports[open->mandate_recalled->mandate] = 0;
        break;
    default:
        break;
    }
}

static void said(struct naive_decisions *naive, const Comity__V1__Event *open)
{
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_MINUTES_DRAFTED:
        drafted(naive, open->minutes_drafted->minutes);
        break;
    case COMITY__V1__EVENT__KIND_MINUTES_CORRECTED:
        assert_false(naive->minutes[open->minutes_corrected->session].in_force);
        assert_int_equal(open->minutes_corrected->version->version,
                         ++naive->minutes[open->minutes_corrected->session].version);
        break;
    case COMITY__V1__EVENT__KIND_MINUTES_APPROVED:
        answered(naive, open->minutes_approved->session, open->minutes_approved->answer,
                 open->minutes_approved->is_in_force);
        break;
    case COMITY__V1__EVENT__KIND_MINUTES_DISSENTED:
        assert_non_null(open->minutes_dissented->answer->dissent);
        answered(naive, open->minutes_dissented->session, open->minutes_dissented->answer,
                 open->minutes_dissented->is_in_force);
        break;
    case COMITY__V1__EVENT__KIND_MINUTES_STOOD:
        stood(naive, open->minutes_stood);
        break;
    default:
        break;
    }
}

void naive_decisions_event(struct naive_decisions *naive, const struct machine_event *event)
{
    const Comity__V1__Event *open = event->open;
    int64_t time_ms = event->time_ms;

    if (event->command)
        check_nothing_left(naive, time_ms);
    naive->seen[open->kind_case]++;
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
        made(naive, open->decision_made->decision, time_ms);
        break;
    case COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT:
        took_effect(naive, open->decision_took_effect, time_ms);
        break;
    case COMITY__V1__EVENT__KIND_DECISION_ENDED:
        ended(naive, open->decision_ended, time_ms);
        break;
    case COMITY__V1__EVENT__KIND_REVIEW_DUE:
        assert_true(naive->decisions[open->review_due->decision].review_ms <= time_ms);
        naive->decisions[open->review_due->decision].review_ms = 0;
        break;
    case COMITY__V1__EVENT__KIND_DECISION_REVIEWED:
        assert_true(lives(&naive->decisions[open->decision_reviewed->decision]));
        naive->decisions[open->decision_reviewed->decision].review_ms = open->decision_reviewed->next_ms;
        naive->decisions[open->decision_reviewed->decision].reviews++;
        break;
    case COMITY__V1__EVENT__KIND_CLAUSE_SIGNED:
        signed_clause(naive, open->clause_signed, time_ms);
        break;
    case COMITY__V1__EVENT__KIND_DECISION_REOPENED:
        assert_true(lives(&naive->decisions[open->decision_reopened->decision]));
        naive->decisions[open->decision_reopened->decision].reopenings++;
        break;
    default:
        things(naive, open, time_ms);
        said(naive, open);
    }
}

static void check_rows(struct naive_decisions *naive)
{
    ProtobufCMessage *row = NULL;

    for (uint32_t number = 1; number <= naive->decision_count; number++) {
        const struct decision *kept = &naive->decisions[number];
        arena_reset(naive->arena);
        assert_int_equal(state_get(naive->view, naive->arena, TABLE_DECISION, number, 0, &row), 0);
        const Comity__V1__Decision *decision = (const Comity__V1__Decision *) row;
        assert_int_equal(life_of(decision->state), kept->life);
        assert_int_equal(decision->n_reviews, kept->reviews);
        assert_int_equal(decision->n_reopenings, kept->reopenings);
        if (lives(kept))
            assert_int_equal(decision->is_on_trial, kept->trial_ms != 0);
    }
    for (uint32_t number = 1; number <= naive->action_count; number++) {
        arena_reset(naive->arena);
        assert_int_equal(state_get(naive->view, naive->arena, TABLE_ACTION, number, 0, &row), 0);
        assert_int_equal(((const Comity__V1__Action *) row)->status, naive->actions[number]);
    }
    for (uint32_t number = 1; number <= naive->session_count; number++) {
        const struct minutes *minutes = &naive->minutes[number];
        arena_reset(naive->arena);
        assert_int_equal(state_get(naive->view, naive->arena, TABLE_SESSION, number, 0, &row), 0);
        assert_int_equal(((const Comity__V1__Session *) row)->state ==
                             COMITY__V1__SESSION_STATE__SESSION_STATE_MINUTED,
                         minutes->is_drafted && minutes->in_force);
    }
}

/* Deadlines that are left are those of the books, and no others. */
static int deadline_visit(void *context, struct bytes key, struct bytes value)
{
    size_t *count = context;

    (void) value;
    *count += key.data[9] >= DEADLINE_EFFECT && key.data[9] <= DEADLINE_REPORT;
    return 0;
}

static void check_deadlines(struct naive_decisions *naive)
{
    struct row_key all = row_key_all(TABLE_DEADLINE);
    size_t expected = 0, count = 0;

    for (uint32_t number = 1; number <= naive->decision_count; number++) {
        const struct decision *kept = &naive->decisions[number];
        if (!lives(kept))
            continue;
        expected += kept->trial_ms != 0;
        expected += kept->review_ms != 0;
        expected += kept->sunset_ms != 0;
        expected += kept->life == WAITING && kept->missing == 0;
    }
    for (uint32_t number = 1; number <= naive->mandate_count; number++)
        expected += naive->reports[number] != 0;
    assert_int_equal(view_range(naive->view, row_key_view(&all), BYTES(NULL, 0), deadline_visit, &count), 0);
    assert_int_equal(count, expected);
}

void naive_decisions_check(struct naive_decisions *naive, bool is_long)
{
    check_rows(naive);
    check_deadlines(naive);
    if (!is_long)
        return;
    for (int kind = COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT;
         kind <= COMITY__V1__EVENT__KIND_MANDATE_RECALLED; kind++)
        if (naive->seen[kind] == 0)
            fail_msg("events of kind %d came %zu times", kind, naive->seen[kind]);
    assert_true(naive->changed > 10);
    assert_true(naive->silent > 3);
}
