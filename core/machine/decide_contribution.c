/* What is put on record about an item, as far as its record level takes it; and what of it a proposal meets.
 */
#include <stdio.h>

#include "core/machine/solving.h"

enum { VERSIONS_MAX = 20, LINKS_MAX = 64 };

typedef Comity__V1__ContributionKind kind_t;
#define KIND(name) COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_##name
#define STATE(name) COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_##name

Comity__V1__Contribution *solving_find_contribution(struct decide *d, uint32_t number, unsigned states,
                                                    const char *field)
{
    Comity__V1__Contribution *contribution = decide_find(d, TABLE_CONTRIBUTION, number, 0, field);

    if (!contribution)
        return NULL;
    if (contribution->n_versions == 0)
        decide_fail(d, ERR_CORRUPT);
    else if (contribution->item != d->item->number)
        decide_refuse(d, ERR_RANGE, "%s", field);
    else if ((states & 1u << contribution->state) == 0)
        decide_refuse(d, ERR_STATE, "%s", field);
    return d->code == 0 ? contribution : NULL;
}

int solving_find_constituency(struct decide *d, const char *name, const char *field, uint32_t *ret_number)
{
    ProtobufCMessage *row;
    int code = state_get_by_name(d->view, d->arena, TABLE_CONSTITUENCY, name, &row);

    if (code == ERR_NOT_FOUND)
        return decide_refuse(d, ERR_NOT_FOUND, "%s", field);
    if (code != 0)
        return decide_fail(d, code);
    *ret_number = ((const Comity__V1__Constituency *) row)->number;
    return 0;
}

static int seat_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    bool *has_seats = context;
    uint32_t number = ((const Comity__V1__Seat *) row)->constituency;

    (void) key;
    if (number > CONSTITUENCIES_MAX)
        return ERR_CORRUPT;
    has_seats[number] = true;
    return 0;
}

int solving_parties(struct decide *d, struct parties *ret_parties)
{
    struct row_key seats = row_key_first(TABLE_SEAT, d->of_body);
    bool has_seats[CONSTITUENCIES_MAX + 1] = {false};
    uint32_t number;
    int code = row_each(d->view, d->arena, TABLE_SEAT, &seats, seat_visit, has_seats);

    if (code != 0)
        return decide_fail(d, code);
    ret_parties->count = 0;
    for (number = 1; number <= CONSTITUENCIES_MAX; number++) {
        const Comity__V1__Constituency *row =
            has_seats[number] ? decide_get(d, TABLE_CONSTITUENCY, number, 0) : NULL;

        if (d->code != 0)
            return d->code;
        if (row && row->standing == COMITY__V1__STANDING__STANDING_PARTY)
            ret_parties->numbers[ret_parties->count++] = number;
    }
    return 0;
}

/* Under SUMMARY nobody's own words are kept, but a summary by those who keep the record; what is shared has
 * to be approved whatever the level. The state in which it begins. */
static int check_level(struct decide *d, kind_t kind, const char *field,
                       Comity__V1__ContributionState *ret_state)
{
    struct parties parties;
    enum record_level level;
    int code = record_level(d->view, d->arena, (int) item_phase(d->item), &level);

    if (code != 0)
        return decide_fail(d, code);
    if (level == RECORD_NONE || (level == RECORD_SUMMARY && !keeps_record(d)))
        return decide_refuse(d, ERR_RECORD, "%s", field);
    *ret_state = STATE(STANDS);
    if (level == RECORD_FULL && kind != KIND(SHARED_INTEREST))
        return 0;
    if (solving_parties(d, &parties) != 0)
        return d->code;
    if (parties.count > 0)
        *ret_state = STATE(PROPOSED);
    return 0;
}

/* Whose interest it is. In somebody else's name only a summary speaks, which they approve. */
static int check_whose(struct decide *d, const Comity__V1__Contribute *give,
                       Comity__V1__ContributionState state, uint32_t *ret_constituency)
{
    bool is_given = give->constituency[0] != '\0';

    *ret_constituency = 0;
    if (is_given != (give->kind == KIND(INTEREST)))
        return decide_refuse(d, is_given ? ERR_RANGE : ERR_MISSING, "contribute.constituency");
    if (!is_given)
        return 0;
    if (solving_find_constituency(d, give->constituency, "contribute.constituency", ret_constituency) != 0)
        return d->code;
    if (state == STATE(STANDS) && *ret_constituency != d->actor->constituency)
        return decide_refuse(d, ERR_FORBIDDEN, "contribute.constituency");
    return 0;
}

