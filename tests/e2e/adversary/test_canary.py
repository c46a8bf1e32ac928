"""What is one person's, or one body's, is looked for everywhere else: in all frames that pass a broker (after CURVE), in the
broker's and the worker's logs, in a core dump of the broker while it works, in what other members are shown, told, sent and may
export. Each search has a control: it finds the same where it has to be.

Run by CTest with COMITY_BUILD set to the build directory."""

import secrets
import subprocess
import threading
import unittest

from canary import Canary, files, found, found_in_memory, memory
from hostile import REQUEST, Frame, HostileWorld, Reading, pb

from cli_case import COMITY, World

RULE = "simple-majority"    # visibility: UNTIL_CLOSE
NO = 2
PATIENCE_S, ANSWER_S = 120, 20


def word(name):
    return f"{name}-{secrets.token_hex(12)}"


class Scene:
    """A hidden round in which ada has answered, and a request for data that is for the body alone. Of what was said: canaries."""

    def prepare(self, world):
        world.found()
        world.seat_everybody()
        world.ask("ada", "rule", "adopt", RULE, *world.with_key("carla"))
        for who, inviter in (("max", "ada"), ("mia", "carla")):   # members without a seat, one of each side
            world.ask(inviter, "invite", f"{who} onlooker", "--out", f"{who}.invitation")
            world.ask(who, "join", f"{who}.invitation")

    def play(self, world, answer="no"):
        ask = world.ask
        self.reason, self.other = word("reason"), word("other-way")
        self.wanted, self.given, self.fact, self.dispute = (word(name) for name in ("wanted", "given", "fact", "dispute"))
        number = ask("eli", "round", "open", world.propose(), "--rule", RULE)["number"]
        self.vote = ask("ada", "vote", number, answer, "--reason", self.reason, "--alternative", self.other)["receipt"]
        item = ask("ben", "item", "add", 1, "What the nights cost", "--phase", "data")["number"]
        request = ask("ada", "data", "ask", item, "management", self.wanted, "--due", "+7d", "--body-only")["number"]
        ask("carla", "data", "answer", request, "--text", self.given)
        fact = ask("ada", "fact", "state", item, self.fact, "--request", request, "--body-only")["number"]
        ask("dev", "fact", "dispute", fact, "--reason", self.dispute)
        self.round, self.item = number, item

    @property
    def of_voter(self):
        return [Canary("reason", self.reason), Canary("other way", self.other)]

    @property
    def of_body(self):
        return [Canary(name, getattr(self, name)) for name in ("wanted", "given", "fact", "dispute")]

    def packed_ballot(self, world):
        """The answer as it is packed: in the ballot's body, in the whole command that was signed, and in its row."""
        with world.reader("ada") as wire:
            record = wire.query(world.history, events=pb.Events(**{"from": self.vote["sequence"]}), limit=1).events[0]
            signed = next(part for part in record.parts if part.kind == pb.PART_KIND_COMMAND).content
            command = pb.SignedCommand.FromString(signed).command
            cast = pb.Command.FromString(command).cast_ballot
            rows = wire.query(world.history, list=pb.List(kind=pb.LIST_KIND_BALLOTS, parent=self.round)).ballots
        assert cast.answer == NO and rows[0].answer == NO
        return [Canary("answer", cast.SerializeToString()), Canary("ballot", command), Canary("row", rows[0].SerializeToString())]


