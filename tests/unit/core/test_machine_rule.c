/* A rule is adopted for a history that has what it names: docs/rules.md R-92 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "tests/support/world_rounds.h"
#include "tests/support/world_stages.h"

#define SCOPE(kind) COMITY__V1__SCOPE_KIND__SCOPE_KIND_##kind

static const struct {
    Comity__V1__ScopeKind kind;
    const char *name;
    bool is_there;
} SUBJECTS[] = {
    {SCOPE(CONSTITUENCY), "labour", true}, {SCOPE(CONSTITUENCY), "guild", false},
    {SCOPE(SIDE), "management", true},     {SCOPE(SIDE), "guild", false},
    {SCOPE(SITE), "@site", true},          {SCOPE(SITE), "labour", false},
    {SCOPE(CONSTITUENCY), "@site", false},
};

static char *subject_name(struct world *world, size_t at)
{
    const Comity__V1__Site *site = world_row(world, TABLE_SITE, 1, 0);

    return SUBJECTS[at].name[0] == '@' ? site->name : arena_string(world->arena, SUBJECTS[at].name);
}

static void adopt(struct world *world, Comity__V1__Rule *rule, bool is_sound, int code, const char *field)
{
    if (is_sound)
        world_adopt(world, rule);
    else
        world_refuse(world, world_adopt_command(world, rule), code, field);
}

static void test_scopes_name_somebody(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(SUBJECTS); i++) {
        struct world *world = world_with_session();
        Comity__V1__Rule *rule = world_rule(world, "scopes");

        rule->tests[2]->scope->kind = SUBJECTS[i].kind;
        rule->tests[2]->scope->of = subject_name(world, i);
        adopt(world, rule, SUBJECTS[i].is_there, ERR_SCOPE, "adopt_rule.rule.tests[2].scope.of");
        world_destroy(&world);
    }
}

static void put_weight(struct world *world, size_t at, size_t *ret_count, Comity__V1__SubjectWeight ***ret_weights)
{
    Comity__V1__SubjectWeight *weight = world_alloc(world, sizeof(*weight));

    comity__v1__subject_weight__init(weight);
    weight->kind = SUBJECTS[at].kind;
    weight->name = subject_name(world, at);
    weight->weight = 3;
    *ret_weights = world_alloc(world, sizeof(**ret_weights));
    (*ret_weights)[0] = weight;
    *ret_count = 1;
}

static void test_weights_are_of_somebody(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(SUBJECTS); i++) {
        struct world *world = world_with_session();
        Comity__V1__Rule *rule = world_rule(world, "weights"), *ladder = world_ladder_rule(world);
        Comity__V1__StageRule *rounds = world_stage(world, ladder, ROUNDS, BLOCKED)->rule;

        put_weight(world, i, &rule->n_weights, &rule->weights);
        put_weight(world, i, &rounds->n_weights, &rounds->weights);
        adopt(world, rule, SUBJECTS[i].is_there, ERR_SCOPE, "adopt_rule.rule.weights[0].name");
        adopt(world, ladder, SUBJECTS[i].is_there, ERR_SCOPE, "adopt_rule.rule.stages[0].rule.weights[0].name");
        world_destroy(&world);
    }
}

static void test_another_body_is_one(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Rule *rule = world_ladder_rule(world);

    world_stage(world, rule, UMPIRE, REJECTED); /* a person, of whom the history knows nothing */
    Comity__V1__Stage *stage = world_stage(world, rule, ESCALATE, BLOCKED);
    stage->who = arena_string(world->arena, "arbitrator");
    adopt(world, rule, false, ERR_NOT_FOUND, "adopt_rule.rule.stages[1].who");
    stage->who = arena_string(world->arena, "council");
    adopt(world, rule, true, 0, NULL);
    world_destroy(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scopes_name_somebody),
        cmocka_unit_test(test_weights_are_of_somebody),
        cmocka_unit_test(test_another_body_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
