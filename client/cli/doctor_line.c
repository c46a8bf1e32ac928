/* The part of `comity doctor` that goes over the line: names, connections, keys, the worker behind them. */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/cli/desk.h"
#include "client/cli/doctor.h"
#include "client/cli/names.h"
#include "client/cli/output.h"
#include "client/cli/reach.h"

enum {
    CONNECT_MS = 3000,
    CONNECT_PART_MS = 250,
    FIGURES_MS = 500,
    CLOCK_CAREFUL_MS = 60 * 1000,
    CLOCK_MOST_MS =
        23 * 60 * 60 * 1000, /* what is signed is good from now on for 29 days, of 30 that may be */
};

/* 0, or why no connection came about. */
static int connect_to(struct cli *cli, const struct addrinfo *address)
{
    int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
    socklen_t size = sizeof(error);
    struct pollfd poll_one = {.fd = descriptor, .events = POLLOUT};

    if (descriptor < 0)
        return errno;
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0)
        error = errno;
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        for (int waited_ms = 0; waited_ms < CONNECT_MS && error == ETIMEDOUT; waited_ms += CONNECT_PART_MS) {
            error = poll(&poll_one, 1, CONNECT_PART_MS) == 1 ? 0 : ETIMEDOUT;
            progress_tick(&cli->progress);
        }
        if (error == 0 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
    }
    close(descriptor);
    return error;
}

/* The steps that come before the broker's key: its name, and a connection. Where it fails, which does not keep from working who has
 * another broker, what and next are filled in. */
struct way {
    bool is_open;
    int code;
    const char *what, *next;
};

static void fail(struct way *way, int code, const char *next, const char *what)
{
    way->code = code;
    way->what = what;
    way->next = next;
}

static struct way find_way(struct cli *cli, const char *text)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct way way = {.is_open = false};
    struct endpoint endpoint;
    char host[ENDPOINT_MAX], port[8];
    const char *why, *shown_text = shown_string(cli, text);

    if (endpoint_parse(text, ENDPOINT_CONNECT, &endpoint, &why) != 0) {
        fail(&way, ERR_ADDRESS, "comity context show", phrase(cli, "%s is no address: %s", shown_text, why));
        return way;
    }
    /* Without the brackets of IPv6. */
    size_t skip = endpoint.host[0] == '[';
    snprintf(host, sizeof(host), "%.*s", (int) (strlen(endpoint.host) - 2 * skip), endpoint.host + skip);
    snprintf(port, sizeof(port), "%u", endpoint.port);
    int error = getaddrinfo(host, port, &wanted, &found);
    if (error != 0) {
        fail(&way, ERR_UNREACHABLE, N_("Check this machine's network, and the name with the operator."),
             phrase(cli, "The name %s has no address: %s.", shown_string(cli, host), gai_strerror(error)));
        return way;
    }
    for (const struct addrinfo *address = found; address != NULL; address = address->ai_next)
        if ((error = connect_to(cli, address)) == 0)
            break;
    freeaddrinfo(found);
    if (error != 0)
        fail(&way, ERR_UNREACHABLE,
             N_("Ask the operator whether the broker runs and its port is open. Who runs it here: comity up"),
             phrase(cli, "Nothing accepts a connection at %s: %s.", shown_text, strerror(error)));
    way.is_open = error == 0;
    return way;
}

/* One that fails while another does it is no reason why somebody cannot work. */
static enum finding one_fails(bool is_another_there)
{
    return is_another_there ? FINDING_WARNING : FINDING_PROBLEM;
}

/* One that was given, where the signed list has another key for the broker at its address. */
static bool is_older_key(const struct context *context, size_t index)
{
    const struct place_broker *brokers = context->reach.brokers;

    for (size_t i = 0; context->sites[index][0] == '\0' && i < context->reach.broker_count; i++)
        if (context->sites[i][0] != '\0' && strcmp(brokers[i].endpoint, brokers[index].endpoint) == 0)
            return true;
    return false;
}

