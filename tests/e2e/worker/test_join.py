"""A worker that has no store makes one of another's: over a broker, interrupted and gone on with, or of a file; and who is given one.

What is asked for over the broker is counted on the way to it."""

import hashlib
import re
import signal
import socket
import subprocess
import threading

import nacl.signing

from join_case import JoinCase
from worker_case import Refused, main, until  # sets the path

from comity_installation import NotStarted, write_connection_key, write_signing_seed
from comity_terminal import run_program
from comity_wire import now_ms, pb, sign

PIECE = 256 * 1024


class Gate:
    """A way to a broker's front that lets so many bytes of its answers through, and then no more."""

    def __init__(self, endpoint, most):
        host, port = endpoint.removeprefix("tcp://").split(":")
        self.to, self.most, self.passed = (host, int(port)), most, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.changed, self.is_over = threading.Condition(), False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            broker = socket.create_connection(self.to)
            for source, target, counts in ((client, broker, False), (broker, client, True)):
                threading.Thread(target=self.forward, args=(source, target, counts), daemon=True).start()

    def forward(self, source, target, counts):
        try:
            while data := source.recv(1 << 14):
                with self.changed:
                    self.changed.wait_for(lambda: not counts or self.passed < self.most or self.is_over)
                if self.is_over:
                    return
                target.sendall(data)
                self.passed += len(data) if counts else 0
        except OSError:
            pass
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def let_through(self, most):
        """So many, all told."""
        with self.changed:
            self.most = max(self.most, most)
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.is_over = True
            self.changed.notify_all()
        self.listener.close()


