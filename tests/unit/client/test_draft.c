/* Drafts: written, cosigned, handed around, read back; texts; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "client/lib/comity.h"
#include "client/lib/draft.h"
#include "comity/error.h"
#include "core/error.h"
#include "core/text.h"

enum { COSIGNERS = 3 };

#define DAY_MS ((int64_t) 24 * 3600 * 1000)

struct scene {
    uint8_t history[COMITY_HISTORY_SIZE];
    uint8_t seeds[COSIGNERS + 1][COMITY_KEY_SIZE]; /* the signer's last */
    uint8_t keys[COSIGNERS + 1][COMITY_KEY_SIZE];
    struct comity_texts *texts;
    Comity__V1__NewSite site;
    Comity__V1__AddSite add_site;
    Comity__V1__Command command;
    ProtobufCBinaryData cosigners[COSIGNERS];
};

/* Adding a site: a joint act with one text. */
static int set_up(void **state)
{
    static struct scene scene;
    memset(&scene, 0, sizeof(scene));
    assert_int_equal(key_init(), 0);
    randombytes_buf(scene.history, sizeof(scene.history));
    for (size_t i = 0; i <= COSIGNERS; i++) {
        struct signing_key key;
        randombytes_buf(scene.seeds[i], COMITY_KEY_SIZE);
        signing_key_from_seed(scene.seeds[i], &key);
        memcpy(scene.keys[i], key.public_key, COMITY_KEY_SIZE);
    }
    scene.texts = comity_texts_new();
    comity__v1__command__init(&scene.command);
    comity__v1__add_site__init(&scene.add_site);
    comity__v1__new_site__init(&scene.site);
    scene.site.name = "north";
    scene.site.time_zone = "Europe/Berlin";
    assert_int_equal(comity_texts_add(scene.texts, "Werk N\xc3\xb6rd", 10, &scene.site.title), 0);
    scene.add_site.site = &scene.site;
    scene.command.body_case = COMITY__V1__COMMAND__BODY_ADD_SITE;
    scene.command.add_site = &scene.add_site;
    scene.command.epoch = 1;
    for (size_t i = 0; i < COSIGNERS; i++)
        scene.cosigners[i] = (ProtobufCBinaryData){COMITY_KEY_SIZE, scene.keys[i]};
    scene.command.cosigners = scene.cosigners;
    scene.command.n_cosigners = COSIGNERS;
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    comity_texts_destroy(&scene->texts);
    return 0;
}

static struct comity_draft *draft(struct scene *scene)
{
    struct comity_draft *draft = NULL;
    struct comity_fault fault = {0};
    assert_int_equal(comity_draft_new(&scene->command, scene->history, scene->texts, scene->seeds[COSIGNERS],
                                      0, &draft, &fault),
                     0);
    return draft;
}

static int fails(struct scene *scene, struct comity_fault *ret_fault)
{
    struct comity_draft *draft = NULL;
    memset(ret_fault, 0, sizeof(*ret_fault));
    int code = comity_draft_new(&scene->command, scene->history, scene->texts, scene->seeds[COSIGNERS], 0,
                                &draft, ret_fault);
    assert_null(draft);
    assert_int_equal(code, ret_fault->code);
    return code;
}

static int64_t unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void what_is_left_open_is_filled_in(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *made = draft(scene);
    const Comity__V1__Command *command = comity_draft_command(made);
    assert_memory_equal(command->history.data, scene->history, COMITY_HISTORY_SIZE);
    assert_memory_equal(command->key.data, scene->keys[COSIGNERS], COMITY_KEY_SIZE);
    int64_t ahead_ms = command->valid_until_ms - unix_ms();
    assert_in_range(ahead_ms, DAY_MS * 29 - 10000, DAY_MS * 29);
    assert_int_equal(command->nonce.len, NONCE_SIZE);
    assert_string_equal(comity_draft_name(made), "add_site");
    assert_memory_equal(comity_draft_history(made), scene->history, COMITY_HISTORY_SIZE);
    assert_string_equal(comity_draft_text(made, command->add_site->site->title), "Werk N\xc3\xb6rd");
    for (size_t i = 1; i < COSIGNERS; i++)
        assert_true(memcmp(command->cosigners[i - 1].data, command->cosigners[i].data, COMITY_KEY_SIZE) < 0);
    assert_int_equal(scene->command.history.len, 0); /* the caller's own is left alone */
    assert_int_equal(scene->command.valid_until_ms, 0);
    comity_draft_destroy(&made);
    assert_null(made);
    comity_draft_destroy(&made);
}

