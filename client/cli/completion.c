#include "client/cli/completion.h"

#include <string.h>

#include "client/cli/arguments.h"
#include "client/cli/context.h"
#include "client/cli/help.h"
#include "client/cli/output.h"
#include "client/cli/settings.h"
#include "client/cli/verbs.h"
#include "client/rules/template.h"

enum { WORDS_MAX = 64 };

/* One request for what fits. */
struct asking {
    FILE *file;
    const char *begun; /* what stands of the word already */
    struct arguments arguments;
    struct arena *arena;
};

typedef void offer_fn(struct asking *asking);

static void offer(struct asking *asking, const char *word, const char *what)
{
    if (strncmp(word, asking->begun, strlen(asking->begun)) == 0)
        fprintf(asking->file, "%s\t%s\n", word, what);
}

static void offer_files(struct asking *asking)
{
    fputs(":files\n", asking->file);
}

static void offer_directories(struct asking *asking)
{
    fputs(":directories\n", asking->file);
}

static void offer_contexts(struct asking *asking)
{
    char home[HOME_MAX], reason[CONTEXT_REASON_MAX];
    const char *const *names, *variable;
    struct context context;
    size_t count;

    if (home_path(option_value(&asking->arguments, "home"), home, &variable, reason) != 0 ||
        context_names(home, asking->arena, &names, &count, reason) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        bool is_read = context_load(home, names[i], &context, reason) == 0;
        offer(asking, names[i], !is_read ? "" : context.has_history ? context.title : "operator");
    }
}

static void offer_templates(struct asking *asking)
{
    for (unsigned i = 0; rule_template_at(i) != NULL; i++)
        offer(asking, rule_template_at(i)->name, rule_template_at(i)->summary);
}

static void offer_rules(struct asking *asking)
{
    offer_templates(asking);
    offer_files(asking);
}

static void offer_settings(struct asking *asking)
{
    for (unsigned i = 0; i < SETTING_KEPT_COUNT; i++)
        offer(asking, setting_row_at(i)->name, setting_row_at(i)->summary);
}

/* Each word between the bars of "never|auto|always". */
static void offer_choices(struct asking *asking, const char *choices)
{
    char word[64];

    for (; *choices != '\0'; choices += strcspn(choices, "|"), choices += *choices == '|') {
        snprintf(word, sizeof(word), "%.*s", (int) strcspn(choices, "|"), choices);
        offer(asking, word, "");
    }
}

static void offer_offices(struct asking *asking)
{
    offer_choices(asking, "co-chair|facilitator|recorder|adviser|observer|integration");
}

static void offer_shells(struct asking *asking)
{
    offer_choices(asking, "bash|zsh|fish");
}

/* What an argument or a value is, by the word that usage has for it. Of others nothing is known here. */
static const struct {
    const char *word;
    offer_fn *offer;
} KINDS[] = {
    {"FILE", offer_files},       {"KEYFILE", offer_files},      {"CHARTER", offer_files},
    {"INVITATION", offer_files}, {"DRAFT", offer_files},        {"DIRECTORY", offer_directories},
    {"CONTEXT", offer_contexts}, {"TEMPLATE", offer_templates}, {"SETTING", offer_settings},
    {"OFFICE", offer_offices},   {"SHELL", offer_shells},       {"BALLOTS", offer_files},
    {"FIRST", offer_rules},      {"SECOND", offer_rules},
};

static void offer_kind(struct asking *asking, const char *word)
{
    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++)
        if (strcmp(KINDS[i].word, word) == 0)
            KINDS[i].offer(asking);
    if (strchr(word, '|') != NULL)
        offer_choices(asking, word);
}

static void offer_options(struct asking *asking)
{
    const struct verb *verb = asking->arguments.verb;
    const struct verb_option *row;
    char word[64];

    for (size_t i = 0; (row = verb_option_at(verb, i)) != NULL; i++) {
        if (option_given(&asking->arguments, row->name) && !row->is_list)
            continue;
        snprintf(word, sizeof(word), "--%s", row->name);
        offer(asking, word, row->summary);
    }
}

/* First words of commands, or the second ones of @noun. A noun of several commands has no summary of its own.
 */
static void offer_verbs(struct asking *asking, const char *noun)
{
    char word[64], before[64] = "";
    size_t length = noun == NULL ? 0 : strlen(noun);

    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        const char *name = verb_at(i)->name, *space = strchr(name, ' ');
        if (noun != NULL) {
            if (strncmp(name, noun, length) == 0 && name[length] == ' ')
                offer(asking, name + length + 1, verb_at(i)->summary);
            continue;
        }
        snprintf(word, sizeof(word), "%.*s", (int) strcspn(name, " "), name);
        if (strcmp(word, before) != 0)
            offer(asking, word, space == NULL ? verb_at(i)->summary : verb_at(i)->group);
        snprintf(before, sizeof(before), "%s", word);
    }
}

/* The option that waits for its value at the end of what was typed, or NULL. */
static const struct verb_option *waiting_option(const struct asking *asking, const char *last)
{
    if (last == NULL || strncmp(last, "--", 2) != 0 || strchr(last, '=') != NULL)
        return NULL;
    const struct verb_option *row = verb_option_find(asking->arguments.verb, last + 2);
    return row != NULL && row->value != NULL ? row : NULL;
}

/* The first word that is neither an option nor an option's value; NULL: there is none. */
static const char *first_bare_word(char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i][0] != '-')
            return words[i];
        const struct verb_option *row = verb_option_find(NULL, words[i] + strspn(words[i], "-"));
        i += row != NULL && row->value != NULL;
    }
    return NULL;
}

