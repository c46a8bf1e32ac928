/* Can an answer that is still to come change what a round comes to? docs/rules.md R-48
 *
 * Each test is looked at by itself: whether it holds, or fails, for every way in which those who are still to
 * answer can go on. A count and a base are sums over members, so that what a member can do at most is known
 * by itself. */
#include "core/error.h"
#include "core/rule/outcome.h"
#include "core/rule/test.h"

typedef __int128 wide;

/* What can come out: at least one of both. */
struct can {
    bool hold;
    bool fail;
};

/* count * denominator - numerator * base, over all that can still be answered. */
struct range {
    wide least;
    wide most;
    /* The same where the base has somebody in it; base_can_be_full: whether it can. */
    wide least_full;
    wide most_full;
    bool base_can_be_empty;
    bool base_can_be_full;
};

/* How much one member adds, at least and at most, by the unit of weight. */
struct step {
    wide least, most;
    wide least_full, most_full; /* of what also adds to the base */
    bool can_be_empty, can_be_full;
};

static struct step step_of(const struct counted *counted, const struct meaning *meaning, const bool *can_be,
                           wide for_count, wide for_base)
{
    struct step step = {0};
    bool is_first = true;

    for (size_t cell = 0; cell < counted->cell_count; cell++) {
        if (!can_be[cell])
            continue;
        bool is_full = (meaning->of_cell[cell] & IN_BASE) != 0;
        wide adds = (meaning->of_cell[cell] & IN_COUNT ? for_count : 0) - (is_full ? for_base : 0);
        step.least = is_first || adds < step.least ? adds : step.least;
        step.most = is_first || adds > step.most ? adds : step.most;
        if (is_full) {
            step.least_full = !step.can_be_full || adds < step.least_full ? adds : step.least_full;
            step.most_full = !step.can_be_full || adds > step.most_full ? adds : step.most_full;
        }
        step.can_be_full = step.can_be_full || is_full;
        step.can_be_empty = step.can_be_empty || !is_full;
        is_first = false;
    }
    return step;
}

/* The base has somebody in it at the price of one member's doing otherwise than what goes furthest. */
struct price {
    bool is_known;
    wide of_least, of_most;
};

static void price_add(struct price *price, const struct step *step, wide amount)
{
    wide of_least = (step->least_full - step->least) * amount;
    wide of_most = (step->most - step->most_full) * amount;

    price->of_least = !price->is_known || of_least < price->of_least ? of_least : price->of_least;
    price->of_most = !price->is_known || of_most < price->of_most ? of_most : price->of_most;
    price->is_known = true;
}

static struct range range_of(const struct counted *counted, const struct meaning *meaning,
                             const struct openness *openness, const struct subject *subject, wide for_count,
                             wide for_base)
{
    struct range range = {.base_can_be_empty = true};
    struct price price = {0};

    for (size_t cell = 0; cell < counted->cell_count; cell++) {
        wide adds = (meaning->of_cell[cell] & IN_COUNT ? for_count : 0) -
                    (meaning->of_cell[cell] & IN_BASE ? for_base : 0);
        range.least += adds * (wide) subject->cells[cell];
        if (meaning->of_cell[cell] & IN_BASE && subject->cells[cell] > 0)
            range.base_can_be_empty = false;
    }
    range.most = range.least;
    range.base_can_be_full = !range.base_can_be_empty;
    for (size_t i = 0; i < OPEN_CLASSES; i++) {
        if (subject->open[i] == 0)
            continue;
        struct step step = step_of(counted, meaning, openness->can_be[i], for_count, for_base);
        range.least += step.least * (wide) subject->open[i];
        range.most += step.most * (wide) subject->open[i];
        range.base_can_be_empty = range.base_can_be_empty && step.can_be_empty;
        range.base_can_be_full = range.base_can_be_full || step.can_be_full;
        if (step.can_be_full)
            price_add(&price, &step, (wide) subject->open_least[i]);
    }
    range.least_full = range.least + (range.base_can_be_empty && price.is_known ? price.of_least : 0);
    range.most_full = range.most - (range.base_can_be_empty && price.is_known ? price.of_most : 0);
    return range;
}

