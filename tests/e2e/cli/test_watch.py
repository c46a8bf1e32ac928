"""Watching a session: lines of what has changed for pipes and for those who are read to, one screen on a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

import pyte

from cli_case import COMITY, CliCase, DEADLINE_S, WAITING, until

COLUMNS, ROWS = 80, 24


class Pipe:
    """A watcher whose output is read line by line."""

    def __init__(self, case, who, *words):
        self.process = subprocess.Popen([COMITY, "watch", "1", *words, "--home", case.world.home(who)], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        case.addCleanup(self.end)

    def until(self, condition):
        """Lines up to the first that meets the condition."""
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if condition(lines[-1]):
                return lines
        raise AssertionError(f"ended without it: {lines}")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        rest = self.process.communicate(timeout=DEADLINE_S)[0]
        self.process.stdout.close()
        return rest.splitlines()


class Terminal:
    """A watcher on a terminal of its own; what it shows, as a terminal shows it."""

    def __init__(self, case, who, *words, **environment):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(COMITY, [str(COMITY), "watch", "1", *words, "--home", str(case.world.home(who))],
                      {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.is_ended = False
        case.addCleanup(self.end)

    def read(self):
        if select.select([self.fd], [], [], 0.05)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            self.raw += data
            self.stream.feed(data)
        return self.screen.display

    def until(self, words):
        """The screen once it shows these words, blanks aside."""
        def shows():
            display = self.read()
            return display if words in " ".join(" ".join(display).split()) else None
        return until(shows, words)

    def press(self, key):
        os.write(self.fd, key)

    def end(self):
        if self.is_ended:
            return None
        try:
            os.kill(self.pid, 15)
        except ProcessLookupError:
            pass
        return self.leave()

    def leave(self):
        """Its exit code, once it has ended."""
        def has_ended():
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return [os.waitstatus_to_exitcode(status)] if pid else None
        code = until(has_ended, "the watcher's end")[0]
        self.is_ended = True
        os.close(self.fd)
        return code


class Watch(CliCase):
    def open_round(self, rule="consensus"):
        proposal = self.world.propose(f"A text. {self.id()} {time.monotonic_ns()}")
        return self.ask("eli", "round", "open", proposal, "--rule", rule)["number"]

    def vote(self, number, *people, answer="agree"):
        for who in people:
            self.ask(who, "vote", number, answer)

    def test_lines_tell_what_has_changed(self):
        watcher = Pipe(self, "ada")
        first = watcher.until(lambda line: line.startswith("Round: "))
        self.assertIn("Present: 4 of 4 who hold a seat: union 2 of 2, management 2 of 2", first)
        self.assertIn("From: north 2, south 2", first)
        number = self.open_round()
        lines = watcher.until(lambda line: line.startswith("Answered: 0 of 4"))
        self.assertTrue(any(line.startswith(f"Round: {number} on Shift swaps, version 1") for line in lines), lines)
        self.vote(number, "ada", "carla")
        lines = watcher.until(lambda line: line == "Answered: 2 of 4; not yet: Ben Ruiz and Dev Patel")
        self.assertFalse(any(line.startswith(("Present", "Session", "Round")) for line in lines), lines)
        self.vote(number, "ben", "dev")
        watcher.until(lambda line: line == "Answered: all 4")
        self.ask("eli", "round", "close", number)
        lines = watcher.until(lambda line: "stand aside" in line)
        self.assertIn("Outcome: ADOPTED. The proposal is adopted: everything the rule asks for holds.", lines)

    def test_where_the_item_is(self):
        watcher = Pipe(self, "ada")
        watcher.until(lambda line: line.startswith("Round: "))
        item = self.ask("ben", "item", "add", 1, "Night cover")["number"]
        watcher.until(lambda line: line == f"Item: {item}, Night cover: phase proposal")
        self.ask("eli", "item", "move", item, "options")
        watcher.until(lambda line: line == f"Item: {item}, Night cover: phase options")
        self.ask("eli", "item", "hold", item, "--reason", "A list is missing.")
        watcher.until(lambda line: line.startswith("Held: by Eli Stone, for ") and line.endswith(": A list is missing."))
        other = self.ask("ben", "item", "add", 1, "Lunch", "--phase", "story")["number"]
        watcher.until(lambda line: line == f"Item: {other}, Lunch: phase story")
        self.ask("eli", "timebox", "set", item, 10)  # what has a time box is what is talked about
        watcher.until(lambda line: line == f"Item: {item}, Night cover: phase options")
        once = self.ask("ada", "watch", 1, "--once")["watched"]["item"]
        self.assertEqual((once["number"], once["phase"]), (item, "OPTIONS"))
        self.ask("eli", "item", "release", item)

    def test_documents(self):
        number = self.open_round()
        watcher = Pipe(self, "ben", "--json")
        def states():
            document = json.loads(watcher.process.stdout.readline())
            return document["waiting"], document["round"]["answered"], document["round"]["state"]
        self.assertEqual(states(), ([1, 2, 3, 4], 0, "OPEN"))
        self.vote(number, "carla")
        self.assertEqual(states(), ([1, 2, 4], 1, "OPEN"))
        self.vote(number, "ada", "ben", "dev")
        self.ask("eli", "round", "close", number)
        while (state := states())[2] == "OPEN":
            self.assertLess(len(state[0]), 4)
        self.assertEqual(state[0], [])
        once = self.ask("ada", "watch", 1, "--once")["watched"]
        self.assertEqual((once["present"], once["eligible"], once["round"]["state"]), (4, 4, "CLOSED"))
        self.refuse("ada", "watch", 99, "--once", name="NOT_FOUND")

    def test_how_somebody_answered_is_not_shown(self):
        rule = self.ask("ada", "rule", "show", "consensus")["rule"]
        rule.update(name="hidden", visibility="UNTIL_CLOSE")
        self.world.file("rule.json", json.dumps(rule))
        self.ask("ada", "rule", "adopt", "--file", "rule.json", *self.world.with_key("carla"))
        watcher, documents = Pipe(self, "ada"), Pipe(self, "ada", "--json")
        number = self.open_round("hidden")
        self.ask("dev", "vote", number, "block", "--reason", "canary-7f3a")
        watcher.until(lambda line: line.startswith("Answered: 1 of 4"))
        documents.until(lambda line: json.loads(line)["waiting"] == [1, 2, 3])
        for line in watcher.end() + documents.end():
            self.assertNotIn("canary", line)
        shown = self.ask("ada", "watch", 1, "--once")
        self.assertNotIn("canary", json.dumps(shown))
        self.assertIsNone(shown["watched"]["round"]["outcome"])
        self.ask("eli", "round", "close", number)

    def test_one_screen(self):
        number = self.open_round()
        terminal = Terminal(self, "carla")
        terminal.until("Answered 0 of 4; not yet: Ada Okafor, Ben Ruiz, Carla Weiss and Dev Patel")
        self.vote(number, "ada")
        display = terminal.until("Answered 1 of 4; not yet: Ben Ruiz, Carla Weiss and Dev Patel")
        self.assertTrue(all(len(row) <= COLUMNS for row in display))
        self.assertIn("q: leave", display[-1])
        self.vote(number, "ben", "carla", "dev")
        self.ask("eli", "round", "close", number)
        terminal.until("Outcome ADOPTED.")
        self.assertFalse(terminal.is_ended)
        terminal.press(b"q")
        self.assertEqual(terminal.leave(), 0)

    def read_round(self, who):
        """A new one, with all that is read to answer it where no broker does."""
        number = self.open_round()
        self.ask(who, "proposal", "list")
        self.ask(who, "proposal", "show", self.ask(who, "round", "show", number)["round"]["proposal"])
        return number

    def vote_apart(self, number):
        """Ada's answer waits: another command's line is cut, and not the watcher's."""
        context = self.world.home("ada") / "contexts" / "lakeside.ini"
        text = context.read_text()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            context.write_text(re.sub(r"(?m)^endpoint = .*$", f"endpoint = tcp://127.0.0.1:{silent.getsockname()[1]}", text))
            self.ask("ada", "vote", number, "agree", "--timeout", 1, exit=WAITING)
        context.write_text(text)

    def test_what_waited_is_told_on_the_screen(self):
        number = self.read_round("ada")
        terminal = Terminal(self, "ada")
        terminal.until("Answered 0 of 4")
        self.vote_apart(number)
        terminal.until(f"your answer to round {number}: recorded as number ")
        display = terminal.until("Answered 1 of 4")
        self.assertTrue(any(row.startswith("Outbox ") and "Sent now, given " in row for row in display), display)
        terminal.press(b"q")
        self.assertEqual(terminal.leave(), 0)
        self.ask("eli", "round", "close", number)

    def waits(self, number):
        """How Ada's answer to the round waits."""
        return [row["state"] for row in self.ask("ada", "outbox", "list")["outbox"] if row["act"].endswith(f"round {number}")][-1]

    def assert_ends_at_once(self, terminal, key):
        begin = time.monotonic()
        terminal.press(key)
        self.assertEqual(terminal.leave(), 0)
        self.assertLess(time.monotonic() - begin, DEADLINE_S / 4)

    def assert_told_of_rest(self, terminal, number):
        """How the answer waits, by the watcher's last words and by the outbox; it is sent then."""
        waits = self.waits(number)
        self.assertIn({"sent": "1 answer of yours was sent, and it is not confirmed that it was recorded: the next command that gets through",
                       "unsent": "1 answer of yours is kept on this machine and was not sent yet: the next command that gets through sends it."}[waits],
                      terminal.raw.decode())
        self.ask("ada", "whoami")
        self.assertEqual(self.waits(number), "recorded")
        self.ask("eli", "round", "close", number)

    def leave_while_the_worker_stands_still(self, key):
        [worker], log = self.world.pids("worker"), self.world.data / "log" / "broker.log"
        number = self.read_round("ada")
        terminal = Terminal(self, "ada", "--timeout", str(DEADLINE_S))
        terminal.until("Answered 0 of 4")
        os.kill(terminal.pid, signal.SIGSTOP)
        self.vote_apart(number)
        lost = log.read_text().count("event=worker_lost")
        os.kill(worker, signal.SIGSTOP)
        try:
            os.kill(terminal.pid, signal.SIGCONT)
            until(lambda: self.waits(number) == "sent" or log.read_text().count("event=worker_lost") > lost, "it is sent, or asked before")
            self.assert_ends_at_once(terminal, key)
        finally:
            os.kill(worker, signal.SIGCONT)
        self.assert_told_of_rest(terminal, number)

    def test_it_ends_at_once_while_something_is_sent(self):
        """Or asked before it is, which would be waited for as long: until its time is over."""
        for key in (b"q", b"\x03"):
            self.leave_while_the_worker_stands_still(key)

    def test_it_ends_at_once_before_it_shows_anything(self):
        [worker], number = self.world.pids("worker"), self.read_round("ada")
        self.vote_apart(number)
        os.kill(worker, signal.SIGSTOP)
        try:
            terminal = Terminal(self, "ada", "--timeout", str(DEADLINE_S))
            until(lambda: terminal.read() and terminal.raw, "it says that it waits")
            self.assert_ends_at_once(terminal, b"\x03")
        finally:
            os.kill(worker, signal.SIGCONT)
        self.assert_told_of_rest(terminal, number)

    def test_who_is_read_to_gets_lines(self):
        number = self.open_round()
        for words, environment in [(["--accessible"], {}), ([], {"COMITY_ACCESSIBLE": "1"})]:
            terminal = Terminal(self, "carla", *words, **environment)
            terminal.until("Answered: ")
            terminal.end()
            self.assertNotIn(b"\x1b", terminal.raw)
        self.ask("eli", "round", "close", number)


if __name__ == "__main__":
    unittest.main()