class Frames(unittest.TestCase):
    """A broker that keeps what it sees, with everybody's traffic through it."""

    @classmethod
    def setUpClass(cls):
        cls.world = HostileWorld()
        cls.addClassCleanup(cls.world.close)
        cls.scene = Scene()
        cls.scene.prepare(cls.world)
        cls.scene.play(cls.world)
        cls.voter, cls.body = cls.scene.of_voter, cls.scene.of_body
        cls.ballot = cls.scene.packed_ballot(cls.world)

    def ask(self, who, *words, **options):
        return self.world.ask(who, *words, **options)

    def captured(self):
        broker = self.world.broker
        return b"\0".join(data for _, data in broker.requests + broker.answers)

    def read_all(self, who):
        """All that the command line shows somebody, in both its forms, and what it refuses."""
        seen = []
        for words in (("round", "show", self.scene.round), ("round", "list"), ("ballots", self.scene.round),
                      ("events", "--limit", 1000), ("item", "show", self.scene.item), ("data", "list", self.scene.item),
                      ("fact", "list", self.scene.item), ("session", "show", 1), ("watch", 1, "--once"), ("register",),
                      ("proposal", "list"), ("vote", self.scene.round, "nonsense"), ("fact", "withdraw", 1)):
            for form in ((), ("--json",)):
                seen += map(str, self.world.comity(who, *words, *form))
        self.world.file(f"{who}.record").unlink(missing_ok=True)
        self.ask(who, "export", f"{who}.record")
        return "\n".join(seen).encode() + self.world.file(f"{who}.record").read_bytes() + self.read_queries(who)

    def read_queries(self, who):
        """Every kind of query, answered in the contract's own form: rows, texts, events, receipts. Patiently: what this broker has in hand
        for a worker that connects anew is answered by nobody."""
        answers = []
        with self.world.reader(who) as wire:
            history, wire.timeout_s = self.world.history, ANSWER_S

            def all_of(**query):
                return wire.patiently(lambda: list(wire.query_all(history, **query)), PATIENCE_S)
            for kind in pb.ListKind.values()[1:]:
                for parent in (0, 1, self.scene.round, self.scene.item):
                    try:
                        answers += all_of(limit=1000, list=pb.List(kind=kind, parent=parent))
                    except Exception as refused:  # noqa: BLE001
                        if type(refused).__name__ != "Refused":
                            raise
            answers += all_of(limit=1000, events=pb.Events(**{"from": 1}))
            receipt = pb.GetReceipt(command_id=bytes.fromhex(self.scene.vote["command_id"]))
            answers.append(wire.patiently(lambda: wire.query(history, receipt=receipt), PATIENCE_S))
        return b"".join(answer.SerializeToString() for answer in answers)

    def test_frames_at_the_broker(self):
        frames = self.captured()
        self.assertGreater(len(frames), 100000)
        self.assertEqual(found(self.voter + self.body + self.ballot, frames, "frames at the broker"), [])
        # The control: a client that does not seal what it sends.
        with self.world.reader("ada") as wire:
            bare = pb.Request(submit=pb.Submit(texts=[pb.Text(salt=bytes(16), content=self.voter[0].content)])).SerializeToString()
            wire.send_raw(Frame(REQUEST, bare, request=wire.next_request(), group=wire.group, attempt=1, budget=1000).pack())
            self.world.broker.wait_until(lambda: self.voter[0].forms_in(self.captured()))

    def test_other_members(self):
        """The other side, the own side, with a seat and without, facilitator: what is the voter's alone is in nothing of theirs."""
        for who in ("ben", "carla", "eli", "max", "mia"):
            self.assertEqual(found(self.voter + self.ballot, self.read_all(who), f"what {who} sees"), [])
        # The control: the same search finds all of it with the voter.
        own = self.read_all("ada")
        self.assertEqual([canary.name for canary in self.voter + self.ballot if not canary.forms_in(own)], [])

    def test_those_outside_the_body(self):
        for who in ("eve", "max", "mia"):
            self.assertEqual(found(self.body, self.read_all(who), f"what {who} sees"), [])
        for who in ("ada", "dev", "eli"):
            own = self.read_all(who)
            self.assertEqual([canary.name for canary in self.body if not canary.forms_in(own)], [], who)

    def test_a_watcher_while_it_happens(self):
        watcher = subprocess.Popen([COMITY, "watch", "1", "--home", self.world.home("carla")], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.addCleanup(watcher.stdout.close)
        guard = threading.Timer(60, watcher.terminate)
        guard.start()
        try:
            watcher.stdout.readline()
            scene = Scene()
            scene.play(self.world)
            self.ask("eli", "item", "move", scene.item, "interests")
            lines = b""
            for line in watcher.stdout:
                lines += line
                if line.startswith(b"Item: %d, " % scene.item) and line.endswith(b"phase interests\n"):
                    break
        finally:
            guard.cancel()
            watcher.terminate()
            watcher.wait()
        self.assertIn(b"Answered: 1 of 4", lines)
        self.assertEqual(found(scene.of_voter, lines, "what carla watches"), [])

    def test_logs(self):
        logs = b"".join(content for path, content in files(self.world.installation.directory) if path.suffix == ".log")
        self.assertIn(b"event=", logs)
        self.assertEqual(found(self.voter + self.body + self.ballot, logs, "the worker's log"), [])
        # The control: the same search finds what is logged.
        self.assertTrue(found([Canary("the group's key", self.world.place[2])], logs, "the worker's log"))

    def test_the_workers_memory_has_it(self):
        """The control of the search in memory: the worker's operator can read it all (docs/trust.md: not held)."""
        stop = threading.Event()

        def read_on():
            while not stop.is_set():
                self.read_queries("ada")

        reader = threading.Thread(target=read_on)
        reader.start()
        try:
            hits = []
            while not hits:
                hits = found_in_memory(self.voter, self.world.installation.pid("worker"), "the worker's memory")
        finally:
            stop.set()
            reader.join()
        self.assertTrue(hits)


    def test_who_is_root_on_a_members_machine(self):
        """While it works it has the member's key, and root can read it (docs/trust.md: not held). Nobody else's has it."""
        seed = Canary("seed", bytes(self.world.signing_key("ada")))
        for who, has_it in (("ada", True), ("ben", False)):
            watcher = subprocess.Popen([COMITY, "watch", "1", "--home", self.world.home(who)], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
            guard = threading.Timer(60, watcher.terminate)
            guard.start()
            try:
                self.assertTrue(watcher.stdout.readline())
                self.assertEqual(bool(found_in_memory([seed], watcher.pid, "a member's program")), has_it, who)
            finally:
                guard.cancel()
                watcher.terminate()
                watcher.wait()
                watcher.stdout.close()


class RealWorld(Reading, World):
    """As they are set up by `comity up`."""


class Core(unittest.TestCase):
    """The real broker: what a dump of its memory has, while everything passes through it."""

    @classmethod
    def setUpClass(cls):
        cls.world = RealWorld()
        cls.addClassCleanup(cls.world.close)
        cls.world.up()
        cls.scene = Scene()
        cls.scene.prepare(cls.world)

    def test_a_core_of_the_broker(self):
        world, scene = self.world, self.scene
        pid, done, failures = world.pids("broker")[0], threading.Event(), []

        def work():
            try:
                scene.play(world)
                for _ in range(3):
                    world.ask("ada", "round", "show", scene.round)
                    world.ask("ada", "export", f"copy-{secrets.token_hex(4)}")
            except BaseException as failure:  # noqa: BLE001
                failures.append(failure)
            done.set()

        worker = threading.Thread(target=work)
        worker.start()
        dumps = []
        while not done.is_set():
            dumps.append(self.dump(pid))
        worker.join()
        dumps.append(self.dump(pid))
        self.assertEqual(failures, [])
        canaries = scene.of_voter + scene.of_body + scene.packed_ballot(world)
        for dump in dumps:
            self.assertEqual(found(canaries, dump, "the broker's memory"), [])
        print(f"{len(dumps)} dumps, {sum(map(len, dumps)) >> 20} MiB")
        # The control: what is not sealed is found in the same dumps: the id of the history, which headers have.
        self.assertTrue(any(Canary("history", world.history).forms_in(dump) for dump in dumps))
        logs = b"".join(content for _, content in files(world.data / "log"))
        self.assertIn(b"event=", logs)
        self.assertEqual(found(canaries, logs, "the logs"), [])
        # And what is logged is found in the same logs.
        self.assertTrue(found([Canary("the group's key", world.place[2])], logs, "the logs"))

    @staticmethod
    def dump(pid):
        return b"".join(memory(pid))


if __name__ == "__main__":
    unittest.main(verbosity=2)
