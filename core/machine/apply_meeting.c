/* What a session is given before and around its work, sidebars, and what is said of it at the end. */
#include "core/machine/apply.h"

void apply_session_drafted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Session *session = open->session_drafted->session;

    if (!session)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_SESSION, session->number, &session->base);
}

void apply_notice_given(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, open->notice_given->session, 0);

    if (!session)
        return;
    session->state = COMITY__V1__SESSION_STATE__SESSION_STATE_CONVENED;
    session->convened_ms = a->event->time_ms;
    session->notice_ms = open->notice_given->notice_ms;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
}

void apply_agenda_ordered(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, open->agenda_ordered->session, 0);

    if (!session)
        return;
    session->n_agenda = open->agenda_ordered->n_items;
    session->agenda = open->agenda_ordered->items;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
}

void apply_ground_rules_set(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, open->ground_rules_set->session, 0);

    if (!session)
        return;
    session->ground_rules = open->ground_rules_set->rules;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
    apply_silences(a, session);
}

void apply_facilitators_named(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__FacilitatorsNamed *named = open->facilitators_named;
    Comity__V1__Session *session = apply_get(a, TABLE_SESSION, named->session, 0);

    if (!session)
        return;
    session->n_facilitators = named->n_facilitators;
    session->facilitators = named->facilitators;
    session->recorder = named->recorder;
    apply_put(a, TABLE_SESSION, session->number, 0, &session->base);
}

void apply_plus_delta_noted(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__PlusDelta *note = open->plus_delta_noted->note;

    if (!note) {
        apply_fail(a, ERR_INTERNAL);
        return;
    }
    apply_create(a, TABLE_PLUS_DELTA, note->number, &note->base);
    apply_erasable(a, note->session, 0, note->text);
}

void apply_sidebar_proposed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__Sidebar *sidebar = open->sidebar_proposed->sidebar;

    if (!sidebar)
        apply_fail(a, ERR_INTERNAL);
    else
        apply_create(a, TABLE_SIDEBAR, sidebar->number, &sidebar->base);
}

void apply_sidebar_agreed(struct apply *a, const Comity__V1__Event *open)
{
    const Comity__V1__SidebarAgreed *agreed = open->sidebar_agreed;
    Comity__V1__Sidebar *sidebar = apply_get(a, TABLE_SIDEBAR, agreed->sidebar, 0);
    uint32_t *members;

    if (!sidebar)
        return;
    members = arena_alloc(a->arena, (sidebar->n_agreed + 1) * sizeof(*members));
    if (!members) {
        apply_fail(a, ERR_MEMORY);
        return;
    }
    if (sidebar->n_agreed > 0)
        memcpy(members, sidebar->agreed, sidebar->n_agreed * sizeof(*members));
    members[sidebar->n_agreed++] = agreed->member;
    sidebar->agreed = members;
    if (agreed->has_begun) {
        sidebar->state = COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_OPEN;
        sidebar->began_ms = a->event->time_ms;
    }
    apply_put(a, TABLE_SIDEBAR, sidebar->number, 0, &sidebar->base);
}

void apply_sidebar_declined(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Sidebar *sidebar = apply_get(a, TABLE_SIDEBAR, open->sidebar_declined->sidebar, 0);

    if (!sidebar)
        return;
    sidebar->state = COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_DECLINED;
    sidebar->ended_ms = a->event->time_ms;
    apply_put(a, TABLE_SIDEBAR, sidebar->number, 0, &sidebar->base);
}

void apply_sidebar_ended(struct apply *a, const Comity__V1__Event *open)
{
    Comity__V1__Sidebar *sidebar = apply_get(a, TABLE_SIDEBAR, open->sidebar_ended->sidebar, 0);

    if (!sidebar)
        return;
    sidebar->state = COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_ENDED;
    sidebar->ended_ms = a->event->time_ms;
    sidebar->summary = open->sidebar_ended->summary;
    apply_put(a, TABLE_SIDEBAR, sidebar->number, 0, &sidebar->base);
    apply_erasable(a, sidebar->session, 0, sidebar->summary);
}
