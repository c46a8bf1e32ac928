/* A program of somebody else's: it knows libcomity by what is installed, and nothing else of this tree.
 *
 *   drive STATE found TOKEN ENDPOINT SERVER-KEY [ENDPOINT SERVER-KEY]... GROUP-KEY
 *       founds a partnership of two sides and gives it a body; writes what the others need into the file
 * STATE drive STATE load N WINDOW [JOURNAL]  convenes N sessions; one line each: verdict, sequence, tries
 *   drive STATE count                    how many sessions there are
 *   drive STATE follow FROM              one line for each advance, until standard input ends
 *   drive STATE lost RESTORED-TO EPOCH JOURNAL   submits again what a restore lost
 *   drive STATE whoami | status
 *
 * Exit status 0 where all went well. */
#include <comity.h>
#include <comity/error.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { FOUNDERS = 4, BROKERS = 4, LINE = 512 };

/* All that has to be kept between runs. */
struct state {
    size_t brokers;
    char endpoints[BROKERS][128];
    uint8_t server_keys[BROKERS][COMITY_KEY_SIZE];
    uint8_t group_key[COMITY_KEY_SIZE];
    uint8_t history[COMITY_HISTORY_SIZE];
    uint8_t log_key[COMITY_KEY_SIZE];
    uint8_t seeds[FOUNDERS][COMITY_KEY_SIZE];
};

static struct state state;

static void die(const char *what, int code)
{
    fprintf(stderr, "%s: %s\n", what, comity_error_name(code));
    exit(1);
}

static void check(const char *what, int code)
{
    if (code != 0)
        die(what, code);
}

static void key_read(const char *hex, uint8_t *ret_key)
{
    for (size_t i = 0; i < COMITY_KEY_SIZE; i++)
        if (sscanf(hex + 2 * i, "%2hhx", &ret_key[i]) != 1)
            die(hex, COMITY_ERR_MALFORMED);
}

static void state_save(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(&state, sizeof(state), 1, file) != 1 || fclose(file) != 0)
        die(path, COMITY_ERR_FILE);
}

static void state_load(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fread(&state, sizeof(state), 1, file) != 1)
        die(path, COMITY_ERR_FILE);
    fclose(file);
}

static void on_event(const struct comity_event *event, void *context)
{
    (void) context;
    if (event->kind == COMITY_EVENT_LOG_KEY)
        memcpy(state.log_key, event->log_key, COMITY_KEY_SIZE);
    fprintf(stderr, "event %d %s %s attempt=%u wait_ms=%" PRId64 "\n", (int) event->kind,
            event->endpoint == NULL ? "-" : event->endpoint, comity_error_name(event->code), event->attempt,
            event->wait_ms);
}

static struct comity *client_new(const char *journal, int is_reader)
{
    static struct comity_broker brokers[BROKERS];
    static struct comity_reader reader;
    static struct comity_pin pin;
    struct comity *client = NULL;
    for (size_t i = 0; i < state.brokers; i++) {
        brokers[i].endpoint = state.endpoints[i];
        memcpy(brokers[i].server_key, state.server_keys[i], COMITY_KEY_SIZE);
    }
    memcpy(reader.history, state.history, COMITY_HISTORY_SIZE);
    memcpy(reader.seed, state.seeds[0], COMITY_KEY_SIZE);
    memcpy(pin.history, state.history, COMITY_HISTORY_SIZE);
    memcpy(pin.log_key, state.log_key, COMITY_KEY_SIZE);
    struct comity_options options = {
        .brokers = brokers,
        .broker_count = state.brokers,
        .readers = &reader,
        .reader_count = is_reader ? 1 : 0,
        .pins = &pin,
        .pin_count = is_reader ? 1 : 0,
        .journal = journal,
        .attempt_ms = 2000,
        .deadline_ms = 60000,
        .poll_ms = 60000,
        .on_event = on_event,
    };
    memcpy(options.group_key, state.group_key, COMITY_KEY_SIZE);
    check("comity_new", comity_new(&options, &client));
    return client;
}

static Comity__V1__TextRef *text(struct comity_texts *texts, const char *prose)
{
    Comity__V1__TextRef *reference = NULL;
    check("comity_texts_add", comity_texts_add(texts, prose, strlen(prose), &reference));
    return reference;
}

