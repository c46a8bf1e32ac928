/* A whole rule in sentences: who answers, what, by when, what is asked of the answers, and where each outcome
 * leads. */
#include <inttypes.h>

#include "client/cli/message_json.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "core/text.h"

const char *shown_duration(struct cli *cli, int64_t ms)
{
    enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    uint64_t time = (uint64_t) ms;

    if (time % DAY == 0)
        return counted(cli, time / DAY, "%" PRIu64 " day", "%" PRIu64 " days");
    if (time % HOUR == 0)
        return counted(cli, time / HOUR, "%" PRIu64 " hour", "%" PRIu64 " hours");
    if (time % MINUTE == 0)
        return counted(cli, time / MINUTE, "%" PRIu64 " minute", "%" PRIu64 " minutes");
    if (time % SECOND == 0)
        return counted(cli, time / SECOND, "%" PRIu64 " second", "%" PRIu64 " seconds");
    return arena_printf(cli->arena, "%" PRIu64 " ms", time);
}

/* "stand-aside" and "stand aside" say the same. */
static bool is_same_word(const char *label, const char *word)
{
    for (; *label != '\0' && *word != '\0'; label++, word++)
        if (*label != *word && !(*label == '-' && *word == ' '))
            return false;
    return *label == *word;
}

/* ", with a reason and another way"; empty where a ballot comes with nothing. */
static const char *duties_text(struct cli *cli, unsigned duties)
{
    static const char *const WORDS[] = {
        [COMITY__V1__DUTY_KIND__DUTY_KIND_REASON] = N_("a reason"),
        [COMITY__V1__DUTY_KIND__DUTY_KIND_INTEREST] = N_("the interest that it harms"),
        [COMITY__V1__DUTY_KIND__DUTY_KIND_ALTERNATIVE] = N_("another way"),
    };
    const char *words[ARRAY_COUNT(WORDS)];
    size_t count = 0;

    for (size_t i = 1; i < ARRAY_COUNT(WORDS); i++)
        if (duties & 1U << i)
            words[count++] = _(WORDS[i]);
    return count == 0 ? "" : phrase(cli, ", with %s", shown_list(cli, words, count));
}

static void say_scale(struct cli *cli, const Comity__V1__Rule *rule)
{
    for (size_t i = 0; i < rule->n_scale; i++) {
        const Comity__V1__ScaleEntry *entry = rule->scale[i];
        struct ballot_answer given = {.answer = entry->answer};
        const char *label = shown_string(cli, entry->label), *stance = stance_word(entry->stance);
        const char *duties = duties_text(cli, rule_duties(rule, &given));
        if (is_same_word(entry->label, stance))
            say(cli, "  %" PRIu32 " %s%s", entry->answer, label, duties);
        else
            say(cli, "  %" PRIu32 " %s: counts as %s%s", entry->answer, label, stance, duties);
    }
}

static void say_options(struct cli *cli, const Comity__V1__Rule *rule)
{
    if (rule->n_options == 0)
        say(cli, "  the options that the round states");
    for (size_t i = 0; i < rule->n_options; i++) {
        const Comity__V1__Option *option = rule->options[i];
        struct ballot_answer given = {.choice = option->number};
        const char *label = shown_string(cli, option->label),
                   *duties = duties_text(cli, rule_duties(rule, &given));
        if (option->is_default)
            say(cli, "  %s: things stay as they are%s", label, duties);
        else if (option->majority[0] != '\0')
            say(cli, "  %s: needs the majority %s%s", label, shown_string(cli, option->majority), duties);
        else
            say(cli, "  %s%s", label, duties);
    }
}

static void say_answers(struct cli *cli, const Comity__V1__Rule *rule)
{
    switch (rule->form) {
    case COMITY__V1__FORM__FORM_CHOICE:
        say(cli, "A ballot chooses one of:");
        say_options(cli, rule);
        break;
    case COMITY__V1__FORM__FORM_RANKING:
        say(cli, "A ballot ranks, from the best on:");
        say_options(cli, rule);
        break;
    case COMITY__V1__FORM__FORM_SCORE:
        if (rule->scores != NULL)
            say(cli, "A ballot gives a score from %" PRIu32 " to %" PRIu32 ".", rule->scores->least,
                rule->scores->most);
        break;
    default:
        say(cli, "Answers:");
    }
    if (rule->form != COMITY__V1__FORM__FORM_STANCE && rule->n_scale > 0)
        say(cli, "Or it says one of:");
    say_scale(cli, rule);
}

