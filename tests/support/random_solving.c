/* Problem solving: items on their way, and what is put on record about them. */
#include "core/machine/phase.h"
#include "core/machine/row.h"
#include "tests/support/random_bodies.h"

#define SECOND_MS ((int64_t) 1000)

/* A recent item whose session takes work, with that session. */
static const Comity__V1__Item *item_find(struct random_commands *r, const Comity__V1__Session **ret_session)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Item *item = random_row(r, TABLE_ITEM, random_recent(r, TABLE_ITEM), 0);

        if (!item)
            continue;
        *ret_session = random_row(r, TABLE_SESSION, item->session, 0);
        if ((*ret_session)->state == COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
            return item;
    }
    return NULL;
}

/* The same, and it is being worked on. */
static const Comity__V1__Item *worked_on_find(struct random_commands *r,
                                              const Comity__V1__Session **ret_session)
{
    const Comity__V1__Item *item = item_find(r, ret_session);

    return item && phase_is_worked_on(item->phase) ? item : NULL;
}

static bool sign_as(struct random_commands *r, Comity__V1__Office office)
{
    const struct person *person = random_member(r, office, ANYBODY);

    if (person)
        random_sign(r, person);
    return person != NULL;
}

/* Who made it, where that is somebody whose key is known and valid. */
static bool sign_as_member(struct random_commands *r, uint32_t member)
{
    const struct person *person = random_person_of(r, member);

    if (!person || person->is_revoked)
        return false;
    random_sign(r, person);
    return true;
}

static int open_visit(void *context, struct bytes key, struct bytes value)
{
    (void) key;
    (void) value;
    *(bool *) context = true;
    return 1;
}

static bool has_open_round(struct random_commands *r, uint32_t item)
{
    struct row_key rounds = row_key_first(TABLE_OPEN_OF_ITEM, item);
    bool has = false;

    if (view_range(r->view, row_key_view(&rounds), BYTES(NULL, 0), open_visit, &has) != 0)
        random_need(NULL, "the state cannot be read");
    return has;
}

bool random_move_phase(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = item_find(r, &session);
    Comity__V1__MovePhase *move = r->body->move_phase;

    /* Now and then against a hold, and is refused. */
    if (!item || (item->hold && random_chance(r, 70)) || has_open_round(r, item->number))
        return false;
    move->item = item->number;
    move->from = item->phase;
    /* Mostly on, or to where proposals are made. */
    for (size_t tries = 0; tries < 20; tries++) {
        move->phase = random_chance(r, 50) ? (phase_t) (item->phase + 1)
                                           : (phase_t) (1 + random_below(r, PHASE(PROPOSAL)));
        if (phase_allows(item->phase, move->phase))
            return (session->n_facilitators > 0 && sign_as_member(r, session->facilitators[0])) ||
                   sign_as(r, FACILITATOR);
    }
    return false;
}

bool random_hold_phase(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = worked_on_find(r, &session);

    if (!item || item->hold)
        return false;
    r->body->hold_phase->item = item->number;
    r->body->hold_phase->reason = random_text(r);
    return sign_as(r, FACILITATOR);
}

bool random_release_phase(struct random_commands *r)
{
    const Comity__V1__Session *session;

    for (size_t tries = 0; tries < 5; tries++) {
        const Comity__V1__Item *item = item_find(r, &session);

        if (!item || !item->hold)
            continue;
        r->body->release_phase->item = item->number;
        return sign_as_member(r, item->hold->member);
    }
    return false;
}

static const struct person *party_co_chair(struct random_commands *r)
{
    for (size_t tries = 0; tries < 5; tries++) {
        const struct person *person = random_member(r, CO_CHAIR, ANYBODY);
        const Comity__V1__Constituency *own =
            person ? random_row(r, TABLE_CONSTITUENCY, person->constituency, 0) : NULL;

        if (own && own->standing == COMITY__V1__STANDING__STANDING_PARTY)
            return person;
    }
    return NULL;
}

bool random_flag_bargaining(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = random_chance(r, 50) ? random_item_at_stage(r) : worked_on_find(r, &session);
    const struct person *person = party_co_chair(r);

    if (!item || !person)
        return false;
    random_sign(r, person);
    r->body->flag_bargaining->item = item->number;
    if (random_chance(r, 50))
        r->body->flag_bargaining->reason = random_text(r);
    return true;
}

