/* The tallies of an outcome: docs/rules.md R-32 */
#include "core/error.h"
#include "core/rule/counted.h"

/* A row of a list of pointers, made beside it. */
#define ROW(tally, field, rows, type)                                                                        \
    (comity__v1__##type##__init(&(rows)[(tally)->n_##field]),                                                \
     (tally)->field[(tally)->n_##field] = &(rows)[(tally)->n_##field], &(rows)[(tally)->n_##field++])

static int answers_make(const struct counted *counted, const struct group *group, Comity__V1__Tally *tally)
{
    const Comity__V1__Rule *rule = counted->rule;
    struct sum by_stance[STANCE_COUNT] = {{0}};
    Comity__V1__AnswerCount *answers = arena_alloc(counted->arena, (rule->n_scale + 1) * sizeof(*answers));
    Comity__V1__StanceCount *stances = arena_alloc(counted->arena, STANCE_COUNT * sizeof(*stances));
    tally->answers = arena_alloc(counted->arena, (rule->n_scale + 1) * sizeof(tally->answers[0]));
    tally->stances = arena_alloc(counted->arena, STANCE_COUNT * sizeof(tally->stances[0]));
    if (!tally->answers || !tally->stances || !answers || !stances)
        return ERR_MEMORY;

    for (uint32_t answer = 1; answer <= ANSWER_MAX; answer++) {
        unsigned place = counted->place_of[answer];
        if (place == 0)
            continue;
        const struct sum *sum = &group->answers[place - 1];
        Comity__V1__AnswerCount *row = ROW(tally, answers, answers, answer_count);
        row->answer = answer;
        row->ballots = sum->ballots;
        row->weight = counted->is_weighted ? sum->weight : 0;
        by_stance[rule->scale[place - 1]->stance].ballots += sum->ballots;
        by_stance[rule->scale[place - 1]->stance].weight += row->weight;
    }
    for (int stance = COMITY__V1__STANCE__STANCE_AGREE; stance < STANCE_COUNT; stance++) {
        Comity__V1__StanceCount *row = ROW(tally, stances, stances, stance_count);
        row->stance = (Comity__V1__Stance) stance;
        row->ballots = by_stance[stance].ballots;
        row->weight = by_stance[stance].weight;
    }
    return 0;
}

static int choices_make(const struct counted *counted, const struct group *group, Comity__V1__Tally *tally)
{
    Comity__V1__ChoiceCount *rows = arena_alloc(counted->arena, (counted->value_count + 1) * sizeof(*rows));
    tally->choices = arena_alloc(counted->arena, (counted->value_count + 1) * sizeof(tally->choices[0]));
    if (!rows || !tally->choices)
        return ERR_MEMORY;
    for (size_t i = 0; i < counted->value_count; i++) {
        Comity__V1__ChoiceCount *row = ROW(tally, choices, rows, choice_count);
        row->choice = (uint32_t) i + 1;
        row->ballots = group->values[i].ballots;
        row->weight = counted->is_weighted ? group->values[i].weight : 0;
    }
    return 0;
}

static int scores_make(const struct counted *counted, const struct group *group, Comity__V1__Tally *tally)
{
    size_t count = 0;
    for (size_t i = 0; i < counted->value_count; i++)
        count += group->values[i].ballots > 0;
    Comity__V1__ScoreCount *rows = arena_alloc(counted->arena, (count + 1) * sizeof(*rows));
    tally->scores = arena_alloc(counted->arena, (count + 1) * sizeof(tally->scores[0]));
    if (!rows || !tally->scores)
        return ERR_MEMORY;
    for (size_t i = 0; i < counted->value_count; i++) {
        if (group->values[i].ballots == 0)
            continue;
        Comity__V1__ScoreCount *row = ROW(tally, scores, rows, score_count);
        row->score = counted->rule->scores->least + (uint32_t) i;
        row->ballots = group->values[i].ballots;
        row->weight = counted->is_weighted ? group->values[i].weight : 0;
    }
    return 0;
}

/* docs/rules.md R-32 */
static int tally_make(const struct counted *counted, const struct group *group, Comity__V1__Tally **ret_tally)
{
    Comity__V1__Tally *tally = arena_alloc(counted->arena, sizeof(*tally));
    if (!tally)
        return ERR_MEMORY;
    comity__v1__tally__init(tally);
    if (group->constituency)
        tally->constituency = arena_string(counted->arena, group->constituency->name);
    if (!tally->constituency)
        return ERR_MEMORY;
    tally->eligible = group->eligible;
    tally->present = group->present;
    tally->answered = group->answered;
    tally->recused = group->recused;
    tally->silent = group->eligible - group->answered;
    tally->weight = counted->is_weighted ? group->weight : 0;
    *ret_tally = tally;
    int code = answers_make(counted, group, tally);
    if (!code && counted->rule->form == COMITY__V1__FORM__FORM_CHOICE)
        code = choices_make(counted, group, tally);
    if (!code && counted->rule->form == COMITY__V1__FORM__FORM_SCORE)
        code = scores_make(counted, group, tally);
    return code;
}

int counted_tallies(const struct counted *counted, Comity__V1__Outcome *outcome)
{
    outcome->tallies = arena_alloc(counted->arena, (counted->group_count + 1) * sizeof(outcome->tallies[0]));
    if (!outcome->tallies)
        return ERR_MEMORY;
    int code = tally_make(counted, &counted->whole, &outcome->tallies[outcome->n_tallies++]);
    for (size_t i = 0; !code && i < counted->group_count; i++) {
        if (counted->groups[i].lines > 0)
            code = tally_make(counted, &counted->groups[i], &outcome->tallies[outcome->n_tallies++]);
    }
    return code;
}
