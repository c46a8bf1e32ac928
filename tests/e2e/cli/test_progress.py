"""Whoever waits for longer than a second is told for what; nobody else is told anything."""

import os
import re
import signal
import unittest

from cli_case import CliCase, UNREACHABLE
from terminal import run_on_terminal


class Progress(CliCase):
    has_seats = False

    def setUp(self):
        """A worker that holds still: a broker is there, and no answer comes."""
        self.ask("ada", "whoami")
        self.worker = self.world.pids("worker")[0]
        os.kill(self.worker, signal.SIGSTOP)
        self.addCleanup(os.kill, self.worker, signal.SIGCONT)

    def test_a_line_that_is_written_over(self):
        code, shown = run_on_terminal(self.world, "ada", "whoami", "--timeout", 3)
        self.assertEqual(code, UNREACHABLE, shown)
        self.assertRegex(shown, r"Waiting for [a-z ]+ \(1 s\)\r\033\[K")
        self.assertRegex(shown, r"Waiting for [a-z ]+ \(2 s\)")
        self.assertNotIn("Waiting", shown[shown.rindex("\033[K"):])
        self.assertIn("Not reached", shown[shown.rindex("\033[K"):])

    def test_lines_in_the_accessible_mode(self):
        for given, environment in ((["--accessible"], {}), ([], {"TERM": "dumb"})):
            code, shown = run_on_terminal(self.world, "ada", "whoami", "--timeout", 3, *given, environment=environment)
            self.assertEqual(code, UNREACHABLE, shown)
            self.assertEqual(len(re.findall(r"^Waiting for [a-z ]+ \(1 s\)$", shown, re.M)), 1, shown)
            self.assertEqual(shown.count("Waiting"), 1)
            self.assertNotIn("\r", shown)
            self.assertNotIn("\033[K", shown)

    def test_nobody_watches(self):
        code, output, errors = self.world.comity("ada", "whoami", "--timeout", 3)
        self.assertEqual(code, UNREACHABLE)
        self.assertNotIn("Waiting", output + errors)


if __name__ == "__main__":
    unittest.main()
