/* Which rules are refused for their scopes, weights, forms and stages, with what, and where: docs/rules.md
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_assign.h"

/* Rows that change the same rule. */
struct table {
    const char *rule;
    const struct check_row *rows;
    size_t count;
};

static void table_check(const struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        struct scene scene;
        scene_init(&scene, table->rule, "labour 1A");
        assign_check(&scene, &table->rows[i]);
        scene_release(&scene);
    }
}

static const struct check_row SCOPES[] = {
    {"", 0, ""},
    /* who is named, and who is not */
    {"tests[0].scope.kind=2", ERR_MISSING, "tests[0].scope.of"},
    {"tests[0].scope.kind=3 tests[0].scope.of=NULL", ERR_MISSING, "tests[0].scope.of"},
    {"tests[0].scope.kind=4 tests[0].scope.of=North", ERR_NAME, "tests[0].scope.of"},
    {"tests[0].scope.kind=4 tests[0].scope.of=north", 0, ""},
    {"tests[0].scope.kind=6 tests[0].scope.of=north", ERR_RULE, "tests[0].scope.of"},
    {"tests[0].scope.kind=7", 0, ""},
    /* */
    {"tests[0].scope.office=1", 0, ""},
    {"tests[0].scope.office=99", ERR_ENUM, "tests[0].scope.office"},
    /* */
    {"tests[0].scope.quantifier=new tests[0].scope.quantifier.kind=2", ERR_RULE, "tests[0].scope.quantifier"},
    {"tests[1].scope.quantifier.kind=1 tests[1].scope.quantifier.numerator=0", 0, ""},
    {"tests[1].scope.quantifier.kind=1", ERR_RULE, "tests[1].scope.quantifier.numerator"},
    {"tests[1].scope.quantifier.kind=1 tests[1].scope.quantifier.numerator=0 "
     "tests[1].scope.quantifier.bound=1",
     ERR_RULE, "tests[1].scope.quantifier.bound"},
    {"tests[1].scope.quantifier.kind=1 tests[1].scope.quantifier.numerator=0 "
     "tests[1].scope.quantifier.by_weight=1",
     ERR_RULE, "tests[1].scope.quantifier.by_weight"},
    {"tests[1].scope.quantifier.numerator=0", ERR_RANGE, "tests[1].scope.quantifier.numerator"},
    {"tests[1].scope.quantifier.denominator=3", ERR_RULE, "tests[1].scope.quantifier.denominator"},
    {"tests[1].scope.quantifier.bound=1", 0, ""},
    {"tests[1].scope.quantifier.bound=2", 0, ""},
    {"tests[1].scope.quantifier.bound=3", ERR_RULE, "tests[1].scope.quantifier.bound"},
    {"tests[1].scope.quantifier.bound=9", ERR_ENUM, "tests[1].scope.quantifier.bound"},
    {"tests[1].scope.quantifier.kind=3", ERR_RANGE, "tests[1].scope.quantifier.denominator"},
    {"tests[1].scope.quantifier.kind=3 tests[1].scope.quantifier.denominator=2", 0, ""},
    {"tests[1].scope.quantifier.kind=3 tests[1].scope.quantifier.denominator=2 "
     "tests[1].scope.quantifier.bound=2",
     ERR_RULE, "tests[1].scope.quantifier.numerator"},
    {"tests[1].scope.quantifier.kind=3 tests[1].scope.quantifier.denominator=1", ERR_RULE,
     "tests[1].scope.quantifier.numerator"},
    {"tests[1].scope.quantifier.kind=3 tests[1].scope.quantifier.denominator=1000000000001", ERR_RANGE,
     "tests[1].scope.quantifier.denominator"},
    /* more subjects than there can be */
    {"tests[1].scope.quantifier.numerator=64", 0, ""},
    {"tests[1].scope.quantifier.numerator=65", ERR_RULE, "tests[1].scope.quantifier.numerator"},
    {"tests[1].scope.quantifier.numerator=64 tests[1].scope.quantifier.bound=2", ERR_RULE,
     "tests[1].scope.quantifier.numerator"},
    {"tests[1].scope.kind=7 tests[1].scope.quantifier.numerator=65", 0, ""},
    /* */
    {"tests[1].scope.quantifier.by_weight=1", ERR_RULE, "tests[1].scope.quantifier.by_weight"},
    {"tests[1].scope.quantifier.by_weight=1 weights+1 weights[0].kind=3 weights[0].name=east "
     "weights[0].weight=5",
     ERR_RULE, "tests[1].scope.quantifier.by_weight"},
    {"tests[1].scope.quantifier.by_weight=1 weights+1 weights[0].kind=2 weights[0].name=labour "
     "weights[0].weight=2",
     0, ""},
    {"tests[1].scope.quantifier.by_weight=1 weights+1 weights[0].kind=2 weights[0].name=labour "
     "weights[0].weight=1",
     ERR_RULE, "tests[1].scope.quantifier.numerator"},
    {"tests[1].scope.quantifier.by_weight=1 weights+1 weights[0].kind=2 weights[0].name=labour", ERR_RULE,
     "tests[1].scope.quantifier.by_weight"},
    {"weights+1", ERR_MISSING, "weights[0].kind"},
    {"weights+1 weights[0]=", ERR_MISSING, "weights[0]"},
    {"weights+1 weights[0].kind=1", ERR_RULE, "weights[0].kind"},
    {"weights+1 weights[0].kind=5", ERR_RULE, "weights[0].kind"},
    {"weights+1 weights[0].kind=2", ERR_NAME, "weights[0].name"},
    {"weights+1 weights[0].kind=2 weights[0].name=a weights[0].weight=1000000000000", 0, ""},
    {"weights+1 weights[0].kind=2 weights[0].name=a weights[0].weight=1000000000001", ERR_RANGE,
     "weights[0].weight"},
    {"weights+1 weights[0].kind=2 weights[0].name=a weights*2", ERR_DUPLICATE, "weights[1].name"},
    {"weights+2 weights[0].kind=2 weights[0].name=a weights[1].kind=3 weights[1].name=a", 0, ""},
    {"weights+1 weights[0].kind=2 weights[0].name=a weights*257", ERR_RANGE, "weights"},
    /* */
    {"tests[0].weighting=2", 0, ""},
    {"tests[0].weighting=3", 0, ""},
    {"tests[1].weighting=3", ERR_RULE, "tests[1].weighting"},
    {"tests[0].weighting=3 tests[0].scope.kind=3 tests[0].scope.of=east", ERR_RULE, "tests[0].weighting"},
    {"tests[0].weighting=3 tests[0].against.kind=1 tests[0].denominator=1 tests[0].bound=2", ERR_RULE,
     "tests[0].numerator"},
    {"tests[0].weighting=3 tests[0].against.kind=1 tests[0].denominator=1 tests[0].bound=2 "
     "tests[0].numerator=0",
     0, ""},
    {"tests[0].weighting=2 tests[0].against.kind=1 tests[0].denominator=1 tests[0].numerator=1000000000000",
     0, ""},
    {"tests[0].weighting=1 tests[0].against.kind=1 tests[0].denominator=1 tests[0].numerator=10001", ERR_RULE,
     "tests[0].numerator"},
    {"tests[0].bloc=new", ERR_RULE, "tests[0].bloc"},
};

