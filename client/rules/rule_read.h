/* What the parts of the reader share. */
#ifndef COMITY_RULES_RULE_READ_H
#define COMITY_RULES_RULE_READ_H

#include "client/rules/rule_file.h"
#include "client/rules/rule_key.h"

struct rule_reading {
    struct rule_faults *faults;
    struct arena *arena;
    struct rule_mark *marks;
    Comity__V1__Option *const *options; /* that choices name: of the rule, or of a stage that has its own */
    size_t option_count;
};

/* One value: which key's, of which message, and where in the rule. */
struct rule_spot {
    const struct yaml_node *node;
    const char *key;  /* as the file has it */
    const char *path; /* of the field: "tests[2].against" */
};

/* A fault at the spot's value. */
#define SPOT_FAULT(reading, spot, code, ...)                                                                 \
    rule_fault((reading)->faults, code, (spot)->node->line, (spot)->node->column, __VA_ARGS__)

void rule_mark(struct rule_reading *reading, const char *path, const struct yaml_node *node);
const char *path_of(struct rule_reading *reading, const char *path, const char *field);
const char *path_at(struct rule_reading *reading, const char *path, size_t index);

/* Room for a list in the arena; at least one place. */
void *list_room(struct rule_reading *reading, size_t count, size_t size);
/* The list in its place. */
void list_put(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void *list, size_t count);

/* A message with its defaults. NULL where memory is out. */
void *message_new(struct rule_reading *reading, const ProtobufCMessageDescriptor *type);

/* Each adds a fault where it fails, and returns 0 or its code. */
int spot_word(struct rule_reading *reading, const struct rule_spot *spot, const char **ret_word);
int spot_list(struct rule_reading *reading, const struct rule_spot *spot); /* is it one? */
int spot_block(struct rule_reading *reading, const struct rule_spot *spot);
int spot_number(struct rule_reading *reading, const struct rule_spot *spot, uint64_t most,
                uint64_t *ret_number);
/* Like spot_enum; @also: further words of the list of what there is, which the caller has taken: NULL, or up to a NULL. */
int spot_enum_also(struct rule_reading *reading, const struct rule_spot *spot,
                   const ProtobufCEnumDescriptor *type, const char *const *also, int *ret_value);
int spot_enum(struct rule_reading *reading, const struct rule_spot *spot, const ProtobufCEnumDescriptor *type,
              int *ret_value);
int spot_truth(struct rule_reading *reading, const struct rule_spot *spot, protobuf_c_boolean *ret_value);
int spot_duration(struct rule_reading *reading, const struct rule_spot *spot, int64_t *ret_ms);
/* "2/3", or a whole number: then *ret_denominator is 0. */
int spot_value(struct rule_reading *reading, const struct rule_spot *spot, uint64_t *ret_numerator,
               uint64_t *ret_denominator);
/* Are these digits and nothing else, without a 0 in front? */
bool is_whole_number(const char *text, size_t size);
/* Of digits; false where they are too many. */
bool digits_read(const char *text, size_t size, uint64_t *ret_number);

/* "Did you mean `count`? " or nothing. */
const char *did_you_mean(struct rule_reading *reading, const char *typed, const char *const *words,
                         size_t count);

/* "STANCE, CHOICE, RANKING, SCORE" */
const char *joined_words(struct rule_reading *reading, const char *const *words, size_t count);

/* A list of an enum's words, or one word alone; *ret_count of int. @also: as spot_enum_also, of one word alone. */
int spot_enums(struct rule_reading *reading, const struct rule_spot *spot,
               const ProtobufCEnumDescriptor *type, const char *const *also, void *ret_list, size_t *ret_count);

/* A block of keys, by the table; the message exists already. */
void read_keys(struct rule_reading *reading, const struct yaml_node *map, const char *path,
               ProtobufCMessage *message);
/* The forms that are their own: rule_read_forms.c, rule_read_lists.c */
void read_bound(struct rule_reading *reading, const struct rule_spot *spot, ProtobufCMessage *message,
                const struct yaml_node *map);
void read_scope(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test);
void read_holds_in(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test);
void read_office(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test);
void read_count(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test);
void read_of(struct rule_reading *reading, const struct rule_spot *spot, Comity__V1__Test *test);
void read_pairs(struct rule_reading *reading, const struct rule_spot *spot, enum key_form form,
                const ProtobufCFieldDescriptor *field, ProtobufCMessage *message);
void read_options(struct rule_reading *reading, const struct rule_spot *spot,
                  const ProtobufCFieldDescriptor *field, ProtobufCMessage *message);
/* Each a message into its place. */
void read_close(struct rule_reading *reading, const struct rule_spot *spot, void *ret_close);
void read_scores(struct rule_reading *reading, const struct rule_spot *spot, void *ret_scores);
/* "SITE north", of one that is named; false where it says no such thing. */
bool named_read(struct rule_reading *reading, const char *text, Comity__V1__ScopeKind *ret_kind,
                char **ret_name);
/* An option by its label, or by its number. */
int choice_read(struct rule_reading *reading, const struct rule_spot *spot, const char *text,
                uint32_t *ret_choice);

#endif
