#include "worker/move.h"

#include "core/error.h"
#include "core/note.h"
#include "worker/receipt.h"

/* Where the step is taken. */
enum side { SIDE_OLD, SIDE_NEW };

/* A step with what is on record of its history. */
struct taking {
    struct move_site *site;
    const Comity__V1__MoveStep *step;
    Comity__V1__MoveNote *note;
    enum side side;
    bool has_row;
    struct store_move row;
    Comity__V1__SignedMove *row_signed; /* with has_row */
    Comity__V1__MoveNote *row_note;
    Comity__V1__SignedMove *went_signed; /* by which it went from here and is elsewhere; NULL: it never did */
    Comity__V1__MoveNote *went_note;
    bool has_history;
    struct store_history history;
    struct move_outcome *outcome;
};

static int own_group(struct move_site *site, uint8_t ret_group[GROUP_ID_SIZE])
{
    struct bytes group;
    int code = store_meta_get(site->txn, "group", site->arena, &group);

    if (code == 0 && group.size != GROUP_ID_SIZE)
        code = ERR_CORRUPT;
    if (code == 0)
        memcpy(ret_group, group.data, GROUP_ID_SIZE);
    return code;
}

static int row_open(struct bytes row, const uint8_t *log_key, struct arena *arena, Comity__V1__SignedMove **ret_signed,
                    Comity__V1__MoveNote **ret_note)
{
    ProtobufCMessage *message;
    int code = message_unpack_trusted(&comity__v1__signed_move__descriptor, row, arena, &message);

    if (code == 0 && ret_signed != NULL)
        *ret_signed = (Comity__V1__SignedMove *) message;
    return code == 0 && ret_note != NULL ? move_open((Comity__V1__SignedMove *) message, log_key, arena, ret_note) : code;
}

/* What the store has of it. */
static int record_find(struct taking *taking)
{
    struct move_site *site = taking->site;
    const uint8_t *id = taking->note->history.data;
    int code = store_move_get(site->txn, id, site->arena, &taking->row);

    taking->has_row = code == 0;
    if (code == 0)
        code = row_open(taking->row.note, site->log_key->public_key, site->arena, &taking->row_signed,
                        &taking->row_note);
    if (code == 0 && store_move_went(&taking->row).size > 0)
        code = row_open(store_move_went(&taking->row), site->log_key->public_key, site->arena, &taking->went_signed,
                        &taking->went_note);
    if (code != 0 && code != ERR_NOT_FOUND)
        return code;
    code = store_history_get(site->txn, id, &taking->history);
    taking->has_history = code == 0;
    return code == ERR_HISTORY ? 0 : code;
}

static int side_find(struct taking *taking)
{
    uint8_t own[GROUP_ID_SIZE], to[GROUP_ID_SIZE];
    int code = own_group(taking->site, own);

    if (code != 0)
        return code;
    group_id(taking->note->to.data, to);
    bool is_new = memcmp(own, to, GROUP_ID_SIZE) == 0;
    bool is_old = memcmp(own, taking->note->from.data, GROUP_ID_SIZE) == 0;
    taking->side = is_new ? SIDE_NEW : SIDE_OLD;
    return is_new == is_old ? ERR_RANGE : 0;
}

/* Is the row of this very move? */
static bool is_own_row(const struct taking *taking, enum store_move_kind kind)
{
    return taking->has_row && taking->row.kind == kind && move_is_same(taking->row_note, taking->note);
}

/* Whoever has not followed yet is to learn where it went, until it is here again. */
static struct bytes went_before(const struct taking *taking)
{
#ifdef COMITY_CONTROL_FORGETS_WHERE_IT_WENT
    (void) taking;
    return (struct bytes){0};
#else
    return store_move_went(&taking->row);
#endif
}

/* Keep the note under this stage, and say it. */
static int row_put(struct taking *taking, enum store_move_kind kind, Comity__V1__MoveStage stage)
{
    struct move_site *site = taking->site;
    struct store_move row = {.kind = kind};
    int code = move_sign(taking->note, stage, site->log_key, site->arena, &taking->outcome->note);

    if (code == 0)
        code = message_pack(&taking->outcome->note->base, site->arena, &row.note);
    if (code != 0)
        return code;
    if (kind == STORE_GIVEN_UP)
        row.went = went_before(taking);
    taking->outcome->is_changed = true;
    return store_move_put(site->txn, taking->note->history.data, &row);
}