/* docs/rules.md over a range */
static struct can range_can(const struct range *range, const Comity__V1__Test *test, bool has_base,
                            wide number)
{
    wide least = (has_base ? range->least_full : range->least) - number;
    wide most = (has_base ? range->most_full : range->most) - number;
    struct can can = {false, false};

    if (!has_base || range->base_can_be_full) {
        switch (test->bound) {
        case COMITY__V1__BOUND__BOUND_AT_LEAST:
            can = (struct can){most >= 0, least < 0};
            break;
        case COMITY__V1__BOUND__BOUND_MORE_THAN:
            can = (struct can){most > 0, least <= 0};
            break;
        case COMITY__V1__BOUND__BOUND_AT_MOST:
            can = (struct can){least <= 0, most > 0};
            break;
        default:
            can = (struct can){least < 0, most >= 0};
            break;
        }
    }
    if (has_base && range->base_can_be_empty) {
        can.hold = can.hold || test->holds_when_empty;
        can.fail = can.fail || !test->holds_when_empty;
    }
    return can;
}

/* With @leader as the option that leads, where that matters. */
static struct can subject_can_by(const struct counted *counted, const struct scope *scope,
                                 const struct subject *subject, const Comity__V1__Test *test, uint32_t leader)
{
    bool has_base = test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    struct meaning meaning = test_meaning(counted, test, leader);
    struct range range =
        range_of(counted, &meaning, scope->subjects->openness, subject,
                 has_base ? (wide) test->denominator : 1, has_base ? (wide) test->numerator : 0);
    return range_can(&range, test, has_base, has_base ? 0 : (wide) test->numerator);
}

/* Whose lead is settled: nobody can come up to it. 0: of no option. R-46 */
static uint32_t sure_leader(const struct counted *counted)
{
    const struct subject *whole = counted_whole_weighed(counted);
    uint64_t open = 0;

    if (counted->leader_count != 1)
        return 0;
    for (size_t i = 0; i < OPEN_CLASSES; i++)
        open += whole->open[i];
    uint32_t leader = counted->leaders[0];
    uint64_t most = option_amount(whole, leader);
    for (uint32_t option = 1; option <= counted->value_count; option++) {
        uint64_t reach = option_amount(whole, option) + open;
        bool wins_ties =
            rule_breaks_by_order(counted->rule) && option_is_before(counted->input, leader, option);
        if (option != leader && (reach > most || (reach == most && !wins_ties)))
            return 0;
    }
    return leader;
}

static struct can subject_can(const struct counted *counted, size_t index, const struct subject *subject,
                              uint32_t leader)
{
    const Comity__V1__Test *test = counted->rule->tests[index];
    const struct scope *scope = &counted->scopes[index];

    if (test->count->kind != COMITY__V1__COUNT_KIND__COUNT_KIND_LEADING || leader != 0)
        return subject_can_by(counted, scope, subject, test, leader);
    struct can can = {false, true}; /* a tie for the lead */
    for (uint32_t option = 1; option <= counted->value_count; option++)
        can.hold = can.hold || subject_can_by(counted, scope, subject, test, option).hold;
    return can;
}

/* The test over all its subjects. R-37 */
static struct can test_can(const struct counted *counted, size_t index, uint32_t leader)
{
    const Comity__V1__Test *test = counted->rule->tests[index];
    const struct scope *scope = &counted->scopes[index];
    struct can all = {true, false};
    uint64_t least = 0, most = 0, of = 0;

    for (size_t i = 0; i < scope->count; i++) {
        struct can can = subject_can(counted, index, scope->list[i], leader);
        uint64_t weight = 1;
        all.hold = all.hold && can.hold;
        all.fail = all.fail || can.fail;
        if (test_is_by_weight(test))
            subject_weight(counted->rule, test->scope->kind, scope->list[i]->name, &weight);
        of += weight;
        least += can.fail ? 0 : weight;
        most += can.hold ? weight : 0;
    }
    if (!test_has_quantifier(test))
        return all;
    return (struct can){quantifier_holds(test->scope->quantifier, most, of),
                        !quantifier_holds(test->scope->quantifier, least, of)};
}

/* Against less for. */
static struct range opposition(const struct counted *counted, const struct scope *scope,
                               const struct subject *subject)
{
    struct meaning meaning = {{0}};
    for (unsigned cell = 0; cell < counted->cell_count; cell++)
        meaning.of_cell[cell] = (uint8_t) (voice_is_against(cell / 2) ? IN_COUNT
                                           : voice_is_for(cell / 2)   ? IN_BASE
                                                                      : 0);
    return range_of(counted, &meaning, scope->subjects->openness, subject, 1, 1);
}