static const struct check_row BLOCS[] = {
    {"", 0, ""},
    {"tests[0].bloc=", ERR_MISSING, "tests[0].bloc"},
    {"tests[0].bloc.tied=0", ERR_MISSING, "tests[0].bloc.tied"},
    {"tests[0].bloc.absent=0", ERR_MISSING, "tests[0].bloc.absent"},
    {"tests[0].bloc.absent=9", ERR_ENUM, "tests[0].bloc.absent"},
    {"tests[0].bloc.tied=4 tests[0].bloc.absent=2", 0, ""},
    {"tests[0].scope.kind=3 tests[0].scope.of=east", 0, ""},
    {"tests[0].scope.kind=6", 0, ""},
    {"tests[0].scope.kind=5", ERR_RULE, "tests[0].weighting"},
    {"tests[0].scope.kind=7", ERR_RULE, "tests[0].weighting"},
    {"tests[0].scope.office=1", ERR_RULE, "tests[0].scope.office"},
    {"tests[0].count.stances=1", ERR_RULE, "tests[0].count.stances"},
    {"tests[0].count.stances=5", ERR_RULE, "tests[0].count.stances"},
    {"tests[0].count.stances=5,6", 0, ""},
    {"tests[0].count.stances=1,2,3", ERR_RULE, "tests[0].count.stances"},
    {"tests[0].count.stances=1,2,4", 0, ""},
    {"tests[0].count.kind=2 tests[0].count.stances=", ERR_RULE, "tests[0].count.kind"},
    {"tests[0].count.kind=3 tests[0].count.stances=", 0, ""},
    {"tests[0].against.kind=3", ERR_RULE, "tests[0].against.kind"},
    {"tests[0].against.kind=4", 0, ""},
    {"tests[0].against.kind=6 tests[0].against.stances=1,2,5", ERR_RULE, "tests[0].against.stances"},
    {"tests[0].against.kind=6 tests[0].against.stances=1,2,5,6", 0, ""},
};

