/* What entries of the log cost beside batches that make none: a batch of ballots carried out with and without one, an entry
 * applied by a follower, and the hash of a state. Nothing is sent anywhere. One JSON object a line.
 *
 * Usage: bench-entries BALLOTS A_BATCH (stores under TMPDIR, which may be in memory; removed afterwards). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/store/group.h"

enum { LEADER, FOLLOWER };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static void scene_prepare(struct scene *scene)
{
    scene_found(scene);
    scene_open_round(scene, 0);
}

/* Each member's ballot replaces the one before. CPU time of the batches alone. */
static double ballots_run(struct scene *scene, unsigned count, unsigned a_batch)
{
    uint64_t replaces[SCENE_MEMBERS] = {0};
    double took_ms = 0;

    for (unsigned done = 0; done < count; done += a_batch) {
        unsigned next = done + a_batch < count ? a_batch : count - done;
        uint64_t head = scene_head(scene);

        for (unsigned i = 0; i < next; i++) {
            unsigned member = (done + i) % (SCENE_MEMBERS - 1);

            scene_add(scene, scene_ballot(scene, 1 + i % 3, replaces[member], "So that nobody is tired."), member, NULL, 0);
            replaces[member] = head + 1 + i;
        }
        double before = cpu_ms();
        if (scene_run(scene) != 0 || scene->items[next - 1].code != 0) {
            fprintf(stderr, "a ballot was refused\n");
            exit(1);
        }
        took_ms += cpu_ms() - before;
        scene_next(scene);
        arena_reset(scene->arena);
    }
    return took_ms;
}

static void hash_measure(struct group *group, unsigned ballots)
{
    uint8_t hash[HASH_SIZE];
    double before = now_ms(), cpu = cpu_ms();

    group_hash(group, LEADER, hash);
    printf("{\"name\":\"hash\",\"ballots\":%u,\"ms\":%.1f,\"cpu_ms\":%.1f}\n", ballots, now_ms() - before, cpu_ms() - cpu);
}

int main(int argc, char **argv)
{
    unsigned ballots = argc > 1 ? (unsigned) atoi(argv[1]) : 10000, a_batch = argc > 2 ? (unsigned) atoi(argv[2]) : 256;
    struct scene *scene = calloc(1, sizeof(*scene));
    struct group *group;
    double took_ms, bytes = 0;

    if (ballots == 0 || a_batch == 0 || a_batch > BATCH_MAX_COMMANDS || ballots / a_batch >= GROUP_ENTRIES_MAX - 64)
        return 2;
    scene_begin(scene, 7);
    scene_prepare(scene);
    took_ms = ballots_run(scene, ballots, a_batch);
    printf("{\"name\":\"local\",\"a_batch\":%u,\"us_a_ballot\":%.2f}\n", a_batch, took_ms * 1e3 / ballots);
    scene_end(scene);
    free(scene);

    group = group_new(7);
    scene_prepare(&group->scene);
    group_catch_up(group, FOLLOWER);
    took_ms = ballots_run(&group->scene, ballots, a_batch);
    for (size_t i = group_at(group, FOLLOWER); i < group->count; i++)
        bytes += (double) group->entries[i].batch.body.size;
    printf("{\"name\":\"leader\",\"a_batch\":%u,\"us_a_ballot\":%.2f,\"bytes_a_ballot\":%.0f}\n", a_batch,
           took_ms * 1e3 / ballots, bytes / ballots);
    took_ms = cpu_ms();
    group_catch_up(group, FOLLOWER);
    printf("{\"name\":\"follower\",\"a_batch\":%u,\"us_a_ballot\":%.2f}\n", a_batch, (cpu_ms() - took_ms) * 1e3 / ballots);
    hash_measure(group, ballots);
    group_destroy(&group);
    return 0;
}
