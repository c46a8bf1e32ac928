#include "client/witness/judge.h"

#include "client/witness/defence.h"
#include "core/error.h"
#include "core/tree.h"

static const struct {
    const char *name, *sentence;
    bool needs_operator;
} ROWS[JUDGEMENTS] = {
    [JUDGED_FIRST] = {"cosigned", "The first checkpoint of this epoch was cosigned.", false},
    [JUDGED_EXTENDS] = {"cosigned", "The record has grown, and was cosigned.", false},
    [JUDGED_SAME] = {"same", "The record has not grown since.", false},
    [JUDGED_MALFORMED] = {"malformed", "The worker's checkpoint cannot be read.", true},
    [JUDGED_SIGNATURE] = {"signature",
                          "The worker's checkpoint is not signed by the log key that the configuration names.", true},
    [JUDGED_ORIGIN] = {"origin", "The worker's checkpoint is of another log.", true},
    [JUDGED_EPOCH] = {"epoch", "A restore from a backup has opened another epoch.", true},
    [JUDGED_EPOCH_FORK] = {"epoch_fork",
                           "The worker shows a restored record that says to hold all that was cosigned, and does not: the "
                           "record is forked.",
                           true},
    [JUDGED_OLD_EPOCH] = {"old_epoch",
                          "The worker shows the record as it was before a restore: it was put back.", true},
    [JUDGED_BEHIND] = {"behind", "The worker shows less than was seen before: it lags, or was put back.", true},
    [JUDGED_MOVED] = {"moved", "What was kept has changed meanwhile; the next look will tell.", false},
    [JUDGED_FORK] = {"fork", "The worker shows another record of the same length: the record is forked.", true},
    [JUDGED_NO_PROOF] = {"no_proof",
                         "The worker cannot show that the record continues what was seen: the record is forked.",
                         true},
    [JUDGED_AHEAD] = {"ahead",
                      "The worker says that this key has cosigned more than is kept here, and does not show what.", true},
    [JUDGED_FORGOTTEN] = {"forgotten",
                          "This key has cosigned what is not kept here: its state was lost or put back, or another "
                          "machine has the key.",
                          true},
    [JUDGED_OWN] = {"own", "The worker shows a signature by this key that does not fit its record.", true},
    [JUDGED_STOPPED] = {"stopped", "A fork was seen before: nothing is cosigned until the operator says so.", true},
};

const char *judgement_name(enum judgement judgement)
{
    return ROWS[judgement].name;
}

const char *judgement_sentence(enum judgement judgement)
{
    return ROWS[judgement].sentence;
}

bool judgement_needs_operator(enum judgement judgement)
{
    return ROWS[judgement].needs_operator;
}

/* By the key on record; of an epoch that is not followed yet, by the one that the worker names. */
static int open_note(const struct kept *kept, const struct seen *seen, struct checkpoint *ret_checkpoint,
                     bool *ret_is_by_kept_key)
{
    int code = checkpoint_open(seen->note, kept->log_key, ret_checkpoint);
    *ret_is_by_kept_key = code == 0;
    if (code == ERR_SIGNATURE && seen->server_log_key != NULL && kept->epoch != 0 && seen->epoch > kept->epoch)
        code = checkpoint_open(seen->note, seen->server_log_key, ret_checkpoint);
    return code;
}

/* What is cosigned is these three lines; one with more of them is not ours. */
static bool has_extensions(const struct seen *seen, const struct checkpoint *checkpoint)
{
    char text[CHECKPOINT_MAX_BYTES];
    size_t size = checkpoint_write(checkpoint, text);
    return seen->note.size <= size || memcmp(seen->note.data, text, size) != 0 || seen->note.data[size] != '\n';
}

static bool is_extension(const struct kept *kept, const struct seen *seen, const struct checkpoint *checkpoint)
{
    struct bytes kept_root = BYTES(kept->root, HASH_SIZE), root = BYTES(checkpoint->root, HASH_SIZE);
    if (checkpoint->size <= kept->size)
        return checkpoint->size == kept->size && bytes_equal(kept_root, root);
    return seen->from == kept->size && tree_consistency_check(kept->size, checkpoint->size, seen->proof, seen->proof_count,
                                                              kept_root, root) == 0;
}

static enum judgement judge_tree(const struct kept *kept, const struct seen *seen,
                                 const struct checkpoint *checkpoint)
{
    if (!DEFENCE(consistency))
        return kept->note_size == 0 ? JUDGED_FIRST : JUDGED_EXTENDS;
    if (kept->note_size == 0)
        return seen->from == 0 && seen->proof_count == 0 ? JUDGED_FIRST : JUDGED_MOVED;
    if (checkpoint->size < kept->size)
        return JUDGED_BEHIND;
    if (checkpoint->size == kept->size)
        return !is_extension(kept, seen, checkpoint) ? JUDGED_FORK : kept->is_signed ? JUDGED_SAME : JUDGED_FIRST;
    if (seen->from != kept->size)
        return JUDGED_MOVED;
    return is_extension(kept, seen, checkpoint) ? JUDGED_EXTENDS : JUDGED_NO_PROOF;
}

/* ---- A later epoch ---- */

