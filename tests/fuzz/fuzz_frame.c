/* Frames as they come off the line: header, route, seal. */
#include <stdlib.h>

#include "core/error.h"
#include "core/seal.h"
#include "tests/fuzz/fuzz.h"

enum { PLAIN_MAX = 4096 };

static struct seal_session client, group;
static struct connection_key client_key;

static void sessions_ready(void)
{
    static const uint8_t CLIENT_SECRET[CONNECTION_SECRET_SIZE] = {1, 2, 3};
    static const uint8_t GROUP_SECRET[CONNECTION_SECRET_SIZE] = {4, 5, 6};
    struct connection_key group_key;

    if (client_key.public_key[0] != 0)
        return;
    FUZZ_NEED(key_init() == 0);
    connection_key_from_secret(CLIENT_SECRET, &client_key);
    connection_key_from_secret(GROUP_SECRET, &group_key);
    FUZZ_NEED(seal_session_client(&client_key, group_key.public_key, &client) == 0);
    FUZZ_NEED(seal_session_group(&group_key, client_key.public_key, &group) == 0);
}

/* What is sealed opens, until a bit of it is another. What may be altered on the way does not matter. */
static void check_seal(const struct frame_header *header, struct bytes plain, size_t turned_bit)
{
    static uint8_t frame[FRAME_HEADER_SIZE + SEAL_OVERHEAD + PLAIN_MAX];
    static uint8_t opened[PLAIN_MAX];
    size_t size = FRAME_HEADER_SIZE + SEAL_OVERHEAD + plain.size;
    size_t opened_size = 0;

    seal_frame(&client, header, plain, frame);
    frame_set_route(frame, ~header->route);
    FUZZ_NEED(seal_open(&group, BYTES(frame, size), opened, &opened_size) == 0);
    FUZZ_NEED(bytes_equal(BYTES(opened, opened_size), plain));
    FUZZ_NEED(seal_open(&client, BYTES(frame, size), opened, &opened_size) == ERR_SEAL);
    size_t at = turned_bit / 8 % size;
    bool is_free = at >= FRAME_SEALED_HEADER_SIZE && at < FRAME_HEADER_SIZE;
    frame[at] ^= (uint8_t) (1U << turned_bit % 8);
    FUZZ_NEED((seal_open(&group, BYTES(frame, size), opened, &opened_size) == 0) == is_free);
}

static void check_written_again(struct bytes frame, const struct frame_header *header)
{
    uint8_t again[FRAME_HEADER_SIZE];

    frame_header_write(header, again);
    FUZZ_NEED(memcmp(again, frame.data, FRAME_HEADER_SIZE) == 0);
    frame_set_route(again, 7);
    FUZZ_NEED(memcmp(again, frame.data, FRAME_HEADER_SIZE - 8) == 0);
    FUZZ_NEED(strcmp(frame_type_name(header->type), "?") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t plain[FRAME_BODY_MAX_BYTES];
    struct frame_header header;
    struct bytes body;
    uint8_t key[KEY_SIZE];
    size_t plain_size;

    sessions_ready();
    if (frame_read(BYTES(data, size), &header, &body) != 0)
        return 0;
    fuzz_accept();
    FUZZ_NEED(body.data == data + FRAME_HEADER_SIZE && body.size == size - FRAME_HEADER_SIZE);
    check_written_again(BYTES(data, size), &header);
    if (seal_client_key(body, key) == 0 && seal_open(&group, BYTES(data, size), plain, &plain_size) == 0)
        FUZZ_NEED(memcmp(key, client_key.public_key, KEY_SIZE) == 0);
    if (body.size <= PLAIN_MAX)
        check_seal(&header, body, (size_t) header.route);
    return 0;
}
