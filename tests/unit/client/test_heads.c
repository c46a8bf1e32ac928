/* What is verified once is never taken back: a server that forked, was put back, or gives no proof is refused
 * before anything it says is believed, whoever it is that asks. The control of each is a client without a
 * journal, which has nothing to hold the server against. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/lib/head_file.h"
#include "core/error.h"
#include "core/text.h"
#include "fake_scene.h"

enum { EVENTS = 40, SECOND = 1790000000 };

static const char *journal;

static int set_up(void **state)
{
    struct scene *scene = scene_new_pinned(EVENTS);
    journal = scene->journal;
    scene->options.deadline_ms = 3000;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    scene_destroy((struct scene **) state);
    return 0;
}

/* A list, or a page of events. */
static struct comity_result query(struct scene *scene, bool is_events)
{
    Comity__V1__List list = COMITY__V1__LIST__INIT;
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query wanted = COMITY__V1__QUERY__INIT;
    struct comity_result result;
    list.kind = COMITY__V1__LIST_KIND__LIST_KIND_SITES;
    events.from = 1;
    wanted.kind_case = is_events ? COMITY__V1__QUERY__KIND_EVENTS : COMITY__V1__QUERY__KIND_LIST;
    if (is_events)
        wanted.events = &events;
    else
        wanted.list = &list;
    comity_query_wait(scene->client, scene->group->history, &wanted, 0, &result);
    return result;
}

static void expect(struct comity_result result, enum comity_verdict verdict, int code)
{
    assert_int_equal(result.verdict, verdict);
    assert_int_equal(result.fault.code, code);
    comity_result_release(&result);
}

static uint64_t kept(struct scene *scene)
{
    struct comity_checkpoint checkpoint = {0};
    int code = comity_checkpoint_kept(journal, scene->group->history, scene->pins, 1, &checkpoint);
    assert_true(code == 0 || code == ERR_NOT_FOUND);
    return checkpoint.size;
}

static uint64_t head(struct scene *scene)
{
    return SEEN(scene, ledger->head);
}

/* A client has verified the record as it is, and is gone. */
static void verify(struct scene *scene)
{
    scene_start_ready(scene);
    expect(query(scene, false), COMITY_ANSWERED, 0);
    comity_destroy(&scene->client);
    assert_int_equal(kept(scene), head(scene));
}

/* Nothing is sent but what asks for proofs, and nothing is believed. */
static void expect_refused(struct scene *scene)
{
    unsigned queries = SEEN(scene, queries), submits = SEEN(scene, submits);
    uint64_t before = kept(scene);
    scene_start(scene);
    expect(query(scene, false), COMITY_NOT_SENT, ERR_FORKED);
    expect(scene_submit(scene, 0), COMITY_NOT_SENT, ERR_FORKED);
    expect(query(scene, true), COMITY_NOT_SENT, ERR_FORKED);
    assert_int_equal(comity_belief(scene->client, scene->group->history), ERR_FORKED);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 1);
    assert_int_equal(SEEN(scene, queries), queries);
    assert_int_equal(SEEN(scene, submits), submits);
    assert_int_equal(kept(scene), before);
    comity_destroy(&scene->client);
}

/* The control: who keeps nothing believes it all. */
static void expect_believed_by_others(struct scene *scene)
{
    scene->options.journal = NULL;
    scene_start(scene);
    expect(query(scene, false), COMITY_ANSWERED, 0);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    comity_destroy(&scene->client);
}

static void what_is_verified_is_kept_and_grows(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    assert_int_equal(SEEN(scene, checkpoints), 1);
    scene_ledger(scene, ledger_grow, 7);
    scene_start_ready(scene);
    assert_int_equal(kept(scene), EVENTS + 7);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    assert_int_equal(kept(scene), head(scene));
    scene_ledger(scene, ledger_grow, 3);
    expect(query(scene, true), COMITY_ANSWERED, 0);
    assert_int_equal(kept(scene), head(scene));
    assert_int_equal(SEEN(scene, checkpoints), 4); /* WELCOME twice, the receipt, the page */
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
}

/* Nothing has come in between: that takes no proof beyond WELCOME's. */
static void what_is_the_head_already_takes_no_question(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene_start_ready(scene);
    unsigned before = SEEN(scene, checkpoints);
    expect(query(scene, true), COMITY_ANSWERED, 0);
    expect(query(scene, false), COMITY_ANSWERED, 0);
    assert_int_equal(SEEN(scene, checkpoints), before);
}

