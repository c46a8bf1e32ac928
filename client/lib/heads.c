/* What has to be proved before a server is believed: see head.h, and "Checkpoints" in comity.h.
 *
 * After each WELCOME one question: GetCheckpoint from the head's size. The answer proves that the record goes
 * on from there; or names a later epoch, whose restore went back behind the head, and the list of epochs has
 * to say so; or it is a fork. For a receipt or a page with another checkpoint the proof that joins it with
 * the head. One question at a time for each history, over the link that it is about.
 * Each question asks to be fresh: see lag.h. */
#include "client/lib/client.h"
#include "client/lib/lag.h"
#include "core/error.h"
#include "core/tree.h"

static bool is_keeping(const struct comity *client, const struct history *history)
{
    return client->journal != NULL && history != NULL;
}

/* ---- The head ---- */

static struct head_place place_of(const struct comity *client, const struct history *history)
{
    return (struct head_place){client->journal, history->id, (const uint8_t(*)[KEY_SIZE]) history->pins,
                               history->pin_count};
}

static void head_find(struct comity *client, struct history *history)
{
    if (history->has_head_loaded)
        return;
    history->has_head_loaded = true;
    const struct head_place place = place_of(client, history);
    int code = head_load(&place, &history->head);
    if (code != 0 && code != ERR_NOT_FOUND)
        client_event(client, &(struct comity_event){
                                 .kind = COMITY_EVENT_JOURNAL, .code = code, .history = history->id});
}

/* On disk before anything that rests on it is said. False where another process of this home has kept another one
 * meanwhile: that is the head now, and @head is yet to be proved to go with it. */
static bool head_adopt(struct comity *client, struct history *history, const struct head *head)
{
    if (head_is_same(&history->head, head))
        return true;
    struct head kept;
    const struct head_place place = place_of(client, history);
    int code = head_keep(&place, &history->head, head, &kept);
    history->head = code == ERR_STALE ? kept : *head;
    if (code != 0 && code != ERR_STALE)
        client_event(client, &(struct comity_event){
                                 .kind = COMITY_EVENT_JOURNAL, .code = code, .history = history->id});
    return code != ERR_STALE;
}

/* ---- Forks ---- */

static void forked(struct comity *client, struct history *history, const struct fork *fork)
{
    char path[FORK_PATH_MAX];
    int code = fork_keep(client->journal, history->id, fork, path);
    history->is_forked = true;
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_FORKED,
                                                .history = history->id,
                                                .sequence = fork->head->size,
                                                .code = code,
                                                .evidence = code == 0 ? path : NULL});
    client_wake_at(client, client->now_ms);
}

/* @other may be NULL: no checkpoint was given. */
static void fork_found(struct comity *client, struct history *history, const char *why,
                       const struct head *other, const Comity__V1__Answer *answer)
{
    struct bytes proof[PROOF_MAX];
    const struct head *earlier = &history->question.earlier;
    struct fork fork = {.why = why, .head = earlier->size > 0 ? earlier : &history->head, .proof = proof};
    if (other != NULL) {
        fork.other = BYTES(other->note, other->note_size);
        fork.other_head = *other;
    }
    for (; answer != NULL && fork.count < answer->n_proof && fork.count < PROOF_MAX; fork.count++)
        proof[fork.count] = BYTES(answer->proof[fork.count].data, answer->proof[fork.count].len);
    forked(client, history, &fork);
}

bool head_ends(struct comity *client, struct comity_request *request)
{
    const struct history *history =
        client->journal == NULL || request->is_check ? NULL : history_find(client, request->claim.history);
    if (history == NULL || !history->is_forked)
        return false;
    struct comity_result result = {.verdict = request->attempts == 0 ? COMITY_NOT_SENT : COMITY_UNKNOWN,
                                   .fault = {.code = ERR_FORKED}};
    request_end(client, request, &result);
    return true;
}

/* ---- Asking ---- */

static void question_answered(struct comity *client, const struct comity_request *request,
                              struct comity_result *result);

static void ask(struct comity *client, struct history *history, const struct link *link, uint64_t from,
                uint64_t size)
{
    Comity__V1__GetCheckpoint wanted = COMITY__V1__GET_CHECKPOINT__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    struct head_question *question = &history->question;
    wanted.from = question->from = from;
    wanted.size = question->size = size;
    question->link = link->index;
    query.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, history->id};
    query.kind_case = COMITY__V1__QUERY__KIND_CHECKPOINT;
    query.checkpoint = &wanted;
    query.fresh = true;
    query.floor = 1; /* of a record that went back the checkpoint is wanted as well */
    if (request_check(client, &query, link, question_answered, &question->request) != 0)
        question->request = 0;
}

