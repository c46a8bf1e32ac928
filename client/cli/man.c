#include "client/cli/man.h"

#include <ctype.h>
#include <string.h>

#include "client/cli/exit.h"
#include "client/cli/settings.h"
#include "client/cli/verb.h"

enum { NOUN_MAX = 32 };

static void noun_of(const struct verb *verb, char ret_noun[NOUN_MAX])
{
    snprintf(ret_noun, NOUN_MAX, "%.*s", (int) strcspn(verb->name, " "), verb->name);
}

static bool is_of_noun(const struct verb *verb, const char *noun)
{
    char own[NOUN_MAX];

    noun_of(verb, own);
    return strcmp(own, noun) == 0;
}

/* Is it the first verb of its noun? */
static bool is_first(unsigned index)
{
    char noun[NOUN_MAX];

    noun_of(verb_at(index), noun);
    for (unsigned i = 0; i < index; i++)
        if (is_of_noun(verb_at(i), noun))
            return false;
    return true;
}

/* Text as scdoc takes it: what it would read as a mark is escaped. */
static void print_text(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("*_\\", *text) != NULL)
            fputc('\\', file);
        fputc(*text, file);
    }
}

static void print_head(FILE *file, const char *page)
{
    fprintf(file, "%s(1) \"Comity %s\" \"Comity\"\n\n# NAME\n\n", page, COMITY_VERSION);
}

/* "*--closes* _TIME_", and below it what it does. */
static void print_option(FILE *file, const struct verb_option *row)
{
    fprintf(file, "*--%s*", row->name);
    if (row->value != NULL) {
        fputs(" _", file);
        print_text(file, row->value);
        fputs("_", file);
    }
    fputs("\n\t", file);
    print_text(file, row->summary);
    fprintf(file, "%s%s\n\n", row->is_required ? " (required)" : "",
            row->is_list ? " (may be given again)" : "");
}

static void print_options(FILE *file, const char *title, const struct verb_option *rows)
{
    fprintf(file, "# %s\n\n", title);
    for (; rows->name != NULL; rows++)
        print_option(file, rows);
}

static void print_usage(FILE *file, const struct verb *verb)
{
    char usage[VERB_USAGE_MAX];

    verb_usage(verb, usage);
    print_text(file, usage);
    fputs("\n\n", file);
}

/* A summary as a sentence of its own. */
static void print_sentence(FILE *file, const char *text)
{
    fputc(toupper((unsigned char) *text), file);
    print_text(file, text + 1);
    fputs(".\n\n", file);
}

static void print_verb(FILE *file, const struct verb *verb)
{
    fprintf(file, "## comity %s\n\n", verb->name);
    print_usage(file, verb);
    print_sentence(file, verb->summary);
    for (const struct verb_argument *row = verb->arguments; row->name != NULL; row++) {
        fprintf(file, "_%s_\n\t", row->name);
        print_text(file, row->summary);
        fprintf(file, "%s\n\n", row->is_optional ? " (may be left out)" : "");
    }
    for (const struct verb_option *row = verb->options; row->name != NULL; row++)
        print_option(file, row);
    if (verb->detail != NULL) {
        print_text(file, verb->detail);
        fputs("\n\n", file);
    }
    if (verb->json != NULL) {
        fputs("With --json the document has ", file);
        print_text(file, verb->json);
        fputs(".\n\n", file);
    }
}

/* The lists of options that some verb of the noun takes besides its own. */
static void print_shared_options(FILE *file, const char *noun)
{
    for (unsigned list = 0; verb_option_list_at(list) != NULL; list++) {
        bool is_taken = false;
        for (unsigned i = 0; verb_at(i) != NULL; i++)
            is_taken |= is_of_noun(verb_at(i), noun) && verb_takes_list(verb_at(i), list);
        if (is_taken)
            print_options(file, verb_option_list_at(list)->heading, verb_option_list_at(list)->rows);
    }
}