static void a_fork_is_refused(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene_ledger(scene, ledger_fork, EVENTS); /* the last event alone is another */
    expect_refused(scene);
    expect_believed_by_others(scene);
}

static void a_fork_that_has_grown_is_refused(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene_ledger(scene, ledger_fork, 3);
    scene_ledger(scene, ledger_grow, 100);
    expect_refused(scene);
    expect_believed_by_others(scene);
}

static void a_record_that_was_put_back_is_refused(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene_ledger(scene, ledger_cut, EVENTS - 1);
    expect_refused(scene);
    expect_believed_by_others(scene);
}

static void no_proof_is_no_proof(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene_ledger(scene, ledger_grow, 5);
    SCRIPT(scene, script.has_bad_proofs, true);
    expect_refused(scene);
    SCRIPT(scene, script.has_bad_proofs, false);
    SCRIPT(scene, script.gives_no_checkpoint, true);
    scene->event_count = 0;
    expect_refused(scene);
    SCRIPT(scene, script.gives_no_checkpoint, false);
    SCRIPT(scene, script.has_bad_checkpoints, true);
    scene->event_count = 0;
    expect_refused(scene);
    expect_believed_by_others(scene);
    scene->options.journal = journal;
    SCRIPT(scene, script.has_bad_checkpoints, false);
    scene_start(scene); /* and who proves it is believed again */
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
}

/* Who is too busy to prove anything is no liar: it is asked again. */
static void a_busy_server_is_no_fork(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene->options.deadline_ms = 600;
    SCRIPT(scene, script.refuse_code, ERR_BUSY);
    SCRIPT(scene, script.refuse_requests, 1000000);
    scene_start(scene);
    for (int i = 0; i < 3; i++) {
        struct comity_result result = query(scene, false);
        assert_int_not_equal(result.fault.code, ERR_FORKED);
        comity_result_release(&result);
    }
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    SCRIPT(scene, script.refuse_requests, 0);
    scene->options.deadline_ms = 3000;
    comity_destroy(&scene->client);
    scene_start_ready(scene);
    scene_ledger(scene, ledger_grow, 3);
    SCRIPT(scene, script.gives_busy, true);
    struct comity_result page = query(scene, true); /* nor is it for a page's proof */
    assert_int_equal(page.verdict, COMITY_UNKNOWN);
    assert_int_not_equal(page.fault.code, ERR_FORKED);
    comity_result_release(&page);
    page = query(scene, true);
    assert_int_not_equal(page.fault.code, ERR_FORKED);
    comity_result_release(&page);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    SCRIPT(scene, script.gives_busy, false);
    expect(query(scene, true), COMITY_ANSWERED, 0);
}

static void a_key_that_is_not_on_record_is_refused(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    fake_group_restart(scene->group, false);
    unsigned submits = SEEN(scene, submits);
    scene_start(scene);
    expect(query(scene, false), COMITY_NOT_SENT, ERR_FORKED);
    expect(scene_submit(scene, 0), COMITY_NOT_SENT, ERR_FORKED);
    assert_int_equal(SEEN(scene, submits), submits);
}

/* A new key in place of the one that signs and reads. */
static struct comity_result change_key(struct scene *scene)
{
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    Comity__V1__AddKey body = COMITY__V1__ADD_KEY__INIT;
    struct signing_key own, next;
    struct comity_draft *draft = NULL;
    struct comity_result result;

    signing_key_from_seed(scene->seed, &own);
    signing_key_generate(&next);
    body.key = (ProtobufCBinaryData){KEY_SIZE, next.public_key};
    body.replaces = (ProtobufCBinaryData){KEY_SIZE, own.public_key};
    command.body_case = COMITY__V1__COMMAND__BODY_ADD_KEY;
    command.add_key = &body;
    command.cosigners = &body.key;
    command.n_cosigners = 1;
    command.epoch = 1;
    assert_int_equal(comity_draft_new(&command, scene->group->history, NULL, scene->seed, 0, &draft, NULL), 0);
    assert_int_equal(comity_draft_cosign(draft, next.seed), 0);
    comity_submit_wait(scene->client, draft, 0, &result);
    comity_draft_destroy(&draft);
    return result;
}

