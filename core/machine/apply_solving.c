/* Problem solving: where items are, and what is put on record about them. */
#include "core/machine/apply.h"
#include "core/machine/phase.h"

/* Items. */

void apply_phase(struct apply *a, Comity__V1__Item *item, Comity__V1__Phase phase)
{
    item->phase = phase;
    item->phase_since_ms = a->event->time_ms;
    item->hold = NULL;
    item->reason = NULL;
    item->until_ms = 0;
    apply_put(a, TABLE_ITEM, item->number, 0, &item->base);
}

static void agenda_count(struct apply *a, uint32_t session, int change)
{
    struct row_key key = row_key(TABLE_AGENDA, session, 0);
    uint32_t items = apply_get_number(a, key);

    apply_put_number(a, key, (uint32_t) ((int64_t) items + change));
}

void apply_phase_moved(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__PhaseMoved *moved = open->phase_moved;
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, moved->item, 0);

    if (!item)
        return;
    if (item->session != moved->session) {
        agenda_count(a, item->session, -1);
        agenda_count(a, moved->session, 1);
    }
    item->session = moved->session;
    item->is_after_notice = moved->is_after_notice;
    apply_phase(a, item, moved->phase);
}

void apply_phase_held(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, open->phase_held->item, 0);

    if (!item)
        return;
    if (!open->phase_held->hold)
        apply_fail(a, ERR_INTERNAL);
    item->hold = open->phase_held->hold;
    apply_put(a, TABLE_ITEM, item->number, 0, &item->base);
}

void apply_phase_released(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, open->phase_released->item, 0);

    if (!item)
        return;
    item->hold = NULL;
    apply_put(a, TABLE_ITEM, item->number, 0, &item->base);
}

/* Its open rounds are due at once: they close right after this. */
void apply_item_referred(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, open->item_referred->item, 0);
    uint32_t *rounds;
    size_t count, i;

    if (!item)
        return;
    apply_phase(a, item, PHASE(REFERRED));
    item->reason = open->item_referred->reason;
    apply_put(a, TABLE_ITEM, item->number, 0, &item->base);
    rounds = apply_seconds_of(a, TABLE_OPEN_OF_ITEM, item->number, &count);
    for (i = 0; i < count; i++)
        apply_put_deadline(a, a->event->time_ms, DEADLINE_REFERRED, rounds[i], 0);
    apply_stages_given_up(a, item->number);
}

void apply_item_set_aside(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ItemSetAside *aside = open->item_set_aside;
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, aside->item, 0);

    if (!item)
        return;
    apply_phase(a, item, aside->phase);
    item->reason = aside->reason;
    item->until_ms = aside->until_ms;
    apply_put(a, TABLE_ITEM, item->number, 0, &item->base);
}

void apply_item_withdrawn(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ItemWithdrawn *withdrawn = open->item_withdrawn;
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, withdrawn->item, 0);

    if (!item)
        return;
    apply_phase(a, item, PHASE(WITHDRAWN));
    item->reason = withdrawn->reason;
    item->leave = withdrawn->leave;
    apply_put(a, TABLE_ITEM, item->number, 0, &item->base);
    apply_stages_given_up(a, item->number);
}

/* Of the item that a round's proposal is on: it is in TEST, and the round is among its open ones. */
void apply_item_tested(struct apply *a, uint32_t item_number, uint32_t round)
{
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, item_number, 0);

    if (!item)
        return;
    item->rounds++;
    if (item->phase == PHASE(TEST))
        apply_put(a, TABLE_ITEM, item->number, 0, &item->base);
    else
        apply_phase(a, item, PHASE(TEST));
    apply_put_number(a, row_key(TABLE_OPEN_OF_ITEM, item->number, round), 1);
}

void apply_item_decided(struct apply *a, uint32_t item_number)
{
    Comity__V1__Item *item = apply_get(a, TABLE_ITEM, item_number, 0);

    if (item)
        apply_phase(a, item, PHASE(DECIDED));
}

