/* Sessions, items and proposals. */
#include "core/machine/apply.h"

void apply_convened(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Session *session = open->session_convened->session;

    if (!session)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_SESSION, session->number, &session->base);
}

void apply_session_opened(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, open->session_opened->session, 0);

    if (!session)
        return;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN;
    session->opened_ms = a->event->time_ms;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
}

void apply_session_closed(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, open->session_closed->session, 0);

    if (!session)
        return;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED;
    session->closed_ms = a->event->time_ms;
    session->pause = NULL;
    if (session->floor) {
        session->floor->member = 0;
        session->floor->since_ms = 0;
    }
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
    apply_silences(a, session);
    apply_time_boxes(a, session);
}

void apply_item_added(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Item *item = open->item_added->item;
    struct row_key agenda = row_key(TABLE_AGENDA, item ? item->session : 0, 0);

    if (!item) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_ITEM, item->number, &item->base);
    apply_put_number(a, agenda, apply_get_number(a, agenda) + 1);
}

/* Until it is adopted. */
static void erasable_of_item(struct apply *a, uint32_t number, const Comity__V1__TextRef *text)
{
    const Comity__V1__Item *item = apply_get(a, TABLE_ITEM, number, 0);

    if (item)
        apply_erasable(a, item->session, item->number, text);
}

void apply_proposal_made(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Proposal *proposal = open->proposal_made->proposal;

    if (!proposal) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    APPLY_CHECK_VERSIONS(a, proposal->versions, proposal->n_versions);
    apply_create(a, TABLE_PROPOSAL, proposal->number, &proposal->base);
    if (a->code == 0)
        erasable_of_item(a, proposal->item, proposal->versions[0]->text);
}

void apply_proposal_revised(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__ProposalRevised *revised = open->proposal_revised;
    Comity__V1__Proposal *proposal = apply_get(a, TABLE_PROPOSAL, revised->proposal, 0);
    Comity__V1__ProposalVersion **versions;

    if (!revised->version || !revised->version->text)
        apply_fail(a, ERR_INTERNAL);
    if (a->code != 0)
        return;
    versions = arena_alloc(a->arena, (proposal->n_versions + 1) * sizeof(*versions));
    if (!versions) {
        apply_fail(a, ERR_MEMORY);
        return;
    }
    if (proposal->n_versions > 0)
        memcpy(versions, proposal->versions, proposal->n_versions * sizeof(*versions));
    versions[proposal->n_versions++] = revised->version;
    proposal->versions = versions;
    apply_put(a, TABLE_PROPOSAL, proposal->number, 0, &proposal->base);
    erasable_of_item(a, proposal->item, revised->version->text);
}
