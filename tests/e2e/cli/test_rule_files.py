"""Rules as files: checked, explained, compared, tried on ballots, and adopted."""

import json
import unittest

from cli_case import DIFFERS, DONE, REFUSED, USAGE, CliCase, World

RULE = """# For swaps of shifts.
name: swaps
form: STANCE
scale:
  - 1 yes: AGREE
  - 2 no: CONCERN
duties:
  - CONCERN: REASON
roll: SEATS
frozen: ROUND
rounds: 2
tests:
  - name: most
    class: SUPPORT
    scope: WHOLE
    count: [AGREE]
    more_than: 1/2
    of: CAST
"""

BALLOTS = """member,constituency,answer
ada,union,yes
ben,union,yes
carla,management,no
dev,management,
"""


class Alone(unittest.TestCase):
    """What asks no server: nobody has a key or a context here."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.world.file("swaps.yaml", RULE)
        cls.world.file("ballots.csv", BALLOTS)

    def ask(self, *words, exit=DONE):
        return self.world.ask("nobody", "rule", *words, exit=exit)

    def say(self, *words, exit=DONE):
        code, output, errors = self.world.comity("nobody", "rule", *words)
        self.assertEqual(code, exit, errors)
        return output + errors

    def refuse_file(self, text, *problems):
        """Each problem: line, column, code, part of the text."""
        self.world.file("wrong.yaml", text)
        document = self.ask("check", "wrong.yaml", exit=USAGE)
        found = [(row["line"], row["column"], row["code"]) for row in document["problems"]]
        self.assertEqual(found, [problem[:3] for problem in problems], document["problems"])
        said = self.say("check", "wrong.yaml", exit=USAGE)
        for row, (line, column, _, part) in zip(document["problems"], problems):
            self.assertIn(part, row["text"])
            place = f":{line}:{column}" if line else ""  # 0: of the file as a whole
            self.assertIn(f"wrong.yaml{place}: {row['text']}", said)

    def test_a_sound_file(self):
        document = self.ask("check", "swaps.yaml")
        self.assertEqual(document["name"], "swaps")
        self.assertEqual(document["hash"], self.ask("show", "swaps.yaml")["hash"])
        self.assertIn({"line": 1, "column": 1, "stage": 0, "outcome": "TIE"},
                      [{**row, "line": 1, "column": 1} for row in document["warnings"]])
        self.assertIn("no stage follows the outcome TIE", self.say("check", "swaps.yaml"))

    def test_what_is_wrong_has_a_place(self):
        self.refuse_file(RULE.replace("more_than: 1/2", "more_than: 0.5"), (17, 16, "MALFORMED", "write 2/3, not 0.66"))
        self.refuse_file(RULE.replace("frozen", "frosen").replace("rounds: 2", "rounds: 010"),
                         (10, 1, "UNKNOWN_FIELD", "Did you mean `frozen`?"), (11, 9, "MALFORMED", "begins with a 0"))
        self.refuse_file(RULE.replace("1/2", "3/2"), (17, 16, "RULE", "can never be met"))
        self.refuse_file(RULE.replace("[AGREE]", "[BLOCK]"), (16, 12, "RULE", "No answer of the scale"))
        self.refuse_file(RULE + "---\n", (19, 1, "UNSUPPORTED", "second document"))
        self.refuse_file(RULE.replace("name: most", "name: &x most"), (13, 14, "UNSUPPORTED", "Write it out"))
        self.refuse_file("", (1, 1, "MALFORMED", "nothing in this file"))
        self.refuse_file("# " + "x" * 70000, (0, 0, "TOO_LARGE", "65536"))
        document = self.ask("check", "not-there.yaml", exit=USAGE)
        self.assertEqual(document["error"]["name"], "FILE")

    def test_the_canonical_form(self):
        yaml = self.ask("show", "swaps.yaml", "--yaml")["yaml"]
        self.assertEqual(self.say("show", "swaps.yaml", "--yaml"), yaml)
        self.assertEqual(yaml, RULE.split("\n", 1)[1])
        self.world.file("again.yaml", yaml)
        self.assertEqual(self.ask("show", "again.yaml", "--yaml")["yaml"], yaml)
        self.assertTrue(self.ask("diff", "swaps.yaml", "again.yaml")["same"])
        for name, notice in (("one.yaml", "1ms"), ("two.yaml", "2ms")):
            self.world.file(name, yaml.replace("rounds:", f"notice: {notice}\nrounds:"))
        self.assertEqual(self.ask("diff", "one.yaml", "two.yaml", exit=DIFFERS)["differences"],
                         [{"what": "notice", "first": "1 ms", "second": "2 ms"}])
        self.world.file("same.json", json.dumps(self.ask("show", "swaps.yaml")))
        self.assertTrue(self.ask("diff", "swaps.yaml", "same.json")["same"])

    def test_every_template_comes_back(self):
        names = [row["name"] for row in self.ask("templates")["templates"]]
        self.assertGreaterEqual(len(names), 19)
        for name in names:
            self.world.file(f"{name}.yaml", self.ask("show", name, "--template", "--yaml")["yaml"])
            self.assertEqual(self.ask("check", f"{name}.yaml")["hash"], self.ask("show", name, "--template")["hash"])
            self.assertTrue(self.ask("diff", name, f"{name}.yaml")["same"], name)
            self.assertIn(f"Rule {name}\n", self.say("explain", name))

    def test_explained(self):
        said = self.say("explain", "two-ballot-ratification", "--accessible")
        for words in ("more than 1/2 of those who answered without abstaining say agree or reserved", "REJECTED leads to stage 1, strike",
                      "1 further round may be held", "at least 2/3 of those who answered", "ADOPTED is then called STRIKE",
                      "Whatever else it comes to is called ADOPTED_BY_DEFAULT", "members of the list members", "Silence: counts as nothing"):
            self.assertIn(words, said)
        for name, words in (("bloc-vote", "each constituency with all its seats the way of its own majority"),
                            ("bloc-vote", "a constituency that is tied abstains, and one of which nobody took a side casts nothing"),
                            ("double-majority", "in more than 1/2 of them, by their weights"), ("double-majority", "at each site"),
                            ("posted-decision", "agreement of those who were there when the round opened"),
                            ("posted-decision", "does not close within 3 days"), ("board-election", "3 are elected"),
                            ("ranked-choice", "One of the options is the default"), ("advisory", "It comes to REFERRED by itself"),
                            ("instant-runoff", "Ties are broken by the latest earlier stage")):
            self.assertIn(words, self.say("explain", name))
        self.assertIn("2 no: counts as concern, with a reason", self.say("explain", "swaps.yaml"))

    def test_explained_is_what_can_happen(self):
        """Of each stage what it can come to, and no more; and what becomes of it when its time is over."""
        self.world.file("ladder.yaml", RULE.replace("rounds: 2", "rounds: 1") + """  - name: no-block
    class: OBJECTION
    scope: WHOLE
    count: [CONCERN]
    at_most: 0
