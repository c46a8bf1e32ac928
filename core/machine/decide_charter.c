/* The charter: adopted as a whole, version by version; and what it says of an item. */
#include <stdio.h>

#include "core/charter.h"
#include "core/machine/decide.h"

#define HOUR_MS ((int64_t) 3600 * 1000)

int decide_charter_in_force(struct decide *d, const Comity__V1__CharterVersion **ret_version)
{
    struct row_key key = row_key_counter(TABLE_CHARTER);
    uint32_t latest;
    int code = row_number(d->view, &key, &latest);

    if (code != 0)
        return decide_fail(d, code);
    *ret_version = latest == 0 ? NULL : decide_get(d, TABLE_CHARTER, latest, 0);
    if (*ret_version && !(*ret_version)->charter)
        return decide_fail(d, ERR_CORRUPT);
    return d->code;
}

/* Fields of the charter that a command brings. */
static int charter_refuse(struct decide *d, int code, const char *place, const char *field)
{
    return decide_refuse(d, code, "adopt_charter.charter.%s%s", place, field);
}

static int find_number(struct decide *d, enum table table, const char *name, uint32_t *ret_number)
{
    struct row_key key = row_key_name(table, name);
    int code = row_number(d->view, &key, ret_number);

    return code == 0 ? 0 : decide_fail(d, code);
}

/* The body is there, and has adopted the rule. @place: "functions[2]." or "amendment_". */
static int check_body_and_rule(struct decide *d, const char *body_name, const char *rule_name,
                               const char *place)
{
    const Comity__V1__RuleVersion *rule = NULL;
    uint32_t body, number;
    bool is_for_body = false;

    if (body_name[0] == '\0')
        return 0;
    if (find_number(d, TABLE_BODY, body_name, &body) != 0 ||
        find_number(d, TABLE_RULE, rule_name, &number) != 0)
        return d->code;
    if (body == 0 || number == 0)
        return charter_refuse(d, ERR_NOT_FOUND, place, body == 0 ? "body" : "rule");
    rule = decide_get(d, TABLE_RULE, number, 0);
    for (size_t i = 0; rule && i < rule->n_bodies; i++)
        is_for_body = is_for_body || rule->bodies[i] == body;
    if (rule && !is_for_body)
        return charter_refuse(d, ERR_FORBIDDEN, place, "rule");
    return d->code;
}

/* Who decides in a function. */
struct standing_search {
    const Comity__V1__VitalFunction *function;
    size_t known; /* constituencies of `standings` that are there */
    size_t parties;
};

static int standing_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Constituency *constituency = (const Comity__V1__Constituency *) row;
    struct standing_search *search = context;
    Comity__V1__Standing standing = constituency->standing;

    (void) key;
    for (size_t i = 0; i < search->function->n_standings; i++)
        if (strcmp(search->function->standings[i]->constituency, constituency->name) == 0) {
            standing = search->function->standings[i]->standing;
            search->known++;
        }
    search->parties += standing == COMITY__V1__STANDING__STANDING_PARTY;
    return 0;
}

static int check_standings(struct decide *d, const Comity__V1__VitalFunction *function, const char *place)
{
    struct row_key all = row_key_all(TABLE_CONSTITUENCY);
    struct standing_search search = {.function = function};
    int code = row_each(d->view, d->arena, TABLE_CONSTITUENCY, &all, standing_visit, &search);

    if (code != 0)
        return decide_fail(d, code);
    if (search.known != function->n_standings)
        return charter_refuse(d, ERR_NOT_FOUND, place, "standings");
    return search.parties > 0 ? 0 : charter_refuse(d, ERR_SCOPE, place, "standings");
}

static int check_co_chairs_asked(struct decide *d, const Comity__V1__Charter *charter)
{
    for (size_t i = 0; i < charter->n_co_chairs; i++) {
        char place[40];
        uint32_t constituency;

        if (find_number(d, TABLE_CONSTITUENCY, charter->co_chairs[i]->constituency, &constituency) != 0)
            return d->code;
        snprintf(place, sizeof(place), "co_chairs[%zu].", i);
        if (constituency == 0)
            return charter_refuse(d, ERR_NOT_FOUND, place, "constituency");
    }
    return 0;
}

