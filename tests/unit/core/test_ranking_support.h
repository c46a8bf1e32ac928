/* Rankings from short texts, so that a table of cases can be read.
 *
 * Ballots: "4ab 2c 1a=bc 3": four that rank a, then b; two that rank c alone; one that ranks a and b alike,
 * then c; three that rank nothing. Settings, with blanks between them: schulze, irv, scottish, meek   the
 * method seats=2 ties=ES      EARLIER_STAGES, then STATED_ORDER order=cba    the stated order, the preferred
 * one first default=c    the default option out=b        withdrawn quorum>45, quorum>=1/3   of all, of the
 * eligible, who are 9 a>3, b>=1    the majority that an option needs */
#ifndef COMITY_TEST_RANKING_SUPPORT_H
#define COMITY_TEST_RANKING_SUPPORT_H

#include "core/rule/ranking.h"
#include "test_rule_support.h"

enum { SCENE_BALLOTS_MAX = 512, SCENE_ELIGIBLE = 9 };

struct ranking_scene {
    struct arena *arena;
    Comity__V1__Ranking ranking;
    Comity__V1__OptionQuorum quorum;
    Comity__V1__Majority majorities[OPTIONS_MAX], *majority_list[OPTIONS_MAX];
    struct round_option options[OPTIONS_MAX];
    char labels[OPTIONS_MAX][4];
    uint32_t ranks[SCENE_BALLOTS_MAX][OPTIONS_MAX];
    struct ranked_ballots ballots[SCENE_BALLOTS_MAX];
    Comity__V1__TieBreak ties[2];
    uint32_t tie_order[OPTIONS_MAX];
    struct ranking_input input;
    Comity__V1__Outcome outcome;
    enum ranking_verdict verdict;
};

static inline void threshold_parse(const char *text, Comity__V1__Bound *ret_bound, uint64_t *ret_numerator,
                                   uint64_t *ret_denominator)
{
    bool is_at_least = text[1] == '=';
    char *end = NULL;
    *ret_bound = is_at_least ? COMITY__V1__BOUND__BOUND_AT_LEAST : COMITY__V1__BOUND__BOUND_MORE_THAN;
    *ret_numerator = strtoull(text + 1 + is_at_least, &end, 10);
    *ret_denominator = *end == '/' ? strtoull(end + 1, NULL, 10) : 1;
}

static inline void ranking_quorum(struct ranking_scene *scene, const char *text)
{
    comity__v1__option_quorum__init(&scene->quorum);
    threshold_parse(text, &scene->quorum.bound, &scene->quorum.numerator, &scene->quorum.denominator);
    scene->quorum.of =
        strchr(text, '/') ? COMITY__V1__BASE_KIND__BASE_KIND_ELIGIBLE : COMITY__V1__BASE_KIND__BASE_KIND_NONE;
    scene->ranking.quorum = &scene->quorum;
}

static inline void ranking_majority(struct ranking_scene *scene, const char *text)
{
    Comity__V1__Majority *majority = &scene->majorities[scene->ranking.n_majorities];
    comity__v1__majority__init(majority);
    majority->name = scene->labels[text[0] - 'a'];
    threshold_parse(text + 1, &majority->bound, &majority->numerator, &majority->denominator);
    scene->majority_list[scene->ranking.n_majorities++] = majority;
    scene->ranking.majorities = scene->majority_list;
    scene->options[text[0] - 'a'].majority = majority->name;
}

static inline void ranking_setting(struct ranking_scene *scene, const char *word)
{
    static const char *const METHODS[] = {"?", "schulze", "irv", "scottish", "meek"};
    for (size_t i = 1; i < ARRAY_COUNT(METHODS); i++) {
        if (strcmp(METHODS[i], word) == 0) {
            scene->ranking.method = (Comity__V1__RankingMethod) i;
            return;
        }
    }
    const char *value = strchr(word, '=');
    if (strncmp(word, "seats=", 6) == 0)
        scene->ranking.seats = (uint32_t) atoi(value + 1);
    else if (strncmp(word, "ties=", 5) == 0)
        for (const char *at = value + 1; *at; at++)
            scene->ties[scene->input.tie_count++] = *at == 'E'
                                                        ? COMITY__V1__TIE_BREAK__TIE_BREAK_EARLIER_STAGES
                                                        : COMITY__V1__TIE_BREAK__TIE_BREAK_STATED_ORDER;
    else if (strncmp(word, "order=", 6) == 0) {
        for (const char *at = value + 1; *at; at++)
            scene->tie_order[at - value - 1] = (uint32_t) (*at - 'a' + 1);
        scene->input.tie_order = scene->tie_order;
    } else if (strncmp(word, "default=", 8) == 0)
        scene->options[value[1] - 'a'].is_default = true;
    else if (strncmp(word, "out=", 4) == 0)
        scene->input.withdrawn |= UINT64_C(1) << (value[1] - 'a');
    else if (strncmp(word, "quorum", 6) == 0)
        ranking_quorum(scene, word + 6);
    else
        ranking_majority(scene, word);
}

