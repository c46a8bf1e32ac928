/* What becomes of receipts whose record this reader gives up for another one: they stay, under another name, as evidence;
 * and one that is kept is handed out. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/lib/draft.h"
#include "client/lib/journal.h"
#include "client/lib/journal_file.h"
#include "core/arena.h"
#include "core/error.h"
#include "core/event.h"
#include "core/message.h"
#include "core/text.h"

enum { ARENA_BYTES = 8 * 1024 * 1024, ID_HEX = 2 * COMMAND_ID_SIZE };
static const char SUFFIX_GIVEN_UP[] = ".given-up-";

static void name_receipt(const struct comity_journal_entry *entry, uint32_t epoch, char ret_name[JOURNAL_NAME_SIZE])
{
    hex_encode(BYTES(entry->command_id, COMMAND_ID_SIZE), ret_name);
    snprintf(ret_name + ID_HEX, JOURNAL_NAME_SIZE - ID_HEX, "%s%" PRIu32, JOURNAL_SUFFIX_RECEIPT, epoch);
}

/* ---- Handing out ---- */

/* One file of the journal, checked. 0, ERR_RECEIPT, ERR_FILE, ERR_MEMORY. */
static int receipt_get(int directory, const char *name, const struct comity_draft *draft, const struct comity_pin *pins,
                       size_t pin_count, struct bytes *ret_bytes)
{
    struct bytes bytes;
    int64_t kept_ns;
    int code = journal_file_get(directory, name, &bytes, &kept_ns);
    if (code == ERR_CORRUPT)
        return ERR_RECEIPT;
    if (code != 0)
        return code;
    code = comity_receipt_check(draft, bytes.data, bytes.size, pins, pin_count, NULL);
    if (code != 0)
        free((uint8_t *) bytes.data);
    else
        *ret_bytes = bytes;
    return code;
}

/* One that was given up, whichever is found. */
static int given_up_get(int directory, const struct comity_journal_entry *entry, const struct comity_pin *pins,
                        size_t pin_count, struct bytes *ret_bytes)
{
    char prefix[ID_HEX + sizeof(SUFFIX_GIVEN_UP)];
    int copy = dup(directory), code = ERR_NOT_FOUND;
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (dir == NULL)
        return ERR_FILE;
    hex_encode(BYTES(entry->command_id, COMMAND_ID_SIZE), prefix);
    memcpy(prefix + ID_HEX, SUFFIX_GIVEN_UP, sizeof(SUFFIX_GIVEN_UP));
    rewinddir(dir);
    for (struct dirent *file = readdir(dir); code != 0 && file != NULL; file = readdir(dir))
        if (strncmp(file->d_name, prefix, strlen(prefix)) == 0)
            code = receipt_get(directory, file->d_name, entry->draft, pins, pin_count, ret_bytes);
    closedir(dir);
    return code;
}

/* A receipt leaves out what its command's signer has. Of a text that was purged since the journal has nothing either. */
static void part_fill(Comity__V1__Part *part, const struct command *command)
{
    struct event_part filled = {.kind = (uint8_t) part->kind};
    const uint8_t *salt = part->salt.data;
    if (part->kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND && part->salt.len == SALT_SIZE)
        filled.content = command->signed_command;
    else
        salt = NULL;
    for (size_t i = 0; part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT && i < command->text_count; i++)
        if (memcmp(command->texts[i].hash, part->hash.data, HASH_SIZE) == 0) {
            filled.content = command->texts[i].content;
            salt = command->texts[i].salt;
        }
    if (salt == NULL)
        return;
    memcpy(filled.salt, salt, SALT_SIZE);
    event_part_hash(&filled);
    if (memcmp(filled.hash, part->hash.data, HASH_SIZE) != 0)
        return;
    part->salt = (ProtobufCBinaryData){SALT_SIZE, (uint8_t *) salt};
    part->content = (ProtobufCBinaryData){filled.content.size, (uint8_t *) filled.content.data};
    part->is_withheld = false;
}

/* In the place of *bytes, which was checked. */
static int receipt_fill(const struct comity_draft *draft, struct bytes *bytes)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_BYTES);
    ProtobufCMessage *message = NULL;
    struct bytes packed;
    int code = arena == NULL ? ERR_MEMORY
                             : message_unpack(&comity__v1__receipt__descriptor, *bytes, JOURNAL_FILE_MAX_BYTES, arena,
                                              NULL, &message);
    if (code != 0)
        return code;
    Comity__V1__EventRecord *event = ((Comity__V1__Receipt *) message)->event;
    for (size_t i = 0; i < event->n_parts; i++)
        if (event->parts[i]->is_withheld && event->parts[i]->hash.len == HASH_SIZE)
            part_fill(event->parts[i], &draft->command);
    code = message_pack(message, arena, &packed);
    uint8_t *copy = code == 0 ? malloc(packed.size + 1) : NULL;
    if (copy == NULL)
        return code != 0 ? code : ERR_MEMORY;
    memcpy(copy, packed.data, packed.size);
    free((uint8_t *) bytes->data);
    *bytes = BYTES(copy, packed.size);
    return 0;
}

