/* What became of an append: each answer of etcd, and what it means. Pure.
 *
 * An append of entry n compares the leader (its create_revision is my term) and the head (behind n - 1, as I have it), puts
 * entry and head, and else reads leader, head and entry n. The same bytes are sent again until the fate is known: of several
 * copies one at most is executed, since the head moves. Once the leader is another's no copy is executed any more, however
 * late it arrives. docs/adr/0028. */
#ifndef COMITY_WORKER_LOG_APPEND_H
#define COMITY_WORKER_LOG_APPEND_H

#include <stdbool.h>
#include <stdint.h>

/* What came of one try. */
enum append_answer {
    APPEND_ANSWERED, /* the comparison was made */
    APPEND_REFUSED,  /* this try was not executed */
    APPEND_OPEN,     /* it may have been, or may be still */
};

enum append_leader { LEADER_ANY, LEADER_MINE, LEADER_OTHER }; /* OTHER: or there is none */
enum append_entry { ENTRY_ANY, ENTRY_MINE, ENTRY_OTHER, ENTRY_NONE };
enum append_head {
    HEAD_ANY,
    HEAD_BEFORE,  /* behind n - 1, as I have it */
    HEAD_MINE,    /* behind n, as this entry makes it */
    HEAD_INSTEAD, /* behind n, as another entry makes it */
    HEAD_BEYOND,  /* behind a later one */
    HEAD_STRANGE, /* there is none, or it is behind what I have applied, or behind another n - 1 than mine */
};

/* Of one try; leader, entry and head with ANSWERED and a comparison that failed. */
struct append_seen {
    enum append_answer answer;
    bool is_done; /* the comparison held */
    enum append_leader leader;
    enum append_entry entry;
    enum append_head head;
};

enum append_verdict {
    APPEND_EXECUTED,
    APPEND_NOT_EXECUTED, /* and never will be */
    APPEND_AGAIN,        /* send the same bytes again */
    APPEND_GIVE_UP,    /* this try was not executed, and no earlier one is open: sending again is a choice */
    APPEND_UNKNOWABLE, /* from the log it cannot be told any more */
};

/* An append from its first try on. Starts as zeros. */
struct append {
    bool is_open; /* a try may be executed still */
};

enum append_verdict append_judge(struct append *append, const struct append_seen *seen);

/* The table that append_judge walks: the first row that fits. Tests walk it too. */
struct append_row {
    enum append_answer answer;
    bool is_done;
    enum append_entry entry;
    enum append_leader leader;
    enum append_head head;
    enum append_verdict verdict;
};
const struct append_row *append_rows(unsigned *ret_count);

#endif
