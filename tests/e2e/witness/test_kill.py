"""Killed at any moment, a witness has never signed two records that contradict one another: what it gives out, it has kept,
and the disk has it: the file synced, then renamed, then its directory synced.

Each start plays a log that has forgotten what the witness did not keep. The control gives the signature out first."""

import os
import random
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

PERSIST = os.environ["COMITY_WITNESS_PERSIST"]
ROUNDS = 60
SEED = int(os.environ.get("COMITY_SEED", random.SystemRandom().randrange(2**32)))


class Kill(unittest.TestCase):
    def setUp(self):
        print(f"## seed {SEED}", flush=True)
        self.random = random.Random(SEED)
        self.directory = Path(tempfile.mkdtemp(prefix="comity-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.signed = []       # the leaves of the largest tree that was signed
        self.contradictions = self.signatures = self.unsynced = 0

    def take(self, line):
        before, size, synced, *leaves = line.split()
        before, size = int(before), int(size)
        self.unsynced += synced != "synced"
        self.assertEqual(size - before, len(leaves))
        tree = self.signed[:before] + leaves
        if tree[:len(self.signed)] != self.signed[:len(tree)]:
            self.contradictions += 1
        if len(tree) >= len(self.signed):
            self.signed = tree
        self.signatures += 1

    def round(self, without):
        process = subprocess.Popen([PERSIST, self.directory], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   env={**os.environ, "COMITY_WITHOUT": without})
        try:
            lines = [process.stdout.readline()]
            time.sleep(self.random.random() * 0.01)
        finally:
            process.kill()
            process.wait()
        lines += process.stdout.readlines()
        process.stdout.close()
        self.assertTrue(lines[0], f"it ended by itself: {process.returncode}")
        for line in lines:
            if line.endswith(b"\n"):   # what is cut was not given out whole
                self.take(line.decode())

    def test_nothing_is_signed_that_is_not_kept(self):
        for _ in range(ROUNDS):
            self.round("")
        self.assertEqual((self.contradictions, self.unsynced), (0, 0))
        self.assertGreater(self.signatures, ROUNDS)
        print(f"{self.signatures} signatures, {ROUNDS} kills, {self.contradictions} contradictions")

    def test_control_given_out_before_it_is_kept(self):
        for _ in range(10 * ROUNDS):
            self.round("persist_first")
            if self.contradictions:
                break
        self.assertGreater(self.contradictions, 0)
        self.assertEqual(self.unsynced, self.signatures)


if __name__ == "__main__":
    unittest.main(verbosity=2)
