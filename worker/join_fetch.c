/* The copy, over a broker. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/group_log.h"
#include "worker/join_internal.h"

enum {
    ANSWER_MS = 15 * 1000,
    SILENT_MS = 5000,
    VALID_MS = 5 * 60 * 1000,
    PAUSE_MOST_MS = 2000,
    ARENA_BYTES = 4 * 1024 * 1024
};

static void show_waiting(struct joining *joining)
{
    joining_show(joining, "Waiting for the copy", 0, 0);
}

static void show_fetching(struct joining *joining)
{
    const struct join_part *part = &joining->part;
    joining_show(joining, "Fetching KiB of the copy", part->have / 1024, part->size / 1024);
}

/* An answer may be long in coming. */
static void show_again(void *context)
{
    struct joining *joining = context;
    if (joining->shown.what)
        joining_show(joining, joining->shown.what, joining->shown.done, joining->shown.total);
}

static void note(const struct joining *joining, const char *sentence)
{
    const struct join_options *options = joining->options;
    if (options->note)
        options->note(options->context, sentence);
}

/* Asking. */

/* What is asked for: more of a copy, or a copy that has applied an entry. */
struct wanted {
    const uint8_t *copy; /* NULL: a new one */
    uint64_t offset, least;
};

static int ask_once(struct joining *joining, const struct wanted *wanted, Comity__V1__Reply **ret_reply,
                    uint32_t *ret_wait_ms)
{
    const struct worker_settings *settings = joining->options->settings;
    Comity__V1__CopyAsk ask = COMITY__V1__COPY_ASK__INIT;
    Comity__V1__Request request = COMITY__V1__REQUEST__INIT;
    arena_reset(joining->arena);
    if (wanted->copy)
        ask.copy = (ProtobufCBinaryData){.len = COPY_ID_SIZE, .data = (uint8_t *) (uintptr_t) wanted->copy};
    ask.offset = wanted->offset;
    ask.least = wanted->least;
    ask.reader = (ProtobufCBinaryData){.len = KEY_SIZE,
                                       .data = (uint8_t *) (uintptr_t) settings->connection.public_key};
    ask.until_ms = clock_unix_ms() + VALID_MS;
    int code = copy_ask_sign(&ask, &settings->log_key, joining->arena);
    request.kind_case = COMITY__V1__REQUEST__KIND_COPY;
    request.copy = &ask;
    return code ? code
                : asker_ask(joining->asker, &request, joining->is_settled ? ANSWER_MS : SILENT_MS,
                            joining->arena, ret_reply, ret_wait_ms);
}

static int refused(struct joining *joining, const Comity__V1__Refusal *refusal)
{
    switch (refusal->code) {
    case ERR_NOT_FOUND: /* the copy is gone: the caller's to say */
        return ERR_NOT_FOUND;
    case ERR_SIGNATURE:
        return joining_fail(
            joining, ERR_CONFIG,
            "The worker that answers has another log key: all workers of a group have the same log_key.");
    case ERR_VALIDITY:
        return joining_fail(joining, ERR_CONFIG,
                            "The clocks of this machine and of the worker that answers are more than 5 "
                            "minutes apart: set this one.");
    default:
        return joining_fail(joining, refusal->code < 0 ? refusal->code : ERR_MALFORMED,
                            "The worker that answers gives no copy: %s %s", error_sentence(refusal->code),
                            refusal->field);
    }
}

static int piece_check(struct joining *joining, const Comity__V1__CopyPiece *piece,
                       const struct wanted *wanted)
{
    if (!join_part_is_piece(piece, wanted->offset, wanted->least))
        return joining_fail(joining, ERR_MALFORMED, "What came is no piece of a copy.");
    if (piece->number == 0)
        return joining_fail(joining, ERR_CONFIG,
                            "The worker that answers has no part in a log of several sites: `comity-worker "
                            "begin` there first.");
    return 0;
}

static int reply_read(struct joining *joining, const Comity__V1__Reply *reply, const struct wanted *wanted,
                      const Comity__V1__CopyPiece **ret_piece)
{
    if (reply->kind_case == COMITY__V1__REPLY__KIND_REFUSAL)
        return refused(joining, reply->refusal);
    if (reply->kind_case != COMITY__V1__REPLY__KIND_COPY)
        return joining_fail(joining, ERR_MALFORMED, "What came is no piece of a copy.");
    int code = piece_check(joining, reply->copy, wanted);
    if (code == 0)
        *ret_piece = reply->copy;
    return code;
}

/* What passes, and is asked again. */
static bool passes(int code)
{
    return code == ERR_BUSY || code == ERR_NO_ROUTE || code == ERR_NOT_LEADER || code == ERR_EXPIRED ||
           code == ERR_TIMEOUT || code == ERR_WORKER_LOST || code == ERR_DRAINING;
}

