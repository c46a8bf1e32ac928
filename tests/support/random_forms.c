/* Rules of other forms than STANCE, how rounds by them end, and what their ballots say. */
#include "tests/support/random_bodies.h"

#include "core/machine/row.h"

enum { OPTION_MOST = 4, SCORE_MOST = 5, ABSTAINS = 4 };

#define MINUTE_MS ((int64_t) 60 * 1000)

static bool has_options(const Comity__V1__Rule *rule)
{
    return rule->form == COMITY__V1__FORM__FORM_CHOICE || rule->form == COMITY__V1__FORM__FORM_RANKING;
}

static void state_options(struct random_commands *r, Comity__V1__Rule *rule)
{
    rule->n_options = 2 + random_below(r, OPTION_MOST - 1);
    rule->options = random_alloc(r, rule->n_options * sizeof(*rule->options));
    for (size_t i = 0; i < rule->n_options; i++) {
        rule->options[i] = random_alloc(r, sizeof(*rule->options[i]));
        comity__v1__option__init(rule->options[i]);
        rule->options[i]->number = (uint32_t) i + 1;
        rule->options[i]->label = random_name(r, "option", i + 1);
    }
}

static void state_ranking(struct random_commands *r, Comity__V1__Rule *rule)
{
    Comity__V1__Ranking *ranking = random_alloc(r, sizeof(*ranking));

    comity__v1__ranking__init(ranking);
    ranking->method = (Comity__V1__RankingMethod) (1 + random_below(r, 4));
    ranking->seats = 1;
    if (ranking->method >= COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_SCOTTISH)
        ranking->seats += random_below(r, 2);
    rule->ranking = ranking;
}

/* The support test is last; a ranking has none. */
static void count_otherwise(struct random_commands *r, Comity__V1__Rule *rule)
{
    Comity__V1__Test *support = rule->tests[rule->n_tests - 1];

    if (rule->n_tests > 1 && rule->tests[0]->class_ != COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM)
        rule->tests[0] = support;
    rule->n_tests = rule->tests[0] == support ? 1 : 2;
    rule->tests[rule->n_tests - 1] = support;
    support->count->n_stances = 0;
    if (rule->form == COMITY__V1__FORM__FORM_RANKING) {
        rule->n_tests--;
        state_ranking(r, rule);
    } else if (rule->form == COMITY__V1__FORM__FORM_CHOICE) {
        support->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING;
    } else {
        support->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST;
        support->count->score = 1 + random_below(r, SCORE_MOST);
        rule->scores = random_alloc(r, sizeof(*rule->scores));
        comity__v1__scores__init(rule->scores);
        rule->scores->most = SCORE_MOST;
    }
}

void random_give_form(struct random_commands *r, Comity__V1__Rule *rule)
{
    rule->form = random_chance(r, 55) ? COMITY__V1__FORM__FORM_STANCE : (Comity__V1__Form) (2 + random_below(r, 3));
    if (rule->form == COMITY__V1__FORM__FORM_STANCE)
        return;
    rule->silence = (Comity__V1__Silence) random_below(r, 2);
    rule->n_duties = 0;
    rule->scale[0] = rule->scale[ABSTAINS - 1];
    rule->n_scale = 1;
    if (has_options(rule) && random_chance(r, 50))
        state_options(r, rule);
    count_otherwise(r, rule);
    if (has_options(rule) && random_chance(r, 50)) {
        rule->n_ties = 1;
        rule->ties = random_alloc(r, sizeof(*rule->ties));
        rule->ties[0] = COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER;
    }
}

void random_give_end(struct random_commands *r, Comity__V1__Rule *rule)
{
    Comity__V1__Test *quorum = rule->n_tests > 0 ? rule->tests[0] : NULL;

    if (random_chance(r, 25)) {
        rule->visibility = COMITY__V1__VISIBILITY__VISIBILITY_OPEN;
        rule->change = COMITY__V1__CHANGE__CHANGE_ONCE;
        rule->close->nothing_can_change = true;
    }
    if (!quorum || quorum->class_ != COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM || !rule->close->at_time ||
        random_chance(r, 30))
        return;
    quorum->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED;
    rule->no_quorum = COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND;
    rule->extend_ms = MINUTE_MS + (int64_t) random_below(r, 5 * 60 * 1000);
}

void random_open_options(struct random_commands *r, const Comity__V1__Rule *rule)
{
    Comity__V1__OpenRound *open = r->body->open_round;

    if (random_chance(r, 30))
        open->question = random_text(r);
    if (!has_options(rule) || rule->n_options > 0)
        return;
    open->n_options = 2 + random_below(r, OPTION_MOST - 1);
    open->options = random_alloc(r, open->n_options * sizeof(*open->options));
    for (size_t i = 0; i < open->n_options; i++) {
        open->options[i] = random_alloc(r, sizeof(*open->options[i]));
        comity__v1__new_option__init(open->options[i]);
        open->options[i]->label = random_name(r, "way", i + 1);
        if (random_chance(r, 30))
            open->options[i]->text = random_text(r);
    }
}

/* Ranks from 1, in some order, of some of the options. */
static uint32_t *random_ranks(struct random_commands *r, size_t count)
{
    uint32_t *ranks = random_alloc(r, count * sizeof(*ranks));
    uint32_t next = 1;
    size_t at = random_below(r, (uint32_t) count), step = random_chance(r, 50) ? 1 : count - 1;

    for (size_t i = 0; i < count; i++, at = (at + step) % count)
        ranks[at] = i == 0 || random_chance(r, 70) ? next++ : 0;
    return ranks;
}

void random_answer(struct random_commands *r, const Comity__V1__Round *round, struct random_answer *ret_answer)
{
    struct random_answer answer = {.answer = 0};

    if (round->rule->form != COMITY__V1__FORM__FORM_STANCE && random_chance(r, 10)) {
        answer.answer = ABSTAINS;
        *ret_answer = answer;
        return;
    }
    switch (round->rule->form) {
    case COMITY__V1__FORM__FORM_CHOICE:
        answer.choice = 1 + random_below(r, (uint32_t) round->n_options);
        break;
    case COMITY__V1__FORM__FORM_RANKING:
        answer.rank_count = round->n_options;
        answer.ranks = random_ranks(r, round->n_options);
        break;
    case COMITY__V1__FORM__FORM_SCORE:
        answer.score = random_alloc(r, sizeof(*answer.score));
        comity__v1__score__init(answer.score);
        answer.score->value = random_below(r, SCORE_MOST + 1);
        break;
    default:
        answer.answer = random_chance(r, 70) ? 1 + random_below(r, 2) : 1 + random_below(r, 6);
    }
    *ret_answer = answer;
}
