#include "client/cli/draft_file.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/cosigners.h"
#include "client/cli/json_file.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/signer.h"
#include "client/cli/standing_rules.h"
#include "core/text.h"
#include "core/machine/machine.h"

enum { DRAFT_VERSION = 1, DRAFT_MAX_BYTES = 4 * 1024 * 1024, COSIGNERS_MOST = 64 };

void draft_file_release(struct draft_file *file)
{
    comity_draft_destroy(&file->draft);
}

static int not_a_draft(struct cli *cli, const char *path, int code, const char *what)
{
    cli_fail(cli, code, "Ask whoever made the draft for the file.", "%s is not a draft that can be used: %s",
             shown_string(cli, path), _(what));
    return cli_unusable(cli, code);
}

static int unpack(struct cli *cli, const char *path, const char *base64, struct comity_draft **ret_draft)
{
    size_t size = strlen(base64);
    uint8_t *packed = arena_alloc(cli->arena, size + 1);
    struct comity_fault fault = {0};

    if (packed == NULL)
        return ERR_MEMORY;
    if (base64_decode(BYTES(base64, size), packed, size, &size) != 0)
        return not_a_draft(cli, path, ERR_MALFORMED, "its content is not base64.");
    int code = comity_draft_unpack(packed, size, ret_draft, &fault);
    if (code != 0) {
        not_a_draft(cli, path, code, language_error(code));
        snprintf(cli->failure.field, sizeof(cli->failure.field), "%s", fault.field);
    }
    return code;
}

static int read_partnership(struct json_object *value, struct draft_partnership *partnership)
{
    static const char *const NAMES[] = {"name", "title", "log_keys"};
    struct json_object *object;
    const char *name, *title;

    if (!json_object_object_get_ex(value, "partnership", &object))
        return 0;
    if (!json_object_is_type(object, json_type_object) || !json_has_only(object, NAMES, ARRAY_COUNT(NAMES)) ||
        json_get_text(object, "name", NAME_MAX_BYTES, &name) != 0 || !name_is_valid(name) ||
        json_get_text(object, "title", TITLE_MAX_BYTES, &title) != 0)
        return ERR_MALFORMED;
    snprintf(partnership->name, sizeof(partnership->name), "%s", name);
    snprintf(partnership->title, sizeof(partnership->title), "%s", title);
    return json_get_keys(object, "log_keys", CONTEXT_PINS_MAX, partnership->log_keys, &partnership->log_key_count);
}

static struct json_object *partnership_to_json(const struct draft_partnership *partnership)
{
    struct json_object *object = json_object_new_object(), *keys = json_object_new_array();

    json_object_object_add(object, "name", json_object_new_string(partnership->name));
    json_object_object_add(object, "title", json_object_new_string(partnership->title));
    for (size_t i = 0; i < partnership->log_key_count; i++)
        json_object_array_add(keys, json_hex(BYTES(partnership->log_keys[i], KEY_SIZE)));
    json_object_object_add(object, "log_keys", keys);
    return object;
}

int draft_file_read(struct cli *cli, const char *path, struct draft_file *ret_file)
{
    static const char *const NAMES[] = {"comity_draft", "act", "place", "partnership", "submit"};
    struct bytes content;
    char why[FILE_REASON_MAX];
    struct draft_file file = {0};
    struct json_object *place;
    int64_t version;
    const char *submit;

    int code = file_read(path, DRAFT_MAX_BYTES, cli->arena, &content, why);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", why);
    struct json_object *value = json_read(content);
    if (value == NULL || !json_object_is_type(value, json_type_object) ||
        json_get_number(value, "comity_draft", &version) != 0)
        code = not_a_draft(cli, path, ERR_MALFORMED, "it was not written by comity.");
    else if (version != DRAFT_VERSION)
        code = not_a_draft(cli, path, ERR_VERSION, language_error(ERR_VERSION));
    else if (!json_has_only(value, NAMES, ARRAY_COUNT(NAMES)))
        code = not_a_draft(cli, path, ERR_UNKNOWN_FIELD, language_error(ERR_UNKNOWN_FIELD));
    else if (!json_object_object_get_ex(value, "place", &place) || place_from_json(place, &file.place) != 0)
        code = not_a_draft(cli, path, ERR_MALFORMED, "it does not say where it is to be sent.");
    else if (read_partnership(value, &file.partnership) != 0)
        code = not_a_draft(cli, path, ERR_MALFORMED, "it does not say which partnership it is for.");
    else if (json_get_text(value, "submit", DRAFT_MAX_BYTES, &submit) != 0)
        code = not_a_draft(cli, path, ERR_MALFORMED, "it has no content.");
    else
        code = unpack(cli, path, submit, &file.draft);
    json_object_put(value);
    if (code == 0)
        *ret_file = file;
    return code;
}

