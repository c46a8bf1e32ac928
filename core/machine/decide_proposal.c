/* Proposals on an item, and the versions of their text. */
#include "core/machine/decide.h"

enum { VERSIONS_MAX = 100 };

bool session_takes_work(const Comity__V1__Session *session)
{
    return session->state == COMITY__V1__SESSION_STATE__SESSION_STATE_DRAFT ||
           session->state == COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED ||
           session->state == COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN;
}

/* From d->item up to its session and body. */
static int concern_session_of_item(struct decide *d)
{
    d->session = decide_get(d, TABLE_SESSION, d->item->session, 0);
    if (!d->session)
        return d->code;
    d->of_body = d->session->body;
    return 0;
}

int concern_item(struct decide *d)
{
    const char *field;
    uint32_t number = decide_named(d, "item", &field);

    d->item = decide_find(d, TABLE_ITEM, number, 0, field);
    return d->item ? concern_session_of_item(d) : d->code;
}

static uint32_t proposal_of_command(const Comity__V1__Command *body, const char **ret_field)
{
    switch (body->body_case) {
    case COMITY__V1__COMMAND__BODY_OPEN_ROUND:
        *ret_field = "open_round.proposal";
        return body->open_round->proposal;
    case COMITY__V1__COMMAND__BODY_RECUSE:
        *ret_field = "recuse.proposal";
        return body->recuse->proposal;
    default:
        *ret_field = "revise_proposal.proposal";
        return body->revise_proposal->proposal;
    }
}

int concern_of_proposal(struct decide *d)
{
    if (d->proposal->n_versions == 0)
        return decide_fail(d, ERR_CORRUPT);
    d->item = decide_get(d, TABLE_ITEM, d->proposal->item, 0);
    return d->item ? concern_session_of_item(d) : d->code;
}

int concern_proposal(struct decide *d)
{
    const char *field;
    uint32_t number = proposal_of_command(d->body, &field);

    d->proposal = decide_find(d, TABLE_PROPOSAL, number, 0, field);
    return d->proposal ? concern_of_proposal(d) : d->code;
}

const Comity__V1__ProposalVersion *proposal_latest(const Comity__V1__Proposal *proposal)
{
    return proposal->versions[proposal->n_versions - 1];
}

static Comity__V1__ProposalVersion *version_new(struct decide *d, uint32_t number, Comity__V1__TextRef *text,
                                                Comity__V1__Terms *terms)
{
    Comity__V1__ProposalVersion *version = decide_new(d, &comity__v1__proposal_version__descriptor);

    if (!version)
        return NULL;
    version->version = number;
    version->text = text;
    version->terms = terms;
    version->author = d->actor->number;
    version->made_ms = d->context->time_ms;
    return version;
}

/* An item that the proposal asks leave to withdraw: another one of the same body's. */
static int check_withdraws(struct decide *d, uint32_t number)
{
    const Comity__V1__Item *item;
    const Comity__V1__Session *session;

    if (number == 0)
        return 0;
    item = decide_find(d, TABLE_ITEM, number, 0, "make_proposal.withdraws");
    session = item ? decide_get(d, TABLE_SESSION, item->session, 0) : NULL;
    if (!session)
        return d->code;
    if (session->body != d->of_body || item->number == d->item->number)
        return decide_refuse(d, ERR_RANGE, "make_proposal.withdraws");
    return 0;
}

int decide_make_proposal(struct decide *d)
{
    const Comity__V1__MakeProposal *make = d->body->make_proposal;
    Comity__V1__ProposalMade *made;
    Comity__V1__Proposal *proposal;
    Comity__V1__Event *event;

    if (!session_takes_work(d->session))
        return decide_refuse(d, ERR_STATE, "make_proposal.item");
    if (check_item_takes_proposals(d, "make_proposal.item") != 0 || check_withdraws(d, make->withdraws) != 0 ||
        terms_check(d, make->terms, "make_proposal.terms") != 0)
        return d->code;
    made = decide_new(d, &comity__v1__proposal_made__descriptor);
    proposal = decide_new(d, &comity__v1__proposal__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_PROPOSAL_MADE);
    if (!made || !proposal || !event || decide_next_number(d, TABLE_PROPOSAL, &proposal->number) != 0)
        return d->code;
    proposal->item = make->item;
    proposal->title = make->title;
    proposal->withdraws = make->withdraws;
    proposal->versions = decide_alloc(d, 1, sizeof(*proposal->versions));
    if (!proposal->versions)
        return d->code;
    proposal->versions[0] = version_new(d, 1, make->text, make->terms);
    proposal->n_versions = 1;
    made->proposal = proposal;
    event->proposal_made = made;
    return d->code;
}

/* A hash stands for one version: a ballot names it. */
static bool has_version(const Comity__V1__Proposal *proposal, ProtobufCBinaryData hash)
{
    size_t i;

    for (i = 0; i < proposal->n_versions; i++)
        if (binary_equal(proposal->versions[i]->text->hash, hash))
            return true;
    return false;
}

static int check_revision(struct decide *d, const Comity__V1__ReviseProposal *revise)
{
    const Comity__V1__ProposalVersion *latest = proposal_latest(d->proposal);

    if (!session_takes_work(d->session) || d->proposal->decision != 0 || d->proposal->open_round != 0 ||
        d->proposal->declared != 0 || d->proposal->outcome != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_UNSPECIFIED)
        return decide_refuse(d, ERR_STATE, "revise_proposal.proposal");
    /* The ladder is about the text that was tested. docs/rules.md R-72 */
    if (d->proposal->stage != 0)
        return decide_refuse_latest(d, ERR_STAGE, "revise_proposal.proposal", d->proposal->stage);
    if (check_item_takes_proposals(d, "revise_proposal.proposal") != 0)
        return d->code;
    if (!binary_equal(latest->text->hash, revise->base_hash))
        return decide_refuse_latest(d, ERR_STALE, "revise_proposal.base_hash", latest->version);
    if (has_version(d->proposal, revise->text->hash))
        return decide_refuse(d, ERR_EXISTS, "revise_proposal.text");
    if (d->proposal->n_versions >= VERSIONS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "revise_proposal.proposal", VERSIONS_MAX);
    return terms_check(d, revise->terms, "revise_proposal.terms");
}

int decide_revise_proposal(struct decide *d)
{
    const Comity__V1__ReviseProposal *revise = d->body->revise_proposal;
    Comity__V1__ProposalRevised *revised;
    Comity__V1__Event *event;

    if (check_revision(d, revise) != 0)
        return d->code;
    revised = decide_new(d, &comity__v1__proposal_revised__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_PROPOSAL_REVISED);
    if (!revised || !event)
        return d->code;
    revised->proposal = d->proposal->number;
    revised->version = version_new(d, proposal_latest(d->proposal)->version + 1, revise->text, revise->terms);
    event->proposal_revised = revised;
    return d->code;
}
