#include "client/cli/names.h"

#include <inttypes.h>
#include <strings.h>

#include "client/cli/charter.h"
#include "client/cli/cut_off.h"
#include "client/cli/finality.h"
#include "client/cli/output.h"

/* In the place of a list that could not be had. */
static struct rows UNREAD;

int names_list(struct cli *cli, Comity__V1__ListKind kind, const struct rows **ret_rows)
{
    int code = desk_open(cli);
    if (code != 0 && cut_off_is(cli))
        code = 0;
    struct rows **cache = code == 0 ? desk_list_cache(cli, kind) : NULL;
    struct rows *rows = cache == NULL ? NULL : *cache;

    if (code == 0 && (rows == NULL || rows == &UNREAD)) {
        rows = arena_alloc(desk_arena(cli), sizeof(*rows));
        code = rows == NULL ? ERR_MEMORY : desk_rows(cli, kind, 0, rows);
    }
    if (code == 0)
        *ret_rows = *cache = rows;
    return code;
}

/* The same for names alone: NULL where it cannot be had, which is tried once; numbers are shown instead. */
static const struct rows *list_of(struct cli *cli, Comity__V1__ListKind kind)
{
    struct failure before = cli->failure;
    struct rows **cache = desk_list_cache(cli, kind);
    const struct rows *rows;

    if (cache != NULL && *cache == &UNREAD)
        return NULL;
    if (names_list(cli, kind, &rows) == 0)
        return rows;
    cache = desk_list_cache(cli, kind);
    if (cache != NULL)
        *cache = &UNREAD;
    cli->failure = before;
    return NULL;
}

const char *shown_offices(struct cli *cli, const Comity__V1__Office *offices, size_t count)
{
    const char *text = count == 0 ? "-" : _(office_name(offices[0]));

    for (size_t i = 1; i < count; i++)
        text = arena_printf(cli->arena, "%s, %s", text, _(office_name(offices[i])));
    return text;
}

static const char *numbered(struct cli *cli, uint32_t number)
{
    const char *text = arena_printf(cli->arena, "#%" PRIu32, number);

    return text == NULL ? "#" : text;
}

/* Who came in after the list was read: their row alone, which the list has from then on. */
static const Comity__V1__Member *learn_member(struct cli *cli, struct rows *rows, uint32_t number)
{
    struct failure before = cli->failure;
    const ProtobufCMessage *row;
    const ProtobufCMessage **list = arena_alloc(desk_arena(cli), (rows->count + 1) * sizeof(*list));

    if (list == NULL || desk_row(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, number, &row) != 0) {
        cli->failure = before;
        return NULL;
    }
    if (rows->count > 0)
        memcpy(list, rows->list, rows->count * sizeof(*list));
    list[rows->count++] = row;
    rows->list = list;
    return (const Comity__V1__Member *) row;
}

const Comity__V1__Member *member_of(struct cli *cli, uint32_t number)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const Comity__V1__Member *member = (const Comity__V1__Member *) rows->list[i];
        if (member->number == number)
            return member;
    }
    if (rows == NULL || number == 0)
        return NULL;
    return learn_member(cli, *desk_list_cache(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS), number);
}

void names_forget(struct cli *cli)
{
    for (int kind = 0; kind < DESK_LISTS; kind++) {
        struct rows **cache = desk_list_cache(cli, (Comity__V1__ListKind) kind);
        if (cache != NULL)
            *cache = NULL;
    }
}

static const Comity__V1__Key *row_of_key(struct cli *cli, struct bytes key)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const Comity__V1__Key *row = (const Comity__V1__Key *) rows->list[i];
        if (bytes_equal(BYTES(row->key.data, row->key.len), key))
            return row;
    }
    return NULL;
}

const Comity__V1__Member *member_of_key(struct cli *cli, struct bytes key)
{
    const Comity__V1__Key *row = row_of_key(cli, key);

    return row == NULL ? NULL : member_of(cli, row->member);
}

