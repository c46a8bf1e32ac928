/* The form of a command: what can be judged without a history. One table of rows by message and field says it
 * all, and is what docs and tests walk; proto/comity/v1/command.proto says the same in words. */
#ifndef COMITY_CORE_COMMAND_FORM_H
#define COMITY_CORE_COMMAND_FORM_H

#include "core/command.h"

enum form {
    FORM_NAME, /* a NAME */
    FORM_NAME_OR_NONE,
    FORM_TIME_ZONE,
    FORM_TEXT, /* a TextRef of least to most bytes */
    FORM_TEXT_OR_NONE,
    FORM_HASH, /* 32 bytes: a hash or a key */
    FORM_HASH_OR_NONE,
    FORM_NONCE,     /* 16 bytes */
    FORM_HISTORY,   /* 32 bytes; empty in found */
    FORM_EPOCH,     /* at least 1; 0 in found and redeem, which name nothing by number */
    FORM_COSIGNERS, /* keys, ascending, at most `most`, the signer not among them */
    FORM_NUMBER,    /* least to most; 0 where least is 1: missing */
    FORM_NUMBERS,   /* least to most numbers of things, none twice */
    FORM_ASCENDING, /* the same, each above the one before */
    FORM_RANKS,     /* at most `most` numbers, each from 0 to `most` */
    FORM_WEIGHTS,   /* at most `most` numbers, each from 1 to WEIGHT_MAX */
    FORM_CHOICE,    /* an enum, given */
    FORM_CHOICE_OR_NONE,
    FORM_FLAG,             /* true or false */
    FORM_LANGUAGE_OR_NONE, /* a BCP 47 tag */
    FORM_CHOICES,          /* enums, each given and none twice */
    FORM_MESSAGE,          /* given; its fields have rows of their own */
    FORM_MESSAGE_OR_NONE,
    FORM_MESSAGES, /* least to most of them; 0 where least is 1: missing */
    FORM_RULE,     /* given; what is in it is rule_check's */
    FORM_BODY,     /* one of the bodies: checked where it is the one that is given */
};

struct form_row {
    const ProtobufCMessageDescriptor *type;
    const char *field;
    enum form form;
    uint64_t least;
    uint64_t most;
};

enum {
    SEATS_MAX = 10000,         /* of a body */
    ENTERED_BALLOTS_MAX = 500, /* by one command */
};

/* NULL past the end. */
const struct form_row *form_row_at(unsigned index);

/* The rows of a type, which stand together and in the order of its fields; NULL where it has none. */
const struct form_row *form_rows_of(const ProtobufCMessageDescriptor *type, size_t *ret_count);

/* The row of the field at a path as message_visit writes it ("found.sites[2].title"); NULL: none. */
const struct form_row *form_row_of_path(const char *path);
/* A name or a title: prose of one line. */
bool form_is_title(const struct form_row *row);
/* What a member, a constituency or a site is called. */
bool form_is_name(const struct form_row *row);

/* 0 or the code in *refusal, which names the field by its path. */
int command_form_check(const Comity__V1__Command *command, struct refusal *refusal);

#endif
