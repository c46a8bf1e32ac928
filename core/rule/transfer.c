/* Ballots that go from option to option, stage by stage. docs/rules.md */
#include "core/rule/transfer.h"

#include "core/error.h"

/* FIRST and FILL; each option is elected or drops out once, gives one surplus, and may end one ITERATE each
 * time. */
enum { STAGES_A_OPTION = 4, STAGES_BESIDES = 4 };

static size_t stages_max(const struct transfer *transfer)
{
    return STAGES_A_OPTION * transfer->count->input->option_count + STAGES_BESIDES;
}

/* The order of one ballot, without options that were withdrawn. Gaps in the ranks say nothing. */
static uint8_t *order_of(const struct ranking_input *input, const uint32_t *ranks, struct arena *arena,
                         uint8_t *ret_length)
{
    uint8_t at_rank[OPTIONS_MAX + 1] = {0}; /* index + 1 */
    uint8_t order[OPTIONS_MAX];
    uint8_t length = 0;

    for (size_t i = 0; i < input->option_count; i++) {
        if (!(input->withdrawn & option_bit(i)))
            at_rank[ranks[i]] = (uint8_t) (i + 1);
    }
    for (size_t rank = 1; rank <= OPTIONS_MAX; rank++) {
        if (at_rank[rank] != 0)
            order[length++] = (uint8_t) (at_rank[rank] - 1);
    }
    *ret_length = length;
    return arena_copy(arena, order, length);
}

static int parcels_make(struct transfer *transfer)
{
    const struct ranking_input *input = transfer->count->input;

    transfer->parcels =
        arena_alloc(transfer->count->arena, (input->ballot_count + 1) * sizeof(struct parcel));
    if (!transfer->parcels)
        return ERR_MEMORY;
    for (size_t i = 0; i < input->ballot_count; i++) {
        struct parcel *parcel = &transfer->parcels[transfer->parcel_count];
        parcel->order = order_of(input, input->ballots[i].ranks, transfer->count->arena, &parcel->length);
        parcel->count = input->ballots[i].count;
        parcel->value = transfer->unit;
        if (parcel->length == 0)
            continue;
        if (!parcel->order)
            return ERR_MEMORY;
        transfer->parcel_count++;
        transfer->ballots += parcel->count;
        transfer->votes[parcel->order[0]] += parcel->count * parcel->value;
    }
    return 0;
}

int transfer_init(struct transfer *transfer, struct count *count, uint64_t unit)
{
    const struct ranking_input *input = count->input;

    *transfer = (struct transfer){
        .count = count,
        .unit = unit,
        .seats = input->ranking->seats > 0 ? input->ranking->seats : 1,
        .hopeful = input_options(input),
    };
    Comity__V1__RankingResult *result = count->outcome->ranking;
    result->stages = arena_alloc(count->arena, stages_max(transfer) * sizeof(result->stages[0]));
    count->outcome->chosen = arena_alloc(count->arena, (input->option_count + 1) * sizeof(uint32_t));
    if (!result->stages || !count->outcome->chosen)
        return ERR_MEMORY;
    int code = parcels_make(transfer);
    return code ? code : stage_begin(transfer, COMITY__V1__COUNT_ACT__COUNT_ACT_FIRST, 0);
}

int stage_begin(struct transfer *transfer, Comity__V1__CountAct act, option_set options)
{
    struct arena *arena = transfer->count->arena;
    Comity__V1__RankingResult *result = transfer->count->outcome->ranking;
    size_t option_count = transfer->count->input->option_count;
    Comity__V1__CountStage *stage = arena_alloc(arena, sizeof(*stage));

    if (!stage)
        return ERR_MEMORY;
    if (result->n_stages == stages_max(transfer))
        return ERR_INTERNAL;
    comity__v1__count_stage__init(stage);
    stage->act = act;
    stage->options = options_numbers(options, arena);
    stage->n_options = options_count(options);
    stage->votes = arena_alloc(arena, option_count * sizeof(uint64_t));
    stage->elected = arena_alloc(arena, option_count * sizeof(uint32_t));
    stage->ties = arena_copy(arena, transfer->ties, sizeof(transfer->ties));
    stage->n_ties = transfer->tie_count;
    if (!stage->options || !stage->votes || !stage->elected || !stage->ties)
        return ERR_MEMORY;
    transfer->tie_count = 0;
    transfer->stage = stage;
    return 0;
}

int stage_end(struct transfer *transfer)
{
    Comity__V1__RankingResult *result = transfer->count->outcome->ranking;
    Comity__V1__CountStage *stage = transfer->stage;

    stage->n_votes = transfer->count->input->option_count;
    memcpy(stage->votes, transfer->votes, stage->n_votes * sizeof(uint64_t));
    stage->non_transferable = transfer->non_transferable;
    stage->residual = transfer->residual;
    stage->quota = transfer->quota;
    result->stages[result->n_stages++] = stage;
    transfer->stage = NULL;
    return 0;
}

unsigned seats_left(const struct transfer *transfer)
{
    unsigned taken = options_count(transfer->elected);
    return taken >= transfer->seats ? 0 : transfer->seats - taken;
}

bool transfer_is_complete(const struct transfer *transfer)
{
    return seats_left(transfer) == 0 || options_count(transfer->hopeful) <= seats_left(transfer);
}

/* Of these, who has most votes; where several do, the one that the stated order prefers. That says in which
 * order they are listed, never who is elected. */
