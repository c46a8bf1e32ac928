#include "client/cli/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/file.h"
#include "comity/v1/export.pb-c.h"
#include "core/error.h"
#include "core/event.h"
#include "core/message.h"
#include "core/note.h"
#include "core/tree_edge.h"

enum { STREAM_FORMAT = 1, LENGTH_BYTES_MAX = 10 };

struct record_file {
    FILE *file;
    char path[PATH_BYTES], temporary[PATH_BYTES];
    const uint8_t *history;
    const uint8_t (*pins)[KEY_SIZE];
    size_t pin_count;
    struct record_totals totals;
    struct event_header last;
    struct tree_edge edge;
};

static int file_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_FILE;
}

/* Length, then the packed record. */
static int write_record(struct record_file *file, const Comity__V1__ExportRecord *record)
{
    size_t size = comity__v1__export_record__get_packed_size(record), rest = size;
    uint8_t length[LENGTH_BYTES_MAX], *packed = malloc(size);
    size_t length_size = 0;

    if (packed == NULL)
        return ERR_MEMORY;
    do {
        length[length_size++] = (uint8_t) ((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
        rest >>= 7;
    } while (rest > 0);
    comity__v1__export_record__pack(record, packed);
    bool is_written = fwrite(length, 1, length_size, file->file) == length_size && fwrite(packed, 1, size, file->file) == size;
    int code = is_written ? 0 : file_error();
    free(packed);
    file->totals.bytes += length_size + size;
    return code;
}

static int write_opening(struct record_file *file)
{
    Comity__V1__ExportHeader header = COMITY__V1__EXPORT_HEADER__INIT;
    Comity__V1__ExportHistory history = COMITY__V1__EXPORT_HISTORY__INIT;
    Comity__V1__ExportRecord record = COMITY__V1__EXPORT_RECORD__INIT;

    header.format = STREAM_FORMAT;
    header.software = (char *) "comity " COMITY_VERSION;
    header.made_ms = (int64_t) time(NULL) * 1000;
    header.histories = 1;
    record.kind_case = COMITY__V1__EXPORT_RECORD__KIND_HEADER;
    record.header = &header;
    int code = write_record(file, &record);
    history.history = (ProtobufCBinaryData){HISTORY_ID_SIZE, (uint8_t *) file->history};
    record.kind_case = COMITY__V1__EXPORT_RECORD__KIND_HISTORY;
    record.history = &history;
    return code == 0 ? write_record(file, &record) : code;
}

int record_file_new(const char *path, const uint8_t history[HISTORY_ID_SIZE], const uint8_t (*pins)[KEY_SIZE],
                    size_t pin_count, struct arena *arena, struct record_file **ret_file)
{
    struct record_file *file = arena_alloc(arena, sizeof(*file));

    if (file == NULL)
        return ERR_MEMORY;
    *file = (struct record_file){.history = history, .pins = pins, .pin_count = pin_count};
    int length = snprintf(file->path, sizeof(file->path), "%s", path);
    int longer = snprintf(file->temporary, sizeof(file->temporary), "%s.new-XXXXXX", path);
    errno = ENAMETOOLONG;
    if (length < 0 || longer < 0 || longer >= PATH_BYTES)
        return ERR_FILE;
    if (access(path, F_OK) == 0)
        return ERR_EXISTS;
    int descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (descriptor < 0)
        return ERR_FILE;
    file->file = fdopen(descriptor, "w");
    if (file->file == NULL) {
        close(descriptor);
        unlink(file->temporary);
        return ERR_MEMORY;
    }
    int code = write_opening(file);
    if (code != 0)
        record_file_close(&file, false);
    else
        *ret_file = file;
    return code;
}

int record_file_add(struct record_file *file, const Comity__V1__EventRecord *record)
{
    Comity__V1__ExportEvent event = COMITY__V1__EXPORT_EVENT__INIT;
    Comity__V1__ExportRecord row = COMITY__V1__EXPORT_RECORD__INIT;
    struct tree_nodes nodes = tree_edge_nodes(&file->edge);
    struct event_header header;
    uint8_t leaf[HASH_SIZE];

    if (event_record_check(record, &header) != 0 || header.sequence != file->totals.events + 1 ||
        memcmp(header.history, file->history, HISTORY_ID_SIZE) != 0)
        return ERR_CORRUPT;
    tree_leaf_hash(BYTES(record->header.data, record->header.len), leaf);
    int code = tree_append(&nodes, file->totals.events, leaf);
    if (code != 0)
        return code;
    for (size_t i = 0; i < record->n_parts; i++) {
        file->totals.withheld += record->parts[i]->is_withheld && !record->parts[i]->is_purged;
        file->totals.purged += record->parts[i]->is_purged != 0;
    }
    file->last = header;
    file->totals.events++;
    event.record = (Comity__V1__EventRecord *) record;
    row.kind_case = COMITY__V1__EXPORT_RECORD__KIND_EVENT;
    row.event = &event;
    return write_record(file, &row);
}

/* As a worker's export has them: of trees that are in the file. */
static void cosignatures_put(const struct record_file *file, Comity__V1__Cosignature *const *cosignatures, size_t count,
                             Comity__V1__ExportHistoryEnd *end)
{
    for (size_t i = 0; i < count; i++)
        if (cosignatures[i]->size <= file->totals.events)
            end->cosignatures[end->n_cosignatures++] = cosignatures[i];
}

int record_file_end(struct record_file *file, struct bytes checkpoint,
                    Comity__V1__Cosignature *const *cosignatures, size_t count)
{
    Comity__V1__ExportHistoryEnd end = COMITY__V1__EXPORT_HISTORY_END__INIT;
    Comity__V1__ExportRecord row = COMITY__V1__EXPORT_RECORD__INIT;
    struct tree_nodes nodes = tree_edge_nodes(&file->edge);
    char origin[ORIGIN_MAX_BYTES + 1];
    uint8_t root[HASH_SIZE];
    struct checkpoint signed_root;
    int code = ERR_RECEIPT;

    for (size_t i = 0; i < file->pin_count && code != 0; i++)
        code = checkpoint_open(checkpoint, file->pins[i], &signed_root);
    if (code != 0 || file->totals.events == 0)
        return ERR_RECEIPT;
    checkpoint_origin(file->history, file->last.epoch, origin);
    code = tree_root(&nodes, file->totals.events, root);
    if (code != 0)
        return code;
    if (signed_root.size != file->totals.events || strcmp(signed_root.origin, origin) != 0 ||
        memcmp(signed_root.root, root, HASH_SIZE) != 0)
        return ERR_RECEIPT;
    end.events = file->totals.events;
    end.checkpoint = (ProtobufCBinaryData){checkpoint.size, (uint8_t *) checkpoint.data};
    row.kind_case = COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END;
    row.history_end = &end;
    end.cosignatures = calloc(count + 1, sizeof(*end.cosignatures));
    if (end.cosignatures == NULL)
        return ERR_MEMORY;
    cosignatures_put(file, cosignatures, count, &end);
    code = write_record(file, &row);
    free(end.cosignatures);
    return code;
}

struct record_totals record_file_totals(const struct record_file *file)
{
    return file->totals;
}

int record_file_close(struct record_file **file, bool is_good)
{
    if (file == NULL || *file == NULL)
        return 0;
    struct record_file *self = *file;
    int code = 0;
    if (is_good && (fflush(self->file) != 0 || fsync(fileno(self->file)) != 0))
        code = file_error();
    if (fclose(self->file) != 0 && code == 0 && is_good)
        code = file_error();
    if (is_good && code == 0 && link(self->temporary, self->path) != 0)
        code = errno == EEXIST ? ERR_EXISTS : ERR_FILE;
    unlink(self->temporary);
    *file = NULL;
    return code;
}
