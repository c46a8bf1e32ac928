"""Three sites on this machine, with an etcd of three members, whose log is yet to be begun and joined by hand."""

import base64
import struct
import tempfile
import time
import unittest

from worker_case import BUILD, Scene, until  # sets the path

from comity_etcd import encoded
from comity_sites import Loopback, Sites

NAMES = ["north", "south", "east"]
SEAT = struct.Struct(">16sIQQI32sQ32sqQ")   # of worker/log/sealed.h


class Some(Sites):
    """Sites of which some still have a local log, or none of their files as the others have them."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, start=False, **options)
        self.site_log, self.lines = {}, {}

    def write_worker(self, name, **log):
        log = {**self.site_log.get(name, {}), **log}
        own = log.pop("own_name", name)
        super().write_worker(name, **log)
        config = self.config("worker", name)
        config.write_text(config.read_text().replace(f"\nname = {name}\n", f"\nname = {own}\n"))
        for old, new in self.lines.get(name, {}).items():
            text = config.read_text()
            assert old in text, old
            config.write_text(text.replace(old, new))

    def seat_owner(self, name):
        """A number that each process makes for itself; zeros: it was ended in order."""
        kept = self.members.ask("north", "kv/range", key=encoded(f"comity/{self.group.hex()}/applied/{name}"))
        return SEAT.unpack(base64.b64decode(kept["kvs"][0]["value"])[:SEAT.size])[0]


class JoinCase(unittest.TestCase):
    begins = True

    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix="comity-test-"))
        self.net = self.enterContext(Loopback(directory, NAMES))
        # Compared after every second entry: whoever has another state than the others stops.
        self.sites = Some(BUILD, self.net)
        self.sites.site_log = {name: {"compare_entries": 2} for name in NAMES}
        self.enterContext(self.sites)
        if self.begins:
            self.sites.run("north", "begin")
            self.begin_north()

    def begin_north(self):
        self.sites.start("worker", "north")
        self.sites.leader()
        self.wire = self.new_wire("north")
        self.scene = Scene(self.wire, self.sites.token, retry_s=60)
        self.scene.found({"labour": "WORKER", "management": "EMPLOYER"})

    def new_wire(self, name):
        wire = self.sites.wire(name)
        self.addCleanup(wire.close)
        return wire

    def place(self, name):
        """Number, hash and heads of a worker's store."""
        lines = self.sites.run(name, "place").splitlines()
        if "none" in lines[0]:
            return None
        fields = dict(part.strip().split(" ", 1) for part in lines[0].removeprefix("place: ").split(","))
        return int(fields["entry"]), fields["hash"], [line for line in lines if line.startswith("history")]

    def assertSame(self, names):
        """All get to where the one that leads is, and to the same state: by its hash, behind an entry that comes from now on."""
        number, self.seen, self.pushed_s = self.place(names[0])[0], {name: {} for name in names}, 0
        states = until(lambda: self.states(number), f"all to say their state behind one entry after {number}: {self.seen}")
        self.assertEqual(len(set(states)), 1, states)
        there = self.place(names[0])
        for name in names[1:]:
            until(lambda: self.place(name) == there, f"{name} at {there}: {self.place(name)}")

    def states(self, number):
        """What each has said of its state behind the same entry after @number; None: that is still to come. A worker that is reading one
        state leaves the next one out, and says what it has every 2 s."""
        if time.monotonic() - self.pushed_s > 3:
            self.pushed_s = time.monotonic()
            for _ in range(3):
                self.scene.invite_many("labour", 1)
        for name, seen in self.seen.items():
            kept = self.sites.members.ask("north", "kv/range", key=encoded(f"comity/{self.sites.group.hex()}/applied/{name}"))
            *_, state_number, state, _, _ = SEAT.unpack(base64.b64decode(kept["kvs"][0]["value"])[:SEAT.size])
            seen[state_number] = state
        common = [at for at in set.intersection(*map(set, self.seen.values())) if at > number]
        return [seen[common[0]] for seen in self.seen.values()] if common else None

    def refused(self, name, verb, *arguments, code=1):
        return self.sites.run(name, verb, *arguments, expect=code)

    def assertNothingWritten(self, name):
        data = self.sites.data(name)
        self.assertEqual(list(data.iterdir()) if data.exists() else [], [])

    def broker(self, name="north"):
        endpoint, key = self.sites.brokers(name)[0]
        return "--broker", endpoint, "--broker-key", key.hex()
