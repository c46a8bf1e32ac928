"""Who did what and when, of one thing and within one's rights; and acts that are taken back by new ones."""

import json
import unittest

from cli_case import CliCase


class History(CliCase):
    def history(self, who, *words):
        return self.ask(who, "history", *words)["history"]

    def test_of_everything_in_sentences(self):
        rows = self.history("ada")
        self.assertEqual([row["sequence"] for row in rows], list(range(1, len(rows) + 1)))
        sentences = [row["sentence"] for row in rows]
        self.assertIn("Ada Okafor founded the partnership Lakeside Health Partnership", sentences)
        self.assertIn("Carla Weiss gave seat 3 of steering to Carla Weiss", sentences)
        self.assertIn("Ben Ruiz checked in to session 1 from south", sentences)
        self.assertFalse([line for line in sentences if "{" in line or line.endswith(" -")], sentences)
        words = self.world.comity("ada", "history")[1]
        self.assertIn("Eli Stone opened session 1", words)

    def test_of_one_thing(self):
        first = self.world.propose("About one thing.")
        item = self.ask("ada", "proposal", "show", first)["proposal"]["item"]
        number = self.world.open_round(first)
        other = self.world.propose("About another.")
        self.ask("ada", "vote", number, "block", "--reason", "canary-4c1d")
        self.ask("eli", "round", "close", number)
        kinds = [row["kind"] for row in self.history("ben", "--item", item)]
        self.assertEqual(kinds, ["item_added", "proposal_made", "round_opened", "ballot_cast", "round_closed"])
        self.assertEqual(kinds[1:], [row["kind"] for row in self.history("ben", "--proposal", first)])
        self.assertEqual(kinds[2:], [row["kind"] for row in self.history("ben", "--round", number)])
        self.assertEqual(["proposal_made"], [row["kind"] for row in self.history("ben", "--proposal", other)])
        acts = self.history("ben", "--member", "Ada Okafor")
        self.assertEqual({row["event"]["actor"] for row in acts}, {1})
        self.assertIn("ballot_cast", [row["kind"] for row in acts])
        self.assertIn("proposal_made", [row["kind"] for row in self.history("ben", "--session", 1)])
        self.assertEqual(self.history("ben", "--proposal", 999), [])
        late = self.history("ben", "--proposal", first, "--from", self.history("ben", "--round", number)[0]["sequence"])
        self.assertEqual([row["kind"] for row in late], kinds[2:])

    def test_within_ones_rights(self):
        rule = self.ask("ada", "rule", "show", "consensus")["rule"]
        rule.update(name="hidden", visibility="UNTIL_CLOSE")
        self.world.file("rule.json", json.dumps(rule))
        self.ask("ada", "rule", "adopt", "--file", "rule.json", *self.world.with_key("carla"))
        number = self.ask("eli", "round", "open", self.world.propose("Hidden."), "--rule", "hidden")["number"]
        self.ask("dev", "vote", number, "block", "--reason", "canary-9be2")
        document = json.dumps(self.ask("ada", "history", "--round", number))
        self.assertIn("Dev Patel answered round", document)
        self.assertNotIn("canary", document)
        self.ask("eli", "round", "close", number)

    def test_taken_back(self):
        self.ask("ben", "invite", "Ida Lund", "--out", f"{self.id()}.invitation")
        number = self.history("ben", "--member", "Ben Ruiz")[-1]["sequence"]
        self.refuse("carla", "undo", number, name="FORBIDDEN")
        undone = self.ask("ben", "undo", number)
        self.assertEqual((undone["undoes"], undone["event"]["undoes"]), (number, number))
        self.assertIn(f"(takes back number {number})", self.world.comity("ada", "history", "--from", number)[1])
        self.refuse("ida", "join", f"{self.id()}.invitation", name="INVITATION")
        self.refuse("ben", "undo", number, name="STATE")  # it was withdrawn already

    def test_a_seat_goes_back_to_who_held_it(self):
        self.ask("ada", "seat", "vacate", "steering", 2)
        number = self.history("ada", "--member", "Ada Okafor")[-1]["sequence"]
        self.ask("ada", "undo", number)
        seat = self.ask("ada", "body", "show", "steering")["seats"][1]
        self.assertEqual((seat["number"], seat["holder"]), (2, 2))

    def test_what_cannot_be_taken_back(self):
        number = self.world.open_round(self.world.propose("A round."))
        cast = self.ask("ada", "vote", number, "agree")["receipt"]["sequence"]
        error = self.refuse("ada", "undo", cast, name="STATE")
        self.assertIn("--replace", error["next"])
        self.assertIn("Ada Okafor answered round", error["what"])
        self.ask("eli", "round", "close", number)
        self.refuse("ada", "undo", 1, name="STATE")
        self.refuse("ada", "undo", 99999, name="NOT_FOUND")


if __name__ == "__main__":
    unittest.main()
