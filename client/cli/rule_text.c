#include "client/cli/rule_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "client/cli/message_json.h"
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

static const char *scope_text(struct cli *cli, const Comity__V1__Scope *scope)
{
    if (scope == NULL)
        return "?";
    switch (scope->kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE:
        return _("among all");
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY:
        return _("in each party");
    default:
        return phrase(cli, "in %s %s",
                      enum_short_name(&comity__v1__scope_kind__descriptor, (int) scope->kind),
                      shown_string(cli, scope->of));
    }
}

static const char *count_text(struct cli *cli, const Comity__V1__Count *count)
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
    default:
        return enum_short_name(&comity__v1__count_kind__descriptor, (int) count->kind);
    }
}

static const char *base_text(struct cli *cli, const Comity__V1__Base *base)
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
    default:
        return "";
    }
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

const char *rule_test_text(struct cli *cli, const Comity__V1__Test *test)
{
    const char *value = test->denominator <= 1 ? arena_printf(cli->arena, "%" PRIu64, test->numerator)
                                               : arena_printf(cli->arena, "%" PRIu64 "/%" PRIu64,
                                                              test->numerator, test->denominator);
    const char *bound = arena_printf(cli->arena, "%s %s", bound_text(test->bound), value);
    bool is_share = test->against != NULL && test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;

    if (is_share && test->numerator == test->denominator && test->bound == COMITY__V1__BOUND__BOUND_AT_LEAST)
        bound = _("all");
    else if (!is_share && test->numerator == 0 && test->bound == COMITY__V1__BOUND__BOUND_AT_MOST)
        bound = _("none may");
    return arena_printf(cli->arena, "%s: %s, %s%s %s; %s", shown_string(cli, test->name),
                        scope_text(cli, test->scope), bound, base_text(cli, test->against),
                        count_text(cli, test->count), class_text(test->class_));
}

/* "stand-aside" and "stand aside" say the same. */
static bool is_same_word(const char *label, const char *word)
{
    for (; *label != '\0' && *word != '\0'; label++, word++)
        if (*label != *word && !(*label == '-' && *word == ' '))
            return false;
    return *label == *word;
}

static void say_scale(struct cli *cli, const Comity__V1__Rule *rule)
{
    for (size_t i = 0; i < rule->n_scale; i++) {
        const Comity__V1__ScaleEntry *entry = rule->scale[i];
        const char *label = shown_string(cli, entry->label), *stance = stance_word(entry->stance);
        bool has_reason = rule_requires_reason(rule, entry->stance);
        if (is_same_word(entry->label, stance))
            say(cli, has_reason ? N_("  %" PRIu32 " %s, with a reason") : "  %" PRIu32 " %s", entry->answer,
                label);
        else
            say(cli,
                has_reason ? N_("  %" PRIu32 " %s: counts as %s, with a reason")
                           : N_("  %" PRIu32 " %s: counts as %s"),
                entry->answer, label, stance);
    }
}

static void say_manner(struct cli *cli, const Comity__V1__Rule *rule)
{
    const Comity__V1__Close *close = rule->close;

    bool is_on_answers = close != NULL && close->all_answered, is_timed = close != NULL && close->at_time;

    say(cli, rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT ? N_("Silence: counts as agreement.")
                                                                   : N_("Silence: counts as nothing."));
    say(cli, rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE
                 ? N_("Ballots are seen when the round has closed.")
                 : N_("Ballots are seen by every member at once."));
    say(cli, rule->change == COMITY__V1__CHANGE__CHANGE_ONCE
                 ? N_("A ballot is final.")
                 : N_("A ballot can be replaced until the close."));
    if (is_on_answers && is_timed)
        say(cli,
            "A round closes when a facilitator closes it, or everybody has answered, or its time has come.");
    else if (is_on_answers)
        say(cli, "A round closes when a facilitator closes it, or everybody has answered.");
    else if (is_timed)
        say(cli, "A round closes when a facilitator closes it, or its time has come.");
    else
        say(cli, "A round closes when a facilitator closes it.");
    say(cli, "%s",
        counted(cli, rule->rounds, "A proposal may have %" PRIu64 " round.",
                "A proposal may have %" PRIu64 " rounds."));
}

void rule_say(struct cli *cli, const Comity__V1__Rule *rule)
{
    say(cli, "Rule %s", shown_string(cli, rule->name));
    say(cli, "Tests:");
    for (size_t i = 0; i < rule->n_tests; i++)
        say(cli, "  %s", rule_test_text(cli, rule->tests[i]));
    say(cli, "Answers:");
    say_scale(cli, rule);
    say_manner(cli, rule);
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
