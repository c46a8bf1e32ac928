#include "fake_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/error.h"
#include "core/event.h"
#include "core/text.h"

int64_t fake_unix_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static ProtobufCBinaryData binary(struct arena *arena, const void *data, size_t size)
{
    return (ProtobufCBinaryData){size, arena_copy(arena, data, size)};
}

static void status_answer(struct fake_group *group, Comity__V1__Answer *answer, struct arena *arena)
{
    Comity__V1__StatusAnswer *status = arena_alloc(arena, sizeof(*status));
    comity__v1__status_answer__init(status);
    status->software = "fake 1";
    status->is_leader = true;
    status->commands = group->command_count;
    answer->status = status;
}

static void whoami_answer(struct fake_group *group, Comity__V1__Answer *answer, struct arena *arena)
{
    Comity__V1__WhoamiAnswer *whoami = arena_alloc(arena, sizeof(*whoami));
    Comity__V1__Partnership *partnership = arena_alloc(arena, sizeof(*partnership));
    comity__v1__whoami_answer__init(whoami);
    comity__v1__partnership__init(partnership);
    partnership->name = "fake";
    partnership->epoch = group->ledger->epoch;
    partnership->epochs = arena_alloc(arena, 8 * sizeof(*partnership->epochs));
    for (size_t i = 0; i < group->listed_count; i++) {
        Comity__V1__Epoch *epoch = arena_alloc(arena, sizeof(*epoch));
        comity__v1__epoch__init(epoch);
        epoch->number = i + 1 < group->listed_count ? (uint32_t) i + 1 : group->ledger->epoch;
        epoch->restored_to = i == 0 ? 0 : group->restored_to;
        epoch->log_key = binary(arena, group->listed[i], KEY_SIZE);
        partnership->epochs[partnership->n_epochs++] = epoch;
    }
    whoami->partnership = partnership;
    answer->whoami = whoami;
}

/* A title, and its text beside. */
static Comity__V1__TextRef *title(struct fake_group *group, unsigned number, Comity__V1__Answer *answer,
                                  struct arena *arena)
{
    uint8_t salt[SALT_SIZE] = {(uint8_t) number, (uint8_t) (number >> 8)}, hash[HASH_SIZE];
    char content[32];
    size_t size = (size_t) snprintf(content, sizeof(content), "Site %u", number);
    text_hash(salt, BYTES(content, size), hash);
    Comity__V1__TextRef *reference = arena_alloc(arena, sizeof(*reference));
    Comity__V1__TextShown *shown = arena_alloc(arena, sizeof(*shown));
    comity__v1__text_ref__init(reference);
    comity__v1__text_shown__init(shown);
    reference->hash = binary(arena, hash, sizeof(hash));
    reference->size = (uint32_t) size;
    shown->hash = binary(arena, hash, sizeof(hash));
    shown->salt = binary(arena, salt, sizeof(salt));
    shown->content = binary(arena, content, size);
    if (group->script.has_bad_texts)
        shown->content.data[0] ^= 1;
    answer->texts[answer->n_texts++] = shown;
    return reference;
}

static void list_answer(struct fake_group *group, const Comity__V1__Query *query, Comity__V1__Answer *answer,
                        struct arena *arena)
{
    unsigned first = query->cursor.len == 4 ? get_u32(query->cursor.data) : 1;
    unsigned page = query->limit < 7 ? query->limit : 7;
    answer->sites = arena_alloc(arena, 8 * sizeof(*answer->sites));
    answer->texts = arena_alloc(arena, 8 * sizeof(*answer->texts));
    for (unsigned number = first; number < first + page && number <= group->rows; number++) {
        Comity__V1__Site *site = arena_alloc(arena, sizeof(*site));
        comity__v1__site__init(site);
        site->number = number;
        site->name = "site";
        site->title = title(group, number, answer, arena);
        site->time_zone = "Europe/Berlin";
        answer->sites[answer->n_sites++] = site;
    }
    if (first + page <= group->rows) {
        uint8_t cursor[4];
        put_u32(cursor, first + page);
        answer->next_cursor = binary(arena, cursor, sizeof(cursor));
    }
}

