"""How a program of a fault test ended: as some lack explains it, or in a way that no fault and no lack does. By exit status and by words,
which are the last that a worker said, or all that a client did. Pure."""

import re

STORE_FAILED, CONFIGURATION, TOLD_WRONG = 1, 2, 1   # comity-worker's exit statuses; a client's that was told what it does not believe

# What a worker says of a log that is not the one that it has applied.
DOES_NOT_FIT = re.compile(r"comity-worker: (The log of the group: )?(" + "|".join([
    r"The log in etcd ends with entry \d+, this store has applied entry \d+: ",
    r"Entry \d+ in etcd is another than the one that this store has applied\.",
    r"Entry \d+ in etcd goes on from another entry \d+ than this store has applied: ",
    r"The log in etcd does not go on from what this store has applied\.",
    r"the log does not go on from what this store has applied, or an entry of it does not open\.",
    r"An entry of the log does not open: ",
    r"Entry \d+ of the log: (?!it cannot be kept|it was decided by format level)",
    r"Entry \d+, which this worker has applied, comes out differently at more workers than have it: ",
    r"Behind entry \d+ the state of this worker is another than that of ",
]) + ")")

# What a worker says that has been away for longer than the log keeps entries.
TOO_LATE = re.compile(r"comity-worker: (The log of the group: )?(The log in etcd begins behind entry |The log in etcd holds entries from |"
                      r"(What|what) comes next for this store is not in the log any more)")

# What a client says of a record that is not the one that it was shown before: voter.py, and member.c.
FORKED = re.compile(r"[\w-]+: BadReceipt\(.*\)|what came is not believed: (RECEIPT|FORKED)|"
                    r"what the server shows: does not go on from what it showed before")


class ProgramFailed(Exception):
    """No fault and no lack explains it: a signal, an abort, a traceback, a program that does not get ready. It fails a control as well."""


class TooLate(ProgramFailed):
    """A worker needs a copy: it was away for longer than the log keeps entries."""


def lines_of(words):
    """Of lines, or of what last_words() makes of some."""
    return re.split(r"\n| / ", words.strip())


def last_line(words):
    return lines_of(words)[-1]


def does_not_fit(status, words):
    return status == CONFIGURATION and DOES_NOT_FIT.match(last_line(words)) is not None


def is_too_late(status, words):
    return status == CONFIGURATION and TOO_LATE.match(last_line(words)) is not None


def has_store_failed(status, words):
    """It is to be started again. Another thread of it may have said something besides."""
    return status == STORE_FAILED and any(" event=store_failed " in line for line in lines_of(words)[-3:])


def is_forked(status, words):
    return status == TOLD_WRONG and FORKED.fullmatch(words.strip()) is not None
