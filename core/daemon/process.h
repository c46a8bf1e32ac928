/* What every daemon does as a process: exit codes, signals through a descriptor, small files for a
 * supervisor. */
#ifndef COMITY_CORE_DAEMON_PROCESS_H
#define COMITY_CORE_DAEMON_PROCESS_H

#include "core/bytes.h"

/* Exit codes: docs/operations.md, "Exit codes". */
enum process_exit {
    EXIT_ORDERLY = 0, /* asked to stop, or asked for help or a check that found nothing */
    EXIT_OTHER = 1,   /* anything else: a failure while running, memory, disk, a failed self-test */
    EXIT_CONFIGURATION =
        2,            /* the command line, the configuration or a key file: starting again will not help */
    EXIT_ADDRESS = 3, /* an address cannot be had now: in use, or its interface is not up */
};

/* The exit code that goes with a code of core/error.h. */
int process_exit_code(int error);

enum process_signal {
    PROCESS_SIGNAL_NONE,
    PROCESS_SIGNAL_RELOAD /* HUP */,
    PROCESS_SIGNAL_STOP /* TERM, INT */
};

/* Block SIGHUP, SIGTERM and SIGINT, ignore SIGPIPE and SIGXFSZ (a file's limit is an error like a full
 * disk), and give a descriptor that becomes readable when one comes. Call it before any thread is started.
 * ERR_FILE, or ERR_MEMORY. */
int process_signals_open(int *ret_fd);

/* The next signal; NONE where there is none. Never blocks. */
enum process_signal process_signal_take(int fd);

/* Before the sockets of ZeroMQ are closed on which something was sent just now: a moment for it to be on its way. Whatever a socket is to
 * linger, libzmq may lose it otherwise (its issue 1922). */
void process_settle(void);

/* From now on nothing of this process's memory comes to lie in a core dump, whoever takes it: for programs that hold keys. Called
 * first, before a key is read. */
void process_forbid_dumps(void);

/* What errno says of a file that cannot be written: ERR_DISK_FULL, or ERR_FILE. */
int process_file_error(void);

/* Replace the file by @text at once: a temporary file beside it (mode 0644), synced, then renamed. 0, or a code
 * of process_file_error (errno says why). */
int process_file_write(const char *path, const char *text);

/* Whether the folder that the file is in, or is to be in, is there. */
bool process_has_folder(const char *path);

#endif
