/* What is done at a stage of a ladder, and what becomes of it then. docs/rules.md */
#include <stdlib.h>

#include "core/machine/ladder.h"
#include "core/machine/phase.h"

enum { SECONDS_MAX = 10000 }; /* of one stage: its row stays one that can be read */

#define KIND_BIT(name) (1U << COMITY__V1__STAGE_KIND__STAGE_KIND_##name)

/* Of which kind the stage has to be. */
static unsigned kinds_of_command(const Comity__V1__Command *body)
{
    switch (body->body_case) {
    case COMITY__V1__COMMAND__BODY_SECOND_BLOCK:
        return KIND_BIT(SECONDING);
    case COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE:
        return KIND_BIT(CONFER);
    case COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE:
        return KIND_BIT(CASTING);
    case COMITY__V1__COMMAND__BODY_ENTER_ANSWER:
        return KIND_BIT(UMPIRE) | KIND_BIT(ESCALATE);
    default:
        return KIND_BIT(SIGN_OFF);
    }
}

/* The round before the stage, whose roll may act, and up to the session that its item is in now. */
static int climb_from_stage(struct decide *d)
{
    d->round = decide_get(d, TABLE_ROUND, d->stage->round, 0);
    d->proposal = d->round ? decide_get(d, TABLE_PROPOSAL, d->stage->proposal, 0) : NULL;
    if (!d->proposal)
        return d->code;
    if (!d->round->rule)
        return decide_fail(d, ERR_CORRUPT);
    return concern_of_proposal(d);
}

/* Whoever may do it is told first that the stage asks for something else, or has ended. */
int concern_stage(struct decide *d)
{
    const char *field;
    uint32_t number = decide_named(d, "stage", &field);
    bool is_due;

    d->stage = decide_find(d, TABLE_STAGE, number, 0, field);
    if (!d->stage)
        return d->code;
    is_due = d->stage->due_ms != 0 && d->stage->due_ms <= d->context->time_ms;
    if (!(kinds_of_command(d->body) & 1U << d->stage->kind))
        return decide_refuse_latest(d, ERR_STAGE, field, (uint64_t) d->stage->kind);
    if (d->stage->state != COMITY__V1__STAGE_STATE__STAGE_STATE_OPEN || is_due)
        return decide_refuse(d, ERR_STATE, "%s", field);
    return climb_from_stage(d);
}

