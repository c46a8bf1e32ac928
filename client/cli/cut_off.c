#include "client/cli/cut_off.h"

#include <inttypes.h>
#include <stdio.h>

#include "client/cli/desk.h"
#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/cli/verb.h"

#define APART_SENTENCE                                                                                       \
    N_("As of event %" PRIu64 ": this site cannot reach the others at the moment, so there may be more.")
#define MOVING_SENTENCE                                                                                      \
    N_("As of event %" PRIu64                                                                                \
       ": the partnership is being moved to another group of workers, so there may be more.")

enum { STREAM_ASKS_MS = 5000, APART_MS = 5000, APART_PUMP_MS = 200 };

/* The line, or who stands behind it, is away; or has not what was seen here, and time does not go back.
 * Something on the way that takes connections and hangs up looks as a server with another key does. Where
 * this machine is refused, or there is no room, a person has to look, or to try again. */
static bool is_of_the_line(int code)
{
    static const int CODES[] = {ERR_UNREACHABLE, ERR_TIMEOUT, ERR_NO_ROUTE,   ERR_WORKER_LOST, ERR_NOT_LEADER,
                                ERR_DRAINING,    ERR_EXPIRED, ERR_SERVER_KEY};

    for (size_t i = 0; i < ARRAY_COUNT(CODES); i++)
        if (CODES[i] == code)
            return true;
    return comity_is_late(code);
}

const char *cut_off_sentence(int code)
{
    return code == ERR_NOT_LEADER ? _(CUT_OFF_APART) : language_error(code);
}

static bool goes_on(const struct cli *cli)
{
    const struct verb *verb = cli->arguments.verb;

    return verb != NULL && verb->cut_off != CUT_OFF_ENDS && cli->context.has_history &&
           !cli_has(cli, "dry-run") && memcmp(desk_reader(cli), (const uint8_t[KEY_SIZE]){0}, KEY_SIZE) != 0;
}

bool cut_off_is(struct cli *cli)
{
    if (cli->unreached.code != 0) {
        cli->failure = (struct failure){0};
        return true;
    }
    if (!cli->failure.is_unsent || !is_of_the_line(cli->failure.code) || !goes_on(cli))
        return false;
    cli->unreached = cli->failure;
    cli->failure = (struct failure){0};
    return true;
}

/* COMITY_BROKERS_MAX: none. */
static size_t next_ready(struct cli *cli, const bool was_asked[COMITY_BROKERS_MAX])
{
    size_t i = 0;

    while (i < COMITY_BROKERS_MAX && (was_asked[i] || comity_broker_state(desk_client(cli), i) != 0))
        i++;
    return i;
}

/* Who moves a record away takes no acts either, but says so of each: they are tried. */
static bool is_of_apart(const Comity__V1__Answer *answer)
{
    return !answer->is_fresh && !answer->is_moving;
}

/* @broker: NULL: whoever comes. Who says nothing does not say so; who has not all that was seen here, and does not get it, does. */
static bool says_apart(struct cli *cli, const size_t *broker)
{
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    struct comity_result result = {0};
    int64_t most_ms = settings_timeout_ms(&cli->settings);
    bool is_apart;

    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &whoami;
    query.fresh = true;
    query.floor = 1;
    int code = broker == NULL ? comity_query_wait(desk_client(cli), cli->context.history, &query, 0, &result)
                              : comity_query_at_wait(desk_client(cli), *broker, cli->context.history, &query,
                                                     most_ms < APART_MS ? most_ms : APART_MS, &result);
    if (code == 0)
        is_apart = is_of_apart(comity_answer_body(result.answer));
    else
        is_apart = comity_is_late(code);
    comity_result_release(&result);
    return is_apart;
}

/* What one site cannot record another may; one that comes while others are asked, too. */
bool cut_off_is_apart(struct cli *cli)
{
    bool was_asked[COMITY_BROKERS_MAX] = {false}, is_any = false;
    size_t broker;

    if (next_ready(cli, was_asked) == COMITY_BROKERS_MAX && !says_apart(cli, NULL))
        return false;
    while ((broker = next_ready(cli, was_asked)) < COMITY_BROKERS_MAX) {
        if (!says_apart(cli, &broker))
            return false;
        was_asked[broker] = is_any = true;
    }
    return is_any;
}

