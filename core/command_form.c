#include "core/command_form.h"

#include "core/charter.h"
#include "core/error.h"
#include "core/path.h"
#include "core/rule/rule.h"
#include "core/text.h"

enum { CO_CHAIRS_MIN = 2 };

#define TYPE(name) &comity__v1__##name##__descriptor

/* A field that is being checked: its row, its value, and where it is. */
struct field {
    const Comity__V1__Command *command;
    const struct form_row *row;
    const ProtobufCFieldDescriptor *descriptor;
    const ProtobufCMessage *message;
    const struct path *path;
    struct refusal *refusal;
};

static int message_check(const Comity__V1__Command *command, const ProtobufCMessage *message,
                         const struct path *path, struct refusal *refusal);

static int path_refuse(const struct path *path, int code, uint64_t limit, struct refusal *refusal)
{
    char field[FIELD_PATH_MAX];
    return refuse_limit(refusal, code, path_write(path, field, sizeof(field)), limit);
}

static int field_refuse(const struct field *field, int code)
{
    return path_refuse(field->path, code, 0, field->refusal);
}

/* Refuse a part of the field: "title.hash", or with a NULL name its index-th element. */
static int part_refuse(const struct field *field, const char *name, int64_t index, int code, uint64_t limit)
{
    struct path element = *field->path;
    element.index = index;
    struct path part = {field->path, name, PATH_NOT_REPEATED};
    return path_refuse(name ? &part : &element, code, limit, field->refusal);
}

static const void *field_value(const struct field *field)
{
    return (const uint8_t *) field->message + field->descriptor->offset;
}

static size_t field_count(const struct field *field)
{
    size_t count;
    memcpy(&count, (const uint8_t *) field->message + field->descriptor->quantifier_offset, sizeof(count));
    return count;
}

static int name_check(const struct field *field)
{
    const char *name;
    memcpy(&name, field_value(field), sizeof(name));
    if (name[0] == '\0')
        return field->row->form == FORM_NAME_OR_NONE ? 0 : field_refuse(field, ERR_MISSING);
    return name_is_valid(name) ? 0 : field_refuse(field, ERR_NAME);
}

static int zone_check(const struct field *field)
{
    const char *zone;
    memcpy(&zone, field_value(field), sizeof(zone));
    if (zone[0] == '\0')
        return field_refuse(field, ERR_MISSING);
    return time_zone_is_valid(zone) ? 0 : field_refuse(field, ERR_RANGE);
}

static int text_check(const struct field *field)
{
    const Comity__V1__TextRef *text;
    memcpy(&text, field_value(field), sizeof(text));
    if (!text)
        return field->row->form == FORM_TEXT_OR_NONE ? 0 : field_refuse(field, ERR_MISSING);
    if (text->hash.len != HASH_SIZE)
        return part_refuse(field, "hash", 0, text->hash.len == 0 ? ERR_MISSING : ERR_RANGE, 0);
    if (text->size < field->row->least)
        return part_refuse(field, "size", 0, ERR_MISSING, 0);
    if (text->size > field->row->most)
        return part_refuse(field, "size", 0, ERR_RANGE, field->row->most);
    return 0;
}

static int hash_check(const struct field *field)
{
    const ProtobufCBinaryData *hash = field_value(field);
    if (hash->len == 0)
        return field->row->form == FORM_HASH_OR_NONE ? 0 : field_refuse(field, ERR_MISSING);
    return hash->len == HASH_SIZE ? 0 : field_refuse(field, ERR_RANGE);
}

static int nonce_check(const struct field *field)
{
    const ProtobufCBinaryData *nonce = field_value(field);
    if (nonce->len == 0)
        return field_refuse(field, ERR_MISSING);
    return nonce->len == NONCE_SIZE ? 0 : field_refuse(field, ERR_RANGE);
}

static int history_check(const struct field *field)
{
    if (field->command->body_case != COMITY__V1__COMMAND__BODY_FOUND)
        return hash_check(field);
    const ProtobufCBinaryData *history = field_value(field);
    return history->len == 0 ? 0 : field_refuse(field, ERR_RANGE);
}

