#include "core/machine/attendance.h"

#include <stdlib.h>

#include "core/error.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

bool presence_is_present(const Comity__V1__Presence *presence)
{
    return presence && presence->state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;
}

int64_t presence_silent_ms(const Comity__V1__Session *session, Comity__V1__PresenceState state,
                           int64_t heard_ms)
{
    bool is_watched = session->state == COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN && !session->pause &&
                      session->ground_rules && state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_PRESENT;

    if (!is_watched || session->ground_rules->away_after_minutes == 0)
        return 0;
    return heard_ms + session->ground_rules->away_after_minutes * MINUTE_MS;
}

static int by_member(const void *key, const void *element)
{
    uint32_t member = *(const uint32_t *) key;
    uint32_t at = (*(const Comity__V1__Presence *const *) element)->member;

    return (member > at) - (member < at);
}

static size_t presence_find(const struct attendance_rows *rows, uint32_t member)
{
    const Comity__V1__Presence *const *found =
        rows->presence_count == 0
            ? NULL
            : bsearch(&member, rows->presences, rows->presence_count, sizeof(*rows->presences), by_member);

    return found ? (size_t) (found - rows->presences) : rows->presence_count;
}

static int member_by_number(const void *key, const void *element)
{
    uint32_t number = *(const uint32_t *) key;
    uint32_t at = (*(const Comity__V1__Member *const *) element)->number;

    return (number > at) - (number < at);
}

/* Bits by Office. */
static uint32_t offices_of(const struct attendance_rows *rows, uint32_t member)
{
    const Comity__V1__Member *const *found =
        rows->member_count == 0
            ? NULL
            : bsearch(&member, rows->members, rows->member_count, sizeof(*rows->members), member_by_number);
    uint32_t offices = 0;

    for (size_t i = 0; found && i < (*found)->n_offices; i++)
        offices |= UINT32_C(1) << (*found)->offices[i];
    return offices;
}

static struct roll_line line_of(const struct attendance_rows *rows, uint32_t member, uint32_t constituency,
                                uint64_t weight)
{
    size_t at = presence_find(rows, member);
    const Comity__V1__Presence *presence = at < rows->presence_count ? rows->presences[at] : NULL;
    bool is_there = presence && presence->state != COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT;

    return (struct roll_line){
        .member = member,
        .constituency = constituency,
        .is_present = presence_is_present(presence),
        .is_notified = presence_is_present(presence),
        .weight = weight,
        .site = is_there && rows->site_count > 0 ? presence->site : 0,
        .offices = offices_of(rows, member),
    };
}

static int by_number(const void *a, const void *b)
{
    uint32_t one = ((const struct attendance_group *) a)->number;
    uint32_t other = ((const struct attendance_group *) b)->number;

    return (one > other) - (one < other);
}

/* Where people are: one group a site that a row names. */
static int sites_start(struct attendance *attendance, const struct attendance_rows *rows, struct arena *arena)
{
    size_t count = 0;

    attendance->by_site = arena_alloc(arena, (rows->presence_count + 1) * sizeof(*attendance->by_site));
    if (!attendance->by_site)
        return ERR_MEMORY;
    for (size_t i = 0; i < rows->presence_count; i++)
        if (rows->presences[i]->state != COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_LEFT)
            attendance->by_site[count++] = (struct attendance_group){.number = rows->presences[i]->site};
    if (count > 0)
        qsort(attendance->by_site, count, sizeof(*attendance->by_site), by_number);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || attendance->by_site[i].number != attendance->by_site[i - 1].number)
            attendance->by_site[attendance->site_count++] = attendance->by_site[i];
    return 0;
}

static struct attendance_group *site_find(struct attendance *attendance, uint32_t site)
{
    struct attendance_group key = {.number = site};

    if (attendance->site_count == 0)
        return NULL;
    return bsearch(&key, attendance->by_site, attendance->site_count, sizeof(key), by_number);
}

