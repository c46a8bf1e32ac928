/* A receipt as a file: what is true is verified, and of what was altered in any one byte nothing is believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "client/cli/receipt_file.h"
#include "core/error.h"
#include "core/note.h"
#include "core/text.h"
#include "core/tree.h"

enum { EVENTS = 11, PLACE = 6 /* of the event, from 1 */, SIZE = 8 /* of the receipt's tree */, LEVELS = 5 };

static const uint8_t HISTORY[HISTORY_ID_SIZE] = {7, 7, 7};

/* The tree of the record, by its complete nodes. */
struct nodes {
    uint8_t hashes[LEVELS][EVENTS][HASH_SIZE];
};

static int node_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    memcpy(ret_hash, ((struct nodes *) self)->hashes[level][index], HASH_SIZE);
    return 0;
}

static int node_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    memcpy(((struct nodes *) self)->hashes[level][index], hash, HASH_SIZE);
    return 0;
}

struct scene {
    struct arena *arena;
    struct nodes nodes;
    struct tree_nodes tree;
    struct signing_key log, signer, witnesses[2];
    uint32_t epoch; /* that the command is signed for */
    Comity__V1__ReceiptFile file;
    struct bytes bytes;
};

static void *take(struct scene *scene, size_t size)
{
    void *memory = arena_alloc(scene->arena, size);
    assert_non_null(memory);
    return memory;
}

static ProtobufCBinaryData binary(struct scene *scene, const void *data, size_t size)
{
    return (ProtobufCBinaryData){size, arena_copy(scene->arena, data, size)};
}

/* add_item with a title, signed. */
static struct bytes command_make(struct scene *scene, uint8_t ret_id[COMMAND_ID_SIZE],
                                 uint8_t salt[SALT_SIZE], uint8_t ret_text[HASH_SIZE])
{
    static uint8_t nonce[NONCE_SIZE] = {5};
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__AddItem body = COMITY__V1__ADD_ITEM__INIT;
    Comity__V1__TextRef title = COMITY__V1__TEXT_REF__INIT;
    struct bytes packed;
    memset(salt, 3, SALT_SIZE);
    text_hash(salt, BYTES("Lunch", 5), ret_text);
    title.size = 5;
    title.hash = (ProtobufCBinaryData){HASH_SIZE, ret_text};
    body.session = 1;
    body.title = &title;
    command.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, (uint8_t *) HISTORY};
    command.key = (ProtobufCBinaryData){KEY_SIZE, scene->signer.public_key};
    command.nonce = (ProtobufCBinaryData){NONCE_SIZE, nonce};
    command.valid_until_ms = 1800000000000;
    command.epoch = scene->epoch;
    command.body_case = COMITY__V1__COMMAND__BODY_ADD_ITEM;
    command.add_item = &body;
    assert_int_equal(command_seal_up(&command, &scene->signer, scene->arena, &packed, ret_id), 0);
    return packed;
}

static Comity__V1__Part *part_show(struct scene *scene, struct event_part *part)
{
    Comity__V1__Part *shown = take(scene, sizeof(*shown));
    comity__v1__part__init(shown);
    part->audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    event_part_hash(part);
    shown->kind = (Comity__V1__PartKind) part->kind;
    shown->audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL;
    shown->salt = binary(scene, part->salt, SALT_SIZE);
    shown->hash = binary(scene, part->hash, HASH_SIZE);
    shown->content = binary(scene, part->content.data, part->content.size);
    return shown;
}

