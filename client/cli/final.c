#include "client/cli/final.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "client/cli/desk.h"
#include "client/cli/draft_file.h"
#include "client/cli/message_json.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "core/machine/machine.h"

enum { ANSWER_MAX = 64, SHOWN_MISSING_MAX = 64 };

static bool is_dry(const struct cli *cli)
{
    return cli_has(cli, "dry-run");
}

static bool asks(const struct cli *cli)
{
    const struct verb *verb = cli->arguments.verb;

    return verb != NULL && verb->is_final && cli->terminal.may_ask && !cli->is_json && !cli_has(cli, "yes");
}

/* By its first letter: that of the reader's language, or of English. The C library's rpmatch() would ask the
 * locale, which need not be of that language. */
static bool is_yes(const char *answer)
{
    return answer[0] != '\0' &&
           (strncasecmp(answer, P_("answer", "y"), 1) == 0 || strncasecmp(answer, "y", 1) == 0);
}

static int ask(struct cli *cli)
{
    char answer[ANSWER_MAX] = "";

    fflush(stdout);
    fputs(_("This cannot be undone. Go on? [y/N] "), stderr);
    fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) != NULL && is_yes(answer))
        return 0;
    cli_fail(cli, ERR_USAGE, "The same command, and y; or --yes, which answers in advance.",
             "The answer was not yes: nothing was done.");
    return cli_unusable(cli, ERR_USAGE);
}

static const struct command_row *row_of(const Comity__V1__Command *command)
{
    for (unsigned i = 0; command_row_at(i) != NULL; i++)
        if (command_row_at(i)->body == command->body_case)
            return command_row_at(i);
    return NULL;
}

/* The body alone: who signs it and when is told besides. */
static struct json_object *body_to_json(const struct comity_draft *draft)
{
    struct json_object *whole =
        message_to_json(&comity_draft_command(draft)->base, draft_prose, (void *) draft);
    struct json_object *body = NULL;

    if (json_object_object_get_ex(whole, comity_draft_name(draft), &body))
        json_object_get(body);
    json_object_put(whole);
    return body;
}

/* Only of a member, and only in the history that the command is for: what the worker says of whoever signs.
 */
static const char *signer_of(struct cli *cli, const struct comity_draft *draft)
{
    const Comity__V1__WhoamiAnswer *whoami;
    struct failure before = cli->failure;
    bool is_own = cli->context.has_history && cli->context.signing_key[0] != '\0' &&
                  memcmp(comity_draft_history(draft), cli->context.history, HISTORY_ID_SIZE) == 0;

    if (!is_own || desk_whoami(cli, &whoami) != 0) {
        cli->failure = before;
        return NULL;
    }
    return phrase(cli, "%s, %s, with the offices: %s", desk_shown(cli, whoami->member->name),
                  whoami->constituency == NULL ? "?" : shown_string(cli, whoami->constituency->name),
                  shown_offices(cli, whoami->member->offices, whoami->member->n_offices));
}

/* What would be sent, and what is known of it beforehand. */
static void show(struct cli *cli, const struct comity_draft *draft)
{
    const struct command_row *row = row_of(comity_draft_command(draft));
    const char *right = row == NULL ? "?" : right_name(row->right), *signer = signer_of(cli, draft);
    size_t missing = comity_draft_missing(draft, NULL, 0);
    struct json_object *value = json_object_new_object(), *body = body_to_json(draft);
    char id[2 * COMMAND_ID_SIZE + 1];

    hex_encode(BYTES(comity_draft_id(draft), COMMAND_ID_SIZE), id);
    json_object_object_add(value, "act", json_object_new_string(comity_draft_name(draft)));
    json_object_object_add(value, "command_id", json_object_new_string(id));
    json_object_object_add(value, "body", body);
    json_object_object_add(value, "who_may", json_object_new_string(right));
    json_object_object_add(value, "signer", signer == NULL ? NULL : json_object_new_string(signer));
    json_object_object_add(value, "missing_signatures", json_object_new_uint64(missing));
    say(cli, "To be signed and sent to %s: %s", cli->context.name, comity_draft_name(draft));
    say_json(cli, body, 1);
    draft_say_key(cli, comity_draft_command(draft), signer != NULL);
    if (signer != NULL)
        say(cli, "Signed by %s.", signer);
    say(cli, "Who may do this: %s.", right);
    if (missing > 0)
        say(cli, "Signatures that are missing: %zu.", missing);
    if (is_dry(cli))
        cli_put(cli, "dry_run", value);
    else
        json_object_put(value);
}

int final_check(struct cli *cli, const struct comity_draft *draft)
{
    if (!is_dry(cli) && !asks(cli))
        return 0;
    show(cli, draft);
    if (!is_dry(cli))
        return ask(cli);
    say(cli, "Its form was checked. Whether it can be done as things are, the worker judges when it comes. "
             "Nothing was "
             "sent.");
    return CLI_DRY_RUN;
}

int final_check_here(struct cli *cli, const char *what)
{
    if (is_dry(cli)) {
        struct json_object *value = json_object_new_object();
        json_object_object_add(value, "what", json_object_new_string(what));
        cli_put(cli, "dry_run", value);
        say(cli, "%s", what);
        say(cli, "Nothing was done.");
        return CLI_DRY_RUN;
    }
    if (!asks(cli))
        return 0;
    say(cli, "%s", what);
    return ask(cli);
}
