#include "core/replay/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/note.h"
#include "core/replay/replaying.h"

/* How much longer than by its own clock the worker that wrote a refusal may have kept it: clocks differ. */
#define CLOCKS_DIFFER_MS ((int64_t) 24 * 3600 * 1000)

static int tell(struct replay *r, struct replay_fault fault, const char *format, va_list arguments)
{
    vsnprintf(r->sentence, sizeof(r->sentence), r->words(format), arguments);
    fault.sentence = r->sentence;
    r->place.tell(r->place.self, &fault);
    return fault.code;
}

int replay_wrong(struct replay *r, enum replay_check check, int code, const char *format, ...)
{
    va_list arguments;

#ifdef COMITY_CONTROL_REPLAY_SKIPS /* a control of the tests lacks this check */
    if (check == COMITY_CONTROL_REPLAY_SKIPS)
        return 0;
#endif
    va_start(arguments, format);
    tell(r, (struct replay_fault){.check = check, .code = code, .sequence = r->head + 1}, format, arguments);
    va_end(arguments);
    return code;
}

int replay_wrong_after(struct replay *r, enum replay_check check, int code, const char *format, ...)
{
    struct replay_fault fault = {.check = check, .code = code, .sequence = r->head, .is_after = true};
    va_list arguments;

    va_start(arguments, format);
    tell(r, fault, format, arguments);
    va_end(arguments);
    return code;
}

bool replay_stops(const struct replay *r, int code)
{
    return code != 0 && (!r->goes_on || code == ERR_MEMORY);
}

static int sets_make(struct replay *r)
{
    r->texts = view_memory_new();
    r->hidden = view_memory_new();
    r->hidden_texts = view_memory_new();
    return r->texts != NULL && r->hidden != NULL && r->hidden_texts != NULL
               ? 0
               : replay_wrong_after(r, REPLAY_MACHINE, ERR_MEMORY, N_("not enough memory"));
}

int replay_begin(struct replay *r, const Comity__V1__ExportHistory *begin)
{
    bool is_announced = begin->head != 0 || !r->takes_withheld;

    if (begin->history.len != HISTORY_ID_SIZE || (is_announced && begin->head == 0))
        return replay_wrong_after(r, REPLAY_STREAM, ERR_MALFORMED,
                                  N_("it announces a history without an id or events"));
    memcpy(r->history, begin->history.data, HISTORY_ID_SIZE);
    r->announced_head = begin->head;
    r->announced_epoch = begin->epoch;
    return sets_make(r);
}

int replay_resume(struct replay *r, const struct replay_head *from, uint64_t events)
{
    memcpy(r->history, from->history, HISTORY_ID_SIZE);
    r->head = from->head;
    r->announced_head = from->head + events;
    if (from->head != 0) {
        r->epoch = from->epoch;
        r->time_ms = from->time_ms;
        r->level = from->level;
        memcpy(r->log_key, from->log_key, KEY_SIZE);
    }
    return sets_make(r);
}

void replay_release(struct replay *r)
{
    view_memory_destroy(&r->texts);
    view_memory_destroy(&r->hidden);
    view_memory_destroy(&r->hidden_texts);
}

bool replay_is_idle(const struct replay *r)
{
    return r->expected_next == r->expected.count;
}

/* What has to stand behind the last event before the next one. */
static int between_check(struct replay *r)
{
    if (r->receipt_size == 0 || r->receipt_size != r->head)
        return 0;
    if (r->goes_on)
        r->receipt_size = 0;
    return replay_wrong_after(r, REPLAY_CHECKPOINT, ERR_MALFORMED, N_("the checkpoint %s is missing"),
                              r->there);
}

int replay_event(struct replay *r, const Comity__V1__ExportEvent *event, struct replay_event *in)
{
    int first, code;

    *in = (struct replay_event){0};
    first = between_check(r);
    if (replay_stops(r, first))
        return first;
    code = replay_read(r, event, in);
    first = first != 0 ? first : code;
    if (replay_stops(r, code) || !in->is_read)
        return first;
    code = replay_decide(r, in);
    return first != 0 ? first : code;
}