static int say(struct taking *taking, Comity__V1__MoveStage stage)
{
    return move_sign(taking->note, stage, taking->site->log_key, taking->site->arena, &taking->outcome->note);
}

/* ---- The old group ---- */

static int at_head(struct taking *taking, const struct store_history *history)
{
    const Comity__V1__MoveNote *note = taking->note;
    char head[CHECKPOINT_MAX_BYTES];
    size_t size;
    int code = checkpoint_make(taking->site->txn, history, history->epoch, history->head, taking->site->log_key, head, &size);

    if (code != 0)
        return code;
    return bytes_equal(BYTES(note->checkpoint.data, note->checkpoint.len), BYTES(head, size)) ? 0 : ERR_RECEIPT;
}

static void rests(struct taking *taking, bool is_at_rest)
{
    taking->outcome->history = taking->history;
    taking->outcome->is_at_rest = is_at_rest;
}

static int old_freeze(struct taking *taking)
{
    if (is_own_row(taking, STORE_FROZEN))
        return say(taking, COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN);
    /* What it did not take itself, or gave up to take, is no hindrance. */
    if (!taking->has_history || (taking->has_row && taking->row.kind != STORE_GIVEN_UP))
        return taking->has_history ? ERR_STATE : ERR_HISTORY;
    int code = at_head(taking, &taking->history);
    if (code == 0)
        code = row_put(taking, STORE_FROZEN, COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN);
    rests(taking, true);
    return code;
}

