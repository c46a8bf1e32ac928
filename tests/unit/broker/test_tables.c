/* The tables of soft state: index, clients, pending requests, subscriptions, outboxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/index.h"
#include "broker/news.h"
#include "broker/outbox.h"
#include "broker/peers.h"
#include "broker/pending.h"
#include "core/error.h"

static const uint8_t LABOUR[GROUP_ID_SIZE] = {7}, MANAGEMENT[GROUP_ID_SIZE] = {8};
static const uint8_t ONE[HISTORY_ID_SIZE] = {1}, TWO[HISTORY_ID_SIZE] = {2};
static const char KEY[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static struct peer_id id_of(unsigned number)
{
    struct peer_id id = {.size = 5};
    put_u32(id.bytes + 1, number);
    return id;
}

static struct client *add_client(struct clients *clients, unsigned number, int64_t now_ms)
{
    struct peer_id id = id_of(number);
    return clients_add(clients, &id, KEY, now_ms);
}

struct word {
    struct index_link link;
    char text[16];
};

static struct word *word_find(const struct index *index, const char *text)
{
    uint64_t hash = index_hash(index, BYTES(text, strlen(text)));
    for (struct index_link *link = index_first(index, hash); link; link = index_next(link)) {
        struct word *word = INDEX_THING(link, struct word, link);
        if (strcmp(word->text, text) == 0)
            return word;
    }
    return NULL;
}

static void test_index(void **state)
{
    (void) state;
    static struct word words[1000];
    CLEANUP(index_release) struct index index;
    assert_int_equal(index_init(&index, 16), 0); /* far fewer buckets than words */
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        snprintf(words[i].text, sizeof(words[i].text), "word %zu", i);
        index_add(&index, &words[i].link, index_hash(&index, BYTES(words[i].text, strlen(words[i].text))));
    }
    for (size_t i = 0; i < ARRAY_COUNT(words); i += 2)
        index_remove(&index, &words[i].link);
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        assert_ptr_equal(word_find(&index, words[i].text), i % 2 ? &words[i] : NULL);
    assert_null(word_find(&index, "no word"));
}

static void test_clients_are_bounded(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    assert_int_equal(clients_init(&clients, 3), 0);
    struct client *first = add_client(&clients, 1, 10);
    assert_non_null(add_client(&clients, 2, 11));
    assert_non_null(add_client(&clients, 3, 12));
    assert_null(add_client(&clients, 4, 13));
    clients_heard(&clients, first, 20);
    struct peer_id two = id_of(2);
    assert_ptr_equal(TAILQ_FIRST(&clients.by_silence), clients_find(&clients, &two));
    clients_forget(&clients, first);
    assert_true(first->is_gone); /* until it is collected */
    struct peer_id one = id_of(1);
    assert_null(clients_find(&clients, &one));
    clients_collect(&clients);
    assert_non_null(add_client(&clients, 4, 13));
}

static void test_ids_of_any_length(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    assert_int_equal(clients_init(&clients, 300), 0);
    for (unsigned size = 0; size <= PEER_ID_MAX; size++) {
        struct peer_id id = {.size = (uint8_t) size};
        memset(id.bytes, 'x', size);
        assert_null(clients_find(&clients, &id));
        assert_non_null(clients_add(&clients, &id, KEY, 0));
        assert_non_null(clients_find(&clients, &id));
    }
}

struct ended {
    unsigned count;
    uint64_t last;
};

static void end_one(const struct pending *pending, void *context)
{
    struct ended *ended = context;
    ended->count++;
    ended->last = pending->header.request;
}