bool random_set_aside_item(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = worked_on_find(r, &session);

    if (!item || item->hold || has_open_round(r, item->number))
        return false;
    r->body->set_aside_item->item = item->number;
    r->body->set_aside_item->phase = random_chance(r, 50) ? PHASE(DEFERRED) : PHASE(TABLED);
    r->body->set_aside_item->reason = random_text(r);
    r->body->set_aside_item->until_ms = random_chance(r, 50) ? r->time_ms + SECOND_MS : 0;
    return sign_as(r, FACILITATOR);
}

bool random_withdraw_item(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = worked_on_find(r, &session);

    if (!item || item->hold || item->rounds > 0)
        return false;
    r->body->withdraw_item->item = item->number;
    r->body->withdraw_item->reason = random_text(r);
    return random_chance(r, 50) ? sign_as_member(r, item->added_by) : sign_as(r, FACILITATOR);
}

/* Where what is given stands at once, by whoever holds a seat; else by a facilitator. */
bool random_contribute(struct random_commands *r)
{
    static const Comity__V1__ContributionKind KINDS[] = {
        [PHASE(STORY)] = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STORY,
        [PHASE(INTERESTS)] = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST,
        [PHASE(OPTIONS)] = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_OPTION,
        [PHASE(STANDARDS)] = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_STANDARD,
        [PHASE(EVALUATION)] = COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_EVALUATION,
    };
    const Comity__V1__Session *session;

    for (size_t tries = 0; tries < 5; tries++) {
        const Comity__V1__Item *item = item_find(r, &session);

        if (!item || (size_t) item->phase >= ARRAY_COUNT(KINDS) || KINDS[item->phase] == 0)
            continue;
        r->body->contribute->item = item->number;
        r->body->contribute->kind = KINDS[item->phase];
        r->body->contribute->text = random_text(r);
        return item->phase >= PHASE(STANDARDS) ? random_sign_as_holder(r, session->body)
                                               : sign_as(r, FACILITATOR);
    }
    return false;
}

/* A recent contribution that was not withdrawn, on an item that goes on. */
static const Comity__V1__Contribution *contribution_find(struct random_commands *r,
                                                         Comity__V1__ContributionState state)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Contribution *row =
            random_row(r, TABLE_CONTRIBUTION, random_recent(r, TABLE_CONTRIBUTION), 0);
        const Comity__V1__Item *item = row ? random_row(r, TABLE_ITEM, row->item, 0) : NULL;

        if (row && row->state == state && !phase_is_over(item->phase))
            return row;
    }
    return NULL;
}

#define PROPOSED COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_PROPOSED
#define STANDS COMITY__V1__CONTRIBUTION_STATE__CONTRIBUTION_STATE_STANDS

bool random_amend_contribution(struct random_commands *r)
{
    const Comity__V1__Contribution *row = contribution_find(r, random_chance(r, 50) ? PROPOSED : STANDS);
    Comity__V1__AmendContribution *amend = r->body->amend_contribution;

    if (!row || row->n_versions >= 20)
        return false;
    amend->contribution = row->number;
    amend->base_hash = row->versions[row->n_versions - 1]->text->hash;
    amend->text = random_text(r);
    return sign_as_member(r, row->made_by);
}

bool random_withdraw_contribution(struct random_commands *r)
{
    const Comity__V1__Contribution *row = contribution_find(r, random_chance(r, 50) ? PROPOSED : STANDS);

    if (!row)
        return false;
    r->body->withdraw_contribution->contribution = row->number;
    return sign_as_member(r, row->made_by);
}

bool random_approve_contributions(struct random_commands *r)
{
    const Comity__V1__Contribution *row = contribution_find(r, PROPOSED);
    const struct person *person = party_co_chair(r);
    Comity__V1__ApproveContributions *approve = r->body->approve_contributions;

    if (!row || !person)
        return false;
    for (size_t i = 0; i < row->n_approved_by; i++)
        if (row->approved_by[i] == person->constituency)
            return false;
    approve->texts = random_alloc(r, sizeof(*approve->texts));
    approve->texts[0] = random_alloc(r, sizeof(*approve->texts[0]));
    comity__v1__approved_text__init(approve->texts[0]);
    approve->texts[0]->contribution = row->number;
    approve->texts[0]->text_hash = row->versions[row->n_versions - 1]->text->hash;
    approve->n_texts = 1;
    random_sign(r, person);
    return true;
}

