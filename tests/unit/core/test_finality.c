/* What is FINAL: tables of parties, witnesses and cosignatures, each with what has to come of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/finality.h"

enum {
    EPOCH = 3, /* that the record is in */
    PARTY = COMITY__V1__STANDING__STANDING_PARTY,
    NEUTRAL = COMITY__V1__STANDING__STANDING_NEUTRAL,
    ROWS = 6
};

struct constituency_row {
    uint32_t number; /* 0: the rows end */
    int standing;
};

struct witness_row {
    uint8_t key; /* 0: the rows end */
    uint32_t constituency;
    uint64_t dismissed;
};

struct cosignature_row {
    uint8_t key; /* 0: the rows end */
    uint64_t size;
    bool is_checked;
    uint32_t before; /* so many epochs before the record's */
};

struct expected {
    uint32_t constituency; /* 0: the rows end */
    bool has_witness;
    uint64_t covered;
    bool awaits_accept;
};

static const struct scene {
    const char *title;
    struct constituency_row constituencies[ROWS];
    struct witness_row witnesses[ROWS];
    struct cosignature_row cosignatures[ROWS];
    uint64_t final;
    struct expected parties[ROWS];
} SCENES[] = {
    {"both have signed: as far as the one that is behind",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}},
     {{11, 40, true, 0}, {12, 37, true, 0}},
     37,
     {{1, true, 40, false}, {2, true, 37, false}}},
    {"one machine is the witness of both: it counts for each that keeps it",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {11, 2, 0}},
     {{11, 40, true, 0}},
     40,
     {{1, true, 40, false}, {2, true, 40, false}}},
    {"of both, and one has dismissed it",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {11, 2, 30}},
     {{11, 40, true, 0}},
     0,
     {{1, true, 40, false}, {2, false, 0, false}}},
    {"nobody has a witness",
     {{1, PARTY}, {2, PARTY}},
     {{0, 0, 0}},
     {{0, 0, false, 0}},
     0,
     {{1, false, 0, false}, {2, false, 0, false}}},
    {"one party has none",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}},
     {{11, 40, true, 0}},
     0,
     {{1, true, 40, false}, {2, false, 0, false}}},
    {"a witness that has not signed yet",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}},
     {{11, 40, true, 0}},
     0,
     {{1, true, 40, false}, {2, true, 0, false}}},
    {"of several witnesses of one party the furthest counts",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}, {13, 2, 0}},
     {{11, 40, true, 0}, {12, 3, true, 0}, {13, 39, true, 0}},
     39,
     {{1, true, 40, false}, {2, true, 39, false}}},
    {"a dismissed witness counts for nothing, whatever it has signed",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 30}},
     {{11, 40, true, 0}, {12, 40, true, 0}},
     0,
     {{1, true, 40, false}, {2, false, 0, false}}},
    {"another one stands in place of the dismissed",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 30}, {13, 2, 0}},
     {{11, 40, true, 0}, {12, 40, true, 0}, {13, 31, true, 0}},
     31,
     {{1, true, 40, false}, {2, true, 31, false}}},
    {"a cosignature that does not fit counts for nothing",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}},
     {{11, 40, true, 0}, {12, 40, false, 0}},
     0,
     {{1, true, 40, false}, {2, true, 0, false}}},
    {"nor does one that fits make up for another's",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}},
     {{11, 40, true, 0}, {12, 40, false, 0}, {12, 20, true, 0}},
     20,
     {{1, true, 40, false}, {2, true, 20, false}}},
    {"a key that is no witness's counts for nothing",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}},
     {{11, 40, true, 0}, {99, 40, true, 0}},
     0,
     {{1, true, 40, false}, {2, true, 0, false}}},
    {"what was signed before a restore is no word on this record: it has to be accepted first",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}},
     {{11, 46, false, 1}, {12, 46, false, 2}},
     0,
     {{1, true, 0, true}, {2, true, 0, true}}},
    {"one has accepted it, and the other party's witness is new",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}},
     {{11, 47, true, 0}},
     0,
     {{1, true, 47, false}, {2, true, 0, false}}},
    {"of several witnesses of one party it is enough that one has accepted it",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}, {13, 2, 0}},
     {{11, 47, true, 0}, {12, 46, false, 1}, {13, 47, true, 0}},
     47,
     {{1, true, 47, false}, {2, true, 47, false}}},
    {"none has, of a new one and one that signed before",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 0}, {13, 2, 0}},
     {{11, 47, true, 0}, {12, 46, false, 1}},
     0,
     {{1, true, 47, false}, {2, true, 0, true}}},
    {"what a dismissed one signed before the restore asks nobody for a word",
     {{1, PARTY}, {2, PARTY}},
     {{11, 1, 0}, {12, 2, 30}, {13, 2, 0}},
     {{11, 47, true, 0}, {12, 46, false, 1}},
     0,
     {{1, true, 47, false}, {2, true, 0, false}}},
    {"NEUTRAL is not waited for, with a witness or without",
     {{1, PARTY}, {2, PARTY}, {3, NEUTRAL}, {4, NEUTRAL}},
     {{11, 1, 0}, {12, 2, 0}, {13, 3, 0}},
     {{11, 40, true, 0}, {12, 37, true, 0}, {13, 5, true, 0}},
     37,
     {{1, true, 40, false}, {2, true, 37, false}}},
    {"and a neutral witness stands in for no party's",
     {{1, PARTY}, {2, PARTY}, {3, NEUTRAL}},
     {{11, 1, 0}, {13, 3, 0}},
     {{11, 40, true, 0}, {13, 40, true, 0}},
     0,
     {{1, true, 40, false}, {2, false, 0, false}}},
    {"one party alone, as in a caucus", {{1, PARTY}}, {{11, 1, 0}}, {{11, 9, true, 0}}, 9, {{1, true, 9, false}}},
    {"no party at all: nothing is final", {{3, NEUTRAL}}, {{13, 3, 0}}, {{13, 40, true, 0}}, 0, {{0, false, 0, false}}},
    {"an empty history", {{0, 0}}, {{0, 0, 0}}, {{0, 0, false, 0}}, 0, {{0, false, 0, false}}},
};

