/* Reading the roll: docs/rules.md */
#include "core/rule/test.h"

#include <stdlib.h>

#include "core/error.h"

uint64_t line_weight(const struct roll_line *line)
{
    return line->weight ? line->weight : 1;
}

/* docs/rules.md R-19 */
Comity__V1__Stance voice_stance(unsigned voice)
{
    if (voice == VOICE_CONSENTS)
        return COMITY__V1__STANCE__STANCE_AGREE;
    return voice >= VOICE_STANCE && voice < VOICE_VALUE ? (Comity__V1__Stance) (voice - VOICE_STANCE + 1)
                                                        : COMITY__V1__STANCE__STANCE_UNSPECIFIED;
}

/* docs/rules.md */
bool voice_is_for(unsigned voice)
{
    Comity__V1__Stance stance = voice_stance(voice);
    return voice > VOICE_VALUE || stance == COMITY__V1__STANCE__STANCE_AGREE ||
           stance == COMITY__V1__STANCE__STANCE_RESERVED;
}

bool voice_is_against(unsigned voice)
{
    Comity__V1__Stance stance = voice_stance(voice);
    return stance == COMITY__V1__STANCE__STANCE_CONCERN || stance == COMITY__V1__STANCE__STANCE_BLOCK;
}

bool counted_has_ballot(const struct counted *counted, size_t line)
{
    return counted->lines[line].is_counted && !counted->input->lines[line].is_recused &&
           counted->input->lines[line].has_answered;
}

/* Places in the order of a name: what is sorted are places, so that nothing has to know where it lies. */
struct named {
    const char *name;
    uint32_t number;
    uint32_t place;
};

static int by_name(const void *a, const void *b)
{
    const struct named *left = a;
    const struct named *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : (left->number > right->number) - (left->number < right->number);
}

static int by_number(const void *a, const void *b)
{
    const struct named *left = a;
    const struct named *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

/* Things with a name and a number each, whose places are their places in the input: put in the order of their names,
 * each with its old place; *ret_numbered: the same by number, each with its place by name. */
static int named_order(struct arena *arena, struct named *named, size_t count, struct named **ret_numbered)
{
    if (count > 1)
        qsort(named, count, sizeof(*named), by_name);
    struct named *numbered = arena_copy(arena, named, (count + 1) * sizeof(*named));
    if (!numbered)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        numbered[i].place = (uint32_t) i;
    if (count > 1)
        qsort(numbered, count, sizeof(*numbered), by_number);
    *ret_numbered = numbered;
    return 0;
}

/* Place by name + 1; 0: there is none of the number. */
static uint32_t numbered_find(const struct named *numbered, size_t count, uint32_t number)
{
    const struct named key = {.number = number};
    const struct named *found =
        count > 0 ? bsearch(&key, numbered, count, sizeof(*numbered), by_number) : NULL;
    return found ? found->place + 1 : 0;
}

static const char *side_of(const struct roll_constituency *constituency)
{
    return constituency->side && constituency->side[0] != '\0' ? constituency->side : constituency->name;
}

/* Constituencies by name. */
static int groups_init(struct counted *counted)
{
    const struct rule_input *input = counted->input;
    size_t count = input->constituency_count;
    struct named *named = arena_alloc(counted->arena, (count + 1) * sizeof(*named));
    counted->groups = arena_alloc(counted->arena, (count + 1) * sizeof(*counted->groups));
    if (!named || !counted->groups)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        named[i] =
            (struct named){input->constituencies[i].name, input->constituencies[i].number, (uint32_t) i};
    int code = named_order(counted->arena, named, count, &counted->groups_by_number);
    for (size_t i = 0; !code && i < count; i++)
        counted->groups[i].constituency = &input->constituencies[named[i].place];
    counted->group_count = count;
    return code;
}

/* The sides of PARTY constituencies, by name; a constituency without one is its own. R-36 */
static int sides_init(struct counted *counted)
{
    struct named *named = arena_alloc(counted->arena, (counted->group_count + 1) * sizeof(*named));
    size_t count = 0;
    counted->side_names =
        arena_alloc(counted->arena, (counted->group_count + 1) * sizeof(*counted->side_names));
    if (!named || !counted->side_names)
        return ERR_MEMORY;
    for (size_t i = 0; i < counted->group_count; i++) {
        if (counted->groups[i].constituency->is_party)
            named[count++] =
                (struct named){side_of(counted->groups[i].constituency), (uint32_t) i, (uint32_t) i};
    }
    if (count > 1)
        qsort(named, count, sizeof(*named), by_name);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(named[i].name, named[i - 1].name) != 0)
            counted->side_names[counted->side_count++] = named[i].name;
        counted->groups[named[i].place].side = counted->side_count - 1;
    }
    return 0;
}

