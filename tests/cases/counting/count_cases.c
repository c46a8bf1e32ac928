/* Ask the rule engine, case after case: JSON objects on standard input, one a line, and as many on standard
 * output.
 *
 * A case has "rule" (packed, in hex) or "rule_file" (a path, of YAML) and "ask", a list of names of
 * QUESTIONS; each puts what it found into the answer. The rest of a case is a struct rule_input. Its lists
 * are arrays in the order of fields:
 * - "lines": [member, constituency, recused, present, notified, answered, sequence, weight, site, offices,
 *   answer, choice, ranks or null, score or null]
 * - "constituencies": [number, name, side, is_party, vacant]
 * - "sites": [number, name]
 * - "options": [label, majority, is_default]
 * - "tie_order": numbers of options, or null
 *
 * "rounds_remain" is a boolean. What is left out is empty. The question "ranking" counts rankings alone, each
 * of them so often as its line weighs, and takes "withdrawn", numbers of options; "ladder" takes "after", a
 * stage or 0, and "outcome". */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/rules/rule_file.h"
#include "core/error.h"
#include "core/rule/ranking.h"
#include "core/rule/rule.h"
#include "core/text.h"

enum { RULE_FILE_MAX = 65536 };

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "count_cases: %s\n", what);
    exit(2);
}

static json_object *part(json_object *object, const char *name)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return value;
}

static size_t length_of(json_object *list)
{
    return list ? json_object_array_length(list) : 0;
}

static json_object *at(json_object *list, size_t index)
{
    return json_object_array_get_idx(list, index);
}

static uint64_t number_at(json_object *list, size_t index)
{
    return json_object_get_uint64(at(list, index));
}

static const char *text_at(json_object *list, size_t index)
{
    const char *text = json_object_get_string(at(list, index));
    return text ? text : "";
}

static void *room(struct arena *arena, size_t count, size_t size)
{
    void *memory = arena_alloc(arena, (count ? count : 1) * size);
    if (!memory)
        give_up("out of memory");
    return memory;
}

static const uint32_t *numbers(json_object *list, struct arena *arena)
{
    uint32_t *all = room(arena, length_of(list), sizeof(*all));
    for (size_t i = 0; i < length_of(list); i++)
        all[i] = (uint32_t) number_at(list, i);
    return all;
}

static void answer_take(json_object *from, struct arena *arena, struct ballot_answer *given)
{
    json_object *ranks = at(from, 12), *score = at(from, 13);

    given->answer = (uint32_t) number_at(from, 10);
    given->choice = (uint32_t) number_at(from, 11);
    if (ranks) {
        given->ranks = numbers(ranks, arena);
        given->rank_count = length_of(ranks);
    }
    if (score) {
        given->has_score = true;
        given->score = (uint32_t) json_object_get_uint64(score);
    }
}

static void lines_take(json_object *list, struct arena *arena, struct rule_input *input)
{
    struct roll_line *lines = room(arena, length_of(list), sizeof(*lines));

    for (size_t i = 0; i < length_of(list); i++) {
        json_object *from = at(list, i);
        lines[i] = (struct roll_line){.member = (uint32_t) number_at(from, 0),
                                      .constituency = (uint32_t) number_at(from, 1),
                                      .is_recused = number_at(from, 2) != 0,
                                      .is_present = number_at(from, 3) != 0,
                                      .is_notified = number_at(from, 4) != 0,
                                      .has_answered = number_at(from, 5) != 0,
                                      .sequence = number_at(from, 6),
                                      .weight = number_at(from, 7),
                                      .site = (uint32_t) number_at(from, 8),
                                      .offices = (uint32_t) number_at(from, 9)};
        if (lines[i].has_answered)
            answer_take(from, arena, &lines[i].given);
    }
    input->lines = lines;
    input->line_count = length_of(list);
}

static void constituencies_take(json_object *list, struct arena *arena, struct rule_input *input)
{
    struct roll_constituency *all = room(arena, length_of(list), sizeof(*all));

    for (size_t i = 0; i < length_of(list); i++) {
        json_object *from = at(list, i);
        all[i] = (struct roll_constituency){.number = (uint32_t) number_at(from, 0),
                                            .name = text_at(from, 1),
                                            .side = text_at(from, 2),
                                            .is_party = number_at(from, 3) != 0,
                                            .vacant = (uint32_t) number_at(from, 4)};
    }
    input->constituencies = all;
    input->constituency_count = length_of(list);
}

static void sites_take(json_object *list, struct arena *arena, struct rule_input *input)
{
    struct roll_site *all = room(arena, length_of(list), sizeof(*all));

    for (size_t i = 0; i < length_of(list); i++)
        all[i] = (struct roll_site){.number = (uint32_t) number_at(at(list, i), 0),
                                    .name = text_at(at(list, i), 1)};
    input->sites = all;
    input->site_count = length_of(list);
}