static int check_about(struct decide *d, const uint32_t *about, size_t count, const char *list)
{
    char field[FIELD_PATH_MAX];
    size_t i;

    for (i = 0; i < count; i++) {
        snprintf(field, sizeof(field), "%s[%zu]", list, i);
        if (!solving_find_contribution(d, about[i], SOLVING_STANDS | SOLVING_PROPOSED, field))
            return d->code;
    }
    return 0;
}

static Comity__V1__ContributionVersion *version_new(struct decide *d, uint32_t number,
                                                    Comity__V1__TextRef *text, uint32_t *about, size_t count)
{
    Comity__V1__ContributionVersion *version = decide_new(d, &comity__v1__contribution_version__descriptor);

    if (!version)
        return NULL;
    version->version = number;
    version->text = text;
    version->made_ms = d->context->time_ms;
    version->about = about;
    version->n_about = count;
    return version;
}

static int check_contribute(struct decide *d, const Comity__V1__Contribute *give,
                            Comity__V1__ContributionState *ret_state, uint32_t *ret_constituency)
{
    if (solving_check_session(d, "contribute.item") != 0)
        return d->code;
    if (item_phase(d->item) != phase_of_contribution(give->kind))
        return solving_refuse_phase(d, "contribute.kind");
    if (give->kind == KIND(OPTION) && !facilitates(d))
        return decide_refuse(d, ERR_FORBIDDEN, "contribute.kind");
    if (check_level(d, give->kind, "contribute.item", ret_state) != 0 ||
        check_whose(d, give, *ret_state, ret_constituency) != 0)
        return d->code;
    return check_about(d, give->about, give->n_about, "contribute.about");
}

int decide_contribute(struct decide *d)
{
    const Comity__V1__Contribute *give = d->body->contribute;
    Comity__V1__ContributionState state;
    Comity__V1__ContributionMade *made;
    Comity__V1__Contribution *row;
    Comity__V1__Event *event;
    uint32_t constituency;

    if (check_contribute(d, give, &state, &constituency) != 0)
        return d->code;
    made = decide_new(d, &comity__v1__contribution_made__descriptor);
    row = decide_new(d, &comity__v1__contribution__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CONTRIBUTION_MADE);
    if (!made || !row || !event || decide_next_number(d, TABLE_CONTRIBUTION, &row->number) != 0)
        return d->code;
    row->item = give->item;
    row->kind = give->kind;
    row->constituency = constituency;
    row->made_by = d->actor->number;
    row->state = state;
    row->versions = decide_alloc(d, 1, sizeof(*row->versions));
    if (!row->versions)
        return d->code;
    row->versions[0] = version_new(d, 1, give->text, give->about, give->n_about);
    row->n_versions = 1;
    made->contribution = row;
    event->contribution_made = made;
    return d->code;
}

static const Comity__V1__ContributionVersion *latest_of(const Comity__V1__Contribution *row)
{
    return row->versions[row->n_versions - 1];
}

/* A hash stands for one version: an approval names it. */
static bool has_version(const Comity__V1__Contribution *row, ProtobufCBinaryData hash)
{
    size_t i;

    for (i = 0; i < row->n_versions; i++)
        if (binary_equal(row->versions[i]->text->hash, hash))
            return true;
    return false;
}

static int check_amend(struct decide *d, const Comity__V1__AmendContribution *amend)
{
    const Comity__V1__Contribution *row = d->contribution;

    if (solving_check_session(d, "amend_contribution.contribution") != 0)
        return d->code;
    if (row->n_versions == 0)
        return decide_fail(d, ERR_CORRUPT);
    if (row->state == STATE(WITHDRAWN))
        return decide_refuse(d, ERR_STATE, "amend_contribution.contribution");
    if (item_phase(d->item) != phase_of_contribution(row->kind))
        return solving_refuse_phase(d, "amend_contribution.contribution");
    if (!binary_equal(latest_of(row)->text->hash, amend->base_hash))
        return decide_refuse_latest(d, ERR_STALE, "amend_contribution.base_hash", latest_of(row)->version);
    if (has_version(row, amend->text->hash))
        return decide_refuse(d, ERR_EXISTS, "amend_contribution.text");
    if (row->n_versions >= VERSIONS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "amend_contribution.contribution", VERSIONS_MAX);
    return check_about(d, amend->about, amend->n_about, "amend_contribution.about");
}

