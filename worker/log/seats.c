#include "worker/log/seats.h"

void seats_saw(struct seats *seats, const struct seats *read, int64_t now_ms)
{
    struct seats before = *seats;

    *seats = *read;
    for (size_t i = 0; i < seats->count; i++) {
        struct seats_row *row = &seats->rows[i];
        row->heard_ms = now_ms;
        for (size_t j = 0; j < before.count; j++)
            if (strcmp(before.rows[j].worker, row->worker) == 0 && before.rows[j].changed == row->changed)
                row->heard_ms = before.rows[j].heard_ms;
    }
}
