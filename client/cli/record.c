/* Verbs about the record itself: reading it as it grows, and keeping a copy. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cli/checkpoint.h"
#include "client/cli/cut_off.h"
#include "client/cli/desk.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/record.h"
#include "client/cli/record_file.h"
#include "client/cli/verbs.h"
#include "core/event.h"
#include "core/machine/machine.h"

enum { FOLLOW_PUMP_MS = 200 };

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_number)
{
    (void) signal_number;
    is_interrupted = 1;
}

/* Scalars of an event, as "round 1, member 2": enough for one line. */
static const char *event_details(struct cli *cli, struct json_object *value, const char *so_far, int depth)
{
    const char *text = so_far;

    if (!json_object_is_type(value, json_type_object))
        return text;
    json_object_object_foreach(value, name, member)
    {
        struct json_object *prose = NULL;
        if (json_object_is_type(member, json_type_object) &&
            json_object_object_get_ex(member, "text", &prose) &&
            json_object_object_get_ex(member, "hash", NULL))
            member = prose;
        bool is_number = json_object_is_type(member, json_type_int);
        bool is_text =
            json_object_is_type(member, json_type_string) && json_object_get_string_len(member) < 40;
        size_t length = strlen(name);
        if (length > 3 && strcmp(name + length - 3, "_ms") == 0)
            continue;
        if (json_says_nothing(member))
            continue;
        if (is_number || is_text)
            text = arena_printf(cli->arena, "%s%s%s %s", text, *text == '\0' ? "" : ", ", name,
                                shown_string(cli, json_object_get_string(member)));
        else if (json_object_is_type(member, json_type_object) && depth < 1)
            text = event_details(cli, member, text, depth + 1);
        if (text == NULL)
            return "";
    }
    return text;
}

const Comity__V1__Event *record_open(struct cli *cli, const Comity__V1__EventRecord *record,
                                     struct event_header *ret_header)
{
    ProtobufCMessage *event = NULL;

    if (event_record_check(record, ret_header) != 0)
        return NULL;
    for (size_t i = 0; i < record->n_parts; i++) {
        const Comity__V1__Part *part = record->parts[i];
        struct bytes content = BYTES(part->content.data, part->content.len);
        if (part->kind == COMITY__V1__PART_KIND__PART_KIND_OPEN &&
            message_unpack_trusted(&comity__v1__event__descriptor, content, cli->arena, &event) != 0)
            return NULL;
        if (part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT && !part->is_withheld &&
            part->hash.len == HASH_SIZE)
            desk_keep_text(cli, part->hash.data, content);
    }
    return (const Comity__V1__Event *) event;
}

/* The name of who joins came with the invitation, which may be on a page before or was not asked for at all:
 * the row has it. All other texts of an event come with it. */
static void learn_texts(struct cli *cli, const Comity__V1__Event *event)
{
    if (event->kind_case != COMITY__V1__EVENT__KIND_INVITATION_REDEEMED)
        return;
    const Comity__V1__Member *member = event->invitation_redeemed->member;
    if (member != NULL && desk_prose(cli, member->name) == NULL)
        member_of(cli, member->number);
}

struct json_object *record_kind(const Comity__V1__Event *event, struct json_object *json)
{
    struct json_object *kind = NULL;

    json_object_object_get_ex(json, event_name(event), &kind);
    return kind;
}

static int walk_page(struct cli *cli, const Comity__V1__Answer *answer, uint64_t from, record_each_fn *each,
                     void *context)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < answer->n_events; i++) {
        struct event_header header;
        const Comity__V1__Event *event = record_open(cli, answer->events[i], &header);
        if (event == NULL || header.sequence != from + i || event_name(event) == NULL)
            return cli_fail(cli, ERR_CORRUPT, NULL,
                            "Number %" PRIu64 " of the record does not fit its own hashes.", from + i);
        learn_texts(cli, event);
        code = each(cli, &header, event, context);
    }
    return code;
}

int record_walk(struct cli *cli, uint64_t from, record_each_fn *each, void *context)
{
    for (;;) {
        Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
        Comity__V1__Query query = COMITY__V1__QUERY__INIT;
        const Comity__V1__Answer *answer;
        events.from = from;
        query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
        query.events = &events;
        query.limit = EVENTS_PAGE;
        int code = desk_page(cli, &query, &answer);
        if (code != 0)
            return code;
        struct arena *run = cli->arena;
        cli->arena = desk_page_arena(cli);
        code = walk_page(cli, answer, from, each, context);
        cli->arena = run;
        if (code != 0 || answer->n_events == 0 || answer->next_cursor.len == 0)
            return code == 1 ? 0 : code;
        from += answer->n_events;
    }
}

