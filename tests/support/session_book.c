#include "tests/support/session_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine/row.h"

#define MINUTE_MS ((int64_t) 60 * 1000)

enum place { NEVER, HERE, AWAY, LEFT };

struct person_book {
    uint32_t session, member;
    enum place place;
    int64_t heard_ms;
};

struct box_book {
    uint32_t session, item;
    bool is_running, is_held;
    int64_t ends_ms, left_ms;
};

struct round_book {
    uint32_t number, session;
    bool is_open;
    int64_t closes_ms; /* 0: at no time */
    int64_t extended_ms;
};

struct meeting {
    bool is_open, is_paused, is_caucus;
    int64_t since_ms, until_ms, away_ms;
    uint32_t speaker;
};

struct session_book {
    struct meeting *meetings; /* by number */
    size_t meeting_room;
    struct person_book *people;
    size_t people_count;
    struct box_book *boxes;
    size_t box_count;
    struct round_book *rounds;
    size_t round_count;
    size_t turned_away, over, caucuses_over;
};

struct session_book *session_book_new(void)
{
    return calloc(1, sizeof(struct session_book));
}

void session_book_destroy(struct session_book **book)
{
    if (!*book)
        return;
    free((*book)->meetings);
    free((*book)->people);
    free((*book)->boxes);
    free((*book)->rounds);
    free(*book);
    *book = NULL;
}

static struct meeting *meeting_of(struct session_book *book, uint32_t number)
{
    if (number >= book->meeting_room) {
        size_t room = 2 * (size_t) number + 16;

        book->meetings = realloc(book->meetings, room * sizeof(*book->meetings));
        memset(book->meetings + book->meeting_room, 0, (room - book->meeting_room) * sizeof(*book->meetings));
        book->meeting_room = room;
    }
    return &book->meetings[number];
}

static struct person_book *person_find(const struct session_book *book, uint32_t session, uint32_t member)
{
    for (size_t i = book->people_count; i-- > 0;)
        if (book->people[i].session == session && book->people[i].member == member)
            return &book->people[i];
    return NULL;
}

static void person_comes(struct session_book *book, const Comity__V1__Presence *presence, int64_t now_ms)
{
    struct person_book *person = person_find(book, presence->session, presence->member);

    if (!person) {
        book->people = realloc(book->people, (book->people_count + 1) * sizeof(*book->people));
        person = &book->people[book->people_count++];
        person->session = presence->session;
        person->member = presence->member;
    }
    person->place = HERE;
    person->heard_ms = now_ms;
}

/* Everybody of the session is heard of now: a silence that was running begins anew. */
static void all_are_heard(struct session_book *book, uint32_t session, int64_t now_ms)
{
    for (size_t i = 0; i < book->people_count; i++)
        if (book->people[i].session == session)
            book->people[i].heard_ms = now_ms;
}

static bool is_watched(const struct session_book *book, const struct person_book *person)
{
    const struct meeting *meeting = &book->meetings[person->session];

    return person->place == HERE && meeting->is_open && !meeting->is_paused && meeting->away_ms != 0;
}

static void person_goes(struct session_book *book, uint32_t session, uint32_t member, enum place place,
                        const struct machine_event *event)
{
    struct person_book *person = person_find(book, session, member);

    assert_non_null(person);
    assert_int_not_equal(person->place, NEVER);
    if (place == AWAY && event->open->actor == 0) {
        assert_true(is_watched(book, person));
        assert_true(person->heard_ms + book->meetings[session].away_ms <= event->time_ms);
        book->turned_away++;
    }
    person->place = place;
    if (place == LEFT && meeting_of(book, session)->speaker == member)
        meeting_of(book, session)->speaker = 0;
}

static void act(struct session_book *book, const Comity__V1__Event *open, int64_t now_ms)
{
    struct person_book *person =
        open->session != 0 && open->actor != 0 ? person_find(book, open->session, open->actor) : NULL;

    if (!person || !meeting_of(book, open->session)->is_open)
        return;
    if (person->place == AWAY)
        person->place = HERE;
    person->heard_ms = now_ms;
}

