/* A new signing key in place of the context's, signed by both. */
#include "client/cli/failure.h"
#include "client/cli/key_change.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

static int install(struct cli *cli, struct key_change *change)
{
    char fingerprint[FINGERPRINT_SIZE], old[FINGERPRINT_SIZE];
    int code = key_change_install(cli, change, false);

    if (code != 0)
        return code;
    key_fingerprint(change->key.public_key, fingerprint);
    key_fingerprint(change->old_key, old);
    cli_put_hex(cli, "key", BYTES(change->key.public_key, KEY_SIZE));
    say(cli,
        "Your key is %s from now on.\nWhat the old one, %s, has signed stands. Copies and recovery words of the old one are of "
        "no use any more: comity key words shows the new ones.",
        fingerprint, old);
    return 0;
}

/* Signed by both keys, and sent. */
static int send(struct cli *cli, struct key_change *change)
{
    Comity__V1__Command command;
    Comity__V1__AddKey body = COMITY__V1__ADD_KEY__INIT;
    ProtobufCBinaryData new_key = {KEY_SIZE, change->key.public_key};
    const Comity__V1__Event *event;
    struct comity_draft *draft = NULL;

    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADD_KEY);
    body.key = new_key;
    body.replaces = (ProtobufCBinaryData){KEY_SIZE, change->old_key};
    command.add_key = &body;
    command.cosigners = &new_key;
    command.n_cosigners = 1;
    int code = desk_sign(cli, &command, cli->context.history, &draft);
    if (code == 0)
        code = comity_draft_cosign(draft, change->key.seed);
    if (code == 0)
        code = key_change_send(cli, change, draft, false, &event);
    comity_draft_destroy(&draft);
    return code;
}

/* Before the old key is overwritten the new one has to work; and the record, as it shows itself to it, to go on from what
 * was seen. */
static int try_next(struct cli *cli, const struct key_change *change)
{
    bool is_recorded;
    int code = key_change_ask(cli, change, &is_recorded);

    if (code != 0 || is_recorded)
        return code;
    return cli_fail(cli, ERR_KEY_UNKNOWN, NULL, "The record has the new key, and the worker does not know it.");
}

static int rotate(struct cli *cli, struct key_change *change)
{
    bool is_recorded = false;
    int code = change->is_begun ? key_change_ask(cli, change, &is_recorded) : 0;

    if (code != 0)
        return code;
    if (is_recorded) {
        say(cli, "A change of your key was begun here and not ended. The record has the new key: it is put in its place.");
        return install(cli, change);
    }
    if (change->is_begun)
        say(cli, "A change of your key was begun here and not ended. The record has the old key: it is done now.");
    code = send(cli, change);
    if (code == 0)
        code = try_next(cli, change);
    return code == 0 ? install(cli, change) : code;
}

int key_rotate_run(struct cli *cli)
{
    struct key_change *change = arena_alloc(cli->arena, sizeof(*change));
    char fingerprint[FINGERPRINT_SIZE];
    int code = change == NULL ? ERR_MEMORY : key_change_begin(cli, change);

    if (change == NULL)
        return code;
    if (code == 0)
        code = rotate(cli, change);
    key_fingerprint(change->old_key, fingerprint);
    if (key_change_end(cli, change, code))
        say_aside("Your key is still %s, and nothing has changed.", fingerprint);
    return code;
}
