#include "broker/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

#include "broker/defence.h"
#include "core/error.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"

/* Parts of a request. */
enum { PART_VERSION, PART_ID, PART_DOMAIN, PART_ADDRESS, PART_ROUTING_ID, PART_MECHANISM, PART_KEY, PARTS };

enum { PART_MAX_BYTES = 256 };

struct zap {
    void *socket;
};

struct zap_request {
    uint8_t parts[PARTS][PART_MAX_BYTES];
    size_t sizes[PARTS];
    size_t count; /* of parts that came, also those that have no place here */
};

/* Not 300 for "later": there libzmq hangs up without a word, as a server with another key does. */
static const struct {
    const char *code;
    const char *text;
} STATUSES[] = {
    [VERDICT_ADMIT] = {"200", "OK"},
    [VERDICT_LATER] = {"500", "too many connections"},
    [VERDICT_REFUSE] = {"400", "this key is refused"},
};

int zap_open(void *context, struct zap **ret_zap)
{
    struct zap *zap = calloc(1, sizeof(*zap));
    if (!zap)
        return ERR_MEMORY;
    const int linger = 0;
    zap->socket = zmq_socket(context, ZMQ_REP);
    if (!zap->socket || zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
        zmq_bind(zap->socket, ZAP_ENDPOINT) != 0) {
        int error = zmq_errno() == EADDRINUSE ? ERR_EXISTS : ERR_MEMORY;
        zap_close(&zap);
        return error;
    }
    *ret_zap = zap;
    return 0;
}

void zap_close(struct zap **zap)
{
    if (!zap || !*zap)
        return;
    if ((*zap)->socket)
        zmq_close((*zap)->socket);
    free(*zap);
    *zap = NULL;
}

void *zap_socket(struct zap *zap)
{
    return zap->socket;
}

/* Read one request, every part of it. False where none waits. */
static bool request_receive(struct zap *zap, struct zap_request *request)
{
    zmq_msg_t part;
    bool has_more = true;
    request->count = 0;
    zmq_msg_init(&part);
    while (has_more) {
        /* The parts of a message come together: only the first can be missing. */
        if (zmq_msg_recv(&part, zap->socket, ZMQ_DONTWAIT) < 0) {
            if (zmq_errno() == EINTR)
                continue;
            zmq_msg_close(&part);
            return false;
        }
        size_t at = request->count++;
        size_t size = zmq_msg_size(&part);
        if (at < PARTS) {
            request->sizes[at] = size;
            memcpy(request->parts[at], zmq_msg_data(&part), size < PART_MAX_BYTES ? size : PART_MAX_BYTES);
        }
        has_more = zmq_msg_more(&part) != 0;
    }
    zmq_msg_close(&part);
    return true;
}

static bool part_is(const struct zap_request *request, size_t part, const char *text)
{
    return request->sizes[part] == strlen(text) && memcmp(request->parts[part], text, strlen(text)) == 0;
}

/* What the request is about. False for one that is none of ours. */
static bool request_read(const struct zap_request *request, struct zap_report *report)
{
    if (request->count != PARTS || !part_is(request, PART_VERSION, "1.0") ||
        !part_is(request, PART_MECHANISM, "CURVE") || request->sizes[PART_KEY] != KEY_SIZE)
        return false;
    if (part_is(request, PART_DOMAIN, side_name(SIDE_FRONT)))
        report->side = SIDE_FRONT;
    else if (part_is(request, PART_DOMAIN, side_name(SIDE_BACK)))
        report->side = SIDE_BACK;
    else
        return false;
    report->has_key = true;
    memcpy(report->key, request->parts[PART_KEY], KEY_SIZE);
    size_t size = request->sizes[PART_ADDRESS];
    if (size >= sizeof(report->address))
        size = sizeof(report->address) - 1;
    memcpy(report->address, request->parts[PART_ADDRESS], size);
    report->address[size] = '\0';
    return true;
}

/* A REP socket has to answer, whatever came. Its peer is within the process: nothing of this can be full. */
static void reply(struct zap *zap, const struct zap_request *request, const struct zap_report *report)
{
    char user_id[2 * KEY_SIZE + 1] = "";
    if (report->verdict == VERDICT_ADMIT)
        hex_encode(BYTES(report->key, KEY_SIZE), user_id);
    const char *code = STATUSES[report->verdict].code;
    if (report->verdict == VERDICT_LATER && !DEFENCE(say_full))
        code = "300";
    const char *text = STATUSES[report->verdict].text;
    bool has_id = request->count > PART_ID && request->sizes[PART_ID] <= PART_MAX_BYTES;
    const struct bytes parts[] = {
        BYTES("1.0", 3),
        BYTES(request->parts[PART_ID], has_id ? request->sizes[PART_ID] : 0),
        BYTES(code, strlen(code)),
        BYTES(text, strlen(text)),
        BYTES(user_id, strlen(user_id)),
        BYTES("", 0), /* no metadata */
    };
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
        int flags = ZMQ_DONTWAIT | (i + 1 < ARRAY_COUNT(parts) ? ZMQ_SNDMORE : 0);
        while (zmq_send(zap->socket, parts[i].data, parts[i].size, flags) < 0 && zmq_errno() == EINTR)
            ;
    }
}

static struct crowd crowd_of(const struct watch *watch, const char *text)
{
    const struct address from = address_of_text(text);
    return (struct crowd){
        .all = watch->counts[SIDE_FRONT] - watch->leaving[SIDE_FRONT],
        .from_there = watch_count_from(watch, &from),
    };
}

bool zap_answer(struct zap *zap, const struct admission *admission, const struct watch *watch,
                struct zap_report *ret_report)
{
    struct zap_request request;
    struct zap_report report = {.verdict = VERDICT_REFUSE};
    if (!request_receive(zap, &request))
        return false;
    if (request_read(&request, &report)) {
        report.crowd = crowd_of(watch, report.address);
        report.verdict = admission_judge(admission, report.side, report.key, report.crowd);
    }
    reply(zap, &request, &report);
    *ret_report = report;
    return true;
}
