#include "client/cli/receipt_file.h"

#include "core/error.h"
#include "core/note.h"
#include "core/tree.h"
#include "core/words.h"

static const char *const SENTENCES[] = {
    [RECEIPT_CHECK_FORM] = N_("It cannot be read: it is no receipt, or was altered."),
    [RECEIPT_CHECK_EVENT] = N_("A part of what was recorded was altered."),
    [RECEIPT_CHECK_COMMAND] = N_("The command is not the one that was signed."),
    [RECEIPT_CHECK_CHECKPOINT] = N_("The record's signature is missing or does not fit."),
    [RECEIPT_CHECK_PROOF] = N_("The proof does not lead to what the record has signed."),
    [RECEIPT_CHECK_COSIGNED] =
        N_("What a witness has signed does not fit the record that the receipt is of."),
};

const char *receipt_check_sentence(enum receipt_check check)
{
    return SENTENCES[check];
}

static struct bytes view(ProtobufCBinaryData data)
{
    return BYTES(data.data, data.len);
}

/* ---- The event and its command ---- */

static const Comity__V1__Part *part_of(const Comity__V1__EventRecord *event, Comity__V1__PartKind kind)
{
    for (size_t i = 0; i < event->n_parts; i++)
        if (event->parts[i]->kind == kind)
            return event->parts[i];
    return NULL;
}

static int event_verify(const Comity__V1__Receipt *receipt, struct arena *arena,
                        struct receipt_report *report)
{
    ProtobufCMessage *message = NULL;
    const Comity__V1__Part *open = part_of(receipt->event, COMITY__V1__PART_KIND__PART_KIND_OPEN);
    int code = event_record_check(receipt->event, &report->header);

    if (code != 0 || open == NULL || open->is_withheld ||
        !bytes_equal(view(receipt->history), BYTES(report->header.history, HISTORY_ID_SIZE)) ||
        receipt->first_sequence != report->header.sequence || report->header.sequence == 0 ||
        receipt->events == 0)
        return ERR_RECEIPT;
    code = message_unpack(&comity__v1__event__descriptor, view(open->content), RECEIPT_FILE_MAX_BYTES, arena,
                          NULL, &message);
    if (code == ERR_MEMORY)
        return code;
    report->event = (const Comity__V1__Event *) message;
    if (code != 0 || report->event->command_id.len != COMMAND_ID_SIZE ||
        !bytes_equal(view(receipt->command_id), view(report->event->command_id)))
        return ERR_RECEIPT;
    memcpy(report->command_id, receipt->command_id.data, COMMAND_ID_SIZE);
    return 0;
}

struct reference_search {
    struct bytes hash;
    bool is_found;
};

static int reference_look(const ProtobufCMessage *found, const char *path, void *context)
{
    struct reference_search *search = context;

    (void) path;
    search->is_found |= bytes_equal(view(((const Comity__V1__TextRef *) found)->hash), search->hash);
    return 0;
}

static bool refers_to(const Comity__V1__Command *body, struct bytes hash)
{
    struct reference_search search = {.hash = hash};

    message_visit(&body->base, &comity__v1__text_ref__descriptor, reference_look, &search);
    return search.is_found;
}

static int command_verify(const Comity__V1__Receipt *receipt, struct arena *arena,
                          struct receipt_report *report)
{
    const Comity__V1__Part *part = part_of(receipt->event, COMITY__V1__PART_KIND__PART_KIND_COMMAND);
    struct refusal refusal = {0};

    if (part == NULL)
        return ERR_RECEIPT;
    if (part->is_withheld || part->content.len == 0)
        return 0;
    int code = command_open(view(part->content), arena, &refusal, &report->command);
    if (code == ERR_MEMORY)
        return code;
    if (code != 0 || memcmp(report->command.id, report->command_id, COMMAND_ID_SIZE) != 0 ||
        memcmp(report->command.history, report->header.history, HISTORY_ID_SIZE) != 0 ||
        report->command.body->epoch > report->header.epoch)
        return ERR_RECEIPT;
    if (command_check_signatures(&report->command, &refusal) != 0)
        return ERR_SIGNATURE;
    for (size_t i = 0; i < receipt->event->n_parts; i++)
        if (receipt->event->parts[i]->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT &&
            !refers_to(report->command.body, view(receipt->event->parts[i]->hash)))
            return ERR_RECEIPT;
    report->has_command = true;
    return 0;
}

/* ---- The record ---- */

/* Signed by one of the keys, and of this history and epoch. */
static int checkpoint_verify(struct bytes note, const struct event_header *header,
                             const uint8_t (*log_keys)[KEY_SIZE], size_t key_count, bool is_of_epoch,
                             struct checkpoint *ret_checkpoint, uint8_t ret_key[KEY_SIZE])
{
    char origin[ORIGIN_MAX_BYTES + 1];

    checkpoint_origin(header->history, header->epoch, origin);
    for (size_t i = 0; i < key_count; i++) {
        if (checkpoint_open(note, log_keys[i], ret_checkpoint) != 0)
            continue;
        /* A later epoch's has the same history before its number. */
        size_t length = is_of_epoch ? strlen(origin) + 1 : (size_t) (strrchr(origin, '/') + 1 - origin);
        if (memcmp(origin, ret_checkpoint->origin, length) != 0)
            return ERR_RECEIPT;
        if (ret_key != NULL)
            memcpy(ret_key, log_keys[i], KEY_SIZE);
        return 0;
    }
    return ERR_SIGNATURE;
}

