#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/rules/fake_export.h"

#include "comity/v1/link.pb-c.h"
#include "core/daemon/export_stream.h"
#include "core/event.h"
#include "core/note.h"
#include "core/tree_edge.h"

struct making {
    struct world *world;
    const struct fake_edit *edit;
    struct stream_sink *sink;
    struct tree_edge edge;
    uint64_t leaves;
};

static void put(struct making *making, const Comity__V1__ExportRecord *record)
{
    assert_int_equal(sink_put(making->sink, record, making->world->arena), 0);
}

static struct bytes pack(struct world *world, const ProtobufCMessage *message)
{
    struct bytes packed;

    assert_int_equal(message_pack(message, world->arena, &packed), 0);
    return packed;
}

static ProtobufCMessage *unpack(struct world *world, const ProtobufCMessageDescriptor *type,
                                struct bytes packed)
{
    ProtobufCMessage *message;

    assert_int_equal(message_unpack_trusted(type, packed, world->arena, &message), 0);
    return message;
}

static ProtobufCBinaryData binary(struct bytes bytes)
{
    return (ProtobufCBinaryData){bytes.size, (uint8_t *) bytes.data};
}

static struct bytes signed_command(struct world *world, struct bytes command)
{
    Comity__V1__SignedCommand envelope = COMITY__V1__SIGNED_COMMAND__INIT;

    envelope.command = binary(command);
    return pack(world, &envelope.base);
}

/* Contents of the open part and of the command: as they were, and as they are shown. */
struct contents {
    struct bytes honest[2], shown[2];
    size_t count;
    bool is_ballot;
};

static struct contents contents_of(struct making *making, const struct world_record *record)
{
    struct world *world = making->world;
    const struct fake_edit *edit = making->edit;
    Comity__V1__Event *event =
        (Comity__V1__Event *) unpack(world, &comity__v1__event__descriptor, record->open);
    Comity__V1__Command *command =
        record->command.size == 0
            ? NULL
            : (Comity__V1__Command *) unpack(world, &comity__v1__command__descriptor, record->command);
    struct contents contents = {.count = command ? 2 : 1};

    contents.is_ballot = event->kind_case == COMITY__V1__EVENT__KIND_BALLOT_CAST &&
                         event->ballot_cast->round == edit->withheld_round;
    contents.honest[0] = record->open;
    contents.honest[1] = command ? signed_command(world, record->command) : BYTES(NULL, 0);
    if (edit->change)
        edit->change(world, record->sequence, event, command, edit->context);
    contents.shown[0] = pack(world, &event->base);
    contents.shown[1] = command ? signed_command(world, pack(world, &command->base)) : BYTES(NULL, 0);
    if (edit->covers_up)
        memcpy(contents.honest, contents.shown, sizeof(contents.honest));
    return contents;
}

static Comity__V1__Part *part_new(struct world *world, const struct event_part *hashed, struct bytes shown,
                                  bool is_withheld)
{
    Comity__V1__Part *part = world_alloc(world, sizeof(*part));

    comity__v1__part__init(part);
    part->kind = (Comity__V1__PartKind) hashed->kind;
    part->audience = (Comity__V1__Audience) hashed->audience;
    part->hash = binary(arena_bytes(world->arena, BYTES(hashed->hash, HASH_SIZE)));
    part->is_withheld = is_withheld;
    if (!is_withheld) {
        part->salt = binary(arena_bytes(world->arena, BYTES(hashed->salt, SALT_SIZE)));
        part->content = binary(shown);
    }
    return part;
}

