#include "tests/support/naive_ladder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/charter.h"
#include "tests/support/world_stages.h"

enum { ROOM = 16384, EXPECTED_ROOM = 4 };

/* What has to come next. */
struct expected {
    Comity__V1__Event__KindCase kind;
    uint32_t proposal;
    int outcome, computed; /* of an end; of an entering the outcome that leads to it; of a decision its own */
    uint32_t stage;        /* of an entering: which of the rule's */
    bool is_final;
};

/* A proposal's way. */
struct way {
    const Comity__V1__Rule *rule; /* of its last round of no stage */
    bool is_advice;
    uint32_t rounds;       /* of the rule, or of the stage that is open */
    uint32_t rounds_most;  /* as many as there may be */
    uint32_t open;         /* number of the stage; 0: none */
    int final;
    Comity__V1__StageRun *run; /* as far as the events have told */
};

struct naive_ladder {
    const struct view *view;
    naive_recount_fn *recount;
    void *context;
    struct arena *kept;
    struct way *paths;      /* by proposal */
    uint32_t *proposal_of;   /* by stage */
    uint32_t *of_round;      /* proposal, by round */
    uint32_t stage_count, proposal_count;
    bool *gone; /* by member: no key of theirs holds */
    uint32_t *further; /* keys by member, beside the first */
    struct expected queue[EXPECTED_ROOM];
    size_t waiting;
    int64_t time_ms;
    size_t entered[16], ended[16], by_time, given_up, declared, at_once, left;
};

struct naive_ladder *naive_ladder_new(const struct view *view, naive_recount_fn *recount, void *context)
{
    struct naive_ladder *naive = calloc(1, sizeof(*naive));

    *naive = (struct naive_ladder){.view = view, .recount = recount, .context = context};
    naive->kept = arena_new((size_t) 1 << 28);
    naive->paths = calloc(ROOM, sizeof(*naive->paths));
    naive->proposal_of = calloc(ROOM, sizeof(*naive->proposal_of));
    naive->of_round = calloc(ROOM, sizeof(*naive->of_round));
    naive->gone = calloc(ROOM, sizeof(*naive->gone));
    naive->further = calloc(ROOM, sizeof(*naive->further));
    return naive;
}

void naive_ladder_destroy(struct naive_ladder **naive)
{
    arena_destroy(&(*naive)->kept);
    free((*naive)->paths);
    free((*naive)->proposal_of);
    free((*naive)->of_round);
    free((*naive)->gone);
    free((*naive)->further);
    free(*naive);
    *naive = NULL;
}

static void *keep(struct naive_ladder *naive, const ProtobufCMessage *message)
{
    ProtobufCMessage *copy = NULL;

    assert_int_equal(message_copy(message, naive->kept, &copy), 0);
    return copy;
}

static void expect(struct naive_ladder *naive, struct expected what)
{
    assert_true(naive->waiting < EXPECTED_ROOM);
    naive->queue[naive->waiting++] = what;
}

static struct expected expected_next(struct naive_ladder *naive)
{
    struct expected first = naive->queue[0];

    memmove(naive->queue, naive->queue + 1, --naive->waiting * sizeof(first));
    return first;
}

static bool adopts(int outcome)
{
    return outcome == ADOPTED || outcome == BY_DEFAULT;
}

/* The outcome stands. */
static void conclude(struct naive_ladder *naive, uint32_t proposal, int outcome)
{
    if (adopts(outcome) && !naive->paths[proposal].is_advice)
        expect(naive, (struct expected){COMITY__V1__EVENT__KIND_DECISION_MADE, proposal, outcome, 0, 0, false});
}

/* The first stage behind @after that has the outcome; 0: none. */
static uint32_t stage_behind(const Comity__V1__Rule *rule, uint32_t after, int outcome)
{
    for (uint32_t at = after + 1; at <= rule->n_stages; at++)
        for (size_t i = 0; i < rule->stages[at - 1]->n_on; i++)
            if ((int) rule->stages[at - 1]->on[i] == outcome)
                return at;
    return 0;
}

