/* Minutes of sessions. */
#include "core/machine/apply.h"

static void put_minutes(struct apply *a, const Comity__V1__Minutes *minutes)
{
    if (a->code == 0)
        apply_put(a, TABLE_MINUTES, minutes->session, 0, &minutes->base);
}

void apply_minutes_drafted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Minutes *minutes = open->minutes_drafted->minutes;

    if (!minutes) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    APPLY_CHECK_VERSIONS(a, minutes->versions, minutes->n_versions);
    put_minutes(a, minutes);
    if (minutes->by_silence)
        apply_put_number(a, row_key(TABLE_MINUTES_OPEN, minutes->body, minutes->session), minutes->session);
}

void apply_minutes_corrected(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__MinutesCorrected *corrected = open->minutes_corrected;
    Comity__V1__Minutes *minutes = apply_get(a, TABLE_MINUTES, corrected->session, 0);

    if (!minutes)
        return;
    if (!corrected->version || !corrected->version->text) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    if (minutes->n_versions > 0)
        apply_erasable(a, minutes->session, 0, minutes->versions[minutes->n_versions - 1]->text);
    minutes->versions = apply_append(a, minutes->versions, minutes->n_versions++, corrected->version);
    put_minutes(a, minutes);
}

/* In place of the constituency's earlier one. */
static void put_answer(struct apply *a, Comity__V1__Minutes *minutes, Comity__V1__MinutesAnswer *answer)
{
    size_t i;

    if (!answer) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    for (i = 0; i < minutes->n_answers; i++)
        if (minutes->answers[i]->constituency == answer->constituency) {
            minutes->answers[i] = answer;
            return;
        }
    minutes->answers = apply_append(a, minutes->answers, minutes->n_answers++, answer);
}

static void put_in_force(struct apply *a, Comity__V1__Minutes *minutes)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, minutes->session, 0);

    if (!session)
        return;
    minutes->in_force_ms = a->event->time_ms;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_MINUTED;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
    if (minutes->by_silence)
        apply_delete(a, row_key(TABLE_MINUTES_OPEN, minutes->body, minutes->session));
}

static void apply_answer(struct apply *a, uint32_t session, Comity__V1__MinutesAnswer *answer,
                         bool is_in_force)
{
    Comity__V1__Minutes *minutes = apply_get(a, TABLE_MINUTES, session, 0);

    if (!minutes)
        return;
    put_answer(a, minutes, answer);
    if (is_in_force)
        put_in_force(a, minutes);
    put_minutes(a, minutes);
}

void apply_minutes_approved(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__MinutesApproved *approved = open->minutes_approved;

    apply_answer(a, approved->session, approved->answer, approved->is_in_force);
}

void apply_minutes_dissented(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__MinutesDissented *dissented = open->minutes_dissented;

    apply_answer(a, dissented->session, dissented->answer, dissented->is_in_force);
}

void apply_minutes_stood(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__MinutesStood *stood = open->minutes_stood;
    size_t i, k;

    if (stood->n_minutes == 0)
        apply_fail(a, ERR_INTERNAL);
    for (i = 0; i < stood->n_minutes && a->code == 0; i++) {
        const Comity__V1__MinutesSilence *silence = stood->minutes[i];
        Comity__V1__Minutes *minutes = apply_get(a, TABLE_MINUTES, silence->session, 0);

        for (k = 0; minutes && k < silence->n_answers; k++)
            put_answer(a, minutes, silence->answers[k]);
        if (minutes)
            put_in_force(a, minutes);
        if (minutes)
            put_minutes(a, minutes);
    }
}
