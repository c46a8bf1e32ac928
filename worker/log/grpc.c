#include "worker/log/grpc.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/text.h"
#include "worker/clock.h"

enum { URL_MAX = 512, ENDPOINT_MAX = 400, HTTP_OK = 200, HTTP_SERVER_ERROR = 500, KEEPALIVE_S = 10, POLL_MAX_MS = 60 * 1000, STOP_TURN_MS = 100 };

struct grpc_channel {
    const struct grpc_options *options;
    char *endpoint;
    CURL *easy;
    CURLM *multi; /* its one connection; NULL: there is none */
    struct curl_slist *headers;
    char curl_reason[CURL_ERROR_SIZE];

    /* The call under way. */
    bool is_begun, is_ended;
    bool is_first;    /* of its connection */
    uint8_t *request; /* with its prefix */
    size_t request_size, request_sent;
    CURLcode result;  /* where it has ended */
    int reader_error; /* why no more of the answer was taken */
    struct grpc_reader reader;
    struct grpc_status status;
};

/* What libcurl calls. */

static size_t request_give(char *buffer, size_t size, size_t count, void *context)
{
    struct grpc_channel *channel = context;
    size_t left = channel->request_size - channel->request_sent, room = size * count;
    size_t given = left < room ? left : room;

    if (given > 0)
        memcpy(buffer, channel->request + channel->request_sent, given);
    channel->request_sent += given;
    return given;
}

#ifdef COMITY_CONTROL_SENDS_AGAIN
static int request_rewind(void *context, curl_off_t offset, int origin)
{
    struct grpc_channel *channel = context;
    (void) origin;
    channel->request_sent = (size_t) offset;
    return CURL_SEEKFUNC_OK;
}
#endif

/* Before each try of libcurl's: there is one, and others only before anything of the request has left. */
static int request_may_go(void *context, char *near_address, char *far_address, int near_port, int far_port)
{
    const struct grpc_channel *channel = context;
    (void) near_address;
    (void) far_address;
    (void) near_port;
    (void) far_port;
#ifdef COMITY_CONTROL_SENDS_AGAIN
    return CURL_PREREQFUNC_OK;
#endif
    return channel->request_sent == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t answer_take(char *data, size_t size, size_t count, void *context)
{
    struct grpc_channel *channel = context;

    /* What another kind of server says is no answer, however long it is. */
    if (!channel->status.is_grpc)
        return size * count;
    channel->reader_error = grpc_reader_take(&channel->reader, BYTES(data, size * count));
    return channel->reader_error == 0 ? size * count : CURL_WRITEFUNC_ERROR;
}

static size_t header_take(char *line, size_t size, size_t count, void *context)
{
    struct grpc_channel *channel = context;
    grpc_status_take(&channel->status, BYTES(line, size * count));
    return size * count;
}

/* The channel. */

static void library_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT); /* where it fails, so does every curl_easy_init */
}

static bool header_add(struct grpc_channel *channel, const char *header)
{
    struct curl_slist *longer = curl_slist_append(channel->headers, header);
    if (longer == NULL)
        return false;
    channel->headers = longer;
    return true;
}

static bool set_connection(CURL *easy, const struct grpc_options *options)
{
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLCERT, options->cert_file) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSLKEY, options->key_file) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "") == CURLE_OK && /* asks nobody at a terminal */
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) options->connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long) KEEPALIVE_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long) KEEPALIVE_S) == CURLE_OK &&
           /* Waits for no name server at an end. */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
}

static bool set_callbacks(CURL *easy, struct grpc_channel *channel)
{
    bool is_set = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, channel->headers) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, channel->curl_reason) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_READFUNCTION, request_give) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_READDATA, channel) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_take) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_WRITEDATA, channel) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, header_take) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_HEADERDATA, channel) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, request_may_go) == CURLE_OK &&
                  curl_easy_setopt(easy, CURLOPT_PREREQDATA, channel) == CURLE_OK;
#ifdef COMITY_CONTROL_SENDS_AGAIN
    is_set = is_set && curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, request_rewind) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_SEEKDATA, channel) == CURLE_OK;
#endif
    return is_set;
}

/* Nothing but a scheme, a host and a port. */
bool grpc_endpoint_is_valid(const char *endpoint)
{
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL, *path = NULL, plain[ENDPOINT_MAX] = "";

    bool is_valid = url != NULL && strncmp(endpoint, "https://", strlen("https://")) == 0 &&
                    curl_url_set(url, CURLUPART_URL, endpoint, 0) == CURLUE_OK &&
                    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                    curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK &&
                    curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0;
    if (is_valid)
        snprintf(plain, sizeof(plain), "https://%s:%s", host, port);
    is_valid = is_valid && strcmp(plain, endpoint) == 0;
    curl_free(path);
    curl_free(port);
    curl_free(host);
    curl_url_cleanup(url);
    return is_valid;
}

