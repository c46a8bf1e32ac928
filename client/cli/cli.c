#include "client/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/cli/completion.h"
#include "client/cli/cut_off.h"
#include "client/cli/desk.h"
#include "client/cli/failure.h"
#include "client/cli/final.h"
#include "client/cli/help.h"
#include "client/cli/output.h"
#include "client/cli/signer.h"
#include "core/daemon/config.h"

const char *cli_argument(const struct cli *cli, const char *name)
{
    return argument_value(&cli->arguments, name);
}

const char *cli_option(const struct cli *cli, const char *name)
{
    return option_value(&cli->arguments, name);
}

bool cli_has(const struct cli *cli, const char *name)
{
    return option_given(&cli->arguments, name);
}

int cli_number(struct cli *cli, const char *what, const char *text, uint64_t least, uint64_t most,
               uint64_t *ret_number)
{
    char *end;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number < least || number > most)
        return cli_fail(cli, ERR_USAGE, NULL, "%s is a number from %" PRIu64 " to %" PRIu64 ", not `%s`.",
                        what, least, most, shown_string(cli, text));
    *ret_number = number;
    return 0;
}

int cli_key(struct cli *cli, const char *what, const char *text, uint8_t ret_key[KEY_SIZE])
{
    if (strlen(text) != 2 * KEY_SIZE || hex_decode(text, ret_key, KEY_SIZE) != 0)
        return cli_fail(cli, ERR_USAGE, NULL, "%s is a key of 64 hexadecimal digits, not `%s`.",
                        what, shown_string(cli, text));
    return 0;
}

static int find_home(struct cli *cli)
{
    char reason[CONTEXT_REASON_MAX], keys[PATH_BYTES], why[FILE_REASON_MAX];
    int code = home_find(cli_option(cli, "home"), cli->home, reason);

    if (code != 0)
        return cli_fail(cli, code, "Give a directory: --home DIRECTORY", "%s", reason);
    if (path_join(keys, cli->home, "keys") != 0)
        return cli_fail(cli, ERR_CONFIG, NULL, "The path of the home directory is too long.");
    code = directory_make(keys, why);
    return code == 0 ? 0 : cli_fail(cli, code, "Give a directory: --home DIRECTORY", "%s", why);
}

static int find_context(struct cli *cli)
{
    char reason[CONTEXT_REASON_MAX], name[NAME_MAX_BYTES + 1];
    const char *given = setting_given(&cli->settings, SETTING_CONTEXT);
    int code = context_choose(cli->home, given, name, reason);

    if (code == 0)
        code = context_load(cli->home, name, &cli->context, reason);
    if (code != 0)
        return cli_fail(cli, code == ERR_NOT_FOUND ? ERR_CONFIG : code,
                        "comity context list; or join a partnership with comity join INVITATION", "%s",
                        reason);
    return 0;
}

int cli_need(struct cli *cli, enum verb_needs needs)
{
    int code = 0;

    if (needs >= NEEDS_HOME)
        code = find_home(cli);
    if (code == 0 && needs >= NEEDS_PLACE)
        code = find_context(cli);
    if (code == 0 && needs >= NEEDS_HISTORY && !cli->context.has_history)
        return cli_fail(cli, ERR_CONFIG, "comity context list",
                        "Context %s belongs to no partnership: it is an operator's.", cli->context.name);
    if (code == 0 && needs >= NEEDS_MEMBER && cli->context.signing_key[0] == '\0')
        return cli_fail(cli, ERR_CONFIG, "comity context list", "Context %s has no signing key.",
                        cli->context.name);
    return code;
}

void cli_say_current(struct cli *cli, const char *name)
{
    char reason[CONTEXT_REASON_MAX], current[NAME_MAX_BYTES + 1];

    if (context_choose(cli->home, NULL, current, reason) != 0)
        return;
    if (strcmp(current, name) == 0)
        say(cli, "It is the current context: commands go to it.");
    else
        say(cli,
            "The current context is still %s, and commands go there. To change it: comity context use %s",
            current, name);
}

static int run_verb(struct cli *cli)
{
    const struct verb *verb = cli->arguments.verb;

    if (verb == NULL || cli_has(cli, "help"))
        return verb == NULL ? help_run(cli) : help_verb(cli, verb);
    bool is_minded = cli->settings.fault == ERR_USAGE || verb->needs > NEEDS_NOTHING;
    if (cli->settings.fault != 0 && is_minded)
        return cli_fail(cli, cli->settings.fault,
                        "comity config show --origin says where each setting comes from.", "%s",
                        cli->settings.reason);
    int code = cli_need(cli, verb->needs);
    if (code == 0)
        code = verb->run(cli);
    return code == CLI_DRY_RUN ? 0 : cut_off_end(cli, code);
}

