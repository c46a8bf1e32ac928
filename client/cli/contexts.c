/* Verbs about contexts: which partnership this machine talks to. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/brokers.h"
#include "client/cli/final.h"
#include "client/cli/json_file.h"
#include "client/cli/output.h"
#include "client/cli/signer.h"
#include "client/cli/verbs.h"

static int fail(struct cli *cli, int code, const char *reason)
{
    return cli_fail(cli, code, "comity context list", "%s", reason);
}

static struct json_object *context_to_json(const struct context *context, bool is_current)
{
    struct json_object *value = json_object_new_object(), *keys = json_object_new_array();

    for (size_t i = 0; i < context->pin_count; i++)
        json_object_array_add(keys, json_hex(BYTES(context->pins[i], KEY_SIZE)));
    json_object_object_add(value, "name", json_object_new_string(context->name));
    json_object_object_add(value, "title", json_object_new_string(context->title));
    json_object_object_add(value, "is_current", json_object_new_boolean(is_current));
    json_object_object_add(value, "history",
                           context->has_history ? json_hex(BYTES(context->history, HISTORY_ID_SIZE)) : NULL);
    json_object_object_add(value, "place", place_to_json(&context->place));
    json_object_object_add(value, "broker_list", json_object_new_uint64(context->broker_list));
    json_object_object_add(value, "brokers", brokers_to_json(context));
    json_object_object_add(value, "signing_key", json_object_new_string(context->signing_key));
    json_object_object_add(value, "connection_key", json_object_new_string(context->connection_key));
    json_object_object_add(value, "data", json_object_new_string(context->data));
    json_object_object_add(value, "seen", json_object_new_uint64(context->seen));
    json_object_object_add(value, "log_keys", keys);
    return value;
}

int context_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {"", N_("name"), N_("what it is"), N_("seen up to")};
    const char *mark = cli->terminal.is_accessible ? _("the current one") : "*";
    const char *const *names;
    size_t count;
    char reason[CONTEXT_REASON_MAX], current[NAME_MAX_BYTES + 1] = "";
    struct sheet sheet;
    struct json_object *array = json_object_new_array();
    int code = context_names(cli->home, cli->arena, &names, &count, reason);

    cli_put(cli, "contexts", array);
    if (code != 0)
        return fail(cli, code, reason);
    context_choose(cli->home, setting_given(&cli->settings, SETTING_CONTEXT), current, reason);
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < count; i++) {
        struct context context;
        bool is_current = strcmp(names[i], current) == 0;
        if (context_load(cli->home, names[i], &context, reason) != 0) {
            const char *cells[] = {is_current ? mark : "", names[i], shown_string(cli, reason), "-"};
            sheet_row(&sheet, cells);
            continue;
        }
        json_object_array_add(array, context_to_json(&context, is_current));
        const char *cells[] = {is_current ? mark : "", names[i],
                               context.has_history ? shown_string(cli, context.title) : _("operator"),
                               arena_printf(cli->arena, "%" PRIu64, context.seen)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "This machine belongs to no partnership yet: comity join INVITATION");
    return 0;
}

int context_use_run(struct cli *cli)
{
    const char *name = cli_argument(cli, "CONTEXT");
    struct context context;
    char reason[CONTEXT_REASON_MAX];
    int code = context_load(cli->home, name, &context, reason);

    if (code == 0)
        code = context_set_current(cli->home, name, reason);
    if (code != 0)
        return fail(cli, code, reason);
    cli_put_text(cli, "context", name);
    say(cli, "From now on: %s.", name);
    return 0;
}

int context_show_run(struct cli *cli)
{
    char reason[CONTEXT_REASON_MAX], name[NAME_MAX_BYTES + 1];
    const char *given = cli_argument(cli, "CONTEXT");
    struct context context;
    int code = context_choose(
        cli->home, given != NULL ? given : setting_given(&cli->settings, SETTING_CONTEXT), name, reason);

    if (code == 0)
        code = context_load(cli->home, name, &context, reason);
    if (code != 0)
        return fail(cli, code, reason);
    struct json_object *value = context_to_json(&context, true);
    cli_put(cli, "context", value);
    say(cli, "Context %s, in %s", name, shown_string(cli, cli->home));
    say_json(cli, value, 1);
    return 0;
}

/* As it can be kept: absolute, for a context's paths begin in the home, and a person's where that person
 * stands. */
static int take_key_path(struct cli *cli, const char *given, char ret_path[PATH_BYTES])
{
    uint8_t public_key[KEY_SIZE];
    char *absolute = realpath(given, NULL);
    int code = signer_public(cli, given, NULL, public_key);

    if (code == 0 && (absolute == NULL || strlen(absolute) >= PATH_BYTES))
        code = cli_fail_key(cli, ERR_FILE, NULL, given);
    if (code == 0)
        memcpy(ret_path, absolute, strlen(absolute) + 1);
    free(absolute);
    return code;
}

int context_add_run(struct cli *cli)
{
    const char *name = cli_argument(cli, "NAME"), *history = cli_option(cli, "history");
    const char *path = cli_option(cli, "place"), *key = cli_option(cli, "key");
    struct context context = {0};
    struct bytes content;
    char why[FILE_REASON_MAX], reason[CONTEXT_REASON_MAX];

    if (!name_is_valid(name))
        return cli_fail(cli, ERR_USAGE, NULL, "NAME is 1 to 40 of a-z, 0-9 and -, starting with a letter.");
    int code = file_read(path, FILE_MAX_BYTES, cli->arena, &content, why);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", why);
    struct json_object *value = json_read(content);
    code = value == NULL ? ERR_MALFORMED : place_from_json(value, &context.place);
    json_object_put(value);
    if (code != 0) {
        cli_fail(cli, code, "Give the place.json that `comity up` wrote.",
                 "%s does not say where workers are reached: %s", shown_string(cli, path),
                 language_error(code));
        return cli_unusable(cli, code);
    }
    if (history != NULL && (code = cli_key(cli, "--history", history, context.history)) != 0)
        return code;
    context.has_history = history != NULL;
    snprintf(context.name, sizeof(context.name), "%s", name);
    if (history != NULL)
        snprintf(context.signing_key, sizeof(context.signing_key), "keys/signing.key");
    if (history == NULL && key != NULL)
        return cli_fail(cli, ERR_USAGE, "Add --history HEX, or leave --key out.",
                        "Without --history it is an operator's context, which signs nothing.");
    if (key != NULL && (code = take_key_path(cli, key, context.signing_key)) != 0)
        return code;
    code = context_make(cli->home, &context, reason);
    if (code != 0)
        return fail(cli, code, reason);
    cli_put_text(cli, "context", name);
    say(cli, "Context %s is made.", name);
    cli_say_current(cli, name);
    return 0;
}

int context_remove_run(struct cli *cli)
{
    const char *name = cli_argument(cli, "CONTEXT");
    struct context context;
    char reason[CONTEXT_REASON_MAX];
    int code = context_load(cli->home, name, &context, reason);

    /* One that cannot be read can be removed still. */
    if (code == ERR_NOT_FOUND)
        return fail(cli, code, reason);
    code = final_check_here(
        cli, phrase(cli, "Context %s would be forgotten. Your keys, and what you signed, stay.", name));
    if (code != 0)
        return code;
    code = context_remove(cli->home, name);
    if (code != 0)
        return cli_fail(cli, code, NULL, "Context %s cannot be removed: %s.", name, strerror(errno));
    cli_put_text(cli, "context", name);
    say(cli, "Context %s is removed. Your keys, and what you signed, stay in %s.", name,
        shown_string(cli, cli->home));
    return 0;
}
