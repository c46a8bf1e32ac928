/* Inputs about what each side checks alone: receipts as files, checkpoints that are kept or sent, the worker's `keys`,
 * what a witness said last; and questions to a worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "client/cli/receipt_file.h"
#include "client/witness/word.h"
#include "core/note.h"
#include "core/text.h"
#include "scene.h"
#include "tests/fuzz/corpus.h"
#include "worker/query.h"
#include "worker/store/keys_file.h"

enum { WITNESSES = 2, SMALL_FILE_MAX = 16 * 1024 };

/* What its signer is answered, with all that it may see. */
static const Comity__V1__Answer *ask(struct scene *scene, const struct command *command,
                                     const Comity__V1__Query *query)
{
    struct session_grant grant = {.until_ms = scene->now_ms + 1};
    struct refusal refusal;
    struct query_context context = {.store = scene->store,
                                    .log_key = &scene->log_key,
                                    .grant = &grant,
                                    .now_ms = scene->now_ms,
                                    .arena = scene->arena};
    Comity__V1__Answer *answer = NULL;

    memcpy(grant.history, scene->history, HISTORY_ID_SIZE);
    memcpy(grant.key, command->body->key.data, KEY_SIZE);
    assert_int_equal(query_answer(&context, query, &answer, &refusal), 0);
    return answer;
}

static Comity__V1__Query query_of(struct scene *scene, Comity__V1__Query__KindCase kind)
{
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;

    query.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, scene->history};
    query.kind_case = kind;
    return query;
}

/* ---- Receipts as files ---- */

static Comity__V1__EventRecord *event_of(struct scene *scene, const struct command *command, uint64_t sequence)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = query_of(scene, COMITY__V1__QUERY__KIND_EVENTS);

    events.from = sequence;
    query.events = &events;
    query.limit = 1;
    const Comity__V1__Answer *answer = ask(scene, command, &query);
    assert_int_equal(answer->n_events, 1);
    return answer->events[0];
}

void corpus_witness(uint8_t number, struct signing_key *ret_key)
{
    const uint8_t seed[SEED_SIZE] = {'w', number};

    signing_key_from_seed(seed, ret_key);
}

Comity__V1__Cosignature *corpus_cosignature(struct scene *scene, const struct checkpoint *checkpoint, uint32_t epoch,
                                            uint8_t number)
{
    Comity__V1__Cosignature *row = SCENE_NEW(scene, Cosignature, cosignature);
    char text[CHECKPOINT_MAX_BYTES];
    uint8_t signature[SIGNATURE_SIZE];
    struct signing_key key;

    corpus_witness(number, &key);
    row->time_s = 1800000000;
    cosignature_make(BYTES(text, checkpoint_write(checkpoint, text)), row->time_s, &key, signature);
    row->epoch = epoch;
    row->size = checkpoint->size;
    row->key = (ProtobufCBinaryData){KEY_SIZE, arena_copy(scene->arena, key.public_key, KEY_SIZE)};
    row->signature = (ProtobufCBinaryData){SIGNATURE_SIZE, arena_copy(scene->arena, signature, SIGNATURE_SIZE)};
    return row;
}

static int by_key(const void *a, const void *b)
{
    return memcmp((*(Comity__V1__Cosignature *const *) a)->key.data, (*(Comity__V1__Cosignature *const *) b)->key.data,
                  KEY_SIZE);
}

/* Of the head, with the proof that the receipt's tree is a part of it. */
static void add_cosigned(struct scene *scene, const struct command *command, Comity__V1__ReceiptFile *file)
{
    Comity__V1__CosignedCheckpoint *cosigned = SCENE_NEW(scene, CosignedCheckpoint, cosigned_checkpoint);
    Comity__V1__GetCheckpoint get = COMITY__V1__GET_CHECKPOINT__INIT;
    Comity__V1__Query query = query_of(scene, COMITY__V1__QUERY__KIND_CHECKPOINT);
    struct checkpoint own, other;
    ProtobufCBinaryData note = file->receipt->checkpoint;

    assert_int_equal(checkpoint_open(BYTES(note.data, note.len), scene->log_key.public_key, &own), 0);
    get.from = own.size;
    query.checkpoint = &get;
    const Comity__V1__Answer *answer = ask(scene, command, &query);
    note = cosigned->checkpoint = answer->checkpoint;
    assert_int_equal(checkpoint_open(BYTES(note.data, note.len), scene->log_key.public_key, &other), 0);
    cosigned->proof = answer->proof;
    cosigned->n_proof = answer->n_proof;
    cosigned->cosignatures = arena_alloc(scene->arena, WITNESSES * sizeof(*cosigned->cosignatures));
    for (uint8_t i = 0; i < WITNESSES; i++)
        cosigned->cosignatures[cosigned->n_cosignatures++] = corpus_cosignature(scene, &other, answer->epoch, i);
    qsort(cosigned->cosignatures, WITNESSES, sizeof(*cosigned->cosignatures), by_key);
    file->cosigned = arena_copy(scene->arena, &cosigned, sizeof(cosigned));
    file->n_cosigned = 1;
}