/* Does it count, where the vital function may say so? */
static bool is_party(const struct attendance_rows *rows, const Comity__V1__Constituency *row)
{
    Comity__V1__Standing standing = row->standing;

    for (size_t i = 0; i < rows->standing_count; i++)
        if (rows->standings[i]->constituency == row->number)
            standing = rows->standings[i]->standing;
    return standing == COMITY__V1__STANDING__STANDING_PARTY;
}

static int constituencies_start(struct attendance *attendance, const struct attendance_rows *rows,
                                struct arena *arena)
{
    size_t count = rows->constituency_count;

    if (count > CONSTITUENCIES_MAX)
        return ERR_CORRUPT;
    attendance->constituencies = arena_alloc(arena, (count + 1) * sizeof(*attendance->constituencies));
    attendance->by_constituency = arena_alloc(arena, (count + 1) * sizeof(*attendance->by_constituency));
    if (!attendance->constituencies || !attendance->by_constituency)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const Comity__V1__Constituency *row = rows->constituencies[i];

        attendance->constituencies[i] = (struct roll_constituency){
            .number = row->number,
            .name = row->name,
            .side = row->side,
            .is_party = is_party(rows, row),
        };
        attendance->by_constituency[i] = (struct attendance_group){.number = row->number};
    }
    attendance->constituency_count = count;
    return 0;
}

static struct attendance_group *constituency_find(struct attendance *attendance, uint32_t number)
{
    for (size_t i = 0; i < attendance->constituency_count; i++)
        if (attendance->by_constituency[i].number == number)
            return &attendance->by_constituency[i];
    return NULL;
}

static void group_count(struct attendance_group *group, const Comity__V1__Presence *presence)
{
    if (!group || !presence)
        return;
    group->present += presence_is_present(presence);
    group->away += presence->state == COMITY__V1__PRESENCE_STATE__PRESENCE_STATE_AWAY;
}

bool stand_in_holds(const Comity__V1__StandIn *stand_in, const Comity__V1__Seat *seat)
{
    return stand_in->member != 0 && stand_in->seat == seat->number && stand_in->holder == seat->holder;
}

static bool holds_seat(const struct attendance_rows *rows, uint32_t member)
{
    for (size_t i = 0; i < rows->seat_count; i++)
        if (rows->seats[i]->holder == member)
            return true;
    return false;
}

/* Who sits there: the alternate to whom it was handed over, else the holder. */
static uint32_t sitter_of(const struct attendance_rows *rows, const Comity__V1__Seat *seat)
{
    for (size_t i = 0; i < rows->stand_in_count; i++)
        if (stand_in_holds(rows->stand_ins[i], seat) && !holds_seat(rows, rows->stand_ins[i]->member))
            return rows->stand_ins[i]->member;
    return seat->holder;
}

static bool is_recused(const struct attendance_rows *rows, uint32_t member)
{
    for (size_t i = 0; i < rows->recusal_count; i++)
        if (rows->recusals[i]->member == member)
            return true;
    return false;
}

/* @is_seated: one flag a presence. */
static int seats_count(struct attendance *attendance, const struct attendance_rows *rows, bool *is_seated)
{
    for (size_t i = 0; i < rows->seat_count; i++) {
        const Comity__V1__Seat *seat = rows->seats[i];
        struct attendance_group *group = constituency_find(attendance, seat->constituency);
        uint32_t member = sitter_of(rows, seat);
        size_t at = member == 0 ? rows->presence_count : presence_find(rows, member);
        const Comity__V1__Presence *presence = at < rows->presence_count ? rows->presences[at] : NULL;

        if (!group)
            return ERR_CORRUPT;
        group->seats++;
        if (member == 0)
            continue;
        if (is_recused(rows, member)) {
            attendance->recused[attendance->recused_count++] = member;
            continue;
        }
        group->held++;
        group_count(group, presence);
        if (presence) {
            is_seated[at] = true;
            group_count(site_find(attendance, presence->site), presence);
        }
        attendance->seats[attendance->count] = seat;
        attendance->lines[attendance->count++] = line_of(rows, member, seat->constituency, seat->weight);
    }
    return 0;
}

