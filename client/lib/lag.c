#include "client/lib/lag.h"

#include <sodium.h>

#include "client/lib/backoff.h"
#include "core/error.h"

bool lag_explains(const Comity__V1__Answer *answer, const struct head *offered, uint32_t epoch, uint64_t size)
{
    return !answer->is_fresh && (offered->epoch < epoch || (offered->epoch == epoch && offered->size < size));
}

bool lag_is_told(const struct comity_result *result)
{
    return result->verdict == COMITY_REFUSED && comity_is_late(result->fault.code);
}

int lag_code(const Comity__V1__Answer *answer)
{
    return answer->is_moving ? ERR_MOVING : ERR_BEHIND;
}

void lag_found(struct comity *client, struct history *history, const struct link *link, int code)
{
    struct lag *lag = &history->lags[link->index];
    int64_t wait_ms = backoff_ms(++lag->times, 0, randombytes_random());
    lag->again_ms = client->now_ms + wait_ms;
    lag->code = code;
    client_wake_at(client, lag->again_ms);
    client_event(client, &(struct comity_event){.kind = COMITY_EVENT_RETRYING,
                                                .history = history->id,
                                                .request = history->question.on_behalf,
                                                .code = code,
                                                .attempt = lag->times + 1,
                                                .wait_ms = wait_ms});
}

bool lag_waits(const struct comity *client, const struct history *history, const struct link *link)
{
    return history->lags[link->index].again_ms > client->now_ms;
}

int lag_of(const struct comity *client, const struct history *history)
{
    for (size_t i = 0; history != NULL && i < client->link_count; i++)
        if (history->lags[i].times > 0 && client->links[i].state == LINK_READY)
            return history->lags[i].code;
    return 0;
}

int lag_why(const struct comity *client, const struct comity_request *request)
{
    for (size_t i = 0; i < client->history_count; i++)
        if (memcmp(client->histories[i]->id, request->claim.history, HISTORY_ID_SIZE) == 0)
            return lag_of(client, client->histories[i]);
    return 0;
}