static void lead_on(struct naive_ladder *naive, uint32_t proposal, uint32_t after, int outcome)
{
    uint32_t next = stage_behind(naive->paths[proposal].rule, after, outcome);

    if (next != 0)
        expect(naive, (struct expected){COMITY__V1__EVENT__KIND_STAGE_ENTERED, proposal, outcome, 0, next, false});
    else
        conclude(naive, proposal, outcome);
}

static const Comity__V1__Stage *stage_of(const struct way *path)
{
    return path->rule->stages[path->run->stage - 1];
}

static int called(const Comity__V1__Stage *stage, int computed)
{
    int otherwise = computed;

    for (size_t i = 0; i < stage->n_map; i++) {
        if ((int) stage->map[i]->from == computed)
            return (int) stage->map[i]->to;
        if (stage->map[i]->from == NONE)
            otherwise = (int) stage->map[i]->to;
    }
    return otherwise;
}

/* The open stage has come to this. */
static void end(struct naive_ladder *naive, uint32_t proposal, int computed)
{
    struct way *path = &naive->paths[proposal];
    int outcome = called(stage_of(path), computed);
    uint32_t at = path->run->stage;

    expect(naive, (struct expected){COMITY__V1__EVENT__KIND_STAGE_ENDED, proposal, outcome, computed, 0,
                                    stage_behind(path->rule, at, outcome) == 0});
    lead_on(naive, proposal, at, outcome);
}

static uint32_t constituency_of(struct naive_ladder *naive, uint32_t member)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    ProtobufCMessage *row = NULL;
    uint32_t constituency;

    assert_int_equal(state_get(naive->view, arena, TABLE_MEMBER, member, 0, &row), 0);
    constituency = ((const Comity__V1__Member *) row)->constituency;
    arena_destroy(&arena);
    return constituency;
}

/* The blocks that are not seconded: how many. */
static size_t unseconded(struct naive_ladder *naive, const struct way *path, uint32_t members[64])
{
    size_t count = 0;

    for (size_t i = 0; i < path->run->n_blockers; i++) {
        uint32_t voter = path->run->blockers[i];
        uint32_t own = 0, other = 0;

        for (size_t k = 0; k < path->run->n_seconds; k++) {
            const Comity__V1__Second *second = path->run->seconds[k];

            if (second->voter == voter && constituency_of(naive, second->member) == constituency_of(naive, voter))
                own++;
            else if (second->voter == voter)
                other++;
        }
        bool enough = stage_of(path)->count > 0 && own + other >= stage_of(path)->count;
        if (!enough && !(stage_of(path)->by_other && other > 0))
            members[count++] = voter;
    }
    return count;
}

static int counted_anew(struct naive_ladder *naive, const struct way *path)
{
    uint32_t members[64];
    size_t count = unseconded(naive, path, members);

    return (int) naive->recount(naive->context, path->run->round, members, count, stage_of(path)->counts_as);
}

static int otherwise(const struct way *path, int unchanged)
{
    return stage_of(path)->otherwise != NONE ? (int) stage_of(path)->otherwise : unchanged;
}

