/* Parts, weights and other forms: docs/rules.md, as rows of a table; and what is an error before
 * a round opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_rule_rows.h"

static const struct round_row ROWS[] = {
    {"R-36: the one that is named",
     "S constituency:labour AV >= 1/2 of cast; S side:employers AV >= 1/2 of cast; S site:north AV >= 1/2 of "
     "cast",
     "labour(workers) 1A%north 1C | plant(employers) 2A%south | office(employers) 1C%north",
     false,
     "ADOPTED",
     {"labour: 1 of 2 ballots cast support, at least 1/2 needed: holds",
      "employers: 2 of 3 ballots cast support, at least 1/2 needed: holds",
      "north: 1 of 2 ballots cast support, at least 1/2 needed: holds", NULL}},
    {"R-36: each side, and one without a name is its own",
     "S each-side AV > 1/2 of cast",
     "union-b(workers) 1A | union-a(workers) 1A 1C | management 2A",
     false,
     "ADOPTED",
     {"management: 2 of 2 ballots cast support, more than 1/2 needed: holds",
      "workers: 2 of 3 ballots cast support, more than 1/2 needed: holds"}},
    {"R-36: each site, those at none apart; no neutral member",
     "S each-site AV > 1/2 of cast",
     "labour 2A%south 1A%north 5C | chair* 3C%north 1C%west",
     false,
     "ADOPTED",
     {"north: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "south: 2 of 2 ballots cast support, more than 1/2 needed: holds"}},
    {"R-36, R-27: a side against a side",
     "S each-side AV > 1/2 of cast",
     "union-a(workers) 2A | union-b(workers) 1A | management 2C",
     false,
     "DEADLOCK",
     {NULL}},
    {"R-37: two of three",
     "S each-site#2 AV > 1/2 of cast",
     "labour 1A%a 1A%b 1C%c",
     false,
     "ADOPTED",
     {"a: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "b: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "c: 0 of 1 ballots cast support, more than 1/2 needed: short by 1",
      "2 of 3 sites hold, at least 2 needed: holds"}},
    {"R-37: more than two of three",
     "S each-site#>2 AV > 1/2 of cast",
     "labour 1A%a 1A%b 1X%c",
     false,
     "REJECTED",
     {"a: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "b: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "c: no ballots cast, abstentions apart, more than 1/2 needed: fails",
      "2 of 3 sites hold, more than 2 needed: fails"}},
    {"R-37: a share",
     "S each#>1/2 AV > 1/2 of cast",
     "union 1A | guild 1A | management 1A | office 1X",
     false,
     "ADOPTED",
     {"guild: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "management: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "office: no ballots cast, abstentions apart, more than 1/2 needed: fails",
      "union: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "3 of 4 constituencies hold, more than 1/2 needed: holds"}},
    {"R-37, R-27: too few hold, and one is against",
     "S each#>1/2 AV > 1/2 of cast",
     "union 1A | management 1C",
     false,
     "DEADLOCK",
     {NULL}},
    {"R-38: sites by weight",
     "S each-site#>1/2w AV > 1/2 of cast; weights=site:a:50,site:b:30,site:c:20,side:x:7",
     "labour 1A%a 1C%b 1C%c",
     false,
     "DEADLOCK",
     {"a: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "b: 0 of 1 ballots cast support, more than 1/2 needed: short by 1",
      "c: 0 of 1 ballots cast support, more than 1/2 needed: short by 1",
      "50 of 100 by weight of the sites hold, more than 1/2 needed: fails"}},
    {"R-38: so much of it",
     "S each-side#51w AV > 1/2 of cast; weights=side:labour:51,side:management:49",
     "labour 1A | management 1C",
     false,
     "ADOPTED",
     {"labour: 1 of 1 ballots cast support, more than 1/2 needed: holds",
      "management: 0 of 1 ballots cast support, more than 1/2 needed: short by 1",
      "51 of 100 by weight of the sides hold, at least 51 needed: holds"}},
    {"R-39: the office's holders alone",
     "S each!1 AV >= 1/1 of eligible; O whole!3 B <= 0",
     "labour 1A!1 3C 1B | management 1A!1!3 2B",
     false,
     "ADOPTED",
     {"labour (co-chairs): 1 of 1 support, at least 1 needed: holds",
      "management (co-chairs): 1 of 1 support, at least 1 needed: holds",
      "whole (recorders): 0 of 1 block, at most 0 allowed: holds"}},
    {"R-39, R-28: a tie among those who hold it",
     "S whole!1 AV > 1/2 of cast",
     "labour 1A!1 5C | management 1C!1",
     false,
     "TIE",
     {"whole (co-chairs): 1 of 2 ballots cast support, more than 1/2 needed: short by 1"}},
    {"R-40: by weight",
     "S whole AV > 1/2 of eligible weight",
     "labour 1A@12 1C@3 | management 1-@5",
     false,
     "ADOPTED",
     {"whole: 12 of 20 by weight support, more than 1/2 needed: holds"}},
    {"R-40: short by what it counts in",
     "S whole AV >= 2/3 of cast weight",
     "labour 1A@12 1C@8 | management 1-@5",
     false,
     "REJECTED",
     {"whole: 12 of 20 ballots cast by weight support, at least 2/3 needed: short by 2"}},
    {"R-40, R-28: a tie of weights is one, of heads is none",
     "S whole AV > 1/2 of cast weight",
     "labour 1A@4 | management 3C@1 1C",
     false,
     "TIE",
     {NULL}},
    {"R-40: a line without a weight weighs 1",
     "S whole AV >= 3 weight",
     "labour 2A 1A@1",
     false,
     "ADOPTED",
     {"whole: 3 of 3 by weight support, at least 3 needed: holds"}},
    {"R-40: as much as there can be",
     "S whole AV > 999999999999/1000000000000 of cast weight",
     "labour 900A@1000000000000 1C@901",
     false,
     "REJECTED",
     {"whole: 900000000000000 of 900000000000901 ballots cast by weight support, more than "
      "999999999999/1000000000000 needed: "
      "short by 1"}},
    {"R-41: each side has the same total",
     "S whole AV > 1/2 of eligible parity",
     "labour(workers) 3A 1C | guild(workers) 2A | management 2C 1A",
     false,
     "ADOPTED",
     {"whole: 7 of 12 by parity of the sides support, more than 1/2 needed: holds"}},
    {"R-41, R-12: among those who are not recused",
     "S whole AV > 1/2 of cast parity",
     "labour 2A 4R | management 3C",
     false,
     "TIE",
     {"whole: 6 of 12 ballots cast by parity of the sides support, more than 1/2 needed: short by 1"}},
    {"R-41, R-39: of those whom the office leaves",
     "S whole!1 AV > 1/2 of cast parity",
     "labour 2A!1 4C | management 1C!1",
     false,
     "TIE",
     {"whole (co-chairs): 2 of 4 ballots cast by parity of the sides support, more than 1/2 needed: short by "
      "1"}},
    {"R-42: all seats the way of the majority",
     "S whole AV > 1/2 of eligible seats=nn",
     "labour 2A 1C 1R | management+2 1C 1-",
     false,
     "REJECTED",
     {"whole: 3 of 7 by seats support (labour casts 3 seats for, management casts 4 seats against), more "
      "than 1/2 needed: "
      "short by 1"}},
    {"R-42: a bloc that is tied, and one that is absent",
     "S whole AV > 1/2 of cast seats=xf; S whole answered >= 1/1 of eligible seats=xf",
     "labour 1V 1B | management 2S 1- | office 1A",
     false,
     "ADOPTED",
     {"whole: 4 of 4 ballots cast by seats support (labour abstains with 2 seats, management casts 3 seats "
      "for, office casts 1 "
      "seat for), more than 1/2 needed: holds",
      "whole: 6 of 6 by seats answered (labour abstains with 2 seats, management casts 3 seats for, office "
      "casts 1 seat for), at "
      "least 6 needed: holds"}},
    {"R-42: a bloc that casts nothing is in ELIGIBLE alone",
     "Q whole answered >= 1/2 of eligible seats=nn; S whole AV > 1/2 of answered seats=nn",
     "labour 1A | management 3-",
     false,
     "NO_QUORUM",
     {"whole: 1 of 4 by seats answered (labour casts 1 seat for, management casts nothing with 3 seats), at "
      "least 1/2 needed: "
      "short by 1",
      "whole: 1 of 1 who answered by seats support (labour casts 1 seat for, management casts nothing with 3 "
      "seats), more than "
      "1/2 needed: holds"}},
    {"R-42: of each side",
     "S each-side AV > 1/2 of AVCB seats=nn",
     "union-a(workers) 3A | union-b(workers) 2C 2X | management 1A",
     false,
     "DEADLOCK",
     {"management: 1 of 1 who took a side by seats support (management casts 1 seat for), more than 1/2 "
      "needed: holds",
      "workers: 3 of 7 who took a side by seats support (union-a casts 3 seats for, union-b casts 4 seats "
      "against), more than 1/2 "
      "needed: short by 1"}},
    {"R-42, R-27: even blocs at any threshold",
     "S whole AV >= 2/3 of cast seats=nn",
     "labour 2A | management 2C | office 3X",
     false,
     "DEADLOCK",
     {NULL}},
    {"R-42, R-19: silence that is consent is for",
     "S whole AV > 1/2 of cast seats=nn; consent",
     "labour 1C 2- | management 1A 1C 1_",
     false,
     "ADOPTED",
     {"whole: 6 of 6 ballots cast by seats support (labour casts 3 seats for, management casts 3 seats for), "
      "more than 1/2 needed: "
      "holds"}},
    {"R-19: of those alone who were notified",
     "S whole AV > 1/2 of answered; notified",
     "labour 1C 2-~ 5- | management 1_~",
     false,
     "ADOPTED",
     {"whole: 3 of 4 who answered or were silent support (3 by silence), more than 1/2 needed: holds"}},
    {"R-43: options",
     "S whole choices=1,3 >= 2/3 of cast; S whole choices=2 > 1/3 of choices=2,3; choice=3",
     "labour 3=1 1=2 | management 1=3 2X",
     false,
     "ADOPTED",
     {"whole: 4 of 5 ballots cast chose option 1 or 3, at least 2/3 needed: holds",
      "whole: 1 of 2 who chose option 2 or 3 chose option 2, more than 1/3 needed: holds"}},
    {"R-43: nobody chose what it is measured by",
     "S whole choices=1 >= 1/2 of choices=1,2; choice=3",
     "labour 1=3",
     false,
     "REJECTED",
     {"whole: nobody chose option 1 or 2, at least 1/2 needed: fails"}},
    {"R-44: scores",
     "S whole score=7 > 1/2 of answered; S each score=3 >= 1/1 of cast; score=0-10",
     "labour 2=7 1=10 1=6 | management 1=3 1X",
     false,
     "REJECTED",
     {"whole: 3 of 6 who answered gave a score of at least 7, more than 1/2 needed: short by 1"}},
    {"R-44: the lines",
     "S whole score=7 >= 1/2 of answered; S each score=3 >= 1/1 of cast; score=0-10",
     "labour 2=7 1=10 1=6 | management 1=3 1X",
     false,
     "ADOPTED",
     {"whole: 3 of 6 who answered gave a score of at least 7, at least 1/2 needed: holds",
      "labour: 4 of 4 ballots cast gave a score of at least 3, at least 4 needed: holds",
      "management: 1 of 1 ballots cast gave a score of at least 3, at least 1 needed: holds"}},
    {"R-44, R-28: scores have no tie",
     "S whole score=5 > 1/2 of cast; score=0-10",
     "labour 1=5 1=4",
     false,
     "REJECTED",
     {NULL}},
    {"R-25: nobody gave a score",
     "S whole score=0 >= 0/1 of answered; score=0-10",
     "labour 2X",
     false,
     "NO_DECISION",
     {NULL}},
    {"R-46: what leads",
     "S whole leading > 1/2 of cast; choice=3",
     "labour 2=2 1=1 | management 2=2 | chair* 9=3",
     false,
     "ADOPTED",
     {"whole: 4 of 5 ballots cast chose option 2, which leads, more than 1/2 needed: holds"}},
    {"R-46: in the whole, also where a part is looked at",
     "S each leading >= 1/2 of cast; choice=3",
     "labour 5=2 | management 1=2 2=1",
     true,
     "NOT_YET",
     {"labour: 5 of 5 ballots cast chose option 2, which leads, at least 1/2 needed: holds",
      "management: 1 of 3 ballots cast chose option 2, which leads, at least 1/2 needed: short by 1"}},
    {"R-46: a tied lead",
     "S whole leading >= 1/3 of cast; choice=3",
     "labour 2=2 1=1 2=3",
     true,
     "TIE",
     {"whole: 0 of 5 ballots cast chose the leading option (there is none), at least 1/3 needed: short by "
      "2"}},
    {"R-46: which fails whatever its bound",
     "O whole leading <= 3; choice=3",
     "labour 2=2 2=3",
     false,
     "BLOCKED",
     {NULL}},
    {"R-46: the stated order breaks it",
     "S whole leading >= 1/3 of cast; choice=3; order",
     "labour 2=2 1=1 2=3",
     false,
     "ADOPTED",
     {"whole: 2 of 5 ballots cast chose option 2, which leads, at least 1/3 needed: holds"}},
    {"R-46: by weight where a test is",
     "S whole leading > 1/2 of cast weight; choice=3",
     "labour 3=1 1=2@9",
     false,
     "ADOPTED",
     {"whole: 9 of 12 ballots cast by weight chose option 2, which leads, more than 1/2 needed: holds"}},
    {"R-46, R-25: nobody chose",
     "S whole leading <= 1; choice=3",
     "labour 2X 1-",
     false,
     "NO_DECISION",
     {NULL}},
};

static void parts_and_weights_count_as_they_should(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        row_check(&ROWS[i]);
    print_message("%zu rounds\n", ARRAY_COUNT(ROWS));
}

/* nobody to look at, or nothing to share out: neither opened nor counted. */
static void scopes_that_name_nobody_are_errors(void **state)
{
    static const struct {
        const char *rule, *roll;
        int code;
    } SCOPES[] = {
        {"S constituency:guild A >= 1", "labour 1A", ERR_SCOPE},
        {"S constituency:chair A >= 1", "labour 1A | chair* 1A", ERR_SCOPE},
        {"S constituency:labour A >= 1", "labour 1R", 0},
        {"S side:workers A >= 1", "labour(workers) | management 1A", ERR_SCOPE},
        {"S side:labour A >= 1", "labour 1A", 0},
        {"S site:north A >= 1", "labour 1A%south", ERR_SCOPE},
        {"S each-site A >= 1", "labour 1A", ERR_SCOPE},
        {"S each-site A >= 1", "labour 1A | chair* 1A%north", ERR_SCOPE},
        {"S each-side A >= 1", "chair* 1A", ERR_SCOPE},
        {"S whole!1 A >= 1", "labour 1A!2", ERR_SCOPE},
        {"S whole!1 A >= 1", "labour 1R!1", 0},
        {"S each!1 A >= 1", "labour 1A!1 | management 1A", 0},
        {"S each-site#1w A >= 1; weights=site:north:1", "labour 1A%north 1A%south", ERR_SCOPE},
        {"S each-site#1w A >= 1; weights=site:north:1,side:south:1", "labour 1A%north 1A%south", ERR_SCOPE},
        {"S each-site#1w A >= 1; weights=site:north:1,site:south:0", "labour 1A%north 1A%south", 0},
        /* 1 * 2 * 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23 * 29 * 31 is below 10^12; with 37 it is above. */
        {"S whole A >= 1/2 of cast parity",
         "a 2A | b 3A | c 5A | d 7A | e 11A | f 13A | g 17A | h 19A | i 23A | j 29A | k 31A", 0},
        {"S whole A >= 1/2 of cast parity",
         "a 2A | b 3A | c 5A | d 7A | e 11A | f 13A | g 17A | h 19A | i 23A | j 29A | k 31A | l 37A",
         ERR_SCOPE},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(SCOPES); i++) {
        struct scene scene;
        Comity__V1__Outcome *outcome = NULL;
        bool is_settled;
        scene_init(&scene, SCOPES[i].rule, SCOPES[i].roll);
        assert_int_equal(rule_check(scene.rule, "rule", NULL), 0);
        struct rule_input input = scene_input(&scene, true);
        int code = rule_quorum_at_opening(&input, scene.arena);
        if (code != SCOPES[i].code)
            fail_msg("%s with %s: %d", SCOPES[i].rule, SCOPES[i].roll, code);
        assert_int_equal(rule_count(&input, scene.arena, &outcome), code);
        assert_int_equal(rule_is_settled(&input, scene.arena, &is_settled), code);
        assert_int_equal(rule_quorum_at_close(&input, scene.arena, &outcome), code);
        scene_release(&scene);
    }
}