/* How many take a side at least, and at most. R-25 */
static struct range sides(const struct counted *counted)
{
    struct meaning meaning = {{0}};
    for (unsigned cell = 0; cell < counted->cell_count; cell++)
        meaning.of_cell[cell] = voice_is_for(cell / 2) || voice_is_against(cell / 2) ? IN_COUNT : 0;
    return range_of(counted, &meaning, &counted->openness, counted_whole(counted), 1, 1);
}

/* Of a test that cannot hold. R-27 */
static struct can deadlock_can(const struct counted *counted, size_t index, uint32_t leader)
{
    const Comity__V1__Test *test = counted->rule->tests[index];
    const struct scope *scope = &counted->scopes[index];
    struct can can = {false, true};
    size_t may_hold = 0, may_oppose = 0, may_both = 0;
    bool sure_hold = false, sure_oppose = false;

    if (test_is_whole(test) && test->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS) {
        struct range range = opposition(counted, scope, scope->list[0]);
        bool is_fixed = range.least == range.most;
        can.hold =
            range.least <= 0 && range.most >= 0 && (!is_fixed || subject_for(counted, scope->list[0]) > 0);
        can.fail = !(is_fixed && can.hold);
        return can;
    }
    for (size_t i = 0; test_is_each(test) && i < scope->count; i++) {
        struct can own = subject_can(counted, index, scope->list[i], leader);
        struct range range = opposition(counted, scope, scope->list[i]);
        bool may = own.fail && range.most > 0;
        may_hold += own.hold;
        may_oppose += may;
        may_both += own.hold && may;
        sure_hold = sure_hold || !own.fail;
        sure_oppose = sure_oppose || (!own.hold && range.least > 0);
    }
    /* One for each part: not the same for both. */
    can.hold = may_hold > 0 && may_oppose > 0 && !(may_hold == 1 && may_oppose == 1 && may_both == 1);
    can.fail = !(sure_hold && sure_oppose);
    return can;
}

/* Of a test of the whole that asks for one half. R-28 */
static struct can tie_can(const struct counted *counted, size_t index)
{
    const struct scope *scope = &counted->scopes[index];
    struct range range = opposition(counted, scope, scope->list[0]);
    bool is_fixed = range.least == range.most;

    if (range.least > 0 || range.most < 0)
        return (struct can){false, true};
    bool is_sure = is_fixed && subject_for(counted, scope->list[0]) > 0;
    return (struct can){is_sure || !is_fixed, !is_sure};
}

/* A tie needs that one test fails alone: the one that surely does. R-28 */
static struct can any_tie_can(const struct counted *counted, const struct can *cans)
{
    size_t may_fail = 0, must_fail = 0, failing = 0;

    for (size_t i = 0; i < counted->rule->n_tests; i++) {
        if (counted->rule->tests[i]->class_ != COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT || !cans[i].fail)
            continue;
        may_fail++;
        if (!cans[i].hold) {
            must_fail++;
            failing = i;
        }
    }
    if (must_fail != 1 || !test_is_half(counted->rule->tests[failing]))
        return (struct can){false, true};
    struct can can = tie_can(counted, failing);
    can.fail = can.fail || may_fail > 1;
    return can;
}

/* What becomes of a round that is not adopted whatever is answered: is it always the same? */
static bool failure_is_settled(const struct counted *counted, const struct can *cans, uint32_t leader)
{
    struct can deadlock = {false, true};

    if (counted->rule->form != COMITY__V1__FORM__FORM_STANCE)
        return true;
    for (size_t i = 0; i < counted->rule->n_tests; i++) {
        if (counted->rule->tests[i]->class_ != COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT || !cans[i].fail)
            continue;
        struct can own = deadlock_can(counted, i, leader);
        deadlock.hold = deadlock.hold || own.hold;
        deadlock.fail = deadlock.fail && (own.fail || cans[i].hold);
    }
    if (!deadlock.fail)
        return true;
    struct can tie = any_tie_can(counted, cans);
    return !deadlock.hold && !(tie.hold && tie.fail);
}

/* the tests of a class. *ret_fails: one surely does. False: it is open whether they hold. */
static bool class_is_settled(const struct counted *counted, const struct can *cans,
                             Comity__V1__TestClass class_, bool *ret_fails)
{
    bool is_open = false;
    *ret_fails = false;
    for (size_t i = 0; i < counted->rule->n_tests; i++) {
        if (counted->rule->tests[i]->class_ != class_)
            continue;
        *ret_fails = *ret_fails || !cans[i].hold;
        is_open = is_open || (cans[i].hold && cans[i].fail);
    }
    return *ret_fails || !is_open;
}