bool cut_off_stays_apart(struct cli *cli)
{
    int64_t most_ms = settings_timeout_ms(&cli->settings);
    int64_t end_ms = time_now_ms() + (most_ms < APART_MS ? most_ms : APART_MS);
    bool is_apart;

    if (!cli->is_apart_now || !goes_on(cli))
        return false;
    progress_begin(&cli->progress, _("Waiting for an answer"));
    while ((is_apart = cut_off_is_apart(cli)) && time_now_ms() < end_ms) {
        desk_pump(cli, APART_PUMP_MS);
        progress_tick(&cli->progress);
    }
    progress_end(&cli->progress);
    if (!is_apart)
        return false;
    cli->failure.is_unsent = true;
    cli_fail(cli, ERR_NOT_LEADER, NULL, CUT_OFF_APART);
    return cut_off_is(cli);
}

bool cut_off_keeps(const struct cli *cli)
{
    return cli->unreached.code != 0 && cli->arguments.verb->cut_off == CUT_OFF_KEEPS;
}

void cut_off_keep(struct cli *cli, const Comity__V1__Query *query, const struct comity_answer *answer)
{
    char journal[PATH_BYTES];

    if (cli->context.has_history && path_join(journal, cli->home, "journal") == 0 &&
        memcmp(desk_reader(cli), (const uint8_t[KEY_SIZE]){0}, KEY_SIZE) != 0)
        comity_answer_keep(journal, cli->context.history, desk_reader(cli), query, answer);
}

static int find(struct cli *cli, const Comity__V1__Query *query, struct comity_answer **ret_answer,
                int64_t *ret_read_ms)
{
    char journal[PATH_BYTES];

    if (path_join(journal, cli->home, "journal") != 0)
        return ERR_NOT_FOUND;
    int code =
        comity_answer_kept(journal, cli->context.history, desk_reader(cli), query, ret_answer, ret_read_ms);
    /* Numbers of another epoch may mean something else by now. */
    if (code == 0 && cli->context.epoch != 0 &&
        comity_answer_body(*ret_answer)->epoch != cli->context.epoch) {
        comity_answer_destroy(ret_answer);
        return ERR_NOT_FOUND;
    }
    return code;
}

/* One row, or the whole list with it: whichever was read later. */
static int find_latest(struct cli *cli, const Comity__V1__Query *query, struct comity_answer **ret_answer,
                       int64_t *ret_read_ms)
{
    struct comity_answer *whole = NULL;
    int64_t whole_ms = 0;
    int code = find(cli, query, ret_answer, ret_read_ms);

    if (query->kind_case != COMITY__V1__QUERY__KIND_LIST || query->list->number == 0)
        return code;
    Comity__V1__List list = *query->list;
    Comity__V1__Query all = *query;
    list.number = 0;
    all.list = &list;
    if (find(cli, &all, &whole, &whole_ms) != 0)
        return code;
    if (code == 0 && *ret_read_ms >= whole_ms) {
        comity_answer_destroy(&whole);
        return 0;
    }
    if (code == 0)
        comity_answer_destroy(ret_answer);
    *ret_answer = whole;
    *ret_read_ms = whole_ms;
    return 0;
}

const char *cut_off_why(struct cli *cli)
{
    return cli->unreached.what[0] != '\0' ? cli->unreached.what : language_error(cli->unreached.code);
}

int cut_off_answer(struct cli *cli, const Comity__V1__Query *query, struct arena *arena, struct prose *prose,
                   const Comity__V1__Answer **ret_answer)
{
    struct comity_answer *answer = NULL;
    ProtobufCMessage *copy;
    int64_t read_ms = 0;
    int code = find_latest(cli, query, &answer, &read_ms);

    if (code != 0) {
        cli->failure = cli->unreached;
        snprintf(cli->failure.what, WHAT_MAX, "%s",
                 phrase(cli, "%s And what this needs was not read here before.", cut_off_why(cli)));
        return cli->failure.code;
    }
    const Comity__V1__Answer *body = comity_answer_body(answer);
    code = message_copy(&body->base, arena, &copy);
    if (code == 0)
        code = prose_add(prose, body->texts, body->n_texts);
    if (code == 0) {
        *ret_answer = (const Comity__V1__Answer *) copy;
        if (cli->kept_ms == 0)
            say_aside(
                cli->unreached.code == ERR_BEHIND
                    ? N_("The site that answers has not all that was seen here: what follows was read "
                         "before, and may have "
                         "changed since.")
                : cli->unreached.code == ERR_MOVING
                    ? N_("The partnership is being moved to another group of workers: what follows was read "
                         "before, and may have changed since.")
                    : N_("No broker answers: what follows was read before, and may have changed since."));
        if (cli->kept_ms == 0 || read_ms < cli->kept_ms) {
            cli->kept_ms = read_ms;
            cli->kept_as_of = body->as_of;
        }
    }
    comity_answer_destroy(&answer);
    return code;
}

