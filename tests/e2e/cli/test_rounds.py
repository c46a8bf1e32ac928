"""Rounds of every form by the command line: options, rankings, choices and scores; lists; what a ballot comes with; and that nothing
of a hidden round shows before it closes."""

import json
import unittest

from cli_case import CliCase, REFUSED, USAGE
from export_file import ExportFile, field_of, fields

SUPPORT = ["AGREE", "RESERVED"]
ABSTAIN = [{"answer": 9, "label": "abstain", "stance": "ABSTAIN"}]
MOST = {"bound": "MORE_THAN", "numerator": 1, "denominator": 2}


def test_of(count, base="CAST", **more):
    return {"name": "test", "class": "SUPPORT", "scope": {"kind": "WHOLE"}, "count": count, "against": {"kind": base}, **MOST, **more}


def ranking_rule(**more):
    return {"name": "ranked", "form": "RANKING", "roll": "SEATS", "frozen": "ROUND", "rounds": 1, "scale": ABSTAIN,
            "ranking": {"method": "SCHULZE", "needs_default": True,
                        "majorities": [{"name": "most", "bound": "AT_LEAST", "numerator": 2, "denominator": 1}]}, **more}


def choice_rule(**more):
    return {"name": "chosen", "form": "CHOICE", "roll": "SEATS", "frozen": "ROUND", "rounds": 1, "scale": ABSTAIN,
            "tests": [test_of({"kind": "LEADING"})], "ties": ["STATED_ORDER"], **more}


def score_rule(**more):
    return {"name": "scored", "form": "SCORE", "roll": "SEATS", "frozen": "ROUND", "rounds": 1, "scale": ABSTAIN,
            "scores": {"least": 0, "most": 5}, "tests": [test_of({"kind": "SCORE_AT_LEAST", "score": 3})], **more}


