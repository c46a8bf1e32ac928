/* `comity status`: what the worker and the brokers say of themselves. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/desk.h"
#include "client/cli/doctor.h"
#include "client/cli/output.h"
#include "client/cli/reach.h"
#include "client/cli/verbs.h"

/* What a worker tells its operators alone. */
static const char *const FIGURES[] = {"queued_checks", "queued_commands", "batches",   "commands", "refusals",
                                      "map_bytes",     "map_limit_bytes", "histories", "peers",    "log"};

/* A store has a limit: none is told to those who get no figures. */
static bool has_figures(const Comity__V1__StatusAnswer *status)
{
    return status->map_limit_bytes != 0;
}

static struct json_object *worker_to_json(const Comity__V1__StatusAnswer *status)
{
    struct json_object *value = message_to_json(&status->base, NULL, NULL);

    for (size_t i = 0; !has_figures(status) && i < ARRAY_COUNT(FIGURES); i++)
        json_object_object_add(value, FIGURES[i], NULL);
    return value;
}

/* The log that it shares with workers of other sites. */
static void say_log(struct cli *cli, const Comity__V1__LogStatus *log)
{
    say(cli, "  log: as %s, with entry %" PRIu64 " of %" PRIu64 " in its store; %s leads",
        shown_string(cli, log->name), log->applied, log->head,
        log->leader[0] == '\0' ? _("nobody") : shown_string(cli, log->leader));
    if (log->answered_ms < 0)
        say(cli, "  etcd: has not answered");
    else
        say(cli, "  etcd: answered %" PRId64 " ms ago; %" PRIu64 " of %" PRIu64 " bytes", log->answered_ms,
            log->used_bytes, log->quota_bytes);
    if (log->fault != 0)
        say(cli, "  takes no part in the log: %s %s", language_error(log->fault),
            shown_string(cli, log->reason));
    else if (log->reason[0] != '\0')
        say(cli, "  etcd's last answer: %s", shown_string(cli, log->reason));
    if (log->unreached[0] != '\0')
        say(cli, "  etcd's members that do not answer: %s", shown_string(cli, log->unreached));
    for (size_t i = 0; i < log->n_seats; i++) {
        say(cli, "  worker %s: at entry %" PRIu64 ", heard %" PRId64 " ms ago",
            shown_string(cli, log->seats[i]->worker), log->seats[i]->applied, log->seats[i]->heard_ms);
        if (log->seats[i]->refused != 0)
            say(cli, "    has stopped before entry %" PRIu64 ", which it decides otherwise", log->seats[i]->refused);
    }
    if (log->is_full)
        say(cli, "  takes no commands: etcd's file is nearly full");
}

/* Whoever does not lead is in no term of its own, and tells its operators alone who does. */
static const char *worker_standing(struct cli *cli, const Comity__V1__StatusAnswer *status)
{
    if (status->is_leader)
        return arena_printf(cli->arena, _("leads in term %" PRIu64), status->term);
    if (status->log == NULL)
        return _("does not lead");
    if (log_is_silent(status->log)) /* the name that it has is an old one */
        return _("hears of nobody who leads");
    if (status->log->leader[0] == '\0')
        return _("nobody leads now");
    return arena_printf(cli->arena, _("follows %s"), shown_string(cli, status->log->leader));
}

static void say_worker(struct cli *cli, const Comity__V1__StatusAnswer *status)
{
    const char *levels = "";

    for (size_t i = 0; i < status->n_format_levels; i++)
        levels =
            arena_printf(cli->arena, "%s%s%" PRIu32, levels, i == 0 ? "" : ", ", status->format_levels[i]);
    say(cli, "Worker: %s, format %s, %s, runs since %s", shown_string(cli, status->software), levels,
        worker_standing(cli, status), shown_time(cli, status->started_ms));
    for (size_t i = 0; i < status->n_heads; i++) {
        const Comity__V1__HistoryHead *head = status->heads[i];
        char hex[2 * HISTORY_ID_SIZE + 1] = "";
        if (head->history.len == HISTORY_ID_SIZE)
            hex_encode(BYTES(head->history.data, HISTORY_ID_SIZE), hex);
        say(cli, "  history %s is at number %" PRIu64, hex, head->head);
    }
    if (!has_figures(status))
        return;
    say(cli, "  waiting: %" PRIu32 " for a signature check, %" PRIu32 " for a batch", status->queued_checks,
        status->queued_commands);
    say(cli, "  since start: %" PRIu64 " recorded, %" PRIu64 " refused, in %s", status->commands,
        status->refusals, counted(cli, status->batches, "%" PRIu64 " batch", "%" PRIu64 " batches"));
    say(cli, "  store: %" PRIu64 " of %" PRIu64 " bytes", status->map_bytes, status->map_limit_bytes);
    if (status->log != NULL)
        say_log(cli, status->log);
}

