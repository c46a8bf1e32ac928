"""comity count: ballots of a .blt file, without a server. Published counts stage by stage, Meek's method against a naive count in many
decimals, what is said, and what is refused."""

import os
import random
import re
import sys
import unittest
from decimal import Decimal, getcontext
from pathlib import Path

from cli_case import USAGE, World

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))
import comity_stv_counts  # noqa: E402

CASES = Path(os.environ.get("COMITY_CASES") or ROOT.parent / "shared" / "cases")
NEAR = Decimal("0.00001")  # what rounding to nine decimals can make of a vote, and more
SMALL = """3 1
[tie 3 2 1]
4 1 0
3 2 0
2 3 2 0
0
"Oak"
"Elm"
"Ash"
"Which tree"
"""


class CountCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)

    def count(self, path, method, *more, **options):
        return self.world.ask("ada", "count", path, "--method", method, *more, **options)


class Published(CountCase):
    """*.blt and beside it *.METHOD.expected.txt. A file without a line [tie ...] means its options in their order, as Droop does."""

    def counts(self):
        found = [(path, path.with_name(path.name.split(".")[0] + ".blt")) for path in sorted(CASES.glob("*/*.scotland.expected.txt"))]
        if not found:
            self.skipTest(f"there is no {CASES}/*/*.scotland.expected.txt: set COMITY_CASES")
        return found

    def document(self, blt):
        text = blt.read_text(encoding="utf-8-sig")
        options = int(text.split()[0])
        order = [] if "[tie" in text else ["--tie", ",".join(str(n + 1) for n in range(options))]
        return self.count(blt, "scottish", *order)

    def test_stage_by_stage(self):
        for expected, blt in self.counts():
            with self.subTest(blt.name):
                document = self.document(blt)
                self.assertEqual(list(comity_stv_counts.findings(comity_stv_counts.read(expected), document)), [])

    def test_the_comparison_notices_a_vote(self):
        for expected, blt in self.counts():
            lines = blt.read_text(encoding="utf-8").splitlines()
            at = next(n for n, line in enumerate(lines) if re.match(r"\d+ \d+( \d+)* 0$", line))
            lines[at] = str(int(lines[at].split()[0]) + 1) + " " + lines[at].split(" ", 1)[1]
            document = self.document(self.world.file("altered.blt", "\n".join(lines) + "\n"))
            self.assertNotEqual(list(comity_stv_counts.findings(comity_stv_counts.read(expected), document)), [], blt)


class Unclear(Exception):
    """Rounding, or a tie, decides: two counts may differ."""


class NaiveMeek:
    """Meek's method as it is told: keep factors until no elected option has a surplus, then somebody is elected or drops out."""

    def __init__(self, options, seats, ballots):
        getcontext().prec = 60
        self.seats, self.ballots = seats, ballots
        self.keep = {option: Decimal(1) for option in range(1, options + 1)}
        self.hopeful, self.elected, self.excluded = set(self.keep), [], []

    def distribute(self):
        self.votes = dict.fromkeys(self.keep, Decimal(0))
        for count, order in self.ballots:
            left = Decimal(count)
            for option in order:
                self.votes[option] += left * self.keep[option]
                left -= left * self.keep[option]
        self.quota = sum(self.votes.values()) / (self.seats + 1)

    def settle(self):
        for _ in range(3000):
            self.distribute()
            surplus = sum(self.votes[option] - self.quota for option in self.elected)
            if surplus < Decimal("1e-30"):
                return
            for option in self.elected:
                self.keep[option] *= self.quota / self.votes[option]
        raise Unclear("slow")

    def run(self):
        while len(self.elected) < self.seats < len(self.elected) + len(self.hopeful):
            self.settle()
            for option in self.hopeful:
                if abs(self.votes[option] - self.quota) < NEAR:
                    raise Unclear("at the quota")
            reach = {option for option in self.hopeful if self.votes[option] > self.quota}
            if reach:
                self.elected += sorted(reach)
                self.hopeful -= reach
                continue
            low = sorted(self.hopeful, key=self.votes.get)
            if self.votes[low[1]] - self.votes[low[0]] < NEAR:
                raise Unclear("a tie")
            self.excluded.append(low[0])
            self.hopeful.remove(low[0])
            self.keep[low[0]] = Decimal(0)
        if len(self.elected) < self.seats:
            self.elected += self.hopeful
        return set(self.elected), self.excluded


class Meek(CountCase):
    def draw(self, source):
        options, seats = source.randint(3, 7), source.randint(1, 4)
        ballots = []
        for _ in range(source.randint(4, 25)):
            order = source.sample(range(1, options + 1), source.randint(1, options))
            ballots.append((source.randint(1, 30), order))
        return options, seats, ballots

    def test_against_a_naive_count(self):
        seed = int(os.environ.get("COMITY_SEED", "1987"))
        source, compared = random.Random(seed), 0
        print(f"COMITY_SEED={seed}")
        for _ in range(120):
            options, seats, ballots = self.draw(source)
            text = f"{options} {seats}\n" + "".join(f"{count} {' '.join(map(str, order))} 0\n" for count, order in ballots)
            text += "0\n" + "".join(f'"{n + 1}"\n' for n in range(options)) + '"drawn"\n'
            naive = NaiveMeek(options, seats, ballots)
            try:
                elected, excluded = naive.run()
            except Unclear:
                continue
            compared += 1
            document = self.count(self.world.file("drawn.blt", text), "meek")
            outcome = document["outcome"]
            self.assertEqual(outcome["kind"], "ADOPTED", text)
            self.assertEqual(set(outcome["chosen"]), elected, text)
            stages = outcome["ranking"]["stages"]
            self.assertEqual([n for stage in stages if stage["act"] == "EXCLUDE" for n in stage["options"]], excluded, text)
            settled = [stage for stage in stages if stage["act"] in ("ITERATE", "FIRST")][-1]
            for number, stage in enumerate(stages):
                self.assertEqual(sum(stage["votes"]) + stage["non_transferable"], sum(c for c, _ in ballots) * 10**9, text)
                if stage is settled and number == len(stages) - 1 and not stage["elected"]:
                    for option, votes in enumerate(stage["votes"], start=1):
                        self.assertLess(abs(Decimal(votes) / 10**9 - naive.votes[option]), NEAR, text)
        self.assertGreater(compared, 60)