/* What the stage has come to by itself or by what was done at it; NONE: it goes on. */
static int come_to(struct naive_ladder *naive, const struct way *path, bool is_time_over)
{
    const Comity__V1__StageRun *run = path->run;
    uint32_t members[64];
    size_t agree = 0, heard_sides = 0, asked_sides = 0, lost_sides = 0, left = 0;
    bool sides[64] = {false}, heard[64] = {false}, there[64] = {false};

    for (size_t i = 0; i < run->n_voices; i++) {
        agree += run->voices[i]->agrees ? 1 : 0;
        heard[constituency_of(naive, run->voices[i]->member)] = true;
    }
    for (size_t i = 0; i < run->n_asked; i++) {
        bool has_spoken = false;

        for (size_t k = 0; k < run->n_voices; k++)
            has_spoken |= run->voices[k]->member == run->asked[i];
        left += naive->gone[run->asked[i]] && !has_spoken;
        sides[constituency_of(naive, run->asked[i])] = true;
        there[constituency_of(naive, run->asked[i])] |= !naive->gone[run->asked[i]];
    }
    for (size_t i = 0; i < 64; i++) {
        asked_sides += sides[i];
        heard_sides += sides[i] && heard[i];
        lost_sides += sides[i] && !heard[i] && !there[i];
    }
    bool is_nobody = run->n_asked == left;
    switch (run->kind) {
    case SECONDING:
        return is_time_over || unseconded(naive, path, members) == 0 ? counted_anew(naive, path) : NONE;
    case CONFER:
        if (run->n_conferences == stage_of(path)->count)
            return (int) run->entered_on;
        break;
    case CASTING:
        if (is_nobody || (agree > 0 && agree < run->n_voices))
            return otherwise(path, (int) run->entered_on);
        if (run->n_voices + left == run->n_asked)
            return agree > 0 ? ADOPTED : REJECTED;
        break;
    case SIGN_OFF:
        if (is_nobody || agree < run->n_voices || (stage_of(path)->each_party && lost_sides > 0))
            return otherwise(path, REJECTED);
        if (stage_of(path)->each_party ? heard_sides == asked_sides : run->n_voices + left == run->n_asked)
            return (int) run->entered_on;
        return is_time_over ? otherwise(path, REJECTED) : NONE;
    case STATUS_QUO:
        return REJECTED;
    case DEFAULT:
        return stage_of(path)->outcome == ADOPTED ? BY_DEFAULT : (int) stage_of(path)->outcome;
    default:
        break;
    }
    return is_time_over ? otherwise(path, (int) run->entered_on) : NONE;
}

static void round_opened(struct naive_ladder *naive, const Comity__V1__Round *round)
{
    struct way *path = &naive->paths[round->proposal];

    naive->of_round[round->number] = round->proposal;
    assert_int_equal(round->stage, path->open);
    assert_int_equal(path->final, NONE);
    if (round->stage == 0) {
        path->rule = keep(naive, &round->rule->base);
        path->rounds_most = round->rule->rounds;
        path->is_advice = share_is_advice(round->share);
    } else {
        assert_int_equal(path->run->kind, ROUNDS);
        assert_int_equal(round->rule->n_stages, 0);
        assert_int_equal(round->rule->rounds, path->rounds_most);
    }
    path->rounds++;
    assert_true(path->rounds <= path->rounds_most);
    assert_int_equal(round->round_of, path->rounds);
    if (round->proposal > naive->proposal_count)
        naive->proposal_count = round->proposal;
}

static void round_closed(struct naive_ladder *naive, const Comity__V1__RoundClosed *closed)
{
    uint32_t proposal = naive->of_round[closed->round];
    struct way *path = &naive->paths[proposal];
    int outcome = (int) closed->outcome->kind;
    bool is_referred = closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED;
    bool is_over = is_referred || adopts(outcome) || path->rounds == path->rounds_most;
    bool has_ladder = path->rule->n_stages > 0;

    assert_int_equal(closed->is_final, path->open == 0 && has_ladder && is_over &&
                                           (is_referred || stage_behind(path->rule, 0, outcome) == 0));
    if (closed->is_final)
        path->final = outcome;
    if (!is_over)
        return;
    if (path->open != 0 && is_referred)
        expect(naive, (struct expected){COMITY__V1__EVENT__KIND_STAGE_ENDED, proposal, outcome, outcome, 0, true});
    else if (path->open != 0)
        end(naive, proposal, outcome);
    else if (is_referred)
        return;
    else
        lead_on(naive, proposal, 0, outcome);
}

