#include "client/cli/key_change.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "client/cli/failure.h"
#include "client/cli/final.h"
#include "client/cli/key_file.h"
#include "client/cli/output.h"
#include "client/cli/signer.h"
#include "client/cli/step.h"

enum { KEY_FILES_MOST = 1000 };

static int fail_long(struct cli *cli)
{
    return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
}

/* @ret_name: relative to the home. */
static bool next_path(const struct cli *cli, char ret_name[PATH_BYTES], char ret_path[PATH_BYTES])
{
    return snprintf(ret_name, PATH_BYTES, "keys/%s.next", cli->context.name) < PATH_BYTES &&
           path_join(ret_path, cli->home, ret_name) == 0;
}

bool key_change_is_begun(const struct cli *cli)
{
    char name[PATH_BYTES], path[PATH_BYTES];

    return next_path(cli, name, path) && access(path, F_OK) == 0;
}

/* What the context on disk signs with is another key than this. */
static bool is_changed(const struct cli *cli, const uint8_t reader[KEY_SIZE])
{
    char reason[CONTEXT_REASON_MAX], path[PATH_BYTES];
    struct context now;
    struct key_view view;

    return context_load(cli->home, cli->context.name, &now, reason) == 0 &&
           path_join(path, cli->home, now.signing_key) == 0 && signing_key_peek(path, &view) == 0 &&
           memcmp(view.public_key, reader, KEY_SIZE) != 0;
}

bool key_change_explains(struct cli *cli, int code, const uint8_t reader[KEY_SIZE])
{
    if (key_change_is_begun(cli))
        cli_fail(cli, code,
                 "The same command again. If it is refused like this once more, the command that began the change: comity key "
                 "rotate, comity key recover or comity join",
                 "A change of this machine's key is on its way, or was begun and not ended: the record has the new key by now, "
                 "perhaps.");
    else if (is_changed(cli, reader))
        cli_fail(cli, code, "The same command again: it goes by the new key.",
                 "The key of this machine was changed while this command ran.");
    else
        return false;
    return true;
}

int key_change_begin(struct cli *cli, struct key_change *ret_change)
{
    struct key_view view;

    *ret_change = (struct key_change){0};
    memcpy(ret_change->own_name, cli->context.signing_key, PATH_BYTES);
    if (!next_path(cli, ret_change->next_name, ret_change->next) ||
        path_join(ret_change->own, cli->home, ret_change->own_name) != 0)
        return fail_long(cli);
    if (signing_key_peek(ret_change->own, &view) == 0) {
        ret_change->has_old = true;
        ret_change->is_locked = view.is_locked;
        memcpy(ret_change->old_key, view.public_key, KEY_SIZE);
    }
    ret_change->is_begun = ret_change->is_written = key_change_is_begun(cli);
    if (ret_change->is_begun)
        return signer_open(cli, ret_change->next, NULL, &ret_change->key);
    signer_forbid_dumps();
    signing_key_generate(&ret_change->key);
    return 0;
}

/* As the context is on disk, with what was learnt when a connection was closed. */
static int reload(struct cli *cli)
{
    char reason[CONTEXT_REASON_MAX];
    int code = context_load(cli->home, cli->context.name, &cli->context, reason);

    return code == 0 ? 0 : cli_fail(cli, code, NULL, "%s", reason);
}

int key_change_ask(struct cli *cli, const struct key_change *change, bool *ret_is_recorded)
{
    const Comity__V1__WhoamiAnswer *whoami;

    desk_close(cli);
    memcpy(cli->context.signing_key, change->next_name, PATH_BYTES);
    int code = desk_whoami(cli, &whoami);
    desk_close(cli);
    *ret_is_recorded = code == 0;
    if (code == ERR_GRANT || code == ERR_KEY_UNKNOWN || code == ERR_KEY_REVOKED) {
        cli->failure = (struct failure){0};
        code = 0;
    }
    int loaded = reload(cli);
    return loaded != 0 ? loaded : code;
}

/* ---- Sending ---- */

/* Nobody is connected as the old key for that, where it is lost: its passphrase may be as well. */
static int check(struct cli *cli, struct key_change *change, const struct comity_draft *draft, bool is_by_new)
{
    if (change->is_asked)
        return 0;
    change->is_asked = true;
    if (!is_by_new) {
        int code = desk_open(cli);
        return code == 0 ? desk_check(cli, draft) : code;
    }
    desk_close(cli);
    cli->failure = (struct failure){0};
    int code = reload(cli);
    if (code != 0)
        return code;
    cli->context.signing_key[0] = '\0';
    code = desk_check(cli, draft);
    memcpy(cli->context.signing_key, change->own_name, PATH_BYTES);
    return code;
}

static int write_next(struct cli *cli, struct key_change *change)
{
    if (change->is_written)
        return 0;
    int code = key_file_write_next(cli, change->next, change->is_locked, &change->key);
    change->is_written = code == 0;
    return code;
}

