/* Verbs that explain. */
#include "client/cli/help.h"
#include "client/cli/verbs.h"

const struct verb VERBS_HELP[] = {
    {.name = "errors",
     .group = "Help",
     .run = errors_run,
     .summary = "list every error with its code",
     .detail = ERRORS_NOTE,
     .json = "`errors` [{code, name, execution, exit, sentence}]"},
    {.name = "help",
     .group = "Help",
     .run = help_run,
     .summary = "explain a command, or list all of them",
     .arguments = {{"COMMAND", "first word of a command, or exit-codes", 1},
                   {"SECOND-WORD", "its second word", 1}},
     .options = {{"markdown", NULL, "print docs/cli.md's list of commands", 0, 0},
                 {"man", "PAGE", "print a man page as scdoc reads it; `pages` lists their names", 0, 0}},
     .json = "`verbs`, or `help`, or `exit_codes`"},
    {.name = "completion",
     .group = "Help",
     .run = completion_run,
     .summary = "print the script by which a shell completes commands of comity",
     .arguments = {{"SHELL", "bash, zsh or fish", 0}},
     .detail = "Where comity is installed the shells find it by themselves. Else, for bash:\n"
               "source <(comity completion bash)",
     .json = "`script`"},
    {.name = "version",
     .group = "Help",
     .run = version_run,
     .summary = "print the version",
     .json = "`version`"},
    {.name = NULL},
};
