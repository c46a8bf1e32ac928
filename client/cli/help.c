#include "client/cli/help.h"

#include "client/cli/man.h"
#include "client/cli/output.h"

static struct json_object *option_to_json(const struct verb_option *row)
{
    struct json_object *value = json_object_new_object();

    json_object_object_add(value, "name", json_object_new_string(row->name));
    json_object_object_add(value, "value", row->value == NULL ? NULL : json_object_new_string(row->value));
    json_object_object_add(value, "summary", json_object_new_string(row->summary));
    json_object_object_add(value, "is_required", json_object_new_boolean(row->is_required));
    json_object_object_add(value, "is_list", json_object_new_boolean(row->is_list));
    return value;
}

static struct json_object *verb_to_json(const struct verb *verb)
{
    struct json_object *value = json_object_new_object();
    struct json_object *arguments = json_object_new_array(), *options = json_object_new_array();
    char usage[VERB_USAGE_MAX];

    verb_usage(verb, usage);
    for (const struct verb_argument *row = verb->arguments; row->name != NULL; row++) {
        struct json_object *argument = json_object_new_object();
        json_object_object_add(argument, "name", json_object_new_string(row->name));
        json_object_object_add(argument, "summary", json_object_new_string(row->summary));
        json_object_object_add(argument, "is_optional", json_object_new_boolean(row->is_optional));
        json_object_array_add(arguments, argument);
    }
    for (size_t i = 0; verb_option_at(verb, i) != NULL; i++)
        json_object_array_add(options, option_to_json(verb_option_at(verb, i)));
    json_object_object_add(value, "name", json_object_new_string(verb->name));
    json_object_object_add(value, "summary", json_object_new_string(verb->summary));
    json_object_object_add(value, "usage", json_object_new_string(usage));
    json_object_object_add(value, "arguments", arguments);
    json_object_object_add(value, "options", options);
    json_object_object_add(value, "json", json_object_new_string(verb->json));
    return value;
}

static const char *const LEGEND[] = {"what", "explained"};

/* What is explained, a line each. */
static void legend_init(struct sheet *sheet, struct cli *cli)
{
    sheet_init(sheet, cli, ARRAY_COUNT(LEGEND), LEGEND);
    sheet->has_no_titles = true;
    sheet->lead = "  ";
}

static void legend_row(struct sheet *sheet, const char *what, const char *explained)
{
    const char *cells[] = {what, explained};

    sheet_row(sheet, cells);
}

static void say_options(struct cli *cli, const char *title, const struct verb_option *rows)
{
    struct sheet sheet;

    if (rows->name == NULL)
        return;
    say(cli, "\n%s", painted(cli, COLOR_HEADING, _(title)));
    legend_init(&sheet, cli);
    for (const struct verb_option *row = rows; row->name != NULL; row++) {
        const char *left = arena_printf(cli->arena, "--%s%s%s%s", row->name, row->value == NULL ? "" : " ",
                                        row->value == NULL ? "" : row->value, row->is_list ? "..." : "");
        const char *right = _(row->summary);
        if (row->is_required)
            right = arena_printf(cli->arena, _("%s (required)"), right);
        legend_row(&sheet, left, right);
    }
    sheet_print(&sheet, "");
}

static void say_arguments(struct cli *cli, const struct verb *verb)
{
    struct sheet sheet;

    if (verb->arguments[0].name == NULL)
        return;
    say(cli, "\n%s", painted(cli, COLOR_HEADING, _("Arguments:")));
    legend_init(&sheet, cli);
    for (const struct verb_argument *row = verb->arguments; row->name != NULL; row++) {
        const char *right = _(row->summary);
        if (row->is_optional)
            right = arena_printf(cli->arena, _("%s (may be left out)"), right);
        legend_row(&sheet, row->name, right);
    }
    sheet_print(&sheet, "");
}

static bool is_of_noun(const struct verb *verb, const char *noun)
{
    size_t length = noun == NULL ? 0 : strlen(noun);

    return noun == NULL || (strncmp(verb->name, noun, length) == 0 &&
                            (verb->name[length] == ' ' || verb->name[length] == '\0'));
}

/* `ballots` is a command, and the first word of others. */
static void say_longer_ones(struct cli *cli, const struct verb *verb)
{
    for (unsigned i = 0; verb_at(i) != NULL; i++)
        if (verb_at(i) != verb && is_of_noun(verb_at(i), verb->name))
            say(cli, "See also: comity help %s", verb_at(i)->name);
}

