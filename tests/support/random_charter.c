/* The charter, alternates who stand in, and recusals. */
#include "tests/support/random_bodies.h"

#include "core/charter.h"
#include "core/machine/row.h"
#include "core/machine/stand_in.h"

enum { FUNCTIONS = 4 };

static const Comity__V1__CharterVersion *charter_now(struct random_commands *r)
{
    return random_row(r, TABLE_CHARTER, random_last_number(r, TABLE_CHARTER), 0);
}

/* A rule that some body decides by: false where there is none. */
static bool pair_draw(struct random_commands *r, char **ret_body, char **ret_rule)
{
    const Comity__V1__RuleVersion *version = NULL;
    const Comity__V1__Body *body = NULL;
    ProtobufCMessage *row = NULL;

    for (size_t tries = 0; tries < 8 && !version; tries++)
        if (state_get_by_name(r->view, r->arena, TABLE_RULE,
                              random_name(r, "rule", random_below(r, RULE_NAMES)), &row) == 0)
            version = (const Comity__V1__RuleVersion *) row;
    if (version)
        body = random_row(r, TABLE_BODY, version->bodies[random_below(r, (uint32_t) version->n_bodies)], 0);
    if (!body)
        return false;
    *ret_body = body->name;
    *ret_rule = version->rule->name;
    return true;
}

static void add_standing(struct random_commands *r, Comity__V1__VitalFunction *function)
{
    const Comity__V1__Constituency *constituency =
        random_row(r, TABLE_CONSTITUENCY, 1 + random_below(r, 2), 0);
    Comity__V1__StandingGiven *given = random_alloc(r, sizeof(*given));

    comity__v1__standing_given__init(given);
    given->constituency = constituency->name;
    given->standing = COMITY__V1__STANDING__STANDING_NEUTRAL;
    function->standings = random_alloc(r, sizeof(*function->standings));
    function->standings[function->n_standings++] = given;
}

static bool add_function(struct random_commands *r, Comity__V1__Charter *charter, uint32_t number)
{
    Comity__V1__VitalFunction *function = random_alloc(r, sizeof(*function));

    comity__v1__vital_function__init(function);
    function->name = random_name(r, "function", number);
    function->title = random_text(r);
    function->share = (Comity__V1__Share) (1 + random_below(r, 5));
    if (!pair_draw(r, &function->body, &function->rule))
        return false;
    if (random_chance(r, 40))
        add_standing(r, function);
    charter->functions[charter->n_functions++] = function;
    return true;
}

/* How long what was said candidly is kept: at times the charter says, else the parties each time. */
static void add_class(struct random_commands *r, Comity__V1__Charter *charter)
{
    Comity__V1__RetentionClass *class = random_alloc(r, sizeof(*class));

    comity__v1__retention_class__init(class);
    class->name = "candid";
    class->days = random_below(r, 2);
    charter->retention = random_alloc(r, sizeof(*charter->retention));
    charter->retention[charter->n_retention++] = class;
}

bool random_adopt_charter(struct random_commands *r)
{
    Comity__V1__Charter *charter = random_alloc(r, sizeof(*charter));

    comity__v1__charter__init(charter);
    charter->text = random_text(r);
    charter->facilitation = (Comity__V1__Facilitation) (1 + random_below(r, 3));
    charter->straw_polls = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
    charter->sidebars = (Comity__V1__RecordLevel) (1 + random_below(r, 3));
    charter->minutes_by_silence = random_chance(r, 70);
    if (random_chance(r, 40))
        add_class(r, charter);
    if (random_chance(r, 50))
        random_ask_co_chairs(r, charter);
    charter->functions = random_alloc(r, FUNCTIONS * sizeof(*charter->functions));
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        if (random_chance(r, 80) && !add_function(r, charter, i))
            return false;
    r->body->adopt_charter->charter = charter;
    r->body->adopt_charter->replaces = random_last_number(r, TABLE_CHARTER);
    return random_sign_jointly(r);
}

/* Mostly one that @body decides. "": none is possible, or wanted. */
char *random_function(struct random_commands *r, uint32_t body)
{
    const Comity__V1__CharterVersion *version = charter_now(r);
    const Comity__V1__Body *of = random_row(r, TABLE_BODY, body, 0);

    for (size_t tries = 0; version && version->charter->n_functions > 0 && tries < 4; tries++) {
        const Comity__V1__VitalFunction *function =
            version->charter->functions[random_below(r, (uint32_t) version->charter->n_functions)];
        if (random_chance(r, 50) && (strcmp(function->body, of->name) == 0 || random_chance(r, 3)))
            return function->name;
    }
    return "";
}

/* Does the charter let the item be decided in @body, and by which rule? "": by any. NULL: it does not. */
const char *random_rule_of_item(struct random_commands *r, const Comity__V1__Item *item, uint32_t body)
{
    const Comity__V1__CharterVersion *version = charter_now(r);
    const Comity__V1__Body *of = random_row(r, TABLE_BODY, body, 0);
    const Comity__V1__VitalFunction *function;

    if (item->function[0] == '\0')
        return "";
    function = charter_function(version->charter, item->function);
    return function && strcmp(function->body, of->name) == 0 ? function->rule : NULL;
}

