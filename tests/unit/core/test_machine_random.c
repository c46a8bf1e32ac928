/* Random commands from a seed on the view in memory. After each one: a refusal changed nothing; counters,
 * rolls and open rounds are what a naive recount of the events says; every outcome is counted again by
 * rule_count from a book of ballots that the test keeps by itself. At the end the events alone give the same
 * state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/machine/row.h"
#include "core/rule/rule.h"
#include "tests/support/book_keys.h"
#include "tests/support/book_seats.h"
#include "tests/support/book_solving.h"
#include "tests/support/machine_drive.h"
#include "tests/support/naive_charter.h"
#include "tests/support/naive_decisions.h"
#include "tests/support/naive_ladder.h"
#include "tests/support/numbered_rows.h"
#include "tests/support/random_commands.h"
#include "tests/support/session_book.h"

enum { OPTION_ROOM = 8, ANSWERED_BY = 6, EPOCHS = 8, COMMANDS = 50000, ROUNDS_MAX = 20000, ROLL_ROOM = 64, MEMBERS_MAX = 2000 };

/* What the test knows of a round, from its events. */
struct book_round {
    bool is_open;
    bool rounds_remain;
    size_t count;
    struct roll_line lines[ROLL_ROOM];
    bool is_entered[ROLL_ROOM]; /* the line's ballot, and its voter has not disputed it */
    bool has_disputed[ROLL_ROOM];
    struct bytes rule; /* packed */
    struct round_option options[OPTION_ROOM];
    size_t option_count;
    bool is_extended;
    uint32_t session;
    uint8_t roll_hash[HASH_SIZE];
};

/* What was there when an epoch was opened. */
struct book_epoch {
    uint32_t number;
    uint32_t last[256];
    int64_t resume_ms;
    uint64_t sequence; /* of the last event before it */
};

struct book {
    struct view view;
    struct session_book *sessions;
    struct book_epoch epochs[EPOCHS + 1]; /* the first has no counts: it is the founding's */
    size_t epoch_count;
    size_t taken_over; /* commands of an earlier epoch that were accepted */
    struct naive_decisions *decisions;
    struct naive_ladder *ladders;
    struct naive_charter charter;
    int64_t time_ms;
    struct arena *kept;
    struct book_seats *seats;
    struct book_keys *keys;
    struct book_round *rounds; /* by number */
    struct book_solving *solving;
    uint32_t last[256]; /* numbers given, by table */
    uint64_t sequence;
    size_t events;
    size_t ballots;
    size_t entered;
    size_t disputes; /* that set a ballot aside */
    size_t outcomes[16];
    size_t by_deadline;
    size_t acknowledged;
    size_t by_form[8], extended, settled;
    struct {
        uint64_t sequence;
        int64_t time_ms;
        struct bytes open;
        struct bytes command;
    } * records;
};

/* A number is one more than the last of its kind. */
static void book_number(struct book *book, enum table table, uint32_t number)
{
    assert_int_equal(number, book->last[table] + 1);
    book->last[table] = number;
}

/* The rows of a prefix, hashed. */
struct prefix_hash {
    uint8_t hash[HASH_SIZE];
    size_t rows;
};

static int prefix_visit(void *context, struct bytes key, struct bytes value)
{
    struct prefix_hash *hash = context;
    uint8_t bytes[HASH_SIZE + VIEW_KEY_MAX + 4096];
    size_t size = HASH_SIZE;

    assert_true(key.size + value.size <= sizeof(bytes) - HASH_SIZE);
    memcpy(bytes, hash->hash, HASH_SIZE);
    memcpy(bytes + size, key.data, key.size);
    size += key.size;
    if (value.size > 0)
        memcpy(bytes + size, value.data, value.size);
    tagged_hash("test", BYTES(bytes, size + value.size), hash->hash);
    hash->rows++;
    return 0;
}

static struct prefix_hash roll_hash(struct book *book, uint32_t round)
{
    struct row_key key = row_key_first(TABLE_ROLL, round);
    struct prefix_hash hash = {{0}, 0};

    assert_int_equal(view_range(&book->view, row_key_view(&key), BYTES(NULL, 0), prefix_visit, &hash), 0);
    return hash;
}

static int by_member(const void *a, const void *b)
{
    uint32_t left = ((const struct roll_line *) a)->member;
    uint32_t right = ((const struct roll_line *) b)->member;
    return (left > right) - (left < right);
}

static void book_opened(struct book *book, const Comity__V1__RoundOpened *opened)
{
    struct book_round *round = &book->rounds[opened->round->number];

    book_number(book, TABLE_ROUND, opened->round->number);
    assert_in_range(opened->n_roll, 1, ROLL_ROOM);
    assert_int_equal(opened->round->eligible, opened->n_roll);
    round->is_open = true;
    round->rounds_remain = opened->round->round_of < opened->round->rule->rounds;
    round->session = opened->round->session;
    round->count = opened->n_roll;
    for (size_t i = 0; i < opened->n_roll; i++)
        round->lines[i] = (struct roll_line){.member = opened->roll[i]->member,
                                             .constituency = opened->roll[i]->constituency,
                                             .is_present = opened->roll[i]->present_at_open,
                                             .is_notified = opened->roll[i]->present_at_open};
    qsort(round->lines, round->count, sizeof(round->lines[0]), by_member);
    for (size_t i = 1; i < round->count; i++)
        assert_true(round->lines[i - 1].member < round->lines[i].member);
    assert_int_equal(message_pack(&opened->round->rule->base, book->kept, &round->rule), 0);
    assert_true(opened->round->n_options <= OPTION_ROOM);
    for (size_t i = 0; i < opened->round->n_options; i++)
        round->options[round->option_count++] =
            (struct round_option){.label = arena_string(book->kept, opened->round->options[i]->label),
                                  .majority = ""};
}

static size_t line_of(const struct book_round *round, uint32_t member)
{
    for (size_t i = 0; i < round->count; i++)
        if (round->lines[i].member == member)
            return i;
    fail_msg("member %u is not on the roll", member);
    return 0;
}

/* What a ballot says, of which the ranks are kept. */
#define SAID(book, ballot)                                                                                   \
    ((struct ballot_answer){.answer = (ballot)->answer,                                                      \
                            .choice = (ballot)->choice,                                                      \
                            .ranks = (ballot)->n_ranks == 0                                                  \
                                         ? NULL                                                              \
                                         : arena_copy((book)->kept, (ballot)->ranks,                         \
                                                      (ballot)->n_ranks * sizeof(*(ballot)->ranks)),         \
                            .rank_count = (ballot)->n_ranks,                                                 \
                            .has_score = (ballot)->score != NULL,                                            \
                            .score = (ballot)->score ? (ballot)->score->value : 0})

static void book_answer(struct book *book, struct book_round *round, size_t line, uint64_t replaces,
                        struct ballot_answer given, uint64_t sequence)
{
    assert_true(round->is_open);
    assert_int_equal(replaces, round->lines[line].sequence);
    round->lines[line].has_answered = true;
    round->lines[line].given = given;
    round->lines[line].sequence = sequence;
    round->is_entered[line] = false;
    book->ballots++;
    book->by_form[given.choice != 0 ? 1 : given.rank_count != 0 ? 2 : given.has_score ? 3 : 0]++;
}