/* The rows of a scene as the messages of the contract. */
struct stage {
    Comity__V1__Constituency constituencies[ROWS], *constituency_list[ROWS];
    Comity__V1__Witness witnesses[ROWS], *witness_list[ROWS];
    Comity__V1__Cosignature cosignatures[ROWS], *cosignature_list[ROWS];
    uint8_t keys[2 * ROWS][KEY_SIZE];
    bool is_checked[ROWS];
    size_t constituency_count, witness_count, cosignature_count;
};

static ProtobufCBinaryData key_of(uint8_t key, uint8_t room[KEY_SIZE])
{
    memset(room, key, KEY_SIZE);
    return (ProtobufCBinaryData){KEY_SIZE, room};
}

static void stage_set(struct stage *stage, const struct scene *scene)
{
    memset(stage, 0, sizeof(*stage));
    for (size_t i = 0; i < ROWS && scene->constituencies[i].number != 0; i++) {
        Comity__V1__Constituency *row = &stage->constituencies[i];
        comity__v1__constituency__init(row);
        row->number = scene->constituencies[i].number;
        row->standing = (Comity__V1__Standing) scene->constituencies[i].standing;
        stage->constituency_list[stage->constituency_count++] = row;
    }
    for (size_t i = 0; i < ROWS && scene->witnesses[i].key != 0; i++) {
        Comity__V1__Witness *row = &stage->witnesses[i];
        comity__v1__witness__init(row);
        row->constituency = scene->witnesses[i].constituency;
        row->dismissed = scene->witnesses[i].dismissed;
        row->key = key_of(scene->witnesses[i].key, stage->keys[i]);
        stage->witness_list[stage->witness_count++] = row;
    }
    for (size_t i = 0; i < ROWS && scene->cosignatures[i].key != 0; i++) {
        Comity__V1__Cosignature *row = &stage->cosignatures[i];
        comity__v1__cosignature__init(row);
        row->size = scene->cosignatures[i].size;
        row->epoch = EPOCH - scene->cosignatures[i].before;
        row->key = key_of(scene->cosignatures[i].key, stage->keys[ROWS + i]);
        stage->is_checked[i] = scene->cosignatures[i].is_checked;
        stage->cosignature_list[stage->cosignature_count++] = row;
    }
}

