#include "client/cli/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/daemon/log.h"
#include "core/error.h"

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MOST_MS = 5000,
    BACKOFF_FORGIVEN_MS = 10000, /* who lived so long starts from the first wait again */
    READY_POLL_MS = 20,
    TURN_MOST_MS = 60000, /* so often the logs are looked at, if nothing else happens */
};

struct child {
    pid_t pid; /* 0: does not run */
    int64_t started_ms;
    int64_t backoff_ms;
    int64_t restart_ms; /* when to start again; 0: not waiting */
    int exit;           /* of the last end */
    bool is_told;       /* supervisor_wait has told of it */
};

struct supervisor {
    const struct supervised *rows;
    size_t count;
    struct child children[SUPERVISOR_CHILDREN_MAX];
    int signals;
    sigset_t before;
    const char *own_log;
    void (*turn)(void *context);
    void *turn_context;
    bool is_stopping, ends_on_hangup;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t supervisor_backoff_ms(int64_t last_ms, int64_t lived_ms)
{
    if (last_ms == 0 || lived_ms >= BACKOFF_FORGIVEN_MS)
        return BACKOFF_FIRST_MS;
    return 2 * last_ms < BACKOFF_MOST_MS ? 2 * last_ms : BACKOFF_MOST_MS;
}

struct supervisor *supervisor_new(const struct supervised *rows, size_t count)
{
    struct supervisor *supervisor = count <= SUPERVISOR_CHILDREN_MAX ? calloc(1, sizeof(*supervisor)) : NULL;
    sigset_t taken;

    if (supervisor == NULL)
        return NULL;
    supervisor->rows = rows;
    supervisor->count = count;
    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    sigaddset(&taken, SIGCHLD);
    sigprocmask(SIG_BLOCK, &taken, &supervisor->before);
    supervisor->signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor->signals < 0) {
        sigprocmask(SIG_SETMASK, &supervisor->before, NULL);
        free(supervisor);
        return NULL;
    }
    return supervisor;
}

void supervisor_become_child(int parent)
{
    sigset_t none;

    /* The kernel's word that none is left behind, whatever ends us. KILL: it must not depend on what the
     * child makes of it, and a kill loses nothing that was acknowledged. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_program(const char *const *arguments, const char *log_path, int parent)
{
    supervisor_become_child(parent);
    umask(077);
    /* A group of its own: an interrupt at the terminal is for the supervisor, which ends all in order. */
    setpgid(0, 0);
    int nothing = open("/dev/null", O_RDONLY);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (nothing < 0 || log < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(127);
    execvp(arguments[0], (char *const *) (uintptr_t) arguments);
    fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

/* Whoever writes keeps the file open, and adds at its end: so the content goes and the file stays. What is
 * written between the copy and the cut is lost. Where there is no room for the copy, the log is cut all the
 * same. */
static void limit_log(const char *path)
{
    char old[PATH_BYTES];
    struct stat found;

    if (stat(path, &found) != 0 || found.st_size <= SUPERVISOR_LOG_MOST_BYTES ||
        snprintf(old, sizeof(old), "%s.old", path) >= PATH_BYTES)
        return;
    unlink(old);
    int from = open(path, O_RDWR | O_CLOEXEC);
    int to = open(old, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    while (from >= 0 && to >= 0 && sendfile(to, from, NULL, SUPERVISOR_LOG_MOST_BYTES) > 0)
        continue;
    if (from >= 0 && ftruncate(from, 0) != 0)
        log_event(LOG_WARNING, "log-not-cut", "errno=%d", errno);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
}

static void limit_logs(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->count; i++)
        limit_log(supervisor->rows[i].log);
    if (supervisor->own_log != NULL)
        limit_log(supervisor->own_log);
}

static void start(struct supervisor *supervisor, size_t index)
{
    const struct supervised *row = &supervisor->rows[index];
    struct child *child = &supervisor->children[index];
    int parent = getpid();

    if (row->ready_file != NULL)
        unlink(row->ready_file);
    child->restart_ms = 0;
    child->is_told = false;
    child->started_ms = now_ms();
    pid_t pid = fork();
    if (pid == 0)
        become_program(row->arguments, row->log, parent);
    if (pid < 0) {
        /* No process to be had now: try again later, as if it had died. */
        child->backoff_ms = supervisor_backoff_ms(child->backoff_ms, 0);
        child->restart_ms = now_ms() + child->backoff_ms;
        log_event(LOG_ERROR, "fork-failed", "child=%s", row->name);
        return;
    }
    child->pid = pid;
    log_event(LOG_INFO, "started", "child=%s pid=%ld", row->name, (long) pid);
}

/* Take note of every child that has ended. */
static void reap(struct supervisor *supervisor)
{
    int status;
    pid_t pid;

    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        if (child->pid == 0 || (pid = waitpid(child->pid, &status, WNOHANG)) == 0)
            continue;
        child->exit = pid < 0 ? 127 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        child->pid = 0;
        child->backoff_ms = supervisor_backoff_ms(child->backoff_ms, now_ms() - child->started_ms);
        child->restart_ms = now_ms() + child->backoff_ms;
        log_event(supervisor->is_stopping ? LOG_INFO : LOG_WARNING, "ended", "child=%s exit=%d",
                  supervisor->rows[i].name, child->exit);
    }
}

/* Signals that came: what they ask for is noted, and HUP is passed on, unless it is the terminal's that went.
 */
static void take_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;

    while (read(supervisor->signals, &info, sizeof(info)) == (ssize_t) sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT ||
            (info.ssi_signo == SIGHUP && supervisor->ends_on_hangup))
            supervisor->is_stopping = true;
        bool is_reload = info.ssi_signo == SIGHUP && !supervisor->ends_on_hangup;
        for (size_t i = 0; is_reload && i < supervisor->count; i++)
            if (supervisor->children[i].pid != 0 && !supervisor->rows[i].is_spared_hangup)
                kill(supervisor->children[i].pid, SIGHUP);
    }
    reap(supervisor);
}