/* What libcomity found of one: the broker's key, this machine's, and whether a worker is behind it. */
static void tell_state(struct doctor *doctor, size_t index, int state, bool is_any_ready)
{
    const char *shown_text = shown_string(doctor->cli, doctor->cli->context.reach.brokers[index].endpoint);

    if (state == 0)
        doctor_tell(doctor, FINDING_OK, 0, NULL,
                    "The broker at %s has the right key, and a worker answers behind it.", shown_text);
    else if (state == ERR_SERVER_KEY && is_older_key(&doctor->cli->context, index))
        doctor_tell(doctor, FINDING_OK, 0, NULL,
                    "What you were given has an older key for the broker at %s: the list that the partnership's workers "
                    "signed has another one, which counts.",
                    shown_text);
    else if (state == ERR_SERVER_KEY)
        doctor_tell(doctor, FINDING_PROBLEM, state,
                    "Go no further: ask the operator, in person, what changed.",
                    "What answers at %s has not the broker's key.", shown_text);
    else if (state == ERR_CLIENT_KEY)
        doctor_tell(doctor, one_fails(is_any_ready), state,
                    "Ask the operator why this machine's connection key is refused.",
                    "The broker at %s has the right key, and does not accept this machine's.", shown_text);
    else if (state == ERR_NO_ROUTE)
        doctor_tell(doctor, one_fails(is_any_ready), state,
                    "Ask the operator: the worker is down, or does not reach the broker.",
                    "The broker at %s has the right key, and no worker is behind it.", shown_text);
    else
        doctor_tell(doctor, one_fails(is_any_ready), state,
                    "Ask the operator; comity --timeout SECONDS doctor waits longer.", "The broker at %s: %s",
                    shown_text, language_error(state));
}

/* Each connection is tried before any of it is told. */
static bool find_ways(struct cli *cli, struct way ret_ways[PLACE_BROKERS_MAX])
{
    const struct place *place = &cli->context.reach;
    bool is_any_open = false;

    progress_begin(&cli->progress, _("Looking for the brokers"));
    for (size_t i = 0; i < place->broker_count; i++) {
        ret_ways[i] = find_way(cli, place->brokers[i].endpoint);
        is_any_open |= ret_ways[i].is_open;
    }
    progress_end(&cli->progress);
    return is_any_open;
}

static void tell_ways(struct doctor *doctor, const struct way ways[PLACE_BROKERS_MAX], bool is_any_open)
{
    const struct place *place = &doctor->cli->context.reach;

    for (size_t i = 0; i < place->broker_count; i++)
        if (ways[i].is_open)
            doctor_tell(doctor, FINDING_OK, 0, NULL, "%s accepts connections.",
                        shown_string(doctor->cli, place->brokers[i].endpoint));
        else
            doctor_tell(doctor, one_fails(is_any_open), ways[i].code, ways[i].next, "%s", ways[i].what);
}

static void tell_states(struct doctor *doctor, const struct way ways[PLACE_BROKERS_MAX])
{
    struct cli *cli = doctor->cli;
    size_t count = cli->context.reach.broker_count;
    bool is_any_ready = false;

    for (size_t i = 0; i < count; i++)
        is_any_ready |= comity_broker_state(desk_client(cli), i) == 0;
    for (size_t i = 0; i < count; i++)
        if (ways[i].is_open)
            tell_state(doctor, i, comity_broker_state(desk_client(cli), i), is_any_ready);
}

/* Which brokers there are, and by which keys, the group's signed list says: where a worker hands out a later one than this
 * machine has, it is taken up before anything is judged. */
bool doctor_check_brokers(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    struct way ways[PLACE_BROKERS_MAX] = {{.is_open = false}};
    const struct place found = cli->context.reach;
    bool is_any_open = find_ways(cli, ways);
    int code = 0;

    if (is_any_open) {
        code = desk_open(cli);
        if (desk_client(cli) != NULL)
            reach_settle(cli, desk_client(cli));
        if (desk_take_up_brokers(cli, &code) && desk_client(cli) != NULL)
            reach_settle(cli, desk_client(cli));
        if (memcmp(&found, &cli->context.reach, sizeof(found)) != 0) /* also where the record was moved */
            is_any_open = find_ways(cli, ways);
        memset(&cli->failure, 0, sizeof(cli->failure));
    }
    tell_ways(doctor, ways, is_any_open);
    if (!is_any_open || desk_client(cli) == NULL)
        return false;
    tell_states(doctor, ways);
    return code == 0;
}

static void check_clock(struct doctor *doctor, int64_t worker_ms)
{
    int64_t ahead_ms = time_now_ms() - worker_ms, apart_ms = ahead_ms < 0 ? -ahead_ms : ahead_ms;

    doctor->check = "clock";
    if (apart_ms > CLOCK_MOST_MS)
        doctor_tell(doctor, FINDING_PROBLEM, ERR_VALIDITY, "Set this machine's clock.",
                    ahead_ms < 0 ? N_("This machine's clock is %" PRId64
                                      " minutes behind the worker's: what you sign is refused.")
                                 : N_("This machine's clock is %" PRId64
                                      " minutes ahead of the worker's: what you sign is refused."),
                    apart_ms / 60000);
    else if (apart_ms > CLOCK_CAREFUL_MS)
        doctor_tell(doctor, FINDING_WARNING, 0, "Set this machine's clock.",
                    ahead_ms < 0 ? N_("This machine's clock is %" PRId64
                                      " seconds behind the worker's: times that you give are so far off.")
                                 : N_("This machine's clock is %" PRId64
                                      " seconds ahead of the worker's: times that you give are so far off."),
                    apart_ms / 1000);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "This machine's clock agrees with the worker's.");
}

