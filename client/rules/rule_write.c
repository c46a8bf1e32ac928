/* From the message to the canonical form, by the same table of keys. docs/rules.md R-88 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/rules/rule_file.h"
#include "client/rules/rule_key.h"
#include "core/error.h"
#include "core/text.h"

struct writing {
    char *text; /* YAML_MAX_BYTES, and a NUL */
    size_t size;
    bool is_full;
    unsigned depth; /* of two blanks each */
    bool is_entry;  /* the next line is the first of an entry of a list: "- " stands before it */
    Comity__V1__Option *const *options;
    size_t option_count;
};

__attribute__((format(printf, 2, 3))) static void put(struct writing *out, const char *format, ...)
{
    va_list arguments;
    size_t room = YAML_MAX_BYTES + 1 - out->size;

    va_start(arguments, format);
    int size = vsnprintf(out->text + out->size, room, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t) size >= room)
        out->is_full = true;
    else
        out->size += (size_t) size;
}

/* The start of a line. */
static void put_indent(struct writing *out)
{
    unsigned blanks = 2 * out->depth;

    if (out->is_entry)
        put(out, "%*s- ", (int) (blanks - 2), "");
    else
        put(out, "%*s", (int) blanks, "");
    out->is_entry = false;
}

/* A name as it is; whatever else, which no rule that passed rule_check has, in quotation marks. */
static void put_name(struct writing *out, const char *name)
{
    static const char EMPTY[] = "";
    const char *text = name == NULL ? EMPTY : name;

    if (name_is_valid(text)) {
        put(out, "%s", text);
        return;
    }
    put(out, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            put(out, "\\%c", *c);
        else if ((unsigned char) *c < ' ' || *c == 0x7F)
            put(out, "\\x%02x", (unsigned) (unsigned char) *c);
        else
            put(out, "%c", *c);
    }
    put(out, "\"");
}

static void put_enums(struct writing *out, const ProtobufCEnumDescriptor *type, const int *values,
                      size_t count)
{
    put(out, "[");
    for (size_t i = 0; i < count; i++)
        put(out, "%s%s", i == 0 ? "" : ", ", enum_short_name(type, values[i]));
    put(out, "]");
}

static void put_choice(struct writing *out, uint32_t choice)
{
    if (choice >= 1 && choice <= out->option_count)
        put_name(out, out->options[choice - 1]->label);
    else
        put(out, "%" PRIu32, choice);
}

static void put_choices(struct writing *out, const uint32_t *choices, size_t count)
{
    out->depth++;
    put(out, "\n");
    put_indent(out);
    put(out, "options: [");
    for (size_t i = 0; i < count; i++) {
        put(out, "%s", i == 0 ? "" : ", ");
        put_choice(out, choices[i]);
    }
    put(out, "]");
    out->depth--;
}

static void put_duration(struct writing *out, int64_t ms)
{
    for (size_t i = 0; i < DURATION_UNIT_COUNT; i++) {
        if (ms % DURATION_UNITS[i].ms != 0)
            continue;
        put(out, "%" PRId64 "%s", ms / DURATION_UNITS[i].ms, DURATION_UNITS[i].name);
        return;
    }
}

/* What a bound, of any message that has one, comes to. */
struct threshold {
    int bound;
    bool is_fraction, is_given;
    uint64_t numerator, denominator;
};

static struct threshold threshold_of(const ProtobufCMessage *message)
{
    if (message->descriptor == &comity__v1__test__descriptor) {
        const Comity__V1__Test *test = (const Comity__V1__Test *) message;
        bool has_base = test->against != NULL && test->against->kind != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
        return (struct threshold){(int) test->bound, has_base, true, test->numerator, test->denominator};
    }
    if (message->descriptor == &comity__v1__majority__descriptor) {
        const Comity__V1__Majority *majority = (const Comity__V1__Majority *) message;
        return (struct threshold){(int) majority->bound, true, true, majority->numerator,
                                  majority->denominator};
    }
    if (message->descriptor == &comity__v1__option_quorum__descriptor) {
        const Comity__V1__OptionQuorum *quorum = (const Comity__V1__OptionQuorum *) message;
        bool has_base = quorum->of != COMITY__V1__BASE_KIND__BASE_KIND_NONE;
        return (struct threshold){(int) quorum->bound, has_base, true, quorum->numerator,
                                  quorum->denominator};
    }
    const Comity__V1__Quantifier *quantifier = (const Comity__V1__Quantifier *) message;
    return (struct threshold){(int) quantifier->bound,
                              quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_SHARE,
                              quantifier->kind != COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_UNSPECIFIED,
                              quantifier->numerator, quantifier->denominator};
}

