#include "client/cli/terms.h"

#include <inttypes.h>

#include "client/cli/given.h"
#include "client/cli/names.h"
#include "client/cli/output.h"

static const struct {
    const char *word, *sentence;
    Comity__V1__DecisionRelation relation;
} RELATIONS[] = {
    {"supersedes", N_("%sIt supersedes decision %" PRIu32 "."),
     COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUPERSEDES},
    {"suspends", N_("%sIt suspends decision %" PRIu32 "."),
     COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUSPENDS},
    {"resumes", N_("%sIt resumes decision %" PRIu32 "."),
     COMITY__V1__DECISION_RELATION__DECISION_RELATION_RESUMES},
    {"confirms", N_("%sIt confirms decision %" PRIu32 "."),
     COMITY__V1__DECISION_RELATION__DECISION_RELATION_CONFIRMS},
    {"ends", N_("%sIt ends decision %" PRIu32 "."), COMITY__V1__DECISION_RELATION__DECISION_RELATION_ENDS},
};

static const struct {
    const char *word, *sentence;
    Comity__V1__ReopenBy by;
} REOPENERS[] = {
    {"co-chair", N_("a co-chair of a party"), COMITY__V1__REOPEN_BY__REOPEN_BY_CO_CHAIR},
    {"seat", N_("a holder of a seat of the body, or a co-chair of a party"),
     COMITY__V1__REOPEN_BY__REOPEN_BY_SEAT},
    {"facilitator", N_("a facilitator"), COMITY__V1__REOPEN_BY__REOPEN_BY_FACILITATOR},
    {"nobody", N_("nobody"), COMITY__V1__REOPEN_BY__REOPEN_BY_NOBODY},
};

static const char *const STATES[] = {
    [COMITY__V1__DECISION_STATE__DECISION_STATE_IN_EFFECT] = N_("in effect"),
    [COMITY__V1__DECISION_STATE__DECISION_STATE_SUSPENDED] = N_("suspended"),
    [COMITY__V1__DECISION_STATE__DECISION_STATE_SUPERSEDED] = N_("superseded"),
    [COMITY__V1__DECISION_STATE__DECISION_STATE_ENDED] = N_("ended"),
    [COMITY__V1__DECISION_STATE__DECISION_STATE_PENDING] = N_("pending"),
};

const char *decision_state_word(Comity__V1__DecisionState state)
{
    return (size_t) state < ARRAY_COUNT(STATES) && STATES[state] != NULL ? _(STATES[state]) : "?";
}

static int read_effect(struct cli *cli, const char *text, Comity__V1__DecisionEffect *effect)
{
    const char *equals = strchr(text, '=');
    uint64_t number = 0;

    comity__v1__decision_effect__init(effect);
    for (size_t i = 0; equals != NULL && i < ARRAY_COUNT(RELATIONS); i++)
        if (strlen(RELATIONS[i].word) == (size_t) (equals - text) &&
            strncmp(RELATIONS[i].word, text, (size_t) (equals - text)) == 0)
            effect->relation = RELATIONS[i].relation;
    if (effect->relation == 0)
        return cli_fail(cli, ERR_USAGE, "--effect supersedes=3",
                        "--effect is supersedes, suspends, resumes, confirms or ends, then = and the number "
                        "of a decision; not `%s`.",
                        shown_string(cli, text));
    int code = cli_number(cli, "--effect DOES=DECISION", equals + 1, 1, UINT32_MAX, &number);
    effect->decision = (uint32_t) number;
    return code;
}

static int read_effects(struct cli *cli, Comity__V1__Terms *terms)
{
    const char *const *values;
    size_t count = given_list(cli, "effect", &values);
    Comity__V1__DecisionEffect *rows = arena_alloc(cli->arena, (count + 1) * sizeof(*rows));
    int code = 0;

    terms->effects = arena_alloc(cli->arena, (count + 1) * sizeof(*terms->effects));
    if (rows == NULL || terms->effects == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count && code == 0; i++) {
        code = read_effect(cli, values[i], &rows[i]);
        terms->effects[terms->n_effects++] = &rows[i];
    }
    return code;
}

