/* The form of commands: every field of every body, broken in every way that its row of the table speaks of;
 * the limits of command.proto, written out again; and the rules over several fields. */
#include "sample_command.h"

#include <stdio.h>

#include "core/path.h"

static struct arena *arena;
static struct sample sample;

static int setup(void **state)
{
    (void) state;
    arena = arena_new(64 * 1024 * 1024);
    return arena ? key_init() : -1;
}

static int teardown(void **state)
{
    (void) state;
    arena_destroy(&arena);
    return 0;
}

static void make(Comity__V1__Command__BodyCase body)
{
    arena_reset(arena);
    sample_make(&sample, arena, body, 0);
}

static void assert_form(int code, const char *field)
{
    struct refusal refusal = {.code = 0};
    int got = sample_open(&sample, &refusal);
    if (got != code || (code && strcmp(refusal.field, field) != 0))
        fail_msg("%s at '%s' instead of %s at '%s'", error_name(got), refusal.field, error_name(code), field);
    assert_int_equal(refusal.code, code);
}

static void test_every_field_has_a_row_in_its_place(void **state)
{
    (void) state;
    const ProtobufCMessageDescriptor *type = NULL;
    unsigned in_type = 0;
    for (unsigned i = 0; form_row_at(i); i++) {
        const struct form_row *row = form_row_at(i);
        if (row->type != type) {
            assert_true(!type || in_type == type->n_fields);
            type = row->type;
            in_type = 0;
        }
        assert_string_equal(row->field, type->fields[in_type++].name);
    }
    assert_int_equal(in_type, type->n_fields);
}

static void test_every_body_is_accepted(void **state)
{
    (void) state;
    for (unsigned i = 0; i < sample_body_count(); i++) {
        make(sample_body_at(i));
        assert_form(0, "");
        assert_non_null(command_name(sample.command));
    }
    make(COMITY__V1__COMMAND__BODY_CLOSE_ROUND);
    assert_string_equal(command_name(sample.command), "close_round");
    sample.command->body_case = COMITY__V1__COMMAND__BODY__NOT_SET;
    assert_null(command_name(sample.command));
    assert_form(ERR_MISSING, "body");
}

/* --- every field, broken --- */

struct place {
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field;
    const struct form_row *row;
    char path[FIELD_PATH_MAX];
};

/* The wanted-th field of the command, counted depth first. */
static bool place_find(ProtobufCMessage *message, const struct path *path, unsigned *wanted,
                       struct place *ret_place)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const struct form_row *row = sample_row(message->descriptor, field->name);
        ProtobufCMessage *const *list = NULL;
        size_t count = message_field_messages(message, field, &list);
        struct path here = {path, field->name, PATH_NOT_REPEATED};
        if (row->form != FORM_BODY && (*wanted)-- == 0) {
            *ret_place = (struct place){message, field, row, ""};
            path_write(&here, ret_place->path, FIELD_PATH_MAX);
            return true;
        }
        if (row->form != FORM_BODY && row->form != FORM_MESSAGE && row->form != FORM_MESSAGE_OR_NONE &&
            row->form != FORM_MESSAGES)
            continue;
        for (size_t k = 0; k < count; k++) {
            here.index = row->form == FORM_MESSAGES ? (int64_t) k : PATH_NOT_REPEATED;
            if (place_find(list[k], &here, wanted, ret_place))
                return true;
        }
    }
    return false;
}

enum breakage {
    LEAVE_OUT,
    OF_15_BYTES,
    OF_17_BYTES,
    OF_31_BYTES,
    OF_33_BYTES,
    CAPITALS,
    TOO_LONG_A_NAME,
    HASH_LEFT_OUT,
    HASH_OF_31_BYTES,
    SIZE_OF_0,
    SIZE_PAST_MOST,
    PAST_MOST,
    NEGATIVE,
    TWICE,
    SWAPPED,
    ZERO_IN_LIST,
    RANK_TOO_LOW,
    WEIGHT_OF_0,
    WEIGHT_TOO_LARGE,
    ONE_TOO_MANY,
    MOST_NUMBERS,
    ONE_NUMBER_TOO_MANY,
};

