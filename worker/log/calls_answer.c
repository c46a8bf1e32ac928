/* What the answers to the transactions hold. */
#include "core/error.h"
#include "core/text.h"
#include "worker/log/calls.h"

enum { ENTRY_KEY_DIGITS = 16 };

static struct bytes value_of(const Etcdserverpb__KeyValue *kv)
{
    return BYTES(kv->value.data, kv->value.len);
}

static bool number_read(struct bytes digits, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (digits.size != ENTRY_KEY_DIGITS)
        return false;
    for (size_t i = 0; i < digits.size; i++) {
        char c = (char) digits.data[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned) (c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned) (c - 'a') + 10
                                                : 16;
        if (digit == 16)
            return false;
        number = number << 4 | digit;
    }
    *ret_number = number;
    return true;
}

static int leader_take(const Etcdserverpb__KeyValue *kv, struct bytes rest, struct calls_answer *answer)
{
    if (rest.size != 0)
        return 0;
    answer->has_leader = true;
    answer->leader_term = (uint64_t) kv->create_revision;
    answer->leader_changed = kv->mod_revision;
    return leader_read(value_of(kv), &answer->leader);
}

static int head_take(const Etcdserverpb__KeyValue *kv, struct bytes rest, struct calls_answer *answer)
{
    if (rest.size != 0)
        return 0;
    answer->has_head = true;
    return place_read(value_of(kv), &answer->head);
}

static int meta_take(const Etcdserverpb__KeyValue *kv, struct bytes rest, struct calls_answer *answer)
{
    if (rest.size != 0)
        return 0;
    answer->has_meta = true;
    return meta_read(value_of(kv), &answer->meta);
}

static int entry_take(const Etcdserverpb__KeyValue *kv, struct bytes rest, struct calls_answer *answer)
{
    struct calls_entry *entry = &answer->entries[answer->entry_count];
    if (answer->entry_count == CALLS_ENTRIES_MAX || !number_read(rest, &entry->number))
        return ERR_MALFORMED;
    entry->value = value_of(kv);
    answer->entry_count++;
    return 0;
}

static void seat_leave_out(struct bytes name, struct calls_answer *answer)
{
    size_t size = name.size < LOG_NAME_MAX ? name.size : LOG_NAME_MAX;
    for (size_t i = 0; i < size; i++)
        answer->unread[i] = name.data[i] > ' ' && name.data[i] < 127 ? (char) name.data[i] : '?';
    if (size == 0)
        answer->unread[size++] = '?';
    answer->unread[size] = '\0';
}

/* One that cannot be read keeps nobody from reading the others. Our own comes first, and again in its place
 * among all. */
static void seat_take(const struct calls *calls, const Etcdserverpb__KeyValue *kv, struct bytes name,
                      struct calls_answer *answer)
{
    struct calls_seat seat = {.changed = kv->mod_revision};
    bool is_name = name.size > 0 && name.size <= LOG_NAME_MAX && !memchr(name.data, 0, name.size);
    if (is_name)
        memcpy(seat.name, name.data, name.size);
    is_name = is_name && name_is_valid(seat.name);
    bool is_own = is_name && strcmp(seat.name, calls->name) == 0,
         is_read = is_name && seat_read(value_of(kv), &seat.seat) == 0;
    if (is_own && answer->seat_count > 0 && strcmp(answer->seats[0].name, seat.name) == 0) {
        seat = answer->seats[0];
        memmove(answer->seats, answer->seats + 1, --answer->seat_count * sizeof(seat));
        is_read = true;
    }
    if (!is_read)
        seat.seat = (struct log_seat){.level = 0};
    if ((is_read || is_own) && answer->seat_count < CALLS_SEATS_MAX)
        answer->seats[answer->seat_count++] = seat;
    else
        seat_leave_out(name, answer);
}

static const struct {
    const char *key;
    int (*take)(const Etcdserverpb__KeyValue *kv, struct bytes rest, struct calls_answer *answer);
} KEYS[] = {
    {"leader", leader_take},
    {"head", head_take},
    {"meta", meta_take},
    {"log/", entry_take},
};
static const char SEATS_KEY[] = "applied/";

