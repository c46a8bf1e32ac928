#include <stdlib.h>

#include "client/lib/client.h"
#include "core/error.h"
#include "core/text.h"

struct comity_answer {
    struct arena *arena;
    const Comity__V1__Answer *body;
    struct prose *texts;
    size_t text_count;
};

struct prose {
    uint8_t hash[HASH_SIZE];
    const char *content;
};

/* One text: its hash must be that of its content. */
static int prose_take(struct comity_answer *answer, ProtobufCBinaryData hash, ProtobufCBinaryData salt,
                      ProtobufCBinaryData content)
{
    struct prose *prose = &answer->texts[answer->text_count];
    if (salt.len != SALT_SIZE || hash.len != HASH_SIZE)
        return ERR_MALFORMED;
    if (!utf8_is_valid(BYTES(content.data, content.len)))
        return ERR_UTF8;
    text_hash(salt.data, BYTES(content.data, content.len), prose->hash);
    if (memcmp(prose->hash, hash.data, HASH_SIZE) != 0)
        return ERR_TEXT;
    prose->content = arena_printf(answer->arena, "%.*s", (int) content.len, (const char *) content.data);
    if (prose->content == NULL)
        return ERR_MEMORY;
    answer->text_count++;
    return 0;
}

/* One event: its parts must have the hashes that its header commits to. */
static int event_take(struct comity_answer *answer, const Comity__V1__EventRecord *event)
{
    struct event_header header;
    int code = event_record_check(event, &header);
    for (size_t i = 0; code == 0 && i < event->n_parts; i++) {
        const Comity__V1__Part *part = event->parts[i];
        if (part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT && !part->is_withheld)
            code = prose_take(answer, part->hash, part->salt, part->content);
    }
    return code;
}

static int answer_check(struct comity_answer *answer)
{
    const Comity__V1__Answer *body = answer->body;
    size_t count = body->n_texts + 1;
    for (size_t i = 0; i < body->n_events; i++)
        count += body->events[i]->n_parts;
    answer->texts = arena_alloc(answer->arena, count * sizeof(*answer->texts));
    if (answer->texts == NULL)
        return ERR_MEMORY;
    int code = 0;
    for (size_t i = 0; code == 0 && i < body->n_texts; i++)
        if (!body->texts[i]->is_purged) /* of that there is the hash alone */
            code = prose_take(answer, body->texts[i]->hash, body->texts[i]->salt, body->texts[i]->content);
    for (size_t i = 0; code == 0 && i < body->n_events; i++)
        code = event_take(answer, body->events[i]);
    return code;
}

int answer_new(struct arena **arena, const Comity__V1__Answer *body, struct comity_answer **ret_answer)
{
    struct comity_answer *answer = arena_alloc(*arena, sizeof(*answer));
    if (answer == NULL)
        return ERR_MEMORY;
    answer->arena = *arena;
    answer->body = body;
    int code = answer_check(answer);
    if (code != 0)
        return code;
    *arena = NULL;
    *ret_answer = answer;
    return 0;
}

void comity_answer_destroy(struct comity_answer **answer)
{
    if (answer == NULL || *answer == NULL)
        return;
    struct arena *arena = (*answer)->arena; /* which the answer itself lives in */
    *answer = NULL;
    arena_destroy(&arena);
}

const Comity__V1__Answer *comity_answer_body(const struct comity_answer *answer)
{
    return answer->body;
}

const char *comity_answer_text(const struct comity_answer *answer, const Comity__V1__TextRef *reference)
{
    if (reference == NULL)
        return NULL;
    for (size_t i = 0; i < answer->text_count; i++)
        if (bytes_equal(BYTES(answer->texts[i].hash, HASH_SIZE),
                        BYTES(reference->hash.data, reference->hash.len)))
            return answer->texts[i].content;
    return NULL;
}

void comity_result_release(struct comity_result *result)
{
    comity_answer_destroy(&result->answer);
    free(result->receipt);
    memset(result, 0, sizeof(*result));
}

const char *comity_error_name(int code)
{
    return error_name(code);
}

const char *comity_error_sentence(int code)
{
    return error_sentence(code);
}

bool comity_error_is_not_executed(int code)
{
    return error_execution(code) == NOT_EXECUTED;
}
