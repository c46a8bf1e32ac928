/* What would these ballots have come to under a rule? From a table alone: no server, no key. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "client/cli/message_json.h"
#include "client/cli/outcome_text.h"
#include "client/cli/output.h"
#include "client/cli/rule_source.h"
#include "client/cli/rule_text.h"
#include "client/cli/simulation.h"
#include "client/cli/verbs.h"

/* Where the ladder would go on. */
static void tell_next(struct cli *cli, const Comity__V1__Rule *rule, Comity__V1__OutcomeKind kind)
{
    uint32_t next = rule_next_stage(rule, 0, kind);
    struct json_object *leads = NULL;

    if (next != 0) {
        const Comity__V1__Stage *stage = rule->stages[next - 1];
        leads = json_object_new_object();
        json_object_object_add(leads, "stage", json_object_new_int64(next));
        json_object_object_add(leads, "name", json_object_new_string(stage->name));
        say(cli, "It leads to stage %" PRIu32 " of the ladder, %s.", next, shown_string(cli, stage->name));
    }
    cli_put(cli, "leads_to", leads);
}

static void tell_outcome(struct cli *cli, const struct simulation *simulation,
                         const Comity__V1__Outcome *outcome)
{
    cli_put(cli, "outcome", message_to_json(&outcome->base, NULL, NULL));
    say(cli, "By the rule %s it would have come to %s. %s", shown_string(cli, simulation->input.rule->name),
        painted(cli, outcome_color(outcome->kind), outcome_word(outcome->kind)),
        _(outcome_sentence(outcome)));
    told_say(cli, "  ", outcome_working(cli, simulation->round, outcome));
    say(cli, "Answers:");
    told_say(cli, "  ", outcome_tallies(cli, simulation->round, outcome));
}

static Comity__V1__ScopeKind scope_each_of(Comity__V1__ScopeKind kind)
{
    return kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE ? COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE
                                                           : COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY;
}

/* Is this one weighed by a test, and has no weight in the rule? */
static bool lacks_weight(const Comity__V1__Rule *rule, Comity__V1__ScopeKind kind, const char *name)
{
    for (size_t i = 0; i < rule->n_weights; i++)
        if (rule->weights[i]->kind == kind && strcmp(rule->weights[i]->name, name) == 0)
            return false;
    for (size_t i = 0; i < rule->n_tests; i++) {
        const Comity__V1__Scope *scope = rule->tests[i]->scope;
        if (scope->kind == scope_each_of(kind) && scope->quantifier != NULL && scope->quantifier->by_weight)
            return true;
    }
    return false;
}

/* Of what the table has and the rule gives no weight: R-38; else the rule names somebody whom the table has not. */
static int tell_scope(struct cli *cli, const struct rule_input *input)
{
    const char *without = NULL;

    for (size_t i = 0; i < input->site_count; i++)
        if (lacks_weight(input->rule, COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE, input->sites[i].name))
            without = input->sites[i].name;
    for (size_t i = 0; i < input->constituency_count; i++)
        if (input->constituencies[i].is_party &&
            lacks_weight(input->rule, COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY, input->constituencies[i].name))
            without = input->constituencies[i].name;
    if (without != NULL)
        cli_fail(cli, ERR_SCOPE, "Add it to `weights` of the rule, or mend the table.",
                 "The table has %s, of which the rule states no weight.", shown_string(cli, without));
    else
        cli_fail(cli, ERR_SCOPE, "Compare the table with what comity rule explain says of the rule.",
                 "The rule looks at a constituency, a side or a site that nobody of the table belongs to.");
    return cli_unusable(cli, ERR_SCOPE);
}

int rule_simulate_run(struct cli *cli)
{
    struct rule_source source;
    struct simulation simulation;
    Comity__V1__Outcome *outcome;
    int code = rule_source(cli, cli_argument(cli, "RULE"), SOURCE_ANY, &source);

    if (code == 0)
        code = simulation_read(cli, source.rule, cli_argument(cli, "BALLOTS"), cli_option(cli, "options"),
                               &simulation);
    if (code != 0)
        return code;
    simulation.input.rounds_remain = source.rule->rounds > 1 && !cli_has(cli, "last-round");
    code = rule_count(&simulation.input, cli->arena, &outcome);
    if (code == ERR_SCOPE)
        return tell_scope(cli, &simulation.input);
    if (code != 0)
        return code;
    cli_put(cli, "ballots", json_object_new_uint64(simulation.ballots));
    cli_put(cli, "rounds_remain", json_object_new_boolean(simulation.input.rounds_remain));
    if (rule_source_hash(cli, source.rule) == NULL)
        return ERR_MEMORY;
    tell_outcome(cli, &simulation, outcome);
    tell_next(cli, source.rule, outcome->kind);
    return 0;
}
