#include "client/cli/prose.h"

#include "client/cli/language.h"
#include "core/error.h"
#include "core/text.h"
#include "core/unicode/characters.h"

/* Open addressing; the hashes are random already. */
struct prose {
    struct arena *arena;
    struct slot {
        uint8_t hash[HASH_SIZE];
        const char *text;
        const uint8_t *salt; /* NULL: of a text of our own */
    } * slots;
    size_t size; /* a power of two */
    size_t used;
};

enum { SLOTS_FIRST = 64 };

static const struct {
    size_t size_max;
    enum characters_kind characters;
    bool may_be_empty;
} FORMS[] = {
    [PROSE_NAME] = {TITLE_MAX_BYTES, CHARACTERS_NAME, false},
    [PROSE_LINE] = {TITLE_MAX_BYTES, CHARACTERS_TITLE, false},
    [PROSE_REASON] = {REASON_MAX_BYTES, CHARACTERS_PROSE, true},
    [PROSE_TEXT] = {TEXT_MAX_BYTES, CHARACTERS_PROSE, false},
};

static bool is_blank(struct bytes text)
{
    static const char *const BLANKS[] = {" ", "\t", "\n", "\r", "\v", "\f", "\u00a0", "\u200b", "\u3000"};
    size_t at = 0, i;

    while (at < text.size) {
        for (i = 0; i < ARRAY_COUNT(BLANKS); i++) {
            size_t length = strlen(BLANKS[i]);
            if (length <= text.size - at && memcmp(text.data + at, BLANKS[i], length) == 0)
                break;
        }
        if (i == ARRAY_COUNT(BLANKS))
            return false;
        at += strlen(BLANKS[i]);
    }
    return true;
}

int prose_compose(struct bytes *text, struct arena *arena)
{
    return utf8_is_valid(*text) ? characters_compose(*text, arena, text) : 0;
}

/* What is wrong with its characters; NULL: nothing, or they cannot be judged here. */
static const char *character_fault(enum prose_kind kind, struct bytes text, struct arena *arena)
{
    enum characters_fault fault = CHARACTERS_FINE;

    characters_check(FORMS[kind].characters, text, arena, &fault);
    switch (fault) {
    case CHARACTERS_FINE:
        return NULL;
    case CHARACTERS_CONTROL:
        return FORMS[kind].characters == CHARACTERS_PROSE
                   ? _("has a control character in it that is neither a line break nor a tab.")
                   : _("has to be one line, and has a line break or a control character in it.");
    case CHARACTERS_BIDI:
        return _("has a character in it that turns the direction of writing round, so that it would be read otherwise "
                 "than it is. Letters of every script have their direction by themselves: leave it out.");
    case CHARACTERS_INVISIBLE:
        return _("has a character in it that nobody would see. Type it anew instead of copying it.");
    case CHARACTERS_UNASSIGNED:
        return _("has a character in it that is none of Unicode's.");
    case CHARACTERS_SPACES:
        return _("has a space at its start or end, or two in a row.");
    case CHARACTERS_STACKED:
        return _("has more accents on one letter than anybody could read.");
    case CHARACTERS_NAMELESS:
        return _("has neither a letter nor a digit in it.");
    case CHARACTERS_FORM:
        return _("is not in Normalization Form C.");
    }
    return NULL;
}

const char *prose_fault(enum prose_kind kind, struct bytes text, struct arena *arena)
{
    if (!utf8_is_valid(text))
        return _("is not valid UTF-8, or holds a NUL character.");
    if (text.size > FORMS[kind].size_max)
        return arena_printf(arena, _("has %zu bytes: at most %zu are allowed."), text.size,
                            FORMS[kind].size_max);
    if (is_blank(text) && !(FORMS[kind].may_be_empty && text.size == 0))
        return _("has nothing in it but blanks.");
    return character_fault(kind, text, arena);
}

struct prose *prose_new(struct arena *arena)
{
    struct prose *prose = arena_alloc(arena, sizeof(*prose));

    if (prose == NULL)
        return NULL;
    *prose = (struct prose){.arena = arena, .size = SLOTS_FIRST};
    prose->slots = arena_alloc(arena, SLOTS_FIRST * sizeof(*prose->slots));
    return prose->slots == NULL ? NULL : prose;
}

