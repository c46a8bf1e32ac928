#include "client/lib/journal.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/lib/draft.h"
#include "client/lib/journal_file.h"
#include "client/lib/receipt.h"
#include "core/error.h"
#include "core/event.h"
#include "core/message.h"
#include "core/text.h"

enum {
    JOURNAL_DAYS = 30,
    ARENA_BYTES = 8 * 1024 * 1024,
    ID_HEX = 2 * COMMAND_ID_SIZE,
    REFUSAL_SIZE = 32,
};
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define JOURNAL_KEPT_MS ((int64_t) JOURNAL_DAYS * 24 * 3600 * 1000)

static const char SUFFIX_COMMAND[] = JOURNAL_SUFFIX_COMMAND;
static const char SUFFIX_RECEIPT[] = JOURNAL_SUFFIX_RECEIPT;
static const char SUFFIX_REFUSED[] = JOURNAL_SUFFIX_REFUSED;
static const char SUFFIX_WAITING[] = JOURNAL_SUFFIX_WAITING;

static void dir_close(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

int journal_open(const char *directory)
{
    CLEANUP(journal_fd_close) int fd = -1;
    return journal_directory_open(AT_FDCWD, directory, true, &fd);
}

int journal_keep_command(const char *directory, const struct comity_draft *draft, bool *ret_is_new)
{
    char name[JOURNAL_NAME_SIZE];
    struct stat status;
    uint8_t *bytes = NULL;
    size_t size = 0;
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(directory, comity_draft_history(draft), true, &fd);
    if (code == 0)
        code = comity_draft_pack(draft, &bytes, &size);
    if (code != 0)
        return code;
    journal_name_make(comity_draft_id(draft), SUFFIX_COMMAND, name);
    *ret_is_new = fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0;
    code = journal_file_put(fd, name, BYTES(bytes, size));
    free(bytes);
    journal_name_make(comity_draft_id(draft), SUFFIX_REFUSED, name);
    if (code != 0 || fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return code;
    *ret_is_new = true;
    return journal_file_remove(fd, name);
}

int journal_drop_command(const char *directory, const uint8_t *history, const uint8_t *id)
{
    char name[JOURNAL_NAME_SIZE];
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(directory, history, false, &fd);
    if (code != 0)
        return code;
    journal_name_make(id, SUFFIX_COMMAND, name);
    return journal_file_remove(fd, name);
}

int journal_keep_refusal(const char *directory, const uint8_t *history, const uint8_t *id, int refusal,
                         uint32_t epoch)
{
    char name[JOURNAL_NAME_SIZE], text[REFUSAL_SIZE];
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(directory, history, true, &fd);
    if (code != 0)
        return code;
    journal_name_make(id, SUFFIX_REFUSED, name);
    int size = snprintf(text, sizeof(text), "%d %" PRIu32 "\n", refusal, epoch);
    return journal_file_put(fd, name, BYTES((const uint8_t *) text, (size_t) size));
}

int journal_keep_receipt(const char *directory, const uint8_t *history, const uint8_t *id, uint32_t epoch,
                         struct bytes receipt)
{
    char name[JOURNAL_NAME_SIZE];
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(directory, history, true, &fd);
    if (code != 0)
        return code;
    hex_encode(BYTES(id, COMMAND_ID_SIZE), name);
    snprintf(name + ID_HEX, sizeof(name) - ID_HEX, "%s%u", SUFFIX_RECEIPT, epoch);
    code = journal_file_put(fd, name, receipt);
    if (code != 0)
        return code;
    journal_name_make(id, SUFFIX_REFUSED, name);
    return journal_file_remove(fd, name);
}

int comity_journal_settle(const char *directory, const struct comity_journal_entry *entry, int code,
                          uint32_t epoch)
{
    return journal_keep_refusal(directory, entry->history, entry->command_id, code, epoch);
}

/* ---- Reading ---- */

struct list {
    struct comity_journal_entry *entries;
    size_t count, room;
    size_t damaged;
};

static void list_release(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct comity_draft *draft = (struct comity_draft *) list->entries[i].draft;
        comity_draft_destroy(&draft);
        free((struct comity_journal_receipt *) list->entries[i].receipts);
    }
    free(list->entries);
}

static struct comity_journal_entry *list_add(struct list *list)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 16 : 2 * list->room;
        struct comity_journal_entry *grown = realloc(list->entries, room * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        list->entries = grown;
        list->room = room;
    }
    struct comity_journal_entry *entry = &list->entries[list->count++];
    memset(entry, 0, sizeof(*entry));
    return entry;
}

