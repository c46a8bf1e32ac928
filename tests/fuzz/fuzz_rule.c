/* Any rule that can be unpacked, however wrong, and any roll counted by it.
 *
 * Input: piece: a packed Rule | u8: bit 0 a round remains | u8: constituencies | then for each member of the
 * roll u8 constituency, u8 bits, u8 which answer, u8 sequence, u8 site and weight, u8 offices. */
#include "core/error.h"
#include "core/rule/rule.h"
#include "tests/fuzz/fuzz.h"

enum { MEMBERS_MAX = 64, PARTIES_MAX = 6, SITES = 3, OPTIONS = 4 };

static const struct roll_site ALL_SITES[SITES] = {{7, "north"}, {3, "south"}, {5, "a"}};
static const struct round_option ALL_OPTIONS[OPTIONS_MAX] = {{"a", "", true}, {"b", "", false}};

struct round {
    struct rule_input input;
    struct roll_line lines[MEMBERS_MAX];
    struct roll_line backwards[MEMBERS_MAX];
    struct roll_constituency parties[PARTIES_MAX];
    uint32_t ranks[MEMBERS_MAX][OPTIONS_MAX];
};

static bool rule_take(struct bytes packed, struct arena *arena, const Comity__V1__Rule **ret_rule)
{
    ProtobufCMessage *message;

    if (message_unpack(&comity__v1__rule__descriptor, packed, RULE_MAX_BYTES, arena, NULL, &message) != 0 &&
        (packed.size > RULE_MAX_BYTES ||
         message_unpack_trusted(&comity__v1__rule__descriptor, packed, arena, &message) != 0))
        return false;
    *ret_rule = (const Comity__V1__Rule *) message;
    return true;
}

static void parties_take(struct round *round, struct fuzz_input *input)
{
    static const char *const NAMES[PARTIES_MAX] = {"union", "management", "convener", "a", "zz-9", "guild"};
    static const char *const SIDES[2] = {"", "labour"};
    size_t count = 1 + fuzz_number(input, 1) % PARTIES_MAX;

    for (size_t i = 0; i < count; i++)
        round->parties[i] = (struct roll_constituency){.number = (uint32_t) i + 1,
                                                       .name = NAMES[i],
                                                       .side = SIDES[i % 2],
                                                       .is_party = i != 2,
                                                       .vacant = i % 3 == 1};
    round->input.constituencies = round->parties;
    round->input.constituency_count = count;
}

/* What the rule's form takes, by any number. */
static void answer_take(struct round *round, size_t index, unsigned answer)
{
    const Comity__V1__Rule *rule = round->input.rule;
    struct ballot_answer *given = &round->lines[index].given;
    size_t options = round->input.option_count;
    const char *field;

    if (rule->n_scale > 0 && (rule->form == COMITY__V1__FORM__FORM_STANCE || answer % 4 == 0)) {
        given->answer = rule->scale[answer % rule->n_scale]->answer;
    } else if (rule->form == COMITY__V1__FORM__FORM_CHOICE) {
        given->choice = 1 + answer % (unsigned) options;
    } else if (rule->form == COMITY__V1__FORM__FORM_SCORE) {
        given->has_score = true;
        given->score = rule->scores->least + answer % (rule->scores->most - rule->scores->least + 1);
    } else {
        for (size_t i = 0; i < options && i < answer % 5; i++)
            round->ranks[index][(i + answer) % options] = 1 + (uint32_t) i;
        given->ranks = round->ranks[index];
        given->rank_count = options;
    }
    FUZZ_NEED(rule_check_answer(rule, options, given, &field) == 0);
}

