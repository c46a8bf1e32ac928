/* Two messages of one kind are walked field by field; members of a list are matched by what they are about,
 * so that one that is missing does not make all behind it differ. docs/rules.md R-97 */
#include "client/rules/difference.h"

#include <inttypes.h>

#include "core/error.h"
#include "core/message.h"
#include "core/rule/rule.h"

/* Twice as many as an outcome has lines at most. */
enum { SHOWN_BYTES = 4, NUMBERS_SHOWN = 64, MATCHED_MAX = 4096 };

struct walk {
    const Comity__V1__Round *round;
    words_fn *words;
    struct arena *arena;
    struct difference *list;
    size_t count;
};

/* Where in the two outcomes: for programs, and for people ("" at the top). */
struct place {
    const char *field;
    const char *where;
};

static const char *some(const char *text)
{
    return text ? text : "";
}

static void add(struct walk *walk, struct place place, const char *recorded, const char *counted)
{
    if (walk->count < DIFFERENCES_MAX)
        walk->list[walk->count] =
            (struct difference){some(place.field), some(place.where), some(recorded), some(counted)};
    walk->count++;
}

/* What fields are called. Those that are not here have names that say it. */
static const struct {
    const char *name, *words;
} FIELDS[] = {
    {"kind", N_("the outcome")},
    {"rule_hash", N_("the hash of the rule")},
    {"chosen", N_("what is chosen")},
    {"ties", N_("how ties were broken")},
    {"eligible", N_("on the roll")},
    {"base_size", N_("the base")},
    {"short_by", N_("short by")},
    {"over_by", N_("over by")},
    {"ballots", N_("ballots")},
    {"weight", N_("weight")},
    {"pairs", N_("the matrix of preferences")},
    {"schwartz", N_("options that no other beats")},
    {"non_transferable", N_("votes that go no further")},
    {"residual", N_("lost in rounding")},
    {"over_default", N_("ballots that prefer it to the default option")},
    {"under_default", N_("ballots that prefer the default option")},
};

static const char *field_words(const struct walk *walk, const char *name)
{
    char *plain = arena_string(walk->arena, name);

    for (size_t i = 0; i < ARRAY_COUNT(FIELDS); i++)
        if (strcmp(FIELDS[i].name, name) == 0)
            return walk->words(FIELDS[i].words);
    for (char *at = plain; at && *at != '\0'; at++)
        if (*at == '_')
            *at = ' ';
    return some(plain);
}

static struct place place_below(const struct walk *walk, struct place above, const char *name,
                                const char *words)
{
    bool is_top = above.field[0] == '\0';
    struct place place = {
        .field = is_top ? name : arena_printf(walk->arena, "%s.%s", above.field, name),
        .where = above.where[0] == '\0' ? words : arena_printf(walk->arena, "%s, %s", above.where, words),
    };

    return (struct place){some(place.field), some(place.where)};
}

static const char *bytes_text(const struct walk *walk, const ProtobufCBinaryData *bytes)
{
    const char *text = bytes->len == 0 ? walk->words(N_("nothing")) : "";

    for (size_t i = 0; i < bytes->len && i < SHOWN_BYTES; i++)
        text = some(arena_printf(walk->arena, "%s%02x", text, bytes->data[i]));
    return bytes->len > SHOWN_BYTES ? some(arena_printf(walk->arena, "%s...", text)) : text;
}

static const char *scalar_text(const struct walk *walk, const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return some(arena_printf(walk->arena, "%" PRIu32, *(const uint32_t *) at));
    case PROTOBUF_C_TYPE_UINT64:
        return some(arena_printf(walk->arena, "%" PRIu64, *(const uint64_t *) at));
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *) at ? walk->words(N_("yes")) : walk->words(N_("no"));
    case PROTOBUF_C_TYPE_ENUM:
        return enum_short_name(field->descriptor, *(const int *) at);
    case PROTOBUF_C_TYPE_STRING:
        return *(char *const *) at ? *(char *const *) at : "";
    case PROTOBUF_C_TYPE_BYTES:
        return bytes_text(walk, at);
    default:
        return "?";
    }
}

static size_t scalar_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    default:
        return sizeof(uint32_t);
    }
}

