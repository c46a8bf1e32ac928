/* Verbs about decision rules. */
#include <inttypes.h>

#include "client/cli/draft_file.h"
#include "client/cli/finality.h"
#include "client/cli/made.h"
#include "client/cli/message_json.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/rule_source.h"
#include "client/cli/rule_text.h"
#include "client/cli/verbs.h"
#include "client/rules/template.h"

int rule_templates_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("name"), N_("what it asks for")};
    struct json_object *array = json_object_new_array();
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (unsigned i = 0; rule_template_at(i) != NULL; i++) {
        const struct rule_template *row = rule_template_at(i);
        struct json_object *value = json_object_new_object();
        json_object_object_add(value, "name", json_object_new_string(row->name));
        json_object_object_add(value, "summary", json_object_new_string(row->summary));
        Comity__V1__Rule *rule = rule_template_rule(row, cli->arena);
        json_object_object_add(value, "rule", rule == NULL ? NULL : message_to_json(&rule->base, NULL, NULL));
        json_object_array_add(array, value);
        const char *cells[] = {row->name, _(row->summary)};
        sheet_row(&sheet, cells);
    }
    cli_put(cli, "templates", array);
    sheet_print(&sheet, "");
    say(cli, "\ncomity rule show NAME explains one. A co-chair of every party adopts it: comity rule adopt "
             "NAME --with KEYFILE, "
             "or --draft FILE --cosigner WHO to let the others sign.");
    return 0;
}

/* The canonical form, to be kept in a file. */
static int put_yaml(struct cli *cli, const Comity__V1__Rule *rule)
{
    struct bytes text;
    int code = rule_file_write(rule, cli->arena, &text);

    if (code != 0)
        return code;
    cli_put(cli, "yaml", json_object_new_string_len((const char *) text.data, (int) text.size));
    if (!cli->is_json)
        fwrite(text.data, 1, text.size, stdout);
    return 0;
}

static void say_source(struct cli *cli, const struct rule_source *source)
{
    if (source->version != NULL)
        say(cli, "Adopted %s: number %" PRIu32 ", version %" PRIu32,
            shown_time(cli, source->version->adopted_ms), source->version->number, source->version->version);
    else if (source->path != NULL)
        say(cli, "A file, not adopted by that");
    else
        say(cli, source->is_asked ? N_("A template; no rule of this name is adopted") : N_("A template"));
}

static int show(struct cli *cli, unsigned kinds)
{
    struct rule_source source;
    int code = rule_source(cli, cli_argument(cli, "RULE"), kinds, &source);

    if (code != 0)
        return code;
    cli_put(cli, "rule", message_to_json(&source.rule->base, NULL, NULL));
    cli_put(cli, "number", source.version == NULL ? NULL : json_object_new_uint64(source.version->number));
    cli_put(cli, "version", source.version == NULL ? NULL : json_object_new_uint64(source.version->version));
    if (rule_source_hash(cli, source.rule) == NULL)
        return ERR_MEMORY;
    if (cli_has(cli, "yaml"))
        return put_yaml(cli, source.rule);
    say_source(cli, &source);
    rule_say(cli, source.rule);
    if (source.version != NULL)
        finality_shows(cli, &source.version->base);
    bool is_latest = source.version != NULL && strchr(cli_argument(cli, "RULE"), '@') == NULL;
    return is_latest ? finality_say(cli) : 0;
}

int rule_show_run(struct cli *cli)
{
    if (cli_has(cli, "template"))
        return show(cli, SOURCE_TEMPLATE);
    return show(cli, cli_has(cli, "adopted") ? SOURCE_ADOPTED : SOURCE_ANY);
}

int rule_explain_run(struct cli *cli)
{
    struct rule_source source;
    int code = rule_source(cli, cli_argument(cli, "RULE"), SOURCE_ANY, &source);

    if (code != 0)
        return code;
    cli_put(cli, "rule", message_to_json(&source.rule->base, NULL, NULL));
    rule_say(cli, source.rule);
    rule_say_outcomes(cli, source.rule);
    return rule_source_hash(cli, source.rule) == NULL ? ERR_MEMORY : 0;
}

/* What the options change of it. */
static int alter(struct cli *cli, const Comity__V1__Rule *from, Comity__V1__Rule *ret_rule)
{
    const char *rounds = cli_option(cli, "rounds"), *name = cli_option(cli, "as");
    uint64_t number;

    *ret_rule = *from;
    if (name != NULL)
        ret_rule->name = (char *) name;
    if (rounds != NULL) {
        int code = cli_number(cli, "--rounds", rounds, 1, 100, &number);
        if (code != 0)
            return code;
        ret_rule->rounds = (uint32_t) number;
    }
    struct rule_refused refused;
    int code = rule_check_told(ret_rule, language_words, cli->arena, &refused);
    if (code != 0) {
        cli_fail(cli, code, "comity rule templates lists rules that are sound",
                 "The rule cannot be adopted: %s", refused.sentence);
        snprintf(cli->failure.field, sizeof(cli->failure.field), "rule%s%s",
                 refused.field[0] == '\0' ? "" : ".", refused.field);
    }
    return code;
}