static int find_constituency(struct cli *cli, const char *name, size_t length, uint32_t *ret_number)
{
    const struct rows *rows;
    const char **names;
    int code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES, &rows);

    if (code != 0)
        return code;
    names = arena_alloc(cli->arena, (rows->count + 1) * sizeof(*names));
    for (size_t i = 0; names != NULL && i < rows->count; i++) {
        const Comity__V1__Constituency *row = (const Comity__V1__Constituency *) rows->list[i];
        names[i] = shown_string(cli, row->name);
        if (strlen(row->name) == length && strncmp(row->name, name, length) == 0) {
            *ret_number = row->number;
            return 0;
        }
    }
    return names == NULL ? ERR_MEMORY
                         : cli_fail(cli, ERR_NOT_FOUND, "comity constituency list",
                                    "There is no constituency `%.*s`. There are %s.", (int) length,
                                    shown_string(cli, name), shown_list(cli, names, rows->count));
}

/* "Article 12.3=union,management": the last = parts them. */
static int read_clause(struct cli *cli, const char *text, Comity__V1__Clause *clause)
{
    const char *equals = strrchr(text, '=');
    int code;

    comity__v1__clause__init(clause);
    if (equals == NULL || equals == text || equals[1] == '\0')
        return cli_fail(cli, ERR_USAGE, "--clause \"Article 12.3 of the agreement=union,management\"",
                        "--clause is the clause, then = and the constituencies that have to sign; not `%s`.",
                        shown_string(cli, text));
    code = desk_text(cli, PROSE_LINE, "--clause", BYTES(text, (size_t) (equals - text)), &clause->title);
    clause->signatories = arena_alloc(cli->arena, (strlen(equals) + 1) * sizeof(*clause->signatories));
    if (code == 0 && clause->signatories == NULL)
        return ERR_MEMORY;
    for (const char *at = equals + 1; code == 0;) {
        size_t length = strcspn(at, ",");
        code = find_constituency(cli, at, length, &clause->signatories[clause->n_signatories++]);
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    return code;
}

static int read_clauses(struct cli *cli, Comity__V1__Terms *terms)
{
    const char *const *values;
    size_t count = given_list(cli, "clause", &values);
    Comity__V1__Clause *rows = arena_alloc(cli->arena, (count + 1) * sizeof(*rows));
    int code = 0;

    terms->clauses = arena_alloc(cli->arena, (count + 1) * sizeof(*terms->clauses));
    if (rows == NULL || terms->clauses == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count && code == 0; i++) {
        code = read_clause(cli, values[i], &rows[i]);
        terms->clauses[terms->n_clauses++] = &rows[i];
    }
    return code;
}

static int read_reopener(struct cli *cli, Comity__V1__ReopenBy *ret_by)
{
    const char *text = cli_option(cli, "reopen-by");

    *ret_by = COMITY__V1__REOPEN_BY__REOPEN_BY_CO_CHAIR;
    if (text == NULL)
        return 0;
    for (size_t i = 0; i < ARRAY_COUNT(REOPENERS); i++)
        if (strcmp(REOPENERS[i].word, text) == 0) {
            *ret_by = REOPENERS[i].by;
            return 0;
        }
    return cli_fail(cli, ERR_USAGE, "--reopen-by co-chair",
                    "--reopen-by is co-chair, seat, facilitator or nobody; not `%s`.",
                    shown_string(cli, text));
}

int terms_given(struct cli *cli, Comity__V1__Terms **ret_terms)
{
    static const char *const OPTIONS[] = {"effective", "trial-until", "review",    "sunset",
                                          "effect",    "clause",      "reopen-by", "reopen-on"};
    Comity__V1__Terms *terms;
    bool is_given = false;
    int code;

    *ret_terms = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(OPTIONS); i++)
        is_given |= cli_has(cli, OPTIONS[i]);
    if (!is_given)
        return 0;
    terms = arena_alloc(cli->arena, sizeof(*terms));
    if (terms == NULL)
        return ERR_MEMORY;
    comity__v1__terms__init(terms);
    code = given_time(cli, "effective", &terms->effective_ms);
    if (code == 0)
        code = given_time(cli, "trial-until", &terms->trial_until_ms);
    if (code == 0)
        code = given_time(cli, "review", &terms->review_ms);
    if (code == 0)
        code = given_time(cli, "sunset", &terms->sunset_ms);
    if (code == 0)
        code = read_effects(cli, terms);
    if (code == 0)
        code = read_clauses(cli, terms);
    if (code == 0)
        code = read_reopener(cli, &terms->reopen_by);
    if (code == 0)
        code = given_note(cli, "reopen-on", &terms->reopen_on);
    *ret_terms = terms;
    return code;
}