/* An undecided proposal on an item that is being worked on. */
static const Comity__V1__Proposal *proposal_find(struct random_commands *r, const Comity__V1__Item **ret_item,
                                                 const Comity__V1__Session **ret_session)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Proposal *proposal =
            random_row(r, TABLE_PROPOSAL, random_recent(r, TABLE_PROPOSAL), 0);

        if (!proposal || proposal->decision != 0)
            continue;
        *ret_item = random_row(r, TABLE_ITEM, proposal->item, 0);
        *ret_session = random_row(r, TABLE_SESSION, (*ret_item)->session, 0);
        if (phase_is_worked_on((*ret_item)->phase) &&
            (*ret_session)->state == COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
            return proposal;
    }
    return NULL;
}

static ProtobufCBinaryData latest_hash(const Comity__V1__Proposal *proposal)
{
    return proposal->versions[proposal->n_versions - 1]->text->hash;
}

bool random_link_proposal(struct random_commands *r)
{
    Comity__V1__LinkProposal *link = r->body->link_proposal;
    const Comity__V1__Item *item;
    const Comity__V1__Session *session;
    const Comity__V1__Proposal *proposal = proposal_find(r, &item, &session);
    uint32_t last = random_last_number(r, TABLE_CONTRIBUTION);

    for (uint32_t number = last; proposal && number > 0 && number + 200 > last; number--) {
        const Comity__V1__Contribution *row = random_row(r, TABLE_CONTRIBUTION, number, 0);

        if (row->item != item->number || row->state != STANDS || random_chance(r, 30))
            continue;
        link->proposal = proposal->number;
        link->text_hash = latest_hash(proposal);
        link->change = random_chance(r, 85) ? COMITY__V1__LINK_CHANGE__LINK_CHANGE_ADD
                                            : COMITY__V1__LINK_CHANGE__LINK_CHANGE_REMOVE;
        link->contributions = random_alloc(r, sizeof(*link->contributions));
        link->contributions[0] = number;
        link->n_contributions = 1;
        return random_sign_as_holder(r, session->body);
    }
    return false;
}

bool random_raise_concern(struct random_commands *r)
{
    Comity__V1__RaiseConcern *raise = r->body->raise_concern;
    const Comity__V1__Item *item;
    const Comity__V1__Session *session;
    const Comity__V1__Proposal *proposal = proposal_find(r, &item, &session);

    if (!proposal)
        return false;
    raise->proposal = proposal->number;
    raise->text_hash = latest_hash(proposal);
    raise->text = random_text(r);
    return random_sign_as_holder(r, session->body);
}

/* A recent concern that is not settled, with its body. */
static const Comity__V1__Concern *concern_find(struct random_commands *r, uint32_t *ret_body)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Concern *concern = random_row(r, TABLE_CONCERN, random_recent(r, TABLE_CONCERN), 0);

        if (!concern || concern->settled_ms != 0)
            continue;
        const Comity__V1__Proposal *proposal = random_row(r, TABLE_PROPOSAL, concern->proposal, 0);
        const Comity__V1__Item *item = random_row(r, TABLE_ITEM, proposal->item, 0);
        *ret_body = ((const Comity__V1__Session *) random_row(r, TABLE_SESSION, item->session, 0))->body;
        if (!phase_is_over(item->phase))
            return concern;
    }
    return NULL;
}

bool random_second_concern(struct random_commands *r)
{
    uint32_t body;
    const Comity__V1__Concern *concern = concern_find(r, &body);

    if (!concern)
        return false;
    r->body->second_concern->concern = concern->number;
    return random_sign_as_holder(r, body);
}

bool random_settle_concern(struct random_commands *r)
{
    uint32_t body;
    const Comity__V1__Concern *concern = concern_find(r, &body);

    if (!concern)
        return false;
    r->body->settle_concern->concern = concern->number;
    r->body->settle_concern->state = random_chance(r, 50)
                                         ? COMITY__V1__CONCERN_STATE__CONCERN_STATE_RESOLVED
                                         : COMITY__V1__CONCERN_STATE__CONCERN_STATE_WITHDRAWN;
    if (random_chance(r, 50))
        r->body->settle_concern->how = random_text(r);
    return sign_as_member(r, concern->raised_by);
}

static Comity__V1__Confidentiality whose(struct random_commands *r)
{
    return random_chance(r, 50) ? COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_ALL
                                : COMITY__V1__CONFIDENTIALITY__CONFIDENTIALITY_BODY;
}

