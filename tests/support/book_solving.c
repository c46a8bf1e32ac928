#include "tests/support/book_solving.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

enum { ROOM = 20000, PHASES = 16 };
enum {
    ISSUE = 1,
    STORY,
    DATA,
    INTERESTS,
    OPTIONS,
    STANDARDS,
    EVALUATION,
    PROPOSAL,
    TEST,
    DECIDED,
    DEFERRED,
    REFERRED,
    TABLED,
    WITHDRAWN
};
enum { PROPOSED = 1, STANDS, TAKEN_BACK };

struct item {
    int phase;
    bool is_held;
    unsigned open_rounds, rounds;
};

struct contribution {
    int state, phase;
    uint32_t item;
    unsigned versions, approvals;
};

struct book_solving {
    struct item items[ROOM];
    uint32_t item_of_proposal[ROOM], item_of_round[ROOM], proposal_of_round[ROOM];
    struct contribution contributions[ROOM];
    int concerns[ROOM]; /* state */
    unsigned seconders[ROOM];
    int requests[ROOM]; /* state */
    bool facts[ROOM];   /* stands */
    uint32_t last_contribution, last_concern, last_request, last_fact, last_item;
    unsigned to_close; /* rounds of a referred item that have yet to close */
    size_t visits[PHASES];
};

struct book_solving *book_solving_new(void)
{
    return calloc(1, sizeof(struct book_solving));
}

void book_solving_destroy(struct book_solving **book)
{
    free(*book);
    *book = NULL;
}

const size_t *book_solving_visits(const struct book_solving *book)
{
    return book->visits;
}

static void put_into(struct book_solving *book, struct item *item, int phase)
{
    item->phase = phase;
    item->is_held = false;
    book->visits[phase]++;
}

static bool is_worked_on(const struct item *item)
{
    return item->phase >= ISSUE && item->phase <= TEST;
}

/* In the words of docs/problem-solving.md: back as far as one likes, on by one step; over STORY and DATA. */
static bool can_move(int from, int to)
{
    if (to < ISSUE || to > PROPOSAL || from == REFERRED || from == WITHDRAWN || from == to)
        return false;
    if (from >= TEST || to < from || to == from + 1)
        return true;
    return from <= DATA && to <= INTERESTS;
}

static void book_item(struct book_solving *book, const Comity__V1__Event *open)
{
    struct item *item;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_ITEM_ADDED:
        item = &book->items[open->item_added->item->number];
        book->last_item = open->item_added->item->number;
        assert_in_range(open->item_added->item->phase, ISSUE, PROPOSAL);
        put_into(book, item, (int) open->item_added->item->phase);
        break;
    case COMITY__V1__EVENT__KIND_PHASE_MOVED:
        item = &book->items[open->phase_moved->item];
        assert_int_equal(open->phase_moved->from, item->phase);
        assert_true(can_move(item->phase, (int) open->phase_moved->phase));
        assert_true(!item->is_held && item->open_rounds == 0);
        put_into(book, item, (int) open->phase_moved->phase);
        break;
    case COMITY__V1__EVENT__KIND_PHASE_HELD:
        item = &book->items[open->phase_held->item];
        assert_true(!item->is_held && is_worked_on(item));
        item->is_held = true;
        break;
    case COMITY__V1__EVENT__KIND_PHASE_RELEASED:
        item = &book->items[open->phase_released->item];
        assert_true(item->is_held);
        item->is_held = false;
        break;
    case COMITY__V1__EVENT__KIND_ITEM_REFERRED:
        item = &book->items[open->item_referred->item];
        assert_true(is_worked_on(item) || item->phase == DEFERRED || item->phase == TABLED);
        put_into(book, item, REFERRED);
        book->to_close = item->open_rounds;
        break;
    case COMITY__V1__EVENT__KIND_ITEM_SET_ASIDE:
        item = &book->items[open->item_set_aside->item];
        assert_true(is_worked_on(item) && !item->is_held && item->open_rounds == 0);
        put_into(book, item, (int) open->item_set_aside->phase);
        break;
    case COMITY__V1__EVENT__KIND_ITEM_WITHDRAWN:
        item = &book->items[open->item_withdrawn->item];
        assert_true(!item->is_held && item->open_rounds == 0 && item->rounds == 0);
        put_into(book, item, WITHDRAWN);
        break;
    default:
        break;
    }
}

