/* A rule is taken apart into statements, each about one thing; two rules differ in those that are not alike.
 */
#include "client/cli/rule_compare.h"

#include <inttypes.h>

#include "client/cli/output.h"
#include "client/cli/rule_text.h"
#include "client/rules/rule_file.h"
#include "client/rules/rule_key.h"

enum { STATEMENTS_MAX = 512 };

struct statements {
    struct cli *cli;
    size_t count;
    struct {
        const char *what, *text;
        bool is_seen;
    } list[STATEMENTS_MAX];
};

static void state(struct statements *all, const char *what, const char *text)
{
    if (what == NULL || text == NULL || all->count == STATEMENTS_MAX)
        return;
    all->list[all->count].what = what;
    all->list[all->count++].text = text;
}

/* What is meant where a choice is left out: docs/rules.md R-2. It is another text, with another hash, than where the
 * same is written out. */
static const struct {
    const char *field;
    int value;
} DEFAULTS[] = {
    {"silence", COMITY__V1__SILENCE__SILENCE_NOTHING},
    {"present", COMITY__V1__PRESENT__PRESENT_AT_CLOSE},
    {"visibility", COMITY__V1__VISIBILITY__VISIBILITY_OPEN},
    {"change", COMITY__V1__CHANGE__CHANGE_UNTIL_CLOSE},
    {"no_quorum", COMITY__V1__NO_QUORUM__NO_QUORUM_END},
};

static const char *choice_text(struct cli *cli, const ProtobufCFieldDescriptor *field, int value)
{
    if (value != 0)
        return enum_short_name(field->descriptor, value);
    for (size_t i = 0; i < ARRAY_COUNT(DEFAULTS); i++)
        if (strcmp(DEFAULTS[i].field, field->name) == 0)
            return phrase(cli, "%s, left out", enum_short_name(field->descriptor, DEFAULTS[i].value));
    return NULL;
}

/* One value of a field that is no list and no message; NULL where it is not given. */
static const char *value_text(struct cli *cli, const struct rule_key *key,
                              const ProtobufCFieldDescriptor *field, const void *at)
{
    uint32_t number;
    int64_t ms;

    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        memcpy(&number, at, sizeof(number));
        return choice_text(cli, field, (int) number);
    case PROTOBUF_C_TYPE_UINT32:
        memcpy(&number, at, sizeof(number));
        return number == 0 ? NULL : arena_printf(cli->arena, "%" PRIu32, number);
    case PROTOBUF_C_TYPE_INT64:
        memcpy(&ms, at, sizeof(ms));
        return ms == 0 || key->form != KEY_DURATION ? NULL : shown_duration(cli, ms);
    case PROTOBUF_C_TYPE_STRING:
        return (*(char *const *) at)[0] == '\0' ? NULL : shown_string(cli, *(char *const *) at);
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *) at ? _("yes") : NULL;
    default:
        return NULL;
    }
}

/* A part of the file's canonical form, on one line. */
static const char *part_text(struct cli *cli, const ProtobufCMessage *message)
{
    struct bytes text;
    char *line;
    size_t at = 0;

    if (rule_file_write_part(message, cli->arena, &text) != 0 ||
        (line = arena_alloc(cli->arena, 2 * text.size + 1)) == NULL)
        return NULL;
    for (size_t i = 0; i < text.size; i++) {
        bool is_break = text.data[i] == '\n', is_last = i + 1 == text.size, is_blank = text.data[i] == ' ';
        if (is_break && !is_last) {
            bool is_inner = at > 0 && line[at - 1] == ':';
            line[at++] = is_inner ? ' ' : ';';
            if (!is_inner)
                line[at++] = ' ';
        } else if (!is_break && !(is_blank && at > 0 && line[at - 1] == ' ')) {
            line[at++] = (char) text.data[i];
        }
    }
    return shown_string(cli, line);
}

static void state_fields(struct statements *all, const Comity__V1__Rule *rule)
{
    const struct rule_keys *keys = rule_keys_of(&comity__v1__rule__descriptor);

    for (size_t i = 0; i < keys->count; i++) {
        const ProtobufCFieldDescriptor *field = rule_key_field(keys, &keys->list[i]);
        const void *at = (const char *) rule + field->offset;
        if (field->label != PROTOBUF_C_LABEL_REPEATED && field->type != PROTOBUF_C_TYPE_MESSAGE)
            state(all, keys->list[i].key, value_text(all->cli, &keys->list[i], field, at));
    }
}

