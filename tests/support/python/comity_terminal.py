"""A program on a terminal of its own: what a person sees there."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import unicodedata

TIMEOUT_S = 120


def columns(text):
    """How many a terminal takes for it."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def run_program(line, directory, width=80, answer=None, environment=(), typed=(), look=None, see=None):
    """(exit code, everything that was shown); standard output and error are the terminal's. @answer: what is typed once it asks: `[y/N] `.
    @typed: for what asks the terminal itself, [(end of the prompt, line)]; before each line is typed, @look is called with the process.
    @see: called with the process and all that was shown so far, whenever there is more."""
    typed = list(typed)
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(line, stdin=side, stdout=side, stderr=side, cwd=directory, env={**kept, "TERM": "xterm", **dict(environment)},
                               start_new_session=True,
                               preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if typed else None)
    os.close(side)
    shown = b""
    try:
        while True:
            if not select.select([main], [], [], TIMEOUT_S)[0]:
                raise AssertionError(f"{line}: waits for more than was typed, after {shown[-200:]!r}")
            try:
                part = os.read(main, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
            if see is not None:
                see(process, shown.decode(errors="replace"))
            if typed and shown.decode(errors="replace").endswith(typed[0][0]):
                if look is not None:
                    look(process)
                os.write(main, (typed.pop(0)[1] + "\n").encode())
            elif shown.endswith(b"/N] "):  # with nothing to say: the end of what is typed
                os.write(main, (answer or "\x04").encode())
                answer = None
        process.wait(TIMEOUT_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(main)
    return process.returncode, shown.decode().replace("\r\n", "\n")
