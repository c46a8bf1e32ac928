/* The command line, taken apart by the table of verbs. */
#ifndef COMITY_CLI_ARGUMENTS_H
#define COMITY_CLI_ARGUMENTS_H

#include <stdint.h>

#include "client/cli/verb.h"

enum { ARGUMENTS_GIVEN_MAX = 128, ARGUMENTS_REASON_MAX = 512 };

struct arguments {
    const struct verb *verb; /* NULL where none was recognised */
    const char *values[VERB_ARGUMENTS_MAX];
    size_t value_count;
    struct {
        const struct verb_option *row;
        const char *value; /* NULL for one that takes none */
    } given[ARGUMENTS_GIVEN_MAX];
    size_t given_count;
};

/* Take the command line apart. Options may stand anywhere; "--" ends them. What it keeps points into argv,
 * whose order it changes. 0, or ERR_USAGE with one or two sentences in @reason: what is wrong, and the verb
 * that may have been meant. Also on failure, ret->verb and the options seen so far are filled in. */
int arguments_parse(int argc, char **argv, struct arguments *ret_arguments,
                    char reason[ARGUMENTS_REASON_MAX]);

/* By the name in the verb's row. NULL where it was not given. */
const char *argument_value(const struct arguments *arguments, const char *name);
bool option_given(const struct arguments *arguments, const char *name);
const char *option_value(const struct arguments *arguments, const char *name);
size_t option_count(const struct arguments *arguments, const char *name);
const char *option_at(const struct arguments *arguments, const char *name, size_t index);

#endif
