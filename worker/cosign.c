#include "worker/cosign.h"

#include "core/error.h"
#include "core/machine/state.h"
#include "core/note.h"
#include "worker/move.h"
#include "worker/query.h"

/* Out of a message: a key of 32 bytes, a signature of 64, numbers that can be. */
static int cosignature_take(const Comity__V1__Cosignature *message, struct store_cosignature *ret_cosignature)
{
    if (!message || message->key.len != KEY_SIZE || message->signature.len != SIGNATURE_SIZE ||
        message->epoch == 0 || message->size == 0 || message->time_s < 0)
        return ERR_MALFORMED;
    memcpy(ret_cosignature->key, message->key.data, KEY_SIZE);
    memcpy(ret_cosignature->signature, message->signature.data, SIGNATURE_SIZE);
    ret_cosignature->epoch = message->epoch;
    ret_cosignature->size = message->size;
    ret_cosignature->time_s = message->time_s;
    return 0;
}

/* Is it the signature of its key over the tree that the history has at its size, under the origin of its epoch? 0,
 * ERR_SIGNATURE, the store's. */
static int cosignature_fits(struct store_txn *txn, const struct store_history *history,
                            const struct store_cosignature *cosignature)
{
    struct tree_nodes nodes = store_nodes(txn, history);
    struct checkpoint checkpoint = {.size = cosignature->size};
    char text[CHECKPOINT_MAX_BYTES];
    int code = tree_root(&nodes, cosignature->size, checkpoint.root);
    if (code)
        return code;
    checkpoint_origin(history->id, cosignature->epoch, checkpoint.origin);
    size_t size = checkpoint_write(&checkpoint, text);
    return cosignature_check(cosignature->key, BYTES(text, size), cosignature->time_s,
                             BYTES(cosignature->signature, SIGNATURE_SIZE));
}

/* On a thread of the pool. */

static int check_form(const Comity__V1__Cosign *cosign, struct refusal *refusal)
{
    const Comity__V1__Cosignature *cosignature = cosign->cosignature;
    if (cosign->history.len != HISTORY_ID_SIZE)
        return refuse(refusal, ERR_RANGE, "cosign.history");
    if (!cosignature)
        return refuse(refusal, ERR_MISSING, "cosign.cosignature");
    if (cosignature->key.len != KEY_SIZE)
        return refuse(refusal, ERR_RANGE, "cosign.cosignature.key");
    if (cosignature->epoch == 0)
        return refuse(refusal, ERR_MISSING, "cosign.cosignature.epoch");
    if (cosignature->size == 0)
        return refuse(refusal, ERR_MISSING, "cosign.cosignature.size");
    if (cosignature->time_s < 0)
        return refuse(refusal, ERR_RANGE, "cosign.cosignature.time_s");
    if (cosignature->signature.len != SIGNATURE_SIZE)
        return refuse(refusal, ERR_RANGE, "cosign.cosignature.signature");
    return 0;
}

/* Whose grant it is: the witness's own, for what it signed itself. */
static int check_reader(struct service *service, const struct session_grant *grant,
                        const Comity__V1__Cosign *cosign, struct arena *arena, struct refusal *refusal)
{
    struct store_txn *txn;
    struct store_history history;
    struct reader reader;
    int code = store_begin_read(service->store, &txn);
    if (code)
        return refuse(refusal, code, "");
    code = query_check_grant(txn, grant, clock_now_ms(service->clock), arena, &history, &reader);
    store_abort(&txn);
    if (code)
        return refuse(refusal, code, code == ERR_GRANT || code == ERR_KEY_REVOKED ? "cosign.history" : "");
    if (!reader.witness || memcmp(cosign->cosignature->key.data, grant->key, KEY_SIZE) != 0)
        return refuse(refusal, ERR_FORBIDDEN, "cosign.cosignature.key");
    return 0;
}

int cosign_check(struct service *service, struct job *job, const Comity__V1__Cosign *cosign, struct refusal *refusal)
{
    struct session_grant grant;
    int code = check_form(cosign, refusal);
    if (code)
        return code;
    code = session_grant(service->sessions, job->seal.client_key, cosign->history.data, &grant);
    if (code)
        return refuse(refusal, code, code == ERR_GRANT ? "cosign.history" : "");
    code = check_reader(service, &grant, cosign, job->arena, refusal);
    if (code == 0)
        job->cosign = cosign;
    return code;
}