/* Whose key was revoked in between gets no proof, and that is no fork; nor is what was sent confirmed by it. What ends the
 * leave itself is, by its receipt. */
static void without_leave_there_is_no_proof(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    uint64_t before = kept(scene);
    SCRIPT(scene, script.gives_no_leave, true);
    expect(scene_submit(scene, 0), COMITY_UNKNOWN, ERR_GRANT);
    expect(query(scene, true), COMITY_UNKNOWN, ERR_GRANT);
    expect(change_key(scene), COMITY_RECORDED, 0);
    assert_int_equal(kept(scene), before);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    SCRIPT(scene, script.gives_no_leave, false);
    SCRIPT(scene, script.gives_no_checkpoint, true);
    expect(change_key(scene), COMITY_NOT_SENT, ERR_FORKED); /* the control: another refusal is none of leave */
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 1);
}

/* Who says that there is no leave to read has nothing to say to a reader either. */
static void who_gives_no_proof_for_want_of_leave_is_not_believed(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene_ledger(scene, ledger_fork, 3);
    SCRIPT(scene, script.gives_no_leave, true);
    scene_start(scene);
    expect(query(scene, false), COMITY_UNKNOWN, ERR_GRANT);
    comity_destroy(&scene->client);
    SCRIPT(scene, grant_code, ERR_KEY_REVOKED); /* said with WELCOME */
    scene_start(scene);
    expect(query(scene, false), COMITY_UNKNOWN, ERR_GRANT);
    comity_destroy(&scene->client);
    SCRIPT(scene, grant_code, 0);
    expect_believed_by_others(scene);
}

/* The same after a new connection, which has no leave from its beginning: what ended it had been sent before. */
static void what_ends_the_leave_is_confirmed_on_another_connection(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    uint64_t before = kept(scene);
    SCRIPT(scene, grant_code, ERR_KEY_REVOKED);
    SCRIPT(scene, script.gives_no_leave, true);
    scene_start(scene);
    expect(change_key(scene), COMITY_RECORDED, 0);
    expect(scene_submit(scene, 0), COMITY_UNKNOWN, ERR_RECEIPT); /* the control: another act */
    assert_int_equal(kept(scene), before);
}

/* A fork while the client is there: by the receipt it is noticed. */
static void a_receipt_of_another_record_is_not_believed(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    uint64_t before = kept(scene);
    scene_ledger(scene, ledger_fork, 5);
    expect(scene_submit(scene, 0), COMITY_UNKNOWN, ERR_FORKED);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 1);
    assert_int_equal(kept(scene), before);
    expect(query(scene, false), COMITY_NOT_SENT, ERR_FORKED);
    comity_destroy(&scene->client);
    scene->options.journal = NULL;
    scene_start_ready(scene);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    scene_ledger(scene, ledger_fork, 5);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0); /* the control */
}

static void a_page_of_another_record_is_not_believed(void **state)
{
    struct scene *scene = *state;
    scene_start_ready(scene);
    scene_ledger(scene, ledger_fork, 5);
    expect(query(scene, true), COMITY_UNKNOWN, ERR_FORKED); /* as long as the one before */
    comity_destroy(&scene->client);
    scene->options.journal = NULL;
    scene_start_ready(scene);
    scene_ledger(scene, ledger_fork, 5);
    expect(query(scene, true), COMITY_ANSWERED, 0); /* the control */
}

/* Nobody vouches for a page whose checkpoint nobody has signed: it is not shown, and nothing is kept of it. */
static void a_page_that_nobody_signed_is_not_believed(void **state)
{
    struct scene *scene = *state;
    SCRIPT(scene, script.has_bad_pages, true);
    scene_start_ready(scene);
    scene_ledger(scene, ledger_grow, 3);
    expect(query(scene, true), COMITY_UNKNOWN, ERR_RECEIPT);
    assert_int_equal(kept(scene), EVENTS);
    SCRIPT(scene, script.has_bad_pages, false);
    expect(query(scene, true), COMITY_ANSWERED, 0); /* the control */
    assert_int_equal(kept(scene), EVENTS + 3);
}