static inline void ranking_ballot(struct ranking_scene *scene, const char *word)
{
    char *at = NULL;
    uint32_t *ranks = scene->ranks[scene->input.ballot_count];
    uint32_t rank = 0;
    uint64_t count = strtoull(word, &at, 10);
    bool is_shared = false;

    for (; *at; at++) {
        if (*at == '=') {
            is_shared = true;
            continue;
        }
        rank += !is_shared;
        is_shared = false;
        scene_require(*at >= 'a' && *at < 'a' + (int) scene->input.option_count, word);
        ranks[*at - 'a'] = rank;
    }
    scene->ballots[scene->input.ballot_count++] = (struct ranked_ballots){.ranks = ranks, .count = count};
}

static inline void ranking_init(struct ranking_scene *scene, size_t options, const char *settings,
                                const char *ballots)
{
    char *rest = NULL;
    memset(scene, 0, sizeof(*scene));
    scene->arena = scene_need(arena_new(ARENA_LIMIT_DEFAULT), "memory");
    comity__v1__ranking__init(&scene->ranking);
    scene->input = (struct ranking_input){.ranking = &scene->ranking,
                                          .options = scene->options,
                                          .option_count = options,
                                          .ballots = scene->ballots,
                                          .eligible = SCENE_ELIGIBLE,
                                          .ties = scene->ties};
    for (size_t i = 0; i < options; i++) {
        scene->labels[i][0] = (char) ('a' + (int) i);
        scene->options[i] = (struct round_option){.label = scene->labels[i], .majority = ""};
    }
    char *copy = scene_need(arena_string(scene->arena, settings), "memory");
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        ranking_setting(scene, word);
    copy = scene_need(arena_string(scene->arena, ballots), "memory");
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        ranking_ballot(scene, word);
}

static inline int ranking_go(struct ranking_scene *scene)
{
    comity__v1__outcome__init(&scene->outcome);
    return ranking_run(&scene->input, scene->arena, &scene->outcome, &scene->verdict);
}

static inline void ranking_release(struct ranking_scene *scene)
{
    arena_destroy(&scene->arena);
}

/* "abd" */
static inline const char *letters_of(const uint32_t *numbers, size_t count, char letters[OPTIONS_MAX + 1])
{
    for (size_t i = 0; i < count; i++)
        letters[i] = (char) ('a' + (int) numbers[i] - 1);
    letters[count] = '\0';
    return letters;
}

/* The verdict and who is chosen: "+ab", "?ab" of a tie, "=d" where the default option wins. */
static inline const char *ranking_said(struct ranking_scene *scene, char said[OPTIONS_MAX + 2])
{
    int code = ranking_go(scene);
    if (code) {
        snprintf(said, OPTIONS_MAX + 2, "%d", code);
        return said;
    }
    said[0] = "+=?"[scene->verdict];
    letters_of(scene->outcome.chosen, scene->outcome.n_chosen, said + 1);
    return said;
}

/* What a count comes to, as ranking_said has it. */
struct ranking_row {
    const char *what;
    size_t options;
    const char *settings, *ballots, *said;
};

static inline void ranking_check(const struct ranking_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        static struct ranking_scene scene;
        char said[OPTIONS_MAX + 2];
        ranking_init(&scene, rows[i].options, rows[i].settings, rows[i].ballots);
        if (strcmp(ranking_said(&scene, said), rows[i].said) != 0)
            fail_msg("%s: %s, not %s", rows[i].what, said, rows[i].said);
        ranking_release(&scene);
    }
}

/* One stage: "EXCLUDE b: 3 0 4 / 1 +c": votes by option in whole ballots and the places of the method, what
 * is not transferable, who is elected. */
static inline const char *stage_said(struct ranking_scene *scene, const Comity__V1__CountStage *stage)
{
    static const char *const ACTS[] = {"?", "FIRST", "SURPLUS", "EXCLUDE", "FILL", "ITERATE"};
    char letters[OPTIONS_MAX + 1];
    const char *text = arena_printf(scene->arena, "%s %s:", ACTS[stage->act],
                                    letters_of(stage->options, stage->n_options, letters));
    for (size_t i = 0; i < stage->n_votes; i++)
        text = arena_printf(scene->arena, "%s %s", text,
                            ranking_votes(scene->ranking.method, stage->votes[i], scene->arena));
    text = arena_printf(scene->arena, "%s / %s", text,
                        ranking_votes(scene->ranking.method, stage->non_transferable, scene->arena));
    return stage->n_elected == 0 ? text
                                 : arena_printf(scene->arena, "%s +%s", text,
                                                letters_of(stage->elected, stage->n_elected, letters));
}

#endif
