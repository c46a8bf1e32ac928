#include "worker/log/grpc_answer.h"

#include <stdlib.h>
#include <strings.h>

#include "core/error.h"
#include "core/text.h"

enum { ROOM_FIRST = 4096, ROOM_KEPT = 64 * 1024, HTTP_DIGITS = 3, STATUS_DIGITS_MAX = 4 };

void grpc_prefix(size_t size, uint8_t ret_prefix[GRPC_PREFIX_SIZE])
{
    ret_prefix[0] = 0;
    put_u32(ret_prefix + 1, (uint32_t) size);
}

/* Messages. */

void grpc_reader_release(struct grpc_reader *reader)
{
    free(reader->buffer);
    *reader = (struct grpc_reader){.limit_bytes = reader->limit_bytes};
}

void grpc_reader_reset(struct grpc_reader *reader)
{
    if (reader->room > ROOM_KEPT)
        grpc_reader_release(reader);
    reader->size = reader->whole = 0;
}

static bool reader_grow(struct grpc_reader *reader, size_t need)
{
    size_t room = reader->room == 0 ? ROOM_FIRST : reader->room;

    while (room < need)
        room *= 2;
    if (room == reader->room)
        return true;
    uint8_t *buffer = realloc(reader->buffer, room);
    if (buffer == NULL)
        return false;
    reader->buffer = buffer;
    reader->room = room;
    return true;
}

/* Bytes of the message that begins there, with its prefix. */
static size_t message_size(const uint8_t *at)
{
    return GRPC_PREFIX_SIZE + (size_t) get_u32(at + 1);
}

int grpc_reader_take(struct grpc_reader *reader, struct bytes piece)
{
    if (piece.size == 0)
        return 0;
    if (piece.size > reader->limit_bytes - reader->size)
        return ERR_TOO_LARGE;
    if (!reader_grow(reader, reader->size + piece.size))
        return ERR_MEMORY;
    memcpy(reader->buffer + reader->size, piece.data, piece.size);
    reader->size += piece.size;
    while (reader->size - reader->whole >= GRPC_PREFIX_SIZE) {
        const uint8_t *at = reader->buffer + reader->whole;
        if (at[0] != 0)
            return ERR_MALFORMED;
        if (message_size(at) > reader->limit_bytes - reader->whole)
            return ERR_TOO_LARGE;
        if (message_size(at) > reader->size - reader->whole)
            break;
        reader->whole += message_size(at);
    }
    return 0;
}

bool grpc_reader_next(const struct grpc_reader *reader, size_t *offset, struct bytes *ret_message)
{
    if (*offset >= reader->whole)
        return false;
    const uint8_t *at = reader->buffer + *offset;
    *ret_message = BYTES(at + GRPC_PREFIX_SIZE, message_size(at) - GRPC_PREFIX_SIZE);
    *offset += message_size(at);
    return true;
}

void grpc_reader_drop(struct grpc_reader *reader, size_t offset)
{
    if (offset == 0)
        return;
    if (offset == reader->size) {
        grpc_reader_reset(reader);
        return;
    }
    memmove(reader->buffer, reader->buffer + offset, reader->size - offset);
    reader->size -= offset;
    reader->whole -= offset;
}

/* The status. */

/* A number of one to @digits_max digits, and nothing else. */
static bool number_read(struct bytes text, size_t digits_max, uint32_t *ret_number)
{
    uint32_t number = 0;

    if (text.size == 0 || text.size > digits_max)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (uint32_t) (text.data[i] - '0');
    }
    *ret_number = number;
    return true;
}

static int hex_digit(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* grpc-message: %XX is a byte; what only looks like it stands for itself. */
static void message_read(struct bytes value, char ret_message[GRPC_MESSAGE_MAX])
{
    uint8_t decoded[GRPC_MESSAGE_MAX];
    size_t count = 0;

    for (size_t i = 0; i < value.size && count < sizeof(decoded); i++) {
        uint8_t byte = value.data[i];
        if (byte == '%' && value.size - i > 2) {
            int high = hex_digit(value.data[i + 1]), low = hex_digit(value.data[i + 2]);
            if (high >= 0 && low >= 0) {
                byte = (uint8_t) (high << 4 | low);
                i += 2;
            }
        }
        decoded[count++] = byte;
    }
    text_escape(BYTES(decoded, count), false, ret_message, GRPC_MESSAGE_MAX);
}

static bool begins_with(struct bytes text, const char *word)
{
    return text.size >= strlen(word) && strncasecmp((const char *) text.data, word, strlen(word)) == 0;
}

/* The value where the line is a header of that name. */
static bool header_value(struct bytes line, const char *name, struct bytes *ret_value)
{
    size_t at = strlen(name);

    if (!begins_with(line, name) || line.size == at || line.data[at] != ':')
        return false;
    for (at++; at < line.size && line.data[at] == ' ';)
        at++;
    *ret_value = BYTES(line.data + at, line.size - at);
    return true;
}

void grpc_status_take(struct grpc_status *status, struct bytes line)
{
    struct bytes value;

    while (line.size > 0 && strchr("\r\n ", line.data[line.size - 1]) != NULL &&
           line.data[line.size - 1] != '\0')
        line.size--;
    if (begins_with(line, "HTTP/")) {
        const uint8_t *space = memchr(line.data, ' ', line.size);
        size_t left = space == NULL ? 0 : line.size - (size_t) (space + 1 - line.data);
        *status = (struct grpc_status){.http = 0};
        if (left >= HTTP_DIGITS)
            number_read(BYTES(space + 1, HTTP_DIGITS), HTTP_DIGITS, &status->http);
    } else if (header_value(line, "content-type", &value)) {
        status->is_grpc = begins_with(value, "application/grpc");
    } else if (header_value(line, "grpc-status", &value)) {
        status->is_there = number_read(value, STATUS_DIGITS_MAX, &status->code);
    } else if (header_value(line, "grpc-message", &value)) {
        message_read(value, status->message);
    }
}
