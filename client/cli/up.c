/* `comity up` and `comity down`: a whole local installation. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/desk.h"
#include "client/cli/installation.h"
#include "client/cli/output.h"
#include "client/cli/supervisor.h"
#include "client/cli/verbs.h"
#include "core/daemon/log.h"
#include "core/daemon/process.h"

enum {
    START_MS = 20000,
    BROKER_STOP_MS = 5000,
    WORKER_STOP_MS = 15000,
    DOWN_MS = 25000,
    HOLDER_MS = 1000,
    TAIL_BYTES = 400
};

enum { BROKER, WORKER, CHILDREN };

/* Everything that the supervisor's rows point to. */
struct local {
    struct installation installation;
    char own_log[PATH_BYTES];
    char programs[CHILDREN][PATH_BYTES], configs[CHILDREN][PATH_BYTES], logs[CHILDREN][PATH_BYTES],
        ready[CHILDREN][PATH_BYTES];
    const char *arguments[CHILDREN][4];
    struct supervised rows[CHILDREN];
    struct context context;
    bool is_founded; /* a history is there */
};

/* What a detached supervisor tells the command that started it. */
struct news {
    struct failure failure;
    char context[NAME_MAX_BYTES + 1];
    struct place place;
    bool is_founded;
};

static int data_directory(struct cli *cli, char ret_path[PATH_BYTES])
{
    const char *given = cli_option(cli, "data");
    int code =
        given != NULL ? path_join(ret_path, ".", given) : path_join(ret_path, cli->home, "installation");

    return code == 0 ? 0 : cli_fail(cli, ERR_CONFIG, NULL, "The path of the data directory is too long.");
}

/* Beside the comity that runs, where an installation or a build puts it; else wherever PATH has it. */
static void find_program(const char *name, char ret_path[PATH_BYTES])
{
    static const char *const BESIDE[] = {"", "../libexec/comity/", "../libexec/"};
    char self[PATH_BYTES / 2];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

    self[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(self, '/');
    for (size_t i = 0; slash != NULL && i < ARRAY_COUNT(BESIDE); i++) {
        int length =
            snprintf(ret_path, PATH_BYTES, "%.*s%s%s", (int) (slash - self + 1), self, BESIDE[i], name);
        if (length > 0 && length < PATH_BYTES && access(ret_path, X_OK) == 0)
            return;
    }
    snprintf(ret_path, PATH_BYTES, "%s", name);
}

static void fill_rows(struct local *local)
{
    static const char *const NAMES[] = {"broker", "worker"};
    static const char *const PROGRAMS[] = {"comity-broker", "comity-worker"};
    static const int64_t STOP_MS[] = {BROKER_STOP_MS, WORKER_STOP_MS};
    char name[40];

    for (size_t i = 0; i < CHILDREN; i++) {
        find_program(PROGRAMS[i], local->programs[i]);
        snprintf(name, sizeof(name), "%s.ini", NAMES[i]);
        installation_path(&local->installation, name, local->configs[i]);
        snprintf(name, sizeof(name), "log/%s.log", NAMES[i]);
        installation_path(&local->installation, name, local->logs[i]);
        snprintf(name, sizeof(name), "run/%s.ready", NAMES[i]);
        installation_path(&local->installation, name, local->ready[i]);
        local->arguments[i][0] = local->programs[i];
        local->arguments[i][1] = "--config";
        local->arguments[i][2] = local->configs[i];
        local->rows[i] =
            (struct supervised){NAMES[i], local->arguments[i], local->logs[i], local->ready[i], STOP_MS[i]};
    }
}

/* The last line that a child wrote. */
static const char *last_line(struct cli *cli, const char *path)
{
    char text[TAIL_BYTES + 1];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = file < 0 ? 0 : lseek(file, 0, SEEK_END);
    ssize_t got = file < 0 ? 0 : pread(file, text, TAIL_BYTES, size > TAIL_BYTES ? size - TAIL_BYTES : 0);

    if (file >= 0)
        close(file);
    while (got > 0 && text[got - 1] == '\n')
        got--;
    text[got > 0 ? got : 0] = '\0';
    const char *line = strrchr(text, '\n');
    return shown_string(cli, line == NULL ? text : line + 1);
}

static int fail_start(struct cli *cli, const struct local *local, int code, size_t failed, int exit)
{
    const struct supervised *row = &local->rows[failed];
    const char *next = phrase(cli, "Look at %s", row->log);

    if (code == ERR_EXPIRED)
        return cli_fail(cli, ERR_STATE, "comity up", "It was told to stop before it was ready.");
    if (code == ERR_TIMEOUT)
        return cli_fail(cli, ERR_INTERNAL, next, "The %s was not ready in %d s. Its last words: %s",
                        row->name, START_MS / 1000, last_line(cli, row->log));
    if (exit == EXIT_ADDRESS)
        return cli_fail(
            cli, ERR_ADDRESS,
            phrase(cli,
                   "Choose another address or port in %s (back: in %s as well), then comity up --data %s",
                   local->configs[BROKER], local->configs[WORKER], local->installation.directory),
            "The %s cannot have its address. Its last words: %s", row->name, last_line(cli, row->log));
    if (exit == 127)
        return cli_fail(cli, ERR_FILE, "Install it beside comity, or in PATH.", "%s cannot be started: %s",
                        row->arguments[0], last_line(cli, row->log));
    return cli_fail(cli, exit == EXIT_CONFIGURATION ? ERR_CONFIG : ERR_INTERNAL, next,
                    "The %s ended at once (exit %d). Its last words: %s", row->name, exit,
                    last_line(cli, row->log));
}

enum { PROBED_NEW, PROBED_FOUNDED, PROBED_NOTHING };

static int ask_worker(struct cli *cli)
{
    Comity__V1__Status status = COMITY__V1__STATUS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;

    query.kind_case = COMITY__V1__QUERY__KIND_STATUS;
    query.status = &status;
    if (desk_ask(cli, &query, &answer) != 0 || answer->status == NULL)
        return PROBED_NOTHING;
    return answer->status->histories > 0 ? PROBED_FOUNDED : PROBED_NEW;
}

/* One question and its answer, through the broker and back: in a process of its own, for a supervisor that
 * starts processes is to have no threads. */
static int probe(struct cli *cli, bool *ret_is_founded)
{
    int parent = getpid(), status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        supervisor_become_child(parent);
        _exit(ask_worker(cli));
    }
    if (pid < 0)
        return ERR_MEMORY;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) >= PROBED_NOTHING)
        return ERR_NO_ROUTE;
    *ret_is_founded = WEXITSTATUS(status) == PROBED_FOUNDED;
    return 0;
}

