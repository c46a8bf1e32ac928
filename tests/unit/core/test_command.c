/* Signed commands: one made in Python, ids, sizes, texts, signatures, cosignatures, and random damage. */
#include "sample_command.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct arena *arena;
static struct sample sample;
static struct signing_key key;

static int setup(void **state)
{
    (void) state;
    uint8_t seed[SEED_SIZE];
    for (uint8_t i = 0; i < SEED_SIZE; i++)
        seed[i] = i;
    arena = arena_new(64 * 1024 * 1024);
    if (!arena || key_init() != 0)
        return -1;
    signing_key_from_seed(seed, &key);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    arena_destroy(&arena);
    return 0;
}

static ProtobufCBinaryData public_of(struct signing_key *of)
{
    return (ProtobufCBinaryData){KEY_SIZE, of->public_key};
}

/* A sample that the test's own key signs. */
static struct bytes sealed(Comity__V1__Command__BodyCase body, uint8_t id[COMMAND_ID_SIZE])
{
    struct bytes packed = BYTES(NULL, 0);
    arena_reset(arena);
    sample_make(&sample, arena, body, 0);
    sample.command->key = public_of(&key);
    assert_int_equal(command_seal_up(sample.command, &key, arena, &packed, id), 0);
    return packed;
}

/* Packed by python3-protobuf, hashed by hashlib, signed by PyNaCl. */
static const char BALLOT_HEX[] =
    "0ab0010a20111111111111111111111111111111111111111111111111111111111111111112"
    "2003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b81880d8c1a2"
    "8c342a10303132333435363738393a3b3c3d3e3f30018a024e08031220222222222222222222"
    "2222222222222222222222222222222222222222222222180520292a240a20d471a9d827c716"
    "ed251b7f557d02ded644b77799721bbe5cc82555d27de634f9101a124014492510e244f57c89"
    "9587aa29789c16cc9c1fd73d107cd64eb75127679257eb49943c957c885bdabf3200313b2d5a"
    "941623a24957f14957c76f39f76a219402";

static void test_a_ballot_made_elsewhere(void **state)
{
    (void) state;
    arena_reset(arena);
    size_t size = strlen(BALLOT_HEX) / 2;
    uint8_t *packed = arena_alloc(arena, size);
    assert_int_equal(hex_decode(BALLOT_HEX, packed, size), 0);
    struct command command;
    struct refusal refusal;
    assert_int_equal(command_open(BYTES(packed, size), arena, &refusal, &command), 0);
    assert_int_equal(command_check_signatures(&command, &refusal), 0);
    char hex[2 * COMMAND_ID_SIZE + 1];
    hex_encode(BYTES(command.id, COMMAND_ID_SIZE), hex);
    assert_string_equal(hex, "179bf237bf80e6234f06a50d4813f507");
    assert_string_equal(command_name(command.body), "cast_ballot");
    assert_int_equal(command.body->cast_ballot->round, 3);
    assert_int_equal(command.body->cast_ballot->answer, 5);
    assert_int_equal(command.body->cast_ballot->replaces, 41);
    assert_int_equal(command.history[0], 0x11);
    assert_int_equal(command.body->nonce.len, NONCE_SIZE);
    assert_int_equal(command.body->nonce.data[0], 0x30);

    uint8_t salt[SALT_SIZE];
    for (uint8_t i = 0; i < SALT_SIZE; i++)
        salt[i] = i;
    static const char REASON[] = "Night shift has no relief.";
    Comity__V1__Text reason = COMITY__V1__TEXT__INIT;
    reason.salt = (ProtobufCBinaryData){SALT_SIZE, salt};
    reason.content = (ProtobufCBinaryData){strlen(REASON), (uint8_t *) (uintptr_t) REASON};
    Comity__V1__Text *texts[] = {&reason};
    assert_int_equal(command_take_texts(&command, texts, 1, arena, &refusal), 0);
    assert_int_equal(command.text_count, 1);
    assert_true(bytes_equal(command.texts[0].content, BYTES(REASON, strlen(REASON))));

    /* And ours comes out as theirs, byte for byte. */
    struct bytes own;
    uint8_t id[COMMAND_ID_SIZE];
    assert_int_equal(command_seal_up(command.body, &key, arena, &own, id), 0);
    assert_true(bytes_equal(own, BYTES(packed, size)));
    assert_memory_equal(id, command.id, COMMAND_ID_SIZE);
}