static void guests_count(struct attendance *attendance, const struct attendance_rows *rows,
                         const bool *is_seated)
{
    for (size_t i = 0; i < rows->presence_count; i++) {
        struct attendance_group *site = site_find(attendance, rows->presences[i]->site);

        if (site && !is_seated[i])
            site->guests += presence_is_present(rows->presences[i]);
    }
}

static int site_names_take(struct attendance *attendance, const struct attendance_rows *rows, struct arena *arena)
{
    attendance->sites = arena_alloc(arena, (rows->site_count + 1) * sizeof(*attendance->sites));
    if (!attendance->sites)
        return ERR_MEMORY;
    for (size_t i = 0; i < rows->site_count; i++)
        attendance->sites[attendance->named_site_count++] =
            (struct roll_site){.number = rows->sites[i]->number, .name = rows->sites[i]->name};
    return 0;
}

static void parties_look(struct attendance *attendance)
{
    attendance->lacks_party = false;
    for (size_t i = 0; i < attendance->constituency_count; i++)
        attendance->lacks_party |= attendance->constituencies[i].is_party &&
                                   attendance->by_constituency[i].seats > 0 &&
                                   attendance->by_constituency[i].held == 0;
}

int attendance_of(const struct attendance_rows *rows, struct arena *arena, struct attendance *ret_attendance)
{
    struct attendance attendance = {
        .seats = arena_alloc(arena, (rows->seat_count + 1) * sizeof(*attendance.seats)),
        .frozen = arena_alloc(arena, (rows->seat_count + 1) * sizeof(*attendance.frozen)),
        .lines = arena_alloc(arena, (rows->seat_count + 1) * sizeof(*attendance.lines)),
        .recused = arena_alloc(arena, (rows->seat_count + 1) * sizeof(*attendance.recused)),
    };
    bool *is_seated = arena_alloc(arena, rows->presence_count + 1);
    bool has_room = attendance.seats && attendance.frozen && attendance.lines && attendance.recused && is_seated;
    int code = has_room ? 0 : ERR_MEMORY;

    if (code == 0)
        code = constituencies_start(&attendance, rows, arena);
    if (code == 0)
        code = sites_start(&attendance, rows, arena);
    if (code == 0)
        code = site_names_take(&attendance, rows, arena);
    if (code != 0)
        return code;
    code = seats_count(&attendance, rows, is_seated);
    if (code != 0)
        return code;
    guests_count(&attendance, rows, is_seated);
    parties_look(&attendance);
    *ret_attendance = attendance;
    return 0;
}

/* One that may answer, and by what. */
struct entrant {
    struct roll_line line;
    const Comity__V1__Seat *seat;
    const Comity__V1__RollEntry *frozen;
    uint32_t order; /* on the roll */
};

struct entrants {
    const struct attendance_rows *rows;
    struct attendance *attendance;
    struct entrant *list;
    size_t count;
};

static int by_order(const void *a, const void *b)
{
    uint32_t one = ((const struct entrant *) a)->order;
    uint32_t other = ((const struct entrant *) b)->order;

    return (one > other) - (one < other);
}

/* Whoever is recused is of the constituency as well, and answers nothing. @is_listed: the part of the list is what the
 * constituency has, and not seats. */
static int entrant_add(struct entrants *entrants, bool is_listed, struct entrant entrant)
{
    struct attendance *attendance = entrants->attendance;
    struct attendance_group *group = constituency_find(attendance, entrant.line.constituency);

    if (!group)
        return ERR_CORRUPT;
    group->seats += is_listed;
    if (is_recused(entrants->rows, entrant.line.member)) {
        attendance->recused[attendance->recused_count++] = entrant.line.member;
        return 0;
    }
    group->held++;
    group->present += entrant.line.is_present;
    entrants->list[entrants->count++] = entrant;
    return 0;
}

