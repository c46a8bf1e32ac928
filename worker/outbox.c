#include "worker/outbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"

struct outbox {
    pthread_mutex_t mutex;
    int fd;
    struct job_list jobs;
    struct outbox_news *news;
    size_t news_count, news_room;
};

int outbox_new(struct outbox **ret_outbox)
{
    struct outbox *outbox = calloc(1, sizeof(*outbox));
    if (!outbox)
        return ERR_MEMORY;
    outbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (outbox->fd < 0) {
        free(outbox);
        return ERR_INTERNAL;
    }
    pthread_mutex_init(&outbox->mutex, NULL);
    *ret_outbox = outbox;
    return 0;
}

void outbox_destroy(struct outbox **outbox)
{
    if (!outbox || !*outbox)
        return;
    close((*outbox)->fd);
    pthread_mutex_destroy(&(*outbox)->mutex);
    free((*outbox)->news);
    free(*outbox);
    *outbox = NULL;
}

int outbox_fd(const struct outbox *outbox)
{
    return outbox->fd;
}

void outbox_wake(struct outbox *outbox)
{
    /* The counter of an eventfd cannot be full here: it is read whenever it is set. */
    uint64_t one = 1;
    if (write(outbox->fd, &one, sizeof(one)) < 0)
        return;
}

void outbox_put(struct outbox *outbox, struct job_list *jobs)
{
    if (!jobs->first)
        return;
    pthread_mutex_lock(&outbox->mutex);
    bool was_empty = !outbox->jobs.first;
    job_list_append(&outbox->jobs, jobs);
    pthread_mutex_unlock(&outbox->mutex);
    if (was_empty)
        outbox_wake(outbox);
}

static struct outbox_news *news_of(struct outbox *outbox, const uint8_t history[HISTORY_ID_SIZE])
{
    for (size_t i = 0; i < outbox->news_count; i++)
        if (memcmp(outbox->news[i].history, history, HISTORY_ID_SIZE) == 0)
            return &outbox->news[i];
    if (outbox->news_count == outbox->news_room) {
        size_t room = outbox->news_room ? outbox->news_room * 2 : 16;
        struct outbox_news *larger = realloc(outbox->news, room * sizeof(*larger));
        if (!larger)
            return NULL;
        outbox->news = larger;
        outbox->news_room = room;
    }
    struct outbox_news *news = &outbox->news[outbox->news_count++];
    memcpy(news->history, history, HISTORY_ID_SIZE);
    news->head = 0;
    return news;
}

void outbox_put_news(struct outbox *outbox, const uint8_t history[HISTORY_ID_SIZE], uint64_t head)
{
    pthread_mutex_lock(&outbox->mutex);
    bool was_empty = outbox->news_count == 0;
    struct outbox_news *news = news_of(outbox, history);
    if (news && news->head < head)
        news->head = head;
    pthread_mutex_unlock(&outbox->mutex);
    /* Where memory is out there is no news: it is a hint, and readers poll as well. */
    if (was_empty)
        outbox_wake(outbox);
}

void outbox_take(struct outbox *outbox, struct job_list *jobs, struct outbox_news **ret_news,
                 size_t *ret_count)
{
    uint64_t counter;
    if (read(outbox->fd, &counter, sizeof(counter)) < 0)
        counter = 0;
    pthread_mutex_lock(&outbox->mutex);
    job_list_append(jobs, &outbox->jobs);
    *ret_news = outbox->news;
    *ret_count = outbox->news_count;
    outbox->news = NULL;
    outbox->news_count = outbox->news_room = 0;
    pthread_mutex_unlock(&outbox->mutex);
}