int grpc_channel_new(const struct grpc_options *options, const char *endpoint,
                     struct grpc_channel **ret_channel)
{
    static pthread_once_t library = PTHREAD_ONCE_INIT;
    CLEANUP(grpc_channel_destroy) struct grpc_channel *channel = NULL;

    pthread_once(&library, library_init);
    if (!grpc_endpoint_is_valid(endpoint))
        return ERR_CONFIG;
    channel = calloc(1, sizeof(*channel));
    if (channel == NULL)
        return ERR_MEMORY;
    channel->options = options;
    channel->reader.limit_bytes = options->answer_max;
    channel->endpoint = strdup(endpoint);
    channel->easy = curl_easy_init();
    if (channel->endpoint == NULL || channel->easy == NULL ||
        !header_add(channel, "content-type: application/grpc") || !header_add(channel, "te: trailers") ||
        !header_add(channel, "expect:") || !set_connection(channel->easy, options) ||
        !set_callbacks(channel->easy, channel))
        return ERR_MEMORY;
    *ret_channel = channel;
    channel = NULL;
    return 0;
}

static void connection_close(struct grpc_channel *channel)
{
    curl_multi_cleanup(channel->multi);
    channel->multi = NULL;
}

void grpc_channel_destroy(struct grpc_channel **channel)
{
    struct grpc_channel *it = channel == NULL ? NULL : *channel;

    if (it == NULL)
        return;
    grpc_end(it);
    connection_close(it);
    curl_easy_cleanup(it->easy);
    curl_slist_free_all(it->headers);
    grpc_reader_release(&it->reader);
    free(it->endpoint);
    free(it);
    *channel = NULL;
}

/* A call. */

int grpc_begin(struct grpc_channel *channel, const char *method, struct bytes request)
{
    char url[URL_MAX];

    grpc_end(channel);
    snprintf(url, sizeof(url), "%s%s", channel->endpoint, method);
    channel->is_ended = false;
    channel->reader_error = 0;
    channel->curl_reason[0] = '\0';
    channel->status = (struct grpc_status){.http = 0};
    grpc_reader_reset(&channel->reader);
    channel->request_sent = 0;
    channel->request_size = GRPC_PREFIX_SIZE + request.size;
    channel->request = malloc(channel->request_size);
    channel->is_first = channel->multi == NULL;
    if (channel->multi == NULL)
        channel->multi = curl_multi_init();
    if (channel->request == NULL || channel->multi == NULL ||
        curl_easy_setopt(channel->easy, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(channel->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) channel->request_size) !=
            CURLE_OK)
        return ERR_MEMORY;
    grpc_prefix(request.size, channel->request);
    if (request.size > 0)
        memcpy(channel->request + GRPC_PREFIX_SIZE, request.data, request.size);
    if (curl_multi_add_handle(channel->multi, channel->easy) != CURLM_OK)
        return ERR_MEMORY;
    channel->is_begun = true;
    return 0;
}

static void call_step(struct grpc_channel *channel)
{
    int running = 0, left = 0;
    CURLMsg *told = NULL;

    if (curl_multi_perform(channel->multi, &running) != CURLM_OK) {
        channel->result = CURLE_OUT_OF_MEMORY;
        channel->is_ended = true;
    }
    while ((told = curl_multi_info_read(channel->multi, &left)) != NULL) {
        if (told->msg == CURLMSG_DONE) {
            channel->result = told->data.result;
            channel->is_ended = true;
        }
    }
}

enum grpc_event grpc_wait(struct grpc_channel *channel, size_t offset, int64_t until_ms)
{
    for (;;) {
        if (!channel->is_ended)
            call_step(channel);
        if (offset < channel->reader.whole)
            return GRPC_MESSAGE;
        if (channel->is_ended)
            return GRPC_ENDED;
        int64_t left_ms = until_ms - clock_steady_ms();
        if (left_ms <= 0)
            return GRPC_NOTHING;
        curl_multi_poll(channel->multi, NULL, 0, (int) (left_ms < POLL_MAX_MS ? left_ms : POLL_MAX_MS), NULL);
    }
}

struct grpc_reader *grpc_messages(struct grpc_channel *channel)
{
    return &channel->reader;
}

/* A status ends a call, also where the rest of the request was not waited for: libcurl calls that an error.
 */
static bool call_is_answered(const struct grpc_channel *channel)
{
    return channel->is_ended && channel->reader_error == 0 && channel->status.http == HTTP_OK &&
           channel->status.is_grpc && channel->status.is_there;
}

/* libcurl's own words. With TLS 1.3 whoever does not take our certificate hangs up after the handshake, often
 * without a word. */
static bool is_hung_up(const struct grpc_channel *channel)
{
    return channel->is_first && channel->status.http == 0 &&
           (channel->result == CURLE_SEND_ERROR || channel->result == CURLE_RECV_ERROR ||
            channel->result == CURLE_HTTP2 || channel->result == CURLE_HTTP2_STREAM);
}