static bool scalar_equal(const ProtobufCFieldDescriptor *field, const void *a, const void *b)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return strcmp(some(*(char *const *) a), some(*(char *const *) b)) == 0;
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *of_a = a, *of_b = b;
        return bytes_equal(BYTES(of_a->data, of_a->len), BYTES(of_b->data, of_b->len));
    }
    return memcmp(a, b, scalar_size(field)) == 0;
}

/* A list of numbers. */
struct numbers {
    size_t count;
    const char *at;
};

static struct numbers numbers_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *bytes = (const char *) message;

    return (struct numbers){*(const size_t *) (bytes + field->quantifier_offset),
                            *(const char *const *) (bytes + field->offset)};
}

static const char *numbers_text(const struct walk *walk, const ProtobufCFieldDescriptor *field,
                                struct numbers numbers)
{
    const char *text = numbers.count == 0 ? walk->words(N_("none")) : "";

    for (size_t i = 0; i < numbers.count && i < NUMBERS_SHOWN; i++)
        text = some(arena_printf(walk->arena, "%s%s%s", text, i == 0 ? "" : ", ",
                                 scalar_text(walk, field, numbers.at + i * scalar_size(field))));
    return numbers.count > NUMBERS_SHOWN ? some(arena_printf(walk->arena, "%s, ...", text)) : text;
}

static void compare_numbers(struct walk *walk, struct place place, const ProtobufCFieldDescriptor *field,
                            struct numbers a, struct numbers b)
{
    bool is_same =
        a.count == b.count && (a.count == 0 || memcmp(a.at, b.at, a.count * scalar_size(field)) == 0);

    if (!is_same)
        add(walk, place, numbers_text(walk, field, a), numbers_text(walk, field, b));
}

/* Ballots by their numbers in the record, both ascending: each that stands in one list alone. */
static void compare_ballots(struct walk *walk, const Comity__V1__Outcome *recorded,
                            const Comity__V1__Outcome *counted)
{
    const char *listed = walk->words(N_("it was counted")),
               *missing = walk->words(N_("it is not among them"));
    size_t i = 0, j = 0;

    while (i < recorded->n_ballots || j < counted->n_ballots) {
        bool is_left = j == counted->n_ballots ||
                       (i < recorded->n_ballots && recorded->ballots[i] < counted->ballots[j]);
        bool is_right = i == recorded->n_ballots ||
                        (j < counted->n_ballots && counted->ballots[j] < recorded->ballots[i]);
        uint64_t number = is_left ? recorded->ballots[i] : counted->ballots[j];
        const char *where =
            arena_printf(walk->arena, walk->words(N_("ballot number %" PRIu64 " of the record")), number);

        if (is_left)
            add(walk, (struct place){"ballots", where}, listed, missing);
        else if (is_right)
            add(walk, (struct place){"ballots", where}, missing, listed);
        i += !is_right;
        j += !is_left;
    }
}

/* What members of a list are about: the same in both lists. NULL: their place is all that they have. */

static const char *subject_text(const struct walk *walk, const char *subject)
{
    return subject && subject[0] != '\0' ? subject : walk->words(N_("whole"));
}

static const char *about_test(const struct walk *walk, const ProtobufCMessage *message)
{
    const Comity__V1__TestResult *test = (const Comity__V1__TestResult *) message;

    return arena_printf(walk->arena, walk->words(N_("%s, test %s")), subject_text(walk, test->subject),
                        test->test);
}

static const char *about_tally(const struct walk *walk, const ProtobufCMessage *message)
{
    const Comity__V1__Tally *tally = (const Comity__V1__Tally *) message;

    return arena_printf(walk->arena, walk->words(N_("tally of %s")),
                        tally->constituency[0] == '\0' ? walk->words(N_("all")) : tally->constituency);
}

static const char *about_quantifier(const struct walk *walk, const ProtobufCMessage *message)
{
    return arena_printf(walk->arena, walk->words(N_("how often test %s holds")),
                        ((const Comity__V1__QuantifierResult *) message)->test);
}

static const char *about_bloc(const struct walk *walk, const ProtobufCMessage *message)
{
    return arena_printf(walk->arena, walk->words(N_("bloc of %s")),
                        ((const Comity__V1__BlocResult *) message)->constituency);
}

static const char *about_stance(const struct walk *walk, const ProtobufCMessage *message)
{
    (void) walk;
    return enum_short_name(&comity__v1__stance__descriptor,
                           (int) ((const Comity__V1__StanceCount *) message)->stance);
}

