/* Inputs that come of no history: rules, notes, proofs, frames, and files that people write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "client/cli/standing_rules.h"
#include "client/rules/template.h"
#include "client/witness/kept.h"
#include "core/frame.h"
#include "core/broker_list.h"
#include "core/grant.h"
#include "core/move.h"
#include "core/note.h"
#include "core/rule/rule.h"
#include "core/seal.h"
#include "core/text.h"
#include "core/tree.h"
#include "tests/fuzz/corpus.h"
#include "tests/fuzz/scene_of_corpus.h"

static void put_text(const char *what, const char *name, const char *text)
{
    corpus_put(what, name, BYTES(text, strlen(text)));
}

static void key_text(uint8_t number, char ret_hex[2 * KEY_SIZE + 1], bool is_signing,
                     char ret_secret[2 * KEY_SIZE + 1])
{
    uint8_t secret[SEED_SIZE] = {number};
    struct signing_key signing;
    struct connection_key connection;

    signing_key_from_seed(secret, &signing);
    connection_key_from_secret(secret, &connection);
    hex_encode(BYTES(is_signing ? signing.public_key : connection.public_key, KEY_SIZE), ret_hex);
    hex_encode(BYTES(secret, sizeof(secret)), ret_secret);
}

static void key_files(struct arena *arena)
{
    char hex[2 * KEY_SIZE + 1], secret[2 * KEY_SIZE + 1];

    key_text(1, hex, true, secret);
    put_text("keyfile", "signing",
             arena_printf(arena, "comity signing seed 1\npublic %s\nsecret %s\n", hex, secret));
    put_text("keyfile", "version",
             arena_printf(arena, "comity signing seed 2\npublic %s\nsecret %s\n", hex, secret));
    /* The same as in tests/unit/core/test_keyfile_locked.c: under `correct horse battery`. */
    put_text("keyfile", "locked",
             "comity signing seed 2\n"
             "public 03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8\n"
             "argon2id 1 8192\n"
             "salt 6465666768696a6b6c6d6e6f70717273\n"
             "nonce c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf\n"
             "sealed dc3cb545c6353b7b976e17778492cfa641a9c228b4c370e1da0fbc75978cbab5fad3e14f183971a25ee99025fc6aaae3\n");
    put_text("keyfile", "crossed",
             arena_printf(arena, "comity connection key 1\npublic %s\nsecret %s\n", hex, secret));
    key_text(2, hex, false, secret);
    put_text("keyfile", "connection",
             arena_printf(arena, "comity connection key 1\npublic %s\nsecret %s\n", hex, secret));
}

static void recovery_words(void)
{
    static const char ZEROS[] = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
                                "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon ";

    put_text("mnemonic", "zeros", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
                                  "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
                                  "abandon art");
    put_text("mnemonic", "typed", "1. LEGAL winner thank year\n2. wave sausage worth usef lega winn than year wave saus wort "
                                  "usef lega winn than year wave saus wort titl");
    put_text("mnemonic", "unlisted", "hamster diagram private dutsh cause delay private meat slide toddler razor book happy "
                                     "fancy gospel tennis maple dilemma loan word shrug inflict delay length");
    put_text("mnemonic", "few", ZEROS);
    put_text("mnemonic", "accents", "\303\241baco a\314\201baco \303\201BACO abac abaco abaco abaco abaco abaco abaco abaco abaco "
                                    "abaco abaco abaco abaco abaco abaco abaco abaco abaco abaco abaco ancla");
}

/* Keys as far as a charter looks at them. */
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222222222222222222222222222"