static void offer_argument(struct asking *asking)
{
    const struct arguments *arguments = &asking->arguments;
    const struct verb *verb = arguments->verb;
    size_t at = arguments->value_count;

    if (verb->run == help_run) {
        offer_verbs(asking, at == 0 ? NULL : arguments->values[0]);
        return;
    }
    /* `ballots` is a command, and the first word of others. */
    if (at == 0 && strchr(verb->name, ' ') == NULL)
        offer_verbs(asking, verb->name);
    if (at < VERB_ARGUMENTS_MAX && verb->arguments[at].name != NULL)
        offer_kind(asking, verb->arguments[at].name);
}

/* Bash takes --home=x for three words: what it makes of it is the same as --home x. */
static size_t take_words(char *const *words, size_t count, char *taken[WORDS_MAX])
{
    size_t kept = 1;

    taken[0] = (char *) "comity";
    for (size_t i = 0; i + 1 < count && kept + 1 < WORDS_MAX; i++)
        if (strcmp(words[i], "=") != 0)
            taken[kept++] = words[i];
    return kept;
}

int completion_answer(char *const *words, size_t count, FILE *file)
{
    struct asking asking = {.file = file, .begun = count == 0 ? "" : words[count - 1]};
    char *argv[WORDS_MAX], *parsed[WORDS_MAX], reason[ARGUMENTS_REASON_MAX];
    size_t argc = take_words(words, count, argv);
    const char *last = argc > 1 ? argv[argc - 1] : NULL;

    asking.arena = arena_new(ARENA_LIMIT_DEFAULT);
    if (asking.arena == NULL)
        return ERR_MEMORY;
    if (strcmp(asking.begun, "=") == 0)
        asking.begun = "";
    memcpy(parsed, argv, argc * sizeof(*parsed));
    arguments_parse((int) argc, parsed, &asking.arguments, reason);
    const struct verb_option *waiting = waiting_option(&asking, last);
    if (waiting != NULL)
        offer_kind(&asking, waiting->value);
    else if (asking.begun[0] == '-')
        offer_options(&asking);
    else if (asking.arguments.verb == NULL)
        offer_verbs(&asking, first_bare_word(argv + 1, argc - 1));
    else
        offer_argument(&asking);
    arena_destroy(&asking.arena);
    return 0;
}

static const char BASH[] =
    "# bash completion of comity: what can come next is asked of comity itself.\n"
    "_comity() {\n"
    "    local line word=${COMP_WORDS[COMP_CWORD]}\n"
    "    [ \"$word\" != = ] || word=\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :files) compopt -o filenames 2>/dev/null; mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < "
    "<(compgen -f -- \"$word\") ;;\n"
    "        :directories) compopt -o filenames 2>/dev/null; mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < "
    "<(compgen -d -- \"$word\") ;;\n"
    "        *) COMPREPLY+=(\"${line%%$'\\t'*}\") ;;\n"
    "        esac\n"
    "    done < <(\"${COMP_WORDS[0]}\" " COMPLETION_WORD " \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _comity comity\n";

static const char ZSH[] =
    "#compdef comity\n"
    "# zsh completion of comity: what can come next is asked of comity itself.\n"
    "_comity() {\n"
    "    local line\n"
    "    local -a found\n"
    "    for line in \"${(@f)$(\"${words[1]}\" " COMPLETION_WORD
    " \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
    "        case $line in\n"
    "        '') ;;\n"
    "        :files) _files ;;\n"
    "        :directories) _files -/ ;;\n"
    "        *) found+=(\"${line/$'\\t'/:}\") ;;\n"
    "        esac\n"
    "    done\n"
    "    (( ! $#found )) || _describe comity found\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _comity ]; then _comity \"$@\"; else compdef _comity comity; fi\n";

static const char FISH[] = "# fish completion of comity: what can come next is asked of comity itself.\n"
                           "function __comity_complete\n"
                           "    set -l words (commandline -opc)\n"
                           "    set -l current (commandline -ct)\n"
                           "    set -l program $words[1]\n"
                           "    set -e words[1]\n"
                           "    for line in ($program " COMPLETION_WORD " $words \"$current\" 2>/dev/null)\n"
                           "        switch $line\n"
                           "            case :files\n"
                           "                __fish_complete_path \"$current\"\n"
                           "            case :directories\n"
                           "                __fish_complete_directories \"$current\"\n"
                           "            case '*'\n"
                           "                echo $line\n"
                           "        end\n"
                           "    end\n"
                           "end\n"
                           "complete -c comity -f -a '(__comity_complete)'\n";

const char *completion_script(const char *shell)
{
    static const struct {
        const char *shell, *script;
    } SCRIPTS[] = {{"bash", BASH}, {"zsh", ZSH}, {"fish", FISH}};

    for (size_t i = 0; i < ARRAY_COUNT(SCRIPTS); i++)
        if (strcmp(SCRIPTS[i].shell, shell) == 0)
            return SCRIPTS[i].script;
    return NULL;
}

int completion_run(struct cli *cli)
{
    const char *script = completion_script(cli_argument(cli, "SHELL"));

    if (script == NULL)
        return cli_fail(cli, ERR_USAGE, "comity completion bash",
                        "There is no completion for `%s`: it is bash, zsh or fish.",
                        shown_string(cli, cli_argument(cli, "SHELL")));
    cli_put_text(cli, "script", script);
    if (!cli->is_json)
        fputs(script, stdout);
    return 0;
}