/* "3 hours" */
static const char *shown_age(struct cli *cli, int64_t read_ms)
{
    static const int64_t UNITS_MS[] = {INT64_C(24) * 3600 * 1000, 3600 * 1000, 60 * 1000, 1000};
    int64_t age_ms = time_now_ms() - read_ms, unit_ms = 1000;

    for (size_t i = ARRAY_COUNT(UNITS_MS); i-- > 0;)
        unit_ms = age_ms >= UNITS_MS[i] ? UNITS_MS[i] : unit_ms;
    return shown_duration(cli, age_ms < unit_ms ? unit_ms : age_ms - age_ms % unit_ms);
}

static void put_kept(struct cli *cli)
{
    struct json_object *kept = json_object_new_object();

    json_object_object_add(kept, "as_of", json_object_new_uint64(cli->kept_as_of));
    json_object_object_add(kept, "read_ms", json_object_new_int64(cli->kept_ms));
    cli_put(cli, "kept", kept);
}

void cut_off_took(struct cli *cli, const Comity__V1__Query *query, const Comity__V1__Answer *answer)
{
    if (!query->fresh)
        return;
    cli->fresh_ms = time_now_ms();
    cli->is_apart_now = is_of_apart(answer);
    cli->is_moving_now = answer->is_moving;
    if (answer->is_fresh)
        return;
    if ((!cli->is_apart && !cli->is_moving) || cli->is_streaming || answer->as_of < cli->apart_as_of)
        cli->apart_as_of = answer->as_of;
    cli->is_apart |= cli->is_apart_now;
    cli->is_moving |= cli->is_moving_now;
}

int cut_off_stream(struct cli *cli, bool is_silent)
{
    Comity__V1__Whoami whoami = COMITY__V1__WHOAMI__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    const Comity__V1__Answer *answer;
    int code = 0;

    if (time_now_ms() - cli->fresh_ms >= STREAM_ASKS_MS) {
        cli->fresh_ms = time_now_ms();
        query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
        query.whoami = &whoami;
        query.floor = 1;
        code = desk_page(cli, &query, &answer);
    }
    bool was_moving = cli->has_told_moving;
    if (code != 0 || (cli->is_apart_now == cli->has_told_apart && cli->is_moving_now == was_moving))
        return code;
    cli->has_told_apart = cli->is_apart_now;
    cli->has_told_moving = cli->is_moving_now;
    if (is_silent)
        return 0;
    if (cli->is_apart_now)
        say_aside(APART_SENTENCE, cli->apart_as_of);
    else if (cli->is_moving_now)
        say_aside(MOVING_SENTENCE, cli->apart_as_of);
    else if (was_moving)
        say_aside("The move to another group of workers is over.");
    else
        say_aside("In touch again.");
    return 0;
}

/* Once, under all that is shown. What was recorded has reached the others. */
static void tell_apart(struct cli *cli, int code)
{
    struct json_object *apart;

    if ((!cli->is_apart && !cli->is_moving) || cli->recorded != 0)
        return;
    if (code == 0 && !cli->is_streaming)
        say(cli, cli->is_apart ? APART_SENTENCE : MOVING_SENTENCE, cli->apart_as_of);
    apart = json_object_new_object();
    json_object_object_add(apart, "as_of", json_object_new_uint64(cli->apart_as_of));
    json_object_object_add(apart, "moving", json_object_new_boolean(cli->is_moving && !cli->is_apart));
    cli_put(cli, "not_fresh", apart);
}

int cut_off_end(struct cli *cli, int code)
{
    tell_apart(cli, code);
    if (cli->unreached.code == 0 || cli->kept_ms == 0)
        return code;
    put_kept(cli);
    if (code != 0)
        return code;
    cli->failure = cli->unreached;
    snprintf(cli->failure.what, WHAT_MAX, "%s",
             phrase(cli, "%s What is shown was read %s, %s ago, as of number %" PRIu64 " in the record.",
                    cut_off_why(cli), shown_time(cli, cli->kept_ms), shown_age(cli, cli->kept_ms),
                    cli->kept_as_of));
    return cli->failure.code;
}