static int cosigners_check(const struct field *field)
{
    size_t count = field_count(field);
    if (count > field->row->most)
        return path_refuse(field->path, ERR_RANGE, field->row->most, field->refusal);
    const ProtobufCBinaryData *cosigners = field->command->cosigners;
    const ProtobufCBinaryData *signer = &field->command->key;
    for (size_t i = 0; i < count; i++) {
        if (cosigners[i].len != KEY_SIZE)
            return part_refuse(field, NULL, (int64_t) i, ERR_RANGE, 0);
        if (signer->len == KEY_SIZE && memcmp(cosigners[i].data, signer->data, KEY_SIZE) == 0)
            return part_refuse(field, NULL, (int64_t) i, ERR_DUPLICATE, 0);
        int order = i == 0 ? 1 : memcmp(cosigners[i].data, cosigners[i - 1].data, KEY_SIZE);
        if (order <= 0)
            return part_refuse(field, NULL, (int64_t) i, order == 0 ? ERR_DUPLICATE : ERR_RANGE, 0);
    }
    return 0;
}

static int number_check(const struct field *field)
{
    uint64_t value = 0;
    bool is_negative = false;
    if (field->descriptor->type == PROTOBUF_C_TYPE_UINT32) {
        uint32_t narrow;
        memcpy(&narrow, field_value(field), sizeof(narrow));
        value = narrow;
    } else {
        memcpy(&value, field_value(field), sizeof(value));
        is_negative = field->descriptor->type == PROTOBUF_C_TYPE_INT64 && (int64_t) value < 0;
    }
    if (!is_negative && value == 0 && field->row->least > 0)
        return field_refuse(field, ERR_MISSING);
    if (is_negative || value < field->row->least)
        return field_refuse(field, ERR_RANGE);
    if (value > field->row->most)
        return path_refuse(field->path, ERR_RANGE, field->row->most, field->refusal);
    return 0;
}

static int epoch_check(const struct field *field)
{
    bool names_nothing = field->command->body_case == COMITY__V1__COMMAND__BODY_FOUND ||
                         field->command->body_case == COMITY__V1__COMMAND__BODY_REDEEM;
    if (names_nothing)
        return field->command->epoch == 0 ? 0 : field_refuse(field, ERR_RANGE);
    return field->command->epoch > 0 ? 0 : field_refuse(field, ERR_MISSING);
}

static int numbers_check(const struct field *field)
{
    bool is_ascending = field->row->form == FORM_ASCENDING;
    size_t count = field_count(field);
    const uint32_t *values;
    memcpy(&values, field_value(field), sizeof(values));
    if (count < field->row->least)
        return field_refuse(field, ERR_MISSING);
    if (count > field->row->most)
        return path_refuse(field->path, ERR_RANGE, field->row->most, field->refusal);
    for (size_t i = 0; i < count; i++) {
        if (values[i] == 0)
            return part_refuse(field, NULL, (int64_t) i, ERR_MISSING, 0);
        /* Where they ascend the one before is the only one that it can be. */
        for (size_t j = is_ascending && i > 0 ? i - 1 : 0; j < i; j++)
            if (is_ascending ? values[i] <= values[j] : values[i] == values[j])
                return part_refuse(field, NULL, (int64_t) i, ERR_DUPLICATE, 0);
    }
    return 0;
}

static int ranks_check(const struct field *field)
{
    size_t count = field_count(field);
    const uint32_t *values;

    memcpy(&values, field_value(field), sizeof(values));
    if (count > field->row->most)
        return path_refuse(field->path, ERR_RANGE, field->row->most, field->refusal);
    for (size_t i = 0; i < count; i++)
        if (values[i] > field->row->most)
            return part_refuse(field, NULL, (int64_t) i, ERR_RANGE, field->row->most);
    return 0;
}

static int weights_check(const struct field *field)
{
    size_t count = field_count(field);
    const uint64_t *values;

    memcpy(&values, field_value(field), sizeof(values));
    if (count > field->row->most)
        return path_refuse(field->path, ERR_RANGE, field->row->most, field->refusal);
    for (size_t i = 0; i < count; i++)
        if (values[i] == 0 || values[i] > WEIGHT_MAX)
            return part_refuse(field, NULL, (int64_t) i, values[i] == 0 ? ERR_MISSING : ERR_RANGE, WEIGHT_MAX);
    return 0;
}

static int choice_check(const struct field *field)
{
    int value;
    memcpy(&value, field_value(field), sizeof(value));
    return value != 0 || field->row->form == FORM_CHOICE_OR_NONE ? 0 : field_refuse(field, ERR_MISSING);
}

