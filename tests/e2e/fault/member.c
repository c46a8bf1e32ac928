/* A member of a fault test on libcomity: casts ballots, each in place of the one before, and reads in
 * between, until SIGTERM. Like voter.py it writes down what it was told (comity_told.py); what the library
 * may be relied on for, it relies on: the same bytes to every broker, no step back, no fork. A command whose
 * fate stayed open is submitted again later.
 *
 * usage: member FILE      (lines of NAME VALUE: who, told, journal, group_key, log_key, history, key, round,
 * text_hash, seed, pause_s, and broker ENDPOINT=KEY for each, the own one first; bytes in hexadecimal) Ends
 * with 1 if it was told something that no fault explains. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/lib/comity.h"
#include "comity/error.h"
#include "comity/v1/event.pb-c.h"

enum {
    OPEN_MAX = 64,
    SEEN_MAX = 16,
    LINE_MAX_BYTES = 8192,
    VALUE_MAX = 1024,
    SEQUENCE_AT = 44,
    READ_MS = 5000,
    ATTEMPT_MS = 500
};

struct member {
    char who[VALUE_MAX], told[VALUE_MAX], journal[VALUE_MAX], endpoints[COMITY_BROKERS_MAX][VALUE_MAX];
    struct comity_broker brokers[COMITY_BROKERS_MAX];
    size_t broker_count;
    uint8_t group_key[COMITY_KEY_SIZE], key[COMITY_KEY_SIZE], text_hash[32];
    struct comity_pin pin;
    uint32_t round;
    unsigned pause_ms; /* the longest between two acts */
    unsigned random;
    int fd;
    struct comity *client;
    struct comity_draft *open[OPEN_MAX];
    size_t open_count;
    uint64_t latest; /* its last ballot */
    unsigned reads;
};

static volatile sig_atomic_t is_over;
static bool is_forked;

static void over(int number)
{
    (void) number;
    is_over = 1;
}

static void die(const char *what, const char *why)
{
    printf("%s: %s\n", what, why);
    fflush(stdout);
    _exit(1);
}

/* What it is given. */

static void hex_read(const char *hex, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            die("hexadecimal", hex);
        bytes[i] = (uint8_t) byte;
    }
}

static void broker_read(struct member *member, char *value)
{
    char *key = strchr(value, '=');
    if (!key || member->broker_count == COMITY_BROKERS_MAX)
        die("broker", value);
    *key++ = '\0';
    char *endpoint = member->endpoints[member->broker_count];
    snprintf(endpoint, sizeof(member->endpoints[0]), "%s", value);
    hex_read(key, member->brokers[member->broker_count].server_key, COMITY_KEY_SIZE);
    member->brokers[member->broker_count++].endpoint = endpoint;
}

static void setting_read(struct member *member, const char *name, char *value)
{
    const struct {
        const char *name;
        uint8_t *bytes;
    } secrets[] = {{"group_key", member->group_key},
                   {"log_key", member->pin.log_key},
                   {"history", member->pin.history},
                   {"key", member->key},
                   {"text_hash", member->text_hash}};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (strcmp(name, secrets[i].name) == 0)
            hex_read(value, secrets[i].bytes, 32);
    if (strcmp(name, "broker") == 0)
        broker_read(member, value);
    if (strcmp(name, "who") == 0)
        snprintf(member->who, sizeof(member->who), "%s", value);
    if (strcmp(name, "told") == 0)
        snprintf(member->told, sizeof(member->told), "%s", value);
    if (strcmp(name, "journal") == 0)
        snprintf(member->journal, sizeof(member->journal), "%s", value);
    if (strcmp(name, "round") == 0)
        member->round = (uint32_t) strtoul(value, NULL, 10);
    if (strcmp(name, "pause_s") == 0)
        member->pause_ms = (unsigned) (strtod(value, NULL) * 1000) + 1;
    if (strcmp(name, "seed") == 0)
        member->random = (unsigned) strtoul(value, NULL, 10);
}

static void settings_read(struct member *member, const char *path)
{
    FILE *file = fopen(path, "r");
    char name[32], value[VALUE_MAX];
    if (!file)
        die("cannot read", path);
    while (fscanf(file, "%31s %1023s", name, value) == 2)
        setting_read(member, name, value);
    fclose(file);
}

/* What it was told: a line an act, in one write. */