static const struct {
    enum form form;
    enum breakage breakage;
    int code;
    const char *part;
} BREAKAGES[] = {
    {FORM_NAME, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_NAME, CAPITALS, ERR_NAME, ""},
    {FORM_NAME, TOO_LONG_A_NAME, ERR_NAME, ""},
    {FORM_NAME_OR_NONE, LEAVE_OUT, 0, ""},
    {FORM_NAME_OR_NONE, CAPITALS, ERR_NAME, ""},
    {FORM_NAME_OR_NONE, TOO_LONG_A_NAME, ERR_NAME, ""},
    {FORM_TIME_ZONE, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_TIME_ZONE, CAPITALS, ERR_RANGE, ""},
    {FORM_TEXT, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_TEXT, HASH_LEFT_OUT, ERR_MISSING, ".hash"},
    {FORM_TEXT, HASH_OF_31_BYTES, ERR_RANGE, ".hash"},
    {FORM_TEXT, SIZE_OF_0, ERR_MISSING, ".size"},
    {FORM_TEXT, SIZE_PAST_MOST, ERR_RANGE, ".size"},
    {FORM_TEXT_OR_NONE, LEAVE_OUT, 0, ""},
    {FORM_TEXT_OR_NONE, HASH_LEFT_OUT, ERR_MISSING, ".hash"},
    {FORM_TEXT_OR_NONE, HASH_OF_31_BYTES, ERR_RANGE, ".hash"},
    {FORM_TEXT_OR_NONE, SIZE_OF_0, ERR_MISSING, ".size"},
    {FORM_TEXT_OR_NONE, SIZE_PAST_MOST, ERR_RANGE, ".size"},
    {FORM_HASH, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_HASH, OF_31_BYTES, ERR_RANGE, ""},
    {FORM_HASH, OF_33_BYTES, ERR_RANGE, ""},
    {FORM_HASH_OR_NONE, LEAVE_OUT, 0, ""},
    {FORM_HASH_OR_NONE, OF_31_BYTES, ERR_RANGE, ""},
    {FORM_HASH_OR_NONE, OF_33_BYTES, ERR_RANGE, ""},
    {FORM_NONCE, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_NONCE, OF_15_BYTES, ERR_RANGE, ""},
    {FORM_NONCE, OF_17_BYTES, ERR_RANGE, ""},
    {FORM_NONCE, OF_31_BYTES, ERR_RANGE, ""},
    {FORM_HISTORY, OF_31_BYTES, ERR_RANGE, ""},
    {FORM_HISTORY, OF_33_BYTES, ERR_RANGE, ""},
    {FORM_EPOCH, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_NUMBER, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_NUMBER, PAST_MOST, ERR_RANGE, ""},
    {FORM_NUMBER, NEGATIVE, ERR_RANGE, ""},
    {FORM_NUMBERS, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_NUMBERS, TWICE, ERR_DUPLICATE, "[1]"},
    {FORM_NUMBERS, ZERO_IN_LIST, ERR_MISSING, "[0]"},
    {FORM_NUMBERS, MOST_NUMBERS, 0, ""},
    {FORM_NUMBERS, ONE_NUMBER_TOO_MANY, ERR_RANGE, ""},
    {FORM_ASCENDING, LEAVE_OUT, 0, ""},
    {FORM_ASCENDING, SWAPPED, ERR_DUPLICATE, "[1]"},
    {FORM_ASCENDING, ONE_NUMBER_TOO_MANY, ERR_RANGE, ""},
    {FORM_ASCENDING, TWICE, ERR_DUPLICATE, "[1]"},
    {FORM_ASCENDING, ZERO_IN_LIST, ERR_MISSING, "[0]"},
    {FORM_RANKS, LEAVE_OUT, 0, ""},
    {FORM_RANKS, TWICE, 0, ""},
    {FORM_RANKS, ZERO_IN_LIST, 0, ""},
    {FORM_RANKS, RANK_TOO_LOW, ERR_RANGE, "[1]"},
    {FORM_RANKS, MOST_NUMBERS, 0, ""},
    {FORM_RANKS, ONE_NUMBER_TOO_MANY, ERR_RANGE, ""},
    {FORM_WEIGHTS, LEAVE_OUT, 0, ""},
    {FORM_WEIGHTS, WEIGHT_OF_0, ERR_MISSING, "[0]"},
    {FORM_WEIGHTS, WEIGHT_TOO_LARGE, ERR_RANGE, "[1]"},
    {FORM_WEIGHTS, ONE_NUMBER_TOO_MANY, ERR_RANGE, ""},
    {FORM_CHOICE, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_CHOICE_OR_NONE, LEAVE_OUT, 0, ""},
    {FORM_FLAG, LEAVE_OUT, 0, ""},
    {FORM_LANGUAGE_OR_NONE, LEAVE_OUT, 0, ""},
    {FORM_CHOICES, LEAVE_OUT, 0, ""},
    {FORM_CHOICES, TWICE, ERR_DUPLICATE, "[1]"},
    {FORM_CHOICES, ZERO_IN_LIST, ERR_MISSING, "[0]"},
    {FORM_MESSAGE, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_MESSAGE_OR_NONE, LEAVE_OUT, 0, ""},
    {FORM_MESSAGES, LEAVE_OUT, ERR_MISSING, ""},
    {FORM_MESSAGES, ONE_TOO_MANY, ERR_RANGE, ""},
    {FORM_RULE, LEAVE_OUT, ERR_MISSING, ""},
};

