/* A history that was moved to another group, as its log key says; and an operator's asks, which move it. */
#include <stdlib.h>

#include "client/lib/client.h"
#include "core/endpoint.h"
#include "core/error.h"
#include "core/message.h"
#include "core/move.h"

_Static_assert((int) COMITY_ENDPOINT_SIZE == (int) ENDPOINT_MAX, "an endpoint's room");
_Static_assert((int) COMITY_BROKERS_MAX == (int) MOVE_BROKERS_MAX, "brokers of a group");

enum { MOVED_ARENA_BYTES = 256 * 1024 };

/* By a key that is pinned as the history's: a key that a worker names could be any. Where none is yet, as at a first contact
 * with a history, it is the one that is pinned then, and the other group has to have it as well. */
static int moved_open(struct comity *client, const struct link *link, struct history *history, const Comity__V1__SignedMove *signed_move, struct arena *arena,
                     Comity__V1__MoveNote **ret_note)
{
    int code = ERR_SIGNATURE;
    if (history->pin_count == 0 && link->has_log_key && move_open(signed_move, link->log_key, arena, ret_note) == 0)
        session_pin_first(client, history, link->log_key);
    for (size_t i = 0; i < history->pin_count && code == ERR_SIGNATURE; i++)
        code = move_open(signed_move, history->pins[i], arena, ret_note);
    return code;
}

static void place_take(struct comity_moved *place, const Comity__V1__MoveNote *note)
{
    memcpy(place->group_key, note->to.data, KEY_SIZE);
    place->broker_count = note->n_brokers;
    for (size_t i = 0; i < note->n_brokers; i++) {
        size_t size = strlen(note->brokers[i]->endpoint);
        memcpy(place->brokers[i].endpoint, note->brokers[i]->endpoint, size + 1);
        memcpy(place->brokers[i].server_key, note->brokers[i]->key.data, KEY_SIZE);
    }
}

int moved_take(struct comity *client, const struct link *link, const uint8_t *id, const Comity__V1__SignedMove *signed_move)
{
    struct history *history = history_find(client, id);
    if (history == NULL)
        return ERR_SIGNATURE; /* nothing is known of it, no key either */
    if (history->moved != NULL)
        return 0;
    uint8_t to[GROUP_ID_SIZE];
    Comity__V1__MoveNote *note = NULL;
    struct arena *arena = arena_new(MOVED_ARENA_BYTES);
    struct comity_moved *place = calloc(1, sizeof(*place));
    int code = arena == NULL || place == NULL ? ERR_MEMORY : moved_open(client, link, history, signed_move, arena, &note);
    if (code == 0) {
        group_id(note->to.data, to);
        bool is_of_it = note->stage == COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED &&
                        memcmp(note->history.data, id, HISTORY_ID_SIZE) == 0 &&
                        memcmp(note->from.data, client->group, GROUP_ID_SIZE) == 0 &&
                        memcmp(to, client->group, GROUP_ID_SIZE) != 0;
        code = is_of_it ? 0 : ERR_SIGNATURE;
    }
    if (code == 0) {
        place_take(place, note);
        history->moved = place;
        place = NULL;
    }
    free(place);
    arena_destroy(&arena);
    return code;
}

int comity_moved(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE], struct comity_moved *ret_moved)
{
    pthread_mutex_lock(&client->lock);
    const struct history *found = history_find(client, history);
    bool is_moved = found != NULL && found->moved != NULL;
    if (is_moved)
        *ret_moved = *found->moved;
    pthread_mutex_unlock(&client->lock);
    return is_moved ? 0 : ERR_NOT_FOUND;
}
