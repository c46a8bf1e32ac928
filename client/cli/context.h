/* Contexts: what a person's machine knows of the partnerships that the person belongs to. One file a context,
 * HOME/contexts/NAME.ini, read by the table below and written whole.
 *
 * HOME is --home, else $COMITY_HOME, else $XDG_CONFIG_HOME/comity, else ~/.config/comity:
 *   current            name of the context that is used where none is given
 *   config.ini         settings that hold for all of them: settings.h
 *   contexts/NAME.brokers  the list of the group's brokers that was learnt: brokers.h
 *   contexts/NAME.ini  brokers and their keys, the group's key, history, key files, what was seen
 *   keys/              signing.key; connection-NAME.key, one a context (0600)
 *   journal/           signed commands and receipts: libcomity's */
#ifndef COMITY_CLI_CONTEXT_H
#define COMITY_CLI_CONTEXT_H

#include "client/cli/file.h"
#include "client/cli/place.h"
#include "client/cli/settings.h"
#include "core/broker_list.h"
#include "core/text.h"

enum { HOME_MAX = 512, CONTEXT_PINS_MAX = 16, TOKEN_MAX_BYTES = 128, CONTEXT_REASON_MAX = 640 };

/* A sentence on config_value_is_plain. */
#define CONTEXT_PLAIN_RULE                                                                                   \
    N_("Give one without line ends and other control characters, blanks around it, and ; behind a blank.")

struct context {
    char name[NAME_MAX_BYTES + 1];
    char title[TITLE_MAX_BYTES + 1]; /* for people; may be empty */
    struct place place; /* as it was given */
    struct place reach; /* where to go, in this order: brokers.h; as place where nothing was learnt */
    char sites[PLACE_BROKERS_MAX][BROKER_SITE_MAX + 1]; /* of reach's brokers, as far as known */
    char own_site[BROKER_SITE_MAX + 1]; /* of the list, the one to go to first; empty: none */
    uint64_t broker_list;               /* number of the list that was learnt; 0: none */
    bool has_history;
    uint8_t history[HISTORY_ID_SIZE];
    char signing_key[PATH_BYTES];             /* relative to HOME, or absolute; empty: none */
    char connection_key[PATH_BYTES];          /* the same; no other context's */
    char founding_token[TOKEN_MAX_BYTES + 1]; /* of an operator's context; else empty */
    char data[PATH_BYTES]; /* of the context that `comity up` makes: its installation's directory; else empty
                            */
    uint32_t epoch;        /* the latest in which the record was seen; 0: not known */
    uint64_t seen;         /* highest sequence that was shown or recorded in it */
    uint8_t pins[CONTEXT_PINS_MAX][KEY_SIZE]; /* keys that sign the history's checkpoints */
    size_t pin_count;
    struct kept_settings settings; /* that hold for this partnership alone */
};

/* Why something did not succeed: @format with one %s for @value, which is shown as a line. Returns @code. */
int context_failed(char reason[CONTEXT_REASON_MAX], int code, const char *format, const char *value);

/* Where it is, whether it is there or not. @ret_variable: which one of the environment named it; NULL with
 * @given. ERR_CONFIG. */
int home_path(const char *given, char ret_home[HOME_MAX], const char **ret_variable,
              char reason[CONTEXT_REASON_MAX]);

/* @given: of --home, or NULL. Made where there is none. 0, ERR_CONFIG, ERR_FILE. */
int home_find(const char *given, char ret_home[HOME_MAX], char reason[CONTEXT_REASON_MAX]);

/* Name of the context to use: @given, else the current one. ERR_CONFIG where there is none. */
int context_choose(const char *home, const char *given, char ret_name[NAME_MAX_BYTES + 1],
                   char reason[CONTEXT_REASON_MAX]);
int context_set_current(const char *home, const char *name, char reason[CONTEXT_REASON_MAX]);

/* 0, ERR_NOT_FOUND, ERR_CONFIG, ERR_FILE. */
int context_load(const char *home, const char *name, struct context *ret_context,
                 char reason[CONTEXT_REASON_MAX]);

/* Runs beside one another take turns: what one of them writes, the next one reads. Closing *ret_lock ends it. ERR_CONFIG, ERR_FILE. */
int home_lock(const char *home, int *ret_lock, char reason[CONTEXT_REASON_MAX]);

/* Write it whole, 0600, under the home's lock. The first context of a home becomes the current one.
 * ERR_EXISTS unless @may_replace.
 */
int context_save(const char *home, const struct context *context, bool may_replace,
                 char reason[CONTEXT_REASON_MAX]);

/* Write a new context, with a connection key of its own, which is made here: @context->connection_key and reach are set.
 * ERR_EXISTS where the name is taken. */
int context_make(const char *home, struct context *context, char reason[CONTEXT_REASON_MAX]);
int context_remove(const char *home, const char *name);

/* Take up what a run has learnt: the file is read again under a lock, so that runs beside one another lose
 * nothing. What was seen in an earlier epoch counts no longer, and never again. */
int context_learn(const char *home, const char *name, uint32_t epoch, uint64_t seen,
                  const uint8_t pins[][KEY_SIZE], size_t pin_count, char reason[CONTEXT_REASON_MAX]);

/* Take up another record of the history, in all contexts of the home: what was seen of it, be it less. Likewise. */
int context_follow(const char *home, const uint8_t history[HISTORY_ID_SIZE], uint32_t epoch, uint64_t seen,
                   const uint8_t pins[][KEY_SIZE], size_t pin_count, struct arena *arena,
                   char reason[CONTEXT_REASON_MAX]);

/* From now on its group is reached there, likewise under the lock. */
int context_go(const char *home, const char *name, const struct place *place, char reason[CONTEXT_REASON_MAX]);

/* From now on the context signs with another key, likewise under the lock. */
int context_change_key(const char *home, const char *name, const char *signing_key,
                       char reason[CONTEXT_REASON_MAX]);

/* It keeps a setting, or with "" keeps it no longer, likewise. */
int context_change_setting(const char *home, const char *name, unsigned id, const char *value,
                           char reason[CONTEXT_REASON_MAX]);

/* ERR_NOT_FOUND, with a sentence that lists the contexts that there are. */
int context_unknown(const char *home, const char *name, char reason[CONTEXT_REASON_MAX]);

/* Names in alphabetical order, in the arena. */
int context_names(const char *home, struct arena *arena, const char *const **ret_names, size_t *ret_count,
                  char reason[CONTEXT_REASON_MAX]);

/* The context of a history. ERR_NOT_FOUND. */
int context_of_history(const char *home, const uint8_t history[HISTORY_ID_SIZE], struct arena *arena,
                       struct context *ret_context);

/* The data directory of the installation of this home whose group of workers it is; ERR_NOT_FOUND. */
int context_data_of_group(const char *home, const uint8_t group_key[KEY_SIZE], struct arena *arena,
                          char ret_data[PATH_BYTES]);

/* A name that no context has: @wanted, or with -2, -3, ... behind it. */
void context_free_name(const char *home, const char *wanted, char ret_name[NAME_MAX_BYTES + 1]);

#endif