int help_verb(struct cli *cli, const struct verb *verb)
{
    char usage[VERB_USAGE_MAX];

    verb_usage(verb, usage);
    cli_put(cli, "help", verb_to_json(verb));
    say(cli, "%s: %s\n\nusage: %s", verb->name, _(verb->summary), usage);
    say_arguments(cli, verb);
    say_options(cli, N_("Options:"), verb->options);
    if (verb->is_joint)
        say_options(cli,
                    verb->is_own_often    ? N_("Where the others have to sign as well:")
                    : verb->signs != NULL ? verb->signs
                                          : N_("A co-chair of every party has to sign this:"),
                    JOINT_OPTIONS);
    if (verb->is_final)
        say_options(cli, N_("It cannot be undone:"), FINAL_OPTIONS);
    say_options(cli, N_("Options of every command:"), COMMON_OPTIONS);
    if (verb->detail != NULL)
        say(cli, "\n%s", _(verb->detail));
    say_longer_ones(cli, verb);
    return 0;
}

static int help_list(struct cli *cli, const char *noun)
{
    struct json_object *verbs = json_object_new_array();
    const char *group = NULL;
    struct sheet sheet;

    if (noun == NULL)
        say(cli,
            "comity: joint decisions by parties that keep their own authority, recorded so that anybody can"
            " recount them.\n\nusage: comity COMMAND [ARGUMENT...] [OPTION...]");
    legend_init(&sheet, cli);
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        const struct verb *verb = verb_at(i);
        if (!is_of_noun(verb, noun))
            continue;
        if (group == NULL || strcmp(group, verb->group) != 0) {
            if (group != NULL)
                sheet_print(&sheet, "");
            say(cli, "\n%s", painted(cli, COLOR_HEADING, _(verb->group)));
            legend_init(&sheet, cli);
        }
        group = verb->group;
        legend_row(&sheet, arena_printf(cli->arena, "%-18s", verb->name), _(verb->summary));
        json_object_array_add(verbs, verb_to_json(verb));
    }
    sheet_print(&sheet, "");
    cli_put(cli, "verbs", verbs);
    say(cli,
        "\ncomity help COMMAND explains one of them; comity help exit-codes says what a script gets back.");
    return 0;
}

static int help_exit_codes(struct cli *cli)
{
    struct json_object *codes = json_object_new_array();
    struct exit_row row;

    for (unsigned i = 0; exit_row_at(i, &row); i++) {
        struct json_object *value = json_object_new_object();
        json_object_object_add(value, "exit", json_object_new_int(row.code));
        json_object_object_add(value, "meaning", json_object_new_string(row.meaning));
        json_object_array_add(codes, value);
        say(cli, "%d  %s", row.code, _(row.meaning));
    }
    cli_put(cli, "exit_codes", codes);
    return 0;
}

/* For whoever builds the pages and docs/cli.md: no document, but the source itself. */
static int help_source(struct cli *cli)
{
    const char *page = cli_option(cli, "man");

    if (cli->is_json || (page != NULL && cli_has(cli, "markdown")))
        return cli_fail(cli, ERR_USAGE, "comity help --json",
                        "--markdown, --man and --json exclude one another.");
    if (page == NULL)
        help_print_markdown(stdout);
    else if (strcmp(page, "pages") == 0)
        man_print_names(stdout);
    else if (!man_print_page(page, stdout))
        return cli_fail(cli, ERR_USAGE, "comity help --man pages", "There is no page `%s`.",
                        shown_string(cli, page));
    return 0;
}

int help_run(struct cli *cli)
{
    char *words[2] = {(char *) cli_argument(cli, "COMMAND"), (char *) cli_argument(cli, "SECOND-WORD")};
    size_t count = words[0] == NULL ? 0 : words[1] == NULL ? 1 : 2, used = 0;

    if (cli_has(cli, "markdown") || cli_has(cli, "man"))
        return help_source(cli);
    if (count == 0)
        return help_list(cli, NULL);
    if (strcmp(words[0], "exit-codes") == 0)
        return help_exit_codes(cli);
    const struct verb *verb = verb_find(words, count, &used);
    if (verb != NULL)
        return help_verb(cli, verb);
    if (verb_is_noun(words[0]))
        return help_list(cli, words[0]);
    const char *typed = count == 2 ? arena_printf(cli->arena, "%s %s", words[0], words[1]) : words[0];
    const struct verb *nearest = verb_nearest(typed);
    if (nearest == NULL)
        return cli_fail(cli, ERR_USAGE, "comity help", "There is no command `%s`.", shown_string(cli, typed));
    return cli_fail(cli, ERR_USAGE, "comity help", "There is no command `%s`. Did you mean `comity %s`?",
                    shown_string(cli, typed), nearest->name);
}

