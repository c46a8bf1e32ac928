#include "worker/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "core/daemon/log.h"
#include "core/daemon/process.h"
#include "core/error.h"
#include "core/event.h"
#include "core/machine/machine.h"
#include "core/text.h"
#include "worker/batch.h"
#include "worker/clock.h"
#include "worker/fresh.h"
#include "worker/group_log.h"
#include "worker/leftovers.h"
#include "worker/loop.h"
#include "worker/pool.h"
#include "worker/service.h"
#include "worker/sites.h"
#include "worker/writer.h"

struct worker {
    const char *config_path;
    struct worker_settings *settings; /* the latest that were taken up */
    struct worker_settings *previous; /* which the loop may still read while it changes over */
    struct connection_key group_key;  /* these two never change while it runs */
    struct signing_key log_key;
    struct service service;
    struct clock clock;
    bool accepts_clock;
    struct batch_runner *runner;
    struct pool *pool;
    struct writer *writer;
    struct loop *loop;
    int signal_fd;
};

__attribute__((format(printf, 3, 4))) static int fail(char reason[RUN_REASON_MAX], int code,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, RUN_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

/* The store can no longer say what is on the disk: nobody is answered, and a restart reads what is there. Or it does not fit to the
 * log of its group: a restart would find the same. */
static void die(int code, const char *reason)
{
    char shown[2 * FOLLOW_REASON_MAX];
    if (reason && code != ERR_STORE) {
        log_event(LOG_ERROR, "cannot_go_on", "error=%s reason=%s", error_name(code),
                  log_value(reason, shown, sizeof(shown)));
        fprintf(stderr, "comity-worker: %s\n", reason);
        _exit(EXIT_CONFIGURATION); /* not to be started again before somebody has looked */
    }
    log_event(LOG_ERROR, "store_failed",
              "error=%s advice=\"Start again: whatever was acknowledged is there. If it fails again, look at the disk, and where there are "
              "several sites at etcd.\"",
              error_name(code));
    _exit(process_exit_code(code));
}

static int64_t read_clock(void *context)
{
    return clock_stamp_ms(context);
}

/* Those of one number that differ at two sites: the hash shows it. */
static void log_announcement(const struct announcement *announcement)
{
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    if (announcement->number == 0)
        return;
    tagged_hash(TAG_BROKERS, BYTES(announcement->packed, announcement->size), hash);
    hex_encode(BYTES(hash, HASH_SIZE), hex);
    log_event(LOG_INFO, "sites", "number=%" PRIu64 " brokers=%zu hash=%s", announcement->number, announcement->broker_count, hex);
}

/* What is in effect, one line each. */

static void log_settings(const struct worker *worker)
{
    const struct worker_settings *settings = worker->settings;
    char data[512], group[2 * GROUP_ID_SIZE + 1], log_key[2 * KEY_SIZE + 1], group_key[2 * KEY_SIZE + 1],
        own[2 * KEY_SIZE + 1];
    hex_encode(BYTES(settings->group, GROUP_ID_SIZE), group);
    hex_encode(BYTES(settings->log_key.public_key, KEY_SIZE), log_key);
    hex_encode(BYTES(settings->group_key.public_key, KEY_SIZE), group_key);
    hex_encode(BYTES(settings->connection.public_key, KEY_SIZE), own);
    log_event(
        LOG_INFO, "settings",
        "version=%s format_level=%d data=%s map_limit_mib=%" PRIu64 " threads=%u window=%u requests=%zu "
        "request_mib=%zu sessions=%zu strangers=%zu founding=%s operators=%zu heartbeat_ms=%u silence_ms=%u",
        COMITY_VERSION, FORMAT_LEVEL, log_value(settings->data, data, sizeof(data)),
        settings->map_limit_bytes >> 20, settings->threads, settings->window, settings->jobs.count,
        settings->jobs.bytes >> 20, settings->sessions.members, settings->sessions.strangers,
        founding_name(settings->policy.founding), settings->policy.operator_count, settings->heartbeat_ms,
        settings->silence_ms);
    log_event(LOG_INFO, "group", "group=%s term=%" PRIu64 " connection_key=%s group_key=%s log_key=%s", group,
              worker->service.term, own, group_key, log_key);
    for (size_t i = 0; i < settings->broker_count; i++) {
        const struct broker_settings *broker = &settings->brokers[i];
        char name[128], endpoint[512], key[2 * KEY_SIZE + 1];
        hex_encode(BYTES(broker->key, KEY_SIZE), key);
        log_event(LOG_INFO, "broker", "broker=%s endpoint=%s key=%s",
                  log_value(broker->name, name, sizeof(name)),
                  log_value(broker->endpoint, endpoint, sizeof(endpoint)), key);
    }
    log_announcement(&settings->announcement);
}

static void log_rights(void)
{
    const struct command_row *row;
    for (unsigned i = 0; (row = command_row_at(i)) != NULL; i++)
        log_event(LOG_INFO, "right", "command=%s may=\"%s\"", row->name, right_name(row->right));
}

/* SIGHUP. */

static const struct worker_settings *reload(void *context)
{
    struct worker *worker = context;
    char reason[CONFIG_REASON_MAX] = "", shown[CONFIG_REASON_MAX * 2];
    struct worker_settings *settings = NULL;
    int code = settings_load(worker->config_path, &settings, reason);
    const char *fixed = code ? NULL : settings_needs_restart(worker->settings, settings);
    if (code == 0 && !fixed)
        code = clock_follow(&worker->clock, settings->clock_ahead_days, reason);
    if (code || fixed) {
        if (fixed)
            snprintf(reason, sizeof(reason), "%s changes with a restart alone: nothing was taken up.", fixed);
        log_event(LOG_ERROR, "reload_refused", "reason=%s", log_value(reason, shown, sizeof(shown)));
        settings_destroy(&settings);
        return NULL;
    }
    settings_destroy(&worker->previous);
    worker->previous = worker->settings;
    worker->settings = settings;
    log_set_level(settings->log_level);
    policy_set(worker->service.policy, &settings->policy);
    announcer_set(worker->service.announcer, &settings->announcement);
    session_cache_set_limits(worker->service.sessions, &settings->sessions);
    rates_set_limits(worker->service.rates, settings->rates.of, RATE_COUNT);
    log_event(LOG_INFO, "reloaded", "config=%s", log_value(worker->config_path, shown, sizeof(shown)));
    log_settings(worker);
    return settings;
}

/* The parts, in order. */

static int open_store(struct worker *worker, char *reason)
{
    struct store_options options = {
        .directory = worker->settings->data,
        .map_limit_bytes = worker->settings->map_limit_bytes,
        .group = worker->settings->group,
    };
    char why[STORE_REASON_MAX] = "";
    _Static_assert((int) STORE_REASON_MAX >= (int) LEFTOVERS_REASON_MAX, "reasons");
    int code = leftovers_check(options.directory, why);
    if (code == 0 && worker->settings->log.kind == LOG_ETCD && !leftover_is_store(options.directory)) /* an empty one would be in the way */
        return fail(reason, ERR_CONFIG,
                    "There is no store in %s: the first worker of a group makes one by comity-worker begin, the others by "
                    "comity-worker join.",
                    options.directory);
    if (code == 0)
        code = store_open(&options, &worker->service.store, why);
    if (code)
        return fail(reason, code, "%s", why);
    return 0;
}

static int open_local(struct worker *worker, char *reason)
{
    struct service *service = &worker->service;
    struct store_entry place;
    uint64_t term;
    int code = group_log_place(service->store, &place);
    if (code == 0 && place.number > 0)
        return fail(reason, ERR_CONFIG,
                    "The store in %s belongs to a log of several sites: give [log] kind = etcd. To go on without the others, take an "
                    "export of it and restore that.",
                    worker->settings->data);
    if (code == 0)
        code = store_take_term(service->store, &term);
    if (code)
        return fail(reason, code, "The store in %s cannot be written: %s", worker->settings->data,
                    error_sentence(code));
    atomic_store(&service->term, term);
    code = order_log_local_new(term, &service->log);
    return code ? fail(reason, code, "%s", error_sentence(code)) : 0;
}

static int open_log(struct worker *worker, char *reason)
{
    struct service *service = &worker->service;
    char why[SITES_REASON_MAX];
    int code;
    if (worker->settings->log.kind == LOG_ETCD) {
        code = sites_open(service, worker->settings, worker->accepts_clock, worker->signal_fd, &service->sites, why);
        if (code) /* a log that does not fit is found again by every restart */
            return fail(reason, code == ERR_CORRUPT ? ERR_CONFIG : code, "%s", why);
    } else {
        code = open_local(worker, reason);
        if (code)
            return code;
    }
    struct batch_options options = {
        .store = service->store,
        .log = service->log,
        .log_key = &worker->log_key,
        .clock = read_clock,
        .context = &worker->clock,
    };
    code = batch_runner_new(&options, &worker->runner);
    if (code == 0 && service->sites)
        code = sites_attach(service->sites, worker->runner);
    if (code == ERR_CONFIG)
        return fail(reason, code,
                    "log_key is not the key that this store's histories name for their checkpoints: give "
                    "that one, or restore an export under the new one.");
    return code ? fail(reason, code, "The store cannot be used: %s", error_sentence(code)) : 0;
}

/* Before anything is stamped, here or in a log that others share: a wrong clock would be on record for ever. */
static int check_clock(struct worker *worker, char *reason)
{
    char why[CLOCK_REASON_MAX] = "", shown[CLOCK_REASON_MAX * 2];
    int64_t newest_ms;
    int code = group_log_newest_ms(worker->service.store, &newest_ms);
    if (code)
        return fail(reason, code, "The store cannot be read: %s", error_sentence(code));
    code = clock_judge(clock_now_ms(&worker->clock), newest_ms, worker->settings->clock_ahead_days, why);
    if (code && !worker->accepts_clock)
        return fail(reason, code, "%s", why);
    if (code)
        log_event(LOG_WARNING, "clock_accepted", "reason=%s", log_value(why, shown, sizeof(shown)));
    clock_start_after(&worker->clock, newest_ms);
    return 0;
}

static int make_service(struct worker *worker, char *reason)
{
    struct service *service = &worker->service;
    service->clock = &worker->clock;
    service->group_key = &worker->group_key;
    service->log_key = &worker->log_key;
    service->started_ms = clock_now_ms(&worker->clock);
    memcpy(service->group, worker->settings->group, GROUP_ID_SIZE);
    status_counters_init(&service->counters);
    int code = policy_new(&worker->settings->policy, &service->policy);
    if (code == 0)
        code = announcer_new(&worker->settings->announcement, &service->announcer);
    if (code == 0)
        code = session_cache_new(&worker->settings->sessions, &service->sessions);
    service->rates = rates_new(worker->settings->rates.of, RATE_COUNT);
    if (code == 0 && !service->rates)
        code = ERR_MEMORY;
    if (code == 0)
        code = job_queue_new(&service->checks);
    if (code == 0)
        code = job_queue_new(&service->commands);
    if (code == 0)
        code = outbox_new(&service->outbox);
    struct copies_options copies = {
        .store = service->store, .log_key = service->log_key, .directory = worker->settings->data};
    if (code == 0)
        code = copies_new(&copies, &service->copies);
    return code ? fail(reason, code, "%s", error_sentence(code)) : 0;
}

static int start_threads(struct worker *worker, char *reason)
{
    struct service *service = &worker->service;
    const char *broker = "";
    int code = writer_start(service, worker->runner, service->sites, die, &worker->writer);
    if (code == 0)
        code = pool_start(service, worker->settings->threads, &worker->pool);
    if (code)
        return fail(reason, code, "The worker cannot start its threads: %s", error_sentence(code));
    struct loop_options options = {
        .service = service,
        .settings = worker->settings,
        .signal_fd = worker->signal_fd,
        .reload = reload,
        .context = worker,
    };
    code = loop_new(&options, &worker->loop, &broker);
    if (code == ERR_ADDRESS)
        return fail(reason, code,
                    "[broker %s] endpoint is no address that can be connected to: give tcp://HOST:PORT.",
                    broker);
    return code ? fail(reason, code, "%s", error_sentence(code)) : 0;
}

static int start(struct worker *worker, char *reason)
{
    worker->group_key = worker->settings->group_key;
    worker->log_key = worker->settings->log_key;
    log_init("comity-worker", worker->settings->log_level);
    int code = process_signals_open(&worker->signal_fd);
    if (code)
        return fail(reason, code, "Signals cannot be received: %s", error_sentence(code));
    code = open_store(worker, reason);
    if (code == 0 && worker->settings->ready_file[0])
        unlink(worker->settings->ready_file); /* of one that was killed: the store is ours now */
    if (code == 0)
        code = check_clock(worker, reason);
    if (code == 0)
        code = make_service(worker, reason);
    if (code == 0)
        code = open_log(worker, reason);
    if (code)
        return code;
    log_settings(worker);
    log_rights();
    return start_threads(worker, reason);
}

/* What was made, backwards; the queues empty themselves first. */
static void stop(struct worker *worker)
{
    struct service *service = &worker->service;
    if (service->fresh)
        fresh_close(service->fresh);
    if (service->checks)
        job_queue_close(service->checks);
    pool_join(&worker->pool);
    copies_destroy(&service->copies);
    if (service->commands)
        job_queue_close(service->commands);
    if (service->sites)
        sites_stop(service->sites);
    writer_join(&worker->writer);
    sites_close(&service->sites);
    loop_destroy(&worker->loop);
    outbox_destroy(&service->outbox);
    job_queue_destroy(&service->commands);
    job_queue_destroy(&service->checks);
    session_cache_destroy(&service->sessions);
    rates_destroy(&service->rates);
    policy_destroy(&service->policy);
    announcer_destroy(&service->announcer);
    status_counters_release(&service->counters);
    batch_runner_destroy(&worker->runner);
    if (service->log)
        service->log->ops->destroy(&service->log);
    store_close(&service->store);
    settings_destroy(&worker->previous);
    settings_destroy(&worker->settings);
    connection_key_wipe(&worker->group_key);
    signing_key_wipe(&worker->log_key);
    if (worker->signal_fd >= 0)
        close(worker->signal_fd);
}

int run_worker(const char *config_path, struct worker_settings **settings, bool accepts_clock,
               char reason[RUN_REASON_MAX])
{
    struct worker *worker = sodium_malloc(sizeof(*worker)); /* for its keys */
    if (!worker)
        return fail(reason, ERR_MEMORY, "%s", error_sentence(ERR_MEMORY));
    memset(worker, 0, sizeof(*worker));
    worker->config_path = config_path;
    worker->accepts_clock = accepts_clock;
    clock_init(&worker->clock, NULL);
    worker->settings = *settings;
    *settings = NULL;
    worker->signal_fd = -1;
    int code = start(worker, reason);
    if (code == 0) {
        code = loop_run(worker->loop);
        if (code == ERR_TIMEOUT) {
            /* Something hangs, and joining its thread would hang as well. Nothing acknowledged depends on it.
             */
            log_event(LOG_ERROR, "stopped", "reason=\"drain_ms passed with something in hand\"");
            _exit(EXIT_OTHER);
        }
        log_event(LOG_INFO, "stopped", "error=%s", error_name(code));
        if (code)
            fail(reason, code, "%s", error_sentence(code));
    }
    stop(worker);
    clock_release(&worker->clock);
    sodium_free(worker);
    return code;
}