int draft_file_write(struct cli *cli, const char *path, const struct draft_file *file, bool may_replace)
{
    uint8_t *packed = NULL;
    size_t size = 0;
    char why[FILE_REASON_MAX];
    int code = comity_draft_pack(file->draft, &packed, &size);

    if (code != 0)
        return code;
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    char *base64 = arena_alloc(cli->arena, room);
    struct json_object *value = json_object_new_object();
    if (base64 == NULL || value == NULL) {
        free(packed);
        json_object_put(value);
        return ERR_MEMORY;
    }
    sodium_bin2base64(base64, room, packed, size, sodium_base64_VARIANT_ORIGINAL);
    free(packed);
    json_object_object_add(value, "comity_draft", json_object_new_int(DRAFT_VERSION));
    json_object_object_add(value, "act", json_object_new_string(comity_draft_name(file->draft)));
    json_object_object_add(value, "place", place_to_json(&file->place));
    if (file->partnership.name[0] != '\0')
        json_object_object_add(value, "partnership", partnership_to_json(&file->partnership));
    json_object_object_add(value, "submit", json_object_new_string(base64));
    const char *text =
        json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    text = arena_printf(cli->arena, "%s\n", text);
    json_object_put(value);
    if (text == NULL)
        return ERR_MEMORY;
    code = file_write(path, BYTES(text, strlen(text)), 0600, may_replace, why);
    return code == 0 ? 0 : cli_fail_write(cli, code, NULL, why);
}

const char *draft_prose(void *context, const Comity__V1__TextRef *reference)
{
    return comity_draft_text(context, reference);
}

/* Whose key it is by the record, where the home has a context of it that answers; NULL else. What founds a
 * history has none. */
static const Comity__V1__Member *known_signer(struct cli *cli, const struct comity_draft *draft,
                                              const ProtobufCBinaryData *key)
{
    bool is_founding = comity_draft_command(draft)->body_case == COMITY__V1__COMMAND__BODY_FOUND;
    const uint8_t *history = comity_draft_history(draft);

    if (is_founding ||
        (!cli->context.has_history &&
         context_of_history(cli->home, history, cli->arena, &cli->context) != 0) ||
        memcmp(cli->context.history, history, HISTORY_ID_SIZE) != 0)
        return NULL;
    return member_of_key(cli, BYTES(key->data, key->len));
}

/* A founder's name, where the draft itself says whose key it is; else as the record has it. */
static const char *signer_name(struct cli *cli, const struct comity_draft *draft,
                               const ProtobufCBinaryData *key)
{
    const Comity__V1__Command *command = comity_draft_command(draft);
    Comity__V1__NewConstituency *const *list = NULL;
    size_t count = 0;

    if (command->body_case == COMITY__V1__COMMAND__BODY_FOUND) {
        list = command->found->constituencies;
        count = command->found->n_constituencies;
    } else if (command->body_case == COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY) {
        list = &command->admit_constituency->constituency;
        count = 1;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < list[i]->n_founders; j++) {
            const Comity__V1__Founder *founder = list[i]->founders[j];
            const char *name = comity_draft_text(draft, founder->name);
            if (bytes_equal(BYTES(founder->key.data, founder->key.len), BYTES(key->data, key->len)) &&
                name != NULL)
                return arena_printf(cli->arena, "%s (%s)", shown_string(cli, name),
                                    shown_string(cli, list[i]->name));
        }
    const Comity__V1__Member *member = known_signer(cli, draft, key);
    return member == NULL ? ""
                          : arena_printf(cli->arena, "%s (%s)", name_of_member(cli, member->number),
                                         name_of_constituency(cli, member->constituency));
}