/* Sign by the first founder, then hand it around as a file would be, and submit it. */
static struct comity_result act(struct comity *client, const Comity__V1__Command *command,
                                const uint8_t *history, struct comity_texts *texts, const size_t *cosigners,
                                size_t count, const char *token)
{
    struct comity_draft *draft = NULL;
    struct comity_fault fault = {0};
    struct comity_result result;
    if (comity_draft_new(command, history, texts, state.seeds[0], 0, &draft, &fault) != 0)
        die(fault.field, fault.code);
    if (token != NULL)
        check("token", comity_draft_set_token(draft, token));
    for (size_t i = 0; i < count; i++) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        check("pack", comity_draft_pack(draft, &bytes, &size));
        comity_draft_destroy(&draft);
        check("unpack", comity_draft_unpack(bytes, size, &draft, NULL));
        check("cosign", comity_draft_cosign(draft, state.seeds[cosigners[i]]));
        free(bytes);
    }
    if (comity_submit_wait(client, draft, 0, &result) != 0)
        fprintf(stderr, "refused: %s %s\n", comity_error_name(result.fault.code), result.fault.field);
    check(comity_draft_name(draft), result.fault.code);
    comity_draft_destroy(&draft);
    return result;
}

/* Public halves of the founders' seeds: the library tells them when it signs, so each signs something small
 * first. */
static void public_key(size_t founder, uint8_t *ret_key)
{
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__OpenSession open = COMITY__V1__OPEN_SESSION__INIT;
    struct comity_draft *draft = NULL;
    open.session = 1;
    command.epoch = 1;
    command.body_case = COMITY__V1__COMMAND__BODY_OPEN_SESSION;
    command.open_session = &open;
    check("key", comity_draft_new(&command, state.history, NULL, state.seeds[founder], 0, &draft, NULL));
    memcpy(ret_key, comity_draft_command(draft)->key.data, COMITY_KEY_SIZE);
    comity_draft_destroy(&draft);
}

/* What a founding is made of: it all has to live until the command is signed. */
struct founding {
    struct comity_texts *texts;
    uint8_t keys[FOUNDERS][COMITY_KEY_SIZE];
    Comity__V1__Office offices[2];
    Comity__V1__Founder founders[FOUNDERS], *founder_list[FOUNDERS];
    Comity__V1__NewConstituency sides[2], *side_list[2];
    Comity__V1__NewSite site, *site_list[1];
    ProtobufCBinaryData cosigners[FOUNDERS - 1];
};

static const char *const SIDES[] = {"labour", "management"};
static const char *const NAMES[FOUNDERS] = {"Ada", "Ben", "Carla", "Dev"};

/* Two co-chairs a side; the first is a facilitator as well. */
static void founders_make(struct founding *founding)
{
    founding->offices[0] = COMITY__V1__OFFICE__OFFICE_CO_CHAIR;
    founding->offices[1] = COMITY__V1__OFFICE__OFFICE_FACILITATOR;
    for (size_t i = 0; i < FOUNDERS; i++) {
        Comity__V1__Founder *founder = founding->founder_list[i] = &founding->founders[i];
        public_key(i, founding->keys[i]);
        comity__v1__founder__init(founder);
        founder->key = (ProtobufCBinaryData){COMITY_KEY_SIZE, founding->keys[i]};
        founder->name = text(founding->texts, NAMES[i]);
        founder->n_offices = i == 0 ? 2 : 1;
        founder->offices = founding->offices;
        if (i > 0)
            founding->cosigners[i - 1] = founder->key;
    }
}

static void sides_make(struct founding *founding)
{
    for (size_t i = 0; i < 2; i++) {
        Comity__V1__NewConstituency *side = founding->side_list[i] = &founding->sides[i];
        comity__v1__new_constituency__init(side);
        side->name = (char *) SIDES[i];
        side->kind = i == 0 ? COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_WORKER
                            : COMITY__V1__CONSTITUENCY_KIND__CONSTITUENCY_KIND_EMPLOYER;
        side->standing = COMITY__V1__STANDING__STANDING_PARTY;
        side->title = text(founding->texts, SIDES[i]);
        side->n_founders = 2;
        side->founders = &founding->founder_list[2 * i];
    }
    founding->site_list[0] = &founding->site;
    comity__v1__new_site__init(&founding->site);
    founding->site.name = "north";
    founding->site.time_zone = "Europe/Berlin";
    founding->site.title = text(founding->texts, "North works");
}

