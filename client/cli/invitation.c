#include "client/cli/invitation.h"

#include <stdio.h>

#include "client/cli/json_file.h"
#include "client/cli/language.h"
#include "core/error.h"

enum { INVITATION_VERSION = 1, INVITATION_MAX_BYTES = 65536 };

static void add_hex(struct json_object *object, const char *name, const uint8_t *bytes, size_t size)
{
    char hex[2 * KEY_SIZE + 1];

    hex_encode(BYTES(bytes, size), hex);
    struct json_object *value = json_object_new_string(hex);
    if (name == NULL)
        json_object_array_add(object, value);
    else
        json_object_object_add(object, name, value);
}

int invitation_write(const char *path, const struct invitation *invitation,
                     char reason[INVITATION_REASON_MAX])
{
    struct json_object *value = json_object_new_object(), *log_keys = json_object_new_array();

    json_object_object_add(value, "comity_invitation", json_object_new_int(INVITATION_VERSION));
    json_object_object_add(value, "partnership", json_object_new_string(invitation->partnership));
    json_object_object_add(value, "short_name", json_object_new_string(invitation->short_name));
    json_object_object_add(value, "name", json_object_new_string(invitation->name));
    if (invitation->recovers)
        json_object_object_add(value, "recovers", json_object_new_boolean(true));
    json_object_object_add(value, "expires_ms", json_object_new_int64(invitation->expires_ms));
    add_hex(value, "history", invitation->history, HISTORY_ID_SIZE);
    json_object_object_add(value, "place", place_to_json(&invitation->place));
    for (size_t i = 0; i < invitation->log_key_count; i++)
        add_hex(log_keys, NULL, invitation->log_keys[i], KEY_SIZE);
    json_object_object_add(value, "log_keys", log_keys);
    add_hex(value, "seed", invitation->seed, SEED_SIZE);
    const char *text =
        json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    int code = file_write(path, BYTES(text, strlen(text)), 0600, false, reason);
    json_object_put(value);
    return code;
}

static int read_log_keys(struct json_object *value, struct invitation *invitation)
{
    return json_get_keys(value, "log_keys", CONTEXT_PINS_MAX, invitation->log_keys, &invitation->log_key_count);
}

static int read_text(struct json_object *value, const char *name, char *to, size_t size)
{
    const char *text;
    int code = json_get_text(value, name, size - 1, &text);

    if (code == 0)
        snprintf(to, size, "%s", text);
    return code;
}

static int read_members(struct json_object *value, struct invitation *invitation)
{
    static const char *const NAMES[] = {
        "comity_invitation", "partnership", "short_name", "name", "expires_ms",
        "history",           "place",       "log_keys",   "seed", "recovers"};
    struct json_object *place, *recovers;
    int64_t version;

    if (!json_object_is_type(value, json_type_object) ||
        json_get_number(value, "comity_invitation", &version) != 0)
        return ERR_MALFORMED;
    if (version != INVITATION_VERSION)
        return ERR_VERSION;
    if (!json_has_only(value, NAMES, ARRAY_COUNT(NAMES)))
        return ERR_UNKNOWN_FIELD;
    if (json_object_object_get_ex(value, "recovers", &recovers)) {
        if (!json_object_is_type(recovers, json_type_boolean))
            return ERR_MALFORMED;
        invitation->recovers = json_object_get_boolean(recovers);
    }
    int code = read_text(value, "partnership", invitation->partnership, sizeof(invitation->partnership));
    if (code == 0)
        code = read_text(value, "short_name", invitation->short_name, sizeof(invitation->short_name));
    if (code == 0 && !name_is_valid(invitation->short_name))
        code = ERR_NAME;
    if (code == 0)
        code = read_text(value, "name", invitation->name, sizeof(invitation->name));
    if (code == 0)
        code = json_get_number(value, "expires_ms", &invitation->expires_ms);
    if (code == 0)
        code = json_get_key(value, "history", invitation->history, HISTORY_ID_SIZE);
    if (code == 0)
        code = json_get_key(value, "seed", invitation->seed, SEED_SIZE);
    if (code == 0)
        code = json_object_object_get_ex(value, "place", &place) ? place_from_json(place, &invitation->place)
                                                                 : ERR_MISSING;
    return code == 0 ? read_log_keys(value, invitation) : code;
}

int invitation_read(const char *path, struct arena *arena, struct invitation *ret_invitation,
                    char reason[INVITATION_REASON_MAX])
{
    struct invitation invitation = {0};
    struct bytes content;
    char shown_path[200];
    int code = file_read(path, INVITATION_MAX_BYTES, arena, &content, reason);

    if (code != 0)
        return code;
    struct json_object *value = json_read(content);
    code = value == NULL ? ERR_MALFORMED : read_members(value, &invitation);
    json_object_put(value);
    if (code == 0) {
        *ret_invitation = invitation;
    } else {
        text_escape(BYTES(path, strlen(path)), false, shown_path, sizeof(shown_path));
        snprintf(reason, INVITATION_REASON_MAX, _("%s is not an invitation that can be used: %s"), shown_path,
                 language_error(code));
    }
    explicit_bzero(&invitation, sizeof(invitation));
    return code == 0 || code == ERR_VERSION || code == ERR_MEMORY ? code : ERR_MALFORMED;
}
