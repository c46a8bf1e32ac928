/* A partnership of a union and a management, and commands to it, through batches on a real store.
 *
 * Time stands still unless a test moves it; salts come from a seed, so that two scenes with the same seed and
 * the same commands are the same to the byte. */
#ifndef COMITY_TESTS_STORE_SCENE_H
#define COMITY_TESTS_STORE_SCENE_H

#include "core/key.h"
#include "core/machine/machine.h"
#include "scratch.h"
#include "worker/batch.h"

enum {
    SCENE_MEMBERS = 10, /* 0 to 4: labour; 5 to 9: management */
    SCENE_PARTIES = 2,
    SCENE_TEXTS_MAX = 4096,
    SCENE_NOBODY = 99, /* a key that is nobody's */
};
#define SCENE_START_MS INT64_C(1750000000000)
#define SCENE_MAP_BYTES (UINT64_C(1) << 30)

struct scene {
    char directory[SCRATCH_PATH_MAX];
    uint64_t map_limit_bytes;
    struct store *store;
    struct order_log *log;
    struct batch_runner *runner;
    struct batch_result result; /* of the last run */
    struct signing_key log_key;
    struct signing_key members[SCENE_MEMBERS];
    struct signing_key stranger;
    uint8_t history[HISTORY_ID_SIZE]; /* once founded */
    uint8_t text_hash[HASH_SIZE];     /* of the proposal's version that is tested */
    int64_t now_ms;
    uint64_t random;
    unsigned serial;     /* makes commands differ */
    struct arena *arena; /* bodies, texts, commands */
    Comity__V1__Text *texts[SCENE_TEXTS_MAX];
    uint8_t text_hashes[SCENE_TEXTS_MAX][HASH_SIZE];
    size_t text_count;
    struct batch_item items[BATCH_MAX_COMMANDS];
    size_t count;
};

/* A store in a new directory; the same again after a stop; end: gone. */
void scene_begin(struct scene *scene, uint64_t seed);
void scene_start(struct scene *scene);
void scene_stop(struct scene *scene);
void scene_end(struct scene *scene);

/* The scene's random bytes, for whoever has it as the context. */
void scene_random(void *scene, uint8_t *bytes, size_t size);

/* Something in the scene's arena. */
#define SCENE_NEW(scene, Type, type)                                                                         \
    ((Comity__V1__##Type *) scene_message(scene, &comity__v1__##type##__descriptor))
void *scene_message(struct scene *scene, const ProtobufCMessageDescriptor *type);
Comity__V1__TextRef *scene_text(struct scene *scene, const char *words);

/* Sign and open a command for the next run. valid_until_ms is filled in where it is 0. Returns the item's
 * index. */
size_t scene_add(struct scene *scene, Comity__V1__Command *body, unsigned signer, const unsigned *cosigners,
                 size_t cosigner_count);
/* A command that came before, again. */
size_t scene_add_again(struct scene *scene, const struct command *command);
/* Run what was added; items keep their answers until scene_next. */
int scene_run(struct scene *scene);
void scene_next(struct scene *scene);
/* Added, run alone, and accepted. */
void scene_do(struct scene *scene, Comity__V1__Command *body, unsigned signer, const unsigned *cosigners,
              size_t cosigner_count);

/* Bodies. */
Comity__V1__Command *scene_add_item(struct scene *scene, const char *title);
Comity__V1__Command *scene_ballot(struct scene *scene, uint32_t answer, uint64_t replaces,
                                  const char *reason);

/* Add the founding of a further history, by so many of the parties: 1 is a caucus. Returns the item's index. */
size_t scene_add_founding(struct scene *scene, unsigned parties);
/* Found a history; go on until a round is open in which every member has a seat. @closes_ms 0: none. */
void scene_found(struct scene *scene);
void scene_open_round(struct scene *scene, int64_t closes_ms);

/* The reply of an item, unpacked in the scene's arena. */
const Comity__V1__Reply *scene_reply(struct scene *scene, size_t item);
/* Check a receipt as a client does; the item was accepted. */
void scene_check_receipt(struct scene *scene, size_t item);

uint64_t scene_head(struct scene *scene);
void scene_view_hash(struct scene *scene, uint8_t ret_hash[HASH_SIZE]);

#endif
