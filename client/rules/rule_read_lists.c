/* Lists whose entries are one line each: answers, duties, options, weights, outcomes. docs/rules.md R-86 */
#include <string.h>
#include <strings.h>

#include "client/rules/rule_read.h"
#include "core/error.h"

/* One line "LEFT: RIGHT". */
typedef ProtobufCMessage *pair_fn(struct rule_reading *reading, const struct rule_spot *left,
                                  const struct rule_spot *right);

static const char ELSE[] = "ELSE";

static ProtobufCMessage *read_answer(struct rule_reading *reading, const struct rule_spot *left,
                                     const struct rule_spot *right)
{
    Comity__V1__ScaleEntry *entry = message_new(reading, &comity__v1__scale_entry__descriptor);
    const char *text = left->node->text;
    size_t digits = strspn(text, "0123456789");
    uint64_t number = 0;
    int stance = 0;

    if (entry == NULL)
        return NULL;
    if (!is_whole_number(text, digits) || text[digits] != ' ' || !digits_read(text, digits, &number) ||
        number > UINT32_MAX) {
        SPOT_FAULT(reading, left, ERR_MALFORMED,
                   N_("`%s` is no answer: write its number, a blank, its name, a colon and the stance that "
                      "it stands for, as `1 yes: AGREE`."),
                   fault_shown(reading->faults, text));
        return NULL;
    }
    entry->answer = (uint32_t) number;
    entry->label = (char *) text + digits + strspn(text + digits, " ");
    rule_mark(reading, path_of(reading, right->path, "stance"), right->node);
    if (spot_enum(reading, right, &comity__v1__stance__descriptor, &stance) == 0)
        entry->stance = (Comity__V1__Stance) stance;
    return &entry->base;
}

static ProtobufCMessage *read_duty(struct rule_reading *reading, const struct rule_spot *left,
                                   const struct rule_spot *right)
{
    static const char OPTION[] = "option ";
    Comity__V1__Duty *duty = message_new(reading, &comity__v1__duty__descriptor);
    const char *text = left->node->text;
    int value = 0;

    if (duty == NULL)
        return NULL;
    if (strncasecmp(text, OPTION, sizeof(OPTION) - 1) == 0)
        choice_read(reading, left, text + sizeof(OPTION) - 1, &duty->choice);
    else if (spot_enum(reading, left, &comity__v1__stance__descriptor, &value) == 0)
        duty->stance = (Comity__V1__Stance) value;
    rule_mark(reading, path_of(reading, right->path, "kind"), right->node);
    if (spot_enum(reading, right, &comity__v1__duty_kind__descriptor, &value) == 0)
        duty->kind = (Comity__V1__DutyKind) value;
    return &duty->base;
}

static ProtobufCMessage *read_weight(struct rule_reading *reading, const struct rule_spot *left,
                                     const struct rule_spot *right)
{
    Comity__V1__SubjectWeight *weight = message_new(reading, &comity__v1__subject_weight__descriptor);

    if (weight == NULL)
        return NULL;
    if (!named_read(reading, left->node->text, &weight->kind, &weight->name))
        SPOT_FAULT(reading, left, ERR_MALFORMED,
                   N_("`%s` says nothing that has a weight: write CONSTITUENCY, SIDE or SITE, a blank, and "
                      "its name, as `SITE north: 120`."),
                   fault_shown(reading->faults, left->node->text));
    rule_mark(reading, path_of(reading, right->path, "weight"), right->node);
    spot_number(reading, right, WEIGHT_MAX, &weight->weight);
    return &weight->base;
}

static ProtobufCMessage *read_outcome(struct rule_reading *reading, const struct rule_spot *left,
                                      const struct rule_spot *right)
{
    static const char *const ALSO[] = {ELSE, NULL};
    Comity__V1__StageOutcome *outcome = message_new(reading, &comity__v1__stage_outcome__descriptor);
    int value = 0;

    if (outcome == NULL)
        return NULL;
    if (strcasecmp(left->node->text, ELSE) != 0 &&
        spot_enum_also(reading, left, &comity__v1__outcome_kind__descriptor, ALSO, &value) == 0)
        outcome->from = (Comity__V1__OutcomeKind) value;
    rule_mark(reading, path_of(reading, right->path, "to"), right->node);
    if (spot_enum(reading, right, &comity__v1__outcome_kind__descriptor, &value) == 0)
        outcome->to = (Comity__V1__OutcomeKind) value;
    return &outcome->base;
}

static pair_fn *pair_of(enum key_form form)
{
    switch (form) {
    case KEY_SCALE:
        return read_answer;
    case KEY_DUTIES:
        return read_duty;
    case KEY_WEIGHTS:
        return read_weight;
    default:
        return read_outcome;
    }
}

static const char *example_of(enum key_form form)
{
    switch (form) {
    case KEY_SCALE:
        return "- 1 yes: AGREE";
    case KEY_DUTIES:
        return "- BLOCK: REASON";
    case KEY_WEIGHTS:
        return "- SITE north: 120";
    default:
        return "- REJECTED: TABLED";
    }
}