static void stage_entered(struct naive_ladder *naive, const Comity__V1__StageRun *run)
{
    struct expected first = expected_next(naive);
    struct way *path = &naive->paths[run->proposal];
    int computed;

    assert_int_equal(run->number, ++naive->stage_count);
    assert_int_equal(run->proposal, first.proposal);
    assert_int_equal(run->stage, first.stage);
    assert_int_equal(run->entered_on, first.outcome);
    assert_int_equal(run->kind, path->rule->stages[run->stage - 1]->kind);
    assert_int_equal(naive->of_round[run->round], run->proposal);
    assert_int_equal(path->open, 0);
    naive->entered[run->kind]++;
    naive->proposal_of[run->number] = run->proposal;
    path->open = run->number;
    path->run = keep(naive, &run->base);
    path->rounds = 0;
    path->rounds_most = run->kind == ROUNDS && stage_of(path)->rule->rounds > 0 ? stage_of(path)->rule->rounds : 1;
    computed = come_to(naive, path, false);
    naive->at_once += computed != NONE;
    if (computed != NONE)
        end(naive, run->proposal, computed);
}

/* Something was done at a stage; the books have it already. */
static void done_at(struct naive_ladder *naive, uint32_t stage)
{
    uint32_t proposal = naive->proposal_of[stage];
    int computed = come_to(naive, &naive->paths[proposal], false);

    if (computed != NONE)
        end(naive, proposal, computed);
}

static struct way *path_of_stage(struct naive_ladder *naive, uint32_t stage)
{
    struct way *path = &naive->paths[naive->proposal_of[stage]];

    assert_int_equal(path->open, stage);
    return path;
}

static void *more(struct naive_ladder *naive, void *list, size_t count, const ProtobufCMessage *message)
{
    void **larger = arena_alloc(naive->kept, (count + 1) * sizeof(*larger));

    if (count > 0)
        memcpy(larger, list, count * sizeof(*larger));
    larger[count] = keep(naive, message);
    return larger;
}

static void heard(struct naive_ladder *naive, uint32_t stage, const Comity__V1__StageVoice *voice)
{
    struct way *path = path_of_stage(naive, stage);
    bool is_asked = false;

    for (size_t i = 0; i < path->run->n_asked; i++)
        is_asked |= path->run->asked[i] == voice->member;
    assert_true(is_asked);
    for (size_t i = 0; i < path->run->n_voices; i++)
        assert_int_not_equal(path->run->voices[i]->member, voice->member);
    path->run->voices = more(naive, path->run->voices, path->run->n_voices++, &voice->base);
    done_at(naive, stage);
}

/* The phase of the proposal's item, as it is now. */
static int phase_of(struct naive_ladder *naive, uint32_t proposal)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    ProtobufCMessage *row = NULL;
    int phase;

    assert_int_equal(state_get(naive->view, arena, TABLE_PROPOSAL, proposal, 0, &row), 0);
    assert_int_equal(state_get(naive->view, arena, TABLE_ITEM, ((const Comity__V1__Proposal *) row)->item, 0, &row), 0);
    phase = (int) ((const Comity__V1__Item *) row)->phase;
    arena_destroy(&arena);
    return phase;
}

/* It ends, and nothing that was done says so: its time is over, or its item was given up. */
static void ends_by_itself(struct naive_ladder *naive, uint32_t stage)
{
    uint32_t proposal = naive->proposal_of[stage];
    struct way *path = path_of_stage(naive, stage);
    int phase = phase_of(naive, proposal);
    int outcome = phase == COMITY__V1__PHASE__PHASE_REFERRED    ? REFERRED
                  : phase == COMITY__V1__PHASE__PHASE_WITHDRAWN ? WITHDRAWN
                                                                : NONE;

    if (outcome != NONE) {
        naive->given_up++;
        expect(naive, (struct expected){COMITY__V1__EVENT__KIND_STAGE_ENDED, proposal, outcome, outcome, 0, true});
        return;
    }
    int computed = come_to(naive, path, false);
    if (computed != NONE) {
        naive->left++;
        end(naive, proposal, computed);
        return;
    }
    naive->by_time++;
    assert_true(path->run->due_ms != 0 && naive->time_ms >= path->run->due_ms);
    end(naive, proposal, come_to(naive, path, true));
}

