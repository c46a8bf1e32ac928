#include "client/witness/watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "client/witness/word.h"
#include "core/error.h"
#include "core/tree.h"

enum {
    NEWS_GAP_MS = 500,   /* between two looks for news: each costs the disk a sync */
    DEADLINE_MS = 20000, /* of a question */
};

/* What is asked next, or being asked. */
enum look {
    LOOK_FROM_KEPT, /* the head, with a proof from what is kept */
    LOOK_SHORTER,   /* the head alone: the worker's is smaller than what is kept */
    LOOK_OWN,       /* of the size that the own cosignature is of, with a proof from what is kept */
    LOOK_BESIDE,    /* of the size that is kept: its proof did not hold */
};

struct watch {
    const struct witness_settings *settings;
    const struct history_settings *history;
    const struct step_place *place;
    struct comity *client;
    int64_t next_ms; /* when to look, by the steady clock */
    int64_t looked_ms;
    bool is_busy; /* a question is under way */
    bool is_connected[COMITY_BROKERS_MAX];
    enum look look;
    uint64_t from; /* of the question under way */
    uint8_t server_log_key[KEY_SIZE];
    struct word word;
    /* What the first answer of this look has of the witness's own: it may be another one in the answers after it. */
    struct own own;
    uint8_t own_signature[SIGNATURE_SIZE];
    bool has_own;
    /* Of the answer whose proof did not hold, while the note beside is asked for. */
    Comity__V1__Answer *doubtful;
};

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t unix_s(void)
{
    return (int64_t) time(NULL);
}

static void plan(struct watch *watch, int64_t in_ms)
{
    watch->is_busy = false;
    watch->look = LOOK_FROM_KEPT;
    watch->next_ms = steady_ms() + in_ms;
}

static void plan_next(struct watch *watch)
{
    plan(watch, (int64_t) watch->settings->interval_s * 1000);
}

static void say(struct watch *watch, const char *what)
{
    word_say(watch->place->directory, watch->history->history, what, unix_s(), &watch->word);
}

static void doubtful_forget(struct watch *watch)
{
    if (watch->doubtful != NULL)
        comity__v1__answer__free_unpacked(watch->doubtful, NULL);
    watch->doubtful = NULL;
}

/* ---- What is said ---- */

/* An event a line; what goes on as before is said once. */
static void log_failure(struct watch *watch, const char *what, int code)
{
    bool is_new = strcmp(watch->word.what, error_name(code)) != 0;
    log_event(is_new ? LOG_WARNING : LOG_DEBUG, what, "history=%s error=%s", watch->history->name, error_name(code));
    say(watch, error_name(code));
}

static void log_judgement(struct watch *watch, enum judgement judgement, const struct kept *kept, uint64_t shown)
{
    const char *name = judgement_name(judgement);
    bool is_new = strcmp(watch->word.what, name) != 0;
    bool is_cosigned = judgement == JUDGED_FIRST || judgement == JUDGED_EXTENDS;
    enum log_level level = !judgement_needs_operator(judgement) ? (is_cosigned ? LOG_INFO : LOG_DEBUG)
                           : judgement == JUDGED_FORK || judgement == JUDGED_NO_PROOF || judgement == JUDGED_EPOCH_FORK ||
                                   judgement == JUDGED_STOPPED || judgement == JUDGED_FORGOTTEN
                               ? LOG_ERROR
                               : LOG_WARNING;
    if (is_cosigned || is_new || level == LOG_DEBUG)
        log_event(level, name, "history=%s epoch=%" PRIu32 " size=%" PRIu64 " shown=%" PRIu64 "%s%s",
                  watch->history->name, kept->epoch, kept->size, shown, kept->evidence[0] != '\0' ? " evidence=" : "",
                  kept->evidence);
    say(watch, name);
}