static void options_take(json_object *list, struct arena *arena, struct rule_input *input)
{
    struct round_option *all = room(arena, length_of(list), sizeof(*all));

    for (size_t i = 0; i < length_of(list); i++)
        all[i] = (struct round_option){.label = text_at(at(list, i), 0),
                                       .majority = text_at(at(list, i), 1),
                                       .is_default = number_at(at(list, i), 2) != 0};
    input->options = all;
    input->option_count = length_of(list);
}

static const Comity__V1__Rule *rule_take(json_object *hex, struct arena *arena)
{
    size_t size = (size_t) json_object_get_string_len(hex) / 2;
    uint8_t *packed = room(arena, size, 1);
    ProtobufCMessage *message;

    if (!hex || hex_decode(json_object_get_string(hex), packed, size) != 0 ||
        message_unpack_trusted(&comity__v1__rule__descriptor, (struct bytes){packed, size}, arena,
                               &message) != 0)
        give_up("a rule cannot be unpacked");
    return (const Comity__V1__Rule *) message;
}

/* A rule in YAML, as people write it. */
static const Comity__V1__Rule *rule_read(const char *path, struct arena *arena)
{
    struct rule_faults faults = {.arena = arena, .words = words_in_english};
    struct rule_file file;
    char *text = room(arena, RULE_FILE_MAX, 1);
    FILE *stream = fopen(path, "rb");

    if (!stream)
        give_up(path);
    size_t size = fread(text, 1, RULE_FILE_MAX, stream);
    fclose(stream);
    if (rule_file_read((struct bytes){(const uint8_t *) text, size}, &faults, &file) != 0)
        give_up(faults.count > 0 ? faults.list[0].text : "out of memory");
    return file.rule;
}

static void input_take(json_object *from, struct arena *arena, struct rule_input *input)
{
    json_object *tie_order = part(from, "tie_order");

    const char *path = json_object_get_string(part(from, "rule_file"));

    input->rule = path ? rule_read(path, arena) : rule_take(part(from, "rule"), arena);
    lines_take(part(from, "lines"), arena, input);
    constituencies_take(part(from, "constituencies"), arena, input);
    sites_take(part(from, "sites"), arena, input);
    options_take(part(from, "options"), arena, input);
    input->tie_order = tie_order ? numbers(tie_order, arena) : NULL;
    input->rounds_remain = json_object_get_boolean(part(from, "rounds_remain")) != 0;
}

/* Questions
 * -------------------------------------------------------------------------------------------------- */

static void put_code(json_object *answer, const char *name, int code)
{
    json_object_object_add(
        answer, name, code == 0 ? json_object_new_string("OK") : json_object_new_string(error_name(code)));
}

static void put_message(json_object *answer, const char *name, const ProtobufCMessage *message,
                        struct arena *arena)
{
    struct bytes packed;
    if (message_pack(message, arena, &packed) != 0)
        give_up("out of memory");
    char *hex = room(arena, 2 * packed.size + 1, 1);
    hex_encode(packed, hex);
    json_object_object_add(answer, name, json_object_new_string(hex));
}

static void ask_rule(json_object *from, const struct rule_input *input, struct arena *arena,
                     json_object *answer)
{
    (void) from;
    put_message(answer, "packed", &input->rule->base, arena);
}

static void ask_check(json_object *from, const struct rule_input *input, struct arena *arena,
                      json_object *answer)
{
    struct refusal refusal = {0};
    (void) from, (void) arena;
    put_code(answer, "check", rule_check(input->rule, "rule", &refusal));
    json_object_object_add(answer, "field", json_object_new_string(refusal.field));
}

static void ask_ballots(json_object *from, const struct rule_input *input, struct arena *arena,
                        json_object *answer)
{
    json_object *list = json_object_new_array(), *fields = json_object_new_array();
    (void) from, (void) arena;
    for (size_t i = 0; i < input->line_count; i++) {
        const char *field = "";
        int code = !input->lines[i].has_answered
                       ? 0
                       : rule_check_answer(input->rule, input->option_count, &input->lines[i].given, &field);
        json_object_array_add(list, json_object_new_string(code == 0 ? "OK" : error_name(code)));
        json_object_array_add(fields, json_object_new_string(code == 0 ? "" : field));
    }
    json_object_object_add(answer, "ballots", list);
    json_object_object_add(answer, "ballot_fields", fields);
}

static void ask_count(json_object *from, const struct rule_input *input, struct arena *arena,
                      json_object *answer)
{
    Comity__V1__Outcome *outcome = NULL;
    int code = rule_count(input, arena, &outcome);
    (void) from;
    put_code(answer, "count", code);
    if (code == 0)
        put_message(answer, "outcome", &outcome->base, arena);
}

static void ask_opening(json_object *from, const struct rule_input *input, struct arena *arena,
                        json_object *answer)
{
    (void) from;
    put_code(answer, "opening", rule_quorum_at_opening(input, arena));
}

