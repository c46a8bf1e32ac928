/* What an outcome takes as it is packed, at most: so that whoever is to see it can. docs/rules.md R-36 */
#include "core/rule/test.h"

/* Of parts of an outcome without names and sets: the numbers of the contract, at the largest that they can
 * be. */
enum {
    LINE_BYTES = 113,
    BLOC_BYTES = 36,
    QUANTIFIER_BYTES = 48,
    TALLY_BYTES = 180,
    COUNT_BYTES = 17,
    SEQUENCE_BYTES = 6
};
enum { RANKING_BYTES = 176 * 1024 }; /* 260 stages of 64 options, and every pair */
/* A member of a set is one byte. It is taken for two: the wire bounds how many fields there are as well. */
enum { MEMBER_BYTES = 2 };

static uint64_t test_bytes(const Comity__V1__Test *test, const struct scope *scope)
{
    size_t members =
        test->count->n_stances + test->count->n_choices + test->against->n_stances + test->against->n_choices;
    uint64_t bytes = QUANTIFIER_BYTES + strlen(test->name);

    for (size_t i = 0; i < scope->count; i++) {
        const struct subject *subject = scope->list[i];
        bytes += LINE_BYTES + strlen(test->name) + strlen(subject->name) + MEMBER_BYTES * members;
        for (size_t bloc = 0; bloc < subject->bloc_count; bloc++)
            bytes += BLOC_BYTES + strlen(subject->blocs[bloc]->constituency);
    }
    return bytes;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Scores that somebody gave, in the whole and of each constituency. */
static uint64_t score_rows(const struct counted *counted)
{
    uint64_t values = counted->rule->form == COMITY__V1__FORM__FORM_SCORE ? counted->value_count : 0;
    uint64_t lines = counted->input->line_count;

    return least(values, lines) + least(values * counted->group_count, lines);
}

/* Before a round opens nothing is known of its options; and where blocks are counted anew the scale may have
 * one answer more: what fits then fits at the close. */
static uint64_t tallies_bytes(const struct counted *counted)
{
    bool is_choice = counted->rule->form == COMITY__V1__FORM__FORM_CHOICE;
    uint64_t rows = SCALE_MAX + 1 + (is_choice ? OPTIONS_MAX : 0);
    uint64_t bytes = TALLY_BYTES + COUNT_BYTES * (rows + score_rows(counted));

    for (size_t i = 0; i < counted->group_count; i++)
        if (counted->groups[i].lines > 0)
            bytes += TALLY_BYTES + strlen(counted->groups[i].constituency->name) + COUNT_BYTES * rows;
    return bytes;
}

uint64_t outcome_bytes_most(const struct counted *counted)
{
    bool is_ranking = counted->rule->form == COMITY__V1__FORM__FORM_RANKING;
    uint64_t bytes = tallies_bytes(counted) + (uint64_t) SEQUENCE_BYTES * counted->input->line_count;

    for (size_t i = 0; i < counted->rule->n_tests; i++)
        bytes += test_bytes(counted->rule->tests[i], &counted->scopes[i]);
    return bytes + (is_ranking ? RANKING_BYTES : 0);
}
