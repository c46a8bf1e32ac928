"""A session of two days: three sites, sixty members, two shifts, and all that happens in it, through real processes.
Its minutes, its register and its pack are compared with files that a person can read, in expected/.

COMITY_WRITE_EXPECTED=1 writes these files anew: read them before you keep them."""

import json
import os
import re
import signal
import unittest
from pathlib import Path

os.environ["TZ"] = "UTC"  # what is said has the time zone of the machine

from cli_case import CliCase, DONE, UNCONFIRMED, UNREACHABLE, until
from two_days import NIGHT, Sixty, for_each, holders, home_of, together

EXPECTED = Path(__file__).parent / "expected"
WRITES = os.environ.get("COMITY_WRITE_EXPECTED") == "1"

CHARTER = {
    "text": "We decide together on schedules, advise together on training, and bargain over wages elsewhere.",
    "functions": [
        {"name": "schedules", "title": "Shift schedules", "share": "JOINT", "body": "steering", "rule": "consensus"},
        {"name": "training", "title": "Training plans", "share": "RECOMMEND", "body": "steering", "rule": "consensus"}],
    "excluded": [{"name": "wages", "title": "Wages and benefits"}],
    "facilitation": "PAIR", "sidebars": "SUMMARY"}

FIRST_TEXT = "Two nurses may swap shifts if the charge nurse agrees within 24 hours."
SECOND_TEXT = (FIRST_TEXT + "\nA swap never shortens the notice of 14 days of a night shift.\n"
               "A list of who can swap hangs in each ward.")


def plain(text):
    """The same for every run: what differs has a name in its place. Times that the session was given, in 2031, stay."""
    text = re.sub(r"20(?!31)\d\d-\d\d-\d\d\s+\d\d:\d\d\s+UTC", "<time>", text)
    return re.sub(r"as of number \d+", "as of number <number>", text)


