#include "client/cli/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "client/cli/sites.h"
#include "core/daemon/process.h"

enum {
    START_MS = 20000,
    TASK_MS = 60000,
    JOIN_MS = 3600 * 1000,
    ETCD_STOP_MS = 5000,
    BROKER_STOP_MS = 5000,
    WORKER_STOP_MS = 15000,
    TAIL_BYTES = 400
};

/* In the order in which they are started; they are ended in the other one. */
enum part_kind { PART_ETCD, PART_BROKER, PART_WORKER, PART_KINDS };

static const struct {
    const char *name, *program, *option, *config;
    int64_t stop_ms;
    bool is_ours; /* says when it is ready, and reads its configuration again on SIGHUP */
} KINDS[PART_KINDS] = {
    [PART_ETCD] = {"etcd", "etcd", "--config-file", "etcd.yaml", ETCD_STOP_MS, false},
    [PART_BROKER] = {"broker", "comity-broker", "--config", "broker.ini", BROKER_STOP_MS, true},
    [PART_WORKER] = {"worker", "comity-worker", "--config", "worker.ini", WORKER_STOP_MS, true},
};

/* Only several sites have etcd. */
static size_t row_of(const struct local *local, enum part_kind kind, size_t site)
{
    size_t sites = local->installation.site_count;

    return (sites == 1 ? (size_t) kind - 1 : (size_t) kind) * sites + site;
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

/* By PATH. */
static bool has_program(const char *name)
{
    const char *path = getenv("PATH");
    char at[PATH_BYTES];

    for (; path != NULL && *path != '\0'; path += strcspn(path, ":"), path += *path == ':') {
        int length = snprintf(at, sizeof(at), "%.*s/%s", (int) strcspn(path, ":"), path, name);
        if (length < (int) sizeof(at) && access(at, X_OK) == 0)
            return true;
    }
    return false;
}

static void fill_row(struct local *local, enum part_kind kind, size_t site)
{
    const struct installation *installation = &local->installation;
    size_t row = row_of(local, kind, site);
    struct part *part = &local->parts[row];
    char name[48];

    if (installation->site_count == 1)
        snprintf(part->name, sizeof(part->name), "%s", KINDS[kind].name);
    else
        snprintf(part->name, sizeof(part->name), "%s-%zu", KINDS[kind].name, site + 1);
    find_program(KINDS[kind].program, part->program);
    installation_site_path(installation, site, KINDS[kind].config, part->config);
    snprintf(name, sizeof(name), "log/%s.log", part->name);
    installation_path(installation, name, part->log);
    snprintf(name, sizeof(name), "run/%s.ready", KINDS[kind].name);
    installation_site_path(installation, site, name, part->ready);
    part->arguments[0] = part->program;
    part->arguments[1] = KINDS[kind].option;
    part->arguments[2] = part->config;
    local->rows[row] = (struct supervised){.name = part->name,
                                           .arguments = part->arguments,
                                           .log = part->log,
                                           .ready_file = KINDS[kind].is_ours ? part->ready : NULL,
                                           .stop_ms = KINDS[kind].stop_ms,
                                           .is_spared_hangup = !KINDS[kind].is_ours};
}

static void fill_rows(struct local *local)
{
    size_t sites = local->installation.site_count;

    for (int kind = sites == 1 ? PART_BROKER : PART_ETCD; kind < PART_KINDS; kind++)
        for (size_t i = 0; i < sites; i++)
            fill_row(local, (enum part_kind) kind, i);
    local->count = row_of(local, PART_WORKER, sites - 1) + 1;
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

static int fail_stopped(struct cli *cli)
{
    return cli_fail(cli, ERR_STATE, "comity up", "It was told to stop before it was ready.");
}

/* The row's broker or worker cannot have its address: where that stands. */
static int fail_address(struct cli *cli, const struct local *local, size_t failed)
{
    const struct installation *installation = &local->installation;
    char workers[PATH_BYTES];
    const struct supervised *row = &local->rows[failed];

    installation_path(installation, installation->site_count == 1 ? "worker.ini" : "site-*/worker.ini",
                      workers);
    return cli_fail(
        cli, ERR_ADDRESS,
        phrase(cli, "Choose another address or port in %s (back: in %s as well), then comity up --data %s",
               local->parts[failed].config, workers, installation->directory),
        "The %s cannot have its address. Its last words: %s", row->name, last_line(cli, row->log));
}

static int fail_start(struct cli *cli, const struct local *local, int code, size_t failed, int exit)
{
    const struct supervised *row = &local->rows[failed];
    const char *next = phrase(cli, "Look at %s", row->log);

    if (code == ERR_EXPIRED)
        return fail_stopped(cli);
    if (code == ERR_TIMEOUT)
        return cli_fail(cli, ERR_INTERNAL, next, "The %s was not ready in %d s. Its last words: %s",
                        row->name, START_MS / 1000, last_line(cli, row->log));
    if (exit == EXIT_ADDRESS)
        return fail_address(cli, local, failed);
    if (exit == 127)
        return cli_fail(cli, ERR_FILE, "Install it beside comity, or in PATH.", "%s cannot be started: %s",
                        row->arguments[0], last_line(cli, row->log));
    return cli_fail(cli, exit == EXIT_CONFIGURATION ? ERR_CONFIG : ERR_INTERNAL, next,
                    "The %s ended at once (exit %d). Its last words: %s", row->name, exit,
                    last_line(cli, row->log));
}

/* The others go on without the site, as long as they are more than half: 0. Else @code, which is filled in already. */
static int miss_site(struct cli *cli, struct local *local, size_t site, int code)
{
    const struct failure *failure = &cli->failure;
    size_t sites = local->installation.site_count, missed = local->is_missed[site] ? 0 : 1;

    for (size_t i = 0; i < sites; i++)
        missed += local->is_missed[i];
    if (code == ERR_STATE || failure->what[0] == '\0' || 2 * missed >= sites) /* told to stop; or no memory */
        return code;
    if (!local->is_missed[site])
        snprintf(local->missed[site], WHAT_MAX, "%s",
                 phrase(cli, "Not all of site %zu has started; the others go on. %s %s; once it is mended, comity down and comity up.",
                        site + 1, failure->what, failure->next));
    local->is_missed[site] = true;
    cli->failure = (struct failure){0};
    return 0;
}

/* @failed: the row. A broker is needed whatever else there is: where it is stands in what clients are given. */
static int miss_row(struct cli *cli, struct local *local, int code, size_t failed, int exit)
{
    size_t sites = local->installation.site_count;

    code = fail_start(cli, local, code, failed, exit);
    return failed / sites == row_of(local, PART_BROKER, 0) / sites ? code : miss_site(cli, local, failed % sites, code);
}

static int start_row(struct cli *cli, struct local *local, struct supervisor *supervisor, enum part_kind kind,
                     size_t site)
{
    size_t row = row_of(local, kind, site), failed;
    int exit = 0, code;

    do {
        failed = row;
        code = supervisor_start(supervisor, row, START_MS, &failed, &exit);
        if (code == 0)
            return 0;
        code = miss_row(cli, local, code, failed, exit);
    } while (code == 0 && failed != row);
    return code;
}

/* What a reason says of a file that has to be edited. */
static int fail_files(struct cli *cli, int code, const char *reason)
{
    return cli_fail(cli, code,
                    code == ERR_CONFIG ? "Edit that file, then give the same command again." : NULL, "%s",
                    reason);
}

/* Where the brokers are, once they run. */
static int find_place(struct cli *cli, struct local *local)
{
    char reason[INSTALLATION_REASON_MAX];
    int code = installation_place(&local->installation, &local->place, reason);

    return code == 0 ? 0 : fail_files(cli, code, reason);
}

/* Several sites. */

struct task {
    struct cli *cli;
    struct supervisor *supervisor;
    const char *what; /* as people may be told */
    const char *log;
    int64_t timeout_ms;
};

static int run_task(void *context, const char *const *arguments)
{
    const struct task *task = context;
    struct cli *cli = task->cli;
    const char *next = phrase(cli, "Look at %s", task->log);
    int exit = 0;
    int code = supervisor_task(task->supervisor, arguments, task->log, task->timeout_ms, &exit);

    if (code == ERR_EXPIRED)
        return fail_stopped(cli);
    if (code == ERR_TIMEOUT)
        return cli_fail(cli, ERR_INTERNAL, next, "%s did not end within %d s.", task->what,
                        (int) (task->timeout_ms / 1000));
    if (code == 0 && exit != 0)
        return cli_fail(cli, exit == EXIT_CONFIGURATION ? ERR_CONFIG : ERR_INTERNAL, next,
                        "%s ended with exit code %d. Its last words: %s", task->what, exit,
                        last_line(cli, task->log));
    return code;
}

static int make_certificates(struct cli *cli, const struct local *local, struct supervisor *supervisor)
{
    char log[PATH_BYTES], reason[INSTALLATION_REASON_MAX] = "";
    struct task task = {cli, supervisor, "openssl", log, TASK_MS};

    installation_path(&local->installation, "log/certificates.log", log);
    int code = sites_make_certificates(&local->installation, run_task, &task, reason);
    return code != 0 && reason[0] != '\0' ? cli_fail(cli, code, NULL, "%s", reason) : code;
}

static bool are_healthy(void *context)
{
    const struct local *local = context;

    for (size_t i = 0; i < local->installation.site_count; i++)
        if (!local->is_missed[i] && !site_member_is_healthy(&local->installation, i))
            return false;
    return true;
}

static int wait_etcd(struct cli *cli, struct local *local, struct supervisor *supervisor)
{
    int exit = 0, code;

    do {
        size_t failed = local->count;
        code = supervisor_wait(supervisor, are_healthy, local, START_MS, &failed, &exit);
        if (code == 0)
            return 0;
        for (size_t i = 0; code == ERR_TIMEOUT && i < local->installation.site_count; i++)
            if (!local->is_missed[i] && !site_member_is_healthy(&local->installation, i))
                failed = row_of(local, PART_ETCD, i);
        if (code == ERR_TIMEOUT && failed == local->count) /* just now */
            return 0;
        code = miss_row(cli, local, code, failed == local->count ? 0 : failed, exit);
    } while (code == 0);
    return code;
}

/* A member serves once most of them run: so all are started before any is waited for. */
static int start_etcd(struct cli *cli, struct local *local, struct supervisor *supervisor)
{
    static const struct {
        const char *program, *package;
    } NEEDED[] = {{"etcd", "etcd-server"}, {"openssl", "openssl"}};

    for (size_t i = 0; i < ARRAY_COUNT(NEEDED); i++)
        if (!has_program(NEEDED[i].program))
            return cli_fail(cli, ERR_FILE, phrase(cli, "Install it: apt-get install %s", NEEDED[i].package),
                            "Several sites need the program %s, and it is not here.", NEEDED[i].program);
    int code = make_certificates(cli, local, supervisor);
    for (size_t i = 0; code == 0 && i < local->installation.site_count; i++)
        code = start_row(cli, local, supervisor, PART_ETCD, i);
    return code == 0 ? wait_etcd(cli, local, supervisor) : code;
}

/* `comity-worker begin`, or `join` by the site's own broker, before its worker is started for the first time.
 */
static int prepare_store(struct cli *cli, struct local *local, struct supervisor *supervisor,
                         const char *verb, size_t site)
{
    const struct part *part = &local->parts[row_of(local, PART_WORKER, site)];
    const struct place_broker *broker = &local->place.brokers[site];
    const char *arguments[] = {part->program, verb, "--config", part->config, NULL, NULL, NULL, NULL, NULL};
    char hex[2 * KEY_SIZE + 1];
    struct task task = {cli, supervisor, arena_printf(cli->arena, "comity-worker %s", verb), part->log,
                        JOIN_MS};

    if (strcmp(verb, "join") == 0) {
        int code = find_place(cli, local);
        if (code != 0)
            return code;
        hex_encode(BYTES(broker->key, KEY_SIZE), hex);
        arguments[4] = "--broker";
        arguments[5] = broker->endpoint;
        arguments[6] = "--broker-key";
        arguments[7] = hex;
    }
    return run_task(&task, arguments);
}

/* As long as no other site has a store, the first one begins the log, which once more does no harm. From then
 * on a site without a store, or that lost it, joins those that have one. */
static int start_workers(struct cli *cli, struct local *local, struct supervisor *supervisor)
{
    const struct installation *installation = &local->installation;
    bool is_whole[SITES_MAX] = {false}, have_others = installation->site_count == 1;
    int code = 0;

    for (size_t i = 0; i < installation->site_count; i++) {
        is_whole[i] = installation->site_count == 1 || site_has_store(installation, i);
        have_others |= i > 0 && is_whole[i];
    }
    if (!have_others) {
        code = prepare_store(cli, local, supervisor, "begin", 0);
        is_whole[0] = true;
    }
    for (size_t i = 0; code == 0 && i < installation->site_count; i++)
        if (is_whole[i])
            code = start_row(cli, local, supervisor, PART_WORKER, i);
    for (size_t i = 0; code == 0 && i < installation->site_count; i++)
        if (!is_whole[i]) {
            code = prepare_store(cli, local, supervisor, "join", i);
            code = code == 0 ? start_row(cli, local, supervisor, PART_WORKER, i) : miss_site(cli, local, i, code);
        }
    return code;
}

/* The worker's word. */

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
    int code = local->installation.site_count > 1 ? start_etcd(cli, local, supervisor) : 0;

    for (size_t i = 0; code == 0 && i < local->installation.site_count; i++)
        code = start_row(cli, local, supervisor, PART_BROKER, i);
    if (code == 0)
        code = start_workers(cli, local, supervisor);
    if (code == 0)
        code = find_place(cli, local);
    if (code != 0)
        return code;
    code = installation_context(&local->installation, &local->place, cli->home, cli->arena, &local->context,
                                reason);
    if (code != 0)
        return fail_files(cli, code, reason);
    cli->context = local->context;
    if (probe(cli, &local->is_founded) != 0)
        return cli_fail(cli, ERR_INTERNAL, phrase(cli, "Look into %s/log", local->installation.directory),
                        "Broker and worker run, but no question is answered.");
    return 0;
}

static void tick(void *context)
{
    progress_tick(context);
}

int local_start(struct cli *cli, const char *directory, size_t site_count, bool is_detached,
                struct local *local, struct supervisor **ret_supervisor)
{
    char reason[INSTALLATION_REASON_MAX];
    int code = installation_prepare(directory, site_count, &local->installation, reason);

    if (code != 0)
        return cli_fail(cli, code, code == ERR_CONFIG ? "comity help up" : NULL, "%s", reason);
    fill_rows(local);
    struct supervisor *supervisor = *ret_supervisor = supervisor_new(local->rows, local->count);
    if (supervisor == NULL)
        return ERR_MEMORY;
    installation_path(&local->installation, "log/up.log", local->own_log);
    if (is_detached)
        supervisor_own_log(supervisor, local->own_log);
    else if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO))
        supervisor_end_on_hangup(supervisor);
    supervisor_on_turn(supervisor, tick, &cli->progress);
    progress_begin(&cli->progress, _("Starting"));
    code = bring_up(cli, local, supervisor);
    progress_end(&cli->progress);
    return code;
}