static const struct check_row SETTINGS[] = {
    /* silence that can be consent takes a side. */
    {"scale*1 scale[0].stance=4 silence=3", 0, ""},
    /* the list */
    {"roll=2", ERR_MISSING, "list"},
    {"roll=2 list=delegates", 0, ""},
    {"roll=2 list=Delegates", ERR_NAME, "list"},
    {"list=delegates", ERR_RULE, "list"},
    {"roll=3 list=delegates", ERR_RULE, "list"},
    /* */
    {"no_quorum=2", ERR_RULE, "no_quorum"},
    {"no_quorum=2 close=new extend_ms=60000", ERR_RULE, "no_quorum"},
    {"no_quorum=2 close=new close.at_time=1", ERR_MISSING, "extend_ms"},
    {"no_quorum=2 close=new close.at_time=1 extend_ms=59999", ERR_RANGE, "extend_ms"},
    {"no_quorum=2 close=new close.at_time=1 extend_ms=60000", 0, ""},
    {"no_quorum=2 close=new close.at_time=1 extend_ms=31622400000", 0, ""},
    {"no_quorum=2 close=new close.at_time=1 extend_ms=31622400001", ERR_RANGE, "extend_ms"},
    {"extend_ms=60000", ERR_RULE, "extend_ms"},
    {"notice_ms=1", 0, ""},
    {"notice_ms=-1", ERR_RANGE, "notice_ms"},
    {"notice_ms=31622400001", ERR_RANGE, "notice_ms"},
    /* */
    {"duties+1 duties[0].stance=6 duties[0].kind=3", 0, ""},
    {"duties+2 duties[0].stance=6 duties[0].kind=1 duties[1].stance=6 duties[1].kind=2", 0, ""},
    {"duties+1 duties[0].stance=6 duties[0].kind=1 duties[0].choice=1", ERR_RULE, "duties[0].choice"},
    /* of other forms */
    {"options+1", ERR_RULE, "options"},
    {"ranking=new", ERR_RULE, "ranking"},
    {"scores=new", ERR_RULE, "scores"},
    {"ties=2", ERR_RULE, "ties"},
    {"tests[0].count.kind=6 tests[0].count.stances=", ERR_RULE, "tests[0].count.kind"},
    {"tests[0].count.kind=5 tests[0].count.stances=", ERR_RULE, "tests[0].count.kind"},
    {"tests[0].against.kind=7 tests[0].against.choices=1", ERR_RULE, "tests[0].against.kind"},
    {"tests[0].count.choices=1", ERR_RULE, "tests[0].count.choices"},
    {"tests[0].against.choices=1", ERR_RULE, "tests[0].against.choices"},
    {"tests[0].count.score=1", ERR_RULE, "tests[0].count.score"},
};

