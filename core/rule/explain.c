/* What was counted and concluded, in words: docs/rules.md R-33. */
#include <inttypes.h>

#include "core/rule/rule.h"

#define BIT(value) (1U << (value))
#define AGREE BIT(COMITY__V1__STANCE__STANCE_AGREE)
#define RESERVED BIT(COMITY__V1__STANCE__STANCE_RESERVED)
#define CONCERN BIT(COMITY__V1__STANCE__STANCE_CONCERN)
#define BLOCK BIT(COMITY__V1__STANCE__STANCE_BLOCK)

/* What the lines of one working share. */
struct telling {
    const Comity__V1__TestResult *result;
    words_fn *words;
    struct arena *arena;
};

/* Sets of stances that have a word of their own. */
static const struct {
    unsigned set;
    const char *verb; /* "4 of 5 support" */
    const char *none;
} SETS[] = {
    {AGREE | RESERVED, N_("support"), N_("nobody supports")},
    {CONCERN | BLOCK, N_("object"), N_("nobody objects")},
    {AGREE | RESERVED | CONCERN | BLOCK, N_("took a side"), N_("nobody took a side")},
};

static const struct {
    Comity__V1__Stance stance;
    const char *verb;
} STANCES[] = {
    {COMITY__V1__STANCE__STANCE_AGREE, N_("agree")},
    {COMITY__V1__STANCE__STANCE_RESERVED, N_("agree with a reservation")},
    {COMITY__V1__STANCE__STANCE_STAND_ASIDE, N_("stand aside")},
    {COMITY__V1__STANCE__STANCE_ABSTAIN, N_("abstain")},
    {COMITY__V1__STANCE__STANCE_CONCERN, N_("have a concern")},
    {COMITY__V1__STANCE__STANCE_BLOCK, N_("block")},
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

/* "support", or "agree, stand aside or abstain". NULL where memory is out. */
static const char *stances_say(const struct telling *telling, unsigned set)
{
    const char *text = NULL;

    for (size_t i = 0; i < ARRAY_COUNT(SETS); i++) {
        if (SETS[i].set == set)
            return telling->words(SETS[i].verb);
    }
    for (size_t i = 0; i < ARRAY_COUNT(STANCES); i++) {
        unsigned bit = BIT(STANCES[i].stance);
        if (!(set & bit))
            continue;
        set &= ~bit;
        const char *verb = telling->words(STANCES[i].verb);
        text = !text ? verb
                     : arena_printf(telling->arena, telling->words(set != 0 ? N_("%s, %s") : N_("%s or %s")),
                                    text, verb);
        if (!text)
            return NULL;
    }
    return text ? text : telling->words(N_("counted"));
}

/* "1", "1 or 3", "1, 2 or 3" */
static const char *numbers_say(const struct telling *telling, const uint32_t *numbers, size_t count)
{
    const char *text = count > 0 ? arena_printf(telling->arena, "%" PRIu32, numbers[0]) : "";

    for (size_t i = 1; text && i < count; i++) {
        const char *next = arena_printf(telling->arena, "%" PRIu32, numbers[i]);
        const char *format = telling->words(i + 1 < count ? N_("%s, %s") : N_("%s or %s"));
        text = next ? arena_printf(telling->arena, format, text, next) : NULL;
    }
    return text;
}

/* "chose option 1 or 3" */
static const char *choices_say(const struct telling *telling, const uint32_t *choices, size_t count)
{
    const char *numbers = numbers_say(telling, choices, count);
    return numbers ? arena_printf(telling->arena, telling->words(N_("chose option %s")), numbers) : NULL;
}

/* What is counted, as a verb. */
static const char *count_say(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;

    switch (result->count_kind) {
    case COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT:
        return telling->words(N_("present"));
    case COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED:
        return telling->words(N_("answered"));
    case COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES:
        return choices_say(telling, result->choices, result->n_choices);
    case COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST:
        return arena_printf(telling->arena, telling->words(N_("gave a score of at least %" PRIu32)),
                            result->score);
    case COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING:
        return result->n_choices == 0
                   ? telling->words(N_("chose the leading option (there is none)"))
                   : arena_printf(telling->arena, telling->words(N_("chose option %" PRIu32 ", which leads")),
                                  result->choices[0]);
    default:
        return stances_say(telling, stances_set(result->stances, result->n_stances));
    }
}

static const char *empty_say(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;
    unsigned set = stances_set(result->base_stances, result->n_base_stances);
    const char *stances;

    switch (result->base_kind) {
    case COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE:
        return telling->words(N_("nobody is eligible"));
    case COMITY__V1__BASE_KIND__BASE_KIND_PRESENT:
        return telling->words(N_("nobody is present"));
    case COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED:
        return telling->words(N_("nobody answered"));
    case COMITY__V1__BASE_KIND__BASE_KIND_CAST:
        return telling->words(N_("no ballots cast, abstentions apart"));
    case COMITY__V1__BASE_KIND__BASE_KIND_CHOICES:
        stances = numbers_say(telling, result->base_choices, result->n_base_choices);
        return stances ? arena_printf(telling->arena, telling->words(N_("nobody chose option %s")), stances)
                       : NULL;
    default:
        for (size_t i = 0; i < ARRAY_COUNT(SETS); i++) {
            if (SETS[i].set == set)
                return telling->words(SETS[i].none);
        }
        stances = stances_say(telling, set);
        return stances ? arena_printf(telling->arena, telling->words(N_("nobody to %s")), stances) : NULL;
    }
}

/* How many of how many, of which base; the eligible have no name. */
static const struct {
    Comity__V1__BaseKind kind;
    const char *format, *with_silent;
} BASES[] = {
    {COMITY__V1__BASE_KIND__BASE_KIND_PRESENT, N_("%" PRIu64 " of %" PRIu64 " present %s"),
     N_("%" PRIu64 " of %" PRIu64 " present or silent %s")},
    {COMITY__V1__BASE_KIND__BASE_KIND_ANSWERED, N_("%" PRIu64 " of %" PRIu64 " who answered %s"),
     N_("%" PRIu64 " of %" PRIu64 " who answered or were silent %s")},
    {COMITY__V1__BASE_KIND__BASE_KIND_CAST, N_("%" PRIu64 " of %" PRIu64 " ballots cast %s"),
     N_("%" PRIu64 " of %" PRIu64 " ballots cast or silences %s")},
};

/* What the numbers are of, where it is not heads; before the verb. */
static const struct {
    Comity__V1__Weighting weighting;
    const char *format; /* of the verb */
} UNITS[] = {
    {COMITY__V1__WEIGHTING__WEIGHTING_WEIGHT, N_("by weight %s")},
    {COMITY__V1__WEIGHTING__WEIGHTING_PARITY, N_("by parity of the sides %s")},
    {COMITY__V1__WEIGHTING__WEIGHTING_SEATS, N_("by seats %s")},
};

static const char *verb_say(const struct telling *telling)
{
    const char *verb = count_say(telling);

    for (size_t i = 0; verb && i < ARRAY_COUNT(UNITS); i++) {
        if (UNITS[i].weighting == telling->result->weighting)
            return arena_printf(telling->arena, telling->words(UNITS[i].format), verb);
    }
    return verb;
}

/* "4 of 5 ballots cast support" */
static const char *amount_say(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;
    bool counts_stances = result->count_kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES;
    bool has_base = result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    bool is_of_stances = result->base_kind == COMITY__V1__BASE_KIND__BASE_KIND_STANCES;
    uint64_t of = has_base ? result->base_size : result->eligible;
    const char *format = N_("%" PRIu64 " of %" PRIu64 " %s");

    if (result->base_is_empty)
        return empty_say(telling);
    const char *verb = verb_say(telling);
    if (!verb)
        return NULL;
    if (is_of_stances || result->base_kind == COMITY__V1__BASE_KIND__BASE_KIND_CHOICES) {
        const char *who =
            is_of_stances ? stances_say(telling, stances_set(result->base_stances, result->n_base_stances))
                          : choices_say(telling, result->base_choices, result->n_base_choices);
        return who ? arena_printf(telling->arena, telling->words(N_("%" PRIu64 " of %" PRIu64 " who %s %s")),
                                  result->count, of, who, verb)
                   : NULL;
    }
    for (size_t i = 0; i < ARRAY_COUNT(BASES); i++) {
        if (BASES[i].kind == result->base_kind)
            format = counts_stances && result->silent > 0 ? BASES[i].with_silent : BASES[i].format;
    }
    return arena_printf(telling->arena, telling->words(format), result->count, of, verb);
}

/* The same with those that silence says, where it is counted. */
static const char *amount_say_all(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;
    const char *amount = amount_say(telling);

    if (!amount || result->base_is_empty || result->silent == 0 ||
        result->count_kind != COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES ||
        !(stances_set(result->stances, result->n_stances) & AGREE))
        return amount;
    return arena_printf(telling->arena, telling->words(N_("%s (%" PRIu64 " by silence)")), amount,
                        result->silent);
}

/* "at least 2/3 needed"; a whole base, nothing and a plain number are said as numbers. */
static const char *need_say(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;
    bool has_base = result->base_kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    bool is_fraction = has_base && result->numerator != 0 &&
                       (result->base_is_empty || result->numerator != result->denominator);
    uint64_t number = has_base && result->numerator != 0 ? result->base_size : result->numerator;
    const char *value = is_fraction ? arena_printf(telling->arena, "%" PRIu64 "/%" PRIu64, result->numerator,
                                                   result->denominator)
                                    : arena_printf(telling->arena, "%" PRIu64, number);
    const char *format;

    switch (result->bound) {
    case COMITY__V1__BOUND__BOUND_AT_LEAST:
        format = N_("at least %s needed");
        break;
    case COMITY__V1__BOUND__BOUND_MORE_THAN:
        format = N_("more than %s needed");
        break;
    case COMITY__V1__BOUND__BOUND_AT_MOST:
        format = N_("at most %s allowed");
        break;
    default:
        format = is_fraction ? N_("less than %s allowed") : N_("fewer than %s allowed");
        break;
    }
    return value ? arena_printf(telling->arena, telling->words(format), value) : NULL;
}

static const char *verdict_say(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;

    if (result->holds)
        return telling->words(N_("holds"));
    if (result->short_by > 0)
        return arena_printf(telling->arena, telling->words(N_("short by %" PRIu64)), result->short_by);
    if (result->over_by > 0)
        return arena_printf(telling->arena, telling->words(N_("over by %" PRIu64)), result->over_by);
    return telling->words(N_("fails"));
}

/* "labour casts 3 seats for", by BlocCast. */
static const struct {
    const char *one, *many;
} CASTS[] = {
    [COMITY__V1__BLOC_CAST__BLOC_CAST_NOTHING] = {N_("%s casts nothing with %" PRIu64 " seat"),
                                                  N_("%s casts nothing with %" PRIu64 " seats")},
    [COMITY__V1__BLOC_CAST__BLOC_CAST_FOR] = {N_("%s casts %" PRIu64 " seat for"),
                                              N_("%s casts %" PRIu64 " seats for")},
    [COMITY__V1__BLOC_CAST__BLOC_CAST_AGAINST] = {N_("%s casts %" PRIu64 " seat against"),
                                                  N_("%s casts %" PRIu64 " seats against")},
    [COMITY__V1__BLOC_CAST__BLOC_CAST_ABSTAIN] = {N_("%s abstains with %" PRIu64 " seat"),
                                                  N_("%s abstains with %" PRIu64 " seats")},
};

static const char *bloc_say(const struct telling *telling, const Comity__V1__BlocResult *bloc)
{
    size_t cast = bloc->cast > 0 && (size_t) bloc->cast < ARRAY_COUNT(CASTS) ? (size_t) bloc->cast : 1;
    const char *format = bloc->seats == 1 ? CASTS[cast].one : CASTS[cast].many;
    return arena_printf(telling->arena, telling->words(format), bloc->constituency, bloc->seats);
}

/* The same with what each bloc casts. */
static const char *amount_say_blocs(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;
    const char *amount = amount_say_all(telling);
    const char *blocs = NULL;

    for (size_t i = 0; amount && i < result->n_blocs; i++) {
        const char *own = bloc_say(telling, result->blocs[i]);
        blocs = !own || !blocs ? own : arena_printf(telling->arena, telling->words(N_("%s, %s")), blocs, own);
        if (!blocs)
            return NULL;
    }
    return amount && blocs ? arena_printf(telling->arena, telling->words(N_("%s (%s)")), amount, blocs)
                           : amount;
}

/* Of whom alone the line is. */
static const char *const OFFICES[] = {
    [COMITY__V1__OFFICE__OFFICE_CO_CHAIR] = N_("co-chairs"),
    [COMITY__V1__OFFICE__OFFICE_FACILITATOR] = N_("facilitators"),
    [COMITY__V1__OFFICE__OFFICE_RECORDER] = N_("recorders"),
    [COMITY__V1__OFFICE__OFFICE_ADVISER] = N_("advisers"),
    [COMITY__V1__OFFICE__OFFICE_OBSERVER] = N_("observers"),
    [COMITY__V1__OFFICE__OFFICE_INTEGRATION] = N_("programs"),
};

/* "labour", "whole", "labour (co-chairs)" */
static const char *subject_say(const struct telling *telling)
{
    const Comity__V1__TestResult *result = telling->result;
    bool has_subject = result->subject && result->subject[0] != '\0';
    const char *subject = has_subject ? result->subject : telling->words(N_("whole"));
    size_t office = (size_t) result->office;

    if (office == 0 || office >= ARRAY_COUNT(OFFICES))
        return subject;
    return arena_printf(telling->arena, telling->words(N_("%s (%s)")), subject,
                        telling->words(OFFICES[office]));
}

const char *rule_explain_test_in(const Comity__V1__TestResult *result, words_fn *words, struct arena *arena)
{
    struct telling telling = {result, words, arena};
    const char *subject = subject_say(&telling);
    const char *amount = amount_say_blocs(&telling);
    const char *need = need_say(&telling);
    const char *verdict = verdict_say(&telling);

    if (!subject || !amount || !need || !verdict)
        return NULL;
    return arena_printf(arena, words(N_("%s: %s, %s: %s")), subject, amount, need, verdict);
}

/* What the subjects are. */
static const char *subjects_say(Comity__V1__ScopeKind scope)
{
    switch (scope) {
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SIDE:
        return N_("sides");
    case COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SITE:
        return N_("sites");
    default:
        return N_("constituencies");
    }
}

const char *rule_explain_quantifier_in(const Comity__V1__QuantifierResult *result, words_fn *words,
                                       struct arena *arena)
{
    bool is_share = result->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE;
    bool is_more = result->bound == COMITY__V1__BOUND__BOUND_MORE_THAN;
    const char *value =
        is_share ? arena_printf(arena, "%" PRIu64 "/%" PRIu64, result->numerator, result->denominator)
                 : arena_printf(arena, "%" PRIu64, result->numerator);
    const char *amount =
        arena_printf(arena,
                     words(result->by_weight ? N_("%" PRIu64 " of %" PRIu64 " by weight of the %s hold")
                                             : N_("%" PRIu64 " of %" PRIu64 " %s hold")),
                     result->count, result->of, words(subjects_say(result->scope)));
    const char *need =
        value ? arena_printf(arena, words(is_more ? N_("more than %s needed") : N_("at least %s needed")),
                             value)
              : NULL;

    if (!amount || !need)
        return NULL;
    return arena_printf(arena, words(N_("%s, %s: %s")), amount, need,
                        words(result->holds ? N_("holds") : N_("fails")));
}

const char *rule_explain_quantifier(const Comity__V1__QuantifierResult *result, struct arena *arena)
{
    return rule_explain_quantifier_in(result, words_in_english, arena);
}

const char *rule_explain_test(const Comity__V1__TestResult *result, struct arena *arena)
{
    return rule_explain_test_in(result, words_in_english, arena);
}

static const struct {
    Comity__V1__OutcomeKind kind;
    const char *sentence;
} OUTCOMES[] = {
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM,
     N_("Too few took part for this round to decide anything.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED,
     N_("An objection stands that the rule does not allow to pass over.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION, N_("Nobody took a side, so nothing was decided.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED,
     N_("The proposal is adopted: everything the rule asks for holds.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK,
     N_("The parties stand against each other: one carries it, another opposes it.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE, N_("As many are for the proposal as against it.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET,
     N_("The proposal does not yet have what the rule asks for; another round is allowed.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED,
     N_("The proposal does not have what the rule asks for, and no further round is allowed.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED_BY_DEFAULT,
     N_("The proposal is adopted, for the rule says so where nothing else was decided.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED, N_("The matter was referred elsewhere.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_WITHDRAWN, N_("The proposal was withdrawn.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TABLED, N_("The matter was set aside for later.")},
    {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_STRIKE, N_("A strike was authorised.")},
};

const char *rule_explain_outcome(Comity__V1__OutcomeKind kind)
{
    for (size_t i = 0; i < ARRAY_COUNT(OUTCOMES); i++) {
        if (OUTCOMES[i].kind == kind)
            return OUTCOMES[i].sentence;
    }
    return N_("There is no outcome.");
}

const char *outcome_sentence(const Comity__V1__Outcome *outcome)
{
    bool is_of_options = outcome->n_chosen > 0;

    if (is_of_options && outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED)
        return N_("What is chosen stands: everything the rule asks for holds.");
    if (is_of_options && outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE)
        return N_("Options are tied, and nothing that the rule states breaks the tie.");
    return rule_explain_outcome(outcome->kind);
}
