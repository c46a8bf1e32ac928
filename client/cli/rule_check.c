/* Verbs about rules that are no rule yet: is a file sound, and in what do two rules differ? */
#include <inttypes.h>

#include "client/cli/output.h"
#include "client/cli/rule_compare.h"
#include "client/cli/rule_source.h"
#include "client/cli/rule_text.h"
#include "client/cli/verbs.h"

/* Outcomes that lead nowhere although they settle nothing. docs/rules.md R-89 */
static int tell_warnings(struct cli *cli, const struct rule_source *source)
{
    struct json_object *array = json_object_new_array();
    struct rule_warning *warnings = NULL;
    size_t count = 0;
    int code = rule_warnings(source->rule, cli->arena, &warnings, &count);

    cli_put(cli, "warnings", array);
    for (size_t i = 0; code == 0 && i < count; i++) {
        const struct rule_warning *warning = &warnings[i];
        const char *stage = warning->stage == 0 ? NULL : source->rule->stages[warning->stage - 1]->name;
        const char *field = warning->stage == 0
                                ? "stages"
                                : arena_printf(cli->arena, "stages[%" PRIu32 "]", warning->stage - 1);
        unsigned line = 0, column = 0;
        if (source->file.rule != NULL && field != NULL)
            rule_file_place(&source->file, field, &line, &column);
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "line", json_object_new_int64(line));
        json_object_object_add(row, "column", json_object_new_int64(column));
        json_object_object_add(row, "stage", json_object_new_int64(warning->stage));
        json_object_object_add(row, "outcome", json_object_new_string(outcome_name(warning->outcome)));
        json_object_array_add(array, row);
        const char *where =
            line == 0 ? ""
                      : arena_printf(cli->arena, "%s:%u:%u: ", shown_string(cli, source->path), line, column);
        if (stage == NULL)
            say(cli, "%sWarning: no stage follows the outcome %s, which settles nothing.", where,
                outcome_word(warning->outcome));
        else
            say(cli, "%sWarning: no stage follows the outcome %s of the stage %s, which settles nothing.",
                where, outcome_word(warning->outcome), shown_string(cli, stage));
    }
    if (count > 0)
        say(cli, "Say in `stages` what follows then, or agree beforehand what is done.");
    return code;
}

int rule_check_run(struct cli *cli)
{
    const char *path = cli_argument(cli, "FILE");
    struct rule_source source;
    int code = rule_source_sound(cli, path, &source);

    if (code == 0)
        code = tell_warnings(cli, &source);
    if (code != 0)
        return code;
    const char *hash = rule_source_hash(cli, source.rule);
    cli_put_text(cli, "name", source.rule->name);
    say(cli, "%s is a rule that can be adopted: %s.", shown_string(cli, path),
        shown_string(cli, source.rule->name));
    say(cli, "Hash: %s", hash == NULL ? "?" : hash);
    say(cli, "comity rule explain %s says it in sentences.", shown_string(cli, path));
    return 0;
}

static struct json_object *text_or_null(const char *text)
{
    return text == NULL ? NULL : json_object_new_string(text);
}

static void tell_difference(struct cli *cli, const struct rule_difference *difference,
                            struct json_object *array)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "what", json_object_new_string(difference->what));
    json_object_object_add(row, "first", text_or_null(difference->first));
    json_object_object_add(row, "second", text_or_null(difference->second));
    json_object_array_add(array, row);
    if (difference->first == NULL)
        say(cli, "%s: only in the second: %s", difference->what, difference->second);
    else if (difference->second == NULL)
        say(cli, "%s: only in the first: %s", difference->what, difference->first);
    else
        say(cli, "%s: %s; in the second: %s", difference->what, difference->first, difference->second);
}

int rule_diff_run(struct cli *cli)
{
    struct rule_source first, second;
    struct rule_difference *list;
    struct json_object *array = json_object_new_array();
    size_t count;
    bool is_same;

    cli_put(cli, "differences", array);
    int code = rule_source(cli, cli_argument(cli, "FIRST"), SOURCE_ANY, &first);
    if (code == 0)
        code = rule_source(cli, cli_argument(cli, "SECOND"), SOURCE_ANY, &second);
    if (code == 0)
        code = rule_compare(cli, first.rule, second.rule, &list, &count, &is_same);
    if (code != 0)
        return code;
    cli_put(cli, "same", json_object_new_boolean(is_same));
    for (size_t i = 0; i < count; i++)
        tell_difference(cli, &list[i], array);
    if (is_same) {
        say(cli, "The two rules are the same, with the same hash.");
        return 0;
    }
    if (count == 0)
        say(cli, "The two rules say the same in another order, so that their hashes differ.");
    return cli_fail(cli, ERR_DIFFERS, "comity rule explain says each of them in sentences", "%s",
                    count == 0 ? _("The rules differ in the order of what they say.")
                               : counted(cli, count, "The rules differ in %" PRIu64 " thing.",
                                         "The rules differ in %" PRIu64 " things."));
}