/* Who signed, who has not. */
static struct json_object *show_signatures(struct cli *cli, const struct comity_draft *draft)
{
    const Comity__V1__Command *command = comity_draft_command(draft);
    uint8_t missing[COSIGNERS_MOST][KEY_SIZE];
    size_t missing_count = comity_draft_missing(draft, missing, COSIGNERS_MOST);
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i <= command->n_cosigners; i++) {
        const ProtobufCBinaryData *key = i == 0 ? &command->key : &command->cosigners[i - 1];
        bool has_signed = true;
        char fingerprint[FINGERPRINT_SIZE], hex[2 * KEY_SIZE + 1];
        for (size_t j = 0; j < missing_count && j < COSIGNERS_MOST; j++)
            has_signed &= memcmp(missing[j], key->data, KEY_SIZE) != 0;
        key_fingerprint(key->data, fingerprint);
        hex_encode(BYTES(key->data, KEY_SIZE), hex);
        const char *said = has_signed ? _("has signed") : _("has NOT signed yet");
        if (cli->terminal.is_accessible)
            say(cli, "%s, %s: %s", fingerprint, signer_name(cli, draft, key), said);
        else
            say(cli, "  %s  %s  %s", fingerprint, padded(cli, said, 18), signer_name(cli, draft, key));
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "key", json_object_new_string(hex));
        json_object_object_add(row, "has_signed", json_object_new_boolean(has_signed));
        json_object_array_add(array, row);
    }
    return array;
}

/* A rule is read in the same words before it is signed and after it is adopted. */
static void say_adoption(struct cli *cli, const Comity__V1__AdoptRule *adopt, bool has_names)
{
    const char **bodies = arena_alloc(cli->arena, (adopt->n_bodies + 1) * sizeof(*bodies));

    rule_say(cli, adopt->rule);
    for (size_t i = 0; bodies != NULL && i < adopt->n_bodies; i++)
        bodies[i] = has_names ? name_of_body(cli, adopt->bodies[i])
                              : phrase(cli, "number %" PRIu32, adopt->bodies[i]);
    if (bodies != NULL && adopt->n_bodies > 0)
        say(cli, "To decide by it: body %s.", shown_list(cli, bodies, adopt->n_bodies));
}

/* As it is shown once it is adopted. */
static void say_charter(struct cli *cli, const Comity__V1__AdoptCharter *adopt, struct comity_draft *draft)
{
    if (adopt->replaces != 0)
        say(cli, "It takes the place of charter %" PRIu32 ".", adopt->replaces);
    if (adopt->decision != 0)
        say(cli, "By decision %" PRIu32 ".", adopt->decision);
    standing_rules_say(cli, adopt->charter, draft_prose, draft);
}

/* NULL: it is about none. */
static const ProtobufCBinaryData *key_of_command(const Comity__V1__Command *command)
{
    switch (command->body_case) {
    case COMITY__V1__COMMAND__BODY_REVOKE_KEY:
        return &command->revoke_key->key;
    case COMITY__V1__COMMAND__BODY_ADD_KEY:
        return &command->add_key->key;
    case COMITY__V1__COMMAND__BODY_RECOVER_CO_CHAIR:
        return &command->recover_co_chair->key;
    case COMITY__V1__COMMAND__BODY_SET_RECOVERY_KEY:
        return &command->set_recovery_key->key;
    case COMITY__V1__COMMAND__BODY_APPOINT_WITNESS:
        return &command->appoint_witness->key;
    default:
        return NULL;
    }
}

void draft_say_key(struct cli *cli, const Comity__V1__Command *command, bool has_names)
{
    const ProtobufCBinaryData *key = key_of_command(command);
    char fingerprint[FINGERPRINT_SIZE];

    if (key == NULL || key->len != KEY_SIZE)
        return;
    key_fingerprint(key->data, fingerprint);
    say(cli, "  fingerprint: %s", fingerprint);
    const Comity__V1__Member *member = has_names ? member_of_key(cli, BYTES(key->data, key->len)) : NULL;
    if (member != NULL)
        say(cli, "  of: %s", desk_shown(cli, member->name));
}

int draft_file_show(struct cli *cli, const struct draft_file *file)
{
    const Comity__V1__Command *command = comity_draft_command(file->draft);
    struct json_object *value = json_object_new_object();
    struct json_object *content = message_to_json(&command->base, draft_prose, file->draft), *body = NULL;
    size_t missing = comity_draft_missing(file->draft, NULL, 0);

    json_object_object_get_ex(content, comity_draft_name(file->draft), &body);
    say(cli, "This draft is to do: %s", comity_draft_name(file->draft));
    const Comity__V1__Member *author = known_signer(cli, file->draft, &command->key);
    if (command->body_case == COMITY__V1__COMMAND__BODY_ADOPT_RULE)
        say_adoption(cli, command->adopt_rule, author != NULL);
    else if (command->body_case == COMITY__V1__COMMAND__BODY_ADOPT_CHARTER)
        say_charter(cli, command->adopt_charter, file->draft);
    else
        say_json(cli, body, 1);
    draft_say_key(cli, command, author != NULL);
    if (command->body_case == COMITY__V1__COMMAND__BODY_INVITE && author != NULL)
        say(cli, "  constituency: %s", name_of_constituency(cli, author->constituency));
    say(cli, "It has to be sent before %s.", shown_time(cli, command->valid_until_ms));
    say(cli, "Signatures:");
    json_object_object_add(value, "act", json_object_new_string(comity_draft_name(file->draft)));
    json_object_object_add(value, "command_id",
                           json_hex(BYTES(comity_draft_id(file->draft), COMMAND_ID_SIZE)));
    json_object_object_add(value, "history",
                           json_hex(BYTES(comity_draft_history(file->draft), HISTORY_ID_SIZE)));
    json_object_object_add(value, "signatures", show_signatures(cli, file->draft));
    json_object_object_add(value, "missing", json_object_new_uint64(missing));
    json_object_object_add(value, "command", content);
    cli_put(cli, "draft", value);
    return 0;
}