/* Whoever stops at a fault hears of it here alone. */
static int apply(struct replay *r, const struct replay_event *in)
{
    struct view view = r->place.view(r->place.self);
    int code = machine_apply(&view, &in->machine, r->arena);

    if (code == 0 || !r->goes_on || code == ERR_MEMORY)
        return code;
    if (in->is_decided || in->is_undecided)
        replay_wrong(r, REPLAY_DECISION, code, N_("it does not fit what came before it (%s)"),
                     error_name(code));
    return 0;
}

int replay_took(struct replay *r, struct replay_event *in)
{
    const uint8_t *log_key = replay_log_key(r, in->open);
    int code;

    in->machine.sequence = in->header.sequence;
    in->machine.time_ms = in->header.time_ms;
    code = replay_texts_missing(r, in);
    if (code == 0)
        code = replay_texts_purged(r, in->machine.open);
    if (code == 0)
        code = apply(r, in);
    if (code != 0)
        return code;
    r->head = in->header.sequence;
    r->epoch = in->header.epoch;
    r->time_ms = in->header.time_ms;
    r->level = in->header.level;
    r->commands += in->causes;
    if (log_key != NULL)
        memmove(r->log_key, log_key, KEY_SIZE);
    r->expected_next += r->expected_next < r->expected.count;
    return 0;
}

/* Is it signed by the key on record, for this tree as it was built here? */
static int note_check(struct replay *r, struct bytes note)
{
    struct tree_nodes nodes = r->place.nodes(r->place.self);
    struct checkpoint checkpoint;
    char origin[ORIGIN_MAX_BYTES + 1];
    uint8_t root[HASH_SIZE];
    int code = checkpoint_open(note, r->log_key, &checkpoint);

    if (code != 0 || note.size > CHECKPOINT_MAX_BYTES)
        return replay_wrong_after(r, REPLAY_CHECKPOINT, code != 0 ? code : ERR_TOO_LARGE,
                                  N_("the checkpoint %s is not signed by the log key on record"), r->there);
    code = tree_root(&nodes, r->head, root);
    if (code == 0) {
        checkpoint_origin(r->history, r->epoch, origin);
        if (checkpoint.size == r->head && strcmp(checkpoint.origin, origin) == 0 &&
            memcmp(checkpoint.root, root, HASH_SIZE) == 0)
            return 0;
    }
    if (code != 0 && !r->goes_on)
        return replay_wrong_after(r, REPLAY_MACHINE, code, "%s", error_sentence(code));
    return replay_wrong_after(r, REPLAY_CHECKPOINT, ERR_RECEIPT,
                              N_("the checkpoint %s is of another tree than these events make"), r->there);
}

int replay_checkpoint(struct replay *r, const Comity__V1__ExportCheckpoint *checkpoint)
{
    int code = 0;

    if (r->receipt_size == 0 || r->receipt_size != r->head || checkpoint->size != r->head ||
        checkpoint->epoch != r->epoch)
        code = replay_wrong_after(r, REPLAY_CHECKPOINT, ERR_MALFORMED,
                                  N_("a checkpoint stands %s that no receipt needs"), r->there);
    if (replay_stops(r, code))
        return code;
    if (code == 0)
        code = note_check(r, replay_bytes(checkpoint->note));
    if (code == 0 || r->goes_on)
        r->receipt_size = 0;
    return code;
}

bool replay_keeps_refusal(int code)
{
    bool is_a_rules = (code < 0 && code > ERR_BUSY) || code == ERR_BEHIND;

    /* A number that is not in the table says UNKNOWN. */
    return is_a_rules && error_execution(code) == NOT_EXECUTED;
}

static int refusal_form(struct replay *r, const Comity__V1__ExportRefusal *record)
{
    if (record->command_id.len != COMMAND_ID_SIZE || record->refusal == NULL || record->valid_until_ms < 0 ||
        strlen(record->refusal->field) >= FIELD_PATH_MAX)
        return replay_wrong_after(r, REPLAY_REFUSAL, ERR_MALFORMED, N_("a refusal %s is malformed"),
                                  r->there);
    if (!replay_keeps_refusal(record->refusal->code))
        return replay_wrong_after(r, REPLAY_REFUSAL, ERR_MALFORMED,
                                  N_("a refusal %s has a code that is not kept (%s)"), r->there,
                                  error_name(record->refusal->code));
    return 0;
}

