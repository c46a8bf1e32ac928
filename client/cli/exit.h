/* Exit codes of `comity`: one table, printed by `comity help exit-codes`, docs/cli.md and the tests.
 *
 * A script needs three answers: was it done, may it be repeated, whose turn is it. */
#ifndef COMITY_CLI_EXIT_H
#define COMITY_CLI_EXIT_H

/* X(name, code, meaning) */
#define COMITY_EXITS(X)                                                                                      \
    X(EXIT_DONE, 0, "Done. What was to be recorded is recorded, and its receipt was checked.")               \
    X(EXIT_REFUSED, 1,                                                                                       \
      "Refused, and nothing was changed. The same again would be refused again, but for EPOCH.")             \
    X(EXIT_USAGE, 2, "The command line, a file or the configuration cannot be used. Nothing was sent.")      \
    X(EXIT_UNREACHABLE, 3, "Nobody answered or had room. Nothing was done: the same may be tried again.")    \
    X(EXIT_INTERNAL, 4,                                                                                      \
      "Something failed on this machine, or the software is at fault. What was recorded before is named.")   \
    X(EXIT_UNCONFIRMED, 5, "Sent and not confirmed: it may have been done. `comity resubmit` finds out.")  \
    X(EXIT_DIFFERS, 6, "A recount or an audit comes to something else than the record, the record was altered, or two rules differ.")       \
    X(EXIT_UNCOUNTED, 7, "A recount, an audit or a proof lacks what it takes: something is withheld, erased, missing or cannot be read.")     \
    X(EXIT_FORKED, 8, "The server's record does not go on from what was verified before: nothing of it was believed.") \
    X(EXIT_WAITING, 9, "Nobody answered who could record it. It is signed and kept here, and not sent yet: see `comity outbox list`.")

enum exit_code {
#define COMITY_EXIT_ENUM(name, code, meaning) name = code,
    COMITY_EXITS(COMITY_EXIT_ENUM)
#undef COMITY_EXIT_ENUM
};

struct exit_row {
    int code;
    const char *meaning;
};

/* Walk the table. false past the end. */
int exit_row_at(unsigned index, struct exit_row *ret_row);

/* Which of them an error of core/error.h leads to. */
enum exit_code exit_of_error(int code);

#endif
