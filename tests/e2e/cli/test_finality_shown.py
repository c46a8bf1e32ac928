"""FINAL is said of what is shown only if all of it is: after everything was signed by witnesses of both parties, something
more happens to it, and each verb that shows it says so until they have signed that as well."""

import unittest

from cli_case import UNCOUNTED, CliCase
from witnesses import Witness

FINAL = "FINAL: a witness of every party has signed it."
NOT_YET = "Recorded, and in force; not FINAL yet: no witness of management has signed since number "


class Shown(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.union, cls.management = Witness(cls.world, "union-box", "ada"), Witness(cls.world, "office-box", "carla")
        cls.addClassCleanup(cls.union.close)
        cls.addClassCleanup(cls.management.close)

    def all_sign(self):
        """That of management falls behind afterwards: the union's signs whatever is asked about."""
        self.union.sign()
        return self.management.sign()

    def lines(self, *words, who="dev"):
        self.union.sign()
        return self.world.comity(who, *words)[1].splitlines()

    def is_told_final(self, *words):
        """What the page says at its end, and what a program is told: the same."""
        said = [line for line in self.lines(*words) if "FINAL" in line]
        is_final = self.ask("dev", *words)["finality"]["is_final"]
        self.assertEqual(len(said), 1, said)
        self.assertEqual(said[0] == FINAL, is_final, said)
        if not is_final:
            self.assertTrue(said[0].startswith(NOT_YET), said)
        return is_final

    def row(self, verb, rows, number):
        """(what the table says, what a program is told) of one row of a list; the numbers come first."""
        said = [line for line in self.lines(*verb) if line.split()[:1] == [str(number)]]
        row = [row for row in self.ask("dev", *verb)[rows] if row["number"] == number]
        self.assertEqual((len(said), len(row)), (1, 1), (said, row))
        self.assertEqual("FINAL" in said[0] and "not FINAL yet" not in said[0], row[0]["is_final"], said)
        return said[0], row[0]["is_final"]

    def decide(self, answer="agree"):
        number = self.world.open_round(self.world.propose())
        reason = ["--reason", "No."] if answer == "block" else []
        for who, says in (("ada", answer), ("ben", "agree"), ("carla", "agree"), ("dev", "agree")):
            self.ask(who, "vote", number, says, *(reason if who == "ada" else []))
        self.ask("eli", "round", "close", number)
        return number

    def decision_of(self, number):
        [decision] = [row["number"] for row in self.ask("dev", "decisions")["decisions"] if row["round"] == number]
        return decision

    def declare(self, number, outcome):
        self.ask("ada", "decision", "declare", number, outcome, "--reason", "We agreed afterwards.", *self.world.with_key("carla"))

    def test_a_round_that_is_declared_adopted(self):
        number = self.decide("block")
        self.all_sign()
        for verb in (["outcome", number], ["round", "show", number]):
            self.assertTrue(self.is_told_final(*verb), verb)
        self.assertTrue(self.row(["round", "list"], "rounds", number)[1])
        self.declare(number, "adopted")
        decision = self.decision_of(number)
        for verb in (["outcome", number], ["round", "show", number], ["decision", "show", decision]):
            self.assertFalse(self.is_told_final(*verb), verb)
        self.assertIn("ADOPTED, not FINAL yet", self.row(["round", "list"], "rounds", number)[0])
        self.assertFalse(self.row(["decisions"], "decisions", decision)[1])
        self.all_sign()
        for verb in (["outcome", number], ["round", "show", number], ["decision", "show", decision]):
            self.assertTrue(self.is_told_final(*verb), verb)
        self.assertIn("ADOPTED, FINAL", self.row(["round", "list"], "rounds", number)[0])

    def test_a_round_that_is_declared_rejected(self):
        number = self.decide()
        decision = self.decision_of(number)
        self.all_sign()
        self.assertTrue(self.row(["decisions"], "decisions", decision)[1])
        self.declare(number, "rejected")
        self.assertIn("ended, not FINAL yet", self.row(["decisions"], "decisions", decision)[0])
        for verb in (["outcome", number], ["decision", "show", decision]):
            self.assertFalse(self.is_told_final(*verb), verb)
        entry = [row for row in self.ask("dev", "register", "--all")["register"] if row["decision"]["number"] == decision]
        self.assertFalse(entry[0]["is_final"])
        self.all_sign()
        self.assertIn("ended, FINAL", self.row(["decisions"], "decisions", decision)[0])

    def test_answers_in_an_open_round(self):
        number = self.world.open_round(self.world.propose())
        self.all_sign()
        self.assertTrue(self.is_told_final("round", "show", number))
        self.ask("ada", "vote", number, "agree")
        self.assertFalse(self.is_told_final("round", "show", number))
        self.all_sign()
        self.assertTrue(self.is_told_final("round", "show", number))
        self.ask("eli", "round", "close", number)
        self.assertFalse(self.is_told_final("round", "show", number))

    def test_a_review(self):
        decision = self.decision_of(self.decide())
        self.all_sign()
        self.assertTrue(self.is_told_final("decision", "show", decision))
        self.ask("ben", "decision", "review", decision, "--note", "It works.")
        self.assertIn("Reviewed", "\n".join(self.lines("decision", "show", decision)))
        self.assertFalse(self.is_told_final("decision", "show", decision))
        self.assertFalse(self.row(["decisions"], "decisions", decision)[1])
        self.all_sign()
        self.assertTrue(self.is_told_final("decision", "show", decision))

    def entry(self, decision):
        """What the register says of it."""
        heads = [line for line in self.lines("register") if line.startswith(f"Decision {decision}, ")]
        [row] = [row for row in self.ask("dev", "register")["register"] if row["decision"]["number"] == decision]
        self.assertEqual("not FINAL yet" not in heads[0], row["is_final"], heads)
        return row["is_final"]

    def test_what_is_owed(self):
        decision = self.decision_of(self.decide())
        self.all_sign()
        self.assertTrue(self.entry(decision))
        mandate = self.ask("ada", "mandate", "give", decision, "--to-member", "Dev Patel", "--text", "Two days.",
                           *self.world.with_key("carla"))["number"]
        self.assertFalse(self.entry(decision))
        self.all_sign()
        self.assertEqual((self.entry(decision), self.is_told_final("mandate", "show", mandate)), (True, True))
        self.ask("dev", "mandate", "report", mandate, "--text", "Done.")
        self.assertEqual((self.entry(decision), self.is_told_final("mandate", "show", mandate)), (False, False))
        self.all_sign()
        self.ask("ada", "action", "add", "Write form 7", "--owner", "Ben Ruiz", "--due", "2999-01-01", "--decision", decision)
        self.assertEqual((self.entry(decision), self.is_told_final("mandate", "show", mandate)), (False, True))

    def paper(self, number):
        """What the paper says in the section of the round, and in that of its decision."""
        text = "\n".join(self.lines("pack", "after", 1))
        sections = [part for part in text.split("\n### ") if part.startswith((f"Round {number} ", "Decision "))]
        [of_round] = [part for part in sections if part.startswith(f"Round {number} ")]
        of_decision = [part for part in sections if part.startswith("Decision ") and f" in round {number}." in part]
        return [(FINAL in part, NOT_YET in part) for part in [of_round, *of_decision]]

    def test_a_paper(self):
        yes, not_yet = (True, False), (False, True)
        number = self.decide()
        self.all_sign()
        self.assertEqual(self.paper(number), [yes, yes])
        self.declare(number, "rejected")
        self.assertEqual(self.paper(number), [not_yet, not_yet])
        self.all_sign()
        self.assertEqual(self.paper(number), [yes, yes])

    def test_what_is_on_its_way(self):
        """Lists and pages of what leads to an outcome say it, where something of them is recorded and no more."""
        proposal = self.world.propose()
        item = self.ask("dev", "proposal", "show", proposal)["proposal"]["item"]
        pages = (["proposal", "show", proposal], ["item", "show", item], ["session", "show", 1])
        self.all_sign()
        for verb in pages:
            self.assertTrue(self.is_told_final(*verb), verb)
        self.assertTrue(self.row(["proposal", "list"], "proposals", proposal)[1])
        self.ask("dev", "proposal", "revise", proposal, "--text", "Within two days.")
        for verb in pages[:2]:
            self.assertFalse(self.is_told_final(*verb), verb)
        self.assertFalse(self.row(["proposal", "list"], "proposals", proposal)[1])
        self.all_sign()
        self.ask("ada", "concern", "raise", proposal, "Too long.")
        self.assertFalse(self.is_told_final("proposal", "show", proposal))
        self.assertTrue(self.row(["proposal", "list"], "proposals", proposal)[1])   # which does not show it
        self.ask("ben", "item", "add", 1, "Lunch")
        self.assertFalse(self.is_told_final("session", "show", 1))

    def test_a_receipt_that_one_party_has_signed(self):
        """FINAL is what a witness of every party has signed; a receipt does not tell who is one."""
        act = self.ask("ben", "item", "add", 1, "Lunch")["receipt"]
        self.union.sign()
        name = f"{act['command_id']}.receipt"
        saved = self.ask("ben", "receipt", "save", act["command_id"], name)
        asked = ["receipt", "verify", self.world.directory / name, "--log-key", saved["log_key"], "--witness", self.union.hex]
        output = self.world.comity("stranger", *asked)[1]
        self.assertNotIn("FINAL", output)
        self.assertIn("Every witness that you named has signed a record that holds it.", output)
        document = self.ask("stranger", *asked)
        self.assertIs(document["is_witnessed"], True)
        self.assertNotIn("is_final", document)
        document = self.ask("stranger", *asked, "--witness", self.management.hex, exit=UNCOUNTED)
        self.assertIs(document["is_witnessed"], False)

    def test_a_copy_tells_what_was_declared(self):
        number = self.decide("block")
        self.all_sign()
        self.declare(number, "adopted")
        self.ask("dev", "export", f"{number}.record")
        told = f"Round {number} was declared otherwise, number "
        for verb in ("audit", "recount"):
            output = self.world.comity("stranger", verb, f"{number}.record")[1]
            self.assertEqual(output.count(told), 1, output)
            document = self.ask("stranger", verb, f"{number}.record")
            [row] = [row for row in document["declared"] if row["round"] == number]
            self.assertEqual((row["outcome"], row["computed"]), ("ADOPTED", "BLOCKED"))
            [event] = self.ask("dev", "events", "--from", row["sequence"], "--limit", 1)["events"]
            self.assertEqual(event["event"]["outcome_declared"]["round"], number)
            self.assertEqual([row["verdict"] for row in document["counts"] if row["round"] == number], ["same"])
        audited = [row["is_final"] for row in self.ask("stranger", "audit", f"{number}.record")["counts"] if row["round"] == number]
        self.assertEqual(audited, [False])      # the count is; that something else holds is not
        self.all_sign()
        self.ask("dev", "export", f"{number}.signed")
        audited = [row["is_final"] for row in self.ask("stranger", "audit", f"{number}.signed")["counts"] if row["round"] == number]
        self.assertEqual(audited, [True])


if __name__ == "__main__":
    unittest.main()
