#include "tests/support/book_seats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"

/* A thing of up to six numbers, in the order in which they came. */
struct line {
    int64_t n[6];
};

struct lines {
    struct line *list;
    size_t count, room;
};

struct book_seats {
    struct lines seats;     /* body, seat, holder, until */
    struct lines sessions;  /* session, body */
    struct lines proposals; /* proposal, item */
    struct lines items;     /* item, session, has a function */
    struct lines recusals;  /* proposal, member */
    struct lines stand_ins; /* session, seat, member (0: taken back), holder */
    struct lines rounds;    /* round, is advice */
    struct lines standings; /* round, constituency, is a party */
    struct lines lists;     /* last letter of the list's name, constituency, member */
    struct lines rolls;     /* proposal, kind of roll, round, member, seat, stands for: of the first of its kind */
    struct lines left;      /* proposal, kind of roll, member: recused before the first of its kind */
    uint32_t advised;       /* round that was closed last, of those whose outcome is advice */
    struct book_seats_counts counts;
};

static void add(struct lines *lines, struct line line)
{
    if (lines->count == lines->room) {
        lines->room = 2 * lines->room + 64;
        lines->list = realloc(lines->list, lines->room * sizeof(line));
        assert_non_null(lines->list);
    }
    lines->list[lines->count++] = line;
}

/* The last line that begins with @a (and @b, unless 0); NULL: there is none. */
static struct line *find(const struct lines *lines, int64_t a, int64_t b)
{
    for (size_t i = lines->count; i > 0; i--)
        if (lines->list[i - 1].n[0] == a && (b == 0 || lines->list[i - 1].n[1] == b))
            return &lines->list[i - 1];
    return NULL;
}

struct book_seats *book_seats_new(void)
{
    return calloc(1, sizeof(struct book_seats));
}

void book_seats_destroy(struct book_seats **book)
{
    struct lines *const ALL[] = {&(*book)->seats,  &(*book)->sessions, &(*book)->proposals,
                                 &(*book)->items,  &(*book)->recusals, &(*book)->stand_ins,
                                 &(*book)->rounds, &(*book)->standings, &(*book)->lists,
                                 &(*book)->rolls,  &(*book)->left};

    for (size_t i = 0; i < ARRAY_COUNT(ALL); i++)
        free(ALL[i]->list);
    free(*book);
    *book = NULL;
}

static bool holds_seat(const struct book_seats *book, int64_t body, int64_t member)
{
    for (size_t i = 0; i < book->seats.count; i++)
        if (book->seats.list[i].n[0] == body && book->seats.list[i].n[2] == member)
            return true;
    return false;
}

/* Who sits there in the session: the alternate as long as the hand-over stands. */
static int64_t sitter(const struct book_seats *book, int64_t session, const struct line *seat)
{
    const struct line *handed = find(&book->stand_ins, session, seat->n[1]);

    if (!handed || handed->n[2] == 0 || handed->n[3] != seat->n[2] ||
        holds_seat(book, seat->n[0], handed->n[2]))
        return seat->n[2];
    /* To whom two seats were handed over sits in the later one. */
    for (const struct line *later = handed + 1; later < book->stand_ins.list + book->stand_ins.count; later++)
        if (later->n[0] == session && later->n[4] == handed->n[2])
            return seat->n[2];
    return handed->n[2];
}

/* Kinds of roll are told apart by the list as well. */
static int64_t kind_of(const Comity__V1__Rule *rule)
{
    size_t length = strlen(rule->list);

    return 256 * (int64_t) rule->roll + (length == 0 ? 0 : rule->list[length - 1]);
}

/* The next one on the roll, or recused. */
struct walk {
    const Comity__V1__RoundOpened *opened;
    size_t at, recused;
};

static void walk_on(struct book_seats *book, struct walk *walk, int64_t member, int64_t seat, int64_t stands_for)
{
    const Comity__V1__Round *round = walk->opened->round;

    if (find(&book->recusals, round->proposal, member)) {
        book->counts.recused++;
        walk->recused++;
        return;
    }
    assert_true(walk->at < walk->opened->n_roll);
    assert_int_equal(walk->opened->roll[walk->at]->member, member);
    assert_int_equal(walk->opened->roll[walk->at]->seat, seat);
    assert_int_equal(walk->opened->roll[walk->at++]->stands_for, stands_for);
}

/* Those of an earlier round, whoever holds the seats now. */
static void check_taken_over(struct book_seats *book, const Comity__V1__RoundOpened *opened)
{
    const Comity__V1__Round *round = opened->round;
    struct walk walk = {opened, 0, 0};

    for (size_t i = 0; i < book->left.count; i++) {
        const struct line *line = &book->left.list[i];
        if (line->n[0] != round->proposal || line->n[1] != kind_of(round->rule))
            continue;
        assert_true(walk.recused < round->n_recused);
        assert_int_equal(round->recused[walk.recused++], line->n[2]);
    }
    for (size_t i = 0; i < book->rolls.count; i++) {
        const struct line *line = &book->rolls.list[i];
        if (line->n[0] == round->proposal && line->n[1] == kind_of(round->rule))
            walk_on(book, &walk, line->n[3], line->n[4], line->n[5]);
    }
    assert_int_equal(walk.at, opened->n_roll);
    assert_int_equal(walk.recused, round->n_recused);
    book->counts.taken_over++;
}

