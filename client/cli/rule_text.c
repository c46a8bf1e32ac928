#include "client/cli/rule_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "client/cli/names.h"
#include "client/cli/output.h"

const char *stance_word(Comity__V1__Stance stance)
{
    switch (stance) {
    case COMITY__V1__STANCE__STANCE_AGREE:
        return P_("stance", "agree");
    case COMITY__V1__STANCE__STANCE_RESERVED:
        return P_("stance", "reserved");
    case COMITY__V1__STANCE__STANCE_STAND_ASIDE:
        return P_("stance", "stand aside");
    case COMITY__V1__STANCE__STANCE_ABSTAIN:
        return P_("stance", "abstain");
    case COMITY__V1__STANCE__STANCE_CONCERN:
        return P_("stance", "concern");
    case COMITY__V1__STANCE__STANCE_BLOCK:
        return P_("stance", "block");
    default:
        return "?";
    }
}

const char *outcome_word(Comity__V1__OutcomeKind kind)
{
    static const char *const NAMES[] = {
        N_("NO_QUORUM"), N_("BLOCKED"),   N_("NO_DECISION"),
        N_("ADOPTED"),   N_("DEADLOCK"),  N_("TIE"),
        N_("NOT_YET"),   N_("REJECTED"),  N_("ADOPTED_BY_DEFAULT"),
        N_("REFERRED"),  N_("WITHDRAWN"), N_("TABLED"),
        N_("STRIKE"),
    };
    const char *name = outcome_name(kind);

    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        if (strcmp(NAMES[i], name) == 0)
            return _(NAMES[i]);
    return name;
}

static const char *stances_text(struct cli *cli, const Comity__V1__Stance *stances, size_t count)
{
    const char **words = arena_alloc(cli->arena, (count + 1) * sizeof(*words));

    for (size_t i = 0; words != NULL && i < count; i++)
        words[i] = stance_word(stances[i]);
    return words == NULL || count == 0 ? _("no stance") : shown_choice(cli, words, count);
}

static const char *named_scope_text(struct cli *cli, const Comity__V1__Scope *scope)
{
    const char *of = shown_string(cli, scope->of);

    switch (scope->kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE:
        return _("among all");
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_CONSTITUENCY:
        return phrase(cli, "in the constituency %s", of);
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE:
        return phrase(cli, "on the side %s", of);
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_SITE:
        return phrase(cli, "at the site %s", of);
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY:
        return _("in each party");
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SIDE:
        return _("on each side");
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE:
        return _("at each site");
    default:
        return "?";
    }
}

/* How many of several have to pass: " (in more than 1/2 of them, by their weights)"; empty where it is all.
 */
static const char *quantifier_text(struct cli *cli, const Comity__V1__Quantifier *quantifier)
{
    bool is_strict = quantifier != NULL && quantifier->bound == COMITY__V1__BOUND__BOUND_MORE_THAN;
    const char *value;

    if (quantifier == NULL || quantifier->numerator == 0)
        return "";
    value = quantifier->denominator == 0 ? arena_printf(cli->arena, "%" PRIu64, quantifier->numerator)
                                         : arena_printf(cli->arena, "%" PRIu64 "/%" PRIu64,
                                                        quantifier->numerator, quantifier->denominator);
    if (quantifier->by_weight)
        return phrase(cli,
                      is_strict ? N_(" (that has to hold in more than %s of them, by their weights)")
                                : N_(" (that has to hold in at least %s of them, by their weights)"),
                      value);
    return phrase(cli,
                  is_strict ? N_(" (that has to hold in more than %s of them)")
                            : N_(" (that has to hold in at least %s of them)"),
                  value);
}

static const char *scope_text(struct cli *cli, const Comity__V1__Scope *scope)
{
    if (scope == NULL)
        return "?";
    const char *text = arena_printf(cli->arena, "%s%s", named_scope_text(cli, scope),
                                    quantifier_text(cli, scope->quantifier));
    return scope->office == 0 ? text
                              : phrase(cli, "%s, of those alone who hold the office %s", text,
                                       office_word(cli, scope->office));
}

