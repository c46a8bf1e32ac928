#include "tests/fuzz/corpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/message_types.h"

enum { NAMES_MAX = 512, NAME_BYTES = 64, PATH_BYTES = 1024 };

static const char *directory;

static struct {
    char name[NAME_BYTES];
    unsigned count;
} names[NAMES_MAX];

static void broken(const char *what)
{
    fprintf(stderr, "corpus: %s: %s\n", what, errno != 0 ? strerror(errno) : "cannot be made");
    exit(1);
}

static unsigned number_next(const char *what, const char *name)
{
    char whole[NAME_BYTES];
    size_t i = 0;

    snprintf(whole, sizeof(whole), "%s/%s", what, name);
    while (i < NAMES_MAX && names[i].name[0] != '\0' && strcmp(names[i].name, whole) != 0)
        i++;
    if (i == NAMES_MAX)
        broken("too many names");
    memcpy(names[i].name, whole, sizeof(whole));
    return ++names[i].count;
}

void corpus_put(const char *what, const char *name, struct bytes content)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/%s", directory, what);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        broken(path);
    snprintf(path, sizeof(path), "%s/%s/%s-%u", directory, what, name, number_next(what, name));
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(content.data, 1, content.size, file) != content.size || fclose(file) != 0)
        broken(path);
}

static struct bytes packed(const ProtobufCMessage *message, uint8_t *buffer, size_t size)
{
    if (protobuf_c_message_get_packed_size(message) > size)
        broken("a message is too large");
    return BYTES(buffer, protobuf_c_message_pack(message, buffer));
}

void corpus_put_message(const char *what, const char *name, const ProtobufCMessage *message)
{
    static uint8_t buffer[256 * 1024];

    corpus_put(what, name, packed(message, buffer, sizeof(buffer)));
}

void corpus_put_typed(const char *name, const ProtobufCMessage *message)
{
    static uint8_t buffer[256 * 1024];

    for (uint8_t i = 0; i < MESSAGE_TYPE_COUNT; i++) {
        if (MESSAGE_TYPES[i] != message->descriptor)
            continue;
        buffer[0] = i;
        size_t size = packed(message, buffer + 1, sizeof(buffer) - 1).size;
        corpus_put("message", name, BYTES(buffer, size + 1));
        return;
    }
    broken("a message of an unknown type");
}

void pieces_add(struct corpus_pieces *pieces, struct bytes content)
{
    if (pieces->size + content.size > sizeof(pieces->bytes))
        broken("too many pieces");
    if (content.size > 0)
        memcpy(pieces->bytes + pieces->size, content.data, content.size);
    pieces->size += content.size;
}

void pieces_number(struct corpus_pieces *pieces, uint64_t number, unsigned bytes)
{
    uint8_t whole[8];

    put_u64(whole, number);
    pieces_add(pieces, BYTES(whole + 8 - bytes, bytes));
}

void pieces_piece(struct corpus_pieces *pieces, struct bytes content)
{
    if (content.size > UINT16_MAX)
        broken("a piece is too large");
    pieces_number(pieces, content.size, 2);
    pieces_add(pieces, content);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz-corpus-make DIRECTORY\n");
        return 2;
    }
    directory = argv[1];
    struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    if (arena == NULL)
        broken("memory");
    corpus_of_files(arena);
    corpus_of_rules(arena);
    corpus_of_notes(arena);
    corpus_of_links(arena);
    corpus_of_router();
    corpus_of_machine();
    corpus_of_scene();
    corpus_of_group();
    corpus_of_small_files();
    corpus_of_gate();
    corpus_of_queries();
    corpus_of_grpc(arena);
    corpus_of_log(arena);
    corpus_of_join(arena);
    arena_destroy(&arena);
    return 0;
}