static void leave_out(const struct place *place, uint8_t *at)
{
    size_t none = 0;
    if (place->field->label == PROTOBUF_C_LABEL_REPEATED)
        memcpy((uint8_t *) place->message + place->field->quantifier_offset, &none, sizeof(none));
    else if (place->field->type == PROTOBUF_C_TYPE_STRING)
        *(const char **) at = "";
    else if (place->field->type == PROTOBUF_C_TYPE_BYTES)
        ((ProtobufCBinaryData *) at)->len = 0;
    else if (place->field->type == PROTOBUF_C_TYPE_MESSAGE)
        *(ProtobufCMessage **) at = NULL;
    else if (place->field->type == PROTOBUF_C_TYPE_INT64 || place->field->type == PROTOBUF_C_TYPE_UINT64)
        *(uint64_t *) at = 0;
    else
        *(uint32_t *) at = 0;
}

/* As many numbers as the row allows, and @more. */
static void numbers_make(const struct place *place, uint8_t *at, size_t more)
{
    size_t count = place->row->most + more;
    uint32_t *numbers = arena_alloc(arena, count * sizeof(uint64_t)); /* room for weights as well */
    for (size_t i = 0; i < count; i++)
        numbers[i] = (uint32_t) (count - i) > place->row->most ? 1 : (uint32_t) (count - i);
    memcpy((uint8_t *) place->message + place->field->quantifier_offset, &count, sizeof(count));
    *(uint32_t **) at = numbers;
}