static Comity__V1__EventRecord *record_make(struct scene *scene, uint8_t ret_id[COMMAND_ID_SIZE])
{
    struct event_part parts[3] = {
        {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN, .salt = {1}},
        {.kind = COMITY__V1__PART_KIND__PART_KIND_COMMAND, .salt = {2}},
        {.kind = COMITY__V1__PART_KIND__PART_KIND_TEXT, .content = BYTES("Lunch", 5)}};
    Comity__V1__Event event = COMITY__V1__EVENT__INIT;
    Comity__V1__ItemAdded added = COMITY__V1__ITEM_ADDED__INIT;
    Comity__V1__EventRecord *record = take(scene, sizeof(*record));
    uint8_t text[HASH_SIZE];
    parts[1].content = command_make(scene, ret_id, parts[2].salt, text);
    event.actor = 1;
    event.actor_key = (ProtobufCBinaryData){KEY_SIZE, scene->signer.public_key};
    event.command_id = (ProtobufCBinaryData){COMMAND_ID_SIZE, ret_id};
    event.kind_case = COMITY__V1__EVENT__KIND_ITEM_ADDED;
    event.item_added = &added;
    assert_int_equal(message_pack(&event.base, scene->arena, &parts[0].content), 0);
    comity__v1__event_record__init(record);
    record->parts = take(scene, 3 * sizeof(*record->parts));
    for (size_t i = 0; i < 3; i++)
        record->parts[record->n_parts++] = part_show(scene, &parts[i]);
    struct event_header header = {
        .level = FORMAT_LEVEL, .epoch = 1, .sequence = PLACE, .time_ms = 1790000000000};
    uint8_t bytes[EVENT_HEADER_SIZE];
    memcpy(header.history, HISTORY, HISTORY_ID_SIZE);
    event_commitment(parts, 3, header.commitment);
    event_header_write(&header, bytes);
    record->header = binary(scene, bytes, sizeof(bytes));
    return record;
}

static void tree_make(struct scene *scene, const Comity__V1__EventRecord *record)
{
    scene->tree = (struct tree_nodes){&scene->nodes, node_get, node_put};
    for (uint8_t i = 0; i < EVENTS; i++) {
        uint8_t leaf[HASH_SIZE];
        if (i + 1 == PLACE)
            tree_leaf_hash(BYTES(record->header.data, record->header.len), leaf);
        else
            tree_leaf_hash(BYTES(&i, 1), leaf);
        assert_int_equal(tree_append(&scene->tree, i, leaf), 0);
    }
}

static struct checkpoint checkpoint_make(struct scene *scene, uint64_t size)
{
    struct checkpoint checkpoint = {.size = size};
    checkpoint_origin(HISTORY, 1, checkpoint.origin);
    assert_int_equal(tree_root(&scene->tree, size, checkpoint.root), 0);
    return checkpoint;
}

static ProtobufCBinaryData note_make(struct scene *scene, uint64_t size)
{
    struct checkpoint checkpoint = checkpoint_make(scene, size);
    char note[CHECKPOINT_MAX_BYTES];
    return binary(scene, note, checkpoint_sign(&checkpoint, &scene->log, note));
}

static void proof_add(struct scene *scene, const uint8_t (*proof)[HASH_SIZE], size_t count,
                      ProtobufCBinaryData **ret_list, size_t *ret_count)
{
    *ret_list = take(scene, (count + 1) * sizeof(**ret_list));
    for (size_t i = 0; i < count; i++)
        (*ret_list)[i] = binary(scene, proof[i], HASH_SIZE);
    *ret_count = count;
}

/* Both witnesses have signed this size, in the order of their keys. */
static Comity__V1__CosignedCheckpoint *cosigned_make(struct scene *scene, uint64_t size)
{
    Comity__V1__CosignedCheckpoint *cosigned = take(scene, sizeof(*cosigned));
    uint8_t proof[PROOF_MAX][HASH_SIZE];
    size_t count;
    char text[CHECKPOINT_MAX_BYTES];
    struct checkpoint checkpoint = checkpoint_make(scene, size);
    size_t text_size = checkpoint_write(&checkpoint, text);
    comity__v1__cosigned_checkpoint__init(cosigned);
    cosigned->checkpoint = note_make(scene, size);
    assert_int_equal(tree_consistency_proof(&scene->tree, size < SIZE ? size : SIZE,
                                            size < SIZE ? SIZE : size, proof, &count),
                     0);
    proof_add(scene, (const uint8_t(*)[HASH_SIZE]) proof, count, &cosigned->proof, &cosigned->n_proof);
    cosigned->cosignatures = take(scene, 2 * sizeof(*cosigned->cosignatures));
    for (size_t i = 0; i < 2; i++) {
        Comity__V1__Cosignature *row = take(scene, sizeof(*row));
        uint8_t signature[SIGNATURE_SIZE];
        comity__v1__cosignature__init(row);
        row->key = binary(scene, scene->witnesses[i].public_key, KEY_SIZE);
        row->epoch = 1;
        row->size = size;
        row->time_s = 1790000001;
        cosignature_make(BYTES(text, text_size), row->time_s, &scene->witnesses[i], signature);
        row->signature = binary(scene, signature, sizeof(signature));
        cosigned->cosignatures[cosigned->n_cosignatures++] = row;
    }
    return cosigned;
}