static void test_sealed_commands_open(void **state)
{
    (void) state;
    for (unsigned i = 0; i < sample_body_count(); i++) {
        Comity__V1__Command__BodyCase body = sample_body_at(i);
        uint8_t id[COMMAND_ID_SIZE], hash[HASH_SIZE];
        struct bytes packed = sealed(body, id);
        struct command command;
        assert_int_equal(command_open(packed, arena, NULL, &command), 0);
        assert_memory_equal(command.id, id, COMMAND_ID_SIZE);
        assert_int_equal(command_check_signatures(&command, NULL), 0);
        assert_ptr_equal(command.signed_command.data, packed.data);
        crypto_hash_sha256(hash, command.envelope->command.data, command.envelope->command.len);
        assert_memory_equal(command.id, hash, COMMAND_ID_SIZE);
        const uint8_t *history =
            body == COMITY__V1__COMMAND__BODY_FOUND ? hash : sample.command->history.data;
        assert_memory_equal(command.history, history, HISTORY_ID_SIZE);
        assert_int_equal(command_take_texts(&command, sample.texts, sample.text_count, arena, NULL), 0);
        assert_int_equal(command.text_count, sample.text_count);
    }
    struct signing_key other;
    struct bytes packed;
    uint8_t id[COMMAND_ID_SIZE];
    signing_key_generate(&other);
    assert_int_equal(command_seal_up(sample.command, &other, arena, &packed, id), ERR_SIGNATURE);
}

/* --- envelopes --- */

static void assert_opens(Comity__V1__SignedCommand *envelope, int code, const char *field)
{
    struct bytes packed;
    struct command command;
    struct refusal refusal = {.code = 0};
    assert_int_equal(message_pack(&envelope->base, arena, &packed), 0);
    int got = command_open(packed, arena, &refusal, &command);
    if (got != code || (code && strcmp(refusal.field, field) != 0))
        fail_msg("%s at '%s' instead of %s at '%s'", error_name(got), refusal.field, error_name(code), field);
}

static void test_envelopes(void **state)
{
    (void) state;
    uint8_t id[COMMAND_ID_SIZE];
    struct bytes packed = sealed(COMITY__V1__COMMAND__BODY_CLOSE_ROUND, id);
    struct command command;
    assert_int_equal(command_open(packed, arena, NULL, &command), 0);
    const Comity__V1__SignedCommand good = *command.envelope;

    Comity__V1__SignedCommand bad = good;
    bad.command.len = 0;
    assert_opens(&bad, ERR_MISSING, "command");
    bad = good;
    bad.signature.len = 0;
    assert_opens(&bad, ERR_MISSING, "signature");
    bad = good;
    bad.signature.len = 63;
    assert_opens(&bad, ERR_RANGE, "signature");

    Comity__V1__CoSignature cosignature = COMITY__V1__CO_SIGNATURE__INIT;
    cosignature.key = public_of(&key);
    cosignature.signature = good.signature;
    Comity__V1__CoSignature *list[COSIGNERS_MAX + 1];
    for (size_t i = 0; i <= COSIGNERS_MAX; i++)
        list[i] = &cosignature;
    bad = good;
    bad.cosignatures = list;
    bad.n_cosignatures = COSIGNERS_MAX + 1;
    assert_opens(&bad, ERR_RANGE, "cosignatures");
    bad.n_cosignatures = 1;
    assert_opens(&bad, 0, "");
    cosignature.key.len = 31;
    assert_opens(&bad, ERR_RANGE, "cosignatures");
    cosignature.key.len = 32;
    cosignature.signature.len = 65;
    uint8_t longer[65] = {0};
    cosignature.signature.data = longer;
    assert_opens(&bad, ERR_RANGE, "cosignatures");

    /* The same fields in another order are another envelope. */
    size_t signature_at = packed.size - 2 - SIGNATURE_SIZE;
    uint8_t *turned = arena_alloc(arena, packed.size);
    struct refusal refusal;
    memcpy(turned, packed.data + signature_at, packed.size - signature_at);
    memcpy(turned + packed.size - signature_at, packed.data, signature_at);
    assert_int_equal(command_open(BYTES(turned, packed.size), arena, &refusal, &command), ERR_MALFORMED);
    assert_string_equal(refusal.field, "signed_command");
}

