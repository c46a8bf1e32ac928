#include "client/cli/round_options.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "client/cli/desk.h"
#include "client/cli/given.h"
#include "client/cli/output.h"
#include "core/rule/rule.h"

/* An option by its label or number, of those that are given, or of the rule where none are; 0: there is none. */
static uint32_t find(struct cli *cli, const Comity__V1__Rule *rule, const Comity__V1__OpenRound *body,
                     const char *typed)
{
    size_t count = body->n_options > 0 ? body->n_options : rule->n_options;

    for (size_t i = 0; i < count; i++) {
        const char *label = body->n_options > 0 ? body->options[i]->label : rule->options[i]->label;
        const char *number = arena_printf(cli->arena, "%zu", i + 1);
        if (strcasecmp(label, typed) == 0 || (number != NULL && strcmp(number, typed) == 0))
            return (uint32_t) i + 1;
    }
    return 0;
}

static int no_option(struct cli *cli, const char *option, const char *typed)
{
    return cli_fail(cli, ERR_USAGE, "--option LABEL, once for each", "--%s: `%s` is none of the options.", option,
                    shown_string(cli, typed));
}

/* "LABEL" or "LABEL=REST". @ret_rest is NULL where there is none. */
static char *split(struct cli *cli, const char *typed, const char **ret_rest)
{
    const char *equals = strchr(typed, '=');
    size_t size = equals == NULL ? strlen(typed) : (size_t) (equals - typed);

    *ret_rest = equals == NULL ? NULL : equals + 1;
    return arena_printf(cli->arena, "%.*s", (int) size, typed);
}

static int read_option(struct cli *cli, const char *typed, Comity__V1__OpenRound *body)
{
    Comity__V1__NewOption *option = arena_alloc(cli->arena, sizeof(*option));
    const char *text;

    if (option == NULL)
        return ERR_MEMORY;
    comity__v1__new_option__init(option);
    option->label = split(cli, typed, &text);
    body->options[body->n_options++] = option;
    return text == NULL || *text == '\0'
               ? 0
               : desk_text(cli, PROSE_REASON, "--option", BYTES(text, strlen(text)), &option->text);
}

static int read_options(struct cli *cli, Comity__V1__OpenRound *body)
{
    const char *const *given;
    size_t count = given_list(cli, "option", &given);
    int code = 0;

    if (count > OPTIONS_MAX)
        return cli_fail(cli, ERR_LIMIT, NULL, "A round has %d options at most.", OPTIONS_MAX);
    body->options = arena_alloc(cli->arena, (count + 1) * sizeof(*body->options));
    if (body->options == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count && code == 0; i++)
        code = read_option(cli, given[i], body);
    return code;
}

static int read_default(struct cli *cli, const Comity__V1__Rule *rule, Comity__V1__OpenRound *body)
{
    const char *typed = cli_option(cli, "default");
    uint32_t number;

    if (typed == NULL)
        return 0;
    number = body->n_options == 0 ? 0 : find(cli, rule, body, typed);
    if (number == 0)
        return no_option(cli, "default", typed);
    body->options[number - 1]->is_default = true;
    return 0;
}

static int read_majorities(struct cli *cli, const Comity__V1__Rule *rule, Comity__V1__OpenRound *body)
{
    const char *const *given;
    size_t count = given_list(cli, "majority", &given);

    for (size_t i = 0; i < count; i++) {
        const char *majority;
        const char *label = split(cli, given[i], &majority);
        uint32_t number = label == NULL || body->n_options == 0 ? 0 : find(cli, rule, body, label);
        if (majority == NULL || *majority == '\0')
            return cli_fail(cli, ERR_USAGE, "--majority LABEL=MAJORITY", "--majority `%s` names no majority.",
                            shown_string(cli, given[i]));
        if (number == 0)
            return no_option(cli, "majority", label);
        body->options[number - 1]->majority = (char *) majority;
    }
    return 0;
}

static int read_tie_order(struct cli *cli, const Comity__V1__Rule *rule, Comity__V1__OpenRound *body)
{
    const char *typed = cli_option(cli, "tie-order");
    char *copy, *state = NULL;

    if (typed == NULL)
        return 0;
    body->tie_order = arena_alloc(cli->arena, OPTIONS_MAX * sizeof(*body->tie_order));
    copy = arena_string(cli->arena, typed);
    if (body->tie_order == NULL || copy == NULL)
        return ERR_MEMORY;
    for (char *word = strtok_r(copy, ", ", &state); word != NULL; word = strtok_r(NULL, ", ", &state)) {
        uint32_t number = find(cli, rule, body, word);
        if (number == 0 || body->n_tie_order == OPTIONS_MAX)
            return no_option(cli, "tie-order", word);
        body->tie_order[body->n_tie_order++] = number;
    }
    return 0;
}

int round_options_read(struct cli *cli, const Comity__V1__Rule *rule, Comity__V1__OpenRound *body)
{
    const char *question = cli_option(cli, "question");
    int code = question == NULL ? 0 : desk_line(cli, "--question", question, &body->question);

    if (code == 0)
        code = read_options(cli, body);
    if (code == 0)
        code = read_default(cli, rule, body);
    if (code == 0)
        code = read_majorities(cli, rule, body);
    return code == 0 ? read_tie_order(cli, rule, body) : code;
}
