"""A partnership is moved to another group of workers: nothing is lost, what was proved stays proved, and members follow."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from cli_case import BUILD, COMITY, CliCase, DONE, REFUSED, UNCONFIRMED, UNREACHABLE, USAGE, until

STOPS = os.environ["COMITY_STOPS"]

BEING_MOVED = "the partnership is being moved to another group of workers, so there may be more."
FOLLOWED = "The partnership was moved to another group of workers: this machine goes there from now on."


class Moved(CliCase):
    """Each test has an installation of its own, and beside it another one, whose workers have the same log key."""

    @classmethod
    def setUpClass(cls):
        pass

    def setUp(self):
        CliCase.setUpClass.__func__(type(self))
        self.addCleanup(type(self).doClassCleanups)
        self.other = self.world.directory / "other"
        self.history = self.ask("ada", "context", "show")["context"]["history"]
        self.addCleanup(self.end_other)

    def end_other(self):
        if (self.other / "lock").exists():
            self.world.comity("operator", "down", "--data", self.other)

    def up_other(self, has_log_key=True):
        self.other.mkdir(mode=0o700)
        if has_log_key:
            shutil.copy(self.world.data / "log.key", self.other / "log.key")
        document = self.ask("operator", "up", "--data", self.other, "--detach")
        self.ask("operator", "context", "use", self.context_of(self.world.data))
        return document["context"]

    def context_of(self, data):
        [name] = [context["name"] for context in self.ask("operator", "context", "list")["contexts"] if context["data"] == str(data)]
        return name

    def move(self, to, *words, exit=DONE):
        return self.ask("operator", "move", self.history, "--to", to, *words, exit=exit)

    def move_until(self, to, step):
        """Killed right after it."""
        done = subprocess.run([STOPS, "move", self.history, "--to", to, "--home", self.world.home("operator")],
                              capture_output=True, text=True, timeout=120, cwd=self.world.directory,
                              env={**os.environ, "COMITY_CONTROL_STOP": step})
        self.assertEqual(done.returncode, -signal.SIGKILL, done)

    def workers(self, data):
        """Of an installation, so far: their pids."""
        log = (data / "log" / "up.log").read_text()
        return [int(line.rsplit("pid=", 1)[1]) for line in log.splitlines() if "event=started child=worker " in line]

    def kill_worker(self, data):
        before = self.workers(data)
        os.kill(before[-1], signal.SIGKILL)
        until(lambda: len(self.workers(data)) > len(before), "a new worker")

    def export(self, data, name):
        subprocess.run([BUILD / "comity-worker", "export", "--config", data / "worker.ini", "--to", self.world.directory / name],
                       check=True, capture_output=True, timeout=120)
        return self.world.directory / name

    def test_nothing_is_lost_and_members_follow(self):
        for letter in "abcdef":  # more than a piece of the copy, and than is signed at once
            self.world.propose(letter * 60000)
        round_ = self.world.open_round(self.world.propose())
        ballots = [self.ask(who, "vote", round_, "agree")["receipt"] for who in ("ada", "ben")]
        self.ask("ada", "receipt", "save", ballots[0]["command_id"], "ada.receipt")
        self.world.file("ada.note", self.ask("ada", "checkpoint")["checkpoint"]["note"])
        self.ask("ada", "invite", "Hal Lund", "--out", "hal.invitation")
        head = self.ask("ada", "events")["next"] - 1
        to = self.up_other()
        self.assertEqual(self.move(to)["stage"], "MOVED")
        self.assertEqual(self.move(to)["stage"], "MOVED")  # again: it is done

        code, output, errors = self.world.comity("carla", "vote", round_, "agree")
        self.assertEqual(code, DONE, errors)
        self.assertIn(FOLLOWED, errors)
        code, output, errors = self.world.comity("carla", "round", "show", round_)
        self.assertEqual(errors, "")  # said once
        place = json.loads((self.other / "place.json").read_text())
        self.assertEqual(self.ask("carla", "context", "show")["context"]["place"], place)
        self.ask("dev", "vote", round_, "agree")
        self.ask("eli", "round", "close", round_)
        self.assertEqual(self.ask("ada", "outcome", round_)["outcome"], "ADOPTED")
        self.assertEqual(self.ask("ada", "resubmit")["recorded"], 0)
        self.ask("hal", "join", "hal.invitation")  # whose place is the old one
        self.assertEqual(self.ask("hal", "context", "show")["context"]["place"], place)
        self.assertGreater(self.ask("eve", "events")["next"] - 1, head)

        after = self.export(self.other, "after")
        document = self.ask("auditor", "audit", after, "--receipt", self.world.directory / "ada.receipt",
                            "--checkpoint", self.world.directory / "ada.note", exit=None)
        self.assertEqual((document["wrong"], document["differing"], document["findings"]), (0, 0, []), document)
        self.assertEqual(self.export(self.world.data, "before").read_bytes().count(b"Nurses United"), 0)
        self.ask("auditor", "audit", self.world.directory / "before", exit=None)

    def test_whoever_dies_between_two_steps(self):
        round_ = self.world.open_round(self.world.propose())
        self.ask("ada", "vote", round_, "agree")
        to = self.up_other()
        for step, who in (("frozen", "ben"), ("taken", "carla")):
            self.move_until(to, step)
            self.kill_worker(self.world.data)
            self.kill_worker(self.other)
            code, _, errors = self.world.comity(who, "vote", round_, "agree", "--timeout", 3)
            self.assertIn(code, (UNREACHABLE, UNCONFIRMED), errors)
            self.assertEqual(self.ask("dev", "round", "show", round_)["round"]["state"], "OPEN")  # reading goes on
        self.assertEqual(self.move(to)["stage"], "MOVED")
        self.kill_worker(self.world.data)
        self.kill_worker(self.other)
        for who in ("ben", "carla"):  # what was given meanwhile goes by itself, once it is known where to; what was not sent is given now
            self.ask(who, "whoami")
            self.ask(who, "vote", round_, "agree", exit=None)
            self.assertEqual([row["state"] for row in self.ask(who, "outbox", "list")["outbox"] if row["state"] != "recorded"], [])
        self.assertEqual(len(self.ask("eli", "ballots", round_)["ballots"]), 3)
        self.ask("dev", "vote", round_, "agree")
        self.ask("eli", "round", "close", round_)
        self.assertEqual(self.ask("ada", "outcome", round_)["outcome"], "ADOPTED")  # for all four have answered

    def test_the_old_group_does_not_say_that_it_has_all(self):
        """While the new one takes acts already, and the old one has not let it go."""
        round_ = self.world.open_round(self.world.propose())
        to = self.up_other()
        self.assertNotIn("not_fresh", self.ask("ada", "events"))
        self.ask("ben", "whoami")
        self.move_until(to, "taken")
        self.ask("ben", "context", "add", "second", "--place", self.other / "place.json", "--history", self.history)
        self.ask("ben", "whoami", "--context", "second")
        number = self.ask("ben", "invite", "Hal Lund", "--out", "hal.invitation", "--context", "second")["receipt"]["sequence"]

        document = self.ask("ada", "events")
        self.assertLess(document["next"] - 1, number)
        self.assertEqual(document["not_fresh"], {"as_of": document["next"] - 1, "moving": True})
        _, output, errors = self.world.comity("ada", "round", "show", round_)
        self.assertEqual((output.count(BEING_MOVED), errors), (1, ""), output)
        code, output, errors = self.world.comity("ada", "vote", round_, "agree", "--timeout", 3)
        self.assertIn(code, (UNREACHABLE, UNCONFIRMED), errors)
        self.assertIn("(MOVING)", errors)
        self.assertNotIn("reach the others", output + errors)

        # Who has seen more than the old group has: it lets the record go, and no more.
        read = self.ask("ben", "whoami", "--context", "lakeside", "--timeout", 2, exit=UNREACHABLE)
        self.assertEqual(read["error"]["name"], "MOVING")
        self.assertLess(read["kept"]["as_of"], number)
        code, _, errors = self.world.comity("ben", "round", "show", round_, "--context", "lakeside", "--timeout", 2)
        self.assertEqual(code, UNREACHABLE)
        self.assertIn("The history is being moved to another group", errors)
        self.assertNotIn("backup", errors)

        self.assertEqual(self.move(to)["stage"], "MOVED")
        self.assertNotIn("not_fresh", self.ask("ada", "events"))
        self.assertNotIn("not_fresh", self.ask("ben", "whoami", "--context", "lakeside"))

    def test_a_step_that_takes_longer_than_what_is_asked_holds(self):
        """COMITY_STOPS signs what it asks for a second."""
        to = self.up_other()
        worker, log = self.workers(self.other)[-1], self.other / "log" / "broker.log"
        before = log.read_text().count("event=worker_lost")
        with subprocess.Popen([STOPS, "move", self.history, "--to", to, "--json", "--home", self.world.home("operator")],
                              stdout=subprocess.PIPE, text=True, cwd=self.world.directory,
                              env={**os.environ, "COMITY_CONTROL_PAUSE": "frozen"}) as mover:
            self.addCleanup(lambda: mover.poll() is None and mover.kill())
            os.waitpid(mover.pid, os.WUNTRACED)  # it stands still
            os.kill(worker, signal.SIGSTOP)
            try:
                mover.send_signal(signal.SIGCONT)
                until(lambda: log.read_text().count("event=worker_lost") > before, "the broker gives the worker up, after some seconds")
            finally:
                os.kill(worker, signal.SIGCONT)
            output, _ = mover.communicate(timeout=120)
        self.assertEqual((mover.returncode, json.loads(output).get("stage")), (DONE, "MOVED"), output)

    def test_taken_back(self):
        to = self.up_other()
        self.move_until(to, "frozen")
        self.kill_worker(self.world.data)
        self.assertEqual(self.move(to, "--undo")["stage"], "FROZEN")
        self.ask("ada", "invite", "Hal Lund", "--out", "hal.invitation")
        self.move_until(to, "taken")
        self.move(to, "--undo", exit=REFUSED)
        self.assertEqual(self.move(to)["stage"], "MOVED")
        # The way back, which is taken back as well: who has not followed yet finds it where it is.
        home = self.context_of(self.world.data)
        self.ask("operator", "context", "use", to)
        self.move_until(home, "frozen")
        self.assertEqual(self.move(home, "--undo")["stage"], "FROZEN")
        self.ask("ada", "invite", "Ida Lund", "--out", "ida.invitation")

    def test_what_is_refused_does_not_go_on(self):
        own = self.context_of(self.world.data)
        error = self.move(own, exit=USAGE)["error"]
        self.assertIn("are of one group", error["what"])
        self.assertTrue(error["next"].startswith("Give the context of another group"), error)
        to = self.up_other()
        error = self.ask("operator", "move", "ab" * (len(self.history) // 2), "--to", to, exit=REFUSED)["error"]
        self.assertEqual(error["name"], "HISTORY")
        self.assertIn("has no such partnership", error["what"])
        self.assertNotIn("it goes on", error["next"])
        self.move(to)
        self.world.file("third.json", json.dumps(self.second_group()))
        self.ask("operator", "context", "add", "third", "--place", "third.json")
        error = self.move("third", exit=None)["error"]
        self.assertEqual(error["name"], "MOVED")
        self.assertIn("has let it go to another group", error["what"])
        self.assertNotIn("it goes on", error["next"])

    def test_another_log_key(self):
        to = self.up_other(has_log_key=False)
        document = self.move(to, exit=USAGE)
        self.assertIn("has another log key", document["error"]["what"])
        self.ask("ada", "invite", "Hal Lund", "--out", "hal.invitation")  # it was not frozen

    def keys(self, config):
        """What `comity-worker keys` prints: {name of a key, or "group": public half, or the group's id}"""
        text = subprocess.run([BUILD / "comity-worker", "keys", "--config", config], check=True, capture_output=True, text=True,
                              timeout=60).stdout
        words = [line.split() for line in text.splitlines()]
        return {line[0]: line[3 if "public" in line else 2] for line in words if "public" in line or line[:2] == ["group", "="]}

    def second_group(self):
        """Another group's worker at the same broker; its place."""
        config, broker = self.world.file("second.ini"), self.world.data / "broker.ini"
        text = (self.world.data / "worker.ini").read_text()
        for name in ("store", "worker.key", "group.key", "run/worker.ready"):
            text = text.replace(f"{self.world.data}/{name}", str(self.world.directory / ("second." + name.replace("/", "."))))
        config.write_text(text)
        first, second = self.keys(self.world.data / "worker.ini"), self.keys(config)
        broker.write_text(broker.read_text().rstrip() + f"\ngroup = {first['group']}\n[worker second]\n"
                          f"key = {second['connection_key']}\ngroup = {second['group']}\n")
        os.kill(self.world.pids("broker")[0], signal.SIGHUP)
        log = self.world.data / "log" / "broker.log"
        until(lambda: "event=reloaded" in log.read_text(), "the broker knows both")
        with open(self.world.file("second.log"), "wb") as log:
            worker = subprocess.Popen([BUILD / "comity-worker", "--config", config], stdout=log, stderr=log)
        self.addCleanup(worker.wait, 30)
        self.addCleanup(worker.terminate)
        until((self.world.directory / "second.run.worker.ready").exists, "the second worker")
        return {**json.loads((self.world.data / "place.json").read_text()), "group_key": second["group_key"]}

    def test_two_groups_at_one_broker(self):
        place = self.second_group()
        self.world.file("second.json", json.dumps(place))
        self.ask("operator", "context", "add", "second", "--place", "second.json")
        self.move("second")
        number = self.world.propose()
        self.assertEqual(self.ask("ben", "context", "show")["context"]["place"], place)
        self.ask("eve", "proposal", "show", number)
        self.move("second", "--undo", exit=REFUSED)

    def test_whoever_watches_follows(self):
        to = self.up_other()
        with open(self.world.file("follow"), "wb") as out, open(self.world.file("follow.err"), "wb") as err:
            process = subprocess.Popen([COMITY, "events", "--follow", "--json", "--home", self.world.home("dev")], stdout=out,
                                       stderr=err, stdin=subprocess.DEVNULL, cwd=self.world.directory)
            self.addCleanup(lambda: process.poll() is None and process.kill())
            lines = lambda: self.world.file("follow").read_bytes().count(b"\n")
            head = self.ask("ada", "events")["next"] - 1
            until(lambda: lines() >= head, "all that there is")
            said = self.world.file("follow.err").read_text
            self.move_until(to, "frozen")
            until(lambda: f"As of event {head}: {BEING_MOVED}\n" in said(), "that it may not be all is said")
            self.move(to)
            self.ask("ada", "invite", "Hal Lund", "--out", "hal.invitation")
            until(lambda: lines() > head, "what came after the move")
            until(lambda: "The move to another group of workers is over.\n" in said(), "that is taken back")
            process.send_signal(signal.SIGINT)
            process.wait(60)
        self.assertIn(FOLLOWED, self.world.file("follow.err").read_text())


if __name__ == "__main__":
    unittest.main()
