/* What is known of a session that is being watched: the rows that a screen shows, asked for again where an
 * event changed them. Pages of the record tell which; who answered a round is taken from them directly, for
 * that is what happens most. */
#ifndef COMITY_CLI_BOARD_H
#define COMITY_CLI_BOARD_H

#include "client/cli/desk.h"
#include "core/machine/attendance.h"

/* Rows of one kind, with their texts, in memory of their own. */
struct board_list {
    Comity__V1__ListKind kind;
    struct arena *arena;
    struct prose *prose;
    ProtobufCMessage **rows;
    size_t count, room;
    bool is_stale;
};

enum board_place {
    BOARD_SESSION,
    BOARD_SEATS,
    BOARD_PRESENCES,
    BOARD_STAND_INS,
    BOARD_HANDS,
    BOARD_TIME_BOXES,
    BOARD_ITEMS,
    BOARD_PROPOSALS, /* of the item of the round */
    BOARD_ROUND,     /* that is open, or was last */
    BOARD_ROLL,
    BOARD_CONSTITUENCIES,
    BOARD_PLACES,
};

enum { BOARD_FINALITY_MAX = 512, BOARD_SENT_MAX = 3 };

struct board {
    struct cli *cli;
    uint32_t session;
    uint32_t round; /* number; 0: there was none yet */
    uint64_t as_of; /* the last number of the record that it reflects */
    uint32_t epoch;
    struct board_list lists[BOARD_PLACES];
    char finality[BOARD_FINALITY_MAX]; /* how far the record is FINAL, in a line; "": no party has a witness,
                                          or not known */
    int64_t finality_ms;               /* when it was asked for, by this machine's clock */
    bool is_finality_old;              /* something came since */
    char sent[BOARD_SENT_MAX]
             [BOARD_FINALITY_MAX]; /* what became of acts that waited here: the latest last; "": none */
    bool is_all_final;             /* all that there was then; or no party has a witness */
};

int board_init(struct board *board, struct cli *cli, uint32_t session);
void board_release(struct board *board);

/* Read on in the record, and whatever it has changed. 0, also where nothing is new; or a failure with its
 * sentence. */
int board_refresh(struct board *board);

/* Rows by what they are. NULL where there are none. */
const Comity__V1__Session *board_session(const struct board *board);
const Comity__V1__Round *board_round(const struct board *board);
const Comity__V1__Item *board_item(const struct board *board, uint32_t number);
/* The item that is being talked about: that has a time box, or the open round, or came to its phase last. */
const Comity__V1__Item *board_item_in_hand(const struct board *board);
/* The proposal that the round tests. */
const Comity__V1__Proposal *board_proposal(const struct board *board);

/* Prose of a row, escaped, in the run's arena of the moment; "(withheld)". */
const char *board_shown(const struct board *board, enum board_place place, const Comity__V1__TextRef *text);

/* Who is there, in @arena. */
struct attendance_rows board_rows_present(const struct board *board);
int board_attendance(const struct board *board, struct arena *arena, struct attendance *ret_attendance);

#endif
