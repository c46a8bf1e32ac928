/* Signed notes and checkpoints of golang/mod, C2SP and transparency-dev/formats: those that are good, those
 * that are bad, and each rule of badness that the file lists, applied to its good notes. */
#include "vectors.h"

#include "core/note.h"

static json_object *notes_load(void)
{
    char path[512];
    return vectors_load(vectors_path("note/signed-notes.json", path, sizeof(path)));
}

static void test_good_notes(void **state)
{
    (void) state;
    json_object *file = notes_load();
    json_object *good = member(file, "good");
    unsigned verified_notes = 0, signed_again = 0;
    for (size_t i = 0; i < json_object_array_length(good); i++) {
        json_object *vector = json_object_array_get_idx(good, i);
        const char *text = text_of(vector, "text");
        struct note_verifier verifier;
        assert_int_equal(note_verifier_read(text_of(vector, "vkey"), &verifier), 0);
        char note[4096];
        struct bytes opened;
        size_t verified;
        int length = snprintf(note, sizeof(note), "%s\n%s", text, text_of(vector, "sigline"));
        assert_int_equal(note_open(BYTES(note, (size_t) length), &verifier, 1, &opened, &verified), 0);
        assert_int_equal(verified, 1);
        assert_true(bytes_equal(opened, BYTES(text, strlen(text))));
        verified_notes++;

        /* Where the signer's key is given, our signature is the very same line. */
        json_object *secret;
        if (!json_object_object_get_ex(vector, "skey", &secret))
            continue;
        const char *encoded = json_object_get_string(secret); /* PRIVATE+KEY+name+id+base64 */
        for (int field = 0; field < 4; field++)
            encoded = strchr(encoded, '+') + 1;
        uint8_t bytes[1 + SEED_SIZE];
        size_t size;
        assert_int_equal(sodium_base642bin(bytes, sizeof(bytes), encoded, strlen(encoded), NULL, &size, NULL,
                                           sodium_base64_VARIANT_ORIGINAL),
                         0);
        assert_int_equal(size, sizeof(bytes));
        struct signing_key key;
        char line[NOTE_LINE_MAX_BYTES + 1];
        signing_key_from_seed(bytes + 1, &key);
        assert_memory_equal(key.public_key, verifier.public_key, KEY_SIZE);
        note_sign_line(BYTES(text, strlen(text)), verifier.name, &key, line);
        assert_string_equal(line, text_of(vector, "sigline"));
        signed_again++;
    }
    assert_true(verified_notes > 0);
    print_message("notes: %u good ones opened, %u signed again to the same bytes\n", verified_notes,
                  signed_again);
    json_object_put(file);
}

static void test_bad_verifier_keys(void **state)
{
    (void) state;
    json_object *file = notes_load();
    json_object *bad = member(file, "bad_vkeys");
    size_t count = json_object_array_length(bad);
    for (size_t i = 0; i < count; i++) {
        struct note_verifier verifier;
        const char *text = json_object_get_string(json_object_array_get_idx(bad, i));
        if (note_verifier_read(text, &verifier) != ERR_MALFORMED)
            fail_msg("accepted: %s", text);
    }
    assert_true(count > 0);
    print_message("verifier keys: %zu bad ones refused\n", count);
    json_object_put(file);
}

static void test_checkpoint_bodies(void **state)
{
    (void) state;
    json_object *file = notes_load();
    json_object *good = member(file, "checkpoint_body_good");
    json_object *bad = member(file, "checkpoint_body_bad");
    size_t other_hashes = 0;
    for (size_t i = 0; i < json_object_array_length(good); i++) {
        struct bytes text = bytes_of(json_object_array_get_idx(good, i));
        struct checkpoint_body body;
        struct checkpoint checkpoint;
        if (checkpoint_body_read(text, &body) != 0)
            fail_msg("refused: %.*s", (int) text.size, text.data);
        /* A root of another size than SHA-256's has the form, but is none of ours. */
        other_hashes += body.root_size != HASH_SIZE ? 1 : 0;
        assert_int_equal(checkpoint_read(text, &checkpoint), body.root_size == HASH_SIZE ? 0 : ERR_MALFORMED);
    }
    for (size_t i = 0; i < json_object_array_length(bad); i++) {
        struct bytes text = bytes_of(json_object_array_get_idx(bad, i));
        struct checkpoint_body body;
        struct checkpoint checkpoint;
        if (checkpoint_body_read(text, &body) != ERR_MALFORMED)
            fail_msg("accepted: %.*s", (int) text.size, text.data);
        assert_int_equal(checkpoint_read(text, &checkpoint), ERR_MALFORMED);
    }
    assert_true(json_object_array_length(good) > 0 && json_object_array_length(bad) > 0);
    print_message("checkpoint bodies: %zu good ones read (%zu with a root that is not SHA-256's), %zu bad "
                  "ones refused\n",
                  json_object_array_length(good), other_hashes, json_object_array_length(bad));
    json_object_put(file);
}

/* --- the rules of badness --- */

struct material {
    const char *text;
    const char *line;
    struct note_verifier verifier;
    char note[NOTE_MAX_BYTES * 2];
    size_t size;
};