static const struct comity_journal_receipt *latest_before(const struct comity_journal_entry *entry, uint64_t limit)
{
    const struct comity_journal_receipt *latest = NULL;
    for (size_t i = 0; i < entry->receipt_count; i++)
        if (entry->receipts[i].epoch < limit && (latest == NULL || entry->receipts[i].epoch > latest->epoch))
            latest = &entry->receipts[i];
    return latest;
}

int comity_journal_get_receipt(const char *directory, const struct comity_journal_entry *entry,
                               const struct comity_pin *pins, size_t pin_count, uint8_t **ret_receipt, size_t *ret_size,
                               bool *ret_is_given_up)
{
    char name[JOURNAL_NAME_SIZE];
    struct bytes bytes = {0};
    const struct comity_journal_receipt *receipt;
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(directory, entry->history, false, &fd);
    if (code != 0)
        return code;
    code = ERR_NOT_FOUND;
    for (uint64_t limit = UINT64_MAX; code != 0 && (receipt = latest_before(entry, limit)) != NULL; limit = receipt->epoch) {
        name_receipt(entry, receipt->epoch, name);
        code = receipt_get(fd, name, entry->draft, pins, pin_count, &bytes);
    }
    *ret_is_given_up = code == ERR_NOT_FOUND;
    if (code == ERR_NOT_FOUND)
        code = given_up_get(fd, entry, pins, pin_count, &bytes);
    if (code == 0 && (code = receipt_fill(entry->draft, &bytes)) != 0)
        free((uint8_t *) bytes.data);
    if (code == 0) {
        *ret_receipt = (uint8_t *) bytes.data;
        *ret_size = bytes.size;
    }
    return code;
}

/* ---- Giving up ---- */

static int receipt_set_aside(int directory, const struct comity_journal_entry *entry,
                             const struct comity_journal_receipt *receipt)
{
    char name[JOURNAL_NAME_SIZE], aside[JOURNAL_NAME_SIZE];
    name_receipt(entry, receipt->epoch, name);
    hex_encode(BYTES(entry->command_id, COMMAND_ID_SIZE), aside);
    snprintf(aside + ID_HEX, sizeof(aside) - ID_HEX, "%s%" PRIu32 "-%" PRIu64, SUFFIX_GIVEN_UP, receipt->epoch,
             receipt->sequence);
    return renameat(directory, name, directory, aside) == 0 && fsync(directory) == 0 ? 0 : ERR_FILE;
}

static bool is_same(int directory, const char *name, struct bytes receipt)
{
    struct bytes kept;
    int64_t kept_ns;
    if (journal_file_get(directory, name, &kept, &kept_ns) != 0)
        return false;
    bool holds = bytes_equal(kept, receipt);
    free((uint8_t *) kept.data);
    return holds;
}

int comity_journal_give_up(const char *directory, const struct comity_journal_entry *entry, uint32_t epoch)
{
    CLEANUP(journal_fd_close) int fd = -1;
    int code = journal_history_open(directory, entry->history, false, &fd);
    /* First: between the two it must not look as if it had not been answered. */
    if (code == 0)
        code = comity_journal_settle(directory, entry, ERR_FORKED, epoch);
    for (size_t i = 0; code == 0 && i < entry->receipt_count; i++)
        code = receipt_set_aside(fd, entry, &entry->receipts[i]);
    return code;
}

int comity_journal_take_receipt(const char *directory, const struct comity_journal_entry *entry, const uint8_t *receipt,
                                size_t size)
{
    CLEANUP(arena_destroy) struct arena *arena = arena_new(ARENA_BYTES);
    CLEANUP(journal_fd_close) int fd = -1;
    struct event_header header;
    ProtobufCMessage *message = NULL;
    char name[JOURNAL_NAME_SIZE];
    int code = arena == NULL ? ERR_MEMORY : journal_history_open(directory, entry->history, false, &fd);
    if (code == 0)
        code = message_unpack(&comity__v1__receipt__descriptor, BYTES(receipt, size), JOURNAL_FILE_MAX_BYTES, arena, NULL,
                              &message);
    if (code != 0)
        return code;
    const Comity__V1__EventRecord *event = ((const Comity__V1__Receipt *) message)->event;
    if (event == NULL || event_header_read(BYTES(event->header.data, event->header.len), &header) != 0)
        return ERR_RECEIPT;
    name_receipt(entry, header.epoch, name);
    for (size_t i = 0; code == 0 && i < entry->receipt_count; i++)
        if (entry->receipts[i].epoch == header.epoch && !is_same(fd, name, BYTES(receipt, size)))
            code = receipt_set_aside(fd, entry, &entry->receipts[i]);
    return code != 0 ? code
                     : journal_keep_receipt(directory, entry->history, entry->command_id, header.epoch, BYTES(receipt, size));
}