static void epochs_answered(struct comity *client, const struct comity_request *request,
                            struct comity_result *result);

/* Of which restores does the later epoch come? */
static void ask_epochs(struct comity *client, struct history *history, const struct link *link,
                       const struct head *offered)
{
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    query.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, history->id};
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    query.fresh = true;
    query.floor = 1;
    history->question.offered = *offered;
    if (request_check(client, &query, link, epochs_answered, &history->question.request) != 0)
        history->question.request = 0;
}

static void believe(struct comity *client, struct history *history, struct link *link,
                    const struct head *head)
{
    if (head == NULL || head_adopt(client, history, head))
        history->believed[link->index] = link->welcome;
    history->lags[link->index] = (struct lag){0};
    client_wake_at(client, client->now_ms); /* else it is asked again, from what was kept beside it */
}

/* ---- WELCOME's question ---- */

/* The record of before a restore, as it is shown now: does it hold what a receipt proved of it? */
static void earlier_judge(struct comity *client, struct history *history, struct link *link,
                          const struct head *offered, const Comity__V1__Answer *answer)
{
    struct head_question *question = &history->question;
    struct bytes proof[PROOF_MAX];
    size_t count = 0;
    if (offered->epoch > question->offered.epoch) { /* a further restore in between: from the beginning */
        *question = (struct head_question){0};
        client_wake_at(client, client->now_ms);
        return;
    }
    for (; count < answer->n_proof && count < PROOF_MAX; count++)
        proof[count] = BYTES(answer->proof[count].data, answer->proof[count].len);
    bool holds = question->from == question->earlier.size && answer->n_proof <= PROOF_MAX &&
                 offered->epoch == question->offered.epoch &&
                 head_extends(&question->earlier, offered, proof, count) == 0;
    if (holds)
        believe(client, history, link, offered);
    else if (lag_explains(answer, offered, question->offered.epoch, 0))
        lag_found(client, history, link, lag_code(answer));
    else
        fork_found(client, history,
                   "The record that was restored does not hold what a receipt of this reader proves of the time before.",
                   offered, answer);
}

static void welcome_judge(struct comity *client, struct history *history, struct link *link,
                          const struct head *offered, const Comity__V1__Answer *answer)
{
    const struct head *head = &history->head;
    struct head_question *question = &history->question;
    struct bytes proof[PROOF_MAX];
    size_t count = 0;
    for (; count < answer->n_proof && count < PROOF_MAX; count++)
        proof[count] = BYTES(answer->proof[count].data, answer->proof[count].len);
    bool has_asked = question->from == head->size && answer->n_proof <= PROOF_MAX;
    if (question->earlier.size > 0) {
        earlier_judge(client, history, link, offered, answer);
    } else if (head->size == 0) {
        believe(client, history, link, offered);
    } else if (lag_explains(answer, offered, head->epoch, head->size)) {
        lag_found(client, history, link, lag_code(answer));
    } else if (offered->epoch < head->epoch) {
        fork_found(client, history, "The server signs for an epoch that a restore ended: it was put back.",
                   offered, answer);
    } else if (has_asked && offered->size >= head->size && head_extends(head, offered, proof, count) == 0) {
        believe(client, history, link, offered);
    } else if (offered->epoch > head->epoch) {
        ask_epochs(client, history, link, offered);
    } else if (offered->size < head->size) {
        fork_found(client, history,
                   "The record of the server ends before what this reader has verified: it was put back.",
                   offered, answer);
    } else if (!has_asked && !question->is_second) { /* it grew in between */
        question->is_second = true;
        ask(client, history, link, head->size, 0);
    } else {
        fork_found(client, history,
                   "The record of the server does not go on from what this reader has verified.", offered,
                   answer);
    }
}

/* Leave to read is gone, or was never there: whatever is asked of it is refused by the worker. */
static bool is_without_leave(int code)
{
    return code == ERR_GRANT || code == ERR_HELLO || code == ERR_HISTORY || code == ERR_KEY_UNKNOWN ||
           code == ERR_KEY_REVOKED || code == ERR_MOVED;
}

/* For good? What passes by, as BUSY does, says nothing of the record: it is asked again. */
static bool is_refused(const struct comity_result *result)
{
    return result->verdict == COMITY_REFUSED && comity_is_final(result->fault.code);
}

