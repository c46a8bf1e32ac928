/* Verbs of founding, and of drafts in general. */
#include <stdio.h>

#include "client/cli/charter.h"
#include "client/cli/draft_file.h"
#include "client/cli/json_file.h"
#include "client/cli/made.h"
#include "client/cli/output.h"
#include "client/cli/signer.h"
#include "client/cli/verbs.h"
#include "core/command.h"

enum { FOUNDERS_MAX = 65, TOKEN_FILE_MAX = 1024 };

int found_charter_run(struct cli *cli)
{
    cli_put_text(cli, "charter", CHARTER_SAMPLE);
    say(cli, "%s", _(CHARTER_SAMPLE));
    return 0;
}

/* Is the key a founder's of whom the command admits? */
static bool is_admitted(const Comity__V1__Command *command, const uint8_t key[KEY_SIZE])
{
    if (command->body_case != COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY)
        return false;
    const Comity__V1__NewConstituency *constituency = command->admit_constituency->constituency;
    for (size_t i = 0; i < constituency->n_founders; i++) {
        const ProtobufCBinaryData *founder = &constituency->founders[i]->key;
        if (bytes_equal(BYTES(founder->data, founder->len), BYTES(key, KEY_SIZE)))
            return true;
    }
    return false;
}

/* A founder's context: the history's id is the hash of what is signed, so it is known before it is founded.
 * Who is admitted does not know what the partnership is called: the context has the constituency's name. */
static int keep_founder_context(struct cli *cli, const struct draft_file *file, const uint8_t key[KEY_SIZE])
{
    const Comity__V1__Command *command = comity_draft_command(file->draft);
    struct context context = {0}, before;
    char reason[CONTEXT_REASON_MAX];

    bool is_founding = command->body_case == COMITY__V1__COMMAND__BODY_FOUND;

    if ((!is_founding && !is_admitted(command, key)) ||
        context_of_history(cli->home, comity_draft_history(file->draft), cli->arena, &before) == 0)
        return 0;
    const Comity__V1__TextRef *text =
        is_founding ? command->found->title : command->admit_constituency->constituency->title;
    const char *title = comity_draft_text(file->draft, text);
    context_free_name(cli->home,
                      is_founding ? command->found->name : command->admit_constituency->constituency->name,
                      context.name);
    snprintf(context.title, sizeof(context.title), "%s", title == NULL ? "" : title);
    snprintf(context.signing_key, sizeof(context.signing_key), "keys/signing.key");
    context.place = file->place;
    context.has_history = true;
    memcpy(context.history, comity_draft_history(file->draft), HISTORY_ID_SIZE);
    int code = context_make(cli->home, &context, reason);
    if (code == 0)
        code = context_set_current(cli->home, context.name, reason);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", reason);
    cli_put_text(cli, "context", context.name);
    say(cli, "Context %s is made: it works once the draft is submitted.", context.name);
    return 0;
}

/* Where the partnership is to be: --place FILE, else the current context's. */
static int find_place(struct cli *cli, struct place *ret_place)
{
    const char *path = cli_option(cli, "place");
    struct bytes content;
    char why[FILE_REASON_MAX], reason[CONTEXT_REASON_MAX], name[NAME_MAX_BYTES + 1];
    struct context context;

    if (path == NULL) {
        int code = context_choose(cli->home, cli_option(cli, "context"), name, reason);
        if (code == 0)
            code = context_load(cli->home, name, &context, reason);
        if (code != 0)
            return cli_fail(cli, ERR_CONFIG,
                            "--place FILE, which `comity up` wrote and the operator hands out",
                            "Where is it to be? %s", reason);
        *ret_place = context.reach;
        return 0;
    }
    int code = file_read(path, FILE_MAX_BYTES, cli->arena, &content, why);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", why);
    struct json_object *value = json_read(content);
    code = value == NULL ? ERR_MALFORMED : place_from_json(value, ret_place);
    json_object_put(value);
    if (code == 0)
        return 0;
    cli_fail(cli, code, "Give the place.json that `comity up` wrote.",
             "%s does not say where workers are reached: %s", shown_string(cli, path), language_error(code));
    return cli_unusable(cli, code);
}

