#include "core/rule/counted.h"

#include <stdlib.h>

#include "core/error.h"

uint64_t group_silent(const struct group *group)
{
    return group->eligible - group->answered;
}

bool counted_silence_is_consent(const struct counted *counted)
{
    return counted->rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT;
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = ((const struct group *) a)->constituency->number;
    uint32_t right = ((const struct group *) b)->constituency->number;
    return (left > right) - (left < right);
}

static int by_name(const void *a, const void *b)
{
    const struct group *left = *(struct group *const *) a;
    const struct group *right = *(struct group *const *) b;
    int order = strcmp(left->constituency->name, right->constituency->name);
    return order ? order : by_number(left, right);
}

static struct group *group_find(const struct counted *counted, uint32_t number)
{
    size_t low = 0;
    size_t high = counted->input->constituency_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t found = counted->groups[middle].constituency->number;
        if (found == number)
            return &counted->groups[middle];
        if (found < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* One member. docs/rules.md */
static int line_add(struct counted *counted, struct group *group, const struct roll_line *line)
{
    group->seats++;
    if (line->is_recused) {
        group->recused++;
        return 0;
    }
    bool is_present = counted->rule->present == COMITY__V1__PRESENT__PRESENT_ANSWERED ? line->has_answered
                                                                                      : line->is_present;
    group->eligible++;
    group->present += is_present;
    group->answered += line->has_answered;
    group->present_or_silent += is_present || !line->has_answered;
    if (!line->has_answered)
        return 0;
    unsigned place = line->given.answer <= ANSWER_MAX ? counted->place_of[line->given.answer] : 0;
    if (place == 0)
        return ERR_INTERNAL;
    group->answers[place - 1]++;
    counted->sequences[counted->sequence_count++] = line->sequence;
    return 0;
}

static int lines_add(struct counted *counted)
{
    const struct rule_input *input = counted->input;
    struct group *group = NULL;

    for (size_t i = 0; i < input->line_count; i++) {
        const struct roll_line *line = &input->lines[i];
        if (!group || group->constituency->number != line->constituency)
            group = group_find(counted, line->constituency);
        if (!group)
            return ERR_INTERNAL;
        int code = line_add(counted, group, line);
        if (code)
            return code;
    }
    return 0;
}

static void group_add(struct group *sum, const struct group *group)
{
    sum->seats += group->seats;
    sum->eligible += group->eligible;
    sum->present += group->present;
    sum->answered += group->answered;
    sum->recused += group->recused;
    sum->present_or_silent += group->present_or_silent;
    for (size_t i = 0; i < SCALE_MAX; i++)
        sum->answers[i] += group->answers[i];
    for (size_t i = 0; i < STANCE_COUNT; i++)
        sum->stances[i] += group->stances[i];
}

/* Stances of each group, those with a seat by name, and the sums. docs/rules.md */
static void groups_conclude(struct counted *counted)
{
    const Comity__V1__Rule *rule = counted->rule;

    for (size_t i = 0; i < counted->input->constituency_count; i++) {
        struct group *group = &counted->groups[i];
        if (group->seats == 0)
            continue;
        for (size_t place = 0; place < rule->n_scale; place++)
            group->stances[rule->scale[place]->stance] += group->answers[place];
        counted->named[counted->named_count++] = group;
        group_add(&counted->whole, group);
        if (group->constituency->is_party)
            group_add(&counted->parties, group);
    }
    if (counted->named_count > 1)
        qsort(counted->named, counted->named_count, sizeof(struct group *), by_name);
    for (size_t i = 0; i < counted->named_count; i++) {
        if (counted->named[i]->constituency->is_party)
            counted->named_parties[counted->party_count++] = counted->named[i];
    }
}

/* Ascending, byte by byte from the lowest: the time does not depend on the order of arrival, and ten thousand
 * take a tenth of what comparing them takes. */
static int sequences_sort(uint64_t *sequences, size_t count, struct arena *arena)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all |= sequences[i];
    uint64_t *from = sequences;
    uint64_t *to = arena_alloc(arena, (count + 1) * sizeof(uint64_t));
    if (!to)
        return ERR_MEMORY;

    for (unsigned shift = 0; shift < 64 && all >> shift != 0; shift += 8) {
        size_t next[257] = {0};
        for (size_t i = 0; i < count; i++)
            next[((from[i] >> shift) & 0xFF) + 1]++;
        for (size_t i = 1; i < 257; i++)
            next[i] += next[i - 1];
        for (size_t i = 0; i < count; i++)
            to[next[(from[i] >> shift) & 0xFF]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != sequences)
        memcpy(sequences, from, count * sizeof(uint64_t));
    return 0;
}

/* Ballots that were entered together have one sequence. */
static size_t sequences_unique(uint64_t *sequences, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || sequences[kept - 1] != sequences[i])
            sequences[kept++] = sequences[i];
    }
    return kept;
}

