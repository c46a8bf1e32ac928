"""A record that is larger than the memory of a run: it is read page by page, and no page is kept."""

import json
import os
import subprocess
import unittest
from pathlib import Path

from cli_case import DONE, TIMEOUT_S, CliCase

SMALL = Path(os.environ["COMITY_SMALL"])
MEMORY_BYTES = 2 * 1024 * 1024  # that SMALL may keep


class Pages(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        text = "x" * 60000
        cls.world.open_round(cls.world.propose())
        cls.world.ask("ada", "invite", "Fay Lind", "--out", "fay.invitation")
        item = cls.world.ask("ben", "item", "add", 1, "Long texts")["number"]
        for i in range(2 * MEMORY_BYTES // len(text)):
            if i % 16 == 0:
                proposal = cls.world.ask("dev", "proposal", "make", item, f"Number {i}", "--text", text)["number"]
            cls.world.ask("dev", "proposal", "revise", proposal, "--text", f"{i} {text}")
        cls.world.ask("fay", "join", "fay.invitation")

    def small(self, *words):
        """The same program with little memory."""
        return subprocess.run([SMALL, *map(str, words), "--home", self.world.home("ada")], capture_output=True, text=True,
                              timeout=TIMEOUT_S, cwd=self.world.directory)

    def test_export(self):
        done = self.small("export", "copy", "--json")
        self.assertEqual(done.returncode, DONE, done.stdout + done.stderr)
        self.assertGreater(json.loads(done.stdout)["bytes"], 2 * MEMORY_BYTES)

    def test_events(self):
        done = self.small("events")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), self.ask("ada", "events")["next"] - 1)
        # People see the same of it, whoever asks.
        self.assertEqual(done.stdout, self.world.comity("ada", "events")[1])

    def test_following(self):
        head = self.ask("ada", "events")["next"]
        follow = subprocess.Popen([SMALL, "events", "--follow", "--json", "--home", self.world.home("ada")],
                                  stdout=subprocess.PIPE, text=True)
        try:
            rows = [json.loads(follow.stdout.readline()) for _ in range(head - 1)]
            self.assertEqual([row["sequence"] for row in rows], list(range(1, head)))
            texts = [row["event"].get("proposal_revised") for row in rows]
            self.assertEqual(sum(text is not None for text in texts), 2 * MEMORY_BYTES // 60000)
            self.assertIsNone(follow.poll())
            # A name that was given on an earlier page comes with its event.
            self.assertEqual(rows[-1]["event"]["invitation_redeemed"]["member"]["name"]["text"], "Fay Lind")
        finally:
            follow.kill()
            follow.wait()
            follow.stdout.close()


if __name__ == "__main__":
    unittest.main()
