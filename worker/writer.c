#include "worker/writer.h"

#include <stdlib.h>

#include "core/error.h"
#include "worker/clock.h"
#include "worker/reply.h"
#include "worker/serve_move.h"
#include "worker/sites.h"

enum {
    WAIT_MOST_MS = 1000, /* Unix time may be set: a deadline is looked at again this often */
};

struct writer {
    struct service *service;
    struct batch_runner *runner;
    struct sites *sites; /* NULL with a local log */
    writer_fatal_fn *fatal;
    pthread_t thread;
    int64_t next_deadline_ms; /* Unix time; 0: none */
    struct batch_item items[BATCH_MAX_COMMANDS];
};

/* What a batch holds already. */
struct gathered {
    size_t count, bytes, histories;
    const uint8_t *history[BATCH_HISTORIES_MAX];
};

static bool history_fits(struct gathered *gathered, const uint8_t *history)
{
    for (size_t i = 0; i < gathered->histories; i++)
        if (memcmp(gathered->history[i], history, HISTORY_ID_SIZE) == 0)
            return true;
    if (gathered->histories == BATCH_HISTORIES_MAX)
        return false;
    gathered->history[gathered->histories++] = history;
    return true;
}

static bool command_fits(void *context, const struct job *job)
{
    struct gathered *gathered = context;
    bool is_first = gathered->count == 0;
    if (gathered->count == BATCH_MAX_COMMANDS ||
        (!is_first && gathered->bytes + job->frame.size > BATCH_MAX_BYTES) ||
        !history_fits(gathered, job->cosign ? job->cosign->history.data : job->command.history))
        return false;
    gathered->count++;
    gathered->bytes += job->frame.size;
    return true;
}

static int64_t wait_for_deadline(const struct writer *writer)
{
    if (writer->next_deadline_ms == 0)
        return -1;
    int64_t wait_ms = writer->next_deadline_ms - clock_now_ms(writer->service->clock);
    return wait_ms < 0 ? 0 : wait_ms > WAIT_MOST_MS ? WAIT_MOST_MS : wait_ms;
}

static bool leads(const struct writer *writer)
{
    return atomic_load(&writer->service->term) != 0;
}

/* Deadlines are the leader's to carry out. */
static int64_t wait_for_work(const struct writer *writer)
{
    int64_t wait_ms = leads(writer) ? wait_for_deadline(writer) : -1;
    int64_t most_ms = writer->sites ? sites_wait_ms(writer->sites) : -1;
    return wait_ms < 0 || (most_ms >= 0 && most_ms < wait_ms) ? most_ms : wait_ms;
}

/* Nobody waits for these any more: answered before anything is done. */
static void drop_expired(struct writer *writer, struct job_list *jobs, struct job_list *answered)
{
    struct job_list fresh = {0};
    int64_t now_ms = clock_steady_ms();
    struct job *job;
    while ((job = job_list_take(jobs)) != NULL) {
        bool is_expired = job_is_expired(job, now_ms);
        if (is_expired)
            reply_error(job, ERR_EXPIRED, 0, writer->service->term);
        job_list_add(is_expired ? answered : &fresh, job);
    }
    *jobs = fresh;
}

static void answer(struct writer *writer, struct job_list *jobs, struct job_list *answered)
{
    struct service *service = writer->service;
    for (size_t i = 0; jobs->first; i++) {
        struct job *job = job_list_take(jobs);
        const struct batch_item *item = &writer->items[i];
        /* What was recorded before, anybody can send again who has a copy. */
        job->has_leave = job->has_leave || (item->code == 0 && !job->is_known);
        reply_packed(job, FRAME_REPLY, item->reply, service->term);
        atomic_fetch_add(item->code ? &service->counters.refusals : &service->counters.commands, 1);
        job_list_add(answered, job);
    }
}

/* Whoever leads takes them: the client sends the same bytes again. */
static void refuse_all(struct job_list *jobs, struct job_list *answered)
{
    struct job *job;
    while ((job = job_list_take(jobs)) != NULL) {
        reply_error(job, ERR_NOT_LEADER, 0, 0);
        job_list_add(answered, job);
    }
}

static void take_result(struct writer *writer, const struct batch_result *result)
{
    writer->next_deadline_ms = result->next_deadline_ms;
    for (size_t i = 0; i < result->news_count; i++)
        outbox_put_news(writer->service->outbox, result->news[i].history, result->news[i].head);
}