/* To one of the brokers, or no more. Whether that is news: a WELCOME comes anew whenever the key's leave is asked for again. */
static bool connection_changes(struct watch *watch, const char *endpoint, bool is_connected)
{
    for (size_t i = 0; i < watch->history->broker_count; i++) {
        if (strcmp(watch->history->endpoints[i], endpoint) != 0)
            continue;
        bool is_news = watch->is_connected[i] != is_connected;
        watch->is_connected[i] = is_connected;
        return is_news;
    }
    return true;
}

static void on_event(const struct comity_event *event, void *context)
{
    struct watch *watch = context;
    switch (event->kind) {
    case COMITY_EVENT_READY:
        if (connection_changes(watch, event->endpoint, true))
            log_event(LOG_INFO, "connected", "history=%s endpoint=%s", watch->history->name, event->endpoint);
        break;
    case COMITY_EVENT_DISCONNECTED:
        connection_changes(watch, event->endpoint, false);
        log_event(LOG_WARNING, "disconnected", "history=%s endpoint=%s error=%s", watch->history->name,
                  event->endpoint, error_name(event->code));
        break;
    case COMITY_EVENT_LOG_KEY:
    case COMITY_EVENT_LOG_KEY_REFUSED:
        memcpy(watch->server_log_key, event->log_key, KEY_SIZE);
        break;
    default:
        break;
    }
}

/* ---- Giving ---- */

static void on_cosigned(struct comity_result *result, void *context)
{
    struct watch *watch = context;
    if (result->verdict == COMITY_ANSWERED)
        log_event(LOG_DEBUG, "acknowledged", "history=%s size=%" PRIu64, watch->history->name, result->sequence);
    else
        log_failure(watch, "not_taken", result->fault.code);
    plan_next(watch);
}

/* It is on the disk: now it may leave. */
static void give(const struct kept *kept, void *context)
{
    struct watch *watch = context;
    Comity__V1__Cosignature cosignature = COMITY__V1__COSIGNATURE__INIT;
    cosignature.key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) watch->place->key->public_key};
    cosignature.epoch = kept->epoch;
    cosignature.size = kept->size;
    cosignature.time_s = kept->time_s;
    cosignature.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, (uint8_t *) kept->signature};
    int code =
        comity_cosign(watch->client, watch->history->history, &cosignature, DEADLINE_MS, on_cosigned, watch, NULL);
    if (code != 0)
        log_failure(watch, "not_sent", code);
    watch->is_busy = code == 0;
}

/* ---- Looking ---- */

static void ask(struct watch *watch);

static struct step step_of(const struct watch *watch)
{
    return (struct step){.history = watch->history->history,
                         .log_key = watch->history->log_key,
                         .now_s = unix_s(),
                         .refresh_s = watch->settings->refresh_s};
}

/* What the worker has of this witness's key. */
static void own_take(struct watch *watch, const Comity__V1__Answer *answer)
{
    watch->has_own = false;
    for (size_t i = 0; i < answer->n_cosignatures && !watch->has_own; i++) {
        const Comity__V1__Cosignature *shown = answer->cosignatures[i];
        watch->has_own = bytes_equal(BYTES(shown->key.data, shown->key.len),
                                     BYTES(watch->place->key->public_key, KEY_SIZE)) &&
                         shown->signature.len == SIGNATURE_SIZE;
        if (!watch->has_own)
            continue;
        memcpy(watch->own_signature, shown->signature.data, SIGNATURE_SIZE);
        watch->own = (struct own){.key = watch->place->key->public_key,
                                  .epoch = shown->epoch,
                                  .size = shown->size,
                                  .time_s = shown->time_s,
                                  .signature = BYTES(watch->own_signature, SIGNATURE_SIZE)};
    }
}

static bool is_latest(const struct own *own, const struct kept *kept)
{
    return own != NULL && own->epoch == kept->epoch && own->size == kept->size && own->time_s >= kept->time_s;
}

