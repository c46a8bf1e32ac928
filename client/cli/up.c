/* `comity up` and `comity down`: a whole local installation. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/local.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "core/daemon/log.h"

enum {
    DOWN_MS = 25000, /* of each site */
    HOLDER_MS = 1000,
    TICK_MS = 200
};

/* What a detached supervisor tells the command that started it. */
struct news {
    struct failure failure;
    char context[NAME_MAX_BYTES + 1];
    struct place place;
    bool is_founded;
    char missed[SITES_MAX][WHAT_MAX]; /* of each site of which not all has started; else empty */
};

static int data_directory(struct cli *cli, char ret_path[PATH_BYTES])
{
    const char *given = cli_option(cli, "data");
    int code =
        given != NULL ? path_join(ret_path, ".", given) : path_join(ret_path, cli->home, "installation");

    return code == 0 ? 0 : cli_fail(cli, ERR_CONFIG, NULL, "The path of the data directory is too long.");
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
    const char *at = shown_string(cli, directory), *fronts[PLACE_BROKERS_MAX];

    cli_put_text(cli, "data", directory);
    cli_put_text(cli, "context", context);
    cli_put(cli, "place", place_to_json(place));
    cli_put_number(cli, "sites", place->broker_count);
    for (size_t i = 0; i < place->broker_count; i++)
        fronts[i] = place->brokers[i].endpoint;
    say(cli, "Comity runs. Clients connect to %s.", shown_choice(cli, fronts, place->broker_count));
    say(cli, "Its data are in %s, its logs in %s/log. The operator's context is %s.", at, at, context);
    cli_say_current(cli, context);
    if (is_founded)
        say(cli, "\nA partnership is founded here: its members go on with their contexts as before.");
    else
        tell_founding(cli, at, context);
    say(cli, is_detached ? N_("\nIt ends by %s.") : N_("\nIt ends by Ctrl-C, or by %s."),
        down_command(cli, at));
}

static void tell_missed(struct cli *cli, const char missed[SITES_MAX][WHAT_MAX])
{
    for (size_t i = 0; i < SITES_MAX; i++)
        if (missed[i][0] != '\0')
            cli_fault(cli, "%s", missed[i]);
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

/* To whoever waits for it: by the pipe of a detached one, or on the terminal. */
static int report(struct cli *cli, const struct local *local, int told, int code)
{
    if (told >= 0) {
        struct news news = {
            .failure = cli->failure, .place = local->context.place, .is_founded = local->is_founded};
        news.failure.code = code;
        memcpy(news.context, local->context.name, sizeof(news.context));
        memcpy(news.missed, local->missed, sizeof(news.missed));
        bool is_told = write(told, &news, sizeof(news)) == (ssize_t) sizeof(news);
        close(told);
        return code == 0 && !is_told ? ERR_FILE : code;
    }
    if (code == 0) {
        tell(cli, local->installation.directory, &local->context.place, local->context.name,
             local->is_founded, false);
        tell_missed(cli, local->missed);
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
static int supervise(struct cli *cli, const char *directory, size_t sites, int lock, int told)
{
    struct local *local = arena_alloc(cli->arena, sizeof(*local));
    struct supervisor *supervisor = NULL;

    if (local == NULL) {
        release(&supervisor, &lock);
        return ERR_MEMORY;
    }
    log_init("comity-up", told >= 0 ? LOG_INFO : LOG_WARNING);
    int code = write_pid(cli, lock);
    if (code == 0)
        code = local_start(cli, directory, sites, told >= 0, local, &supervisor);
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
static void become_detached(struct cli *cli, const char *directory, size_t sites, int lock, int told)
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
    progress_init(&cli->progress, PROGRESS_NONE, stderr);
    _exit(supervise(cli, directory, sites, lock, told) == 0 ? 0 : 1);
}

/* Its one word. False: it ended without one. */
static bool hear(struct cli *cli, int told, struct news *ret_news)
{
    struct pollfd descriptor = {.fd = told, .events = POLLIN};
    size_t size = 0;
    ssize_t got;

    progress_begin(&cli->progress, _("Starting"));
    while (poll(&descriptor, 1, TICK_MS) <= 0)
        progress_tick(&cli->progress);
    while (size < sizeof(*ret_news) &&
           ((got = read(told, (char *) ret_news + size, sizeof(*ret_news) - size)) > 0 || (got < 0 && errno == EINTR)))
        size += got > 0 ? (size_t) got : 0;
    progress_end(&cli->progress);
    return size == sizeof(*ret_news);
}

static int detach(struct cli *cli, const char *directory, size_t sites, int lock)
{
    struct news news = {0};
    int told[2];

    if (pipe2(told, O_CLOEXEC) != 0)
        return cli_fail(cli, ERR_MEMORY, NULL, "%s", strerror(errno));
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(told[0]);
        become_detached(cli, directory, sites, lock, told[1]);
    }
    close(told[1]);
    close(lock);
    if (pid < 0) {
        close(told[0]);
        return cli_fail(cli, ERR_MEMORY, NULL, "%s", strerror(errno));
    }
    bool is_told = hear(cli, told[0], &news);
    close(told[0]);
    if (!is_told)
        return cli_fail(cli, ERR_INTERNAL, phrase(cli, "Look at %s/log/up.log", directory),
                        "The supervisor ended without a word.");
    cli->failure = news.failure;
    if (news.failure.code != 0)
        return news.failure.code;
    char *absolute = realpath(directory, NULL);
    tell(cli, absolute == NULL ? directory : absolute, &news.place, news.context, news.is_founded, true);
    free(absolute);
    tell_missed(cli, news.missed);
    return 0;
}

/* 0 where none was given. */
static int read_sites(struct cli *cli, size_t *ret_sites)
{
    const char *text = cli_option(cli, "sites");
    uint64_t sites = 0;
    int code = text == NULL ? 0 : cli_number(cli, "--sites", text, 1, SITES_MAX, &sites);

    if (code == 0 && text != NULL && sites % 2 == 0)
        code =
            cli_fail(cli, ERR_USAGE, NULL,
                     "--sites is 1, 3 or 5: acts are recorded as long as more than half of the sites run.");
    *ret_sites = (size_t) sites;
    return code;
}

int up_run(struct cli *cli)
{
    char directory[PATH_BYTES];
    size_t sites = 0;
    int lock = -1;
    int code = data_directory(cli, directory);

    if (code == 0)
        code = read_sites(cli, &sites);
    if (code == 0)
        code = take_lock(cli, directory, &lock);
    if (code != 0)
        return code;
    if (cli_has(cli, "detach"))
        return detach(cli, directory, sites, lock);
    return supervise(cli, directory, sites, lock, -1);
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
static int stop_holder(struct cli *cli, const char *directory, size_t sites)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    char reason[INSTALLATION_REASON_MAX];
    long holder = 0, told = 0;
    int lock, wait_ms = DOWN_MS * (int) (sites == 0 ? 1 : sites);

    for (int64_t end_ms = time_now_ms() + wait_ms; time_now_ms() < end_ms; nanosleep(&pause, NULL)) {
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
                    "Process %ld did not end within %d s.", holder, wait_ms / 1000);
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
    size_t sites = installation_sites(directory);
    code = stop_holder(cli, directory, sites);
    if (code == 0)
        say(cli, sites > 1 ? N_("Ended: workers, brokers and etcd have stopped.")
                           : N_("Ended: worker and broker have stopped."));
    return code;
}