static int kv_take(const struct calls *calls, const Etcdserverpb__KeyValue *kv, struct calls_answer *answer)
{
    size_t prefix_size = strlen(calls->prefix);
    if (kv->key.len < prefix_size || memcmp(kv->key.data, calls->prefix, prefix_size) != 0)
        return ERR_MALFORMED;
    struct bytes key = BYTES(kv->key.data + prefix_size, kv->key.len - prefix_size);
    size_t seats_size = strlen(SEATS_KEY);
    if (key.size >= seats_size && memcmp(key.data, SEATS_KEY, seats_size) == 0) {
        seat_take(calls, kv, BYTES(key.data + seats_size, key.size - seats_size), answer);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_COUNT(KEYS); i++) {
        size_t size = strlen(KEYS[i].key);
        if (key.size >= size && memcmp(key.data, KEYS[i].key, size) == 0)
            return KEYS[i].take(kv, BYTES(key.data + size, key.size - size), answer);
    }
    return 0;
}

int calls_read(const struct calls *calls, const Etcdserverpb__TxnResponse *response,
               struct calls_answer *ret_answer)
{
    if (!response->header)
        return ERR_MALFORMED;
    if (calls->cluster != 0 && response->header->cluster_id != calls->cluster)
        return ERR_CONFIG;
    *ret_answer = (struct calls_answer){
        .is_done = response->succeeded,
        .cluster = response->header->cluster_id,
        .revision = response->header->revision,
    };
    for (size_t i = 0; i < response->n_responses; i++) {
        const Etcdserverpb__ResponseOp *one = response->responses[i];
        if (one->response_case != ETCDSERVERPB__RESPONSE_OP__RESPONSE_RESPONSE_RANGE)
            continue;
        for (size_t j = 0; j < one->response_range->n_kvs; j++) {
            int code = kv_take(calls, one->response_range->kvs[j], ret_answer);
            if (code)
                return code;
        }
    }
    return 0;
}

uint32_t calls_level(const struct calls_answer *answer, uint32_t own)
{
    uint32_t level = answer->unread[0] ? 1 : own;
    for (size_t i = 0; i < answer->seat_count; i++)
        if (answer->seats[i].seat.level < level)
            level = answer->seats[i].seat.level;
    return level > 1 ? level : 1;
}

static bool is_leader(const struct calls *calls, const struct calls_answer *answer)
{
    return answer->has_leader && memcmp(answer->leader.nonce, calls->nonce, LOG_NONCE_SIZE) == 0;
}

int64_t calls_namesake_beat(const struct calls *calls, const struct calls_answer *answer)
{
    bool is_namesake = answer->has_leader && strcmp(answer->leader.name, calls->name) == 0;
    return is_namesake && !is_leader(calls, answer) ? answer->leader_changed : 0;
}

void calls_seen(const struct calls *calls, const struct calls_answer *answer, struct term_seen *ret_seen)
{
    *ret_seen = (struct term_seen){0};
    if (!answer)
        return;
    *ret_seen = (struct term_seen){
        .is_answered = true,
        .is_done = answer->is_done,
        .has_leader = answer->has_leader,
        .is_me = is_leader(calls, answer),
        .leader_term = answer->leader_term,
        .leader_changed = answer->leader_changed,
        .has_head = answer->has_head,
        .head = answer->head,
    };
}

static enum append_head head_seen(const struct calls_answer *answer, const struct order_place *before,
                                  const struct order_place *behind)
{
    if (!answer->has_head || answer->head.number < before->number)
        return HEAD_STRANGE;
    if (answer->head.number == before->number)
        return place_equal(&answer->head, before) ? HEAD_BEFORE : HEAD_STRANGE;
    if (answer->head.number > behind->number)
        return HEAD_BEYOND;
    return place_equal(&answer->head, behind) ? HEAD_MINE : HEAD_INSTEAD;
}

void calls_seen_append(const struct calls_answer *answer, uint64_t term, const uint8_t id[BATCH_ID_SIZE],
                       const struct order_place *before, const struct order_place *behind,
                       struct append_seen *ret_seen)
{
    *ret_seen =
        (struct append_seen){.answer = APPEND_ANSWERED, .is_done = answer->is_done, .entry = ENTRY_NONE};
    ret_seen->leader = answer->has_leader && answer->leader_term == term ? LEADER_MINE : LEADER_OTHER;
    ret_seen->head = head_seen(answer, before, behind);
    for (size_t i = 0; i < answer->entry_count; i++) {
        struct sealed_header header;
        if (answer->entries[i].number != behind->number)
            continue;
        bool is_mine =
            sealed_read(answer->entries[i].value, &header) == 0 && memcmp(header.id, id, BATCH_ID_SIZE) == 0;
        ret_seen->entry = is_mine ? ENTRY_MINE : ENTRY_OTHER;
    }
}