static void put_event(struct making *making, const struct world_record *from)
{
    struct world *world = making->world;
    struct contents contents = contents_of(making, from);
    struct event_part hashed[2] = {{.kind = COMITY__V1__PART_KIND__PART_KIND_OPEN},
                                   {.kind = COMITY__V1__PART_KIND__PART_KIND_COMMAND}};
    struct event_header header = {
        .level = FORMAT_LEVEL, .epoch = 1, .sequence = from->sequence, .time_ms = from->time_ms};
    Comity__V1__EventRecord record = COMITY__V1__EVENT_RECORD__INIT;
    Comity__V1__ExportEvent event = COMITY__V1__EXPORT_EVENT__INIT;
    Comity__V1__ExportRecord row = COMITY__V1__EXPORT_RECORD__INIT;
    Comity__V1__Part *parts[2];
    struct tree_nodes nodes = tree_edge_nodes(&making->edge);
    uint8_t bytes[EVENT_HEADER_SIZE], leaf[HASH_SIZE];

    for (size_t i = 0; i < contents.count; i++) {
        hashed[i].audience = COMITY__V1__AUDIENCE__AUDIENCE_ALL;
        hashed[i].content = contents.honest[i];
        memset(hashed[i].salt, (int) from->sequence, SALT_SIZE);
        event_part_hash(&hashed[i]);
        parts[i] = part_new(world, &hashed[i], contents.shown[i], i == 1 && contents.is_ballot);
    }
    memcpy(header.history, world_key(world, "history").data, HISTORY_ID_SIZE);
    event_commitment(hashed, contents.count, header.commitment);
    event_header_write(&header, bytes);
    tree_leaf_hash(BYTES(bytes, sizeof(bytes)), leaf);
    if (from->sequence != making->edit->dropped || !making->edit->covers_up)
        assert_int_equal(tree_append(&nodes, making->leaves++, leaf), 0);
    record.header = binary(BYTES(bytes, sizeof(bytes)));
    record.n_parts = contents.count;
    record.parts = parts;
    event.record = &record;
    row.kind_case = COMITY__V1__EXPORT_RECORD__KIND_EVENT;
    row.event = &event;
    if (from->sequence != making->edit->dropped)
        put(making, &row);
}

static void put_opening(struct making *making)
{
    Comity__V1__ExportHeader header = COMITY__V1__EXPORT_HEADER__INIT;
    Comity__V1__ExportHistory history = COMITY__V1__EXPORT_HISTORY__INIT;
    Comity__V1__ExportRecord row = COMITY__V1__EXPORT_RECORD__INIT;

    header.format = 1;
    header.histories = 1;
    row.kind_case = COMITY__V1__EXPORT_RECORD__KIND_HEADER;
    row.header = &header;
    put(making, &row);
    history.history = world_key(making->world, "history");
    row.kind_case = COMITY__V1__EXPORT_RECORD__KIND_HISTORY;
    row.history = &history;
    put(making, &row);
}

static void put_end(struct making *making)
{
    Comity__V1__ExportHistoryEnd end = COMITY__V1__EXPORT_HISTORY_END__INIT;
    Comity__V1__ExportRecord row = COMITY__V1__EXPORT_RECORD__INIT;
    struct tree_nodes nodes = tree_edge_nodes(&making->edge);
    struct checkpoint checkpoint = {.size = making->leaves};
    char note[CHECKPOINT_MAX_BYTES];
    struct signing_key signer;

    world_log_signer(&signer);
    checkpoint_origin(world_key(making->world, "history").data, 1, checkpoint.origin);
    assert_int_equal(tree_root(&nodes, making->leaves, checkpoint.root), 0);
    end.events = making->leaves;
    end.checkpoint = binary(BYTES((uint8_t *) note, checkpoint_sign(&checkpoint, &signer, note)));
    row.kind_case = COMITY__V1__EXPORT_RECORD__KIND_HISTORY_END;
    row.history_end = &end;
    put(making, &row);
}

int fake_export(struct world *world, const struct fake_edit *edit)
{
    static const struct fake_edit NONE;
    static struct stream_sink sink;
    int descriptor = memfd_create("export", MFD_CLOEXEC);
    struct making making = {.world = world, .edit = edit ? edit : &NONE, .sink = &sink};

    assert_true(descriptor >= 0);
    sink_init(&sink, descriptor);
    put_opening(&making);
    for (size_t i = 0; i < world->record_count; i++)
        put_event(&making, &world->records[i]);
    put_end(&making);
    assert_int_equal(sink_flush(&sink), 0);
    if (making.edit->cut > 0)
        assert_int_equal(ftruncate(descriptor, (off_t) (sink.bytes - making.edit->cut)), 0);
    assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
    return descriptor;
}
