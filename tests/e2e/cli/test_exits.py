"""Every exit code, as a script meets it; the table is in `comity help exit-codes`."""

import os
import re
import signal
import subprocess
import unittest

from cli_case import (COMITY, DIFFERS, DONE, FORKED, INTERNAL, REFUSED, TIMEOUT_S, UNCONFIRMED, UNCOUNTED, UNREACHABLE, USAGE,
                      WAITING, CliCase)


class Exits(CliCase):
    def run_into_full_disk(self, who, *words):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([COMITY, *words, "--home", self.world.home(who)], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=TIMEOUT_S)
        return done.returncode, done.stderr

    def test_each_of_them(self):
        """But 5, which needs an act whose answer is lost: test_line.py has it; 6 and 7, of recounts: test_recount.py; and 9, of
        what waits: test_outbox.py."""
        w = self.world
        self.assertEqual(w.comity("ada", "whoami")[0], DONE)
        self.assertEqual(w.comity("ada", "round", "show", 99)[0], REFUSED)
        self.assertEqual(w.comity("ada", "round", "shwo", 1)[0], USAGE)
        code, errors = self.run_into_full_disk("ada", "whoami")
        self.assertEqual(code, USAGE)
        self.assertIn("The output cannot be written", errors)
        code, errors = self.run_into_full_disk("ben", "item", "add", "1", "Lost words")
        self.assertEqual(code, INTERNAL)
        self.assertRegex(errors, r"recorded as number \d+, but")
        worker = w.pids("worker")[0]
        os.kill(worker, signal.SIGSTOP)
        try:
            self.assertEqual(w.comity("ada", "whoami", "--timeout", 2)[0], UNREACHABLE)
        finally:
            os.kill(worker, signal.SIGCONT)

    def test_the_table_is_told_in_every_place(self):
        rows = self.ask("ada", "help", "exit-codes")["exit_codes"]
        self.assertEqual([row["exit"] for row in rows], [DONE, REFUSED, USAGE, UNREACHABLE, INTERNAL, UNCONFIRMED,
                                                            DIFFERS, UNCOUNTED, FORKED, WAITING])
        words = self.world.comity("ada", "help", "exit-codes")[1]
        page = self.world.comity("ada", "help", "--man", "comity")[1]
        for row in rows:
            self.assertIn(row["meaning"], words)
            self.assertRegex(page, rf"\*{row['exit']}\*\n\t" + re.escape(row["meaning"][:20]))
        self.assertIn("comity help exit-codes", self.world.comity("ada", "help")[1])


if __name__ == "__main__":
    unittest.main()
