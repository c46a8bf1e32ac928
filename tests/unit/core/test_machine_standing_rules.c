/* What the charter says, acted on: who moves an item, minutes by silence, retention classes, what is kept of
 * sidebars, mandates on a delegated function. And what several parts of the machine have to do together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/machine/decide.h"
#include "core/machine/phase.h"
#include "tests/support/solving.h"
#include "tests/support/world_charter.h"
#include "tests/support/world_decisions.h"

#define DAY_MS ((int64_t) 24 * 3600 * 1000)
#define OFFICE COMITY__V1__OFFICE__OFFICE_FACILITATOR
#define FACILITATED(how) COMITY__V1__FACILITATION__FACILITATION_##how

static char *copy(struct world *world, const char *text)
{
    return arena_string(world->arena, text);
}

/* In place of the one that is in force. */
static void adopt(struct world *world, Comity__V1__Charter *charter)
{
    uint32_t latest = 0;

    while (world_has(world, TABLE_CHARTER, latest + 1, 0))
        latest++;
    world_accept(world, world_charter_command(world, charter, latest));
}

static void facilitated(struct world *world, Comity__V1__Facilitation how)
{
    Comity__V1__Charter *charter = world_charter(world);

    charter->facilitation = how;
    adopt(world, charter);
}

/* World with a facilitator of each side: fay of labour, gus of management; and cora, who is of none. */
static struct world *world_facilitated(uint32_t *ret_fay, uint32_t *ret_gus)
{
    struct world *world = world_deciding();

    *ret_fay = solving_join(world, "lena", "fay", OFFICE);
    *ret_gus = solving_join(world, "mara", "gus", OFFICE);
    solving_item(world, PHASE(PROPOSAL));
    return world;
}

static Comity__V1__Command *by(struct world *world, const char *who, Comity__V1__Command *command)
{
    command->key = world_key(world, who);
    return command;
}

static void name_two(struct world *world, uint32_t first, uint32_t second)
{
    Comity__V1__Command *command = world_command(world, "cora", COMITY__V1__COMMAND__BODY_NAME_FACILITATORS);
    Comity__V1__NameFacilitators *names = command->name_facilitators;

    names->session = 1;
    names->facilitators = world_alloc(world, 2 * sizeof(*names->facilitators));
    names->facilitators[names->n_facilitators++] = first;
    names->facilitators[names->n_facilitators++] = second;
    world_accept(world, command);
}

static void test_facilitated_in_turn(void **state)
{
    (void) state;
    uint32_t fay, gus;
    struct world *world = world_facilitated(&fay, &gus);

    facilitated(world, FACILITATED(ROTATE));
    /* Nobody is named: it is nobody's turn. */
    world_refuse(world, by(world, "fay", solving_move_command(world, 1, PHASE(OPTIONS))), ERR_CHARTER,
                 "move_phase.item");
    assert_int_equal(world->refusal.latest, 0);
    name_two(world, fay, gus);
    world_refuse(world, by(world, "gus", solving_move_command(world, 1, PHASE(OPTIONS))), ERR_CHARTER,
                 "move_phase.item");
    assert_int_equal(world->refusal.latest, fay);
    world_refuse(world, solving_hold(world, "gus", 1), ERR_CHARTER, "hold_phase.item");
    world_refuse(world, by(world, "gus", solving_set_aside(world, 1, PHASE(TABLED))), ERR_CHARTER,
                 "set_aside_item.item");
    world_refuse(world, solving_withdraw(world, "gus", 1, 0), ERR_CHARTER, "withdraw_item.item");
    world_accept(world, by(world, "fay", solving_move_command(world, 1, PHASE(OPTIONS))));
    world_accept(world, solving_hold(world, "fay", 1));
    /* The turn passes on, and what was held is still its side's to release. */
    name_two(world, gus, fay);
    world_refuse(world, by(world, "gus", solving_move_command(world, 1, PHASE(STANDARDS))), ERR_HELD,
                 "move_phase.phase");
    world_refuse(world, solving_release(world, "gus", 1), ERR_HELD, "release_phase.item");
    world_accept(world, solving_release(world, "fay", 1));
    world_accept(world, by(world, "gus", solving_move_command(world, 1, PHASE(STANDARDS))));
    world_accept(world, solving_withdraw(world, "lena", 1, 0)); /* who added it takes it back, as ever */
    world_check_replay(world);
    world_destroy(&world);
}

