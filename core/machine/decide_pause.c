/* Pauses of a session: a recess of all, a caucus of one party. */
#include "core/machine/decide.h"

#define CAUCUS_MAX_MS ((int64_t) 24 * 3600 * 1000)

int decide_check_open(struct decide *d, const char *field)
{
    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_OPEN)
        return decide_refuse(d, ERR_NOT_OPEN, "%s", field);
    return 0;
}

int decide_check_running(struct decide *d, const char *field)
{
    if (decide_check_open(d, field) != 0)
        return d->code;
    return d->session->pause ? decide_refuse(d, ERR_PAUSED, "%s", field) : 0;
}

bool session_is_paused_as(const Comity__V1__Session *session, Comity__V1__PauseKind kind)
{
    return session->pause && session->pause->kind == kind;
}

static Comity__V1__Pause *pause_new(struct decide *d, Comity__V1__PauseKind kind, int64_t until_ms)
{
    Comity__V1__Pause *pause = decide_new(d, &comity__v1__pause__descriptor);

    if (!pause)
        return NULL;
    pause->kind = kind;
    pause->member = d->actor->number;
    pause->since_ms = d->context->time_ms;
    pause->until_ms = until_ms;
    return pause;
}

int decide_recess_session(struct decide *d)
{
    Comity__V1__SessionRecessed *recessed;
    Comity__V1__Event *event;

    if (decide_check_running(d, "recess_session.session") != 0)
        return d->code;
    recessed = decide_new(d, &comity__v1__session_recessed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SESSION_RECESSED);
    if (!recessed || !event)
        return d->code;
    recessed->session = d->session->number;
    recessed->pause =
        pause_new(d, COMITY__V1__PAUSE_KIND__PAUSE_KIND_RECESS, d->body->recess_session->until_ms);
    event->session_recessed = recessed;
    return d->code;
}

int decide_resume_session(struct decide *d)
{
    Comity__V1__SessionResumed *resumed;
    Comity__V1__Event *event;

    if (decide_check_open(d, "resume_session.session") != 0)
        return d->code;
    if (!session_is_paused_as(d->session, COMITY__V1__PAUSE_KIND__PAUSE_KIND_RECESS))
        return decide_refuse(d, ERR_STATE, "resume_session.session");
    resumed = decide_new(d, &comity__v1__session_resumed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SESSION_RESUMED);
    if (!resumed || !event)
        return d->code;
    resumed->session = d->session->number;
    event->session_resumed = resumed;
    return 0;
}

static bool is_own_caucus(const struct decide *d)
{
    return session_is_paused_as(d->session, COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS) &&
           d->session->pause->constituency == d->actor->constituency;
}

int decide_call_caucus(struct decide *d)
{
    int64_t until_ms = d->body->call_caucus->until_ms;
    int64_t now_ms = d->context->time_ms;
    Comity__V1__CaucusCalled *called;
    Comity__V1__Event *event;

    if (decide_check_open(d, "call_caucus.session") != 0)
        return d->code;
    if (d->session->pause && !is_own_caucus(d))
        return decide_refuse(d, ERR_PAUSED, "call_caucus.session");
    if (until_ms <= now_ms || until_ms > now_ms + CAUCUS_MAX_MS)
        return decide_refuse(d, ERR_RANGE, "call_caucus.until_ms");
    called = decide_new(d, &comity__v1__caucus_called__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_CAUCUS_CALLED);
    if (!called || !event)
        return d->code;
    called->session = d->session->number;
    called->pause = pause_new(d, COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS, until_ms);
    if (!called->pause)
        return d->code;
    called->pause->constituency = d->actor->constituency;
    if (d->session->pause)
        called->pause->since_ms = d->session->pause->since_ms;
    event->caucus_called = called;
    return 0;
}

static int caucus_end(struct decide *d)
{
    Comity__V1__CaucusEnded *ended = decide_new(d, &comity__v1__caucus_ended__descriptor);
    Comity__V1__Event *event = decide_event(d, COMITY__V1__EVENT__KIND_CAUCUS_ENDED);

    if (!ended || !event)
        return d->code;
    ended->session = d->session->number;
    event->caucus_ended = ended;
    return 0;
}

int decide_end_caucus(struct decide *d)
{
    if (!session_is_paused_as(d->session, COMITY__V1__PAUSE_KIND__PAUSE_KIND_CAUCUS))
        return decide_refuse(d, ERR_STATE, "end_caucus.session");
    if (!is_own_caucus(d))
        return decide_refuse(d, ERR_FORBIDDEN, "end_caucus.session");
    return caucus_end(d);
}

int caucus_is_due(struct decide *d, const struct deadline *due)
{
    d->session = decide_get(d, TABLE_SESSION, due->number, 0);
    return d->session ? caucus_end(d) : d->code;
}