/* Only the id is known of the command: it cannot be decided again, nor can its signer be looked for on the
 * roll. */
int replay_refusal(struct replay *r, const Comity__V1__ExportRefusal *record)
{
    int64_t now_ms = r->now_ms > r->time_ms ? r->now_ms : r->time_ms;
    int code;

    if ((r->announced_head != 0 && r->head != r->announced_head) || !replay_is_idle(r) ||
        r->receipt_size != 0)
        return replay_wrong_after(r, REPLAY_REFUSAL, ERR_MALFORMED,
                                  N_("a refusal stands %s, among the events"), r->there);
    code = refusal_form(r, record);
    if (code != 0)
        return code;
    /* Not the newest event's time alone: a refusal is no event, and may have come long after it. */
    if (record->valid_until_ms - VALIDITY_MAX_MS - CLOCKS_DIFFER_MS > now_ms)
        return replay_wrong_after(r, REPLAY_REFUSAL, ERR_CORRUPT,
                                  N_("a refusal %s holds for longer than a command is valid, unless this "
                                     "machine's clock is behind"),
                                  r->there);
    code = r->place.find_command(r->place.self, record->command_id.data);
    if (code == 0)
        return replay_wrong_after(r, REPLAY_REFUSAL, ERR_CORRUPT,
                                  N_("a refusal %s is of a command that has its answer already"), r->there);
    return code == ERR_NOT_FOUND ? 0
                                 : replay_wrong_after(r, REPLAY_MACHINE, code, "%s", error_sentence(code));
}

/* Each of its own: whoever goes on hears of all of them. */
static int announced_check(struct replay *r, const Comity__V1__ExportHistoryEnd *end)
{
    uint64_t announced = r->announced_head != 0 ? r->announced_head : end->events;

    if (r->head != announced || end->events != r->head || r->head == 0)
        return replay_wrong_after(r, REPLAY_END, ERR_MALFORMED,
                                  N_("the history ends %s, of %" PRIu64 " announced events"), r->there,
                                  announced);
    return 0;
}

static int rest_check(struct replay *r)
{
    if (!replay_is_idle(r))
        return replay_wrong(r, REPLAY_DECISION, ERR_CORRUPT,
                            N_("the event before it was to cause a further one"));
    if (r->receipt_size != 0)
        return replay_wrong_after(r, REPLAY_CHECKPOINT, ERR_MALFORMED, N_("the checkpoint %s is missing"),
                                  r->there);
    if (r->missing != 0)
        return replay_wrong_after(r, REPLAY_END, ERR_TEXT, N_("texts are missing that nobody purged (%zu)"),
                                  r->missing);
    return 0;
}

static int epoch_check(struct replay *r)
{
    if (r->announced_head != 0 && r->epoch != r->announced_epoch)
        return replay_wrong_after(
            r, REPLAY_END, ERR_CORRUPT,
            N_("the history ends %s in epoch %" PRIu32 ", not in %" PRIu32 " as announced"), r->there,
            r->epoch, r->announced_epoch);
    return 0;
}

int replay_end(struct replay *r, const Comity__V1__ExportHistoryEnd *end)
{
    int first = announced_check(r, end), code;

    if (replay_stops(r, first))
        return first;
    code = rest_check(r);
    if (code == 0)
        code = epoch_check(r);
    first = first != 0 ? first : code;
    if (replay_stops(r, first))
        return first;
    code = r->head != 0 ? note_check(r, replay_bytes(end->checkpoint)) : 0;
    return first != 0 ? first : code;
}

int replay_pause(struct replay *r, struct bytes checkpoint)
{
    int code;

    if (r->receipt_size == r->head)
        r->receipt_size = 0;
    code = rest_check(r);
    return code == 0 ? note_check(r, checkpoint) : code;
}