/* What grows at its end: a list with one more element. NULL with a->code set. */
static void *grown(struct apply *a, const void *list, size_t count, size_t size)
{
    void *larger = a->code == 0 ? arena_alloc(a->arena, (count + 1) * size) : NULL;

    if (!larger)
        apply_fail(a, ERR_MEMORY);
    else if (count > 0)
        memcpy(larger, list, count * size);
    return larger;
}

#define GROW(a, list, count) ((list) = grown((a), (list), (count), sizeof(*(list))))

/* Contributions. */

void apply_contribution_made(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Contribution *row = open->contribution_made->contribution;

    if (!row) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    APPLY_CHECK_VERSIONS(a, row->versions, row->n_versions);
    apply_create(a, TABLE_CONTRIBUTION, row->number, &row->base);
    if (a->code == 0)
        apply_erasable(a, open->session, row->item, row->versions[0]->text);
}

void apply_contribution_amended(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ContributionAmended *amended = open->contribution_amended;
    Comity__V1__Contribution *row = apply_get(a, TABLE_CONTRIBUTION, amended->contribution, 0);

    if (!amended->version || !amended->version->text)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0 || !GROW(a, row->versions, row->n_versions))
        return;
    row->versions[row->n_versions++] = amended->version;
    row->state = amended->state;
    row->n_approved_by = 0;
    apply_put(a, TABLE_CONTRIBUTION, row->number, 0, &row->base);
    apply_erasable(a, open->session, row->item, amended->version->text);
}

void apply_contribution_withdrawn(struct apply *a, const Comity__V1__Event *open)
{
    uint32_t number = open->contribution_withdrawn->contribution;
    Comity__V1__Contribution *row = apply_get(a, TABLE_CONTRIBUTION, number, 0);

    if (!row)
        return;
    row->state = COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_WITHDRAWN;
    apply_put(a, TABLE_CONTRIBUTION, row->number, 0, &row->base);
}

void apply_contributions_approved(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ContributionsApproved *approved = open->contributions_approved;
    size_t i;

    if (approved->n_contributions == 0)
        apply_fail(a, ERR_INTERNAL);
    for (i = 0; i < approved->n_contributions; i++) {
        Comity__V1__Contribution *row = apply_get(a, TABLE_CONTRIBUTION, approved->contributions[i], 0);

        if (!row || !GROW(a, row->approved_by, row->n_approved_by))
            return;
        row->approved_by[row->n_approved_by++] = approved->constituency;
        apply_put(a, TABLE_CONTRIBUTION, row->number, 0, &row->base);
    }
    for (i = 0; i < approved->n_standing; i++) {
        Comity__V1__Contribution *row = apply_get(a, TABLE_CONTRIBUTION, approved->standing[i], 0);

        if (!row)
            return;
        row->state = COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS;
        apply_put(a, TABLE_CONTRIBUTION, row->number, 0, &row->base);
    }
}

static void link_remove(Comity__V1__ProposalLinks *links, uint32_t contribution)
{
    size_t i, kept = 0;

    for (i = 0; i < links->n_links; i++)
        if (links->links[i]->contribution != contribution)
            links->links[kept++] = links->links[i];
    links->n_links = kept;
}

void apply_proposal_linked(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ProposalLinked *linked = open->proposal_linked;
    Comity__V1__ProposalLinks none = COMITY__V1__PROPOSAL_LINKS__INIT;
    Comity__V1__ProposalLinks *links = apply_seek(a, TABLE_PROPOSAL_LINKS, linked->proposal, 0);
    size_t i;

    none.proposal = linked->proposal;
    if (!links)
        links = &none;
    if (linked->n_links == 0)
        apply_fail(a, ERR_INTERNAL);
    for (i = 0; a->code == 0 && i < linked->n_links; i++) {
        link_remove(links, linked->links[i]->contribution);
        if (linked->change == COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD &&
            GROW(a, links->links, links->n_links))
            links->links[links->n_links++] = linked->links[i];
    }
    if (a->code == 0)
        apply_put(a, TABLE_PROPOSAL_LINKS, linked->proposal, 0, &links->base);
}

/* Concerns. */

