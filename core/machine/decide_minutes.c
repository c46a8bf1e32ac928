/* Minutes of a session: drafted, corrected on a base, approved by each side or dissented from. */
#include <stdio.h>

#include "core/machine/decide.h"
#include "core/rule/rule.h"

enum { VERSIONS_MAX = 100 };

int concern_minutes(struct decide *d)
{
    const char *field;
    uint32_t number = decide_named(d, "session", &field);

    d->session = decide_find(d, TABLE_SESSION, number, 0, field);
    if (!d->session)
        return d->code;
    d->of_body = d->session->body;
    d->of_constituency = d->actor->constituency; /* approved for one's own */
    d->minutes = decide_seek(d, TABLE_MINUTES, number, 0);
    return d->minutes && d->minutes->n_versions == 0 ? decide_fail(d, ERR_CORRUPT) : d->code;
}

static const Comity__V1__MinutesVersion *minutes_latest(const Comity__V1__Minutes *minutes)
{
    return minutes->versions[minutes->n_versions - 1];
}

static Comity__V1__MinutesVersion *version_new(struct decide *d, uint32_t number, Comity__V1__TextRef *text)
{
    Comity__V1__MinutesVersion *version = decide_new(d, &comity__v1__minutes_version__descriptor);

    if (!version)
        return NULL;
    version->version = number;
    version->text = text;
    version->author = d->actor->number;
    version->made_ms = d->context->time_ms;
    return version;
}

/* Whether silence approves: the charter says so, and where there is none the draft. */
static int check_silence(struct decide *d, bool is_asked_for, bool *ret_by_silence)
{
    const Comity__V1__CharterVersion *held = NULL;

    if (decide_charter_in_force(d, &held) != 0)
        return d->code;
    *ret_by_silence = held ? held->charter->minutes_by_silence : is_asked_for;
    return is_asked_for && !*ret_by_silence ? decide_refuse(d, ERR_CHARTER, "draft_minutes.by_silence") : 0;
}

int decide_draft_minutes(struct decide *d)
{
    const Comity__V1__DraftMinutes *draft = d->body->draft_minutes;
    Comity__V1__MinutesDrafted *drafted;
    Comity__V1__Minutes *minutes;
    Comity__V1__Event *event;
    bool by_silence = false;

    if (d->minutes)
        return decide_refuse(d, ERR_EXISTS, "draft_minutes.session");
    if (d->session->state != COMITY__V1__SESSION_STATE__SESSION_STATE_CLOSED || d->session->opened_ms == 0)
        return decide_refuse(d, ERR_STATE, "draft_minutes.session");
    if (check_silence(d, draft->by_silence, &by_silence) != 0)
        return d->code;
    drafted = decide_new(d, &comity__v1__minutes_drafted__descriptor);
    minutes = decide_new(d, &comity__v1__minutes__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MINUTES_DRAFTED);
    if (!drafted || !minutes || !event)
        return d->code;
    minutes->session = draft->session;
    minutes->body = d->of_body;
    minutes->by_silence = by_silence;
    minutes->versions = decide_alloc(d, 1, sizeof(*minutes->versions));
    if (!minutes->versions)
        return d->code;
    minutes->versions[0] = version_new(d, 1, draft->text);
    minutes->n_versions = 1;
    drafted->minutes = minutes;
    event->minutes_drafted = drafted;
    return d->code;
}

/* Is there something that can still be said to them? */
static int check_open(struct decide *d, const char *field)
{
    if (!d->minutes)
        return decide_refuse(d, ERR_NOT_FOUND, "%s.session", field);
    return d->minutes->in_force_ms == 0 ? 0 : decide_refuse(d, ERR_STATE, "%s.session", field);
}

static int check_latest(struct decide *d, ProtobufCBinaryData hash, const char *field)
{
    const Comity__V1__MinutesVersion *latest = minutes_latest(d->minutes);

    return binary_equal(latest->text->hash, hash)
               ? 0
               : decide_refuse_latest(d, ERR_STALE, field, latest->version);
}

int decide_correct_minutes(struct decide *d)
{
    const Comity__V1__CorrectMinutes *correct = d->body->correct_minutes;
    Comity__V1__MinutesCorrected *corrected;
    Comity__V1__Event *event;
    size_t i;

    if (check_open(d, "correct_minutes") != 0 ||
        check_latest(d, correct->base_hash, "correct_minutes.base_hash") != 0)
        return d->code;
    for (i = 0; i < d->minutes->n_versions; i++)
        if (binary_equal(d->minutes->versions[i]->text->hash, correct->text->hash))
            return decide_refuse(d, ERR_EXISTS, "correct_minutes.text");
    if (d->minutes->n_versions >= VERSIONS_MAX)
        return decide_refuse_limit(d, ERR_LIMIT, "correct_minutes.session", VERSIONS_MAX);
    corrected = decide_new(d, &comity__v1__minutes_corrected__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MINUTES_CORRECTED);
    if (!corrected || !event)
        return d->code;
    corrected->session = d->session->number;
    corrected->version = version_new(d, minutes_latest(d->minutes)->version + 1, correct->text);
    event->minutes_corrected = corrected;
    return d->code;
}