static void book_round(struct book_solving *book, const Comity__V1__Event *open)
{
    const Comity__V1__Round *round;
    struct item *item;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_PROPOSAL_MADE:
        item = &book->items[open->proposal_made->proposal->item];
        assert_true(item->phase == PROPOSAL || item->phase == TEST || item->phase == DECIDED);
        book->item_of_proposal[open->proposal_made->proposal->number] = open->proposal_made->proposal->item;
        break;
    case COMITY__V1__EVENT__KIND_ROUND_OPENED:
        round = open->round_opened->round;
        item = &book->items[book->item_of_proposal[round->proposal]];
        assert_true(item->phase == PROPOSAL || item->phase == TEST || item->phase == DECIDED);
        assert_false(item->is_held);
        book->item_of_round[round->number] = book->item_of_proposal[round->proposal];
        if (item->phase != TEST)
            put_into(book, item, TEST);
        item->open_rounds++;
        item->rounds++;
        break;
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        item = &book->items[book->item_of_round[open->round_closed->round]];
        item->open_rounds--;
        assert_int_equal(open->round_closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED,
                         item->phase == REFERRED);
        assert_int_equal(open->round_closed->outcome->kind == COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED,
                         item->phase == REFERRED);
        if (item->phase == REFERRED)
            book->to_close--;
        break;
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
        item = &book->items[book->item_of_proposal[open->decision_made->decision->proposal]];
        put_into(book, item, DECIDED);
        break;
    default:
        break;
    }
}

static bool needs_approval(const Comity__V1__Contribution *row)
{
    return row->kind == COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_SHARED_INTEREST ||
           row->kind <= COMITY__V1__CONTRIBUTION_KIND__CONTRIBUTION_KIND_OPTION;
}

static void book_contribution(struct book_solving *book, const Comity__V1__Event *open)
{
    static const int PHASE_OF[] = {0, STORY, INTERESTS, INTERESTS, OPTIONS, STANDARDS, EVALUATION};
    const Comity__V1__ContributionsApproved *approved = open->contributions_approved;
    const Comity__V1__Contribution *row;
    struct contribution *kept;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_CONTRIBUTION_MADE:
        row = open->contribution_made->contribution;
        assert_int_equal(row->number, ++book->last_contribution);
        kept = &book->contributions[row->number];
        *kept = (struct contribution){
            .state = (int) row->state, .phase = PHASE_OF[row->kind], .item = row->item, .versions = 1};
        assert_int_equal(book->items[row->item].phase, kept->phase);
        assert_int_equal(row->state, needs_approval(row) ? PROPOSED : STANDS);
        break;
    case COMITY__V1__EVENT__KIND_CONTRIBUTION_AMENDED:
        kept = &book->contributions[open->contribution_amended->contribution];
        assert_true(kept->state != TAKEN_BACK);
        assert_int_equal(book->items[kept->item].phase, kept->phase);
        assert_int_equal(open->contribution_amended->version->version, ++kept->versions);
        kept->approvals = 0;
        kept->state = (int) open->contribution_amended->state;
        break;
    case COMITY__V1__EVENT__KIND_CONTRIBUTION_WITHDRAWN:
        kept = &book->contributions[open->contribution_withdrawn->contribution];
        assert_true(kept->state != TAKEN_BACK);
        kept->state = TAKEN_BACK;
        break;
    case COMITY__V1__EVENT__KIND_CONTRIBUTIONS_APPROVED:
        for (size_t i = 0; i < approved->n_contributions; i++) {
            kept = &book->contributions[approved->contributions[i]];
            assert_int_equal(kept->state, PROPOSED);
            kept->approvals++;
        }
        for (size_t i = 0; i < approved->n_standing; i++)
            book->contributions[approved->standing[i]].state = STANDS;
        break;
    default:
        break;
    }
}

static void book_concern(struct book_solving *book, const Comity__V1__Event *open)
{
    uint32_t number;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_CONCERN_RAISED:
        number = open->concern_raised->concern->number;
        assert_int_equal(number, ++book->last_concern);
        book->concerns[number] = (int) open->concern_raised->concern->state;
        break;
    case COMITY__V1__EVENT__KIND_CONCERN_SECONDED:
        number = open->concern_seconded->concern;
        assert_in_range(book->concerns[number], 1, 2);
        book->concerns[number] = 2;
        book->seconders[number]++;
        break;
    case COMITY__V1__EVENT__KIND_CONCERN_SETTLED:
        number = open->concern_settled->concern;
        assert_in_range(book->concerns[number], 1, 2);
        assert_in_range(open->concern_settled->state, 3, 4);
        book->concerns[number] = (int) open->concern_settled->state;
        break;
    default:
        break;
    }
}

