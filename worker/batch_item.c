/* One command, or one deadline: deduplicate, decide, number, keep, apply. */
#include "core/error.h"
#include "core/replay/replay.h"
#include "core/machine/state.h"
#include "worker/batch_internal.h"
#include "worker/roll_names.h"

enum { DUE_MAX = 100000 }; /* deadlines of one history at one time: more is a fault of ours */

/* Commands of this batch by id, for twins. */

static uint16_t *index_slot(struct batch_runner *runner, const struct batch_item *items, const uint8_t *id)
{
    size_t slot = get_u32(id) % INDEX_SLOTS;

    while (runner->index[slot] != 0 &&
           memcmp(items[runner->index[slot] - 1].command->id, id, COMMAND_ID_SIZE) != 0)
        slot = (slot + 1) % INDEX_SLOTS;
    return &runner->index[slot];
}

/* Was it answered before: in this batch, or in the store? */
static bool find_twin(struct batch_runner *runner, const struct batch_item *items, size_t item,
                      struct plan *plan)
{
    uint16_t *slot = index_slot(runner, items, items[item].command->id);
    size_t twin = *slot - (size_t) 1;

#ifdef COMITY_CONTROL_NO_DEDUPLICATION
    return false;
#endif
    if (*slot != 0 && (runner->plans[twin].kind != PLAN_REFUSED || runner->plans[twin].is_kept)) {
        *plan = (struct plan){.kind = PLAN_TWIN, .touched = TOUCHED_NONE, .twin = twin};
        return true;
    }
    *slot = (uint16_t) (item + 1);
    return false;
}

static bool find_known(struct batch_runner *runner, const struct touched *touched,
                       const struct command *command, struct plan *plan)
{
    struct store_command row;

#ifdef COMITY_CONTROL_NO_DEDUPLICATION
    return false;
#endif
    if (store_command_get(runner->txn, &touched->history, command->id, &row) != 0)
        return false;
    if (row.sequence == 0 && row.valid_until_ms < runner->now_ms)
        return false;
    plan->kind = PLAN_KNOWN;
    plan->row = row;
    return true;
}

/* Events. */

static int parts_make(struct batch_runner *runner, const struct machine_event *event,
                      const struct command *command, struct event_part **ret_parts, size_t *ret_count)
{
    size_t count = command != NULL ? 2 + command->text_count : 1;
    struct event_part *parts = arena_alloc(runner->scratch, count * sizeof(*parts));
    int code;

    if (parts == NULL)
        return ERR_MEMORY;
    parts[0].kind = COMITY__V1__PART_KIND__PART_KIND_OPEN;
    parts[0].audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    code = message_pack(&event->open->base, runner->scratch, &parts[0].content);
    if (code != 0)
        return code;
    for (size_t i = 1; i < count; i++) {
        parts[i].kind =
            i == 1 ? COMITY__V1__PART_KIND__PART_KIND_COMMAND : COMITY__V1__PART_KIND__PART_KIND_TEXT;
        parts[i].audience = event->audience;
        parts[i].round = event->round;
        if (i > 1) {
            const struct command_text *text = &command->texts[i - 2];

            memcpy(parts[i].salt, text->salt, SALT_SIZE);
            memcpy(parts[i].hash, text->hash, HASH_SIZE);
            parts[i].content = text->content;
        } else {
            parts[i].content = command->signed_command;
        }
    }
    for (size_t i = 0; i < count && i < 2; i++) {
        runner->options.random(runner->options.context, parts[i].salt, SALT_SIZE);
        event_part_hash(&parts[i]);
    }
    *ret_parts = parts;
    *ret_count = count;
    return 0;
}

/* The machine says which; their contents are the store's. */
static int texts_erase(struct batch_runner *runner, const struct touched *touched,
                       const Comity__V1__Event *open)
{
    bool was_there;
    int code = 0;

    if (open->kind_case != COMITY__V1__EVENT__KIND_TEXTS_PURGED)
        return 0;
    for (size_t i = 0; i < open->texts_purged->n_hashes && code == 0; i++)
        code =
            store_text_erase(runner->txn, &touched->history, open->texts_purged->hashes[i].data, &was_there);
    return code;
}

static size_t touched_index(const struct batch_runner *runner, const struct touched *touched)
{
    return (size_t) (touched - runner->touched);
}