static void test_what_is_inside_is_strict(void **state)
{
    (void) state;
    static const struct {
        const char *hex;
        int code;
        const char *field;
    } ROWS[] = {
        {"4001", ERR_UNKNOWN_FIELD, "8"},
        {"2801", ERR_MALFORMED, "nonce"},
        {"920204080148", ERR_MALFORMED, "close_round"},
        {"9a01021863", ERR_ENUM, "invite.offices[0]"},
        {"c201050a030a01ff", ERR_UTF8, "adopt_rule.rule.name"},
        {"8201030a0100", ERR_UTF8, "found.name"},
        {"1801", ERR_MISSING, "body"},
        {"9202020801", ERR_MISSING, "history"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        uint8_t bytes[32];
        size_t size = strlen(ROWS[i].hex) / 2;
        struct refusal refusal = {.code = 0};
        struct command command = {.text_count = 77};
        arena_reset(arena);
        assert_int_equal(hex_decode(ROWS[i].hex, bytes, size), 0);
        int code = command_open(sample_envelope(arena, BYTES(bytes, size)), arena, &refusal, &command);
        assert_int_equal(code, ROWS[i].code);
        assert_int_equal(refusal.code, ROWS[i].code);
        assert_string_equal(refusal.field, ROWS[i].field);
        assert_int_equal(command.text_count, 77);
    }
}

/* A command of exactly @size bytes, by a name of the length that it takes. */
static struct bytes command_of(size_t size, bool is_body)
{
    arena_reset(arena);
    sample_make(&sample, arena,
                is_body ? COMITY__V1__COMMAND__BODY_CREATE_BODY : COMITY__V1__COMMAND__BODY_ADOPT_RULE, 0);
    char *filler = arena_alloc(arena, size + 1);
    struct bytes packed = BYTES(NULL, 0);
    char **at = is_body ? &sample.command->create_body->name : &sample.command->adopt_rule->rule->name;
    memset(filler, 'x', size);
    *at = filler;
    assert_int_equal(message_pack(&sample.command->base, arena, &packed), 0);
    filler[size - (packed.size - size)] = '\0';
    assert_int_equal(message_pack(&sample.command->base, arena, &packed), 0);
    return packed;
}

static void test_sizes_by_body(void **state)
{
    (void) state;
    static const struct {
        size_t size;
        bool is_body;
        int code;
    } ROWS[] = {
        {COMMAND_MAX_BYTES, false, 0},
        {COMMAND_MAX_BYTES + 1, false, ERR_TOO_LARGE},
        {COMMAND_LARGE_MAX_BYTES, false, ERR_TOO_LARGE},
        {COMMAND_LARGE_MAX_BYTES + 1, false, ERR_TOO_LARGE},
        {COMMAND_MAX_BYTES + 1, true, ERR_NAME},
        {COMMAND_LARGE_MAX_BYTES, true, ERR_NAME},
        {COMMAND_LARGE_MAX_BYTES + 1, true, ERR_TOO_LARGE},
        {600 * 1024, true, ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct bytes packed = command_of(ROWS[i].size, ROWS[i].is_body);
        struct command command;
        struct refusal refusal = {.code = 0};
        assert_int_equal(packed.size, ROWS[i].size);
        assert_int_equal(command_open(sample_envelope(arena, packed), arena, &refusal, &command),
                         ROWS[i].code);
        if (ROWS[i].code == ERR_TOO_LARGE)
            assert_true(refusal.limit > 0);
    }
    command_of(COMMAND_MAX_BYTES + 1, false);
    sample.command->key = public_of(&key);
    struct bytes packed;
    uint8_t id[COMMAND_ID_SIZE];
    assert_int_equal(command_seal_up(sample.command, &key, arena, &packed, id), ERR_TOO_LARGE);
}

/* --- texts --- */

static void assert_texts(size_t count, int code, const char *field)
{
    struct bytes packed;
    struct command command;
    struct refusal refusal = {.code = 0};
    assert_int_equal(message_pack(&sample.command->base, arena, &packed), 0);
    assert_int_equal(command_open(sample_envelope(arena, packed), arena, &refusal, &command), 0);
    assert_int_equal(command_take_texts(&command, sample.texts, count, arena, &refusal), code);
    assert_int_equal(command.text_count, code ? 0 : count);
    if (code)
        assert_string_equal(refusal.field, field);
}

static void proposal_make(void)
{
    arena_reset(arena);
    sample_make(&sample, arena, COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL, 0);
    sample.command->make_proposal->terms = NULL;
    sample.text_count -= 3; /* those of the terms, which come last */
    assert_int_equal(sample.text_count, 2);
}

static void test_texts(void **state)
{
    (void) state;
    proposal_make();
    assert_texts(2, 0, "");
    assert_texts(1, ERR_MISSING, "make_proposal.text");
    assert_texts(0, ERR_MISSING, "make_proposal.title");
    sample.texts[2] = sample.texts[1];
    assert_texts(3, ERR_TEXT, "texts");

    Comity__V1__Text *first = sample.texts[0];
    sample.texts[0] = sample.texts[1];
    sample.texts[1] = first;
    assert_texts(2, ERR_TEXT, "make_proposal.title");

    proposal_make();
    sample.texts[1]->salt.data[3] ^= 1;
    assert_texts(2, ERR_TEXT, "make_proposal.text");
    proposal_make();
    sample.texts[1]->salt.len = 15;
    assert_texts(2, ERR_TEXT, "make_proposal.text");
    proposal_make();
    sample.texts[1]->content.data[0] ^= 1;
    assert_texts(2, ERR_TEXT, "make_proposal.text");
    proposal_make();
    sample.texts[1]->content.len--;
    assert_texts(2, ERR_TEXT, "make_proposal.text");
    proposal_make();
    sample.command->make_proposal->text->size++;
    assert_texts(2, ERR_TEXT, "make_proposal.text");

    /* Well hashed, but no text. */
    static const char *const BAD[] = {"\xFF", "\0", "\xED\xA0\x80"};
    static const size_t SIZES[] = {1, 1, 3};
    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++) {
        proposal_make();
        Comity__V1__Text *text = sample.texts[1];
        text->content = (ProtobufCBinaryData){SIZES[i], (uint8_t *) (uintptr_t) BAD[i]};
        sample.command->make_proposal->text->size = (uint32_t) SIZES[i];
        text_hash(text->salt.data, BYTES(BAD[i], SIZES[i]), sample.command->make_proposal->text->hash.data);
        assert_texts(2, ERR_UTF8, "make_proposal.text");
    }

    /* An empty reason is a text as well: its hash is that of its salt (here by hashlib). */
    uint8_t salt[SALT_SIZE], hash[HASH_SIZE];
    for (uint8_t i = 0; i < SALT_SIZE; i++)
        salt[i] = i;
    assert_int_equal(
        hex_decode("6e3a197384227502996d00b0b4ed57f0d4ead0cc6e06172d5d2d3574c3cf037c", hash, HASH_SIZE), 0);
    arena_reset(arena);
    sample_make(&sample, arena, COMITY__V1__COMMAND__BODY_CAST_BALLOT, 0);
    sample.command->cast_ballot->alternative = NULL;
    sample.command->cast_ballot->reason->size = 0;
    sample.command->cast_ballot->reason->hash.data = hash;
    sample.texts[0]->salt.data = salt;
    sample.texts[0]->content.len = 0;
    assert_texts(1, 0, "");
    assert_texts(0, ERR_MISSING, "cast_ballot.reason");
    salt[0] ^= 1;
    assert_texts(1, ERR_TEXT, "cast_ballot.reason");

    /* A ballot without a reason has no text. */
    arena_reset(arena);
    sample_make(&sample, arena, COMITY__V1__COMMAND__BODY_CAST_BALLOT, 0);
    sample.command->cast_ballot->alternative = NULL;
    sample.command->cast_ballot->reason = NULL;
    assert_texts(0, 0, "");
    assert_texts(1, ERR_TEXT, "texts");
    assert_texts(COMMAND_TEXTS_MAX + 1, ERR_TOO_LARGE, "texts");
}

/* Two commands that differ in their nonce alone have ids of their own: nobody can guess at what is hidden. */
static void test_the_nonce_is_in_the_id(void **state)
{
    (void) state;
    uint8_t first[COMMAND_ID_SIZE], second[COMMAND_ID_SIZE];
    struct bytes packed;
    sealed(COMITY__V1__COMMAND__BODY_CAST_BALLOT, first);
    assert_int_equal(command_seal_up(sample.command, &key, arena, &packed, second), 0);
    assert_memory_equal(first, second, COMMAND_ID_SIZE);
    sample.command->nonce.data[NONCE_SIZE - 1] ^= 1;
    assert_int_equal(command_seal_up(sample.command, &key, arena, &packed, second), 0);
    assert_memory_not_equal(first, second, COMMAND_ID_SIZE);
}

/* --- cosignatures --- */

enum { COSIGNERS = 3 };
static struct signing_key cosigners[COSIGNERS];

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct signing_key *) a)->public_key, ((const struct signing_key *) b)->public_key,
                  KEY_SIZE);
}

