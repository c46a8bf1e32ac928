/* Settings of comity-worker: one table of keys (settings.c), the values, and the key files that they name.
 * docs/operations.md, "The worker". */
#ifndef COMITY_WORKER_SETTINGS_H
#define COMITY_WORKER_SETTINGS_H

#include "core/daemon/config.h"
#include "core/daemon/log.h"
#include "core/key.h"
#include "worker/announcement.h"
#include "worker/job.h"
#include "worker/log/etcd.h"
#include "worker/policy.h"
#include "worker/rates.h"
#include "worker/session.h"

enum { SETTINGS_BROKERS_MAX = 16, SETTINGS_NAME_MAX = 40 };

struct broker_settings {
    char name[SETTINGS_NAME_MAX + 1];
    char endpoint[CONFIG_VALUE_MAX];
    uint8_t key[KEY_SIZE];
};

/* [log]: who orders. With local the rest is empty. */
enum log_kind { LOG_LOCAL, LOG_ETCD };
struct log_settings {
    enum log_kind kind;
    char name[SETTINGS_NAME_MAX + 1]; /* of this worker in its group */
    char endpoints[ETCD_ENDPOINTS_MAX][CONFIG_VALUE_MAX];
    size_t endpoint_count;
    char ca[CONFIG_VALUE_MAX], certificate[CONFIG_VALUE_MAX], key[CONFIG_VALUE_MAX];
    uint64_t quota_bytes;
    unsigned compare_entries;
};

struct worker_settings {
    char data[CONFIG_VALUE_MAX];
    uint64_t map_limit_bytes;
    struct connection_key connection;
    struct connection_key group_key;
    uint8_t group[GROUP_ID_SIZE];
    struct signing_key log_key;
    unsigned threads; /* at least 1 */
    unsigned window;
    char ready_file[CONFIG_VALUE_MAX]; /* empty: none */
    enum log_level log_level;
    unsigned heartbeat_ms, silence_ms, drain_ms;
    unsigned clock_ahead_days; /* 0: no limit */
    struct policy_rules policy;
    struct job_limits jobs;
    struct session_limits sessions;
    struct rate_limits rates;
    struct log_settings log;
    struct broker_settings brokers[SETTINGS_BROKERS_MAX];
    size_t broker_count;
    struct announcement announcement; /* made of [sites] and [site NAME] */
};

/* Read the configuration and every file that it names. 0, ERR_CONFIG, ERR_FILE, ERR_FILE_MODE, ERR_MALFORMED,
 * ERR_VERSION, ERR_MEMORY; @reason gets one sentence that says where and what to do. */
int settings_load(const char *path, struct worker_settings **ret_settings, char reason[CONFIG_REASON_MAX]);
void settings_destroy(struct worker_settings **settings); /* wipes the secrets */

/* The public halves of the three keys, the paths of their files, and which of them were made just now. */
enum settings_key { SETTINGS_CONNECTION_KEY, SETTINGS_GROUP_KEY, SETTINGS_LOG_KEY, SETTINGS_KEYS };
struct settings_public {
    const char *name; /* of the setting */
    char path[CONFIG_VALUE_MAX];
    uint8_t key[KEY_SIZE];
    bool is_new;
};

/* Make those of the three key files that are missing. Nothing else that the configuration names has to be
 * there yet. As settings_load. */
int settings_make_keys(const char *path, struct settings_public ret_keys[SETTINGS_KEYS],
                       char reason[CONFIG_REASON_MAX]);

/* The first setting that differs and is taken up by a restart alone; NULL: none. */
const char *settings_needs_restart(const struct worker_settings *now, const struct worker_settings *next);

/* A commented sample of the configuration file, on standard output. */
void settings_print_sample(void);

#endif
