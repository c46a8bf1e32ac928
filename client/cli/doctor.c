/* comity doctor: can this person work here, and if not, where does it stop and what mends it? */
#include "client/cli/doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "client/cli/desk.h"
#include "client/cli/failure.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"
#include "client/lib/comity.h"
#include "core/keyfile.h"

enum { ROOM_LEAST_MIB = 10, ROOM_CAREFUL_MIB = 100, MIB = 1024 * 1024 };

static const struct {
    const char *name, *shown;
    enum color color;
} FINDINGS[] = {
    [FINDING_OK] = {"ok", N_("ok"), COLOR_GOOD},
    [FINDING_WARNING] = {"warning", N_("warning"), COLOR_CAREFUL},
    [FINDING_PROBLEM] = {"problem", N_("problem"), COLOR_BAD},
};

static void say_finding(struct cli *cli, enum finding finding, const char *what)
{
    static const char *const TITLES[] = {N_("finding"), N_("what")};
    const char *cells[] = {padded(cli, _(FINDINGS[finding].shown), 7), what};
    struct sheet sheet;

    sheet_init(&sheet, cli, ARRAY_COUNT(TITLES), TITLES);
    sheet.has_no_titles = true;
    sheet_row(&sheet, cells);
    sheet_color(&sheet, 0, FINDINGS[finding].color);
    sheet_print(&sheet, "");
    fflush(stdout);
}

void doctor_tell(struct doctor *doctor, enum finding finding, int code, const char *next, const char *format,
                 ...)
{
    struct json_object *row = json_object_new_object();
    char what[WHAT_MAX];
    va_list list;

    next = next == NULL ? NULL : _(next);
    va_start(list, format);
    vsnprintf(what, sizeof(what), _(format), list);
    va_end(list);
    json_object_object_add(row, "check", json_object_new_string(doctor->check));
    json_object_object_add(row, "finding", json_object_new_string(FINDINGS[finding].name));
    json_object_object_add(row, "what", json_object_new_string(what));
    json_object_object_add(row, "next", next == NULL ? NULL : json_object_new_string(next));
    json_object_array_add(doctor->array, row);
    say_finding(doctor->cli, finding, next == NULL ? what : phrase(doctor->cli, "%s Next: %s", what, next));
    doctor->warnings += finding == FINDING_WARNING;
    doctor->problems += finding == FINDING_PROBLEM;
    if (finding == FINDING_PROBLEM && doctor->code == 0) {
        doctor->code = code;
        doctor->next = next;
    }
}

void doctor_tell_failure(struct doctor *doctor, int code)
{
    struct cli *cli = doctor->cli;
    struct failure *failure = &cli->failure;
    const char *what =
        failure->code == code && failure->what[0] != '\0' ? failure->what : language_error(code);
    const char *next =
        failure->code == code && failure->next[0] != '\0' ? failure->next : failure_advice(code);

    what = arena_printf(cli->arena, "%s", what);
    next = arena_printf(cli->arena, "%s", next);
    memset(failure, 0, sizeof(*failure));
    doctor_tell(doctor, FINDING_PROBLEM, code, next, "%s", what);
}

static void check_version(struct doctor *doctor)
{
    doctor_tell(doctor, FINDING_OK, 0, NULL, "This is comity %s.", COMITY_VERSION);
}

/* Nothing is made here: a directory that is not there yet is made by the first command that needs it. */
static bool check_home(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    const char *home = cli->settings.list[SETTING_HOME].value;
    struct stat status;

    if (home == NULL) {
        doctor_tell(doctor, FINDING_PROBLEM, ERR_CONFIG, "Give a directory: --home DIRECTORY",
                    "There is no home directory to keep keys in.");
        return false;
    }
    const char *shown_home = shown_string(cli, home);
    if (stat(home, &status) != 0) {
        doctor_tell(doctor, FINDING_PROBLEM, ERR_CONFIG, "comity key new, then comity join INVITATION",
                    "There is no home directory %s yet.", shown_home);
        return false;
    }
    if (!S_ISDIR(status.st_mode) || access(home, R_OK | W_OK | X_OK) != 0) {
        doctor_tell(doctor, FINDING_PROBLEM, ERR_FILE, "Give another directory: --home DIRECTORY",
                    "%s is no directory that you can read and write.", shown_home);
        return false;
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        doctor_tell(doctor, FINDING_WARNING, 0, arena_printf(cli->arena, "chmod 700 %s", shown_home),
                    "Others on this machine can look into the home directory %s.", shown_home);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "The home directory %s is yours alone.", shown_home);
    return cli_need(cli, NEEDS_HOME) == 0;
}

static void check_room(struct doctor *doctor)
{
    struct statvfs status;

    if (statvfs(doctor->cli->home, &status) != 0)
        return;
    uint64_t mib = (uint64_t) status.f_bavail * status.f_frsize / MIB;
    if (mib < ROOM_LEAST_MIB)
        doctor_tell(doctor, FINDING_PROBLEM, ERR_DISK_FULL, "Make room on the disk.",
                    "The disk has %" PRIu64 " MiB left: what you sign may not be kept.", mib);
    else if (mib < ROOM_CAREFUL_MIB)
        doctor_tell(doctor, FINDING_WARNING, 0, "Make room on the disk.",
                    "The disk has %" PRIu64 " MiB left.", mib);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "The disk has %" PRIu64 " MiB left.", mib);
}