/* Nobody can guess what was answered and compare ids: each command has its nonce, each text its salt. */
static void the_same_twice_are_two_commands(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *one = draft(scene), *two = draft(scene);
    Comity__V1__TextRef *first, *second;
    assert_memory_not_equal(comity_draft_id(one), comity_draft_id(two), COMITY_ID_SIZE);
    assert_memory_not_equal(comity_draft_command(one)->nonce.data, comity_draft_command(two)->nonce.data,
                            NONCE_SIZE);
    assert_int_equal(comity_texts_add(scene->texts, "same", 4, &first), 0);
    assert_int_equal(comity_texts_add(scene->texts, "same", 4, &second), 0);
    assert_memory_not_equal(first->hash.data, second->hash.data, HASH_SIZE);
    comity_draft_destroy(&one);
    comity_draft_destroy(&two);
}

/* A reason that is not given: a text of no bytes, which goes along under its salt like any other. */
static void an_empty_reason_is_a_text(void **state)
{
    struct scene *scene = *state;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__CastBallot ballot = COMITY__V1__CAST_BALLOT__INIT;
    struct comity_draft *made = NULL;
    uint8_t hash[HASH_SIZE];
    ballot.round = 1;
    ballot.answer = 2;
    ballot.text_hash = (ProtobufCBinaryData){COMITY_HISTORY_SIZE, scene->history};
    command.epoch = 1;
    assert_int_equal(comity_texts_add(scene->texts, "", 0, &ballot.reason), 0);
    assert_int_equal(ballot.reason->size, 0);
    command.body_case = COMITY__V1__COMMAND__BODY_CAST_BALLOT;
    command.cast_ballot = &ballot;
    assert_int_equal(
        comity_draft_new(&command, scene->history, scene->texts, scene->seeds[0], 0, &made, NULL), 0);
    assert_int_equal(made->submit.n_texts, 1);
    assert_int_equal(made->submit.texts[0]->content.len, 0);
    text_hash(made->submit.texts[0]->salt.data, BYTES(NULL, 0), hash);
    assert_memory_equal(comity_draft_command(made)->cast_ballot->reason->hash.data, hash, HASH_SIZE);
    assert_string_equal(comity_draft_text(made, ballot.reason), "");
    comity_draft_destroy(&made);
}

static void cosigners_sign_one_after_another(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *made = draft(scene);
    uint8_t missing[COSIGNERS][COMITY_KEY_SIZE], id[COMITY_ID_SIZE];
    memcpy(id, comity_draft_id(made), COMITY_ID_SIZE);
    assert_int_equal(comity_draft_missing(made, missing, COSIGNERS), COSIGNERS);
    assert_int_equal(comity_draft_missing(made, NULL, 0), COSIGNERS);
    for (size_t i = 0; i < COSIGNERS; i++) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        struct comity_draft *handed = NULL;
        assert_int_equal(comity_draft_pack(made, &bytes, &size), 0);
        assert_int_equal(comity_draft_unpack(bytes, size, &handed, NULL), 0);
        free(bytes);
        comity_draft_destroy(&made);
        made = handed;
        assert_int_equal(comity_draft_cosign(made, scene->seeds[i]), 0);
        assert_int_equal(comity_draft_cosign(made, scene->seeds[i]), 0); /* again: nothing changes */
        assert_int_equal(comity_draft_missing(made, missing, COSIGNERS), COSIGNERS - 1 - i);
        assert_memory_equal(comity_draft_id(made), id, COMITY_ID_SIZE);
    }
    struct refusal refusal;
    assert_int_equal(command_check_signatures(&made->command, &refusal), 0);
    assert_int_equal(comity_draft_cosign(made, scene->seeds[COSIGNERS]), ERR_COSIGNERS);
    comity_draft_destroy(&made);
}

static void an_unsigned_draft_is_not_submitted(void **state)
{
    struct scene *scene = *state;
    struct comity *client = NULL;
    struct comity_broker broker = {.endpoint = "tcp://127.0.0.1:9"};
    struct comity_options options = {.brokers = &broker, .broker_count = 1};
    struct connection_key group;
    struct comity_result result;
    connection_key_generate(&group);
    memcpy(options.group_key, group.public_key, KEY_SIZE);
    assert_int_equal(comity_new(&options, &client), 0);
    struct comity_draft *made = draft(scene);
    assert_int_equal(comity_submit_wait(client, made, 0, &result), ERR_COSIGNERS);
    assert_int_equal(result.verdict, 0);
    comity_draft_destroy(&made);
    comity_destroy(&client);
}

