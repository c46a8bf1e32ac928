#include "client/cli/rule_source.h"

#include <inttypes.h>

#include "client/cli/file.h"
#include "client/cli/json_file.h"
#include "client/cli/message_json.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/rules/template.h"
#include "core/text.h"

static const char START_FROM[] = N_("comity rule show consensus --yaml prints one to start from");

/* One thing is the reason itself; of several each stands in a line of its own before it. */
static void tell_fault(struct cli *cli, const char *file, const struct rule_fault *fault, bool is_alone)
{
    const char *place = fault->line == 0
                            ? file
                            : arena_printf(cli->arena, "%s:%u:%u", file, fault->line, fault->column);

    if (is_alone)
        cli_fail(cli, fault->code, START_FROM, "%s: %s", place, fault->text);
    else
        cli_fault(cli, "%s: %s", place, fault->text);
}

/* What is wrong with the file, each at its line, and the whole of it as "problems" of the document. */
static int tell_faults(struct cli *cli, const char *path, const struct rule_faults *faults)
{
    struct json_object *list = json_object_new_array();
    const char *file = shown_string(cli, path);

    for (size_t i = 0; i < faults->count; i++) {
        const struct rule_fault *fault = &faults->list[i];
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "line", json_object_new_int64(fault->line));
        json_object_object_add(row, "column", json_object_new_int64(fault->column));
        json_object_object_add(row, "code", json_object_new_string(error_name(fault->code)));
        json_object_object_add(row, "field", json_object_new_string(fault->field));
        json_object_object_add(row, "text", json_object_new_string(fault->text));
        json_object_array_add(list, row);
        tell_fault(cli, file, fault, faults->count == 1);
    }
    cli_put(cli, "problems", list);
    if (faults->count > 1)
        cli_fail(cli, faults->list[0].code, START_FROM,
                 "The file is no rule that can be used: %zu things are wrong with it.", faults->count);
    snprintf(cli->failure.field, sizeof(cli->failure.field), "%s", faults->list[0].field);
    return cli_unusable(cli, faults->list[0].code);
}

static int read_yaml(struct cli *cli, const char *path, struct bytes content, struct rule_source *source)
{
    struct rule_faults faults = {.arena = cli->arena, .words = language_words};
    int code = rule_file_read(content, &faults, &source->file);

    if (code == 0)
        code = rule_file_check(&source->file, &faults);
    if (code == 0)
        source->rule = source->file.rule;
    return code == 0 || faults.count == 0 ? code : tell_faults(cli, path, &faults);
}

static int read_json(struct cli *cli, const char *path, struct bytes content, struct rule_source *source)
{
    char field[JSON_PATH_MAX];
    ProtobufCMessage *rule;
    struct json_object *value = json_read(content), *inner = NULL;

    if (value == NULL) {
        cli_fail(cli, ERR_MALFORMED, START_FROM, "%s begins as JSON does, and is not JSON.",
                 shown_string(cli, path));
        return cli_unusable(cli, ERR_MALFORMED);
    }
    /* A document as `comity rule show --json` printed it holds the rule inside. */
    if (!json_object_is_type(value, json_type_object) || !json_object_object_get_ex(value, "rule", &inner))
        inner = value;
    int code = message_from_json(inner, &comity__v1__rule__descriptor, cli->arena, field, &rule);
    json_object_put(value);
    if (code != 0) {
        cli_fail(cli, code, START_FROM, "%s, %s: %s", shown_string(cli, path), shown_string(cli, field),
                 language_error(code));
        return cli_unusable(cli, code);
    }
    source->rule = (const Comity__V1__Rule *) rule;
    return 0;
}

int rule_source_file(struct cli *cli, const char *path, struct rule_source *ret_source)
{
    struct rule_source source = {.path = path};
    struct bytes content;
    char why[FILE_REASON_MAX];
    int code = file_read(path, FILE_MAX_BYTES, cli->arena, &content, why);

    if (code != 0) {
        cli_fail(cli, code, NULL, "%s", why);
        return cli_unusable(cli, code);
    }
    size_t blank = 0;
    while (blank < content.size && strchr(" \t\r\n", content.data[blank]) != NULL)
        blank++;
    bool is_json = blank < content.size && content.data[blank] == '{';
    code = is_json ? read_json(cli, path, content, &source) : read_yaml(cli, path, content, &source);
    if (code == 0)
        *ret_source = source;
    return code;
}

