#include "client/rules/recount.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "client/rules/recounting.h"
#include "core/daemon/export_stream.h"
#include "core/error.h"
#include "core/machine/machine.h"
#include "core/note.h"

enum { STREAM_FORMAT = 1, RECORD_LIMIT = 64 * 1024 * 1024 };

static const char *sentence_of(const struct recounting *r, const char *format, va_list arguments)
{
    const char *sentence = arena_vprintf(r->arena, r->options->words(format), arguments);

    return sentence ? sentence : "?";
}

void recounting_fault(const struct recounting *r, uint64_t sequence, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    r->summary->faults++;
    r->options->fault(r->options->context, sequence, sentence_of(r, format, arguments));
    va_end(arguments);
}

void recounting_note(const struct recounting *r, struct recount_notes *notes, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (notes->count < RECOUNT_NOTES_MAX)
        notes->list[notes->count] = sentence_of(r, format, arguments);
    va_end(arguments);
    notes->count++;
}

static void history_drop(struct recounting *r)
{
    view_memory_destroy(&r->memory);
    view_memory_destroy(&r->aside);
    r->is_in_history = false;
}

static int history_begin(struct recounting *r, const Comity__V1__ExportHistory *history)
{
    if (r->is_in_history || history->history.len != HISTORY_ID_SIZE)
        return ERR_MALFORMED;
    memcpy(r->history, history->history.data, HISTORY_ID_SIZE);
    r->memory = view_memory_new();
    r->aside = view_memory_new();
    if (!r->memory || !r->aside)
        return ERR_MEMORY;
    r->view = view_memory_view(r->memory);
    r->notes = view_memory_view(r->aside);
    memset(&r->edge, 0, sizeof(r->edge));
    r->leaves = r->last = 0;
    r->last_outcome = (struct recount_last){0};
    r->epoch = 0;
    r->is_in_history = r->has_history = true;
    r->is_wanted = !r->options->history || memcmp(r->options->history, r->history, HISTORY_ID_SIZE) == 0;
    r->summary->histories += r->is_wanted;
    return 0;
}

/* A ballot that is not shown cannot be taken up: what is about it says so. */
static bool is_hidden_ballot(const struct incoming *in)
{
    return in->is_withheld && (in->open->kind_case == COMITY__V1__EVENT__KIND_BALLOT_CAST ||
                               in->open->kind_case == COMITY__V1__EVENT__KIND_BALLOTS_ENTERED ||
                               in->open->kind_case == COMITY__V1__EVENT__KIND_BALLOT_DISPUTED ||
                               in->open->kind_case == COMITY__V1__EVENT__KIND_BALLOT_CONFIRMED);
}

/* The end of a stage comes right after what ends it. */
static void note_outcome(struct recounting *r, const Comity__V1__Event *open)
{
    ProtobufCMessage *row = NULL;

    r->last_outcome = (struct recount_last){0};
    if (open->kind_case == COMITY__V1__EVENT__KIND_ANSWER_ENTERED)
        r->last_outcome = (struct recount_last){open->answer_entered->stage, open->answer_entered->outcome};
    else if (open->kind_case == COMITY__V1__EVENT__KIND_ROUND_CLOSED && open->round_closed->outcome &&
             open->round_closed->cause != COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED &&
             state_get(&r->view, r->arena, TABLE_ROUND, open->round_closed->round, 0, &row) == 0)
        r->last_outcome = (struct recount_last){((const Comity__V1__Round *) row)->stage,
                                                open->round_closed->outcome->kind};
}

/* After the event was applied: the round's row has it. */
static void tell_declared(struct recounting *r, const struct incoming *in)
{
    ProtobufCMessage *row = NULL;

    if (!r->options->declared || in->open->kind_case != COMITY__V1__EVENT__KIND_OUTCOME_DECLARED)
        return;
    uint32_t number = in->open->outcome_declared->round;
    bool is_asked = r->options->round == 0 || r->options->round == number;
    if (is_asked && state_get(&r->view, r->arena, TABLE_ROUND, number, 0, &row) == 0 && ((const Comity__V1__Round *) row)->declaration)
        r->options->declared(r->options->context, r->history, in->header.sequence, (const Comity__V1__Round *) row);
}

static int event_apply(struct recounting *r, const struct incoming *in)
{
    struct machine_event event = {.open = (Comity__V1__Event *) in->open,
                                  .command = in->command,
                                  .sequence = in->header.sequence,
                                  .time_ms = in->header.time_ms};
    int code;

    if (!event_name(in->open)) {
        recounting_fault(r, in->header.sequence, N_("it is of a kind that this software does not know"));
        return 0;
    }
    code = recount_event(r, in);
    note_outcome(r, in->open);
    if (code == 0)
        code = aside_ballots(r, in);
    if (code != 0)
        return code;
    code = machine_apply(&r->view, &event, r->arena);
    if (code == ERR_MEMORY)
        return code;
    if (code != 0 && !is_hidden_ballot(in))
        recounting_fault(r, in->header.sequence, N_("it does not fit what came before it (%s)"),
                         error_name(code));
    tell_declared(r, in);
    return 0;
}