/* A receipt of an earlier tree is held against the present one. */
static void an_old_receipt_is_proved_as_well(void **state)
{
    struct scene *scene = *state;
    struct comity_draft *draft = scene_ballot(scene);
    struct comity_result result;
    scene_start_ready(scene);
    comity_submit_wait(scene->client, draft, 0, &result);
    expect(result, COMITY_RECORDED, 0);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    comity_submit_wait(scene->client, draft, 0, &result);
    expect(result, COMITY_RECORDED, 0);
    assert_int_equal(kept(scene), head(scene));
    comity_draft_destroy(&draft);
}

static struct scene *submitting;
static unsigned recorded;

static void count_recorded(struct comity_result *result, void *context)
{
    (void) context;
    recorded += result->verdict == COMITY_RECORDED;
}

static bool all_recorded(struct scene *scene)
{
    (void) scene;
    return recorded == 60;
}

static void many_at_once_are_proved(void **state)
{
    submitting = *state;
    recorded = 0;
    scene_start_ready(submitting);
    for (int i = 0; i < 60; i++) {
        struct comity_draft *draft = scene_ballot(submitting);
        assert_int_equal(comity_submit(submitting->client, draft, 15000, count_recorded, NULL, NULL), 0);
        comity_draft_destroy(&draft);
    }
    assert_true(scene_until(submitting, all_recorded));
    assert_int_equal(kept(submitting), head(submitting));
}

/* ---- Restores ---- */

static void restore(struct scene *scene, uint64_t to, uint64_t says)
{
    fake_lock(scene->group);
    ledger_cut(scene->group->ledger, to);
    scene->group->ledger->epoch = SECOND;
    ledger_grow(scene->group->ledger, 1); /* EPOCH_OPENED */
    scene->group->restored_to = says;
    fake_unlock(scene->group);
    fake_group_restart(scene->group, true);
}

static void a_restore_on_record_is_followed(void **state)
{
    struct scene *scene = *state;
    struct comity_checkpoint checkpoint;
    verify(scene);
    restore(scene, 30, 30);
    scene_start(scene);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    assert_int_equal(comity_checkpoint(scene->client, scene->group->history, &checkpoint), 0);
    assert_int_equal(checkpoint.epoch, SECOND);
    assert_int_equal(checkpoint.size, head(scene));
}

/* The backup was as long as what was verified: then it has to go on from there. */
static void a_restore_that_went_not_behind_is_proved(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    restore(scene, EVENTS, EVENTS);
    scene_start(scene);
    expect(query(scene, false), COMITY_ANSWERED, 0);
    assert_int_equal(kept(scene), EVENTS + 1);
}

static void a_restore_that_lies_about_where_it_went_back_to_is_refused(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    scene_ledger(scene, ledger_fork, 10);
    restore(scene, EVENTS, EVENTS); /* what it says it kept is not what was there */
    scene_start(scene);
    expect(query(scene, false), COMITY_NOT_SENT, ERR_FORKED);
}

/* The store of before a restore is started again, and goes on: whoever has seen the restored record does not take its
 * word, nor only that it is late, whatever else was seen of the later epoch. The control has seen nothing of it. */
static void a_store_of_before_a_restore_is_refused(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    restore(scene, 30, 30);
    scene_start(scene);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    comity_destroy(&scene->client);
    fake_lock(scene->group);
    ledger_cut(scene->group->ledger, 30);
    scene->group->ledger->epoch = 1;
    ledger_grow(scene->group->ledger, EVENTS);
    fake_unlock(scene->group);
    memcpy(scene->pins[0].log_key, scene->group->ledger->log_key.public_key, KEY_SIZE);
    scene_start(scene);
    comity_set_seen(scene->client, scene->group->history, SECOND, 30);
    expect(query(scene, false), COMITY_NOT_SENT, ERR_FORKED);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 1);
    comity_destroy(&scene->client);
    scene->options.journal = NULL;
    scene_start(scene);
    expect(query(scene, false), COMITY_ANSWERED, 0);
}

static void keep_end(struct comity_result *result, void *context)
{
    *(enum comity_verdict *) context = result->verdict;
}

static enum comity_verdict ended;

static bool has_ended(struct scene *scene)
{
    (void) scene;
    return ended != 0;
}

