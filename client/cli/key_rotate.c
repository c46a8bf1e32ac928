/* A new signing key in place of the context's: on record first, then on this machine.
 *
 * The new key lies beside the others as keys/CONTEXT.next from before it is sent until it is in its place. A run that
 * ended in between has left it there; the next one asks the record which of the two is good, and goes on from there.
 * At every moment one of the two files is the key that the record has. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cli/desk.h"
#include "client/cli/failure.h"
#include "client/cli/key_file.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/passphrase.h"
#include "client/cli/signer.h"
#include "client/cli/verbs.h"

/* For tests alone: a build that ends at once at a step that the environment names. */
#ifdef COMITY_CONTROL_STOPS
#define STEP(name)                                                                                           \
    do {                                                                                                     \
        const char *stop = getenv("COMITY_CONTROL_STOP");                                                    \
        if (stop != NULL && strcmp(stop, name) == 0)                                                         \
            raise(SIGKILL);                                                                                  \
    } while (0)
#else
#define STEP(name) ((void) 0)
#endif

struct rotation {
    char own[PATH_BYTES];                    /* the context's key file */
    char own_name[PATH_BYTES];               /* as the context has it */
    char next[PATH_BYTES], next_name[PATH_BYTES]; /* where the new key waits */
    uint8_t old_key[KEY_SIZE], new_key[KEY_SIZE];
};

static int rotation_paths(struct cli *cli, struct rotation *rotation)
{
    int length = snprintf(rotation->next_name, PATH_BYTES, "keys/%s.next", cli->context.name);

    memcpy(rotation->own_name, cli->context.signing_key, PATH_BYTES);
    if (length >= PATH_BYTES || path_join(rotation->own, cli->home, rotation->own_name) != 0 ||
        path_join(rotation->next, cli->home, rotation->next_name) != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
    return 0;
}

bool rotation_is_begun(const struct cli *cli)
{
    char path[PATH_BYTES], name[PATH_BYTES];

    return snprintf(name, sizeof(name), "keys/%s.next", cli->context.name) < PATH_BYTES &&
           path_join(path, cli->home, name) == 0 && access(path, F_OK) == 0;
}

/* Write the new key where it waits, under a passphrase where the old one has one. */
static int make_next(struct cli *cli, struct rotation *rotation)
{
    struct key_view view;
    struct signing_key key;
    int code = signing_key_peek(rotation->own, &view);

    if (code != 0)
        return cli_fail_key(cli, code, NULL, rotation->own);
    memcpy(rotation->old_key, view.public_key, KEY_SIZE);
    signing_key_generate(&key);
    memcpy(rotation->new_key, key.public_key, KEY_SIZE);
    code = key_file_write(cli, rotation->next, view.is_locked, &key);
    signing_key_wipe(&key);
    return code;
}

/* Does another context of this home sign with the same file? */
static bool is_shared(struct cli *cli, const struct rotation *rotation)
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
            strcmp(path, rotation->own) == 0)
            return true;
    }
    return false;
}

/* In a file of this context alone; the other contexts keep theirs. */
static int install_beside(struct cli *cli, struct rotation *rotation)
{
    char name[PATH_BYTES], path[PATH_BYTES], reason[CONTEXT_REASON_MAX];
    struct key_view view;

    for (unsigned i = 1;; i++) {
        int length = i == 1 ? snprintf(name, sizeof(name), "keys/%s.key", cli->context.name)
                            : snprintf(name, sizeof(name), "keys/%s-%u.key", cli->context.name, i);
        if (length >= PATH_BYTES || path_join(path, cli->home, name) != 0)
            return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
        if (link(rotation->next, path) == 0)
            break;
        bool is_there = errno == EEXIST && signing_key_peek(path, &view) == 0 &&
                        memcmp(view.public_key, rotation->new_key, KEY_SIZE) == 0;
        if (is_there)
            break;
        if (errno != EEXIST)
            return cli_fail_key(cli, ERR_FILE, NULL, path);
    }
    STEP("linked");
    int code = context_change_key(cli->home, cli->context.name, name, reason);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", reason);
    STEP("changed");
    unlink(rotation->next);
    memcpy(rotation->own, path, sizeof(path));
    memcpy(rotation->own_name, name, sizeof(name));
    return 0;
}

/* The record has the new key: from here on it is this machine's. */
static int install(struct cli *cli, struct rotation *rotation)
{
    int code;

    STEP("tried");
    if (memcmp(rotation->old_key, rotation->new_key, KEY_SIZE) == 0) {
        code = unlink(rotation->next) == 0 ? 0 : cli_fail_key(cli, ERR_FILE, NULL, rotation->next); /* it is in its place */
    } else if (is_shared(cli, rotation)) {
        code = install_beside(cli, rotation);
    } else {
        code = signing_key_move(rotation->next, rotation->own);
        if (code != 0)
            cli_fail_key(cli, code, "comity key rotate goes on from here.", rotation->own);
    }
    STEP("installed");
    memcpy(cli->context.signing_key, rotation->own_name, PATH_BYTES);
    if (code != 0)
        return code;
    char fingerprint[FINGERPRINT_SIZE], old[FINGERPRINT_SIZE];
    key_fingerprint(rotation->new_key, fingerprint);
    key_fingerprint(rotation->old_key, old);
    cli_put_hex(cli, "key", BYTES(rotation->new_key, KEY_SIZE));
    cli_put_text(cli, "fingerprint", fingerprint);
    cli_put_text(cli, "file", rotation->own);
    say(cli,
        "Your key is %s from now on.\nWhat the old one, %s, has signed stands. Copies and recovery words of the old one are of "
        "no use any more: comity key words shows the new ones.",
        fingerprint, old);
    return 0;
}

