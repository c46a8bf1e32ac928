/* A further device of a member: a request from the new machine, a draft from the old one, and back.
 *
 * Whose the request is, people compare by the fingerprint. The answer is a draft file that adds the key, signed by the member's old
 * key, with what the new machine needs to know of the partnership. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cli/desk.h"
#include "client/cli/draft_file.h"
#include "client/cli/failure.h"
#include "client/cli/key_file.h"
#include "client/cli/key_request.h"
#include "client/cli/output.h"
#include "client/cli/signer.h"
#include "client/cli/step.h"
#include "client/cli/verbs.h"
#include "core/text.h"

#define ANSWER_VALID_MS ((int64_t) 3 * 24 * 3600 * 1000)

/* ---- The new machine asks ---- */

/* The file of --key, else the home's own. */
static int device_key_path(struct cli *cli, char ret_path[PATH_BYTES])
{
    const char *given = cli_option(cli, "key");
    int code = given != NULL ? path_join(ret_path, ".", given) : path_join(ret_path, cli->home, "keys/signing.key");

    return code == 0 ? 0 : cli_fail(cli, ERR_USAGE, NULL, "The path of the key file is too long.");
}

static int write_request(struct cli *cli, const char *path, const uint8_t key[KEY_SIZE])
{
    char why[FILE_REASON_MAX];
    int code = key_request_write(path, key, cli->arena, why);

    return code == 0 ? 0 : cli_fail_write(cli, code, "Another file, or remove that one.", why);
}

int key_request_run(struct cli *cli)
{
    const char *request = cli_argument(cli, "FILE");
    char path[PATH_BYTES], fingerprint[FINGERPRINT_SIZE];
    struct key_view view;
    int code = device_key_path(cli, path);

    if (code == 0 && access(path, F_OK) != 0) {
        struct signing_key key;
        signing_key_generate(&key);
        code = key_file_write(cli, path, false, &key);
        signing_key_wipe(&key);
    } else if (code == 0) {
        key_file_tell_taken(cli, path);
    }
    if (code == 0 && (code = signing_key_peek(path, &view)) != 0)
        cli_fail_key(cli, code, NULL, path);
    if (code == 0)
        code = write_request(cli, request, view.public_key);
    if (code != 0)
        return code;
    key_show(cli, path, &view);
    cli_put_text(cli, "request", request);
    key_fingerprint(view.public_key, fingerprint);
    say(cli, "Take %s to your other machine: comity key add %s --out FILE. It has to show the fingerprint %s there.",
        shown_string(cli, request), shown_string(cli, request), fingerprint);
    return 0;
}

/* ---- The old machine signs ---- */

static int read_request(struct cli *cli, const char *path, uint8_t ret_key[KEY_SIZE])
{
    char why[FILE_REASON_MAX];
    int code = key_request_read(path, cli->arena, ret_key, why);

    if (code == 0)
        return 0;
    if (why[0] != '\0')
        cli_fail(cli, code, NULL, "%s", why);
    else
        cli_fail(cli, code, "On the new machine: comity key request FILE", "%s is not a request that can be used: %s",
                 shown_string(cli, path), language_error(code));
    return cli_unusable(cli, code);
}

/* What the new machine is to know of the partnership: what this one has seen. */
static int fill_partnership(struct cli *cli, struct draft_partnership *partnership)
{
    const Comity__V1__WhoamiAnswer *whoami;
    const uint8_t(*pins)[KEY_SIZE];
    size_t count;
    int code = desk_whoami(cli, &whoami);

    if (code != 0)
        return code;
    const char *title = desk_prose(cli, whoami->partnership->title);
    snprintf(partnership->name, sizeof(partnership->name), "%s", whoami->partnership->name);
    snprintf(partnership->title, sizeof(partnership->title), "%s", title == NULL ? "" : title);
    desk_pins(cli, &pins, &count);
    for (size_t i = 0; i < count && partnership->log_key_count < CONTEXT_PINS_MAX; i++)
        memcpy(partnership->log_keys[partnership->log_key_count++], pins[i], KEY_SIZE);
    return 0;
}

static int sign_addition(struct cli *cli, const uint8_t key[KEY_SIZE], struct comity_draft **ret_draft)
{
    Comity__V1__Command command;
    Comity__V1__AddKey body = COMITY__V1__ADD_KEY__INIT;
    ProtobufCBinaryData new_key = {KEY_SIZE, (uint8_t *) key};
    struct comity_fault fault = {0};
    struct signing_key signer;

    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADD_KEY);
    body.key = new_key;
    command.add_key = &body;
    command.cosigners = &new_key;
    command.n_cosigners = 1;
    command.epoch = comity_epoch(desk_client(cli), cli->context.history);
    int code = desk_signer(cli, &signer);
    if (code == 0)
        code = comity_draft_new(&command, cli->context.history, NULL, signer.seed, ANSWER_VALID_MS, ret_draft, &fault);
    signing_key_wipe(&signer);
    return code;
}

