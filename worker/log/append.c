#include "worker/log/append.h"

#include <stddef.h>

#include "core/bytes.h"

/* clang-format off */
static const struct append_row ROWS[] = {
    /* answer          done   entry n      leader        head           means */
    { APPEND_ANSWERED, true,  ENTRY_ANY,   LEADER_ANY,   HEAD_ANY,      APPEND_EXECUTED },
    { APPEND_ANSWERED, false, ENTRY_MINE,  LEADER_ANY,   HEAD_ANY,      APPEND_EXECUTED },      /* by an earlier try */
    { APPEND_ANSWERED, false, ENTRY_OTHER, LEADER_ANY,   HEAD_ANY,      APPEND_NOT_EXECUTED },
    { APPEND_ANSWERED, false, ENTRY_NONE,  LEADER_ANY,   HEAD_MINE,     APPEND_EXECUTED },
    { APPEND_ANSWERED, false, ENTRY_NONE,  LEADER_ANY,   HEAD_INSTEAD,  APPEND_NOT_EXECUTED },
    { APPEND_ANSWERED, false, ENTRY_NONE,  LEADER_ANY,   HEAD_BEYOND,   APPEND_UNKNOWABLE },    /* trimmed: only the history says */
    { APPEND_ANSWERED, false, ENTRY_NONE,  LEADER_MINE,  HEAD_BEFORE,   APPEND_AGAIN },
    { APPEND_ANSWERED, false, ENTRY_NONE,  LEADER_OTHER, HEAD_BEFORE,   APPEND_NOT_EXECUTED },  /* my term is over for every try */
    { APPEND_ANSWERED, false, ENTRY_NONE,  LEADER_ANY,   HEAD_STRANGE,  APPEND_UNKNOWABLE },    /* not the log that I have applied */
    { APPEND_REFUSED,  false, ENTRY_ANY,   LEADER_ANY,   HEAD_ANY,      APPEND_GIVE_UP },
    { APPEND_OPEN,     false, ENTRY_ANY,   LEADER_ANY,   HEAD_ANY,      APPEND_AGAIN },
};
/* clang-format on */

const struct append_row *append_rows(unsigned *ret_count)
{
    *ret_count = ARRAY_COUNT(ROWS);
    return ROWS;
}

static bool row_fits(const struct append_row *row, const struct append_seen *seen)
{
    return row->answer == seen->answer && row->is_done == seen->is_done &&
           (row->entry == ENTRY_ANY || row->entry == seen->entry) &&
           (row->leader == LEADER_ANY || row->leader == seen->leader) &&
           (row->head == HEAD_ANY || row->head == seen->head);
}

enum append_verdict append_judge(struct append *append, const struct append_seen *seen)
{
    enum append_verdict verdict = APPEND_UNKNOWABLE;
    for (size_t i = 0; i < ARRAY_COUNT(ROWS); i++)
        if (row_fits(&ROWS[i], seen)) {
            verdict = ROWS[i].verdict;
            break;
        }
    append->is_open = append->is_open || seen->answer == APPEND_OPEN;
    return verdict == APPEND_GIVE_UP && append->is_open ? APPEND_AGAIN : verdict;
}
