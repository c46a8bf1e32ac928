#include <sodium.h>
#include <stdlib.h>

#include "client/lib/backoff.h"
#include "client/lib/client.h"
#include "core/error.h"
#include "core/event.h"
#include "core/grant.h"
#include "core/message.h"

enum { SESSION_ARENA_BYTES = 1024 * 1024, HISTORIES_STEP = 8 };

/* ---- Histories ---- */

struct history *history_find(struct comity *client, const uint8_t *id)
{
    for (size_t i = 0; i < client->history_count; i++)
        if (memcmp(client->histories[i]->id, id, HISTORY_ID_SIZE) == 0)
            return client->histories[i];
    return NULL;
}

struct history *history_ensure(struct comity *client, const uint8_t *id)
{
    struct history *history = history_find(client, id);
    if (history != NULL)
        return history;
    if (client->history_count % HISTORIES_STEP == 0) {
        size_t count = client->history_count + HISTORIES_STEP;
        struct history **grown = realloc(client->histories, count * sizeof(struct history *));
        if (grown == NULL)
            return NULL;
        client->histories = grown;
    }
    history = calloc(1, sizeof(*history));
    if (history == NULL)
        return NULL;
    memcpy(history->id, id, HISTORY_ID_SIZE);
    sodium_mlock(&history->key, sizeof(history->key)); /* not swapped out, nor in a core dump; as far as may be */
    client->histories[client->history_count++] = history;
    return history;
}

void histories_release(struct comity *client)
{
    for (size_t i = 0; i < client->history_count; i++) {
        sodium_munlock(&client->histories[i]->key, sizeof(client->histories[i]->key)); /* wipes it */
        free(client->histories[i]->moved);
        free(client->histories[i]);
    }
    free(client->histories);
    client->histories = NULL;
    client->history_count = 0;
}

/* What was seen in an earlier epoch says nothing of a later one. */
void history_raise_seen(struct comity *client, const uint8_t *id, uint32_t epoch, uint64_t sequence)
{
    struct history *history = sequence == 0 ? NULL : history_ensure(client, id);
    if (history == NULL || epoch < history->epoch)
        return;
    if (epoch > history->epoch || history->seen < sequence)
        history->seen = sequence;
    history->epoch = epoch;
}

bool history_has_pin(const struct history *history, const uint8_t *key)
{
    for (size_t i = 0; i < history->pin_count; i++)
        if (memcmp(history->pins[i], key, KEY_SIZE) == 0)
            return true;
    return false;
}

int history_pin(struct history *history, const uint8_t *key)
{
    if (history_has_pin(history, key))
        return 0;
    if (history->pin_count == PINS_MAX)
        return ERR_LIMIT;
    memcpy(history->pins[history->pin_count++], key, KEY_SIZE);
    return 0;
}

static size_t reader_count(const struct comity *client)
{
    size_t count = 0;
    for (size_t i = 0; i < client->history_count; i++)
        count += client->histories[i]->is_reader;
    return count;
}

static int reader_add(struct comity *client, const uint8_t *id, const uint8_t *seed)
{
    struct history *history = history_find(client, id);
    if ((history == NULL || !history->is_reader) && reader_count(client) == COMITY_READERS_MAX)
        return ERR_LIMIT;
    history = history_ensure(client, id);
    if (history == NULL)
        return ERR_MEMORY;
    signing_key_from_seed(seed, &history->key);
    history->is_reader = true;
    for (size_t i = 0; i < client->link_count; i++)
        session_hello_again(client, &client->links[i]);
    return 0;
}

int comity_read(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE],
                const uint8_t seed[COMITY_KEY_SIZE])
{
    pthread_mutex_lock(&client->lock);
    int code = reader_add(client, history, seed);
    pthread_mutex_unlock(&client->lock);
    if (code == 0)
        client_wake(client);
    return code;
}

uint64_t comity_seen(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE])
{
    pthread_mutex_lock(&client->lock);
    const struct history *found = history_find(client, history);
    uint64_t seen = found == NULL ? 0 : found->seen;
    pthread_mutex_unlock(&client->lock);
    return seen;
}

uint32_t comity_epoch(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE])
{
    pthread_mutex_lock(&client->lock);
    const struct history *found = history_find(client, history);
    uint32_t epoch = found == NULL ? 0 : found->epoch;
    pthread_mutex_unlock(&client->lock);
    return epoch;
}

