/* Drafts on their way from co-chair to co-chair, as libcomity reads them. */
#include <stdlib.h>

#include "client/lib/comity.h"
#include "core/error.h"
#include "core/message.h"
#include "tests/fuzz/fuzz.h"

static int check_prose(const ProtobufCMessage *found, const char *path, void *context)
{
    const struct comity_draft *draft = context;
    const char *prose = comity_draft_text(draft, (const Comity__V1__TextRef *) found);

    (void) path;
    FUZZ_NEED(prose != NULL && strlen(prose) == ((const Comity__V1__TextRef *) found)->size);
    return 0;
}

static void check_again(const struct comity_draft *draft)
{
    struct comity_draft *again = NULL;
    uint8_t *first, *second;
    size_t first_size, second_size;

    FUZZ_NEED(comity_draft_pack(draft, &first, &first_size) == 0);
    FUZZ_NEED(comity_draft_unpack(first, first_size, &again, NULL) == 0);
    FUZZ_NEED(memcmp(comity_draft_id(draft), comity_draft_id(again), COMITY_ID_SIZE) == 0);
    FUZZ_NEED(memcmp(comity_draft_history(draft), comity_draft_history(again), COMITY_HISTORY_SIZE) == 0);
    FUZZ_NEED(comity_draft_pack(again, &second, &second_size) == 0);
    FUZZ_NEED(bytes_equal(BYTES(first, first_size), BYTES(second, second_size)));
    comity_draft_destroy(&again);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct comity_draft *draft = NULL;
    struct comity_fault fault = {0};
    uint8_t missing[64][COMITY_KEY_SIZE];
    int code = comity_draft_unpack(data, size, &draft, &fault);

    if (code != 0) {
        FUZZ_NEED(draft == NULL && fault.code == code);
        FUZZ_NEED(memchr(fault.field, '\0', sizeof(fault.field)) != NULL);
        return 0;
    }
    fuzz_accept();
    const Comity__V1__Command *command = comity_draft_command(draft);
    FUZZ_NEED(comity_draft_name(draft) != NULL);
    FUZZ_NEED(comity_draft_missing(draft, missing, ARRAY_COUNT(missing)) <= command->n_cosigners);
    FUZZ_NEED(message_visit(&command->base, &comity__v1__text_ref__descriptor, check_prose, draft) == 0);
    check_again(draft);
    comity_draft_destroy(&draft);
    return 0;
}
