/* The runner: one attempt after the other until the batch is in the store or every item has its refusal. */
#include "worker/batch.h"

#include <stdlib.h>

#include <sodium.h>

#include "core/error.h"
#include "core/machine/state.h"
#include "worker/batch_internal.h"
#include "worker/move.h"
#include "worker/roll_names.h"

enum {
    SCRATCH_BYTES = 64 * 1024 * 1024,
    RETRY_MS = 1000,          /* after a batch that failed, deadlines wait */
    RETRY_HISTORY_MS = 60000, /* in a history that failed */
};

/* Histories that the store holds: when is the next deadline of each. */

int batch_know(struct batch_runner *runner, const struct store_history *history)
{
    if (history->number >= runner->known_count) {
        uint32_t count = history->number + 64;
        struct known_history *larger = realloc(runner->known, count * sizeof(*larger));

        if (larger == NULL)
            return ERR_MEMORY;
        memset(larger + runner->known_count, 0, (count - runner->known_count) * sizeof(*larger));
        runner->known = larger;
        runner->known_count = count;
    }
    memcpy(runner->known[history->number].id, history->id, HISTORY_ID_SIZE);
    return 0;
}

static int log_key_check(struct batch_runner *runner, const struct view *view)
{
    uint8_t key[KEY_SIZE];
    int code = state_log_key(view, runner->scratch, key);

    if (code != 0)
        return code;
    return memcmp(key, runner->options.log_key->public_key, KEY_SIZE) == 0 ? 0 : ERR_CONFIG;
}

static int known_load(void *context, const struct store_history *history)
{
    struct batch_runner *runner = context;
    struct view view = store_view(runner->txn, history);
    int code = batch_know(runner, history);

    arena_reset(runner->scratch);
    if (code == 0)
        code = log_key_check(runner, &view);
    if (code == 0)
        code = move_gate(runner->txn, history->id, true, runner->scratch, NULL);
    if (code == 0)
        code = machine_next_deadline(&view, &runner->known[history->number].deadline_ms);
    code = code == ERR_MOVING ? 0 : code; /* what falls due is carried out where it goes */
    if (code == 0 && history->time_ms > runner->last_ms)
        runner->last_ms = history->time_ms;
    return code;
}

static int known_load_all(struct batch_runner *runner)
{
    int code = store_begin_read(runner->options.store, &runner->txn);

    if (code != 0)
        return code;
    code = store_entry_get(runner->txn, &runner->latest);
    if (code == 0 || code == ERR_NOT_FOUND)
        code = store_level(runner->txn, &runner->store_level);
    if (code == 0) {
        runner->last_ms = runner->latest.time_ms;
        code = store_history_each(runner->txn, known_load, runner);
    }
    store_abort(&runner->txn);
    return code;
}

static void random_sodium(void *context, uint8_t *bytes, size_t size)
{
    (void) context;
    randombytes_buf(bytes, size);
}

int batch_runner_new(const struct batch_options *options, struct batch_runner **ret_runner)
{
    struct batch_runner *runner = calloc(1, sizeof(*runner));
    bool wants_entry = options->log->ops->wants_body(options->log);
    int code = ERR_MEMORY;

    if (runner == NULL)
        return ERR_MEMORY;
    runner->options = *options;
    if (runner->options.random == NULL)
        runner->options.random = random_sodium;
    runner->scratch = arena_new(SCRATCH_BYTES);
    runner->names = roll_names_new();
    runner->entry = wants_entry ? entry_new() : NULL;
    if (runner->scratch != NULL && runner->names != NULL && (runner->entry != NULL || !wants_entry))
        code = known_load_all(runner);
    if (code == 0)
        *ret_runner = runner;
    else
        batch_runner_destroy(&runner);
    return code;
}

void batch_runner_destroy(struct batch_runner **runner)
{
    if (*runner == NULL)
        return;
#ifdef COMITY_CONTROL_ACK_BEFORE_COMMIT
    if ((*runner)->late != NULL)
        store_commit(&(*runner)->late);
#endif
    roll_names_destroy(&(*runner)->names);
    entry_destroy(&(*runner)->entry);
    arena_destroy(&(*runner)->scratch);
    free((*runner)->known);
    free(*runner);
    *runner = NULL;
}

int64_t batch_runner_newest_ms(const struct batch_runner *runner)
{
    return runner->last_ms;
}

void batch_runner_place(const struct batch_runner *runner, struct order_place *ret_place)
{
    *ret_place = (struct order_place){
        .number = runner->latest.number, .total = runner->latest.total, .level = runner->latest.level};
    memcpy(ret_place->hash, runner->latest.hash, HASH_SIZE);
}