static void check_listed(struct book_seats *book, const Comity__V1__RoundOpened *opened)
{
    const Comity__V1__Round *round = opened->round;
    struct walk walk = {opened, 0, 0};

    for (int64_t member = 1; member <= UINT16_MAX; member++)
        for (size_t i = 0; i < book->lists.count; i++)
            if (book->lists.list[i].n[2] == member && book->lists.list[i].n[0] == kind_of(round->rule) % 256)
                walk_on(book, &walk, member, 0, 0);
    assert_int_equal(walk.at, opened->n_roll);
    assert_int_equal(walk.recused, round->n_recused);
    book->counts.listed++;
}

/* Each sits in the seat, and is there; that nobody who is there is left out the walk of presences says. */
static void check_checked_in(struct book_seats *book, const Comity__V1__RoundOpened *opened)
{
    const Comity__V1__Round *round = opened->round;
    int64_t body = find(&book->sessions, round->session, 0)->n[1];

    for (size_t i = 0; i < opened->n_roll; i++) {
        const struct line *seat = find(&book->seats, body, opened->roll[i]->seat);
        assert_int_equal(sitter(book, round->session, seat), opened->roll[i]->member);
        assert_true(opened->roll[i]->present_at_open);
        assert_null(find(&book->recusals, round->proposal, opened->roll[i]->member));
        assert_true(i == 0 || opened->roll[i - 1]->member < opened->roll[i]->member);
    }
    book->counts.checked_in++;
}

static void list_set(struct book_seats *book, const Comity__V1__RollList *list)
{
    int64_t name = list->name[strlen(list->name) - 1];
    size_t kept = 0;

    for (size_t i = 0; i < book->lists.count; i++)
        if (book->lists.list[i].n[0] != name || book->lists.list[i].n[1] != list->constituency)
            book->lists.list[kept++] = book->lists.list[i];
    book->lists.count = kept;
    for (size_t i = 0; i < list->n_members; i++)
        add(&book->lists, (struct line){{name, list->constituency, list->members[i]}});
}

static void check_seated(struct book_seats *book, const Comity__V1__RoundOpened *opened)
{
    const Comity__V1__Round *round = opened->round;
    int64_t body = find(&book->sessions, round->session, 0)->n[1];
    size_t at = 0, recused = 0;

    for (size_t i = 0; i < book->seats.count; i++) {
        const struct line *seat = &book->seats.list[i];
        int64_t member = seat->n[0] == body ? sitter(book, round->session, seat) : 0;

        if (member == 0)
            continue;
        if (find(&book->recusals, round->proposal, member)) {
            assert_true(recused < round->n_recused);
            assert_int_equal(round->recused[recused++], member);
            book->counts.recused++;
            continue;
        }
        assert_true(at < opened->n_roll);
        assert_int_equal(opened->roll[at]->seat, seat->n[1]);
        assert_int_equal(opened->roll[at]->member, member);
        assert_int_equal(opened->roll[at++]->stands_for, member == seat->n[2] ? 0 : seat->n[2]);
        book->counts.stood_in += member != seat->n[2];
    }
    assert_int_equal(at, opened->n_roll);
    assert_int_equal(recused, round->n_recused);
}

static void check_roll(struct book_seats *book, const Comity__V1__RoundOpened *opened)
{
    const Comity__V1__Rule *rule = opened->round->rule;
    bool is_first = !find(&book->rolls, opened->round->proposal, kind_of(rule));

    if (!is_first && rule->frozen == COMITY__V1__FROZEN__FROZEN_LADDER)
        check_taken_over(book, opened);
    else if (rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_LIST)
        check_listed(book, opened);
    else if (rule->roll == COMITY__V1__ROLL_KIND__ROLL_KIND_CHECKED_IN)
        check_checked_in(book, opened);
    else
        check_seated(book, opened);
    for (size_t i = 0; is_first && i < opened->n_roll; i++)
        add(&book->rolls,
            (struct line){{opened->round->proposal, kind_of(rule), opened->round->number, opened->roll[i]->member,
                           opened->roll[i]->seat, opened->roll[i]->stands_for}});
    for (size_t i = 0; is_first && i < opened->round->n_recused; i++)
        add(&book->left,
            (struct line){{opened->round->proposal, kind_of(rule), opened->round->recused[i]}});
}

static void round_opened(struct book_seats *book, const Comity__V1__RoundOpened *opened)
{
    const Comity__V1__Round *round = opened->round;
    const struct line *item = find(&book->items, find(&book->proposals, round->proposal, 0)->n[1], 0);
    bool is_advice =
        round->share != COMITY__V1__SHARE__SHARE_UNSPECIFIED && round->share < COMITY__V1__SHARE__SHARE_JOINT;

    assert_int_equal(item->n[2], round->function[0] != '\0');
    assert_int_equal(item->n[2], round->share != COMITY__V1__SHARE__SHARE_UNSPECIFIED);
    book->counts.under_function += item->n[2] != 0;
    check_roll(book, opened);
    add(&book->rounds, (struct line){{round->number, is_advice}});
    for (size_t i = 0; i < round->n_standings; i++)
        add(&book->standings,
            (struct line){{round->number, round->standings[i]->constituency,
                           round->standings[i]->standing == COMITY__V1__STANDING__STANDING_PARTY}});
}

