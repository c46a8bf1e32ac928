/* What people type behind an option: times, dates, ballots, interests, addresses, numbers.
 *
 * Input: 1 byte: which of them | 1 byte: of a ballot, which rule | the rest: the text. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "client/cli/ballot_text.h"
#include "client/cli/given.h"
#include "client/cli/output.h"
#include "client/rules/template.h"
#include "core/endpoint.h"
#include "core/error.h"
#include "core/rule/rule.h"
#include "tests/fuzz/fuzz.h"

enum { OPTIONS = 3, RULES_MAX = 64, INTERESTS_MOST = 16 };
static const int64_t NOW_MS = INT64_C(1800000000000), YEAR_MS = INT64_C(366) * 24 * 3600 * 1000;

/* A failure is told in one sentence at least. */
static void check_told(struct cli *cli, int code)
{
    FUZZ_NEED(code == 0 || code == cli->failure.code);
    FUZZ_NEED(code == 0 || cli->failure.what[0] != '\0' || code == ERR_MEMORY);
}

static void read_time(struct cli *cli, unsigned which, const char *text)
{
    int64_t time_ms = 77, again_ms;
    int code = time_read(text, NOW_MS, &time_ms);

    (void) cli, (void) which;
    FUZZ_NEED(code == 0 || (code == ERR_RANGE && time_ms == 77));
    if (code != 0)
        return;
    fuzz_accept();
    FUZZ_NEED(time_ms > -10000 * YEAR_MS && time_ms < 10000 * YEAR_MS);
    FUZZ_NEED(time_read(text, NOW_MS + 1000, &again_ms) == 0);
    FUZZ_NEED(again_ms - time_ms == (*text == '+' ? 1000 : 0));
}

static void read_date(struct cli *cli, unsigned which, const char *text)
{
    static const struct verb_option DUE = {.name = "due"};
    uint32_t date = 0;
    char written[32];

    (void) which;
    cli->arguments.given[0].row = &DUE;
    cli->arguments.given[0].value = text;
    cli->arguments.given_count = 1;
    int code = given_date(cli, "due", &date);
    check_told(cli, code);
    if (code != 0)
        return;
    fuzz_accept();
    snprintf(written, sizeof(written), "%04u-%02u-%02u", date / 10000, date / 100 % 100, date % 100);
    FUZZ_NEED(strcmp(written, text) == 0);
}

static Comity__V1__Round *round_of(unsigned rule, struct arena *arena)
{
    static const char *const LABELS[OPTIONS] = {"red", "green-day", "blue"};
    Comity__V1__Round *round = arena_alloc(arena, sizeof(*round));
    unsigned count = 0;

    FUZZ_NEED(round != NULL);
    comity__v1__round__init(round);
    while (count < RULES_MAX && rule_template_at(count) != NULL)
        count++;
    round->rule = rule_template_rule(rule_template_at(rule % count), arena);
    round->options = arena_alloc(arena, OPTIONS * sizeof(*round->options));
    FUZZ_NEED(round->rule != NULL && round->options != NULL);
    for (uint32_t i = 0; i < OPTIONS; i++) {
        Comity__V1__RoundOption *option = arena_alloc(arena, sizeof(*option));
        FUZZ_NEED(option != NULL);
        comity__v1__round_option__init(option);
        option->number = i + 1;
        option->label = arena_string(arena, LABELS[i]);
        round->options[round->n_options++] = option;
    }
    return round;
}

/* Said in words, and read again, a ranking is the same. */
static void check_ranks(struct cli *cli, const Comity__V1__Round *round, const struct ballot_answer *given)
{
    struct ballot_answer again;
    bool is_any = false;

    FUZZ_NEED(given->rank_count == OPTIONS);
    for (size_t i = 0; i < given->rank_count; i++) {
        FUZZ_NEED(given->ranks[i] <= OPTIONS);
        is_any |= given->ranks[i] != 0;
    }
    FUZZ_NEED(is_any);
    FUZZ_NEED(ballot_read_ranking(cli, round, ballot_said(cli, round, given), &again) == 0);
    FUZZ_NEED(memcmp(given->ranks, again.ranks, OPTIONS * sizeof(*again.ranks)) == 0);
}

static void read_ballot(struct cli *cli, unsigned which, const char *text)
{
    const Comity__V1__Round *round = round_of(which, cli->arena);
    struct ballot_answer given;
    int code = ballot_read(cli, round, text, &given);

    check_told(cli, code);
    if (code != 0)
        return;
    fuzz_accept();
    FUZZ_NEED(given.choice <= OPTIONS && ballot_said(cli, round, &given)[0] != '\0');
    FUZZ_NEED((given.answer != 0) + (given.choice != 0) + given.has_score + (given.rank_count > 0) == 1);
    if (given.rank_count > 0)
        check_ranks(cli, round, &given);
    if (given.has_score)
        FUZZ_NEED(given.score >= round->rule->scores->least && given.score <= round->rule->scores->most);
}

static void read_interests(struct cli *cli, unsigned which, const char *text)
{
    uint32_t *numbers = NULL;
    size_t count = 0;
    int code = ballot_read_interests(cli, "--interest", text, &numbers, &count);

    (void) which;
    check_told(cli, code);
    FUZZ_NEED(count <= INTERESTS_MOST);
    for (size_t i = 0; i < count; i++)
        FUZZ_NEED(numbers[i] > 0);
    if (code == 0 && count > 0)
        fuzz_accept();
}

static void read_endpoint(struct cli *cli, unsigned which, const char *text)
{
    enum endpoint_use use = which % 2 == 0 ? ENDPOINT_CONNECT : ENDPOINT_LISTEN;
    struct endpoint endpoint;
    const char *why = NULL;
    char written[2 * ENDPOINT_MAX];

    (void) cli;
    if (endpoint_parse(text, use, &endpoint, &why) != 0) {
        FUZZ_NEED(why != NULL);
        return;
    }
    fuzz_accept();
    FUZZ_NEED(strlen(text) < ENDPOINT_MAX && (endpoint.port != 0 || use == ENDPOINT_LISTEN));
    snprintf(written, sizeof(written), endpoint.port != 0 ? "tcp://%s:%u" : "tcp://%s:*", endpoint.host,
             (unsigned) endpoint.port);
    FUZZ_NEED(strcmp(written, text) == 0);
}

static void read_number(struct cli *cli, unsigned which, const char *text)
{
    uint64_t number, least = which % 3, most = which % 2 == 0 ? UINT64_MAX : 1000;
    int code = cli_number(cli, "NUMBER", text, least, most, &number);

    check_told(cli, code);
    if (code != 0)
        return;
    fuzz_accept();
    FUZZ_NEED(number >= least && number <= most && strspn(text, "0123456789") == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const READERS[])(struct cli *cli, unsigned which, const char *text) = {
        read_time, read_date, read_ballot, read_interests, read_endpoint, read_number};
    static struct cli cli;
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    unsigned reader = (unsigned) fuzz_number(&input, 1), which = (unsigned) fuzz_number(&input, 1);
    struct bytes rest = fuzz_rest(&input);
    char *text = arena_alloc(arena, rest.size + 1);

    FUZZ_NEED(text != NULL);
    if (rest.size > 0)
        memcpy(text, rest.data, rest.size);
    cli = (struct cli){.arena = arena, .is_json = true, .document = json_object_new_object()};
    READERS[reader % ARRAY_COUNT(READERS)](&cli, which, text);
    json_object_put(cli.document);
    return 0;
}