static bool has_suffix(const char *name, const char *suffix)
{
    return strlen(name) > ID_HEX && strncmp(name + ID_HEX, suffix, strlen(suffix)) == 0;
}

static int command_load(int directory, const char *name, struct list *list)
{
    struct bytes bytes;
    int64_t kept_ns;
    struct comity_draft *draft = NULL;
    int code = journal_file_get(directory, name, &bytes, &kept_ns);
    if (code == 0) {
        code = draft_unpack_kept(bytes, &draft);
        free((uint8_t *) bytes.data);
    }
    if (code == ERR_MEMORY)
        return code;
    if (code != 0) {
        list->damaged++;
        return 0;
    }
    struct comity_journal_entry *entry = list_add(list);
    if (entry == NULL) {
        comity_draft_destroy(&draft);
        return ERR_MEMORY;
    }
    memcpy(entry->history, comity_draft_history(draft), HISTORY_ID_SIZE);
    memcpy(entry->command_id, comity_draft_id(draft), COMMAND_ID_SIZE);
    entry->kept_ns = kept_ns;
    entry->kept_ms = kept_ns / NS_PER_MS;
    entry->draft = draft;
    return 0;
}

static struct comity_journal_entry *entry_find(struct list *list, const char *name)
{
    uint8_t id[COMMAND_ID_SIZE];
    char digits[ID_HEX + 1];
    snprintf(digits, sizeof(digits), "%.*s", (int) ID_HEX, name);
    if (hex_decode(digits, id, sizeof(id)) != 0)
        return NULL;
    for (size_t i = 0; i < list->count; i++)
        if (memcmp(list->entries[i].command_id, id, sizeof(id)) == 0)
            return &list->entries[i];
    return NULL;
}

static int receipt_add(struct comity_journal_entry *entry, uint32_t epoch, uint64_t sequence)
{
    struct comity_journal_receipt *receipts = (struct comity_journal_receipt *) entry->receipts;
    receipts = realloc(receipts, (entry->receipt_count + 1) * sizeof(*receipts));
    if (receipts == NULL)
        return ERR_MEMORY;
    receipts[entry->receipt_count++] = (struct comity_journal_receipt){epoch, sequence};
    entry->receipts = receipts;
    return 0;
}

/* It was verified, signature and all, before it was kept. A disk may have altered it since: then it does not fit the
 * command any more, or itself. 0, ERR_RECEIPT, ERR_MEMORY. */
static int receipt_read(const struct comity_draft *draft, struct bytes bytes, unsigned long epoch, struct arena *arena,
                        struct event_header *ret_header)
{
    struct receipt_claim claim;
    enum receipt_step step;
    ProtobufCMessage *message = NULL;
    int code = message_unpack(&comity__v1__receipt__descriptor, bytes, JOURNAL_FILE_MAX_BYTES, arena, NULL, &message);
    if (code == 0)
        code = receipt_claim_make(&draft->command, arena, &claim);
    if (code == 0)
        code = receipt_fits(&claim, (const Comity__V1__Receipt *) message, ret_header, &step);
    if (code == 0 && ret_header->epoch != epoch)
        code = ERR_RECEIPT;
    return code == 0 || code == ERR_MEMORY ? code : ERR_RECEIPT;
}

static int receipt_take(struct comity_journal_entry *entry, const struct event_header *header)
{
    int code = receipt_add(entry, header->epoch, header->sequence);
    if (code == 0 && (!entry->has_receipt || header->epoch > entry->epoch)) {
        entry->has_receipt = true;
        entry->epoch = header->epoch;
        entry->sequence = header->sequence;
        entry->time_ms = header->time_ms;
    }
    return code;
}

