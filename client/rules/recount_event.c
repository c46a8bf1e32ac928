/* The record of one event: every part against its hash, the hashes against the header. docs/rules.md R-96
 *
 * What was altered is told, and read all the same: the count then says what it changes. */
#include "client/rules/recounting.h"

#include <inttypes.h>

#include "comity/v1/link.pb-c.h"
#include "core/command.h"
#include "core/daemon/export_stream.h"
#include "core/error.h"
#include "core/message.h"

static const char *part_name(const struct recounting *r, uint8_t kind)
{
    switch (kind) {
    case COMITY__V1__PART_KIND__PART_KIND_OPEN:
        return r->options->words(N_("its open part"));
    case COMITY__V1__PART_KIND__PART_KIND_COMMAND:
        return r->options->words(N_("its command"));
    default:
        return r->options->words(N_("a text of it"));
    }
}

/* ERR_MALFORMED: it is no part. */
static int part_take(const struct recounting *r, const Comity__V1__Part *part, uint64_t sequence,
                     struct event_part *ret)
{
    if (part->hash.len != HASH_SIZE || (!part->is_withheld && part->salt.len != SALT_SIZE))
        return ERR_MALFORMED;
    *ret = (struct event_part){.kind = (uint8_t) part->kind,
                               .audience = (uint8_t) part->audience,
                               .round = part->round,
                               .content = BYTES(part->content.data, part->content.len)};
    if (!part->is_withheld) {
        memcpy(ret->salt, part->salt.data, SALT_SIZE);
        event_part_hash(ret);
        if (memcmp(ret->hash, part->hash.data, HASH_SIZE) != 0)
            recounting_fault(r, sequence, N_("%s was altered: it does not fit its hash"),
                             part_name(r, ret->kind));
    }
    memcpy(ret->hash, part->hash.data, HASH_SIZE);
    return 0;
}

/* As a leaf of the tree, and against the numbers before it. */
static int header_take(struct recounting *r, struct bytes bytes, const struct event_header *header)
{
    struct tree_nodes nodes = tree_edge_nodes(&r->edge);
    uint8_t leaf[HASH_SIZE];
    int code;

    tree_leaf_hash(bytes, leaf);
    code = tree_append(&nodes, r->leaves, leaf);
    if (code != 0)
        return code;
    r->leaves++;
    r->epoch = header->epoch;
    if (memcmp(header->history, r->history, HISTORY_ID_SIZE) != 0)
        recounting_fault(r, header->sequence, N_("it is of another history"));
    if (header->sequence <= r->last) {
        recounting_fault(r, header->sequence, N_("it comes after number %" PRIu64), r->last);
        return ERR_MALFORMED;
    }
    if (header->sequence == r->last + 2)
        recounting_fault(r, r->last + 1, N_("it is missing"));
    else if (header->sequence > r->last + 1)
        recounting_fault(r, r->last + 1, N_("it is missing, and all up to number %" PRIu64),
                         header->sequence - 1);
    r->last = header->sequence;
    return 0;
}

/* The content of a part, read strictly; NULL where it cannot be. */
static const ProtobufCMessage *read_content(struct recounting *r, const ProtobufCMessageDescriptor *type,
                                            struct bytes content)
{
    ProtobufCMessage *message = NULL;

    return message_unpack(type, content, EXPORT_RECORD_MAX_BYTES, r->arena, NULL, &message) == 0 ? message
                                                                                                 : NULL;
}

static const Comity__V1__Command *read_command(struct recounting *r, struct bytes content)
{
    const Comity__V1__SignedCommand *envelope =
        (const Comity__V1__SignedCommand *) read_content(r, &comity__v1__signed_command__descriptor, content);

    if (!envelope)
        return NULL;
    return (const Comity__V1__Command *) read_content(r, &comity__v1__command__descriptor,
                                                      BYTES(envelope->command.data, envelope->command.len));
}

/* By what they are: the open part first, then the command, then texts. */
static int contents_take(struct recounting *r, const Comity__V1__EventRecord *record, struct incoming *in)
{
    uint64_t sequence = in->header.sequence;
    int code = 0;

    for (size_t i = 0; code == 0 && i < record->n_parts; i++) {
        const Comity__V1__Part *part = record->parts[i];
        struct bytes content = BYTES(part->content.data, part->content.len);
        if (part->kind == COMITY__V1__PART_KIND__PART_KIND_COMMAND) {
            in->is_withheld = part->is_withheld;
            r->summary->withheld += part->is_withheld != 0;
            in->command = part->is_withheld ? NULL : read_command(r, content);
            if (!in->command && !part->is_withheld)
                recounting_fault(r, sequence, N_("its command cannot be read"));
        } else if (part->kind == COMITY__V1__PART_KIND__PART_KIND_OPEN && !part->is_withheld) {
            in->open = (const Comity__V1__Event *) read_content(r, &comity__v1__event__descriptor, content);
        } else if (part->kind == COMITY__V1__PART_KIND__PART_KIND_TEXT && !part->is_withheld) {
            code = aside_keep_text(r, part->hash.data, content);
        }
    }
    if (code == 0 && !in->open) {
        recounting_fault(r, sequence, N_("its open part cannot be read"));
        return ERR_MALFORMED;
    }
    return code;
}

static int parts_take(struct recounting *r, const Comity__V1__EventRecord *record,
                      const struct event_header *header)
{
    struct event_part *parts = arena_alloc(r->arena, (record->n_parts + 1) * sizeof(*parts));
    uint8_t commitment[HASH_SIZE];
    int code = parts ? 0 : ERR_MEMORY;

    for (size_t i = 0; code == 0 && i < record->n_parts; i++)
        code = part_take(r, record->parts[i], header->sequence, &parts[i]);
    if (code == ERR_MALFORMED)
        recounting_fault(r, header->sequence, N_("a part of it has no hash or no salt"));
    if (code != 0)
        return code;
    event_commitment(parts, record->n_parts, commitment);
    if (memcmp(commitment, header->commitment, HASH_SIZE) != 0)
        recounting_fault(r, header->sequence, N_("its parts are not those that its header commits to"));
    return 0;
}

int incoming_take(struct recounting *r, const Comity__V1__EventRecord *record, struct incoming *ret_incoming)
{
    struct bytes header = record ? BYTES(record->header.data, record->header.len) : BYTES(NULL, 0);
    int code;

    *ret_incoming = (struct incoming){0};
    if (event_header_read(header, &ret_incoming->header) != 0 || record->n_parts > EVENT_PARTS_MAX) {
        recounting_fault(r, r->last + 1, N_("its header cannot be read"));
        return ERR_MALFORMED;
    }
    code = header_take(r, header, &ret_incoming->header);
    if (code == 0)
        code = parts_take(r, record, &ret_incoming->header);
    return code == 0 ? contents_take(r, record, ret_incoming) : code;
}