/* False where the breakage cannot be made in this field: a number that its type holds only up to the most. */
static bool breakage_make(const struct place *place, enum breakage breakage)
{
    uint8_t *at = (uint8_t *) place->message + place->field->offset;
    bool is_wide = place->field->type != PROTOBUF_C_TYPE_UINT32;
    switch (breakage) {
    case LEAVE_OUT:
        leave_out(place, at);
        return true;
    case OF_15_BYTES:
    case OF_17_BYTES:
        *(ProtobufCBinaryData *) at = sample_binary(&sample, breakage == OF_15_BYTES ? 15 : 17);
        return true;
    case OF_31_BYTES:
    case OF_33_BYTES:
        *(ProtobufCBinaryData *) at = sample_binary(&sample, breakage == OF_31_BYTES ? 31 : 33);
        return true;
    case CAPITALS:
        *(const char **) at = "No Where";
        return true;
    case TOO_LONG_A_NAME:
        *(const char **) at = "a2345678901234567890123456789012345678901";
        return true;
    case HASH_LEFT_OUT:
        (*(Comity__V1__TextRef **) at)->hash.len = 0;
        return true;
    case HASH_OF_31_BYTES:
        (*(Comity__V1__TextRef **) at)->hash.len = 31;
        return true;
    case SIZE_OF_0:
        (*(Comity__V1__TextRef **) at)->size = 0;
        return true;
    case SIZE_PAST_MOST:
        (*(Comity__V1__TextRef **) at)->size = (uint32_t) place->row->most + 1;
        return true;
    case PAST_MOST:
        if (is_wide && place->field->type == PROTOBUF_C_TYPE_UINT64)
            *(uint64_t *) at = place->row->most + 1;
        else if (!is_wide && place->row->most < UINT32_MAX)
            *(uint32_t *) at = (uint32_t) place->row->most + 1;
        else
            return false;
        return true;
    case NEGATIVE:
        if (place->field->type != PROTOBUF_C_TYPE_INT64)
            return false;
        *(int64_t *) at = -1;
        return true;
    case TWICE:
        (*(int **) at)[1] = (*(int **) at)[0];
        return true;
    case ZERO_IN_LIST:
        (*(int **) at)[0] = 0;
        return true;
    case SWAPPED: {
        uint32_t *numbers = *(uint32_t **) at;
        uint32_t first = numbers[0];
        numbers[0] = numbers[1];
        numbers[1] = first;
        return true;
    }
    case RANK_TOO_LOW:
        (*(uint32_t **) at)[1] = (uint32_t) place->row->most + 1;
        return true;
    case WEIGHT_OF_0:
        (*(uint64_t **) at)[0] = 0;
        return true;
    case WEIGHT_TOO_LARGE:
        (*(uint64_t **) at)[1] = WEIGHT_MAX + 1;
        return true;
    case ONE_TOO_MANY: {
        size_t count = place->row->most + 1;
        ProtobufCMessage **list = arena_alloc(arena, count * sizeof(ProtobufCMessage *));
        for (size_t i = 0; i < count; i++)
            list[i] = (*(ProtobufCMessage ***) at)[0];
        memcpy((uint8_t *) place->message + place->field->quantifier_offset, &count, sizeof(count));
        *(ProtobufCMessage ***) at = list;
        return true;
    }
    case MOST_NUMBERS:
    case ONE_NUMBER_TOO_MANY:
        numbers_make(place, at, breakage == ONE_NUMBER_TOO_MANY);
        return true;
    }
    return false;
}

/* Names that are given together, or not at all. */
static bool is_of_pair(const char *name)
{
    static const char *const PAIRED[] = {"amendment_body", "amendment_rule", "body", "rule"};

    for (size_t i = 0; i < ARRAY_COUNT(PAIRED); i++)
        if (strcmp(PAIRED[i], name) == 0)
            return true;
    return false;
}

/* What a breakage should come to at this place. */
static int expected_code(const struct place *place, size_t b)
{
    bool is_many = place->row->form == FORM_NUMBERS || place->row->form == FORM_MESSAGES;
    bool may_be_zero = place->row->least == 0 && (is_many || place->row->form == FORM_NUMBER);
    bool may_be_empty = place->row->form == FORM_TEXT_OR_NONE && place->row->least == 0;
    bool names_nothing = sample.command->body_case == COMITY__V1__COMMAND__BODY_FOUND ||
                         sample.command->body_case == COMITY__V1__COMMAND__BODY_REDEEM;
    may_be_zero = may_be_zero || (place->row->form == FORM_EPOCH && names_nothing);
    if (BREAKAGES[b].breakage == LEAVE_OUT && place->row->type != &comity__v1__give_mandate__descriptor &&
        is_of_pair(place->field->name))
        return ERR_MISSING;
    if (BREAKAGES[b].breakage == LEAVE_OUT && place->row->type == &comity__v1__invite__descriptor &&
        strcmp(place->field->name, "name") == 0)
        return ERR_MISSING; /* of a new member */
    if (BREAKAGES[b].breakage == SIZE_OF_0 && may_be_empty)
        return 0;
    return BREAKAGES[b].breakage == LEAVE_OUT && may_be_zero ? 0 : BREAKAGES[b].code;
}

