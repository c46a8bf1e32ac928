#include "client/cli/arguments.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/language.h"
#include "core/bytes.h"
#include "core/error.h"
#include "core/text.h"

enum { OPTIONS_MAX = VERB_OPTIONS_MAX + 16, OPTION_CODE_FIRST = 256 };

static int usage_error(char reason[ARGUMENTS_REASON_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int usage_error(char reason[ARGUMENTS_REASON_MAX], const char *format, ...)
{
    char raw[ARGUMENTS_REASON_MAX];
    va_list list;

    va_start(list, format);
    vsnprintf(raw, sizeof(raw), _(format), list);
    va_end(list);
    text_escape(BYTES(raw, strlen(raw)), false, reason, ARGUMENTS_REASON_MAX);
    return ERR_USAGE;
}

static const struct verb_option *nearest_option(const struct verb *verb, const char *typed)
{
    const struct verb_option *nearest = NULL;
    /* A third of the letters may be wrong, and three at most. */
    unsigned least = (unsigned) (strlen(typed) + 2) / 3 + 1;
    least = least > 4 ? 4 : least;

    for (size_t i = 0; verb_option_at(verb, i) != NULL; i++) {
        unsigned distance = word_distance(typed, verb_option_at(verb, i)->name);
        if (distance < least) {
            least = distance;
            nearest = verb_option_at(verb, i);
        }
    }
    return nearest;
}

static int unknown_option(const struct verb *verb, const char *typed, char reason[ARGUMENTS_REASON_MAX])
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int) strcspn(typed, "="), typed);
    const char *bare = name + strspn(name, "-");
    const struct verb_option *nearest = nearest_option(verb, bare);

    if (nearest != NULL)
        return usage_error(reason, "There is no option %s here. Did you mean --%s?", name, nearest->name);
    if (verb == NULL)
        return usage_error(reason, "There is no option %s.", name);
    return usage_error(reason, "`comity %s` has no option %s.", verb->name, name);
}

/* getopt said '?': a short option, a value where none belongs, or a name that nobody knows. */
static int strange_option(const struct verb *verb, const char *typed, char reason[ARGUMENTS_REASON_MAX])
{
    if (optopt >= OPTION_CODE_FIRST)
        return usage_error(reason, "--%s takes no value.",
                           verb_option_at(verb, (size_t) (optopt - OPTION_CODE_FIRST))->name);
    if (optopt != 0)
        return usage_error(reason, "There is no option -%c.", optopt);
    return unknown_option(verb, typed, reason);
}

static int keep_option(struct arguments *arguments, const struct verb_option *row, const char *value,
                       char reason[ARGUMENTS_REASON_MAX])
{
    if (arguments->given_count == ARGUMENTS_GIVEN_MAX)
        return usage_error(reason, "There are more than %d options.", ARGUMENTS_GIVEN_MAX);
    if (!row->is_list && option_given(arguments, row->name))
        return usage_error(reason, "--%s was given twice.", row->name);
    if (row->value != NULL && *value == '\0')
        return usage_error(reason, "--%s needs a value: %s.", row->name, row->value);
    arguments->given[arguments->given_count].row = row;
    arguments->given[arguments->given_count].value = value;
    arguments->given_count++;
    return 0;
}

/* One pass of getopt_long from where optind stands. @stop_at_word: before the verb is known, only the common
 * options may come. */
static int parse_options(int argc, char **argv, struct arguments *arguments, bool stop_at_word,
                         char reason[ARGUMENTS_REASON_MAX])
{
    struct option rows[OPTIONS_MAX + 1] = {{0}};
    const struct verb_option *row;
    int result = 0;
    int code;

    for (size_t i = 0; (row = verb_option_at(arguments->verb, i)) != NULL && i < OPTIONS_MAX; i++)
        rows[i] = (struct option){row->name, row->value != NULL ? required_argument : no_argument, NULL,
                                  OPTION_CODE_FIRST + (int) i};
    opterr = 0;
    /* Options that fail do not stop the pass: --json further on decides how the failure is told. */
    while ((code = getopt_long(argc, argv, stop_at_word ? "+:h" : ":h", rows, NULL)) != -1) {
        char first[ARGUMENTS_REASON_MAX];
        int error = 0;
        if (code == 'h')
            error = keep_option(arguments, verb_option_find(NULL, "help"), NULL, first);
        else if (code >= OPTION_CODE_FIRST)
            error =
                keep_option(arguments, verb_option_at(arguments->verb, (size_t) (code - OPTION_CODE_FIRST)),
                            optarg, first);
        else if (code == ':')
            error = usage_error(first, "%s needs a value.", argv[optind - 1]);
        else
            error = strange_option(arguments->verb, argv[optind - 1], first);
        if (error != 0 && result == 0) {
            result = error;
            snprintf(reason, ARGUMENTS_REASON_MAX, "%s", first);
        }
    }
    return result;
}

/* "open, close, show, list" of "round". */
static void second_words(const char *noun, char *ret_words, size_t size)
{
    size_t length = strlen(noun), at = 0;

    ret_words[0] = '\0';
    for (unsigned i = 0; verb_at(i) != NULL && at < size; i++) {
        const char *name = verb_at(i)->name;
        if (strncmp(name, noun, length) == 0 && name[length] == ' ')
            at +=
                (size_t) snprintf(ret_words + at, size - at, "%s%s", at == 0 ? "" : ", ", name + length + 1);
    }
}

