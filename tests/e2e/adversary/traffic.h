/* Honest traffic: what the members of a history have sent, signed as a client signs it, with the answer to
 * each. Drawn from a seed by tests/support/random_commands: foundings, rolls, keys, sessions, rounds of every
 * form, ladders, decisions, and among them the mistakes that honest people make. */
#ifndef COMITY_TESTS_ADVERSARY_TRAFFIC_H
#define COMITY_TESTS_ADVERSARY_TRAFFIC_H

#include "path.h"

enum { TRAFFIC_MAX = 16384, TRAFFIC_KEYS_MAX = 8192 };

/* One command as it was sent. */
struct sent {
    struct command command; /* opened, with its texts */
    int64_t time_ms;
    int code;            /* of its answer */
    bool was_ordered;    /* it got as far as the machine */
    struct bytes packed; /* its answer: a Reply */
    uint64_t sequence;
};

struct traffic {
    struct sent *sent;
    size_t count;
    uint8_t history[HISTORY_ID_SIZE];
    struct signing_key keys[TRAFFIC_KEYS_MAX]; /* of everybody: members, invitations, strangers */
    size_t key_count;
    struct bytes *events; /* every event of the record afterwards, packed */
    uint64_t event_count;
    struct arena *arena;
};

/* Play @count commands from @seed through a path of their own. */
struct traffic *traffic_play(uint64_t seed, size_t count);
void traffic_destroy(struct traffic **traffic);

/* A command as the body of a REQUEST, in the arena. */
struct bytes traffic_request(struct bytes signed_command, const struct command_text *texts, size_t text_count,
                             struct arena *arena);
/* The frame of one that was sent, for another path. */
struct bytes traffic_frame(struct path *path, const struct sent *sent, struct arena *arena);
const struct signing_key *traffic_key(const struct traffic *traffic, ProtobufCBinaryData public_key);
/* Every event that a path's store holds, in the arena; their number. */
uint64_t traffic_events(struct path *path, const uint8_t *history, struct arena *arena,
                        struct bytes **ret_events);

#endif