static int check_terms(struct decide *d, const Comity__V1__Charter *charter)
{
    if (check_co_chairs_asked(d, charter) != 0)
        return d->code;
    for (size_t i = 0; i < charter->n_functions; i++) {
        const Comity__V1__VitalFunction *function = charter->functions[i];
        char place[40];

        snprintf(place, sizeof(place), "functions[%zu].", i);
        if (check_body_and_rule(d, function->body, function->rule, place) != 0 ||
            check_standings(d, function, place) != 0)
            return d->code;
    }
    return check_body_and_rule(d, charter->amendment_body, charter->amendment_rule, "amendment_");
}

/* The body that decided, and by which rule, as the amendment asks for. */
static int check_amended_by(struct decide *d, const Comity__V1__Decision *decision,
                            const Comity__V1__Charter *held)
{
    const Comity__V1__Round *round = decide_get(d, TABLE_ROUND, decision->round, 0);
    const Comity__V1__Session *session = round ? decide_get(d, TABLE_SESSION, round->session, 0) : NULL;
    const Comity__V1__Body *body = session ? decide_get(d, TABLE_BODY, session->body, 0) : NULL;

    if (!body)
        return d->code;
    if (!round->rule)
        return decide_fail(d, ERR_CORRUPT);
    if (strcmp(body->name, held->amendment_body) != 0 || strcmp(round->rule->name, held->amendment_rule) != 0)
        return decide_refuse(d, ERR_CHARTER, "adopt_charter.decision");
    return 0;
}

/* What the charter in force asks for before another takes its place. */
static int check_amendment(struct decide *d, const Comity__V1__CharterVersion *held)
{
    const Comity__V1__AdoptCharter *adopt = d->body->adopt_charter;
    bool is_asked_for = held && held->charter->amendment_body[0] != '\0';
    const Comity__V1__Decision *decision;

    if (!is_asked_for)
        return adopt->decision == 0 ? 0 : decide_refuse_limit(d, ERR_RANGE, "adopt_charter.decision", 0);
    if (adopt->decision == 0)
        return decide_refuse(d, ERR_CHARTER, "adopt_charter.decision");
    decision = decide_find(d, TABLE_DECISION, adopt->decision, 0, "adopt_charter.decision");
    if (!decision)
        return d->code;
    if (decision->state != COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT)
        return decide_refuse(d, ERR_STATE, "adopt_charter.decision");
    if (decision->number <= held->decisions)
        return decide_refuse(d, ERR_STALE, "adopt_charter.decision");
    if (check_amended_by(d, decision, held->charter) != 0)
        return d->code;
    return binary_equal(decision->text_hash, adopt->charter->text->hash)
               ? 0
               : decide_refuse(d, ERR_CHARTER, "adopt_charter.charter.text");
}

static Comity__V1__CharterVersion *version_new(struct decide *d)
{
    Comity__V1__CharterVersion *version = decide_new(d, &comity__v1__charter_version__descriptor);
    struct row_key decisions = row_key_counter(TABLE_DECISION);
    uint8_t hash[HASH_SIZE];
    int code;

    if (!version || decide_next_number(d, TABLE_CHARTER, &version->number) != 0)
        return NULL;
    version->charter = d->body->adopt_charter->charter;
    version->adopted_ms = d->context->time_ms;
    version->decision = d->body->adopt_charter->decision;
    code = row_number(d->view, &decisions, &version->decisions);
    if (code == 0)
        code = charter_hash(version->charter, d->arena, hash);
    if (code != 0) {
        decide_fail(d, code);
        return NULL;
    }
    version->hash = decide_bytes(d, hash, sizeof(hash));
    return d->code == 0 ? version : NULL;
}

int decide_adopt_charter(struct decide *d)
{
    const Comity__V1__AdoptCharter *adopt = d->body->adopt_charter;
    const Comity__V1__CharterVersion *held = NULL;
    Comity__V1__CharterAdopted *adopted;
    Comity__V1__Event *event;

    if (decide_check_number(d, TABLE_CHARTER, adopt->replaces, "adopt_charter.replaces") != 0 ||
        decide_charter_in_force(d, &held) != 0)
        return d->code;
    if (adopt->replaces != (held ? held->number : 0))
        return decide_refuse_latest(d, ERR_STALE, "adopt_charter.replaces", held ? held->number : 0);
    if (check_terms(d, adopt->charter) != 0 || check_amendment(d, held) != 0)
        return d->code;
    adopted = decide_new(d, &comity__v1__charter_adopted__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CHARTER_ADOPTED);
    if (!adopted || !event)
        return d->code;
    adopted->charter = version_new(d);
    event->charter_adopted = adopted;
    return d->code;
}