/* Keys that have to sign besides the signer's: of --with and of --cosigner. */
struct cosigners {
    uint8_t keys[COSIGNERS_MOST][KEY_SIZE];
    ProtobufCBinaryData list[COSIGNERS_MOST];
    size_t count;
};

static int add_cosigner(struct cli *cli, struct cosigners *cosigners, const uint8_t signer[KEY_SIZE],
                        const uint8_t key[KEY_SIZE])
{
    if (memcmp(signer, key, KEY_SIZE) == 0)
        return 0;
    for (size_t i = 0; i < cosigners->count; i++)
        if (memcmp(cosigners->keys[i], key, KEY_SIZE) == 0)
            return 0;
    if (cosigners->count == COSIGNERS_MOST)
        return cli_fail(cli, ERR_USAGE, NULL, "At most %d keys can sign.", COSIGNERS_MOST);
    memcpy(cosigners->keys[cosigners->count], key, KEY_SIZE);
    cosigners->list[cosigners->count] = (ProtobufCBinaryData){KEY_SIZE, cosigners->keys[cosigners->count]};
    cosigners->count++;
    return 0;
}

/* The founders of whom a command admits have to sign it, and their keys stand in it. */
static int add_founders(struct cli *cli, const Comity__V1__Command *command, struct cosigners *cosigners,
                        const uint8_t signer[KEY_SIZE])
{
    int code = 0;

    if (command->body_case != COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY)
        return 0;
    const Comity__V1__NewConstituency *constituency = command->admit_constituency->constituency;
    for (size_t i = 0; code == 0 && i < constituency->n_founders; i++)
        if (constituency->founders[i]->key.len == KEY_SIZE)
            code = add_cosigner(cli, cosigners, signer, constituency->founders[i]->key.data);
    return code;
}

static int collect_cosigners(struct cli *cli, const Comity__V1__Command *command, struct cosigners *cosigners,
                             uint8_t ret_signer[KEY_SIZE])
{
    struct signing_key signer;
    uint8_t public_key[KEY_SIZE];
    int code = desk_signer(cli, &signer);

    for (size_t i = 0; code == 0 && i < option_count(&cli->arguments, "with"); i++) {
        code = signer_public(cli, option_at(&cli->arguments, "with", i), NULL, public_key);
        if (code == 0)
            code = add_cosigner(cli, cosigners, signer.public_key, public_key);
    }
    for (size_t i = 0; code == 0 && i < option_count(&cli->arguments, "cosigner"); i++) {
        const char *who = option_at(&cli->arguments, "cosigner", i);
        uint32_t member;
        if (strlen(who) == 2 * KEY_SIZE && hex_decode(who, public_key, KEY_SIZE) == 0)
            code = 0;
        else if ((code = find_member(cli, who, &member)) == 0)
            code = find_key_of_member(cli, member, public_key, NULL);
        if (code == 0)
            code = add_cosigner(cli, cosigners, signer.public_key, public_key);
    }
    if (code == 0)
        code = add_founders(cli, command, cosigners, signer.public_key);
    if (code == 0)
        memcpy(ret_signer, signer.public_key, KEY_SIZE);
    signing_key_wipe(&signer);
    return code;
}

static int sign_with(struct cli *cli, struct comity_draft *draft)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < option_count(&cli->arguments, "with"); i++) {
        struct signing_key key;
        code = signer_open(cli, option_at(&cli->arguments, "with", i), NULL, &key);
        if (code == 0)
            code = comity_draft_cosign(draft, key.seed);
        /* The signer's own key given again is no cosigner. */
        if (code == ERR_COSIGNERS)
            code = 0;
        signing_key_wipe(&key);
    }
    return code;
}

