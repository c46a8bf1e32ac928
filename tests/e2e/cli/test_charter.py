"""The charter from the sample to an amendment, and seats that change hands, through real processes."""

import json
import unittest

from cli_case import CliCase, USAGE



class Charter(CliCase):
    """Each test goes on from what it adopts itself: the names of tests are their order."""

    def adopt(self, charter, *words, who="ada", **options):
        self.world.file("charter.json", charter if isinstance(charter, str) else json.dumps(charter))
        return self.ask(who, "charter", "adopt", "charter.json", *words, *self.world.with_key("carla"), **options)

    def minimal(self, **more):
        return dict(dict(text="We decide together.", facilitation="PAIR"), **more)

    def decide(self, item, text, rule="consensus"):
        """A proposal that everybody agrees to; the answer of its close."""
        proposal = self.ask("dev", "proposal", "make", item, "Charter", "--text", text)["number"]
        number = self.ask("eli", "round", "open", proposal, "--rule", rule)["number"]
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", number, "agree")
        return number

    def test_1_nothing_is_adopted_yet(self):
        self.ask("ada", "body", "create", "panel", "--title", "Panel", "--seats", "union=1", "--seats", "management=1",
                 *self.world.with_key("carla"))
        self.ask("ada", "seat", "assign", "panel", 1, "Ada Okafor")
        self.ask("eli", "session", "convene", "panel", "Elsewhere")
        self.ask("eli", "session", "open", 2)
        error = self.refuse("ada", "charter", "show", name="NOT_FOUND")
        self.assertIn("charter sample", error["next"])
        self.assertEqual(self.ask("ada", "charter", "history")["charters"], [])
        error = self.refuse("ada", "item", "add", 1, "Schedules", "--function", "schedules", name="NOT_FOUND")
        self.assertIn("no charter yet", error["what"])

    def test_2_what_is_wrong_is_said(self):
        self.world.file("charter.json", "{\"facilitation\": ")
        error = self.refuse("ada", "charter", "adopt", "charter.json", name="MALFORMED", exit=USAGE)
        self.assertIn("is not JSON", error["what"])
        self.world.file("charter.json", json.dumps(self.minimal(colour="red")))
        error = self.refuse("ada", "charter", "adopt", "charter.json", name="UNKNOWN_FIELD", exit=USAGE)
        self.assertIn("colour", error["what"])
        self.world.file("charter.json", json.dumps(self.minimal(facilitation="BOTH")))
        self.refuse("ada", "charter", "adopt", "charter.json", name="ENUM", exit=USAGE)
        self.world.file("charter.json", json.dumps(dict(facilitation="PAIR")))
        error = self.refuse("ada", "charter", "adopt", "charter.json", name="USAGE", exit=USAGE)
        self.assertIn("--text", error["what"])
        self.world.file("charter.json", json.dumps(self.minimal(language="english language")))
        self.refuse("ada", "charter", "adopt", "charter.json", *self.world.with_key("carla"), name="RANGE")
        self.world.file("charter.json", json.dumps(self.minimal(functions=[
            dict(name="a", title="A", share="JOINT", body="steering", rule="unanimous")])))
        error = self.refuse("ada", "charter", "adopt", "charter.json", *self.world.with_key("carla"), name="NOT_FOUND")
        self.assertIn("The function a names the rule unanimous", error["what"])
        # Not by one side.
        self.world.file("charter.json", json.dumps(self.minimal()))
        self.refuse("ada", "charter", "adopt", "charter.json", name="COSIGNERS")
        self.refuse("eli", "charter", "adopt", "charter.json", *self.world.with_key("carla"), name="COSIGNERS")

    def test_3_the_sample_is_adopted_by_a_draft(self):
        sample = self.ask("ada", "charter", "sample")["sample"]
        self.world.file("charter.json", sample)
        self.ask("ada", "charter", "adopt", "charter.json", "--draft", "c.draft", "--cosigner", "Carla Weiss")
        code, shown, _ = self.world.comity("carla", "draft", "show", "c.draft")
        self.assertEqual(code, 0)
        for words in ("Shift schedules", "Wages and benefits", "72 hours", "by a decision of steering by rule consensus",
                      "We decide together on what is listed here"):
            self.assertIn(words, shown)
        self.ask("carla", "draft", "sign", "c.draft")
        self.assertEqual(self.ask("ada", "draft", "submit", "c.draft")["number"], 1)
        document = self.ask("dev", "charter", "show")
        self.assertTrue(document["is_in_force"])
        self.assertEqual([row["name"] for row in document["charter"]["functions"]], ["schedules", "training"])
        self.assertEqual(document["charter"]["functions"][1]["standings"],
                         [{"constituency": "management", "standing": "NEUTRAL"}])
        self.assertEqual(document["charter"]["records"], [{"phase": "STORY", "level": "NONE"}])
        _, shown, _ = self.world.comity("dev", "charter", "show")
        self.assertIn("nothing: story, straw polls and sidebars", shown)
        # Two drafts for one place: the second has to look again.
        self.ask("ada", "charter", "adopt", "charter.json", "--draft", "d.draft", "--cosigner", "Carla Weiss")

    def test_4_items_and_rounds_follow_it(self):
        error = self.refuse("ben", "item", "add", 1, "More pay", "--function", "wages", name="CHARTER")
        self.assertIn("excludes", error["what"])
        error = self.refuse("ben", "item", "add", 1, "Lunch", "--function", "lunch", name="NOT_FOUND")
        self.assertIn("schedules and training", error["what"])
        item = self.ask("ben", "item", "add", 1, "Courses", "--function", "training")["number"]
        self.ask("ada", "rule", "adopt", "unanimous", "--body", "steering", *self.world.with_key("carla"))
        proposal = self.ask("dev", "proposal", "make", item, "Courses", "--text", "Two days a year.")["number"]
        error = self.refuse("eli", "round", "open", proposal, "--rule", "unanimous", name="CHARTER")
        self.assertIn(f"round open {proposal} --rule consensus", error["next"])
        opened = self.ask("eli", "round", "open", proposal)   # by the rule that the charter names
        number = opened["number"]
        self.assertEqual(opened["event"]["round_opened"]["round"]["share"], "RECOMMEND")
        for who in ("ada", "ben"):
            self.ask(who, "vote", number, "agree")
        self.ask("carla", "vote", number, "abstain")
        closed = self.ask("eli", "round", "close", number)
        self.assertEqual((closed["outcome"], closed["is_advice"]), ("ADOPTED", True))
        outcome = self.ask("dev", "outcome", number)
        self.assertTrue(outcome["is_advice"])
        self.assertEqual(self.ask("dev", "decisions")["decisions"], [])
        _, shown, _ = self.world.comity("dev", "outcome", number)
        self.assertIn("advice, and decides nothing", shown)

    def test_5_a_session_of_another_body(self):
        error = self.refuse("eli", "session", "convene", "panel", "Another", name="NOTICE")
        self.assertIn("asks for notice", error["what"])
        drafted = self.ask("eli", "session", "draft", "panel", "Another")["number"]
        self.ask("ada", "item", "add", drafted, "Shifts")
        _, said, _ = self.world.comity("eli", "session", "notice", drafted)
        self.assertIn("It can be opened from ", said)  # not at once: the charter has its own
        item = self.ask("ada", "item", "add", 2, "Shifts", "--function", "schedules")["number"]
        proposal = self.ask("ada", "proposal", "make", item, "Shifts", "--text", "Later.")["number"]
        error = self.refuse("eli", "round", "open", proposal, name="CHARTER")
        self.assertIn("the body steering decides", error["what"])

    def test_6_an_amendment_needs_a_decision(self):
        error = self.refuse("ada", "charter", "adopt", "charter.json", *self.world.with_key("carla"), name="CHARTER")
        self.assertIn("by a decision of steering by rule consensus", error["what"])
        item = self.ask("ben", "item", "add", 1, "The next charter")["number"]
        number = self.decide(item, "We decide on schedules alone.")
        self.ask("eli", "round", "close", number)
        decision = self.ask("dev", "decisions")["decisions"][-1]["number"]
        charter = dict(facilitation="NEUTRAL", functions=[
            dict(name="schedules", title="Shift schedules", share="JOINT", body="steering", rule="consensus")])
        self.world.file("next.json", json.dumps(dict(charter, text="Another text.")))
        self.refuse("ada", "charter", "adopt", "next.json", "--decision", decision, *self.world.with_key("carla"),
                    name="USAGE", exit=USAGE)
        self.world.file("next.json", json.dumps(charter))
        self.assertEqual(self.ask("ada", "charter", "adopt", "next.json", "--decision", decision,
                                  *self.world.with_key("carla"))["number"], 2)
        document = self.ask("dev", "charter", "show")
        self.assertEqual(document["charter"]["text"]["text"], "We decide on schedules alone.")
        self.assertEqual(document["version"]["decision"], decision)
        self.assertEqual(len(self.ask("dev", "charter", "history")["charters"]), 2)
        self.assertFalse(self.ask("dev", "charter", "show", 1)["is_in_force"])
        # What was written on charter 1 comes too late; what show prints can be adopted again.
        self.ask("carla", "draft", "sign", "d.draft")
        self.refuse("ada", "draft", "submit", "d.draft", name="STALE")
        self.world.file("again.json", json.dumps(document))
        self.assertEqual(self.ask("ada", "charter", "adopt", "again.json", *self.world.with_key("carla"))["number"], 3)