int decide_amend_contribution(struct decide *d)
{
    const Comity__V1__AmendContribution *amend = d->body->amend_contribution;
    Comity__V1__ContributionState state;
    Comity__V1__ContributionAmended *amended;
    Comity__V1__Event *event;

    if (check_amend(d, amend) != 0 ||
        check_level(d, d->contribution->kind, "amend_contribution.contribution", &state) != 0)
        return d->code;
    amended = decide_new(d, &comity__v1__contribution_amended__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CONTRIBUTION_AMENDED);
    if (!amended || !event)
        return d->code;
    amended->contribution = d->contribution->number;
    amended->version =
        version_new(d, latest_of(d->contribution)->version + 1, amend->text, amend->about, amend->n_about);
    amended->state = state;
    event->contribution_amended = amended;
    return d->code;
}

int decide_withdraw_contribution(struct decide *d)
{
    Comity__V1__ContributionWithdrawn *withdrawn;
    Comity__V1__Event *event;

    if (solving_check_not_over(d, "withdraw_contribution.contribution") != 0)
        return d->code;
    if (d->contribution->state == STATE(WITHDRAWN))
        return decide_refuse(d, ERR_STATE, "withdraw_contribution.contribution");
    withdrawn = decide_new(d, &comity__v1__contribution_withdrawn__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CONTRIBUTION_WITHDRAWN);
    if (!withdrawn || !event)
        return d->code;
    withdrawn->contribution = d->contribution->number;
    event->contribution_withdrawn = withdrawn;
    return 0;
}

static bool has_approved(const Comity__V1__Contribution *row, uint32_t constituency)
{
    size_t i;

    for (i = 0; i < row->n_approved_by; i++)
        if (row->approved_by[i] == constituency)
            return true;
    return false;
}

static bool all_have_approved(const Comity__V1__Contribution *row, const struct parties *parties,
                              uint32_t now)
{
    size_t i;

    for (i = 0; i < parties->count; i++)
        if (parties->numbers[i] != now && !has_approved(row, parties->numbers[i]))
            return false;
    return true;
}

static bool is_named_before(const Comity__V1__ApproveContributions *approve, size_t at)
{
    size_t i;

    for (i = 0; i < at; i++)
        if (approve->texts[i]->contribution == approve->texts[at]->contribution)
            return true;
    return false;
}

/* One of the texts: it goes into the event. */
static int approve_one(struct decide *d, size_t at, const struct parties *parties,
                       Comity__V1__ContributionsApproved *approved)
{
    const Comity__V1__ApproveContributions *approve = d->body->approve_contributions;
    const Comity__V1__ApprovedText *text = approve->texts[at];
    char field[FIELD_PATH_MAX];
    const Comity__V1__Contribution *row;

    snprintf(field, sizeof(field), "approve_contributions.texts[%zu].contribution", at);
    row = solving_find_contribution(d, text->contribution, SOLVING_PROPOSED, field);
    if (!row)
        return d->code;
    if (is_named_before(approve, at))
        return decide_refuse(d, ERR_DUPLICATE, "%s", field);
    if (has_approved(row, d->actor->constituency))
        return decide_refuse(d, ERR_EXISTS, "%s", field);
    if (!binary_equal(latest_of(row)->text->hash, text->text_hash)) {
        snprintf(field, sizeof(field), "approve_contributions.texts[%zu].text_hash", at);
        return decide_refuse_latest(d, ERR_STALE, field, latest_of(row)->version);
    }
    approved->contributions[approved->n_contributions++] = text->contribution;
    if (all_have_approved(row, parties, d->actor->constituency))
        approved->standing[approved->n_standing++] = text->contribution;
    return 0;
}

int decide_approve_contributions(struct decide *d)
{
    const Comity__V1__ApproveContributions *approve = d->body->approve_contributions;
    Comity__V1__ContributionsApproved *approved;
    Comity__V1__Event *event;
    struct parties parties;
    bool is_party = false;
    size_t i;

    if (solving_check_not_over(d, "approve_contributions.texts") != 0 || solving_parties(d, &parties) != 0)
        return d->code;
    for (i = 0; i < parties.count; i++)
        is_party |= parties.numbers[i] == d->actor->constituency;
    if (!is_party)
        return decide_refuse(d, ERR_FORBIDDEN, "approve_contributions.texts");
    approved = decide_new(d, &comity__v1__contributions_approved__descriptor);
    if (!approved)
        return d->code;
    approved->constituency = d->actor->constituency;
    approved->contributions = decide_alloc(d, approve->n_texts, sizeof(*approved->contributions));
    approved->standing = decide_alloc(d, approve->n_texts, sizeof(*approved->standing));
    for (i = 0; i < approve->n_texts && d->code == 0; i++)
        approve_one(d, i, &parties, approved);
    event = d->code == 0 ? decide_event(d, COMITY__V1__EVENT__KIND_CONTRIBUTIONS_APPROVED) : NULL;
    if (!event)
        return d->code;
    event->contributions_approved = approved;
    return 0;
}