static unsigned break_everywhere(Comity__V1__Command__BodyCase body)
{
    unsigned broken = 0;
    for (size_t b = 0; b < ARRAY_COUNT(BREAKAGES); b++) {
        for (unsigned at = 0;; at++) {
            struct place place;
            unsigned wanted = at;
            make(body);
            if (!place_find(&sample.command->base, NULL, &wanted, &place))
                break;
            if (place.row->form != BREAKAGES[b].form || !breakage_make(&place, BREAKAGES[b].breakage))
                continue;
            char field[FIELD_PATH_MAX + 8];
            snprintf(field, sizeof(field), "%s%s", place.path, BREAKAGES[b].part);
            assert_form(expected_code(&place, b), field);
            broken++;
        }
    }
    return broken;
}

static void test_every_field_broken_in_every_way(void **state)
{
    (void) state;
    unsigned broken = 0;
    for (unsigned i = 0; i < sample_body_count(); i++)
        broken += break_everywhere(sample_body_at(i));
    print_message("%u fields broken\n", broken);
    assert_true(broken > 350);
}

/* --- the limits of command.proto, written out again --- */

static void test_limits_as_the_contract_has_them(void **state)
{
    (void) state;
    static const struct {
        const ProtobufCMessageDescriptor *type;
        const char *field;
        uint64_t least;
        uint64_t most;
    } ROWS[] = {
        {&comity__v1__command__descriptor, "cosigners", 0, 64},
        {&comity__v1__found__descriptor, "title", 1, 400},
        {&comity__v1__found__descriptor, "constituencies", 1, 64},
        {&comity__v1__found__descriptor, "sites", 1, 256},
        {&comity__v1__founder__descriptor, "name", 1, 400},
        {&comity__v1__new_constituency__descriptor, "founders", 1, 32},
        {&comity__v1__new_constituency__descriptor, "title", 1, 400},
        {&comity__v1__new_site__descriptor, "title", 1, 400},
        {&comity__v1__invite__descriptor, "name", 1, 400},
        {&comity__v1__invite__descriptor, "member", 0, UINT32_MAX},
        {&comity__v1__co_chairs_needed__descriptor, "count", 2, 32},
        {&comity__v1__charter__descriptor, "co_chairs", 0, 64},
        {&comity__v1__create_body__descriptor, "title", 1, 400},
        {&comity__v1__create_body__descriptor, "seats", 1, 64},
        {&comity__v1__seat_group__descriptor, "count", 1, 10000},
        {&comity__v1__assign_seat__descriptor, "member", 0, UINT32_MAX},
        {&comity__v1__assign_seat__descriptor, "until_ms", 0, INT64_MAX},
        {&comity__v1__charter__descriptor, "text", 1, 65536},
        {&comity__v1__charter__descriptor, "functions", 0, 64},
        {&comity__v1__charter__descriptor, "excluded", 0, 64},
        {&comity__v1__charter__descriptor, "records", 0, 14},
        {&comity__v1__charter__descriptor, "notice_hours", 0, 8784},
        {&comity__v1__charter__descriptor, "retention", 0, 16},
        {&comity__v1__vital_function__descriptor, "standings", 0, 64},
        {&comity__v1__retention_class__descriptor, "days", 0, 36525},
        {&comity__v1__recuse__descriptor, "reason", 1, 4096},
        {&comity__v1__name_alternates__descriptor, "members", 0, 64},
        {&comity__v1__convene_session__descriptor, "title", 1, 400},
        {&comity__v1__add_item__descriptor, "title", 1, 400},
        {&comity__v1__make_proposal__descriptor, "title", 1, 400},
        {&comity__v1__make_proposal__descriptor, "text", 1, 65536},
        {&comity__v1__revise_proposal__descriptor, "text", 1, 65536},
        {&comity__v1__open_round__descriptor, "closes_ms", 0, INT64_MAX},
        {&comity__v1__cast_ballot__descriptor, "answer", 0, UINT32_MAX},
        {&comity__v1__cast_ballot__descriptor, "replaces", 0, INT64_MAX},
        {&comity__v1__cast_ballot__descriptor, "reason", 0, 4096},
        {&comity__v1__adopt_rule__descriptor, "bodies", 1, 64},
        /* Sessions. */
        {&comity__v1__draft_session__descriptor, "title", 1, 400},
        {&comity__v1__give_notice__descriptor, "notice_minutes", 0, 527040},
        {&comity__v1__order_agenda__descriptor, "items", 1, 500},
        {&comity__v1__set_ground_rules__descriptor, "text", 1, 65536},
        {&comity__v1__set_ground_rules__descriptor, "away_after_minutes", 0, 1440},
        {&comity__v1__name_facilitators__descriptor, "facilitators", 0, 16},
        {&comity__v1__roll_call__descriptor, "members", 1, 500},
        {&comity__v1__recess_session__descriptor, "until_ms", 0, INT64_MAX},
        {&comity__v1__set_time_box__descriptor, "minutes", 1, 1440},
        {&comity__v1__extend_time_box__descriptor, "minutes", 1, 1440},
        {&comity__v1__propose_sidebar__descriptor, "topic", 1, 400},
        {&comity__v1__propose_sidebar__descriptor, "members", 1, 15},
        {&comity__v1__end_sidebar__descriptor, "summary", 0, 4096},
        {&comity__v1__note_plus_delta__descriptor, "text", 1, 4096},
        /* Problem solving. */
        {&comity__v1__hold_phase__descriptor, "reason", 1, 4096},
        {&comity__v1__flag_bargaining__descriptor, "reason", 0, 4096},
        {&comity__v1__contribute__descriptor, "text", 1, 4096},
        {&comity__v1__contribute__descriptor, "about", 0, 32},
        {&comity__v1__approve_contributions__descriptor, "texts", 1, 64},
        {&comity__v1__link_proposal__descriptor, "contributions", 1, 32},
        {&comity__v1__answer_data__descriptor, "text", 1, 65536},
        {&comity__v1__open_straw_poll__descriptor, "choices", 2, 10},
        {&comity__v1__terms__descriptor, "effects", 0, 16},
        {&comity__v1__terms__descriptor, "clauses", 0, 16},
        {&comity__v1__clause__descriptor, "title", 1, 400},
        {&comity__v1__clause__descriptor, "signatories", 1, 64},
        {&comity__v1__reopen_decision__descriptor, "fact", 1, 4096},
        {&comity__v1__declare_outcome__descriptor, "reason", 1, 4096},
        {&comity__v1__add_action__descriptor, "owners", 1, 16},
        {&comity__v1__add_action__descriptor, "due_date", 20000101, 29991231},
        {&comity__v1__draft_minutes__descriptor, "text", 1, 65536},
        {&comity__v1__give_mandate__descriptor, "limits", 1, 65536},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        const struct form_row *row = sample_row(ROWS[i].type, ROWS[i].field);
        assert_non_null(row);
        if (row->least != ROWS[i].least || row->most != ROWS[i].most)
            fail_msg("%s.%s", ROWS[i].type->short_name, ROWS[i].field);
    }
    assert_int_equal(COMMAND_MAX_BYTES, 65536);
    assert_int_equal(COMMAND_LARGE_MAX_BYTES, 131072);
}

