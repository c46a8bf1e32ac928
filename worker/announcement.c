#include "worker/announcement.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/error.h"

struct announcer {
    pthread_mutex_t mutex;
    struct announcement announcement;
};

int announcement_make(const struct broker_list *list, const struct signing_key *log_key,
                      struct announcement *ret_announcement)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct bytes packed;
    uint8_t signature[SIGNATURE_SIZE];
    if (!arena)
        return ERR_MEMORY;
    int code = broker_list_sign(list, log_key, arena, &packed, signature);
    if (code)
        return code;
    *ret_announcement =
        (struct announcement){.number = list->number, .broker_count = list->count, .size = packed.size};
    memcpy(ret_announcement->packed, packed.data, packed.size);
    memcpy(ret_announcement->signature, signature, SIGNATURE_SIZE);
    return 0;
}

int announcer_new(const struct announcement *announcement, struct announcer **ret_announcer)
{
    struct announcer *announcer = calloc(1, sizeof(*announcer));
    if (!announcer)
        return ERR_MEMORY;
    pthread_mutex_init(&announcer->mutex, NULL);
    announcer->announcement = *announcement;
    *ret_announcer = announcer;
    return 0;
}

void announcer_destroy(struct announcer **announcer)
{
    if (!announcer || !*announcer)
        return;
    pthread_mutex_destroy(&(*announcer)->mutex);
    free(*announcer);
    *announcer = NULL;
}

void announcer_set(struct announcer *announcer, const struct announcement *announcement)
{
    pthread_mutex_lock(&announcer->mutex);
    announcer->announcement = *announcement;
    pthread_mutex_unlock(&announcer->mutex);
}

int announcer_tell(struct announcer *announcer, struct arena *arena, Comity__V1__Welcome *welcome)
{
    if (!announcer)
        return 0;
    pthread_mutex_lock(&announcer->mutex);
    const struct announcement *announcement = &announcer->announcement;
    size_t size = announcement->size;
    uint8_t *packed = size == 0 ? NULL : arena_copy(arena, announcement->packed, size);
    uint8_t *signature = size == 0 ? NULL : arena_copy(arena, announcement->signature, SIGNATURE_SIZE);
    pthread_mutex_unlock(&announcer->mutex);
    if (size == 0)
        return 0;
    if (!packed || !signature)
        return ERR_MEMORY;
    welcome->brokers = (ProtobufCBinaryData){size, packed};
    welcome->brokers_signature = (ProtobufCBinaryData){SIGNATURE_SIZE, signature};
    return 0;
}