static struct json_object *record_to_json(struct cli *cli, const struct event_header *header,
                                          const Comity__V1__Event *event)
{
    struct json_object *value = json_object_new_object();

    json_object_object_add(value, "sequence", json_object_new_uint64(header->sequence));
    json_object_object_add(value, "epoch", json_object_new_uint64(header->epoch));
    json_object_object_add(value, "time_ms", json_object_new_int64(header->time_ms));
    json_object_object_add(value, "kind", json_object_new_string(event_name(event)));
    json_object_object_add(value, "event", desk_json(cli, &event->base));
    return value;
}

static void print_record(struct cli *cli, struct json_object *row, const Comity__V1__Event *event)
{
    struct json_object *time, *sequence, *whole, *kind = NULL;

    json_object_object_get_ex(row, "time_ms", &time);
    json_object_object_get_ex(row, "sequence", &sequence);
    json_object_object_get_ex(row, "event", &whole);
    json_object_object_get_ex(whole, event_name(event), &kind);
    const char *actor = event->actor == 0 ? _("by itself") : name_of_member(cli, event->actor);
    const char *when = shown_time(cli, json_object_get_int64(time)),
               *details = event_details(cli, kind, "", 0);
    if (cli->terminal.is_accessible)
        say(cli, "%" PRIu64 ", %s, %s, %s: %s", json_object_get_uint64(sequence), when, event_name(event),
            actor, details);
    else
        say(cli, "%6" PRIu64 "  %s  %-22s %s: %s", json_object_get_uint64(sequence), when, event_name(event),
            actor, details);
}

/* What one run of the verb goes through. */
struct reading {
    struct cli *cli;
    uint64_t from;  /* sequence from which on events are wanted */
    uint64_t next;  /* of the next event to show */
    uint64_t left;  /* how many more; UINT64_MAX: no end */
    bool is_stream; /* one document a line */
    struct json_object *array;
    const Comity__V1__Partnership *partnership; /* with is_stream: the epochs as they were when it was read */
    bool is_out_of_touch;                       /* and that was said */
};

