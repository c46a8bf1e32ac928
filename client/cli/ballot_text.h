/* What a ballot says, in every form: as it is typed, and as it is shown. */
#ifndef COMITY_CLI_BALLOT_TEXT_H
#define COMITY_CLI_BALLOT_TEXT_H

#include "client/cli/told.h"
#include "core/machine/ballot.h"

/* What was typed, by the form of the round's rule: an answer of its scale, an option, a ranking as "a > b = c", a
 * score; options by label or number, and an abstention by its label in every form. In the arena. ERR_USAGE, ERR_OPTION,
 * ERR_DUPLICATE, with a sentence that says what there is. */
int ballot_read(struct cli *cli, const Comity__V1__Round *round, const char *typed,
                struct ballot_answer *ret_given);

/* Parts of the same: an option; a ranking. The round has options. */
int ballot_read_choice(struct cli *cli, const Comity__V1__Round *round, const char *typed,
                       struct ballot_answer *ret_given);
int ballot_read_ranking(struct cli *cli, const Comity__V1__Round *round, const char *typed,
                        struct ballot_answer *ret_given);

/* "agree", "night", "night > day = late", "4": as it can be typed again. Never NULL. */
const char *ballot_said(struct cli *cli, const Comity__V1__Round *round, const struct ballot_answer *given);

/* The same of a ballot as the record has it. */
const char *ballot_row_said(struct cli *cli, const Comity__V1__Round *round, const Comity__V1__Ballot *ballot);

/* What it has to come with and does not: ERR_REASON, ERR_DUTY, with a sentence. */
int ballot_check_duties_here(struct cli *cli, const Comity__V1__Round *round, const struct ballot *ballot);

/* Contributions by their numbers, "3" or "3, 7" each. ERR_USAGE. */
int ballot_read_interests(struct cli *cli, const char *what, const char *typed, uint32_t **numbers,
                          size_t *count);

/* The options, one a line, with what each is; the question, and the order that breaks ties. */
struct told round_question(struct cli *cli, const Comity__V1__Round *round);
/* The same, and which scores there are, for who answers. */
void round_say_question(struct cli *cli, const Comity__V1__Round *round);

#endif