class Words(CountCase):
    def test_what_is_said(self):
        self.world.file("trees.blt", SMALL)
        code, output, errors = self.world.comity("ada", "count", "trees.blt", "--method", "irv")
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(output.splitlines(), [
            "Which tree: 9 ballots, instant run-off",
            "Stage 1: first preferences (quota 5)",
            "  votes: Oak 4, Elm 3, Ash 2",
            "Stage 2: Ash drops out, with the fewest votes (quota 5)",
            "  votes: Oak 4, Elm 5",
            "  elected: Elm",
            "Chosen: Elm.",
        ])

    def test_the_document(self):
        self.world.file("trees.blt", SMALL)
        document = self.count("trees.blt", "schulze")
        self.assertEqual((document["title"], document["method"], document["seats"], document["ballots"]),
                         ("Which tree", "schulze", 1, 9))
        self.assertEqual(document["options"], ["Oak", "Elm", "Ash"])
        self.assertEqual(document["chosen"], ["Elm"])
        self.assertEqual(document["outcome"]["ranking"]["pairs"], [0, 4, 4, 5, 0, 3, 2, 2, 0])

    def test_standard_input(self):
        document = self.world.ask("ada", "count", "-", "--method", "irv", input=SMALL)
        self.assertEqual(document["chosen"], ["Elm"])

    def test_seats(self):
        self.world.file("trees.blt", SMALL)
        self.assertEqual(self.count("trees.blt", "scottish", "--seats", "2")["chosen"], ["Oak", "Elm"])
        self.assertEqual(self.count("trees.blt", "meek", "--seats", "3")["chosen"], ["Oak", "Elm", "Ash"])

    def test_a_tie_stays_one_unless_somebody_said_who_gives_way(self):
        text = '2 1\n1 1 0\n1 2 0\n0\n"Oak"\n"Elm"\n"T"\n'
        self.world.file("tie.blt", text)
        document = self.count("tie.blt", "scottish")
        self.assertEqual((document["outcome"]["kind"], document["chosen"]), ("TIE", ["Oak", "Elm"]))
        _, output, _ = self.world.comity("ada", "count", "tie.blt", "--method", "scottish")
        self.assertIn("Here Oak and Elm tie", output)
        self.assertEqual(self.count("tie.blt", "scottish", "--tie", "1,2")["chosen"], ["Elm"])
        self.world.file("tie.blt", text.replace("2 1\n", "2 1\n[tie 2 1]\n", 1))
        document = self.count("tie.blt", "irv")
        self.assertEqual((document["outcome"]["kind"], document["chosen"]), ("ADOPTED", ["Oak"]))

    def test_names_from_outside_do_no_harm(self):
        self.world.file("names.blt", '1 1\n1 1 0\n0\n"\x1b[31mred"\n"\x1b]0;title"\n')
        code, output, _ = self.world.comity("ada", "count", "names.blt", "--method", "irv")
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", output)


class Refused(CountCase):
    def refuse(self, text, *words, name, exit=USAGE):
        self.world.file("bad.blt", text)
        error = self.world.ask("ada", "count", *words, exit=exit)["error"]
        self.assertEqual(error["name"], name, error)
        self.assertTrue(error["next"], error)
        return error["what"]

    def test_what_was_given(self):
        self.assertIn("`borda`", self.refuse(SMALL, "bad.blt", "--method", "borda", name="USAGE"))
        self.assertIn("one option", self.refuse(SMALL, "bad.blt", "--method", "irv", "--seats", "2", name="USAGE"))
        self.refuse(SMALL, "bad.blt", "--method", "meek", "--seats", "64", name="USAGE")
        self.refuse(SMALL, "bad.blt", "--method", "meek", "--seats", "0", name="USAGE")
        self.assertIn("there are 3", self.refuse(SMALL, "bad.blt", "--method", "irv", "--tie", "1,2", name="USAGE"))
        self.assertIn("twice", self.refuse(SMALL, "bad.blt", "--method", "irv", "--tie", "1,1,2", name="USAGE"))
        self.refuse(SMALL, "bad.blt", "--method", "irv", "--tie", "1,2,4", name="USAGE")
        self.refuse(SMALL, "no-such.blt", "--method", "irv", name="FILE")

    def test_what_is_in_the_file(self):
        said = self.refuse(SMALL.replace("3 2 0", "3 2 4 0"), "bad.blt", "--method", "irv", name="RANGE")
        self.assertIn("bad.blt, line 4, column 5: `4` is none", said)
        said = self.refuse(SMALL.replace("2 3 2 0", "2 3=2 0"), "bad.blt", "--method", "scottish", name="DUPLICATE")
        self.assertIn("alike", said)
        self.count("bad.blt", "schulze")
        self.refuse(SMALL[:20], "bad.blt", "--method", "irv", name="MALFORMED")
        self.world.file("latin.blt").write_bytes(SMALL.encode() + b"\xff")
        self.assertIn("latin.blt: The file is not a text", self.refuse(SMALL, "latin.blt", "--method", "irv", name="UTF8"))


if __name__ == "__main__":
    unittest.main()