static void ask_closing(json_object *from, const struct rule_input *input, struct arena *arena,
                        json_object *answer)
{
    Comity__V1__Outcome *outcome = NULL;
    (void) from;
    put_code(answer, "closing", rule_quorum_at_close(input, arena, &outcome));
    if (outcome)
        put_message(answer, "no_quorum", &outcome->base, arena);
}

static void ask_settled(json_object *from, const struct rule_input *input, struct arena *arena,
                        json_object *answer)
{
    bool is_settled = false;
    (void) from;
    put_code(answer, "settling", rule_is_settled(input, arena, &is_settled));
    json_object_object_add(answer, "settled", json_object_new_boolean(is_settled));
}

static void ask_ladder(json_object *from, const struct rule_input *input, struct arena *arena,
                       json_object *answer)
{
    uint32_t after = (uint32_t) json_object_get_uint64(part(from, "after"));
    Comity__V1__OutcomeKind outcome = (Comity__V1__OutcomeKind) json_object_get_int(part(from, "outcome"));
    uint32_t next = rule_next_stage(input->rule, after, outcome);

    json_object_object_add(answer, "next", json_object_new_uint64(next));
    if (after > 0)
        json_object_object_add(
            answer, "called",
            json_object_new_int((int) stage_outcome(input->rule->stages[after - 1], outcome)));
    if (next > 0 && input->rule->stages[next - 1]->kind == COMITY__V1__STAGE_KIND__STAGE_KIND_ROUNDS)
        put_message(answer, "stage_rule", &rule_of_stage(input->rule, next, arena)->base, arena);
}

static void ask_ranking(json_object *from, const struct rule_input *input, struct arena *arena,
                        json_object *answer)
{
    struct ranked_ballots *ballots = room(arena, input->line_count, sizeof(*ballots));
    Comity__V1__Outcome *outcome = room(arena, 1, sizeof(*outcome));
    json_object *withdrawn = part(from, "withdrawn");
    enum ranking_verdict verdict;
    struct ranking_input ranking = {.ranking = input->rule->ranking,
                                    .options = input->options,
                                    .option_count = input->option_count,
                                    .ballots = ballots,
                                    .ballot_count = input->line_count,
                                    .ties = input->rule->ties,
                                    .tie_count = input->rule->n_ties,
                                    .tie_order = input->tie_order};

    comity__v1__outcome__init(outcome);
    for (size_t i = 0; i < length_of(withdrawn); i++)
        ranking.withdrawn |= UINT64_C(1) << (number_at(withdrawn, i) - 1);
    for (size_t i = 0; i < input->line_count; i++) {
        ballots[i] =
            (struct ranked_ballots){.ranks = input->lines[i].given.ranks, .count = input->lines[i].weight};
        ranking.eligible += input->lines[i].weight;
    }
    int code = ranking_run(&ranking, arena, outcome, &verdict);
    put_code(answer, "ranking", code);
    if (code != 0)
        return;
    outcome->kind = verdict == RANKING_CHOSEN ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_ADOPTED
                    : verdict == RANKING_TIED ? COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_TIE
                                              : COMITY__V1__OUTCOME_KIND__OUTCOME_KIND_REJECTED;
    put_message(answer, "outcome", &outcome->base, arena);
}

static const struct {
    const char *name;
    void (*ask)(json_object *from, const struct rule_input *input, struct arena *arena, json_object *answer);
} QUESTIONS[] = {
    {"rule", ask_rule},       {"check", ask_check},     {"ballots", ask_ballots},
    {"count", ask_count},     {"opening", ask_opening}, {"closing", ask_closing},
    {"settled", ask_settled}, {"ladder", ask_ladder},   {"ranking", ask_ranking},
};

static void answer_one(json_object *from, struct arena *arena)
{
    struct rule_input input = {0};
    json_object *answer = json_object_new_object(), *asked = part(from, "ask");

    input_take(from, arena, &input);
    for (size_t i = 0; i < length_of(asked); i++) {
        size_t question = 0;
        while (question < sizeof(QUESTIONS) / sizeof(QUESTIONS[0]) &&
               strcmp(QUESTIONS[question].name, text_at(asked, i)) != 0)
            question++;
        if (question == sizeof(QUESTIONS) / sizeof(QUESTIONS[0]))
            give_up("no such question");
        QUESTIONS[question].ask(from, &input, arena, answer);
    }
    puts(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
    json_object_put(answer);
}

int main(void)
{
    struct arena *arena = arena_new((size_t) 64 * 1024 * 1024);
    char *line = NULL;
    size_t size = 0;

    if (!arena)
        give_up("out of memory");
    while (getline(&line, &size, stdin) > 0) {
        json_object *from = json_tokener_parse(line);
        if (!from)
            give_up("a line is no JSON");
        answer_one(from, arena);
        json_object_put(from);
        arena_reset(arena);
    }
    fflush(stdout);
    free(line);
    arena_destroy(&arena);
    return 0;
}