const char *office_word(struct cli *cli, Comity__V1__Office office)
{
    return shown_offices(cli, &office, 1);
}

const char *rule_option_text(struct cli *cli, Comity__V1__Option *const *options, size_t count,
                             uint32_t number)
{
    return number >= 1 && number <= count ? shown_string(cli, options[number - 1]->label)
                                          : phrase(cli, "option %" PRIu32, number);
}

static const char *choices_text(struct cli *cli, const Comity__V1__Rule *rule, const uint32_t *choices,
                                size_t count)
{
    const char **words = arena_alloc(cli->arena, (count + 1) * sizeof(*words));

    for (size_t i = 0; words != NULL && i < count; i++)
        words[i] = rule_option_text(cli, rule->options, rule->n_options, choices[i]);
    return words == NULL || count == 0 ? "?" : shown_choice(cli, words, count);
}

static const char *count_text(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__Count *count)
{
    if (count == NULL)
        return "?";
    switch (count->kind) {
    case COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES:
        return phrase(cli, "say %s", stances_text(cli, count->stances, count->n_stances));
    case COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT:
        return _("are present");
    case COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED:
        return _("have answered");
    case COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES:
        return phrase(cli, "choose %s", choices_text(cli, rule, count->choices, count->n_choices));
    case COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST:
        return phrase(cli, "give a score of %" PRIu32 " or more", count->score);
    case COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING:
        return _("choose the option that has most");
    default:
        return "?";
    }
}

static const char *base_text(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__Base *base)
{
    switch (base == NULL ? COMITY__V1__BASE_KIND__BASE_KIND_NONE : base->kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE:
        return _(" of the members on the roll");
    case COMITY__V1__BASE_KIND__BASE_KIND_PRESENT:
        return _(" of those present");
    case COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED:
        return _(" of those who answered");
    case COMITY__V1__BASE_KIND__BASE_KIND_CAST:
        return _(" of those who answered without abstaining");
    case COMITY__V1__BASE_KIND__BASE_KIND_STANCES:
        return phrase(cli, " of those who said %s", stances_text(cli, base->stances, base->n_stances));
    case COMITY__V1__BASE_KIND__BASE_KIND_CHOICES:
        return phrase(cli, " of those who chose %s", choices_text(cli, rule, base->choices, base->n_choices));
    default:
        return "";
    }
}

static const char *weighting_text(const Comity__V1__Test *test)
{
    switch (test->weighting) {
    case COMITY__V1__WEIGHTING__WEIGHTING_WEIGHT:
        return _(", each by the weight on the roll");
    case COMITY__V1__WEIGHTING__WEIGHTING_PARITY:
        return _(", each side with the same total");
    case COMITY__V1__WEIGHTING__WEIGHTING_SEATS:
        return _(", each constituency with all its seats the way of its own majority");
    default:
        return "";
    }
}

static const char *cast_text(Comity__V1__BlocCast cast)
{
    static const char *const WORDS[] = {
        [COMITY__V1__BLOC_CAST__BLOC_CAST_NOTHING] = N_("casts nothing"),
        [COMITY__V1__BLOC_CAST__BLOC_CAST_FOR] = N_("counts as for"),
        [COMITY__V1__BLOC_CAST__BLOC_CAST_AGAINST] = N_("counts as against"),
        [COMITY__V1__BLOC_CAST__BLOC_CAST_ABSTAIN] = N_("abstains"),
    };

    return (size_t) cast < ARRAY_COUNT(WORDS) && WORDS[cast] != NULL ? _(WORDS[cast]) : "?";
}

/* What a test says besides, each as a sentence behind it. */
static const char *rest_text(struct cli *cli, const Comity__V1__Test *test)
{
    const char *text = "";

    if (test->bloc != NULL)
        text = phrase(cli, "; a constituency that is tied %s, and one of which nobody took a side %s",
                      cast_text(test->bloc->tied), cast_text(test->bloc->absent));
    return !test->holds_when_empty
               ? text
               : phrase(cli, "%s; it holds as well where there is nobody to measure against", text);
}