/* Of three options */
static const struct check_row CHOICES[] = {
    {"", 0, ""},
    {"silence=2", ERR_RULE, "silence"},
    {"silence=1", 0, ""},
    {"scale[0].stance=1", ERR_RULE, "scale[0].stance"},
    {"scale*0", 0, ""},
    {"options*1", ERR_RANGE, "options"},
    {"options*65", ERR_RANGE, "options"},
    {"options[1]=", ERR_MISSING, "options[1]"},
    {"options[1].number=1", ERR_RANGE, "options[1].number"},
    {"options[1].label=", ERR_NAME, "options[1].label"},
    {"options[1].label=option-1", ERR_DUPLICATE, "options[1].label"},
    {"options[1].is_default=1", ERR_RULE, "options[1].is_default"},
    {"options[1].majority=two-thirds", ERR_RULE, "options[1].majority"},
    {"tests[0].count.choices=1", 0, ""},
    {"tests[0].count.choices=3,1", 0, ""},
    {"tests[0].count.choices=4", ERR_RANGE, "tests[0].count.choices[0]"},
    {"tests[0].count.choices=1,0", ERR_RANGE, "tests[0].count.choices[1]"},
    {"tests[0].count.choices=2,2", ERR_DUPLICATE, "tests[0].count.choices[1]"},
    {"tests[0].count.choices=", ERR_RULE, "tests[0].count.choices"},
    {"options*0", ERR_RULE, "tests[0].count.choices"},
    {"options*0 tests[0].count.kind=6 tests[0].count.choices=", 0, ""},
    {"tests[0].count.kind=1 tests[0].count.choices=", ERR_RULE, "tests[0].count.kind"},
    {"tests[0].against.kind=6 tests[0].against.stances=1", ERR_RULE, "tests[0].against.kind"},
    {"tests[0].against.kind=7 tests[0].against.choices=1,2", 0, ""},
    {"tests[0].weighting=4 tests[0].bloc=new tests[0].bloc.tied=1 tests[0].bloc.absent=1", ERR_RULE,
     "tests[0].weighting"},
    {"ties=2", 0, ""},
    {"ties=1", ERR_RULE, "ties[0]"},
    {"ties=2,2", ERR_DUPLICATE, "ties[1]"},
    {"ties=0", ERR_MISSING, "ties[0]"},
    {"duties+1 duties[0].choice=3 duties[0].kind=2", 0, ""},
    {"duties+1 duties[0].choice=4 duties[0].kind=2", ERR_RANGE, "duties[0].choice"},
    {"duties+1 duties[0].choice=3 duties[0].kind=2 duties[0].stance=4", ERR_RULE, "duties[0].stance"},
    {"duties+1 duties[0].choice=3", ERR_MISSING, "duties[0].kind"},
    {"scores=new", ERR_RULE, "scores"},
    {"ranking=new", ERR_RULE, "ranking"},
};

/* */
static const struct check_row SCORES[] = {
    {"", 0, ""},
    {"scores=", ERR_MISSING, "scores"},
    {"scores.most=1000", 0, ""},
    {"scores.most=1001", ERR_RANGE, "scores.most"},
    {"scores.least=10", ERR_RANGE, "scores.most"},
    {"scores.least=1000", ERR_RANGE, "scores.least"},
    {"tests[0].count.score=10", 0, ""},
    {"tests[0].count.score=11", ERR_RANGE, "tests[0].count.score"},
    {"scores.least=6", ERR_RANGE, "tests[0].count.score"},
    {"tests[0].count.kind=6 tests[0].count.score=0", ERR_RULE, "tests[0].count.kind"},
    {"options+2", ERR_RULE, "options"},
    {"ties=2", ERR_RULE, "ties"},
};