static void test_pending(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    CLEANUP(pending_table_release) struct pending_table table;
    struct worker worker = {.window = 10};
    TAILQ_INIT(&worker.pending);
    assert_int_equal(clients_init(&clients, 3), 0);
    assert_int_equal(pending_table_init(&table, 3, UINT64_MAX / PENDING_LIMIT_MAX - 1),
                     0); /* wraps round soon */
    struct client *client = add_client(&clients, 1, 0);
    struct pending *pending[3];
    for (unsigned i = 0; i < 3; i++) {
        struct frame_header header = {.request = i + 1};
        pending[i] = pending_add(&table, client, &worker, &header, 1000, 100 * (i + 1));
        assert_non_null(pending[i]);
        assert_int_not_equal(pending[i]->ticket, 0);
        assert_ptr_equal(pending_find(&table, pending[i]->ticket), pending[i]);
    }
    assert_null(pending_add(&table, client, &worker, &(struct frame_header){0}, 1000, 1));
    assert_null(pending_find(&table, 0));
    assert_null(pending_find(&table, pending[0]->ticket + PENDING_LIMIT_MAX));
    assert_int_equal(client->pending_count, 3);
    assert_int_equal(worker.pending_count, 3);
    assert_int_equal(client->pending_size, 3000);
    assert_int_equal(worker.pending_size, 3000);

    uint64_t old = pending[1]->ticket;
    pending_remove(&table, pending[1]);
    assert_null(pending_find(&table, old));
    struct pending *again =
        pending_add(&table, client, &worker, &(struct frame_header){.request = 9}, 7, 250);
    assert_int_not_equal(again->ticket, old); /* the same place, never the same ticket */
    pending_orphan(again);
    assert_int_equal(client->pending_count, 2);
    assert_int_equal(client->pending_size, 2000);
    assert_int_equal(worker.pending_count, 3);
    assert_int_equal(worker.pending_size, 2007);
    assert_int_equal(table.size, 2007);

    struct ended ended = {0};
    pending_expire(&table, 99, end_one, &ended);
    assert_int_equal(ended.count, 0);
    pending_expire(&table, 100, end_one, &ended);
    assert_int_equal(ended.last, 1);
    assert_int_equal(table.next_deadline_ms, 250);
    pending_expire(&table, 1000, end_one, &ended);
    assert_int_equal(ended.count, 3);
    assert_int_equal(table.count, 0);
    assert_int_equal(client->pending_count + worker.pending_count, 0);
    assert_int_equal(client->pending_size + worker.pending_size + table.size, 0);
    assert_int_equal(table.next_deadline_ms, INT64_MAX);
}

static void test_bytes_of_pending_requests(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    CLEANUP(pending_table_release) struct pending_table table;
    struct worker worker = {.window = 10};
    TAILQ_INIT(&worker.pending);
    assert_int_equal(clients_init(&clients, 1), 0);
    assert_int_equal(pending_table_init(&table, 4, 1), 0);
    struct client *client = add_client(&clients, 1, 0);
    const struct frame_header header = {0};
    table.size_limit = 1000;
    struct pending *first = pending_add(&table, client, &worker, &header, 600, 1);
    assert_null(pending_add(&table, client, &worker, &header, 401, 1));
    assert_non_null(pending_add(&table, client, &worker, &header, 400, 1));
    assert_null(pending_add(&table, client, &worker, &header, 1, 1));
    pending_remove(&table, first);
    assert_non_null(pending_add(&table, client, &worker, &header, 600, 1));
    while ((first = TAILQ_FIRST(&client->pending)) != NULL)
        pending_remove(&table, first);
    assert_int_equal(table.size, 0);
}

static void test_tickets_never_come_twice(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    CLEANUP(pending_table_release) struct pending_table table;
    struct worker worker = {.window = 10};
    TAILQ_INIT(&worker.pending);
    assert_int_equal(clients_init(&clients, 1), 0);
    assert_int_equal(pending_table_init(&table, 4, 12345), 0);
    struct client *client = add_client(&clients, 1, 0);
    uint64_t highest = 0;
    for (int i = 0; i < 100000; i++) {
        struct pending *pending = pending_add(&table, client, &worker, &(struct frame_header){0}, 1, 1);
        assert_true(pending->ticket > highest);
        highest = pending->ticket;
        pending_remove(&table, pending);
    }
}

