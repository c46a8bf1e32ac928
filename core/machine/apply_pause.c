/* Pauses: what stops, and runs on afterwards. */
#include "core/machine/apply.h"

/* The numbers of the rounds that are open in a session. */
struct session_rounds {
    struct apply *a;
    uint32_t *numbers;
    size_t count, room;
};

static int session_rounds_visit(void *context, struct bytes key, struct bytes value)
{
    struct session_rounds *rounds = context;
    uint32_t *larger;

    (void) value;
    if (key.size != 1 + 4 + 4)
        return ERR_CORRUPT;
    if (rounds->count == rounds->room) {
        rounds->room = rounds->room == 0 ? 16 : 2 * rounds->room;
        larger = arena_alloc(rounds->a->arena, rounds->room * sizeof(*larger));
        if (!larger)
            return ERR_MEMORY;
        if (rounds->count > 0)
            memcpy(larger, rounds->numbers, rounds->count * sizeof(*larger));
        rounds->numbers = larger;
    }
    rounds->numbers[rounds->count++] = get_u32(key.data + 5);
    return 0;
}

/* Its closing time waits from now on, or runs on later by as long as it has waited. */
static void round_hold(struct apply *a, uint32_t number, bool is_held)
{
    Comity__V1__Round *round = apply_get(a, TABLE_ROUND, number, 0);

    if (!round || round->closes_ms == 0 || (round->held_ms != 0) == is_held)
        return;
    if (is_held) {
        apply_delete(a, row_key_deadline(round->closes_ms, DEADLINE_TIME, number, 0));
        round->held_ms = a->event->time_ms;
    } else {
        round->closes_ms += a->event->time_ms - round->held_ms;
        round->held_ms = 0;
        apply_put_deadline(a, round->closes_ms, DEADLINE_TIME, number, 0);
    }
    apply_put(a, TABLE_ROUND, number, 0, &round->base);
}

static void rounds_hold(struct apply *a, const Comity__V1__Session *session)
{
    bool is_held = session->pause && session->pause->kind == COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS;
    struct row_key prefix = row_key_first(TABLE_SESSION_ROUND, session->number);
    struct session_rounds rounds = {.a = a};
    size_t i;

    if (a->code == 0)
        apply_fail(a,
                   view_range(a->view, row_key_view(&prefix), BYTES(NULL, 0), session_rounds_visit, &rounds));
    for (i = 0; i < rounds.count && a->code == 0; i++)
        round_hold(a, rounds.numbers[i], is_held);
}

static void pause_set(struct apply *a, uint32_t number, Comity__V1__Pause *pause)
{
    static const Comity__V1__PauseKind CAUCUS = COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS;
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, number, 0);

    if (!session)
        return;
    if (session->pause && session->pause->kind == CAUCUS)
        apply_delete(a, row_key_deadline(session->pause->until_ms, DEADLINE_CAUCUS, number, 0));
    if (pause && pause->kind == CAUCUS)
        apply_put_deadline(a, pause->until_ms, DEADLINE_CAUCUS, number, 0);
    session->pause = pause;
    apply_put(a, TABLE_SESSION, number, 0, &session->base);
    apply_silences(a, session);
    apply_time_boxes(a, session);
    rounds_hold(a, session);
}

void apply_paused(struct apply *a, const Comity__V1__Event *open)
{
    bool is_caucus = open->kind_case == COMITY__V1__EVENT__KIND_CAUCUS_CALLED;
    Comity__V1__Pause *pause = is_caucus ? open->caucus_called->pause : open->session_recessed->pause;

    if (!pause)
        apply_fail(a, ERR_INTERNAL);
    else
        pause_set(a, is_caucus ? open->caucus_called->session : open->session_recessed->session, pause);
}

void apply_resumed(struct apply *a, const Comity__V1__Event *open)
{
    bool is_caucus = open->kind_case == COMITY__V1__EVENT__KIND_CAUCUS_ENDED;

    pause_set(a, is_caucus ? open->caucus_ended->session : open->session_resumed->session, NULL);
}