static int add_lists(struct entrants *entrants)
{
    const struct attendance_rows *rows = entrants->rows;
    int code = 0;

    for (size_t i = 0; i < rows->list_count; i++) {
        const Comity__V1__RollList *part = rows->lists[i];
        for (size_t k = 0; k < part->n_members && code == 0; k++) {
            uint64_t weight = k < part->n_weights ? part->weights[k] : 0;
            struct roll_line line = line_of(rows, part->members[k], part->constituency, weight);
            code = entrant_add(entrants, true, (struct entrant){.line = line, .order = line.member});
        }
    }
    return code;
}

static int add_frozen(struct entrants *entrants, Comity__V1__RollKind kind)
{
    const struct attendance_rows *rows = entrants->rows;
    bool is_by_seat = kind == COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS;
    bool is_listed = kind == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST;
    int code = 0;

    for (size_t i = 0; i < rows->frozen_count && code == 0; i++) {
        const Comity__V1__RollEntry *entry = rows->frozen[i];
        struct roll_line line = line_of(rows, entry->member, entry->constituency, entry->weight);
        code = entrant_add(entrants, is_listed,
                           (struct entrant){.line = line,
                                            .frozen = entry,
                                            .order = is_by_seat ? entry->seat : entry->member});
    }
    return code;
}

static int add_checked_in(struct entrants *entrants, const struct attendance *seats)
{
    int code = 0;

    for (size_t i = 0; i < seats->count && code == 0; i++)
        if (seats->lines[i].is_present)
            code = entrant_add(entrants, false,
                               (struct entrant){.line = seats->lines[i],
                                                .seat = seats->seats[i],
                                                .order = seats->lines[i].member});
    for (size_t i = 0; i < seats->recused_count && code == 0; i++) {
        size_t at = presence_find(entrants->rows, seats->recused[i]);
        if (at < entrants->rows->presence_count && presence_is_present(entrants->rows->presences[at]))
            entrants->attendance->recused[entrants->attendance->recused_count++] = seats->recused[i];
    }
    return code;
}

/* A constituency has the seats that it has, whoever holds them or came: where nobody of it may answer, it shows. */
static int entrants_start(struct entrants *entrants, const struct attendance *seats, Comity__V1__RollKind kind,
                          struct arena *arena)
{
    const struct attendance_rows *rows = entrants->rows;
    struct attendance *attendance = entrants->attendance;
    size_t room = 1 + rows->frozen_count + seats->count + seats->recused_count;

    for (size_t i = 0; i < rows->list_count; i++)
        room += rows->lists[i]->n_members;
    attendance->lines = arena_alloc(arena, room * sizeof(*attendance->lines));
    attendance->seats = arena_alloc(arena, room * sizeof(*attendance->seats));
    attendance->frozen = arena_alloc(arena, room * sizeof(*attendance->frozen));
    attendance->recused = arena_alloc(arena, room * sizeof(*attendance->recused));
    attendance->count = 0;
    attendance->recused_count = 0;
    for (size_t i = 0; i < attendance->constituency_count; i++) {
        struct attendance_group *group = &attendance->by_constituency[i];
        bool has_seats = kind != COMITY__V1__ROLL_KIND__ROLL_KIND_LIST;
        *group = (struct attendance_group){.number = group->number, .seats = has_seats ? group->seats : 0};
    }
    entrants->list = arena_alloc(arena, room * sizeof(*entrants->list));
    return attendance->lines && attendance->seats && attendance->frozen && attendance->recused && entrants->list
               ? 0
               : ERR_MEMORY;
}

static void entrants_seat(struct entrants *entrants)
{
    struct attendance *attendance = entrants->attendance;

    if (entrants->count > 0)
        qsort(entrants->list, entrants->count, sizeof(*entrants->list), by_order);
    for (size_t i = 0; i < entrants->count; i++) {
        attendance->lines[i] = entrants->list[i].line;
        attendance->seats[i] = entrants->list[i].seat;
        attendance->frozen[i] = entrants->list[i].frozen;
    }
    attendance->count = entrants->count;
    parties_look(attendance);
}

/* docs/rules.md */
int attendance_of_rule(const struct attendance_rows *rows, const Comity__V1__Rule *rule, struct arena *arena,
                       struct attendance *ret_attendance)
{
    struct attendance seats, attendance;
    struct entrants entrants = {.rows = rows, .attendance = &attendance};
    int code = attendance_of(rows, arena, &seats);

