#include "worker/restore_history.h"

#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

#include "core/error.h"
#include "core/machine/state.h"
#include "core/text.h"

/* Where the replay finds what was kept so far. */

static struct view place_view(void *self)
{
    struct restore_history *h = self;

    return store_view(h->txn, &h->history);
}

static struct tree_nodes place_nodes(void *self)
{
    struct restore_history *h = self;

    return store_nodes(h->txn, &h->history);
}

static int place_find_command(void *self, const uint8_t id[COMMAND_ID_SIZE])
{
    struct restore_history *h = self;
    struct store_command row;

    return store_command_get(h->txn, &h->history, id, &row);
}

static void place_tell(void *self, const struct replay_fault *fault)
{
    struct restore_history *h = self;
    char hex[2 * HISTORY_ID_SIZE + 1];
    /* In a stream the next event stands there too; in an entry there may be none. */
    bool is_next = fault->is_after && (!h->is_entry || fault->sequence == 0);

    hex_encode(BYTES(h->replay.history, HISTORY_ID_SIZE), hex);
    if (fault->check == REPLAY_STREAM)
        snprintf(h->reason, EXPORT_REASON_MAX, "The file is damaged: %s.", fault->sentence);
    else
        snprintf(h->reason, EXPORT_REASON_MAX, "History %s, event %" PRIu64 ": %s.", hex,
                 fault->sequence + is_next, fault->sentence);
}

/* What the store says. */
static int wrong(struct restore_history *h, int code, const char *what)
{
    char sentence[EXPORT_REASON_MAX / 2];

    if (code == 0)
        return 0;
    snprintf(sentence, sizeof(sentence), "%s%s", what, error_sentence(code));
    place_tell(
        h, &(struct replay_fault){
               .check = REPLAY_MACHINE, .code = code, .sequence = h->replay.head + 1, .sentence = sentence});
    return code;
}

static int refuse_at(struct restore_history *h, int code, uint64_t sequence, const char *sentence)
{
    place_tell(h, &(struct replay_fault){
                      .check = REPLAY_ORDER, .code = code, .sequence = sequence, .sentence = sentence});
    return code;
}

static void replay_prepare(struct restore_history *h)
{
    h->replay.words = words_in_english;
    h->replay.there = h->is_entry ? "after it" : "before it";
    h->replay.place = (struct replay_place){.self = h,
                                            .view = place_view,
                                            .nodes = place_nodes,
                                            .find_command = place_find_command,
                                            .tell = place_tell};
}

int restore_history_begin(struct restore_history *h, const Comity__V1__ExportHistory *begin)
{
    struct store_history found;
    int code;

    replay_prepare(h);
    code = replay_begin(&h->replay, begin);
    if (code != 0)
        return code;
    memcpy(h->history.id, h->replay.history, HISTORY_ID_SIZE);
    code = store_history_get(h->txn, h->history.id, &found);
    if (code == 0)
        return refuse_at(h, ERR_CORRUPT, 1, "the history is in the file twice");
    return code == ERR_HISTORY ? 0 : wrong(h, code, "");
}

/* The level of the last event, for no later one is of a lower. */
static int level_find(struct restore_history *h, uint32_t *ret_level)
{
    Comity__V1__EventRecord *record;
    struct event_header header;
    int code = store_event_get_bare(h->txn, &h->history, h->history.head, h->replay.arena, &record);

    if (code == 0)
        code = event_header_read(BYTES(record->header.data, record->header.len), &header);
    if (code == 0)
        *ret_level = header.level;
    return code;
}

int restore_history_resume(struct restore_history *h, const uint8_t id[HISTORY_ID_SIZE], uint64_t events)
{
    uint8_t log_key[KEY_SIZE];
    struct replay_head from = {.history = id, .log_key = log_key};
    struct store_history found = {.number = 0};
    int code = store_history_get(h->txn, id, &found);

    h->is_entry = true;
    replay_prepare(h);
    memcpy(h->replay.history, id, HISTORY_ID_SIZE);
    if (code == ERR_HISTORY && events > 0) {
        memcpy(h->history.id, id, HISTORY_ID_SIZE);
        return replay_resume(&h->replay, &from, events);
    }
    if (code != 0)
        return wrong(h, code, "");
    h->history = found;
    struct view view = place_view(h);
    code = wrong(h, state_log_key(&view, h->replay.arena, log_key), "");
    if (code == 0)
        code = wrong(h, level_find(h, &from.level), "");
    if (code != 0)
        return code;
    from.head = found.head;
    from.epoch = found.epoch;
    from.time_ms = found.time_ms;
    return replay_resume(&h->replay, &from, events);
}

void restore_history_release(struct restore_history *h)
{
    replay_release(&h->replay);
}

static int history_ready(struct restore_history *h, const struct replay_event *in)
{
    uint8_t id[HISTORY_ID_SIZE];

    if (h->history.number != 0)
        return in->header.epoch == h->history.epoch
                   ? 0
                   : store_history_set_epoch(h->txn, &h->history, in->header.epoch);
    memcpy(id, h->history.id, HISTORY_ID_SIZE);
    return store_history_create(h->txn, id, &h->history);
}

