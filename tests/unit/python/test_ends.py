"""How programs of a fault test end: which end a lack explains, and which fails every test."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "e2e" / "fault"), str(ROOT / "support" / "python")]

from clients import Clients  # noqa: E402
from ends import ProgramFailed, does_not_fit, has_store_failed, is_forked, is_too_late  # noqa: E402

WORKER = "comity-worker: "
LEADS = "2026-11-30T15:31:27.991Z level=info program=comity-worker event=leads leader=east term=3 applied=4 head=4"
FAILED = "2026-11-30T15:31:27.991Z level=error program=comity-worker event=store_failed error=STORE advice=\"Start again.\""
NEXT = " Look at the other workers."
# What a worker says, and the source that has it.
NOT_THE_LOG = [
    ("The log in etcd ends with entry 103, this store has applied entry 107: etcd has lost entries, or the store is another group's.",
     "worker/log/log_etcd_open.c"),
    ("Entry 5 in etcd is another than the one that this store has applied.", "worker/log/log_etcd_open.c"),
    ("Entry 30 in etcd goes on from another entry 29 than this store has applied: it needs a copy of another worker's.",
     "worker/log/log_etcd_open.c"),
    ("The log in etcd does not go on from what this store has applied.", "worker/log/log_etcd_follow.c"),
    ("the log does not go on from what this store has applied, or an entry of it does not open.", "worker/follower.c"),
    ("An entry of the log does not open: it was altered, or is another group's.", "worker/log/log_etcd.c"),
    ("Entry 7 of the log: its time lies before that of the entry before it.", "worker/follow.c"),
    ("Entry 7, which this worker has applied, comes out differently at more workers than have it: north.",
     "worker/log/log_etcd_dispute.c"),
    ("Behind entry 64 the state of this worker is another than that of north.", "worker/log/log_etcd_seat.c"),
]
OTHERWISE = [
    "The log in etcd begins behind entry 9, this store ends with entry 3: it needs a copy of another worker's.",
    "The log in etcd holds entries from 9 on, this store ends with entry 3: it needs a copy of another worker's.",
    "The log of the group: what comes next for this store is not in the log any more.",
    "Entry 7 of the log: it cannot be kept: The disk is full.",
    "Entry 7 of the log: it was decided by format level 9, and this worker knows 2: install the version that the leader has.",
    "etcd holds no log of this group.",
    "Give the configuration: --config FILE.",
]


class Workers(unittest.TestCase):
    def test_not_the_log(self):
        for sentence, _ in NOT_THE_LOG:
            for words in (WORKER + sentence + NEXT, f"{WORKER}The log of the group: {sentence}{NEXT}", f"{LEADS} / {WORKER}{sentence}{NEXT}",
                          f"worker north ended with 2: {LEADS} / {WORKER}{sentence}", f"{LEADS}\n{WORKER}{sentence}\n"):
                with self.subTest(words=words):
                    self.assertTrue(does_not_fit(2, words))
                    for status in (None, 0, 1, 3, 99, -6, -9, -11):
                        self.assertFalse(does_not_fit(status, words))

    def test_they_say_so(self):
        for sentence, source in NOT_THE_LOG:
            text = re.sub(r'%"\s*PRIu64\s*"', "#", (ROOT.parent / source).read_text())
            said = re.sub(r"\d+", "#", sentence).removeprefix("Entry # of the log: ").removesuffix(" north.")
            with self.subTest(sentence=sentence):
                self.assertIn(said, re.sub(r'"\s*"', "", text))

    def test_otherwise(self):
        for words in [WORKER + sentence + NEXT for sentence in OTHERWISE] + [
                "", LEADS, FAILED, f"{WORKER}{NOT_THE_LOG[0][0]} / {LEADS}", NOT_THE_LOG[0][0], f"worker north is not ready: {LEADS}"]:
            with self.subTest(words=words):
                self.assertFalse(does_not_fit(2, words))

    def test_too_late(self):
        for sentence in OTHERWISE + [sentence for sentence, _ in NOT_THE_LOG]:
            words = f"{LEADS} / {WORKER}{sentence}{NEXT}"
            self.assertEqual(is_too_late(2, words), sentence in OTHERWISE[:3], sentence)
            self.assertFalse(is_too_late(1, words))

    def test_store_failed(self):
        self.assertTrue(has_store_failed(1, f"{LEADS} / {FAILED}"))
        self.assertTrue(has_store_failed(1, f"{FAILED} / {LEADS}"))   # of another thread
        for status, words in ((1, LEADS), (1, ""), (2, FAILED), (-6, FAILED), (0, FAILED), (99, FAILED), (1, "\n".join([FAILED] + 3 * [LEADS]))):
            with self.subTest(status=status, words=words):
                self.assertFalse(has_store_failed(status, words))


class Process:
    def __init__(self, status):
        self.returncode = status

    def poll(self):
        return self.returncode


class Log:
    def __init__(self, words):
        self.words = words

    def __truediv__(self, _):
        return self

    def read_text(self, **_):
        return self.words


def clients(status, words):
    found = object.__new__(Clients)
    found.processes, found.place = {"ann": Process(status)}, type("Place", (), {"directory": Log(words)})
    return found


FORKED = ["south-1: BadReceipt('the event is not in the tree')", "what came is not believed: FORKED", "what came is not believed: RECEIPT",
          "what the server shows: does not go on from what it showed before"]
BROKEN = ["", "ann: AssertionError('a well-formed command was refused: ROUNDS')", "cannot write: told", "ann: Refused('RIGHTS')",
          "Traceback (most recent call last):\n  File \"voter.py\", line 1\ncomity_wire.BadReceipt: the event is another",
          "Traceback (most recent call last):\nann: BadReceipt('the event is another')", "a ballot: MEMORY"]


class Members(unittest.TestCase):
    def test_forked(self):
        for words in FORKED:
            with self.subTest(words=words):
                self.assertTrue(is_forked(1, words + "\n"))
                self.assertEqual(clients(1, words).ended(), [f"ann ended: {words}"])
                for status in (2, 99, -6, -11):
                    self.assertFalse(is_forked(status, words))
                    self.assertRaises(ProgramFailed, clients(status, words).ended)

    def test_failed(self):
        for words in BROKEN:
            with self.subTest(words=words):
                self.assertFalse(is_forked(1, words))
                self.assertRaises(ProgramFailed, clients(1, words).ended)

    def test_no_end(self):
        for status in (None, 0):
            self.assertEqual(clients(status, "").ended(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
