#include "client/audit/auditing.h"

void audit_number(struct audit_numbers *numbers, uint64_t sequence)
{
    size_t last = numbers->ranges;

    numbers->count++;
    if (last > 0 && numbers->list[last - 1].last + 1 == sequence)
        numbers->list[last - 1].last = sequence;
    else if (last < AUDIT_RANGES_MAX) {
        numbers->list[last].first = numbers->list[last].last = sequence;
        numbers->ranges++;
    }
}
