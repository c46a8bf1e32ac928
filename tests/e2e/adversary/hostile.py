"""A broker that means ill, between real clients and a real worker.

It has the broker's key, sees every frame, and does with them what its `malice` says. It has no other key: not the group's,
not a member's. docs/trust.md says what it can achieve.

    with HostileWorld(Malice()) as world: world.found(); ...       # as cli_case.World, through the hostile broker
"""

import json
import os
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "support" / "python"), str(ROOT / "tests" / "e2e" / "cli")]

import nacl.signing  # noqa: E402
import zmq  # noqa: E402

from cli_case import BUILD, World  # noqa: E402
from comity_fake_broker import FakeBroker, FakeInstallation  # noqa: E402
from comity_installation import UNLIMITED  # noqa: E402
from comity_wire import (DRAIN, ERR, ERROR, HEARTBEAT, HELLO, NEWS, READY, REQUEST, SUBSCRIBE, Frame, Wire,  # noqa: E402
                         check_record, pb)

SEED = int(os.environ.get("COMITY_SEED", time.time_ns() % 2**32))
HEADER, BOUND = 112, 90
PATIENCE_S = 100
# A hundred thousand altered frames are no honest load.
UNLIMITED_JOBS = "[limits]\nrequests = 65536\nrequest_mib = 1024\n" + UNLIMITED + "strangers_per_minute = 0\n"


class Malice:
    """None: what an honest broker does. A malice overrides what it does otherwise."""

    def request(self, broker, client, data):
        broker.deliver(client, data)

    def answer(self, broker, client, data):
        broker.hand(client, data)


class HostileBroker(FakeBroker):
    def start(self):
        self.malice = getattr(self, "malice", Malice())
        self.random = random.Random(SEED)
        self.timers = []                    # (when, what)
        self.requests, self.answers = [], []  # what came: (client, bytes)
        self.spied = []                     # tags of deliveries of the broker's own, with what was answered
        super().start()

    @staticmethod
    def bind(socket, endpoint):
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        FakeBroker.bind(socket, endpoint)

    # What a malice can do; on the broker's thread.

    def deliver(self, client, data, tag=None):
        """To the worker. Its answer goes to `client`; where that is None, into `spied` with the tag."""
        self.next_ticket += 1
        self.tickets[self.next_ticket] = (client, tag)
        sent = self.worker and self.send("back", self.worker, data[:104] + self.next_ticket.to_bytes(8, "big")
                                         + data[112:])
        if not sent and client:
            frame = Frame.unpack(data)
            self.send("front", client, Frame(ERROR, request=frame.request, group=frame.group, error=ERR.NO_ROUTE,
                                             budget=50).pack())

    def hand(self, client, data):
        self.send("front", client, data)

    def later(self, seconds, what):
        self.timers.append((time.monotonic() + seconds, what))

    # The thread

    def run(self):
        poller = zmq.Poller()
        for socket in self.sockets.values():
            poller.register(socket, zmq.POLLIN)
        while not self.is_stopped:
            ready = dict(poller.poll(5))
            due = [timer for timer in self.timers if timer[0] <= time.monotonic()]
            self.timers = [timer for timer in self.timers if timer not in due]
            for _, what in due:
                what()
            for side, take in (("front", self.from_client), ("back", self.from_worker)):
                for _ in range(256 if self.sockets[side] in ready else 0):
                    try:
                        parts = self.sockets[side].recv_multipart(zmq.DONTWAIT)
                    except zmq.Again:
                        break
                    take(*parts)

    def from_client(self, client, data, *_):
        frame = Frame.unpack(data)
        if frame.type == HEARTBEAT:
            self.send("front", client, data)
        elif frame.type == SUBSCRIBE:
            self.subscribers.add((client, frame.history))
        elif frame.type in (REQUEST, HELLO):
            self.requests.append((client, data))
            self.malice.request(self, client, data)

    def from_worker(self, worker, data, *_):
        frame = Frame.unpack(data)
        if frame.type == READY:
            self.worker = worker
        elif frame.type == DRAIN:
            self.worker = None
        elif frame.type == HEARTBEAT:
            self.answer_heartbeat(worker, frame)
        elif frame.type == NEWS:
            for client, history in self.subscribers:
                if history == frame.history:
                    self.send("front", client, data)
        client, tag = self.tickets.pop(frame.route, (None, None)) if frame.route else (None, None)
        data = data[:104] + bytes(8) + data[112:]
        if client:
            self.answers.append((client, data))
            self.malice.answer(self, client, data)
        elif tag is not None:
            self.spied.append((tag, frame))


