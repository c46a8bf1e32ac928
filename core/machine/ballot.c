#include "core/machine/ballot.h"

/* The messages have the same fields under the same names. */
#define BALLOT_OF(from)                                                                                      \
    ((struct ballot){                                                                                        \
        .given =                                                                                             \
            {                                                                                                \
                .answer = (from)->answer,                                                                    \
                .choice = (from)->choice,                                                                    \
                .ranks = (from)->ranks,                                                                      \
                .rank_count = (from)->n_ranks,                                                               \
                .has_score = (from)->score != NULL,                                                          \
                .score = (from)->score ? (from)->score->value : 0,                                           \
            },                                                                                               \
        .score = (from)->score,                                                                              \
        .reason = (from)->reason,                                                                            \
        .alternative = (from)->alternative,                                                                  \
        .interests = (from)->interests,                                                                      \
        .interest_count = (from)->n_interests,                                                               \
    })

struct ballot ballot_of_cast(const Comity__V1__CastBallot *cast)
{
    return BALLOT_OF(cast);
}

struct ballot ballot_of_entered(const Comity__V1__EnteredBallot *entered)
{
    return BALLOT_OF(entered);
}

struct ballot ballot_of_row(const Comity__V1__Ballot *row)
{
    return BALLOT_OF(row);
}

void ballot_write(const struct ballot *ballot, const Comity__V1__Rule *rule, Comity__V1__Ballot *row)
{
    row->answer = ballot->given.answer;
    row->stance = rule_stance(rule, ballot->given.answer);
    row->choice = ballot->given.choice;
    row->n_ranks = ballot->given.rank_count;
    row->ranks = (uint32_t *) ballot->given.ranks;
    row->score = ballot->score;
    row->reason = ballot->reason;
    row->alternative = ballot->alternative;
    row->n_interests = ballot->interest_count;
    row->interests = (uint32_t *) ballot->interests;
}