static int free_check(const struct field *field)
{
    (void) field;
    return 0;
}

static int language_check(const struct field *field)
{
    const char *tag;
    memcpy(&tag, field_value(field), sizeof(tag));
    return tag[0] == '\0' || language_is_valid(tag) ? 0 : field_refuse(field, ERR_RANGE);
}

static int choices_check(const struct field *field)
{
    size_t count = field_count(field);
    const int *values;
    memcpy(&values, field_value(field), sizeof(values));
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] == 0)
            return part_refuse(field, NULL, (int64_t) i, ERR_MISSING, 0);
        if (values[i] < 0 || values[i] > 63)
            return part_refuse(field, NULL, (int64_t) i, ERR_ENUM, 0);
        if (seen >> values[i] & 1)
            return part_refuse(field, NULL, (int64_t) i, ERR_DUPLICATE, 0);
        seen |= UINT64_C(1) << values[i];
    }
    return 0;
}

static int messages_check(const struct field *field)
{
    ProtobufCMessage *const *list = NULL;
    size_t count = message_field_messages(field->message, field->descriptor, &list);
    bool is_repeated = field->row->form == FORM_MESSAGES;
    bool may_be_none = field->row->form == FORM_MESSAGE_OR_NONE || (is_repeated && field->row->least == 0);
    if (count == 0)
        return may_be_none ? 0 : field_refuse(field, ERR_MISSING);
    if (is_repeated && count > field->row->most)
        return path_refuse(field->path, ERR_RANGE, field->row->most, field->refusal);
    for (size_t i = 0; i < count; i++) {
        struct path element = *field->path;
        element.index = is_repeated ? (int64_t) i : PATH_NOT_REPEATED;
        int code = message_check(field->command, list[i], &element, field->refusal);
        if (code)
            return code;
    }
    return 0;
}

static int rule_check_given(const struct field *field)
{
    ProtobufCMessage *const *list = NULL;
    return message_field_messages(field->message, field->descriptor, &list)
               ? 0
               : field_refuse(field, ERR_MISSING);
}

static int body_check(const struct field *field)
{
    ProtobufCMessage *const *list = NULL;
    if (message_field_messages(field->message, field->descriptor, &list) == 0)
        return 0;
    return message_check(field->command, list[0], field->path, field->refusal);
}

typedef int form_check_fn(const struct field *field);

static form_check_fn *const CHECKS[] = {
    [FORM_NAME] = name_check,           [FORM_NAME_OR_NONE] = name_check,
    [FORM_TIME_ZONE] = zone_check,      [FORM_TEXT] = text_check,
    [FORM_TEXT_OR_NONE] = text_check,   [FORM_HASH] = hash_check,
    [FORM_HASH_OR_NONE] = hash_check,   [FORM_HISTORY] = history_check,
    [FORM_COSIGNERS] = cosigners_check, [FORM_NUMBER] = number_check,
    [FORM_CHOICE] = choice_check,       [FORM_CHOICES] = choices_check,
    [FORM_MESSAGE] = messages_check,    [FORM_MESSAGES] = messages_check,
    [FORM_RULE] = rule_check_given,     [FORM_BODY] = body_check,
    [FORM_NONCE] = nonce_check,         [FORM_EPOCH] = epoch_check,
    [FORM_NUMBERS] = numbers_check,     [FORM_FLAG] = free_check,
    [FORM_CHOICE_OR_NONE] = choice_check, [FORM_LANGUAGE_OR_NONE] = language_check,
    [FORM_MESSAGE_OR_NONE] = messages_check, [FORM_ASCENDING] = numbers_check,
    [FORM_RANKS] = ranks_check,         [FORM_WEIGHTS] = weights_check,
};

static int whole_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal);

static int message_check(const Comity__V1__Command *command, const ProtobufCMessage *message,
                         const struct path *path, struct refusal *refusal)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    size_t count;
    const struct form_row *rows = form_rows_of(type, &count);
    if (!rows || count < type->n_fields)
        return path_refuse(path, ERR_INTERNAL, 0, refusal);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *descriptor = &type->fields[i];
        if (strcmp(rows[i].field, descriptor->name) != 0)
            return path_refuse(path, ERR_INTERNAL, 0, refusal);
        const struct path inner = {path, descriptor->name, PATH_NOT_REPEATED};
        const struct field field = {command, &rows[i], descriptor, message, &inner, refusal};
        int code = CHECKS[rows[i].form](&field);
        if (code)
            return code;
    }
    return whole_check(message, path, refusal);
}