static void book_ballot(struct book *book, const Comity__V1__BallotCast *cast,
                        const struct machine_event *event)
{
    struct book_round *round = &book->rounds[cast->round];

    book_answer(book, round, line_of(round, cast->member), cast->replaces,
                SAID(book, event->command->cast_ballot), event->sequence);
}

static void book_entered(struct book *book, const Comity__V1__BallotsEntered *entered,
                         const struct machine_event *event)
{
    const Comity__V1__EnterBallots *command = event->command->enter_ballots;
    struct book_round *round = &book->rounds[entered->round];

    assert_int_equal(entered->n_ballots, command->n_ballots);
    for (size_t i = 0; i < entered->n_ballots; i++) {
        const size_t line = line_of(round, entered->ballots[i]->member);

        assert_int_equal(entered->ballots[i]->member, command->ballots[i]->member);
        assert_false(round->has_disputed[line]);
        book_answer(book, round, line, entered->ballots[i]->replaces, SAID(book, command->ballots[i]),
                    event->sequence);
        round->is_entered[line] = true;
        book->entered++;
    }
}

static void book_disputed(struct book *book, const Comity__V1__BallotDisputed *disputed)
{
    struct book_round *round = &book->rounds[disputed->round];
    const size_t at = line_of(round, disputed->member);
    struct roll_line *line = &round->lines[at];

    assert_true(round->is_entered[at]);
    assert_int_equal(line->sequence, disputed->ballot);
    assert_int_equal(disputed->is_set_aside, round->is_open);
    round->is_entered[at] = false; /* once */
    if (!disputed->is_set_aside)
        return;
    round->has_disputed[at] = true;
    line->has_answered = false;
    line->given = (struct ballot_answer){0};
    line->sequence = 0;
    book->disputes++;
}

struct constituencies {
    struct arena *arena;
    struct roll_constituency list[CONSTITUENCIES_MAX];
    size_t count;
};

static int constituency_visit(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Constituency *constituency = (const Comity__V1__Constituency *) row;
    struct constituencies *all = context;

    (void) key;
    all->list[all->count++] =
        (struct roll_constituency){constituency->number, constituency->name, constituency->side,
                                   constituency->standing == COMITY__V1__STANDING__STANDING_PARTY, 0};
    return 0;
}

/* What rule_count is given of a closed round, whose lines have who was there then. */
static struct rule_input closed_input(struct book *book, uint32_t number, struct constituencies *all, struct arena *arena)
{
    struct book_round *round = &book->rounds[number];
    struct row_key prefix = row_key_all(TABLE_CONSTITUENCY);
    ProtobufCMessage *rule = NULL;

    assert_int_equal(message_unpack_trusted(&comity__v1__rule__descriptor, round->rule, arena, &rule), 0);
    assert_int_equal(row_each(&book->view, arena, TABLE_CONSTITUENCY, &prefix, constituency_visit, all), 0);
    for (size_t i = 0; i < all->count; i++)
        book_seats_standing(book->seats, number, all->list[i].number, &all->list[i].is_party);
    return (struct rule_input){.rule = (Comity__V1__Rule *) rule,
                               .lines = round->lines,
                               .line_count = round->count,
                               .constituencies = all->list,
                               .constituency_count = all->count,
                               .options = round->options,
                               .option_count = round->option_count};
}

/* The same round, with blocks of some as something else: every scale has an answer for each stance, of its number. */
static Comity__V1__OutcomeKind book_recount(void *context, uint32_t number, const uint32_t *unseconded, size_t count,
                                            Comity__V1__Stance counts_as)
{
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct constituencies all = {.arena = arena};
    struct rule_input input = closed_input(context, number, &all, arena);
    struct roll_line lines[ROLL_ROOM];
    Comity__V1__Outcome *outcome = NULL;
    Comity__V1__OutcomeKind kind;

    memcpy(lines, input.lines, input.line_count * sizeof(*lines));
    for (size_t i = 0; i < input.line_count; i++)
        for (size_t k = 0; k < count; k++)
            if (lines[i].member == unseconded[k])
                lines[i].given.answer = (uint32_t) counts_as;
    input.lines = lines;
    assert_int_equal(rule_count(&input, arena, &outcome), 0);
    kind = outcome->kind;
    arena_destroy(&arena);
    return kind;
}

/* Who is there now, where the rule asks for that. */
static void book_look(struct book *book, struct book_round *round, Comity__V1__Present present)
{
    if (present != COMITY__V1__PRESENT__PRESENT_AT_OPEN)
        for (size_t i = 0; i < round->count; i++)
            round->lines[i].is_present =
                session_book_is_present(book->sessions, round->session, round->lines[i].member,
                                        present == COMITY__V1__PRESENT__PRESENT_EVER);
}

static void book_extended(struct book *book, const Comity__V1__RoundExtended *extended, struct arena *arena)
{
    struct book_round *round = &book->rounds[extended->round];
    struct constituencies all = {.arena = arena};
    struct rule_input input = closed_input(book, extended->round, &all, arena);
    Comity__V1__Outcome *outcome = NULL;
    struct bytes expected, given;

    assert_true(round->is_open && !round->is_extended);
    assert_int_equal(input.rule->no_quorum, COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND);
    assert_int_equal(extended->closes_ms, book->time_ms + input.rule->extend_ms);
    round->is_extended = true;
    book_look(book, round, input.rule->present);
    assert_int_equal(rule_quorum_at_close(&input, arena, &outcome), 0);
    assert_non_null(outcome);
    assert_int_equal(message_pack(&outcome->base, arena, &expected), 0);
    assert_int_equal(message_pack(&extended->outcome->base, arena, &given), 0);
    assert_true(bytes_equal(expected, given));
    book->extended++;
}

/* Whatever those who are silent may still say: the @nth of some answers that they could give together. */
static struct ballot_answer other_answer(const struct rule_input *input, size_t nth)
{
    static const uint32_t RANKS[OPTION_ROOM] = {1};

    switch (input->rule->form) {
    case COMITY__V1__FORM__FORM_CHOICE:
        return (struct ballot_answer){.choice = 1 + (uint32_t) (nth % input->option_count)};
    case COMITY__V1__FORM__FORM_RANKING:
        return (struct ballot_answer){.ranks = RANKS, .rank_count = input->option_count};
    case COMITY__V1__FORM__FORM_SCORE:
        return (struct ballot_answer){.has_score = true, .score = (uint32_t) nth % 6};
    default:
        return (struct ballot_answer){.answer = 1 + (uint32_t) nth % 6};
    }
}

/* It closed since nothing could change: all of them answering alike, or each otherwise, change nothing. */
static void check_settled(const struct rule_input *input, const Comity__V1__Outcome *outcome, struct arena *arena)
{
    struct roll_line lines[ROLL_ROOM];
    struct rule_input other = *input;

    assert_true(input->rule->close->nothing_can_change);
    other.lines = lines;
    for (size_t way = 0; way < 2 * ANSWERED_BY; way++) {
        Comity__V1__Outcome *then = NULL;

        memcpy(lines, input->lines, input->line_count * sizeof(*lines));
        for (size_t i = 0; i < input->line_count; i++) {
            if (lines[i].has_answered)
                continue;
            lines[i].has_answered = true;
            lines[i].sequence = 1000000 + i;
            lines[i].given = other_answer(input, way < ANSWERED_BY ? way : way + i);
        }
        assert_int_equal(rule_count(&other, arena, &then), 0);
        assert_int_equal(then->kind, outcome->kind);
        assert_int_equal(then->n_chosen, outcome->n_chosen);
        for (size_t i = 0; i < then->n_chosen; i++)
            assert_int_equal(then->chosen[i], outcome->chosen[i]);
    }
}