static void state_answers(struct statements *all, const Comity__V1__Rule *rule)
{
    struct cli *cli = all->cli;

    for (size_t i = 0; i < rule->n_scale; i++)
        state(all, phrase(cli, "answer %" PRIu32, rule->scale[i]->answer),
              phrase(cli, "%s, counts as %s", shown_string(cli, rule->scale[i]->label),
                     stance_word(rule->scale[i]->stance)));
    for (size_t i = 0; i < rule->n_duties; i++) {
        const Comity__V1__Duty *duty = rule->duties[i];
        const char *kind = enum_short_name(&comity__v1__duty_kind__descriptor, (int) duty->kind);
        const char *whose = duty->choice != 0
                                ? rule_option_text(cli, rule->options, rule->n_options, duty->choice)
                                : stance_word(duty->stance);
        state(all, phrase(cli, "duty of a ballot that says %s", whose), kind);
    }
    for (size_t i = 0; i < rule->n_options; i++)
        state(all, phrase(cli, "option %" PRIu32, rule->options[i]->number),
              part_text(cli, &rule->options[i]->base));
    if (rule->scores != NULL)
        state(all, _("scores"),
              phrase(cli, "from %" PRIu32 " to %" PRIu32, rule->scores->least, rule->scores->most));
    if (rule->ranking != NULL)
        state(all, _("ranking"), part_text(cli, &rule->ranking->base));
    for (size_t i = 0; i < rule->n_ties; i++)
        state(all, phrase(cli, "tie-break %zu", i + 1),
              enum_short_name(&comity__v1__tie_break__descriptor, (int) rule->ties[i]));
}

static const char *close_text(struct cli *cli, const Comity__V1__Close *close)
{
    const char *words[3];
    size_t count = 0;

    if (close->at_time)
        words[count++] = "AT_TIME";
    if (close->all_answered)
        words[count++] = "ALL_ANSWERED";
    if (close->nothing_can_change)
        words[count++] = "NOTHING_CAN_CHANGE";
    return count == 0 ? _("by a facilitator alone") : shown_choice(cli, words, count);
}

static void state_rule(struct statements *all, const Comity__V1__Rule *rule)
{
    struct cli *cli = all->cli;

    state_fields(all, rule);
    state_answers(all, rule);
    if (rule->close != NULL)
        state(all, _("close"), close_text(cli, rule->close));
    for (size_t i = 0; i < rule->n_weights; i++) {
        const Comity__V1__SubjectWeight *weight = rule->weights[i];
        const char *kind = named_scope_word(weight->kind);
        state(all, phrase(cli, "weight of %s %s", kind == NULL ? "?" : kind, shown_string(cli, weight->name)),
              arena_printf(cli->arena, "%" PRIu64, weight->weight));
    }
    for (size_t i = 0; i < rule->n_tests; i++) {
        const char *text = rule_test_text(cli, rule, rule->tests[i]), *behind = strchr(text, ':');
        state(all, phrase(cli, "test %s", shown_string(cli, rule->tests[i]->name)),
              behind == NULL ? text : behind + 2);
    }
    for (size_t i = 0; i < rule->n_stages; i++)
        state(all, phrase(cli, "stage %s", shown_string(cli, rule->stages[i]->name)),
              part_text(cli, &rule->stages[i]->base));
}

static size_t find(struct statements *all, const char *what)
{
    for (size_t i = 0; i < all->count; i++)
        if (!all->list[i].is_seen && strcmp(all->list[i].what, what) == 0)
            return i;
    return STATEMENTS_MAX;
}

int rule_compare(struct cli *cli, const Comity__V1__Rule *first, const Comity__V1__Rule *second,
                 struct rule_difference **ret_list, size_t *ret_count, bool *ret_is_same)
{
    struct statements *one = arena_alloc(cli->arena, sizeof(*one)),
                      *other = arena_alloc(cli->arena, sizeof(*other));
    struct rule_difference *list = arena_alloc(cli->arena, 2 * STATEMENTS_MAX * sizeof(*list));
    uint8_t first_hash[HASH_SIZE], second_hash[HASH_SIZE];
    size_t count = 0;

    if (one == NULL || other == NULL || list == NULL || rule_hash(first, cli->arena, first_hash) != 0 ||
        rule_hash(second, cli->arena, second_hash) != 0)
        return ERR_MEMORY;
    one->cli = other->cli = cli;
    state_rule(one, first);
    state_rule(other, second);
    for (size_t i = 0; i < one->count; i++) {
        size_t at = find(other, one->list[i].what);
        if (at != STATEMENTS_MAX)
            other->list[at].is_seen = true;
        if (at == STATEMENTS_MAX || strcmp(other->list[at].text, one->list[i].text) != 0)
            list[count++] = (struct rule_difference){one->list[i].what, one->list[i].text,
                                                     at == STATEMENTS_MAX ? NULL : other->list[at].text};
    }
    for (size_t i = 0; i < other->count; i++)
        if (!other->list[i].is_seen)
            list[count++] = (struct rule_difference){other->list[i].what, NULL, other->list[i].text};
    *ret_list = list;
    *ret_count = count;
    *ret_is_same = memcmp(first_hash, second_hash, HASH_SIZE) == 0;
    return 0;
}
