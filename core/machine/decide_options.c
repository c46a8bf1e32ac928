/* What a round asks: its question, its options, and the order that breaks ties between them. docs/rules.md R-79 */
#include "core/machine/decide.h"
#include "core/rule/rule.h"

static int check_options(struct decide *d, const Comity__V1__OpenRound *open)
{
    const Comity__V1__Rule *rule = d->round->rule;
    struct round_option options[OPTIONS_MAX];
    struct refusal refusal = {0};

    if (!rule_has_options(rule) || rule->n_options > 0)
        return open->n_options == 0 ? 0 : decide_refuse_limit(d, ERR_RANGE, "open_round.options", 0);
    for (size_t i = 0; i < open->n_options && i < OPTIONS_MAX; i++)
        options[i] = (struct round_option){.label = open->options[i]->label,
                                           .majority = open->options[i]->majority,
                                           .is_default = open->options[i]->is_default};
    int code = rule_check_options(rule, options, open->n_options, "open_round", &refusal);
    return code == 0 ? 0 : decide_refuse(d, code, "%s", refusal.field);
}

/* All of them, each once: that none comes twice was checked with the form. */
static int check_tie_order(struct decide *d, const Comity__V1__OpenRound *open, size_t option_count)
{
    if (open->n_tie_order == 0)
        return 0;
    if (!rule_breaks_by_order(d->round->rule))
        return decide_refuse_limit(d, ERR_RANGE, "open_round.tie_order", 0);
    for (size_t i = 0; i < open->n_tie_order; i++)
        if (open->tie_order[i] > option_count)
            return decide_refuse(d, ERR_OPTION, "open_round.tie_order[%zu]", i);
    return open->n_tie_order == option_count ? 0 : decide_refuse(d, ERR_MISSING, "open_round.tie_order");
}

static int option_add(struct decide *d, Comity__V1__Round *round, const char *label, const char *majority,
                      bool is_default, Comity__V1__TextRef *text)
{
    Comity__V1__RoundOption *option = decide_new(d, &comity__v1__round_option__descriptor);

    if (!option)
        return d->code;
    option->number = (uint32_t) round->n_options + 1;
    option->label = (char *) label;
    option->majority = (char *) majority;
    option->is_default = is_default;
    option->text = text;
    round->options[round->n_options++] = option;
    return 0;
}

int round_take_options(struct decide *d, const Comity__V1__OpenRound *open, Comity__V1__Round *round)
{
    const Comity__V1__Rule *rule = round->rule;
    size_t count = rule_has_options(rule) ? rule->n_options + open->n_options : 0;

    d->round = round;
    if (check_options(d, open) != 0 || check_tie_order(d, open, count) != 0)
        return d->code;
    round->question = open->question;
    round->n_tie_order = open->n_tie_order;
    round->tie_order = open->tie_order;
    round->options = decide_alloc(d, count + 1, sizeof(*round->options));
    for (size_t i = 0; round->options && i < rule->n_options && d->code == 0; i++)
        option_add(d, round, rule->options[i]->label, rule->options[i]->majority, rule->options[i]->is_default,
                   NULL);
    for (size_t i = 0; round->options && i < open->n_options && d->code == 0; i++)
        option_add(d, round, open->options[i]->label, open->options[i]->majority, open->options[i]->is_default,
                   open->options[i]->text);
    return d->code;
}
