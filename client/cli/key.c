/* Verbs about keys. */
#include <inttypes.h>
#include <strings.h>

#include "client/cli/desk.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/keyfile.h"
#include "core/text.h"

static void show_key(struct cli *cli, const char *path, const uint8_t public_key[KEY_SIZE])
{
    char hex[2 * KEY_SIZE + 1], fingerprint[FINGERPRINT_SIZE];

    hex_encode(BYTES(public_key, KEY_SIZE), hex);
    key_fingerprint(public_key, fingerprint);
    cli_put_text(cli, "key", hex);
    cli_put_text(cli, "fingerprint", fingerprint);
    cli_put_text(cli, "file", path);
    say(cli, "Public key:  %s", hex);
    say(cli, "Fingerprint: %s  (read it out to whoever enters your key)", fingerprint);
    say(cli, "Kept in:     %s", shown_string(cli, path));
}

/* Given, or the home's own. */
static int key_path(struct cli *cli, const char *given, char ret_path[PATH_BYTES])
{
    int code =
        given != NULL ? path_join(ret_path, ".", given) : path_join(ret_path, cli->home, "keys/signing.key");

    return code == 0 ? 0 : cli_fail(cli, ERR_USAGE, NULL, "The path of the key file is too long.");
}

int key_new_run(struct cli *cli)
{
    char path[PATH_BYTES];
    struct signing_key key;
    int code = key_path(cli, cli_option(cli, "out"), path);

    if (code != 0)
        return code;
    signing_key_generate(&key);
    code = signing_key_save(path, &key);
    if (code == ERR_EXISTS)
        cli_fail(cli, code, "comity key show; or another file: comity key new --out FILE",
                 "%s is there already, and a key is never written over.", shown_string(cli, path));
    else if (code != 0)
        cli_fail(cli, code, NULL, "%s: %s", shown_string(cli, path), error_sentence(code));
    if (code == 0) {
        show_key(cli, path, key.public_key);
        say(cli, "Make a copy of this file and keep it in a safe place: whoever has it can sign for you.");
    }
    signing_key_wipe(&key);
    return code;
}

int key_show_run(struct cli *cli)
{
    char path[PATH_BYTES];
    struct signing_key key;
    int code = key_path(cli, cli_argument(cli, "FILE"), path);

    if (code != 0)
        return code;
    code = signing_key_load(path, &key);
    if (code != 0)
        return cli_fail_key(cli, code, "comity key new", path);
    show_key(cli, path, key.public_key);
    signing_key_wipe(&key);
    return 0;
}

int key_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {"member", "name", "fingerprint", "key", "valid"};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "keys", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Key *key = (const Comity__V1__Key *) rows.list[i];
        char hex[2 * KEY_SIZE + 1] = "", fingerprint[FINGERPRINT_SIZE] = "";
        if (key->key.len == KEY_SIZE) {
            hex_encode(BYTES(key->key.data, KEY_SIZE), hex);
            key_fingerprint(key->key.data, fingerprint);
        }
        const char *cells[] = {
            arena_printf(cli->arena, "%" PRIu32, key->member), name_of_member(cli, key->member),
            arena_string(cli->arena, fingerprint), arena_string(cli->arena, hex),
            key->revoked == 0 ? "yes" : arena_printf(cli->arena, "revoked by number %" PRIu64, key->revoked)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "There are no keys.");
    return 0;
}

static bool is_hex_key(const char *typed, uint8_t ret_key[KEY_SIZE])
{
    return strlen(typed) == 2 * KEY_SIZE && hex_decode(typed, ret_key, KEY_SIZE) == 0;
}

/* A key by its digits, its fingerprint, or by whose it is. @ret_member: 0 where nobody here has it. */
static int find_key(struct cli *cli, const char *typed, uint8_t ret_key[KEY_SIZE], uint32_t *ret_member)
{
    struct rows rows;
    uint8_t wanted[KEY_SIZE];
    uint32_t member;
    size_t count;
    bool is_hex = is_hex_key(typed, wanted);
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_KEYS, 0, &rows);

    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__Key *key = (const Comity__V1__Key *) rows.list[i];
        char fingerprint[FINGERPRINT_SIZE];
        if (key->key.len != KEY_SIZE)
            continue;
        key_fingerprint(key->key.data, fingerprint);
        if (is_hex ? memcmp(key->key.data, wanted, KEY_SIZE) != 0 : strcasecmp(fingerprint, typed) != 0)
            continue;
        memcpy(ret_key, key->key.data, KEY_SIZE);
        *ret_member = key->member;
        return 0;
    }
    if (is_hex && code == 0) {
        memcpy(ret_key, wanted, KEY_SIZE);
        *ret_member = 0;
        return 0;
    }
    if (code == 0)
        code = find_member(cli, typed, &member);
    if (code == 0)
        code = find_key_of_member(cli, member, ret_key, &count);
    if (code == 0 && count > 1)
        return cli_fail(cli, ERR_USAGE, "comity key list, then comity key revoke FINGERPRINT",
                        "%s has %zu valid keys: say which.", name_of_member(cli, member), count);
    if (code == 0)
        *ret_member = member;
    return code;
}

