#include "worker/hello.h"

#include "core/error.h"
#include "core/grant.h"
#include "core/message.h"
#include "worker/clock.h"
#include "worker/move.h"
#include "worker/query.h"

static const char SOFTWARE[] = "comity-worker " COMITY_VERSION;

/* @level: that is in use. */
static int check_form(const Comity__V1__Hello *hello, uint32_t level, struct refusal *refusal)
{
    size_t length = strlen(hello->software);
    if (length == 0)
        return refuse(refusal, ERR_MISSING, "software");
    if (length > HELLO_SOFTWARE_MAX)
        return refuse_limit(refusal, ERR_RANGE, "software", HELLO_SOFTWARE_MAX);
    for (size_t i = 0; i < length; i++)
        if (hello->software[i] < 0x20 || hello->software[i] > 0x7e)
            return refuse(refusal, ERR_RANGE, "software");
    if (hello->n_format_levels == 0)
        return refuse(refusal, ERR_MISSING, "format_levels");
    if (hello->n_format_levels > HELLO_LEVELS_MAX)
        return refuse_limit(refusal, ERR_RANGE, "format_levels", HELLO_LEVELS_MAX);
    if (hello->n_grants > SESSION_GRANTS_MAX)
        return refuse_limit(refusal, ERR_RANGE, "grants", SESSION_GRANTS_MAX);
    for (size_t i = 0; i < hello->n_format_levels; i++)
        if (hello->format_levels[i] == level)
            return 0;
    return refuse(refusal, ERR_VERSION, "format_levels");
}

/* Grants under judgement, in the order in which they came. */
struct judged {
    Comity__V1__GrantAnswer answers[SESSION_GRANTS_MAX];
    Comity__V1__GrantAnswer *answer_list[SESSION_GRANTS_MAX];
    struct session_grant good[SESSION_GRANTS_MAX];
    size_t good_count;
};

static bool is_judged_before(const struct judged *judged, size_t index)
{
    const Comity__V1__GrantAnswer *this = &judged->answers[index];
    for (size_t i = 0; i < index; i++)
        if (judged->answers[i].history.len == this->history.len &&
            memcmp(judged->answers[i].history.data, this->history.data, this->history.len) == 0)
            return true;
    return false;
}

/* Signatures, before the store is asked. */
static int check_grant(struct job *job, const Comity__V1__SignedGrant *signed_grant, int64_t now_ms,
                       struct judged *judged, size_t index, struct session_grant *ret_grant)
{
    struct grant grant;
    Comity__V1__GrantAnswer *answer = &judged->answers[index];
    comity__v1__grant_answer__init(answer);
    judged->answer_list[index] = answer;
    answer->code = grant_check(signed_grant, job->seal.client_key, now_ms, job->arena, &grant);
    if (answer->code)
        return answer->code == ERR_MEMORY ? ERR_MEMORY : 0;
    memcpy(ret_grant->history, grant.history, HISTORY_ID_SIZE);
    memcpy(ret_grant->key, grant.key, KEY_SIZE);
    ret_grant->until_ms = grant.until_ms;
    answer->history = (ProtobufCBinaryData){.data = ret_grant->history, .len = HISTORY_ID_SIZE};
    if (is_judged_before(judged, index))
        answer->code = ERR_DUPLICATE;
    return 0;
}

static int check_membership(struct store_txn *txn, struct job *job, const struct session_grant *grant,
                            int64_t now_ms, Comity__V1__GrantAnswer *answer)
{
    struct store_history history;
    struct reader reader;
    answer->code = query_check_grant(txn, grant, now_ms, job->arena, &history, &reader);
    if (answer->code == 0) {
        answer->head = history.head;
        answer->member = reader.member ? reader.member->number : 0;
    }
    if (answer->code == ERR_GRANT) {
        int code = move_gate(txn, grant->history, false, job->arena, &answer->moved);
        answer->code = code == 0 ? ERR_GRANT : code;
    }
    bool is_refused = answer->code == ERR_GRANT || answer->code == ERR_KEY_REVOKED || answer->code == ERR_MOVED ||
                      answer->code == ERR_MOVING;
    return is_refused ? 0 : answer->code;
}

static int judge_grants(struct service *service, struct job *job, const Comity__V1__Hello *hello,
                        struct judged *judged)
{
    int64_t now_ms = clock_now_ms(service->clock);
    struct session_grant *grants = arena_alloc(job->arena, (hello->n_grants + 1) * sizeof(*grants));
    if (!grants)
        return ERR_MEMORY;
    int code = 0;
    for (size_t i = 0; i < hello->n_grants && code == 0; i++)
        code = check_grant(job, hello->grants[i], now_ms, judged, i, &grants[i]);
    if (code || hello->n_grants == 0)
        return code;
    struct store_txn *txn;
    code = store_begin_read(service->store, &txn);
    if (code)
        return code;
    for (size_t i = 0; i < hello->n_grants && code == 0; i++) {
        Comity__V1__GrantAnswer *answer = &judged->answers[i];
        if (answer->code == 0)
            code = check_membership(txn, job, &grants[i], now_ms, answer);
        if (answer->code == 0)
            judged->good[judged->good_count++] = grants[i];
    }
    store_abort(&txn);
    return code;
}

int hello_answer(struct service *service, struct job *job, struct bytes plain,
                 Comity__V1__Welcome **ret_welcome, struct refusal *refusal)
{
    ProtobufCMessage *message;
    int code = message_unpack(&comity__v1__hello__descriptor, plain, FRAME_BODY_MAX_BYTES, job->arena,
                              refusal, &message);
    if (code)
        return code;
    const Comity__V1__Hello *hello = (const Comity__V1__Hello *) message;
    uint32_t level = order_log_level(service->log);
    code = check_form(hello, level, refusal);
    if (code)
        return code;
    struct judged *judged = arena_alloc(job->arena, sizeof(*judged));
    Comity__V1__Welcome *welcome = arena_alloc(job->arena, sizeof(*welcome));
    if (!judged || !welcome)
        return refuse(refusal, ERR_MEMORY, "");
    code = judge_grants(service, job, hello, judged);
    if (code == 0)
        code = session_hello(service->sessions, &job->seal, judged->good, judged->good_count);
    if (code)
        return refuse(refusal, code, "");
    comity__v1__welcome__init(welcome);
    welcome->software = (char *) SOFTWARE;
    welcome->format_level = level;
    welcome->log_key =
        (ProtobufCBinaryData){.data = (uint8_t *) service->log_key->public_key, .len = KEY_SIZE};
    welcome->time_ms = clock_now_ms(service->clock);
    welcome->grants = judged->answer_list;
    welcome->n_grants = hello->n_grants;
    code = announcer_tell(service->announcer, job->arena, welcome);
    if (code)
        return refuse(refusal, code, "");
    *ret_welcome = welcome;
    return 0;
}
