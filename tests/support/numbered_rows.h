/* A view that asserts what apply owes to every row that a list shows: it says by which event it changed last. */
#ifndef COMITY_TEST_NUMBERED_ROWS_H
#define COMITY_TEST_NUMBERED_ROWS_H

#include <protobuf-c/protobuf-c.h>

#include "core/machine/view.h"

struct numbered_rows {
    struct view under;
    uint64_t sequence; /* of the event that is applied now */
    uint64_t rows;     /* that were looked at */
};

/* @rows outlives the view. Every row that is put with another number in `changed` fails the test. */
struct view numbered_rows_view(struct numbered_rows *rows);

/* A row in an event has none: the test fails where it has. */
void numbered_rows_check_event(const ProtobufCMessage *event);

#endif
