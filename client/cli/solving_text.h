/* Problem solving in words, and what its verbs have in common. */
#ifndef COMITY_CLI_SOLVING_TEXT_H
#define COMITY_CLI_SOLVING_TEXT_H

#include "client/cli/desk.h"
#include "core/machine/phase.h"

/* "shared interest", "seconded", "answered"; "?" of a value that is none. */
const char *word_of_kind(Comity__V1__ContributionKind kind);
const char *word_of_contribution(Comity__V1__ContributionState state);
const char *word_of_concern(Comity__V1__ConcernState state);
const char *word_of_request(Comity__V1__DataRequestState state);
const char *word_of_position(Comity__V1__FactPosition position);

/* Where an item in this phase can be moved: "story, data and interests"; "nowhere". */
const char *shown_moves(struct cli *cli, phase_t from);

/* "agreed by union; disputed by management"; "nobody has said anything of it". */
const char *shown_judgements(struct cli *cli, const Comity__V1__Fact *fact);

/* A text of one's own from the command line, 1 to 4,096 bytes: of an argument, or an option. Of an option that was not
 * given: NULL. */
int words_argument(struct cli *cli, const char *name, Comity__V1__TextRef **ret_words);
int words_option(struct cli *cli, const char *name, Comity__V1__TextRef **ret_words);

/* The numbers of an option that can be given several times, in the arena. */
int numbers_option(struct cli *cli, const char *name, uint32_t **ret_numbers, size_t *ret_count);

/* A time that was given by an option, in the future; 0 where it was not given. */
int time_option(struct cli *cli, const char *name, int64_t *ret_time_ms);

/* Sign and send a command of which @body is the message. */
int give(struct cli *cli, Comity__V1__Command__BodyCase kind, void *body, const Comity__V1__Event **ret_event);

/* Sections of `item show`, with what they put into the document. In the files of their verbs. */
int say_contributions(struct cli *cli, uint32_t item);
int say_data(struct cli *cli, uint32_t item);
/* Of one proposal: what it meets, as far as anybody says so, and what stands against it. @version: the text that is
 * meant; what was said of another one is marked. */
int say_links(struct cli *cli, const Comity__V1__Proposal *proposal, uint32_t version);
int say_concerns(struct cli *cli, uint32_t proposal);

#endif