/* In the order of the outcomes */
static bool is_settled(const struct counted *counted, const struct can *cans, uint32_t leader)
{
    bool fails;
    bool is_choice = counted->rule->form == COMITY__V1__FORM__FORM_CHOICE;

    if (!class_is_settled(counted, cans, COMITY__V1__TEST_CLASS__TEST_CLASS_QUORUM, &fails))
        return false;
    if (fails)
        return true;
    if (!class_is_settled(counted, cans, COMITY__V1__TEST_CLASS__TEST_CLASS_OBJECTION, &fails))
        return false;
    struct range taken = sides(counted);
    if (fails || taken.most == 0)
        return true;
    if (taken.least == 0 ||
        !class_is_settled(counted, cans, COMITY__V1__TEST_CLASS__TEST_CLASS_SUPPORT, &fails))
        return false;
    if (is_choice && leader == 0) /* nothing is chosen where it fails, unless the lead is tied */
        return fails && rule_breaks_by_order(counted->rule);
    return !fails || failure_is_settled(counted, cans, leader);
}

/* No score is below the first band where that begins with the least. */
static unsigned first_value(const struct counted *counted)
{
    bool is_least = counted->rule->form == COMITY__V1__FORM__FORM_SCORE && counted->band_count > 0 &&
                    counted->bands[0] <= counted->rule->scores->least;
    return VOICE_VALUE + 1 + is_least;
}

/* What a member can come to say, by whether he or she is present now and was notified. R-48 */
static void openness_fill(struct counted *counted)
{
    const Comity__V1__Rule *rule = counted->rule;
    bool by_answer = rule->present == COMITY__V1__PRESENT__PRESENT_ANSWERED;

    for (unsigned class_ = 0; class_ < 4; class_++) {
        bool *can_be = counted->openness.can_be[class_];
        bool is_present = (class_ & 1) != 0;
        bool is_notified = (class_ & 2) != 0;
        bool consents = rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT;
        bool if_notified = rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED;
        if (consents || if_notified)
            can_be[cell_of(VOICE_CONSENTS, is_present)] = true;
        if (!consents && !(if_notified && is_notified))
            can_be[cell_of(VOICE_SILENT, is_present)] = true;
        for (size_t i = 0; i < rule->n_scale; i++)
            can_be[cell_of(voice_of_stance(rule->scale[i]->stance), by_answer || is_present)] = true;
        for (size_t cell = (size_t) 2 * first_value(counted); cell < counted->cell_count; cell += 2)
            can_be[cell + (by_answer || is_present)] = true;
    }
}

/* Does who is there matter, and can it change until the close? */
static bool presence_is_open(const Comity__V1__Rule *rule)
{
    if (rule->present == COMITY__V1__PRESENT__PRESENT_AT_OPEN ||
        rule->present == COMITY__V1__PRESENT__PRESENT_ANSWERED)
        return false;
    for (size_t i = 0; i < rule->n_tests; i++) {
        if (rule->tests[i]->count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_PRESENT ||
            rule->tests[i]->against->kind == COMITY__V1__BASE_KIND__BASE_KIND_PRESENT)
            return true;
    }
    return false;
}

/* Of those who count. */
static bool all_answered(const struct counted *counted)
{
    const struct subject *whole = counted_whole(counted);
    for (size_t i = 0; i < OPEN_CLASSES; i++) {
        if (whole->open[i] > 0)
            return false;
    }
    return true;
}

int rule_is_settled(const struct rule_input *input, struct arena *arena, bool *ret_is_settled)
{
    const Comity__V1__Rule *rule = input->rule;
    struct counted counted;
    struct can *cans = arena_alloc(arena, (rule->n_tests + 1) * sizeof(*cans));
    int code = cans ? counted_init(&counted, input, arena, true) : ERR_MEMORY;

    if (code)
        return code;
    *ret_is_settled = !presence_is_open(rule) && all_answered(&counted);
    if (*ret_is_settled || presence_is_open(rule) || rule->form == COMITY__V1__FORM__FORM_RANKING)
        return 0;
    openness_fill(&counted);
    uint32_t leader = rule->form == COMITY__V1__FORM__FORM_CHOICE ? sure_leader(&counted) : 0;
    for (size_t i = 0; i < rule->n_tests; i++)
        cans[i] = test_can(&counted, i, leader);
    *ret_is_settled = is_settled(&counted, cans, leader);
    return 0;
}