int version_run(struct cli *cli)
{
    cli_put_text(cli, "version", COMITY_VERSION);
    say(cli, "comity %s", COMITY_VERSION);
    return 0;
}

int errors_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("code"), N_("name"), N_("done?"), N_("exit"), N_("what it says")};
    struct json_object *errors = json_object_new_array();
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (unsigned i = 0; error_at(i) != 0; i++) {
        int code = error_at(i);
        bool is_unknown = error_execution(code) == EXECUTION_UNKNOWN;
        struct json_object *value = json_object_new_object();
        json_object_object_add(value, "code", json_object_new_int(code));
        json_object_object_add(value, "name", json_object_new_string(error_name(code)));
        json_object_object_add(value, "execution",
                               json_object_new_string(is_unknown ? "UNKNOWN" : "NOT_EXECUTED"));
        json_object_object_add(value, "exit", json_object_new_int((int) exit_of_error(code)));
        json_object_object_add(value, "sentence", json_object_new_string(language_error(code)));
        json_object_array_add(errors, value);
        const char *cells[] = {
            arena_printf(cli->arena, "%d", code), error_name(code), is_unknown ? _("perhaps") : _("no"),
            arena_printf(cli->arena, "%d", (int) exit_of_error(code)), language_error(code)};
        sheet_row(&sheet, cells);
    }
    cli_put(cli, "errors", errors);
    sheet_print(&sheet, "");
    say(cli, "\n%s", _(ERRORS_NOTE));
    return 0;
}

static void print_options_markdown(FILE *file, const struct verb_option *rows)
{
    for (const struct verb_option *row = rows; row->name != NULL; row++)
        fprintf(file, "- `--%s%s%s`%s: %s%s\n", row->name, row->value == NULL ? "" : " ",
                row->value == NULL ? "" : row->value, row->is_list ? _(" (repeatable)") : "", _(row->summary),
                row->is_required ? _(" (required)") : "");
}

void help_print_markdown(FILE *file)
{
    const char *group = NULL;

    fprintf(file, "%s\n\n", _("Options of every command:"));
    print_options_markdown(file, COMMON_OPTIONS);
    fprintf(file, "\n%s\n\n",
            _("Options of joint acts (marked *joint*), which a co-chair of every party has to sign:"));
    print_options_markdown(file, JOINT_OPTIONS);
    fprintf(file, "\n%s\n\n",
            _("Options of what cannot be undone (marked *final*), which asks first on a terminal:"));
    print_options_markdown(file, FINAL_OPTIONS);
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        const struct verb *verb = verb_at(i);
        char usage[VERB_USAGE_MAX];
        verb_usage(verb, usage);
        if (group == NULL || strcmp(group, verb->group) != 0)
            fprintf(file, "\n### %s\n", _(verb->group));
        group = verb->group;
        fprintf(file, "\n#### %s%s%s\n\n%s\n\n    %s\n", verb->name,
                !verb->is_joint      ? ""
                : verb->is_own_often ? _(" (*joint* at times)")
                                     : _(" (*joint*)"),
                verb->is_final ? _(" (*final*)") : "", _(verb->summary), usage);
        if (verb->arguments[0].name != NULL || verb->options[0].name != NULL)
            fputc('\n', file);
        for (const struct verb_argument *row = verb->arguments; row->name != NULL; row++)
            fprintf(file, "- `%s`: %s%s\n", row->name, _(row->summary),
                    row->is_optional ? _(" (may be left out)") : "");
        print_options_markdown(file, verb->options);
        if (verb->detail != NULL)
            fprintf(file, "\n%s\n", _(verb->detail));
        if (verb->json != NULL)
            fprintf(file, "\nJSON: %s\n", verb->json);
    }
}
