"""Load for the fault tests, and the check of what was promised under it.

Several voters, each with a chain of ballots in one open round (every ballot replaces the one before), and a facilitator
who adds items: things that would show if they were done twice. Each client sends the same bytes until it is answered,
like any client, and now and then sends again what was answered long ago. It writes down what it was told.

check() reads the whole history afterwards and compares: every acknowledged command is there exactly once, at the place its
receipt said, and nothing is there twice. It returns a list of sentences; an empty one is a promise kept.
"""

import random
import time

import zmq

from comity_scene import Scene, simple_rule
from comity_wire import (BadReceipt, Failed, NoAnswer, Refused, check_record, pb, seal_up, verify_receipt)

RETRY_S = 0.15   # how long a client waits for an answer before it sends the same bytes again


class Client:
    """One signer with one command under way."""

    def __init__(self, load, wire, key, kind):
        self.load, self.wire, self.key, self.kind = load, wire, key, kind
        self.latest = 0          # sequence of the last acknowledged ballot
        self.acknowledged = []   # (command id, signed, texts, receipt bytes)
        self.sent = set()        # ids of everything ever sent
        self.problems = []
        self.request = self.signed = None
        self.is_repeat = False

    def next_command(self):
        scene, random_ = self.load.scene, self.load.random
        if self.acknowledged and random_.random() < 0.15:
            self.is_repeat = True
            self.command_id, self.signed, self.texts, self.told = random_.choice(self.acknowledged)
            return
        self.is_repeat = False
        if self.kind == "voter":
            body = scene.ballot(self.load.round, self.load.text_hash, random_.randint(1, 6), replaces=self.latest)
        else:
            body = dict(add_item=pb.AddItem(session=self.load.session, title=scene.prose.ref("An item")))
        command = scene.command(**body)
        self.signed, self.command_id = seal_up(command, [self.key])
        self.texts = scene.prose.of(command)
        self.sent.add(self.command_id)

    def send(self):
        self.sent_at = time.monotonic()
        try:
            self.request = self.wire.submit_start(self.signed, self.texts)
        except zmq.Again:         # no broker at the moment: later, the same bytes
            self.request = -1

    def step(self):
        """Send, or take the answer, or send again."""
        if self.signed is None:
            self.next_command()
            self.send()
            return
        frame = self.wire.arrived.pop(self.request, None)
        if frame is None:
            if time.monotonic() - self.sent_at > RETRY_S:
                self.send()
            return
        try:
            receipt = self.wire.open(frame)
            verify_receipt(receipt, self.signed, self.wire.log_key)
        except Failed:
            self.sent_at = time.monotonic()   # wait a little, then the same bytes again
            self.request = -1
            return
        except (Refused, BadReceipt) as problem:
            self.problems.append(f"a well-formed command was answered by {problem!r}")
            self.signed = None
            return
        self.note(receipt)

    def note(self, receipt):
        packed = receipt.SerializeToString(deterministic=True)
        if self.is_repeat and packed != self.told:
            self.problems.append(f"the repeat of command {self.command_id.hex()} got another receipt")
        if not self.is_repeat:
            self.acknowledged.append((self.command_id, self.signed, self.texts, packed))
            if self.kind == "voter":
                self.latest = receipt.first_sequence
            self.load.count += 1
        self.signed = None


class Load:
    def __init__(self, installation, seed, voters=4):
        self.random = random.Random(seed)
        self.installation = installation
        self.wire = installation.wire()
        self.scene = scene = Scene(self.wire, installation.token, retry_s=60)
        scene.found({"labour": "WORKER", "management": "EMPLOYER"})
        scene.invite_many("labour", max(0, voters - 2))
        scene.body("council", {"labour": voters, "management": 1})
        seated = scene.seat_all("council")
        rule = scene.adopt(simple_rule())
        self.session = scene.open_session("council")
        proposal, self.text_hash = scene.propose(self.session, "Load", "A text to vote on")
        self.round = scene.open_round(proposal, self.text_hash, rule)
        self.count = 0
        self.wire.socket.setsockopt(zmq.SNDTIMEO, 0)   # a step never waits
        self.clients = [Client(self, self.wire, scene.keys[member], "voter") for member in seated[:voters]]
        self.clients.append(Client(self, self.wire, scene.facilitator, "facilitator"))

    def run(self, until, timeout_s):
        """Step all clients until until() is true. NoAnswer after the time."""
        deadline = time.monotonic() + timeout_s
        while not until():
            if time.monotonic() > deadline:
                raise NoAnswer(f"no progress within {timeout_s} s")
            for client in self.clients:
                client.step()
            self.wire.pump(0.005)

    def run_commands(self, count, timeout_s=60):
        target = self.count + count
        self.run(lambda: self.count >= target, timeout_s)

    def run_seconds(self, seconds):
        end = time.monotonic() + seconds
        self.run(lambda: time.monotonic() >= end, seconds + 30)

    @property
    def acknowledged(self):
        return [entry for client in self.clients for entry in client.acknowledged]

    def check(self):
        """What does not hold, in sentences."""
        scene, history = self.scene, self.scene.history
        self.wire.socket.setsockopt(zmq.SNDTIMEO, 10000)
        self.wire.patiently(scene.hello)
        problems = [problem for client in self.clients for problem in client.problems]
        places, sequences = {}, set()
        cursor, following = b"", True
        while following:
            answer = self.wire.patiently(lambda: self.wire.query(
                history, limit=500, cursor=cursor, events=pb.Events(**{"from": 1})))
            for record in answer.events:
                header, event = check_record(record, history)
                sequences.add(header.sequence)
                if event.command_id:
                    places.setdefault(event.command_id, []).append((header.sequence, record.header))
            cursor, following = answer.next_cursor, bool(answer.next_cursor)
        if sequences != set(range(1, len(sequences) + 1)):
            problems.append("the sequence has gaps")
        for client in self.clients:
            for command_id, _, _, packed in client.acknowledged:
                receipt = pb.Receipt.FromString(packed)
                found = places.get(command_id, [])
                if not found:
                    problems.append(f"acknowledged and lost: {command_id.hex()} at {receipt.first_sequence}")
                elif found[0] != (receipt.first_sequence, receipt.event.header):
                    problems.append(f"acknowledged elsewhere: {command_id.hex()} at {receipt.first_sequence}")
        self.wire.socket.setsockopt(zmq.SNDTIMEO, 0)
        for command_id, found in places.items():
            if len(found) > 1:
                problems.append(f"done {len(found)} times: {command_id.hex()} at {[place for place, _ in found]}")
        return problems