static struct bytes cosigned_command(void)
{
    struct bytes packed = BYTES(NULL, 0);
    uint8_t id[COMMAND_ID_SIZE];
    for (size_t i = 0; i < COSIGNERS; i++)
        signing_key_generate(&cosigners[i]);
    qsort(cosigners, COSIGNERS, sizeof(cosigners[0]), by_key);
    arena_reset(arena);
    sample_make(&sample, arena, COMITY__V1__COMMAND__BODY_ADD_SITE, COSIGNERS);
    sample.command->key = public_of(&key);
    for (size_t i = 0; i < COSIGNERS; i++)
        sample.command->cosigners[i] = public_of(&cosigners[i]);
    assert_int_equal(command_seal_up(sample.command, &key, arena, &packed, id), 0);
    return packed;
}

static int check(struct bytes packed, struct refusal *refusal)
{
    struct command command;
    assert_int_equal(command_open(packed, arena, refusal, &command), 0);
    return command_check_signatures(&command, refusal);
}

static void test_cosigning_in_any_order(void **state)
{
    (void) state;
    static const size_t ORDERS[][COSIGNERS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                               {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct bytes bare = cosigned_command();
    struct bytes first = BYTES(NULL, 0);
    struct refusal refusal;
    for (size_t order = 0; order < ARRAY_COUNT(ORDERS); order++) {
        struct bytes packed = bare;
        for (size_t i = 0; i < COSIGNERS; i++) {
            assert_int_equal(check(packed, &refusal), ERR_COSIGNERS);
            assert_string_equal(refusal.field, "cosignatures");
            assert_int_equal(command_cosign(packed, &cosigners[ORDERS[order][i]], arena, &packed), 0);
        }
        assert_int_equal(check(packed, &refusal), 0);
        if (order == 0)
            first = packed;
        assert_true(bytes_equal(first, packed));

        struct bytes again;
        assert_int_equal(command_cosign(packed, &cosigners[1], arena, &again), 0);
        assert_true(bytes_equal(packed, again));
    }
    struct signing_key stranger;
    struct bytes out = BYTES(NULL, 77);
    signing_key_generate(&stranger);
    assert_int_equal(command_cosign(bare, &stranger, arena, &out), ERR_COSIGNERS);
    assert_int_equal(command_cosign(bare, &key, arena, &out), ERR_COSIGNERS);
    assert_int_equal(command_cosign(BYTES("\x0A", 1), &key, arena, &out), ERR_MALFORMED);
    assert_int_equal(out.size, 77);
}

static void test_who_must_sign_and_nobody_else(void **state)
{
    (void) state;
    struct bytes packed = cosigned_command();
    struct refusal refusal;
    for (size_t i = 0; i < COSIGNERS; i++)
        assert_int_equal(command_cosign(packed, &cosigners[i], arena, &packed), 0);
    struct command command;
    assert_int_equal(command_open(packed, arena, &refusal, &command), 0);
    Comity__V1__SignedCommand envelope = *command.envelope;
    command.envelope = &envelope;
    assert_int_equal(command_check_signatures(&command, &refusal), 0);

    Comity__V1__CoSignature **list = envelope.cosignatures;
    Comity__V1__CoSignature *last = list[2];
    list[2] = list[0]; /* one twice, one missing */
    assert_int_equal(command_check_signatures(&command, &refusal), ERR_COSIGNERS);
    list[2] = last;
    envelope.n_cosignatures = 2;
    assert_int_equal(command_check_signatures(&command, &refusal), ERR_COSIGNERS);
    envelope.n_cosignatures = 3;
    last->key.data[0] ^= 1; /* somebody who is not named */
    assert_int_equal(command_check_signatures(&command, &refusal), ERR_COSIGNERS);
    last->key.data[0] ^= 1;

    ProtobufCBinaryData signature = last->signature;
    last->signature = list[0]->signature; /* another's */
    assert_int_equal(command_check_signatures(&command, &refusal), ERR_SIGNATURE);
    assert_string_equal(refusal.field, "cosignatures");
    last->signature = signature;
    envelope.signature.data[63] ^= 1;
    assert_int_equal(command_check_signatures(&command, &refusal), ERR_SIGNATURE);
    assert_string_equal(refusal.field, "signature");
    envelope.signature.data[63] ^= 1;
    assert_int_equal(command_check_signatures(&command, &refusal), 0);

    /* In the order of the cosigners alone: one command has one envelope. */
    list[2] = list[0];
    list[0] = last;
    assert_int_equal(command_check_signatures(&command, &refusal), ERR_COSIGNERS);
}

static void test_another_keys_signature(void **state)
{
    (void) state;
    uint8_t id[COMMAND_ID_SIZE];
    struct bytes packed = sealed(COMITY__V1__COMMAND__BODY_CHECK_IN, id);
    struct command command;
    struct signing_key other;
    signing_key_generate(&other);
    assert_int_equal(command_open(packed, arena, NULL, &command), 0);
    struct bytes signed_bytes = BYTES(command.envelope->command.data, command.envelope->command.len);
    assert_int_equal(signature_make(&other, TAG_COMMAND, signed_bytes, command.envelope->signature.data), 0);
    assert_int_equal(command_check_signatures(&command, NULL), ERR_SIGNATURE);
    assert_int_equal(signature_make(&key, TAG_GRANT, signed_bytes, command.envelope->signature.data), 0);
    assert_int_equal(command_check_signatures(&command, NULL), ERR_SIGNATURE);
    assert_int_equal(signature_make(&key, TAG_COMMAND, signed_bytes, command.envelope->signature.data), 0);
    assert_int_equal(command_check_signatures(&command, NULL), 0);
}

/* --- random damage --- */

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t) (random_state >> 33) % below;
}