static void seat_changed(struct book_seats *book, uint32_t body, uint32_t seat, uint32_t member,
                         int64_t until_ms)
{
    struct line *line = find(&book->seats, body, seat);

    assert_non_null(line);
    line->n[2] = member;
    line->n[3] = until_ms;
}

static void term_ended(struct book_seats *book, const Comity__V1__SeatTermEnded *ended, int64_t time_ms)
{
    const struct line *line = find(&book->seats, ended->body, ended->seat);

    assert_int_equal(line->n[2], ended->member);
    assert_true(line->n[3] != 0 && line->n[3] <= time_ms);
    seat_changed(book, ended->body, ended->seat, 0, 0);
    book->counts.terms++;
}

/* No term is over that was not ended. */
static void check_terms(const struct book_seats *book, int64_t time_ms)
{
    for (size_t i = 0; i < book->seats.count; i++)
        assert_true(book->seats.list[i].n[3] == 0 || book->seats.list[i].n[3] > time_ms);
}

static void body_created(struct book_seats *book, const Comity__V1__BodyCreated *created)
{
    for (size_t i = 0; i < created->n_seats; i++)
        add(&book->seats, (struct line){{created->seats[i]->body, created->seats[i]->number}});
}

static void round_closed(struct book_seats *book, const Comity__V1__RoundClosed *closed)
{
    bool is_advice = find(&book->rounds, closed->round, 0)->n[1] != 0;

    book->advised = is_advice ? closed->round : 0;
    book->counts.advice +=
        is_advice && closed->outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED;
}

void book_seats_event(struct book_seats *book, const struct machine_event *event)
{
    const Comity__V1__Event *open = event->open;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_BODY_CREATED:
        body_created(book, open->body_created);
        break;
    case COMITY__V1__EVENT__KIND_SEAT_ASSIGNED:
        seat_changed(book, open->seat_assigned->body, open->seat_assigned->seat, open->seat_assigned->member,
                     open->seat_assigned->until_ms);
        break;
    case COMITY__V1__EVENT__KIND_SEAT_TERM_ENDED:
        term_ended(book, open->seat_term_ended, event->time_ms);
        break;
    case COMITY__V1__EVENT__KIND_SESSION_CONVENED:
        add(&book->sessions,
            (struct line){{open->session_convened->session->number, open->session_convened->session->body}});
        break;
    case COMITY__V1__EVENT__KIND_SESSION_DRAFTED:
        add(&book->sessions,
            (struct line){{open->session_drafted->session->number, open->session_drafted->session->body}});
        break;
    case COMITY__V1__EVENT__KIND_ITEM_ADDED:
        add(&book->items, (struct line){{open->item_added->item->number, open->item_added->item->session,
                                         open->item_added->item->function[0] != '\0'}});
        break;
    case COMITY__V1__EVENT__KIND_PROPOSAL_MADE:
        add(&book->proposals,
            (struct line){{open->proposal_made->proposal->number, open->proposal_made->proposal->item}});
        break;
    case COMITY__V1__EVENT__KIND_CHARTER_ADOPTED:
        assert_int_equal(open->charter_adopted->charter->number, ++book->counts.charters);
        break;
    case COMITY__V1__EVENT__KIND_MEMBER_RECUSED:
        add(&book->recusals,
            (struct line){{open->member_recused->recusal->proposal, open->member_recused->recusal->member}});
        break;
    case COMITY__V1__EVENT__KIND_SEAT_HANDED_OVER: {
        const Comity__V1__StandIn *row = open->seat_handed_over->stand_in;
        add(&book->stand_ins,
            (struct line){{row->session, row->seat, row->member, row->holder, row->member}});
        break;
    }
    case COMITY__V1__EVENT__KIND_SEAT_TAKEN_BACK:
        find(&book->stand_ins, open->seat_taken_back->session, open->seat_taken_back->seat)->n[2] = 0;
        break;
    case COMITY__V1__EVENT__KIND_LIST_SET:
        list_set(book, open->list_set->list);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_OPENED:
        check_terms(book, event->time_ms);
        round_opened(book, open->round_opened);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        round_closed(book, open->round_closed);
        break;
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
        assert_int_not_equal(open->decision_made->decision->round, book->advised);
        break;
    default:
        break;
    }
}

bool book_seats_standing(const struct book_seats *book, uint32_t round, uint32_t constituency,
                         bool *ret_is_party)
{
    const struct line *line = find(&book->standings, round, constituency);

    if (line)
        *ret_is_party = line->n[2] != 0;
    return line != NULL;
}

struct book_seats_counts book_seats_counts(const struct book_seats *book)
{
    return book->counts;
}
