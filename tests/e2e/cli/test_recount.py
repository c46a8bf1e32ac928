"""Anybody counts anew, from a copy of the record alone: what was decided, by which rule, out of which ballots. A copy
that was altered is told from one that was not, and what is altered is named."""

import json
import subprocess
import unittest

from cli_case import BUILD, CliCase, DIFFERS, DONE, UNCOUNTED, USAGE
from export_file import ExportFile

OPEN, COMMAND = 0, 1
ANSWER = [1, 33, 3]             # SignedCommand.command, Command.cast_ballot, CastBallot.answer
RULE_DENOMINATOR = [32, 1, 7, (5, 0), 8]  # Event.round_opened, RoundOpened.round, Round.rule, Rule.tests[0], denominator
OUTCOME_KIND = [34, 3, 1]       # Event.round_closed, RoundClosed.outcome, Outcome.kind
CONCERN = 5
REJECTED = 8


class Recount(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world, cls.events = cls.world, {}
        cls.first = world.open_round(world.propose())
        for who in ("ada", "ben", "carla", "dev"):
            cls.events[who] = world.ask(who, "vote", cls.first, "agree")["receipt"]["sequence"]
        key = next(row["key"] for row in world.ask("ada", "key", "list", "--all")["keys"] if row["member"] == 3)
        world.ask("dev", "key", "revoke", key)
        cls.events["close"] = world.ask("eli", "round", "close", cls.first)["receipt"]["sequence"]
        cls.second = world.open_round(world.propose("Swaps are approved within a week."))
        world.ask("ada", "vote", cls.second, "concern", "--reason", "Too long.")
        cls.copy = world.directory / "copy.record"
        world.ask("eve", "export", cls.copy)
        rounds = world.ask("eve", "events", "--from", 1)["events"]
        cls.events["open"] = next(row["sequence"] for row in rounds if row["kind"] == "round_opened")

    def recount(self, file, *words, exit=DONE):
        """By somebody who has no context, no key, and no server."""
        return self.ask("nobody", "recount", file, *words, exit=exit)

    def altered(self, name):
        return ExportFile(self.copy), self.world.directory / f"{name}.record"

    def test_the_same(self):
        document = self.recount(self.copy)
        self.assertEqual((document["same"], document["differing"], document["impossible"]), (1, 0, 0))
        self.assertTrue(document["is_whole"] and document["is_signed"])
        self.assertEqual(document["altered"], [])
        count = document["counts"][0]
        self.assertEqual((count["round"], count["verdict"], count["what"]), (self.first, "same", "closed"))
        self.assertEqual(count["sequence"], self.events["close"])
        self.assertEqual(count["counted"], count["recorded"])
        self.assertEqual(count["counted"]["kind"], "ADOPTED")

    def test_a_backup(self):
        """A worker's own stream has what is withheld from members, and more kinds of records."""
        backup = self.world.directory / "backup.record"
        subprocess.run([BUILD / "comity-worker", "export", "--config", self.world.data / "worker.ini", "--to", backup], check=True,
                       capture_output=True, timeout=120)
        document = self.recount(backup)
        self.assertEqual((document["same"], document["differing"], document["withheld"]), (1, 0, 0))
        self.assertTrue(document["is_whole"] and document["is_signed"])
        history = document["counts"][0]["history"]
        self.assertEqual(self.recount(backup, "--history", history)["same"], 1)
        self.assertEqual(self.recount(backup, "--history", "0" * 64, exit=UNCOUNTED)["same"], 0)

    def test_in_words(self):
        code, said, _ = self.world.comity("nobody", "recount", self.copy, self.first)
        self.assertEqual(code, DONE, said)
        shown = self.world.comity("eve", "outcome", self.first)[1]
        for line in shown.splitlines():
            if ": holds" in line or "on the roll" in line:
                self.assertIn(line, said)  # the working that the record shows
        self.assertIn("Counted anew: ADOPTED", said)
        self.assertIn("1 outcome is what the ballots come to.", said)
        self.assertIn("Shift swaps", said)

    def test_rekeyed_while_it_was_open(self):
        line = f"The ballot that it had signed, number {self.events['carla']} of the record, counts."
        shown = self.world.comity("eve", "outcome", self.first)[1]
        self.assertIn("The key of Carla Weiss was revoked", shown)
        self.assertIn(line, shown)
        self.assertIn(line, self.world.comity("nobody", "recount", self.copy, self.first)[1])

    def test_a_round_that_is_open(self):
        document = self.recount(self.copy, self.second, exit=UNCOUNTED)
        self.assertEqual(document["error"]["name"], "UNCOUNTED")
        self.assertIn(f"no round {self.second} has closed", document["error"]["what"])

    def test_a_ballot(self):
        file, path = self.altered("ballot")
        file.alter(self.events["dev"], COMMAND, ANSWER, lambda answer: CONCERN)
        document = self.recount(file.write(path), exit=DIFFERS)
        self.assertIn({"sequence": self.events["dev"], "sentence": "its command was altered: it does not fit its hash"},
                      document["altered"])
        differences = document["counts"][0]["differences"]
        self.assertEqual((differences[0]["recorded"], differences[0]["counted"]), ("ADOPTED", "NOT_YET"))
        self.assertTrue(any("management" in row["where"] and "test" in row["where"] for row in differences), differences)
        code, said, errors = self.world.comity("nobody", "recount", path)
        self.assertEqual(code, DIFFERS)
        self.assertIn("the outcome: the record says ADOPTED, the ballots say NOT_YET", said)
        self.assertIn(f"Number {self.events['dev']} of the record: its command was altered", said)
        self.assertIn("1 outcome is not what the ballots come to", errors)

    def test_a_threshold(self):
        file, path = self.altered("threshold")
        file.alter(self.events["open"], OPEN, RULE_DENOMINATOR, lambda denominator: denominator + 1)
        count = self.recount(file.write(path), exit=DIFFERS)["counts"][0]
        self.assertEqual(count["verdict"], "differs")
        self.assertIn("the rule of the round does not fit its hash", count["wrong"])
        self.assertIn("the rule of the round is not the one that was adopted", count["wrong"])
        self.assertTrue(any(row["field"] == "rule_hash" for row in count["differences"]))

    def test_the_outcome(self):
        file, path = self.altered("outcome")
        file.alter(self.events["close"], OPEN, OUTCOME_KIND, lambda kind: REJECTED)
        document = self.recount(file.write(path), exit=DIFFERS)
        self.assertEqual([(row["field"], row["recorded"], row["counted"]) for row in document["counts"][0]["differences"]],
                         [("kind", "REJECTED", "ADOPTED")])
        close = self.events["close"]
        self.assertEqual([(row["sequence"], row["sentence"]) for row in document["altered"]],
                         [(close, "its open part was altered: it does not fit its hash"),
                          (close + 1, "it makes a decision that no outcome leads to")])

    def test_a_ballot_that_is_left_out(self):
        file, path = self.altered("dropped")
        file.drop(self.events["ben"])
        document = self.recount(file.write(path), exit=DIFFERS)
        self.assertIn({"sequence": self.events["ben"], "sentence": "it is missing"}, document["altered"])
        self.assertFalse(document["is_signed"])
        where = f"ballot number {self.events['ben']} of the record"
        self.assertIn(where, [row["where"] for row in document["counts"][0]["differences"]])

    def test_a_file_that_was_cut(self):
        path = self.world.directory / "cut.record"
        path.write_bytes(self.copy.read_bytes()[:-100])
        document = self.recount(path, exit=UNCOUNTED)
        self.assertFalse(document["is_whole"] or document["is_signed"])
        self.assertIn("is not whole", document["error"]["what"])

    def test_what_is_no_copy(self):
        self.assertEqual(self.recount(self.world.file("none.record", "Dear all,\n"), exit=USAGE)["error"]["name"], "MALFORMED")
        self.assertEqual(self.recount("nowhere.record", exit=USAGE)["error"]["name"], "FILE")
        self.recount(self.copy, "zero", exit=USAGE)
        self.recount(self.copy, "--history", "12", exit=USAGE)

    def test_every_byte_of_the_copy_counts(self):
        """Whichever byte is flipped, a recount never says that all is the same."""
        data, path = bytearray(self.copy.read_bytes()), self.world.directory / "flipped.record"
        file = ExportFile(self.copy)
        start = sum(len(record) + (1 if len(record) < 128 else 2) for record in file.records[:file.place(self.events["open"])])
        for at in range(start, len(data), max(1, (len(data) - start) // 150)):
            data[at] ^= 1
            path.write_bytes(data)
            data[at] ^= 1
            code = self.world.comity("nobody", "recount", path)[0]
            self.assertIn(code, (DIFFERS, UNCOUNTED), f"byte {at}")


def scale(*answers):
    return [{"answer": n, "label": label, "stance": stance} for n, (label, stance) in enumerate(answers, start=1)]


YES_NO = scale(("yes", "AGREE"), ("no", "CONCERN"), ("block", "BLOCK"))
MORE_THAN_HALF = {"class": "SUPPORT", "against": {"kind": "CAST"}, "bound": "MORE_THAN", "numerator": 1, "denominator": 2}
SUPPORT = {"name": "support", "count": {"kind": "STANCES", "stances": ["AGREE", "RESERVED"]}, **MORE_THAN_HALF}
OPTIONS = [{"number": n, "label": label} for n, label in enumerate(("day", "night", "both"), start=1)]


def rule(name, form="STANCE", tests=(), roll="SEATS", **rest):
    base = {"name": name, "form": form, "roll": roll, "frozen": "ROUND", "rounds": 1, "tests": list(tests), "present": "EVER"}
    return json.dumps({**base, **({"scale": YES_NO} if form == "STANCE" else {}), **rest})


# Of each form and way to count, one rule, and what is answered by ada, ben, carla and dev.
FORMS = {
    "weights": (rule("weights", roll="LIST", list="staff", tests=[{**SUPPORT, "scope": {"kind": "WHOLE"}, "weighting": "WEIGHT"}]),
                ["yes", "no", "no", "no"]),
    "parity": (rule("parity", tests=[{**SUPPORT, "scope": {"kind": "WHOLE"}, "weighting": "PARITY"}]), ["yes", "no", "yes", "yes"]),
    "blocs": (rule("blocs", tests=[{**SUPPORT, "scope": {"kind": "WHOLE"}, "weighting": "SEATS",
                                    "bloc": {"tied": "ABSTAIN", "absent": "NOTHING"}}]), ["yes", "yes", "yes", "no"]),
    "sites": (rule("sites", tests=[{**SUPPORT, "scope": {"kind": "EACH_SITE", "quantifier": {
        "kind": "SHARE", "numerator": 1, "denominator": 2, "by_weight": True}}}],
        weights=[{"kind": "SITE", "name": "north", "weight": 3}, {"kind": "SITE", "name": "south", "weight": 2}]), ["yes", "no", "yes", "no"]),
    "choice": (rule("choice", "CHOICE", options=OPTIONS, ties=["STATED_ORDER"], tests=[
        {"name": "leading", "scope": {"kind": "WHOLE"}, "count": {"kind": "LEADING"}, **MORE_THAN_HALF}]), ["day", "day", "day", "night"]),
    "score": (rule("score", "SCORE", scores={"least": 0, "most": 10}, tests=[
        {"name": "high", "scope": {"kind": "WHOLE"}, "count": {"kind": "SCORE_AT_LEAST", "score": 7}, **MORE_THAN_HALF}]),
        ["9", "8", "7", "2"]),
    "pairs": (rule("pairs", "RANKING", options=OPTIONS, ranking={"method": "SCHULZE"}, ties=["STATED_ORDER"]),
              ["day > night", "day > both", "night > day", "both"]),
    "elect": (rule("elect", "RANKING", options=OPTIONS, ranking={"method": "STV_SCOTTISH", "seats": 2},
                   ties=["EARLIER_STAGES", "STATED_ORDER"]), ["day > night", "day > both", "night > day", "both"]),
    "ladder": (rule("ladder", tests=[{**SUPPORT, "scope": {"kind": "WHOLE"}}, {
        "name": "no-block", "class": "OBJECTION", "scope": {"kind": "WHOLE"}, "count": {"kind": "STANCES", "stances": ["BLOCK"]},
        "against": {"kind": "NONE"}, "bound": "AT_MOST", "numerator": 0, "denominator": 1}],
        stages=[{"kind": "SECONDING", "name": "seconds", "on": ["BLOCKED"], "within_ms": 86400000, "count": 1, "counts_as": "CONCERN"},
                {"kind": "DEFAULT", "name": "else", "on": ["BLOCKED"], "outcome": "ADOPTED"}]), ["yes", "yes", "yes", "block"]),
}


class Forms(CliCase):
    """Rounds of every form, counted anew from one copy: the same; and not, once one answer or weight is another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world, both, cls.rounds = cls.world, cls.world.with_key("carla"), {}
        world.file("union.csv", "member,weight\n1,5\n2,1\n")
        world.ask("ada", "list", "set", "staff", "--constituency", "union", "--file", "union.csv", *both)
        world.file("management.csv", "member,weight\n3,2\n4,1\n")
        world.ask("carla", "list", "set", "staff", "--constituency", "management", "--file", "management.csv",
                  *world.with_key("ada"))
        for name, (text, answers) in FORMS.items():
            world.file("rule.json", text)
            world.ask("ada", "rule", "adopt", "--file", "rule.json", "--body", "steering", *both)
            item = world.ask("ben", "item", "add", 1, name)["number"]
            proposal = world.ask("dev", "proposal", "make", item, name, "--text", f"By {name}.")["number"]
            number = cls.rounds[name] = world.ask("eli", "round", "open", proposal, "--rule", name)["number"]
            for who, answer in zip(("ada", "ben", "carla", "dev"), answers):
                world.ask(who, "vote", number, answer)
            world.ask("eli", "round", "close", number)
        world.ask("carla", "stage", "second", 1, 4)
        cls.copy = world.directory / "forms.record"
        world.ask("eve", "export", cls.copy)

    def test_all_are_the_same(self):
        document = self.ask("nobody", "recount", self.copy)
        self.assertEqual((document["differing"], document["impossible"], document["altered"]), (0, 0, []))
        closed = {row["round"]: row for row in document["counts"] if row["what"] == "closed"}
        self.assertEqual(sorted(closed), sorted(self.rounds.values()))
        stages = [(row["stage"], row["outcome"], row["verdict"]) for row in document["counts"] if row["what"] == "stage_ended"]
        self.assertEqual(stages, [(1, "BLOCKED", "same"), (2, "ADOPTED_BY_DEFAULT", "same")])

    def test_every_working_is_shown(self):
        for name, words in {"weights": "weight", "blocs": "of its own for", "sites": "by weight of the sites hold",
                            "choice": "Chosen: day", "score": "gave 9", "pairs": "day beats", "elect": "Stage 1",
                            "ladder": "block"}.items():
            shown = self.world.comity("eve", "outcome", self.rounds[name])[1]
            said = self.world.comity("nobody", "recount", self.copy, self.rounds[name])[1]
            self.assertIn(words, shown, shown)
            self.assertIn(words, said, said)
            self.assertIn("A facilitator closed it", shown)

    def test_every_answer_counts(self):
        """One answer of each round as another, with the hashes as they were."""
        events = self.ask("eve", "events")["events"]
        ballots = {row["event"]["ballot_cast"]["round"]: row["sequence"] for row in events if row["kind"] == "ballot_cast"}
        changes = {"choice": ([1, 33, 10], lambda option: 3), "score": ([1, 33, 7, 1], lambda score: score + 1),
                   "pairs": ([1, 33, 6], lambda ranks: bytes(reversed(ranks))),
                   "elect": ([1, 33, 6], lambda ranks: bytes(reversed(ranks)))}
        for name, number in self.rounds.items():
            path, change = changes.get(name, (ANSWER, lambda answer: 2 if answer != 2 else 1))
            file, altered = ExportFile(self.copy), self.world.directory / "answer.record"
            file.alter(ballots[number], COMMAND, path, change)
            count = self.ask("nobody", "recount", file.write(altered), number, exit=DIFFERS)["counts"][0]
            self.assertEqual(count["verdict"], "differs", name)

    def test_a_weight_counts(self):
        opened = next(row["sequence"] for row in self.ask("eve", "events")["events"] if row["kind"] == "round_opened"
                      and row["event"]["round_opened"]["round"]["number"] == self.rounds["weights"])
        file, altered = ExportFile(self.copy), self.world.directory / "weight.record"
        file.alter(opened, OPEN, [32, (2, 0), 7], lambda weight: weight - 1)
        document = self.ask("nobody", "recount", file.write(altered), self.rounds["weights"], exit=DIFFERS)
        where = [row["where"] for row in document["counts"][0]["differences"]]
        self.assertTrue(any("weight" in text for text in where), where)


if __name__ == "__main__":
    unittest.main()