/* Count the round again, out of the book. */
static void book_closed(struct book *book, const Comity__V1__RoundClosed *closed, struct arena *arena)
{
    struct book_round *round = &book->rounds[closed->round];
    struct constituencies all = {.arena = arena};
    struct rule_input input = closed_input(book, closed->round, &all, arena);
    bool is_by_itself = closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_TIME ||
                        closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_ALL_ANSWERED;
    Comity__V1__Outcome *outcome = NULL;
    struct bytes expected;
    struct bytes given;

    assert_true(round->is_open);
    round->is_open = false;
    book_look(book, round, input.rule->present);
    input.rounds_remain = round->rounds_remain;
    if (closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED)
        outcome = closed->outcome; /* nothing is counted */
    else
        assert_int_equal(rule_count(&input, arena, &outcome), 0);
    assert_int_equal(message_pack(&outcome->base, arena, &expected), 0);
    assert_int_equal(message_pack(&closed->outcome->base, arena, &given), 0);
    assert_true(bytes_equal(expected, given));
    if (is_by_itself && input.rule->no_quorum == COMITY__V1__NO_QUORUM__NO_QUORUM_EXTEND && !round->is_extended)
        assert_int_not_equal(outcome->kind, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NO_QUORUM);
    if (closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_NOTHING_CAN_CHANGE) {
        check_settled(&input, outcome, arena);
        book->settled++;
    }
    book->outcomes[outcome->kind]++;
    book->by_deadline += closed->cause != COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_FACILITATOR;

    struct prefix_hash roll = roll_hash(book, closed->round);
    assert_int_equal(roll.rows, round->count);
    assert_memory_equal(roll.hash, round->roll_hash, HASH_SIZE);
}

static void book_founded(struct book *book, const Comity__V1__PartnershipFounded *founded)
{
    for (size_t i = 0; i < founded->n_constituencies; i++)
        book_number(book, TABLE_CONSTITUENCY, founded->constituencies[i]->number);
    for (size_t i = 0; i < founded->n_sites; i++)
        book_number(book, TABLE_SITE, founded->sites[i]->number);
    for (size_t i = 0; i < founded->n_members; i++)
        book_number(book, TABLE_MEMBER, founded->members[i]->number);
}

static void book_admitted(struct book *book, const Comity__V1__ConstituencyAdmitted *admitted)
{
    book_number(book, TABLE_CONSTITUENCY, admitted->constituency->number);
    for (size_t i = 0; i < admitted->n_members; i++)
        book_number(book, TABLE_MEMBER, admitted->members[i]->number);
}

static struct arena *visit_arena;

/* The next restore: all that is there now has its number for good. */
static void book_epoch_opened(struct book *book, const Comity__V1__Epoch *opened)
{
    struct book_epoch *epoch = &book->epochs[book->epoch_count++];

    assert_true(opened->number > epoch[-1].number);
    assert_int_equal(opened->restored_to, book->sequence - 1);
    epoch->number = opened->number;
    epoch->resume_ms = opened->resume_ms;
    epoch->sequence = opened->restored_to;
    memcpy(epoch->last, book->last, sizeof(epoch->last));
}

/* What was there of the tables that @command names by number, when the epoch after its own was opened? */
static void check_number(struct book *book, uint32_t epoch, enum table table, uint32_t number)
{
    for (size_t i = 0; i + 1 < book->epoch_count; i++)
        if (book->epochs[i].number == epoch) {
            assert_true(number <= book->epochs[i + 1].last[table]);
            return;
        }
    fail_msg("a command of epoch %u was accepted, which there was not", epoch);
}