class Rounds(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        world.join_recorder()
        world.ask("ada", "invite", "Fay Lindt", "--out", "fay.invitation")
        world.ask("fay", "join", "fay.invitation")
        for rule in (ranking_rule(), choice_rule(), score_rule(), score_rule(name="listed", roll="LIST", list="electors"),
                     choice_rule(name="secretive", visibility="UNTIL_CLOSE"),
                     ranking_rule(name="quiet", visibility="UNTIL_CLOSE"),
                     score_rule(name="hushed", visibility="UNTIL_CLOSE")):
            cls.adopt(rule)

    @classmethod
    def adopt(cls, rule):
        cls.world.file("rule.json", json.dumps(rule))
        cls.world.ask("ada", "rule", "adopt", "--file", "rule.json", *cls.world.with_key("carla"))

    def open(self, rule, *words):
        return self.ask("eli", "round", "open", self.world.propose(f"About {self.id()}."), "--rule", rule, *words)["number"]

    def answers(self, who, number):
        rows = self.ask(who, "ballots", number)["ballots"]
        return {row["member"]: row for row in rows}

    def test_a_ranking(self):
        proposal = self.world.propose("Where the canteen goes.")
        start = ["eli", "round", "open", proposal, "--rule", "ranked"]
        self.assertIn("two or more", self.refuse(*start, name="MISSING")["what"])
        error = self.refuse(*start, "--option", "stay", "--option", "Up!", "--default", "stay", name="NAME")
        self.assertIn("label", error["what"])
        self.assertIn("stay as they are", self.refuse(*start, "--option", "stay", "--option", "roof", name="MISSING")["what"])
        self.refuse(*start, "--option", "stay", "--option", "roof", "--default", "cellar", name="USAGE", exit=USAGE)
        error = self.refuse(*start, "--option", "stay", "--option", "roof", "--default", "stay", "--majority", "roof=all",
                            name="NOT_FOUND")
        self.assertIn("majority", error["what"])
        code, output, errors = self.world.comity(*start, "--option", "stay", "--option", "roof=Onto the roof, with a lift",
                                                 "--option", "yard", "--default", "stay", "--majority", "roof=most",
                                                 "--question", "Where to?")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("Asked: Where to?\nOptions:\n  1  stay (things stay as they are)\n"
                      "  2  roof (needs the majority most): Onto the roof, with a lift\n  3  yard\n", output)
        number = self.ask("eli", "round", "list")["rounds"][-1]["number"]
        self.assertIn("Asked: Where to?", self.world.comity("ada", "round", "show", number)[1])

        error = self.refuse("ada", "vote", number, "cellar > roof", name="OPTION")
        self.assertIn("`cellar` is no option of this round. Its options: stay, roof, yard.", error["what"])
        self.assertIn("`roof` is there twice", self.refuse("ada", "vote", number, "roof > yard = 2", name="DUPLICATE")["what"])
        self.refuse("ada", "vote", number, "roof >", name="OPTION")
        code, output, errors = self.world.comity("ada", "vote", number, "Roof > 3=stay")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("  2  roof (needs the majority most): Onto the roof, with a lift\n", output)
        self.assertIn("Your answer is `roof > stay = yard`.", output)
        self.assertEqual(self.ask("ben", "vote", number, "roof")["said"], "roof")
        self.ask("carla", "vote", number, "roof > yard > stay")
        self.ask("dev", "vote", number, "abstain")
        rows = self.answers("eve", number)
        self.assertEqual([(rows[n]["ranks"], rows[n]["answer"]) for n in (1, 2, 4)], [([2, 1, 2], 0), ([0, 1, 0], 0), ([], 9)])
        table = self.world.comity("eve", "ballots", number)[1]
        self.assertIn("roof > yard > stay", table)
        self.assertRegex(table, r"Dev Patel +abstain")
        self.ask("eli", "round", "close", number)
        outcome = self.ask("eve", "outcome", number)
        self.assertEqual((outcome["outcome"], outcome["round"]["outcome"]["chosen"]), ("ADOPTED", [2]))

    def test_reasons_stand_with_what_was_answered(self):
        """Of every form, wherever reasons are shown; and who can answer once alone is told so before."""
        self.adopt(choice_rule(name="once", change="ONCE"))
        number = self.open("once", "--option", "north", "--option", "south=By the river", "--question", "Where to?")
        said = self.world.comity("ada", "vote", number, "south", "--reason", "Nearer to the bus.")[1]
        self.assertIn("What you answer is final", said)
        self.ask("carla", "vote", number, "south")
        self.ask("eli", "round", "close", number)
        said = self.world.comity("ada", "outcome", number)[1]
        self.assertIn("Ada Okafor (south): Nearer to the bus.", said)
        self.assertIn("Asked: Where to?\nOptions:\n  1  north\n  2  south: By the river\n", said)
        minutes = self.world.comity("eli", "minutes", "draft", 1, "--print")[1]
        for words in ("- Asked: Where to?\n- Options:\n  - 1  north\n  - 2  south: By the river\n", "- Ada Okafor, south:\n"):
            self.assertIn(words, minutes)
        self.assertIn("Ada Okafor (south): Nearer to the bus.", self.world.comity("ada", "register")[1])
        number = self.open("scored")
        said = self.world.comity("ada", "vote", number, "4", "--reason", "Good, but dear.")[1]
        self.assertNotIn("What you answer is final", said)
        self.ask("eli", "round", "close", number)
        self.assertIn("Ada Okafor (4): Good, but dear.", self.world.comity("ada", "outcome", number)[1])

    def test_a_choice_and_its_ties(self):
        number = self.open("chosen", "--option", "north", "--option", "south", "--tie-order", "south, north")
        self.assertEqual(self.ask("ada", "round", "show", number)["round"]["tie_order"], [2, 1])
        self.assertIn("the earlier of these is preferred: south, north", self.world.comity("ada", "round", "show", number)[1])
        self.refuse("ada", "vote", number, "3", name="OPTION")
        self.ask("ada", "vote", number, "north")
        self.refuse("ada", "vote", number, "south", name="EXISTS")
        self.ask("ada", "vote", number, "south", "--replace")
        self.assertEqual(self.answers("eve", number)[1]["choice"], 2)
        self.ask("ben", "vote", number, 2)
        self.ask("carla", "vote", number, "north")
        self.ask("eli", "round", "close", number)
        self.assertEqual(self.ask("eve", "outcome", number)["round"]["outcome"]["chosen"], [2])

    def test_scores_and_a_table_of_them(self):
        number = self.open("scored")
        for typed in ("6", "agree", "4x"):
            self.assertIn("from 0 to 5", self.refuse("ada", "vote", number, typed, name="USAGE", exit=USAGE)["what"])
        self.ask("ada", "vote", number, "0")
        self.world.file("paper.csv", "member,answer,reason,medium,alternative\nBen Ruiz,4,,paper,A smaller one\nCarla Weiss,abstain,,phone,\n"
                                     "Dev Patel,9,,paper,\n")
        enter = ["rena", "ballots", "import", "paper.csv", "--round", number, *self.world.with_key("ada")]
        faults = self.ask(*enter, exit=USAGE)["faults"]
        self.assertEqual(len(faults), 1, faults)
        self.assertIn("from 0 to 5", faults[0])
        self.world.file("paper.csv", "member,answer,alternative\nBen Ruiz,4,A smaller one\nCarla Weiss,abstain,\n")
        self.ask(*enter)
        rows = self.answers("eve", number)
        self.assertEqual([rows[1]["score"], rows[2]["score"], rows[3]["score"]], [{"value": 0}, {"value": 4}, None])
        self.assertEqual(rows[2]["alternative"]["text"], "A smaller one")
        self.ask("dev", "vote", number, "3")
        self.ask("eli", "round", "close", number)
        self.assertEqual(self.ask("eve", "outcome", number)["outcome"], "ADOPTED")

    def test_a_list_answers(self):
        proposal = self.world.propose("Whom it is asked.")
        start = ["eli", "round", "open", proposal, "--rule", "listed"]
        self.assertIn("electors", self.refuse(*start, name="NOT_FOUND")["what"])
        self.refuse("ada", "list", "set", "electors", "--constituency", "management", "--member", "Dev Patel", name="FORBIDDEN")
        self.refuse("ada", "list", "set", "electors", "--constituency", "union", "--member", "Dev Patel", name="FORBIDDEN")
        self.refuse("ada", "list", "set", "electors", "--constituency", "union", name="USAGE", exit=USAGE)
        made = self.ask("ada", "list", "set", "electors", "--constituency", "union", "--member", "Fay Lindt", "--member", "Ada Okafor")
        self.assertEqual(len(made["event"]["list_set"]["list"]["members"]), 2)
        self.world.file("part.csv", "member,weight\nDev Patel,3\n")
        self.world.file("none.csv", "member\n")
        error = self.refuse("ada", "list", "set", "electors", "--constituency", "union", "--file", "none.csv", name="USAGE", exit=USAGE)
        self.assertIn("--empty", error["next"])
        weigh = ["carla", "list", "set", "electors", "--constituency", "management", "--file", "part.csv"]
        self.refuse(*weigh, name="COSIGNERS")
        self.ask(*weigh, *self.world.with_key("ada"))
        self.world.file("part.csv", "member\nNobody\n")
        self.assertEqual(len(self.ask(*weigh, exit=USAGE)["faults"]), 1)
        self.assertRegex(self.world.comity("eve", "list", "show", "electors")[1], r"Dev Patel +management +3")
        self.assertEqual(len(self.ask("eve", "list", "list")["lists"]), 2)
        self.refuse("eve", "list", "show", "nobody", name="NOT_FOUND")
        number = self.ask(*start)["number"]
        self.refuse("ben", "vote", number, "4", name="NOT_ON_ROLL")  # a seat is not asked
        self.ask("fay", "vote", number, "4")                         # and a member of the list needs none
        self.assertEqual(self.ask("fay", "round", "show", number)["round"]["eligible"], 3)
        self.ask("fay", "round", "acknowledge", number)
        self.refuse("fay", "round", "acknowledge", number, name="EXISTS")
        self.refuse("ben", "round", "acknowledge", number, name="NOT_ON_ROLL")
        self.ask("ada", "list", "set", "electors", "--constituency", "union", "--empty")
        self.ask("ada", "vote", number, "1")  # the round keeps its roll
        self.ask("eli", "round", "close", number)
        self.assertEqual(self.ask("eve", "outcome", number)["round"]["outcome"]["tallies"][0]["answered"], 2)

    def test_nothing_of_a_hidden_round_shows(self):
        """Two members answer differently, one in many words: everybody else sees the same of both."""
        canary, quiet = "canary-77e1", ("ada", "carla")
        for rule, words, loud in [("quiet", ["--option", "stay", "--option", "roof", "--option", "yard", "--default", "stay"],
                                   "yard > roof = stay"), ("secretive", ["--option", "stay", "--option", "yard"], "yard"),
                                  ("hushed", [], "5")]:
            number = self.open(rule, *words)
            self.ask(quiet[0], "vote", number, "abstain")
            self.ask("ben", "vote", number, loud, "--alternative", f"{canary} {'x' * 3000}", "--reason", f"{canary} why")
            error = self.refuse("ben", "vote", number, loud, name="EXISTS")
            self.assertIn("You have answered", error["what"])  # one's own is one's own
            for who in ("eve", "carla", "eli"):
                seen = json.dumps([self.ask(who, "ballots", number), self.ask(who, "round", "show", number),
                                   self.ask(who, "history", "--round", number),
                                   self.ask(who, "outcome", number, exit=REFUSED)["error"]])
                self.assertNotIn(canary, seen)
                self.assertEqual(self.answers(who, number), {})
            self.assertEqual(set(self.answers("ben", number)), {2})
            logs = b"".join(path.read_bytes() for path in (self.world.data / "log").iterdir() if path.is_file())
            self.assertNotIn(canary.encode(), logs)
            self.assertNotIn(f"ballot_cast={number}".encode(), logs)
            events = self.ask("eve", "history", "--round", number)["history"]
            shapes = [{key: value for key, value in row["event"].items() if key == "ballot_cast"} for row in events
                      if row["kind"] == "ballot_cast"]
            self.assertEqual(len(shapes), 2)
            for shape in shapes:  # who answered, and nothing else
                self.assertEqual(set(shape["ballot_cast"]), {"round", "member", "replaces", "settles"})
            self.ask("eli", "round", "close", number)
            self.assertIn(canary, json.dumps(self.ask("eve", "ballots", number)))

    def copies(self, who, number):
        """A member's copy of the record, and of each ballot of the round in it the bytes of every part, by its voter."""
        path = self.world.directory / f"{who}-{number}-{self.id()}.export"
        self.ask(who, "export", path)
        exported = ExportFile(path)
        casts = [row for row in self.ask(who, "history", "--round", number)["history"] if row["kind"] == "ballot_cast"]
        parts = {}
        for row in casts:
            record = field_of(field_of(exported.records[exported.place(row["sequence"])], 3), 1)
            parts[row["event"]["ballot_cast"]["member"]] = [value for at, _, value in fields(record) if at == 2]
        return path.read_bytes(), parts

    def test_a_copy_of_before_the_close_shows_nothing(self):
        """Whoever copies the record sees of two ballots as many parts, of the same sizes. Of a round that is OPEN the same
        look finds everything, so that it would have found it here."""
        canary = "canary-b3f0"
        options = ["--option", "stay", "--option", "roof", "--option", "yard"]
        rounds = [("quiet", "ranked", [*options, "--default", "stay"], "abstain", "yard > roof = stay"),
                  ("quiet", "ranked", [*options, "--default", "stay"], "stay", "yard > roof > stay"),
                  ("secretive", "chosen", options, "stay", "yard"), ("hushed", "scored", [], "0", "5")]
        for hidden, shown, words, short, long in rounds:
            for rule in (hidden, shown):
                number = self.open(rule, *words)
                self.ask("ada", "vote", number, short)
                self.ask("carla", "vote", number, long, "--alternative", f"{canary} {'x' * 2000}", "--reason", f"{canary} {number}")
                data, parts = self.copies("eve", number)
                sizes = {member: [len(part) for part in each] for member, each in parts.items()}
                if rule == hidden:
                    self.assertEqual(sizes[1], sizes[3], rule)
                    self.assertEqual([len(each) for each in sizes.values()], [4, 4])
                    self.assertNotIn(f"{canary} {number}".encode(), data)
                    self.assertIn(f"{canary} {number}".encode(), self.copies("carla", number)[0])  # one's own is one's own
                else:
                    self.assertNotEqual(sizes[1], sizes[3], rule)
                    self.assertIn(f"{canary} {number}".encode(), data)
                self.ask("eli", "round", "close", number)


if __name__ == "__main__":
    unittest.main()