/* Is this the key of the bound that is given? */
static bool is_bound(const struct threshold *threshold, const char *key)
{
    int bound = 0;

    if (!threshold->is_given)
        return false;
    return strcmp(key, "value") == 0
               ? threshold->bound == 0
               : enum_value_find(&comity__v1__bound__descriptor, key, &bound) && bound == threshold->bound;
}

static void put_threshold(struct writing *out, const struct threshold *threshold)
{
    if (threshold->is_fraction)
        put(out, " %" PRIu64 "/%" PRIu64, threshold->numerator, threshold->denominator);
    else
        put(out, " %" PRIu64, threshold->numerator);
}

static void write_block(struct writing *out, const ProtobufCMessage *message);

/* Behind a key. */
static void put_block(struct writing *out, const ProtobufCMessage *message)
{
    size_t before = out->size;

    put(out, "\n");
    size_t start = out->size;
    out->depth++;
    write_block(out, message);
    out->depth--;
    if (out->size == start) {
        out->size = before;
        put(out, " {}\n");
    }
}

static void put_scope(struct writing *out, const Comity__V1__Scope *scope)
{
    const char *word = named_scope_word(scope->kind);

    put(out, " ");
    if (word == NULL) {
        put(out, "%s\n", enum_short_name(&comity__v1__scope_kind__descriptor, (int) scope->kind));
        return;
    }
    put(out, "%s %s\n", word, scope->of == NULL ? "" : scope->of);
}

static void put_count(struct writing *out, const Comity__V1__Count *count)
{
    if (count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_STANCES) {
        put(out, " ");
        put_enums(out, &comity__v1__stance__descriptor, (const int *) count->stances, count->n_stances);
    } else if (count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_CHOICES) {
        put_choices(out, count->choices, count->n_choices);
    } else if (count->kind == COMITY__V1__COUNT_KIND__COUNT_KIND_SCORE_AT_LEAST) {
        put(out, "\n%*sscore_at_least: %" PRIu32, (int) (2 * out->depth + 2), "", count->score);
    } else {
        put(out, " %s", enum_short_name(&comity__v1__count_kind__descriptor, (int) count->kind));
    }
    put(out, "\n");
}

static void put_of(struct writing *out, const Comity__V1__Base *base)
{
    if (base->kind == COMITY__V1__BASE_KIND__BASE_KIND_STANCES) {
        put(out, " ");
        put_enums(out, &comity__v1__stance__descriptor, (const int *) base->stances, base->n_stances);
    } else if (base->kind == COMITY__V1__BASE_KIND__BASE_KIND_CHOICES) {
        put_choices(out, base->choices, base->n_choices);
    } else {
        put(out, " %s", enum_short_name(&comity__v1__base_kind__descriptor, (int) base->kind));
    }
    put(out, "\n");
}

/* One line of a list of pairs, without its line break. */
static void put_pair(struct writing *out, enum key_form form, const ProtobufCMessage *message)
{
    const Comity__V1__ScaleEntry *entry = (const Comity__V1__ScaleEntry *) message;
    const Comity__V1__Duty *duty = (const Comity__V1__Duty *) message;
    const Comity__V1__SubjectWeight *weight = (const Comity__V1__SubjectWeight *) message;
    const Comity__V1__StageOutcome *outcome = (const Comity__V1__StageOutcome *) message;

    if (form == KEY_SCALE) {
        put(out, "%" PRIu32 " %s: %s", entry->answer, entry->label,
            enum_short_name(&comity__v1__stance__descriptor, (int) entry->stance));
    } else if (form == KEY_DUTIES) {
        if (duty->choice != 0) {
            put(out, "option ");
            put_choice(out, duty->choice);
        } else {
            put(out, "%s", enum_short_name(&comity__v1__stance__descriptor, (int) duty->stance));
        }
        put(out, ": %s", enum_short_name(&comity__v1__duty_kind__descriptor, (int) duty->kind));
    } else if (form == KEY_WEIGHTS) {
        const char *word = named_scope_word(weight->kind);
        put(out, "%s %s: %" PRIu64, word == NULL ? "?" : word, weight->name, weight->weight);
    } else {
        put(out, "%s: %s",
            outcome->from == 0 ? "ELSE"
                               : enum_short_name(&comity__v1__outcome_kind__descriptor, (int) outcome->from),
            enum_short_name(&comity__v1__outcome_kind__descriptor, (int) outcome->to));
    }
}

