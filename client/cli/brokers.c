#include "client/cli/brokers.h"

#include <stdio.h>
#include <unistd.h>

#include "client/cli/json_file.h"
#include "client/cli/language.h"
#include "core/error.h"

enum { KEPT_BYTES = 64 * 1024 };

static int kept_path(const char *home, const char *name, char ret_path[PATH_BYTES])
{
    int length = snprintf(ret_path, PATH_BYTES, "%s/contexts/%s.brokers", home, name);

    return length < 0 || length >= PATH_BYTES ? ERR_RANGE : 0;
}

/* ---- Where to go ---- */

static bool is_at(const struct place *place, const char *endpoint, const uint8_t *key)
{
    for (size_t i = 0; i < place->broker_count; i++)
        if (strcmp(place->brokers[i].endpoint, endpoint) == 0 &&
            memcmp(place->brokers[i].key, key, KEY_SIZE) == 0)
            return true;
    return false;
}

/* Unless it is there already, or there is no room. */
static void reach_add(struct context *context, const char *site, const char *endpoint, const uint8_t *key,
                      size_t room)
{
    struct place *reach = &context->reach;

    if (reach->broker_count >= room || is_at(reach, endpoint, key))
        return;
    snprintf(context->sites[reach->broker_count], BROKER_SITE_MAX + 1, "%s", site);
    struct place_broker *broker = &reach->brokers[reach->broker_count++];
    snprintf(broker->endpoint, ENDPOINT_MAX, "%s", endpoint);
    memcpy(broker->key, key, KEY_SIZE);
}

/* Those of the list that have this site and this key; NULL: any. */
static void reach_add_listed(struct context *context, const struct comity_broker_list *list, const char *site,
                             const uint8_t *key, size_t room)
{
    for (size_t i = 0; i < list->broker_count; i++) {
        const struct comity_broker_place *broker = &list->brokers[i];
        if ((site == NULL || strcmp(broker->site, site) == 0) &&
            (key == NULL || memcmp(broker->server_key, key, KEY_SIZE) == 0))
            reach_add(context, broker->site, broker->endpoint, broker->server_key, room);
    }
}

static bool has_site(const struct comity_broker_list *list, const char *site)
{
    for (size_t i = 0; i < list->broker_count; i++)
        if (strcmp(list->brokers[i].site, site) == 0)
            return true;
    return false;
}

/* The site that was gone to first stays so by its name; else it is that of the first broker that was given
 * and is in the list. */
static void choose_site(struct context *context, const struct comity_broker_list *list, const char *kept)
{
    const char *chosen = kept[0] != '\0' && has_site(list, kept) ? kept : "";

    for (size_t i = 0; i < context->place.broker_count && chosen[0] == '\0'; i++)
        for (size_t j = 0; j < list->broker_count && chosen[0] == '\0'; j++)
            if (memcmp(context->place.brokers[i].key, list->brokers[j].server_key, KEY_SIZE) == 0)
                chosen = list->brokers[j].site;
    snprintf(context->own_site, sizeof(context->own_site), "%s", chosen);
}

/* The list has another key for the broker at this address: a later one, as of a machine that was replaced. */
static bool is_replaced(const struct place *listed, const struct place_broker *broker)
{
    bool is_there = false;

    for (size_t i = 0; i < listed->broker_count; i++)
        is_there |= strcmp(listed->brokers[i].endpoint, broker->endpoint) == 0;
    return is_there && !is_at(listed, broker->endpoint, broker->key);
}

/* One of those that were given always stays: a list whose brokers are all out of reach could not be replaced. */
static void reach_order(struct context *context, const struct comity_broker_list *list)
{
    const struct place *place = &context->place;
    struct context listed = {.broker_list = 0};
    bool is_all_listed = true, is_any_listed = false;

    reach_add_listed(&listed, list, NULL, NULL, PLACE_BROKERS_MAX);
    for (size_t i = 0; i < place->broker_count; i++) {
        bool is_listed = is_at(&listed.reach, place->brokers[i].endpoint, place->brokers[i].key);
        is_all_listed &= is_listed;
        is_any_listed |= is_listed;
    }
    size_t room = is_all_listed ? PLACE_BROKERS_MAX : PLACE_BROKERS_MAX - 1;
    context->reach.broker_count = 0;
    if (context->own_site[0] != '\0')
        reach_add_listed(context, list, context->own_site, NULL, room);
    for (size_t i = 0; i < place->broker_count; i++)
        reach_add_listed(context, list, NULL, place->brokers[i].key, room);
    reach_add_listed(context, list, NULL, NULL, room);
    for (size_t i = 0; i < place->broker_count; i++)
        if (!is_any_listed || !is_replaced(&listed.reach, &place->brokers[i]))
            reach_add(context, "", place->brokers[i].endpoint, place->brokers[i].key, PLACE_BROKERS_MAX);
}

/* ---- The file ---- */

static int hex_take(struct json_object *value, const char *name, uint8_t *ret_bytes, size_t size_max,
                    size_t *ret_size)
{
    const char *hex;
    int code = json_get_text(value, name, 2 * size_max, &hex);

    if (code != 0)
        return code;
    *ret_size = strlen(hex) / 2;
    return hex_decode(hex, ret_bytes, *ret_size);
}