static int receipt_load(int directory, const char *name, struct list *list)
{
    struct bytes bytes;
    int64_t kept_ns;
    struct event_header header;
    struct comity_journal_entry *entry = entry_find(list, name);
    unsigned long epoch = strtoul(name + ID_HEX + strlen(SUFFIX_RECEIPT), NULL, 10);
    if (entry == NULL)
        return 0;
    int code = journal_file_get(directory, name, &bytes, &kept_ns);
    if (code == 0) {
        CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_BYTES);
        code = arena == NULL ? ERR_MEMORY : receipt_read(entry->draft, bytes, epoch, arena, &header);
        free((uint8_t *) bytes.data);
    }
    if (code == 0)
        code = receipt_take(entry, &header);
    else if (code != ERR_MEMORY)
        list->damaged++;
    return code == ERR_MEMORY ? code : 0;
}

/* A marker that cannot be read is a refusal all the same. */
static int refusal_load(int directory, const char *name, struct list *list)
{
    struct bytes bytes;
    int64_t kept_ns;
    struct comity_journal_entry *entry = entry_find(list, name);
    if (entry == NULL)
        return 0;
    entry->refused = ERR_CORRUPT;
    int code = journal_file_get(directory, name, &bytes, &kept_ns);
    if (code == 0) {
        char text[REFUSAL_SIZE], *end;
        snprintf(text, sizeof(text), "%.*s",
                 (int) (bytes.size < sizeof(text) ? bytes.size : sizeof(text) - 1),
                 (const char *) bytes.data);
        int refusal = (int) strtol(text, &end, 10);
        if (refusal < 0) {
            entry->refused = refusal;
            entry->refused_epoch = (uint32_t) strtoul(end, NULL, 10);
        }
        free((uint8_t *) bytes.data);
    }
    list->damaged += entry->refused == ERR_CORRUPT;
    return code == ERR_MEMORY ? code : 0;
}

/* What cannot be read may have been sent: it is sent again, which does nothing twice, and cannot be taken back. */
static int waiting_load(int directory, const char *name, struct list *list)
{
    struct bytes bytes;
    int64_t kept_ns;
    struct comity_journal_entry *entry = entry_find(list, name);
    if (entry == NULL)
        return 0;
    int code = journal_file_get(directory, name, &bytes, &kept_ns);
    bool is_waiting = code == 0 && bytes_equal(bytes, BYTES(JOURNAL_WAITING, strlen(JOURNAL_WAITING)));
    bool is_sent = code == 0 && bytes.size > strlen(JOURNAL_WAITING_SENT) &&
                   memcmp(bytes.data, JOURNAL_WAITING_SENT, strlen(JOURNAL_WAITING_SENT)) == 0;
    entry->waits = is_waiting ? COMITY_WAITS_UNSENT : COMITY_WAITS_SENT;
    list->damaged += !is_waiting && !is_sent;
    if (code == 0)
        free((uint8_t *) bytes.data);
    return code == ERR_MEMORY ? code : 0;
}

typedef int load_fn(int directory, const char *name, struct list *list);

static int files_load(int directory, const char *suffix, load_fn *load, struct list *list)
{
    int copy = dup(directory);
    CLEANUP(dir_close) DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return ERR_FILE;
    rewinddir(dir);
    int code = 0;
    for (struct dirent *file = readdir(dir); code == 0 && file != NULL; file = readdir(dir))
        if (has_suffix(file->d_name, suffix))
            code = load(directory, file->d_name, list);
    return code;
}

static int history_load(int directory, struct list *list)
{
    int code = files_load(directory, SUFFIX_COMMAND, command_load, list);
    if (code == 0)
        code = files_load(directory, SUFFIX_RECEIPT, receipt_load, list);
    if (code == 0)
        code = files_load(directory, SUFFIX_REFUSED, refusal_load, list);
    return code != 0 ? code : files_load(directory, SUFFIX_WAITING, waiting_load, list);
}

