/* Commands for a history, from a seed: seven in ten that the machine ought to accept, the rest wrong in many
 * ways (another's key, a revoked one, a stranger's; numbers, hashes and times that do not fit; signers left
 * out or put in).
 *
 * A generator looks at the history's state and makes the next command for it. So the same seed gives the same
 * commands as long as the state goes the same way, whatever backend keeps it:
 *
 *   struct random_commands *commands = random_commands_new(seed, false);
 *   for (...) {
 *       arena_reset(arena);
 *       random_commands_next(commands, &view, arena, &command, &context.time_ms);
 *       // due deadlines, machine_decide, machine_apply: with machine_drive.h, or as the test likes
 *   }
 *
 * To compare two backends: draw each command by the one view and carry it out on both. No command comes
 * twice. Every command has passed command_open and command_take_texts. */
#ifndef COMITY_TEST_RANDOM_COMMANDS_H
#define COMITY_TEST_RANDOM_COMMANDS_H

#include "core/command.h"
#include "core/machine/machine.h"

struct random_commands;

/* @is_signed: with true signatures (some 30 us each); else they are zeroes, which command_check_signatures
 * refuses and the machine never looks at. The first command founds the history. */
struct random_commands *random_commands_new(uint64_t seed, bool is_signed);
void random_commands_destroy(struct random_commands **commands);

/* The next command, in @arena, and the time at which it is to be decided: never before an earlier one's. A
 * mistake of the generator aborts. */
void random_commands_next(struct random_commands *commands, const struct view *view, struct arena *arena,
                          struct command *ret_command, int64_t *ret_time_ms);

/* Was the last command meant to be right? (It may be refused all the same: no quorum, for example.) */
bool random_commands_was_valid(const struct random_commands *commands);

#endif