static struct bytes damaged(struct bytes good)
{
    uint8_t *bytes = arena_alloc(arena, good.size + 4);
    size_t size = good.size;
    assert_non_null(bytes);
    memcpy(bytes, good.data, size);
    for (unsigned changes = 1 + draw(4); changes > 0 && size > 1; changes--) {
        size_t at = draw((uint32_t) size);
        switch (draw(4)) {
        case 0:
            bytes[at] ^= (uint8_t) (1 << draw(8));
            break;
        case 1:
            bytes[at] = (uint8_t) draw(256);
            break;
        case 2:
            memmove(bytes + at, bytes + at + 1, size - at - 1);
            size--;
            break;
        default:
            if (size == good.size + 4)
                break;
            memmove(bytes + at + 1, bytes + at, size - at);
            bytes[at] = (uint8_t) draw(256);
            size++;
        }
    }
    return BYTES(bytes, size);
}

static void test_random_damage(void **state)
{
    (void) state;
    const char *given = getenv("COMITY_SEED");
    const char *is_long = getenv("COMITY_LONG");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t) time(NULL);
    unsigned trials = is_long && strcmp(is_long, "1") == 0 ? 20000 : 200;
    print_message("## seed %" PRIu64 " (repeat with COMITY_SEED)\n", seed);
    random_state = seed;
    unsigned opened = 0, refused = 0;
    for (unsigned trial = 0; trial < trials; trial++) {
        uint8_t id[COMMAND_ID_SIZE];
        struct bytes good = sealed(sample_body_at(draw(sample_body_count())), id);
        struct command command;
        assert_int_equal(command_open(good, arena, NULL, &command), 0);
        struct bytes inner = BYTES(command.envelope->command.data, command.envelope->command.len);
        for (unsigned i = 0; i < 20; i++) {
            /* The envelope's bytes, or the command's inside a fresh envelope: so that the form is reached. */
            struct bytes bad = draw(4) == 0 ? damaged(good) : sample_envelope(arena, damaged(inner));
            if (bytes_equal(bad, good))
                continue;
            struct refusal refusal = {.code = 0};
            struct command out = {.text_count = 77};
            int code = command_open(bad, arena, &refusal, &out);
            assert_int_equal(refusal.code, code);
            assert_true(memchr(refusal.field, '\0', FIELD_PATH_MAX));
            if (code) {
                refused++;
                assert_int_equal(out.text_count, 77);
                assert_true(code >= ERR_RULE || code == ERR_MALFORMED);
                continue;
            }
            opened++;
            assert_int_not_equal(command_check_signatures(&out, &refusal), 0);
            assert_non_null(command_name(out.body));
            command_take_texts(&out, sample.texts, sample.text_count, arena, &refusal);
        }
    }
    print_message("%u damaged commands opened, %u refused, none with good signatures\n", opened, refused);
    assert_true(opened > 0 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ballot_made_elsewhere),
        cmocka_unit_test(test_sealed_commands_open),
        cmocka_unit_test(test_envelopes),
        cmocka_unit_test(test_what_is_inside_is_strict),
        cmocka_unit_test(test_sizes_by_body),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_the_nonce_is_in_the_id),
        cmocka_unit_test(test_cosigning_in_any_order),
        cmocka_unit_test(test_who_must_sign_and_nobody_else),
        cmocka_unit_test(test_another_keys_signature),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