static int event_keep(struct batch_runner *runner, struct touched *touched, struct machine_event *event,
                      const struct command *command)
{
    struct event_header header = {
        .level = runner->level,
        .epoch = touched->history.epoch,
        .sequence = touched->history.head + 1,
        .time_ms = runner->now_ms,
    };
    struct event_part *parts;
    size_t part_count;
    int code = parts_make(runner, event, event->command != NULL ? command : NULL, &parts, &part_count);

    if (code != 0)
        return code;
    event->sequence = header.sequence;
    event->time_ms = header.time_ms;
    memcpy(header.history, touched->history.id, HISTORY_ID_SIZE);
    event_commitment(parts, part_count, header.commitment);
    code = store_event_append(runner->txn, &touched->history, &header, parts, part_count);
    if (code == 0 && runner->entry != NULL)
        code = entry_add_event(runner->entry, touched_index(runner, touched), &header, parts, part_count);
    if (code == 0)
        code = texts_erase(runner, touched, event->open);
    if (code == 0)
        code = machine_apply(&touched->view, event, runner->scratch);
    runner->is_changed = true;
    return code;
}

static int events_keep(struct batch_runner *runner, struct touched *touched, struct machine_events *events,
                       const struct command *command)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < events->count; i++)
        code = event_keep(runner, touched, &events->list[i], command);
    return code == 0 ? store_error(runner->txn) : code;
}

static struct machine_context context_of(const struct batch_runner *runner, uint64_t head)
{
    return (struct machine_context){
        .time_ms = runner->now_ms,
        .next_sequence = head + 1,
        .log_key = runner->options.log_key->public_key,
        .level = runner->level,
    };
}

/* Room in the entry, where there is one, for what was decided. ERR_BUSY: in the next one; ERR_TOO_LARGE: in none. */
static int take_room(struct batch_runner *runner, size_t touched, const struct machine_events *events,
                     const struct command *command)
{
    if (runner->entry == NULL)
        return 0;
    return entry_take_room(runner->entry, touched, entry_events_bytes(events, command));
}

int batch_carry_out_due(struct batch_runner *runner, struct touched *touched)
{
    int code = 0;

    for (unsigned round = 0; code == 0; round++) {
        struct machine_context context = context_of(runner, touched->history.head);
        struct machine_events events = {.count = 0};

        arena_reset(runner->scratch);
        code =
            round < DUE_MAX ? machine_due(&touched->view, &context, runner->scratch, &events) : ERR_INTERNAL;
        if (code == 0 && events.count == 0)
            return 0;
        if (code == 0)
            code = take_room(runner, touched_index(runner, touched), &events, NULL);
        touched->is_behind = code == ERR_BUSY;
        if (touched->is_behind)
            return store_error(runner->txn);
        if (code == 0)
            code = events_keep(runner, touched, &events, NULL);
    }
    return batch_fail_history(runner, touched->history.id, code);
}

/* Commands. */

static int plan_refuse(struct plan *plan, int code, const char *field)
{
    plan->kind = PLAN_REFUSED;
    plan->row.sequence = 0;
    refuse(&plan->row.refusal, code, field);
    return 0;
}

/* The store failed, or the machine could not do its work: that is no refusal by a rule. */
static bool is_breakdown(const struct batch_runner *runner, int code)
{
    return store_error(runner->txn) != 0 || !replay_keeps_refusal(code);
}

/* A refusal is kept for whoever is on the roll: a stranger could fill the store with them. */
static bool is_member(struct batch_runner *runner, const struct touched *touched,
                      const struct command *command)
{
    Comity__V1__Member *member;

    return state_member_of_key(&touched->view, runner->scratch, command->body->key.data, &member) == 0;
}

static int keep_refusal(struct batch_runner *runner, const struct touched *touched,
                        const struct command *command, struct plan *plan)
{
    plan->kind = PLAN_REFUSED;
    plan->row.valid_until_ms = command->body->valid_until_ms;
    if (touched != NULL && plan->row.valid_until_ms >= runner->now_ms &&
        plan->row.valid_until_ms <= runner->now_ms + VALIDITY_MAX_MS)
        plan->is_kept = is_member(runner, touched, command);
    if (plan->is_kept && runner->entry != NULL &&
        entry_take_room(runner->entry, touched_index(runner, touched), ENTRY_REFUSAL_BYTES) != 0) {
        plan->is_kept = false;
        return plan_refuse(plan, ERR_BUSY, "");
    }
    return store_error(runner->txn);
}

/* Found: the history comes to be once its founding was accepted. Until then its view is an empty one: number
 * 0 is nobody's. */
static int found_decide(struct batch_runner *runner, const struct command *command,
                        struct machine_events *events, struct refusal *refusal)
{
    const struct store_history nobody = {.number = 0};
    struct view view = store_view(runner->txn, &nobody);
    struct machine_context context = context_of(runner, 0);

    return machine_decide(&view, command, &context, runner->scratch, events, refusal);
}