/* What waits for its proof while a restore comes is no fork: it is asked anew, of the record that is there now. */
static void what_waits_while_a_restore_comes_is_no_fork(void **state)
{
    struct scene *scene = *state;
    Comity__V1__Events events = COMITY__V1__EVENTS__INIT;
    Comity__V1__Query page = COMITY__V1__QUERY__INIT;
    page.kind_case = COMITY__V1__QUERY__KIND_EVENTS;
    page.events = &events;
    events.from = 1;
    scene_start_ready(scene);
    scene_ledger(scene, ledger_grow, 3);
    unsigned before = SEEN(scene, checkpoints);
    SCRIPT(scene, script.gives_busy, true);
    ended = 0;
    assert_int_equal(comity_query(scene->client, scene->group->history, &page, 15000, keep_end, &ended, NULL), 0);
    while (SEEN(scene, checkpoints) == before)
        comity_pump(scene->client, 20);
    restore(scene, 30, 30);
    SCRIPT(scene, script.gives_busy, false);
    assert_true(scene_until(scene, has_ended));
    assert_int_equal(ended, COMITY_ANSWERED);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 0);
    assert_int_equal(kept(scene), 31);
}

/* A receipt is kept, of a tree of less than 50, and more of the record than 60 was verified. */
static void verify_with_receipt(struct scene *scene)
{
    scene_start_ready(scene);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    comity_destroy(&scene->client);
    assert_in_range(head(scene), 31, 49);
    scene_ledger(scene, ledger_grow, 20);
    verify(scene);
}

/* A restore takes back the end of the record, and no more: what lies before that has to hold what receipts prove. */
static void a_restore_has_to_have_kept_what_a_receipt_proves(void **state)
{
    struct scene *scene = *state;
    verify_with_receipt(scene);
    uint64_t before = kept(scene);
    scene_ledger(scene, ledger_fork, 20);
    restore(scene, 50, 50);
    scene_start(scene);
    expect(query(scene, false), COMITY_NOT_SENT, ERR_FORKED);
    assert_int_equal(scene_count(scene, COMITY_EVENT_FORKED, 0), 1);
    assert_int_equal(kept(scene), before);
}

/* The controls: it has kept it; or went back behind it, and says so. */
static void a_restore_that_kept_what_a_receipt_proves_is_followed(void **state)
{
    struct scene *scene = *state;
    verify_with_receipt(scene);
    restore(scene, 50, 50);
    scene_start(scene);
    expect(query(scene, false), COMITY_ANSWERED, 0);
    assert_int_equal(kept(scene), 51);
}

static void a_restore_behind_every_receipt_is_followed(void **state)
{
    struct scene *scene = *state;
    verify_with_receipt(scene);
    scene_ledger(scene, ledger_fork, 20);
    restore(scene, 30, 30);
    scene_start(scene);
    expect(query(scene, false), COMITY_ANSWERED, 0);
    assert_int_equal(kept(scene), 31);
}

/* Nor may a page hide behind an epoch that is over. */
static void a_page_of_an_epoch_that_is_over_is_not_believed(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    restore(scene, 30, 30);
    scene_start(scene);
    expect(query(scene, true), COMITY_ANSWERED, 0); /* the control */
    scene_ledger(scene, ledger_fork, 5);
    SCRIPT(scene, script.page_epoch, 1);
    expect(query(scene, true), COMITY_UNKNOWN, ERR_BEHIND);
}

/* In a restored record, forks are refused as before. */
static void a_fork_after_a_restore_is_refused(void **state)
{
    struct scene *scene = *state;
    verify(scene);
    restore(scene, 30, 30);
    scene_start(scene);
    expect(scene_submit(scene, 0), COMITY_RECORDED, 0);
    comity_destroy(&scene->client);
    scene_ledger(scene, ledger_fork, 31);
    scene_start(scene);
    expect(query(scene, false), COMITY_NOT_SENT, ERR_FORKED);
}

/* ---- Files ---- */

/* The evidence has both notes, each as it was signed. */
static void the_evidence_is_kept(void **state)
{
    struct scene *scene = *state;
    struct comity_checkpoint own;
    char path[256], hex[2 * HISTORY_ID_SIZE + 1], text[8192] = "";
    verify(scene);
    assert_int_equal(comity_checkpoint_kept(journal, scene->group->history, scene->pins, 1, &own), 0);
    scene_ledger(scene, ledger_fork, EVENTS);
    expect_refused(scene);
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct bytes other = ledger_checkpoint(scene->group->ledger, EVENTS, arena);
    struct head shown;
    assert_int_equal(head_read(other, scene->group->history, &shown), 0);
    hex_encode(BYTES(scene->group->history, HISTORY_ID_SIZE), hex);
    snprintf(path, sizeof(path), "%s/%s/fork-%d-%d-%02x%02x%02x%02x", journal, hex, EVENTS, EVENTS,
             shown.root[0], shown.root[1], shown.root[2], shown.root[3]);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    assert_non_null(memmem(text, strlen(text), own.note, own.note_size));
    assert_non_null(memmem(text, strlen(text), other.data, other.size));
}

