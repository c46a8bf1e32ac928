#include "client/cli/reach.h"

#include <string.h>

#include "client/cli/context.h"
#include "client/cli/cut_off.h"
#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "core/text.h"

enum {
    OUT_OF_REACH_MS = 2000, /* every broker has said no for so long: enough */
    PUMP_MS = 50,
    SETTLE_PART = 5, /* of the timeout: one that says nothing holds up nobody for long */
};

/* Whose home runs the installation starts it again, where it is. Who runs none asks the operator whether the
 * broker has moved. NULL: the table's advice. */
static const char *unreached_advice(struct cli *cli)
{
    const struct context *context = &cli->context;
    char history[2 * HISTORY_ID_SIZE + 1];
    char key[PATH_BYTES], data[PATH_BYTES];
    bool is_usual_key = strcmp(context->signing_key, "keys/signing.key") == 0 ||
                        path_join(key, cli->home, context->signing_key) != 0;

    if (context_data_of_group(cli->home, context->place.group_key, cli->arena, data) == 0)
        return phrase(cli, "comity up --data %s starts your installation again.", shown_string(cli, data));
    if (!context->has_history)
        return NULL;
    hex_encode(BYTES(context->history, HISTORY_ID_SIZE), history);
    return phrase(cli,
                  "Check the address with the operator. If the broker has moved: comity context add NAME "
                  "--place FILE --history %s%s%s",
                  history, is_usual_key ? "" : " --key ", is_usual_key ? "" : shown_string(cli, key));
}

/* A broker can say how a greeting fared on its way. A word on rights, or on the state of a record, is not its to say, and
 * whoever says it lets nothing through. */
static int broker_stands(const struct cli *cli, struct comity *client, size_t index)
{
    int state = comity_broker_state(client, index), belief = comity_belief(client, cli->context.history);

    if (state == 0) /* and yet nothing can be asked there */
        return comity_is_late(belief) ? belief : ERR_TIMEOUT;
    bool is_of_the_way = state > ERR_SIGNATURE || state <= ERR_BUSY || state == ERR_SEAL || state == ERR_LIMIT;

    return is_of_the_way ? state : ERR_NO_ROUTE;
}

/* Which broker stands how, in one sentence. */
static int fail_unreached(struct cli *cli, struct comity *client)
{
    const char *text = "";
    int code = ERR_TIMEOUT;

    for (size_t i = 0; i < cli->context.reach.broker_count; i++) {
        int state = broker_stands(cli, client, i);
        if (i == 0 ||
            (state != ERR_TIMEOUT && !comity_is_late(code))) /* who answers, of those that do not */
            code = state;
        text = arena_printf(cli->arena, "%s%s%s: %s", text, i == 0 ? "" : " ",
                            shown_string(cli, cli->context.reach.brokers[i].endpoint), cut_off_sentence(state));
        if (text == NULL)
            return ERR_MEMORY;
    }
    cli->failure.is_unsent = true;
    return cli_fail(cli, code, code == ERR_UNREACHABLE ? unreached_advice(cli) : NULL, "%s", text);
}

static bool is_definite(const struct cli *cli, struct comity *client)
{
    for (size_t i = 0; i < cli->context.reach.broker_count; i++) {
        int state = comity_broker_state(client, i);
        if (state != ERR_UNREACHABLE && state != ERR_SERVER_KEY && state != ERR_CLIENT_KEY)
            return false;
    }
    return true;
}

static int pump_until_ready(struct cli *cli, struct comity *client, int64_t timeout_ms)
{
    int64_t begin_ms = time_now_ms(), no_since_ms = 0;

    for (;;) {
        bool is_ready = false;
        for (size_t i = 0; i < cli->context.reach.broker_count; i++)
            is_ready |= comity_broker_state(client, i) == 0;
        int belief = cli->context.has_history ? comity_belief(client, cli->context.history) : 0;
        if (belief == ERR_FORKED)
            return desk_fail_forked(cli);
        if (belief == ERR_MOVED) /* which is not here to be followed */
            return belief;
        if (is_ready && belief == 0)
            return 0;
        int64_t now_ms = time_now_ms();
        if (!is_definite(cli, client))
            no_since_ms = 0;
        else if (no_since_ms == 0)
            no_since_ms = now_ms;
        if ((no_since_ms != 0 && now_ms - no_since_ms >= OUT_OF_REACH_MS) ||
            now_ms - begin_ms >= timeout_ms || desk_is_left(cli))
            return fail_unreached(cli, client);
        int code = comity_pump(client, PUMP_MS);
        if (code != 0)
            return code;
        progress_tick(&cli->progress);
    }
}

int reach_wait(struct cli *cli, struct comity *client, int64_t timeout_ms)
{
    progress_begin(&cli->progress, _("Waiting for a broker with a worker behind it"));
    int code = pump_until_ready(cli, client, timeout_ms);
    progress_end(&cli->progress);
    return code;
}

static bool is_settled(const struct cli *cli, struct comity *client)
{
    for (size_t i = 0; i < cli->context.reach.broker_count; i++)
        if (comity_broker_state(client, i) == ERR_TIMEOUT)
            return false;
    return true;
}

void reach_settle(struct cli *cli, struct comity *client)
{
    int64_t end_ms = time_now_ms() + settings_timeout_ms(&cli->settings) / SETTLE_PART;

    while (!is_settled(cli, client) && time_now_ms() < end_ms && comity_pump(client, PUMP_MS) == 0)
        progress_tick(&cli->progress);
}
