#include "client/cli/rule_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "client/cli/message_json.h"
#include "client/cli/output.h"

const char *stance_word(Comity__V1__Stance stance)
{
    static const char *const WORDS[] = {
        [COMITY__V1__STANCE__STANCE_AGREE] = "agree",
        [COMITY__V1__STANCE__STANCE_RESERVED] = "reserved",
        [COMITY__V1__STANCE__STANCE_STAND_ASIDE] = "stand aside",
        [COMITY__V1__STANCE__STANCE_ABSTAIN] = "abstain",
        [COMITY__V1__STANCE__STANCE_CONCERN] = "concern",
        [COMITY__V1__STANCE__STANCE_BLOCK] = "block",
    };

    return (size_t) stance < ARRAY_COUNT(WORDS) && WORDS[stance] != NULL ? WORDS[stance] : "?";
}

static const char *stances_text(struct cli *cli, const Comity__V1__Stance *stances, size_t count)
{
    const char *text = count == 0 ? "no stance" : stance_word(stances[0]);

    for (size_t i = 1; i < count; i++)
        text =
            arena_printf(cli->arena, "%s%s%s", text, i + 1 == count ? " or " : ", ", stance_word(stances[i]));
    return text;
}

static const char *scope_text(struct cli *cli, const Comity__V1__Scope *scope)
{
    if (scope == NULL)
        return "?";
    switch (scope->kind) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE:
        return "among all";
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY:
        return "in each party";
    default:
        return arena_printf(cli->arena, "in %s %s",
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
        return arena_printf(cli->arena, "say %s", stances_text(cli, count->stances, count->n_stances));
    case COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT:
        return "are present";
    case COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED:
        return "have answered";
    default:
        return enum_short_name(&comity__v1__count_kind__descriptor, (int) count->kind);
    }
}

static const char *base_text(struct cli *cli, const Comity__V1__Base *base)
{
    switch (base == NULL ? COMITY__V1__BASE_KIND__BASE_KIND_NONE : base->kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE:
        return " of the members on the roll";
    case COMITY__V1__BASE_KIND__BASE_KIND_PRESENT:
        return " of those present";
    case COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED:
        return " of those who answered";
    case COMITY__V1__BASE_KIND__BASE_KIND_CAST:
        return " of those who answered without abstaining";
    case COMITY__V1__BASE_KIND__BASE_KIND_STANCES:
        return arena_printf(cli->arena, " of those who said %s",
                            stances_text(cli, base->stances, base->n_stances));
    default:
        return "";
    }
}

static const char *bound_text(Comity__V1__Bound bound)
{
    static const char *const WORDS[] = {
        [COMITY__V1__BOUND__BOUND_AT_LEAST] = "at least",
        [COMITY__V1__BOUND__BOUND_MORE_THAN] = "more than",
        [COMITY__V1__BOUND__BOUND_AT_MOST] = "at most",
        [COMITY__V1__BOUND__BOUND_LESS_THAN] = "less than",
    };

    return (size_t) bound < ARRAY_COUNT(WORDS) && WORDS[bound] != NULL ? WORDS[bound] : "?";
}

static const char *class_text(Comity__V1__TestClass class)
{
    switch (class) {
    case COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM:
        return "else there is no quorum";
    case COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION:
        return "else it is blocked";
    default:
        return "else it is not adopted";
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
        bound = "all";
    else if (!is_share && test->numerator == 0 && test->bound == COMITY__V1__BOUND__BOUND_AT_MOST)
        bound = "none may";
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
        const char *reason = rule_requires_reason(rule, entry->stance) ? ", with a reason" : "";
        if (is_same_word(entry->label, stance_word(entry->stance)))
            say(cli, "  %" PRIu32 " %s%s", entry->answer, shown_string(cli, entry->label), reason);
        else
            say(cli, "  %" PRIu32 " %s: counts as %s%s", entry->answer, shown_string(cli, entry->label),
                stance_word(entry->stance), reason);
    }
}

static void say_manner(struct cli *cli, const Comity__V1__Rule *rule)
{
    const Comity__V1__Close *close = rule->close;

    say(cli, "Silence: %s.",
        rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT ? "counts as agreement" : "counts as nothing");
    say(cli, "Ballots are seen %s.",
        rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE ? "when the round has closed"
                                                                           : "by every member at once");
    say(cli, "A ballot %s.",
        rule->change == COMITY__V1__CHANGE__CHANGE_ONCE ? "is final" : "can be replaced until the close");
    say(cli, "A round closes when a facilitator closes it%s%s.",
        close != NULL && close->all_answered ? ", or everybody has answered" : "",
        close != NULL && close->at_time ? ", or its time has come" : "");
    say(cli, "A proposal may have %" PRIu32 " round%s.", rule->rounds, rule->rounds == 1 ? "" : "s");
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

    return arena_printf(cli->arena, "%s%s%s%s", closes_ms == 0 ? "when a facilitator closes it" : "at ",
                        closes_ms == 0 ? "" : shown_time(cli, closes_ms),
                        closes_ms == 0 ? "" : ", or earlier by a facilitator",
                        is_on_answers ? ", or once everybody has answered" : "");
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