static void ini_files(struct arena *arena)
{
    char hex[2 * KEY_SIZE + 1], secret[2 * KEY_SIZE + 1];

    key_text(3, hex, true, secret);
    put_text("config", "least", "[daemon]\npath = /tmp/x\n");
    put_text("config", "all",
             arena_printf(
                 arena,
                 "; a comment\n[daemon]\ntitle = \xc3\xa4 title # with more\nthreads = 64\nis_open = yes\n"
                 "key = %s\npath=/tmp/x\noperator = %s\noperator = %s\n\n[broker north]\n"
                 "endpoint = tcp://127.0.0.1:1\nkey = %s\ngroup = a\ngroup = b\nweight = -9\n"
                 "[broker south]\nendpoint: tcp://x:2\nkey = %s\n",
                 hex, hex, secret, hex, secret));
    put_text("config", "unknown", "[daemon]\npath = x\nother = 1\n[nobody]\n");
    put_text(
        "charter", "whole",
        arena_printf(arena,
                     "[partnership]\nname = works\ntitle = The Works\n[constituency union]\nkind = worker\n"
                     "standing = party\ntitle = Local 12\nrecovery = " ONES
                     "\n[constituency board]\nkind = employer\n"
                     "standing = party\nside = owners\ntitle = Board\nrecovery = %s\n[site north]\n"
                     "title = North\ntime_zone = America/Chicago\n[founder ada]\nconstituency = union\n"
                     "name = Ada Okafor\nkey = %s\noffices = co-chair, facilitator\n[founder bo]\n"
                     "constituency = board\nname = Bo Lind\nkey = " TWOS "\noffices = co-chair\n",
                     secret, hex));
    put_text(
        "charter", "admitted",
        arena_printf(arena,
                     "[constituency guild]\nkind = other\nstanding = neutral\ntitle = Guild\nrecovery = " ONES
                     "\n[founder cy]\n"
                     "constituency = guild\nname = Cy\nkey = %s\noffices = co-chair recorder\n",
                     hex));
}

static void json_files(struct arena *arena)
{
    char hex[2 * KEY_SIZE + 1], secret[2 * KEY_SIZE + 1];

    key_text(4, hex, true, secret);
    put_text(
        "invitation", "whole",
        arena_printf(
            arena,
            "{\"comity_invitation\": 1, \"partnership\": \"The Works\", \"short_name\": \"works\",\n"
            "\"name\": \"Ad\\u00e9 \\\"Okafor\\\"\", \"expires_ms\": 1750000000000, \"history\": \"%s\",\n"
            "\"place\": {\"group_key\": \"%s\", \"brokers\": [{\"endpoint\": \"tcp://127.0.0.1:5550\",\n"
            "\"key\": \"%s\"}, {\"endpoint\": \"tcp://x:1\", \"key\": \"%s\"}]},\n"
            "\"log_keys\": [\"%s\"], \"seed\": \"%s\"}\n",
            hex, hex, hex, secret, hex, secret));
    put_text("invitation", "version", "{\"comity_invitation\": 2}");
    put_text(
        "rule_json", "whole",
        "{\"name\": \"majority\", \"form\": \"STANCE\", \"roll\": \"SEATS\", \"frozen\": \"ROUND\",\n"
        "\"tests\": [{\"name\": \"support\", \"class\": \"SUPPORT\", \"scope\": {\"kind\": \"WHOLE\"},\n"
        "\"count\": {\"kind\": \"STANCES\", \"stances\": [\"AGREE\", \"RESERVED\"]},\n"
        "\"against\": {\"kind\": \"CAST\"}, \"bound\": \"MORE_THAN\", \"numerator\": 1, \"denominator\": 2,\n"
        "\"holds_when_empty\": false}], \"scale\": [{\"answer\": 1, \"label\": \"yes\", \"stance\": "
        "\"AGREE\"}],\n"
        "\"close\": {\"all_answered\": true}, \"rounds\": 3}");
    put_text("rule_json", "empty", "{}");
    put_text("charter_json", "sample", STANDING_RULES_SAMPLE);
    put_text("charter_json", "more",
             "{\"text\": {\"text\": \"Together.\"}, \"functions\": [{\"name\": \"a\", \"title\": \"A\", \"share\": \"INFORM\"}],\n"
             "\"co_chairs\": [{\"constituency\": \"union\", \"count\": 2}], \"notice_hours\": 4294967295} // end\n");
}

/* What people type: 1 byte which of fuzz_typed.c's readers | 1 byte which rule | the text. */
static void put_typed(unsigned reader, unsigned which, const char *text)
{
    struct corpus_pieces pieces = {.size = 0};

    pieces_number(&pieces, reader, 1);
    pieces_number(&pieces, which, 1);
    pieces_add(&pieces, BYTES(text, strlen(text)));
    corpus_put("typed", "typed", BYTES(pieces.bytes, pieces.size));
}