/* @beside: of LOOK_BESIDE, the note at the size that is kept. */
static void take_step(struct watch *watch, const Comity__V1__Answer *answer, struct bytes beside, bool is_beside_asked)
{
    const struct own *own = watch->has_own ? &watch->own : NULL;
    bool is_own_asked = watch->look == LOOK_OWN;
    struct bytes proof[PROOF_MAX];
    struct seen seen = {
        .note = BYTES(answer->checkpoint.data, answer->checkpoint.len),
        .epoch = answer->epoch,
        .from = watch->from,
        .proof = proof,
        .proof_count = answer->n_proof < PROOF_MAX ? answer->n_proof : PROOF_MAX,
        .epochs = answer->epochs,
        .epoch_count = answer->n_epochs,
        .server_log_key = watch->server_log_key,
        .own = own,
        .beside = beside,
        .is_beside_asked = is_beside_asked,
    };
    for (size_t i = 0; i < seen.proof_count; i++)
        proof[i] = BYTES(answer->proof[i].data, answer->proof[i].len);
    struct step step = step_of(watch);
    struct kept kept;
    enum judgement judgement;
    int code = step_look(watch->place, &step, &kept);
    if (code == 0) {
        step.is_known = is_latest(own, &kept);
        plan_next(watch); /* unless something is asked or given now */
        code = step_take(watch->place, &step, &seen, &judgement, &kept, give, watch);
    }
    if (code != 0) {
        log_failure(watch, "state_failed", code);
        plan_next(watch);
        return;
    }
    if (!answer->is_fresh && (judgement == JUDGED_BEHIND || judgement == JUDGED_OLD_EPOCH)) {
        log_failure(watch, "refused", ERR_BEHIND); /* a worker that is late, as if it had said so */
        return;
    }
    bool is_doubtful = judgement == JUDGED_NO_PROOF || judgement == JUDGED_EPOCH_FORK;
    if ((judgement == JUDGED_AHEAD && !is_own_asked) || (is_doubtful && !is_beside_asked)) {
        watch->look = judgement == JUDGED_AHEAD ? LOOK_OWN : LOOK_BESIDE; /* each once, whatever comes */
        ask(watch);
        return;
    }
    log_judgement(watch, judgement, &kept, answer->as_of);
}

/* A copy that outlives the answer. */
static Comity__V1__Answer *answer_copy(const Comity__V1__Answer *answer)
{
    size_t size = comity__v1__answer__get_packed_size(answer);
    uint8_t *packed = malloc(size + 1);
    if (packed == NULL)
        return NULL;
    comity__v1__answer__pack(answer, packed);
    Comity__V1__Answer *copy = comity__v1__answer__unpack(NULL, size, packed);
    free(packed);
    return copy;
}

static void on_beside(struct watch *watch, const struct comity_result *result)
{
    struct bytes beside = {0};
    Comity__V1__Answer *doubtful = watch->doubtful;
    watch->doubtful = NULL;
    if (result->verdict == COMITY_ANSWERED) {
        ProtobufCBinaryData note = comity_answer_body(result->answer)->checkpoint;
        if (note.len <= CHECKPOINT_MAX_BYTES)
            beside = BYTES(note.data, note.len);
    }
    if (result->verdict == COMITY_ANSWERED || result->verdict == COMITY_REFUSED)
        take_step(watch, doubtful, beside, true);
    else
        plan_next(watch);
    comity__v1__answer__free_unpacked(doubtful, NULL);
}

static void on_answer(struct comity_result *result, void *context)
{
    struct watch *watch = context;
    watch->is_busy = false;
    if (watch->doubtful != NULL) {
        on_beside(watch, result);
        return;
    }
    bool is_shorter = result->verdict == COMITY_REFUSED && result->fault.code == ERR_RANGE &&
                      watch->look == LOOK_FROM_KEPT && watch->from > 0;
    if (is_shorter) {
        watch->look = LOOK_SHORTER;
        ask(watch);
        return;
    }
    if (result->verdict != COMITY_ANSWERED) {
        log_failure(watch, result->verdict == COMITY_REFUSED ? "refused" : "no_answer", result->fault.code);
        plan_next(watch);
        return;
    }
    const Comity__V1__Answer *answer = comity_answer_body(result->answer);
    Comity__V1__Answer *copy = answer_copy(answer);
    if (copy == NULL) {
        log_failure(watch, "no_memory", ERR_MEMORY);
        plan_next(watch);
        return;
    }
    watch->doubtful = copy; /* for the case that its proof does not hold */
    if (watch->look != LOOK_OWN)
        own_take(watch, answer);
    take_step(watch, answer, (struct bytes){0}, false);
    if (watch->look != LOOK_BESIDE || !watch->is_busy)
        doubtful_forget(watch);
}