/* Does one co-chair do it for their constituency, unless the charter asks for several? */
static bool is_own_act(const Comity__V1__Command *command)
{
    for (unsigned i = 0; command_row_at(i) != NULL; i++)
        if (command_row_at(i)->body == command->body_case)
            return command_row_at(i)->right == MAY_OWN_CO_CHAIR || command_row_at(i)->right == MAY_SELF_OR_CO_CHAIR ||
                   command_row_at(i)->right == MAY_CO_CHAIR_NEW_KEY;
    return false;
}

/* All joint acts do. Of one's own: an invitation to an office that serves all parties, and a list with weights. */
static bool needs_cosigners(const Comity__V1__Command *command)
{
    if (command->body_case == COMITY__V1__COMMAND__BODY_SET_LIST)
        return command->set_list->n_weights > 0;
    if (command->body_case != COMITY__V1__COMMAND__BODY_INVITE)
        return !is_own_act(command);
    for (size_t i = 0; i < command->invite->n_offices; i++)
        if (command->invite->offices[i] == COMITY__V1__OFFICE__OFFICE_FACILITATOR ||
            command->invite->offices[i] == COMITY__V1__OFFICE__OFFICE_RECORDER)
            return true;
    return false;
}

/* Before it is sent at once: the founders of whom it admits sign as well. */
static int check_founders(struct cli *cli, const struct comity_draft *draft)
{
    const char *absent = cosigners_absent_founders(cli, draft);

    return absent == NULL
               ? 0
               : cli_fail(cli, ERR_COSIGNERS,
                          "Add --draft FILE, and --cosigner WHO for a co-chair of every party, to let "
                          "them sign; or --with KEYFILE where a key is at hand.",
                          "Founders sign as well, and their keys are not among those of --with: %s.", absent);
}

static void tell_written(struct cli *cli, const char *path, bool has_founders)
{
    const char *shown = shown_string(cli, path);

    say(cli, "Written to %s. Each of the others: comity draft sign %s. Then: comity draft submit %s", shown,
        shown, shown);
    if (has_founders)
        say(cli, "The founders sign with their own keys (comity key new); that makes their context as well.");
}

int joint_submit(struct cli *cli, Comity__V1__Command *command, const Comity__V1__Event **ret_event)
{
    return joint_submit_with(cli, command, NULL, ret_event);
}

int joint_submit_with(struct cli *cli, Comity__V1__Command *command, const struct signing_key *brought,
                      const Comity__V1__Event **ret_event)
{
    struct cosigners *cosigners = arena_alloc(cli->arena, sizeof(*cosigners));
    struct draft_file file = {.place = cli->context.reach};
    const char *path = cli_option(cli, "draft");
    uint8_t signer[KEY_SIZE];

    if (cosigners == NULL)
        return ERR_MEMORY;
    if (path == NULL && cli_has(cli, "cosigner"))
        return cli_fail(cli, ERR_USAGE, "Add --draft FILE",
                        "--cosigner names who is to sign a draft: where is it to go?");
    int code = collect_cosigners(cli, command, cosigners, signer);
    if (code == 0 && brought != NULL)
        code = add_cosigner(cli, cosigners, signer, brought->public_key);
    if (code != 0)
        return code;
    if (path != NULL && cosigners->count == 0 && needs_cosigners(command))
        return cli_fail(cli, ERR_USAGE, "Leave --draft out where nobody else has to sign.",
                        "Name who signs as well: --cosigner WHO, one co-chair of every party.");
    command->cosigners = cosigners->list;
    command->n_cosigners = cosigners->count;
    /* What is sent at once the worker judges. */
    if (needs_cosigners(command) || path != NULL)
        code = cosigners_check(cli, command, signer, needs_cosigners(command));
    if (code == 0)
        code = desk_sign(cli, command, cli->context.history, &file.draft);
    if (code == 0 && path == NULL)
        code = check_founders(cli, file.draft);
    if (code == 0)
        code = sign_with(cli, file.draft);
    if (code == 0 && brought != NULL)
        code = comity_draft_cosign(file.draft, brought->seed);
    if (code == 0 && path == NULL)
        code = desk_send(cli, file.draft, ret_event);
    else if (code == 0) {
        *ret_event = NULL;
        code = draft_file_write(cli, path, &file, false);
        if (code == 0) {
            draft_file_show(cli, &file);
            tell_written(cli, path, command->body_case == COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY);
        }
    }
    draft_file_release(&file);
    return code;
}
