/* The outbox: acts that were given while no broker answered. "The outbox" in comity.h says what it promises.
 *
 * An act that waits is a command of the journal with a further file beside it, whose content says whether a sending was
 * begun (journal.h). The mark is written before the command, so that no command is there without it; and a sending is
 * marked before it is begun. Whoever decides by the marks holds the lock of the history's directory, for as long as it
 * takes to decide. Nobody holds it while an answer is awaited: two who send the same send the same bytes. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>

#include "client/lib/client.h"
#include "client/lib/journal.h"
#include "client/lib/journal_file.h"
#include "core/error.h"

enum { MARK_SIZE = 32 };

bool comity_is_waiting(const struct comity_journal_entry *entry)
{
    return entry->waits != COMITY_WAITS_NOT && !entry->has_receipt && entry->refused == 0;
}

/* ---- Files ---- */

/* The history's directory under its lock, which ends with the descriptor. */
static int lock_take(const char *journal, const uint8_t *history, bool is_making, int *ret_fd)
{
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(journal, history, is_making, &fd);
    if (code != 0)
        return code == ERR_FILE && errno == ENOENT ? ERR_NOT_FOUND : code;
    if (flock(fd, LOCK_EX) != 0)
        return ERR_FILE;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

static int mark_set(int directory, const uint8_t *id, const char *mark)
{
    char name[JOURNAL_NAME_SIZE];
    journal_name_make(id, JOURNAL_SUFFIX_WAITING, name);
    return journal_file_replace(directory, name, BYTES((const uint8_t *) mark, strlen(mark)), 0);
}

static int mark_remove(int directory, const uint8_t *id)
{
    char name[JOURNAL_NAME_SIZE];
    journal_name_make(id, JOURNAL_SUFFIX_WAITING, name);
    return journal_file_remove(directory, name);
}

static bool mark_is(int directory, const uint8_t *id, const char *mark)
{
    char name[JOURNAL_NAME_SIZE];
    struct bytes bytes;
    int64_t kept_ns;
    journal_name_make(id, JOURNAL_SUFFIX_WAITING, name);
    if (journal_file_get(directory, name, &bytes, &kept_ns) != 0)
        return false;
    bool is_same = bytes_equal(bytes, BYTES((const uint8_t *) mark, strlen(mark)));
    free((uint8_t *) bytes.data);
    return is_same;
}

/* The command first: a mark alone says nothing. */
static int entry_drop(const char *journal, int directory, const uint8_t *history, const uint8_t *id)
{
    int code = journal_drop_command(journal, history, id);
    return code != 0 ? code : mark_remove(directory, id);
}

/* ---- What waits ---- */

static bool is_ballot_on_same(const struct comity_draft *a, const struct comity_draft *b)
{
    const Comity__V1__Command *one = comity_draft_command(a), *other = comity_draft_command(b);
    return one->body_case == COMITY__V1__COMMAND__BODY_CAST_BALLOT && other->body_case == one->body_case &&
           one->cast_ballot->round == other->cast_ballot->round &&
           bytes_equal(BYTES(one->key.data, one->key.len), BYTES(other->key.data, other->key.len));
}

struct waiting {
    const struct comity_draft *draft; /* that is to be put; it is passed over itself */
    uint8_t (*earlier)[COMMAND_ID_SIZE]; /* ballots that it takes the place of */
    size_t earlier_count, count;
    bool is_begun; /* a sending of one of them was begun */
};

static int waiting_look(const struct comity_journal_entry *entry, void *context)
{
    struct waiting *waiting = context;
    bool is_itself = memcmp(entry->command_id, comity_draft_id(waiting->draft), COMMAND_ID_SIZE) == 0;
    if (is_itself || entry->has_receipt || entry->refused != 0)
        return 0;
    bool is_same = is_ballot_on_same(entry->draft, waiting->draft);
    waiting->count += entry->waits != COMITY_WAITS_NOT;
    if (is_same && entry->waits != COMITY_WAITS_UNSENT)
        waiting->is_begun = true;
    else if (is_same && waiting->earlier_count < COMITY_OUTBOX_MAX)
        memcpy(waiting->earlier[waiting->earlier_count++], entry->command_id, COMMAND_ID_SIZE);
    return 0;
}

static int put(const char *journal, int directory, const struct comity_draft *draft, struct waiting *waiting)
{
    const uint8_t *history = comity_draft_history(draft);
    bool is_new;
    int code = comity_journal_each(journal, history, waiting_look, waiting, NULL);
    if (code == 0 && waiting->is_begun)
        return ERR_STATE;
    if (code == 0 && waiting->count - waiting->earlier_count >= COMITY_OUTBOX_MAX)
        return ERR_LIMIT;
    if (code == 0)
        code = mark_set(directory, comity_draft_id(draft), JOURNAL_WAITING);
    if (code == 0)
        code = journal_keep_command(journal, draft, &is_new);
    /* Ended before this, there are two, of which the later one is sent. */
    for (size_t i = 0; code == 0 && i < waiting->earlier_count; i++)
        code = entry_drop(journal, directory, history, waiting->earlier[i]);
    return code;
}

int comity_outbox_put(const char *journal, const struct comity_draft *draft, bool *ret_is_replaced)
{
    CLEANUP(journal_fd_close) int fd = -1;
    uint8_t earlier[COMITY_OUTBOX_MAX][COMMAND_ID_SIZE];
    struct waiting waiting = {.draft = draft, .earlier = earlier};
    if (comity_draft_missing(draft, NULL, 0) != 0)
        return ERR_COSIGNERS;
    int code = journal_open(journal);
    if (code == 0)
        code = lock_take(journal, comity_draft_history(draft), true, &fd);
    if (code == 0)
        code = put(journal, fd, draft, &waiting);
    if (code == 0 && ret_is_replaced != NULL)
        *ret_is_replaced = waiting.earlier_count > 0;
    return code;
}

/* What marks a sending: another each time. */
static void mark_make(char ret_mark[MARK_SIZE])
{
    snprintf(ret_mark, MARK_SIZE, JOURNAL_WAITING_SENT "%08" PRIx32 "%08" PRIx32 "\n", randombytes_random(),
             randombytes_random());
}

int comity_outbox_put_sent(const char *journal, const struct comity_draft *draft)
{
    CLEANUP(journal_fd_close) int fd = -1;
    char mark[MARK_SIZE];
    int code = lock_take(journal, comity_draft_history(draft), false, &fd);
    mark_make(mark);
    return code != 0 ? code : mark_set(fd, comity_draft_id(draft), mark);
}

struct search {
    const uint8_t *id;
    bool is_found, is_unsent;
};

static int search_look(const struct comity_journal_entry *entry, void *context)
{
    struct search *search = context;
    if (entry->waits == COMITY_WAITS_NOT || memcmp(entry->command_id, search->id, COMMAND_ID_SIZE) != 0)
        return 0;
    search->is_found = true;
    search->is_unsent = comity_is_waiting(entry) && entry->waits == COMITY_WAITS_UNSENT;
    return 1;
}

int comity_outbox_take_back(const char *journal, const uint8_t history[COMITY_HISTORY_SIZE],
                            const uint8_t command_id[COMITY_ID_SIZE])
{
    CLEANUP(journal_fd_close) int fd = -1;
    struct search search = {.id = command_id};
    int code = lock_take(journal, history, false, &fd);
    if (code == 0)
        code = comity_journal_each(journal, history, search_look, &search, NULL);
    if (code < 0)
        return code;
    if (!search.is_found)
        return ERR_NOT_FOUND;
    return search.is_unsent ? entry_drop(journal, fd, history, command_id) : ERR_STATE;
}

/* ---- Sending ---- */

struct sending {
    struct comity *client;
    const uint8_t *history;
    int64_t deadline_ms;
    comity_journal_fn *holds_back;
    comity_outbox_fn *done;
    void *context;
    bool is_over; /* nobody answered */
};

/* Answers were awaited since the walk began, so that it may be out of date: what there is now. */
struct successor {
    const struct comity_journal_entry *entry;
    enum comity_waits waits; /* of the entry itself: another process may have begun to send it */
    bool is_there, is_gone;
};

/* Is a later ballot on the same round waiting, as after an end in the midst of comity_outbox_put? Or is it not there any
 * more: taken back since the walk began? */
static int successor_look(const struct comity_journal_entry *other, void *context)
{
    struct successor *successor = context;
    if (memcmp(other->command_id, successor->entry->command_id, COMMAND_ID_SIZE) == 0) {
        successor->is_gone = !comity_is_waiting(other);
        successor->waits = other->waits;
        return 0;
    }
    if (!successor->is_gone && comity_is_waiting(other) && is_ballot_on_same(other->draft, successor->entry->draft))
        successor->is_there = true;
    return 0;
}

/* Under the lock: *ret_goes where this one goes out now, and whether it never did before. */
static int send_mark(struct sending *sending, const struct comity_journal_entry *entry, const char *mark, bool *ret_goes,
                     bool *ret_is_first)
{
    CLEANUP(journal_fd_close) int fd = -1;
    struct successor successor = {.entry = entry, .is_gone = true};
    int code = lock_take(sending->client->journal, sending->history, false, &fd);
    if (code == 0)
        code = comity_journal_each(sending->client->journal, sending->history, successor_look, &successor, NULL);
    if (code != 0 || successor.is_gone)
        return code;
    *ret_is_first = successor.waits == COMITY_WAITS_UNSENT;
    if (successor.is_there && *ret_is_first)
        return entry_drop(sending->client->journal, fd, sending->history, entry->command_id);
    *ret_goes = true;
    return mark_set(fd, entry->command_id, mark);
}

/* Nothing left this machine, and no other process has begun since: it can be taken back again. */
static void send_unmark(struct sending *sending, const struct comity_journal_entry *entry, const char *mark)
{
    CLEANUP(journal_fd_close) int fd = -1;
    if (lock_take(sending->client->journal, sending->history, false, &fd) == 0 && mark_is(fd, entry->command_id, mark))
        mark_set(fd, entry->command_id, JOURNAL_WAITING);
}

static int send_one(const struct comity_journal_entry *entry, void *context)
{
    struct sending *sending = context;
    char mark[MARK_SIZE];
    bool goes = false, is_first = false;
    struct comity_result result;
    if (sending->is_over || !comity_is_waiting(entry) ||
        (sending->holds_back != NULL && sending->holds_back(entry, sending->context) != 0))
        return 0;
    mark_make(mark);
    int code = send_mark(sending, entry, mark, &goes, &is_first);
    if (code != 0 || !goes)
        return code;
    code = comity_submit_wait(sending->client, entry->draft, sending->deadline_ms, &result);
    if (result.verdict == 0)
        return code;
    if (result.verdict == COMITY_NOT_SENT && is_first)
        send_unmark(sending, entry, mark);
    sending->is_over = result.verdict == COMITY_NOT_SENT || result.verdict == COMITY_UNKNOWN ||
                       (result.verdict == COMITY_REFUSED && !comity_is_final(result.fault.code));
    sending->done(entry, &result, sending->context);
    comity_result_release(&result);
    return 0;
}

int comity_outbox_send(struct comity *client, const uint8_t history[COMITY_HISTORY_SIZE], int64_t deadline_ms,
                       comity_journal_fn *holds_back, comity_outbox_fn *done, void *context)
{
    struct sending sending = {client, history, deadline_ms, holds_back, done, context, false};
    if (client->journal == NULL)
        return ERR_MISSING;
    return comity_journal_each(client->journal, history, send_one, &sending, NULL);
}
