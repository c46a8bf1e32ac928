/* The part of `comity doctor` that is about several sites: etcd's members and certificates of an installation
 * on this machine, and the log of the workers, as the worker sees it. */
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/cli/doctor.h"
#include "client/cli/output.h"
#include "client/cli/sites.h"

enum {
    CAREFUL_DAYS = 30,
    SILENT_MS = 3000,
    BEHIND_ENTRIES = 1000,
    SEAT_SILENT_MS = 10000,
    HALF_PERCENT = 50
};

extern char **environ;

/* By openssl's program: is the certificate still good in 30 days? Also false where that cannot be found out.
 */
static bool holds(const char *certificate)
{
    char seconds[16];
    const char *const arguments[] = {"openssl", "x509", "-noout",    "-checkend",
                                     seconds,   "-in",  certificate, NULL};
    posix_spawn_file_actions_t actions;
    int status = -1;
    pid_t pid;

    snprintf(seconds, sizeof(seconds), "%d", CAREFUL_DAYS * 24 * 60 * 60);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int code =
        posix_spawnp(&pid, arguments[0], &actions, NULL, (char *const *) (uintptr_t) arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code == 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_certificates(struct doctor *doctor, const struct installation *installation)
{
    static const char *const WHOSE[] = {"etcd", "worker"};
    const char *at = shown_string(doctor->cli, installation->directory);
    char name[48], path[PATH_BYTES];
    bool are_good = true;

    doctor->check = "certificates";
    for (size_t i = 0; i <= installation->site_count * ARRAY_COUNT(WHOSE); i++) {
        if (i == 0)
            snprintf(name, sizeof(name), "certificates/ca.pem");
        else
            snprintf(name, sizeof(name), "certificates/%s-%zu.pem", WHOSE[i % ARRAY_COUNT(WHOSE)],
                     (i - 1) / ARRAY_COUNT(WHOSE) + 1);
        installation_path(installation, name, path);
        if (holds(path))
            continue;
        are_good = false;
        doctor_tell(doctor, FINDING_WARNING, 0,
                    phrase(doctor->cli,
                           "comity down --data %s; then remove %s/certificates: comity up makes new ones.",
                           at, at),
                    "The certificate %s is over within %d days, or cannot be read.",
                    shown_string(doctor->cli, path), CAREFUL_DAYS);
    }
    if (are_good)
        doctor_tell(doctor, FINDING_OK, 0, NULL,
                    "The certificates of etcd and the workers are good for more than %d days.", CAREFUL_DAYS);
}

static void check_members(struct doctor *doctor, const struct installation *installation)
{
    char log[PATH_BYTES], name[40];

    doctor->check = "etcd";
    for (size_t i = 0; i < installation->site_count; i++) {
        snprintf(name, sizeof(name), "log/etcd-%zu.log", i + 1);
        installation_path(installation, name, log);
        if (site_member_is_healthy(installation, i))
            doctor_tell(doctor, FINDING_OK, 0, NULL, "etcd's member of site %zu takes part.", i + 1);
        else
            doctor_tell(doctor, FINDING_WARNING, 0,
                        phrase(doctor->cli, "Look at %s", shown_string(doctor->cli, log)),
                        "etcd's member of site %zu does not take part.", i + 1);
    }
}

void doctor_check_sites(struct doctor *doctor)
{
    struct installation installation = {.site_count = installation_sites(doctor->cli->context.data)};

    if (doctor->cli->context.data[0] == '\0' || installation.site_count < 2)
        return;
    snprintf(installation.directory, sizeof(installation.directory), "%s", doctor->cli->context.data);
    check_certificates(doctor, &installation);
    check_members(doctor, &installation);
}

bool log_is_silent(const Comity__V1__LogStatus *log)
{
    return log->answered_ms < 0 || log->answered_ms > SILENT_MS;
}

/* Where nothing answers there is no more to say of it. */
static bool check_etcd(struct doctor *doctor, const Comity__V1__LogStatus *log)
{
    const char *name = shown_string(doctor->cli, log->name), *reason = shown_string(doctor->cli, log->reason);
    const char *next = "Look into the worker's log.";
    uint64_t percent = log->used_bytes / (log->quota_bytes / 100 + 1);

    if (log->fault != 0)
        doctor_tell(doctor, FINDING_WARNING, 0, next, "The worker %s takes no part in the log: %s %s", name,
                    language_error(log->fault), reason);
    else if (log_is_silent(log) && reason[0] == '\0')
        doctor_tell(doctor, FINDING_WARNING, 0, "Look whether most of the sites run, and reach one another.",
                    "The worker %s does not hear from etcd: nothing can be recorded there.", name);
    else if (log_is_silent(log))
        doctor_tell(doctor, FINDING_WARNING, 0, "Look whether most of the sites run, and reach one another.",
                    "The worker %s does not hear from etcd: nothing can be recorded there (%s).", name, reason);
    else if (log->is_full)
        doctor_tell(doctor, FINDING_PROBLEM, ERR_BUSY, next,
                    "Nothing is recorded for now: etcd's file is nearly full.");
    else if (percent >= HALF_PERCENT)
        doctor_tell(doctor, FINDING_WARNING, 0, next, "etcd's file is %" PRIu64 "%% full.", percent);
    else
        return true;
    return false;
}

static void tell_refused(struct doctor *doctor, const Comity__V1__LogSeat *seat)
{
    doctor_tell(doctor, FINDING_WARNING, 0, "Look into the worker's log.",
                "The worker %s has stopped before entry %" PRIu64 " of the log, which it decides otherwise than the leader.",
                shown_string(doctor->cli, seat->worker), seat->refused);
}

/* A worker that has not been heard of is one that does not run, or is cut off. */
static bool check_seats(struct doctor *doctor, const Comity__V1__LogStatus *log)
{
    bool are_good = true;

    for (size_t i = 0; i < log->n_seats; i++) {
        const Comity__V1__LogSeat *seat = log->seats[i];
        if (seat->refused == 0 && log->head <= seat->applied + BEHIND_ENTRIES && seat->heard_ms <= SEAT_SILENT_MS)
            continue;
        are_good = false;
        if (seat->refused != 0) {
            tell_refused(doctor, seat);
            continue;
        }
        doctor_tell(doctor, FINDING_WARNING, 0, "Look into the worker's log.",
                    "The worker %s is %" PRIu64 " entries behind the log, and was heard of %" PRId64
                    " s ago.",
                    shown_string(doctor->cli, seat->worker),
                    log->head > seat->applied ? log->head - seat->applied : 0, seat->heard_ms / 1000);
    }
    return are_good;
}

/* etcd's members, as the worker reaches them. */
static bool check_log_members(struct doctor *doctor, const Comity__V1__LogStatus *log)
{
    const char *name = shown_string(doctor->cli, log->name);
    const char *next = N_("Look into docs/operations.md, \"When something fails\".");

    if (log->unreached[0] != '\0')
        doctor_tell(doctor, FINDING_WARNING, 0, next, "The worker %s does not reach these members of etcd: %s.", name,
                    shown_string(doctor->cli, log->unreached));
    if (log->not_forgotten[0] != '\0')
        doctor_tell(doctor, FINDING_WARNING, 0, next, "What was purged is still in the files of these members of etcd: %s.",
                    shown_string(doctor->cli, log->not_forgotten));
    if (log->unnamed[0] != '\0' || log->strays[0] != '\0')
        doctor_tell(doctor, FINDING_WARNING, 0, next,
                    "[log] endpoint of the worker %s is not as etcd's members are. Missing there: %s. Of no member: %s.", name,
                    log->unnamed[0] == '\0' ? _("none") : shown_string(doctor->cli, log->unnamed),
                    log->strays[0] == '\0' ? _("none") : shown_string(doctor->cli, log->strays));
    return log->unreached[0] == '\0' && log->not_forgotten[0] == '\0' && log->unnamed[0] == '\0' && log->strays[0] == '\0';
}

void doctor_check_log(struct doctor *doctor, const Comity__V1__LogStatus *log)
{
    doctor->check = "log";
    if (!check_etcd(doctor, log))
        return;
    bool members_are_good = check_log_members(doctor, log), seats_are_good = check_seats(doctor, log);
    if (log->leader[0] == '\0')
        doctor_tell(doctor, FINDING_WARNING, 0, "Look whether most of the sites run, and reach one another.", "Nobody leads now.");
    else if (members_are_good && seats_are_good)
        doctor_tell(doctor, FINDING_OK, 0, NULL, "All workers go with the log, which %s leads.",
                    shown_string(doctor->cli, log->leader));
}
