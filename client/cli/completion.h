/* What can come next on a command line, from the tables: the part that every shell asks for. The scripts of
 * the shells hand on what was typed and show what comes back; they know no command themselves, and so never
 * grow old. */
#ifndef COMITY_CLI_COMPLETION_H
#define COMITY_CLI_COMPLETION_H

#include <stdio.h>

/* The word after `comity` by which a script asks. No verb: it is for programs alone. */
#define COMPLETION_WORD "complete-words"

/* @words: what was typed behind `comity`, the last one being that in which the cursor stands, perhaps "". A
 * line for each word that fits: it, a tab, what it is; ":files" and ":directories" stand for those that there
 * are. Returns 0 or ERR_MEMORY. */
int completion_answer(char *const *words, size_t count, FILE *file);

/* The script of "bash", "zsh" or "fish"; NULL for others. */
const char *completion_script(const char *shell);

#endif
