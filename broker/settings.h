/* Settings of the broker: the configuration, read, checked and in the form in which it is used. */
#ifndef COMITY_BROKER_SETTINGS_H
#define COMITY_BROKER_SETTINGS_H

#include "broker/router.h"
#include "core/daemon/config.h"
#include "core/daemon/log.h"

struct settings {
    struct config *config;   /* owns the texts */
    const char *endpoint[2]; /* by side; as configured, perhaps with a wildcard port */
    const char *key_file;
    const char *ready_file; /* "": none */
    enum log_level log_level;
    int io_threads;
    int64_t news_ms;       /* how long news are gathered */
    int64_t stop_ms;       /* how long pending requests are waited for at an orderly end */
    uint64_t buffer_bytes; /* of each of the kinds that docs/operations.md names */
    struct rate_limit arrivals; /* connections of the front, of one address */
    struct router_limits limits;
    struct admission admission;
};

/* 0, ERR_FILE, ERR_CONFIG or ERR_MEMORY; @reason gets one sentence. */
int settings_read(const char *path, struct settings **ret_settings, char reason[CONFIG_REASON_MAX]);

/* What can be seen beyond that without serving: interfaces and folders that are not there. 0, ERR_ADDRESS,
 * ERR_CONFIG. */
int settings_check(const struct settings *settings, char reason[CONFIG_REASON_MAX]);
void settings_destroy(struct settings **settings);

/* The settings that differ and are taken up only by a restart: their names with commas between them; empty
 * for none. */
enum { SETTINGS_NAMES_MAX = 256 };
void settings_fixed_differences(const struct settings *old, const struct settings *fresh,
                                char names[SETTINGS_NAMES_MAX]);

/* Every setting, as a commented sample. */
void settings_print_sample(void (*print)(const char *line, void *context), void *context);

#endif