static size_t next_elected(const struct transfer *transfer, option_set set)
{
    size_t best = options_first(set);

    for (option_set left = set & (set - 1); left; left &= left - 1) {
        size_t index = options_first(left);
        uint64_t votes = transfer->votes[index];
        if (votes > transfer->votes[best] ||
            (votes == transfer->votes[best] &&
             input_place(transfer->count->input, index) < input_place(transfer->count->input, best)))
            best = index;
    }
    return best;
}

static void elect(struct transfer *transfer, option_set set)
{
    Comity__V1__Outcome *outcome = transfer->count->outcome;

    while (set) {
        size_t index = next_elected(transfer, set);
        set &= ~option_bit(index);
        transfer->hopeful &= ~option_bit(index);
        transfer->elected |= option_bit(index);
        transfer->stage->elected[transfer->stage->n_elected++] = (uint32_t) index + 1;
        outcome->chosen[outcome->n_chosen++] = (uint32_t) index + 1;
    }
}

bool elect_by_quota(struct transfer *transfer)
{
    option_set reach = 0;

    for (option_set left = transfer->hopeful; left; left &= left - 1) {
        size_t index = options_first(left);
        if (transfer->votes[index] >= transfer->quota)
            reach |= option_bit(index);
    }
    elect(transfer, reach);
    return reach != 0;
}

int transfer_fill(struct transfer *transfer)
{
    if (seats_left(transfer) == 0 || !transfer->hopeful)
        return 0;
    int code = stage_begin(transfer, COMITY__V1__COUNT_ACT__COUNT_ACT_FILL, transfer->hopeful);
    if (code)
        return code;
    elect(transfer, transfer->hopeful);
    return stage_end(transfer);
}

/* Those of a set who have most, or least, votes, and who tie with them. */
static option_set extremes(const struct transfer *transfer, const uint64_t *votes, option_set set,
                           bool want_most)
{
    option_set found = 0;
    uint64_t extreme = want_most ? 0 : UINT64_MAX;

    for (option_set left = set; left; left &= left - 1) {
        uint64_t of = votes[options_first(left)];
        if (want_most ? of > extreme : of < extreme)
            extreme = of;
    }
    for (option_set left = set; left; left &= left - 1) {
        uint64_t of = votes[options_first(left)];
        if ((want_most ? extreme - of : of - extreme) <= transfer->tie_within)
            found |= option_bit(options_first(left));
    }
    return found;
}

/* By the latest earlier stage at which they differed, and among those who still tie by the one before. */
static option_set by_earlier_stages(const struct transfer *transfer, option_set tied, bool want_most)
{
    const Comity__V1__RankingResult *result = transfer->count->outcome->ranking;

    for (size_t i = result->n_stages; i > 0 && options_count(tied) > 1; i--)
        tied = extremes(transfer, result->stages[i - 1]->votes, tied, want_most);
    return tied;
}

/* The one that the order prefers least gives way: it drops out, or its surplus goes first. */
static option_set by_stated_order(const struct transfer *transfer, option_set tied)
{
    const struct ranking_input *input = transfer->count->input;
    size_t last = options_first(tied);

    for (option_set left = tied; left; left &= left - 1) {
        if (input_place(input, options_first(left)) > input_place(input, last))
            last = options_first(left);
    }
    return option_bit(last);
}

void tie_settle(struct transfer *transfer, option_set tied, bool want_most, size_t *ret_option)
{
    const struct ranking_input *input = transfer->count->input;

    for (size_t i = 0; i < input->tie_count && options_count(tied) > 1; i++) {
        bool is_stated = input->ties[i] == COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER;
        option_set narrowed =
            is_stated ? by_stated_order(transfer, tied) : by_earlier_stages(transfer, tied, want_most);
        if (narrowed != tied && transfer->tie_count < ARRAY_COUNT(transfer->ties))
            transfer->ties[transfer->tie_count++] = input->ties[i];
        tied = narrowed;
    }
    *ret_option = options_count(tied) == 1 ? options_first(tied) : NO_OPTION;
    if (*ret_option == NO_OPTION)
        transfer->tie_count = 0;
}

option_set exclusion_choose(struct transfer *transfer, option_set least)
{
    size_t index = NO_OPTION;
    unsigned others = options_count(transfer->hopeful) - options_count(least);

    tie_settle(transfer, least, false, &index);
    if (index != NO_OPTION)
        return option_bit(index);
    for (option_set left = least; left; left &= left - 1) {
        if (transfer->votes[options_first(left)] > 0)
            return 0;
    }
    return others >= seats_left(transfer) ? least : 0;
}

option_set hopeful_least(const struct transfer *transfer)
{
    return extremes(transfer, transfer->votes, transfer->hopeful, false);
}

void parcels_move(struct transfer *transfer, size_t index)
{
    for (size_t i = 0; i < transfer->parcel_count; i++) {
        struct parcel *parcel = &transfer->parcels[i];
        if (parcel->at == parcel->length || parcel->order[parcel->at] != index)
            continue;
        while (parcel->at < parcel->length && !(transfer->hopeful & option_bit(parcel->order[parcel->at])))
            parcel->at++;
        uint64_t votes = parcel->count * parcel->value;
        if (parcel->at == parcel->length)
            transfer->non_transferable += votes;
        else
            transfer->votes[parcel->order[parcel->at]] += votes;
    }
}

int exclude(struct transfer *transfer, option_set options)
{
    int code = stage_begin(transfer, COMITY__V1__COUNT_ACT__COUNT_ACT_EXCLUDE, options);
    if (code)
        return code;
    transfer->hopeful &= ~options;
    for (option_set left = options; left; left &= left - 1) {
        parcels_move(transfer, options_first(left));
        transfer->votes[options_first(left)] = 0;
    }
    return 0;
}