int key_change_send(struct cli *cli, struct key_change *change, const struct comity_draft *draft, bool is_by_new,
                    const Comity__V1__Event **ret_event)
{
    int code = check(cli, change, draft, is_by_new);

    if (code == 0)
        code = write_next(cli, change);
    if (code != 0)
        return code;
    STEP("made");
    if (is_by_new)
        memcpy(cli->context.signing_key, change->next_name, PATH_BYTES);
    code = desk_post(cli, draft, ret_event);
    STEP("recorded");
    return code;
}

/* ---- On this machine ---- */

/* Does another context of this home sign with the same file? */
static bool is_shared(struct cli *cli, const struct key_change *change)
{
    const char *const *names;
    char reason[CONTEXT_REASON_MAX], path[PATH_BYTES];
    size_t count;

    if (context_names(cli->home, cli->arena, &names, &count, reason) != 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        struct context context;
        if (strcmp(names[i], cli->context.name) != 0 && context_load(cli->home, names[i], &context, reason) == 0 &&
            context.signing_key[0] != '\0' && path_join(path, cli->home, context.signing_key) == 0 &&
            strcmp(path, change->own) == 0)
            return true;
    }
    return false;
}

/* A further name of the new key's file: that an earlier run gave it, or one that is free. */
static int link_beside(struct cli *cli, const struct key_change *change, char ret_name[PATH_BYTES],
                       char ret_path[PATH_BYTES])
{
    struct key_view view;

    for (unsigned i = 2; i <= KEY_FILES_MOST; i++) {
        snprintf(ret_name, PATH_BYTES, "keys/signing-%u.key", i);
        if (path_join(ret_path, cli->home, ret_name) != 0)
            return fail_long(cli);
        if (link(change->next, ret_path) == 0)
            return 0;
        if (errno != EEXIST)
            return cli_fail_key(cli, ERR_FILE, NULL, ret_path);
        if (signing_key_peek(ret_path, &view) == 0 && memcmp(view.public_key, change->key.public_key, KEY_SIZE) == 0)
            return 0;
    }
    return cli_fail(cli, ERR_LIMIT, NULL, "There are too many key files in %s.", shown_string(cli, cli->home));
}

static int install_beside(struct cli *cli, struct key_change *change)
{
    char name[PATH_BYTES], path[PATH_BYTES], reason[CONTEXT_REASON_MAX];
    int code = link_beside(cli, change, name, path);

    if (code != 0)
        return code;
    STEP("linked");
    code = context_change_key(cli->home, cli->context.name, name, reason);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", reason);
    STEP("changed");
    unlink(change->next);
    memcpy(change->own, path, sizeof(path));
    memcpy(change->own_name, name, sizeof(name));
    return 0;
}

static int install_over(struct cli *cli, const struct key_change *change)
{
    int code = signing_key_move(change->next, change->own);

    return code == 0 ? 0 : cli_fail_key(cli, code, NULL, change->own);
}

int key_change_install(struct cli *cli, struct key_change *change, bool is_beside)
{
    bool is_in_place = change->has_old && memcmp(change->old_key, change->key.public_key, KEY_SIZE) == 0;
    char fingerprint[FINGERPRINT_SIZE];
    int code;

    STEP("tried");
    desk_close(cli);
    if (is_in_place)
        code = unlink(change->next) == 0 ? 0 : cli_fail_key(cli, ERR_FILE, NULL, change->next);
    else if (is_beside || !change->has_old || is_shared(cli, change))
        code = install_beside(cli, change);
    else
        code = install_over(cli, change);
    STEP("installed");
    memcpy(cli->context.signing_key, change->own_name, PATH_BYTES);
    if (code != 0)
        return code;
    key_fingerprint(change->key.public_key, fingerprint);
    cli_put_text(cli, "fingerprint", fingerprint);
    cli_put_text(cli, "file", change->own);
    return 0;
}

int key_change_go_on(struct cli *cli, struct key_change *change)
{
    char fingerprint[FINGERPRINT_SIZE];

    say(cli, "A change of your key was begun here and not ended. The record has the new key: it is put in its place.");
    int code = key_change_install(cli, change, true);
    if (code != 0)
        return code;
    key_fingerprint(change->key.public_key, fingerprint);
    say(cli, "Your key is %s from now on: %s", fingerprint, shown_string(cli, change->own));
    return 0;
}

bool key_change_end(struct cli *cli, struct key_change *change, int code)
{
    bool is_open = cli->failure.is_unconfirmed || cli->recorded != 0;

    signing_key_wipe(&change->key);
    if (code == 0)
        return false;
    memcpy(cli->context.signing_key, change->own_name, PATH_BYTES);
    if (is_open)
        snprintf(cli->failure.next, NEXT_MAX, "%s",
                 code == ERR_DISK_FULL
                     ? failure_advice(code)
                     : _("The same command again: it finds out which of the two keys is good, and goes on."));
    /* What an earlier run has sent may be on its way still, and be recorded though this run's is refused, or because of
     * that: the new key is then the one that is good, and is kept. */
    return !is_open && !change->is_begun && change->is_written && unlink(change->next) == 0;
}
