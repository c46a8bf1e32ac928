/* Verbs that explain. */
#include "client/cli/help.h"
#include "client/cli/verbs.h"
#include "core/words.h"

const struct verb VERBS_HELP[] = {
    {.name = "errors",
     .group = N_("Help"),
     .run = errors_run,
     .summary = N_("list every error with its code"),
     .detail = ERRORS_NOTE,
     .json = "`errors` [{code, name, execution, exit, sentence}]"},
    {.name = "help",
     .group = N_("Help"),
     .run = help_run,
     .summary = N_("explain a command, or list all of them"),
     .arguments = {{"COMMAND", N_("first word of a command, or exit-codes"), 1},
                   {"SECOND-WORD", N_("its second word"), 1}},
     .options = {{"markdown", NULL, N_("print docs/cli.md's list of commands"), 0, 0},
                 {"man", "PAGE", N_("print a man page as scdoc reads it; `pages` lists their names"), 0, 0}},
     .json = "`verbs`, or `help`, or `exit_codes`"},
    {.name = "completion",
     .group = N_("Help"),
     .run = completion_run,
     .summary = N_("print the script by which a shell completes commands of comity"),
     .arguments = {{"SHELL", N_("bash, zsh or fish"), 0}},
     .detail = N_("Where comity is installed the shells find it by themselves. Else, for bash:\n"
                  "source <(comity completion bash)"),
     .json = "`script`"},
    {.name = "version",
     .group = N_("Help"),
     .run = version_run,
     .summary = N_("print the version"),
     .json = "`version`"},
    {.name = NULL},
};
