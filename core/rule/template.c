/* Rules that are shipped, as data: docs/rules.md R-35. */
#include "core/rule/rule.h"

/* protobuf-c's structs hold pointers to what is not const; nobody writes through these. */
#define TEXT(literal) ((char *) (literal))
#define OF(type, lower) .base = PROTOBUF_C_MESSAGE_INIT(&comity__v1__##lower##__descriptor)
#define STANCE(name) COMITY__V1__STANCE__STANCE_##name
#define STANCES(...)                                                                                         \
    .n_stances = sizeof((Comity__V1__Stance[]){__VA_ARGS__}) / sizeof(Comity__V1__Stance),                   \
    .stances = (Comity__V1__Stance[])                                                                        \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define LIST(field, type, ...)                                                                               \
    .n_##field = sizeof((type *[]){__VA_ARGS__}) / sizeof(type *), .field = (type *[])                       \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

/* Whom a test looks at, what it counts, and of what. */
static Comity__V1__Scope whole = {OF(Scope, scope), .kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_WHOLE,
                                  .of = TEXT("")};
static Comity__V1__Scope each = {
    OF(Scope, scope), .kind = COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY, .of = TEXT("")};

#define COUNT_OF(...)                                                                                        \
    {                                                                                                        \
        OF(Count, count), .kind = COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES, STANCES(__VA_ARGS__)           \
    }
static Comity__V1__Count support = COUNT_OF(STANCE(AGREE), STANCE(RESERVED));
static Comity__V1__Count concern = COUNT_OF(STANCE(CONCERN));
static Comity__V1__Count block = COUNT_OF(STANCE(BLOCK));
static Comity__V1__Count aside = COUNT_OF(STANCE(STAND_ASIDE));
static Comity__V1__Count present = {OF(Count, count), .kind = COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT};

#define BASE(which)                                                                                          \
    {                                                                                                        \
        OF(Base, base), .kind = COMITY__V1__BASE_KIND__BASE_KIND_##which                                     \
    }
static Comity__V1__Base none = BASE(NONE);
static Comity__V1__Base eligible = BASE(ELIGIBLE);
static Comity__V1__Base answered = BASE(ANSWERED);
static Comity__V1__Base cast = BASE(CAST);
static Comity__V1__Base sides = {OF(Base, base), .kind = COMITY__V1__BASE_KIND__BASE_KIND_STANCES,
                                 STANCES(STANCE(AGREE), STANCE(RESERVED), STANCE(CONCERN), STANCE(BLOCK))};

/* Tests, as they read: "each support AT_LEAST 1/2 of answered". */
#define TEST(title, kind, of_scope, of_count, of_bound, num, den, of_base)                                   \
    {                                                                                                        \
        OF(Test, test), .name = TEXT(title), .class_ = COMITY__V1__TEST_CLASS__TEST_CLASS_##kind,            \
                        .scope = &(of_scope), .count = &(of_count), .against = &(of_base),                   \
                        .bound = COMITY__V1__BOUND__BOUND_##of_bound, .numerator = (num),                    \
                        .denominator = (den)                                                                 \
    }
static Comity__V1__Test no_block = TEST("no-block", OBJECTION, whole, block, AT_MOST, 0, 1, none);
static Comity__V1__Test no_concern = TEST("no-concern", SUPPORT, whole, concern, AT_MOST, 0, 1, none);
static Comity__V1__Test floor_each = TEST("floor", SUPPORT, each, support, AT_LEAST, 1, 2, answered);
static Comity__V1__Test few_aside = TEST("stand-asides", SUPPORT, whole, aside, AT_MOST, 1, 3, answered);
static Comity__V1__Test half_present = TEST("quorum", QUORUM, each, present, AT_LEAST, 1, 2, eligible);
static Comity__V1__Test everybody = TEST("everybody", SUPPORT, whole, support, AT_LEAST, 1, 1, eligible);
static Comity__V1__Test majority = TEST("majority", SUPPORT, whole, support, MORE_THAN, 1, 2, cast);
static Comity__V1__Test two_thirds = TEST("two-thirds", SUPPORT, whole, support, AT_LEAST, 2, 3, cast);
static Comity__V1__Test absolute = TEST("majority", SUPPORT, whole, support, MORE_THAN, 1, 2, eligible);
static Comity__V1__Test concurrent = TEST("majority", SUPPORT, each, support, MORE_THAN, 1, 2, cast);
static Comity__V1__Test more_for = TEST("more-for", SUPPORT, whole, support, MORE_THAN, 1, 2, sides);

/* Scales. */
#define ANSWER(number, name, of_stance)                                                                      \
    (&(Comity__V1__ScaleEntry){OF(ScaleEntry, scale_entry), .answer = (number), .label = TEXT(name),         \
                               .stance = STANCE(of_stance)})
#define STANCE_SCALE                                                                                         \
    LIST(scale, Comity__V1__ScaleEntry, ANSWER(1, "agree", AGREE), ANSWER(2, "reserved", RESERVED),          \
         ANSWER(3, "stand-aside", STAND_ASIDE), ANSWER(4, "abstain", ABSTAIN),                               \
         ANSWER(5, "concern", CONCERN), ANSWER(6, "block", BLOCK))
#define VOTE_SCALE                                                                                           \
    LIST(scale, Comity__V1__ScaleEntry, ANSWER(1, "yes", AGREE), ANSWER(2, "no", CONCERN),                   \
         ANSWER(3, "abstain", ABSTAIN))

/* A reason for what holds a proposal up. */
static Comity__V1__Duty reason_concern = {OF(Duty, duty), .stance = STANCE(CONCERN),
                                          .kind = COMITY__V1__DUTY_KIND__DUTY_KIND_REASON};