static void test_news(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    CLEANUP(news_release) struct news news;
    assert_int_equal(clients_init(&clients, 3), 0);
    assert_int_equal(news_init(&news, 3, 2), 0);
    struct client *a = add_client(&clients, 1, 0), *b = add_client(&clients, 2, 0);
    assert_int_equal(news_subscribe(&news, a, LABOUR, ONE), 0);
    assert_int_equal(news_subscribe(&news, a, LABOUR, ONE), 0); /* once is enough */
    assert_int_equal(news_subscribe(&news, a, LABOUR, TWO), 0);
    assert_int_equal(news_subscribe(&news, a, MANAGEMENT, ONE), ERR_LIMIT); /* of the client */
    assert_int_equal(news_subscribe(&news, b, LABOUR, ONE), 0);
    assert_int_equal(news_subscribe(&news, b, LABOUR, TWO), ERR_LIMIT); /* in all */
    assert_int_equal(news.count, 3);

    news_reached(&news, LABOUR, ONE, 5);
    news_reached(&news, LABOUR, ONE, 7);
    news_reached(&news, LABOUR, ONE, 6);      /* late: what is due is the highest */
    news_reached(&news, MANAGEMENT, ONE, 99); /* of another group: nobody's */
    assert_int_equal(news.due_count, 2);
    struct subscription *told = news_take(&news);
    assert_int_equal(told->sequence, 7);
    news_put_back(&news, told);
    news_put_back(&news, told);
    assert_int_equal(news.due_count, 2);
    assert_int_equal(news_take(&news)->sequence, 7);
    assert_int_equal(news_take(&news)->sequence, 7);
    assert_null(news_take(&news));
    news_reached(&news, LABOUR, ONE, 3); /* after a restore a history goes back */
    assert_int_equal(news.due_count, 2);
    news_unsubscribe(&news, b, LABOUR, ONE); /* what was due for it is due no more */
    news_unsubscribe(&news, b, LABOUR, ONE);
    told = news_take(&news);
    assert_ptr_equal(told->client, a);
    assert_int_equal(told->sequence, 3);
    assert_null(news_take(&news));
    news_forget(&news, a);
    assert_int_equal(news.count, 0);
    assert_int_equal(a->subscription_count, 0);
    news_reached(&news, LABOUR, ONE, 8);
    assert_null(news_take(&news));
}

/* All are taken: who has few takes from who has most, until all have as many. */
static void test_news_are_shared(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    CLEANUP(news_release) struct news news;
    assert_int_equal(clients_init(&clients, 3), 0);
    assert_int_equal(news_init(&news, 8, 6), 0);
    struct client *a = add_client(&clients, 1, 0), *b = add_client(&clients, 2, 0),
                  *c = add_client(&clients, 3, 0);
    uint8_t name[HISTORY_ID_SIZE] = {0};
    for (name[0] = 1; name[0] <= 6; name[0]++)
        assert_int_equal(news_subscribe(&news, a, LABOUR, name), 0);
    for (name[0] = 7; name[0] <= 8; name[0]++)
        assert_int_equal(news_subscribe(&news, b, LABOUR, name), 0);
    name[0] = 6;
    news_reached(&news, LABOUR, name, 5);
    assert_int_equal(news.due_count, 1);
    assert_int_equal(news_subscribe(&news, c, LABOUR, name), 0); /* the very one that is taken for it */
    assert_int_equal(news.due_count, 0);
    assert_int_equal(a->subscription_count, 5);
    for (name[0] = 11; name[0] <= 12; name[0]++)
        assert_int_equal(news_subscribe(&news, c, LABOUR, name), 0);
    assert_int_equal(a->subscription_count, 3);
    assert_int_equal(b->subscription_count, 2);
    assert_int_equal(c->subscription_count, 3);
    assert_int_equal(news_subscribe(&news, c, LABOUR, name), ERR_LIMIT);
    assert_int_equal(news_subscribe(&news, b, LABOUR, name), ERR_LIMIT); /* no to and fro */
    assert_int_equal(news.count, 8);
    name[0] = 3;
    news_reached(&news, LABOUR, name, 5); /* its oldest are a's still */
    assert_ptr_equal(news_take(&news)->client, a);
    news_forget(&news, b);
    news.limit = 3; /* as after a reload */
    name[0] = 13;
    assert_int_equal(news_subscribe(&news, b, LABOUR, name), 0);
    assert_int_equal(a->subscription_count, 1);
    assert_int_equal(b->subscription_count, 1);
    assert_int_equal(c->subscription_count, 1);
    news_forget(&news, b);
    news_forget(&news, a);
    news_forget(&news, c);
    assert_int_equal(news.most, 0);
    assert_int_equal(news.count, 0);
}

