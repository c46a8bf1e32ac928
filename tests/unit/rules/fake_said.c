#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/rules/fake_said.h"

static void append(char *text, const char *line)
{
    size_t used = strlen(text);

    snprintf(text + used, SAID_TEXT_MAX - used, "%s\n", line);
}

static void take_count(void *context, const struct recounted *recounted)
{
    struct said *said = context;
    char line[1024];

    said->counts++;
    said->verdict = recounted->verdict;
    said->what = recounted->what;
    said->sequence = recounted->sequence;
    said->differences = recounted->difference_count;
    said->is_same_outcome = recounted->recorded && recounted->counted && recounted->difference_count == 0;
    for (size_t i = 0; i < recounted->difference_count && i < DIFFERENCES_MAX; i++) {
        const struct difference *difference = &recounted->differences[i];
        snprintf(line, sizeof(line), "%s | %s | %s | %s", difference->field, difference->where,
                 difference->recorded, difference->counted);
        append(said->notes, line);
    }
    for (size_t i = 0; i < recounted->wrong.count; i++)
        append(said->notes, recounted->wrong.list[i]);
    for (size_t i = 0; i < recounted->obstacles.count; i++)
        append(said->notes, recounted->obstacles.list[i]);
}

static void take_fault(void *context, uint64_t sequence, const char *sentence)
{
    struct said *said = context;
    char line[1024];

    snprintf(line, sizeof(line), "%llu: %s", (unsigned long long) sequence, sentence);
    append(said->faults, line);
}

int recount_of(int descriptor, struct said *ret_said)
{
    struct recount_options options = {
        .words = words_in_english, .count = take_count, .fault = take_fault, .context = ret_said};

    *ret_said = (struct said){0};
    return recount_read(&options, descriptor, &ret_said->summary);
}

struct said recount(struct world *world, const struct fake_edit *edit)
{
    int descriptor = fake_export(world, edit);
    struct said said;

    assert_int_equal(recount_of(descriptor, &said), 0);
    close(descriptor);
    return said;
}

void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}