static int found_create(struct batch_runner *runner, const struct command *command, int *ret_touched)
{
    struct store_history history;
    int code;

    if (runner->touched_count == ARRAY_COUNT(runner->touched))
        return ERR_BUSY;
    code = store_history_create(runner->txn, command->history, &history);
    return code == 0 ? batch_touch(runner, command->history, ret_touched) : code;
}

/* Of a command that the machine accepts. */
static int check_names(struct batch_runner *runner, const struct command *command, const struct touched *touched,
                       struct refusal *refusal)
{
    const struct roll_names_place place = {
        .txn = runner->txn,
        .history = touched != NULL ? &touched->history : NULL,
        .view = touched != NULL ? &touched->view : NULL,
        .now_ms = runner->now_ms,
        .arena = runner->scratch,
    };

    return roll_names_check(runner->names, &place, command, refusal);
}

static int decide(struct batch_runner *runner, const struct command *command, struct plan *plan,
                  struct machine_events *events)
{
    struct touched *touched = plan->touched >= 0 ? &runner->touched[plan->touched] : NULL;
    struct machine_context context;
    int code;

    arena_reset(runner->scratch);
    if (touched == NULL) {
        code = found_decide(runner, command, events, &plan->row.refusal);
        return code == 0 ? check_names(runner, command, NULL, &plan->row.refusal) : code;
    }
    context = context_of(runner, touched->history.head);
    code = machine_decide(&touched->view, command, &context, runner->scratch, events, &plan->row.refusal);
    return code == 0 ? check_names(runner, command, touched, &plan->row.refusal) : code;
}

/* Which history it is for; TOUCHED_NONE for one that is to be founded. */
static int history_find(struct batch_runner *runner, const struct command *command, struct plan *plan)
{
    int code = batch_touch(runner, command->history, &plan->touched);

    if (code == ERR_HISTORY && command->body->body_case == COMITY__V1__COMMAND__BODY_FOUND)
        return 0;
    return code;
}

/* Of what is accepted: room in the entry, and a history where one is founded. */
static int place_take(struct batch_runner *runner, const struct command *command, struct plan *plan,
                      const struct machine_events *events)
{
    size_t touched = plan->touched >= 0 ? (size_t) plan->touched : runner->touched_count;
    int code = take_room(runner, touched, events, command);

    return code == 0 && plan->touched < 0 ? found_create(runner, command, &plan->touched) : code;
}

static int carry_out_new(struct batch_runner *runner, const struct batch_item *items, size_t item)
{
    const struct command *command = items[item].command;
    struct plan *plan = &runner->plans[item];
    struct machine_events events = {.count = 0};
    int code = 0;

    if (plan->touched >= 0)
        code = batch_carry_out_due(runner, &runner->touched[plan->touched]);
    if (code != 0)
        return code;
    if (plan->touched >= 0 && runner->touched[plan->touched].is_behind)
        return plan_refuse(plan, ERR_BUSY, "");
    code = decide(runner, command, plan, &events);
    if (code != 0 && is_breakdown(runner, code))
        return batch_fail(runner, items[item].command, item, code);
    if (code != 0)
        return keep_refusal(runner, plan->touched >= 0 ? &runner->touched[plan->touched] : NULL, command,
                            plan);
    code = place_take(runner, command, plan, &events);
    if (code == ERR_BUSY || code == ERR_TOO_LARGE)
        return plan_refuse(plan, code, "");
    if (code != 0)
        return batch_fail(runner, command, item, code);

    plan->kind = PLAN_ACCEPTED;
    plan->row.sequence = runner->touched[plan->touched].history.head + 1;
    plan->row.events = (uint32_t) events.count;
    code = events_keep(runner, &runner->touched[plan->touched], &events, command);
    return code == 0 ? 0 : batch_fail(runner, items[item].command, item, code);
}

int batch_carry_out(struct batch_runner *runner, const struct batch_item *items, size_t item)
{
    const struct command *command = items[item].command;
    struct plan *plan = &runner->plans[item];
    int code;

    *plan = (struct plan){.kind = PLAN_REFUSED, .touched = TOUCHED_NONE};
    if (runner->failed_items[item] != 0)
        return plan_refuse(plan, runner->failed_items[item], "");
    if (find_twin(runner, items, item, plan))
        return 0;
    code = history_find(runner, command, plan);
    if (code != 0 && store_error(runner->txn) == 0)
        return plan_refuse(plan, code, code == ERR_HISTORY ? "history" : "");
    if (code == 0 && plan->touched >= 0 && find_known(runner, &runner->touched[plan->touched], command, plan))
        return 0;
    if (store_error(runner->txn) != 0)
        return batch_fail_history(runner, command->history, store_error(runner->txn));
    return carry_out_new(runner, items, item);
}