static Comity__V1__Duty reason_block = {OF(Duty, duty), .stance = STANCE(BLOCK),
                                        .kind = COMITY__V1__DUTY_KIND__DUTY_KIND_REASON};

static Comity__V1__Close when_all_answered = {OF(Close, close), .all_answered = 1};

/* What all templates have in common; everything that has a default is said all the same. */
#define RULE(title, seen)                                                                                    \
    OF(Rule, rule),                                                                                          \
        .name = TEXT(title), .form = COMITY__V1__FORM__FORM_STANCE,                                          \
        .roll = COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS, .frozen = COMITY__V1__FROZEN__FROZEN_ROUND,          \
        .silence = COMITY__V1__SILENCE__SILENCE_NOTHING, .present = COMITY__V1__PRESENT__PRESENT_EVER,       \
        .visibility = COMITY__V1__VISIBILITY__VISIBILITY_##seen,                                             \
        .change = COMITY__V1__CHANGE__CHANGE_UNTIL_CLOSE, .no_quorum = COMITY__V1__NO_QUORUM__NO_QUORUM_END, \
        .rounds = 10
#define TESTS(...) LIST(tests, Comity__V1__Test, __VA_ARGS__)
#define DUTIES(...) LIST(duties, Comity__V1__Duty, __VA_ARGS__)

static const Comity__V1__Rule unanimous = {RULE("unanimous", OPEN), TESTS(&no_block, &everybody),
                                           STANCE_SCALE, DUTIES(&reason_concern, &reason_block),
                                           .close = &when_all_answered};
static const Comity__V1__Rule consensus = {
    RULE("consensus", OPEN), TESTS(&half_present, &no_block, &no_concern, &floor_each, &few_aside),
    STANCE_SCALE, DUTIES(&reason_concern, &reason_block)};
static const Comity__V1__Rule consent = {RULE("consent", OPEN), TESTS(&no_block, &no_concern), STANCE_SCALE,
                                         DUTIES(&reason_concern, &reason_block)};
static const Comity__V1__Rule simple_majority = {RULE("simple-majority", UNTIL_CLOSE), TESTS(&majority),
                                                 VOTE_SCALE, .close = &when_all_answered};
static const Comity__V1__Rule two_thirds_of_cast = {RULE("two-thirds", UNTIL_CLOSE), TESTS(&two_thirds),
                                                    VOTE_SCALE, .close = &when_all_answered};
static const Comity__V1__Rule absolute_majority = {RULE("absolute-majority", UNTIL_CLOSE), TESTS(&absolute),
                                                   VOTE_SCALE, .close = &when_all_answered};
static const Comity__V1__Rule concurrent_majority = {
    RULE("concurrent-majority", UNTIL_CLOSE), TESTS(&concurrent), VOTE_SCALE, .close = &when_all_answered};
static const Comity__V1__Rule five_point_poll = {
    RULE("five-point-poll", UNTIL_CLOSE), TESTS(&more_for),
    LIST(scale, Comity__V1__ScaleEntry, ANSWER(1, "strongly-for", AGREE), ANSWER(2, "for", AGREE),
         ANSWER(3, "neutral", ABSTAIN), ANSWER(4, "against", CONCERN), ANSWER(5, "strongly-against", BLOCK))};
static const Comity__V1__Rule thumbs = {RULE("thumbs", UNTIL_CLOSE), TESTS(&no_concern, &floor_each),
                                        LIST(scale, Comity__V1__ScaleEntry, ANSWER(1, "up", AGREE),
                                             ANSWER(2, "sideways", RESERVED), ANSWER(3, "down", CONCERN))};
static const Comity__V1__Rule fist_to_five = {
    RULE("fist-to-five", UNTIL_CLOSE), TESTS(&no_block, &no_concern, &floor_each),
    LIST(scale, Comity__V1__ScaleEntry, ANSWER(5, "five", AGREE), ANSWER(4, "four", AGREE),
         ANSWER(3, "three", RESERVED), ANSWER(2, "two", CONCERN), ANSWER(1, "one", CONCERN),
         ANSWER(10, "fist", BLOCK)),
    DUTIES(&reason_block)};

static const struct rule_template TEMPLATES[] = {
    {"unanimous", N_("Every eligible member supports."), &unanimous},
    {"consensus",
     N_("Nobody blocks, no concern is left, half of those who answered support in each party, and at most a "
     "third "
     "stand aside; half of each party has to be present."),
     &consensus},
    {"consent", N_("Nobody blocks and no concern is left; silence says nothing."), &consent},
    {"simple-majority", N_("More than half of the ballots cast are for."), &simple_majority},
    {"two-thirds", N_("At least two thirds of the ballots cast are for."), &two_thirds_of_cast},
    {"absolute-majority", N_("More than half of the roll is for."), &absolute_majority},
    {"concurrent-majority", N_("In each party more than half of the ballots cast are for."),
     &concurrent_majority},
    {"five-point-poll", N_("Advisory: more for than against; the counts are what is wanted."), &five_point_poll},
    {"thumbs", N_("No thumb is down, and half of those who answered support in each party."), &thumbs},
    {"fist-to-five", N_("No fist, nobody below three, and half of those who answered support in each party."),
     &fist_to_five},
};

const struct rule_template *rule_template_at(unsigned index)
{
    return index < ARRAY_COUNT(TEMPLATES) ? &TEMPLATES[index] : NULL;
}

const struct rule_template *rule_template_find(const char *name)
{
    for (size_t i = 0; name && i < ARRAY_COUNT(TEMPLATES); i++) {
        if (strcmp(TEMPLATES[i].name, name) == 0)
            return &TEMPLATES[i];
    }
    return NULL;
}
