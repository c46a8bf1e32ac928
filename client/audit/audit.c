#include "client/audit/audit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/audit/auditing.h"
#include "core/daemon/export_stream.h"
#include "core/error.h"

enum { STREAM_FORMAT = 1, RECORD_LIMIT = 128 * 1024 * 1024 };

const char *audit_check_name(int check)
{
    static const char *const NAMES[] = {
        [REPLAY_STREAM] = "stream",
        [REPLAY_RECORD] = "record",
        [REPLAY_ORDER] = "order",
        [REPLAY_COMMAND] = "command",
        [REPLAY_SIGNATURE] = "signature",
        [REPLAY_RIGHT] = "right",
        [REPLAY_DECISION] = "decision",
        [REPLAY_RECEIPT] = "receipt",
        [REPLAY_CHECKPOINT] = "checkpoint",
        [REPLAY_REFUSAL] = "refusal",
        [REPLAY_END] = "end",
        [REPLAY_MACHINE] = "machine",
        [AUDIT_LOG_KEY] = "log_key",
        [AUDIT_KNOWN] = "known",
        [AUDIT_COSIGNATURE] = "cosignature",
        [AUDIT_COUNT] = "count",
    };

    return check >= 0 && (size_t) check < ARRAY_COUNT(NAMES) ? NAMES[check] : "?";
}

void audit_tell(struct auditing *a, int check, const uint8_t *history, uint64_t sequence, const char *format,
                ...)
{
    char sentence[256];
    struct audit_finding finding = {
        .check = check, .history = history, .sequence = sequence, .sentence = sentence};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), a->options->words(format), arguments);
    va_end(arguments);
    a->summary->findings++;
    a->options->finding(a->options->context, &finding);
}

/* What the file says of itself. */
static void header_keep(struct auditing *a, const Comity__V1__ExportHeader *header)
{
    struct audit_summary *summary = a->summary;
    size_t at = 0;

    for (const char *from = header->software; *from != '\0' && at + 1 < sizeof(summary->software); from++)
        summary->software[at++] = *from >= ' ' && *from <= '~' ? *from : '?';
    summary->made_ms = header->made_ms;
    summary->is_backup = header->log_key.len != 0 || header->group.len != 0;
    if (header->log_key.len == KEY_SIZE)
        memcpy(a->header_key, header->log_key.data, KEY_SIZE);
}

static int header_read(struct auditing *a, struct stream_source *source)
{
    Comity__V1__ExportRecord *record;
    int code = source_take(source, a->arena, &record);

    if (code == ERR_FILE || code == ERR_MEMORY)
        return code;
    if (code != 0 || record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_HEADER ||
        record->header->format != STREAM_FORMAT)
        return ERR_MALFORMED;
    header_keep(a, record->header);
    return 0;
}

/* Once through the file beforehand: which trees do cosignatures speak of? */
static int scan(struct auditing *a, struct stream_source *source)
{
    Comity__V1__ExportRecord *record;
    uint32_t ordinal = 0;
    int code = header_read(a, source);

    while (code == 0) {
        arena_reset(a->arena);
        if (source_take(source, a->arena, &record) != 0)
            break;
        ordinal += record->kind_case == COMITY__V1__EXPORT_RECORD__KIND_HISTORY;
        if (record->kind_case != COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END)
            continue;
        for (size_t i = 0; code == 0 && i < record->history_end->n_cosignatures; i++)
            code = audit_root_want(a, ordinal, record->history_end->cosignatures[i]->size);
    }
    return code;
}

/* Behind the last history of a worker's export. */
static void end_check(struct auditing *a, struct stream_source *source, const Comity__V1__ExportEnd *end)
{
    struct bytes digest = BYTES(end->digest.data, end->digest.len);

    if (end->histories != a->all_histories || end->events != a->all_events)
        audit_tell(a, REPLAY_STREAM, NULL, 0, N_("its end record counts other histories or events"));
    else if (!bytes_equal(digest, BYTES(source->digest_before, HASH_SIZE)))
        audit_tell(a, REPLAY_STREAM, NULL, 0, N_("it does not have the digest that it states"));
    else if (end->signature.len != SIGNATURE_SIZE ||
             signature_check(a->header_key, TAG_EXPORT, digest, end->signature.data) != 0)
        audit_tell(a, REPLAY_STREAM, NULL, 0, N_("it is not signed by its log key"));
    else if (source_at_end(source) != 0)
        audit_tell(a, REPLAY_STREAM, NULL, 0, N_("it goes on after its end record"));
    else
        a->summary->is_sealed = true;
}

/* A worker signs its export with the key that each of its histories has on record. */
static void header_key_check(struct auditing *a)
{
    if (a->is_wanted && a->summary->is_backup && memcmp(a->header_key, a->replay.log_key, KEY_SIZE) != 0)
        audit_tell(a, REPLAY_STREAM, a->history.history, 0,
                   N_("the file is signed with another log key than its history has on record"));
}

static int history_end(struct auditing *a, const Comity__V1__ExportHistoryEnd *end)
{
    bool is_in = a->is_in_history;
    int code = audit_history_end(a, end);

    if (code == 0 && is_in)
        header_key_check(a);
    return code;
}