/* d->stage has one more of what it asks for: does that end it? */
static int go_on(struct decide *d, bool is_time_over)
{
    const Comity__V1__Stage *stage = ladder_stage(d);
    struct stage_result result;

    if (!stage || stage_come_to(d, stage, d->stage, is_time_over, &result) != 0)
        return d->code;
    if (result.outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
        return 0;
    return ladder_after_stage(d, result.outcome, result.recount);
}

/* The list of a row with one more, in the arena. NULL with d->code. */
static void *with_one_more(struct decide *d, void *list, size_t count, void *message)
{
    void **larger = decide_alloc(d, count + 1, sizeof(*larger));

    if (!larger)
        return NULL;
    if (count > 0)
        memcpy(larger, list, count * sizeof(*larger));
    larger[count] = message;
    return larger;
}

static bool is_blocker(const Comity__V1__StageRun *run, uint32_t member)
{
    for (size_t i = 0; i < run->n_blockers; i++)
        if (run->blockers[i] == member)
            return true;
    return false;
}

static int check_second(struct decide *d, uint32_t voter)
{
    const Comity__V1__Stage *stage = ladder_stage(d);
    bool is_seconded;

    if (!stage)
        return d->code;
    if (decide_check_number(d, TABLE_MEMBER, voter, "second_block.voter") != 0)
        return d->code;
    if (!is_blocker(d->stage, voter))
        return decide_refuse(d, ERR_NOT_FOUND, "second_block.voter");
    if (voter == d->actor->number)
        return decide_refuse(d, ERR_FORBIDDEN, "second_block.voter");
    for (size_t i = 0; i < d->stage->n_seconds; i++)
        if (d->stage->seconds[i]->voter == voter && d->stage->seconds[i]->member == d->actor->number)
            return decide_refuse(d, ERR_EXISTS, "second_block.voter");
    if (stage_is_seconded(d, stage, d->stage, voter, &is_seconded) != 0)
        return d->code;
    if (is_seconded)
        return decide_refuse(d, ERR_STATE, "second_block.voter");
    return d->stage->n_seconds < SECONDS_MAX
               ? 0
               : decide_refuse_limit(d, ERR_LIMIT, "second_block.stage", SECONDS_MAX);
}

int decide_second_block(struct decide *d)
{
    const Comity__V1__SecondBlock *body = d->body->second_block;
    Comity__V1__BlockSeconded *seconded;
    Comity__V1__Second *second;
    Comity__V1__Event *event;

    if (check_second(d, body->voter) != 0)
        return d->code;
    seconded = decide_new(d, &comity__v1__block_seconded__descriptor);
    second = decide_new(d, &comity__v1__second__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_BLOCK_SECONDED);
    if (!seconded || !second || !event)
        return d->code;
    second->voter = body->voter;
    second->member = d->actor->number;
    second->given_ms = d->context->time_ms;
    seconded->stage = d->stage->number;
    seconded->second = second;
    event->block_seconded = seconded;
    d->stage->seconds = with_one_more(d, d->stage->seconds, d->stage->n_seconds++, second);
    return d->stage->seconds ? go_on(d, false) : d->code;
}

int decide_note_conference(struct decide *d)
{
    Comity__V1__ConferenceNoted *noted = decide_new(d, &comity__v1__conference_noted__descriptor);
    Comity__V1__Conference *conference = decide_new(d, &comity__v1__conference__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_CONFERENCE_NOTED);

    if (!noted || !conference || !event)
        return d->code;
    conference->member = d->actor->number;
    conference->confirmed_by = d->witness;
    conference->note = d->body->note_conference->note;
    conference->noted_ms = d->context->time_ms;
    noted->stage = d->stage->number;
    noted->conference = conference;
    event->conference_noted = noted;
    d->stage->conferences = with_one_more(d, d->stage->conferences, d->stage->n_conferences++, conference);
    return d->stage->conferences ? go_on(d, false) : d->code;
}

/* Each holder is heard once; where each party signs, the first of its holders speaks for it. */
static int check_unheard(struct decide *d, const char *field)
{
    const Comity__V1__Stage *stage = ladder_stage(d);

    for (size_t i = 0; stage && i < d->stage->n_voices; i++) {
        uint32_t heard = d->stage->voices[i]->member;
        const Comity__V1__Member *member = decide_get(d, TABLE_MEMBER, heard, 0);

        if (!member)
            return d->code;
        if (heard == d->actor->number ||
            (stage->each_party && member->constituency == d->actor->constituency))
            return decide_refuse_latest(d, ERR_EXISTS, field, heard);
    }
    return d->code;
}

static Comity__V1__StageVoice *hear(struct decide *d, bool agrees, Comity__V1__TextRef *reason)
{
    Comity__V1__StageVoice *voice = decide_new(d, &comity__v1__stage_voice__descriptor);

    if (!voice)
        return NULL;
    voice->member = d->actor->number;
    voice->agrees = agrees;
    voice->reason = reason;
    voice->given_ms = d->context->time_ms;
    d->stage->voices = with_one_more(d, d->stage->voices, d->stage->n_voices++, voice);
    return d->stage->voices ? voice : NULL;
}

int decide_give_casting_vote(struct decide *d)
{
    const Comity__V1__GiveCastingVote *body = d->body->give_casting_vote;
    Comity__V1__CastingVoteGiven *given;
    Comity__V1__StageVoice *voice;
    Comity__V1__Event *event;

    if (check_unheard(d, "give_casting_vote.stage") != 0)
        return d->code;
    given = decide_new(d, &comity__v1__casting_vote_given__descriptor);
    voice = hear(d, body->for_proposal, body->reason);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CASTING_VOTE_GIVEN);
    if (!given || !voice || !event)
        return d->code;
    given->stage = d->stage->number;
    given->voice = voice;
    event->casting_vote_given = given;
    return go_on(d, false);
}

