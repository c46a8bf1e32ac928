#include "client/cli/session_text.h"

#include <inttypes.h>

#include "client/cli/names.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/solving_text.h"
#include "client/cli/standing_rules.h"
#include "core/charter.h"

/* A body by its number, or else by its NAME; NULL where it is not known. */
static const Comity__V1__Body *find(struct cli *cli, uint32_t number, const char *name)
{
    const struct rows *bodies;

    if (names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, &bodies) != 0)
        return NULL;
    for (size_t i = 0; i < bodies->count; i++) {
        const Comity__V1__Body *body = (const Comity__V1__Body *) bodies->list[i];
        if (name == NULL ? body->number == number : strcmp(body->name, name) == 0)
            return body;
    }
    return NULL;
}

const char *title_of_body(struct cli *cli, uint32_t number)
{
    const Comity__V1__Body *body = find(cli, number, NULL);

    return body == NULL ? name_of_body(cli, number) : desk_shown(cli, body->title);
}

static const char *title_of(struct cli *cli, const char *name)
{
    const Comity__V1__Body *body = find(cli, 0, name);

    return body == NULL ? shown_string(cli, name) : desk_shown(cli, body->title);
}

/* Those of one constituency at one site; NULL where there is nobody. */
static const char *group_line(struct cli *cli, const struct rows *presences, uint32_t constituency,
                              uint32_t site)
{
    const char **names = arena_alloc(cli->arena, (presences->count + 1) * sizeof(*names));
    size_t count = 0;

    for (size_t i = 0; names != NULL && i < presences->count; i++) {
        const Comity__V1__Presence *row = (const Comity__V1__Presence *) presences->list[i];
        const Comity__V1__Member *member = member_of(cli, row->member);
        if (row->site == site && member != NULL && member->constituency == constituency)
            names[count++] = name_of_member(cli, row->member);
    }
    return count == 0 ? NULL
                      : phrase(cli, "%s, from %s: %s", name_of_constituency(cli, constituency),
                               name_of_site(cli, site), shown_list(cli, names, count));
}

struct told told_present(struct cli *cli, const struct rows *presences)
{
    const struct rows *constituencies, *sites;
    struct told told = {NULL, 0};

    if (names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, &constituencies) != 0 ||
        names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_SITES, &sites) != 0)
        return told;
    for (size_t i = 0; i < constituencies->count; i++)
        for (size_t k = 0; k < sites->count; k++)
            told_add(cli, &told,
                     group_line(cli, presences,
                                ((const Comity__V1__Constituency *) constituencies->list[i])->number,
                                ((const Comity__V1__Site *) sites->list[k])->number));
    return told;
}

struct told told_stand_ins(struct cli *cli, const struct rows *stand_ins)
{
    struct told told = {NULL, 0};

    for (size_t i = 0; i < stand_ins->count; i++) {
        const Comity__V1__StandIn *row = (const Comity__V1__StandIn *) stand_ins->list[i];
        if (row->member != 0)
            told_add(cli, &told,
                     phrase(cli, "%s stood in for %s (seat %" PRIu32 ")", name_of_member(cli, row->member),
                            name_of_member(cli, row->holder), row->seat));
    }
    return told;
}

struct told told_sidebars(struct cli *cli, const struct rows *sidebars)
{
    struct told told = {NULL, 0};

    for (size_t i = 0; i < sidebars->count; i++) {
        const Comity__V1__Sidebar *row = (const Comity__V1__Sidebar *) sidebars->list[i];
        const char *who = names_of_members(cli, row->members, row->n_members),
                   *topic = desk_shown(cli, row->topic);
        if (row->began_ms == 0)
            continue;
        told_add(cli, &told,
                 row->summary == NULL || row->summary->size == 0
                     ? phrase(cli, "%s talked aside on: %s", who, topic)
                     : phrase(cli, "%s talked aside on: %s. They said of it: %s", who, topic,
                              desk_shown(cli, row->summary)));
    }
    return told;
}

struct told told_plus_deltas(struct cli *cli, const struct rows *plus_deltas)
{
    struct told told = {NULL, 0};

    for (int kind = COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_PLUS;
         kind <= (int) COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_DELTA; kind++)
        for (size_t i = 0; i < plus_deltas->count; i++) {
            const Comity__V1__PlusDelta *row = (const Comity__V1__PlusDelta *) plus_deltas->list[i];
            const char *who = name_of_member(cli, row->member), *text = desk_shown(cli, row->text);
            if ((int) row->kind != kind)
                continue;
            told_add(cli, &told,
                     row->kind == COMITY__V1__PLUS_DELTA_KIND__PLUS_DELTA_KIND_PLUS
                         ? phrase(cli, "Went well: %s (%s)", text, who)
                         : phrase(cli, "To be done differently: %s (%s)", text, who));
        }
    return told;
}

