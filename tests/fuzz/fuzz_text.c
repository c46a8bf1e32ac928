/* Names and prose: what is shown can harm no terminal and no log, and is whole again when escaped once more.
 */
#include <stdlib.h>

#include "core/error.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

enum { SHOWN_MAX = 64 * 1024 };

static void check_shown(struct bytes text, bool keep_lines)
{
    static char shown[SHOWN_MAX];
    char small[7];
    size_t length = text_escape(text, keep_lines, shown, sizeof(shown));

    FUZZ_NEED(strlen(shown) == (length < sizeof(shown) ? length : strlen(shown)));
    FUZZ_NEED(utf8_is_valid(BYTES(shown, strlen(shown))));
    for (const char *at = shown; *at != '\0'; at++)
        FUZZ_NEED(((uint8_t) *at >= 0x20 && *at != 0x7f) || (keep_lines && (*at == '\n' || *at == '\t')));
    FUZZ_NEED(text_escape(text, keep_lines, small, sizeof(small)) == length);
    FUZZ_NEED(strlen(small) < sizeof(small) && utf8_is_valid(BYTES(small, strlen(small))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = fuzz_arena(ARENA_LIMIT_DEFAULT);
    struct fuzz_input input = {.at = data, .left = size < 4096 ? size : 4096, .arena = arena};
    struct bytes text = fuzz_rest(&input);
    char *string = arena_alloc(arena, text.size + 1);
    char *hex = arena_alloc(arena, 2 * text.size + 1);
    uint8_t *back = arena_alloc(arena, text.size + 1);

    FUZZ_NEED(string != NULL && hex != NULL && back != NULL);
    if (text.size > 0)
        memcpy(string, text.data, text.size);
    check_shown(text, false);
    check_shown(text, true);
    if (utf8_is_valid(text)) {
        fuzz_accept();
        FUZZ_NEED(strlen(string) == text.size);
    }
    if (name_is_valid(string))
        FUZZ_NEED(strlen(string) <= NAME_MAX_BYTES && string[0] >= 'a' && string[0] <= 'z');
    if (time_zone_is_valid(string))
        FUZZ_NEED(string[0] != '\0' && string[0] != '/' && strstr(string, "..") == NULL);
    hex_encode(text, hex);
    FUZZ_NEED(hex_decode(hex, back, text.size) == 0);
    FUZZ_NEED(text.size == 0 || memcmp(back, text.data, text.size) == 0);
    if (text.size % 2 == 0 && hex_decode(string, back, text.size / 2) == 0)
        FUZZ_NEED(strlen(string) == text.size);
    return 0;
}