static const char *ratio(struct cli *cli, uint64_t numerator, uint64_t denominator)
{
    return arena_printf(cli->arena, "%" PRIu64 "/%" PRIu64, numerator, denominator);
}

static void say_option_needs(struct cli *cli, const Comity__V1__Ranking *ranking)
{
    const Comity__V1__OptionQuorum *quorum = ranking->quorum;

    for (size_t i = 0; i < ranking->n_majorities; i++) {
        const Comity__V1__Majority *majority = ranking->majorities[i];
        const char *value = ratio(cli, majority->numerator, majority->denominator);
        say(cli,
            majority->bound == COMITY__V1__BOUND__BOUND_MORE_THAN
                ? N_("The majority %s: more than %s times as many prefer the option to the default as prefer "
                     "the default to it.")
                : N_("The majority %s: at least %s times as many prefer the option to the default as prefer "
                     "the default to it."),
            shown_string(cli, majority->name), value);
    }
    if (quorum == NULL)
        return;
    bool is_strict = quorum->bound == COMITY__V1__BOUND__BOUND_MORE_THAN;
    if (quorum->of == COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE)
        say(cli,
            is_strict ? N_("An option that not more than %s of the members on the roll prefer to the default "
                           "drops out.")
                      : N_("An option that fewer than %s of the members on the roll prefer to the default "
                           "drops out."),
            ratio(cli, quorum->numerator, quorum->denominator));
    else
        say(cli,
            is_strict
                ? N_("An option that not more than %" PRIu64 " members prefer to the default drops out.")
                : N_("An option that fewer than %" PRIu64 " members prefer to the default drops out."),
            quorum->numerator);
}

static void say_ranking(struct cli *cli, const Comity__V1__Rule *rule)
{
    static const char *const METHODS[] = {
        [COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE] = N_(
            "The option wins that beats the others in pairs, by Schulze's method; equal ranks are allowed."),
        [COMITY__V1__RANKING_METHOD__RANKING_METHOD_INSTANT_RUNOFF] =
            N_("The weakest option drops out, and its ballots go on, until one has more than half: an "
               "instant run-off."),
        [COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_SCOTTISH] =
            N_("A single transferable vote, counted as in Scottish local elections."),
        [COMITY__V1__RANKING_METHOD__RANKING_METHOD_STV_MEEK] =
            N_("A single transferable vote, counted by Meek's method."),
    };
    const Comity__V1__Ranking *ranking = rule->ranking;

    if (ranking == NULL || (size_t) ranking->method >= ARRAY_COUNT(METHODS) ||
        METHODS[ranking->method] == NULL)
        return;
    say(cli, "%s", _(METHODS[ranking->method]));
    if (ranking->seats > 0)
        say(cli, "%s", counted(cli, ranking->seats, "%" PRIu64 " is elected.", "%" PRIu64 " are elected."));
    if (ranking->needs_default)
        say(cli, "One of the options is the default: things stay as they are.");
    say_option_needs(cli, ranking);
}

static void say_ties(struct cli *cli, const Comity__V1__Rule *rule)
{
    static const char *const WORDS[] = {
        [COMITY__V1__TIE_BREAK__TIE_BREAK_EARLIER_STAGES] =
            N_("the latest earlier stage of the count at which they differed"),
        [COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER] =
            N_("the order that the round states, else that of the options"),
    };

    for (size_t i = 0; i < rule->n_ties; i++)
        if ((size_t) rule->ties[i] < ARRAY_COUNT(WORDS) && WORDS[rule->ties[i]] != NULL)
            say(cli, i == 0 ? N_("Ties are broken by %s.") : N_("Where that does not help: by %s."),
                _(WORDS[rule->ties[i]]));
}