static void pack(struct scene *scene)
{
    assert_int_equal(receipt_file_pack(&scene->file, scene->arena, &scene->bytes), 0);
}

/* The event, its tree and its receipt, of a command that was signed for this epoch. */
static void receipt_make(struct scene *scene, uint32_t epoch)
{
    uint8_t id[COMMAND_ID_SIZE], proof[PROOF_MAX][HASH_SIZE];
    size_t count;
    Comity__V1__Receipt *receipt = take(scene, sizeof(*receipt));
    comity__v1__receipt__init(receipt);
    scene->epoch = epoch;
    receipt->event = record_make(scene, id);
    tree_make(scene, receipt->event);
    receipt->command_id = binary(scene, id, sizeof(id));
    receipt->history = binary(scene, HISTORY, sizeof(HISTORY));
    receipt->first_sequence = PLACE;
    receipt->events = 1;
    assert_int_equal(tree_inclusion_proof(&scene->tree, PLACE - 1, SIZE, proof, &count), 0);
    proof_add(scene, (const uint8_t(*)[HASH_SIZE]) proof, count, &receipt->proof, &receipt->n_proof);
    receipt->checkpoint = note_make(scene, SIZE);
    scene->file.receipt = receipt;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    uint8_t seed[SEED_SIZE] = {1};
    assert_int_equal(key_init(), 0);
    scene->arena = arena_new(64 * 1024 * 1024);
    signing_key_from_seed(seed, &scene->log);
    seed[1] = 1;
    signing_key_from_seed(seed, &scene->signer);
    for (uint8_t i = 0; i < 2; i++) {
        seed[2] = (uint8_t) (i + 1);
        signing_key_from_seed(seed, &scene->witnesses[i]);
    }
    if (memcmp(scene->witnesses[0].public_key, scene->witnesses[1].public_key, KEY_SIZE) > 0) {
        struct signing_key first = scene->witnesses[0];
        scene->witnesses[0] = scene->witnesses[1];
        scene->witnesses[1] = first;
    }
    comity__v1__receipt_file__init(&scene->file);
    receipt_make(scene, 1);
    scene->file.cosigned = take(scene, 3 * sizeof(*scene->file.cosigned));
    scene->file.cosigned[scene->file.n_cosigned++] =
        cosigned_make(scene, PLACE + 1); /* behind the receipt's */
    scene->file.cosigned[scene->file.n_cosigned++] = cosigned_make(scene, SIZE);
    scene->file.cosigned[scene->file.n_cosigned++] = cosigned_make(scene, EVENTS);
    pack(scene);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    arena_destroy(&scene->arena);
    free(scene);
    return 0;
}

static int verify(struct scene *scene, struct bytes bytes, struct arena *arena, struct receipt_report *report,
                  enum receipt_check *check)
{
    *check = 0;
    return receipt_file_verify(bytes, (const uint8_t(*)[KEY_SIZE]) scene->log.public_key, 1, arena, report,
                               check);
}

/* It is refused, at this check. */
static void expect(struct scene *scene, enum receipt_check expected)
{
    static struct receipt_report report;
    enum receipt_check check;
    pack(scene);
    assert_int_not_equal(verify(scene, scene->bytes, scene->arena, &report, &check), 0);
    assert_int_equal(check, expected);
    assert_non_null(receipt_check_sentence(check));
}

static void what_is_true_is_verified(void **state)
{
    static struct receipt_report report;
    struct scene *scene = *state;
    enum receipt_check check;
    assert_int_equal(verify(scene, scene->bytes, scene->arena, &report, &check), 0);
    assert_int_equal(report.header.sequence, PLACE);
    assert_true(report.has_command);
    assert_string_equal(command_name(report.command.body), "add_item");
    assert_memory_equal(report.log_key, scene->log.public_key, KEY_SIZE);
    assert_int_equal(report.cosigner_count, 6);
    assert_int_equal(report.cosigners[5].size, EVENTS);
    assert_memory_equal(report.cosigners[5].key, scene->witnesses[1].public_key, KEY_SIZE);
}

