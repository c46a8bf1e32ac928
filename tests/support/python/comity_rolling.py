"""A group of sites (comity_sites) whose programs are replaced one after the other while it is used.

    load = Load(sites, "south", scene); load.start()
    replace(sites, "north", program); load.goes_on()
    load.end(); load.check(scene); are_one(sites)
"""

import base64
import struct
import threading
import time

import nacl.signing

from comity_case import until
from comity_etcd import encoded
from comity_scene import DAY_MS, Scene
from comity_wire import RETRY_S, now_ms, pb

ANSWER_S = 2
SEAT = struct.Struct(">16xIQ")   # of worker/log/sealed.h: the level that the worker knows, the entry that it has applied


class Load(threading.Thread):
    """A co-chair who invites, one after the other, and keeps whom the worker says it has on record. @pause_s: between two, where
    everything is to be copied again and again."""

    def __init__(self, sites, site, scene, pause_s=0):
        super().__init__(daemon=True)
        self.wire = sites.wire(site, timeout_s=ANSWER_S)
        self.scene = Scene(self.wire, retry_s=RETRY_S)
        self.scene.history, self.scene.epoch, self.chair = scene.history, scene.epoch, scene.founder
        self.told, self.problem, self.ends, self.pause_s = [], None, threading.Event(), pause_s

    def run(self):
        try:
            while not self.ends.wait(self.pause_s):
                key = bytes(nacl.signing.SigningKey.generate().verify_key)
                invite = pb.Invite(key=key, name=self.scene.prose.ref(f"member {len(self.told)}"), expires_ms=now_ms() + DAY_MS)
                self.wire.submit(self.scene.command(invite=invite), [self.chair], self.scene.prose, retry_s=RETRY_S)
                self.told.append(key)
        except Exception as problem:
            self.problem = problem

    def goes_on(self, count=5):
        """So many more have been recorded."""
        wanted = len(self.told) + count
        until(lambda: self.problem or len(self.told) >= wanted, "the load goes on", RETRY_S)
        assert self.problem is None, repr(self.problem)

    def end(self):
        self.ends.set()
        self.join(2 * RETRY_S)
        self.wire.close()

    def check(self, scene):
        """All of whom it was told are on record, once."""
        assert self.problem is None, repr(self.problem)
        kind, wire = pb.List(kind=pb.LIST_KIND_INVITATIONS), scene.wire
        wire.patiently(scene.hello)
        answers = wire.patiently(lambda: list(wire.query_all(scene.history, limit=1000, list=kind)))
        keys = [row.key for answer in answers for row in answer.invitations]
        assert len(keys) == len(set(keys)), "somebody was invited twice"
        missing = set(self.told) - set(keys)
        assert not missing, f"{len(missing)} of {len(self.told)} invitations that were acknowledged are not on record"


def replace(sites, name, program):
    """A worker, as an operator does it: stopped, installed, started."""
    status = sites.stop("worker", name)
    assert status == 0, f"the worker of {name} ended with {status}: {sites.last_words('worker', name)}"
    sites.workers[name] = program
    sites.start("worker", name)


def seat(sites, name):
    """What etcd has of a worker: (level that it knows, entry that it has applied); None: nothing."""
    key = encoded(f"comity/{sites.group.hex()}/applied/{name}")
    found = sites.members.ask(sites.names[0], "kv/range", key=key).get("kvs", [])
    return SEAT.unpack_from(base64.b64decode(found[0]["value"])) if found else None


def are_one(sites):
    """Each worker catches up, all are stopped, and each is at the same place in the log."""
    entry = seat(sites, sites.leader())[1]
    for name in sites.names:
        until(lambda: seat(sites, name)[1] >= entry, f"{name} has all")
    for name in sites.names:
        status = sites.stop("worker", name)
        assert status == 0, f"the worker of {name} ended with {status}"
    places = {name: sites.run(name, "place") for name in sites.names}
    assert len(set(places.values())) == 1, places
