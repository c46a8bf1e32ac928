"""A site that is cut off: its members go on reading, their ballots wait and are sent when the line is back."""

import os
import re
import shutil
import signal
import subprocess
import threading
import unittest

from cli_case import COMITY, DONE, REFUSED, TIMEOUT_S, UNCONFIRMED, UNREACHABLE, WAITING, CliCase, is_alive, until
from lines import Line

SOON = ("--timeout", 1)  # where nobody answers


def without_finality(value):
    """Whether it is FINAL cannot be found out where nobody answers: null."""
    if isinstance(value, dict):
        return {name: without_finality(member) for name, member in value.items() if name != "is_final"}
    return [without_finality(member) for member in value] if isinstance(value, list) else value


class CutLine(Line):
    """Passes everything on until it is cut: then it takes connections and bytes, and nothing comes of them, not even an end,
    unless it hangs up when the other side does. Where it is told so, it goes deaf by itself, when something large is sent: that
    arrives, and nothing comes back."""

    def __init__(self, target):
        self.is_deaf_from = 1 << 30
        self.is_cut, self.is_deaf, self.hangs_up, self.passed = False, False, False, 0
        super().__init__(target)

    def pass_there(self, near, far, number):
        while data := near.recv(65536):
            if not self.is_cut:
                self.passed += len(data)
                self.is_deaf |= len(data) >= self.is_deaf_from
                far.sendall(data)

    def pass_back(self, far, near, number):
        while data := far.recv(65536):
            if not self.is_cut and not self.is_deaf:
                near.sendall(data)
        return self.is_cut and not self.hangs_up

    def mend(self):
        """Whoever hangs on a connection that lost bytes gets a new one."""
        self.is_cut = self.is_deaf = False
        self.end(*self.sockets)