static int bring_up(struct cli *cli, struct local *local, struct supervisor *supervisor)
{
    char reason[INSTALLATION_REASON_MAX];
    struct place place;
    size_t failed = 0;
    int exit = 0;
    int code = supervisor_start(supervisor, START_MS, &failed, &exit);

    if (code != 0)
        return fail_start(cli, local, code, failed, exit);
    code = installation_place(&local->installation, &place, reason);
    if (code == 0)
        code = installation_context(&local->installation, &place, cli->home, cli->arena, &local->context,
                                    reason);
    if (code != 0)
        return cli_fail(cli, code,
                        code == ERR_CONFIG ? "Edit that file, then give the same command again." : NULL, "%s",
                        reason);
    cli->context = local->context;
    if (probe(cli, &local->is_founded) != 0)
        return cli_fail(cli, ERR_INTERNAL, phrase(cli, "Look into %s/log", local->installation.directory),
                        "Broker and worker run, but no question is answered.");
    return 0;
}

/* What ends it: "comity down --data DIRECTORY". @at: shown. */
static const char *down_command(struct cli *cli, const char *at)
{
    return cli_has(cli, "data") ? arena_printf(cli->arena, "comity down --data %s", at) : "comity down";
}

static void tell_founding(struct cli *cli, const char *at, const char *context)
{
    say(cli, "\nTo found a partnership each founder makes a key:");
    say(cli, "  comity key new");
    say(cli, "One of them makes a charter, edits it, and a draft of it:");
    say(cli, "  comity found charter > charter.ini");
    say(cli, "  comity found prepare charter.ini --place %s/place.json --out founding.draft", at);
    say(cli, "Each of the others signs the draft:");
    say(cli, "  comity draft sign founding.draft");
    say(cli, "It is submitted here:");
    say(cli, "  comity draft submit founding.draft --context %s", context);
}

static void tell(struct cli *cli, const char *directory, const struct place *place, const char *context,
                 bool is_founded, bool is_detached)
{
    const char *at = shown_string(cli, directory);

    cli_put_text(cli, "data", directory);
    cli_put_text(cli, "context", context);
    cli_put(cli, "place", place_to_json(place));
    say(cli, "Comity runs. Clients connect to %s.", place->brokers[0].endpoint);
    say(cli, "Its data are in %s, its logs in %s/log. The operator's context is %s.", at, at, context);
    cli_say_current(cli, context);
    if (is_founded)
        say(cli, "\nA partnership is founded here: its members go on with their contexts as before.");
    else
        tell_founding(cli, at, context);
    say(cli, is_detached ? N_("\nIt ends by %s.") : N_("\nIt ends by Ctrl-C, or by %s."),
        down_command(cli, at));
}