int decide_charter_notice(struct decide *d, int64_t *ret_notice_ms)
{
    const Comity__V1__CharterVersion *held = NULL;

    if (decide_charter_in_force(d, &held) != 0)
        return d->code;
    *ret_notice_ms = held ? held->charter->notice_hours * HOUR_MS : 0;
    return 0;
}

int charter_check_item(struct decide *d, const char *function)
{
    const Comity__V1__CharterVersion *held = NULL;

    if (function[0] == '\0')
        return 0;
    if (decide_charter_in_force(d, &held) != 0)
        return d->code;
    if (held && charter_excludes(held->charter, function))
        return decide_refuse(d, ERR_CHARTER, "add_item.function");
    if (!held || !charter_function(held->charter, function))
        return decide_refuse(d, ERR_NOT_FOUND, "add_item.function");
    return 0;
}

/* Of no side, in what d->item is about: a charter can give a constituency another standing in one function.
 */
static bool is_neutral(struct decide *d, const Comity__V1__Charter *charter)
{
    const Comity__V1__Constituency *own = decide_get(d, TABLE_CONSTITUENCY, d->actor->constituency, 0);
    const Comity__V1__VitalFunction *function = charter_function(charter, d->item->function);
    Comity__V1__Standing standing = own ? own->standing : COMITY__V1__STANDING__STANDING_UNSPECIFIED;

    for (size_t i = 0; own && function && i < function->n_standings; i++)
        if (strcmp(function->standings[i]->constituency, own->name) == 0)
            standing = function->standings[i]->standing;
    return standing == COMITY__V1__STANDING__STANDING_NEUTRAL;
}

int charter_check_facilitation(struct decide *d, const Comity__V1__Session *session, const char *field)
{
    uint32_t turn = session->n_facilitators > 0 ? session->facilitators[0] : 0;
    const Comity__V1__CharterVersion *held = NULL;
    bool may;

    if (decide_charter_in_force(d, &held) != 0 || !held)
        return d->code;
    switch (held->charter->facilitation) {
    case COMITY__V1__FACILITATION__FACILITATION_ROTATE:
        may = turn == d->actor->number;
        break;
    case COMITY__V1__FACILITATION__FACILITATION_NEUTRAL:
        turn = 0;
        may = is_neutral(d, held->charter);
        break;
    default:
        return 0;
    }
    if (d->code != 0)
        return d->code;
    return may ? 0 : decide_refuse_latest(d, ERR_CHARTER, field, turn);
}

/* The rule by which the function is decided, where another was named. */
static int refuse_rule(struct decide *d, const Comity__V1__VitalFunction *function)
{
    uint32_t number;

    if (find_number(d, TABLE_RULE, function->rule, &number) != 0)
        return d->code;
    return decide_refuse_latest(d, ERR_CHARTER, "open_round.rule", number);
}

static int add_standings(struct decide *d, Comity__V1__Round *round,
                         const Comity__V1__VitalFunction *function)
{
    round->standings = decide_alloc(d, function->n_standings, sizeof(*round->standings));
    for (size_t i = 0; d->code == 0 && i < function->n_standings; i++) {
        Comity__V1__StandingHeld *standing = decide_new(d, &comity__v1__standing_held__descriptor);

        if (!standing || find_number(d, TABLE_CONSTITUENCY, function->standings[i]->constituency,
                                     &standing->constituency) != 0)
            return d->code;
        standing->standing = function->standings[i]->standing;
        round->standings[round->n_standings++] = standing;
    }
    return d->code;
}

int charter_govern_round(struct decide *d, Comity__V1__Round *round)
{
    const Comity__V1__CharterVersion *held = NULL;
    const Comity__V1__VitalFunction *function = NULL;
    const Comity__V1__Body *body;

    if (d->item->function[0] == '\0')
        return 0;
    body = decide_get(d, TABLE_BODY, d->of_body, 0);
    if (!body || decide_charter_in_force(d, &held) != 0)
        return d->code;
    function = held ? charter_function(held->charter, d->item->function) : NULL;
    if (!function || strcmp(function->body, body->name) != 0)
        return decide_refuse(d, ERR_CHARTER, "open_round.proposal");
    if (strcmp(function->rule, round->rule->name) != 0)
        return refuse_rule(d, function);
    round->function = d->item->function;
    round->charter = held->number;
    round->share = function->share;
    return add_standings(d, round, function);
}