static void print_noun(FILE *file, const char *page, const char *noun)
{
    const char *gap = "";

    print_head(file, page);
    fprintf(file, "%s - ", page);
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        if (!is_of_noun(verb_at(i), noun))
            continue;
        fputs(gap, file);
        print_text(file, verb_at(i)->summary);
        gap = "; ";
    }
    fputs("\n\n# SYNOPSIS\n\n", file);
    for (unsigned i = 0; verb_at(i) != NULL; i++)
        if (is_of_noun(verb_at(i), noun))
            print_usage(file, verb_at(i));
    fputs("# COMMANDS\n\n", file);
    for (unsigned i = 0; verb_at(i) != NULL; i++)
        if (is_of_noun(verb_at(i), noun))
            print_verb(file, verb_at(i));
    print_shared_options(file, noun);
    fputs("# EXIT STATUS\n\nAs *comity*(1) lists them.\n\n# SEE ALSO\n\n*comity*(1)\n", file);
}

static void print_commands(FILE *file)
{
    const char *group = "";

    fputs(
        "# COMMANDS\n\nEach is explained in the page of its first word, as *comity-round*(1), and by *comity "
        "help* _COMMAND_.\n\n",
        file);
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        const struct verb *verb = verb_at(i);
        if (strcmp(group, verb->group) != 0) {
            fputs("## ", file);
            print_text(file, verb->group);
            fputs("\n\n", file);
        }
        group = verb->group;
        fprintf(file, "*%s*\n\t", verb->name);
        print_sentence(file, verb->summary);
    }
}

static void print_settings(FILE *file)
{
    fputs(
        "# SETTINGS\n\nThe first of these that has a setting counts: the flag, the environment, the context, "
        "config.ini in the home, the default. *comity config show --origin* says which it was.\n\n",
        file);
    for (unsigned i = 0; setting_row_at(i) != NULL; i++) {
        const struct setting_row *row = setting_row_at(i);
        fprintf(file, "*%s* (--%s, $", row->name, row->option);
        print_text(file, row->variable);
        fputs(")\n\t", file);
        print_text(file, row->summary);
        if (row->preset != NULL)
            fprintf(file, " (else %s)", row->preset);
        fputs("\n\n", file);
    }
}

static void print_exits(FILE *file)
{
    struct exit_row row;

    fputs("# EXIT STATUS\n\n", file);
    for (unsigned i = 0; exit_row_at(i, &row); i++) {
        fprintf(file, "*%d*\n\t", row.code);
        print_text(file, row.meaning);
        fputs("\n\n", file);
    }
}

static void print_main(FILE *file)
{
    print_head(file, "comity");
    fputs(
        "comity - joint decisions by parties that keep their own authority, recorded so that anybody can "
        "recount "
        "them\n\n# SYNOPSIS\n\n*comity* _COMMAND_ [_ARGUMENT_...] [_OPTION_...]\n\n"
        "# DESCRIPTION\n\nWhat a member, a facilitator or an operator of a partnership does. Options may "
        "stand "
        "anywhere; *--* ends them. It says that something is recorded only of a receipt that it has checked "
        "itself.\n\n",
        file);
    print_commands(file);
    for (unsigned list = 0; verb_option_list_at(list) != NULL; list++)
        print_options(file, verb_option_list_at(list)->heading, verb_option_list_at(list)->rows);
    print_settings(file);
    print_exits(file);
    fputs("# FILES\n\n_HOME_/config.ini\n\tsettings that hold for every partnership\n\n"
          "_HOME_/contexts/_NAME_.ini\n\tone partnership: where it is reached, and what was seen of it\n\n"
          "_HOME_/keys/signing.key\n\tyour signing key: whoever has it can sign for you\n\n"
          "_HOME_/journal/\n\twhat you signed in the last 30 days, and its receipts\n\n# SEE ALSO\n\n",
          file);
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        char noun[NOUN_MAX];
        noun_of(verb_at(i), noun);
        if (is_first(i))
            fprintf(file, "*comity-%s*(1), ", noun);
    }
    fputs("*comity-broker*(8), *comity-worker*(8)\n", file);
}

void man_print_names(FILE *file)
{
    fputs("comity\n", file);
    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        char noun[NOUN_MAX];
        noun_of(verb_at(i), noun);
        if (is_first(i))
            fprintf(file, "comity-%s\n", noun);
    }
}

bool man_print_page(const char *name, FILE *file)
{
    static const char PREFIX[] = "comity-";
    const char *noun = name + strlen(PREFIX);

    if (strcmp(name, "comity") == 0) {
        print_main(file);
        return true;
    }
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || !verb_is_noun(noun))
        return false;
    print_noun(file, name, noun);
    return true;
}
