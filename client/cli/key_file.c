/* Verbs about key files: making one, its passphrase. */
#include <errno.h>

#include "client/cli/output.h"
#include "client/cli/passphrase.h"
#include "client/cli/signer.h"
#include "client/cli/key_file.h"
#include "client/cli/verbs.h"
#include "core/keyfile.h"
#include "core/text.h"

void key_show(struct cli *cli, const char *path, const struct key_view *view)
{
    char hex[2 * KEY_SIZE + 1], fingerprint[FINGERPRINT_SIZE];

    hex_encode(BYTES(view->public_key, KEY_SIZE), hex);
    key_fingerprint(view->public_key, fingerprint);
    cli_put_text(cli, "key", hex);
    cli_put_text(cli, "fingerprint", fingerprint);
    cli_put_text(cli, "file", path);
    cli_put(cli, "has_passphrase", json_object_new_boolean(view->is_locked));
    say(cli, "Public key:  %s", hex);
    say(cli, "Fingerprint: %s (read it out to whoever enters your key)", fingerprint);
    say(cli, "Kept in:     %s", shown_string(cli, path));
    if (view->is_locked)
        say(cli, "A passphrase is needed to use it.");
}

int key_path(struct cli *cli, const char *given, char ret_path[PATH_BYTES])
{
    char reason[CONTEXT_REASON_MAX], name[NAME_MAX_BYTES + 1];
    int code = 0;

    if (given != NULL) {
        code = path_join(ret_path, ".", given);
    } else {
        bool is_chosen = context_choose(cli->home, setting_given(&cli->settings, SETTING_CONTEXT), name, reason) == 0 &&
                         context_load(cli->home, name, &cli->context, reason) == 0 &&
                         cli->context.signing_key[0] != '\0';
        code = path_join(ret_path, cli->home, is_chosen ? cli->context.signing_key : "keys/signing.key");
    }
    return code == 0 ? 0 : cli_fail(cli, ERR_USAGE, NULL, "The path of the key file is too long.");
}

static int new_path(struct cli *cli, char ret_path[PATH_BYTES])
{
    const char *given = cli_option(cli, "out");
    int code = given != NULL ? path_join(ret_path, ".", given) : path_join(ret_path, cli->home, "keys/signing.key");

    return code == 0 ? 0 : cli_fail(cli, ERR_USAGE, NULL, "The path of the key file is too long.");
}

bool key_file_wants_lock(const struct cli *cli)
{
    return cli_has(cli, "protect") || cli_option(cli, "new-passphrase-file") != NULL;
}

/* By errno, where a file could not be written. */
static int fail_write(struct cli *cli, int code, const char *path)
{
    const char *why = code == ERR_FILE || code == ERR_DISK_FULL ? strerror(errno) : language_error(code);

    return cli_fail(cli, code, NULL, "%s cannot be written: %s. Nothing was changed.", shown_string(cli, path), why);
}

int key_file_refuse(struct cli *cli, const char *path)
{
    return cli_unusable(cli, cli_fail(cli, ERR_EXISTS, "comity key show; or another file: --out FILE",
                                      "%s is there already, and a key is never written over.",
                                      shown_string(cli, path)));
}

/* @what: how the passphrase is asked for. */
static int write_file(struct cli *cli, const char *path, const char *what, bool is_locked, const struct signing_key *key)
{
    struct passphrase passphrase = {0};
    struct key_lock lock = {.cost = LOCK_COST};
    int code = 0;

    is_locked = is_locked || key_file_wants_lock(cli);
    if (is_locked && (code = passphrase_choose(cli, what, &passphrase)) != 0)
        return code;
    lock.passphrase = passphrase_bytes(&passphrase);
    code = signing_key_save_locked(path, key, is_locked ? &lock : NULL);
    int reason = errno;
    passphrase_release(&passphrase);
    errno = reason;
    if (code == ERR_EXISTS)
        return key_file_refuse(cli, path);
    if (code != 0)
        return fail_write(cli, code, path);
    if (is_locked)
        signer_keep(cli, key);
    return 0;
}

int key_file_write(struct cli *cli, const char *path, bool is_locked, const struct signing_key *key)
{
    return write_file(cli, path, shown_string(cli, path), is_locked, key);
}

int key_file_write_next(struct cli *cli, const char *path, bool is_locked, const struct signing_key *key)
{
    return write_file(cli, path, _("your new key"), is_locked, key);
}