class Outbox(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.item = cls.world.ask("ben", "item", "add", 1, "Who may swap a shift")["number"]
        cls.broker = cls.world.ask("ada", "context", "show")["context"]["place"]["brokers"][0]

    def setUp(self):
        self.proposal = self.ask("dev", "proposal", "make", self.item, "Swaps", "--text",
                                 "Swaps are approved within a day.")["number"]
        self.round = self.world.open_round(self.proposal)
        self.addCleanup(self.close_round)

    def close_round(self):
        if self.ask("eli", "round", "show", self.round)["round"]["state"] == "OPEN":
            self.ask("eli", "round", "close", self.round)

    def cut(self, who, count=1):
        """So many lines, all of them to the broker, which are this person's until the test ends."""
        file = self.world.home(who) / "contexts" / "lakeside.ini"
        text = file.read_text()
        host, port = self.broker["endpoint"].removeprefix("tcp://").rsplit(":", 1)
        lines = [CutLine((host, int(port))) for _ in range(count)]
        for line in lines:
            self.addCleanup(line.close)
        self.addCleanup(file.write_text, text)
        file.write_text(text.replace(self.broker["endpoint"], lines[0].endpoint) + "".join(
            f"\n[broker more{i}]\nendpoint = {line.endpoint}\nkey = {self.broker['key']}\n" for i, line in enumerate(lines[1:])))
        return lines if count > 1 else lines[0]

    def cut_off(self, who):
        """Has looked at the round, and then has no line."""
        line = self.cut(who)
        self.look(who)
        line.is_cut = True
        return line

    def look(self, who):
        """At the round and at the text that it is about."""
        self.ask(who, "round", "show", self.round)
        self.ask(who, "proposal", "show", self.proposal)

    def vote(self, who, answer, *words, exit=WAITING, **options):
        soon = () if exit == DONE or "--timeout" in words else SOON
        return self.ask(who, "vote", self.round, answer, *words, *soon, exit=exit, **options)

    def ballots(self):
        """Every one on record that was ever cast on the round."""
        events = self.ask("eli", "events")["events"]
        casts = [event["event"]["ballot_cast"] for event in events if "ballot_cast" in (event.get("event") or {})]
        return [cast for cast in casts if cast["round"] == self.round]

    def outbox(self, who, round=None):
        """Of the acts on the round: their states."""
        act = f"cast_ballot on round {round or self.round}"
        return [row for row in self.ask(who, "outbox", "list")["outbox"] if row["act"] == act]

    def journal(self, who):
        return sorted(file.name for file in (self.world.home(who) / "journal").glob("*/*.command"))

    # ---- Reading ----

    def test_members_keep_reading(self):
        line = self.cut("ada")
        before = {words: self.ask("ada", *words.split()) for words in
                  ("whoami", "session list", "proposal list", f"proposal show {self.proposal}", f"round show {self.round}",
                   "member list", f"ballots {self.round}", "rule list", "body list")}
        acts = self.journal("ada")
        line.is_cut = True
        for words, document in before.items():
            now = self.ask("ada", *words.split(), *SOON, exit=UNREACHABLE)
            for name in document.keys() - {"ok", "exit", "finality"}:
                self.assertEqual(without_finality(now[name]), without_finality(document[name]), (words, name))
            self.assertGreater(now["kept"]["read_ms"], 0)
            self.assertIn("as of number", now["error"]["what"])
        code, output, errors = self.world.comity("ada", "proposal", "show", self.proposal, *SOON)
        self.assertEqual(code, UNREACHABLE)
        self.assertIn("Swaps are approved within a day.", output)
        self.assertTrue(errors.startswith("No broker answers: what follows was read before"), errors)
        self.assertRegex(errors, r"\d+ (seconds?|minutes?) ago, as of number \d+ in the record")
        # What was not read is not there; and what acts does nothing.
        error = self.ask("ada", "stage", "list", self.proposal, *SOON, exit=UNREACHABLE)["error"]
        self.assertIn("was not read here before", error["what"])
        code, output, errors = self.world.comity("ada", "decisions", *SOON)
        self.assertEqual((code, output), (UNREACHABLE, ""))
        self.assertTrue(errors.startswith("Not reached: "), errors)  # and not that something follows
        self.ask("ada", "item", "add", 1, "Another matter", *SOON, exit=UNREACHABLE)
        self.assertEqual(self.journal("ada"), acts)
        self.assertNotIn("kept", self.ask("ada", "doctor", *SOON, exit=None))
        line.mend()
        self.assertNotIn("kept", self.ask("ada", "proposal", "list"))

    def test_a_line_that_hangs_up(self):
        """As something in between does whose other side is away: that looks as a server with another key would."""
        line = self.cut_off("ada")
        line.hangs_up = True
        self.vote("ada", "agree", "--timeout", 20)
        line.mend()
        self.assertEqual(len(self.ask("ada", "whoami")["delivered"]), 1)

    def test_what_was_kept_of_another_record_is_not_shown(self):
        """The control of the epoch: numbers of another one mean something else."""
        line = self.cut_off("ada")
        file = self.world.home("ada") / "contexts" / "lakeside.ini"
        text = file.read_text()
        epoch = int(re.search(r"^epoch = (\d+)$", text, re.M)[1])
        self.ask("ada", "round", "show", self.round, *SOON, exit=UNREACHABLE)
        self.addCleanup(file.write_text, text)
        file.write_text(text.replace(f"epoch = {epoch}", f"epoch = {epoch + 1}"))
        error = self.ask("ada", "round", "show", self.round, *SOON, exit=UNREACHABLE)["error"]
        self.assertIn("was not read here before", error["what"])
        file.write_text(text)
        line.mend()

    # ---- Ballots ----

    def test_a_ballot_waits_and_is_sent(self):
        line = self.cut_off("ada")
        said = self.vote("ada", "agree")
        self.assertEqual((said["said"], said["waiting"]["is_replaced"]), ("agree", False))
        self.assertIn("kept on this machine", said["error"]["what"])
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["unsent"])
        self.assertIn("not sent yet", self.world.comity("ada", "receipt", "list", *SOON)[1])
        self.assertEqual(self.ballots(), [])
        line.mend()
        code, _, errors = self.world.comity("ada", "whoami")
        self.assertEqual(code, DONE)
        self.assertRegex(errors, rf"Sent now, given .*: your answer to round {self.round}: recorded as number \d+\.")
        self.assertEqual(len(self.ballots()), 1)
        rows = self.outbox("ada")
        self.assertEqual([row["state"] for row in rows], ["recorded"])
        self.assertEqual(rows[0]["sequence"], self.ask("ada", "ballots", self.round)["ballots"][0]["sequence"])
        self.assertNotIn("delivered", self.ask("ada", "whoami"))
        self.ask("ada", "receipt", "show", said["waiting"]["command_id"])

    def test_a_later_one_replaces_it_and_not_two_go_out(self):
        line = self.cut_off("ada")
        self.vote("ada", "agree")
        self.assertTrue(self.vote("ada", "block", "--reason", "Not so.")["waiting"]["is_replaced"])
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["unsent"])
        line.mend()
        # And a third, given when the line is back, in the place of the second.
        said = self.vote("ada", "reserved", "--reason", "Perhaps.", exit=DONE)
        self.assertEqual(said["receipt"]["sequence"], self.outbox("ada")[0]["sequence"])
        self.assertEqual(len(self.ballots()), 1)
        self.assertEqual(self.ask("ada", "round", "show", self.round)["round"]["answered"], 1)
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["recorded"])

    def test_one_in_the_place_of_one_that_is_recorded(self):
        line = self.cut("ada")
        self.vote("ada", "agree", exit=DONE)
        line.is_cut = True
        error = self.vote("ada", "block", "--reason", "No.", exit=REFUSED)["error"]
        self.assertEqual(error["name"], "EXISTS")
        self.vote("ada", "block", "--reason", "No.", "--replace")
        line.mend()
        self.assertEqual([row["verdict"] for row in self.ask("ada", "whoami")["delivered"]], ["RECORDED"])
        self.assertEqual(len(self.ballots()), 2)

    def test_closed_meanwhile(self):
        line = self.cut_off("ada")
        self.vote("ada", "agree")
        self.ask("eli", "round", "close", self.round)
        line.mend()
        code, _, errors = self.world.comity("ada", "round", "list")
        self.assertEqual(code, DONE)
        self.assertIn(f"your answer to round {self.round}: refused: CLOSED: The round has closed. Next: comity outcome ROUND", errors)
        self.assertEqual([(row["state"], row["refused"]) for row in self.outbox("ada")], [("refused", "CLOSED")])
        self.assertEqual(self.ballots(), [])
        self.assertNotIn("delivered", self.ask("ada", "whoami"))

    def test_a_later_answer_from_elsewhere_counts(self):
        shutil.copytree(self.world.home("ada"), self.world.home("ada-too"))
        self.addCleanup(shutil.rmtree, self.world.home("ada-too"))
        line = self.cut_off("ada")
        self.vote("ada", "agree")
        self.vote("ada-too", "block", "--reason", "No.", exit=DONE)
        self.assertIn(f"your answer to round {self.round}", self.world.comity("ada", "outbox", "list")[1])
        line.mend()
        code, _, errors = self.world.comity("ada", "whoami")
        self.assertEqual(code, DONE)
        self.assertIn(f"your answer to round {self.round}: refused: STALE: ", errors)
        self.assertIn(f" Next: comity round show {self.round} shows how it stands; ", errors)
        self.assertEqual([row["refused"] for row in self.outbox("ada")], ["STALE"])
        self.assertEqual(len(self.ballots()), 1)

    def test_taken_back(self):
        line = self.cut_off("ada")
        command = self.vote("ada", "agree")["waiting"]["command_id"]
        self.ask("ada", "outbox", "takeback", command)
        self.refuse("ada", "outbox", "takeback", command, name="NOT_FOUND")
        self.assertEqual(self.outbox("ada"), [])
        command = self.vote("ada", "agree")["waiting"]["command_id"]
        line.mend()
        self.assertEqual(len(self.ask("ada", "whoami")["delivered"]), 1)
        self.refuse("ada", "outbox", "takeback", command, name="STATE")  # the control: it is recorded
        self.assertEqual(len(self.ballots()), 1)

    def test_in_the_order_in_which_they_were_given(self):
        item = self.ask("ben", "item", "add", 1, "Another one")["number"]
        other = self.ask("dev", "proposal", "make", item, "Else", "--text", "Something else.")["number"]
        second = self.world.open_round(other)
        self.addCleanup(self.ask, "eli", "round", "close", second)
        line = self.cut("ada")
        self.ask("ada", "round", "show", second)
        self.ask("ada", "proposal", "list")
        self.look("ada")
        line.is_cut = True
        self.ask("ada", "vote", second, "agree", *SOON, exit=WAITING)
        self.vote("ada", "agree")
        line.mend()
        delivered = self.ask("ada", "whoami")["delivered"]
        self.assertEqual([row["act"].rsplit(" ", 1)[1] for row in delivered], [str(second), str(self.round)])
        self.assertLess(delivered[0]["sequence"], delivered[1]["sequence"])

    def test_only_who_has_read_the_round_can_answer(self):
        line = self.cut("ben")
        self.ask("ben", "round", "show", self.round)  # and not the text
        line.is_cut = True
        error = self.vote("ben", "agree", exit=UNREACHABLE)["error"]
        self.assertIn("was not read here before", error["what"])
        self.assertEqual(self.outbox("ben"), [])
        line.mend()

    # ---- Sending ----

    def start(self, who, *words):
        process = subprocess.Popen([COMITY, *map(str, words), "--home", self.world.home(who)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def test_watch_sends_it(self):
        line = self.cut("ada")
        self.look("ada")
        watch, told = self.watch("ada")
        line.is_cut = True
        self.vote("ada", "agree")
        until(lambda: any("Out of touch" in text for text in told), "watch notices")
        line.mend()
        until(lambda: any("Sent now, given " in text for text in told), "watch sends it")
        self.assertEqual(len(self.ballots()), 1)
        self.end_watch(watch)

    LARGE = ("block", "--reason", "No. " * 500)

    def watch(self, who, *words):
        """It watches, and what it says beside what it shows."""
        watch = self.start(who, "watch", 1, *words)
        told = []
        threading.Thread(target=lambda: [told.append(text) for text in watch.stderr], daemon=True).start()
        self.assertTrue(watch.stdout.readline())
        return watch, told

    def end_watch(self, watch):
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(TIMEOUT_S), DONE)

    def assertRecordedOnce(self):
        self.assertEqual(len(self.ballots()), 1)
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["recorded"])

    def test_watch_sends_again_what_it_sent_in_vain(self):
        """The line was cut after it had gone out: nobody knows what became of it, until the same is sent again."""
        line = self.cut("ada")
        self.look("ada")
        watch, told = self.watch("ada", "--timeout", 3)
        line.is_cut = True
        self.vote("ada", *self.LARGE)
        until(lambda: any("Out of touch" in text for text in told), "watch notices")
        line.is_deaf_from = 1500
        line.mend()
        until(lambda: any("not confirmed" in text for text in told), "it went out, and nothing came back")
        self.assertEqual([row["state"] for row in self.ask("ada", "outbox", "list", *SOON)["outbox"]][-1:], ["sent"])
        line.is_deaf_from = 1 << 30
        line.mend()
        until(lambda: any(f"round {self.round}: recorded as number " in text for text in told), "watch sends it again")
        self.assertEqual(sum("Sent now, given " in text for text in told), 2, told)   # each outcome once
        self.end_watch(watch)
        self.assertRecordedOnce()

    def test_watch_sends_what_another_command_left(self):
        """It never was out of touch itself."""
        watch, told = self.watch("ada")
        line = self.cut("ada")
        self.look("ada")
        line.is_deaf_from = 1500
        error = self.vote("ada", *self.LARGE, "--timeout", 5, exit=UNCONFIRMED)["error"]
        self.assertIn("kept on this machine", error["what"])
        until(lambda: any(f"round {self.round}: recorded as number " in text for text in told), "watch sends it")
        self.assertNotIn("Out of touch", "".join(told))
        self.end_watch(watch)
        line.is_deaf_from = 1 << 30
        line.mend()
        self.assertRecordedOnce()

    def test_killed_while_it_sends(self):
        """Its ballot has gone out, and the receipt has not come: it is sent again, and recorded once."""
        line = self.cut_off("ada")
        command = self.vote("ada", "agree")["waiting"]["command_id"]
        line.mend()
        mark = next((self.world.home("ada") / "journal").glob(f"*/{command}.waiting"))
        sender = self.start("ada", "whoami", "--timeout", 60)
        until(lambda: b"sent" in mark.read_bytes() or not is_alive(sender.pid), "a sending was begun")
        sender.kill()
        sender.wait(TIMEOUT_S)
        self.refuse("ada", "outbox", "takeback", command, name="STATE")
        self.ask("ada", "whoami")
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["recorded"])
        self.assertEqual(len(self.ballots()), 1)

    def test_two_send_it_at_a_time(self):
        line = self.cut_off("ada")
        self.vote("ada", "agree")
        line.mend()
        for process in [self.start("ada", "whoami") for _ in range(4)]:
            self.assertEqual(process.wait(TIMEOUT_S), DONE)
        self.assertEqual(len(self.ballots()), 1)
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["recorded"])

    def test_doctor_tells_of_it_and_sends_nothing(self):
        line = self.cut_off("ada")
        self.vote("ada", "agree")
        line.mend()
        checks = self.ask("ada", "doctor")["checks"]
        self.assertIn("comity outbox list", [check["next"] for check in checks])
        self.assertEqual(self.ballots(), [])
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["unsent"])
        self.ask("ada", "whoami")

    # ---- Several brokers ----

    def test_another_broker_takes_over_in_the_midst_of_an_act(self):
        """Nothing comes back from the first one: the same bytes go to the other, and are done once."""
        first, second = self.cut("ada", 2)
        self.ask("ada", "round", "show", self.round)
        first.is_deaf = True
        self.ask("ada", "vote", self.round, "agree")
        self.assertEqual(len(self.ballots()), 1)
        self.assertGreater(second.passed, 0)
        first.mend()

    def test_with_one_of_two_cut_nobody_is_cut_off(self):
        first, _ = self.cut("ada", 2)
        self.ask("ada", "round", "show", self.round)
        first.is_cut = True
        self.assertNotIn("kept", self.ask("ada", "round", "show", self.round))
        self.vote("ada", "agree", exit=DONE)
        first.mend()

    def test_the_broker_is_stopped(self):
        """It takes connections, as the machine does for it, and says nothing."""
        self.look("ada")
        broker = self.world.pids("broker")[0]
        os.kill(broker, signal.SIGSTOP)
        try:
            self.vote("ada", "agree")
            self.ask("ada", "round", "show", self.round, *SOON, exit=UNREACHABLE)
        finally:
            os.kill(broker, signal.SIGCONT)
        self.assertEqual([row["verdict"] for row in self.ask("ada", "whoami")["delivered"]], ["RECORDED"])
        self.assertEqual(len(self.ballots()), 1)

    def test_the_broker_is_killed(self):
        """Nobody is there, until the supervisor has started it again: it is recorded, or waits and is sent."""
        self.look("ada")
        supervisor, broker = self.world.supervisor(), self.world.pids("broker")[0]
        os.kill(supervisor, signal.SIGSTOP)
        try:
            os.kill(broker, signal.SIGKILL)
            self.vote("ada", "agree")
        finally:
            os.kill(supervisor, signal.SIGCONT)
        until(lambda: self.world.comity("ada", "whoami")[0] == DONE, "a broker is there again")
        self.assertEqual([row["state"] for row in self.outbox("ada")], ["recorded"])
        self.assertEqual(len(self.ballots()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
