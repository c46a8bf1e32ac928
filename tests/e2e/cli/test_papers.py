"""Papers of a session: pages to print before and after it, and a calendar for other programs."""

import html.parser
import json
import unittest

import icalendar

from cli_case import CliCase, USAGE

TITLE = "<script>alert(1)</script> & *swaps*"
TEXT = "Swaps are approved within a day.\nBy the charge nurse.\n\n# Not a heading\n- not a list\n<b>not bold</b>"


class Words(html.parser.HTMLParser):
    """The page as a reader sees it, and the tags that made it."""

    def __init__(self, page):
        super().__init__()
        self.words, self.tags, self.open = [], set(), []
        self.feed(page)
        self.close()

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def text(self):
        return " ".join(" ".join(self.words).split())


class Papers(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        item = world.ask("ben", "item", "add", 1, TITLE)["number"]
        world.file("text.txt", TEXT)
        cls.proposal = world.ask("dev", "proposal", "make", item, TITLE, "--file", "text.txt")["number"]
        cls.before = world.ask("ada", "pack", "before", 1)["page"]
        cls.round = world.open_round(cls.proposal)
        world.ask("ben", "vote", cls.round, "block", "--reason", "The nights.\n\n1. Who pays?")
        for who in ("ada", "carla", "dev"):
            world.ask(who, "vote", cls.round, "agree")
        cls.open = world.ask("ada", "pack", "after", 1)["page"]
        world.ask("eli", "round", "close", cls.round)

    def html(self, *words):
        self.ask("ada", *words, "--out", "page.html")
        page = self.world.file("page.html").read_text()
        self.world.file("page.html").unlink()
        return Words(page)

    def test_before(self):
        for line in ["# Shift swaps", "## Agenda", "  - union: Ada Okafor and Ben Ruiz", "### The rule consensus"]:
            self.assertIn("\n" + line + "\n", "\n" + self.before)
        words = self.html("pack", "before", 1)
        self.assertEqual(words.open, [])
        self.assertIn("Proposal %d, %s, version" % (self.proposal, TITLE), words.text())
        self.assertIn("# Not a heading - not a list <b>not bold</b>", words.text())
        self.assertIn("comity checkin 1 SITE", words.text())

    def test_notice_and_ground_rules(self):
        session = self.ask("eli", "session", "draft", "steering", "Budget")["number"]
        self.assertIn("notice was not given yet", self.ask("ada", "pack", "before", session)["page"])
        item = self.ask("ada", "item", "add", session, "Overtime", "--solve")["number"]
        self.ask("eli", "session", "rules", session, "--text", "One speaks at a time.", "--away-after", 15, "--alternate")
        self.ask("eli", "session", "notice", session, "--for", "+3d")
        self.ask("ben", "item", "add", session, "Parking")
        self.ask("eli", "item", "hold", item, "--reason", "The figures are missing.")
        page = self.ask("ada", "pack", "before", session)["page"]
        for words in ("it can be opened from", "> One speaks at a time.", "Who is silent for 15 minutes turns away.",
                      "Sides speak in turn.", "Open, in phase issue, held there by Eli Stone: The figures are missing."):
            self.assertIn(words, page)
        self.assertEqual(page.count("It came on the agenda after the notice."), 1)
        self.ask("eli", "session", "close", session)

    def test_what_is_asked_for_and_said_of_an_item(self):
        item = self.ask("ben", "item", "add", 1, "Lockers", "--phase", "data")["number"]
        open_request = self.ask("ada", "data", "ask", item, "management", "How many are there?")["number"]
        refused = self.ask("ada", "data", "ask", item, "management", "Whose are they?")["number"]
        self.ask("dev", "data", "refuse", refused, "--reason", "That is private.")
        self.ask("ada", "fact", "state", item, "Ten are broken.")
        self.ask("eli", "item", "move", item, "interests")
        self.ask("eli", "contribution", "add", item, "shared-interest", "Everybody has one.")
        self.ask("eli", "item", "table", item, "--reason", "No longer pressing")
        words = " ".join(self.ask("ada", "pack", "after", 1)["page"].split())
        for line in ("asked of management, and not answered yet: How many are there?",
                     "asked of management: Whose are they? Refused: That is private.",
                     "fact: Ten are broken. (nobody has said whether it is so)",
                     "1 text is proposed, and not approved by every party", "Laid aside "):
            self.assertIn(line, words)
        self.assertNotIn("Everybody has one", words)  # it is no summary of the group before all approved it
        self.assertEqual(open_request + 1, refused)

    def test_outside_text_stays_text(self):
        for words in (self.html("pack", "before", 1), self.html("pack", "after", 1)):
            self.assertFalse(words.tags & {"script", "b", "em", "ol"}, words.tags)
        self.assertNotIn("<script>", self.before.replace("\\<script\\>", ""))

    def test_after(self):
        self.assertIn("4 of 4 have answered", self.open)
        words = self.html("pack", "after", 1).text()
        self.assertIn(f"Round {self.round} on {TITLE}, version 1: BLOCKED", words)
        self.assertIn("whole: 1 of 4 block, at most 0 allowed: over by 1", words)
        self.assertIn("Ben Ruiz (block): The nights. 1. Who pays?", words)
        self.assertIn("Counted from 4 ballots", words)
        self.assertIn("management, from north: Carla Weiss", words)

    def test_files(self):
        self.assertEqual(self.ask("ada", "pack", "after", 1, "--out", "after.md")["form"], "markdown")
        self.assertIn("# Shift swaps", self.world.file("after.md").read_text())
        self.refuse("ada", "pack", "after", 1, "--out", "after.md", name="EXISTS", exit=USAGE)
        self.refuse("ada", "pack", "after", 1, "--out", "after.pdf", name="USAGE", exit=USAGE)
        self.refuse("ada", "pack", "after", 99, name="NOT_FOUND")
        self.assertEqual(self.world.comity("ada", "pack", "after", 1, "--html")[1][:15], "<!DOCTYPE html>")

    def test_calendar(self):
        rule = self.ask("ada", "rule", "show", "consensus")["rule"]
        rule["name"], rule["close"] = "by-evening", {"at_time": True}
        self.world.file("rule.json", json.dumps(rule))
        self.ask("ada", "rule", "adopt", "--file", "rule.json", *self.world.with_key("carla"))
        called_off = self.ask("eli", "session", "convene", "steering", "Never; held, at all", "--starts",
                              "2031-05-06T07:08:00Z")["number"]
        self.ask("eli", "session", "close", called_off)
        other = self.world.propose("Another text.")
        timed = self.ask("eli", "round", "open", other, "--rule", "by-evening", "--closes", "+3d")["number"]
        self.assertEqual(self.ask("ada", "calendar", "--out", "comity.ics")["events"], 3)
        calendar = icalendar.Calendar.from_ical(self.world.file("comity.ics").read_bytes())
        events = {str(event["UID"]).split("@")[0]: event for event in calendar.walk("VEVENT")}
        self.assertEqual(set(events), {"session-1", f"session-{called_off}", f"round-{timed}"})
        event = events[f"session-{called_off}"]
        self.assertEqual((str(event["SUMMARY"]), str(event["STATUS"])), ("Never; held, at all", "CANCELLED"))
        self.assertEqual(event["DTSTART"].dt.isoformat(), "2031-05-06T07:08:00+00:00")
        again = self.ask("ada", "calendar", "--out", "comity.ics")
        self.assertEqual(again["events"], 3)
        raw = self.world.file("comity.ics").read_bytes()
        self.assertTrue(all(len(line) <= 75 for line in raw.split(b"\r\n")))
        self.ask("eli", "round", "close", timed)

    def test_calendar_of_what_decisions_bring(self):
        item = self.ask("ben", "item", "add", 1, "A trial")["number"]
        proposal = self.ask("dev", "proposal", "make", item, "Posted rosters", "--text", "Posted.", "--trial-until", "+30d",
                            "--review", "+20d", "--sunset", "+60d")["number"]
        number = self.world.open_round(proposal)
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", number, "agree")
        self.ask("eli", "round", "close", number)
        decision = self.ask("ada", "decisions")["decisions"][-1]["number"]
        action = self.ask("ada", "action", "add", "Write form 7", "--owner", "Ben Ruiz", "--due", "2099-03-01",
                          "--decision", decision)["number"]
        mandate = self.ask("ada", "mandate", "give", decision, "--to-member", "Dev Patel", "--text", "Two days.",
                           "--report-by", "+10d", *self.world.with_key("carla"))["number"]
        self.ask("ada", "calendar", "--out", "decided.ics")
        calendar = icalendar.Calendar.from_ical(self.world.file("decided.ics").read_bytes())
        events = {str(event["UID"]).split("@")[0]: event for event in calendar.walk("VEVENT")}
        row = self.ask("ada", "decision", "show", decision)["decision"]
        for kind, at in (("trial", row["terms"]["trial_until_ms"]), ("review", row["next_review_ms"]),
                         ("sunset", row["terms"]["sunset_ms"])):
            self.assertEqual(int(events[f"{kind}-{decision}"]["DTSTART"].dt.timestamp()), at // 1000)
            self.assertIn("Posted rosters", str(events[f"{kind}-{decision}"]["SUMMARY"]))
        self.assertIn(f"report-{mandate}", events)
        todo = calendar.walk("VTODO")[0]
        self.assertEqual((str(todo["SUMMARY"]), todo["DUE"].dt.isoformat(), str(todo["STATUS"])),
                         ("Write form 7", "2099-03-01", "NEEDS-ACTION"))
        self.ask("ben", "action", "done", action)
        self.ask("ada", "mandate", "recall", mandate, "--reason", "Over.")
        self.ask("ada", "calendar", "--out", "decided.ics")
        calendar = icalendar.Calendar.from_ical(self.world.file("decided.ics").read_bytes())
        self.assertEqual(str(calendar.walk("VTODO")[0]["STATUS"]), "COMPLETED")
        self.assertNotIn(f"report-{mandate}", {str(event["UID"]).split("@")[0] for event in calendar.walk("VEVENT")})


if __name__ == "__main__":
    unittest.main()
