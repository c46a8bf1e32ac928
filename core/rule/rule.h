/* Decision rules: checking one, counting a round by one, and saying how it came out. Pure integers.
 * The vocabulary and the numbered rules are docs/rules.md's. */
#ifndef COMITY_CORE_RULE_RULE_H
#define COMITY_CORE_RULE_RULE_H

#include "comity/v1/model.pb-c.h"
#include "comity/v1/rule.pb-c.h"
#include "core/arena.h"
#include "core/message.h"
#include "core/words.h"

/* Of a member's ballot, or of a subject. */
#define WEIGHT_MAX UINT64_C(1000000000000)

enum { OPTIONS_MAX = 64 };
/* Lines of working that an outcome can have: 32 tests of 64 constituencies; and what it takes with the names and sets in
 * them, so that it fits a frame with the round around it. */
enum { OUTCOME_LINES_MAX = 2048, OUTCOME_BYTES_MAX = 448 * 1024 };
enum { ROLL_MAX = 10000, RULE_MAX_BYTES = 16384, CONSTITUENCIES_MAX = 64, SCALE_MAX = 32, ANSWER_MAX = 1000 };

/* What a ballot says, in the form that the rule asks for: one of these, and of the others 0, NULL or false. */
struct ballot_answer {
    uint32_t answer;       /* of the scale: STANCE, and abstentions in any form */
    uint32_t choice;       /* number of an option */
    const uint32_t *ranks; /* by number of the option - 1, rank_count of them; 0: unranked */
    size_t rank_count;
    bool has_score;
    uint32_t score;
};

/* One member of the frozen roll, with what the count has to know. */
struct roll_line {
    uint32_t member;
    uint32_t constituency;
    bool is_recused;
    bool is_present;  /* by the rule's `present`, except ANSWERED, which rule_count works out itself */
    bool is_notified; /* was there when the round opened, or acknowledged it */
    bool has_answered;
    struct ballot_answer given; /* with has_answered: passed rule_check_answer */
    uint64_t sequence;    /* with has_answered: of the ballot's event */
    uint64_t weight;      /* 0: 1 */
    uint32_t site;        /* number of one of the sites; 0: at none */
    uint32_t offices;     /* bits by Office */
};

/* A constituency as the count needs it. Those named must be all that the roll names. */
struct roll_constituency {
    uint32_t number;
    const char *name;
    const char *side;
    bool is_party;
    uint32_t vacant; /* seats of the body that nobody holds: a bloc casts them as well */
};

struct roll_site {
    uint32_t number;
    const char *name;
};

/* An option of the round. Numbers go 1, 2, ... in their order. */
struct round_option {
    const char *label;
    const char *majority; /* NAME of one of the rule's majorities; empty: none */
    bool is_default;
};

struct rule_input {
    const Comity__V1__Rule *rule;
    const struct roll_line *lines;
    size_t line_count;
    const struct roll_constituency *constituencies;
    size_t constituency_count;
    const struct roll_site *sites; /* all that lines name */
    size_t site_count;
    const struct round_option *options; /* of the round, whether it or the rule states them */
    size_t option_count;
    const uint32_t *tie_order; /* option_count numbers of options, the preferred first; NULL: as numbered */
    bool rounds_remain; /* a further round would be allowed: NOT_YET rather than REJECTED */
};

/* Is the rule well-formed, free of contradictions, and built? 0, ERR_MISSING, ERR_NAME, ERR_RANGE,
 * ERR_DUPLICATE, ERR_RULE (contradiction), ERR_UNSUPPORTED, ERR_ENUM, ERR_TOO_LARGE; refusal names the field,
 * as "adopt_rule.rule.tests[2].denominator" with @path "adopt_rule.rule". Takes any unpacked message, also
 * NULL. Rules: docs/rules.md. */
int rule_check(const Comity__V1__Rule *rule, const char *path, struct refusal *refusal);

/* An outcome that no stage goes on from although it answers nothing: TIE of a rule of two ballots. Of a rule that
 * passed rule_check; in the order of the stages. 0 or ERR_MEMORY. docs/rules.md R-47 */
struct rule_warning {
    uint32_t stage; /* what comes to it: 0: the rule's own rounds; else the number of a stage */
    Comity__V1__OutcomeKind outcome;
};
int rule_warnings(const Comity__V1__Rule *rule, struct arena *arena, struct rule_warning **ret_list,
                  size_t *ret_count);

/* What a rule can come to, as bits by OutcomeKind: [0] in a last round; [i] in stage i, by what it is then called. Of a
 * rule that passed rule_check; a list of 1 + n_stages in the arena. 0 or ERR_MEMORY. */
int rule_reach(const Comity__V1__Rule *rule, struct arena *arena, uint32_t **ret_sets);

/* SHA-256("comity/v1/rule" 00 rule in the canonical form of proto3). ERR_MEMORY. docs/rules.md R-10. */
int rule_hash(const Comity__V1__Rule *rule, struct arena *arena, uint8_t ret_hash[HASH_SIZE]);

/* Stance of a raw answer by the rule's scale; STANCE_UNSPECIFIED where the scale has no such answer. R-11. */
Comity__V1__Stance rule_stance(const Comity__V1__Rule *rule, uint32_t answer);
/* What a ballot has to come with: bits by DutyKind. R-34. */
unsigned rule_duties(const Comity__V1__Rule *rule, const struct ballot_answer *given);

