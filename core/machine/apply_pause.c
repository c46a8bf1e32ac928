/* Pauses: what stops, and runs on afterwards. */
#include "core/machine/apply.h"

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
    size_t count, i;
    uint32_t *numbers = apply_seconds_of(a, TABLE_SESSION_ROUND, session->number, &count);

    for (i = 0; i < count && a->code == 0; i++)
        round_hold(a, numbers[i], is_held);
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