/* Links of a proposal. */

static const Comity__V1__ProposalLink *link_find(const Comity__V1__ProposalLinks *links,
                                                 uint32_t contribution)
{
    size_t i;

    for (i = 0; links && i < links->n_links; i++)
        if (links->links[i]->contribution == contribution)
            return links->links[i];
    return NULL;
}

static int check_link(struct decide *d, const Comity__V1__ProposalLinks *links, uint32_t contribution,
                      const char *field)
{
    bool is_added = d->body->link_proposal->change == COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD;
    const Comity__V1__ProposalLink *link = link_find(links, contribution);

    if (is_added && !solving_find_contribution(d, contribution, SOLVING_STANDS, field))
        return d->code;
    if (is_added && link && link->version == proposal_latest(d->proposal)->version)
        return decide_refuse(d, ERR_EXISTS, "%s", field);
    if (!is_added && !link)
        return decide_refuse(d, ERR_NOT_FOUND, "%s", field);
    if (!is_added && link->linked_by != d->actor->number)
        return decide_refuse(d, ERR_FORBIDDEN, "%s", field);
    return 0;
}

static int check_linking(struct decide *d, const Comity__V1__LinkProposal *link)
{
    const Comity__V1__ProposalVersion *latest = proposal_latest(d->proposal);

    if (solving_check_session(d, "link_proposal.proposal") != 0 ||
        solving_check_not_over(d, "link_proposal.proposal") != 0)
        return d->code;
    if (d->proposal->decision != 0)
        return decide_refuse(d, ERR_STATE, "link_proposal.proposal");
    if (!binary_equal(latest->text->hash, link->text_hash))
        return decide_refuse_latest(d, ERR_STALE, "link_proposal.text_hash", latest->version);
    return 0;
}

static int links_get(struct decide *d, const Comity__V1__ProposalLinks **ret_links)
{
    *ret_links = decide_seek(d, TABLE_PROPOSAL_LINKS, d->proposal->number, 0);
    return d->code;
}

static int linked_add(struct decide *d, Comity__V1__ProposalLinked *linked, uint32_t contribution)
{
    Comity__V1__ProposalLink *link = decide_new(d, &comity__v1__proposal_link__descriptor);

    if (!link)
        return d->code;
    link->contribution = contribution;
    link->version = proposal_latest(d->proposal)->version;
    link->linked_by = d->actor->number;
    linked->links[linked->n_links++] = link;
    return 0;
}

int decide_link_proposal(struct decide *d)
{
    const Comity__V1__LinkProposal *link = d->body->link_proposal;
    const Comity__V1__ProposalLinks *links = NULL;
    Comity__V1__ProposalLinked *linked;
    Comity__V1__Event *event;
    char field[FIELD_PATH_MAX];
    size_t i, count;

    if (check_linking(d, link) != 0 || links_get(d, &links) != 0)
        return d->code;
    linked = decide_new(d, &comity__v1__proposal_linked__descriptor);
    if (!linked)
        return d->code;
    linked->proposal = link->proposal;
    linked->change = link->change;
    linked->links = decide_alloc(d, link->n_contributions, sizeof(*linked->links));
    count = links ? links->n_links : 0;
    for (i = 0; i < link->n_contributions && d->code == 0; i++) {
        snprintf(field, sizeof(field), "link_proposal.contributions[%zu]", i);
        if (check_link(d, links, link->contributions[i], field) == 0)
            linked_add(d, linked, link->contributions[i]);
        count += link_find(links, link->contributions[i]) ? 0 : 1;
    }
    if (d->code == 0 && count > LINKS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "link_proposal.contributions", LINKS_MAX);
    event = d->code == 0 ? decide_event(d, COMITY__V1__EVENT__KIND_PROPOSAL_LINKED) : NULL;
    if (!event)
        return d->code;
    event->proposal_linked = linked;
    return 0;
}