/* A command of an earlier epoch was accepted: all that it names by number was there before the restore. */
static void check_taken_over(struct book *book, const Comity__V1__Command *command)
{
    if (command->epoch == 0 || command->epoch == book->epochs[book->epoch_count - 1].number)
        return;
    book->taken_over++;
    switch (command->body_case) {
    case COMITY__V1__COMMAND__BODY_ASSIGN_SEAT:
        check_number(book, command->epoch, TABLE_BODY, command->assign_seat->body);
        check_number(book, command->epoch, TABLE_MEMBER, command->assign_seat->member);
        break;
    case COMITY__V1__COMMAND__BODY_ADOPT_RULE:
        for (size_t i = 0; i < command->adopt_rule->n_bodies; i++)
            check_number(book, command->epoch, TABLE_BODY, command->adopt_rule->bodies[i]);
        break;
    case COMITY__V1__COMMAND__BODY_CONVENE_SESSION:
        check_number(book, command->epoch, TABLE_BODY, command->convene_session->body);
        break;
    case COMITY__V1__COMMAND__BODY_OPEN_SESSION:
        check_number(book, command->epoch, TABLE_SESSION, command->open_session->session);
        break;
    case COMITY__V1__COMMAND__BODY_CHECK_IN:
        check_number(book, command->epoch, TABLE_SESSION, command->check_in->session);
        check_number(book, command->epoch, TABLE_SITE, command->check_in->site);
        break;
    case COMITY__V1__COMMAND__BODY_ADD_ITEM:
        check_number(book, command->epoch, TABLE_SESSION, command->add_item->session);
        break;
    case COMITY__V1__COMMAND__BODY_MAKE_PROPOSAL:
        check_number(book, command->epoch, TABLE_ITEM, command->make_proposal->item);
        break;
    case COMITY__V1__COMMAND__BODY_REVISE_PROPOSAL:
        check_number(book, command->epoch, TABLE_PROPOSAL, command->revise_proposal->proposal);
        break;
    case COMITY__V1__COMMAND__BODY_OPEN_ROUND:
        check_number(book, command->epoch, TABLE_PROPOSAL, command->open_round->proposal);
        check_number(book, command->epoch, TABLE_RULE, command->open_round->rule);
        break;
    case COMITY__V1__COMMAND__BODY_CAST_BALLOT:
        check_number(book, command->epoch, TABLE_ROUND, command->cast_ballot->round);
        break;
    case COMITY__V1__COMMAND__BODY_ENTER_BALLOTS:
        check_number(book, command->epoch, TABLE_ROUND, command->enter_ballots->round);
        for (size_t i = 0; i < command->enter_ballots->n_ballots; i++)
            check_number(book, command->epoch, TABLE_MEMBER, command->enter_ballots->ballots[i]->member);
        break;
    case COMITY__V1__COMMAND__BODY_CONFIRM_BALLOT:
        check_number(book, command->epoch, TABLE_ROUND, command->confirm_ballot->round);
        break;
    case COMITY__V1__COMMAND__BODY_DISPUTE_BALLOT:
        check_number(book, command->epoch, TABLE_ROUND, command->dispute_ballot->round);
        break;
    case COMITY__V1__COMMAND__BODY_ADOPT_CHARTER:
        if (command->adopt_charter->replaces != 0) /* 0: names nothing by number */
            check_number(book, command->epoch, TABLE_CHARTER, command->adopt_charter->replaces);
        break;
    case COMITY__V1__COMMAND__BODY_RECUSE:
        check_number(book, command->epoch, TABLE_PROPOSAL, command->recuse->proposal);
        break;
    case COMITY__V1__COMMAND__BODY_NAME_ALTERNATES:
        check_number(book, command->epoch, TABLE_BODY, command->name_alternates->body);
        for (size_t i = 0; i < command->name_alternates->n_members; i++)
            check_number(book, command->epoch, TABLE_MEMBER, command->name_alternates->members[i]);
        break;
    case COMITY__V1__COMMAND__BODY_HAND_OVER:
        check_number(book, command->epoch, TABLE_SESSION, command->hand_over->session);
        check_number(book, command->epoch, TABLE_MEMBER, command->hand_over->member);
        break;
    case COMITY__V1__COMMAND__BODY_TAKE_BACK:
        check_number(book, command->epoch, TABLE_SESSION, command->take_back->session);
        break;
    /* Decisions and minutes. */
    case COMITY__V1__COMMAND__BODY_REVIEW_DECISION:
        check_number(book, command->epoch, TABLE_DECISION, command->review_decision->decision);
        break;
    case COMITY__V1__COMMAND__BODY_SIGN_CLAUSE:
        check_number(book, command->epoch, TABLE_DECISION, command->sign_clause->decision);
        break;
    case COMITY__V1__COMMAND__BODY_REOPEN_DECISION:
        check_number(book, command->epoch, TABLE_DECISION, command->reopen_decision->decision);
        check_number(book, command->epoch, TABLE_SESSION, command->reopen_decision->session);
        break;
    case COMITY__V1__COMMAND__BODY_DECLARE_OUTCOME:
        check_number(book, command->epoch, TABLE_ROUND, command->declare_outcome->round);
        break;
    case COMITY__V1__COMMAND__BODY_ADD_ACTION:
        check_number(book, command->epoch, TABLE_DECISION, command->add_action->decision);
        check_number(book, command->epoch, TABLE_ITEM, command->add_action->item);
        for (size_t i = 0; i < command->add_action->n_owners; i++)
            check_number(book, command->epoch, TABLE_MEMBER, command->add_action->owners[i]);
        break;
    case COMITY__V1__COMMAND__BODY_UPDATE_ACTION:
        check_number(book, command->epoch, TABLE_ACTION, command->update_action->action);
        break;
    case COMITY__V1__COMMAND__BODY_DRAFT_MINUTES:
        check_number(book, command->epoch, TABLE_SESSION, command->draft_minutes->session);
        break;
    case COMITY__V1__COMMAND__BODY_CORRECT_MINUTES:
        check_number(book, command->epoch, TABLE_SESSION, command->correct_minutes->session);
        break;
    case COMITY__V1__COMMAND__BODY_APPROVE_MINUTES:
        check_number(book, command->epoch, TABLE_SESSION, command->approve_minutes->session);
        break;
    case COMITY__V1__COMMAND__BODY_DISSENT_MINUTES:
        check_number(book, command->epoch, TABLE_SESSION, command->dissent_minutes->session);
        break;
    case COMITY__V1__COMMAND__BODY_GIVE_MANDATE:
        if (command->give_mandate->decision != 0) /* 0: it rests on a function */
            check_number(book, command->epoch, TABLE_DECISION, command->give_mandate->decision);
        check_number(book, command->epoch, TABLE_BODY, command->give_mandate->body);
        check_number(book, command->epoch, TABLE_MEMBER, command->give_mandate->member);
        break;
    case COMITY__V1__COMMAND__BODY_REPORT_MANDATE:
        check_number(book, command->epoch, TABLE_MANDATE, command->report_mandate->mandate);
        break;
    case COMITY__V1__COMMAND__BODY_SET_RETENTION:
        check_number(book, command->epoch, TABLE_SESSION, command->set_retention->session);
        break;
    case COMITY__V1__COMMAND__BODY_HOLD_TEXTS:
        check_number(book, command->epoch, TABLE_SESSION, command->hold_texts->session);
        break;
    case COMITY__V1__COMMAND__BODY_LIFT_HOLD:
        check_number(book, command->epoch, TABLE_HOLD, command->lift_hold->hold);
        break;
    case COMITY__V1__COMMAND__BODY_PURGE_TEXTS:
        check_number(book, command->epoch, TABLE_SESSION, command->purge_texts->session);
        break;
    case COMITY__V1__COMMAND__BODY_RECALL_MANDATE:
        check_number(book, command->epoch, TABLE_MANDATE, command->recall_mandate->mandate);
        break;
    case COMITY__V1__COMMAND__BODY_CLOSE_ROUND:
    case COMITY__V1__COMMAND__BODY_CLOSE_SESSION:
        fail_msg("%s", "an end was carried over");
        break;
    case COMITY__V1__COMMAND__BODY_ROLL_CALL:
        check_number(book, command->epoch, TABLE_SESSION, command->roll_call->session);
        check_number(book, command->epoch, TABLE_SITE, command->roll_call->site);
        for (size_t i = 0; i < command->roll_call->n_members; i++)
            check_number(book, command->epoch, TABLE_MEMBER, command->roll_call->members[i]);
        break;
    case COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR:
        check_number(book, command->epoch, TABLE_SIDEBAR, command->agree_sidebar->sidebar);
        break;
    case COMITY__V1__COMMAND__BODY_RAISE_HAND:
    case COMITY__V1__COMMAND__BODY_GIVE_FLOOR:
    case COMITY__V1__COMMAND__BODY_RECESS_SESSION:
    case COMITY__V1__COMMAND__BODY_SET_TIME_BOX:
        fail_msg("%s", "what is of the moment was carried over");
        break;
    /* Problem solving. */
    case COMITY__V1__COMMAND__BODY_MOVE_PHASE:
        check_number(book, command->epoch, TABLE_ITEM, command->move_phase->item);
        break;
    case COMITY__V1__COMMAND__BODY_HOLD_PHASE:
        check_number(book, command->epoch, TABLE_ITEM, command->hold_phase->item);
        break;
    case COMITY__V1__COMMAND__BODY_RELEASE_PHASE:
        check_number(book, command->epoch, TABLE_ITEM, command->release_phase->item);
        break;
    case COMITY__V1__COMMAND__BODY_FLAG_BARGAINING:
        check_number(book, command->epoch, TABLE_ITEM, command->flag_bargaining->item);
        break;
    case COMITY__V1__COMMAND__BODY_SET_ASIDE_ITEM:
        check_number(book, command->epoch, TABLE_ITEM, command->set_aside_item->item);
        break;
    case COMITY__V1__COMMAND__BODY_WITHDRAW_ITEM:
        check_number(book, command->epoch, TABLE_ITEM, command->withdraw_item->item);
        break;
    case COMITY__V1__COMMAND__BODY_CONTRIBUTE:
        check_number(book, command->epoch, TABLE_ITEM, command->contribute->item);
        break;
    case COMITY__V1__COMMAND__BODY_AMEND_CONTRIBUTION:
        check_number(book, command->epoch, TABLE_CONTRIBUTION, command->amend_contribution->contribution);
        break;
    case COMITY__V1__COMMAND__BODY_WITHDRAW_CONTRIBUTION:
        check_number(book, command->epoch, TABLE_CONTRIBUTION, command->withdraw_contribution->contribution);
        break;
    case COMITY__V1__COMMAND__BODY_LINK_PROPOSAL:
        check_number(book, command->epoch, TABLE_PROPOSAL, command->link_proposal->proposal);
        break;
    case COMITY__V1__COMMAND__BODY_RAISE_CONCERN:
        check_number(book, command->epoch, TABLE_PROPOSAL, command->raise_concern->proposal);
        break;
    case COMITY__V1__COMMAND__BODY_SECOND_CONCERN:
        check_number(book, command->epoch, TABLE_CONCERN, command->second_concern->concern);
        break;
    case COMITY__V1__COMMAND__BODY_SETTLE_CONCERN:
        check_number(book, command->epoch, TABLE_CONCERN, command->settle_concern->concern);
        break;
    case COMITY__V1__COMMAND__BODY_REQUEST_DATA:
        check_number(book, command->epoch, TABLE_ITEM, command->request_data->item);
        break;
    case COMITY__V1__COMMAND__BODY_ANSWER_DATA:
        check_number(book, command->epoch, TABLE_DATA_REQUEST, command->answer_data->request);
        break;
    case COMITY__V1__COMMAND__BODY_REFUSE_DATA:
        check_number(book, command->epoch, TABLE_DATA_REQUEST, command->refuse_data->request);
        break;
    case COMITY__V1__COMMAND__BODY_STATE_FACT:
        check_number(book, command->epoch, TABLE_ITEM, command->state_fact->item);
        break;
    case COMITY__V1__COMMAND__BODY_JUDGE_FACT:
        check_number(book, command->epoch, TABLE_FACT, command->judge_fact->fact);
        break;
    case COMITY__V1__COMMAND__BODY_WITHDRAW_FACT:
        check_number(book, command->epoch, TABLE_FACT, command->withdraw_fact->fact);
        break;
    /* Rules and stages. */
    case COMITY__V1__COMMAND__BODY_SECOND_BLOCK:
        check_number(book, command->epoch, TABLE_STAGE, command->second_block->stage);
        check_number(book, command->epoch, TABLE_MEMBER, command->second_block->voter);
        break;
    case COMITY__V1__COMMAND__BODY_NOTE_CONFERENCE:
        check_number(book, command->epoch, TABLE_STAGE, command->note_conference->stage);
        break;
    case COMITY__V1__COMMAND__BODY_GIVE_CASTING_VOTE:
        check_number(book, command->epoch, TABLE_STAGE, command->give_casting_vote->stage);
        break;
    case COMITY__V1__COMMAND__BODY_ENTER_ANSWER:
        check_number(book, command->epoch, TABLE_STAGE, command->enter_answer->stage);
        break;
    case COMITY__V1__COMMAND__BODY_SIGN_OFF:
        check_number(book, command->epoch, TABLE_STAGE, command->sign_off->stage);
        break;
    case COMITY__V1__COMMAND__BODY_APPROVE_CONTRIBUTIONS:
        check_number(book, command->epoch, TABLE_CONTRIBUTION,
                     command->approve_contributions->texts[0]->contribution);
        break;
    default:
        break;
    }
}

