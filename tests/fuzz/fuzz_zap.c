/* Requests to the broker's gate (RFC 27). Input: pieces: the parts. */
#include <stdlib.h>
#include <zmq.h>

#include "broker/zap.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"

enum { PARTS_MAX = 12, REQUEST_PARTS = 7, REPLY_PARTS = 6, PART_ROOM = 300 };
enum { PART_VERSION, PART_ID, PART_DOMAIN, PART_ADDRESS, PART_ROUTING, PART_MECHANISM, PART_KEY };

/* Made once: the worker's key is the one that may come in at the back. */
static struct gate {
    void *context, *asker;
    struct zap *zap;
    struct admission admission;
    struct admission_worker worker;
    struct watch watch;
} gate;

static void gate_end(void)
{
    zmq_close(gate.asker);
    zap_close(&gate.zap);
    watch_release(&gate.watch);
    zmq_ctx_term(gate.context);
}

static void gate_make(void)
{
    static const uint8_t KEY[KEY_SIZE] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

    if (gate.context != NULL)
        return;
    gate.context = zmq_ctx_new();
    gate.worker = (struct admission_worker){.name = "north"};
    memcpy(gate.worker.key, KEY, sizeof(KEY));
    gate.admission = (struct admission){
        .workers = &gate.worker, .worker_count = 1, .connection_limit = 8, .address_percent = 25};
    FUZZ_NEED(gate.context != NULL && watch_init(&gate.watch, 20) == 0 && zap_open(gate.context, &gate.zap) == 0);
    gate.asker = zmq_socket(gate.context, ZMQ_REQ);
    FUZZ_NEED(gate.asker != NULL && zmq_connect(gate.asker, "inproc://zeromq.zap.01") == 0);
    atexit(gate_end);
}

static bool is_text(struct bytes part, const char *text)
{
    return bytes_equal(part, BYTES(text, strlen(text)));
}

/* The answer's parts, into memory of the arena. */
static void take_answer(struct arena *arena, struct bytes ret_parts[REPLY_PARTS])
{
    int more = 1;
    size_t count = 0, size = sizeof(more);

    for (; more != 0; count++) {
        uint8_t *part = arena_alloc(arena, PART_ROOM);
        FUZZ_NEED(part != NULL && count < REPLY_PARTS);
        int got = zmq_recv(gate.asker, part, PART_ROOM, 0);
        FUZZ_NEED(got >= 0 && got < PART_ROOM);
        ret_parts[count] = BYTES(part, (size_t) got);
        FUZZ_NEED(zmq_getsockopt(gate.asker, ZMQ_RCVMORE, &more, &size) == 0);
    }
    FUZZ_NEED(count == REPLY_PARTS);
}

/* Let in is a key of 32 bytes under CURVE, at a side that there is; at the back the worker's alone. */
static void check_admitted(const struct bytes *parts, size_t count, const struct zap_report *report,
                           struct bytes user_id)
{
    char hex[2 * KEY_SIZE + 1];

    fuzz_accept();
    FUZZ_NEED(count == REQUEST_PARTS && is_text(parts[PART_VERSION], "1.0") && is_text(parts[PART_MECHANISM], "CURVE"));
    FUZZ_NEED(parts[PART_KEY].size == KEY_SIZE && memcmp(parts[PART_KEY].data, report->key, KEY_SIZE) == 0);
    FUZZ_NEED(is_text(parts[PART_DOMAIN], side_name(report->side)));
    if (report->side == SIDE_BACK)
        FUZZ_NEED(memcmp(report->key, gate.worker.key, KEY_SIZE) == 0);
    hex_encode(BYTES(report->key, KEY_SIZE), hex);
    FUZZ_NEED(is_text(user_id, hex));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size, .arena = arena};
    struct bytes parts[PARTS_MAX], answer[REPLY_PARTS];
    struct zap_report report = {.verdict = VERDICT_LATER};
    size_t count = 0;

    gate_make();
    do
        parts[count++] = fuzz_piece(&input);
    while (input.left > 0 && count < PARTS_MAX);
    for (size_t i = 0; i < count; i++)
        FUZZ_NEED(zmq_send(gate.asker, parts[i].data, parts[i].size, i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
    FUZZ_NEED(zap_answer(gate.zap, &gate.admission, &gate.watch, &report));
    FUZZ_NEED(memchr(report.address, '\0', sizeof(report.address)) != NULL);
    take_answer(arena, answer);
    FUZZ_NEED(is_text(answer[0], "1.0") && answer[5].size == 0);
    FUZZ_NEED(count < 2 || parts[PART_ID].size > 256 || bytes_equal(answer[1], parts[PART_ID]));
    FUZZ_NEED(is_text(answer[2], "200") == (report.verdict == VERDICT_ADMIT));
    FUZZ_NEED(answer[2].size == 3 && answer[3].size > 0);
    if (report.verdict == VERDICT_ADMIT)
        check_admitted(parts, count, &report, answer[4]);
    else
        FUZZ_NEED(answer[4].size == 0);
    return 0;
}
