/* Texts, as they are judged and composed, and what names look like. */
#include "core/error.h"
#include "core/text.h"
#include "core/unicode/characters.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct bytes text = arena_bytes(arena, BYTES(data, size)), composed, again;
    enum characters_fault fault = CHARACTERS_FINE;
    struct characters_likeness likeness, other;

    if (size == 0 || size > TEXT_MAX_BYTES || !utf8_is_valid(text))
        return 0;
    FUZZ_NEED(characters_compose(text, arena, &composed) == 0);
    FUZZ_NEED(utf8_is_valid(composed));
    FUZZ_NEED(characters_compose(composed, arena, &again) == 0 && bytes_equal(composed, again));
    FUZZ_NEED(characters_check(CHARACTERS_PROSE, composed, arena, &fault) == 0 || fault != CHARACTERS_FORM);
    int code = characters_check(CHARACTERS_NAME, composed, arena, &fault);
    FUZZ_NEED(code == 0 || (code == ERR_CHARACTERS && fault != CHARACTERS_FORM));
    if (code == 0) {
        fuzz_accept();
        FUZZ_NEED(characters_check(CHARACTERS_PROSE, composed, arena, &fault) == 0);
    }
    if (composed.size > TITLE_MAX_BYTES)
        return 0;
    FUZZ_NEED(characters_likeness(composed, arena, &likeness) == 0);
    FUZZ_NEED(characters_likeness(composed, arena, &other) == 0);
    FUZZ_NEED(memcmp(&likeness, &other, sizeof(likeness)) == 0);
    return 0;
}