static void partnership_found(struct comity *client, struct founding *founding, const char *token)
{
    Comity__V1__Found body = COMITY__V1__FOUND__INIT;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    body.name = "mill";
    body.title = text(founding->texts, "The Mill");
    body.n_constituencies = 2;
    body.constituencies = founding->side_list;
    body.n_sites = 1;
    body.sites = founding->site_list;
    command.body_case = COMITY__V1__COMMAND__BODY_FOUND;
    command.found = &body;
    command.n_cosigners = FOUNDERS - 1;
    command.cosigners = founding->cosigners;
    struct comity_result result =
        act(client, &command, NULL, founding->texts, (const size_t[]){3, 1, 2}, 3, token);
    memcpy(state.history, result.history, COMITY_HISTORY_SIZE);
    comity_result_release(&result);
    check("comity_read", comity_read(client, state.history, state.seeds[0]));
}

/* A joint act: the other side's co-chair signs as well. */
static void body_create(struct comity *client, struct founding *founding)
{
    Comity__V1__SeatGroup seats[2], *seat_list[2];
    Comity__V1__CreateBody create = COMITY__V1__CREATE_BODY__INIT;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    for (size_t i = 0; i < 2; i++) {
        comity__v1__seat_group__init(&seats[i]);
        seats[i].constituency = (char *) SIDES[i];
        seats[i].count = 2;
        seat_list[i] = &seats[i];
    }
    create.name = "council";
    create.title = text(founding->texts, "Council");
    create.n_seats = 2;
    create.seats = seat_list;
    command.epoch = comity_epoch(client, state.history);
    command.body_case = COMITY__V1__COMMAND__BODY_CREATE_BODY;
    command.create_body = &create;
    command.n_cosigners = 1;
    command.cosigners = &founding->founders[2].key;
    struct comity_result result =
        act(client, &command, state.history, founding->texts, (const size_t[]){2}, 1, NULL);
    printf("founded %" PRIu64 "\n", result.sequence);
    comity_result_release(&result);
}

static void found(struct comity *client, const char *token)
{
    static struct founding founding;
    founding.texts = comity_texts_new();
    founders_make(&founding);
    sides_make(&founding);
    partnership_found(client, &founding, token);
    body_create(client, &founding);
    comity_texts_destroy(&founding.texts);
}

/* ---- Load ---- */

struct load {
    size_t under_way, recorded, others;
};

static void loaded(struct comity_result *result, void *context)
{
    struct load *load = context;
    static const char *const verdicts[] = {"-", "RECORDED", "ANSWERED", "REFUSED", "UNKNOWN", "NOT_SENT"};
    load->under_way--;
    if (result->verdict == COMITY_RECORDED)
        load->recorded++;
    else
        load->others++;
    printf("%s %" PRIu64 " %u %s %s\n", verdicts[result->verdict], result->sequence, result->attempts,
           comity_error_name(result->fault.code), result->fault.field);
    fflush(stdout);
}

static void convene(struct comity *client, size_t number, struct load *load)
{
    struct comity_texts *texts = comity_texts_new();
    Comity__V1__ConveneSession body = COMITY__V1__CONVENE_SESSION__INIT;
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    struct comity_draft *draft = NULL;
    char title[64];
    snprintf(title, sizeof(title), "Session %zu", number);
    body.body = 1;
    body.title = text(texts, title);
    body.starts_ms = 1800000000000;
    command.epoch = 1;
    command.body_case = COMITY__V1__COMMAND__BODY_CONVENE_SESSION;
    command.convene_session = &body;
    check("draft", comity_draft_new(&command, state.history, texts, state.seeds[0], 0, &draft, NULL));
    check("submit", comity_submit(client, draft, 0, loaded, load, NULL));
    load->under_way++;
    comity_draft_destroy(&draft);
    comity_texts_destroy(&texts);
}

/* An event loop over standard input and the client. */
static void turn(struct comity *client, int *ret_is_open)
{
    struct pollfd descriptors[2] = {{.fd = comity_fd(client), .events = POLLIN},
                                    {.fd = *ret_is_open ? STDIN_FILENO : -1, .events = POLLIN}};
    char byte;
    poll(descriptors, 2, -1);
    if (descriptors[1].revents != 0 && read(STDIN_FILENO, &byte, 1) <= 0)
        *ret_is_open = 0;
    check("comity_pump", comity_pump(client, 0));
}

static int load(struct comity *client, size_t count, size_t window)
{
    struct load load = {0};
    int is_open = count == 0;
    size_t begun = 0;
    while (is_open || begun < count || load.under_way > 0) {
        while ((is_open || begun < count) && load.under_way < window)
            convene(client, ++begun, &load);
        turn(client, &is_open);
    }
    return load.others == 0 ? 0 : 1;
}