/* Who or what is called so has a letter or a digit in its name; what is only headed so can do with a sign. */
static void test_what_is_a_name(void **state)
{
    static const char *const NAMES[] = {"found.constituencies[1].founders[0].name", "found.constituencies[0].title",
                                        "found.sites[2].title", "add_site.site.title", "invite.name",
                                        "admit_constituency.constituency.founders[0].name"};
    static const char *const TITLES[] = {"found.title", "convene_session.title", "add_item.title", "open_round.question"};

    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(NAMES); i++)
        assert_true(form_is_name(form_row_of_path(NAMES[i])));
    for (size_t i = 0; i < ARRAY_COUNT(TITLES); i++) {
        assert_true(form_is_title(form_row_of_path(TITLES[i])));
        assert_false(form_is_name(form_row_of_path(TITLES[i])));
    }
}

static void test_history(void **state)
{
    (void) state;
    make(COMITY__V1__COMMAND__BODY_FOUND);
    sample.command->history = sample_binary(&sample, HISTORY_ID_SIZE);
    assert_form(ERR_RANGE, "history");
    make(COMITY__V1__COMMAND__BODY_CAST_BALLOT);
    sample.command->history.len = 0;
    assert_form(ERR_MISSING, "history");
}

static void test_epoch(void **state)
{
    (void) state;
    static const Comity__V1__Command__BodyCase NAME_NOTHING[] = {COMITY__V1__COMMAND__BODY_FOUND,
                                                                 COMITY__V1__COMMAND__BODY_REDEEM};
    for (size_t i = 0; i < ARRAY_COUNT(NAME_NOTHING); i++) {
        make(NAME_NOTHING[i]);
        assert_form(0, "");
        sample.command->epoch = 1;
        assert_form(ERR_RANGE, "epoch");
    }
    make(COMITY__V1__COMMAND__BODY_INVITE); /* nor does this one, but it builds on a roll */
    sample.command->epoch = UINT32_MAX;
    assert_form(0, "");
    sample.command->epoch = 0;
    assert_form(ERR_MISSING, "epoch");
}

