/* The list of the group's brokers: taken from a WELCOME, and used. */
#include <stdio.h>
#include <stdlib.h>

#include "client/lib/client.h"
#include "core/broker_list.h"
#include "core/error.h"

enum { LIST_ARENA_BYTES = 256 * 1024 };

_Static_assert((int) COMITY_BROKERS_MAX == (int) BROKER_LIST_MAX &&
                   (int) COMITY_BROKER_LIST_SIZE == (int) BROKER_LIST_BYTES &&
                   (int) COMITY_ENDPOINT_SIZE == (int) ENDPOINT_MAX &&
                   (int) COMITY_SITE_SIZE == BROKER_SITE_MAX + 1,
               "comity.h");

static void list_fill(const struct broker_list *list, struct bytes packed, const uint8_t *signature,
                      struct comity_broker_list *ret_list)
{
    memset(ret_list, 0, sizeof(*ret_list));
    ret_list->number = list->number;
    ret_list->broker_count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        snprintf(ret_list->brokers[i].site, COMITY_SITE_SIZE, "%s", list->brokers[i].site);
        snprintf(ret_list->brokers[i].endpoint, COMITY_ENDPOINT_SIZE, "%s", list->brokers[i].endpoint);
        memcpy(ret_list->brokers[i].server_key, list->brokers[i].key, KEY_SIZE);
    }
    ret_list->packed_size = packed.size;
    memcpy(ret_list->packed, packed.data, packed.size);
    memcpy(ret_list->signature, signature, SIGNATURE_SIZE);
}

static int list_open(struct bytes packed, struct bytes signature, const uint8_t *group,
                     const uint8_t *log_key, struct comity_broker_list *ret_list)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(LIST_ARENA_BYTES);
    struct broker_list list;
    if (arena == NULL)
        return ERR_MEMORY;
    int code = broker_list_open(packed, signature, group, log_key, arena, &list);
    if (code == 0)
        list_fill(&list, packed, signature.data, ret_list);
    return code;
}

int comity_brokers_read(const uint8_t *packed, size_t size, const uint8_t signature[64],
                        const uint8_t group_key[COMITY_KEY_SIZE], const struct comity_pin *pins,
                        size_t pin_count, struct comity_broker_list *ret_list)
{
    uint8_t group[GROUP_ID_SIZE];
    int code = ERR_SIGNATURE;
    group_id(group_key, group);
    for (size_t i = 0; i < pin_count && code == ERR_SIGNATURE; i++)
        code = list_open(BYTES(packed, size), BYTES(signature, SIGNATURE_SIZE), group, pins[i].log_key,
                         ret_list);
    return code;
}

int comity_brokers(struct comity *client, struct comity_broker_list *ret_list)
{
    pthread_mutex_lock(&client->lock);
    int code = client->brokers == NULL ? ERR_NOT_FOUND : 0;
    if (code == 0)
        *ret_list = *client->brokers;
    pthread_mutex_unlock(&client->lock);
    return code;
}

/* Does it sign the checkpoints of a history that this client knows? */
static bool is_known(const struct comity *client, const uint8_t *log_key)
{
    for (size_t i = 0; i < client->history_count; i++)
        if (history_has_pin(client->histories[i], log_key))
            return true;
    return false;
}

static bool has_link(const struct comity *client, const struct comity_broker_place *place)
{
    for (size_t i = 0; i < client->link_count; i++)
        if (strcmp(client->links[i].endpoint, place->endpoint) == 0 &&
            memcmp(client->links[i].server_key, place->server_key, KEY_SIZE) == 0)
            return true;
    return false;
}

/* Those that are new, behind the others. One that cannot be opened now is tried again like any other. */
static void links_add(struct comity *client)
{
    for (size_t i = 0; i < client->brokers->broker_count && client->link_count < COMITY_BROKERS_MAX; i++) {
        const struct comity_broker_place *place = &client->brokers->brokers[i];
        struct comity_broker broker = {.endpoint = place->endpoint};
        memcpy(broker.server_key, place->server_key, KEY_SIZE);
        if (!has_link(client, place))
            link_init(client, client->link_count, &broker);
    }
}

void brokers_welcome(struct comity *client, struct link *link, const Comity__V1__Welcome *welcome)
{
    if (welcome->brokers.len == 0 || !is_known(client, link->log_key))
        return;
    struct comity_broker_list *list = malloc(sizeof(*list));
    if (list == NULL)
        return; /* the next WELCOME tells it again */
    int code = list_open(BYTES(welcome->brokers.data, welcome->brokers.len),
                         BYTES(welcome->brokers_signature.data, welcome->brokers_signature.len),
                         client->group, link->log_key, list);
    if (code != 0 || list->number <= client->broker_list) {
        free(list);
        return;
    }
    free(client->brokers);
    client->brokers = list;
    client->broker_list = list->number;
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_BROKERS, .sequence = list->number});
    links_add(client);
}