static int sites_init(struct counted *counted)
{
    const struct rule_input *input = counted->input;
    size_t count = input->site_count;
    struct named *named = arena_alloc(counted->arena, (count + 1) * sizeof(*named));
    counted->sites = arena_alloc(counted->arena, (count + 1) * sizeof(*counted->sites));
    if (!named || !counted->sites)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        named[i] = (struct named){input->sites[i].name, input->sites[i].number, (uint32_t) i};
    int code = named_order(counted->arena, named, count, &counted->sites_by_number);
    for (size_t i = 0; !code && i < count; i++)
        counted->sites[i] = &input->sites[named[i].place];
    return code;
}

/* Scores are told apart as far as tests do: the bands between what they ask for. */
static void bands_init(struct counted *counted)
{
    const Comity__V1__Rule *rule = counted->rule;

    for (size_t i = 0; i < rule->n_tests; i++) {
        uint32_t score = rule->tests[i]->count->score;
        size_t at = 0;
        if (rule->tests[i]->count->kind != COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST)
            continue;
        while (at < counted->band_count && counted->bands[at] < score)
            at++;
        if (at < counted->band_count && counted->bands[at] == score)
            continue;
        for (size_t k = counted->band_count; k > at; k--)
            counted->bands[k] = counted->bands[k - 1];
        counted->bands[at] = score;
        counted->band_count++;
    }
}

static unsigned band_of(const struct counted *counted, uint32_t score)
{
    unsigned band = 0;
    while (band < counted->band_count && counted->bands[band] <= score)
        band++;
    return band;
}

bool answer_ranks_any(const struct ballot_answer *given)
{
    for (size_t i = 0; i < given->rank_count; i++) {
        if (given->ranks[i] != 0)
            return true;
    }
    return false;
}

static bool value_add(const struct counted *counted, struct group *group, const struct roll_line *line,
                      size_t value)
{
    if (value >= counted->value_count)
        return false;
    group->values[value].ballots++;
    group->values[value].weight += line_weight(line);
    return true;
}

/* What a ballot says; 0: nothing that the rule knows. Adds it to the tally. */
static unsigned ballot_voice(const struct counted *counted, struct group *group, const struct roll_line *line)
{
    const Comity__V1__Rule *rule = counted->rule;
    const struct ballot_answer *given = &line->given;
    unsigned place = given->answer <= ANSWER_MAX ? counted->place_of[given->answer] : 0;

    if (place != 0) {
        group->answers[place - 1].ballots++;
        group->answers[place - 1].weight += line_weight(line);
        return voice_of_stance(rule->scale[place - 1]->stance);
    }
    if (given->answer != 0)
        return 0;
    switch (rule->form) {
    case COMITY__V1__FORM__FORM_CHOICE:
        return given->choice > 0 && value_add(counted, group, line, given->choice - 1)
                   ? VOICE_VALUE + given->choice
                   : 0;
    case COMITY__V1__FORM__FORM_SCORE:
        return given->has_score && given->score >= rule->scores->least &&
                       value_add(counted, group, line, given->score - rule->scores->least)
                   ? VOICE_VALUE + 1 + band_of(counted, given->score)
                   : 0;
    case COMITY__V1__FORM__FORM_RANKING:
        return VOICE_VALUE + answer_ranks_any(given);
    default:
        return 0;
    }
}

/* docs/rules.md */
static unsigned silent_voice(const Comity__V1__Rule *rule, const struct roll_line *line)
{
    bool consents = rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT ||
                    (rule->silence == COMITY__V1__SILENCE__SILENCE_CONSENT_IF_NOTIFIED && line->is_notified);
    return consents ? VOICE_CONSENTS : VOICE_SILENT;
}

/* One member. docs/rules.md */
static int line_add(struct counted *counted, size_t index, uint32_t place)
{
    const struct roll_line *line = &counted->input->lines[index];
    struct voiced *voiced = &counted->lines[index];
    struct group *group = &counted->groups[place];

    voiced->party = (uint16_t) place;
    voiced->is_counted = group->constituency->is_party;
    if (line->site != 0 && (voiced->site = numbered_find(counted->sites_by_number, counted->input->site_count, line->site)) == 0)
        return ERR_INTERNAL;
    group->lines++;
    if (line->is_recused) {
        group->recused++;
        return 0;
    }
    bool is_present = counted->rule->present == COMITY__V1__PRESENT__PRESENT_ANSWERED ? line->has_answered
                                                                                      : line->is_present;
    unsigned voice =
        line->has_answered ? ballot_voice(counted, group, line) : silent_voice(counted->rule, line);
    if (line->has_answered && voice == 0)
        return ERR_INTERNAL;
    voiced->cell = (uint8_t) cell_of(voice, is_present);
    voiced->is_open = counted->splits_open && !line->has_answered;
    voiced->open_class = (uint8_t) (2 * line->is_notified + is_present);
    group->eligible++;
    group->weight += line_weight(line);
    group->present += is_present;
    group->answered += line->has_answered;
    if (line->has_answered)
        counted->sequences[counted->sequence_count++] = line->sequence;
    return 0;
}