static void typed(void)
{
    static const char *const TIMES[] = {"+30d", "+2h", "2026-11-30 17:00", "2026-11-30T17:00:00Z", "2026-11-30"};
    static const char *const BALLOTS[] = {"yes", "abstain", "5", "red", "Green-day > red = 3", "2>RED>blue"};
    enum { TIME, DATE, BALLOT, INTERESTS, ENDPOINT, NUMBER };

    for (unsigned i = 0; i < ARRAY_COUNT(TIMES); i++)
        put_typed(TIME, 0, TIMES[i]);
    put_typed(DATE, 0, "2026-12-31");
    put_typed(DATE, 0, "2026- 1--1");
    for (unsigned rule = 0; rule_template_at(rule) != NULL; rule++)
        for (unsigned i = 0; i < ARRAY_COUNT(BALLOTS); i++)
            put_typed(BALLOT, rule, BALLOTS[i]);
    put_typed(INTERESTS, 0, "1, 2 30");
    put_typed(ENDPOINT, 0, "tcp://broker.example.org:5550");
    put_typed(ENDPOINT, 1, "tcp://[fe80::1%eth0]:*");
    put_typed(NUMBER, 0, "18446744073709551615");
}

/* What a witness keeps: nothing yet, a checkpoint, and all that there can be. */
static void kept_files(void)
{
    static const uint8_t SEED[SEED_SIZE] = {3, 1, 4, 1, 5}, HISTORY[HISTORY_ID_SIZE] = {9};
    const uint8_t signature[SIGNATURE_SIZE] = {7};
    struct checkpoint checkpoint = {.size = 12};
    char note[CHECKPOINT_MAX_BYTES], text[KEPT_TEXT_MAX];
    struct signing_key key;
    struct kept kept;

    signing_key_from_seed(SEED, &key);
    kept_init(&kept, HISTORY, key.public_key);
    corpus_put("kept", "state", BYTES(text, kept_write(&kept, text)));
    kept.epoch = 1;
    checkpoint_origin(HISTORY, kept.epoch, checkpoint.origin);
    kept_take(&kept, BYTES(note, checkpoint_sign(&checkpoint, &key, note)), &checkpoint, 1800000000, signature);
    corpus_put("kept", "state", BYTES(text, kept_write(&kept, text)));
    snprintf(kept.evidence, sizeof(kept.evidence), "0900-1-12-1800000000-01020304");
    kept.fork_epoch = 1;
    kept.is_forgotten = true;
    checkpoint_origin(HISTORY, 1800000001, checkpoint.origin);
    kept_note_epoch(&kept, 1800000001, key.public_key, BYTES(note, checkpoint_sign(&checkpoint, &key, note)), 11);
    size_t size = kept_write(&kept, text);
    corpus_put("kept", "state", BYTES(text, size));
    corpus_put("kept", "unsummed", BYTES(text, size - strlen("check ") - 2 * HASH_SIZE - 1));
}

void corpus_of_files(struct arena *arena)
{
    assert_int_equal(key_init(), 0);
    key_files(arena);
    kept_files();
    recovery_words();
    ini_files(arena);
    json_files(arena);
    typed();
    put_text("text", "plain", "north-1");
    put_text("text", "zone", "America/Argentina/Buenos_Aires");
    put_text("text", "hex", "00ff7f80");
    put_text("text", "unicode", "Z\xc3\xbcrich \xe2\x80\xae\xf0\x9f\x98\x80\n\ttab");
    put_text("text", "control", "\x1b[31m\x7f\xc2\x85");
    corpus_put("text", "damaged", BYTES("\xff\xc0\x80\xed\xa0\x80\x00\xf4\x90", 9));
}

/* Each template, counted over rolls of several sizes. */
void corpus_of_rules(struct arena *arena)
{
    for (unsigned i = 0; rule_template_at(i) != NULL; i++) {
        const struct rule_template *template = rule_template_at(i);
        struct corpus_pieces pieces = {.size = 0};
        struct bytes packed;

        Comity__V1__Rule *rule = rule_template_rule(template, arena);

        assert_non_null(rule);
        assert_int_equal(message_pack(&rule->base, arena, &packed), 0);
        pieces_piece(&pieces, packed);
        pieces_number(&pieces, i, 1);
        pieces_number(&pieces, i + 1, 1);
        for (unsigned member = 0; member < 3 * i + 2; member++) {
            pieces_number(&pieces, member, 1);
            pieces_number(&pieces, member % 5 == 4 ? 7 : 6, 1);
            pieces_number(&pieces, member * i, 1);
            pieces_number(&pieces, member, 1);
            pieces_number(&pieces, member * 7, 1);
            pieces_number(&pieces, member, 1);
        }
        corpus_put("rule", template->name, BYTES(pieces.bytes, pieces.size));
        corpus_put_typed("rule", &rule->base);
        put_text("rule_file", template->name, rule_template_text(template));
    }
}

