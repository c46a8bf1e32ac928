/* One history that is watched: a client of its own, and where the next look stands. Driven by the loop (run.c). */
#ifndef COMITY_CLIENT_WITNESS_WATCH_H
#define COMITY_CLIENT_WITNESS_WATCH_H

#include "client/witness/settings.h"
#include "client/witness/step.h"

struct watch;

/* 0, or the code of comity_new. @history, @settings and @place outlive it. */
int watch_new(const struct witness_settings *settings, const struct history_settings *history,
              const struct step_place *place, struct watch **ret_watch);
void watch_destroy(struct watch **watch);

/* Readable when watch_run has something to do. */
int watch_fd(struct watch *watch);

/* Do what is due. Returns in how many milliseconds to call again at the latest. */
int watch_run(struct watch *watch);

#endif