static struct slot *find_slot(struct slot *slots, size_t size, const uint8_t *hash)
{
    size_t at = (size_t) get_u64(hash) & (size - 1);

    while (slots[at].text != NULL && memcmp(slots[at].hash, hash, HASH_SIZE) != 0)
        at = (at + 1) & (size - 1);
    return &slots[at];
}

static int grow(struct prose *prose)
{
    size_t size = 2 * prose->size;
    struct slot *slots = arena_alloc(prose->arena, size * sizeof(*slots));

    if (slots == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < prose->size; i++)
        if (prose->slots[i].text != NULL)
            *find_slot(slots, size, prose->slots[i].hash) = prose->slots[i];
    prose->slots = slots;
    prose->size = size;
    return 0;
}

int prose_keep(struct prose *prose, const uint8_t hash[HASH_SIZE], struct bytes content)
{
    if (4 * (prose->used + 1) > 3 * prose->size && grow(prose) != 0)
        return ERR_MEMORY;
    struct slot *slot = find_slot(prose->slots, prose->size, hash);
    if (slot->text != NULL)
        return 0;
    char *text = arena_alloc(prose->arena, content.size + 1);
    if (text == NULL)
        return ERR_MEMORY;
    if (content.size > 0)
        memcpy(text, content.data, content.size);
    memcpy(slot->hash, hash, HASH_SIZE);
    slot->text = text;
    prose->used++;
    return 0;
}

static int keep_shown(struct prose *prose, const uint8_t hash[HASH_SIZE], const Comity__V1__TextShown *shown)
{
    int code = prose_keep(prose, hash, BYTES(shown->content.data, shown->content.len));

    if (code == 0)
        find_slot(prose->slots, prose->size, hash)->salt =
            arena_copy(prose->arena, shown->salt.data, SALT_SIZE);
    return code;
}

/* In the place of a text that is gone. */
static const char PURGED[] = "";

static int keep_purged(struct prose *prose, const uint8_t hash[HASH_SIZE])
{
    if (4 * (prose->used + 1) > 3 * prose->size && grow(prose) != 0)
        return ERR_MEMORY;
    struct slot *slot = find_slot(prose->slots, prose->size, hash);
    if (slot->text != NULL)
        return 0;
    memcpy(slot->hash, hash, HASH_SIZE);
    slot->text = PURGED;
    prose->used++;
    return 0;
}

bool prose_is_purged(const struct prose *prose, const Comity__V1__TextRef *reference)
{
    return reference != NULL && reference->hash.len == HASH_SIZE &&
           find_slot(prose->slots, prose->size, reference->hash.data)->text == PURGED;
}

int prose_add(struct prose *prose, Comity__V1__TextShown *const *texts, size_t count)
{
    int code = 0;

    for (size_t i = 0; i < count && code == 0; i++) {
        const Comity__V1__TextShown *shown = texts[i];
        struct bytes content = BYTES(shown->content.data, shown->content.len);
        uint8_t hash[HASH_SIZE];
        if (shown->is_purged && shown->hash.len == HASH_SIZE)
            code = keep_purged(prose, shown->hash.data);
        if (shown->is_purged || shown->hash.len != HASH_SIZE || shown->salt.len != SALT_SIZE ||
            !utf8_is_valid(content))
            continue;
        text_hash(shown->salt.data, content, hash);
        if (memcmp(hash, shown->hash.data, HASH_SIZE) == 0)
            code = keep_shown(prose, hash, shown);
    }
    return code;
}

const char *prose_of_hash(const struct prose *prose, struct bytes hash)
{
    const char *text = hash.size != HASH_SIZE ? NULL : find_slot(prose->slots, prose->size, hash.data)->text;

    return text == PURGED ? NULL : text;
}

const char *prose_find(const struct prose *prose, const Comity__V1__TextRef *reference)
{
    return reference == NULL ? NULL : prose_of_hash(prose, BYTES(reference->hash.data, reference->hash.len));
}

const uint8_t *prose_salt(const struct prose *prose, const Comity__V1__TextRef *reference)
{
    return reference == NULL || reference->hash.len != HASH_SIZE
               ? NULL
               : find_slot(prose->slots, prose->size, reference->hash.data)->salt;
}