static const char *answer_label(const Comity__V1__Rule *rule, uint32_t answer)
{
    for (size_t i = 0; rule && i < rule->n_scale; i++)
        if (rule->scale[i]->answer == answer)
            return rule->scale[i]->label;
    return NULL;
}

const char *option_label(const Comity__V1__Round *round, uint32_t option)
{
    const Comity__V1__Rule *rule = round->rule;

    for (size_t i = 0; i < round->n_options; i++)
        if (round->options[i]->number == option)
            return round->options[i]->label;
    for (size_t i = 0; rule && i < rule->n_options; i++)
        if (rule->options[i]->number == option)
            return rule->options[i]->label;
    return NULL;
}

static const char *about_number(const struct walk *walk, const ProtobufCMessage *message)
{
    /* Answer, option, score: each the first field of its message. */
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[0];
    uint32_t number = *(const uint32_t *) ((const char *) message + field->offset);
    const char *label = strcmp(field->name, "answer") == 0  ? answer_label(walk->round->rule, number)
                        : strcmp(field->name, "score") != 0 ? option_label(walk->round, number)
                                                            : NULL;

    if (label)
        return label;
    return arena_printf(walk->arena, "%s %" PRIu32, field_words(walk, field->name), number);
}

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *(*about)(const struct walk *walk, const ProtobufCMessage *message);
} ABOUT[] = {
    {&comity__v1__test_result__descriptor, about_test},
    {&comity__v1__tally__descriptor, about_tally},
    {&comity__v1__quantifier_result__descriptor, about_quantifier},
    {&comity__v1__bloc_result__descriptor, about_bloc},
    {&comity__v1__stance_count__descriptor, about_stance},
    {&comity__v1__answer_count__descriptor, about_number},
    {&comity__v1__choice_count__descriptor, about_number},
    {&comity__v1__score_count__descriptor, about_number},
    {&comity__v1__option_result__descriptor, about_number},
};

static const char *about(const struct walk *walk, const ProtobufCMessage *message, const char *name,
                         size_t index)
{
    for (size_t i = 0; i < ARRAY_COUNT(ABOUT); i++)
        if (ABOUT[i].type == message->descriptor)
            return some(ABOUT[i].about(walk, message));
    return some(arena_printf(walk->arena, "%s %zu", field_words(walk, name), index + 1));
}

static void compare_messages(struct walk *walk, struct place place, const ProtobufCMessage *a,
                             const ProtobufCMessage *b);

/* Without the subject, which the place names. */
static const char *test_line(const struct walk *walk, const ProtobufCMessage *message)
{
    const Comity__V1__TestResult *result = (const Comity__V1__TestResult *) message;
    const char *line = rule_explain_test_in(result, walk->words, walk->arena);
    const char *subject = subject_text(walk, result->subject);
    size_t length = strlen(subject);

    if (!line || strncmp(line, subject, length) != 0 || strncmp(line + length, ": ", 2) != 0)
        return some(line);
    return line + length + 2;
}

/* A test that came out differently is one difference, and not one a number. */
static void compare_elements(struct walk *walk, struct place place, const ProtobufCMessage *a,
                             const ProtobufCMessage *b)
{
    if (a->descriptor == &comity__v1__test_result__descriptor) {
        const char *of_a = test_line(walk, a), *of_b = test_line(walk, b);
        if (strcmp(of_a, of_b) != 0) {
            add(walk, place, of_a, of_b);
            return;
        }
    }
    compare_messages(walk, place, a, b);
}

/* A list, with what each of its members is about. */
struct members {
    ProtobufCMessage *const *list;
    size_t count;
    const char **about;
    bool *is_taken;
};

static bool members_of(const struct walk *walk, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field, struct members *ret_members)
{
    struct members members = {.count = message_field_messages(message, field, &members.list)};
    size_t room = members.count <= MATCHED_MAX ? members.count + 1 : 1;

    members.about = arena_alloc(walk->arena, room * sizeof(*members.about));
    members.is_taken = arena_alloc(walk->arena, room * sizeof(*members.is_taken));
    if (!members.about || !members.is_taken)
        return false;
    for (size_t i = 0; members.count <= MATCHED_MAX && i < members.count; i++)
        members.about[i] = about(walk, members.list[i], field->name, i);
    *ret_members = members;
    return true;
}

