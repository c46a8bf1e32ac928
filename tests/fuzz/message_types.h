/* Which messages fuzz_message reads, by the first byte of its input. Only ever add at the end. */
#ifndef COMITY_TESTS_FUZZ_MESSAGE_TYPES_H
#define COMITY_TESTS_FUZZ_MESSAGE_TYPES_H

#include "comity/v1/command.pb-c.h"
#include "comity/v1/export.pb-c.h"
#include "comity/v1/link.pb-c.h"
#include "comity/v1/query.pb-c.h"

static const ProtobufCMessageDescriptor *const MESSAGE_TYPES[] = {
    &comity__v1__request__descriptor,       &comity__v1__query__descriptor,
    &comity__v1__submit__descriptor,        &comity__v1__signed_command__descriptor,
    &comity__v1__command__descriptor,       &comity__v1__hello__descriptor,
    &comity__v1__welcome__descriptor,       &comity__v1__signed_grant__descriptor,
    &comity__v1__read_grant__descriptor,    &comity__v1__reply__descriptor,
    &comity__v1__receipt__descriptor,       &comity__v1__answer__descriptor,
    &comity__v1__event_record__descriptor,  &comity__v1__event__descriptor,
    &comity__v1__export_record__descriptor, &comity__v1__rule__descriptor,
    &comity__v1__outcome__descriptor,       &comity__v1__broker_status__descriptor,
};

enum { MESSAGE_TYPE_COUNT = sizeof(MESSAGE_TYPES) / sizeof(MESSAGE_TYPES[0]) };

#endif
