#include "client/cli/ballot_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"

enum { WORD_MAX = 64, INTERESTS_MOST = 16 };

/* An option by its label or number; 0: there is none. */
static uint32_t option_find(const Comity__V1__Round *round, const char *typed)
{
    char number[16];

    for (size_t i = 0; i < round->n_options; i++) {
        snprintf(number, sizeof(number), "%" PRIu32, round->options[i]->number);
        if (strcasecmp(round->options[i]->label, typed) == 0 || strcmp(number, typed) == 0)
            return round->options[i]->number;
    }
    return 0;
}

/* Its label, escaped; the number where there is no such option. */
static const char *option_shown(struct cli *cli, const Comity__V1__Round *round, uint32_t number)
{
    for (size_t i = 0; i < round->n_options; i++)
        if (round->options[i]->number == number)
            return shown_string(cli, round->options[i]->label);
    return arena_printf(cli->arena, "%" PRIu32, number);
}

static const char *options_listed(struct cli *cli, const Comity__V1__Round *round)
{
    const char *text = "";

    for (size_t i = 0; i < round->n_options && text != NULL; i++)
        text = arena_printf(cli->arena, "%s%s%s", text, i == 0 ? "" : ", ",
                            shown_string(cli, round->options[i]->label));
    return text == NULL ? "" : text;
}

static int no_option(struct cli *cli, const Comity__V1__Round *round, const char *typed)
{
    return cli_fail(cli, ERR_OPTION, NULL, "`%s` is no option of this round. Its options: %s.",
                    shown_string(cli, typed), options_listed(cli, round));
}

/* A word of a ranking, and what stands behind it: '>', '=' or the end. */
static const char *word_take(const char *typed, char word[WORD_MAX], char *ret_sign)
{
    size_t length = strcspn(typed, ">="), size = length;

    while (size > 0 && isspace((unsigned char) *typed)) {
        typed++;
        size--;
        length--;
    }
    while (size > 0 && isspace((unsigned char) typed[size - 1]))
        size--;
    snprintf(word, WORD_MAX, "%.*s", (int) (size < WORD_MAX ? size : WORD_MAX - 1), typed);
    *ret_sign = typed[length];
    return typed[length] == '\0' ? typed + length : typed + length + 1;
}

static int rank_read(struct cli *cli, const Comity__V1__Round *round, const char *word, uint32_t rank,
                     uint32_t *ranks)
{
    uint32_t number = option_find(round, word);

    if (number == 0 || number > round->n_options)
        return no_option(cli, round, word);
    if (ranks[number - 1] != 0)
        return cli_fail(cli, ERR_DUPLICATE, "Name each option once, the best one first.", "`%s` is there twice.",
                        option_shown(cli, round, number));
    ranks[number - 1] = rank;
    return 0;
}

int ballot_read_choice(struct cli *cli, const Comity__V1__Round *round, const char *typed,
                       struct ballot_answer *ret_given)
{
    ret_given->choice = option_find(round, typed);
    return ret_given->choice == 0 ? no_option(cli, round, typed) : 0;
}

int ballot_read_ranking(struct cli *cli, const Comity__V1__Round *round, const char *typed,
                        struct ballot_answer *ret_given)
{
    bool takes_equals = round->rule->ranking != NULL && round->rule->ranking->method ==
                                                            COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
    uint32_t *ranks = arena_alloc(cli->arena, (round->n_options + 1) * sizeof(*ranks)), rank = 1;
    char word[WORD_MAX], sign = '>';
    int code = ranks == NULL ? ERR_MEMORY : 0;

    for (const char *rest = typed; code == 0 && sign != '\0';) {
        rest = word_take(rest, word, &sign);
        code = rank_read(cli, round, word, rank, ranks);
        if (code == 0 && sign == '=' && !takes_equals)
            code = cli_fail(cli, ERR_USAGE, "Put one option behind the other: \"a > b > c\".",
                            "This rule takes no two options of the same rank.");
        rank += sign == '>';
    }
    ret_given->ranks = ranks;
    ret_given->rank_count = round->n_options;
    return code;
}

