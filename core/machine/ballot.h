/* A ballot, as a command brings it and as a row keeps it: one shape for whoever casts, enters and counts. */
#ifndef COMITY_CORE_MACHINE_BALLOT_H
#define COMITY_CORE_MACHINE_BALLOT_H

#include "comity/v1/command.pb-c.h"
#include "core/rule/rule.h"

struct ballot {
    struct ballot_answer given;
    Comity__V1__Score *score;         /* NULL: none */
    Comity__V1__TextRef *reason;      /* NULL: none */
    Comity__V1__TextRef *alternative; /* NULL: none */
    const uint32_t *interests;        /* numbers of contributions */
    size_t interest_count;
};

/* They share what they were made of. */
struct ballot ballot_of_cast(const Comity__V1__CastBallot *cast);
struct ballot ballot_of_entered(const Comity__V1__EnteredBallot *entered);
struct ballot ballot_of_row(const Comity__V1__Ballot *row);
/* What is said into a row, with the stance that the rule gives it. */
void ballot_write(const struct ballot *ballot, const Comity__V1__Rule *rule, Comity__V1__Ballot *row);

#endif
