/* What witnesses have signed, and how much of the record is FINAL by it. */
#include <inttypes.h>
#include <stdlib.h>

#include "client/audit/auditing.h"
#include "core/error.h"
#include "core/machine/state.h"

struct cosigning {
    struct auditing *a;
    Comity__V1__Witness **witnesses;
    size_t witness_count;
    struct audit_cosigner *list;
    Comity__V1__Cosignature **cosignatures;
    bool *is_checked;
    size_t count, list_room, cosignature_room, check_room;
};

/* A place more in each list. */
static int room_make(struct cosigning *c)
{
    struct arena *arena = c->a->arena;

    c->list = arena_room(arena, c->list, c->count, &c->list_room, sizeof(*c->list));
    c->cosignatures = arena_room(arena, c->cosignatures, c->count, &c->cosignature_room, sizeof(*c->cosignatures));
    c->is_checked = arena_room(arena, c->is_checked, c->count, &c->check_room, sizeof(*c->is_checked));
    return arena_is_exhausted(arena) ? ERR_MEMORY : 0;
}

static struct bytes view_of(ProtobufCBinaryData data)
{
    return BYTES(data.data, data.len);
}

/* Of several constituencies' one that stands, or stood. */
static const Comity__V1__Witness *witness_of(const struct cosigning *c, struct bytes key)
{
    const Comity__V1__Witness *found = NULL;

    for (size_t i = 0; i < c->witness_count; i++)
        if (bytes_equal(view_of(c->witnesses[i]->key), key) && (!found || found->dismissed != 0))
            found = c->witnesses[i];
    return found;
}

/* Of a checkpoint of this history; 0: its origin names none. */
static uint32_t epoch_of(const struct auditing *a, const char *origin)
{
    char expected[ORIGIN_MAX_BYTES + 1];
    uint32_t epoch = (uint32_t) strtoul(strrchr(origin, '/') + 1, NULL, 10);

    checkpoint_origin(a->history.history, epoch, expected);
    return strcmp(origin, expected) == 0 ? epoch : 0;
}

/* Over this record's own tree of that size: nothing else is asked for. */
static bool is_over_ours(const struct auditing *a, const Comity__V1__Cosignature *cosignature)
{
    struct checkpoint checkpoint = {.size = cosignature->size};
    char text[CHECKPOINT_MAX_BYTES];
    size_t size;

    if (cosignature->key.len != KEY_SIZE || audit_root_get(a, cosignature->size, checkpoint.root) != 0)
        return false;
    checkpoint_origin(a->history.history, cosignature->epoch, checkpoint.origin);
    size = checkpoint_write(&checkpoint, text);
    return cosignature_check(cosignature->key.data, BYTES((const uint8_t *) text, size), cosignature->time_s,
                             view_of(cosignature->signature)) == 0;
}

static void cosigner_tell(struct cosigning *c, const struct audit_cosigner *cosigner)
{
    struct auditing *a = c->a;

    if (cosigner->witness == NULL)
        audit_tell(a, AUDIT_COSIGNATURE, a->history.history, cosigner->size,
                   N_("a cosignature over it is by a key that is no witness's on record"));
    else if (cosigner->size > a->leaves)
        audit_tell(a, AUDIT_COSIGNATURE, a->history.history, a->leaves + 1,
                   N_("it is missing: witness %s has signed all up to number %" PRIu64),
                   cosigner->witness->name, cosigner->size);
    else
        audit_tell(a, AUDIT_COSIGNATURE, a->history.history, cosigner->size,
                   N_("it, or one before it, is not what witness %s has signed"), cosigner->witness->name);
}

/* Put one into the lists. What was signed before a restore makes nothing FINAL: its witness has to accept the new
 * epoch first. */
static int cosigner_add(struct cosigning *c, const struct audit_cosigner *cosigner,
                        Comity__V1__Cosignature *cosignature)
{
    const struct audit_options *options = c->a->options;
    bool is_present = cosignature->epoch == c->a->history.epoch;
    struct audit_cosigner *added;

    if (room_make(c) != 0)
        return ERR_MEMORY;
    added = &c->list[c->count];
    *added = *cosigner;
    added->is_known = audit_is_given(options->witness_keys, options->witness_key_count, cosigner->key);
    c->cosignatures[c->count] = cosignature;
    c->is_checked[c->count++] = added->is_good && is_present && (options->witness_key_count == 0 || added->is_known);
    return 0;
}

