/* Watches: one answer that goes on. */
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/message.h"
#include "core/text.h"
#include "worker/clock.h"
#include "worker/log/etcd_internal.h"

enum { REQUEST_ARENA_BYTES = 16 * 1024 };

struct etcd_watch {
    struct etcd_endpoints endpoints;
    struct arena *arena; /* for the request */
    struct bytes request;
    size_t tries;  /* endpoints that were tried */
    size_t looked; /* offset behind the last fragment that was seen: what is before it waits for the rest */
    bool is_begun, is_broken;
};

static int request_make(struct etcd_watch *watch, const char *prefix, int64_t revision)
{
    Etcdserverpb__WatchCreateRequest create = ETCDSERVERPB__WATCH_CREATE_REQUEST__INIT;
    Etcdserverpb__WatchRequest request = ETCDSERVERPB__WATCH_REQUEST__INIT;

    watch->arena = arena_new(REQUEST_ARENA_BYTES);
    if (watch->arena == NULL)
        return ERR_MEMORY;
    struct bytes end = etcd_prefix_end(watch->arena, prefix);
    if (end.size == 0)
        return ERR_CONFIG;
    create.key = (ProtobufCBinaryData){strlen(prefix), (uint8_t *) prefix};
    create.range_end = (ProtobufCBinaryData){end.size, (uint8_t *) end.data};
    create.start_revision = revision;
    create.progress_notify = true;
    create.fragment = true;
    request.request_union_case = ETCDSERVERPB__WATCH_REQUEST__REQUEST_UNION_CREATE_REQUEST;
    request.create_request = &create;
    return message_pack(&request.base, watch->arena, &watch->request);
}

int etcd_watch_open(const struct etcd_options *options, size_t endpoint, const char *prefix, int64_t revision,
                    struct etcd_watch **ret_watch, char reason[ETCD_REASON_MAX])
{
    CLEANUP(etcd_watch_close) struct etcd_watch *watch = calloc(1, sizeof(*watch));

    reason[0] = '\0';
    if (watch == NULL)
        return ERR_MEMORY;
    int code = etcd_endpoints_init(&watch->endpoints, options, ETCD_WATCH_MAX, reason);
    if (code == 0)
        code = request_make(watch, prefix, revision);
    if (code != 0) {
        if (reason[0] == '\0')
            snprintf(reason, ETCD_REASON_MAX, "%s", error_sentence(code));
        return code;
    }
    watch->endpoints.current = endpoint % watch->endpoints.count;
    *ret_watch = watch;
    watch = NULL;
    return 0;
}

void etcd_watch_close(struct etcd_watch **watch)
{
    if (watch == NULL || *watch == NULL)
        return;
    etcd_endpoints_release(&(*watch)->endpoints);
    arena_destroy(&(*watch)->arena);
    free(*watch);
    *watch = NULL;
}

static struct grpc_channel *channel_of(const struct etcd_watch *watch)
{
    return watch->endpoints.channels[watch->endpoints.current];
}

/* It is over, and says so from now on. */
static struct etcd_result broken(struct etcd_watch *watch, const char *reason)
{
    watch->is_broken = true;
    return etcd_result_of(ETCD_UNKNOWN, watch->endpoints.names[watch->endpoints.current], reason);
}

/* Unpack one message of the answer, and look whether it can be one. */
static int part_read(struct bytes message, struct arena *arena, Etcdserverpb__WatchResponse **ret_part)
{
    ProtobufCMessage *unpacked = NULL;
    int code = message_unpack_trusted(&etcdserverpb__watch_response__descriptor, message, arena, &unpacked);

    if (code != 0)
        return code;
    Etcdserverpb__WatchResponse *part = (Etcdserverpb__WatchResponse *) unpacked;
    bool is_whole = part->header != NULL;
    for (size_t i = 0; is_whole && i < part->n_events; i++)
        is_whole = part->events[i]->kv != NULL;
    if (!is_whole)
        return ERR_MALFORMED;
    *ret_part = part;
    return 0;
}

