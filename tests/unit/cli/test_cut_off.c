/* Who counts as cut off from the other sites, by what the workers behind the brokers say. In the place of
 * libcomity there are tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "client/cli/cut_off.h"
#include "client/cli/desk.h"
#include "client/cli/verb.h"
#include "core/error.h"

enum { BROKERS = 2 };

/* What a worker says, and who says it. */
enum says { NOBODY, FRESH, NOT_FRESH, MOVING, BEHIND, MOVING_AND_BEHIND, SILENT };

/* Which worker is behind each broker; and what is told of whoever comes, where none is there at first: then
 * the last one is. */
struct row {
    const char *what;
    enum says first[BROKERS], comes, then;
    bool is_apart;
};

static const struct row *row;
static bool has_come;

static enum says behind(size_t broker)
{
    return broker == BROKERS - 1 && has_come ? row->then : row->first[broker];
}

static int say(enum says says, struct comity_result *ret_result)
{
    static Comity__V1__Answer answer;

    comity__v1__answer__init(&answer);
    answer.is_fresh = says == FRESH;
    answer.is_moving = says == MOVING;
    *ret_result = (struct comity_result){.answer = (struct comity_answer *) &answer};
    return says == BEHIND ? ERR_BEHIND : says == MOVING_AND_BEHIND ? ERR_MOVING : says == SILENT || says == NOBODY ? ERR_TIMEOUT : 0;
}

struct comity *__wrap_desk_client(struct cli *cli);
struct comity *__wrap_desk_client(struct cli *cli)
{
    (void) cli;
    return NULL;
}

const uint8_t *__wrap_desk_reader(const struct cli *cli);
const uint8_t *__wrap_desk_reader(const struct cli *cli)
{
    static const uint8_t READER[KEY_SIZE] = {1};

    (void) cli;
    return READER;
}

int __wrap_comity_broker_state(struct comity *client, size_t index);
int __wrap_comity_broker_state(struct comity *client, size_t index)
{
    (void) client;
    return index >= BROKERS ? ERR_NOT_FOUND : behind(index) == NOBODY ? ERR_UNREACHABLE : 0;
}

int __wrap_comity_query_wait(struct comity *client, const uint8_t *history, const Comity__V1__Query *query,
                             int64_t deadline_ms, struct comity_result *ret_result);
int __wrap_comity_query_wait(struct comity *client, const uint8_t *history, const Comity__V1__Query *query,
                             int64_t deadline_ms, struct comity_result *ret_result)
{
    (void) client;
    (void) history;
    (void) deadline_ms;
    assert_true(query->fresh);
    has_come = true;
    return say(row->comes, ret_result);
}

int __wrap_comity_query_at_wait(struct comity *client, size_t index, const uint8_t *history,
                                const Comity__V1__Query *query, int64_t deadline_ms,
                                struct comity_result *ret_result);
int __wrap_comity_query_at_wait(struct comity *client, size_t index, const uint8_t *history,
                                const Comity__V1__Query *query, int64_t deadline_ms,
                                struct comity_result *ret_result)
{
    (void) client;
    (void) history;
    (void) deadline_ms;
    assert_true(query->fresh);
    return say(behind(index), ret_result);
}

const Comity__V1__Answer *__wrap_comity_answer_body(const struct comity_answer *answer);
const Comity__V1__Answer *__wrap_comity_answer_body(const struct comity_answer *answer)
{
    return (const Comity__V1__Answer *) answer;
}

void __wrap_comity_result_release(struct comity_result *result);
void __wrap_comity_result_release(struct comity_result *result)
{
    *result = (struct comity_result){0};
}

static void who_says_that_they_are_apart(void **state)
{
    static const struct row ROWS[] = {
        {"nobody is there, nor comes", {NOBODY, NOBODY}, SILENT, NOBODY, false},
        {"one that has all", {FRESH, NOBODY}, NOBODY, NOBODY, false},
        {"one that may not have all", {NOT_FRESH, NOBODY}, NOBODY, NOBODY, true},
        {"both may not", {NOT_FRESH, NOT_FRESH}, NOBODY, NOBODY, true},
        {"the other one has all", {NOT_FRESH, FRESH}, NOBODY, NOBODY, false},
        {"the other one says nothing", {NOT_FRESH, SILENT}, NOBODY, NOBODY, false},
        {"the record is being moved away", {MOVING, NOBODY}, NOBODY, NOBODY, false},
        {"one that lacks what was seen here", {BEHIND, NOBODY}, NOBODY, NOBODY, true},
        {"and the record is being moved away", {MOVING_AND_BEHIND, NOBODY}, NOBODY, NOBODY, true},
        {"and one that may not have all", {NOT_FRESH, BEHIND}, NOBODY, NOBODY, true},
        {"and one that has", {BEHIND, FRESH}, NOBODY, NOBODY, false},
        {"one that comes has all", {NOBODY, NOBODY}, FRESH, FRESH, false},
        {"one that comes may not have all", {NOBODY, NOBODY}, NOT_FRESH, NOT_FRESH, true},
        /* Asked by itself, it answers as it is. */
        {"one that comes lacks what was seen here", {NOBODY, NOBODY}, BEHIND, NOT_FRESH, true},
        {"and has it in the end", {NOBODY, NOBODY}, BEHIND, FRESH, false},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct cli cli = {.is_json = true};

        row = &ROWS[i];
        has_come = false;
        if (cut_off_is_apart(&cli) != row->is_apart)
            fail_msg("%s: counts as %s", row->what, row->is_apart ? "in touch" : "cut off");
    }
}

/* And a ballot is kept then: what was asked before it was not answered. */
static void what_fails_by_the_line(void **state)
{
    static const struct {
        int code;
        bool is_unsent, is_cut_off;
    } ROWS[] = {
        {ERR_UNREACHABLE, true, true}, {ERR_TIMEOUT, true, true},     {ERR_NO_ROUTE, true, true},
        {ERR_BEHIND, true, true},      {ERR_BEHIND, false, false},    {ERR_NOT_LEADER, true, true},
        {ERR_TIMEOUT, false, false},   {ERR_CLIENT_KEY, true, false}, {ERR_FORKED, true, false},
        {ERR_BUSY, true, false},       {ERR_GRANT, false, false},     {ERR_MOVING, true, true},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        struct cli cli = {.is_json = true,
                          .arguments.verb = verb_by_name("vote"),
                          .context.has_history = true,
                          .failure = {.code = ROWS[i].code, .is_unsent = ROWS[i].is_unsent}};

        if (cut_off_is(&cli) != ROWS[i].is_cut_off || cut_off_keeps(&cli) != ROWS[i].is_cut_off)
            fail_msg("row %zu, %s", i, error_name(ROWS[i].code));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_that_they_are_apart),
        cmocka_unit_test(what_fails_by_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