static const char *bound_text(Comity__V1__Bound bound)
{
    static const char *const WORDS[] = {
        [COMITY__V1__BOUND__BOUND_AT_LEAST] = N_("at least"),
        [COMITY__V1__BOUND__BOUND_MORE_THAN] = N_("more than"),
        [COMITY__V1__BOUND__BOUND_AT_MOST] = N_("at most"),
        [COMITY__V1__BOUND__BOUND_LESS_THAN] = N_("less than"),
    };

    return (size_t) bound < ARRAY_COUNT(WORDS) && WORDS[bound] != NULL ? _(WORDS[bound]) : "?";
}

static const char *class_text(Comity__V1__TestClass class)
{
    switch (class) {
    case COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM:
        return _("else there is no quorum");
    case COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION:
        return _("else it is blocked");
    default:
        return _("else it is not adopted");
    }
}

const char *rule_test_text(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__Test *test)
{
    bool is_share = test->against != NULL && test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    const char *value =
        !is_share ? arena_printf(cli->arena, "%" PRIu64, test->numerator)
                  : arena_printf(cli->arena, "%" PRIu64 "/%" PRIu64, test->numerator, test->denominator);
    const char *bound = arena_printf(cli->arena, "%s %s", bound_text(test->bound), value);

    if (is_share && test->numerator == test->denominator && test->bound == COMITY__V1__BOUND__BOUND_AT_LEAST)
        bound = _("all");
    else if (test->numerator == 0 && test->bound == COMITY__V1__BOUND__BOUND_AT_MOST)
        bound = _("none may");
    return arena_printf(cli->arena, "%s: %s, %s%s %s%s; %s%s", shown_string(cli, test->name),
                        scope_text(cli, test->scope), bound, base_text(cli, rule, test->against),
                        count_text(cli, rule, test->count), weighting_text(test), class_text(test->class_),
                        rest_text(cli, test));
}

const char *rule_closing(struct cli *cli, const Comity__V1__Rule *rule, int64_t closes_ms)
{
    bool is_on_answers = rule != NULL && rule->close != NULL && rule->close->all_answered;

    if (closes_ms == 0)
        return is_on_answers ? _("when a facilitator closes it, or once everybody has answered")
                             : _("when a facilitator closes it");
    return phrase(cli,
                  is_on_answers ? N_("at %s, or earlier by a facilitator, or once everybody has answered")
                                : N_("at %s, or earlier by a facilitator"),
                  shown_time(cli, closes_ms));
}

int rule_read_answer(struct cli *cli, const Comity__V1__Rule *rule, const char *typed, uint32_t *ret_answer)
{
    bool is_number = typed[0] != '\0' && typed[strspn(typed, "0123456789")] == '\0';
    const char *labels = "";

    for (size_t i = 0; i < rule->n_scale; i++) {
        const Comity__V1__ScaleEntry *entry = rule->scale[i];
        const char *number = arena_printf(cli->arena, "%" PRIu32, entry->answer);
        if (strcasecmp(entry->label, typed) == 0 || (is_number && strcmp(number, typed) == 0)) {
            *ret_answer = entry->answer;
            return 0;
        }
        labels =
            arena_printf(cli->arena, "%s%s%s", labels, i == 0 ? "" : ", ", shown_string(cli, entry->label));
    }
    return cli_fail(cli, ERR_USAGE, NULL, "`%s` is no answer of this rule. Its answers: %s.",
                    shown_string(cli, typed), labels);
}

const char *rule_answer_label(struct cli *cli, const Comity__V1__Rule *rule, uint32_t answer)
{
    for (size_t i = 0; rule != NULL && i < rule->n_scale; i++)
        if (rule->scale[i]->answer == answer)
            return shown_string(cli, rule->scale[i]->label);
    return arena_printf(cli->arena, "%" PRIu32, answer);
}
