"""What people notice of sites that fail, or are restarted one after the other: nothing; and of a ballot that waited meanwhile."""

import base64
import itertools
import os
import re
import signal
import subprocess
import threading
import unittest

from cli_case import COMITY, REFUSED, TIMEOUT_S, UNCONFIRMED, UNREACHABLE, WAITING, until
from sites_case import NAMES, SitesWorld  # sets the path
from comity_etcd import encoded
from comity_rolling import SEAT
from witnesses import Witness

SOON = ("--timeout", 1)  # where nobody answers
FAULTS = os.environ.get("COMITY_WORKER_FAULTS", "")
HOUR_S = 3600


class Load:
    """One person, who acts and reads, again and again, until it is ended: where each item was recorded, by its title, and how
    far the record was told to be, each time."""

    runs = itertools.count()

    def __init__(self, world, who):
        self.world, self.who, self.run_number = world, who, next(self.runs)
        self.added, self.seen, self.wrong, self.has_ended = {}, [], None, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.has_ended:
                title = f"{self.who} {self.run_number} {len(self.added)}"
                self.added[title] = self.world.ask(self.who, "item", "add", 1, title)["receipt"]["sequence"]
                self.seen.append(self.added[title])
                self.seen.append(self.world.ask(self.who, "events", "--from", self.seen[-1])["next"] - 1)
        except Exception as error:  # whatever it is, the test tells of it
            self.wrong = error

    def end(self):
        self.has_ended = True
        self.thread.join()


