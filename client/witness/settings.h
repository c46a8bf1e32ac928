/* Settings of comity-witness: one table of keys (settings.c), and the values. docs/operations.md, "Running a witness". */
#ifndef COMITY_CLIENT_WITNESS_SETTINGS_H
#define COMITY_CLIENT_WITNESS_SETTINGS_H

#include "client/lib/comity.h"
#include "core/daemon/config.h"
#include "core/daemon/log.h"
#include "core/endpoint.h"
#include "core/key.h"
#include "core/text.h"

enum { WITNESS_HISTORIES_MAX = 64 };

struct history_settings {
    char name[NAME_MAX_BYTES + 1]; /* of the section: for logs and people */
    uint8_t history[HISTORY_ID_SIZE];
    uint8_t log_key[KEY_SIZE];
    uint8_t group_key[KEY_SIZE];
    struct comity_broker brokers[COMITY_BROKERS_MAX];
    char endpoints[COMITY_BROKERS_MAX][ENDPOINT_MAX];
    size_t broker_count;
};

struct witness_settings {
    char name[NAME_MAX_BYTES + 1];
    char key_file[CONFIG_VALUE_MAX];
    char state[CONFIG_VALUE_MAX];
    char ready_file[CONFIG_VALUE_MAX]; /* empty: none */
    enum log_level log_level;
    unsigned interval_s, refresh_s;
    struct history_settings histories[WITNESS_HISTORIES_MAX];
    size_t history_count;
};

/* 0, ERR_CONFIG, ERR_FILE, ERR_MEMORY; @reason gets one sentence that says where and what to do. Reads no key file. */
int witness_settings_load(const char *path, struct witness_settings **ret_settings, char reason[CONFIG_REASON_MAX]);
void witness_settings_destroy(struct witness_settings **settings);

/* By its name in the configuration, or its id; NULL: there is none. */
const struct history_settings *witness_settings_find(const struct witness_settings *settings, const char *name);

void witness_settings_print_sample(void);

#endif
