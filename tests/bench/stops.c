#include "tests/bench/stops.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

enum { PROCESSORS_MAX = 64, STOPS_MAX = 1 << 14 };

struct processor {
    struct {
        double from_us, to_us;
    } stops[STOPS_MAX];
    atomic_size_t count;
};

static struct processor processors[PROCESSORS_MAX];
static size_t processor_count;

double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static void *watch(void *argument)
{
    struct processor *it = argument;
    const struct timespec tick = { .tv_nsec = STOPS_TICK_US * 1000 };
    double before_us = now_us();
    for (;;) {
        nanosleep(&tick, NULL);
        double after_us = now_us();
        size_t count = atomic_load(&it->count);
        if (after_us - before_us > STOPS_TICK_US + STOPS_LATE_US && count < STOPS_MAX) {
            it->stops[count].from_us = before_us;
            it->stops[count].to_us = after_us;
            atomic_store(&it->count, count + 1);
        }
        before_us = after_us;
    }
    return NULL;
}

static bool watch_one(size_t number)
{
    struct processor *it = &processors[processor_count++];
    pthread_t thread;
    pthread_attr_t attributes;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(number, &one);
    pthread_attr_init(&attributes);
    pthread_attr_setaffinity_np(&attributes, sizeof one, &one);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &(struct sched_param){ .sched_priority = 1 });
    int error = pthread_create(&thread, &attributes, watch, it);
    pthread_attr_destroy(&attributes);
    return error == 0;
}

bool stops_watch(void)
{
    cpu_set_t all;
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return false;
    for (size_t number = 0; number < CPU_SETSIZE && processor_count < PROCESSORS_MAX; number++) {
        if (CPU_ISSET(number, &all) && !watch_one(number))
            return false;
    }
    return true;
}

void stops_forget(void)
{
    for (size_t i = 0; i < processor_count; i++)
        atomic_store(&processors[i].count, 0);
}

size_t stops_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < processor_count; i++)
        count += atomic_load(&processors[i].count);
    return count;
}

bool stops_between(double from_us, double to_us)
{
    for (size_t i = 0; i < processor_count; i++) {
        size_t count = atomic_load(&processors[i].count);
        for (size_t at = 0; at < count; at++) {
            if (processors[i].stops[at].from_us < to_us && from_us < processors[i].stops[at].to_us)
                return true;
        }
    }
    return false;
}