/* Whoever does not take our certificate says so with a TLS alert, where it says anything: OpenSSL has the alert's name in its words. A
 * connection that breaks in the middle of TLS says neither. */
static bool is_untrusted(const struct grpc_channel *channel)
{
    static const char *const ALERTS[] = {"certificate", "unknown ca"};
    if (channel->result == CURLE_PEER_FAILED_VERIFICATION || channel->result == CURLE_SSL_CERTPROBLEM ||
        channel->result == CURLE_SSL_CACERT_BADFILE || is_hung_up(channel))
        return true;
    bool is_alert = strstr(channel->curl_reason, "alert") != NULL;
    for (size_t i = 0; is_alert && i < ARRAY_COUNT(ALERTS); i++)
        if (strstr(channel->curl_reason, ALERTS[i]) != NULL)
            return true;
    return false;
}

static void curl_reason_say(const struct grpc_channel *channel, char ret_reason[GRPC_MESSAGE_MAX])
{
    const char *reason =
        channel->curl_reason[0] != '\0' ? channel->curl_reason : curl_easy_strerror(channel->result);
    char words[GRPC_MESSAGE_MAX / 2];

    text_escape(BYTES(reason, strlen(reason)), false, words, sizeof(words));
    snprintf(ret_reason, GRPC_MESSAGE_MAX, "%s%s", words,
             is_hung_up(channel) ? ": perhaps it does not take our certificate" : "");
}

struct grpc_outcome grpc_outcome(const struct grpc_channel *channel)
{
    struct grpc_outcome outcome = {.has_left = channel->request_sent > 0};

    if (call_is_answered(channel)) {
        outcome.status = channel->status.code;
        if (outcome.status != 0)
            snprintf(outcome.reason, sizeof(outcome.reason), "%s", channel->status.message);
    } else if (!channel->is_ended) {
        outcome.error = ERR_TIMEOUT;
        snprintf(outcome.reason, sizeof(outcome.reason), "no answer in time");
    } else if (channel->reader_error != 0) {
        outcome.error = channel->reader_error;
        snprintf(outcome.reason, sizeof(outcome.reason), "%s", error_sentence(outcome.error));
    } else if (channel->status.http != 0 && (channel->status.http != HTTP_OK || !channel->status.is_grpc)) {
        outcome.error = ERR_MALFORMED;
        outcome.is_foreign = !channel->status.is_grpc && channel->status.http < HTTP_SERVER_ERROR;
        snprintf(outcome.reason, sizeof(outcome.reason), "no answer of etcd's, but HTTP status %u",
                 channel->status.http);
    } else if (channel->result != CURLE_OK) {
        outcome.error = channel->result == CURLE_OUT_OF_MEMORY ? ERR_MEMORY : ERR_UNREACHABLE;
        outcome.is_untrusted = is_untrusted(channel);
        curl_reason_say(channel, outcome.reason);
    } else {
        outcome.error = ERR_MALFORMED;
        snprintf(outcome.reason, sizeof(outcome.reason), "the answer has no end");
    }
    return outcome;
}

void grpc_end(struct grpc_channel *channel)
{
    if (channel->is_begun) {
        bool is_good = call_is_answered(channel) && channel->result == CURLE_OK;
        curl_multi_remove_handle(channel->multi, channel->easy);
        channel->is_begun = false;
        if (!is_good)
            connection_close(channel);
    }
    free(channel->request);
    channel->request = NULL;
}

/* For the one answer. The stop is looked for in turns: it comes from another thread. */
static void call_wait(struct grpc_channel *channel, int64_t until_ms)
{
    const atomic_bool *stop = channel->options->stop;
    int64_t turn_ms = until_ms;

    do {
        if (stop != NULL)
            turn_ms = clock_steady_ms() + STOP_TURN_MS;
        if (turn_ms > until_ms)
            turn_ms = until_ms;
    } while (grpc_wait(channel, SIZE_MAX, turn_ms) == GRPC_NOTHING && turn_ms < until_ms && !atomic_load(stop));
}

struct grpc_outcome grpc_call(struct grpc_channel *channel, const char *method, struct bytes request,
                              int64_t until_ms, struct bytes *ret_answer)
{
    struct grpc_outcome outcome = {.error = grpc_begin(channel, method, request)};
    struct bytes answer;
    size_t offset = 0;

    if (outcome.error == 0) {
        call_wait(channel, until_ms);
        outcome = grpc_outcome(channel);
    } else {
        snprintf(outcome.reason, sizeof(outcome.reason), "%s", error_sentence(outcome.error));
    }
    grpc_end(channel);
    if (outcome.error != 0 || outcome.status != 0)
        return outcome;
    if (grpc_reader_next(&channel->reader, &offset, &answer) && offset == channel->reader.size) {
        *ret_answer = answer;
    } else {
        outcome.error = ERR_MALFORMED;
        snprintf(outcome.reason, sizeof(outcome.reason), "not one answer came, but none or several");
    }
    return outcome;
}