static void lines_take(struct round *round, struct fuzz_input *input)
{
    size_t count = 0;

    round->input.sites = ALL_SITES;
    round->input.site_count = SITES;
    round->input.options = ALL_OPTIONS;
    round->input.option_count = round->input.rule->n_options > 0 ? round->input.rule->n_options : OPTIONS;
    for (; input->left >= 6 && count < MEMBERS_MAX; count++) {
        struct roll_line *line = &round->lines[count];
        unsigned party = (unsigned) fuzz_number(input, 1), bits = (unsigned) fuzz_number(input, 1);
        unsigned answer = (unsigned) fuzz_number(input, 1);
        *line = (struct roll_line){.member = (uint32_t) count + 1,
                                   .constituency = 1 + party % (unsigned) round->input.constituency_count,
                                   .is_recused = (bits & 1) != 0,
                                   .is_present = (bits & 2) != 0,
                                   .has_answered = (bits & 4) != 0};
        line->sequence = (fuzz_number(input, 1) << 16) + count + 1;
        unsigned site = (unsigned) fuzz_number(input, 1);
        line->is_notified = (bits & 8) != 0;
        line->site = site % 4 < SITES ? ALL_SITES[site % 4].number : 0;
        line->weight = site > 250 ? WEIGHT_MAX - site : site / 4;
        line->offices = (uint32_t) fuzz_number(input, 1);
        if (line->has_answered)
            answer_take(round, count, answer);
    }
    for (size_t i = 0; i < count; i++)
        round->backwards[i] = round->lines[count - 1 - i];
    round->input.lines = round->lines;
    round->input.line_count = count;
}

static void check_sentences(const Comity__V1__Outcome *outcome, struct arena *arena)
{
    FUZZ_NEED(outcome->kind >= COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM &&
              outcome->kind <= COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED);
    FUZZ_NEED(rule_explain_outcome(outcome->kind) != NULL && outcome_name(outcome->kind) != NULL);
    for (size_t i = 0; i < outcome->n_tests; i++) {
        const Comity__V1__TestResult *test = outcome->tests[i];
        const char *line = rule_explain_test(test, arena);
        FUZZ_NEED(line != NULL && line[0] != '\0' && strchr(line, '\n') == NULL);
        FUZZ_NEED(!test->holds || (test->short_by == 0 && test->over_by == 0));
        if (outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED && outcome->n_quantifiers == 0)
            FUZZ_NEED(test->holds);
    }
    for (size_t i = 0; i < outcome->n_quantifiers; i++) {
        FUZZ_NEED(rule_explain_quantifier(outcome->quantifiers[i], arena) != NULL);
        FUZZ_NEED(outcome->kind != COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED ||
                  outcome->quantifiers[i]->holds);
    }
}

/* The whole is the sum of the constituencies. */
static void check_tallies(const struct round *round, const Comity__V1__Outcome *outcome)
{
    FUZZ_NEED(outcome->n_tallies >= 1);
    const Comity__V1__Tally *whole = outcome->tallies[0];
    uint64_t eligible = 0, answered = 0, recused = 0;

    FUZZ_NEED(whole->constituency[0] == '\0');
    for (size_t i = 1; i < outcome->n_tallies; i++) {
        const Comity__V1__Tally *tally = outcome->tallies[i];
        eligible += tally->eligible;
        answered += tally->answered;
        recused += tally->recused;
        FUZZ_NEED(tally->answered + tally->silent == tally->eligible);
        FUZZ_NEED(strcmp(tally->constituency, outcome->tallies[i - 1]->constituency) > 0);
    }
    FUZZ_NEED(whole->eligible + whole->recused == round->input.line_count);
    FUZZ_NEED(eligible == whole->eligible && answered == whole->answered && recused == whole->recused);
    FUZZ_NEED(outcome->n_ballots == whole->answered);
    for (size_t i = 1; i < outcome->n_ballots; i++)
        FUZZ_NEED(outcome->ballots[i] > outcome->ballots[i - 1]);
}