static int kept_from_json(struct json_object *value, const struct context *context,
                          struct comity_broker_list *ret_list, char ret_site[BROKER_SITE_MAX + 1])
{
    uint8_t packed[BROKER_LIST_BYTES], signature[SIGNATURE_SIZE];
    struct comity_pin pins[CONTEXT_PINS_MAX];
    size_t size, signature_size;
    const char *site;
    int code = hex_take(value, "brokers", packed, sizeof(packed), &size);

    if (code == 0)
        code = hex_take(value, "signature", signature, sizeof(signature), &signature_size);
    if (code == 0 && signature_size != SIGNATURE_SIZE)
        code = ERR_MALFORMED;
    if (code == 0)
        code = json_get_text(value, "site", BROKER_SITE_MAX, &site);
    if (code != 0)
        return code;
    for (size_t i = 0; i < context->pin_count; i++) {
        memcpy(pins[i].history, context->history, HISTORY_ID_SIZE);
        memcpy(pins[i].log_key, context->pins[i], KEY_SIZE);
    }
    snprintf(ret_site, BROKER_SITE_MAX + 1, "%s", site);
    return comity_brokers_read(packed, size, signature, context->place.group_key, pins, context->pin_count,
                               ret_list);
}

static int kept_read(const char *home, const struct context *context, struct comity_broker_list *ret_list,
                     char ret_site[BROKER_SITE_MAX + 1])
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char path[PATH_BYTES], why[FILE_REASON_MAX];
    struct bytes content;

    if (arena == NULL || kept_path(home, context->name, path) != 0 || access(path, F_OK) != 0)
        return ERR_NOT_FOUND;
    int code = file_read(path, KEPT_BYTES, arena, &content, why);
    if (code != 0)
        return code;
    struct json_object *value = json_read(content);
    code = value == NULL ? ERR_MALFORMED : kept_from_json(value, context, ret_list, ret_site);
    json_object_put(value);
    return code;
}

void brokers_find(const char *home, struct context *context)
{
    struct comity_broker_list list;
    char site[BROKER_SITE_MAX + 1];

    context->reach = context->place;
    context->broker_list = 0;
    context->own_site[0] = '\0';
    memset(context->sites, 0, sizeof(context->sites));
    if (context->pin_count == 0 || kept_read(home, context, &list, site) != 0)
        return;
    context->broker_list = list.number;
    choose_site(context, &list, site);
    reach_order(context, &list);
}

static void add_hex(struct json_object *value, const char *name, struct bytes bytes, struct arena *arena)
{
    char *hex = arena_alloc(arena, 2 * bytes.size + 1);

    if (hex == NULL)
        return;
    hex_encode(bytes, hex);
    json_object_object_add(value, name, json_object_new_string(hex));
}

/* The caller holds the home's lock. */
static int kept_write(const char *home, const struct context *context, const struct comity_broker_list *list,
                      char reason[CONTEXT_REASON_MAX])
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    char path[PATH_BYTES], why[FILE_REASON_MAX] = "";
    struct context chosen = *context;
    struct json_object *value = json_object_new_object();
    int code = arena == NULL || value == NULL ? ERR_MEMORY : kept_path(home, context->name, path);

    if (code == 0) {
        choose_site(&chosen, list, context->own_site);
        add_hex(value, "brokers", BYTES(list->packed, list->packed_size), arena);
        add_hex(value, "signature", BYTES(list->signature, SIGNATURE_SIZE), arena);
        json_object_object_add(value, "site", json_object_new_string(chosen.own_site));
        const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY);
        code = text == NULL ? ERR_MEMORY : file_write(path, BYTES(text, strlen(text)), 0600, true, why);
    }
    if (code != 0)
        snprintf(reason, CONTEXT_REASON_MAX, "%s", why[0] != '\0' ? why : language_error(code));
    json_object_put(value);
    return code;
}

int brokers_keep(const char *home, const struct context *context, const struct comity_broker_list *list,
                 char reason[CONTEXT_REASON_MAX])
{
    struct context now;
    int lock;
    int code = home_lock(home, &lock, reason);

    if (code != 0)
        return code;
    code = context_load(home, context->name, &now,
                        reason); /* with the pins that were learnt, and what others kept meanwhile */
    if (code == 0 && list->number > now.broker_list)
        code = kept_write(home, &now, list, reason);
    close(lock);
    return code;
}

void brokers_forget(const char *home, const char *name)
{
    char path[PATH_BYTES];

    if (kept_path(home, name, path) == 0)
        unlink(path);
}

void brokers_give(const struct context *context, struct comity_broker brokers[PLACE_BROKERS_MAX])
{
    for (size_t i = 0; i < context->reach.broker_count; i++) {
        brokers[i].endpoint = context->reach.brokers[i].endpoint;
        memcpy(brokers[i].server_key, context->reach.brokers[i].key, KEY_SIZE);
    }
}

struct json_object *brokers_to_json(const struct context *context)
{
    struct json_object *array = json_object_new_array();
    char hex[2 * KEY_SIZE + 1];

    for (size_t i = 0; i < context->reach.broker_count; i++) {
        struct json_object *value = json_object_new_object();
        hex_encode(BYTES(context->reach.brokers[i].key, KEY_SIZE), hex);
        json_object_object_add(value, "site", json_object_new_string(context->sites[i]));
        json_object_object_add(value, "endpoint", json_object_new_string(context->reach.brokers[i].endpoint));
        json_object_object_add(value, "key", json_object_new_string(hex));
        json_object_array_add(array, value);
    }
    return array;
}
