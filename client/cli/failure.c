#include "client/cli/failure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "client/cli/output.h"
#include "core/text.h"

static const struct {
    int code;
    const char *next;
} ADVICE[] = {
    {ERR_USAGE, N_("comity help")},
    {ERR_CONFIG, N_("comity context list, or join a partnership: comity join INVITATION")},
    {ERR_NAME, N_("Choose a short name of a-z, 0-9 and -; the full one goes into --title.")},
    {ERR_RULE, N_("comity rule templates lists rules that are sound.")},
    {ERR_KEY_UNKNOWN, N_("A co-chair of your constituency can invite you: comity invite NAME --out FILE")},
    {ERR_KEY_REVOKED,
     N_("Who has another machine that signs: comity key request FILE here, comity key add there. Else ask a co-chair of your "
        "constituency for a way back (comity member recover WHO --out FILE); then comity join FILE makes a new key.")},
    {ERR_FORBIDDEN, N_("comity whoami shows your offices, and comity member list everybody's.")},
    {ERR_COSIGNERS,
     N_("Add --with KEYFILE for each co-chair, or --draft FILE --cosigner WHO to let them sign.")},
    {ERR_VALIDITY, N_("Give the command again, so that it is signed anew; check this machine's clock.")},
    {ERR_GRANT,
     N_("Whose key was lost or revoked: a co-chair of your constituency gives you a way back (comity member recover WHO "
        "--out FILE), and comity join FILE a new key. After a restore from a backup: comity resubmit. Founders: comity "
        "draft submit FILE")},
    {ERR_FOUNDING, N_("Ask the operator for the founding token: comity draft submit FILE --token-file FILE")},
    {ERR_INVITATION, N_("Ask whoever invited you for a new invitation.")},
    {ERR_HISTORY, N_("If the founding draft was not submitted yet: comity draft submit FILE")},
    {ERR_NOT_FOUND, N_("Look at the numbers with the `list` commands: comity help")},
    {ERR_STATE, N_("Look at its state with the `show` commands: comity help")},
    {ERR_CLOSED, N_("comity outcome ROUND shows how it came out.")},
    {ERR_NOT_OPEN, N_("comity session list and comity round list show what is open.")},
    {ERR_NOT_ON_ROLL,
     N_("comity round show ROUND lists who may answer; seats are given by comity seat assign.")},
    {ERR_STALE, N_("Look at what is there now, and give the command anew.")},
    {ERR_ONCE, N_("comity ballots ROUND shows it.")},
    {ERR_UTF8, N_("Save the text as UTF-8, and give the same command again.")},
    {ERR_CHARACTERS, N_("Type the text anew instead of copying it, and give the same command again.")},
    {ERR_CONFUSABLE,
     N_("Add what tells the two apart: a second name, a department, a year. comity member list and comity invitation "
        "list show the others.")},
    {ERR_REASON, N_("Give the same command with --reason \"...\"")},
    {ERR_ANSWER, N_("comity round show ROUND lists the answers of its rule.")},
    {ERR_DUTY, N_("comity round show ROUND says what a ballot has to come with.")},
    {ERR_OPTION, N_("comity round show ROUND lists the options.")},
    {ERR_STAGE, N_("comity stage list PROPOSAL shows the ladder, and what is asked now.")},
    {ERR_QUORUM, N_("comity session show SESSION lists who is there; members check in with comity checkin.")},
    {ERR_ROUNDS, N_("Adopt another rule, or make a new proposal.")},
    {ERR_LAST_CO_CHAIR, N_("Invite another co-chair first, or set a recovery key: comity recovery-key set FILE")},
    {ERR_EPOCH,
     N_("Give the same command again if it is still wanted, once you have seen (comity events) that its "
        "numbers mean in the record what they meant.")},
    {ERR_BUSY, N_("Give the same command again in a moment.")},
    {ERR_NO_ROUTE, N_("The operator sees with comity status whether a worker is running.")},
    {ERR_UNREACHABLE,
     N_("comity context show says where this goes. Who looks after it starts it again where it is: comity up "
        "--data DIRECTORY")},
    {ERR_SERVER_KEY, N_("Go no further: ask the operator, in person, whether the broker's key was changed.")},
    {ERR_CLIENT_KEY, N_("Ask the operator why this machine's connection key is refused.")},
    {ERR_TIMEOUT, N_("comity status shows whether the service answers; --timeout SECONDS waits longer.")},
    {ERR_BEHIND,
     N_("Give the same command again in a moment; if it stays so, a backup may have been restored: "
        "comity resubmit")},
    {ERR_RECEIPT, N_("Keep what you have, and tell every party: the record may have been altered. Then "
                     "comity receipt show.")},
    {ERR_FILE_MODE, N_("Make the file yours alone: chmod 600 FILE")},
    {ERR_EXISTS, N_("Choose another name, or use the one that is there.")},
    {ERR_DISK_FULL, N_("Make room on the disk and give the same command again.")},
    {ERR_STORE_FULL, N_("The operator has to raise the store's limit.")},
    {ERR_CHARTER, N_("comity charter show lists what is decided together, by whom, and what is kept out.")},
    {ERR_MANDATE,
     N_("A co-chair of the seat's constituency names who may stand in: comity seat alternates BODY SEAT "
        "--member WHO")},
    {ERR_MALFORMED,
     N_("Was it a file that somebody gave you? Ask for it anew. Else this comity and the worker may not "
        "fit one another: comity doctor")},
    {ERR_TOO_LARGE, N_("Give the same command with a shorter text, or a smaller file.")},
    {ERR_VERSION, N_("This comity and the other side are of different versions: comity doctor shows which.")},
    {ERR_UNKNOWN_FIELD, N_("This comity and the other side are of different versions: comity doctor shows "
                           "which. In a file of yours, "
                           "look for a name that is spelled wrong.")},
    {ERR_ENUM,
     N_("This comity and the other side are of different versions: comity doctor shows which. In a file of "
        "yours, look for a word that is spelled wrong.")},
    {ERR_MISSING, N_("Give what the named field asks for: comity help COMMAND lists the options.")},
    {ERR_RANGE,
     N_("Give a value within the limits for the named field: comity help COMMAND lists the options.")},
    {ERR_TEXT,
     N_("Write the text anew and give the command again: this one was changed after it was signed.")},
    {ERR_DUPLICATE, N_("Name each of them once, and give the command again.")},
    {ERR_UNSUPPORTED, N_("Do without it: comity rule templates lists rules that can be used.")},
    {ERR_SIGNATURE, N_("Give the command again. A draft: have it made and signed anew by everybody.")},
    {ERR_HELLO, N_("Give the same command again; if it stays so: comity doctor")},
    {ERR_SEAL,
     N_("The keys of this context may be old: ask the operator for the place file, and compare: comity "
        "context show")},
    {ERR_LIMIT,
     N_("Look whether one of those that there are can be used: comity help lists the `list` commands.")},
    {ERR_SCOPE, N_("comity body show BODY lists its seats; comity rule show RULE says whom the rule names.")},
    {ERR_CHARTER, N_("comity charter show says what was agreed.")},
    {ERR_MANDATE, N_("comity body show BODY lists who may stand in.")},
    {ERR_NOTICE, N_("comity session show SESSION says when it starts and what is on the agenda.")},
    {ERR_NOT_PRESENT,
     N_("comity session show SESSION lists who is there; a member checks in with comity checkin.")},
    {ERR_PHASE, N_("comity item show ITEM says in which phase it is, and where it can go.")},
    {ERR_HELD,
     N_("comity item show ITEM says who holds it, and why; a facilitator of that side lets it go.")},
    {ERR_LEGAL_HOLD, N_("comity hold list says who holds them; only that constituency lifts the hold.")},
    {ERR_KEPT, N_("Wait until its time is over, or agree on another one: comity retention set")},
    {ERR_RECORD, N_("Say it in the room; comity help contribution add says what is kept.")},
    {ERR_PAUSED, N_("Wait until it goes on: comity watch SESSION shows when.")},
    {ERR_NOT_LEADER,
     N_("Nothing was sent, and nothing is kept to be sent: give the same command again later. comity doctor says how the "
        "service stands.")},
    {ERR_EXPIRED, N_("Give the same command again; --timeout SECONDS waits longer.")},
    {ERR_WORKER_LOST,
     N_("comity resubmit sends the same again once a worker is there: it is never done twice.")},
    {ERR_MOVED,
     N_("Ask the operator for the new place file: comity context add NAME --place FILE --history HEX")},
    {ERR_MOVING, N_("Give the same command again in a moment.")},
    {ERR_DRAINING, N_("Give the same command again in a moment: another worker takes over.")},
    {ERR_DIFFERS, N_("Keep the file, and tell every party. Another copy, from another member or worker, shows whether "
                     "it is the file or the record: comity export FILE")},
    {ERR_FORKED, N_("Give no further commands. Compare with other members what each of you has verified (comity checkpoint "
                    "--kept, and comity checkpoint compare FILE), and ask the operator what became of the record. If it turns out that yours was the false one: comity "
                    "checkpoint accept NUMBER FINGERPRINT")},
    {ERR_UNCOUNTED, N_("Make a new copy once the round has closed, or ask somebody who may see more: comity export FILE")},
    {ERR_PASSPHRASE, N_("Nothing is locked: give the command again. Who has forgotten it: comity key from-words")},
    {ERR_WORDS, N_("Look at your paper, and give the same command again.")},
    {ERR_MEMORY, N_("End other programs, and give the same command again.")},
    {ERR_STORE,
     N_("Tell the operator: the worker's log says what happened. Then comity resubmit finds out whether it "
        "was done.")},
    {ERR_STORE_VERSION,
     N_("The operator starts the version that wrote it, or restores a backup with this one.")},
    {ERR_STORE_IN_USE, N_("End the other process first: comity down")},
    {ERR_CORRUPT, N_("Give no further commands, and tell the operator and every party.")},
    {ERR_FILE,
     N_("Look at the name of the file, whether it is there, and whether you may read and write there.")},
    {ERR_ADDRESS, N_("An address is tcp://NAME:PORT: comity context show says which is used.")},
    {ERR_INTERNAL,
     N_("Keep what you typed and what was said, and tell whoever looks after this software. comity "
        "receipt list shows whether it was recorded.")},
};

