/* An entry of the log on the side of the leader: what an attempt of a batch has kept, packed as a LogEntry
 * (proto/comity/v1/log.proto; docs/storage.md, "An entry of the log").
 *
 * An entry has at most ENTRY_MAX_BYTES. So before anything is kept, room is taken for it, by bounds that the packed bytes stay
 * under; then it is added. Histories are named by an index of the caller's, below BATCH_HISTORIES_MAX. */
#ifndef COMITY_WORKER_ENTRY_H
#define COMITY_WORKER_ENTRY_H

#include "comity/v1/log.pb-c.h"
#include "core/machine/machine.h"
#include "worker/log/log_order.h"
#include "worker/store/store.h"

#ifdef COMITY_CONTROL_SMALL_ENTRIES /* so that a test finds them full */
enum { ENTRY_MAX_BYTES = 16 * 1024 };
#else
enum { ENTRY_MAX_BYTES = 1024 * 1024 };
#endif
enum { ENTRY_REFUSAL_BYTES = 256, ENTRY_COSIGNATURE_BYTES = 192 }; /* of one, at most */

struct entry;

struct entry *entry_new(void); /* NULL: no memory */
void entry_destroy(struct entry **entry);
/* Forget what was added: another attempt begins. */
void entry_begin(struct entry *entry);

/* What these events can take at most, with the parts of @command (NULL: no command caused them). */
size_t entry_events_bytes(const struct machine_events *events, const struct command *command);
/* Take room for what is to be added of a history. ERR_BUSY: the next entry has room for it; ERR_TOO_LARGE: none has. */
int entry_take_room(struct entry *entry, size_t history, size_t bytes);

/* Add an event. What its parts point to is copied, but for the contents of commands and texts, which stay the caller's until
 * the entry was packed. ERR_MEMORY. */
int entry_add_event(struct entry *entry, size_t history, const struct event_header *header,
                    const struct event_part *parts, size_t part_count);
/* The command's row, which says what its first event's receipt is, or its refusal; stays the caller's. ERR_MEMORY. */
int entry_add_row(struct entry *entry, size_t history, const uint8_t id[COMMAND_ID_SIZE],
                  const struct store_command *row);

/* A cosignature that was kept; stays the caller's. ERR_MEMORY. */
int entry_add_cosignature(struct entry *entry, size_t history, Comity__V1__Cosignature *cosignature);

/* Has it an event of this history? */
bool entry_has_events(const struct entry *entry, size_t history);
/* Name a history, and the note at its head where it has events; both stay the caller's. One of which nothing was added is
 * left out. */
void entry_name(struct entry *entry, size_t history, const uint8_t id[HISTORY_ID_SIZE], struct bytes checkpoint);

/* A step of a history's move, alone in its entry; stays the caller's. ERR_TOO_LARGE. */
int entry_set_move(struct entry *entry, const Comity__V1__MoveStep *step);

/* Pack what was added and named as the body of @batch, whose other fields are given; valid until the next entry_begin.
 * ERR_MEMORY, ERR_INTERNAL (it is larger than its bounds). */
int entry_pack(struct entry *entry, struct order_batch *batch);

/* A refusal that is kept, as the log and the export stream have it; points to what is given. */
void entry_refusal_fill(const uint8_t id[COMMAND_ID_SIZE], const struct store_command *refused,
                        Comity__V1__ExportRefusal *record, Comity__V1__Refusal *refusal);

#endif
