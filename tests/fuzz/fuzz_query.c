/* Queries as a worker takes them: from members, one of whom has left leave behind, and from a stranger.
 *
 * Input: 1 byte: who asks (see ask_of) | the rest: a packed Query, which is of the one history that is there. */
#include <stdlib.h>

#include "core/error.h"
#include "scene.h"
#include "tests/fuzz/fuzz.h"
#include "worker/query.h"

enum { BODY_MAX_BYTES = 512 * 1024, PAGES_MAX = 64 };

/* What the ballot of member 1 in the hidden round says, and nobody else is shown before its close. */
static const char CANARY[] = "Because of the nights.";
enum { VOTER = 1 };

static struct scene *scene;

static void scene_over(void)
{
    scene_end(scene);
    free(scene);
}

/* A round in which three have answered, which is not closed; made once. */
static void scene_make(void)
{
    if (scene != NULL)
        return;
    scratch_use_memory();
    scene = calloc(1, sizeof(*scene));
    FUZZ_NEED(scene != NULL);
    scene_begin(scene, 20);
    atexit(scene_over);
    scene_found(scene);
    scene_open_round(scene, scene->now_ms + 5000);
    for (unsigned i = 0; i < 3; i++)
        scene_do(scene, scene_ballot(scene, 1 + i, 0, i == VOTER ? CANARY : NULL), i, NULL, 0);
}

static bool holds(struct bytes bytes, const char *text)
{
    return bytes.size > 0 && memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

/* Members from 0 on; then a stranger; then a member whose leave has run out. */
struct asker {
    const struct signing_key *key;
    bool is_late;
    unsigned member;
};

static struct asker asker_of(unsigned number)
{
    number %= SCENE_MEMBERS + 2;
    if (number < SCENE_MEMBERS)
        return (struct asker){&scene->members[number], false, number};
    return (struct asker){number == SCENE_MEMBERS ? &scene->stranger : &scene->members[0],
                          number > SCENE_MEMBERS, number};
}

static int ask(const struct asker *asker, const Comity__V1__Query *query, struct arena *arena,
               Comity__V1__Answer **ret_answer)
{
    struct session_grant grant = {.until_ms = scene->now_ms + (asker->is_late ? 0 : 1)};
    struct refusal refusal = {0};
    struct query_context context = {.store = scene->store,
                                    .log_key = &scene->log_key,
                                    .grant = &grant,
                                    .now_ms = scene->now_ms,
                                    .arena = arena};

    memcpy(grant.history, scene->history, HISTORY_ID_SIZE);
    memcpy(grant.key, asker->key->public_key, KEY_SIZE);
    int code = query_answer(&context, query, ret_answer, &refusal);
    FUZZ_NEED(code <= 0 && (code == 0 || refusal.code == code));
    FUZZ_NEED(code != ERR_CORRUPT && code != ERR_INTERNAL);
    FUZZ_NEED(memchr(refusal.field, '\0', sizeof(refusal.field)) != NULL);
    return code;
}

/* Nobody without leave learns more than whether the question has the right form. */
static void check_stranger(const struct asker *asker, Comity__V1__Query *query, struct arena *arena)
{
    Comity__V1__Answer *answer;
    int code = ask(asker, query, arena, &answer);

    FUZZ_NEED(code == ERR_GRANT || code == ERR_RANGE || code == ERR_MISSING);
    if (code == ERR_GRANT)
        return;
    query->floor++; /* nor does it hang on what there is */
    FUZZ_NEED(ask(asker, query, arena, &answer) == code);
}

static void check_page(const struct asker *asker, const Comity__V1__Query *query, const Comity__V1__Answer *answer,
                       struct arena *arena)
{
    struct bytes packed;

    FUZZ_NEED(message_pack(&answer->base, arena, &packed) == 0 && packed.size <= BODY_MAX_BYTES);
    FUZZ_NEED(asker->member == VOTER || !holds(packed, CANARY));
    FUZZ_NEED(answer->as_of == scene_head(scene) && answer->epoch == 1);
    FUZZ_NEED(answer->next_cursor.len <= QUERY_CURSOR_MAX_BYTES);
    if (query->limit != 0)
        FUZZ_NEED(answer->n_events <= query->limit);
}

/* From page to page there is an end, and no page twice. */
static void check_pages(const struct asker *asker, Comity__V1__Query *query, struct arena *arena)
{
    Comity__V1__Answer *answer;

    for (unsigned pages = 0; ask(asker, query, arena, &answer) == 0; pages++) {
        fuzz_accept();
        FUZZ_NEED(pages < PAGES_MAX || query->limit < 4);
        check_page(asker, query, answer, arena);
        if (answer->next_cursor.len == 0 || pages == PAGES_MAX)
            return;
        FUZZ_NEED(!bytes_equal(BYTES(query->cursor.data, query->cursor.len),
                               BYTES(answer->next_cursor.data, answer->next_cursor.len)));
        query->cursor = answer->next_cursor;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(4 * ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    ProtobufCMessage *message;

    scene_make();
    const struct asker asker = asker_of((unsigned) fuzz_number(&input, 1));
    if (message_unpack(&comity__v1__query__descriptor, fuzz_rest(&input), BODY_MAX_BYTES, arena, NULL, &message) != 0)
        return 0;
    Comity__V1__Query *query = (Comity__V1__Query *) message;
    if (query->history.len == HISTORY_ID_SIZE)
        query->history.data = scene->history;
    if (asker.is_late || asker.key == &scene->stranger)
        check_stranger(&asker, query, arena);
    else
        check_pages(&asker, query, arena);
    return 0;
}
