#include "client/cli/verb.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/bytes.h"
#include "core/words.h"

const struct verb_option COMMON_OPTIONS[] = {
    {"json", NULL, N_("print one JSON document instead of sentences"), false, false},
    {"home", "DIRECTORY", N_("where contexts and keys are kept (else $COMITY_HOME, else ~/.config/comity)"),
     false, false},
    {"context", "CONTEXT",
     N_("which partnership to talk to (else $COMITY_CONTEXT, else the one chosen by `comity context use`)"),
     false, false},
    {"passphrase-file", "FILE",
     N_("for programs: a file whose first line is the passphrase of your key (else it is asked for; \"-\": standard "
        "input)"),
     false, false},
    {"timeout", "SECONDS", N_("how long to wait for an answer (else 15)"), false, false},
    {"color", "never|auto|always",
     N_("whether words are coloured (else auto: on a terminal, without $NO_COLOR)"), false, false},
    {"accessible", NULL,
     N_("lines that are read one by one: no columns, no redrawing (else $COMITY_ACCESSIBLE)"), false, false},
    {"language", "system|en|es|fr",
     N_("language of what is said (else $COMITY_LANGUAGE, else system: what LANG says)"), false, false},
    {"help", NULL, N_("explain this command and do nothing"), false, false},
    {NULL, NULL, NULL, false, false},
};

const struct verb_option JOINT_OPTIONS[] = {
    {"with", "KEYFILE", N_("the signing key, at hand, of somebody who has to sign as well: sign with it and send at once"),
     false, true},
    {"draft", "FILE", N_("write a draft for the others to sign instead of sending"), false, false},
    {"cosigner", "WHO", N_("with --draft: who has to sign besides you: a member's number or a key"), false,
     true},
    {NULL, NULL, NULL, false, false},
};

const struct verb_option FINAL_OPTIONS[] = {
    {"dry-run", NULL, N_("show what would be done, check what can be checked, and do nothing"), false, false},
    {"yes", NULL, N_("do not ask: the answer is yes"), false, false},
    {NULL, NULL, NULL, false, false},
};

static size_t count_words(const char *name)
{
    return strchr(name, ' ') != NULL ? 2 : 1;
}

static bool matches(const struct verb *verb, char *const *words, size_t count)
{
    const char *space = strchr(verb->name, ' ');

    if (space == NULL)
        return count >= 1 && strcmp(verb->name, words[0]) == 0;
    size_t first = (size_t) (space - verb->name);
    return count >= 2 && strlen(words[0]) == first && memcmp(verb->name, words[0], first) == 0 &&
           strcmp(space + 1, words[1]) == 0;
}

const struct verb *verb_find(char *const *words, size_t count, size_t *ret_used)
{
    const struct verb *found = NULL;

    /* `ballots import` before `ballots`. */
    for (unsigned i = 0; verb_at(i) != NULL; i++)
        if (matches(verb_at(i), words, count) &&
            (found == NULL || count_words(verb_at(i)->name) > count_words(found->name)))
            found = verb_at(i);
    if (found != NULL)
        *ret_used = count_words(found->name);
    return found;
}

const struct verb *verb_by_name(const char *name)
{
    for (unsigned i = 0; verb_at(i) != NULL; i++)
        if (strcmp(verb_at(i)->name, name) == 0)
            return verb_at(i);
    return NULL;
}

bool verb_is_noun(const char *word)
{
    size_t length = strlen(word);

    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        const char *name = verb_at(i)->name;
        if (strncmp(name, word, length) == 0 && (name[length] == ' ' || name[length] == '\0'))
            return true;
    }
    return false;
}

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: three rows of the usual table are enough. */
unsigned word_distance(const char *a, const char *b)
{
    enum { LENGTH_MAX = 64 };
    unsigned rows[3][LENGTH_MAX + 1];
    size_t a_length = strnlen(a, LENGTH_MAX);
    size_t b_length = strnlen(b, LENGTH_MAX);
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_length; j++)
        above[j] = (unsigned) j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned) i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned change = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least_of(change, least_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_length];
}

