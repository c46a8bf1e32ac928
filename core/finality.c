#include "core/finality.h"

static struct bytes view(ProtobufCBinaryData data)
{
    return BYTES(data.data, data.len);
}

/* The furthest that this witness has cosigned, of what was checked. */
static uint64_t witness_covered(const Comity__V1__Witness *witness,
                                Comity__V1__Cosignature *const *cosignatures, const bool *is_checked,
                                size_t count)
{
    uint64_t covered = 0;

    for (size_t i = 0; i < count; i++)
        if (is_checked[i] && bytes_equal(view(cosignatures[i]->key), view(witness->key)) &&
            cosignatures[i]->size > covered)
            covered = cosignatures[i]->size;
    return covered;
}

/* Has it cosigned this history before its latest restore? */
static bool has_signed_before(const Comity__V1__Witness *witness, uint32_t epoch,
                              Comity__V1__Cosignature *const *cosignatures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cosignatures[i]->epoch < epoch && bytes_equal(view(cosignatures[i]->key), view(witness->key)))
            return true;
    return false;
}

void finality_find(uint32_t epoch, Comity__V1__Constituency *const *constituencies, size_t constituency_count,
                   Comity__V1__Witness *const *witnesses, size_t witness_count,
                   Comity__V1__Cosignature *const *cosignatures, const bool *is_checked,
                   size_t cosignature_count, struct finality *ret_finality)
{
    struct finality finality = {.final = 0};
    bool is_beyond = false;

    for (size_t i = 0; i < constituency_count; i++) {
        if (constituencies[i]->standing != COMITY__V1__STANDING__STANDING_PARTY)
            continue;
        if (finality.count == FINALITY_PARTIES_MAX) {
            is_beyond = true;
            break;
        }
        struct finality_party *party = &finality.parties[finality.count];
        party->constituency = constituencies[i]->number;
        for (size_t j = 0; j < witness_count; j++) {
            if (witnesses[j]->constituency != party->constituency || witnesses[j]->dismissed != 0)
                continue;
            uint64_t covered = witness_covered(witnesses[j], cosignatures, is_checked, cosignature_count);
            party->has_witness = true;
            if (covered > party->covered)
                party->covered = covered;
            party->awaits_accept |= has_signed_before(witnesses[j], epoch, cosignatures, cosignature_count);
        }
        party->awaits_accept &= party->covered == 0;
        if (finality.count == 0 || party->covered < finality.final)
            finality.final = party->covered;
        finality.count++;
    }
    if (is_beyond)
        finality.final = 0;
    *ret_finality = finality;
}

bool finality_is_missing(const struct finality_party *party, uint64_t sequence)
{
    return party->covered < sequence;
}