static void welcome_refused(struct comity *client, struct history *history, struct link *link,
                            const struct comity_result *result)
{
    bool is_of_another_time =
        result->verdict == COMITY_UNKNOWN && (result->fault.code == ERR_BEHIND || result->fault.code == ERR_MOVED);
    if (is_of_another_time || (is_refused(result) && is_without_leave(result->fault.code))) {
        believe(client, history, link, NULL); /* whatever else is asked has to end in the same way */
        history->denied[link->index] = link->welcome;
    } else if (lag_is_told(result)) {
        lag_found(client, history, link, result->fault.code);
    } else if (is_refused(result) && result->fault.code == ERR_RANGE && history->question.from > 0) {
        ask(client, history, link, 0, 0);
    } else if (is_refused(result) || result->fault.code == ERR_MALFORMED) {
        if (history->head.size == 0)
            believe(client, history, link, NULL);
        else
            fork_found(client, history, "The server gives no checkpoint of its record.", NULL, NULL);
    } /* else nobody answered: it is asked again */
}

/* Is this checkpoint of the record that stands, and from before every restore that came after it? */
static bool is_before_restores(const struct head *head, const void *context)
{
    const Comity__V1__Partnership *partnership = context;
    bool is_listed = false, is_behind = false;
    for (size_t i = 0; i < partnership->n_epochs; i++) {
        const Comity__V1__Epoch *epoch = partnership->epochs[i];
        is_listed |= epoch->number == head->epoch;
        is_behind |= epoch->number > head->epoch && epoch->restored_to < head->size;
    }
    return is_listed && !is_behind;
}

/* A restore that went back behind the head is on record. It took the end of the record, not what lies before. */
static void restore_follow(struct comity *client, struct history *history, struct link *link,
                           const Comity__V1__Partnership *partnership, const struct head *offered)
{
    struct head_question *question = &history->question;
    const struct head_place place = place_of(client, history);
    if (head_of_receipts(&place, is_before_restores, partnership, &question->earlier) == 0)
        ask(client, history, link, question->earlier.size, 0);
    else
        believe(client, history, link, offered);
}

static void epochs_answered(struct comity *client, const struct comity_request *request,
                            struct comity_result *result)
{
    struct history *history = history_find(client, request->claim.history);
    if (history == NULL)
        return;
    struct link *link = &client->links[history->question.link];
    const struct head offered = history->question.offered;
    const Comity__V1__Answer *answer =
        result->verdict == COMITY_ANSWERED ? comity_answer_body(result->answer) : NULL;
    const Comity__V1__Partnership *partnership =
        answer == NULL || answer->whoami == NULL ? NULL : answer->whoami->partnership;
    history->question.request = 0;
    history->question.offered.size = 0;
    if (lag_is_told(result))
        lag_found(client, history, link, result->fault.code);
    if (partnership == NULL)
        return; /* it is asked again */
    uint64_t common = UINT64_MAX;
    bool is_listed = false;
    for (size_t i = 0; i < partnership->n_epochs; i++) {
        const Comity__V1__Epoch *epoch = partnership->epochs[i];
        is_listed |= epoch->number == offered.epoch;
        if (epoch->number > history->head.epoch && epoch->restored_to < common)
            common = epoch->restored_to;
    }
    if (is_listed && history->head.size > common)
        restore_follow(client, history, link, partnership, &offered);
    else if (!is_listed && !answer->is_fresh)
        lag_found(client, history, link, lag_code(answer));
    else
        fork_found(client, history,
                   "The server speaks of a restore, but none on record explains what is missing.", &offered,
                   NULL);
}

/* ---- Receipts and pages ---- */

static bool is_welcome_due(const struct history *history, const struct link *link)
{
    return link->state == LINK_READY && history->granted[link->index] == link->welcome &&
           history->believed[link->index] != link->welcome;
}

/* Where another worker has said WELCOME meanwhile, as after a restore, its own question comes first. */
static void proof_missing(struct comity *client, struct history *history, const struct comity_request *held,
                          const char *why, const Comity__V1__Answer *answer)
{
    if (!is_welcome_due(history, &client->links[held->link]))
        fork_found(client, history, why, &held->unproved, answer);
}

static void proof_judge(struct comity *client, struct history *history, struct comity_request *held,
                        const struct head *offered, const Comity__V1__Answer *answer)
{
    const struct head *head = &history->head, *other = &held->unproved;
    const struct head *earlier = other->size < head->size ? other : head;
    const struct head *later = earlier == head ? other : head;
    struct bytes proof[PROOF_MAX];
    size_t count = 0;
    for (; count < answer->n_proof && count < PROOF_MAX; count++)
        proof[count] = BYTES(answer->proof[count].data, answer->proof[count].len);
    bool holds = answer->n_proof <= PROOF_MAX && memcmp(offered->root, later->root, HASH_SIZE) == 0 &&
                 head_extends(earlier, later, proof, count) == 0;
    if (!holds && lag_explains(answer, offered, later->epoch, 0)) {
        lag_found(client, history, &client->links[held->link], lag_code(answer));
        return;
    }
    if (!holds) {
        proof_missing(client, history, held,
                      "What the server signed now does not go on from what this reader has verified.", answer);
        return;
    }
    history->lags[held->link] = (struct lag){0};
    if (later == head || head_adopt(client, history, other))
        reply_settle_held(client, held);
    else
        client_wake_at(client, client->now_ms); /* it is asked again, from what was kept beside it */
}