/* What concerns several fields of a message at once. */
typedef int whole_check_fn(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal);

static int element_refuse(const struct path *path, const char *list, size_t index, const char *name, int code,
                          struct refusal *refusal)
{
    const struct path element = {path, list, (int64_t) index};
    const struct path part = {&element, name, PATH_NOT_REPEATED};
    return path_refuse(&part, code, 0, refusal);
}

static bool same_key(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* The same key twice in one constituency; at least two co-chairs, or one and a recovery key. */
static int constituency_check(const ProtobufCMessage *message, const struct path *path,
                              struct refusal *refusal)
{
    const Comity__V1__NewConstituency *constituency = (const Comity__V1__NewConstituency *) message;
    unsigned co_chairs = constituency->recovery_key.len > 0 ? 1 : 0;
    for (size_t i = 0; i < constituency->n_founders; i++) {
        const Comity__V1__Founder *founder = constituency->founders[i];
        for (size_t k = 0; k < i; k++) {
            if (same_key(&founder->key, &constituency->founders[k]->key))
                return element_refuse(path, "founders", i, "key", ERR_DUPLICATE, refusal);
        }
        bool is_co_chair = false;
        for (size_t k = 0; k < founder->n_offices; k++)
            is_co_chair = is_co_chair || founder->offices[k] == COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
        co_chairs += is_co_chair ? 1 : 0;
    }
    const bool has_one = co_chairs > (constituency->recovery_key.len > 0 ? 1U : 0U);
    const struct path part = {path, has_one ? "recovery_key" : "founders", PATH_NOT_REPEATED};
    return has_one && co_chairs >= CO_CHAIRS_MIN ? 0 : path_refuse(&part, ERR_MISSING, 0, refusal);
}

static bool has_founder(const Comity__V1__NewConstituency *constituency, const ProtobufCBinaryData *key)
{
    for (size_t i = 0; i < constituency->n_founders; i++) {
        if (same_key(&constituency->founders[i]->key, key))
            return true;
    }
    return false;
}

/* Names and keys once in the whole history; somebody whose support counts. */
static int found_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    const Comity__V1__Found *found = (const Comity__V1__Found *) message;
    bool has_party = false;
    for (size_t i = 0; i < found->n_constituencies; i++) {
        const Comity__V1__NewConstituency *constituency = found->constituencies[i];
        has_party = has_party || constituency->standing == COMITY__V1__STANDING__STANDING_PARTY;
        const struct path here = {path, "constituencies", (int64_t) i};
        for (size_t k = 0; k < i; k++) {
            const Comity__V1__NewConstituency *earlier = found->constituencies[k];
            if (strcmp(constituency->name, earlier->name) == 0)
                return element_refuse(path, "constituencies", i, "name", ERR_DUPLICATE, refusal);
            for (size_t f = 0; f < constituency->n_founders; f++) {
                if (has_founder(earlier, &constituency->founders[f]->key))
                    return element_refuse(&here, "founders", f, "key", ERR_DUPLICATE, refusal);
            }
        }
    }
    for (size_t i = 0; i < found->n_sites; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(found->sites[i]->name, found->sites[k]->name) == 0)
                return element_refuse(path, "sites", i, "name", ERR_DUPLICATE, refusal);
        }
    }
    const struct path constituencies = {path, "constituencies", PATH_NOT_REPEATED};
    return has_party ? 0 : path_refuse(&constituencies, ERR_MISSING, 0, refusal);
}

/* Whoever is to be a member has a name; who is one has it already, and the offices. */
static int invite_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    const Comity__V1__Invite *invite = (const Comity__V1__Invite *) message;
    const struct path name = {path, "name", PATH_NOT_REPEATED};
    const struct path offices = {path, "offices", PATH_NOT_REPEATED};
    if (invite->member == 0)
        return invite->name ? 0 : path_refuse(&name, ERR_MISSING, 0, refusal);
    if (invite->name)
        return path_refuse(&name, ERR_RANGE, 0, refusal);
    return invite->n_offices == 0 ? 0 : path_refuse(&offices, ERR_RANGE, 0, refusal);
}

