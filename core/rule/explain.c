/* What was counted and concluded, in words: docs/rules.md R-33. */
#include <inttypes.h>
#include <stdio.h>

#include "core/rule/rule.h"

enum { PHRASE_MAX = 160 };

#define BIT(value) (1U << (value))
#define AGREE BIT(COMITY__V1__STANCE__STANCE_AGREE)
#define RESERVED BIT(COMITY__V1__STANCE__STANCE_RESERVED)
#define CONCERN BIT(COMITY__V1__STANCE__STANCE_CONCERN)
#define BLOCK BIT(COMITY__V1__STANCE__STANCE_BLOCK)

/* Sets of stances that have a word of their own. */
static const struct {
    unsigned set;
    const char *verb; /* "4 of 5 support" */
    const char *none;
} SETS[] = {
    {AGREE | RESERVED, "support", "nobody supports"},
    {CONCERN | BLOCK, "object", "nobody objects"},
    {AGREE | RESERVED | CONCERN | BLOCK, "took a side", "nobody took a side"},
};

static const struct {
    Comity__V1__Stance stance;
    const char *verb;
} STANCES[] = {
    {COMITY__V1__STANCE__STANCE_AGREE, "agree"},
    {COMITY__V1__STANCE__STANCE_RESERVED, "agree with a reservation"},
    {COMITY__V1__STANCE__STANCE_STAND_ASIDE, "stand aside"},
    {COMITY__V1__STANCE__STANCE_ABSTAIN, "abstain"},
    {COMITY__V1__STANCE__STANCE_CONCERN, "have a concern"},
    {COMITY__V1__STANCE__STANCE_BLOCK, "block"},
};

static unsigned stances_set(const Comity__V1__Stance *stances, size_t count)
{
    unsigned set = 0;
    for (size_t i = 0; i < count; i++) {
        if (stances[i] > 0 && stances[i] <= COMITY__V1__STANCE__STANCE_BLOCK)
            set |= BIT(stances[i]);
    }
    return set;
}

/* "support", or "agree, stand aside or abstain". */
static void stances_say(unsigned set, char phrase[PHRASE_MAX])
{
    for (size_t i = 0; i < ARRAY_COUNT(SETS); i++) {
        if (SETS[i].set == set) {
            snprintf(phrase, PHRASE_MAX, "%s", SETS[i].verb);
            return;
        }
    }
    size_t used = 0;
    snprintf(phrase, PHRASE_MAX, "counted");
    for (size_t i = 0; i < ARRAY_COUNT(STANCES); i++) {
        unsigned bit = BIT(STANCES[i].stance);
        if (!(set & bit))
            continue;
        set &= ~bit;
        const char *glue = used == 0 ? "" : set != 0 ? ", " : " or ";
        int length = snprintf(phrase + used, PHRASE_MAX - used, "%s%s", glue, STANCES[i].verb);
        used += length > 0 ? (size_t) length : 0;
    }
}

/* What the members or ballots of a base are, after their number; nothing for the eligible. */
static void base_say(const Comity__V1__TestResult *result, char phrase[PHRASE_MAX])
{
    bool has_silent = result->silent > 0 && result->count_kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    char stances[PHRASE_MAX];

    phrase[0] = '\0';
    switch (result->base_kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_PRESENT:
        snprintf(phrase, PHRASE_MAX, has_silent ? " present or silent" : " present");
        break;
    case COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED:
        snprintf(phrase, PHRASE_MAX, has_silent ? " who answered or were silent" : " who answered");
        break;
    case COMITY__V1__BASE_KIND__BASE_KIND_CAST:
        snprintf(phrase, PHRASE_MAX, has_silent ? " ballots cast or silences" : " ballots cast");
        break;
    case COMITY__V1__BASE_KIND__BASE_KIND_STANCES:
        stances_say(stances_set(result->base_stances, result->n_base_stances), stances);
        snprintf(phrase, PHRASE_MAX, " who %.*s", PHRASE_MAX - 6, stances);
        break;
    default:
        break;
    }
}

/* What is counted, as a verb. */
static void count_say(const Comity__V1__TestResult *result, char phrase[PHRASE_MAX])
{
    if (result->count_kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT)
        snprintf(phrase, PHRASE_MAX, "present");
    else if (result->count_kind == COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED)
        snprintf(phrase, PHRASE_MAX, "answered");
    else
        stances_say(stances_set(result->stances, result->n_stances), phrase);
}

