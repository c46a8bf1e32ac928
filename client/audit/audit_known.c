/* What somebody knows of the record from elsewhere: a log key, a checkpoint, a receipt. The record has to
 * have it, and to go on from it. A history that was written anew by whoever has the log key fits in itself:
 * this tells. */
#include <inttypes.h>

#include "client/audit/auditing.h"
#include "core/error.h"
#include "core/receipt_form.h"
#include "core/text.h"

/* The signed note within a text, as `comity checkpoint` prints it. Empty where there is none. */
static struct bytes note_find(struct bytes text)
{
    static const char ORIGIN[] = "comity/", SIGNATURE[] = "\xe2\x80\x94 ";
    size_t from = 0, at;

    while (from < text.size &&
           !(text.size - from > sizeof(ORIGIN) && memcmp(text.data + from, ORIGIN, sizeof(ORIGIN) - 1) == 0 &&
             (from == 0 || text.data[from - 1] == '\n')))
        from++;
    for (at = from; at + 1 < text.size && !(text.data[at] == '\n' && text.data[at + 1] == '\n');)
        at++;
    at += 2;
    while (at < text.size && text.size - at > sizeof(SIGNATURE) &&
           memcmp(text.data + at, SIGNATURE, sizeof(SIGNATURE) - 1) == 0) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        at = end != NULL ? (size_t) (end - text.data) + 1 : text.size;
    }
    return at <= text.size ? BYTES(text.data + from, at - from) : BYTES(NULL, 0);
}

/* Its text, before anything says whose it is. */
static int note_read(struct bytes note, struct checkpoint *ret_checkpoint)
{
    for (size_t end = 0; end + 1 < note.size; end++)
        if (note.data[end] == '\n' && note.data[end + 1] == '\n')
            return checkpoint_read(BYTES(note.data, end + 1), ret_checkpoint);
    return ERR_MALFORMED;
}

int audit_checkpoint_check(struct bytes text)
{
    struct bytes note = note_find(text);
    struct checkpoint checkpoint;

    return note.size <= NOTE_MAX_BYTES && note_read(note, &checkpoint) == 0 ? 0 : ERR_MALFORMED;
}

/* A receipt's own proof: of its event in the tree of its checkpoint. */
static int receipt_read(struct bytes packed, struct arena *arena, struct audit_known *known)
{
    const Comity__V1__ReceiptFile *file;
    struct bytes proof[PROOF_MAX];
    uint8_t leaf[HASH_SIZE];
    int code = receipt_form_read(packed, arena, &file);

    if (code != 0)
        return code;
    const Comity__V1__Receipt *receipt = file->receipt;
    known->receipt = receipt;
    known->note = BYTES(receipt->checkpoint.data, receipt->checkpoint.len);
    if (receipt->event == NULL || event_record_check(receipt->event, &known->header) != 0 ||
        receipt->n_proof > PROOF_MAX || note_read(known->note, &known->checkpoint) != 0 ||
        known->header.sequence != receipt->first_sequence || receipt->first_sequence == 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < receipt->n_proof; i++)
        proof[i] = BYTES(receipt->proof[i].data, receipt->proof[i].len);
    tree_leaf_hash(BYTES(receipt->event->header.data, receipt->event->header.len), leaf);
    return tree_inclusion_check(known->header.sequence - 1, known->checkpoint.size, leaf, proof,
                                receipt->n_proof, BYTES(known->checkpoint.root, HASH_SIZE)) == 0
               ? 0
               : ERR_MALFORMED;
}

int audit_receipt_check(struct bytes receipt)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct audit_known known = {0};
    int code = arena != NULL ? receipt_read(receipt, arena, &known) : ERR_MEMORY;

    arena_destroy(&arena);
    return code;
}

int audit_known_take(struct auditing *a)
{
    const struct audit_options *options = a->options;
    int code = 0;

    if (options->checkpoint_count + options->receipt_count > AUDIT_KNOWN_MAX)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < options->checkpoint_count && code == 0; i++) {
        struct audit_known *known = &a->known[a->known_count++];
        known->note = note_find(options->checkpoints[i]);
        code = note_read(known->note, &known->checkpoint);
    }
    for (size_t i = 0; i < options->receipt_count && code == 0; i++)
        code = receipt_read(options->receipts[i], a->kept, &a->known[a->known_count++]);
    return code;
}

/* "comity/<history in hex>/<epoch>" of the history in hand? */
static bool is_of_history(const struct auditing *a, const char *origin)
{
    char hex[2 * HISTORY_ID_SIZE + 1];
    size_t prefix = strlen("comity/");

    hex_encode(BYTES(a->history.history, HISTORY_ID_SIZE), hex);
    return strncmp(origin, "comity/", prefix) == 0 &&
           strncmp(origin + prefix, hex, 2 * HISTORY_ID_SIZE) == 0 &&
           origin[prefix + 2 * HISTORY_ID_SIZE] == '/';
}

int audit_known_begin(struct auditing *a)
{
    int code = 0;

    for (size_t i = 0; i < a->known_count && code == 0; i++) {
        struct audit_known *known = &a->known[i];
        known->is_here = is_of_history(a, known->checkpoint.origin);
        known->was_here = known->was_here || known->is_here;
        known->is_leaf_same = false;
        if (known->is_here)
            code = audit_root_want(a, a->ordinal, known->checkpoint.size);
    }
    return code;
}

