"""What cannot be undone: looked at beforehand, asked about on a terminal, and never done by a look."""

import unittest

from cli_case import DONE, REFUSED, USAGE, CliCase
from terminal import run_on_terminal


class Final(CliCase):
    def setUp(self):
        self.round = self.world.open_round(self.world.propose())

    def tearDown(self):
        if self.is_open():
            self.ask("eli", "round", "close", self.round)

    def is_open(self):
        return self.ask("eli", "round", "show", self.round)["round"]["state"] == "OPEN"

    def events(self):
        return len(self.ask("ada", "events")["events"])

    def test_a_look_changes_nothing(self):
        w = self.world
        self.ask("ada", "invite", "Not Yet", "--out", "notyet.inv")
        fingerprint = self.ask("ada", "invitation", "list")["invitations"][-1]["key"]
        w.ask("ada", "site", "add", "west", "--title", "West", "--time-zone", "UTC", "--draft", "west.draft", "--cosigner",
              "Carla Weiss")
        w.ask("carla", "draft", "sign", "west.draft")
        before = self.events()
        for who, words, act in (("eli", ["round", "close", self.round], "close_round"),
                                ("eli", ["session", "close", 1], "close_session"),
                                ("ada", ["key", "revoke", fingerprint], "revoke_key"),
                                ("ada", ["key", "revoke", "Ada Okafor"], "revoke_key"),
                                ("ada", ["draft", "submit", "west.draft"], "add_site")):
            with self.subTest(words=words):
                shown = self.ask(who, *words, "--dry-run")
                self.assertEqual(shown["dry_run"]["act"], act)
                self.assertEqual(shown["dry_run"]["missing_signatures"], 0)
                self.assertTrue(shown["dry_run"]["who_may"])
                self.assertNotIn("receipt", shown)
                code, output, _ = w.comity(who, *words, "--dry-run")
                self.assertEqual(code, DONE)
                self.assertIn("Nothing was sent.", output)
        self.assertEqual(self.ask("eli", "round", "close", self.round, "--dry-run")["dry_run"]["body"], {"round": self.round})
        shown = self.ask("ada", "draft", "submit", "west.draft", "--dry-run")
        self.assertEqual(shown["dry_run"]["body"]["site"]["title"]["text"], "West")
        self.assertIn("title: West\n", w.comity("ada", "draft", "submit", "west.draft", "--dry-run")[1])
        self.assertIn("Eli Stone, convener, with the offices: co-chair, facilitator",
                      self.ask("eli", "round", "close", self.round, "--dry-run")["dry_run"]["signer"])
        self.assertEqual(self.events(), before)
        self.assertEqual([row["act"] for who in ("ada", "eli") for row in self.ask(who, "receipt", "list")["receipts"]
                          if not row["has_receipt"]], [])
        self.assertEqual(self.ask("ada", "resubmit", "--dry-run")["would_send"], [])
        self.ask("eli", "context", "remove", "lakeside", "--dry-run")
        self.assertEqual([row["name"] for row in self.ask("eli", "context", "list")["contexts"]], ["lakeside"])
        self.ask("ada", "draft", "submit", "west.draft")
        self.assertEqual(self.events(), before + 1)

    def test_it_fails_as_the_act_would(self):
        error = self.refuse("eli", "round", "close", "x", "--dry-run", name="USAGE", exit=USAGE)
        self.assertIn("ROUND is a number", error["what"])
        self.refuse("ada", "round", "show", self.round, "--dry-run", name="USAGE", exit=USAGE)
        self.ask("eli", "round", "close", self.round)
        self.refuse("eli", "round", "close", self.round, name="CLOSED", exit=REFUSED)

    def test_on_a_terminal_it_asks(self):
        w = self.world
        for answer in ("n\n", "\n", "nein\n", "\x04"):
            code, shown = run_on_terminal(w, "eli", "round", "close", self.round, answer=answer)
            self.assertEqual(code, USAGE, shown)
            self.assertIn("close_round", shown)
            self.assertIn(f"round: {self.round}", shown)
            self.assertIn("This cannot be undone. Go on? [y/N]", shown)
            self.assertIn("Not done", shown)
            self.assertTrue(self.is_open())
        code, shown = run_on_terminal(w, "eli", "round", "close", self.round, answer="y\n")
        self.assertEqual(code, DONE, shown)
        self.assertFalse(self.is_open())

    def test_who_answers_in_advance_is_not_asked(self):
        code, shown = run_on_terminal(self.world, "eli", "round", "close", self.round, "--yes")
        self.assertEqual(code, DONE, shown)
        self.assertNotIn("Go on?", shown)
        self.assertFalse(self.is_open())
        code, shown = run_on_terminal(self.world, "eli", "context", "show", "lakeside")
        self.assertNotIn("Go on?", shown)


if __name__ == "__main__":
    unittest.main()