int key_add_run(struct cli *cli)
{
    const char *out = cli_option(cli, "out");
    struct draft_file file = {.place = cli->context.reach};
    uint8_t key[KEY_SIZE];
    char fingerprint[FINGERPRINT_SIZE];
    int code = read_request(cli, cli_argument(cli, "REQUEST"), key);

    if (code == 0)
        code = fill_partnership(cli, &file.partnership);
    if (code == 0)
        code = sign_addition(cli, key, &file.draft);
    if (code == 0)
        code = draft_file_write(cli, out, &file, false);
    draft_file_release(&file);
    if (code != 0)
        return code;
    key_fingerprint(key, fingerprint);
    cli_put_hex(cli, "key", BYTES(key, KEY_SIZE));
    cli_put_text(cli, "fingerprint", fingerprint);
    cli_put_text(cli, "file", out);
    say(cli,
        "You let the key %s sign for you, once the new machine has sent %s. Compare: the new machine has to show the same "
        "fingerprint (comity key show). If it is another one, remove the file: somebody has put their own key in its place.",
        fingerprint, shown_string(cli, out));
    say(cli, "On the new machine, within 3 days: comity key accept %s", shown_string(cli, out));
    return 0;
}

/* ---- The new machine takes it ---- */

static int check_answer(struct cli *cli, const struct draft_file *file, const uint8_t key[KEY_SIZE])
{
    const Comity__V1__Command *command = comity_draft_command(file->draft);
    bool is_addition = command->body_case == COMITY__V1__COMMAND__BODY_ADD_KEY;

    if (is_addition && bytes_equal(BYTES(command->add_key->key.data, command->add_key->key.len), BYTES(key, KEY_SIZE)))
        return 0;
    cli_fail(cli, ERR_COSIGNERS, "On this machine: comity key request FILE; then on the other: comity key add FILE --out FILE",
             is_addition ? N_("This file adds another key than this machine's.")
                         : N_("This file adds no key: it is another draft. comity draft show FILE shows it."));
    return cli_unusable(cli, ERR_COSIGNERS);
}

/* Where the key's file is, as a context names it. */
static int key_name(struct cli *cli, const char *path, char ret_name[PATH_BYTES])
{
    if (cli_option(cli, "key") == NULL) {
        snprintf(ret_name, PATH_BYTES, "keys/signing.key");
        return 0;
    }
    char *absolute = realpath(path, NULL);
    bool fits = absolute != NULL && strlen(absolute) < PATH_BYTES;
    if (fits)
        memcpy(ret_name, absolute, strlen(absolute) + 1);
    free(absolute);
    return fits ? 0 : cli_fail_key(cli, ERR_FILE, NULL, path);
}

static int make_context(struct cli *cli, const struct draft_file *file, const char *path, bool *ret_is_new)
{
    struct context *context = &cli->context;
    const struct draft_partnership *partnership = &file->partnership;
    char reason[CONTEXT_REASON_MAX], own[PATH_BYTES];
    const char *wanted = cli_option(cli, "name");

    *ret_is_new = false;
    if (context_of_history(cli->home, comity_draft_history(file->draft), cli->arena, context) == 0) {
        if (path_join(own, cli->home, context->signing_key) == 0 && strcmp(own, path) == 0)
            return 0;
        return cli_fail(cli, ERR_EXISTS, "comity key rotate puts a new key in its place.",
                        "This machine has a key in this partnership already: context %s.", context->name);
    }
    if (wanted != NULL && !name_is_valid(wanted))
        return cli_fail(cli, ERR_USAGE, NULL, "--name is 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    *context = (struct context){.place = file->place, .has_history = true, .pin_count = partnership->log_key_count};
    const char *name = wanted != NULL                       ? wanted
                       : name_is_valid(partnership->name) ? partnership->name
                                                          : "partnership";
    context_free_name(cli->home, name, context->name);
    snprintf(context->title, sizeof(context->title), "%s", partnership->title);
    memcpy(context->history, comity_draft_history(file->draft), HISTORY_ID_SIZE);
    memcpy(context->pins, partnership->log_keys, sizeof(context->pins));
    int code = key_name(cli, path, context->signing_key);
    if (code == 0 && (code = context_make(cli->home, context, reason)) != 0)
        cli_fail(cli, code, NULL, "%s", reason);
    *ret_is_new = code == 0;
    return code;
}

int key_accept_run(struct cli *cli)
{
    struct draft_file file = {0};
    struct signing_key key = {0};
    const Comity__V1__Event *event;
    char path[PATH_BYTES], reason[CONTEXT_REASON_MAX], fingerprint[FINGERPRINT_SIZE];
    bool is_new = false;
    int code = device_key_path(cli, path);

    if (code == 0)
        code = draft_file_read(cli, cli_argument(cli, "FILE"), &file);
    if (code == 0)
        code = signer_open(cli, path, "comity key request FILE", &key);
    if (code == 0)
        code = check_answer(cli, &file, key.public_key);
    if (code == 0)
        code = make_context(cli, &file, path, &is_new);
    STEP("accepted");
    if (code == 0)
        code = comity_draft_cosign(file.draft, key.seed);
    if (code == 0)
        code = desk_send(cli, file.draft, &event);
    STEP("sent");
    if (code != 0 && is_new && failure_exit(&cli->failure) == EXIT_REFUSED)
        context_remove(cli->home, cli->context.name);
    if (code == 0 && context_set_current(cli->home, cli->context.name, reason) != 0)
        say_aside("Warning: %s", reason);
    if (code == 0) {
        key_fingerprint(key.public_key, fingerprint);
        cli_put_text(cli, "context", cli->context.name);
        cli_put_text(cli, "fingerprint", fingerprint);
        say(cli,
            "This machine signs for you from now on, with the key %s (context %s). If one of your machines is lost or stolen: "
            "comity key revoke FINGERPRINT, from another one.",
            fingerprint, cli->context.name);
    }
    signing_key_wipe(&key);
    draft_file_release(&file);
    return code;
}
