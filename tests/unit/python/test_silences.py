"""Faults that let nothing through: who was heard all the same, and whether anybody has tried."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "e2e" / "fault"), str(ROOT / "support" / "python")]

from clients import heard, tried  # noqa: E402

SILENCE = (10, 20, {"ann"})


def command(began, *told, who="ann", act="recorded", id="c"):
    return [{"act": "started", "t": began, "who": who, "id": id}] + [{"act": act, "t": when, "who": who, "id": id} for when in told]


class Silences(unittest.TestCase):
    def test_heard(self):
        for acts, is_heard in ((command(11, 19), True), (command(9, 19), False), (command(11, 21), False), (command(11), False),
                               (command(11, 19, act="refused"), False), (command(11, 19, who="ben"), False)):
            with self.subTest(acts=acts):
                self.assertEqual(bool(heard(acts, [SILENCE])), is_heard)
        self.assertEqual(heard(command(11, 19), []), [])

    def test_tried(self):
        for acts, count in ((command(11, 19), 1), (command(9, 21), 1), (command(9), 1), (command(9, 11, act="unknown"), 1),
                            (command(1, 9), 0), (command(1, 9, act="unknown"), 0), (command(21, 22), 0), (command(11, who="ben"), 0),
                            (command(1, 9, id="a") + command(12, id="b") + command(13, id="c"), 2)):
            with self.subTest(acts=acts):
                self.assertEqual(tried(acts, [SILENCE]), count)
        self.assertEqual(tried(command(9), [SILENCE, (30, 40, {"ann"})]), 2)   # under way in both
        self.assertEqual(tried(command(9), []), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