/* Take the lock and write who we are into it. */
static int take_lock(struct cli *cli, const char *directory, int *ret_lock)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    char reason[INSTALLATION_REASON_MAX], why[FILE_REASON_MAX];
    long pid = 0;
    int code = directory_make(directory, why);

    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", why);
    code = installation_lock(directory, ret_lock, &pid, reason);
    /* Who has just taken it writes its number a moment later. */
    for (int64_t end_ms = time_now_ms() + HOLDER_MS; code == ERR_STATE && pid == 0 && time_now_ms() < end_ms;
         nanosleep(&pause, NULL))
        code = installation_lock(directory, ret_lock, &pid, reason);
    if (code == ERR_STATE && pid == 0)
        return cli_fail(cli, code, "comity status", "%s It is just being started, or brought down.", reason);
    if (code == ERR_STATE)
        return cli_fail(
            cli, code,
            phrase(cli, "comity status; %s ends it", down_command(cli, shown_string(cli, directory))),
            "%s Process %ld looks after it.", reason, pid);
    if (code != 0)
        return cli_fail(cli, code, NULL, "%s", reason);
    return 0;
}

static int write_pid(struct cli *cli, int lock)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%ld\n", (long) getpid());

    if (ftruncate(lock, 0) != 0 || pwrite(lock, text, (size_t) length, 0) != length)
        return cli_fail(cli, ERR_FILE, NULL, "The lock file cannot be written: %s.", strerror(errno));
    return 0;
}

/* Everything up to the point where all is well and needs only to be kept so. */
static int start_local(struct cli *cli, const char *directory, int lock, bool is_detached,
                       struct local *local, struct supervisor **ret_supervisor)
{
    char reason[INSTALLATION_REASON_MAX];
    int code = write_pid(cli, lock);

    if (code == 0 && (code = installation_prepare(directory, &local->installation, reason)) != 0)
        cli_fail(cli, code, NULL, "%s", reason);
    if (code != 0)
        return code;
    fill_rows(local);
    struct supervisor *supervisor = *ret_supervisor = supervisor_new(local->rows, CHILDREN);
    if (supervisor == NULL)
        return ERR_MEMORY;
    installation_path(&local->installation, "log/up.log", local->own_log);
    if (is_detached)
        supervisor_own_log(supervisor, local->own_log);
    else if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))
        supervisor_end_on_hangup(supervisor);
    return bring_up(cli, local, supervisor);
}

/* To whoever waits for it: by the pipe of a detached one, or on the terminal. */
static int report(struct cli *cli, const struct local *local, int told, int code)
{
    if (told >= 0) {
        struct news news = {
            .failure = cli->failure, .place = local->context.place, .is_founded = local->is_founded};
        news.failure.code = code;
        memcpy(news.context, local->context.name, sizeof(news.context));
        bool is_told = write(told, &news, sizeof(news)) == (ssize_t) sizeof(news);
        close(told);
        return code == 0 && !is_told ? ERR_FILE : code;
    }
    if (code == 0) {
        tell(cli, local->installation.directory, &local->context.place, local->context.name, local->is_founded,
             false);
        cli_print_document(cli);
        fflush(stdout);
    }
    return code;
}

static void release(struct supervisor **supervisor, int *lock)
{
    supervisor_destroy(supervisor);
    if (*lock >= 0)
        close(*lock);
    *lock = -1;
}

/* The supervisor's whole life; the lock is its own. @told: where a detached one reports to; -1 in the
 * foreground. */
static int supervise(struct cli *cli, const char *directory, int lock, int told)
{
    struct local *local = arena_alloc(cli->arena, sizeof(*local));
    struct supervisor *supervisor = NULL;

    if (local == NULL) {
        release(&supervisor, &lock);
        return ERR_MEMORY;
    }
    log_init("comity-up", told >= 0 ? LOG_INFO : LOG_WARNING);
    int code = start_local(cli, directory, lock, told >= 0, local, &supervisor);
    /* Who hears that it failed may try again at once: by then nothing runs, and the lock is free. */
    if (code != 0)
        release(&supervisor, &lock);
    code = report(cli, local, told, code);
    if (code == 0)
        code = supervisor_run(supervisor);
    release(&supervisor, &lock);
    if (code == 0 && told < 0)
        say(cli, "Ended.");
    return code;
}

