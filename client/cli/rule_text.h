/* A decision rule in plain words, line by line. */
#ifndef COMITY_CLI_RULE_TEXT_H
#define COMITY_CLI_RULE_TEXT_H

#include "client/cli/cli.h"
#include "core/rule/rule.h"

/* The whole rule, in sentences: rule_say.c */
void rule_say(struct cli *cli, const Comity__V1__Rule *rule);
/* What its rounds can come to, and what that means. */
void rule_say_outcomes(struct cli *cli, const Comity__V1__Rule *rule);

/* One test in words: "quorum: in each party, at least 1/2 of the members on the roll are present; else there
 * is no quorum". */
const char *rule_test_text(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__Test *test);
/* What may be chosen, by its number: its label, or "option 3". */
const char *rule_option_text(struct cli *cli, Comity__V1__Option *const *options, size_t count,
                             uint32_t number);
/* "co-chair" */
const char *office_word(struct cli *cli, Comity__V1__Office office);
/* "14 days", "72 hours" */
const char *shown_duration(struct cli *cli, int64_t ms);

/* When a round of it closes, as the rest of a sentence: "at TIME, or earlier by a facilitator". */
const char *rule_closing(struct cli *cli, const Comity__V1__Rule *rule, int64_t closes_ms);

/* "stand aside": lower case, for sentences. */
const char *stance_word(Comity__V1__Stance stance);
/* "ADOPTED", in the reader's language. */
const char *outcome_word(Comity__V1__OutcomeKind kind);

/* An answer of the scale by its label or its number. ERR_USAGE, with the labels. */
int rule_read_answer(struct cli *cli, const Comity__V1__Rule *rule, const char *typed, uint32_t *ret_answer);
/* The label, escaped; the number where the scale has none. */
const char *rule_answer_label(struct cli *cli, const Comity__V1__Rule *rule, uint32_t answer);

#endif