/* On the writer's thread. */

/* By what the history is at this moment: a witness that was dismissed a moment ago is none. */
static int check_standing(struct store_txn *txn, const struct store_history *history, const uint8_t key[KEY_SIZE],
                          struct arena *arena, struct refusal *refusal)
{
    struct view view = store_view(txn, history);
    Comity__V1__Witness *witness;
    int code = state_witness_of_key(&view, arena, key, &witness);
    return code ? refuse(refusal, code == ERR_KEY_UNKNOWN ? ERR_FORBIDDEN : code, "cosign.cosignature.key") : 0;
}

static int check_place(const struct store_history *history, const struct store_cosignature *new,
                       struct refusal *refusal)
{
    if (new->epoch < history->epoch) {
        refuse(refusal, ERR_EPOCH, "cosign.cosignature.epoch");
        refusal->latest = history->epoch;
        return ERR_EPOCH;
    }
    if (new->epoch > history->epoch)
        return refuse(refusal, ERR_BEHIND, "cosign.cosignature.epoch");
    if (new->size > history->head)
        return refuse_limit(refusal, ERR_RANGE, "cosign.cosignature.size", history->head);
    return 0;
}

/* Forward alone: what is kept already is not kept again, what is older is refused. */
static int check_order(struct store_txn *txn, const struct store_history *history,
                       const struct store_cosignature *new, bool *ret_is_new, struct refusal *refusal)
{
    struct store_cosignature kept;
    int code = store_cosignature_get(txn, history, new->key, &kept);
    *ret_is_new = true;
    if (code == ERR_NOT_FOUND || (code == 0 && kept.epoch < new->epoch))
        return 0;
    if (code)
        return refuse(refusal, code, "");
    if (new->size < kept.size || (new->size == kept.size && new->time_s < kept.time_s)) {
        refuse(refusal, ERR_STALE, "cosign.cosignature.size");
        refusal->latest = kept.size;
        return ERR_STALE;
    }
    *ret_is_new = new->size != kept.size || new->time_s != kept.time_s;
    return 0;
}

static int keep(struct store_txn *txn, const struct store_history *history, const Comity__V1__Cosignature *message,
                struct arena *arena, bool *ret_is_new, struct refusal *refusal)
{
    struct store_cosignature new;
    int code = cosignature_take(message, &new);
    if (code)
        return refuse(refusal, code, "cosign.cosignature");
    code = check_standing(txn, history, new.key, arena, refusal);
    if (code == 0)
        code = check_place(history, &new, refusal);
    if (code == 0)
        code = check_order(txn, history, &new, ret_is_new, refusal);
    if (code)
        return code;
    code = cosignature_fits(txn, history, &new);
    if (code)
        return refuse(refusal, code, "cosign.cosignature.signature");
    if (*ret_is_new)
        code = store_cosignature_put(txn, history, &new);
    return code ? refuse(refusal, code, "") : 0;
}

int cosign_keep(struct store_txn *txn, const Comity__V1__Cosign *cosign, struct arena *arena, bool *ret_is_new,
                struct refusal *refusal)
{
    struct store_history history;
    int code = move_gate(txn, cosign->history.data, true, arena, NULL);
    if (code)
        return refuse(refusal, code, "cosign.history");
    code = store_history_get(txn, cosign->history.data, &history);
    if (code)
        return refuse(refusal, code == ERR_HISTORY ? ERR_GRANT : code, "cosign.history");
    return keep(txn, &history, cosign->cosignature, arena, ret_is_new, refusal);
}

int cosign_follow(struct store_txn *txn, const struct store_history *history, const Comity__V1__Cosignature *message,
                  struct arena *arena)
{
#ifdef COMITY_CONTROL_COSIGN_UNCHECKED
    struct store_cosignature taken;
    (void) arena;
    return cosignature_take(message, &taken) ? ERR_MALFORMED : store_cosignature_put(txn, history, &taken);
#endif
    struct refusal refusal = {0};
    bool is_new;
    int code = keep(txn, history, message, arena, &is_new, &refusal);
    return code == 0 && !is_new ? ERR_STALE : code;
}