bool random_recuse(struct random_commands *r)
{
    const Comity__V1__Proposal *proposal = random_row(r, TABLE_PROPOSAL, random_recent(r, TABLE_PROPOSAL), 0);
    const Comity__V1__Item *item = proposal ? random_row(r, TABLE_ITEM, proposal->item, 0) : NULL;
    const Comity__V1__Session *session = item ? random_row(r, TABLE_SESSION, item->session, 0) : NULL;
    const struct person *person = session ? random_seat_holder(r, session->body) : NULL;

    if (!person || proposal->decision != 0 || random_row(r, TABLE_RECUSAL, proposal->number, person->member))
        return false;
    r->body->recuse->proposal = proposal->number;
    r->body->recuse->reason = random_text(r);
    random_sign(r, person);
    return true;
}

/* A seat of the body whose holder may have alternates. */
static const Comity__V1__Seat *seat_find(struct random_commands *r, uint32_t number)
{
    const Comity__V1__Body *body = random_row(r, TABLE_BODY, number, 0);

    for (size_t tries = 0; body && tries < 8; tries++) {
        const Comity__V1__Seat *seat = random_row(r, TABLE_SEAT, number, 1 + random_below(r, body->seats));

        if (seat->alternates >= COMITY__V1__ALTERNATES__ALTERNATES_NAMED)
            return seat;
    }
    return NULL;
}

bool random_name_alternates(struct random_commands *r)
{
    const Comity__V1__Seat *seat = seat_find(r, random_recent(r, TABLE_BODY));
    const struct person *signer = seat ? random_member(r, CO_CHAIR, seat->constituency) : NULL;
    Comity__V1__NameAlternates *name = r->body->name_alternates;

    if (!signer)
        return false;
    name->body = seat->body;
    name->seat = seat->number;
    name->members = random_alloc(r, 2 * sizeof(*name->members));
    for (size_t i = 0; i < 2; i++) {
        const struct person *person = random_member(r, 0, seat->constituency);
        bool is_known = !person || (name->n_members > 0 && name->members[0] == person->member);

        if (!is_known && (i == 0 || seat->alternates == COMITY__V1__ALTERNATES__ALTERNATES_POOL))
            name->members[name->n_members++] = person->member;
    }
    random_sign(r, signer);
    return name->n_members > 0;
}

/* A recent session that takes work and has no round open, and a seat of its body. */
static const Comity__V1__Session *session_between(struct random_commands *r,
                                                  const Comity__V1__Seat **ret_seat)
{
    const Comity__V1__Session *session = random_row(r, TABLE_SESSION, random_recent(r, TABLE_SESSION), 0);
    struct row_key key = row_key(TABLE_OPEN_ROUNDS, session ? session->number : 0, 0);
    uint32_t open = 0;

    if (!session || session->state == COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED ||
        row_number(r->view, &key, &open) != 0 || open > 0)
        return NULL;
    *ret_seat = seat_find(r, session->body);
    return *ret_seat && (*ret_seat)->holder != 0 ? session : NULL;
}

/* The holder, or a co-chair of the seat's constituency. */
static bool sign_for_seat(struct random_commands *r, const Comity__V1__Seat *seat)
{
    const struct person *person = random_person_of(r, seat->holder);

    if (!person || person->is_revoked || random_chance(r, 40))
        person = random_member(r, CO_CHAIR, seat->constituency);
    if (person)
        random_sign(r, person);
    return person != NULL;
}

bool random_hand_over(struct random_commands *r)
{
    const Comity__V1__Seat *seat = NULL;
    const Comity__V1__Session *session = session_between(r, &seat);
    const Comity__V1__AlternatesList *list;
    uint32_t member, has = 0;
    bool stands = false;
    struct row_key held;

    if (!session)
        return false;
    list =
        random_row(r, TABLE_ALTERNATES, seat->body,
                   seat->alternates == COMITY__V1__ALTERNATES__ALTERNATES_POOL ? seat->group : seat->number);
    if (!list || list->n_members == 0)
        return false;
    member = list->members[random_below(r, (uint32_t) list->n_members)];
    held = row_key(TABLE_HOLDER, seat->body, member);
    if (row_number(r->view, &held, &has) != 0 || has != 0 ||
        stand_in_of_seat(r->view, r->arena, session->number, seat, &has) != 0 || has != 0 ||
        stand_in_is(r->view, r->arena, session->number, session->body, member, &stands) != 0 || stands)
        return false;
    r->body->hand_over->session = session->number;
    r->body->hand_over->seat = seat->number;
    r->body->hand_over->member = member;
    return sign_for_seat(r, seat);
}

bool random_take_back(struct random_commands *r)
{
    const Comity__V1__Seat *seat = NULL;
    const Comity__V1__Session *session = session_between(r, &seat);
    uint32_t has = 0;

    if (!session || stand_in_of_seat(r->view, r->arena, session->number, seat, &has) != 0 || has == 0)
        return false;
    r->body->take_back->session = session->number;
    r->body->take_back->seat = seat->number;
    return sign_for_seat(r, seat);
}
