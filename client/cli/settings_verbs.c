/* Verbs about settings: which there are, what they are, and where that comes from. */
#include <stdio.h>

#include "client/cli/output.h"
#include "client/cli/verbs.h"

static void put_row(struct json_object *array, const char *name, const char *value, const char *origin,
                    const char *where)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "name", json_object_new_string(name));
    json_object_object_add(row, "value", value == NULL ? NULL : json_object_new_string(value));
    json_object_object_add(row, "origin", json_object_new_string(origin));
    json_object_object_add(row, "where", json_object_new_string(where));
    json_object_array_add(array, row);
}

static const char *origin_shown(struct cli *cli, const struct setting *setting)
{
    if (setting->where == NULL || setting->where[0] == '\0')
        return _(origin_name(setting->value == NULL ? ORIGIN_PRESET : setting->origin));
    return phrase(cli, "%s: %s", _(origin_name(setting->origin)), shown_string(cli, setting->where));
}

int config_show_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("setting"), N_("value"), N_("from")};
    struct json_object *array = json_object_new_array();
    struct sheet sheet;

    cli_put(cli, "settings", array);
    sheet_init(&sheet, cli, cli_has(cli, "origin") ? 3 : 2, TITLES);
    for (unsigned i = 0; setting_row_at(i) != NULL; i++) {
        const struct setting *setting = &cli->settings.list[i];
        const char *value = setting->value == NULL ? "-" : shown_string(cli, setting->value);
        const char *cells[] = {setting_row_at(i)->name, value, origin_shown(cli, setting)};
        sheet_row(&sheet, cells);
        put_row(array, cells[0], setting->value,
                origin_name(setting->value == NULL ? ORIGIN_PRESET : setting->origin),
                setting->where == NULL ? "" : shown_string(cli, setting->where));
    }
    sheet_print(&sheet, "");
    if (cli->settings.fault != 0)
        return cli_fail(cli, cli->settings.fault, "comity config set NAME VALUE", "%s", cli->settings.reason);
    return 0;
}

static int find_kept(struct cli *cli, const char *name, unsigned *ret_id)
{
    const char *names[SETTING_KEPT_COUNT];

    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++) {
        names[i] = setting_row_at(i)->name;
        if (strcmp(names[i], name) == 0) {
            *ret_id = i;
            return 0;
        }
    }
    return cli_fail(cli, ERR_USAGE, "comity config show",
                    "There is no setting `%s` that is kept. There are %s.", shown_string(cli, name),
                    shown_list(cli, names, SETTING_KEPT_COUNT));
}

static int keep_in_home(struct cli *cli, unsigned id, const char *value)
{
    struct kept_settings kept;
    char reason[SETTING_REASON_MAX];
    int code = kept_settings_read(cli->home, &kept, reason);

    if (code == 0) {
        snprintf(kept.values[id], SETTING_VALUE_MAX, "%s", value);
        code = kept_settings_write(cli->home, &kept, reason);
    }
    return code == 0 ? 0 : cli_fail(cli, code, "Mend the file, or remove it.", "%s", reason);
}

static int keep_in_context(struct cli *cli, unsigned id, const char *value)
{
    char reason[CONTEXT_REASON_MAX];
    int code = cli_need(cli, NEEDS_PLACE);

    if (code != 0)
        return code;
    code = context_change_setting(cli->home, cli->context.name, id, value, reason);
    return code == 0 ? 0 : cli_fail(cli, code, "comity context list", "%s", reason);
}

int config_set_run(struct cli *cli)
{
    const char *name = cli_argument(cli, "SETTING"), *value = cli_argument(cli, "VALUE");
    char reason[SETTING_REASON_MAX];
    unsigned id = 0;
    int code = find_kept(cli, name, &id);

    if (code != 0)
        return code;
    if (value != NULL && !setting_is_usable(id, value, reason))
        return cli_fail(cli, ERR_USAGE, NULL, "%s cannot be `%s`. %s", name, shown_string(cli, value),
                        reason);
    if (cli_has(cli, "in-context"))
        code = keep_in_context(cli, id, value == NULL ? "" : value);
    else if ((code = cli_need(cli, NEEDS_HOME)) == 0)
        code = keep_in_home(cli, id, value == NULL ? "" : value);
    if (code != 0)
        return code;
    cli_put_text(cli, "setting", name);
    cli_put_text(cli, "value", value);
    if (value == NULL)
        say(cli, "%s is not set any more.", name);
    else
        say(cli, "%s is %s from now on.", name, value);
    return 0;
}