static void founding_has_no_history_yet(void **state)
{
    struct scene *scene = *state;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__Found found = COMITY__V1__FOUND__INIT;
    Comity__V1__NewConstituency constituency = COMITY__V1__NEW_CONSTITUENCY__INIT;
    Comity__V1__Founder founder = COMITY__V1__FOUNDER__INIT;
    Comity__V1__NewConstituency *constituencies[] = {&constituency};
    Comity__V1__Founder *founders[] = {&founder};
    Comity__V1__NewSite *sites[] = {&scene->site};
    Comity__V1__Office offices[] = {COMITY__V1__OFFICE__OFFICE_CO_CHAIR};
    struct comity_draft *made = NULL;
    struct comity_fault fault;
    found.name = "mill";
    assert_int_equal(comity_texts_add(scene->texts, "The Mill", 8, &found.title), 0);
    constituency.name = "union";
    constituency.kind = COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER;
    constituency.standing = COMITY__V1__STANDING__STANDING_PARTY;
    assert_int_equal(comity_texts_add(scene->texts, "The Union", 9, &constituency.title), 0);
    founder.key = (ProtobufCBinaryData){COMITY_KEY_SIZE, scene->keys[COSIGNERS]};
    assert_int_equal(comity_texts_add(scene->texts, "Ada", 3, &founder.name), 0);
    founder.n_offices = 1;
    founder.offices = offices;
    constituency.n_founders = 1;
    constituency.founders = founders;
    constituency.recovery_key = (ProtobufCBinaryData){COMITY_KEY_SIZE, scene->keys[0]};
    found.n_constituencies = 1;
    found.constituencies = constituencies;
    found.n_sites = 1;
    found.sites = sites;
    command.body_case = COMITY__V1__COMMAND__BODY_FOUND;
    command.found = &found;
    int code = comity_draft_new(&command, NULL, scene->texts, scene->seeds[COSIGNERS], 0, &made, &fault);
    if (code != 0)
        print_error("%s %s\n", error_name(code), fault.field);
    assert_int_equal(code, 0);
    /* Texts in the order of the fields: the partnership's title, then the constituency's, its founder, the
     * site. */
    assert_int_equal(made->submit.n_texts, 4);
    assert_string_equal(made->prose[0], "The Mill");
    assert_string_equal(made->prose[1], "The Union");
    assert_string_equal(made->prose[2], "Ada");
    assert_string_equal(made->prose[3], "Werk N\xc3\xb6rd");
    assert_memory_equal(comity_draft_history(made), comity_draft_id(made), COMITY_ID_SIZE);
    assert_int_equal(comity_draft_set_token(made, ""), ERR_RANGE);
    assert_int_equal(comity_draft_set_token(made, "open sesame"), 0);
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct comity_draft *handed = NULL;
    assert_int_equal(comity_draft_pack(made, &bytes, &size), 0);
    assert_int_equal(comity_draft_unpack(bytes, size, &handed, &fault), 0);
    assert_string_equal(handed->submit.founding_token, "open sesame");
    free(bytes);
    comity_draft_destroy(&handed);
    comity_draft_destroy(&made);
}

static void what_is_wrong_is_named(void **state)
{
    struct scene *scene = *state;
    struct comity_fault fault;
    scene->site.name = "North";
    assert_int_equal(fails(scene, &fault), ERR_NAME);
    assert_string_equal(fault.field, "add_site.site.name");
    scene->site.name = "north";
    scene->cosigners[1] = scene->cosigners[0];
    assert_true(fails(scene, &fault) < 0);
    scene->cosigners[1] = (ProtobufCBinaryData){COMITY_KEY_SIZE, scene->keys[1]};
    struct comity_texts *none = comity_texts_new(), *all = scene->texts;
    scene->texts = none;
    assert_int_equal(fails(scene, &fault), ERR_TEXT);
    assert_string_equal(fault.field, "add_site.site.title");
    scene->texts = NULL;
    assert_int_equal(fails(scene, &fault), ERR_TEXT);
    scene->texts = all;
    comity_texts_destroy(&none);
    scene->command.body_case = COMITY__V1__COMMAND__BODY__NOT_SET;
    assert_true(fails(scene, &fault) < 0);
    scene->command.body_case = COMITY__V1__COMMAND__BODY_ADD_SITE;
    struct comity_draft *made = NULL;
    assert_int_equal(comity_draft_new(&scene->command, scene->history, scene->texts, scene->seeds[0],
                                      31 * DAY_MS, &made, NULL),
                     ERR_VALIDITY);
    assert_int_equal(
        comity_draft_new(&scene->command, scene->history, scene->texts, scene->seeds[0], -1, &made, NULL),
        ERR_VALIDITY);
}