static void stage_ended(struct naive_ladder *naive, const Comity__V1__StageEnded *ended)
{
    if (naive->waiting == 0)
        ends_by_itself(naive, ended->stage);
    struct expected first = expected_next(naive);
    struct way *path = path_of_stage(naive, ended->stage);

    assert_int_equal(first.kind, COMITY__V1__EVENT__KIND_STAGE_ENDED);
    assert_int_equal(first.proposal, naive->proposal_of[ended->stage]);
    assert_int_equal(ended->outcome, first.outcome);
    assert_int_equal(ended->computed, first.computed);
    assert_int_equal(ended->is_final, first.is_final);
    naive->ended[ended->outcome]++;
    path->open = 0;
    if (ended->is_final)
        path->final = first.outcome;
}

static void declared(struct naive_ladder *naive, const Comity__V1__OutcomeDeclared *event)
{
    uint32_t proposal = naive->of_round[event->round];
    struct way *path = &naive->paths[proposal];
    int outcome = (int) event->declaration->outcome;

    if (path->open != 0) {
        naive->declared++;
        expect(naive, (struct expected){COMITY__V1__EVENT__KIND_STAGE_ENDED, proposal, outcome, outcome, 0, true});
    } else if (path->final != NONE) {
        path->final = outcome;
    }
}

static void decided(struct naive_ladder *naive, const Comity__V1__Decision *decision)
{
    if (decision->is_declared)
        return;
    assert_true(naive->waiting > 0);
    struct expected first = expected_next(naive);
    assert_int_equal(first.kind, COMITY__V1__EVENT__KIND_DECISION_MADE);
    assert_int_equal(decision->proposal, first.proposal);
    assert_int_equal(decision->outcome, first.outcome);
}

/* The stages that wait for nobody any more are told, and no others; each ends by itself then. */
static void key_revoked(struct naive_ladder *naive, const Comity__V1__KeyRevoked *revoked)
{
    size_t told = 0;

    if (revoked->member == 0)
        return;
    if (naive->further[revoked->member] > 0) {
        naive->further[revoked->member]--; /* still there, by another key */
        assert_int_equal(revoked->n_stages, 0);
        return;
    }
    naive->gone[revoked->member] = true;
    for (uint32_t stage = 1; stage <= naive->stage_count; stage++) {
        const struct way *path = &naive->paths[naive->proposal_of[stage]];
        bool is_asking = path->open == stage && (path->run->kind == CASTING || path->run->kind == SIGN_OFF);

        if (!is_asking || come_to(naive, path, false) == NONE)
            continue;
        assert_true(told < revoked->n_stages);
        assert_int_equal(revoked->stages[told++], stage);
    }
    assert_int_equal(told, revoked->n_stages);
}

/* Who had left is back; who had not has one key more, for those that it replaced. No stage ends by it. */
static void key_added(struct naive_ladder *naive, const Comity__V1__KeyAdded *added)
{
    uint32_t member = added->key->member;

    if (!naive->gone[member])
        naive->further[member] += 1 - (uint32_t) added->n_revoked;
    naive->gone[member] = false;
}

/* What was open at a restore waits for a day and a night. */
static void restored(struct naive_ladder *naive, int64_t resume_ms)
{
    for (uint32_t proposal = 1; proposal <= naive->proposal_count; proposal++) {
        struct way *path = &naive->paths[proposal];

        if (path->open != 0 && path->run->due_ms != 0 && path->run->due_ms < resume_ms)
            path->run->due_ms = resume_ms;
    }
}

