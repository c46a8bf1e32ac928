"""Ballots on paper and by telephone: a table of them is entered whole or not at all, with somebody of another
constituency, and its voters have the last word."""

import unittest

from cli_case import CliCase, REFUSED, USAGE


class Entered(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.join_recorder()

    def setUp(self):
        self.round = self.world.open_round(self.world.propose(f"Swaps are approved within a day. {self.id()}"))

    def enter(self, table, *words, who="rena", witness="ada", **options):
        self.world.file("paper.csv", table)
        signed = self.world.with_key(witness) if witness else []
        return self.world.ask(who, "ballots", "import", "paper.csv", "--round", self.round, *signed, *words, **options)

    def ballots(self, who="eve"):
        return {row["member"]: row for row in self.ask(who, "ballots", self.round)["ballots"]}

    def test_entered_confirmed_and_counted(self):
        entered = self.enter("member,answer,reason,medium\r\nAda Okafor,agree,,paper\r\n"
                             "\"Ben Ruiz\",reserved,\"Two clerks, at weekends\",phone\r\n")
        self.assertEqual(entered["event"]["ballots_entered"]["countersigned_by"], 1)
        rows = self.ballots()
        self.assertEqual([(rows[n]["stance"], rows[n]["medium"], rows[n]["standing"]) for n in (1, 2)],
                         [("AGREE", "PAPER", "ENTERED"), ("RESERVED", "PHONE", "ENTERED")])
        self.assertEqual(rows[2]["reason"]["text"], "Two clerks, at weekends")
        self.ask("ben", "ballots", "confirm", self.round)
        self.refuse("ben", "ballots", "confirm", self.round, name="STATE")
        self.refuse("carla", "ballots", "confirm", self.round, name="STATE")
        for who in ("carla", "dev"):
            self.ask(who, "vote", self.round, "agree")
        self.ask("eli", "round", "close", self.round)
        outcome = self.ask("eve", "outcome", self.round)
        self.assertEqual(outcome["outcome"], "ADOPTED")
        self.assertEqual(outcome["round"]["outcome"]["tallies"][0]["answered"], 4)
        self.assertEqual(len(outcome["round"]["outcome"]["ballots"]), 3)  # two came under one number
        words = self.world.comity("eve", "outcome", self.round)[1]
        self.assertIn("Counted from 4 ballots", words)
        self.assertIn("The ballot of Ben Ruiz came by phone, entered by Rena Voss with Ada Okafor: confirmed", words)

    def test_every_row_that_is_wrong_is_told_and_nothing_is_entered(self):
        table = ("member,answer,reason,medium\nAda Okafor,agree,,\nNobody,agree,,\nBen Ruiz,maybe,,\nCarla Weiss,block,,\n"
                 "Ada Okafor,block,no,\nEve Marsh,agree,,\nDev Patel,agree,,fax\n")
        answer = self.enter(table, exit=USAGE)
        faults = answer["faults"]
        self.assertEqual(len(faults), 6, faults)
        for row, what in zip(faults, ["Row 3 ", "Row 4 ", "Row 5 ", "Row 6 ", "Row 7 ", "Row 8 "]):
            self.assertTrue(row.startswith(what), row)
        self.assertIn("another row for Ada Okafor", faults[3])
        self.assertIn("not on the roll", faults[4])
        self.assertEqual(self.ballots(), {})
        self.world.file("paper.csv", table)
        code, output, errors = self.world.comity("rena", "ballots", "import", "paper.csv", "--round", self.round,
                                                 *self.world.with_key("ada"))
        self.assertEqual((code, output, errors.count("\nRow")), (USAGE, "", 5))
        self.assertIn("6 of 7 rows cannot be entered, so nothing was.", errors)

    def test_files_that_are_no_table(self):
        for table, what in [("", "empty"), ("member\n1\n", "has to name"), ("member,answer,age\n1,agree,3\n", "`age`"),
                            ("member,answer,answer\n1,agree,block\n", "twice"), ("member,answer\n", "no row"),
                            ("member,answer\n1\n", "fewer fields"), ("member,answer\n1,agree,2\n", "more fields"),
                            ("member,answer\n\"1\"x,agree\n", "quotation mark"),
                            ("member,answer\n" + "1,agree\n" * 501, "500"), ("member,answer\n" + "1,agree\n" * 10001, "many")]:
            error = self.enter(table, exit=None)["error"]
            self.assertIn(what, error["what"], table[:40])
        (self.world.directory / "latin.csv").write_bytes("member,answer,reason\n1,block,caf\xe9\n".encode("latin-1"))
        error = self.refuse("rena", "ballots", "import", "latin.csv", "--round", self.round, name="UTF8", exit=USAGE)
        self.assertIn("UTF-8", error["what"])
        self.assertEqual(self.ballots(), {})

    def test_who_may_enter(self):
        table = "member,answer\n1,agree\n"
        self.assertEqual(self.enter(table, witness=None, exit=REFUSED)["error"]["name"], "COSIGNERS")
        self.assertEqual(self.enter(table, witness="eve", exit=REFUSED)["error"]["name"], "COSIGNERS")
        self.assertEqual(self.enter(table, who="eli", exit=REFUSED)["error"]["name"], "FORBIDDEN")
        self.ask("rena", "ballots", "import", self.world.file("draft.csv", table), "--round", self.round, "--draft",
                 "ballots.draft", "--cosigner", "Ben Ruiz")
        self.ask("ben", "draft", "sign", "ballots.draft")
        self.ask("rena", "draft", "submit", "ballots.draft")
        self.assertEqual(self.ballots()[1]["countersigned_by"], 2)

    def test_a_vote_that_was_cast_is_not_passed_over(self):
        cast = self.ask("ben", "vote", self.round, "agree")["receipt"]["sequence"]
        table = "member,answer,reason\nBen Ruiz,block,by telephone at 9\n"
        self.assertIn("--replace", self.enter(table, exit=USAGE)["faults"][0])
        self.enter(table, "--replace")
        self.assertEqual(self.ballots()[2]["replaces"], cast)
        self.refuse("ben", "vote", self.round, "agree", name="EXISTS")

    def test_a_disputed_ballot(self):
        self.enter("member,answer,reason\nBen Ruiz,block,never said so\n")
        self.ask("ben", "ballots", "dispute", self.round, "--reason", "I said agree.")
        listed = self.ask("eve", "ballots", self.round)
        self.assertEqual((listed["ballots"], listed["answered"]), ([], 0))
        self.assertEqual([(row["member"], row["dispute"]["text"]) for row in listed["disputed"]], [(2, "I said agree.")])
        self.assertIn("answers in person", self.enter("member,answer\n2,agree\n", exit=USAGE)["faults"][0])
        self.ask("ben", "vote", self.round, "agree")
        self.enter("member,answer\n1,agree\n")
        self.ask("eli", "round", "close", self.round)
        late = self.ask("ada", "ballots", "dispute", self.round, "--reason", "Not mine.")
        self.assertFalse(late["event"]["ballot_disputed"]["is_set_aside"])
        self.assertIn("disputed by the voter after the close", self.world.comity("eve", "outcome", self.round)[1])


if __name__ == "__main__":
    unittest.main()
