"""What is said of mistakes: each names the thing, and a next step that works."""

import json
import unittest

from cli_case import CliCase, REFUSED, USAGE


class Words(CliCase):
    def told(self, who, *words, exit, name, what, next=None):
        error = self.refuse(who, *words, name=name, exit=exit)
        self.assertIn(what, error["what"], words)
        if next is not None:
            self.assertIn(next, error["next"], words)
        return error

    def test_refusals_name_the_thing(self):
        w = self.world
        both = w.with_key("carla")
        closed = self.ask("eli", "session", "convene", "steering", "Over", "--starts", "+1h")["number"]
        self.ask("eli", "session", "close", closed)
        proposal = w.propose()
        number = w.open_round(proposal)
        if not any(row["rule"]["name"] == "timed" for row in self.ask("ada", "rule", "list")["rules"]):
            rule = self.ask("ada", "rule", "show", "consent")["rule"]
            rule["name"], rule["close"] = "timed", {"at_time": True}
            w.file("timed.json", json.dumps({"rule": rule}))
            self.ask("ada", "rule", "adopt", "--file", "timed.json", *both)
        other = w.propose()
        for who, words, name, what, next in (
                ("ada", ["body", "create", "x", "--title", "X", "--seats", "union=1", "--seats", "labor=1", *both],
                 "NOT_FOUND", "There is no constituency `labor`. There are union, management and convener.", "--seats"),
                ("ada", ["seat", "assign", "steering", 2, "Ada Okafor"], "EXISTS", "Ada Okafor holds seat 1 already.",
                 "comity seat vacate steering 1"),
                ("ada", ["seat", "assign", "steering", 2, "Carla Weiss"], "FORBIDDEN", "Carla Weiss is in management", None),
                ("ada", ["seat", "assign", "steering", 9, "Ben Ruiz"], "NOT_FOUND", "steering has seats 1 to 4", None),
                ("eli", ["round", "open", other, "--rule", "timed"], "MISSING", "The rule closes at a time", "--closes"),
                ("eli", ["round", "open", other, "--rule", "timed", "--closes", "2020-01-01 10:00"], "RANGE",
                 "--closes is in the past: 2020-01-01", None),
                ("eli", ["round", "open", other, "--rule", "consensus", "--closes", "+3d"], "RANGE",
                 "The rule consensus has no closing time.", "Leave --closes out"),
                ("eli", ["round", "open", proposal, "--rule", "consensus"], "STATE", f"Round {number} on proposal {proposal} is open",
                 f"comity round show {number}"),
                ("eli", ["session", "close", 1], "STATE", f"Round {number} is open.", f"comity round show {number}"),
                ("eli", ["session", "close", closed], "NOT_OPEN", f"Session {closed} is closed.", "comity session list"),
                ("ada", ["checkin", closed, "north"], "NOT_OPEN", f"Session {closed} is closed.", None),
                ("ben", ["session", "open", closed], "FORBIDDEN", "Who has it: facilitator.", "comity whoami"),
                ("ben", ["site", "add", "y", "--title", "Y", "--time-zone", "UTC"], "COSIGNERS", "", "--with"),
                ("eve", ["item", "add", 1, "x"], "FORBIDDEN", "holder of a seat of the body, or facilitator",
                 "comity body show steering"),
                ("eve", ["proposal", "make", 1, "x", "--text", "x"], "FORBIDDEN", "holder of a seat of the body",
                 "comity body show steering"),
                ("eve", ["proposal", "revise", proposal, "--text", "x"], "FORBIDDEN", "holder of a seat of the body",
                 "comity body show steering")):
            with self.subTest(words=words):
                self.told(who, *words, exit=REFUSED, name=name, what=what, next=next)
        self.ask("eli", "round", "close", number)
        self.told("eli", "round", "open", proposal, "--rule", "timed", "--closes", "+1h", exit=REFUSED, name="STATE",
                  what=f"Proposal {proposal} is decided by consensus since round {number}; another rule needs a new proposal.")

    def test_a_rule_that_has_a_newer_version(self):
        both = self.world.with_key("carla")
        first = self.ask("ada", "rule", "adopt", "consensus", "--as", "aging", *both)["number"]
        error = self.told("ada", "rule", "adopt", "consensus", "--as", "aging", *both, exit=REFUSED, name="EXISTS",
                          what=f"Rule aging is adopted for the same bodies already: it is number {first}.")
        self.assertIsNone(error["command_id"])
        second = self.ask("ada", "rule", "adopt", "consensus", "--as", "aging", "--rounds", "2", *both)["number"]
        proposal = self.world.propose()
        code, _, errors = self.world.comity("eli", "round", "open", proposal, "--rule", first)
        self.assertEqual(code, REFUSED)
        self.assertIn(f"it is rule number {second}", errors)
        self.assertNotIn("in the record", errors)
        self.assertIn(f"Next: comity round open {proposal} --rule {second}\n", errors)

    def test_what_is_no_good_is_not_sent(self):
        self.world.file("binary.txt").write_bytes(b"\xff\xfe\x00")
        self.world.file("long.txt", "x" * 70000)
        both = self.world.with_key("carla")
        before = len(self.ask("ada", "events")["events"])
        for words, name, what in (
                (["item", "add", 1, "two\nlines"], "TEXT", "TITLE has to be one line"),
                (["item", "add", 1, "bell\a"], "TEXT", "TITLE has to be one line"),
                (["item", "add", 1, " \t\u3000"], "TEXT", "TITLE has nothing in it but blanks."),
                (["item", "add", 1, "x" * 401], "TEXT", "TITLE has 401 bytes: at most 400 are allowed."),
                (["invite", "A\nB", "--out", "ab"], "TEXT", "NAME has to be one line"),
                (["proposal", "make", 1, "x", "--text", " \n "], "TEXT", "--text has nothing in it but blanks."),
                (["proposal", "make", 1, "x", "--file", "binary.txt"], "TEXT", "binary.txt is not valid UTF-8"),
                (["proposal", "make", 1, "x", "--file", "long.txt"], "TEXT", "long.txt has 70000 bytes: at most 65536"),
                (["site", "add", "z", "--title", "Z", "--time-zone", "America/Chikago", *both], "USAGE",
                 "There is no time zone `America/Chikago`."),
                (["body", "create", "z", "--title", "Z\n", "--seats", "union=1", *both], "TEXT", "--title has to be one line")):
            with self.subTest(words=words):
                self.told("ada", *words, exit=USAGE, name=name, what=what)
        self.told("eli", "session", "convene", "steering", "Past", "--starts", "2020-01-01 10:00", exit=USAGE, name="USAGE",
                  what="--starts is in the past: 2020-01-01")
        self.assertEqual(len(self.ask("ada", "events")["events"]), before)
        self.assertFalse(self.world.file("ab").exists())

    def test_seats_say_who_held_them(self):
        self.ask("ada", "body", "create", "small", "--title", "Small", "--seats", "union=1", *self.world.with_key("carla"))
        self.told("ada", "seat", "vacate", "small", 1, exit=REFUSED, name="STATE", what="Seat 1 of small is vacant already.")
        self.assertIsNone(self.ask("ada", "seat", "assign", "small", 1, "Ada Okafor")["before"])
        self.told("ada", "seat", "assign", "small", 1, "Ada Okafor", exit=REFUSED, name="STATE",
                  what="Seat 1 of small is held by Ada Okafor already.")
        code, output, _ = self.world.comity("ada", "seat", "assign", "small", 1, "Ben Ruiz")
        self.assertEqual(code, 0)
        self.assertIn("Ben Ruiz holds seat 1 of small. Before: Ada Okafor.\n", output)
        self.assertEqual(self.ask("ada", "seat", "vacate", "small", 1)["before"], 2)

    def test_files_that_cannot_be_used(self):
        charter = "charter.ini"
        for words, name in ((["join", charter], "MALFORMED"), (["draft", "show", charter], "MALFORMED"),
                            (["rule", "adopt", "--file", charter], "MALFORMED"), (["join", "nosuch.inv"], "FILE"),
                            (["context", "add", "c", "--place", charter], "MALFORMED")):
            with self.subTest(words=words):
                self.refuse("ada", *words, name=name, exit=USAGE)
                errors = self.world.comity("ada", *words)[2]
                self.assertTrue(errors.startswith("Not done: "), errors)
        self.assertIn("nosuch.inv cannot be opened", self.world.comity("ada", "join", "nosuch.inv")[2])
        error = self.refuse("newcomer", "key", "show", name="FILE", exit=USAGE)
        self.assertIn("There is no key in ", error["what"])
        self.assertEqual(error["next"], "comity key new")

    def test_next_steps_that_belong_to_the_command(self):
        for words, next in ((["invite", "X", "--out", "x", "--days", "0"], "comity help invite"),
                            (["events", "--from", "x"], "comity help events"), (["vote", "x", "y"], "comity help vote")):
            self.assertEqual(self.refuse("ada", *words, name="USAGE", exit=USAGE)["next"], next)
        self.assertTrue(self.world.comity("ada", "vote", "x", "y")[2].startswith("Not understood: "))
        self.assertIn("comity rule adopt NAME --with KEYFILE, or --draft FILE", self.world.comity("ada", "rule", "templates")[1])
        self.assertIn("(MALFORMED, UNKNOWN_FIELD, ...) ends with 2 where a file", self.world.comity("ada", "errors")[1])
        self.assertIn("comity key recover", self.world.comity("ada", "found", "charter")[1])
        self.assertNotIn("Did you mean", self.world.comity("ada", "frob")[2])
        self.ask("ada", "site", "add", "q", "--title", "Q", "--time-zone", "UTC", "--draft", "q.draft", "--cosigner",
                 "Carla Weiss")
        self.assertIn("comity draft sign q.draft", self.refuse("ada", "draft", "submit", "q.draft", name="COSIGNERS")["next"])
        self.assertIn("Nobody is missing: comity draft submit q.draft\n", self.world.comity("carla", "draft", "sign", "q.draft")[1])
        self.world.file("typo.ini", "[partnership]\nname = x\ntitel = X\n")
        error = self.refuse("ada", "found", "prepare", "typo.ini", "--out", "typo.draft", name="CONFIG", exit=USAGE)
        self.assertIn("section [partnership] has no key titel: it has name, title", error["what"])

    def test_removing_a_context(self):
        self.ask("operator", "context", "add", "spare", "--place", self.world.data / "place.json")
        self.ask("operator", "context", "remove", "spare")
        self.refuse("operator", "context", "remove", "spare", name="NOT_FOUND")
        self.refuse("operator", "context", "remove", "../contexts/local", name="NOT_FOUND")
        self.assertNotIn("spare", [row["name"] for row in self.ask("operator", "context", "list")["contexts"]])


if __name__ == "__main__":
    unittest.main()
