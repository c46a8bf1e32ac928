"""Who did what and when, of one thing and within one's rights; and acts that are taken back by new ones."""

import json
import unittest

from cli_case import CliCase, USAGE


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

    def last(self, who):
        member = self.ask(who, "whoami")["member"]["number"]
        return self.history(who, "--member", member)[-1]["sequence"]

    def test_acts_on_an_item(self):
        item = self.ask("ben", "item", "add", 1, "Who may swap a shift", "--solve")["number"]
        added = self.last("ben")
        self.ask("eli", "item", "move", item, "interests")
        self.ask("eli", "undo", self.last("eli"))
        self.assertEqual(self.ask("ada", "item", "show", item)["item"]["phase"], "ISSUE")
        self.ask("eli", "item", "hold", item, "--reason", "Wait.")
        self.ask("eli", "undo", self.last("eli"))
        self.assertNotIn("hold", {key for key, value in self.ask("ada", "item", "show", item)["item"].items() if value})
        fact = self.ask("ada", "fact", "state", item, "There are forty nights.")["number"]
        self.ask("ada", "undo", self.last("ada"))
        row = [row for row in self.ask("ada", "fact", "list")["facts"] if row["number"] == fact][0]
        self.assertNotEqual(row["withdrawn_ms"], 0)
        error = self.refuse("ben", "undo", added, name="USAGE", exit=USAGE)
        self.assertIn("--reason", error["what"])
        undone = self.ask("ben", "undo", added, "--reason", "It is settled.")
        self.assertEqual(undone["undoes"], added)
        self.assertEqual(self.ask("ada", "item", "show", item)["item"]["phase"], "WITHDRAWN")

    def test_acts_on_a_proposal(self):
        item = self.ask("ben", "item", "add", 1, "Who may swap a shift", "--phase", "standards")["number"]
        standard = self.ask("dev", "contribution", "add", item, "standard", "No overtime by law.")["number"]
        for phase in ("evaluation", "proposal"):
            self.ask("eli", "item", "move", item, phase)
        proposal = self.ask("dev", "proposal", "make", item, "The list", "--text", "A list is kept.")["number"]
        self.ask("ada", "proposal", "link", proposal, "--to", standard)
        linked = self.last("ada")
        self.ask("ada", "undo", linked)
        self.refuse("ada", "proposal", "unlink", proposal, "--to", standard, name="NOT_FOUND")
        self.ask("ada", "undo", self.last("ada"))  # what took it back is taken back itself
        self.ask("ada", "proposal", "unlink", proposal, "--to", standard)
        concern = self.ask("ada", "concern", "raise", proposal, "Who keeps it?")["number"]
        self.ask("ada", "undo", self.last("ada"))
        row = [row for row in self.ask("ada", "concern", "list", proposal)["concerns"]
               if row["number"] == concern][0]
        self.assertEqual(row["state"], "WITHDRAWN")
        self.ask("dev", "undo", self.history("dev", "--member", "Dev Patel")[-2]["sequence"])
        row = [row for row in self.ask("ada", "contribution", "list", item)["contributions"] if row["number"] == standard][0]
        self.assertEqual(row["state"], "WITHDRAWN")

    def test_tasks_and_holds(self):
        item = self.ask("ben", "item", "add", 1, "Tasks")["number"]
        action = self.ask("ada", "action", "add", "Write form 7", "--owner", "Ada Okafor", "--due", "2099-03-01",
                          "--item", item)["number"]
        added = self.last("ada")
        self.ask("ada", "action", "done", action)
        done = self.last("ada")
        self.ask("ada", "undo", done)
        status = lambda: [row for row in self.ask("ada", "action", "list", "--all")["actions"]
                          if row["number"] == action][0]["status"]
        self.assertEqual(status(), "OPEN")
        error = self.refuse("ada", "undo", done, name="STATE")
        self.assertIn("changed again", error["what"])
        self.ask("ada", "undo", added, "--reason", "There is such a form.")
        self.assertEqual(status(), "DROPPED")
        self.ask("carla", "hold", "place", 1, "--reason", "A complaint.")
        self.ask("carla", "undo", self.last("carla"))
        self.assertNotEqual(self.ask("ada", "hold", "list")["holds"][-1]["lifted_ms"], 0)
        error = self.refuse("carla", "undo", self.last("carla"), name="STATE")
        self.assertIn("comity hold place", error["next"])

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
