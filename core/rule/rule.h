/* Decision rules: checking one, counting a round by one, and saying how it came out. Pure integers.
 * The vocabulary and the numbered rules are docs/rules.md's. */
#ifndef COMITY_CORE_RULE_RULE_H
#define COMITY_CORE_RULE_RULE_H

#include "comity/v1/model.pb-c.h"
#include "comity/v1/rule.pb-c.h"
#include "core/arena.h"
#include "core/message.h"
#include "core/words.h"

enum { ROLL_MAX = 10000, RULE_MAX_BYTES = 16384, CONSTITUENCIES_MAX = 64, SCALE_MAX = 32, ANSWER_MAX = 1000 };

/* One member of the frozen roll, with what the count has to know. */
struct roll_line {
    uint32_t member;
    uint32_t constituency;
    bool is_recused;
    bool is_present; /* by the rule's `present`, except ANSWERED, which rule_count works out itself */
    bool has_answered;
    uint32_t answer;   /* with has_answered: an answer of the rule's scale */
    uint64_t sequence; /* with has_answered: of the ballot's event */
};

/* A constituency as the count needs it. Those named must be all that the roll names. */
struct roll_constituency {
    uint32_t number;
    const char *name;
    const char *side;
    bool is_party;
};

struct rule_input {
    const Comity__V1__Rule *rule;
    const struct roll_line *lines;
    size_t line_count;
    const struct roll_constituency *constituencies;
    size_t constituency_count;
    bool rounds_remain; /* a further round would be allowed: NOT_YET rather than REJECTED */
};

/* Is the rule well-formed, free of contradictions, and built? 0, ERR_MISSING, ERR_NAME, ERR_RANGE,
 * ERR_DUPLICATE, ERR_RULE (contradiction), ERR_UNSUPPORTED, ERR_ENUM, ERR_TOO_LARGE; refusal names the field,
 * as "adopt_rule.rule.tests[2].denominator" with @path "adopt_rule.rule". Takes any unpacked message, also
 * NULL. Rules: docs/rules.md. */
int rule_check(const Comity__V1__Rule *rule, const char *path, struct refusal *refusal);

/* SHA-256("comity/v1/rule" 00 rule in the canonical form of proto3). ERR_MEMORY. docs/rules.md R-10. */
int rule_hash(const Comity__V1__Rule *rule, struct arena *arena, uint8_t ret_hash[HASH_SIZE]);

/* Stance of a raw answer by the rule's scale; STANCE_UNSPECIFIED where the scale has no such answer. R-11. */
Comity__V1__Stance rule_stance(const Comity__V1__Rule *rule, uint32_t answer);
/* Has a ballot of this stance to come with a reason? R-34. */
bool rule_requires_reason(const Comity__V1__Rule *rule, Comity__V1__Stance stance);

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
/* What an outcome means, in a sentence. Static, English, marked for the catalogue. */
const char *rule_explain_outcome(Comity__V1__OutcomeKind kind);
const char *outcome_name(Comity__V1__OutcomeKind kind); /* "ADOPTED" */
const char *stance_name(Comity__V1__Stance stance);     /* "AGREE" */

/* Templates: rules that are shipped, by name, as data. R-35. */
struct rule_template {
    const char *name;
    const char *summary; /* one sentence */
    const Comity__V1__Rule *rule;
};
const struct rule_template *rule_template_at(unsigned index); /* NULL past the end */
const struct rule_template *rule_template_find(const char *name);

#endif