/* An option that is nothing but its label stands alone. */
static void put_option(struct writing *out, const Comity__V1__Option *option)
{
    if ((option->majority == NULL || option->majority[0] == '\0') && !option->is_default) {
        put_indent(out);
        put_name(out, option->label);
        put(out, "\n");
        return;
    }
    write_block(out, &option->base);
}

static void put_list(struct writing *out, const struct rule_key *key, ProtobufCMessage *const *list,
                     size_t count)
{
    put(out, "\n");
    out->depth += 2;
    for (size_t i = 0; i < count; i++) {
        out->is_entry = true;
        if (key->form == KEY_OPTIONS) {
            put_option(out, (const Comity__V1__Option *) list[i]);
        } else if (key->form == KEY_PLAIN) {
            write_block(out, list[i]);
            if (out->is_entry) { /* it says nothing */
                put_indent(out);
                put(out, "{}\n");
            }
        } else {
            put_indent(out);
            put_pair(out, key->form, list[i]);
            put(out, "\n");
        }
    }
    out->depth -= 2;
    out->is_entry = false;
}

static void put_close(struct writing *out, const ProtobufCMessage *close)
{
    bool is_first = true;

    put(out, " [");
    for (unsigned i = 0; i < close->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &close->descriptor->fields[i];
        if (!*(const protobuf_c_boolean *) ((const char *) close + field->offset))
            continue;
        put(out, "%s", is_first ? "" : ", ");
        for (const char *c = field->name; *c != '\0'; c++)
            put(out, "%c", toupper((unsigned char) *c));
        is_first = false;
    }
    put(out, "]\n");
}

static void put_key(struct writing *out, const struct rule_key *key)
{
    put_indent(out);
    put(out, "%s:", key->key);
}

/* A field that is one value by its own type. */
static void write_plain(struct writing *out, const struct rule_key *key,
                        const ProtobufCFieldDescriptor *field, const void *at)
{
    uint32_t number;
    const char *text;

    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
        memcpy(&number, at, sizeof(number));
        if (number == 0)
            return;
        put_key(out, key);
        put(out, " %s\n", enum_short_name(field->descriptor, (int) number));
        return;
    case PROTOBUF_C_TYPE_BOOL:
        if (!*(const protobuf_c_boolean *) at)
            return;
        put_key(out, key);
        put(out, " yes\n");
        return;
    case PROTOBUF_C_TYPE_UINT32:
        memcpy(&number, at, sizeof(number));
        if (number == 0)
            return;
        put_key(out, key);
        put(out, " %" PRIu32 "\n", number);
        return;
    case PROTOBUF_C_TYPE_STRING:
        text = *(char *const *) at;
        if (text == NULL || text[0] == '\0')
            return;
        put_key(out, key);
        put(out, " ");
        put_name(out, text);
        put(out, "\n");
        return;
    default:
        return;
    }
}