static void ask(struct watch *watch)
{
    Comity__V1__GetCheckpoint wanted = COMITY__V1__GET_CHECKPOINT__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    struct step step = step_of(watch);
    struct kept kept;
    int code = step_look(watch->place, &step, &kept);
    if (code == 0) {
        /* What is believed is this file's to say, not the client's memory. */
        comity_set_seen(watch->client, watch->history->history, 0, 0);
        query.floor = 1;
        query.fresh = true;
        wanted.from = watch->look == LOOK_FROM_KEPT || watch->look == LOOK_OWN ? kept.size : 0;
        wanted.size = watch->look == LOOK_BESIDE ? kept.size : watch->look == LOOK_OWN ? watch->own.size : 0;
        if (watch->look != LOOK_BESIDE)
            watch->from = wanted.from;
        query.kind_case = COMITY__V1__QUERY__KIND_CHECKPOINT;
        query.checkpoint = &wanted;
        code = comity_query(watch->client, watch->history->history, &query, DEADLINE_MS, on_answer, watch, NULL);
    }
    watch->is_busy = code == 0;
    if (code != 0) {
        log_failure(watch, "state_failed", code);
        plan_next(watch);
    }
}

static void on_news(const uint8_t *history, uint64_t sequence, void *context)
{
    struct watch *watch = context;
    (void) history;
    (void) sequence;
    int64_t soon_ms = watch->looked_ms + NEWS_GAP_MS;
    if (soon_ms < watch->next_ms)
        watch->next_ms = soon_ms;
}

/* ---- Life ---- */

int watch_new(const struct witness_settings *settings, const struct history_settings *history,
              const struct step_place *place, struct watch **ret_watch)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    struct comity_reader reader;
    if (watch == NULL)
        return ERR_MEMORY;
    watch->settings = settings;
    watch->history = history;
    watch->place = place;
    memcpy(watch->server_log_key, history->log_key, KEY_SIZE);
    memcpy(reader.history, history->history, HISTORY_ID_SIZE);
    memcpy(reader.seed, place->key->seed, SEED_SIZE);
    struct comity_options options = {
        .brokers = history->brokers,
        .broker_count = history->broker_count,
        .readers = &reader,
        .reader_count = 1,
        .software = "comity-witness " COMITY_VERSION,
        .on_event = on_event,
        .context = watch,
    };
    memcpy(options.group_key, history->group_key, KEY_SIZE);
    int code = comity_new(&options, &watch->client);
    explicit_bzero(&reader, sizeof(reader));
    if (code == 0)
        code = comity_subscribe(watch->client, history->history, 0, on_news, watch);
    if (code != 0) {
        watch_destroy(&watch);
        return code;
    }
    plan(watch, 0);
    *ret_watch = watch;
    return 0;
}

void watch_destroy(struct watch **watch)
{
    if (*watch == NULL)
        return;
    comity_destroy(&(*watch)->client);
    doubtful_forget(*watch);
    free(*watch);
    *watch = NULL;
}

int watch_fd(struct watch *watch)
{
    return comity_fd(watch->client);
}

int watch_run(struct watch *watch)
{
    comity_pump(watch->client, 0);
    int64_t left_ms = watch->next_ms - steady_ms();
    if (watch->is_busy)
        return DEADLINE_MS;
    if (left_ms <= 0) {
        watch->looked_ms = steady_ms();
        ask(watch);
        comity_pump(watch->client, 0);
        return watch->is_busy ? DEADLINE_MS : 1000;
    }
    return left_ms < DEADLINE_MS ? (int) left_ms : DEADLINE_MS;
}
