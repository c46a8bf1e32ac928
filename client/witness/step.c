#include "client/witness/step.h"

#include <unistd.h>

#include "client/witness/defence.h"
#include "client/witness/evidence.h"
#include "core/error.h"

static void unlock(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

static int load(const struct step_place *place, const struct step *step, struct kept *ret_kept)
{
    int code = kept_load(place->directory, step->history, ret_kept);
    if (code == ERR_NOT_FOUND)
        kept_init(ret_kept, step->history, step->log_key);
    return code == ERR_NOT_FOUND ? 0 : code;
}

/* A clock that went back gives no earlier time than was given before. */
static void sign(const struct step_place *place, const struct step *step, const struct seen *seen,
                 const struct checkpoint *checkpoint, struct kept *kept)
{
    char text[CHECKPOINT_MAX_BYTES];
    uint8_t signature[SIGNATURE_SIZE];
    int64_t time_s = kept->note_size > 0 && step->now_s < kept->time_s ? kept->time_s : step->now_s;
    size_t size = checkpoint_write(checkpoint, text);
    cosignature_make(BYTES(text, size), time_s, place->key, signature);
    kept->epoch = seen->epoch;
    kept_take(kept, seen->note, checkpoint, time_s, signature);
}

static int save_and_give(const struct step_place *place, const struct kept *kept, step_give_fn *give, void *context)
{
    if (!DEFENCE(persist_first))
        give(kept, context);
    int code = kept_save(place->directory, kept);
    if (code == 0 && DEFENCE(persist_first))
        give(kept, context);
    return code;
}

static int stop(const struct step_place *place, const struct seen *seen, enum judgement judgement, struct kept *kept)
{
    int code = evidence_keep(place->directory, kept, seen, place->name, place->key->public_key, judgement,
                             kept->evidence);
    kept->fork_epoch = seen->epoch;
    if (judgement == JUDGED_EPOCH_FORK)
        kept->next_epoch = 0; /* whatever was seen of it before */
    return code != 0 ? code : kept_save(place->directory, kept);
}

/* As it is seen first, unless something else comes of it: a server that shows another one later is found out once it is followed. */
static int note_epoch(const struct step_place *place, const struct seen *seen, const struct checkpoint *checkpoint,
                      struct kept *kept)
{
    struct checkpoint opened;
    bool is_by_kept_key = checkpoint_open(seen->note, kept->log_key, &opened) == 0;
    const uint8_t *log_key = is_by_kept_key ? kept->log_key : seen->server_log_key;
    uint64_t holds = epoch_holds(kept, seen, checkpoint);
    if (kept->next_epoch == seen->epoch && memcmp(kept->next_log_key, log_key, KEY_SIZE) == 0 && kept->next_holds == holds)
        return 0;
    kept_note_epoch(kept, seen->epoch, log_key, seen->note, holds);
    return kept_save(place->directory, kept);
}

/* What the key had cosigned is kept from now on, and the mark with it. */
static int remember(const struct step_place *place, const struct seen *seen, const struct checkpoint *checkpoint,
                    struct kept *kept)
{
    const struct own *own = seen->own;
    if (kept->is_forgotten)
        return 0;
    kept->is_forgotten = true;
    kept->epoch = seen->epoch;
    if (own->epoch == seen->epoch && own->size == checkpoint->size) {
        kept_take(kept, seen->note, checkpoint, own->time_s, own->signature.data);
    } else if (own->epoch == seen->epoch) { /* of the size that is kept, at a later time */
        kept->time_s = own->time_s;
        memcpy(kept->signature, own->signature.data, SIGNATURE_SIZE);
        kept->is_signed = true;
    }
    return kept_save(place->directory, kept);
}

static int act(const struct step_place *place, const struct step *step, const struct seen *seen,
               enum judgement judgement, const struct checkpoint *checkpoint, struct kept *kept,
               step_give_fn *give, void *context)
{
    bool is_old = step->refresh_s != 0 && step->now_s - kept->time_s >= step->refresh_s;
    switch (judgement) {
    case JUDGED_SAME:
        if (!is_old && !step->is_known)
            give(kept, context); /* it is on the disk, and its answer was lost */
        if (!is_old)
            return 0;
        /* fall through */
    case JUDGED_FIRST:
    case JUDGED_EXTENDS:
        sign(place, step, seen, checkpoint, kept);
        return save_and_give(place, kept, give, context);
    case JUDGED_NO_PROOF:
    case JUDGED_EPOCH_FORK:
        return seen->is_beside_asked ? stop(place, seen, judgement, kept) : 0;
    case JUDGED_FORK:
        return stop(place, seen, judgement, kept);
    case JUDGED_FORGOTTEN:
        return remember(place, seen, checkpoint, kept);
    case JUDGED_EPOCH:
        return note_epoch(place, seen, checkpoint, kept);
    default:
        return 0;
    }
}

int step_take(const struct step_place *place, const struct step *step, const struct seen *seen,
              enum judgement *ret_judgement, struct kept *ret_kept, step_give_fn *give, void *context)
{
    __attribute__((cleanup(unlock))) int lock = -1;
    struct checkpoint checkpoint;
    struct kept kept;
    int code = kept_lock(place->directory, &lock);
    if (code == 0)
        code = load(place, step, &kept);
    if (code != 0)
        return code;
    enum judgement judgement = judge(&kept, seen, &checkpoint);
    code = act(place, step, seen, judgement, &checkpoint, &kept, give, context);
    if (code != 0)
        return code;
    *ret_judgement = judgement;
    *ret_kept = kept;
    return 0;
}

int step_look(const struct step_place *place, const struct step *step, struct kept *ret_kept)
{
    __attribute__((cleanup(unlock))) int lock = -1;
    int code = kept_lock(place->directory, &lock);
    return code != 0 ? code : load(place, step, ret_kept);
}

/* Another epoch may have another log key, and lack what was cosigned: which one, and how much, the operator says, not the
 * server. */
static int accept_next(const struct step_place *place, struct kept *kept, const uint8_t *log_key, const uint64_t *back_to)
{
    if (DEFENCE(log_key) && (log_key == NULL || memcmp(log_key, kept->next_log_key, KEY_SIZE) != 0))
        return log_key == NULL ? ERR_MISSING : ERR_SERVER_KEY;
    if (back_to == NULL ? kept_loses(kept) : *back_to != kept->next_holds)
        return ERR_BEHIND;
    int code = kept->is_signed ? evidence_keep_note(place->directory, kept, place->name, place->key->public_key) : 0;
    return code != 0 ? code : kept_follow_next(kept);
}

static int accept_present(struct kept *kept, const uint8_t *log_key)
{
    if (log_key != NULL && memcmp(log_key, kept->log_key, KEY_SIZE) != 0)
        return ERR_SERVER_KEY;
    if (kept->evidence[0] != '\0')
        kept->evidence[0] = '\0';
    else if (kept->is_forgotten)
        kept->is_forgotten = false;
    else
        return ERR_STATE;
    return 0;
}

int step_accept(const struct step_place *place, const uint8_t history[HISTORY_ID_SIZE], uint32_t epoch,
                const uint8_t *log_key, const uint64_t *back_to, struct kept *ret_kept)
{
    __attribute__((cleanup(unlock))) int lock = -1;
    struct kept kept;
    int code = kept_lock(place->directory, &lock);
    if (code == 0)
        code = kept_load(place->directory, history, &kept);
    if (code != 0)
        return code;
    *ret_kept = kept;
    code = epoch == 0                 ? ERR_EPOCH
           : epoch == kept.next_epoch ? accept_next(place, &kept, log_key, back_to)
           : epoch == kept.epoch      ? accept_present(&kept, log_key)
           : kept.evidence[0] != '\0' && epoch == kept.fork_epoch ? ERR_FORKED
                                                                  : ERR_EPOCH;
    if (code == 0)
        code = kept_save(place->directory, &kept);
    if (code == 0)
        *ret_kept = kept;
    return code;
}