/* For answers and exports. */

struct gathering {
    struct view view;
    struct arena *arena;
    uint64_t size_max;
    Comity__V1__Cosignature **list;
    size_t count, room, dismissed;
};

static int is_shown(struct gathering *gathering, const struct store_cosignature *cosignature, bool *ret_is)
{
    Comity__V1__Witness *witness;
    int code = state_witness_of_key(&gathering->view, gathering->arena, cosignature->key, &witness);
    *ret_is = cosignature->size <= gathering->size_max &&
              (code == 0 || (code == ERR_KEY_REVOKED && gathering->dismissed++ < COSIGNATURES_OF_DISMISSED_MAX));
    return code == ERR_KEY_REVOKED || code == ERR_KEY_UNKNOWN ? 0 : code;
}

static int make_room(struct gathering *gathering)
{
    if (gathering->count < gathering->room)
        return 0;
    size_t room = gathering->room ? gathering->room * 2 : 8;
    Comity__V1__Cosignature **larger = arena_alloc(gathering->arena, room * sizeof(Comity__V1__Cosignature *));
    if (!larger)
        return ERR_MEMORY;
    if (gathering->count > 0)
        memcpy(larger, gathering->list, gathering->count * sizeof(Comity__V1__Cosignature *));
    gathering->list = larger;
    gathering->room = room;
    return 0;
}

static int gather(void *context, const struct store_cosignature *cosignature)
{
    struct gathering *gathering = context;
    bool is = false;
    int code = is_shown(gathering, cosignature, &is);
    if (code || !is)
        return code;
    Comity__V1__Cosignature *message = arena_alloc(gathering->arena, sizeof(*message));
    uint8_t *key = arena_copy(gathering->arena, cosignature->key, KEY_SIZE);
    uint8_t *signature = arena_copy(gathering->arena, cosignature->signature, SIGNATURE_SIZE);
    if (!message || !key || !signature || make_room(gathering))
        return ERR_MEMORY;
    comity__v1__cosignature__init(message);
    message->key = (ProtobufCBinaryData){.data = key, .len = KEY_SIZE};
    message->epoch = cosignature->epoch;
    message->size = cosignature->size;
    message->time_s = cosignature->time_s;
    message->signature = (ProtobufCBinaryData){.data = signature, .len = SIGNATURE_SIZE};
    gathering->list[gathering->count++] = message;
    return 0;
}

int cosignatures_read(struct store_txn *txn, const struct store_history *history, uint64_t size_max,
                      struct arena *arena, Comity__V1__Cosignature ***ret_list, size_t *ret_count)
{
    struct gathering gathering = {.view = store_view(txn, history), .arena = arena, .size_max = size_max};
    int code = store_cosignatures_each(txn, history, gather, &gathering);
    if (code)
        return code;
    *ret_list = gathering.list;
    *ret_count = gathering.count;
    return 0;
}

/* Restoring. */

static int restore_one(struct store_txn *txn, const struct store_history *history,
                       const struct store_cosignature *cosignature, struct arena *arena)
{
    struct view view = store_view(txn, history);
    Comity__V1__Witness *witness;
    int code = state_witness_of_key(&view, arena, cosignature->key, &witness);
    if (code == ERR_KEY_UNKNOWN || cosignature->size > history->head || cosignature->epoch > history->epoch)
        return 0;
    if (code && code != ERR_KEY_REVOKED)
        return code;
    code = cosignature_fits(txn, history, cosignature);
    if (code == ERR_SIGNATURE)
        return 0;
    return code ? code : store_cosignature_put(txn, history, cosignature);
}

int cosignatures_restore(struct store_txn *txn, const struct store_history *history,
                         Comity__V1__Cosignature *const *list, size_t count, struct arena *arena)
{
    struct store_cosignature cosignature, last;
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        code = cosignature_take(list[i], &cosignature);
        if (code == 0 && i > 0 && memcmp(last.key, cosignature.key, KEY_SIZE) >= 0)
            code = ERR_MALFORMED;
        if (code == 0)
            code = restore_one(txn, history, &cosignature, arena);
        last = cosignature;
    }
    return code;
}