static struct finality stage_find(const struct stage *stage)
{
    struct finality finality;

    finality_find(EPOCH, stage->constituency_list, stage->constituency_count, stage->witness_list,
                  stage->witness_count, stage->cosignature_list, stage->is_checked, stage->cosignature_count,
                  &finality);
    return finality;
}

static void test_scenes(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(SCENES); i++) {
        const struct scene *scene = &SCENES[i];
        struct stage stage;
        stage_set(&stage, scene);
        struct finality finality = stage_find(&stage);
        size_t count = 0;
        while (count < ROWS && scene->parties[count].constituency != 0)
            count++;
        if (finality.final != scene->final || finality.count != count)
            fail_msg("%s: final up to %u of %zu parties", scene->title, (unsigned) finality.final,
                     finality.count);
        for (size_t j = 0; j < count; j++) {
            const struct finality_party *party = &finality.parties[j];
            if (party->constituency != scene->parties[j].constituency ||
                party->has_witness != scene->parties[j].has_witness ||
                party->awaits_accept != scene->parties[j].awaits_accept ||
                party->covered != scene->parties[j].covered)
                fail_msg("%s: party %u covered up to %u", scene->title, party->constituency,
                         (unsigned) party->covered);
        }
    }
}

/* An event is FINAL exactly where no party is missing. */
static void test_missing(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_COUNT(SCENES); i++) {
        struct stage stage;
        stage_set(&stage, &SCENES[i]);
        struct finality finality = stage_find(&stage);
        for (uint64_t sequence = 1; finality.count > 0 && sequence < 45; sequence++) {
            bool is_missing = false;
            for (size_t j = 0; j < finality.count; j++)
                is_missing |= finality_is_missing(&finality.parties[j], sequence);
            assert_int_equal(is_missing, sequence > finality.final);
        }
    }
}

/* As many parties as there can be, and one more than that. */
static void test_many(void **state)
{
    enum { MANY = FINALITY_PARTIES_MAX + 1 };
    static Comity__V1__Constituency constituencies[MANY], *constituency_list[MANY];
    static Comity__V1__Witness witnesses[MANY], *witness_list[MANY];
    static Comity__V1__Cosignature cosignatures[MANY], *cosignature_list[MANY];
    static uint8_t keys[MANY][KEY_SIZE];
    static bool is_checked[MANY];
    struct finality finality;

    (void) state;
    for (uint8_t i = 0; i < MANY; i++) {
        comity__v1__constituency__init(&constituencies[i]);
        comity__v1__witness__init(&witnesses[i]);
        comity__v1__cosignature__init(&cosignatures[i]);
        constituencies[i].number = witnesses[i].constituency = i + 1u;
        constituencies[i].standing = COMITY__V1__STANDING__STANDING_PARTY;
        witnesses[i].key = cosignatures[i].key = key_of((uint8_t) (i + 1), keys[i]);
        cosignatures[i].size = 100u + i;
        cosignatures[i].epoch = EPOCH;
        is_checked[i] = true;
        constituency_list[i] = &constituencies[i];
        witness_list[i] = &witnesses[i];
        cosignature_list[i] = &cosignatures[i];
    }
    finality_find(EPOCH, constituency_list, MANY - 1, witness_list, MANY - 1, cosignature_list, is_checked, MANY - 1,
                  &finality);
    assert_int_equal(finality.count, FINALITY_PARTIES_MAX);
    assert_int_equal(finality.final, 100);
    finality_find(EPOCH, constituency_list, MANY, witness_list, MANY, cosignature_list, is_checked, MANY, &finality);
    assert_int_equal(finality.final, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenes),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