static void other_keys_verify_nothing(void **state)
{
    static struct receipt_report report;
    struct scene *scene = *state;
    enum receipt_check check = 0;
    assert_int_equal(receipt_file_verify(scene->bytes, (const uint8_t(*)[KEY_SIZE]) scene->signer.public_key,
                                         1, scene->arena, &report, &check),
                     ERR_SIGNATURE);
    assert_int_equal(check, RECEIPT_CHECK_CHECKPOINT);
    assert_int_equal(receipt_file_verify(scene->bytes, NULL, 0, scene->arena, &report, &check),
                     ERR_SIGNATURE);
}

/* The number of events is the log's word alone: nobody is shown it, and nothing rests on it. */
static bool is_irrelevant(struct scene *scene, const struct receipt_report *report)
{
    uint32_t events = report->file->receipt->events;
    struct bytes again;
    report->file->receipt->events = scene->file.receipt->events;
    assert_int_equal(receipt_file_pack(report->file, scene->arena, &again), 0);
    return events != scene->file.receipt->events && bytes_equal(again, scene->bytes);
}

/* Each byte, each of its bits; a byte less, one more. */
static void no_altered_byte_is_believed(void **state)
{
    static struct receipt_report report;
    struct scene *scene = *state;
    uint8_t *altered = malloc(scene->bytes.size + 1);
    size_t believed = 0;
    enum receipt_check check;
    memcpy(altered, scene->bytes.data, scene->bytes.size);
    altered[scene->bytes.size] = 0;
    for (size_t i = 0; i < scene->bytes.size; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            CLEANUP(arena_destroy) struct arena *arena = arena_new(16 * 1024 * 1024);
            altered[i] ^= (uint8_t) (1u << bit);
            if (verify(scene, BYTES(altered, scene->bytes.size), arena, &report, &check) == 0) {
                if (!is_irrelevant(scene, &report))
                    fail_msg("byte %zu, bit %u", i, bit);
                believed++;
            }
            altered[i] ^= (uint8_t) (1u << bit);
        }
    assert_true(believed <= 7); /* the bits of that one number */
    /* Without its last cosigned checkpoints it claims less, and that is true. */
    size_t shorter = 0;
    for (size_t size = 0; size < scene->bytes.size; size++)
        if (verify(scene, BYTES(altered, size), scene->arena, &report, &check) == 0)
            assert_int_equal(report.cosigner_count, 2 * shorter++);
    assert_int_equal(shorter, scene->file.n_cosigned);
    assert_int_not_equal(verify(scene, BYTES(altered, scene->bytes.size + 1), scene->arena, &report, &check),
                         0);
    assert_int_equal(verify(scene, BYTES(altered, scene->bytes.size), scene->arena, &report, &check),
                     0); /* the control */
    free(altered);
}

/* A packed Receipt, as a journal keeps it: it proves the same, but for witnesses; in one form as well. */
static void the_journals_own_is_taken(void **state)
{
    static struct receipt_report report;
    struct scene *scene = *state;
    struct bytes packed;
    size_t believed = 0;
    enum receipt_check check;
    assert_int_equal(message_pack(&scene->file.receipt->base, scene->arena, &packed), 0);
    uint8_t *altered = calloc(1, packed.size + 1);
    memcpy(altered, packed.data, packed.size);
    assert_int_equal(verify(scene, packed, scene->arena, &report, &check), 0);
    assert_int_equal(report.header.sequence, PLACE);
    assert_int_equal(report.cosigner_count, 0);
    for (size_t i = 0; i < packed.size; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            CLEANUP(arena_destroy) struct arena *arena = arena_new(16 * 1024 * 1024);
            altered[i] ^= (uint8_t) (1u << bit);
            if (verify(scene, BYTES(altered, packed.size), arena, &report, &check) == 0) {
                assert_int_not_equal(report.file->receipt->events, scene->file.receipt->events);
                believed++;
            }
            altered[i] ^= (uint8_t) (1u << bit);
        }
    assert_true(believed <= 7); /* the bits of that one number */
    for (size_t size = 0; size < packed.size; size++)
        assert_int_not_equal(verify(scene, BYTES(altered, size), scene->arena, &report, &check), 0);
    assert_int_not_equal(verify(scene, BYTES(altered, packed.size + 1), scene->arena, &report, &check), 0);
    free(altered);
}