static const char *phase_words(struct cli *cli, const Comity__V1__Item *item)
{
    const char *since = shown_time(cli, item->phase_since_ms);

    switch (item_phase(item)) {
    case PHASE(DECIDED):
        return phrase(cli, "Decided %s", since);
    case PHASE(REFERRED):
        return phrase(cli, "Referred to bargaining %s", since);
    case PHASE(DEFERRED):
        return item->until_ms == 0
                   ? phrase(cli, "Put off %s", since)
                   : phrase(cli, "Put off %s, until %s", since, shown_time(cli, item->until_ms));
    case PHASE(TABLED):
        return phrase(cli, "Laid aside %s", since);
    case PHASE(WITHDRAWN):
        return phrase(cli, "Taken back %s", since);
    default:
        return phrase(cli, "Open, in phase %s", phase_name(item_phase(item)));
    }
}

const char *told_phase(struct cli *cli, const Comity__V1__Item *item)
{
    const char *words = phase_words(cli, item);

    if (item->hold != NULL)
        return phrase(cli, "%s, held there by %s: %s", words, name_of_member(cli, item->hold->member),
                      desk_shown(cli, item->hold->reason));
    if (item->reason != NULL && item->reason->size > 0)
        return phrase(cli, "%s: %s", words, desk_shown(cli, item->reason));
    return arena_printf(cli->arena, "%s.", words);
}

static const Comity__V1__VitalFunction *function_of(const struct rows *charters, const char *name)
{
    const Comity__V1__CharterVersion *last =
        charters->count == 0 || name[0] == '\0'
            ? NULL
            : (const Comity__V1__CharterVersion *) charters->list[charters->count - 1];

    for (size_t i = 0; last != NULL && last->charter != NULL && i < last->charter->n_functions; i++)
        if (strcmp(last->charter->functions[i]->name, name) == 0)
            return last->charter->functions[i];
    return NULL;
}

const char *told_function(struct cli *cli, const struct rows *charters, const Comity__V1__Item *item)
{
    const Comity__V1__VitalFunction *function = function_of(charters, item->function);

    if (function == NULL)
        return NULL;
    const char *title = desk_shown(cli, function->title), *share = share_word(function->share);
    const char *body = title_of(cli, function->body), *rule = shown_string(cli, function->rule);
    if (function->body[0] == '\0')
        return phrase(cli, "Under the charter: %s (%s).", title, share);
    return share_is_advice(function->share)
               ? phrase(cli, "Under the charter: %s (%s). %s advises on it by the rule %s.", title, share,
                        body, rule)
               : phrase(cli, "Under the charter: %s (%s). %s decides on it by the rule %s.", title, share,
                        body, rule);
}

int told_recusals(struct cli *cli, const Comity__V1__Round *round, struct told *ret_told)
{
    struct told told = {NULL, 0};
    struct rows rows = {0};
    int code = round->n_recused == 0
                   ? 0
                   : desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_RECUSALS, round->proposal, &rows);

    for (size_t k = 0; code == 0 && k < round->n_recused; k++)
        for (size_t i = 0; i < rows.count; i++) {
            const Comity__V1__Recusal *row = (const Comity__V1__Recusal *) rows.list[i];
            if (row->member == round->recused[k])
                told_add(cli, &told,
                         phrase(cli, "Recused: %s: %s", name_of_member(cli, row->member),
                                desk_shown(cli, row->reason)));
        }
    *ret_told = told;
    return code;
}

int told_entered(struct cli *cli, const Comity__V1__Round *round, const struct rows *ballots,
                 struct told *ret_told)
{
    struct rows disputed;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_DISPUTED, round->number, &disputed);

    if (code != 0)
        return code;
    *ret_told = (struct told){NULL, 0};
    for (size_t i = 0; i < ballots->count; i++)
        told_add(cli, ret_told, outcome_entered(cli, (const Comity__V1__Ballot *) ballots->list[i]));
    for (size_t i = 0; i < disputed.count; i++)
        told_add(cli, ret_told, outcome_disputed(cli, (const Comity__V1__Ballot *) disputed.list[i]));
    return 0;
}
