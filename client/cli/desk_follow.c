/* What the desk hears while a run goes on, also where the history is moved to another group meanwhile. */
#include "client/cli/brokers.h"
#include "client/cli/desk_state.h"
#include "client/cli/output.h"

static void place_of(const struct comity_moved *moved, struct place *ret_place)
{
    *ret_place = (struct place){.broker_count = moved->broker_count};
    memcpy(ret_place->group_key, moved->group_key, KEY_SIZE);
    for (size_t i = 0; i < moved->broker_count; i++) {
        memcpy(ret_place->brokers[i].endpoint, moved->brokers[i].endpoint, ENDPOINT_MAX);
        memcpy(ret_place->brokers[i].key, moved->brokers[i].server_key, KEY_SIZE);
    }
}

int desk_follow_moved(struct cli *cli)
{
    struct desk *desk = cli->desk;
    struct comity_moved moved;
    char reason[CONTEXT_REASON_MAX];
    int code = comity_moved(desk->client, cli->context.history, &moved);

    if (code != 0 || desk->has_followed)
        return cli_fail(cli, ERR_MOVED, "Give the same command again.", "The partnership was moved, and moved again.");
    desk->has_followed = true;
    place_of(&moved, &cli->context.place);
    if (!desk->is_apart && context_go(cli->home, cli->context.name, &cli->context.place, reason) != 0)
        say_aside("Warning: %s", reason);
    brokers_find(cli->home, &cli->context); /* a list of the group that was left holds no more */
    say_aside("The partnership was moved to another group of workers: this machine goes there from now on.");
    comity_destroy(&desk->client);
    memset(&cli->failure, 0, sizeof(cli->failure));
    code = desk_client_open(cli);
    if (code == 0 && desk->news != NULL)
        code = comity_subscribe(desk->client, cli->context.history, cli->context.seen, desk->news, desk->news_context);
    return code == ERR_MOVED ? desk_follow_moved(cli) : code;
}

int desk_subscribe(struct cli *cli, uint64_t from, comity_news_fn *news, void *context)
{
    cli->desk->news = news;
    cli->desk->news_context = context;
    return comity_subscribe(cli->desk->client, cli->context.history, from, news, context);
}

void desk_unsubscribe(struct cli *cli)
{
    cli->desk->news = NULL;
    comity_unsubscribe(cli->desk->client, cli->context.history);
}

int desk_pump(struct cli *cli, int timeout_ms)
{
    int code = comity_pump(cli->desk->client, timeout_ms);

    return code == 0 && comity_belief(cli->desk->client, cli->context.history) == ERR_MOVED ? desk_follow_moved(cli) : code;
}