static void texts_have_limits(void **state)
{
    struct scene *scene = *state;
    Comity__V1__TextRef *reference = NULL;
    char *large = calloc(1, TEXT_MAX_BYTES + 1);
    memset(large, 'a', TEXT_MAX_BYTES + 1);
    assert_int_equal(comity_texts_add(scene->texts, large, TEXT_MAX_BYTES + 1, &reference), ERR_RANGE);
    assert_int_equal(comity_texts_add(scene->texts, "a\0b", 3, &reference), ERR_UTF8);
    assert_int_equal(comity_texts_add(scene->texts, "\xc3\x28", 2, &reference), ERR_UTF8);
    assert_null(reference);
    assert_int_equal(comity_texts_add(scene->texts, large, TEXT_MAX_BYTES, &reference), 0);
    assert_int_equal(reference->size, TEXT_MAX_BYTES);
    assert_int_equal(comity_texts_add(scene->texts, "", 0, &reference), 0); /* a reason that is not given */
    assert_int_equal(reference->size, 0);
    free(large);
}

static void a_draft_of_another_kind_is_refused(void **state)
{
    struct comity_draft *made = NULL;
    (void) state;
    static const struct {
        const char *bytes;
        int code;
    } ROWS[] = {
        {"", ERR_MALFORMED},
        {"comity", ERR_MALFORMED},
        {"comity draft 2\n", ERR_VERSION},
        {"comity draft 1\n\xff\xff", ERR_MALFORMED},
        {"PNG", ERR_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct comity_fault fault;
        assert_int_equal(
            comity_draft_unpack((const uint8_t *) ROWS[i].bytes, strlen(ROWS[i].bytes), &made, &fault),
            ROWS[i].code);
        assert_int_equal(fault.code, ROWS[i].code);
        assert_null(made);
    }
    assert_true(comity_draft_unpack((const uint8_t *) "comity draft 1\n", 15, &made, NULL) < 0);
}

/* Every signature is checked on reading: a draft that was changed anywhere is not one. */
static void a_changed_draft_is_refused(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *made = draft(scene), *read = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(comity_draft_cosign(made, scene->seeds[1]), 0);
    assert_int_equal(comity_draft_pack(made, &bytes, &size), 0);
    assert_int_equal(comity_draft_unpack(bytes, size, &read, NULL), 0);
    comity_draft_destroy(&read);
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= 1;
        assert_true(comity_draft_unpack(bytes, size, &read, NULL) < 0);
        bytes[at] ^= 1;
        if (at > 15)
            assert_true(comity_draft_unpack(bytes, at, &read, NULL) < 0);
    }
    free(bytes);
    comity_draft_destroy(&made);
}

static void the_public_errors_are_those_of_the_table(void **state)
{
    (void) state;
#define ROW(name, code, execution, sentence) assert_int_equal(COMITY_##name, code);
    COMITY_ERRORS(ROW)
#undef ROW
    for (unsigned i = 0; error_at(i) != 0; i++) {
        int code = error_at(i);
        assert_string_equal(comity_error_name(code), error_name(code));
        assert_string_equal(comity_error_sentence(code), error_sentence(code));
        assert_int_equal(comity_error_is_not_executed(code), error_execution(code) == NOT_EXECUTED);
    }
    assert_int_equal(COMITY_OK, 0);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(what_is_left_open_is_filled_in),
        ONE(the_same_twice_are_two_commands),
        ONE(an_empty_reason_is_a_text),
        ONE(cosigners_sign_one_after_another),
        ONE(an_unsigned_draft_is_not_submitted),
        ONE(founding_has_no_history_yet),
        ONE(what_is_wrong_is_named),
        ONE(texts_have_limits),
        ONE(a_draft_of_another_kind_is_refused),
        ONE(a_changed_draft_is_refused),
        cmocka_unit_test(the_public_errors_are_those_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