static void say_broker(struct cli *cli, const Comity__V1__BrokerStatus *status)
{
    say(cli,
        "  %s, since %s: %s, %" PRIu32 " of %" PRIu32 " requests wait, %" PRIu64 " asked, %" PRIu64
        " answered",
        shown_string(cli, status->software), shown_time(cli, status->started_ms),
        counted(cli, status->clients, "%" PRIu64 " client", "%" PRIu64 " clients"), status->pending,
        status->pending_limit, status->requests, status->replies);
    say(cli,
        "  turned away: %" PRIu64 " busy, %" PRIu64 " no worker, %" PRIu64 " too late, %" PRIu64 " malformed",
        status->refused_busy, status->refused_no_route, status->expired, status->malformed);
    for (size_t i = 0; i < status->n_workers; i++) {
        const Comity__V1__BrokerWorker *worker = status->workers[i];
        say(cli,
            worker->is_draining
                ? "  worker %s: %" PRIu32 " of %" PRIu32 " in hand, heard %" PRId64 " ms ago, is ending"
                : N_("  worker %s: %" PRIu32 " of %" PRIu32 " in hand, heard %" PRId64 " ms ago"),
            shown_string(cli, worker->name), worker->in_flight, worker->window, worker->last_heard_ms);
    }
}

enum { FIGURES_MS = 500 };

/* A broker's own figures are for operators; that this is none is no failure, and no reason to wait long: the
 * broker says so at once, but libcomity takes no broker's word for final. */
static struct json_object *ask_broker(struct cli *cli, size_t index)
{
    Comity__V1__BrokerStatus *status = NULL;
    const char *endpoint = cli->context.reach.brokers[index].endpoint;
    struct json_object *value = json_object_new_object();
    int state = comity_broker_state(desk_client(cli), index);
    int code = state == 0 ? comity_broker_status_wait(desk_client(cli), index, FIGURES_MS, &status) : state;

    json_object_object_add(value, "endpoint", json_object_new_string(endpoint));
    json_object_object_add(value, "state", json_object_new_string(error_name(state)));
    json_object_object_add(value, "status",
                           status == NULL ? NULL : message_to_json(&status->base, NULL, NULL));
    if (state != 0)
        say(cli, "Broker %s: %s", shown_string(cli, endpoint), language_error(state));
    else
        say(cli,
            code == 0 ? N_("Broker %s: reached")
                      : N_("Broker %s: reached (its figures are for its operator)"),
            shown_string(cli, endpoint));
    if (status != NULL) {
        say_broker(cli, status);
        comity__v1__broker_status__free_unpacked(status, NULL);
    }
    return value;
}

int status_run(struct cli *cli)
{
    Comity__V1__Status status = COMITY__V1__STATUS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;
    struct json_object *brokers = json_object_new_array();

    query.kind_case = COMITY__V1__QUERY__KIND_STATUS;
    query.status = &status;
    say(cli, "Context %s", cli->context.name);
    int code = desk_ask(cli, &query, &answer);
    if (code == ERR_NO_ROUTE)
        snprintf(
            cli->failure.next, NEXT_MAX, "%s",
            _("Ask whoever runs the worker: it is down, or does not reach this broker. Its log says which."));
    if (code == 0 && answer->status == NULL)
        code = cli_fail(cli, ERR_MALFORMED, NULL, "The worker's answer has no status.");
    if (code == 0) {
        cli_put(cli, "worker", worker_to_json(answer->status));
        say_worker(cli, answer->status);
    }
    if (desk_client(cli) != NULL)
        reach_settle(cli, desk_client(cli));
    for (size_t i = 0; desk_client(cli) != NULL && i < cli->context.reach.broker_count; i++)
        json_object_array_add(brokers, ask_broker(cli, i));
    cli_put(cli, "brokers", brokers);
    return code;
}
