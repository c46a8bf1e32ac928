/* Lines for people, escaped: what works them out leaves to others where they stand. */
#ifndef COMITY_CLI_TOLD_H
#define COMITY_CLI_TOLD_H

#include "client/cli/cli.h"

/* In the order in which they are told, in the run's arena. What belongs to the line before is indented by two
 * blanks. */
struct told {
    const char **lines;
    size_t count;
};

/* One line more; nothing for NULL. */
void told_add(struct cli *cli, struct told *told, const char *line);

/* Say them, each with @lead before it. */
void told_say(const struct cli *cli, const char *lead, struct told told);

#endif