static void note_make(struct material *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note_make(struct material *m, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    m->size = (size_t) vsnprintf(m->note, sizeof(m->note), format, arguments);
    va_end(arguments);
}

static int open_made(const struct material *m)
{
    struct bytes text;
    size_t verified;
    return note_open(BYTES(m->note, m->size), &m->verifier, 1, &text, &verified);
}

static int no_signature_block(struct material *m)
{
    note_make(m, "%s", m->text);
    return open_made(m);
}

static int no_final_newline_in_text(struct material *m)
{
    note_make(m, "%.*s\n%s", (int) strlen(m->text) - 1, m->text, m->line);
    return open_made(m);
}

static int no_newline_after_signature(struct material *m)
{
    note_make(m, "%s\n%.*s", m->text, (int) strlen(m->line) - 1, m->line);
    return open_made(m);
}

static int control_byte(struct material *m)
{
    note_make(m, "\x01%s\n%s", m->text, m->line);
    return open_made(m);
}

static int invalid_utf8(struct material *m)
{
    note_make(m, "\xFF%s\n%s", m->text, m->line);
    return open_made(m);
}

static int space_in_name(struct material *m)
{
    note_make(m, "%s\n\xE2\x80\x94 a b%s%s", m->text, strrchr(m->line, ' '), m->line);
    return open_made(m);
}

static int extra_line(struct material *m)
{
    note_make(m, "%s\n%sextra\n", m->text, m->line);
    return open_made(m);
}

static int many_signatures(struct material *m)
{
    note_make(m, "%s\n", m->text);
    for (int i = 0; i < 100; i++)
        m->size +=
            (size_t) snprintf(m->note + m->size, sizeof(m->note) - m->size, "\xE2\x80\x94 n%d AAAAAAA=\n", i);
    m->size += (size_t) snprintf(m->note + m->size, sizeof(m->note) - m->size, "%s", m->line);
    return open_made(m);
}

static int longer_signature_of_a_known_key(struct material *m)
{
    size_t middle = strlen(m->line) - 40;
    note_make(m, "%s\n%.*sAAAA%s", m->text, (int) middle, m->line, m->line + middle);
    return open_made(m);
}

static int same_name_another_key(struct material *m)
{
    struct signing_key other;
    char line[NOTE_LINE_MAX_BYTES + 1];
    signing_key_generate(&other);
    note_sign_line(BYTES(m->text, strlen(m->text)), m->verifier.name, &other, line);
    note_make(m, "%s\n%s%s", m->text, line, m->line);
    return open_made(m);
}

static int duplicate_verifier(struct material *m)
{
    struct note_verifier twice[] = {m->verifier, m->verifier};
    struct bytes text;
    size_t verified;
    note_make(m, "%s\n%s", m->text, m->line);
    return note_open(BYTES(m->note, m->size), twice, 2, &text, &verified);
}

static const struct {
    const char *rule;
    int (*open)(struct material *m);
    int code;
} RULES[] = {
    {"no signature block", no_signature_block, ERR_MALFORMED},
    {"text without final newline", no_final_newline_in_text, ERR_MALFORMED},
    {"signature line without newline", no_newline_after_signature, ERR_MALFORMED},
    {"control byte 0x01 in text", control_byte, ERR_MALFORMED},
    {"invalid UTF-8 0xff", invalid_utf8, ERR_MALFORMED},
    {"space in key name", space_in_name, ERR_MALFORMED},
    {"extra line after signatures", extra_line, ERR_MALFORMED},
    {"101 signatures (Go limit 100)", many_signatures, ERR_MALFORMED},
    {"4 base64 chars inserted in the middle of a known key's signature -> reject whole note",
     longer_signature_of_a_known_key, ERR_SIGNATURE},
    {"same name but other key id -> ignore", same_name_another_key, 0},
    {"duplicate verifier for name+id -> error", duplicate_verifier, ERR_DUPLICATE},
};

static void test_rules_of_badness(void **state)
{
    (void) state;
    json_object *file = notes_load();
    json_object *rules = member(file, "bad_notes_rules");
    json_object *good = member(file, "good");
    unsigned applied = 0;
    for (size_t r = 0; r < json_object_array_length(rules); r++) {
        const char *rule = json_object_get_string(json_object_array_get_idx(rules, r));
        size_t known = 0;
        while (known < ARRAY_COUNT(RULES) && strcmp(RULES[known].rule, rule) != 0)
            known++;
        if (known == ARRAY_COUNT(RULES))
            fail_msg("a rule that this test does not know: %s", rule);
        for (size_t i = 0; i < json_object_array_length(good); i++) {
            static struct material m;
            json_object *vector = json_object_array_get_idx(good, i);
            m.text = text_of(vector, "text");
            m.line = text_of(vector, "sigline");
            assert_int_equal(note_verifier_read(text_of(vector, "vkey"), &m.verifier), 0);
            int code = RULES[known].open(&m);
            if (code != RULES[known].code)
                fail_msg("%s: %s", rule, error_name(code));
            applied++;
        }
    }
    assert_true(applied > 0);
    print_message("rules of badness: %zu, applied to %u notes\n", json_object_array_length(rules), applied);
    json_object_put(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_notes),
        cmocka_unit_test(test_bad_verifier_keys),
        cmocka_unit_test(test_checkpoint_bodies),
        cmocka_unit_test(test_rules_of_badness),
    };
    return cmocka_run_group_tests(tests, vectors_setup, NULL);
}