/* What waits for the same tree, or is of it, needs no question of its own. */
static void held_settle_same(struct comity *client, const struct history *history)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++) {
        struct comity_request *request = client->requests[i];
        if (request != NULL && request->is_unproved && request->state == REQUEST_HELD &&
            memcmp(request->claim.history, history->id, HISTORY_ID_SIZE) == 0 &&
            head_is_same(&request->unproved, &history->head))
            reply_settle_held(client, request);
    }
}

/* Whose key was revoked in between is answered no more, and need not be lied to. What the act itself has brought about is
 * what its receipt says; of anything else it cannot be known without the proof. */
static void proof_refused(struct comity *client, struct history *history, struct comity_request *held, int code)
{
    if (!is_without_leave(code)) {
        proof_missing(client, history, held, "The server gives no proof for what it signed.", NULL);
    } else if (held->ends_leave) {
        reply_settle_held(client, held);
    } else {
        struct comity_result result = {.verdict = COMITY_UNKNOWN, .fault = {.code = code}};
        request_end(client, held, &result);
    }
}

static void question_answered(struct comity *client, const struct comity_request *request,
                              struct comity_result *result)
{
    struct history *history = history_find(client, request->claim.history);
    if (history == NULL)
        return;
    struct link *link = &client->links[history->question.link];
    struct comity_request *held =
        history->question.on_behalf == 0 ? NULL : request_find(client, history->question.on_behalf);
    const Comity__V1__Answer *answer =
        result->verdict == COMITY_ANSWERED ? comity_answer_body(result->answer) : NULL;
    struct head offered = {0};
    history->question.request = 0;
    bool is_welcome = history->question.on_behalf == 0;
    if (!is_welcome && (held == NULL || !held->is_unproved))
        return; /* it has ended meanwhile */
    if (answer == NULL && is_welcome) {
        welcome_refused(client, history, link, result);
        return;
    }
    if (answer == NULL) {
        if (lag_is_told(result))
            lag_found(client, history, link, result->fault.code);
        else if (is_refused(result) || result->fault.code == ERR_MOVED)
            proof_refused(client, history, held, result->fault.code);
        return;
    }
    int code = head_open(BYTES(answer->checkpoint.data, answer->checkpoint.len), history->id,
                         (const uint8_t(*)[KEY_SIZE]) history->pins, history->pin_count, &offered);
    if (code != 0 && history->head.size == 0)
        believe(client, history, link, NULL); /* there is nothing to hold it against */
    else if (code != 0)
        fork_found(client, history,
                   "The server gives a checkpoint that no known key of the record has signed.", NULL, answer);
    else if (is_welcome)
        welcome_judge(client, history, link, &offered, answer);
    else
        proof_judge(client, history, held, &offered, answer);
    if (code == 0 && !history->is_forked)
        held_settle_same(client, history);
}

int head_consider(struct comity *client, struct comity_request *request, struct bytes note)
{
    struct history *history = client->journal == NULL ? NULL : history_ensure(client, request->claim.history);
    struct head shown;
    if (!is_keeping(client, history))
        return 0;
    head_find(client, history);
    int code = request->is_page ? head_open(note, history->id, (const uint8_t(*)[KEY_SIZE]) history->pins,
                                            history->pin_count, &shown)
                                : head_read(note, history->id, &shown);
    if (code != 0)
        return ERR_MALFORMED;
    if (history->head.size == 0 && head_adopt(client, history, &shown))
        return 0;
    /* A receipt of an earlier epoch is held against the list of epochs; a page is of the present one. Without leave to
     * read nothing can be asked. */
    if (request->is_page && shown.epoch < history->head.epoch)
        return ERR_BEHIND;
    if (head_is_same(&shown, &history->head) || shown.epoch < history->head.epoch)
        return 0;
    if (shown.epoch == history->head.epoch && shown.size == history->head.size) {
        fork_found(client, history, "The server signed two records of one length.", &shown, NULL);
        head_ends(client, request);
        return ERR_FORKED;
    }
    if (!history->is_reader)
        return 0;
    request->unproved = shown;
    request->is_unproved = true;
    request->state = REQUEST_HELD;
    client_wake_at(client, client->now_ms);
    return 1;
}