/* One event with a text of its own. */
static void events_answer(struct fake_group *group, Comity__V1__Answer *answer, struct arena *arena)
{
    struct event_part part = {.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN,
                              .audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL,
                              .content = BYTES("", 0)};
    struct event_header header = {.level = FORMAT_LEVEL, .epoch = 1, .sequence = 1, .time_ms = 1};
    uint8_t bytes[EVENT_HEADER_SIZE];
    event_part_hash(&part);
    memcpy(header.history, group->history, HISTORY_ID_SIZE);
    event_commitment(&part, 1, header.commitment);
    event_header_write(&header, bytes);
    Comity__V1__Part *shown = arena_alloc(arena, sizeof(*shown));
    Comity__V1__EventRecord *event = arena_alloc(arena, sizeof(*event));
    comity__v1__part__init(shown);
    comity__v1__event_record__init(event);
    shown->kind = (Comity__V1__PartKind) part.kind;
    shown->audience = (Comity__V1__Audience) part.audience;
    shown->salt = binary(arena, part.salt, SALT_SIZE);
    shown->hash = binary(arena, part.hash, HASH_SIZE);
    if (group->script.has_bad_events)
        shown->salt.data[0] ^= 1;
    event->header = binary(arena, bytes, sizeof(bytes));
    event->parts = arena_alloc(arena, sizeof(*event->parts));
    event->parts[event->n_parts++] = shown;
    answer->events = arena_alloc(arena, sizeof(*answer->events));
    answer->events[answer->n_events++] = event;
    uint32_t epoch = group->ledger->epoch;
    if (group->script.page_epoch != 0)
        group->ledger->epoch = group->script.page_epoch;
    struct bytes note = ledger_checkpoint(group->ledger, group->ledger->head, arena);
    group->ledger->epoch = epoch;
    answer->checkpoint = binary(arena, note.data, note.size);
    if (group->script.has_bad_pages)
        answer->checkpoint.data[note.size - 20] ^= 1;
}

/* 0, or the code of a refusal. */
static int checkpoint_answer(struct fake_group *group, const Comity__V1__GetCheckpoint *wanted,
                             Comity__V1__Answer *answer, struct arena *arena)
{
    uint64_t size = wanted->size != 0 ? wanted->size : group->ledger->head;
    uint8_t proof[64][HASH_SIZE];
    size_t count = 0;
    group->checkpoints++;
    group->script.drop_replies += fake_take(&group->script.drop_checkpoints);
    if (group->script.gives_no_leave)
        return ERR_GRANT;
    if (group->script.gives_busy)
        return ERR_BUSY;
    if (group->script.gives_no_checkpoint)
        return ERR_UNSUPPORTED;
    if (fake_take(&group->script.behind_checkpoints))
        return ERR_BEHIND;
    uint64_t most = wanted->from > size ? wanted->from : size;
    bool is_less = most > group->ledger->head && group->script.shows_less;
    if (most > group->ledger->head && group->script.is_not_fresh && !is_less)
        return group->script.is_moving ? ERR_MOVING : ERR_BEHIND;
    if (!is_less && (size > group->ledger->head || wanted->from > size))
        return ERR_RANGE;
    struct bytes note = ledger_checkpoint(group->ledger, size, arena);
    answer->checkpoint = binary(arena, note.data, note.size);
    if (group->script.has_bad_checkpoints)
        answer->checkpoint.data[note.size - 20] ^= 1;
    if (wanted->from > 0 && !is_less && ledger_proof(group->ledger, wanted->from, size, proof, &count) != 0)
        abort();
    answer->proof = arena_alloc(arena, (count + 1) * sizeof(*answer->proof));
    for (size_t i = 0; i < count; i++)
        answer->proof[answer->n_proof++] = binary(arena, proof[i], HASH_SIZE);
    if (group->script.has_bad_proofs && count > 0)
        answer->proof[0].data[0] ^= 1;
    return 0;
}

struct bytes fake_answer(struct fake_group *group, const Comity__V1__Query *query, struct arena *arena)
{
    Comity__V1__Answer answer = COMITY__V1__ANSWER__INIT;
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    Comity__V1__Refusal refusal = COMITY__V1__REFUSAL__INIT;
    struct bytes packed = {0};
    bool is_checkpoint = query->kind_case == COMITY__V1__QUERY__KIND_CHECKPOINT;
    if (!is_checkpoint) {
        group->queries++;
        group->last_floor = query->floor;
    }
    answer.as_of = group->as_of != 0 ? group->as_of : group->ledger->head;
    if (query->kind_case != COMITY__V1__QUERY__KIND_STATUS)
        answer.epoch = group->ledger->epoch;
    answer.is_fresh = query->fresh && !group->script.is_not_fresh;
    group->not_asked_fresh += is_checkpoint && !query->fresh;
    if (query->fresh && group->script.knows_no_fresh) {
        answer.is_fresh = false;
        refusal.code = ERR_UNKNOWN_FIELD;
        refusal.field = "query.5";
    } else if (query->kind_case == COMITY__V1__QUERY__KIND_STATUS)
        status_answer(group, &answer, arena);
    else if (query->kind_case == COMITY__V1__QUERY__KIND_WHOAMI)
        whoami_answer(group, &answer, arena);
    else if (query->kind_case == COMITY__V1__QUERY__KIND_EVENTS)
        events_answer(group, &answer, arena);
    else if (is_checkpoint)
        refusal.code = checkpoint_answer(group, query->checkpoint, &answer, arena);
    else
        list_answer(group, query, &answer, arena);
    reply.kind_case = COMITY__V1__REPLY__KIND_ANSWER;
    reply.answer = &answer;
    if (refusal.code != 0) {
        reply.kind_case = COMITY__V1__REPLY__KIND_REFUSAL;
        reply.refusal = &refusal;
    }
    if (message_pack(&reply.base, arena, &packed) != 0)
        abort();
    return packed;
}