/* The constituencies with seats in a body, and which of them are PARTYs. */
struct sides {
    bool has_seat[CONSTITUENCIES_MAX + 1];
    bool is_party[CONSTITUENCIES_MAX + 1];
};

static int sides_seat(void *context, const ProtobufCMessage *row, struct bytes key)
{
    uint32_t constituency = ((const Comity__V1__Seat *) row)->constituency;
    struct sides *sides = context;

    (void) key;
    if (constituency > CONSTITUENCIES_MAX)
        return ERR_CORRUPT;
    sides->has_seat[constituency] = true;
    return 0;
}

static int sides_constituency(void *context, const ProtobufCMessage *row, struct bytes key)
{
    const Comity__V1__Constituency *constituency = (const Comity__V1__Constituency *) row;
    struct sides *sides = context;

    (void) key;
    if (constituency->number > CONSTITUENCIES_MAX)
        return ERR_CORRUPT;
    sides->is_party[constituency->number] = constituency->standing == COMITY__V1__STANDING__STANDING_PARTY &&
                                            sides->has_seat[constituency->number];
    return 0;
}

static int sides_of_body(struct decide *d, uint32_t body, struct sides *sides)
{
    struct row_key seats = row_key_first(TABLE_SEAT, body);
    struct row_key all = row_key_all(TABLE_CONSTITUENCY);
    int code = row_each(d->view, d->arena, TABLE_SEAT, &seats, sides_seat, sides);

    if (code == 0)
        code = row_each(d->view, d->arena, TABLE_CONSTITUENCY, &all, sides_constituency, sides);
    return code == 0 ? 0 : decide_fail(d, code);
}

static bool has_answered(const Comity__V1__Minutes *minutes, uint32_t constituency)
{
    size_t i;

    for (i = 0; i < minutes->n_answers; i++)
        if (minutes->answers[i]->constituency == constituency)
            return minutes->answers[i]->version == minutes_latest(minutes)->version;
    return false;
}

/* It said nothing, not to an earlier version either: a correction does not make a dissent an approval. */
static bool is_silent(const Comity__V1__Minutes *minutes, uint32_t constituency)
{
    size_t i;

    for (i = 0; i < minutes->n_answers; i++)
        if (minutes->answers[i]->constituency == constituency && minutes->answers[i]->dissent)
            return false;
    return !has_answered(minutes, constituency);
}

/* Has every PARTY of the body answered the latest version, were @also to do it now? */
static bool all_answered(const Comity__V1__Minutes *minutes, const struct sides *sides, uint32_t also)
{
    uint32_t number;

    for (number = 1; number <= CONSTITUENCIES_MAX; number++)
        if (sides->is_party[number] && number != also && !has_answered(minutes, number))
            return false;
    return true;
}

static Comity__V1__MinutesAnswer *answer_new(struct decide *d, const Comity__V1__Minutes *minutes,
                                             uint32_t constituency, uint32_t member)
{
    Comity__V1__MinutesAnswer *answer = decide_new(d, &comity__v1__minutes_answer__descriptor);

    if (!answer)
        return NULL;
    answer->constituency = constituency;
    answer->version = minutes_latest(minutes)->version;
    answer->member = member;
    answer->answered_ms = d->context->time_ms;
    return answer;
}

/* What a co-chair says for the own constituency. @name: of the command. */
static Comity__V1__MinutesAnswer *answer_make(struct decide *d, ProtobufCBinaryData hash, const char *name,
                                              bool *ret_is_in_force)
{
    struct sides sides = {{false}, {false}};
    char field[FIELD_PATH_MAX];

    snprintf(field, sizeof(field), "%s.text_hash", name);
    if (check_open(d, name) != 0 || sides_of_body(d, d->of_body, &sides) != 0)
        return NULL;
    if (!sides.has_seat[d->actor->constituency]) {
        decide_refuse(d, ERR_FORBIDDEN, "key");
        return NULL;
    }
    if (check_latest(d, hash, field) != 0)
        return NULL;
    *ret_is_in_force = all_answered(d->minutes, &sides, d->actor->constituency);
    return answer_new(d, d->minutes, d->actor->constituency, d->actor->number);
}