const char *failure_advice(int code)
{
    for (size_t i = 0; i < ARRAY_COUNT(ADVICE); i++)
        if (ADVICE[i].code == code)
            return _(ADVICE[i].next);
    return _("comity errors explains every code.");
}

int cli_fail(struct cli *cli, int code, const char *next, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(cli->failure.what, WHAT_MAX, _(format), list);
    va_end(list);
    cli->failure.code = code;
    snprintf(cli->failure.next, NEXT_MAX, "%s", next == NULL ? "" : _(next));
    return code;
}

int cli_unusable(struct cli *cli, int code)
{
    cli->failure.is_unusable = true;
    return code;
}

int cli_fail_write(struct cli *cli, int code, const char *next, const char *why)
{
    cli_fail(cli, code, code == ERR_DISK_FULL ? NULL : next, "%s", why);
    return code == ERR_EXISTS ? cli_unusable(cli, code) : code;
}

int cli_fail_key(struct cli *cli, int code, const char *next, const char *path)
{
    int reason = errno;
    const char *shown_path = shown_string(cli, path);
    bool is_absent = code == ERR_FILE && access(path, F_OK) != 0 && errno == ENOENT;
    bool has_reason = (code == ERR_FILE || code == ERR_DISK_FULL) && reason != 0;

    if (is_absent && next != NULL)
        cli_fail(cli, code, next, "There is no key in %s yet.", shown_path);
    else if (is_absent)
        cli_fail(cli, code, "Put your copy of it there; who has none is invited anew by a co-chair.",
                 "There is no key file %s.", shown_path);
    else if (code == ERR_MALFORMED)
        cli_fail(cli, code, "Put your copy of it there; who has none is invited anew by a co-chair.",
                 "%s is no key file, or was altered.", shown_path);
    else
        cli_fail(cli, code,
                 code == ERR_FILE_MODE ? arena_printf(cli->arena, "chmod 600 %s", shown_path) : NULL,
                 "%s: %s", shown_path, has_reason ? strerror(reason) : language_error(code));
    return cli_unusable(cli, code);
}

