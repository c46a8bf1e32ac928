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
    bool has_time; /* of the first event that is not FINAL, it was asked for */
    int64_t next_ms;
};

/* Every cosignature that is counted was checked here: its key, and that its tree and what this machine has
 * verified are one record. ERR_FORKED, with a sentence: they are not. */
int finality_ask(struct cli *cli, const struct shown_finality **ret_finality);

/* One line for people, and "finality" for programs: of what has happened at @time_ms, by the log's clock; 0:
 * of the whole record. Where it could not be found out it says so; only ERR_FORKED is returned. */
int finality_say(struct cli *cli, int64_t time_ms);

/* Of one of several that are shown together: "is_final" in its @row (NULL: it has none; null: not found out), the same line,
 * and a word for a table. Both are NULL where no party has a witness, or it could not be found out. As finality_say. */
int finality_of_one(struct cli *cli, int64_t time_ms, struct json_object *row, const char **ret_line, const char **ret_word);

/* For what is shown and no longer in force: nothing is said, and "finality" is null. */
int finality_say_none(struct cli *cli);

/* The line by itself; NULL where it cannot be said. For pages and boards. */
const char *finality_line(struct cli *cli, int64_t time_ms);

/* As finality_say puts it, of the whole record, asked for anew: for what goes on and on. *ret_line is NULL
 * where no party has a witness. *ret_is_all: there is nothing to wait for. */
int finality_watched(struct cli *cli, const char **ret_line, bool *ret_is_all);
struct json_object *finality_json(struct cli *cli);

/* Is the event with this number FINAL? For lists that mark each line; false where it is not known. */
bool finality_has(struct cli *cli, uint64_t sequence);

#endif