static void check_software(struct doctor *doctor, const char *software)
{
    const char *blank = strrchr(software, ' '), *shown_software = shown_string(doctor->cli, software);

    doctor->check = "version";
    if (blank == NULL || strcmp(blank + 1, COMITY_VERSION) != 0)
        doctor_tell(doctor, FINDING_WARNING, 0, "Ask the operator which version to use.",
                    "The worker is %s, and this is comity %s.", shown_software, COMITY_VERSION);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "The worker is %s.", shown_software);
}

/* Told to operators alone: a store has a limit. */
static void check_store(struct doctor *doctor, const Comity__V1__StatusAnswer *status)
{
    uint64_t hundredths = status->map_bytes / (status->map_limit_bytes / 100 + 1);

    doctor->check = "store";
    if (hundredths >= 90)
        doctor_tell(doctor, FINDING_WARNING, 0, "Raise map_limit_mib in the worker's configuration.",
                    "The worker's store is %" PRIu64 "%% full.", hundredths);
    else
        doctor_tell(doctor, FINDING_OK, 0, NULL, "The worker's store is %" PRIu64 "%% full.", hundredths);
    for (size_t i = 0; i < status->n_peers; i++)
        if (!status->peers[i]->is_connected)
            doctor_tell(doctor, FINDING_WARNING, 0, "Look into the worker's log.",
                        "The worker does not reach its broker at %s.",
                        shown_string(doctor->cli, status->peers[i]->endpoint));
}

void doctor_check_worker(struct doctor *doctor)
{
    Comity__V1__Status status = COMITY__V1__STATUS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;

    query.kind_case = COMITY__V1__QUERY__KIND_STATUS;
    query.status = &status;
    int code = desk_ask(doctor->cli, &query, &answer);
    if (code == 0 && answer->status == NULL)
        code = ERR_MALFORMED;
    if (code != 0) {
        doctor_tell_failure(doctor, code);
        return;
    }
    doctor->reads_only = !answer->status->is_leader;
    if (doctor->reads_only)
        doctor_tell(doctor, FINDING_WARNING, 0, "Ask the operator whether most of the sites run, and reach one another.",
                    "Nothing can be recorded at the moment: the worker that answers does not lead.");
    check_software(doctor, answer->status->software);
    check_clock(doctor, answer->status->time_ms);
    if (answer->status->map_limit_bytes != 0)
        check_store(doctor, answer->status);
    if (answer->status->log != NULL)
        doctor_check_log(doctor, answer->status->log);
}

void doctor_check_broker_figures(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;

    for (size_t i = 0; i < cli->context.reach.broker_count; i++) {
        Comity__V1__BrokerStatus *status = NULL;
        const char *text = shown_string(cli, cli->context.reach.brokers[i].endpoint);
        if (comity_broker_state(desk_client(cli), i) != 0 ||
            comity_broker_status_wait(desk_client(cli), i, FIGURES_MS, &status) != 0)
            continue;
        if (status->n_workers == 0)
            doctor_tell(doctor, FINDING_PROBLEM, ERR_NO_ROUTE, "Look into the worker's log.",
                        "The broker at %s has no worker.", text);
        else if (status->pending_limit != 0 && status->pending >= status->pending_limit / 2)
            doctor_tell(doctor, FINDING_WARNING, 0, "comity status",
                        "At the broker at %s, %" PRIu32 " of at most %" PRIu32 " requests wait.", text,
                        status->pending, status->pending_limit);
        else
            doctor_tell(doctor, FINDING_OK, 0, NULL,
                        "The broker at %s is %s, with %zu of its workers connected.", text,
                        shown_string(cli, status->software), status->n_workers);
        comity__v1__broker_status__free_unpacked(status, NULL);
    }
}

void doctor_check_member(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    const Comity__V1__WhoamiAnswer *whoami;
    int code = desk_whoami(cli, &whoami);

    if (code != 0) {
        doctor_tell_failure(doctor, code);
        return;
    }
    doctor_tell(doctor, FINDING_OK, 0, NULL,
                "Your key is on the roll and not revoked: you are %s, member %" PRIu32
                ", with the offices: %s.",
                desk_shown(cli, whoami->member->name), whoami->member->number,
                shown_offices(cli, whoami->member->offices, whoami->member->n_offices));
    if (cli->context.epoch != 0 && whoami->partnership->epoch > cli->context.epoch)
        doctor_tell(doctor, FINDING_WARNING, 0, "comity resubmit",
                    "The record was restored from a backup since you last saw it.");
}