/* No round that a restore found open closes by itself on the day after; but with its item it does. */
static void check_grace(struct book *book, const Comity__V1__RoundClosed *closed)
{
    if (closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_FACILITATOR ||
        closed->cause == COMITY__V1__CLOSE_CAUSE__CLOSE_CAUSE_REFERRED)
        return;
    for (size_t i = 1; i < book->epoch_count; i++)
        if (closed->round <= book->epochs[i].last[TABLE_ROUND])
            assert_true(book->time_ms >= book->epochs[i].resume_ms);
}

static void book_event(struct book *book, const struct machine_event *event)
{
    const Comity__V1__Event *open = event->open;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_PARTNERSHIP_FOUNDED:
        book_founded(book, open->partnership_founded);
        break;
    case COMITY__V1__EVENT__KIND_CONSTITUENCY_ADMITTED:
        book_admitted(book, open->constituency_admitted);
        break;
    case COMITY__V1__EVENT__KIND_SITE_ADDED:
        book_number(book, TABLE_SITE, open->site_added->site->number);
        break;
    case COMITY__V1__EVENT__KIND_INVITATION_REDEEMED:
        book_number(book, TABLE_MEMBER, open->invitation_redeemed->member->number);
        break;
    case COMITY__V1__EVENT__KIND_WITNESS_APPOINTED:
        book_number(book, TABLE_WITNESS, open->witness_appointed->witness->number);
        break;
    case COMITY__V1__EVENT__KIND_BODY_CREATED:
        book_number(book, TABLE_BODY, open->body_created->body->number);
        break;
    case COMITY__V1__EVENT__KIND_RULE_ADOPTED:
        book_number(book, TABLE_RULE, open->rule_adopted->rule->number);
        break;
    case COMITY__V1__EVENT__KIND_SESSION_CONVENED:
        book_number(book, TABLE_SESSION, open->session_convened->session->number);
        break;
    case COMITY__V1__EVENT__KIND_SESSION_DRAFTED:
        book_number(book, TABLE_SESSION, open->session_drafted->session->number);
        break;
    case COMITY__V1__EVENT__KIND_SIDEBAR_PROPOSED:
        book_number(book, TABLE_SIDEBAR, open->sidebar_proposed->sidebar->number);
        break;
    case COMITY__V1__EVENT__KIND_PLUS_DELTA_NOTED:
        book_number(book, TABLE_PLUS_DELTA, open->plus_delta_noted->note->number);
        break;
    case COMITY__V1__EVENT__KIND_ITEM_ADDED:
        book_number(book, TABLE_ITEM, open->item_added->item->number);
        break;
    case COMITY__V1__EVENT__KIND_PROPOSAL_MADE:
        book_number(book, TABLE_PROPOSAL, open->proposal_made->proposal->number);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_OPENED:
        book_opened(book, open->round_opened);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_ACKNOWLEDGED: {
        struct book_round *round = &book->rounds[open->round_acknowledged->round];
        round->lines[line_of(round, open->round_acknowledged->member)].is_notified = true;
        book->acknowledged++;
        break;
    }
    case COMITY__V1__EVENT__KIND_BALLOT_CAST:
        book_ballot(book, open->ballot_cast, event);
        break;
    case COMITY__V1__EVENT__KIND_BALLOTS_ENTERED:
        book_entered(book, open->ballots_entered, event);
        break;
    case COMITY__V1__EVENT__KIND_BALLOT_DISPUTED:
        book_disputed(book, open->ballot_disputed);
        break;
    case COMITY__V1__EVENT__KIND_EPOCH_OPENED:
        book_epoch_opened(book, open->epoch_opened->epoch);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_EXTENDED:
        book_extended(book, open->round_extended, visit_arena);
        break;
    case COMITY__V1__EVENT__KIND_ROUND_CLOSED:
        check_grace(book, open->round_closed);
        book_closed(book, open->round_closed, visit_arena);
        break;
    case COMITY__V1__EVENT__KIND_CHARTER_ADOPTED:
        book_number(book, TABLE_CHARTER, open->charter_adopted->charter->number);
        break;
    case COMITY__V1__EVENT__KIND_DECISION_MADE:
        book_number(book, TABLE_DECISION, open->decision_made->decision->number);
        break;
    /* Charter and bodies. */
    /* Sessions. */
    /* Problem solving. */
    case COMITY__V1__EVENT__KIND_CONTRIBUTION_MADE:
        book_number(book, TABLE_CONTRIBUTION, open->contribution_made->contribution->number);
        break;
    case COMITY__V1__EVENT__KIND_CONCERN_RAISED:
        book_number(book, TABLE_CONCERN, open->concern_raised->concern->number);
        break;
    case COMITY__V1__EVENT__KIND_DATA_REQUESTED:
        book_number(book, TABLE_DATA_REQUEST, open->data_requested->request->number);
        break;
    case COMITY__V1__EVENT__KIND_FACT_STATED:
        book_number(book, TABLE_FACT, open->fact_stated->fact->number);
        break;
    /* Decisions and minutes. */
    case COMITY__V1__EVENT__KIND_ACTION_ADDED:
        book_number(book, TABLE_ACTION, open->action_added->action->number);
        break;
    case COMITY__V1__EVENT__KIND_TEXTS_HELD:
        book_number(book, TABLE_HOLD, open->texts_held->hold->number);
        break;
    case COMITY__V1__EVENT__KIND_MANDATE_GIVEN:
        book_number(book, TABLE_MANDATE, open->mandate_given->mandate->number);
        break;
    /* Rules and stages. */
    case COMITY__V1__EVENT__KIND_STAGE_ENTERED:
        book_number(book, TABLE_STAGE, open->stage_entered->stage->number);
        break;
    default:
        break;
    }
}

