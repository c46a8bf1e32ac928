/* Cast ballots through libcomity; print ballots a second and latencies.
 *
 *   N    as fast as they are recorded, N in flight: what can be done, with every processor in use
 *   @R   R a second, evenly, whatever comes back: how long somebody waits. A ballot's time begins when it was due, so
 *        that what stands still for a while is noticed by all that were due meanwhile
 *
 * Every voter has a chain: each ballot replaces the one before, so no more are in flight than there are voters. A ballot
 * counts when its receipt has been verified. Loads are read from standard input, one a line; an object in JSON for each
 * on standard output.
 *
 * usage: ballots SCENE SECONDS      (SCENE is a file written by tests/bench/run) */
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "client/lib/comity.h"
#include "tests/bench/stops.h"

enum { VOTERS_MAX = 4096, SAMPLES_MAX = 1 << 20 };

struct bench;

struct sample {
    double begun_us, us;
};

struct voter {
    struct bench *bench;
    uint8_t seed[COMITY_KEY_SIZE];
    uint64_t latest;
    double begun_us;
    struct voter *next; /* of those that wait for their turn, where ballots are paced */
};

struct bench {
    struct comity *client;
    struct comity_broker broker;
    char endpoint[256];
    uint8_t group_key[COMITY_KEY_SIZE];
    struct comity_pin pin;
    uint32_t round;
    uint8_t text_hash[32];
    struct voter voters[VOTERS_MAX];
    size_t voter_count;
    size_t under_way;
    bool is_paced;
    bool is_watching, knows_stops;
    struct voter *first, *last; /* who has no ballot under way, in the order in which they had their answers */
    size_t count;
    size_t not_recorded;
    uint32_t answer;
    double end_us;
    struct sample samples[SAMPLES_MAX];
};

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void die(const char *what, int code)
{
    fprintf(stderr, "ballots: %s: %s\n", what, comity_error_name(code));
    exit(1);
}

static void read_hex(const char *hex, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            die("the scene file has a bad number", 0);
        bytes[i] = (uint8_t) byte;
    }
}

static void read_scene(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die(path, 0);
    char name[32];
    char value[256];
    while (fscanf(file, "%31s %255s", name, value) == 2) {
        if (strcmp(name, "endpoint") == 0)
            memcpy(bench->endpoint, value, sizeof value);
        else if (strcmp(name, "server_key") == 0)
            read_hex(value, bench->broker.server_key, COMITY_KEY_SIZE);
        else if (strcmp(name, "group_key") == 0)
            read_hex(value, bench->group_key, COMITY_KEY_SIZE);
        else if (strcmp(name, "history") == 0)
            read_hex(value, bench->pin.history, COMITY_HISTORY_SIZE);
        else if (strcmp(name, "log_key") == 0)
            read_hex(value, bench->pin.log_key, COMITY_KEY_SIZE);
        else if (strcmp(name, "round") == 0)
            bench->round = (uint32_t) strtoul(value, NULL, 10);
        else if (strcmp(name, "text_hash") == 0)
            read_hex(value, bench->text_hash, 32);
        else if (strcmp(name, "seed") == 0 && bench->voter_count < VOTERS_MAX)
            read_hex(value, bench->voters[bench->voter_count++].seed, COMITY_KEY_SIZE);
    }
    fclose(file);
    bench->broker.endpoint = bench->endpoint;
}

static void vote(struct voter *voter, double begun_us);

static void wait_for_turn(struct voter *voter)
{
    struct bench *bench = voter->bench;
    voter->next = NULL;
    *(bench->first ? &bench->last->next : &bench->first) = voter;
    bench->last = voter;
}

static void voted(struct comity_result *result, void *context)
{
    struct voter *voter = context;
    struct bench *bench = voter->bench;
    bench->under_way--;
    if (result->verdict != COMITY_RECORDED) {
        bench->not_recorded++;
        fprintf(stderr, "ballots: %s %s\n", comity_error_name(result->fault.code), result->fault.field);
        return;
    }
    voter->latest = result->sequence;
    double now = now_us();
    if (bench->count < SAMPLES_MAX)
        bench->samples[bench->count++] = (struct sample){ voter->begun_us, now - voter->begun_us };
    if (bench->is_paced)
        wait_for_turn(voter);
    else if (now < bench->end_us)
        vote(voter, now_us());
}

static void vote(struct voter *voter, double begun_us)
{
    struct bench *bench = voter->bench;
    Comity__V1__CastBallot cast = COMITY__V1__CAST_BALLOT__INIT;
    cast.round = bench->round;
    cast.text_hash = (ProtobufCBinaryData){ 32, bench->text_hash };
    cast.answer = 1 + bench->answer++ % 6;
    cast.replaces = voter->latest;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    command.body_case = COMITY__V1__COMMAND__BODY_CAST_BALLOT;
    command.cast_ballot = &cast;
    command.epoch = 1;
    struct comity_draft *draft = NULL;
    struct comity_fault fault = { 0 };
    voter->begun_us = begun_us;
    int code = comity_draft_new(&command, bench->pin.history, NULL, voter->seed, 0, &draft, &fault);
    if (code == 0)
        code = comity_submit(bench->client, draft, 0, voted, voter, NULL);
    if (code != 0)
        die("submit", code);
    comity_draft_destroy(&draft);
    bench->under_way++;
}