static void what_a_liar_makes_is_refused_where_it_lies(void **state)
{
    struct scene *scene = *state;
    Comity__V1__Receipt *receipt = scene->file.receipt;
    Comity__V1__CosignedCheckpoint *last = scene->file.cosigned[2];
    uint8_t other[COMMAND_ID_SIZE] = {9};

    receipt->first_sequence++;
    expect(scene, RECEIPT_CHECK_EVENT);
    receipt->first_sequence--;

    ProtobufCBinaryData id = receipt->command_id;
    receipt->command_id = (ProtobufCBinaryData){sizeof(other), other};
    expect(scene, RECEIPT_CHECK_EVENT);
    receipt->command_id = id;

    receipt->event->parts[2]->content.data[0] ^= 1; /* another text */
    expect(scene, RECEIPT_CHECK_EVENT);
    receipt->event->parts[2]->content.data[0] ^= 1;

    ProtobufCBinaryData note = receipt->checkpoint;
    receipt->checkpoint = note_make(scene, SIZE + 1); /* signed, but of another tree than the proof is for */
    expect(scene, RECEIPT_CHECK_PROOF);
    receipt->checkpoint = note;

    receipt->n_proof--;
    expect(scene, RECEIPT_CHECK_PROOF);
    receipt->n_proof++;

    last->n_proof--;
    expect(scene, RECEIPT_CHECK_COSIGNED);
    last->n_proof++;

    last->cosignatures[0]->time_s++;
    expect(scene, RECEIPT_CHECK_COSIGNED);
    last->cosignatures[0]->time_s--;

    last->cosignatures[0]->size--; /* what was signed, under another size */
    expect(scene, RECEIPT_CHECK_COSIGNED);
    last->cosignatures[0]->size++;

    scene->file.cosigned[0] = cosigned_make(scene, PLACE - 1); /* a tree without the event */
    expect(scene, RECEIPT_CHECK_COSIGNED);
    scene->file.cosigned[0] = cosigned_make(scene, SIZE); /* twice */
    expect(scene, RECEIPT_CHECK_COSIGNED);
    scene->file.cosigned[0] = cosigned_make(scene, PLACE);

    static struct receipt_report report;
    enum receipt_check check;
    pack(scene);
    assert_int_equal(verify(scene, scene->bytes, scene->arena, &report, &check), 0);
}

/* Witnesses who have signed another record: theirs does not join. */
static void a_fork_is_not_cosigned(void **state)
{
    struct scene *scene = *state;
    uint8_t leaf[HASH_SIZE] = {1};
    struct nodes before = scene->nodes;
    for (uint64_t i = SIZE - 1; i < EVENTS; i++)
        assert_int_equal(tree_append(&scene->tree, i, leaf), 0);
    scene->file.cosigned[2] = cosigned_make(scene, EVENTS);
    scene->nodes = before;
    expect(scene, RECEIPT_CHECK_COSIGNED);
}

/* What was signed for an epoch is on record in that one or a later one: a worker that pairs it with an event of one
 * before, all else fitting, shows what nobody gave then. */
static void a_command_of_a_later_epoch_is_refused(void **state)
{
    static struct receipt_report report;
    struct scene *scene = *state;
    enum receipt_check check;
    scene->file.n_cosigned = 0;
    receipt_make(scene, 2);
    expect(scene, RECEIPT_CHECK_COMMAND);
    receipt_make(scene, 1); /* the control */
    pack(scene);
    assert_int_equal(verify(scene, scene->bytes, scene->arena, &report, &check), 0);
}

/* Of a command that was withheld from whoever saved it, the rest is proved. */
static void a_command_may_be_withheld(void **state)
{
    static struct receipt_report report;
    struct scene *scene = *state;
    enum receipt_check check;
    Comity__V1__Part *part = scene->file.receipt->event->parts[1];
    part->content.len = part->salt.len = 0;
    part->is_withheld = true;
    pack(scene);
    assert_int_equal(verify(scene, scene->bytes, scene->arena, &report, &check), 0);
    assert_false(report.has_command);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(what_is_true_is_verified),    ONE(other_keys_verify_nothing),
        ONE(no_altered_byte_is_believed), ONE(what_a_liar_makes_is_refused_where_it_lies),
        ONE(a_fork_is_not_cosigned),      ONE(a_command_may_be_withheld),
        ONE(a_command_of_a_later_epoch_is_refused),
        ONE(the_journals_own_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