static const char *clause_line(struct cli *cli, const Comity__V1__Clause *clause, const char *indent)
{
    const char **names = arena_alloc(cli->arena, (clause->n_signatories + 1) * sizeof(*names));

    for (size_t i = 0; names != NULL && i < clause->n_signatories; i++)
        names[i] = name_of_constituency(cli, clause->signatories[i]);
    return names == NULL
               ? "?"
               : phrase(cli, "%sTouches %s: no effect before these have signed: %s.", indent,
                        desk_shown(cli, clause->title), shown_list(cli, names, clause->n_signatories));
}

static const char *reopening_line(struct cli *cli, const Comity__V1__Terms *terms, const char *indent)
{
    const char *who = "?";

    for (size_t i = 0; i < ARRAY_COUNT(REOPENERS); i++)
        if (REOPENERS[i].by == terms->reopen_by)
            who = _(REOPENERS[i].sentence);
    return terms->reopen_on != NULL && terms->reopen_on->size > 0
               ? phrase(cli, "%sCan be reopened by %s, on this new fact: %s", indent, who,
                        desk_shown(cli, terms->reopen_on))
               : phrase(cli, "%sCan be reopened by %s.", indent, who);
}

struct told terms_lines(struct cli *cli, const Comity__V1__Terms *terms, const char *indent)
{
    struct told told = {NULL, 0};

    if (terms == NULL)
        return told;
    if (terms->effective_ms != 0)
        told_add(cli, &told, phrase(cli, "%sTakes effect %s.", indent, shown_time(cli, terms->effective_ms)));
    if (terms->trial_until_ms != 0)
        told_add(cli, &told,
                 phrase(cli, "%sA trial until %s: it ends then unless a later decision confirms it.", indent,
                        shown_time(cli, terms->trial_until_ms)));
    if (terms->review_ms != 0)
        told_add(cli, &told, phrase(cli, "%sTo be reviewed %s.", indent, shown_time(cli, terms->review_ms)));
    if (terms->sunset_ms != 0)
        told_add(cli, &told, phrase(cli, "%sEnds %s.", indent, shown_time(cli, terms->sunset_ms)));
    for (size_t i = 0; i < terms->n_effects; i++)
        for (size_t k = 0; k < ARRAY_COUNT(RELATIONS); k++)
            if (RELATIONS[k].relation == terms->effects[i]->relation)
                told_add(cli, &told, phrase(cli, RELATIONS[k].sentence, indent, terms->effects[i]->decision));
    for (size_t i = 0; i < terms->n_clauses; i++)
        told_add(cli, &told, clause_line(cli, terms->clauses[i], indent));
    told_add(cli, &told, reopening_line(cli, terms, indent));
    return told;
}

void terms_say(struct cli *cli, const Comity__V1__Terms *terms, const char *indent)
{
    told_say(cli, "", terms_lines(cli, terms, indent));
}