/* One batch; its result sets the next deadline and goes out as news. */
static void run_batch(struct writer *writer, struct job_list *jobs, struct job_list *answered)
{
    struct service *service = writer->service;
    size_t count = 0;
    for (struct job *job = jobs->first; job; job = job->next)
        writer->items[count++] = (struct batch_item){.command = &job->command, .arena = job->arena};
    struct batch_result result = {0};
    int64_t started_ms = clock_steady_ms();
    int code = batch_run(writer->runner, writer->items, count, &result);
    if (code)
        writer->fatal(code, NULL);
    if (writer->sites)
        sites_ran(writer->sites, result.code);
    uint32_t took_ms = (uint32_t) (clock_steady_ms() - started_ms);
    atomic_store(&service->batch_ms, (atomic_load(&service->batch_ms) * 7 + took_ms + 7) / 8);
    atomic_fetch_add(&service->counters.batches, 1);
    answer(writer, jobs, answered);
    outbox_put(service->outbox, answered);
    take_result(writer, &result);
}

/* A witness's signature: no event, so in no batch, but a transaction of its own. */
static void keep_cosignature(struct writer *writer, struct job *job)
{
    struct service *service = writer->service;
    struct refusal refusal = {0};
    Comity__V1__Reply reply = COMITY__V1__REPLY__INIT;
    Comity__V1__Cosigned cosigned = COMITY__V1__COSIGNED__INIT;
    int code = batch_cosign(writer->runner, job->cosign, &refusal);
    if (code == ERR_STORE)
        writer->fatal(code, NULL);
    if (writer->sites)
        sites_ran(writer->sites, code);
    if (code) {
        reply_refusal(job, &refusal, service->term);
        return;
    }
    cosigned.size = job->cosign->cosignature->size;
    reply.kind_case = COMITY__V1__REPLY__KIND_COSIGNED;
    reply.cosigned = &cosigned;
    reply_message(job, FRAME_REPLY, &reply.base, service->term);
}

/* A step of a move, in a batch of its own. */
static void take_step(struct writer *writer, struct job *job)
{
    struct batch_result result = {0};
    int code = serve_move(writer->service, writer->runner, job, &result);
    if (code)
        writer->fatal(code, NULL);
    if (writer->sites)
        sites_ran(writer->sites, code);
    take_result(writer, &result);
}

/* What is no command: cosignatures, steps of a move. */
static void keep_others(struct writer *writer, struct job_list *jobs, struct job_list *answered)
{
    struct job_list commands = {0};
    struct job *job;
    while ((job = job_list_take(jobs)) != NULL) {
        if (job->cosign)
            keep_cosignature(writer, job);
        else if (job->move)
            take_step(writer, job);
        job_list_add(job->cosign || job->move ? answered : &commands, job);
    }
    *jobs = commands;
}

static bool deadline_is_due(const struct writer *writer)
{
    return writer->next_deadline_ms != 0 && writer->next_deadline_ms <= clock_now_ms(writer->service->clock);
}

/* What the others made, and who leads now. */
static void keep_up(struct writer *writer)
{
    char reason[FOLLOW_REASON_MAX] = "";
    struct batch_result result;
    int code;
    while ((code = sites_follow(writer->sites, &result, reason)) == 0)
        take_result(writer, &result);
    if (code != ERR_NOT_FOUND)
        writer->fatal(code, reason);
}

static void *writer_thread(void *argument)
{
    struct writer *writer = argument;
    for (;;) {
        struct job_list jobs = {0}, answered = {0};
        struct gathered gathered = {0};
        if (!job_queue_gather(writer->service->commands, wait_for_work(writer), command_fits, &gathered,
                              &jobs))
            return NULL;
        drop_expired(writer, &jobs, &answered);
        if (writer->sites)
            keep_up(writer);
        if (!leads(writer))
            refuse_all(&jobs, &answered);
        keep_others(writer, &jobs, &answered);
        if (jobs.first || (leads(writer) && deadline_is_due(writer)))
            run_batch(writer, &jobs, &answered);
        else
            outbox_put(writer->service->outbox, &answered);
    }
}

int writer_start(struct service *service, struct batch_runner *runner, struct sites *sites,
                 writer_fatal_fn *fatal, struct writer **ret_writer)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return ERR_MEMORY;
    writer->service = service;
    writer->runner = runner;
    writer->sites = sites;
    writer->fatal = fatal;
    struct batch_result result = {.next_deadline_ms = 1}; /* due, once it leads */
    int code = sites ? 0 : batch_run(runner, NULL, 0, &result);
    writer->next_deadline_ms = result.next_deadline_ms;
    if (code == 0 && pthread_create(&writer->thread, NULL, writer_thread, writer) != 0)
        code = ERR_MEMORY;
    if (code) {
        free(writer);
        return code;
    }
    *ret_writer = writer;
    return 0;
}

void writer_join(struct writer **writer)
{
    if (!writer || !*writer)
        return;
    pthread_join((*writer)->thread, NULL);
    free(*writer);
    *writer = NULL;
}