/* Signed by both keys, and sent. */
static int send(struct cli *cli, const struct rotation *rotation)
{
    Comity__V1__Command command;
    Comity__V1__AddKey body = COMITY__V1__ADD_KEY__INIT;
    ProtobufCBinaryData new_key = {KEY_SIZE, (uint8_t *) rotation->new_key};
    const Comity__V1__Event *event;
    struct comity_draft *draft = NULL;
    struct signing_key key;
    int code = signer_open(cli, rotation->next, NULL, &key);

    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADD_KEY);
    body.key = new_key;
    body.replaces = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) rotation->old_key};
    command.add_key = &body;
    command.cosigners = &new_key;
    command.n_cosigners = 1;
    code = desk_sign(cli, &command, cli->context.history, &draft);
    if (code == 0)
        code = comity_draft_cosign(draft, key.seed);
    signing_key_wipe(&key);
    STEP("signed");
    if (code == 0)
        code = desk_send(cli, draft, &event);
    comity_draft_destroy(&draft);
    return code;
}

/* Which of the two keys is good? The record says it to whoever has the new one. */
static int ask_with_next(struct cli *cli, const struct rotation *rotation, bool *ret_is_recorded)
{
    const Comity__V1__WhoamiAnswer *whoami;
    char reason[CONTEXT_REASON_MAX];

    desk_close(cli);
    memcpy(cli->context.signing_key, rotation->next_name, PATH_BYTES);
    int code = desk_whoami(cli, &whoami);
    desk_close(cli);
    *ret_is_recorded = code == 0;
    if (code == ERR_GRANT || code == ERR_KEY_UNKNOWN) {
        cli->failure = (struct failure){0};
        code = 0;
    }
    int loaded = context_load(cli->home, cli->context.name, &cli->context, reason);
    if (loaded != 0)
        return cli_fail(cli, loaded, NULL, "%s", reason);
    return code;
}

/* It is known that nothing was done: as it was before. */
static void give_up(const struct rotation *rotation)
{
    char fingerprint[FINGERPRINT_SIZE];

    unlink(rotation->next);
    key_fingerprint(rotation->old_key, fingerprint);
    say_aside("Your key is still %s, and nothing has changed.", fingerprint);
}

/* Before the old key is overwritten the new one has to work; and the record, as it shows itself to it, to go on from what
 * was seen. */
static int try_next(struct cli *cli, const struct rotation *rotation)
{
    bool is_recorded;
    int code = ask_with_next(cli, rotation, &is_recorded);

    if (code != 0 || is_recorded)
        return code;
    return cli_fail(cli, ERR_KEY_UNKNOWN, NULL, "The record has the new key, and the worker does not know it.");
}

/* @is_first: no earlier run has sent anything. What one has sent may be on its way still, and be recorded though this run's
 * is refused, or because of that: the new key is then the one that is good, and is kept. */
static int rotate(struct cli *cli, struct rotation *rotation, bool is_first)
{
    int code = send(cli, rotation);

    STEP("recorded");
    if (code == 0)
        code = try_next(cli, rotation);
    if (code == 0)
        return install(cli, rotation);
    bool is_open = cli->failure.is_unconfirmed || cli->recorded != 0;
    if (!is_open && is_first)
        give_up(rotation);
    else if (is_open)
        snprintf(cli->failure.next, NEXT_MAX, "%s", _("comity key rotate finds out which of the two keys is good, and goes on."));
    return code;
}

/* What an earlier run has begun. */
static int go_on(struct cli *cli, struct rotation *rotation)
{
    bool is_recorded;
    int code = signer_public(cli, rotation->next, NULL, rotation->new_key);

    if (code == 0)
        code = signer_public(cli, rotation->own, NULL, rotation->old_key);
    if (code == 0)
        code = ask_with_next(cli, rotation, &is_recorded);
    if (code != 0)
        return code;
    if (is_recorded) {
        say(cli, "A change of your key was begun here and not ended. The record has the new key: it is put in its place.");
        return install(cli, rotation);
    }
    say(cli, "A change of your key was begun here and not ended. The record has the old key: it is done now.");
    return rotate(cli, rotation, false);
}

int key_rotate_run(struct cli *cli)
{
    struct rotation *rotation = arena_alloc(cli->arena, sizeof(*rotation));
    int code = rotation == NULL ? ERR_MEMORY : rotation_paths(cli, rotation);

    if (code != 0)
        return code;
    if (rotation_is_begun(cli))
        return go_on(cli, rotation);
    /* The old key is opened first: who cannot sign needs no new one. */
    struct signing_key old;
    code = desk_signer(cli, &old);
    signing_key_wipe(&old);
    if (code == 0)
        code = make_next(cli, rotation);
    STEP("made");
    return code == 0 ? rotate(cli, rotation, true) : code;
}
