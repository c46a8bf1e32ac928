/* One history of the stream, replayed over a view in memory. */
#include <inttypes.h>
#include <stdlib.h>

#include "client/audit/auditing.h"
#include "core/error.h"
#include "core/machine/state.h"

/* The replay's place. */

static struct view place_view(void *self)
{
    struct auditing *a = self;

    return view_memory_view(a->state);
}

static struct tree_nodes place_nodes(void *self)
{
    struct auditing *a = self;

    return tree_edge_nodes(&a->edge);
}

static int place_find_command(void *self, const uint8_t id[COMMAND_ID_SIZE])
{
    struct auditing *a = self;
    struct view ids = view_memory_view(a->ids);
    struct bytes value;

    return view_get(&ids, BYTES(id, COMMAND_ID_SIZE), &value);
}

static void place_tell(void *self, const struct replay_fault *fault)
{
    struct auditing *a = self;
    struct audit_finding finding = {.check = (int) fault->check,
                                    .history = a->replay.history,
                                    .sequence = fault->sequence,
                                    .is_after = fault->is_after,
                                    .sentence = fault->sentence};

    if (fault->check == REPLAY_MACHINE)
        return;
    a->summary->findings++;
    a->options->finding(a->options->context, &finding);
}

static int keep_id(struct auditing *a, const uint8_t *id)
{
    struct view ids = view_memory_view(a->ids);

    return view_put(&ids, BYTES(id, COMMAND_ID_SIZE), BYTES(NULL, 0));
}

void audit_history_drop(struct auditing *a)
{
    replay_release(&a->replay);
    view_memory_destroy(&a->state);
    view_memory_destroy(&a->ids);
    a->is_in_history = false;
}

static void replay_make(struct auditing *a)
{
    a->replay = (struct replay){
        .place = {.self = a,
                  .view = place_view,
                  .nodes = place_nodes,
                  .find_command = place_find_command,
                  .tell = place_tell},
        .arena = a->arena,
        .words = a->options->words,
        .there = a->options->words(N_("after it")),
        .now_ms = a->options->now_ms,
        .takes_withheld = !a->summary->is_backup,
        .goes_on = true,
    };
}

/* What is said of a history is said by its id: of two of one id, one would pass for the other. */
static int come_once(struct auditing *a, const Comity__V1__ExportHistory *begin)
{
    struct view came = view_memory_view(a->came);
    struct bytes id = BYTES(begin->history.data, begin->history.len), value;

    if (id.size != HISTORY_ID_SIZE)
        return 0; /* the replay tells it */
    int code = view_get(&came, id, &value);
    return code == 0 ? ERR_MALFORMED : code == ERR_NOT_FOUND ? view_put(&came, id, BYTES(NULL, 0)) : code;
}

int audit_history_begin(struct auditing *a, const Comity__V1__ExportHistory *begin)
{
    const uint8_t *wanted = a->options->history;
    int code = a->is_in_history ? ERR_MALFORMED : come_once(a, begin);

    if (code != 0)
        return code;
    a->is_in_history = true;
    a->all_histories++;
    a->ordinal = a->all_histories;
    a->is_wanted = wanted == NULL || (begin->history.len == HISTORY_ID_SIZE &&
                                      memcmp(begin->history.data, wanted, HISTORY_ID_SIZE) == 0);
    if (!a->is_wanted)
        return 0;
    a->summary->histories++;
    a->state = view_memory_new();
    a->ids = view_memory_new();
    memset(&a->edge, 0, sizeof(a->edge));
    a->leaves = 0;
    replay_make(a);
    code = replay_begin(&a->replay, begin);
    if (code == ERR_MEMORY || a->state == NULL || a->ids == NULL)
        return ERR_MEMORY;
    a->history = (struct audit_history){0};
    memcpy(a->history.history, a->replay.history, HISTORY_ID_SIZE);
    return code != 0 ? code : audit_known_begin(a);
}

/* Whatever an event is, it is a leaf of the tree: the checkpoint then says whether it belongs there. */
static int leaf_append(struct auditing *a, const struct replay_event *in)
{
    struct tree_nodes nodes = tree_edge_nodes(&a->edge);
    struct bytes header = BYTES(in->record->header.data, in->record->header.len);
    uint8_t leaf[HASH_SIZE];
    int code;

    tree_leaf_hash(header, leaf);
    code = tree_append(&nodes, a->leaves, leaf);
    if (code != 0)
        return code;
    a->leaves++;
    audit_known_leaf(a, header);
    return audit_root_grow(a);
}

static void count_parts(struct auditing *a, const struct replay_event *in)
{
    struct audit_history *history = &a->history;
    bool is_erased = false, is_withheld = false, is_hidden = false;

    for (size_t i = 0; i < in->part_count; i++) {
        bool is_gone = in->record->parts[i]->is_withheld;
        is_erased = is_erased || in->parts[i].is_erased;
        is_hidden = is_hidden || (is_gone && in->parts[i].kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND);
        is_withheld = is_withheld || (is_gone && !in->parts[i].is_erased);
    }
    if (is_erased)
        audit_number(&history->erased, in->header.sequence);
    if (is_hidden)
        audit_number(&history->withheld, in->header.sequence);
    else if (is_withheld)
        audit_number(&history->texts_withheld, in->header.sequence);
    if (in->is_undecided && !is_hidden)
        audit_number(&history->undecided, in->header.sequence);
    is_hidden = is_hidden || is_withheld || in->is_undecided;
    a->summary->unverified += is_erased || is_hidden;
    a->summary->only_erased += is_erased && !is_hidden;
}