static int lines_add(struct counted *counted)
{
    const struct rule_input *input = counted->input;
    uint32_t place = 0; /* + 1 */

    for (size_t i = 0; i < input->line_count; i++) {
        uint32_t number = input->lines[i].constituency;
        if (place == 0 || counted->groups[place - 1].constituency->number != number)
            place = numbered_find(counted->groups_by_number, counted->group_count, number);
        int code = place == 0 ? ERR_INTERNAL : line_add(counted, i, place - 1);
        if (code)
            return code;
    }
    return 0;
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

/* How many voices the form has, and how many values a tally. */
static void form_init(struct counted *counted)
{
    const Comity__V1__Rule *rule = counted->rule;
    unsigned voices = VOICE_VALUE;

    for (size_t place = 0; place < rule->n_scale; place++)
        counted->place_of[rule->scale[place]->answer] = (uint8_t) (place + 1);
    for (size_t i = 0; i < rule->n_tests; i++)
        counted->is_weighted =
            counted->is_weighted || rule->tests[i]->weighting == COMITY__V1__WEIGHTING__WEIGHTING_WEIGHT;
    bands_init(counted);
    if (rule->form == COMITY__V1__FORM__FORM_CHOICE) {
        counted->value_count = counted->input->option_count;
        voices = VOICE_VALUE + 1 + (unsigned) counted->value_count;
    } else if (rule->form == COMITY__V1__FORM__FORM_SCORE) {
        counted->value_count = rule->scores->most - rule->scores->least + 1;
        voices = VOICE_VALUE + 2 + (unsigned) counted->band_count;
    } else if (rule->form == COMITY__V1__FORM__FORM_RANKING) {
        voices = VOICE_VALUE + 2;
    }
    counted->cell_count = (size_t) 2 * voices;
}

static int group_space(const struct counted *counted, struct group *group)
{
    group->answers = arena_alloc(counted->arena, (counted->rule->n_scale + 1) * sizeof(*group->answers));
    group->values = arena_alloc(counted->arena, (counted->value_count + 1) * sizeof(*group->values));
    return group->answers && group->values ? 0 : ERR_MEMORY;
}

static int space_init(struct counted *counted)
{
    size_t lines = counted->input->line_count;
    counted->lines = arena_alloc(counted->arena, (lines + 1) * sizeof(*counted->lines));
    counted->sequences = arena_alloc(counted->arena, (lines + 1) * sizeof(*counted->sequences));
    if (!counted->lines || !counted->sequences || counted->input->option_count > OPTIONS_MAX)
        return counted->lines && counted->sequences ? ERR_INTERNAL : ERR_MEMORY;
    int code = group_space(counted, &counted->whole);
    for (size_t i = 0; !code && i < counted->group_count; i++)
        code = group_space(counted, &counted->groups[i]);
    return code;
}

static void group_add(const struct counted *counted, struct group *sum, const struct group *group)
{
    sum->lines += group->lines;
    sum->eligible += group->eligible;
    sum->weight += group->weight;
    sum->present += group->present;
    sum->answered += group->answered;
    sum->recused += group->recused;
    for (size_t i = 0; i < counted->rule->n_scale; i++) {
        sum->answers[i].ballots += group->answers[i].ballots;
        sum->answers[i].weight += group->answers[i].weight;
    }
    for (size_t i = 0; i < counted->value_count; i++) {
        sum->values[i].ballots += group->values[i].ballots;
        sum->values[i].weight += group->values[i].weight;
    }
}

int counted_init(struct counted *counted, const struct rule_input *input, struct arena *arena,
                 bool splits_open)
{
    *counted =
        (struct counted){.input = input, .rule = input->rule, .arena = arena, .splits_open = splits_open};
    form_init(counted);
    int code = groups_init(counted);
    if (!code)
        code = sides_init(counted);
    if (!code)
        code = sites_init(counted);
    if (!code)
        code = space_init(counted);
    if (!code)
        code = lines_add(counted);
    if (code)
        return code;
    for (size_t i = 0; i < counted->group_count; i++) {
        if (counted->groups[i].lines > 0)
            group_add(counted, &counted->whole, &counted->groups[i]);
    }
    code = sequences_sort(counted->sequences, counted->sequence_count, arena);
    if (code)
        return code;
    counted->sequence_count = sequences_unique(counted->sequences, counted->sequence_count);
    code = counted_scopes(counted);
    if (!code)
        code = counted_lead(counted);
    return code ? code : scopes_check(counted);
}