bool is_by_recovery_key(struct cli *cli, const Comity__V1__Event *event)
{
    const Comity__V1__KeyAdded *added = event->key_added;
    struct bytes actor = BYTES(event->actor_key.data, event->actor_key.len);

    /* A recovery key is never anybody's own; that the list has the new one says that it is not older than the event. */
    return added->invitation.len == 0 && added->key != NULL && row_of_key(cli, actor) == NULL &&
           row_of_key(cli, BYTES(added->key->key.data, added->key->key.len)) != NULL;
}

const char *name_of_member(struct cli *cli, uint32_t number)
{
    const Comity__V1__Member *member = member_of(cli, number);

    return member == NULL || desk_prose(cli, member->name) == NULL ? numbered(cli, number)
                                                                   : desk_shown(cli, member->name);
}

const char *names_of_members(struct cli *cli, const uint32_t *numbers, size_t count)
{
    const char **names = arena_alloc(cli->arena, (count + 1) * sizeof(*names));

    for (size_t i = 0; names != NULL && i < count; i++)
        names[i] = name_of_member(cli, numbers[i]);
    return names == NULL ? "?" : shown_list(cli, names, count);
}

const char *name_of_constituency(struct cli *cli, uint32_t number)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const Comity__V1__Constituency *row = (const Comity__V1__Constituency *) rows->list[i];
        if (row->number == number)
            return shown_string(cli, row->name);
    }
    return numbered(cli, number);
}

const char *side_of_member(struct cli *cli, uint32_t number)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_CONSTITUENCIES);
    const Comity__V1__Member *member = member_of(cli, number);

    for (size_t i = 0; member != NULL && rows != NULL && i < rows->count; i++) {
        const Comity__V1__Constituency *row = (const Comity__V1__Constituency *) rows->list[i];
        if (row->number == member->constituency)
            return row->side;
    }
    return "";
}

const char *name_of_site(struct cli *cli, uint32_t number)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_SITES);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const Comity__V1__Site *row = (const Comity__V1__Site *) rows->list[i];
        if (row->number == number)
            return shown_string(cli, row->name);
    }
    return numbered(cli, number);
}

const char *name_of_body(struct cli *cli, uint32_t number)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const Comity__V1__Body *row = (const Comity__V1__Body *) rows->list[i];
        if (row->number == number)
            return shown_string(cli, row->name);
    }
    return numbered(cli, number);
}

/* A member without a key that is valid: what revoked them is shown. */
static void show_keys_lost(struct cli *cli, const struct rows *keys, uint32_t number)
{
    for (size_t i = 0; i < keys->count; i++)
        if (((const Comity__V1__Key *) keys->list[i])->member == number)
            finality_shows(cli, keys->list[i]);
}

bool member_has_key(struct cli *cli, uint32_t number)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const Comity__V1__Key *key = (const Comity__V1__Key *) rows->list[i];
        if (key->member == number && key->revoked == 0)
            return true;
    }
    if (rows != NULL)
        show_keys_lost(cli, rows, number);
    return rows == NULL;
}

const char *state_of_member(struct cli *cli, uint32_t number)
{
    return number == 0 || member_has_key(cli, number) ? "" : _("no valid key");
}

static struct json_object *fingerprint_list(struct cli *cli, uint32_t number)
{
    const struct rows *rows = list_of(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS);
    struct json_object *array = json_object_new_array();
    char fingerprint[FINGERPRINT_SIZE];

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const Comity__V1__Key *key = (const Comity__V1__Key *) rows->list[i];
        if (key->member != number || key->revoked != 0 || key->key.len != KEY_SIZE)
            continue;
        key_fingerprint(key->key.data, fingerprint);
        json_object_array_add(array, json_object_new_string(fingerprint));
    }
    return array;
}