static void count_event(struct auditing *a, const struct replay_event *in)
{
    struct audit_history *history = &a->history;

    if (history->events == 0)
        history->first_ms = in->header.time_ms;
    history->last_ms = in->header.time_ms;
    history->events++;
    history->decided += in->is_decided;
    history->commands += in->is_decided && in->causes;
    count_parts(a, in);
}

static int ids_keep(struct auditing *a, const struct replay_event *in)
{
    const Comity__V1__Event *open = in->open;

    if (in->causes)
        return keep_id(a, a->replay.command.id);
    if (in->has_command && open->command_id.len == COMMAND_ID_SIZE)
        return keep_id(a, open->command_id.data);
    return 0;
}

int audit_history_event(struct auditing *a, const Comity__V1__ExportEvent *event)
{
    struct replay_event in;
    int code;

    if (!a->is_in_history)
        return ERR_MALFORMED;
    if (!a->is_wanted)
        return 0;
    a->summary->events++;
    if (replay_event(&a->replay, event, &in) == ERR_MEMORY)
        return ERR_MEMORY;
    if (!in.is_read)
        return 0;
    count_event(a, &in);
    code = leaf_append(a, &in);
    if (code == 0)
        code = ids_keep(a, &in);
    return code == 0 ? replay_took(&a->replay, &in) : code;
}

int audit_history_checkpoint(struct auditing *a, const Comity__V1__ExportCheckpoint *checkpoint)
{
    int code;

    if (!a->is_in_history)
        return ERR_MALFORMED;
    code = a->is_wanted ? replay_checkpoint(&a->replay, checkpoint) : 0;
    a->history.checkpoints += a->is_wanted && code == 0;
    return code == ERR_MEMORY ? code : 0;
}

int audit_history_refusal(struct auditing *a, const Comity__V1__ExportRefusal *refusal)
{
    int code;

    if (!a->is_in_history)
        return ERR_MALFORMED;
    if (!a->is_wanted)
        return 0;
    code = replay_refusal(&a->replay, refusal);
    if (code == 0)
        code = keep_id(a, refusal->command_id.data);
    return code == ERR_MEMORY ? code : 0;
}

ProtobufCMessage *audit_row(struct auditing *a, enum table table, uint32_t number)
{
    struct view view = view_memory_view(a->state);
    ProtobufCMessage *row = NULL;

    return state_get(&view, a->arena, table, number, 0, &row) == 0 ? row : NULL;
}

/* All rows of a table, for the report: number n at n - 1. */
static int rows_take(struct auditing *a, enum table table, void *ret_list, size_t *ret_count)
{
    ProtobufCMessage **list = NULL, *row;
    size_t count = 0, room = 0;

    while ((row = audit_row(a, table, (uint32_t) count + 1)) != NULL) {
        if (count == room)
            list = arena_room(a->arena, list, count, &room, sizeof(*list));
        if (list == NULL)
            return ERR_MEMORY;
        list[count++] = row;
    }
    memcpy(ret_list, &list, sizeof(list));
    *ret_count = count;
    return arena_is_exhausted(a->arena) ? ERR_MEMORY : 0;
}

/* @end: NULL where the file broke off. */
static int history_tell(struct auditing *a, const Comity__V1__ExportHistoryEnd *end)
{
    struct audit_history *history = &a->history;
    struct tree_nodes nodes = tree_edge_nodes(&a->edge);
    int code = rows_take(a, TABLE_CONSTITUENCY, &history->constituencies, &history->constituency_count);

    if (code == 0)
        code = rows_take(a, TABLE_DECISION, &history->decisions, &history->decision_count);
    if (code == 0)
        code = rows_take(a, TABLE_ROUND, &history->rounds, &history->round_count);
    history->partnership = (const Comity__V1__Partnership *) audit_row(a, TABLE_PARTNERSHIP, 0);
    history->head = a->replay.head;
    history->epoch = a->replay.epoch;
    history->signatures = a->replay.signatures;
    tree_root(&nodes, a->leaves, history->root);
    audit_log_keys(a);
    if (code == 0)
        code = audit_known_end(a);
    if (code == 0)
        code = audit_cosigned(a, end);
    if (code == 0)
        a->options->history_end(a->options->context, history);
    audit_history_drop(a);
    return code;
}

int audit_history_end(struct auditing *a, const Comity__V1__ExportHistoryEnd *end)
{
    int code;

    if (!a->is_in_history)
        return ERR_MALFORMED;
    if (!a->is_wanted) {
        a->is_in_history = false;
        return 0;
    }
    code = replay_end(&a->replay, end);
    if (code == ERR_MEMORY)
        return code;
    a->history.is_whole = true;
    a->history.is_signed = code == 0;
    return history_tell(a, end);
}

int audit_history_break(struct auditing *a)
{
    if (a->is_in_history && a->is_wanted)
        return history_tell(a, NULL);
    a->is_in_history = false;
    return 0;
}