static void put_file(struct scene *scene, const char *name, const Comity__V1__ReceiptFile *file)
{
    struct corpus_pieces pieces = {.size = 0};
    struct bytes bytes;

    assert_int_equal(receipt_file_pack(file, scene->arena, &bytes), 0);
    pieces_add(&pieces, BYTES(scene->log_key.public_key, KEY_SIZE));
    pieces_add(&pieces, bytes);
    corpus_put("receipt_file", name, BYTES(pieces.bytes, pieces.size));
}

void corpus_of_receipt(struct scene *scene, const struct command *command, const Comity__V1__Receipt *receipt)
{
    Comity__V1__ReceiptFile file = COMITY__V1__RECEIPT_FILE__INIT;
    Comity__V1__Receipt whole = *receipt;

    file.receipt = &whole;
    put_file(scene, "withheld", &file);
    whole.event = event_of(scene, command, receipt->first_sequence);
    put_file(scene, command_name(command->body), &file);
    add_cosigned(scene, command, &file);
    put_file(scene, "cosigned", &file);
}

/* ---- Checkpoints that are kept or sent ---- */

void corpus_of_checkpoint(struct scene *scene, const Comity__V1__Receipt *receipt)
{
    static const char BEFORE[] = "Hello Bo,\nthis is what I have:\n\n", AFTER[] = "\nAda\n";
    struct corpus_pieces pieces = {.size = 0};
    struct bytes note = BYTES(receipt->checkpoint.data, receipt->checkpoint.len);

    pieces_add(&pieces, BYTES(scene->history, HISTORY_ID_SIZE));
    pieces_add(&pieces, BYTES(scene->log_key.public_key, KEY_SIZE));
    size_t start = pieces.size;
    pieces_add(&pieces, note);
    corpus_put("head", "kept", BYTES(pieces.bytes, pieces.size));
    corpus_put("checkpoint", "alone", BYTES(pieces.bytes, pieces.size));
    pieces.size = start;
    pieces_add(&pieces, BYTES(BEFORE, strlen(BEFORE)));
    pieces_add(&pieces, note);
    pieces_add(&pieces, BYTES(AFTER, strlen(AFTER)));
    corpus_put("checkpoint", "mailed", BYTES(pieces.bytes, pieces.size));
}

/* ---- What was sent, and a copy of the record ---- */

static void put_known(unsigned which, const char *name, struct bytes sent, struct bytes copy)
{
    struct corpus_pieces pieces = {.size = 0};

    pieces_number(&pieces, which, 1);
    pieces_piece(&pieces, sent);
    pieces_add(&pieces, copy);
    corpus_put("audit_known", name, BYTES(pieces.bytes, pieces.size));
}

void corpus_of_known(struct scene *scene, const struct command *command, const Comity__V1__Receipt *receipt)
{
    enum { CHECKPOINT, RECEIPT };
    Comity__V1__ReceiptFile file = COMITY__V1__RECEIPT_FILE__INIT;
    Comity__V1__Receipt whole = *receipt;
    struct bytes copy = corpus_export(scene), packed;

    put_known(CHECKPOINT, "checkpoint",
              BYTES((const uint8_t *) arena_printf(scene->arena, "I have:\n%.*sAda\n", (int) receipt->checkpoint.len,
                                                   (const char *) receipt->checkpoint.data),
                    receipt->checkpoint.len + 12),
              copy);
    whole.event = event_of(scene, command, receipt->first_sequence);
    assert_int_equal(message_pack(&whole.base, scene->arena, &packed), 0);
    put_known(RECEIPT, "receipt", packed, copy);
    file.receipt = &whole;
    add_cosigned(scene, command, &file);
    assert_int_equal(receipt_file_pack(&file, scene->arena, &packed), 0);
    put_known(RECEIPT, "file", packed, copy);
}

/* ---- What a client is answered ---- */

