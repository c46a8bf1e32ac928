/* The public face of heads. */
#include <stdio.h>

#include "client/lib/client.h"
#include "client/lib/lag.h"
#include "core/error.h"

static void checkpoint_fill(const struct head *head, struct comity_checkpoint *ret_checkpoint)
{
    struct comity_checkpoint checkpoint = {
        .epoch = head->epoch, .size = head->size, .note_size = head->note_size};
    memcpy(checkpoint.root, head->root, HASH_SIZE);
    memcpy(checkpoint.note, head->note, head->note_size);
    *ret_checkpoint = checkpoint;
}

static struct head head_of(const struct comity_checkpoint *checkpoint)
{
    struct head head = {
        .epoch = checkpoint->epoch, .size = checkpoint->size, .note_size = checkpoint->note_size};
    memcpy(head.root, checkpoint->root, HASH_SIZE);
    memcpy(head.note, checkpoint->note, checkpoint->note_size);
    return head;
}

int comity_checkpoint(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                      struct comity_checkpoint *ret_checkpoint)
{
    pthread_mutex_lock(&client->lock);
    const struct history *found = history_find(client, history);
    int code = found == NULL || found->head.size == 0 ? ERR_NOT_FOUND : 0;
    if (code == 0)
        checkpoint_fill(&found->head, ret_checkpoint);
    pthread_mutex_unlock(&client->lock);
    return code;
}

int comity_checkpoint_kept(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                           const struct comity_pin *pins, size_t pin_count,
                           struct comity_checkpoint *ret_checkpoint)
{
    struct head head;
    uint8_t keys[PINS_MAX][KEY_SIZE];
    struct head_place place = {journal, history, (const uint8_t(*)[KEY_SIZE]) keys, 0};
    for (size_t i = 0; i < pin_count && place.key_count < PINS_MAX; i++)
        if (memcmp(pins[i].history, history, HISTORY_ID_SIZE) == 0)
            memcpy(keys[place.key_count++], pins[i].log_key, KEY_SIZE);
    int code = head_load(&place, &head);
    if (code == 0)
        checkpoint_fill(&head, ret_checkpoint);
    return code;
}

int comity_checkpoint_read(const uint8_t *note, size_t size, const uint8_t history[COMITY_HISTORY_SIZE],
                           const struct comity_pin *pins, size_t pin_count,
                           struct comity_checkpoint *ret_checkpoint)
{
    struct head head;
    int code = ERR_SIGNATURE;
    for (size_t i = 0; i < pin_count && code == ERR_SIGNATURE; i++)
        if (memcmp(pins[i].history, history, HISTORY_ID_SIZE) == 0)
            code = head_open(BYTES(note, size), history, &pins[i].log_key, 1, &head);
    if (code == 0)
        checkpoint_fill(&head, ret_checkpoint);
    return code;
}

int comity_fork_keep(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE], const char *why,
                     const struct comity_checkpoint *own, const struct comity_checkpoint *other,
                     char *ret_path, size_t size)
{
    char path[FORK_PATH_MAX];
    struct head head = head_of(own), other_head = head_of(other);
    struct fork fork = {.why = why,
                        .head = &head,
                        .other = BYTES(other_head.note, other_head.note_size),
                        .other_head = other_head};
    int code = fork_keep(journal, history, &fork, path);
    if (code == 0 && (size_t) snprintf(ret_path, size, "%s", path) >= size)
        return ERR_FILE;
    return code;
}

int comity_checkpoint_replace(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                              const struct comity_checkpoint *kept, const struct comity_checkpoint *other)
{
    const struct head_place place = {.journal = journal, .history = history};
    struct head known = head_of(kept), head = head_of(other);
    return head_replace(&place, &known, &head);
}

int comity_belief(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE])
{
    pthread_mutex_lock(&client->lock);
    const struct history *found = history_find(client, history);
    int code = found == NULL || client->journal == NULL || !found->is_reader ? 0 : ERR_TIMEOUT;
    for (size_t i = 0; code != 0 && i < client->link_count; i++)
        if (client->links[i].state == LINK_READY && found->believed[i] == client->links[i].welcome)
            code = 0;
    int lag = lag_of(client, found);
    if (code != 0 && lag != 0)
        code = lag;
    if (found != NULL && found->is_forked)
        code = ERR_FORKED;
    else if (found != NULL && found->moved != NULL)
        code = ERR_MOVED;
    pthread_mutex_unlock(&client->lock);
    return code;
}