class Interrupted(JoinCase):
    def test_killed_in_the_middle(self):
        """It goes on where it was: what it has is not asked for again."""
        self.scene.invite_many("labour", 450)
        gate = Gate(self.sites.brokers("north")[0][0], 2 * PIECE + PIECE // 2)
        self.addCleanup(gate.close)
        key = self.sites.broker_keys["north"].hex()
        self.sites.write_worker("south")
        command = [self.sites.program("south"), "join", "--config", self.sites.config("worker", "south"), "--broker", gate.endpoint,
                   "--broker-key", key]
        joiner = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(joiner.wait)
        self.addCleanup(joiner.kill)
        part = self.sites.data("south") / "join.part"
        until(lambda: part.exists() and part.stat().st_size == 2 * PIECE, "two pieces")
        # Another one beside it is told, and a worker does not begin an empty store in its place.
        self.assertIn("Another join is at work", self.refused("south", "join", *self.broker()))
        with self.assertRaises(NotStarted) as caught:
            self.sites.start("worker", "south")
        self.assertIn("has not finished: join again", str(caught.exception))
        joiner.kill()
        joiner.wait()
        self.scene.invite_many("labour", 20)   # what is recorded meanwhile is kept for it
        rest = Gate(self.sites.brokers("north")[0][0], 1 << 40)
        self.addCleanup(rest.close)
        said = self.sites.run("south", "join", "--broker", rest.endpoint, "--broker-key", key)
        size = int(said.split("bytes of ")[1].split()[0])
        self.assertGreater(size, 2 * PIECE)
        self.assertIn(f"fetched: {size - 2 * PIECE} bytes of {size}", said)
        self.assertLess(rest.passed, size - 2 * PIECE + PIECE // 2)   # with all that is around it
        self.assertFalse(part.exists())
        self.sites.start("worker", "south")
        self.assertSame(["north", "south"])

    def test_the_copy_is_gone(self):
        """The worker that gave it was started anew: it is taken from the start, and that is said."""
        self.scene.invite_many("labour", 350)
        gate = Gate(self.sites.brokers("north")[0][0], PIECE + PIECE // 2)
        self.addCleanup(gate.close)
        self.sites.write_worker("south")
        key = self.sites.broker_keys["north"].hex()
        joiner = subprocess.Popen([self.sites.program("south"), "join", "--config", self.sites.config("worker", "south"), "--broker",
                                   gate.endpoint, "--broker-key", key], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(joiner.wait)
        self.addCleanup(joiner.kill)
        part = self.sites.data("south") / "join.part"
        until(lambda: part.exists() and part.stat().st_size == PIECE, "a piece")
        joiner.kill()
        joiner.wait()
        self.sites.kill("worker", "north")
        self.sites.start("worker", "north")
        self.sites.leader()
        said = self.sites.join("south", "north")
        self.assertIn("is not there any more: it is taken anew", said)
        size = int(said.split("bytes of ")[1].split()[0])
        self.assertIn(f"fetched: {size} bytes of {size}", said)
        self.sites.start("worker", "south")
        self.assertSame(["north", "south"])


class Watched(JoinCase):
    """Who joins over a slow line is told how far it is."""

    FETCHING = re.compile(r"Fetching KiB of the copy: (\d+) of (\d+) \(\d+ s\)")

    def gate(self, pieces):
        """Lets so many through, and the beginning of the next."""
        gate = Gate(self.sites.brokers("north")[0][0], pieces * PIECE + PIECE // 2)
        self.addCleanup(gate.close)
        return gate

    def command(self, gate):
        return [self.sites.program("south"), "join", "--config", self.sites.config("worker", "south"), "--broker", gate.endpoint,
                "--broker-key", self.sites.broker_keys["north"].hex()]

    def join_on_terminal(self, gate, till=None):
        """The next piece comes once it was shown where it is; @till: it is interrupted where it is shown to have so many KiB."""
        def see(process, shown):
            for have in [int(have) for have, _ in self.FETCHING.findall(shown)][-1:]:
                if till is not None and have >= till:
                    process.send_signal(signal.SIGINT)
                else:
                    gate.let_through(have * 1024 - start + PIECE + PIECE // 8)

        part = self.sites.data("south") / "join.part"
        start = part.stat().st_size if part.exists() else 0   # what comes now comes behind it
        return run_program(self.command(gate), self.net.directory, see=see)

    def test_interrupted_twice(self):
        self.scene.invite_many("labour", 600)
        self.sites.write_worker("south")
        # Into a log: a line after a second, and then now and then.
        joiner = subprocess.Popen(self.command(self.gate(1)), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(joiner.stderr.close)
        self.addCleanup(joiner.wait)
        self.addCleanup(joiner.kill)
        line = joiner.stderr.readline()
        while "Fetching" not in line:   # on a busy machine the copy itself may take a second
            self.assertRegex(line, r"^[A-Z][a-z ]+ \(\d+ s\)\n$")
            line = joiner.stderr.readline()
        self.assertRegex(line, rf"^{self.FETCHING.pattern}\n$")
        have, size = map(int, self.FETCHING.search(line).groups())
        self.assertEqual(have, 256)
        self.assertGreater(size, 3 * 256 + 64)   # so that all of the last piece does not come with what is around the one before
        joiner.kill()
        joiner.wait()
        # On a terminal: one line, written over.
        words = f"comity-worker: It goes on where an earlier join was interrupted: {{}} KiB of {size} are here already.\n"
        code, shown = self.join_on_terminal(self.gate(0), till=512)
        self.assertEqual(code, -signal.SIGINT, shown)
        self.assertIn(words.format(256), shown)
        self.assertEqual({int(have) for have, _ in self.FETCHING.findall(shown)}, {256, 512})
        code, shown = self.join_on_terminal(self.gate(0))
        self.assertEqual(code, 0, shown)
        self.assertIn(words.format(512), shown)
        seen = [int(have) for have, of in self.FETCHING.findall(shown) if int(of) == size]
        self.assertEqual(seen, sorted(seen))
        self.assertEqual(set(seen), set(range(512, size, 256)))
        drawn, told = shown.rsplit("\r\033[K", 1)
        self.assertIn("Fetching", drawn)
        self.assertRegex(told, r"^joined: 1 histories, .*\n")
        self.assertNotIn("Fetching", told)


class FromFile(JoinCase):
    def test_of_an_export(self):
        export = self.net.directory / "export"
        self.scene.invite_many("labour", 10)
        self.sites.run("north", "export", "--to", str(export))
        self.scene.invite_many("labour", 10)
        # What does not fit, and nothing is written.
        one = self.net.directory / "one"
        self.sites.run("north", "export", "--to", str(one), "--history", self.scene.history.hex())
        self.assertIn("states no place", self.refused("south", "join", "--from", str(one)))
        self.assertNothingWritten("south")
        other_group, other_log = self.net.directory / "other.key", self.net.directory / "other.seed"
        write_connection_key(other_group)
        write_signing_seed(other_log)
        self.sites.lines["south"] = {f"group_key = {self.sites.directory}/group.key": f"group_key = {other_group}"}
        self.assertIn("another group", self.refused("south", "join", "--from", str(export), code=2))
        self.sites.lines["south"] = {f"log_key = {self.sites.directory}/log.seed": f"log_key = {other_log}"}
        self.assertIn("another log key", self.refused("south", "join", "--from", str(export), code=2))
        self.assertIn("another log key", self.refused("south", "join", *self.broker(), code=2))
        self.sites.lines.clear()
        self.assertIn("cannot be read", self.refused("south", "join", "--from", str(export) + ".there-is-none", code=2))
        self.assertIn("Give a broker's front", self.refused("south", "join", code=2))
        self.refuse_wrong_brokers()
        self.assertNothingWritten("south")
        bad = self.net.directory / "bad"
        whole = export.read_bytes()
        for at in (len(whole) // 2, len(whole) * 3 // 4):
            bad.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
            # 2: what stands there is no record; 1: it is one, and does not hold.
            self.sites.run("south", "join", "--from", str(bad), expect=(1, 2))
            self.assertNothingWritten("south")
        self.assertIn("joined: 1 histories", self.sites.run("south", "join", "--from", str(export)))
        self.sites.start("worker", "south")
        self.assertSame(["north", "south"])

    def refuse_wrong_brokers(self):
        """Who is there is another: that is told at once, and not after the minute in which somebody may come."""
        (_, front, _, key), other = self.broker(), self.broker("south")[3]
        back = self.sites.reach(self.sites.backs["north"], "north")
        for endpoint, given, words in ((front, other, "No broker that has the key"), (back, key, "cannot be read as a broker's front")):
            said = self.refused("south", "join", "--broker", endpoint, "--broker-key", given, code=2)
            self.assertIn(words, said)
            self.assertIn("Give a broker's front, not its back", said)
            self.assertNotIn("Nobody has answered", said)
        self.sites.write_worker("south")
        with socket.create_server(("127.0.0.1", 0)) as silent:   # it may come: whoever sits there is told
            endpoint = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
            joiner = subprocess.Popen([self.sites.program("south"), "join", "--config", self.sites.config("worker", "south"), "--broker",
                                       endpoint, "--broker-key", key], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            self.addCleanup(joiner.stderr.close)
            self.addCleanup(joiner.wait)
            self.addCleanup(joiner.kill)
            said = next(line for line in joiner.stderr if not line.startswith("Waiting for the copy ("))
            self.assertIn(f"Nobody has answered over the broker at {endpoint} yet", said)
            joiner.kill()

    def test_another_workers_name(self):
        """Whose name is taken has no seat."""
        said = self.refused("south", "join", *self.broker(), code=0)
        self.assertIn("joined", said)
        joiner = self.sites.seat_owner("south")
        self.sites.start("worker", "south")
        until(lambda: self.sites.seat_owner("south") != joiner, "the worker's own seat")
        self.sites.site_log["east"] = {"own_name": "south"}
        self.assertIn("runs under the same name", self.refused("east", "join", *self.broker(), code=2))
        self.assertNothingWritten("east")


class Copies(JoinCase):
    """What anybody can try at the brokers' front."""

    def ask(self, wire, key, reader=None, until_ms=None, **fields):
        ask = pb.CopyAsk(reader=wire.key if reader is None else reader, until_ms=now_ms() + 60000 if until_ms is None else until_ms,
                         **fields)
        ask.signature = sign(key, "comity/v1/copy", ask.SerializeToString())
        return wire.patiently(lambda: wire.open(wire.finish(wire.start(pb.Request(copy=ask).SerializeToString()))))

    def assertRefused(self, name, field, *arguments, **fields):
        with self.assertRaises(Refused) as caught:
            self.ask(*arguments, **fields)
        self.assertEqual((caught.exception.name, caught.exception.field), (name, field))

    def test_who_may_have_one(self):
        lines = (self.sites.directory / "log.seed").read_text().splitlines()
        log_key = nacl.signing.SigningKey(bytes.fromhex(lines[2].split()[1]))
        wire, stranger = self.new_wire("north"), self.new_wire("north")
        piece = self.ask(wire, log_key)
        whole = self.ask(wire, log_key, copy=piece.copy).content
        self.assertEqual(len(whole), piece.size)
        self.assertEqual(self.ask(wire, log_key, copy=piece.copy, offset=piece.size).content, b"")
        # A member's key, or anybody's, is none; and what is recorded of another's question is not answered.
        self.assertRefused("SIGNATURE", "copy.signature", stranger, nacl.signing.SigningKey.generate())
        self.assertRefused("SIGNATURE", "copy.signature", stranger, self.scene.co_chairs["labour"][0])
        self.assertRefused("GRANT", "copy.reader", stranger, log_key, reader=wire.key)
        self.assertRefused("VALIDITY", "copy.until_ms", wire, log_key, until_ms=now_ms() - 1)
        self.assertRefused("VALIDITY", "copy.until_ms", wire, log_key, until_ms=now_ms() + 3600 * 1000)
        self.assertRefused("NOT_FOUND", "copy.copy", wire, log_key, copy=hashlib.sha256(piece.copy).digest()[:16])
        self.assertRefused("RANGE", "copy.copy", wire, log_key, copy=b"short")


if __name__ == "__main__":
    main()