/* The least that the restores behind the epoch that is kept went back to; 0: of that which is shown nothing is said. */
static uint64_t restored_to(const struct kept *kept, const struct seen *seen)
{
    uint64_t least = UINT64_MAX;
    bool is_named = false;
    for (size_t i = 0; i < seen->epoch_count; i++) {
        const Comity__V1__Epoch *epoch = seen->epochs[i];
        if (epoch->number <= kept->epoch || epoch->number > seen->epoch)
            continue;
        is_named |= epoch->number == seen->epoch;
        least = epoch->restored_to < least ? epoch->restored_to : least;
    }
    return is_named ? least : 0;
}

uint64_t epoch_holds(const struct kept *kept, const struct seen *seen, const struct checkpoint *checkpoint)
{
    if (!DEFENCE(epoch) || kept->note_size == 0 || is_extension(kept, seen, checkpoint))
        return kept->size;
    uint64_t held = restored_to(kept, seen);
    return held < kept->size ? held : kept->size;
}

static enum judgement judge_epoch(const struct kept *kept, const struct seen *seen, const struct checkpoint *checkpoint)
{
    if (!DEFENCE(epoch) || kept->note_size == 0)
        return JUDGED_EPOCH;
    if (checkpoint->size > kept->size && seen->from != kept->size)
        return JUDGED_MOVED;
    return epoch_holds(kept, seen, checkpoint) < kept->size || is_extension(kept, seen, checkpoint) ? JUDGED_EPOCH
                                                                                                    : JUDGED_EPOCH_FORK;
}

bool own_fits(const struct own *own, const uint8_t history[HISTORY_ID_SIZE], const uint8_t root[HASH_SIZE])
{
    struct checkpoint checkpoint = {.size = own->size};
    char text[CHECKPOINT_MAX_BYTES];
    checkpoint_origin(history, own->epoch, checkpoint.origin);
    memcpy(checkpoint.root, root, HASH_SIZE);
    size_t size = checkpoint_write(&checkpoint, text);
    return cosignature_check(own->key, BYTES(text, size), own->time_s, own->signature) == 0;
}

/* Whatever this key gives out is kept before; so it was given elsewhere, or what was kept is no more. */
static bool is_more_than_kept(const struct own *own, const struct kept *kept)
{
    if (kept->epoch == 0 || own->epoch != kept->epoch)
        return own->epoch > kept->epoch;
    return own->size > kept->size || (own->size == kept->size && own->time_s > kept->time_s);
}

/* Of what could be cosigned by its tree: not where the key has cosigned what is not kept here. */
static enum judgement judge_own(const struct kept *kept, const struct seen *seen, const struct checkpoint *checkpoint,
                                enum judgement by_tree)
{
    const struct own *own = seen->own;
    if (by_tree != JUDGED_FIRST && by_tree != JUDGED_EXTENDS && by_tree != JUDGED_SAME)
        return by_tree;
    if (kept->is_forgotten)
        return JUDGED_FORGOTTEN;
    if (!DEFENCE(memory) || own == NULL || !is_more_than_kept(own, kept))
        return by_tree;
    if (own->epoch > seen->epoch || own->size > checkpoint->size)
        return JUDGED_BEHIND;
    if (own->size == checkpoint->size)
        return own_fits(own, kept->history, checkpoint->root) ? JUDGED_FORGOTTEN : JUDGED_OWN;
    if (own->size == kept->size)
        return own_fits(own, kept->history, kept->root) ? JUDGED_FORGOTTEN : JUDGED_OWN;
    return JUDGED_AHEAD;
}

static enum judgement judge_shown(const struct kept *kept, const struct seen *seen,
                                  struct checkpoint *ret_checkpoint)
{
    char origin[ORIGIN_MAX_BYTES + 1];
    bool is_by_kept_key;
    if (seen->note.size > CHECKPOINT_MAX_BYTES)
        return JUDGED_MALFORMED;
    int code = open_note(kept, seen, ret_checkpoint, &is_by_kept_key);
    if (code != 0)
        return code == ERR_SIGNATURE ? JUDGED_SIGNATURE : JUDGED_MALFORMED;
    checkpoint_origin(kept->history, seen->epoch, origin);
    if (strcmp(ret_checkpoint->origin, origin) != 0)
        return JUDGED_ORIGIN;
    if (ret_checkpoint->size == 0 || has_extensions(seen, ret_checkpoint))
        return JUDGED_MALFORMED;
    if (kept->epoch != 0 && seen->epoch != kept->epoch)
        return seen->epoch > kept->epoch ? judge_epoch(kept, seen, ret_checkpoint) : JUDGED_OLD_EPOCH;
    if (!is_by_kept_key)
        return JUDGED_SIGNATURE;
    return judge_own(kept, seen, ret_checkpoint, judge_tree(kept, seen, ret_checkpoint));
}

enum judgement judge(const struct kept *kept, const struct seen *seen, struct checkpoint *ret_checkpoint)
{
    enum judgement judgement = judge_shown(kept, seen, ret_checkpoint);
    /* A later epoch is noted all the same: to follow it may be what the operator decides. */
    return kept->evidence[0] != '\0' && judgement != JUDGED_EPOCH ? JUDGED_STOPPED : judgement;
}