/* Is it an answer that the rule's form takes, in a round of so many options? 0; ERR_ANSWER (not in the scale, of
 * another form, a score out of range), ERR_OPTION (an option that there is not), ERR_DUPLICATE (a rank twice, where
 * no two options may share one); *ret_field: the part of the ballot that is wrong, "answer", "choice", "ranks",
 * "score".. */
int rule_check_answer(const Comity__V1__Rule *rule, size_t option_count, const struct ballot_answer *given,
                      const char **ret_field);

/* Do ballots of this rule choose or rank options? */
bool rule_has_options(const Comity__V1__Rule *rule);
/* Is the order that a round states among them? */
bool ties_state_order(const Comity__V1__TieBreak *ties, size_t count);
/* Does the rule break ties by it? */
bool rule_breaks_by_order(const Comity__V1__Rule *rule);
/* Options that a round states, of a rule that asks for options and states none: labels are NAMEs. 0; ERR_MISSING (fewer
 * than two, or no default option), ERR_RANGE, ERR_DUPLICATE, ERR_NOT_FOUND (a majority), ERR_RULE (a default option); refusal
 * names the field, as "open_round.options[2].label" with @path "open_round". R-79. */
int rule_check_options(const Comity__V1__Rule *rule, const struct round_option *options, size_t count,
                       const char *path, struct refusal *refusal);

/* With Close.nothing_can_change: does no answer that is still to come change the kind of the outcome, or what is
 * chosen? 0, ERR_MEMORY, ERR_SCOPE, ERR_INTERNAL. R-48 */
int rule_is_settled(const struct rule_input *input, struct arena *arena, bool *ret_is_settled);
/* Have the QUORUM tests failed? Of a round that is to close: *ret_outcome has them and NO_QUORUM, no tallies; NULL
 * where there is a quorum. R-49 */
int rule_quorum_at_close(const struct rule_input *input, struct arena *arena, Comity__V1__Outcome **ret_outcome);

/* Is it one that adopts: makes a decision once it stands? */
static inline bool outcome_adopts(Comity__V1__OutcomeKind outcome)
{
    return outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED ||
           outcome == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED_BY_DEFAULT;
}

/* Stages, numbered from 1: stage.c..
 * The first stage after @after (0: from the start) that @outcome leads to; 0: none, the outcome stands. */
uint32_t rule_next_stage(const Comity__V1__Rule *rule, uint32_t after, Comity__V1__OutcomeKind outcome);
/* What the stage's outcome is called. */
Comity__V1__OutcomeKind stage_outcome(const Comity__V1__Stage *stage, Comity__V1__OutcomeKind computed);
/* The rule by which the rounds of a stage of kind ROUNDS are held: of the same name, without stages. Shares what it
 * can with @rule, the rest in the arena. NULL where memory is out. */
Comity__V1__Rule *rule_of_stage(const Comity__V1__Rule *rule, uint32_t stage, struct arena *arena);

/* Count, test and conclude, in the order of docs/rules.md (NO_QUORUM, BLOCKED, NO_DECISION, ADOPTED,
 * DEADLOCK, TIE, NOT_YET, REJECTED). The rule passed rule_check. Everything lives in the arena. 0,
 * ERR_MEMORY, ERR_SCOPE (an EACH test with nobody to range over), ERR_INTERNAL (the roll names a constituency
 * that was not given, or an answer that the scale has not). Rules. */
int rule_count(const struct rule_input *input, struct arena *arena, Comity__V1__Outcome **ret_outcome);

/* May a round open? Every EACH test has somebody to range over (ERR_SCOPE), and the QUORUM tests that count
 * PRESENT over ELIGIBLE or NONE hold (ERR_QUORUM). Also ERR_MEMORY, ERR_INTERNAL as above.. */
int rule_quorum_at_opening(const struct rule_input *input, struct arena *arena);
/* The same, with the working of each test that was looked at, in the arena: with 0 and ERR_QUORUM. */
int rule_quorum_results(const struct rule_input *input, struct arena *arena,
                        Comity__V1__TestResult ***ret_results, size_t *ret_count);

/* One line of working, without a newline: "labour: 4 of 5 support, at least 2/3 needed: holds". In the arena;
 * NULL where memory is out. R-33. */
const char *rule_explain_test(const Comity__V1__TestResult *result, struct arena *arena);
/* The same in the language of @words. */
const char *rule_explain_test_in(const Comity__V1__TestResult *result, words_fn *words, struct arena *arena);
/* "2 of 3 sites hold, at least 2 needed: holds" */
const char *rule_explain_quantifier(const Comity__V1__QuantifierResult *result, struct arena *arena);
const char *rule_explain_quantifier_in(const Comity__V1__QuantifierResult *result, words_fn *words,
                                       struct arena *arena);
/* What an outcome means, in a sentence. Static, English, marked for the catalogue. */
const char *rule_explain_outcome(Comity__V1__OutcomeKind kind);
/* The same of one that there is: where options were chosen or are tied it speaks of them. */
const char *outcome_sentence(const Comity__V1__Outcome *outcome);
const char *outcome_name(Comity__V1__OutcomeKind kind); /* "ADOPTED" */
const char *stance_name(Comity__V1__Stance stance);     /* "AGREE" */

#endif