void naive_ladder_event(struct naive_ladder *naive, const struct machine_event *event)
{
    const Comity__V1__Event *open = event->open;
    struct way *path;

    naive->time_ms = event->time_ms;
    if (naive->waiting > 0 && naive->queue[0].kind != open->kind_case)
        fail_msg("%s, where something else was to come", event_name(open));
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_ROUND_OPENED:
        round_opened(naive, open->round_opened->round);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        round_closed(naive, open->round_closed);
        break;
    case COMITY__V1__EVENT__KIND_STAGE_ENTERED:
        assert_true(naive->waiting > 0);
        stage_entered(naive, open->stage_entered->stage);
        break;
    case COMITY__V1__EVENT__KIND_STAGE_ENDED:
        stage_ended(naive, open->stage_ended);
        break;
    case COMITY__V1__EVENT__KIND_BLOCK_SECONDED:
        path = path_of_stage(naive, open->block_seconded->stage);
        path->run->seconds =
            more(naive, path->run->seconds, path->run->n_seconds++, &open->block_seconded->second->base);
        done_at(naive, open->block_seconded->stage);
        break;
    case COMITY__V1__EVENT__KIND_CONFERENCE_NOTED:
        path = path_of_stage(naive, open->conference_noted->stage);
        path->run->n_conferences++;
        done_at(naive, open->conference_noted->stage);
        break;
    case COMITY__V1__EVENT__KIND_CASTING_VOTE_GIVEN:
        heard(naive, open->casting_vote_given->stage, open->casting_vote_given->voice);
        break;
    case COMITY__V1__EVENT__KIND_SIGNED_OFF:
        heard(naive, open->signed_off->stage, open->signed_off->voice);
        break;
    case COMITY__V1__EVENT__KIND_KEY_REVOKED:
        key_revoked(naive, open->key_revoked);
        break;
    case COMITY__V1__EVENT__KIND_KEY_ADDED:
        key_added(naive, open->key_added);
        break;
    case COMITY__V1__EVENT__KIND_ANSWER_ENTERED:
        end(naive, naive->proposal_of[open->answer_entered->stage], (int) open->answer_entered->outcome);
        break;
    case COMITY__V1__EVENT__KIND_OUTCOME_DECLARED:
        declared(naive, open->outcome_declared);
        break;
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
        decided(naive, open->decision_made->decision);
        break;
    case COMITY__V1__EVENT__KIND_EPOCH_OPENED:
        restored(naive, open->epoch_opened->epoch->resume_ms);
        break;
    default:
        break;
    }
}

void naive_ladder_check(struct naive_ladder *naive, bool is_long)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);

    assert_int_equal(naive->waiting, 0);
    for (uint32_t proposal = 1; proposal <= naive->proposal_count; proposal++) {
        const struct way *path = &naive->paths[proposal];
        ProtobufCMessage *row = NULL;

        arena_reset(arena);
        assert_int_equal(state_get(naive->view, arena, TABLE_PROPOSAL, proposal, 0, &row), 0);
        assert_int_equal(((const Comity__V1__Proposal *) row)->stage, path->open);
        assert_int_equal(((const Comity__V1__Proposal *) row)->outcome, path->final);
        if (path->open == 0)
            continue;
        assert_int_equal(state_get(naive->view, arena, TABLE_STAGE, path->open, 0, &row), 0);
        assert_int_equal(((const Comity__V1__StageRun *) row)->due_ms, path->run->due_ms);
        assert_int_equal(((const Comity__V1__StageRun *) row)->n_seconds, path->run->n_seconds);
        assert_int_equal(((const Comity__V1__StageRun *) row)->n_voices, path->run->n_voices);
    }
    arena_destroy(&arena);
    if (!is_long)
        return;
    print_message("  %u stages (%zu over at once, %zu by time, %zu as somebody left), %zu given up, %zu declared\n",
                  naive->stage_count, naive->at_once, naive->by_time, naive->left, naive->given_up, naive->declared);
    for (int kind = ROUNDS; kind <= DEFAULT; kind++)
        if (naive->entered[kind] == 0)
            fail_msg("no stage of kind %d was entered", kind);
    assert_true(naive->at_once > 20 && naive->by_time > 20 && naive->given_up > 0 && naive->declared > 0);
}