const char *fingerprints_of_member(struct cli *cli, uint32_t number)
{
    struct json_object *array = fingerprint_list(cli, number);
    const char *text = "";

    for (size_t i = 0; i < json_object_array_length(array); i++)
        text = arena_printf(cli->arena, "%s%s%s", text, i == 0 ? "" : ", ",
                            json_object_get_string(json_object_array_get_idx(array, i)));
    json_object_put(array);
    return text;
}

void json_add_fingerprints(struct cli *cli, struct json_object *members)
{
    for (size_t i = 0; i < json_object_array_length(members); i++) {
        struct json_object *row = json_object_array_get_idx(members, i), *number;
        if (json_object_object_get_ex(row, "number", &number))
            json_object_object_add(row, "fingerprints", fingerprint_list(cli, (uint32_t) json_object_get_int64(number)));
    }
}

bool key_is_revoked(struct cli *cli, struct bytes key)
{
    const Comity__V1__Key *row = row_of_key(cli, key);

    return row != NULL && row->revoked != 0;
}

bool invitation_is_open(struct cli *cli, const Comity__V1__Invitation *invitation)
{
    return invitation->member == 0 && invitation->revoked == 0 && invitation->expires_ms > time_now_ms() &&
           !key_is_revoked(cli, BYTES(invitation->signer.data, invitation->signer.len));
}

const char *name_of_invited(struct cli *cli, const Comity__V1__Invitation *invitation)
{
    return invitation->recovers != 0 ? name_of_member(cli, invitation->recovers) : desk_shown(cli, invitation->name);
}

const char *state_of_invitation(struct cli *cli, const Comity__V1__Invitation *invitation)
{
    if (invitation->member != 0 && invitation->recovers != 0)
        return phrase(cli, "member %" PRIu32 " is back", invitation->member);
    if (invitation->member != 0)
        return phrase(cli, "member %" PRIu32, invitation->member);
    if (invitation->revoked != 0)
        return P_("invitation", "withdrawn");
    if (invitation_is_open(cli, invitation))
        return P_("invitation", "open");
    return invitation->expires_ms > time_now_ms() ? _("void: the key that signed it is revoked")
                                                  : P_("invitation", "expired");
}

void json_add_key_state(struct cli *cli, struct json_object *rows, const char *field)
{
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i), *member = NULL;
        json_object_object_get_ex(row, field, &member);
        uint32_t number = (uint32_t) json_object_get_int64(member);
        json_object_object_add(row, "has_valid_key",
                               number == 0 ? NULL : json_object_new_boolean(member_has_key(cli, number)));
    }
}

static bool is_number(const char *typed)
{
    return typed[0] != '\0' && typed[strspn(typed, "0123456789")] == '\0';
}

static int read_number(struct cli *cli, const char *what, const char *typed, uint32_t *ret_number)
{
    uint64_t number;
    int code = cli_number(cli, what, typed, 1, UINT32_MAX, &number);

    if (code == 0)
        *ret_number = (uint32_t) number;
    return code;
}

int number_argument(struct cli *cli, const char *name, uint32_t *ret_number)
{
    return read_number(cli, name, cli_argument(cli, name), ret_number);
}

static int not_found(struct cli *cli, const char *format, const char *typed, const char *next)
{
    return cli_fail(cli, ERR_NOT_FOUND, next, format, shown_string(cli, typed));
}

/* Members of one name. */
struct namesakes {
    uint32_t meant; /* the last of those with a key; of those without where nobody has one */
    size_t count, with_key;
    const char *list; /* "7 (union), 9 (union, no valid key)" */
};

static void add_namesake(struct cli *cli, struct namesakes *found, const Comity__V1__Member *member)
{
    bool has_key = member_has_key(cli, member->number);

    if (has_key || found->with_key == 0)
        found->meant = member->number;
    const char *constituency = name_of_constituency(cli, member->constituency);
    const char *one = has_key ? phrase(cli, "%" PRIu32 " (%s)", member->number, constituency)
                              : phrase(cli, "%" PRIu32 " (%s, no valid key)", member->number, constituency);
    found->list = arena_printf(cli->arena, "%s%s%s", found->list, found->count == 0 ? "" : ", ", one);
    found->count++;
    found->with_key += has_key;
}