static struct box_book *box_find(const struct session_book *book, uint32_t item)
{
    for (size_t i = 0; i < book->box_count; i++)
        if (book->boxes[i].item == item)
            return &book->boxes[i];
    return NULL;
}

static void box_is_set(struct session_book *book, const Comity__V1__TimeBox *box, bool is_paused)
{
    struct box_book *known = box_find(book, box->item);

    if (!known) {
        book->boxes = realloc(book->boxes, (book->box_count + 1) * sizeof(*book->boxes));
        known = &book->boxes[book->box_count++];
    }
    *known = (struct box_book){.session = box->session,
                               .item = box->item,
                               .is_running = !is_paused,
                               .is_held = is_paused,
                               .ends_ms = box->ends_ms,
                               .left_ms = box->left_ms};
}

static void pause_begins(struct session_book *book, uint32_t number, const Comity__V1__Pause *pause,
                         int64_t now_ms)
{
    struct meeting *meeting = meeting_of(book, number);

    for (size_t i = 0; i < book->box_count; i++) {
        struct box_book *box = &book->boxes[i];

        if (box->session != number || !box->is_running)
            continue;
        box->is_running = false;
        box->is_held = true;
        box->left_ms = box->ends_ms - now_ms;
    }
    if (!meeting->is_paused)
        meeting->since_ms = now_ms;
    meeting->is_paused = true;
    meeting->is_caucus = pause->kind == COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS;
    meeting->until_ms = pause->until_ms;
}

/* In a caucus its time does not run: since its beginning, or since it was extended in it. */
static int64_t held_since(const struct round_book *round, const struct meeting *meeting)
{
    return round->extended_ms > meeting->since_ms ? round->extended_ms : meeting->since_ms;
}

static void pause_ends(struct session_book *book, uint32_t number, const struct machine_event *event)
{
    struct meeting *meeting = meeting_of(book, number);
    int64_t now_ms = event->time_ms;

    assert_true(meeting->is_paused);
    if (event->open->actor == 0) {
        assert_true(meeting->is_caucus && meeting->until_ms <= now_ms);
        book->caucuses_over++;
    }
    for (size_t i = 0; i < book->box_count; i++) {
        struct box_book *box = &book->boxes[i];

        if (box->session != number || !box->is_held)
            continue;
        box->is_held = false;
        box->is_running = true;
        box->ends_ms = now_ms + box->left_ms;
    }
    for (size_t i = 0; i < book->round_count && meeting->is_caucus; i++)
        if (book->rounds[i].session == number && book->rounds[i].is_open && book->rounds[i].closes_ms != 0)
            book->rounds[i].closes_ms += now_ms - held_since(&book->rounds[i], meeting);
    meeting->is_paused = meeting->is_caucus = false;
    all_are_heard(book, number, now_ms);
}

static void meeting_ends(struct session_book *book, uint32_t number)
{
    struct meeting *meeting = meeting_of(book, number);

    meeting->is_open = meeting->is_paused = meeting->is_caucus = false;
    meeting->speaker = 0;
    for (size_t i = 0; i < book->box_count; i++)
        if (book->boxes[i].session == number)
            book->boxes[i].is_running = book->boxes[i].is_held = false;
}

static void round_opens(struct session_book *book, const Comity__V1__Round *round)
{
    const struct meeting *meeting = meeting_of(book, round->session);

    assert_true(meeting->is_open && !meeting->is_paused);
    book->rounds = realloc(book->rounds, (book->round_count + 1) * sizeof(*book->rounds));
    book->rounds[book->round_count++] =
        (struct round_book){round->number, round->session, true, round->closes_ms, 0};
}

static void round_goes_on(struct session_book *book, const Comity__V1__RoundExtended *extended, int64_t now_ms)
{
    struct round_book *round = &book->rounds[extended->round - 1];

    assert_true(round->is_open && round->closes_ms != 0 && round->extended_ms == 0);
    round->closes_ms = extended->closes_ms;
    round->extended_ms = now_ms;
}