static int command_keep(struct restore_history *h, const struct replay_event *in)
{
    struct store_command row = {
        .sequence = in->header.sequence,
        .events = (uint32_t) h->replay.expected.count,
        .tree_size = in->event->receipt_size,
        .epoch = in->event->receipt_epoch,
    };

    return store_command_put(h->txn, &h->history, h->replay.command.id, &row);
}

static int texts_erase(struct restore_history *h, const Comity__V1__Event *open)
{
    bool was_there = false;
    int code = 0;

    if (open->kind_case != COMITY__V1__EVENT__KIND_TEXTS_PURGED)
        return 0;
    for (size_t i = 0; i < open->texts_purged->n_hashes && code == 0; i++)
        code = store_text_erase(h->txn, &h->history, open->texts_purged->hashes[i].data, &was_there);
    return code;
}

static int event_keep(struct restore_history *h, struct replay_event *in)
{
    int code = history_ready(h, in);

    if (code == 0)
        code = store_event_append(h->txn, &h->history, &in->header, in->parts, in->part_count);
    if (code == 0)
        code = texts_erase(h, in->machine.open);
    if (code == 0 && in->causes)
        code = command_keep(h, in);
    if (code == 0)
        code = replay_took(&h->replay, in);
    if (code == 0)
        code = store_error(h->txn);
    return wrong(h, code, "it cannot be kept: ");
}

int restore_history_event(struct restore_history *h, const Comity__V1__ExportEvent *event)
{
    struct replay_event in;
    int code = replay_event(&h->replay, event, &in);

    if (code == 0 && h->is_entry && in.open->kind_case == COMITY__V1__EVENT__KIND_EPOCH_OPENED)
        code = refuse_at(h, ERR_CORRUPT, h->replay.head + 1, "only a restore opens an epoch");
    return code == 0 ? event_keep(h, &in) : code;
}

int restore_history_checkpoint(struct restore_history *h, const Comity__V1__ExportCheckpoint *checkpoint)
{
    int code = replay_checkpoint(&h->replay, checkpoint);

    if (code == 0)
        code = wrong(h,
                     store_checkpoint_put(h->txn, &h->history, checkpoint->epoch, checkpoint->size,
                                          BYTES(checkpoint->note.data, checkpoint->note.len)),
                     "");
    return code;
}

int restore_history_refusal(struct restore_history *h, const Comity__V1__ExportRefusal *record)
{
    struct store_command row = {.valid_until_ms = record->valid_until_ms};
    int code = replay_refusal(&h->replay, record);

    if (code != 0)
        return code;
    row.refusal.code = record->refusal->code;
    row.refusal.latest = record->refusal->latest;
    row.refusal.limit = record->refusal->limit;
    snprintf(row.refusal.field, sizeof(row.refusal.field), "%s", record->refusal->field);
    return wrong(h, store_command_put(h->txn, &h->history, record->command_id.data, &row), "");
}

int restore_history_end(struct restore_history *h, const Comity__V1__ExportHistoryEnd *end)
{
    return replay_end(&h->replay, end);
}

int restore_history_pause(struct restore_history *h, struct bytes checkpoint)
{
    return replay_pause(&h->replay, checkpoint);
}

int restore_history_refuse(struct restore_history *h, int code, const char *sentence)
{
    return refuse_at(h, code, h->replay.head, sentence);
}

int restore_history_open_epoch(struct store_txn *txn, struct store_history *history, int64_t time_ms,
                               const struct signing_key *log_key, struct arena *arena)
{
    struct view view = store_view(txn, history);
    struct machine_context context = {
        .time_ms = time_ms > history->time_ms ? time_ms : history->time_ms,
        .next_sequence = history->head + 1,
        .log_key = log_key->public_key,
        .level = FORMAT_LEVEL,
    };
    struct machine_events events = {.count = 0};
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN,
                              .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL};
    struct event_header header = {.level = FORMAT_LEVEL};
    int code = machine_open_epoch(&view, &context, arena, &events);

    if (code == 0 && events.count != 1)
        code = ERR_INTERNAL;
    if (code == 0)
        code = message_pack(&events.list[0].open->base, arena, &part.content);
    if (code == 0)
        code = store_history_set_epoch(txn, history, events.list[0].open->epoch_opened->epoch->number);
    if (code != 0)
        return code;
    randombytes_buf(part.salt, sizeof(part.salt));
    event_part_hash(&part);
    memcpy(header.history, history->id, HISTORY_ID_SIZE);
    header.epoch = history->epoch;
    header.sequence = context.next_sequence;
    header.time_ms = context.time_ms;
    event_commitment(&part, 1, header.commitment);
    events.list[0].sequence = header.sequence;
    events.list[0].time_ms = header.time_ms;
    code = store_event_append(txn, history, &header, &part, 1);
    return code == 0 ? machine_apply(&view, &events.list[0], arena) : code;
}