/* A file that is damaged is said to be, and the record is begun anew. */
static void a_damaged_checkpoint_is_told(void **state)
{
    struct scene *scene = *state;
    char path[256], hex[2 * HISTORY_ID_SIZE + 1];
    struct comity_checkpoint checkpoint;
    verify(scene);
    hex_encode(BYTES(scene->group->history, HISTORY_ID_SIZE), hex);
    snprintf(path, sizeof(path), "%s/%s/checkpoint", journal, hex);
    assert_int_equal(truncate(path, 50), 0);
    assert_int_equal(comity_checkpoint_kept(journal, scene->group->history, scene->pins, 1, &checkpoint), ERR_CORRUPT);
    scene_start(scene);
    expect(query(scene, false), COMITY_ANSWERED, 0);
    assert_int_equal(scene_count(scene, COMITY_EVENT_JOURNAL, ERR_CORRUPT), 1);
    assert_int_equal(kept(scene), EVENTS);
}

/* Notes of others are refused. */
static void a_head_is_of_its_history(void **state)
{
    struct scene *scene = *state;
    struct head shown;
    uint8_t other[HISTORY_ID_SIZE] = {1};
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_LIMIT_DEFAULT);
    struct bytes note = ledger_checkpoint(scene->group->ledger, 5, arena);
    const uint8_t(*key)[KEY_SIZE] = (const uint8_t(*)[KEY_SIZE]) scene->group->ledger->log_key.public_key;
    assert_int_equal(head_open(note, scene->group->history, key, 1, &shown), 0);
    assert_int_equal(head_read(note, other, &shown), ERR_MALFORMED);
    assert_int_equal(head_open(note, scene->group->history, (const uint8_t(*)[KEY_SIZE]) other, 1, &shown),
                     ERR_SIGNATURE);
    assert_int_equal(head_open(note, scene->group->history, key, 0, &shown), ERR_SIGNATURE);
    for (size_t i = 0; i < note.size; i++) {
        uint8_t *byte = (uint8_t *) note.data + i;
        *byte ^= 1;
        assert_int_not_equal(head_open(note, scene->group->history, key, 1, &shown), 0);
        *byte ^= 1;
    }
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(what_is_verified_is_kept_and_grows),
        ONE(what_is_the_head_already_takes_no_question),
        ONE(a_fork_is_refused),
        ONE(a_fork_that_has_grown_is_refused),
        ONE(a_record_that_was_put_back_is_refused),
        ONE(no_proof_is_no_proof),
        ONE(without_leave_there_is_no_proof),
        ONE(who_gives_no_proof_for_want_of_leave_is_not_believed),
        ONE(what_ends_the_leave_is_confirmed_on_another_connection),
        ONE(a_busy_server_is_no_fork),
        ONE(a_key_that_is_not_on_record_is_refused),
        ONE(a_receipt_of_another_record_is_not_believed),
        ONE(a_page_of_another_record_is_not_believed),
        ONE(a_page_that_nobody_signed_is_not_believed),
        ONE(an_old_receipt_is_proved_as_well),
        ONE(many_at_once_are_proved),
        ONE(a_restore_on_record_is_followed),
        ONE(a_restore_that_went_not_behind_is_proved),
        ONE(a_restore_that_lies_about_where_it_went_back_to_is_refused),
        ONE(a_store_of_before_a_restore_is_refused),
        ONE(what_waits_while_a_restore_comes_is_no_fork),
        ONE(a_restore_has_to_have_kept_what_a_receipt_proves),
        ONE(a_restore_that_kept_what_a_receipt_proves_is_followed),
        ONE(a_restore_behind_every_receipt_is_followed),
        ONE(a_page_of_an_epoch_that_is_over_is_not_believed),
        ONE(a_fork_after_a_restore_is_refused),
        ONE(the_evidence_is_kept),
        ONE(a_damaged_checkpoint_is_told),
        ONE(a_head_is_of_its_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