static void erasable_of_proposal(struct apply *a, const Comity__V1__Event *open, uint32_t number,
                                 const Comity__V1__TextRef *text)
{
    const Comity__V1__Proposal *proposal = apply_get(a, TABLE_PROPOSAL, number, 0);

    if (proposal)
        apply_erasable(a, open->session, proposal->item, text);
}

void apply_concern_raised(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Concern *row = open->concern_raised->concern;

    if (!row) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_CONCERN, row->number, &row->base);
    erasable_of_proposal(a, open, row->proposal, row->text);
}

void apply_concern_seconded(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Concern *row = apply_get(a, TABLE_CONCERN, open->concern_seconded->concern, 0);

    if (!row || !GROW(a, row->seconders, row->n_seconders))
        return;
    row->seconders[row->n_seconders++] = open->concern_seconded->member;
    row->state = COMITY__V1__CONCERN_STATE__CONCERN_STATE_SECONDED;
    apply_put(a, TABLE_CONCERN, row->number, 0, &row->base);
}

void apply_concern_settled(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ConcernSettled *settled = open->concern_settled;
    Comity__V1__Concern *row = apply_get(a, TABLE_CONCERN, settled->concern, 0);

    if (!row)
        return;
    row->state = settled->state;
    row->how = settled->how;
    row->settled_ms = a->event->time_ms;
    apply_put(a, TABLE_CONCERN, row->number, 0, &row->base);
    erasable_of_proposal(a, open, row->proposal, settled->how);
}

/* Data and facts. */

void apply_data_requested(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__DataRequest *row = open->data_requested->request;

    if (!row) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_DATA_REQUEST, row->number, &row->base);
    apply_erasable(a, open->session, row->item, row->text);
}

void apply_data_answered(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__DataAnswered *answered = open->data_answered;
    Comity__V1__DataRequest *row = apply_get(a, TABLE_DATA_REQUEST, answered->request, 0);

    if (!row)
        return;
    row->state = answered->state;
    row->answer = answered->answer;
    row->answered_by = open->actor;
    row->answered_ms = a->event->time_ms;
    apply_put(a, TABLE_DATA_REQUEST, row->number, 0, &row->base);
    apply_erasable(a, open->session, row->item, answered->answer);
}

void apply_fact_stated(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Fact *row = open->fact_stated->fact;

    if (!row) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_FACT, row->number, &row->base);
    apply_erasable(a, open->session, row->item, row->text);
}

void apply_fact_judged(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__FactJudged *judged = open->fact_judged;
    Comity__V1__Fact *row = apply_get(a, TABLE_FACT, judged->fact, 0);
    size_t at = 0;

    if (!judged->judgement)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    while (at < row->n_judgements && row->judgements[at]->constituency != judged->judgement->constituency)
        at++;
    if (at == row->n_judgements && GROW(a, row->judgements, row->n_judgements))
        row->n_judgements++;
    if (a->code != 0)
        return;
    row->judgements[at] = judged->judgement;
    apply_put(a, TABLE_FACT, row->number, 0, &row->base);
    apply_erasable(a, open->session, row->item, judged->judgement->reason);
}

void apply_fact_withdrawn(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Fact *row = apply_get(a, TABLE_FACT, open->fact_withdrawn->fact, 0);

    if (!row)
        return;
    row->withdrawn_ms = a->event->time_ms;
    apply_put(a, TABLE_FACT, row->number, 0, &row->base);
}

/* Straw polls. */

void apply_straw_poll_opened(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__StrawPoll *row = open->straw_poll_opened->poll;

    if (!row)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_STRAW_POLL, row->number, &row->base);
}

void apply_straw_poll_answered(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__StrawAnswer *row = open->straw_poll_answered->answer;

    if (!row)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_put(a, TABLE_STRAW_ANSWER, row->poll, row->member, &row->base);
}

void apply_straw_poll_closed(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__StrawPoll *row = apply_get(a, TABLE_STRAW_POLL, open->straw_poll_closed->poll, 0);

    if (!row)
        return;
    row->closed_ms = a->event->time_ms;
    row->counts = open->straw_poll_closed->counts;
    row->n_counts = open->straw_poll_closed->n_counts;
    apply_put(a, TABLE_STRAW_POLL, row->number, 0, &row->base);
}