static void put_note(const char *name, const char *verifier, const char *note)
{
    struct corpus_pieces pieces = {.size = 0};

    pieces_piece(&pieces, BYTES(verifier, strlen(verifier)));
    pieces_add(&pieces, BYTES(note, strlen(note)));
    corpus_put("note", name, BYTES(pieces.bytes, pieces.size));
}

static int no_node(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    (void) self, (void) level, (void) index;
    tree_empty_root(ret_hash);
    return 0;
}

static void put_proof(uint64_t index, uint64_t size)
{
    const struct tree_nodes nodes = {.get = no_node};
    struct corpus_pieces pieces = {.size = 0};
    uint8_t proof[PROOF_MAX][HASH_SIZE], root[HASH_SIZE], leaf[HASH_SIZE];
    size_t count;

    assert_int_equal(tree_root(&nodes, size, root), 0);
    assert_int_equal(no_node(NULL, 0, 0, leaf), 0);
    assert_int_equal(tree_inclusion_proof(&nodes, index, size, proof, &count), 0);
    pieces_number(&pieces, index, 8);
    pieces_number(&pieces, size, 8);
    pieces_number(&pieces, count, 1);
    pieces_add(&pieces, BYTES(root, HASH_SIZE));
    pieces_add(&pieces, BYTES(leaf, HASH_SIZE));
    pieces_add(&pieces, BYTES(proof, count * HASH_SIZE));
    corpus_put("proof", "proof", BYTES(pieces.bytes, pieces.size));
}

void corpus_of_notes(struct arena *arena)
{
    static const uint8_t SEED[SEED_SIZE] = {3, 1, 4, 1, 5}; /* as fuzz_note.c knows it */
    struct checkpoint checkpoint = {.origin = "comity/test", .size = 5};
    char note[CHECKPOINT_MAX_BYTES], line[NOTE_LINE_MAX_BYTES + 1];
    struct signing_key key;

    signing_key_from_seed(SEED, &key);
    memset(checkpoint.root, 7, HASH_SIZE);
    size_t size = checkpoint_sign(&checkpoint, &key, note);
    put_note("signed", "", arena_printf(arena, "%.*s", (int) size, note));
    const char *text = "If you think cryptography is the answer to your problem,\nthen you don't know it.\n";
    note_sign_line(BYTES(text, strlen(text)), "comity/test", &key, line);
    put_note("signed", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
             arena_printf(arena, "%s\n%s", text, line));
    uint8_t signature[SIGNATURE_SIZE];
    char cosigned[NOTE_LINE_MAX_BYTES + 1], verifier_text[NOTE_VERIFIER_MAX_BYTES + 1];
    struct note_verifier verifier;
    char body[CHECKPOINT_MAX_BYTES];
    size_t body_size = checkpoint_write(&checkpoint, body);
    cosignature_make(BYTES(body, body_size), 1800000000, &key, signature);
    cosignature_line("labour-box", key.public_key, 1800000000, signature, cosigned);
    note_verifier_make("labour-box", NOTE_COSIGNATURE, key.public_key, &verifier);
    note_verifier_write(&verifier, verifier_text);
    put_note("cosigned", verifier_text, arena_printf(arena, "%.*s%s", (int) size, note, cosigned));
    put_note("cosigned", "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
             arena_printf(arena, "%.*s%s", (int) size, note, cosigned));
    put_proof(0, 1);
    put_proof(3, 3 + 4);
    put_proof(1000, 1u << 20);
}

/* Frames, bodies and grants. */
static void put_frame(const char *name, const struct frame_header *header, struct bytes body)
{
    static uint8_t frame[FRAME_HEADER_SIZE + 1024];

    frame_header_write(header, frame);
    if (body.size > 0)
        memcpy(frame + FRAME_HEADER_SIZE, body.data, body.size);
    corpus_put("frame", name, BYTES(frame, FRAME_HEADER_SIZE + body.size));
}