void cli_fault(struct cli *cli, const char *format, ...)
{
    struct json_object *faults;
    char line[WHAT_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), _(format), arguments);
    va_end(arguments);
    if (!json_object_object_get_ex(cli->document, "faults", &faults)) {
        faults = json_object_new_array();
        cli_put(cli, "faults", faults);
    }
    json_object_array_add(faults, json_object_new_string(line));
    if (!cli->is_json)
        fprintf(stderr, "%s\n", line);
}

enum exit_code failure_exit(const struct failure *failure)
{
    if (failure->code == 0)
        return EXIT_DONE;
    if (failure->recorded != 0)
        return EXIT_INTERNAL;
    if (failure->code == ERR_FORKED)
        return EXIT_FORKED;
    if (failure->is_waiting)
        return EXIT_WAITING;
    if (failure->is_unsent)
        return EXIT_UNREACHABLE;
    if (failure->is_unusable)
        return EXIT_USAGE;
    return failure->is_unconfirmed ? EXIT_UNCONFIRMED : exit_of_error(failure->code);
}

static const char *failure_next(const struct failure *failure)
{
    if (failure->next[0] != '\0')
        return failure->next;
    if (failure->recorded != 0)
        return _("comity receipt list shows what was recorded: do not give the same command again.");
    if (failure->is_unconfirmed && failure->code == ERR_NOT_LEADER)
        return _("Try again later: comity resubmit sends the same again, which is never done twice.");
    if (failure->is_unconfirmed && failure->code != ERR_FORKED)
        return _("comity resubmit sends the same again: it is never done twice.");
    return failure_advice(failure->code);
}