/* with what is checked of a ranking */
static const struct check_row RANKINGS[] = {
    {"", 0, ""},
    {"ranking=", ERR_MISSING, "ranking"},
    {"ranking.method=0", ERR_MISSING, "ranking.method"},
    {"ranking.method=9", ERR_ENUM, "ranking.method"},
    {"ranking.seats=1", 0, ""},
    {"ranking.seats=2", ERR_RANGE, "ranking.seats"},
    {"ranking.method=2 ranking.seats=2", ERR_RANGE, "ranking.seats"},
    {"ranking.method=3", ERR_RANGE, "ranking.seats"},
    {"ranking.method=3 ranking.seats=63", 0, ""},
    {"ranking.method=4 ranking.seats=64", ERR_RANGE, "ranking.seats"},
    {"ties=1", ERR_RULE, "ties[0]"},
    {"ranking.method=2 ties=1,2", 0, ""},
    {"ranking.needs_default=1", 0, ""},
    {"ranking.method=2 ranking.needs_default=1", ERR_RULE, "ranking.needs_default"},
    {"ranking.quorum=new", ERR_RULE, "ranking.needs_default"},
    {"ranking.method=2 ranking.quorum=new", ERR_RULE, "ranking.quorum"},
    {"ranking.needs_default=1 ranking.quorum=new", ERR_MISSING, "ranking.quorum.of"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=3", ERR_RULE, "ranking.quorum.of"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=77", ERR_ENUM, "ranking.quorum.of"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=1", ERR_MISSING, "ranking.quorum.bound"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=1 ranking.quorum.bound=3", ERR_RULE,
     "ranking.quorum.bound"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=1 ranking.quorum.bound=1", ERR_RANGE,
     "ranking.quorum.numerator"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=1 ranking.quorum.bound=1 "
     "ranking.quorum.numerator=3 "
     "ranking.quorum.denominator=2",
     ERR_RULE, "ranking.quorum.denominator"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=2 ranking.quorum.bound=1 "
     "ranking.quorum.numerator=3 "
     "ranking.quorum.denominator=2",
     ERR_RULE, "ranking.quorum.numerator"},
    {"ranking.needs_default=1 ranking.quorum=new ranking.quorum.of=2 ranking.quorum.bound=2 "
     "ranking.quorum.numerator=1 "
     "ranking.quorum.denominator=2",
     0, ""},
    {"ranking.majorities+1", ERR_RULE, "ranking.needs_default"},
    {"ranking.method=2 ranking.majorities+1", ERR_RULE, "ranking.majorities"},
    {"ranking.needs_default=1 ranking.majorities+1", ERR_NAME, "ranking.majorities[0].name"},
    {"ranking.needs_default=1 ranking.majorities+1 ranking.majorities[0].name=a", ERR_MISSING,
     "ranking.majorities[0].bound"},
    {"ranking.needs_default=1 ranking.majorities+1 ranking.majorities[0].name=a "
     "ranking.majorities[0].bound=2 "
     "ranking.majorities[0].numerator=3 ranking.majorities[0].denominator=1",
     0, ""},
    {"ranking.needs_default=1 ranking.majorities+1 ranking.majorities[0].name=a "
     "ranking.majorities[0].bound=2 "
     "ranking.majorities[0].numerator=3 ranking.majorities[0].denominator=1 ranking.majorities*2",
     ERR_DUPLICATE, "ranking.majorities[1].name"},
    {"ranking.needs_default=1 options+2 options[0].number=1 options[0].label=a options[1].number=2 "
     "options[1].label=b",
     ERR_RULE, "options"},
    {"options+2 options[0].number=1 options[0].label=a options[1].number=2 options[1].label=b "
     "options[1].is_default=1",
     0, ""},
    {"options+2 options[0].number=1 options[0].label=a options[1].number=2 options[1].label=b "
     "options[1].is_default=1 "
     "options[0].is_default=1",
     ERR_DUPLICATE, "options[1].is_default"},
    {"ranking.majorities+1 ranking.majorities[0].name=a ranking.majorities[0].bound=2 "
     "ranking.majorities[0].numerator=3 "
     "ranking.majorities[0].denominator=1 options+2 options[0].number=1 options[0].label=a "
     "options[1].number=2 "
     "options[1].label=b options[1].is_default=1 options[0].majority=a",
     0, ""},
    {"ranking.majorities+1 ranking.majorities[0].name=a ranking.majorities[0].bound=2 "
     "ranking.majorities[0].numerator=3 "
     "ranking.majorities[0].denominator=1 options+2 options[0].number=1 options[0].label=a "
     "options[1].number=2 "
     "options[1].label=b options[1].is_default=1 options[1].majority=a",
     ERR_RULE, "options[1].majority"},
};

