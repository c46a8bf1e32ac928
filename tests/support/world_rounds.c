#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rule/rule.h"
#include "tests/support/world_rounds.h"

enum { ABSTAIN = 9, MEMBERS_MAX = 16 };

static void scale_abstain(struct world *world, Comity__V1__Rule *rule)
{
    Comity__V1__ScaleEntry *entry = world_alloc(world, sizeof(*entry));

    comity__v1__scale_entry__init(entry);
    entry->answer = ABSTAIN;
    entry->label = arena_string(world->arena, "abstain");
    entry->stance = COMITY__V1__STANCE__STANCE_ABSTAIN;
    rule->scale = world_alloc(world, sizeof(*rule->scale));
    rule->scale[0] = entry;
    rule->n_scale = 1;
}

/* The rule's one test: its last, of the whole, against the ballots cast. */
static Comity__V1__Test *keep_support(Comity__V1__Rule *rule)
{
    Comity__V1__Test *test = rule->tests[rule->n_tests - 1];

    test->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE;
    test->bound = COMITY__V1__BOUND__BOUND_MORE_THAN;
    test->numerator = 1;
    test->denominator = 2;
    rule->tests[0] = test;
    rule->n_tests = 1;
    return test;
}

Comity__V1__Rule *world_majority_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_rule(world, "majority");

    keep_support(rule);
    return rule;
}

static void rule_rank(struct world *world, Comity__V1__Rule *rule)
{
    Comity__V1__Ranking *ranking = world_alloc(world, sizeof(*ranking));
    Comity__V1__Majority *most = world_alloc(world, sizeof(*most));

    comity__v1__ranking__init(ranking);
    comity__v1__majority__init(most);
    most->name = arena_string(world->arena, "most");
    most->bound = COMITY__V1__BOUND__BOUND_AT_LEAST;
    most->numerator = 2;
    most->denominator = 1;
    ranking->method = COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
    ranking->needs_default = true;
    ranking->n_majorities = 1;
    ranking->majorities = world_alloc(world, sizeof(*ranking->majorities));
    ranking->majorities[0] = most;
    rule->ranking = ranking;
    rule->n_tests = 0;
}

Comity__V1__Rule *world_form_rule(struct world *world, Comity__V1__Form form)
{
    Comity__V1__Rule *rule = world_rule(world, "form");
    Comity__V1__Test *test = keep_support(rule);

    rule->form = form;
    rule->rounds = 1;
    rule->n_duties = 0;
    scale_abstain(world, rule);
    test->count->n_stances = 0;
    if (form == COMITY__V1__FORM__FORM_CHOICE) {
        test->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING;
    } else if (form == COMITY__V1__FORM__FORM_SCORE) {
        test->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST;
        test->count->score = 3;
        test->bound = COMITY__V1__BOUND__BOUND_AT_LEAST;
        rule->scores = world_alloc(world, sizeof(*rule->scores));
        comity__v1__scores__init(rule->scores);
        rule->scores->most = 5;
    } else {
        rule_rank(world, rule);
    }
    return rule;
}

/* At least half of the roll has to answer as well. */
static void need_answers(struct world *world, Comity__V1__Rule *rule)
{
    Comity__V1__Test *quorum = world_rule(world, "other")->tests[0];
    Comity__V1__Test **tests = world_alloc(world, (rule->n_tests + 1) * sizeof(*tests));

    quorum->scope->kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE;
    quorum->count->kind = COMITY__V1__COUNT_KIND__COUNT_KIND_ANSWERED;
    tests[0] = quorum;
    for (size_t i = 0; i < rule->n_tests; i++)
        tests[i + 1] = rule->tests[i];
    rule->tests = tests;
    rule->n_tests++;
}

Comity__V1__Rule *world_extending_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_majority_rule(world);

    need_answers(world, rule);
    rule->close->at_time = true;
    rule->no_quorum = COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND;
    rule->extend_ms = (int64_t) 10 * 60 * 1000;
    return rule;
}

Comity__V1__Rule *world_settling_rule(struct world *world)
{
    Comity__V1__Rule *rule = world_majority_rule(world);

    rule->tests[0]->against->kind = COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE;
    rule->change = COMITY__V1__CHANGE__CHANGE_ONCE;
    rule->close->nothing_can_change = true;
    return rule;
}

Comity__V1__Command *world_open_options(struct world *world, bool has_default, uint32_t rule, ...)
{
    Comity__V1__Command *command = world_open_round_command(world, 1, rule);
    Comity__V1__OpenRound *open = command->open_round;
    va_list labels;

    open->options = world_alloc(world, OPTIONS_MAX * sizeof(*open->options));
    va_start(labels, rule);
    for (const char *label = va_arg(labels, const char *); label; label = va_arg(labels, const char *)) {
        Comity__V1__NewOption *option = world_alloc(world, sizeof(*option));
        comity__v1__new_option__init(option);
        option->label = arena_string(world->arena, label);
        option->is_default = has_default && open->n_options == 0;
        open->options[open->n_options++] = option;
    }
    va_end(labels);
    return command;
}

Comity__V1__Command *world_list(struct world *world, const char *co_chair, const char *constituency, ...)
{
    Comity__V1__Command *command = world_command(world, co_chair, COMITY__V1__COMMAND__BODY_SET_LIST);
    Comity__V1__SetList *list = command->set_list;
    va_list members;

    list->name = arena_string(world->arena, "electors");
    list->constituency = arena_string(world->arena, constituency);
    list->members = world_alloc(world, MEMBERS_MAX * sizeof(*list->members));
    va_start(members, constituency);
    for (uint32_t member = va_arg(members, unsigned); member; member = va_arg(members, unsigned))
        list->members[list->n_members++] = member;
    va_end(members);
    return command;
}