void read_pairs(struct rule_reading *reading, const struct rule_spot *spot, enum key_form form,
                const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    pair_fn *read = pair_of(form);
    size_t count = 0;

    if (spot->node->kind != YAML_LIST) {
        SPOT_FAULT(reading, spot, ERR_MALFORMED,
                   N_("`%s` is a list: each of its lines begins with a dash, as `%s`."), spot->key,
                   example_of(form));
        return;
    }
    ProtobufCMessage **list = list_room(reading, spot->node->count, sizeof(*list));
    for (const struct yaml_node *node = spot->node->first; list != NULL && node != NULL; node = node->next) {
        struct rule_spot one = {node, spot->key, path_at(reading, spot->path, count)};
        rule_mark(reading, one.path, node);
        if (node->kind != YAML_MAP || node->count != 1) {
            SPOT_FAULT(reading, &one, ERR_MALFORMED, N_("Each line of `%s` has one colon in it, as `%s`."),
                       spot->key, example_of(form));
            continue;
        }
        struct rule_spot left = {node->first->key, spot->key, one.path},
                         right = {node->first, spot->key, one.path};
        list[count] = read(reading, &left, &right);
        count += list[count] != NULL;
    }
    list_put(message, field, list, count);
}

static Comity__V1__Option *read_option(struct rule_reading *reading, const struct rule_spot *spot)
{
    Comity__V1__Option *option = message_new(reading, &comity__v1__option__descriptor);
    const char *label;

    if (option == NULL)
        return NULL;
    if (spot->node->kind == YAML_MAP)
        read_keys(reading, spot->node, spot->path, &option->base);
    else if (spot_word(reading, spot, &label) == 0)
        option->label = (char *) label;
    return option;
}

/* Numbers go by the order. */
void read_options(struct rule_reading *reading, const struct rule_spot *spot,
                  const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    size_t count = 0;

    if (spot_list(reading, spot) != 0)
        return;
    Comity__V1__Option **list = list_room(reading, spot->node->count, sizeof(*list));
    for (const struct yaml_node *node = spot->node->first; list != NULL && node != NULL; node = node->next) {
        struct rule_spot one = {node, "options", path_at(reading, spot->path, count)};
        rule_mark(reading, one.path, node);
        list[count] = read_option(reading, &one);
        if (list[count] == NULL)
            return;
        list[count]->number = (uint32_t) count + 1;
        count++;
    }
    list_put(message, field, list, count);
    reading->options = list;
    reading->option_count = count;
}

/* The fields of Close, as a list of their names. */
void read_close(struct rule_reading *reading, const struct rule_spot *spot, void *ret_close)
{
    const ProtobufCMessageDescriptor *type = &comity__v1__close__descriptor;
    static const char *const WORDS[] = {"AT_TIME", "ALL_ANSWERED", "NOTHING_CAN_CHANGE"};
    const bool is_list = spot->node->kind == YAML_LIST;
    char *close = message_new(reading, type);

    memcpy(ret_close, &close, sizeof(close));
    for (const struct yaml_node *node = is_list ? spot->node->first : spot->node;
         close != NULL && node != NULL; node = is_list ? node->next : NULL) {
        struct rule_spot one = {node, spot->key, spot->path};
        const char *text;
        if (spot_word(reading, &one, &text) != 0)
            continue;
        const ProtobufCFieldDescriptor *when = NULL;
        for (unsigned i = 0; i < type->n_fields; i++)
            if (word_is(text, type->fields[i].name))
                when = &type->fields[i];
        if (when == NULL) {
            SPOT_FAULT(reading, &one, ERR_ENUM, N_("`%s` is nothing that `%s` can be. %sIt can be: %s."),
                       fault_shown(reading->faults, text), spot->key,
                       did_you_mean(reading, text, WORDS, ARRAY_COUNT(WORDS)),
                       joined_words(reading, WORDS, ARRAY_COUNT(WORDS)));
            continue;
        }
        protobuf_c_boolean *is_set = (protobuf_c_boolean *) (close + when->offset);
        rule_mark(reading, path_of(reading, spot->path, when->name), node);
        if (*is_set)
            SPOT_FAULT(reading, &one, ERR_DUPLICATE, N_("`%s` stands here twice. Leave one out."),
                       fault_shown(reading->faults, text));
        *is_set = true;
    }
}

/* "0 to 10" */
void read_scores(struct rule_reading *reading, const struct rule_spot *spot, void *ret_scores)
{
    Comity__V1__Scores *scores = message_new(reading, &comity__v1__scores__descriptor);
    const char *text;
    uint64_t least, most;

    if (scores == NULL || spot_word(reading, spot, &text) != 0)
        return;
    size_t first = strspn(text, "0123456789");
    const char *rest = strncmp(text + first, " to ", 4) == 0 ? text + first + 4 : "";
    size_t second = strspn(rest, "0123456789");
    if (!is_whole_number(text, first) || !is_whole_number(rest, second) || rest[second] != '\0' ||
        !digits_read(text, first, &least) || !digits_read(rest, second, &most) || least > UINT32_MAX ||
        most > UINT32_MAX) {
        SPOT_FAULT(
            reading, spot, ERR_MALFORMED,
            N_("`%s` does not say which scores there are: write the least, `to`, and the most, as 0 to "
               "10."),
            fault_shown(reading->faults, text));
        return;
    }
    scores->least = (uint32_t) least;
    scores->most = (uint32_t) most;
    memcpy(ret_scores, &scores, sizeof(scores));
}
