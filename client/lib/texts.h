/* Prose for a command that is being written: see comity_texts_new in comity.h. */
#ifndef COMITY_CLIENT_LIB_TEXTS_H
#define COMITY_CLIENT_LIB_TEXTS_H

#include "client/lib/comity.h"

/* The text of this hash, or NULL. Lives as long as @texts, which may be NULL. */
const Comity__V1__Text *texts_find(const struct comity_texts *texts, ProtobufCBinaryData hash);

#endif