static void book_data(struct book_solving *book, const struct machine_event *event)
{
    const Comity__V1__Event *open = event->open;
    uint32_t confined_to = 0;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_DATA_REQUESTED:
        assert_int_equal(open->data_requested->request->number, ++book->last_request);
        book->requests[book->last_request] = 1;
        confined_to = open->data_requested->request->confined_to;
        break;
    case COMITY__V1__EVENT__KIND_DATA_ANSWERED:
        assert_int_not_equal(book->requests[open->data_answered->request], 2);
        book->requests[open->data_answered->request] = (int) open->data_answered->state;
        return;
    case COMITY__V1__EVENT__KIND_FACT_STATED:
        assert_int_equal(open->fact_stated->fact->number, ++book->last_fact);
        book->facts[book->last_fact] = true;
        confined_to = open->fact_stated->fact->confined_to;
        break;
    case COMITY__V1__EVENT__KIND_FACT_JUDGED:
        assert_true(book->facts[open->fact_judged->fact]);
        return;
    case COMITY__V1__EVENT__KIND_FACT_WITHDRAWN:
        assert_true(book->facts[open->fact_withdrawn->fact]);
        book->facts[open->fact_withdrawn->fact] = false;
        return;
    default:
        return;
    }
    assert_int_equal(event->audience, confined_to != 0 ? COMITY__V1__AUDIENCE__AUDIENCE_BODY
                                                       : COMITY__V1__AUDIENCE__AUDIENCE_ALL);
    assert_int_equal(event->round, confined_to);
}

void book_solving_event(struct book_solving *book, const struct machine_event *event)
{
    /* What a referral closes, closes before anything else happens; with a stage's round its stage ends. */
    if (book->to_close > 0 && event->open->kind_case == COMITY__V1__EVENT__KIND_STAGE_ENDED)
        assert_int_equal(event->open->stage_ended->outcome, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED);
    else if (book->to_close > 0)
        assert_int_equal(event->open->kind_case, COMITY__V1__EVENT__KIND_ROUND_CLOSED);
    book_item(book, event->open);
    book_round(book, event->open);
    book_contribution(book, event->open);
    book_concern(book, event->open);
    book_data(book, event);
}

static void *row_of(const struct view *view, struct arena *arena, enum table table, uint32_t number)
{
    ProtobufCMessage *row = NULL;

    arena_reset(arena);
    assert_int_equal(state_get(view, arena, table, number, 0, &row), 0);
    return row;
}

void book_solving_check(const struct book_solving *book, const struct view *view)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);

    for (uint32_t i = 1; i <= book->last_item; i++) {
        const Comity__V1__Item *item = row_of(view, arena, TABLE_ITEM, i);
        assert_int_equal(item->phase, book->items[i].phase);
        assert_int_equal(item->hold != NULL, book->items[i].is_held);
        assert_int_equal(item->rounds, book->items[i].rounds);
    }
    for (uint32_t i = 1; i <= book->last_contribution; i++) {
        const Comity__V1__Contribution *row = row_of(view, arena, TABLE_CONTRIBUTION, i);
        assert_int_equal(row->state, book->contributions[i].state);
        assert_int_equal(row->n_versions, book->contributions[i].versions);
        assert_int_equal(row->n_approved_by, book->contributions[i].approvals);
    }
    for (uint32_t i = 1; i <= book->last_concern; i++) {
        const Comity__V1__Concern *row = row_of(view, arena, TABLE_CONCERN, i);
        assert_int_equal(row->state, book->concerns[i]);
        assert_int_equal(row->n_seconders, book->seconders[i]);
    }
    for (uint32_t i = 1; i <= book->last_request; i++) {
        const Comity__V1__DataRequest *row = row_of(view, arena, TABLE_DATA_REQUEST, i);
        assert_int_equal(row->state, book->requests[i]);
    }
    for (uint32_t i = 1; i <= book->last_fact; i++) {
        const Comity__V1__Fact *row = row_of(view, arena, TABLE_FACT, i);
        assert_int_equal(row->withdrawn_ms == 0, book->facts[i]);
    }
    arena_destroy(&arena);
}