void audit_known_leaf(struct auditing *a, struct bytes header)
{
    for (size_t i = 0; i < a->known_count; i++) {
        const struct audit_known *known = &a->known[i];
        if (known->is_here && known->receipt != NULL && known->header.sequence == a->leaves)
            a->known[i].is_leaf_same = bytes_equal(
                header, BYTES(known->receipt->event->header.data, known->receipt->event->header.len));
    }
}

/* Signed by the key of its epoch, as it is on record? */
static bool is_signed(const struct auditing *a, const struct audit_known *known)
{
    const Comity__V1__Partnership *partnership = a->history.partnership;
    char origin[ORIGIN_MAX_BYTES + 1];
    struct checkpoint checkpoint;

    for (size_t i = 0; partnership != NULL && i < partnership->n_epochs; i++) {
        const Comity__V1__Epoch *epoch = partnership->epochs[i];
        checkpoint_origin(a->history.history, epoch->number, origin);
        if (strcmp(origin, known->checkpoint.origin) == 0 && epoch->log_key.len == KEY_SIZE)
            return checkpoint_open(known->note, epoch->log_key.data, &checkpoint) == 0;
    }
    return false;
}

/* Of a part that a later restore gave up? The number that it went back to. */
static bool is_given_up(const struct auditing *a, const struct audit_known *known, uint64_t *ret_restored_to)
{
    const Comity__V1__Partnership *partnership = a->history.partnership;
    char origin[ORIGIN_MAX_BYTES + 1];
    bool is_later = false;

    for (size_t i = 0; partnership != NULL && i < partnership->n_epochs; i++) {
        const Comity__V1__Epoch *epoch = partnership->epochs[i];
        if (is_later && epoch->restored_to < known->checkpoint.size) {
            *ret_restored_to = epoch->restored_to;
            return true;
        }
        checkpoint_origin(a->history.history, epoch->number, origin);
        is_later = is_later || strcmp(origin, known->checkpoint.origin) == 0;
    }
    return false;
}

static void known_check(struct auditing *a, const struct audit_known *known)
{
    const uint8_t *history = a->history.history;
    uint64_t size = known->checkpoint.size, restored_to;
    uint8_t root[HASH_SIZE];

    /* Of a file that breaks off before that it is said that it is not whole. */
    if (!a->history.is_whole && (size > a->leaves || (known->receipt != NULL && known->header.sequence > a->leaves)))
        return;
    if (is_given_up(a, known, &restored_to))
        audit_tell(a, AUDIT_KNOWN, history, size,
                   N_("a checkpoint or receipt that was given is of before a restore from a backup, which went back to "
                      "number %" PRIu64 " and gave it up"),
                   restored_to);
    else if (known->receipt != NULL && known->header.sequence > a->leaves)
        audit_tell(a, AUDIT_KNOWN, history, known->header.sequence,
                   N_("a receipt was given for it, and the record ends before it, after number %" PRIu64),
                   a->leaves);
    else if (known->receipt != NULL && !known->is_leaf_same)
        audit_tell(a, AUDIT_KNOWN, history, known->header.sequence,
                   N_("it is not what a receipt that was given proves to be in its place"));
    else if (size > a->leaves)
        audit_tell(a, AUDIT_KNOWN, history, a->leaves + 1,
                   N_("it is missing: a checkpoint that was given covers all up to number %" PRIu64), size);
    else if (audit_root_get(a, size, root) != 0 || memcmp(root, known->checkpoint.root, HASH_SIZE) != 0)
        audit_tell(a, AUDIT_KNOWN, history, size,
                   N_("it, or one before it, is not what the checkpoint that was given covers"));
    else if (!is_signed(a, known))
        audit_tell(a, AUDIT_KNOWN, history, size,
                   N_("the checkpoint that was given is not signed by the log key that the record has of its "
                      "epoch"));
    else
        a->history.known++;
}

int audit_known_end(struct auditing *a)
{
    for (size_t i = 0; i < a->known_count; i++)
        if (a->known[i].is_here)
            known_check(a, &a->known[i]);
    return 0;
}

void audit_known_rest(struct auditing *a)
{
    for (size_t i = 0; i < a->known_count; i++)
        if (!a->known[i].was_here)
            audit_tell(a, AUDIT_KNOWN, NULL, 0,
                       N_("it does not have the record that a checkpoint or receipt that was given is of"));
}

bool audit_is_given(const uint8_t (*keys)[KEY_SIZE], size_t count, const uint8_t *key)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(keys[i], key, KEY_SIZE) == 0)
            return true;
    return false;
}

/* The key that signs what is there now has to be one that was given. A file that breaks off before any is on record
 * says nothing of it. */
void audit_log_keys(struct auditing *a)
{
    if (a->options->log_key_count == 0 || (!a->history.is_whole && a->history.partnership == NULL))
        return;
    a->history.is_pinned = audit_is_given(a->options->log_keys, a->options->log_key_count, a->replay.log_key);
    if (!a->history.is_pinned)
        audit_tell(a, AUDIT_LOG_KEY, a->history.history, 0,
                   N_("its log key is none of those that were given"));
}