/* A message in the form of its key. */
static void write_form(struct writing *out, const struct rule_key *key, const ProtobufCMessage *message)
{
    const Comity__V1__Scope *scope = (const Comity__V1__Scope *) message;

    if (key->form == KEY_OFFICE && scope->office == 0)
        return;
    if (key->form == KEY_HOLDS_IN && scope->quantifier == NULL)
        return;
    if (key->form == KEY_OF &&
        ((const Comity__V1__Base *) message)->kind == COMITY__V1__BASE_KIND__BASE_KIND_NONE)
        return;
    put_key(out, key);
    switch (key->form) {
    case KEY_SCOPE:
        put_scope(out, scope);
        return;
    case KEY_OFFICE:
        put(out, " %s\n", enum_short_name(&comity__v1__office__descriptor, (int) scope->office));
        return;
    case KEY_HOLDS_IN:
        if (scope->quantifier->kind == COMITY__V1__QUANTIFIER_KIND__QUANTIFIER_KIND_ALL)
            put(out, " ALL\n");
        else
            put_block(out, &scope->quantifier->base);
        return;
    case KEY_COUNT:
        put_count(out, (const Comity__V1__Count *) message);
        return;
    case KEY_OF:
        put_of(out, (const Comity__V1__Base *) message);
        return;
    case KEY_CLOSE:
        put_close(out, message);
        return;
    case KEY_SCORES:
        put(out, " %" PRIu32 " to %" PRIu32 "\n", ((const Comity__V1__Scores *) message)->least,
            ((const Comity__V1__Scores *) message)->most);
        return;
    default:
        put_block(out, message);
    }
}

static void write_list(struct writing *out, const struct rule_key *key, const ProtobufCFieldDescriptor *field,
                       const ProtobufCMessage *message)
{
    size_t count = *(const size_t *) ((const char *) message + field->quantifier_offset);
    const void *list = *(void *const *) ((const char *) message + field->offset);

    if (count == 0)
        return;
    put_key(out, key);
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        put(out, " ");
        put_enums(out, field->descriptor, list, count);
        put(out, "\n");
    } else {
        put_list(out, key, list, count);
    }
    if (key->form == KEY_OPTIONS) {
        out->options = list;
        out->option_count = count;
    }
}

static void write_key(struct writing *out, const struct rule_key *key, const ProtobufCFieldDescriptor *field,
                      const ProtobufCMessage *message)
{
    const void *at = (const char *) message + field->offset;
    int64_t ms;

    if (key->form == KEY_BOUND) {
        struct threshold threshold = threshold_of(message);
        if (!is_bound(&threshold, key->key))
            return;
        put_key(out, key);
        put_threshold(out, &threshold);
        put(out, "\n");
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        write_list(out, key, field, message);
    } else if (key->form == KEY_DURATION) {
        memcpy(&ms, at, sizeof(ms));
        if (ms == 0)
            return;
        put_key(out, key);
        put(out, " ");
        put_duration(out, ms);
        put(out, "\n");
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (*(ProtobufCMessage *const *) at != NULL)
            write_form(out, key, *(ProtobufCMessage *const *) at);
    } else {
        bool is_none =
            message->descriptor == &comity__v1__option_quorum__descriptor && strcmp(key->key, "of") == 0 &&
            ((const Comity__V1__OptionQuorum *) message)->of == COMITY__V1__BASE_KIND__BASE_KIND_NONE;
        if (!is_none)
            write_plain(out, key, field, at);
    }
}

static void write_block(struct writing *out, const ProtobufCMessage *message)
{
    const struct rule_keys *keys = rule_keys_of(message->descriptor);
    Comity__V1__Option *const *options = out->options;
    const size_t option_count = out->option_count;

    for (size_t i = 0; i < keys->count; i++) {
        const ProtobufCFieldDescriptor *field = rule_key_field(keys, &keys->list[i]);
        if (field != NULL)
            write_key(out, &keys->list[i], field, message);
    }
    if (message->descriptor == &comity__v1__stage_rule__descriptor) {
        out->options = options;
        out->option_count = option_count;
    }
}

int rule_file_write_part(const ProtobufCMessage *message, struct arena *arena, struct bytes *ret_text)
{
    struct writing out = {.text = arena_alloc(arena, YAML_MAX_BYTES + 1)};

    if (out.text == NULL)
        return ERR_MEMORY;
    write_block(&out, message);
    if (out.is_full)
        return ERR_TOO_LARGE;
    *ret_text = BYTES(out.text, out.size);
    return 0;
}

int rule_file_write(const Comity__V1__Rule *rule, struct arena *arena, struct bytes *ret_text)
{
    return rule_file_write_part(&rule->base, arena, ret_text);
}