static void put_sealed(void)
{
    static const uint8_t CLIENT[CONNECTION_SECRET_SIZE] = {1, 2, 3},
                         GROUP[CONNECTION_SECRET_SIZE] = {4, 5, 6};
    uint8_t frame[FRAME_HEADER_SIZE + SEAL_OVERHEAD + 5];
    struct frame_header header = {.type = FRAME_REQUEST, .request = 9};
    struct connection_key client, group;
    struct seal_session session;

    connection_key_from_secret(CLIENT, &client);
    connection_key_from_secret(GROUP, &group);
    assert_int_equal(seal_session_client(&client, group.public_key, &session), 0);
    seal_frame(&session, &header, BYTES("hello", 5), frame);
    corpus_put("frame", "sealed", BYTES(frame, sizeof(frame)));
}

static void put_grants(struct arena *arena)
{
    struct grant grant = {.history = {1}, .until_ms = CORPUS_TIME_MS + 3600000};
    Comity__V1__SignedGrant *signed_grant;
    Comity__V1__Hello hello = COMITY__V1__HELLO__INIT;
    const uint8_t seed[SEED_SIZE] = {6};
    struct signing_key key;

    signing_key_from_seed(seed, &key);
    memcpy(grant.key, key.public_key, KEY_SIZE);
    memcpy(grant.reader, CORPUS_READER, KEY_SIZE);
    assert_int_equal(grant_sign(&grant, &key, arena, &signed_grant), 0);
    corpus_put_message("grant", "good", &signed_grant->base);
    hello.software = arena_string(arena, "comity 0.1.0");
    hello.n_format_levels = 1;
    hello.format_levels = (uint32_t[]){1};
    hello.n_grants = 1;
    hello.grants = &signed_grant;
    corpus_put_typed("hello", &hello.base);
    grant.until_ms = CORPUS_TIME_MS - 1;
    assert_int_equal(grant_sign(&grant, &key, arena, &signed_grant), 0);
    corpus_put_message("grant", "late", &signed_grant->base);
}

static void put_broker_lists(struct arena *arena)
{
    struct broker_list list = {.number = 3, .count = 2};
    const uint8_t seed[SEED_SIZE] = {2};
    uint8_t signature[SIGNATURE_SIZE];
    struct signing_key key;
    struct bytes packed;

    signing_key_from_seed(seed, &key);
    memcpy(list.group, CORPUS_READER, GROUP_ID_SIZE);
    for (size_t i = 0; i < list.count; i++) {
        snprintf(list.brokers[i].site, sizeof(list.brokers[i].site), "site-%zu", i);
        snprintf(list.brokers[i].endpoint, ENDPOINT_MAX, i == 0 ? "tcp://[::1]:7411" : "tcp://site.example.org:7411");
        memset(list.brokers[i].key, (int) i + 1, KEY_SIZE);
    }
    assert_int_equal(broker_list_sign(&list, &key, arena, &packed, signature), 0);
    corpus_put("broker_list", "two", packed);
    list.count = 1;
    list.brokers[0].site[0] = '\0';
    assert_int_equal(broker_list_sign(&list, &key, arena, &packed, signature), 0);
    corpus_put("broker_list", "one", packed);
}

static void put_moves(struct arena *arena)
{
    const uint8_t seed[SEED_SIZE] = {6}, bytes[KEY_SIZE] = {3};
    Comity__V1__BrokerPlace broker = COMITY__V1__BROKER_PLACE__INIT, *brokers[] = {&broker};
    Comity__V1__MoveNote note = COMITY__V1__MOVE_NOTE__INIT;
    Comity__V1__SignedMove *signed_move;
    struct signing_key key;

    signing_key_from_seed(seed, &key);
    broker.site = "north";
    broker.endpoint = "tcp://broker.example:4000";
    broker.key = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) bytes};
    note.history = note.to = broker.key;
    note.move = note.from = (ProtobufCBinaryData){GROUP_ID_SIZE, (uint8_t *) (uintptr_t) bytes};
    note.checkpoint = (ProtobufCBinaryData){6, (uint8_t *) "a note"};
    note.time_ms = CORPUS_TIME_MS;
    note.brokers = brokers;
    note.n_brokers = 1;
    for (Comity__V1__MoveStage stage = COMITY__V1__MOVE_STAGE__MOVE_STAGE_FROZEN;
         stage <= COMITY__V1__MOVE_STAGE__MOVE_STAGE_GIVEN_UP; stage++) {
        assert_int_equal(move_sign(&note, stage, &key, arena, &signed_move), 0);
        corpus_put_message("move", enum_short_name(&comity__v1__move_stage__descriptor, (int) stage), &signed_move->base);
    }
    broker.endpoint = "nowhere";
    assert_int_equal(move_sign(&note, COMITY__V1__MOVE_STAGE__MOVE_STAGE_MOVED, &key, arena, &signed_move), 0);
    corpus_put_message("move", "nowhere", &signed_move->base);
}