/* what is chosen, and how a tie was broken. */
static void what_is_chosen_is_said(void **state)
{
    static const uint32_t ORDER[] = {3, 1, 2};
    static const struct {
        const char *rule, *roll;
        const uint32_t *order;
        size_t chosen_count;
        uint32_t chosen[2];
        size_t tie_count;
    } CHOICES[] = {
        {"S whole leading > 0; choice=3", "labour 2=2 1=1", NULL, 1, {2}, 0},
        {"S whole leading > 0; choice=3", "labour 2=2 2=1", NULL, 2, {1, 2}, 0},
        {"S whole leading > 0; choice=3; order", "labour 2=2 2=1", NULL, 1, {1}, 1},
        {"S whole leading > 0; choice=3; order", "labour 2=2 2=1 2=3", ORDER, 1, {3}, 1},
        {"S whole leading > 0; choice=3; order", "labour 2=2 1=1", ORDER, 1, {2}, 0},
        {"S whole leading > 2; choice=3", "labour 2=2 1=1", NULL, 0, {0}, 0},
        {"S whole AV > 0", "labour 2A", NULL, 0, {0}, 0},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(CHOICES); i++) {
        struct scene scene;
        Comity__V1__Outcome *outcome = NULL;
        scene_init(&scene, CHOICES[i].rule, CHOICES[i].roll);
        struct rule_input input = scene_input(&scene, true);
        input.tie_order = CHOICES[i].order;
        assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
        assert_int_equal(outcome->n_chosen, CHOICES[i].chosen_count);
        for (size_t k = 0; k < outcome->n_chosen; k++)
            assert_int_equal(outcome->chosen[k], CHOICES[i].chosen[k]);
        assert_int_equal(outcome->n_ties, CHOICES[i].tie_count);
        scene_release(&scene);
    }
}