static size_t proof_take(const ProtobufCBinaryData *list, size_t count, struct bytes ret_proof[PROOF_MAX])
{
    for (size_t i = 0; i < count && i < PROOF_MAX; i++)
        ret_proof[i] = view(list[i]);
    return count;
}

static int inclusion_verify(const Comity__V1__Receipt *receipt, const struct checkpoint *checkpoint)
{
    struct bytes proof[PROOF_MAX];
    uint8_t leaf[HASH_SIZE];

    if (proof_take(receipt->proof, receipt->n_proof, proof) > PROOF_MAX)
        return ERR_RECEIPT;
    tree_leaf_hash(view(receipt->event->header), leaf);
    return tree_inclusion_check(receipt->first_sequence - 1, checkpoint->size, leaf, proof, receipt->n_proof,
                                BYTES(checkpoint->root, HASH_SIZE));
}

static int cosignatures_verify(const Comity__V1__CosignedCheckpoint *cosigned,
                               const struct checkpoint *checkpoint, struct receipt_report *report)
{
    char text[CHECKPOINT_MAX_BYTES];
    size_t size = checkpoint_write(checkpoint, text);

    if (cosigned->n_cosignatures == 0)
        return ERR_RECEIPT;
    for (size_t i = 0; i < cosigned->n_cosignatures; i++) {
        const Comity__V1__Cosignature *row = cosigned->cosignatures[i];
        char origin[ORIGIN_MAX_BYTES + 1];
        checkpoint_origin(report->header.history, row->epoch, origin);
        if (row->key.len != KEY_SIZE || row->size != checkpoint->size ||
            strcmp(origin, checkpoint->origin) != 0 || report->cosigner_count == RECEIPT_COSIGNERS_MAX ||
            (i > 0 && memcmp(cosigned->cosignatures[i - 1]->key.data, row->key.data, KEY_SIZE) >= 0))
            return ERR_RECEIPT;
        if (cosignature_check(row->key.data, BYTES(text, size), row->time_s, view(row->signature)) != 0)
            return ERR_SIGNATURE;
        struct receipt_cosigner *cosigner = &report->cosigners[report->cosigner_count++];
        memcpy(cosigner->key, row->key.data, KEY_SIZE);
        cosigner->size = row->size;
        cosigner->time_s = row->time_s;
    }
    return 0;
}

static int cosigned_verify(const Comity__V1__CosignedCheckpoint *cosigned, const struct checkpoint *own,
                           const uint8_t (*log_keys)[KEY_SIZE], size_t key_count,
                           struct receipt_report *report, struct checkpoint *ret_checkpoint)
{
    struct bytes proof[PROOF_MAX];
    struct checkpoint other;
    int code = checkpoint_verify(view(cosigned->checkpoint), &report->header, log_keys, key_count, false,
                                 &other, NULL);

    if (code != 0)
        return code;
    if (proof_take(cosigned->proof, cosigned->n_proof, proof) > PROOF_MAX ||
        other.size < report->header.sequence)
        return ERR_RECEIPT;
    const struct checkpoint *earlier = other.size < own->size ? &other : own;
    const struct checkpoint *later = earlier == own ? &other : own;
    code = tree_consistency_check(earlier->size, later->size, proof, cosigned->n_proof,
                                  BYTES(earlier->root, HASH_SIZE), BYTES(later->root, HASH_SIZE));
    *ret_checkpoint = other;
    return code != 0 ? code : cosignatures_verify(cosigned, &other, report);
}

static int all_cosigned_verify(const Comity__V1__ReceiptFile *file, const struct checkpoint *own,
                               const uint8_t (*log_keys)[KEY_SIZE], size_t key_count,
                               struct receipt_report *report)
{
    uint64_t before = 0;

    for (size_t i = 0; i < file->n_cosigned; i++) {
        struct checkpoint other;
        int code = cosigned_verify(file->cosigned[i], own, log_keys, key_count, report, &other);
        if (code != 0)
            return code;
        if (other.size <= before)
            return ERR_RECEIPT;
        before = other.size;
    }
    return 0;
}

int receipt_file_verify(struct bytes bytes, const uint8_t (*log_keys)[KEY_SIZE], size_t key_count,
                        struct arena *arena, struct receipt_report *ret_report, enum receipt_check *ret_check)
{
    struct receipt_report report = {0};
    struct checkpoint checkpoint;
    enum receipt_check check = RECEIPT_CHECK_FORM;
    int code = receipt_form_read(bytes, arena, &report.file);
    const Comity__V1__Receipt *receipt = code == 0 ? report.file->receipt : NULL;

    if (code == 0) {
        check = RECEIPT_CHECK_EVENT;
        code = event_verify(receipt, arena, &report);
    }
    if (code == 0) {
        check = RECEIPT_CHECK_COMMAND;
        code = command_verify(receipt, arena, &report);
    }
    if (code == 0) {
        check = RECEIPT_CHECK_CHECKPOINT;
        code = checkpoint_verify(view(receipt->checkpoint), &report.header, log_keys, key_count, true,
                                 &checkpoint, report.log_key);
    }
    if (code == 0) {
        check = RECEIPT_CHECK_PROOF;
        code = inclusion_verify(receipt, &checkpoint);
    }
    if (code == 0) {
        check = RECEIPT_CHECK_COSIGNED;
        code = all_cosigned_verify(report.file, &checkpoint, log_keys, key_count, &report);
    }
    if (code != 0)
        *ret_check = check;
    else
        *ret_report = report;
    return code;
}