bool random_request_data(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = worked_on_find(r, &session);
    Comity__V1__RequestData *ask = r->body->request_data;

    if (!item)
        return false;
    const Comity__V1__Constituency *asked =
        random_row(r, TABLE_CONSTITUENCY, 1 + random_below(r, random_last_number(r, TABLE_CONSTITUENCY)), 0);
    ask->item = item->number;
    ask->constituency = asked->name;
    ask->text = random_text(r);
    ask->due_ms = random_chance(r, 50) ? r->time_ms + SECOND_MS : 0;
    ask->confidentiality = whose(r);
    return random_sign_as_holder(r, session->body);
}

/* A recent request that is not answered; its item goes on. */
static const Comity__V1__DataRequest *request_find(struct random_commands *r)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__DataRequest *request =
            random_row(r, TABLE_DATA_REQUEST, random_recent(r, TABLE_DATA_REQUEST), 0);
        const Comity__V1__Item *item = request ? random_row(r, TABLE_ITEM, request->item, 0) : NULL;

        if (request && !phase_is_over(item->phase) &&
            request->state == COMITY__V1__DATA_REQUEST_STATE__DATA_REQUEST_STATE_ASKED)
            return request;
    }
    return NULL;
}

static bool sign_as_asked(struct random_commands *r, const Comity__V1__DataRequest *request)
{
    const struct person *person = random_member(r, CO_CHAIR, request->constituency);

    if (person)
        random_sign(r, person);
    return person != NULL;
}

bool random_answer_data(struct random_commands *r)
{
    const Comity__V1__DataRequest *request = request_find(r);

    if (!request)
        return false;
    r->body->answer_data->request = request->number;
    r->body->answer_data->text = random_text(r);
    return sign_as_asked(r, request);
}

bool random_refuse_data(struct random_commands *r)
{
    const Comity__V1__DataRequest *request = request_find(r);

    if (!request)
        return false;
    r->body->refuse_data->request = request->number;
    r->body->refuse_data->reason = random_text(r);
    return sign_as_asked(r, request);
}

bool random_state_fact(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = worked_on_find(r, &session);

    if (!item)
        return false;
    r->body->state_fact->item = item->number;
    r->body->state_fact->text = random_text(r);
    r->body->state_fact->confidentiality = whose(r);
    return random_sign_as_holder(r, session->body);
}

/* A recent fact that stands, with the body. */
static const Comity__V1__Fact *fact_find(struct random_commands *r, uint32_t *ret_body)
{
    for (size_t tries = 0; tries < 10; tries++) {
        const Comity__V1__Fact *fact = random_row(r, TABLE_FACT, random_recent(r, TABLE_FACT), 0);
        const Comity__V1__Item *item = fact ? random_row(r, TABLE_ITEM, fact->item, 0) : NULL;

        if (!fact || fact->withdrawn_ms != 0 || phase_is_over(item->phase))
            continue;
        *ret_body = ((const Comity__V1__Session *) random_row(r, TABLE_SESSION, item->session, 0))->body;
        return fact;
    }
    return NULL;
}

bool random_judge_fact(struct random_commands *r)
{
    uint32_t body;
    const Comity__V1__Fact *fact = fact_find(r, &body);

    if (!fact)
        return false;
    r->body->judge_fact->fact = fact->number;
    r->body->judge_fact->position = COMITY__V1__FACT_POSITION__FACT_POSITION_AGREED;
    if (random_chance(r, 50)) {
        r->body->judge_fact->position = COMITY__V1__FACT_POSITION__FACT_POSITION_DISPUTED;
        r->body->judge_fact->reason = random_text(r);
    }
    return random_sign_as_holder(r, body);
}

bool random_withdraw_fact(struct random_commands *r)
{
    uint32_t body;
    const Comity__V1__Fact *fact = fact_find(r, &body);

    if (!fact)
        return false;
    r->body->withdraw_fact->fact = fact->number;
    return sign_as_member(r, fact->stated_by);
}

/* Without a charter they are kept nowhere: refused, each time. */
bool random_open_straw_poll(struct random_commands *r)
{
    const Comity__V1__Session *session;
    const Comity__V1__Item *item = worked_on_find(r, &session);
    Comity__V1__OpenStrawPoll *open = r->body->open_straw_poll;

    if (!item)
        return false;
    open->item = item->number;
    open->question = random_text(r);
    open->choices = random_alloc(r, 2 * sizeof(*open->choices));
    for (open->n_choices = 0; open->n_choices < 2; open->n_choices++) {
        Comity__V1__StrawChoice *choice = random_alloc(r, sizeof(*choice));

        comity__v1__straw_choice__init(choice);
        choice->text = random_text(r);
        open->choices[open->n_choices] = choice;
    }
    return sign_as(r, FACILITATOR);
}
