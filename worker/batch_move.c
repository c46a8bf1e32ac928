/* A step of a history's move: a batch of its own, and where there are entries an entry of its own. */
#include "core/error.h"
#include "worker/batch_internal.h"
#include "worker/move.h"
#include "worker/roll_names.h"

int batch_moving(struct batch_runner *runner, struct store_txn *txn, const struct move_outcome *outcome,
                 int64_t *ret_deadline_ms)
{
    struct view view = store_view(txn, &outcome->history);

    *ret_deadline_ms = 0;
    if (outcome->history.number == 0)
        return 0;
    int code = batch_know(runner, &outcome->history);
    return code == 0 && !outcome->is_at_rest ? machine_next_deadline(&view, ret_deadline_ms) : code;
}

void batch_moved(struct batch_runner *runner, const struct move_outcome *outcome, int64_t deadline_ms,
                 struct batch_result *ret_result)
{
    struct batch_news *news = &ret_result->news[ret_result->news_count];

    if (outcome->history.number == 0)
        return;
    runner->known[outcome->history.number].deadline_ms = deadline_ms;
    roll_names_forget(runner->names, outcome->history.id);
    if (runner->last_ms < outcome->history.time_ms)
        runner->last_ms = outcome->history.time_ms;
    if (!outcome->has_come)
        return;
    memcpy(news->history, outcome->history.id, HISTORY_ID_SIZE);
    news->head = outcome->history.head;
    ret_result->news_count++;
}

struct moving {
    const Comity__V1__MoveAsk *ask;
    struct move_site site;
    struct move_outcome outcome;
    int64_t deadline_ms;
};

/* Freezing is a step as well, once it is known what there is to freeze. */
static int step_take(struct batch_runner *runner, struct moving *moving, const Comity__V1__MoveStep **ret_step)
{
    uint8_t id[MOVE_ID_SIZE];
    Comity__V1__MoveStep *step = moving->ask->step;
    int code = 0;

    if (moving->ask->freeze != NULL) {
        runner->options.random(runner->options.context, id, sizeof(id));
        code = move_freeze(&moving->site, moving->ask->freeze, id, &step, &moving->outcome);
    }
    if (code == 0 && step != NULL)
        code = move_step(&moving->site, step, &moving->outcome);
    *ret_step = step;
    return code;
}

static int step_commit(struct batch_runner *runner, const Comity__V1__MoveStep *step)
{
    struct order_batch batch = {.time_ms = runner->now_ms};
    int code;

    if (runner->entry != NULL) {
        code = entry_set_move(runner->entry, step);
        return code == 0 ? batch_commit_entry(runner) : code;
    }
    code = runner->options.log->ops->commit(runner->options.log, &batch);
    return code == 0 ? store_commit(&runner->txn) : code;
}

static int attempt(struct batch_runner *runner, struct moving *moving)
{
    const Comity__V1__MoveStep *step;
    int code;

    batch_attempt_begin(runner);
    code = store_begin_write(runner->options.store, &runner->txn);
    if (code != 0)
        return code;
    moving->site.txn = runner->txn;
    moving->site.now_ms = runner->now_ms;
    moving->site.level = runner->level;
    code = step_take(runner, moving, &step);
    if (code == 0)
        code = batch_moving(runner, runner->txn, &moving->outcome, &moving->deadline_ms);
    if (code == 0 && moving->outcome.is_changed)
        code = step_commit(runner, step);
    store_abort(&runner->txn);
    return code;
}

static int answer_make(const struct move_outcome *outcome, struct arena *arena, Comity__V1__MoveAnswer **ret_answer)
{
    Comity__V1__MoveAnswer *answer = arena_alloc(arena, sizeof(*answer));
    uint8_t *copy = arena_copy(arena, outcome->copy, STORE_COPY_SIZE);

    if (answer == NULL || copy == NULL)
        return ERR_MEMORY;
    comity__v1__move_answer__init(answer);
    answer->note = outcome->note;
    if (outcome->has_copy) {
        answer->copy = (ProtobufCBinaryData){.data = copy, .len = STORE_COPY_SIZE};
        answer->offset = outcome->offset;
    }
    *ret_answer = answer;
    return 0;
}

int batch_move(struct batch_runner *runner, const Comity__V1__MoveAsk *ask, struct arena *arena,
               Comity__V1__MoveAnswer **ret_answer, struct batch_result *ret_result, struct refusal *refusal, char *reason)
{
    struct moving moving = {
        .ask = ask, .site = {.log_key = runner->options.log_key, .arena = arena, .reason = reason}};
    int code;

    reason[0] = '\0';
    *ret_result = (struct batch_result){.news_count = 0};
    runner->failed_count = 0;
    do {
        code = attempt(runner, &moving);
    } while (code == ERR_STORE_FULL && store_grow(runner->options.store) == 0);
    if (code == 0 && moving.outcome.is_changed) {
        batch_moved(runner, &moving.outcome, moving.deadline_ms, ret_result);
        if (runner->last_ms < runner->now_ms)
            runner->last_ms = runner->now_ms;
    }
    ret_result->next_deadline_ms = batch_next_deadline(runner);
    if (code == 0)
        code = answer_make(&moving.outcome, arena, ret_answer);
    return code == 0 ? 0 : refuse(refusal, code, "move");
}