/* In the background: a session of its own, output into log/up.log. */
static void become_detached(struct cli *cli, const char *directory, int lock, int told)
{
    char path[PATH_BYTES], why[FILE_REASON_MAX];

    setsid();
    int nothing = open("/dev/null", O_RDONLY);
    int log = -1;
    if (path_join(path, directory, "log") == 0 && directory_make(path, why) == 0 &&
        path_join(path, directory, "log/up.log") == 0)
        log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (nothing < 0 || log < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(1);
    _exit(supervise(cli, directory, lock, told) == 0 ? 0 : 1);
}

static int detach(struct cli *cli, const char *directory, int lock)
{
    struct news news = {0};
    int told[2];
    ssize_t got;

    if (pipe2(told, O_CLOEXEC) != 0)
        return cli_fail(cli, ERR_MEMORY, NULL, "%s", strerror(errno));
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(told[0]);
        become_detached(cli, directory, lock, told[1]);
    }
    close(told[1]);
    close(lock);
    if (pid < 0) {
        close(told[0]);
        return cli_fail(cli, ERR_MEMORY, NULL, "%s", strerror(errno));
    }
    while ((got = read(told[0], &news, sizeof(news))) < 0 && errno == EINTR)
        continue;
    close(told[0]);
    if (got != (ssize_t) sizeof(news))
        return cli_fail(cli, ERR_INTERNAL, phrase(cli, "Look at %s/log/up.log", directory),
                        "The supervisor ended without a word.");
    cli->failure = news.failure;
    if (news.failure.code != 0)
        return news.failure.code;
    char *absolute = realpath(directory, NULL);
    tell(cli, absolute == NULL ? directory : absolute, &news.place, news.context,
         news.is_founded, true);
    free(absolute);
    return 0;
}

int up_run(struct cli *cli)
{
    char directory[PATH_BYTES];
    int lock = -1;
    int code = data_directory(cli, directory);

    if (code == 0)
        code = take_lock(cli, directory, &lock);
    if (code != 0)
        return code;
    if (cli_has(cli, "detach"))
        return detach(cli, directory, lock);
    return supervise(cli, directory, lock, -1);
}

/* Tell the process of this number to stop, if it still is the one that holds the lock: between reading the
 * number and opening the process it may have ended, and the number be another's. */
static int signal_holder(const char *directory, long pid)
{
    char reason[INSTALLATION_REASON_MAX];
    long holder = 0;
    int lock = -1, code = 0;
    int handle = pidfd_open((pid_t) pid, 0);

    if (handle < 0)
        return errno == ESRCH ? 0 : ERR_STATE;
    if (installation_lock(directory, &lock, &holder, reason) == 0)
        close(lock);
    else if (holder == pid && pidfd_send_signal(handle, SIGTERM, NULL, 0) != 0 && errno != ESRCH)
        code = ERR_STATE;
    int error = errno;
    close(handle);
    errno = error;
    return code;
}

/* Until the lock is free. A supervisor that has just begun writes its number a moment later. */
static int stop_holder(struct cli *cli, const char *directory)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    char reason[INSTALLATION_REASON_MAX];
    long holder = 0, told = 0;
    int lock;

    for (int64_t end_ms = time_now_ms() + DOWN_MS; time_now_ms() < end_ms; nanosleep(&pause, NULL)) {
        int code = installation_lock(directory, &lock, &holder, reason);
        if (code == 0) {
            close(lock);
            return 0;
        }
        if (code != ERR_STATE)
            return cli_fail(cli, code, NULL, "%s", reason);
        if (holder <= 0 || holder == told)
            continue;
        if (signal_holder(directory, holder) != 0)
            return cli_fail(cli, ERR_STATE, NULL, "Process %ld cannot be told to stop: %s.", holder,
                            strerror(errno));
        told = holder;
    }
    return cli_fail(cli, ERR_TIMEOUT, phrase(cli, "Look at %s/log/up.log", directory),
                    "Process %ld did not end within %d s.", holder, DOWN_MS / 1000);
}

int down_run(struct cli *cli)
{
    char directory[PATH_BYTES], reason[INSTALLATION_REASON_MAX];
    struct stat found;
    long pid = 0;
    int lock = -1;
    int code = data_directory(cli, directory);

    if (code != 0)
        return code;
    if (stat(directory, &found) != 0)
        return cli_fail(cli, ERR_FILE, "comity down --data DIRECTORY", "%s: %s.",
                        shown_string(cli, directory), strerror(errno));
    code = installation_lock(directory, &lock, &pid, reason);
    cli_put(cli, "was_running", json_object_new_boolean(code == ERR_STATE));
    if (code == 0) {
        close(lock);
        say(cli, "Nothing runs in %s.", shown_string(cli, directory));
        return 0;
    }
    if (code != ERR_STATE)
        return cli_fail(cli, code, NULL, "%s", reason);
    code = stop_holder(cli, directory);
    if (code == 0)
        say(cli, "Ended: worker and broker have stopped.");
    return code;
}