static void check_settings(struct doctor *doctor)
{
    const struct settings *settings = &doctor->cli->settings;

    if (settings->fault != 0)
        doctor_tell(doctor, FINDING_PROBLEM, settings->fault, "comity config show --origin", "%s",
                    settings->reason);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "The settings can be used.");
}

static bool check_context(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    int code = cli_need(cli, NEEDS_PLACE);

    if (code != 0)
        doctor_tell_failure(doctor, code);
    else if (cli->context.has_history)
        doctor_tell(doctor, FINDING_OK, 0, NULL, "Commands go to %s (context %s).",
                    cli->context.title[0] == '\0' ? _("a partnership without a title")
                                                  : shown_string(cli, cli->context.title),
                    cli->context.name);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "Context %s is an operator's: it belongs to no partnership.",
                    cli->context.name);
    return code == 0;
}

static bool check_signing_key(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    struct signing_key key;
    int code = desk_signer(cli, &key);

    if (code != 0) {
        doctor_tell_failure(doctor, code);
        return false;
    }
    signing_key_wipe(&key);
    doctor_tell(doctor, FINDING_OK, 0, NULL, "Your signing key %s can be read by you alone.",
                shown_string(cli, cli->context.signing_key));
    return true;
}

static bool check_connection_key(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    char path[PATH_BYTES];
    struct connection_key key;

    if (path_join(path, cli->home, cli->context.connection_key) != 0)
        return false;
    if (access(path, F_OK) != 0) {
        doctor_tell(doctor, FINDING_OK, 0, NULL, "The connection key %s is made when it is first needed.",
                    shown_string(cli, cli->context.connection_key));
        return true;
    }
    int code = connection_key_load(path, &key);
    connection_key_wipe(&key);
    if (code != 0) {
        cli_fail_key(cli, code, NULL, path);
        doctor_tell_failure(doctor, code);
        return false;
    }
    doctor_tell(doctor, FINDING_OK, 0, NULL, "The connection key %s can be read by you alone.",
                shown_string(cli, cli->context.connection_key));
    return true;
}

static void check_journal(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    char journal[PATH_BYTES];
    size_t count = 0;

    if (!cli->context.has_history || path_join(journal, cli->home, "journal") != 0)
        return;
    int code =
        access(journal, F_OK) != 0 ? 0 : comity_journal_unconfirmed(journal, cli->context.history, &count);
    if (code != 0)
        doctor_tell(doctor, FINDING_PROBLEM, code,
                    arena_printf(cli->arena, "chmod -R go= %s", shown_string(cli, journal)), "%s: %s",
                    shown_string(cli, journal), language_error(code));
    else if (count != 0)
        doctor_tell(doctor, FINDING_WARNING, 0, "comity resubmit",
                    "%zu of your acts were sent and never confirmed: they may have been done.", count);
    else if (access(journal, F_OK) == 0 && comity_outbox_count(journal, cli->context.history, &count) == 0 && count != 0)
        doctor_tell(doctor, FINDING_WARNING, 0, "comity outbox list",
                    "%zu of your acts wait to be sent: the next command that reaches a broker sends them.", count);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "Everything that you signed is answered.");
}

#define CHECK(doctor, name, call) ((doctor)->check = (name), (call))

static void check_all(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;

    CHECK(doctor, "version", check_version(doctor));
    CHECK(doctor, "settings", check_settings(doctor));
    if (!CHECK(doctor, "home", check_home(doctor)))
        return;
    CHECK(doctor, "disk", check_room(doctor));
    if (!CHECK(doctor, "context", check_context(doctor)))
        return;
    bool has_keys = CHECK(doctor, "connection-key", check_connection_key(doctor));
    if (cli->context.has_history)
        has_keys = CHECK(doctor, "signing-key", check_signing_key(doctor)) && has_keys;
    CHECK(doctor, "journal", check_journal(doctor));
    doctor_check_sites(doctor);
    if (!has_keys || !CHECK(doctor, "broker", doctor_check_brokers(doctor)))
        return;
    CHECK(doctor, "worker", doctor_check_worker(doctor));
    if (cli->context.has_history)
        CHECK(doctor, "member", doctor_check_member(doctor));
    else
        CHECK(doctor, "broker", doctor_check_broker_figures(doctor));
}

int doctor_run(struct cli *cli)
{
    struct doctor doctor = {.cli = cli, .array = json_object_new_array()};

    cli_put(cli, "checks", doctor.array);
    check_all(&doctor);
    cli_put_number(cli, "warnings", doctor.warnings);
    cli_put_number(cli, "problems", doctor.problems);
    memset(&cli->failure, 0, sizeof(cli->failure));
    if (doctor.problems > 0)
        return cli_fail(cli, doctor.code, doctor.next,
                        "There is something to mend before you can work. Problems: %zu.", doctor.problems);
    if (doctor.reads_only)
        say(cli, "You can read, and nothing can be recorded at the moment. Warnings: %zu.", doctor.warnings);
    else if (doctor.warnings > 0)
        say(cli, "You can work. Warnings: %zu.", doctor.warnings);
    else
        say(cli, "You can work.");
    return 0;
}
