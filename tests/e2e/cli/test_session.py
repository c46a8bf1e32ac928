"""A session that is prepared, and run at two sites over a recess: notice, agenda, ground rules, roll call, presence and
quorum, hands and the floor, time boxes, a caucus, a sidebar, plus and delta."""

import unittest

from cli_case import CliCase, USAGE, until


class Session(CliCase):
    def setUp(self):
        self.session = self.ask("eli", "session", "convene", "steering", f"For {self.id()}")["number"]
        self.item = self.ask("eli", "item", "add", self.session, "Shift swaps")["number"]
        self.ask("eli", "session", "open", self.session)
        for who, site in [("ada", "north"), ("carla", "south"), ("eli", "south")]:
            self.ask(who, "checkin", self.session, site)

    def show(self, session=None):
        return self.ask("eve", "session", "show", session or self.session)

    def words(self, who="eve"):
        return self.world.comity(who, "session", "show", self.session)[1]

    def test_a_notice_is_kept_and_late_items_are_marked(self):
        drafted = self.ask("eli", "session", "draft", "steering", "Budget")["number"]
        self.assertEqual(self.show(drafted)["session"]["state"], "DRAFT")
        error = self.refuse("eli", "session", "open", drafted, name="STATE")
        self.assertIn("is a draft", error["what"])
        self.assertIn(f"comity session notice {drafted}", error["next"])
        error = self.refuse("ada", "hand", "raise", drafted, name="NOT_OPEN")
        self.assertIn("is a draft", error["what"])
        error = self.refuse("eli", "session", "notice", drafted, "--for", "+3d", name="NOTICE")
        self.assertIn("no item on its agenda", error["what"])
        first = self.ask("ada", "item", "add", drafted, "Overtime")["number"]
        second = self.ask("eli", "item", "add", drafted, "Travel")["number"]
        self.ask("eli", "session", "order", drafted, "--item", second)
        self.ask("eli", "session", "notice", drafted, "--for", "+3d")
        late = self.ask("ada", "item", "add", drafted, "Parking")["number"]
        shown = self.show(drafted)
        self.assertEqual([row["number"] for row in shown["items"]], [second, first, late])
        self.assertEqual([row["is_after_notice"] for row in shown["items"]], [False, False, True])
        error = self.refuse("eli", "session", "open", drafted, name="NOTICE")
        self.assertIn("cannot be opened before", error["what"])
        self.ask("eli", "session", "close", drafted)

    def test_presence_and_quorum_by_site_and_constituency(self):
        shown = self.show()
        sites = {row["site"]: row for row in shown["attendance"]["sites"]}
        self.assertEqual((sites[1]["present"], sites[1]["guests"]), (1, 0))
        self.assertEqual((sites[2]["present"], sites[2]["guests"]), (1, 1))  # eli has no seat
        self.assertEqual([(row["seats"], row["present"]) for row in shown["attendance"]["constituencies"]],
                         [(2, 1), (2, 1)])
        self.assertEqual([(row["rule"], row["holds"]) for row in shown["quorum"]], [("consensus", True)])
        self.ask("carla", "away", self.session)
        self.assertFalse(self.show()["quorum"][0]["holds"])
        words = self.words()
        self.assertIn("By consensus: no quorum.", words)
        self.assertIn("management: 0 of 2 present, at least 1/2 needed: short by 1", words)
        self.assertRegex(words, r"Carla Weiss +management +away +south")
        proposal = self.ask("dev", "proposal", "make", self.item, "Swaps", "--text", f"{self.id()}")["number"]
        self.refuse("eli", "round", "open", proposal, "--rule", "consensus", name="QUORUM")
        # Any act brings back: here a hand.
        self.ask("carla", "hand", "raise", self.session)
        self.assertTrue(self.show()["quorum"][0]["holds"])
        self.ask("carla", "checkout", self.session)
        self.assertEqual(self.show()["queue"], [])
        self.assertIn(3, self.show()["absent"])
        self.ask("eli", "rollcall", self.session, "south", "--member", "Carla Weiss", "--member", "Dev Patel")
        by = {row["member"]: row for row in self.show()["presences"]}
        self.assertEqual((by[4]["state"], by[4]["site"], by[4]["called_by"]), ("PRESENT", 2, 5))
        self.refuse("ada", "rollcall", self.session, "south", "--member", "Dev Patel", name="FORBIDDEN")
        self.ask("eli", "checkout", self.session, "--member", "Dev Patel")
        error = self.refuse("dev", "checkout", self.session, name="NOT_PRESENT")
        self.assertIn("not checked in", error["what"])

    def test_the_floor(self):
        self.ask("eli", "session", "rules", self.session, "--text", "One speaks at a time.", "--alternate")
        self.ask("ben", "checkin", self.session, "north")
        for who in ("ada", "ben", "carla"):
            self.ask(who, "hand", "raise", self.session)
        self.assertEqual([row["member"] for row in self.show()["queue"]], [1, 3, 2])
        self.assertEqual(self.ask("eli", "floor", "give", self.session)["member"], 1)
        self.assertEqual([row["member"] for row in self.show()["queue"]], [3, 2])
        self.assertIn("Ada Okafor has the floor", self.words())
        self.assertIn("Next to speak: Carla Weiss and Ben Ruiz.", self.words())
        self.refuse("carla", "floor", "yield", self.session, name="FORBIDDEN")
        self.ask("ada", "floor", "yield", self.session)
        self.refuse("carla", "hand", "raise", self.session, name="EXISTS")
        self.ask("eli", "hand", "lower", self.session, "--member", "Carla Weiss")
        self.assertEqual(self.ask("eli", "floor", "give", self.session)["member"], 2)
        error = self.refuse("eli", "floor", "give", self.session, name="NOT_FOUND")
        self.assertIn("Nobody", error["what"])

    def test_a_caucus_stops_the_clock(self):
        self.ask("eli", "timebox", "set", self.item, 30)
        self.refuse("eve", "caucus", "call", self.session, "--until", "+20m", name="FORBIDDEN")
        self.ask("carla", "caucus", "call", self.session, "--until", "+20m")
        self.assertEqual(self.show()["time_boxes"][0]["state"], "HELD")
        self.assertIn("the clock stands", self.words())
        proposal = self.ask("dev", "proposal", "make", self.item, "Swaps", "--text", f"{self.id()}")["number"]
        error = self.refuse("eli", "round", "open", proposal, "--rule", "consensus", name="PAUSED")
        self.assertIn("caucus", error["what"])
        self.refuse("ada", "caucus", "call", self.session, "--until", "+20m", name="PAUSED")
        error = self.refuse("ada", "caucus", "end", self.session, name="FORBIDDEN")
        self.assertIn("called it", error["what"])
        self.ask("dev", "caucus", "end", self.session)
        self.assertEqual(self.show()["time_boxes"][0]["state"], "RUNNING")
        # One that nobody ends is over at its time.
        self.ask("ada", "caucus", "call", self.session, "--until", "+1s")
        until(lambda: self.show()["session"]["pause"] is None, "the end of the caucus")
        kinds = [event["kind"] for event in self.ask("eve", "events")["events"][-2:]]
        self.assertIn("caucus_ended", kinds)

    def test_a_recess_over_night(self):
        self.ask("eli", "timebox", "set", self.item, 30)
        self.ask("eli", "session", "recess", self.session, "--until", "+12h")
        self.assertIn("In recess since", self.words())
        self.assertIn("open, in recess", self.world.comity("eve", "session", "list")[1])
        error = self.refuse("eli", "floor", "give", self.session, "Ada Okafor", name="PAUSED")
        self.assertIn("recess", error["what"])
        self.ask("eli", "timebox", "extend", self.item, 5)
        self.ask("eli", "checkout", self.session, "--member", "Ada Okafor")  # the night shift comes in
        self.ask("ben", "checkin", self.session, "north")
        self.ask("eli", "session", "resume", self.session)
        self.assertEqual(self.show()["time_boxes"][0]["given_ms"], 35 * 60000)
        self.refuse("eli", "session", "resume", self.session, name="STATE")
        self.refuse("eli", "session", "recess", self.session, "--until", "2001-01-01", name="USAGE", exit=USAGE)

    def test_a_sidebar_is_held_by_agreement(self):
        number = self.ask("ada", "sidebar", "propose", self.session, "Night cover", "--member", "Carla Weiss")["number"]
        self.refuse("eve", "sidebar", "agree", number, name="FORBIDDEN")
        self.assertTrue(self.ask("carla", "sidebar", "agree", number)["has_begun"])
        error = self.refuse("ada", "sidebar", "end", number, "--summary", "A pool is worth trying.", name="RECORD")
        self.assertIn("nothing is kept of sidebars", error["what"])
        self.ask("ada", "sidebar", "end", number)
        row = [row for row in self.show()["sidebars"] if row["number"] == number][0]
        self.assertEqual((row["state"], row["members"], row.get("summary")), ("ENDED", [1, 3], None))
        number = self.ask("ada", "sidebar", "propose", self.session, "Again", "--member", "Carla Weiss")["number"]
        self.ask("carla", "sidebar", "decline", number)
        self.refuse("ada", "sidebar", "end", number, name="STATE")
        self.assertIn("declined", self.words())

    def test_who_facilitates_is_named(self):
        self.ask("eli", "session", "facilitators", self.session, "--member", "Eli Stone")
        self.assertIn("Facilitated by Eli Stone.", self.words())
        self.refuse("eli", "session", "facilitators", self.session, "--member", "Ada Okafor", name="FORBIDDEN")
        self.refuse("eli", "session", "facilitators", self.session, "--next", name="USAGE", exit=USAGE)
        self.ask("eli", "session", "facilitators", self.session)
        self.assertEqual(self.show()["session"]["facilitators"], [])

    def test_what_went_well_and_what_did_not(self):
        self.ask("eli", "session", "close", self.session)
        self.ask("ada", "plus", self.session, "We heard each other out.")
        self.ask("carla", "delta", self.session, "Start on time.")
        self.refuse("ada", "plus", self.session, "", name="USAGE", exit=USAGE)
        words = self.words()
        self.assertRegex(words, r"\n +by +text\n")
        self.assertRegex(words, r"plus +Ada Okafor +We heard each other out\.")
        self.assertRegex(words, r"delta +Carla Weiss +Start on time\.")


if __name__ == "__main__":
    unittest.main()