/* weights, options and scores in the tallies. */
static void tallies_have_every_form(void **state)
{
    struct scene scene;
    Comity__V1__Outcome *outcome = NULL;
    (void) state;

    scene_init(&scene, "S whole leading > 0 weight; choice=3", "labour 1=2@5 1X@2 1-@3 | chair* 1=3@7");
    struct rule_input input = scene_input(&scene, true);
    assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
    const Comity__V1__Tally *whole = outcome->tallies[0];
    assert_int_equal(whole->weight, 17);
    assert_int_equal(whole->n_choices, 3);
    static const uint64_t BALLOTS[] = {0, 1, 1}, WEIGHTS[] = {0, 5, 7};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(whole->choices[i]->choice, i + 1);
        assert_int_equal(whole->choices[i]->ballots, BALLOTS[i]);
        assert_int_equal(whole->choices[i]->weight, WEIGHTS[i]);
    }
    assert_int_equal(whole->n_answers, 1);
    assert_int_equal(whole->answers[0]->weight, 2);
    assert_int_equal(whole->n_stances, 6);
    assert_int_equal(whole->stances[COMITY__V1__STANCE__STANCE_ABSTAIN - 1]->weight, 2);
    scene_release(&scene);

    scene_init(&scene, "S whole score=2 >= 1; score=1-5", "labour 2=5@9 1=2 | management 1=5");
    input = scene_input(&scene, true);
    assert_int_equal(rule_count(&input, scene.arena, &outcome), 0);
    whole = outcome->tallies[0];
    assert_int_equal(whole->weight, 0);
    assert_int_equal(whole->n_scores, 2);
    assert_int_equal(whole->scores[0]->score, 2);
    assert_int_equal(whole->scores[1]->score, 5);
    assert_int_equal(whole->scores[1]->ballots, 3);
    assert_int_equal(whole->scores[1]->weight, 0);
    assert_int_equal(outcome->tallies[2]->n_scores, 1);
    scene_release(&scene);
}

