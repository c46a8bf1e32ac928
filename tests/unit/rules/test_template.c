/* The rules that are shipped: docs/rules.md on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glob.h>

#include "client/rules/rule_file.h"
#include "client/rules/template.h"
#include "tests/unit/core/test_rule_support.h"

enum { TEMPLATES = 19 };

/* A file of the project as a string. */
static char *file_read(struct arena *arena, const char *name)
{
    enum { SIZE_MAX_BYTES = 1 << 20 };
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", SOURCE_DIR, name);
    FILE *file = scene_need(fopen(path, "r"), path);
    char *text = scene_need(arena_alloc(arena, SIZE_MAX_BYTES), "memory");
    size_t size = fread(text, 1, SIZE_MAX_BYTES - 1, file);
    fclose(file);
    scene_require(size > 0 && size < SIZE_MAX_BYTES - 1, path);
    return text;
}

/* each is a rule, is what it is called, is in the documents, and is well-formed on the wire. */
static void every_template_is_a_rule(void **state)
{
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    char *document = file_read(arena, "docs/rules.md");
    uint8_t hashes[32][HASH_SIZE];
    unsigned count = 0;
    (void) state;

    for (const struct rule_template *template; (template = rule_template_at(count)) != NULL; count++) {
        struct refusal refusal = {0};
        struct bytes packed, again;
        ProtobufCMessage *copy = NULL;
        char row[128];
        Comity__V1__Rule *rule = rule_template_rule(template, arena);

        if (rule == NULL)
            fail_msg("%s cannot be read", template->name);
        if (rule_check(rule, "r", &refusal))
            fail_msg("%s: %s at %s", template->name, error_name(refusal.code), refusal.field);
        assert_string_equal(rule->name, template->name);
        assert_ptr_equal(rule_template_find(template->name), template);
        assert_int_equal(template->summary[strlen(template->summary) - 1], '.');
        snprintf(row, sizeof(row), "\n| %s | ", template->name);
        if (!strstr(document, row))
            fail_msg("docs/rules.md has no row for %s", template->name);

        assert_int_equal(message_pack(&rule->base, arena, &packed), 0);
        assert_int_equal(
            message_unpack(&comity__v1__rule__descriptor, packed, RULE_MAX_BYTES, arena, &refusal, &copy), 0);
        assert_int_equal(message_pack(copy, arena, &again), 0);
        assert_true(bytes_equal(packed, again));
        assert_int_equal(rule_check((Comity__V1__Rule *) copy, "r", &refusal), 0);

        assert_int_equal(rule_hash(rule, arena, hashes[count]), 0);
        for (unsigned other = 0; other < count; other++)
            assert_memory_not_equal(hashes[other], hashes[count], HASH_SIZE);
    }
    assert_int_equal(count, TEMPLATES);
    assert_null(rule_template_at(UINT32_MAX));
    assert_null(rule_template_find("no-such"));
    assert_null(rule_template_find(NULL));
    arena_destroy(&arena);
}

