"""A program that runs beside the test, and ends with it."""

import atexit
import os
import subprocess

_started = []


def run_beside(command, log, environment=None):
    """Its Popen. Its output is added to the file @log; @environment comes on top of this process's. Who starts it ends it; what
    a set-up that failed left running is killed when the test ends."""
    with open(log, "ab") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                   env={**os.environ, **(environment or {})})
    _started.append(process)
    return process


@atexit.register
def _end_what_runs():
    for process in _started:
        if process.poll() is None:
            process.kill()
            process.wait()