static void wait_signal(struct supervisor *supervisor, int64_t timeout_ms)
{
    struct pollfd descriptor = {.fd = supervisor->signals, .events = POLLIN};

    poll(&descriptor, 1, (int) (timeout_ms < 0 || timeout_ms > TURN_MOST_MS ? TURN_MOST_MS : timeout_ms));
    take_signals(supervisor);
}

void supervisor_own_log(struct supervisor *supervisor, const char *path)
{
    supervisor->own_log = path;
}

void supervisor_end_on_hangup(struct supervisor *supervisor)
{
    supervisor->ends_on_hangup = true;
}

void supervisor_on_turn(struct supervisor *supervisor, void (*turn)(void *context), void *context)
{
    supervisor->turn = turn;
    supervisor->turn_context = context;
}

/* One turn of a wait that has a deadline. 0, ERR_TIMEOUT, ERR_EXPIRED. */
static int turn(struct supervisor *supervisor, int64_t end_ms)
{
    if (now_ms() >= end_ms)
        return ERR_TIMEOUT;
    wait_signal(supervisor, READY_POLL_MS);
    if (supervisor->turn != NULL)
        supervisor->turn(supervisor->turn_context);
    return supervisor->is_stopping ? ERR_EXPIRED : 0;
}

int supervisor_wait(struct supervisor *supervisor, bool (*holds)(void *context), void *context,
                    int64_t timeout_ms, size_t *ret_failed, int *ret_exit)
{
    int64_t end_ms = now_ms() + timeout_ms;
    int code = 0;

    while (code == 0 && !holds(context)) {
        for (size_t i = 0; i < supervisor->count; i++) {
            struct child *child = &supervisor->children[i];
            if (child->started_ms == 0 || child->pid != 0 || child->is_told)
                continue;
            child->is_told = true;
            *ret_failed = i;
            *ret_exit = child->exit;
            return ERR_STATE;
        }
        code = turn(supervisor, end_ms);
    }
    return code;
}

static bool is_ready(void *context)
{
    const struct supervised *row = context;

    return row->ready_file == NULL || access(row->ready_file, F_OK) == 0;
}

int supervisor_start(struct supervisor *supervisor, size_t row, int64_t timeout_ms, size_t *ret_failed,
                     int *ret_exit)
{
    const void *waited_for = &supervisor->rows[row];

    limit_logs(supervisor);
    if (supervisor->children[row].pid == 0)
        start(supervisor, row);
    *ret_failed = row;
    int code = supervisor_wait(supervisor, is_ready, (void *) (uintptr_t) waited_for, timeout_ms, ret_failed,
                               ret_exit);
    if (code == 0)
        supervisor->children[row].backoff_ms = 0;
    return code;
}

int supervisor_task(struct supervisor *supervisor, const char *const *arguments, const char *log,
                    int64_t timeout_ms, int *ret_exit)
{
    int64_t end_ms = now_ms() + timeout_ms;
    int parent = getpid(), status = 0, code = 0;
    pid_t pid = fork(), ended;

    if (pid == 0)
        become_program(arguments, log, parent);
    if (pid < 0)
        return ERR_MEMORY;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && code == 0)
        code = turn(supervisor, end_ms);
    if (ended == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        return code;
    }
    *ret_exit = ended < 0 ? 127 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}

static void stop(struct supervisor *supervisor, size_t index)
{
    struct child *child = &supervisor->children[index];
    int64_t end_ms = now_ms() + supervisor->rows[index].stop_ms;

    if (child->pid == 0)
        return;
    kill(child->pid, SIGTERM);
    while (child->pid != 0 && now_ms() < end_ms)
        wait_signal(supervisor, end_ms - now_ms());
    if (child->pid == 0)
        return;
    log_event(LOG_WARNING, "killed", "child=%s after_ms=%" PRId64, supervisor->rows[index].name,
              supervisor->rows[index].stop_ms);
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    child->pid = 0;
}

static void stop_all(struct supervisor *supervisor)
{
    supervisor->is_stopping = true;
    for (size_t i = supervisor->count; i > 0; i--)
        stop(supervisor, i - 1);
}

int supervisor_run(struct supervisor *supervisor)
{
    while (!supervisor->is_stopping) {
        int64_t next_ms = -1, time_ms = now_ms();
        for (size_t i = 0; i < supervisor->count; i++) {
            struct child *child = &supervisor->children[i];
            if (child->restart_ms != 0 && child->restart_ms <= time_ms)
                start(supervisor, i);
            if (child->restart_ms != 0 && (next_ms < 0 || child->restart_ms - time_ms < next_ms))
                next_ms = child->restart_ms - time_ms;
        }
        limit_logs(supervisor);
        wait_signal(supervisor, next_ms);
    }
    stop_all(supervisor);
    return 0;
}

void supervisor_destroy(struct supervisor **supervisor)
{
    if (supervisor == NULL || *supervisor == NULL)
        return;
    stop_all(*supervisor);
    close((*supervisor)->signals);
    sigprocmask(SIG_SETMASK, &(*supervisor)->before, NULL);
    free(*supervisor);
    *supervisor = NULL;
}