static void say_roll(struct cli *cli, const Comity__V1__Rule *rule)
{
    if (rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        say(cli, "Who may answer: the members of the list %s.", shown_string(cli, rule->list));
    else if (rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_CHECKED_IN)
        say(cli, "Who may answer: holders of the body's seats who are checked in when a round opens.");
    else
        say(cli, "Who may answer: holders of the body's seats.");
    say(cli, rule->frozen == COMITY__V1__FROZEN__FROZEN_LADDER
                 ? N_("That stays as it is from the first round to the end of the ladder.")
                 : N_("That stays as it is while a round is open."));
    for (size_t i = 0; i < rule->n_weights; i++)
        say(cli, "%s counts %" PRIu64 " where they count by their weights.",
            shown_string(cli, rule->weights[i]->name), rule->weights[i]->weight);
}

static void say_silence(struct cli *cli, const Comity__V1__Rule *rule)
{
    if (rule->form != COMITY__V1__FORM__FORM_STANCE)
        return;
    if (rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT)
        say(cli, "Silence: counts as agreement.");
    else if (rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED)
        say(cli, "Silence: counts as agreement of those who were there when the round opened, or have "
                 "acknowledged it.");
    else
        say(cli, "Silence: counts as nothing.");
}

static bool asks_presence(const Comity__V1__Rule *rule)
{
    for (size_t i = 0; i < rule->n_tests; i++)
        if (rule->tests[i]->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT ||
            rule->tests[i]->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_PRESENT)
            return true;
    return false;
}

static void say_presence(struct cli *cli, const Comity__V1__Rule *rule)
{
    static const char *const WORDS[] = {
        [COMITY__V1__PRESENT__PRESENT_UNSPECIFIED] =
            N_("Present: whoever is checked in when the round closes."),
        [COMITY__V1__PRESENT__PRESENT_AT_OPEN] = N_("Present: whoever is checked in when the round opens."),
        [COMITY__V1__PRESENT__PRESENT_AT_CLOSE] = N_("Present: whoever is checked in when the round closes."),
        [COMITY__V1__PRESENT__PRESENT_EVER] =
            N_("Present: whoever was checked in at any time until the round closes."),
        [COMITY__V1__PRESENT__PRESENT_ANSWERED] = N_("Present: whoever has answered."),
    };

    if (asks_presence(rule) && (size_t) rule->present < ARRAY_COUNT(WORDS))
        say(cli, "%s", _(WORDS[rule->present]));
}

static void say_close(struct cli *cli, const Comity__V1__Rule *rule)
{
    const Comity__V1__Close *close = rule->close;
    bool is_on_answers = close != NULL && close->all_answered, is_timed = close != NULL && close->at_time;

    if (is_on_answers && is_timed)
        say(cli,
            "A round closes when a facilitator closes it, or everybody has answered, or its time has come.");
    else if (is_on_answers)
        say(cli, "A round closes when a facilitator closes it, or everybody has answered.");
    else if (is_timed)
        say(cli, "A round closes when a facilitator closes it, or its time has come.");
    else
        say(cli, "A round closes when a facilitator closes it.");
    if (close != NULL && close->nothing_can_change)
        say(cli, "It closes as well as soon as no answer that is still to come could change the result.");
    if (rule->notice_ms > 0)
        say(cli, "It does not close within %s after it has opened.", shown_duration(cli, rule->notice_ms));
    if (rule->no_quorum == COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND)
        say(cli, "Where there is no quorum then it goes on, once, for %s.",
            shown_duration(cli, rule->extend_ms));
}

static void say_manner(struct cli *cli, const Comity__V1__Rule *rule)
{
    say_silence(cli, rule);
    say_presence(cli, rule);
    say(cli, rule->visibility == COMITY__V1__VISIBILITY__VISIBILITY_UNTIL_CLOSE
                 ? N_("Ballots are seen when the round has closed.")
                 : N_("Ballots are seen by every member at once."));
    say(cli, rule->change == COMITY__V1__CHANGE__CHANGE_ONCE
                 ? N_("A ballot is final.")
                 : N_("A ballot can be replaced until the close."));
    say_close(cli, rule);
}

static void say_tests(struct cli *cli, const Comity__V1__Rule *rule)
{
    if (rule->n_tests > 0)
        say(cli, "Tests:");
    for (size_t i = 0; i < rule->n_tests; i++)
        say(cli, "  %s", rule_test_text(cli, rule, rule->tests[i]));
}

static void say_rounds(struct cli *cli, const Comity__V1__Rule *rule)
{
    say(cli, "%s",
        counted(cli, rule->rounds, "A proposal may have %" PRIu64 " round.",
                "A proposal may have %" PRIu64 " rounds."));
}

/* The rounds of a stage: what its rule gives, and no more. */
static void say_own(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__StageRule *own)
{
    if (own->n_tests > 0)
        say_tests(cli, rule);
    if (own->form != 0 || own->n_scale > 0 || own->n_duties > 0 || own->n_options > 0 || own->scores != NULL)
        say_answers(cli, rule);
    if (own->ranking != NULL)
        say_ranking(cli, rule);
    if (own->n_ties > 0)
        say_ties(cli, rule);
    if (own->roll != 0 || own->list[0] != '\0' || own->n_weights > 0)
        say_roll(cli, rule);
    if (own->silence != 0 || own->present != 0 || own->visibility != 0 || own->change != 0 ||
        own->close != NULL || own->no_quorum != 0 || own->extend_ms != 0 || own->notice_ms != 0)
        say_manner(cli, rule);
}

/* The ladder. */

static const char *outcomes_text(struct cli *cli, const Comity__V1__OutcomeKind *kinds, size_t count)
{
    const char **words = arena_alloc(cli->arena, (count + 1) * sizeof(*words));

    for (size_t i = 0; words != NULL && i < count; i++)
        words[i] = outcome_word(kinds[i]);
    return words == NULL || count == 0 ? "?" : shown_choice(cli, words, count);
}

/* "the holders of the office co-chair" */
static void say_people(struct cli *cli, const Comity__V1__Stage *stage)
{
    const char *office = office_word(cli, stage->office), *who = shown_string(cli, stage->who);

    switch (stage->kind) {
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING:
        if (stage->count == 0)
            say(cli, "  A block counts if a member of another constituency seconds it; else it counts as %s.",
                stance_word(stage->counts_as));
        else
            say(cli,
                stage->by_other
                    ? N_("  A block counts if %" PRIu32
                         " others, or one of another constituency, second it; else it counts as %s.")
                    : N_("  A block counts if %" PRIu32 " others second it; else it counts as %s."),
                stage->count, stance_word(stage->counts_as));
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CONFER:
        say(cli, "  Those who object and those who propose meet, %s.",
            counted(cli, stage->count, "%" PRIu64 " time", "%" PRIu64 " times"));
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_CASTING:
        say(cli, "  Whoever holds the office %s decides, all of them alike.", office);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_UMPIRE:
        say(cli, "  %s, from outside, decides.", who);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_ESCALATE:
        say(cli, "  The body %s decides.", who);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF:
        say(cli,
            stage->each_party
                ? N_("  One holder of the office %s of every party has to agree to the outcome.")
                : N_("  Every holder of the office %s has to agree to the outcome."),
            office);
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_STATUS_QUO:
        say(cli, "  Things stay as they are: REJECTED.");
        break;
    case COMITY__V1__STAGE_KIND__STAGE_KIND_DEFAULT:
        say(cli, "  It comes to %s by itself.", outcome_word(stage->outcome));
        break;
    default:
        say(cli, "%s",
            counted(cli, stage->rule == NULL || stage->rule->rounds == 0 ? 1 : stage->rule->rounds,
                    "  %" PRIu64 " further round may be held, as those before it but for what follows.",
                    "  %" PRIu64 " further rounds may be held, as those before them but for what follows."));
    }
}

static void say_time(struct cli *cli, const Comity__V1__Stage *stage)
{
    Comity__V1__OutcomeKind otherwise = stage->otherwise;

    if (stage->within_ms == 0)
        return;
    if (stage->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_SIGN_OFF && otherwise == 0)
        otherwise = COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED; /* */
    if (stage->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_SECONDING)
        say(cli, "  That takes at most %s; then the round is counted anew.", shown_duration(cli, stage->within_ms));
    else if (otherwise != 0)
        say(cli, "  That takes at most %s; where it brings no result, the outcome is %s.",
            shown_duration(cli, stage->within_ms), outcome_word(otherwise));
    else
        say(cli, "  That takes at most %s; where it brings no result, the outcome stays as it was.",
            shown_duration(cli, stage->within_ms));
}

/* @set: what can be come to, as bits. */
static void say_leads(struct cli *cli, const Comity__V1__Rule *rule, uint32_t after, uint32_t set)
{
    bool leads = false, stands = false;

    for (unsigned i = 0; i < comity__v1__outcome_kind__descriptor.n_values; i++) {
        Comity__V1__OutcomeKind kind =
            (Comity__V1__OutcomeKind) comity__v1__outcome_kind__descriptor.values[i].value;
        if (kind == 0 || !(set >> kind & 1))
            continue;
        uint32_t next = rule_next_stage(rule, after, kind);
        stands |= next == 0;
        if (next != 0)
            say(cli, "  %s leads to stage %" PRIu32 ", %s.", outcome_word(kind), next,
                shown_string(cli, rule->stages[next - 1]->name));
        leads |= next != 0;
    }
    if (stands)
        say(cli, leads ? N_("  Any other outcome stands.") : N_("  What it comes to stands."));
}

static void say_stage(struct cli *cli, const Comity__V1__Rule *rule, uint32_t number, uint32_t set)
{
    const Comity__V1__Stage *stage = rule->stages[number - 1];

    say(cli, "Stage %" PRIu32 ", %s, after %s:", number, shown_string(cli, stage->name),
        outcomes_text(cli, stage->on, stage->n_on));
    say_people(cli, stage);
    if (stage->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS && stage->rule != NULL) {
        const Comity__V1__Rule *of_stage = rule_of_stage(rule, number, cli->arena);
        if (of_stage != NULL)
            say_own(cli, of_stage, stage->rule);
    }
    say_time(cli, stage);
    for (size_t i = 0; i < stage->n_map; i++) {
        const char *to = outcome_word(stage->map[i]->to);
        if (stage->map[i]->from == 0)
            say(cli, "  Whatever else it comes to is called %s.", to);
        else
            say(cli, "  %s is then called %s.", outcome_word(stage->map[i]->from), to);
    }
    say_leads(cli, rule, number, set);
}

static void say_hash(struct cli *cli, const Comity__V1__Rule *rule)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];

    if (rule_hash(rule, cli->arena, hash) != 0)
        return;
    hex_encode(BYTES(hash, HASH_SIZE), hex);
    say(cli, "Hash: %s", hex);
}