int comity_set_seen(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE], uint32_t epoch,
                    uint64_t sequence)
{
    pthread_mutex_lock(&client->lock);
    struct history *found = history_ensure(client, history);
    if (found != NULL) {
        found->epoch = epoch;
        found->seen = sequence;
    }
    pthread_mutex_unlock(&client->lock);
    return found == NULL ? ERR_MEMORY : 0;
}

/* ---- HELLO ---- */

void session_hello_again(struct comity *client, struct link *link)
{
    if (link->state < LINK_CONNECTED)
        return;
    link->state = LINK_CONNECTED;
    link->hello_request = 0;
    link->hello_attempt = 0;
    link->hello_ms = client->now_ms;
    client_wake_at(client, client->now_ms);
}

void session_forgotten(struct comity *client, struct link *link)
{
    if (link->state == LINK_READY)
        session_hello_again(client, link);
}

static int grants_sign(struct comity *client, struct arena *arena, Comity__V1__Hello *hello)
{
    hello->grants = arena_alloc(arena, (client->history_count + 1) * sizeof(*hello->grants));
    if (hello->grants == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < client->history_count; i++) {
        const struct history *history = client->histories[i];
        if (!history->is_reader)
            continue;
        struct grant grant = {.until_ms = client_unix_ms() + GRANT_MS};
        memcpy(grant.history, history->id, HISTORY_ID_SIZE);
        memcpy(grant.key, history->key.public_key, KEY_SIZE);
        memcpy(grant.reader, client->key.public_key, KEY_SIZE);
        int code = grant_sign(&grant, &history->key, arena, &hello->grants[hello->n_grants]);
        if (code != 0)
            return code;
        hello->n_grants++;
    }
    return 0;
}

static int hello_pack(struct comity *client, struct arena *arena, struct bytes *ret_packed)
{
    uint32_t levels[FORMAT_LEVEL];
    Comity__V1__Hello hello = COMITY__V1__HELLO__INIT;
    for (uint32_t level = 1; level <= FORMAT_LEVEL; level++)
        levels[level - 1] = level;
    hello.software = client->software;
    hello.n_format_levels = FORMAT_LEVEL;
    hello.format_levels = levels;
    int code = grants_sign(client, arena, &hello);
    return code != 0 ? code : message_pack(&hello.base, arena, ret_packed);
}

static int hello_send(struct comity *client, struct link *link, struct arena *arena)
{
    struct bytes plain = {0};
    int code = hello_pack(client, arena, &plain);
    if (code != 0)
        return code;
    size_t size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
    uint8_t *frame = arena_alloc(arena, size);
    if (frame == NULL)
        return ERR_MEMORY;
    struct frame_header header = {.type = FRAME_HELLO,
                                  .request = request_number(client),
                                  .attempt = (uint16_t) (link->hello_attempt + 1),
                                  .budget_ms = (uint32_t) client->attempt_ms};
    memcpy(header.group, client->group, GROUP_ID_SIZE);
    seal_frame(&client->seal, &header, plain, frame);
    code = link_send(client, link, frame, size);
    if (code == 0)
        link->hello_request = header.request;
    return code;
}

/* Say HELLO when it is due: at first, after a hint to wait, when no answer came, when grants run out. */
void session_run(struct comity *client, struct link *link)
{
    if (link->state == LINK_READY && (client->renew_ms == 0 || client->now_ms < client->renew_ms)) {
        if (client->renew_ms != 0)
            client_wake_at(client, client->renew_ms);
        return;
    }
    if (link->state == LINK_READY)
        session_hello_again(client, link);
    bool is_late = client->now_ms >= link->hello_ms;
    if (is_late && link->hello_request != 0 && link_is_receiving(link)) {
        link->hello_ms = client->now_ms + HEARTBEAT_MS; /* behind what comes, the WELCOME may come */
    } else if (is_late) {
        struct arena *arena = arena_new(SESSION_ARENA_BYTES);
        if (arena != NULL && hello_send(client, link, arena) == 0)
            link->hello_attempt++;
        arena_destroy(&arena);
        link->hello_ms = client->now_ms + client->attempt_ms;
    }
    client_wake_at(client, link->hello_ms);
}

static void hello_retry(struct comity *client, struct link *link, int code, bool is_brokers_word,
                        uint32_t hint_ms)
{
    if (code >= 0)
        code = ERR_MALFORMED; /* an ERROR or a refusal that names none */
    int64_t wait_ms = backoff_ms(link->hello_attempt, hint_ms, randombytes_random());
    link->hello_request = 0;
    link->code = code;
    link->is_brokers_word = is_brokers_word;
    link->hello_ms = client->now_ms + wait_ms;
    client_wake_at(client, link->hello_ms);
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_RETRYING,
                                                .endpoint = link->endpoint,
                                                .code = code,
                                                .is_brokers_word = is_brokers_word,
                                                .attempt = link->hello_attempt + 1,
                                                .wait_ms = wait_ms});
}

