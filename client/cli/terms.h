/* Terms of a decision, as people give and read them. */
#ifndef COMITY_CLI_TERMS_H
#define COMITY_CLI_TERMS_H

#include "client/cli/desk.h"
#include "client/cli/told.h"

/* From the options --effective, --trial-until, --review, --sunset, --effect, --clause, --reopen-by,
 * --reopen-on; NULL where none of them was given. Texts are taken in the order of the contract: after the
 * proposal's. */
int terms_given(struct cli *cli, Comity__V1__Terms **ret_terms);

/* One line a term, each with @indent before it; none for NULL. */
struct told terms_lines(struct cli *cli, const Comity__V1__Terms *terms, const char *indent);
void terms_say(struct cli *cli, const Comity__V1__Terms *terms, const char *indent);

/* "in effect", "superseded". */
const char *decision_state_word(Comity__V1__DecisionState state);

/* The options, for verbs that take a proposal's text. */
#define TERMS_OPTIONS                                                                                        \
    {"effective", "TIME", N_("when it takes effect, if it is adopted (else at once)"), 0, 0},                \
        {"trial-until", "TIME", N_("it is a trial: it ends then unless a later decision confirms it"), 0,    \
         0},                                                                                                 \
        {"review", "TIME", N_("when it is to be reviewed"), 0, 0},                                           \
        {"sunset", "TIME", N_("when it ends"), 0, 0},                                                        \
        {"effect", "DOES=DECISION",                                                                          \
         N_("what it does to another decision of the body: supersedes, suspends, resumes, confirms or "      \
            "ends"),                                                                                         \
         0, 1},                                                                                              \
        {"clause", "TITLE=CONSTITUENCY,...",                                                                 \
         N_("a clause of an agreement that it touches, and who has to sign before it has effect"), 0, 1},    \
        {"reopen-by", "WHO", N_("who may reopen it: co-chair (the default), seat, facilitator or nobody"),   \
         0, 0},                                                                                              \
    {                                                                                                        \
        "reopen-on", "TEXT", N_("on what new fact"), 0, 0                                                    \
    }

#endif
