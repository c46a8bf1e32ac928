/* RECORDED and FINAL, as people are told: docs/trust.md, "Recorded and final". Asked for once a run, and only
 * by verbs that show it. */
#ifndef COMITY_CLI_FINALITY_H
#define COMITY_CLI_FINALITY_H

#include "client/cli/desk.h"
#include "core/finality.h"

/* A cosignature of a witness that stands, and the checkpoint that it is over. */
struct checked_cosignature {
    const Comity__V1__Cosignature *row;
    struct comity_checkpoint checkpoint;
};

struct shown_finality {
    struct finality finality;
    uint64_t head;    /* how far this machine has verified the record */
    bool has_witness; /* any party has one */
    struct checked_cosignature *checked;
    size_t checked_count;
};

/* Every cosignature that is counted was checked here: its key, and that its tree and what this machine has
 * verified are one record. ERR_FORKED, with a sentence: they are not. */
int finality_ask(struct cli *cli, const struct shown_finality **ret_finality);

/* What is shown is FINAL if all that is shown is: as far as the latest event that changed any of it. These collect the
 * number of that event, over rows of lists, which all have it (`changed`). A row whose worker does not say it makes it
 * FINALITY_UNKNOWN: then it is FINAL if the whole record is. What is no row counts for nothing. Begin with 0. */
#define FINALITY_UNKNOWN UINT64_MAX
uint64_t finality_later(uint64_t latest, const ProtobufCMessage *row);
uint64_t finality_later_of(uint64_t latest, const struct rows *rows);

/* The same for all that one run shows, in cli->latest. desk_json and desk_json_rows do it for what they put in the document;
 * what is told and is not in the document is given here. */
void finality_shows(struct cli *cli, const ProtobufCMessage *row);

/* One line for people, and "finality" for programs: of all that was shown until now. Where it could not be found out it
 * says so; only ERR_FORKED is returned. */
int finality_say(struct cli *cli);
/* The same beside what is more than an outcome: the line only where a party has a witness. */
int finality_say_beside(struct cli *cli);
/* The same, of the whole record. */
int finality_say_all(struct cli *cli);

/* Of one of several that are shown together, of which @latest was collected: "is_final" in its @row (NULL: it has none; null: not
 * found out), the same line, and a word for a table. Both are NULL where no party has a witness, or it could not be found
 * out. As finality_say. */
int finality_of_one(struct cli *cli, uint64_t latest, struct json_object *row, const char **ret_line, const char **ret_word);
/* The same of one that is shown by its row alone: the word follows its @state. */
int finality_state(struct cli *cli, const ProtobufCMessage *shown, struct json_object *row, const char **state);

/* For what is shown and no longer in force: nothing is said, and "finality" is null. */
int finality_say_none(struct cli *cli);

/* The line of the whole record by itself; NULL where it cannot be said. */
const char *finality_line(struct cli *cli);

/* As finality_say puts it, of the whole record, asked for anew: for what goes on and on. *ret_line is NULL
 * where no party has a witness. *ret_is_all: there is nothing to wait for. */
int finality_watched(struct cli *cli, const char **ret_line, bool *ret_is_all);
struct json_object *finality_json(struct cli *cli);

/* Is the event with this number FINAL? For lists that mark each line; false where it is not known. */
bool finality_has(struct cli *cli, uint64_t sequence);

#endif