/* An item that goes on in another session: whose turn it is there. */
static void test_in_turn_where_the_item_goes_on(void **state)
{
    (void) state;
    uint32_t fay, gus;
    struct world *world = world_facilitated(&fay, &gus);
    Comity__V1__Command *name = world_command(world, "cora", COMITY__V1__COMMAND__BODY_NAME_FACILITATORS);
    uint32_t later = world_open_session(world, 1);

    facilitated(world, FACILITATED(ROTATE));
    name_two(world, fay, gus);
    name->name_facilitators->session = later;
    name->name_facilitators->facilitators = arena_copy(world->arena, &gus, sizeof(gus));
    name->name_facilitators->n_facilitators = 1;
    world_accept(world, name);
    Comity__V1__Command *move = by(world, "fay", solving_move_command(world, 1, PHASE(OPTIONS)));
    move->move_phase->session = later;
    world_refuse(world, move, ERR_CHARTER, "move_phase.item");
    assert_int_equal(world->refusal.latest, gus);
    move = by(world, "gus", solving_move_command(world, 1, PHASE(OPTIONS)));
    move->move_phase->session = later;
    world_accept(world, move);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_facilitated_by_who_is_of_no_side(void **state)
{
    (void) state;
    uint32_t fay, gus;
    struct world *world = world_facilitated(&fay, &gus);

    world_accept(world, solving_hold(world, "fay", 1)); /* before there is a charter */
    facilitated(world, FACILITATED(NEUTRAL));
    world_refuse(world, solving_move_command(world, 1, PHASE(OPTIONS)), ERR_HELD, "move_phase.phase");
    world_accept(world, solving_release(world, "fay", 1));
    world_refuse(world, by(world, "fay", solving_move_command(world, 1, PHASE(OPTIONS))), ERR_CHARTER,
                 "move_phase.item");
    assert_int_equal(world->refusal.latest, 0);
    world_refuse(world, solving_hold(world, "gus", 1), ERR_CHARTER, "hold_phase.item");
    world_refuse(world, by(world, "gus", solving_set_aside(world, 1, PHASE(DEFERRED))), ERR_CHARTER,
                 "set_aside_item.item");
    solving_move(world, 1, PHASE(OPTIONS)); /* cora */
    world_accept(world, solving_hold(world, "cora", 1));
    world_accept(world, solving_release(world, "cora", 1));
    world_check_replay(world);
    world_destroy(&world);
}

/* In a function in which the convener is counted, it is a side like the others. */
static void test_of_no_side_in_a_function(void **state)
{
    (void) state;
    uint32_t fay, gus;
    struct world *world = world_facilitated(&fay, &gus);
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__VitalFunction *function =
        world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    Comity__V1__Command *add = world_command(world, "lena", COMITY__V1__COMMAND__BODY_ADD_ITEM);

    charter->facilitation = FACILITATED(NEUTRAL);
    world_add_standing(world, function, "convener", COMITY__V1__STANDING__STANDING_PARTY);
    world_add_standing(world, function, "management", COMITY__V1__STANDING__STANDING_NEUTRAL);
    adopt(world, charter);
    add->add_item->session = 1;
    add->add_item->function = copy(world, "schedules");
    uint32_t item = world_accept(world, add)->item_added->item->number;
    world_refuse(world, solving_move_command(world, item, PHASE(OPTIONS)), ERR_CHARTER, "move_phase.item");
    world_accept(world, by(world, "gus", solving_move_command(world, item, PHASE(OPTIONS))));
    world_destroy(&world);
}

static void test_in_pairs_either_side_holds(void **state)
{
    (void) state;
    uint32_t fay, gus;
    struct world *world = world_facilitated(&fay, &gus);

    facilitated(world, FACILITATED(PAIR));
    world_accept(world, by(world, "fay", solving_move_command(world, 1, PHASE(OPTIONS))));
    world_accept(world, solving_hold(world, "gus", 1));
    world_refuse(world, by(world, "fay", solving_move_command(world, 1, PHASE(STANDARDS))), ERR_HELD,
                 "move_phase.phase");
    world_destroy(&world);
}

static void test_minutes_by_silence(void **state)
{
    (void) state;
    for (int by_silence = 0; by_silence < 2; by_silence++) {
        struct world *world = world_with_session();
        Comity__V1__Charter *charter = world_charter(world);
        Comity__V1__Command *close = world_command(world, "cora", COMITY__V1__COMMAND__BODY_CLOSE_SESSION);
        Comity__V1__Command *draft = world_command(world, "odo", COMITY__V1__COMMAND__BODY_DRAFT_MINUTES);

        charter->minutes_by_silence = by_silence;
        adopt(world, charter);
        close->close_session->session = 1;
        world_accept(world, close);
        draft->draft_minutes->session = 1;
        draft->draft_minutes->by_silence = true;
        if (!by_silence) { /* agreed otherwise */
            world_refuse(world, draft, ERR_CHARTER, "draft_minutes.by_silence");
            draft->draft_minutes->by_silence = false;
        }
        world_accept(world, draft);
        /* What is drafted goes by the charter of then. */
        charter = world_charter(world);
        charter->minutes_by_silence = !by_silence;
        adopt(world, charter);
        world_open_session(world, 1);
        const Comity__V1__Minutes *minutes = world_row(world, TABLE_MINUTES, 1, 0);
        assert_int_equal(minutes->by_silence, by_silence);
        assert_int_equal(minutes->in_force_ms != 0, by_silence);
        world_check_replay(world);
        world_destroy(&world);
    }
}

static void test_minutes_by_silence_without_the_word(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Charter *charter = world_charter(world);

    charter->minutes_by_silence = true;
    adopt(world, charter);
    world_minuted(world, false);
    assert_true(((const Comity__V1__Minutes *) world_row(world, TABLE_MINUTES, 1, 0))->by_silence);
    world_destroy(&world);
}

static Comity__V1__Command *retention(struct world *world, const char *class, int64_t keep_until_ms)
{
    Comity__V1__Command *command = world_command(world, "lena", COMITY__V1__COMMAND__BODY_SET_RETENTION);

    command->set_retention->session = 1;
    command->set_retention->class_ = copy(world, class);
    command->set_retention->keep_until_ms = keep_until_ms;
    world_cosign(world, command, "mara", NULL);
    return command;
}

static void add_class(struct world *world, Comity__V1__Charter *charter, const char *name, uint32_t days)
{
    Comity__V1__RetentionClass *class = world_alloc(world, sizeof(*class));

    comity__v1__retention_class__init(class);
    class->name = copy(world, name);
    class->days = days;
    if (!charter->retention)
        charter->retention = world_alloc(world, 4 * sizeof(*charter->retention));
    charter->retention[charter->n_retention++] = class;
}

static int64_t kept_until(struct world *world)
{
    return ((const Comity__V1__Retention *) world_row(world, TABLE_RETENTION, 1, 0))->keep_until_ms;
}

static void test_retention_classes(void **state)
{
    (void) state;
    struct world *world = world_with_session();
    Comity__V1__Charter *charter = world_charter(world);

    adopt(world, charter); /* it names none: as the parties agree each time */
    world_accept(world, retention(world, "anything", 1800000000000));
    assert_int_equal(kept_until(world), 1800000000000);
    charter = world_charter(world);
    add_class(world, charter, "candid", 30);
    add_class(world, charter, "record", 0);
    adopt(world, charter);
    world_refuse(world, retention(world, "anything", 0), ERR_CHARTER, "set_retention.class");
    world_refuse(world, retention(world, "candid", 1800000000000), ERR_CHARTER,
                 "set_retention.keep_until_ms");
    world_accept(world, retention(world, "candid", 0)); /* while it is open: from now on */
    assert_int_equal(kept_until(world), world->context.time_ms + 30 * DAY_MS);
    world_minuted(world, false);
    int64_t closed_ms = ((const Comity__V1__Session *) world_row(world, TABLE_SESSION, 1, 0))->closed_ms;
    world->context.time_ms += 7;
    world_accept(world, retention(world, "candid", 0));
    assert_int_equal(kept_until(world), closed_ms + 30 * DAY_MS);
    Comity__V1__Command *purge = world_command(world, "lena", COMITY__V1__COMMAND__BODY_PURGE_TEXTS);
    purge->purge_texts->session = 1;
    world_cosign(world, purge, "mara", NULL);
    world_refuse(world, purge, ERR_KEPT, "purge_texts.session");
    Comity__V1__Command *hold = world_command(world, "mara", COMITY__V1__COMMAND__BODY_HOLD_TEXTS);
    hold->hold_texts->session = 1;
    hold->hold_texts->reason = world_text(world);
    world_accept(world, hold);
    world->context.time_ms = closed_ms + 31 * DAY_MS; /* over, and held all the same */
    purge->valid_until_ms = world->context.time_ms + 1000;
    world_refuse(world, purge, ERR_LEGAL_HOLD, "purge_texts.session");
    Comity__V1__Command *for_ever = retention(world, "record", 0);
    for_ever->valid_until_ms = purge->valid_until_ms;
    world_accept(world, for_ever);
    assert_int_equal(kept_until(world), 0);
    world_check_replay(world);
    world_destroy(&world);
}

static void test_what_is_kept_of_sidebars(void **state)
{
    (void) state;
    for (int level = 0; level <= COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_FULL; level++) {
        struct world *world = world_with_session();
        Comity__V1__Charter *charter = world_charter(world);
        Comity__V1__Command *propose =
            world_command(world, "lena", COMITY__V1__COMMAND__BODY_PROPOSE_SIDEBAR);
        Comity__V1__Command *agree = world_command(world, "mara", COMITY__V1__COMMAND__BODY_AGREE_SIDEBAR);
        Comity__V1__Command *end = world_command(world, "lena", COMITY__V1__COMMAND__BODY_END_SIDEBAR);
        uint32_t mara = MARA;

        charter->sidebars = (Comity__V1__RecordLevel) level;
        if (level != 0)
            adopt(world, charter);
        propose->propose_sidebar->session = 1;
        propose->propose_sidebar->members = &mara;
        propose->propose_sidebar->n_members = 1;
        world_accept(world, propose);
        agree->agree_sidebar->sidebar = end->end_sidebar->sidebar = 1;
        world_accept(world, agree);
        end->end_sidebar->summary = world_text(world);
        if (level <= COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE) {
            world_refuse(world, end, ERR_RECORD, "end_sidebar.summary");
            end->end_sidebar->summary = NULL;
        }
        world_accept(world, end);
        const Comity__V1__Sidebar *row = world_row(world, TABLE_SIDEBAR, 1, 0);
        assert_int_equal(row->summary != NULL, level > COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE);
        world_destroy(&world);
    }
}

static void test_a_mandate_on_a_delegated_function(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    Comity__V1__Charter *charter = world_charter(world);
    Comity__V1__Command *give = world_mandate_command(world, 0, LARS);

    world_refuse(world, give, ERR_MISSING, "give_mandate.decision");
    give->give_mandate->function = copy(world, "rosters");
    world_refuse(world, give, ERR_NOT_FOUND, "give_mandate.function"); /* there is no charter */
    world_add_function(world, charter, "schedules", COMITY__V1__SHARE__SHARE_JOINT, "council", "plain");
    world_add_function(world, charter, "rosters", COMITY__V1__SHARE__SHARE_DELEGATED, "council", "plain");
    adopt(world, charter);
    give->give_mandate->function = copy(world, "schedules");
    world_refuse(world, give, ERR_CHARTER, "give_mandate.function");
    give->give_mandate->function = copy(world, "prices");
    world_refuse(world, give, ERR_NOT_FOUND, "give_mandate.function");
    give->give_mandate->function = copy(world, "rosters");
    give->give_mandate->decision = world_decide(world, NULL);
    world_refuse(world, give, ERR_RANGE, "give_mandate.decision"); /* one of the two */
    give->give_mandate->decision = 0;
    world_accept(world, give);
    const Comity__V1__Mandate *mandate = world_row(world, TABLE_MANDATE, 1, 0);
    assert_int_equal(mandate->decision, 0);
    assert_string_equal(mandate->function, "rosters");
    assert_int_equal(mandate->charter, 1);
    Comity__V1__Command *report = world_command(world, "lars", COMITY__V1__COMMAND__BODY_REPORT_MANDATE);
    report->report_mandate->mandate = 1;
    world_accept(world, report);
    world_check_replay(world);
    world_destroy(&world);
}

/* Whichever way an item comes to a decision, it is DECIDED; and never what was referred or withdrawn. */
static void test_decided_in_every_path(void **state)
{
    (void) state;
    struct world *world = world_deciding();
    uint32_t decision = world_decide(world, NULL);
    Comity__V1__Command *reopen = world_command(world, "lena", COMITY__V1__COMMAND__BODY_REOPEN_DECISION);

    assert_int_equal(solving_phase(world, world_decision(world, decision)->item), PHASE(DECIDED));
    reopen->reopen_decision->decision = decision;
    reopen->reopen_decision->session = 1;
    reopen->reopen_decision->fact = world_text(world);
    reopen->reopen_decision->title = world_text(world);
    world->context.time_ms += 11;
    world_accept(world, reopen);
    const Comity__V1__Item *again = world->events.list[1].open->item_added->item;
    assert_int_equal(again->phase, PHASE(PROPOSAL));
    assert_int_equal(again->phase_since_ms, world->context.time_ms);

    Comity__V1__Terms *terms = world_terms(world);
    world_add_effect(world, terms, COMITY__V1__DECISION_RELATION__DECISION_RELATION_SUPERSEDES, decision);
    uint32_t round = world_round_closed(world, terms, 5);
    world_accept(world, world_declare_command(world, round, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED));
    assert_int_equal(world->events.count, 3); /* declared, made, took effect: the most that there are */
    assert_true(world->events.count <= EVENTS_MAX);
    assert_int_equal(solving_phase(world, world_decision(world, decision + 1)->item), PHASE(DECIDED));

    round = world_round_closed(world, NULL, 5);
    const Comity__V1__Round *row = world_row(world, TABLE_ROUND, round, 0);
    uint32_t item = ((const Comity__V1__Proposal *) world_row(world, TABLE_PROPOSAL, row->proposal, 0))->item;
    world_accept(world, solving_flag(world, "lena", item));
    world_refuse(world, world_declare_command(world, round, COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED),
                 ERR_PHASE, "declare_outcome.outcome");
    assert_int_equal(world->refusal.latest, PHASE(REFERRED));
    world_check_replay(world);
    world_destroy(&world);
}

/* More events than there is room for are none. */
static void test_no_more_events_than_fit(void **state)
{
    (void) state;
    struct arena *arena = arena_new(1024 * 1024);
    struct machine_context context = {.next_sequence = 1, .level = FORMAT_LEVEL};
    struct refusal refusal = {0};
    struct decide d = {.context = &context, .arena = arena, .refusal = &refusal};

    for (size_t i = 0; i < EVENTS_MAX; i++)
        assert_non_null(decide_event(&d, COMITY__V1__EVENT__KIND_REVIEW_DUE));
    assert_int_equal(d.code, 0);
    assert_null(decide_event(&d, COMITY__V1__EVENT__KIND_REVIEW_DUE));
    assert_int_equal(d.code, ERR_INTERNAL);
    assert_int_equal(d.events.count, EVENTS_MAX);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facilitated_in_turn),
        cmocka_unit_test(test_in_turn_where_the_item_goes_on),
        cmocka_unit_test(test_facilitated_by_who_is_of_no_side),
        cmocka_unit_test(test_of_no_side_in_a_function),
        cmocka_unit_test(test_in_pairs_either_side_holds),
        cmocka_unit_test(test_minutes_by_silence),
        cmocka_unit_test(test_minutes_by_silence_without_the_word),
        cmocka_unit_test(test_retention_classes),
        cmocka_unit_test(test_what_is_kept_of_sidebars),
        cmocka_unit_test(test_a_mandate_on_a_delegated_function),
        cmocka_unit_test(test_decided_in_every_path),
        cmocka_unit_test(test_no_more_events_than_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
