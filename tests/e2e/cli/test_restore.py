"""A backup is restored: what the lost tail held goes in again where it can be meant as it was, and nowhere else."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from cli_case import BUILD, COMITY, CliCase, FORKED, REFUSED, UNCOUNTED, UNREACHABLE, until

GIVEN_UP = "it was signed in a record that was given up by a later restore; give it anew, if it is still wanted"


class Follower:
    """`comity events --follow --json` beside everything else."""

    def __init__(self, world, who):
        self.out = open(world.file(f"{who}.follow"), "wb")
        self.err = open(world.file(f"{who}.follow.err"), "wb")
        self.process = subprocess.Popen([COMITY, "events", "--follow", "--json", "--home", world.home(who)],
                                        stdout=self.out, stderr=self.err, stdin=subprocess.DEVNULL,
                                        cwd=world.directory)

    def lines(self):
        with open(self.out.name) as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def copy(self):
        """The record as a reader of these lines has it: {number: kind}."""
        record = {}
        for line in self.lines():
            if "restored" in line:
                record = {number: row for number, row in record.items() if number <= line["restored"]["restored_to"]}
            else:
                record[line["sequence"]] = (line["epoch"], line["kind"])
        return record

    def errors(self):
        with open(self.err.name) as file:
            return file.read()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(60)
        self.out.close()
        self.err.close()
        return code


class Restored(CliCase):
    """Each test has an installation of its own: a restore concerns all that is in it."""

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        CliCase.setUpClass.__func__(type(self))
        self.addCleanup(type(self).doClassCleanups)

    def worker(self, *words, check=True):
        return subprocess.run([BUILD / "comity-worker", *map(str, words), "--config", self.world.data / "worker.ini"],
                              check=check, capture_output=True, text=True, timeout=120)

    def back_up(self, name="backup"):
        self.worker("export", "--to", self.world.directory / name)

    def restore(self, name="backup"):
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        self.worker("restore", "--from", self.world.directory / name)
        self.world.up()

    def head(self, who="ada"):
        return self.ask(who, "events")["next"] - 1

    def resubmit(self, who, **expected):
        said = self.ask(who, "resubmit")
        counts = {"recorded": 0, "refused": 0, "unconfirmed": 0, **expected}
        self.assertEqual({key: said[key] for key in counts}, counts, said)
        return said

    def outcome(self, number):
        return self.ask("dev", "outcome", number)["outcome"]

    def test_a_members_copy_is_no_backup(self):
        """It is said what the file is, and nothing of keys that are right."""
        self.ask("ada", "export", "ada.record")
        self.back_up()
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        result = self.worker("restore", "--from", self.world.directory / "ada.record", check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("a member's copy", result.stderr)
        self.worker("restore", "--from", self.world.directory / "backup")

    def test_what_a_restore_gave_up_is_called_that(self):
        """By whoever audits with a checkpoint or a receipt of before: nobody forged anything."""
        self.back_up()
        head = self.head()
        receipt = self.ask("ada", "invite", "Hal Lund", "--out", "hal.invitation")["receipt"]
        self.ask("ada", "receipt", "save", receipt["command_id"], "hal.receipt")
        self.world.file("ada.note", self.ask("ada", "checkpoint")["checkpoint"]["note"])
        self.restore()
        self.back_up("after")
        files = [self.world.directory / name for name in ("after", "ada.note", "hal.receipt")]
        compared = self.ask("dev", "checkpoint", "compare", files[1], exit=UNCOUNTED)   # a script must not take it for the same
        self.assertEqual(compared["verdict"], "restored")
        self.assertIn(f"went back to number {head}: the two cannot be compared", compared["error"]["what"])
        for given in (["--checkpoint", files[1]], ["--receipt", files[2]]):
            [finding] = self.ask("auditor", "audit", files[0], *given, exit=None)["findings"]
            self.assertIn(f"a restore from a backup, which went back to number {head} ", finding["sentence"])

    def test_an_end_in_the_lost_tail_shuts_nobody_out(self):
        """W1: ballots and close after the backup; the facilitator resubmits first."""
        number = self.world.open_round(self.world.propose())
        self.back_up()
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", number, "agree")
        self.ask("eli", "round", "close", number)
        self.ask("eli", "session", "close", 1)
        self.assertEqual(self.outcome(number), "ADOPTED")
        self.restore()
        said = self.resubmit("eli", refused=2)
        self.assertEqual([row["error"] for row in said["not_taken_over"]], ["EPOCH", "EPOCH"])
        self.assertIn("is not carried over", said["not_taken_over"][0]["why"])
        for who in ("ada", "ben", "carla", "dev"):
            self.resubmit(who, recorded=1)
        self.ask("eli", "round", "close", number)   # anew
        self.assertEqual(self.outcome(number), "ADOPTED")

    def test_a_round_whose_time_is_over_waits_a_day(self):
        """W1's cousin: the time to close lies between backup and restore."""
        rule = self.ask("ada", "rule", "show", "consensus")["rule"]
        rule["name"], rule["close"] = "timed", {"at_time": True}
        file = self.world.file("timed.json", json.dumps(rule))
        self.ask("ada", "rule", "adopt", "--file", file, *self.world.with_key("carla"))
        number = self.ask("eli", "round", "open", self.world.propose(), "--rule", "timed", "--closes", "+20s")["number"]
        self.back_up()
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", number, "agree")
        until(lambda: self.ask("dev", "round", "show", number)["round"]["state"] == "CLOSED", "its time")
        self.assertEqual(self.outcome(number), "ADOPTED")
        self.restore()
        for who in ("ada", "ben", "carla", "dev"):
            self.resubmit(who, recorded=1)
        shown = self.ask("dev", "round", "show", number)["round"]
        self.assertEqual((shown["state"], shown["answered"]), ("OPEN", 4))
        epoch = self.ask("dev", "partnership", "show")["partnership"]["epochs"][-1]
        self.assertEqual(shown["closes_ms"], epoch["resume_ms"])
        self.assertIn("it does not close by itself before", self.world.comity("dev", "round", "show", number)[1])
        self.assertEqual(epoch["resume_ms"], epoch["opened_ms"] + 24 * 3600 * 1000)
        error = self.refuse("eli", "round", "close", number, name="EPOCH")   # who has not looked since
        self.assertIn("Give the same command again if it is still wanted", error["next"])
        self.ask("eli", "round", "close", number)
        self.assertEqual(self.outcome(number), "ADOPTED")

    def invite(self, co_chair, name):
        file = self.world.directory / f"{name}.invitation"
        self.ask(co_chair, "invite", name, "--out", file)
        return file

    def test_numbers_mean_what_they_meant(self):
        """W2: member 7 is one person before the restore and another after it."""
        self.ask("ada", "body", "create", "shifts", "--title", "Shifts", "--seats", "union=2", "--seats", "management=1",
                 *self.world.with_key("carla"))
        self.back_up()
        pia = self.ask("pia", "join", self.invite("ada", "Pia"))["number"]
        self.ask("ada", "seat", "assign", "shifts", 1, pia)
        self.restore()
        self.refuse("ben", "invite", "Quinn", "--out", "never.invitation", name="EPOCH")   # has not looked since
        self.assertEqual(self.ask("quinn", "join", self.invite("ben", "Quinn"))["number"], pia)
        said = self.resubmit("ada", recorded=1, refused=1)
        self.assertEqual(said["not_taken_over"][0]["error"], "EPOCH")
        self.assertEqual(said["resubmitted"][1]["field"], "assign_seat.member")
        self.assertNotEqual(self.ask("ada", "body", "show", "shifts")["seats"][0].get("holder", 0), pia)

    def others_go_on(self):
        """So that the record is longer than what anybody had seen: nobody is told that it went back."""
        self.ask("dev", "resubmit")
        for number in range(6):
            self.ask("dev", "item", "add", 1, f"Item {number}")

    def test_a_new_vote_is_not_taken_for_one_of_before(self):
        """Somebody votes anew before sending again: nothing is signed until there was a look, and then the new one counts."""
        number = self.world.open_round(self.world.propose())
        self.back_up()
        self.ask("ben", "vote", number, "agree")
        self.ask("ben", "vote", number, "block", "--replace", "--reason", "no")
        self.restore()
        self.others_go_on()
        self.refuse("ben", "vote", number, "agree", name="EPOCH")
        self.ask("ben", "vote", number, "agree")
        self.resubmit("ben", refused=2)
        ballot, = self.ask("ben", "ballots", number)["ballots"]
        self.assertEqual(ballot["stance"], "AGREE")

    def test_a_seat_that_was_vacated_since_stays_so(self):
        pia = self.ask("pia", "join", self.invite("ada", "Pia"))["number"]
        self.ask("ben", "whoami")
        self.back_up()
        self.ask("ada", "seat", "assign", "steering", 1, pia)
        self.restore()
        self.others_go_on()
        self.refuse("ben", "seat", "vacate", "steering", 1, name="EPOCH")
        self.ask("ben", "seat", "vacate", "steering", 1)
        self.resubmit("ada", refused=1)
        self.assertEqual(self.ask("eli", "body", "show", "steering")["seats"][0].get("holder", 0), 0)

    def test_what_a_person_types_is_meant_as_last_seen(self):
        """The same without resubmit: who has not looked since the restore names what is gone."""
        self.back_up()
        first = self.world.open_round(self.world.propose())
        self.ask("ada", "vote", first, "agree")
        self.restore()
        self.resubmit("ben", recorded=1)   # the item: the backup has its session
        self.resubmit("dev", refused=1)    # the proposal was on an item that is lost
        self.resubmit("eli", refused=1)
        item = self.ask("ben", "item", "add", 1, "Parking")["number"]
        proposal = self.ask("dev", "proposal", "make", item, "Parking", "--text", "By lot.")["number"]
        again = self.world.open_round(proposal)
        self.assertEqual(again, first)   # another one under the same number
        while self.head("ben") < 60:
            self.ask("ben", "item", "add", 1, "Filling")
        error = self.refuse("ada", "vote", first, "agree", name="EPOCH")
        self.assertIn("Give the same command again if it is still wanted", error["next"])
        self.assertEqual(self.ask("dev", "ballots", first)["answered"], 0)
        self.ask("ada", "vote", first, "agree")   # now that it is known
        meanings = {row["exit"]: row["meaning"] for row in self.ask("ada", "help", "exit-codes")["exit_codes"]}
        self.assertTrue(meanings[REFUSED].endswith("The same again would be refused again, but for EPOCH."))

    def test_what_was_lost_and_refused_stays_visible(self):
        """W4: the list and every further resubmit go on naming it."""
        proposal = self.world.propose()
        self.back_up()
        number = self.world.open_round(proposal)
        for who in ("ada", "ben"):
            self.ask(who, "vote", number, "agree")
        head = self.head()
        self.ask("eve", "events")
        self.restore()
        # Who has seen more than there is now does not take it for the whole, and finds out why.
        begin = time.monotonic()
        error = self.refuse("eve", "whoami", "--timeout", 60, name="BEHIND", exit=UNREACHABLE)
        self.assertLess(time.monotonic() - begin, 20)   # at once, not when the time is over
        epoch = self.ask("dev", "partnership", "show")["partnership"]["epochs"][-1]
        self.assertIn(f"restored from a backup as of number {epoch['restored_to']} (epoch {epoch['number']})", error["what"])
        self.assertEqual(error["next"], "comity resubmit")
        self.resubmit("eve")
        self.resubmit("eli", recorded=1)   # the round: the backup has its proposal
        for _ in range(2):
            said = self.ask("ada", "resubmit")
            row = said["not_taken_over"][0]
            self.assertEqual((row["act"], row["error"], row["sequence"]), (f"cast_ballot on round {number}", "EPOCH",
                                                                          head - 1))
            self.assertEqual(row["why"], "the restored record does not have that round; vote again once it is open again")
        code, words, _ = self.world.comity("ada", "resubmit")
        self.assertEqual(code, 0)
        self.assertIn(f"your answer to round {number} (number {head - 1} in epoch 1): not taken over: the restored record "
                      "does not have that round; vote again once it is open again.", words)
        self.assertNotIn("Nothing that was signed here is left unanswered", words)
        _, listed, _ = self.world.comity("ada", "receipt", "list")
        self.assertIn(f"number {head - 1} in epoch 1, lost by a restore; refused: EPOCH", listed)
        self.ask("ada", "vote", number, "agree")
        self.assertEqual(self.ask("dev", "ballots", number)["answered"], 1)

    def test_the_last_answer_counts(self):
        """A chain of one's own ballots comes out with its last one, and it is told of the others."""
        number = self.world.open_round(self.world.propose())
        self.ask("ada", "vote", number, "agree")
        self.back_up()
        self.ask("ada", "vote", number, "stand-aside", "--replace")
        self.ask("ada", "vote", number, "reserved", "--replace")
        self.restore()
        self.resubmit("ada", recorded=2)
        mine = self.ask("ada", "ballots", number)["ballots"]
        self.assertEqual([row["stance"] for row in mine], ["RESERVED"])
        self.assertEqual(self.ask("ada", "ballots", number)["answered"], 1)

    def test_who_joined_after_the_backup(self):
        """W5: the joining goes in again first, once the invitation has."""
        number = self.world.open_round(self.world.propose())
        self.back_up()
        member = self.ask("pia", "join", self.invite("ada", "Pia"))["number"]
        self.ask("ada", "seat", "assign", "steering", 2, member)
        self.restore()
        error = self.refuse("pia", "whoami", name="GRANT")
        self.assertIn("comity resubmit", error["next"])
        said = self.world.ask("pia", "resubmit", exit=REFUSED)   # before whoever invited her
        self.assertEqual(said["resubmitted"][0]["error"], "INVITATION")
        self.assertIn("whoever invited you", said["error"]["next"])
        self.resubmit("ada", recorded=1, refused=1)
        said = self.resubmit("pia", recorded=1)
        self.assertEqual(said["resubmitted"][0]["act"], "redeem")
        self.assertEqual(self.ask("pia", "whoami")["member"]["number"], member)
        self.assertEqual(self.resubmit("pia")["resubmitted"], [])
        self.ask("dev", "ballots", number)

    def test_keys_that_were_changed_after_the_backup(self):
        """The record knows the first key, the machine has the third alone: what the older ones have signed brings it back."""
        number = self.world.open_round(self.world.propose())
        self.back_up()
        for _ in range(2):
            self.ask("ben", "key", "rotate")
        self.ask("ben", "vote", number, "agree")
        self.restore()
        error = self.refuse("ben", "whoami", name="GRANT")
        self.assertIn("comity resubmit", error["next"])
        said = self.resubmit("ben", recorded=3)
        self.assertEqual([row["act"] for row in said["resubmitted"]][:2], ["add_key", "add_key"])
        keys = self.ask("ben", "key", "list")["keys"]
        self.assertEqual([(row["is_this_machine"], row["revoked"] in (0, "0")) for row in keys], [(False, False), (False, False), (True, True)])
        self.assertEqual(self.resubmit("ben")["resubmitted"], [])

    def test_a_key_that_was_revoked_comes_back_in_no_order(self):
        """What revoked it is sent again before what brought it: by whoever has the bytes, at any time."""
        self.back_up()
        number = self.ask("pia", "join", self.invite("ada", "Pia"))["number"]
        key = self.ask("pia", "key", "show")["key"]
        self.ask("phone", "key", "request", "phone.request")
        self.ask("ben", "key", "add", "phone.request", "--out", "phone.answer")
        self.ask("phone", "key", "accept", "phone.answer")
        phone = self.ask("phone", "key", "show")["key"]
        for each in (key, phone):
            self.ask("ada", "key", "revoke", each)
        self.restore()
        said = self.resubmit("ada", recorded=3)
        self.assertEqual([row["act"] for row in said["resubmitted"]], ["invite", "revoke_key", "revoke_key"])
        said = self.ask("pia", "resubmit", exit=REFUSED)
        self.assertEqual([row["error"] for row in said["resubmitted"]], ["KEY_REVOKED"])
        said = self.ask("phone", "resubmit", exit=REFUSED)
        self.assertEqual([(row["error"], row["field"]) for row in said["resubmitted"]], [("KEY_REVOKED", "add_key.key")])
        self.assertIn("has revoked the new key: make another one", said["not_taken_over"][0]["why"])
        valid = [row["key"] for row in self.ask("ada", "key", "list", "--all")["keys"] if row["revoked"] == 0]
        self.assertFalse({key, phone} & set(valid))
        self.assertNotIn("Pia", [row["name"]["text"] for row in self.ask("ada", "member", "list")["members"]])
        self.assertRegex(self.world.comity("ada", "history")[1],
                         "Ada Okafor barred the key [0-9a-f ]{19}, which is not on record, from union\n")
        # Once more, by hand: it is barred already.
        self.refuse("ada", "key", "revoke", key, name="STATE")
        self.resubmit("carla")
        code, output, errors = self.world.comity("carla", "key", "revoke", "ab" * 32)
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("This key is not on record. It is never to be one of management: whatever brings it later is refused.",
                      output)

    def test_who_follows_is_told(self):
        """W3: a copy kept by --follow is the record, across a restore and an outage."""
        self.back_up()
        item = self.ask("ben", "item", "add", 1, "Lost")["number"]
        self.ask("dev", "proposal", "make", item, "Lost", "--text", "Lost.")
        head = self.head()
        follower = Follower(self.world, "eve")
        self.addCleanup(follower.end)
        until(lambda: len(follower.copy()) == head, "all that there is")
        self.world.down()
        until(lambda: "Out of touch with the daemons" in follower.errors(), "that nobody answers")
        shutil.rmtree(self.world.data / "store")
        self.worker("restore", "--from", self.world.directory / "backup")
        self.world.up()
        until(lambda: any("restored" in line for line in follower.lines()), "the line about the restore")
        restored = [line["restored"] for line in follower.lines() if "restored" in line]
        self.assertEqual(restored[0]["restored_to"], head - 2)
        for text in ("Other", "things", "than", "before"):
            self.ask("ada", "resubmit")
            self.ask("ada", "item", "add", 1, text)
        now = self.head()
        self.assertGreater(now, head)   # past where the follower had been
        until(lambda: len(follower.copy()) == now, "all of the new record")
        self.assertEqual(follower.end(), 0)
        truth = {row["sequence"]: (row["epoch"], row["kind"]) for row in self.ask("ada", "events")["events"]}
        self.assertEqual(follower.copy(), truth)
        words = follower.errors()
        self.assertIn(f"restored from a backup as of number {head - 2} (epoch {restored[0]['epoch']})", words)
        self.assertEqual(words.count("In touch again."), words.count("Out of touch"))

    def test_who_follows_and_has_lost_nothing_is_told_that(self):
        head = self.head()
        follower = Follower(self.world, "eve")
        self.addCleanup(follower.end)
        until(lambda: len(follower.copy()) == head, "all that there is")
        self.back_up()
        self.restore()
        until(lambda: any("restored" in line for line in follower.lines()), "the line about the restore")
        self.assertEqual(follower.end(), 0)
        self.assertIn(f"restored from a backup as of number {head} ", follower.errors())
        self.assertIn("all that was shown is in it.", follower.errors())
        self.assertNotIn("is not in it", follower.errors())

    def test_two_restores_of_one_backup(self):
        """Both worlds have epochs of their own: who was in the first is told what it was."""
        proposal = self.world.propose()
        self.back_up()
        self.restore()
        for who in ("eli", "ada"):
            self.resubmit(who)
        first = self.world.open_round(proposal)   # in the first world
        self.ask("ada", "vote", first, "agree")
        epoch = self.ask("ada", "partnership", "show")["partnership"]["epoch"]
        self.restore()
        self.ask("ben", "resubmit")
        self.assertGreater(self.ask("ben", "partnership", "show")["partnership"]["epoch"], epoch)
        said = self.resubmit("ada", refused=1)
        self.assertEqual((said["not_taken_over"][0]["epoch"], said["not_taken_over"][0]["error"]), (epoch, "EPOCH"))
        for row in (said, self.resubmit("eli", refused=1)):   # what that world called so, this one cannot know
            self.assertEqual(row["not_taken_over"][0]["why"], GIVEN_UP)
        self.assertEqual(self.resubmit("ada")["not_taken_over"][0]["why"], GIVEN_UP)
        self.world.open_round(proposal)

    def shifts(self):
        self.ask("ada", "body", "create", "shifts", "--title", "Shifts", "--seats", "union=2", "--seats", "management=1",
                 *self.world.with_key("carla"))

    def holder(self, body, seat):
        return self.ask("dev", "body", "show", body)["seats"][seat - 1].get("holder", 0)

    def member(self, who):
        return self.ask(who, "whoami")["member"]["number"]

    def test_the_right_backup_after_the_wrong_one(self):
        """What the wrong one took goes in before the younger act that it refused; receipts are of the right one."""
        self.shifts()
        self.back_up("wrong")
        pia = self.ask("pia", "join", self.invite("ada", "Pia"))["number"]
        self.back_up("right")
        older = self.ask("ada", "seat", "assign", "shifts", 1, "Ben Ruiz")["receipt"]
        self.ask("ada", "seat", "assign", "shifts", 1, pia)
        self.restore("wrong")
        self.resubmit("ada", recorded=2, refused=1)   # the invitation, Ben; Pia is not there
        gone = self.ask("ada", "partnership", "show")["partnership"]["epoch"]
        self.restore("right")
        self.ask("dev", "whoami")

        def row(act):
            return next(row for row in self.ask("ada", "receipt", "list")["receipts"] if row["act"] == act)
        self.assertEqual((row("invite")["epoch"], row("invite")["is_lost"]), (1, False))
        self.assertEqual((row("assign_seat")["epoch"], row("assign_seat")["is_lost"]), (1, False))   # of steering
        seats = [row for row in self.ask("ada", "receipt", "list")["receipts"] if row["act"] == "assign_seat"][2:]
        self.assertEqual([(row["epoch"], row["is_lost"]) for row in seats], [(gone, True), (1, True)])
        self.assertEqual(seats[0]["command_id"], older["command_id"])
        said = self.resubmit("ada", recorded=2)
        self.assertEqual([row["command_id"] for row in said["resubmitted"]], [row["command_id"] for row in seats])
        self.assertEqual(self.holder("shifts", 1), pia)
        self.world.down()   # nobody can be asked: the latest
        self.assertEqual(row("invite")["epoch"], gone)

    def test_what_was_never_confirmed_comes_before_what_was(self):
        """Of a seat, and of oneself in a session: the older act does not overturn the newer one."""
        self.shifts()
        self.world.down()
        shutil.copytree(self.world.data / "store", self.world.directory / "copy")
        self.world.up()
        shutil.copytree(self.world.home("ada"), self.world.home("before"))
        self.ask("before", "seat", "assign", "shifts", 1, "Ben Ruiz")
        self.ask("before", "checkin", 1, "south")
        self.world.down()   # as if none of it had ever arrived
        shutil.rmtree(self.world.data / "store")
        os.rename(self.world.directory / "copy", self.world.data / "store")
        self.world.up()
        history, = (self.world.home("ada") / "journal").iterdir()
        for file in (self.world.home("before") / "journal").glob("*/*.command"):
            if not (history / file.name).exists():
                shutil.copy2(file, history / file.name)
        number = self.ask("ada", "seat", "assign", "shifts", 1, "Ada Okafor")["receipt"]["sequence"]
        code, _, errors = self.world.comity("ada", "checkin", 1, "north")
        self.assertEqual((code, errors), (0, "2 of your acts are not confirmed: comity resubmit\n"))
        code, words, _ = self.world.comity("ada", "resubmit")
        self.assertEqual(code, 0)
        body = self.ask("ada", "body", "show", "shifts")["body"]["number"]
        self.assertIn(f"assign_seat on body {body}: not sent: you gave seat 1 of body {body} again later (number {number}).",
                      words)
        self.assertIn(f"check_in on session 1: not sent: you checked in to session 1 again later (number {number + 1}).",
                      words)
        self.assertNotIn("recorded", words)
        self.assertEqual(self.holder("shifts", 1), self.member("ada"))
        sites = {row["member"]: row["site"] for row in self.ask("dev", "session", "show", 1)["presences"]}
        self.assertEqual(sites[self.member("ada")], sites[self.member("carla")])   # north
        self.assertEqual(self.ask("ada", "resubmit")["resubmitted"], [])
        self.assertEqual(self.world.comity("ada", "item", "add", 1, "Later")[2], "")   # none is open any more
        self.assertEqual(self.world.comity("ada", "receipt", "list")[1].count("not sent again: done anew later"), 2)

    def test_what_builds_on_what_is_not_there_yet(self):
        """It is not called overtaken by a newer one: somebody has yet to send again."""
        proposal = self.world.propose()
        self.back_up()
        self.ask("ben", "proposal", "revise", proposal, "--text", "Second.")
        self.ask("dev", "proposal", "revise", proposal, "--text", "Third.")
        self.world.open_round(proposal)
        self.restore()

        def why(who):
            return self.ask(who, "resubmit")["not_taken_over"][0]["why"]
        for who in ("dev", "eli"):
            self.assertEqual(why(who), "what it builds on is not in the record yet: once whoever wrote that has said "
                             "comity resubmit, give it anew")
        self.resubmit("ben", recorded=1)
        self.assertEqual(why("dev"), "what it builds on was not in the record when it was sent again, and is now: give it "
                         "anew")
        self.ask("ada", "whoami")
        self.ask("ada", "proposal", "revise", proposal, "--text", "Another.")
        self.assertEqual(why("dev"), "There is a newer one than the one that this replaces")

    def test_a_seat_that_is_not_there_yet(self):
        """The session is open: nobody is told to wait until it is."""
        pia = self.ask("pia", "join", self.invite("ada", "Pia"))["number"]
        self.back_up()
        self.ask("ada", "seat", "assign", "steering", 2, pia)
        self.ask("pia", "checkin", 1, "north")
        self.restore()
        row, = self.resubmit("pia", refused=1)["not_taken_over"]
        self.assertEqual(row["error"], "FORBIDDEN")
        sentence = next(row["sentence"] for row in self.ask("pia", "errors")["errors"] if row["name"] == "FORBIDDEN")
        self.assertEqual(row["why"] + ".", sentence)

    def test_who_was_revoked_is_told_so(self):
        self.ask("pia", "join", self.invite("ada", "Pia"))
        self.ask("ada", "key", "revoke", self.ask("pia", "key", "show")["key"])
        said = self.world.ask("pia", "resubmit", exit=REFUSED)
        self.assertEqual((said["error"]["name"], said["resubmitted"], said["recorded"]), ("KEY_REVOKED", [], 0))
        self.assertIn("key was revoked", said["error"]["what"])
        self.assertIn("co-chair of your constituency can let you back", said["error"]["next"])
        self.assertEqual(self.world.comity("pia", "resubmit")[1], "")

    def test_an_old_copy_is_no_restore(self):
        """A store that was put back has no epoch to say so: nothing is sent into it."""
        self.world.down()
        shutil.copytree(self.world.data / "store", self.world.directory / "copy")
        self.world.up()
        self.world.propose()
        self.head("ben")
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        os.rename(self.world.directory / "copy", self.world.data / "store")
        self.world.up()
        error = self.world.ask("ben", "resubmit", exit=FORKED)["error"]
        self.assertEqual(error["name"], "FORKED")
        for path in (self.world.home("ben") / "journal").glob("*/checkpoint"):   # of that, nothing is known here any more
            path.unlink()
        error = self.world.ask("ben", "resubmit", exit=UNREACHABLE)["error"]
        self.assertEqual(error["name"], "BEHIND")
        self.assertIn("old copy", error["next"])

    def test_an_old_copy_of_before_a_restore_is_no_record(self):
        """Its epoch is over: that is no worker that is late, and it is not asked to wait for it."""
        self.world.down()
        shutil.copytree(self.world.data / "store", self.world.directory / "copy")
        self.world.up()
        self.back_up()
        self.restore()
        self.resubmit("ben")
        self.head("ben")
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        os.rename(self.world.directory / "copy", self.world.data / "store")
        self.world.up()
        for words in (["whoami"], ["events"], ["resubmit"]):
            error = self.refuse("ben", *words, name="FORKED", exit=FORKED)
            self.assertIn("it was put back", error["what"])
        for path in (self.world.home("ben") / "journal").glob("*/checkpoint"):   # the control: of that, nothing is known here any more
            path.unlink()
        self.refuse("ben", "whoami", "--timeout", 3, name="BEHIND", exit=UNREACHABLE)


if __name__ == "__main__":
    unittest.main()