/* Every founder but the signer, as cosigners. ERR_USAGE where the signer is not among them. */
static int name_cosigners(struct cli *cli, const Comity__V1__Found *found, const uint8_t signer[KEY_SIZE],
                          Comity__V1__Command *command)
{
    uint8_t(*keys)[KEY_SIZE] = arena_alloc(cli->arena, FOUNDERS_MAX * KEY_SIZE);
    ProtobufCBinaryData *list = arena_alloc(cli->arena, FOUNDERS_MAX * sizeof(*list));
    bool is_founder = false;

    if (keys == NULL || list == NULL)
        return ERR_MEMORY;
    size_t count = charter_founders(found->constituencies, found->n_constituencies, keys, FOUNDERS_MAX);
    if (count > FOUNDERS_MAX)
        return cli_fail(cli, ERR_CONFIG, NULL,
                        "At most %d people can found a partnership; others are invited later.", FOUNDERS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(keys[i], signer, KEY_SIZE) == 0)
            is_founder = true;
        else
            list[command->n_cosigners++] = (ProtobufCBinaryData){KEY_SIZE, keys[i]};
    }
    if (!is_founder)
        return cli_fail(cli, ERR_CONFIG, "comity key show",
                        "Your key is not a founder's in this charter: a founder has to prepare it.");
    command->cosigners = list;
    return 0;
}