static const ProtobufCMessage *find(struct members *members, const char *what)
{
    for (size_t i = 0; i < members->count; i++)
        if (!members->is_taken[i] && strcmp(members->about[i], what) == 0) {
            members->is_taken[i] = true;
            return members->list[i];
        }
    return NULL;
}

static struct place place_of_element(const struct walk *walk, struct place above, const char *name,
                                     size_t index, const char *what)
{
    const char *step = some(arena_printf(walk->arena, "%s[%zu]", name, index));

    return place_below(walk, above, step, what);
}

static void compare_lists(struct walk *walk, struct place place, const ProtobufCFieldDescriptor *field,
                          const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    const char *name = field->name, *there = walk->words(N_("there")), *missing = walk->words(N_("not there"));
    struct members of_a, of_b;

    if (!members_of(walk, a, field, &of_a) || !members_of(walk, b, field, &of_b))
        return; /* the arena says so */
    if (of_a.count > MATCHED_MAX || of_b.count > MATCHED_MAX) {
        add(walk, place_below(walk, place, name, field_words(walk, name)),
            arena_printf(walk->arena, "%zu", of_a.count), arena_printf(walk->arena, "%zu", of_b.count));
        return;
    }
    for (size_t i = 0; i < of_a.count; i++) {
        const ProtobufCMessage *other = find(&of_b, of_a.about[i]);
        struct place element = place_of_element(walk, place, name, i, of_a.about[i]);

        if (other)
            compare_elements(walk, element, of_a.list[i], other);
        else
            add(walk, element, there, missing);
    }
    for (size_t i = 0; i < of_b.count; i++)
        if (!of_b.is_taken[i])
            add(walk, place_of_element(walk, place, name, i, of_b.about[i]), missing, there);
}

static void compare_field(struct walk *walk, struct place place, const ProtobufCFieldDescriptor *field,
                          const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    const char *at_a = (const char *) a + field->offset, *at_b = (const char *) b + field->offset;
    struct place below = place_below(walk, place, field->name, field_words(walk, field->name));
    ProtobufCMessage *const *list_a, *const *list_b;

    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            compare_lists(walk, place, field, a, b);
            return;
        }
        size_t count_a = message_field_messages(a, field, &list_a),
               count_b = message_field_messages(b, field, &list_b);
        if (count_a != count_b)
            add(walk, below, walk->words(count_a > 0 ? N_("there") : N_("not there")),
                walk->words(count_b > 0 ? N_("there") : N_("not there")));
        else if (count_a > 0)
            compare_messages(walk, below, list_a[0], list_b[0]);
    } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        compare_numbers(walk, below, field, numbers_of(a, field), numbers_of(b, field));
    } else if (!scalar_equal(field, at_a, at_b)) {
        add(walk, below, scalar_text(walk, field, at_a), scalar_text(walk, field, at_b));
    }
}

static void compare_messages(struct walk *walk, struct place place, const ProtobufCMessage *a,
                             const ProtobufCMessage *b)
{
    bool is_outcome = a->descriptor == &comity__v1__outcome__descriptor;

    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
        if (is_outcome && strcmp(field->name, "ballots") == 0)
            compare_ballots(walk, (const Comity__V1__Outcome *) a, (const Comity__V1__Outcome *) b);
        else
            compare_field(walk, place, field, a, b);
    }
}

int outcome_differences(const Comity__V1__Round *round, const Comity__V1__Outcome *recorded,
                        const Comity__V1__Outcome *counted, words_fn *words, struct arena *arena,
                        struct difference **ret_list, size_t *ret_count)
{
    struct walk walk = {.round = round, .words = words, .arena = arena};
    struct bytes of_recorded, of_counted;

    walk.list = arena_alloc(arena, DIFFERENCES_MAX * sizeof(*walk.list));
    if (!walk.list || message_pack(&recorded->base, arena, &of_recorded) != 0 ||
        message_pack(&counted->base, arena, &of_counted) != 0)
        return ERR_MEMORY;
    if (!bytes_equal(of_recorded, of_counted)) {
        compare_messages(&walk, (struct place){"", ""}, &recorded->base, &counted->base);
        /* The same in another order, or in another form. */
        if (walk.count == 0)
            add(&walk, (struct place){"", words(N_("the order or the form of what is counted"))},
                words(N_("other bytes")), words(N_("other bytes")));
    }
    if (arena_is_exhausted(arena))
        return ERR_MEMORY;
    *ret_list = walk.list;
    *ret_count = walk.count;
    return 0;
}