static int by_value(const void *a, const void *b)
{
    double x = ((const struct sample *) a)->us;
    double y = ((const struct sample *) b)->us;
    return x < y ? -1 : x > y;
}

static void pump_until_idle(struct bench *bench)
{
    while (bench->under_way > 0)
        comity_pump(bench->client, 100);
}

static void vote_at_once(struct bench *bench, size_t window)
{
    if (window == 0 || window > bench->voter_count)
        die("none in flight, or more than voters", 0);
    for (size_t i = 0; i < window; i++)
        vote(&bench->voters[i], now_us());
}

/* Until something has come, or it is time. */
static void sleep_until(struct bench *bench, double at_us)
{
    int64_t left_ns = (int64_t) ((at_us - now_us()) * 1e3);
    struct pollfd item = { .fd = comity_fd(bench->client), .events = POLLIN };
    struct timespec left = { .tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000 };
    if (left_ns > 0)
        ppoll(&item, 1, &left, NULL);
    comity_pump(bench->client, 0);
}

static void vote_at_a_pace(struct bench *bench, double per_second)
{
    double start_us = now_us();
    bench->first = NULL;
    for (size_t i = 0; i < bench->voter_count; i++)
        wait_for_turn(&bench->voters[i]);
    for (size_t number = 0;; number++) {
        double due_us = start_us + (double) number * 1e6 / per_second;
        if (due_us >= bench->end_us)
            return;
        for (double now = now_us(); now < due_us || !bench->first; now = now_us())
            sleep_until(bench, now < due_us ? due_us : now + 1e5);
        struct voter *voter = bench->first;
        bench->first = voter->next;
        vote(voter, due_us);
    }
}

/* Watching costs a little, which is of no matter where there is time left. */
static void begin_to_watch(struct bench *bench)
{
    if (!bench->is_watching)
        bench->knows_stops = stops_watch();
    bench->is_watching = true;
    stops_forget();
}

/* How many were left out. */
static size_t leave_out_stopped(struct bench *bench)
{
    size_t all = bench->count;
    bench->count = 0;
    for (size_t i = 0; i < all; i++) {
        const struct sample sample = bench->samples[i];
        if (!stops_between(sample.begun_us, sample.begun_us + sample.us))
            bench->samples[bench->count++] = sample;
    }
    return all - bench->count;
}

static void measure(struct bench *bench, const char *load, double seconds)
{
    bench->is_paced = load[0] == '@';
    bench->count = 0;
    if (bench->is_paced)
        begin_to_watch(bench);
    size_t window = bench->is_paced ? 0 : strtoul(load, NULL, 10);
    double start = now_us();
    double cpu = cpu_us();
    bench->end_us = start + seconds * 1e6;
    if (bench->is_paced)
        vote_at_a_pace(bench, strtod(load + 1, NULL));
    else
        vote_at_once(bench, window);
    pump_until_idle(bench);
    double wall = now_us() - start;
    cpu = cpu_us() - cpu;
    size_t recorded = bench->count;
    size_t left_out = bench->is_paced ? leave_out_stopped(bench) : 0;
    if (bench->count == 0)
        die("nothing was recorded", 0);
    qsort(bench->samples, bench->count, sizeof bench->samples[0], by_value);
    printf("{\"in_flight\":%zu,\"count\":%zu,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"most_us\":%.0f,"
           "\"client_cpu_us\":%.1f,\"not_recorded\":%zu,\"knows_stops\":%s,\"stops\":%zu,\"left_out\":%zu}\n",
           window, bench->count, (double) recorded / wall * 1e6, bench->samples[bench->count / 2].us,
           bench->samples[bench->count * 99 / 100].us, bench->samples[bench->count - 1].us, cpu / (double) recorded,
           bench->not_recorded, bench->knows_stops ? "true" : "false", stops_count(), left_out);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (argc != 3)
        die("usage: ballots SCENE SECONDS", 0);
    read_scene(&bench, argv[1]);
    for (size_t i = 0; i < bench.voter_count; i++)
        bench.voters[i].bench = &bench;
    struct comity_options options = { .brokers = &bench.broker, .broker_count = 1, .pins = &bench.pin, .pin_count = 1 };
    memcpy(options.group_key, bench.group_key, COMITY_KEY_SIZE);
    int code = comity_new(&options, &bench.client);
    if (code != 0)
        die("comity_new", code);
    /* With leave to read, as whoever votes has it: the worker knows the connection. */
    code = comity_read(bench.client, bench.pin.history, bench.voters[0].seed);
    if (code != 0)
        die("comity_read", code);
    vote(&bench.voters[0], now_us()); /* connected and warm before anything is measured */
    pump_until_idle(&bench);
    char load[32]; /* the parent reads the daemons' CPU time between loads */
    while (fgets(load, sizeof load, stdin) != NULL) {
        load[strcspn(load, "\n")] = '\0';
        measure(&bench, load, strtod(argv[2], NULL));
    }
    comity_destroy(&bench.client);
    return bench.not_recorded == 0 ? 0 : 1;
}