static int load_home_key(struct cli *cli, struct signing_key *ret_key)
{
    char path[PATH_BYTES];

    if (path_join(path, cli->home, "keys/signing.key") != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
    return signer_open(cli, path, "comity key new", ret_key);
}

/* The key that this home signs with in the draft's history; where it has none there, the home's own. */
static int load_draft_key(struct cli *cli, const struct draft_file *file, struct signing_key *ret_key)
{
    struct context *context = arena_alloc(cli->arena, sizeof(*context));
    char path[PATH_BYTES];

    if (context == NULL)
        return ERR_MEMORY;
    if (context_of_history(cli->home, comity_draft_history(file->draft), cli->arena, context) != 0 ||
        context->signing_key[0] == '\0')
        return load_home_key(cli, ret_key);
    if (path_join(path, cli->home, context->signing_key) != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the signing key is too long.");
    return signer_open(cli, path, NULL, ret_key);
}

int found_prepare_run(struct cli *cli)
{
    struct comity_texts *texts = comity_texts_new();
    struct draft_file file = {0};
    struct comity_fault fault = {0};
    struct signing_key signer;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    char reason[CHARTER_REASON_MAX];
    const char *out = cli_option(cli, "out");

    int code = texts == NULL ? ERR_MEMORY : load_home_key(cli, &signer);
    if (code == 0)
        code = find_place(cli, &file.place);
    if (code == 0) {
        command.body_case = COMITY__V1__COMMAND__BODY_FOUND;
        code = charter_read(cli_argument(cli, "CHARTER"), cli->arena, texts, &command.found, reason);
        if (code != 0)
            cli_fail(cli, code, "comity found charter prints one to start from", "%s", reason);
    }
    if (code == 0)
        code = name_cosigners(cli, command.found, signer.public_key, &command);
    if (code == 0 && (code = comity_draft_new(&command, NULL, texts, signer.seed, VALIDITY_MAX_MS - 3600000,
                                              &file.draft, &fault)) != 0) {
        cli_fail(cli, code, "comity found charter prints one to start from",
                 "The charter cannot be founded so: %s", language_error(code));
        snprintf(cli->failure.field, sizeof(cli->failure.field), "%s", fault.field);
        cli_unusable(cli, code);
    }
    if (code == 0)
        code = draft_file_write(cli, out, &file, false);
    if (code == 0)
        code = draft_file_show(cli, &file);
    if (code == 0)
        code = keep_founder_context(cli, &file, signer.public_key);
    if (code == 0)
        say(cli, "Written to %s and signed by you. Each other founder: comity draft sign %s",
            shown_string(cli, out), shown_string(cli, out));
    signing_key_wipe(&signer);
    draft_file_release(&file);
    comity_texts_destroy(&texts);
    return code;
}

int draft_show_run(struct cli *cli)
{
    struct draft_file file = {0};
    int code = draft_file_read(cli, cli_argument(cli, "FILE"), &file);

    if (code == 0)
        code = draft_file_show(cli, &file);
    draft_file_release(&file);
    return code;
}

int draft_sign_run(struct cli *cli)
{
    const char *path = cli_argument(cli, "FILE"), *key_file = cli_option(cli, "key");
    struct draft_file file = {0};
    struct signing_key key;
    int code = draft_file_read(cli, path, &file);

    if (code == 0 && key_file != NULL)
        code = signer_open(cli, key_file, NULL, &key);
    else if (code == 0 && key_file == NULL)
        code = load_draft_key(cli, &file, &key);
    if (code == 0) {
        const Comity__V1__Command *command = comity_draft_command(file.draft);
        bool is_signer = memcmp(command->key.data, key.public_key, KEY_SIZE) == 0;
        code = is_signer ? 0 : comity_draft_cosign(file.draft, key.seed);
        if (code == ERR_COSIGNERS)
            cli_fail(cli, code, arena_printf(cli->arena, "comity draft show %s", shown_string(cli, path)),
                     "This draft does not ask for your signature.");
    }
    if (code == 0)
        code = draft_file_write(cli, path, &file, true);
    if (code == 0)
        code = draft_file_show(cli, &file);
    if (code == 0 && key_file == NULL)
        code = keep_founder_context(cli, &file, key.public_key);
    if (code == 0) {
        if (comity_draft_missing(file.draft, NULL, 0) > 0)
            say(cli, "Signed. Pass the file on to whoever has not signed.");
        else
            say(cli, "Signed. Nobody is missing: comity draft submit %s", shown_string(cli, path));
    }
    signing_key_wipe(&key);
    draft_file_release(&file);
    return code;
}

/* A draft names its history: a context of another one would only hide who is asked. */
static int check_history(struct cli *cli, const struct draft_file *file)
{
    bool is_founding = comity_draft_command(file->draft)->body_case == COMITY__V1__COMMAND__BODY_FOUND;
    bool is_ours = cli->context.has_history &&
                   memcmp(cli->context.history, comity_draft_history(file->draft), HISTORY_ID_SIZE) == 0;

    if (is_ours || (is_founding && !cli->context.has_history))
        return 0;
    return cli_fail(cli, ERR_CONFIG, "comity context list, then --context NAME",
                    "This draft belongs to another partnership than context %s.", cli->context.name);
}

/* The event has the name by its hash; the text came with the draft. */
static void keep_invited_name(struct cli *cli, const struct comity_draft *draft)
{
    const Comity__V1__Command *command = comity_draft_command(draft);
    bool is_invitation = command->body_case == COMITY__V1__COMMAND__BODY_INVITE;
    const char *name = is_invitation ? comity_draft_text(draft, command->invite->name) : NULL;

    if (name != NULL)
        desk_keep_text(cli, command->invite->name->hash.data, BYTES(name, strlen(name)));
}

/* From a file, for what stands on a command line is everybody's to read. NULL where none is given. */
static int find_token(struct cli *cli, const char **ret_token)
{
    const char *path = cli_option(cli, "token-file");
    char why[FILE_REASON_MAX];
    struct bytes content;

    *ret_token = cli->context.founding_token[0] != '\0' ? cli->context.founding_token : NULL;
    if (path == NULL)
        return 0;
    int code = file_read(path, TOKEN_FILE_MAX, cli->arena, &content, why);
    if (code != 0) {
        cli_fail(cli, code, NULL, "%s", why);
        return cli_unusable(cli, code);
    }
    char *token = (char *) (uintptr_t) content.data;
    token[strcspn(token, "\r\n")] = '\0';
    *ret_token = token;
    return 0;
}

static int set_token(struct cli *cli, struct comity_draft *draft)
{
    const char *token = NULL;
    int code = find_token(cli, &token);

    if (code == 0 && token != NULL && (code = comity_draft_set_token(draft, token)) != 0)
        cli_fail(cli, code, NULL, "A founding token is one line of 1 to %d characters.", TOKEN_MAX_BYTES);
    return code;
}

int draft_submit_run(struct cli *cli)
{
    const Comity__V1__Event *event;
    struct draft_file file = {0};
    const char *path = cli_argument(cli, "FILE");
    int code = draft_file_read(cli, path, &file);

    if (code == 0)
        code = check_history(cli, &file);
    if (code == 0 && comity_draft_missing(file.draft, NULL, 0) > 0) {
        draft_file_show(cli, &file);
        code = cli_fail(cli, ERR_COSIGNERS,
                        phrase(cli, "Each of them: comity draft sign %s", shown_string(cli, path)),
                        "Not everybody has signed yet.");
    }
    bool is_founding =
        code == 0 && comity_draft_command(file.draft)->body_case == COMITY__V1__COMMAND__BODY_FOUND;
    if (is_founding)
        code = set_token(cli, file.draft);
    if (code == 0)
        code = desk_send(cli, file.draft, &event);
    /* No context is of this partnership yet, so that resubmit would not find it. */
    if (is_founding && cli->failure.is_unconfirmed && cli->failure.next[0] == '\0')
        snprintf(cli->failure.next, sizeof(cli->failure.next),
                 _("comity draft submit %s once more: it is never done twice."), shown_string(cli, path));
    if (code == 0)
        keep_invited_name(cli, file.draft);
    if (code == 0)
        made_tell(cli, event);
    draft_file_release(&file);
    return code;
}