class TwoDays(CliCase):
    """One story. What is compared at its end comes from what every chapter did."""

    has_seats = False
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = Sixty()
        cls.addClassCleanup(cls.world.close)
        cls.world.up()
        cls.world.found()
        cls.members = cls.world.come_in()
        cls.world.seat_all()

    def number(self, who, *words):
        return self.ask(who, *words)["number"]

    def show(self):
        return self.ask("eve", "session", "show", 1)

    def test_two_days(self):
        self.assertEqual((self.members, len(self.ask("nan-perry", "member", "list")["members"])), (60, 60))
        self.prepare()
        self.open_the_first_day()
        self.solve()
        self.interrupted_round()
        self.caucus_and_sidebar()
        self.refer()
        self.change_of_shifts()
        self.second_day()
        self.advice_by_phone()
        self.close()
        self.minutes()
        self.compare("two_days_register.txt", self.world.comity("eve", "register")[1])
        self.compare("two_days_pack.md", self.world.comity("eve", "pack", "after", 1)[1])
        for document in self.world.audit("ada", "nan-perry"):
            self.assertEqual([row["verdict"] for row in document["counts"]], ["same"] * len(document["counts"]))
            self.assertGreater(len(document["counts"]), 0)

    def compare(self, name, text):
        text = plain(text)
        if WRITES:
            (EXPECTED / name).write_text(text)
        self.assertMultiLineEqual((EXPECTED / name).read_text(), text)

    # ---- Before ----

    def prepare(self):
        self.world.file("charter.json", json.dumps(CHARTER))
        self.ask("ada", "charter", "adopt", "charter.json", *self.world.with_key("carla"))
        self.ask("eli", "session", "draft", "steering", "Autumn session", "--starts", "2031-01-14 09:00")
        self.refuse("ben", "item", "add", 1, "Weekend pay", "--function", "wages", name="CHARTER")
        self.swaps = self.number("ben", "item", "add", 1, "Who may swap a shift", "--function", "schedules", "--solve")
        self.pay = self.number("alma-reyes", "item", "add", 1, "Weekends")
        self.course = self.number("dev", "item", "add", 1, "A course for charge nurses", "--function", "training")
        self.ask("eli", "session", "order", 1, "--item", self.swaps, "--item", self.course)
        self.ask("eli", "session", "facilitators", 1, "--member", "Eli Stone", "--member", "Fay Lind", "--member", "Gil Ames",
                 "--recorder", "Rita Sole")
        self.ask("fay-lind", "session", "rules", 1, "--text", "One speaks at a time.\nWe speak of work, never of persons.",
                 "--alternate")
        self.ask("eli", "session", "notice", 1)
        self.rooms = self.number("gil-ames", "item", "add", 1, "Rest rooms at the clinic")
        self.compare("two_days_pack_before.md", self.world.comity("eve", "pack", "before", 1)[1])

    # ---- The first day ----

    def open_the_first_day(self):
        self.ask("eli", "session", "open", 1)
        everybody = holders("union") + holders("management")
        for site, of_a_side in (("north", slice(0, 5)), ("south", slice(5, 9))):
            room = holders("union")[of_a_side] + holders("management")[of_a_side]
            self.ask("rita-sole", "rollcall", 1, site, *[word for name in room for word in ("--member", name)])
        alone = holders("union")[9:] + holders("management")[9:]
        for_each(lambda name: self.ask(home_of(name), "checkin", 1, "clinic"), alone)
        for who in ("eli", "fay-lind", "gil-ames", "rita-sole", "ute-kraus"):
            self.ask(who, "checkin", 1, "north")
        attendance = self.show()["attendance"]
        self.assertEqual([(row["seats"], row["present"]) for row in attendance["constituencies"]], [(12, 12), (12, 12)])
        self.assertEqual({row["site"]: (row["present"], row["guests"]) for row in attendance["sites"]},
                         {1: (10, 5), 2: (8, 0), 3: (6, 0)})
        self.assertEqual(len(everybody), 24)
        self.ask("eli", "timebox", "set", self.swaps, 40)
        for who in ("ada", "ben", "carla"):
            self.ask(who, "hand", "raise", 1)
        self.assertEqual([row["member"] for row in self.show()["queue"]], [1, 3, 2])  # sides speak in turn
        self.assertEqual(self.ask("eli", "floor", "give", 1)["member"], 1)
        self.ask("ada", "floor", "yield", 1)
        self.assertEqual(self.ask("eli", "floor", "give", 1)["member"], 3)
        self.ask("eli", "floor", "give", 1, "Ute Kraus")  # an adviser, invited
        self.ask("eli", "hand", "lower", 1, "--member", "Ben Ruiz")

    def move(self, *phases):
        for phase in phases:
            self.ask("eli", "item", "move", self.swaps, phase)

    def approve(self):
        together(*(lambda who=who: self.ask(who, "contribution", "approve", self.swaps) for who in ("ada", "carla")))

    def add(self, who, kind, text, *about, of=None):
        return self.number(who, "contribution", "add", self.swaps, kind, text, *(["--of", of] if of else []),
                           *[word for number in about for word in ("--about", number)])

    def solve(self):
        self.move("story")
        self.refuse("eli", "item", "move", self.swaps, "options", name="PHASE")
        self.add("rita-sole", "story", "Swaps are asked for in the corridor, and nights are left open at noon.")
        self.approve()
        self.move("data")
        request = self.number("ada", "data", "ask", self.swaps, "management", "How many night shifts were left open last year?")
        self.ask("dev", "data", "answer", request, "--text", "41 of 1,095.")
        counted = self.number("ada", "fact", "state", self.swaps, "41 night shifts of 1,095 were left open.", "--request", request)
        why = self.number("alma-reyes", "fact", "state", self.swaps, "Half of them after a swap that nobody wrote down.")
        self.ask("ben", "fact", "agree", counted)
        self.ask("dev", "fact", "agree", counted)
        self.ask("ben", "fact", "agree", why)
        self.ask("dev", "fact", "dispute", why, "--reason", "Nobody has counted that.")
        self.move("interests")
        nights = self.add("rita-sole", "interest", "A night is known two weeks before.", of="union")
        desk = self.add("rita-sole", "interest", "No clerk is called in at a weekend.", of="management")
        filled = self.add("eli", "shared-interest", "Every shift is filled.")
        self.approve()
        self.move("options")
        listed = self.add("eli", "option", "A list of who can swap", filled)
        self.add("eli", "option", "A pool of spare nurses", filled, desk)
        self.approve()
        self.move("standards")
        law = self.add("dev", "standard", "The working time law holds.")
        self.move("evaluation")
        self.add("ben", "evaluation", "The list costs nothing, and fills most shifts.", listed, filled, law)
        self.move("proposal")
        self.proposal = self.number("dev", "proposal", "make", self.swaps, "Shift swaps", "--text", FIRST_TEXT)
        self.links = [word for number in (filled, law, listed, nights) for word in ("--to", number)]
        self.concern = self.number("cora-mills", "concern", "raise", self.proposal, "Who keeps the list?", "--harms", nights)
        self.ask("nina-walsh", "concern", "second", self.concern)

    # ---- A round that is interrupted ----

    def vote(self, number, name, answer="agree", reason=None):
        """As a person does it: again where nobody answered, and `resubmit` where it is not known."""
        words = ["vote", number, answer, *(["--reason", reason] if reason else [])]
        for _ in range(20):
            document = self.ask(home_of(name), *words, exit=None)
            if document["exit"] == UNCONFIRMED:
                until(lambda: self.ask(home_of(name), "resubmit", exit=None)["exit"] == DONE, "what became of a ballot")
                return
            if document["exit"] != UNREACHABLE:
                self.assertEqual(document["exit"], DONE, document.get("error"))
                return
        self.fail(f"{name} could not vote")

    def ballots(self, number):
        return {row["member"]: row for row in self.ask("eve", "ballots", number)["ballots"]}

    def interrupted_round(self):
        number = self.number("eli", "round", "open", self.proposal)
        voters = holders("union") + holders("management")
        on_paper = ["Jon Adeyemi", "Sam Nakata", "Tess Moran"]
        at_the_desk = [name for name in voters if name not in on_paper]
        reasons = {"Gina Lopez": ("reserved", "Somebody has to keep the list."),
                   "Karl Dietz": ("reserved", "Two clerks will have to enter swaps at weekends.")}
        early, late = at_the_desk[:9], at_the_desk[9:]
        for_each(lambda name: self.vote(number, name, *reasons.get(name, ())), early)
        before = self.ballots(number)
        self.assertEqual(len(before), len(early))

        def kill_both():
            for child in ("worker", "broker"):
                os.kill(self.world.pids(child)[0], signal.SIGKILL)

        # They vote on while both daemons die, and are started again.
        together(kill_both, lambda: for_each(lambda name: self.vote(number, name, *reasons.get(name, ())), late))
        self.assertEqual([len(self.world.pids(child, all_of_them=True)) for child in ("worker", "broker")], [2, 2])
        after = self.ballots(number)
        self.assertEqual(len(after), len(at_the_desk))
        self.assertEqual({member: after[member] for member in before}, before)
        cast = [row for row in self.ask("eve", "events", "--limit", 1000)["events"] if row["kind"] == "ballot_cast"]
        self.assertEqual(len(cast), len(at_the_desk))  # none is lost, and none there twice

        self.world.file("paper.csv", "member,answer,reason,medium\n" + "".join(f"{name},agree,,paper\n" for name in on_paper))
        self.ask("rita-sole", "ballots", "import", "paper.csv", "--round", number, *self.world.with_key("ben"))
        self.ask("sam-nakata", "ballots", "confirm", number)
        self.ask("jon-adeyemi", "ballots", "dispute", number, "--reason", "I had crossed block.")
        self.vote(number, "Jon Adeyemi", "block", "Night staff would lose the notice of 14 days.")
        self.assertEqual(len(self.ballots(number)), 24)
        self.assertEqual(self.ask("eli", "round", "close", number)["outcome"], "BLOCKED")

    # ---- Between the rounds ----

    def caucus_and_sidebar(self):
        self.ask("ben", "caucus", "call", 1, "--until", "+20m")
        self.assertEqual(self.show()["time_boxes"][0]["state"], "HELD")
        self.refuse("eli", "round", "open", self.proposal, name="PAUSED")
        self.ask("ben", "caucus", "end", 1)
        self.assertEqual(self.show()["time_boxes"][0]["state"], "RUNNING")
        self.ask("eli", "timebox", "extend", self.swaps, 15)
        aside = self.number("jon-adeyemi", "sidebar", "propose", 1, "Notice of night shifts", "--member", "Karl Dietz")
        self.assertTrue(self.ask("karl-dietz", "sidebar", "agree", aside)["has_begun"])
        self.ask("karl-dietz", "sidebar", "end", aside, "--summary", "The notice of 14 days can be written into the text.")
        self.ask("dev", "proposal", "revise", self.proposal, "--text", SECOND_TEXT, "--review", "2031-03-31 12:00",
                 "--sunset", "2031-06-30 22:00", "--reopen-by", "seat", "--reopen-on", "A night shift that stayed open")
        self.ask("ada", "proposal", "link", self.proposal, *self.links)
        self.ask("cora-mills", "concern", "resolve", self.concern, "--how", "The charge nurse does.")

    def refer(self):
        proposal = self.number("alma-reyes", "proposal", "make", self.pay, "Weekends", "--text",
                               "Weekends count one and a half times.")
        number = self.number("eli", "round", "open", proposal, "--rule", "consensus")
        self.vote(number, "Ada Okafor")
        self.ask("carla", "item", "bargaining", self.pay, "--reason", "What a weekend counts is pay, and pay is bargained.")
        self.refuse("ben", "vote", number, "agree", name="CLOSED")
        self.ask("eli", "item", "defer", self.rooms, "--reason", "The clinic is being rebuilt.", "--until", "2031-04-01 09:00")

    def change_of_shifts(self):
        """Four of each side go home, and the night shift takes their seats."""
        self.ask("eli", "session", "recess", 1, "--until", "+16h")
        self.refuse("eli", "floor", "give", 1, "Ada Okafor", name="PAUSED")
        for side, first in (("union", 1), ("management", 13)):
            chair = {"union": "ada", "management": "carla"}[side]
            for at, alternate in zip(range(5, 9), NIGHT[side]):
                self.ask(home_of(holders(side)[at]), "checkout", 1)
                self.ask(chair, "seat", "handover", 1, first + at, alternate)
        self.refuse("ada", "seat", "handover", 1, 1, "Ralf Dunn", name="MANDATE")  # an alternate of the other side

    # ---- The second day ----

    def voters(self):
        return [name for side in ("union", "management")
                for name in holders(side)[:5] + NIGHT[side][:4] + holders(side)[9:]]

    def second_day(self):
        self.ask("eli", "session", "resume", 1)
        room = NIGHT["union"][:4] + NIGHT["management"][:4]
        self.ask("rita-sole", "rollcall", 1, "south", *[word for name in room for word in ("--member", name)])
        self.assertEqual([row["present"] for row in self.show()["attendance"]["constituencies"]], [12, 12])
        number = self.number("eli", "round", "open", self.proposal)
        self.refuse("finn-harper", "vote", number, "agree", name="NOT_ON_ROLL")  # handed over
        reasons = {"Karl Dietz": ("reserved", "Still two clerks at weekends; I can live with it."),
                   "Uli Becker": ("agree", "It says what we asked for.")}
        for_each(lambda name: self.vote(number, name, *reasons.get(name, ())), self.voters())
        self.assertEqual(self.ask("eli", "round", "close", number)["outcome"], "ADOPTED")
        decision = self.ask("eve", "decisions")["decisions"][0]
        self.assertEqual((decision["state"], decision["terms"]["sunset_ms"]), ("IN_EFFECT", 1940623200000))
        self.ask("eli", "action", "add", "Hang up the list in each ward", "--decision", decision["number"], "--owner",
                 "Dev Patel", "--owner", "Alma Reyes", "--due", "2031-01-31")
        done = self.number("eli", "action", "add", "Tell the night shift", "--decision", decision["number"], "--owner",
                           "Uli Becker", "--due", "2031-01-20")
        self.ask("uli-becker", "action", "done", done, "--note", "Told at the change of shifts.")

    def advice_by_phone(self):
        proposal = self.number("dev", "proposal", "make", self.course, "The course", "--text",
                               "Every charge nurse has two days of training a year.")
        self.ask("mark-sutter", "recuse", proposal, "My brother would teach it.")
        number = self.number("eli", "round", "open", proposal)
        self.world.file("phone.csv", "member,answer,reason,medium\nLena Ortiz,reserved,Not in August,phone\n")
        self.ask("rita-sole", "ballots", "import", "phone.csv", "--round", number, *self.world.with_key("ada"))
        for_each(lambda name: self.vote(number, name),
                 [name for name in self.voters() if name not in ("Lena Ortiz", "Mark Sutter")])
        closed = self.ask("eli", "round", "close", number)
        self.assertEqual((closed["outcome"], closed["is_advice"]), ("ADOPTED", True))
        self.ask("rita-sole", "action", "add", "Ask the college for dates", "--item", self.course, "--owner", "Carla Weiss",
                 "--due", "2031-02-28")

    # ---- After ----

    def close(self):
        self.ask("eli", "session", "close", 1)
        self.ask("ben", "plus", 1, "We heard each other out.")
        self.ask("uli-becker", "plus", 1, "The night shift had a say.")
        self.ask("carla", "delta", 1, "Start on time.")

    def minutes(self):
        text = self.ask("rita-sole", "minutes", "draft", 1)["text"]
        self.ask("carla", "minutes", "approve", 1)
        self.world.file("minutes.md", text.replace("Autumn session\n", "Autumn session, at three sites\n", 1))
        self.ask("ben", "minutes", "correct", 1, "--file", "minutes.md")
        self.ask("ada", "minutes", "approve", 1)
        self.assertEqual(self.show()["session"]["state"], "CLOSED")  # the approval was of the version before
        self.world.file("dissent.txt", "Item %d was not discussed long enough to be called a matter for bargaining." % self.pay)
        self.assertTrue(self.ask("carla", "minutes", "dissent", 1, "--file", "dissent.txt")["is_in_force"])
        self.assertEqual(self.show()["session"]["state"], "MINUTED")
        rows = self.ask("eve", "minutes", "show", 1)["minutes"]
        latest = rows["versions"][-1]["text"]["text"]
        shown = self.world.comity("eve", "minutes", "show", 1, "--changes")[1]
        answers = shown[shown.index("\n\nmanagement dissented") + 2:]
        self.compare("two_days_minutes.md", latest + "\n---\n\n" + answers)


if __name__ == "__main__":
    unittest.main()
