#include "core/machine/decide.h"

/* *ret_partnership: NULL in found. */
static int check_history(struct decide *d, const Comity__V1__Partnership **ret_partnership)
{
    ProtobufCMessage *row = NULL;
    int code = state_get(d->view, d->arena, TABLE_PARTNERSHIP, 0, 0, &row);

    if (code != 0 && code != ERR_NOT_FOUND)
        return decide_fail(d, code);
    *ret_partnership = (const Comity__V1__Partnership *) row;
    if (d->body->body_case == COMITY__V1__COMMAND__BODY_FOUND)
        return row ? decide_refuse(d, ERR_EXISTS, "history") : 0;
    return row ? 0 : decide_refuse(d, ERR_HISTORY, "history");
}

static int check_validity(struct decide *d)
{
    int64_t until_ms = d->body->valid_until_ms;
    int64_t now_ms = d->context->time_ms;

    if (until_ms < now_ms || until_ms > now_ms + VALIDITY_MAX_MS)
        return decide_refuse(d, ERR_VALIDITY, "valid_until_ms");
    return 0;
}

static int check_signer(struct decide *d, enum right right)
{
    int code;

    if (right_is_of_outsider(right))
        return 0;
    code = state_member_of_key(d->view, d->arena, d->body->key.data, &d->actor);
    if (code == ERR_KEY_UNKNOWN || code == ERR_KEY_REVOKED)
        return decide_refuse(d, code, "key");
    if (code != 0)
        return decide_fail(d, code);
    d->actor_number = d->actor->number;
    /* Nobody else's signature is asked for. One that is not needed is refused, so that nobody can lend a
     * command a weight that the record then seems to confirm. */
    if (!right_is_cosigned(right) && d->body->n_cosigners > 0)
        return decide_refuse_limit(d, ERR_RANGE, "cosigners", 0);
    return 0;
}

/* What is taken back came before; of before a restore, what the restore has left. */
static int check_undoes(struct decide *d)
{
    uint64_t undoes = d->body->undoes;

    if (undoes >= d->context->next_sequence)
        return decide_refuse(d, ERR_RANGE, "undoes");
    if (d->since && undoes > d->since->restored_to)
        return decide_refuse_latest(d, ERR_EPOCH, "undoes", d->epoch);
    return 0;
}

static int judge(struct decide *d)
{
    const struct command_rule *rule = command_rule_find(d->body->body_case);
    const Comity__V1__Partnership *partnership = NULL;
    enum right right;

    if (!rule)
        return decide_refuse(d, ERR_MISSING, "body");
    if (rule->level > d->context->level)
        return decide_refuse(d, ERR_UNSUPPORTED, "%s", rule->row.name);
    if (check_history(d, &partnership) != 0 || check_validity(d) != 0 || command_right(d, &right) != 0 ||
        check_signer(d, right) != 0)
        return d->code;
    if (partnership && decide_check_epoch(d, partnership) != 0)
        return d->code;
    if (check_undoes(d) != 0)
        return d->code;
    if (rule->concern && rule->concern(d) != 0)
        return d->code;
    if (right_check(d, right) != 0)
        return d->code;
    return rule->decide(d);
}

/* In which session it happened: what it concerned says so. */
static void note_session(struct decide *d)
{
    uint32_t session = d->session ? d->session->number : d->round ? d->round->session : 0;
    size_t i;

    for (i = 0; i < d->events.count; i++)
        d->events.list[i].open->session = session;
}

int machine_decide(const struct view *view, const struct command *command,
                   const struct machine_context *context, struct arena *arena,
                   struct machine_events *ret_events, struct refusal *refusal)
{
    struct decide d = {
        .view = view, .context = context, .arena = arena, .refusal = refusal, .command = command};
    int code;

    d.body = command->body;
    code = judge(&d);
    note_session(&d);
    /* Memory that was out in passing would leave an event with a piece missing: nothing is decided then. */
    if (code == 0 && arena_is_exhausted(arena))
        code = decide_fail(&d, ERR_MEMORY);
    if (code == 0)
        *ret_events = d.events;
    return code;
}

/* What happens when a deadline is due: one row a kind. At least one event, whose apply takes the deadline
 * away. */
static const struct {
    enum deadline_kind kind;
    int (*decide)(struct decide *d, const struct deadline *due);
} DEADLINES[] = {
    {DEADLINE_TIME, round_is_due},
    {DEADLINE_ALL_ANSWERED, round_is_due},
    /* Charter and bodies. */
    {DEADLINE_TERM, term_is_due},
    /* Sessions. */
    {DEADLINE_AWAY, presence_is_due},
    {DEADLINE_TIME_BOX, time_box_is_due},
    {DEADLINE_CAUCUS, caucus_is_due},
    /* Problem solving. */
    {DEADLINE_REFERRED, round_is_due},
    /* Decisions and minutes. */
    {DEADLINE_EFFECT, decision_is_due},
    {DEADLINE_TRIAL, decision_is_due},
    {DEADLINE_REVIEW, decision_is_due},
    {DEADLINE_SUNSET, decision_is_due},
    {DEADLINE_REPORT, mandate_is_due},
    /* Rules and stages. */
    {DEADLINE_STAGE, stage_is_due},
    {DEADLINE_SETTLED, round_is_due},
};

static int decide_deadline(struct decide *d, const struct deadline *due)
{
    size_t i;

    for (i = 0; i < ARRAY_COUNT(DEADLINES); i++)
        if (DEADLINES[i].kind == due->kind)
            return DEADLINES[i].decide(d, due);
    return decide_fail(d, ERR_CORRUPT);
}

int machine_due(const struct view *view, const struct machine_context *context, struct arena *arena,
                struct machine_events *ret_events)
{
    struct decide d = {.view = view, .context = context, .arena = arena};
    struct deadline due;
    int code = deadline_first(view, &due);

    if (code == ERR_NOT_FOUND || (code == 0 && due.due_ms > context->time_ms)) {
        ret_events->count = 0;
        return 0;
    }
    if (code != 0)
        return code;
    code = decide_deadline(&d, &due);
    note_session(&d);
    if (code == 0 && arena_is_exhausted(arena))
        code = ERR_MEMORY;
    if (code == 0)
        *ret_events = d.events;
    return code;
}

int machine_next_deadline(const struct view *view, int64_t *ret_due_ms)
{
    struct deadline due;
    int code = deadline_first(view, &due);

    if (code != 0 && code != ERR_NOT_FOUND)
        return code;
    *ret_due_ms = code == 0 ? due.due_ms : 0;
    return 0;
}