const char *rule_source_hash(struct cli *cli, const Comity__V1__Rule *rule)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];

    if (rule_hash(rule, cli->arena, hash) != 0)
        return NULL;
    hex_encode(BYTES(hash, HASH_SIZE), hex);
    cli_put_text(cli, "hash", hex);
    return arena_string(cli->arena, hex);
}

static int find_template(struct cli *cli, const char *name, struct rule_source *source)
{
    const struct rule_template *row = rule_template_find(name);

    if (row == NULL)
        return cli_fail(cli, ERR_NOT_FOUND, "comity rule templates",
                        "There is no rule `%s` among the templates.", shown_string(cli, name));
    source->rule = rule_template_rule(row, cli->arena);
    source->is_template = true;
    return source->rule == NULL ? ERR_MEMORY : 0;
}

/* A file in JSON was not checked when it was read. */
int rule_source_sound(struct cli *cli, const char *path, struct rule_source *ret_source)
{
    struct rule_refused refused;
    int code = rule_source_file(cli, path, ret_source);

    if (code != 0 || ret_source->file.rule != NULL)
        return code;
    code = rule_check_told(ret_source->rule, language_words, cli->arena, &refused);
    if (code == 0)
        return 0;
    cli_fail(cli, code, START_FROM, "%s, %s: %s", shown_string(cli, path), refused.field, refused.sentence);
    snprintf(cli->failure.field, sizeof(cli->failure.field), "%s", refused.field);
    return cli_unusable(cli, code);
}

/* "NAME@2": that version of it. */
static int find_version(struct cli *cli, const char *word, const char *at,
                        const Comity__V1__RuleVersion **ret_version)
{
    const char *name = arena_printf(cli->arena, "%.*s", (int) (at - word), word);
    const struct rows *rows;
    uint64_t number;
    int code = cli_number(cli, "VERSION", at + 1, 1, UINT32_MAX, &number);

    if (code == 0)
        code = names_list(cli, COMITY__V1__LIST_KIND__LIST_KIND_RULES, &rows);
    if (code != 0)
        return code;
    for (size_t i = 0; i < rows->count; i++) {
        const Comity__V1__RuleVersion *row = (const Comity__V1__RuleVersion *) rows->list[i];
        if (row->version != number || strcmp(row->rule->name, name) != 0)
            continue;
        *ret_version = row;
        return 0;
    }
    return cli_fail(cli, ERR_NOT_FOUND, "comity rule list", "There is no version %" PRIu64 " of a rule %s.",
                    number, shown_string(cli, name));
}

/* In the context's partnership; ERR_NOT_FOUND where none is, any other code where nobody can be asked. */
static int find_adopted(struct cli *cli, const char *word, struct rule_source *source)
{
    const char *at = strchr(word, '@');
    int code = cli_need(cli, NEEDS_MEMBER);

    if (code == 0)
        code = at != NULL ? find_version(cli, word, at, &source->version)
                          : find_rule(cli, word, &source->version);
    if (code == 0)
        source->rule = source->version->rule;
    return code;
}

int rule_source(struct cli *cli, const char *word, unsigned kinds, struct rule_source *ret_source)
{
    struct rule_source source = {0};
    bool is_version = strchr(word, '@') != NULL;
    int code = ERR_NOT_FOUND;

    if ((kinds & SOURCE_FILE) && strpbrk(word, "./") != NULL && !is_version)
        return rule_source_sound(cli, word, ret_source);
    if (kinds & SOURCE_ADOPTED)
        code = find_adopted(cli, word, &source);
    bool may_be_template = (kinds & SOURCE_TEMPLATE) && !is_version;
    bool is_only_template = !(kinds & SOURCE_ADOPTED);
    if (code != 0 && may_be_template &&
        (is_only_template || rule_template_find(word) != NULL || code == ERR_CONFIG)) {
        source.is_asked = !is_only_template && code == ERR_NOT_FOUND;
        cli->failure = (struct failure){0};
        code = find_template(cli, word, &source);
    }
    if (code == 0)
        *ret_source = source;
    return code;
}