/* The fragments before @offset and the last part, as one answer. */
static int parts_join(const struct grpc_reader *reader, size_t offset, struct arena *arena,
                      Etcdserverpb__WatchResponse *last)
{
    Etcdserverpb__Event **events = NULL;
    Etcdserverpb__WatchResponse *part = NULL;
    struct bytes message;
    size_t count = 0, room = 0;

    for (size_t at = 0; at < offset;) {
        bool is_last = !grpc_reader_next(reader, &at, &message) || at >= offset;
        int code = is_last ? 0 : part_read(message, arena, &part);
        if (code != 0)
            return code;
        if (is_last)
            part = last;
        for (size_t i = 0; i < part->n_events; i++) {
            events = arena_room(arena, events, count, &room, sizeof(Etcdserverpb__Event *));
            if (events == NULL)
                return ERR_MEMORY;
            events[count++] = part->events[i];
        }
    }
    last->events = events;
    last->n_events = count;
    return 0;
}

/* Look at the messages that have come. 0 with the answer, NULL: it is not whole yet. */
static int answer_read(struct etcd_watch *watch, struct arena *arena,
                       Etcdserverpb__WatchResponse **ret_answer)
{
    struct grpc_reader *reader = grpc_messages(channel_of(watch));
    Etcdserverpb__WatchResponse *part = NULL;
    struct bytes message;

    *ret_answer = NULL;
    for (size_t at = watch->looked; grpc_reader_next(reader, &at, &message);) {
        int code = part_read(message, arena, &part);
        bool is_first = watch->looked == 0;
        if (code != 0)
            return code;
        if (part->fragment) {
            watch->looked = at;
            continue;
        }
        if (!is_first)
            code = parts_join(reader, at, arena, part);
        if (code != 0)
            return code;
        grpc_reader_drop(reader, at);
        watch->looked = 0;
        *ret_answer = part;
        return 0;
    }
    return 0;
}

static struct etcd_result cancelled(struct etcd_watch *watch, const Etcdserverpb__WatchResponse *answer)
{
    char said[GRPC_MESSAGE_MAX], reason[GRPC_MESSAGE_MAX + 64];

    text_escape(BYTES(answer->cancel_reason, strlen(answer->cancel_reason)), false, said, sizeof(said));
    snprintf(reason, sizeof(reason), "etcd has cancelled the watch: %s",
             answer->compact_revision != 0 ? "what it was to begin with was compacted" : said);
    struct etcd_result result = broken(watch, reason);
    result.is_compacted = answer->compact_revision != 0;
    return result;
}

/* Begin, at the next endpoint where one was not reached. False: no endpoint is left. */
static bool watch_begin(struct etcd_watch *watch)
{
    if (watch->tries > 0)
        watch->endpoints.current = (watch->endpoints.current + 1) % watch->endpoints.count;
    watch->tries++;
    watch->is_begun = true;
    return grpc_begin(channel_of(watch), "/etcdserverpb.Watch/Watch", watch->request) == 0;
}

/* The answer has ended, which it never should. */
static struct etcd_result ended(struct etcd_watch *watch)
{
    struct grpc_outcome outcome = grpc_outcome(channel_of(watch));

    if (outcome.error == 0 && outcome.status == 0)
        return broken(watch, "etcd has ended the watch");
    struct etcd_result result = etcd_judge(watch->endpoints.names[watch->endpoints.current], &outcome);
    watch->is_broken = true;
    result.fate = ETCD_UNKNOWN;
    return result;
}

struct etcd_result etcd_watch_next(struct etcd_watch *watch, int timeout_ms, struct arena *arena,
                                   Etcdserverpb__WatchResponse **ret_answer)
{
    int64_t until_ms = clock_steady_ms() + timeout_ms;
    Etcdserverpb__WatchResponse *answer = NULL;

    if (watch->is_broken)
        return broken(watch, "the watch is over");
    for (;;) {
        if (!watch->is_begun && !watch_begin(watch))
            return broken(watch, error_sentence(ERR_MEMORY));
        enum grpc_event event = grpc_wait(channel_of(watch), watch->looked, until_ms);
        if (event == GRPC_NOTHING)
            return (struct etcd_result){.fate = ETCD_REFUSED};
        if (event == GRPC_ENDED) {
            struct grpc_outcome outcome = grpc_outcome(channel_of(watch));
            if (outcome.has_left || watch->tries >= watch->endpoints.count)
                return ended(watch);
            watch->is_begun = false;
            continue;
        }
        int code = answer_read(watch, arena, &answer);
        if (code != 0)
            return broken(watch, error_sentence(code));
        if (answer == NULL)
            continue;
        if (answer->canceled)
            return cancelled(watch, answer);
        *ret_answer = answer;
        return (struct etcd_result){.fate = ETCD_ANSWERED};
    }
}