/* No command causes it, or none has to. */
static bool may_come_by_itself(Comity__V1__Event__KindCase kind)
{
    static const Comity__V1__Event__KindCase KINDS[] = {
        COMITY__V1__EVENT__KIND_EPOCH_OPENED,
        COMITY__V1__EVENT__KIND_ROUND_CLOSED,
        COMITY__V1__EVENT__KIND_ROUND_EXTENDED,
        COMITY__V1__EVENT__KIND_DECISION_MADE,
        /* Charter and bodies. */
        COMITY__V1__EVENT__KIND_SEAT_TERM_ENDED,
        /* Sessions. */
        COMITY__V1__EVENT__KIND_MEMBER_AWAY,
        COMITY__V1__EVENT__KIND_TIME_BOX_OVER,
        COMITY__V1__EVENT__KIND_CAUCUS_ENDED,
        /* Problem solving. */
        /* Decisions and minutes. */
        COMITY__V1__EVENT__KIND_DECISION_TOOK_EFFECT,
        COMITY__V1__EVENT__KIND_DECISION_ENDED,
        COMITY__V1__EVENT__KIND_REVIEW_DUE,
        COMITY__V1__EVENT__KIND_MANDATE_REPORT_DUE,
        /* Rules and stages. */
        COMITY__V1__EVENT__KIND_STAGE_ENTERED,
        COMITY__V1__EVENT__KIND_STAGE_ENDED,
    };

    for (size_t i = 0; i < ARRAY_COUNT(KINDS); i++)
        if (KINDS[i] == kind)
            return true;
    return false;
}

static int visit(void *context, const struct machine_event *event)
{
    struct book *book = context;

    assert_int_equal(event->sequence, ++book->sequence);
    assert_true(event->open->actor != 0 || may_come_by_itself(event->open->kind_case));
    book->time_ms = event->time_ms;
    if (event->command)
        check_taken_over(book, event->command);
    book->records[book->events].sequence = event->sequence;
    book->records[book->events].time_ms = event->time_ms;
    assert_int_equal(message_pack(&event->open->base, book->kept, &book->records[book->events].open), 0);
    if (event->command)
        assert_int_equal(
            message_pack(&event->command->base, book->kept, &book->records[book->events].command), 0);
    book->events++;
    session_book_event(book->sessions, event);
    book_seats_event(book->seats, event);
    book_keys_event(book->keys, event);
    book_event(book, event);
    book_solving_event(book->solving, event);
    naive_decisions_event(book->decisions, event);
    naive_ladder_event(book->ladders, event);
    naive_charter_event(&book->charter, &book->view, event);
    return 0;
}

static void check_counters(struct book *book)
{
    static const enum table TABLES[] = {TABLE_CONSTITUENCY, TABLE_SITE, TABLE_MEMBER, TABLE_BODY, TABLE_RULE,
                                        TABLE_SESSION, TABLE_ITEM, TABLE_PROPOSAL, TABLE_ROUND,
                                        TABLE_DECISION,
                                        /* Charter and bodies. */
                                        TABLE_CHARTER,
                                        /* Sessions. */
                                        TABLE_SIDEBAR, TABLE_PLUS_DELTA,
                                        /* Decisions and minutes. */
                                        TABLE_ACTION, TABLE_MANDATE, TABLE_HOLD,
                                        /* Rules and stages. */
                                        TABLE_STAGE,
                                        /* Keys and witnesses. */
                                        TABLE_WITNESS};

    for (size_t i = 0; i < ARRAY_COUNT(TABLES); i++) {
        struct row_key key = row_key_counter(TABLES[i]);
        uint32_t last = 0;

        assert_int_equal(row_number(&book->view, &key, &last), 0);
        assert_int_equal(last, book->last[TABLES[i]]);
    }
}

/* Rounds open and answered, as the book has them: for the latest ones, and all of them at the end. */
static void check_rounds(struct book *book, struct arena *arena, uint32_t from)
{
    uint32_t *open = calloc(book->last[TABLE_SESSION] + 1, sizeof(*open));

    for (uint32_t number = from; number <= book->last[TABLE_ROUND]; number++) {
        const struct book_round *kept = &book->rounds[number];
        ProtobufCMessage *row = NULL;
        uint32_t answered = 0;

        assert_int_equal(state_get(&book->view, arena, TABLE_ROUND, number, 0, &row), 0);
        const Comity__V1__Round *round = (const Comity__V1__Round *) row;
        for (size_t i = 0; i < kept->count; i++)
            answered += kept->lines[i].has_answered;
        assert_int_equal(round->answered, answered);
        assert_int_equal(round->state == COMITY__V1__ROUND_STATE__ROUND_STATE_OPEN, kept->is_open);
        open[kept->session] += kept->is_open;
        assert_int_equal(state_get(&book->view, arena, TABLE_PROPOSAL, round->proposal, 0, &row), 0);
        if (kept->is_open)
            assert_int_equal(((const Comity__V1__Proposal *) row)->open_round, number);
    }
    for (uint32_t session = 1; from == 1 && session <= book->last[TABLE_SESSION]; session++) {
        struct row_key key = row_key(TABLE_OPEN_ROUNDS, session, 0);
        uint32_t kept = 0;

        assert_int_equal(row_number(&book->view, &key, &kept), 0);
        assert_int_equal(kept, open[session]);
    }
    free(open);
}

