/* Stages of ladders: entered, answered, ended. */
#include "core/machine/apply.h"

static void put_stage(struct apply *a, const Comity__V1__StageRun *run)
{
    if (a->code == 0)
        apply_put(a, TABLE_STAGE, run->number, 0, &run->base);
}

static Comity__V1__Proposal *proposal_of(struct apply *a, const Comity__V1__StageRun *run)
{
    return run && a->code == 0 ? apply_get(a, TABLE_PROPOSAL, run->proposal, 0) : NULL;
}

void apply_stage_entered(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__StageRun *run = open->stage_entered->stage;
    Comity__V1__Proposal *proposal = proposal_of(a, run);

    if (!proposal) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_STAGE, run->number, &run->base);
    proposal->stage = run->number;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    apply_put_number(a, row_key(TABLE_STAGE_OF_ITEM, proposal->item, run->number), 1);
    if (run->due_ms != 0)
        apply_put_deadline(a, run->due_ms, DEADLINE_STAGE, run->number, 0);
}

void apply_block_seconded(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__StageRun *run = apply_get(a, TABLE_STAGE, open->block_seconded->stage, 0);

    if (!run)
        return;
    run->seconds = apply_append(a, run->seconds, run->n_seconds++, open->block_seconded->second);
    put_stage(a, run);
}

/* What was said may be purged, as all talk. */
static void erasable(struct apply *a, const Comity__V1__StageRun *run, const Comity__V1__TextRef *text)
{
    apply_erasable(a, run->session, 0, text);
}

void apply_conference_noted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Conference *conference = open->conference_noted->conference;
    Comity__V1__StageRun *run = apply_get(a, TABLE_STAGE, open->conference_noted->stage, 0);

    if (!run)
        return;
    run->conferences = apply_append(a, run->conferences, run->n_conferences++, conference);
    put_stage(a, run);
    if (a->code == 0)
        erasable(a, run, conference->note);
}

static void hear(struct apply *a, uint32_t stage, const Comity__V1__StageVoice *voice)
{
    Comity__V1__StageRun *run = apply_get(a, TABLE_STAGE, stage, 0);

    if (!run)
        return;
    run->voices = apply_append(a, run->voices, run->n_voices++, voice);
    put_stage(a, run);
    if (a->code == 0)
        erasable(a, run, voice->reason);
}

void apply_casting_vote_given(struct apply *a, const Comity__V1__Event *open)
{
    hear(a, open->casting_vote_given->stage, open->casting_vote_given->voice);
}

void apply_signed_off(struct apply *a, const Comity__V1__Event *open)
{
    hear(a, open->signed_off->stage, open->signed_off->voice);
}

/* An outcome rests on it: it is kept. */
void apply_answer_entered(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__StageRun *run = apply_get(a, TABLE_STAGE, open->answer_entered->stage, 0);

    if (!run)
        return;
    if (!open->answer_entered->answer) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    run->answer = open->answer_entered->answer;
    put_stage(a, run);
    apply_keep_text(a, run->answer->hash);
}

void apply_stage_ended(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__StageEnded *ended = open->stage_ended;
    Comity__V1__StageRun *run = apply_get(a, TABLE_STAGE, ended->stage, 0);
    Comity__V1__Proposal *proposal = proposal_of(a, run);

    if (!proposal)
        return;
    run->state = COMITY__V1__STAGE_STATE__STAGE_STATE_ENDED;
    run->outcome = ended->outcome;
    run->computed = ended->computed;
    run->recount = ended->recount;
    run->ended_ms = a->event->time_ms;
    put_stage(a, run);
    proposal->stage = 0;
    if (ended->is_final)
        proposal->outcome = ended->outcome;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    apply_delete(a, row_key(TABLE_STAGE_OF_ITEM, proposal->item, run->number));
    apply_drop_deadlines(a, TABLE_STAGE, run->number, (enum deadline_kind) 0);
}

void apply_stage_left(struct apply *a, uint32_t stage)
{
    apply_put_deadline(a, a->event->time_ms, DEADLINE_STAGE, stage, 0);
}

void apply_stages_given_up(struct apply *a, uint32_t item)
{
    size_t count;
    uint32_t *stages = apply_seconds_of(a, TABLE_STAGE_OF_ITEM, item, &count);

    for (size_t i = 0; i < count; i++)
        apply_put_deadline(a, a->event->time_ms, DEADLINE_STAGE, stages[i], 0);
}

static void hold_stage(struct apply *a, uint32_t number, int64_t resume_ms)
{
    Comity__V1__StageRun *run = apply_get(a, TABLE_STAGE, number, 0);

    if (!run || run->due_ms == 0 || run->due_ms >= resume_ms)
        return;
    apply_drop_deadlines(a, TABLE_STAGE, number, (enum deadline_kind) 0);
    run->due_ms = resume_ms;
    apply_put_deadline(a, resume_ms, DEADLINE_STAGE, number, 0);
    put_stage(a, run);
}

/* docs/rules.md R-75 */
void apply_hold_stages(struct apply *a, int64_t resume_ms)
{
    size_t count;
    uint32_t *stages = apply_seconds_of_all(a, TABLE_STAGE_OF_ITEM, &count);

    for (size_t i = 0; i < count && a->code == 0; i++)
        hold_stage(a, stages[i], resume_ms);
}

void apply_stage_round(struct apply *a, uint32_t stage)
{
    Comity__V1__StageRun *run = apply_get(a, TABLE_STAGE, stage, 0);

    if (!run)
        return;
    run->rounds++;
    put_stage(a, run);
}