static int record_take(struct auditing *a, struct stream_source *source,
                       const Comity__V1__ExportRecord *record, bool *ret_is_over)
{
    switch (record->kind_case) {
    case COMITY__V1__EXPORT_RECORD__KIND_HISTORY:
        return audit_history_begin(a, record->history);
    case COMITY__V1__EXPORT_RECORD__KIND_EVENT:
        a->all_events++;
        return audit_history_event(a, record->event);
    case COMITY__V1__EXPORT_RECORD__KIND_CHECKPOINT:
        return audit_history_checkpoint(a, record->checkpoint);
    case COMITY__V1__EXPORT_RECORD__KIND_REFUSAL:
        return audit_history_refusal(a, record->refusal);
    case COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END:
        return history_end(a, record->history_end);
    case COMITY__V1__EXPORT_RECORD__KIND_MOVE: /* of histories that are not in it, or go on as they are */
        return a->is_in_history || a->all_histories > 0 ? ERR_MALFORMED : 0;
    case COMITY__V1__EXPORT_RECORD__KIND_END:
        if (a->is_in_history || !a->summary->is_backup)
            return ERR_MALFORMED;
        end_check(a, source, record->end);
        *ret_is_over = true;
        return 0;
    default:
        return ERR_MALFORMED;
    }
}

/* @code: why reading stopped; ERR_NOT_FOUND: the file has ended. */
static int stop(struct auditing *a, const struct stream_source *source, int code, bool is_over)
{
    bool has_ended = code == ERR_NOT_FOUND && !a->is_in_history && a->all_histories > 0;

    if (code == ERR_FILE || code == ERR_MEMORY)
        return code;
    a->summary->is_whole = is_over || (has_ended && !a->summary->is_backup);
    if (!is_over && code != ERR_NOT_FOUND && !source->is_cut)
        audit_tell(a, REPLAY_STREAM, NULL, a->is_in_history ? a->replay.head + 1 : 0,
                   N_("what stands there cannot be read, or is not in order: byte %" PRIu64), source->bytes);
    code = audit_history_break(a);
    if (code == 0 && a->summary->is_whole)
        audit_known_rest(a);
    return code;
}

static int walk(struct auditing *a, struct stream_source *source)
{
    Comity__V1__ExportRecord *record;
    bool is_over = false;
    int code = header_read(a, source);

    if (code != 0)
        return code;
    while (code == 0 && !is_over) {
        if (!a->is_in_history || replay_is_idle(&a->replay))
            arena_reset(a->arena);
        code = source_take(source, a->arena, &record);
        if (code == 0)
            code = record_take(a, source, record, &is_over);
        if (code == 0 && a->options->progress != NULL)
            a->options->progress(a->options->context, a->summary->events, source->bytes);
    }
    return stop(a, source, code, is_over);
}

/* What the recount tells of the file itself the replay has told better. */
static void ignore_fault(void *context, uint64_t sequence, const char *sentence)
{
    (void) context;
    (void) sequence;
    (void) sentence;
}

static void take_count(void *context, const struct recounted *recounted)
{
    struct auditing *a = context;

    if (recounted->verdict == RECOUNT_DIFFERS)
        audit_tell(a, AUDIT_COUNT, recounted->history, recounted->sequence,
                   N_("counted anew, round %" PRIu32 " comes to something else than the record says"),
                   recounted->round->number);
    a->options->count(a->options->context, recounted);
}

static int count(struct auditing *a, int descriptor)
{
    struct recount_options options = {.history = a->options->history,
                                      .words = a->options->words,
                                      .count = take_count,
                                      .fault = ignore_fault,
                                      .context = a};
    struct recount_summary summary;
    int code = recount_read(&options, descriptor, &summary);

    memcpy(a->summary->counts, summary.counts, sizeof(summary.counts));
    return code;
}

static int rewound(int descriptor, struct stream_source *source)
{
    if (lseek(descriptor, 0, SEEK_SET) != 0)
        return ERR_FILE;
    if (source != NULL)
        source_init(source, descriptor);
    return 0;
}

static int passes(struct auditing *a, int descriptor)
{
    struct stream_source *source = malloc(sizeof(*source));
    int code = source != NULL && a->arena != NULL && a->kept != NULL && a->roots != NULL && a->came != NULL ? 0 : ERR_MEMORY;

    if (code == 0)
        code = audit_known_take(a);
    if (code == 0)
        code = rewound(descriptor, source);
    if (code == 0)
        code = scan(a, source);
    if (code == 0)
        code = rewound(descriptor, source);
    if (code == 0)
        code = walk(a, source);
    if (code == 0)
        code = rewound(descriptor, NULL);
    if (code == 0)
        code = count(a, descriptor);
    free(source);
    return code;
}

int audit_read(const struct audit_options *options, int descriptor, struct audit_summary *ret_summary)
{
    struct auditing *a = calloc(1, sizeof(*a));
    int code;

    *ret_summary = (struct audit_summary){0};
    if (a == NULL)
        return ERR_MEMORY;
    a->options = options;
    a->summary = ret_summary;
    a->arena = arena_new(RECORD_LIMIT);
    a->kept = arena_new(RECORD_LIMIT);
    a->roots = view_memory_new();
    a->came = view_memory_new();
    code = passes(a, descriptor);
    audit_history_drop(a);
    view_memory_destroy(&a->came);
    view_memory_destroy(&a->roots);
    arena_destroy(&a->kept);
    arena_destroy(&a->arena);
    free(a);
    return code;
}
