/* What the files of a store still give away of a text: found by an own reading of docs/storage.md, "Erasure", that goes through
 * all bytes, free pages too, and takes every 32 bytes of the file `keys` for a master. */
#ifndef COMITY_TESTS_STORE_TRACES_H
#define COMITY_TESTS_STORE_TRACES_H

#include "scratch.h"

struct trace_of {
    uint32_t number; /* of the history */
    uint8_t hash[HASH_SIZE];
    size_t size; /* of the content */
};

struct traces {
    unsigned wrapped; /* places where a wrapped key seems to lie */
    unsigned keys;    /* keys that some master opens */
    unsigned texts;   /* places that such a key decrypts */
    bool is_slot_empty[2];
};

struct traces traces_find(const char *directory, const struct trace_of *text);

#endif
