#include "core/error.h"

#include <stddef.h>

struct error_row {
    const char *name;
    const char *sentence;
    int code;
    enum execution execution;
};

/* The stringised name has "ERR_" before it, which is the enum's, not the contract's. */
static const struct error_row ERRORS[] = {
#define COMITY_ERROR_ROW(name, code, execution, sentence) {&#name[4], sentence, code, execution},
    COMITY_ERRORS(COMITY_ERROR_ROW)
#undef COMITY_ERROR_ROW
};

enum { ERROR_COUNT = sizeof(ERRORS) / sizeof(ERRORS[0]) };

static const struct error_row *error_find(int code)
{
    for (size_t i = 0; i < ERROR_COUNT; i++) {
        if (ERRORS[i].code == code)
            return &ERRORS[i];
    }
    return NULL;
}

const char *error_name(int code)
{
    if (code == ERR_OK)
        return "OK";
    const struct error_row *row = error_find(code);
    return row ? row->name : "UNKNOWN_ERROR";
}

const char *error_sentence(int code)
{
    if (code == ERR_OK)
        return "It was done.";
    const struct error_row *row = error_find(code);
    return row ? row->sentence : "An error that this software does not know.";
}

enum execution error_execution(int code)
{
    const struct error_row *row = error_find(code);
    return row ? row->execution : EXECUTION_UNKNOWN;
}

int error_at(unsigned index)
{
    return index < ERROR_COUNT ? ERRORS[index].code : 0;
}