int counted_init(struct counted *counted, const struct rule_input *input, struct arena *arena)
{
    *counted = (struct counted){.input = input, .rule = input->rule, .arena = arena};
    for (size_t place = 0; place < input->rule->n_scale; place++)
        counted->place_of[input->rule->scale[place]->answer] = (uint8_t) (place + 1);

    size_t constituencies = input->constituency_count;
    counted->groups = arena_alloc(arena, (constituencies + 1) * sizeof(struct group));
    counted->named = arena_alloc(arena, (constituencies + 1) * sizeof(struct group *));
    counted->named_parties = arena_alloc(arena, (constituencies + 1) * sizeof(struct group *));
    counted->sequences = arena_alloc(arena, (input->line_count + 1) * sizeof(uint64_t));
    if (!counted->groups || !counted->named || !counted->named_parties || !counted->sequences)
        return ERR_MEMORY;
    for (size_t i = 0; i < constituencies; i++)
        counted->groups[i].constituency = &input->constituencies[i];
    if (constituencies > 1)
        qsort(counted->groups, constituencies, sizeof(struct group), by_number);

    int code = lines_add(counted);
    if (code)
        return code;
    groups_conclude(counted);
    int sorted = sequences_sort(counted->sequences, counted->sequence_count, arena);
    if (sorted == 0)
        counted->sequence_count = sequences_unique(counted->sequences, counted->sequence_count);
    return sorted;
}

/* Ballots of these stances, with the silence that is AGREE. docs/rules.md */
uint64_t counted_stances(const struct counted *counted, const struct group *group,
                         const Comity__V1__Stance *stances, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += group->stances[stances[i]];
        if (stances[i] == COMITY__V1__STANCE__STANCE_AGREE && counted_silence_is_consent(counted))
            sum += group_silent(group);
    }
    return sum;
}

/* "For" and "against", with the silence that is AGREE. docs/rules.md */
uint64_t counted_for(const struct counted *counted, const struct group *group)
{
    static const Comity__V1__Stance FOR[] = {COMITY__V1__STANCE__STANCE_AGREE,
                                             COMITY__V1__STANCE__STANCE_RESERVED};
    return counted_stances(counted, group, FOR, ARRAY_COUNT(FOR));
}

uint64_t counted_against(const struct group *group)
{
    return group->stances[COMITY__V1__STANCE__STANCE_CONCERN] +
           group->stances[COMITY__V1__STANCE__STANCE_BLOCK];
}

/* docs/rules.md R-32 */
static Comity__V1__Tally *tally_make(const struct counted *counted, const struct group *group)
{
    const Comity__V1__Rule *rule = counted->rule;
    struct arena *arena = counted->arena;
    Comity__V1__Tally *tally = arena_alloc(arena, sizeof(*tally));
    if (!tally)
        return NULL;
    comity__v1__tally__init(tally);
    if (group->constituency)
        tally->constituency = arena_string(arena, group->constituency->name);
    tally->eligible = group->eligible;
    tally->present = group->present;
    tally->answered = group->answered;
    tally->recused = group->recused;
    tally->silent = group_silent(group);
    tally->answers = arena_alloc(arena, rule->n_scale * sizeof(tally->answers[0]));
    tally->stances = arena_alloc(arena, STANCE_COUNT * sizeof(tally->stances[0]));
    Comity__V1__AnswerCount *answers = arena_alloc(arena, rule->n_scale * sizeof(*answers));
    Comity__V1__StanceCount *stances = arena_alloc(arena, STANCE_COUNT * sizeof(*stances));
    if (!tally->constituency || !tally->answers || !tally->stances || !answers || !stances)
        return NULL;

    for (uint32_t answer = 1; answer <= ANSWER_MAX; answer++) {
        if (counted->place_of[answer] == 0)
            continue;
        Comity__V1__AnswerCount *row = &answers[tally->n_answers];
        comity__v1__answer_count__init(row);
        row->answer = answer;
        row->ballots = group->answers[counted->place_of[answer] - 1];
        tally->answers[tally->n_answers++] = row;
    }
    for (int stance = COMITY__V1__STANCE__STANCE_AGREE; stance < STANCE_COUNT; stance++) {
        Comity__V1__StanceCount *row = &stances[tally->n_stances];
        comity__v1__stance_count__init(row);
        row->stance = (Comity__V1__Stance) stance;
        row->ballots = group->stances[stance];
        tally->stances[tally->n_stances++] = row;
    }
    return tally;
}

int counted_tallies(const struct counted *counted, Comity__V1__Outcome *outcome)
{
    outcome->tallies = arena_alloc(counted->arena, (counted->named_count + 1) * sizeof(outcome->tallies[0]));
    if (!outcome->tallies)
        return ERR_MEMORY;
    for (size_t i = 0; i <= counted->named_count; i++) {
        const struct group *group = i == 0 ? &counted->whole : counted->named[i - 1];
        Comity__V1__Tally *tally = tally_make(counted, group);
        if (!tally)
            return ERR_MEMORY;
        outcome->tallies[outcome->n_tallies++] = tally;
    }
    return 0;
}