static void put_operation(struct corpus_pieces *pieces, unsigned which, const ProtobufCMessage *body, struct arena *arena)
{
    struct bytes packed = {0};

    if (body != NULL)
        assert_int_equal(message_pack(body, arena, &packed), 0);
    pieces_number(pieces, which, 1);
    pieces_number(pieces, 0, 1); /* the latest request; of what is asked: see fuzz_replies.c */
    pieces_piece(pieces, packed);
}

static Comity__V1__Reply answered(struct scene *scene, const struct command *command, const Comity__V1__Query *query)
{
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;

    reply.kind_case = COMITY__V1__REPLY__KIND_ANSWER;
    reply.answer = (Comity__V1__Answer *) ask(scene, command, query);
    return reply;
}

static Comity__V1__Reply checkpoint_answered(struct scene *scene, const struct command *command, uint64_t from,
                                             uint64_t size)
{
    Comity__V1__GetCheckpoint get = COMITY__V1__GET_CHECKPOINT__INIT;
    Comity__V1__Query query = query_of(scene, COMITY__V1__QUERY__KIND_CHECKPOINT);

    get.from = from;
    get.size = size;
    query.checkpoint = &get;
    return answered(scene, command, &query);
}

static Comity__V1__Reply events_answered(struct scene *scene, const struct command *command)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = query_of(scene, COMITY__V1__QUERY__KIND_EVENTS);

    events.from = 1;
    query.events = &events;
    query.limit = 2;
    return answered(scene, command, &query);
}

static void welcome(struct scene *scene, struct corpus_pieces *pieces, unsigned operation)
{
    Comity__V1__Welcome welcome = COMITY__V1__WELCOME__INIT;
    Comity__V1__GrantAnswer grant = COMITY__V1__GRANT_ANSWER__INIT, *grants[] = {&grant};

    welcome.software = arena_string(scene->arena, "comity 0.1.0");
    welcome.format_level = FORMAT_LEVEL;
    welcome.time_ms = scene->now_ms;
    welcome.log_key = (ProtobufCBinaryData){KEY_SIZE, scene->log_key.public_key};
    welcome.n_grants = 1;
    welcome.grants = grants;
    grant.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, scene->history};
    grant.member = 1;
    grant.head = scene_head(scene);
    put_operation(pieces, operation, &welcome.base, scene->arena);
}

/* Honest ones, in order: WELCOME, where the record goes on from there, the receipt, events; then the tree of before. */
void corpus_of_replies(struct scene *scene, const struct command *command, struct bytes draft,
                       const Comity__V1__Reply *reply)
{
    enum { REPLY, HINT, WELCOME, REFUSE_HELLO, RAW, HURRY, ASK };
    struct corpus_pieces *pieces = calloc(1, sizeof(*pieces));
    Comity__V1__Reply later;

    assert_non_null(pieces);
    for (unsigned has_journal = 0; has_journal < 2; has_journal++) {
        pieces->size = 0;
        pieces_piece(pieces, draft);
        pieces_add(pieces, BYTES(scene->log_key.public_key, KEY_SIZE));
        pieces_number(pieces, has_journal, 1);
        welcome(scene, pieces, WELCOME);
        if (has_journal) {
            later = checkpoint_answered(scene, command, 0, 0);
            put_operation(pieces, REPLY, &later.base, scene->arena);
        }
        put_operation(pieces, HURRY, NULL, scene->arena);
        put_operation(pieces, REPLY, &reply->base, scene->arena);
        pieces_number(pieces, ASK, 1);
        pieces_number(pieces, 1, 1);
        pieces_piece(pieces, BYTES(NULL, 0));
        later = events_answered(scene, command);
        put_operation(pieces, REPLY, &later.base, scene->arena);
        later = checkpoint_answered(scene, command, 1, 2);
        put_operation(pieces, REPLY, &later.base, scene->arena);
        corpus_put("replies", has_journal ? "journal" : "plain", BYTES(pieces->bytes, pieces->size));
    }
    free(pieces);
}

/* ---- Small files ---- */

static void put_small_file(const char *what, const char *name, const char *path)
{
    uint8_t bytes[SMALL_FILE_MAX];
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    assert_int_equal(fclose(file), 0);
    corpus_put(what, name, BYTES(bytes, size));
}

static void keys_files(const char *directory)
{
    const uint8_t first[MASTER_SIZE] = {1, 2, 3}, second[MASTER_SIZE] = {4, 5, 6};
    char path[SCRATCH_PATH_MAX];

    scratch_join(directory, "keys", path);
    assert_int_equal(keys_file_create(path, first), 0);
    put_small_file("keys_file", "new", path);
    assert_int_equal(keys_file_write(path, 2, second), 0);
    put_small_file("keys_file", "both", path);
    assert_int_equal(keys_file_wipe(path, 1), 0);
    put_small_file("keys_file", "wiped", path);
}

