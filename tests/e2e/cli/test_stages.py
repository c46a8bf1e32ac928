"""The ladder of a rule, climbed by people at their terminals: what is asked, of whom, and what stands in the end."""

import json
import os
import signal
import unittest

from cli_case import CliCase, USAGE, until

HOUR_MS = 3600 * 1000


class Ladder(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.join_recorder()

    def adopt(self, name, *stages, **changes):
        """The consensus rule with one round and these stages."""
        rule = self.ask("ada", "rule", "show", "consensus")["rule"]
        rule.update(name=name, rounds=1, **changes)
        rule["stages"] = [{"name": f"s{number}", **stage} for number, stage in enumerate(stages, start=1)]
        file = self.world.file(f"{name}.json", json.dumps(rule))
        self.ask("ada", "rule", "adopt", "--file", file, *self.world.with_key("carla"))

    def vote(self, proposal, *words, rule=None, **answers):
        """A round on the proposal; what closing it said to people."""
        number = self.ask("eli", "round", "open", proposal, *(("--rule", rule) if rule else ()))["number"]
        for who, answer in answers.items():
            self.ask(who, "vote", number, answer, "--reason", "So it is.")
        code, said, errors = self.world.comity("eli", "round", "close", number)
        self.assertEqual((code, errors), (0, ""))
        return said

    def ladder(self, proposal):
        shown = self.ask("ada", "proposal", "show", proposal)
        self.assertEqual(shown["stage"] or 0, shown["proposal"]["stage"])
        return shown["stage"], shown["final_outcome"]

    def stage_of(self, proposal):
        return self.ladder(proposal)[0]

    BLOCKED = {"ada": "agree", "ben": "agree", "carla": "block", "dev": "agree"}

    def test_seconding(self):
        self.adopt("seconded", {"kind": "SECONDING", "on": ["BLOCKED"], "within_ms": HOUR_MS, "count": 1,
                                "counts_as": "STAND_ASIDE"},
                   {"kind": "CONFER", "on": ["BLOCKED"], "within_ms": HOUR_MS, "count": 1},
                   {"kind": "ROUNDS", "on": ["BLOCKED"], "rule": {"rounds": 1}})
        proposal = self.world.propose()
        said = self.vote(proposal, rule="seconded", **self.BLOCKED)
        stage = self.stage_of(proposal)
        self.assertIn(f"The rule goes on with stage {stage}, s1 (blocks have to be seconded):", said)
        self.assertIn("Carla Weiss (member 3) blocks; seconded by nobody", said)
        self.assertIn(f"Next: comity stage second {stage} VOTER", said)
        leads = self.ask("ada", "stage", "show", stage)["leads"]
        self.assertIn({"from": "BLOCKED", "to": "BLOCKED", "stage": "s2"}, leads)
        self.assertIn({"from": "ADOPTED", "to": "ADOPTED", "stage": None}, leads)
        error = self.refuse("carla", "stage", "second", stage, "Carla Weiss", name="FORBIDDEN")
        self.assertEqual(error["what"], "Nobody seconds their own block.")
        self.refuse("ada", "stage", "second", stage, "Ben Ruiz", name="NOT_FOUND")
        error = self.refuse("eli", "round", "open", proposal, name="STAGE")
        self.assertIn(f"The proposal is at stage {stage} of its rule, s1", error["what"])
        self.assertEqual(error["next"], f"comity stage show {stage}")
        error = self.refuse("dev", "proposal", "revise", proposal, "--text", "Never.", name="STAGE")
        self.assertIn(f"stage {stage}", error["what"])
        # The worker dies, and another one goes on.
        [pid] = self.world.pids("worker")
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.world.pids("worker") != [pid], "another worker")
        said = self.ask("dev", "stage", "second", stage, "Carla Weiss")
        self.assertEqual((said["stage"], said["final_outcome"]), (stage + 1, None))
        self.confer(stage + 1)
        said = self.vote(proposal, ada="agree", ben="agree", carla="reserved", dev="agree")
        self.assertEqual(self.ladder(proposal), (None, "ADOPTED"))
        self.assertIn("What stands after the rule's stages: ADOPTED.", said)
        stages = self.ask("ada", "stage", "list", proposal)["stages"]
        self.assertEqual([(row["kind"], row["outcome"]) for row in stages],
                         [("SECONDING", "BLOCKED"), ("CONFER", "BLOCKED"), ("ROUNDS", "ADOPTED")])
        self.refuse("eli", "round", "open", proposal, name="STATE")

    def confer(self, stage):
        error = self.refuse("rena", "stage", "confer", stage, *self.world.with_key("eli"), name="COSIGNERS")
        self.assertIn("of another constituency", error["what"])
        draft = self.world.directory / "confer.draft"
        self.ask("rena", "stage", "confer", stage, "--note", "They met for an hour.", "--draft", draft, "--cosigner",
                 "Carla Weiss")
        self.ask("carla", "draft", "sign", draft)
        self.ask("rena", "draft", "submit", draft)
        code, shown, _ = self.world.comity("ada", "stage", "show", stage)
        self.assertEqual(code, 0)
        self.assertIn("by Rena Voss and Carla Weiss: They met for an hour.", shown)

    def test_two_ballots_ratify(self):
        """A strike ballot after a rejection; if it fails, the contract stands all the same."""
        for_it = {"kind": "STANCES", "stances": ["AGREE", "RESERVED"]}
        def whole(name, **threshold):
            return [{"name": name, "class": "SUPPORT", "scope": {"kind": "WHOLE"}, "count": for_it, "against": {"kind": "CAST"},
                     **threshold}]
        self.adopt("ratification",
                   {"kind": "ROUNDS", "on": ["REJECTED", "TIE"],
                    "map": [{"from": "ADOPTED", "to": "STRIKE"}, {"to": "ADOPTED_BY_DEFAULT"}],
                    "rule": {"tests": whole("strike", bound="AT_LEAST", numerator=2, denominator=3)}},
                   tests=whole("contract", bound="MORE_THAN", numerator=1, denominator=2))
        contract = {"ada": "agree", "ben": "concern", "carla": "concern", "dev": "concern"}
        for strike, outcome in (({"ada": "agree", "ben": "agree", "carla": "agree", "dev": "concern"}, "STRIKE"),
                                ({"ada": "agree", "ben": "agree", "carla": "concern", "dev": "concern"},
                                 "ADOPTED_BY_DEFAULT")):
            proposal = self.world.propose()
            said = self.vote(proposal, rule="ratification", **contract)
            self.assertIn("(further rounds):", said)
            self.assertIn(f"Next: comity round open {proposal}", said)
            said = self.vote(proposal, **strike)
            self.assertEqual(self.ladder(proposal), (None, outcome))
            decided = [row["outcome"] for row in self.ask("ada", "decisions")["decisions"] if row["proposal"] == proposal]
            self.assertEqual(decided, ["ADOPTED_BY_DEFAULT"] if outcome == "ADOPTED_BY_DEFAULT" else [])

    def test_an_office_and_somebody_from_outside(self):
        self.adopt("arbitrated", {"kind": "CASTING", "on": ["BLOCKED"], "within_ms": HOUR_MS, "office": "FACILITATOR",
                                  "map": [{"from": "REJECTED", "to": "NO_DECISION"}]},
                   {"kind": "UMPIRE", "on": ["NO_DECISION"], "within_ms": HOUR_MS, "who": "arbitrator"},
                   {"kind": "SIGN_OFF", "on": ["ADOPTED"], "within_ms": HOUR_MS, "office": "CO_CHAIR", "each_party": True})
        proposal = self.world.propose()
        said = self.vote(proposal, rule="arbitrated", **self.BLOCKED)
        stage = self.stage_of(proposal)
        self.assertIn("Asked: Eli Stone", said)
        self.refuse("ada", "stage", "cast", stage, "for", name="FORBIDDEN")
        self.refuse("eli", "stage", "cast", stage, "maybe", name="USAGE", exit=USAGE)
        said = self.ask("eli", "stage", "cast", stage, "against", "--reason", "Not so.")
        self.assertEqual(said["stage"], stage + 1)
        self.refuse("eli", "stage", "cast", stage, "for", name="STATE")
        self.refuse("rena", "stage", "answer", stage + 1, "perhaps", "--text", "Hm.", *self.world.with_key("ada"), name="USAGE",
                    exit=USAGE)
        said = self.ask("rena", "stage", "answer", stage + 1, "adopted", "--text", "It holds.", *self.world.with_key("ada"))
        self.assertEqual(said["stage"], stage + 2)
        code, shown, _ = self.world.comity("ada", "stage", "show", stage + 1)
        self.assertIn("It holds.", shown)
        self.refuse("eli", "stage", "sign", stage + 2, name="FORBIDDEN")
        self.ask("ada", "stage", "sign", stage + 2)
        error = self.refuse("ben", "stage", "sign", stage + 2, "--refuse", name="EXISTS")
        self.assertIn("heard at this stage", error["what"])
        said = self.ask("carla", "stage", "sign", stage + 2, "--reason", "Fine.")
        self.assertEqual((said["stage"], said["final_outcome"]), (None, "ADOPTED"))
        history = self.world.comity("ada", "history")[1]
        for sentence in (f"proposal {proposal} came to stage {stage}, s1, after BLOCKED",
                         f"Eli Stone gave a casting vote at stage {stage} (for the proposal: no): Not so.",
                         f"Rena Voss entered an answer at stage {stage + 1}, countersigned by Ada Okafor: ADOPTED",
                         f"Carla Weiss was asked to sign off at stage {stage + 2} (agrees: yes): Fine."):
            self.assertIn(sentence, history)

    def test_given_up(self):
        """What is referred to bargaining is not decided by a stage; what all parties declare stands."""
        self.adopt("waits", {"kind": "UMPIRE", "on": ["BLOCKED"], "within_ms": HOUR_MS, "who": "arbitrator"})
        proposal = self.world.propose()
        self.vote(proposal, rule="waits", **self.BLOCKED)
        item = self.ask("ada", "proposal", "show", proposal)["proposal"]["item"]
        error = self.refuse("eli", "item", "table", item, "--reason", "Later.", name="STAGE")
        self.assertIn("A stage of a proposal's rule is open", error["what"])
        self.ask("ada", "item", "bargaining", item)
        self.assertEqual(self.ladder(proposal), (None, "REFERRED"))
        proposal = self.world.propose()
        self.vote(proposal, rule="waits", **self.BLOCKED)
        round = self.ask("ada", "proposal", "show", proposal)["proposal"]["last_round"]
        self.ask("ada", "decision", "declare", round, "adopted", "--reason", "We agree.", "--yes", *self.world.with_key("carla"))
        self.assertEqual(self.ladder(proposal), (None, "ADOPTED"))
        outcome = self.world.comity("ada", "outcome", round)[1]
        self.assertIn("What stands after the rule's stages: ADOPTED.", outcome)


if __name__ == "__main__":
    unittest.main()