/* What a member without a key leaves behind: each is said with what ends it. */
struct remains {
    const char *lines; /* "": nothing */
    struct json_object *seats, *invitations;
};

static void collect_seats(struct cli *cli, uint32_t member, struct remains *remains)
{
    struct rows bodies, seats;

    if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, 0, &bodies) != 0)
        return;
    for (size_t i = 0; i < bodies.count; i++) {
        const Comity__V1__Body *body = (const Comity__V1__Body *) bodies.list[i];
        if (desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_SEATS, body->number, &seats) != 0)
            return;
        for (size_t j = 0; j < seats.count; j++) {
            const Comity__V1__Seat *seat = (const Comity__V1__Seat *) seats.list[j];
            if (seat->holder != member)
                continue;
            const char *name = shown_string(cli, body->name);
            struct json_object *row = json_object_new_object();
            json_object_object_add(row, "body", json_object_new_string(name));
            json_object_object_add(row, "seat", json_object_new_int64(seat->number));
            json_object_array_add(remains->seats, row);
            remains->lines = arena_printf(
                cli->arena, "%s\nThey still hold seat %" PRIu32 " of %s: comity seat vacate %s %" PRIu32,
                remains->lines, seat->number, name, name, seat->number);
        }
    }
}

static void collect_invitations(struct cli *cli, uint32_t number, struct remains *remains)
{
    const Comity__V1__Member *member = member_of(cli, number);
    const char *name = member == NULL ? NULL : desk_prose(cli, member->name);
    struct rows rows;

    if (name == NULL || desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_INVITATIONS, 0, &rows) != 0)
        return;
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__Invitation *row = (const Comity__V1__Invitation *) rows.list[i];
        const char *invited = desk_prose(cli, row->name);
        if (row->member != 0 || row->expires_ms < time_now_ms() || invited == NULL ||
            strcasecmp(invited, name) != 0)
            continue;
        json_object_array_add(remains->invitations, desk_json(cli, rows.list[i]));
        remains->lines = arena_printf(
            cli->arena, "%s\nAn invitation in the name of %s, by %s, can be used until %s by whoever has it.",
            remains->lines, desk_shown(cli, row->name), name_of_member(cli, row->invited_by),
            shown_time(cli, row->expires_ms));
    }
}

/* Asked before the act: who revokes their own key is answered no more. It is an addition: what cannot be had
 * is left out. */
static void collect_remains(struct cli *cli, uint32_t member, struct remains *ret_remains)
{
    struct failure before = cli->failure;
    uint8_t key[KEY_SIZE];
    size_t keys = 0;

    *ret_remains = (struct remains){"", json_object_new_array(), json_object_new_array()};
    if (member != 0 && find_key_of_member(cli, member, key, &keys) == 0 && keys == 1) {
        collect_seats(cli, member, ret_remains);
        collect_invitations(cli, member, ret_remains);
    }
    cli->failure = before;
}

int key_revoke_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__RevokeKey body = COMITY__V1__REVOKE_KEY__INIT;
    const Comity__V1__Event *event;
    struct remains remains;
    uint8_t key[KEY_SIZE];
    uint32_t member = 0;
    int code = find_key(cli, cli_argument(cli, "KEY"), key, &member);

    if (code != 0)
        return code;
    collect_remains(cli, member, &remains);
    cli_put(cli, "seats", remains.seats);
    cli_put(cli, "invitations", remains.invitations);
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REVOKE_KEY);
    body.key = (ProtobufCBinaryData){KEY_SIZE, key};
    command.revoke_key = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "The key%s%s is revoked. What it signed before stands.%s", member == 0 ? "" : " of ",
            member == 0 ? "" : name_of_member(cli, member), remains.lines);
    return code;
}