static void round_closes(struct session_book *book, const Comity__V1__RoundClosed *closed, int64_t now_ms)
{
    struct round_book *round = &book->rounds[closed->round - 1];

    assert_int_equal(round->number, closed->round);
    if (closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME) {
        assert_true(round->closes_ms != 0 && round->closes_ms <= now_ms);
        assert_false(meeting_of(book, round->session)->is_caucus);
    }
    round->is_open = false;
}

static void epoch_opens(struct session_book *book, const Comity__V1__Epoch *epoch)
{
    for (size_t i = 0; i < book->round_count; i++) {
        struct round_book *round = &book->rounds[i];

        if (round->is_open && round->closes_ms != 0 && round->closes_ms < epoch->resume_ms)
            round->closes_ms = epoch->resume_ms;
    }
}

static void box_is_over(struct session_book *book, const Comity__V1__TimeBoxOver *over, int64_t now_ms)
{
    struct box_book *box = box_find(book, over->item);

    assert_non_null(box);
    assert_true(box->is_running && box->ends_ms <= now_ms);
    box->is_running = false;
    book->over++;
}

void session_book_event(struct session_book *book, const struct machine_event *event)
{
    const Comity__V1__Event *open = event->open;
    int64_t now_ms = event->time_ms;

    act(book, open, now_ms);
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_SESSION_OPENED:
        meeting_of(book, open->session_opened->session)->is_open = true;
        break;
    case COMITY__V1__EVENT__KIND_SESSION_CLOSED:
        meeting_ends(book, open->session_closed->session);
        break;
    case COMITY__V1__EVENT__KIND_GROUND_RULES_SET:
        meeting_of(book, open->ground_rules_set->session)->away_ms =
            open->ground_rules_set->rules->away_after_minutes * MINUTE_MS;
        all_are_heard(book, open->ground_rules_set->session, now_ms);
        break;
    case COMITY__V1__EVENT__KIND_MEMBER_CHECKED_IN:
        person_comes(book, open->member_checked_in->presence, now_ms);
        break;
    case COMITY__V1__EVENT__KIND_ROLL_CALLED:
        for (size_t i = 0; i < open->roll_called->n_presences; i++)
            person_comes(book, open->roll_called->presences[i], now_ms);
        break;
    case COMITY__V1__EVENT__KIND_MEMBER_CHECKED_OUT:
        person_goes(book, open->member_checked_out->session, open->member_checked_out->member, LEFT, event);
        break;
    case COMITY__V1__EVENT__KIND_MEMBER_AWAY:
        person_goes(book, open->member_away->session, open->member_away->member, AWAY, event);
        break;
    case COMITY__V1__EVENT__KIND_SESSION_RECESSED:
        pause_begins(book, open->session_recessed->session, open->session_recessed->pause, now_ms);
        break;
    case COMITY__V1__EVENT__KIND_CAUCUS_CALLED:
        pause_begins(book, open->caucus_called->session, open->caucus_called->pause, now_ms);
        break;
    case COMITY__V1__EVENT__KIND_SESSION_RESUMED:
        pause_ends(book, open->session_resumed->session, event);
        break;
    case COMITY__V1__EVENT__KIND_CAUCUS_ENDED:
        pause_ends(book, open->caucus_ended->session, event);
        break;
    case COMITY__V1__EVENT__KIND_FLOOR_GIVEN:
        meeting_of(book, open->floor_given->session)->speaker = open->floor_given->member;
        break;
    case COMITY__V1__EVENT__KIND_FLOOR_YIELDED:
        meeting_of(book, open->floor_yielded->session)->speaker = 0;
        break;
    case COMITY__V1__EVENT__KIND_TIME_BOX_SET:
        box_is_set(book, open->time_box_set->box, false);
        break;
    case COMITY__V1__EVENT__KIND_TIME_BOX_EXTENDED:
        box_is_set(book, open->time_box_extended->box,
                   meeting_of(book, open->time_box_extended->box->session)->is_paused);
        break;
    case COMITY__V1__EVENT__KIND_TIME_BOX_OVER:
        box_is_over(book, open->time_box_over, now_ms);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_OPENED:
        round_opens(book, open->round_opened->round);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_EXTENDED:
        round_goes_on(book, open->round_extended, now_ms);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        round_closes(book, open->round_closed, now_ms);
        break;
    case COMITY__V1__EVENT__KIND_EPOCH_OPENED:
        epoch_opens(book, open->epoch_opened->epoch);
        break;
    default:
        break;
    }
}