void corpus_of_links(struct arena *arena)
{
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__List list = COMITY__V1__LIST__INIT;

    for (uint8_t type = FRAME_HELLO; type <= FRAME_BYE; type++)
        put_frame(
            frame_type_name(type),
            &(struct frame_header){.type = type, .request = type, .budget_ms = 100, .attempt = 1, .term = 3},
            BYTES("body", type == FRAME_REQUEST ? 4 : 0));
    put_sealed();
    put_grants(arena);
    put_broker_lists(arena);
    put_moves(arena);
    query.history = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *) (uintptr_t) CORPUS_READER};
    query.limit = 10;
    query.kind_case = COMITY__V1__QUERY__KIND_LIST;
    query.list = &list;
    list.kind = COMITY__V1__LIST_KIND__LIST_KIND_BALLOTS;
    list.parent = 1;
    corpus_put_typed("query", &query.base);
}

/* Operations of fuzz_router.c. */
enum { FRONT = 0, BACK = 4, TICK = 8, NEWS, TROUBLE, GONE, DRAIN, CONFIGURE, PROBE, FORGIVE };

static void router_frame(struct corpus_pieces *pieces, unsigned operation, unsigned who, unsigned type,
                         unsigned group)
{
    pieces_number(pieces, operation, 1);
    pieces_number(pieces, who, 1);
    pieces_number(pieces, type, 1);
    pieces_number(pieces, 1, 1); /* request */
    pieces_number(pieces, group, 1);
    pieces_number(pieces, 1, 1); /* history */
    pieces_number(pieces, operation == BACK ? 5 : 1, 1);
    pieces_number(pieces, 20, 1); /* budget */
    pieces_number(pieces, 1, 1);  /* term */
}

void corpus_of_router(void)
{
    struct corpus_pieces pieces = {.size = 0};

    pieces_number(&pieces, 77, 2);
    router_frame(&pieces, BACK, 1, FRAME_READY, 1);
    router_frame(&pieces, BACK, 8, FRAME_READY, 2);
    for (unsigned i = 0; i < 3; i++) {
        router_frame(&pieces, FRONT, i, FRAME_HELLO, 1);
        router_frame(&pieces, FRONT, i, FRAME_SUBSCRIBE, 1);
        router_frame(&pieces, FRONT, i, FRAME_REQUEST, 1 + i % 2);
        router_frame(&pieces, BACK, 1, FRAME_WELCOME, 1);
        pieces_number(&pieces, 0, 1); /* which is answered */
    }
    router_frame(&pieces, BACK, 1, FRAME_NEWS, 1);
    pieces_number(&pieces, 0, 1);
    corpus_put("router", "session", BYTES(pieces.bytes, pieces.size));
    pieces_number(&pieces, NEWS, 1);
    pieces_number(&pieces, TROUBLE, 1);
    pieces_number(&pieces, 1, 1);
    router_frame(&pieces, BACK, 1, FRAME_REPLY, 1);
    pieces_number(&pieces, 0, 1);
    pieces_number(&pieces, DRAIN, 1);
    pieces_number(&pieces, TICK, 1);
    pieces_number(&pieces, 60, 1);
    pieces_number(&pieces, CONFIGURE, 1);
    pieces_number(&pieces, 1, 1);
    router_frame(&pieces, FRONT, 0, FRAME_REQUEST, 2);
    pieces_number(&pieces, TROUBLE, 1);
    pieces_number(&pieces, 4, 1);
    pieces_number(&pieces, PROBE, 1);
    corpus_put("router", "trouble", BYTES(pieces.bytes, pieces.size));
    pieces_number(&pieces, GONE, 1);
    pieces_number(&pieces, 1, 1);
    pieces_number(&pieces, FORGIVE, 1);
    pieces_number(&pieces, 9, 1);
    router_frame(&pieces, FRONT, 1, FRAME_BYE, 0);
    corpus_put("router", "end", BYTES(pieces.bytes, pieces.size));
}
