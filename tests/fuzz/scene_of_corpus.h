/* What the inputs of the corpus were made for: the same for the program that makes them and the targets. */
#ifndef COMITY_TESTS_FUZZ_SCENE_OF_CORPUS_H
#define COMITY_TESTS_FUZZ_SCENE_OF_CORPUS_H

#include "core/bytes.h"

#define CORPUS_TIME_MS INT64_C(1750000000000)

/* The group of every store, and the connection key that grants are for. */
static const uint8_t CORPUS_GROUP[GROUP_ID_SIZE] __attribute__((unused)) = "a group of tests";
static const uint8_t CORPUS_READER[KEY_SIZE] __attribute__((unused)) = {'r', 'e', 'a', 'd', 'e', 'r'};

#endif
