/* Who is there, and who may answer by a rule: presence, rolls and quorum, worked out of rows. Pure: the machine asks
 * it when a round is to open, clients when they show a session, with the same rows. */
#ifndef COMITY_CORE_MACHINE_ATTENDANCE_H
#define COMITY_CORE_MACHINE_ATTENDANCE_H

#include "comity/v1/stage.pb-c.h"
#include "core/rule/rule.h"

/* The rows that it is worked out of: the seats of the session's body by number, the presences in the session
 * by member, all constituencies by number; the seats that were handed over in the session, by seat. For a
 * round: the recusals from its proposal, and what its vital function says of standings (else none of either).
 *
 * For what a rule may look at besides: all sites and all members by number (where none are given, everybody is at no
 * site and holds no office); all parts of the list that it names. Where its roll was frozen by an earlier round:
 * the lines of that roll.
 */
struct attendance_rows {
    const Comity__V1__Seat *const *seats;
    size_t seat_count;
    const Comity__V1__Presence *const *presences;
    size_t presence_count;
    const Comity__V1__Constituency *const *constituencies;
    size_t constituency_count;
    const Comity__V1__StandIn *const *stand_ins;
    size_t stand_in_count;
    const Comity__V1__Recusal *const *recusals;
    size_t recusal_count;
    const Comity__V1__StandingHeld *const *standings;
    size_t standing_count;
    const Comity__V1__Site *const *sites;
    size_t site_count;
    const Comity__V1__Member *const *members;
    size_t member_count;
    const Comity__V1__RollList *const *lists;
    size_t list_count;
    const Comity__V1__RollEntry *const *frozen;
    size_t frozen_count;
};

/* Those of one constituency, or at one site. Who has not checked in is at no site. */
struct attendance_group {
    uint32_t number; /* of the constituency or site */
    uint32_t seats;  /* of the constituency, or members of its part of the list; 0 for a site */
    uint32_t held;   /* of them, by somebody who is not recused and on the roll; 0 for a site */
    uint32_t present;
    uint32_t away;
    uint32_t guests; /* at a site: present, without a seat of the body */
};

struct attendance {
    struct roll_line *lines; /* who may answer: whoever is not recused */
    /* At the same places, whose seat it is; NULL of members of a list, and where a frozen roll was taken over. */
    const Comity__V1__Seat **seats;
    const Comity__V1__RollEntry **frozen; /* the line that was taken over; NULL: none was */
    size_t count;
    uint32_t *recused; /* the others */
    size_t recused_count;
    struct roll_constituency *constituencies;
    struct attendance_group *by_constituency; /* at the same place */
    size_t constituency_count;
    struct attendance_group *by_site; /* where somebody is, by number */
    size_t site_count;
    struct roll_site *sites; /* all that rows were given of */
    size_t named_site_count;
    bool lacks_party; /* a PARTY has seats, or a part of the list, and nobody of it may answer */
};

/* By the seats of the body: one line a seat that somebody holds, in their order; of those that were handed over with
 * whoever stands in. All in the arena. 0, ERR_MEMORY, ERR_CORRUPT (rows that do not fit together). */
int attendance_of(const struct attendance_rows *rows, struct arena *arena, struct attendance *ret_attendance);
/* By the rule's roll: the seats, those of their holders who are there, or the members of its list, these by number; or
 * the frozen roll as it was, with presence and recusals as they are now. docs/rules.md. */
int attendance_of_rule(const struct attendance_rows *rows, const Comity__V1__Rule *rule, struct arena *arena,
                       struct attendance *ret_attendance);

/* May a round open by this rule, with its roll? 0; ERR_QUORUM, and where nobody may answer; ERR_SCOPE where it has an
 * EACH test, or blocs, and one of what it ranges over has nobody to answer, or there is none; ERR_MEMORY, ERR_INTERNAL. With 0 and
 * ERR_QUORUM: the tests that were looked at, as far as there are any. docs/rules.md. */
int attendance_check(const struct attendance *attendance, const Comity__V1__Rule *rule, struct arena *arena,
                     Comity__V1__TestResult ***ret_results, size_t *ret_count);

/* Does the hand-over stand: to whom the seat was handed over has it. The alternate has no seat of the body.
 */
bool stand_in_holds(const Comity__V1__StandIn *stand_in, const Comity__V1__Seat *seat);

/* Is somebody of this row there now? NULL: did not check in. */
bool presence_is_present(const Comity__V1__Presence *presence);

/* When a member who is in this state and was heard of at @heard_ms turns AWAY; 0: does not. */
int64_t presence_silent_ms(const Comity__V1__Session *session, Comity__V1__PresenceState state,
                           int64_t heard_ms);

#endif
