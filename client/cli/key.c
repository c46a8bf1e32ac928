/* Verbs about keys. */
#include <inttypes.h>

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

int key_revoke_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__RevokeKey body = COMITY__V1__REVOKE_KEY__INIT;
    const Comity__V1__Event *event;
    uint8_t key[KEY_SIZE];
    int code = cli_key(cli, "KEY", cli_argument(cli, "KEY"), key);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_REVOKE_KEY);
    body.key = (ProtobufCBinaryData){KEY_SIZE, key};
    command.revoke_key = &body;
    code = desk_submit(cli, &command, &event);
    if (code == 0)
        say(cli, "The key is revoked. What it signed before stands.");
    return code;
}