/* Answer by answer, those who are still to answer change nothing where nothing can change. */
static void check_settled(struct round *round, struct arena *arena)
{
    const Comity__V1__Rule *rule = round->input.rule;
    Comity__V1__Outcome *now, *then, *no_quorum;
    bool is_settled;

    FUZZ_NEED(rule_is_settled(&round->input, arena, &is_settled) == 0);
    FUZZ_NEED(rule_quorum_at_close(&round->input, arena, &no_quorum) == 0);
    FUZZ_NEED(rule_count(&round->input, arena, &now) == 0);
    FUZZ_NEED((no_quorum != NULL) == (now->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM));
    if (!is_settled)
        return;
    for (size_t i = 0; i < round->input.line_count; i++) {
        struct roll_line *line = &round->lines[i];
        if (line->has_answered || line->is_recused)
            continue;
        line->has_answered = true;
        line->sequence = 1000000 + i;
        answer_take(round, i, (unsigned) (i * 7 + now->n_ballots + rule->n_tests));
    }
    FUZZ_NEED(rule_count(&round->input, arena, &then) == 0);
    FUZZ_NEED(then->kind == now->kind && then->n_chosen == now->n_chosen);
    for (size_t i = 0; i < now->n_chosen; i++)
        FUZZ_NEED(then->chosen[i] == now->chosen[i]);
}

/* Every stage of the ladder has a rule that counts as well. */
static void check_ladder(const struct round *round, struct arena *arena)
{
    const Comity__V1__Rule *rule = round->input.rule;
    struct rule_warning *warnings;
    size_t count;

    FUZZ_NEED(rule_warnings(rule, arena, &warnings, &count) == 0);
    for (size_t i = 0; i < count; i++)
        FUZZ_NEED(warnings[i].stage <= rule->n_stages &&
                  rule_next_stage(rule, warnings[i].stage, warnings[i].outcome) == 0);
    for (uint32_t stage = 1; stage <= rule->n_stages; stage++) {
        if (rule->stages[stage - 1]->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS)
            FUZZ_NEED(rule_check(rule_of_stage(rule, stage, arena), "rule", NULL) == 0);
    }
}

static void count(struct round *round, struct arena *arena)
{
    Comity__V1__Outcome *outcome, *again;
    struct bytes packed, packed_again;
    int opening = rule_quorum_at_opening(&round->input, arena);
    int code = rule_count(&round->input, arena, &outcome);

    FUZZ_NEED(opening == 0 || opening == ERR_SCOPE || opening == ERR_QUORUM);
    FUZZ_NEED(code == 0 || code == ERR_SCOPE);
    if (code != 0)
        return;
    check_sentences(outcome, arena);
    check_tallies(round, outcome);
    /* The order of the roll means nothing. */
    round->input.lines = round->backwards;
    FUZZ_NEED(rule_count(&round->input, arena, &again) == 0);
    FUZZ_NEED(message_pack(&outcome->base, arena, &packed) == 0);
    FUZZ_NEED(message_pack(&again->base, arena, &packed_again) == 0);
    FUZZ_NEED(bytes_equal(packed, packed_again));
    round->input.lines = round->lines;
    check_settled(round, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(64 * 1024 * 1024);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    static struct round round;
    struct refusal refusal = {0};
    uint8_t hash[HASH_SIZE];

    memset(&round, 0, sizeof(round));
    if (!rule_take(fuzz_piece(&input), arena, &round.input.rule))
        return 0;
    int code = rule_check(round.input.rule, "rule", &refusal);
    if (code != 0) {
        FUZZ_NEED(refusal.code == code && strncmp(refusal.field, "rule", 4) == 0);
        return 0;
    }
    fuzz_accept();
    FUZZ_NEED(rule_hash(round.input.rule, arena, hash) == 0);
    round.input.rounds_remain = (fuzz_number(&input, 1) & 1) != 0;
    parties_take(&round, &input);
    lines_take(&round, &input);
    check_ladder(&round, arena);
    count(&round, arena);
    return 0;
}