class HostileInstallation(FakeInstallation):
    broker = HostileBroker

    def __init__(self, build, preload=None, **options):
        super().__init__(build, worker_settings=UNLIMITED_JOBS, **options)
        self.fake.stop()
        text = (self.directory / "broker.key").read_text()
        self.fake = HostileBroker(bytes.fromhex(text.split("secret ")[1].strip()))
        self.ports = dict(self.fake.endpoints)
        self.preload = preload

    def start(self, name, environment=None, arguments=()):
        super().start(name, {**preloaded(self.preload), **(environment or {})}, arguments)


def preloaded(library):
    """The environment of a control: a library that takes one defence away from the program."""
    if not library:
        return {}
    return {"LD_PRELOAD": str(library),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


class Reading:
    """What a World needs for its people to read in the contract's own form."""

    def signing_key(self, who):
        text = (self.home(who) / "keys" / "signing.key").read_text()
        return nacl.signing.SigningKey(bytes.fromhex(text.split("secret ")[1].strip()))

    @property
    def history(self):
        return bytes.fromhex(self.ask("ada", "context", "show")["context"]["history"])

    @property
    def place(self):
        """(endpoint, its key, the group's key) of the first broker."""
        place = json.loads((self.data / "place.json").read_text())
        return place["brokers"][0]["endpoint"], bytes.fromhex(place["brokers"][0]["key"]), bytes.fromhex(place["group_key"])

    def reader(self, who="ada"):
        """A connection that reads with this member's leave, through the broker as it is at the moment."""
        wire = Wire(*self.place, timeout_s=60)
        wire.hello([wire.grant(self.history, self.signing_key(who))])
        return wire


class HostileWorld(Reading, World):
    """People with the command line, whose only broker is the hostile one."""

    def __init__(self, preload=None):
        super().__init__()
        self.preload = preload
        self.installation = HostileInstallation(BUILD, preload=preload)
        self.broker = self.installation.fake
        self.installation.start("worker")
        self.data.mkdir()
        self.file("data/place.json", '{"group_key": "%s", "brokers": [{"endpoint": "%s", "key": "%s"}]}' % (
            self.installation.group_key.hex(), self.installation.front, self.installation.broker_key.hex()))
        self.file("token", self.installation.token + "\n").chmod(0o600)

    def close(self):
        self.installation.__exit__()
        super().close()

    def comity(self, who, *words, input=None):
        """With patience: what a hostile broker can do is delay."""
        if "--timeout" not in words:
            words += ("--timeout", PATIENCE_S)
        kept = {name: os.environ.get(name) for name in preloaded(self.preload)}
        os.environ.update(preloaded(self.preload))
        try:
            return super().comity(who, *words, input=input)
        finally:
            for name, value in kept.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

    def found(self, draft="founding.draft"):
        self.prepare(draft)
        self.ask("operator", "context", "add", "local", "--place", self.data / "place.json")
        return self.ask("operator", "draft", "submit", draft, "--token-file", "token")

    def events(self):
        """The whole record as ada sees it: [Event], every one checked against its header."""
        malice, self.broker.malice = self.broker.malice, Malice()
        try:
            with self.reader() as wire:
                records = []
                while True:
                    page = wire.query(self.history, events=pb.Events(**{"from": len(records) + 1}), limit=1000).events
                    if not page:
                        return [check_record(record, self.history)[1] for record in records]
                    records += page
        finally:
            self.broker.malice = malice