static void print_document(struct cli *cli)
{
    json_object_object_add(cli->document, "ok", json_object_new_boolean(cli->failure.code == 0));
    json_object_object_add(cli->document, "exit", json_object_new_int((int) failure_exit(&cli->failure)));
    if (cli->failure.code != 0)
        json_object_object_add(cli->document, "error", failure_to_json(&cli->failure));
    puts(json_object_to_json_string_ext(cli->document,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    fflush(stdout);
}

void cli_print_document(struct cli *cli)
{
    if (cli->is_json)
        print_document(cli);
    cli->is_streaming = true;
}

/* What failed afterwards does not undo it. */
static void tell_recorded(struct cli *cli)
{
    struct failure *failure = &cli->failure;
    const char *what = failure->what[0] != '\0' ? failure->what : language_error(failure->code);

    what = phrase(cli, "It was recorded as number %" PRIu64 ", but afterwards: %s", cli->recorded, what);
    if (what != NULL)
        snprintf(failure->what, WHAT_MAX, "%s", what);
    failure->recorded = cli->recorded;
}

/* Nobody reads the output. What was recorded before stays recorded, and must not be given again. */
static void fail_output(struct cli *cli, int reason)
{
    const char *why = strerror(reason == 0 ? EIO : reason);

    cli->failure.recorded = cli->recorded;
    if (cli->recorded == 0)
        cli_fail(cli, ERR_FILE, NULL, "The output cannot be written: %s.", why);
    else
        cli_fail(cli, ERR_FILE, NULL,
                 "It was recorded as number %" PRIu64 ", but the output could not be written: %s.",
                 cli->recorded, why);
}

static void finish(struct cli *cli, int code)
{
    struct failure *failure = &cli->failure;

    if (code != 0 && failure->code != code) {
        /* A code that came up without a sentence of its own: the table's. */
        failure->what[0] = '\0';
        failure->code = code;
    }
    if (code == ERR_NOT_LEADER && failure->what[0] == '\0')
        snprintf(failure->what, WHAT_MAX, "%s", cut_off_sentence(code));
    if (code == ERR_USAGE && failure->next[0] == '\0' && cli->arguments.verb != NULL)
        snprintf(failure->next, NEXT_MAX, "comity help %s", cli->arguments.verb->name);
    if (code == 0)
        failure->code = 0;
    else if (cli->recorded != 0)
        tell_recorded(cli);
    if (cli->is_json && !(cli->is_streaming && failure->code == 0))
        print_document(cli);
    errno = 0;
    bool is_lost = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (is_lost && failure->code == 0)
        fail_output(cli, errno);
    if (failure->code != 0 && (!cli->is_json || is_lost))
        failure_print(cli);
}

/* The command line and the settings. Which language their faults are told in is known when both were read:
 * then they are read again. */
static int read_line(struct cli *cli, int argc, char **argv)
{
    char reason[ARGUMENTS_REASON_MAX], why[LANGUAGE_REASON_MAX];
    int code = arguments_parse(argc, argv, &cli->arguments, reason);

    cli->is_json = option_given(&cli->arguments, "json");
    settings_find(&cli->arguments, cli->arena, &cli->settings);
    int language = language_start(cli->is_json ? "en" : settings_language(&cli->settings), why);
    config_speak(language_words);
    if (code != 0) {
        code = arguments_parse(argc, argv, &cli->arguments, reason);
        return cli_fail(cli, code, NULL, "%s", reason);
    }
    if (cli->settings.fault != 0)
        settings_find(&cli->arguments, cli->arena, &cli->settings);
    return language == 0 ? 0 : cli_fail(cli, language, "comity help --language en", "%s", why);
}

int cli_run(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], COMPLETION_WORD) == 0)
        return completion_answer(argv + 2, (size_t) argc - 2, stdout) == 0 ? EXIT_DONE : EXIT_INTERNAL;

    struct cli *cli = calloc(1, sizeof(*cli));

    if (cli == NULL || key_init() != 0)
        return EXIT_INTERNAL;
    cli->arena = arena_new(CLI_ARENA_BYTES);
    cli->document = json_object_new_object();
    if (cli->arena == NULL || cli->document == NULL)
        return EXIT_INTERNAL;
    int code = read_line(cli, argc, argv);
    terminal_init(&cli->terminal, settings_color(&cli->settings), settings_accessible(&cli->settings));
    progress_init(&cli->progress,
                  cli->terminal.may_redraw   ? PROGRESS_REDRAWN
                  : cli->terminal.is_watched ? PROGRESS_LINES
                                             : PROGRESS_NONE,
                  stderr);
    cli_put_text(cli, "verb", cli->arguments.verb == NULL ? NULL : cli->arguments.verb->name);
    if (code == 0)
        code = run_verb(cli);
    desk_close(cli);
    signers_destroy(&cli->signers);
    finish(cli, code);
    code = (int) failure_exit(&cli->failure);
    json_object_put(cli->document);
    arena_destroy(&cli->arena);
    free(cli);
    return code;
}