/* what a ballot may say. */
static void answers_of_another_form_are_refused(void **state)
{
    static const uint32_t RANKS[] = {1, 2, 0}, TWICE[] = {1, 1, 0};
    static const struct {
        const char *rule;
        struct ballot_answer given;
        int code;
        const char *field;
    } ANSWERS[] = {
        {"S whole A > 0", {.answer = 1}, 0, ""},
        {"S whole A > 0", {.answer = 7}, ERR_ANSWER, "answer"},
        {"S whole A > 0", {0}, ERR_ANSWER, "answer"},
        {"S whole A > 0", {.choice = 1}, ERR_ANSWER, "choice"},
        {"S whole A > 0", {.answer = 1, .choice = 1}, ERR_ANSWER, "choice"},
        {"S whole A > 0", {.answer = 1, .has_score = true}, ERR_ANSWER, "score"},
        {"S whole leading > 0; choice=3", {.choice = 3}, 0, ""},
        {"S whole leading > 0; choice=3", {.choice = 4}, ERR_OPTION, "choice"},
        {"S whole leading > 0; choice=3", {0}, ERR_ANSWER, "choice"},
        {"S whole leading > 0; choice=3", {.answer = 4}, 0, ""},
        {"S whole leading > 0; choice=3", {.answer = 1}, ERR_ANSWER, "answer"},
        {"S whole leading > 0; choice=3", {.answer = 4, .choice = 1}, ERR_ANSWER, "choice"},
        {"S whole score=2 > 0; score=1-5", {.has_score = true, .score = 5}, 0, ""},
        {"S whole score=2 > 0; score=1-5", {.has_score = true, .score = 6}, ERR_ANSWER, "score"},
        {"S whole score=2 > 0; score=1-5", {.has_score = true}, ERR_ANSWER, "score"},
        {"S whole score=2 > 0; score=1-5", {.ranks = RANKS, .rank_count = 3}, ERR_ANSWER, "ranks"},
        {"ranking", {.ranks = RANKS, .rank_count = 3}, 0, ""},
        {"ranking", {.ranks = TWICE, .rank_count = 3}, 0, ""},
        {"ranking", {.ranks = RANKS, .rank_count = 2}, ERR_OPTION, "ranks"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ANSWERS); i++) {
        struct scene scene;
        const char *field = "";
        scene_init(&scene, ANSWERS[i].rule, "");
        int code = rule_check_answer(scene.rule, 3, &ANSWERS[i].given, &field);
        if (code != ANSWERS[i].code || (code && strcmp(field, ANSWERS[i].field) != 0))
            fail_msg("row %zu: %d at %s", i, code, field);
        scene_release(&scene);
    }
}