/* What failed in an attempt. */

int batch_fail_history(struct batch_runner *runner, const uint8_t id[HISTORY_ID_SIZE], int code)
{
    struct failed_history *failed = &runner->failed_histories[runner->failed_count];

    if (code == ERR_STORE || code == ERR_STORE_FULL || code == ERR_DISK_FULL ||
        runner->failed_count == ARRAY_COUNT(runner->failed_histories))
        return code;
    memcpy(failed->id, id, HISTORY_ID_SIZE);
    failed->code = code;
    runner->failed_count++;
    return BATCH_AGAIN;
}

int batch_fail_item(struct batch_runner *runner, size_t item, int code)
{
    if (code == ERR_STORE || code == ERR_STORE_FULL || code == ERR_DISK_FULL ||
        runner->failed_items[item] != 0)
        return code;
    runner->failed_items[item] = code;
    return BATCH_AGAIN;
}

int batch_fail(struct batch_runner *runner, const struct command *command, size_t item, int code)
{
    if (code == ERR_CORRUPT)
        return batch_fail_history(runner, command->history, code);
    return batch_fail_item(runner, item, code);
}

static int failed_code(const struct batch_runner *runner, const uint8_t id[HISTORY_ID_SIZE])
{
    for (size_t i = 0; i < runner->failed_count; i++) {
        if (memcmp(runner->failed_histories[i].id, id, HISTORY_ID_SIZE) == 0)
            return runner->failed_histories[i].code;
    }
    return 0;
}

/* One that is frozen, or gone, is not touched. */
static int gate_check(struct batch_runner *runner, const uint8_t id[HISTORY_ID_SIZE])
{
#ifdef COMITY_CONTROL_TOUCHES_FROZEN
    return 0;
#endif
    return move_gate(runner->txn, id, true, runner->scratch, NULL);
}

int batch_touch(struct batch_runner *runner, const uint8_t id[HISTORY_ID_SIZE], int *ret_touched)
{
    struct touched *touched = &runner->touched[runner->touched_count];
    struct store_history history;
    int code = failed_code(runner, id);

    if (code != 0)
        return code;
    for (size_t i = 0; i < runner->touched_count; i++) {
        if (memcmp(runner->touched[i].history.id, id, HISTORY_ID_SIZE) == 0) {
            *ret_touched = (int) i;
            return 0;
        }
    }
    code = gate_check(runner, id);
    if (code == 0)
        code = store_history_get(runner->txn, id, &history);
    if (code != 0)
        return code;
    if (runner->touched_count == ARRAY_COUNT(runner->touched))
        return ERR_BUSY;
    *touched = (struct touched){.history = history, .head_before = history.head};
    touched->view = store_view(runner->txn, &touched->history);
    *ret_touched = (int) runner->touched_count++;
    return store_error(runner->txn);
}

/* One attempt. */

/* The level that the group agrees on, and not a lower one than the store has. One by which nothing was kept does not count. */
static uint32_t level_now(const struct batch_runner *runner)
{
    uint32_t level = order_log_level(runner->options.log);

    if (level < runner->latest.level)
        level = runner->latest.level;
    return level < runner->store_level ? runner->store_level : level;
}

void batch_attempt_begin(struct batch_runner *runner)
{
    int64_t clock_ms = runner->options.clock(runner->options.context);

    runner->now_ms = clock_ms > runner->last_ms ? clock_ms : runner->last_ms;
    runner->level = level_now(runner);
    runner->is_changed = false;
    runner->touched_count = 0;
    if (runner->entry != NULL)
        entry_begin(runner->entry);
    memset(runner->index, 0, sizeof(runner->index));
}

/* One whose deadline is due. Where an entry has to hold it all, it is carried out before the commands, which would leave no
 * room for it for ever. */
static int touch_one_due(struct batch_runner *runner, const uint8_t id[HISTORY_ID_SIZE])
{
    int touched;
    int code = batch_touch(runner, id, &touched);

    if (code == 0)
        return runner->entry != NULL ? batch_carry_out_due(runner, &runner->touched[touched]) : 0;
    if (code == ERR_BUSY || failed_code(runner, id) != 0)
        return code == ERR_BUSY ? code : 0;
    return batch_fail_history(runner, id, code == ERR_HISTORY ? ERR_CORRUPT : code);
}

/* Histories that no item names may have a deadline that is due. As many as there is room for; the rest is due
 * still. */