void session_hint(struct comity *client, struct link *link, const struct frame_header *header)
{
    hello_retry(client, link, header->error, true, header->budget_ms);
}

/* 0, ERR_SEAL (it is not of the group: as if it had not come), or what is wrong with its form. */
static int body_open(struct comity *client, struct bytes frame, const ProtobufCMessageDescriptor *type,
                     struct arena *arena, ProtobufCMessage **ret_message)
{
    size_t size;
    if (arena == NULL)
        return ERR_MEMORY;
    int code = seal_open(&client->seal, frame, client->plain, &size);
    if (code != 0)
        return code;
    return message_unpack(type, BYTES(client->plain, size), FRAME_BODY_MAX_BYTES, arena, NULL, ret_message);
}

/* A sealed refusal of our HELLO. */
void session_refusal(struct comity *client, struct link *link, struct bytes frame)
{
    struct arena *arena = arena_new(SESSION_ARENA_BYTES);
    ProtobufCMessage *message = NULL;
    int code = body_open(client, frame, &comity__v1__reply__descriptor, arena, &message);
    const Comity__V1__Reply *reply = (const Comity__V1__Reply *) message;
    if (code == 0)
        code = reply->kind_case == COMITY__V1__REPLY__KIND_REFUSAL ? reply->refusal->code : ERR_MALFORMED;
    if (code != ERR_SEAL)
        hello_retry(client, link, code, false, 0);
    arena_destroy(&arena);
}

/* ---- Log keys ---- */

static void log_key_event(struct comity *client, const struct history *history, const uint8_t *key,
                          enum comity_event_kind kind, bool is_first)
{
    client_event(client, &(struct comity_event){
                             .kind = kind, .history = history->id, .log_key = key, .is_first = is_first});
}

static void log_key_refuse(struct comity *client, struct history *history, const uint8_t *key)
{
    if (memcmp(history->refused, key, KEY_SIZE) != 0)
        log_key_event(client, history, key, COMITY_EVENT_LOG_KEY_REFUSED, false);
    memcpy(history->refused, key, KEY_SIZE);
}

void session_pin_first(struct comity *client, struct history *history, const uint8_t *key)
{
    if (history->pin_count == 0 && history_pin(history, key) == 0)
        log_key_event(client, history, key, COMITY_EVENT_LOG_KEY, true);
}

static bool is_listed(const Comity__V1__Partnership *partnership, const uint8_t *key)
{
    for (size_t i = 0; i < partnership->n_epochs; i++)
        if (bytes_equal(BYTES(partnership->epochs[i]->log_key.data, partnership->epochs[i]->log_key.len),
                        BYTES(key, KEY_SIZE)))
            return true;
    return false;
}

/* A list that has none of the pinned keys is of some other history: keys are only ever added to a list. */
static bool is_own_list(const struct history *history, const Comity__V1__Partnership *partnership)
{
    for (size_t i = 0; i < history->pin_count; i++)
        if (is_listed(partnership, history->pins[i]))
            return true;
    return false;
}

/* Every listed key is good: a receipt of an earlier epoch is signed by the key of that epoch. */
static void log_keys_take(struct comity *client, struct history *history,
                          const Comity__V1__Partnership *partnership)
{
    if (!is_own_list(history, partnership))
        return;
    for (size_t i = 0; i < partnership->n_epochs; i++) {
        const ProtobufCBinaryData *key = &partnership->epochs[i]->log_key;
        if (key->len != KEY_SIZE || history_has_pin(history, key->data))
            continue;
        if (history_pin(history, key->data) == 0)
            log_key_event(client, history, key->data, COMITY_EVENT_LOG_KEY, false);
    }
}

static void log_key_answered(struct comity *client, const struct comity_request *request,
                             struct comity_result *result)
{
    struct history *history = history_find(client, request->claim.history);
    if (history == NULL)
        return;
    const Comity__V1__Answer *answer =
        result->verdict == COMITY_ANSWERED ? comity_answer_body(result->answer) : NULL;
    history->is_asking = false;
    history->listed_ms = client->now_ms;
    if (answer != NULL && answer->whoami != NULL && answer->whoami->partnership != NULL)
        log_keys_take(client, history, answer->whoami->partnership);
    bool is_judged = result->verdict == COMITY_ANSWERED || result->verdict == COMITY_REFUSED;
    if (is_judged && !history_has_pin(history, history->asked))
        log_key_refuse(client, history, history->asked);
    reply_check_held(client);
}

