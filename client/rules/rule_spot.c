/* Single values: words, numbers, fractions, times. docs/rules.md R-90 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "client/rules/rule_read.h"
#include "core/error.h"

enum { ENUM_VALUES_MAX = 24 };

bool is_whole_number(const char *text, size_t size)
{
    return size > 0 && strspn(text, "0123456789") >= size && (size == 1 || text[0] != '0');
}

bool digits_read(const char *text, size_t size, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned) (text[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *ret_number = number;
    return true;
}

int spot_word(struct rule_reading *reading, const struct rule_spot *spot, const char **ret_word)
{
    if (spot->node->kind != YAML_TEXT)
        return SPOT_FAULT(
            reading, spot, ERR_MALFORMED,
            N_("Behind `%s` there has to be one word or number, and not a list or a block of keys."),
            spot->key);
    *ret_word = spot->node->text;
    return 0;
}

int spot_list(struct rule_reading *reading, const struct rule_spot *spot)
{
    if (spot->node->kind == YAML_LIST)
        return 0;
    return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                      N_("`%s` is a list: begin each of its entries on a line of its own with `- `."),
                      spot->key);
}

int spot_block(struct rule_reading *reading, const struct rule_spot *spot)
{
    if (spot->node->kind == YAML_MAP)
        return 0;
    return SPOT_FAULT(
        reading, spot, ERR_MALFORMED,
        N_("Here there has to be a block of keys, each on a line of its own, as `name: quorum`."));
}

/* Why a text is no whole number. */
static int refuse_number(struct rule_reading *reading, const struct rule_spot *spot)
{
    const char *shown = fault_shown(reading->faults, spot->node->text);
    const char *text = spot->node->text;
    size_t digits = strspn(text, "0123456789");

    if (text[digits] == '\0' && digits > 1 && text[0] == '0')
        return SPOT_FAULT(
            reading, spot, ERR_MALFORMED,
            N_("`%s` begins with a 0, which some programs read as another number. Write it without."), shown);
    if (digits > 0 && (text[digits] == '.' || text[digits] == ','))
        return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                          N_("`%s` is a decimal number. Counting is in whole numbers, so that nothing is "
                             "rounded: write 2/3, not 0.66, "
                             "and 1000, not 1,000."),
                          shown);
    if (digits > 0 && text[digits] == '%')
        return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                          N_("`%s` is a percentage. Write a fraction: 60/100, or 3/5."), shown);
    return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                      N_("`%s` is no whole number, as `%s` needs one. Write digits alone, as 3."), shown,
                      spot->key);
}

int spot_number(struct rule_reading *reading, const struct rule_spot *spot, uint64_t most,
                uint64_t *ret_number)
{
    const char *text;
    int code = spot_word(reading, spot, &text);

    if (code != 0)
        return code;
    size_t size = strlen(text);
    if (!is_whole_number(text, size))
        return refuse_number(reading, spot);
    if (!digits_read(text, size, ret_number) || *ret_number > most)
        return SPOT_FAULT(reading, spot, ERR_RANGE,
                          N_("`%s` is too large a number for `%s`: at most %" PRIu64 "."),
                          fault_shown(reading->faults, text), spot->key, most);
    return 0;
}

/* 0, or what is wrong with one half of a fraction. */
static int read_half(struct rule_reading *reading, const struct rule_spot *spot, const char *text,
                     size_t size, uint64_t *ret_half)
{
    if (!is_whole_number(text, size))
        return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                          N_("`%s` is no fraction: write whole numbers with a / between them, as 2/3."),
                          fault_shown(reading->faults, spot->node->text));
    if (!digits_read(text, size, ret_half))
        return SPOT_FAULT(reading, spot, ERR_RANGE, N_("`%s` has too large a number."),
                          fault_shown(reading->faults, spot->node->text));
    return 0;
}

int spot_value(struct rule_reading *reading, const struct rule_spot *spot, uint64_t *ret_numerator,
               uint64_t *ret_denominator)
{
    const char *text;
    int code = spot_word(reading, spot, &text);

    if (code != 0)
        return code;
    const char *slash = strchr(text, '/');
    *ret_denominator = 0;
    if (text[strcspn(text, "0123456789")] == '\0')
        return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                          N_("`%s` is no number. Write a fraction in digits, as 2/3, or a number of people, as 3."),
                          fault_shown(reading->faults, text));
    if (strstr(text, " of ") != NULL)
        return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                          N_("`%s` says two things. Write the number alone here, and what it is a part of on a "
                             "line of its own, as `of: ELIGIBLE` (all on the roll) or `of: CAST`."),
                          fault_shown(reading->faults, text));
    if (slash == NULL)
        return spot_number(reading, spot, UINT64_MAX, ret_numerator);
    code = read_half(reading, spot, text, (size_t) (slash - text), ret_numerator);
    if (code == 0)
        code = read_half(reading, spot, slash + 1, strlen(slash + 1), ret_denominator);
    if (code == 0 && *ret_denominator == 0)
        return SPOT_FAULT(reading, spot, ERR_RULE,
                          N_("`%s` divides by 0. Write how many parts the whole has below the line, as 2/3."),
                          fault_shown(reading->faults, text));
    return code;
}