static int create_body_check(const ProtobufCMessage *message, const struct path *path,
                             struct refusal *refusal)
{
    const Comity__V1__CreateBody *body = (const Comity__V1__CreateBody *) message;
    uint64_t seats = 0;
    for (size_t i = 0; i < body->n_seats; i++)
        seats += body->seats[i]->count;
    const struct path part = {path, "seats", PATH_NOT_REPEATED};
    return seats <= SEATS_MAX ? 0 : path_refuse(&part, ERR_RANGE, SEATS_MAX, refusal);
}

static int enter_ballots_check(const ProtobufCMessage *message, const struct path *path,
                               struct refusal *refusal)
{
    const Comity__V1__EnterBallots *enter = (const Comity__V1__EnterBallots *) message;
    for (size_t i = 0; i < enter->n_ballots; i++) {
        for (size_t k = 0; k < i; k++) {
            if (enter->ballots[i]->member == enter->ballots[k]->member)
                return element_refuse(path, "ballots", i, "member", ERR_DUPLICATE, refusal);
        }
    }
    return 0;
}

/* After it takes effect, and none after its sunset. */
static int terms_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    const Comity__V1__Terms *terms = (const Comity__V1__Terms *) message;
    const struct {
        const char *field;
        int64_t at_ms;
    } TIMES[] = {{"trial_until_ms", terms->trial_until_ms},
                 {"review_ms", terms->review_ms},
                 {"sunset_ms", terms->sunset_ms}};
    for (size_t i = 0; i < ARRAY_COUNT(TIMES); i++) {
        int64_t at_ms = TIMES[i].at_ms;
        const struct path part = {path, TIMES[i].field, PATH_NOT_REPEATED};
        if (at_ms != 0 &&
            (at_ms <= terms->effective_ms || (terms->sunset_ms != 0 && at_ms > terms->sunset_ms)))
            return path_refuse(&part, ERR_RANGE, 0, refusal);
    }
    return 0;
}

static bool date_exists(uint32_t date)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t year = date / 10000, month = date / 100 % 100, day = date % 100;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || day < 1)
        return false;
    return day <= DAYS[month - 1] + (month == 2 && is_leap ? 1U : 0U);
}

static int action_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    const Comity__V1__AddAction *action = (const Comity__V1__AddAction *) message;
    const struct path date = {path, "due_date", PATH_NOT_REPEATED};
    return date_exists(action->due_date) ? 0 : path_refuse(&date, ERR_RANGE, 0, refusal);
}

/* Who drops a task says why. */
static int action_update_check(const ProtobufCMessage *message, const struct path *path,
                               struct refusal *refusal)
{
    const Comity__V1__UpdateAction *update = (const Comity__V1__UpdateAction *) message;
    const struct path note = {path, "note", PATH_NOT_REPEATED};
    bool has_note = update->note && update->note->size > 0;
    if (update->status != COMITY__V1__ACTION_STATUS__ACTION_STATUS_DROPPED || has_note)
        return 0;
    return path_refuse(&note, ERR_MISSING, 0, refusal);
}

static const struct {
    const ProtobufCMessageDescriptor *type;
    whole_check_fn *check;
} WHOLES[] = {
    {TYPE(new_constituency), constituency_check},
    {TYPE(found), found_check},
    {TYPE(invite), invite_check},
    {TYPE(create_body), create_body_check},
    {TYPE(enter_ballots), enter_ballots_check},
    /* Charter and bodies. */
    {TYPE(charter), charter_check},
    {TYPE(vital_function), vital_function_check},
    {TYPE(phase_record), phase_record_check},
    /* Sessions. */
    /* Problem solving. */
    {TYPE(terms), terms_check},
    {TYPE(add_action), action_check},
    {TYPE(update_action), action_update_check},
};

static int whole_check(const ProtobufCMessage *message, const struct path *path, struct refusal *refusal)
{
    for (size_t i = 0; i < ARRAY_COUNT(WHOLES); i++) {
        if (WHOLES[i].type == message->descriptor)
            return WHOLES[i].check(message, path, refusal);
    }
    return 0;
}

int command_form_check(const Comity__V1__Command *command, struct refusal *refusal)
{
    if (command->body_case == COMITY__V1__COMMAND__BODY__NOT_SET)
        return refuse(refusal, ERR_MISSING, "body");
    return message_check(command, &command->base, NULL, refusal);
}