void key_file_tell_lock(struct cli *cli, const char *path, bool is_told)
{
    struct key_view view = {0};
    int code = signing_key_peek(path, &view);

    cli_put(cli, "has_passphrase", json_object_new_boolean(view.is_locked));
    if (is_told && code == 0 && !view.is_locked)
        say(cli, "It has no passphrase: comity key protect puts one on it.");
}

void key_file_tell_taken(struct cli *cli, const char *path)
{
    struct key_view view;

    if (key_file_wants_lock(cli) && signing_key_peek(path, &view) == 0 && !view.is_locked)
        say_aside("The key %s was there already, and has no passphrase: comity key protect puts one on it.",
                  shown_string(cli, path));
}

int key_file_make(struct cli *cli, const char *path, const struct signing_key *key)
{
    int code = key_file_write(cli, path, false, key);

    if (code != 0)
        return code;
    struct key_view view = {.is_locked = key_file_wants_lock(cli)};
    memcpy(view.public_key, key->public_key, KEY_SIZE);
    key_show(cli, path, &view);
    return 0;
}

int key_new_run(struct cli *cli)
{
    char path[PATH_BYTES];
    struct signing_key key;
    int code = new_path(cli, path);

    if (code != 0)
        return code;
    signing_key_generate(&key);
    code = key_file_make(cli, path, &key);
    signing_key_wipe(&key);
    if (code == 0)
        say(cli, "%s",
            key_file_wants_lock(cli)
                ? _("Make a copy of this file and keep it in a safe place; or write its recovery words down: comity key words")
                : _("Make a copy of this file and keep it in a safe place: whoever has it can sign for you. comity key protect "
                    "puts a passphrase on it; comity key words shows it as words to write down."));
    return code;
}

int key_show_run(struct cli *cli)
{
    char path[PATH_BYTES];
    struct key_view view;
    int code = key_path(cli, cli_argument(cli, "FILE"), path);

    if (code != 0)
        return code;
    code = signing_key_peek(path, &view);
    if (code != 0)
        return cli_fail_key(cli, code, "comity key new", path);
    key_show(cli, path, &view);
    return 0;
}

static int put_passphrase(struct cli *cli, const char *path, const struct signing_key *key)
{
    struct passphrase passphrase = {0};
    int code = passphrase_choose(cli, shown_string(cli, path), &passphrase);

    if (code == 0) {
        struct key_lock lock = {passphrase_bytes(&passphrase), LOCK_COST};
        code = signing_key_replace(path, key, &lock);
        if (code != 0)
            fail_write(cli, code, path);
    }
    passphrase_release(&passphrase);
    return code;
}

int key_protect_run(struct cli *cli)
{
    char path[PATH_BYTES];
    struct signing_key key;
    struct key_view view;
    bool removes = cli_has(cli, "remove");
    int code = key_path(cli, cli_argument(cli, "FILE"), path);

    if (code != 0)
        return code;
    if (removes && cli_option(cli, "new-passphrase-file") != NULL)
        return cli_fail(cli, ERR_USAGE, NULL, "Give --remove or --new-passphrase-file, not both.");
    if ((code = signing_key_peek(path, &view)) != 0)
        return cli_fail_key(cli, code, "comity key new", path);
    if (removes && !view.is_locked) {
        cli_fail(cli, ERR_STATE, "comity key protect puts one on it.", "The key %s has no passphrase.",
                 shown_string(cli, path));
        return cli_unusable(cli, ERR_STATE);
    }
    if ((code = signer_open(cli, path, "comity key new", &key)) != 0)
        return code;
    code = removes ? signing_key_replace(path, &key, NULL) : put_passphrase(cli, path, &key);
    if (code != 0 && removes)
        fail_write(cli, code, path);
    signing_key_wipe(&key);
    if (code != 0)
        return code;
    bool was_locked = view.is_locked;
    view.is_locked = !removes;
    cli_put_text(cli, "file", path);
    cli_put(cli, "has_passphrase", json_object_new_boolean(view.is_locked));
    if (removes)
        say(cli, "The key %s has no passphrase any more: whoever has the file can sign for you.", shown_string(cli, path));
    else if (was_locked)
        say(cli, "The key %s has another passphrase from now on. Copies that you made before open with the old one.",
            shown_string(cli, path));
    else
        say(cli,
            "The key %s has a passphrase from now on, and is asked for it once a command. Copies that you made before have "
            "none: destroy them. If you forget it, nobody can open the key: comity key words shows what to keep for that.",
            shown_string(cli, path));
    return 0;
}
