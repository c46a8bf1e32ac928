/* What is kept beside the state: titles, and who answered where the answer is withheld. */
#include "client/rules/recounting.h"

#include <inttypes.h>

#include "core/error.h"

enum { OF_TEXT = 1, OF_BALLOT = 2, TEXT_KEPT_MAX = 400 };

struct key {
    uint8_t bytes[1 + HASH_SIZE];
    size_t size;
};

static struct bytes view_of(const struct key *key)
{
    return BYTES(key->bytes, key->size);
}

static struct key key_of_text(const uint8_t *hash)
{
    struct key key = {{OF_TEXT}, 1 + HASH_SIZE};

    memcpy(key.bytes + 1, hash, HASH_SIZE);
    return key;
}

static struct key key_of_ballot(uint32_t round, uint32_t member)
{
    struct key key = {{OF_BALLOT}, 1 + 4 + 4};

    put_u32(key.bytes + 1, round);
    put_u32(key.bytes + 5, member);
    return key;
}

int aside_keep_text(struct recounting *r, const uint8_t *hash, struct bytes text)
{
    struct key key = key_of_text(hash);

    return text.size <= TEXT_KEPT_MAX ? view_put(&r->notes, view_of(&key), text) : 0;
}

struct bytes aside_text(const struct recounting *r, ProtobufCBinaryData hash)
{
    struct bytes text = BYTES(NULL, 0);

    if (hash.len == HASH_SIZE) {
        struct key key = key_of_text(hash.data);
        if (view_get(&r->notes, view_of(&key), &text) != 0)
            text = BYTES(NULL, 0);
    }
    return text;
}

/* Hidden from here on, or not any more. */
static int note_ballot(struct recounting *r, const struct incoming *in, uint32_t round, uint32_t member)
{
    struct key key = key_of_ballot(round, member);
    uint8_t number[8];
    int code;

    put_u64(number, in->header.sequence);
    if (in->is_withheld)
        return view_put(&r->notes, view_of(&key), BYTES(number, sizeof(number)));
    code = view_delete(&r->notes, view_of(&key));
    return code == ERR_NOT_FOUND ? 0 : code;
}

int aside_ballots(struct recounting *r, const struct incoming *in)
{
    const Comity__V1__Event *open = in->open;
    int code = 0;

    switch (open->kind_case) {
    case COMITY__V1__EVENT__KIND_BALLOT_CAST:
        return note_ballot(r, in, open->ballot_cast->round, open->ballot_cast->member);
    case COMITY__V1__EVENT__KIND_BALLOT_DISPUTED:
        return open->ballot_disputed->is_set_aside
                   ? note_ballot(r, in, open->ballot_disputed->round, open->ballot_disputed->member)
                   : 0;
    case COMITY__V1__EVENT__KIND_BALLOTS_ENTERED:
        for (size_t i = 0; code == 0 && i < open->ballots_entered->n_ballots; i++)
            code =
                note_ballot(r, in, open->ballots_entered->round, open->ballots_entered->ballots[i]->member);
        return code;
    default:
        return 0;
    }
}

struct hidden {
    const struct recounting *r;
    struct recount_notes *notes;
};

static int hidden_visit(void *context, struct bytes key, struct bytes value)
{
    const struct hidden *hidden = context;

    if (key.size == 1 + 4 + 4 && value.size == 8)
        recounting_note(hidden->r, hidden->notes,
                        N_("the ballot of member %" PRIu32 ", number %" PRIu64 " of the record, is withheld"),
                        get_u32(key.data + 5), get_u64(value.data));
    return 0;
}

int aside_hidden(const struct recounting *r, uint32_t round, struct recount_notes *notes)
{
    struct key key = key_of_ballot(round, 0);
    struct hidden hidden = {r, notes};

    return view_range(&r->notes, BYTES(key.bytes, 1 + 4), BYTES(NULL, 0), hidden_visit, &hidden);
}