static void check_replay(struct book *book)
{
    struct view_memory *memory = view_memory_new();
    struct numbered_rows rows = {.under = view_memory_view(memory)};
    struct view view = numbered_rows_view(&rows);
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    uint8_t original[HASH_SIZE];
    uint8_t replayed[HASH_SIZE];

    for (size_t i = 0; i < book->events; i++) {
        struct machine_event event = {.sequence = book->records[i].sequence,
                                      .time_ms = book->records[i].time_ms};
        ProtobufCMessage *message = NULL;

        arena_reset(arena);
        assert_int_equal(
            message_unpack_trusted(&comity__v1__event__descriptor, book->records[i].open, arena, &message),
            0);
        event.open = (Comity__V1__Event *) message;
        if (book->records[i].command.size > 0) {
            assert_int_equal(message_unpack_trusted(&comity__v1__command__descriptor,
                                                    book->records[i].command, arena, &message),
                             0);
            event.command = (Comity__V1__Command *) message;
        }
        rows.sequence = event.sequence;
        numbered_rows_check_event(&event.open->base);
        assert_int_equal(machine_apply(&view, &event, arena), 0);
    }
    assert_true(rows.rows > book->events);
    assert_int_equal(view_hash(&book->view, original), 0);
    assert_int_equal(view_hash(&view, replayed), 0);
    assert_memory_equal(original, replayed, HASH_SIZE);
    arena_destroy(&arena);
    view_memory_destroy(&memory);
}

/* A refusal leaves the state as it was. Hashing all of it each time would take a minute: so all of it now and
 * then, and the backend's writes every time. */
struct watched {
    const struct view *inner;
    size_t writes;
};

static int watched_get(void *self, struct bytes key, struct bytes *ret_value)
{
    return view_get(((struct watched *) self)->inner, key, ret_value);
}

static int watched_put(void *self, struct bytes key, struct bytes value)
{
    ((struct watched *) self)->writes++;
    return view_put(((struct watched *) self)->inner, key, value);
}

static int watched_del(void *self, struct bytes key)
{
    ((struct watched *) self)->writes++;
    return view_delete(((struct watched *) self)->inner, key);
}

static int watched_range(void *self, struct bytes prefix, struct bytes from, view_range_fn *inner,
                         void *context)
{
    return view_range(((struct watched *) self)->inner, prefix, from, inner, context);
}

static const struct view_ops WATCHED = {watched_get, watched_put, watched_del, watched_range};

static void note_refusal(size_t refused[200], int code, const struct refusal *refusal)
{
    assert_true(code == ERR_BEHIND || (code < 0 && code > -80));
    assert_int_equal(refusal->code, code);
    assert_true(refusal->field[0] != '\0');
    refused[-code]++;
}

static void print_counts(const struct book *book, const size_t refused[200], size_t accepted, size_t valid)
{
    print_message("accepted %zu of %d (%zu meant to be right), %zu events, %zu ballots (%zu entered, %zu set "
                  "aside), %u "
                  "rounds (%zu closed by deadline), %u decisions, %u members\n",
                  accepted, COMMANDS, valid, book->events, book->ballots, book->entered, book->disputes,
                  book->last[TABLE_ROUND], book->by_deadline, book->last[TABLE_DECISION],
                  book->last[TABLE_MEMBER]);
    for (int code = 1; code < 200; code++)
        if (refused[code] > 0)
            print_message("  %s %zu\n", error_name(-code), refused[code]);
    for (int kind = 1; kind < 16; kind++)
        if (book->outcomes[kind] > 0)
            print_message("  %s %zu\n", outcome_name((Comity__V1__OutcomeKind) kind), book->outcomes[kind]);
}

/* As a restore does it. */
static void open_epoch(struct book *book, struct machine_context *context, struct arena *arena)
{
    struct machine_events events = {.count = 0};

    arena_reset(arena);
    assert_int_equal(machine_open_epoch(&book->view, context, arena, &events), 0);
    assert_int_equal(events.count, 1);
    events.list[0].sequence = context->next_sequence++;
    assert_int_equal(visit(book, &events.list[0]), 0);
    assert_int_equal(machine_apply(&book->view, &events.list[0], arena), 0);
}

static void run(uint64_t seed, bool is_signed, int commands, struct book *book, size_t refused[200],
                size_t *ret_accepted, size_t *ret_valid)
{
    struct view_memory *memory = view_memory_new();
    struct view inner = view_memory_view(memory);
    struct watched watched = {&inner, 0};
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct random_commands *random = random_commands_new(seed, is_signed);
    static const uint8_t LOG_KEY[KEY_SIZE] = {5};
    struct machine_context context = {.next_sequence = 1, .log_key = LOG_KEY, .level = FORMAT_LEVEL};

    book->view = (struct view){&WATCHED, &watched};
    book->epochs[0].number = 1;
    book->epoch_count = 1;
    book->decisions = naive_decisions_new(&book->view);
    book->ladders = naive_ladder_new(&book->view, book_recount, book);
    visit_arena = arena;
    for (int i = 0; i < commands; i++) {
        struct command command;
        struct refusal refusal = {0};

        if (i > 0 && i % (commands / EPOCHS) == 0)
            open_epoch(book, &context, arena);
        arena_reset(arena);
        random_commands_next(random, &book->view, arena, &command, &context.time_ms);
        *ret_valid += random_commands_was_valid(random);
        if (is_signed)
            assert_int_equal(command_check_signatures(&command, &refusal), 0);
        uint64_t before = context.next_sequence;
        watched.writes = 0;
        int code = machine_drive(&book->view, &command, &context, arena, &refusal, visit, book);
        if (code == 0)
            ++*ret_accepted;
        else
            note_refusal(refused, code, &refusal);
        if (context.next_sequence == before)
            assert_int_equal(watched.writes, 0);
        for (uint32_t number = book->last[TABLE_ROUND];
             command.body->body_case == COMITY__V1__COMMAND__BODY_OPEN_ROUND && code == 0 && number != 0;
             number = 0)
            memcpy(book->rounds[number].roll_hash, roll_hash(book, number).hash, HASH_SIZE);
        if (i % 100 == 0) {
            check_counters(book);
            check_rounds(book, arena, book->last[TABLE_ROUND] > 20 ? book->last[TABLE_ROUND] - 20 : 1);
            if (code == 0)
                session_book_check(book->sessions, &book->view, arena, context.time_ms);
        }
    }
    arena_reset(arena);
    check_counters(book);
    arena_reset(arena);
    struct arena *large = arena_new((size_t) 1 << 30);
    check_rounds(book, large, 1);
    session_book_check(book->sessions, &book->view, large, book->time_ms);
    book_keys_check(book->keys, &book->view, large);
    arena_destroy(&large);
    book_solving_check(book->solving, &book->view);
    naive_decisions_check(book->decisions, commands == COMMANDS);
    naive_ladder_check(book->ladders, commands == COMMANDS);
    check_replay(book);
    naive_decisions_destroy(&book->decisions);
    naive_ladder_destroy(&book->ladders);
    random_commands_destroy(&random);
    arena_destroy(&arena);
    view_memory_destroy(&memory);
}

static struct book *book_new(void)
{
    struct book *book = calloc(1, sizeof(*book));

    book->rounds = calloc(ROUNDS_MAX, sizeof(*book->rounds));
    book->solving = book_solving_new();
    book->records = calloc(3 * COMMANDS, sizeof(*book->records));
    book->kept = arena_new((size_t) 1 << 30);
    book->sessions = session_book_new();
    book->seats = book_seats_new();
    book->keys = book_keys_new();
    return book;
}

