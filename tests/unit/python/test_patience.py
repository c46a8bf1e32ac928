"""Patience with a machine that stands still, and what tells that it did."""

import sys
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))
sys.path.insert(0, str(ROOT / "tests" / "quality"))

import comity_patience  # noqa: E402
import stalls  # noqa: E402


class Clock:
    """Goes on only by sleeping: as long as was asked, or as long as the next of @naps."""

    def __init__(self, naps=()):
        self.now, self.naps = 1000.0, list(naps)

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += self.naps.pop(0) if self.naps else seconds


class Waits(unittest.TestCase):
    def waits(self, seconds, naps=()):
        """How long it waits in vain."""
        clock = Clock(naps)
        with mock.patch.object(comity_patience, "time", clock), self.assertRaisesRegex(AssertionError, "in vain for 3 s: rain"):
            comity_patience.until(lambda: False, "rain", seconds)
        return clock.now - 1000

    def test_as_long_as_it_is_told(self):
        self.assertAlmostEqual(self.waits(3), 3, delta=0.1)

    def test_time_that_nobody_had_does_not_count(self):
        self.assertAlmostEqual(self.waits(3, [60]), 62, delta=0.1)

    def test_what_is_there_is_given(self):
        values = iter([0, None, "", 7])
        self.assertEqual(comity_patience.until(lambda: next(values), "a value", 60), 7)


class Stalls(unittest.TestCase):
    def seen(self, naps):
        clock = Clock(naps)
        with mock.patch.object(stalls, "time", clock):
            return stalls.watch(lambda: not clock.naps)

    def test_naps_are_no_stalls(self):
        self.assertEqual(self.seen([0.1, 0.5, 1.0]), [])

    def test_each_is_told_the_longest_first(self):
        self.assertEqual(stalls.sentence(self.seen([0.1, 2, 0.1, 30, 0.1])),
                         "## the machine stood still 2 times for more than 1 s, in all 32 s: 30.0 s at 2 s, 2.0 s at 0 s")


if __name__ == "__main__":
    unittest.main()