static const char *empty_say(const Comity__V1__TestResult *result, struct arena *arena)
{
    unsigned set = stances_set(result->base_stances, result->n_base_stances);
    char stances[PHRASE_MAX];

    switch (result->base_kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE:
        return "nobody is eligible";
    case COMITY__V1__BASE_KIND__BASE_KIND_PRESENT:
        return "nobody is present";
    case COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED:
        return "nobody answered";
    case COMITY__V1__BASE_KIND__BASE_KIND_CAST:
        return "no ballots cast, abstentions apart";
    default:
        for (size_t i = 0; i < ARRAY_COUNT(SETS); i++) {
            if (SETS[i].set == set)
                return SETS[i].none;
        }
        stances_say(set, stances);
        return arena_printf(arena, "nobody to %s", stances);
    }
}

/* "4 of 5 ballots cast support" */
static const char *amount_say(const Comity__V1__TestResult *result, struct arena *arena)
{
    if (result->base_is_empty)
        return empty_say(result, arena);
    bool has_base = result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    bool counts_silent = result->silent > 0 &&
                         result->count_kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES &&
                         (stances_set(result->stances, result->n_stances) & AGREE);
    char base[PHRASE_MAX];
    char verb[PHRASE_MAX];
    char silent[PHRASE_MAX] = "";

    base_say(result, base);
    count_say(result, verb);
    if (counts_silent)
        snprintf(silent, sizeof(silent), " (%" PRIu64 " by silence)", result->silent);
    return arena_printf(arena, "%" PRIu64 " of %" PRIu64 "%s %s%s", result->count,
                        has_base ? result->base_size : result->eligible, base, verb, silent);
}

/* "at least 2/3 needed"; a whole base, nothing and a plain number are said as numbers. */
static const char *need_say(const Comity__V1__TestResult *result, struct arena *arena)
{
    bool has_base = result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    bool is_fraction = has_base && result->numerator != 0 &&
                       (result->base_is_empty || result->numerator != result->denominator);
    const char *words;
    const char *end = "needed";

    switch (result->bound) {
    case COMITY__V1__BOUND__BOUND_AT_LEAST:
        words = "at least";
        break;
    case COMITY__V1__BOUND__BOUND_MORE_THAN:
        words = "more than";
        break;
    case COMITY__V1__BOUND__BOUND_AT_MOST:
        words = "at most";
        end = "allowed";
        break;
    default:
        words = is_fraction ? "less than" : "fewer than";
        end = "allowed";
        break;
    }
    if (is_fraction)
        return arena_printf(arena, "%s %" PRIu64 "/%" PRIu64 " %s", words, result->numerator,
                            result->denominator, end);
    uint64_t number = has_base && result->numerator != 0 ? result->base_size : result->numerator;
    return arena_printf(arena, "%s %" PRIu64 " %s", words, number, end);
}

static const char *verdict_say(const Comity__V1__TestResult *result, struct arena *arena)
{
    if (result->holds)
        return "holds";
    if (result->short_by > 0)
        return arena_printf(arena, "short by %" PRIu64, result->short_by);
    if (result->over_by > 0)
        return arena_printf(arena, "over by %" PRIu64, result->over_by);
    return "fails";
}

const char *rule_explain_test(const Comity__V1__TestResult *result, struct arena *arena)
{
    bool has_subject = result->subject && result->subject[0] != '\0';
    const char *amount = amount_say(result, arena);
    const char *need = need_say(result, arena);
    const char *verdict = verdict_say(result, arena);

    if (!amount || !need || !verdict)
        return NULL;
    return arena_printf(arena, "%s: %s, %s: %s", has_subject ? result->subject : "whole", amount, need,
                        verdict);
}

static const struct {
    Comity__V1__OutcomeKind kind;
    const char *sentence;
} OUTCOMES[] = {
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM,
     "Too few took part for this round to decide anything."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED,
     "An objection stands that the rule does not allow to pass over."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION, "Nobody took a side, so nothing was decided."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED,
     "The proposal is adopted: everything the rule asks for holds."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK,
     "The parties stand against each other: one carries it, another opposes it."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE, "As many are for the proposal as against it."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET,
     "The proposal does not yet have what the rule asks for; another round is allowed."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
     "The proposal does not have what the rule asks for, and no further round is allowed."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED_BY_DEFAULT,
     "The proposal is adopted, for the rule says so where nothing else was decided."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED, "The matter was referred elsewhere."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_WITHDRAWN, "The proposal was withdrawn."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED, "The matter was set aside for later."},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE, "A strike was authorised."},
};

const char *rule_explain_outcome(Comity__V1__OutcomeKind kind)
{
    for (size_t i = 0; i < ARRAY_COUNT(OUTCOMES); i++) {
        if (OUTCOMES[i].kind == kind)
            return OUTCOMES[i].sentence;
    }
    return "There is no outcome.";
}
