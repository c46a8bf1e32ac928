"""Rounds that rank options, through real processes: how they are counted and told, and their ballots as a .blt file, which counted
without a server comes to the same."""

import json
import unittest

from cli_case import USAGE, CliCase

OPTIONS = ["oak", "elm", "ash", "none"]
VOTERS = ("ada", "ben", "carla", "eve")


def rule(name, method, ties=("EARLIER_STAGES", "STATED_ORDER"), default=False, **ranking):
    return json.dumps({
        "name": name, "form": "RANKING", "roll": "SEATS", "frozen": "ROUND", "rounds": 2, "visibility": "UNTIL_CLOSE",
        "options": [{"number": n, "label": label, "is_default": default and label == "none"} for n, label in enumerate(OPTIONS, start=1)],
        "ranking": {"method": method, **ranking}, "ties": list(ties)})


class Rankings(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world, both = cls.world, cls.world.with_key("carla")
        world.ask("ada", "body", "create", "council", "--title", "Council", "--seats", "union=2", "--seats", "management=1", "--seats",
                  "convener=1", *both)
        for who, seat, member in (("ada", 1, "Ada Okafor"), ("ada", 2, "Ben Ruiz"), ("carla", 3, "Carla Weiss"), ("eli", 4, "Eve Marsh")):
            world.ask(who, "seat", "assign", "council", seat, member)
        world.ask("eli", "session", "convene", "council", "Trees", "--starts", "+1h")
        world.ask("eli", "session", "open", 2)
        for who in VOTERS:
            world.ask(who, "checkin", 2, "north")
        for text in (rule("two", "STV_SCOTTISH", seats=2), rule("meek", "STV_MEEK", seats=2), rule("one", "INSTANT_RUNOFF", ()),
                     rule("pairs", "SCHULZE", ("STATED_ORDER",), True, quorum={"of": "NONE", "bound": "AT_LEAST", "numerator": 2,
                                                                              "denominator": 1})):
            world.file("rule.json", text)
            world.ask("ada", "rule", "adopt", "--file", "rule.json", "--body", "council", *both)
        world.ask("ben", "item", "add", 2, "Which trees")

    def open(self, name, *more):
        proposal = self.ask("carla", "proposal", "make", 1, "Trees", "--text", f"Trees by {name}.")["number"]
        return self.ask("eli", "round", "open", proposal, "--rule", name, *more)["number"]

    def run_round(self, name, votes, *more):
        number = self.open(name, *more)
        for who, vote in votes.items():
            self.ask(who, "vote", number, vote)
        self.ask("eli", "round", "close", number)
        return number, self.ask("ada", "outcome", number)

    def count_again(self, number, method):
        path = self.world.directory / f"{number}-{method}.blt"
        made = self.ask("ben", "ballots", "export", number, "--blt", path)
        return made, path.read_text(), self.ask("stranger", "count", path, "--method", method)

    def test_export_counts_to_the_same(self):
        votes = {"ada": "oak > elm", "ben": "elm > ash > oak", "carla": "oak > elm", "eve": "none > ash"}
        for name, method in (("two", "scottish"), ("meek", "meek")):
            number, told = self.run_round(name, votes)
            made, text, again = self.count_again(number, method)
            self.assertEqual(made["ballots"], 3)  # Eve is of a neutral constituency: heard, and not counted
            self.assertEqual(text.splitlines()[:5], ["4 2", "[tie 4 3 2 1]", "2 1 2 0", "1 2 3 1 0", "0"])
            recorded = told["round"]["outcome"]
            self.assertEqual(told["outcome"], "ADOPTED")
            self.assertEqual(recorded["chosen"], again["outcome"]["chosen"])
            self.assertEqual(recorded["ranking"], again["outcome"]["ranking"])
            self.assertIn("Stage 1: first preferences", " ".join(told["working"]))

    def test_the_stated_order_goes_along(self):
        votes = {"ada": "oak", "ben": "elm", "carla": "ash"}
        number, told = self.run_round("two", votes, "--tie-order", "none,ash,elm,oak")
        _, text, again = self.count_again(number, "scottish")
        self.assertEqual(text.splitlines()[1], "[tie 1 2 3 4]")
        self.assertEqual(told["round"]["outcome"]["chosen"], again["outcome"]["chosen"])
        self.assertEqual(told["round"]["outcome"]["ranking"], again["outcome"]["ranking"])

    def test_a_tie(self):
        number, told = self.run_round("one", {"ada": "oak", "carla": "elm"})
        self.assertEqual((told["outcome"], told["round"]["outcome"]["chosen"]), ("TIE", [1, 2]))
        _, text, again = self.count_again(number, "irv")
        self.assertNotIn("[tie", text)
        self.assertEqual(again["outcome"]["kind"], "TIE")
        self.assertEqual(again["outcome"]["ranking"], told["round"]["outcome"]["ranking"])

    def test_the_default_option_wins(self):
        _, told = self.run_round("pairs", {"ada": "oak > none", "ben": "none", "carla": "none > elm = ash"})
        self.assertEqual(told["outcome"], "NOT_YET")
        self.assertIn("oak: 1 prefer it to none, 2 the other way: drops out, for too few prefer it", " ".join(told["working"]))
        number, told = self.run_round("pairs", {"ada": "oak > none", "ben": "oak = elm", "carla": "none"})
        self.assertEqual((told["outcome"], told["round"]["outcome"]["chosen"]), ("ADOPTED", [1]))
        made, text, again = self.count_again(number, "schulze")
        self.assertIn("1 1=2 0", text.splitlines())
        self.assertEqual(again["outcome"]["ranking"]["pairs"], told["round"]["outcome"]["ranking"]["pairs"])

    def test_refusals(self):
        number = self.open("two")
        self.ask("ada", "vote", number, "oak")
        error = self.refuse("ada", "ballots", "export", number, "--blt", "early.blt", name="STATE")
        self.assertIn("open still", error["what"])
        self.assertFalse((self.world.directory / "early.blt").exists())
        self.ask("eli", "round", "close", number)
        self.ask("ada", "ballots", "export", number, "--blt", "once.blt")
        self.refuse("ada", "ballots", "export", number, "--blt", "once.blt", name="EXISTS", exit=USAGE)
        self.refuse("ada", "ballots", "export", number + 90, "--blt", "none.blt", name="NOT_FOUND")
        proposal = self.world.propose()
        stance = self.world.open_round(proposal)
        error = self.refuse("ada", "ballots", "export", stance, "--blt", "stance.blt", name="STATE")
        self.assertIn("nothing is ranked", error["what"])
        self.refuse("ada", "ballots", "export", number, name="USAGE", exit=USAGE)


if __name__ == "__main__":
    unittest.main()
