/* A worker from start to end: its parts made, joined, and taken apart in order. */
#ifndef COMITY_WORKER_RUN_H
#define COMITY_WORKER_RUN_H

#include "worker/settings.h"

enum { RUN_REASON_MAX = 1024 };

/* Take over the settings, which were read from @config_path, and serve until SIGTERM, then finish what is in
 * hand. @accepts_clock: somebody says that the clock is right, whatever the store holds. 0 or what stopped
 * it;
 * @reason gets one sentence, what is wrong and what to do. */
int run_worker(const char *config_path, struct worker_settings **settings, bool accepts_clock,
               char reason[RUN_REASON_MAX]);

#endif
