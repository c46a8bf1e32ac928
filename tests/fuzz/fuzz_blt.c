/* .blt files: ballots that rank options, from anywhere. What is taken is written, read back, and counted by
 * every method. */
#include "client/rules/blt.h"
#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

static void check_fault(const struct rule_faults *faults, int code)
{
    FUZZ_NEED(faults->count == 1 && faults->list[0].code == code);
    const char *text = faults->list[0].text;
    FUZZ_NEED(code == ERR_MEMORY || (strlen(text) > 10 && utf8_is_valid(BYTES(text, strlen(text)))));
}

static bool ranks_are_strict(const struct blt *blt)
{
    for (size_t i = 0; i < blt->ballot_count; i++) {
        uint64_t seen = 0;
        for (size_t at = 0; at < blt->option_count; at++) {
            uint32_t rank = blt->ballots[i].ranks[at];
            if (rank == 0 || blt->withdrawn >> at & 1)
                continue;
            if (seen >> (rank - 1) & 1)
                return false;
            seen |= UINT64_C(1) << (rank - 1);
        }
    }
    return true;
}

static void check_count(const struct blt *blt, struct arena *arena, Comity__V1__RankingMethod method)
{
    static const Comity__V1__TieBreak TIES[] = {COMITY__V1__TIE_BREAK__TIE_BREAK_EARLIER_STAGES,
                                                COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER};
    struct round_option options[OPTIONS_MAX];
    Comity__V1__Ranking ranking = COMITY__V1__RANKING__INIT;
    Comity__V1__Outcome outcome = COMITY__V1__OUTCOME__INIT;
    struct ranking_lines lines;
    enum ranking_verdict verdict;
    struct ranking_input input = {.ranking = &ranking,
                                  .options = options,
                                  .option_count = blt->option_count,
                                  .withdrawn = blt->withdrawn,
                                  .ballots = blt->ballots,
                                  .ballot_count = blt->ballot_count,
                                  .ties = TIES,
                                  .tie_count = blt->tie_order ? 2 : 1,
                                  .tie_order = blt->tie_order};

    ranking.method = method;
    ranking.seats = blt->seats;
    for (size_t i = 0; i < blt->option_count; i++)
        options[i] = (struct round_option){.label = blt->names[i], .majority = ""};
    int code = ranking_run(&input, arena, &outcome, &verdict);
    bool may_be_shared = method == COMITY__V1__RANKING_METHOD__RANKING_METHOD_SCHULZE;
    FUZZ_NEED(code == ERR_MEMORY || (code == 0) == (may_be_shared || ranks_are_strict(blt)));
    if (code)
        return;
    FUZZ_NEED(outcome.n_chosen <= blt->option_count);
    FUZZ_NEED(verdict == RANKING_CHOSEN || outcome.n_chosen > 1 || blt->option_count == 0);
    for (size_t i = 0; i < outcome.n_chosen; i++)
        FUZZ_NEED(outcome.chosen[i] >= 1 && outcome.chosen[i] <= blt->option_count &&
                  !(blt->withdrawn >> (outcome.chosen[i] - 1) & 1));
    code = rule_explain_ranking(&outcome, options, blt->option_count, words_in_english, arena, &lines);
    FUZZ_NEED(code == 0 || code == ERR_MEMORY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct fuzz_input input = {data, size, arena};
    struct blt blt, back;
    int code = blt_read(fuzz_rest(&input), &faults, &blt);

    if (code) {
        check_fault(&faults, code);
        return 0;
    }
    fuzz_accept();
    struct bytes text = blt_write(&blt, arena);
    if (text.data && blt_read(text, &faults, &back) == 0)
        FUZZ_NEED(bytes_equal(text, blt_write(&back, arena)) || arena_is_exhausted(arena));
    else
        FUZZ_NEED(arena_is_exhausted(arena));
    for (int method = 1; method <= 4 && size < 2000; method++)
        check_count(&blt, arena, (Comity__V1__RankingMethod) method);
    return 0;
}
