/* comity-audit: `comity audit` as a program of its own, for whoever does nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

int main(int argc, char **argv)
{
    char **words = calloc((size_t) argc + 2, sizeof(*words));
    char verb[] = "audit";

    if (words == NULL)
        return EXIT_INTERNAL;
    words[0] = argc > 0 ? argv[0] : verb;
    words[1] = verb;
    if (argc > 1)
        memcpy(words + 2, argv + 1, (size_t) (argc - 1) * sizeof(*words));
    /* What everybody types at a program that is new to them. */
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        free(words);
        return puts("comity-audit " COMITY_VERSION) < 0 || fflush(stdout) != 0 ? EXIT_INTERNAL : EXIT_DONE;
    }
    int count = 0;
    while (words[count] != NULL)
        count++;
    int code = cli_run(count, words);
    free(words);
    return code;
}