static int touch_due(struct batch_runner *runner)
{
    int code = 0;

    for (uint32_t number = 1; code == 0 && number < runner->known_count; number++) {
        const struct known_history *known = &runner->known[number];

        if (known->deadline_ms != 0 && known->deadline_ms <= runner->now_ms)
            code = touch_one_due(runner, known->id);
    }
    return code == ERR_BUSY ? 0 : code;
}

/* Rows of commands come last: a receipt proves against the tree at the batch's end. */
static int rows_put(struct batch_runner *runner, const struct batch_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct plan *plan = &runner->plans[i];
        const struct touched *touched = plan->touched >= 0 ? &runner->touched[plan->touched] : NULL;

        if (touched == NULL ||
            !(plan->kind == PLAN_ACCEPTED || (plan->kind == PLAN_REFUSED && plan->is_kept)))
            continue;
        if (plan->kind == PLAN_ACCEPTED) {
            plan->row.tree_size = touched->history.head;
            plan->row.epoch = touched->history.epoch;
        }
        store_command_put(runner->txn, &touched->history, items[i].command->id, &plan->row);
        runner->is_changed = true;
        if (runner->entry != NULL &&
            entry_add_row(runner->entry, (size_t) plan->touched, items[i].command->id, &plan->row) != 0)
            return ERR_MEMORY;
    }
    return store_error(runner->txn);
}

static int histories_finish(struct batch_runner *runner)
{
    for (size_t i = 0; i < runner->touched_count; i++) {
        struct touched *touched = &runner->touched[i];
        int code = batch_carry_out_due(runner, touched);

        if (code == 0)
            code = batch_know(runner, &touched->history);
        if (code == 0) {
            code = machine_next_deadline(&touched->view, &touched->deadline_ms);
            code = code == 0 ? 0 : batch_fail_history(runner, touched->history.id, code);
        }
        if (code != 0)
            return code;
    }
    return 0;
}

static int carry_out_all(struct batch_runner *runner, struct batch_item *items, size_t count)
{
    int code = store_refusals_purge(runner->txn, runner->now_ms, BATCH_PURGE_AT_ONCE);

    if (code == 0)
        code = touch_due(runner);
    for (size_t i = 0; code == 0 && i < count; i++)
        code = batch_carry_out(runner, items, i);
    if (code == 0)
        code = histories_finish(runner);
    if (code == 0)
        code = rows_put(runner, items, count);
    if (code == 0)
        code = batch_replies_make(runner, items, count);
    return code;
}

struct store_entry batch_entry_row(const struct order_batch *batch, const struct order_place *place)
{
    struct store_entry row = {
        .number = place->number, .total = place->total, .level = place->level, .time_ms = batch->time_ms};

    memcpy(row.hash, place->hash, HASH_SIZE);
    memcpy(row.batch, batch->id, BATCH_ID_SIZE);
    return row;
}

/* In the log of the group: from then on there is no way back. All of the commit that can fail and be taken back comes
 * before it. */
static int entry_append(struct batch_runner *runner, struct order_place *ret_place, struct store_entry *ret_row)
{
    struct order_log *log = runner->options.log;
    struct order_batch batch = {
        .number = runner->latest.number + 1, .time_ms = runner->now_ms, .level = runner->level};
    int code;

    runner->options.random(runner->options.context, batch.id, sizeof(batch.id));
    code = entry_pack(runner->entry, &batch);
    if (code == 0)
        code = order_log_prepare(log, &batch, ret_place);
    if (code != 0)
        return code;
    *ret_row = batch_entry_row(&batch, ret_place);
#ifndef COMITY_CONTROL_PLACE_APART
    code = store_entry_put(runner->txn, ret_row);
#endif
    if (code == 0)
        code = store_prepare(runner->txn);
    return code == 0 ? log->ops->commit(log, &batch) : code;
}

int batch_commit_entry(struct batch_runner *runner)
{
    struct order_place place;
    struct store_entry row;
    int code = entry_append(runner, &place, &row);

    if (code != 0)
        return code;
    if (store_commit(&runner->txn) != 0)
        return ERR_STORE;
#ifdef COMITY_CONTROL_PLACE_APART
    if (store_begin_write(runner->options.store, &runner->txn) != 0 || store_entry_put(runner->txn, &row) != 0 ||
        store_commit(&runner->txn) != 0)
        return ERR_STORE;
#endif
    order_log_applied(runner->options.log, &place);
    runner->latest = row;
    return 0;
}

/* What this attempt did in each history. */
static int entry_name_all(struct batch_runner *runner)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < runner->touched_count; i++) {
        struct bytes note = {0};

        if (entry_has_events(runner->entry, i))
            code = batch_note(runner, &runner->touched[i], &note);
        entry_name(runner->entry, i, runner->touched[i].history.id, note);
    }
    return code;
}