/* The new group has all of it, for good: what is left here is only that it is gone, and where to. */
static int old_let_go(struct taking *taking)
{
    if (taking->went_note != NULL && move_is_same(taking->went_note, taking->note))
        return say(taking, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
    if (!is_own_row(taking, STORE_FROZEN) || !taking->has_history)
        return ERR_STATE;
    rests(taking, true);
    int code = row_put(taking, STORE_MOVED, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED);
    return code == 0 ? store_history_drop(taking->site->txn, &taking->history) : code;
}

static int old_thaw(struct taking *taking)
{
    if (!taking->has_row && taking->has_history)
        return 0;
    if (!is_own_row(taking, STORE_FROZEN))
        return ERR_STATE;
    rests(taking, false);
    taking->outcome->is_changed = true;
    return store_move_delete(taking->site->txn, taking->note->history.data);
}

static int old_step(struct taking *taking)
{
    switch (taking->note->stage) {
    case COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN:
        return taking->step->gives_up || taking->step->content.len > 0 ? ERR_RANGE : old_freeze(taking);
    case COMITY__V1__MOVE_STAGE__MOVE_STAGE_TAKEN:
        return old_let_go(taking);
    case COMITY__V1__MOVE_STAGE__MOVE_STAGE_GIVEN_UP:
        return old_thaw(taking);
    default:
        return ERR_MALFORMED;
    }
}

/* ---- The new group ---- */

/* It stands here: is it what was frozen, be it longer by now? */
static int new_has(struct taking *taking)
{
    struct tree_nodes nodes = store_nodes(taking->site->txn, &taking->history);
    const Comity__V1__MoveNote *note = taking->note;
    struct checkpoint frozen;
    uint8_t root[HASH_SIZE];
    int code =
        checkpoint_open(BYTES(note->checkpoint.data, note->checkpoint.len), taking->site->log_key->public_key, &frozen);

    if (code == 0 && frozen.size > taking->history.head)
        return ERR_EXISTS;
    if (code == 0)
        code = tree_root(&nodes, frozen.size, root);
    if (code != 0)
        return code;
    if (memcmp(root, frozen.root, HASH_SIZE) != 0)
        return ERR_EXISTS;
    return taking->step->gives_up ? ERR_STATE : say(taking, COMITY__V1__MOVE_STAGE__MOVE_STAGE_TAKEN);
}

static int pieces_drop(struct taking *taking)
{
    if (!taking->has_row || taking->row.kind != STORE_TAKING)
        return 0;
    taking->outcome->is_changed = true;
    return store_move_drop_pieces(taking->site->txn, &taking->row);
}

static int new_give_up(struct taking *taking)
{
    if (is_own_row(taking, STORE_GIVEN_UP))
        return say(taking, COMITY__V1__MOVE_STAGE__MOVE_STAGE_GIVEN_UP);
    int code = pieces_drop(taking);
    return code == 0 ? row_put(taking, STORE_GIVEN_UP, COMITY__V1__MOVE_STAGE__MOVE_STAGE_GIVEN_UP) : code;
}

static void where(struct taking *taking)
{
    taking->outcome->has_copy = taking->row.taken > 0;
    memcpy(taking->outcome->copy, taking->row.copy, STORE_COPY_SIZE);
    taking->outcome->offset = taking->row.taken;
}

static int piece_begin(struct taking *taking)
{
    const Comity__V1__MoveStep *step = taking->step;
    int code = pieces_drop(taking);

    taking->row = (struct store_move){.kind = STORE_TAKING, .size = step->size, .went = went_before(taking)};
    memcpy(taking->row.copy, step->copy.data, STORE_COPY_SIZE);
    taking->has_row = true;
    return code == 0 ? message_pack(&step->note->base, taking->site->arena, &taking->row.note) : code;
}

/* The last one is here: the history comes to be, and the pieces go. */
static int new_finish(struct taking *taking)
{
    struct move_site *site = taking->site;
    int code = move_take_in(site, &taking->row, taking->note, &taking->outcome->history);

    if (code == 0)
        code = store_move_drop_pieces(site->txn, &taking->row);
    if (code == 0)
        code = store_move_delete(site->txn, taking->note->history.data);
    taking->outcome->has_come = true;
    taking->outcome->has_copy = false;
    return code == 0 ? say(taking, COMITY__V1__MOVE_STAGE__MOVE_STAGE_TAKEN) : code;
}

static int new_piece(struct taking *taking)
{
    const Comity__V1__MoveStep *step = taking->step;
    struct bytes content = BYTES(step->content.data, step->content.len);
    bool is_own = is_own_row(taking, STORE_TAKING);
    bool is_next = is_own && bytes_equal(BYTES(taking->row.copy, STORE_COPY_SIZE), BYTES(step->copy.data, step->copy.len)) &&
                   step->size == taking->row.size && step->offset == taking->row.taken;
    int code = 0;

    if (content.size > MOVE_PIECE_MAX_BYTES || (content.size > 0 && step->copy.len != STORE_COPY_SIZE) ||
        step->offset > step->size || content.size > step->size - step->offset)
        return ERR_MALFORMED;
    if (!is_own)
        where(&(struct taking){.outcome = taking->outcome});
    if (content.size > 0 && !is_next && step->offset == 0)
        code = piece_begin(taking);
    else if (content.size == 0 || !is_next) {
        if (is_own)
            where(taking);
        return 0; /* nothing is taken of it: where it goes on is the answer */
    }
    if (code == 0)
        code = store_move_add_piece(taking->site->txn, taking->note->history.data, &taking->row, content, taking->site->arena);
    taking->outcome->is_changed = true;
    where(taking);
    return code == 0 && taking->row.taken == taking->row.size ? new_finish(taking) : code;
}

/* Another move of the same history was here: it has to be the older one, of a shorter record. */
static int others_check(const struct taking *taking)
{
    if (!taking->has_row || move_is_same(taking->row_note, taking->note))
        return taking->has_row && taking->row.kind == STORE_GIVEN_UP && !taking->step->gives_up ? ERR_STATE : 0;
    return taking->row_note->time_ms < taking->note->time_ms ? 0 : ERR_STATE;
}

static int new_step(struct taking *taking)
{
    if (taking->note->stage != COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN)
        return ERR_RANGE;
    if (taking->has_history)
        return new_has(taking);
    int code = others_check(taking);
    if (code != 0)
        return code;
    return taking->step->gives_up ? new_give_up(taking) : new_piece(taking);
}

/* ---- Steps ---- */

int move_step(struct move_site *site, const Comity__V1__MoveStep *step, struct move_outcome *outcome)
{
    struct taking taking = {.site = site, .step = step, .outcome = outcome};
    int code = move_open(step->note, site->log_key->public_key, site->arena, &taking.note);

    *outcome = (struct move_outcome){.note = NULL};
    if (code == 0)
        code = side_find(&taking);
    if (code == 0)
        code = record_find(&taking);
    if (code != 0)
        return code;
    code = taking.side == SIDE_OLD ? old_step(&taking) : new_step(&taking);
    return code == 0 ? store_error(site->txn) : code;
}

/* It was frozen before, or is gone: for the same group it is as good. */
static int frozen_before(struct taking *taking, bool *ret_is_done)
{
    bool is_frozen = taking->has_row && taking->row.kind == STORE_FROZEN;
    const Comity__V1__MoveNote *before = is_frozen ? taking->row_note : taking->went_note;

    *ret_is_done = false;
    if (before == NULL)
        return taking->has_row && taking->row.kind == STORE_TAKING ? ERR_HISTORY : 0;
    if (memcmp(before->to.data, taking->note->to.data, KEY_SIZE) != 0)
        return is_frozen ? ERR_STATE : ERR_MOVED;
    *ret_is_done = true;
    taking->outcome->note = is_frozen ? taking->row_signed : taking->went_signed;
    return 0;
}

static int frozen_note(struct taking *taking, const uint8_t own[GROUP_ID_SIZE], const uint8_t id[MOVE_ID_SIZE],
                       Comity__V1__MoveNote *ret_note)
{
    struct move_site *site = taking->site;
    char *head = arena_alloc(site->arena, CHECKPOINT_MAX_BYTES);
    uint8_t *from = arena_copy(site->arena, own, GROUP_ID_SIZE);
    uint8_t *move = arena_copy(site->arena, id, MOVE_ID_SIZE);
    size_t size;

    if (head == NULL || from == NULL || move == NULL)
        return ERR_MEMORY;
    int code = checkpoint_make(site->txn, &taking->history, taking->history.epoch, taking->history.head, site->log_key, head,
                               &size);
    if (code != 0)
        return code;
    *ret_note = *taking->note;
    ret_note->from = (ProtobufCBinaryData){.data = from, .len = GROUP_ID_SIZE};
    ret_note->move = (ProtobufCBinaryData){.data = move, .len = MOVE_ID_SIZE};
    ret_note->checkpoint = (ProtobufCBinaryData){.data = (uint8_t *) head, .len = size};
    ret_note->time_ms = site->now_ms;
    return 0;
}

int move_freeze(struct move_site *site, const Comity__V1__MoveNote *wish, const uint8_t id[MOVE_ID_SIZE],
                Comity__V1__MoveStep **ret_step, struct move_outcome *outcome)
{
    Comity__V1__MoveNote wished = *wish, note;
    struct taking taking = {.site = site, .note = &wished, .outcome = outcome};
    uint8_t own[GROUP_ID_SIZE], to[GROUP_ID_SIZE];
    bool is_done = false;
    int code = move_wish_check(wish);

    *outcome = (struct move_outcome){.note = NULL};
    *ret_step = NULL;
    if (code == 0)
        code = own_group(site, own);
    if (code == 0)
        code = record_find(&taking);
    if (code == 0)
        code = frozen_before(&taking, &is_done);
    if (code != 0 || is_done)
        return code;
    group_id(wish->to.data, to);
    if (memcmp(own, to, GROUP_ID_SIZE) == 0 || !taking.has_history)
        return taking.has_history ? ERR_RANGE : ERR_HISTORY;
    code = frozen_note(&taking, own, id, &note);
    Comity__V1__MoveStep *step = arena_alloc(site->arena, sizeof(*step));
    if (code != 0 || step == NULL)
        return code != 0 ? code : ERR_MEMORY;
    comity__v1__move_step__init(step);
    code = move_sign(&note, COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN, site->log_key, site->arena, &step->note);
    if (code == 0)
        *ret_step = step;
    return code;
}

int move_gate(struct store_txn *txn, const uint8_t history[HISTORY_ID_SIZE], bool is_act, struct arena *arena,
              Comity__V1__SignedMove **ret_moved)
{
    struct store_move row;
    int code = store_move_get(txn, history, arena, &row);

    if (code == ERR_NOT_FOUND)
        return 0;
    if (code != 0)
        return code;
    if (row.kind == STORE_FROZEN)
        return is_act ? ERR_MOVING : 0;
    struct bytes note = store_move_went(&row);
    if (note.size == 0)
        return row.kind == STORE_TAKING ? ERR_MOVING : 0;
    code = row_open(note, NULL, arena, ret_moved, NULL); /* NULL: it is not wanted */
    return code == 0 ? ERR_MOVED : code;
}