class OverSites(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = SitesWorld(brokers=3)
        cls.addClassCleanup(cls.world.close)
        cls.sites = cls.world.sites
        cls.world.found()
        cls.world.seat_everybody()

    def ask(self, who, *words, **options):
        return self.world.ask(who, *words, **options)

    def follow(self, who, *words):
        """A command that goes on until the test ends, and what it says beside what it shows."""
        said = []
        process = subprocess.Popen([COMITY, *map(str, words), "--home", self.world.home(who)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        reading = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
        reading.start()

        def end():
            process.kill()
            process.wait()
            reading.join()
            process.stderr.close()
        self.addCleanup(end)
        return process, said

    # ---- A member's site is cut off ----

    def home_at(self, who, *names):
        self.addCleanup(self.world.home_at(who, *names))

    def darken(self, name):
        self.sites.kill("broker", name)
        self.sites.kill("worker", name)
        self.sites.members.kill(name)

    def lighten(self, name):
        if name not in self.sites.members.processes:
            self.sites.members.start(name)
        for what in ("broker", "worker"):
            if (what, name) not in self.sites.processes:
                self.sites.start(what, name)

    def cast(self, round):
        events = self.ask("eli", "events")["events"]
        casts = [event["event"]["ballot_cast"] for event in events if "ballot_cast" in (event.get("event") or {})]
        return [cast for cast in casts if cast["round"] == round]

    def test_ballots_wait_for_a_site_that_is_dark_while_the_rounds_go_on_at_the_others(self):
        site = next(name for name in NAMES if name != self.sites.leader())
        proposals = [self.world.propose() for _ in range(3)]
        in_time, closed, outdated = rounds = [self.world.open_round(proposal) for proposal in proposals]
        subprocess.run(["cp", "-r", self.world.home("ada"), self.world.home("ada-too")], check=True)
        self.home_at("ada", site)
        for round, proposal in zip(rounds, proposals):
            self.ask("ada", "round", "show", round)
            self.ask("ada", "proposal", "show", proposal)
        self.addCleanup(self.lighten, site)
        self.darken(site)
        for round in rounds:
            said = self.ask("ada", "vote", round, "agree", *SOON, exit=WAITING)
            self.assertIn("kept on this machine", said["error"]["what"])
        self.assertEqual([row["state"] for row in self.ask("ada", "outbox", "list")["outbox"]][-3:], ["unsent"] * 3)
        self.assertIn("not sent yet", self.world.comity("ada", "receipt", "list", *SOON)[1])
        # Meanwhile, at the others.
        self.ask("carla", "vote", in_time, "agree")
        self.ask("eli", "round", "close", closed)
        self.ask("ada-too", "vote", outdated, "block", "--reason", "No.")
        self.assertEqual([len(self.cast(round)) for round in rounds], [1, 0, 1])
        self.lighten(site)
        delivered = self.ask("ada", "whoami")["delivered"]
        self.assertEqual([(row["verdict"], row["error"]) for row in delivered],
                         [("RECORDED", "OK"), ("REFUSED", "CLOSED"), ("REFUSED", "STALE")])
        self.assertEqual([len(self.cast(round)) for round in rounds], [2, 0, 1])
        self.assertNotIn("delivered", self.ask("ada", "whoami"))

    def restart_at(self, name, back, endpoints):
        for what in ("broker", "worker"):
            self.sites.stop(what, name)
        self.sites.backs.pop(name)
        self.sites.backs.update({name: back} if back else {})
        self.sites.endpoints = endpoints
        for what in ("broker", "worker"):
            self.sites.start(what, name)
        self.sites.endpoints = []

    def part(self, name):
        """Its broker is where no worker of elsewhere finds it, and its worker knows no member of etcd but its own, which is away.
        Returns what takes that back."""
        back = self.sites.backs[name]
        self.restart_at(name, None, [name])
        self.sites.members.kill(name)
        is_back = []

        def join():
            if not is_back:
                is_back.append(name)
                self.restart_at(name, back, [])
                self.sites.members.start(name)
        self.addCleanup(join)
        return join

    def test_ballots_wait_at_a_site_that_runs_and_reaches_no_other(self):
        """Its own broker and worker answer. What was given there was not sent: it can be changed, and goes by itself later."""
        site = next(name for name in NAMES if name != self.sites.leader())
        closed, changed, again = rounds = [self.world.open_round(self.world.propose()) for _ in range(3)]
        first = self.ask("ada", "vote", again, "agree")["receipt"]["sequence"]
        self.home_at("ada", site)
        self.home_at("ben", site)
        self.home_at("dev", site, *(name for name in NAMES if name != site))
        join = self.part(site)
        until(lambda: self.ask("ada", "whoami", exit=None).get("not_fresh"), "the site is cut off")
        for round in (closed, changed):
            error = self.ask("ada", "vote", round, "agree", exit=WAITING)["error"]
            self.assertEqual(error["name"], "NOT_LEADER")
            self.assertTrue(error["what"].startswith("Your site cannot reach the others just now. Your answer is signed and kept "), error)
        block = ("block", "--reason", "No.")
        self.assertTrue(self.ask("ada", "vote", changed, *block, exit=WAITING)["waiting"]["is_replaced"])
        self.assertEqual(self.ask("ada", "vote", again, *block, exit=REFUSED)["error"]["name"], "EXISTS")
        self.assertEqual(self.ask("ada", "vote", again, *block, "--replace", exit=WAITING)["replaces"], first)
        self.assertNotIn("delivered", self.ask("ada", "whoami"))
        waiting = [row for row in self.ask("ada", "outbox", "list")["outbox"] if row["state"] not in ("recorded", "refused")]
        self.assertEqual([(row["state"], row["act"]) for row in waiting],
                         [("unsent", f"cast_ballot on round {round}") for round in rounds])
        said = self.world.comity("ada", "resubmit")[1]
        self.assertEqual([f"your answer to round {round}: not sent yet" in said for round in rounds], [True] * len(rounds), said)
        said = self.world.comity("ada", "doctor")[1]
        self.assertIn("You can read, and nothing can be recorded at the moment.", said)
        self.ask("ben", "vote", changed, "agree", exit=WAITING)
        # The control: who has another site's broker too, whose worker says that it has all.
        self.assertIn("not_fresh", self.ask("dev", "whoami"))
        self.assertEqual(self.ask("dev", "vote", changed, "agree")["said"], "agree")
        watched = self.follow("ben", "watch", 1)[1]
        until(lambda: any("this site cannot reach the others" in line for line in watched), "it watches")
        self.ask("eli", "round", "close", closed)
        join()
        told = []
        until(lambda: told.extend(self.ask("ada", "whoami", exit=None).get("delivered", [])) or
              sum(row["verdict"] in ("RECORDED", "REFUSED") for row in told) >= len(rounds), "they are sent")
        self.assertEqual([(row["verdict"], row["error"]) for row in told if row["verdict"] != "UNKNOWN"],
                         [("REFUSED", "CLOSED"), ("RECORDED", "OK"), ("RECORDED", "OK")])
        until(lambda: any(f"round {changed}: recorded as number " in line for line in watched), "the one that watches has sent it")
        self.assertEqual([len(self.cast(round)) for round in rounds], [0, 3, 2])
        self.assertEqual([sorted(ballot["answer"] for ballot in self.ask("eli", "ballots", round)["ballots"]) for round in rounds],
                         [[], [1, 1, 6], [6]])

    def let_in(self, name, workers):
        """The site's broker hears these workers alone from now on."""
        self.sites.known_to[name] = workers
        self.sites.stop("broker", name)
        self.sites.start("broker", name)

    def leave_alone(self, name):
        self.addCleanup(self.let_in, name, NAMES)
        self.let_in(name, [name])
        self.home_at("eve", name)
        until(lambda: self.ask("eve", "whoami", *SOON, exit=None)["ok"], "its own worker is there")

    def assert_told_of_other_acts(self):
        """They do not wait: who gives one is told why nothing is recorded, and what to do."""
        error = self.ask("ben", "item", "add", 1, "Another matter", "--timeout", 2, exit=UNCONFIRMED)["error"]
        self.assertEqual((error["name"], error["what"]), ("NOT_LEADER", "Your site cannot reach the others just now."))
        self.assertTrue(error["next"].startswith("Try again later: comity resubmit "), error)
        _, said, errors = self.world.comity("ben", "resubmit", "--timeout", 2)
        self.assertIn("not confirmed: NOT_LEADER: Your site cannot reach the others just now.", said)
        self.assertNotIn("does not lead its group", said + errors)

    def test_ballots_wait_where_all_sites_are_cut_off_from_one_another(self):
        """Each broker answers, and no worker behind one of them has a majority: nothing is sent. Nor where one has not even all that was seen
        before, and does not get it any more: behind its own broker there is no other."""
        first = self.world.open_round(self.world.propose())
        site = next(name for name in NAMES if name != self.sites.leader())
        self.leave_alone(site)
        late, killed = self.sites.processes["worker", site], []

        def mend():
            while killed:
                self.sites.members.spawn(killed.pop())
        self.addCleanup(mend)
        self.addCleanup(late.send_signal, signal.SIGCONT)
        late.send_signal(signal.SIGSTOP)
        for name in sorted(NAMES, key=lambda name: name != site):   # its own first, which would have told it of the second round
            self.sites.members.kill(name)
            killed.append(name)
            if name == site:
                rounds = first, second = first, self.world.open_round(self.world.propose())
                self.ask("ada", "round", "show", second)
        late.send_signal(signal.SIGCONT)
        until(lambda: all(map(self.sites.says_that_etcd_is_silent, NAMES)), "each knows that it is cut off")
        for round in rounds:
            error = self.ask("ada", "vote", round, "agree", exit=WAITING)["error"]
            self.assertEqual(error["name"], "NOT_LEADER")
            self.assertTrue(error["what"].startswith("Your site cannot reach the others just now. Your answer is signed and kept "), error)
        waiting = {row["act"]: row for row in self.ask("ada", "outbox", "list")["outbox"]}
        acts = [waiting[f"cast_ballot on round {round}"] for round in rounds]
        self.assertEqual([act["state"] for act in acts], ["unsent", "unsent"])
        self.assertNotIn("delivered", self.ask("ada", "whoami"))
        self.ask("ada", "outbox", "takeback", acts[0]["command_id"])
        self.assert_told_of_other_acts()
        mend()
        self.sites.leader()
        told = []
        until(lambda: told.extend(self.ask("ada", "whoami", exit=None).get("delivered", [])) or
              any(row["verdict"] == "RECORDED" for row in told), "it is sent")
        self.assertEqual([row["act"] for row in told if row["verdict"] == "RECORDED"], [f"cast_ballot on round {second}"])
        self.assertEqual([len(self.cast(round)) for round in rounds], [0, 1])

    # ---- Sites are restarted, and fail ----

    @staticmethod
    def wait_for_acts(loads):
        """Until each has acted and read twice more, or has failed."""
        wanted = {load: len(load.seen) + 4 for load in loads}
        until(lambda: all(load.wrong or len(load.seen) >= wanted[load] for load in loads), "everybody acts")

    def under_load(self, disturb):
        """No command fails, nobody is shown less than before, and what was recorded is in the record, where it was said to be."""
        loads = [Load(self.world, who) for who in ("ada", "ben", "carla")]
        try:
            self.wait_for_acts(loads)
            disturb()
            self.wait_for_acts(loads)
        finally:
            for load in loads:
                load.end()
        shown = {row["sequence"]: str(row) for row in self.ask("eve", "events")["events"]}
        for load in loads:
            self.assertIsNone(load.wrong, load.who)
            self.assertEqual(load.seen, sorted(load.seen), load.who)
            for title, sequence in load.added.items():
                self.assertEqual([at for at, row in shown.items() if f"'{title}'" in row], [sequence], title)
        file = self.world.directory / "audited"
        file.unlink(missing_ok=True)
        self.ask("eve", "export", file)
        audited = self.ask("auditor", "audit", file, exit=None)
        self.assertEqual((audited["wrong"], audited["differing"]), (0, 0), audited["findings"][:5])

    def restart_all(self):
        for name in NAMES:
            for what in ("broker", "worker"):
                self.assertEqual(self.sites.stop(what, name), 0)
                self.sites.start(what, name)
        for name in NAMES:
            process = self.sites.members.processes.pop(name)
            self.sites.net.hosts[name].end(process, signal.SIGTERM)
            self.sites.members.start(name)

    def witnesses_at(self, name):
        """Of both parties, who come to the record by this site's broker; and what they have signed the record up to now."""
        witnesses = [Witness(self.world, box, chair, self.sites.brokers(name)[0])
                     for box, chair in (("union-box", "ada"), ("office-box", "carla"))]
        for witness in witnesses:
            self.addCleanup(witness.close)
        return witnesses

    def final(self):
        return self.ask("eve", "whoami")["finality"]["final"]

    def fail_over(self):
        leader = self.sites.leader()
        other = next(name for name in NAMES if name != leader)
        self.home_at("dev", leader)
        self.home_at("eve", other)
        witnesses = self.witnesses_at(other)
        self.assertEqual(self.final(), 0)
        size = witnesses[0].sign()
        self.assertEqual(self.final(), 0)   # one is not all
        witnesses[1].sign(size)
        self.assertEqual(self.final(), size)
        self.sites.kill("worker", leader)
        self.sites.kill("broker", leader)
        self.sites.leader(besides=(leader,))
        self.ask("dev", "whoami", *SOON, exit=UNREACHABLE)  # the control: who knows only this site notices
        self.assertEqual(self.final(), size)
        further = size
        for witness in witnesses:   # the one that leads now takes what they sign, too
            witness.greet()
            further = witness.sign(0 if further == size else further)
        self.assertGreater(further, size)
        self.assertEqual(self.final(), further)
        self.lighten(leader)

    def test_everything_is_restarted_and_nobody_notices(self):
        self.under_load(self.restart_all)

    def test_the_site_that_leads_fails_and_nobody_notices(self):
        """Nor is what was FINAL less so."""
        self.under_load(self.fail_over)

    # ---- A site that cannot reach the others ----

    def test_who_follows_the_record_is_told_that_there_may_be_more(self):
        """Nothing comes, and not since nothing happens: this has to be asked for. And taken back when it is over."""
        site, *others = NAMES
        self.home_at("carla", site)
        follow, told = self.follow("carla", "events", "--follow")
        for other in others:
            self.sites.members.kill(other)
        until(lambda: any("this site cannot reach the others" in line for line in told), "it is told")
        self.assertNotIn("In touch again.\n", told)
        for other in others:
            self.sites.members.spawn(other)
        until(lambda: "In touch again.\n" in told, "it is taken back")
        self.assertIsNone(follow.poll())
        follow.send_signal(signal.SIGINT)
        self.assertEqual(follow.wait(TIMEOUT_S), 0)

    # ---- A worker that decides otherwise ----

    def refuse(self, site):
        """Its seat says that it refuses the entry that comes next."""
        members = self.sites.members
        row = members.ask("north", "kv/range", key=encoded(f"comity/{self.sites.group.hex()}/applied/{site}"))["kvs"][0]
        value = base64.b64decode(row["value"])
        entry = SEAT.unpack_from(value)[1] + 1
        members.ask("north", "kv/put", key=row["key"], value=base64.b64encode(value[:-8] + entry.to_bytes(8, "big")).decode())
        return entry

    def make_operator(self, who):
        """For workers that are started from now on."""
        key = next((self.world.home(who) / "keys").glob("connection-*.key")).read_text()
        self.sites.settings = f"[worker]\noperator = {re.search('public *=? *([0-9a-f]{64})', key)[1]}\n"
        self.addCleanup(setattr, self.sites, "settings", "")

    def test_that_nobody_leads_is_shown_to_an_operator(self):
        """One worker alone runs, and leaves leading to others, since its clock has jumped. etcd answers it."""
        self.assertTrue(os.path.exists(FAULTS), "COMITY_WORKER_FAULTS names the library to preload")
        ahead = self.world.file("ahead", "0")
        site = NAMES[0]
        self.make_operator("eli")
        for name in NAMES:
            self.addCleanup(self.lighten, name)
            self.sites.stop("worker", name)
        self.addCleanup(self.sites.stop, "worker", site)   # before it is started as ever
        self.sites.log("worker", site).unlink()
        self.sites.start("worker", site, {
            "LD_PRELOAD": FAULTS, "COMITY_FAULT_CLOCK": str(ahead),
            # A sanitizer's library wants to be the first one otherwise.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
        until(lambda: ", leads in term " in self.world.comity("eli", "status")[1], "it leads by itself")
        self.world.file("ahead.new", str(HOUR_S)).rename(ahead)   # at once, as a clock is set
        until(lambda: "event=follows leader=nobody" in self.sites.log("worker", site).read_text(), "it leads no more")
        told = []
        until(lambda: told.append(self.world.comity("eli", "status")[1]) or "hears of nobody" not in told[-1], "etcd has answered it just now")
        self.assertIn(", nobody leads now, runs since ", told[-1])
        until(lambda: ("warning", "Nobody leads now.") in
              [(row["finding"], row["what"]) for row in self.ask("eli", "doctor", exit=None)["checks"]], "doctor says so, too")

    def test_what_a_worker_refuses_is_shown_to_an_operator(self):
        self.make_operator("eli")
        for name in NAMES:
            self.sites.stop("worker", name)
            self.sites.start("worker", name)
        until(lambda: "All workers go with the log" in self.world.comity("eli", "doctor")[1], "all is well")
        site = next(name for name in NAMES if name != self.sites.leader())
        self.addCleanup(self.lighten, site)
        self.sites.kill("worker", site)
        entry = self.refuse(site)
        words = f"has stopped before entry {entry}"
        until(lambda: words in self.world.comity("eli", "status")[1], "it is seen")
        log = [row for row in self.ask("eli", "doctor", exit=None)["checks"] if row["check"] == "log"]
        self.assertEqual([row["finding"] for row in log], ["warning"])
        self.assertIn(f"The worker {site} {words} of the log", log[0]["what"])
        for title in ("Refused", "And the next one"):   # of three one alone refuses it: the others go on, and say so
            self.ask("ada", "item", "add", 1, title)
        leader = self.sites.log("worker", self.sites.leader())
        until(lambda: f"event=entry_refused number={entry}" in leader.read_text(), "it is in the log file")
        self.lighten(site)   # and decides as the others do
        until(lambda: "All workers go with the log" in self.world.comity("eli", "doctor")[1], "it has applied it after all")


if __name__ == "__main__":
    unittest.main(verbosity=2)