/* The receipt of the earliest epoch: in it the signer's acts were numbered first. NULL: none. */
static const struct comity_journal_receipt *first_receipt(const struct comity_journal_entry *entry)
{
    const struct comity_journal_receipt *first = NULL;
    for (size_t i = 0; i < entry->receipt_count; i++)
        if (first == NULL || entry->receipts[i].epoch < first->epoch)
            first = &entry->receipts[i];
    return first;
}

/* In the order in which they were given. No epoch's numbers have a say in it: what one that was given up
 * took, and what it refused, was given when it was given. */
static int entry_compare(const void *a, const void *b)
{
    const struct comity_journal_entry *left = a;
    const struct comity_journal_entry *right = b;
    int history = memcmp(left->history, right->history, HISTORY_ID_SIZE);
    if (history != 0)
        return history;
    if (left->kept_ns != right->kept_ns)
        return left->kept_ns < right->kept_ns ? -1 : 1;
    const struct comity_journal_receipt *one = first_receipt(left), *other = first_receipt(right);
    if ((one == NULL) != (other == NULL))
        return one != NULL ? -1 : 1;
    if (one != NULL && one->epoch != other->epoch)
        return one->epoch < other->epoch ? -1 : 1;
    if (one != NULL && one->sequence != other->sequence)
        return one->sequence < other->sequence ? -1 : 1;
    return memcmp(left->command_id, right->command_id, COMMAND_ID_SIZE);
}

/* ---- Acts on the same thing ---- */

/* What says anew what an earlier act of the kind said, where these numbers are the same. Ballots are not
 * here: they name the one that they replace. */
static const struct same {
    Comity__V1__Command__BodyCase body;
    const char *fields[2];
    bool is_signers; /* a thing of the signer's own */
} SAME[] = {
    {COMITY__V1__COMMAND__BODY_ASSIGN_SEAT, {"body", "seat"}, false},
    {COMITY__V1__COMMAND__BODY_CHECK_IN, {"session"}, true},
    /* Charter and bodies. */
    {COMITY__V1__COMMAND__BODY_NAME_ALTERNATES, {"body", "seat"}, false},
    {COMITY__V1__COMMAND__BODY_HAND_OVER, {"session", "seat"}, false},
    {COMITY__V1__COMMAND__BODY_TAKE_BACK, {"session", "seat"}, false},
    /* Sessions. */
    /* Problem solving. */
    /* Decisions and minutes. */
    {COMITY__V1__COMMAND__BODY_UPDATE_ACTION, {"action"}, true},
};

static uint32_t number_read(const Comity__V1__Command *command, const char *field)
{
    /* Every body of the oneof lies at the same place. */
    const ProtobufCMessage *body = (const ProtobufCMessage *) command->assign_seat;
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field_by_name(body->descriptor, field);
    assert(found != NULL && found->type == PROTOBUF_C_TYPE_UINT32);
    return *(const uint32_t *) ((const char *) body + found->offset);
}

static const struct same *same_find(const struct comity_journal_entry *entry)
{
    for (size_t i = 0; i < ARRAY_COUNT(SAME); i++)
        if (SAME[i].body == comity_draft_command(entry->draft)->body_case)
            return &SAME[i];
    return NULL;
}

static bool is_on_same(const struct same *same, const struct comity_journal_entry *a,
                       const struct comity_journal_entry *b)
{
    const Comity__V1__Command *one = comity_draft_command(a->draft), *other = comity_draft_command(b->draft);
    if (same_find(b) != same || memcmp(a->history, b->history, HISTORY_ID_SIZE) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_COUNT(same->fields) && same->fields[i] != NULL; i++)
        if (number_read(one, same->fields[i]) != number_read(other, same->fields[i]))
            return false;
    return !same->is_signers ||
           bytes_equal(BYTES(one->key.data, one->key.len), BYTES(other->key.data, other->key.len));
}