static size_t list_words(const ProtobufCEnumDescriptor *type, const char *const *also,
                         const char *words[ENUM_VALUES_MAX])
{
    size_t count = 0;

    for (; also != NULL && *also != NULL && count < ENUM_VALUES_MAX; also++)
        words[count++] = *also;
    for (unsigned i = 0; i < type->n_values && count < ENUM_VALUES_MAX; i++)
        if (type->values[i].value != 0)
            words[count++] = enum_short_name(type, type->values[i].value);
    return count;
}

const char *joined_words(struct rule_reading *reading, const char *const *words, size_t count)
{
    const char *text = "";

    for (size_t i = 0; text != NULL && i < count; i++)
        text = arena_printf(reading->arena, "%s%s%s", text, i == 0 ? "" : ", ", words[i]);
    return text == NULL ? "" : text;
}

const char *did_you_mean(struct rule_reading *reading, const char *typed, const char *const *words,
                         size_t count)
{
    const char *near = word_nearest(typed, words, count);
    const char *text =
        near == NULL ? NULL
                     : arena_printf(reading->arena, reading->faults->words(N_("Did you mean `%s`? ")),
                                    fault_shown(reading->faults, near));

    return text == NULL ? "" : text;
}

int spot_enum_also(struct rule_reading *reading, const struct rule_spot *spot,
                   const ProtobufCEnumDescriptor *type, const char *const *also, int *ret_value)
{
    const char *text, *words[ENUM_VALUES_MAX];
    int code = spot_word(reading, spot, &text);

    if (code != 0)
        return code;
    if (enum_value_find(type, text, ret_value) && *ret_value != 0)
        return 0;
    size_t count = list_words(type, also, words);
    return SPOT_FAULT(reading, spot, ERR_ENUM, N_("`%s` is nothing that `%s` can be. %sIt can be: %s."),
                      fault_shown(reading->faults, text), spot->key,
                      did_you_mean(reading, text, words, count), joined_words(reading, words, count));
}

int spot_enum(struct rule_reading *reading, const struct rule_spot *spot, const ProtobufCEnumDescriptor *type,
              int *ret_value)
{
    return spot_enum_also(reading, spot, type, NULL, ret_value);
}

int spot_enums(struct rule_reading *reading, const struct rule_spot *spot,
               const ProtobufCEnumDescriptor *type, const char *const *also, void *ret_list, size_t *ret_count)
{
    const bool is_list = spot->node->kind == YAML_LIST;
    const size_t count = is_list ? spot->node->count : 1;
    int *list = list_room(reading, count, sizeof(*list)), code = list == NULL ? ERR_MEMORY : 0;
    const struct yaml_node *node = is_list ? spot->node->first : spot->node;

    for (size_t i = 0; code == 0 && i < count; i++, node = node->next) {
        struct rule_spot one = {node, spot->key, path_at(reading, spot->path, i)};
        rule_mark(reading, one.path, node);
        code = spot_enum_also(reading, &one, type, is_list ? NULL : also, &list[i]);
    }
    if (code != 0)
        return code;
    memcpy(ret_list, &list, sizeof(list));
    *ret_count = count;
    return 0;
}

int spot_truth(struct rule_reading *reading, const struct rule_spot *spot, protobuf_c_boolean *ret_value)
{
    const char *text;
    int code = spot_word(reading, spot, &text);

    if (code != 0)
        return code;
    bool is_yes = strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0;
    if (!is_yes && strcasecmp(text, "no") != 0 && strcasecmp(text, "false") != 0)
        return SPOT_FAULT(reading, spot, ERR_MALFORMED, N_("`%s` is neither yes nor no, as `%s` needs it."),
                          fault_shown(reading->faults, text), spot->key);
    *ret_value = is_yes;
    return 0;
}

int spot_duration(struct rule_reading *reading, const struct rule_spot *spot, int64_t *ret_ms)
{
    const char *text;
    uint64_t number;
    int code = spot_word(reading, spot, &text);

    if (code != 0)
        return code;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; digits > 0 && text[0] != '0' && i < DURATION_UNIT_COUNT; i++) {
        const struct duration_unit *unit = &DURATION_UNITS[i];
        if (strcmp(text + digits, unit->name) != 0)
            continue;
        if (!digits_read(text, digits, &number) || number > (uint64_t) (INT64_MAX / unit->ms))
            return SPOT_FAULT(reading, spot, ERR_RANGE, N_("`%s` is too long a time."),
                              fault_shown(reading->faults, text));
        *ret_ms = (int64_t) number * unit->ms;
        return 0;
    }
    return SPOT_FAULT(reading, spot, ERR_MALFORMED,
                      N_("`%s` is no length of time. Write a number and d, h, m or s right behind it: 14d "
                         "for days, 72h for hours, 30m for "
                         "minutes."),
                      fault_shown(reading->faults, text));
}
