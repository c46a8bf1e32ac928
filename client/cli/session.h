/* What verbs about sessions share. */
#ifndef COMITY_CLI_SESSION_H
#define COMITY_CLI_SESSION_H

#include "client/cli/desk.h"
#include "core/machine/attendance.h"

/* A session with what there is of it, as of one answer each. */
struct session_view {
    const Comity__V1__Session *session;
    struct rows seats, presences, constituencies, items, stand_ins;
    struct rows hands; /* those that are up, in the order in which they will speak */
    struct rows time_boxes, sidebars, plus_deltas;
    struct attendance_rows present; /* what the next is worked out of */
    struct attendance attendance;
};

/* Ask for all of it. The items come in the order of the agenda. */
int session_view_read(struct cli *cli, uint32_t number, struct session_view *ret_view);

/* Whether a round could open now by each rule of the body, as lines and as JSON. */
int session_quorum_put(struct cli *cli, const struct session_view *view);

/* "open", "draft" */
const char *session_state_word(Comity__V1__SessionState state);
/* "present", "away", "left" */
const char *presence_state_word(Comity__V1__PresenceState state);

void items_print(struct cli *cli, const struct rows *rows);

/* --starts; now where it was not given. Fails with a sentence. */
int session_starts(struct cli *cli, int64_t *ret_starts_ms);

/* The numbers of the members that --member names, one or more times. Fails with a sentence. */
int members_given(struct cli *cli, size_t *ret_count, uint32_t **ret_members);

/* The time that an option gives, ahead of now. 0 where it was not given. Fails with a sentence. */
int time_given(struct cli *cli, const char *option, int64_t *ret_time_ms);

/* "3 min", "2 h 5 min"; whole minutes, the one that has begun counted. */
const char *shown_span(struct cli *cli, int64_t span_ms);

#endif