    attendance = seats;
    if (code != 0 || (rows->frozen_count == 0 && rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_SEATS)) {
        *ret_attendance = attendance;
        return code;
    }
    code = entrants_start(&entrants, &seats, rule->roll, arena);
    if (code == 0 && rows->frozen_count > 0)
        code = add_frozen(&entrants, rule->roll);
    else if (code == 0 && rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        code = add_lists(&entrants);
    else if (code == 0)
        code = add_checked_in(&entrants, &seats);
    if (code != 0)
        return code;
    entrants_seat(&entrants);
    *ret_attendance = attendance;
    return 0;
}

/* Does a side have a PARTY with seats, and nobody of it to answer? */
static bool lacks_side(const struct attendance *attendance)
{
    for (size_t i = 0; i < attendance->constituency_count; i++) {
        const struct roll_constituency *of = &attendance->constituencies[i];
        uint32_t seats = 0, held = 0;

        for (size_t k = 0; of->is_party && k < attendance->constituency_count; k++) {
            bool is_of_side = attendance->constituencies[k].is_party &&
                              strcmp(attendance->constituencies[k].side, of->side) == 0;
            seats += is_of_side ? attendance->by_constituency[k].seats : 0;
            held += is_of_side ? attendance->by_constituency[k].held : 0;
        }
        if (seats > 0 && held == 0)
            return true;
    }
    return false;
}

/* Has a PARTY seats, of a side (NULL: of any), and nobody to answer? */
static bool lacks_party_of(const struct attendance *attendance, const char *side)
{
    for (size_t i = 0; i < attendance->constituency_count; i++) {
        const struct roll_constituency *of = &attendance->constituencies[i];
        const struct attendance_group *group = &attendance->by_constituency[i];
        bool is_of_side = side == NULL || strcmp(of->side, side) == 0;
        if (is_of_side && of->is_party && group->seats > 0 && group->held == 0)
            return true;
    }
    return false;
}

/* Blocs of a side alone, or of all of them. */
static bool lacks_bloc(const Comity__V1__Test *test, const struct attendance *attendance)
{
    bool is_side = test->scope->kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_SIDE;

    return test->weighting == COMITY__V1__WEIGHTING__WEIGHTING_SEATS &&
           lacks_party_of(attendance, is_side ? test->scope->of : NULL);
}

/* An EACH test ranges over the parties that have seats in the body, or a part of the list, and over their sides; and
 * blocs are those of such parties. One that has nobody to answer would drop out of it unnoticed: a party that has yet
 * to fill its seats would be decided over. */
static bool lacks_subject(const Comity__V1__Rule *rule, const struct attendance *attendance)
{
    for (size_t i = 0; i < rule->n_tests; i++) {
        Comity__V1__ScopeKind kind = rule->tests[i]->scope->kind;
        if (kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_CONSTITUENCY && attendance->lacks_party)
            return true;
        if (kind == COMITY__V1__SCOPE_KIND__SCOPE_KIND_EACH_SIDE && lacks_side(attendance))
            return true;
        if (lacks_bloc(rule->tests[i], attendance))
            return true;
    }
    return false;
}

int attendance_check(const struct attendance *attendance, const Comity__V1__Rule *rule, struct arena *arena,
                     Comity__V1__TestResult ***ret_results, size_t *ret_count)
{
    struct rule_input input = {
        .rule = rule,
        .lines = attendance->lines,
        .line_count = attendance->count,
        .constituencies = attendance->constituencies,
        .constituency_count = attendance->constituency_count,
        .sites = attendance->sites,
        .site_count = attendance->named_site_count,
        .rounds_remain = true,
    };

    *ret_count = 0;
    if (attendance->count == 0)
        return ERR_QUORUM;
    if (lacks_subject(rule, attendance))
        return ERR_SCOPE;
    return rule_quorum_results(&input, arena, ret_results, ret_count);
}