int decide_sign_off(struct decide *d)
{
    const Comity__V1__SignOff *body = d->body->sign_off;
    Comity__V1__SignedOff *signed_off;
    Comity__V1__StageVoice *voice;
    Comity__V1__Event *event;

    if (check_unheard(d, "sign_off.stage") != 0)
        return d->code;
    signed_off = decide_new(d, &comity__v1__signed_off__descriptor);
    voice = hear(d, !body->refuses, body->reason);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SIGNED_OFF);
    if (!signed_off || !voice || !event)
        return d->code;
    signed_off->stage = d->stage->number;
    signed_off->voice = voice;
    event->signed_off = signed_off;
    return go_on(d, false);
}

/* Stages that are open, whatever their items: those that end once d->leaving has left. */
struct left {
    struct decide *d;
    uint32_t *stages;
    size_t count, room;
};

static bool is_asked(const Comity__V1__StageRun *run, uint32_t member)
{
    for (size_t i = 0; i < run->n_asked; i++)
        if (run->asked[i] == member)
            return true;
    return false;
}

static int left_add(struct left *left, uint32_t stage)
{
    left->stages = arena_room(left->d->arena, left->stages, left->count, &left->room, sizeof(*left->stages));
    if (!left->stages)
        return ERR_MEMORY;
    left->stages[left->count++] = stage;
    return 0;
}

static int left_visit(void *context, struct bytes key, struct bytes value)
{
    struct left *left = context;
    struct decide *d = left->d;
    struct stage_result result = {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED, NULL};
    const Comity__V1__Stage *stage;

    (void) value;
    if (key.size != 1 + 4 + 4)
        return ERR_CORRUPT;
    d->stage = decide_get(d, TABLE_STAGE, get_u32(key.data + 5), 0);
    if (!d->stage || !is_asked(d->stage, d->leaving))
        return d->code;
    stage = ladder_stage(d);
    if (!stage || stage_come_to(d, stage, d->stage, false, &result) != 0)
        return d->code;
    return result.outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED ? 0
                                                                               : left_add(left, d->stage->number);
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *) a;
    uint32_t right = *(const uint32_t *) b;

    return left < right ? -1 : left > right;
}

int stages_left(struct decide *d, uint32_t **ret_stages, size_t *ret_count)
{
    struct row_key all = row_key_all(TABLE_STAGE_OF_ITEM);
    struct left left = {.d = d};
    int code = view_range(d->view, row_key_view(&all), BYTES(NULL, 0), left_visit, &left);

    d->stage = NULL;
    if (code != 0)
        return d->code != 0 ? d->code : decide_fail(d, code);
    if (left.count > 0)
        qsort(left.stages, left.count, sizeof(*left.stages), by_number);
    *ret_stages = left.stages;
    *ret_count = left.count;
    return 0;
}

/* What an umpire or another body can answer. */
static bool is_answer(Comity__V1__OutcomeKind outcome)
{
    return outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION;
}

int decide_enter_answer(struct decide *d)
{
    const Comity__V1__EnterAnswer *body = d->body->enter_answer;
    Comity__V1__AnswerEntered *entered;
    Comity__V1__Event *event;

    if (!is_answer(body->outcome))
        return decide_refuse(d, ERR_RANGE, "enter_answer.outcome");
    entered = decide_new(d, &comity__v1__answer_entered__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_ANSWER_ENTERED);
    if (!entered || !event)
        return d->code;
    entered->stage = d->stage->number;
    entered->outcome = body->outcome;
    entered->answer = body->answer;
    entered->countersigned_by = d->witness;
    event->answer_entered = entered;
    return ladder_after_stage(d, body->outcome, NULL);
}

/* Its time is over; or its item was given up, or who was waited for has left, and then it ends at once. docs/rules.md
 * */
int stage_is_due(struct decide *d, const struct deadline *due)
{
    d->stage = decide_get(d, TABLE_STAGE, due->number, 0);
    if (!d->stage || climb_from_stage(d) != 0)
        return d->code;
    switch (item_phase(d->item)) {
    case PHASE(REFERRED):
        return ladder_stop(d, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED);
    case PHASE(WITHDRAWN):
        return ladder_stop(d, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_WITHDRAWN);
    default: /* or it waits for nobody any more */
        return go_on(d, d->stage->due_ms != 0 && d->stage->due_ms <= d->context->time_ms);
    }
}
