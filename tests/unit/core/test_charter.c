/* The charter's form, names and defaults: what can be said without a history. */
#include "core/charter.h"

#include "sample_command.h"

static struct sample sample;

static Comity__V1__Charter *make(void)
{
    if (!sample.arena)
        sample.arena = arena_new(ARENA_LIMIT_DEFAULT);
    arena_reset(sample.arena);
    sample_make(&sample, sample.arena, COMITY__V1__COMMAND__BODY_ADOPT_CHARTER, 1);
    return sample.command->adopt_charter->charter;
}

static void assert_form(int code, const char *field)
{
    struct refusal refusal = {.code = 0};

    assert_int_equal(sample_open(&sample, &refusal), code);
    if (code != 0)
        assert_string_equal(refusal.field, field);
}

static void test_names_once(void **state)
{
    (void) state;
    Comity__V1__Charter *charter = make();

    assert_form(0, "");
    charter->functions[1]->name = charter->functions[0]->name;
    assert_form(ERR_DUPLICATE, "adopt_charter.charter.functions[1].name");
    charter = make();
    charter->excluded[1]->name = charter->functions[1]->name; /* what is shared is not excluded */
    assert_form(ERR_DUPLICATE, "adopt_charter.charter.excluded[1].name");
    charter = make();
    charter->excluded[1]->name = charter->excluded[0]->name;
    assert_form(ERR_DUPLICATE, "adopt_charter.charter.excluded[1].name");
    charter = make();
    charter->records[1]->phase = charter->records[0]->phase;
    assert_form(ERR_DUPLICATE, "adopt_charter.charter.records[1].phase");
    charter = make();
    charter->co_chairs[1]->constituency = charter->co_chairs[0]->constituency;
    assert_form(ERR_DUPLICATE, "adopt_charter.charter.co_chairs[1].constituency");
    charter = make();
    charter->retention[1]->name = charter->retention[0]->name;
    assert_form(ERR_DUPLICATE, "adopt_charter.charter.retention[1].name");
    charter = make();
    charter->functions[1]->standings[1]->constituency = charter->functions[1]->standings[0]->constituency;
    assert_form(ERR_DUPLICATE, "adopt_charter.charter.functions[1].standings[1].constituency");
}

static void test_who_decides_is_said(void **state)
{
    (void) state;
    Comity__V1__Charter *charter = make();

    charter->functions[0]->body = charter->functions[0]->rule = "";
    assert_form(0, ""); /* INFORM */
    charter->functions[0]->share = COMITY__V1__SHARE__SHARE_CONSULT;
    assert_form(ERR_MISSING, "adopt_charter.charter.functions[0].body");
    charter->functions[0]->body = "council";
    assert_form(ERR_MISSING, "adopt_charter.charter.functions[0].rule");
    charter = make();
    charter->amendment_body = charter->amendment_rule = "";
    assert_form(0, "");
    charter->amendment_body = "council";
    assert_form(ERR_MISSING, "adopt_charter.charter.amendment_rule");
}

static void test_an_end_keeps_nothing(void **state)
{
    (void) state;
    Comity__V1__Charter *charter = make();

    charter->records[0]->phase = COMITY__V1__PHASE__PHASE_TEST;
    assert_form(0, "");
    charter->records[0]->phase = COMITY__V1__PHASE__PHASE_DECIDED;
    assert_form(ERR_RANGE, "adopt_charter.charter.records[0].phase");
}

static void test_a_minimal_charter(void **state)
{
    (void) state;
    Comity__V1__Charter *charter = make();

    charter->n_functions = charter->n_excluded = charter->n_records = charter->n_retention = 0;
    charter->amendment_body = charter->amendment_rule = charter->language = "";
    charter->notice_hours = 0;
    charter->minutes_by_silence = false;
    assert_form(0, "");
}

static void test_languages(void **state)
{
    (void) state;
    static const struct {
        const char *tag;
        bool is_valid;
    } ROWS[] = {
        {"en", true},
        {"es", true},
        {"fr-CA", true},
        {"zh-Hant-TW", true},
        {"sl-rozaj", true},
        {"de-1996", true},
        {"qaa", true},
        {"english", true},
        {"", false},
        {"e", false},
        {"en-", false},
        {"-en", false},
        {"en--US", false},
        {"e1", false},
        {"en_US", false},
        {"abcdefghi", false},
        {"en US", false},
        {"en-\xc3\xa9", false},
        {"en-abcdefghi", false},
        {"en-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaa", true},   /* 35 bytes */
        {"en-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaa", false}, /* 36 */
    };

    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        make()->language = (char *) (uintptr_t) ROWS[i].tag;
        if (language_is_valid(ROWS[i].tag) != ROWS[i].is_valid)
            fail_msg("%s", ROWS[i].tag);
        if (ROWS[i].tag[0] != '\0' && (unsigned char) ROWS[i].tag[strlen(ROWS[i].tag) - 1] < 0x80)
            assert_form(ROWS[i].is_valid ? 0 : ERR_RANGE, "adopt_charter.charter.language");
    }
    assert_false(language_is_valid(NULL));
}

/* DOMAIN: SUMMARY from STORY to OPTIONS, FULL from PROPOSAL on. */
static void test_record_levels(void **state)
{
    (void) state;
    Comity__V1__Charter *charter = make();

    for (int phase = COMITY__V1__PHASE__PHASE_ISSUE; phase <= COMITY__V1__PHASE__PHASE_TEST; phase++) {
        bool is_summary =
            phase >= COMITY__V1__PHASE__PHASE_STORY && phase <= COMITY__V1__PHASE__PHASE_OPTIONS;
        assert_int_equal(charter_record_level(NULL, (Comity__V1__Phase) phase),
                         is_summary ? COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_SUMMARY
                                    : COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_FULL);
    }
    charter->records[1]->phase = COMITY__V1__PHASE__PHASE_STORY;
    charter->records[1]->level = COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE;
    assert_int_equal(charter_record_level(charter, COMITY__V1__PHASE__PHASE_STORY),
                     COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE);
    assert_int_equal(charter_record_level(charter, COMITY__V1__PHASE__PHASE_DATA),
                     COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_SUMMARY);
}

static void test_the_hash_is_of_all_of_it(void **state)
{
    (void) state;
    Comity__V1__Charter *charter = make();
    uint8_t one[HASH_SIZE], other[HASH_SIZE];

    assert_int_equal(charter_hash(charter, sample.arena, one), 0);
    assert_int_equal(charter_hash(charter, sample.arena, other), 0);
    assert_memory_equal(one, other, HASH_SIZE);
    charter->notice_hours++;
    assert_int_equal(charter_hash(charter, sample.arena, other), 0);
    assert_memory_not_equal(one, other, HASH_SIZE);
}

static int teardown(void **state)
{
    (void) state;
    arena_destroy(&sample.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_once),
        cmocka_unit_test(test_who_decides_is_said),
        cmocka_unit_test(test_an_end_keeps_nothing),
        cmocka_unit_test(test_a_minimal_charter),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_record_levels),
        cmocka_unit_test(test_the_hash_is_of_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