static void book_destroy(struct book *book)
{
    book_seats_destroy(&book->seats);
    book_keys_destroy(&book->keys);
    free(book->rounds);
    book_solving_destroy(&book->solving);
    free(book->records);
    arena_destroy(&book->kept);
    session_book_destroy(&book->sessions);
    free(book);
}

static uint64_t seed_of_test(void)
{
    const char *given = getenv("COMITY_SEED");
    return given ? strtoull(given, NULL, 10) : 1;
}

static void check_seats_went_everywhere(const struct book *book)
{
    struct book_seats_counts counts = book_seats_counts(book->seats);

    print_message(
        "  %zu charters, %zu rounds under a function, %zu of advice; %zu stood in, %zu recused, %zu terms\n",
        counts.charters, counts.under_function, counts.advice, counts.stood_in, counts.recused, counts.terms);
    const struct naive_charter *charter = &book->charter;
    print_message(
        "  the charter: %zu moves in turn, %zu by who is of no side, %zu drafts of minutes, %zu classes, %zu "
        "functions delegated, %zu summaries of sidebars\n",
        charter->in_turn, charter->of_no_side, charter->silence, charter->classes, charter->delegated,
        charter->summaries);
    assert_true(charter->in_turn > 0 && charter->of_no_side > 0 && charter->silence > 0);
    assert_true(charter->classes > 0 && charter->delegated > 0 && charter->summaries > 0);
    assert_true(counts.charters > 5 && counts.under_function > 5 && counts.advice > 0);
    assert_true(counts.stood_in > 20 && counts.recused > 5 && counts.terms > 5);
    print_message("rolls: %zu taken over, %zu of lists, %zu of those checked in; %zu acknowledged\n", counts.taken_over,
                  counts.listed, counts.checked_in, book->acknowledged);
    assert_true(counts.taken_over > 5 && counts.listed > 5 && counts.checked_in > 5 && book->acknowledged > 20);
}

static void check_keys_went_everywhere(const struct book *book)
{
    struct book_keys_counts counts = book_keys_counts(book->keys);

    print_message("keys: %zu added (%zu in place of another), %zu came back by an invitation, %zu by a recovery key (%zu set); "
                  "of open rounds %zu lost and %zu replaced; %zu witnesses, %zu dismissed; %zu acts of several co-chairs; "
                  "%zu ways back ended with another, %zu witnesses of two, %zu keys barred\n",
                  counts.added, counts.replaced, counts.back, counts.recovered, counts.recovery_set, counts.lost_in_rounds,
                  counts.replaced_in_rounds, counts.appointed, counts.dismissed, counts.together, counts.withdrawn, counts.shared,
                  counts.barred);
    assert_true(counts.withdrawn > 5 && counts.shared > 5 && counts.barred > 5);
    assert_true(counts.added > 20 && counts.replaced > 10 && counts.back > 5 && counts.recovered > 5);
    assert_true(counts.recovery_set > 5 && counts.lost_in_rounds > 5 && counts.replaced_in_rounds > 5);
    assert_true(counts.appointed > 10 && counts.dismissed > 5 && counts.together > 20);
}

static void test_fifty_thousand_commands(void **state)
{
    (void) state;
    struct book *book = book_new();
    size_t refused[200] = {0};
    size_t accepted = 0;
    size_t valid = 0;
    uint64_t seed = seed_of_test();

    print_message("seed %llu (COMITY_SEED gives another)\n", (unsigned long long) seed);
    run(seed, false, COMMANDS, book, refused, &accepted, &valid);
    print_counts(book, refused, accepted, valid);

    /* The walk went everywhere: or else it shows nothing. */
    static const int CODES[] = {ERR_KEY_UNKNOWN, ERR_KEY_REVOKED, ERR_FORBIDDEN, ERR_COSIGNERS,
                                ERR_VALIDITY,    ERR_NOT_FOUND,   ERR_CLOSED,    ERR_NOT_ON_ROLL,
                                ERR_STALE,       ERR_ANSWER,      ERR_STATE,     ERR_REASON,
                                ERR_INVITATION,  ERR_EXISTS,      ERR_EPOCH,     ERR_BEHIND,
                                ERR_PHASE,       ERR_HELD,        ERR_RECORD,    ERR_STAGE};
    assert_in_range(accepted, COMMANDS / 2, COMMANDS * 9 / 10);
    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++)
        if (refused[-CODES[i]] == 0)
            fail_msg("no command was refused with %s", error_name(CODES[i]));
    assert_true(book->outcomes[COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED] > 50);
    assert_true(book->outcomes[COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_BLOCKED] > 5);
    assert_true(book->outcomes[COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_NOT_YET] > 5);
    assert_true(book->by_deadline > 20);
    print_message("%zu choices, %zu rankings, %zu scores; %zu extended, %zu settled\n", book->by_form[1], book->by_form[2],
                  book->by_form[3], book->extended, book->settled);
    assert_true(book->by_form[1] > 20 && book->by_form[2] > 20 && book->by_form[3] > 20);
    assert_true(book->extended > 3 && book->settled > 3);
    assert_true(session_book_turned_away(book->sessions) > 20);
    assert_true(session_book_over(book->sessions) > 20);
    assert_true(session_book_caucuses_over(book->sessions) > 5);
    assert_true(book->entered > 50 && book->disputes > 5);
    for (int phase = 1; phase <= COMITY__V1__PHASE__PHASE_WITHDRAWN; phase++)
        if (book_solving_visits(book->solving)[phase] == 0)
            fail_msg("no item was ever in phase %d", phase);
    assert_true(book->outcomes[COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REFERRED] > 0);
    assert_int_equal(book->epoch_count, EPOCHS);
    assert_true(book->taken_over > 50);
    check_seats_went_everywhere(book);
    check_keys_went_everywhere(book);
    book_destroy(book);
}

static void test_signed_commands_are_the_same_kind(void **state)
{
    (void) state;
    struct book *book = book_new();
    size_t refused[200] = {0};
    size_t accepted = 0;
    size_t valid = 0;

    run(42, true, 400, book, refused, &accepted, &valid);
    assert_true(accepted > 100);
    book_destroy(book);
}

static void test_a_seed_gives_the_same_history(void **state)
{
    (void) state;
    uint8_t hashes[3][HASH_SIZE];
    static const uint64_t SEEDS[] = {5, 5, 6};

    for (size_t i = 0; i < ARRAY_COUNT(SEEDS); i++) {
        struct book *book = book_new();
        size_t refused[200] = {0};
        size_t accepted = 0;
        size_t valid = 0;

        run(SEEDS[i], false, 500, book, refused, &accepted, &valid);
        memset(hashes[i], 0, HASH_SIZE);
        for (size_t k = 0; k < book->events; k++) {
            struct prefix_hash hash;
            memcpy(hash.hash, hashes[i], HASH_SIZE);
            tagged_hash("test", book->records[k].open, hash.hash);
            for (size_t b = 0; b < HASH_SIZE; b++)
                hashes[i][b] = (uint8_t) (hashes[i][b] * 31 + hash.hash[b]);
        }
        book_destroy(book);
    }
    assert_memory_equal(hashes[0], hashes[1], HASH_SIZE);
    assert_memory_not_equal(hashes[0], hashes[2], HASH_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fifty_thousand_commands),
        cmocka_unit_test(test_signed_commands_are_the_same_kind),
        cmocka_unit_test(test_a_seed_gives_the_same_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