bool session_book_is_present(const struct session_book *book, uint32_t session, uint32_t member, bool ever)
{
    const struct person_book *person = person_find(book, session, member);

    return person && (ever || person->place == HERE);
}

static ProtobufCMessage *row_of(const struct view *view, struct arena *arena, enum table table, uint32_t a,
                                uint32_t b)
{
    ProtobufCMessage *row = NULL;

    assert_int_equal(state_get(view, arena, table, a, b, &row), 0);
    return row;
}

static void check_person(const struct session_book *book, const struct person_book *person,
                         const struct view *view, struct arena *arena, int64_t time_ms)
{
    const Comity__V1__Presence *row =
        (const Comity__V1__Presence *) row_of(view, arena, TABLE_PRESENCE, person->session, person->member);
    int64_t away_ms = book->meetings[person->session].away_ms;

    assert_int_equal(row->state, person->place); /* in the same order */
    if (is_watched(book, person)) {
        assert_int_equal(row->silent_ms, person->heard_ms + away_ms);
        assert_true(row->silent_ms > time_ms);
    } else {
        assert_int_equal(row->silent_ms, 0);
    }
}

static void check_box(const struct box_book *box, const struct view *view, struct arena *arena,
                      int64_t time_ms)
{
    const Comity__V1__TimeBox *row =
        (const Comity__V1__TimeBox *) row_of(view, arena, TABLE_TIME_BOX, box->session, box->item);

    assert_int_equal(row->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_RUNNING, box->is_running);
    assert_int_equal(row->state == COMITY__V1__TIME_BOX_STATE__TIME_BOX_STATE_HELD, box->is_held);
    if (box->is_running) {
        assert_int_equal(row->ends_ms, box->ends_ms);
        assert_true(row->ends_ms > time_ms);
    }
    if (box->is_held)
        assert_int_equal(row->left_ms, box->left_ms);
}

static void check_meeting(const struct meeting *meeting, uint32_t number, const struct view *view,
                          struct arena *arena)
{
    const Comity__V1__Session *row =
        (const Comity__V1__Session *) row_of(view, arena, TABLE_SESSION, number, 0);

    assert_int_equal(row->state == COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN, meeting->is_open);
    assert_int_equal(row->pause != NULL, meeting->is_paused);
    if (row->pause)
        assert_int_equal(row->pause->since_ms, meeting->since_ms);
    assert_int_equal(row->floor ? row->floor->member : 0, meeting->speaker);
}

void session_book_check(const struct session_book *book, const struct view *view, struct arena *arena,
                        int64_t time_ms)
{
    for (size_t i = 0; i < book->people_count; i++)
        check_person(book, &book->people[i], view, arena, time_ms);
    for (size_t i = 0; i < book->box_count; i++)
        check_box(&book->boxes[i], view, arena, time_ms);
    for (uint32_t number = 1; number < book->meeting_room; number++)
        if (book->meetings[number].is_open)
            check_meeting(&book->meetings[number], number, view, arena);
    for (size_t i = 0; i < book->round_count; i++) {
        const struct round_book *round = &book->rounds[i];
        bool is_held = round->is_open && round->closes_ms != 0 && book->meetings[round->session].is_caucus;

        if (!round->is_open)
            continue;
        const Comity__V1__Round *row =
            (const Comity__V1__Round *) row_of(view, arena, TABLE_ROUND, round->number, 0);
        assert_int_equal(row->closes_ms, round->closes_ms);
        assert_int_equal(row->held_ms != 0, is_held);
        assert_true(is_held || round->closes_ms == 0 || round->closes_ms > time_ms);
    }
}

size_t session_book_turned_away(const struct session_book *book)
{
    return book->turned_away;
}

size_t session_book_over(const struct session_book *book)
{
    return book->over;
}

size_t session_book_caucuses_over(const struct session_book *book)
{
    return book->caucuses_over;
}