/* Durable, in the order's log and in the store. Where there are entries, what makes none changes nothing: the others could
 * not follow it. */
static int attempt_commit_entry(struct batch_runner *runner)
{
    int code;

    if (!runner->is_changed)
        return 0;
    code = entry_name_all(runner);
    return code == 0 ? batch_commit_entry(runner) : code;
}

static int attempt_commit(struct batch_runner *runner)
{
    struct order_log *log = runner->options.log;
    struct order_batch batch = {.time_ms = runner->now_ms};
    int code;

    if (runner->entry != NULL)
        return attempt_commit_entry(runner);
    code = runner->is_changed ? log->ops->commit(log, &batch) : 0;
    if (code != 0)
        return code;
#ifdef COMITY_CONTROL_ACK_BEFORE_COMMIT
    if (runner->is_changed) {
        runner->late = runner->txn;
        runner->txn = NULL;
        return 0;
    }
#endif
    return store_commit(&runner->txn);
}

static int attempt(struct batch_runner *runner, struct batch_item *items, size_t count)
{
    int code;

#ifdef COMITY_CONTROL_ACK_BEFORE_COMMIT
    if (runner->late != NULL)
        store_commit(&runner->late);
#endif
    batch_attempt_begin(runner);
    code = store_begin_write(runner->options.store, &runner->txn);
    if (code != 0)
        return code;
    code = carry_out_all(runner, items, count);
    if (code == 0)
        code = attempt_commit(runner);
    store_abort(&runner->txn);
    return code;
}

/* The whole batch. */

static void items_answer(struct batch_runner *runner, struct batch_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct plan *plan = &runner->plans[i];
        const struct plan *origin = plan->kind == PLAN_TWIN ? &runner->plans[plan->twin] : plan;

        items[i].reply = plan->reply;
        items[i].sequence = origin->row.sequence;
        items[i].code = origin->row.sequence != 0 ? 0 : origin->row.refusal.code;
    }
}

static void news_gather(struct batch_runner *runner, struct batch_result *result)
{
    for (size_t i = 0; i < runner->touched_count; i++) {
        const struct touched *touched = &runner->touched[i];
        struct batch_news *news = &result->news[result->news_count];

        runner->known[touched->history.number].deadline_ms = touched->deadline_ms;
        if (touched->history.head == touched->head_before)
            continue;
        memcpy(news->history, touched->history.id, HISTORY_ID_SIZE);
        news->head = touched->history.head;
        result->news_count++;
    }
    runner->last_ms = runner->now_ms;
}

int64_t batch_next_deadline(const struct batch_runner *runner)
{
    int64_t next_ms = 0;

    for (uint32_t number = 1; number < runner->known_count; number++) {
        int64_t due_ms = runner->known[number].deadline_ms;

        if (due_ms != 0 && failed_code(runner, runner->known[number].id) != 0)
            due_ms = runner->now_ms + RETRY_HISTORY_MS;
        if (due_ms != 0 && (next_ms == 0 || due_ms < next_ms))
            next_ms = due_ms;
    }
    return next_ms;
}

int batch_run(struct batch_runner *runner, struct batch_item *items, size_t count,
              struct batch_result *ret_result)
{
    struct batch_result result = {.news_count = 0};
    size_t taken = count < BATCH_MAX_COMMANDS ? count : BATCH_MAX_COMMANDS;
    int code;

    memset(runner->failed_items, 0, sizeof(runner->failed_items));
    runner->failed_count = 0;
    do {
        code = attempt(runner, items, taken);
    } while (code == BATCH_AGAIN || (code == ERR_STORE_FULL && store_grow(runner->options.store) == 0));

    if (code == ERR_STORE)
        return ERR_STORE;
    if (code == 0) {
        items_answer(runner, items, taken);
        news_gather(runner, &result);
        if (count > taken)
            batch_refuse_all(items + taken, count - taken, ERR_BUSY);
    } else {
        batch_refuse_all(items, count, code);
    }
    result.code = code;
    result.next_deadline_ms = batch_next_deadline(runner);
    /* Who leads no more has no deadline to carry out, and whoever comes to lead again has it at once. */
    bool is_later = code != 0 && code != ERR_NOT_LEADER;
    if (is_later && result.next_deadline_ms != 0 && result.next_deadline_ms < runner->now_ms + RETRY_MS)
        result.next_deadline_ms = runner->now_ms + RETRY_MS;
    *ret_result = result;
    return 0;
}