/* what each one says of rounds that tell it from the others. */
static void templates_decide_as_they_say(void **state)
{
    static const struct {
        const char *name, *roll, *outcome;
    } ROWS[] = {
        {"@unanimous", "labour 2A | management 1A 1V", "ADOPTED"},
        {"@unanimous", "labour 2A | management 1A 1X", "NOT_YET"},
        {"@unanimous", "labour 2A | management 1A 1-", "NOT_YET"},
        {"@unanimous", "labour 2A | management 1A 1B", "BLOCKED"},
        {"@consensus", "labour 2A 1V | management 2A 1S", "ADOPTED"},
        {"@consensus", "labour 2A 1C | management 3A", "NOT_YET"},
        {"@consensus", "labour 3A | management 1A 2X", "NOT_YET"},
        {"@consensus", "labour 3A | management 3X", "NOT_YET"},
        {"@consensus", "labour 6A 6S | management 6A 2S", "NOT_YET"},
        {"@consensus", "labour 6A 4S | management 6A 2S", "ADOPTED"},
        {"@consensus", "labour 3A | management 2A 1B", "BLOCKED"},
        {"@consensus", "labour 3A | management 1A 2_", "NO_QUORUM"},
        {"@consensus", "labour 3A | management 1A 1- 2_", "ADOPTED"},
        {"@consensus", "labour 6- | management 6-", "NO_DECISION"},
        {"@consent", "labour 1A 2- | management 3-", "ADOPTED"},
        {"@consent", "labour 1A 2C | management 3-", "NOT_YET"},
        {"@consent", "labour 1A 2B | management 3-", "BLOCKED"},
        {"@consent", "labour 3- | management 3X", "NO_DECISION"},
        {"@simple-majority", "labour 2A 1C | management 5X", "ADOPTED"},
        {"@simple-majority", "labour 2A 2C | management 5X", "TIE"},
        {"@simple-majority", "labour 2A 3C | management 5X", "NOT_YET"},
        {"@two-thirds", "labour 2A 1C | management 5X", "ADOPTED"},
        {"@two-thirds", "labour 3A 2C | management 5X", "NOT_YET"},
        {"@absolute-majority", "labour 3A | management 2-", "ADOPTED"},
        {"@absolute-majority", "labour 3A | management 3-", "NOT_YET"},
        {"@concurrent-majority", "labour 3A | management 2A 1C 5X", "ADOPTED"},
        {"@concurrent-majority", "labour 9A | management 1A 1C", "NOT_YET"},
        {"@concurrent-majority", "labour 9A | management 1A 2C", "DEADLOCK"},
        {"@concurrent-majority", "labour 9A | management 3-", "NOT_YET"},
        {"@five-point-poll", "labour 3A | management 1C 1B 9X", "ADOPTED"},
        {"@five-point-poll", "labour 2A | management 1C 1B 9X", "TIE"},
        {"@five-point-poll", "labour 9X", "NO_DECISION"},
        {"@thumbs", "labour 2A 1V | management 2V", "ADOPTED"},
        {"@thumbs", "labour 2A 1C | management 2V", "NOT_YET"},
        {"@thumbs", "labour 2A 1V | management 2-", "NOT_YET"},
        {"@fist-to-five", "labour 2A 1V | management 2V", "ADOPTED"},
        {"@fist-to-five", "labour 2A 1C | management 2V", "NOT_YET"},
        {"@fist-to-five", "labour 2A 1B | management 2V", "BLOCKED"},
        {"@consensus-minus-one", "labour 2A 1B | management 3A", "ADOPTED"},
        {"@consensus-minus-one", "labour 2A 1C | management 2A 1B", "NOT_YET"},
        {"@consensus-minus-one", "labour 1A 2X | management 3A", "NOT_YET"},
        {"@posted-decision", "labour 1A 2- | management 2-", "ADOPTED"},
        {"@posted-decision", "labour 3- | management 2-", "NO_DECISION"}, /* nobody was there, nor acknowledged it */
        {"@posted-decision", "labour 3A | management 1A 1C", "NOT_YET"},
        {"@posted-decision", "labour 3A | management 1A 1B", "BLOCKED"},
        {"@two-ballot-ratification", "labour 3A 2C 2X", "ADOPTED"},
        {"@two-ballot-ratification", "labour 2A 2C", "TIE"},
        {"@two-ballot-ratification", "labour 2A 3C", "NOT_YET"},
        {"@advisory", "labour 2A 1C", "ADOPTED"},
        {"@bloc-vote", "labour 2A 1C | management 1A 1-", "ADOPTED"},
        {"@bloc-vote", "labour 2A 1C | management 1A 2C", "DEADLOCK"},
        {"@bloc-vote", "labour 2A 1C | management 1A 1C", "ADOPTED"}, /* who is tied abstains */
        {"@bloc-vote", "labour 2A 1C 1- | management 1A 2C", "ADOPTED"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct scene scene;
        Comity__V1__Outcome *outcome = NULL;
        scene_init(&scene, ROWS[i].name, ROWS[i].roll);
        struct rule_input input = scene_input(&scene, true);
        assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
        if (strcmp(outcome_name(outcome->kind), ROWS[i].outcome) != 0)
            fail_msg("%s, %s: %s", ROWS[i].name, ROWS[i].roll, outcome_name(outcome->kind));
        scene_release(&scene);
    }
}

/* Answers and stances of the scales that have a custom of their own: R-11. */
static void scales_are_as_is_custom(void **state)
{
    static const struct {
        const char *rule;
        uint32_t answer;
        const char *label, *stance;
    } ROWS[] = {
        {"fist-to-five", 5, "five", "AGREE"},
        {"fist-to-five", 4, "four", "AGREE"},
        {"fist-to-five", 3, "three", "RESERVED"},
        {"fist-to-five", 2, "two", "CONCERN"},
        {"fist-to-five", 1, "one", "CONCERN"},
        {"fist-to-five", 10, "fist", "BLOCK"},
        {"fist-to-five", 6, NULL, "UNSPECIFIED"},
        {"fist-to-five", 0, NULL, "UNSPECIFIED"},
        {"five-point-poll", 1, "strongly-for", "AGREE"},
        {"five-point-poll", 2, "for", "AGREE"},
        {"five-point-poll", 3, "neutral", "ABSTAIN"},
        {"five-point-poll", 4, "against", "CONCERN"},
        {"five-point-poll", 5, "strongly-against", "BLOCK"},
        {"thumbs", 1, "up", "AGREE"},
        {"thumbs", 2, "sideways", "RESERVED"},
        {"thumbs", 3, "down", "CONCERN"},
        {"consensus", 3, "stand-aside", "STAND_ASIDE"},
        {"simple-majority", 2, "no", "CONCERN"},
        {"simple-majority", 3, "abstain", "ABSTAIN"},
        {"simple-majority", 4, NULL, "UNSPECIFIED"},
    };
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        const Comity__V1__Rule *rule = template_copy(arena, ROWS[i].rule);
        assert_string_equal(stance_name(rule_stance(rule, ROWS[i].answer)), ROWS[i].stance);
        for (size_t k = 0; k < rule->n_scale; k++) {
            if (rule->scale[k]->answer == ROWS[i].answer)
                assert_string_equal(rule->scale[k]->label, ROWS[i].label);
        }
    }
    arena_destroy(&arena);
}