__attribute__((format(printf, 3, 4))) static void tell(const struct member *member, const char *act,
                                                       const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    struct timespec now;
    va_list arguments;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int size = snprintf(line, sizeof(line), "{\"t\":%" PRId64 ",\"who\":\"%s\",\"act\":\"%s\",",
                        (int64_t) now.tv_sec * 1000000000 + now.tv_nsec, member->who, act);
    va_start(arguments, format);
    size += vsnprintf(line + size, sizeof(line) - (size_t) size, format, arguments);
    va_end(arguments);
    size += snprintf(line + size, sizeof(line) - (size_t) size, "}\n");
    if (write(member->fd, line, (size_t) size) != size)
        die("cannot write", member->told);
}

struct hex {
    char text[65];
};

static struct hex hex_of(const uint8_t *bytes, size_t size)
{
    struct hex hex = {""};
    for (size_t i = 0; i < size; i++)
        snprintf(hex.text + 2 * i, 3, "%02x", bytes[i]);
    return hex;
}

static struct hex id_of(const struct comity_draft *draft)
{
    return hex_of(comity_draft_id(draft), COMITY_ID_SIZE);
}

static unsigned chance(struct member *member, unsigned of)
{
    return (unsigned) rand_r(&member->random) % of;
}

/* Ballots. */

static struct comity_draft *ballot_new(struct member *member)
{
    Comity__V1__CastBallot cast = COMITY__V1__CAST_BALLOT__INIT;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    struct comity_draft *draft = NULL;
    struct comity_fault fault = {0};
    struct comity_texts *texts = comity_texts_new();
    int code = texts ? comity_texts_add(texts, "", 0, &cast.reason) : COMITY_ERR_MEMORY;
    if (code == 0)
        code = comity_texts_add(texts, "", 0, &cast.alternative);
    cast.round = member->round;
    cast.text_hash = (ProtobufCBinaryData){.len = 32, .data = member->text_hash};
    cast.answer = 1 + chance(member, 6);
    cast.replaces = member->latest;
    command.body_case = COMITY__V1__COMMAND__BODY_CAST_BALLOT;
    command.cast_ballot = &cast;
    command.epoch = 1;
    if (code == 0)
        code = comity_draft_new(&command, member->pin.history, texts, member->key, 0, &draft, &fault);
    comity_texts_destroy(&texts);
    if (code)
        die("a ballot", comity_error_name(code));
    tell(member, "started", "\"history\":\"%s\",\"id\":\"%s\"", hex_of(member->pin.history, 32).text,
         id_of(draft).text);
    return draft;
}

static void ballot_keep(struct member *member, struct comity_draft *draft)
{
    tell(member, "unknown", "\"id\":\"%s\"", id_of(draft).text);
    if (member->open_count == OPEN_MAX)
        comity_draft_destroy(&draft);
    else
        member->open[member->open_count++] = draft;
}

static void ballot_submit(struct member *member, struct comity_draft *draft)
{
    static const int64_t PATIENCE_MS[] = {300, 1000, 4000};
    struct comity_result result = {.verdict = COMITY_NOT_SENT};
    comity_submit_wait(member->client, draft, PATIENCE_MS[chance(member, 3)], &result);
    if (result.verdict == COMITY_RECORDED) {
        tell(member, "recorded", "\"id\":\"%s\",\"sequence\":%" PRIu64, id_of(draft).text, result.sequence);
        member->latest = result.sequence > member->latest ? result.sequence : member->latest;
    } else if (result.verdict == COMITY_REFUSED) {
        tell(member, "refused", "\"id\":\"%s\",\"code\":\"%s\"", id_of(draft).text,
             comity_error_name(result.fault.code));
        if (comity_is_final(result.fault.code) && result.fault.code != COMITY_ERR_STALE)
            die("a well-formed ballot was refused", comity_error_name(result.fault.code));
        if (result.fault.code == COMITY_ERR_STALE)
            member->latest = result.fault.latest;
    } else {
        if (result.fault.code == COMITY_ERR_RECEIPT || result.fault.code == COMITY_ERR_FORKED)
            die("what came is not believed", comity_error_name(result.fault.code));
        ballot_keep(member, draft);
        draft = NULL;
    }
    comity_result_release(&result);
    comity_draft_destroy(&draft);
}