static void say_ladder(struct cli *cli, const Comity__V1__Rule *rule)
{
    uint32_t *sets;

    if (rule->n_stages == 0 || rule_reach(rule, cli->arena, &sets) != 0)
        return;
    say(cli, "When no round remains, or it is adopted:");
    say_leads(cli, rule, 0, sets[0]);
    for (uint32_t i = 1; i <= rule->n_stages; i++)
        say_stage(cli, rule, i, sets[i]);
}

void rule_say(struct cli *cli, const Comity__V1__Rule *rule)
{
    say(cli, "Rule %s", shown_string(cli, rule->name));
    say_tests(cli, rule);
    say_answers(cli, rule);
    say_ranking(cli, rule);
    say_ties(cli, rule);
    say_roll(cli, rule);
    say_manner(cli, rule);
    say_rounds(cli, rule);
    say_ladder(cli, rule);
    say_hash(cli, rule);
}

void rule_say_outcomes(struct cli *cli, const Comity__V1__Rule *rule)
{
    bool has_quorum = false, has_objection = false, has_each = false,
         is_stance = rule->form == COMITY__V1__FORM__FORM_STANCE;

    for (size_t i = 0; i < rule->n_tests; i++) {
        has_quorum |= rule->tests[i]->class_ == COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM;
        has_objection |= rule->tests[i]->class_ == COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION;
        has_each |= rule->tests[i]->scope->kind >= COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY ||
                    rule->tests[i]->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS;
    }
    const struct {
        Comity__V1__OutcomeKind kind;
        bool may_be;
    } OUTCOMES[] = {
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM, has_quorum},
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED, has_objection},
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_DECISION, true},
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED, true},
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_DEADLOCK, is_stance && has_each},
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE, true},
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET, rule->rounds > 1},
        {COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED, true},
    };
    say(cli, "What a round comes to; the first that fits stands:");
    for (size_t i = 0; i < ARRAY_COUNT(OUTCOMES); i++)
        if (OUTCOMES[i].may_be)
            say(cli, "  %s: %s", outcome_word(OUTCOMES[i].kind), _(rule_explain_outcome(OUTCOMES[i].kind)));
}