/* a rule of two stages, the first of which is changed. The rule can come to NO_DECISION, ADOPTED,
 * TIE, REJECTED. */
#define STAGE "stages+1 stages[0].name=first stages[0].on=8 "
static const struct check_row STAGES[] = {
    {STAGE "stages[0].kind=9 stages[0].outcome=4", 0, ""},
    {STAGE, ERR_MISSING, "stages[0].kind"},
    {STAGE "stages[0].kind=77", ERR_ENUM, "stages[0].kind"},
    {STAGE "stages[0]=", ERR_MISSING, "stages[0]"},
    {STAGE "stages[0].kind=8", 0, ""},
    {STAGE "stages[0].kind=8 stages[0].name=", ERR_NAME, "stages[0].name"},
    {STAGE "stages[0].kind=8 stages[0].on=", ERR_MISSING, "stages[0].on"},
    {STAGE "stages[0].kind=8 stages[0].on=8,6,8", ERR_DUPLICATE, "stages[0].on[2]"},
    {STAGE "stages[0].kind=8 stages[0].on=8,7", ERR_RULE, "stages[0].on[1]"},
    {STAGE "stages[0].kind=8 stages[0].on=0", ERR_MISSING, "stages[0].on[0]"},
    {STAGE "stages[0].kind=8 stages[0].on=6", 0, ""},
    /* BLOCKED and DEADLOCK and what comes of no stage are never come to. */
    {STAGE "stages[0].kind=8 stages[0].on=2", ERR_RULE, "stages[0].on"},
    {STAGE "stages[0].kind=8 stages[0].on=5", ERR_RULE, "stages[0].on"},
    {STAGE "stages[0].kind=8 stages[0].on=13", ERR_RULE, "stages[0].on"},
    {STAGE "stages[0].kind=8 stages[0].on=2,3", 0, ""},
    {STAGE "stages[0].kind=8 stages[0].on=2 tests[0].class=3", 0, ""},
    {STAGE "stages[0].kind=8 stages+1 stages[1].kind=8 stages[1].name=first stages[1].on=8", ERR_DUPLICATE,
     "stages[1].name"},
    {STAGE "stages[0].kind=8 stages+1 stages[1].kind=8 stages[1].name=second stages[1].on=8", 0, ""},
    {STAGE
     "stages[0].kind=9 stages[0].outcome=10 stages+1 stages[1].kind=8 stages[1].name=second stages[1].on=8",
     ERR_RULE, "stages[1].on"},
    {STAGE
     "stages[0].kind=9 stages[0].outcome=10 stages+1 stages[1].kind=8 stages[1].name=second stages[1].on=10",
     0, ""},
    {STAGE
     "stages[0].kind=9 stages[0].outcome=4 stages+1 stages[1].kind=8 stages[1].name=second stages[1].on=9",
     0, ""},
    {STAGE
     "stages[0].kind=9 stages[0].outcome=4 stages[0].map+1 stages[0].map[0].to=13 stages+1 stages[1].kind=8 "
     "stages[1].name=second stages[1].on=13",
     0, ""},
    {STAGE "stages[0].kind=8 stages*17", ERR_RANGE, "stages"},
    /* The map */
    {STAGE "stages[0].kind=8 stages[0].map+1", ERR_MISSING, "stages[0].map[0].to"},
    {STAGE "stages[0].kind=8 stages[0].map+1 stages[0].map[0]=", ERR_MISSING, "stages[0].map[0]"},
    {STAGE "stages[0].kind=8 stages[0].map+1 stages[0].map[0].to=7", ERR_RULE, "stages[0].map[0].to"},
    {STAGE "stages[0].kind=8 stages[0].map+1 stages[0].map[0].to=8 stages[0].map[0].from=7", ERR_RULE,
     "stages[0].map[0].from"},
    {STAGE "stages[0].kind=8 stages[0].map+1 stages[0].map[0].to=8 stages[0].map*2", ERR_DUPLICATE,
     "stages[0].map[1].from"},
    /* What each kind has */
    {STAGE "stages[0].kind=9", ERR_MISSING, "stages[0].outcome"},
    {STAGE "stages[0].kind=9 stages[0].outcome=7", ERR_RULE, "stages[0].outcome"},
    {STAGE "stages[0].kind=8 stages[0].outcome=4", ERR_RULE, "stages[0].outcome"},
    {STAGE "stages[0].kind=8 stages[0].within_ms=60000", ERR_RULE, "stages[0].within_ms"},
    {STAGE "stages[0].kind=8 stages[0].otherwise=4", ERR_RULE, "stages[0].otherwise"},
    {STAGE "stages[0].kind=8 stages[0].count=1", ERR_RULE, "stages[0].count"},
    {STAGE "stages[0].kind=8 stages[0].by_other=1", ERR_RULE, "stages[0].by_other"},
    {STAGE "stages[0].kind=8 stages[0].counts_as=1", ERR_RULE, "stages[0].counts_as"},
    {STAGE "stages[0].kind=8 stages[0].office=1", ERR_RULE, "stages[0].office"},
    {STAGE "stages[0].kind=8 stages[0].each_party=1", ERR_RULE, "stages[0].each_party"},
    {STAGE "stages[0].kind=8 stages[0].who=court", ERR_RULE, "stages[0].who"},
    {STAGE "stages[0].kind=8 stages[0].rule=new", ERR_RULE, "stages[0].rule"},
    {STAGE "stages[0].kind=2", ERR_MISSING, "stages[0].within_ms"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=59999", ERR_RANGE, "stages[0].within_ms"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=31622400001", ERR_RANGE, "stages[0].within_ms"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=60000", ERR_RANGE, "stages[0].count"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=60000 stages[0].count=101", ERR_RANGE, "stages[0].count"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=60000 stages[0].count=2", ERR_MISSING,
     "stages[0].counts_as"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=60000 stages[0].count=2 stages[0].counts_as=6", ERR_RULE,
     "stages[0].counts_as"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=60000 stages[0].by_other=1 stages[0].counts_as=5", 0, ""},
    {STAGE "stages[0].kind=2 stages[0].within_ms=60000 stages[0].by_other=1 stages[0].counts_as=5 scale*1",
     ERR_RULE, "stages[0].kind"},
    {STAGE "stages[0].kind=2 stages[0].within_ms=60000 stages[0].by_other=1 stages[0].counts_as=5 "
           "stages[0].otherwise=8",
     ERR_RULE, "stages[0].otherwise"},
    {STAGE "stages[0].kind=3 stages[0].within_ms=60000", ERR_RANGE, "stages[0].count"},
    {STAGE "stages[0].kind=3 stages[0].within_ms=60000 stages[0].count=20 stages[0].otherwise=11", 0, ""},
    {STAGE "stages[0].kind=3 stages[0].within_ms=60000 stages[0].count=21", ERR_RANGE, "stages[0].count"},
    {STAGE "stages[0].kind=3 stages[0].within_ms=60000 stages[0].count=2 stages[0].otherwise=7", ERR_RULE,
     "stages[0].otherwise"},
    {STAGE "stages[0].kind=4 stages[0].within_ms=60000", ERR_MISSING, "stages[0].office"},
    {STAGE "stages[0].kind=4 stages[0].within_ms=60000 stages[0].office=2", 0, ""},
    {STAGE "stages[0].kind=4 stages[0].within_ms=60000 stages[0].office=2 stages[0].each_party=1", ERR_RULE,
     "stages[0].each_party"},
    {STAGE "stages[0].kind=7 stages[0].within_ms=60000 stages[0].office=1 stages[0].each_party=1", 0, ""},
    {STAGE "stages[0].kind=5 stages[0].within_ms=60000", ERR_MISSING, "stages[0].who"},
    {STAGE "stages[0].kind=5 stages[0].within_ms=60000 stages[0].who=The-Judge", ERR_NAME, "stages[0].who"},
    {STAGE "stages[0].kind=6 stages[0].within_ms=60000 stages[0].who=council", 0, ""},
    /* the rule of a stage's rounds is checked as the rule is. */
    {STAGE "stages[0].kind=1", ERR_MISSING, "stages[0].rule"},
    {STAGE "stages[0].kind=1 stages[0].rule=new", 0, ""},
    {STAGE "stages[0].kind=1 stages[0].rule=new stages[0].rule.rounds=101", ERR_RANGE,
     "stages[0].rule.rounds"},
    {STAGE "stages[0].kind=1 stages[0].rule=new stages[0].rule.tests+1", ERR_NAME,
     "stages[0].rule.tests[0].name"},
    {STAGE "stages[0].kind=1 stages[0].rule=new stages[0].rule.visibility=3", ERR_UNSUPPORTED,
     "stages[0].rule.visibility"},
    {STAGE
     "stages[0].kind=1 stages[0].rule=new stages[0].rule.close=new stages[0].rule.close.nothing_can_change=1",
     ERR_RULE, "stages[0].rule.close.nothing_can_change"},
    {STAGE "stages[0].kind=1 stages[0].rule=new stages[0].rule.form=4", ERR_MISSING, "stages[0].rule.scores"},
    {STAGE "stages[0].kind=1 stages[0].rule=new stages[0].rule.form=2", ERR_MISSING, "stages[0].rule.tests"},
    {STAGE "roll=2 list=delegates stages[0].kind=1 stages[0].rule=new stages[0].rule.roll=1", 0, ""},
    {STAGE "stages[0].kind=1 stages[0].rule=new stages[0].rule.roll=2", ERR_MISSING, "stages[0].rule.list"},
    {STAGE "no_quorum=2 close=new close.at_time=1 extend_ms=60000 stages[0].kind=1 stages[0].rule=new "
           "stages[0].rule.no_quorum=1",
     0, ""},
    {STAGE "no_quorum=2 close=new close.at_time=1 extend_ms=60000 stages[0].kind=1 stages[0].rule=new "
           "stages[0].rule.close=new",
     ERR_RULE, "stages[0].rule.no_quorum"},
};

#define TABLE(rule, rows)                                                                                    \
    {                                                                                                        \
        rule, rows, ARRAY_COUNT(rows)                                                                        \
    }
static const struct table TABLES[] = {
    TABLE("S whole AV > 1/2 of cast; S each#2 AV > 1/2 of cast", SCOPES),
    TABLE("S whole AV > 1/2 of cast seats=nn", BLOCS),
    TABLE("S whole AV > 1/2 of cast", SETTINGS),
    TABLE("S whole choices=1,2 > 1/2 of cast; choice=3", CHOICES),
    TABLE("S whole score=5 > 1/2 of cast; score=0-10", SCORES),
    TABLE("ranking", RANKINGS),
    TABLE("S whole AV > 1/2 of cast", STAGES),
};

static void bad_parts_are_refused(void **state)
{
    size_t count = 0;
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(TABLES); i++) {
        table_check(&TABLES[i]);
        count += TABLES[i].count;
    }
    print_message("%zu rules\n", count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_parts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
