/* The language that `comity` speaks: gettext, with the catalogues of client/cli/po.
 *
 * What takes a sentence looks it up itself: say(), cli_fail(), phrase(), counted(), sheet_init(), ... Their
 * callers write English. A word that goes through none of them is written _("so"), one in a table N_("so").
 * What a program reads (--json, verbs, options, names of the contract) is the same in every language. */
#ifndef COMITY_CLI_LANGUAGE_H
#define COMITY_CLI_LANGUAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/words.h"

enum { LANGUAGE_REASON_MAX = 512 };

/* Choose the language: @wanted by its name, "es", or "system": what LANGUAGE, LC_ALL, LC_MESSAGES and LANG
 * say as they usually do; English where that is none of those that there are. To be called once, before
 * anything is said.
 *
 * Returns 0, or ERR_FILE where this machine lacks the catalogue or the locale of @wanted, with a sentence in
 * @reason. English is spoken then. */
int language_start(const char *wanted, char reason[LANGUAGE_REASON_MAX]);

/* Its name: "es". */
const char *language_spoken(void);

/* A text in that language; the English one where there is none. */
const char *language_words(const char *text) __attribute__((format_arg(1)));
#define _(text) language_words(text)

/* One of a word that other languages say differently of different things: P_("round", "open"). */
const char *language_words_of(const char *key, const char *text);
#define P_(context, text) language_words_of(context "\004" text, text)

/* The form that @count takes: "%d ballot", "%d ballots". */
const char *language_counted(const char *one, const char *many, uint64_t count) __attribute__((format_arg(1)))
__attribute__((format_arg(2)));

/* The sentence of an error. */
const char *language_error(int code);

#endif