static void log_key_ask(struct comity *client, struct history *history, const uint8_t *key)
{
    if (history->is_asking)
        return;
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    query.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, history->id};
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    query.floor = 1; /* a restore may have gone back behind what was seen: just then keys change */
    memcpy(history->asked, key, KEY_SIZE);
    history->is_asking = request_check(client, &query, NULL, log_key_answered, NULL) == 0;
}

bool session_list_again(struct comity *client, struct link *link, struct history *history, int64_t since_ms)
{
    if (history->is_asking)
        return true;
    if (!history->is_reader || history->pin_count == 0 || history->listed_ms >= since_ms)
        return false;
    log_key_ask(client, history, link->log_key);
    return history->is_asking;
}

/* What a worker's log key means for one history: known, first seen, or another one. */
static void log_key_judge(struct comity *client, struct history *history, const uint8_t *key, bool may_read)
{
    if (history_has_pin(history, key))
        return;
    if (history->pin_count == 0) {
        if (may_read) /* so the history is there */
            session_pin_first(client, history, key);
    } else if (!may_read) {
        if (history->is_reader)
            log_key_refuse(client, history, key);
    } else if (history->is_witness) { /* which may not ask for the list */
        log_key_refuse(client, history, key);
    } else if (memcmp(history->refused, key, KEY_SIZE) != 0) {
        log_key_ask(client, history, key);
    }
}

/* ---- WELCOME ---- */

static bool grant_answer_take(struct comity *client, struct link *link, struct history *history,
                              const Comity__V1__Welcome *welcome)
{
    for (size_t i = 0; i < welcome->n_grants; i++) {
        const Comity__V1__GrantAnswer *answer = welcome->grants[i];
        if (!bytes_equal(BYTES(answer->history.data, answer->history.len),
                         BYTES(history->id, HISTORY_ID_SIZE)))
            continue;
        client_event(client, &(struct comity_event){.kind = COMITY_EVENT_GRANT,
                                                    .history = history->id,
                                                    .code = answer->code,
                                                    .sequence = answer->head,
                                                    .member = answer->member});
        history->is_witness = answer->code == 0 && answer->member == 0;
        if (answer->code == ERR_MOVED)
            moved_take(client, link, history->id, answer->moved);
        if (answer->code == ERR_KEY_REVOKED)
            history->revoked[link->index] = link->welcome;
        return answer->code == 0;
    }
    return false;
}

static void welcome_take(struct comity *client, struct link *link, const Comity__V1__Welcome *welcome)
{
    link->state = LINK_READY;
    link->doubted_ms = 0;
    link->code = 0;
    link->is_brokers_word = false;
    link->welcome = ++client->next_welcome;
    link->hello_request = 0;
    link->hello_attempt = 0;
    link->has_log_key = true;
    memcpy(link->log_key, welcome->log_key.data, KEY_SIZE);
    client->renew_ms = reader_count(client) == 0 ? 0 : client->now_ms + GRANT_MS / 2;
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_READY,
                                                .endpoint = link->endpoint,
                                                .time_ms = welcome->time_ms});
    for (size_t i = 0; i < client->history_count; i++) {
        bool may_read = grant_answer_take(client, link, client->histories[i], welcome);
        log_key_judge(client, client->histories[i], link->log_key, may_read);
        head_welcome(client, link, client->histories[i], may_read);
    }
    brokers_welcome(client, link, welcome);
    reply_check_held(client);
    news_poll_soon(client);
}

void session_welcome(struct comity *client, struct link *link, struct bytes frame)
{
    struct arena *arena = arena_new(SESSION_ARENA_BYTES);
    ProtobufCMessage *message = NULL;
    int code = body_open(client, frame, &comity__v1__welcome__descriptor, arena, &message);
    const Comity__V1__Welcome *welcome = (const Comity__V1__Welcome *) message;
    if (code == 0 && welcome->log_key.len != KEY_SIZE)
        code = ERR_MALFORMED;
    if (code == 0)
        welcome_take(client, link, welcome);
    else if (code != ERR_SEAL)
        hello_retry(client, link, code, false, 0);
    arena_destroy(&arena);
}