/* ---- What is to be asked ---- */

void head_welcome(struct comity *client, struct link *link, struct history *history, bool may_read)
{
    if (!is_keeping(client, history) || !history->is_reader)
        return;
    head_find(client, history);
    history->lags[link->index] = (struct lag){0}; /* it may be another worker */
    if (may_read)
        history->granted[link->index] = link->welcome;
    else /* nothing is shown, and nothing can be asked */
        history->believed[link->index] = history->denied[link->index] = link->welcome;
}

bool head_shows(struct comity *client, const struct comity_request *request)
{
    const struct history *history =
        client->journal == NULL || request->is_check ? NULL : history_find(client, request->claim.history);
    return history == NULL || history->head.size == 0 ||
           history->denied[request->link] != client->links[request->link].welcome;
}

bool head_lets(const struct comity *client, const struct link *link, const struct comity_request *request)
{
    if (client->journal == NULL || request->is_check)
        return true;
    for (size_t i = 0; i < client->history_count; i++) {
        const struct history *history = client->histories[i];
        if (memcmp(history->id, request->claim.history, HISTORY_ID_SIZE) == 0)
            return !history->is_reader || history->believed[link->index] == link->welcome;
    }
    return true;
}

static struct comity_request *held_find(struct comity *client, const struct history *history)
{
    for (size_t i = 0; i < COMITY_REQUESTS_MAX; i++) {
        struct comity_request *request = client->requests[i];
        if (request != NULL && request->is_unproved && request->state == REQUEST_HELD &&
            memcmp(request->claim.history, history->id, HISTORY_ID_SIZE) == 0)
            return request;
    }
    return NULL;
}

static void held_ask(struct comity *client, struct history *history, struct comity_request *held)
{
    struct link *link = &client->links[held->link];
    const struct head *head = &history->head, *shown = &held->unproved;
    if (link->state != LINK_READY || is_welcome_due(history, link) || lag_waits(client, history, link))
        return;
    if (shown->epoch < head->epoch) { /* a restore came in between: what was answered then is answered anew */
        request_again(client, held, ERR_BEHIND, false, 0);
        return;
    }
    bool may_ask = history->granted[link->index] == link->welcome;
    if (!may_ask && held->has_checked_again) { /* whoever gets a receipt may read, but for a liar's, and of what ended it */
        if (held->ends_leave)
            reply_settle_held(client, held);
        else
            reply_drop_held(client, held);
        return;
    }
    if (!may_ask) { /* it may give leave to read, as a redeemed invitation does */
        held->has_checked_again = true;
        session_forgotten(client, link);
        return;
    }
    if (shown->epoch > head->epoch &&
        !held->has_checked_again) { /* a restore since WELCOME: that question first */
        held->has_checked_again = true;
        history->believed[link->index] = 0;
        return;
    }
    history->question = (struct head_question){.on_behalf = held->number};
    ask(client, history, link, shown->size < head->size ? shown->size : head->size,
        shown->size < head->size ? head->size : shown->size);
}

static void welcome_ask(struct comity *client, struct history *history, struct link *link)
{
    bool is_key_refused = memcmp(history->refused, link->log_key, KEY_SIZE) == 0;
    if (history_has_pin(history, link->log_key)) {
        history->question = (struct head_question){0};
        ask(client, history, link, history->head.size, 0);
    } else if (is_key_refused && history->head.size > 0) {
        fork_found(client, history, "The server signs with a key that is not on record.", NULL, NULL);
    } else if (is_key_refused) {
        believe(client, history, link, NULL); /* there is nothing to hold it against */
    }                                         /* else the list of keys is being asked for */
}

static void history_heads_run(struct comity *client, struct history *history)
{
    for (size_t i = 0; i < client->link_count && history->question.request == 0 && !history->is_forked; i++) {
        struct link *link = &client->links[i];
        if (is_welcome_due(history, link) && !lag_waits(client, history, link))
            welcome_ask(client, history, link);
    }
    struct comity_request *held =
        history->question.request == 0 && !history->is_forked ? held_find(client, history) : NULL;
    if (held != NULL)
        held_ask(client, history, held);
}

void heads_run(struct comity *client)
{
    if (client->journal == NULL || client->is_stopping)
        return;
    for (size_t i = 0; i < client->history_count; i++)
        if (client->histories[i]->is_reader)
            history_heads_run(client, client->histories[i]);
}
