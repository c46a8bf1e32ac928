/* Sidebars: proposed to some, begun when all of them agree, ended. */
#include "core/machine/decide.h"
#include "core/machine/phase.h"

int concern_sidebar(struct decide *d)
{
    const char *field;
    uint32_t number = decide_named(d, "sidebar", &field);

    d->sidebar = decide_find(d, TABLE_SIDEBAR, number, 0, field);
    d->session = d->sidebar ? decide_get(d, TABLE_SESSION, d->sidebar->session, 0) : NULL;
    if (!d->session)
        return d->code;
    d->of_body = d->session->body;
    return 0;
}

static int check_others(struct decide *d, const Comity__V1__ProposeSidebar *propose)
{
    size_t i;

    for (i = 0; i < propose->n_members; i++) {
        const char *field = arena_printf(d->arena, "propose_sidebar.members[%zu]", i);
        const Comity__V1__Member *member =
            field ? decide_find(d, TABLE_MEMBER, propose->members[i], 0, field) : NULL;
        bool takes_part;

        if (!member)
            return field ? d->code : decide_fail(d, ERR_MEMORY);
        if (member->number == d->actor->number)
            return decide_refuse(d, ERR_DUPLICATE, "%s", field);
        if (decide_takes_part(d, member, &takes_part) != 0)
            return d->code;
        if (!takes_part)
            return decide_refuse(d, ERR_FORBIDDEN, "%s", field);
    }
    return 0;
}

int decide_propose_sidebar(struct decide *d)
{
    const Comity__V1__ProposeSidebar *propose = d->body->propose_sidebar;
    Comity__V1__SidebarProposed *proposed;
    Comity__V1__Sidebar *sidebar;
    Comity__V1__Event *event;

    if (decide_check_open(d, "propose_sidebar.session") != 0 || check_others(d, propose) != 0)
        return d->code;
    proposed = decide_new(d, &comity__v1__sidebar_proposed__descriptor);
    sidebar = decide_new(d, &comity__v1__sidebar__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SIDEBAR_PROPOSED);
    if (!proposed || !sidebar || !event || decide_next_number(d, TABLE_SIDEBAR, &sidebar->number) != 0)
        return d->code;
    sidebar->session = d->session->number;
    sidebar->topic = propose->topic;
    sidebar->members = decide_alloc(d, propose->n_members + 1, sizeof(*sidebar->members));
    sidebar->agreed = decide_alloc(d, 1, sizeof(*sidebar->agreed));
    if (!sidebar->members || !sidebar->agreed)
        return d->code;
    sidebar->members[0] = sidebar->agreed[0] = d->actor->number;
    memcpy(sidebar->members + 1, propose->members, propose->n_members * sizeof(*sidebar->members));
    sidebar->n_members = propose->n_members + 1;
    sidebar->n_agreed = 1;
    sidebar->state = COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_PROPOSED;
    sidebar->proposed_ms = d->context->time_ms;
    proposed->sidebar = sidebar;
    event->sidebar_proposed = proposed;
    return 0;
}

static int check_state(struct decide *d, Comity__V1__SidebarState state, const char *field)
{
    return d->sidebar->state == state ? 0 : decide_refuse(d, ERR_STATE, "%s", field);
}

int decide_agree_sidebar(struct decide *d)
{
    Comity__V1__SidebarAgreed *agreed;
    Comity__V1__Event *event;
    size_t i;

    if (decide_check_open(d, "agree_sidebar.sidebar") != 0 ||
        check_state(d, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_PROPOSED, "agree_sidebar.sidebar") != 0)
        return d->code;
    for (i = 0; i < d->sidebar->n_agreed; i++)
        if (d->sidebar->agreed[i] == d->actor->number)
            return decide_refuse(d, ERR_EXISTS, "agree_sidebar.sidebar");
    agreed = decide_new(d, &comity__v1__sidebar_agreed__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SIDEBAR_AGREED);
    if (!agreed || !event)
        return d->code;
    agreed->sidebar = d->sidebar->number;
    agreed->member = d->actor->number;
    agreed->has_begun = d->sidebar->n_agreed + 1 == d->sidebar->n_members;
    event->sidebar_agreed = agreed;
    return 0;
}

int decide_decline_sidebar(struct decide *d)
{
    Comity__V1__SidebarDeclined *declined;
    Comity__V1__Event *event;

    if (check_state(d, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_PROPOSED, "decline_sidebar.sidebar") != 0)
        return d->code;
    declined = decide_new(d, &comity__v1__sidebar_declined__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SIDEBAR_DECLINED);
    if (!declined || !event)
        return d->code;
    declined->sidebar = d->sidebar->number;
    declined->member = d->actor->number;
    event->sidebar_declined = declined;
    return 0;
}

/* May anything be kept of what was said? */
static int check_summary(struct decide *d)
{
    enum record_level level;
    int code = record_level(d->view, d->arena, RECORD_SIDEBAR, &level);

    if (code != 0)
        return decide_fail(d, code);
    return level == RECORD_NONE ? decide_refuse(d, ERR_RECORD, "end_sidebar.summary") : 0;
}

int decide_end_sidebar(struct decide *d)
{
    Comity__V1__TextRef *given = d->body->end_sidebar->summary;
    Comity__V1__TextRef *summary = given && given->size > 0 ? given : NULL;
    Comity__V1__SidebarEnded *ended;
    Comity__V1__Event *event;

    if (check_state(d, COMITY__V1__SIDEBAR_STATE__SIDEBAR_STATE_OPEN, "end_sidebar.sidebar") != 0)
        return d->code;
    if (summary && check_summary(d) != 0)
        return d->code;
    ended = decide_new(d, &comity__v1__sidebar_ended__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_SIDEBAR_ENDED);
    if (!ended || !event)
        return d->code;
    ended->sidebar = d->sidebar->number;
    ended->summary = summary;
    event->sidebar_ended = ended;
    return 0;
}