static int cosignature_take(struct cosigning *c, Comity__V1__Cosignature *cosignature)
{
    struct audit_cosigner cosigner = {.witness = witness_of(c, view_of(cosignature->key)),
                                      .size = cosignature->size,
                                      .time_s = cosignature->time_s};

    if (cosignature->key.len == KEY_SIZE)
        memcpy(cosigner.key, cosignature->key.data, KEY_SIZE);
    cosigner.is_good = cosigner.witness != NULL && is_over_ours(c->a, cosignature);
    if (!cosigner.is_good)
        cosigner_tell(c, &cosigner);
    return cosigner_add(c, &cosigner, cosignature);
}

/* Has the witness a line on the checkpoint that was given, whose tree is this record's? */
static bool is_on_note(const struct auditing *a, const struct audit_known *known,
                       const Comity__V1__Witness *witness)
{
    struct note_verifier verifier;
    struct bytes text;
    size_t verified = 0;
    uint8_t root[HASH_SIZE];

    return known->is_here && witness->key.len == KEY_SIZE &&
           audit_root_get(a, known->checkpoint.size, root) == 0 &&
           memcmp(root, known->checkpoint.root, HASH_SIZE) == 0 &&
           note_verifier_make(witness->name, NOTE_COSIGNATURE, witness->key.data, &verifier) == 0 &&
           note_open(known->note, &verifier, 1, &text, &verified) == 0;
}

static int note_take(struct cosigning *c, const struct audit_known *known, const Comity__V1__Witness *witness)
{
    struct audit_cosigner cosigner = {.witness = witness, .size = known->checkpoint.size, .is_good = true};
    Comity__V1__Cosignature *own;

    if (!is_on_note(c->a, known, witness))
        return 0;
    own = arena_alloc(c->a->arena, sizeof(*own));
    if (own == NULL)
        return ERR_MEMORY;
    comity__v1__cosignature__init(own);
    own->key = witness->key;
    own->size = cosigner.size;
    own->epoch = epoch_of(c->a, known->checkpoint.origin);
    memcpy(cosigner.key, own->key.data, KEY_SIZE);
    return cosigner_add(c, &cosigner, own);
}

static int witnesses_take(struct cosigning *c)
{
    struct auditing *a = c->a;
    size_t room = 0;
    ProtobufCMessage *row;

    while ((row = audit_row(a, TABLE_WITNESS, (uint32_t) c->witness_count + 1)) != NULL) {
        c->witnesses = arena_room(a->arena, c->witnesses, c->witness_count, &room, sizeof(Comity__V1__Witness *));
        if (c->witnesses == NULL)
            return ERR_MEMORY;
        c->witnesses[c->witness_count++] = (Comity__V1__Witness *) row;
    }
    return arena_is_exhausted(a->arena) ? ERR_MEMORY : 0;
}

int audit_cosigned(struct auditing *a, const Comity__V1__ExportHistoryEnd *end)
{
    struct cosigning c = {.a = a};
    size_t count = end != NULL ? end->n_cosignatures : 0;
    int code = witnesses_take(&c);

    for (size_t i = 0; code == 0 && i < count; i++)
        code = cosignature_take(&c, end->cosignatures[i]);
    for (size_t i = 0; code == 0 && i < a->known_count; i++)
        for (size_t j = 0; code == 0 && j < c.witness_count; j++)
            code = note_take(&c, &a->known[i], c.witnesses[j]);
    if (code != 0)
        return code;
    a->history.cosigners = c.list;
    a->history.cosigner_count = c.count;
    finality_find(a->history.epoch, (Comity__V1__Constituency *const *) a->history.constituencies,
                  a->history.constituency_count, c.witnesses, c.witness_count, c.cosignatures, c.is_checked,
                  c.count, &a->history.finality);
    return 0;
}