/* ---- Reading ---- */

static int count_page(const Comity__V1__Answer *answer, void *context)
{
    *(size_t *) context += answer->n_sessions;
    return 0;
}

static void count(struct comity *client)
{
    size_t sessions = 0;
    check("comity_list_all", comity_list_all(client, state.history, COMITY__V1__LIST_KIND__LIST_KIND_SESSIONS,
                                             0, 0, count_page, &sessions, NULL));
    printf("%zu\n", sessions);
}

static void told(const uint8_t history[COMITY_HISTORY_SIZE], uint64_t sequence, void *context)
{
    (void) history;
    (void) context;
    printf("news %" PRIu64 "\n", sequence);
    fflush(stdout);
}

static void follow(struct comity *client, uint64_t from)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    check("comity_start", comity_start(client));
    check("comity_subscribe", comity_subscribe(client, state.history, from, told, NULL));
    printf("following\n");
    fflush(stdout);
    while (poll(&input, 1, -1) >= 0 && read(STDIN_FILENO, &byte, 1) > 0)
        continue;
}

static void whoami(struct comity *client)
{
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__Whoami body = COMITY__V1__WHOAMI__INIT;
    struct comity_result result;
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &body;
    check("whoami", comity_query_wait(client, state.history, &query, 0, &result));
    const Comity__V1__WhoamiAnswer *answer = comity_answer_body(result.answer)->whoami;
    const char *title = comity_answer_text(result.answer, answer->partnership->title);
    printf("%s %s %u %zu\n", answer->partnership->name, title == NULL ? "-" : title, answer->member->number,
           answer->partnership->n_epochs);
    comity_result_release(&result);
}

/* Whatever was seen of it before: the record as it is now. */
static int lost(struct comity *client)
{
    Comity__V1__Query query = COMITY__V1__QUERY__INIT;
    Comity__V1__Whoami body = COMITY__V1__WHOAMI__INIT;
    struct comity_result result;
    struct load load = {0};
    query.kind_case = COMITY__V1__QUERY__KIND_WHOAMI;
    query.whoami = &body;
    check("whoami", comity_query_wait(client, state.history, &query, 0, &result));
    const Comity__V1__Partnership *partnership = comity_answer_body(result.answer)->whoami->partnership;
    printf("%d\n", comity_resubmit(client, state.history, partnership, 0, loaded, &load));
    comity_result_release(&result);
    return load.others == 0 ? 0 : 1;
}

static void status(struct comity *client)
{
    struct comity_result result;
    check("status", comity_status_wait(client, 0, &result));
    printf("%s %d\n", comity_answer_body(result.answer)->status->software,
           (int) comity_answer_body(result.answer)->status->is_leader);
    comity_result_release(&result);
}

static int run(struct comity *client, int count_of, char **words)
{
    const char *verb = words[2];
    if (strcmp(verb, "load") == 0 && count_of >= 5)
        return load(client, strtoul(words[3], NULL, 10), strtoul(words[4], NULL, 10));
    if (strcmp(verb, "count") == 0)
        count(client);
    else if (strcmp(verb, "follow") == 0 && count_of == 4)
        follow(client, strtoull(words[3], NULL, 10));
    else if (strcmp(verb, "whoami") == 0)
        whoami(client);
    else if (strcmp(verb, "status") == 0)
        status(client);
    else if (strcmp(verb, "lost") == 0)
        return lost(client);
    else
        return 2;
    return 0;
}

static void found_prepare(int count_of, char **words)
{
    for (int i = 4; i + 1 < count_of; i += 2) {
        snprintf(state.endpoints[state.brokers], sizeof(state.endpoints[0]), "%s", words[i]);
        key_read(words[i + 1], state.server_keys[state.brokers++]);
    }
    key_read(words[count_of - 1], state.group_key);
    if (getrandom(state.seeds, sizeof(state.seeds), 0) != sizeof(state.seeds))
        die("getrandom", COMITY_ERR_INTERNAL);
}

int main(int count_of, char **words)
{
    if (count_of < 3)
        return 2;
    bool is_founding = strcmp(words[2], "found") == 0;
    bool has_journal = count_of == 6 && !is_founding;
    if (is_founding)
        found_prepare(count_of, words);
    else
        state_load(words[1]);
    struct comity *client = client_new(has_journal ? words[5] : NULL, !is_founding);
    int result = 0;
    if (is_founding)
        found(client, words[3]);
    else
        result = run(client, count_of, words);
    comity_destroy(&client);
    state_save(words[1]);
    return result;
}