static void test_outbox(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    static uint8_t large[FRAME_MAX_BYTES];
    assert_int_equal(clients_init(&clients, 40), 0);
    struct client *a = add_client(&clients, 1, 0), *b = add_client(&clients, 2, 0);
    assert_int_equal(outbox_first(a).size, 0);
    assert_int_equal(outbox_put(&clients, a, BYTES("one", 3), true), 0);
    assert_int_equal(outbox_put(&clients, a, BYTES("two", 3), true), 0);
    assert_int_equal(outbox_put(&clients, b, BYTES("three", 5), false), 0);
    assert_ptr_equal(TAILQ_FIRST(&clients.waiting), a);
    assert_memory_equal(outbox_first(a).data, "one", 3);
    outbox_drop_first(&clients, a);
    assert_memory_equal(outbox_first(a).data, "two", 3);
    outbox_drop_first(&clients, a);
    assert_ptr_equal(TAILQ_FIRST(&clients.waiting), b);
    assert_int_equal(clients.outbox_size, 5);

    /* Refusals are kept up to a number, answers that are owed beyond it, both up to the bytes. */
    int error = 0;
    while (error == 0)
        error = outbox_put(&clients, b, BYTES("refusal", 7), false);
    assert_int_equal(error, ERR_LIMIT);
    assert_int_equal(b->outbox.count, OUTBOX_REFUSALS);
    assert_int_equal(outbox_put(&clients, b, BYTES("answer", 6), true), 0);
    unsigned count = 0;
    while (outbox_put(&clients, a, BYTES(large, sizeof(large)), true) == 0)
        count++;
    assert_int_equal(count, OUTBOX_CLIENT_BYTES / sizeof(large));
    assert_int_equal(outbox_clear(&clients, a), count);
    assert_int_equal(outbox_clear(&clients, b), OUTBOX_REFUSALS + 1);
    assert_int_equal(clients.outbox_size, 0);
    assert_true(TAILQ_EMPTY(&clients.waiting));
}

/* All outboxes together are bounded, and refusals leave half of that to answers. */
static void test_outboxes_in_all(void **state)
{
    (void) state;
    CLEANUP(clients_release) struct clients clients;
    static uint8_t large[FRAME_MAX_BYTES];
    struct client *made[40];
    assert_int_equal(clients_init(&clients, ARRAY_COUNT(made)), 0);
    for (unsigned i = 0; i < ARRAY_COUNT(made); i++) {
        made[i] = add_client(&clients, i, 0);
        while (outbox_put(&clients, made[i], BYTES(large, sizeof(large)), false) == 0)
            ;
    }
    assert_true(clients.outbox_size <= OUTBOX_ALL_BYTES / 2);
    assert_true(clients.outbox_size > OUTBOX_ALL_BYTES / 2 - 2 * (int) sizeof(large));
    for (unsigned i = 0; i < ARRAY_COUNT(made); i++) {
        while (outbox_put(&clients, made[i], BYTES(large, sizeof(large)), true) == 0)
            ;
    }
    assert_true(clients.outbox_size <= OUTBOX_ALL_BYTES);
    assert_true(clients.outbox_size > OUTBOX_ALL_BYTES - 2 * (int) sizeof(large));
    for (unsigned i = 0; i < ARRAY_COUNT(made); i++)
        outbox_clear(&clients, made[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_clients_are_bounded),
        cmocka_unit_test(test_ids_of_any_length),
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_bytes_of_pending_requests),
        cmocka_unit_test(test_tickets_never_come_twice),
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_news_are_shared),
        cmocka_unit_test(test_outbox),
        cmocka_unit_test(test_outboxes_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