static int event_take(struct recounting *r, const Comity__V1__ExportEvent *event)
{
    struct incoming in;
    int code;

    if (!r->is_in_history)
        return ERR_MALFORMED;
    if (!r->is_wanted)
        return 0;
    r->summary->events++;
    code = incoming_take(r, event->record, &in);
    if (code == ERR_MALFORMED)
        return 0;
    return code == 0 ? event_apply(r, &in) : code;
}

/* Is the checkpoint of this record, and by the key that the record itself names? */
static int checkpoint_check(struct recounting *r, struct bytes note)
{
    struct tree_nodes nodes = tree_edge_nodes(&r->edge);
    char origin[ORIGIN_MAX_BYTES + 1];
    uint8_t key[KEY_SIZE], root[HASH_SIZE];
    struct checkpoint checkpoint;

    if (state_log_key(&r->view, r->arena, key) != 0 || checkpoint_open(note, key, &checkpoint) != 0) {
        recounting_fault(r, 0, N_("its checkpoint is not signed by the worker's key that it has on record"));
        return ERR_RECEIPT;
    }
    checkpoint_origin(r->history, r->epoch, origin);
    if (tree_root(&nodes, r->leaves, root) != 0 || checkpoint.size != r->leaves ||
        strcmp(checkpoint.origin, origin) != 0 || memcmp(checkpoint.root, root, HASH_SIZE) != 0) {
        recounting_fault(r, 0, N_("its checkpoint was signed over another record than this one"));
        return ERR_RECEIPT;
    }
    return 0;
}

static int history_end(struct recounting *r, const Comity__V1__ExportHistoryEnd *end)
{
    if (!r->is_in_history)
        return ERR_MALFORMED;
    if (r->is_wanted &&
        (r->last == 0 || checkpoint_check(r, BYTES(end->checkpoint.data, end->checkpoint.len)) != 0))
        r->summary->is_signed = false;
    history_drop(r);
    return 0;
}

static int record_take(struct recounting *r, const Comity__V1__ExportRecord *record)
{
    switch (record->kind_case) {
    case COMITY__V1__EXPORT_RECORD__KIND_HISTORY:
        return history_begin(r, record->history);
    case COMITY__V1__EXPORT_RECORD__KIND_EVENT:
        return event_take(r, record->event);
    case COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END:
        return history_end(r, record->history_end);
    case COMITY__V1__EXPORT_RECORD__KIND_CHECKPOINT:
    case COMITY__V1__EXPORT_RECORD__KIND_REFUSAL:
    case COMITY__V1__EXPORT_RECORD__KIND_END:
    case COMITY__V1__EXPORT_RECORD__KIND_MOVE:
        return 0;
    default:
        return ERR_MALFORMED;
    }
}

/* The first record is a header that we know. */
static int header_read(struct recounting *r, struct stream_source *source)
{
    Comity__V1__ExportRecord *record;
    int code = source_take(source, r->arena, &record);

    if (code == ERR_FILE || code == ERR_MEMORY)
        return code;
    return code == 0 && record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_HEADER &&
                   record->header->format == STREAM_FORMAT
               ? 0
               : ERR_MALFORMED;
}

static int records_read(struct recounting *r, struct stream_source *source)
{
    Comity__V1__ExportRecord *record;
    int code = header_read(r, source);

    if (code != 0)
        return code;
    while (code == 0) {
        arena_reset(r->arena);
        code = source_take(source, r->arena, &record);
        if (code == 0)
            code = record_take(r, record);
        if (code == 0 && r->options->progress)
            r->options->progress(r->options->context, r->summary->events, source->bytes);
    }
    if (code == ERR_FILE || code == ERR_MEMORY)
        return code;
    r->summary->is_whole = code == ERR_NOT_FOUND && !r->is_in_history && r->has_history;
    if (!r->summary->is_whole)
        recounting_fault(r, 0,
                         code == ERR_NOT_FOUND || source->is_cut ? N_("it ends too early, after number %" PRIu64)
                                               : N_("it cannot be read after number %" PRIu64),
                         r->last);
    return 0;
}

int recount_read(const struct recount_options *options, int descriptor, struct recount_summary *ret_summary)
{
    struct stream_source *source = malloc(sizeof(*source));
    struct recounting r = {.options = options, .summary = ret_summary, .arena = arena_new(RECORD_LIMIT)};
    int code = source && r.arena ? 0 : ERR_MEMORY;

    *ret_summary = (struct recount_summary){.is_signed = true};
    if (code == 0) {
        source_init(source, descriptor);
        code = records_read(&r, source);
    }
    ret_summary->is_signed = ret_summary->is_signed && ret_summary->is_whole;
    history_drop(&r);
    arena_destroy(&r.arena);
    free(source);
    return code;
}