int decide_approve_minutes(struct decide *d)
{
    const Comity__V1__ApproveMinutes *approve = d->body->approve_minutes;
    bool is_in_force = false;
    Comity__V1__MinutesAnswer *answer = answer_make(d, approve->text_hash, "approve_minutes", &is_in_force);
    Comity__V1__MinutesApproved *approved;
    Comity__V1__Event *event;

    if (!answer)
        return d->code;
    approved = decide_new(d, &comity__v1__minutes_approved__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MINUTES_APPROVED);
    if (!approved || !event)
        return d->code;
    approved->session = approve->session;
    approved->answer = answer;
    approved->is_in_force = is_in_force;
    event->minutes_approved = approved;
    return 0;
}

int decide_dissent_minutes(struct decide *d)
{
    const Comity__V1__DissentMinutes *dissent = d->body->dissent_minutes;
    bool is_in_force = false;
    Comity__V1__MinutesAnswer *answer = answer_make(d, dissent->text_hash, "dissent_minutes", &is_in_force);
    Comity__V1__MinutesDissented *dissented;
    Comity__V1__Event *event;

    if (!answer)
        return d->code;
    dissented = decide_new(d, &comity__v1__minutes_dissented__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MINUTES_DISSENTED);
    if (!dissented || !event)
        return d->code;
    answer->dissent = dissent->text;
    dissented->session = dissent->session;
    dissented->answer = answer;
    dissented->is_in_force = is_in_force;
    event->minutes_dissented = dissented;
    return 0;
}

/* The sessions whose minutes wait for silence, of a body. */
struct waiting {
    uint32_t *sessions;
    size_t count, room;
    struct arena *arena;
};

static int waiting_visit(void *context, struct bytes key, struct bytes value)
{
    struct waiting *waiting = context;
    uint32_t *larger;

    (void) value;
    if (key.size != 1 + 8)
        return ERR_CORRUPT;
    if (waiting->count == waiting->room) {
        larger = arena_alloc(waiting->arena, (2 * waiting->room + 4) * sizeof(*larger));
        if (!larger)
            return ERR_MEMORY;
        if (waiting->count > 0)
            memcpy(larger, waiting->sessions, waiting->count * sizeof(*larger));
        waiting->sessions = larger;
        waiting->room = 2 * waiting->room + 4;
    }
    waiting->sessions[waiting->count++] = get_u32(key.data + 5);
    return 0;
}

/* Who has not answered approves so. */
static Comity__V1__MinutesSilence *silence_new(struct decide *d, uint32_t session, const struct sides *sides)
{
    Comity__V1__MinutesSilence *silence = decide_new(d, &comity__v1__minutes_silence__descriptor);
    const Comity__V1__Minutes *minutes = decide_get(d, TABLE_MINUTES, session, 0);
    uint32_t number;

    if (!silence || !minutes)
        return NULL;
    silence->session = session;
    silence->answers = decide_alloc(d, CONSTITUENCIES_MAX, sizeof(*silence->answers));
    for (number = 1; silence->answers && number <= CONSTITUENCIES_MAX; number++)
        if (sides->is_party[number] && is_silent(minutes, number))
            silence->answers[silence->n_answers++] = answer_new(d, minutes, number, 0);
    return d->code == 0 ? silence : NULL;
}

int minutes_stand(struct decide *d)
{
    struct row_key prefix = row_key_first(TABLE_MINUTES_OPEN, d->of_body);
    struct waiting waiting = {.arena = d->arena};
    struct sides sides = {{false}, {false}};
    Comity__V1__MinutesStood *stood;
    Comity__V1__Event *event;
    size_t i;
    int code = view_range(d->view, row_key_view(&prefix), BYTES(NULL, 0), waiting_visit, &waiting);

    if (code != 0)
        return decide_fail(d, code);
    if (waiting.count == 0 || sides_of_body(d, d->of_body, &sides) != 0)
        return d->code;
    stood = decide_new(d, &comity__v1__minutes_stood__descriptor);
    event = decide_event(d, COMITY__V1__EVENT__KIND_MINUTES_STOOD);
    if (!stood || !event)
        return d->code;
    stood->minutes = decide_alloc(d, waiting.count, sizeof(*stood->minutes));
    for (i = 0; stood->minutes && i < waiting.count && d->code == 0; i++)
        stood->minutes[stood->n_minutes++] = silence_new(d, waiting.sessions[i], &sides);
    event->minutes_stood = stood;
    return d->code;
}
