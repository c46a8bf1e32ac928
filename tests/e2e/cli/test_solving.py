"""A problem is solved: an item from issue to decision, what is put on record on the way, and what stops it."""

import unittest

from cli_case import CliCase, USAGE


class Solving(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        world.ask("ada", "invite", "Rita Sole", "--out", "rita.invitation", "--office", "recorder", *world.with_key("carla"))
        world.ask("rita", "join", "rita.invitation")
        world.ask("ada", "invite", "Fay Lind", "--out", "fay.invitation", "--office", "facilitator", *world.with_key("carla"))
        world.ask("fay", "join", "fay.invitation")
        world.ask("ada", "invite", "Max Onlooker", "--out", "max.invitation")
        world.ask("max", "join", "max.invitation")

    def item(self, *options):
        return self.ask("ben", "item", "add", 1, "Who may swap a shift", *options)["number"]

    def phase(self, item):
        return self.ask("ada", "item", "show", item)["item"]["phase"]

    def move(self, item, *phases):
        for phase in phases:
            self.ask("eli", "item", "move", item, phase)

    def test_from_the_issue_to_a_decision_that_shows_what_it_meets(self):
        item = self.item("--solve")
        shown = self.ask("ada", "item", "show", item)
        self.assertEqual((shown["item"]["phase"], shown["moves"]), ("ISSUE", ["story", "data", "interests"]))
        error = self.refuse("eli", "item", "move", item, "options", name="PHASE")
        self.assertIn("story, data and interests", error["next"])
        self.refuse("ada", "item", "move", item, "story", name="FORBIDDEN")
        self.refuse("eli", "item", "move", item, "test", name="USAGE", exit=USAGE)
        self.refuse("ben", "proposal", "make", item, "Too early", "--text", "x", name="PHASE")

        self.move(item, "story")
        error = self.refuse("ada", "contribution", "add", item, "story", "I was up all night.", name="RECORD")
        self.assertIn("say it in the room", error["what"])
        story = self.ask("rita", "contribution", "add", item, "story", "Nights are swapped too late.")["number"]
        error = self.refuse("rita", "contribution", "add", item, "option", "A list", name="PHASE")
        self.assertIn("taken in phase options", error["what"])
        self.ask("ada", "contribution", "approve", item)
        self.refuse("ada", "contribution", "approve", item, name="NOT_FOUND")
        self.refuse("eve", "contribution", "approve", item, name="FORBIDDEN")
        self.ask("rita", "contribution", "amend", story, "Nights are swapped much too late.")
        row = self.ask("ada", "contribution", "list", item)["contributions"][0]
        self.assertEqual((row["state"], row["approved_by"], len(row["versions"])), ("PROPOSED", [], 2))
        for who in ("ada", "carla"):
            self.ask(who, "contribution", "approve", item)
        self.assertEqual(self.ask("ada", "contribution", "list", item)["contributions"][0]["state"], "STANDS")

        self.move(item, "interests")
        shared = self.ask("eli", "contribution", "add", item, "shared-interest", "Every shift is filled.")["number"]
        own = self.ask("rita", "contribution", "add", item, "interest", "A night is known a week before.", "--of", "union")
        for who in ("ada", "carla"):
            self.ask(who, "contribution", "approve", item)
        self.move(item, "options")
        option = self.ask("eli", "contribution", "add", item, "option", "A list of who can", "--about", shared)["number"]
        for who in ("ada", "carla"):
            self.ask(who, "contribution", "approve", item)
        self.move(item, "standards")
        standard = self.ask("dev", "contribution", "add", item, "standard", "No overtime by law.")["number"]
        self.move(item, "evaluation")
        self.ask("ben", "contribution", "add", item, "evaluation", "It fills shifts.", "--about", option, "--about", standard)
        self.move(item, "proposal")

        proposal = self.ask("dev", "proposal", "make", item, "The list", "--text", "A list is kept.")["number"]
        self.ask("ada", "proposal", "link", proposal, "--to", shared, "--to", standard)
        self.ask("carla", "proposal", "link", proposal, "--to", option)
        self.refuse("carla", "proposal", "unlink", proposal, "--to", shared, name="FORBIDDEN")
        concern = self.ask("ben", "concern", "raise", proposal, "Who keeps it?", "--harms", own["number"])["number"]
        self.refuse("ben", "concern", "second", concern, name="FORBIDDEN")
        self.ask("carla", "concern", "second", concern)
        self.refuse("carla", "concern", "resolve", concern, name="FORBIDDEN")
        self.ask("ben", "concern", "resolve", concern, "--how", "The charge nurse does.")
        shown = self.ask("ada", "proposal", "show", proposal)
        self.assertEqual(shown["concerns"][0]["state"], "RESOLVED")
        self.assertEqual(shown["concerns"][0]["how"]["text"], "The charge nurse does.")
        self.assertEqual([link["contribution"] for link in shown["links"]["links"]], [shared, standard, option])

        round_number = self.world.open_round(proposal)
        self.assertEqual(self.phase(item), "TEST")
        self.refuse("eli", "item", "move", item, "proposal", name="STATE")
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", round_number, "agree")
        self.ask("eli", "round", "close", round_number)
        self.assertEqual(self.phase(item), "DECIDED")
        text = self.world.comity("ada", "outcome", round_number)[1]
        self.assertIn(f"Meets shared interest {shared} (Ada Okafor says so): Every shift is filled.", text)
        self.assertIn(f"Meets standard {standard}", text)
        self.assertIn(f"Made of option {option}", text)

    def test_either_side_holds_and_bargaining_stops(self):
        item = self.item()
        proposal = self.ask("dev", "proposal", "make", item, "Wages", "--text", "Wages rise.")["number"]
        self.ask("fay", "item", "hold", item, "--reason", "We are not ready.")
        error = self.refuse("eli", "item", "move", item, "options", name="HELD")
        self.assertIn("held in phase proposal by Fay Lind, of union", error["what"])
        self.refuse("eli", "round", "open", proposal, "--rule", "consensus", name="HELD")
        self.refuse("eli", "item", "release", item, name="HELD")
        self.ask("fay", "item", "release", item)
        round_number = self.world.open_round(proposal)
        self.ask("ada", "vote", round_number, "agree")
        self.refuse("eli", "item", "bargaining", item, name="FORBIDDEN")
        self.ask("carla", "item", "bargaining", item, "--reason", "Wages are bargained.")
        shown = self.ask("ada", "item", "show", item)["item"]
        self.assertEqual((shown["phase"], shown["reason"]["text"]), ("REFERRED", "Wages are bargained."))
        row = self.ask("ada", "outcome", round_number)
        self.assertEqual((row["outcome"], row["round"]["cause"], row["working"]), ("REFERRED", "REFERRED", []))
        self.assertIn("Nothing was counted.", self.world.comity("ada", "outcome", round_number)[1])
        self.refuse("ben", "vote", round_number, "agree", name="CLOSED")
        error = self.refuse("eli", "item", "move", item, "proposal", name="PHASE")
        self.assertIn("nothing further is done on it", error["what"])

    def test_put_off_and_taken_back(self):
        item = self.item()
        self.refuse("ada", "item", "defer", item, "--reason", "Later", name="FORBIDDEN")
        self.ask("eli", "item", "defer", item, "--reason", "After the audit", "--until", "+14d")
        self.assertEqual(self.phase(item), "DEFERRED")
        self.refuse("dev", "proposal", "make", item, "Now", "--text", "x", name="PHASE")
        later = self.ask("eli", "session", "convene", "steering", "Next")["number"]
        self.ask("eli", "item", "move", item, "proposal", "--session", later)
        self.assertEqual(self.ask("ada", "item", "list", later)["items"][0]["number"], item)
        self.ask("eli", "item", "table", item, "--reason", "No longer pressing")
        self.refuse("ada", "item", "withdraw", item, "--reason", "Not mine", name="FORBIDDEN")
        self.ask("ben", "item", "withdraw", item, "--reason", "It settled itself")
        self.assertEqual(self.phase(item), "WITHDRAWN")

    def test_after_a_round_the_body_gives_leave(self):
        proposal = self.world.propose()
        item = self.ask("ada", "proposal", "show", proposal)["proposal"]["item"]
        self.ask("eli", "round", "close", self.world.open_round(proposal))
        error = self.refuse("ben", "item", "withdraw", item, "--reason", "Enough", name="MISSING")
        self.assertIn("--withdraws", error["next"])
        leave = self.ask("ben", "proposal", "make", self.item(), "Leave", "--text", "It may go.", "--withdraws", item)
        round_number = self.world.open_round(leave["number"])
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", round_number, "agree")
        self.ask("eli", "round", "close", round_number)
        decision = self.ask("ada", "proposal", "show", leave["number"])["proposal"]["decision"]
        self.ask("ben", "item", "withdraw", item, "--reason", "Enough", "--leave", decision)
        self.assertEqual(self.phase(item), "WITHDRAWN")

    def test_what_is_for_the_body_alone_is_withheld(self):
        item = self.item("--phase", "data")
        secret, answer = "Hours of each nurse?", "Ada 61, Ben 44"
        self.refuse("ada", "data", "ask", item, "nobody", secret, name="NOT_FOUND")
        request = self.ask("ada", "data", "ask", item, "management", secret, "--due", "+7d", "--body-only")["number"]
        self.refuse("ben", "data", "answer", request, "--text", answer, name="FORBIDDEN")
        self.ask("dev", "data", "refuse", request, "--reason", "Not yet")
        self.ask("carla", "data", "answer", request, "--text", answer)
        self.refuse("ada", "fact", "state", item, answer, "--request", request, name="FORBIDDEN")
        fact = self.ask("ada", "fact", "state", item, answer, "--request", request, "--body-only")["number"]
        self.refuse("dev", "fact", "dispute", fact, name="USAGE", exit=USAGE)
        self.ask("dev", "fact", "dispute", fact, "--reason", "It was another week.")
        self.ask("ben", "fact", "agree", fact)

        def texts_of(who):
            shown = self.ask(who, "item", "show", item)
            return str(shown["data_requests"]) + str(shown["facts"])

        for who in ("ada", "ben", "dev", "eli", "rita"):
            self.assertIn(answer, texts_of(who))
        # Of the same union, and without a seat: in no list, no event, no copy of the record.
        self.assertEqual(self.ask("max", "data", "list", item)["data_requests"][0]["state"], "ANSWERED")
        self.ask("max", "export", "max.record")
        seen = texts_of("max") + str(self.ask("max", "events", "--limit", 1000)) + \
            self.world.file("max.record").read_bytes().decode("latin-1")
        for text in (secret, answer, "It was another week.", "Not yet"):
            self.assertNotIn(text, seen)
        self.assertIn(answer, self.world.comity("ada", "fact", "list", item)[1])
        self.assertIn("(withheld)", self.world.comity("max", "fact", "list", item)[1])
        # An audit of the copy names what is withheld; of the export, or of a copy with all of it, it verifies everything.
        whole, own, without = self.world.audit("ada", "max")
        self.assertEqual((whole["unverified"], own["unverified"], without["histories"][0]["withheld"]["count"]), (0, 0, 6))
        self.assertEqual(without["unverified"], without["histories"][0]["events"] - without["histories"][0]["decided"])
        # Others that are for all are seen by all.
        self.ask("rita", "fact", "state", item, "There are 40 nurses.")
        self.assertIn("There are 40 nurses.", texts_of("max"))

    def test_straw_polls_are_kept_nowhere(self):
        item = self.item()
        error = self.refuse("eli", "straw", "open", item, "Lists?", "--choice", "yes", "--choice", "no", name="RECORD")
        self.assertIn("nothing was recorded", error["what"])
        self.assertIn("show of hands", error["next"])


if __name__ == "__main__":
    unittest.main()
