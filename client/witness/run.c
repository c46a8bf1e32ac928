#include "client/witness/run.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/witness/state.h"
#include "client/witness/watch.h"
#include "core/daemon/process.h"
#include "core/error.h"

static int fail(char *reason, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(char *reason, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, RUN_REASON_MAX, format, arguments);
    va_end(arguments);
    return code;
}

struct loop {
    struct watch *watches[WITNESS_HISTORIES_MAX];
    size_t count;
    int signal_fd;
};

static int start(struct loop *loop, const struct witness_settings *settings, const struct step_place *place,
                 char *reason)
{
    for (size_t i = 0; i < settings->history_count; i++) {
        const struct history_settings *history = &settings->histories[i];
        int code = watch_new(settings, history, place, &loop->watches[i]);
        if (code != 0)
            return fail(reason, code, "[history %s] cannot be watched: %s", history->name, error_sentence(code));
        loop->count++;
        log_event(LOG_INFO, "watching", "history=%s brokers=%zu", history->name, history->broker_count);
    }
    return 0;
}

/* Until there is something to do. */
static void wait_for_work(struct loop *loop, int timeout_ms)
{
    struct pollfd files[WITNESS_HISTORIES_MAX + 1];
    files[0] = (struct pollfd){.fd = loop->signal_fd, .events = POLLIN};
    for (size_t i = 0; i < loop->count; i++)
        files[1 + i] = (struct pollfd){.fd = watch_fd(loop->watches[i]), .events = POLLIN};
    poll(files, loop->count + 1, timeout_ms);
}

static bool is_to_stop(struct loop *loop)
{
    enum process_signal signal;
    while ((signal = process_signal_take(loop->signal_fd)) != PROCESS_SIGNAL_NONE)
        if (signal == PROCESS_SIGNAL_STOP)
            return true;
    return false;
}

static void loop_run(struct loop *loop)
{
    while (!is_to_stop(loop)) {
        int timeout_ms = 60000;
        for (size_t i = 0; i < loop->count; i++) {
            int wait_ms = watch_run(loop->watches[i]);
            timeout_ms = wait_ms < timeout_ms ? wait_ms : timeout_ms;
        }
        wait_for_work(loop, timeout_ms);
    }
}

static int run_locked(struct loop *loop, const struct witness_settings *settings, const struct step_place *place,
                      char *reason)
{
    int code = start(loop, settings, place, reason);
    if (code == 0 && settings->ready_file[0] != '\0' && process_file_write(settings->ready_file, "ready\n") != 0)
        code = fail(reason, process_file_error(), "ready_file: %.300s cannot be written: %s.", settings->ready_file,
                    strerror(errno));
    if (code == 0)
        loop_run(loop);
    for (size_t i = 0; i < loop->count; i++)
        watch_destroy(&loop->watches[i]);
    if (settings->ready_file[0] != '\0')
        unlink(settings->ready_file);
    log_event(LOG_INFO, "stopped", "error=%s", error_name(code));
    return code;
}

int run_witness(const struct witness_settings *settings, const struct signing_key *key, char reason[RUN_REASON_MAX])
{
    struct step_place place = {.directory = settings->state, .key = key, .name = settings->name};
    struct loop loop = {.signal_fd = -1};
    char fingerprint[FINGERPRINT_SIZE];
    int lock = -1;
    log_init("comity-witness", settings->log_level);
    int code = process_signals_open(&loop.signal_fd);
    if (code != 0)
        return fail(reason, code, "Signals cannot be received: %s", error_sentence(code));
    code = state_make(settings, reason);
    if (code == 0)
        code = state_lock(settings, &lock, reason);
    if (code == 0) {
        key_fingerprint(key->public_key, fingerprint);
        log_event(LOG_INFO, "starting", "version=%s name=%s key=\"%s\" histories=%zu", COMITY_VERSION, settings->name,
                  fingerprint, settings->history_count);
        code = run_locked(&loop, settings, &place, reason);
    }
    if (lock >= 0)
        close(lock);
    close(loop.signal_fd);
    return code;
}
