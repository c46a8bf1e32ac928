"""comity up and down: a whole installation, looked after."""

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import threading
import time
import unittest

from cli_case import COMITY, INTERNAL, REFUSED, USAGE, World, is_alive, until

SLOW_TO_END = """#!/usr/bin/python3
import configparser, signal, sys, time
config = configparser.ConfigParser()
config.read(sys.argv[2])
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.7), sys.exit(0)))
open(config["broker"]["ready_file"], "w").close()
while True:
    signal.pause()
"""


class Up(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def children(self):
        return self.world.pids("broker") + self.world.pids("worker")

    def test_up_and_down(self):
        first = self.world.up()
        supervisor = self.world.supervisor()
        self.assertTrue(is_alive(supervisor) and all(map(is_alive, self.children())))
        status = self.world.ask("operator", "status")
        self.assertTrue(status["worker"]["is_leader"])
        self.assertEqual(status["brokers"][0]["status"]["workers"][0]["name"], "local")
        for name in ("broker.key", "worker.key", "group.key", "log.key", "operator.key", "founding.token", "broker.ini",
                     "worker.ini"):
            self.assertEqual(os.stat(self.world.data / name).st_mode & 0o777, 0o600, name)
        for name in ("", "store", "log", "run"):
            self.assertEqual(os.stat(self.world.data / name).st_mode & 0o777, 0o700, name)
        again = self.world.ask("operator", "up", "--data", self.world.data, exit=REFUSED)["error"]
        self.assertEqual(again["name"], "STATE")
        self.assertIn(str(supervisor), again["what"])
        self.assertIn(f"comity down --data {self.world.data} ends it", again["next"])
        self.assertTrue(self.world.down()["was_running"])
        self.assertFalse(is_alive(supervisor) or any(map(is_alive, self.children())))
        self.assertFalse(self.world.down()["was_running"])
        error = self.world.ask("operator", "status", exit=3)["error"]
        self.assertEqual(error["name"], "UNREACHABLE")
        # What is suggested starts this one again, not another, empty one.
        self.assertEqual(error["next"], f"comity up --data {self.world.data.resolve()} starts your installation again.")
        # The same ports, keys and context the next time.
        self.assertEqual(self.world.up()["place"], first["place"])
        self.assertEqual(len(self.world.ask("operator", "context", "list")["contexts"]), 1)

    def test_what_is_to_be_done_next(self):
        """How one founds, until there is a partnership."""
        up = ("operator", "up", "--data", self.world.data, "--detach")
        self.assertIn("To found a partnership each founder makes a key:", self.world.comity(*up)[1])
        self.world.found()
        self.world.down()
        output = self.world.comity(*up)[1]
        self.assertIn("A partnership is founded here: its members go on with their contexts as before.", output)
        self.assertNotIn("comity found", output)

    def test_which_context_is_current_is_said(self):
        self.world.up()
        self.world.down()
        self.world.ask("operator", "context", "add", "elsewhere", "--place", self.world.data / "place.json")
        self.world.ask("operator", "context", "use", "elsewhere")
        # Somebody who runs nothing is not told to run something.
        self.world.ask("guest", "context", "add", "look", "--place", self.world.data / "place.json")
        self.assertIn("Who looks after it", self.world.ask("guest", "status", exit=3)["error"]["next"])
        # A context of the same home, by whatever name, leads to the installation as well.
        self.assertIn(f"comity up --data {self.world.data.resolve()}",
                      self.world.ask("operator", "status", exit=3)["error"]["next"])
        code, output, errors = self.world.comity("operator", "up", "--data", self.world.data, "--detach")
        self.assertEqual((code, errors), (0, ""))
        other = "The current context is still elsewhere, and commands go there. To change it: comity context use "
        self.assertIn(other + "local\n", output)
        code, output, _ = self.world.comity("operator", "context", "add", "third", "--place", self.world.data / "place.json")
        self.assertIn(other + "third\n", output)
        code, output, _ = self.world.comity("new", "context", "add", "first", "--place", self.world.data / "place.json")
        self.assertIn("It is the current context: commands go to it.\n", output)

    def test_status_for_somebody_who_operates_nothing(self):
        self.world.up()
        self.world.ask("guest", "context", "add", "look", "--place", self.world.data / "place.json")
        began = time.monotonic()
        status = self.world.ask("guest", "status")
        self.assertLess(time.monotonic() - began, 10)
        self.assertTrue(status["worker"]["software"])
        for name in ("queued_checks", "commands", "refusals", "map_limit_bytes", "peers"):
            self.assertIsNone(status["worker"][name], name)
        self.assertIsNone(status["brokers"][0]["status"])
        self.assertNotIn("recorded", self.world.comity("guest", "status")[1])
        self.assertIn("recorded", self.world.comity("operator", "status")[1])
        # Its connection key under `operator` makes it one, as docs/operations.md has it.
        key = (self.world.home("guest") / "keys" / "connection-look.key").read_text().split("public ")[1].split()[0]
        for name in ("broker", "worker"):
            config = self.world.data / f"{name}.ini"
            config.write_text(config.read_text().replace("\noperator = ", f"\noperator = {key}\noperator = ", 1))
        self.world.down()
        self.world.up()
        self.assertIsNotNone(self.world.ask("guest", "status")["worker"]["commands"])
        # A group that no worker serves.
        context = self.world.home("guest") / "contexts" / "look.ini"
        group = self.world.ask("guest", "context", "show")["context"]["place"]["group_key"]
        context.write_text(context.read_text().replace(group, key))
        error = self.world.ask("guest", "status", "--timeout", 3, exit=3)["error"]
        self.assertEqual(error["name"], "NO_ROUTE")
        self.assertNotIn("comity status", error["next"])

    def test_the_supervisor_is_killed(self):
        self.world.up()
        children = self.children()
        os.kill(self.world.supervisor(), signal.SIGKILL)
        until(lambda: not any(map(is_alive, children)), "no child is left behind")
        self.assertFalse(self.world.down()["was_running"])
        self.world.up()

    def test_children_are_started_again(self):
        self.world.up()
        for child in ("broker", "worker", "worker", "broker"):
            before = self.world.pids(child)[0]
            os.kill(before, signal.SIGKILL)
            until(lambda: self.world.pids(child)[0] != before, f"the {child} is started again")
            self.world.ask("operator", "status")

    def test_configuration_that_cannot_be_used(self):
        self.world.up()
        self.world.down()
        config = self.world.data / "worker.ini"
        config.write_text(config.read_text() + "\n[wurker]\nx = 1\n")
        error = self.world.up(exit=USAGE)["error"]
        self.assertEqual(error["name"], "CONFIG")
        self.assertIn("wurker", error["what"])
        self.assertFalse(self.world.down()["was_running"])
        self.assertFalse(any(map(is_alive, self.children())))

    def test_a_port_that_is_taken(self):
        first = self.world.up()
        other = World()
        self.addCleanup(other.close)
        other.up()
        other.down()
        port = first["place"]["brokers"][0]["endpoint"].rsplit(":", 1)[1]
        config = other.data / "broker.ini"
        mine = [line for line in config.read_text().splitlines() if line.startswith("front =")][0]
        config.write_text(config.read_text().replace(mine, f"front = tcp://127.0.0.1:{port}"))
        error = other.up(exit=INTERNAL)["error"]
        self.assertEqual(error["name"], "ADDRESS")
        self.assertIn(f"Choose another address or port in {other.data.resolve()}/broker.ini", error["next"])
        self.assertTrue(error["next"].endswith(f"comity up --data {other.data.resolve()}"), error["next"])

    def test_an_address_that_this_machine_does_not_have(self):
        self.world.up()
        self.world.down()
        config = self.world.data / "broker.ini"
        mine = [line for line in config.read_text().splitlines() if line.startswith("front =")][0]
        config.write_text(config.read_text().replace(mine, "front = tcp://192.0.2.1:7411"))
        error = self.world.up(exit=INTERNAL)["error"]
        self.assertEqual(error["name"], "ADDRESS")
        self.assertIn("Choose another address or port", error["next"])
        self.assertIn(f"comity up --data {self.world.data.resolve()}", error["next"])

    def test_a_front_that_nobody_can_connect_to(self):
        self.world.up()
        self.world.down()
        place = (self.world.data / "place.json").read_bytes()
        config = self.world.data / "broker.ini"
        mine = [line for line in config.read_text().splitlines() if line.startswith("front =")][0]
        config.write_text(config.read_text().replace(mine, "front = tcp://*:*"))
        error = self.world.up(exit=USAGE)["error"]
        self.assertEqual(error["name"], "CONFIG")
        self.assertIn("broker.ini: front stands for every address", error["what"])
        self.assertEqual(error["next"], "Edit that file, then give the same command again.")
        self.assertEqual((self.world.data / "place.json").read_bytes(), place)
        self.assertFalse(self.world.down()["was_running"])
        self.assertFalse(any(map(is_alive, self.children())))

    def test_a_failure_is_told_when_nothing_runs_any_more(self):
        """A stand-in for the broker is ready at once and slow to end; one for the worker ends at once."""
        programs = self.world.directory / "programs"
        programs.mkdir()
        shutil.copy(COMITY, programs / "comity")
        for name, text in (("comity-broker", SLOW_TO_END), ("comity-worker", "#!/bin/sh\nexit 1\n")):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        command = [programs / "comity", "up", "--data", self.world.data, "--home", self.world.home("operator"), "--detach",
                   "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertIn("The worker ended at once", json.loads(done.stdout)["error"]["what"])
        self.assertFalse(any(map(is_alive, self.children())))
        self.assertFalse(self.world.down()["was_running"])

    def test_a_directory_that_no_configuration_can_name(self):
        for name in ("we ;ird/data", "a\nb"):
            began = time.monotonic()
            data = self.world.directory / name
            error = self.world.ask("operator", "up", "--data", data, "--detach", exit=USAGE)["error"]
            self.assertEqual(error["name"], "CONFIG")
            self.assertIn("; behind a blank", error["what"])
            self.assertLess(time.monotonic() - began, 10, "it has waited for a start")
            self.assertFalse((data / "broker.ini").exists())

    def test_a_key_that_others_can_read(self):
        self.world.up()
        self.world.down()
        os.chmod(self.world.data / "group.key", 0o644)
        self.assertEqual(self.world.up(exit=USAGE)["error"]["name"], "FILE_MODE")

    def test_in_the_foreground(self):
        """It says one document once all is ready, and ends on an interrupt with everything."""
        command = [COMITY, "up", "--data", self.world.data, "--home", self.world.home("operator"), "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            text = ""
            while not text.endswith("\n}\n"):
                line = process.stdout.readline()
                self.assertTrue(line, "it ended before it was ready")
                text += line
            document = json.loads(text)
            self.assertTrue(document["ok"])
            endpoint = document["place"]["brokers"][0]["endpoint"]
            self.assertEqual(self.world.ask("operator", "status")["brokers"][0]["endpoint"], endpoint)
            listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
            children = [int(word) for word in listed.stdout.split()]
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), 0)
            self.assertEqual(process.stdout.read(), "")
            self.assertFalse(any(map(is_alive, children)))
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()

    def test_the_terminal_is_gone(self):
        """In the foreground it ends with its terminal; detached it has none."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(COMITY, [COMITY, "up", "--data", self.world.data, "--home", self.world.home("operator")])
        try:
            text = b""
            while b"It ends by" not in text:
                text += os.read(terminal, 4096)
            children = [int(word) for word in subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True,
                                                             text=True).stdout.split()]
            self.assertEqual(len(children), 2)
            os.close(terminal)
            until(lambda: not is_alive(pid), "comity up to end with its terminal")
            self.assertFalse(any(map(is_alive, children)))
        finally:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.world.up()
        os.kill(self.world.supervisor(), signal.SIGHUP)
        log = self.world.data / "log" / "broker.log"
        until(lambda: "event=reloaded" in log.read_text(), "the broker to read its configuration again")
        self.world.ask("operator", "status")

    def test_who_is_just_starting_has_no_number_yet(self):
        self.world.data.mkdir()
        with open(self.world.data / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            error = self.world.up(exit=REFUSED)["error"]
            self.assertNotIn("Process 0", error["what"])
            self.assertIn("just being started", error["what"])
            threading.Timer(0.3, lambda: (lock.write("4711\n"), lock.flush())).start()
            self.assertIn("Process 4711 looks after it", self.world.up(exit=REFUSED)["error"]["what"])

    def test_down_where_nothing_ever_was(self):
        error = self.world.ask("operator", "down", "--data", self.world.directory / "nowhere", exit=USAGE)["error"]
        self.assertEqual(error["name"], "FILE")


if __name__ == "__main__":
    unittest.main()