static int score_read(struct cli *cli, const Comity__V1__Round *round, const char *typed,
                      struct ballot_answer *ret_given)
{
    const Comity__V1__Scores *scores = round->rule->scores;
    char *end;
    unsigned long value = strtoul(typed, &end, 10);

    if (scores == NULL)
        return cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has a rule without its scores.");
    if (!isdigit((unsigned char) typed[0]) || *end != '\0' || value < scores->least || value > scores->most)
        return cli_fail(cli, ERR_USAGE, NULL, "`%s` is no score of this rule: give a number from %" PRIu32 " to %" PRIu32 ".",
                        shown_string(cli, typed), scores->least, scores->most);
    ret_given->has_score = true;
    ret_given->score = (uint32_t) value;
    return 0;
}

/* An answer of the scale by its label: in other forms those that abstain. */
static bool is_of_scale(const Comity__V1__Round *round, const char *typed, uint32_t *ret_answer)
{
    for (size_t i = 0; i < round->rule->n_scale; i++)
        if (strcasecmp(round->rule->scale[i]->label, typed) == 0) {
            *ret_answer = round->rule->scale[i]->answer;
            return true;
        }
    return false;
}

int ballot_read(struct cli *cli, const Comity__V1__Round *round, const char *typed,
                struct ballot_answer *ret_given)
{
    *ret_given = (struct ballot_answer){0};
    if (round->rule->form == COMITY__V1__FORM__FORM_STANCE)
        return rule_read_answer(cli, round->rule, typed, &ret_given->answer);
    if (option_find(round, typed) == 0 && is_of_scale(round, typed, &ret_given->answer))
        return 0;
    switch (round->rule->form) {
    case COMITY__V1__FORM__FORM_CHOICE:
        return ballot_read_choice(cli, round, typed, ret_given);
    case COMITY__V1__FORM__FORM_RANKING:
        return ballot_read_ranking(cli, round, typed, ret_given);
    case COMITY__V1__FORM__FORM_SCORE:
        return score_read(cli, round, typed, ret_given);
    default:
        return cli_fail(cli, ERR_UNSUPPORTED, "A newer comity may.", "This rule asks in a form that this software does not know.");
    }
}

static const char *ranking_said(struct cli *cli, const Comity__V1__Round *round,
                                const struct ballot_answer *given)
{
    const char *text = "";

    for (uint32_t rank = 1; rank <= given->rank_count && text != NULL; rank++) {
        bool is_first = true;
        for (size_t i = 0; i < given->rank_count && text != NULL; i++) {
            if (given->ranks[i] != rank)
                continue;
            text = arena_printf(cli->arena, "%s%s%s", text, *text == '\0' ? "" : is_first ? " > " : " = ",
                                option_shown(cli, round, (uint32_t) i + 1));
            is_first = false;
        }
    }
    return text == NULL ? "" : *text == '\0' ? _("nothing") : text;
}

const char *ballot_said(struct cli *cli, const Comity__V1__Round *round, const struct ballot_answer *given)
{
    if (given->answer != 0)
        return rule_answer_label(cli, round->rule, given->answer);
    if (given->choice != 0)
        return option_shown(cli, round, given->choice);
    if (given->has_score)
        return arena_printf(cli->arena, "%" PRIu32, given->score);
    return given->rank_count > 0 ? ranking_said(cli, round, given) : "?";
}

const char *ballot_row_said(struct cli *cli, const Comity__V1__Round *round, const Comity__V1__Ballot *ballot)
{
    struct ballot said = ballot_of_row(ballot);

    return ballot_said(cli, round, &said.given);
}

static bool is_given(const Comity__V1__TextRef *text)
{
    return text != NULL && text->size > 0;
}

