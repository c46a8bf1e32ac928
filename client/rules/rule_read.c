/* From the tree to the message, by the table of keys and the descriptors of the contract. */
#include "client/rules/rule_read.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

enum { KEYS_MAX = 32 };

void rule_mark(struct rule_reading *reading, const char *path, const struct yaml_node *node)
{
    struct rule_mark *mark = arena_alloc(reading->arena, sizeof(*mark));

    if (mark == NULL || path == NULL)
        return;
    *mark = (struct rule_mark){path, node->line, node->column, reading->marks};
    reading->marks = mark;
}

const char *path_of(struct rule_reading *reading, const char *path, const char *field)
{
    return path == NULL || path[0] == '\0' ? field : arena_printf(reading->arena, "%s.%s", path, field);
}

const char *path_at(struct rule_reading *reading, const char *path, size_t index)
{
    return path == NULL ? NULL : arena_printf(reading->arena, "%s[%zu]", path, index);
}

void *list_room(struct rule_reading *reading, size_t count, size_t size)
{
    return arena_alloc(reading->arena, (count + 1) * size);
}

void list_put(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void *list, size_t count)
{
    memcpy((char *) message + field->offset, &list, sizeof(list));
    memcpy((char *) message + field->quantifier_offset, &count, sizeof(count));
}

void *message_new(struct rule_reading *reading, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(reading->arena, type->sizeof_message);

    if (message != NULL)
        protobuf_c_message_init(type, message);
    return message;
}

static void read_messages(struct rule_reading *reading, const struct rule_spot *spot,
                          const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    const struct yaml_node *node;
    size_t count = 0;

    if (spot_list(reading, spot) != 0)
        return;
    ProtobufCMessage **list = list_room(reading, spot->node->count, sizeof(*list));
    for (node = spot->node->first; list != NULL && node != NULL; node = node->next) {
        struct rule_spot one = {node, spot->key, path_at(reading, spot->path, count)};
        rule_mark(reading, one.path, node);
        if (spot_block(reading, &one) != 0)
            continue;
        list[count] = message_new(reading, field->descriptor);
        if (list[count] == NULL)
            return;
        read_keys(reading, node, one.path, list[count++]);
    }
    list_put(message, field, list, count);
}

/* What is inside a block that is a message. A stage that has options of its own names those. */
static void read_inner(struct rule_reading *reading, const struct rule_spot *spot,
                       const ProtobufCFieldDescriptor *field, ProtobufCMessage **at)
{
    Comity__V1__Option *const *options = reading->options;
    const size_t option_count = reading->option_count;

    if (spot_block(reading, spot) != 0)
        return;
    ProtobufCMessage *inner = message_new(reading, field->descriptor);
    if (inner != NULL)
        read_keys(reading, spot->node, spot->path, inner);
    *at = inner;
    reading->options = options;
    reading->option_count = option_count;
}

static void read_plain(struct rule_reading *reading, const struct rule_spot *spot,
                       const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    void *at = (char *) message + field->offset;
    const char *word;
    uint64_t number;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if (field->type == PROTOBUF_C_TYPE_ENUM)
            spot_enums(reading, spot, field->descriptor, NULL, at,
                       (size_t *) ((char *) message + field->quantifier_offset));
        else
            read_messages(reading, spot, field, message);
        return;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        spot_enum(reading, spot, field->descriptor, at);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        spot_truth(reading, spot, at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        if (spot_number(reading, spot, UINT32_MAX, &number) == 0)
            *(uint32_t *) at = (uint32_t) number;
        break;
    case PROTOBUF_C_TYPE_STRING:
        if (spot_word(reading, spot, &word) == 0)
            *(char **) at = (char *) word;
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        read_inner(reading, spot, field, at);
        break;
    default: /* 64 bits: times and thresholds, which have forms of their own */
        SPOT_FAULT(reading, spot, ERR_INTERNAL, N_("`%s` cannot be read."), spot->key);
    }
}

