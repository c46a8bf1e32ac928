/* Texts that came with answers, by their hash. A text is kept only if its hash is the one that was asked for.
 */
#ifndef COMITY_CLI_PROSE_H
#define COMITY_CLI_PROSE_H

#include "comity/v1/query.pb-c.h"
#include "core/arena.h"

struct prose;

/* What people write: a name, one line, a ballot's reason, which may be empty, or a proposal's text.
 */
enum prose_kind { PROSE_NAME, PROSE_LINE, PROSE_REASON, PROSE_TEXT };

/* As it is signed: composed (Normalization Form C), its lines ended by newlines; *text itself where it is not UTF-8.
 * 0 or a code. */
int prose_compose(struct bytes *text, struct arena *arena);

/* Why it cannot be used, as the rest of a sentence ("is not valid UTF-8."), in the arena; NULL where it can.
 */
const char *prose_fault(enum prose_kind kind, struct bytes text, struct arena *arena);

/* In the arena; NULL where memory is out. */
struct prose *prose_new(struct arena *arena);

/* Copies. A text that does not belong to its hash is left out. 0 or ERR_MEMORY. */
int prose_add(struct prose *prose, Comity__V1__TextShown *const *texts, size_t count);

/* A text of our own, whose hash was just computed. Copies. */
/* The parties purged it: its hash is all there is. */
bool prose_is_purged(const struct prose *prose, const Comity__V1__TextRef *reference);
int prose_keep(struct prose *prose, const uint8_t hash[HASH_SIZE], struct bytes content);

/* NUL-terminated, as it came: escape it before it is shown. NULL: not there. */
const char *prose_find(const struct prose *prose, const Comity__V1__TextRef *reference);
/* The salt, of SALT_SIZE bytes, of a text that came with an answer; NULL: not there, or our own. */
const uint8_t *prose_salt(const struct prose *prose, const Comity__V1__TextRef *reference);
const char *prose_of_hash(const struct prose *prose, struct bytes hash);

#endif