/* Who is there is not who was looked for: more patience does not help. */
static int wrong_one(struct joining *joining, int code)
{
    if (code != ERR_ADDRESS && code != ERR_MALFORMED)
        return joining_fail(joining, code, "%s", error_sentence(code));
    return joining_fail(
        joining, ERR_CONFIG,
        "%s %.250s. Give a broker's front, not its back, with --broker, and the key of the same broker with "
        "--broker-key: its ready_file (/run/comity-broker/ready) on its machine has both.",
        code == ERR_ADDRESS ? "No broker that has the key of --broker-key takes a connection at"
                            : "What answers cannot be read as a broker's front is:",
        joining->options->endpoint);
}

/* Nobody has answered yet: somebody sits there and waits. */
static void say_silent(struct joining *joining, int code)
{
    char sentence[512];
    snprintf(sentence, sizeof(sentence),
             "Nobody has answered over the broker at %.250s yet: %s It is asked for %" PRId64
             " s. Is it the front of a broker of this group, and does a worker that leads run?",
             joining->options->endpoint, error_sentence(code), joining->patience_ms / 1000);
    note(joining, sentence);
    joining->is_settled = true;
}

/* Nobody answers: @code is what was said last. */
static int given_up(struct joining *joining, int code)
{
    return joining_fail(joining, code,
                        "%s (broker %.250s) Is it the front of a broker of this group, with this key, and "
                        "does a worker run there? "
                        "What has come is kept: join again.",
                        error_sentence(code), joining->options->endpoint);
}

/* Ask until there is an answer. BUSY says that somebody is there, and makes the copy. NOT_FOUND: that copy is
 * gone. */
static int piece_fetch(struct joining *joining, const struct wanted *wanted,
                       const Comity__V1__CopyPiece **ret_piece)
{
    int64_t until_ms = clock_steady_ms() + joining->patience_ms, silent_ms = clock_steady_ms() + SILENT_MS;
    for (;;) {
        Comity__V1__Reply *reply = NULL;
        uint32_t wait_ms = 0;
        int code = ask_once(joining, wanted, &reply, &wait_ms);
        joining->is_settled |= code == 0 || code == ERR_BUSY;
        if (code == 0)
            return reply_read(joining, reply, wanted, ret_piece);
        if (!passes(code))
            return wrong_one(joining, code);
        if (code == ERR_BUSY)
            until_ms = clock_steady_ms() + joining->patience_ms;
        if (!joining->is_settled && clock_steady_ms() >= silent_ms)
            say_silent(joining, code);
        if (clock_steady_ms() >= until_ms)
            return given_up(joining, code);
        code = joining->log ? joining_look(joining) : 0;
        if (code)
            return code;
        show_waiting(joining);
        joining_pause(wait_ms < PAUSE_MOST_MS ? wait_ms : PAUSE_MOST_MS);
    }
}

/* The copy. */

static int file_failed(struct joining *joining, int code)
{
    switch (code) {
    case 0:
        return 0;
    case ERR_STORE_IN_USE:
        return joining_fail(joining, code, "Another join is at work in %.300s: let it finish.",
                            joining->part.directory);
    case ERR_MALFORMED:
        return joining_fail(joining, code, "What came is no piece of this copy.");
    default:
        return joining_fail(joining, code, "%.300s: %s.", joining->part.path, strerror(errno));
    }
}

/* Whether to begin anew with another copy. */
static bool is_overtaken(struct joining *joining, int code)
{
    if (joining->part.descriptor < 0 || (code != ERR_NOT_FOUND && code != ERR_BEHIND && code != ERR_CORRUPT))
        return false;
    note(joining, code == ERR_NOT_FOUND
                      ? "The copy that was begun is not there any more: it is taken anew, from the start."
                      : "The log does not go on from the copy that was begun any more: a new one is taken, "
                        "from the start.");
    return true;
}

static struct wanted rest_of(const struct join_part *part)
{
    return (struct wanted){.copy = part->copy, .offset = part->have};
}

static int copy_resume(struct joining *joining)
{
    const Comity__V1__CopyPiece *piece;
    struct join_part *part = &joining->part;
    struct wanted wanted = rest_of(part);
    bool is_whole = part->have == part->size;
    show_fetching(joining);
    int code = is_whole ? 0 : piece_fetch(joining, &wanted, &piece);
    if (code == 0)
        code = joining_seat(joining, &part->place);
    return code || is_whole ? code : file_failed(joining, join_part_append(part, piece));
}

/* A seat at the end of the log, before the copy is made: it can take long, and what comes after it has to be
 * kept. */
static int seat_first(struct joining *joining, uint64_t *ret_number)
{
    const struct order_place none = {.number = 0};
    struct log_found found;
    int code = joining_find(joining, &none, &found);
    if (code == ERR_BEHIND) /* which is why it joins */
        code = 0;
    *ret_number = found.head.number;
    return code ? code : joining_seat(joining, &found.head);
}