static int no_such_verb(char *const *words, size_t count, char reason[ARGUMENTS_REASON_MAX])
{
    char typed[80], seconds[ARGUMENTS_REASON_MAX / 2];

    if (verb_is_noun(words[0]) && count == 1) {
        second_words(words[0], seconds, sizeof(seconds));
        return usage_error(reason, "`%s` needs a second word: %s.", words[0], seconds);
    }
    snprintf(typed, sizeof(typed), "%.30s%s%.30s", words[0], count > 1 ? " " : "", count > 1 ? words[1] : "");
    const struct verb *by_two = verb_nearest(typed);
    const struct verb *by_one = verb_nearest(words[0]);
    bool is_one = by_two == NULL || (by_one != NULL && word_distance(words[0], by_one->name) <
                                                           word_distance(typed, by_two->name));
    const struct verb *nearest = is_one ? by_one : by_two;
    /* A known noun with a strange second word: the command that is shown is the noun, not its argument. */
    const char *said = verb_is_noun(words[0]) ? typed : words[0];
    if (nearest == NULL)
        return usage_error(reason, "There is no command `%s`.", said);
    return usage_error(reason, "There is no command `%s`. Did you mean `comity %s`?", said, nearest->name);
}

/* As a script gives it whose variable is empty. */
static bool is_no_file(const struct verb *verb, size_t at, const char *word)
{
    return *word == '\0' && strcmp(verb->arguments[at].name, "FILE") == 0;
}

static int take_values(struct arguments *arguments, char **words, size_t count,
                       char reason[ARGUMENTS_REASON_MAX])
{
    const struct verb *verb = arguments->verb;
    size_t allowed = 0;
    char usage[VERB_USAGE_MAX];

    verb_usage(verb, usage);
    while (verb->arguments[allowed].name != NULL)
        allowed++;
    if (count > allowed)
        return usage_error(reason,
                           "`%s` is one word too many (a text of several words needs quotes). Usage: %s",
                           words[allowed], usage);
    for (size_t i = 0; i < count; i++)
        arguments->values[i] = words[i];
    arguments->value_count = count;
    if (option_given(arguments, "help"))
        return 0;
    for (size_t i = 0; i < allowed; i++)
        if (i < count ? is_no_file(verb, i, words[i]) : !verb->arguments[i].is_optional)
            return usage_error(reason, "%s is missing: %s. Usage: %s", verb->arguments[i].name,
                               _(verb->arguments[i].summary), usage);
    for (const struct verb_option *row = verb->options; row->name != NULL; row++)
        if (row->is_required && !option_given(arguments, row->name))
            return usage_error(reason, "--%s is missing: %s. Usage: %s", row->name, _(row->summary), usage);
    return 0;
}

int arguments_parse(int argc, char **argv, struct arguments *ret_arguments, char reason[ARGUMENTS_REASON_MAX])
{
    char verb_reason[ARGUMENTS_REASON_MAX];
    struct arguments arguments = {0};
    size_t used = 0;
    int result, verb_result = 0;

    reason[0] = '\0';
    /* What everybody types at a program that is new to them. */
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        argv[1] += strlen("--");
    optind = 0; /* glibc: start over */
    result = parse_options(argc, argv, &arguments, true, reason);
    int first = optind < argc ? optind : argc;
    size_t words = 0;
    while (first + (int) words < argc && words < 2 && argv[first + (int) words][0] != '-')
        words++;
    arguments.verb = verb_find(argv + first, words, &used);
    if (arguments.verb == NULL && words > 0)
        verb_result = no_such_verb(argv + first, words, verb_reason);

    /* The verb's own words stand where a program's name would: getopt begins behind them. */
    int skipped = first + (int) used - 1;
    if (skipped < 0)
        skipped = 0;
    optind = 0;
    char rest_reason[ARGUMENTS_REASON_MAX];
    int rest = parse_options(argc - skipped, argv + skipped, &arguments, false, rest_reason);
    if (verb_result != 0) {
        snprintf(reason, ARGUMENTS_REASON_MAX, "%s", verb_reason);
        result = verb_result;
    } else if (result == 0 && rest != 0) {
        snprintf(reason, ARGUMENTS_REASON_MAX, "%s", rest_reason);
        result = rest;
    }
    if (result == 0 && arguments.verb != NULL)
        result = take_values(&arguments, argv + skipped + optind, (size_t) (argc - skipped - optind), reason);
    *ret_arguments = arguments;
    return result;
}

const char *argument_value(const struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->value_count; i++)
        if (strcmp(arguments->verb->arguments[i].name, name) == 0)
            return arguments->values[i];
    return NULL;
}

size_t option_count(const struct arguments *arguments, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < arguments->given_count; i++)
        count += strcmp(arguments->given[i].row->name, name) == 0;
    return count;
}

const char *option_at(const struct arguments *arguments, const char *name, size_t index)
{
    for (size_t i = 0; i < arguments->given_count; i++)
        if (strcmp(arguments->given[i].row->name, name) == 0 && index-- == 0)
            return arguments->given[i].value;
    return NULL;
}

const char *option_value(const struct arguments *arguments, const char *name)
{
    return option_at(arguments, name, 0);
}

bool option_given(const struct arguments *arguments, const char *name)
{
    return option_count(arguments, name) > 0;
}