static void test_cosigners(void **state)
{
    (void) state;
    static const struct {
        size_t cosigners;
        int change; /* 1: swap 0 and 1; 2: 1 is 0's; 3: 1 is the signer's; 4: 1 has 31 bytes */
        int code;
        const char *field;
    } ROWS[] = {
        {0, 0, 0, ""},
        {2, 0, 0, ""},
        {64, 0, 0, ""},
        {65, 0, ERR_RANGE, "cosigners"},
        {2, 1, ERR_RANGE, "cosigners[1]"},
        {2, 2, ERR_DUPLICATE, "cosigners[1]"},
        {2, 3, ERR_DUPLICATE, "cosigners[1]"},
        {2, 4, ERR_RANGE, "cosigners[1]"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++) {
        arena_reset(arena);
        sample_make(&sample, arena, COMITY__V1__COMMAND__BODY_ADD_SITE, ROWS[i].cosigners);
        ProtobufCBinaryData *keys = sample.command->cosigners;
        ProtobufCBinaryData first = keys[0];
        if (ROWS[i].change == 1) {
            keys[0] = keys[1];
            keys[1] = first;
        } else if (ROWS[i].change == 2) {
            keys[1] = first;
        } else if (ROWS[i].change == 3) {
            keys[1] = sample.command->key;
        } else if (ROWS[i].change == 4) {
            keys[1].len = 31;
        }
        assert_form(ROWS[i].code, ROWS[i].field);
    }
}

static Comity__V1__NewConstituency *constituency_made(void)
{
    make(COMITY__V1__COMMAND__BODY_ADMIT_CONSTITUENCY);
    return sample.command->admit_constituency->constituency;
}

static void test_co_chairs(void **state)
{
    (void) state;
    /* Both founders of the sample are co-chairs (office 1 of 2), and there is a recovery key. */
    Comity__V1__NewConstituency *constituency = constituency_made();
    constituency->recovery_key.len = 0;
    assert_form(0, "");

    constituency = constituency_made();
    constituency->founders[0]->n_offices = 1;
    assert_form(0, "");
    constituency->recovery_key.len = 0;
    assert_form(ERR_MISSING, "admit_constituency.constituency.recovery_key");

    constituency = constituency_made();
    constituency->founders[0]->n_offices = 1;
    constituency->founders[1]->n_offices = 0;
    assert_form(ERR_MISSING, "admit_constituency.constituency.founders");

    constituency = constituency_made();
    constituency->founders[1]->key = constituency->founders[0]->key;
    assert_form(ERR_DUPLICATE, "admit_constituency.constituency.founders[1].key");
}

/* Who lost a key has a name and offices already. */
static void test_an_invitation_back(void **state)
{
    (void) state;
    make(COMITY__V1__COMMAND__BODY_INVITE);
    sample.command->invite->member = 3;
    assert_form(ERR_RANGE, "invite.name");
    sample.command->invite->name = NULL;
    assert_form(ERR_RANGE, "invite.offices");
    sample.command->invite->n_offices = 0;
    assert_form(0, "");
    sample.command->invite->member = 0;
    assert_form(ERR_MISSING, "invite.name");
}

static void test_found(void **state)
{
    (void) state;
    make(COMITY__V1__COMMAND__BODY_FOUND);
    sample.command->found->constituencies[0]->standing = COMITY__V1__STANDING__STANDING_NEUTRAL;
    assert_form(0, "");
    sample.command->found->constituencies[1]->standing = COMITY__V1__STANDING__STANDING_NEUTRAL;
    assert_form(ERR_MISSING, "found.constituencies");

    make(COMITY__V1__COMMAND__BODY_FOUND);
    sample.command->found->constituencies[1]->name = sample.command->found->constituencies[0]->name;
    assert_form(ERR_DUPLICATE, "found.constituencies[1].name");

    make(COMITY__V1__COMMAND__BODY_FOUND);
    sample.command->found->sites[1]->name = sample.command->found->sites[0]->name;
    assert_form(ERR_DUPLICATE, "found.sites[1].name");

    make(COMITY__V1__COMMAND__BODY_FOUND);
    sample.command->found->constituencies[1]->founders[0]->key =
        sample.command->found->constituencies[0]->founders[1]->key;
    assert_form(ERR_DUPLICATE, "found.constituencies[1].founders[0].key");
}

static void test_seats_in_all(void **state)
{
    (void) state;
    make(COMITY__V1__COMMAND__BODY_CREATE_BODY);
    sample.command->create_body->seats[0]->count = 9993;
    sample.command->create_body->seats[1]->count = 7;
    assert_form(0, "");
    sample.command->create_body->seats[0]->count = 9994;
    assert_form(ERR_RANGE, "create_body.seats");
}

static void test_too_many_texts(void **state)
{
    (void) state;
    /* 64 constituencies of 16 founders: 1 + 64 * 17 + 2 texts. */
    make(COMITY__V1__COMMAND__BODY_FOUND);
    Comity__V1__Found *found = sample.command->found;
    Comity__V1__Founder *founders[16];
    Comity__V1__NewConstituency *constituencies[64];
    for (size_t i = 0; i < 16; i++)
        founders[i] = found->constituencies[0]->founders[0];
    found->constituencies[0]->founders = founders;
    found->constituencies[0]->n_founders = 16;
    for (size_t i = 0; i < 64; i++)
        constituencies[i] = found->constituencies[0];
    found->constituencies = constituencies;
    found->n_constituencies = 64;
    assert_form(ERR_TOO_LARGE, "texts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_a_row_in_its_place),
        cmocka_unit_test(test_every_body_is_accepted),
        cmocka_unit_test(test_every_field_broken_in_every_way),
        cmocka_unit_test(test_limits_as_the_contract_has_them),
        cmocka_unit_test(test_what_is_a_name),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_epoch),
        cmocka_unit_test(test_cosigners),
        cmocka_unit_test(test_co_chairs),
        cmocka_unit_test(test_an_invitation_back), cmocka_unit_test(test_found),
        cmocka_unit_test(test_seats_in_all),
        cmocka_unit_test(test_too_many_texts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
