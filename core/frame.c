#include "core/frame.h"

#include "core/error.h"

enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_TYPE = 5,
    AT_FLAGS = 6,
    AT_REQUEST = 8,
    AT_GROUP = 16,
    AT_HISTORY = 32,
    AT_COMMAND_ID = 64,
    AT_SEQUENCE = 80,
    AT_ERROR = 88,
    AT_ATTEMPT = 90,
    AT_BUDGET = 92,
    AT_TERM = 96,
    AT_ROUTE = 104,
};

static const uint8_t MAGIC[4] = {'C', 'M', 'T', 'Y'};

static const char *const TYPE_NAMES[] = {
    [FRAME_HELLO] = "HELLO",     [FRAME_WELCOME] = "WELCOME",
    [FRAME_READY] = "READY",     [FRAME_HEARTBEAT] = "HEARTBEAT",
    [FRAME_REQUEST] = "REQUEST", [FRAME_REPLY] = "REPLY",
    [FRAME_ERROR] = "ERROR",     [FRAME_SUBSCRIBE] = "SUBSCRIBE",
    [FRAME_NEWS] = "NEWS",       [FRAME_DRAIN] = "DRAIN",
    [FRAME_BYE] = "BYE",
};

static bool type_is_known(uint8_t type)
{
    return type < ARRAY_COUNT(TYPE_NAMES) && TYPE_NAMES[type];
}

void frame_header_write(const struct frame_header *header, uint8_t ret_bytes[FRAME_HEADER_SIZE])
{
    memcpy(ret_bytes + AT_MAGIC, MAGIC, sizeof(MAGIC));
    ret_bytes[AT_VERSION] = FRAME_VERSION;
    ret_bytes[AT_TYPE] = header->type;
    put_u16(ret_bytes + AT_FLAGS, header->flags);
    put_u64(ret_bytes + AT_REQUEST, header->request);
    memcpy(ret_bytes + AT_GROUP, header->group, GROUP_ID_SIZE);
    memcpy(ret_bytes + AT_HISTORY, header->history, HISTORY_ID_SIZE);
    memcpy(ret_bytes + AT_COMMAND_ID, header->command_id, COMMAND_ID_SIZE);
    put_u64(ret_bytes + AT_SEQUENCE, header->sequence);
    put_u16(ret_bytes + AT_ERROR, (uint16_t) header->error);
    put_u16(ret_bytes + AT_ATTEMPT, header->attempt);
    put_u32(ret_bytes + AT_BUDGET, header->budget_ms);
    put_u64(ret_bytes + AT_TERM, header->term);
    put_u64(ret_bytes + AT_ROUTE, header->route);
}

static int frame_check(struct bytes frame)
{
    const uint8_t *at = frame.data;
    if (frame.size < FRAME_HEADER_SIZE || memcmp(at + AT_MAGIC, MAGIC, sizeof(MAGIC)) != 0)
        return ERR_MALFORMED;
    if (at[AT_VERSION] != FRAME_VERSION)
        return ERR_VERSION;
    uint16_t known_flags = FRAME_FLAG_BROKER | FRAME_FLAG_LEAVE;
    if (!type_is_known(at[AT_TYPE]) || (get_u16(at + AT_FLAGS) & ~known_flags) != 0)
        return ERR_MALFORMED;
    return frame.size > FRAME_MAX_BYTES ? ERR_TOO_LARGE : 0;
}

int frame_read(struct bytes frame, struct frame_header *ret_header, struct bytes *ret_body)
{
    int code = frame_check(frame);
    if (code)
        return code;
    const uint8_t *at = frame.data;
    ret_header->type = at[AT_TYPE];
    ret_header->flags = get_u16(at + AT_FLAGS);
    ret_header->request = get_u64(at + AT_REQUEST);
    memcpy(ret_header->group, at + AT_GROUP, GROUP_ID_SIZE);
    memcpy(ret_header->history, at + AT_HISTORY, HISTORY_ID_SIZE);
    memcpy(ret_header->command_id, at + AT_COMMAND_ID, COMMAND_ID_SIZE);
    ret_header->sequence = get_u64(at + AT_SEQUENCE);
    ret_header->error = (int16_t) get_u16(at + AT_ERROR);
    ret_header->attempt = get_u16(at + AT_ATTEMPT);
    ret_header->budget_ms = get_u32(at + AT_BUDGET);
    ret_header->term = get_u64(at + AT_TERM);
    ret_header->route = get_u64(at + AT_ROUTE);
    *ret_body = BYTES(at + FRAME_HEADER_SIZE, frame.size - FRAME_HEADER_SIZE);
    return 0;
}

void frame_set_route(uint8_t *frame, uint64_t route)
{
    put_u64(frame + AT_ROUTE, route);
}

const char *frame_type_name(uint8_t type)
{
    return type_is_known(type) ? TYPE_NAMES[type] : "?";
}