static int copy_begin(struct joining *joining)
{
    const Comity__V1__CopyPiece *piece;
    struct log_found found;
    struct wanted wanted = {.copy = NULL};
    int code = seat_first(joining, &wanted.least);
    show_waiting(joining);
    if (code == 0)
        code = piece_fetch(joining, &wanted, &piece);
    if (code == ERR_NOT_FOUND)
        return joining_fail(joining, code, "The worker that answers gives no copy.");
    if (code)
        return code;
    struct order_place place = {.number = piece->number, .total = piece->total, .level = piece->level};
    memcpy(place.hash, piece->hash.data, HASH_SIZE);
    code = joining_find(joining, &place, &found);
    if (code)
        return code;
    code = join_part_begin(&joining->part, piece);
    if (code == 0)
        code = join_part_append(&joining->part, piece);
    return file_failed(joining, code);
}

static void say_resumed(struct joining *joining, uint64_t before)
{
    char sentence[256];
    snprintf(sentence, sizeof(sentence),
             "It goes on where an earlier join was interrupted: %" PRIu64 " KiB of %" PRIu64
             " are here already.",
             before / 1024, joining->part.size / 1024);
    note(joining, sentence);
}

static int copy_open(struct joining *joining, struct join_totals *totals)
{
    struct join_part *part = &joining->part;
    int code = file_failed(joining, join_part_open(part, joining->options->settings->data));
    if (code)
        return code;
    if (part->descriptor >= 0) {
        totals->before = part->have;
        code = copy_resume(joining);
        if (code == 0)
            say_resumed(joining, totals->before);
        if (!is_overtaken(joining, code))
            return code;
        totals->before = 0;
        joining_stand_up(joining);
        join_part_remove(part);
    }
    return copy_begin(joining);
}

static int copy_rest(struct joining *joining)
{
    struct join_part *part = &joining->part;
    int code = 0;
    while (code == 0 && part->have < part->size) {
        const Comity__V1__CopyPiece *piece;
        struct wanted wanted = rest_of(part);
        show_fetching(joining);
        code = piece_fetch(joining, &wanted, &piece);
        if (code == ERR_NOT_FOUND)
            return joining_fail(
                joining, code,
                "The copy is not there any more: join again, and a new one is taken, from the start.");
        if (code == 0)
            code = file_failed(joining, join_part_append(part, piece));
        if (code == 0)
            code = joining_look(joining);
    }
    return code == 0 ? file_failed(joining, join_part_sync(part)) : code;
}

/* What is wrong with the bytes themselves is no better the next time. */
static bool is_lasting(int code)
{
    return code == ERR_MALFORMED || code == ERR_CORRUPT || code == ERR_SIGNATURE || code == ERR_RECEIPT ||
           code == ERR_CONFIG || code == ERR_NOT_FOUND || code == ERR_TEXT || code == ERR_BEHIND;
}

static int copy_take(struct joining *joining, struct join_totals *totals)
{
    struct join_part *part = &joining->part;
    struct store_entry entry;
    struct log_found found;
    int code = joining_read_place(joining, part->path, &entry);
    struct order_place place = code ? (struct order_place){.number = 0} : group_log_behind(&entry);
    if (code == 0 && !place_equal(&place, &part->place))
        code = joining_fail(joining, ERR_CORRUPT,
                            "The copy states another place in the log than was said before.");
    if (code == 0) /* over a slow line the log may have gone on too far */
        code = joining_find(joining, &place, &found);
    if (code == 0)
        code = joining_take(joining, part->path, &entry, &totals->taken);
    totals->size = part->size;
    if (code == 0 || is_lasting(code))
        join_part_remove(part);
    return code;
}

int joining_fetch(struct joining *joining, struct join_totals *totals)
{
    const struct worker_settings *settings = joining->options->settings;
    struct asker_options options = {
        .endpoint = joining->options->endpoint,
        .broker = joining->options->broker,
        .own = &settings->connection,
        .group_key = settings->group_key.public_key,
        .tick = show_again,
        .context = joining,
    };
    joining->part.descriptor = -1;
    joining->arena = arena_new(ARENA_BYTES);
    int code = joining->arena ? asker_new(&options, &joining->asker) : ERR_MEMORY;
    if (code)
        joining_fail(joining, code, "--broker: %s Give the front of a broker, as tcp://HOST:PORT.",
                     error_sentence(code));
    if (code == 0)
        code = copy_open(joining, totals);
    if (code == 0)
        code = copy_rest(joining);
    if (code == 0)
        code = copy_take(joining, totals);
    join_part_close(&joining->part);
    asker_destroy(&joining->asker);
    arena_destroy(&joining->arena);
    return code;
}
