"""On a terminal of 80 columns, without colour, and in the accessible mode."""

import re
import unittest

from cli_case import CliCase
from terminal import columns, run_on_terminal

LONG = "Who may swap a shift with whom, on which wards, and with whose leave when the ward is short of people: \u9673\u5927\u6587"
TABLES = (["member", "list"], ["site", "list"], ["constituency", "list"], ["body", "list"], ["body", "show", "steering"],
          ["rule", "list"], ["rule", "templates"], ["session", "list"], ["session", "show", 1], ["item", "list"],
          ["proposal", "list"], ["round", "list"], ["round", "show", 1], ["ballots", 1], ["decisions"], ["context", "list"],
          ["receipt", "list"], ["key", "list"], ["invitation", "list"], ["config", "show"], ["doctor"], ["help"],
          ["help", "round", "open"], ["errors"])
REST = (["outcome", 1], ["whoami"], ["partnership", "show"], ["proposal", "show", 1], ["status"], ["rule", "show", "consensus"],
        ["events", "--limit", 20])
ESCAPE = re.compile(r"\033\[[0-9;]*m")


class Terminal(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        w = cls.world
        item = w.ask("ben", "item", "add", 1, LONG)["number"]
        proposal = w.ask("dev", "proposal", "make", item, LONG, "--text", "A swap is approved within a day.")["number"]
        number = w.open_round(proposal)
        for who in ("ada", "ben", "carla", "dev"):
            w.ask(who, "vote", number, "agree")
        w.ask("eli", "round", "close", number)
        w.ask("ada", "invite", "Zoe Lin, who works nights on the third ward of the north hospital", "--out", "zoe.inv")

    def shown(self, *words, **options):
        code, shown = run_on_terminal(self.world, "ada", *words, **options)
        self.assertEqual(code, 0, shown)
        return shown

    def test_tables_fit(self):
        for words in TABLES:
            with self.subTest(words=words):
                lines = self.shown(*words).splitlines()
                wide = [line for line in lines if columns(ESCAPE.sub("", line)) > 80 and "  " in line.strip()]
                self.assertEqual(wide, [])
        narrow = self.shown("item", "list")
        self.assertNotIn(LONG, narrow)
        self.assertEqual("".join(LONG.split()) in "".join(narrow.split()).replace("Ben Ruiz", ""), True)

    def test_elsewhere_it_is_whole(self):
        code, output, _ = self.world.comity("ada", "item", "list")
        self.assertEqual(code, 0)
        self.assertIn(LONG, output)
        self.assertNotIn("\033", output)

    def test_color(self):
        for words in (["round", "list"], ["decisions"], ["outcome", 1]):
            self.assertIn("\033[32mADOPTED\033[0m", self.shown(*words))
            for given, environment in (([], {"NO_COLOR": "1"}), (["--color", "never"], {}), ([], {"TERM": "dumb"})):
                self.assertNotIn("\033", self.shown(*words, *given, environment=environment))
            self.assertIn("\033", self.world.comity("ada", *words, "--color", "always")[1])
            self.assertNotIn("\033", self.world.comity("ada", *words)[1])
        _, shown = run_on_terminal(self.world, "ada", "outcome", 9)
        self.assertIn("\033[31mRefused\033[0m: ", shown)
        self.assertNotIn("\033", self.world.comity("ada", "outcome", 1, "--json", "--color", "always")[1])

    def test_the_accessible_mode(self):
        """Nothing stands beside anything, nothing is drawn anew, and a colour says nothing alone."""
        plain = {}
        for words in TABLES + REST:
            with self.subTest(words=words):
                shown = self.shown(*words, "--accessible")
                self.assertNotIn("\r", shown)
                self.assertNotIn("\033", ESCAPE.sub("", shown))
                plain[tuple(map(str, words))] = ESCAPE.sub("", shown)
                beside = [line for line in shown.splitlines() if "  " in line.strip()]
                self.assertEqual(beside, [])
        self.assertIn(f"item: 1\nsession: 1\nphase: decided\nadded by: Ben Ruiz\ntitle: {LONG}\n", plain["item", "list"])
        self.assertIn("\nstate: ADOPTED\n", plain["round", "list"])
        self.assertIn("ok: ", plain["doctor",])
        self.assertEqual(self.shown("round", "list", environment={"COMITY_ACCESSIBLE": "1", "NO_COLOR": "1"}),
                         plain["round", "list"])
        self.world.ask("ada", "config", "set", "accessible", "yes")
        try:
            self.assertEqual(self.shown("round", "list", "--color", "never"), plain["round", "list"])
        finally:
            self.world.ask("ada", "config", "set", "accessible")


if __name__ == "__main__":
    unittest.main()