static void mark_file(const char *directory)
{
    char path[SCRATCH_PATH_MAX];
    struct store *store = scratch_store(directory, SCENE_MAP_BYTES);

    store_close(&store);
    scratch_join(directory, "writer.lock", path);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_true(fprintf(file, "%-30d\n", 4711) > 0 && fclose(file) == 0); /* else this process's own number */
    put_small_file("mark", "lock", path);
}

static void words(const char *directory)
{
    const uint8_t history[HISTORY_ID_SIZE] = {9};
    char hex[2 * HISTORY_ID_SIZE + 1], name[2 * HISTORY_ID_SIZE + 8], path[SCRATCH_PATH_MAX];
    struct word last = {.time_s = 0};

    hex_encode(BYTES(history, sizeof(history)), hex);
    snprintf(name, sizeof(name), "%s.word", hex);
    scratch_join(directory, name, path);
    word_say(directory, history, "cosigned", 1800000000, &last);
    put_small_file("word", "said", path);
    word_say(directory, history, "TIMEOUT", 1800000100, &last);
    put_small_file("word", "said", path);
}

void corpus_of_small_files(void)
{
    char directory[SCRATCH_PATH_MAX];

    scratch_make(directory);
    mark_file(directory);
    scratch_remove(directory);
    scratch_make(directory);
    keys_files(directory);
    words(directory);
    scratch_remove(directory);
}

/* ---- The broker's gate ---- */

static void put_request(const char *side, const char *key)
{
    const char *const parts[] = {"1.0", "q1", side, "127.0.0.1", "an id", "CURVE", key};
    struct corpus_pieces pieces = {.size = 0};

    for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
        pieces_piece(&pieces, BYTES(parts[i], parts[i] == key ? KEY_SIZE : strlen(parts[i])));
    corpus_put("zap", side, BYTES(pieces.bytes, pieces.size));
}

void corpus_of_gate(void)
{
    static const char WORKER[KEY_SIZE] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", OTHER[KEY_SIZE] = "another";

    put_request("front", OTHER);
    put_request("back", OTHER);
    put_request("back", WORKER);
}

/* ---- Questions ---- */

static void put_query(const char *name, unsigned asker, const Comity__V1__Query *query)
{
    struct corpus_pieces pieces = {.size = 0};
    uint8_t packed[1024];

    assert_true(comity__v1__query__get_packed_size(query) <= sizeof(packed));
    pieces_number(&pieces, asker, 1);
    pieces_add(&pieces, BYTES(packed, comity__v1__query__pack(query, packed)));
    corpus_put("query", name, BYTES(pieces.bytes, pieces.size));
}

/* Lists of every kind; as a member, a stranger and a member without leave ask. */
void corpus_of_queries(void)
{
    static uint8_t history[HISTORY_ID_SIZE] = {1}, id[COMMAND_ID_SIZE] = {2}, cursor[8] = {[7] = 5};
    const ProtobufCEnumDescriptor *kinds = &comity__v1__list_kind__descriptor;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__List list = COMITY__V1__LIST__INIT;
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__GetReceipt receipt = COMITY__V1__GET_RECEIPT__INIT;
    Comity__V1__GetCheckpoint checkpoint = COMITY__V1__GET_CHECKPOINT__INIT;
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;

    query.history = (ProtobufCBinaryData){sizeof(history), history};
    query.kind_case = COMITY__V1__QUERY__KIND_LIST;
    query.list = &list;
    list.parent = 1;
    for (unsigned i = 0; i < kinds->n_values; i++) {
        list.kind = (Comity__V1__ListKind) kinds->values[i].value;
        query.limit = i % 3;
        put_query("list", i % (SCENE_MEMBERS + 2), &query);
    }
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    put_query("whoami", 3, &query);
    query.kind_case = COMITY__V1__QUERY__KIND_RECEIPT;
    query.receipt = &receipt;
    receipt.command_id = (ProtobufCBinaryData){sizeof(id), id};
    put_query("receipt", 1, &query);
    query.kind_case = COMITY__V1__QUERY__KIND_CHECKPOINT;
    query.checkpoint = &checkpoint;
    checkpoint.from = 3;
    checkpoint.size = 20;
    put_query("checkpoint", 2, &query);
    query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    query.events = &events;
    events.from = 1;
    put_query("events", 0, &query);
    query.cursor = (ProtobufCBinaryData){sizeof(cursor), cursor};
    put_query("events", 1, &query);
}