stages:
  - name: talks
    kind: CONFER
    on: [BLOCKED]
    within: 14d
    count: 1
  - name: outside
    kind: UMPIRE
    on: [BLOCKED, TIE]
    within: 3d
    who: arbitrator
  - name: hands
    kind: SIGN_OFF
    on: [ADOPTED]
    within: 7d
    office: CO_CHAIR
  - name: later
    kind: DEFAULT
    on: [TABLED]
    outcome: REFERRED
""")
        said = self.say("explain", "ladder.yaml")
        stages = ["Stage" + part for part in said.split("Hash:")[0].split("Stage")]
        self.assertNotIn("TABLED", stages[0])
        self.assertEqual([line for line in stages[1].splitlines() if " leads to " in line], ["  BLOCKED leads to stage 2, outside."])
        self.assertIn("TABLED leads to stage 4, later.", stages[2])
        self.assertIn("the outcome stays as it was", stages[2])
        self.assertIn("the outcome is REJECTED", stages[3])
        self.assertNotIn("TABLED", stages[3])

    def test_differences(self):
        self.world.file("strict.yaml", RULE.replace("1/2", "2/3").replace("more_than", "at_least") + "silence: CONSENT\n")
        document = self.ask("diff", "swaps.yaml", "strict.yaml", exit=DIFFERS)
        self.assertFalse(document["same"])
        rows = {row["what"]: row for row in document["differences"]}
        self.assertEqual(set(rows), {"test most", "silence"})
        self.assertEqual(rows["silence"]["first"], "NOTHING, left out")
        self.assertIn("more than 1/2", rows["test most"]["first"])
        self.assertIn("at least 2/3", rows["test most"]["second"])
        self.assertIn("silence: NOTHING, left out; in the second: CONSENT",
                      self.say("diff", "swaps.yaml", "strict.yaml", exit=DIFFERS))
        self.assertIn("the same", self.say("diff", "swaps.yaml", "swaps.yaml"))

    def test_simulated(self):
        document = self.ask("simulate", "swaps.yaml", "ballots.csv")
        self.assertEqual((document["outcome"]["kind"], document["ballots"], document["leads_to"]), ("ADOPTED", 3, None))
        self.assertIn("2 of 3 ballots cast", self.say("simulate", "swaps.yaml", "ballots.csv"))
        self.world.file("no.csv", BALLOTS.replace("yes", "no"))
        self.assertEqual(self.ask("simulate", "swaps.yaml", "no.csv")["outcome"]["kind"], "NOT_YET")
        self.assertEqual(self.ask("simulate", "swaps.yaml", "no.csv", "--last-round")["outcome"]["kind"], "REJECTED")
        leads = self.ask("simulate", "two-ballot-ratification", "no.csv")
        self.assertEqual(leads["leads_to"], {"stage": 1, "name": "strike"})

    def test_simulated_with_everything_of_a_roll(self):
        self.world.file("sites.csv", "member,constituency,side,site,standing,weight,office,present,recused,notified,answer\n"
                                     "ada,union,workers,north,party,3,co-chair,yes,no,yes,yes\n"
                                     "ben,union,workers,south,party,1,,no,no,no,no\n"
                                     "carla,management,employers,north,party,1,,yes,yes,no,no\n"
                                     "eli,convener,,south,neutral,1,facilitator,yes,no,no,no\n")
        document = self.ask("simulate", "double-majority", "sites.csv")
        self.assertEqual(document["outcome"]["tallies"][0]["recused"], 1)
        self.assertEqual([row["subject"] for row in document["outcome"]["tests"]], ["", "north", "south"])
        self.assertNotEqual(document["outcome"]["kind"], "ADOPTED")

    def test_simulated_rankings(self):
        self.world.file("options.csv", "option,default\nbach,\nchopin,\nnone,yes\n")
        self.world.file("ranks.csv", "member,constituency,ranks\nada,union,bach > chopin = none\nben,union,2 > 1\n"
                                     "carla,management,bach > none\ndev,management,\n")
        document = self.ask("simulate", "ranked-choice", "ranks.csv", "--options", "options.csv")
        self.assertEqual((document["outcome"]["kind"], document["outcome"]["chosen"]), ("ADOPTED", [1]))
        self.assertIn("--options", self.ask("simulate", "ranked-choice", "ranks.csv", exit=USAGE)["error"]["what"])
        for ranks, part in (("bach >", "`` is no option"), ("bach > Bach", "`bach` is there twice"), ("satie", "`satie` is no option"),
                            ("bach = 4", "Its options: bach, chopin, none")):
            self.world.file("wrong.csv", f"member,constituency,ranks\nada,union,{ranks}\n")
            self.assertIn(part, self.say("simulate", "ranked-choice", "wrong.csv", "--options", "options.csv", exit=USAGE))
        for options, part in (("option\nbach\n", "two or more"), ("option\nbach\nbach\n", "same label"),
                              ("option,default\nbach,\nnone,maybe\n", "`maybe` in the column default: it is yes or no"),
                              ("option\nbach\nchopin\n", "by which things stay as they are"),
                              ("option,default\nbach,yes\nnone,yes\n", "One option alone"),
                              ("option,majority,default\nbach,huge,\nnone,,yes\n", "no majority of that name")):
            self.world.file("bad.csv", options)
            self.assertIn(part, self.say("simulate", "ranked-choice", "ranks.csv", "--options", "bad.csv", exit=USAGE))
        self.world.file("runoff.csv", "member,constituency,ranks\nada,union,bach = chopin\n")
        self.world.file("two.csv", "option\nbach\nchopin\n")
        self.assertIn("same rank", self.say("simulate", "instant-runoff", "runoff.csv", "--options", "two.csv", exit=USAGE))

    def test_simulated_without_a_weight(self):
        self.world.file("east.csv", "member,constituency,site,answer\nada,union,north,yes\nben,union,south,no\ncarla,management,east,no\n")
        self.assertIn("The table has east, of which the rule states no weight", self.say("simulate", "double-majority", "east.csv", exit=USAGE))
        self.world.file("none.csv", "member,constituency,answer\nada,union,yes\n")
        self.assertIn("that nobody of the table belongs to", self.say("simulate", "double-majority", "none.csv", exit=USAGE))

    def test_tables_that_are_none(self):
        self.assertIn("Not done: not-there.csv cannot be opened", self.say("simulate", "swaps.yaml", "not-there.csv", exit=USAGE))
        for text, part in (("member;constituency;answer\nada;union;yes\n", "semicolons"),
                           ('member,constituency,answer\n"ada,union,yes\n', "quotation mark"), ("", "empty")):
            self.world.file("wrong.csv", text)
            said = self.say("simulate", "swaps.yaml", "wrong.csv", exit=USAGE)
            self.assertIn(part, said)
            self.assertIn("Not done: wrong.csv: ", said)
            self.assertIn("Next: comity help rule simulate", said)

    def test_files_that_are_too_large(self):
        """A file that cannot be used ends with 2, however large it is."""
        self.world.file("large.yaml", "# " + "x" * 5_000_000)
        self.assertEqual(self.ask("check", "large.yaml", exit=USAGE)["error"]["name"], "TOO_LARGE")
        self.assertEqual(self.world.ask("nobody", "count", "large.yaml", "--method", "irv", exit=USAGE)["error"]["name"], "TOO_LARGE")

    def test_tables_that_cannot_be_counted(self):
        for text, part in (("member,answer\nada,yes\n", "the column constituency"), (BALLOTS.replace("answer", "anser"), "a column `anser`"),
                           (BALLOTS.replace("ada", "ben"), "another row"), (BALLOTS.replace(",no", ",maybe"), "no answer of this rule"),
                           (BALLOTS.replace("answer", "score"), "`yes`"), ("member,constituency\n", "no row"),
                           ("member,constituency,side\na,u,x\nb,u,y\n", "another side")):
            self.world.file("wrong.csv", text)
            said = self.say("simulate", "swaps.yaml", "wrong.csv", exit=USAGE)
            self.assertIn(part, said)
        self.world.file("nobody.csv", BALLOTS)
        self.world.file("side.yaml", RULE.replace("WHOLE", "SIDE workers"))
        self.assertEqual(self.ask("simulate", "side.yaml", "nobody.csv", exit=USAGE)["error"]["name"], "SCOPE")


class Adopted(CliCase):
    """A file becomes a rule of the partnership."""

    def test_adopted_from_a_file(self):
        self.world.file("swaps.yaml", RULE)
        self.ask("ada", "body", "create", "swappers", "--title", "Swappers", "--seats", "union=1", "--seats", "management=1",
                 *self.world.with_key("carla"))
        self.ask("ada", "rule", "adopt", "--file", "swaps.yaml", "--body", "swappers", *self.world.with_key("carla"))
        adopted = self.ask("dev", "rule", "show", "swaps", "--adopted")
        self.assertEqual(adopted["hash"], self.ask("dev", "rule", "show", "./swaps.yaml")["hash"])
        self.assertTrue(self.ask("dev", "rule", "diff", "swaps", "swaps.yaml")["same"])
        self.world.file("strict.yaml", RULE.replace("1/2", "2/3"))
        self.ask("ada", "rule", "adopt", "--file", "strict.yaml", "--body", "swappers", *self.world.with_key("carla"))
        document = self.ask("dev", "rule", "diff", "swaps@1", "swaps@2", exit=DIFFERS)
        self.assertEqual([row["what"] for row in document["differences"]], ["test most"])
        self.assertEqual(self.ask("dev", "rule", "show", "swaps@1")["version"], 1)
        self.world.file("ballots.csv", BALLOTS)
        self.assertEqual(self.ask("dev", "rule", "simulate", "swaps@2", "ballots.csv")["outcome"]["kind"], "NOT_YET")
        self.refuse("dev", "rule", "show", "swaps@3", name="NOT_FOUND", exit=REFUSED)
        self.world.file("wrong.yaml", RULE.replace("1/2", "0.5"))
        error = self.refuse("ada", "rule", "adopt", "--file", "wrong.yaml", "--body", "swappers", *self.world.with_key("carla"),
                            name="MALFORMED", exit=USAGE)
        self.assertIn("wrong.yaml:17:16: `0.5` is a decimal number", error["what"])


if __name__ == "__main__":
    unittest.main()
