/* For tests alone: a build that ends at once, as if killed, or stands still, at a step that the environment
 * names. */
#ifndef COMITY_CLI_STEP_H
#define COMITY_CLI_STEP_H

#ifdef COMITY_CONTROL_STOPS
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#define STEP(name)                                                                                           \
    do {                                                                                                     \
        const char *stop = getenv("COMITY_CONTROL_STOP"), *pause = getenv("COMITY_CONTROL_PAUSE");           \
        if (stop != NULL && strcmp(stop, name) == 0)                                                         \
            raise(SIGKILL);                                                                                  \
        if (pause != NULL && strcmp(pause, name) == 0)                                                       \
            raise(SIGSTOP);                                                                                  \
    } while (0)
#else
#define STEP(name) ((void) 0)
#endif

#endif