const struct verb *verb_nearest(const char *typed)
{
    const struct verb *nearest = NULL;
    /* A third of the letters may be wrong. */
    unsigned least = (unsigned) (strlen(typed) + 2) / 3 + 1;

    for (unsigned i = 0; verb_at(i) != NULL; i++) {
        unsigned distance = word_distance(typed, verb_at(i)->name);
        /* "rounds" or "adopt": one word of the two says enough. */
        const char *space = strchr(verb_at(i)->name, ' ');
        if (space != NULL && strchr(typed, ' ') == NULL) {
            char noun[32];
            snprintf(noun, sizeof(noun), "%.*s", (int) (space - verb_at(i)->name), verb_at(i)->name);
            distance = least_of(distance, word_distance(typed, noun) + 1);
            distance = least_of(distance, word_distance(typed, space + 1) + 1);
        }
        if (distance < least) {
            least = distance;
            nearest = verb_at(i);
        }
    }
    return nearest;
}

enum { LIST_JOINT, LIST_FINAL, LIST_COMMON };

static const struct verb_option_list LISTS[] = {
    [LIST_JOINT] = {JOINT_OPTIONS, "OPTIONS OF JOINT ACTS"},
    [LIST_FINAL] = {FINAL_OPTIONS, "OPTIONS OF WHAT CANNOT BE UNDONE"},
    [LIST_COMMON] = {COMMON_OPTIONS, "OPTIONS OF EVERY COMMAND"},
};

const struct verb_option_list *verb_option_list_at(unsigned index)
{
    return index < ARRAY_COUNT(LISTS) ? &LISTS[index] : NULL;
}

bool verb_takes_list(const struct verb *verb, unsigned index)
{
    return index == LIST_COMMON || (verb != NULL && index == LIST_JOINT && verb->is_joint) ||
           (verb != NULL && index == LIST_FINAL && verb->is_final);
}

const struct verb_option *verb_option_at(const struct verb *verb, size_t index)
{
    for (const struct verb_option *row = verb == NULL ? NULL : verb->options;
         row != NULL && row->name != NULL; row++)
        if (index-- == 0)
            return row;
    for (unsigned i = 0; verb_option_list_at(i) != NULL; i++) {
        const struct verb_option *row = verb_takes_list(verb, i) ? LISTS[i].rows : NULL;
        for (; row != NULL && row->name != NULL; row++)
            if (index-- == 0)
                return row;
    }
    return NULL;
}

const struct verb_option *verb_option_find(const struct verb *verb, const char *name)
{
    for (size_t i = 0; verb_option_at(verb, i) != NULL; i++)
        if (strcmp(verb_option_at(verb, i)->name, name) == 0)
            return verb_option_at(verb, i);
    return NULL;
}

void verb_usage(const struct verb *verb, char ret_usage[VERB_USAGE_MAX])
{
    FILE *text = fmemopen(ret_usage, VERB_USAGE_MAX, "w");

    if (text == NULL) {
        snprintf(ret_usage, VERB_USAGE_MAX, "comity %s", verb->name);
        return;
    }
    fprintf(text, "comity %s", verb->name);
    for (const struct verb_argument *row = verb->arguments; row->name != NULL; row++)
        fprintf(text, row->is_optional ? " [%s]" : " %s", row->name);
    for (const struct verb_option *row = verb->options; row->name != NULL; row++) {
        fprintf(text, row->is_required ? " --%s" : " [--%s", row->name);
        if (row->value != NULL)
            fprintf(text, " %s", row->value);
        fprintf(text, "%s%s", row->is_required ? "" : "]", row->is_list ? "..." : "");
    }
    if (verb->is_joint && verb->is_own_often)
        fputs(" [--with KEYFILE...|--draft FILE --cosigner WHO...]", text);
    else if (verb->is_joint)
        fputs(" --with KEYFILE...|--draft FILE --cosigner WHO...", text);
    if (verb->is_final)
        fputs(" [--dry-run] [--yes]", text);
    fclose(text);
}