int find_member(struct cli *cli, const char *typed, uint32_t *ret_number)
{
    const struct rows *rows;
    struct namesakes found = {.list = ""};

    if (is_number(typed))
        return read_number(cli, "MEMBER", typed, ret_number);
    int code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_MEMBERS, &rows);
    for (size_t i = 0; code == 0 && i < rows->count; i++) {
        const Comity__V1__Member *member = (const Comity__V1__Member *) rows->list[i];
        const char *name = desk_prose(cli, member->name);
        if (name != NULL && strcasecmp(name, typed) == 0)
            add_namesake(cli, &found, member);
    }
    if (code != 0)
        return code;
    if (found.count == 0)
        return not_found(cli, "There is no member `%s`.", typed, "comity member list");
    if (found.count > 1 && found.with_key != 1)
        return cli_fail(cli, ERR_USAGE, "Give the number instead of the name.",
                        "%zu members are called `%s`: %s.", found.count, shown_string(cli, typed),
                        found.list);
    *ret_number = found.meant;
    return 0;
}

int find_site(struct cli *cli, const char *typed, uint32_t *ret_number)
{
    struct rows rows;

    if (is_number(typed))
        return read_number(cli, "SITE", typed, ret_number);
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SITES, 0, &rows);
    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Site *site = (const Comity__V1__Site *) rows.list[i];
        if (strcmp(site->name, typed) != 0)
            continue;
        *ret_number = site->number;
        return 0;
    }
    return code != 0 ? code : not_found(cli, "There is no site `%s`.", typed, "comity site list");
}

int find_body(struct cli *cli, const char *typed, uint32_t *ret_number)
{
    struct rows rows;

    if (is_number(typed))
        return read_number(cli, "BODY", typed, ret_number);
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, 0, &rows);
    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Body *body = (const Comity__V1__Body *) rows.list[i];
        if (strcmp(body->name, typed) != 0)
            continue;
        *ret_number = body->number;
        return 0;
    }
    return code != 0 ? code : not_found(cli, "There is no body `%s`.", typed, "comity body list");
}

int find_rule(struct cli *cli, const char *typed, const Comity__V1__RuleVersion **ret_rule)
{
    struct rows rows;
    const Comity__V1__RuleVersion *latest = NULL;
    uint32_t number = 0;
    int code = is_number(typed) ? read_number(cli, "RULE", typed, &number) : 0;

    if (code == 0)
        code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES, 0, &rows);
    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__RuleVersion *row = (const Comity__V1__RuleVersion *) rows.list[i];
        bool fits = number != 0 ? row->number == number : strcmp(row->rule->name, typed) == 0;
        if (fits && (latest == NULL || row->version > latest->version))
            latest = row;
    }
    if (code != 0)
        return code;
    if (latest == NULL)
        return not_found(cli, "There is no adopted rule `%s`.", typed,
                         "comity rule list; comity rule adopt TEMPLATE adopts one");
    *ret_rule = latest;
    return 0;
}

int find_key_of_member(struct cli *cli, uint32_t member, uint8_t ret_key[KEY_SIZE], size_t *ret_count)
{
    const struct rows *rows;
    size_t count = 0;
    int code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS, &rows);

    for (size_t i = 0; code == 0 && i < rows->count; i++) {
        const Comity__V1__Key *key = (const Comity__V1__Key *) rows->list[i];
        if (key->member != member || key->revoked != 0 || key->key.len != KEY_SIZE)
            continue;
        if (count == 0)
            memcpy(ret_key, key->key.data, KEY_SIZE);
        count++;
    }
    if (code == 0 && ret_count != NULL)
        *ret_count = count;
    if (code == 0 && count == 0)
        code = cli_fail(cli, ERR_NOT_FOUND, "comity member list", "Member %" PRIu32 " (%s) has no valid key.",
                        member, name_of_member(cli, member));
    return code;
}