static void act(struct member *member)
{
    struct comity_draft *draft = NULL;
    if (member->open_count > 0 && chance(member, 10) < 3) {
        draft = member->open[0];
        member->open_count--;
        memmove(member->open, member->open + 1, member->open_count * sizeof(draft));
    }
    ballot_submit(member, draft ? draft : ballot_new(member));
}

/* Reads. */

static uint64_t sequence_of(const Comity__V1__EventRecord *record)
{
    uint64_t sequence = 0;
    for (size_t i = 0; i < sizeof(sequence); i++)
        sequence = sequence << 8 | record->header.data[SEQUENCE_AT + i];
    return sequence;
}

static void saw(const struct member *member, const Comity__V1__Answer *answer, bool is_fresh)
{
    char commands[LINE_MAX_BYTES / 2] = "";
    size_t size = 0;
    for (size_t i = 0; i < answer->n_events && i < SEEN_MAX; i++) {
        const Comity__V1__EventRecord *record = answer->events[i];
        const ProtobufCBinaryData *open = &record->parts[0]->content;
        Comity__V1__Event *event = comity__v1__event__unpack(NULL, open->len, open->data);
        if (!event)
            die("an event", "does not unpack");
        size += (size_t) snprintf(commands + size, sizeof(commands) - size, "%s\"%" PRIu64 "\":\"%s\"",
                                  i > 0 ? "," : "", sequence_of(record),
                                  hex_of(event->command_id.data, event->command_id.len).text);
        comity__v1__event__free_unpacked(event, NULL);
    }
    tell(member, "saw", "\"read\":%u,\"as_of\":%" PRIu64 ",\"commands\":{%s},\"is_fresh\":%s", member->reads,
         answer->as_of, commands, is_fresh ? "true" : "false");
}

static void look(struct member *member)
{
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    struct comity_result result = {.verdict = COMITY_NOT_SENT};
    uint64_t seen = comity_seen(member->client, member->pin.history);
    events.from = seen > 3 ? seen - 3 : 1;
    query.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    query.events = &events;
    query.limit = 8;
    query.fresh = chance(member, 2) == 0;
    member->reads++;
    tell(member, "reading", "\"history\":\"%s\",\"read\":%u,\"kind\":\"%s\"",
         hex_of(member->pin.history, 32).text, member->reads, query.fresh ? "FRESH" : "AS_OF");
    comity_query_wait(member->client, member->pin.history, &query, READ_MS, &result);
    if (result.verdict == COMITY_ANSWERED) {
        const Comity__V1__Answer *answer = comity_answer_body(result.answer);
        saw(member, answer, !query.fresh || answer->is_fresh);
    } else if (result.fault.code == COMITY_ERR_BEHIND) {
        tell(member, "behind", "\"read\":%u", member->reads);
    }
    comity_result_release(&result);
}

static void event(const struct comity_event *event, void *context)
{
    (void) context;
    is_forked =
        is_forked || event->kind == COMITY_EVENT_FORKED || event->kind == COMITY_EVENT_LOG_KEY_REFUSED;
}

int main(int argc, char **argv)
{
    static struct member member;
    if (argc != 2)
        die("usage", "member FILE");
    settings_read(&member, argv[1]);
    signal(SIGTERM, over);
    member.fd = open(member.told, O_WRONLY | O_CREAT | O_APPEND, 0600);
    struct comity_options options = {.brokers = member.brokers,
                                     .broker_count = member.broker_count,
                                     .pins = &member.pin,
                                     .pin_count = 1,
                                     .journal = member.journal,
                                     .attempt_ms = ATTEMPT_MS,
                                     .on_event = event};
    memcpy(options.group_key, member.group_key, COMITY_KEY_SIZE);
    int code = member.fd < 0 ? COMITY_ERR_FILE : comity_new(&options, &member.client);
    if (code == 0)
        code = comity_read(member.client, member.pin.history, member.key);
    if (code)
        die("comity_new", comity_error_name(code));
    while (!is_over) {
        if (chance(&member, 10) < 4)
            look(&member);
        else
            act(&member);
        comity_pump(member.client, (int) chance(&member, member.pause_ms));
        if (is_forked)
            die("what the server shows", "does not go on from what it showed before");
    }
    for (size_t i = 0; i < member.open_count; i++)
        comity_draft_destroy(&member.open[i]);
    comity_destroy(&member.client);
    return 0;
}