class Seats(CliCase):
    def setUp(self):
        self.make_lou()

    def make_lou(self):
        if not (self.world.home("lou") / "keys").exists():
            self.ask("ada", "invite", "Lou Hart", "--out", "lou.invitation")
            self.ask("lou", "join", "lou.invitation")
            self.ask("ada", "body", "create", "council", "--title", "Council", "--seats",
                     "union=2,office=steward,alternates=named", "--seats", "management=1,alternates=pool",
                     *self.world.with_key("carla"))
            for who, seat, member in [("ada", 1, "Ada Okafor"), ("ada", 2, "Ben Ruiz"), ("carla", 3, "Carla Weiss")]:
                self.ask(who, "seat", "assign", "council", seat, member)
            self.ask("ada", "rule", "adopt", "consensus", "--as", "agreed", "--body", "council",
                     *self.world.with_key("carla"))
            self.ask("eli", "session", "convene", "council", "Nights")
            self.ask("eli", "session", "open", 2)
            for who in ("ada", "ben", "carla"):
                self.ask(who, "checkin", 2, "north")

    def propose(self):
        item = self.ask("ben", "item", "add", 2, "Nights")["number"]
        return self.ask("ada", "proposal", "make", item, "Nights", "--text", "Seven in a row at most.")["number"]

    def test_seats_are_asked_for_in_the_right_form(self):
        for seats in ("union", "union=2,office=", "union=2,alternates=many", "union=2,colour=red", "=2"):
            self.refuse("ada", "body", "create", "odd", "--title", "Odd", "--seats", seats, name="USAGE", exit=USAGE)

    def test_a_term(self):
        self.refuse("ada", "seat", "assign", "council", 2, "Ben Ruiz", "--until", "soon", name="USAGE", exit=USAGE)
        self.refuse("ada", "seat", "assign", "council", 2, "Ben Ruiz", "--until", "2020-01-01 10:00", name="RANGE")
        self.ask("ada", "seat", "assign", "council", 2, "Ben Ruiz", "--until", "+365d")
        seat = self.ask("ben", "body", "show", "council")["seats"][1]
        self.assertGreater(seat["until_ms"], 0)
        self.assertEqual((seat["office"], seat["alternates"]), ("steward", "NAMED"))

    def test_an_alternate_stands_in(self):
        self.refuse("lou", "checkin", 2, "north", name="FORBIDDEN")
        error = self.refuse("ada", "seat", "handover", 2, 1, "Lou Hart", name="MANDATE")
        self.assertIn("Lou Hart is not named", error["what"])
        self.refuse("ada", "seat", "alternates", "council", 1, name="USAGE", exit=USAGE)
        self.refuse("ada", "seat", "alternates", "council", 1, "--member", "Lou Hart", "--member", "Ben Ruiz", name="RANGE")
        self.refuse("ada", "seat", "alternates", "council", 1, "--member", "Dev Patel", name="FORBIDDEN")
        self.refuse("carla", "seat", "alternates", "council", 1, "--member", "Lou Hart", name="FORBIDDEN")
        self.refuse("ada", "seat", "alternates", "steering", 1, "--member", "Lou Hart", name="STATE")
        self.ask("ada", "seat", "alternates", "council", 1, "--member", "Lou Hart")
        self.refuse("carla", "seat", "handover", 2, 1, "Lou Hart", name="FORBIDDEN")
        self.ask("ada", "seat", "handover", 2, 1, "Lou Hart")
        self.refuse("ada", "seat", "handover", 2, 1, "Lou Hart", name="EXISTS")
        self.ask("lou", "checkin", 2, "north")
        number = self.ask("eli", "round", "open", self.propose(), "--rule", "agreed")["number"]
        roll = self.ask("lou", "round", "show", number)["roll"]
        ada, lou = self.ask("ada", "whoami")["member"]["number"], self.ask("lou", "whoami")["member"]["number"]
        self.assertIn((lou, ada), [(row["member"], row["stands_for"]) for row in roll])
        self.refuse("ada", "vote", number, "agree", name="NOT_ON_ROLL")
        self.ask("lou", "vote", number, "agree")
        error = self.refuse("ada", "seat", "takeback", 2, 1, name="STATE")
        self.assertIn(f"Round {number} is open", error["what"])
        _, shown, _ = self.world.comity("ada", "session", "show", 2)
        self.assertIn("Lou Hart stands in for Ada Okafor", shown)
        self.ask("eli", "round", "close", number)
        self.ask("ada", "seat", "takeback", 2, 1)
        self.refuse("ada", "seat", "takeback", 2, 1, name="STATE")
        self.ask("ada", "seat", "alternates", "council", 1, "--nobody")
        self.refuse("ada", "seat", "handover", 2, 1, "Lou Hart", name="MANDATE")
        # The pool of a group, and how the body shows it.
        self.ask("carla", "seat", "alternates", "council", 3, "--member", "Dev Patel")
        _, shown, _ = self.world.comity("ada", "body", "show", "council")
        self.assertIn("of a pool: Dev Patel", shown)

    def test_recusal(self):
        proposal = self.propose()
        self.refuse("lou", "recuse", proposal, "My sister asks for it.", name="FORBIDDEN")
        self.refuse("ben", "recuse", proposal, "", name="USAGE", exit=USAGE)
        self.ask("ben", "recuse", proposal, "My sister asks for it.")
        self.refuse("ben", "recuse", proposal, "Again.", name="EXISTS")
        number = self.ask("eli", "round", "open", proposal, "--rule", "agreed")["number"]
        self.refuse("ben", "vote", number, "agree", name="NOT_ON_ROLL")
        for who in ("ada", "carla"):
            self.ask(who, "vote", number, "agree")
        rounds = self.ask("ada", "round", "show", number)
        self.assertEqual(rounds["round"]["eligible"], 2)
        if rounds["round"]["closed_ms"] == 0:
            self.ask("eli", "round", "close", number)
        document = self.ask("lou", "outcome", number)
        self.assertEqual(document["recusals"][0]["reason"]["text"], "My sister asks for it.")
        _, shown, _ = self.world.comity("lou", "outcome", number)
        self.assertIn("Recused: Ben Ruiz: ", shown)
        _, pack, _ = self.world.comity("lou", "pack", "after", document["round"]["session"])
        self.assertIn("My sister asks for it.", pack)


if __name__ == "__main__":
    unittest.main()
