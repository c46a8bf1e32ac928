#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/machine/row.h"
#include "tests/support/naive_charter.h"

#define DAY_MS ((int64_t) 24 * 3600 * 1000)

struct looked_at {
    const struct view *view;
    struct arena *arena;
    const Comity__V1__Charter *charter; /* NULL: there is none */
};

static void *row_of(const struct looked_at *at, enum table table, uint32_t number)
{
    ProtobufCMessage *row = NULL;

    assert_int_equal(state_get(at->view, at->arena, table, number, 0, &row), 0);
    return row;
}

static const Comity__V1__VitalFunction *function_of(const struct looked_at *at, const char *name)
{
    for (size_t i = 0; i < at->charter->n_functions; i++)
        if (strcmp(at->charter->functions[i]->name, name) == 0)
            return at->charter->functions[i];
    return NULL;
}

/* @member moves an item, or holds it, in a session. */
static void moved(struct naive_charter *naive, const struct looked_at *at, uint32_t item,
                  uint32_t session_number, uint32_t member)
{
    const Comity__V1__Item *row = row_of(at, TABLE_ITEM, item);
    const Comity__V1__Session *session =
        row_of(at, TABLE_SESSION, session_number ? session_number : row->session);
    const Comity__V1__Member *mover = row_of(at, TABLE_MEMBER, member);
    const Comity__V1__Constituency *own = row_of(at, TABLE_CONSTITUENCY, mover->constituency);
    const Comity__V1__VitalFunction *function = function_of(at, row->function);
    Comity__V1__Standing standing = own->standing;

    if (at->charter->facilitation == COMITY__V1__FACILITATION__FACILITATION_ROTATE) {
        assert_true(session->n_facilitators > 0 && session->facilitators[0] == member);
        naive->in_turn++;
    }
    if (at->charter->facilitation != COMITY__V1__FACILITATION__FACILITATION_NEUTRAL)
        return;
    for (size_t i = 0; function && i < function->n_standings; i++)
        if (strcmp(function->standings[i]->constituency, own->name) == 0)
            standing = function->standings[i]->standing;
    assert_int_equal(standing, COMITY__V1__STANDING__STANDING_NEUTRAL);
    naive->of_no_side++;
}

static void kept(struct naive_charter *naive, const struct looked_at *at,
                 const Comity__V1__Retention *retention, int64_t time_ms)
{
    const Comity__V1__Session *session = row_of(at, TABLE_SESSION, retention->session);
    const Comity__V1__RetentionClass *class = NULL;

    if (at->charter->n_retention == 0)
        return;
    for (size_t i = 0; i < at->charter->n_retention; i++)
        if (strcmp(at->charter->retention[i]->name, retention->class_) == 0)
            class = at->charter->retention[i];
    assert_non_null(class);
    assert_int_equal(
        retention->keep_until_ms,
        class->days == 0 ? 0 : (session->closed_ms ? session->closed_ms : time_ms) + class->days * DAY_MS);
    naive->classes++;
}

static void says(struct naive_charter *naive, const struct looked_at *at, const Comity__V1__Event *open,
                 int64_t time_ms)
{
    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_PHASE_MOVED:
        moved(naive, at, open->phase_moved->item, open->phase_moved->session, open->actor);
        break;
    case COMITY__V1__EVENT__KIND_PHASE_HELD:
        moved(naive, at, open->phase_held->item, 0, open->actor);
        break;
    case COMITY__V1__EVENT__KIND_ITEM_SET_ASIDE:
        moved(naive, at, open->item_set_aside->item, 0, open->actor);
        break;
    case COMITY__V1__EVENT__KIND_MINUTES_DRAFTED:
        assert_int_equal(open->minutes_drafted->minutes->by_silence, at->charter->minutes_by_silence);
        naive->silence++;
        break;
    case COMITY__V1__EVENT__KIND_RETENTION_SET:
        kept(naive, at, open->retention_set->retention, time_ms);
        break;
    default:
        break;
    }
}

void naive_charter_event(struct naive_charter *naive, const struct view *view,
                         const struct machine_event *event)
{
    struct looked_at at = {.view = view, .arena = arena_new(ARENA_LIMIT_DEFAULT)};
    const Comity__V1__Event *open = event->open;
    struct row_key key = row_key_counter(TABLE_CHARTER);
    uint32_t latest = 0;

    assert_int_equal(row_number(view, &key, &latest), 0);
    if (latest != 0)
        at.charter = ((const Comity__V1__CharterVersion *) row_of(&at, TABLE_CHARTER, latest))->charter;
    if (at.charter)
        says(naive, &at, open, event->time_ms);
    if (open->kind_case == COMITY__V1__EVENT__KIND_SIDEBAR_ENDED && open->sidebar_ended->summary) {
        assert_true(at.charter && at.charter->sidebars > COMITY__V1__RECORD_LEVEL__RECORD_LEVEL_NONE);
        naive->summaries++;
    }
    if (open->kind_case == COMITY__V1__EVENT__KIND_MANDATE_GIVEN &&
        open->mandate_given->mandate->decision == 0) {
        const Comity__V1__VitalFunction *function =
            at.charter ? function_of(&at, open->mandate_given->mandate->function) : NULL;
        assert_true(function && function->share == COMITY__V1__SHARE__SHARE_DELEGATED);
        assert_int_equal(open->mandate_given->mandate->charter, latest);
        naive->delegated++;
    }
    arena_destroy(&at.arena);
}
