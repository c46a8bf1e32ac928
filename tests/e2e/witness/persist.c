/* Steps of a witness without end, for a test that kills them: persist DIRECTORY
 *
 * Plays a log that never comes back as it was: whatever the witness has not kept, it shows otherwise the next time. Each
 * signature that leaves is one line on standard output: the size that was kept before, the new size, whether all was on the
 * disk (the file synced, then renamed, then its directory synced), and the hashes of the leaves in between. */
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/witness/step.h"
#include "core/error.h"
#include "core/text.h"
#include "core/tree.h"

enum { LEAVES_MAX = 100000, STEP_MAX = 4 };

static uint8_t leaves[LEAVES_MAX][HASH_SIZE];
static uint64_t leaf_count, before;

/* A tree over the leaves, level by level. */
static uint8_t (*levels[TREE_LEVELS_MAX])[HASH_SIZE];

static int node_get(void *self, unsigned level, uint64_t index, uint8_t ret_hash[HASH_SIZE])
{
    (void) self;
    memcpy(ret_hash, levels[level][index], HASH_SIZE);
    return 0;
}

static int node_put(void *self, unsigned level, uint64_t index, const uint8_t hash[HASH_SIZE])
{
    (void) self;
    if (levels[level] == NULL)
        levels[level] = calloc(((size_t) LEAVES_MAX >> level) + 1, HASH_SIZE);
    if (levels[level] == NULL)
        abort();
    memcpy(levels[level][index], hash, HASH_SIZE);
    return 0;
}

static const struct tree_nodes NODES = {.get = node_get, .put = node_put};

static void leaf_add(const uint8_t hash[HASH_SIZE])
{
    if (leaf_count == LEAVES_MAX - STEP_MAX)
        exit(0);
    memcpy(leaves[leaf_count], hash, HASH_SIZE);
    tree_append(&NODES, leaf_count, hash);
    leaf_count++;
}

/* How far the disk has come in this step: linked in place of the system's. */
static enum { NOTHING_DONE, FILE_SYNCED, RENAMED, ALL_SYNCED } done;

int __real_fsync(int descriptor);
int __wrap_fsync(int descriptor);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_fsync(int descriptor)
{
    struct stat status;
    int result = __real_fsync(descriptor);
    if (result == 0 && fstat(descriptor, &status) == 0) {
        if (!S_ISDIR(status.st_mode))
            done = FILE_SYNCED;
        else if (done == RENAMED)
            done = ALL_SYNCED;
    }
    return result;
}

int __wrap_rename(const char *from, const char *to)
{
    int result = __real_rename(from, to);
    done = result == 0 && done == FILE_SYNCED ? RENAMED : NOTHING_DONE;
    return result;
}

static void give(const struct kept *kept, void *context)
{
    char line[80 + STEP_MAX * (2 * HASH_SIZE + 1)], hex[2 * HASH_SIZE + 1];
    int size = snprintf(line, sizeof(line), "%" PRIu64 " %" PRIu64 " %s", before, kept->size,
                        done == ALL_SYNCED ? "synced" : "unsynced");
    (void) context;
    for (uint64_t i = before; i < kept->size; i++) {
        hex_encode(BYTES(leaves[i], HASH_SIZE), hex);
        size += snprintf(line + size, sizeof(line) - (size_t) size, " %s", hex);
    }
    line[size++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t) size) != size)
        exit(1);
}

/* What the log showed is known by the next process: as far as the witness has kept it. */
static int journal_open(const char *directory, uint64_t kept_size)
{
    char path[2048];
    uint8_t hash[HASH_SIZE];
    snprintf(path, sizeof(path), "%s/leaves", directory);
    int journal = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (journal < 0)
        exit(1);
    for (uint64_t i = 0; i < kept_size; i++) {
        if (read(journal, hash, HASH_SIZE) != HASH_SIZE)
            exit(1);
        leaf_add(hash);
    }
    if (ftruncate(journal, (off_t) (kept_size * HASH_SIZE)) != 0)
        exit(1);
    return journal;
}

static void grow(int journal)
{
    uint32_t count = 1 + randombytes_uniform(STEP_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t hash[HASH_SIZE];
        randombytes_buf(hash, sizeof(hash));
        leaf_add(hash);
        if (write(journal, hash, sizeof(hash)) != sizeof(hash))
            exit(1);
    }
}

int main(int argc, char **argv)
{
    static const uint8_t HISTORY[HISTORY_ID_SIZE] = {1}, LOG_SEED[SEED_SIZE] = {2}, WITNESS_SEED[SEED_SIZE] = {3};
    struct signing_key log_key, key;
    struct kept kept;
    if (argc != 2 || key_init() != 0)
        return 2;
    signing_key_from_seed(LOG_SEED, &log_key);
    signing_key_from_seed(WITNESS_SEED, &key);
    struct step_place place = {.directory = argv[1], .key = &key, .name = "labour-box"};
    struct step step = {.history = HISTORY, .log_key = log_key.public_key, .now_s = 1800000000, .is_known = true};
    if (step_look(&place, &step, &kept) != 0)
        return 1;
    int journal = journal_open(argv[1], kept.size);
    for (;;) {
        struct checkpoint checkpoint;
        char note[CHECKPOINT_MAX_BYTES];
        uint8_t hashes[PROOF_MAX][HASH_SIZE];
        struct bytes proof[PROOF_MAX];
        struct seen seen = {.epoch = 1, .proof = proof, .is_beside_asked = false};
        enum judgement judgement;
        before = kept.size;
        done = NOTHING_DONE;
        grow(journal);
        checkpoint_origin(HISTORY, 1, checkpoint.origin);
        checkpoint.size = leaf_count;
        tree_root(&NODES, leaf_count, checkpoint.root);
        seen.note = BYTES(note, checkpoint_sign(&checkpoint, &log_key, note));
        seen.from = before;
        if (before > 0 && tree_consistency_proof(&NODES, before, leaf_count, hashes, &seen.proof_count) != 0)
            return 1;
        for (size_t i = 0; i < seen.proof_count; i++)
            proof[i] = BYTES(hashes[i], HASH_SIZE);
        if (step_take(&place, &step, &seen, &judgement, &kept, give, NULL) != 0 || kept.size != leaf_count)
            return 1;
    }
}