/* A value in the form of its key. */
static void read_form(struct rule_reading *reading, const struct rule_spot *spot, enum key_form form,
                      const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
                      const struct yaml_node *map)
{
    void *at = (char *) message + field->offset;
    Comity__V1__Test *test = (Comity__V1__Test *) message; /* of the forms that tests alone have */

    switch (form) {
    case KEY_PLAIN:
        read_plain(reading, spot, field, message);
        break;
    case KEY_DURATION:
        spot_duration(reading, spot, at);
        break;
    case KEY_BOUND:
        read_bound(reading, spot, message, map);
        break;
    case KEY_OF:
        read_of(reading, spot, test);
        break;
    case KEY_SCOPE:
        read_scope(reading, spot, test);
        break;
    case KEY_HOLDS_IN:
        read_holds_in(reading, spot, test);
        break;
    case KEY_OFFICE:
        read_office(reading, spot, test);
        break;
    case KEY_COUNT:
        read_count(reading, spot, test);
        break;
    case KEY_OPTIONS:
        read_options(reading, spot, field, message);
        break;
    case KEY_CLOSE:
        read_close(reading, spot, at);
        break;
    case KEY_SCORES:
        read_scores(reading, spot, at);
        break;
    default:
        read_pairs(reading, spot, form, field, message);
    }
}

static const struct rule_key *find_key(const struct rule_keys *keys, const char *word)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->list[i].key, word) == 0 && rule_key_field(keys, &keys->list[i]) != NULL)
            return &keys->list[i];
    return NULL;
}

/* Keys that there are not. */
static void refuse_unknown(struct rule_reading *reading, const struct yaml_node *map,
                           const struct rule_keys *keys)
{
    const char *words[KEYS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < keys->count && count < KEYS_MAX; i++)
        if (rule_key_field(keys, &keys->list[i]) != NULL)
            words[count++] = keys->list[i].key;
    for (const struct yaml_node *node = map->first; node != NULL; node = node->next) {
        const char *word = node->key->text;
        if (find_key(keys, word) == NULL)
            rule_fault(reading->faults, ERR_UNKNOWN_FIELD, node->key->line, node->key->column,
                       N_("There is no key `%s` here. %sThere are: %s."), fault_shown(reading->faults, word),
                       did_you_mean(reading, word, words, count), joined_words(reading, words, count));
    }
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_TEXT && !node->is_quoted && node->text[0] == '\0';
}

void read_keys(struct rule_reading *reading, const struct yaml_node *map, const char *path,
               ProtobufCMessage *message)
{
    const struct rule_keys *keys = rule_keys_of(message->descriptor);

    for (size_t i = 0; i < keys->count; i++) {
        const struct rule_key *key = &keys->list[i];
        const ProtobufCFieldDescriptor *field = rule_key_field(keys, key);
        const struct yaml_node *node = field == NULL ? NULL : yaml_member(map, key->key);
        if (node == NULL)
            continue;
        struct rule_spot spot = {node, key->key, path_of(reading, path, key->field)};
        rule_mark(reading, spot.path, node);
        if (is_empty(node))
            rule_fault(reading->faults, ERR_MISSING, node->key->line, node->key->column,
                       N_("There is nothing behind `%s`. Write what it is, or leave the line out."),
                       key->key);
        else
            read_form(reading, &spot, key->form, field, message, map);
    }
    refuse_unknown(reading, map, keys);
}

static int by_line(const void *a, const void *b)
{
    const struct rule_fault *one = a, *other = b;

    if (one->line != other->line)
        return one->line < other->line ? -1 : 1;
    return one->column < other->column ? -1 : one->column > other->column;
}

int rule_file_read(struct bytes text, struct rule_faults *faults, struct rule_file *ret_file)
{
    struct rule_reading reading = {.faults = faults, .arena = faults->arena};
    struct yaml_node *root;
    int code = yaml_read(text, faults, &root);

    if (code != 0)
        return code;
    if (root->kind != YAML_MAP)
        return rule_fault(faults, ERR_MALFORMED, root->line, root->column,
                          N_("A rule begins with keys, each with a colon behind it, as `name: our-rule`. "
                             "Start from a template: comity rule "
                             "show consensus --yaml."));
    Comity__V1__Rule *rule = message_new(&reading, &comity__v1__rule__descriptor);
    if (rule == NULL)
        return ERR_MEMORY;
    read_keys(&reading, root, "", &rule->base);
    if (arena_is_exhausted(reading.arena))
        return ERR_MEMORY;
    if (faults->count > 0) {
        qsort(faults->list, faults->count, sizeof(*faults->list), by_line);
        return faults->list[0].code;
    }
    *ret_file = (struct rule_file){rule, reading.marks};
    return 0;
}