/* The bodies that are to decide by it; where there is one body alone, that one. */
static int read_bodies(struct cli *cli, Comity__V1__AdoptRule *body)
{
    size_t count = option_count(&cli->arguments, "body");
    struct rows rows;

    if (count == 0) {
        int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_BODIES, 0, &rows);
        if (code != 0)
            return code;
        if (rows.count == 0)
            return cli_fail(cli, ERR_USAGE, "comity body create",
                            "Say which bodies are to decide by this rule: there is none yet.");
        if (rows.count > 1)
            return cli_fail(cli, ERR_USAGE, "Name them: --body NAME, as in `comity body list`",
                            "Say which bodies are to decide by this rule: there are several.");
    }
    body->n_bodies = count == 0 ? 1 : count;
    body->bodies = arena_alloc(cli->arena, body->n_bodies * sizeof(*body->bodies));
    if (body->bodies == NULL)
        return ERR_MEMORY;
    if (count == 0)
        body->bodies[0] = ((const Comity__V1__Body *) rows.list[0])->number;
    for (size_t i = 0; i < count; i++) {
        int code = find_body(cli, option_at(&cli->arguments, "body", i), &body->bodies[i]);
        if (code != 0)
            return code;
    }
    return 0;
}

static bool is_for_same_bodies(const Comity__V1__RuleVersion *row, const Comity__V1__AdoptRule *body)
{
    size_t found = 0;

    for (size_t i = 0; i < body->n_bodies; i++)
        for (size_t j = 0; j < row->n_bodies; j++)
            found += row->bodies[j] == body->bodies[i];
    return found == body->n_bodies && found == row->n_bodies;
}

/* The latest version is the same already: a further one would say nothing new. */
static int check_is_new(struct cli *cli, const Comity__V1__AdoptRule *body)
{
    struct rows rows;
    const Comity__V1__RuleVersion *latest = NULL;
    uint8_t hash[HASH_SIZE];
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES, 0, &rows);

    if (code == 0)
        code = rule_hash(body->rule, cli->arena, hash);
    for (size_t i = 0; code == 0 && i < rows.count; i++) {
        const Comity__V1__RuleVersion *row = (const Comity__V1__RuleVersion *) rows.list[i];
        if (strcmp(row->rule->name, body->rule->name) == 0 &&
            (latest == NULL || row->version > latest->version))
            latest = row;
    }
    if (code != 0 || latest == NULL || latest->hash.len != HASH_SIZE ||
        memcmp(latest->hash.data, hash, HASH_SIZE) != 0 || !is_for_same_bodies(latest, body))
        return code;
    return cli_fail(
        cli, ERR_EXISTS,
        arena_printf(cli->arena, "comity round open PROPOSAL --rule %s", shown_string(cli, body->rule->name)),
        "Rule %s is adopted for the same bodies already: it is number %" PRIu32 ".",
        shown_string(cli, body->rule->name), latest->number);
}

int rule_adopt_run(struct cli *cli)
{
    Comity__V1__Command command;
    Comity__V1__AdoptRule body = COMITY__V1__ADOPT_RULE__INIT;
    const Comity__V1__Event *event;
    struct rule_source from;
    Comity__V1__Rule rule;
    const char *name = cli_argument(cli, "TEMPLATE"), *file = cli_option(cli, "file");

    if ((name == NULL) == (file == NULL))
        return cli_fail(cli, ERR_USAGE, "comity rule templates",
                        "Give the name of a template, or --file FILE.");
    int code =
        file != NULL ? rule_source_file(cli, file, &from) : rule_source(cli, name, SOURCE_TEMPLATE, &from);
    if (code == 0)
        code = alter(cli, from.rule, &rule);
    if (code == 0)
        code = read_bodies(cli, &body);
    body.rule = &rule;
    if (code == 0)
        code = check_is_new(cli, &body);
    if (code != 0)
        return code;
    desk_command_init(&command, COMITY__V1__COMMAND__BODY_ADOPT_RULE);
    command.adopt_rule = &body;
    code = joint_submit(cli, &command, &event);
    if (code == 0 && event != NULL)
        made_tell(cli, event);
    return code;
}

int rule_list_run(struct cli *cli)
{
    static const char *const TITLES[] = {N_("no."), N_("name"), N_("version"), N_("adopted"), N_("hash")};
    struct rows rows;
    struct sheet sheet;
    int code = desk_rows(cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES, 0, &rows);

    if (code != 0)
        return code;
    cli_put(cli, "rules", desk_json_rows(cli, &rows));
    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    for (size_t i = 0; i < rows.count; i++) {
        const Comity__V1__RuleVersion *row = (const Comity__V1__RuleVersion *) rows.list[i];
        char hash[2 * HASH_SIZE + 1] = "";
        if (row->hash.len == HASH_SIZE)
            hex_encode(BYTES(row->hash.data, HASH_SIZE), hash);
        hash[16] = '\0';
        const char *cells[] = {arena_printf(cli->arena, "%" PRIu32, row->number),
                               row->rule == NULL ? "?" : shown_string(cli, row->rule->name),
                               arena_printf(cli->arena, "%" PRIu32, row->version),
                               shown_time(cli, row->adopted_ms), arena_string(cli->arena, hash)};
        sheet_row(&sheet, cells);
    }
    sheet_print(&sheet, "No rule is adopted yet: comity rule templates.");
    return 0;
}