int ballot_check_duties_here(struct cli *cli, const Comity__V1__Round *round, const struct ballot *ballot)
{
    unsigned duties = rule_duties(round->rule, &ballot->given);
    const char *said = ballot_said(cli, round, &ballot->given);

    if (duties & 1U << COMITY__V1__DUTY_KIND__DUTY_KIND_REASON && !is_given(ballot->reason))
        return cli_fail(cli, ERR_REASON, "Give the same command with --reason \"...\"",
                        "The rule asks for a reason with `%s`.", said);
    if (duties & 1U << COMITY__V1__DUTY_KIND__DUTY_KIND_INTEREST && ballot->interest_count == 0)
        return cli_fail(cli, ERR_DUTY,
                        "Give the same command with --interest NUMBER; comity contribution list ITEM shows them.",
                        "The rule asks with `%s` which interest the proposal would harm.", said);
    if (duties & 1U << COMITY__V1__DUTY_KIND__DUTY_KIND_ALTERNATIVE && !is_given(ballot->alternative))
        return cli_fail(cli, ERR_DUTY, "Give the same command with --alternative \"...\"",
                        "The rule asks for another way with `%s`.", said);
    return 0;
}

int ballot_read_interests(struct cli *cli, const char *what, const char *typed, uint32_t **numbers,
                          size_t *count)
{
    if (*numbers == NULL)
        *numbers = arena_alloc(cli->arena, INTERESTS_MOST * sizeof(**numbers));
    if (*numbers == NULL)
        return ERR_MEMORY;
    for (const char *at = typed + strspn(typed, " ,"); *at != '\0'; at += strspn(at, " ,")) {
        char *end;
        unsigned long number = strtoul(at, &end, 10);
        if (!isdigit((unsigned char) *at) || (*end != '\0' && strchr(" ,", *end) == NULL) || number == 0 ||
            number > UINT32_MAX)
            return cli_fail(cli, ERR_USAGE, "comity contribution list ITEM shows their numbers.",
                            "%s `%s`: an interest is named by its number.", what, shown_string(cli, typed));
        if (*count == INTERESTS_MOST)
            return cli_fail(cli, ERR_LIMIT, NULL, "A ballot names %d interests at most.", INTERESTS_MOST);
        (*numbers)[(*count)++] = (uint32_t) number;
        at = end;
    }
    return 0;
}

static const char *tie_order_text(struct cli *cli, const Comity__V1__Round *round)
{
    const char *text = "";

    for (size_t i = 0; i < round->n_tie_order && text != NULL; i++)
        text = arena_printf(cli->arena, "%s%s%s", text, i == 0 ? "" : ", ",
                            option_shown(cli, round, round->tie_order[i]));
    return text == NULL ? "" : text;
}

static const char *option_line(struct cli *cli, const Comity__V1__RoundOption *option)
{
    const char *label = shown_string(cli, option->label);
    const char *note = option->is_default ? phrase(cli, " (things stay as they are)")
                       : option->majority[0] != '\0'
                           ? phrase(cli, " (needs the majority %s)", shown_string(cli, option->majority))
                           : "";

    return option->text == NULL
               ? phrase(cli, "  %" PRIu32 "  %s%s", option->number, label, note)
               : phrase(cli, "  %" PRIu32 "  %s%s: %s", option->number, label, note, desk_shown(cli, option->text));
}

struct told round_question(struct cli *cli, const Comity__V1__Round *round)
{
    struct told lines = {NULL, 0};

    if (round->question != NULL)
        told_add(cli, &lines, phrase(cli, "Asked: %s", desk_shown(cli, round->question)));
    if (round->n_options > 0)
        told_add(cli, &lines, phrase(cli, "Options:"));
    for (size_t i = 0; i < round->n_options; i++)
        told_add(cli, &lines, option_line(cli, round->options[i]));
    if (round->n_tie_order > 0)
        told_add(
            cli, &lines,
            phrase(cli, "Where they tie, the earlier of these is preferred: %s", tie_order_text(cli, round)));
    return lines;
}

void round_say_question(struct cli *cli, const Comity__V1__Round *round)
{
    told_say(cli, "", round_question(cli, round));
    if (round->rule != NULL && round->rule->scores != NULL)
        say(cli, "A score is a number from %" PRIu32 " to %" PRIu32 ".", round->rule->scores->least,
            round->rule->scores->most);
}