static int show_records(struct reading *reading, const Comity__V1__Answer *answer)
{
    struct cli *cli = reading->cli;

    for (size_t i = 0; i < answer->n_events && reading->left > 0; i++) {
        struct event_header header;
        const Comity__V1__Event *event = record_open(cli, answer->events[i], &header);
        if (event == NULL || header.sequence != reading->next || event_name(event) == NULL)
            return cli_fail(cli, ERR_CORRUPT, NULL,
                            "Number %" PRIu64 " of the record does not fit its own hashes.", reading->next);
        learn_texts(cli, event);
        struct json_object *row = record_to_json(cli, &header, event);
        print_record(cli, row, event);
        if (reading->is_stream && cli->is_json) {
            puts(
                json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
            fflush(stdout);
        }
        if (reading->is_stream || !cli->is_json)
            json_object_put(row);
        else
            json_object_array_add(reading->array, row);
        reading->next++;
        reading->left -= reading->left != UINT64_MAX;
    }
    fflush(stdout);
    progress_count(&cli->progress, reading->next - reading->from, 0);
    return 0;
}

/* What is made to be shown lives as long as the page. */
static int show_page(struct reading *reading, const Comity__V1__Answer *answer)
{
    struct arena *run = reading->cli->arena;

    reading->cli->arena = desk_page_arena(reading->cli);
    int code = show_records(reading, answer);
    reading->cli->arena = run;
    return code;
}

/* A line of its own kind: what follows replaces what was shown after that number. @is_shown: something was. */
static void show_restore(struct reading *reading, uint32_t epoch, uint64_t restored_to, bool is_shown)
{
    struct cli *cli = reading->cli;

    if (!is_shown)
        say_aside("The record was restored from a backup as of number %" PRIu64 " (epoch %" PRIu32
                  "): all that was shown is in it.",
                  restored_to, epoch);
    else
        say_aside("The record was restored from a backup as of number %" PRIu64 " (epoch %" PRIu32
                  "): what was shown after that number is not in it. It goes on from there.",
                  restored_to, epoch);
    if (cli->is_json) {
        struct json_object *row = json_object_new_object(), *restored = json_object_new_object();
        json_object_object_add(restored, "epoch", json_object_new_uint64(epoch));
        json_object_object_add(restored, "restored_to", json_object_new_uint64(restored_to));
        json_object_object_add(row, "restored", restored);
        puts(json_object_to_json_string_ext(row, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        fflush(stdout);
        json_object_put(row);
    }
}

/* Where two records part: the last number that both have. Their epochs are the same so far. */
static uint64_t last_common(const Comity__V1__Partnership *a, const Comity__V1__Partnership *b)
{
    size_t i = 0;
    uint64_t last = UINT64_MAX;

    while (i < a->n_epochs && i < b->n_epochs && a->epochs[i]->number == b->epochs[i]->number)
        i++;
    if (i < a->n_epochs)
        last = a->epochs[i]->restored_to;
    if (i < b->n_epochs && b->epochs[i]->restored_to < last)
        last = b->epochs[i]->restored_to;
    return last;
}

static int ask_epochs(struct reading *reading, const Comity__V1__Partnership **ret_partnership)
{
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;

    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    query.floor = 1;
    int code = desk_ask(reading->cli, &query, &answer);
    if (code != 0)
        return code;
    if (answer->whoami == NULL || answer->whoami->partnership == NULL)
        return cli_fail(reading->cli, ERR_MALFORMED, NULL,
                        "The worker's answer does not say which epoch it is.");
    *ret_partnership = answer->whoami->partnership;
    return 0;
}

/* The record is in another epoch than the one that is being followed: go back to where the two part. */
static int take_epoch(struct reading *reading)
{
    struct cli *cli = reading->cli;
    const Comity__V1__Partnership *now;
    int code = ask_epochs(reading, &now);

    if (code != 0)
        return code;
    uint64_t last = last_common(reading->partnership, now);
    if (last == UINT64_MAX)
        return cli_fail(cli, ERR_CORRUPT, NULL, "The record does not say how it came into epoch %" PRIu32 ".",
                        now->epoch);
    bool is_shown = reading->next > reading->from && last < reading->next - 1;
    if (last < reading->next)
        reading->next = last + 1 > reading->from ? last + 1 : reading->from;
    show_restore(reading, now->epoch, last, is_shown);
    names_forget(cli);
    reading->partnership = now;
    return 0;
}

/* From reading->next to the head, or as many as are wanted. */
static int read_on(struct reading *reading)
{
    for (;;) {
        Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
        Comity__V1__Query query = COMITY__V1__QUERY__INIT;
        const Comity__V1__Answer *answer;
        events.from = reading->next;
        query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
        query.events = &events;
        query.limit = EVENTS_PAGE;
        query.floor =
            reading->is_stream ? 1 : 0; /* a record that went back is to be noticed, not waited for */
        int code = desk_page(reading->cli, &query, &answer);
        if (code == 0 && reading->is_stream && answer->epoch != reading->partnership->epoch) {
            code = take_epoch(reading);
            if (code != 0)
                return code;
            continue;
        }
        if (code == 0)
            code = show_page(reading, answer);
        if (code != 0 || answer->next_cursor.len == 0 || answer->n_events == 0 || reading->left == 0)
            return code;
    }
}

static void hear_news(const uint8_t *history, uint64_t sequence, void *context)
{
    (void) history;
    *(uint64_t *) context = sequence;
}

/* Whoever watches has to know when there is nothing to be seen because nobody tells. */
static void say_touch(struct reading *reading)
{
    int code = 0;
    bool is_in_touch = desk_is_in_touch(reading->cli, &code);

    if (!is_in_touch && !reading->is_out_of_touch)
        say_aside("Out of touch with the daemons, waiting: %s", language_error(code));
    else if (is_in_touch && reading->is_out_of_touch)
        say_aside("In touch again.");
    reading->is_out_of_touch = !is_in_touch;
}

static int follow(struct reading *reading)
{
    struct cli *cli = reading->cli;
    uint64_t heard = reading->next - 1;
    struct sigaction action = {.sa_handler = interrupt};
    int code = desk_subscribe(cli, reading->next - 1, hear_news, &heard);

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    while (code == 0 && !is_interrupted && reading->left > 0) {
        say_touch(reading);
        if (!reading->is_out_of_touch)
            code = cut_off_stream(cli, false);
        if (code == 0 && (heard >= reading->next ||
                          comity_epoch(desk_client(cli), cli->context.history) != reading->partnership->epoch))
            code = read_on(reading);
        if (code == 0 && reading->left > 0 && heard < reading->next)
            code = desk_pump(cli, FOLLOW_PUMP_MS);
        /* The worker may be away for a while: the news will say when it is back. */
        if (code != 0 && exit_of_error(code) == EXIT_UNREACHABLE && !is_interrupted) {
            memset(&cli->failure, 0, sizeof(cli->failure));
            code = desk_pump(cli, FOLLOW_PUMP_MS);
        }
    }
    desk_unsubscribe(cli);
    return code;
}

int events_run(struct cli *cli)
{
    const char *from = cli_option(cli, "from"), *limit = cli_option(cli, "limit");
    struct reading reading = {.cli = cli, .next = 1, .left = UINT64_MAX, .is_stream = cli_has(cli, "follow")};
    int code = 0;

    if (from != NULL)
        code = cli_number(cli, "--from", from, 1, INT64_MAX, &reading.next);
    if (code == 0 && limit != NULL)
        code = cli_number(cli, "--limit", limit, 1, INT64_MAX, &reading.left);
    if (code != 0)
        return code;
    reading.from = reading.next;
    reading.array = json_object_new_array();
    if (reading.is_stream)
        code = ask_epochs(&reading, &reading.partnership);
    /* Who is shown the events sees how it goes on. */
    bool is_silent = cli->is_json && !reading.is_stream;
    if (is_silent)
        progress_begin(&cli->progress, _("Reading the record"));
    if (code == 0)
        code = read_on(&reading);
    if (is_silent)
        progress_end(&cli->progress);
    cli->is_streaming = code == 0 && reading.is_stream;
    if (code == 0 && reading.is_stream)
        code = follow(&reading);
    cli_put_number(cli, "next", reading.next);
    cli_put(cli, "events", reading.array);
    return code;
}

/* What witnesses have signed until now goes with it: so that a copy can prove what of it is FINAL. */
static int write_end(struct cli *cli, struct record_file *file, ProtobufCBinaryData checkpoint)
{
    struct comity_checkpoint present;
    const Comity__V1__Answer *answer;
    int code = checkpoint_ask(cli, 0, record_file_totals(file).events, &present, &answer);

    return code != 0 ? code
                     : record_file_end(file, BYTES(checkpoint.data, checkpoint.len), answer->cosignatures,
                                       answer->n_cosignatures);
}

static int write_pages(struct cli *cli, struct record_file *file)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;

    events.from = 1;
    query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    query.events = &events;
    query.limit = EVENTS_PAGE;
    for (;;) {
        const Comity__V1__Answer *answer;
        int code = desk_page(cli, &query, &answer);
        for (size_t i = 0; code == 0 && i < answer->n_events; i++)
            code = record_file_add(file, answer->events[i]);
        if (code != 0)
            return code;
        progress_count(&cli->progress, record_file_totals(file).events, answer->as_of);
        if (answer->next_cursor.len == 0)
            return write_end(cli, file, answer->checkpoint);
        query.cursor = answer->next_cursor;
    }
}

static int fail_write(struct cli *cli, int code, const char *path, const char *why)
{
    return cli_fail_write(cli, code, NULL, arena_printf(cli->arena, "%s: %s", shown_string(cli, path), why));
}

int export_run(struct cli *cli)
{
    const char *path = cli_argument(cli, "FILE");
    struct record_file *file = NULL;
    const uint8_t(*pins)[KEY_SIZE];
    size_t pin_count;
    int code = desk_open(cli);

    if (code != 0)
        return code;
    desk_pins(cli, &pins, &pin_count);
    code = record_file_new(path, cli->context.history, pins, pin_count, cli->arena, &file);
    if (code != 0)
        return fail_write(cli, code, path, code == ERR_FILE ? strerror(errno) : language_error(code));
    progress_begin(&cli->progress, _("Copying the record"));
    code = write_pages(cli, file);
    progress_end(&cli->progress);
    struct record_totals totals = record_file_totals(file);
    int end = record_file_close(&file, code == 0);
    if (code != 0 && cli->failure.code == 0)
        return cli_fail(cli, code, NULL, "The record could not be copied, at number %" PRIu64 ": %s",
                        totals.events + 1, language_error(code));
    if (code != 0)
        return code;
    if (end != 0)
        return fail_write(cli, end, path, language_error(end));
    cli_put_text(cli, "file", path);
    cli_put_number(cli, "events", totals.events);
    cli_put_number(cli, "bytes", totals.bytes);
    cli_put_number(cli, "withheld", totals.withheld);
    cli_put_number(cli, "purged", totals.purged);
    say(cli, "%s are in %s (%s): every hash and the signed checkpoint fit.",
        counted(cli, totals.events, "%" PRIu64 " event", "%" PRIu64 " events"), shown_string(cli, path),
        counted(cli, totals.bytes, "%" PRIu64 " byte", "%" PRIu64 " bytes"));
    if (totals.withheld > 0)
        say(cli, "%s",
            counted(cli, totals.withheld,
                    "%" PRIu64 " part is withheld from you (a ballot of an open round): its hash is "
                    "there.",
                    "%" PRIu64 " parts are withheld from you (ballots of open rounds): their hashes "
                    "are there."));
    if (totals.purged > 0)
        say(cli, "%s",
            counted(cli, totals.purged, "%" PRIu64 " text was purged by the parties: its hash is there.",
                    "%" PRIu64 " texts were purged by the parties: their hashes are there."));
    return 0;
}