/* what a ballot has to come with. */
static void ballots_come_with_what_is_asked(void **state)
{
    enum { REASON = 2, INTEREST = 4, ALTERNATIVE = 8 };
    static const struct {
        const char *rule;
        struct {
            Comity__V1__Stance stance;
            uint32_t choice;
            Comity__V1__DutyKind kind;
        } duties[3];
        struct ballot_answer given;
        unsigned asked;
    } BALLOTS[] = {
        {"S whole AV > 0", {{6, 0, 1}, {6, 0, 3}, {5, 0, 2}}, {.answer = 6}, REASON | ALTERNATIVE},
        {"S whole AV > 0", {{6, 0, 1}, {6, 0, 3}, {5, 0, 2}}, {.answer = 5}, INTEREST},
        {"S whole AV > 0", {{6, 0, 1}, {6, 0, 3}, {5, 0, 2}}, {.answer = 1}, 0},
        {"S whole leading > 0; choice=3", {{0, 2, 1}, {4, 0, 2}, {0, 3, 3}}, {.choice = 2}, REASON},
        {"S whole leading > 0; choice=3", {{0, 2, 1}, {4, 0, 2}, {0, 3, 3}}, {.choice = 1}, 0},
        {"S whole leading > 0; choice=3", {{0, 2, 1}, {4, 0, 2}, {0, 3, 3}}, {.answer = 4}, INTEREST},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(BALLOTS); i++) {
        Comity__V1__Duty duties[3], *list[3];
        struct scene scene;
        scene_init(&scene, BALLOTS[i].rule, "");
        for (size_t k = 0; k < 3; k++) {
            comity__v1__duty__init(&duties[k]);
            duties[k].stance = BALLOTS[i].duties[k].stance;
            duties[k].choice = BALLOTS[i].duties[k].choice;
            duties[k].kind = BALLOTS[i].duties[k].kind;
            list[k] = &duties[k];
        }
        scene.rule->duties = list;
        scene.rule->n_duties = 3;
        assert_int_equal(rule_check(scene.rule, "rule", NULL), 0);
        assert_int_equal(rule_duties(scene.rule, &BALLOTS[i].given), BALLOTS[i].asked);
        scene_release(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_and_weights_count_as_they_should),
        cmocka_unit_test(scopes_that_name_nobody_are_errors),
        cmocka_unit_test(what_is_chosen_is_said),
        cmocka_unit_test(tallies_have_every_form),
        cmocka_unit_test(answers_of_another_form_are_refused),
        cmocka_unit_test(ballots_come_with_what_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
