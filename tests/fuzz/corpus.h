/* The program that makes the inputs to start from, out of our own code. Keys and salts come from seeds, so
 * that the same code makes the same files. */
#ifndef COMITY_TESTS_FUZZ_CORPUS_H
#define COMITY_TESTS_FUZZ_CORPUS_H

#include "comity/v1/link.pb-c.h"
#include "core/key.h"
#include "core/message.h"

/* A file DIRECTORY/<what>/<name>-<number>: numbers go on within one pair. */
void corpus_put(const char *what, const char *name, struct bytes content);
void corpus_put_message(const char *what, const char *name, const ProtobufCMessage *message);
/* The same with a first byte, as fuzz_message has it. */
void corpus_put_typed(const char *name, const ProtobufCMessage *message);

/* Pieces, one behind the other, as struct fuzz_input takes them apart. */
struct corpus_pieces {
    uint8_t bytes[64 * 1024];
    size_t size;
};
void pieces_number(struct corpus_pieces *pieces, uint64_t number, unsigned bytes);
void pieces_add(struct corpus_pieces *pieces, struct bytes content);
void pieces_piece(struct corpus_pieces *pieces, struct bytes content);

/* The parts of the corpus. */
void corpus_of_files(struct arena *arena);
void corpus_of_rules(struct arena *arena);
void corpus_of_notes(struct arena *arena);
void corpus_of_links(struct arena *arena);
void corpus_of_router(void);
void corpus_of_machine(void);
void corpus_of_scene(void);
void corpus_of_group(void);
void corpus_of_small_files(void);
void corpus_of_gate(void);
void corpus_of_queries(void);
void corpus_of_grpc(struct arena *arena);
void corpus_of_log(struct arena *arena);
void corpus_of_join(struct arena *arena);
/* Of a command that the scene has recorded. */
struct scene;
struct command;
void corpus_of_receipt(struct scene *scene, const struct command *command, const Comity__V1__Receipt *receipt);
void corpus_of_replies(struct scene *scene, const struct command *command, struct bytes draft, const Comity__V1__Reply *reply);
void corpus_of_checkpoint(struct scene *scene, const Comity__V1__Receipt *receipt);
/* Witnesses by number, and what they cosign; in the scene's arena. */
struct checkpoint;
void corpus_witness(uint8_t number, struct signing_key *ret_key);
Comity__V1__Cosignature *corpus_cosignature(struct scene *scene, const struct checkpoint *checkpoint, uint32_t epoch, uint8_t number);
/* What its signer may send to somebody who has a copy of the record as it is now. */
void corpus_of_known(struct scene *scene, const struct command *command, const Comity__V1__Receipt *receipt);
/* The scene's record, as a worker exports it, in the scene's arena. */
struct bytes corpus_export(struct scene *scene);

#endif