static bool requires_reason(const Comity__V1__Rule *rule, Comity__V1__Stance stance)
{
    for (size_t i = 0; i < rule->n_scale; i++) {
        const struct ballot_answer given = {.answer = rule->scale[i]->answer};
        if (rule->scale[i]->stance == stance)
            return rule_duties(rule, &given) >> COMITY__V1__DUTY_KIND__DUTY_KIND_REASON & 1;
    }
    return false;
}

/* */
static void reasons_are_a_duty_of_a_stance(void **state)
{
    struct arena *arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    const Comity__V1__Rule *consensus = template_copy(arena, "consensus");
    const Comity__V1__Rule *fist = template_copy(arena, "fist-to-five");
    const Comity__V1__Rule *majority = template_copy(arena, "simple-majority");
    (void) state;
    for (int stance = 0; stance <= COMITY__V1__STANCE__STANCE_BLOCK; stance++) {
        bool is_block = stance == COMITY__V1__STANCE__STANCE_BLOCK;
        bool is_concern = stance == COMITY__V1__STANCE__STANCE_CONCERN;
        assert_int_equal(requires_reason(consensus, (Comity__V1__Stance) stance),
                         is_block || is_concern);
        assert_int_equal(requires_reason(fist, (Comity__V1__Stance) stance), is_block);
        assert_false(requires_reason(majority, (Comity__V1__Stance) stance));
    }
    arena_destroy(&arena);
}

/* what is installed is what is built in; each begins with what it is for, and goes on in the
 * canonical form. */
static void every_file_is_a_template(void **state)
{
    struct arena *arena = scene_need(arena_new((size_t) 64 * 1024 * 1024), "memory");
    glob_t found;
    (void) state;

    assert_int_equal(glob(SOURCE_DIR "/client/rules/templates/*.yaml", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, TEMPLATES);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i] + strlen(SOURCE_DIR) + 1, *text = file_read(arena, path);
        const char *slash = strrchr(path, '/') + 1;
        const char *name = arena_printf(arena, "%.*s", (int) (strlen(slash) - strlen(".yaml")), slash);
        const struct rule_template *template = rule_template_find(name);
        struct bytes canonical;

        if (template == NULL)
            fail_msg("%s is in no table", path);
        assert_string_equal(rule_template_text(template), text);
        const char *body = strstr(text, "\nname: ");
        assert_non_null(body);
        assert_int_equal(text[0], '#');
        for (const char *line = text; line < body; line = strchr(line, '\n') + 1)
            assert_int_equal(line[0], '#');
        assert_int_equal(rule_file_write(rule_template_rule(template, arena), arena, &canonical), 0);
        assert_string_equal(arena_printf(arena, "%.*s", (int) canonical.size, (const char *) canonical.data),
                            body + 1);
    }
    globfree(&found);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_template_is_a_rule), cmocka_unit_test(templates_decide_as_they_say),
        cmocka_unit_test(scales_are_as_is_custom),  cmocka_unit_test(reasons_are_a_duty_of_a_stance),
        cmocka_unit_test(every_file_is_a_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
