/* Man pages, from the tables of verbs, settings and exit codes: comity(1), and one page for each first word
 * of a command, as comity-round(1), which is what `comity help round` lists. In the form that scdoc(5) reads.
 */
#ifndef COMITY_CLI_MAN_H
#define COMITY_CLI_MAN_H

#include <stdbool.h>
#include <stdio.h>

/* Names of the pages, one a line: "comity", "comity-round". */
void man_print_names(FILE *file);

/* The source of a page. false, and nothing printed, where there is none of this name. */
bool man_print_page(const char *name, FILE *file);

#endif
