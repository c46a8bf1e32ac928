/* Two groups of one log key, of which each has followers, and a history that moves from the one to the other: the steps, given to
 * whoever leads. */
#ifndef COMITY_TESTS_STORE_MOVES_H
#define COMITY_TESTS_STORE_MOVES_H

#include "core/move.h"
#include "group.h"
#include "worker/export.h"

enum { MOVES_PIECE = 4000, MOVES_COMMANDS_MAX = 256 };

struct moves {
    struct group *old, *new;
    uint8_t from[KEY_SIZE], to[KEY_SIZE]; /* of the old group, of the new one */
    struct scene *scene;                  /* with the history's members: of the group that had it first */
    struct arena *arena;
    const struct command *commands[MOVES_COMMANDS_MAX]; /* that are remembered, and what each was answered */
    struct bytes replies[MOVES_COMMANDS_MAX];
    size_t count;
    uint8_t view[HASH_SIZE]; /* of the history as it was frozen */
    uint8_t *stream;
    size_t size;
    Comity__V1__SignedMove *frozen, *taken;
    Comity__V1__MoveAnswer *answer; /* of the last step */
    struct batch_result result;
    struct refusal refusal;
    char reason[EXPORT_REASON_MAX];
};

/* For cmocka. */
int moves_setup(void **state);
int moves_teardown(void **state);

/* An open round with ballots; a refusal that is kept. @closes_ms: 0, or when the round closes by itself. */
void moves_hold_a_round(struct moves *moves, int64_t closes_ms);
/* What the scene is to do, done; and what it was answered. */
void moves_remember(struct moves *moves);

/* Asking a group's leader; what it answers is in @moves. A code of batch_move. */
int moves_freeze(struct moves *moves);
int moves_say(struct moves *moves, struct group *group, Comity__V1__SignedMove *note);
int moves_give_up(struct moves *moves);
void moves_copy(struct moves *moves); /* the stream, as it is now */
int moves_give_piece_of(struct moves *moves, uint8_t copy, uint64_t offset, size_t size);
int moves_give_piece(struct moves *moves, uint64_t offset);
int moves_give_all(struct moves *moves, uint64_t offset); /* from there on; then @taken */
int moves_stage_of(struct moves *moves, const Comity__V1__SignedMove *note);

/* The followers take all that there is, and have the same; while a history is on its way in, there is no export to compare. */
void moves_all_follow(struct group *group);
void moves_all_have_the_hash(struct group *group);

/* The commands of the history's members go to this group from now on. */
void moves_go_to(struct moves *moves, struct group *group);
int moves_act(struct moves *moves, unsigned member); /* one; its code */
void moves_replies_hold(struct moves *moves);        /* each that is remembered is answered as before */

/* Old and new change places: the way back. */
void moves_turn(struct moves *moves);
/* For everybody. */
void moves_pass(struct moves *moves, int64_t time_ms);

/* What a group's leader has of it: move_gate. */
bool moves_has_history(struct moves *moves, struct group *group, struct store_history *ret_history);
int moves_gate(struct moves *moves, struct group *group, bool is_act);

#endif