void failure_print(const struct cli *cli)
{
    static const char *const OPENINGS[] = {
        [EXIT_DONE] = N_("Done"),       [EXIT_REFUSED] = N_("Refused"),
        [EXIT_USAGE] = N_("Not done"),  [EXIT_UNREACHABLE] = N_("Not reached"),
        [EXIT_INTERNAL] = N_("Failed"), [EXIT_UNCONFIRMED] = N_("Not confirmed"),
        [EXIT_DIFFERS] = N_("Not the same"), [EXIT_UNCOUNTED] = N_("Not proved"),
        [EXIT_FORKED] = N_("Not believed"), [EXIT_WAITING] = N_("Not sent yet"),
    };
    const struct failure *failure = &cli->failure;
    char field[2 * FIELD_PATH_MAX];

    text_escape(BYTES(failure->field, strlen(failure->field)), false, field, sizeof(field));
    const char *opening = failure->code == ERR_USAGE && !failure->is_unusable
                              ? N_("Not understood")
                              : OPENINGS[failure_exit(failure)];
    bool is_open = failure_exit(failure) == EXIT_UNCONFIRMED || failure_exit(failure) == EXIT_WAITING;
    enum color color = is_open ? COLOR_CAREFUL : COLOR_BAD;
    bool has_color = cli->terminal.has_error_color;
    say_aside("%s%s%s: %s (%s%s%s)", color_begin(has_color, color), _(opening), color_end(has_color, color),
              failure->what[0] != '\0' ? failure->what : language_error(failure->code),
              error_name(failure->code), field[0] == '\0' ? "" : ", ", field);
    if (failure->latest != 0 && failure->code == ERR_EPOCH)
        say_aside("The record is in epoch %" PRIu64 ".", failure->latest);
    else if (failure->latest != 0 && failure->what[0] == '\0')
        say_aside("The latest is number %" PRIu64 " in the record.", failure->latest);
    if (failure->limit != 0 && failure->code != ERR_COSIGNERS) /* of signatures it is how many are needed */
        say_aside("The limit is %" PRIu64 ".", failure->limit);
    say_aside("Next: %s", failure_next(failure));
}

struct json_object *failure_to_json(const struct failure *failure)
{
    struct json_object *error = json_object_new_object();

    json_object_object_add(error, "code", json_object_new_int(failure->code));
    json_object_object_add(error, "name", json_object_new_string(error_name(failure->code)));
    json_object_object_add(error, "sentence", json_object_new_string(language_error(failure->code)));
    json_object_object_add(error, "what", json_object_new_string(failure->what));
    json_object_object_add(error, "field", json_object_new_string(failure->field));
    json_object_object_add(error, "latest", json_object_new_uint64(failure->latest));
    json_object_object_add(error, "limit", json_object_new_uint64(failure->limit));
    json_object_object_add(error, "next", json_object_new_string(failure_next(failure)));
    json_object_object_add(error, "command_id",
                           failure->command_id[0] == '\0' ? NULL
                                                          : json_object_new_string(failure->command_id));
    return error;
}
