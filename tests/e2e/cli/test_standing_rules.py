"""What the charter says, acted on: who moves an item, minutes by silence, retention classes, sidebars, delegation."""

import json
import unittest

from cli_case import CliCase, USAGE


class StandingRules(CliCase):
    """The names of tests are their order: each adopts the charter that it needs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        for who, name, co_chair in (("fay", "Fay Lind", "ada"), ("gus", "Gus Hall", "carla")):
            other = "carla" if co_chair == "ada" else "ada"
            world.ask(co_chair, "invite", name, "--out", f"{who}.invitation", "--office", "facilitator",
                      *world.with_key(other))
            world.ask(who, "join", f"{who}.invitation")

    def adopt(self, **says):
        says = dict(dict(text="We decide together.", facilitation="PAIR"), **says)
        self.world.file("charter.json", json.dumps(says))
        self.ask("ada", "charter", "adopt", "charter.json", *self.world.with_key("carla"))

    def item(self):
        return self.ask("ben", "item", "add", 1, "Who may swap a shift")["number"]

    def test_1_facilitators_take_turns(self):
        item = self.item()
        self.adopt(facilitation="ROTATE")
        error = self.refuse("fay", "item", "move", item, "options", name="CHARTER")
        self.assertIn("session 1 names none", error["what"])
        self.assertIn("comity session facilitators 1 --member", error["next"])
        self.ask("fay", "session", "facilitators", 1, "--member", "Fay Lind", "--member", "Gus Hall")
        error = self.refuse("gus", "item", "move", item, "options", name="CHARTER")
        self.assertIn("the turn of Fay Lind", error["what"])
        self.refuse("gus", "item", "hold", item, "--reason", "Wait", name="CHARTER")
        self.refuse("gus", "item", "defer", item, "--reason", "Later", name="CHARTER")
        self.ask("fay", "item", "move", item, "options")
        self.ask("fay", "item", "hold", item, "--reason", "A list is missing")
        held = self.ask("ada", "watch", 1, "--once")["watched"]["item"]
        self.assertEqual((held["number"], held["phase"], held["hold"]["reason"]["text"]),
                         (item, "OPTIONS", "A list is missing"))
        output = self.world.comity("ada", "watch", 1, "--once")[1]
        self.assertIn(f"{item}, Who may swap a shift: phase options", output)
        self.assertIn("by Fay Lind, for union: A list is missing", " ".join(output.split()))
        self.ask("gus", "session", "facilitators", 1, "--next")
        self.refuse("gus", "item", "move", item, "standards", name="HELD")
        self.ask("fay", "item", "release", item)
        self.ask("gus", "item", "move", item, "standards")
        self.ask("eli", "session", "facilitators", 1)  # every facilitator may again

    def test_2_who_is_of_no_side(self):
        item = self.item()
        self.adopt(facilitation="NEUTRAL")
        error = self.refuse("fay", "item", "hold", item, "--reason", "Wait", name="CHARTER")
        self.assertIn("of no side", error["what"])
        self.refuse("gus", "item", "move", item, "options", name="CHARTER")
        self.ask("eli", "item", "move", item, "options")

    def test_3_what_is_kept_of_sidebars(self):
        self.adopt(sidebars="SUMMARY")
        for who, site in (("ada", "north"), ("carla", "north")):
            self.ask(who, "checkin", 1, site)
        number = self.ask("ada", "sidebar", "propose", 1, "Night cover", "--member", "Carla Weiss")["number"]
        self.ask("carla", "sidebar", "agree", number)
        self.ask("ada", "sidebar", "end", number, "--summary", "A pool is worth trying.")
        row = [row for row in self.ask("dev", "session", "show", 1)["sidebars"] if row["number"] == number][0]
        self.assertEqual(row["summary"]["text"], "A pool is worth trying.")

    def test_4_a_mandate_on_a_function(self):
        give = ("--to-member", "Dev Patel", "--text", "Swaps of up to two days.")
        self.refuse("ada", "mandate", "give", *give, *self.world.with_key("carla"), name="USAGE", exit=USAGE)
        functions = [dict(name="schedules", title="Schedules", share="JOINT", body="steering", rule="consensus"),
                     dict(name="swaps", title="Swaps", share="DELEGATED", body="steering", rule="consensus")]
        self.adopt(functions=functions)
        error = self.refuse("ada", "mandate", "give", "--function", "schedules", *give, *self.world.with_key("carla"),
                            name="CHARTER")
        self.assertIn("It delegates: swaps", error["what"])
        number = self.ask("ada", "mandate", "give", "--function", "swaps", *give, "--report-by", "+30d",
                          *self.world.with_key("carla"))["number"]
        self.assertIn("the function swaps", self.world.comity("dev", "mandate", "list")[1])
        self.assertIn("on the function swaps", self.world.comity("dev", "mandate", "show", str(number))[1])
        register = self.ask("ada", "register")
        self.assertEqual([row["function"] for row in register["delegated"]], ["swaps"])
        self.assertIn("Delegated by the charter:", self.world.comity("ada", "register")[1])

    def test_5_minutes_and_how_long(self):
        self.adopt(minutes_by_silence=False, retention=[dict(name="candid", days=30), dict(name="record", days=0)])
        retention = ("ada", "retention", "set", 1)
        error = self.refuse(*retention, "secret", *self.world.with_key("carla"), name="CHARTER")
        self.assertIn("It has: candid and record", error["what"])
        self.refuse(*retention, "candid", "--until", "+1d", *self.world.with_key("carla"), name="USAGE", exit=USAGE)
        self.ask("eli", "session", "close", 1)
        self.ask(*retention, "candid", *self.world.with_key("carla"))
        row = self.ask("dev", "retention", "list")["retentions"][0]
        closed = self.ask("dev", "session", "show", 1)["session"]["closed_ms"]
        self.assertEqual(row["keep_until_ms"], closed + 30 * 24 * 3600 * 1000)
        error = self.refuse("eli", "minutes", "draft", 1, "--text", "x", "--by-silence", name="CHARTER")
        self.assertIn("silence does not approve", error["what"])
        self.adopt(minutes_by_silence=True)
        self.ask("eli", "minutes", "draft", 1, "--text", "x")
        self.assertTrue(self.ask("dev", "minutes", "show", 1)["minutes"]["by_silence"])


if __name__ == "__main__":
    unittest.main()
