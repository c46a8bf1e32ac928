/* Charter files: what they say, and what is said of those that say it wrongly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cli/charter.h"
#include "core/error.h"
#include "tests/unit/cli/scratch.h"

#define KEY_A "d4bf96eac1b5213e27082f836c50ac59ea70eb2c56efe8fd5e363c432f3245e2"
#define KEY_B "8161c0a4317b9c69d320e51fe26cc9f08c1ef14390597db50aa8acc67e38c619"
#define PARTNERSHIP "[partnership]\nname = lakeside\ntitle = Lakeside Partnership\n"
#define KEY_C "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100"
#define KEY_D "2f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100"
#define UNION_ALONE "[constituency union]\nkind = worker\nstanding = party\ntitle = Nurses United\n"
#define UNION UNION_ALONE "recovery = " KEY_C "\n"
#define EMPLOYER                                                                                             \
    "[constituency management]\nkind = Employer\nstanding = NEUTRAL\nside = owners\ntitle = Lakeside\n"      \
    "recovery = " KEY_D "\n"
#define SITE "[site north]\ntitle = North Hospital\ntime_zone = America/Chicago\n"
#define ADA                                                                                                  \
    "[founder ada]\nconstituency = union\nname = Ada Okafor\nkey = " KEY_A "\noffices = co-chair, "          \
    "recorder\n"
#define BEN "[founder ben]\nconstituency = management\nname = Ben Ruiz\nkey = " KEY_B "\noffices = co-chair\n"

struct fixture {
    struct scratch scratch;
    struct arena *arena;
    struct comity_texts *texts;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    scratch_init(&fixture->scratch);
    fixture->arena = arena_new(ARENA_LIMIT_DEFAULT);
    fixture->texts = comity_texts_new();
    *state = fixture;
    return fixture->arena == NULL || fixture->texts == NULL;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    comity_texts_destroy(&fixture->texts);
    arena_destroy(&fixture->arena);
    scratch_release(&fixture->scratch);
    free(fixture);
    return 0;
}

static void test_whole_charter(void **state)
{
    struct fixture *fixture = *state;
    const char *path = scratch_write(&fixture->scratch, "c.ini", PARTNERSHIP UNION EMPLOYER SITE ADA BEN);
    char reason[CHARTER_REASON_MAX] = "";
    Comity__V1__Found *found;
    uint8_t keys[4][KEY_SIZE];

    if (charter_read(path, fixture->arena, fixture->texts, &found, reason) != 0)
        fail_msg("%s", reason);
    assert_string_equal(found->name, "lakeside");
    assert_int_equal(found->title->size, strlen("Lakeside Partnership"));
    assert_int_equal(found->n_constituencies, 2);
    assert_int_equal(found->n_sites, 1);
    assert_string_equal(found->sites[0]->time_zone, "America/Chicago");
    const Comity__V1__NewConstituency *labour = found->constituencies[0],
                                      *management = found->constituencies[1];
    assert_string_equal(labour->name, "union");
    assert_int_equal(labour->kind, COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER);
    assert_int_equal(labour->standing, COMITY__V1__STANDING__STANDING_PARTY);
    assert_string_equal(labour->side, "");
    assert_int_equal(labour->recovery_key.len, KEY_SIZE);
    assert_int_equal(labour->n_founders, 1);
    assert_int_equal(labour->founders[0]->n_offices, 2);
    assert_int_equal(labour->founders[0]->offices[0], COMITY__V1__OFFICE__OFFICE_CO_CHAIR);
    assert_int_equal(labour->founders[0]->offices[1], COMITY__V1__OFFICE__OFFICE_RECORDER);
    assert_int_equal(labour->founders[0]->name->size, strlen("Ada Okafor"));
    assert_int_equal(management->standing, COMITY__V1__STANDING__STANDING_NEUTRAL);
    assert_string_equal(management->side, "owners");
    assert_int_equal(management->founders[0]->n_offices, 1);
    assert_int_equal(charter_founders(found->constituencies, found->n_constituencies, keys, 4), 2);
    assert_memory_equal(keys[1], management->founders[0]->key.data, KEY_SIZE);
    assert_int_equal(charter_founders(found->constituencies, found->n_constituencies, keys, 1), 2);
}

static void test_the_sample_is_read(void **state)
{
    struct fixture *fixture = *state;
    const char *path = scratch_write(&fixture->scratch, "c.ini", CHARTER_SAMPLE);
    char reason[CHARTER_REASON_MAX] = "";
    Comity__V1__Found *found;

    if (charter_read(path, fixture->arena, fixture->texts, &found, reason) != 0)
        fail_msg("%s", reason);
    assert_int_equal(found->n_constituencies, 1);
}

static const struct {
    const char *text;
    const char *said[2];
} BAD[] = {
    {"", {"name"}},
    {UNION SITE ADA, {"name"}},
    {PARTNERSHIP SITE ADA, {"[founder ada]", "constituency = union: the file has no [constituency union]"}},
    {PARTNERSHIP SITE, {"no [constituency ...]"}},
    {PARTNERSHIP UNION ADA, {"no [site ...]"}},
    {PARTNERSHIP UNION EMPLOYER SITE ADA, {"[constituency management]", "no [founder ...]"}},
    {PARTNERSHIP "[constituency union]\nkind = workers\nstanding = party\ntitle = T\n" SITE ADA,
     {"union", "kind is"}},
    {PARTNERSHIP "[constituency union]\nkind = worker\nstanding = both\ntitle = T\n" SITE ADA,
     {"union", "standing is"}},
    {PARTNERSHIP "[constituency union]\nkind = worker\nstanding = party\n" SITE ADA, {"title"}},
    {PARTNERSHIP UNION "[site north]\ntitle = T\ntime_zone = over the sea\n" ADA, {"[site north]", "IANA"}},
    {PARTNERSHIP UNION SITE "[founder a]\nconstituency = union\nname = A\nkey = " KEY_A "\noffices = king\n",
     {"[founder a]", "`king`"}},
    {PARTNERSHIP UNION SITE "[founder a]\nconstituency = union\nname = A\nkey = 12\n", {"key"}},
    {PARTNERSHIP UNION_ALONE SITE ADA,
     {"[constituency union]", "one co-chair: add a second, or recovery = KEY"}},
    {PARTNERSHIP UNION SITE "[founder a]\nconstituency = union\nname = A\nkey = " KEY_A "\n",
     {"[constituency union]", "no co-chair"}},
    {PARTNERSHIP UNION SITE ADA "[founder ben]\nconstituency = union\nname = B\nkey = " KEY_A
                                "\noffices = co-chair\n",
     {"[founder ben]", "same key as [founder ada]"}},
    {PARTNERSHIP UNION SITE ADA "[founder ben]\nconstituency = union\nname = B\nkey = " KEY_C
                                "\noffices = co-chair\n",
     {"[constituency union]", "same key as [founder ben]"}},
    {PARTNERSHIP UNION "[site north]\ntitle = T\ntime_zone = Amerika/Chicago\n" ADA,
     {"[site north]", "no such time_zone"}},
    {PARTNERSHIP UNION "[site north]\ntitle = a\x01z\ntime_zone = UTC\n" ADA,
     {"[site north]", "control character"}},
    {PARTNERSHIP UNION SITE ADA "nickname = Addie\n",
     {"nickname", "it has constituency, name, key, offices"}},
    {PARTNERSHIP UNION SITE ADA "[committee steering]\nseats = 3\n",
     {"committee", "[partnership], [constituency NAME], [site NAME], [founder NAME]"}},
    {"[partnership]\nname = Lake Side\ntitle = T\n" UNION SITE ADA, {"[partnership]", "title"}},
};

static void test_refused(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ARRAY_COUNT(BAD); i++) {
        char name[32], reason[CHARTER_REASON_MAX] = "";
        Comity__V1__Found *found = NULL;
        snprintf(name, sizeof(name), "bad-%zu.ini", i);
        const char *path = scratch_write(&fixture->scratch, name, BAD[i].text);
        assert_int_equal(charter_read(path, fixture->arena, fixture->texts, &found, reason), ERR_CONFIG);
        assert_null(found);
        assert_non_null(strstr(reason, name));
        for (size_t j = 0; j < 2 && BAD[i].said[j] != NULL; j++)
            if (strstr(reason, BAD[i].said[j]) == NULL)
                fail_msg("file %zu: `%s` does not say `%s`", i, reason, BAD[i].said[j]);
    }
}

static void test_no_file(void **state)
{
    struct fixture *fixture = *state;
    char reason[CHARTER_REASON_MAX] = "";
    Comity__V1__Found *found;

    assert_int_equal(
        charter_read(scratch_path(&fixture->scratch, "none"), fixture->arena, fixture->texts, &found, reason),
        ERR_FILE);
    assert_true(strlen(reason) > 10);
}

static void test_one_constituency(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text, *said;
    } ROWS[] = {
        {UNION ADA, NULL},
        {UNION EMPLOYER ADA BEN, "exactly one"},
        {PARTNERSHIP UNION ADA, "partnership"},
        {UNION SITE ADA, "comity site add"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        char reason[CHARTER_REASON_MAX] = "";
        Comity__V1__NewConstituency *constituency = NULL;
        const char *path = scratch_write(&fixture->scratch, "a.ini", ROWS[i].text);
        int code = charter_read_constituency(path, fixture->arena, fixture->texts, &constituency, reason);
        assert_int_equal(code, ROWS[i].said == NULL ? 0 : ERR_CONFIG);
        if (ROWS[i].said == NULL)
            assert_string_equal(constituency->name, "union");
        else if (strstr(reason, ROWS[i].said) == NULL)
            fail_msg("`%s` does not say `%s`", reason, ROWS[i].said);
    }
}

static void test_offices(void **state)
{
    struct fixture *fixture = *state;
    char reason[CHARTER_REASON_MAX];
    Comity__V1__Office *offices;
    size_t count;

    assert_int_equal(offices_read("", fixture->arena, &offices, &count, reason), 0);
    assert_int_equal(count, 0);
    assert_int_equal(offices_read("Co-Chair,facilitator  co-chair", fixture->arena, &offices, &count, reason),
                     0);
    assert_int_equal(count, 2);
    assert_int_equal(offices_read("co-chair boss", fixture->arena, &offices, &count, reason), ERR_CONFIG);
    for (int office = COMITY__V1__OFFICE__OFFICE_CO_CHAIR; office <= COMITY__V1__OFFICE__OFFICE_INTEGRATION;
         office++)
        assert_int_equal(office_read(office_name((Comity__V1__Office) office)), office);
    assert_string_equal(office_name((Comity__V1__Office) 99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_charter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_sample_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_constituency, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_offices, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
