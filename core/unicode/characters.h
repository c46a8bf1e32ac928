/* Which characters a text may have, and whether two names look alike: by Unicode's own tables, through ICU.
 *
 * Judged where a command is admitted, and by who writes one; never by the machine, which reads no text, so that a
 * record re-executes under another version of Unicode. docs/protocol.md, section 5; docs/adr/0025. */
#ifndef COMITY_CORE_UNICODE_CHARACTERS_H
#define COMITY_CORE_UNICODE_CHARACTERS_H

#include "core/arena.h"

enum characters_kind {
    CHARACTERS_NAME,  /* of somebody or something: as a title, and at least one letter or digit */
    CHARACTERS_TITLE, /* one line, nothing in it that is not seen */
    CHARACTERS_PROSE, /* lines: newline and tab as well, and what is not seen but does not turn the line round */
};

enum characters_fault {
    CHARACTERS_FINE,
    CHARACTERS_CONTROL,    /* a control character; in a name also a line's end */
    CHARACTERS_BIDI,       /* it changes the direction in which its neighbours are shown */
    CHARACTERS_INVISIBLE,  /* in a line: it shows as nothing where it stands */
    CHARACTERS_UNASSIGNED, /* in a line: no character of Unicode, or a private one */
    CHARACTERS_SPACES,     /* in a line: a space at an end, or two in a row */
    CHARACTERS_STACKED,    /* in a line: more than MARKS_MAX marks on one letter, which cover their neighbours */
    CHARACTERS_NAMELESS,   /* in a name: neither a letter nor a digit */
    CHARACTERS_FORM,       /* not in Normalization Form C */
};

/* Marks without a width of their own (General_Category Mn and Me) in a row: UTS 39, 5.4. */
enum { MARKS_MAX = 4 };

/* @text is valid UTF-8. 0; ERR_CHARACTERS, with what is wrong first; ERR_MEMORY, ERR_INTERNAL (ICU's tables). A
 * zero-width joiner or non-joiner is taken in a line where its script needs it to be read right: as RFC 5892,
 * A.1 and A.2, has it, between joining letters or behind a virama; and in a sequence of emoji (UTS 51). */
int characters_check(enum characters_kind kind, struct bytes text, struct arena *arena,
                     enum characters_fault *ret_fault);

/* @text in Normalization Form C, with a newline for every end of a line. Valid UTF-8 in, valid UTF-8 out, in the
 * arena: @text itself where nothing changes. ERR_MEMORY, ERR_INTERNAL. */
int characters_compose(struct bytes text, struct arena *arena, struct bytes *ret_text);

/* What a name looks like: two names can be mistaken for one another if one of their likenesses is one of the
 * other's. Each is the skeleton of UTS 39, section 4, in one case: of the name as it is (Form C); with compatibility
 * characters as the letters that they are variants of (Form KC: fullwidth, circled, superscript); and that in one
 * case (NFKC_Casefold). What is neither letter, mark nor digit is left out, and so are marks on it, enclosing marks
 * and what is not seen; in a name with a Latin, Greek or Cyrillic letter, letters that look like a sign as well. */
enum { LIKENESS_SIZE = 16, LIKENESSES = 3 };
struct characters_likeness {
    uint8_t hashes[LIKENESSES][LIKENESS_SIZE];
};
int characters_likeness(struct bytes name, struct arena *arena, struct characters_likeness *ret_likeness);

#endif
