/* comity: the command line. Everything is in cli.c and the verbs. */
#include "client/cli/cli.h"

int main(int argc, char **argv)
{
    return cli_run(argc, argv);
}
