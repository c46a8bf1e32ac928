/* The record of an event: its form, its hashes, its place. */
#include <inttypes.h>

#include "core/replay/replaying.h"

static int part_withheld(struct replay *r, const Comity__V1__Part *part, struct replay_event *in, size_t i)
{
    bool is_text = part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT;

    if (part->is_purged && is_text && part->content.len == 0) {
        in->parts[i].is_erased = true;
        return 0;
    }
    if (!r->takes_withheld)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED,
                            N_("a part of it is withheld: only a whole export can be restored"));
    if (part->audience == COMITY__V1__AUDIENCE__AUDIENCE_ALL)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("a part of it is withheld that is for all"));
    return 0;
}

static int parts_take(struct replay *r, struct replay_event *in)
{
    const Comity__V1__EventRecord *record = in->record;
    int code = 0;

    in->part_count = record->n_parts;
    in->parts = arena_alloc(r->arena, (in->part_count + 1) * sizeof(*in->parts));
    if (in->parts == NULL)
        return replay_wrong(r, REPLAY_MACHINE, ERR_MEMORY, N_("not enough memory"));
    memset(in->parts, 0, (in->part_count + 1) * sizeof(*in->parts));
    for (size_t i = 0; i < in->part_count && code == 0; i++) {
        const Comity__V1__Part *part = record->parts[i];

        if (part->is_withheld)
            code = part_withheld(r, part, in, i);
        if (code == 0 &&
            ((part->salt.len != SALT_SIZE && !part->is_withheld) || part->hash.len != HASH_SIZE ||
             part->kind > UINT8_MAX || part->audience > UINT8_MAX))
            code = replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("a part of it is malformed"));
        if (code != 0)
            return code;
        in->parts[i].kind = (uint8_t) part->kind;
        in->parts[i].audience = (uint8_t) part->audience;
        in->parts[i].round = part->round;
        in->parts[i].content = replay_bytes(part->content);
        if (!part->is_withheld)
            memcpy(in->parts[i].salt, part->salt.data, SALT_SIZE);
        memcpy(in->parts[i].hash, part->hash.data, HASH_SIZE);
    }
    return 0;
}

static int header_check(struct replay *r, const struct replay_event *in)
{
    bool is_epoch = in->open->kind_case == COMITY__V1__EVENT__KIND_EPOCH_OPENED;
    uint32_t epoch = r->head == 0 ? 1 : r->epoch;

    /* Whether it is the number that has to come, the machine says. */
    if (is_epoch && r->head != 0 && in->open->epoch_opened->epoch != NULL)
        epoch = in->open->epoch_opened->epoch->number;
    if (in->header.epoch != epoch)
        return replay_wrong(r, REPLAY_ORDER, ERR_CORRUPT,
                            N_("it is of epoch %" PRIu32 " where %" PRIu32 " is due"), in->header.epoch,
                            epoch);
    if (is_epoch && r->receipt_size != 0)
        return replay_wrong(r, REPLAY_ORDER, ERR_CORRUPT,
                            N_("a new epoch begins before the receipts of the last one are proven"));
    if (in->header.time_ms < r->time_ms)
        return replay_wrong(r, REPLAY_ORDER, ERR_CORRUPT,
                            N_("its time lies before that of the event before it"));
    if (in->header.level < r->level)
        return replay_wrong(r, REPLAY_ORDER, ERR_CORRUPT,
                            N_("its format level is lower than that of the event before it"));
    return 0;
}

/* Can it stand behind the one before it at all? */
static int place_check(struct replay *r, const struct replay_event *in)
{
    uint64_t sequence = in->header.sequence;

    if (memcmp(in->header.history, r->history, HISTORY_ID_SIZE) != 0)
        return replay_wrong(r, REPLAY_ORDER, ERR_CORRUPT, N_("it belongs to another history"));
    if (sequence != r->head + 1 || (r->announced_head != 0 && sequence > r->announced_head))
        return replay_wrong(r, REPLAY_ORDER, ERR_CORRUPT,
                            N_("another event stands in its place (%" PRIu64 ")"), sequence);
    return 0;
}

/* By the order of the parts, which the record's check has settled. */
static int open_read(struct replay *r, struct replay_event *in)
{
    ProtobufCMessage *open;
    struct bytes content = in->parts[0].content;
    int code;

    if (in->parts[0].kind != COMITY__V1__PART_KIND__PART_KIND_OPEN || in->record->parts[0]->is_withheld)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("it has no open part"));
    code = message_unpack(&comity__v1__event__descriptor, content, content.size, r->arena, NULL, &open);
    if (code != 0)
        return replay_wrong(r, REPLAY_RECORD, code, N_("its open part cannot be read (%s)"),
                            error_name(code));
    in->open = (const Comity__V1__Event *) open;
    in->has_command = in->part_count > 1 && in->parts[1].kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND;
    return 0;
}

static int record_check(struct replay *r, struct replay_event *in)
{
    int code;

    if (in->record == NULL)
        return replay_wrong(r, REPLAY_RECORD, ERR_MALFORMED, N_("it has no record"));
    code = event_record_check(in->record, &in->header);
    if (code == ERR_VERSION)
        return replay_wrong(r, REPLAY_RECORD, code,
                            N_("it is of a format level that this program does not know: it knows %d"),
                            FORMAT_LEVEL);
    return code == 0 ? 0
                     : replay_wrong(r, REPLAY_RECORD, code, N_("it does not fit its commitment (%s)"),
                                    error_name(code));
}

/* Whoever goes on reads what there is, though it does not fit its hashes: what it causes is told by that. */
int replay_read(struct replay *r, const Comity__V1__ExportEvent *event, struct replay_event *in)
{
    int first, code;

    in->event = event;
    in->record = event->record;
    first = record_check(r, in);
    if (first != 0) {
        if (replay_stops(r, first) || in->record == NULL || in->record->n_parts == 0 ||
            in->record->n_parts > EVENT_PARTS_MAX ||
            event_header_read(replay_bytes(in->record->header), &in->header) != 0)
            return first;
    }
    code = parts_take(r, in);
    if (code == 0)
        code = open_read(r, in);
    first = first != 0 ? first : code;
    if (in->open == NULL)
        return first;
    code = place_check(r, in);
    first = first != 0 ? first : code;
    in->is_read = code == 0 || (r->goes_on && in->header.sequence > r->head &&
                                memcmp(in->header.history, r->history, HISTORY_ID_SIZE) == 0);
    if (replay_stops(r, first) || !in->is_read)
        return first;
    code = header_check(r, in);
    return first != 0 ? first : code;
}