/* Of a sorted list. */
static void list_link(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct same *same = same_find(&list->entries[i]);
        for (size_t j = i + 1; same != NULL && j < list->count && list->entries[i].later == NULL; j++)
            if (is_on_same(same, &list->entries[i], &list->entries[j]))
                list->entries[i].later = &list->entries[j];
    }
}

static int list_walk(struct list *list, comity_journal_fn *each, void *context)
{
    int code = 0;
    if (list->count > 0)
        qsort(list->entries, list->count, sizeof(*list->entries), entry_compare);
    list_link(list);
    for (size_t i = 0; code == 0 && i < list->count; i++)
        code = each(&list->entries[i], context);
    return code;
}

/* Call @visit for every history's directory. */
typedef int history_fn(int directory, void *context);

static int histories_walk(const char *directory, history_fn *visit, void *context)
{
    CLEANUP(journal_fd_close) int root = -1;
    int code = journal_directory_open(AT_FDCWD, directory, false, &root);
    if (code != 0)
        return code;
    int copy = dup(root);
    CLEANUP(dir_close) DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return ERR_FILE;
    for (struct dirent *file = readdir(dir); code == 0 && file != NULL; file = readdir(dir)) {
        CLEANUP(journal_fd_close) int history = -1;
        if (strlen(file->d_name) == JOURNAL_HISTORY_HEX && journal_directory_open(root, file->d_name, false, &history) == 0)
            code = visit(history, context);
    }
    return code;
}

static int history_visit(int directory, void *context)
{
    return history_load(directory, context);
}

int comity_journal_each(const char *directory, const uint8_t *history, comity_journal_fn *each, void *context,
                        size_t *ret_damaged)
{
    CLEANUP(list_release) struct list list = {0};
    int code;
    if (history == NULL) {
        code = histories_walk(directory, history_visit, &list);
    } else {
        CLEANUP(journal_fd_close) int fd = -1;
        code = journal_history_open(directory, history, false, &fd);
        if (code == ERR_FILE && errno == ENOENT)
            return 0; /* nothing was kept of it */
        if (code == 0)
            code = history_load(fd, &list);
    }
    if (code == 0)
        code = list_walk(&list, each, context);
    if (code == 0 && ret_damaged != NULL)
        *ret_damaged = list.damaged;
    return code;
}

/* ---- Pruning ---- */

static bool is_over(const struct comity_journal_entry *entry, int64_t stamp_ms)
{
    int64_t last_ms = entry->has_receipt ? entry->time_ms : entry->draft->command.body->valid_until_ms;
    return last_ms > 0 && last_ms < stamp_ms - JOURNAL_KEPT_MS;
}

/* The command first: what is left of an entry without it is never sent again. */
static void entry_remove(int directory, const struct comity_journal_entry *entry)
{
    char name[JOURNAL_NAME_SIZE];
    journal_name_make(entry->command_id, SUFFIX_COMMAND, name);
    if (journal_file_remove(directory, name) != 0)
        return;
    journal_name_make(entry->command_id, SUFFIX_REFUSED, name);
    journal_file_remove(directory, name);
    journal_name_make(entry->command_id, SUFFIX_WAITING, name);
    journal_file_remove(directory, name);
    for (size_t i = 0; i < entry->receipt_count; i++) {
        journal_name_make(entry->command_id, SUFFIX_RECEIPT, name);
        snprintf(name + strlen(name), sizeof(name) - strlen(name), "%" PRIu32, entry->receipts[i].epoch);
        unlinkat(directory, name, 0);
    }
}

void journal_prune(const char *directory, const uint8_t *history, int64_t stamp_ms)
{
    CLEANUP(list_release) struct list list = {0};
    CLEANUP(journal_fd_close) int fd = -1;
    if (journal_history_open(directory, history, false, &fd) != 0 || history_load(fd, &list) != 0)
        return;
    for (size_t i = 0; i < list.count; i++)
        if (is_over(&list.entries[i], stamp_ms))
            entry_remove(fd, &list.entries[i]);
}
